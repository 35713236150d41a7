"""What is kept between runs?  Each file's survey, what files share, and each month's lines, by what they were made of.

    paths → prints        SHA-256 of each file, read again only where size, time or inode changed (helpers.cache)
    key → folder          made aside and moved into place: a broken build leaves nothing, two runs do not meet

The folder may be deleted at any time.
"""

import hashlib
import inspect
import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import duckdb

from helpers import codebook, money, tags
from helpers.errors import InputError


def key_of(*parts: object) -> str:
    """A name for what is made of these parts by the code as it is."""
    return hashlib.sha256(json.dumps([_code(), *parts], default=str, sort_keys=True).encode()).hexdigest()[:24]


@cache
def _code() -> str:
    """The code that reads bills, and the engine that runs it."""
    files = sorted(Path(__file__).parent.glob("*.py"))
    texts = [file.read_bytes() for file in files] + [inspect.getsource(module).encode() for module in (
        codebook, money, tags)]
    return hashlib.sha256(b"\0".join([*texts, duckdb.__version__.encode()])).hexdigest()


def made(folder: Path, key: str, make: Callable[[Path], None]) -> Path:
    """The folder kept under the key; where there is none, `make` fills one aside and it is moved into place."""
    kept = folder / key
    if not kept.is_dir():
        with aside(folder) as new:
            make(new)
            place(new, kept)
    return kept


@contextmanager
def aside(folder: Path) -> Iterator[Path]:
    """A new folder beside those that are kept; what is left in it at the end goes.  A full disk is told as one line."""
    new = None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        new = Path(tempfile.mkdtemp(prefix=".made-", dir=folder))
        yield new
    except OSError as error:
        raise InputError(str(folder), error.strerror or str(error), "a folder with room for the cost cube",
                         "free some space or give the permission, and run again; nothing half-made was kept") from error
    finally:
        if new is not None:
            shutil.rmtree(new, ignore_errors=True)


def place(new: Path, kept: Path) -> None:
    """Moves what was made into place; where another run was first, what it made is the same."""
    try:
        new.rename(kept)
    except OSError:
        if not kept.is_dir():
            raise
