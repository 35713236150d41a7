"""Does the forecast hold the bill and add up, and what of it should somebody look at?

    mapped lines, the plan's parts → check_plan → checks and findings
"""

from collections.abc import Mapping
from decimal import Decimal

import pandas as pd

from helpers import agreed, checks, fiscal, house, methods
from helpers.methods import BILLED, FILLED, LANDED, SUM, TOTAL
from helpers.money import ZERO, total
from helpers.panel import LEVELS
from helpers.past import LATE, named
from helpers.periods import shift
from helpers.rates import BASES

OWNER = "FinOps lead"


def check_plan(mapped: pd.DataFrame, parts: Mapping) -> list[dict]:
    """Checks that the history is the bill and that sums hold; findings on accuracy, budget and missing bills."""
    usage, left, column = parts["history"], parts["left_out"], BASES[parts["basis"]]
    billed = usage[usage["source"] == BILLED]
    shown = pd.MultiIndex.from_frame(named(mapped)[["line", "service_period"]]).isin(list(zip(billed["line"], billed["period"], strict=True)))
    shown = shown & (mapped["billing_period"] <= parts["period"]).to_numpy(dtype=bool)
    rows = [
        checks.same("history equals the bills of the months shown", total(mapped.loc[shown, column]),
                    total(billed["amount"])),
        checks.same("history and what it leaves out are the whole bill", total(mapped[column]),
                    total(billed["amount"]) + total(left["amount"])),
        checks.holds("forecast bands are in order", _ordered(parts["projection"]) and _ordered(parts["direct"])),
    ]
    if parts["agreed"] is not None:
        sums = {level: total(rows_["amount"]) for level, rows_ in agreed.ahead(parts["agreed"]).groupby("level")}
        rows += [checks.same(f"{level}s ahead add up to the total", sums["total"], sums[level]) for level in LEVELS]
    return [*rows, *_findings(parts)]


def _findings(parts: Mapping) -> list[dict]:
    scores = {row["line"]: row for row in parts["accuracy"].to_dict("records") if row["tries"] and row["level"] in ("total", "provider")}
    score = scores.get(TOTAL, {})
    outside = score.get("miss_share") is not None and score["miss_share"] > parts["band"]
    worse = {line: row["miss_share"] - row["naive_miss_share"] for line, row in scores.items() if row["winner"] == methods.SEASONAL
             and row["miss_share"] is not None}
    ahead = headline_row(parts["year"])
    over = max(ahead["distance"], ZERO) if ahead and ahead["distance"] is not None else ZERO
    filled = parts["history"][parts["history"]["source"] == FILLED]
    never, ended = _never_billed(parts), _lately_ended(parts["history"], parts["period"])
    landed = parts["history"][parts["history"]["source"] == LANDED]
    idle = parts["events"][parts["events"]["without_effect"] != ""]
    bare = [] if parts["budget"] is None else [row for row in parts["year"].to_dict("records") if row["budget"] is None and row["line"] not in (TOTAL, SUM)]
    rows = [
        checks.noted("months without a bill", len(filled), OWNER,
                     ", ".join(f"{row['line']} {row['period']}" for row in filled.to_dict("records")),
                     total(filled["amount"])),
        checks.noted("providers that stopped billing within the year", len(ended), OWNER,
                     ", ".join(f"{line}: no bill of late" for line in ended), total(ended.values())),
        checks.noted("months under way, told by where they land", len(landed), OWNER,
                     ", ".join(f"{row['line']} {row['period']}" for row in landed.to_dict("records")), total(landed["amount"])),
        checks.noted("events that change nothing", len(idle), OWNER,
                     "; ".join(f"{row['period']} {row['kind'] or row['effect']} ({row['owner']}): {row['without_effect']}" for row in idle.to_dict("records"))),
        checks.noted("providers without a budget", len(bare), OWNER, ", ".join(row["line"] for row in bare), total(row["amount"] for row in bare)),
    ]
    if score:
        rows += [checks.finding("forecast accuracy against the band", score["mean_miss"] if outside else ZERO, OWNER,
                                f"misses by {house.percent(score['miss_share'])} one to three months ahead" if outside else ""),
                 checks.noted("lines where seasonal naive misses less", len(worse), OWNER, ", ".join(worse))]
    if never:
        rows.append(checks.noted("providers in the budget but not in the bills", len(never), OWNER, ", ".join(never),
                                 total(never.values())))
    if ahead and ahead["budget"] is not None:
        rows.append(checks.finding("year end above the budget", over, OWNER, ""))
    return rows


def headline_row(year: pd.DataFrame) -> dict:
    """The year's row of Total directly, or of the sum of lines where that is not there or holds fewer months; {} without either."""
    rows = {row["line"]: row for row in year.to_dict("records")}
    whole, summed = rows.get(TOTAL, {}), rows.get(SUM, {})
    return whole if whole and whole["months"] >= summed.get("months", 0) else summed


def _never_billed(parts: Mapping) -> dict[str, Decimal]:
    """The fiscal year's budget of providers that the parameters name and no bill is from."""
    year = fiscal.months_of_year(parts["period"], parts["fiscal_year_start"])
    lines, rows = set(parts["history"]["line"]), parts["budget"] if parts["budget"] is not None else pd.DataFrame()
    budgets = {name: total(rows.loc[(rows["scope"] == name) & rows["period"].isin(year), "amount"])
               for name in sorted(set(parts["lags"]) - lines)} if len(rows) else {}
    return {name: amount for name, amount in budgets.items() if amount}


def _lately_ended(usage: pd.DataFrame, period: str) -> dict[str, Decimal]:
    """The last amount of each provider that stopped billing within the last 12 months, or of all where all have stopped."""
    last = usage.sort_values("period").groupby("line").tail(1)
    end = usage["period"].max() if len(usage) else ""
    late = {row["line"]: row["amount"] for row in last.to_dict("records") if shift(end, -12) < row["period"] < end}
    return late or ({row["line"]: row["amount"] for row in last.to_dict("records")} if len(usage) and end < shift(period, -LATE) else {})


def _ordered(projection: pd.DataFrame) -> bool:
    banded = projection[projection["low_95"].notna()]
    columns = [banded[name] for name in ("low_95", "low_80", "amount", "high_80", "high_95")]
    return all((low <= high).all() for low, high in zip(columns, columns[1:]))
