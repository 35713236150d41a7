"""Does every step keep its word?  A check is a row; a broken one fails the run, a finding asks for a person.

state: ok, finding (a normal month has some: amber, with amount and owner) or failed (red, exit status 1).
"""

from decimal import Decimal

import pandas as pd

from helpers.money import ZERO

COLUMNS = ["check", "expected", "got", "gap", "state", "amount", "owner", "note"]


def same(check: str, expected: Decimal, got: Decimal, note: str = "", tolerance: Decimal = ZERO) -> dict:
    """A check that two sums are equal: ok within the tolerance, else failed."""
    gap = got - expected
    state = "ok" if abs(gap) <= tolerance else "failed"
    return _row(check, expected=expected, got=got, gap=gap, state=state, note=note)


def holds(check: str, truth: bool, note: str = "") -> dict:
    """A check that something is so: ok, or failed."""
    return _row(check, state="ok" if truth else "failed", note=note)


def finding(check: str, amount: Decimal, owner: str, note: str) -> dict:
    """Something a person should look at: amber while its amount is not zero, else ok."""
    return _row(check, state="finding" if amount else "ok", amount=amount, owner=owner, note=note)


def noted(check: str, count: int, owner: str, note: str, amount: Decimal = ZERO) -> dict:
    """Something a person should look at where the count matters and the amount may be zero."""
    return _row(check, state="finding" if count else "ok", amount=amount, owner=owner, note=note)


def collect(*rows: dict) -> pd.DataFrame:
    """The rows as one table of checks."""
    return pd.DataFrame(rows, columns=COLUMNS)


def worst(rows: pd.DataFrame, strict: bool = False) -> str:
    """failed, finding or ok: the worst state; with strict a finding counts as failed."""
    states = set(rows["state"])
    if "failed" in states or (strict and "finding" in states):
        return "failed"
    return "finding" if "finding" in states else "ok"


def _row(check: str, **values) -> dict:
    blank = {"expected": None, "got": None, "gap": None, "amount": None, "owner": "", "note": ""}
    return {"check": check, **blank, **values}
