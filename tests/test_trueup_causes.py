"""Why a closed month would be charged otherwise: each cent of a true-up stands with the row that moved it."""

import csv
import json
import shutil
from decimal import Decimal as D

from helpers import chargeback, codebook, kept, report, statements
from helpers.compare import closed_months, sides
from tests.closing import Company
from tests.tables import cells

AUG, SEP, OCT = "2026-08", "2026-09", "2026-10"
SHOWN = ("number", "kind", "place", "owner", "amount", "posts")


def causes(month) -> list[tuple]:
    """The table without the folder that the company lies in."""
    table = closed_months.trueup_causes(month)
    return cells(table.assign(place=[text.rpartition("/")[2] for text in table["place"]]), *SHOWN)


def new_owner(company) -> None:
    company.write("cmdb.csv", "application,name,kind,service_owner,cost_centre,status\nA,A,application,Owner X,CA,live\n"
                              "B,B,application,Owner B,CB,live\n")


def test_a_month_that_came_since_is_no_cause(company):
    assert closed_months.trueup_causes(company.month(SEP)) is None


def test_a_true_up_is_put_to_the_row_that_moved_it_among_all_that_came_since(company):
    new_owner(company)
    assert causes(company.month(SEP)) == [
        (1, "rows", "cmdb.csv, line 2: service_owner", "Owner A", "-100", True),
        (1, "rows", "cmdb.csv, line 2: service_owner", "Owner X", "100", True)]


def test_notes_that_people_keep_beside_the_closed_months_move_no_charge_and_are_no_obstacle(write, tmp_path):
    noted = Company(write, tmp_path)
    noted.bill(AUG, "100.00", "50.00")
    noted.book(AUG, "150.00")
    kept_in = noted.month(AUG).params.resolve(noted.month(AUG).params.kept)
    kept_in.mkdir(parents=True, exist_ok=True)
    (kept_in / "open_items.csv").write_text("ProviderName,first_seen,bucket,owner,note,cleared_in\n"
                                            "AWS,2026-08,unexplained,Owner B,asked,\n")
    (kept_in / "forecast_picks.csv").write_text("picked_from,figure,note,owner\n2026-08,ols,agreed,Owner B\n")
    noted.close(AUG)
    noted.bill(SEP, "110.00", "55.00")
    noted.book(SEP, "165.00")
    new_owner(noted)
    assert causes(noted.month(SEP)) == [
        (1, "rows", "cmdb.csv, line 2: service_owner", "Owner A", "-100", True),
        (1, "rows", "cmdb.csv, line 2: service_owner", "Owner X", "100", True)]


def test_a_bill_that_was_exported_again_is_told_line_by_line(company):
    company.bill(AUG, "90.00", "60.00")
    where = "AWS bill of 2026-08: BilledCost, EffectiveCost"
    assert [row for row in causes(company.month(SEP)) if row[3]] == [  # what no bill explains moves the other way, with nobody
        (1, "rows", where, "Owner A", "-10", True), (2, "rows", where, "Owner B", "10", True)]


def test_what_was_posted_since_is_taken_off_and_the_sums_are_what_is_posted_now(company):
    new_owner(company)
    company.close(SEP)
    company.bill(OCT, "1.00", "2.00")
    company.book(OCT, "3.00")
    company.bill(AUG, "90.00", "60.00")
    month = company.month(OCT)
    table = closed_months.trueup_causes(month)
    assert set(table["of_month"]) == {AUG}
    earlier = table[table["kind"] == closed_months.BEFORE]
    assert cells(earlier, "owner", "amount") == [("Owner A", "100"), ("Owner X", "-100")]
    sums = {owner: sum(rows["amount"], D(0)) for owner, rows in table.groupby("owner")}
    trued = {owner: sum(rows["amount"], D(0)) for owner, rows in month.trueup.groupby("owner")}
    assert {owner: amount for owner, amount in sums.items() if amount} == trued == {"Owner B": D(10), "Owner X": D(-10)}


def test_a_closed_month_without_its_inputs_says_that_no_row_can_be_named(company, tmp_path, monkeypatch):
    """As versions before 0.2.0 closed it."""
    new_owner(company)
    folder = company.folder / "kept" / AUG / "closed"
    shutil.rmtree(folder / sides.KEPT_INPUTS)
    told = json.loads((folder / "closed.json").read_text())
    told["files"] = {name: mark for name, mark in told["files"].items() if not name.startswith(f"{sides.KEPT_INPUTS}/")}
    (folder / "closed.json").write_text(json.dumps(told))
    monkeypatch.setattr(closed_months.command.sides.walk, "CACHE", tmp_path / "none")
    assert causes(company.month(SEP)) == [(1, "not at hand", "not at hand", "Owner A", "-100", True),
                                          (1, "not at hand", "not at hand", "Owner X", "100", True)]


def test_a_closed_month_that_cannot_be_read_is_no_reason_to_stop(company):
    new_owner(company)
    told = company.folder / "kept" / AUG / "closed" / "closed.json"
    told.write_text(told.read_text().replace('"cost_basis": "amortised"', '"cost_basis": "amortized"'))
    table = closed_months.trueup_causes(company.month(SEP))
    assert table["kind"].tolist()[0] == "not at hand" and "closed.json" in table["cause"].tolist()[0]


def test_an_owner_reads_place_and_own_amount_and_nobody_elses_name(company, tmp_path):
    new_owner(company)
    month = company.month(SEP)
    statements.publish(month.statements, month.terms, tmp_path / "pack", closed_months.trueup_causes(month))
    page = (tmp_path / "pack/statements/owner-x/statement.html").read_text()
    assert "True-ups of closed months beside it, and what changed" in page and "cmdb.csv, line 2: service_owner" in page
    assert "Owner A" not in page and "Owner B" not in page
    assert "True-ups of closed months" not in (tmp_path / "pack/statements/owner-b/statement.html").read_text()


def test_what_is_not_posted_stands_in_no_statement(company, tmp_path, monkeypatch):
    new_owner(company)
    monkeypatch.setattr(report.kept, "told", lambda *_: {"inputs": [], "workbook": {}})
    month = company.month(SEP)
    found = closed_months.trueup_causes(month)
    assert not found["posts"].any()
    statements.publish(month.statements, month.terms, tmp_path / "pack", found)
    assert "True-ups of closed months" not in (tmp_path / "pack/statements/owner-x/statement.html").read_text()


def test_a_closed_month_run_again_names_what_would_be_charged_otherwise_and_keeps_its_own_table(company):
    new_owner(company)
    company.close(SEP)
    company.bill(SEP, "99.00", "66.00")
    month = company.month(SEP)
    kept_table = closed_months.trueup_causes(month)
    assert cells(kept_table, "owner", "amount") == [("Owner A", "-100"), ("Owner X", "100")]
    again = closed_months.restatement_causes(month.params)
    assert cells(again.groupby("owner", as_index=False)["amount"].sum(), "owner", "amount") == [
        ("", "0"), ("Owner B", "11"), ("Owner X", "-11")]


def test_the_tables_have_the_columns_of_the_codebook(company):
    new_owner(company)
    pack = company.pack(SEP)
    header = next(csv.reader((pack / "tables" / "chargeback_trueup_causes.csv").open(encoding="utf-8")))
    assert header == [column.name for column in codebook.columns("chargeback_trueup_causes", "output")]
    assert closed_months.COLUMNS == [column.name for column in codebook.columns("restatement_causes", "output")]


def test_the_page_sums_a_cause_by_whom_it_moves(company):
    new_owner(company)
    told = chargeback.trueup_causes(closed_months.trueup_causes(company.month(SEP)))
    assert cells(told, "who", "amount", "of_month") == [("Owner A", "-100", AUG), ("Owner X", "100", AUG)]


def test_a_month_is_closed_with_its_inputs_and_the_cube_of_its_bills(company):
    folder = kept.closed(AUG, company.folder / "kept")
    assert (folder / sides.KEPT_CUBE / "lines.parquet").is_file() and len(list((folder / sides.KEPT_INPUTS).iterdir())) > 5
    for path in company.folder.glob("*.csv"):
        path.unlink()
    side = sides.of(folder)
    assert side.lost == () and len(side.tables["ledger"].rows) == 1 and len(side.cube.lines) == 2
