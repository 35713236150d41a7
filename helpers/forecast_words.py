"""What does the forecast page say?  Its sentences and the parts of its chart, made from the plan's tables.

    plan → in_short, limits, trust, figure, lags, fan, scenarios
"""

from collections import Counter
from collections.abc import Mapping
from decimal import Decimal

import pandas as pd

from helpers import coherent, house, methods, track, whatif
from helpers.fiscal import ACTUAL, months_of_year
from helpers.forecast import Plan
from helpers.methods import EDGES, SUM, TOTAL
from helpers.money import total
from helpers.periods import distance, fiscal_label
from helpers.planned import headline_row

NAMES = {coherent.BOTTOM_UP: "bottom-up", coherent.TOP_DOWN: "top-down", coherent.OLS: "reconciled (OLS)", coherent.WLS: "reconciled (WLS)",
         coherent.MINT: "reconciled (MinT)", "own": "each level by itself"}
DRAWN_FROM = 4  # months: below, a band is many times the cost and the picture says nothing


def in_short(plan: Plan) -> str:
    """The year-end figure with its band, its distance to the budget and how far such forecasts missed so far."""
    row = headline_row(plan.year)
    if not row:
        return f"No complete month of bills up to {plan.period}: there is nothing to forecast from."
    return " ".join([f"{_heading(plan, row)}{_band(row)}{_distance(row)}.", *_short_year(plan, row), trust(plan)])


def trust(plan: Plan) -> str:
    """How far the total's forecasts missed so far, what part hit the band, and which band most of them hit."""
    score = _score(plan)
    if not score:
        return "There is no past month to try the forecast on: take it as a first guess."
    if score["miss_share"] is None:
        return "Nothing was billed in the months that forecasts were tried on."
    others = [f"{name} missed by {house.percent(score[column])}" for name, column in (("repeating last year", "naive_miss_share"), ("the budget", "budget_miss_share"))
              if score.get(column) is not None]
    beside = f", where {' and '.join(others)}" if others else ""
    most = score["band_of_most_share"]
    reach = f"; four in five within ±{house.percent(most)}" if most is not None and most > plan.band else ""
    return (f"One to three months ahead, such forecasts of the total have missed by {house.percent(score['miss_share'])}{beside}; "
            f"{house.percent(score['hit_share'], 0)} of {score['tries']} landed within ±{house.percent(plan.band, 0)}{reach}.")


def limits(plan: Plan) -> str:
    """What the length of the history allows and what it does not."""
    counted = len(set(plan.history["period"]))
    last = plan.history["period"].max() if counted else plan.period
    used = Counter(plan.agreed.methods[:len(plan.agreed.panel.member)]) if plan.agreed else {}
    named = ", ".join(f"{house.words(name)} {count}" for name, count in sorted(used.items(), key=lambda pair: (-pair[1], pair[0])))
    text = f"{counted} month{'s' * (counted != 1)} of history; lines by method: {named or 'none'}."
    if last < plan.period:
        text += f" The last complete month is {last}, before the month under review."
    if 0 < counted < methods.SEASONAL_FROM:
        text += " Below 13 months no season can be told, so a line's level stands for all to come."
    elif 0 < counted < methods.MODEL_FROM:
        text += " Below 25 months a season was seen once: it counts as far as it repeats itself."
    return text


def figure(plan: Plan) -> str:
    """Which of the figures stands, who picked it and why, or that it missed least."""
    if plan.agreed is None:
        return "There is no forecast to bring to one figure."
    name = NAMES[plan.agreed.picked]
    if plan.pick.get("kept"):
        return f"The figure is {name}, as {house.words(plan.pick['owner'])} picked from {plan.pick['picked_from']} on: {house.words(plan.pick['note'])}.{_times(plan)}"
    if plan.pick.get("named"):
        return f"The figure is {name}, as the parameters say (forecast.figure).{_times(plan)}"
    return (f"The figure is {name}: over all levels it missed least one to three months ahead.{_times(plan)} "
            "Another can be picked in forecast_picks.csv in the folder that `kept` names, with a note.")


def _times(plan: Plan) -> str:
    """How many times the least miss each figure missed by."""
    table = track.tried(plan.record).set_index("figure")["times_the_best"]
    told = [f"{NAMES[key]} {house.number(times)}" for key, times in table.items() if times is not None]
    return f" Over what the best missed: {', '.join(told)}." if told else ""


def span(plan: Plan) -> str:
    """The months ahead that tables add up."""
    months = plan.agreed.months[:plan.months] if plan.agreed else []
    return f"{months[0]} to {months[-1]}" if months else "no month"


def band(plan: Plan) -> str:
    """The year's figure with its bands to the cent, and what such forecasts missed by so far ahead."""
    row = headline_row(plan.year)
    if not row or row["low_80"] is None:
        return "The year has no band."
    edges = "; ".join(f"{level} %: {house.number(row[f'low_{level}'])} to {house.number(row[f'high_{level}'])}" for level in (80, 95))
    ahead = distance(plan.history["period"].max(), months_of_year(plan.period, plan.fiscal_year_start)[-1])
    scores = plan.by_horizon[(plan.by_horizon["level"] == "total") & (plan.by_horizon["horizon"] <= max(ahead, 1))].tail(1).to_dict("records")
    far = "".join(f" {score['horizon']} months ahead the total has missed by {house.percent(score['miss_share'])} in {score['tries']} tries, "
                  f"bias {house.percent(score['bias_share'])}." for score in scores if score["miss_share"] is not None)
    below = row["budget"] is not None and row["low_80"] > row["budget"]
    return f"The year to the cent: {house.number(row['amount'])}; {edges}.{' Even the low end at 80 % is above the budget.' if below else ''}{far}"


def events_note(plan: Plan, given: pd.DataFrame | None) -> str:
    """How many events count on this basis, and what those to come change."""
    if given is None or not len(given):
        return "No events are known."
    other = len(given) - len(plan.events)
    left = f" {other} of the file are of the other cost basis, or were not known yet." if other else ""
    ahead = total(plan.events["ahead"])
    return f"{len(plan.events)} events count here; they change the months ahead by about {house.number(ahead)} {plan.currency} in all.{left}"


def lags(plan: Plan) -> str:
    """Which service month the ledger month under review takes of each provider."""
    taken = plan.months_taken.set_index("ledger_month")
    names = [name for name in taken.columns if name != "fiscal_month"]
    parts = ", ".join(f"{name}'s {taken.at[plan.period, name]}" for name in names)
    return f"The ledger month {plan.period} takes {parts or 'no provider'}."


def by_provider(plan: Plan) -> pd.DataFrame:
    """The year by provider and in all: so far, with its budget, ahead and in full, without the bands."""
    parts = [name for name in ("actual", "not_yet_booked", "filled", "forecast") if any(plan.year[name])]
    rows = plan.year[plan.year["line"] != TOTAL]
    table = rows.assign(line=rows["line"].replace(SUM, TOTAL))[["line", *parts, "amount"]]
    if plan.budget is None:
        return table
    budgets = [_to_date(plan, name) for name in rows["line"]]
    budgets[-1:] = [total(budgets[:-1]) if any(told is not None for told in budgets[:-1]) else None]
    table.insert(2, "budget_to_date", budgets)
    table.insert(3, "distance_to_date", [None if told is None else actual - told for actual, told in zip(rows["actual"], budgets, strict=True)])
    return table.assign(budget=rows["budget"], distance=rows["distance"])


def _to_date(plan: Plan, line: str) -> Decimal | None:
    """The budget of the fiscal months that are actual; None where there is none."""
    rows = plan.outlook[(plan.outlook["line"] == line) & (plan.outlook["kind"] == ACTUAL)]
    return total(rows["budget"]) if rows["budget"].notna().any() else None


def by_month(plan: Plan, ledger: Mapping[str, Decimal] | None = None) -> pd.DataFrame:
    """The total by fiscal month: actual or forecast, what the ledger has of it, beside the budget where there is one."""
    rows = plan.outlook[plan.outlook["line"] == TOTAL]
    parts = zip(rows["amount"], rows["budget"], strict=True)
    rows = rows.assign(distance=[None if budget is None else amount - budget for amount, budget in parts])
    booked = [] if not ledger else ["ledger"]
    rows = rows.assign(ledger=[(ledger or {}).get(period) if period <= plan.period else None for period in rows["period"]])
    compared = ["budget", "distance"] if plan.budget is not None else []
    return rows[["fiscal_month", "period", "kind", "amount", *booked, *compared]]


def of_ledger(plan: Plan, ledger: Mapping[str, Decimal] | None) -> str:
    """How far the bills of the months so far are from what the ledger holds for the clouds."""
    rows = plan.outlook[(plan.outlook["line"] == TOTAL) & (plan.outlook["kind"] == ACTUAL)]
    if not ledger or rows.empty:
        return "Without a ledger, actual is what the bills say."
    booked, billed = total(ledger.get(period, Decimal(0)) for period in rows["period"]), total(rows["amount"])
    gap = booked - billed
    side = "more" if gap >= 0 else "less"
    return (f"For the {len(rows)} months so far the ledger holds {house.number(booked)} {plan.currency} of cloud cost, {house.number(abs(gap))} {side} than "
            f"the bills ({house.percent(abs(gap) / abs(billed)) if billed else 'all of it'}): tax, credit memos, prepaid movement and open items, "
            "as the reconciliation page has them.")


def track_record(scores: pd.DataFrame) -> pd.DataFrame:
    """The track record of the total and the providers."""
    return scores[scores["level"].isin(["total", "provider"])].drop(columns=["level", "naive_hit_share", "band_of_most_share", "winner"])


def by_horizon(scores: pd.DataFrame) -> pd.DataFrame:
    """The track record by level and months ahead, of a few horizons."""
    return scores[scores["horizon"].isin([1, 3, 6, 12])].drop(columns=["mean_miss", "naive_hit_share", "winner"])


def of_total(plan: Plan) -> pd.DataFrame | None:
    """What each vintage said of the total one and three months ahead, and what came."""
    if plan.record is None:
        return None
    rows = track.vintages(plan.record)
    return rows[(rows["line"] == TOTAL) & rows["horizon"].isin([1, 3])].drop(columns=["line"]).sort_values(["horizon", "vintage"])


def scenarios(plan: Plan) -> dict:
    """The parts of the chart of what might be."""
    sums = whatif.in_all(plan.what_if)
    far = max(sums.to_dict("records"), key=lambda row: abs(row["difference"]))
    side = "more" if far["difference"] >= 0 else "less"
    count = len(set(plan.what_if["period"]))
    return {"title": f"{house.words(far['line'])}: {house.compact(abs(far['difference']))} {side} over {count} months",
            "subtitle": f"{plan.currency} a month, {plan.basis} cost, by service month", "highlight": (whatif.FORECAST,),
            "alt": "; ".join(f"{house.words(row['line'])} {house.compact(row['amount'])}" for row in sums.to_dict("records"))}


def of_events(plan: Plan) -> dict:
    """Frame and parts of the chart with and without events."""
    rows = plan.tables["with_and_without"].melt(id_vars="period", value_vars=["with_events", "without_events"], var_name="line", value_name="amount")
    rows["line"] = rows["line"].map({"with_events": "with the events", "without_events": "without"})
    return {"frame": rows, "title": "The total with what is known, and as the bills alone would have it",
            "subtitle": f"{plan.currency} a month, {plan.basis} cost, by service month", "highlight": ("with the events",),
            "alt": "Two lines of the total ahead, with the events and without."}


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


def _score(plan: Plan) -> dict:
    rows = plan.accuracy[plan.accuracy["level"] == "total"].to_dict("records")
    return rows[0] if rows and rows[0]["tries"] else {}


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
