"""What did the books say when the month was closed, and do they still?  The only module that writes data/kept.

    files of the map → keep_map → <pack>/map/      the rules and names that the month was mapped by, as they are
    pack → close → data/kept/<period>/closed/     the month's tables as CSV, with their hashes and the inputs', and its map
    closed months → last_map                      the map of the last one
    pack, closed month → compare → checks         was, is, difference and who is affected, in restatement.csv

A closed month never changes: what a later run finds different is shown there, and booked in an open month.
Files that people edit lie beside `closed`, never in it.
"""

import csv
import json
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path

import pandas as pd

from helpers import checks, codebook, publish, seals
from helpers.cache import digest
from helpers.errors import InputError
from helpers.money import ZERO, plain, total

FIELDS = ["table", "column", "was", "is", "difference", "moved", "lines_was", "lines_is", "affected"]
RESTATED, CAUSES = "restatement.csv", "restatement_causes.csv"  # what a run finds different, and why
MAP = ("rules", "services", "providers")  # files of the map, by their names among what is kept
CHARGE_TEXTS = ("kind", "owner", "cost_centre", "application", "pool", "ProviderName", "ServiceName", "tower")
NAMED = 5  # as many of those affected stand in a cell; the tables hold them all
WHO = [("owner",), ("application",), ("pool",), ("tower", "sub_tower"), ("cost_pool", "sub_pool"),  # whose amounts
       ("ServiceName",), ("ProviderName",), ("line",)]  # changed: by the first that the table has


def closed(period: str, kept: Path) -> Path:
    """The folder of the closed month; it exists once the month is closed."""
    return kept / period / "closed"


@dataclass(frozen=True)
class Map:
    """Where a month's map lies: the mapping rules, and the names of services and providers (MAP)."""

    period: str
    folder: Path


def months(kept: Path) -> list[str]:
    """The closed months, the earliest first."""
    return sorted(folder.parent.name for folder in kept.glob("*/closed"))


def last_map(kept: Path, period: str) -> Map | None:
    """The map that the last closed month before the period kept; None where none did."""
    for month in reversed([month for month in months(kept) if month < period]):
        if (folder := closed(month, kept) / "map").is_dir():
            return Map(month, folder)
    return None


def charges(period: str, kept: Path, table: str = "chargeback_lines") -> pd.DataFrame | None:
    """The charge lines (or their true-up) that the closed month kept, amounts exact; None where it kept none."""
    rows = publish.rows(closed(period, kept) / "tables" / f"{table}.csv")
    if not rows:
        return None
    table = pd.DataFrame(rows, dtype="str")
    table = table.assign(**{name: "" for name in CHARGE_TEXTS if name not in table})
    return table.assign(amount=pd.Series([_number(text) for text in table["amount"]], dtype=object))


def told(period: str, kept: Path) -> dict:
    """What the closed month says of itself: inputs with hashes, parameters, program; {} where that cannot be read."""
    try:
        return dict(json.loads((closed(period, kept) / "closed.json").read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return {}


def table(period: str, kept: Path, name: str) -> pd.DataFrame | None:
    """A table as the closed month kept it, so that it is written with the same bytes again; None where it kept none."""
    path = closed(period, kept) / "tables" / f"{name}.csv"
    if not path.exists():
        return None
    with open(path, encoding="utf-8", newline="") as file:
        header, *rows = [[_plain(text) for text in row] for row in csv.reader(file)]
    types = {column.name: column.type for column in codebook.columns(name, "output")}
    columns = zip(*rows, strict=True) if rows else [()] * len(header)
    return pd.DataFrame({head: _column(texts, types.get(head, "text"))
                         for head, texts in zip(header, columns, strict=True)})


def _plain(text: str) -> str:
    """The text without the guard of spreadsheets, where that can be put back."""
    bare = publish.unguard(text)
    return bare if publish.guard(bare) == text else text


def _column(texts: Sequence[str], kind: str) -> pd.Series:
    """Amounts exact, whole numbers and flags as such, blank as nothing; all else as text."""
    if kind in ("amount", "quantity", "share"):
        return pd.Series([_number(text) if text else None for text in texts], dtype=object)
    if kind == "whole":
        return pd.Series([None if not text else int(text) if text.isdecimal() else _number(text) for text in texts],
                         dtype=object)
    if kind == "flag":
        return pd.Series([{"yes": True, "no": False}.get(text) for text in texts], dtype=object)
    return pd.Series(texts, dtype="str")


def forecasts(period: str, kept: Path, basis: str, currency: str) -> dict[str, pd.DataFrame]:
    """By closed month before the period the forecast that it kept, of this basis and currency: one row a level, name and month."""
    found = {}
    for month in [month for month in months(kept) if month < period]:
        with suppress(OSError, ValueError):
            given = json.loads((closed(month, kept) / "closed.json").read_text(encoding="utf-8"))["parameters"]
            if (given.get("cost_basis"), given.get("currency")) != (basis, currency):
                continue
        if rows := publish.rows(closed(month, kept) / "tables" / "forecast_ahead.csv"):
            table = pd.DataFrame(rows, dtype="str")
            amounts = [name for name in table if name not in ("level", "line", "period", "method")]
            found[month] = table.assign(**{name: pd.Series([_number(text) for text in table[name]], dtype=object) for name in amounts})
    return found


def keep_map(pack: Path, files: Sequence[Path]) -> None:
    """Puts the files of the map (rules, services, providers) beside the pack's tables."""
    (pack / "map").mkdir(exist_ok=True)
    for name, file in zip(MAP, files, strict=True):
        shutil.copyfile(file, pack / "map" / f"{name}.csv")


def close(period: str, pack: Path, kept: Path, beside: Callable[[Path], None] = lambda made: None) -> Path:
    """Keeps the pack's tables, map, inputs' hashes, parameters and program; refuses to close a month twice.

    beside: puts more into the folder while it is made, such as the inputs.
    """
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
        if (pack / "map").is_dir():
            shutil.copytree(pack / "map", made / "map")
        beside(made)
        told = {"period": period, **{key: manifest[key] for key in ("inputs", "parameters")},
                "workbook": manifest.get("workbook", {}), "files": seals.sealed(made)}
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
        _write(pack / "tables" / RESTATED, rows)
    moved = max((Decimal(row["moved"]) for row in rows if not row["table"].startswith("forecast_")), default=ZERO)  # a forecast is no cost
    many = f"{len(changed)} table{'s differ' if len(changed) > 1 else ' differs'}"
    note = f"{many}: {', '.join(changed)}; see tables/restatement.csv" if changed else ""
    return [checks.noted("closed month against this run", len(changed), "TBM office", note, moved)]


def _differences(name: str, was: Path, now: Path) -> list[dict]:
    """One row a column of amounts that changed for somebody; one row for the table where only its words did."""
    before, after = _lines(was), _lines(now)
    who = next((keys for keys in WHO if set(keys) <= set((after or before or [{}])[0])), ())
    lines = {"table": name, "lines_was": len(before), "lines_is": len(after)}
    rows = []
    for column in _columns(name, before, after):
        old, new = _sums(before, who, column), _sums(after, who, column)
        moves = {key: new.get(key, ZERO) - old.get(key, ZERO) for key in sorted(old.keys() | new.keys())}
        if any(moves.values()):
            rows.append(lines | _told(column, total(old.values()), total(new.values()), moves))
    return rows or [lines | _told("", ZERO, ZERO, {})]


def _told(column: str, was: Decimal, now: Decimal, moves: Mapping[str, Decimal]) -> dict:
    """Sum before and after, what moved (the larger of what was added and what was taken away), and for whom."""
    added, taken = (total(abs(move) for move in moves.values() if move * sign > 0) for sign in (1, -1))
    names = [f"{key or '(none)'} {plain(move)}" for key, move in moves.items() if move]
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return {"column": column, "was": plain(was), "is": plain(now), "difference": plain(now - was),
            "moved": plain(max(added, taken)), "affected": "; ".join(names[:NAMED]) + more}


def _sums(rows: list[dict], who: Sequence[str], column: str) -> dict[str, Decimal]:
    """The column's sum by whoever the table names."""
    sums: dict[str, Decimal] = {}
    for row in rows:
        key = " / ".join(filter(None, (row.get(name, "") for name in who)))
        sums[key] = sums.get(key, ZERO) + (_number(row.get(column, "")) or ZERO)
    return sums


def _columns(name: str, before: list[dict], after: list[dict]) -> list[str]:
    """The table's columns of amounts, as the codebook says; in those it does not list, all that hold numbers."""
    listed = {column.name: column.type for column in codebook.columns(name.removesuffix(".csv"), "output")}
    names = list(dict.fromkeys([*(before or [{}])[0], *(after or [{}])[0]]))
    return [column for column in names if listed.get(column) == "amount" or column not in listed and "*" in listed
            and all(_number(row.get(column, "")) is not None for row in [*before, *after])]


def _number(text: str) -> Decimal | None:
    """The number in a cell, 0 where it is blank, None where it is a text."""
    try:
        return Decimal(text) if text else ZERO
    except InvalidOperation:
        return None


def _tables(folder: Path) -> list[Path]:
    return sorted(path for path in (folder / "tables").glob("*.csv") if path.name not in (RESTATED, CAUSES))


def _hashes(folder: Path) -> dict[str, str]:
    return {table.name: digest(table) for table in _tables(folder)}


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
