"""Amounts: exact on the way, rounded once, never losing a cent."""

from decimal import Decimal
from fractions import Fraction

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers import globs, money, periods
from helpers.errors import StepError
from tests.tables import cells, table

parts = st.lists(st.fractions(min_value=-1000, max_value=1000, max_denominator=997), min_size=1, max_size=20)


def test_a_hundred_in_three_parts_gives_the_odd_cent_to_the_first():
    assert money.round_parts([Fraction(100, 3)] * 3, Decimal(100)) == [Decimal("33.34"), Decimal("33.33"),
                                                                       Decimal("33.33")]


def test_a_credit_is_split_like_any_other_amount():
    assert money.round_parts([Fraction(-100, 3)] * 3, Decimal(-100)) == [Decimal("-33.33"), Decimal("-33.33"),
                                                                         Decimal("-33.34")]


@given(parts)
def test_rounded_parts_add_up_and_move_by_less_than_a_cent(exact):
    whole = sum(exact)
    rounded = money.round_parts(exact, Decimal(whole.numerator) / Decimal(whole.denominator))
    assert sum(rounded) == money.to_cents(Decimal(whole.numerator) / Decimal(whole.denominator))
    assert all(abs(Fraction(part) - part_exact) < Fraction(1, 100)
               for part, part_exact in zip(rounded, exact, strict=True))


def test_parts_that_do_not_belong_to_the_whole_are_refused():
    with pytest.raises(StepError, match="2 parts do not add up to 5"):
        money.round_parts([Fraction(1), Fraction(2)], Decimal(5))


def test_sums_keep_every_digit():
    amounts = table("""
        owner  amount
        a      12000000.00000000000000000001
        a      0.00000000000000000000000001
        b      -3.5
    """)
    assert cells(money.sum_by(amounts, ["owner"], ["amount"])) == [
        ("a", "12000000.00000000000000000001000001"), ("b", "-3.5")]


def test_amounts_are_written_with_every_digit_and_no_exponent():
    assert [money.plain(Decimal(text)) for text in ("20.52022672899", "1E-25", "0E-11", "1500.00")] == [
        "20.52022672899", "0.0000000000000000000000001", "0", "1500"]


def test_half_a_cent_rounds_away_from_zero():
    assert [money.to_cents(Decimal(text)) for text in ("0.005", "-0.005", "2.675")] == [
        Decimal("0.01"), Decimal("-0.01"), Decimal("2.68")]


def test_months_are_counted_across_years():
    assert periods.shift("2026-01", -2) == "2025-11"
    assert periods.shift("2025-12", 1) == "2026-01"
    assert periods.months("2025-11", "2026-02") == ["2025-11", "2025-12", "2026-01", "2026-02"]
    assert periods.distance("2025-11", "2026-02") == 3


def test_the_fiscal_year_starts_where_the_parameters_say():
    assert periods.fiscal_year("2026-09", 4) == ("2026-04", "2027-03")
    assert periods.fiscal_year("2026-03", 4) == ("2025-04", "2026-03")
    assert periods.fiscal_year("2026-09", 1) == ("2026-01", "2026-12")
    assert periods.fiscal_label("2026-09", 4) == "FY2027 M06"


@pytest.mark.parametrize("pattern, text, holds", [
    ("", "anything", True), ("Amazon*", "amazon S3", True), ("*support*", "AWS Support (Business)", True),
    ("a|b", "B", True), ("a?c", "abc", True), ("a?c", "ac", False), ("47*", "5147", False), ("*", "", True),
    ("[a-z]", "b", False), (".*", "x", False)])
def test_a_pattern_knows_only_stars_marks_and_alternatives(pattern, text, holds):
    assert globs.matches(pattern, text) is holds


def test_no_pattern_can_hang_a_run():
    assert not globs.matches("*a" * 40 + "b", "a" * 5000)


@given(st.lists(st.tuples(st.sampled_from("aAbÄ "), st.sampled_from("xy"), st.one_of(st.none(), st.decimals(-9, 9, places=4)),
                          st.integers(-3, 3)), min_size=1, max_size=12))
def test_few_lines_are_added_up_row_by_row_to_the_same_as_many(rows):
    lines = pd.DataFrame(rows, columns=["one", "two", "amount", "count"]).astype({"amount": object})
    few = money.sum_by(lines, ["one", "two"], ["amount", "count"])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(money, "FEW", 0)
        many = money.sum_by(lines, ["one", "two"], ["amount", "count"])
    pd.testing.assert_frame_equal(few, many)
