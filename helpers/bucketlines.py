"""What is in each bucket of the bridge?  Its lines: bills by service, ledger lines, listed items, invoices.

    booked, coded, matches, items → lines → table     the lines of a bucket add up to it
    steps, table → check                               provider by provider, bucket by bucket

Every line is in one bucket: bills of the month and of the ledger month in `timing`, usage of earlier months in
`corrections`, the ledger's releases and the purchases in `prepaid movement`, all else invoice by invoice.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal

import numpy as np
import pandas as pd

from helpers import bridge, checks, ledger, settlement
from helpers.mapping import rows_of
from helpers.money import ZERO, sum_by

COLUMNS = ["ProviderName", "bucket", "source", "reference", "detail", "amount"]


def lines(booked: pd.DataFrame, coded: pd.DataFrame, matches: pd.DataFrame, items: pd.DataFrame | None,
          worth: Sequence[Decimal], period: str) -> pd.DataFrame:
    """One row a line of a bucket; `worth` gives each listed item's amount in the report's currency."""
    rows = [*_bills(booked, period), *_prepaid(booked, coded, matches, period), *_documents(coded, period),
            *_listed(items, worth, period), *_invoices(matches, period)]
    table = sum_by(pd.DataFrame(rows, columns=COLUMNS), COLUMNS[:5], ["amount"])
    return table[np.array([bool(amount) for amount in table["amount"]], dtype=bool)].reset_index(drop=True)


def _bills(booked: pd.DataFrame, period: str) -> Iterator[tuple]:
    """Timing: the bill that the ledger month books, less the month's own; corrections: its lines for earlier usage."""
    own = booked["service_period"].eq(booked["billing_period"])
    billed_in = booked["ledger_period"].eq(period)
    keys = ["ProviderName", "billing_period", "ServiceName"]
    for chosen, sign in ((billed_in & own, 1), (booked["billing_period"].eq(period) & own, -1)):
        for provider, month, service, amount in rows_of(sum_by(booked[chosen], keys, ["billed"]), [*keys, "billed"]):
            yield provider, "timing", "bill", month, service, amount * sign
    keys = ["ProviderName", "service_period", "ServiceName"]
    for provider, month, service, amount in rows_of(sum_by(booked[billed_in & ~own], keys, ["billed"]), [*keys, "billed"]):
        yield provider, "corrections of closed months", "bill", month, service, amount


def _prepaid(booked: pd.DataFrame, coded: pd.DataFrame, matches: pd.DataFrame, period: str) -> Iterator[tuple]:
    """The ledger's releases by line, and purchases by invoice."""
    for row in bridge.releases(coded, period).to_dict("records"):
        yield row["ProviderName"], "prepaid movement", "ledger", row.get("line_id", ""), row.get("text", ""), row["amount"]
    for provider, invoice, amount in rows_of(matches[matches["ledger_period"].eq(period)],
                                             ["ProviderName", "invoice_id", "purchases"]):
        yield provider, "prepaid movement", "bill", invoice, "purchases taken to prepaid", -amount


def _documents(coded: pd.DataFrame, period: str) -> Iterator[tuple]:
    lines = ledger.documents(coded)
    for row in lines[lines["fiscal_period"].eq(period)].to_dict("records"):
        yield row["ProviderName"], row["bucket"], "ledger", row.get("line_id", ""), row.get("text", ""), row["amount"]


def _listed(items: pd.DataFrame | None, worth: Sequence[Decimal], period: str) -> Iterator[tuple]:
    rows = [] if items is None else items.to_dict("records")
    for row, amount in zip(rows, worth, strict=True):
        if row["ledger_period"] == period:
            yield (row["ProviderName"], ledger.DOCUMENT_BUCKETS[row["bucket"]], "list", row["invoice_id"],
                   row.get("reason", ""), amount)


def _invoices(matches: pd.DataFrame, period: str) -> Iterator[tuple]:
    of_month = matches[matches["ledger_period"].eq(period)]
    for bucket in [name for name in settlement.BUCKETS if name not in ledger.NAMED]:
        for provider, invoice, how, amount in rows_of(of_month, ["ProviderName", "invoice_id", "matched_by", bucket]):
            yield provider, bucket, "invoice", invoice, how, amount


def check(steps: pd.DataFrame, table: pd.DataFrame) -> dict:
    """Each bucket's lines come to the bucket, provider by provider."""
    sums: dict[tuple, Decimal] = {}
    for *key, amount in rows_of(table, ["ProviderName", "bucket", "amount"]):
        sums[tuple(key)] = sums.get(tuple(key), ZERO) + amount
    inner = steps[steps["kind"] == "step"]
    odd = [f"{provider}: {bucket}" for provider, bucket, amount in rows_of(inner, ["ProviderName", "bucket", "amount"])
           if sums.pop((provider, bucket), ZERO) != amount]
    odd += [" ".join(key) for key, amount in sums.items() if amount]
    return checks.holds("each bucket's lines come to the bucket", not odd, "; ".join(odd[:5]))
