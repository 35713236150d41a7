"""Tables as files: every digit, the same bytes, and no text that a spreadsheet would run."""

import json
import re
import zipfile
from decimal import Decimal
from fractions import Fraction

import pandas as pd
import pyarrow.parquet as parquet
import pytest

from helpers import checks, publish

NO_CHECKS = checks.collect()


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ('=HYPERLINK("http://x")', '\'=HYPERLINK("http://x")'),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("  =1", "'  =1"),
        ("\t=1", "'\t=1"),
        ("\tx", "'\tx"),
        ("\rx", "'\rx"),
        ("\uff1d1", "'\uff1d1"),
        ("a;=1", "a;'=1"),
        ("a\n=1", "a\n'=1"),
        ("team-a", "team-a"),
        ("a=b", "a=b"),
        ("0123", "0123"),
        ("NA", "NA"),
        ("", ""),
    ],
)
def test_guard_puts_an_apostrophe_before_what_a_spreadsheet_would_run(text, written):
    assert publish.guard(text) == written


def test_csv_holds_every_digit_and_leaves_negative_numbers_alone():
    frame = pd.DataFrame(
        {
            "=name": ["=1+1", "a,b", 'say "x"'],
            "amount": [Decimal("-5.10"), Decimal("1E+3"), Decimal("0.0000000000000000000000000001")],
            "lines": [1, -2, 0],
            "flag": [True, False, True],
        }
    )
    assert publish.to_csv(frame) == (
        "'=name,amount,lines,flag\n"
        "'=1+1,-5.10,1,yes\n"
        '"a,b",1000,-2,no\n'
        '"say ""x""",0.0000000000000000000000000001,0,yes\n'
    )


def test_csv_writes_missing_amounts_as_nothing_and_minus_zero_as_zero():
    assert (
        publish.to_csv(pd.DataFrame({"amount": [None, Decimal("-0.00")], "name": ["a", None]}))
        == "amount,name\n,a\n0.00,\n"
    )


def test_parquet_holds_text_unchanged_and_amounts_exactly(tmp_path):
    frame = pd.DataFrame(
        {
            "tag": ["=1", "NA"],
            "amount": [Decimal("12345678901234567890.12"), Decimal("0.000000000000000001")],
            "split": [Fraction(1, 3), Fraction(1, 4)],
            "lines": [3, 4],
            "gap": [None, None],
        }
    )
    publish.save(tmp_path, "mapping", {"lines": frame}, NO_CHECKS)
    table = parquet.read_table(tmp_path / "tables" / "mapping_lines.parquet")
    assert table.column("tag").to_pylist() == ["=1", "NA"]
    assert table.column("amount").to_pylist() == [Decimal("12345678901234567890.12"), Decimal("1E-18")]
    assert str(table.schema.field("amount").type) == "decimal128(38, 18)"
    assert table.column("split").to_pylist()[1] == Decimal("0.25")
    assert table.column("gap").to_pylist() == [None, None]


def test_a_table_without_rows_is_published_with_its_head(tmp_path):
    publish.save(tmp_path, "tco", {"lines": pd.DataFrame(columns=["application", "amount"])}, NO_CHECKS)
    assert (tmp_path / "tables" / "tco_lines.csv").read_text() == "application,amount\n"
    assert parquet.read_table(tmp_path / "tables" / "tco_lines.parquet").column_names == ["application", "amount"]


def test_checks_come_back_exactly_with_their_page(tmp_path):
    rows = checks.collect(
        checks.same("tie", Decimal("20.52022672899"), Decimal("20.52022672899")),
        checks.finding("open", Decimal("-1.10"), "Head of Freight", "=note"),
    )
    publish.save(tmp_path, "tco", {}, rows)
    assert json.loads((tmp_path / "checks" / "tco.json").read_text())[0]["got"] == "20.52022672899"
    back = publish.read_checks(tmp_path, ["mapping", "tco"])
    assert back["page"].tolist() == ["tco", "tco"]
    assert back[checks.COLUMNS].values.tolist() == rows.values.tolist()


def test_a_table_name_cannot_leave_the_folder(tmp_path):
    with pytest.raises(ValueError, match="lower-case"):
        publish.save(tmp_path, "tco", {"../x": pd.DataFrame()}, NO_CHECKS)


def sheets(path) -> dict[str, str]:
    with zipfile.ZipFile(path) as book:
        return {name: book.read(name).decode() for name in book.namelist()}


def test_workbook_holds_text_as_text_and_amounts_as_numbers(tmp_path):
    hostile = ['=HYPERLINK("http://x")', "+1", "-1", "@x", "\tx", "http://x.example/", "0123"]
    frame = pd.DataFrame({"tag": hostile, "amount": [Decimal("-1.005")] * 7})
    publish.save(tmp_path, "mapping", {"lines": frame}, NO_CHECKS)
    publish.bind(tmp_path)
    parts = sheets(tmp_path / "tables.xlsx")
    sheet = parts["xl/worksheets/sheet2.xml"]
    assert "<f>" not in "".join(parts.values()) and "hyperlink" not in sheet.lower()
    cells = re.findall(r'<c r="([A-Z]+[0-9]+)"[^>]*?( t="s")?><v>([^<]*)</v>', sheet)
    assert [kind for place, kind, _ in cells if place[0] == "A"] == [' t="s"'] * 8  # the head and seven texts
    assert [value for place, _, value in cells if place[0] == "B"][1:] == ["-1.005"] * 7
    assert "0123" in parts["xl/sharedStrings.xml"] and "=HYPERLINK" in parts["xl/sharedStrings.xml"]
    assert 'quotePrefix="1"' in parts["xl/styles.xml"]


def test_workbook_names_a_table_too_long_for_a_sheet(tmp_path):
    publish.save(
        tmp_path,
        "mapping",
        {"lines": pd.DataFrame({"n": range(publish.SHEET_ROWS + 1)}), "few": pd.DataFrame({"n": [1]})},
        NO_CHECKS,
    )
    publish.bind(tmp_path)
    parts = sheets(tmp_path / "tables.xlsx")
    assert "see CSV: tables/mapping_lines.csv" in parts["xl/sharedStrings.xml"]
    assert re.findall(r'sheet name="([^"]*)"', parts["xl/workbook.xml"]) == ["Contents", "mapping_few"]


def test_sheets_of_alike_long_names_are_told_apart(tmp_path):
    names = {
        "a_very_long_table_name_of_lines_one": pd.DataFrame({"n": [1]}),
        "a_very_long_table_name_of_lines_two": pd.DataFrame({"n": [1]}),
    }
    publish.save(tmp_path, "mapping", names, NO_CHECKS)
    publish.bind(tmp_path)
    listed = re.findall(r'sheet name="([^"]*)"', sheets(tmp_path / "tables.xlsx")["xl/workbook.xml"])
    assert len({name.lower() for name in listed}) == 3 and max(map(len, listed)) <= 31


def test_files_are_the_same_bytes_every_time(tmp_path):
    frame = pd.DataFrame({"tag": ["a"], "amount": [Decimal("1.5")]})
    for folder in ("one", "two"):
        publish.save(tmp_path / folder, "tco", {"lines": frame}, checks.collect(checks.holds("x", True)))
        publish.bind(tmp_path / folder)
    files = [path.relative_to(tmp_path / "one") for path in (tmp_path / "one").rglob("*") if path.is_file()]
    assert len(files) == 4
    assert all((tmp_path / "one" / path).read_bytes() == (tmp_path / "two" / path).read_bytes() for path in files)


def test_a_whole_number_beside_a_blank_is_written_whole(tmp_path):
    """pandas makes floats of whole numbers beside a blank; the codebook says which columns are whole."""
    frame = pd.DataFrame({"kind": ["direct", "direct"], "line_count": [2.0, None]})
    publish.save(tmp_path, "chargeback", {"sources": frame}, checks.collect())
    assert (tmp_path / "tables/chargeback_sources.csv").read_text() == "kind,line_count\ndirect,2\ndirect,\n"
