"""Which rows differ between two tables of the same columns?  Order aside; each row that only one side has, paired.

    table, table, key → changes     added, removed, changed (the columns that differ), by place of the rows

Rows are paired by key, then by all texts, then by all columns but one, then by likeness; what is left came or went.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import NamedTuple

import pandas as pd

LIKE = 0.5  # share of the columns that two rows without a key have in common, to be one row that changed
PAIRS = 40_000  # pairs of rows beyond which likeness is not looked for
NUMBERS = ("amount", "quantity", "share", "whole")


class Table(NamedTuple):
    """Rows as they were read, and where each stands: file and line."""

    rows: pd.DataFrame
    places: list[str]


class RowChange(NamedTuple):
    """A row of each side, by place in its table (None where a side has none), and the columns that differ."""

    was: int | None
    now: int | None
    columns: tuple[str, ...]

    @property
    def kind(self) -> str:
        """added, removed or changed."""
        return "added" if self.was is None else "removed" if self.now is None else "changed"


def texts_of(rows: pd.DataFrame) -> list[tuple[str, ...]]:
    """Each row as texts: a number in one spelling, nothing for a blank."""
    columns = [[_text(value) for value in rows[name].tolist()] for name in rows]
    return list(zip(*columns, strict=True)) if columns else [()] * len(rows)


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, Decimal):
        return format(value.normalize() if value else Decimal(0), "f")
    return "" if value is None or value != value else str(value)


def changes(was: Table, now: Table, key: Sequence[str], numbers: Sequence[str]) -> list[RowChange]:
    """The rows that only one side has, in pairs where they are the same row; no order of rows moves their order."""
    names = list(was.rows.columns)
    left, right = _only_here(texts_of(was.rows), texts_of(now.rows))
    found: list[RowChange] = []
    for shown in _ways(names, key, numbers):
        found += _paired(left, right, shown, names)
    if len(left) * len(right) <= PAIRS:
        found += _alike(left, right, names)
    found += [RowChange(place, None, ()) for _, place in left] + [RowChange(None, place, ()) for _, place in right]
    told = texts_of(was.rows), texts_of(now.rows)
    return sorted(found, key=lambda change: _order(change, *told))


def moved(was: Table, now: Table) -> bool:
    """Whether the rows that both sides have stand in another order."""
    sides = texts_of(was.rows), texts_of(now.rows)
    both = set(sides[0]) & set(sides[1])
    return [row for row in sides[0] if row in both] != [row for row in sides[1] if row in both]


def _order(change: RowChange, was: list, now: list) -> tuple:
    return (change.kind, () if change.was is None else was[change.was], () if change.now is None else now[change.now])


Left = list[tuple[tuple[str, ...], int]]  # texts of a row, and its place


def _only_here(was: list[tuple], now: list[tuple]) -> tuple[Left, Left]:
    """The rows of each side that the other has not, or has less often, sorted by their texts."""
    places: dict[tuple, list[int]] = {}
    for place, row in enumerate(now):
        places.setdefault(row, []).append(place)
    left = []
    for place, row in enumerate(was):
        twins = places.get(row)
        if twins:
            twins.pop(0)
        else:
            left.append((row, place))
    return sorted(left), sorted((row, place) for row, rest in places.items() for place in rest)


def _ways(names: list[str], key: Sequence[str], numbers: Sequence[str]) -> Iterator[list[int]]:
    """The columns by which rows are paired, one way after the other."""
    if key:
        yield [names.index(name) for name in key]
    yield [place for place, name in enumerate(names) if name not in numbers]
    for place in range(len(names)):
        yield [other for other in range(len(names)) if other != place]


def _paired(left: Left, right: Left, shown: list[int], names: list[str]) -> list[RowChange]:
    """Takes out of both lists the rows that are the same in the columns shown, each with one of the other side."""
    if not left or not right or not shown:
        return []
    waiting: dict[tuple, Left] = {}
    for row in right:
        waiting.setdefault(_picked(row[0], shown), []).append(row)
    pairs = []
    for row in left:
        twins = waiting.get(_picked(row[0], shown))
        if twins:
            pairs.append((row, twins.pop(0)))
    return _take(left, right, pairs, names)


def _picked(texts: tuple[str, ...], shown: list[int]) -> tuple[str, ...]:
    return tuple(texts[place] for place in shown)


def _take(left: Left, right: Left, pairs: Sequence[tuple], names: list[str]) -> list[RowChange]:
    """The pairs as changes; their rows leave both lists."""
    for rows, gone in ((left, {row[1] for row, _ in pairs}), (right, {twin[1] for _, twin in pairs})):
        rows[:] = [row for row in rows if row[1] not in gone]
    return [RowChange(row[1], twin[1], tuple(name for name, one, other in zip(names, row[0], twin[0], strict=True)
                                             if one != other)) for row, twin in pairs]


def _alike(left: Left, right: Left, names: list[str]) -> list[RowChange]:
    """Takes out the pairs that have most columns in common, as long as that is at least LIKE of them."""
    scored = sorted((-sum(map(str.__eq__, one[0], other[0])), one, other) for one in left for other in right)
    pairs, gone = [], set()
    for score, one, other in scored:
        if -score >= LIKE * len(names) and ("left", one[1]) not in gone and ("right", other[1]) not in gone:
            gone |= {("left", one[1]), ("right", other[1])}
            pairs.append((one, other))
    return _take(left, right, pairs, names)


def merged(was: Table, now: Table, chosen: Sequence[RowChange]) -> Table:
    """The table of `was` with the changes chosen: rows in its order, new ones after the row they follow in `now`."""
    out = {change.was for change in chosen if change.was is not None}
    swapped = {change.was: change.now for change in chosen if change.was is not None and change.now is not None}
    come = [change.now for change in chosen if change.was is None]
    after = _neighbours(was, now, come)
    picks = []  # (order, side, place)
    for place in range(len(was.rows)):
        if place not in out:
            picks.append(((place, -1), 0, place))
        elif place in swapped:
            picks.append(((place, -1), 1, swapped[place]))
    picks += [((after[place], place), 1, place) for place in come]
    picks.sort(key=lambda pick: pick[0])
    return _picked_rows(was, now, [(side, place) for _, side, place in picks])


def reordered(was: Table, now: Table) -> Table:
    """The table of `was`, the rows that both sides have in the order of `now`."""
    mine, theirs = texts_of(was.rows), texts_of(now.rows)
    waiting: dict[tuple, list[int]] = {}
    for place, row in enumerate(mine):
        waiting.setdefault(row, []).append(place)
    wanted = [waiting[row].pop(0) for row in theirs if waiting.get(row)]
    slots = sorted(wanted)
    order = list(range(len(mine)))
    for slot, place in zip(slots, wanted, strict=True):
        order[slot] = place
    return _picked_rows(was, now, [(0, place) for place in order])


def _neighbours(was: Table, now: Table, come: Sequence[int]) -> dict[int, float]:
    """For each row that came the place in `was` after which it stands."""
    if not come:
        return {}
    waiting: dict[tuple, list[int]] = {}
    for place, row in enumerate(texts_of(was.rows)):
        waiting.setdefault(row, []).append(place)
    found, last, wanted = {}, -1, set(come)
    for place, row in enumerate(texts_of(now.rows)):
        if place in wanted:
            found[place] = last
        elif waiting.get(row):
            last = waiting[row].pop(0)
    return found


def _picked_rows(was: Table, now: Table, picks: Sequence[tuple[int, int]]) -> Table:
    """The rows picked from both sides, as one table with whole numbers as its index."""
    stacked = pd.concat([was.rows, now.rows], ignore_index=True)
    first = len(was.rows)
    rows = stacked.iloc[[place + side * first for side, place in picks]].reset_index(drop=True)
    rows = rows.astype({name: was.rows[name].dtype for name in rows if rows[name].dtype != was.rows[name].dtype})
    return Table(rows, [(was, now)[side].places[place] for side, place in picks])
