"""What must somebody clear, since when, and who?  Items stay until the books clear them or a note does.

    matches, notes → items → table      missing invoices, duplicates and what is unexplained, as far as it is still open
    kept/open_items.csv → notes         owner, note and the month it was cleared in, by people; the program never writes it

An item is cleared when its invoice is booked late or taken back, or when a note says since which month.
"""

from decimal import Decimal
from pathlib import Path

import pandas as pd

from helpers import checks, inputs, ledger
from helpers.carried import AGAIN, MISSING, UNEXPLAINED
from helpers.mapping import rows_of
from helpers.money import ZERO, total
from helpers.periods import distance
from helpers.problems import Problems, shown

KEYS = ["ProviderName", "first_seen", "invoice_id", "bucket"]
COLUMNS = [*KEYS, "age", "matched_by", "amount", "cause", "owner", "note", "state"]
NOTES = "open_items.csv"
OWNERS = {MISSING: "accounts payable", UNEXPLAINED: "Head of Financial Control", AGAIN: "accounts payable"}
OPEN, CLEARED = "open", "cleared by note"


def notes(kept: Path) -> pd.DataFrame | None:
    """What people wrote about open items; None where there is no such file.

    Raises InputError for an item cleared before it was first seen.
    """
    file, problems = kept / NOTES, Problems()
    if not file.is_file():
        return None
    told = inputs.read(file, "open_items")
    for line, (first_seen, cleared) in zip(inputs.lines_of(told), rows_of(told, ["first_seen", "cleared_in"]), strict=True):
        if cleared and cleared < first_seen:
            problems.add(f"{shown(file.resolve())}, line {line}", f"cleared_in is {cleared}, first_seen {first_seen}",
                         f"{first_seen} or a later month", "correct the one or the other")
    problems.stop()
    return told


def cleared(told: pd.DataFrame | None, period: str) -> set[tuple]:
    """Items (KEYS) that notes cleared up to the period."""
    return {tuple(key) for *key, month in rows_of(told, [*KEYS, "cleared_in"]) if month and month <= period}


def items(matches: pd.DataFrame | None, told: pd.DataFrame | None, period: str) -> pd.DataFrame | None:
    """Every item not cleared at the end of the period, which is the last of the matches; those that a note cleared in it
    are still shown."""
    if matches is None:
        return None
    said = {tuple(key): rest for *key, owner, note, month in rows_of(told, [*KEYS, "owner", "note", "cleared_in"])
            for rest in [(owner, note, month)]}
    rows = []
    for row in matches[matches["open"].ne(ZERO)].to_dict("records"):
        bucket = bucket_of(row)
        key = (row["ProviderName"], row["ledger_period"], row["invoice_id"], bucket)
        owner, note, gone = said.get(key, ("", "", ""))
        if gone and gone < period:
            continue
        rows.append((*key, distance(key[1], period), row["matched_by"], row["open"], _cause(row, bucket, matches),
                     owner or OWNERS[bucket], note, CLEARED if gone == period else OPEN))
    table = pd.DataFrame(rows, columns=COLUMNS)
    return table.sort_values("amount", key=lambda amounts: -abs(amounts), kind="stable", ignore_index=True)


def bucket_of(row: dict) -> str:
    """The bucket that holds what is open of a match; "" where none does."""
    return next((bucket for bucket in OWNERS if row[bucket]), "")


def _cause(row: dict, bucket: str, known: pd.DataFrame) -> str:
    """What most likely is behind it; a suggestion to look at first."""
    expected, amount = row["bill"] - row["purchases"], row[bucket]
    if bucket == MISSING:
        taken = not row["bill"] and row["matched_by"] == "bill of an earlier month"
        return "taken back by a reversal, and not booked again yet" if taken else "invoice not received, or not posted yet"
    if bucket == AGAIN:
        return "booked more than once: reverse it, and see that it is not paid twice"
    if row["ProviderName"] == ledger.NO_PROVIDER:
        return "a cloud vendor that no provider of the parameters names"
    if _near(row["ledger"], -expected):
        return "booked with the sign turned"
    if _near(amount, row["purchases"]):
        return "a commitment that was to go to prepaid is booked as expense"
    if _near(amount, -total(row[name] for name in ledger.NAMED)):
        return "credit or adjustment that is listed or posted, and not in this invoice: count it once"
    if not row["bill"] and (known["bill"] - known["purchases"] - row["ledger"]).map(abs).lt(1).any():
        return "the bill of another month or account has this amount: booked elsewhere than the lag names"
    if _near(row["ledger"], expected / 1000) or _near(row["ledger"], expected * 1000):
        return "a decimal point in another place"
    return "credit, tax or adjustment that no one listed" if amount else ""


def _near(one: Decimal, other: Decimal) -> bool:
    return bool(other) and abs(one - other) <= abs(other) / 1000


def unknown_notes(told: pd.DataFrame | None, matches: pd.DataFrame | None) -> list[tuple]:
    """Notes on items that no month has: a key that is misspelt, or an item that a restated bill took away."""
    if matches is None or told is None:
        return []
    seen = {(row["ProviderName"], row["ledger_period"], row["invoice_id"], bucket) for bucket in OWNERS
            for row in matches[matches[bucket].ne(ZERO)].to_dict("records")}
    return [key for key in rows_of(told, KEYS) if key not in seen]


def check(table: pd.DataFrame | None, stray: list[tuple], period: str, materiality: Decimal = ZERO) -> list[dict]:
    """Findings: items carried from earlier months (smaller ones than materiality aside), and notes on none."""
    if table is None:
        return []
    old = table[table["first_seen"].lt(period) & table["state"].eq(OPEN)]
    old = old[[abs(amount) >= materiality for amount in old["amount"]]] if len(old) else old
    told = [f"{row.ProviderName} {row.invoice_id or row.bucket} since {row.first_seen}" for row in old.itertuples()]
    return [checks.noted("open items carried from earlier months", len(old), "Head of Financial Control",
                         "; ".join(told[:5]), total(old["amount"])),
            checks.noted("notes on items that no month has", len(stray), "TBM office",
                         "; ".join(" ".join(filter(None, key)) for key in stray[:5]), ZERO)]
