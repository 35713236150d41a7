"""Which provider is each ledger line of, and which ledger month books each bill?

    ledger, accounts → code → coded           ledger lines with the kind and use of their account and their provider
    lines → book → booked                     usage lines with the ledger month that books them
    coded → invoices, documents → lines       cloud lines that are invoices, and those that are another document

A provider's bill of month S is booked in ledger month S + lag.  All amounts are in the report's currency.
"""

from collections.abc import Collection, Mapping

import pandas as pd

from helpers import globs, rates
from helpers.errors import InputError
from helpers.money import ZERO, plain, to_cents
from helpers.periods import shift

MATCH_KEYS = ["ProviderName", "ledger_period", "invoice_id"]
CLOUD_USES = ("cloud", "cloud tax", "cloud amortisation")
NO_PROVIDER = "other cloud vendors"
DOCUMENT_BUCKETS = {"credit memo": "credit memos", "refund": "refunds", "marketplace": "marketplace",
                    "support": "support", "accrual": "accruals", "reversal": "accruals",
                    "manual adjustment": "manual adjustments"}  # kind of document or of listed item: its bucket
NAMED = list(dict.fromkeys(DOCUMENT_BUCKETS.values()))
BESIDE = ("recoverable tax", "prepaid")  # kinds of account that are no expense, and yet a provider's


def code(ledger: pd.DataFrame, accounts: pd.DataFrame, providers: Mapping, rate_rows: pd.DataFrame | None = None,
         currency: str = "") -> pd.DataFrame:
    """The ledger lines with kind and use of their account, and the cloud provider their vendor stands for.

    Amounts in another currency than the report's are brought to it, line by line to the cent, at the rate of the
    fiscal period.  Prepaid and its release without vendor are those of the one provider whose commitments are prepaid, where
    there is one.  Raises InputError for an account that the accounts table does not have, and for a missing rate.
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
    holding = prepaid_providers(providers)
    if len(holding) == 1:
        nameless = coded["vendor"].eq("") & (coded["use"].eq("cloud amortisation") | coded["kind"].eq("prepaid"))
        named = named.mask(nameless, *holding)
    beside = named.where(coded["kind"].isin(BESIDE) & named.ne(NO_PROVIDER), "")
    return coded.assign(ProviderName=named.where(coded["use"].isin(CLOUD_USES), beside))


def _reported(ledger: pd.DataFrame, rate_rows: pd.DataFrame | None, currency: str) -> pd.DataFrame:
    """The lines in the report's currency; what they were booked in becomes their document, where they name none."""
    foreign = ledger["currency"].ne(currency)
    ledger = ledger.assign(own_amount=ledger["amount"], own_currency=ledger["currency"])
    if not currency or not foreign.any():
        return ledger
    table = rates.rate_table(rate_rows, currency)
    worth = [to_cents(amount * rates.rate_of(table, own, month, currency)) for amount, own, month
             in zip(ledger["amount"], ledger["currency"], ledger["fiscal_period"], strict=True)]
    bare = ledger["document_amount"].isna() | ledger["document_currency"].eq("")
    return ledger.assign(amount=worth, currency=currency,
                         document_amount=ledger["document_amount"].where(~bare, ledger["amount"]),
                         document_currency=ledger["document_currency"].where(~bare, ledger["currency"]))


def until(ledger: pd.DataFrame, period: str) -> pd.DataFrame:
    """The lines up to the month, when there are any in it; else an InputError that names the months there are."""
    months = sorted(set(ledger["fiscal_period"]))
    if period not in months:
        held = f"{months[0]} to {months[-1]}" if months else "no month"
        raise InputError("inputs.ledger, column fiscal_period", f"no line for {period}; it holds {held}",
                         "the ledger of the month under review", "add the month's extract, or set another period")
    return ledger[ledger["fiscal_period"] <= period].reset_index(drop=True)


def prepaid_providers(providers: Mapping) -> set[str]:
    """The providers whose commitments the ledger holds as prepaid."""
    return {name for name, setting in providers.items() if setting.commitments == "prepaid"}


def to_prepaid(lines: pd.DataFrame, providers: Mapping) -> pd.Series:
    """Whether each bill line is a commitment purchase that the ledger takes to prepaid, or money back for one.

    Money back is a line of a commitment that is billed, and amortised by none: a credit or refund of what was paid ahead.
    """
    bought = commitment_moves(lines)
    return bought & lines["ProviderName"].isin(prepaid_providers(providers))


def commitment_moves(lines: pd.DataFrame) -> pd.Series:
    """Whether each bill line buys a commitment, or gives money back for one."""
    returned = lines["ChargeCategory"].isin(("Credit", "Adjustment")) & lines["effective"].eq(ZERO) & lines["billed"].ne(ZERO)
    return lines["CommitmentDiscountId"].ne("") & (lines["ChargeCategory"].eq("Purchase") | returned)


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


def _provider_of(vendor: str, providers: Mapping) -> str:
    found = [name for name, setting in providers.items()
             if vendor == name or any(globs.matches(glob, vendor) for glob in setting.vendors)]
    return found[0] if found else NO_PROVIDER


def invoices(coded: pd.DataFrame, kinds: Collection[str] = ("expense",)) -> pd.DataFrame:
    """The ledger's lines of cloud invoices, tax among them, on accounts of the kinds."""
    lines = cloud_lines(coded, kinds)
    return lines[lines["bucket"].eq("")].drop(columns="bucket")


def documents(coded: pd.DataFrame) -> pd.DataFrame:
    """The ledger's other cloud lines, with the `bucket` of their kind of document."""
    lines = cloud_lines(coded, ("expense",))
    return lines[lines["bucket"].ne("")]


def cloud_lines(coded: pd.DataFrame, kinds: Collection[str]) -> pd.DataFrame:
    """The ledger's lines of cloud cost and its tax of the kinds, with the bucket of their document, "" for invoices."""
    lines = coded[coded["use"].isin(("cloud", "cloud tax")) & coded["kind"].isin(kinds)]
    kinds = lines["document_type"] if "document_type" in lines else [""] * len(lines)
    return lines.assign(bucket=pd.Series([DOCUMENT_BUCKETS.get(kind, "") for kind in kinds], index=lines.index, dtype=object))
