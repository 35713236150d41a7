"""Depreciation: published schedules, first-month conventions, leap years, disposal, a changed life; register against ledger."""

from decimal import Decimal as D

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers import depreciation as dep
from helpers.errors import InputError
from helpers.money import total
from helpers.periods import months, shift
from tests.tables import cells, table


def asset(**other) -> dict:
    said = {"asset_id": "X", "kind": "server", "data_centre": "DC", "application": "", "in_service": "2024-01-01", "disposed_on": "",
            "life_months": 60, "cost": D(58000), "currency": "USD", "salvage": D(10000), "depreciation": "", "rate": None,
            "life_changed_on": "", "new_life_months": None}
    return {**said, **other}


def charges(one: dict, first: str, last: str, convention: str = "full") -> list[D]:
    return [dep.schedule(pd.DataFrame([one]), month, convention)["charge"].iloc[0] for month in months(first, last)]


def by_year(one: dict, years: int) -> list[D]:
    return [total(charges(one, f"{2024 + year}-01", f"{2024 + year}-12")) for year in range(years)]


def test_the_printing_press_of_the_text_book_straight_line():
    # OpenStax, Principles of Accounting, Volume 1, section 11.3: 58,000 less 10,000 salvage over 5 years is 9,600 a year
    assert by_year(asset(), 6) == [D(9600)] * 5 + [D(0)]
    assert set(charges(asset(), "2024-01", "2028-12")) == {D(800)}


def test_the_printing_press_of_the_text_book_double_declining_balance():
    # the same section: 40 % of 58,000, of 34,800, of 20,880; the fourth year only down to salvage, the fifth nothing
    assert by_year(asset(depreciation="declining-balance"), 5) == [D(23200), D(13920), D(8352), D(2528), D(0)]


def test_declining_balance_at_a_given_rate_ends_with_the_salvage():
    one = asset(cost=D(1000), salvage=D(700), depreciation="declining-balance", rate=D("0.25"))
    assert by_year(one, 3) == [D(250), D(50), D(0)]


def test_zero_salvage_uses_up_all_of_the_cost():
    assert total(charges(asset(salvage=None, cost=D("100.01"), life_months=7), "2024-01", "2024-07")) == D("100.01")


@pytest.mark.parametrize("convention, expected", [
    ("full", ["100", "100", "100", "0"]),
    ("next", ["0", "100", "100", "100"]),
    ("half", ["50", "100", "100", "50"]),
    ("days", ["51.72", "100", "100", "48.28"]),  # 15 of 29 days: February 2024 has a 29th
])
def test_the_first_month_by_convention(convention, expected):
    one = asset(in_service="2024-02-15", cost=D(300), salvage=None, life_months=3)
    assert charges(one, "2024-02", "2024-05", convention) == [D(amount) for amount in expected]


def test_a_common_year_has_a_february_of_28_days():
    one = asset(in_service="2023-02-15", cost=D(300), salvage=None, life_months=3)
    assert charges(one, "2023-02", "2023-02", "days") == [D("50.00")]  # 14 of 28 days


@pytest.mark.parametrize("convention, expected", [("full", ["100", "0", "0"]), ("next", ["100", "100", "0"]),
                                                  ("half", ["100", "50", "0"]), ("days", ["100", "33.33", "0"])])
def test_an_asset_disposed_of_in_mid_life_stops(convention, expected):
    one = asset(in_service="2024-01-01", cost=D(1200), salvage=None, life_months=12, disposed_on="2024-06-10")  # 10 of 30 days
    assert charges(one, "2024-05", "2024-07", convention) == [D(amount) for amount in expected]
    assert dep.schedule(pd.DataFrame([one]), "2024-06", convention)["state"].iloc[0] == dep.DISPOSED


def test_a_changed_life_spreads_what_is_left_over_what_is_left():
    # 1,200 over 12 months; after 6 months (600 used) the life becomes 18 months: 600 over 12 more
    one = asset(cost=D(1200), salvage=None, life_months=12, life_changed_on="2024-07-01", new_life_months=18)
    assert charges(one, "2024-06", "2024-08") == [D(100), D(50), D(50)]
    assert total(charges(one, "2024-01", "2025-06")) == D(1200) and charges(one, "2025-07", "2025-07") == [D(0)]


def test_a_life_shortened_to_less_than_has_passed_is_used_up_at_once():
    one = asset(cost=D(1200), salvage=None, life_months=12, life_changed_on="2024-07-01", new_life_months=3)
    assert charges(one, "2024-06", "2024-08") == [D(100), D(600), D(0)]


@pytest.mark.parametrize("wrong", [{"life_months": 0}, {"salvage": D(60000)}])
def test_a_life_of_no_months_or_salvage_above_cost_is_refused(wrong):
    with pytest.raises(InputError, match="inputs.assets: X: life .* expected a life of a month or more, salvage no higher than cost"):
        dep.schedule(pd.DataFrame([asset(**wrong)]), "2024-01")


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 10**9), st.integers(0, 100), st.integers(1, 40), st.integers(1, 28), st.sampled_from(dep.CONVENTIONS),
       st.sampled_from(["straight-line", "declining-balance"]))
def test_whatever_the_asset_its_charges_add_up_to_cost_less_salvage(cents, share, life, day, convention, method):
    cost = D(cents) / 100
    one = asset(in_service=f"2024-01-{day:02d}", cost=cost, salvage=(cost * share / 100).quantize(D("0.01")), life_months=life, depreciation=method)
    if one["salvage"] > cost:
        return
    found = charges(one, "2024-01", shift("2024-01", life + 1), convention)
    assert total(found) == cost - one["salvage"] and all(charge >= 0 for charge in found)


def test_the_register_stands_beside_the_ledger_by_account():
    accounts = table("account  asset_kind\n6410  server\n6420  stor*\n6110  .")
    assets = pd.DataFrame([asset(asset_id="A", cost=D(1200), salvage=None, life_months=12),
                           asset(asset_id="B", cost=D(600), salvage=None, life_months=6),
                           asset(asset_id="C", kind="storage", cost=D(2400), salvage=None, life_months=12)])
    coded = table("fiscal_period  kind  account  amount\n2024-08  expense  6410  200\n2024-08  expense  6420  200\n2024-07  expense  6420  9")
    found = dep.schedule(assets, "2024-08", "full", accounts)
    assert cells(found, "asset_id", "account", "charge", "state") == [
        ("A", "6410", "100", "in use"), ("B", "6410", "0", "past its life, in use"), ("C", "6420", "200", "in use")]
    sides = dep.against(found, coded, "2024-08", "USD")
    assert cells(sides) == [("6410", 2, "100", "200", "100", 1, "100"), ("6420", 1, "200", "200", "0", 0, "0")]
    rows = dep.check(sides, type("Tolerance", (), {"amount": D(1), "share": D("0.0001")}))
    assert [(row["check"], row["amount"], row["state"]) for row in rows] == [("depreciation of 6410 other than the register's", 100, "finding")]


@pytest.mark.parametrize("life", [None, 0, -5])
def test_a_changed_life_without_a_new_one_is_refused_by_name(life):
    with pytest.raises(InputError, match="inputs.assets: X: life changed on 2026-05-01, new life (blank|0|-5); expected new_life_months of a month or more"):
        charges(asset(life_changed_on="2026-05-01", new_life_months=life), "2026-06", "2026-06")


def test_a_rate_of_nothing_is_no_depreciation_until_the_end():
    assert set(charges(asset(depreciation="declining-balance", rate=D(0)), "2024-01", "2024-12")) == {D(0)}
