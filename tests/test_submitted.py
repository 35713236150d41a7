"""What stakeholders expect in their own units is money a month, step by step, beside the forecast of the same."""

from decimal import Decimal as D

import pandas as pd
import pytest

from helpers import submitted
from helpers.errors import InputError
from tests.tables import table

WORTH = {"USD": D(1), "EUR": D("1.1")}
PRICES = table("""
    item      unit                per   price  currency  adds_up
    parcel    parcels/month       1000  .      USD       .
    storage   GB-month            .     .      EUR       .
    moved     applications/month  .     .      USD       yes
""").assign(per=[D(1000), None, None], price=[D(20), D("0.02"), D(900)])


def say(quantity, unit, item="", first="2026-02", last="2026-02"):
    return pd.DataFrame([{"stakeholder": "Head of A", "ProviderName": "AWS", "application": "A", "tower": "", "period": first, "until": last,
                          "quantity": D(str(quantity)), "unit": unit, "item": item, "reason": "", "owner": ""}])


def money(rows, cost=lambda scope, month: D(1000)):
    return submitted.converted(rows, PRICES, WORTH, "USD", 4, cost, "2026-01")


def amounts(rows, **more) -> list[str]:
    return [str(amount) for amount in money(rows, **more)["amount"]]


def test_money_in_other_times_and_currencies():
    assert amounts(say(1200, "USD a year")) == ["100.00"]
    assert amounts(say(300, "EUR per quarter")) == ["110.00"]


def test_things_are_priced_by_the_thousand():
    # 500 a day in 28 days are 14,000 a month at 20 per 1,000
    [row] = money(say(500, "parcels/day", "parcel")).to_dict("records")
    assert row["amount"] == D("280.00")
    assert row["steps"] == ("500 parcels/day × 28 days in 2026-02 = 14,000 parcels/month; 14,000.00 parcels/month × 20.00 USD per 1,000.00")


def test_what_is_held_is_priced_by_the_month_in_the_reports_currency():
    assert amounts(say(5, "TB-month", "storage")) == ["110.00"]  # 5,000 GB-month × 0.02 EUR × 1.1


def test_what_adds_up_stays_on_top_of_the_last_month():
    # 24 a year are 2 a month: 2, 4 and 6 of 900 on top of 1,000
    assert amounts(say(24, "applications/year", "moved", last="2026-04")) == ["2800.00", "4600.00", "6400.00"]


def test_growth_is_on_the_same_month_of_last_year():
    assert amounts(say(8, "% a year"), cost=lambda scope, month: D(500) if month == "2025-02" else D(0)) == ["540.00"]


@pytest.mark.parametrize(("unit", "item", "told"), [
    ("GB/day", "storage", "inputs.submissions, line 2, column unit"),  # a flow for a stock
    ("furlongs", "parcel", "inputs.submissions, line 2, column unit"),
    ("GBP/month", "", "GBP"),
    ("parcels/day", "letter", 'inputs.submissions, line 2, column item: "letter" has no price; expected an item of rules.unit_rates (moved, parcel, storage)'),
])
def test_what_does_not_fit_is_refused_with_what_would(unit, item, told):
    rows = say(1, unit, item)
    rows.attrs["lines"] = [2]
    with pytest.raises(InputError) as wrong:
        money(rows)
    assert told in str(wrong.value)


def test_an_expectation_that_ends_before_it_begins_or_stands_twice_is_refused():
    with pytest.raises(InputError, match="line 2, column until: 2026-01 before 2026-02; expected the last month"):
        rows = say(1, "USD/month", last="2026-01")
        rows.attrs["lines"] = [2]
        money(rows)
    rows = pd.concat([say(1, "USD/month", last="2026-05"), say(2, "USD/month", first="2026-05", last="2026-07")], ignore_index=True)
    rows.attrs["lines"] = [2, 3]
    with pytest.raises(InputError, match="line 3: the same as line 2 for the same months"):
        money(rows)


def test_what_came_before_the_last_month_known_is_not_counted_again():
    # 12 a year, one a month from 2025-11: by 2026-01 three are in the cost of that month
    assert amounts(say(12, "applications/year", "moved", first="2025-11", last="2026-02")) == ["1000.00", "1000.00", "1000.00", "1900.00"]


def test_what_adds_up_goes_on_from_row_to_row_and_its_base_counts_once():
    rows = pd.concat([say(12, "applications/year", "moved", last="2026-03"), say(12, "applications/year", "moved", first="2026-04", last="2026-05")], ignore_index=True)
    assert amounts(rows) == ["1900.00", "2800.00", "3700.00", "4600.00"]


def test_growth_on_a_month_without_cost_is_refused():
    with pytest.raises(InputError, match="and no cost in 2025-02 to grow from"):
        money(say(8, "% a year"), cost=lambda scope, month: D(0))


def test_the_order_of_rows_does_not_matter_to_what_adds_up():
    rows = [say(5, "applications/month", "moved", first="2026-02", last="2026-03"), say(1, "applications/month", "moved", first="2026-05", last="2026-05")]
    there, back = (amounts(pd.concat(part, ignore_index=True)) for part in (rows, rows[::-1]))
    assert there == ["5500.00", "10000.00", "10900.00"] and back == ["10900.00", "5500.00", "10000.00"]


def test_growth_in_months_that_are_past_is_not_refused():
    assert amounts(say(8, "% a year", first="2025-12", last="2026-02"), cost=lambda scope, month: D(500) if month == "2025-02" else D(0)) == ["540.00"]
