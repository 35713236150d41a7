"""What is known to happen does not teach the forecast nonsense, and is not missed."""

from decimal import Decimal as D

import numpy as np
import pandas as pd
import pytest

from helpers import events, forecast
from helpers.errors import InputError
from helpers.panel import KEYS, Panel, _sums
from helpers.periods import months, shift
from tests.tables import table
from tests.test_forecast import bills, settings_of

BLANKS = {"until": "", "kind": "", "ProviderName": "", "application": "", "tower": "", "basis": "", "known": "", "reason": "", "owner": ""}


def told(text: str) -> pd.DataFrame:
    rows = table(text)
    rows = rows.assign(**{name: value for name, value in BLANKS.items() if name not in rows}, **{
        name: None for name in ("amount", "share", "ramp_months") if name not in rows})
    rows = rows.astype({name: object for name in ("amount", "share", "ramp_months")})
    for name in ("amount", "share", "ramp_months"):
        rows[name] = pd.Series([D(str(value)) if value not in (None, "") else None for value in rows[name]], dtype=object)
    return rows


def panel_of(*lines) -> Panel:
    keys = pd.DataFrame([(f"P{n}", f"a{n}", "Compute", "x") for n in range(len(lines))], columns=KEYS, dtype="str")
    return Panel(keys, months("2025-01", shift("2025-01", len(lines[0]) - 1)), np.array(lines, dtype=np.int64) * 100, *_sums(keys), "2025-01",
                 *[np.ones((len(lines), len(lines[0])), dtype=bool)] * 2)


def test_a_step_of_the_past_lifts_what_came_before_it_to_the_level_of_now():
    found = events.read(told("period  effect  amount\n2025-04  step  50"), panel_of([10, 10, 10, 60, 60]), 2, "billed", "2025-04")
    assert found.past.tolist() == [[50, 50, 50, 0, 0]] and found.added.tolist() == [[0, 0]]


def test_a_step_without_amount_is_measured_by_the_months_before_and_after():
    found = events.read(told("period  effect\n2025-04  step"), panel_of([10, 12, 14, 60, 62, 64]), 1, "billed", "2025-04")
    assert found.told["amount"].tolist() == [50] and found.past.tolist() == [[50, 50, 50, 0, 0, 0]]


def test_a_step_to_come_ramps_up_over_its_months():
    found = events.read(told("period  effect  amount  ramp_months\n2025-05  step  30  3"), panel_of([10, 10, 10]), 5, "billed", "2025-04")
    assert found.past.tolist() == [[0, 0, 0]] and found.added.tolist() == [[0, 10, 20, 30, 30]]


def test_a_step_that_ends_is_taken_out_of_the_months_it_lasted():
    found = events.read(told("period  until  effect  amount\n2025-02  2025-03  step  5"), panel_of([10, 15, 15, 10]), 1, "billed", "2025-04")
    assert found.past.tolist() == [[0, -5, -5, 0]] and found.added.tolist() == [[0]]


def test_a_one_off_is_in_its_month_alone():
    found = events.read(told("period  effect  amount\n2025-02  one-off  90\n2025-05  one-off  7"), panel_of([10, 100, 10]), 3, "billed", "2025-04")
    assert found.past.tolist() == [[0, -90, 0]] and found.added.tolist() == [[0, 7, 0]]


def test_a_price_change_changes_what_came_before_and_what_comes():
    past = events.read(told("period  effect  share\n2025-03  share  -0.2"), panel_of([10, 10, 8, 8]), 1, "billed", "2025-04")
    assert past.past.round(9).tolist() == [[-2, -2, 0, 0]] and past.factor.tolist() == [[1]]
    ahead = events.read(told("period  effect  share\n2025-06  share  -0.2"), panel_of([10, 10, 10, 10]), 3, "billed", "2025-04")
    assert ahead.past.tolist() == [[0, 0, 0, 0]] and ahead.factor.tolist() == [[1, 0.8, 0.8]]


def test_an_end_is_nothing_from_its_month_on():
    found = events.read(told("period  effect  application\n2025-05  end  a1"), panel_of([10, 10, 10], [20, 20, 20]), 3, "billed", "2025-04")
    assert found.factor.tolist() == [[1, 1, 1], [1, 0, 0]]


def test_an_amount_falls_on_the_lines_that_moved():
    found = events.read(told("period  effect  amount\n2025-03  step  40"), panel_of([10, 10, 10, 10], [20, 20, 60, 60]), 1, "billed", "2025-04")
    assert found.past.tolist() == [[0, 0, 0, 0], [40, 40, 0, 0]]


def test_an_event_of_the_other_basis_does_not_count():
    assert events.read(told("period  effect  amount  basis\n2025-02  one-off  9  amortised"), panel_of([1, 10, 1]), 1, "billed", "2025-04").past.sum() == 0


def test_people_of_then_knew_what_is_said_they_knew():
    rows = told("period  effect  amount  known\n2025-05  step  9  2025-02\n2025-05  step  5  .")
    assert events.read(rows, panel_of([1, 1]), 4, "billed", "2025-02", True).added.tolist() == [[0, 0, 9, 9]]
    assert events.read(rows, panel_of([1]), 5, "billed", "2025-01", True).added.sum() == 0
    assert events.read(rows, panel_of([1, 1]), 4, "billed", "2025-02").added.tolist() == [[0, 0, 14, 14]]  # the file of now tells of both
    assert events.read(rows, panel_of([1]), 5, "billed", "2025-01").added.max() == 5  # but not what people knew only later


@pytest.mark.parametrize(("rows", "why"), [
    ("period  effect\n2025-09  step", "without amount, and nothing to measure it by"),
    ("period  effect  amount  application\n2025-09  step  5  none", "no line has these names"),
    ("period  until  effect  amount\n2025-03  2025-02  step  5", "until lies before period"),
])
def test_an_event_that_changes_nothing_says_why(rows, why):
    found = events.read(told(rows), panel_of([1, 1, 1]), 9, "billed", "2025-03")
    assert found.told["without_effect"].tolist() == [why] and not found.added.any() and not found.past.any()


def test_a_share_in_percent_is_refused_with_its_line():
    rows = told("period  effect  share\n2025-09  share  -20")
    rows.attrs["lines"] = [2]
    with pytest.raises(InputError, match="inputs.forecast_events, line 2, column share: -20; expected -1 or more: -0.2 is a fifth less"):
        events.read(rows, panel_of([1, 1]), 9, "billed", "2025-02")


def test_what_is_stated_is_taken_out_before_the_rest_is_measured_and_nothing_is_measured_twice():
    lines = panel_of([10, 10, 10, 60, 360, 60])
    both = events.read(told("period  effect  amount\n2025-04  step  .\n2025-05  one-off  300"), lines, 2, "billed", "2025-06")
    assert both.past.tolist() == [[50, 50, 50, 0, -300, 0]]
    twice = events.read(told("period  effect\n2025-04  step\n2025-04  step"), panel_of([10, 10, 10, 60, 60, 60]), 2, "billed", "2025-06")
    assert twice.past.tolist() == [[50, 50, 50, 0, 0, 0]]


def test_what_has_ended_costs_nothing_whatever_figure_is_picked():
    plans = [forecast.plan(company(planted), settings_of(lags={"A": 0}, figure=figure), events=told(EVENTS)) for figure in ("wls", "mint", "ols", "top-down")]
    for plan in plans:
        ahead = plan.tables["ahead"]
        assert set(ahead.loc[(ahead["line"] == "three") & (ahead["period"] >= "2025-10"), "amount"]) == {D(0)}


def test_a_cost_is_not_made_a_credit_by_a_step_but_by_a_one_off_it_may():
    rows = told("period  effect  application  amount\n2025-09  step  two  -900\n2025-11  one-off  three  -700")
    ahead = forecast.plan(company(), settings_of(lags={"A": 0}, figure="bottom-up"), events=rows).tables["ahead"].set_index(["level", "line", "period"])["amount"]
    assert ahead["application", "two", "2025-10"] == 0 and ahead["application", "three", "2025-11"] < -400


def test_what_is_measured_stays_on_its_own_side_of_other_events():
    both = events.read(told("period  effect\n2025-04  step\n2025-05  one-off"), panel_of([10, 10, 10, 60, 360, 60]), 2, "billed", "2025-06")
    assert both.past.tolist() == [[50, 50, 50, 0, -300, 0]]
    two = events.read(told("period  effect\n2025-04  step\n2025-05  step"), panel_of([10, 10, 10, 60, 160, 160]), 2, "billed", "2025-06")
    assert two.past.tolist() == [[150, 150, 150, 100, 0, 0]]
    short = events.read(told("period  until  effect\n2025-04  2025-04  step"), panel_of([10, 10, 10, 60, 10, 10]), 2, "billed", "2025-06")
    assert short.past.tolist() == [[0, 0, 0, -50, 0, 0]]


def test_events_of_other_lines_do_not_limit_what_is_measured():
    lines = panel_of([10, 10, 10, 60, 60, 60], [5] * 6)
    alone = events.read(told("period  effect  application\n2025-04  step  a0"), lines, 2, "billed", "2025-06")
    beside = events.read(told("period  effect  application\n2025-04  step  a0\n2025-05  step  a1\n2025-05  step  none"), lines, 2, "billed", "2025-06")
    assert alone.past[0].tolist() == beside.past[0].tolist() == [50, 50, 50, 0, 0, 0]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_step_and_a_one_off_of_one_month_are_told_apart_in_any_order(order):
    rows = told("period  effect\n2025-04  step\n2025-04  one-off").iloc[list(order)].reset_index(drop=True)
    found = events.read(rows, panel_of([10, 10, 10, 360, 60, 60]), 2, "billed", "2025-06")
    assert found.past.tolist() == [[50, 50, 50, -300, 0, 0]]


def test_what_comes_after_an_end_counts_and_a_free_period_ends():
    found = events.read(told("period  effect  amount\n2025-07  end  .\n2025-09  one-off  40"), panel_of([10] * 6), 4, "billed", "2025-06")
    ahead = forecast.plan(company(), settings_of(lags={"A": 0}), events=told(
        "period  effect  application  amount\n2025-10  end  three  .\n2025-12  one-off  three  4000")).tables["ahead"].set_index(["level", "line", "period"])["amount"]
    assert found.told["ahead"].tolist() == [D(-40), D(40)]
    assert [ahead["application", "three", month] for month in ("2025-11", "2025-12", "2026-01")] == [D(0), D(4000), D(0)]
    free = events.read(told("period  until  effect  share\n2025-04  2025-07  share  -1"), panel_of([10, 10, 10, 0, 0, 0]), 3, "billed", "2025-06")
    assert free.past.tolist() == [[0, 0, 0, 10, 10, 10]] and free.factor.tolist() == [[0, 1, 1]]


def company(extra=lambda month, app: 0) -> pd.DataFrame:
    """36 months of three applications with a season and growth, and what is planted."""
    rows = [f"{month}  A  {app}  {round(level * (1 + 0.004 * n) * (1.08 if month[5:] in ('11', '12') else 1) + extra(month, app), 2)}"
            for n, month in enumerate(months("2022-07", "2025-06")) for app, level in (("one", 1000), ("two", 500), ("three", 200))]
    return bills("service_period  ProviderName  application  effective\n" + "\n".join(rows))


def planted(month: str, app: str) -> float:
    step = 600 if app == "one" and month >= "2025-01" else 0  # a migration
    bought = 5000 if app == "two" and month == "2025-04" else 0  # a commitment, paid up front
    new = 400 if app == "three" and month >= "2025-03" else 0  # a launch
    return step + bought + new


EVENTS = """
    period   effect   application  kind        amount
    2025-01  step     one          migration   600
    2025-04  one-off  two          commitment  5000
    2025-03  step     three        launch      400
    2025-10  end      three        retirement  .
"""


def test_planted_events_do_not_bend_the_forecast_of_other_months():
    setting = settings_of(lags={"A": 0}, figure="bottom-up", method="ensemble")
    clean, known, blind = (forecast.plan(lines, setting, events=rows).tables["ahead"] for lines, rows in (
        (company(), None), (company(planted), told(EVENTS)), (company(planted), None)))
    by = [frame[frame["level"] == "application"].set_index(["line", "period"])["amount"].astype(float) for frame in (clean, known, blind)]
    for app, step in (("one", 600), ("two", 0), ("three", 400)):
        for month in months("2025-07", "2026-06"):
            wanted = 0 if app == "three" and month >= "2025-10" else by[0][app, month] + step
            assert by[1][app, month] == pytest.approx(wanted, rel=0.02, abs=1), (app, month)
    misses = [sum(abs(part[app, month] - by[0][app, month] - step) for app, step in (("one", 600), ("two", 0)) for month in months("2025-07", "2026-06"))
              for part in by[1:]]
    assert misses[1] > 10 * misses[0]  # without the events the same bills bend the other months


def test_with_and_without_events_are_told_side_by_side():
    plan = forecast.plan(company(planted), settings_of(lags={"A": 0}), events=told(EVENTS))
    both = plan.tables["with_and_without"]
    assert (both["with_events"] - both["without_events"]).tolist() == both["difference"].tolist() and any(both["difference"])
    assert len(plan.events) == 4


def test_a_launch_that_no_bill_knows_has_a_line_of_its_own():
    rows = told("period  effect  ProviderName  application  tower  amount\n2025-09  step  A  four  Compute  300")
    ahead = forecast.plan(company(), settings_of(lags={"A": 0}), events=rows).tables["ahead"]
    four = ahead[ahead["line"] == "four"].set_index("period")["amount"]
    assert four["2025-08"] == 0 and four["2025-09"] > 250


def test_delayed_events_are_those_to_come_of_the_kinds_named():
    rows = told("period  kind  effect  amount\n2025-01  migration  step  1\n2025-09  migration  step  2\n2025-09  launch  step  3")
    assert events.delayed(rows, 6, "migration", "2025-06")["period"].tolist() == ["2025-01", "2026-03", "2025-09"]
