"""Two versions of the program held against each other: one cent is found, what a rename explains is no difference."""

import shutil
import subprocess
from decimal import Decimal

import pytest

from benchmarks.differential import coverage, outputs, trees
from benchmarks.differential.company.make import make
from benchmarks.differential.company.traits import drawn

LINES = "owner,application,amount\nA,X,10.00\nB,Y,20.00\n"
MONTH = "company-001/2026-09"
CLOSED, SPLITS = 4, 3  # companies of seed 1: the month before is closed; cost is split among several
PLANTED = """

_exact = _largest_remainder


def _largest_remainder(cents, below, whole):
    parts = _exact(cents, below, whole)
    return [parts[0] + CENT, *parts[1:-1], parts[-1] - CENT] if len(parts) > 1 else parts
"""


@pytest.fixture
def sides(tmp_path):
    """What two runs of one company wrote: the same."""
    for side in ("old", "new"):
        folder = tmp_path / side / MONTH
        (folder / "tables").mkdir(parents=True)
        (folder / "tables" / "charges.csv").write_text(LINES)
        (folder / "stopped").mkdir()
    return tmp_path / "old", tmp_path / "new"


def put(side, text: str, name: str = "charges.csv") -> None:
    (side / MONTH / "tables" / name).write_text(text)


def found(sides, renamed=None, allowed=()) -> list[tuple]:
    """Table, column, was, is and why it may, of each difference."""
    return [tuple(one)[:2] + tuple(one)[4:] for one in outputs.compared(*sides, renamed or {}, allowed)]


def contents(folder) -> dict:
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_same_seed_writes_the_same_bytes(tmp_path):
    for name in ("one", "two"):
        make(1, 7, tmp_path / name, "x")
    assert contents(tmp_path / "one") == contents(tmp_path / "two") and len(contents(tmp_path / "one")) > 5
    make(2, 7, tmp_path / "other", "x")
    assert contents(tmp_path / "other") != contents(tmp_path / "one")


def test_what_comes_in_after_a_close_is_whole_tables_with_a_row_or_two_that_differ(tmp_path):
    company = make(1, CLOSED, tmp_path, "x")
    amended = sorted((tmp_path / company.name / "later").glob("*.csv"))
    assert company.closed and amended
    for path in amended:
        was, now = path.parent.parent.joinpath(path.name).read_text().splitlines(), path.read_text().splitlines()
        assert was[0] == now[0] and was != now and len(set(was) - set(now)) == 1


def test_two_runs_alike_do_not_differ(sides):
    assert found(sides) == []


def test_one_cent_is_found_and_told_with_its_row(sides):
    put(sides[1], LINES.replace("20.00", "20.01"))
    [one] = outputs.compared(*sides, {})
    assert (one.table, one.column, one.company, one.was, one.now) == ("charges", "amount", MONTH, "20.00", "20.01")
    assert one.where == "row 2 of 2 (B, Y, 20.01), 1 in all"
    assert outputs.told([one]) == ["differs: charges.amount in 1 company; company-001/2026-09, "
                                   "row 2 of 2 (B, Y, 20.01), 1 in all: '20.00' → '20.01'"]


def test_rows_columns_and_tables_of_one_side_alone_are_found(sides):
    put(sides[1], LINES + "C,Z,1.00\n")
    assert found(sides) == [("charges", "", "2 rows", "3 rows, 1 of them only here: C, Z, 1.00", "")]
    put(sides[1], LINES.replace("amount", "amount,more").replace(".00", ".00,1"))
    assert found(sides) == [("charges", "more", "", "a column", "")]
    put(sides[1], LINES.splitlines()[0] + "\n")
    assert found(sides) == [("charges", "", "2 rows, 2 of them only here: A, X, 10.00", "0 rows", "")]
    put(sides[1], LINES)
    put(sides[1], LINES, "new.csv")
    assert found(sides) == [("new", "", "", "there", "")]


def test_a_row_more_does_not_hide_a_cent_in_another(sides):
    put(sides[1], "owner,application,amount\nC,Z,1.00\nA,X,10.01\nB,Y,20.00\n")
    assert found(sides) == [("charges", "", "2 rows", "3 rows, 1 of them only here: C, Z, 1.00", ""),
                            ("charges", "amount", "10.00", "10.01", "")]


def test_another_order_of_rows_or_of_columns_is_a_difference(sides):
    put(sides[1], "owner,application,amount\nB,Y,20.00\nA,X,10.00\n")
    assert found(sides) == [("charges", "", "rows", "the same in another order", "")]
    put(sides[1], "application,owner,amount\nX,A,10.00\nY,B,20.00\n")
    assert found(sides) == [("charges", "", "columns owner, application, amount",
                             "in another order: application, owner, amount", "")]


def test_a_rename_explains_an_old_name_and_nothing_more(sides, tmp_path):
    file = tmp_path / "renames.csv"
    file.write_text("old_table,old_column,new_table,new_column,reason\ncharges,,charge_lines,,clearer\n"
                    "charges,owner,charge_lines,receiver,as the glossary has it\n")
    renamed = outputs.renames(file)
    put(sides[1], LINES.replace("owner", "receiver"), "charge_lines.csv")
    (sides[1] / MONTH / "tables" / "charges.csv").unlink()
    assert found(sides, renamed) == []
    put(sides[1], LINES.replace("owner", "receiver").replace("A,X", "Q,X"), "charge_lines.csv")
    assert found(sides, renamed) == [("charge_lines", "receiver", "A", "Q", "")]


def test_the_renames_that_are_kept_can_be_read():
    assert all(old and new for (old, _), (new, _) in outputs.renames().items())


def test_a_company_that_stops_on_one_side_is_told_with_its_reason_once(sides):
    put(sides[0], LINES, "tco_lines.csv")
    (sides[1] / MONTH / "stopped" / "tco.txt").write_text("crashed: KeyError: 'amount'")
    assert found(sides) == [("stopped/tco.txt", "", "", "crashed: KeyError: 'amount'", "")]
    (sides[1] / MONTH / "stopped" / "tco.txt").rename(sides[1] / MONTH / "stopped" / "report.txt")
    assert [one[0] for one in found(sides)] == ["stopped/report.txt"]
    (sides[1] / MONTH / "stopped" / "report.txt").rename(sides[1] / MONTH / "stopped" / "tco.txt")
    (sides[0] / MONTH / "stopped" / "tco.txt").write_text("refused: tco.csv: no rule")
    assert found(sides)[0] == ("stopped/tco.txt", "", "refused: tco.csv: no rule", "crashed: KeyError: 'amount'", "")


def test_what_is_expected_is_told_and_no_failure(sides, tmp_path):
    put(sides[1], LINES.replace("20.00", "20.01"))
    file = tmp_path / "expected.csv"
    file.write_text("table,column,reason\ncharges,amount,rounded otherwise\n")
    allowed = outputs.expected(file)
    assert found(sides, allowed=allowed) == [("charges", "amount", "20.00", "20.01", "rounded otherwise")]
    file.write_text("table,column,reason\ncharges,amount,\n")
    with pytest.raises(SystemExit, match="line 2: no table, column or reason"):
        outputs.expected(file)


def test_the_summary_tells_what_companies_have_and_which_tables_have_rows(sides, tmp_path):
    company = make(1, 1, tmp_path / "made", "x")
    shutil.move(sides[1] / "company-001", tmp_path / "out" / company.name)
    text = "\n".join(coverage.told([company], tmp_path / "made", tmp_path / "out"))
    assert "share of the 1 companies with" in text and f"report in {company.currency} 100%" in text
    assert "1 tables have rows" in text and "charges 1" in text and "stopped: none" in text


def test_companies_differ_in_what_they_are():
    """Of 200: each provider and lag in at least ten, a closed month in at least ten, a refused input in a few."""
    companies = [drawn(1, number) for number in range(1, 201)]
    for name in ("AWS", "Microsoft", "Google Cloud", "Datadog"):
        assert sum(any(one.name == name for one in company.providers) for company in companies) >= 10
    for lag in (0, 1, 2):
        assert sum(any(one.lag == lag for one in company.providers) for company in companies) >= 10
    assert {company.currency for company in companies} == {"USD", "EUR", "JPY"}
    assert sum(company.closed for company in companies) >= 10
    assert 2 <= sum(bool(company.fault) for company in companies) <= 20


def test_an_unknown_commit_is_refused(tmp_path):
    with pytest.raises(SystemExit, match="no-such-commit: .*; expected a commit; see git log"):
        trees.old("no-such-commit", tmp_path / "old")


def test_a_cent_planted_in_the_rounding_of_parts_is_found(tmp_path):
    """From the last part of each split to the first: every sum still ties, so no check of a pack can see it."""
    if subprocess.run(["git", "rev-parse"], cwd=trees.ROOT, capture_output=True).returncode:
        pytest.skip("no git here")
    sides = {name: trees.new(tmp_path / name) for name in ("old", "new")}
    [file] = [path for path in (sides["new"] / "helpers").rglob("*.py")
              if "\ndef _largest_remainder(" in path.read_text("utf-8")]
    file.write_text(file.read_text("utf-8") + PLANTED, encoding="utf-8")
    [company] = trees.settled(sides.values(), [SPLITS], seed=1)
    trees.run(sides, [company], tmp_path, jobs=2, pages=False, steps=["chargeback"])
    found = outputs.compared(tmp_path / "out-old", tmp_path / "out-new", {})
    [cent] = [one for one in found if (one.table, one.column) == ("chargeback_owners", "amount")]
    assert cent.company == f"{company.name}/{company.period}"
    assert abs(Decimal(cent.now) - Decimal(cent.was)) == Decimal("0.01")
    assert {one.table.split("_")[0] for one in found} == {"chargeback"}


def test_a_notebook_that_no_tree_has_is_no_run_without_differences(tmp_path):
    tree = tmp_path / "new"
    (tree / "notebooks").mkdir(parents=True)
    (tree / "notebooks" / "tco.ipynb").write_text('{"cells": []}')
    with pytest.raises(SystemExit, match="new: stopped after no company: no notebook tcoo; there are tco"):
        trees.run({"new": tree}, [drawn(1, 1)], tmp_path, jobs=1, pages=False, steps=["tcoo"])
