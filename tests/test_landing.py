"""The month under way lands where its days point: one-offs, credits, weekdays, gaps and new lines, worked by hand; and on a real bill."""

import time
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.landing import COLUMNS, DEAD, NEW, RATE, accuracy, land

BILL = Path(__file__).resolve().parents[2] / "shared" / "forecast" / "mybinder_gcp_daily.csv"
BANDS = ["low_95", "low_80", "landing", "high_80", "high_95"]
amounts = st.one_of(st.none(), st.just(0.0), st.floats(-1e6, 1e9, allow_nan=False),
                    st.decimals(-1000, 1000, places=4).map(float), st.just(float("nan")))


def daily(first: str, values, line: str = "VM") -> pd.DataFrame:
    """One row a day from `first`; no row for None."""
    begin = date.fromisoformat(first)
    rows = [(line, str(begin + timedelta(place)), value) for place, value in enumerate(values) if value is not None]
    return pd.DataFrame(rows, columns=["line", "day", "amount"])


def steady(first: str, last: str, changed: dict[str, int | None] | None = None, line: str = "VM") -> pd.DataFrame:
    """10 a day, other amounts on the days named, no row where they are None."""
    count = (date.fromisoformat(last) - date.fromisoformat(first)).days + 1
    days = [str(date.fromisoformat(first) + timedelta(place)) for place in range(count)]
    values = [(changed or {}).get(day, 10) for day in days]
    return daily(first, [None if value is None else Decimal(value) for value in values], line)


def one(days: pd.DataFrame, as_of: str) -> pd.Series:
    found = land(days, as_of)
    assert found.columns.tolist() == COLUMNS and len(found) == 1
    return found.iloc[0]


def test_ten_a_day_lands_at_310_in_a_month_of_31_days_and_goes_on_with_300_in_one_of_30():
    row = one(steady("2026-04-01", "2026-08-14"), "2026-08-14")
    assert row.tolist() == ["VM", "2026-08", 14, Decimal("140.00"), *[Decimal("310.00")] * 5, Decimal("300.00"), RATE]


@pytest.mark.parametrize("year, landed", [("2024", 290), ("2026", 280)])
def test_february_has_its_own_days_and_those_of_leap_years(year, landed):
    row = one(steady(f"{year}-01-01", f"{year}-02-14"), f"{year}-02-14")
    assert (row["landing"], row["next_month"]) == (landed, 310)


def test_weekends_without_row_are_days_without_cost():
    closed = {str(day.date()): None for day in pd.date_range("2026-05-01", "2026-08-14") if day.weekday() > 4}
    row = one(steady("2026-05-01", "2026-08-14", closed), "2026-08-14")  # August has 21 working days, September 22
    assert (row["so_far"], row["landing"], row["next_month"], row["days_known"]) == (100, 210, 220, 14)


def test_a_pattern_of_weekdays_that_repeats_is_carried_on_to_the_cent():
    half = {str(day.date()): 4 for day in pd.date_range("2026-05-01", "2026-08-14") if day.weekday() > 4}
    row = one(steady("2026-05-01", "2026-08-14", half), "2026-08-14")
    assert (row["landing"], row["next_month"]) == (21 * 10 + 10 * 4, 22 * 10 + 8 * 4)


def test_weekdays_that_differ_by_chance_alone_hardly_count():
    values = np.random.default_rng(7).normal(100, 10, 140)
    ends = [one(daily("2026-04-01", values), as_of)["landing"] for as_of in ("2026-08-01", "2026-08-08", "2026-08-15")]
    assert all(abs(end / 3100 - 1) < Decimal("0.05") for end in ends)


def test_a_one_off_stays_in_so_far_and_out_of_the_rate():
    row = one(steady("2026-05-01", "2026-08-14", {"2026-08-01": 1010}), "2026-08-14")
    assert (row["so_far"], row["landing"], row["high_95"], row["next_month"]) == (1140, 1310, 1310, 300)


def test_a_one_off_on_the_last_day_known_or_the_first_of_a_line_does_not_carry_on_either():
    assert one(steady("2026-05-01", "2026-08-14", {"2026-08-14": 1010}), "2026-08-14")["landing"] == 1310
    assert one(steady("2026-08-02", "2026-08-14", {"2026-08-02": 1010}), "2026-08-14")["landing"] == 1130 + 170


def test_a_day_that_is_only_partly_billed_does_not_pull_the_rate_down():
    assert one(steady("2026-05-01", "2026-08-14", {"2026-08-14": 1}), "2026-08-14")["landing"] == 131 + 170


def test_a_one_off_of_both_months_before_is_due_on_the_same_day_again():
    fees = {f"2026-{month}-{day}": 110 for month, day in (("06", "01"), ("07", "01"), ("08", "01"), ("06", "20"), ("07", "20"))}
    row = one(steady("2026-05-01", "2026-08-14", fees), "2026-08-14")
    assert (row["so_far"], row["landing"], row["next_month"]) == (240, 310 + 100 + 100, 300 + 100 + 100)


def test_a_monthly_fee_alone_is_due_again_once_and_is_no_daily_rate():
    fee = daily("2026-05-01", [Decimal(90) if (date(2026, 5, 1) + timedelta(n)).day == 1 else None for n in range(112)], "Support")
    row = one(fee, "2026-08-20")
    assert (row["so_far"], row["landing"], row["next_month"], row["method"]) == (90, 90, 90, DEAD)


def test_what_comes_every_week_is_no_one_off():
    weekly = daily("2026-05-04", [Decimal(70), 0, 0, 0, 0, 0, 0] * 14 + [Decimal(70), 0, 0, 0, 0])  # Mondays; to 14 August
    row = one(weekly, "2026-08-14")
    assert (row["so_far"], row["landing"], row["next_month"]) == (140, 5 * 70, 4 * 70)


def test_a_jump_counts_from_its_second_day_on():
    landed = [one(steady("2026-05-01", "2026-08-14", {"2026-08-13": day, "2026-08-14": 30}), "2026-08-14")["landing"] for day in (10, 30)]
    assert landed[0] == 160 + 170 and landed[1] > 180 + 170
    grown = {str(day.date()): 30 for day in pd.date_range("2026-07-01", "2026-08-14")}
    assert one(steady("2026-03-01", "2026-08-14", grown), "2026-08-14")["landing"] == 930


def test_a_credit_stays_in_so_far_and_out_of_the_rate():
    row = one(steady("2026-05-01", "2026-08-14", {"2026-08-05": -50, "2026-08-06": -50}), "2026-08-14")
    assert (row["so_far"], row["landing"], row["next_month"]) == (20, 20 + 170, 300)
    week = one(steady("2026-05-01", "2026-08-14", {f"2026-08-{day:02d}": -3 for day in range(3, 10)}), "2026-08-14")
    assert (week["so_far"], week["landing"], week["next_month"]) == (70 - 21, 49 + 170, 300)


def test_a_line_of_nothing_but_credits_lands_at_what_it_has():
    row = one(daily("2026-05-01", [Decimal(-2)] * 106), "2026-08-14")
    assert (row["so_far"], row["landing"], row["low_95"], row["next_month"]) == (-28, -28, -28, 0)


def test_a_missing_day_counts_as_those_next_to_it():
    row = one(steady("2026-05-01", "2026-08-14", {"2026-08-05": None, "2026-08-14": None}), "2026-08-14")
    assert (row["so_far"], row["days_known"], row["landing"], row["next_month"]) == (120, 12, 310, 300)
    uneven = one(steady("2026-08-01", "2026-08-14", {"2026-08-05": None, "2026-08-06": 12}), "2026-08-14")
    assert uneven["landing"] == Decimal("132") + 11 + (Decimal(143) / 14 * 17).quantize(Decimal("0.01"))


def test_a_new_line_goes_by_the_mean_of_its_days():
    row = one(daily("2026-08-10", [Decimal(value) for value in (4, 6, 4, 6, 5)]), "2026-08-14")
    assert (row["so_far"], row["landing"], row["next_month"], row["method"]) == (25, 25 + 17 * 5, 150, NEW)
    assert row["low_95"] < row["low_80"] < row["landing"] < row["high_80"] < row["high_95"]


def test_a_line_of_one_day_goes_by_that_day():
    assert one(daily("2026-08-14", [7.5]), "2026-08-14")["landing"] == Decimal("135.00")


def test_a_line_without_cost_for_14_days_lands_at_what_it_has():
    row = one(daily("2026-05-01", [Decimal(10)] * 94 + [0] * 26), "2026-08-28")
    assert row[["so_far", *BANDS]].tolist() == [20] * 6 and (row["next_month"], row["method"]) == (0, DEAD)
    assert one(daily("2026-05-01", [Decimal(10)] * 94), "2026-08-28")["landing"] == 20


def test_a_line_that_never_cost_anything_is_at_zero():
    assert one(daily("2026-08-01", [0.0] * 10), "2026-08-10")[["so_far", *BANDS, "next_month"]].tolist() == [0] * 7


def test_several_rows_of_a_day_add_up_exactly_and_cents_are_rounded_once():
    rows = pd.concat([daily("2026-08-01", [Decimal("0.004")] * 31)] * 3)
    assert one(rows, "2026-08-31")["so_far"] == Decimal("0.37") and one(rows, "2026-08-31")["landing"] == Decimal("0.37")


def test_days_after_as_of_are_not_looked_at():
    known = steady("2026-05-01", "2026-08-14", {"2026-08-03": 17})
    later = pd.concat([daily("2026-08-15", [Decimal(999)] * 60), daily("2026-08-15", [Decimal(5)] * 9, "new")])
    assert land(pd.concat([later, known]), "2026-08-14").equals(land(known, "2026-08-14"))


def test_lines_do_not_depend_on_one_another_nor_rows_on_their_order():
    noise = np.random.default_rng(3).gamma(4, 25, (3, 100)).round(2)
    lines = [daily("2026-05-07", values[skip:], name) for values, name, skip in zip(noise, "abc", (0, 80, 40), strict=True)]
    together = land(pd.concat(lines).sample(frac=1, random_state=1), "2026-08-13")
    alone = pd.concat([land(line, "2026-08-13") for line in lines], ignore_index=True)
    assert together["line"].tolist() == ["a", "b", "c"] and together.astype(str).equals(alone.astype(str))


def test_bands_are_narrower_the_more_days_are_known_and_gone_when_the_month_is_complete():
    days = daily("2026-04-01", np.random.default_rng(5).gamma(25, 4, 153))
    rows = [one(days, f"2026-08-{day}") for day in ("07", "14", "21", "28", "31")]
    wide = [row["high_80"] - row["low_80"] for row in rows]
    assert wide == sorted(wide, reverse=True) and wide[-2] > 0
    assert rows[-1][["so_far", *BANDS]].nunique() == 1


def test_no_day_known_gives_no_row():
    assert land(steady("2026-05-01", "2026-05-31"), "2026-04-30").columns.tolist() == COLUMNS
    assert land(daily("2026-05-01", []), "2026-04-30").empty and accuracy(daily("2026-05-01", []), 14).empty


def test_what_is_no_date_is_an_error():
    with pytest.raises(ValueError):
        land(steady("2026-05-01", "2026-05-31"), "2026-04-31")
    with pytest.raises(ValueError):
        accuracy(steady("2026-05-01", "2026-08-31"), 0)


@settings(max_examples=80, deadline=None)
@given(st.lists(st.lists(amounts, min_size=1, max_size=70), min_size=1, max_size=3), st.integers(0, 400), st.integers(0, 40), st.booleans())
def test_any_amounts_give_bands_in_order_and_nothing_missing(lines, start, cut, exact):
    first = date(2023, 12, 1) + timedelta(start)
    days = pd.concat([daily(str(first), values, f"line {place}") for place, values in enumerate(lines)], ignore_index=True)
    finite = days[np.isfinite(days["amount"].astype(float))]
    if exact:
        days = days.assign(amount=[Decimal(str(amount)) for amount in days["amount"]])
    as_of = str(first + timedelta(max(map(len, lines)) - 1 + cut - 20))
    found = land(days, as_of)
    assert sorted(found["line"]) == sorted(finite.loc[finite["day"] <= as_of, "line"].unique())
    assert not found.isna().any().any()
    assert all(amount.is_finite() and amount == round(amount, 2) for column in [*BANDS, "so_far", "next_month"] for amount in found[column])
    assert all(row == sorted(row) for row in found[BANDS].values.tolist()) and (found["next_month"] >= 0).all()
    assert (found["landing"] >= found["so_far"]).all()


def test_a_replay_of_every_complete_month_from_the_third_on():
    days = pd.concat([steady("2026-01-05", "2026-06-29"), steady("2026-01-05", "2026-06-29", line="Disk")])
    assert accuracy(days, 14).astype(str).values.tolist() == [
        [month, actual, actual, "0.0", "True", "True"] for month, actual in (("2026-03", "620.00"), ("2026-04", "600.00"), ("2026-05", "620.00"))]
    assert len(accuracy(days, 31)) == 3


def test_a_miss_is_a_share_of_what_the_month_cost():
    days = steady("2026-01-01", "2026-03-31", {f"2026-03-{day}": 20 for day in range(17, 32)})  # 160 + 15 × 20
    row = accuracy(days, 14).iloc[0]
    assert (row["actual"], row["landing"], round(row["miss_share"], 6)) == (460, 310, round(310 / 460 - 1, 6))
    assert not row["held_80"] and not row["held_95"]


def test_a_thousand_lines_of_a_hundred_days_take_less_than_a_second():
    noise = np.random.default_rng(1).gamma(5, 20, (1000, 100)).round(2)
    dates = [str(date(2026, 6, 8) + timedelta(place)) for place in range(100)]
    days = pd.DataFrame({"line": np.repeat([f"line {place}" for place in range(1000)], 100), "day": dates * 1000, "amount": noise.ravel()})
    start = time.process_time()
    assert len(land(days, "2026-09-15")) == 1000 and time.process_time() - start < 1


@pytest.fixture(scope="module")
def bill():
    """A real bill, its projects added up a day; its categories are the same money again, and it has no credits to set apart."""
    if not BILL.is_file():
        pytest.skip("the real bill is not here")
    rows = pd.read_csv(BILL)
    projects = rows[rows["level"] == "project"]
    assert (projects["cost"] >= 0).all() and projects["cost"].sum() == pytest.approx(rows.loc[rows["level"] == "category", "cost"].sum())
    return projects.rename(columns={"name": "line", "date": "day", "cost": "amount"})[["line", "day", "amount"]]


@pytest.mark.parametrize("after, within", [(14, 0.70), (21, 0.90)])
def test_a_real_bill_lands_within_5_percent_in_so_many_months(bill, after, within):
    found = accuracy(bill, after)
    assert len(found) == 20 and (found["miss_share"].abs() <= 0.05).mean() >= within
    assert 0.70 <= found["held_80"].mean() <= 0.92 and found["held_95"].mean() >= 0.90


def test_the_next_month_of_a_real_bill_is_nearer_than_by_the_rate_of_14_days(bill):
    total = bill.groupby("day")["amount"].sum()
    by_month = total.groupby(total.index.str[:7]).sum()
    ours, rate = [], []
    for month, following in zip(by_month.index[1:-2], by_month.index[2:-1], strict=True):
        known = total[total.index.str[:7] <= month]
        found = one(known.reset_index().assign(line="Total"), str(pd.Period(month).end_time.date()))["next_month"]
        ours.append(abs(float(found) - by_month[following]))
        rate.append(abs(known.iloc[-14:].mean() * pd.Period(following).days_in_month - by_month[following]))
    assert len(ours) == 20 and np.mean(ours) < 0.9 * np.mean(rate)
