"""What must somebody clear, since when, and who?  Items stay until the books clear them or a note does.

    matches, notes → items → table      missing invoices and what is unexplained, of this month and of those before
    kept/open_items.csv → notes         owner, note and the month it was cleared in, by people; the program never writes it

An item is cleared when its invoice is booked late, or when a note says since which month.
"""

from decimal import Decimal
from pathlib import Path

import pandas as pd

from helpers import checks, inputs, ledger
from helpers.mapping import rows_of
from helpers.money import ZERO, total
from helpers.periods import distance

KEYS = ["ProviderName", "first_seen", "invoice_id", "bucket"]
COLUMNS = [*KEYS, "age", "matched_by", "amount", "cause", "owner", "note", "state"]
NOTES = "open_items.csv"
OWNERS = {"missing invoices": "accounts payable", "unexplained": "Head of Financial Control"}
OPEN, CLEARED = "open", "cleared by note"


def notes(kept: Path) -> pd.DataFrame | None:
    """What people wrote about open items; None where there is no such file."""
    file = kept / NOTES
    return inputs.read(file, "open_items") if file.is_file() else None


def items(matches: pd.DataFrame | None, told: pd.DataFrame | None, period: str) -> pd.DataFrame | None:
    """Every item not cleared at the end of the period; those that a note cleared in it are still shown."""
    if matches is None:
        return None
    known = matches[matches["ledger_period"] <= period]
    missing = still_missing(matches, period)
    said = {key: rest for *key, owner, note, cleared in rows_of(told, [*KEYS, "owner", "note", "cleared_in"])
            for key, rest in [(tuple(key), (owner, note, cleared))]}
    rows = []
    for bucket in OWNERS:
        for row in known[known[bucket].ne(ZERO)].to_dict("records"):
            key = (row["ProviderName"], row["ledger_period"], row["invoice_id"], bucket)
            if bucket == "missing invoices" and key[:3] not in missing:
                continue
            owner, note, cleared = said.get(key, ("", "", ""))
            if cleared and cleared < period:
                continue
            rows.append((*key, distance(key[1], period), row["matched_by"], row[bucket], _cause(row, bucket, known),
                         owner or OWNERS[bucket], note, CLEARED if cleared == period else OPEN))
    table = pd.DataFrame(rows, columns=COLUMNS)
    return table.sort_values("amount", key=lambda amounts: -abs(amounts), kind="stable", ignore_index=True)


def still_missing(matches: pd.DataFrame, period: str) -> set[tuple[str, str, str]]:
    """Provider, ledger month and number of invoices that the ledger of the period and before lacks to this day."""
    known = matches[matches["ledger_period"] <= period]
    came = set(rows_of(known[known["late invoices"].ne(ZERO)], ["ProviderName", "invoice_id"]))
    gone = rows_of(known[known["missing invoices"].ne(ZERO)], ledger.MATCH_KEYS)
    return {key for key in gone if not key[2] or (key[0], key[2]) not in came}


def _cause(row: dict, bucket: str, known: pd.DataFrame) -> str:
    """What most likely is behind it; a suggestion to look at first."""
    expected, amount = row["bill"] - row["purchases"], row[bucket]
    if bucket == "missing invoices":
        return "invoice not received, or not posted yet"
    if row["ProviderName"] == ledger.NO_PROVIDER:
        return "a cloud vendor that no provider of the parameters names"
    if _near(row["ledger"], -expected):
        return "booked with the sign turned"
    if _near(row["ledger"], 2 * expected):
        return "booked twice"
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
    told = [f"{row.ProviderName} {row.invoice_id} since {row.first_seen}" for row in old.itertuples()]
    return [checks.noted("open items carried from earlier months", len(old), "Head of Financial Control",
                         "; ".join(told[:5]), total(old["amount"])),
            checks.noted("notes on items that no month has", len(stray), "TBM office",
                         "; ".join(" ".join(filter(None, key)) for key in stray[:5]), ZERO)]
