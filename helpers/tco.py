"""What does each application cost in full?  Chargeback plus the ledger lines that chargeback leaves out.

    charge lines, ledger, rules → burden → lines    one row an application, cost pool and source, in cents
    lines                       → scope_bridge      from chargeback to TCO to the ledger's control total

The control total is the month's technology expense.  Capital additions stand beside it, never in it.
What no rule brings to an application stays in view under its own name.
"""

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction

import pandas as pd

from helpers import allocation, checks, depreciation, globs, pools
from helpers.errors import InputError
from helpers.house import number, percent
from helpers.money import ZERO, ratio, round_parts, sum_by, total
from helpers.optional import needs_table

LINE_KEYS = ["application", "source", "cost_pool", "sub_pool", "method", "driver", "residual"]
CLOUD, LEDGER = "chargeback", "ledger"
OUTSIDE = "Not in the TCO yet"
RULE_COLUMNS = ["account", "cost_centre", "vendor"]
FEEDS = {"hours": "labour", "assets": "assets", "usage": "drivers", "even": "applications"}  # method: what it reads


def burden(charge_lines: pd.DataFrame, coded: pd.DataFrame, sources: pd.DataFrame | None, rules: pd.DataFrame | None,
           feeds: Mapping[str, pd.DataFrame | None], pools_version: str, period: str) -> pd.DataFrame:
    """TCO lines in cents: `amount` by application, cost pool and method; they add up to the ledger's expense.

    Lines without an application name what they are in `residual`.  Feeds: applications, labour, assets, drivers.
    """
    cloud = charge_lines.assign(source=CLOUD, cost_pool="Chargeback", sub_pool="", driver=charge_lines["driver"],
                                residual=charge_lines["pool"].where(charge_lines["kind"] == "residual", ""))
    cloud["residual"] = cloud["residual"].where((cloud["application"] != "") | (cloud["residual"] != ""),
                                                "Owned without an application")
    lines = pools.assign_ledger(coded, sources, period)
    other = lines[lines["going"] != "shared"]
    named = other.assign(cost_pool=other[f"{pools_version}_cost_pool"], sub_pool=other[f"{pools_version}_sub_pool"])
    lines = _ledger_lines(named, rules, feeds, period)
    return sum_by(pd.concat([cloud[[*LINE_KEYS, "amount"]], lines], ignore_index=True), LINE_KEYS, ["amount"])


def verdict(lines: pd.DataFrame | None, period: str, currency: str) -> str:
    """The page's answer: what technology cost, how much of it applications carry, and what is largest."""
    if lines is None:
        return f"The full cost of {period} is not known: without a ledger only cloud usage can be shown."
    whole, reached = total(lines["amount"]), by_application(lines)
    carried = total(reached["TCO"])
    top = reached.sort_values("TCO", kind="stable").iloc[-1] if len(reached) else None
    largest = f"; the dearest, {top['application']}, costs {number(top['TCO'])}" if top is not None else ""
    return (f"Technology cost {number(whole)} {currency} in the ledger of {period}; {len(reached)} applications carry "
            f"{number(carried)} of it ({percent(ratio(carried, whole))}){largest}.")


@needs_table
def by_application(lines: pd.DataFrame) -> pd.DataFrame:
    """One row an application: what it is charged, what each cost pool adds, its TCO."""
    owned = lines[lines["application"] != ""]
    table = owned.pivot_table(index="application", columns="cost_pool", values="amount", aggfunc=total, fill_value=ZERO)
    pools = ["Chargeback", *[pool for pool in table.columns if pool != "Chargeback"]]
    table = table.reindex(columns=pools, fill_value=ZERO)
    return table.assign(TCO=table.apply(total, axis=1)).reset_index().rename_axis(columns=None)


@needs_table
def scope_bridge(lines: pd.DataFrame, coded: pd.DataFrame, period: str) -> pd.DataFrame:
    """Steps from chargeback to TCO of applications to the ledger's control total, with capital additions beside."""
    owned, rest = lines[lines["application"] != ""], lines[lines["application"] == ""]
    charged = total(owned.loc[owned["source"] == CLOUD, "amount"])
    added = sum_by(owned[owned["source"] == LEDGER], ["cost_pool"], ["amount"])
    held = sum_by(rest, ["source", "residual"], ["amount"])
    rows = [("Charged to applications", charged, "total")]
    rows += [(f"+ {row.cost_pool}", row.amount, "step") for row in added.itertuples()]
    rows += [("TCO of applications", charged + total(added["amount"]), "total")]
    rows += [(row.residual if row.source == CLOUD else f"{row.residual} (ledger)", row.amount, "step")
             for row in held.itertuples()]
    rows += [("Ledger control total", expense(coded, period), "total")]
    return pd.DataFrame(rows, columns=["step", "amount", "kind"])


def expense(coded: pd.DataFrame, period: str) -> Decimal:
    """The control total: the month's technology expense in the ledger."""
    return total(coded.loc[(coded["fiscal_period"] == period) & (coded["kind"] == "expense"), "amount"])


@needs_table
def beside(coded: pd.DataFrame, period: str) -> pd.DataFrame:
    """What the ledger holds besides expense: capital additions, prepaid, recoverable tax, intercompany."""
    of_month = coded[(coded["fiscal_period"] == period) & (coded["kind"] != "expense")]
    return sum_by(of_month, ["kind"], ["amount"])


@needs_table
def outside(lines: pd.DataFrame) -> pd.DataFrame:
    """The largest cost still outside the applications' TCO, and its share of the control total."""
    whole = total(lines["amount"])
    left = sum_by(lines[lines["application"] == ""], ["residual", "cost_pool"], ["amount"])
    return left.assign(share=[ratio(amount, whole) for amount in left["amount"]]).sort_values(
        "amount", key=lambda amounts: -abs(amounts), kind="stable", ignore_index=True)


@needs_table
def unit_costs(applications_tco: pd.DataFrame, volumes: pd.DataFrame | None, period: str) -> pd.DataFrame:
    """Cost per business unit of output: TCO and chargeback over the month's volume, for applications that have one."""
    columns = ["application", "unit", "quantity", "TCO", "cost_per_unit", "charged_per_unit"]
    if volumes is None:
        return pd.DataFrame(columns=columns)
    made = volumes[(volumes["period"] == period) & (volumes["quantity"] != ZERO)]
    table = made.merge(applications_tco, on="application", how="inner")
    units = {"cost_per_unit": "TCO", "charged_per_unit": "Chargeback"}
    return table.assign(**{name: [ratio(cost, quantity, 6) for cost, quantity
                                  in zip(table[column], table["quantity"], strict=True)]
                           for name, column in units.items()})[columns]


@needs_table
def waterfall(lines: pd.DataFrame, coded: pd.DataFrame, period: str) -> pd.DataFrame:
    """The scope bridge as label, amount, kind; steps that hold nothing are left out."""
    steps = scope_bridge(lines, coded, period).rename(columns={"step": "label"})
    return steps[(steps["kind"] == "total") | (steps["amount"] != ZERO)].reset_index(drop=True)


def picture(lines: pd.DataFrame | None, params) -> dict[str, str]:
    """Title, subtitle and alternative text of the bridge's picture."""
    if lines is None:
        return {"title": "", "subtitle": "", "alt": ""}
    owned = lines[lines["application"] != ""]
    cloud, full = total(owned.loc[owned["source"] == CLOUD, "amount"]), total(owned["amount"])
    share = percent(ratio(cloud, full))
    title = (f"What is charged back is {share} of what applications cost in full" if cloud != full
             else "Nothing but charges reaches the applications yet")
    return {"title": title,
            "subtitle": f"Ledger-tied cost, {params.currency}, ledger month {params.period}",
            "alt": f"Waterfall from {number(cloud)} charged to applications, over cost added by pool, to "
                   f"{number(full)} TCO, to the ledger's {number(total(lines['amount']))}."}


def tables(month) -> dict[str, pd.DataFrame]:
    """The tables behind the page, by name; only those there is something for."""
    if month.tco is None:
        return {}
    applications = by_application(month.tco)
    return {"lines": month.tco, "bridge": scope_bridge(month.tco, month.coded, month.period),
            "applications": applications, "units": unit_costs(applications, month.volumes, month.period),
            "outside": outside(month.tco), "beside": beside(month.coded, month.period),
            **{name: table for name, table in (("assets", month.register), ("depreciation", month.worn)) if table is not None}}


def check(month) -> pd.DataFrame:
    """The checks of the step, as a table."""
    steps = scope_bridge(month.tco, month.coded, month.period)
    return checks.collect(*check_burden(month.tco, month.charged.lines, month.coded, steps, month.applications,
                                        month.period), *depreciation.check(month.worn, month.params.tolerance))


def check_burden(lines: pd.DataFrame, charge_lines: pd.DataFrame, coded: pd.DataFrame, steps: pd.DataFrame,
                 applications: pd.DataFrame | None, period: str) -> list[dict]:
    """Checks that the TCO holds all that was charged and all the ledger's expense, and what it does not reach yet."""
    if lines is None:
        return [checks.noted("full cost without a ledger", 1, "TBM office",
                             "no ledger was given: only cloud usage is shown")]
    control = expense(coded, period)
    walked = total(steps.loc[steps["kind"] == "step", "amount"]) + steps["amount"].iloc[0]
    left = total(lines.loc[(lines["application"] == "") & (lines["source"] == LEDGER), "amount"])
    known = set(lines["application"]) if applications is None else {"", *applications["application"]}
    strange = lines[~lines["application"].isin(known)]
    return [
        checks.same("TCO and what is outside it equal the ledger's control total", control, total(lines["amount"])),
        checks.same("TCO holds the whole of chargeback", total(charge_lines["amount"]),
                    total(lines.loc[lines["source"] == CLOUD, "amount"])),
        checks.same("the steps from chargeback to the ledger add up", control, walked),
        checks.finding("ledger cost outside the TCO", left, "TBM office", "no rule brings it to an application yet"),
        checks.finding("cost on applications the CMDB does not know", total(strange["amount"]), "TBM office",
                       ", ".join(sorted(set(strange["application"])))),
    ]


def _ledger_lines(other: pd.DataFrame, rules: pd.DataFrame | None, feeds: Mapping[str, pd.DataFrame | None],
                  period: str) -> pd.DataFrame:
    """TCO lines of the ledger's other expense, each group of like lines split by its rule and rounded once."""
    by_priority = None if rules is None else rules.sort_values("priority", kind="stable")
    ordered = [] if rules is None else by_priority.to_dict("records")
    ruled = other.assign(rule=-1 if rules is None else pools.first_row(other, by_priority, RULE_COLUMNS))
    rows: list[dict] = []
    for group in sum_by(ruled, ["rule", "cost_pool", "sub_pool", "cost_centre"], ["amount"]).to_dict("records"):
        rule = ordered[group["rule"]] if group["rule"] >= 0 else {"method": "", "driver": ""}
        weights = _weights(rule, group["cost_centre"], feeds, period)
        rows += _split(group, rule, allocation.share_out(weights))
    return pd.DataFrame(rows, columns=[*LINE_KEYS, "amount"])


def _split(group: Mapping, rule: Mapping, shares: Mapping[str, Fraction]) -> list[dict]:
    base = {"source": LEDGER, "cost_pool": group["cost_pool"], "sub_pool": group["sub_pool"],
            "method": rule["method"], "driver": rule["driver"]}
    if not shares:
        name = OUTSIDE if rule["method"] in ("", "leave") else f"No driver for {rule['method']}"
        return [base | {"application": "", "residual": name, "amount": group["amount"]}]
    parts = round_parts([Fraction(group["amount"]) * share for share in shares.values()], group["amount"])
    return [base | {"application": name, "residual": "" if name else "Shared assets", "amount": part}
            for name, part in zip(shares, parts, strict=True)]


def _weights(rule: Mapping, cost_centre: str, feeds: Mapping[str, pd.DataFrame | None],
             period: str) -> dict[str, Decimal]:
    """What the rule splits by, an application each; empty where it leaves the cost or its driver is missing."""
    method, consumer = rule["method"], rule.get("consumer", "")
    if method == "fixed":
        return {consumer: Decimal(1)}
    feed = feeds.get(FEEDS.get(method, ""))
    if feed is None:
        return {}
    if method == "assets":
        return _counts(feed, rule["driver"], consumer, period)
    if method == "even":
        live = feed[(feed["status"] == "live") & (feed["kind"] == "application")]
        return {name: Decimal(1) for name in live["application"] if globs.matches(consumer, name)}
    of_month = feed[feed["period"] == period]
    if method == "hours":
        return _sums(of_month[of_month["cost_centre"] == cost_centre], "application", "hours", consumer)
    return _sums(of_month[of_month["driver"] == rule["driver"]], "consumer", "quantity", consumer)


def _sums(table: pd.DataFrame, name: str, quantity: str, consumer: str) -> dict[str, Decimal]:
    weights = pools.weigh(table, name, quantity, {"consumer": consumer, "exempt": ""})
    if any(value < 0 for value in weights.values()):
        raise InputError("inputs", f"a negative {quantity} in a driver", "quantities of zero or more", "mend the row")
    return weights


def _counts(assets: pd.DataFrame, kind: str, consumer: str, period: str) -> dict[str, Decimal]:
    """Assets of the kind in use in the month, by application; those that serve all stand under a blank name."""
    in_use = (assets["in_service"].str[:7] <= period) & ((assets["disposed_on"] == "")
                                                         | (assets["disposed_on"].str[:7] > period))
    used = assets[in_use & assets["kind"].map(lambda name: globs.matches(kind, name))]
    return {name: Decimal(count) for name, count in used["application"].value_counts().sort_index().items()
            if globs.matches(consumer, name) or not name}
