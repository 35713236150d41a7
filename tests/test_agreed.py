"""Lines, levels and methods: whole cents that add up, the method that missed least, scores worked by hand."""

from decimal import Decimal as D
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from helpers import agreed, choice, driven, events, forecast, panel, settings, track, underway, whatif
from helpers.choice import Tries
from helpers.money import total
from helpers.periods import months
from tests.tables import cells
from tests.test_events import panel_of
from tests.test_forecast import bills, settings_of


def test_the_lines_of_a_provider_are_its_history_to_the_cent_and_filled_months_lie_between():
    lines = bills("""
        service_period  ProviderName  application  effective
        2025-01         A             x            10.004
        2025-01         A             y            20.004
        2025-03         A             x            30
        2025-03         A             y            20
        2025-02         B             z            5
    """)
    usage = forecast.history(lines, "2025-03")
    found = panel.panel(forecast.named(lines), usage, "amortised", "2025-01")
    assert found.months == ["2025-01", "2025-02", "2025-03"]
    told = {key: row.tolist() for key, row in zip(found.keys["application"], found.cents, strict=True)}
    assert told == {"x": [1001, 2000, 3000], "y": [2000, 2000, 2000], "z": [0, 500, 500]}  # 30.01 in all: the odd cent to the first
    assert total(usage["amount"].tolist()).quantize(D("0.01")) == D(int(found.cents.sum())) / 100


def test_every_sum_is_named_and_knows_its_lines():
    found = panel_of([1, 1], [2, 2])
    assert cells(found.names) == [("total", "Total"), ("provider", "P0"), ("provider", "P1"), ("application", "a0"), ("application", "a1"),
                                  ("tower", "Compute"), ("owner", "x")]
    assert found.member.tolist() == [[1, 1], [1, 0], [0, 1], [1, 0], [0, 1], [1, 1], [1, 1]]


def tries_of(**forecasts) -> Tries:
    """Six origins, one month ahead, one series; what each method said of a truth of 100 every month."""
    return Tries(list(range(6)), {name.replace("_", " "): np.array(values, dtype=float).reshape(6, 1, 1) for name, values in forecasts.items()}, np.zeros((6, 4, 1, 1)))


@pytest.mark.parametrize(("naive", "chosen"), [([105] * 6, "seasonal naive"), ([109.5] * 6, "ensemble"), ([np.nan] * 6, "ensemble")])
def test_another_method_takes_the_ensembles_place_where_it_misses_a_tenth_less(naive, chosen):
    tries = tries_of(ensemble=[110] * 6, seasonal_naive=naive, last_value=[150] * 6)
    assert choice.choose(tries, np.full((1, 7), 100.0)).tolist() == [chosen]


def test_five_tries_are_too_few_to_choose_by():
    tries = tries_of(ensemble=[110] * 6, last_value=[100] * 6)
    assert choice.choose(tries, np.full((1, 6), 100.0)).tolist() == ["ensemble"]


def test_a_method_that_was_chosen_keeps_the_width_of_the_ensembles_bands():
    values = np.array([[100 + 10 * np.sin(n) for n in range(30)]])
    both = [choice.carry(values, np.array([name], dtype=object), 3) for name in ("ensemble", "seasonal naive")]
    assert both[1].mean.ravel().tolist() == values[0, 18:21].tolist() and both[1].method.tolist() == ["seasonal naive"]
    assert (both[1].upper80 - both[1].lower80) == pytest.approx(both[0].upper80 - both[0].lower80)


def test_the_year_is_what_is_booked_what_is_not_yet_and_what_is_ahead():
    found = panel_of([10] * 14, [20] * 14)  # 2025-01 to 2026-02
    none = events.read(None, found, 12, "billed", "2026-02")
    told = agreed.agree(found, none, Tries([], {}, np.zeros((0, 4, 0, 12))), 12)
    rows = agreed.years(told, {"P0": 1}, months("2025-04", "2026-03"), "2026-02").set_index(["level", "line"])
    # P0 is booked a month later: ledger months 2025-04 to 2026-02 take services of 2025-03 to 2026-01, 2026-03 takes 2026-02, known already
    assert rows.loc[("provider", "P0")].tolist() == [D("110"), D("10"), D("0"), D("120")]
    assert rows.loc[("provider", "P1")].tolist() == [D("220"), D("0"), D("20"), D("240")]
    assert rows.loc[("total", "Total"), "amount"] == D("360")


def record(told, actual, naive) -> track.Record:
    shape = (len(told), 1, 1)
    low, high = np.array(told) - 5.0, np.array(told) + 5.0
    bands = np.stack([low, high, low - 5, high + 5], axis=1).reshape(len(told), 4, 1, 1)
    names = SimpleNamespace(names=pd.DataFrame([("total", "Total")], columns=["level", "line"]), months=months("2025-01", "2025-12"))
    return track.Record(names, list(range(len(told))), *(np.array(part, dtype=float).reshape(shape) for part in (told, naive)), bands,
                        np.array(actual, dtype=float).reshape(shape), ["replayed"] * len(told), {})


def test_miss_bias_hits_and_what_the_bands_held_by_hand():
    # misses 4, 10 and 10 of 400; signs +4 −10 +10; within 5 %: 4 of 100 and 10 of 200; naive misses 20, 30 and 0
    scores = track.by_line(record([104, 190, 110], [100, 200, 100], [80, 230, 100]), D("0.05"))
    assert cells(scores, "tries", "mean_miss", "miss_share", "bias_share", "hit_share", "band_of_most_share") == [(3, "8", "0.06", "0.01", "0.6667", "0.1")]
    assert cells(scores, "inside_80_share", "inside_95_share", "naive_miss_share", "naive_hit_share", "winner") == [("0.3333", "1", "0.125", "0.3333", "forecast")]


def test_a_band_may_be_named_by_who_asks_for_it():
    given = {"months": "18", "backtest_months": "12"}
    assert [settings.Forecast(**given, band=name).band for name in ("finance", "run", "walk", "crawl", "0.03")] == [
        D("0.04"), D("0.12"), D("0.15"), D("0.20"), D("0.03")]


def test_scenarios_compound_growth_and_change_prices():
    found = panel_of([10] * 14)
    told = agreed.agree(found, events.read(None, found, 12, "billed", "2026-02"), Tries([], {}, np.zeros((0, 4, 0, 12))), 12)
    wanted = [SimpleNamespace(name="more", growth=D("0.21"), price=D(0), delay=0, kinds=""), SimpleNamespace(name="less", growth=D(0), price=D("-0.1"), delay=0, kinds="")]
    table_ = whatif.scenarios(told, wanted, None, "2026-02", None)
    by = table_.set_index(["line", "period"])["amount"]
    assert (by["forecast", "2026-08"], by["more", "2026-08"], by["more", "2027-02"], by["less", "2026-03"]) == (D("10"), D("11"), D("12.1"), D("9"))
    assert cells(whatif.in_all(table_).tail(1)) == [("less", "108", "-12")]


def test_drivers_are_quantity_ahead_at_the_price_of_now():
    lines = bills("service_period  ProviderName  ServiceName  ConsumedUnit  effective\n" + "\n".join(
        f"{month}  A  svc  Hours  20" for month in months("2025-01", "2025-06")))
    lines = lines.assign(ConsumedQuantity=[D(10)] * 6)
    found = driven.by_usage(lines, months("2025-01", "2025-06"), 2, "amortised")
    assert cells(found) == [("A svc", "Hours", "10", "20", "2", "40")]


def test_a_month_whose_days_have_not_all_come_is_under_way():
    days = pd.DataFrame([("A", f"2025-05-{day:02}", D(1)) for day in range(1, 32)] + [("A", f"2025-06-{day:02}", D(1)) for day in range(1, 15)]
                        + [("B", f"2025-05-{day:02}", D(2)) for day in range(1, 32)], columns=["line", "day", "amount"])
    assert underway.under_way(days) == {"A": "2025-06"}
    assert cells(underway.landings(days, {"A": "2025-06"}), "line", "month", "so_far", "landing") == [("A", "2025-06", "14", "30")]


def test_a_provider_whose_days_ended_earlier_has_stopped_and_one_that_always_ends_early_is_not_under_way():
    def days_of(line, *months_and_days):
        return [(line, f"{month}-{day:02}", D(1)) for month, last in months_and_days for day in range(1, last + 1)]

    frame = pd.DataFrame(days_of("A", ("2025-05", 31), ("2025-06", 30)) + days_of("B", ("2025-03", 12)) + days_of("C", ("2025-05", 28), ("2025-06", 27))
                         + days_of("D", ("2025-05", 31), ("2025-06", 20)), columns=["line", "day", "amount"])
    assert underway.under_way(frame) == {"D": "2025-06"}


def test_a_month_that_was_filled_in_is_not_scored_and_no_replay_has_seen_what_filled_it():
    def vintages(march: str) -> pd.DataFrame:
        rows = [f"{month}  A  {100 + n}" for n, month in enumerate(months("2024-01", "2025-06")) if month not in ("2025-02", "2025-03")]
        plan = forecast.plan(bills("service_period  ProviderName  effective\n" + "\n".join([*rows, f"2025-03  A  {march}"])), settings_of("2025-06", {"A": 0}, figure="wls", method="ensemble"))
        return plan.tables["vintages"]

    table_ = vintages("114")
    assert "2025-02" not in set(table_["period"]) and "2025-03" in set(table_["period"])
    before = [part[part["vintage"] <= "2025-02"]["forecast"].tolist() for part in (table_, vintages("9000"))]
    assert before[0] == before[1]


def test_a_sum_that_had_not_begun_is_no_part_of_what_a_replay_reconciles():
    lines = bills("service_period  ProviderName  effective\n" + "\n".join(
        [f"{month}  A  1000" for month in months("2024-07", "2025-06")] + [f"{month}  B  500" for month in months("2024-10", "2025-06")]))
    table_ = forecast.plan(lines, settings_of("2025-06", {"A": 0, "B": 0}, figure="wls")).tables["vintages"]
    early = table_[(table_["vintage"] <= "2024-09") & (table_["line"] == "A")]
    assert len(early) and min(early["forecast"]) > 900


def test_the_track_record_is_of_the_method_that_stands():
    rows = [f"{month}  A  {1000 + 200 * (n % 7) + 13 * n}" for n, month in enumerate(months("2023-07", "2025-06"))]
    lines = bills("service_period  ProviderName  effective\n" + "\n".join(rows))
    missed = {name: forecast.plan(lines, settings_of("2025-06", {"A": 0}, method=name)).accuracy["miss_share"].iloc[0] for name in ("ensemble", "last value", "seasonal naive")}
    assert len(set(missed.values())) == 3


@pytest.mark.parametrize("names", [("a", "a"), ("forecast",)])
def test_scenarios_have_names_of_their_own(names):
    with pytest.raises(ValueError, match="wrong"):
        settings.Forecast(months="18", band="0.05", backtest_months="12", what_if=tuple({"name": name} for name in names))


def test_a_last_month_without_volume_is_not_a_month_of_none():
    lines = bills("service_period  ProviderName  application  effective\n" + "\n".join(f"{month}  A  x  20" for month in months("2025-01", "2025-06")))
    volumes = pd.DataFrame([(month, "x", "units", D(10)) for month in months("2025-01", "2025-05")], columns=["period", "application", "unit", "quantity"])
    assert cells(driven.by_volume(volumes, lines, months("2025-01", "2025-06"), 2, "amortised")) == [("x", "units", "10", "20", "2", "40")]


def test_top_down_publishes_a_credit_as_it_is():
    lines = bills("service_period  ProviderName  application  effective\n" + "\n".join(
        f"{month}  A  {app}  {amount}" for month in months("2023-07", "2025-06") for app, amount in (("one", 1000), ("two", 500), ("credit", -100))))
    ahead = forecast.plan(lines, settings_of("2025-06", {"A": 0}, figure="top-down")).tables["ahead"].set_index(["line", "period"])["amount"]
    assert [ahead[name, "2025-07"] for name in ("one", "two", "credit")] == [D(1000), D(500), D(-100)]


def test_a_landing_is_shared_by_size_and_makes_nothing_of_what_ended():
    lines = bills("service_period  ProviderName  application  effective\n" + "\n".join(
        f"{month}  A  {app}  {amount}" for month in months("2024-01", "2025-06") for app, amount in (("big", 10000), ("small", 10), ("old", 0))))
    plan = forecast.plan(lines, settings_of("2025-06", {"A": 0}), under_way={"A": "2025-06"}, landings={"A": D(12012)})
    found = dict(zip(plan.agreed.panel.keys["application"], plan.agreed.panel.cents[:, -1].tolist(), strict=True))
    assert found == {"big": 1200000, "small": 1200, "old": 0}


def test_a_budget_of_months_without_a_bill_is_not_forgotten():
    rows = [f"{month}  A  1000" for month in months("2024-04", "2025-12")] + [f"{month}  B  1000" for month in months("2025-10", "2025-12")]
    budget = pd.DataFrame([(month, line, D(1000), "USD") for month in months("2025-04", "2026-03") for line in "AB"], columns=["period", "scope", "amount", "currency"])
    plan = forecast.plan(bills("service_period  ProviderName  effective\n" + "\n".join(rows)), settings_of("2025-12", {"A": 0, "B": 0}), budget)
    assert dict(zip(plan.year["line"], plan.year["budget"], strict=True)) == {"A": D(12000), "B": D(12000), "Sum of lines": D(24000), "Total": D(24000)}


def test_months_before_a_line_began_are_no_hits():
    rows = [f"{month}  A  {1000 + n}" for n, month in enumerate(months("2023-07", "2025-06"))] + ["2025-05  B  50", "2025-06  B  50"]
    plan = forecast.plan(bills("service_period  ProviderName  effective\n" + "\n".join(rows)), settings_of("2025-06", {"A": 0, "B": 0}))
    tries = plan.accuracy.set_index(["level", "line"])["tries"]
    assert tries["provider", "A"] == 33 and tries["provider", "B"] < 7


@pytest.mark.parametrize("figure", ["bottom-up", "top-down", "ols", "wls", "mint"])
def test_credits_stay_credits_under_every_figure_and_with_short_histories(figure):
    for first in ("2025-02", "2022-07"):
        rows = [f"{month}  A  {app}  {amount + n % 3}" for n, month in enumerate(months(first, "2025-06")) for app, amount in (("one", 1000), ("credit", -103))]
        rows += [f"{month}  A  new  2500" for month in ("2025-05", "2025-06")]
        plan = forecast.plan(bills("service_period  ProviderName  application  effective\n" + "\n".join(rows)), settings_of("2025-06", {"A": 0}, figure=figure))
        ahead = plan.tables["ahead"]
        assert max(ahead.loc[ahead["line"] == "credit", "amount"]) <= 0 and min(ahead.loc[ahead["line"] == "one", "amount"]) >= 0


def test_replays_are_of_the_figure_that_stands_also_where_something_ended():
    rows = [f"{month}  A  {1000 + n % 5}" for n, month in enumerate(months("2022-07", "2025-06"))] + [f"{month}  B  800" for month in months("2022-07", "2024-06")]
    plan = forecast.plan(bills("service_period  ProviderName  effective\n" + "\n".join(rows)), settings_of("2025-06", {"A": 0, "B": 0}, figure="top-down"))
    late = plan.tables["vintages"].query("vintage >= '2025-01'")
    assert min(late.loc[late["line"] == "A", "forecast"]) > 950
    assert set(late.loc[late["line"] == "B", "forecast"]) <= {D(0)}


def test_a_budget_to_date_ends_with_the_month_under_review():
    rows = [f"{month}  A  1000" for month in months("2024-04", "2025-12")] + [f"{month}  B  1000" for month in months("2024-04", "2025-07")]
    budget = pd.DataFrame([(month, line, D(1000), "USD") for month in months("2025-04", "2026-03") for line in "AB"], columns=["period", "scope", "amount", "currency"])
    plan = forecast.plan(bills("service_period  ProviderName  effective\n" + "\n".join(rows)), settings_of("2025-12", {"A": 0, "B": 2}), budget)
    from helpers import forecast_words
    assert dict(zip(*(forecast_words.by_provider(plan)[name] for name in ("line", "budget_to_date")), strict=True)) == {"A": D(9000), "B": D(9000), "Total": D(18000)}
    assert set(plan.outlook.loc[plan.outlook["period"] > "2025-12", "kind"]) == {"forecast"}


def test_what_is_first_billed_in_the_month_under_way_keeps_its_part_of_the_landing():
    rows = [f"{month}  A  old  300" for month in months("2024-01", "2025-05")] + ["2025-06  A  old  100", "2025-06  A  new  50"]
    plan = forecast.plan(bills("service_period  ProviderName  application  effective\n" + "\n".join(rows)), settings_of("2025-06", {"A": 0}),
                         under_way={"A": "2025-06"}, landings={"A": D(450)})
    assert dict(zip(plan.agreed.panel.keys["application"], plan.agreed.panel.cents[:, -1].tolist(), strict=True)) == {"old": 30000, "new": 15000}


def test_every_level_is_told_on_both_cost_bases():
    rows = "\n".join(f"{month}  A  {app}  {amount}" for month in months("2023-07", "2025-06") for app, amount in (("x", 1000), ("y", 400)))
    lines = bills("service_period  ProviderName  application  effective\n" + rows)
    lines["billed"] = [amount * 2 for amount in lines["effective"]]
    table_ = forecast.plan(lines, settings_of("2025-06", {"A": 0})).tables["bases"].set_index(["level", "line", "period"])
    assert table_.loc[("application", "y", "2025-07")].tolist() == [D(400), D(800)]
    assert table_.loc[("total", "Total", "2026-12")].tolist() == [D(1400), D(2800)]
