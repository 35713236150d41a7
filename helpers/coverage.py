"""Where does the cost land, and how sure is that?  Mapped lines in, tables and checks out.

    booked lines → of_month → lines of the bills that a ledger month books
    lines → by_tower, by_pool, by_service, coverage, rule_use, idle_rules → tables for the page
    booked lines → by_month → coverage of each month
    lines before and after mapping → check_sums, check_coverage → checks

Tables sum `billed` and `effective`, both in the report's currency (helpers.rates).
"""

from collections.abc import Sequence
from decimal import Decimal

import pandas as pd

from helpers import checks, rulebook
from helpers.house import number, percent
from helpers.mapping import OWNER_RULE, rows_of
from helpers.money import ZERO, plain, sum_by, total
from helpers.periods import shift

AMOUNTS = ["billed", "effective"]
LEVELS = ["override", "service", "subcategory", "category", "unmapped"]


def of_month(booked: pd.DataFrame, period: str) -> pd.DataFrame:
    """The lines of the bills that the ledger month books (helpers.ledger.book gives each its `ledger_period`)."""
    return booked[booked["ledger_period"] == period].reset_index(drop=True)


def share(part: Decimal, whole: Decimal) -> Decimal:
    """The share in six digits, 0 where there is nothing to share."""
    return round(part / whole, 6) if part and whole else ZERO


def verdict(lines: pd.DataFrame, period: str, currency: str) -> str:
    """The page's answer: what the month's bills cost, how much of it a rule of its own places, what no rule knows."""
    if lines.empty:
        return f"No bill is booked in {period}: there is nothing to map."
    levels = coverage(lines).set_index("rule_level")["effective_share"]
    lost = lines[lines["rule_level"] == "unmapped"]
    services = len(set(rows_of(lost, ["ProviderName", "ServiceName"])))
    amount = f"{number(total(lost['effective']))} {currency}"
    rest = (f"no rule knows {services} service{'s' * (services != 1)} with {amount}"
            if services else "no service is unknown")
    return (f"The cloud bills booked in {period} cost {number(total(lines['effective']))} {currency} amortised "
            f"({number(total(lines['billed']))} billed); {percent(levels['override'] + levels['service'])} of it, credits "
            f"counted as large as they are, lands by a rule made for its service or charge, and {rest}.")


def picture(lines: pd.DataFrame, period: str, currency: str) -> dict[str, str]:
    """Title, subtitle and alternative text of the picture of cost by tower."""
    towers = sum_by(lines, ["tower"], ["effective"])
    ranked = sorted(rows_of(towers, ["effective", "tower"]), reverse=True)
    first = ", then ".join(tower for _, tower in ranked[:2]) or "Nothing"
    told = "; ".join(f"{tower} {number(amount)}" for amount, tower in ranked)
    return {"title": f"{first} take{'s' * (len(ranked) < 2)} most" if ranked else "Nothing to show",
            "subtitle": f"Amortised cost by tower and sub-tower, {currency}, bills booked in {period}",
            "alt": f"Blocks of amortised cost by tower, in {currency}: {told}"}


def summed(lines: pd.DataFrame, keys: Sequence[str]) -> pd.DataFrame:
    """billed, effective and line_count by `keys`, sorted by them."""
    table = sum_by(lines, keys, [*AMOUNTS, "line_count"])
    return table.assign(line_count=[int(count) for count in table["line_count"]])


def by_tower(lines: pd.DataFrame) -> pd.DataFrame:
    """Cost by tower and sub-tower."""
    return summed(lines, ["tower", "sub_tower"])


def by_pool(lines: pd.DataFrame) -> pd.DataFrame:
    """Cost by cost pool and sub-pool."""
    return summed(lines, ["cost_pool", "sub_pool"])


def by_service(lines: pd.DataFrame) -> pd.DataFrame:
    """Cost by provider and service, with where it lands and by which rule."""
    return summed(lines, ["ProviderName", "ServiceName", "tower", "sub_tower", "rule_id", "rule_level"])


def coverage(lines: pd.DataFrame) -> pd.DataFrame:
    """Cost by the level of the rule that placed it; shares are of absolute cost, so that credits hide nothing."""
    sizes = lines.assign(**{f"{name}_size": [abs(amount) for amount in lines[name]] for name in AMOUNTS})
    found = sum_by(sizes, ["rule_level"], [*AMOUNTS, "line_count", *(f"{name}_size" for name in AMOUNTS)])
    found = found.set_index("rule_level")
    rows = [{"rule_level": level, **{column: found.at[level, column] if level in found.index else ZERO
                                     for column in found.columns}} for level in LEVELS]
    table = pd.DataFrame(rows, columns=["rule_level", *found.columns])
    table["line_count"] = [int(count) for count in table["line_count"]]
    for name in AMOUNTS:
        whole = total(table[f"{name}_size"])
        table[f"{name}_share"] = [share(size, whole) for size in table[f"{name}_size"]]
    return table.loc[:, ["rule_level", "billed", "billed_share", "effective", "effective_share", "line_count"]]


def by_month(booked: pd.DataFrame, period: str, months: int = 13) -> pd.DataFrame:
    """Coverage of each ledger month up to the one under review: by level of rule, cost and share of absolute cost."""
    recent = booked[(booked["ledger_period"] > shift(period, -months)) & (booked["ledger_period"] <= period)]
    tables = [coverage(lines).assign(period=month) for month, lines in recent.groupby("ledger_period")]
    columns = ["period", "rule_level", *AMOUNTS, *(f"{name}_share" for name in AMOUNTS), "line_count"]
    return pd.concat(tables, ignore_index=True)[columns] if tables else pd.DataFrame(columns=columns)


def idle_rules(lines: pd.DataFrame, rules: pd.DataFrame, period: str = "") -> pd.DataFrame:
    """Rules in force that placed no line."""
    tried = rulebook.in_force(rules, period)
    idle = tried[~tried["rule_id"].isin(set(lines["rule_id"])) & tried["level"].ne("default")]
    return idle.loc[:, ["rule_id", "level", "ProviderName", "ServiceName", "reason", "owner"]].reset_index(drop=True)


def by_confidence(lines: pd.DataFrame, rules: pd.DataFrame) -> pd.DataFrame:
    """Cost by how sure the rule is that placed it, in the order of the codebook; shares are of absolute cost."""
    sure = dict(rows_of(rules, ["rule_id", "confidence"])) | {OWNER_RULE: "owner's tag", "": "no rule"}
    told = lines.assign(confidence=[sure.get(rule) or "not stated" for rule in lines["rule_id"]],
                        size=[abs(amount) for amount in lines["effective"]])
    table = sum_by(told, ["confidence"], [*AMOUNTS, "size", "line_count"])
    order = ["owner's tag", "high", "medium", "low", "not stated", "no rule"]
    table = table.sort_values("confidence", key=lambda names: names.map(order.index), ignore_index=True)
    whole = total(table["size"])
    return pd.DataFrame({"confidence": table["confidence"], "billed": table["billed"], "effective": table["effective"],
                         "effective_share": [share(size, whole) for size in table["size"]],
                         "line_count": [int(count) for count in table["line_count"]]})


def rule_use(lines: pd.DataFrame, rules: pd.DataFrame, period: str = "") -> pd.DataFrame:
    """By level: how many rules are in force, how many placed a line, how many none."""
    tried = rulebook.in_force(rules, period)
    used = tried["rule_id"].isin(set(lines["rule_id"]))
    rows = [(level, int((tried["level"] == level).sum()), int((used & (tried["level"] == level)).sum()))
            for level in LEVELS[:-1]]
    return pd.DataFrame([(level, count, hit, count - hit) for level, count, hit in rows],
                        columns=["rule_level", "rules", "used", "idle"])


def in_full(files: pd.DataFrame, lines: pd.DataFrame, most: int = 30) -> pd.DataFrame:
    """The billing files, every digit as text, and all totals; of more than `most` files those of the lines' months."""
    sums = sum_by(files, ["state", "BillingCurrency"], ["line_count", "BilledCost", "EffectiveCost"])
    labels = [f"Total of all files {state}" for state in sums["state"]]
    named = sums.assign(file=labels, ProviderName="", billing_period="")
    pairs = set(rows_of(lines, ["ProviderName", "billing_period"]))
    shown = [len(files) <= most or pair in pairs for pair in rows_of(files, ["ProviderName", "billing_period"])]
    table = pd.concat([files[shown], named], ignore_index=True).loc[:, [
        "file", "state", "ProviderName", "billing_period", "BillingCurrency", "line_count", "BilledCost",
        "EffectiveCost"]]
    return table.assign(line_count=[int(count) for count in table["line_count"]],
                        **{name: [plain(amount) for amount in table[name]] for name in ("BilledCost", "EffectiveCost")})


def check_sums(before: pd.DataFrame, after: pd.DataFrame) -> list[dict]:
    """Checks that mapping kept every sum: by currency on both bases, and in each billing period and provider."""
    keys = ["billing_period", "ProviderName", "BillingCurrency"]
    rows, torn = [], set()
    for column, basis in (("BilledCost", "billed"), ("EffectiveCost", "amortised")):
        sums = [{key: amount for *key, amount in rows_of(sum_by(lines, keys, [column]), [*keys, column])
                 for key in [tuple(key)]} for lines in (before, after)]
        torn |= {key for key in {*sums[0], *sums[1]} if sums[0].get(key, ZERO) != sums[1].get(key, ZERO)}
        for currency in sorted({key[2] for key in {*sums[0], *sums[1]}}):
            expected, got = (total(amount for key, amount in side.items() if key[2] == currency) for side in sums)
            rows.append(checks.same(f"mapping keeps the sum, {basis}, {currency}", expected, got))
    where = "; ".join(" ".join(key) for key in sorted(torn)[:5])
    return [*rows, checks.holds("mapping keeps each billing period and provider, on both bases", not torn, where)]


def check_coverage(lines: pd.DataFrame, limit: Decimal, owner: str = "TBM office") -> list[dict]:
    """Findings: services that no rule knows, and unmapped cost above `limit` (a share of absolute cost)."""
    lost = lines[lines["rule_level"] == "unmapped"]
    part = coverage(lines).set_index("rule_level").at["unmapped", "effective_share"]
    services = sorted({f"{provider}: {service or '(no name)'}"
                       for provider, service in rows_of(lost, ["ProviderName", "ServiceName"])})
    amount = total(lost["effective"])
    note = f"{percent(part)} of amortised cost; the limit is {percent(limit)}"
    return [checks.noted("services that no rule knows", len(services), owner, "; ".join(services[:5]), amount),
            checks.noted("unmapped cost against its limit", int(part > limit), owner, note, amount)]
