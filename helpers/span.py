"""Do both sides cover the same months, and which way does the cost go?  Chargeback and TCO over several months.

    month → months → TCO lines of each month of the span, the review month last
    months → bridge, trend, movers → tables
    month → coverage → which months each feed has, against the bills'
"""

import numpy as np
import pandas as pd

from helpers import cells, checks, layers
from helpers.cells import CHARGEBACK, LEDGER
from helpers.mapping import rows_of
from helpers.money import total
from helpers.optional import needs_table
from helpers.periods import months as between
from helpers.periods import shift

GRAIN = ["application", "business_unit", "source", "cost_pool", "spending", "activity", "hosting", "residual"]
KINDS = {"spending": (cells.OPEX, cells.CAPEX), "activity": (cells.RUN, cells.BUILD), "hosting": (cells.CLOUD, cells.PREMISES, cells.BOTH)}
MOVERS = ["application", "then", "now", "change", "most", "of_it"]
FEEDS = ("labour", "drivers", "capacity", "volumes")


def months(month) -> dict[str, pd.DataFrame]:
    """Month → its TCO at the grain of these tables; only months that have both bills and books."""
    found = {}
    for period in between(shift(month.period, 1 - month.params.tco.months), month.period):
        booked = ((month.coded["fiscal_period"] == period) & (month.coded["kind"] == "expense")).any()
        other = month if period == month.period else month.billed_month(period) if booked else None
        if other is not None and other.tco is not None and len(other.tco):
            found[period] = reduced(other.tco)
    return found


def reduced(lines: pd.DataFrame) -> pd.DataFrame:
    """TCO lines at the grain of these tables."""
    return lines.groupby(GRAIN, observed=True)["cents"].sum().reset_index()


@needs_table
def bridge(found: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """One row an application over all months of the span: what it is charged, what TCO adds by cost pool, its TCO."""
    return layers.by_part(pd.concat(map(layers.parts, found.values()), ignore_index=True))


def by_month(found: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """One row a month and application ("" for what reaches none) with its cents: all, charged and added, and by kind."""
    return pd.concat([_by_application(lines).assign(month=period) for period, lines in found.items()], ignore_index=True)


def _by_application(lines: pd.DataFrame) -> pd.DataFrame:
    parts = {"TCO": True, "charged": lines["source"] == CHARGEBACK, "added": lines["source"] == LEDGER}
    for column, names in KINDS.items():
        parts |= {name: lines[column] == name for name in names}
    cents = pd.DataFrame({name: lines["cents"] * part for name, part in parts.items()})
    return cents.groupby(lines["application"], observed=True).sum().reset_index().astype({"application": "str"})


@needs_table
def trend(found: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """One row a month: control total, what applications carry, charged, OpEx and CapEx, run and build, where it runs."""
    months = by_month(found)
    owned = months[months["application"] != ""].drop(columns=["application", "added"]).groupby("month").sum()
    whole = months.groupby("month")["TCO"].sum()
    table = owned.reindex(whole.index, fill_value=0).rename(columns={"TCO": "TCO of applications"})
    table.insert(0, "technology expense", whole)
    return table.apply(cells.money).reset_index()


@needs_table
def movers(found: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """One row an application: TCO of the last two months of the span, the change, and the cost pool that moved most in
    its direction; where the change is nothing, that moved most either way."""
    if len(found) < 2:
        return pd.DataFrame(columns=MOVERS)
    then, now = (layers.parts(lines).set_index(["application", "part"])["cents"] for lines in list(found.values())[-2:])
    sides = pd.concat({"then": then, "now": now}, axis=1).fillna(0).astype("int64")
    sides = sides.assign(change=sides["now"] - sides["then"]).reset_index()
    sums = sides.groupby("application")[["then", "now", "change"]].sum()
    way = np.sign(sides["application"].map(sums["change"]))
    reach = (sides["change"] * way).where(way != 0, sides["change"].abs())
    largest = sides.assign(reach=reach).sort_values(["application", "reach", "part"]).groupby("application").last()
    table = sums.assign(of_it=largest["change"]).apply(cells.money).assign(most=largest["part"]).reset_index()
    order = sums["change"].abs().sort_values(ascending=False, kind="stable").index
    return table.set_index("application").loc[order].reset_index()[MOVERS]


def coverage(month) -> pd.DataFrame:
    """One row a feed: its first and last month, and which months that have bills it lacks, in the span and in all."""
    billed = sorted({period for period in set(month.booked["ledger_period"]) if period <= month.period})
    span = set(between(shift(month.period, 1 - month.params.tco.months), month.period))
    have = {"bills": set(billed), "ledger": set() if month.coded is None else set(month.coded.loc[month.coded["kind"] == "expense", "fiscal_period"])}
    have |= {name: {period for (period,) in rows_of(getattr(month, name), ["period"])} for name in FEEDS if getattr(month, name) is not None}
    rows = []
    for feed, found in have.items():
        known = sorted(period for period in found if period <= month.period)
        lacking = sorted(span & set(billed) - found)
        rows.append((feed, known[0] if known else "", known[-1] if known else "", len(set(known) & set(billed)), len(billed),
                     ", ".join(lacking), len(set(billed) - found)))
    return pd.DataFrame(rows, columns=["feed", "first", "last", "months", "months_billed", "lacking_in_span", "lacking"])


def check(found: dict[str, pd.DataFrame], table: pd.DataFrame, wanted: int) -> list[dict]:
    """The span has all its months on both sides; feeds that lack some of them, or of the months billed, are findings."""
    held = total(cells.total(lines[lines["residual"].str.startswith("No driver")]) for lines in found.values())
    short = table[table["lacking_in_span"] != ""]
    less = table[table["lacking"].astype(int) > 0]
    return [
        checks.noted("months of the span without bills or ledger", wanted - len(found), "TBM office",
                     f"{len(found)} of {wanted} months: {', '.join(found)}" if len(found) < wanted else ""),
        checks.noted("feeds that lack months of the span", len(short), "TBM office",
                     "; ".join(f"{row.feed} lacks {row.lacking_in_span}" for row in short.itertuples()), held),
        checks.noted("feeds that cover fewer months than the bills", len(less), "TBM office",
                     "; ".join(f"{row.feed} has {row.months} of {row.months_billed}, {row.first} to {row.last}" for row in less.itertuples())),
    ]
