"""May a command write over this folder?  Only where none is, where it is empty, or where the command made it.

    folder, made → check_own → raises InputError where something else lies there
    made, target → put         the one in the place of the other, or all as it was
"""

import shutil
from collections.abc import Callable
from pathlib import Path

from helpers.errors import InputError
from helpers.problems import quoted, shown

NAMED = 3  # files that a message names


def check_own(folder: Path, made: Callable[[Path], bool], command: str, option: str) -> None:
    """Raises InputError unless the folder is not there, is empty, or `made` says that the command wrote it.

    option: what names another folder.
    """
    todo, here = f"name another with {option}, or move it away", shown(folder)
    if folder.is_symlink():
        raise InputError(here, "a link to another place", "a folder of its own", todo)
    if folder.exists() and not folder.is_dir():
        raise InputError(here, "a file", "a folder", todo)
    if folder.is_dir() and (names := sorted(path.name for path in folder.iterdir())) and not made(folder):
        raise InputError(here, f"a folder that {command} did not make, with {told(names)}",
                         "a folder that is not there, is empty, or was made by it", todo)


def put(made: Path, target: Path, old: Path) -> None:
    """Puts a folder in the place of another, which goes to `old` and then away; where that fails it is back."""
    if target.exists():
        target.rename(old)
    try:
        made.rename(target)
    except OSError:
        if old.exists():
            old.rename(target)
        raise
    shutil.rmtree(old, ignore_errors=True)


def told(names: list[str]) -> str:
    """The first names, and how many more there are."""
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(quoted(name) for name in names[:NAMED]) + more
