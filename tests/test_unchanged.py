"""An input that changes while a run reads it fails the run by name, and the old pack stays whole."""

import json

import pytest

from helpers import batch, params, report
from helpers.errors import InputError
from tests.closing import Company

SEP = "2026-09"


@pytest.fixture
def company(write, tmp_path):
    made = Company(write, tmp_path)
    made.bill(SEP, "110.00", "55.00")
    made.book(SEP, "165.00")
    return made


def settings(company):
    return params.load(company.folder / "p.yaml", SEP)


def test_inputs_that_stay_as_they_are_are_unchanged(company):
    read = report.prepare(settings(company)).inputs
    report.check_unchanged(settings(company), read)


@pytest.mark.parametrize(("change", "told"), [
    (lambda one: one.write("gl.csv", one.books.replace("165.00", "999.00")), "gl.csv: it changed while the run read it"),
    (lambda one: one.write("gl.csv", one.books.replace("165.00", "156.00")), "gl.csv: it changed while the run read it"),
    (lambda one: one.bill(SEP, "111.00", "55.00"), f"bills/{SEP}.csv: it changed while the run read it"),
    (lambda one: one.bill("2026-08", "1.00", "1.00"), "bills/2026-08.csv: it came or went while the run read it"),
    (lambda one: one.write("kept/disputes.csv", "application\n"), "kept/disputes.csv: it came or went while the run read it"),
    (lambda one: (one.folder / "p.yaml").write_text((one.folder / "p.yaml").read_text() + "strict: true\n"),
     "p.yaml: it changed while the run read it"),
])
def test_an_input_that_changes_is_named(company, change, told):
    read = report.prepare(settings(company)).inputs
    before = settings(company)
    change(company)
    with pytest.raises(InputError, match=told):
        report.check_unchanged(before, read)


def test_the_run_fails_and_the_old_pack_stays(company, tmp_path, monkeypatch):
    """The notebooks are left out: what matters is what stands between the first reading and the swap."""
    out = tmp_path / "packs"
    monkeypatch.setattr(batch, "STEPS", ())
    run = batch.run
    monkeypatch.setattr(batch, "run", lambda *given, **named: run(*given, **named, steps=()))
    first = report.publish(settings(company), out, 1, False, False)
    assert first.state == "ok"
    kept = (out / SEP / "manifest.json").read_text()
    build = batch._build

    def late(*given):
        company.write("gl.csv", company.books.replace("165.00", "999.00"))
        return build(*given)

    monkeypatch.setattr(batch, "_build", late)
    again = report.publish(settings(company), out, 1, False, False)
    assert again.state == "failed" and "gl.csv: it changed while the run read it; expected the inputs as they were" in again.error
    now = json.loads((out / SEP / "manifest.json").read_text())
    assert now.pop("failed_run") == [again.error] and now == json.loads(kept)
    assert [path.name for path in out.iterdir()] == [SEP]  # nothing is left aside
