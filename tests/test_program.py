"""Which program made a pack: the version that the project declares, and a hash that the code and its tables alone move."""

import json
import shutil
import tomllib

import pytest

from helpers import index, kept, program
from helpers.problems import ROOT


@pytest.fixture
def copy(tmp_path):
    """A project of one module, its tables and its declaration."""
    for name, text in {"pyproject.toml": '[project]\nname = "x"\nversion = "1.2.3"\n', "helpers/a.py": "A = 1\nB = 2\n",
                       "helpers/billing/b.py": "", "helpers/demo/c.py": "C = 1\n", "data/codebook.csv": "kind\n",
                       "data/taxonomy/v5.csv": "tower\n", "data/mapping/rules.csv": "rule_id\n"}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(text.encode())
    return tmp_path


def test_the_version_is_what_the_declaration_says():
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert program.told()["version"] == declared == "0.2.0" and len(program.told()["code"]) == 64
    assert f"## {declared}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name, text", [
    ("helpers/a.py", "A = 1\nB = 3\n"), ("helpers/billing/b.py", "X = 1\n"), ("helpers/new.py", ""),
    ("data/codebook.csv", "kind,table\n"), ("data/taxonomy/v6.csv", "tower\n")])
def test_code_and_the_programs_own_tables_move_the_hash(copy, name, text):
    before = program.code(copy)
    (copy / name).write_bytes(text.encode())
    assert program.code(copy) != before


@pytest.mark.parametrize("name, text", [
    ("helpers/a.py", "A = 1\r\nB = 2\r\n"), ("helpers/demo/c.py", "C = 2\n"), ("data/mapping/rules.csv", "other\n"),
    ("helpers/.ipynb_checkpoints/a-checkpoint.py", "A = 0\n"), ("helpers/__pycache__/a.pyc", "x"), ("data/demo/ledger.csv", "x")])
def test_line_ends_the_demo_and_what_is_an_input_do_not(copy, name, text):
    before = program.code(copy)
    (copy / name).parent.mkdir(parents=True, exist_ok=True)
    (copy / name).write_bytes(text.encode())
    assert program.code(copy) == before


def test_a_file_that_is_renamed_is_another_program_and_one_elsewhere_is_the_same(copy, tmp_path_factory):
    before = program.code(copy)
    other = tmp_path_factory.mktemp("other") / "copy"
    shutil.copytree(copy, other)
    assert program.code(other) == before
    (copy / "helpers" / "a.py").rename(copy / "helpers" / "z.py")
    assert program.code(copy) != before


def test_the_manifest_says_which_program_and_closing_keeps_it(tmp_path):
    import pandas as pd
    from helpers import checks
    rows = pd.DataFrame(columns=["page", *checks.COLUMNS])
    (tmp_path / "pack" / "tables").mkdir(parents=True)
    told = index.manifest(tmp_path / "pack", "2026-09", index.Facts(), rows, {})
    assert told["workbook"] == program.told() and set(told["workbook"]) == {"version", "code"}
    index.write(tmp_path / "pack", told | {"workbook": {"version": "9", "code": "c"}})
    assert program.told()["code"] not in (tmp_path / "pack" / "index.html").read_text(encoding="utf-8")
    kept.close("2026-09", tmp_path / "pack", tmp_path / "kept")
    closed = json.loads((tmp_path / "kept" / "2026-09" / "closed" / "closed.json").read_text(encoding="utf-8"))
    assert closed["workbook"] == {"version": "9", "code": "c"}  # of the program that made the pack, not of the one that closes it
