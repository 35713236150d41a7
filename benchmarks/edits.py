"""What is changed in a company?  One row of one file: a bill's, the ledger's, a driver's, an owner, a rule or a rate.

    folder, kind → edits → ways to draw an Edit       path, edits → copied → parameters of a copy with them
"""

import csv
import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from random import Random

from benchmarks.differential.company.tables import write_csv, write_text

KINDS = ("bill", "ledger", "driver", "owner", "rule", "rate")
TABLES = {"ledger": "ledger", "drivers": "driver", "applications": "owner", "allocation": "allocation_rules",
          "pool_sources": "pool_sources", "rates": "rates"}
COSTS = (("BilledCost", "EffectiveCost"), ("lineItem/UnblendedCost",), ("CostInBillingCurrency",), ("amount",))


@dataclass(frozen=True)
class Edit:
    """A row of a file (counted from 0) with other values; `removed` for a row that goes."""

    kind: str
    file: str
    row: int
    values: tuple[tuple[str, str], ...]
    removed: bool = False

    @property
    def place(self) -> tuple[str, int]:
        """The row that it is of."""
        return self.file, self.row

    def is_told_by(self, change, found) -> bool:
        """Whether a change that compare names is this one."""
        if self.kind == "bill":
            return change.table == "billing"
        if change.part is None or change.table == "billing" or not hasattr(change.part, "was"):
            return False
        where = found.was.tables[change.table].places[change.part.was] if isinstance(change.part.was, int) else ""
        return where.endswith(f"/{self.file}, line {self.row + 2}")


def edits(folder: Path, kind: str) -> Iterator[Callable[[Random], Edit | None]]:
    """One way to draw an edit a file that has such rows."""
    if kind == "bill":
        for path in sorted((folder / "bills").glob("*.csv")):
            yield lambda draw, path=path: _bill(draw, path)
    for name, column, change in WAYS[kind] if kind != "bill" else ():
        if (folder / f"{name}.csv").is_file():
            yield lambda draw, name=name, column=column, change=change: _cell(draw, folder, kind, name, column, change)


def _cell(draw: Random, folder: Path, kind: str, name: str, column: str, change) -> Edit | None:
    rows = _rows(folder / f"{name}.csv")
    place = draw.randrange(len(rows))
    values = change(draw, rows, place) if column in rows[place] else None
    if values == "remove":
        return Edit(kind, f"{name}.csv", place, (), True)
    return Edit(kind, f"{name}.csv", place, tuple(values.items())) if values else None


def _bill(draw: Random, path: Path) -> Edit | None:
    rows = _rows(path)
    place = draw.randrange(len(rows))
    costs = next((names for names in COSTS if names[0] in rows[place]), ())
    if "lineItem/LineItemType" in rows[place] and rows[place]["lineItem/LineItemType"] != "Usage":
        return None
    if "Tags" in rows[place] and draw.random() < 0.4:
        tags = [row["Tags"] for row in rows if row["Tags"] != rows[place]["Tags"]]
        return Edit("bill", f"bills/{path.name}", place, (("Tags", draw.choice(tags)),)) if tags else None
    more = {name: _scaled(rows[place][name], draw) for name in costs if rows[place].get(name)}
    return Edit("bill", f"bills/{path.name}", place, tuple(more.items())) if more else None


def _scaled(text: str, draw: Random) -> str:
    """The number more or less by up to a half, with as many digits behind the point."""
    number = Decimal(text)
    made = (number * draw.randrange(50, 150) / 100).quantize(number)
    return format(made if made != number else number + number.copy_sign(1).quantize(number), "f")


def _amount(draw: Random, rows: list[dict], place: int) -> dict:
    row = rows[place]
    found = {"amount": _scaled(row["amount"], draw)}
    if row.get("document_amount") and row.get("document_currency") == row.get("currency"):
        found["document_amount"] = found["amount"]
    return found


def _owner(draw: Random, rows: list[dict], place: int) -> dict:
    return {"service_owner": draw.choice([name for name in {row["service_owner"] for row in rows} | {"Head of Something New"}
                                          if name != rows[place]["service_owner"]])} if rows else {}


def _rule(draw: Random, rows: list[dict], place: int) -> dict | str:
    if draw.random() < 0.5:
        return "remove" if len(rows) > 1 else {}
    return {"method": "even", "driver": "", **{name: "" for name in ("consumer", "share") if name in rows[place]}}


WAYS = {
    "ledger": [("ledger", "amount", _amount)],
    "driver": [("drivers", "quantity", lambda draw, rows, place: {"quantity": _scaled(rows[place]["quantity"], draw)})],
    "owner": [("applications", "service_owner", _owner)],
    "rule": [("allocation", "method", _rule), ("pool_sources", "pool", lambda draw, rows, place: "remove")],
    "rate": [("rates", "rate", lambda draw, rows, place: {"rate": _scaled(rows[place]["rate"], draw)})],
}


def _rows(path: Path) -> list[dict]:
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def copied(base: Path, folder: Path, chosen: Sequence[Edit]) -> Path:
    """A copy of the company whose parameters are `base`, with the edits; its parameters file."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(base.parent, folder)
    text = base.read_text(encoding="utf-8").replace(json.dumps(str(base.parent))[1:-1], json.dumps(str(folder))[1:-1])
    write_text(folder / base.name, text)
    for file in {edit.file for edit in chosen}:
        rows = _rows(folder / file)
        for edit in chosen:
            if edit.file == file:
                rows[edit.row] |= dict(edit.values)
        gone = {edit.row for edit in chosen if edit.file == file and edit.removed}
        write_csv(folder / file, [row for place, row in enumerate(rows) if place not in gone])
    return folder / base.name
