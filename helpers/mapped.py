"""What stands behind the mapping page?  The month's mapped lines as tables and checks, from coverage and tags.

    month → tables; month, tables → check
"""

import pandas as pd

from helpers import charts, checks, coverage, mapping, moves, rates, rulecheck, services, tagged, taxonomy, worklist
from helpers.money import total


def tables(month) -> dict[str, pd.DataFrame]:
    """The tables behind the page, by name."""
    lines, given = coverage.of_month(month.booked, month.period), month.params
    held = worklist.open_services(lines)
    asked = worklist.by_service(held, month.names)
    wanted = worklist.worklist(asked, month.rules, month.names, month.period, given.currency)
    return {
        "towers": coverage.by_tower(lines), "pools": coverage.by_pool(lines), "services": coverage.by_service(lines),
        "coverage": coverage.coverage(lines), "coverage_by_month": coverage.by_month(month.booked, month.period),
        "charges": charges(lines, month.names), "confidence": coverage.by_confidence(lines, month.rules),
        "solutions": by_solution(lines, month.solutions), "unmapped": held,
        "worklist": wanted, "learning": learning(asked, wanted, given.taxonomy.towers),
        "new_services": worklist.new_services(month.booked, month.period, month.names),
        "idle_rules": coverage.idle_rules(lines, month.rules, month.period),
        "hidden_rules": rulecheck.hidden(month.names.of_rules(month.rules), month.period),
        "strange_rules": rulecheck.strangers(month.rules, month.booked, month.names),
        "overlaps": rulecheck.overlaps(lines, month.rules, given.taxonomy, month.period, month.names),
        "versions": moves.between_versions(lines, month.rules, month.names, given.taxonomy.towers),
        "crosswalk": taxonomy.crosswalk(), "moved": month.moved, **tagged.tables(month, lines),
    }


def charges(lines: pd.DataFrame, names: services.Names) -> pd.DataFrame:
    """Cost by kind of charge and where it lands: what is not plain usage is easily lost, or counted in both bases."""
    marked = mapping.mark(lines, names)
    rows = mapping.rows_of(marked, ["ChargeCategory", "ChargeClass", "commitment", "CommitmentDiscountStatus",
                                    "marketplace", "ServiceName", "ServiceSubcategory"])
    told = marked.assign(charge=[_charge(*row) for row in rows])
    usual = told["charge"].eq("usage")
    return coverage.summed(told.assign(tower=told["tower"].mask(usual, "as above"),
                                       sub_tower=told["sub_tower"].mask(usual, "")), ["charge", "tower", "sub_tower"])


def by_solution(lines: pd.DataFrame, found: dict[str, tuple[str, str, str]]) -> pd.DataFrame:
    """Cost by the solution of the taxonomy that the CMDB names for the application, or that it names none."""
    paths = [found.get(code, ("", "", "")) for code in lines["application"]]
    paths = [path if path[0] else ("none named", "", "") for path in paths]
    names = ("solution_type", "solution_category", "solution")
    return coverage.summed(lines.assign(**{name: [path[place] for path in paths] for place, name in enumerate(names)}), names)


def learning(asked: pd.DataFrame, wanted: pd.DataFrame, version: str) -> pd.DataFrame:
    """The services of the worklist as the page shows them: cost, who can say, and what is suggested and why."""
    nameless = ("", "It has no name that a rule could tell it by: see its lines")
    told = {(provider, service): (" / ".join(filter(None, place)), reason.split("; ")[0])
            for provider, service, *place, reason in mapping.rows_of(
                wanted, ["ProviderName", "ServiceName", f"{version}_tower", f"{version}_sub_tower", "reason"])}
    found = [told.get((worklist.exact(provider), worklist.exact(service)), nameless)
             for provider, service in mapping.rows_of(asked, ["ProviderName", "ServiceName"])]
    return asked[["ProviderName", "ServiceName", "rule_level", "billed", "effective", "line_count", "accountable"]].assign(
        suggested=[place for place, _ in found], because=[reason for _, reason in found])


def _charge(category: str, class_: str, commitment: str, status: str, marketplace: str, service: str, below: str) -> str:
    """The kind of a charge in a word; the first that fits."""
    tests = (("tax", category == "Tax"), ("commitment purchase", category == "Purchase" and bool(commitment)),
             ("unused commitment", status == "Unused"), ("correction", class_ == "Correction"),
             ("credit", category == "Credit"), ("adjustment", category == "Adjustment"),
             ("marketplace", marketplace == "yes"),
             ("support", below == "Support" or "support" in service.lower()),
             ("usage under a commitment", status == "Used"), ("purchase", category == "Purchase"))
    return next((name for name, true in tests if true), "usage")


def by_share(table: pd.DataFrame, column: str, months: int = 6) -> pd.DataFrame:
    """Shares of amortised cost, a row a month and a column a value of `column`, of the last months."""
    wide = table.pivot(index="period", columns=column, values="effective_share").iloc[-months:]
    order = [name for name in dict.fromkeys(table[column]) if name in wide]
    wide = wide[order].rename(columns=lambda name: f"{name}_share").reset_index()
    return wide.rename_axis(columns=None)


def check(month, told: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """The checks of mapping, as a table; `told` are the page's tables."""
    lines, given = coverage.of_month(month.booked, month.period), month.params
    return checks.collect(
        *rates.check_conversion(month.mapped, month.rates, given.currency),
        *coverage.check_sums(month.cube.lines, month.mapped),
        *coverage.check_coverage(lines, given.unmapped_share),
        checks.same("blocks drawn and credits named as not drawn hold the cost of the month's bills",
                    total(lines["effective"]),
                    charts.whole_of_blocks(told["towers"], "tower", "sub_tower", "effective")),
        *worklist.check_new(told["new_services"], given.new_service), *rulecheck.check_rules(told["hidden_rules"], told["strange_rules"]),
        *moves.check_moved(told["moved"], month.map_before.period if month.map_before else "", month.map_lost),
        *tagged.check_tags(lines, month.applications, month.aliases, given.tag_keys.application, given.taxonomy.towers))
