"""What tests share: the project folder as the place to run from, and a month to ask for in a folder of its own."""

import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(autouse=True)
def from_the_project_folder(monkeypatch):
    """Relative paths start where they do for a user: in the project folder."""
    monkeypatch.chdir(ROOT)


@pytest.fixture
def write(tmp_path):
    """Writes a text, its indentation taken off, to a file of the test's folder; the path comes back."""

    def written(name: str, text: str) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text), encoding="utf-8", newline="")
        return path

    return written
