"""A notebook that somebody changed is told; what is tried in a copy is never published."""

import json
import shutil
import subprocess
import sys

import pytest

from helpers import shipped
from helpers.problems import ROOT


@pytest.fixture
def folder(tmp_path):
    """The notebooks as shipped, somewhere else."""
    made = tmp_path / "notebooks"
    made.mkdir()
    for path in [*shipped.NOTEBOOKS.glob("*.ipynb"), shipped.NOTEBOOKS / shipped.LIST]:
        shutil.copyfile(path, made / path.name)
    return made


def changed(path, source: str = "1 + 1", kind: str = "code") -> None:
    """The notebook with a scratch cell."""
    book = json.loads(path.read_text())
    book["cells"].append({"cell_type": kind, "metadata": {}, "source": [source], "outputs": [], "execution_count": 7, "id": "x"})
    path.write_text(json.dumps(book))


def test_the_list_of_shipped_notebooks_is_current():
    assert shipped.state() and all(shipped.state().values()), "run python -m helpers.shipped"


def test_a_scratch_cell_is_a_finding_and_outputs_are_none(folder):
    book = json.loads((folder / "tco.ipynb").read_text())
    for cell in book["cells"]:
        cell["outputs"], cell["execution_count"] = [], 9
    (folder / "tco.ipynb").write_text(json.dumps(book))
    assert shipped.check(shipped.state(folder))["state"] == "ok"
    changed(folder / "tco.ipynb")
    changed(folder / "mapping.ipynb", "a remark", "markdown")
    row = shipped.check(shipped.state(folder))
    assert (row["state"], row["owner"]) == ("finding", "FinOps team") and row["note"].startswith("mapping.ipynb, tco.ipynb: put them back")


def test_a_notebook_that_is_none_or_is_not_listed_differs(folder):
    (folder / "tco.ipynb").write_text("not json")
    shutil.copyfile(folder / "mapping.ipynb", folder / "mine.ipynb")
    assert [name for name, same in shipped.state(folder).items() if not same] == ["mine.ipynb", "tco.ipynb"]
    shipped.write(folder)
    assert shipped.state(folder)["mine.ipynb"]


def test_a_copy_is_made_renewed_while_unedited_and_left_alone_once_edited(folder):
    copy = folder / "copies" / "tco.ipynb"
    assert shipped.copies(folder) == [] and copy.read_bytes() == (folder / "tco.ipynb").read_bytes()
    changed(folder / "tco.ipynb", "2 + 2")
    assert shipped.copies(folder) == [] and copy.read_bytes() == (folder / "tco.ipynb").read_bytes()
    changed(copy, "my work")
    mine = copy.read_bytes()
    assert shipped.copies(folder) == [] and copy.read_bytes() == mine  # nothing newer is there
    changed(folder / "tco.ipynb", "3 + 3")
    assert shipped.copies(folder) == ["notebooks/copies/tco.ipynb was edited and stays; delete it for a fresh copy"]
    assert copy.read_bytes() == mine
    copy.unlink()
    assert shipped.copies(folder) == [] and copy.read_bytes() == (folder / "tco.ipynb").read_bytes()


def test_git_ignores_the_copies():
    found = subprocess.run(["git", "check-ignore", "-q", "notebooks/copies/tco.ipynb"], cwd=ROOT)
    assert found.returncode in (0, 128)  # 128: no repository


def test_a_copy_runs_from_where_it_lies(tmp_path, folder):
    cells = json.loads((folder / "mapping.ipynb").read_text())["cells"]
    code = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    place = folder / "copies"
    place.mkdir()
    run = subprocess.run([sys.executable, "-c", code], cwd=place, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
