"""What is a ledger line worth at the rate of the bill it answers to?  Documents at the rate of the month billed.

    bills, rate table → Rates; ledger line, its bill → value → worth, and what rounding can move

Where no document is in the bill's currency, `bands` says how far the rates of the months between may take the amount; what
an earlier month without number lacked is taken to the rate of the lines that bring it late by `earlier`.
"""

from collections.abc import Mapping
from decimal import Decimal

import pandas as pd

from helpers import rates
from helpers.answering import HALF_CENT, Numbers
from helpers.mapping import rows_of
from helpers.money import ZERO, ratio, sum_by
from helpers.periods import months

DAILY = Decimal("0.02")  # how far a day's rate may be from its month's


class Rates:
    """The rates that bills are billed at and ledger lines are valued at, as they come by."""

    def __init__(self, lines: pd.DataFrame, numbers: Numbers, table: Mapping, currency: str) -> None:
        self.table, self.currency, self.pools = table, currency, numbers.pools
        self.currencies = _currencies(lines)
        self.usual = _usual(lines, set(numbers.pools), currency)
        self.bands: dict[tuple, Decimal] = {}  # by provider, ledger month and invoice
        self.bare: dict[tuple[str, str], list[tuple[dict, Decimal | None]]] = {}  # lines without number, and their rates

    def value(self, line: dict, number: str, due: str, alone: str, billed: str) -> tuple[Decimal, Decimal]:
        """The document's amount at the rate of the month billed, and what rounding the line to cents can move.

        alone: the month billed where there is one only.  A document in a currency that is not the bill's says nothing of
        the bill's rate.
        """
        name, document, key = line["ProviderName"], line["document_currency"], (line["ProviderName"], line["fiscal_period"])
        own = self.currencies.get((name, number, "" if number else due), {self.currency})
        says = line["document_amount"] is not None and document in own
        if own - {self.currency} and not says:
            band = self._band(line, billed, own - {self.currency})
            self.bands[*key, number] = max(self.bands.get((*key, number), ZERO), band)
        rate = self._rate(name, number, due, alone, billed, document) if says and document not in ("", self.currency) else None
        if not number and line["kind"] != "recoverable tax":
            self.bare.setdefault(key, []).append((line, rate))
        return (line["amount"], HALF_CENT) if rate is None else (line["document_amount"] * rate, HALF_CENT + HALF_CENT * rate)

    def _rate(self, name: str, number: str, due: str, alone: str, billed: str, document: str) -> Decimal:
        """Of the month billed; where bills without number are of several months, their usual one."""
        usual = None if alone or number else self.usual.get((name, due), {}).get(document)
        return usual or rates.rate_of(self.table, document, billed, self.currency)

    def earlier(self, name: str, month: str, number: str) -> dict[str, tuple[Decimal, Decimal, Decimal]]:
        """By earlier month of the provider's foreign bills without number: the rate of the row's lines, the bills', and how
        far off that may be."""
        lines, found = self.bare.get((name, month), []), {}
        for (other, due), own in self.usual.items() if lines and not number else ():
            if other == name and due < month and len(own) == 1 and self.currency not in own:
                [(currency, then)] = own.items()
                found[due] = self._taken(lines, currency, then, min(self.pools[name, due]))
        return found

    def _taken(self, lines: list[tuple[dict, Decimal | None]], currency: str, then: Decimal, billed: str) -> tuple[Decimal, Decimal, Decimal]:
        now = {(line["document_currency"] if rate else "", rate) for line, rate in lines}
        if len(now) == 1 and (currency, None) != (kept := now.pop()) and kept[0] in ("", currency):
            band = ZERO if kept[1] else max(self._band(line, billed, {currency}) for line, _ in lines)
            return kept[1] or then, then, band
        return then, then, ZERO

    def _band(self, line: Mapping, billed: str, foreign: set[str]) -> Decimal:
        """How far, as a share, the rates from the month billed to the month booked move an amount; a day's rate on top."""
        def rate(source: str, month: str) -> Decimal | None:
            return Decimal(1) if source == self.currency else self.table.get((source, month))

        kept, booked = line["document_currency"] or self.currency, line["fiscal_period"]
        found = [DAILY]
        for source in sorted(foreign):
            for month in months(billed, booked) if billed <= booked else [booked]:
                parts = rate(source, month), rate(kept, month), rate(kept, booked), rate(source, billed)
                if all(parts):
                    there, across, back, due = parts
                    found.append(abs(there / across * back / due - 1) + DAILY)
        return max(found)


def _currencies(lines: pd.DataFrame) -> dict[tuple[str, str, str], set[str]]:
    """By provider, invoice number and, for bills without one, ledger month the currencies billed in."""
    found: dict[tuple[str, str, str], set[str]] = {}
    for name, number, month, own in set(rows_of(lines, ["ProviderName", "InvoiceId", "ledger_period", "BillingCurrency"])):
        found.setdefault((name, number, "" if number else month), set()).add(own)
    return found


def _usual(lines: pd.DataFrame, pools: set[tuple[str, str]], currency: str) -> dict[tuple[str, str], dict[str, Decimal]]:
    """The usual rate of bills without number, by provider and ledger month, then currency."""
    bare = lines[lines["InvoiceId"].eq("")]
    foreign = set(bare.loc[bare["BillingCurrency"].ne(currency), "ProviderName"])
    mine = bare[bare["ProviderName"].isin(foreign)]
    sums = sum_by(mine, ["ProviderName", "ledger_period", "BillingCurrency"], ["billed", "BilledCost"])
    found: dict[tuple[str, str], dict[str, Decimal]] = {}
    for name, due, own, billed, cost in sums.itertuples(index=False, name=None):
        if billed and cost and (name, due) in pools:
            found.setdefault((name, due), {})[own] = ratio(billed, cost, 20)
    return found
