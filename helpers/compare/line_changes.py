"""Which lines differ between two cost cubes?  Cost that moved from one line to another, that changed, came or went.

    lines, lines → changes     by what a line is called (LINE_KEYS): lines and amounts that left, and where they went

A bill's row that is tagged otherwise leaves one line of the cube and joins another: the two are one change, told by the
texts that differ.  Lines go where most texts are the same, and as many lines as went.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import NamedTuple

import pandas as pd
import pyarrow as pa

from helpers.billing.months import LINE_AMOUNTS, LINE_KEYS
from helpers.money import ZERO

FAR = 6  # texts that differ, beyond which a line that came is not one that went
COUNT = "line_count"
AMOUNTS = (*LINE_AMOUNTS, COUNT)
Key = tuple[str, ...]
Sums = tuple[Decimal, ...]  # by AMOUNTS


class LineChange(NamedTuple):
    """Lines that left `was` and joined `now` (None where they only went or came), and what each loses or gains."""

    was: Key | None
    now: Key | None
    lost: Sums
    gained: Sums

    @property
    def kind(self) -> str:
        """added, removed or changed."""
        return "added" if self.was is None else "removed" if self.now is None else "changed"

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that differ."""
        if self.was is None or self.now is None:
            return ()
        texts = tuple(name for name, one, other in zip(LINE_KEYS, self.was, self.now, strict=True) if one != other)
        sums = tuple(name for name, one, other in zip(AMOUNTS, self.lost, self.gained, strict=True)
                     if one + other and name != COUNT)
        return texts + sums


def sums_of(lines: pd.DataFrame) -> dict[Key, Sums]:
    """Amounts and number of lines by what the lines are called."""
    keys = zip(*(lines[name].tolist() for name in LINE_KEYS), strict=True)
    amounts = zip(*([value if isinstance(value, (Decimal, int)) else ZERO for value in lines[name].tolist()]
                    for name in AMOUNTS), strict=True)
    found: dict[Key, Sums] = {}
    for key, values in zip(keys, amounts, strict=True):
        found[key] = _plus(found[key], values) if key in found else tuple(map(Decimal, values))
    return found


def changes(was: pd.DataFrame, now: pd.DataFrame) -> list[LineChange]:
    """What differs, sorted by the lines' names."""
    left, right = sums_of(was), sums_of(now)
    zero = (ZERO,) * len(AMOUNTS)
    moves = {key: _minus(right.get(key, zero), left.get(key, zero)) for key in left.keys() | right.keys()
             if left.get(key) != right.get(key)}
    moves = {key: sums for key, sums in sorted(moves.items()) if any(sums)}
    found = [LineChange(key, key, zero, sums) for key, sums in moves.items() if not sums[-1]]
    gone = {key: _minus(zero, sums) for key, sums in moves.items() if sums[-1] < 0}
    come = {key: sums for key, sums in moves.items() if sums[-1] > 0}
    found += _flows(gone, come)
    found += [LineChange(key, None, _minus(zero, sums), zero) for key, sums in gone.items()]
    found += [LineChange(None, key, zero, sums) for key, sums in come.items()]
    return sorted(found, key=lambda change: (change.was or (), change.now or ()))


def _flows(gone: dict[Key, Sums], come: dict[Key, Sums]) -> Iterator[LineChange]:
    """Takes out of both what went from one line to another, the nearest first."""
    zero = (ZERO,) * len(AMOUNTS)
    for _, source, target in _near(gone, come):
        while source in gone and target in come:
            lines = min(gone[source][-1], come[target][-1])
            given = _part(gone[source], come[target], lines)
            taken = come[target] if lines == come[target][-1] else given
            yield LineChange(source, target, _minus(zero, given), taken)
            for side, key, part in ((gone, source, given), (come, target, taken)):
                side[key] = _minus(side[key], part)
                if not side[key][-1]:
                    del side[key]


def _part(source: Sums, target: Sums, lines: Decimal) -> Sums:
    """What goes: all of the source where it gives all its lines, else what the target gains."""
    return source if lines == source[-1] else (target if lines == target[-1] else source)


MANY = 250_000  # pairs beyond which only lines that differ in one text are paired


def _near(gone: dict[Key, Sums], come: dict[Key, Sums]) -> list[tuple[tuple, Key, Key]]:
    """Pairs of lines that may be the same, by how many texts differ, whether the cost is the same, and their names."""
    if len(gone) * len(come) <= MANY:
        pairs = ((source, target) for source in gone for target in come)
    else:
        pairs = _one_apart(gone, come)
    scored = []
    for source, target in pairs:
        apart = len(LINE_KEYS) - sum(map(str.__eq__, source, target))
        if apart <= FAR:
            scored.append(((apart, gone[source] != come[target]), source, target))
    return sorted(scored)


def _one_apart(gone: dict[Key, Sums], come: dict[Key, Sums]) -> Iterator[tuple[Key, Key]]:
    for place in range(len(LINE_KEYS)):
        waiting: dict[Key, list[Key]] = {}
        for target in come:
            waiting.setdefault(target[:place] + target[place + 1:], []).append(target)
        for source in gone:
            for target in waiting.get(source[:place] + source[place + 1:], ()):
                yield source, target


def merged(was: pd.DataFrame, sums: dict[Key, Sums], chosen: Sequence[LineChange]) -> pd.DataFrame:
    """The lines of `was` (sums: what `sums_of` says of them) with the changes chosen, sorted by name."""
    if not chosen:
        return was
    zero, touched = (ZERO,) * len(AMOUNTS), {}
    for change in chosen:
        for key, part in ((change.was, change.lost), (change.now, change.gained)):
            if key is not None:
                touched[key] = _plus(touched.get(key) or sums.get(key, zero), part)
    kept = was[[key not in touched for key in zip(*(was[name].tolist() for name in LINE_KEYS), strict=True)]]
    rows = [(*key, *values) for key, values in sorted(touched.items()) if any(values)]
    lines = pd.concat([kept, _frame(rows, was)], ignore_index=True) if rows else kept.reset_index(drop=True)
    return lines.sort_values(LINE_KEYS, kind="stable", ignore_index=True)


def _frame(rows: list[tuple], model: pd.DataFrame) -> pd.DataFrame:
    """The rows as lines of a cube, each column of the model's type."""
    columns = dict(zip([*LINE_KEYS, *AMOUNTS], map(list, zip(*rows, strict=True)), strict=True))
    made = {}
    for name in model:
        kind = model[name].dtype
        if name == COUNT:
            made[name] = pd.Series([int(value) for value in columns[name]], dtype=kind)
        elif isinstance(kind, pd.ArrowDtype):
            made[name] = pd.Series(pd.arrays.ArrowExtensionArray(pa.array(columns[name], kind.pyarrow_dtype)))
        else:
            made[name] = pd.Series(columns[name], dtype=kind)
    return pd.DataFrame(made)


def alike(one: pd.DataFrame, other: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Both tables with room for the most decimals that either has in a column."""
    wider = {}
    for name in one:
        kinds = [frame[name].dtype for frame in (one, other)]
        if all(isinstance(kind, pd.ArrowDtype) for kind in kinds) and kinds[0] != kinds[1]:
            wider[name] = max(kinds, key=lambda kind: kind.pyarrow_dtype.scale)
    return one.astype(wider), other.astype(wider)


def _plus(one: Sums, other: Sums) -> Sums:
    return tuple(a + b for a, b in zip(one, other, strict=True))


def _minus(one: Sums, other: Sums) -> Sums:
    return tuple(a - b for a, b in zip(one, other, strict=True))
