"""What should the month accrue?  Usage billed that the ledger does not hold at the month's end.

    booked, ledger, matches → accruals → table      by provider and bill: not due yet, missing, or booked in part
    accruals → journal → lines                      a balanced proposal: the accrual, and its reversal a month later

What the ledger has accrued already (helpers.trueup) is taken off.  Amounts are in the report's currency, to the cent.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal

import pandas as pd

from helpers import checks, ledger, openitems, posting, trueup
from helpers.carried import EARLY, MISSING, UNEXPLAINED, toward
from helpers.mapping import rows_of
from helpers.money import ZERO, sum_by, to_cents, total
from helpers.periods import shift
from helpers.trueup import ALREADY, LEAST, LOST, NOT_DUE, SHORT

KEYS = ["ProviderName", "billing_period", "invoice_id", "why"]
WHY = {MISSING: LOST, UNEXPLAINED: SHORT}  # by the bucket that holds what is open
JOURNAL = ["document", "posting_date", "fiscal_period", "vendor", "account", "debit", "credit", "currency", "text"]
WAITED_FOR = 3  # months after its last bill that a provider is still waited for


def accruals(booked: pd.DataFrame, coded: pd.DataFrame | None, matches: pd.DataFrame | None, providers: Mapping, period: str,
             notes: pd.DataFrame | None = None, back: int = 0, least: Decimal = LEAST) -> pd.DataFrame:
    """One row a bill that the ledger does not hold at the end of the period, the last of the matches; of the month before
    it with `back` 1.  `ledger_period` is the month that is to hold it.

    Left out: purchases that go to prepaid, tax that the provider's ledger books as a claim, what is booked ahead, what a
    note cleared, and of bills that are booked what lacks up to `least`.
    """
    month = shift(period, -back)
    lines = booked[~ledger.to_prepaid(booked, providers) & (booked["billing_period"] <= month)]
    lines = lines.rename(columns={"InvoiceId": "invoice_id"})
    taxes = lines["ChargeCategory"].eq("Tax") & lines["ProviderName"].isin(trueup.claims(coded))
    given = [] if matches is None else matches[matches["ledger_period"] <= month].to_dict("records")
    rows = [*_not_due(lines[~taxes], given, month),
            *_lost(lines[~taxes], lines[taxes], given, "open_before" if back else "open", openitems.cleared(notes, month), least)]
    rows += [(name, month, "", ALREADY, "", -amount) for name, amount in trueup.standing(coded, month).items() if amount]
    table = pd.DataFrame(rows, columns=[*KEYS, "ledger_period", "amount"])
    table = table.assign(amount=[to_cents(amount) for amount in table["amount"]]).sort_values(KEYS[:3], kind="stable")
    return table[[bool(amount) for amount in table["amount"]]].reset_index(drop=True) if len(table) else table


def _not_due(lines: pd.DataFrame, matches: list[dict], month: str) -> Iterator[tuple]:
    """Bills that a later ledger month is to hold, less what of them is booked ahead."""
    ahead: dict[tuple, Decimal] = {}
    for row in matches:
        key = row["ProviderName"], row["invoice_id"]
        ahead[key] = ahead.get(key, ZERO) + row[EARLY]
    later = lines[lines["ledger_period"] > month]
    first = later.groupby(KEYS[:3])["ledger_period"].min().to_dict()
    for name, bill, number, amount in sum_by(later, KEYS[:3], ["billed"]).itertuples(index=False, name=None):
        yield name, bill, number, NOT_DUE, first[name, bill, number], amount - ahead.pop((name, number), ZERO)


def _lost(lines: pd.DataFrame, taxes: pd.DataFrame, matches: list[dict], open_: str, cleared: set[tuple],
          least: Decimal) -> Iterator[tuple]:
    """Bills that the ledger lacks, whole or in part, as far as it still does.

    Never more than their lines that are to be accrued, and nothing for tax that is still to come as a claim.
    """
    known = {(row["ProviderName"], row["invoice_id"]) for row in matches}
    room = _by_bill(lines, known)
    waiting = {key: tax for key, (_, tax) in _by_bill(taxes, known).items()}
    for row in matches:
        key = _bill(row["ProviderName"], row["invoice_id"], row["ledger_period"], known)
        waiting[key] = waiting.get(key, ZERO) - toward(-row["tax"], waiting.get(key, ZERO))
    for row in matches:
        name, number, due = row["ProviderName"], row["invoice_id"], row["ledger_period"]
        key, bucket = _bill(name, number, due, known), openitems.bucket_of(row)
        if not row[open_] or bucket not in WHY or key not in room or (name, due, number, bucket) in cleared:
            continue
        bill, most = room[key]
        tax = toward(-row[open_], waiting[key])
        amount = toward(-row[open_] - tax, most)
        waiting[key], room[key] = waiting[key] - tax, (bill, most - amount)
        if bucket == MISSING or abs(to_cents(amount)) > least:
            yield name, bill, number, WHY[bucket], due, amount


def _bill(name: str, number: str, due: str, known: set[tuple[str, str]]) -> tuple[str, str, str]:
    """What a bill is followed by: its number, or its provider's ledger month."""
    return (name, number, "") if number and (name, number) in known else (name, "", due)


def _by_bill(lines: pd.DataFrame, known: set[tuple[str, str]]) -> dict[tuple[str, str, str], tuple[str, Decimal]]:
    """The first month billed, and the amount."""
    found: dict[tuple[str, str, str], tuple[str, Decimal]] = {}
    sums = sum_by(lines, ["ProviderName", "invoice_id", "ledger_period", "billing_period"], ["billed"])
    for name, number, due, month, amount in sums.itertuples(index=False, name=None):
        first, before = found.get(key := _bill(name, number, due, known), (month, ZERO))
        found[key] = min(first, month), before + amount
    return found


def awaited(booked: pd.DataFrame, period: str) -> pd.DataFrame:
    """Providers whose bill of the period is not among the bills, and was in the months just before: the last one there is."""
    sums = sum_by(booked[booked["billing_period"] <= period], ["ProviderName", "billing_period"], ["billed"])
    last = sums.drop_duplicates("ProviderName", keep="last")
    late = last["billing_period"].lt(period) & last["billing_period"].ge(shift(period, -WAITED_FOR))
    return last[late].reset_index(drop=True)


def journal(table: pd.DataFrame, coded: pd.DataFrame, account: str, period: str, currency: str,
            calendar: pd.DataFrame | None = None) -> pd.DataFrame:
    """The accrual and its reversal as journal lines, one document each; debits equal credits in both.

    The expense account of a provider is the one that most of its invoices are booked on; blank where it has none.
    """
    usual, later = _accounts(coded), shift(period, 1)
    last, first = posting.days(period, calendar)[1], posting.day_after(period, calendar)
    rows = []
    for document, month, day, sign in ((f"ACC-{period}", period, last, 1), (f"REV-{period}", later, first, -1)):
        for provider, bill, number, why, amount in rows_of(table, [*KEYS, "amount"]):
            done = "less what is accrued" if why == ALREADY else ""
            text = " ".join(filter(None, (f"{'Accrual' if sign > 0 else 'Reversal'} {provider} {bill}", number, done)))
            for name, worth in ((usual.get(provider, ""), amount * sign), (account, -amount * sign)):
                rows.append((document, day, month, provider, name, max(worth, ZERO), max(-worth, ZERO), currency, text))
    return pd.DataFrame(rows, columns=JOURNAL)


def _accounts(coded: pd.DataFrame) -> dict[str, str]:
    """By provider the cloud account with most of its lines; of equals the lowest."""
    lines = coded[coded["use"].eq("cloud") & coded["kind"].eq("expense")]
    counts = lines.groupby(["ProviderName", "account"]).size()
    return {provider: min(rows.index.get_level_values("account"), key=lambda name: (-rows[(provider, name)], name))
            for provider, rows in counts.groupby("ProviderName")}


def check(lines: pd.DataFrame, account: str, waited: pd.DataFrame) -> list[dict]:
    """The proposal balances, document by document, and accrual and reversal net to zero on every account; findings: an
    account that is not known, and a bill that has not come."""
    apart = [document for document, rows in lines.groupby("document") if total(rows["debit"]) != total(rows["credit"])]
    nets = {name: total(rows["debit"]) - total(rows["credit"]) for name, rows in lines.groupby("account")}
    rows = [checks.holds("accrual proposal balances in each document", not apart, "; ".join(apart)),
            checks.holds("accrual and reversal net to zero on every account", not any(nets.values()),
                         "; ".join(name for name, net in nets.items() if net))]
    if len(lines) and not account:
        rows.append(checks.noted("no account to accrue on", 1, "Head of Financial Control",
                                 "accruals.account in the parameters is blank: the credit side has no account", total([])))
    odd = lines[lines["account"].eq("")] if account else lines.iloc[:0]
    names = sorted(set(odd["vendor"]))
    rows.append(checks.noted("accruals without an expense account", len(names), "Head of Financial Control",
                             f"the ledger has no cloud account with lines of {', '.join(names)}" if names else "",
                             total(odd["debit"])))
    told = [f"{row.ProviderName} has none of this month, the last is of {row.billing_period}" for row in waited.itertuples()]
    rows.append(checks.noted("bills that have not come, and nothing is accrued for", len(told), "FinOps team", "; ".join(told),
                             total(to_cents(amount) for amount in waited["billed"])))
    return rows
