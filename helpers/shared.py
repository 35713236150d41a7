"""How are shared pools split, what would another method give, and which business units carry them?

    Charged → units → one row a business unit and pool             for the heat map
    items, rules → compare → one row an owner, a column a method   direct, step-down and reciprocal side by side
    Charged → loops → pools that serve one another, by name
"""

import pandas as pd

from helpers import allocation, charges, checks
from helpers.mapping import rows_of
from helpers.money import ZERO, ratio, sum_by, total

NO_UNIT = "(no business unit)"
OFFICE = "FinOps and TBM office"


def units(lines: pd.DataFrame, org: pd.DataFrame | None) -> pd.DataFrame:
    """What each business unit carries directly and of each shared pool."""
    known = dict(rows_of(org, ["cost_centre", "business_unit"]))
    charged = lines[lines["kind"] != "residual"]
    told = charged.assign(business_unit=[known.get(centre) or NO_UNIT for centre in charged["cost_centre"]],
                          pool=charged["pool"].where(charged["kind"] == "shared", "Directly owned"))
    return sum_by(told, ["business_unit", "pool"], ["amount"])


def picture(found: pd.DataFrame, params) -> dict[str, str]:
    """Title, subtitle and alternative text of the heat map."""
    shared = found[found["pool"] != "Directly owned"]
    by_unit = sum_by(shared, ["business_unit"], ["amount"])
    rows = sorted(by_unit.itertuples(), key=lambda row: (-row.amount, row.business_unit))
    share = ratio(rows[0].amount, total(by_unit["amount"])) if rows else ZERO
    title = f"{rows[0].business_unit} carries {share:.0%} of what is shared" if rows else "Nothing is shared"
    return {"title": title, "subtitle": f"{params.cost_basis.capitalize()} cost charged, {params.currency}, "
                                        f"ledger month {params.period}",
            "alt": "Grid of shared pools by business unit: " + "; ".join(f"{row.business_unit} {row.amount}" for row in rows[:5])}


def compare(month) -> pd.DataFrame:
    """One row an owner: what each way of solving pools that serve pools would charge, and the widest difference."""
    found = {}
    for method in allocation.METHODS:
        charged = month.charged if method == month.params.shared_pools else charges.charge(
            month.charged.items, month.allocation_rules, month.drivers, month.applications, month.org, month.period, method)
        paid = charged.lines[charged.lines["kind"] != "residual"]
        found[method] = dict(zip(*(sum_by(paid, ["owner"], ["amount"])[name] for name in ("owner", "amount")), strict=True))
    rows = [(owner, *(found[method].get(owner, ZERO) for method in found)) for owner in sorted(set().union(*found.values()))]
    table = pd.DataFrame(rows, columns=["owner", *found])
    return table.assign(widest=[max(row[1:]) - min(row[1:]) for row in rows])


def loops(flows: pd.DataFrame) -> list[list[str]]:
    """Pools that serve one another, each group in alphabetical order."""
    asked: dict[str, dict[str, int]] = {}
    for pool, taker in zip(flows["pool"], flows["to_pool"], strict=True):
        asked.setdefault(pool, {})[taker] = 1
    return allocation.loops(sorted({*flows["pool"], *flows["to_pool"]}), asked)


def loops_note(flows: pd.DataFrame, method: str) -> str:
    """Which pools serve one another, and how that was solved; "" where none do."""
    found = [" and ".join(group) for group in loops(flows)]
    if not found:
        return ""
    return f"Pools that serve one another: {'; '.join(found)}; their cost is solved together (shared_pools: {method})."


def check(month) -> list[dict]:
    """Findings: less charged than the parameter coverage_share, rules that split nothing, drivers not of the month."""
    lines, least = month.charged.lines, month.params.coverage_share
    whole = total(lines["amount"])
    held = total(lines.loc[lines["kind"] == "residual", "amount"])
    share = ratio(whole - held, whole)
    rows = [checks.noted("share of the cost that is charged", int(share < least), OFFICE,
                         f"{share:.1%} is charged, {least:.0%} is asked for", held if share < least else ZERO)]
    named = set() if month.pool_sources is None else set(month.pool_sources["pool"])
    idle = sorted({pool for (pool,) in rows_of(month.allocation_rules, ["pool"])} - named)
    rows.append(checks.noted("allocation rules of pools that no source row names", len(idle), OFFICE, ", ".join(idle)))
    late = month.charged.pools[month.charged.pools["stale"].astype(bool)]
    return [*rows, *(checks.finding(f"driver not of the month: {row.pool}", row.charged, OFFICE, row.note) for row in late.itertuples())]
