"""What does a unit of own capacity cost, and what does it cost to keep some idle?  Rate cards beside the cloud's prices.

    TCO lines, cards, capacity, drivers → cards → one row a card: cost, capacity, rate, what is used and what is idle
    cards, drivers → used → one row a card and application, idle capacity a row of its own; they add up to the card's cost
    used → focus → the same as usage rows in FOCUS columns, so that cloud and on-premises read alike
    cards, tied cloud lines, units → against_cloud → rates side by side, with what each side holds

A card takes the on-premises cost of its tower in full.  Capacity is practical (what can be sold), else owned; where the
parameter `capacity` is measured, what was used stands in its place and nothing is idle.
"""

import json
from collections.abc import Mapping
from decimal import Decimal

import numpy as np
import pandas as pd

from helpers import burden, cells, checks, grid, inputs, pools, posting
from helpers.burden import IDLE
from helpers.cells import CLOUD, PREMISES
from helpers.errors import InputError
from helpers.money import ZERO, ratio, sum_by, total
from helpers.optional import needs_table

MEASURED = "measured"
COLUMNS = ["card", "tower", "sub_tower", "driver", "unit", "cost", "owned", "capacity", "rate", "used", "used_cost", "idle",
           "idle_cost", "includes"]
USED_COLUMNS = ["card", "application", "unit", "quantity", "rate", "amount"]
CLOUD_KEYS = ["ProviderName", "ServiceName", "SkuMeter", "ConsumedUnit"]
RATE_DIGITS = 6


@needs_table
def cards(lines: pd.DataFrame, rules: pd.DataFrame | None, capacity: pd.DataFrame | None, drivers: pd.DataFrame | None,
          period: str, basis: str, version: str) -> pd.DataFrame | None:
    """One row a card: the on-premises cost of its tower over its capacity; None without cards or capacity."""
    if rules is None or capacity is None:
        return None
    _apart(rules, version)
    rows = []
    for rule in rules.to_dict("records"):
        behind = of_card(lines, rule, version)
        taking = _used(drivers, rule["driver"], period)
        held = capacity[(capacity["period"] == period) & (capacity["driver"] == rule["driver"])]
        used, owned = total(taking.values()), total(held["owned"])
        whole = max(used, burden.usable(held))
        whole = used if basis == MEASURED or not len(held) else whole
        cost = cells.total(behind)
        idle = _parts(cost, taking, whole)[-1] if whole else ZERO
        rows.append((rule["card"], rule[f"{version}_tower"], rule[f"{version}_sub_tower"], rule["driver"], _unit(held, drivers, rule["driver"]),
                     cost, owned, whole, ratio(cost, whole, RATE_DIGITS) if whole else None, used, cost - idle if whole else ZERO,
                     whole - used, idle, ", ".join(sorted(set(behind["sub_pool"].astype("str"))))))
    return pd.DataFrame(rows, columns=COLUMNS)


def _apart(rules: pd.DataFrame, version: str) -> None:
    """Raises InputError where two cards take the cost of one tower."""
    taken: dict[str, list[tuple[str, str]]] = {}
    for line, card, tower, below in zip(inputs.lines_of(rules), rules["card"], rules[f"{version}_tower"], rules[f"{version}_sub_tower"], strict=True):
        others = taken.setdefault(tower, [])
        if both := [name for name, other in others if not other or not below or other == below]:
            raise InputError(f"rules.rate_cards, line {line}, column {version}_sub_tower", f"{card} takes cost of {tower} that {both[0]} takes",
                             "each tower's cost on one card", "name another sub-tower, or take one card out")
        others.append((card, below))


def of_card(lines: pd.DataFrame, rule: Mapping, version: str) -> pd.DataFrame:
    """The on-premises lines of the card's tower (and sub-tower, where it names one)."""
    mine = (lines["hosting"] == PREMISES) & (lines["tower"] == rule[f"{version}_tower"])
    return lines[mine & (lines["sub_tower"] == rule[f"{version}_sub_tower"])] if rule[f"{version}_sub_tower"] else lines[mine]


def _used(drivers: pd.DataFrame | None, driver: str, period: str) -> dict[str, Decimal]:
    if drivers is None:
        return {}
    feed = drivers[(drivers["period"] == period) & (drivers["driver"] == driver)]
    return dict(zip(*(sum_by(feed, ["consumer"], ["quantity"])[name].tolist() for name in ("consumer", "quantity")), strict=True))


def _parts(cost: Decimal, taking: Mapping[str, Decimal], whole: Decimal) -> list[Decimal]:
    """What each takes of the cost, and at last what is idle, in cents."""
    weights = np.array([float(quantity) for quantity in [*taking.values(), whole - total(taking.values())]])
    return cells.money(pd.Series(grid.parts(int(cost.scaleb(2)), weights))).tolist()


def _unit(held: pd.DataFrame, drivers: pd.DataFrame | None, driver: str) -> str:
    feed = held if len(held) or drivers is None else drivers[drivers["driver"] == driver]
    return feed["unit"].iloc[0] if len(feed) else ""


@needs_table
def used(table: pd.DataFrame, drivers: pd.DataFrame | None, period: str) -> pd.DataFrame:
    """One row a card and application with what it used, and the idle rest; amounts add up to the card's cost."""
    rows = []
    for card in table[[amount is not None for amount in table["rate"]]].to_dict("records"):
        taking = _used(drivers, card["driver"], period)
        quantities = [*taking.items(), (IDLE, card["idle"])]
        rows += [(card["card"], name, card["unit"], quantity, card["rate"], amount) for (name, quantity), amount
                 in zip(quantities, _parts(card["cost"], taking, card["capacity"]), strict=True) if quantity]
    return pd.DataFrame(rows, columns=USED_COLUMNS)


@needs_table
def focus(rows: pd.DataFrame, table: pd.DataFrame, rules: pd.DataFrame, company: str, currency: str, period: str) -> pd.DataFrame:
    """On-premises usage in FOCUS columns, a row a card and application; all four costs are the full cost."""
    category = dict(zip(rules["card"], rules["ServiceCategory"], strict=True))
    first, after = f"{period}-01T00:00:00Z", f"{posting.day_after(period)}T00:00:00Z"
    found = pd.DataFrame({
        "BillingAccountId": "on-premises", "BillingAccountName": company, "BillingCurrency": currency, "BillingPeriodStart": first,
        "BillingPeriodEnd": after, "ChargePeriodStart": first, "ChargePeriodEnd": after, "ChargeCategory": "Usage", "ChargeClass": "",
        "ChargeDescription": rows["card"], "ChargeFrequency": "Usage-Based", "ProviderName": "On-premises", "PublisherName": company,
        "InvoiceIssuerName": company, "ServiceCategory": rows["card"].map(category).astype("str"), "ServiceName": rows["card"],
        "SubAccountId": "on-premises", "SubAccountName": "On-premises", "ResourceId": rows["application"], "SkuId": rows["card"],
        "PricingQuantity": rows["quantity"], "PricingUnit": rows["unit"], "ConsumedQuantity": rows["quantity"], "ConsumedUnit": rows["unit"],
        "ListUnitPrice": rows["rate"], "ContractedUnitPrice": rows["rate"]}, index=rows.index)
    tags = [f'{{"application":{json.dumps(name, ensure_ascii=False)}}}' if name != IDLE else "{}" for name in rows["application"]]
    return found.assign(**dict.fromkeys(("ListCost", "ContractedCost", "EffectiveCost", "BilledCost"), rows["amount"]), Tags=tags)


@needs_table
def against_cloud(table: pd.DataFrame, tied: pd.DataFrame, units: pd.DataFrame | None) -> pd.DataFrame | None:
    """On-premises and cloud per unit of the same capacity; None where no row says how much a cloud's unit holds."""
    if units is None:
        return None
    lines = tied[tied["source"] == "usage"]
    lines = lines[[not pd.isna(quantity) and quantity != 0 for quantity in lines["ConsumedQuantity"]]]  # cost without a quantity is of no unit
    places = pools.first_row(lines, units, CLOUD_KEYS)
    for line, card, held in zip(inputs.lines_of(units), units["card"], units["per_unit"], strict=True):
        if held <= 0:
            raise InputError(f"rules.capacity_units, line {line}, column per_unit", f"{held} for {card}", "above 0: what one unit of the cloud's holds", "mend the row")
    rows = []
    for card in table.to_dict("records"):
        mine = [place for place, name in enumerate(units["card"]) if name == card["card"]]
        hit = np.isin(places, mine)
        bought = lines[hit]
        quantity = total(amount * units["per_unit"].iloc[place] for amount, place in zip(bought["ConsumedQuantity"], places[hit], strict=True) if amount)
        cost = total(bought["amount"])
        rows.append((card["card"], card["unit"], card["rate"], ratio(card["cost"], card["used"], RATE_DIGITS) if card["used"] else None,
                     card["includes"], quantity, cost, ratio(cost, quantity, RATE_DIGITS) if quantity else None,
                     ", ".join(sorted(set(bought["ServiceName"])))))
    return pd.DataFrame(rows, columns=["card", "unit", f"{PREMISES} rate", f"{PREMISES} per unit used", f"{PREMISES} holds", f"{CLOUD} quantity",
                                       f"{CLOUD} cost", f"{CLOUD} per unit", f"{CLOUD} holds"])


def check(table: pd.DataFrame | None, rows: pd.DataFrame | None) -> list[dict]:
    """Cards hand out their whole cost; more used than there is, and cards without a driver, are findings."""
    if table is None or rows is None:
        return []
    rated = table[[rate is not None for rate in table["rate"]]]
    silent = sorted(set(table["card"]) - set(rated["card"]))
    over = [row.card for row in rated.itertuples() if row.owned and row.used > row.owned]
    return [checks.same("rate cards hand out their whole cost, idle capacity besides", total(rated["cost"]), total(rows["amount"])),
            checks.noted("rate cards without capacity or use", len(silent), "Head of Infrastructure", ", ".join(silent)),
            checks.noted("more capacity used than owned", len(over), "Head of Infrastructure", ", ".join(over))]
