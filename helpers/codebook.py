"""What does each column mean?  data/codebook.csv says it for people, for the reader of inputs and for data/README.md.

    data/codebook.csv → columns(table), tables()     one Column a row
    python -m helpers.codebook → data/README.md
"""

import csv
import functools
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

DATA = Path(__file__).resolve().parent.parent / "data"
MARK = "<!-- All below is made from codebook.csv by: python -m helpers.codebook -->"


@dataclass(frozen=True)
class Column:
    """One row of the codebook."""

    kind: str  # input, rules (the mapping rules) or output
    table: str
    name: str
    type: str  # text, month, date, amount, quantity, whole, share, currency, flag, glob, choice:a|b
    required: bool
    key: bool  # the table's key: no two rows are the same in all its key columns
    unit: str
    meaning: str
    range: str = ""  # 0..: a number of 0 or more

    @property
    def least(self) -> Decimal | None:
        """The least number that it may hold; None where any will do."""
        return Decimal(self.range.removesuffix("..")) if self.range else None

    @property
    def choices(self) -> list[str]:
        """The values a choice allows; none for any other type."""
        return self.type.removeprefix("choice:").split("|") if self.type.startswith("choice:") else []


@functools.cache
def _columns() -> tuple[Column, ...]:
    with open(DATA / "codebook.csv", encoding="utf-8", newline="") as file:
        return tuple(_column(row) for row in csv.DictReader(file))


def _column(row: dict) -> Column:
    required, key = row["required"] == "yes", row["key"] == "yes"
    return Column(row["kind"], row["table"], row["column"], row["type"], required, key, row["unit"], row["meaning"],
                  row["range"])


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


def main() -> None:
    """Writes data/README.md."""
    (DATA / "README.md").write_text(page(), encoding="utf-8", newline="\n")


def page() -> str:
    """data/README.md: its introduction as it stands, then the columns of each input and output table."""
    introduction = (DATA / "README.md").read_text(encoding="utf-8").partition(MARK)[0].strip()
    parts = [introduction, MARK]
    for kind, title in (("input", "Inputs"), ("rules", "Mapping rules"), ("output", "Outputs")):
        parts += [f"## {title}", *(_section(table, kind) for table in tables(kind))]
    return "\n\n".join(parts) + "\n"


def _section(table: str, kind: str) -> str:
    titles = ["column", "type", *(["needed"] if kind != "output" else []), "unit", "meaning"]
    rows = [titles, ["---"] * len(titles)]
    for column in columns(table, kind):
        needed = ["key" if column.key else "yes" if column.required else ""] if kind != "output" else []
        name = "one or more" if column.name == "*" else f"`{column.name}`"
        allowed = "one of: " + ", ".join(column.choices) if column.choices else column.type
        allowed += f", {column.least} or more" if column.least is not None else ""
        rows.append([name, allowed, *needed, column.unit, column.meaning])
    return "\n".join([f"### {table}", "", *("| " + " | ".join(map(_cell, row)) + " |" for row in rows)])


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    main()
