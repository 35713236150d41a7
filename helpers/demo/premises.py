"""What does Marlow's own hardware hold, and who uses it?  Capacity, use by application, rate cards.

    assets, month → capacity       what is held of each driver
    month → drivers                what applications used of it
    RATE_CARDS, CAPACITY_UNITS     rows of data, as an analyst would edit them
"""

from decimal import Decimal

from helpers.demo.company import rows
from helpers.demo.feeds import DRIVER_MONTHS
from helpers.demo.shape import grown, season, wobble

HOURS = 730  # of a month
# driver: unit, kind of asset, units an asset holds, part that can be used, use as of 2026-08 as part of what is owned, growth a
# year, peak, part of each application
HELD = {
    "vcpu_hours": ("vCPU hours", "server", 104 * HOURS, "0.85", 0.62, 0.06, 0.5, {
        "ERP": 24, "WMS": 22, "BOOKING": 18, "SORT": 14, "INVOICE": 11, "EDI-HUB": 9, "DISPATCH": 2}),
    "storage_gb": ("GB months", "storage", 180_000, "0.90", 0.71, 0.22, 0.0, {
        "ERP": 28, "BOOKING": 24, "WMS": 22, "INVOICE": 16, "SORT": 10}),
}
REVIEWED = "2026-09"
RATE_CARDS = rows("""
card | driver | ServiceCategory | v4_tower | v4_sub_tower | v5_tower | v5_sub_tower | reason | owner
vCPU hour | vcpu_hours | Compute | Compute | Servers | Compute | Servers | Servers are sold by the hour and vCPU | Head of Infrastructure
GB month | storage_gb | Storage | Storage | Online Storage | Storage | Online Storage | Arrays are sold by the gigabyte | Head of Infrastructure
""")
CAPACITY_UNITS = rows("""
card | ProviderName | ServiceName | SkuMeter | ConsumedUnit | per_unit | reason | owner
vCPU hour | AWS | Amazon Elastic Compute Cloud | BoxUsage:m6i.2xlarge | Hours | 8 | An m6i.2xlarge has 8 vCPUs | Head of Platforms
vCPU hour | Microsoft | Virtual Machines | D8s v5 | 1 Hour | 8 | A D8s v5 has 8 vCPUs | Head of Platforms
vCPU hour | Google Cloud | Compute Engine | *Core running | h | 1 | Metered by core | Head of Platforms
GB month | AWS | Amazon Elastic Compute Cloud | EBS:VolumeUsage* | GB-Mo | 1 | Metered by the gigabyte | Head of Platforms
GB month | Microsoft | Storage Accounts | *Data Stored | 1 GB/Month | 1 | Metered by the gigabyte | Head of Platforms
GB month | Google Cloud | * | * | GiBy.mo | 1.073741824 | A GiB is 2^30 bytes, a GB 10^9 | Head of Platforms
""")


def owned(hardware: list[dict], kind: str, month: str) -> int:
    """How many assets of the kind are in service in the month."""
    return sum(asset["kind"] == kind and asset["in_service"][:7] <= month and not "" < asset["disposed_on"][:7] <= month for asset in hardware)


def capacity(hardware: list[dict]) -> list[dict]:
    """What is held by month and driver."""
    found = []
    for month in DRIVER_MONTHS:
        for driver, (unit, kind, each, usable, *_) in HELD.items():
            whole = Decimal(owned(hardware, kind, month) * each)
            found.append({"period": month, "driver": driver, "unit": unit, "owned": whole, "practical": whole * Decimal(usable)})
    return found


def drivers(hardware: list[dict]) -> list[dict]:
    """What applications used by month and driver."""
    found = []
    for driver, (unit, kind, each, _, part, yearly, peak, consumers) in HELD.items():
        whole = owned(hardware, kind, REVIEWED) * each * part / sum(consumers.values())
        found += [{"period": month, "driver": driver, "consumer": consumer, "unit": unit,
                   "quantity": Decimal(int(whole * share * grown(month, yearly) * season(month, peak) * wobble(0.02, driver, consumer, month)))}
                  for month in DRIVER_MONTHS for consumer, share in sorted(consumers.items())]
    return sorted(found, key=lambda row: row["period"])
