"""How does cost become charges?  Direct cost to its owner, shared pools by rule, the rest a named residual.

    items, rules, drivers → charge → Charged   charge lines in cents, and the shared pools they came through

Amounts are exact until here and rounded once: first direct cost, each pool and each residual, then the lines in them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from itertools import chain, groupby, repeat
from typing import NamedTuple

import numpy as np
import pandas as pd

from helpers import allocation, money, pools
from helpers.bridge import BUCKETS
from helpers.costs import ITEM, UNOWNED
from helpers.errors import InputError
from helpers.money import round_parts, sum_by, to_cents, total
from helpers.receivers import Receivers

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
    priced: dict[str, tuple[pools.Priced, ...]] = field(default_factory=dict)  # by pool what its rate card charges


def charge(items: pd.DataFrame, rules: pd.DataFrame | None, drivers: pd.DataFrame | None,
           applications: pd.DataFrame | None, org: pd.DataFrame | None, period: str, method: str) -> Charged:
    """Charge lines in cents and the shared pools behind them; the lines add up to the items' total in cents.

    Direct cost and residuals have their exact amount beside the one in cents; a share is of the pool's whole cost.
    """
    direct = _direct(items)
    named = direct.loc[direct["application"] != "", ["application", "amount"]]
    splits = pools.open_pools(items, rules, drivers, sum_by(named, ["application"], ["amount"]), period,
                              () if applications is None else applications["application"])
    if both := sorted({split.pool for split in splits} & set(named["application"])):
        raise InputError("rules.pool_sources", f"the shared pool {both[0]} has the name of an application with direct cost",
                         "a name of its own, for drivers and rules name consumers by it", "rename the pool")
    served = allocation.serve({split.pool: split.own for split in splits},
                              {split.pool: split.weights for split in splits}, method,
                              {split.pool: _priced(split) for split in splits if split.priced},
                              {split.pool: split.passing for split in splits if split.passing != 1})
    residual = _residuals(items)
    wholes = _wholes(direct, residual, splits, served, total(items["amount"]))
    known = Receivers(direct, applications, org)
    blocks = [_direct_block(direct, known, wholes[("direct", "")]), *_residual_blocks(residual, wholes)]
    for split in splits:
        blocks += _pool_blocks(split, served, known, wholes[("pool", split.pool)])
    stacked = _stack(blocks)
    lost = (stacked["kind"] == "shared") & (stacked["owner"] == "")
    table = _pool_table(splits, served, _booked(blocks, stacked[lost]))
    return Charged(items, _hold(stacked, lost), table, _flow_table(served),
                   {split.pool: split.priced for split in splits if split.priced})


def _direct(items: pd.DataFrame) -> pd.DataFrame:
    """Direct cost by DIRECT_KEYS; items are that already where each provider has one service month."""
    direct = items.loc[items["kind"] == "direct", [*DIRECT_KEYS, "amount", "service_period"]]
    months = direct[["ProviderName", "service_period"]].drop_duplicates()
    if months["ProviderName"].is_unique:
        return direct.drop(columns="service_period").reset_index(drop=True)
    return sum_by(direct, DIRECT_KEYS, ["amount"])


def _priced(split: pools.Split) -> dict[str, Fraction]:
    sums: dict[str, Fraction] = {}
    for part in split.priced:
        sums[part.consumer] = sums.get(part.consumer, Fraction(0)) + part.amount
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


def _direct_block(direct: pd.DataFrame, known: Receivers, whole: Decimal) -> Block:
    exact = direct["amount"].tolist()
    texts = {name: direct[name] for name in DIRECT_KEYS}
    texts["cost_centre"] = known.centres_of(direct["application"].tolist(), direct["owner"].tolist())
    return Block(len(direct), texts | {"kind": "direct", "method": "direct"}, round_parts(exact, whole), exact)


def _residual_blocks(residual: pd.DataFrame, wholes: dict) -> list[Block]:
    meanings = {UNOWNED: "no tag, account or rule names an owner",
                **{ITEM + name: told for name, told in BUCKETS.items()}}
    return [Block(len(rows), {"kind": "residual", "pool": name, "ProviderName": rows["ProviderName"],
                              "method": meanings.get(name, "no row of the pool sources takes it")},
                  round_parts(rows["amount"].tolist(), wholes[("residual", name)]), rows["amount"].tolist())
            for name, rows in residual.groupby("pool", sort=True)]


def _pool_blocks(split: pools.Split, served: allocation.Served, known: Receivers, whole: Decimal) -> list[Block]:
    """The lines of consumers outside the pools, and one of what the pool holds, with the reason."""
    name, held, told = split.pool, served.held[split.pool], {"pool": split.pool, "driver": split.driver,
                                                             "driver_period": split.driver_period}
    outside = [part for part in split.priced if part.consumer in served.priced[name]]
    weights, over = served.final[name], served.over[name]
    if outside:
        amounts = round_parts([*(part.amount for part in outside), *[held] * (held != 0)], whole)
        taking = [part.consumer for part in outside]
        by = {"driver": [part.driver for part in outside], "driver_period": [part.month for part in outside]}
        shares, quantities = None, [part.quantity for part in outside]
        note = UNDER if held > 0 else OVER
    elif weights:
        kept = over - int(over * split.passing)
        amounts = money.split(served.gross[name], [*weights.values(), *[kept] * (kept > 0)], over, whole)
        taking, by = list(weights), {}
        shares = np.round(np.array(list(weights.values()), dtype=float) / float(over), SHARE_DIGITS)
        quantities = list(map(split.quantities.get, taking)) if split.quantities else None
        note = "over the cap of every consumer"
    else:
        amounts, taking, note = [whole] * bool(whole), [], "serves shared pools only"
    rest = [Block(1, told | {"kind": "residual", "method": split.note or note}, amounts[-1:])] * (len(amounts) > len(taking))
    if not taking:
        return rest
    shared = told | {"kind": "shared", "method": split.method, **by, **known.of(taking)}
    return [Block(len(taking), shared, amounts[:len(taking)], None, shares, quantities), *rest]


def _stack(blocks: list[Block]) -> pd.DataFrame:
    """The blocks as one table, direct cost first, then residuals, then shared cost; each kind in the blocks' order."""
    order = {"direct": 0, "residual": 1, "shared": 2}
    blocks = sorted(blocks, key=lambda block: order[block.texts["kind"]])
    lines = {name: _texts([block.texts.get(name, "") for block in blocks], [block.count for block in blocks])
             for name in TEXTS}
    lines["quantity"] = _objects([block.quantities for block in blocks], [block.count for block in blocks])
    lines["share"] = np.concatenate([np.full(block.count, np.nan) if block.shares is None else block.shares
                                     for block in blocks] or [np.empty(0)])
    lines["exact"] = _objects([block.exact for block in blocks], [block.count for block in blocks])
    lines["amount"] = _objects([block.amounts for block in blocks], [block.count for block in blocks])
    return pd.DataFrame(lines, columns=LINE_COLUMNS)


def _objects(parts: list[list | None], counts: list[int]) -> pd.Series:
    """The column of the parts; None where a part has nothing."""
    values = chain.from_iterable(repeat(None, count) if part is None else part for part, count in zip(parts, counts, strict=True))
    return pd.Series(list(values), dtype=object)


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


def _hold(lines: pd.DataFrame, lost: pd.Series) -> pd.DataFrame:
    """The lines with each share that nobody owns as a residual that names its consumer."""
    if not lost.any():
        return lines
    lines = lines.assign(kind=lines["kind"].where(~lost, "residual"),
                         method=lines["method"].where(~lost, "no owner known for consumer " + lines["application"]),
                         application=lines["application"].where(~lost, ""))
    return lines.iloc[np.argsort(lines["kind"].eq("shared"), kind="stable")].reset_index(drop=True)


def _booked(blocks: list[Block], lost: pd.DataFrame) -> dict[tuple[str, str], Decimal]:
    """What the lines of each pool come to, by their kind; a share that nobody owns is held."""
    sums: dict[tuple[str, str], Decimal] = {}
    for block in blocks:
        key = block.texts.get("pool", ""), block.texts["kind"]
        sums[key] = sums.get(key, money.ZERO) + total(block.amounts)
    for pool, amount in zip(lost["pool"], lost["amount"], strict=True):
        sums[pool, "shared"] -= amount
        sums[pool, "residual"] = sums.get((pool, "residual"), money.ZERO) + amount
    return sums


def _pool_table(splits: list[pools.Split], served: allocation.Served, booked: dict[tuple[str, str], Decimal]) -> pd.DataFrame:
    """One row a shared pool: own + received = passed to other pools + charged + held, but for a cent of rounding."""
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
