"""Setting up: one lock, the same versions for conda, a thin Makefile, and a line to run where something is missing."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from helpers import environment, setup
from tests import run

ROOT = Path(__file__).resolve().parent.parent
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")


def test_environment_yml_is_what_the_project_declares_and_the_lock_holds():
    assert (ROOT / "environment.yml").read_text(encoding="utf-8") == environment.text()


def test_every_dependency_is_in_the_lock_and_explained():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = [*project["dependencies"], *project["optional-dependencies"]["test"]]
    direct = [environment.name_of(line) for line in declared]
    extra = [environment.name_of(line) for line in project["optional-dependencies"]["spark"]]
    page = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    explained = re.findall(r"^\| `([a-z0-9-]+)` \|", page, re.MULTILINE)
    assert [name for name in direct if name not in environment.versions(LOCK)] == []
    assert sorted(explained) == sorted(direct + extra)
    assert [name for name in extra if name in environment.versions(LOCK)] == []  # not part of the everyday install


def test_the_lock_holds_exact_versions_and_hashes_and_nothing_else():
    other = [line for line in LOCK.splitlines()
             if not re.fullmatch(r"[a-z0-9-]+==[^ ]+( ; [^\\]+)? \\|    --hash=sha256:[0-9a-f]{64}( \\)?", line)]
    assert other == []


def test_every_target_of_the_makefile_is_one_line_over_python():
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    recipes = dict(re.findall(r"^(\w+):.*\n\t(.+)\n(?!\t)", text, re.MULTILINE))
    assert set(recipes) == {"report", "test", "lab", "bench", "setup", "clean"}
    assert [name for name, line in recipes.items() if " -m " not in line] == ["clean"]


@pytest.mark.skipif(os.name == "nt", reason="no make and no mode bits on Windows")
def test_the_ci_command_runs_make_test():
    file = ROOT / ".ci" / "run"
    assert file.read_text(encoding="utf-8").splitlines()[-1] == "exec make test"
    assert os.access(file, os.X_OK)


@pytest.mark.parametrize("module", ["helpers/setup.py", "helpers/__init__.py"])
def test_setting_up_needs_the_standard_library_only(module):
    imported = re.findall(r"^\s*(?:import|from) ([a-z_]+)", (ROOT / module).read_text(encoding="utf-8"), re.MULTILINE)
    assert set(imported) <= set(sys.stdlib_module_names)


def test_an_old_python_is_told_what_to_run():
    assert setup.what_is_missing((3, 9), True) == (
        "setup: this is Python 3.9, and no newer one is on the path; expected 3.11 or newer; install one, or name it, "
        "like: make report PYTHON=/opt/python3.12/bin/python3")


def test_an_old_python_hands_over_to_the_newest_that_runs(monkeypatch):
    calls = []

    def call(command, **_):
        calls.append(command)
        return int(command[0] == "python3.13")  # a shim that does not run

    monkeypatch.setattr(setup.shutil, "which", lambda name: name in ("python3.12", "python3.13"))
    monkeypatch.setattr(setup.subprocess, "call", call)
    assert setup.newest() == "python3.12"
    monkeypatch.setattr(setup.sys, "version_info", (3, 9, 0))
    assert setup.main() == 0
    assert calls[-1] == ["python3.12", "-m", "helpers.setup"]


def test_a_python_without_venv_is_told_what_to_run():
    assert re.fullmatch(r"setup: Python comes without venv here; run:  (sudo )?apt-get install -y python3\.11-venv",
                        setup.what_is_missing((3, 11), False))
    assert setup.what_is_missing((3, 11), True) == ""


@pytest.fixture
def project(tmp_path):
    """A folder that looks like the project after a setup."""
    for name in ("requirements.lock", "pyproject.toml"):
        (tmp_path / name).write_text("a==1\n")
    interpreter = setup.python(tmp_path)
    interpreter.parent.mkdir(parents=True)
    interpreter.write_text("")
    (tmp_path / ".venv" / "stamp").write_text(setup.fingerprint(tmp_path))
    return tmp_path


def test_the_environment_is_made_again_when_the_lock_changes(project):
    assert setup.is_ready(project)
    (project / "requirements.lock").write_text("a==2\n")
    assert not setup.is_ready(project)


def test_an_environment_that_was_moved_or_half_made_is_made_again(project):
    moved = project.with_name("moved")
    project.rename(moved)
    assert not setup.is_ready(moved)
    (moved / ".venv" / "stamp").write_text(setup.fingerprint(moved))
    assert setup.is_ready(moved)
    setup.python(moved).unlink()
    assert not setup.is_ready(moved)


def test_a_setup_that_fails_says_so_and_leaves_no_stamp(project, monkeypatch, capsys):
    (project / "requirements.lock").write_text("a==2\n")

    def fail(root, *command):
        raise subprocess.CalledProcessError(3, ["pip"])

    monkeypatch.setattr(setup, "_run", fail)
    assert setup.main(project) == 1
    assert capsys.readouterr().err == "setup: pip ended with 3; see the lines above, then run it again\n"
    assert not setup.is_ready(project)


def test_the_suite_counts_each_group_and_takes_a_silent_failure_for_one(tmp_path):
    report = tmp_path / "report.xml"
    report.write_text('<testsuites><testsuite tests="9" failures="1" errors="1" skipped="2"/></testsuites>')
    assert run.count(report, 1) == {"passed": 5, "failed": 2, "skipped": 2}
    report.write_text('<testsuites><testsuite tests="3" failures="0" errors="0" skipped="0"/></testsuites>')
    assert run.count(report, 2) == {"passed": 3, "failed": 1, "skipped": 0}
    assert run.count(tmp_path / "none.xml", 5) == {"passed": 0, "failed": 1, "skipped": 0}


def test_a_group_in_which_nothing_ran_does_not_hold():
    assert not run.passed({"passed": 0, "failed": 0, "skipped": 4})
    assert run.passed({"passed": 1, "failed": 0, "skipped": 4})


def test_every_test_file_is_in_a_group():
    browser = {file.name for file in (ROOT / "tests").glob("test_browser*.py")}
    assert browser == {Path(name).name for name in run.GROUPS["browser"]}


def test_no_browser_and_no_way_to_get_one_is_told(monkeypatch):
    monkeypatch.setattr(run, "_is_there", lambda: False)
    monkeypatch.setattr(run.shutil, "which", lambda name: None)
    line = run.find_browser()
    assert line.startswith("tests: no Chromium for the page tests; run:  ")
    assert "-m playwright install --with-deps chromium" in line


def test_a_venv_folder_that_holds_something_else_is_left_alone(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(setup, "what_is_missing", lambda: "")
    monkeypatch.setattr(setup, "make", lambda root: pytest.fail("made anew"))
    (tmp_path / ".venv").mkdir()
    assert setup.is_own(tmp_path)
    (tmp_path / ".venv" / "notes.txt").write_text("mine")
    assert setup.main(tmp_path) == 1 and capsys.readouterr().err.startswith("setup: .venv is a link, or a folder ")
    (tmp_path / ".venv" / "pyvenv.cfg").write_text("")
    assert setup.is_own(tmp_path)
    assert (tmp_path / ".venv" / "notes.txt").read_text() == "mine"
