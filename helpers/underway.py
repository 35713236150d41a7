"""Which months are still under way, and where will they land?  Bills that are told by day, up to their last day.

    days of the bills, rates → daily → one row a provider and day
    daily → under_way → by provider the month whose days have not all come
    daily → landings → where each such month lands, and how near such landings came so far

A month that a provider bills without days is complete when its bill is there.
"""

from calendar import monthrange
from collections.abc import Mapping

import pandas as pd

from helpers import landing, rates
from helpers.money import sum_by
from helpers.periods import shift
from helpers.rates import BASES

BY_DAY = 10  # days of a month with cost: from so many on, it is told by day
TRIED = (7, 14, 21)  # days of a month after which landings are tried


def daily(days: pd.DataFrame, table: pd.DataFrame | None, currency: str, basis: str) -> pd.DataFrame:
    """line (provider), day and amount in the report's currency, of the months that are told by day."""
    if days.empty:
        return pd.DataFrame(columns=["line", "day", "amount"])
    told = rates.convert(days, table, currency)
    sums = sum_by(told, ["ProviderName", "service_day"], [BASES[basis]]).set_axis(["line", "day", "amount"], axis=1)
    counts = sums.groupby(["line", sums["day"].str[:7]])["day"].transform("nunique")
    last = sums["day"].str[:7] == sums.groupby("line")["day"].transform("max").str[:7]
    before = sums.assign(by_day=counts >= BY_DAY).groupby("line")["by_day"].transform("any")
    return sums[(counts >= BY_DAY) | last & before].reset_index(drop=True)


def under_way(days: pd.DataFrame) -> dict[str, str]:
    """By provider the month of its last day, where days of it have not come yet: two or more than were missing at the end of its month before.

    Only the month of the last day of all can be under way; a provider whose days ended earlier has stopped.
    """
    found, now = {}, days["day"].max()[:7] if len(days) else ""
    for line, mine in days.groupby("line")["day"]:
        ends = mine.groupby(mine.str[:7]).max()
        lacking = {month: monthrange(int(month[:4]), int(month[5:]))[1] - int(last[8:]) for month, last in ends.items()}
        month = max(lacking)
        if month == now and lacking[month] > 1 + lacking.get(shift(month, -1), 0):
            found[line] = month
    return found


def landings(days: pd.DataFrame, open_months: Mapping[str, str]) -> pd.DataFrame:
    """One row a provider whose month is under way: landing, bands, next month."""
    parts = [landing.land(rows, rows["day"].max()) for line, rows in days.groupby("line") if line in open_months]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=landing.COLUMNS)


def tried(days: pd.DataFrame) -> pd.DataFrame:
    """One row a number of days: what landings of the providers' complete months would have missed by after so many."""
    parts = []
    for after in TRIED:
        found = [landing.accuracy(rows, after).assign(line=line) for line, rows in days.groupby("line")]
        parts.append(pd.concat(found, ignore_index=True).assign(after_days=after) if found else pd.DataFrame())
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()
