"""How does cost become charges?  Direct cost to its owner, shared pools by rule, the rest a named residual.

    items, rules, drivers → charge → Charged   charge lines in cents, and the shared pools they came through

Amounts are exact until here and rounded once: first direct cost, each pool and each residual, then the lines in them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from itertools import chain, groupby
from typing import NamedTuple

import numpy as np
import pandas as pd

from helpers import allocation, money, pools
from helpers.bridge import BUCKETS
from helpers.costs import ITEM, UNOWNED
from helpers.money import round_parts, sum_by, to_cents, total

DIRECT_KEYS = ["application", "owner", "owner_by", "ProviderName", "ServiceName", "tower"]
TEXTS = ["kind", "owner", "owner_by", "cost_centre", "application", "pool", "ProviderName", "ServiceName", "tower",
         "method", "driver", "driver_period"]
LINE_COLUMNS = [*TEXTS, "quantity", "share", "exact", "amount"]
FLOWS = ["own", "received", "passed", "charged", "held"]  # of a shared pool; passed: to other pools
POOL_COLUMNS = ["pool", "method", "driver", "driver_period", *FLOWS, "consumers", "stale", "note"]
UNDER = "under-recovered: the rate card charges less than the pool costs"
OVER = "over-recovered: the rate card charges more than the pool costs"
SHARE_DIGITS = 12


@dataclass(frozen=True)
class Charged:
    """The charge lines, the shared pools they came through, and what pools passed to one another."""

    items: pd.DataFrame
    lines: pd.DataFrame
    pools: pd.DataFrame
    flows: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=["pool", "to_pool", "amount"]))


def charge(items: pd.DataFrame, rules: pd.DataFrame | None, drivers: pd.DataFrame | None,
           applications: pd.DataFrame | None, org: pd.DataFrame | None, period: str, method: str) -> Charged:
    """Charge lines in cents and the shared pools behind them; the lines add up to the items' total in cents.

    Direct cost and residuals have their exact amount beside the one in cents; a share is of the pool's whole cost.
    """
    direct = sum_by(items.loc[items["kind"] == "direct", [*DIRECT_KEYS, "amount"]], DIRECT_KEYS, ["amount"])
    named = direct.loc[direct["application"] != "", ["application", "amount"]]
    splits = pools.open_pools(items, rules, drivers, sum_by(named, ["application"], ["amount"]), period)
    served = allocation.serve({split.pool: split.own for split in splits},
                              {split.pool: split.weights for split in splits}, method,
                              {split.pool: _priced(split) for split in splits if split.priced},
                              {split.pool: split.passing for split in splits if split.passing != 1})
    residual = _residuals(items)
    wholes = _wholes(direct, residual, splits, served, total(items["amount"]))
    blocks = [_direct_block(direct, wholes[("direct", "")]), *_residual_blocks(residual, wholes)]
    for split in splits:
        blocks += _pool_blocks(split, served, wholes[("pool", split.pool)])
    lines = _name_receivers(_stack(blocks), direct, applications, org)
    return Charged(items, lines, _pool_table(splits, served, lines), _flow_table(served))


def _priced(split: pools.Split) -> dict[str, Fraction]:
    sums: dict[str, Fraction] = {}
    for _, consumer, _, amount in split.priced:
        sums[consumer] = sums.get(consumer, Fraction(0)) + amount
    return sums


def _residuals(items: pd.DataFrame) -> pd.DataFrame:
    return sum_by(items.loc[items["kind"] == "residual", ["pool", "ProviderName", "amount"]], ["pool", "ProviderName"], ["amount"])


def _wholes(direct: pd.DataFrame, residual: pd.DataFrame, splits: list, served: allocation.Served,
            whole: Decimal) -> dict[tuple[str, str], Decimal]:
    """In cents: direct cost, each residual and what each pool charges and holds, which add up to the whole."""
    exact = {("direct", ""): Fraction(total(direct["amount"]))}
    exact |= {("residual", row.pool): Fraction(row.amount) for row in sum_by(residual, ["pool"], ["amount"]).itertuples()}
    for split in splits:
        name = split.pool
        out = served.gross[name] - sum(served.passed[name].values(), Fraction(0))
        exact[("pool", name)] = out
    return dict(zip(exact, round_parts(list(exact.values()), whole), strict=True))


class Block(NamedTuple):
    """Lines that have their kind and pool in common: one text for all of them, or a list of one each."""

    count: int
    texts: dict[str, str | Sequence[str]]
    amounts: list[Decimal]
    exact: list[Decimal | None] | None = None
    shares: np.ndarray | None = None
    quantities: list[Decimal | None] | None = None


def _direct_block(direct: pd.DataFrame, whole: Decimal) -> Block:
    exact = direct["amount"].tolist()
    texts = {name: direct[name] for name in DIRECT_KEYS}
    return Block(len(direct), texts | {"kind": "direct", "method": "direct"}, round_parts(exact, whole), exact)


def _residual_blocks(residual: pd.DataFrame, wholes: dict) -> list[Block]:
    meanings = {UNOWNED: "no tag, account or rule names an owner",
                **{ITEM + name: told for name, told in BUCKETS.items()}}
    return [Block(len(rows), {"kind": "residual", "pool": name, "ProviderName": rows["ProviderName"],
                              "method": meanings.get(name, "no row of the pool sources takes it")},
                  round_parts(rows["amount"].tolist(), wholes[("residual", name)]), rows["amount"].tolist())
            for name, rows in residual.groupby("pool", sort=True)]


def _pool_blocks(split: pools.Split, served: allocation.Served, whole: Decimal) -> list[Block]:
    """The lines of consumers outside the pools, and one of what the pool holds, with the reason."""
    name, held, told = split.pool, served.held[split.pool], {"pool": split.pool, "driver": split.driver,
                                                             "driver_period": split.driver_period}
    outside = [line for line in split.priced if line[1] in served.priced[name]]
    weights, over = served.final[name], served.over[name]
    if outside:
        amounts = round_parts([*(line[3] for line in outside), *[held] * (held != 0)], whole)
        taking, drivers = [line[1] for line in outside], [line[0] for line in outside]
        shares, quantities = None, [line[2] for line in outside]
        note = UNDER if held > 0 else OVER
    elif weights:
        kept = over - int(over * split.passing)
        amounts = money.split(served.gross[name], [*weights.values(), *[kept] * (kept > 0)], over, whole)
        taking, drivers = list(weights), split.driver
        shares = np.round(np.array(list(weights.values()), dtype=float) / float(over), SHARE_DIGITS)
        quantities = list(map(split.quantities.get, taking)) if split.quantities else None
        note = "over the cap of every consumer"
    else:
        amounts, taking, note = [whole] * bool(whole), [], "serves shared pools only"
    rest = [Block(1, told | {"kind": "residual", "method": split.note or note}, amounts[-1:])] * (len(amounts) > len(taking))
    if not taking:
        return rest
    shared = told | {"kind": "shared", "method": split.method, "application": taking, "driver": drivers}
    return [Block(len(taking), shared, amounts[:len(taking)], None, shares, quantities), *rest]


def _stack(blocks: list[Block]) -> pd.DataFrame:
    """The blocks as one table, direct cost first, then residuals, then shared cost; each kind in the blocks' order."""
    order = {"direct": 0, "residual": 1, "shared": 2}
    blocks = sorted(blocks, key=lambda block: order[block.texts["kind"]])
    lines = {name: _texts([block.texts.get(name, "") for block in blocks], [block.count for block in blocks])
             for name in TEXTS}
    lines["quantity"] = _objects([block.quantities or [None] * block.count for block in blocks])
    lines["share"] = np.concatenate([np.full(block.count, np.nan) if block.shares is None else block.shares
                                     for block in blocks] or [np.empty(0)])
    lines["exact"] = _objects([block.exact or [None] * block.count for block in blocks])
    lines["amount"] = _objects([block.amounts for block in blocks])
    return pd.DataFrame(lines, columns=LINE_COLUMNS)


def _objects(parts: list[list]) -> pd.Series:
    return pd.Series(list(chain.from_iterable(parts)), dtype=object)


def _texts(parts: list[str | Sequence[str]], counts: list[int]):
    """The column whose parts are one text for so many lines, or a text for each."""
    runs = []
    for kind, run in groupby(zip(parts, counts, strict=True), key=lambda pair: type(pair[0])):
        texts, sizes = zip(*run, strict=True)
        if kind is str:
            runs.append(pd.array(texts, dtype="str").take(np.repeat(np.arange(len(texts)), sizes)))
        else:
            runs += [text.array for text in texts] if kind is pd.Series else [pd.array(list(chain.from_iterable(texts)), dtype="str")]
    return pd.concat([pd.Series(run) for run in runs], ignore_index=True) if runs else pd.array([], dtype="str")


def _name_receivers(lines: pd.DataFrame, direct: pd.DataFrame, applications: pd.DataFrame | None,
                    org: pd.DataFrame | None) -> pd.DataFrame:
    """The lines with the owner of shared charges (as of the application's direct cost, else the CMDB's) and the cost
    centre that answers: the application's, else the owner's only one.  A share that nobody owns is a residual."""
    owners, centres = {}, {}
    if applications is not None:
        owners = dict(zip(applications["application"], applications["service_owner"], strict=True))
        centres = dict(zip(applications["application"], applications["cost_centre"], strict=True))
    largest = sum_by(direct[["application", "owner", "amount"]], ["application", "owner"], ["amount"])
    largest = largest[largest["application"] != ""].sort_values("amount", kind="stable")
    owners |= dict(zip(largest["application"].tolist(), largest["owner"].tolist(), strict=True))
    shared = lines["kind"] == "shared"
    owner = lines["owner"].where(~shared, _looked_up(lines["application"], owners))
    lost = shared & (owner == "")
    centre = _looked_up(lines["application"], centres)
    only = _only_centres(org)
    centre = centre.where(centre != "", _looked_up(owner, only)) if only else centre
    centre = centre.where(owner != "", "") if (owner == "").any() else centre
    lines = lines.assign(owner=owner, cost_centre=centre)
    if not lost.any():
        return lines
    lines = lines.assign(kind=lines["kind"].where(~lost, "residual"),
                         method=lines["method"].where(~lost, "no owner known for consumer " + lines["application"]),
                         application=lines["application"].where(~lost, ""))
    return lines.iloc[np.argsort(lines["kind"].eq("shared"), kind="stable")].reset_index(drop=True)


def _looked_up(texts: pd.Series, known: dict[str, str]) -> pd.Series:
    """What is known of each text, blank where nothing is."""
    codes, found = pd.factorize(texts)
    return pd.Series(pd.array([known.get(text, "") for text in found], dtype="str").take(codes), index=texts.index)


def _only_centres(org: pd.DataFrame | None) -> dict[str, str]:
    """By owner the cost centre of those who answer for one only."""
    if org is None:
        return {}
    return {name: min(group) for name, group in org.groupby("owner")["cost_centre"] if len(set(group)) == 1}


def _pool_table(splits: list[pools.Split], served: allocation.Served, lines: pd.DataFrame) -> pd.DataFrame:
    """One row a shared pool: own + received = passed to other pools + charged + held, but for a cent of rounding."""
    sums = sum_by(lines.loc[lines["pool"] != "", ["pool", "kind", "amount"]], ["pool", "kind"], ["amount"])
    booked = {(row.pool, row.kind): row.amount for row in sums.itertuples()}
    rows = []
    for split in splits:
        own, gross = Fraction(split.own), served.gross[split.pool]
        exact = {"own": own, "received": gross - own, "passed": sum(served.passed[split.pool].values(), Fraction(0))}
        rows.append({"pool": split.pool, "method": split.method, "driver": split.driver, "driver_period": split.driver_period,
                     **{flow: _cents(amount) for flow, amount in exact.items()},
                     "charged": booked.get((split.pool, "shared"), money.ZERO),
                     "held": booked.get((split.pool, "residual"), money.ZERO),
                     "consumers": len(served.final[split.pool]) or len(served.priced[split.pool]), "stale": split.stale,
                     "note": split.note})
    return pd.DataFrame(rows, columns=POOL_COLUMNS)


def _flow_table(served: allocation.Served) -> pd.DataFrame:
    """What each pool passed to each other, in cents; they add up to what each received."""
    given: dict[str, dict[str, Fraction]] = {}
    for pool, passed in served.passed.items():
        for taker, amount in passed.items():
            given.setdefault(taker, {})[pool] = amount
    rows = [(pool, taker, amount) for taker, parts in given.items() for pool, amount in
            zip(parts, round_parts(list(parts.values()), _cents(sum(parts.values(), Fraction(0)))), strict=True)]
    return pd.DataFrame(sorted(rows), columns=["pool", "to_pool", "amount"])


def _cents(amount: Fraction) -> Decimal:
    return to_cents(Decimal(amount.numerator) / Decimal(amount.denominator))
