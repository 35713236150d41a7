"""What differs between two runs of the same companies?  Tables cell by cell, under their present names.

    folder, folder, renames, expected → compared → Difference a table, column and company
    differences, coverage → told → lines
"""

import csv
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

RENAMES = Path(__file__).with_name("renames.csv")
TABLES, PAGES = ("tables/*.csv", "stopped/*.txt"), ("pages/*.txt",)
SHOWN = 40  # differences that are told one by one


class Difference(NamedTuple):
    """A table (or a page) of a company that is not the same; `column` is blank where rows or the table itself differ."""

    table: str
    column: str
    company: str
    where: str
    was: str
    now: str
    expected: str = ""  # why it may


def renames(path: Path = RENAMES) -> dict[tuple[str, str], tuple[str, str]]:
    """By old table and column (blank for the table) the new ones."""
    return {(row["old_table"], row["old_column"]): (row["new_table"], row["new_column"]) for row in _rows(path)}


def expected(path: str | Path | None) -> list[tuple[str, str, str]]:
    """Table, column and reason of what may differ; a * is any."""
    return [(row["table"], row["column"], row["reason"]) for row in _rows(Path(path))] if path else []


def compared(old: Path, new: Path, renamed: dict, allowed: Sequence[tuple[str, str, str]] = (),
             pages: bool = False) -> list[Difference]:
    """Every difference, in the order of companies and tables; of pages where they are asked for."""
    places = (*TABLES, *PAGES) if pages else TABLES
    found: list[Difference] = []
    for company in sorted({path.relative_to(root).as_posix() for root in (old, new) for path in root.glob("*/*")}):
        sides = [_files(old / company, renamed, places), _files(new / company, {}, places)]
        for name in sorted(sides[0].keys() | sides[1].keys()):
            found += _of_file(company, name, *(side.get(name) for side in sides), renamed)
    return [one._replace(expected=_reason(one, allowed)) for one in found]


def _files(folder: Path, renamed: dict, places: Sequence[str]) -> dict[str, Path]:
    """By name the tables and texts of a company's month."""
    found = {}
    for path in [path for place in places for path in sorted(folder.glob(place))]:
        name = path.relative_to(folder).as_posix() if path.suffix != ".csv" else path.stem
        found[renamed.get((name, ""), (name, ""))[0]] = path
    return found


def _of_file(company: str, name: str, old: Path | None, new: Path | None, renamed: dict) -> Iterable[Difference]:
    if old is None or new is None:
        yield Difference(name, "", company, "", *("" if path is None else _start(path) for path in (old, new)))
    elif old.suffix == ".csv":
        yield from _of_table(company, name, old, new, renamed)
    elif old.read_bytes() != new.read_bytes():
        pairs = zip(old.read_text("utf-8").splitlines() + [""], new.read_text("utf-8").splitlines() + [""], strict=False)
        was, now = next(((one, other) for one, other in pairs if one != other), ("shorter", "longer"))
        yield Difference(name, "", company, "", was[:200], now[:200])


def _start(path: Path) -> str:
    """That a table is there; of a text its first line."""
    return "there" if path.suffix == ".csv" else (path.read_text("utf-8").splitlines() or [""])[0][:200]


def _of_table(company: str, name: str, old: Path, new: Path, renamed: dict) -> Iterable[Difference]:
    """Columns that one side lacks; the first cell of each column that differs; rows by their place."""
    if not renamed and old.read_bytes() == new.read_bytes():
        return
    was, now = _rows(old), _rows(new)
    was = [{renamed.get((old.stem, column), ("", column))[1]: text for column, text in row.items()} for row in was]
    names = [list(dict.fromkeys(column for row in side for column in row)) for side in (was, now)]
    if was and now:
        for column in [column for column in names[0] if column not in names[1]]:
            yield Difference(name, column, company, "", "a column", "")
        for column in [column for column in names[1] if column not in names[0]]:
            yield Difference(name, column, company, "", "", "a column")
    if len(was) != len(now):
        yield Difference(name, "", company, "", f"{len(was)} rows", f"{len(now)} rows: {_one_sided(was, now)}")
        return
    for column in [column for column in names[0] if column in names[1]]:
        odd = [place for place, (one, other) in enumerate(zip(was, now, strict=True)) if one[column] != other[column]]
        if odd:
            where = f"row {odd[0] + 1} of {len(now)} ({', '.join(list(now[odd[0]].values())[:3])}), {len(odd)} in all"
            yield Difference(name, column, company, where, was[odd[0]][column], now[odd[0]][column])


def _one_sided(was: list[dict], now: list[dict]) -> str:
    """The first row that one side has more often."""
    left, right = (Counter(tuple(row.items()) for row in side) for side in (was, now))
    row = next(iter([*(right - left), *(left - right)]), ())
    return ", ".join(text for _, text in row if text)[:120]


def _reason(one: Difference, allowed: Sequence[tuple[str, str, str]]) -> str:
    return next((reason for table, column, reason in allowed
                 if table in ("*", one.table) and column in ("*", one.column)), "")


def coverage(out: Path, companies: Sequence) -> list[str]:
    """What the companies have, and in how many of them each table says something."""
    many = max(len(companies), 1)
    given = Counter(name for company in companies for name in company.given)
    given |= Counter({"closed month": sum(company.closed for company in companies)})
    filled = Counter(path.stem for path in out.glob("*/*/tables/*.csv") if len(_rows(path)))
    empty = sorted({path.stem for path in out.glob("*/*/tables/*.csv")} - filled.keys())
    stopped = sorted(path.read_text("utf-8").split(":")[0] for path in out.glob("*/*/stopped/*.txt"))
    return [f"companies with: {', '.join(f'{name} {count / many:.0%}' for name, count in sorted(given.items()))}",
            f"tables with rows somewhere: {len(filled)}, the rarest {', '.join(f'{n} {c}' for n, c in filled.most_common()[:-6:-1])}",
            f"tables without rows in any: {', '.join(empty) or 'none'}",
            f"notebooks that stopped: {dict(Counter(stopped)) or 'none'}"]


def told(found: Sequence[Difference], covered: Sequence[str]) -> list[str]:
    """A line a table and column that differs, with the first company; then what was covered."""
    groups: dict[tuple, list[Difference]] = {}
    for one in found:
        groups.setdefault((one.expected, one.table, one.column), []).append(one)
    lines = []
    for (reason, table, column), some in sorted(groups.items(), key=lambda pair: (pair[0][0] != "", pair[0])):
        first = some[0]
        head = f"expected ({reason})" if reason else "differs"
        lines.append(f"{head}: {table}{f'.{column}' if column else ''} in {len(some)} companies; {first.company}"
                     f"{f', {first.where}' if first.where else ''}: {first.was!r} → {first.now!r}")
    more = [f"and {len(lines) - SHOWN} more"] if len(lines) > SHOWN else []
    return [*(lines[:SHOWN] or ["no table differs"]), *more, *covered]


def _rows(path: Path) -> list[dict]:
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
