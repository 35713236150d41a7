"""What takes usage to the ledger?  Each difference in its bucket, and cost in the shape of usage tied to the ledger.

    booked, matches → span → steps   one row a provider and bucket; the buckets add up from usage to ledger
    booked, matches → tie → tied     usage gives the shape, the ledger the amount: reconciling items are own lines

A provider's bill of month S is booked in ledger month S + lag.  All amounts are in the report's currency.
"""

from decimal import Decimal

import pandas as pd

from helpers import settlement
from helpers.errors import InputError
from helpers.house import number
from helpers.ledger import CLOUD_USES
from helpers.money import sum_by, to_cents, total
from helpers.rates import BASES

REPLACED = "usage in place of the ledger's lines"
TWICE = "delivered twice, kept out"
RECOVERABLE = "recoverable tax, no expense"
MEMO = {TWICE: "beside the bridge: in neither end", RECOVERABLE: "beside the bridge: the tax office pays it back"}
BUCKETS = {  # in the order of the bridge; each name with what it holds
    "timing": "the bill of the month the ledger books, less the bill of the ledger's own month",
    "corrections of closed months": "lines of this bill for usage of earlier months",
    "prepaid movement": "what the ledger releases of prepaid commitments, less purchases taken to prepaid",
    "tax": "tax in the ledger that the billing data does not hold",
    "credit memos": "credits netted on an invoice outside the billing data",
    "refunds": "money back that the billing data does not hold",
    "marketplace": "marketplace purchases booked beside the provider's bill",
    "support": "support booked beside the provider's bill",
    "accruals": "booked for bills still to come, and reversed when they come",
    "manual adjustments": "adjustments that finance made or lists",
    "capitalised": "invoices booked as an asset: no expense of the month",
    "missing invoices": "billed, with no invoice in the ledger",
    "late invoices": "booked now, missing from the ledger month that was to hold them",
    "early invoices": "booked before the ledger month that was to hold them, and taken off in it",
    "duplicates": "invoices booked again, and taken back",
    "FX": "booked at another rate than the month's",
    "rounding": "invoices are in cents, usage is not",
    "unexplained": "what is left",
}


def span(booked: pd.DataFrame, kept_out: pd.DataFrame, coded: pd.DataFrame, matches: pd.DataFrame,
           period: str) -> pd.DataFrame:
    """One row a provider and step: usage of the month, each bucket, the ledger; amounts add up down the steps.

    Files delivered twice and recoverable tax stand beside the steps (kind `memo`): they are in neither end.
    """
    rows = []
    for provider in _providers(booked, coded, matches):
        bill = booked[(booked["ProviderName"] == provider)]
        twice = (kept_out["ProviderName"] == provider) & (kept_out["ledger_period"] == period)
        billed_in = bill[bill["ledger_period"] == period]
        usage = _own(bill[bill["billing_period"] == period])
        of_month = matches[(matches["ProviderName"] == provider) & (matches["ledger_period"] == period)]
        freed = release(coded, provider, period)
        parts = {
            "timing": _own(billed_in) - usage,
            "corrections of closed months": total(billed_in["billed"]) - _own(billed_in),
            "prepaid movement": freed - total(of_month["purchases"]),
            **{bucket: total(of_month[bucket]) for bucket in settlement.BUCKETS},
        }
        rows += [(provider, f"usage {period}", usage, "total")]
        rows += [(provider, bucket, parts[bucket], "step") for bucket in BUCKETS]
        rows += [(provider, f"ledger {period}", total(of_month["ledger"]) + freed, "total")]
        rows += [(provider, TWICE, total(kept_out.loc[twice, "billed"]), "memo")]
        rows += [(provider, RECOVERABLE, _recoverable(coded, provider, period), "memo")]
    return pd.DataFrame(rows, columns=["ProviderName", "bucket", "amount", "kind"])


def tie(booked: pd.DataFrame, coded: pd.DataFrame, matches: pd.DataFrame, period: str, basis: str) -> pd.DataFrame:
    """Ledger-tied lines of the month: usage lines on the basis, then one line a provider and reconciling bucket.

    basis: amortised or billed.  `amount` adds up to the providers' expense in the ledger; `bucket` is "" for usage.
    """
    shape = booked[booked["ledger_period"] == period]
    column = BASES[basis]
    usage = shape.assign(source="usage", bucket="", amount=shape[column])
    rows = []
    for provider in _providers(booked, coded, matches):
        of_month = matches[(matches["ProviderName"] == provider) & (matches["ledger_period"] == period)]
        lines = shape[shape["ProviderName"] == provider]
        movement = total(lines["billed"]) - total(lines[column]) - total(of_month["purchases"])
        parts = {"prepaid movement": movement + release(coded, provider, period)}
        parts |= {bucket: total(of_month[bucket]) for bucket in settlement.BUCKETS}
        rows += [{"ProviderName": provider, "source": "reconciling", "bucket": bucket, "amount": amount,
                  "ledger_period": period} for bucket, amount in parts.items() if amount]
    reconciling = pd.DataFrame(rows, columns=["ProviderName", "source", "bucket", "amount", "ledger_period"])
    blank = {name: "" for name in usage.columns if name not in reconciling.columns}
    return pd.concat([usage, reconciling.assign(**blank)[usage.columns]], ignore_index=True)


def untied(booked: pd.DataFrame, period: str, basis: str) -> pd.DataFrame:
    """The month's own bill in the shape of ledger-tied lines, where there is no ledger to tie it to."""
    column = BASES[basis]
    lines = booked[booked["billing_period"] == period]
    return lines.assign(source="usage", bucket="", amount=lines[column])


def replace(coded: pd.DataFrame, usage: pd.DataFrame, period: str) -> pd.DataFrame:
    """The ledger with the month's usage, a line a provider, in place of its cloud lines; in all to the cent.

    Raises InputError where the ledger has no cloud account that a line could stand on.
    """
    cloud = coded["use"].isin(CLOUD_USES) & (coded["kind"] == "expense")
    accounts = coded[cloud & (coded["use"] == "cloud")].sort_values("account").iloc[:1]
    if accounts.empty:
        raise InputError("ledger_lines", "replaced, and the ledger has no line of an account with use cloud",
                         "an account that usage can stand on", "set it to tied")
    sums = sum_by(usage, ["ProviderName"], ["amount"])
    whole = total(sums["amount"])
    rows = [*sums.itertuples(index=False, name=None), ("", to_cents(whole) - whole)]
    blank = {"vendor": "", "invoice_id": "", "document_type": "", "document_currency": "", "document_amount": None}
    lines = [accounts.assign(fiscal_period=period, line_id=f"usage {provider or 'rounding'}", amount=amount,
                             ProviderName=provider, text=REPLACED, **{key: blank[key] for key in blank if key in accounts})
             for provider, amount in rows if amount]
    rest = coded[~(cloud & (coded["fiscal_period"] == period))]
    return pd.concat([rest, *lines], ignore_index=True)


def warning(recorded: pd.DataFrame, coded: pd.DataFrame, period: str, currency: str) -> str:
    """That the tie is broken, and by how much."""
    was, now = cloud_expense(recorded, period), cloud_expense(coded, period)
    return (f"Usage stands in place of the ledger's cloud lines. This is not recommended: it breaks the tie to the general "
            f"ledger. The ledger's cloud expense of {period} is {number(was)} {currency}; this page stands on {number(now)}, "
            f"{number(now - was)} away from it. Set ledger_lines: tied to mend it.")


def cloud_expense(coded: pd.DataFrame, period: str) -> Decimal:
    """The month's expense on cloud accounts in the ledger."""
    cloud = coded["use"].isin(CLOUD_USES) & (coded["kind"] == "expense") & (coded["fiscal_period"] == period)
    return total(coded.loc[cloud, "amount"])


def _providers(booked: pd.DataFrame, coded: pd.DataFrame, matches: pd.DataFrame) -> list[str]:
    """Everyone who billed, was booked or is matched: nobody's amount is left out of the bridge."""
    return sorted({name for table in (booked, coded, matches) for name in table["ProviderName"].unique()} - {""})


def _recoverable(coded: pd.DataFrame, provider: str, period: str) -> Decimal:
    """Tax on the provider's invoices that is a claim and no expense."""
    lines = coded[coded["kind"].eq("recoverable tax") & coded["fiscal_period"].eq(period)]
    return total(lines.loc[lines["ProviderName"] == provider, "amount"])


def _own(lines: pd.DataFrame) -> Decimal:
    """Billed cost of the bill's own month: lines for usage of other months left out."""
    return total(lines.loc[lines["service_period"] == lines["billing_period"], "billed"])


def releases(coded: pd.DataFrame, period: str) -> pd.DataFrame:
    """The month's ledger lines that release prepaid commitments."""
    return coded[(coded["use"] == "cloud amortisation") & (coded["kind"] == "expense")
                 & (coded["fiscal_period"] == period)]


def release(coded: pd.DataFrame, provider: str | None, period: str) -> Decimal:
    """What the ledger releases of prepaid commitments in the month: of the provider, or of all (None)."""
    lines = releases(coded, period)
    return total(lines["amount"] if provider is None else lines.loc[lines["ProviderName"] == provider, "amount"])
