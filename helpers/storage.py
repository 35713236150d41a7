"""How full is our storage, and how fast does the cloud's grow?  Owned, used, headroom and months to full; growth and spend.

    capacity, drivers, cards → owned → one row a storage card: owned, used, headroom, growth a month, months to full
    booked lines, volumes → cloud → one row an application: storage cost, its growth, and its output's; flagged where it should be
"""

from decimal import Decimal

import pandas as pd

from helpers import checks
from helpers.burden import usable
from helpers.mapping import rows_of
from helpers.money import ZERO, ratio, sum_by, total
from helpers.optional import needs_table
from helpers.periods import distance, shift

TOWER = "Storage"
BACK = 6  # months over which growth is measured
MARGIN = Decimal("0.02")  # a month; growth that is faster than output by no more is not flagged
UNOWNED, FASTER = "nobody owns it", "faster than its output"
OWNED_COLUMNS = ["card", "unit", "owned", "practical", "used", "headroom", "growth_a_month", "months_to_full"]
CLOUD_COLUMNS = ["application", "owner", "then", "now", "growth_a_month", "output_growth_a_month", "flag"]


def owned(rules: pd.DataFrame | None, capacity: pd.DataFrame | None, drivers: pd.DataFrame | None, period: str,
          version: str) -> pd.DataFrame | None:
    """One row a rate card of the storage tower; months to full at the mean growth of the last six months."""
    if rules is None or capacity is None or drivers is None:
        return None
    rows = []
    for rule in rules[rules[f"{version}_tower"] == TOWER].to_dict("records"):
        held = capacity[(capacity["driver"] == rule["driver"]) & (capacity["period"] == period)]
        feed = drivers[drivers["driver"] == rule["driver"]]
        used = {month: quantity for month, quantity in sum_by(feed, ["period"], ["quantity"]).itertuples(index=False) if month <= period}
        if not len(held) or period not in used:
            continue
        first = min(month for month in used if month >= shift(period, -BACK))
        elapsed = distance(first, period)
        growth = ratio(used[period] - used[first], Decimal(elapsed), 6) if elapsed else None
        room = usable(held) - used[period]
        left = ZERO if room <= 0 else ratio(room, growth, 1) if growth is not None and growth > 0 else None
        rows.append((rule["card"], held["unit"].iloc[0], total(held["owned"]), room + used[period], used[period], room, growth, left))
    return pd.DataFrame(rows, columns=OWNED_COLUMNS)


@needs_table
def cloud(booked: pd.DataFrame, volumes: pd.DataFrame | None, period: str) -> pd.DataFrame:
    """Cloud storage cost (amortised) by application and owner in the month booked, beside six months before."""
    stored = booked[booked["tower"] == TOWER]
    sides = [sum_by(stored[stored["ledger_period"] == month], ["application", "owner"], ["effective"]) for month in (shift(period, -BACK), period)]
    then, now = ({(name, owner): amount for name, owner, amount in side.itertuples(index=False)} for side in sides)
    made = {(month, name): quantity for month, name, quantity in rows_of(volumes, ["period", "application", "quantity"])}
    rows = []
    for key in sorted(then.keys() | now.keys()):
        was, is_ = then.get(key, ZERO), now.get(key, ZERO)
        growth = monthly(was, is_)
        output = monthly(made.get((shift(period, -BACK), key[0]), ZERO), made.get((period, key[0]), ZERO))
        flag = UNOWNED if not key[1] and is_ else FASTER if growth is not None and output is not None and growth > output + MARGIN else ""
        rows.append((*key, was, is_, growth, output, flag))
    return pd.DataFrame(rows, columns=CLOUD_COLUMNS).sort_values("now", key=lambda amounts: -amounts, kind="stable", ignore_index=True)


def monthly(then: Decimal, now: Decimal) -> Decimal | None:
    """Compound growth a month over six months; None where one end is not above zero."""
    if then <= 0 or now <= 0:
        return None
    return round(Decimal(float(now / then) ** (1 / BACK) - 1), 4)


def check(table: pd.DataFrame | None, full: pd.DataFrame | None) -> list[dict]:
    """Findings: cloud storage that is unowned or outgrows its output, and own storage full within half a year."""
    rows = []
    if table is not None:
        flagged = table[table["flag"] != ""]
        rows.append(checks.noted("cloud storage unowned or faster than its output", len(flagged), "FinOps team",
                                 "; ".join(f"{row.application or '(none)'}: {row.flag}" for row in flagged.head(5).itertuples()), total(flagged["now"])))
    if full is not None:
        soon = [row for row in full.itertuples() if row.months_to_full is not None and row.months_to_full < BACK]
        rows.append(checks.noted("own storage full within six months", len(soon), "Head of Infrastructure",
                                 "; ".join(f"{row.card} in {row.months_to_full} months" for row in soon)))
    return rows
