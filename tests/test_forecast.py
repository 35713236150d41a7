"""Is the forecast what it says?  Small months worked by hand, statsmodels' models as they are, odd histories of any kind."""

import subprocess
import sys
from decimal import Decimal
from types import SimpleNamespace

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tables import cells, table

from helpers import fiscal, forecast, forecast_words, methods, planned
from helpers.errors import InputError
from helpers.periods import months, shift

D = Decimal


BLANK = {"application": "", "tower": "", "owner": ""}


def bills(text: str) -> pd.DataFrame:
    """Mapped lines whose bill is of the service month, unless a column billing_period says otherwise."""
    lines = table(text)
    lines = lines if "billing_period" in lines else lines.assign(billing_period=lines["service_period"])
    return lines.assign(billed=lines["effective"], **{name: text for name, text in BLANK.items() if name not in lines})


def monthly(amounts, line="A", first="2024-01"):
    """A history of one line: amounts in order from the first month, None for a month without a bill."""
    rows = [(shift(first, n), line, D(str(a))) for n, a in enumerate(amounts) if a is not None]
    lines = pd.DataFrame(rows, columns=["service_period", "ProviderName", "effective"], dtype=object)
    return forecast.history(lines.assign(billing_period=lines["service_period"]), "2099-12")


def settings_of(period="2025-06", lags=None, currency="USD", **forecast):
    providers = {name: SimpleNamespace(lag=lag) for name, lag in ({"A": 1, "B": 0} if lags is None else lags).items()}
    return SimpleNamespace(
        period=period, currency=currency, fiscal_year_start=4, cost_basis="amortised", providers=providers,
        forecast=SimpleNamespace(**{"months": 18, "band": D("0.05"), "backtest_months": 12, "method": "auto", "figure": "auto", "models": (),
                                    "largest": 1, "what_if": (), **forecast}))


def test_importing_forecast_does_not_import_statsmodels():
    code = "import sys, helpers.forecast; print('statsmodels' in sys.modules, 'scipy' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert told.stdout.split() == ["False", "False"]


def test_history_keeps_complete_months_and_says_what_it_filled():
    lines = bills("""
        service_period  billing_period  ProviderName  effective
        2025-01         2025-01         A             100
        2025-02         2025-02         A             110.125
        2025-02         2025-05         A             -0.125
        2025-05         2025-05         A             140
        2025-01         2025-01         B             7
        2025-03         2025-03         B             9
        2025-06         2025-06         A             999
        2024-12         2025-01         B             1
    """)
    usage = forecast.history(lines, "2025-05")
    assert cells(usage) == [
        ("2025-01", "A", "100", "billed"), ("2025-01", "B", "7", "billed"),
        ("2025-02", "A", "110", "billed"), ("2025-02", "B", "8", "filled"),
        ("2025-03", "A", "120", "filled"), ("2025-03", "B", "9", "billed"),
        ("2025-04", "A", "130", "filled"), ("2025-04", "B", "9", "filled"),
        ("2025-05", "A", "140", "billed"), ("2025-05", "B", "9", "filled"),
    ]
    assert cells(forecast.left_out(lines, usage, "2025-05")) == [
        ("A", "2025-06", "999", "after the month under review"), ("B", "2024-12", "1", "no bill of that month")]


def test_the_billed_basis_takes_the_billed_column():
    lines = bills("service_period  ProviderName  effective\n2025-01  A  10").assign(billed=[D(12)])
    assert cells(forecast.history(lines, "2025-01", "billed"), "amount") == [("12",)]


def _wavy(count):
    return [round(1000 * 1.01 ** n * (1.1 if n % 12 in (2, 8) else 1) + (n * 7919) % 23, 2) for n in range(count)]


def test_the_total_begins_when_every_provider_of_the_start_has_billed():
    usage = pd.concat([monthly([1, 1, 1], "A"), monthly([5, 5], "B", "2024-02")], ignore_index=True)
    assert cells(methods.add_up(usage), "period", "amount") == [("2024-02", "6"), ("2024-03", "6")]


def test_booking_moves_service_months_by_the_lag_of_their_provider():
    usage = pd.concat([monthly([1, 2, 3], "A"), monthly([10, 20, 30], "B"), monthly([7], "C")], ignore_index=True)
    booked = fiscal.book(usage, {"A": 2, "B": 0})
    assert cells(booked[booked["line"] != "C"], "line", "service_period", "period") == [
        ("A", "2024-01", "2024-03"), ("A", "2024-02", "2024-04"), ("A", "2024-03", "2024-05"),
        ("B", "2024-01", "2024-01"), ("B", "2024-02", "2024-02"), ("B", "2024-03", "2024-03")]
    assert cells(fiscal.whole_months(booked[booked["line"] != "C"]), "period", "amount") == [("2024-03", "31")]


def test_the_lag_table_says_which_service_month_each_ledger_month_takes():
    taken = fiscal.months_taken(["A", "B"], {"A": 1}, ["2026-04", "2026-05"], 4)
    assert cells(taken) == [("2026-04", "FY2027 M01", "2026-03", "2026-04"),
                            ("2026-05", "FY2027 M02", "2026-04", "2026-05")]


BUDGET = """
    period   scope  amount
    2025-04  A      100
    2025-05  A      100
    2025-06  A      100
    2025-04  B      10
    2025-05  B      10
    2025-06  Staff  999
"""


def test_the_outlook_sets_actual_and_forecast_beside_the_budget_by_fiscal_month():
    usage = table("""
        period   line   amount  source
        2025-03  A      90      billed
        2025-04  A      95      billed
        2025-04  B      9       billed
        2025-05  A      97      billed
        2025-04  Total  104     billed
    """)
    ahead = table("""
        period   line   amount  method
        2025-05  B      11      last value
        2025-06  A      98      last value
        2025-05  Total  110     last value
    """).assign(low_80=D(1), high_80=D(200), low_95=None, high_95=None)
    rows = fiscal.outlook(usage, ahead, table(BUDGET, currency="USD"), 4, "2025-04")
    assert cells(rows, "fiscal_month", "line", "kind", "amount", "budget") == [
        ("FY2026 M01", "A", "actual", "95", "100"), ("FY2026 M01", "B", "actual", "9", "10"),
        ("FY2026 M01", "Total", "actual", "104", "110"),
        ("FY2026 M02", "A", "not yet booked", "97", "100"), ("FY2026 M02", "B", "forecast", "11", "10"),
        ("FY2026 M02", "Total", "forecast", "110", "110"),
        ("FY2026 M03", "A", "forecast", "98", "100")]
    year = fiscal.by_year(rows)
    assert cells(year, "line", "actual", "not_yet_booked", "forecast", "amount", "budget", "distance", "months") == [
        ("A", "95", "97", "98", "290", "300", "-10", 3), ("B", "9", "0", "11", "20", "20", "0", 2),
        ("Sum of lines", "104", "97", "109", "310", "320", "-10", 3),
        ("Total", "104", "0", "110", "214", "220", "-6", 2)]
    # the band of the year: actual months as they are, forecast months by their band
    assert cells(year, "low_80", "high_80", "low_95") == [
        ("193", "392", None), ("10", "209", None), (None, None, None), ("105", "304", None)]


def test_a_budget_in_another_currency_is_refused():
    with pytest.raises(InputError) as wrong:
        forecast.plan(bills("service_period  ProviderName  effective\n2025-05  A  10"), settings_of(),
                      table(BUDGET, currency="EUR"))
    assert str(wrong.value) == ("inputs.budget, column currency: EUR beside the report's USD; expected a budget in "
                                "USD; state it in USD, at the rate it was set with")


def _two_years(lags=("A", "B")):
    rows = [f"{month}  {line}  {100 + 10 * n + (5 if line == 'B' else 0)}"
            for n, month in enumerate(months("2023-07", "2025-06")) for line in lags]
    return bills("service_period  ProviderName  effective\n" + "\n".join(rows))


def test_the_plan_ties_to_the_bill_and_prices_its_findings():
    budget = table("period  scope  amount\n" + "\n".join(
        f"{month}  {line}  100" for month in months("2025-04", "2026-03") for line in "AB"), currency="USD")
    plan = forecast.plan(_two_years(), settings_of(), budget)
    states = dict(zip(plan.checks["check"], plan.checks["state"]))
    assert set(plan.checks["state"]) == {"ok", "finding"}
    assert states["history equals the bills of the months shown"] == "ok"
    row = planned.headline_row(plan.year)
    assert (row["line"], row["budget"], row["months"]) == ("Total", D(2400), 12)
    found = plan.checks[plan.checks["check"] == "year end above the budget"].iloc[0]
    assert (found["state"], found["amount"], found["owner"]) == ("finding", row["amount"] - 2400, "FinOps lead")
    assert forecast_words.lags(plan) == "The ledger month 2025-06 takes A's 2025-05, B's 2025-06."
    assert "above the budget of 2.40 k" in forecast_words.in_short(plan)


def test_a_budgeted_provider_that_never_billed_is_a_finding():
    budget = table("period  scope  amount\n2025-04  B  70", currency="USD")
    plan = forecast.plan(_two_years("A"), settings_of(), budget)
    found = plan.checks[plan.checks["check"] == "providers in the budget but not in the bills"].iloc[0]
    assert (found["state"], found["amount"], found["note"]) == ("finding", D(70), "B")


def test_a_month_lost_on_the_way_fails_a_check():
    lines = _two_years()
    plan = forecast.plan(lines, settings_of())
    lost = {name: getattr(plan, name) for name in plan.__dataclass_fields__} | {"history": plan.history.iloc[1:]}
    states = {row["state"] for row in planned.check_plan(lines, lost)}
    assert "failed" in states


def test_two_months_of_bills_alone_say_what_they_cannot_do():
    plan = forecast.plan(bills("service_period  ProviderName  effective\n2025-05  A  10\n2025-06  A  12"),
                         settings_of(lags={}))
    assert forecast_words.in_short(plan).startswith(
        "A cost is heading for 122 USD (amortised) in FY2026, which ends in 2026-03, between 96.2 and 156 at 80 %")
    assert "Only 11 months of the fiscal year are in this figure" in forecast_words.in_short(plan)
    assert "no season can be told" in forecast_words.limits(plan)
    assert not forecast_words.drawable(plan)


def test_a_month_before_all_bills_has_nothing_to_forecast():
    plan = forecast.plan(_two_years(), settings_of(period="2020-01"))
    assert forecast_words.in_short(plan).startswith("No complete month of bills up to 2020-01")
    assert set(plan.checks["state"]) == {"ok"}


def test_a_provider_called_total_is_told_apart_from_the_total():
    lines = bills("service_period  ProviderName  effective\n2025-01  Total  10")
    assert cells(forecast.history(lines, "2025-01"), "line") == [("Total (provider)",)]


def test_the_plan_changes_nothing_it_was_given_and_repeats_itself():
    lines = _two_years()
    before = lines.copy(deep=True)
    first = forecast.plan(lines, settings_of())
    second = forecast.plan(lines.sample(frac=1, random_state=1), settings_of())
    pd.testing.assert_frame_equal(lines, before)
    for name, frame in first.tables.items():
        pd.testing.assert_frame_equal(frame, second.tables[name])


AMOUNT = st.one_of(st.just(0), st.integers(-10**9, 10**9).map(lambda cents: cents / 100), st.just(1000))
SERIES = st.lists(st.one_of(st.none(), AMOUNT, AMOUNT, AMOUNT), min_size=1, max_size=40).filter(
    lambda amounts: any(amount is not None for amount in amounts))


@settings(max_examples=25, deadline=None)
@given(SERIES, st.one_of(st.none(), SERIES), st.integers(0, 3))
def test_any_history_gives_a_plan_with_ordered_bands_and_no_failed_check(one, other, lag):
    parts = [(n, "A", a) for n, a in enumerate(one)] + [(n, "B", a) for n, a in enumerate(other or [])]
    rows = [(shift("2022-01", n), line, D(str(a))) for n, line, a in parts if a is not None]
    lines = pd.DataFrame(rows, columns=["service_period", "ProviderName", "effective"], dtype=object)
    lines = lines.assign(billing_period=lines["service_period"], billed=lines["effective"], **BLANK)
    plan = forecast.plan(lines, settings_of("2025-04", {"A": lag, "B": 0}))
    assert "failed" not in set(plan.checks["state"])
    for projection in (plan.projection, plan.direct):
        assert all(isinstance(amount, D) for amount in projection["amount"])
        for row in projection[projection["low_95"].notna()].to_dict("records"):
            assert row["low_95"] <= row["low_80"] <= row["amount"] <= row["high_80"] <= row["high_95"]
    assert forecast_words.in_short(plan) and forecast_words.limits(plan) and forecast_words.lags(plan)
    if forecast_words.drawable(plan):
        assert forecast_words.fan(plan)["bands"].notna().all(axis=None)


def test_the_models_of_statsmodels_are_as_they_are_there():
    from statsmodels.tsa.forecasting.theta import ThetaModel

    fitted = ThetaModel(pd.Series(_wavy(36)).to_numpy(), period=12).fit()
    assert methods.carry(_wavy(36), 6, "theta") == pytest.approx(list(fitted.forecast(6)))
    for name in methods.MODELS:
        assert len(methods.carry(_wavy(36), 6, name)) == 6
        assert methods.carry(_wavy(24), 6, name) is None  # too short
        assert methods.carry([5.0] * 36, 6, name) is None  # nothing to estimate


def test_a_provider_without_a_bill_for_three_months_has_ended_and_is_forecast_as_zero():
    lines = bills("service_period  ProviderName  effective\n" + "\n".join(
        [f"{month}  A  5" for month in months("2024-01", "2024-03")] + [f"{month}  B  1" for month in months("2024-01", "2024-06")]))
    plan = forecast.plan(lines, settings_of("2024-06"))
    ahead = plan.projection[plan.projection["line"] == "A"]
    assert set(ahead["amount"]) == {D(0)} and set(ahead["method"]) == {"zero: no bill since"}


def test_a_month_under_way_is_no_history():
    lines = bills("service_period  ProviderName  effective\n" + "\n".join(f"{month}  A  100" for month in months("2024-01", "2024-05")) + "\n2024-06  A  7")
    plan = forecast.plan(lines, settings_of("2024-06", {"A": 0}), under_way={"A": "2024-06"})
    assert plan.history["period"].max() == "2024-05" and cells(plan.left_out) == [("A", "2024-06", "7", "month under way")]
    assert plan.projection["period"].min() == "2024-06"
    landed = forecast.plan(lines, settings_of("2024-06", {"A": 0}), under_way={"A": "2024-06"}, landings={"A": D("123.45")})
    assert cells(landed.history.tail(1)) == [("2024-06", "A", "123.45", "landing")]
    assert landed.projection["period"].min() == "2024-07" and "failed" not in set(landed.checks["state"])
    found = landed.checks.set_index("check").loc["months under way, told by where they land"]
    assert (found["state"], found["amount"], found["note"]) == ("finding", D("123.45"), "A 2024-06")
    fresh = forecast.plan(bills("service_period  ProviderName  effective\n2024-06  A  7"), settings_of("2024-06", {"A": 0}), under_way={"A": "2024-06"},
                          landings={"A": D(30)})
    assert cells(fresh.history) == [("2024-06", "A", "30", "landing")]
    assert "failed" not in set(plan.checks["state"])


def test_every_level_adds_up_to_the_total_in_every_month():
    rows = [f"{month}  {provider}  {app}  {tower}  {100 + 7 * n % 13 + 10 * len(app)}" for n, month in enumerate(months("2023-07", "2025-06"))
            for provider, app, tower in (("A", "x", "Compute"), ("A", "yy", "Storage"), ("B", "x", "Compute"))]
    plan = forecast.plan(bills("service_period  ProviderName  application  tower  effective\n" + "\n".join(rows)), settings_of())
    ahead = plan.tables["ahead"]
    sums = {level: part.groupby("period")["amount"].sum().to_dict() for level, part in ahead.groupby("level")}
    assert set(sums) == {"total", "provider", "application", "tower", "owner"}
    assert all(part == sums["total"] for part in sums.values())
    figures = plan.tables["figures"]
    for name in ("bottom-up", "top-down", "ols", "wls", "mint"):
        totals = figures.groupby("level")[name].sum().to_dict()
        assert all(abs(amount - totals["total"]) <= D("0.18") for amount in totals.values()), name  # a cent a line and month of rounding


def test_the_pick_of_an_analyst_stands_with_its_note(tmp_path):
    from helpers import picks

    (tmp_path / "forecast_picks.csv").write_text("picked_from,figure,note,owner\n2025-01,ols,First try,FinOps lead\n2025-05,bottom-up,Agreed in May,Controller\n2025-07,mint,Later,Controller\n")
    pick = picks.of(tmp_path, "2025-06")
    assert (pick["figure"], pick["owner"]) == ("bottom-up", "Controller") and picks.of(tmp_path, "2024-12") == {}
    plan = forecast.plan(_two_years(), settings_of(), pick=pick)
    assert plan.agreed.picked == "bottom-up"
    assert forecast_words.figure(plan).startswith("The figure is bottom-up, as Controller picked from 2025-05 on: Agreed in May. Over what the best missed: bottom-up")


def test_a_frozen_vintage_is_read_and_never_worked_out_again():
    plan = forecast.plan(_two_years(), settings_of())
    before = plan.tables["vintages"]
    kept = pd.DataFrame([("total", "Total", "2025-02", D("1"), D("0"), D("2"), D("-1"), D("3"))],
                        columns=["level", "line", "period", "amount", "low_80", "high_80", "low_95", "high_95"])
    after = forecast.plan(_two_years(), settings_of(), frozen={"2025-01": kept}).tables["vintages"]
    mine = after[after["vintage"] == "2025-01"]
    assert cells(mine, "line", "source", "period", "forecast", "low_80", "high_80") == [("Total", "frozen", "2025-02", "1", "0", "2")]
    others = before[before["vintage"] != "2025-01"]
    pd.testing.assert_frame_equal(after[after["vintage"] != "2025-01"].reset_index(drop=True), others.reset_index(drop=True))


def test_a_replay_knows_the_bills_of_then_alone():
    late = _two_years()
    late = pd.concat([late, bills("service_period  billing_period  ProviderName  effective\n2024-12  2025-04  A  5000")], ignore_index=True)
    tables = [forecast.plan(lines, settings_of(figure="wls", method="ensemble")).tables["vintages"] for lines in (_two_years(), late)]
    then = [table[(table["vintage"] <= "2025-03") & (table["line"] == "A")]["forecast"].tolist() for table in tables]
    assert then[0] == then[1]  # the correction of December came in April
    assert tables[0][tables[0]["vintage"] >= "2025-04"]["forecast"].tolist() != tables[1][tables[1]["vintage"] >= "2025-04"]["forecast"].tolist()


def test_the_year_so_far_stands_beside_its_budget_and_what_the_ledger_holds():
    budget = table("period  scope  amount\n" + "\n".join(f"{month}  {line}  300" for month in months("2025-04", "2026-03") for line in "AB"), currency="USD")
    plan = forecast.plan(_two_years(), settings_of(lags={"A": 0, "B": 0}), budget)
    # A is 310, 320 and 330 from April to June, B five more each
    assert cells(forecast_words.by_provider(plan), "line", "actual", "budget_to_date", "distance_to_date") == [
        ("A", "960", "900", "60"), ("B", "975", "900", "75"), ("Total", "1935", "1800", "135")]
    held = {"2025-04": D(620), "2025-05": D(640), "2025-06": D(700)}
    assert cells(forecast_words.by_month(plan, held).head(4), "period", "amount", "ledger", "distance")[:3] == [
        ("2025-04", "625", "620", "25"), ("2025-05", "645", "640", "45"), ("2025-06", "665", "700", "65")]
    assert forecast_words.of_ledger(plan, held).startswith("For the 3 months so far the ledger holds 1,960.00 USD of cloud cost, 25.00 more than the bills (1.3 %)")


def test_what_the_budget_missed_by_is_over_the_months_it_has():
    from helpers import track

    booked = table("period  line  amount\n2025-05  A  100\n2025-06  A  200\n2025-06  B  50\n2025-05  Total  100\n2025-06  Total  250\n2024-01  A  999")
    budget = table("period  scope  amount\n2025-05  A  90\n2025-06  A  230\n2025-06  B  50\n2024-01  A  1")
    # A: 10 and 30 of 300; the total has a budget of each line in June alone: 30 of 250
    assert track.budget_missed(booked, budget, "2025-06", 12) == {"A": D("0.1333"), "B": D("0"), "Total": D("0.12")}


def test_what_a_month_closed_with_scores_it_later_whatever_the_bills_say_since(tmp_path):
    from helpers import kept, publish
    from helpers.money import plain

    then = forecast.plan(_two_years(), settings_of("2025-05"))
    folder = tmp_path / "2025-05" / "closed" / "tables"
    folder.mkdir(parents=True)
    (folder / "forecast_ahead.csv").write_text(publish.to_csv(then.tables["ahead"]))
    frozen = kept.forecasts("2025-06", tmp_path, "amortised", "USD")
    assert list(frozen) == ["2025-05"] and kept.forecasts("2025-05", tmp_path, "amortised", "USD") == {}
    late = bills("service_period  billing_period  ProviderName  effective\n2025-05  2025-06  A  777")
    now = forecast.plan(pd.concat([_two_years(), late], ignore_index=True), settings_of(), frozen=frozen).tables["vintages"]
    told = now[(now["vintage"] == "2025-05") & (now["line"] == "Total")]
    first = then.tables["ahead"].iloc[0]
    assert cells(told, "source", "period", "forecast", "low_80", "high_80") == [("frozen", "2025-06", *(plain(first[name]) for name in ("amount", "low_80", "high_80")))]


def test_a_history_tied_to_the_ledger_is_what_the_ledger_says_where_it_has_booked():
    from helpers import past

    lines = bills("service_period  ProviderName  effective\n2025-01  A  100\n2025-02  A  110\n2025-03  A  120\n2025-03  B  50")
    books = table("""
        fiscal_period  kind     use        ProviderName  amount
        2025-02        expense  cloud      A             100
        2025-02        expense  cloud tax  A             2
        2025-03        expense  cloud      A             105
        2025-03        expense  other      A             999
        2025-03        expense  cloud      B             51
    """)
    tied = past.tied(lines, books, {"A": 1, "B": 0}, "2025-03", "amortised")
    usage = forecast.history(tied, "2025-03")
    # A is booked a month later: 102 for January, 105 for February; March comes in April, with the mean of +2 and -5 besides
    assert cells(usage, "period", "line", "amount") == [
        ("2025-01", "A", "102"), ("2025-02", "A", "105"), ("2025-03", "A", "118.5"), ("2025-03", "B", "51")]
    plan = forecast.plan(tied, settings_of("2025-03"))
    assert "failed" not in set(plan.checks["state"])
