"""Why is a charge not what it was last month?  Each line's change in parts that add up to it.

    month, month before → compare → one row an owner, application and item (service or pool): then, now, reasons

usage: more or less was used, at last month's price; of a pool, a larger or smaller share of last month's cost
rate: another price of what is used now; of a pool, another cost of the pool at the share of now
one-off: purchases, credits, taxes, corrections and other charges that are no usage
ownership: another owner answers for the application now
mapping: the rules place cost, or split a pool, in another way than they did
held back: a pool that is charged to nobody in one of the two months, for want of a driver or a rule
rounding: what cents leave
"""

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

import pandas as pd

from helpers import pools
from helpers.costs import locked, receivers
from helpers.money import ZERO, sum_by, to_cents, total

REASONS = ["usage", "rate", "one-off", "ownership", "mapping", "held back", "rounding"]
KEYS = ["owner", "application", "kind", "item", "ProviderName"]
COLUMNS = [*KEYS, "then", "now", "change", *REASONS]
RULED = ["method", "driver", "consumer", "exempt", "share", "floor", "cap"]


def compare(now, then, booked_then: pd.DataFrame | None = None) -> pd.DataFrame:
    """What changed from `then` to `now` (months of the walk), in cents; the reasons of a row add up to its change.

    booked_then: the charge lines that the closed month kept; what they differ from `then`, worked out again by the
    rules of now, is a change of ownership or mapping.
    """
    after, before = _items(now.charged.lines), _items(then.charged.lines)
    kept = before if booked_then is None else _items(booked_then)
    moved = _moved_owners(kept, after)
    effects = _effects(now, then, {application for _, application in moved})
    shares = _pool_effects(now, then)
    keys = sorted(kept.keys() | after.keys())
    rows = []
    for key in keys:
        was, worked, amount = kept.get(key, ZERO), before.get(key, ZERO), after.get(key, ZERO)
        reasons = dict.fromkeys(REASONS, ZERO)
        base = moved.get(key[:2])
        if base:  # the whole application came or went
            reasons["ownership"] = -was if base == "gone" else _of_others(before, key)
            worked = worked if base == "gone" else reasons["ownership"]
        else:
            reasons["mapping"] = worked - was
        if base != "gone":
            _explain(reasons, key, amount - worked, effects, shares)
        reasons["rounding"] = amount - was - total(reasons.values())
        rows.append((*key, was, amount, amount - was, *reasons.values()))
    return pd.DataFrame(rows, columns=COLUMNS)


def by_reason(changes: pd.DataFrame) -> pd.DataFrame:
    """One row a reason with its sum; those without an amount are left out."""
    sums = [(reason, total(changes[reason])) for reason in REASONS]
    return pd.DataFrame([row for row in sums if row[1]], columns=["reason", "amount"])


class Cause(NamedTuple):
    """Why a change went the way it did: the largest reason of its own sign (None where none has it), the line that
    moved most by it, and the largest reason against it."""

    reason: str | None
    amount: Decimal
    line: dict | None
    against: str | None
    offset: Decimal


def cause(changes: pd.DataFrame, change: Decimal) -> Cause:
    """What moved the lines' sum by `change`, in its own direction, and what offset it; where it did not move, the
    largest rise and the largest fall."""
    way = -1 if change < 0 else 1
    sums = [(total(changes[reason]) * way, reason) for reason in REASONS]
    most, reason = max(sums, key=lambda pair: pair[0])
    least, against = min(sums, key=lambda pair: pair[0])
    if most <= 0:
        most, reason = ZERO, None
    lines = [row for row in changes.to_dict("records") if reason and row[reason] * way > 0]
    first = max(lines, key=lambda row: row[reason] * way, default=None)
    return Cause(reason, most * way, first, against if least < 0 else None, min(least, ZERO) * way)


def _items(lines: pd.DataFrame) -> dict[tuple, Decimal]:
    """Cents by owner, application, kind, item and provider of what is charged."""
    charged = lines[lines["kind"] != "residual"]
    named = charged.assign(item=charged["pool"].where(charged["kind"] == "shared", charged["ServiceName"]))
    sums = sum_by(named, KEYS, ["amount"])
    return dict(zip(zip(*(sums[name].tolist() for name in KEYS), strict=True), sums["amount"].tolist(), strict=True))


def _moved_owners(kept: Mapping, after: Mapping) -> dict[tuple[str, str], str]:
    """Owner and application that left (gone) or came: applications that had one owner then and have another now."""
    sides = []
    for side in (kept, after):
        owners: dict[str, set[str]] = {}
        for owner, application, *_ in side:
            owners.setdefault(application, set()).add(owner)
        sides.append({application: min(names) for application, names in owners.items() if application and len(names) == 1})
    moves: dict[tuple[str, str], str] = {}
    for application, owner in sides[0].items():
        if (heir := sides[1].get(application, owner)) != owner:
            moves |= {(owner, application): "gone", (heir, application): "came"}
    return moves


def _of_others(before: Mapping, key: tuple) -> Decimal:
    """What the same item of the application cost under its owner of then."""
    return total(amount for (_, *rest), amount in before.items() if tuple(rest) == key[1:])


def _explain(reasons: dict, key: tuple, change: Decimal, effects: Mapping, shares: Mapping) -> None:
    """Parts of the change by what is known of the item; what is not known of is usage."""
    owner, application, kind, item, provider = key
    if kind == "shared":
        reason, part, rate = shares.get((owner, application, item), ("usage", change, ZERO))
        reasons[reason] += to_cents(part)
        reasons["rate"] += to_cents(rate)
        return
    known = effects.get((owner, application, provider, item))
    if known is None:
        known = effects.get(("", application, provider, item), (change, ZERO, ZERO))
    reasons["usage"], reasons["rate"], reasons["one-off"] = (to_cents(part) for part in known)


def _effects(now, then, moved: set[str]) -> dict[tuple, tuple[Decimal, Decimal, Decimal]]:
    """Usage, rate and one-off effect of direct cost by owner ("" where the application moved), application, provider, service."""
    tables = [_keyed(facts(month), moved) for month in (now, then)]
    sums: dict[tuple, list[Decimal]] = {}
    for key in tables[0].keys() | tables[1].keys():
        (cost, used), (cost_then, used_then) = (table.get(key, (ZERO, ZERO)) for table in tables)
        application, owner, one_off, provider, service, *_ = key
        parts = sums.setdefault((owner, application, provider, service), [ZERO, ZERO, ZERO])
        if one_off:
            parts[2] += cost - cost_then
        elif used and used_then and used > 0 and used_then > 0:
            rate = cost - cost_then * used / used_then
            parts[0] += cost - cost_then - rate
            parts[1] += rate
        else:
            parts[0] += cost - cost_then
    return {key: tuple(parts) for key, parts in sums.items()}


def _keyed(facts: pd.DataFrame, moved: set[str]) -> dict[tuple, tuple[Decimal, Decimal]]:
    """Amount and quantity by the facts' keys; the owners of applications that moved count as one."""
    told = facts.assign(owner=facts["owner"].where(~facts["application"].isin(moved), ""))
    sums = sum_by(told, FACT_KEYS, ["amount", "ConsumedQuantity"])
    return {tuple(key): (amount, quantity) for *key, amount, quantity
            in zip(*(sums[name].tolist() for name in [*FACT_KEYS, "amount", "ConsumedQuantity"]), strict=True)}


FACT_KEYS = ["application", "owner", "one_off", "ProviderName", "ServiceName", "SkuMeter", "ConsumedUnit"]


def facts(month) -> pd.DataFrame:
    """Directly owned cost and quantity of the month by price line; one-off is what is no plain usage."""
    usage = month.tied[month.tied["source"] == "usage"]
    usage = usage.assign(owner=receivers(usage, month.applications))
    own = usage[locked(usage, month.applications)]
    plain = own["ChargeCategory"].eq("Usage") & own["ChargeClass"].ne("Correction")
    told = own.assign(one_off=(~plain).map({True: "yes", False: ""}).astype("str"))
    return sum_by(told, FACT_KEYS, ["amount", "ConsumedQuantity"])


def _pool_effects(now, then) -> dict[tuple, tuple[str, Decimal, Decimal]]:
    """By owner, application and pool: a reason, the amount it accounts for, and the effect of the pool's cost or price."""
    costs = [_pool_costs(side) for side in (now, then)]
    shares = [_shares(side.charged.lines) for side in (now, then)]
    cards = [_cards(side.charged) for side in (now, then)]
    effects = {}
    for key in shares[0].keys() | shares[1].keys():
        (amount, share), (amount_then, share_then) = (side.get(key, (ZERO, ZERO)) for side in shares)
        cost, cost_then = (side.get(key[2]) for side in costs)
        change = amount - amount_then
        if cost is None or cost_then is None:
            effects[key] = ("usage", change, ZERO)
        elif cost.idle or cost_then.idle:
            effects[key] = ("held back", change, ZERO)
        elif None not in (share, share_then):
            part = to_cents((share - share_then) * cost_then.amount)
            effects[key] = ("usage" if cost.rules == cost_then.rules else "mapping", part, change - part)
        elif cost.rules != cost_then.rules:
            effects[key] = ("mapping", change, ZERO)
        else:
            rate = _priced_otherwise(*(card.get((key[2], key[1]), {}) for card in cards))
            effects[key] = ("usage", change - rate, rate)
    return effects


class _Cost(NamedTuple):
    """What a pool costs, what its rules are (prices aside), and whether nobody is charged for it."""

    amount: Decimal
    rules: tuple
    idle: bool


def _pool_costs(month) -> dict[str, _Cost]:
    rules = pools.in_force(month.allocation_rules, month.period)
    by_pool: dict[str, list[tuple]] = {}
    for row in [] if rules is None else rules[["pool", *RULED]].to_dict("records"):
        by_pool.setdefault(row["pool"], []).append(tuple(str(row[name]) for name in RULED))
    return {row["pool"]: _Cost(row["own"] + row["received"], tuple(sorted(by_pool.get(row["pool"], ()))), not row["consumers"])
            for row in month.charged.pools.to_dict("records")}


def _cards(charged) -> dict[tuple[str, str], dict[str, pools.Priced]]:
    """By pool and consumer what the rate card charges, by driver."""
    found: dict[tuple[str, str], dict[str, pools.Priced]] = {}
    for pool, parts in charged.priced.items():
        for part in parts:
            found.setdefault((pool, part.consumer), {})[part.driver] = part
    return found


def _priced_otherwise(now: Mapping[str, pools.Priced], then: Mapping[str, pools.Priced]) -> Decimal:
    """What another price makes of what is used now, in cents."""
    parts = [(now[driver], then[driver]) for driver in now.keys() & then.keys()]
    rate = sum((part.amount - was.amount / Fraction(was.quantity) * Fraction(part.quantity) for part, was in parts), Fraction(0))
    return to_cents(Decimal(rate.numerator) / rate.denominator)


def _shares(lines: pd.DataFrame) -> dict[tuple, tuple[Decimal, Decimal | None]]:
    """By owner, application and pool the amount, and the share; None where a rate card has no shares."""
    found: dict[tuple, tuple[Decimal, Decimal | None]] = {}
    shared = lines[lines["kind"] == "shared"]
    for *key, amount, share in zip(*(shared[name].tolist() for name in ("owner", "application", "pool", "amount", "share")), strict=True):
        found[tuple(key)] = (found.get(tuple(key), (ZERO, None))[0] + amount, None if share != share else Decimal(repr(float(share))))
    return found
