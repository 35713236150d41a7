"""What tests share: the project folder to run from, files in a folder of the test's own, and one open browser."""

import textwrap
from pathlib import Path

import pytest

from tests import browser

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


@pytest.fixture
def company(write, tmp_path):
    """A company whose August is closed (A 100, B 50); September's bill and books are there."""
    from tests.closing import Company
    made = Company(write, tmp_path)
    made.bill("2026-08", "100.00", "50.00")
    made.book("2026-08", "150.00")
    made.close("2026-08")
    made.bill("2026-09", "110.00", "55.00")
    made.book("2026-09", "165.00")
    return made


@pytest.fixture(scope="session")
def chromium():
    with browser.launched() as started:
        yield started


@pytest.fixture
def visit(chromium):
    """Opens a file and gives the open page, with what it asked for and what popped up."""
    opened = []

    def go(path, width: int = 1280, scripts: bool = True):
        context = chromium.new_context(viewport={"width": width, "height": 900}, java_script_enabled=scripts)
        opened.append(context)
        screen = context.new_page()
        screen.asked, screen.popped, screen.said = [], [], []
        screen.on("request", lambda request: screen.asked.append(request.url))
        screen.on("dialog", lambda dialog: (screen.popped.append(dialog.message), dialog.dismiss()))
        screen.on("console", lambda message: screen.said.append(message.text))
        screen.goto(path.as_uri())
        return screen

    yield go
    for context in opened:
        context.close()
