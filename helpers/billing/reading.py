"""How is a file asked?  Sources of one shape as queries, and what goes wrong on the way as one line each.

    sources → queries      one a format that the files hold
    engine errors → told   file, row and column of what cannot be read
"""

import csv
import gzip
import re
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb

from helpers import cache
from helpers.billing import keep
from helpers.billing.query import Query
from helpers.billing.shapes import AMOUNTS, Fitted, fit, place
from helpers.billing.sources import Source, unreadable
from helpers.errors import InputError

NUMBERS = re.compile(r"(DECIMAL|U?(TINY|SMALL|BIG|HUGE)?INT|U?INTEGER|BYTE|SHORT|LONG|DOUBLE|FLOAT"
                     r'|VARCHAR|JSON|MAP|STRUCT|ARRAY)\b.*|.*\[\]|"NULL"')  # types of amounts; texts are looked into


def queries(sources: Sequence[Source], engine, scales: dict[str, int] | None = None, basis: str = "",
            placed: bool = False) -> list[Query]:
    """The queries over files of one shape: of their rows, and of the further rows that they hold."""
    first, made = sources[0], []
    for format_ in (first.format, *first.format.also):
        if format_.explode and format_.explode not in first.columns:
            continue
        view, columns = engine.relation([source.path for source in sources], first.kind, first.delimiter,
                                        first.columns, format_.explode, placed)
        fitted = fit(format_, columns, first.given, first.values)
        _check_types(first, fitted)
        made.append(Query(fitted, view, engine, scales, basis))
    for query in made:
        query.tops = {column: max(each.top(column) for each in made) for column in (*AMOUNTS, "FiledCost")}
    return made


def _check_types(source: Source, fitted: Fitted) -> None:
    """A column of amounts holds numbers, or texts that may be some; dates and flags are none."""
    for spelling in (spelling for spellings in fitted.amounts.values() for spelling in spellings):
        column, key = place(spelling, fitted.columns)
        if not key and not NUMBERS.fullmatch(fitted.columns[column].upper()):
            raise InputError(f"{source.name}, column {column}", f"values of type {fitted.columns[column]}",
                             "numbers, or texts that are numbers", "export the column as decimals or as text")


def alike(sources: Sequence[Source]) -> list[list[Source]]:
    """The sources in groups of one shape, each of which is read at once."""
    groups: dict[tuple, list[Source]] = {}
    for source in sources:
        groups.setdefault(source.shape, []).append(source)
    return list(groups.values())


def check_packed(path: Path) -> None:
    """Raises InputError where a gzip file does not unpack to what was packed: the engine asks for no checksum."""
    if not path.name.lower().endswith(".gz"):
        return
    try:
        with gzip.open(path) as file:
            while file.read(PIECE):
                pass
    except (OSError, EOFError, zlib.error) as error:
        raise unreadable(path, error) from error


PIECE = 1 << 20  # bytes unpacked at once


@contextmanager
def told(sources: Sequence[Source]) -> Iterator[None]:
    """Raises what the engine says of the files as an InputError that names one."""
    try:
        yield
    except (duckdb.BinderException, duckdb.ParserException, duckdb.CatalogException):
        raise  # a fault of the program, not of a file
    except duckdb.Error as error:
        raise explained(error, sources) from error


DISK = ("no space left", "could not write", "disk space", "max_temp_directory_size", "file too large")
TOO_LONG = ("amounts whose sum has too many digits", "sums of at most 38 digits, decimals included",
            "round amounts of more than 18 decimals in the export")
CAUSES = (  # words of the engine: what was found, expected and to be done
    ("value with unterminated quote", "a quote that is never closed, or text after a closing one",
     "quotes in pairs, doubled where they are part of a value", "export the file again, or mend the row"),
    ("invalid unicode", "text that is not UTF-8", "a CSV file in UTF-8", "save or export it as UTF-8"),
    ("is not valid utf8", "text that is not UTF-8", "texts in UTF-8", "export the file again"),
    ("maximum line size of", "a row of more than 32 MB", "rows that are shorter",
     "export the file again, or mend the row"),
    ("reached an invalid state", "quotes out of place, or lines that end in different ways",
     "quotes in pairs and the same end on every line", "export the file again"),
    ("overflow in", *TOO_LONG), ("to type decimal(", *TOO_LONG),
)


def explained(error: Exception, sources: Sequence[Source]) -> InputError:
    """What the engine met, with the file and line that it names."""
    text = str(error)
    source = next((one for one in sources if str(one.path) in text), next(iter(sources), None))
    gone = next((one for one in sources if not one.path.is_file()), None)
    if gone:
        return keep.changed(gone.name)
    if isinstance(error, (duckdb.IOException, duckdb.OutOfMemoryException)) and any(
            word in text.lower() for word in DISK):
        return InputError("disk", "it is full", "room for the cost cube and what is sorted on the way",
                          "free some space and run again; nothing half-made was kept")
    kept = re.search(r"[^\"']*/(survey|month|shared)-[\w-]+", text)
    if kept and not any(str(one.path) in text for one in sources):
        return cache.damaged(Path(kept[0]))
    where = (source.name if source else "billing") + _line_told(text, source)
    columns = re.search(r"Expected Number of Columns: (\d+) Found: (\d+)", text)
    if columns:
        return InputError(where, f"{columns[2]} fields", f"{columns[1]}, as the header has",
                          "export the file again, or mend the row")
    if isinstance(error, duckdb.OutOfMemoryException):
        return InputError(where, "the memory set for the engine does not do", "engine: memory in the parameters",
                          "set it higher, or let the engine be spark")
    cause = next((told for word, *told in CAUSES if word in text.lower()), None)
    if cause:
        return InputError(where, *cause)
    first = re.sub(r"^[A-Z][\w ]* Error: ", "", " ".join(re.split("LINE 1:|Try setting|Possible ", text)[0].split()))
    return InputError(where, _short(first, 300), WHOLE[source.kind if source else "csv"],
                      "export or copy the file again")


WHOLE = {"csv": "a whole file whose rows all have the header's columns", "parquet": "a whole parquet file",
         "json": "a JSON object a line"}


def _line_told(text: str, source: Source | None) -> str:
    """The line that the engine names; of CSV it counts a row of several lines as one."""
    row, line = (re.search(words, text) for words in (r"Error on Line: (\d+)", r"in line (\d+)"))
    if row and source:
        return f", line {_line(source, int(row[1]), blanks=True)}"
    return f", line {line[1]}" if line else ""


def bad_value(source: Source, row: int, column: str, value: str, count: int, expected: str) -> InputError:
    """A value that is none, by file, row and column."""
    more = f" (and {count - 1} more)" if count > 1 else ""
    line = f" (line {_line(source, row + 1)})" if source.kind == "csv" else ""
    return InputError(f"{source.name}, row {row}{line}, column {column}", f"'{_short(value, 100)}'{more}", expected,
                      "mend the export")


def _line(source: Source, count: int, blanks: bool = False) -> int:
    """The line on which a row of a CSV file begins, the header being the first, blank lines counted or not."""
    opener = gzip.open if source.path.suffix.lower() == ".gz" else open
    csv.field_size_limit(LONGEST)
    try:
        with opener(source.path, "rt", encoding="utf-8-sig", errors="replace", newline="") as file:
            rows, begins = csv.reader(file, delimiter=source.delimiter), 1
            for cells in rows:
                count -= bool(cells) or blanks
                if not count:
                    return begins
                begins = rows.line_num + 1
    except (OSError, EOFError, csv.Error):
        pass
    return begins - 1 + count  # where the rest cannot be read: of plain rows


LONGEST = 1 << 25  # characters of a value, as many as the engine takes


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[:most - 1]}…"
