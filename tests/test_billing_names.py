"""Whatever a column is called: names with spaces, dots, brackets, quotes, umlauts, digits first, words of SQL."""

import csv
import gzip
import json

import pyarrow as pa
import pytest

from helpers import __main__ as command
from helpers import billing, walk
from helpers.errors import InputError
from helpers.money import plain, total
from tests import company
from tests.test_billing import billed
from tests.test_billing_spelling import AWS, FOCUS, OCI
from tests.test_billing_spelling import written as write_rows

NAMES = ["Net amount", "a.b.c", "cost [EUR]", "Kosten (ä, ß) €", "it's", 'say "so"', "2026", "1st", "select", "ORDER", "a;b", "a\\b",
         "tab\tname", "%s {x}", "BilledCost", "given_BilledCost", "null", "file", "row", "print", "start", "item", "*", "$.a",
         "-- x", "`tick`", "日本", "a  b", "x/y?"]
ROLES = {"BilledCost": "1.5", "BillingPeriodStart": "2026-09-01", "ServiceName": "S", "Tags": '{"app": "a"}',
         "ConsumedQuantity": "3", "SubAccountId": "t"}
GIVEN = {"ProviderName": "X", "BillingCurrency": "USD"}
ENDS = ("csv", "csv.gz", "parquet", "json")


def written(path, *rows: dict):
    """The rows as the kind of file that the name asks for, values as texts."""
    if path.name.endswith(".gz"):
        with gzip.open(path, "wt", newline="", encoding="utf-8") as file:
            table = csv.DictWriter(file, list(rows[0]), delimiter="|")
            table.writeheader()
            table.writerows(rows)
        return path
    return write_rows(path, list(rows))


def read(path, columns: dict, **asked) -> billing.Cube:
    """The cube of a table whose columns the parameters name."""
    word = billing.Word(("*",), format="table", columns=columns, values=GIVEN)
    return billing.load([path], path.parent / "cache", billing.Asked((word,), **asked))


@pytest.mark.parametrize("place, name", list(enumerate(NAMES)), ids=NAMES)
def test_a_column_of_any_name_can_be_named_in_the_parameters(tmp_path, place, name):
    role, end = list(ROLES)[place % len(ROLES)], ENDS[place % len(ENDS)]
    columns = {each: name if each == role else f"col {each}" for each in ROLES}
    row = {columns[each]: value for each, value in ROLES.items()}
    cube = read(written(tmp_path / f"bill.{end}", row, row), columns)
    assert (billed(cube), plain(total(cube.lines["ConsumedQuantity"]))) == ("3", "6")
    assert cube.lines[["ServiceName", "billing_period", "Tags", "SubAccountId"]].values.tolist() == [["S", "2026-09", '{"app":"a"}', "t"]]


@pytest.mark.parametrize("end", ENDS)
def test_all_columns_may_have_such_names_at_once_and_each_is_the_one_that_is_named(tmp_path, end):
    columns = dict(zip(ROLES, ("a b", "a.b", "a_b", "a", 'a"b', "[a] b"), strict=True))
    row = {"ab": "9", **{columns[each]: value for each, value in ROLES.items()}, "b": "9", "a.b.c": "9"}
    cube = read(written(tmp_path / f"bill.{end}", row), columns)
    assert billed(cube) == "1.5" and cube.lines[["ServiceName", "SubAccountId"]].values.tolist() == [["S", "t"]]


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("name", ["Net amount [€]", 'say "so"', "2026.total", "select"])
def test_a_bad_value_is_told_with_its_column_as_it_is_written(tmp_path, name, end):
    columns = {"BilledCost": name, "BillingPeriodStart": "the month", "ServiceName": "svc"}
    path = written(tmp_path / f"bill.{end}", {name: "1", "the month": "2026-09", "svc": "S"},
                   {name: "1.2.3", "the month": "2026-09", "svc": "S"})
    with pytest.raises(InputError) as error:
        read(path, columns)
    line = " (line 3)" if "csv" in end else ""
    assert str(error.value) == f"{path}, row 2{line}, column {name}: '1.2.3'; expected a plain number, such as 1234.50; mend the export"


def test_a_bad_month_is_told_with_its_column_as_it_is_written(tmp_path):
    path = written(tmp_path / "bill.csv", {"a [€]": "1", "der Monat (ä)": "soon", "svc": "S"})
    with pytest.raises(InputError, match=r"bill.csv, row 1 \(line 2\), column der Monat \(ä\): 'soon'; expected a date"):
        read(path, {"BilledCost": "a [€]", "BillingPeriodStart": "der Monat (ä)", "ServiceName": "svc"})


def test_a_name_that_is_not_there_is_told_as_it_is_typed(tmp_path):
    path = written(tmp_path / "bill.csv", {"Net amount (€)": "1", "m": "2026-09", "s": "S"})
    with pytest.raises(InputError) as error:
        read(path, {"BilledCost": "net amount (€)", "BillingPeriodStart": "m", "ServiceName": "s"})
    assert str(error.value) == (f'{path}: no column "net amount (€)", which the parameters name for BilledCost; expected one of its 3 '
                                "columns; write Net amount (€)")


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_names_in_quotes_do_not_tell_what_stands_between_fields(tmp_path, delimiter):
    path = tmp_path / "bill.csv"
    path.write_text(f'"net, in, EUR; gross|x\t""y"", z"{delimiter}m{delimiter}s\n1.5{delimiter}2026-09{delimiter}S\n', encoding="utf-8")
    columns = {"BilledCost": 'net, in, EUR; gross|x\t"y", z', "BillingPeriodStart": "m", "ServiceName": "s"}
    assert billed(read(path, columns)) == "1.5"


def test_a_focus_file_takes_a_column_of_any_name_as_well(tmp_path):
    path = written(tmp_path / "bill.csv", {**FOCUS, "Größe [1.0] \"x\"": "team 1"})
    word = billing.Word(("*",), columns={"SubAccountId": "Größe [1.0] \"x\""})
    assert billing.load([path], tmp_path / "cache", billing.Asked((word,))).lines["SubAccountId"].tolist() == ["team 1"]


@pytest.mark.parametrize("name", ["the cost", 'the "cost"', "kösten"])
def test_a_json_number_of_too_many_digits_is_told_under_any_name(tmp_path, name):
    path = tmp_path / "bill.json"
    path.write_text(json.dumps({name: 0, "m": "2026-09", "s": "S"}).replace(": 0,", ": 1234567890.123456789012,"), encoding="utf-8")
    with pytest.raises(InputError, match="bill.json, line 1: an amount of more than 17 digits as a JSON number"):
        read(path, {"BilledCost": name, "BillingPeriodStart": "m", "ServiceName": "s"})


@pytest.mark.parametrize("key", ["my app", "a.b", "*", "a*b", "it's", 'say "so"', "[x]", "Ä", "select", "1st", "a\\b", "a,b", "$", "#",
                                 "tag_0", "type"])
@pytest.mark.parametrize("row, column", [(AWS, "resourceTags/user:{}"), (OCI, "tags/{}"), (FOCUS, "")], ids=["AWS", "OCI", "FOCUS"])
def test_a_tag_key_of_any_name_is_kept(tmp_path, row, column, key):
    told = {column.format(key): "v w"} if column else {"Tags": json.dumps({key: "v w"}, ensure_ascii=False)}
    path = written(tmp_path / "bill.csv", {**row, **told})
    for keys in ((key,), ()):
        [kept] = billing.load([path], tmp_path / "cache", billing.Asked(tag_keys=keys)).lines["Tags"]
        assert json.loads(kept) == {key: "v w"}


def test_a_tag_cannot_be_made_of_signs_in_the_value_of_another(tmp_path):
    path = written(tmp_path / "bill.csv", {**AWS, "resourceTags/user:a": "x\x1eapp\x1fmine"})
    [kept] = billing.load([path], tmp_path / "cache", billing.Asked()).lines["Tags"]
    assert json.loads(kept) == {"a": "x app mine"}


@pytest.mark.parametrize("end", ENDS)
def test_the_rows_behind_a_line_have_the_files_own_names_and_none_is_lost(tmp_path, end):
    columns = {"BilledCost": 'a "b"', "BillingPeriodStart": "row", "ServiceName": "file", "SubAccountId": "a.b"}
    path = written(tmp_path / f"bill.{end}", {columns[each]: ROLES[each] for each in columns})
    cube = read(path, columns)
    asked = billing.Asked((billing.Word(("*",), format="table", columns=columns, values=GIVEN),))
    [row] = walk.drill.rows(cube, cube.lines.iloc[0].to_dict(), asked).to_dict("records")
    assert row == {"file": str(path), "row": 1, 'a "b"': "1.5", "row (in the file)": "2026-09-01", "file (in the file)": "S", "a.b": "t"}


def test_the_command_reads_a_foreign_export_of_such_names(tmp_path, capsys):
    folder = tmp_path / "Müller & Söhne"
    path = company.write(folder)
    written(folder / "hosting.csv", {"Betrag (netto) [USD]": "12.50", "1. Monat": "2026-09-01", "it's \"what\"": "Hosting", "select": "9"})
    text = path.read_text(encoding="utf-8").replace(f'["{folder}/bill.csv"]', f'["{folder}/bill.csv", "{folder}/hosting.csv"]')
    path.write_text(text + f"""billing:
  - files: ["*/hosting.csv"]
    format: table
    columns: {{BilledCost: "Betrag (netto) [USD]", BillingPeriodStart: 1. Monat, ServiceName: 'it''s "what"', ListCost: select}}
    values: {{ProviderName: "O'Host", BillingCurrency: USD}}
""", encoding="utf-8")
    cube = walk.open(str(path)).cube
    lines = cube.lines[cube.lines["ProviderName"] == "O'Host"]
    assert plain(total(lines["BilledCost"])) == "12.5" and lines["ServiceName"].tolist() == ["Hosting"]
    wrong = path.with_name("wrong.yaml")
    wrong.write_text(path.read_text(encoding="utf-8").replace("Betrag (netto)", "Betrag (brutto)"), encoding="utf-8")
    assert command.main(["report", "--params", str(wrong), "--out", str(tmp_path / "out")]) == 1
    assert capsys.readouterr().err.strip() == (
        f'{folder}/hosting.csv: no column "Betrag (brutto) [USD]", which the parameters name for BilledCost; expected one of its 4 '
        "columns; write Betrag (netto) [USD]")
