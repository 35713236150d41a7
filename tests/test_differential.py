"""The harness that holds two versions of the program against each other: it finds one cent, and what a rename explains is none."""

import shutil

import pytest

from benchmarks.differential import outputs
from benchmarks.differential.company.make import make

LINES = "owner,application,amount\nA,X,10.00\nB,Y,20.00\n"


@pytest.fixture
def sides(tmp_path):
    """What two runs of one company wrote: the same."""
    for side in ("old", "new"):
        folder = tmp_path / side / "company-001" / "2026-09"
        (folder / "tables").mkdir(parents=True)
        (folder / "tables" / "charges.csv").write_text(LINES)
        (folder / "stopped").mkdir()
    return tmp_path / "old", tmp_path / "new"


def put(side, text: str, name: str = "charges.csv") -> None:
    (side / "company-001" / "2026-09" / "tables" / name).write_text(text)


def found(sides, renamed=None, allowed=()) -> list[tuple]:
    return [tuple(one)[:2] + tuple(one)[4:] for one in outputs.compared(*sides, renamed or {}, allowed)]


def test_the_same_seed_writes_the_same_bytes(tmp_path):
    for name in ("one", "two"):
        make(1, 7, tmp_path / name, "x")
    one, two = ({path.relative_to(tmp_path / name): path.read_bytes() for path in (tmp_path / name).rglob("*") if path.is_file()}
                for name in ("one", "two"))
    assert one == two and len(one) > 5
    make(2, 7, tmp_path / "other", "x")
    assert {path.relative_to(tmp_path / "other") for path in (tmp_path / "other").rglob("*")} != set(one)


def test_two_runs_alike_do_not_differ(sides):
    assert found(sides) == []


def test_one_cent_is_found_and_told_with_its_row(sides):
    put(sides[1], LINES.replace("20.00", "20.01"))
    [one] = outputs.compared(*sides, {})
    assert (one.table, one.column, one.company, one.was, one.now) == ("charges", "amount", "company-001/2026-09", "20.00", "20.01")
    assert one.where == "row 2 of 2 (B, Y, 20.01), 1 in all"


def test_rows_columns_and_tables_of_one_side_alone_are_found(sides):
    put(sides[1], LINES + "C,Z,1.00\n")
    assert found(sides) == [("charges", "", "2 rows", "3 rows: C, Z, 1.00", "")]
    put(sides[1], LINES.replace("amount", "amount,more").replace(".00", ".00,1"))
    assert found(sides) == [("charges", "more", "", "a column", "")]
    put(sides[1], LINES)
    put(sides[1], LINES, "new.csv")
    assert found(sides) == [("new", "", "", "there", "")]


def test_a_rename_explains_an_old_name_and_nothing_more(sides):
    put(sides[1], LINES.replace("owner", "receiver"), "charge_lines.csv")
    (sides[1] / "company-001/2026-09/tables/charges.csv").unlink()
    renamed = {("charges", ""): ("charge_lines", ""), ("charges", "owner"): ("charge_lines", "receiver")}
    assert found(sides, renamed) == []
    put(sides[1], LINES.replace("owner", "receiver").replace("A,X", "Q,X"), "charge_lines.csv")
    assert found(sides, renamed) == [("charge_lines", "receiver", "A", "Q", "")]


def test_a_company_that_stops_on_one_side_is_told_with_its_reason(sides):
    (sides[1] / "company-001/2026-09/stopped/tco.txt").write_text("crashed: KeyError: 'amount'")
    assert found(sides) == [("stopped/tco.txt", "", "", "crashed: KeyError: 'amount'", "")]


def test_what_is_expected_is_told_and_no_failure(sides):
    put(sides[1], LINES.replace("20.00", "20.01"))
    assert found(sides, allowed=[("charges", "amount", "rounded otherwise")]) == [("charges", "amount", "20.00", "20.01", "rounded otherwise")]
    assert outputs.told(outputs.compared(*sides, {}), ["covered"])[-1] == "covered"
    shutil.rmtree(sides[1])
