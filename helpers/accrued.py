"""What should the month accrue?  Usage billed or still to be billed that the ledger does not hold at the month's end.

    booked, matches → accruals → table              by provider and bill: not due yet, or its invoice is missing
    accruals → journal → lines                      a balanced proposal: the accrual, and its reversal a month later
    accruals of the month before, matches → true_up  what the invoices came to, against what was accrued

Accrual and reversal net to zero; only the true-up stays.  Amounts are in the report's currency, to the cent.
"""

from collections.abc import Mapping

import pandas as pd

from helpers import checks, ledger, openitems, posting
from helpers.mapping import rows_of
from helpers.money import ZERO, sum_by, to_cents, total
from helpers.periods import shift

KEYS = ["ProviderName", "billing_period", "invoice_id", "why"]
NOT_DUE, MISSING, ALREADY = "booked in a later month", "its invoice is missing", "accrued in the ledger already"
JOURNAL = ["document", "posting_date", "fiscal_period", "account", "debit", "credit", "currency", "text"]


def accruals(booked: pd.DataFrame, matches: pd.DataFrame | None, providers: Mapping, period: str) -> pd.DataFrame:
    """One row a bill that the ledger does not hold at the end of the period; purchases that go to prepaid left out.

    What the ledger has accrued and not reversed by then is taken off, a row a provider.
    """
    lines = booked[~ledger.to_prepaid(booked, providers) & (booked["billing_period"] <= period)].rename(columns={"InvoiceId": "invoice_id"})
    missing = set() if matches is None else openitems.still_missing(matches, period)
    later = lines["ledger_period"] > period
    lost = pd.Series([key in missing for key in rows_of(lines, ledger.MATCH_KEYS)], index=lines.index, dtype=bool)
    open_ = lines[later | lost]
    named = open_.assign(why=[NOT_DUE if is_later else MISSING for is_later in later[open_.index]])
    table = sum_by(named, KEYS, ["billed"]).rename(columns={"billed": "amount"})
    held = matches[matches["ledger_period"] <= period] if matches is not None else pd.DataFrame(columns=["ProviderName", "accruals"])
    stands = [(provider, period, "", ALREADY, -amount) for provider, amount
              in rows_of(sum_by(held, ["ProviderName"], ["accruals"]), ["ProviderName", "accruals"]) if amount]
    whole = pd.concat([table, pd.DataFrame(stands, columns=list(table))], ignore_index=True) if stands else table
    return whole.assign(amount=[to_cents(amount) for amount in whole["amount"]])


def journal(table: pd.DataFrame, coded: pd.DataFrame, account: str, period: str, currency: str,
            calendar: pd.DataFrame | None = None) -> pd.DataFrame:
    """The accrual and its reversal as journal lines, one document each; debits equal credits in both.

    The expense account of a provider is the one that most of its invoices are booked on.
    """
    usual, later = _accounts(coded), shift(period, 1)
    last, first = posting.days(period, calendar)[1], posting.days(later, calendar)[0]
    rows = []
    for document, month, day, sign in ((f"ACC-{period}", period, last, 1), (f"REV-{period}", later, first, -1)):
        for provider, bill, number, why, amount in rows_of(table, [*KEYS, "amount"]):
            done = "less what is accrued" if why == ALREADY else ""
            text = " ".join(filter(None, (f"{'Accrual' if sign > 0 else 'Reversal'} {provider} {bill}", number, done)))
            for name, worth in ((usual.get(provider, ""), amount * sign), (account, -amount * sign)):
                rows.append((document, day, month, name, max(worth, ZERO), max(-worth, ZERO), currency, text))
    return pd.DataFrame(rows, columns=JOURNAL)


def _accounts(coded: pd.DataFrame) -> dict[str, str]:
    """By provider the cloud account with most of its lines; of equals the lowest."""
    lines = coded[coded["use"].eq("cloud") & coded["kind"].eq("expense")]
    counts = lines.groupby(["ProviderName", "account"]).size()
    return {provider: min(rows.index.get_level_values("account"), key=lambda name: (-rows[(provider, name)], name))
            for provider, rows in counts.groupby("ProviderName")}


def true_up(before: pd.DataFrame, matches: pd.DataFrame | None, providers: Mapping, period: str) -> pd.DataFrame:
    """What was to be accrued a month ago against what the ledger booked for it this month; what is still to come apart."""
    columns = [*KEYS[:3], "accrued", "booked", "true_up", "state"]
    if matches is None:
        return pd.DataFrame(columns=columns)
    now = matches[matches["ledger_period"] == period]
    booked = {(row.ProviderName, row.invoice_id): row.ledger for row in now[now["ledger"].ne(ZERO)].itertuples()}
    rows = []
    for provider, bill, number, amount in rows_of(before[before["why"].ne(ALREADY)], [*KEYS[:3], "amount"]):
        worth = booked.get((provider, number)) if ledger.booked_in(provider, bill, providers) == period or number else None
        rows.append((provider, bill, number, amount, ZERO if worth is None else worth,
                     ZERO if worth is None else worth - amount, "still to come" if worth is None else "booked"))
    return pd.DataFrame(rows, columns=columns)


def check(lines: pd.DataFrame, account: str) -> list[dict]:
    """The proposal balances, document by document, and accrual and reversal net to zero on every account."""
    apart = [document for document, rows in lines.groupby("document") if total(rows["debit"]) != total(rows["credit"])]
    nets = {name: total(rows["debit"]) - total(rows["credit"]) for name, rows in lines.groupby("account")}
    rows = [checks.holds("accrual proposal balances in each document", not apart, "; ".join(apart)),
            checks.holds("accrual and reversal net to zero on every account", not any(nets.values()),
                         "; ".join(name for name, net in nets.items() if net))]
    if len(lines) and not account:
        rows.append(checks.noted("no account to accrue on", 1, "Head of Financial Control",
                                 "accruals.account in the parameters is blank: the credit side has no account", total([])))
    return rows
