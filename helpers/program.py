"""Which program makes the numbers?  Its version, and a hash of all that its numbers depend on besides what it is given.

    pyproject.toml, helpers/, the program's own data tables → told → {"version", "code"}

Two runs with the same hash work alike.  Line ends do not count, so a checkout on another system is the same program.
"""

import hashlib
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from helpers.problems import ROOT

CODE, DEMO = "helpers", "helpers/demo"  # the demo company's generator makes inputs, no numbers
TABLES = ("data/codebook.csv", "data/currencies.csv", "data/field_lists.csv", "data/forecast_widths.csv",
          "data/taxonomy/*.csv")


@cache
def told(root: Path = ROOT) -> dict[str, str]:
    """The version that pyproject.toml has, and the hash of the code; worked out once a process."""
    return {"version": version(root), "code": code(root)}


def version(root: Path = ROOT) -> str:
    """What the project's declaration says, whatever an earlier install noted."""
    return tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]


def code(root: Path = ROOT) -> str:
    """SHA-256 over the modules and the program's own tables: each one's path and content."""
    found = hashlib.sha256()
    for path in sorted(set(_files(root)), key=lambda path: path.relative_to(root).as_posix()):
        content = path.read_bytes().replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        name = path.relative_to(root).as_posix().encode("utf-8", "surrogateescape")
        found.update(b"%d %s %d " % (len(name), name, len(content)) + content)
    return found.hexdigest()


def _files(root: Path) -> Iterator[Path]:
    """The modules without the demo's and without copies that editors keep in hidden folders; the tables."""
    for path in (root / CODE).rglob("*.py"):
        place = path.relative_to(root)
        if not place.as_posix().startswith(f"{DEMO}/") and not any(part.startswith(".") for part in place.parts):
            yield path
    for pattern in TABLES:
        yield from root.glob(pattern)
