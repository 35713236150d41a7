"""How is a shared pool split, also when pools serve one another?  Exact fractions; nothing is rounded here.

    weights → share_out → shares            by consumer, adding up to 1
    own cost, shares → serve → Served       what each pool passes on, to whom outside the pools, and what it keeps

direct: pools do not charge pools.  step-down: each pool charges those after it.  reciprocal: simultaneous equations.
"""

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from helpers.errors import InputError

Shares = dict[str, dict[str, Fraction]]


class Served(NamedTuple):
    """By pool: cost after what others passed to it, shares of that for consumers outside, and what stays unshared."""

    gross: dict[str, Fraction]
    final: Shares
    held: dict[str, Fraction]


def share_out(weights: Mapping[str, Decimal | Fraction]) -> dict[str, Fraction]:
    """Shares in proportion to the weights, without those of zero weight; empty when all are zero.

    Raises ValueError for a negative weight.
    """
    negative = sorted(name for name, weight in weights.items() if weight < 0)
    if negative:
        raise ValueError(f"negative weight of {negative[0]}")
    whole = sum((Fraction(weight) for weight in weights.values()), Fraction(0))
    return {name: Fraction(weight) / whole for name, weight in sorted(weights.items()) if weight}


def serve(own: Mapping[str, Decimal | Fraction], shares: Shares, method: str) -> Served:
    """What the pools pass on when they serve one another by the method.

    A pool without shares holds its cost.  Pools stand in the order in which step-down takes them.  Raises InputError
    when pools serve only one another (reciprocal).
    """
    gross = {pool: Fraction(amount) for pool, amount in own.items()}
    if method == "direct":
        used = {pool: _without(shares.get(pool, {}), set(own)) for pool in own}
    elif method == "step-down":
        gross, used = _step_down(gross, shares)
    else:
        _refuse_closed_loop(list(own), shares)
        used = {pool: shares.get(pool, {}) for pool in own}
        gross = _simultaneous(gross, used)
    final = {pool: {name: share for name, share in used[pool].items() if name not in own} for pool in own}
    return Served(gross, final, {pool: Fraction(0) if used[pool] else gross[pool] for pool in own})


def _step_down(gross: dict[str, Fraction], shares: Shares) -> tuple[dict[str, Fraction], Shares]:
    used = {}
    for pool in list(gross):
        used[pool] = _without(shares.get(pool, {}), {*used, pool})
        for consumer in used[pool].keys() & gross.keys():
            gross[consumer] += gross[pool] * used[pool][consumer]
    return gross, used


def _without(shares: Mapping[str, Fraction], dropped: set[str]) -> dict[str, Fraction]:
    return share_out({name: share for name, share in shares.items() if name not in dropped})


def _simultaneous(own: dict[str, Fraction], shares: Shares) -> dict[str, Fraction]:
    """Gross cost x with x = own + what the others pass on: Gauss-Jordan in exact fractions."""
    pools = list(own)
    rows = [[Fraction(int(i == j)) - shares.get(giver, {}).get(taker, Fraction(0)) for j, giver in enumerate(pools)]
            + [own[taker]] for i, taker in enumerate(pools)]
    for i in range(len(pools)):
        pivot = next(k for k in range(i, len(pools)) if rows[k][i])
        rows[i], rows[pivot] = rows[pivot], rows[i]
        rows[i] = [value / rows[i][i] for value in rows[i]]
        for k in range(len(pools)):
            if k != i and rows[k][i]:
                rows[k] = [value - rows[k][i] * top for value, top in zip(rows[k], rows[i], strict=True)]
    return {pool: row[-1] for pool, row in zip(pools, rows, strict=True)}


def _refuse_closed_loop(pools: list[str], shares: Shares) -> None:
    """Every pool's cost must find a way out: to a consumer outside, or to a pool that keeps it."""
    leading = {pool for pool in pools if not shares.get(pool) or set(shares[pool]) - set(pools)}
    grown = True
    while grown:
        more = {pool for pool in pools if pool not in leading and set(shares[pool]) & leading}
        grown = bool(more)
        leading |= more
    stuck = [pool for pool in pools if pool not in leading]
    if stuck:
        raise InputError("rules.allocation", f"shared pools serve only one another: {' → '.join([*stuck, stuck[0]])}",
                         "at least one consumer outside them", "add a consumer, or set shared_pools: step-down")
