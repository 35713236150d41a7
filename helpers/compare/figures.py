"""Whose figure is it?  Charges by owner, application and pool, and full cost by application and cost pool, of a month.

    month → of_month → figures     (figure, period, owner, application, pool): amount in cents
    published tables → of_tables   the same of what a pack or a closed month says
"""

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

from helpers import publish
from helpers.money import ZERO

KEYS = ["figure", "period", "owner", "application", "pool"]
CHARGED, FULL = "charged", "full cost"
DIRECT = "direct"
Figures = dict[tuple[str, ...], Decimal]


def of_month(month) -> Figures:
    """The figures of a month of the walk; without a ledger there is no full cost."""
    lines = month.charged.lines
    columns = ("kind", "owner", "application", "pool", "amount")
    found = _charged(month.period, *(lines[name].tolist() for name in columns))
    if month.coded is not None:
        tco = month.tco
        cents = [Decimal(int(value)) / 100 for value in tco["cents"].tolist()]
        found |= _full(month.period, *(tco[name].tolist() for name in ("application", "residual", "cost_pool")), cents)
    return found


def of_tables(period: str, tables: Path) -> Figures:
    """The figures that published tables tell, in a folder of CSV files; none of a table that is not there."""
    found: Figures = {}
    if rows := publish.rows(tables / "chargeback_lines.csv"):
        found |= _charged(period, *([row[name] for row in rows] for name in ("kind", "owner", "application", "pool")),
                          [Decimal(row["amount"] or 0) for row in rows])
    if rows := publish.rows(tables / "tco_lines.csv"):
        found |= _full(period, *([row[name] for row in rows] for name in ("application", "residual", "cost_pool")),
                       [Decimal(row["amount"] or 0) for row in rows])
    return found


def difference(now: Mapping, was: Mapping) -> Figures:
    """What each figure is more; those that are the same are left out."""
    moves = {key: now.get(key, ZERO) - was.get(key, ZERO) for key in now.keys() | was.keys()}
    return {key: moves[key] for key in sorted(moves) if moves[key]}


def added(*parts: Mapping) -> Figures:
    """The sums of figures, those that come to nothing left out."""
    sums: Figures = {}
    for part in parts:
        for key, amount in part.items():
            sums[key] = sums.get(key, ZERO) + amount
    return {key: amount for key, amount in sums.items() if amount}


def moved(moves: Mapping) -> Decimal:
    """The larger of what was added and what was taken away; of charges, else of full cost."""
    for figure in (CHARGED, FULL):
        mine = [amount for key, amount in moves.items() if key[0] == figure]
        if mine:
            return max(sum((a for a in mine if a > 0), ZERO), -sum((a for a in mine if a < 0), ZERO))
    return ZERO


def charge_key(period: str, kind: str, owner: str, application: str, pool: str, **_: str) -> tuple[str, ...]:
    """The key of a charge line; more of its columns may be given."""
    return (CHARGED, period, owner, application, DIRECT if kind == "direct" else pool)


def _charged(period, kinds, owners, applications, pools, amounts) -> Figures:
    found: Figures = {}
    for kind, owner, application, pool, amount in zip(kinds, owners, applications, pools, amounts, strict=True):
        key = charge_key(period, kind, owner, application, pool)
        found[key] = found.get(key, ZERO) + amount
    return found


def _full(period, applications, residuals, cost_pools, amounts) -> Figures:
    found: Figures = {}
    for application, residual, cost_pool, amount in zip(applications, residuals, cost_pools, amounts, strict=True):
        key = (FULL, period, "", application or f"({residual})", cost_pool)
        found[key] = found.get(key, ZERO) + amount
    return found
