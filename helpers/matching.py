"""Which ledger line answers to which bill?  Bills and the ledger's invoices side by side, every difference in its bucket.

    booked, coded, items → match → matches     one row a provider, ledger month and invoice

By invoice number, wherever in the ledger it stands; where it stands nowhere, by provider and month (helpers.answering).
Nothing after the period counts, so that a month run again later says what it said.  Amounts are in the report's currency.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal

import pandas as pd

from helpers import answering, ledger, rates, typed, valuing
from helpers.ledger import MATCH_KEYS, NAMED
from helpers.mapping import rows_of
from helpers.money import ZERO, sum_by, to_cents
from helpers.periods import months, shift
from helpers.settlement import COLUMNS, Limits, settle

BILL_AMOUNTS = ["bill", "purchases", "tax_in_bill"]
ENTRY_AMOUNTS = ["ledger", "invoiced", "capital", "tax_in_ledger", "recoverable", "worth", "limit", "repeated", "repeated_tax",
                 "reversed"]
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
    lines = booked[booked["billing_period"] <= last]
    coded = typed.untyped(coded, lines, providers, limits)
    posted, bills = postings(coded), _bills(lines, providers)
    lost, taken = answering.by_month(bills, lines, posted, currency, limits.fx)
    bills, lines = _without(bills, MATCH_KEYS, lost), _without(lines, ["ProviderName", "ledger_period", "InvoiceId"], lost)
    numbers = answering.numbers(lines, posted, span, taken)
    entries, known = _entries(posted, lines, numbers, providers, rates.rate_table(rate_rows, currency), currency)
    bills = bills[bills["invoice_id"].ne("") | bills["ledger_period"].isin(span)]
    listed = _listed(items, rate_rows, currency)
    sides = [bills, entries, _documents(coded), listed[listed["ledger_period"].isin(span)]]
    together = pd.concat([side for side in sides if len(side)] or [bills], ignore_index=True)
    amounts = [*BILL_AMOUNTS, *ENTRY_AMOUNTS, *NAMED, "netted"]
    for column in amounts:
        together[column] = together[column].where(together[column].notna(), ZERO) if column in together else ZERO
    grouped: dict[tuple, list[dict]] = {}
    for row in sum_by(together, MATCH_KEYS, amounts).to_dict("records"):
        key = tuple(row[name] for name in MATCH_KEYS)
        row |= {"band": known.bands.get(key, ZERO), "earlier": known.earlier(*key)}
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
             currency: str) -> tuple[pd.DataFrame, valuing.Rates]:
    """Ledger lines by the invoice they answer to, and the rates they are valued at."""
    again, known = _repeating(posted), valuing.Rates(lines, numbers, table, currency)
    rows = []
    for line, repeats in zip(posted.to_dict("records"), again, strict=True):
        name, month = line["ProviderName"], line["fiscal_period"]
        number, due, billed = answering.answers(line, numbers)
        worth, limit = known.value(line, number, due, billed, billed or shift(month, -ledger.lag_of(name, providers)))
        claim, tax = line["kind"] == "recoverable tax", line["use"] == "cloud tax"
        amount, worth_all = (ZERO, ZERO) if claim else (line["amount"], worth)
        rows.append((name, month, number, ZERO if line["kind"] == "capital" else amount, amount,
                     amount if line["kind"] == "capital" else ZERO, worth if tax else ZERO, worth if claim else ZERO, worth_all,
                     ZERO if claim else limit, worth_all if repeats else ZERO, worth if repeats and tax else ZERO,
                     amount if line.get("reverses") is True and not tax else ZERO))
    return pd.DataFrame(rows, columns=[*MATCH_KEYS, *ENTRY_AMOUNTS]), known


def _repeating(posted: pd.DataFrame) -> list[bool]:
    """Whether each line is the same as one before it: of the same invoice in any month, without number in the same."""
    if posted.empty:
        return []
    marked = posted.assign(month=posted["fiscal_period"].where(posted["invoice_id"].eq(""), ""),
                           cost_centre=posted["cost_centre"] if "cost_centre" in posted else "")
    ordered = marked.reset_index(drop=True).sort_values("fiscal_period", kind="stable")
    return ordered.groupby(SAME_LINE, dropna=False).cumcount().gt(0).sort_index().tolist()


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
