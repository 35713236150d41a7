"""Input tables: read by the codebook, and everything wrong told in one line with file, line and column."""

import gzip
from datetime import date
from decimal import Decimal

import pandas as pd
import pytest

from helpers import codebook, depreciation, feeds, inputs
from helpers.errors import InputError

LABOUR = """\
period,team,cost_centre,application,activity,hours
2026-09,Platform,0042,FRT,run,120.5
2026-09,Platform,0042,TMS,build,-8
"""
RATES = """\
period,from_currency,to_currency,rate,source
2026-09,EUR,USD,1.08,Treasury
"""


def told(path, table: str) -> list[str]:
    with pytest.raises(InputError) as stop:
        inputs.read(path, table)
    return str(stop.value).replace(f"{path.parent.resolve()}/", "").splitlines()


def test_every_column_has_its_type(write):
    lines = inputs.read(write("l.csv", LABOUR), "labour")
    assert list(lines.columns) == ["period", "team", "cost_centre", "application", "activity", "hours", "people"]
    assert lines.to_dict("list") == {
        "period": ["2026-09", "2026-09"], "team": ["Platform", "Platform"], "cost_centre": ["0042", "0042"],
        "application": ["FRT", "TMS"], "activity": ["run", "build"], "hours": [Decimal("120.5"), Decimal(-8)],
        "people": [None, None]}


def test_blank_texts_are_blank_and_blank_numbers_are_none(write):
    ledger = inputs.read(write("l.csv", """\
        line_id,fiscal_period,posting_date,account,cost_centre,vendor,document_amount,amount,currency
        1,2026-09,2026-09-30,6100,42,,,12.30,USD
        """.replace("        ", "")), "ledger")
    row = ledger.iloc[0]
    assert (row["vendor"], row["invoice_id"], row["document_currency"], row["text"]) == ("", "", "", "")
    assert row["document_amount"] is None
    assert row["amount"] == Decimal("12.30")


@pytest.mark.parametrize("change", [
    lambda text: text.replace(",", ";"), lambda text: text.replace(",", "\t"), lambda text: text.replace("\n", "\r\n"),
    lambda text: "\ufeff" + text, lambda text: text.replace("Platform", '"Platform"'),
    lambda text: text.replace("Platform", " Platform "), lambda text: text + "\n,,,,,\n\n", lambda text: text.rstrip(),
    lambda text: text.replace("period", "no,period").replace("2026", "7,2026"),
], ids=["semicolon", "tab", "CRLF", "BOM", "quotes", "spaces", "blank lines", "no last line end", "extra column"])
def test_a_csv_file_may_come_in_another_shape(write, change):
    expected = inputs.read(write("plain.csv", LABOUR), "labour")
    pd.testing.assert_frame_equal(inputs.read(write("l.csv", change(LABOUR)), "labour"), expected)


def test_a_gzip_file_is_unpacked(write, tmp_path):
    (tmp_path / "l.csv.gz").write_bytes(gzip.compress(LABOUR.encode()))
    pd.testing.assert_frame_equal(inputs.read(tmp_path / "l.csv.gz", "labour"),
                                  inputs.read(write("l.csv", LABOUR), "labour"))


def test_a_parquet_file_reads_as_the_csv_does(write, tmp_path):
    rows = [{"asset_id": "A1", "kind": "server", "data_centre": "DC", "application": None,
             "in_service": date(2024, 4, 1), "disposed_on": None, "life_months": 48, "cost": Decimal("4855.00"),
             "currency": "USD"}]
    pd.DataFrame(rows).to_parquet(tmp_path / "a.parquet")
    text = write("a.csv", "asset_id,kind,data_centre,in_service,life_months,cost,currency\n"
                          "A1,server,DC,2024-04-01,48,4855.00,USD\n")
    pd.testing.assert_frame_equal(inputs.read(tmp_path / "a.parquet", "assets"), inputs.read(text, "assets"))


def test_a_text_may_hold_a_line_break_and_the_next_error_keeps_its_line(write):
    path = write("l.csv", LABOUR.replace("FRT", '"F\nT"').replace("-8", "eight"))
    assert told(path, "labour") == [
        'l.csv, line 4: hours is "eight"; expected a plain number; leave out currency and text, like 1234.50']


def test_a_table_may_have_no_rows(write):
    assert len(inputs.read(write("l.csv", LABOUR.splitlines()[0]), "labour")) == 0


@pytest.mark.parametrize(("old", "new", "line"), [
    ("120.5", "1,234.50", None),
    ("120.5", '"1,234.50"', 'line 2: hours is "1,234.50"; expected a plain number; '
                            "write it with no thousands separator and a decimal point, like 1234.50"),
    ("120.5", '"12,50"', 'line 2: hours is "12,50"; expected a plain number; '
                         "write it with no thousands separator and a decimal point, like 1234.50"),
    ("120.5", "12 EUR", 'line 2: hours is "12 EUR"; expected a plain number; '
                        "leave out currency and text, like 1234.50"),
    ("120.5", "(12.00)", 'line 2: hours is "(12.00)"; expected a plain number; '
                         "write brackets as a minus, like -12.00"),
    ("120.5", "12.00-", 'line 2: hours is "12.00-"; expected a plain number; '
                        "write the minus as - in front, like -12.00"),
    ("120.5", "1e3", 'line 2: hours is "1e3"; expected a plain number; write all digits, with no exponent'),
    ("120.5", "NaN", 'line 2: hours is "NaN"; expected a plain number; leave out currency and text, like 1234.50'),
    ("120.5", "", 'line 2: hours is ""; expected a value in every row; fill it in, or take the row out'),
    ("TMS", "", 'line 3: application is ""; expected a value in every row; fill it in, or take the row out'),
    ("2026-09", "09/2026",
     'line 2: period is "09/2026" (and 1 more); expected a month as YYYY-MM; write it like 2026-09'),
    ("build", "bild", 'line 3: activity is "bild"; expected run or build; write build'),
    ("run", "operate", 'line 2: activity is "operate"; expected run or build; write one of them'),
])
def test_a_value_that_is_none_is_told_with_its_line(write, old, new, line):
    if line is None:
        line = "line 2: it has 7 fields; expected 6, as the first line has; put texts that hold the delimiter in quotes"
    assert told(write("l.csv", LABOUR.replace(old, new)), "labour") == [f"l.csv, {line}"]


@pytest.mark.parametrize("found", ["30.09.2026", "2026-02-30", "20260930", "2026-9-30", "9/30/2026"])
def test_a_bad_date_is_told(write, found):
    path = write("a.csv", "asset_id,kind,data_centre,in_service,life_months,cost,currency\n"
                          f"A1,server,DC,{found},48,4855.00,USD\n")
    assert told(path, "assets") == [
        f'a.csv, line 2: in_service is "{found}"; expected a date as YYYY-MM-DD; write it like 2026-09-30']


@pytest.mark.parametrize(("found", "todo"), [
    ("USX", "write it like USD"), ("usd", "write USD"), ("$", "write it like USD")])
def test_a_wrong_currency_code_is_told(write, found, todo):
    assert told(write("r.csv", RATES.replace("USD", found)), "rates") == [
        f'r.csv, line 2: to_currency is "{found}"; expected an ISO 4217 currency code; {todo}']


def test_a_share_above_one_is_told(write):
    path = write("a.csv", "pool,method,consumer,share,reason,owner\nk8s,fixed,FRT,45,agreed,CIO\n")
    assert told(path, "allocation_rules") == [
        'a.csv, line 2: share is "45"; expected a share from 0 to 1; write 45 % as 0.45']


def test_a_missing_column_is_told_with_its_meaning_and_the_nearest_there_is(write):
    assert told(write("l.csv", LABOUR.replace("hours", "hour")), "labour") == [
        'l.csv: column hours is missing; expected a column with: Hours worked; rename "hour" if that is it']


def test_a_misspelt_column_that_is_not_required_is_told_too(write):
    path = write("d.csv", "cost_centre,name,business_unit,owner,contcat\n1,A,B,C,d\n")
    assert told(path, "org") == [
        'd.csv: column contact is missing; expected a column with: Address for questions; '
        'rename "contcat" if that is it']


def test_a_column_that_stands_twice_is_told(write):
    path = write("r.csv", "period,from_currency,to_currency,rate,source,rate\n2026-09,EUR,USD,1.08,T,1.09\n")
    assert told(path, "rates") == [
        "r.csv: column rate stands 2 times; expected each column once; rename or take one out"]


def test_a_file_with_other_columns_is_told(write):
    assert told(write("r.csv", "a,b\n1,2\n"), "rates") == [
        "r.csv: the first line has no column of the table rates; expected period, from_currency, to_currency, rate, "
        "source; name the columns in the first line"]


@pytest.mark.parametrize("text", ["", "\n", " \r\n"])
def test_an_empty_file_is_told(write, text):
    assert told(write("r.csv", text), "rates") == [
        "r.csv: the file is empty; expected a line of column names, then rows; make the extract again"]


def test_a_missing_file_is_told(tmp_path):
    assert told(tmp_path / "r.csv", "rates") == [
        "r.csv: the file does not exist; expected a CSV or parquet file; correct the path"]


def test_a_workbook_is_told(write):
    assert told(write("r.xlsx", "x"), "rates") == [
        "r.xlsx: it is a workbook; expected a CSV or parquet file; save the sheet as CSV UTF-8"]


def test_a_file_that_is_not_utf8_is_told_with_its_line(tmp_path):
    (tmp_path / "r.csv").write_bytes(RATES.encode() + b"2026-08,EUR,USD,1.1,B\xf6rse\n")
    assert told(tmp_path / "r.csv", "rates") == [
        "r.csv, line 3: it is not UTF-8 text; expected UTF-8; save it as CSV UTF-8"]


def test_a_quote_that_is_not_closed_is_told(write):
    assert told(write("r.csv", RATES.replace("Treasury", '"Treasury')), "rates") == [
        "r.csv, line 2: it cannot be read (unexpected end of data); expected CSV; "
        "put texts that hold a quote or a line break in quotes, doubling quotes inside"]


def test_a_file_that_only_says_it_is_parquet_is_told(write):
    (line,) = told(write("r.parquet", "period"), "rates")
    assert line.startswith("r.parquet: it cannot be read (")


def test_a_key_that_stands_again_is_told(write):
    assert told(write("r.csv", RATES + "2026-09,EUR,USD,1.09,Treasury\n"), "rates") == [
        'r.csv, line 3: period "2026-09", from_currency "EUR", to_currency "USD" stands again, as on line 2; '
        "expected one row a period and from_currency and to_currency; keep one row, or sum them in the extract"]


def test_everything_wrong_is_told_at_once_a_line_a_column(write):
    path = write("r.csv", RATES.replace("2026-09", "Sep").replace("1.08", "x") + "2026-08,EUR,USD,y,T\n")
    assert told(path, "rates") == [
        'r.csv, line 2: period is "Sep"; expected a month as YYYY-MM; write it like 2026-09',
        'r.csv, line 2: rate is "x" (and 1 more); expected a plain number; leave out currency and text, like 1234.50']


def test_hostile_text_stays_as_it_is_in_tables_and_short_in_messages(write):
    path = write("l.csv", LABOUR.replace("Platform", '"=HYPERLINK(""x"")"').replace("run", f"<script>\u202e{'a' * 99}"))
    (line,) = told(path, "labour")
    assert line == (f'l.csv, line 2: activity is "<script> {"a" * 30}…"; expected run or build; write one of them')
    lines = inputs.read(write("m.csv", LABOUR.replace("Platform", '"=HYPERLINK(""x"")"')), "labour")
    assert set(lines["team"]) == {'=HYPERLINK("x")'}


def test_every_type_of_the_codebook_can_be_read():
    from helpers import values

    for table in codebook.tables():
        assert all(callable(values.reader(column)) for column in codebook.columns(table)), table


@pytest.mark.parametrize(("table", "text", "line"), [
    ("drivers", "period,driver,consumer,quantity,unit\n2026-09,cpu,A,1,h\n2026-09,cpu,B,3,h\n2026-09,cpu,A,1.0,h\n",
     "t.csv, line 4: the row stands twice, as on line 2; expected each row once; take it out; "
     "where both are meant, sum them, or keep a column that tells them apart"),
    ("labour", LABOUR + LABOUR.splitlines()[1] + "\n", "t.csv, line 4: the row stands twice, as on line 2; "
     "expected each row once; take it out; where both are meant, sum them, or keep a column that tells them apart"),
    ("budget", "period,scope,amount,currency\n2026-09,AWS,1,USD\n2026-09,AWS,1,USD\n2026-09,AWS,1,USD\n",
     "t.csv, line 3: the row stands twice, as on line 2 (and 1 more); expected each row once; take it out; "
     "where both are meant, sum them, or keep a column that tells them apart"),
    ("volumes", "period,application,unit,quantity\n2026-09,A,orders,1\n2026-09,A,orders,1\n",
     't.csv, line 3: period "2026-09", application "A" stands again, as on line 2; expected one row a period and application; '
     "keep one row, or sum them in the extract"),
    ("capacity", "period,driver,unit,owned\n2026-09,cpu,h,1\n2026-09,cpu,h,2\n",
     't.csv, line 3: period "2026-09", driver "cpu" stands again, as on line 2; expected one row a period and driver; '
     "keep one row, or sum them in the extract"),
])
def test_a_row_that_stands_twice_in_a_feed_is_refused(write, table, text, line):
    assert told(write("t.csv", text), table) == [line]


def test_rows_that_a_further_column_tells_apart_are_two_rows(write):
    text = "period,driver,consumer,quantity,unit,cluster\n2026-09,cpu,A,1,h,one\n2026-09,cpu,A,1,h,two\n"
    assert inputs.read(write("d.csv", text), "drivers")["quantity"].tolist() == [1, 1]


def test_a_row_that_stands_in_two_files_of_a_feed_is_refused(write):
    head = "period,driver,consumer,quantity,unit\n"
    one, two, other = (inputs.read(write(f"{name}.csv", head + rows), "drivers") for name, rows in (
        ("one", "2026-09,cpu,A,1,h\n2026-09,cpu,B,3,h\n"), ("two", "2026-09,cpu,C,1,h\n2026-09,cpu,B,3.00,h\n"),
        ("other", "2026-09,cpu,B,4,h\n")))
    with pytest.raises(InputError) as stop:
        inputs.repeated([("one.csv", one), ("two.csv", two)])
    assert str(stop.value) == ("two.csv, line 3: the row stands in one.csv, line 3 too; expected each row once; "
                               "leave one file out; where both are meant, add a column that tells them apart")
    inputs.repeated([("one.csv", one), ("other.csv", other)])


@pytest.mark.parametrize(("quantity", "line"), [
    ("-5", 'v.csv, line 2: quantity is "-5"; expected 0 or more; mend the row; sum it with what it corrects, where it corrects another'),
    ("12345678901234567890", 'v.csv, line 2: quantity is "12345678901234567890"; expected a number of at most 18 digits before '
                             "the point; mend the row, or use a larger unit"),
    ("1e5", 'v.csv, line 2: quantity is "1e5"; expected a plain number; write all digits, with no exponent'),
    ("NaN", 'v.csv, line 2: quantity is "NaN"; expected a plain number; leave out currency and text, like 1234.50'),
])
def test_a_volume_that_cannot_be_is_refused(write, quantity, line):
    assert told(write("v.csv", f"period,application,unit,quantity\n2026-09,A,orders,{quantity}\n"), "volumes") == [line]


def test_a_volume_of_nothing_and_one_of_eighteen_digits_are_read(write):
    text = "period,application,unit,quantity\n2026-09,A,orders,0\n2026-09,B,orders,123456789012345678.5\n"
    assert inputs.read(write("v.csv", text), "volumes")["quantity"].tolist() == [0, Decimal("123456789012345678.5")]


def test_an_amount_of_sixteen_digits_is_a_slip(write):
    text = "period,scope,amount,currency\n2026-09,AWS,1234567890123456.00,USD\n"
    assert told(write("b.csv", text), "budget") == [
        'b.csv, line 2: amount is "1234567890123456.00"; expected a number of at most 15 digits before the point; '
        "mend the row, or use a larger unit"]


def test_a_whole_number_beside_a_blank_stays_whole(write):
    """As floats they would break the arithmetic of exact depreciation."""
    text = "asset_id,kind,data_centre,in_service,life_months,cost,currency,life_changed_on,new_life_months\n" \
           "A1,server,DC,2024-04-01,48,4855.00,USD,2026-06-01,60\nA2,server,DC,2024-04-01,48,4855.00,USD,,\n"
    table = inputs.read(write("a.csv", text), "assets")
    assert table["new_life_months"].tolist() == [60, None] and isinstance(table["new_life_months"].iloc[0], int)
    charges = depreciation.schedule(table, "2026-09")["charge"].tolist()
    assert charges == [Decimal("65.45"), Decimal("101.15")]  # 4855 less 26 months of 48, over 34; 4855 / 48


@pytest.mark.parametrize("table", [table for table in codebook.tables("input") if table != "opencost_export"])
def test_a_table_with_a_header_and_no_row_has_columns_of_their_types(write, table):
    names = [column.name for column in codebook.columns(table)]
    rows = inputs.read(write("t.csv", ",".join(names) + "\n"), table)
    assert [*rows] == names and not any(kind.kind == "f" for kind in rows.dtypes)
    assert all((rows[column.name] == "").sum() == 0 for column in codebook.columns(table) if column.type == "text")


def test_two_clusters_whose_sums_are_alike_are_two_feeds_and_one_export_twice_is_refused(write):
    """Both clusters use no GPU in the namespace; their containers are others."""
    head = "Date,Cluster,Namespace,Container,CPUCoreUsageAverage,GPUs\n"
    one, two, again = (feeds.read(write(f"{name}.csv", f"{head}2026-09-01,{cluster},shop,{cluster}-web,{cores},0\n"))
                       for name, cluster, cores in (("one", "a", 1), ("two", "b", 2), ("again", "a", 1)))
    inputs.repeated([("one.csv", one), ("two.csv", two)])
    with pytest.raises(InputError, match="again.csv, line 2: the row stands in one.csv, line 2 too"):
        inputs.repeated([("one.csv", one), ("again.csv", again)])
