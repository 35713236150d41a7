"""What does each application cost in full?  Chargeback plus the ledger lines that chargeback leaves out.

    month → lines        whole cents by class, way and application (helpers.cells)
    lines → scope_bridge  from chargeback to TCO to the ledger's control total

The control total is the month's technology expense.  Capital additions stand beside it, never in it.
What no rule brings to an application stays in view under its own name.
"""

from decimal import Decimal

import pandas as pd

from helpers import (
    burden, cells, checks, depreciation, labourcost, layers, origins, ratecards, span, storage, unitcosts)
from helpers.cells import CHARGEBACK, LEDGER, summed
from helpers.house import number, percent, words
from helpers.mapping import rows_of
from helpers.money import ZERO, ratio, sum_by, to_cents, total
from helpers.optional import needs_table
from helpers.periods import shift

FEEDS = ("applications", "labour", "assets", "drivers", "capacity")


def lines(month) -> pd.DataFrame:
    """TCO lines of the month: what is charged in the classes behind it, and the rest of the ledger by rule.

    They add up to the ledger's expense; a line without an application names in `residual` what it is.
    """
    other, book = month.ruled, cells.Cells()
    clouded = origins.clouds(month.placed, month.accounts, month.params.taxonomy.pools)
    origins.behind(book, month.charged, clouded, other[other["going"] == "shared"])
    whole = to_cents(expense(month.coded, month.period)) - total(month.charged.lines["amount"])
    burden.rest(book, other, month.tco_ordered, {name: month.of_month(name) for name in FEEDS}, month.period, whole, month.merged_teams)
    return book.frame(units(month.applications, month.org))


def units(applications: pd.DataFrame | None, org: pd.DataFrame | None) -> dict[str, str]:
    """By application the business unit of its cost centre."""
    known = dict(rows_of(org, ["cost_centre", "business_unit"]))
    return {name: known.get(centre, "") for name, centre in rows_of(applications, ["application", "cost_centre"])}


def verdict(found: pd.DataFrame | None, period: str, currency: str, months: dict[str, pd.DataFrame] | None = None) -> str:
    """The page's answer: what technology cost, against the month before, who carries it, where it runs, what is left out.

    months: TCO of the span by month (helpers.span), for the trend and who moved most.
    """
    if found is None:
        return f"The full cost of {period} is not known: without a ledger only cloud usage can be shown."
    whole, owned = cells.total(found), found[found["application"] != ""]
    names = set(owned["application"])
    carried = cells.total(owned)
    left = summed(found[found["application"] == ""], ["residual"]).sort_values("amount", kind="stable")
    undriven = found[found["method"].astype("str").str.startswith("no driver")]
    undriven = summed(undriven, ["residual"])
    lost = (f" {words(', '.join(undriven['residual']))} with {number(total(undriven['amount']))} could not be charged for want of a driver: "
            "what applications carry is so much lower.") if len(undriven) else ""
    rest = f"; of the rest {words(left['residual'].iloc[-1])} is largest, {number(left['amount'].iloc[-1])}" if len(left) else ""
    where = [f"{percent(ratio(amount, carried))} {name}" for name, amount in zip(
        ("in the cloud", "on premises", "serving both"), (cells.total(owned[owned["hosting"] == name]) for name in span.KINDS["hosting"]), strict=True) if amount]
    return (f"Technology cost {number(whole)} {currency} in the ledger of {period}{_since(months, whole)}; {len(names)} applications carry "
            f"{number(carried)} of it ({percent(ratio(carried, whole))}): {', '.join(where)}{rest}.{lost}{_moved(months)}")


def _since(months: dict[str, pd.DataFrame] | None, whole: Decimal) -> str:
    """How the month compares with the one before it in the span."""
    if not months or len(months) < 2:
        return ""
    before, lines = list(months.items())[-2]
    then = cells.total(lines)
    change = "as much as" if then == whole else f"{percent(ratio(abs(whole - then), abs(then)))} {'more' if whole > then else 'less'} than"
    return f", {change} in {before}" if then else ""


def _moved(months: dict[str, pd.DataFrame] | None) -> str:
    """The application that moved most since the month before, and why."""
    moved = span.movers(months)
    if moved is None or not len(moved) or not moved["change"].iloc[0]:
        return ""
    first = moved.iloc[0]
    way = "more" if first["change"] > 0 else "less"
    return f" {words(first['application'])} moved most: {number(abs(first['change']))} {way}, most of it {words(first['most'])}."


@needs_table
def by_kind(found: pd.DataFrame, *keys: str) -> pd.DataFrame:
    """One row an application (or name of `keys`): TCO, OpEx and CapEx, run and build, and where it runs: cloud, on-premises, both."""
    owned = found[found["application"] != ""]
    kinds = layers.by_class(owned, *keys)
    return kinds.merge(layers.by_hosting(owned, *keys).drop(columns="amount"), on=list(keys)).rename(columns={"amount": "TCO"})


@needs_table
def scope_bridge(found: pd.DataFrame, coded: pd.DataFrame, period: str) -> pd.DataFrame:
    """Steps from chargeback to TCO of applications to the ledger's control total."""
    owned, rest = found[found["application"] != ""], found[found["application"] == ""]
    charged = cells.total(owned[owned["source"] == CHARGEBACK])
    added = summed(owned[owned["source"] == LEDGER], ["cost_pool"])
    held = summed(rest, ["source", "residual"])
    rows = [("Charged to applications", charged, "total")]
    rows += [(f"+ {row.cost_pool}", row.amount, "step") for row in added.itertuples()]
    rows += [("TCO of applications", charged + total(added["amount"]), "total")]
    rows += [(row.residual if row.source == CHARGEBACK else f"{row.residual} (ledger)", row.amount, "step")
             for row in held.itertuples()]
    rows += [("Ledger control total", expense(coded, period), "total")]
    return pd.DataFrame(rows, columns=["step", "amount", "kind"])


def expense(coded: pd.DataFrame, period: str) -> Decimal:
    """The control total: the month's technology expense in the ledger."""
    return total(coded.loc[(coded["fiscal_period"] == period) & (coded["kind"] == "expense"), "amount"])


@needs_table
def beside(coded: pd.DataFrame, period: str) -> pd.DataFrame:
    """What the ledger holds besides expense, by account: capital additions, prepaid, recoverable tax, intercompany."""
    of_month = coded[(coded["fiscal_period"] == period) & (coded["kind"] != "expense")]
    return sum_by(of_month, ["kind", "account"], ["amount"])


@needs_table
def outside(found: pd.DataFrame) -> pd.DataFrame:
    """The largest cost still outside the applications' TCO, its share of the control total, and the share with it inside."""
    whole = cells.total(found)
    left = summed(found[found["application"] == ""], ["residual", "cost_pool", "sub_pool"])
    left = left.assign(share=[ratio(amount, whole) for amount in left["amount"]]).sort_values(
        "amount", key=lambda amounts: -abs(amounts), kind="stable", ignore_index=True)
    inside, reach = whole - total(left["amount"]), []
    for amount in left["amount"]:
        inside += amount
        reach.append(ratio(inside, whole))
    return left.assign(inside_share=reach)


@needs_table
def waterfall(found: pd.DataFrame, coded: pd.DataFrame, period: str) -> pd.DataFrame:
    """The scope bridge as label, amount, kind; steps that hold nothing are left out."""
    steps = scope_bridge(found, coded, period).rename(columns={"step": "label"})
    return steps[(steps["kind"] == "total") | (steps["amount"] != ZERO)].reset_index(drop=True)


def picture(found: pd.DataFrame | None, params) -> dict[str, str]:
    """Title, subtitle and alternative text of the bridge's picture."""
    if found is None:
        return {"title": "", "subtitle": "", "alt": ""}
    owned = found[found["application"] != ""]
    cloud, full = cells.total(owned[owned["source"] == CHARGEBACK]), cells.total(owned)
    share = percent(ratio(cloud, full))
    title = (f"What is charged back is {share} of what applications cost in full" if cloud != full
             else "Nothing but charges reaches the applications yet")
    return {"title": title,
            "subtitle": f"Ledger-tied cost, {params.currency}, ledger month {params.period}",
            "alt": f"Waterfall from {number(cloud)} charged to applications, over cost added by pool, to "
                   f"{number(full)} TCO, to the ledger's {number(cells.total(found))}."}


def flow_picture(found: pd.DataFrame | None, params) -> dict[str, str]:
    """Title, subtitle and alternative text of the flow."""
    if found is None:
        return {"title": "", "subtitle": "", "alt": ""}
    sums = summed(found[found["business_unit"] != ""], ["business_unit"]).sort_values("amount", kind="stable")
    top = sums.iloc[-1] if len(sums) else None
    title = f"{top['business_unit']} carries {percent(ratio(top['amount'], cells.total(found)))} of technology cost" if len(sums) else "No business unit is known"
    return {"title": title, "subtitle": f"Cost pools, towers, business units; ledger-tied, {params.currency}, ledger month {params.period}",
            "alt": "Flow from cost pools over towers to business units: " + "; ".join(f"{row.business_unit} {number(row.amount)}" for row in sums[::-1].itertuples())}


def published(found: pd.DataFrame) -> pd.DataFrame:
    """The lines as a file: amounts in place of cents."""
    return found.assign(amount=cells.money(found["cents"])).drop(columns="cents").astype(dict.fromkeys(cells.TEXTS, "str"))


def tables(month) -> dict[str, pd.DataFrame]:
    """The tables behind the page, by name; only those there is something for."""
    if month.tco is None:
        return {}
    found, params = month.tco, month.params
    rows = {"lines": published(found), "bridge": scope_bridge(found, month.coded, month.period), "applications": layers.by_application(found),
            "kinds": by_kind(found, "business_unit", "application"), "layers": layers.layers(found), "pools": layers.pools(found, month.coded, params.taxonomy.pools, month.period),
            "towers": layers.by_class(found, "tower", "sub_tower"), "hosting": layers.by_hosting(found, "tower"),
            "business_units": by_kind(found, "business_unit"), "flows": layers.flows(found),
            "span_bridge": span.bridge(month.span), "trend": span.trend(month.span), "movers": span.movers(month.span),
            "coverage": span.coverage(month), "units": month.unit_costs, "unit_changes": unitcosts.effects(month, month.before if shift(month.period, -1) in month.span else None, month.volumes),
            "outside": outside(found), "beside": beside(month.coded, month.period), "assets": month.register, "depreciation": month.worn,
            "cards": month.cards, "cards_used": month.cards_used,
            "against_cloud": ratecards.against_cloud(month.cards, month.tied, month.capacity_units),
            "storage_owned": storage.owned(month.rate_cards, month.capacity, month.drivers, month.period, params.taxonomy.towers),
            "storage_cloud": storage.cloud(month.booked, month.volumes, month.period),
            "labour": labourcost.team_costs(month.coded, month.labour, month.period, month.merged_teams)}
    if month.cards_used is not None:
        rows["focus"] = ratecards.focus(month.cards_used, month.cards, month.rate_cards, params.company, params.currency, month.period)
    rows |= {name: layers.named(rows[name]) for name in ("kinds", "pools", "towers", "hosting", "business_units")}
    return {name: table for name, table in rows.items() if table is not None}


def check(month, found: dict[str, pd.DataFrame] | None = None) -> pd.DataFrame:
    """The checks of the step, as a table; found: the tables, where they are worked out already."""
    if month.tco is None:
        return checks.collect(checks.noted("full cost without a ledger", 1, "TBM office", "no ledger was given: only cloud usage is shown"))
    found = tables(month) if found is None else found
    control, version = expense(month.coded, month.period), month.params.taxonomy.pools
    paid = total(labourcost.staff(month.coded, month.period)["amount"])
    strange = labourcost.unknown(month.labour, month.applications, month.period, month.small_teams)
    return checks.collect(
        *check_burden(month.tco, month.charged.lines, month.coded, found["bridge"], month.applications, month.period),
        *layers.check(month.tco, month.coded, to_cents(control), found["pools"], version),
        layers.check_flows(found["flows"], to_cents(control)),
        *span.check(month.span, found["coverage"], month.params.tco.months), *labourcost.check(strange, month.tco, found["labour"], paid),
        *retired(month.tco, month.applications), *ratecards.check(month.cards, month.cards_used),
        *storage.check(found["storage_cloud"], found.get("storage_owned")), *depreciation.check(month.worn, month.params.tolerance))


def retired(found: pd.DataFrame, applications: pd.DataFrame | None) -> list[dict]:
    """A finding for each application that the CMDB calls retired and that still costs."""
    gone = {name: owner for name, owner, state in rows_of(applications, ["application", "service_owner", "status"]) if state == "retired"}
    costs = summed(found[found["application"].isin(gone)], ["application"])
    return [checks.finding(f"retired application still costs: {name}", amount, gone[name], "see where it comes from in tables/tco_lines.csv")
            for name, amount in costs.itertuples(index=False)]


def _undriven(found: pd.DataFrame) -> list[dict]:
    """A finding for each driver that TCO rules ask for and that says nothing in the month."""
    lacking = summed(found[(found["source"] == LEDGER) & found["residual"].astype("str").str.startswith("No driver")], ["method", "driver"])
    return [checks.finding(f"TCO rules without a driver: {row.method} {row.driver}".strip(), row.amount, "TBM office",
                           "the driver has no rows for the month, or its name is another in the rules") for row in lacking.itertuples(index=False)]


def check_burden(found: pd.DataFrame, charge_lines: pd.DataFrame, coded: pd.DataFrame, steps: pd.DataFrame,
                 applications: pd.DataFrame | None, period: str) -> list[dict]:
    """Checks that the TCO holds all that was charged, by application, and all the ledger's expense; what it does not reach yet."""
    control = to_cents(expense(coded, period))
    walked = total(steps.loc[steps["kind"] == "step", "amount"]) + steps["amount"].iloc[0]
    outside_ = cells.total(found[(found["application"] == "") & (found["source"] == LEDGER)])
    known = set(found["application"]) if applications is None else {"", *applications["application"]}
    strange = found[~found["application"].isin(known)]
    charged = dict(sum_by(charge_lines, ["application"], ["amount"]).itertuples(index=False))
    held = dict(summed(found[found["source"] == CHARGEBACK], ["application"]).itertuples(index=False))
    apart = [name for name in sorted(charged.keys() | held.keys()) if charged.get(name, ZERO) != held.get(name, ZERO)]
    return [
        checks.same("TCO and what is outside it equal the ledger's control total", control, cells.total(found)),
        checks.same("TCO holds the whole of chargeback", total(charge_lines["amount"]), total(held.values())),
        checks.holds("each application's TCO holds what it is charged", not apart, ", ".join(apart[:5])),
        checks.same("the steps from chargeback to the ledger add up", control, walked),
        checks.finding("ledger cost outside the TCO", outside_, "TBM office", "left out by rule, idle, or without rule or driver: see What is not in it yet"),
        *_undriven(found),
        checks.finding("cost on applications the CMDB does not know", cells.total(strange), "TBM office",
                       ", ".join(sorted(set(strange["application"])))),
    ]
