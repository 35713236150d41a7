"""What did the books say when the month was closed, and do they still?  The only module that writes data/kept.

    pack → close → data/kept/<period>/closed/     the month's tables as CSV, with their hashes and the inputs'
    pack, closed month → compare → checks         was, is, difference and who is affected, in restatement.csv

A closed month never changes: what a later run finds different is shown there, and booked in an open month.
Files that people edit lie beside `closed`, never in it.
"""

import csv
import hashlib
import json
import shutil
import tempfile
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path

from helpers import checks, publish
from helpers.errors import InputError
from helpers.money import ZERO, plain, total

FIELDS = ["table", "column", "was", "is", "difference", "lines_was", "lines_is", "affected"]
NAMED = 5  # as many names of those affected stand in a cell; the tables hold them all


def closed(period: str, kept: Path) -> Path:
    """The folder of the closed month; it exists once the month is closed."""
    return kept / period / "closed"


def close(period: str, pack: Path, kept: Path) -> Path:
    """Keeps the pack's tables, inputs' hashes and parameters as the closed month's; refuses to close it twice."""
    folder = closed(period, kept)
    if folder.exists():
        raise InputError(str(folder), f"{period} is closed already", "a month that is open",
                         "book what changed in an open month; the closed one stays as it is")
    folder.parent.mkdir(parents=True, exist_ok=True)
    manifest = json.loads((pack / "manifest.json").read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory(dir=folder.parent) as aside:
        made = Path(aside) / "closed"
        (made / "tables").mkdir(parents=True)
        for table in _tables(pack):
            shutil.copyfile(table, made / "tables" / table.name)
        told = {"period": period, "tables": _hashes(made), **{key: manifest[key] for key in ("inputs", "parameters")}}
        (made / "closed.json").write_text(json.dumps(told, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        made.rename(folder)
    return folder


def compare(period: str, pack: Path, kept: Path) -> list[dict]:
    """A check that the pack is what was closed; where it is not, restatement.csv in the pack's tables says how."""
    folder = closed(period, kept)
    if not folder.exists():
        return []
    was, now = _hashes(folder), _hashes(pack)
    changed = sorted(name for name in was.keys() | now.keys() if was.get(name) != now.get(name))
    rows = [row for name in changed for row in _differences(name, folder / "tables" / name, pack / "tables" / name)]
    if rows:
        _write(pack / "tables" / "restatement.csv", rows)
    moved = total(abs(Decimal(row["difference"])) for row in rows if row["column"] == "amount")
    many = f"{len(changed)} table{'s differ' if len(changed) > 1 else ' differs'}"
    note = f"{many}: {', '.join(changed)}; see tables/restatement.csv" if changed else ""
    return [checks.noted("closed month is as it was closed", len(changed), "TBM office", note, moved)]


def _differences(name: str, was: Path, now: Path) -> list[dict]:
    """One row a column whose sum changed; one row for the table where only its lines did."""
    before, after = _lines(was), _lines(now)
    sums = {column: (_sum(before, column), _sum(after, column)) for column in _columns(before, after)}
    lines = {"table": name, "lines_was": len(before), "lines_is": len(after)}
    rows = [lines | {"column": column, "was": plain(old), "is": plain(new), "difference": plain(new - old),
                     "affected": _affected(before, after, column)}
            for column, (old, new) in sums.items() if old != new]
    return rows or [lines | {"column": "", "was": "", "is": "", "difference": "0", "affected": ""}]


def _affected(before: list[dict], after: list[dict], column: str) -> str:
    """Whose sum of the column changed, by owner or application, where the table names them."""
    who = next((name for name in ("owner", "application", "ProviderName") if name in (after or before)[0]), "")
    if not who:
        return ""
    names = sorted({row.get(who, "") for row in [*before, *after]})
    moved = [name or "(none)" for name in names if _sum(_of(before, who, name), column) != _sum(_of(after, who, name), column)]
    return ", ".join(moved[:NAMED]) + (f" and {len(moved) - NAMED} more" if len(moved) > NAMED else "")


def _of(rows: list[dict], who: str, name: str) -> list[dict]:
    return [row for row in rows if row.get(who, "") == name]


def _columns(before: list[dict], after: list[dict]) -> list[str]:
    """The columns of numbers, in the table's order."""
    names = list(dict.fromkeys([*(before or [{}])[0], *(after or [{}])[0]]))
    return [name for name in names if all(_number(row.get(name, "")) is not None for row in [*before, *after])]


def _sum(rows: list[dict], column: str) -> Decimal:
    return total(_number(row.get(column, "")) or ZERO for row in rows)


def _number(text: str) -> Decimal | None:
    """The number in a cell, 0 where it is blank, None where it is a text."""
    try:
        return Decimal(text) if text else ZERO
    except InvalidOperation:
        return None


def _tables(folder: Path) -> list[Path]:
    return sorted(path for path in (folder / "tables").glob("*.csv") if path.name != "restatement.csv")


def _hashes(folder: Path) -> dict[str, str]:
    return {table.name: hashlib.sha256(table.read_bytes()).hexdigest() for table in _tables(folder)}


def _lines(table: Path) -> list[dict]:
    if not table.exists():
        return []
    with open(table, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _write(path: Path, rows: list[Mapping]) -> None:
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, FIELDS, lineterminator="\n")
        writer.writeheader()
        writer.writerows({name: publish.guard(str(row[name])) if name == "affected" else row[name] for name in FIELDS}
                         for row in rows)
