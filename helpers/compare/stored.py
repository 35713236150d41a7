"""What did an input say when a run read it?  Each file's content by its hash, kept beside the cube; safe to delete.

    paths, hashes → keep      copies of what is small; bills are kept as cubes already (helpers.billing)
    folder → copy             the same for a whole folder, such as a cube
    hash → find               the copy, where it is there and whole
"""

import os
import shutil
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from helpers.cache import digest

LARGEST = 64 * 2**20  # bytes of a file that is copied
DAYS = 90  # after which a copy that no run has read since is cleared away


def keep(files: Iterable[tuple[Path, str]], folder: Path, clear: bool = True) -> None:
    """Copies of the files by their SHA-256; those that are there stay.  A full disk is no reason to stop a run."""
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        for path, content in files:
            _keep(path, content, folder)
        if clear:
            _clear(folder)


def copy(folder: Path, to: Path) -> None:
    """A copy of a folder, where all in it is no larger than LARGEST."""
    if sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) > LARGEST:
        return
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            (to / path.relative_to(folder)).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, to / path.relative_to(folder))


def _keep(path: Path, content: str, folder: Path) -> None:
    kept = folder / content
    if kept.is_file():
        os.utime(kept)
    elif path.stat().st_size <= LARGEST:
        aside = folder / f".{content}-{os.getpid()}"
        shutil.copyfile(path, aside)
        os.replace(aside, kept)


def _clear(folder: Path) -> None:
    oldest = time.time() - DAYS * 24 * 3600
    for kept in folder.iterdir():
        if kept.stat().st_mtime < oldest:
            kept.unlink(missing_ok=True)


def find(content: str, folders: Iterable[Path]) -> Path | None:
    """The file whose SHA-256 it is, in the first of the folders that has it whole; None where none does."""
    for folder in folders:
        kept = folder / content
        if kept.is_file() and digest(kept) == content:
            return kept
    return None
