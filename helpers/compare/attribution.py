"""Which change moved what?  Each tried alone on the first side; what only several together explain is told as that.

    side, side → compare → Comparison     was, is and difference of each figure; causes whose amounts add up to it

With more changes than can be tried one by one, they are tried by table and kind; the rows of a table on demand.
The difference that the same inputs make under this program is the method's own; rounding is what cents leave.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from helpers.compare import figures
from helpers.compare.figures import Figures, added, difference
from helpers.compare.sides import Side
from helpers.compare.trials import ALL, MOST, OTHER, ROUNDING, ROWS, TOGETHER, Cause, Trial, figures_of
from helpers.errors import InputError

__all__ = ["ALL", "LOST", "METHOD", "OTHER", "ROUNDING", "ROWS", "TOGETHER", "Cause", "Comparison", "compare"]

METHOD, LOST = "method", "not at hand"


@dataclass(frozen=True)
class Comparison:
    """Two sides held against each other over some months."""

    was: Side
    now: Side
    periods: tuple[str, ...]
    before: Figures
    after: Figures
    causes: tuple[Cause, ...]

    @property
    def difference(self) -> Figures:
        """What each figure is more on the second side."""
        return difference(self.after, self.before)


def compare(was: Side, now: Side, periods: Sequence[str] = (), rows: Collection[str] = (),
            most: int = MOST) -> Comparison:
    """The two sides' figures, and each cent of their difference put to a cause.

    rows: tables whose rows are tried one by one however many there are; ALL for every table.
    """
    _check_alike(was, now)
    periods = tuple(periods) or (was.period,)
    before = after = None
    if was.published is not None:
        before = _of_months(was.published, periods)
    if now.published is not None:
        after = _of_months(now.published, periods)
    if was.lost or now.lost:
        return _by_what_is_kept(was, now, periods, before, after)
    trial = Trial(was, now, periods)
    causes = trial.causes(rows, most)
    before, after = _told(trial.base, before), _told(trial.goal, after)
    if method := added(difference(trial.base, before), difference(after, trial.goal)):
        causes.append(Cause(METHOD, (), method, "the same inputs under another version of the workbook"))
    return Comparison(was, now, periods, before, after, tuple(_ordered(causes)))


def _of_months(told: Figures, periods: Sequence[str]) -> Figures:
    return {key: amount for key, amount in told.items() if key[1] in periods}


def _told(worked: Figures, published: Figures | None) -> Figures:
    """The figures of a side: those it published of the months that it did, those worked out now of others."""
    if not published:
        return worked
    months = {key[1] for key in published}
    return {key: amount for key, amount in worked.items() if key[1] not in months} | published


def _check_alike(was: Side, now: Side) -> None:
    if was.currency != now.currency:
        raise InputError(now.name, f"its figures are in {now.currency}", f"{was.currency}, as those of {was.name}",
                         "compare two runs in one currency")
    if was.published is not None and now.published is not None and was.period != now.period:
        raise InputError(now.name, f"it is of {now.period}", f"{was.period}, as {was.name}",
                         "compare two packs of one month; month on month stands in tables/chargeback_changes.csv")


def _by_what_is_kept(was: Side, now: Side, periods, before, after) -> Comparison:
    """Where an input's content is gone, the difference is put to no row: it is told as a whole, with what is gone."""
    before, after = (_of_side(side, told, periods) for side, told in ((was, before), (now, after)))
    moves = difference(after, before)
    names = [f"{name} of {side.name}" for side in (was, now) for name in side.lost]
    program = "; the program differs as well" if was.workbook != now.workbook and was.workbook and now.workbook else ""
    causes = (Cause(LOST, (), moves, f"{', '.join(names)}{program}"),) if moves else ()
    return Comparison(was, now, periods, before, after, causes)


def _of_side(side: Side, published: Figures | None, periods: Sequence[str]) -> Figures:
    """The figures of one side, as far as possible as published; raises InputError where it can tell none of a month."""
    missing = [month for month in periods if published is None or month != side.period]
    if side.lost and missing:
        lost = f"its inputs are not at hand any more ({', '.join(side.lost)}), so {missing[0]} cannot be worked out"
        raise InputError(side.name, lost, f"{side.period}, which it published", "leave --period out")
    return (published or {}) | (figures_of(side, missing) if missing else {})


def _ordered(causes: Sequence[Cause]) -> list[Cause]:
    """The causes with what moved most first; what is left over, last.  The parts of TOGETHER are counted anew."""
    order = sorted(range(len(causes)), key=lambda place: (causes[place].kind != ROWS,
                                                          -figures.moved(causes[place].amounts), place))
    places = {old: new for new, old in enumerate(order)}
    return [replace(cause, parts=tuple(sorted(places[part] for part in cause.parts)))
            for cause in map(causes.__getitem__, order)]
