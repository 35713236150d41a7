"""What does one unit of output cost, fully burdened, and why did that change?  Business volumes beside the TCO.

    TCO by month, volumes → unit_costs → one row an application and month: TCO and charge a unit of output
    two months → effects → the change of the unit cost by price, usage and mix

With g the growth of output, of each group of like cost (a service and unit, a shared pool, a cost pool of the ledger):
price: what is used now, at what its price changed by; usage: more or less of the group than g, at last month's cost;
mix: a dearer or cheaper choice within the group, also of an item that is new.  What has no measured quantity counts as one unit: its price is its cost.
"""

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction

import pandas as pd

from helpers import cells, changes
from helpers.cells import CHARGEBACK, LEDGER
from helpers.mapping import rows_of
from helpers.money import ZERO, ratio
from helpers.optional import needs_table

DIGITS = 6
COLUMNS = ["application", "unit", "month", "quantity", "TCO", "cost_per_unit", "charged_per_unit"]
EFFECTS = ["price", "usage", "mix"]
CHANGE = ["application", "unit", "then", "now", "change", *EFFECTS]
Part = tuple[Fraction, Fraction]  # quantity and cost of an item


def unit_costs(found: Mapping[str, pd.DataFrame] | None, volumes: pd.DataFrame | None) -> pd.DataFrame:
    """One row an application with output and a month of the span; found: the span's lines by month (helpers.span)."""
    made = {(period, name): (unit, quantity) for period, name, unit, quantity
            in rows_of(volumes, ["period", "application", "unit", "quantity"]) if quantity}
    rows = []
    for period, lines in (found or {}).items():
        full, charged = _sums(lines), _sums(lines[lines["source"] == CHARGEBACK])
        rows += [(name, *made[period, name], period, cost, charged.get(name, ZERO)) for name, cost in full.items() if (period, name) in made]
    table = pd.DataFrame([(name, unit, period, quantity, cost, ratio(cost, quantity, DIGITS), ratio(paid, quantity, DIGITS))
                          for name, unit, quantity, period, cost, paid in rows], columns=COLUMNS)
    return table.sort_values(["application", "month"], kind="stable", ignore_index=True)


def _sums(lines: pd.DataFrame) -> dict[str, Decimal]:
    sums = cells.summed(lines[lines["application"] != ""], ["application"])
    return dict(zip(sums["application"], sums["amount"], strict=True))


@needs_table
def effects(now, then, volumes: pd.DataFrame | None) -> pd.DataFrame:
    """Why the cost of a unit is not what it was in `then` (months of the walk); the effects of a row add up to its change."""
    rows = []
    if then is not None and now.tco is not None and then.tco is not None:
        made = [{name: (unit, quantity) for period, name, unit, quantity
                 in rows_of(volumes, ["period", "application", "unit", "quantity"]) if period == side.period and quantity} for side in (now, then)]
        sides = [components(side) for side in (now, then)]
        both = made[0].keys() & made[1].keys() & sides[0].keys() & sides[1].keys()
        for name in sorted(name for name in both if made[0][name][0] == made[1][name][0]):  # output in another unit is another thing
            rows.append((name, made[0][name][0], *_explained(*(side[name] for side in sides), *(side[name][1] for side in made))))
    return pd.DataFrame(rows, columns=CHANGE)


def components(month) -> dict[str, dict[str, dict[tuple, Part]]]:
    """By application and group the quantity and cost of each item; they add up to the application's TCO in cents."""
    found: dict[str, dict[str, dict[tuple, Part]]] = {}
    facts = changes.facts(month)
    names = ["application", "owner", "one_off", "ProviderName", "ServiceName", "SkuMeter", "ConsumedUnit", "amount", "ConsumedQuantity"]
    for name, _, one_off, provider, service, meter, unit, amount, quantity in zip(*(facts[column] for column in names), strict=True):
        measured = bool(quantity) and quantity > 0 and not one_off
        group = f"{provider} {service} ({unit})" if measured else f"{provider} {service}"
        _add(found, name, group, (meter, unit) if measured else (), (Fraction(quantity), Fraction(amount)) if measured else (Fraction(1), Fraction(amount)))
    shared = month.charged.lines[month.charged.lines["kind"] == "shared"]
    for name, pool, driver, quantity, amount in zip(*(shared[column] for column in ("application", "pool", "driver", "quantity", "amount")), strict=True):
        measured = driver and quantity is not None and quantity > 0
        _add(found, name, f"{pool} ({driver})" if measured else pool, (driver,) if measured else (),
             (Fraction(quantity) if measured else Fraction(1), Fraction(amount)))
    ledger = cells.summed(month.tco[(month.tco["source"] == LEDGER) & (month.tco["application"] != "")], ["application", "cost_pool"])
    for name, pool, amount in ledger.itertuples(index=False):
        _add(found, name, pool, (), (Fraction(1), Fraction(amount)))
    return found


def _add(found: dict, name: str, group: str, item: tuple, part: Part) -> None:
    items = found.setdefault(name, {}).setdefault(group, {})
    was = items.get(item)
    items[item] = part if was is None else (was[0] + part[0] if item else Fraction(1), was[1] + part[1])


def _explained(now: dict, then: dict, made: Decimal, made_then: Decimal) -> tuple:
    """Unit cost then and now, its change, and the effects on it; what one month alone has is usage."""
    growth = Fraction(made) / Fraction(made_then)
    sums = dict.fromkeys(EFFECTS, Fraction(0))
    for group in now.keys() | then.keys():
        items, before = now.get(group, {}), then.get(group, {})
        cost, was = (sum((part[1] for part in side.values()), Fraction(0)) for side in (items, before))
        used, used_then = (sum((part[0] for part in side.values()), Fraction(0)) for side in (items, before))
        if not items or not before:
            sums["usage"] += cost - was * growth
            continue
        at_old = sum((part[0] * _price(before.get(item, part)) for item, part in items.items()), Fraction(0))
        sums["price"] += cost - at_old
        sums["usage"] += was * (used / used_then - growth)
        sums["mix"] += at_old - was * used / used_then
    whole, whole_then = (sum((part[1] for group in side.values() for part in group.values()), Fraction(0)) for side in (now, then))
    unit, unit_then = _decimal(whole / Fraction(made)), _decimal(whole_then / Fraction(made_then))
    parts = {name: _decimal(value / Fraction(made)) for name, value in sums.items()}
    parts["price"] += unit - unit_then - sum(parts.values())  # the last digit of rounding
    return unit_then, unit, unit - unit_then, *parts.values()


def _price(part: Part) -> Fraction:
    return part[1] / part[0]


def _decimal(value: Fraction) -> Decimal:
    return round(Decimal(value.numerator) / Decimal(value.denominator), DIGITS)
