"""Which ledger line answers to which bill?  Bills and ledger invoices side by side, every difference in its bucket.

    ledger, accounts → code → coded     ledger lines with the kind and use of their account and their provider
    lines → book → booked               usage lines with the ledger month that books them
    booked, coded → match → matches     one row a provider, ledger month and invoice

A provider's bill of month S is booked in ledger month S + lag.  All amounts are in the report's currency.
"""

from collections.abc import Mapping
from decimal import Decimal

import pandas as pd

from helpers import globs, rates
from helpers.errors import InputError
from helpers.money import ZERO, plain, sum_by, to_cents, total
from helpers.periods import shift

MATCH_KEYS = ["ProviderName", "ledger_period", "invoice_id"]
CLOUD_USES = ("cloud", "cloud tax", "cloud amortisation")
NO_PROVIDER = "other cloud vendors"
HALF_CENT = Decimal("0.005")
MOST_TAX = Decimal("0.27")  # of the bill: the highest standard VAT rate there is (Hungary); more is not tax
MOST_FX = Decimal("0.10")  # of the invoice: further from the month's rate is no difference of rates
ITEM_BUCKETS = {"credit memo": "credit memos", "accrual": "manual adjustments",
                "manual adjustment": "manual adjustments"}
BILL_AMOUNTS = ["bill", "purchases", "tax_in_bill"]
ENTRY_AMOUNTS = ["ledger", "tax_in_ledger", "worth", "limit"]  # tax and worth at the rate of the month billed
BUCKETS = ["tax", "credit memos", "manual adjustments", "missing invoices", "late invoices", "FX", "rounding",
           "unexplained"]


def code(ledger: pd.DataFrame, accounts: pd.DataFrame, providers: Mapping) -> pd.DataFrame:
    """The ledger lines with kind and use of their account, and the cloud provider their vendor stands for.

    Raises InputError for an account that the accounts table does not have.
    """
    unknown = sorted(set(ledger["account"]) - set(accounts["account"]))
    if unknown:
        raise InputError("inputs.ledger, column account", f"account {unknown[0]} is not in inputs.accounts",
                         "every account of the ledger in the accounts table", "add the account with its kind")
    split_cents = ledger[ledger["amount"].map(lambda amount: amount != to_cents(amount))]
    if len(split_cents):
        first = split_cents.iloc[0]
        raise InputError(f"inputs.ledger, line_id {first['line_id']}, column amount", plain(first["amount"]),
                         "an amount in whole cents", "round it in the extract")
    coded = ledger.merge(accounts, on="account", how="left", validate="many_to_one")
    vendors = {vendor: _provider_of(vendor, providers) for vendor in sorted(set(ledger["vendor"]))}
    named = coded["vendor"].map(vendors)
    return coded.assign(ProviderName=named.where(coded["use"].isin(CLOUD_USES), ""))


def require_month(coded: pd.DataFrame, period: str) -> pd.DataFrame:
    """The coded lines, when there are any for the month; else an InputError that names the months there are."""
    months = sorted(set(coded["fiscal_period"]))
    if period not in months:
        held = f"{months[0]} to {months[-1]}" if months else "no month"
        raise InputError("inputs.ledger, column fiscal_period", f"no line for {period}; it holds {held}",
                         "the ledger of the month under review", "add the month's extract, or set another period")
    return coded


def book(lines: pd.DataFrame, providers: Mapping) -> pd.DataFrame:
    """The lines with the ledger month that books them: billing month + the provider's lag (0 where none is set)."""
    pairs = sorted(set(zip(lines["ProviderName"], lines["billing_period"], strict=True)))
    months = {(name, period): booked_in(name, period, providers) for name, period in pairs}
    booked = [months[pair] for pair in zip(lines["ProviderName"], lines["billing_period"], strict=True)]
    return lines.assign(ledger_period=booked)


def booked_in(provider: str, period: str, providers: Mapping) -> str:
    """The ledger month that books a provider's bill of the month; where its lag changed, by the one that held then."""
    month, setting = shift(period, lag_of(provider, providers)), providers.get(provider)
    if setting is None or not getattr(setting, "lag_since", ""):
        return month
    then = shift(period, setting.lag_before)
    return then if then < setting.lag_since else max(month, setting.lag_since)


def lag_of(provider: str, providers: Mapping) -> int:
    """Months from the provider's bill to the ledger; 0 where none is set."""
    return providers[provider].lag if provider in providers else 0


def match(booked: pd.DataFrame, coded: pd.DataFrame, items: pd.DataFrame | None, providers: Mapping,
          rate_rows: pd.DataFrame | None, currency: str) -> pd.DataFrame:
    """One row a provider, ledger month and invoice with `bill`, `ledger` and each bucket that takes one to the other.

    Matched by invoice number; where the bill or the provider's ledger month has none, by provider and month.
    """
    booked = _by_number(booked, coded)
    entries = _entries(coded, booked, providers, rate_rows, currency)
    bills = _bills(booked[booked["ledger_period"].isin(set(coded["fiscal_period"]))], providers)
    sides = [side for side in (bills, entries, _listed(items, currency)) if len(side)]
    together = pd.concat(sides, ignore_index=True) if sides else bills
    amounts = [*BILL_AMOUNTS, *ENTRY_AMOUNTS, *sorted(set(ITEM_BUCKETS.values()))]
    for column in amounts:
        together[column] = together[column].where(together[column].notna(), ZERO) if column in together else ZERO
    matches = sum_by(together, MATCH_KEYS, amounts)
    billed_in = {(row.ProviderName, row.invoice_id): row.ledger_period for row in bills.itertuples() if row.invoice_id}
    rows = [_explain(row, billed_in) for row in matches.to_dict("records")]
    columns = [*MATCH_KEYS, "matched_by", "bill", "purchases", "ledger", *BUCKETS]
    return pd.DataFrame(rows, columns=columns).sort_values(MATCH_KEYS, ignore_index=True)


def _provider_of(vendor: str, providers: Mapping) -> str:
    found = [name for name, setting in providers.items()
             if any(globs.matches(glob, vendor) for glob in setting.vendors)]
    return found[0] if found else NO_PROVIDER


def _invoices(coded: pd.DataFrame) -> pd.DataFrame:
    """The ledger's lines of cloud invoices, tax among them, that are expense."""
    return coded[coded["use"].isin(("cloud", "cloud tax")) & (coded["kind"] == "expense")]


def _by_number(booked: pd.DataFrame, coded: pd.DataFrame) -> pd.DataFrame:
    """The lines without invoice numbers where the provider's ledger month has none to match them by."""
    months = _invoices(coded).groupby(["ProviderName", "fiscal_period"])
    with_any = months["invoice_id"].agg(lambda ids: bool((ids != "").any()))
    unnumbered = set(with_any.index[~with_any])
    blank = [pair in unnumbered for pair in zip(booked["ProviderName"], booked["ledger_period"], strict=True)]
    return booked.assign(InvoiceId=booked["InvoiceId"].where(~pd.Series(blank, index=booked.index, dtype=bool), ""))


def _bills(booked: pd.DataFrame, providers: Mapping) -> pd.DataFrame:
    """Bills by provider, ledger month and invoice number: all of it, the part that goes to prepaid, its tax."""
    prepaid = {name for name, setting in providers.items() if setting.commitments == "prepaid"}
    bought = (booked["ChargeCategory"] == "Purchase") & (booked["CommitmentDiscountId"] != "")
    to_prepaid = bought & booked["ProviderName"].isin(prepaid)
    marked = booked.assign(invoice_id=booked["InvoiceId"], bill=booked["billed"],
                           purchases=booked["billed"].where(to_prepaid, ZERO),
                           tax_in_bill=booked["billed"].where(booked["ChargeCategory"] == "Tax", ZERO))
    return marked[[*MATCH_KEYS, *BILL_AMOUNTS]]


def _entries(coded: pd.DataFrame, booked: pd.DataFrame, providers: Mapping, rate_rows: pd.DataFrame | None,
             currency: str) -> pd.DataFrame:
    """Ledger invoice lines with the bill's invoice number; what has no bill of its number goes to the provider's bills
    without one, if there are any."""
    foreign = sorted(set(coded["currency"]) - {currency})
    if foreign:
        raise InputError("inputs.ledger, column currency", f"{foreign[0]} beside the report's {currency}",
                         f"a ledger in {currency}", f"set currency: {foreign[0]} in the parameters")
    numbers = set(zip(booked["ProviderName"], booked["ledger_period"], booked["InvoiceId"], strict=True))
    table = rates.rate_table(rate_rows, currency)
    rows = []
    for line in _invoices(coded).to_dict("records"):
        provider, period = line["ProviderName"], line["fiscal_period"]
        matched = (provider, period, line["invoice_id"]) in numbers or (provider, period, "") not in numbers
        worth, limit = _worth(line, table, currency, providers)
        rows.append({"ProviderName": provider, "ledger_period": period,
                     "invoice_id": line["invoice_id"] if matched else "", "ledger": line["amount"],
                     "tax_in_ledger": worth if line["use"] == "cloud tax" else ZERO,
                     "worth": worth, "limit": limit})
    return pd.DataFrame(rows, columns=[*MATCH_KEYS, *ENTRY_AMOUNTS])


def _worth(line: Mapping, table: dict, currency: str, providers: Mapping) -> tuple[Decimal, Decimal]:
    """The document's amount at the rate of the month billed, and what rounding the line to cents can move."""
    document = line["document_currency"]
    if line["document_amount"] is None or document in ("", currency):
        return line["amount"], HALF_CENT
    billed_in = shift(line["fiscal_period"], -lag_of(line["ProviderName"], providers))
    rate = rates.rate_of(table, document, billed_in, currency)
    return line["document_amount"] * rate, HALF_CENT + HALF_CENT * rate


def _listed(items: pd.DataFrame | None, currency: str) -> pd.DataFrame:
    """Reconciling items as rows of provider, month and invoice, one column a bucket."""
    if items is None:
        return pd.DataFrame(columns=MATCH_KEYS)
    foreign = sorted(set(items["currency"]) - {currency})
    if foreign:
        raise InputError("inputs.reconciling_items, column currency", foreign[0], f"the ledger's {currency}",
                         "state the item as it stands in the ledger")
    named = {column: items["amount"].where(items["bucket"].map(ITEM_BUCKETS) == column, ZERO)
             for column in sorted(set(ITEM_BUCKETS.values()))}
    return items[MATCH_KEYS].assign(**named)


def _explain(row: dict, billed_in: Mapping[tuple[str, str], str]) -> dict:
    """The match with each difference in its bucket; the buckets add up to ledger − (bill − purchases to prepaid).

    Tax and FX beyond what they can be stay unexplained.  `billed_in` says which ledger month was to book an invoice.
    """
    expected = row["bill"] - row["purchases"]
    booked = bool(row["limit"])
    late = booked and not row["bill"] and billed_in.get(
        (row["ProviderName"], row["invoice_id"]), row["ledger_period"]) < row["ledger_period"]
    tax = row["tax_in_ledger"] - row["tax_in_bill"] if row["tax_in_ledger"] else ZERO
    parts = {
        "tax": _plausible(tax, row["bill"], MOST_TAX),
        "credit memos": row["credit memos"],
        "manual adjustments": row["manual adjustments"],
        "missing invoices": ZERO if booked else -expected,
        "late invoices": row["ledger"] if late else ZERO,
        "FX": ZERO if late else _plausible(_exchange(row), row["worth"], MOST_FX),
    }
    rest = row["ledger"] - expected - total(parts.values())
    small = abs(rest) <= row["limit"]
    parts |= {"rounding": rest if small else ZERO, "unexplained": ZERO if small else rest}
    return {**{key: row[key] for key in (*MATCH_KEYS, "bill", "purchases", "ledger")}, **parts,
            "matched_by": _matched_by(row, booked, late)}


def _exchange(row: Mapping) -> Decimal:
    """What the booked rate makes of the invoice, its credit memos (listed at the booked rate) taken back in."""
    moved = row["ledger"] - row["worth"]
    if not moved or not row["ledger"]:
        return moved
    return moved - to_cents(row["credit memos"] * moved / row["ledger"])


def _plausible(amount: Decimal, base: Decimal, most: Decimal) -> Decimal:
    return amount if abs(amount) <= abs(base) * most else ZERO


def _matched_by(row: Mapping, booked: bool, late: bool) -> str:
    if not booked:
        return "bill only"
    if not row["bill"] and not row["tax_in_bill"]:
        return "bill of an earlier month" if late else "ledger only"
    return "invoice number" if row["invoice_id"] else "provider and month"
