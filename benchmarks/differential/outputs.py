"""What differs between two runs of the same companies?  Tables cell by cell, under their present names.

    folder, folder, renames, expected → compared → Difference a table, column and company
    differences → told → lines

Rows are held against each other by their place; where one side has more, by their texts (all that is no number).
"""

import csv
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import NamedTuple

RENAMES = Path(__file__).with_name("renames.csv")
TABLES, STOPPED, PAGES = "tables/*.csv", "stopped/*.txt", "pages/*.txt"
SHOWN = 40  # differences that are told one by one
LONGEST = 200  # characters of a text that are told
Renames = Mapping[tuple[str, str], tuple[str, str]]
Row = dict[str, str]


class Difference(NamedTuple):
    """A table (or a text) of a company that is not the same; `column` is blank where rows or the table differ."""

    table: str
    column: str
    company: str
    where: str
    was: str
    now: str
    expected: str = ""  # why it may


def renames(path: Path = RENAMES) -> Renames:
    """By old table and column (blank for the table) the new ones."""
    return {(row["old_table"], row["old_column"]): (row["new_table"], row["new_column"]) for row in rows_of(path)}


def expected(path: str | Path | None) -> list[tuple[str, str, str]]:
    """Table, column and reason of what may differ; a * is any, a blank column the rows or the table itself."""
    rows = rows_of(Path(path)) if path else []
    for place, row in enumerate(rows, 2):
        if not all(row.get(name) is not None for name in ("table", "column")) or not row.get("reason"):
            raise SystemExit(f"{path}, line {place}: no table, column or reason; expected all three; "
                             "say why it may differ")
    return [(row["table"], row["column"], row["reason"]) for row in rows]


def compared(old: Path, new: Path, renamed: Renames, allowed: Sequence[tuple[str, str, str]] = (),
             pages: bool = False) -> list[Difference]:
    """Every difference, in the order of companies and tables; of pages where they are asked for."""
    places = (TABLES, STOPPED, PAGES) if pages else (TABLES, STOPPED)
    found: list[Difference] = []
    for company in sorted({path.relative_to(root).as_posix() for root in (old, new) for path in root.glob("*/*")}):
        sides = [_files(old / company, renamed, places), _files(new / company, {}, places)]
        for name in sorted(sides[0].keys() | sides[1].keys()):
            was, now = (side.get(name) for side in sides)
            if was and now or not _stopped_before(name, sides[was is not None]):
                found += _of_file(company, name, was, now, renamed)
    return [one._replace(expected=_reason(one, allowed)) for one in found]


def _files(folder: Path, renamed: Renames, places: Sequence[str]) -> dict[str, Path]:
    """By name the tables and texts of a company's month."""
    found = {}
    for path in [path for place in places for path in sorted(folder.glob(place))]:
        name = path.stem if path.suffix == ".csv" else path.relative_to(folder).as_posix()
        found[renamed.get((name, ""), (name, ""))[0]] = path
    return found


def _stopped_before(table: str, lacking: Mapping[str, Path]) -> bool:
    """Whether the side that lacks the table stopped at its step, or at the report of the whole month, which is told."""
    return any(f"stopped/{step}.txt" in lacking for step in (table.split("_")[0], "report"))


def _of_file(company: str, name: str, old: Path | None, new: Path | None, renamed: Renames) -> Iterable[Difference]:
    if old is None or new is None:
        yield Difference(name, "", company, "", *("" if path is None else _start(path) for path in (old, new)))
    elif old.suffix == ".csv":
        yield from _of_table(company, name, old, new, renamed)
    elif old.read_bytes() != new.read_bytes():
        pairs = zip(old.read_text("utf-8").splitlines() + [""], new.read_text("utf-8").splitlines() + [""],
                    strict=False)
        was, now = next(((one, other) for one, other in pairs if one != other), ("shorter", "longer"))
        yield Difference(name, "", company, "", was[:LONGEST], now[:LONGEST])


def _start(path: Path) -> str:
    """That a table is there; of a text its first line."""
    return "there" if path.suffix == ".csv" else (path.read_text("utf-8").splitlines() or [""])[0][:LONGEST]


def _of_table(company: str, name: str, old: Path, new: Path, renamed: Renames) -> Iterator[Difference]:
    """Columns that one side lacks, rows that one side has, and of each other column the first cell that differs."""
    mine = {column: told for (table, column), (_, told) in renamed.items() if table == old.stem and column}
    if not mine and old.read_bytes() == new.read_bytes():
        return
    (heads, was), (names, now) = _table(old, mine), _table(new, {})
    for column in [column for column in heads if column not in names]:
        yield Difference(name, column, company, "", "a column", "")
    for column in [column for column in names if column not in heads]:
        yield Difference(name, column, company, "", "", "a column")
    both = [column for column in heads if column in names]
    if [column for column in names if column in heads] != both:
        yield Difference(name, "", company, "", f"columns {', '.join(heads)}"[:LONGEST],
                         f"in another order: {', '.join(names)}"[:LONGEST])
    pairs, gone, more = _paired(was, now, both)
    if gone or more:
        yield Difference(name, "", company, "", _alone(gone, len(was), both), _alone(more, len(now), both))
    elif len(was) != len(pairs) or any(place != other for place, other in pairs):
        yield Difference(name, "", company, "", "rows", "the same in another order")
    for column in both:
        odd = [pair for pair in pairs if was[pair[0]][column] != now[pair[1]][column]]
        if odd:
            one, other = odd[0]
            where = f"row {other + 1} of {len(now)} ({_key(now[other], both)}), {len(odd)} in all"
            yield Difference(name, column, company, where, was[one][column], now[other][column])


def _table(path: Path, mine: Mapping[str, str]) -> tuple[list[str], list[Row]]:
    """Its columns and its rows, under their present names."""
    with open(path, encoding="utf-8", newline="") as file:
        lines = csv.reader(file)
        heads = [mine.get(column, column) for column in next(lines, [])]
        return heads, [dict(zip(heads, line, strict=True)) for line in lines]


def _paired(was: Sequence[Row], now: Sequence[Row], both: Sequence[str]) -> tuple[list[tuple[int, int]], list[Row],
                                                                                  list[Row]]:
    """Places of rows that belong together, and the rows of each side alone; by place where both have as many.

    Else, and where the same rows stand in another order, by all cells, then by texts.
    """
    lines = [[tuple(row[column] for column in both) for row in side] for side in (was, now)]
    if len(was) == len(now) and (lines[0] == lines[1] or Counter(lines[0]) != Counter(lines[1])):
        return [(place, place) for place in range(len(was))], [], []
    texts = [[tuple(cell for cell in line if not _is_number(cell)) for line in side] for side in lines]
    pairs, rest = [], ([*range(len(was))], [*range(len(now))])
    for keys in (lines, texts):
        some, *rest = _matched(keys, *rest)
        pairs += some
    return sorted(pairs), [was[place] for place in rest[0]], [now[place] for place in rest[1]]


def _matched(keys: Sequence[Sequence[tuple]], was: list[int], now: list[int]) -> tuple[list[tuple[int, int]], list[int],
                                                                                       list[int]]:
    """Of the places of both sides the pairs with one key, and what is left."""
    waiting: dict[tuple, list[int]] = {}
    for place in reversed(was):
        waiting.setdefault(keys[0][place], []).append(place)
    pairs = [(waiting[keys[1][place]].pop(), place) for place in now if waiting.get(keys[1][place])]
    done = [{pair[side] for pair in pairs} for side in (0, 1)]
    return pairs, [place for place in was if place not in done[0]], [place for place in now if place not in done[1]]


def _is_number(text: str) -> bool:
    try:
        return Decimal(text).is_finite()
    except InvalidOperation:
        return not text


def _alone(rows: Sequence[Row], many: int, both: Sequence[str]) -> str:
    """How many rows there are, and the first of those that the other side does not have."""
    return f"{many} rows" + (f", {len(rows)} of them only here: {_key(rows[0], both, 8)}" if rows else "")


def _key(row: Row, names: Sequence[str], most: int = 3) -> str:
    """The row's first cells that say something."""
    return ", ".join([row[name] for name in names if row[name]][:most])[:LONGEST]


def _reason(one: Difference, allowed: Sequence[tuple[str, str, str]]) -> str:
    return next((reason for table, column, reason in allowed
                 if table in ("*", one.table) and column in ("*", one.column)), "")


def told(found: Sequence[Difference]) -> list[str]:
    """A line a table and column that differs: in how many companies, and the first; what is unexpected first."""
    groups: dict[tuple, list[Difference]] = {}
    for one in found:
        groups.setdefault((one.expected, one.table, one.column), []).append(one)
    lines = [_line(*group, some) for group, some in sorted(groups.items(),
                                                           key=lambda pair: (pair[0][0] != "", pair[0]))]
    more = [f"and {len(lines) - SHOWN} more"] if len(lines) > SHOWN else []
    return [*(lines[:SHOWN] or ["no table differs"]), *more]


def _line(reason: str, table: str, column: str, some: Sequence[Difference]) -> str:
    first, many = some[0], len({one.company.split("/")[0] for one in some})
    head = f"expected ({reason})" if reason else "differs"
    where = f"{first.company}{f', {first.where}' if first.where else ''}"
    return (f"{head}: {table}{f'.{column}' if column else ''} in {many} {'company' if many == 1 else 'companies'}; "
            f"{where}: {first.was!r} → {first.now!r}")


def rows_of(path: Path) -> list[Row]:
    """The table's rows."""
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
