"""What do an invoice's ledger months leave to each other?  Owed, booked again, booked ahead, and tax that waits for its line.

    row, its buckets → carry → the standing, changed
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from helpers.ledger import NAMED
from helpers.money import ZERO, total

MISSING, LATE, EARLY, AGAIN, UNEXPLAINED = "missing invoices", "late invoices", "early invoices", "duplicates", "unexplained"
BUCKETS = ["tax", *NAMED, "capitalised", MISSING, LATE, EARLY, AGAIN, "FX", "rounding", UNEXPLAINED]
BACK = ("credit memos", "refunds", "manual adjustments")  # documents that may take back what was booked too much


@dataclass
class Lot:
    """A part of a row that a later month may clear."""

    row: int
    month: str
    amount: Decimal


@dataclass
class Standing:
    """What the months so far leave of an invoice."""

    to_come: Decimal  # due in later ledger months
    ahead: Decimal = ZERO  # booked before it was due
    owed: list[Lot] = field(default_factory=list)  # due, and not booked
    twice: list[Lot] = field(default_factory=list)  # booked again
    bill: Decimal = ZERO  # all billed so far
    due: Decimal = ZERO  # of it what is expense
    taxed: Decimal = ZERO  # in the bucket so far
    tax_waiting: Decimal = ZERO  # tax in bills that no tax line has answered
    claims: Decimal = ZERO  # recoverable tax of the invoice that no bill has had in it yet

    def open_of(self, row: int) -> Decimal:
        """What is open of a row, signed as its bucket is."""
        return total(lot.amount for lot in self.twice if lot.row == row) - total(lot.amount for lot in self.owed if lot.row == row)


def carry(place: int, row: Mapping, parts: Mapping[str, Decimal], standing: Standing) -> None:
    """Takes the row's buckets into what stands for the months after it."""
    standing.ahead += parts[EARLY]
    standing.bill += row["bill"]
    standing.due += row["bill"] - row["purchases"]
    standing.taxed += parts["tax"]
    _carry_tax(row, standing)
    _clear(standing.owed, parts[LATE])
    twice = parts[AGAIN]
    if twice * total(lot.amount for lot in standing.twice) < 0:
        _clear(standing.twice, -twice)
    elif twice:
        standing.twice.append(Lot(place, row["ledger_period"], twice))
    back = total(row[name] for name in BACK)
    if row["invoice_id"] or -back in [total(lot.amount for lot in standing.twice), *(lot.amount for lot in standing.twice)]:
        back += _clear(standing.twice, -toward(back, -total(lot.amount for lot in standing.twice)))
        _clear(standing.owed, toward(back, total(lot.amount for lot in standing.owed)))
    lacking = parts[MISSING] + parts[UNEXPLAINED]
    if lacking:
        standing.owed.append(Lot(place, row["ledger_period"], -lacking))


def _carry_tax(row: Mapping, standing: Standing) -> None:
    """A bill's tax waits for the line that answers it, and an invoice's claim for the bill it is in."""
    waiting, claims = standing.tax_waiting + row["tax_in_bill"], standing.claims + row["recoverable"]
    standing.tax_waiting = ZERO if row["tax_in_ledger"] or claims else waiting
    standing.claims = claims - toward(claims, waiting) if row["invoice_id"] else ZERO


def _clear(lots: list[Lot], amount: Decimal) -> Decimal:
    """Takes the amount off the lots: off the one of that amount, else off the oldest first; gives it back."""
    whole = [lot for lot in lots if lot.amount == amount]
    left = amount
    for lot in whole[:1] or list(lots):
        part = toward(left, lot.amount)
        lot.amount -= part
        left -= part
    lots[:] = [lot for lot in lots if lot.amount]
    return amount


def toward(amount: Decimal, room: Decimal) -> Decimal:
    """So much of the amount as goes into the room of the same sign."""
    return min(amount, room, key=abs) if amount * room > 0 else ZERO
