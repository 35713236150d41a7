"""How fast does cost become charges?  1,000,000 cost rows, 500 shared pools on three levels, 5,000 consumers.

Every pool is split over all 5,000 consumers: 150 evenly, 150 by cost, 200 by a consumption feed of a million rows; 60
pools serve 60 others, which serve 60 more (reciprocal).  Measured in a process of its own at 10,000, 100,000 and
1,000,000 rows: items and charge lines, with the checks' time besides.  Beside it stands a plain pandas merge of pools with the same 2,500,000
weights in floating point, with neither cents that add up, nor levels, nor reasons.

    python -m benchmarks.charges
"""

import time
from decimal import Decimal

import numpy as np
import pandas as pd

from benchmarks import alone
from helpers import chargeback, charges, costs
from helpers.money import total

ROWS, POOLS, CONSUMERS, FED = 1_000_000, 500, 5_000, 200
SECONDS, GB = 10.0, 2.0
PERIOD = "2026-09"


def made(rows: int) -> dict[str, pd.DataFrame]:
    """Ledger-tied cost, sources, rules, drivers and a CMDB; by a rule of arithmetic, the same each time."""
    place = np.arange(rows)
    shared = place // 7 % 10 < 3
    consumer = np.char.add("APP-", (place * 7919 % CONSUMERS).astype(str)).astype(object)
    platform = np.char.add("POOL-", (place % POOLS).astype(str)).astype(object)
    application = np.where(shared, platform, consumer)
    owner = np.where(shared, "Head of Platforms", np.char.add("Head of ", (place * 7919 % CONSUMERS % 500).astype(str)).astype(object))
    tied = pd.DataFrame({
        "source": "usage", "bucket": "", "ProviderName": np.array(["AWS", "Microsoft", "Google Cloud"], dtype=object)[place % 3],
        "ServiceName": np.char.add("service ", (place % 97).astype(str)).astype(object), "ChargeCategory": "Usage",
        "application": application, "owner": owner, "owner_by": "CMDB", "tag_owner": "",
        "tower": np.char.add("tower ", (place % 60).astype(str)).astype(object), "billing_period": PERIOD})
    tied["amount"] = pd.Series([Decimal(cents) / 10_000 for cents in (place * 104_729 % 9_999_991).tolist()], dtype=object)
    pools = [f"POOL-{pool}" for pool in range(POOLS)]
    sources = pd.DataFrame({"priority": range(POOLS), "pool": pools, "source": "usage", "application": pools})
    sources = sources.assign(**{name: "" for name in costs.pools.SOURCE_COLUMNS if name not in sources})
    methods = ["usage"] * FED + ["even"] * 150 + ["cost-weighted"] * 150
    rules = pd.DataFrame({"pool": pools, "method": methods, "driver": [*pools[:FED], *[""] * (POOLS - FED)]}).assign(
        consumer="", exempt="", floor=None, cap=None, price=None, share=None, if_missing="", valid_from="", valid_to="", reason="")
    apps = [f"APP-{app}" for app in range(CONSUMERS)]
    cmdb = pd.DataFrame({"application": [*apps, *pools], "kind": ["application"] * CONSUMERS + ["platform"] * POOLS,
                         "service_owner": [*(f"Head of {app % 500}" for app in range(CONSUMERS)), *["Head of Platforms"] * POOLS],
                         "cost_centre": [*(f"{1000 + app % 500}" for app in range(CONSUMERS)), *["9999"] * POOLS]})
    return {"tied": tied, "sources": sources, "rules": rules, "drivers": _drivers(pools, apps), "cmdb": cmdb}


def _drivers(pools: list[str], apps: list[str]) -> pd.DataFrame:
    known = [Decimal(quantity) for quantity in range(1000)]
    taker = [*apps] * FED
    driver = np.repeat(np.array(pools[:FED], dtype=object), CONSUMERS)
    quantity = [known[1 + place * 31 % 999] for place in range(FED * CONSUMERS)]
    links = [(pools[giver], pools[giver + 60], Decimal(5)) for giver in range(120)]
    return pd.DataFrame({"period": PERIOD, "driver": [*driver, *(link[0] for link in links)],
                         "consumer": [*taker, *(link[1] for link in links)],
                         "quantity": pd.Series([*quantity, *(link[2] for link in links)], dtype=object), "unit": "hours"})


def turn(given: dict[str, pd.DataFrame]) -> tuple[charges.Charged, float, float]:
    """A month's items and lines, and its checks: what came of it, and the seconds of each."""
    start = time.perf_counter()
    items = costs.cost_items(given["tied"], None, given["sources"], given["cmdb"], PERIOD)
    charged = charges.charge(items, given["rules"], given["drivers"], given["cmdb"], None, PERIOD, "reciprocal")
    made_in = time.perf_counter() - start
    rows = chargeback.check_charge(charged, given["tied"], given["cmdb"], total(given["tied"]["amount"]), "the control total")
    assert all(row["state"] == "ok" for row in rows), rows
    return charged, made_in, time.perf_counter() - start - made_in


def merge(given: dict[str, pd.DataFrame], charged: charges.Charged) -> float:
    """Seconds of the same join by pandas, in floating point."""
    lines = charged.lines[charged.lines["kind"] == "shared"]
    weights = pd.DataFrame({"pool": lines["pool"], "application": lines["application"], "share": lines["share"]})
    items = charged.items.assign(cost=charged.items["amount"].astype(float))
    start = time.perf_counter()
    owned = given["tied"].assign(cost=given["tied"]["amount"].astype(float)).groupby(["application", "owner"])["cost"].sum()
    pools = items[items["kind"] == "shared"].groupby("pool", as_index=False)["cost"].sum()
    joined = weights.merge(pools, on="pool").merge(owned.reset_index()[["application", "owner"]].drop_duplicates("application"))
    joined["amount"] = joined["cost"] * joined["share"]
    joined.groupby(["owner", "pool"])["amount"].sum()
    return time.perf_counter() - start


def measure() -> int:
    """Measures here; 1 where a limit is passed."""
    took = {}
    given = charged = None
    for rows in (ROWS // 100, ROWS // 10, ROWS):
        del given, charged
        given = made(rows)
        charged, took[rows], checked = turn(given)
        print(f"  {rows:9,} rows  {took[rows]:6.2f} s   {len(charged.lines):,} charge lines   checks {checked:.2f} s besides", flush=True)
    peak = alone.peak()
    plain = merge(given, charged)
    growth = took[ROWS] / took[ROWS // 100] / 100
    print(f"  {ROWS:,} rows x {POOLS} pools x {CONSUMERS:,} consumers   {took[ROWS]:.2f} s   limit {SECONDS}")
    print(f"  memory       peak {peak:.2f} GB   limit {GB}")
    print(f"  growth       {growth:.2f} of linear from {ROWS // 100:,} to {ROWS:,} rows   limit 1")
    print(f"  plain merge  {plain:.2f} s in floating point; this is {took[ROWS] / plain:.1f} times as long")
    return int(took[ROWS] > SECONDS or peak > GB or growth > 1)


def main() -> int:
    """Measures in a process of its own; 1 where a limit is passed."""
    return alone.measured("benchmarks.charges", __doc__, measure)


if __name__ == "__main__":
    raise SystemExit(main())
