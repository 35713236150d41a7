"""What does a large bill look like?  FOCUS 1.2 rows by the million, as one file or as numbered parts of one.

    python -m benchmarks.bills 10 /tmp/bill --parts 4     10 million rows in bill-part-1.parquet … bill-part-4.parquet

200,000 resources (of a bill below ten million rows a fiftieth of its rows: a month of days has 30 rows a meter, one of
hours up to 720) in 400 accounts, some 25 of 300 services in each account, a tag set a resource, two meters a resource; a
meter is charged at most once an hour (or a day), so that no charge stands twice.  Everything is made of hash(), and
each part by one thread: the same words give the same bytes under the same version of DuckDB.
"""

import argparse
import os
import shutil
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from multiprocessing import get_context
from pathlib import Path

import duckdb

MILLION = 1_000_000
RESOURCES, ACCOUNTS, SERVICES = 200_000, 400, 300
EACH = 50  # rows of a resource at least
HOURS, DAYS = 720, 30  # of September
STRIDE = 257  # periods between two charges of a meter; no factor in common with HOURS or DAYS, so that none comes twice
TAG_KEYS = ("application", "owner", "environment", "Name")
AMOUNTS = ("BilledCost", "EffectiveCost", "ListCost", "ContractedCost", "ConsumedQuantity")
MONEY = {"decimal": "DECIMAL(38, 12)", "double": "DOUBLE"}
ORDERS = {"scattered": "hash(range)", "swept": "range"}  # a resource's charges anywhere, or in turn with all others
WRITTEN = {"parquet": "FORMAT parquet, COMPRESSION snappy",
           "csv": "FORMAT csv, HEADER true, TIMESTAMPFORMAT '%Y-%m-%dT%H:%M:%SZ'"}

DRAWN = "CREATE MACRO drawn(of_what, seed, below) AS CAST(hash(of_what, seed) % below AS INTEGER)"
METERS = f"""
CREATE TABLE meters AS
WITH resources AS (
    SELECT range AS r, drawn(r, 1, {ACCOUNTS}) AS account, drawn(r, 2, 25) AS place, drawn(r, 3, 3000) AS application,
        drawn(r, 4, 12) AS region, drawn(r, 5, 6) AS environment, drawn(r, 6, 100) < 15 AS untagged,
        (account * 7 + place * place) % {SERVICES} AS service
    FROM range({{resources}})
), numbered AS (
    SELECT *, r * {{each}} + m AS slot, service * 40 + (r + m) % 40 AS sku, drawn(slot, 7, 1000) AS lot
    FROM resources, range({{each}}) AS meters(m)
)
SELECT slot, r % 9 = 0 AND lot >= 13 AS committed, drawn(slot, 8, {HOURS}) AS first,
    CAST(drawn(slot, 9, 100000) + 1 AS DECIMAL(9, 0)) * 0.000001 AS price,
    lpad(CAST(account * 7919 + 100000 AS VARCHAR), 12, '0') AS SubAccountId,
    'account ' || account AS SubAccountName,
    'INV-2026-09-' || account % 8 AS InvoiceId,
    'Service number ' || service AS ServiceName,
    ['Compute', 'Storage', 'Databases', 'Networking', 'Analytics', 'AI and Machine Learning'][service % 6 + 1]
        AS ServiceCategory,
    'Subcategory ' || service % 60 AS ServiceSubcategory,
    CASE WHEN lot >= 13 THEN 'meter ' || sku END AS SkuMeter,
    'SKU' || sku AS SkuId,
    'SKU' || sku || '.PRICE' AS SkuPriceId,
    CASE WHEN lot < 3 THEN 'Purchase' WHEN lot < 13 THEN 'Credit' ELSE 'Usage' END AS ChargeCategory,
    CASE WHEN lot < 3 THEN 'Recurring' WHEN lot < 13 THEN 'One-Time' ELSE 'Usage-Based' END AS ChargeFrequency,
    CASE WHEN r % 9 = 0 AND lot >= 13 THEN 'arn:aws:savingsplans::999900001111:savingsplan/' || r % 40 END AS plan,
    'arn:aws:service' || service || ':us-east-' || region || ':resource/' || r AS ResourceId,
    CASE WHEN NOT untagged THEN '{{{{"application": "app-' || application || '", "owner": "team-' || application % 150
        || '", "environment": "' || ['prod', 'test', 'dev', 'stage', 'dr', 'lab'][environment + 1]
        || '", "Name": "res-' || r || '"}}}}' END AS Tags,
    ['Hours', 'GB', 'Requests', 'GB-Month'][service % 4 + 1] AS ConsumedUnit,
    'us-east-' || region AS RegionId,
    'us-east-' || region || ['a', 'b', 'c'][r % 3 + 1] AS AvailabilityZone,
    '$0.01 per unit of meter ' || sku AS ChargeDescription
FROM numbered
"""

ROWS = """
WITH charges AS (
    SELECT meters.*, committed AND drawn(k, 10, 4) > 0 AS covered,
        CAST(drawn(k, 11, 10000) AS DECIMAL(9, 0)) * 0.001 AS units,
        (first + {stride} * (k // {slots})) % {periods} * {length} AS hour,
        TIMESTAMP '2026-09-01' + to_hours(CAST(hour AS BIGINT)) AS start
    FROM (SELECT range AS k FROM range({begin}, {end}) ORDER BY {order}) JOIN meters ON slot = k % {slots}
)
SELECT 'AWS' AS ProviderName, 'Amazon Web Services' AS PublisherName,
    'Amazon Web Services, Inc.' AS InvoiceIssuerName, '999900001111' AS BillingAccountId,
    'the whole firm' AS BillingAccountName, SubAccountId, SubAccountName, InvoiceId,
    'USD' AS BillingCurrency, TIMESTAMP '2026-09-01' AS BillingPeriodStart, TIMESTAMP '2026-10-01' AS BillingPeriodEnd,
    start AS ChargePeriodStart, start + to_hours({length}) AS ChargePeriodEnd,
    ServiceName, ServiceCategory, ServiceSubcategory, SkuId, SkuPriceId, SkuMeter,
    ChargeCategory, CAST(NULL AS VARCHAR) AS ChargeClass, ChargeFrequency, ChargeDescription,
    CASE WHEN covered THEN 'Committed' ELSE 'Standard' END AS PricingCategory,
    CASE WHEN covered THEN plan END AS CommitmentDiscountId,
    CASE WHEN covered THEN 'Used' END AS CommitmentDiscountStatus,
    CAST(NULL AS VARCHAR) AS CapacityReservationId, ResourceId, RegionId, AvailabilityZone, Tags,
    CAST(CASE WHEN covered THEN 0 WHEN ChargeCategory = 'Credit' THEN -price * units ELSE price * units * 0.9 END
        AS {money}) AS BilledCost,
    CAST(CASE WHEN covered THEN price * units * 0.65 WHEN ChargeCategory = 'Credit' THEN -price * units
        ELSE price * units * 0.9 END AS {money}) AS EffectiveCost,
    CAST(CASE WHEN ChargeCategory = 'Credit' THEN 0 ELSE price * units END AS {money}) AS ListCost,
    CAST(CASE WHEN ChargeCategory = 'Credit' THEN 0 ELSE price * units * 0.9 END AS {money}) AS ContractedCost,
    CASE WHEN ChargeCategory = 'Usage' THEN CAST(units AS {money}) END AS ConsumedQuantity,
    CASE WHEN ChargeCategory = 'Usage' THEN ConsumedUnit END AS ConsumedUnit
FROM charges
"""


@dataclass(frozen=True)
class Bill:
    """The words a bill is made from."""

    millions: float
    kind: str = "parquet"
    parts: int = 4
    money: str = "decimal"
    order: str = "scattered"
    daily: bool = False
    resources: int = 0  # none: as many as a bill of its size has

    @property
    def rows(self) -> int:
        """How many rows it has."""
        return round(self.millions * MILLION)

    @property
    def held(self) -> int:
        """How many resources it has."""
        return self.resources or min(RESOURCES, max(1, self.rows // EACH))

    @property
    def name(self) -> str:
        """What tells it from other bills."""
        spans = "daily" if self.daily else "hourly"
        code = sha256(f"{DRAWN}{METERS}{ROWS}".encode()).hexdigest()[:6]  # bills of other code are made anew
        return f"{self.kind}-{self.millions:g}m-{self.held}-{self.parts}-{self.money}-{self.order}-{spans}-{code}"

    def paths(self, folder: Path) -> list[Path]:
        """Its files in the folder."""
        return [folder / f"bill-part-{part}.{self.kind}" for part in range(1, self.parts + 1)]

    def ranges(self) -> list[tuple[int, int]]:
        """The rows of each part, by number: as many in each."""
        edges = [self.rows * part // self.parts for part in range(self.parts + 1)]
        return list(zip(edges, edges[1:], strict=False))


def made(bill: Bill, folder: Path) -> list[Path]:
    """The bill's files, below the folder; made where they are not there yet, whole or not at all."""
    place = folder / bill.name
    if not place.is_dir():
        aside = folder / f".{bill.name}-{os.getpid()}"
        aside.mkdir(parents=True)
        try:
            with ThreadPoolExecutor(os.cpu_count()) as pool:
                list(pool.map(partial(_write, bill), bill.paths(aside), bill.ranges()))
            aside.rename(place)
        finally:
            shutil.rmtree(aside, ignore_errors=True)
    return bill.paths(place)


def _write(bill: Bill, path: Path, rows: tuple[int, int]) -> None:
    """A part, by one thread, in the order of its rows."""
    begin, end = rows
    periods, length = (DAYS, 24) if bill.daily else (HOURS, 1)
    each = max(2, -(-bill.rows // (bill.held * periods)))  # meters a resource needs
    sql = ROWS.format(slots=bill.held * each, periods=periods, length=length, begin=begin, end=end, stride=STRIDE,
                      order=ORDERS[bill.order], money=MONEY[bill.money])
    with duckdb.connect(config={"threads": 1}) as engine:
        engine.execute("SET enable_progress_bar = false")
        engine.execute("SET disabled_optimizers = 'join_order,build_side_probe_side'")  # rows stay in their order
        engine.execute(DRAWN)
        engine.execute(METERS.format(each=each, resources=bill.held))
        engine.execute(f"COPY ({sql}) TO '{path}' ({WRITTEN[bill.kind]})")


def made_apart(bill: Bill, folder: Path) -> list[Path]:
    """As `made`, in a process of its own: the most memory a process had is told of those it starts afterwards, too."""
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(made, bill, folder).result()


def main(given: Sequence[str] | None = None) -> None:
    """Makes a bill and prints its files."""
    ask = argparse.ArgumentParser(description="Makes a large bill: FOCUS rows by the million.")
    ask.add_argument("millions", type=float)
    ask.add_argument("folder", type=Path)
    ask.add_argument("--kind", choices=sorted(WRITTEN), default="parquet")
    ask.add_argument("--parts", type=int, default=4)
    ask.add_argument("--money", choices=sorted(MONEY), default="decimal")
    ask.add_argument("--order", choices=sorted(ORDERS), default="scattered")
    ask.add_argument("--daily", action="store_true")
    ask.add_argument("--resources", type=int, default=0)
    words = vars(ask.parse_args(given))
    for path in made(Bill(**{name: word for name, word in words.items() if name != "folder"}), words["folder"]):
        print(path)


if __name__ == "__main__":
    main()
