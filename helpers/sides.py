"""What do bill and ledger hold of each invoice?  Usage and postings as documents have them, for the invoice between the two.

    bills, invoices, posted → used → cost and tax by invoice, account, month and currency
    coded → posted, credits → by invoice what the ledger's documents come to, and its memos
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple

import pandas as pd

from helpers import ledger
from helpers.mapping import rows_of
from helpers.money import ZERO, sum_by

KEYS = ["ProviderName", "invoice_id", "BillingAccountId", "billing_period", "currency"]


class Posted(NamedTuple):
    """What the ledger holds of an invoice: amounts of its documents by currency, and the months they are booked in."""

    amounts: dict[str, Decimal]
    months: set[str]

    def of(self, currency: str, currencies: set[str]) -> Decimal | None:
        """What is booked in the currency; None where it is none, or some of it is in one that no invoice is in."""
        return self.amounts.get(currency) if set(self.amounts) <= currencies else None


def _late(invoices: pd.DataFrame, lines: pd.DataFrame, entries: Mapping, period: str) -> set[tuple[str, str]]:
    """Provider and month billed of invoices whose number no bill has, booked in the month."""
    billed = set(rows_of(lines, ["ProviderName", "InvoiceId"]))
    return {(name, month) for name, number, month in rows_of(invoices, ["ProviderName", "invoice_id", "billing_period"])
            if (name, number) in entries and period in entries[name, number].months and (name, number) not in billed}


def used(lines: pd.DataFrame, invoices: pd.DataFrame, entries: Mapping, period: str) -> dict[tuple, tuple[Decimal, Decimal]]:
    """Billed cost without tax, and tax, by provider, invoice number, account, month and currency.

    Of bills that the month books, all of an invoice that is billed or posted in it, and all without number of the
    months that invoices posted in it are of.
    """
    late, now = _late(invoices, lines, entries, period), {key for key, entry in entries.items() if period in entry.months}
    due = lines["ledger_period"].eq(period)
    whole = now | {key for key in set(rows_of(lines[due], ["ProviderName", "InvoiceId"])) if key[1]}
    asked = pd.Series([(name, number) in whole or not number and (name, month) in late for name, number, month
                       in rows_of(lines, ["ProviderName", "InvoiceId", "billing_period"])], index=lines.index, dtype=bool)
    lines = lines[due | asked]
    tax = lines["ChargeCategory"].eq("Tax")
    named = lines.rename(columns={"InvoiceId": "invoice_id", "BillingCurrency": "currency"})
    table = sum_by(named.assign(net=named["BilledCost"].where(~tax, ZERO), tax=named["BilledCost"].where(tax, ZERO)),
                   KEYS, ["net", "tax"])
    return {key[:5]: key[5:] for key in table.itertuples(index=False, name=None)}


def posted(coded: pd.DataFrame | None, period: str) -> dict[tuple[str, str], Posted]:
    """What the ledger's lines of each numbered invoice up to the month come to in the documents' currency, tax left out."""
    if coded is None:
        return {}
    prepaid, documents = coded["kind"].eq("prepaid") & coded["invoice_id"].ne(""), ledger.documents(coded)
    lines = pd.concat([ledger.invoices(coded, ("expense", "capital")), coded[prepaid],
                       documents[documents["bucket"].eq("credit memos")]])
    lines = lines[(lines["fiscal_period"] <= period) & lines["invoice_id"].ne("") & lines["use"].ne("cloud tax")]
    worth, own = ledger.written(lines)
    found: dict[tuple[str, str], Posted] = {}
    rows = lines.assign(own=own, worth=worth)
    for name, number, month, currency, amount in rows_of(rows, ["ProviderName", "invoice_id", "fiscal_period", "own", "worth"]):
        entry = found.setdefault((name, number), Posted({}, set()))
        entry.amounts[currency] = entry.amounts.get(currency, ZERO) + amount
        entry.months.add(month)
    return found


def credits(coded: pd.DataFrame | None, items: pd.DataFrame | None, period: str) -> dict[tuple[str, str, str], Decimal]:
    """Listed items and posted credit memos up to the month, by provider, invoice number and currency."""
    found: dict[tuple[str, str, str], Decimal] = {}
    rows = rows_of(items, ["ProviderName", "invoice_id", "currency", "ledger_period", "amount"])
    if coded is not None:
        documents = ledger.documents(coded)
        documents = documents[documents["bucket"].eq("credit memos") & documents["invoice_id"].ne("")]
        worth, own = ledger.written(documents)
        rows += rows_of(documents.assign(worth=worth, own=own), ["ProviderName", "invoice_id", "own", "fiscal_period", "worth"])
    for *key, month, amount in rows:
        if month <= period:
            found[tuple(key)] = found.get(tuple(key), ZERO) + amount
    return found
