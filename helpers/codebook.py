"""What does each column mean?  data/codebook.csv says it for people, for the reader of inputs and for data/README.md.

    data/codebook.csv → columns(table), tables()     one Column a row
    python -m helpers.codebook → data/README.md
"""

import csv
import functools
from dataclasses import dataclass
from pathlib import Path

DATA = Path(__file__).resolve().parent.parent / "data"


@dataclass(frozen=True)
class Column:
    """One row of the codebook."""

    kind: str  # input or output
    table: str
    name: str
    type: str  # text, month, date, amount, quantity, whole, share, currency, flag, glob, choice:a|b
    required: bool
    key: bool  # the table's key: no two rows are the same in all its key columns
    unit: str
    meaning: str

    @property
    def choices(self) -> list[str]:
        """The values a choice allows; none for any other type."""
        return self.type.removeprefix("choice:").split("|") if self.type.startswith("choice:") else []


@functools.cache
def _columns() -> tuple[Column, ...]:
    with open(DATA / "codebook.csv", encoding="utf-8", newline="") as file:
        return tuple(_column(row) for row in csv.DictReader(file))


def _column(row: dict) -> Column:
    yes = {name: row[name] == "yes" for name in ("required", "key")}
    return Column(row["kind"], row["table"], row["column"], row["type"], yes["required"], yes["key"], row["unit"], row["meaning"])


def tables(kind: str = "input") -> list[str]:
    """The names of the tables of a kind, in the codebook's order."""
    return list(dict.fromkeys(column.table for column in _columns() if column.kind == kind))


def columns(table: str, kind: str = "input") -> list[Column]:
    """The columns of a table, in the codebook's order; none for a table it does not know."""
    return [column for column in _columns() if column.kind == kind and column.table == table]


@functools.cache
def currencies() -> frozenset[str]:
    """The ISO 4217 codes of the world's currencies, with those replaced in recent years."""
    return frozenset((DATA / "currencies.csv").read_text(encoding="utf-8").split()[1:])
