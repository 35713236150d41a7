"""How fast is the full cost of everything?  5,000 applications × 60 towers × 24 months.

Each month: cloud cost of 5,000 applications in 10 towers each, already charged, and 600 ledger lines by rule into 60 towers, by usage
of 12 drivers that all applications have, by hours, evenly, or left outside.  Measured in a process of its own: TCO lines of every month, the layers and
tables of the last one, and bridge, trend and movers over all of them.

    python -m benchmarks.tco
"""

import time
from decimal import Decimal
from types import SimpleNamespace

import numpy as np
import pandas as pd

from benchmarks import alone
from helpers import burden, cells, charges, costs, layers, span, tco
from helpers.given import Given
from helpers.money import total
from helpers.periods import months as between
from helpers.settings import Taxonomy

APPLICATIONS, TOWERS, MONTHS, DRIVERS, LINES, CLOUD_TOWERS = 5_000, 60, 24, 12, 600, 10
SECONDS, GB = 10.0, 2.0
PERIODS = between("2024-10", "2026-09")
NAMES = [f"APP-{app}" for app in range(APPLICATIONS)]
METHODS = ("usage", "usage", "usage", "usage", "usage", "usage", "hours", "hours", "even", "leave")


def rules() -> pd.DataFrame:
    """One TCO rule a tower, for the account of that tower."""
    rows = [{"priority": tower, "account": f"7{tower:03}", "cost_centre": "", "vendor": "", "method": METHODS[tower % len(METHODS)],
             "driver": f"driver {tower % DRIVERS}" if METHODS[tower % len(METHODS)] == "usage" else "", "consumer": "", "activity": "",
             "hosting": "on-premises", "v5_tower": f"tower {tower}", "v5_sub_tower": "", "reason": "", "owner": ""} for tower in range(TOWERS)]
    return pd.DataFrame(rows).assign(tower=lambda table: table["v5_tower"], sub_tower="")


def feeds() -> dict[str, pd.DataFrame | None]:
    """Labour, drivers and applications of all months; by a rule of arithmetic, the same each time."""
    known = [Decimal(quantity) for quantity in range(1000)]
    places = np.arange(MONTHS * DRIVERS * APPLICATIONS)
    drivers = pd.DataFrame({
        "period": pd.array(np.repeat(PERIODS, DRIVERS * APPLICATIONS), dtype="str"), "consumer": pd.array(NAMES * (MONTHS * DRIVERS), dtype="str"),
        "driver": pd.array(np.tile(np.repeat([f"driver {n}" for n in range(DRIVERS)], APPLICATIONS), MONTHS), dtype="str"),
        "quantity": pd.Series([known[1 + place] for place in (places * 31 % 999).tolist()], dtype=object), "unit": "units"})
    labour = pd.DataFrame({
        "period": pd.array(np.repeat(PERIODS, APPLICATIONS), dtype="str"), "application": pd.array(NAMES * MONTHS, dtype="str"), "team": "a team",
        "cost_centre": pd.array([f"{4000 + app % 50}" for app in range(APPLICATIONS)] * MONTHS, dtype="str"),
        "activity": pd.array([("run", "build")[app % 2] for app in range(APPLICATIONS)] * MONTHS, dtype="str"),
        "hours": pd.Series([known[1 + place] for place in (np.arange(MONTHS * APPLICATIONS) * 17 % 999).tolist()], dtype=object)})
    applications = pd.DataFrame({"application": NAMES, "kind": "application", "status": "live", "service_owner": [f"Head of {app % 500}" for app in range(APPLICATIONS)],
                                 "cost_centre": [f"{1000 + app % 500}" for app in range(APPLICATIONS)]})
    return {"labour": labour, "drivers": drivers, "applications": applications, "assets": None, "capacity": None}


class Made(SimpleNamespace):
    """What tco.lines asks of a month of the walk."""

    of_month = Given.of_month


def month_of(period: str, given: dict, ruled: pd.DataFrame, org: pd.DataFrame, parts: dict) -> Made:
    """The month with its charges, and the ledger with its rules; `parts` is shared by all months."""
    place = np.arange(APPLICATIONS * CLOUD_TOWERS)
    tied = pd.DataFrame({
        "source": "usage", "bucket": "", "ProviderName": "AWS", "ServiceName": np.char.add("service ", (place % CLOUD_TOWERS).astype(str)).astype(object),
        "ChargeCategory": "Usage", "application": [NAMES[app] for app in (place // CLOUD_TOWERS).tolist()], "owner_by": "CMDB", "tag_owner": "",
        "owner": [f"Head of {app % 500}" for app in (place // CLOUD_TOWERS).tolist()], "cost_pool": "Cloud Services", "sub_pool": "Cloud Service Provider",
        "tower": np.char.add("tower ", (place % CLOUD_TOWERS).astype(str)).astype(object), "sub_tower": "Servers", "billing_period": period})
    tied["amount"] = pd.Series([Decimal(cents) / 10_000 for cents in ((place + int(period[-2:])) * 104_729 % 9_999_991).tolist()], dtype=object)
    books = pd.DataFrame({
        "line_id": [f"{period}-{line}" for line in range(LINES + 1)], "fiscal_period": period, "kind": "expense",
        "use": ["cloud", *["other"] * LINES], "account": ["6100", *(f"7{line % TOWERS:03}" for line in range(LINES))],
        "cost_centre": ["4900", *(f"{4000 + line % 50}" for line in range(LINES))], "vendor": "", "text": "",
        "v5_cost_pool": ["Cloud Services", *(f"pool {line % TOWERS % 9}" for line in range(LINES))], "v5_sub_pool": "Expense"})
    control = total(tied["amount"]).quantize(Decimal("0.01"))
    books["amount"] = pd.Series([control, *(Decimal(1_000_000 + line * 7_919 % 999_983) / 100 for line in range(LINES))], dtype=object)
    items = costs.cost_items(tied, books, None, given["applications"], period)
    charged = charges.charge(items, None, None, given["applications"], org, period, "reciprocal")
    return Made(
        period=period, coded=books, charged=charged, placed=costs.placed(tied, None, given["applications"], period), accounts=None, org=org,
        tco_ordered=ruled, pool_sources=None, params=SimpleNamespace(taxonomy=Taxonomy(pools="v5", towers="v5")), merged_teams=frozenset(), _of_months=parts, **given)


def turn(month: Made) -> tuple[pd.DataFrame, pd.DataFrame]:
    """TCO lines of a month, and the same at the grain of the span."""
    month.ruled = burden.ruled(month.coded, None, month.tco_ordered, month.params.taxonomy, month.period)
    lines = tco.lines(month)
    return lines, span.reduced(lines)


def tables(lines: pd.DataFrame, found: dict[str, pd.DataFrame]) -> None:
    """The tables of the last month, and those over all months."""
    for table in (span.bridge, span.trend, span.movers):
        table(found)
    for columns in (("cost_pool", "sub_pool"), ("tower", "sub_tower"), ("business_unit",), ("application",)):
        layers.by_class(lines, *columns)
    for made in (layers.layers, layers.by_application, layers.flows):
        made(lines)


def measure() -> int:
    """Measures here; 1 where a limit is passed."""
    given, ruled = feeds(), rules()
    org = pd.DataFrame({"cost_centre": [f"{1000 + part}" for part in range(500)], "business_unit": [f"unit {part % 20}" for part in range(500)],
                        "owner": [f"Head of {part}" for part in range(500)]})
    took, found, parts = 0.0, {}, {}
    for period in PERIODS:  # what a month is given is made outside the time measured
        month = month_of(period, given, ruled, org, parts)
        start = time.perf_counter()
        lines, found[period] = turn(month)
        took += time.perf_counter() - start
        assert cells.total(lines) == cells.total(found[period]) == total(month.coded["amount"]), period
    start = time.perf_counter()
    tables(lines, found)
    took, peak = took + time.perf_counter() - start, alone.peak()
    print(f"{APPLICATIONS:,} applications × {TOWERS} towers × {MONTHS} months: {len(lines):,} lines a month")
    print(f"  full cost    {took:.2f} s   limit {SECONDS}")
    print(f"  memory       peak {peak:.2f} GB   limit {GB}")
    return int(took > SECONDS or peak > GB)


def main() -> int:
    """Measures in a process of its own; 1 where a limit is passed."""
    return alone.measured("benchmarks.tco", __doc__, measure)


if __name__ == "__main__":
    raise SystemExit(main())
