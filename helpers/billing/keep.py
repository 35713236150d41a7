"""What is kept between runs?  Each file's survey, what files share, and each month's lines, by what they were made of.

    paths → prints        SHA-256 of each file, read again only where size, time or inode changed (helpers.cache)
    key → folder          made aside and moved into place: a broken build leaves nothing, two runs do not meet

Nothing is moved into place where a file it was made of is no longer what its key says (`proving`).

The folder may be deleted at any time.
"""

import hashlib
import inspect
import json
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path

import duckdb

from helpers import cache as tables
from helpers import codebook, money, tags, values
from helpers.errors import InputError


def key_of(*parts: object) -> str:
    """A name for what is made of these parts by the code as it is."""
    return hashlib.sha256(json.dumps([_code(), *parts], default=str, sort_keys=True).encode()).hexdigest()[:24]


@cache
def _code() -> str:
    """The code that reads bills, and the engine that runs it."""
    files = sorted(Path(__file__).parent.glob("*.py"))
    texts = [file.read_bytes() for file in files] + [inspect.getsource(module).encode() for module in (
        codebook, money, tables, tags, values)]
    return hashlib.sha256(b"\0".join([*texts, duckdb.__version__.encode()])).hexdigest()


def made(folder: Path, key: str, make: Callable[[Path], None]) -> Path:
    """The folder kept under the key; where there is none, `make` fills one aside and it is moved into place."""
    kept = folder / key
    if not kept.is_dir():
        with aside(folder) as new:
            make(new)
            place(new, kept)
    return kept


_proof: ContextVar[Callable[[], None]] = ContextVar("proof", default=lambda: None)


@contextmanager
def proving(proof: Callable[[], None]) -> Iterator[None]:
    """Within it nothing is moved into place before `proof`, which raises where a file changed since it was hashed."""
    token = _proof.set(proof)
    try:
        yield
    finally:
        _proof.reset(token)


@contextmanager
def aside(folder: Path) -> Iterator[Path]:
    """A new folder beside those that are kept; what is left in it at the end goes.  A full disk is told as one line."""
    new = None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        new = Path(tempfile.mkdtemp(prefix=ASIDE, dir=folder))
        yield new
    except OSError as error:
        raise InputError(str(folder), error.strerror or str(error), "a folder with room for the cost cube",
                         "free some space or give the permission, and run again; nothing half-made was kept") from error
    finally:
        if new is not None:
            shutil.rmtree(new, ignore_errors=True)


ASIDE = ".made-"
LEFT_OVER = 24 * 3600  # seconds after which what a killed run left aside is cleared away


def clear(folder: Path) -> None:
    """Clears away what killed runs left aside; a run that is under way keeps its own."""
    for left in folder.glob(f"{ASIDE}*"):
        try:
            if time.time() - left.stat().st_mtime > LEFT_OVER:
                shutil.rmtree(left) if left.is_dir() else left.unlink()
        except OSError:
            continue  # another run was first


def changed(name: str) -> InputError:
    """That a file is no longer what it was when the run began."""
    return InputError(name, "the file changed while it was read", "a file that stays as it is",
                      "wait until it is complete and run again; nothing half-made was kept")


def place(new: Path, kept: Path) -> None:
    """Moves what was made into place; where another run was first, what it made is the same."""
    _proof.get()()
    try:
        new.rename(kept)
    except OSError:
        if not kept.is_dir():
            raise
