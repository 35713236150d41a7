"""Which of the ledger's other documents book a bill?  Support, marketplace, memos and refunds that carry its number; and
reversals that carry the number of an invoice, and take that back, not an accrual.

    coded, booked → untyped → the ledger lines, those that book a bill as invoices; `reverses` marks what takes one back

A document beside the bill stands in its own bucket.  One that carries the number of a bill which the other lines so far do
not fully book belongs to the bill: it is looked at as its month stands, so that nothing later changes it.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal

import pandas as pd

from helpers import ledger, trueup
from helpers.carried import BACK
from helpers.mapping import rows_of
from helpers.money import ZERO, sum_by, total
from helpers.settlement import Limits

STRAY = "stray reversals"
BESIDE = ("support", "marketplace", "refunds", "credit memos", STRAY)  # what a bill may hold as well, or take back
KEYS = ["ProviderName", "InvoiceId", "billing_period"]
Key = tuple[str, str]  # provider and invoice number


def untyped(coded: pd.DataFrame, booked: pd.DataFrame, providers: Mapping, limits: Limits = Limits()) -> pd.DataFrame:
    """The ledger lines; where a document books a bill it has no type any more, and so is an invoice."""
    if "document_type" not in coded or coded.empty:
        return coded
    cloud = ledger.cloud_lines(coded, ("expense", "capital"))
    cloud = cloud.assign(bucket=cloud["bucket"].mask(cloud.index.isin(_stray(coded)), STRAY))
    asked = cloud[cloud["bucket"].isin(BESIDE) & cloud["invoice_id"].ne("")]
    bills = _bills(booked, set(rows_of(asked, ["ProviderName", "invoice_id"])), providers)
    bills = {key: [] for key in rows_of(asked[asked["bucket"].eq(STRAY)], ["ProviderName", "invoice_id"])} | bills
    if not bills:
        return coded
    claims = coded[coded["kind"].eq("recoverable tax")].assign(bucket="", use="cloud tax")
    lines = pd.concat([cloud[cloud["bucket"].isin(("", *BESIDE))], claims])
    mine = lines[[key in bills for key in rows_of(lines, ["ProviderName", "invoice_id"])]]
    groups = mine.assign(place=mine.index).groupby(["ProviderName", "invoice_id"], sort=True)
    places = [place for key, group in groups for place in _booking(group.to_dict("records"), bills[key], limits)]
    books = coded.index.isin(places)
    return coded.assign(document_type=coded["document_type"].mask(books, ""),
                        reverses=coded.get("reverses", False) | books & coded["document_type"].eq("reversal"))


def _stray(coded: pd.DataFrame) -> list:
    """The places of reversals with a number that reverse no accrual of the ledger."""
    if not (coded["document_type"].eq("reversal") & coded["invoice_id"].ne("")).any():
        return []
    strays = trueup.stray(coded.assign(place=coded.index), coded["fiscal_period"].max())
    return [line["place"] for line in strays if line["invoice_id"] and line["left"] == line["amount"]]


def _bills(booked: pd.DataFrame, keys: set[Key], providers: Mapping) -> dict[Key, list[tuple[str, Decimal, Decimal]]]:
    """By invoice the months billed, each with what is to be expense and the tax in it; of the invoices asked for alone."""
    if not keys:
        return {}
    lines = booked[booked["InvoiceId"].isin({number for _, number in keys})]
    lines = lines[~ledger.to_prepaid(lines, providers)]
    tax = lines["ChargeCategory"].eq("Tax")
    found: dict[Key, list[tuple[str, Decimal, Decimal]]] = {}
    sums = sum_by(lines.assign(tax=lines["billed"].where(tax, ZERO)), KEYS, ["billed", "tax"])
    for name, number, month, whole, owed in sums.itertuples(index=False, name=None):
        if (name, number) in keys:
            found.setdefault((name, number), []).append((month, whole, owed))
    return found


def _booking(lines: list[dict], bills: list[tuple[str, Decimal, Decimal]], limits: Limits) -> Iterator:
    """The places of an invoice's documents that book it, month by month: cost first, and the tax that goes with it."""
    held, before, taxed, kinds, first = ZERO, (ZERO, ""), False, set(), min(line["fiscal_period"] for line in lines)
    for line in sorted(lines, key=_order):
        month, bucket = line["fiscal_period"], line["bucket"]
        before = before if before[1] == month else (held, month)
        if line["use"] == "cloud tax":
            taxed = True
            if (month, bucket) in kinds:
                yield line["place"]
            continue
        due = total(whole - (tax if taxed else ZERO) for billed, whole, tax in bills if billed <= month)
        if not bucket:
            held += line["amount"]
        elif _is_booking(line, due, held, before[0], month == first, limits.fx):
            held += line["amount"]
            kinds.add((month, bucket))
            yield line["place"]


def _is_booking(line: Mapping, due: Decimal, held: Decimal, before: Decimal, opening: bool, near: Decimal) -> bool:
    """Whether a document books what is due of the bill beyond what is held of it; or, being a reversal, takes back what
    was booked too often, or what earlier months hold (before)."""
    if line["bucket"] != STRAY:
        return (line["bucket"] not in BACK or opening) and _fills(line["amount"], due - held, near)
    often = due * held > 0 and abs(held) > abs(due)
    twice = often and _fills(line["amount"], due - held, near)
    return twice or _fills(line["amount"], -min(before, held, key=abs), near)


def _fills(amount: Decimal, lacking: Decimal, near: Decimal) -> bool:
    """Whether the amount is no more than what a bill lacks, or the ledger holds of it, at another rate perhaps."""
    return amount * lacking > 0 and abs(amount) <= abs(lacking) * (1 + near)


def _order(line: Mapping) -> tuple:
    """By month; in it invoices and their tax first, then cost before its tax, the largest first."""
    typed, tax = line["bucket"] != "", line["use"] == "cloud tax"
    return (line["fiscal_period"], typed, tax, -abs(line["amount"]), line["amount"], line["bucket"], line.get("line_id", ""))
