"""Which hardware does Marlow own, what is it depreciated by, and what was bought when?

    → assets   one row an asset
    assets, month → depreciation and additions by kind and data centre

Planted here: F14, assets past their life that the ledger still depreciates.
"""

from decimal import Decimal

import helpers.money as money
from helpers.demo.shape import dice
from helpers.periods import distance, months, shift

FIRST_BOUGHT, LAST_BOUGHT = "2018-10", "2026-09"
PLACES = ("DC-EAST", "DC-EAST", "DC-EAST", "DC-WEST", "DC-WEST", "DC-EU")
ON_SERVERS = ("ERP", "WMS", "SORT", "BOOKING", "INVOICE", "WMS", "ERP", "EDI-HUB", "DISPATCH", "")
# kind: number, life in months, lowest and highest cost in USD, applications in proportion ("" is shared)
KINDS = {
    "server": (118, 60, 38_000, 66_000, ON_SERVERS),
    "storage": (34, 60, 130_000, 240_000, ("ERP", "WMS", "SORT", "BOOKING", "INVOICE", "")),
    "network": (48, 72, 16_000, 38_000, ("",)),
}
FORGOTTEN = ("server", ("WMS", "ERP"), "2020-04", "2021-06")  # F14: kind, applications, first and last month bought
MOVED = ("DISPATCH", "2025-06-30")  # its servers went when the application had moved


def assets() -> list[dict]:
    """Every asset since FIRST_BOUGHT, by id."""
    return [_asset(kind, number) for kind in sorted(KINDS) for number in range(KINDS[kind][0])]


def _asset(kind: str, number: int) -> dict:
    count, life, low, high, users = KINDS[kind]
    dies = dice("asset", kind, str(number))
    span = months(FIRST_BOUGHT, LAST_BOUGHT)
    bought = span[number * len(span) // count]
    user = users[number % len(users)]
    cost = Decimal(int(low + (high - low) * dies.random())) // 50 * 50
    entry = {"asset_id": f"{kind[:3].upper()}-{number + 1:04d}", "kind": kind,
             "data_centre": PLACES[int(dies.random() * 6)], "application": user,
             "in_service": f"{bought}-{1 + int(dies.random() * 27):02d}", "life_months": life,
             "cost": cost.quantize(money.CENT), "currency": "USD"}
    return {**entry, "disposed_on": _disposal(entry, int(dies.random() * 16))}


def _disposal(asset: dict, extra: int) -> str:
    """Day of disposal: some months after the end of life; blank where that lies ahead, or nobody noticed."""
    if asset["application"] == MOVED[0] and asset["kind"] == "server" and asset["in_service"] < MOVED[1]:
        return "" if asset["asset_id"].endswith("9") else MOVED[1]
    gone = shift(end_of_life(asset), 4 + extra)
    return "" if forgotten(asset) or gone > "2026-09" else f"{gone}-15"


def end_of_life(asset: dict) -> str:
    """First month without planned depreciation."""
    return shift(asset["in_service"][:7], asset["life_months"])


def forgotten(asset: dict) -> bool:
    """Whether the asset is one that the ledger goes on depreciating after its life."""
    kind, users, first, last = FORGOTTEN
    return asset["kind"] == kind and asset["application"] in users and first <= asset["in_service"][:7] <= last


def monthly_charge(asset: dict) -> Decimal:
    """Straight-line depreciation a month."""
    return money.to_cents(asset["cost"] / asset["life_months"])


def charged(asset: dict, month: str) -> bool:
    """Whether the ledger depreciates the asset in the month, rightly or not."""
    started = asset["in_service"][:7] <= month
    ended = distance(asset["in_service"][:7], month) >= asset["life_months"] and not forgotten(asset)
    return started and not ended and not (asset["disposed_on"] and asset["disposed_on"][:7] <= month)


def depreciation(table: list[dict], month: str) -> dict[tuple[str, str], Decimal]:
    """The month's depreciation by kind and data centre."""
    return _sums(table, month, charged, monthly_charge)


def additions(table: list[dict], month: str) -> dict[tuple[str, str], Decimal]:
    """Cost of the assets that went into service in the month, by kind and data centre."""
    return _sums(table, month, lambda asset, when: asset["in_service"][:7] == when, lambda asset: asset["cost"])


def _sums(table: list[dict], month: str, counts: object, worth: object) -> dict[tuple[str, str], Decimal]:
    sums: dict[tuple[str, str], Decimal] = {}
    for asset in table:
        if counts(asset, month):
            key = asset["kind"], asset["data_centre"]
            sums[key] = sums.get(key, Decimal(0)) + worth(asset)
    return dict(sorted(sums.items()))
