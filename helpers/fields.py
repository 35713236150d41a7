"""Which fields that a use case needs are there, for what share of the cost, and what is blocked without them?

    mapped lines, inputs, data/field_lists.csv → presence → one row a use case and field; check → findings

Source of the lists: FinOps Foundation, "FinOps & TBM: Navigating Co-Existing Disciplines".
"""

import csv
from decimal import Decimal
from functools import cache

import pandas as pd

from helpers import checks
from helpers.codebook import DATA
from helpers.coverage import of_month, share
from helpers.money import ZERO, total

COLUMNS = ["use_case", "field", "need", "from", "cost_share", "state", "blocks"]
USED = ("UsageHours", "ConsumedQuantity")  # of usage alone: a purchase or a tax has none
NO_TOWER = ("", "Unmapped")


@cache
def lists() -> tuple[dict, ...]:
    """The rows of data/field_lists.csv."""
    with open(DATA / "field_lists.csv", encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))


def presence(month) -> pd.DataFrame:
    """One row a use case and field: the share of absolute amortised cost that has it, and what is blocked without it.

    Fields from TBM are inputs: there, or not.  Hours and quantities are asked of usage alone.
    """
    lines = of_month(month.booked, month.period)
    rows = []
    for row in lists():
        part = _given(month, row["columns"]) if row["from"] == "TBM" else _share(lines, row["columns"])
        state = "there" if part == 1 else "in part" if part else "missing"
        blocks = f"{row['use_case']} cannot be done without it" if not part and row["need"] == "minimum" else (
            f"{row['use_case']} is less exact" if part < 1 else "")
        rows.append((row["use_case"], row["field"], row["need"], row["from"], part, state, blocks))
    return pd.DataFrame(rows, columns=COLUMNS)


def check(month) -> list[dict]:
    """A finding a use case, where a field that it needs at least is missing altogether."""
    table = presence(month)
    rows = []
    for use_case in dict.fromkeys(table["use_case"]):
        lacking = table[(table["use_case"] == use_case) & (table["need"] == "minimum") & (table["state"] == "missing")]
        rows.append(checks.noted(f"fields that {use_case} needs", len(lacking), "FinOps team",
                                 "missing: " + ", ".join(lacking["field"]) if len(lacking) else ""))
    return rows


def _given(month, names: str) -> Decimal:
    known = {".".join(pair[:2]): name for name, pair in _tables().items()}
    return Decimal(1) if names == "rules.mapping" or month.files(known[names]) else ZERO


def _tables() -> dict[str, tuple]:
    from helpers.given import TABLES

    return TABLES


def _share(lines: pd.DataFrame, column: str) -> Decimal:
    """The share of absolute amortised cost whose line has the field."""
    asked = lines[lines["ChargeCategory"] == "Usage"] if column in USED else lines
    values = asked[column].astype(object).fillna(0) if column in USED else asked[column]
    full = [_filled(column, value) for value in values]
    whole = total(abs(amount) for amount in asked["effective"])
    part = total(abs(amount) for amount, has in zip(asked["effective"], full, strict=True) if has)
    return share(part, whole) if whole else Decimal(int(bool(len(full)) and all(full)))


def _filled(column: str, value) -> bool:
    if column in ("billed", "effective"):
        return value is not None
    return bool(value) and (column not in ("tower", "sub_tower") or value not in NO_TOWER)
