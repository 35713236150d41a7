"""Do usage, invoice and ledger say the same of each invoice?  The three side by side, in the invoice's own currency.

    booked lines, invoices, coded → match → table    one row an invoice of the ledger month
    table → check                                    a finding for each that one side lacks or has otherwise

By issuer and invoice number; a bill without numbers by provider, billing account and month, or by provider and month
where the invoice names no account.  Invoices are optional: without them bill and ledger are matched alone.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import NamedTuple

import pandas as pd

from helpers import checks, ledger, sides, typed
from helpers.money import ZERO, to_cents, total
from helpers.optional import needs_table
from helpers.sides import Posted

TIES = "ties"
NUMBER, ACCOUNT, MONTH = "invoice number", "billing account and month", "provider and month"
COLUMNS = ["ProviderName", "invoice_id", "billing_period", "matched_by", "currency", "usage", "usage_tax", "invoice",
           "invoice_tax", "ledger", "invoice_less_usage", "ledger_less_invoice", "state"]


def match(booked: pd.DataFrame, invoices: pd.DataFrame, coded: pd.DataFrame | None, items: pd.DataFrame | None,
          providers: Mapping, period: str, tolerance) -> pd.DataFrame:
    """One row an invoice: of the month's bills, of the ledger's lines of the month, or of the table for those bills.

    usage and invoice are without tax, in the invoice's currency; ledger is what its documents come to, without tax.  A
    number is seen whole: all its usage and all its postings up to the month, whichever month holds them.  Credit memos,
    listed or posted, may stand between usage and invoice.  Invoices that only a month answers to are one row together.
    """
    lines = booked[booked["billing_period"] <= period]
    coded = None if coded is None else typed.untyped(coded, lines, providers)
    posted = sides.posted(coded, period)
    used = sides.used(lines, invoices, posted, period)
    asked = _Asked(posted, providers, period)
    credits = sides.credits(coded, items, period)
    known = invoices.groupby(["ProviderName", "invoice_id"])["currency"].agg(set).to_dict()
    rows, taken = [], set()
    for group, keys, by in _groups(invoices, used):
        taken.update(keys)
        if by == NUMBER or asked.usage(keys) or asked.invoices(group):
            numbers = [(row["ProviderName"], row["invoice_id"]) for row in group]
            back = total(credits.get((*key, group[0]["currency"]), ZERO) for key in numbers)
            currencies = {own for key in numbers for own in known[key]}
            entries = [posted[key] for key in numbers if key in posted]
            rows.append((numbers, _row(group, by, [(key, used[key]) for key in keys], entries, currencies, tolerance, back)))
    rows += [([key[:2]], _alone(key, amounts, posted.get(key[:2]))) for key, amounts in used.items()
             if key not in taken and (key[1] or asked.usage([key]))]
    answered = {number for numbers, _ in rows for number in numbers}
    alone = [row for key, entry in posted.items() if key not in answered and period in entry.months for row in _ledger_only(key, entry)]
    table = pd.DataFrame([*(row for _, row in rows), *alone], columns=COLUMNS)
    return table.sort_values(COLUMNS[:5], ignore_index=True)


class _Asked(NamedTuple):
    """What the month asks about: what is due in it, and what is booked in it."""

    posted: Mapping
    providers: Mapping
    period: str

    def usage(self, keys: list[tuple]) -> bool:
        """Whether some of the usage is due."""
        return any(self._due(name, month, account) for name, _, account, month, _ in keys)

    def invoices(self, group: list[dict]) -> bool:
        """Whether one of the invoices is due or booked."""
        return any(self._due(row["ProviderName"], row["billing_period"], row["BillingAccountId"]) for row in group) or any(
            self.period in self.posted[key].months for row in group
            if (key := (row["ProviderName"], row["invoice_id"])) in self.posted)

    def _due(self, name: str, month: str, account: str) -> bool:
        return ledger.booked_in(name, month, self.providers, account) == self.period


def _groups(invoices: pd.DataFrame, used: Mapping) -> Iterator[tuple[list[dict], list[tuple], str]]:
    """Invoices with the usage they bill, and by what it was found: alone by number, together by account or month."""
    by_number: dict[tuple[str, str], list[tuple]] = {}
    bare: dict[tuple[str, str], list[tuple]] = {}
    for key in used:
        by_number.setdefault(key[:2], []).append(key) if key[1] else bare.setdefault((key[0], key[3]), []).append(key)
    groups: dict[tuple, list[dict]] = {}
    for row in invoices.sort_values(["ProviderName", "invoice_id"]).to_dict("records"):
        keys = by_number.get((row["ProviderName"], row["invoice_id"]))
        if keys:
            yield [row], keys, NUMBER
        else:
            groups.setdefault((row["ProviderName"], row["billing_period"], row["currency"], row["BillingAccountId"]), []).append(row)
    taken: set[tuple] = set()
    found: dict[tuple, list[tuple]] = {}
    for own in (True, False):  # usage in an invoice's own currency first; what is left may be of one in another
        for name, month, currency, account in sorted(groups, key=lambda key: (key[3] == "", key)):
            mine = [key for key in bare.get((name, month), []) if key not in taken and (not account or key[2] == account)
                    and (key[4] == currency or not own)]
            if mine and not found.get((name, month, currency, account)):
                found[name, month, currency, account] = mine
                taken.update(mine)
    for key, group in sorted(groups.items()):
        if key in found:
            yield group, found[key], ACCOUNT if key[3] else MONTH
        else:
            yield from (([row], [], "") for row in group)


def _row(group: list[dict], by: str, usages: list[tuple], entries: list[Posted], currencies: set[str], tolerance,
         back: Decimal) -> dict:
    first = group[0]
    amount, tax_amount = (total(row[name] for row in group) for name in ("amount", "tax_amount"))
    same = [amounts for key, amounts in usages if key[4] == first["currency"]]
    usage, tax = (total(amounts[place] for amounts in same) if same else None for place in (0, 1))
    parts = [entry.of(first["currency"], currencies) for entry in entries]
    booked = total(parts) if parts and None not in parts else None
    gaps = [None if usage is None else amount - usage, None if booked is None else booked - amount]
    allowed = max(tolerance.amount, abs(amount) * tolerance.share)
    if usage is None:
        state = "usage in another currency" if usages else "no usage for it"
    elif not entries:
        state = "not in the ledger" if amount or usage else TIES
    elif booked is None:
        state = "booked in another currency"
    else:
        odd = [name for name, gap in zip(("usage", "ledger"), gaps, strict=True) if min(abs(gap), abs(gap - back)) > allowed]
        plain = all(abs(gap) <= allowed for gap in gaps)
        state = " and ".join(f"{name} differs" for name in odd) or (TIES if plain else "ties but for credit memos")
    return {"ProviderName": first["ProviderName"], "invoice_id": ", ".join(row["invoice_id"] for row in group),
            "billing_period": first["billing_period"], "currency": first["currency"], "matched_by": by,
            "usage": usage, "usage_tax": tax, "invoice": amount, "invoice_tax": tax_amount, "ledger": booked,
            "invoice_less_usage": gaps[0], "ledger_less_invoice": gaps[1], "state": state}


def _alone(key: tuple, amounts: tuple, entry: Posted | None) -> dict:
    provider, number, _, month, currency = key
    return {"ProviderName": provider, "invoice_id": number, "billing_period": month, "currency": currency, "matched_by": "",
            "usage": amounts[0], "usage_tax": amounts[1], "ledger": entry.of(currency, {currency}) if entry else None,
            "state": "no invoice for it"}


def _ledger_only(key: tuple[str, str], entry: Posted) -> Iterator[dict]:
    for currency, amount in sorted(entry.amounts.items()):
        yield {"ProviderName": key[0], "invoice_id": key[1], "billing_period": "", "currency": currency, "matched_by": "",
               "ledger": amount, "state": "in the ledger alone"}


@needs_table
def shown(table: pd.DataFrame) -> pd.DataFrame:
    """The table as the page shows it, without the columns of tax."""
    return table.drop(columns=["usage_tax", "invoice_tax"])


def check(table: pd.DataFrame | None) -> list[dict]:
    """A finding for what the three sides do not agree on; that there were no invoices is no finding, and is said."""
    if table is None:
        return []
    odd = table[~table["state"].str.startswith(TIES)]
    told = [f"{row.ProviderName} {row.invoice_id}: {row.state}" for row in odd.itertuples()]
    worth = [_open(row) for row in odd.to_dict("records")]
    return [checks.noted("usage, invoice and ledger that do not agree", len(odd), "accounts payable", "; ".join(told[:5]),
                         total(worth))]


def _open(row: Mapping) -> Decimal:
    """What is at odds: the gaps between the sides there are, else the one side that stands alone."""
    known = {name: value for name, value in row.items() if isinstance(value, Decimal)}
    gaps = [abs(known[name]) for name in ("invoice_less_usage", "ledger_less_invoice") if name in known]
    sides = [known[name] for name in ("invoice", "usage", "ledger") if name in known]
    return to_cents(total(gaps) if len(gaps) == 2 else abs(sides[0]) if sides else ZERO)
