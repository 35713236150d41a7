"""Where is the cloud cost heading?  Each provider and the total carried forward, with a track record.

    mapped lines → history → project → projection      by service month: lines (bottom-up) and Total (top-down)
    both by ledger month, budget → outlook             the fiscal year: actual, forecast, budget (helpers.fiscal)
    history → backtest → accuracy                      how far such forecasts missed so far (helpers.backtest)
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

import pandas as pd

from helpers import checks, fiscal, methods
from helpers.backtest import accuracy, backtest
from helpers.fiscal import FORECAST
from helpers.methods import BILLED, EDGES, FILLED, HISTORY_COLUMNS, SUM, TOTAL, bottom_up, project, project_total
from helpers.money import ZERO, sum_by, to_cents, total
from helpers.periods import distance, shift
from helpers.rates import BASES

OWNER = "FinOps lead"
LATE = 2  # months a bill may be late and be filled in; a line without one for longer counts as ended


@dataclass(frozen=True)
class Plan:
    """All the page shows: `history`, `projection` by service month; `booked`, `direct` the total by ledger month."""

    period: str
    basis: str
    currency: str
    fiscal_year_start: int
    months: int
    band: Decimal
    lags: Mapping[str, int] = field(repr=False)
    history: pd.DataFrame = field(repr=False)
    left_out: pd.DataFrame = field(repr=False)
    projection: pd.DataFrame = field(repr=False)
    booked: pd.DataFrame = field(repr=False)
    direct: pd.DataFrame = field(repr=False)
    outlook: pd.DataFrame = field(repr=False)
    year: pd.DataFrame = field(repr=False)
    compared_year: pd.DataFrame = field(repr=False)
    compared_ahead: pd.DataFrame = field(repr=False)
    tries: pd.DataFrame = field(repr=False)
    accuracy: pd.DataFrame = field(repr=False)
    by_horizon: pd.DataFrame = field(repr=False)
    budget: pd.DataFrame | None = field(repr=False)
    checks: pd.DataFrame = field(repr=False)

    @property
    def filled(self) -> pd.DataFrame:
        """The months of the history that no bill was there for, with the amount put in their place."""
        return self.history[self.history["source"] == FILLED]

    @property
    def months_taken(self) -> pd.DataFrame:
        """Which service month each ledger month of the fiscal year takes, by provider."""
        lines = sorted(set(self.history["line"]))
        year = fiscal.months_of_year(self.period, self.fiscal_year_start)
        return fiscal.months_taken(lines, self.lags, year, self.fiscal_year_start)

    @property
    def side_by_side(self) -> pd.DataFrame:
        """One row a service month ahead: sum of lines, Total directly with its bands, and the difference."""
        direct = self.projection[self.projection["line"] == TOTAL].drop(columns=["line"])
        table = bottom_up(self.projection).rename(columns={"amount": "bottom_up"})
        table = table.merge(direct.rename(columns={"amount": "top_down"}), on="period").head(self.months)
        return table.assign(difference=table["bottom_up"] - table["top_down"])[
            ["period", "bottom_up", "top_down", "difference", *EDGES, "method"]]

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """The tables to publish, by name."""
        return {"history": self.history, "left_out": self.left_out, "projection": self.projection,
                "outlook": self.outlook, "year": self.year, "compared_year": self.compared_year,
                "compared_ahead": self.compared_ahead, "side_by_side": self.side_by_side, "months": self.months_taken,
                "backtest": self.tries, "accuracy": self.accuracy, "accuracy_by_horizon": self.by_horizon}


def plan(mapped: pd.DataFrame, params, budget: pd.DataFrame | None = None, providers: Mapping | None = None) -> Plan:
    """Everything the forecast page shows, from mapped lines in the report's currency (`billed`, `effective`).

    providers: their settings, each lag a number; without it those of the parameters.
    """
    setting, start = params.forecast, params.fiscal_year_start
    fiscal.check_budget(budget, params.currency)
    lags = {name: provider.lag for name, provider in (providers or params.providers).items()}
    usage = history(mapped, params.period, params.cost_basis)
    left = left_out(mapped, usage, params.period, params.cost_basis)
    reach = _reach(usage, setting.months, params.period, start)
    projection = project(usage, reach, setting.method)
    booked = fiscal.book(usage, lags)
    whole = fiscal.whole_months(booked)
    direct = project_total(whole, reach + max(lags.values(), default=0), setting.method)
    ahead = pd.concat([fiscal.book(projection[projection["line"] != TOTAL], lags), direct], ignore_index=True)
    rows = fiscal.outlook(pd.concat([booked, whole], ignore_index=True), ahead, budget, start, params.period)
    tries = backtest(usage, setting.backtest_months, setting.method)
    parts = dict(
        period=params.period, basis=params.cost_basis, currency=params.currency, fiscal_year_start=start,
        months=setting.months, band=setting.band, lags=lags, budget=budget, history=usage, left_out=left,
        projection=projection, booked=whole, direct=direct, outlook=rows, year=fiscal.by_year(rows), tries=tries,
        compared_year=fiscal.compare(_rest_of_year(rows), booked),
        compared_ahead=fiscal.compare(_first(projection, setting.months), usage),
        accuracy=accuracy(tries, setting.band),
        by_horizon=accuracy(tries[tries["line"] == TOTAL], setting.band, ["line", "horizon"]))
    return Plan(**parts, checks=pd.DataFrame(check_plan(mapped, parts), columns=checks.COLUMNS))


def history(mapped: pd.DataFrame, period: str, basis: str = "amortised") -> pd.DataFrame:
    """One row a service month and provider up to `period`, in complete months only: amount, and billed or filled.

    A month is complete when the provider billed it: a later correction alone does not make one.  A month without a
    bill between two others is filled on the straight line between them, one of the last two months with the amount
    before it; `source` says so.  A provider without a bill for longer has ended and is not filled.
    """
    lines = named(mapped)
    bills = set(zip(lines["line"], lines["billing_period"], strict=True))
    sums = sum_by(lines, ["line", "service_period"], [BASES[basis]])
    amounts: dict[str, dict[str, Decimal]] = {}
    for line, month, amount in sums.itertuples(index=False):
        if month <= period and (line, month) in bills:
            amounts.setdefault(line, {})[month] = amount
    end = max((max(of_line) for of_line in amounts.values()), default="")
    rows = [(month, line, amount, source) for line, of_line in amounts.items()
            for month, amount, source in _filled(of_line, end)]
    return pd.DataFrame(sorted(rows, key=lambda row: row[:2]), columns=HISTORY_COLUMNS, dtype=object)


def named(mapped: pd.DataFrame) -> pd.DataFrame:
    """The lines with `line`, their provider; one that is called as a sum here is told apart."""
    clear = {name: f"{name} (provider)" if name in (TOTAL, SUM) else name for name in set(mapped["ProviderName"])}
    return mapped.assign(line=mapped["ProviderName"].map(clear).astype(object))


def left_out(mapped: pd.DataFrame, usage: pd.DataFrame, period: str, basis: str = "amortised") -> pd.DataFrame:
    """One row a provider and service month that is in the bills and not in the history: amount and reason."""
    used = set(zip(usage["line"], usage["period"], usage["source"], strict=True))
    sums = sum_by(named(mapped), ["line", "service_period"], [BASES[basis]])
    rows = [(line, month, amount, "after the month under review" if month > period else "no bill of that month")
            for line, month, amount in sums.itertuples(index=False) if (line, month, BILLED) not in used]
    return pd.DataFrame(rows, columns=["line", "period", "amount", "reason"], dtype=object)


def check_plan(mapped: pd.DataFrame, parts: Mapping) -> list[dict]:
    """Checks that the history is the bill and that sums hold; findings on accuracy, budget and missing bills."""
    usage, left, column = parts["history"], parts["left_out"], BASES[parts["basis"]]
    billed = usage[usage["source"] == BILLED]
    shown = pd.MultiIndex.from_frame(named(mapped)[["line", "service_period"]]).isin(
        list(zip(billed["line"], billed["period"], strict=True)))
    rows = [
        checks.same("history equals the bills of the months shown", total(mapped.loc[shown, column]),
                    total(billed["amount"])),
        checks.same("history and what it leaves out are the whole bill", total(mapped[column]),
                    total(billed["amount"]) + total(left["amount"])),
        checks.holds("forecast bands are in order", _ordered(parts["projection"]) and _ordered(parts["direct"])),
    ]
    spans = {"the rest of the fiscal year": (_rest_of_year(parts["outlook"]), parts["compared_year"]),
             "all months ahead": (_first(parts["projection"], parts["months"]), parts["compared_ahead"])}
    for span, (ahead, compared) in spans.items():
        direct = ahead["line"] == TOTAL
        gap = total(ahead.loc[~direct, "amount"]) - total(ahead.loc[direct, "amount"])
        rows.append(checks.same(f"bottom-up less top-down is explained by line, {span}", gap,
                                total(compared["difference"])))
    return [*rows, *_findings(parts)]


def _findings(parts: Mapping) -> list[dict]:
    scores = {row["line"]: row for row in parts["accuracy"].to_dict("records")}
    score = scores.get(TOTAL, {})
    outside = score.get("miss_share") is not None and score["miss_share"] > parts["band"]
    worse = {line: row["mean_miss"] - row["naive_mean_miss"] for line, row in scores.items()
             if line != SUM and row["winner"] == methods.SEASONAL != row["method"]}
    ahead = headline_row(parts["year"])
    over = max(ahead["distance"], ZERO) if ahead and ahead["distance"] is not None else ZERO
    filled = parts["history"][parts["history"]["source"] == FILLED]
    never, ended = _never_billed(parts), _lately_ended(parts["history"])
    rows = [
        checks.noted("months without a bill", len(filled), OWNER,
                     ", ".join(f"{row['line']} {row['period']}" for row in filled.to_dict("records")),
                     total(filled["amount"])),
        checks.noted("providers that stopped billing within the year", len(ended), OWNER,
                     ", ".join(f"{line}: forecast as zero" for line in ended), total(ended.values())),
    ]
    if score:
        rows += [checks.finding("forecast accuracy against the band", score["mean_miss"] if outside else ZERO, OWNER,
                                score["sentence"]),
                 checks.finding("the method against seasonal naive", total(worse.values()), OWNER,
                                "misses more a month: " + ", ".join(worse) if worse else "")]
    if never:
        rows.append(checks.noted("providers in the budget but not in the bills", len(never), OWNER, ", ".join(never),
                                 total(never.values())))
    if ahead and ahead["budget"] is not None:
        rows.append(checks.finding("year end above the budget", over, OWNER, ""))
    return rows


def headline_row(year: pd.DataFrame) -> dict:
    """The year's row of Total directly, or of the sum of lines where there is none; {} without either."""
    rows = {row["line"]: row for row in year.to_dict("records")}
    return rows.get(TOTAL, rows.get(SUM, {}))


def _never_billed(parts: Mapping) -> dict[str, Decimal]:
    """The fiscal year's budget of providers that the parameters name and no bill is from."""
    year = fiscal.months_of_year(parts["period"], parts["fiscal_year_start"])
    lines, rows = set(parts["history"]["line"]), parts["budget"] if parts["budget"] is not None else pd.DataFrame()
    budgets = {name: total(rows.loc[(rows["scope"] == name) & rows["period"].isin(year), "amount"])
               for name in sorted(set(parts["lags"]) - lines)} if len(rows) else {}
    return {name: amount for name, amount in budgets.items() if amount}


def _lately_ended(usage: pd.DataFrame) -> dict[str, Decimal]:
    """The last amount of each provider that stopped billing within the last 12 months."""
    last = usage.sort_values("period").groupby("line").tail(1)
    end = usage["period"].max() if len(usage) else ""
    return {row["line"]: row["amount"] for row in last.to_dict("records") if shift(end, -12) < row["period"] < end}


def _filled(amounts: Mapping[str, Decimal], end: str) -> list[tuple[str, Decimal, str]]:
    """Every month from the first to the last (to `end` where that is at most two on), billed or filled."""
    known = sorted(amounts)
    rows = [(known[0], amounts[known[0]], BILLED)]
    for before, after in zip(known, known[1:]):
        gap = distance(before, after)
        step = (amounts[after] - amounts[before]) / gap
        rows += [(shift(before, n), to_cents(amounts[before] + step * n), FILLED) for n in range(1, gap)]
        rows.append((after, amounts[after], BILLED))
    late = distance(known[-1], end)
    carried = to_cents(amounts[known[-1]])
    return rows + [(shift(known[-1], n + 1), carried, FILLED) for n in range(late if late <= LATE else 0)]


def _ordered(projection: pd.DataFrame) -> bool:
    banded = projection[projection["low_95"].notna()]
    columns = [banded[name] for name in ("low_95", "low_80", "amount", "high_80", "high_95")]
    return all((low <= high).all() for low, high in zip(columns, columns[1:]))


def _reach(usage: pd.DataFrame, count: int, period: str, start: int) -> int:
    """How many months to carry forward: those asked for, and at least to the end of the fiscal year."""
    if usage.empty:
        return count
    return max(count, distance(usage["period"].max(), fiscal.months_of_year(period, start)[-1]))


def _first(projection: pd.DataFrame, count: int) -> pd.DataFrame:
    """The first `count` months of the projection."""
    return projection[projection["period"].isin(sorted(set(projection["period"]))[:count])]


def _rest_of_year(rows: pd.DataFrame) -> pd.DataFrame:
    """The outlook's rows of the months that Total is forecast for."""
    ahead = rows[(rows["line"] == TOTAL) & (rows["kind"] == FORECAST)]
    return rows[rows["period"].isin(set(ahead["period"]))]
