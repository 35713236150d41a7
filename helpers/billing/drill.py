"""Which billing rows stand behind a line of the cube?  The line in, its rows as the files have them out.

    cube, line → rows     each with its file and its place there; what a credit or an unused part came from, too
"""

from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd

from helpers.billing import reading, tagging
from helpers.billing.cube import Asked, Cube, engine_of, spill
from helpers.billing.query import ROW
from helpers.billing.shapes import KEYS, literal, quoted
from helpers.billing.sources import open_source, word_of
from helpers.problems import ROOT, shown

PLAIN = tuple(key for key in KEYS if key != "Tags")


def rows(cube: Cube, line: Mapping, asked: Asked, most: int = 1_000) -> pd.DataFrame:
    """The billing rows of a line (a row of cube.lines), at most so many: file, row, then the file's own columns.

    Files that do not count have none.  The order is that of the files.
    """
    files = cube.files[(cube.files["state"] == "read") & (cube.files["ProviderName"] == line["ProviderName"])
                       & (cube.files["billing_period"] == line["billing_period"])
                       & (cube.files["BillingCurrency"] == line["BillingCurrency"])]
    paths = [ROOT / name for name in sorted(set(files["file"]))]
    found: list[pd.DataFrame] = []
    with TemporaryDirectory() as aside, closing(engine_of(asked, paths, Path(aside), spill())) as engine:
        for path in paths:
            found.append(_rows_of(path, line, asked, most - sum(map(len, found)), engine))
    kept = [table for table in found if len(table)]
    return pd.concat(kept, ignore_index=True) if kept else pd.DataFrame(columns=["file", "row"])


def _rows_of(path: Path, line: Mapping, asked: Asked, most: int, engine) -> pd.DataFrame:
    source = open_source(path, word_of(shown(path), asked.words), engine)
    with reading.told([source]):
        places: set[int] = set()
        for query in reading.queries([source], engine, placed=True):
            mapped = query.rows(KEYS, [], days=True, carry=["row"])
            engine.keep("candidates", f"SELECT row, Tags FROM ({mapped}) WHERE {_like(line)}")
            places |= _with_tags(line["Tags"], asked, source.format.tag_prefixes, engine)
        view, _ = engine.relation([path], source.kind, source.delimiter, source.columns, placed=True)
        wanted = ", ".join(map(str, sorted(places)[:max(most, 0)])) or "NULL"
        columns = ", ".join(f"{quoted(name)} AS {quoted(_own(name))}" for name in source.columns)
        table = engine.table(f"SELECT {ROW} AS row, {columns} FROM {view} WHERE {ROW} IN ({wanted}) ORDER BY {ROW}")
        table = table.to_pandas()
    table.insert(0, "file", source.name)
    return table


def _own(name: str) -> str:
    """A column of the file, told from the two that say where its row is."""
    return f"{name} (in the file)" if name.casefold() in ("file", "row") else name


def _like(line: Mapping) -> str:
    """The condition that a row is of the line, its tags aside."""
    tests = [f"{key} = {literal(line[key])}" for key in PLAIN]
    tests += [f"substr(billing_day, 1, 7) = {literal(line['billing_period'])}",
              f"substr(service_day, 1, 7) = {literal(line['service_period'])}"]
    return " AND ".join(tests)


def _with_tags(kept: str, asked: Asked, prefixes, engine) -> set[int]:
    """The places of the candidates whose tags, those that count, are the line's."""
    engine.keep("tag_map", tagging.reduce(engine.table("SELECT DISTINCT Tags AS text FROM candidates"), asked.tag_keys,
                                          prefixes))
    found = engine.table(f"SELECT row FROM candidates JOIN tag_map ON Tags = text WHERE kept = {literal(kept)}")
    return set(found["row"].to_pylist())
