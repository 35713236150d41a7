"""How is a comparison told?  One sentence a cause, and three tables whose amounts add up.

    Comparison → headline, sentences
               → differences   one row a figure, month, owner, application and pool: was, is, difference
               → causes        one row a cause and figure: the amounts of a figure add up to its difference
               → rows          one row a change: where it stands, which column, was and is
"""

from collections.abc import Mapping

import pandas as pd

from helpers import checks
from helpers.compare import figures
from helpers.compare.attribution import LOST, METHOD, OTHER, ROUNDING, ROWS, TOGETHER, Cause, Comparison
from helpers.compare.changes import Change
from helpers.compare.figures import CHARGED, KEYS, Figures
from helpers.compare.wording import amount_told, described, of_change, place_of
from helpers.house import words
from helpers.money import ZERO, total

DIFFERENCES = [*KEYS, "was", "is", "difference"]
CAUSES = ["cause", "kind", "told", *KEYS, "amount"]
CHANGES = ["cause", "table", "kind", "where_was", "where_is", "row", "column", "was", "is", "lines"]
SHOWN = 4  # amounts that a sentence names


def differences(found: Comparison) -> pd.DataFrame:
    """One row a figure that differs, the largest first within its kind and month."""
    rows = [(*key, found.before.get(key, ZERO), found.after.get(key, ZERO), amount)
            for key, amount in found.difference.items()]
    rows.sort(key=lambda row: (row[0], row[1], -abs(row[-1]), row))
    return pd.DataFrame(rows, columns=DIFFERENCES)


def causes(found: Comparison) -> pd.DataFrame:
    """One row a cause and figure that it moves; a cause that moves none has one row without an amount."""
    rows = []
    for place, cause in enumerate(found.causes, 1):
        told = label(found, cause)
        moves = sorted(cause.amounts.items(), key=lambda pair: (-abs(pair[1]), pair[0]))
        rows += [(place, cause.kind, told, *key, amount) for key, amount in moves or [(("",) * len(KEYS), ZERO)]]
    return pd.DataFrame(rows, columns=CAUSES)


def changes(found: Comparison) -> pd.DataFrame:
    """One row a column that changed, or a row that came or went, with the cause that it belongs to."""
    rows = [(place, *told) for place, cause in enumerate(found.causes, 1) for change in cause.changes
            for told in described(change, found.was, found.now)]
    return pd.DataFrame(rows, columns=CHANGES)


def check(found: Comparison) -> pd.DataFrame:
    """The causes add up to the difference, figure by figure; what no row tells is a failure."""
    whole, apart = found.difference, figures.added(*(cause.amounts for cause in found.causes))
    odd = figures.difference(whole, apart)
    unsaid = [cause for cause in found.causes if cause.kind == OTHER]
    return checks.collect(
        checks.same("causes add up to the difference", total(whole.values()), total(apart.values())),
        checks.holds("causes add up to the difference of each owner, application and pool", not odd,
                     "; ".join(" ".join(filter(None, key)) for key in list(odd)[:5])),
        checks.holds("no figure moves without a row, a parameter or the program", not unsaid))


def headline(found: Comparison) -> str:
    """What was compared, and how much moved, in one sentence."""
    sums = [total(amount for key, amount in side.items() if key[0] == CHARGED) for side in (found.before, found.after)]
    moves = {key: amount for key, amount in found.difference.items()}
    months = found.periods[0] if len(found.periods) == 1 else f"{found.periods[0]} to {found.periods[-1]}"
    currency = found.now.currency
    if not moves:
        return f"{months}: no figure differs; {amount_told(sums[1])} {currency} to charge on both sides."
    owners = {key[2] for key in moves if key[2]}
    whom = f" for {len(owners)} owner{'s' * (len(owners) != 1)}" if owners else ""
    return (f"{months}: {amount_told(figures.moved(moves))} {currency} moved{whom}; "
            f"to charge was {amount_told(sums[0])}, is {amount_told(sums[1])}.")


def sentences(found: Comparison) -> list[str]:
    """One sentence a cause: what it is, and whom it moves by how much."""
    return [f"{number}. {label(found, cause)}: {_moved(cause.amounts)}" for number, cause in enumerate(found.causes, 1)]


def label(found: Comparison, cause: Cause) -> str:
    """What a cause is, without its amounts."""
    if cause.kind == ROWS:
        note = f" ({cause.note})" if cause.note else ""
        return f"{_of_group(cause.changes, found)}{note}"
    named = " and ".join(str(part + 1) for part in cause.parts)
    held = "both" if len(cause.parts) == 2 else "all"
    return {TOGETHER: f"together, what {named} explain only when {held} hold", METHOD: f"method: {cause.note}",
            ROUNDING: "rounding to cents", LOST: f"inputs that are not at hand any more: {cause.note}",
            OTHER: cause.note}[cause.kind]


def place(found: Comparison, cause: Cause) -> str:
    """Where a cause stands, without a value or a name of the inputs: file, line and column."""
    if cause.kind == TOGETHER:
        return f"together: {'; '.join(place(found, found.causes[part]) for part in cause.parts)}"
    if cause.kind != ROWS:
        return {ROUNDING: "rounding to cents", OTHER: cause.note}.get(cause.kind, cause.kind)
    if len(cause.changes) == 1:
        return place_of(cause.changes[0], found.was, found.now)
    return _many(cause.changes)


def _many(group: tuple[Change, ...]) -> str:
    """Changes of one table by their number and kind."""
    first = group[0]
    alike = first.columns and len({change.columns for change in group}) == 1
    columns = f" in {', '.join(first.columns)}" if alike else ""
    what = "lines" if first.table == "billing" else "rows"
    return f"{first.table.replace('_', ' ')}: {len(group):,} {what} {first.kind}{columns}"


def _of_group(group: tuple[Change, ...], found: Comparison) -> str:
    """A change by itself; many by their table, kind and first."""
    if len(group) == 1:
        return of_change(group[0], found.was, found.now)
    return f"{_many(group)}, such as {of_change(group[0], found.was, found.now)}"


def _moved(amounts: Mapping) -> str:
    """Whom it moves: owners (or what nobody is charged), else applications; of charges, else of full cost."""
    if not amounts:
        return "moves no figure compared"
    for figure, places in ((CHARGED, (2, 4)), (CHARGED, (3,)), (figures.FULL, (3,)), (figures.FULL, (4,))):
        sums = _sums(amounts, figure, places)
        if sums:
            what = "" if figure == CHARGED else "full cost of "
            told = [f"{name} {amount_told(amount, signed=True)}" for name, amount in
                    sorted(sums.items(), key=lambda pair: (-abs(pair[1]), pair[0]))]
            more = f" and {len(told) - SHOWN} more" if len(told) > SHOWN else ""
            return what + ", ".join(told[:SHOWN]) + more
    return "moves cost between pools of one application"


def _sums(amounts: Figures, figure: str, places: tuple[int, ...]) -> dict[str, object]:
    """Amounts by the first of the places that a key has."""
    found: dict[str, object] = {}
    for key, amount in amounts.items():
        if key[0] == figure:
            name = next((key[place] for place in places if key[place]), "(nobody)")
            found[words(name)] = found.get(words(name), ZERO) + amount
    return {name: amount for name, amount in found.items() if amount}


def tables(found: Comparison) -> dict[str, pd.DataFrame]:
    """All three tables by name."""
    return {"differences": differences(found), "causes": causes(found), "changes": changes(found)}


def runs(found: Comparison) -> pd.DataFrame:
    """The two runs: what they were named, their months, and the program that made what they published."""
    rows = [(letter, side.name, " ".join(found.periods), side.workbook.get("version", ""), "; ".join(side.lost))
            for letter, side in (("A", found.was), ("B", found.now))]
    return pd.DataFrame(rows, columns=["side", "run", "periods", "workbook", "not_at_hand"])
