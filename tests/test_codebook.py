"""The codebook: it names every column that goes in or comes out, and data/README.md is made from it."""

import csv
import re
import runpy
from pathlib import Path

import nbformat
import pytest

from helpers import batch, codebook, rulebook, values

ROOT = Path(__file__).resolve().parent.parent


def test_the_page_is_made_from_the_codebook():
    assert (ROOT / "data" / "README.md").read_text(encoding="utf-8") == codebook.page()


def test_every_column_has_a_type_and_a_meaning():
    for kind in ("input", "rules", "output"):
        for table in codebook.tables(kind):
            names = [column.name for column in codebook.columns(table, kind)]
            assert len(names) == len(set(names)), table
            for column in codebook.columns(table, kind):
                assert callable(values.reader(column)) and column.meaning, (table, column.name)


def test_the_mapping_rules_have_the_columns_of_the_codebook():
    assert [column.name for column in codebook.columns("mapping_rules", "rules")] == rulebook.COLUMNS


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """The header of each table that the notebooks of the demo month publish, their cells run here."""
    out = tmp_path_factory.mktemp("pack")
    for step in batch.STEPS:
        book = nbformat.read(ROOT / "notebooks" / f"{step}.ipynb", as_version=4)
        cells = [cell.source for cell in book.cells if cell.cell_type == "code"]
        script = out / f"{step}.py"
        script.write_text("\n".join(cells).replace('out: str = ""', f'out: str = r"{out}"'), encoding="utf-8")
        runpy.run_path(str(script))
    return {file.stem: next(csv.reader(file.open(encoding="utf-8", newline=""))) for file in out.glob("tables/*.csv")}


def test_every_published_column_is_in_the_codebook(published):
    assert len(published) > 20
    unknown = {}
    for table, header in published.items():
        names = {column.name for column in codebook.columns(table, "output")}
        if missing := [name for name in header if name not in names and "*" not in names] or (not names and header):
            unknown[table] = missing
    assert unknown == {}


def test_every_output_column_of_the_codebook_is_published(published):
    """Some tables stand only where a closed month differs, or two runs are compared; their own tests hold their columns."""
    elsewhere = {"restatement", "restatement_causes", "chargeback_closed_months", "chargeback_trueup_causes",
                 *(f"compared_{name}" for name in ("differences", "causes", "changes", "runs"))}
    gone = {}
    for table in set(codebook.tables("output")) - elsewhere:
        names = [column.name for column in codebook.columns(table, "output") if column.name != "*"]
        if missing := [name for name in names if name not in published.get(table, [])]:
            gone[table] = missing
    assert gone == {}


def test_the_currencies_are_three_capitals_each_once():
    codes = (ROOT / "data" / "currencies.csv").read_text(encoding="utf-8").split()[1:]
    assert len(codes) == len(set(codes)) > 150
    assert all(re.fullmatch("[A-Z]{3}", code) for code in codes)
