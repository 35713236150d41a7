"""How is a shared pool split, also when pools serve one another?  Whole numbers and fractions; nothing is rounded here.

    weights → whole_weights → weights in whole numbers, by consumer: a share is weight over the sum of weights
    weights, floor, cap → bounded → weights that give nobody less or more than that share
    own cost, weights → serve → Served      what each pool passes on, to whom outside the pools, and what it keeps

direct: pools do not charge pools.  step-down: each pool charges those after it, in the order given or by the amount
it serves the others with.  reciprocal: simultaneous equations.
"""

import math
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from helpers.errors import InputError

Weights = dict[str, int]
Amount = Decimal | Fraction
METHODS = ("direct", "step-down", "step-down-by-amount", "reciprocal")


class Served(NamedTuple):
    """By pool: its cost after what others passed to it; weights of consumers outside the pools and the whole they are
    taken over; amounts that a price sets for them; what it passes to other pools, by name; what stays unshared."""

    gross: dict[str, Fraction]
    final: dict[str, Weights]
    over: dict[str, int]
    priced: dict[str, dict[str, Fraction]]
    passed: dict[str, dict[str, Fraction]]
    held: dict[str, Fraction]

    def shares(self) -> dict[str, dict[str, Fraction]]:
        """By pool the share of its cost that each consumer outside the pools takes."""
        return {pool: {name: Fraction(weight) / self.over[pool] for name, weight in weights.items()}
                for pool, weights in self.final.items()}


def whole_weights(weights: Mapping[str, Decimal | Fraction | int]) -> Weights:
    """The weights as the smallest whole numbers in the same proportion, by name, without those of zero weight.

    Raises ValueError for a negative weight.
    """
    names = [name for name in sorted(weights) if weights[name]]
    ratios = [weights[name].as_integer_ratio() for name in names]
    common = math.lcm(*{below for _, below in ratios})
    scaled = [above * (common // below) for above, below in ratios]
    if min(scaled, default=0) < 0:
        raise ValueError(f"negative weight of {min(zip(scaled, names), key=lambda pair: (pair[0] >= 0, pair[1]))[1]}")
    factor = math.gcd(*scaled)
    return dict(zip(names, scaled if factor == 1 else [weight // factor for weight in scaled], strict=True))


def share_out(weights: Mapping[str, Decimal | Fraction | int]) -> dict[str, Fraction]:
    """Shares in proportion to the weights, without those of zero weight; empty when all are zero."""
    scaled = whole_weights(weights)
    whole = sum(scaled.values())
    return {name: Fraction(weight, whole) for name, weight in scaled.items()}


def bounded(weights: Weights, floor: Decimal | None, cap: Decimal | None) -> dict[str, Fraction]:
    """Shares in proportion to the weights, but none below the floor or above the cap; what is over goes to the others.

    They add up to less than 1 where the cap leaves a rest.  Raises ValueError where floors need more than the whole.
    """
    low, high = Fraction(floor or 0), Fraction(1 if cap is None else cap)
    if low > high or low * len(weights) > 1:
        raise ValueError(f"a floor of {float(low):g} for {len(weights)} consumers")
    if high * len(weights) < 1:
        return dict.fromkeys(weights, high)
    return _between(weights, low, high)


def _between(weights: Weights, low: Fraction, high: Fraction) -> dict[str, Fraction]:
    """Water-filling: the bound that is broken by more in all is set first, and the rest shared again."""
    set_at: dict[str, Fraction] = {}
    while True:
        free = {name: weight for name, weight in weights.items() if name not in set_at}
        rest, whole = 1 - sum(set_at.values(), Fraction(0)), sum(free.values())
        shares = {name: rest * weight / whole for name, weight in free.items()}
        under = {name: low - share for name, share in shares.items() if share < low}
        over = {name: share - high for name, share in shares.items() if share > high}
        if not under and not over:
            return {name: set_at.get(name, shares.get(name)) for name in weights}
        below, above = sum(under.values(), Fraction(0)), sum(over.values(), Fraction(0))
        set_at |= dict.fromkeys(under, low) if below >= above else {}
        set_at |= dict.fromkeys(over, high) if above >= below else {}


def serve(own: Mapping[str, Amount], weights: Mapping[str, Mapping[str, int]], method: str,
          priced: Mapping[str, Mapping[str, Fraction]] | None = None,
          capped: Mapping[str, Fraction] | None = None) -> Served:
    """What the pools pass on when they serve one another by the method (METHODS).

    A pool without weights holds its cost; `capped` is the part of its cost that a pool may pass on, if not all.  A pool
    of `priced` charges those amounts, whatever it costs, and holds the difference.  Pools stand in the order in which
    step-down takes them.  Raises InputError when pools serve only one another (reciprocal).
    """
    pools, capped = list(own), dict(capped or {})
    asked = {pool: dict(weights.get(pool, {})) for pool in pools}
    fixed = {pool: dict((priced or {}).get(pool, {})) for pool in pools}
    gross = {pool: Fraction(amount) for pool, amount in own.items()}
    if method == "reciprocal":
        refuse_closed_loops(pools, {pool: asked[pool] for pool in pools if capped.get(pool, 1) == 1})
    else:
        later = _later(pools if method != "step-down-by-amount" else _by_amount(gross, asked), method)
        asked, fixed = ({pool: _without(wanted[pool], own.keys() - later[pool]) for pool in pools}
                        for wanted in (asked, fixed))
    whole = {pool: sum(asked[pool].values()) for pool in pools}
    among = {pool: {taker: Fraction(asked[pool][taker], whole[pool]) * capped.get(pool, 1)
                    for taker in asked[pool].keys() & own.keys()} for pool in pools}
    for amounts in fixed.values():
        for taker in amounts.keys() & own.keys():
            gross[taker] += amounts[taker]
    gross = _simultaneous(gross, among)
    held = {pool: gross[pool] - sum(fixed[pool].values(), Fraction(0)) if fixed[pool] else
            gross[pool] * (1 - capped.get(pool, 1)) if asked[pool] else gross[pool] for pool in pools}
    over = {pool: Fraction(whole[pool]) / capped.get(pool, 1) for pool in pools}
    passed = {pool: {taker: gross[pool] * share for taker, share in sorted(among[pool].items())}
              | {taker: fixed[pool][taker] for taker in sorted(fixed[pool].keys() & own.keys())} for pool in pools}
    priced = {pool: _without(fixed[pool], own.keys()) for pool in pools}
    return Served(gross, *_outside(own, asked, over), priced, passed, held)


def _outside(own: Mapping, asked: dict[str, Weights], over: dict[str, Fraction]) -> tuple[dict, dict]:
    """Weights of consumers outside the pools and the whole they are taken over, both in whole numbers."""
    final, wholes = {}, {}
    for pool, weights in asked.items():
        outside = _without(weights, own.keys())
        factor = over[pool].denominator
        final[pool] = outside if factor == 1 else {name: weight * factor for name, weight in outside.items()}
        wholes[pool] = over[pool].numerator
    return final, wholes


def _without(wanted: dict, dropped) -> dict:
    gone = wanted.keys() & dropped
    return {name: value for name, value in wanted.items() if name not in gone} if gone else wanted


def _later(order: list[str], method: str) -> dict[str, set[str]]:
    """The pools that each pool may charge: none, or those after it."""
    return {pool: set() if method == "direct" else set(order[place + 1:]) for place, pool in enumerate(order)}


def _by_amount(gross: dict[str, Fraction], asked: dict[str, Weights]) -> list[str]:
    """The pools by the amount of their own cost that goes to other pools, largest first."""
    def served(pool: str) -> Fraction:
        weights, whole = asked[pool], sum(asked[pool].values())
        others = sum(weights[name] for name in weights.keys() & gross.keys() if name != pool)
        return abs(gross[pool]) * Fraction(others, whole) if whole else Fraction(0)

    return sorted(gross, key=lambda pool: (-served(pool), pool))


def _simultaneous(own: dict[str, Fraction], among: dict[str, dict[str, Fraction]]) -> dict[str, Fraction]:
    """Gross cost x with x = own + what the others pass on, exactly: pools are taken out one by one, fewest links first.

    Taking a pool out passes its cost on to those it serves, as often as it comes back to it.
    """
    givers: dict[str, dict[str, Fraction]] = {pool: {} for pool in own}
    for giver, takers in among.items():
        for taker, share in takers.items():
            givers[taker][giver] = share
    left, steps = dict.fromkeys(own), []
    takers = {pool: dict(shares) for pool, shares in among.items()}
    while left:
        pool = min(left, key=lambda name: (len(takers[name]) * len(givers[name]), name))
        del left[pool]
        again = Fraction(1) / (1 - takers[pool].pop(pool, 0))
        givers[pool].pop(pool, None)
        for taker, share in takers[pool].items():
            del givers[taker][pool]
            for giver, given in givers[pool].items():
                takers[giver][taker] = givers[taker][giver] = takers[giver].get(taker, 0) + given * again * share
        for giver in givers[pool]:
            del takers[giver][pool]
        steps.append((pool, again, dict(takers[pool]), dict(givers[pool])))
    gross = dict(own)
    for pool, again, served, _ in steps:  # down: what is known of each pool goes on to those still in
        for taker, share in served.items():
            gross[taker] += gross[pool] * again * share
    for pool, again, _, serving in reversed(steps):  # up: what those taken out later pass back
        gross[pool] = again * (gross[pool] + sum((gross[giver] * share for giver, share in serving.items()), Fraction(0)))
    return gross


def loops(pools: list[str], asked: Mapping[str, Mapping[str, int]]) -> list[list[str]]:
    """Pools that serve one another, or themselves, each group in the order of the pools."""
    place = {pool: i for i, pool in enumerate(pools)}
    reach = [sum(1 << place[taker] for taker in asked.get(pool, {}).keys() & place.keys()) for pool in pools]
    for middle in range(len(pools)):
        for i in range(len(pools)):
            if reach[i] >> middle & 1:
                reach[i] |= reach[middle]
    groups: dict[tuple[int, ...], None] = {}
    for i in range(len(pools)):
        if reach[i] >> i & 1:
            groups[tuple(j for j in range(len(pools)) if reach[i] >> j & 1 and reach[j] >> i & 1)] = None
    return [[pools[i] for i in group] for group in groups]


def refuse_closed_loops(pools: list[str], asked: Mapping[str, Mapping[str, int]]) -> None:
    """Every pool's cost must find a way out: to a consumer outside, or to a pool that keeps it."""
    for group in loops(pools, asked):
        if all(set(asked.get(pool, {})) <= set(group) for pool in group):
            raise InputError("rules.allocation", f"shared pools serve only one another: {' → '.join([*group, group[0]])}",
                             "at least one consumer outside them", "add a consumer, or set shared_pools: step-down")
