"""What does each change move by itself, and what do several only together?  The first side, tried anew for each.

    two sides → Trial → causes      each change (or group of them) alone; together; rounding; what no row tells
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import combinations

from helpers import services, taxonomy, walk
from helpers.compare import figures
from helpers.compare.changes import Change, changes, month_of_change, taken
from helpers.compare.figures import Figures, added, difference
from helpers.compare.setting_changes import params_of
from helpers.compare.sides import DECISIONS, MAP, Side
from helpers.errors import InputError, StepError
from helpers.given import TABLES
from helpers.money import CENT, ZERO

ROUNDING_CENTS = 5  # at most so many cents of a figure are called rounding, and no more than there are changes
ROWS, TOGETHER, ROUNDING, OTHER = "rows", "together", "rounding", "no row tells"
ALL = "all"
MOST = 20  # changes, or groups of them, that are tried one by one
STANDS_ON = {"names": ("provider names", "service names"), "rules": ("mapping rules",),  # steps, and their tables
             "mapped": (*MAP, "applications", "aliases", "cloud_accounts", "rates")}


@dataclass(frozen=True)
class Cause:
    """What a part of the difference is put to: changes tried alone, or what is left when all were."""

    kind: str
    changes: tuple[Change, ...] = ()
    amounts: Figures = field(default_factory=dict)
    note: str = ""
    parts: tuple[int, ...] = ()  # of TOGETHER: which causes, counted from 0 in the comparison's list


def month_of(side: Side, period: str, like: Side | None = None, shared: walk.Month | None = None) -> walk.Month:
    """The month of the walk that stands on the side's tables.

    shared: the month of a side `like` this one, whose map and mapped lines are taken over where they stand on the same.
    """
    month = walk.Month(params_of({**side.settings, "period": period}))
    known, versions = month.__dict__, month.params.taxonomy
    known |= {name: table and table.rows for name, table in side.tables.items() if name in TABLES}
    decided = side.tables[DECISIONS]
    known |= {"cube": side.cube, "decisions": decided and decided.rows}
    for name, tables in (STANDS_ON.items() if like and side.settings == like.settings else ()):
        same = all(side.tables[table] is like.tables[table] for table in tables)
        if same and (name != "mapped" or side.cube is like.cube):
            known[name] = getattr(shared, name)
    if "rules" not in known:
        known["rules"] = taxonomy.check(side.tables["mapping rules"].rows, versions.pools, versions.towers)
    if "names" not in known:
        known["names"] = services.Names(side.tables["provider names"].rows, side.tables["service names"].rows)
    return month


def figures_of(side: Side, periods: Sequence[str], like: Side | None = None,
               shared: walk.Month | None = None) -> Figures:
    """The side's figures worked out by this program."""
    month = month_of(side, periods[-1], like, shared)
    found: Figures = {}
    for period in periods:
        found |= figures.of_month(month if period == periods[-1] else month.at(period))
    return found


class Trial:
    """Two sides, and the first with some of what differs."""

    def __init__(self, was: Side, now: Side, periods: Sequence[str]):
        self.was, self.now, self.periods = was, now, tuple(periods)
        self.month = month_of(was, self.periods[-1])
        self.base, self.goal = self._figures(was), figures_of(now, self.periods)

    def causes(self, rows: Collection[str], most: int) -> list[Cause]:
        """Each change alone, or each group where there are more than `most`; then what is left."""
        month = partial(month_of_change, was=self.was, now=self.now)
        groups = grouped(changes(self.was, self.now), rows, most, month)
        alone = [self._alone(group, len(groups)) for group in groups]
        groups, alone = self._narrowed(groups, alone, most)
        return alone + self._left(groups, alone)

    def _narrowed(self, groups: list, causes: list[Cause], most: int) -> tuple[list, list[Cause]]:
        """In place of the groups that move something their changes one by one, where those are few enough to try."""
        wide = [place for place, cause in enumerate(causes) if len(groups[place]) > 1 and (cause.amounts or cause.note)]
        if not wide or sum(len(groups[place]) for place in wide) > most:
            return groups, causes
        split = [(change,) for place in wide for change in groups[place]]
        kept = [place for place in range(len(groups)) if place not in wide]
        return ([groups[place] for place in kept] + split,
                [causes[place] for place in kept] + [self._alone(group, len(groups) + len(split)) for group in split])

    def _moves(self, groups: Sequence[Sequence[Change]]) -> Figures:
        """What the first side's figures become more with the changes of the groups."""
        chosen = [change for group in groups for change in group]
        return difference(self._figures(taken(self.was, self.now, chosen)), self.base)

    def _figures(self, side: Side) -> Figures:
        return figures_of(side, self.periods, self.was, self.month)

    def _alone(self, group: tuple[Change, ...], many: int) -> Cause:
        if many == 1:
            return Cause(ROWS, group, difference(self.goal, self.base))
        try:
            return Cause(ROWS, group, self._moves([group]))
        except (InputError, StepError) as wrong:
            return Cause(ROWS, group, {}, f"cannot stand alone: {str(wrong).splitlines()[0]}")

    def _left(self, groups: list, causes: list[Cause]) -> list[Cause]:
        """What the changes do not explain one by one: together, rounding, and what no row tells."""
        alone = added(*(cause.amounts for cause in causes))
        left = difference(difference(self.goal, self.base), alone)
        if not left:
            return []
        if other := difference(difference(self.goal, self.base), self._moves(groups)):
            left = difference(left, other)
        unsaid = [Cause(OTHER, (), other, "what no row of the inputs and no parameter tells")] if other else []
        cents = min(len(groups), ROUNDING_CENTS) * CENT
        rounding = {key: amount for key, amount in left.items() if abs(amount) <= cents}
        if sum(rounding.values(), ZERO):  # what cents leave comes to nothing
            rounding = {}
        together = difference(left, rounding)
        found = unsaid + ([Cause(ROUNDING, (), rounding)] if rounding else [])
        return found + (self._shared(groups, causes, together) if together else [])

    def _shared(self, groups: list, causes: list[Cause], together: Figures) -> list[Cause]:
        """Which of the changes explain it together: those without which it is another amount, in sets of their own."""
        involved = self._involved(groups, causes, together)
        found, rest = [], together
        for some in self._apart(groups, causes, involved) if len(involved) > 2 else [involved]:
            amounts = together if some == involved else self._interplay(groups, causes, some)
            found.append(Cause(TOGETHER, (), amounts, parts=tuple(some)))
            rest = difference(rest, amounts)
        if rest:
            return [Cause(TOGETHER, (), together, parts=tuple(involved))]
        return found

    def _interplay(self, groups: list, causes: list[Cause], some: Sequence[int]) -> Figures:
        """What some of the changes move together, less what each moves alone."""
        try:
            moves = self._moves([groups[place] for place in some])
        except (InputError, StepError):
            return {}
        return difference(moves, added(*(causes[place].amounts for place in some)))

    def _involved(self, groups: list, causes: list[Cause], together: Figures) -> list[int]:
        """The changes without which less is left over: the others are taken out, one after the other."""
        some = list(range(len(groups)))
        for place in range(len(groups)):
            fewer = [other for other in some if other != place]
            if len(fewer) > 1 and _same(self._interplay(groups, causes, fewer), together, len(groups)):
                some = fewer
        return some

    def _apart(self, groups: list, causes: list[Cause], involved: Sequence[int]) -> list[list[int]]:
        """The changes involved, in sets of which each two that meet are in one."""
        sets = {place: {place} for place in involved}
        for one, other in combinations(involved, 2):
            if sets[one] is not sets[other] and self._interplay(groups, causes, [one, other]):
                sets[one] |= sets[other]
                for place in sets[other]:
                    sets[place] = sets[one]
        found = list({id(part): sorted(part) for part in sets.values()}.values())
        return found if all(len(part) > 1 for part in found) else [list(involved)]


def _same(found: Figures, wanted: Figures, many: int) -> bool:
    """Whether two sets of figures are the same but for cents of rounding."""
    return all(abs(amount) <= min(many, ROUNDING_CENTS) * CENT for amount in difference(found, wanted).values())


def grouped(found: Sequence[Change], rows: Collection[str] = (), most: int = MOST,
            month: Callable[[Change], str] = lambda change: "") -> list[tuple[Change, ...]]:
    """The changes one by one where there are few; else by table, kind, columns and month, as fine as `most` allows.

    rows: tables whose changes stay one by one.
    """
    if len(found) <= most or ALL in rows:
        return [(change,) for change in found]
    keys = [lambda change: (change.kind, change.columns, month(change)), lambda change: (change.kind, month(change)),
            lambda change: (change.kind, change.columns), lambda change: (change.kind,)]
    single = sum(change.table in rows for change in found)
    for key in keys:
        groups: dict[tuple, list[Change]] = {}
        for place, change in enumerate(found):
            groups.setdefault((change.table, *((place,) if change.table in rows else key(change))), []).append(change)
        if len(groups) <= most + single:
            break
    return [tuple(group) for group in groups.values()]
