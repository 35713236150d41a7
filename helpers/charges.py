"""How does cost become charges?  Direct cost to its owner, shared pools by rule, the rest a named residual.

    items, rules, drivers → charge → Charged   charge lines in cents, and the shared pools they came through

Amounts are exact until here and rounded once: first direct cost, each pool and each residual, then the lines in them.
"""

from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd

from helpers import allocation, money, pools
from helpers.bridge import BUCKETS
from helpers.costs import ITEM, UNOWNED
from helpers.money import round_parts, sum_by, to_cents, total

DIRECT_KEYS = ["owner", "owner_by", "application", "ProviderName", "ServiceName", "tower"]
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
    direct = sum_by(items[items["kind"] == "direct"], DIRECT_KEYS, ["amount"])
    named = direct[direct["application"] != ""]
    splits = pools.open_pools(items, rules, drivers, sum_by(named, ["application"], ["amount"]), period)
    served = allocation.serve({split.pool: split.own for split in splits},
                              {split.pool: split.weights for split in splits}, method,
                              {split.pool: _priced(split) for split in splits if split.priced},
                              {split.pool: split.passing for split in splits if split.passing != 1})
    residual = _residuals(items)
    wholes = _wholes(direct, residual, splits, served, total(items["amount"]))
    blocks = [_direct_lines(direct, wholes[("direct", "")]), *_residual_lines(residual, wholes),
              *(_pool_lines(split, served, wholes[("pool", split.pool)]) for split in splits)]
    lines = _name_receivers(_stack(blocks), direct, applications, org)
    return Charged(items, lines, _pool_table(splits, served, lines), _flow_table(served))


def _priced(split: pools.Split) -> dict[str, Fraction]:
    sums: dict[str, Fraction] = {}
    for _, consumer, _, amount in split.priced:
        sums[consumer] = sums.get(consumer, Fraction(0)) + amount
    return sums


def _residuals(items: pd.DataFrame) -> pd.DataFrame:
    return sum_by(items[items["kind"] == "residual"], ["pool", "ProviderName"], ["amount"])


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


def _direct_lines(direct: pd.DataFrame, whole: Decimal) -> pd.DataFrame:
    exact = direct["amount"].tolist()
    return direct.assign(kind="direct", method="direct", exact=exact, amount=round_parts(exact, whole))


def _residual_lines(residual: pd.DataFrame, wholes: dict) -> list[pd.DataFrame]:
    meanings = {UNOWNED: "no tag, account or rule names an owner",
                **{ITEM + name: told for name, told in BUCKETS.items()}}
    return [rows.assign(kind="residual", method=meanings.get(name, "no row of the pool sources takes it"),
                        exact=rows["amount"], amount=round_parts(rows["amount"].tolist(), wholes[("residual", name)]))
            for name, rows in residual.groupby("pool", sort=True)]


def _pool_lines(split: pools.Split, served: allocation.Served, whole: Decimal) -> pd.DataFrame:
    """One line a consumer outside the pools; what the pool holds is a residual, last."""
    name, held = split.pool, served.held[split.pool]
    outside = [line for line in split.priced if line[1] in served.priced[name]]
    if outside:
        return _priced_lines(split, outside, held, whole)
    weights, over = served.final[name], served.over[name]
    sums = [*weights.values()]
    if not sums:
        return _told(split, [""] if held or whole else [], [whole] if held or whole else [], note="serves shared pools only")
    kept = over - int(over * split.passing)
    amounts = money.split(served.gross[name], [*sums, *[kept] * (kept > 0)], over, whole)
    taking = [*weights, *[""] * (kept > 0)]
    return _told(split, taking, amounts, [round(weight / over, SHARE_DIGITS) for weight in sums],
                 [split.quantities.get(consumer) for consumer in weights], note="over the cap of every consumer")


def _priced_lines(split: pools.Split, outside: list, held: Fraction, whole: Decimal) -> pd.DataFrame:
    exact = [line[3] for line in outside] + [held] * (held != 0)
    lines = _told(split, [line[1] for line in outside] + [""] * (held != 0), round_parts(exact, whole),
                  quantities=[line[2] for line in outside], note=UNDER if held > 0 else OVER)
    lines.loc[: len(outside) - 1, "driver"] = [line[0] for line in outside]
    return lines


def _told(split: pools.Split, taking: list[str], amounts: list[Decimal], shares=(), quantities=(), note: str = "") -> pd.DataFrame:
    """Lines of one pool; one without a consumer is what the pool holds, with the reason."""
    count = len(taking)
    frame = pd.DataFrame({"application": pd.array(taking, dtype="str"), "pool": split.pool, "method": split.method,
                          "driver": split.driver, "driver_period": split.driver_period, "kind": "shared"}, index=range(count))
    frame["amount"] = pd.Series(amounts, dtype=object)
    frame["share"] = np.array([*shares, *[np.nan] * (count - len(shares))], dtype=float)
    frame["quantity"] = pd.Series([*quantities, *[None] * (count - len(quantities))], dtype=object)
    if taking and not taking[-1]:
        frame.loc[count - 1, ["kind", "method"]] = ["residual", split.note or note]
    return frame


def _stack(blocks: list[pd.DataFrame]) -> pd.DataFrame:
    """The blocks one under the other, by kind; texts that a block does not have are blank, numbers missing."""
    full = [block for block in blocks if len(block)]
    lines = pd.concat(full, ignore_index=True) if full else pd.DataFrame(columns=LINE_COLUMNS)
    lines = lines.reindex(columns=LINE_COLUMNS)
    lines[TEXTS] = lines[TEXTS].astype("str").fillna("")
    lines["share"] = lines["share"].astype(float)
    for name in ("quantity", "exact"):
        lines[name] = lines[name].astype(object).where(lines[name].notna(), None)
    return lines


def _name_receivers(lines: pd.DataFrame, direct: pd.DataFrame, applications: pd.DataFrame | None,
                    org: pd.DataFrame | None) -> pd.DataFrame:
    """The lines with the owner of shared charges (as of the application's direct cost, else the CMDB's) and the cost
    centre that answers: the application's, else the owner's only one.  A share that nobody owns is a residual."""
    owners, centres = {}, {}
    if applications is not None:
        owners = dict(zip(applications["application"], applications["service_owner"], strict=True))
        centres = dict(zip(applications["application"], applications["cost_centre"], strict=True))
    largest = sum_by(direct, ["application", "owner"], ["amount"]).sort_values("amount", kind="stable")
    owners |= {row.application: row.owner for row in largest.itertuples() if row.application}
    shared = lines["kind"] == "shared"
    owner = lines["owner"].where(~shared, _looked_up(lines["application"], owners))
    lost = shared & (owner == "")
    centre = _looked_up(lines["application"], centres)
    centre = centre.where(centre != "", _looked_up(owner, _only_centres(org))).where(owner != "", "")
    named = lines.assign(owner=owner, cost_centre=centre)
    if lost.any():
        named = named.assign(kind=named["kind"].where(~lost, "residual"),
                             method=named["method"].where(~lost, "no owner known for consumer " + named["application"]),
                             application=named["application"].where(~lost, ""))
    return named.iloc[np.argsort(named["kind"].to_numpy(dtype=object).astype(str), kind="stable")].reset_index(drop=True)


def _looked_up(texts: pd.Series, known: dict[str, str]) -> pd.Series:
    """What is known of each text, blank where nothing is."""
    return texts.map(pd.Series(known, dtype="str")).astype("str").fillna("")


def _only_centres(org: pd.DataFrame | None) -> dict[str, str]:
    """By owner the cost centre of those who answer for one only."""
    if org is None:
        return {}
    return {name: min(group) for name, group in org.groupby("owner")["cost_centre"] if len(set(group)) == 1}


def _pool_table(splits: list[pools.Split], served: allocation.Served, lines: pd.DataFrame) -> pd.DataFrame:
    """One row a shared pool: own + received = passed to other pools + charged + held, but for a cent of rounding."""
    sums = sum_by(lines[lines["pool"] != ""], ["pool", "kind"], ["amount"])
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
    """What each pool passed to each other, in cents."""
    rows = [(pool, taker, _cents(amount)) for pool, passed in served.passed.items() for taker, amount in passed.items()]
    return pd.DataFrame(rows, columns=["pool", "to_pool", "amount"])


def _cents(amount: Fraction) -> Decimal:
    return to_cents(Decimal(amount.numerator) / Decimal(amount.denominator))
