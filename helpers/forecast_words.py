"""What does the forecast page say?  Its sentences and the parts of its chart, made from the plan's tables.

    plan → in_short, limits, trust, lags, fan
"""

from decimal import Decimal

import pandas as pd

from helpers import house, methods
from helpers.fiscal import months_of_year
from helpers.forecast import Plan, headline_row
from helpers.methods import EDGES, SUM, TOTAL
from helpers.money import total
from helpers.periods import fiscal_label

DRAWN_FROM = 4  # months: below, a band is many times the cost and the picture says nothing


def in_short(plan: Plan) -> str:
    """The year-end figure with its band, its distance to the budget and how far such forecasts missed so far."""
    row = headline_row(plan.year)
    if not row:
        return f"No complete month of bills up to {plan.period}: there is nothing to forecast from."
    return " ".join([f"{_heading(plan, row)}{_band(row)}{_distance(row)}.", *_short_year(plan, row), trust(plan)])


def trust(plan: Plan) -> str:
    """How far the total's forecasts missed when tried on past months."""
    score = _score(plan, TOTAL)
    if not score:
        return "There is no past month to try the forecast on: take it as a first guess."
    if score["miss_share"] is None:
        return score["sentence"]
    against = score["naive_miss_share"]
    beside = f", where repeating last year missed by {house.percent(against)}" if against is not None else ""
    return (f"Tried on past months, one to three months ahead, such a forecast of the total missed by "
            f"{house.percent(score['miss_share'])}{beside}; {house.percent(score['hit_share'], 0)} of {score['tries']} "
            f"{'try' if score['tries'] == 1 else 'tries'} landed within ±{house.percent(plan.band, 0)}.")


def limits(plan: Plan) -> str:
    """What the length of the history allows and what it does not."""
    used = plan.projection.drop_duplicates("line")
    named = ", ".join(f"{row['line']} by {row['method']}" for row in used.to_dict("records"))
    counted = len(set(plan.history["period"]))
    last = plan.history["period"].max() if counted else plan.period
    text = f"{counted} month{'s' * (counted != 1)} of history; carried forward: {named or 'nothing'}."
    if last < plan.period:
        text += f" The last complete month is {last}, before the month under review."
    if 0 < counted < methods.SEASONAL_FROM:
        text += " Below 13 months no season and no trend can be told, so the last month stands for all to come."
    elif 0 < counted < methods.THETA_FROM:
        text += " Below 25 months a trend cannot be told from a season, so the same month of last year is repeated."
    return text


def lags(plan: Plan) -> str:
    """Which service month the ledger month under review takes of each provider."""
    taken = plan.months_taken.set_index("ledger_month")
    names = [name for name in taken.columns if name != "fiscal_month"]
    parts = ", ".join(f"{name}'s {taken.at[plan.period, name]}" for name in names)
    return f"The ledger month {plan.period} takes {parts or 'no provider'}."


def method_note(plan: Plan) -> str:
    """Which of the two totals missed less so far."""
    direct, summed = _score(plan, TOTAL), _score(plan, SUM)
    if not direct or not summed:
        return "Neither the total nor the sum of lines has a past month to be tried on."
    names = {TOTAL: "the total forecast directly", SUM: "the sum of lines"}
    closer = TOTAL if direct["mean_miss"] <= summed["mean_miss"] else SUM
    other = SUM if closer == TOTAL else TOTAL
    sizes = {TOTAL: direct["mean_miss"], SUM: summed["mean_miss"]}
    return (f"So far {names[closer]} missed by {house.compact(sizes[closer])} {plan.currency} a month, "
            f"{names[other]} by {house.compact(sizes[other])}.")


def by_provider(plan: Plan) -> pd.DataFrame:
    """The year by provider in the parts that are there, without the bands."""
    parts = [name for name in ("actual", "not_yet_booked", "filled", "forecast") if any(plan.year[name])]
    compared = ["budget", "distance"] if plan.budget is not None else []
    return plan.year[["line", *parts, "amount", *compared]]


def by_month(plan: Plan) -> pd.DataFrame:
    """The total by fiscal month: actual or forecast, beside the budget where there is one."""
    rows = plan.outlook[plan.outlook["line"] == TOTAL]
    parts = zip(rows["amount"], rows["budget"], strict=True)
    rows = rows.assign(distance=[None if budget is None else amount - budget for amount, budget in parts])
    compared = ["budget", "distance"] if plan.budget is not None else []
    return rows[["fiscal_month", "period", "kind", "amount", *compared]]


def track_record(scores: pd.DataFrame) -> pd.DataFrame:
    """The accuracy table without its sentences."""
    return scores.drop(columns=["by_method", "naive_mean_miss", "sentence"])


def fan(plan: Plan) -> dict:
    """The parts of the fan chart of the total by ledger month; without a band its edges stand at the amount."""
    bands = plan.direct.head(plan.months)
    edges = {edge: bands[edge].where(bands[edge].notna(), bands["amount"]) for edge in EDGES}
    first, last = plan.booked["period"].iloc[0], bands["period"].iloc[-1]
    ahead = bands.iloc[-1]
    title = f"{_subject(plan)}: {house.compact(plan.booked['amount'].iloc[-1])} a month now, " \
            f"{house.compact(ahead['amount'])} in {last}"
    return {"history": plan.booked[["period", "amount"]], "bands": bands.assign(**edges), "title": title,
            "subtitle": f"{plan.currency} a month, {plan.basis} cost, by ledger month; bands of 80 and 95 %",
            "alt": f"{title}. Line from {first} with forecast to {last}; {_alt_band(ahead)}",
            "budget": _budget(plan)}


def drawable(plan: Plan) -> bool:
    """Whether there are months enough for a picture that says something."""
    return len(plan.booked) >= DRAWN_FROM and len(plan.direct) > 0


def _heading(plan: Plan, row: dict) -> str:
    last = months_of_year(plan.period, plan.fiscal_year_start)[-1]
    year = fiscal_label(last, plan.fiscal_year_start).split()[0]
    return (f"{_subject(plan)} is heading for {house.compact(row['amount'])} {plan.currency} ({plan.basis}) "
            f"in {year}, which ends in {last}")


def _subject(plan: Plan) -> str:
    lines = sorted(set(plan.history["line"]))
    return f"{lines[0] or 'Cloud'} cost" if len(lines) == 1 else "Cloud cost"


def _band(row: dict) -> str:
    if row["low_80"] is None or row["low_80"] == row["high_80"]:
        return ""
    return f", between {house.compact(row['low_80'])} and {house.compact(row['high_80'])} at 80 %"


def _distance(row: dict) -> str:
    if row["budget"] is None:
        return "; there is no budget for all of it to compare with"
    side = "above" if row["distance"] >= 0 else "below"
    size = abs(row["distance"])
    share = f" ({house.percent(size / abs(row['budget']))})" if row["budget"] else ""
    return f": {house.compact(size)}{share} {side} the budget of {house.compact(row['budget'])}"


def _short_year(plan: Plan, row: dict) -> list[str]:
    return [] if row["months"] == 12 else [f"Only {row['months']} months of the fiscal year are in this figure: "
                                           f"for the others there is no bill."]


def _score(plan: Plan, line: str) -> dict:
    rows = plan.accuracy[plan.accuracy["line"] == line].to_dict("records")
    return rows[0] if rows else {}


def _alt_band(ahead: pd.Series) -> str:
    if ahead["low_95"] is None:
        return "no band."
    return f"the 95 % band then reaches from {house.compact(ahead['low_95'])} to {house.compact(ahead['high_95'])}."


def _budget(plan: Plan) -> pd.DataFrame | None:
    """The budget by ledger month, where every line of the outlook has one."""
    lines = set(plan.outlook["line"]) - {TOTAL}
    if plan.budget is None or not lines:
        return None
    rows = plan.budget[plan.budget["scope"].isin(lines) & (plan.budget["period"] >= plan.booked["period"].iloc[0])]
    sums: list[tuple[str, Decimal]] = [(period, total(of_month["amount"])) for period, of_month
                                       in rows.groupby("period", sort=True) if lines <= set(of_month["scope"])]
    return pd.DataFrame(sums, columns=["period", "amount"], dtype=object)
