"""What was consumed, held and produced?  Drivers with their months, capacity, volumes.

    company → drivers, capacity, volumes → rows
"""

from decimal import Decimal

from benchmarks.differential.company.draw import ZERO
from benchmarks.differential.company.rules import pool_names
from benchmarks.differential.company.traits import Company

DRIVERS = {"cpu_core_hours": "core hours", "log_gb": "GB", "vcpu_hours": "vCPU hours", "storage_gb": "GB months"}
OUTPUTS = ("shipments", "declarations", "orders", "parcels")


def drivers(company: Company) -> list[dict]:
    """Quantities by month and consumer: applications, pools, an application nobody knows; some months lack one."""
    draw, found = company.draw("drivers"), []
    pools = pool_names(company) if "pool_sources" in company.given else []
    for driver, unit in DRIVERS.items():
        consumers = [app.code for app in draw.some(company.applications, 2, 5)]
        consumers += draw.some(pools, 1, 2) if pools and driver == "cpu_core_hours" and draw.chance(0.5) else []
        consumers += ["NEWCOMER"] if draw.chance(0.1) else []
        lacks = draw.pick(company.months[-2:]) if draw.chance(0.15) else ""
        wrong = company.fault == "unit" and driver == "cpu_core_hours"
        found += [{"period": month, "driver": driver, "consumer": draw_case(draw, consumer),
                   "quantity": draw.amount(0, 900, draw.whole(0, 3)),
                   "unit": "hours" if wrong and month == company.period else unit}
                  for month in company.months if month != lacks for consumer in consumers]
    return found


def draw_case(draw, consumer: str) -> str:
    """The consumer as a feed spells it: mostly as the CMDB does."""
    return consumer.lower() if draw.chance(0.1) else consumer


def capacity(company: Company) -> list[dict]:
    """What is owned of what drivers count, and what of it can be used."""
    draw = company.draw("capacity")
    held = {driver: draw.amount(800, 6000, 0) for driver in ("vcpu_hours", "storage_gb") if draw.chance(0.85)}
    return [{"period": month, "driver": driver, "unit": DRIVERS[driver], "owned": amount,
             "practical": amount * Decimal("0.85") if draw.chance(0.7) else None}
            for month in company.months for driver, amount in held.items()]


def volumes(company: Company) -> list[dict]:
    """Units of output by month and application; zero here and there."""
    draw, found = company.draw("volumes"), []
    for app in draw.some(company.applications, 1, 4):
        unit, level = draw.pick(OUTPUTS), draw.amount(100, 90000, 0)
        found += [{"period": month, "application": app.code, "unit": unit,
                   "quantity": ZERO if draw.chance(0.04) else (level * draw.amount(80, 120) / 100).quantize(Decimal(1))}
                  for month in company.months if draw.chance(0.95)]
    return found
