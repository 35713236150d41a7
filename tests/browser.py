"""Which Chromium do the page tests use?  The first that is found; where there is none, what to run to get one."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "microsoft-edge", "msedge")
PLACES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
    r"C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe",
)
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]
NONE_FOUND = (
    "no Chromium for the page tests; run:  python -m playwright install --with-deps chromium   "
    "(or set CHROMIUM to a browser's path)"
)


def find(own: str = "") -> str:
    """The path of a browser: CHROMIUM, then those on the path, then the usual places, then playwright's own."""
    named = os.environ.get("CHROMIUM", "")
    found = [named] if named else [*(shutil.which(name) or "" for name in NAMES), *PLACES, own]
    path = next((path for path in found if path and Path(path).is_file()), "")
    if not path:
        raise AssertionError(f"{named} is not there; {NONE_FOUND}" if named else NONE_FOUND)
    return path


@contextmanager
def launched() -> Iterator:
    """A browser that runs, headless and without calls home."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        started = play.chromium.launch(executable_path=find(play.chromium.executable_path), args=FLAGS)
        try:
            yield started
        finally:
            started.close()
