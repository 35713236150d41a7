"""A whole pack from hostile inputs: what engineers can type in tags and names shows as text and stays harmless."""

import csv
import json
import zipfile

import pytest

from helpers import batch, params, report
from tests.test_browser import HOSTILE

COLUMNS = ["BillingPeriodStart", "ChargePeriodStart", "ProviderName", "ServiceName", "ChargeCategory", "BillingCurrency",
           "BilledCost", "EffectiveCost", "SubAccountId", "SubAccountName", "Tags"]


def bill(path):
    """One line a hostile text, which stands in service, account and tags; in one month of one provider."""
    rows = [["2026-09-01", "2026-09-02", "AWS", text, "Usage", "USD", str(place), str(place), text, text,
             json.dumps({"app": text, "owner": text, text: text})] for place, text in enumerate(HOSTILE, 1)]
    with open(path, "w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([COLUMNS, *rows])


@pytest.fixture(scope="module")
def pack(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hostile")
    bill(folder / "bill.csv")
    asked = f"base: base.yaml\nperiod: 2026-09\ncompany: '{HOSTILE[0]}'\ninputs:\n  billing: {folder / 'bill.csv'}\n"
    (folder / "month.yaml").write_text(asked, encoding="utf-8")
    ended = report.publish(params.load(folder / "month.yaml"), folder / "out", 2, False, False)
    assert (ended.state, ended.error) == ("finding", "")
    return ended.index.parent


@pytest.mark.parametrize("name", ["index", *batch.STEPS])
def test_no_page_of_a_hostile_bill_runs_or_fetches_anything(pack, visit, name):
    screen = visit(pack / f"{name}.html")
    assert screen.evaluate("window.ran") is None and screen.popped == [] and screen.said == []
    assert screen.asked == [(pack / f"{name}.html").as_uri()]
    assert screen.evaluate("document.querySelectorAll('script, iframe, img, object, meta[http-equiv=refresh]').length") == 0
    assert screen.evaluate("document.documentElement.scrollWidth") == 1280


def test_hostile_services_are_listed_as_they_were_typed(pack, visit):
    shown = " ".join(visit(pack / "mapping.html").inner_text("body").split())
    assert "<script>window.ran = 1; alert(1)</script>" in shown and "$$ \\frac{1}{2} $$" in shown


def test_no_cell_of_a_csv_file_is_a_formula(pack):
    cells = [cell for table in (pack / "tables").glob("*.csv") for row in csv.reader(open(table, encoding="utf-8"))
             for cell in row]
    assert "'=HYPERLINK(\"http://evil.example/\",\"x\")" in cells
    assert not [cell for cell in cells if cell.lstrip().startswith(("=", "+", "@")) or cell.startswith(("\t", "\r"))]


def test_no_cell_of_the_workbook_is_a_formula_or_a_link(pack):
    with zipfile.ZipFile(pack / "tables.xlsx") as book:
        sheets = [book.read(name).decode() for name in book.namelist() if name.startswith("xl/worksheets/")]
    assert sheets and not [sheet for sheet in sheets if "<f>" in sheet or "<hyperlink" in sheet]


def test_no_statement_of_a_hostile_owner_runs_fetches_or_leaves_its_folder(pack, visit):
    folders = sorted((pack / "statements").iterdir())
    assert len(folders) >= len(HOSTILE) // 2 and all(folder.name.replace("-", "").isalnum() for folder in folders)
    for folder in folders:
        assert sorted(path.name for path in folder.iterdir()) == ["statement.csv", "statement.html", "statement.xlsx"]
        screen = visit(folder / "statement.html")
        assert screen.evaluate("window.ran") is None and screen.popped == [] and screen.said == []
        assert screen.asked == [(folder / "statement.html").as_uri()]
        assert screen.evaluate("document.querySelectorAll('script, iframe, img, object, meta[http-equiv=refresh]').length") == 0
        assert screen.evaluate("document.documentElement.scrollWidth") == 1280
        cells = [cell for row in csv.reader(open(folder / "statement.csv", encoding="utf-8")) for cell in row]
        assert not [cell for cell in cells if cell.lstrip().startswith(("=", "+", "@")) or cell.startswith(("\t", "\r"))]
        with zipfile.ZipFile(folder / "statement.xlsx") as book:
            assert not any(b"<f>" in book.read(name) or b"<hyperlink" in book.read(name) for name in book.namelist())
