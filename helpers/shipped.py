"""Are the notebooks those that the workbook ships?  What a person tries belongs into copies, which are never published.

    notebooks/*.ipynb → state → name: shipped, or not      by the sources of their cells; outputs do not count
    python -m helpers.shipped               writes notebooks/shipped.csv anew, after a change that is meant
    notebooks → copies → notebooks/copies/*.ipynb               what `lab` opens; an edited copy is left alone
"""

import csv
import hashlib
import json
import shutil
from pathlib import Path

from helpers import checks
from helpers.problems import ROOT

NOTEBOOKS = ROOT / "notebooks"
LIST, COPIES, MADE = "shipped.csv", "copies", ".made.json"
CHECK = "notebooks that differ from those shipped"
OWNER = "FinOps team"


def fingerprint(path: Path) -> str:
    """SHA-256 over the cells' kinds, tags and sources; "" of what is no notebook."""
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        told = [[cell["cell_type"], sorted(cell.get("metadata", {}).get("tags", [])), "".join(cell["source"])]
                for cell in cells]
    except (OSError, ValueError, KeyError, TypeError):
        return ""
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def write(folder: Path = NOTEBOOKS) -> Path:
    """Writes the list of the notebooks as they are now."""
    rows = [(path.name, fingerprint(path)) for path in sorted(folder.glob("*.ipynb"))]
    with open(folder / LIST, "w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([("notebook", "sha256"), *rows])
    return folder / LIST


def state(folder: Path = NOTEBOOKS) -> dict[str, bool]:
    """By notebook whether it is as shipped."""
    try:
        with open(folder / LIST, encoding="utf-8", newline="") as file:
            listed = {row["notebook"]: row["sha256"] for row in csv.DictReader(file)}
    except (OSError, KeyError):
        listed = {}
    return {path.name: listed.get(path.name) == fingerprint(path) for path in sorted(folder.glob("*.ipynb"))}


def check(found: dict[str, bool]) -> dict:
    """A finding for notebooks that are not as shipped: what they publish is this company's own."""
    other = [name for name, same in found.items() if not same]
    todo = "put them back (git checkout notebooks), or have the change reviewed and run python -m helpers.shipped"
    return checks.noted(CHECK, len(other), OWNER, f"{', '.join(other)}: {todo}" if other else "")


def copies(folder: Path = NOTEBOOKS) -> list[str]:
    """Makes a copy of each notebook to try things in, and renews those that nobody edited; a line a copy that was."""
    place, told = folder / COPIES, []
    place.mkdir(exist_ok=True)
    made = _made(place)
    for source in sorted(folder.glob("*.ipynb")):
        copy, now = place / source.name, fingerprint(source)
        if not copy.exists() or fingerprint(copy) == made.get(source.name):
            shutil.copyfile(source, copy)
            made[source.name] = now
        elif made.get(source.name) != now:
            told.append(f"notebooks/{COPIES}/{source.name} was edited and stays; delete it for a fresh copy")
    (place / MADE).write_text(json.dumps(made, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    return told


def _made(place: Path) -> dict[str, str]:
    """What each copy was when it was made."""
    try:
        return dict(json.loads((place / MADE).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return {}


if __name__ == "__main__":
    print(write())
