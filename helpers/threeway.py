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

from helpers import checks, ledger, typed
from helpers.mapping import rows_of
from helpers.money import ZERO, sum_by, to_cents, total
from helpers.optional import needs_table

KEYS = ["ProviderName", "invoice_id", "BillingAccountId", "billing_period", "currency"]
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
    posted = _posted(coded, period)
    used = _used(lines, {key for key, entry in posted.items() if period in entry.months}, period)
    credits = _credits(coded, items, period)
    rows, taken, answered = [], set(), set()
    for group, keys, by in _groups(invoices, used):
        due = any(ledger.booked_in(row["ProviderName"], row["billing_period"], providers, row["BillingAccountId"]) == period
                  for row in group)
        numbers = [(row["ProviderName"], row["invoice_id"]) for row in group]
        entries = [posted[key] for key in numbers if key in posted]
        if not keys and not due and not any(period in entry.months for entry in entries):
            continue
        taken.update(keys)
        answered.update(numbers)
        back = total(credits.get((*key, group[0]["currency"]), ZERO) for key in numbers)
        rows.append(_row(group, by, [(key, used[key]) for key in keys], entries, tolerance, back))
    rows += [_alone(key, sides, posted.get(key[:2])) for key, sides in used.items() if key not in taken]
    answered |= {(row["ProviderName"], row["invoice_id"]) for row in rows}
    rows += [_ledger_only(key, entry) for key, entry in posted.items() if key not in answered and period in entry.months]
    return pd.DataFrame(rows, columns=COLUMNS).sort_values(COLUMNS[:4], ignore_index=True)


class Posted(NamedTuple):
    """What the ledger holds of an invoice: amount and currency of its documents, and the months they are booked in."""

    amount: Decimal
    currency: str
    months: frozenset[str]


def _used(lines: pd.DataFrame, posted: set[tuple[str, str]], period: str) -> dict[tuple, tuple[Decimal, Decimal]]:
    """Billed cost without tax, and tax, by provider, invoice number, account, month and currency.

    Of bills that the month books, and all of an invoice that is billed or posted in it.
    """
    due = lines["ledger_period"].eq(period)
    whole = posted | {key for key in set(rows_of(lines[due], ["ProviderName", "InvoiceId"])) if key[1]}
    asked = pd.Series([key in whole for key in rows_of(lines, ["ProviderName", "InvoiceId"])], index=lines.index, dtype=bool)
    lines = lines[due | asked]
    tax = lines["ChargeCategory"].eq("Tax")
    named = lines.rename(columns={"InvoiceId": "invoice_id", "BillingCurrency": "currency"})
    table = sum_by(named.assign(net=named["BilledCost"].where(~tax, ZERO), tax=named["BilledCost"].where(tax, ZERO)),
                   KEYS, ["net", "tax"])
    return {key[:5]: key[5:] for key in table.itertuples(index=False, name=None)}


def _posted(coded: pd.DataFrame | None, period: str) -> dict[tuple[str, str], Posted]:
    """What the ledger's lines of each numbered invoice up to the month come to in the documents' currency, tax left out."""
    if coded is None:
        return {}
    prepaid, documents = coded["kind"].eq("prepaid") & coded["invoice_id"].ne(""), ledger.documents(coded)
    lines = pd.concat([ledger.invoices(coded, ("expense", "capital")), coded[prepaid],
                       documents[documents["bucket"].eq("credit memos")]])
    lines = lines[(lines["fiscal_period"] <= period) & lines["invoice_id"].ne("") & lines["use"].ne("cloud tax")]
    worth, own = ledger.written(lines)
    table = lines.assign(own=own, worth=worth).groupby(["ProviderName", "invoice_id"]).agg(
        amount=("worth", total), currency=("own", lambda found: "/".join(sorted(set(found)))),
        months=("fiscal_period", frozenset))
    return {key: Posted(*row) for key, row in zip(table.index, table.itertuples(index=False), strict=True)}


def _credits(coded: pd.DataFrame | None, items: pd.DataFrame | None, period: str) -> dict[tuple[str, str, str], Decimal]:
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
    for (name, month, currency, account), group in sorted(groups.items(), key=lambda pair: (pair[0][3] == "", pair[0])):
        keys = [key for key in bare.get((name, month), []) if key not in taken and (not account or key[2] == account)]
        mine = [key for key in keys if key[4] == currency] or keys
        taken.update(mine)
        if mine:
            yield group, mine, ACCOUNT if account else MONTH
        else:
            yield from (([row], [], "") for row in group)


def _row(group: list[dict], by: str, sides: list[tuple], entries: list[Posted], tolerance, back: Decimal) -> dict:
    first = group[0]
    amount, tax_amount = (total(row[name] for row in group) for name in ("amount", "tax_amount"))
    same = [amounts for key, amounts in sides if key[4] == first["currency"]]
    usage, tax = (total(amounts[place] for amounts in same) if same else None for place in (0, 1))
    booked = total(entry.amount for entry in entries) if entries and {entry.currency for entry in entries} == {first["currency"]} else None
    gaps = [None if usage is None else amount - usage, None if booked is None else booked - amount]
    allowed = max(tolerance.amount, abs(amount) * tolerance.share)
    if usage is None:
        state = "usage in another currency" if sides else "no usage for it"
    elif not entries:
        state = "not in the ledger"
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


def _alone(key: tuple, sides: tuple, entry: Posted | None) -> dict:
    provider, number, _, month, currency = key
    return {"ProviderName": provider, "invoice_id": number, "billing_period": month, "currency": currency, "matched_by": "",
            "usage": sides[0], "usage_tax": sides[1], "ledger": entry.amount if entry and entry.currency == currency else None,
            "state": "no invoice for it"}


def _ledger_only(key: tuple[str, str], entry: Posted) -> dict:
    return {"ProviderName": key[0], "invoice_id": key[1], "billing_period": "", "currency": entry.currency, "matched_by": "",
            "ledger": entry.amount, "state": "in the ledger alone"}


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
