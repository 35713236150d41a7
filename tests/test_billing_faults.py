"""Bad bills: each is refused in one line that names file, row and column, and what was read before stays good."""

import contextlib
import csv
import datetime as dt
import gzip
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from helpers import billing, cache
from helpers.billing import cube, known, overlaps, sources, survey
from helpers.errors import InputError
from helpers.money import plain, total
from helpers.problems import InputErrors
from tests.test_billing import HEADER, ROW, bill, billed, read

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """A cache with a good bill beside it; the bad ones of this module meet the same cache."""
    folder = tmp_path_factory.mktemp("good")
    billing.load([bill(folder, {"BilledCost": "7"})], folder / "cache")
    return folder / "cache"


@pytest.fixture
def refused(kept, monkeypatch):
    """Loads bad files; the error's lines, without their folder.  Nothing half-made stays, the good bill is kept."""

    def ask(*paths: Path, asked: billing.Asked = billing.Asked()) -> list[str]:  # noqa: B008  (never changed)
        with pytest.raises(InputError) as error:
            billing.load(list(paths), kept, asked)
        problems = error.value.problems if isinstance(error.value, InputErrors) else [error.value]
        for problem in problems:
            assert all([problem.where, problem.found, problem.expected, problem.todo])
        lines = str(error.value).splitlines()
        assert len(lines) == len(problems)
        nothing_half_made(kept)
        with monkeypatch.context() as patch:
            patch.setattr(cube, "Duck", lambda *_: pytest.fail("read again"))
            assert billed(billing.load([kept.parent / "bill.csv"], kept)) == "7"
        return [line.replace(f"{paths[0].parent}/", "") for line in lines]

    return ask


def nothing_half_made(kept: Path) -> None:
    assert [path.name for path in kept.iterdir()
            if not re.fullmatch(r"hashes\.json|inputs|(cube|survey|month|shared)-[\w-]+", path.name)] == []


def with_column(folder: Path, name: str, *values: str, **more) -> Path:
    """A bill with the column, a value a row."""
    header = [name if column == "x_Extra" else column for column in HEADER]
    return bill(folder, *({"x_Extra": value} for value in values), header=header, **more)


def parquet(folder: Path, rows: int = 2, name: str = "bill.parquet", **columns) -> Path:
    """A bill as parquet: plain rows, and columns as given."""
    plain_rows = {column: pa.array([value] * rows) for column, value in zip(HEADER, ROW, strict=True)}
    pq.write_table(pa.table(plain_rows | columns), folder / name)
    return folder / name


def packed(folder: Path, rows: int = 3000) -> bytes:
    """A bill of rows that all differ, as gzip."""
    body = bill(folder, *({"ServiceName": f"{number * 7919 % 100003:x}"} for number in range(rows)), name="whole.csv")
    return gzip.compress(body.read_bytes(), mtime=0)


def saved(folder: Path, body: bytes, name: str = "bill.csv") -> Path:
    (folder / name).write_bytes(body)
    return folder / name


# ---- amounts

NUMBER = "expected a plain number, such as 1234.50; mend the export"
DIGITS = "expected at most 35 digits, of which 20 before the point; mend the export"


@pytest.mark.parametrize("amount", ["inf", "-Infinity", "nan", "1_000", "1,000.00", "12-", "(12.00)", "12 EUR", "$5",
                                    "5%", "0x10", "1.2.3", "--5", "1e", ".", "−5", "١٢", "1 000", "true", "#REF!"])
def test_what_is_no_number_is_refused(tmp_path, refused, amount):
    for column in ("BilledCost", "EffectiveCost"):
        path = bill(tmp_path, {}, {column: amount}, {column: "2"})
        assert refused(path) == [f"bill.csv, row 2 (line 3), column {column}: '{amount}'; {NUMBER}"]


@pytest.mark.parametrize("amount", ["1" * 40, "0." + "1" * 40, "1" * 21, "1e400", "1e-400", "1e99999999999"])
def test_an_amount_of_too_many_digits_is_refused(tmp_path, refused, amount):
    path = bill(tmp_path, {}, {"BilledCost": amount})
    assert refused(path) == [f"bill.csv, row 2 (line 3), column BilledCost: '{amount}'; {DIGITS}"]


def test_a_bad_value_in_the_second_column_of_an_amount_is_told_with_that_column(tmp_path, refused):
    path = with_column(tmp_path, "UsageQuantity", "3", "", "free",
                       text=lambda body: body.replace("\r\n", ",\r\n").replace("y,\r\n", "y,ConsumedQuantity\r\n"))
    assert refused(path) == [f"bill.csv, row 3 (line 4), column UsageQuantity: 'free'; {NUMBER}"]


def test_a_space_that_is_none_of_plain_text_is_no_part_of_a_number(tmp_path, refused):
    path = bill(tmp_path, {"BilledCost": "7\u00a0"})
    assert refused(path) == [f"bill.csv, row 1 (line 2), column BilledCost: '7 '; {NUMBER}"]


def test_a_column_of_the_workbook_s_own_name_is_refused(tmp_path, refused):
    assert refused(with_column(tmp_path, "X_Workbook_File", "1", "2", "3")) == [
        "bill.csv: column x_workbook_file; expected a name that the workbook does not use itself; rename the column"]


def test_a_gzip_file_is_known_whatever_the_case_of_its_name(tmp_path):
    plain = bill(tmp_path, {"BilledCost": "7"})
    (tmp_path / "BILL.CSV.GZ").write_bytes(gzip.compress(plain.read_bytes()))
    assert billed(read(tmp_path / "BILL.CSV.GZ")) == "7"


def test_a_very_long_amount_is_told_in_part(tmp_path, refused):
    [line] = refused(bill(tmp_path, {"BilledCost": "9x" * 500_000}))
    assert line == f"bill.csv, row 1 (line 2), column BilledCost: '{'9x' * 49}9…'; {NUMBER}"


@pytest.mark.parametrize("column", ["ListCost", "ContractedCost", "ConsumedQuantity"])
def test_text_in_an_optional_amount_is_refused_too_and_a_blank_is_not(tmp_path, refused, column):
    assert refused(with_column(tmp_path, column, "3", "", "free")) == [
        f"bill.csv, row 3 (line 4), column {column}: 'free'; {NUMBER}"]


def test_amounts_that_no_sum_can_hold_are_refused_not_wrapped_around(tmp_path, refused):
    assert refused(bill(tmp_path, *({"BilledCost": "9e19"} for _ in range(5)))) == [
        "bill.csv: amounts whose sum has too many digits; expected sums of at most 38 digits, decimals included; "
        "round amounts of more than 18 decimals in the export"]


def test_two_files_of_which_one_has_too_many_decimals_for_the_other_are_refused_in_one_line(tmp_path, refused):
    tiny = bill(tmp_path, {"BilledCost": "1e-28"}, name="part-1.csv")
    huge = bill(tmp_path, {"BilledCost": "123456789012"}, name="part-2.csv")
    [line] = refused(tiny, huge)
    assert "amounts whose sum has too many digits" in line


def test_a_sum_of_more_than_38_digits_is_refused_and_not_rounded(tmp_path, refused):
    path = bill(tmp_path, *[{"BilledCost": "99000"}] * 1000, {"BilledCost": "5.551115123125783e-17"})
    [line] = refused(path)  # 99000000.00000000000000005551115123125783
    assert "amounts whose sum has too many digits; expected sums of at most 38 digits, decimals included" in line


def test_what_binary_arithmetic_leaves_in_a_column_of_doubles_stops_no_run_and_is_named(tmp_path):
    path = parquet(tmp_path, 1002, BilledCost=pa.array([99_000_000.0] * 1000 + [5.551115123125783e-17, 1e-300]))
    cube = read(path)
    assert billed(cube) == "99000000000.000000000000000055511151"
    [row] = billing.check_decimals(cube.files)
    assert row["check"] == f"decimals of doubles: {path}" and row["state"] == "finding"
    assert row["note"].startswith("amounts have up to 300 decimals, of which 24 are kept")
    assert all(row["state"] == "ok" for row in billing.check_cube(cube))


@pytest.mark.parametrize("value", [float("inf"), float("-inf")])
def test_a_double_without_end_is_refused(tmp_path, refused, value):
    path = parquet(tmp_path, 3, BilledCost=pa.array([1.5, value, 2.0]))
    assert refused(path) == [f"bill.parquet, row 2, column BilledCost: '{value}'; {NUMBER}"]


@pytest.mark.parametrize("column", ["BilledCost", "ListCost"])
def test_a_double_that_is_no_number_is_refused(tmp_path, refused, column):
    path = parquet(tmp_path, 3, **{column: pa.array([1.5, float("nan"), 2.0])})
    assert refused(path) == [f"bill.parquet, row 2, column {column}: 'nan'; {NUMBER}"]


@pytest.mark.parametrize(("values", "kind"), [
    ([True, False], "BOOLEAN"), ([dt.date(2026, 9, 1)] * 2, "DATE"), ([dt.datetime(2026, 9, 1)] * 2, "TIMESTAMP"),
    ([dt.time(1)] * 2, "TIME"), ([b"1.5", b"2"], "BLOB")])
@pytest.mark.parametrize("column", ["BilledCost", "ListCost"])
def test_a_cost_column_of_a_type_that_is_no_number_is_refused(tmp_path, refused, column, values, kind):
    path = parquet(tmp_path, **{column: pa.array(values)})
    assert refused(path) == [f"bill.parquet, column {column}: values of type {kind}; expected numbers, or texts that "
                             "are numbers; export the column as decimals or as text"]


@pytest.mark.parametrize("values", [[[1.5], [2.0]], [{"a": 1.5}, {"a": 2.0}]], ids=["lists", "records"])
def test_a_cost_column_of_lists_or_records_is_refused_with_its_row(tmp_path, refused, values):
    [line] = refused(parquet(tmp_path, BilledCost=pa.array(values)))
    assert line.startswith("bill.parquet, row 1, column BilledCost: '") and line.endswith(f"(and 1 more); {NUMBER}")


def test_a_cost_column_of_nothing_is_refused(tmp_path, refused):
    assert refused(parquet(tmp_path, BilledCost=pa.nulls(2))) == [
        "bill.parquet, row 1, column BilledCost: '' (and 1 more); expected a value on every row; mend the export"]


# ---- days

@pytest.mark.parametrize("text", ["2026-13-01", "2026-02-29", "2026-09-31", "0202-09-01", "1999-12-31", "2100-01-01",
                                  "soon", "01.09.2026", "2026/09/01", "46266", "1788220800", ""])
@pytest.mark.parametrize("column", ["BillingPeriodStart", "ChargePeriodStart"])
def test_what_is_no_day_of_this_century_is_refused(tmp_path, refused, column, text):
    path = bill(tmp_path, {}, {column: text})
    assert refused(path) == [f"bill.csv, row 2 (line 3), column {column}: '{text}'; expected a date, such as "
                             "2026-09-01; mend the export"]


@pytest.mark.parametrize("text", ["2026-9-1", "9/1/26", "2026-W36"])
def test_a_wrong_day_is_told_as_it_stands(tmp_path, refused, text):
    [line] = refused(bill(tmp_path, {}, {"BillingPeriodStart": text}))
    assert f"column BillingPeriodStart: '{text}'; expected a date" in line


@pytest.mark.parametrize("text", ["2026-09-011", "2026-09-01garbage"])
def test_a_day_with_more_behind_it_that_is_no_time_is_refused(tmp_path, refused, text):
    assert "expected a date" in refused(bill(tmp_path, {}, {"ChargePeriodStart": text}))[0]


def test_usage_later_than_its_billing_period_is_refused(tmp_path, refused):
    path = bill(tmp_path, {}, {"ChargePeriodStart": "2026-11-02T00:00:00Z"}, {"ChargePeriodStart": "2026-11-02"})
    assert refused(path) == [
        "bill.csv, row 2 (line 3), column ChargePeriodStart: '2026-11-02' (and 1 more); expected usage of the billing "
        "period that began on 2026-09-01; mend the export"]


@pytest.mark.parametrize(("start", "month"), [
    ("2026-09-01T00:30:00+02:00", "2026-08"), ("2026-08-31T23:30:00-05:00", "2026-09"),
    ("2026-09-01T00:30:00Z", "2026-09"), ("2026-09-01T00:30:00+00:00", "2026-09"), ("2026-08-31T23:59:59", "2026-08")])
def test_times_away_from_utc_fall_into_the_month_they_are_in_at_utc(tmp_path, start, month):
    read = billing.load([bill(tmp_path, {"ChargePeriodStart": start})], tmp_path / "cache")
    zone = dt.datetime.fromisoformat(start)
    told = pa.array([zone.replace(tzinfo=zone.tzinfo or dt.UTC)] * 2, pa.timestamp("us", "UTC"))
    same = billing.load([parquet(tmp_path, ChargePeriodStart=told)], tmp_path / "cache")
    assert set(read.lines["service_period"]) == set(same.lines["service_period"]) == {month}


@pytest.mark.parametrize("values", [[True] * 2, [1.5] * 2, [{"a": 1}] * 2, [dt.datetime(202, 9, 1)] * 2, [None] * 2],
                         ids=["flags", "doubles", "records", "year 0202", "nothing"])
def test_a_day_column_of_another_type_is_refused(tmp_path, refused, values):
    path = parquet(tmp_path, BillingPeriodStart=pa.array(values))
    [line] = refused(path)
    assert line.startswith("bill.parquet, row 1, column BillingPeriodStart: '") and "expected a date" in line


# ---- rows and files of text

def test_text_in_a_cost_column_of_row_900_001_is_named(tmp_path, refused):
    row = ",".join(ROW)
    rows = [",".join(HEADER), *[row] * 1_000_000]
    rows[900_001] = row.replace("1.5", "free")
    path = saved(tmp_path, ("\n".join(rows) + "\n").encode())
    assert refused(path) == [f"bill.csv, row 900001 (line 900002), column BilledCost: 'free'; {NUMBER}"]


@pytest.mark.parametrize(("row", "fields"), [("2026-09-01,AWS", 2), (",".join([*ROW, "more"]), 11)])
def test_a_row_of_too_few_or_too_many_fields_in_the_middle_is_named(tmp_path, refused, row, fields):
    path = bill(tmp_path, *[{}] * 200, {"ServiceName": "odd"}, *[{}] * 200,
                text=lambda body: re.sub(".*,odd,.*", row, body))
    assert refused(path) == [f"bill.csv, line 202: {fields} fields; expected 10, as the header has; export the file "
                             "again, or mend the row"]


def test_lines_are_counted_as_an_editor_counts_them(tmp_path, refused):
    two_lines = {"ServiceName": "S3\nGlacier"}
    path = bill(tmp_path, two_lines, {"BilledCost": "x"}, text=lambda body: body.replace("\n", "\n\n", 1))
    assert refused(path) == [f"bill.csv, row 2 (line 5), column BilledCost: 'x'; {NUMBER}"]
    path = bill(tmp_path, two_lines, {}, text=lambda body: body + "a,b\n")
    assert refused(path)[0].startswith("bill.csv, line 5: 2 fields")


def test_a_quote_that_is_never_closed_is_named_by_its_line(tmp_path, refused):
    path = bill(tmp_path, {}, {"ServiceName": "odd"}, *[{}] * 500, text=lambda body: body.replace("odd", '"odd'))
    assert refused(path) == [
        "bill.csv, line 3: a quote that is never closed, or text after a closing one; expected quotes in pairs, "
        "doubled where they are part of a value; export the file again, or mend the row"]


def test_a_stray_quote_in_the_header_is_refused(tmp_path, refused):
    [line] = refused(bill(tmp_path, *[{}] * 50, text=lambda body: 'Bill"ing' + body))
    assert line.startswith("bill.csv")


def test_lines_that_end_in_different_ways_are_refused(tmp_path, refused):
    path = bill(tmp_path, *[{}] * 3, text=lambda body: body.replace("\n", "\r\n", 2))
    assert refused(path) == ["bill.csv: quotes out of place, or lines that end in different ways; expected quotes in "
                             "pairs and the same end on every line; export the file again"]


@pytest.mark.parametrize("body", [b"", b"\xef\xbb\xbf", b"\n\n"], ids=["nothing", "byte order mark", "blank lines"])
def test_an_empty_file_is_refused(tmp_path, refused, body):
    assert refused(saved(tmp_path, body)) == [
        "bill.csv: the file is empty; expected a header line and rows; export the file again or take it out of "
        "inputs.billing"]


def test_a_header_alone_is_refused_as_csv_and_as_parquet(tmp_path, refused):
    rest = "a header and no rows; expected at least one row; export the file again or take it out of inputs.billing"
    assert refused(bill(tmp_path)) == [f"bill.csv: {rest}"]
    assert refused(parquet(tmp_path, 0)) == [f"bill.parquet: {rest}"]


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16", "utf-16-le", "utf-32"])
def test_text_that_is_not_utf_8_is_refused(tmp_path, refused, encoding):
    body = bill(tmp_path, {}, {"ServiceName": "Café"}).read_text(encoding="utf-8")
    assert refused(saved(tmp_path, body.encode(encoding)))[0].startswith("bill.csv")


def test_text_that_is_not_utf_8_far_down_is_named_by_its_line(tmp_path, refused):
    body = bill(tmp_path, *[{}] * 5000, {"ServiceName": "Café"}).read_text(encoding="utf-8")
    assert refused(saved(tmp_path, body.encode("latin-1"))) == [
        "bill.csv, line 5002: text that is not UTF-8; expected a CSV file in UTF-8; save or export it as UTF-8"]


def test_text_that_is_not_utf_8_near_the_top_is_named_by_its_line(tmp_path, refused):
    body = bill(tmp_path, {}, {"ServiceName": "Café"}).read_text(encoding="utf-8")
    assert refused(saved(tmp_path, body.encode("latin-1")))[0].startswith("bill.csv, line 3: ")


def test_zero_bytes_in_an_amount_or_behind_the_rows_are_refused_in_a_text_they_are_kept(tmp_path, refused):
    assert "column BilledCost: '1 .5'" in refused(bill(tmp_path, {}, {"BilledCost": "1\0.5"}))[0].replace("\0", " ")
    assert refused(bill(tmp_path, {}, text=lambda body: body + "\0" * 500))[0].startswith("bill.csv, line 3: 1 fields")
    assert refused(saved(tmp_path, b"\0" * 5000))[0].startswith("bill.csv: ")
    read = billing.load([bill(tmp_path, {"ServiceName": "a\0b"})], tmp_path / "cache")
    assert list(read.lines["ServiceName"]) == ["a\0b"]


# ---- columns

@pytest.mark.parametrize("twin", ["Tags", "tags", "TAGS"])
def test_a_column_that_appears_twice_is_refused(tmp_path, refused, twin):
    [line] = refused(with_column(tmp_path, twin, "", ""))
    assert line.startswith("bill.csv: column ")
    assert line.endswith(" appears 2 times; expected each column once, whatever its case; rename or remove the copy")


@pytest.mark.parametrize("twin", ["Tags", "tags"])
def test_a_column_that_appears_twice_in_parquet_is_refused(tmp_path, refused, twin):
    table = pa.Table.from_arrays([pa.array([value]) for value in [*ROW, "x"]], names=[*HEADER, twin])
    pq.write_table(table, tmp_path / "bill.parquet")
    assert "appears 2 times" in refused(tmp_path / "bill.parquet")[0]


def test_a_column_without_a_name_is_read_or_refused(tmp_path):
    path = with_column(tmp_path, "", "0", "1")
    assert billed(billing.load([path], tmp_path / "cache")) == "3"


HOSTILE = ['a"b', "a'b", "a;b", "a,b", "x); DROP TABLE lines; --", '"; DROP TABLE x; --', "a\nb", "a\tb", "{x}", "%s",
           "\\1", "$1", "a.b", "BilledCost.x", "select", "NULL", "file", "row", "item", "billing", "seconds",
           "filename", "tag_0", "bad_BilledCost", "Größe 😀", "x" * 5000]


def test_the_name_of_a_column_is_never_read_as_anything_else(tmp_path):
    with open(tmp_path / "bill.csv", "w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows([[*HEADER, *HOSTILE], *[[*ROW, *"x" * len(HOSTILE)]] * 2])
    table = parquet(tmp_path, **{name: pa.array(["x", "y"]) for name in HOSTILE})
    for path in (tmp_path / "bill.csv", table):
        assert billed(billing.load([path], tmp_path / "cache")) == "3"


# ---- packed and columnar files

@pytest.mark.parametrize("cut", [-4, -8, -4000, 40, 5])
def test_a_gzip_file_cut_short_is_refused(tmp_path, refused, cut):
    assert refused(saved(tmp_path, packed(tmp_path)[:cut], "bill.csv.gz")) == [
        "bill.csv.gz: not readable (Compressed file ended before the end-of-stream marker was reached); expected a "
        "whole UTF-8 CSV, gzip, JSON or parquet file; export or copy the file again"]


def test_a_gzip_file_whose_content_is_not_what_was_packed_is_refused(tmp_path, refused):
    body = packed(tmp_path)
    for wrong in (body[:-8] + b"\0\0\0\0" + body[-4:], body[:30] + b"\xff" + body[31:], body + b"garbage",
                  body[:len(body) // 2] + b"\x55\xff" + body[len(body) // 2 + 2:]):
        assert refused(saved(tmp_path, wrong, "bill.csv.gz"))[0].startswith("bill.csv.gz: not readable (")


def test_a_file_that_is_not_what_its_name_says_is_refused(tmp_path, refused):
    text, zipped, table = bill(tmp_path, {}).read_bytes(), packed(tmp_path), parquet(tmp_path).read_bytes()
    for body, name in ((text, "bill.csv.gz"), (zipped, "bill.csv"), (table, "bill.csv"), (text, "bill.parquet"),
                       (zipped, "bill.parquet"), (text, "bill.json")):
        assert refused(saved(tmp_path, body, name))[0].startswith(name)


@pytest.mark.parametrize("cut", [lambda body: body[:-100], lambda body: body[:-4], lambda body: body[:len(body) // 2],
                                 lambda body: body[:8], lambda body: b"",
                                 lambda body: body[:-300] + bytes(255 - byte for byte in body[-300:-8]) + body[-8:]],
                         ids=["tail", "last bytes", "half", "head alone", "nothing", "footer"])
def test_a_parquet_file_cut_short_is_refused(tmp_path, refused, cut):
    path = parquet(tmp_path, 2000)
    path.write_bytes(cut(path.read_bytes()))
    [line] = refused(path)
    assert line.startswith("bill.parquet: not readable as parquet (")
    assert line.endswith("; expected a whole parquet file; export or copy the file again")


def test_a_parquet_file_with_a_hole_is_refused(tmp_path, refused):
    path = parquet(tmp_path, 3000, ServiceName=pa.array([f"{number * 7919:x}" for number in range(3000)]))
    body = path.read_bytes()
    for wrong in (body[:2000] + b"\0" * 8000 + body[10_000:], body[:2000] + body[10_000:]):
        path.write_bytes(wrong)
        assert refused(path)[0].startswith("bill.parquet: ")


def test_text_in_parquet_that_is_not_utf_8_is_refused(tmp_path, refused):
    path = parquet(tmp_path, ServiceName=pa.array([b"\xff\xfe", b"a"]).view(pa.string()))
    assert refused(path) == ["bill.parquet: text that is not UTF-8; expected texts in UTF-8; export the file again"]


TAGS = {
    "numbers": [1, 2], "flags": [True, None], "doubles": [1.5, float("nan")], "days": [dt.date(2026, 9, 1)] * 2,
    "bytes": [b"\xff\xfe", b"{}"], "lists": [["a"], []], "lists of lists": [[[1]], None], "nothing": [None] * 2,
    "records": [{"app": "a", "n": 1}] * 2, "records of lists": [{"key": ["a"]}] * 2,
    "pairs without value": [[{"key": "app", "value": None}]] * 2}


@pytest.mark.parametrize("values", TAGS.values(), ids=TAGS)
def test_tags_of_any_type_cost_no_cent(tmp_path, values):
    path = parquet(tmp_path, Tags=pa.array(values))
    read = billing.load([path], tmp_path / "cache", billing.Asked(tag_keys=("app",)))
    assert billed(read) == "3" and {row["state"] for row in billing.check_cube(read)} == {"ok"}


def test_a_record_whose_field_has_a_quote_in_its_name_is_read(tmp_path):
    path = parquet(tmp_path, Tags=pa.array([{'a "b", c': "x"}] * 2))
    assert billed(billing.load([path], tmp_path / "cache")) == "3"


# ---- newline-delimited JSON

def objects(folder: Path, *changes: dict, name: str = "bill.json") -> Path:
    plain_row = dict(zip(HEADER, ROW, strict=True))
    return saved(folder, "".join(json.dumps({**plain_row, **change}) + "\n" for change in changes).encode(), name)


def test_bad_values_and_bad_lines_of_json_are_named(tmp_path, refused):
    assert refused(objects(tmp_path, {}, {"BilledCost": "free"})) == [
        f"bill.json, row 2, column BilledCost: 'free'; {NUMBER}"]
    for value, told in ((True, "true"), (None, "")):
        [line] = refused(objects(tmp_path, {}, {"BilledCost": value}))
        assert line.startswith(f"bill.json, row 2, column BilledCost: '{told}'; expected")
    whole = objects(tmp_path, *[{}] * 2000).read_bytes()
    assert refused(saved(tmp_path, whole[:-5], "bill.json"))[0].startswith("bill.json, line ")
    assert refused(saved(tmp_path, whole + b"[1, 2]\n", "bill.json"))[0].startswith("bill.json, line 2001: ")
    [line] = refused(saved(tmp_path, gzip.compress(whole)[:-9], "bill.json.gz"))
    assert line.startswith("bill.json.gz: not readable (")


def test_a_json_number_of_more_digits_than_json_keeps_is_refused_and_in_quotes_read(tmp_path, refused):
    path = objects(tmp_path, {}, {"BilledCost": 7})
    path.write_text(path.read_text().replace('": 7', '": 1234567.12345678901234567', 1))
    assert refused(path) == ["bill.json, line 2: an amount of more than 17 digits as a JSON number; expected such "
                             "amounts in quotes, since a JSON number loses digits; export it with amounts as texts"]
    path = objects(tmp_path, {"BilledCost": "1234567.12345678901234567"}, name="texts.json")
    assert billed(billing.load([path], tmp_path / "cache")) == "1234567.12345678901234567"


def test_a_key_that_comes_late_in_json_is_read(tmp_path):
    path = objects(tmp_path, *[{}] * 1000, {"ListCost": "9"})
    assert plain(total(billing.load([path], tmp_path / "cache").lines["ListCost"].astype(object).dropna())) == "9"


def test_keys_that_differ_in_case_alone_are_refused(tmp_path, refused):
    assert refused(objects(tmp_path, {}, {"billedcost": "100"}))[0].startswith("bill.json")


def test_json_nested_very_deep_is_refused(tmp_path, refused):
    line = objects(tmp_path, {}).read_text()
    path = saved(tmp_path, (line + line.replace('"x"', "[" * 100_000 + "]" * 100_000)).encode(), "bill.json")
    assert refused(path)[0].startswith("bill.json")


# ---- names and values that mean harm

NAMES = ["a[b]", "[!a]", "a*", "a**", "a?", "a'b", 'a"b', "a\nb", "a\tb", "a;b", "--", "a{b,c}", "a%20b", " a ",
         "é😀", "a'); DROP TABLE x; --", "~", "$HOME", "a\\b", "year=2026", "s3:x", "x" * 240]
PATTERNS = NAMES[:6]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such names")
def test_the_name_of_a_file_is_never_read_as_anything_else(tmp_path, refused):
    bill(tmp_path, {"BilledCost": "1000000"}, name="ab.csv")  # what a pattern would find
    parts = billing.Asked((billing.Word(files=("*",), together="parts"),))
    paths = [bill(tmp_path, {"BilledCost": f"{2 ** place}"}, name=f"{name}.csv") for place, name in enumerate(NAMES)]
    paths += [parquet(tmp_path, name=f"{name}.parquet", SubAccountId=pa.array([name] * 2)) for name in PATTERNS]
    read = billing.load(paths, tmp_path / "cache", parts)
    assert billed(read) == f"{2 ** len(NAMES) - 1 + 3 * len(PATTERNS)}"
    assert sorted(set(read.files["file"])) == sorted(map(str, paths))
    bad = [bill(tmp_path, {}, {"BilledCost": "x"}, name=f"{name}.csv") for name in NAMES]
    told = {" ".join(f"{path.name}, row 2 (line 3), column BilledCost: 'x'; {NUMBER}".split()) for path in bad}
    assert {line.removeprefix(" ") for line in refused(*bad, asked=parts)} == told


@pytest.mark.skipif(sys.platform != "linux", reason="names that are not UTF-8 are Linux's")
def test_a_file_name_that_is_not_utf_8_is_refused(tmp_path, refused):
    path = Path(os.fsdecode(os.fsencode(str(tmp_path)) + b"/bill\xff.csv"))
    bill(tmp_path, {}).rename(path)
    assert refused(path) == ["bill?.csv: a file name that is not UTF-8; expected names in UTF-8; rename the file"]


VALUES = ["Robert'); DROP TABLE lines; --", '"; DROP TABLE x; --', "<script>alert(1)</script>", "=cmd|' /C calc'!A0",
          "$${x}", "a\\", "%", "_", "\u202eevil", "\x1e", "a\x1eb\x1fc", "a\nb", "? x", "😀", '{"app": "x"',
          "x" * 1_000_000]


@pytest.mark.parametrize("column", ["BillingAccountId", "ProviderName", "ServiceName", "SubAccountId", "InvoiceId"])
def test_a_value_is_kept_as_it_is_whatever_it_says(tmp_path, column):
    if column in HEADER:
        path = bill(tmp_path, *({column: value} for value in VALUES))
    else:
        path = with_column(tmp_path, column, *VALUES)
    read = billing.load([path], tmp_path / "cache")
    assert sorted(read.lines[column]) == sorted(VALUES)
    assert {row["state"] for row in [*billing.check_cube(read), *billing.check_days(read)]} == {"ok"}


def test_a_tag_is_kept_as_it_is_whatever_it_says(tmp_path):
    path = bill(tmp_path, *({"Tags": json.dumps({"app": value})} for value in VALUES))
    read = billing.load([path], tmp_path / "cache", billing.Asked(tag_keys=("app",)))
    assert sorted(json.loads(tags)["app"] for tags in read.lines["Tags"]) == sorted(VALUES)


# ---- files that come, go and change

def test_a_folder_and_a_file_that_is_not_there_are_refused(tmp_path, refused):
    rest = "expected a whole UTF-8 CSV, gzip, JSON or parquet file; export or copy the file again"
    for name in ("x.csv", "x.parquet"):
        (tmp_path / name).mkdir()
        assert refused(tmp_path / name) == [f"{name}: not readable (Is a directory); {rest}"]
        assert refused(tmp_path / f"gone-{name}") == [f"gone-{name}: not readable (No such file or directory); {rest}"]


CHANGED = ("the file changed while it was read; expected a file that stays as it is; wait until it is complete and run "
           "again; nothing half-made was kept")


def longer(path: Path) -> None:
    path.write_bytes(path.read_bytes() + path.read_bytes().splitlines(keepends=True)[1])


def another(path: Path) -> None:
    """The same size and time, other content, as a copy that keeps times leaves it."""
    other, told = path.with_name("other"), path.stat()
    other.write_bytes(path.read_bytes().replace(b",1.5,", b",9.5,"))
    os.utime(other, ns=(told.st_atime_ns, told.st_mtime_ns))
    os.replace(other, path)


STEPS = [(cache, "fingerprints"), (known, "open_source"), (survey, "survey"), (cube.Build, "_decide"), (cube, "Months"),
         (cube.files, "keep")]


@pytest.mark.parametrize("change", [longer, another])
@pytest.mark.parametrize("step", STEPS, ids=lambda step: step[1])
def test_a_file_that_changes_while_it_is_read_is_refused_and_nothing_wrong_is_kept(
        tmp_path, kept, refused, monkeypatch, step, change):
    path = bill(tmp_path, {}, {"ServiceName": f"{step[1]} {change.__name__}"})
    before = path.read_bytes()
    meanwhile(monkeypatch, step, lambda: change(path))
    assert refused(path) == [f"bill.csv: {CHANGED}"]
    path.write_bytes(before)
    assert billed(billing.load([path], kept)) == "3"


@pytest.mark.parametrize("step", [(survey, "survey"), (cube.Build, "_decide"), (overlaps, "kept"), (cube, "Months")],
                         ids=lambda step: step[1])
def test_a_file_that_vanishes_while_it_is_read_is_named(tmp_path, refused, monkeypatch, step):
    paths = [bill(tmp_path, {"BilledCost": cost, "ServiceName": step[1]}, name=f"part-{cost}.csv") for cost in "12"]
    meanwhile(monkeypatch, step, paths[1].unlink)
    assert refused(*paths) == [f"part-2.csv: {CHANGED}"]


def meanwhile(monkeypatch, step, act) -> None:
    """Lets something happen once, right before a step begins."""
    place, name = step
    begun = getattr(place, name)

    def first(*given, **named):
        monkeypatch.setattr(place, name, begun)
        act()
        return begun(*given, **named)

    monkeypatch.setattr(place, name, first)


def test_every_bad_file_is_named_in_one_run_those_of_one_shape_and_others(tmp_path, refused):
    paths = [bill(tmp_path, {"BilledCost": "a"}, name="part-1.csv"),
             bill(tmp_path, {}, {"BilledCost": "b"}, name="part-2.csv"), bill(tmp_path, {}, name="part-3.csv"),
             saved(tmp_path, b"", "part-4.csv"), parquet(tmp_path, 0, name="part-5.parquet"),
             saved(tmp_path, packed(tmp_path)[:-4], "part-6.csv.gz")]
    assert [line.split(":")[0] for line in refused(*paths)] == [
        "part-4.csv", "part-6.csv.gz", "part-1.csv, row 1 (line 2), column BilledCost",
        "part-2.csv, row 2 (line 3), column BilledCost"]


# ---- permissions

FORBIDDEN = "no permission to read it; expected a file that this user may read; give the permission, or copy the file"


@pytest.fixture
def open_folder():
    """A folder that any user may look into; pytest's own are for one user."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@contextlib.contextmanager
def someone_else():
    """What runs within it is no superuser."""
    if os.geteuid():
        yield
        return
    os.setegid(65534)
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)


@pytest.mark.skipif(os.name == "nt", reason="no mode bits on Windows")
@pytest.mark.parametrize("name", ["bill.csv", "bill.csv.gz", "bill.parquet", "bill.json"])
def test_a_file_that_may_not_be_read_is_refused(open_folder, refused, name):
    path = bill(open_folder, {}, name=name)
    path.chmod(0)
    with someone_else(), pytest.raises(InputError) as error:
        billing.load([path], open_folder / "cache")
    assert str(error.value) == f"{path}: {FORBIDDEN}"
    assert not (open_folder / "cache").exists()


@pytest.mark.skipif(os.name == "nt", reason="no mode bits on Windows")
def test_a_cache_that_may_not_be_written_is_told(open_folder):
    path = bill(open_folder, {})
    path.chmod(0o644)
    (open_folder / "cache").mkdir(mode=0o555)
    with someone_else(), pytest.raises(InputError) as error:
        billing.load([path], open_folder / "cache")
    assert str(error.value) == (f"{open_folder}/cache: Permission denied; expected a folder with room for what is "
                                "kept; free some space or give the permission, and run again")


@pytest.mark.skipif(os.name == "nt", reason="no mode bits on Windows")
def test_a_folder_above_that_may_not_be_listed_does_not_matter(open_folder):
    inner = open_folder / "closed" / "open"
    inner.mkdir(parents=True)
    path = bill(inner, {})
    path.chmod(0o644)
    billing.load([path], open_folder / "before")  # what is imported late must be there for another user, too
    (open_folder / "cache").mkdir()
    (open_folder / "cache").chmod(0o777)
    inner.parent.chmod(0o711)
    with someone_else():
        assert billed(billing.load([path], open_folder / "cache")) == "1.5"


@pytest.mark.parametrize("module", [cache, sources])
def test_a_permission_that_is_taken_away_meanwhile_is_told(tmp_path, refused, monkeypatch, module):
    path = bill(tmp_path, {"ServiceName": "taken away"})

    def closed(file, *given, **named):
        if Path(file) == path:
            raise PermissionError(13, "Permission denied", str(file))
        return open(file, *given, **named)

    monkeypatch.setattr(module, "open", closed, raising=False)
    assert refused(path) == [f"bill.csv: {FORBIDDEN}"]


# ---- a full disk

FULL = """
import resource, signal, sys
from pathlib import Path
from helpers import billing
from helpers.errors import InputError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]),) * 2)
try:
    billing.load([Path(sys.argv[1])], Path(sys.argv[1]).parent / "cache")
except InputError as wrong:
    sys.exit(f"told: {wrong}")
"""
FULL_FOLDER = ("File too large; expected a folder with room for what is kept; free some space or give the permission, "
               "and run again")
FULL_DISK = ("disk: it is full; expected room for the cost cube and what is sorted on the way; free some space and run "
             "again; nothing half-made was kept")


@pytest.mark.skipif(os.name == "nt", reason="no limits on Windows")
@pytest.mark.parametrize(("room", "told"), [(10, FULL_FOLDER), (1000, FULL_DISK), (60_000, FULL_DISK)])
def test_a_full_disk_is_told_leaves_nothing_half_made_and_the_next_run_is_right(tmp_path, room, told):
    """Files may have so many bytes: too few for the hashes, for a survey, for the lines."""
    path = bill(tmp_path, *({"ServiceName": f"{number * 7919:x}"} for number in range(6000)))
    done = subprocess.run([sys.executable, "-c", FULL, str(path), str(room)], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert done.stderr.strip().endswith(told)
    nothing_half_made(tmp_path / "cache")
    assert billed(billing.load([path], tmp_path / "cache")) == "9000"


def test_memory_that_does_not_do_is_told(tmp_path, refused):
    path = bill(tmp_path, *({"ServiceName": f"{number * 7919:x}", "Tags": f"tag {number}"} for number in range(50_000)))
    assert refused(path, asked=billing.Asked(memory="5MB")) == [
        "bill.csv: the memory set for the engine does not do; expected engine: memory in the parameters; set it "
        "higher, or let the engine be spark"]


# ---- what was kept is damaged

@pytest.mark.parametrize("damage", [lambda file: file.unlink(), lambda file: _cut(file)], ids=["gone", "cut short"])
@pytest.mark.parametrize("pattern", ["cube-*/files.parquet", "survey-*/units.parquet", "survey-*/totals.parquet",
                                     "survey-*/about.json"])
def test_what_was_kept_and_is_damaged_is_named_and_made_again_once_it_is_deleted(tmp_path, pattern, damage):
    path = bill(tmp_path, {})
    billing.load([path], tmp_path / "cache")
    for file in (tmp_path / "cache").glob(pattern):
        damage(file)
    if pattern.startswith("survey"):
        _delete(tmp_path / "cache", "cube-*", "month-*")
    with pytest.raises(InputError, match=r"/(cube|survey)-.*: what an earlier run kept cannot be read; expected what "
                                         "it left, unchanged; delete the cache folder and run again"):
        billing.load([path], tmp_path / "cache")
    _delete(tmp_path, "cache")
    assert billed(billing.load([path], tmp_path / "cache")) == "1.5"


def _cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-20])


def _delete(folder: Path, *patterns: str) -> None:
    for pattern in patterns:
        for path in folder.glob(pattern):
            shutil.rmtree(path)


@pytest.mark.parametrize("text", ["", "[]", '{"a":', "null", '"x"'])
def test_hashes_that_cannot_be_read_are_made_again(tmp_path, text):
    path = bill(tmp_path, {})
    billing.load([path], tmp_path / "cache")
    (tmp_path / "cache" / "hashes.json").write_text(text)
    assert billed(billing.load([path], tmp_path / "cache")) == "1.5"
    assert str(path) in json.loads((tmp_path / "cache" / "hashes.json").read_text())


# ---- the command line

def test_the_command_line_tells_each_bad_bill_in_a_line_and_ends_with_1(tmp_path, write):
    bill(tmp_path, {}, {"BilledCost": "12 EUR"}, name="a.csv")
    saved(tmp_path, packed(tmp_path)[:-4], "b.csv.gz")
    parameters = write("m.yaml", f"base: base.yaml\nperiod: 2026-09\ninputs:\n  billing: [{tmp_path}/a.csv, "
                                 f"{tmp_path}/b.csv.gz]\n")
    done = subprocess.run([sys.executable, "-m", "helpers", "report", "--params", str(parameters), "--out",
                           str(tmp_path / "reports")], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1
    assert [line.replace(f"{tmp_path}/", "") for line in done.stderr.splitlines()] == [
        "b.csv.gz: not readable (Compressed file ended before the end-of-stream marker was reached); expected a whole "
        "UTF-8 CSV, gzip, JSON or parquet file; export or copy the file again",
        f"a.csv, row 2 (line 3), column BilledCost: '12 EUR'; {NUMBER}"]
    nothing_half_made(ROOT / ".cache")
