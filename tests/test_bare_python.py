"""The commands on a Python that cannot run them: one line that says what to run, and that line works."""

import os
import shlex
import subprocess
import sys

import pytest

from helpers import __main__ as start_here
from helpers import start
from helpers.problems import ROOT

BILL = ("BillingAccountId,BillingCurrency,BillingPeriodStart,ChargeCategory,ChargePeriodStart,ChargePeriodEnd,ProviderName,"
        "ServiceName,BilledCost,EffectiveCost\n1,USD,2026-09-01,Usage,2026-09-01,2026-10-01,AWS,S,1,1\n")


def bare(*arguments: str, cwd=ROOT, **more) -> subprocess.CompletedProcess:
    """The command on this Python without its packages."""
    return subprocess.run([sys.executable, "-S", "-E", "-m", "helpers", *arguments], cwd=cwd, capture_output=True, text=True, **more)


def test_a_python_without_the_packages_is_told_in_one_line():
    done = bare("start", "my data's")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert done.stderr.startswith("helpers: this Python lacks ") and "Traceback" not in done.stderr
    assert shlex.split(done.stderr.partition("run: ")[2])[-5:] == [".venv/bin/python", "-m", "helpers", "start", "my data's"] or os.name == "nt"


def test_setup_and_the_commands_front_door_need_no_package():
    code = "import helpers.setup, helpers.__main__, sys; print(sorted({'pandas', 'numpy', 'duckdb'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-S", "-E", "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout == "[]\n", done.stderr


def test_a_python_that_is_too_old_is_told_so(monkeypatch, capsys):
    monkeypatch.setattr(start_here.sys, "version_info", (3, 9, 18))
    assert start_here.main(["report", "2026-09"]) == 1
    assert capsys.readouterr().err.startswith("helpers: this is Python 3.9; expected 3.11 or newer; run: ")


def test_without_an_environment_it_is_to_be_made_first(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(start_here, "ROOT", str(tmp_path))
    start_here.refused("this Python lacks pandas", ["close", "2026-09"])
    told = capsys.readouterr().err
    assert f"run: python3 -m helpers.setup in {start_here.quoted(str(tmp_path))}" in told and told.endswith("-m helpers close 2026-09\n")


def test_an_import_that_is_the_programs_own_fault_is_no_lack_of_a_package(monkeypatch):
    from helpers import command_line
    monkeypatch.setattr(command_line, "main", lambda _: __import__("helpers.no_such_module"))
    with pytest.raises(ImportError):
        start_here.main(["report"])


@pytest.mark.parametrize("name", ["plain", "my bills", "öl & Gas's", 'say "hi"', "$(date)", "-x"])
def test_the_line_that_start_prints_runs_as_it_stands_from_any_folder(tmp_path, monkeypatch, name):
    folder = tmp_path / name / "bills"
    folder.mkdir(parents=True)
    (folder / "bill.csv").write_text(BILL)
    monkeypatch.chdir(folder.parent)
    line = start.start("bills", "first.yaml")[-1]
    done = subprocess.run(["/bin/sh", "-c", line + " --strict --out no/such/place --jobs x"], capture_output=True, text=True)
    assert "argument --jobs: invalid int value: 'x'" in done.stderr  # it came to the command, which knows its words
    assert shlex.split(line)[1:5] == ["-m", "helpers", "report", "--params"] and shlex.split(line)[5] == str(folder.parent / "first.yaml")
