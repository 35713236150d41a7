"""Which ledger line answers to which bill?  Bills and ledger invoices side by side, every difference in its bucket.

    ledger, accounts → code → coded     ledger lines with the kind and use of their account and their provider
    lines → book → booked               usage lines with the ledger month that books them
    booked, coded → match → matches     one row a provider, ledger month and invoice

A provider's bill of month S is booked in ledger month S + lag.  All amounts are in the report's currency.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple

import pandas as pd

from helpers import globs, rates
from helpers.errors import InputError
from helpers.money import ZERO, plain, sum_by, to_cents, total
from helpers.periods import shift

MATCH_KEYS = ["ProviderName", "ledger_period", "invoice_id"]
CLOUD_USES = ("cloud", "cloud tax", "cloud amortisation")
NO_PROVIDER = "other cloud vendors"
HALF_CENT = Decimal("0.005")
DOCUMENT_BUCKETS = {"credit memo": "credit memos", "refund": "refunds", "marketplace": "marketplace",
                    "support": "support", "accrual": "accruals", "reversal": "accruals",
                    "manual adjustment": "manual adjustments"}  # kind of document or of listed item: its bucket
NAMED = list(dict.fromkeys(DOCUMENT_BUCKETS.values()))
BILL_AMOUNTS = ["bill", "purchases", "tax_in_bill"]
ENTRY_AMOUNTS = ["ledger", "invoiced", "tax_in_ledger", "worth", "limit"]  # tax and worth at the billed month's rate
BUCKETS = ["tax", *NAMED, "missing invoices", "late invoices", "FX", "rounding", "unexplained"]
BESIDE = ("recoverable tax", "prepaid")  # kinds of account that are no expense, and yet a provider's


class Limits(NamedTuple):
    """How large tax and exchange-rate differences may be before they need another name."""

    tax: Decimal = Decimal("0.27")  # of the bill: the highest standard VAT rate there is (Hungary); more is not tax
    fx: Decimal = Decimal("0.10")  # of the invoice: further from the month's rate is no difference of rates


def code(ledger: pd.DataFrame, accounts: pd.DataFrame, providers: Mapping, rate_rows: pd.DataFrame | None = None,
         currency: str = "") -> pd.DataFrame:
    """The ledger lines with kind and use of their account, and the cloud provider their vendor stands for.

    Amounts in another currency than the report's are brought to it, line by line to the cent, at the rate of the
    fiscal period.  Raises InputError for an account that the accounts table does not have, and for a missing rate.
    """
    unknown = ledger[~ledger["account"].isin(set(accounts["account"]))]
    if len(unknown):
        first = unknown.iloc[0]
        where = ", ".join(filter(None, ("inputs.ledger", f"line_id {first['line_id']}" if "line_id" in first else "",
                                        "column account")))
        more = f" (and {len(unknown) - 1} more lines)" if len(unknown) > 1 else ""
        raise InputError(where, f"account {first['account']} is not in inputs.accounts{more}",
                         "every account of the ledger in the accounts table", "add the account with its kind")
    split_cents = ledger[ledger["amount"].map(lambda amount: amount != to_cents(amount))]
    if len(split_cents):
        first = split_cents.iloc[0]
        raise InputError(f"inputs.ledger, line_id {first['line_id']}, column amount", plain(first["amount"]),
                         "an amount in whole cents", "round it in the extract")
    coded = _reported(ledger, rate_rows, currency).merge(accounts, on="account", how="left", validate="many_to_one")
    vendors = {vendor: _provider_of(vendor, providers) for vendor in sorted(set(ledger["vendor"]))}
    named = coded["vendor"].map(vendors)
    beside = named.where(coded["kind"].isin(BESIDE) & named.ne(NO_PROVIDER), "")
    return coded.assign(ProviderName=named.where(coded["use"].isin(CLOUD_USES), beside))


def _reported(ledger: pd.DataFrame, rate_rows: pd.DataFrame | None, currency: str) -> pd.DataFrame:
    """The lines in the report's currency; what they were booked in becomes their document, where they name none."""
    foreign = ledger["currency"].ne(currency)
    if not currency or not foreign.any():
        return ledger
    table = rates.rate_table(rate_rows, currency)
    worth = [to_cents(amount * rates.rate_of(table, own, month, currency)) for amount, own, month
             in zip(ledger["amount"], ledger["currency"], ledger["fiscal_period"], strict=True)]
    bare = ledger["document_amount"].isna() | ledger["document_currency"].eq("")
    return ledger.assign(amount=worth, currency=currency,
                         document_amount=ledger["document_amount"].where(~bare, ledger["amount"]),
                         document_currency=ledger["document_currency"].where(~bare, ledger["currency"]))


def require_month(coded: pd.DataFrame, period: str) -> pd.DataFrame:
    """The coded lines, when there are any for the month; else an InputError that names the months there are."""
    months = sorted(set(coded["fiscal_period"]))
    if period not in months:
        held = f"{months[0]} to {months[-1]}" if months else "no month"
        raise InputError("inputs.ledger, column fiscal_period", f"no line for {period}; it holds {held}",
                         "the ledger of the month under review", "add the month's extract, or set another period")
    return coded


def prepaid_providers(providers: Mapping) -> set[str]:
    """The providers whose commitments the ledger holds as prepaid."""
    return {name for name, setting in providers.items() if setting.commitments == "prepaid"}


def to_prepaid(lines: pd.DataFrame, providers: Mapping) -> pd.Series:
    """Whether each bill line is a commitment purchase that the ledger takes to prepaid."""
    bought = lines["ChargeCategory"].eq("Purchase") & lines["CommitmentDiscountId"].ne("")
    return bought & lines["ProviderName"].isin(prepaid_providers(providers))


def written(entries: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """Amount and currency that the document of each ledger line is written in; the ledger's own where it names none."""
    return (entries["document_amount"].where(entries["document_amount"].notna(), entries["amount"]),
            entries["document_currency"].where(entries["document_currency"].ne(""), entries["currency"]))


def book(lines: pd.DataFrame, providers: Mapping) -> pd.DataFrame:
    """The lines with the ledger month that books them: billing month + the provider's lag (0 where none is set)."""
    accounts = lines["BillingAccountId"].tolist() if "BillingAccountId" in lines else [""] * len(lines)
    bills = list(zip(lines["ProviderName"].tolist(), lines["billing_period"].tolist(), accounts, strict=True))
    months = {(name, period, account): booked_in(name, period, providers, account) for name, period, account in set(bills)}
    booked = [months[bill] for bill in bills]
    return lines.assign(ledger_period=pd.Series(booked, index=lines.index, dtype=object))


def booked_in(provider: str, period: str, providers: Mapping, account: str = "") -> str:
    """The ledger month that books a provider's bill of the month: by the lag of its billing account, where one is set;
    where the provider's lag changed, by the one that held then."""
    month, setting = shift(period, lag_of(provider, providers)), providers.get(provider)
    if account and account in getattr(setting, "account_lags", {}):
        return shift(period, setting.account_lags[account])
    if setting is None or not getattr(setting, "lag_since", ""):
        return month
    then = shift(period, setting.lag_before)
    return then if then < setting.lag_since else max(month, setting.lag_since)


def lag_of(provider: str, providers: Mapping) -> int:
    """Months from the provider's bill to the ledger; 0 where none is set."""
    return providers[provider].lag if provider in providers else 0


def match(booked: pd.DataFrame, coded: pd.DataFrame, items: pd.DataFrame | None, providers: Mapping,
          rate_rows: pd.DataFrame | None, currency: str, limits: Limits = Limits()) -> pd.DataFrame:
    """One row a provider, ledger month and invoice with `bill`, `ledger` and each bucket that takes one to the other.

    Matched by invoice number; where the bill or the provider's ledger month has none, by provider and month.  Ledger
    lines whose document is no invoice (accruals, refunds, …) have no bill to answer to: each is its own bucket.
    """
    booked = _by_number(booked, coded)
    entries = _entries(coded, booked, providers, rate_rows, currency)
    bills = _bills(booked[booked["ledger_period"].isin(set(coded["fiscal_period"]))], providers)
    sides = [side for side in (bills, entries, _documents(coded), _listed(items, rate_rows, currency)) if len(side)]
    together = pd.concat(sides, ignore_index=True) if sides else bills
    amounts = [*BILL_AMOUNTS, *ENTRY_AMOUNTS, *NAMED, "netted"]
    for column in amounts:
        together[column] = together[column].where(together[column].notna(), ZERO) if column in together else ZERO
    matches = sum_by(together, MATCH_KEYS, amounts)
    billed_in = _first_month(bills, "invoice_id", "ledger_period")
    rows = [_explain(row, billed_in, limits) for row in matches.to_dict("records")]
    columns = [*MATCH_KEYS, "matched_by", "bill", "purchases", "ledger", *BUCKETS]
    return pd.DataFrame(rows, columns=columns).sort_values(MATCH_KEYS, ignore_index=True)


def _provider_of(vendor: str, providers: Mapping) -> str:
    found = [name for name, setting in providers.items()
             if any(globs.matches(glob, vendor) for glob in setting.vendors)]
    return found[0] if found else NO_PROVIDER


def invoices(coded: pd.DataFrame) -> pd.DataFrame:
    """The ledger's lines of cloud invoices, tax among them, that are expense."""
    lines = _cloud_lines(coded)
    return lines[lines["bucket"].eq("")].drop(columns="bucket")


def documents(coded: pd.DataFrame) -> pd.DataFrame:
    """The ledger's other cloud lines, with the `bucket` of their kind of document."""
    lines = _cloud_lines(coded)
    return lines[lines["bucket"].ne("")]


def _cloud_lines(coded: pd.DataFrame) -> pd.DataFrame:
    """The ledger's lines of cloud cost and its tax that are expense, with the bucket of their document, "" for invoices."""
    lines = coded[coded["use"].isin(("cloud", "cloud tax")) & (coded["kind"] == "expense")]
    kinds = lines["document_type"] if "document_type" in lines else [""] * len(lines)
    return lines.assign(bucket=pd.Series([DOCUMENT_BUCKETS.get(kind, "") for kind in kinds], index=lines.index, dtype=object))


def _documents(coded: pd.DataFrame) -> pd.DataFrame:
    """The ledger's other cloud lines, each amount in its bucket."""
    lines = documents(coded).rename(columns={"fiscal_period": "ledger_period"})
    named = {bucket: lines["amount"].where(lines["bucket"].eq(bucket), ZERO) for bucket in NAMED}
    return lines[MATCH_KEYS].assign(ledger=lines["amount"], **named)


def _by_number(booked: pd.DataFrame, coded: pd.DataFrame) -> pd.DataFrame:
    """The lines without invoice numbers where the provider's ledger month has none to match them by."""
    months = invoices(coded).groupby(["ProviderName", "fiscal_period"])
    with_any = months["invoice_id"].agg(lambda ids: bool((ids != "").any()))
    unnumbered = set(with_any.index[~with_any])
    if not unnumbered:
        return booked
    blank = [pair in unnumbered for pair in zip(booked["ProviderName"].tolist(), booked["ledger_period"].tolist(), strict=True)]
    return booked.assign(InvoiceId=booked["InvoiceId"].where(~pd.Series(blank, index=booked.index, dtype=bool), ""))


def _bills(booked: pd.DataFrame, providers: Mapping) -> pd.DataFrame:
    """Bills by provider, ledger month and invoice number: all of it, the part that goes to prepaid, its tax."""
    marked = booked.assign(invoice_id=booked["InvoiceId"], bill=booked["billed"],
                           purchases=booked["billed"].where(to_prepaid(booked, providers), ZERO),
                           tax_in_bill=booked["billed"].where(booked["ChargeCategory"] == "Tax", ZERO))
    return marked[[*MATCH_KEYS, *BILL_AMOUNTS]]


def _entries(coded: pd.DataFrame, booked: pd.DataFrame, providers: Mapping, rate_rows: pd.DataFrame | None,
             currency: str) -> pd.DataFrame:
    """Ledger invoice lines with the bill's invoice number; what has no bill of its number goes to the provider's bills
    without one, if there are any."""
    billed = _first_month(booked, "InvoiceId", "billing_period")
    numbers = set(zip(*(booked[name].tolist() for name in ("ProviderName", "ledger_period", "InvoiceId")), strict=True))
    table = rates.rate_table(rate_rows, currency)
    rows = []
    for line in invoices(coded).to_dict("records"):
        provider, period = line["ProviderName"], line["fiscal_period"]
        matched = (provider, period, line["invoice_id"]) in numbers or (provider, period, "") not in numbers
        month = billed.get((provider, line["invoice_id"])) or shift(period, -lag_of(provider, providers))
        worth, limit = _worth(line, table, currency, month)
        rows.append({"ProviderName": provider, "ledger_period": period,
                     "invoice_id": line["invoice_id"] if matched else "",
                     "ledger": line["amount"], "invoiced": line["amount"],
                     "tax_in_ledger": worth if line["use"] == "cloud tax" else ZERO,
                     "worth": worth, "limit": limit})
    return pd.DataFrame(rows, columns=[*MATCH_KEYS, *ENTRY_AMOUNTS])


def _first_month(lines: pd.DataFrame, number: str, month: str) -> dict[tuple[str, str], str]:
    """By provider and invoice number the first month that has it, whatever the order of the lines."""
    return lines[lines[number].ne("")].groupby(["ProviderName", number])[month].min().to_dict()


def _worth(line: Mapping, table: dict, currency: str, billed_in: str) -> tuple[Decimal, Decimal]:
    """The document's amount at the rate of the month billed, and what rounding the line to cents can move."""
    document = line["document_currency"]
    if line["document_amount"] is None or document in ("", currency):
        return line["amount"], HALF_CENT
    rate = rates.rate_of(table, document, billed_in, currency)
    return line["document_amount"] * rate, HALF_CENT + HALF_CENT * rate


def _listed(items: pd.DataFrame | None, rate_rows: pd.DataFrame | None, currency: str) -> pd.DataFrame:
    """Reconciling items as rows of provider, month and invoice, one column a bucket, in the report's currency."""
    if items is None:
        return pd.DataFrame(columns=MATCH_KEYS)
    worth = pd.Series(items_worth(items, rate_rows, currency), index=items.index, dtype=object)
    bucket = items["bucket"].map(DOCUMENT_BUCKETS)
    named = {column: worth.where(bucket.eq(column), ZERO) for column in NAMED}
    return items[MATCH_KEYS].assign(**named, netted=named["credit memos"])


def items_worth(items: pd.DataFrame | None, rate_rows: pd.DataFrame | None, currency: str) -> list[Decimal]:
    """What each listed item is in the report's currency, at the rate of its ledger month."""
    if items is None:
        return []
    table = rates.rate_table(rate_rows, currency)
    rows = zip(items["amount"], items["currency"], items["ledger_period"], strict=True)
    return [amount if own == currency else to_cents(amount * rates.rate_of(table, own, month, currency))
            for amount, own, month in rows]


def _explain(row: dict, billed_in: Mapping[tuple[str, str], str], limits: Limits) -> dict:
    """The match with each difference in its bucket; the buckets add up to ledger − (bill − purchases to prepaid).

    Tax and FX beyond what they can be stay unexplained.  `billed_in` says which ledger month was to book an invoice.
    """
    expected = row["bill"] - row["purchases"]
    booked = bool(row["limit"])
    late = booked and not row["bill"] and billed_in.get(
        (row["ProviderName"], row["invoice_id"]), row["ledger_period"]) < row["ledger_period"]
    tax = row["tax_in_ledger"] - row["tax_in_bill"] if row["tax_in_ledger"] else ZERO
    parts = {
        "tax": _plausible(tax, row["bill"], limits.tax),
        **{bucket: row[bucket] for bucket in NAMED},
        "missing invoices": ZERO if booked else -expected,
        "late invoices": row["invoiced"] - row["netted"] if late else ZERO,
        "FX": ZERO if late else _plausible(_exchange(row), row["worth"], limits.fx),
    }
    rest = row["ledger"] - expected - total(parts.values())
    small = abs(rest) <= row["limit"]
    parts |= {"rounding": rest if small else ZERO, "unexplained": ZERO if small else rest}
    return {**{key: row[key] for key in (*MATCH_KEYS, "bill", "purchases", "ledger")}, **parts,
            "matched_by": _matched_by(row, booked, late)}


def _exchange(row: Mapping) -> Decimal:
    """What the booked rate makes of the invoice, its credit memos (listed at the booked rate) taken back in."""
    moved = row["invoiced"] - row["worth"]
    if not moved or not row["invoiced"]:
        return moved
    return moved - to_cents(row["netted"] * moved / row["invoiced"])


def _plausible(amount: Decimal, base: Decimal, most: Decimal) -> Decimal:
    return amount if abs(amount) <= abs(base) * most else ZERO


def _matched_by(row: Mapping, booked: bool, late: bool) -> str:
    if not booked:
        return "bill only" if row["bill"] or row["tax_in_bill"] else "no invoice"
    if not row["bill"] and not row["tax_in_bill"]:
        return "bill of an earlier month" if late else "ledger only"
    return "invoice number" if row["invoice_id"] else "provider and month"
