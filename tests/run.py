"""Does everything hold?  The whole suite in three groups, each counted: helpers, notebooks, browser.

    python -m tests.run     exit status 0 when every group ran and passed
"""

import os
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as tree
from pathlib import Path

from tests import browser

ROOT = Path(__file__).resolve().parent.parent
SPREAD = ("-n", "2", "--dist", "loadfile")
GROUPS = {
    "helpers": ("tests", "--ignore-glob=*/test_browser*.py", *SPREAD),
    "notebooks": ("--nbval", "notebooks", "--nbval-current-env", *SPREAD),  # tables, sentences and SVG to the letter
    "browser": ("tests/test_browser.py", "tests/test_browser_pack.py"),
}
QUIET = {"PYTHONHASHSEED": "0", "OMP_NUM_THREADS": "1", "PYDEVD_DISABLE_FILE_VALIDATION": "1",
         "JUPYTER_PLATFORM_DIRS": "1"}


def main() -> int:
    """Runs the groups and prints a line for each: 0 when all passed, 1 when not, 2 when no browser can be had."""
    missing = find_browser()
    if missing:
        print(missing, file=sys.stderr)
        return 2
    counted = {group: run(arguments) for group, arguments in GROUPS.items()}
    print()
    for group, counts in counted.items():
        print(f"{group:<10}" + ", ".join(f"{count} {name}" for name, count in counts.items()))
    return 0 if all(passed(counts) for counts in counted.values()) else 1


def run(arguments: tuple[str, ...]) -> dict[str, int]:
    """Runs pytest on a group; how many tests passed, failed and were skipped."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        command = [sys.executable, "-m", "pytest", "-q", "-rs", f"--junitxml={report}", *arguments]
        status = subprocess.run(command, cwd=ROOT, env={**os.environ, **QUIET}).returncode
        return count(report, status)


def count(report: Path, status: int) -> dict[str, int]:
    """The counts of a report; a run that ended badly with no failed test counts as one failed."""
    suites = tree.parse(report).getroot().iter("testsuite") if report.exists() else []
    sums = {name: 0 for name in ("tests", "failures", "errors", "skipped")}
    for suite in suites:
        for name in sums:
            sums[name] += int(suite.get(name, 0))
    failed = sums["failures"] + sums["errors"]
    held = sums["tests"] - failed - sums["skipped"]
    return {"passed": held, "failed": failed or int(status != 0), "skipped": sums["skipped"]}


def passed(counts: dict[str, int]) -> bool:
    """Whether a group holds: something ran, nothing failed."""
    return counts["passed"] > 0 and counts["failed"] == 0


def find_browser() -> str:
    """"" when a browser is there or could be installed, else what to run to get one."""
    if _is_there():
        return ""
    if shutil.which("apt-get") and hasattr(os, "geteuid") and os.geteuid() == 0:
        print("No Chromium found; installing it with apt-get.", flush=True)
        for command in (["apt-get", "update", "-qq"], ["apt-get", "install", "-y", "-qq", "chromium"]):
            subprocess.run(command, stdout=subprocess.DEVNULL, env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"})
    return "" if _is_there() else f"tests: {browser.NONE_FOUND}".replace("python -m", f"{sys.executable} -m")


def _is_there() -> bool:
    try:
        return bool(browser.find(_own()))
    except AssertionError:
        return False


def _own() -> str:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        return play.chromium.executable_path


if __name__ == "__main__":
    sys.exit(main())
