"""How is a file asked?  Sources of one shape as queries, and what goes wrong on the way as one line each.

    sources → queries      one a format that the files hold
    engine errors → told   file, row and column of what cannot be read
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import duckdb

from helpers.billing.query import Query
from helpers.billing.shapes import AMOUNTS, fit
from helpers.billing.sources import Source
from helpers.errors import InputError


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
        made.append(Query(fitted, view, engine, scales, basis))
    for query in made:
        query.tops = {column: max(each.top(column) for each in made) for column in (*AMOUNTS, "FiledCost")}
    return made


def alike(sources: Sequence[Source]) -> list[list[Source]]:
    """The sources in groups of one shape, each of which is read at once."""
    groups: dict[tuple, list[Source]] = {}
    for source in sources:
        groups.setdefault(source.shape, []).append(source)
    return list(groups.values())


@contextmanager
def told(sources: Sequence[Source]) -> Iterator[None]:
    """Raises what the engine says of the files as an InputError that names one."""
    try:
        yield
    except (duckdb.BinderException, duckdb.ParserException, duckdb.CatalogException):
        raise  # a fault of the program, not of a file
    except duckdb.Error as error:
        raise explained(error, sources) from error


def explained(error: Exception, sources: Sequence[Source]) -> InputError:
    """What the engine met, with the file and line that it names."""
    text = str(error)
    source = next((one for one in sources if str(one.path) in text), sources[0])
    line = re.search(r"Error on Line: (\d+)", text)
    where = source.name + (f", line {line[1]}" if line else "")
    columns = re.search(r"Expected Number of Columns: (\d+) Found: (\d+)", text)
    if columns:
        return InputError(where, f"{columns[2]} fields", f"{columns[1]}, as the header has",
                          "export the file again, or mend the row")
    if "No space left" in text or "could not write" in text.lower() or "disk space" in text.lower():
        return InputError("disk", "it is full", "room for the cost cube and what is sorted on the way",
                          "free some space and run again; nothing half-made was kept")
    if isinstance(error, duckdb.OutOfMemoryException):
        return InputError(where, "the memory set for the engine does not do", "engine: memory in the parameters",
                          "set it higher, or let the engine be spark")
    first = " ".join(text.split())[:300]
    return InputError(where, first, "a whole file whose rows all have the header's columns",
                      "export or copy the file again, or mend the row")


def bad_value(source: Source, row: int, column: str, value: str, count: int, expected: str) -> InputError:
    """A value that is none, by file, row and column."""
    more = f" (and {count - 1} more)" if count > 1 else ""
    line = f" (line {row + 1})" if source.kind == "csv" else ""
    return InputError(f"{source.name}, row {row}{line}, column {column}", f"'{value}'{more}", expected, "mend the export")
