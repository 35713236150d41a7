"""How many months after a bill's month does the ledger book it?  Measured on invoice postings, or refused.

    usage, postings by month → compare → Evidence   what the difference would be at each lag, month by month
    evidence → decide → Found                       the lag, or why there is none; and since when it is another
    bills, ledger invoices → by_invoice             the lag of each invoice whose number stands on both sides

Accruals are no invoices and are left out.  A lag is never guessed: where two fit about as well, none is given.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median

import pandas as pd

from helpers.periods import distance, shift

LAGS = (0, 1, 2, 3)
FEWEST = 6  # months that must be comparable at every lag
EACH = 5  # months on either side of a change
CLOSER = 0.85  # of the months the best lag must be the closer one, against each other lag
CLEAR = 0.4  # and its usual miss at most this part of the other's
FAR = 0.10  # a lag whose usual miss is larger fits nothing
SAME = 0.9  # share of invoices that must agree, where numbers tell
COLUMNS = ["lag", "months", "usual_miss", "closest_in"]


@dataclass(frozen=True)
class Found:
    """A provider's lag and how it was found; `lag` is None where it could not be told."""

    lag: int | None
    why: str
    since: str = ""  # first ledger month of the lag, where it was another before
    before: int | None = None


def misses(usage: Mapping[str, float], posted: Mapping[str, float]) -> dict[str, dict[int, float]]:
    """By ledger month how far the posting is from the usage at each lag, as |ln(posted / used)|.

    Months that cannot be compared at every lag are left out: what they would say depends on which are there.
    """
    found = {}
    for month, amount in sorted(posted.items()):
        used = {lag: usage.get(shift(month, -lag), 0) for lag in LAGS}
        if amount > 0 and all(value > 0 for value in used.values()):
            found[month] = {lag: abs(math.log(float(amount) / float(value))) for lag, value in used.items()}
    return found


def compare(found: Mapping[str, Mapping[int, float]]) -> pd.DataFrame:
    """One row a lag: months compared, the usual (median) miss as a share, and in how many months it was closest."""
    closest = [min(LAGS, key=lambda lag: (miss[lag], lag)) for miss in found.values()]
    rows = [(lag, len(found), math.expm1(median(miss[lag] for miss in found.values())) if found else None,
             closest.count(lag)) for lag in LAGS]
    return pd.DataFrame(rows, columns=COLUMNS)


def decide(found: Mapping[str, Mapping[int, float]]) -> Found:
    """The lag that the months tell, one change on the way allowed; none where it is not clear."""
    if len(found) < FEWEST:
        return Found(None, f"{len(found)} months can be compared at every lag, and {FEWEST} are needed")
    months = sorted(found)
    whole, why = _clear(found, months)
    if whole is not None:
        return Found(whole, why)
    changes = []
    for cut in range(EACH, len(months) - EACH + 1):
        first, second = _clear(found, months[:cut])[0], _clear(found, months[cut:])[0]
        if first is not None and second is not None and first != second:
            size = sum(found[month][first] for month in months[:cut]) + sum(found[month][second] for month in months[cut:])
            since = shift(months[cut - 1], 1) if second > first else months[cut]  # a longer lag leaves a month without bill
            changes.append((size, since, first, second))
    if changes:
        _, since, first, second = min(changes)
        return Found(second, f"{second} months since {since}, {first} before", since, first)
    return Found(None, why)


def _clear(found: Mapping[str, Mapping[int, float]], months: list[str]) -> tuple[int | None, str]:
    """The lag that is clearly nearest in the months, and why; None and why not."""
    usual = {lag: median(found[month][lag] for month in months) for lag in LAGS}
    best = min(LAGS, key=lambda lag: (usual[lag], lag))
    if usual[best] > FAR:
        return None, f"no lag fits: at best the ledger is {math.expm1(usual[best]):.0%} away from the usage"
    for other in sorted(set(LAGS) - {best}, key=usual.__getitem__):
        wins = sum(found[month][best] < found[month][other] for month in months)
        if wins < CLOSER * len(months) or usual[best] > CLEAR * usual[other]:
            return None, (f"{best} and {other} months fit about as well: usual miss {math.expm1(usual[best]):.1%} and "
                          f"{math.expm1(usual[other]):.1%}, the first closer in {wins} of {len(months)} months")
    return best, f"usual miss {math.expm1(usual[best]):.1%} in {len(months)} months, no other lag near it"


def by_invoice(bills: pd.DataFrame, invoices: pd.DataFrame) -> pd.DataFrame:
    """One row an invoice whose number stands in a provider's bills and in the ledger: months from one to the other.

    bills: ProviderName, InvoiceId, billing_period, and BillingAccountId where they have it.  invoices: ProviderName,
    invoice_id, fiscal_period.  An invoice of several accounts names none.
    """
    told = [name for name in ("ProviderName", "InvoiceId", "billing_period", "BillingAccountId") if name in bills]
    numbered = bills.loc[bills["InvoiceId"].ne(""), told].drop_duplicates().groupby(["ProviderName", "InvoiceId"])
    billed = numbered["billing_period"].min()
    accounts = numbered["BillingAccountId"].agg(lambda names: min(names) if min(names) == max(names) else "").to_dict() \
        if "BillingAccountId" in bills else {}
    posted = invoices[invoices["invoice_id"].ne("")].groupby(["ProviderName", "invoice_id"])["fiscal_period"].min()
    both = sorted(set(billed.index) & set(posted.index))
    rows = [(*key, accounts.get(key, ""), billed[key], posted[key], distance(billed[key], posted[key])) for key in both]
    return pd.DataFrame(rows, columns=["ProviderName", "invoice_id", "BillingAccountId", "billing_period", "ledger_period", "lag"])


def by_account(invoices: pd.DataFrame) -> tuple[int | None, dict[str, int]]:
    """The lag of most invoices, and of each billing account whose invoices agree on another; None where one's do not."""
    found = {account: agreed(rows["lag"]) for account, rows in invoices.groupby("BillingAccountId")}
    if "" in found or not found or None in found.values():
        return None, {}
    usual = invoices["lag"].mode().min()
    return int(usual), {account: lag for account, lag in found.items() if lag != usual}


def agreed(lags: pd.Series) -> int | None:
    """The lag of nearly all invoices; None where there are few, or they do not agree."""
    counts = lags.value_counts()
    return int(counts.index[0]) if len(lags) >= FEWEST and counts.iloc[0] >= SAME * len(lags) else None
