"""Where is the cloud cost heading?  Every level carried forward and brought to one figure, with a track record.

    mapped lines → history → panel → agreed → projection    by service month (helpers.panel, helpers.choice, helpers.agreed)
    both by ledger month, budget → outlook                  the fiscal year: actual, forecast, budget (helpers.fiscal)
    panel, bills and events of then → record                how far such forecasts missed so far (helpers.track)
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

import numpy as np
import pandas as pd

from helpers import agreed, cells, checks, choice, fiscal, track, whatif
from helpers import events as happenings
from helpers import panel as panels
from helpers.agreed import Agreed
from helpers.methods import FILLED, PROJECTION_COLUMNS, TOTAL, add_up
from helpers.money import to_cents, total
from helpers.panel import LEVELS
from helpers.past import history, left_out, named
from helpers.planned import check_plan
from helpers.track import Record
from helpers.periods import distance
from helpers.rates import BASES

HORIZON = 12  # months ahead that forecasts are scored over


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
    agreed: Agreed | None = field(repr=False)
    without: Agreed | None = field(repr=False)
    record: Record | None = field(repr=False)
    events: pd.DataFrame = field(repr=False)
    what_if: pd.DataFrame = field(repr=False)
    bases: pd.DataFrame = field(repr=False)
    projection: pd.DataFrame = field(repr=False)
    booked: pd.DataFrame = field(repr=False)
    direct: pd.DataFrame = field(repr=False)
    outlook: pd.DataFrame = field(repr=False)
    year: pd.DataFrame = field(repr=False)
    accuracy: pd.DataFrame = field(repr=False)
    by_horizon: pd.DataFrame = field(repr=False)
    budget: pd.DataFrame | None = field(repr=False)
    pick: dict = field(repr=False)
    checks: pd.DataFrame = field(repr=False)

    @property
    def filled(self) -> pd.DataFrame:
        """The months of the history that no bill was there for, with the amount put in their place."""
        return self.history[self.history["source"] == FILLED]

    @property
    def months_taken(self) -> pd.DataFrame:
        """Which service month each ledger month of the fiscal year takes, by provider."""
        lines = sorted(set(self.history["line"]))
        return fiscal.months_taken(lines, self.lags, self.fiscal_months, self.fiscal_year_start)

    @property
    def fiscal_months(self) -> list[str]:
        """The ledger months of the fiscal year."""
        return fiscal.months_of_year(self.period, self.fiscal_year_start)

    def side_by_side(self, level: str) -> pd.DataFrame | None:
        """One row a name of the level: what each figure says of the months ahead."""
        return None if self.agreed is None else agreed.side_by_side(self.agreed, level, self.months)

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """The tables to publish, by name; only those there is something for."""
        rows = {"history": self.history, "left_out": self.left_out, "projection": self.projection, "outlook": self.outlook,
                "year": self.year, "months": self.months_taken, "accuracy": self.accuracy, "accuracy_by_horizon": self.by_horizon,
                "events": self.events, "what_if": self.what_if, "bases": self.bases}
        if self.agreed is not None:
            rows |= {"ahead": agreed.ahead(self.agreed), "levels": agreed.years(self.agreed, self.lags, self.fiscal_months, self.period),
                     "figures": pd.concat([self.side_by_side(level).assign(level=level) for level in ("total", *LEVELS)], ignore_index=True),
                     "vintages": track.vintages(self.record), "figures_tried": track.tried(self.record),
                     "with_and_without": words_of_events(self.agreed, self.without)}
        return rows


def plan(mapped: pd.DataFrame, params, budget: pd.DataFrame | None = None, providers: Mapping | None = None,
         events: pd.DataFrame | None = None, pick: Mapping | None = None, frozen: Mapping[str, pd.DataFrame] | None = None,
         under_way: Mapping[str, str] | None = None, landings: Mapping[str, Decimal] | None = None) -> Plan:
    """Everything the forecast page shows, from mapped lines in the report's currency (`billed`, `effective`).

    providers: their settings, each lag a number; without it those of the parameters.  pick: figure and note that an analyst kept;
    frozen: by closed month what it kept as its forecast; under_way: by provider the month whose days have not all come;
    landings: by provider where that month lands.
    """
    setting, start = params.forecast, params.fiscal_year_start
    fiscal.check_budget(budget, params.currency)
    lags = {name: provider.lag for name, provider in (providers or params.providers).items()}
    usage = history(mapped, params.period, params.cost_basis, under_way, landings)
    left = left_out(mapped, usage, params.period, params.cost_basis, under_way)
    reach = _reach(usage, setting.months, params.period, start)
    days = under_way or {}, landings or {}
    found = _look(mapped, usage, params, reach, events, dict(pick or {}), frozen, days) if len(usage) else dict.fromkeys(("agreed", "without", "record"))
    projection = _projection(found["agreed"])
    booked = fiscal.book(usage, lags)
    whole = fiscal.whole_months(booked)
    by_provider = fiscal.book(projection[projection["line"] != TOTAL], lags)
    direct = fiscal.total_ahead(whole, booked, by_provider, projection)
    rows = fiscal.outlook(pd.concat([booked, whole], ignore_index=True), pd.concat([by_provider, direct], ignore_index=True), budget, start,
                          params.period)
    record, band = found["record"], setting.band
    parts = dict(
        period=params.period, basis=params.cost_basis, currency=params.currency, fiscal_year_start=start, months=setting.months, band=band,
        lags=lags, budget=budget, history=usage, left_out=left, projection=projection, booked=whole, direct=direct, outlook=rows,
        year=fiscal.by_year(rows), agreed=found["agreed"], without=found["without"], record=record, pick=found.get("pick", {}),
        events=found.get("events", pd.DataFrame(columns=happenings.COLUMNS)),
        bases=found.get("bases", pd.DataFrame(columns=["level", "line", "period", *BASES])),
        what_if=found.get("what_if", pd.DataFrame(columns=["period", "line", "amount"])),
        accuracy=pd.DataFrame(columns=["level", "line", *track.SCORES]) if record is None else track.by_line(record, band, track.budget_missed(
            pd.concat([booked, whole], ignore_index=True), budget, params.period, setting.backtest_months)),
        by_horizon=pd.DataFrame(columns=["level", "horizon", *track.SCORES]) if record is None else track.by_horizon(record, band))
    return Plan(**parts, checks=pd.DataFrame(check_plan(mapped, parts), columns=checks.COLUMNS))


def _look(mapped: pd.DataFrame, usage: pd.DataFrame, params, reach: int, events: pd.DataFrame | None, pick: dict,
          frozen: Mapping[str, pd.DataFrame] | None, days: tuple[Mapping, Mapping]) -> dict:
    """The panel carried forward, with and without events, and the record of such forecasts so far."""
    setting, basis, now = params.forecast, params.cost_basis, params.period
    lines = named(mapped[(mapped["billing_period"] <= now).to_numpy(dtype=bool)])
    begins = add_up(usage)["period"].min()
    plain = panels.panel(lines, usage, basis, begins)
    more = happenings.new_lines(events, plain.keys)
    panel = panels.panel(lines, usage, basis, begins, more) if len(more) else plain
    count, back = len(panel.months), setting.backtest_months
    tries = choice.replay(_known(panel, lines, params, events), range(max(count - back - 1, 0), count - 1), min(HORIZON, reach),
                          choice.largest(panel.series, setting.largest), setting.models)
    wanted = pick.get("figure") or setting.figure
    chosen = choice.choose(tries, panel.truth, setting.method)
    record, figure = track.replayed(panel, tries, wanted, chosen, frozen)
    last = usage.groupby("line")["period"].max()
    ended = sorted(last.index[last < usage["period"].max()])

    def of(effects: happenings.Effects) -> Agreed:
        return agreed.agree(panel, effects, tries, reach, chosen, figure, ended)

    def again(told: pd.DataFrame | None) -> Agreed:
        return of(happenings.read(told, panel, reach, basis, now))

    effects = happenings.read(events, panel, reach, basis, now)
    found, told = of(effects), effects.told
    without = again(None) if len(told) else found
    other = whatif.scenarios(found, setting.what_if, events, params.period, again)
    return {"agreed": found, "bases": _bases(found, lines, params, events, more, ended, days), "without": without, "record": record, "events": told,
            "what_if": other, "pick": {**pick, "figure": figure, "kept": bool(pick), "named": setting.figure != "auto"}}


def _bases(found: Agreed, lines: pd.DataFrame, params, events: pd.DataFrame | None, more: pd.DataFrame, ended: list[str],
           days: tuple[Mapping, Mapping]) -> pd.DataFrame:
    """Every level ahead on both cost bases, the other by the ensemble alone, brought to the same figure."""
    other = next(basis for basis in BASES if basis != params.cost_basis)
    usage = history(lines, params.period, other, days[0], _other_landings(lines, params.cost_basis, other, *days))
    usage = usage[usage["period"].isin(set(found.panel.months))]
    panel = panels.panel(lines, usage, other, found.panel.begins, more if len(more) else None)
    ahead = found.cents.shape[1]
    effects = happenings.read(events, panel, ahead, other, params.period)
    told = agreed.agree(panel, effects, choice.Tries([], {}, np.zeros((0, 4, 0, ahead))), ahead, None, found.picked, ended)
    amounts = {params.cost_basis: agreed.ahead(found), other: agreed.ahead(told)}
    return amounts[other][["level", "line", "period"]].assign(**{basis: amounts[basis]["amount"] for basis in BASES})


def _other_landings(lines: pd.DataFrame, basis: str, other: str, under_way: Mapping[str, str], landings: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """Where months under way land on the other cost basis: what has come of them there, and as much more as on this one."""
    found = {}
    for line, amount in landings.items():
        mine = lines[(lines["line"] == line) & (lines["service_period"] == under_way.get(line))]
        here, there = total(mine[BASES[basis]]), total(mine[BASES[other]])
        found[line] = to_cents(there + amount - here)
    return found


def _known(panel: panels.Panel, lines: pd.DataFrame, params, events: pd.DataFrame | None) -> Callable:
    """What was known at the end of each month: the bills of then, and the events known then."""
    series, basis, ahead = panel.series, params.cost_basis, HORIZON
    whole = panel.billed.all()

    def known(origin: int) -> tuple[np.ndarray, Callable]:
        month = panel.months[origin]
        then = panels.until(panel, origin + 1)
        told = lines[lines["billing_period"] <= month]
        other = not whole or ((lines["billing_period"] > month) & (lines["service_period"] <= month)).any()
        if other and len(before := history(told, month, basis)):
            seen = panels.aligned(panels.panel(told, before, basis, panel.begins), panel.keys)
            then = panels.carried(seen, then.months)
        elif events is None:
            return series[:, :origin + 1], lambda mean: mean
        effects = happenings.read(events, then, ahead, basis, month, True)
        return happenings.levelled(effects, then).series, lambda mean: happenings.apply(effects._replace(factor=effects.factor[:, :mean.shape[1]],
                                                                            added=effects.added[:, :mean.shape[1]]), panel.member, mean)

    return known


def _projection(found: Agreed | None) -> pd.DataFrame:
    """The picked figure of each provider and of the total, by service month."""
    if found is None:
        return pd.DataFrame(columns=PROJECTION_COLUMNS, dtype=object)
    rows = agreed.ahead(found)
    return rows[rows["level"].isin(["total", "provider"])].reset_index(drop=True)[PROJECTION_COLUMNS]


def words_of_events(found: Agreed, without: Agreed) -> pd.DataFrame:
    """The total ahead with the events and without them, by service month."""
    pair = [cells.money(pd.Series(each.sums[0])) for each in (found, without)]
    return pd.DataFrame({"period": found.months, "with_events": pair[0], "without_events": pair[1], "difference": pair[0] - pair[1]})


def _reach(usage: pd.DataFrame, count: int, period: str, start: int) -> int:
    """How many months to carry forward: those asked for, and at least to the end of the fiscal year."""
    if usage.empty:
        return count
    return max(count, distance(usage["period"].max(), fiscal.months_of_year(period, start)[-1]))
