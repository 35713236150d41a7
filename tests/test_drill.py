"""Drill-down: the billing rows behind a line of the cube add up to the line."""

from decimal import Decimal

import pytest

from helpers import walk
from helpers.money import plain, total


@pytest.fixture(scope="module")
def month() -> walk.Month:
    return walk.open("params/2026-09.yaml")


@pytest.mark.parametrize("provider", ["AWS", "Microsoft", "Google Cloud"])
def test_the_rows_behind_a_line_are_as_many_and_add_up_to_it(month, provider):
    lines = month.cube.lines[(month.cube.lines["ProviderName"] == provider)
                             & (month.cube.lines["billing_period"] == "2026-07")]
    line = lines.sort_values("line_count").iloc[-1]
    rows = month.drill(line)
    assert len(rows) == line["line_count"] > 1
    for column in ("BilledCost", "EffectiveCost"):
        assert plain(total(Decimal(str(amount)) for amount in rows[column])) == plain(line[column])


def test_rows_know_their_file_and_place_and_no_more_come_than_are_asked_for(month):
    line = month.cube.lines[month.cube.lines["ProviderName"] == "AWS"].sort_values("line_count").iloc[-1]
    rows = month.drill(line, most=2)
    assert len(rows) == 2 and list(rows.columns[:2]) == ["file", "row"]
    assert all(name.startswith("data/demo/billing/aws/") for name in rows["file"])
