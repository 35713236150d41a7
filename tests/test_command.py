"""The command line: exit status, one line for each thing that is wrong, and no page replaced."""

import hashlib
import json
import subprocess
import sys
from decimal import Decimal as D

import pytest

from helpers import __main__ as command
from helpers import batch, checks, params, report
from helpers.problems import InputErrors

GOOD_PAGE = "the last good page"


@pytest.fixture
def ask(capsys):
    """Runs a command line; exit status, standard output and standard error as lines."""

    def asked(*arguments) -> tuple[int, list[str], list[str]]:
        try:
            status = command.main([str(argument) for argument in arguments])
        except SystemExit as stop:
            status = stop.code
        told = capsys.readouterr()
        return status, told.out.splitlines(), told.err.splitlines()

    return asked


@pytest.fixture
def ran(monkeypatch, tmp_path):
    """Takes the batch's place: notes what it is asked for and gives back the states it was told to."""
    asked = []
    item = checks.finding("open item", D("48210.11"), "Head of Freight", "")
    rows = checks.collect(checks.same("sum", D(5), D(5)), item)

    def run(path, period, out, jobs, progress, *, prepare, finish, state="finding"):
        asked.append((path, period, str(out), jobs))
        return batch.Result(state, tmp_path / period / "index.html", rows.assign(page="tco"))

    monkeypatch.setattr(batch, "run", run)
    return asked


def test_a_month_is_reported_with_one_line_a_check_and_the_path_of_its_index(ask, ran, tmp_path):
    assert ask("report", "2026-09", "--out", "x", "--jobs", "3") == (0, [
        "ok      tco: sum (gap 0.00)", "finding tco: open item (USD 48,210.11, Head of Freight)",
        f"2026-09: finding; {tmp_path}/2026-09/index.html"], [])
    assert ran == [(str(params.ROOT / "params" / "2026-09.yaml"), "2026-09", "x", 3)]


def test_several_months_run_in_a_row_with_one_line_each(ask, ran, tmp_path):
    status, out, err = ask("report", "2026-08..2026-10", "--params", "params/2026-09.yaml")
    assert (status, err) == (0, [])
    assert out == [f"2026-{month}: finding; 1 ok, 1 finding, 0 failed; {tmp_path}/2026-{month}/index.html"
                   for month in ("08", "09", "10")]


def test_a_parameters_file_alone_is_enough(ask, ran):
    assert ask("report", "--params", "params/2026-09.yaml")[0] == 0
    assert ran[0][1] == "2026-09"


@pytest.mark.parametrize(("arguments", "line"), [
    ([], "python -m helpers: error: the following arguments are required: command"),
    (["report"], "report: name a month, like 2026-09, or a file with --params"),
    (["report", "2026-13"],
     "python -m helpers report: error: argument period: '2026-13' is not a month; write it like 2026-09"),
    (["report", "2026-09..2026-01"], "python -m helpers report: error: argument period: '2026-09..2026-01' ends before "
                                     "it starts; write the earlier month first"),
    (["report", "2026-09", "--job", "x"], "python -m helpers report: error: argument --jobs: invalid int value: 'x'"),
])
def test_wrong_usage_ends_with_2_and_says_what_is_right(ask, arguments, line):
    status, _, err = ask(*arguments)
    assert (status, err[-1]) == (2, line)


def test_a_month_with_no_parameters_file_is_told_in_one_line(ask, ran):
    assert ask("report", "1999-01") == (1, [], [
        "params/1999-01.yaml: the file does not exist; expected a parameters file; "
        "correct the path, name a file with --params, or make one: python -m helpers start FOLDER"])
    assert ran == []


BILL = ("BillingAccountId,BillingCurrency,BillingPeriodStart,ChargeCategory,ChargePeriodStart,ProviderName,ServiceName,"
        "BilledCost,EffectiveCost\n1,USD,2026-09-01,Usage,2026-09-01,AWS,S,1.00,1.00\n")
LEDGER = ("line_id,fiscal_period,posting_date,account,cost_centre,amount,currency\n"
          "1,2026-09,2026-09-30,6100,42,1.00,USD\n")


@pytest.fixture
def month(write, tmp_path):
    """A month with a bill and a ledger, changed as asked; its pack has a good page."""

    def made(bill: str = BILL, ledger: str = LEDGER, more: str = ""):
        write("bill.csv", bill)
        write("gl.csv", ledger)
        write("reports/2026-09/mapping.html", GOOD_PAGE)
        write("reports/2026-09/manifest.json", '{"period": "2026-09", "files": {}}')
        return write("m.yaml", f"base: base.yaml\nperiod: 2026-09\ninputs:\n  billing: {tmp_path}/bill.csv\n"
                               f"  ledger: {tmp_path}/gl.csv\n{more}")

    return made


@pytest.mark.parametrize(("change", "line"), [
    ({"bill": BILL.replace("ServiceName", "Service")}, "bill.csv: no column ServiceName; expected the columns of FOCUS"),
    ({"bill": BILL.replace("2026-09-01,Usage", "soon,Usage")}, "bill.csv"),
    ({"bill": BILL.replace("1.00,1.00", "1.00,free")}, "bill.csv"),
    ({"bill": ""}, "bill.csv: the file is empty"),
    ({"ledger": LEDGER.replace("amount", "value")}, "gl.csv: column amount is missing; expected a column with: "
     "Amount booked; debits positive; add it"),
    ({"ledger": LEDGER.replace("2026-09-30", "30.9.26")},
     'gl.csv, line 2: posting_date is "30.9.26"; expected a date as YYYY-MM-DD; write it like 2026-09-30'),
    ({"ledger": LEDGER.replace("1.00", "about 1")},
     'gl.csv, line 2: amount is "about 1"; expected a plain number; leave out currency and text, like 1234.50'),
    ({"ledger": LEDGER.replace("USD", "DOL")},
     'gl.csv, line 2: currency is "DOL"; expected an ISO 4217 currency code; write it like USD'),
    ({"ledger": ""}, "gl.csv: the file is empty; expected a line of column names, then rows; make the extract again"),
    ({"more": "  leger: x\n"}, "m.yaml: inputs.leger is no parameter; expected one of billing, ledger,"),
    ({"more": "  org: org.csv\n"}, 'm.yaml: inputs.org is "org.csv", which finds no file;'),
], ids=["billing: column", "billing: date", "billing: amount", "billing: empty", "column", "date", "amount", "currency",
        "empty", "unknown parameter", "missing file"])
def test_a_wrong_input_is_one_line_and_replaces_no_page(ask, month, tmp_path, change, line):
    status, out, err = ask("report", "--params", month(**change), "--out", tmp_path / "reports")
    assert (status, len(err)) == (1, 1)
    assert err[0].replace(f"{tmp_path}/", "").startswith(line)
    assert (tmp_path / "reports" / "2026-09" / "mapping.html").read_text() == GOOD_PAGE


def test_all_that_is_wrong_in_all_inputs_is_told_at_once(month):
    settings = params.load(month(bill="", ledger=LEDGER.replace("USD", "DOL").replace("1.00", "x")))
    with pytest.raises(InputErrors) as stop:
        report.prepare(settings)
    assert [str(problem).split(": ")[0].rpartition("/")[2] for problem in stop.value.problems] == [
        "bill.csv", "gl.csv, line 2", "gl.csv, line 2"]


def test_what_went_in_names_every_file_with_its_hash_and_every_input_that_was_not_given(month):
    facts = report.prepare(params.load(month()))
    rows = {row.input: (row.file.rpartition("/")[2], row.state, len(row.sha256)) for row in facts.inputs.itertuples()}
    assert rows["billing"] == ("bill.csv", "read as FOCUS 1.0", 64)
    assert rows["ledger"] == ("gl.csv", "read", 64)
    assert rows["mapping rules"] == ("rules.csv", "read", 64)
    assert rows["cloud accounts"] == ("", "not given", 0)
    assert facts.inputs["file"].tolist()[:2][0] == "params/base.yaml"


def test_a_failed_check_is_told_with_its_gap_or_its_note():
    rows = checks.collect(checks.same("sum", D(5), D("4.25")), checks.holds("rule", False, "two rules for one pool"),
                          checks.noted("new service", 2, "", "")).assign(page="tco")
    assert report.tell(rows, "USD") == [
        "failed  tco: sum (gap -0.75)", "failed  tco: rule (two rules for one pool)", "finding tco: new service"]


def test_a_month_with_no_pack_cannot_be_closed(ask, tmp_path):
    assert ask("close", "2026-09", "--out", tmp_path) == (1, [], [
        f"{tmp_path}/2026-09: there is no pack; expected the month's finished pack; "
        "run: python -m helpers report 2026-09"])


def test_a_month_whose_inputs_changed_since_its_pack_cannot_be_closed(ask, tmp_path, write):
    bill = write("bill.csv", "a bill")
    inputs = [{"file": str(bill), "sha256": hashlib.sha256(b"another bill").hexdigest()}]
    write("2026-09/manifest.json", json.dumps({"state": "ok", "inputs": inputs, "parameters": {"kept": "kept"}}))
    assert ask("close", "2026-09", "--out", tmp_path) == (1, [], [
        f"{bill}: it is not what the pack was made from; expected the inputs of {tmp_path}/2026-09; "
        "run the report again, look at it, then close"])


def test_the_command_starts_fast_enough_to_ask_for_help():
    command_line = [sys.executable, "-X", "importtime", "-m", "helpers", "--help"]
    done = subprocess.run(command_line, capture_output=True, text=True)
    assert done.returncode == 0
    assert not [name for name in ("pandas", "duckdb", "pydantic", "papermill") if f" {name}\n" in done.stderr]
