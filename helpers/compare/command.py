"""The command: two runs named as texts in, sentences out, and the tables where they are asked for."""

from collections.abc import Sequence
from pathlib import Path

from helpers import checks, folders, publish
from helpers.compare import causes, sides
from helpers.compare.attribution import ALL, Comparison, compare
from helpers.compare.changes import BILLING, CODEBOOK, PARAMETERS
from helpers.compare.sides import Side
from helpers.errors import InputError
from helpers.problems import nearest, shown

MARK = "compared_runs.csv"  # in a folder of tables: that this command made it


def run(was: str, now: str, instead: Sequence[str] = (), periods: Sequence[str] = (), rows: Sequence[str] = (),
        out: str | None = None) -> tuple[list[str], str]:
    """A line on what moved and one a cause; ok or failed.  out: the folder that the tables are written to."""
    for name in rows:
        _check_table(name)
    folder = _folder(out) if out else None
    found = compare(*both(was, now, dict(map(_pair, instead)), periods[-1] if periods else ""), periods, _named(rows))
    told = [causes.headline(found), *causes.sentences(found)]
    looked = causes.check(found)
    if folder is not None:
        told.append(f"tables: {shown(write(found, folder))}")
    failed = looked[looked["state"] == "failed"]
    return told + [f"failed  {row.check} {row.note}".rstrip() for row in failed.itertuples()], checks.worst(looked)


def both(was: str, now: str, instead: dict[str, str], period: str = "") -> tuple[Side, Side]:
    """The two sides, each with the tags of both in its cube, so that other tag keys are a parameter and not lines."""
    first, second = sides.of(was, period), sides.of(now, period, instead)
    keys = [sorted({key for named in side.settings["tag_keys"].values() for key in named}) for side in (first, second)]
    if keys[0] == keys[1]:
        return first, second
    return sides.of(was, period, tag_keys=keys[1]), sides.of(now, period, instead, tag_keys=keys[0])


def write(found: Comparison, folder: Path) -> Path:
    """Writes the tables as CSV, and which runs they are of; the folder comes back."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in causes.tables(found).items():
        publish.write_csv(folder / f"compared_{name}.csv", table)
    publish.write_csv(folder / MARK, causes.runs(found))
    return folder.resolve()


def _folder(out: str) -> Path:
    """The folder to write to: one that is not there, is empty, or was made by this command."""
    folder = Path(out)
    folders.check_own(folder, lambda place: (place / MARK).is_file(), "compare", "--out")
    return folder


def _pair(text: str) -> tuple[str, str]:
    name, sign, file = text.partition("=")
    if not sign or not file:
        raise InputError(f"--with {text}", "no file", "NAME=FILE", "write it like --with rules.mapping=new_rules.csv")
    return name, file


def _named(rows: Sequence[str]) -> list[str]:
    return [name if name in (ALL, BILLING, PARAMETERS) or name in CODEBOOK else name.replace("_", " ") for name in rows]


def _check_table(name: str) -> None:
    known = [ALL, BILLING, PARAMETERS, *(table.replace(" ", "_") for table in CODEBOOK)]
    if name.replace(" ", "_") not in known:
        near = nearest(name, known)
        todo = f"write {near}" if near else "name one of them"
        raise InputError(f"--rows {name}", "no table of the inputs", ", ".join(known), todo)
