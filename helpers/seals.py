"""Is what was kept still what it was?  Packs against their manifest, closed months against closed.json, file by file.

    folder, hashes → broken → InputErrors      a file that differs, is gone, or came since
    folder → sealed → hashes                   what is written into closed.json
    kept folder → broken_months → InputErrors  of all closed months

Whoever edits a file and its seal is not found out: a seal finds accidents, and changes that nobody meant to hide.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from helpers.cache import digest
from helpers.errors import InputError
from helpers.problems import shown

CLOSED = "closed.json"
UNLISTED = "tables"  # all that closed months listed before version 0.2.0


def sealed(folder: Path) -> dict[str, str]:
    """Every file of the folder by its path in it, with its SHA-256; closed.json aside."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != CLOSED)
    return {path.relative_to(folder).as_posix(): digest(path) for path in paths}


def broken(folder: Path, hashes: Mapping[str, str], expected: str, todo: str,
           alone: tuple[str, ...] = ()) -> Iterator[InputError]:
    """An error a file that differs from its hash or is gone; and a file below `alone` that has none."""
    for name, was in sorted(hashes.items()):
        path = folder / name
        if not path.is_file():
            yield InputError(shown(path), "the file is gone", expected, todo)
        elif digest(path) != was:
            yield InputError(shown(path), "its content is another", expected, todo)
    for path in sorted(path for part in alone for path in (folder / part).rglob("*") if path.is_file()):
        if (name := path.relative_to(folder).as_posix()) not in hashes and name != CLOSED:
            yield InputError(shown(path), "a file that was not there", expected, todo)


def broken_month(folder: Path) -> Iterator[InputError]:
    """What differs in the folder of a closed month."""
    todo = "put it back from a copy; what changed since is booked in an open month"
    try:
        told = json.loads((folder / CLOSED).read_text(encoding="utf-8"))
        whole = told.get("files")
        hashes = whole if whole is not None else {f"{UNLISTED}/{name}": mark for name, mark in told["tables"].items()}
        hashes = dict(hashes)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as wrong:
        yield InputError(shown(folder / CLOSED), f"it cannot be read ({type(wrong).__name__})",
                         "what closing the month wrote", todo)
        return
    expected = f"what {folder.parent.name} was closed with"
    yield from broken(folder, hashes, expected, todo, ("",) if whole is not None else ())


def broken_months(kept: Path) -> list[InputError]:
    """What differs in all closed months, the earliest first."""
    return [wrong for folder in sorted(kept.glob("*/closed")) for wrong in broken_month(folder)]


def broken_pack(pack: Path, told: Mapping) -> list[InputError]:
    """What differs in a pack since its run: files that the manifest lists, and tables and map that it does not."""
    return list(broken(pack, told.get("files", {}), "what the run wrote, as manifest.json lists it",
                       "run the report again, and look at it", ("tables", "map", "checks")))
