"""Closed months: kept once, never changed, and a later run that differs says what, by how much and for whom."""

import json

import pytest

from helpers import kept
from helpers.errors import InputError


def pack(folder, *lines: str):
    (folder / "tables").mkdir(parents=True, exist_ok=True)
    (folder / "tables" / "chargeback_residuals.csv").write_text("pool,amount,method\n" + "".join(line + "\n" for line in lines))
    (folder / "manifest.json").write_text(json.dumps({"inputs": [{"file": "a.csv", "sha256": "1"}], "parameters": {}}))
    return folder


def test_an_open_month_has_nothing_to_compare(tmp_path):
    assert kept.compare("2026-09", pack(tmp_path / "pack", "A,1.50,x"), tmp_path / "kept") == []


def test_the_same_month_again_is_as_it_was_closed(tmp_path):
    first = pack(tmp_path / "pack", "A,1.50,x")
    kept.close("2026-09", first, tmp_path / "kept")
    [check] = kept.compare("2026-09", first, tmp_path / "kept")
    assert check["state"] == "ok"
    told = json.loads((tmp_path / "kept/2026-09/closed/closed.json").read_text())
    assert told["inputs"] == [{"file": "a.csv", "sha256": "1"}] and list(told["files"]) == ["tables/chargeback_residuals.csv"]


def test_a_month_that_changed_says_was_is_difference_and_who(tmp_path):
    kept.close("2026-09", pack(tmp_path / "pack", "A,1.50,x", "B,2.00,y"), tmp_path / "kept")
    again = pack(tmp_path / "again", "A,1.75,x", "B,2.00,y", "C,0.10,z")
    [check] = kept.compare("2026-09", again, tmp_path / "kept")
    assert (check["state"], str(check["amount"])) == ("finding", "0.35")
    assert (again / "tables" / "restatement.csv").read_text() == (
        "table,column,was,is,difference,moved,lines_was,lines_is,affected\n"
        "chargeback_residuals.csv,amount,3.5,3.85,0.35,0.35,2,3,A 0.25; C 0.1\n")
    assert (tmp_path / "kept/2026-09/closed/tables/chargeback_residuals.csv").read_text().count("\n") == 3


def test_cost_that_changed_owner_is_told_though_the_sum_is_the_same(tmp_path):
    kept.close("2026-09", pack(tmp_path / "pack", "A,10.00,x", "B,2.00,y"), tmp_path / "kept")
    again = pack(tmp_path / "again", "A,6.00,x", "B,6.00,y")
    [check] = kept.compare("2026-09", again, tmp_path / "kept")
    assert (check["state"], str(check["amount"])) == ("finding", "4")
    assert (again / "tables" / "restatement.csv").read_text().splitlines()[1] == (
        "chargeback_residuals.csv,amount,12,12,0,4,2,2,A -4; B 4")


def test_a_table_whose_words_changed_is_told_too(tmp_path):
    kept.close("2026-09", pack(tmp_path / "pack", "A,1.50,x"), tmp_path / "kept")
    [check] = kept.compare("2026-09", pack(tmp_path / "again", "A,1.50,other"), tmp_path / "kept")
    assert (check["state"], check["note"]) == ("finding", "1 table differs: chargeback_residuals.csv; see tables/restatement.csv")


def test_a_closed_month_cannot_be_closed_again(tmp_path):
    first = pack(tmp_path / "pack", "A,1.50,x")
    kept.close("2026-09", first, tmp_path / "kept")
    with pytest.raises(InputError, match="2026-09 is closed already; expected a month that is open; book what changed"):
        kept.close("2026-09", first, tmp_path / "kept")
