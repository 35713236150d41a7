"""Which ledger line answers to which bill?  Bills and the ledger's invoices side by side, every difference in its bucket.

    booked, coded, items → match → matches     one row a provider, ledger month and invoice

By invoice number, wherever in the ledger it stands; where it stands nowhere, by provider and month (helpers.answering).
Nothing after the period counts, so that a month run again later says what it said.  Amounts are in the report's currency.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal

import pandas as pd

from helpers import answering, ledger, rates
from helpers.answering import HALF_CENT
from helpers.ledger import MATCH_KEYS, NAMED
from helpers.mapping import rows_of
from helpers.money import ZERO, ratio, sum_by, to_cents, total
from helpers.periods import months, shift
from helpers.settlement import COLUMNS, Limits, settle

DAILY = Decimal("0.02")  # how far a day's rate may be from its month's
BILL_AMOUNTS = ["bill", "purchases", "tax_in_bill"]
ENTRY_AMOUNTS = ["ledger", "invoiced", "capital", "tax_in_ledger", "recoverable", "worth", "limit", "repeated", "repeated_tax"]
SAME_LINE = ["ProviderName", "invoice_id", "month", "account", "cost_centre", "amount", "document_amount"]


def match(booked: pd.DataFrame, coded: pd.DataFrame, items: pd.DataFrame | None, providers: Mapping,
          rate_rows: pd.DataFrame | None, currency: str, limits: Limits = Limits(), period: str = "") -> pd.DataFrame:
    """One row a provider, ledger month and invoice with `bill`, `ledger` and each bucket that takes one to the other.

    From the ledger's first month to the period (its last where none is named), months without any line among them.
    Ledger lines whose document is no invoice (accruals, refunds, …) have no bill to answer to: each is its own bucket.
    """
    first, last = coded["fiscal_period"].min(), period or coded["fiscal_period"].max()
    span = set(months(first, last))
    coded = coded[coded["fiscal_period"].isin(span)]
    posted = postings(coded)
    lines = booked[booked["billing_period"] <= last]
    bills = _bills(lines, providers)
    lost, taken = answering.by_month(bills, lines, posted, currency, limits.fx)
    bills, lines = _without(bills, MATCH_KEYS, lost), _without(lines, ["ProviderName", "ledger_period", "InvoiceId"], lost)
    numbers = answering.numbers(lines, posted, span, taken)
    entries, bands = _entries(posted, lines, numbers, providers, rates.rate_table(rate_rows, currency), currency)
    bills = bills[bills["invoice_id"].ne("") | bills["ledger_period"].isin(span)]
    listed = _listed(items, rate_rows, currency)
    sides = [bills, entries, _documents(coded), listed[listed["ledger_period"].isin(span)]]
    together = pd.concat([side for side in sides if len(side)] or [bills], ignore_index=True)
    amounts = [*BILL_AMOUNTS, *ENTRY_AMOUNTS, *NAMED, "netted"]
    for column in amounts:
        together[column] = together[column].where(together[column].notna(), ZERO) if column in together else ZERO
    grouped: dict[tuple, list[dict]] = {}
    for row in sum_by(together, MATCH_KEYS, amounts).to_dict("records"):
        row["band"] = bands.get(tuple(row[key] for key in MATCH_KEYS), ZERO)
        grouped.setdefault((row["ProviderName"], row["invoice_id"]), []).append(row)
    rows = [found for group in grouped.values() for found in settle(group, first, last, limits)]
    return pd.DataFrame(rows, columns=COLUMNS).sort_values(MATCH_KEYS, ignore_index=True)


def postings(coded: pd.DataFrame) -> pd.DataFrame:
    """The ledger's lines of cloud invoices: expense and its tax, what is capitalised, and tax that is a claim."""
    cloud = ledger.invoices(coded, ("expense", "capital"))
    claims = coded[coded["kind"].eq("recoverable tax") & coded["ProviderName"].ne("")]
    return pd.concat([cloud, claims]) if len(claims) else cloud


def _without(lines: pd.DataFrame, keys: Sequence[str], lost: set[tuple]) -> pd.DataFrame:
    """The lines of bills, those whose number is of no use without it: provider, ledger month and number are the keys."""
    if not lost:
        return lines
    blank = pd.Series([key in lost for key in rows_of(lines, keys)], index=lines.index, dtype=bool)
    return lines.assign(**{keys[-1]: lines[keys[-1]].where(~blank, "")})


def _bills(booked: pd.DataFrame, providers: Mapping) -> pd.DataFrame:
    """Bills by provider, ledger month and invoice number: all of it, the part that goes to prepaid, its tax."""
    marked = booked.assign(invoice_id=booked["InvoiceId"], bill=booked["billed"],
                           purchases=booked["billed"].where(ledger.to_prepaid(booked, providers), ZERO),
                           tax_in_bill=booked["billed"].where(booked["ChargeCategory"] == "Tax", ZERO))
    return sum_by(marked, MATCH_KEYS, BILL_AMOUNTS)


def _entries(posted: pd.DataFrame, lines: pd.DataFrame, numbers: answering.Numbers, providers: Mapping, table: dict,
             currency: str) -> tuple[pd.DataFrame, dict[tuple, Decimal]]:
    """Ledger lines by the invoice they answer to; and how far the rate of a row may be from its bill's (`_band`)."""
    again = _repeating(posted)
    currencies = _currencies(lines)
    mixed = _mixed_rates(lines, numbers)
    rows, bands = [], {}
    for line, repeats in zip(posted.to_dict("records"), again, strict=True):
        name, month = line["ProviderName"], line["fiscal_period"]
        number, due, billed = answering.answers(line, numbers)
        month_billed = billed or shift(month, -ledger.lag_of(name, providers))
        own = currencies.get((name, number, "" if number else due), {currency})
        rate = None if billed or number else mixed.get((name, due, line["document_currency"]))
        worth, limit = _worth(line, table, currency, month_billed, own, rate)
        claim, tax = line["kind"] == "recoverable tax", line["use"] == "cloud tax"
        amount, worth_all = (ZERO, ZERO) if claim else (line["amount"], worth)
        rows.append((name, month, number, ZERO if line["kind"] == "capital" else amount, amount,
                     amount if line["kind"] == "capital" else ZERO, worth if tax else ZERO, worth if claim else ZERO, worth_all,
                     ZERO if claim else limit, worth_all if repeats else ZERO, worth if repeats and tax else ZERO))
        key = name, month, number
        if own - {currency} and (line["document_amount"] is None or line["document_currency"] not in own):
            bands[key] = max(bands.get(key, ZERO), _band(line, table, currency, month_billed, own - {currency}))
    return pd.DataFrame(rows, columns=[*MATCH_KEYS, *ENTRY_AMOUNTS]), bands


def _repeating(posted: pd.DataFrame) -> list[bool]:
    """Whether each line is the same as one before it: of the same invoice in any month, without number in the same."""
    if posted.empty:
        return []
    marked = posted.assign(month=posted["fiscal_period"].where(posted["invoice_id"].eq(""), ""),
                           cost_centre=posted["cost_centre"] if "cost_centre" in posted else "")
    ordered = marked.reset_index(drop=True).sort_values("fiscal_period", kind="stable")
    return ordered.groupby(SAME_LINE, dropna=False).cumcount().gt(0).sort_index().tolist()


def _currencies(lines: pd.DataFrame) -> dict[tuple[str, str, str], set[str]]:
    """By provider, invoice number and, for bills without one, ledger month the currencies billed in."""
    found: dict[tuple[str, str, str], set[str]] = {}
    for name, number, month, own in set(rows_of(lines, ["ProviderName", "InvoiceId", "ledger_period", "BillingCurrency"])):
        found.setdefault((name, number, "" if number else month), set()).add(own)
    return found


def _mixed_rates(lines: pd.DataFrame, numbers: answering.Numbers) -> dict[tuple[str, str, str], Decimal]:
    """The usual rate of bills without number that one ledger month books for several months, by currency."""
    several = {key for key, billed in numbers.pools.items() if len(billed) > 1}
    if not several:
        return {}
    bare = lines[lines["InvoiceId"].eq("")]
    mine = bare[[key in several for key in rows_of(bare, ["ProviderName", "ledger_period"])]]
    sums = sum_by(mine, ["ProviderName", "ledger_period", "BillingCurrency"], ["billed", "BilledCost"])
    return {tuple(key): ratio(billed, cost, 20) for *key, billed, cost
            in sums.itertuples(index=False, name=None) if billed and cost}


def _worth(line: Mapping, table: dict, currency: str, billed: str, own: set[str], usual: Decimal | None) -> tuple[Decimal, Decimal]:
    """The document's amount at the rate of the month billed, and what rounding the line to cents can move.

    A document in a currency that is not the bill's says nothing of the bill's rate.
    """
    document = line["document_currency"]
    if line["document_amount"] is None or document in ("", currency) or document not in own:
        return line["amount"], HALF_CENT
    rate = usual or rates.rate_of(table, document, billed, currency)
    return line["document_amount"] * rate, HALF_CENT + HALF_CENT * rate


def _band(line: Mapping, table: dict, currency: str, billed: str, foreign: set[str]) -> Decimal:
    """How far, as a share, the rates from the month billed to the month booked move an amount; a day's rate on top."""
    def rate(source: str, month: str) -> Decimal | None:
        return Decimal(1) if source == currency else table.get((source, month))

    kept, booked = line["document_currency"] or currency, line["fiscal_period"]
    found = [DAILY]
    for source in sorted(foreign):
        for month in months(billed, booked) if billed <= booked else [booked]:
            parts = rate(source, month), rate(kept, month), rate(kept, booked), rate(source, billed)
            if all(parts):
                there, across, back, due = parts
                found.append(abs(there / across * back / due - 1) + DAILY)
    return max(found)


def _documents(coded: pd.DataFrame) -> pd.DataFrame:
    """The ledger's other cloud lines, each amount in its bucket."""
    lines = ledger.documents(coded).rename(columns={"fiscal_period": "ledger_period"})
    named = {bucket: lines["amount"].where(lines["bucket"].eq(bucket), ZERO) for bucket in NAMED}
    return lines[MATCH_KEYS].assign(ledger=lines["amount"], **named)


def _listed(items: pd.DataFrame | None, rate_rows: pd.DataFrame | None, currency: str) -> pd.DataFrame:
    """Reconciling items as rows of provider, month and invoice, one column a bucket, in the report's currency."""
    if items is None:
        return pd.DataFrame(columns=MATCH_KEYS)
    worth = pd.Series(items_worth(items, rate_rows, currency), index=items.index, dtype=object)
    bucket = items["bucket"].map(ledger.DOCUMENT_BUCKETS)
    named = {column: worth.where(bucket.eq(column), ZERO) for column in NAMED}
    return items[MATCH_KEYS].assign(**named, netted=named["credit memos"])


def items_worth(items: pd.DataFrame | None, rate_rows: pd.DataFrame | None, currency: str) -> Sequence[Decimal]:
    """What each listed item is in the report's currency, at the rate of its ledger month."""
    if items is None:
        return []
    table = rates.rate_table(rate_rows, currency)
    rows = zip(items["amount"], items["currency"], items["ledger_period"], strict=True)
    return [amount if own == currency else to_cents(amount * rates.rate_of(table, own, month, currency))
            for amount, own, month in rows]
