"""Forecast units: worked by hand for one month, stocks and flows apart, exact, and deaf to hostile texts."""

import time
from decimal import Decimal as D
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers import unit_names, units
from helpers.errors import InputError

COUNTED = ("widget", "parcels", "application", "booking", "delivery", "loan application", "SKU")
RATES = {"USD": D(1), "EUR": D("1.08"), "GBP": D("1.25")}


def converted(quantity: str, unit: str, to: str, month: str = "2026-02", start: int = 4) -> units.Converted:
    return units.convert(D(quantity), unit, to, month, COUNTED, RATES, start)


@pytest.mark.parametrize("quantity, unit, to, month, expected", [
    # a month has its own days
    ("10", "GB/day", "GB/month", "2026-02", "280"),
    ("10", "GB/day", "GB/month", "2028-02", "290"),
    ("10", "GB/day", "GB/month", "2026-04", "300"),
    ("10", "GB/day", "GB/month", "2026-01", "310"),
    ("280", "GB/month", "GB/day", "2026-02", "10"),
    ("290", "GB/month", "GB/day", "2028-02", "10"),
    ("300", "GB/month", "GB/day", "2026-04", "10"),
    ("310", "GB/month", "GB/day", "2026-01", "10"),
    ("10", "GB/month", "GB/day", "2026-04", "0.333333333333"),
    ("2", "GB/month", "GB/day", "2026-04", "0.066666666667"),  # rounded half away from zero
    ("-2", "GB/month", "GB/day", "2026-04", "-0.066666666667"),
    ("7", "GB/week", "GB/month", "2026-02", "28"),
    ("70", "GB/week", "GB/month", "2026-03", "310"),
    ("1", "GB/hour", "GB/month", "2026-02", "672"),
    ("1", "MB/second", "GB/month", "2026-02", "2419.2"),
    ("1", "GB/minute", "GB/day", "2026-01", "1440"),
    ("12", "TB/year", "GB/month", "2026-01", "1000"),
    ("3", "TB/quarter", "TB/month", "2026-01", "1"),
    ("2", "GB/month", "GB/year", "2026-01", "24"),
    # sizes
    ("1", "GiB/month", "GB/month", "2026-01", "1.073741824"),
    ("1", "TiB/month", "GiB/month", "2026-01", "1024"),
    ("1.073741824", "GB/month", "GiB/month", "2026-01", "1"),
    ("280", "GB/month", "TB/month", "2026-01", "0.28"),
    ("1", "PB/month", "B/month", "2026-01", "1000000000000000"),
    ("8", "Gbit/month", "GB/month", "2026-01", "1"),
    ("1", "bit/month", "KiB/month", "2026-01", "0.0001220703125"),  # every decimal where they end
    ("5", "gigabytes per month", "GB/month", "2026-01", "5"),
    ("1", "kB a month", "KB/month", "2026-01", "1"),
    ("1", "GB monthly", "GB/month", "2026-01", "1"),
    ("1", "GB daily", "GB/month", "2026-01", "31"),
    ("0", "GB/day", "GB/month", "2026-01", "0"),
    ("-10", "GB/day", "GB/month", "2026-02", "-280"),
    # held
    ("1", "GiBy.mo", "GB-Mo", "2026-01", "1.073741824"),
    ("5", "GB month", "GB-month", "2026-01", "5"),
    ("5", "GB months", "GB·month", "2026-01", "5"),
    ("5", "GB held", "GB-month", "2026-01", "5"),
    ("5000", "GB held", "TB held", "2026-01", "5"),
    ("744", "GB-hours", "GB-month", "2026-01", "1"),
    ("672", "GB-hours", "GB-month", "2026-02", "1"),
    ("730", "GB-hours", "GB-month", "2026-01", "0.981182795699"),
    ("31", "GB-day", "GB-month", "2026-01", "1"),
    ("2", "GB-month", "GB-days", "2026-02", "56"),
    ("2419200", "byte-seconds", "B-month", "2026-02", "1"),
    # hours of use and counts
    ("1", "hours", "hours/month", "2026-01", "1"),
    ("8", "hours/day", "hours", "2026-01", "248"),
    ("100", "Hrs", "hours/month", "2026-01", "100"),
    ("5", "requests", "requests/month", "2026-01", "5"),
    ("1", "request/second", "million requests/month", "2026-02", "2.4192"),
    ("5", "1,000 requests/month", "requests/month", "2026-01", "5000"),
    ("5", "thousand requests/day", "requests/month", "2026-02", "140000"),
    ("1.5", "million requests", "requests/month", "2026-01", "1500000"),
    ("5000", "requests/month", "1,000 requests/month", "2026-01", "5"),
    ("3", "250 requests/month", "requests/month", "2026-01", "750"),
    ("2", "10 thousand requests", "requests", "2026-01", "20000"),
    ("12", "applications/year", "applications/month", "2026-01", "1"),
    ("1", "Application a day", "APPLICATIONS/month", "2026-01", "31"),
    ("6", "loan applications per quarter", "loan application", "2026-01", "2"),
    ("4", "widgets/week", "widget/month", "2026-02", "16"),
    ("4", "parcel", "parcels/month", "2026-02", "4"),
    ("4", "deliveries/day", "delivery/month", "2026-02", "112"),
    ("4", "SKU/day", "skus/month", "2026-02", "112"),
    # money
    ("12000", "USD/year", "USD/month", "2026-01", "1000"),
    ("3000", "EUR per quarter", "EUR/month", "2026-01", "1000"),
    ("12000", "USD a year", "USD/month", "2026-01", "1000"),
    ("100", "USD/day", "USD/month", "2026-02", "2800"),
    ("12", "k USD/month", "USD/month", "2026-01", "12000"),
    ("12", "kUSD/month", "USD/month", "2026-01", "12000"),
    ("1.2", "M USD/year", "USD/month", "2026-01", "100000"),
    ("1.2", "MUSD/year", "k USD/month", "2026-01", "100"),
    ("100", "EUR/month", "USD/month", "2026-01", "108"),
    ("108", "USD/month", "EUR/month", "2026-01", "100"),
    ("108", "GBP/month", "EUR/month", "2026-01", "125"),
    ("3", "USD/fiscal quarter", "USD/month", "2026-08", "1"),
    ("12", "USD per fiscal year", "USD/month", "2026-08", "1"),
])
def test_a_quantity_in_the_agreed_unit(quantity, unit, to, month, expected):
    assert converted(quantity, unit, to, month).quantity == D(expected)


@pytest.mark.parametrize("unit, to, message", [
    ("GB-month", "GB/month", '"GB-month" is information held (a stock), "GB/month" is information moved (a flow)'),
    ("GB/month", "GB-Mo", '"GB/month" is information moved (a flow), "GB-month" is information held (a stock)'),
    ("GB held", "TB/day", "information held (a stock)"),
    ("GB-hours", "GB/hour", "information held (a stock)"),
    ("GB", "GB/month", 'write "GB held" for what is stored, "GB/month" for what is moved'),
    ("GiB", "GB-month", 'write "GiB held" for what is stored, "GiB/month" for what is moved'),
    ("GB/month", "TB", 'unit, the agreed unit: "TB" may be held or moved'),
    ("GB-year", "GB-month", '"GB-year" is no unit known here'),
    ("GB-month/month", "GB-month", "no unit known here"),
    ("requests", "widgets", '"requests" counts requests, not widgets'),
    ("widgets/day", "parcels/month", "give the number of parcels, or agree on widgets/month"),
    ("hours", "requests", '"hours" is hours of use, "requests/month" is a count'),
    ("GB", "USD/month", '"GB" is information, "USD/month" is money'),
    ("USD", "GB/month", '"USD" is money (a three-letter code), "GB/month" is information moved'),
    ("requests", "GB/month", '"requests" is a count, "GB/month" is information moved'),
    ("USD/month", "requests", '"USD/month" is money (a three-letter code)'),
    ("USD", "USD/month", '"USD" is money without a time; expected a unit that converts to USD/month, such as USD/month, USD/day, USD/quarter'),
    ("USD/month", "USD", "the agreed unit: \"USD\" is money without a time"),
    ("CHF/month", "USD/month", "no rate above 0 for CHF; expected the rates of CHF and USD"),
    ("CHF/month", "JPY/month", "no rate above 0 for CHF and JPY"),
    ("USD per 1,000 requests", "USD/month", "no unit known here"),
    ("gadgets/month", "widgets/month", 'write "widgets/month" if that is meant'),
    ("GB/mnth", "GB/month", 'write "GB/month" if that is meant'),
    ("GB/mnth", "GB-month", "write one of these"),  # a flow misspelt is not turned into a stock
    ("gb/month", "GB/month", 'write "GB/month" if that is meant'),
    ("Gb/month", "GB/month", "no unit known here"),  # bits or bytes
    ("reqests/day", "requests/month", 'write "requests/day" if that is meant'),
    ("usd/month", "USD/month", 'write "USD/month" if that is meant'),
    ("GB/month", "widgits/month", 'write "widgets/month" if that is meant'),
    ("0 requests", "requests", "no unit known here"),
    ("1,00 requests", "requests", "no unit known here"),
    ("GB/fortnight", "GB/month", "no unit known here"),
])
def test_what_does_not_convert_is_refused_with_what_would(unit, to, message):
    with pytest.raises(InputError) as refused:
        converted("1", unit, to)
    assert message in str(refused.value)


@pytest.mark.parametrize("text", [
    "2**10**10*GB", "meter", "GB*9**9**9", "__import__('os').system('true')", "GB/(month)", "(GB)/month", "GB/month**2", "GB/month/month",
    "-GB/month", "1e9 GB/month", "[information]", "kilometer/month", "", " ", "/", "/month", "GB/", "GB per", "1000", "9" * 60,
    "1" * 14 + " GB/month", "GB\x00/month", "GB/month; drop", "thou\u017fand requests", "m\u0131llion requests", "\u0663 GB/month", "\uff27B/month",
    "GB/month" * 20, "x" * 10 ** 6, "a " * 10 ** 5, "GB per " * 11, "- · . " * 13, "counted", "money/month", "B*B/month"],
    ids=lambda text: ascii(text[:20]))
def test_hostile_texts_are_refused_at_once(text):
    began = time.perf_counter()
    for unit, to in ((text, "GB/month"), ("GB/month", text)):
        with pytest.raises(InputError) as refused:
            converted("1", unit, to)
        assert len(str(refused.value)) < 600
    assert time.perf_counter() - began < 1


WORDS = ["GB", "GiBy", "hours", "requests", "widget", "USD", "kUSD", "1,000", "million", "k", "/", " per ", " a ", "-", ".", " ", "month", "day",
         "fiscal quarter", "ly", "held"]
pieces = st.lists(st.one_of(st.text(max_size=3), st.sampled_from(WORDS)), max_size=6).map("".join)


@settings(deadline=None)  # the first example may load the units library
@given(pieces, pieces)
def test_any_text_converts_or_is_refused(unit, to):
    try:
        assert converted("1", unit, to).steps
    except InputError as refused:
        assert "; expected " in str(refused)


@pytest.mark.parametrize("quantity", [
    D("NaN"), D("sNaN"), D("Infinity"), D("-Infinity"), D("1E+999999"), D("1E-999999"), D("1" * 101), 1.5, 3, "3", None],
    ids=lambda number: str(number)[:20])
def test_what_is_no_number_is_refused(quantity):
    with pytest.raises(InputError, match="the quantity .* a decimal number"):
        units.convert(quantity, "GB/day", "GB/month", "2026-02")


@pytest.mark.parametrize("month", ["2026-13", "2026-00", "2026-2", "26-02", "2026-02-01", "", "0000-01", "\u0662026-01"])
def test_what_is_no_month_is_refused(month):
    with pytest.raises(InputError, match="a month as YYYY-MM"):
        units.convert(D(1), "GB/day", "GB/month", month)


@pytest.mark.parametrize("name", ["GB", "day", "hours", "1,000 parcels", "k widgets", "parcel a day", "a/b", "", "*", "x" * 41, "GB held"])
def test_a_countable_that_is_a_unit_already_is_refused(name):
    with pytest.raises(InputError, match="the countable .* rename it"):
        units.convert(D(1), "requests", "requests", "2026-02", [name])


@pytest.mark.parametrize("rates", [None, {}, {"USD": D(1)}, {"USD": D(1), "EUR": D(0)}, {"USD": D(1), "EUR": D(-1)}])
def test_a_rate_that_is_missing_is_named(rates):
    with pytest.raises(InputError, match="no rate above 0 for .*EUR"):
        units.convert(D(1), "EUR/month", "USD/month", "2026-02", rates=rates)
    assert units.convert(D(3), "EUR/quarter", "EUR/month", "2026-02", rates=rates).quantity == 1


def test_the_message_says_where():
    with pytest.raises(InputError, match="^forecasts.csv, line 3: "):
        units.convert(D(1), "GB", "GB/month", "2026-02", where="forecasts.csv, line 3")


@pytest.mark.parametrize("quantity, unit, to, month, steps", [
    ("280", "GB/month", "GB/month", "2026-02", ["280 GB/month, as it stands"]),
    ("280", "GB per month", "GB a month", "2026-02", ["280 GB/month, as it stands"]),
    ("10", "GB/day", "TB/month", "2026-02", ["10 GB/day × 28 days in 2026-02 = 280 GB/month", "280 GB/month × 1/1000 = 0.28 TB/month"]),
    ("70", "GB/week", "GB/month", "2026-03", ["70 GB/week × 31/7 weeks in 2026-03 = 310 GB/month"]),
    ("280", "GB/month", "GB/day", "2026-02", ["280 GB/month ÷ 28 days in 2026-02 = 10 GB/day"]),
    ("1", "GB/month", "GB/day", "2026-04", ["1 GB/month ÷ 30 days in 2026-04 ≈ 0.033333333333 GB/day"]),
    ("744", "GiB-hours", "GB-month", "2026-01",
     ["744 GiB-hours ÷ 744 hours in 2026-01 = 1 GiB-month", "1 GiB-month × 1.073741824 = 1.073741824 GB-month"]),
    ("5", "GB held", "GB-month", "2026-01", ["5 GB held in 2026-01 = 5 GB-month"]),
    ("5", "requests", "requests", "2026-01", ["5 requests in 2026-01 = 5 requests/month"]),
    ("5", "1,000 requests/month", "requests", "2026-01", ["5 thousand requests/month = 5,000 requests/month"]),
    ("3", "250 requests/month", "requests", "2026-01", ["3 × 250 requests/month = 750 requests/month"]),
    ("12000", "USD/year", "USD/month", "2026-01", ["12,000 USD/year ÷ 12 months, spread evenly = 1,000 USD/month"]),
    ("1", "GB/month", "GB/year", "2026-01", ["1 GB/month × 12 months, each like 2026-01 = 12 GB/year"]),
    ("3", "USD/fiscal quarter", "USD/month", "2026-08",
     ["3 USD/fiscal quarter ÷ 3 months of fiscal quarter 2 of FY2027 (2026-07 to 2026-09), spread evenly = 1 USD/month"]),
    ("3", "USD/fiscal quarter", "USD/month", "2026-01",
     ["3 USD/fiscal quarter ÷ 3 months of fiscal quarter 4 of FY2026 (2026-01 to 2026-03), spread evenly = 1 USD/month"]),
    ("12", "USD/fiscal year", "USD/month", "2026-08",
     ["12 USD/fiscal year ÷ 12 months of FY2027 (2026-04 to 2027-03), spread evenly = 1 USD/month"]),
    ("100", "EUR/month", "USD/month", "2026-01", ["100 EUR/month × 1.08 (USD for one EUR) = 108 USD/month"]),
    ("108", "GBP/month", "EUR/month", "2026-01", ["108 GBP/month × 1.25 ÷ 1.08 (EUR for one GBP) = 125 EUR/month"]),
])
def test_every_step_is_shown(quantity, unit, to, month, steps):
    assert list(converted(quantity, unit, to, month).steps) == steps


def test_the_fiscal_quarter_follows_the_start_of_the_year():
    steps = {start: converted("3", "USD/fiscal quarter", "USD/month", "2026-08", start).steps[0] for start in (1, 2, 9)}
    assert "fiscal quarter 3 of FY2026 (2026-07 to 2026-09)" in steps[1]
    assert "fiscal quarter 3 of FY2027 (2026-08 to 2026-10)" in steps[2]
    assert "fiscal quarter 4 of FY2026 (2026-06 to 2026-08)" in steps[9]


def test_the_unit_comes_back_in_its_one_spelling():
    asked = {"GiBy.mo": "GiB-month", "GB held": "GB-month", "requests": "requests/month", "1,000 requests": "thousand requests/month",
             "Hrs": "hours/month"}
    assert {to: converted("1", to, to).unit for to in asked} == asked
    assert converted("1", "k USD a year", "k USD a year").unit == "thousand USD/year"


agreed = st.sampled_from(["GB/month", "GB-month", "hours", "requests/day", "widgets/month", "USD/month"])
months = st.sampled_from(["2026-01", "2026-02", "2026-04", "2028-02"])


@settings(deadline=None)
@given(agreed, months, st.decimals(-10 ** 9, 10 ** 9, places=4), st.data())
def test_there_and_back_is_the_same_quantity(to, month, quantity, data):
    unit = data.draw(st.sampled_from([unit for unit in units.fitting(to, COUNTED) if unit[0] not in "PT"]))  # not so large that decimals are lost
    there = units.convert(quantity, to, unit, month, COUNTED)
    back = units.convert(there.quantity, unit, to, month, COUNTED).quantity
    assert abs(back - quantity) <= abs(quantity) * D("1e-9") + D("1e-5")


@settings(deadline=None)
@given(agreed, months, st.data())
def test_one_large_unit_there_and_back_is_exact_to_a_billionth(to, month, data):
    unit = data.draw(st.sampled_from(units.fitting(to, COUNTED)))
    there = units.convert(D(10) ** 30, to, unit, month, COUNTED)
    assert abs(units.convert(there.quantity, unit, to, month, COUNTED).quantity - D(10) ** 30) <= D(10) ** 21


@pytest.mark.parametrize("to", ["GB/month", "TB-month", "hours", "requests", "parcels/year", "EUR/month"])
def test_every_unit_said_to_fit_does_and_reads_back(to):
    fits = units.fitting(to, COUNTED)
    assert len(set(fits)) == len(fits) and fits[0] == converted("1", to, to).unit
    for unit in fits:
        assert converted("1", unit, to).unit == fits[0]
        back = converted("1", to, unit)
        assert back.unit == (unit if "/" in unit or "-" in unit else units.fitting(unit, COUNTED)[0])


def test_no_float_ever():
    for days in (28, 29, 30, 31):
        made = [units._factor(days, units.Unit(1, "moved", size, time), units.Unit(1, "moved", "TiB", "day"))
                for size in unit_names.BYTES for time in unit_names.SAID]
        assert set(map(type, made)) == {Fraction}
    assert units._factor(31, units.Unit(1, "held", "GiB", "hour"), units.Unit(1, "held", "GB", "month")) == Fraction(1024 ** 3, 1000 ** 3 * 744)
