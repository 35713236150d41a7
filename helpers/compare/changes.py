"""What differs between two sides, and what would one of them be with only some of it?

    side, side → changes          one Change a row, line of the cube, parameter or whole table
    side, side, changes → taken   the first side with those changes of the second
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from helpers import codebook
from helpers.billing.months import LINE_KEYS
from helpers.compare import line_changes, row_changes, setting_changes
from helpers.compare.line_changes import LineChange
from helpers.compare.row_changes import RowChange
from helpers.compare.setting_changes import SettingChange
from helpers.compare.sides import DECISIONS, MAP, Side
from helpers.given import TABLES

MONTHS = ("fiscal_period", "period")  # columns that say which month a row is of
BILLING, PARAMETERS = "billing", "parameters"
ORDER, GIVEN, TAKEN = "order of rows", "given", "not given any more"
CODEBOOK = {"mapping rules": ("mapping_rules", "rules"), "service names": ("services", "input"),
            "provider names": ("providers", "input"), DECISIONS: ("disputes", "input"),
            **{name: (table, "input") for name, (_, _, table) in TABLES.items()}}


@dataclass(frozen=True)
class Change:
    """Something that differs: `kind` is added, removed, changed, or one of ORDER, GIVEN, TAKEN (a whole table)."""

    table: str
    kind: str
    part: RowChange | LineChange | SettingChange | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns, or the parameter, that differ."""
        return (self.part.name,) if isinstance(self.part, SettingChange) else self.part.columns if self.part else ()


def changes(was: Side, now: Side) -> list[Change]:
    """All that differs between two sides of which nothing is lost; in an order of the content's own."""
    found = [Change(PARAMETERS, "changed", part) for part in setting_changes.changes(was.settings, now.settings)]
    found += [Change(BILLING, part.kind, part) for part in line_changes.changes(was.cube.lines, now.cube.lines)]
    for name in (*TABLES, *MAP, DECISIONS):
        found += _of_table(name, was, now)
    return found


def _of_table(name: str, was: Side, now: Side) -> Iterator[Change]:
    before, after = was.tables[name], now.tables[name]
    if before is None or after is None:
        if before is not after:
            yield Change(name, GIVEN if before is None else TAKEN)
        return
    if before.rows.equals(after.rows):
        return
    numbers = [column.name for column in codebook.columns(*CODEBOOK[name]) if column.type in row_changes.NUMBERS]
    for part in row_changes.changes(before, after, key_of(name, before.rows), numbers):
        yield Change(name, part.kind, part)
    if row_changes.moved(before, after):
        yield Change(name, ORDER)


def key_of(name: str, rows: pd.DataFrame) -> list[str]:
    """The columns of a table that no two rows have alike, as the codebook says; none where it has no key."""
    return [column.name for column in codebook.columns(*CODEBOOK[name]) if column.key and column.name in rows]


def month_of_change(change: Change, was: Side, now: Side) -> str:
    """The month that the change is of, where its line or row has one."""
    if isinstance(change.part, LineChange):
        return (change.part.now or change.part.was)[LINE_KEYS.index("billing_period")]
    if not isinstance(change.part, RowChange):
        return ""
    side, place = (was, change.part.was) if change.part.now is None else (now, change.part.now)
    rows = side.tables[change.table].rows
    return next((str(rows[name].iat[place])[:7] for name in MONTHS if name in rows), "")


def taken(was: Side, now: Side, chosen: Sequence[Change]) -> Side:
    """The side `was` with the changes chosen, and all else as it was."""
    by_table: dict[str, list[Change]] = {}
    for change in chosen:
        by_table.setdefault(change.table, []).append(change)
    tables = dict(was.tables)
    for name in by_table.keys() & tables.keys():
        tables[name] = _changed(was, now, name, by_table[name])
    cube = was.cube
    if lines := [change.part for change in by_table.get(BILLING, [])]:
        base, _ = line_changes.alike(cube.lines, now.cube.lines)
        cube = replace(cube, lines=line_changes.merged(base, line_changes.sums_of(base), lines))
    settings = setting_changes.merged(was.settings, [change.part for change in by_table.get(PARAMETERS, [])])
    return replace(was, settings=settings, tables=tables, cube=cube)


def _changed(was: Side, now: Side, name: str, chosen: Sequence[Change]):
    """One table of the side with its changes."""
    kinds = {change.kind for change in chosen}
    if kinds & {GIVEN, TAKEN}:
        return now.tables[name]
    table = row_changes.merged(was.tables[name], now.tables[name], [change.part for change in chosen if change.part])
    return row_changes.reordered(table, now.tables[name]) if ORDER in kinds else table
