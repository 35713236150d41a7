"""What is this file?  Told by its columns: billing of a provider and format, or a table of the codebook.

    file → columns → Guess     kind, what it is in words, and whether it can be read
"""

from dataclasses import dataclass
from pathlib import Path

from helpers import codebook
from helpers import found
from helpers.billing import sources
from helpers.billing.duck import Duck
from helpers.billing.shapes import fit
from helpers.errors import InputError

SUFFIXES = tuple(found.KINDS)


@dataclass(frozen=True)
class Guess:
    """What a file is taken for: billing, a table of the codebook, or "" where it is not used, and why."""

    file: Path
    kind: str
    what: str
    columns: tuple[str, ...] = ()


def guess(file: Path, engine: Duck) -> Guess:
    """What the file is, by its columns alone."""
    kind = found.kind_of(file) or "csv"
    try:
        columns = sources.columns_of(file, kind, engine)[1]
    except InputError as wrong:
        return Guess(file, "", f"not used: {wrong.found}")
    known = sources.recognise(columns)
    if known in sources.DATASETS:
        return Guess(file, "billing", f"FOCUS {known}", tuple(columns))
    if known in sources.FORMATS:
        return _bill(file, known, columns)
    return _table(file, tuple(columns))


def _bill(file: Path, known: str, columns: dict[str, str]) -> Guess:
    format_ = sources.FORMATS[known]
    what = sources.label(format_, columns)
    lacks = fit(format_, columns).lacking()
    if lacks:
        return Guess(file, "", f"{what}: not used, no column {', '.join(lacks)}", tuple(columns))
    return Guess(file, "billing", what, tuple(columns))


def _table(file: Path, columns: tuple[str, ...]) -> Guess:
    """The table with all its required columns there, and most of its columns; or the nearest one, not used."""
    found = set(columns)
    scored = []
    for kind, table in [(kind, table) for kind in ("input", "rules") for table in codebook.tables(kind)]:
        known = codebook.columns(table, kind)
        required = {column.name for column in known if column.required}
        fits = len(found & {column.name for column in known})
        scored.append((len(required & found) / len(required), fits, -len(known), table, required - found))
    share, _, _, table, lacks = max(scored, key=lambda score: score[:4])
    if share == 1:
        return Guess(file, table, table.replace("_", " "), columns)
    if share >= 0.5:
        what = f"not used: like {table.replace('_', ' ')}, but with no column {', '.join(sorted(lacks))}"
        return Guess(file, "", what, columns)
    return Guess(file, "", "not used: no table of data/README.md has these columns", columns)
