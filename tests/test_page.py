"""Tables, sentences and checks as a reader sees them: exact amounts, nothing lost in "other", all text escaped."""

from decimal import Decimal
from fractions import Fraction

import pandas as pd
import pytest

from helpers import checks, house, page

POINT, DIGIT = house.POINT_SPACE, house.FIGURE_SPACE
HOSTILE = """<script>alert(1)</script>"'&$x$ **b** [a](javascript:1)"""


def costs(*pairs: tuple[str, str]) -> pd.DataFrame:
    return pd.DataFrame([(name, Decimal(amount)) for name, amount in pairs], columns=["tower", "amount"])


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ("1234.5", "1,234.50"),
        ("-1234567.891", "\u22121,234,567.89"),
        ("0", "0"),
        ("0.00", "0"),
        ("-0.00", "0"),
        ("0.004", "<0.01"),
        ("-0.004", ">\u22120.01"),
        ("0.005", "0.01"),
        ("-0.005", "\u22120.01"),
        ("1E+6", "1,000,000.00"),
        ("12345678901234567890.12", "12,345,678,901,234,567,890.12"),
    ],
)
def test_number_is_exact_with_a_real_minus_sign_and_0_only_for_a_true_zero(amount, text):
    assert house.number(Decimal(amount)) == text


@pytest.mark.parametrize(
    ("share", "text"),
    [
        ("0.1234", "12.3 %"),
        ("1", "100.0 %"),
        ("0.99999", ">99.9 %"),
        ("0", "0 %"),
        ("0.0001", "<0.1 %"),
        ("-0.5", "\u221250.0 %"),
    ],
)
def test_percent_says_100_only_for_the_whole(share, text):
    assert house.percent(Decimal(share)) == text


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ("1234567", "1.23 M"),
        ("45678", "45.7 k"),
        ("812.4", "812"),
        ("-3.4", "\u22123.40"),
        ("999600", "1.00 M"),
        ("999499", "999 k"),
        ("0", "0"),
        ("0.001", "<0.01"),
        ("2500000000", "2.50 bn"),
    ],
)
def test_compact_keeps_three_figures(amount, text):
    assert house.compact(Decimal(amount)) == text


def test_numbers_are_shown_from_floats_fractions_and_whole_numbers_alike():
    assert [house.number(value) for value in (0.1 + 0.2, Fraction(1, 3), 7, None, float("nan"))] == [
        "0.30",
        "0.33",
        "7.00",
        "",
        "",
    ]


def test_table_shows_the_largest_first_and_sums_the_rest_so_that_the_total_is_exact():
    frame = costs(
        ("Data", "0.001"), ("Compute", "-900.10"), ("Network", "20.505"), ("Storage", "0"), ("Delivery", "1000000")
    )
    assert page.table(frame, "Cost by tower", basis="amortised", source="tables/x.csv", rows=2).text.splitlines() == [
        "Cost by tower (USD \u00b7 amortised cost)",
        "tower            amount",
        "Delivery   1,000,000.00",
        "Compute         \u2212900.10",
        "other (3)         20.51",
        "Total        999,120.41",
        "Source: tables/x.csv",
    ]


def test_table_keeps_the_order_of_its_rows_when_by_is_not_given_and_never_folds_a_single_row():
    text = page.table(costs(("b", "1"), ("a", "2"), ("c", "3")), "Kept", by=None, rows=2).text
    assert [line.split()[0] for line in text.splitlines()[2:]] == ["b", "a", "c", "Total"]


def test_table_lines_up_a_true_zero_with_the_units_of_its_column():
    html = page.table(costs(("a", "0"), ("b", "-1.5")), "Zero").html
    assert f">0{POINT}{DIGIT}{DIGIT}</td>" in html and ">\u22121.50</td>" in html


def test_table_leaves_ratios_out_of_other_and_total():
    frame = costs(("a", "1"), ("b", "2"), ("c", "3"), ("d", "4")).assign(
        unit_cost=Decimal("9.5"), share=Decimal("0.25")
    )
    lines = page.table(frame, "Rates", rows=2, decimals={"unit_cost": 1}).text.splitlines()
    assert lines[2].split() == ["d", "4.00", "9.5", "25.0", "%"]
    assert lines[4].split() == ["other", "(2)", "3.00"]
    assert lines[5].split() == ["Total", "10.00"]


def test_table_sums_every_column_named_in_total_and_refuses_one_that_is_not_there():
    frame = costs(("a", "1.10")).assign(billed=Decimal("2.25"))
    assert page.table(frame, "Two", total=("amount", "billed")).text.splitlines()[-1].split() == [
        "Total",
        "1.10",
        "2.25",
    ]
    with pytest.raises(KeyError, match="bilked"):
        page.table(frame, "Two", total=("amount", "bilked"))


def test_table_sums_every_column_of_numbers_but_shares_with_all():
    frame = costs(("a", "1.10"), ("b", "2")).assign(lines=[3, 4], share=Decimal("0.5"))
    assert page.table(frame, "All", total="all").text.splitlines()[-1].split() == ["Total", "3.10", "7"]


def test_table_without_rows_says_so():
    assert page.table(costs(), "Open items").text.splitlines() == ["Open items (USD)", "tower    amount", "no rows"]


def test_table_names_columns_by_label_and_text_stands_left():
    html = page.table(pd.DataFrame({"sub_tower": ["x"], "amount": [Decimal(1)]}), "c", labels={"amount": "cost"}).html
    assert '<th scope="col" class="s" style="text-align:left">sub tower</th>' in html
    assert '<th scope="col" class="n" style="text-align:right">cost</th>' in html


def test_table_leaves_its_frame_as_it_was():
    frame = costs(("a", "1"), ("b", "2"))
    before = frame.copy(deep=True)
    page.table(frame, "Same")
    pd.testing.assert_frame_equal(frame, before)


def test_every_text_is_escaped_wherever_it_stands():
    frame = pd.DataFrame({HOSTILE: [HOSTILE], "amount": [Decimal(1)]})
    found = checks.collect(checks.finding(HOSTILE, Decimal(1), HOSTILE, HOSTILE))
    shown = [
        page.answer(HOSTILE),
        page.note(HOSTILE),
        page.missing(HOSTILE, HOSTILE),
        page.checks(found, unit=HOSTILE),
        page.table(frame, HOSTILE, unit=HOSTILE, basis=HOSTILE, source=HOSTILE, labels={"amount": HOSTILE}),
    ]
    for each in shown:
        assert "<script" not in each.html and "\"'&$" not in each.html
        assert "&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#x27;&amp;$x$ **b** [a](javascript:1)" in each.html


def test_only_a_table_file_of_the_pack_becomes_a_link():
    assert '<a href="tables/x.csv">' in page.table(costs(("a", "1")), "c", source="tables/x.csv").html
    assert "<a" not in page.table(costs(("a", "1")), "c", source="javascript:alert(1)").html


def test_characters_that_hide_or_reverse_text_become_visible():
    assert page.note("a\u202eb\x00c\nd").text == "a\ufffdb\ufffdc d"


def test_checks_stand_failed_first_then_findings_by_amount_with_the_state_in_words():
    rows = checks.collect(
        checks.same("sums tie", Decimal("5.00"), Decimal("5.00")),
        checks.finding("small", Decimal("-1"), "Head of A", "look"),
        checks.finding("large", Decimal("-9.5"), "Head of B", ""),
        checks.same("lost", Decimal("5"), Decimal("4.999")),
    )
    assert page.checks(rows).text.splitlines() == [
        "4 checks: 1 failed, 2 findings, 1 ok (USD)",
        "state    check     amount  owner      expected   got     gap  note",
        "failed   lost                             5.00  5.00  >\u22120.01",
        "finding  large      \u22129.50  Head of B",
        "finding  small      \u22121.00  Head of A                          look",
        "ok       sums tie                         5.00  5.00       0",
    ]
    assert (
        f'<td class="failed" style="text-align:left;color:{house.RED};font-weight:700">failed</td>'
        in page.checks(rows).html
    )


def test_what_is_shown_carries_its_role_for_the_page():
    content, metadata = page.answer("It ties.")._repr_mimebundle_()
    assert content == {"text/html": '<p class="answer"><strong>It ties.</strong></p>', "text/plain": "It ties."}
    assert metadata == {"page": "answer"}


def test_nothing_missing_shows_nothing():
    assert page.missing("", "whether the bills tie") is None


def test_missing_says_what_is_missing_what_it_gives_and_how_to_add_it():
    assert page.missing("general ledger", "whether the bills tie").text == (
        "Not given: general ledger. With it this page shows whether the bills tie. "
        "To add it, name its file in the parameters file and run again; data/README.md lists its columns."
    )


def contrast(first: str, second: str) -> float:
    """WCAG 2 contrast of two colours."""

    def light(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    high, low = sorted((light(first), light(second)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize(
    ("text", "ground"),
    [
        (house.INK, house.PAPER),
        (house.SOFT, house.PAPER),
        (house.SOFT, house.TINT),
        (house.ACCENT, house.PAPER),
        (house.AMBER, house.PAPER),
        (house.AMBER, house.AMBER_PALE),
        (house.RED, house.PAPER),
        (house.RED, house.RED_PALE),
        (house.PAPER, house.ACCENT),
        (house.INK, house.ACCENT_MID),
        (house.INK, house.GREY_PALE),
    ],
)
def test_colours_of_text_meet_the_contrast_that_wcag_aa_asks_for(text, ground):
    assert contrast(text, ground) >= 4.5
