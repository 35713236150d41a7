"""What was kept is what it was: a file that differs is named before anything is made or closed from it."""

import json

import pytest

from helpers import kept, params, report, seals
from helpers.compare import sides
from helpers.errors import InputError

AUG, SEP = "2026-08", "2026-09"


def closed(company):
    return company.folder / "kept" / AUG / "closed"


def told(company) -> list[str]:
    """What is broken, from the closed month's folder on."""
    return [str(wrong).partition(f"{AUG}/closed/")[2] for wrong in seals.broken_months(company.folder / "kept")]


def test_a_closed_month_as_it_was_is_whole(company):
    assert told(company) == []


@pytest.mark.parametrize("name", ["tables/chargeback_lines.csv", "tables/chargeback_trueup.csv", "cube/lines.parquet"])
def test_a_file_of_a_closed_month_that_is_edited_or_gone_is_named(company, name):
    path = closed(company) / name
    whole = path.read_bytes()
    path.write_bytes(whole.replace(b"100.00", b"999999.99") + b" ")
    expected = "expected what 2026-08 was closed with; put it back from a copy; what changed since is booked in an open month"
    assert told(company) == [f"{name}: its content is another; {expected}"]
    path.unlink()
    assert told(company) == [f"{name}: the file is gone; {expected}"]
    path.write_bytes(whole)
    assert told(company) == []


def test_a_file_that_came_since_is_named(company):
    (closed(company) / "tables" / "extra.csv").write_text("x")
    assert [line.split(";")[0] for line in told(company)] == ["tables/extra.csv: a file that was not there"]


def test_a_closed_json_that_is_gone_or_broken_is_named(company):
    path = closed(company) / seals.CLOSED
    path.write_text("{")
    assert told(company)[0].startswith("closed.json: it cannot be read (JSONDecodeError)")
    path.unlink()
    assert told(company)[0].startswith("closed.json: it cannot be read (FileNotFoundError)")


def test_a_month_closed_before_all_files_were_listed_is_held_to_its_tables(company):
    path = closed(company) / seals.CLOSED
    now = json.loads(path.read_text())
    tables = {name.removeprefix("tables/"): mark for name, mark in now.pop("files").items() if name.startswith("tables/")}
    path.write_text(json.dumps({**now, "tables": tables}))
    (closed(company) / "map").mkdir(exist_ok=True)
    assert told(company) == []
    (closed(company) / "tables" / "chargeback_lines.csv").write_text("x")
    assert [line.split(";")[0] for line in told(company)] == ["tables/chargeback_lines.csv: its content is another"]


def test_every_run_names_the_file_of_a_closed_month_that_differs(company):
    (closed(company) / "tables" / "chargeback_lines.csv").write_text("x")
    with pytest.raises(InputError, match="2026-08/closed/tables/chargeback_lines.csv: its content is another"):
        report.prepare(params.load(company.folder / "p.yaml", SEP))


def pack_of(company):
    """A pack with a manifest that lists its files, as the batch writes it."""
    pack = company.pack(SEP)
    path = pack / "manifest.json"
    now = json.loads(path.read_text())
    path.write_text(json.dumps({**now, "period": SEP, "company": "C", "state": "finding",
                                "files": {name: mark for name, mark in seals.sealed(pack).items() if name != path.name}}))
    return pack.rename(pack.with_name(SEP))


@pytest.mark.parametrize(("change", "line"), [
    (lambda pack: (pack / "tables/chargeback_lines.csv").write_text("owner,amount\nA,999999.99\n"),
     "tables/chargeback_lines.csv: its content is another"),
    (lambda pack: (pack / "tables/chargeback_lines.csv").unlink(), "tables/chargeback_lines.csv: the file is gone"),
    (lambda pack: (pack / "tables/more.csv").write_text("x"), "tables/more.csv: a file that was not there"),
])
def test_a_pack_that_was_edited_is_not_closed(company, change, line):
    pack = pack_of(company)
    change(pack)
    with pytest.raises(InputError, match=line):
        report.close(SEP, pack.parent)
    assert not kept.closed(SEP, company.folder / "kept").exists()


def test_a_pack_as_its_run_wrote_it_is_closed_with_all_its_files_sealed(company):
    report.close(SEP, pack_of(company).parent)
    folder = kept.closed(SEP, company.folder / "kept")
    assert json.loads((folder / seals.CLOSED).read_text())["files"] == seals.sealed(folder)
    assert seals.broken_months(company.folder / "kept") == []


def test_nothing_is_closed_while_an_earlier_closed_month_is_broken(company):
    pack = pack_of(company)
    (closed(company) / "tables" / "chargeback_lines.csv").write_text("x")
    with pytest.raises(InputError, match="2026-08/closed/tables/chargeback_lines.csv"):
        report.close(SEP, pack.parent)


def test_compare_refuses_a_closed_month_and_a_pack_that_were_edited(company):
    pack = pack_of(company)
    for folder in (closed(company), pack):
        (folder / "tables" / "chargeback_lines.csv").write_text("owner,amount\nA,999999.99\n")
        with pytest.raises(InputError, match="tables/chargeback_lines.csv: its content is another"):
            sides.of(folder)
