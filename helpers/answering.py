"""Which bill does a ledger line answer to?  By invoice number, or by provider and month where bill and ledger share none.

    bills, ledger lines → by_month → bills and lines that only the provider's month brings together
    bills, ledger lines → numbers → answers → the bill of each ledger line

Months are decided one after the other, by what was known in each: one that tied by provider and month stays tied whatever
number comes later.  Where it did not tie, a number that comes later is heard.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import NamedTuple

import pandas as pd

from helpers.mapping import rows_of
from helpers.money import ZERO, total

HALF_CENT = Decimal("0.005")
BILLED = ["ProviderName", "InvoiceId", "ledger_period", "billing_period"]


class Numbers(NamedTuple):
    """How bills and ledger lines find each other."""

    known: dict[tuple[str, str], str]  # provider and number of bills: the first month billed
    pools: dict[tuple[str, str], set[str]]  # provider and ledger month of bills without number: the months billed
    waiting: set[tuple[str, str]]  # those of them that have no ledger line in their own month
    taken: set[tuple[str, str, str]]  # provider, month and number of ledger lines that answer to their month all the same


class Posted(NamedTuple):
    """What ledger lines of a month and number come to: without tax, with it, and what rounding them can move."""

    cost: Decimal
    whole: Decimal
    cents: Decimal


class Bill(NamedTuple):
    """What of a bill the ledger is to hold as expense, and the tax in it."""

    due: Decimal
    tax: Decimal


class Sides(NamedTuple):
    """A provider's bills and ledger lines, by ledger month and number."""

    bills: dict[str, dict[str, Bill]]
    lines: dict[str, dict[str, Posted]]
    since: dict[str, set[tuple[str, str]]]  # by number the months billed, each with the ledger month that is to hold it
    near: Decimal  # how far, as a share, another rate may take the ledger's amount from the bill's


def by_month(bills: pd.DataFrame, lines: pd.DataFrame, posted: pd.DataFrame, currency: str,
             near: Decimal) -> tuple[set[tuple[str, str, str]], set[tuple[str, str, str]]]:
    """Provider, ledger month and number of bills whose number is of no use, and of the ledger lines that answer to them.

    bills: one row a provider, ledger month and number.  lines: the bill lines behind them, up to the month looked at.
    """
    lost, taken = set(), set()
    for name, sides in _sides(bills, lines, posted, currency, near):
        pooled, found = _pooled(sides)
        lost |= {(name, *key) for key in pooled}
        taken |= {(name, *key) for key in found}
    return lost, taken


def _sides(bills: pd.DataFrame, lines: pd.DataFrame, posted: pd.DataFrame, currency: str,
           near: Decimal) -> Iterator[tuple[str, Sides]]:
    """Each provider that both sides have."""
    found: dict[str, Sides] = {}
    foreign = {name for name, own in set(rows_of(lines, ["ProviderName", "BillingCurrency"])) if own != currency}
    rows = rows_of(bills, ["ProviderName", "ledger_period", "invoice_id", "bill", "purchases", "tax_in_bill"])
    for name, month, number, bill, purchases, tax in rows:
        sides = found.setdefault(name, Sides({}, {}, {}, near if name in foreign else ZERO))
        sides.bills.setdefault(month, {})[number] = Bill(bill - purchases, tax)
    for name, number, due, billed in set(rows_of(lines, BILLED)):
        found[name].since.setdefault(number, set()).add((billed, due))
    entries = posted[posted["kind"].ne("recoverable tax")]
    for name, month, number, use, amount in rows_of(entries, ["ProviderName", "fiscal_period", "invoice_id", "use", "amount"]):
        if name in found:
            here = found[name].lines.setdefault(month, {})
            cost, whole, cents = here.get(number, Posted(ZERO, ZERO, ZERO))
            here[number] = Posted(cost + (ZERO if use == "cloud tax" else amount), whole + amount, cents + HALF_CENT)
    return ((name, sides) for name, sides in sorted(found.items()) if sides.lines)


def _pooled(sides: Sides) -> tuple[set[tuple[str, str]], set[tuple[str, str]]]:
    """Month and number of a provider's bills that its month answers to, and of the ledger lines that do.

    A month without any line goes the way of the last one before it, else of the next.
    """
    pooled: set[tuple[str, str]] = set()
    taken: set[tuple[str, str]] = set()
    ways: dict[str, bool] = {}
    for month in sorted(set(sides.bills) & set(sides.lines)):
        group, loose = _of_month(sides, month, pooled, taken)
        pooled |= {(month, number) for number in group}
        taken |= {(month, number) for number in loose if group}
        ways[month] = bool(group)
    everywhere = {number for found in sides.lines.values() for number in found}
    for month in sorted(set(sides.bills) - set(sides.lines)):
        nearest = max((known for known in ways if known < month), default=min(ways, default=""))
        if ways.get(nearest):
            pooled |= {(month, number) for number in sides.bills[month] if number and number not in everywhere}
    return pooled, taken


def _of_month(sides: Sides, month: str, pooled: set, taken: set) -> tuple[set[str], set[str]]:
    """Numbers of the month's bills that its ledger lines answer to without number, and the numbers of those lines.

    Lines answer so where they come to the amount; else where no number, then or later, says otherwise.
    """
    here, due = sides.lines[month], set(sides.bills[month]) - {""}
    earlier = {number for other, found in sides.lines.items() if other <= month for number in found if (other, number) not in taken}
    later = {number for other, found in sides.lines.items() if other > month for number in found}
    asked = due - earlier
    alive = {number: [billed for billed, held in months if (held, number) not in pooled]
             for number, months in sides.since.items() if number}
    loose = {number for number in here if not any(billed <= month for billed in alive.get(number, []))}
    if not asked or not loose or due & set(here) or _ties(sides, month, set(), loose):
        return set(), loose
    for group in (asked, asked - later):
        if group and _ties(sides, month, group, loose):
            return group, loose
    told = any(alive.get(number) for number in loose) or set(here) - loose
    return (set() if told else asked - later), loose


def _ties(sides: Sides, month: str, group: set[str], loose: set[str]) -> bool:
    """Whether the lines come to the bills of the group and the one without number, with or without their tax."""
    bills = [bill for number, bill in sides.bills[month].items() if number in group or not number]
    lines = [sides.lines[month][number] for number in loose]
    due, tax = total(bill.due for bill in bills), total(bill.tax for bill in bills)
    most = max(total(line.cents for line in lines), abs(due) * sides.near)
    sums = total(line.cost for line in lines), total(line.whole for line in lines)
    return bool(bills) and any(abs(held - want) <= most for held in sums for want in (due, due - tax))


def numbers(lines: pd.DataFrame, posted: pd.DataFrame, span: set[str], taken: set[tuple[str, str, str]]) -> Numbers:
    """How the ledger lines find bill lines, whose numbers of no use are blank."""
    known: dict[tuple[str, str], str] = {}
    pools: dict[tuple[str, str], set[str]] = {}
    for name, number, due, month in sorted(set(rows_of(lines, BILLED))):
        if number:
            known[name, number] = min(month, known.get((name, number), month))
        elif due in span:
            pools.setdefault((name, due), set()).add(month)
    answered = {(name, month) for name, month, number in rows_of(posted, ["ProviderName", "fiscal_period", "invoice_id"])
                if (name, number) not in known or (name, month, number) in taken}
    return Numbers(known, pools, set(pools) - answered, taken)


def answers(line: Mapping, found: Numbers) -> tuple[str, str, str]:
    """The number that a ledger line answers to ("" for its provider's bills without one), their month, the month billed."""
    name, number, month = line["ProviderName"], line["invoice_id"], line["fiscal_period"]
    if (name, number) in found.known and (name, month, number) not in found.taken:
        return number, "", found.known[name, number]
    due = max((due for waits, due in found.waiting if waits == name and due < month), default=month)
    due = month if (name, month) in found.pools else due
    pool = found.pools.get((name, due), set())
    return "" if pool else number, due, min(pool) if len(pool) == 1 else ""
