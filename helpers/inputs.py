"""What do the small input tables say?  CSV or parquet, read by the codebook and refused where it is not kept.

    file, table of data/codebook.csv → DataFrame     text, Decimal or int by column; a blank number is None

Columns that the codebook does not have are allowed and left out.  Everything wrong is told at once.
"""

import csv
import gzip
import io
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from helpers import codebook, values
from helpers.codebook import Column
from helpers.errors import InputError
from helpers.problems import Problems, nearest, quoted, shown

DELIMITERS = ",;\t"


class Lines(tuple):
    """Lines of a file that the rows of a table stand on; a table's copies share them."""

    def __deepcopy__(self, memo: dict) -> "Lines":
        return self


class Raw(NamedTuple):
    """A table as it stands in the file: texts, and the line each row starts on."""

    where: str
    header: list[str]
    rows: list[Sequence[str]]
    lines: list[int]


def read(path: str | Path, table: str, kind: str = "input") -> pd.DataFrame:
    """The rows of the file, with the columns of the codebook in its order; attrs["lines"] has the line of each.

    CSV is UTF-8 with `,`, `;` or tab between fields, quotes where needed; `.gz` is unpacked.
    Spaces around a value do not count.  A column that is not required and not there comes out blank.
    """
    file = Path(path)
    columns = codebook.columns(table, kind)
    raw = _load(file, [column.name for column in columns])
    problems = Problems()
    _check_header(raw, columns, table, problems)
    problems.stop()
    read_columns = {column.name: _read_column(raw, column, problems) for column in columns}
    _check_keys(raw, columns, read_columns, problems)
    whole = [] if problems or any(column.key for column in columns) else _whole(raw, read_columns)
    _check_repeats(raw, whole, problems)
    problems.stop()
    found = pd.DataFrame({column.name: _series(read_columns[column.name], column.type) for column in columns})
    found.attrs["lines"] = Lines(raw.lines)
    if whole:
        found.attrs["whole"] = Lines(whole)
    return found


def _series(cells: list[Any], kind: str) -> Sequence[Any]:
    """The cells as a column, of its own type where it has no row too; whole numbers stay whole beside a blank, which
    pandas would make floats of."""
    if not cells:
        return pd.Series(cells, dtype=object if kind in values.NUMBERS or kind == "flag" else "str")
    return pd.Series(cells, dtype=object) if None in cells and any(isinstance(cell, int) for cell in cells) else cells


def header(path: str | Path) -> list[str]:
    """The names of the file's columns; none where it cannot be read, which `read` then tells."""
    try:
        return _load(Path(path), []).header
    except InputError:
        return []


def lines_of(table: pd.DataFrame) -> Sequence[int]:
    """The line of each row in the file it was read from; of a table made elsewhere, as if it stood below a header."""
    return table.attrs.get("lines") or range(2, len(table) + 2)


def _load(file: Path, names: list[str]) -> Raw:
    where = shown(file.resolve())
    if not file.is_file():
        raise InputError(where, "the file does not exist", "a CSV or parquet file", "correct the path")
    if file.suffix.lower() in (".xlsx", ".xls", ".ods"):
        raise InputError(where, "it is a workbook", "a CSV or parquet file", "save the sheet as CSV UTF-8")
    if not file.stat().st_size:
        raise _empty(where)
    if file.suffix.lower() == ".parquet":
        return _load_parquet(file, where)
    return _load_csv(_text(file, where), where, names)


def _empty(where: str) -> InputError:
    return InputError(where, "the file is empty", "a line of column names, then rows", "make the extract again")


def _text(file: Path, where: str) -> str:
    try:
        content = file.read_bytes()
        return (gzip.decompress(content) if file.suffix.lower() == ".gz" else content).decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        line = wrong.object.count(b"\n", 0, wrong.start) + 1
        raise InputError(f"{where}, line {line}", "it is not UTF-8 text", "UTF-8", "save it as CSV UTF-8") from None
    except (OSError, EOFError, zlib.error) as wrong:
        raise InputError(where, f"it cannot be read ({wrong})", "a CSV file", "make the extract again") from None


def _load_csv(text: str, where: str, names: list[str]) -> Raw:
    if not text.strip():
        raise _empty(where)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text, names), strict=True)
    records: list[list[str]] = []
    lines: list[int] = []
    before = 0
    try:
        for record in reader:
            if any(record):
                records.append(record)
                lines.append(before + 1)
            before = reader.line_num
    except csv.Error as wrong:
        todo = "put texts that hold a quote or a line break in quotes, doubling quotes inside"
        raise InputError(f"{where}, line {before + 1}", f"it cannot be read ({wrong})", "CSV", todo) from None
    if not records:
        raise _empty(where)
    _check_width(where, records, lines)
    return Raw(where, [name.strip() for name in records[0]], records[1:], lines[1:])


def _delimiter(text: str, names: list[str]) -> str:
    """The delimiter that finds the most known columns in the first line; a comma where none does better."""
    first = text.lstrip("\r\n").split("\n", 1)[0].rstrip("\r")

    def known(delimiter: str) -> int:
        return len({name.strip(' "') for name in first.split(delimiter)} & set(names))

    return max(DELIMITERS, key=known)


def _check_width(where: str, records: list[list[str]], lines: list[int]) -> None:
    """Every row has as many fields as the header, or the first that has not is told."""
    width = len(records[0])
    odd = [row for row, record in enumerate(records) if len(record) != width]
    if odd:
        problems = Problems()
        found = f"it has {len(records[odd[0]])} fields"
        todo = "put texts that hold the delimiter in quotes"
        problems.add(f"{where}, line {lines[odd[0]]}", found, f"{width}, as the first line has", todo, len(odd) - 1)
        problems.stop()


def _load_parquet(file: Path, where: str) -> Raw:
    import pyarrow.parquet

    try:
        content = pyarrow.parquet.read_table(file, partitioning=None)
    except (pyarrow.ArrowException, OSError) as wrong:
        found = f"it cannot be read ({str(wrong).splitlines()[0]})"
        raise InputError(where, found, "a parquet file", "make the extract again") from None
    cells = [[values.as_text(value) for value in column.to_pylist()] for column in content.columns]
    return Raw(where, list(content.column_names), list(zip(*cells)), list(range(1, content.num_rows + 1)))


def _check_header(raw: Raw, columns: list[Column], table: str, problems: Problems) -> None:
    names = [column.name for column in columns]
    if not set(names) & set(raw.header):
        found = f"the first line has no column of the table {table}"
        problems.add(raw.where, found, ", ".join(names), "name the columns in the first line")
        return
    for name in sorted({name for name in raw.header if name and raw.header.count(name) > 1}):
        found = f"column {name} stands {raw.header.count(name)} times"
        problems.add(raw.where, found, "each column once", "rename or take one out")
    spare = [name for name in raw.header if name not in names]
    for column in columns:
        if column.name not in raw.header:
            _check_missing(raw.where, column, spare, problems)


def _check_missing(where: str, column: Column, spare: list[str], problems: Problems) -> None:
    """A required column must be there; another may be left out, but not be misspelt."""
    near = nearest(column.name, spare, 0.6 if column.required else 0.85)
    if column.required or near:
        todo = f"rename {quoted(near)} if that is it" if near else "add it"
        problems.add(where, f"column {column.name} is missing", f"a column with: {column.meaning}", todo)


def _read_column(raw: Raw, column: Column, problems: Problems) -> list[Any]:
    """The values of a column; each distinct text is read once, and the first that is wrong is told."""
    if column.name not in raw.header:
        return [values.blank(column.type)] * len(raw.rows)
    place = raw.header.index(column.name)
    texts = [row[place].strip() for row in raw.rows]
    meanings, wrong = _meanings(set(texts), values.reader(column))
    if wrong:
        odd = [row for row, text in enumerate(texts) if text in wrong]
        error = wrong[texts[odd[0]]]
        where = f"{raw.where}, line {raw.lines[odd[0]]}"
        problems.add(where, f"{column.name} is {quoted(texts[odd[0]])}", error.expected, error.todo, len(odd) - 1)
    return [meanings.get(text) for text in texts]


def _meanings(texts: set[str], meaning: Callable[[str], Any]) -> tuple[dict, dict]:
    """What each text means, and what is wrong with those that mean nothing."""
    meanings, wrong = {}, {}
    for text in texts:
        try:
            meanings[text] = meaning(text)
        except values.Wrong as error:
            wrong[text] = error
    return meanings, wrong


def _check_keys(raw: Raw, columns: list[Column], read_columns: dict, problems: Problems) -> None:
    """No two rows are the same in all key columns."""
    names = [column.name for column in columns if column.key]
    if not names or problems:
        return
    first: dict[tuple, int] = {}
    again: dict[tuple, list[int]] = {}
    for line, key in zip(raw.lines, zip(*(read_columns[name] for name in names))):
        if first.setdefault(key, line) != line:
            again.setdefault(key, []).append(line)
    for key, lines in list(again.items())[:1]:
        what = ", ".join(f"{name} {quoted(text)}" for name, text in zip(names, key))
        found = f"{what} stands again, as on line {first[key]}"
        todo = "keep one row, or sum them in the extract"
        problems.add(f"{raw.where}, line {lines[0]}", found, f"one row a {' and '.join(names)}", todo,
                     sum(map(len, again.values())) - 1)


def _check_repeats(raw: Raw, whole: list[tuple], problems: Problems) -> None:
    """In a table without a key no two rows are the same in every column of the file, those it does not read included."""
    first: dict[tuple, int] = {}
    again = [(line, first[row]) for row, line in whole if first.setdefault(row, line) != line]
    if again:
        todo = "take it out; where both are meant, sum them, or keep a column that tells them apart"
        problems.add(f"{raw.where}, line {again[0][0]}", f"the row stands twice, as on line {again[0][1]}",
                     "each row once", todo, len(again) - 1)


def _whole(raw: Raw, read_columns: dict) -> list[tuple]:
    """Each row with all that the file says in it, numbers by their value; and its line."""
    spare = [place for place, name in enumerate(raw.header) if name not in read_columns]
    texts = [tuple(row[place].strip() for place in spare) for row in raw.rows]
    return list(zip(zip(*read_columns.values(), texts, strict=True), raw.lines, strict=True))


def repeated(tables: Sequence[tuple[str, pd.DataFrame]]) -> None:
    """Raises InputError where a row of one file stands in another of the same input too; tables by the files' names.

    Rows are those of the files, whatever a feed sums of them.
    """
    first: dict[tuple, str] = {}
    problems = Problems()
    for where, rows in tables:
        here = dict(rows.attrs.get("whole") or zip(rows.itertuples(index=False, name=None), lines_of(rows), strict=True))
        again = [(line, first[row]) for row, line in here.items() if row in first]
        if again:
            problems.add(f"{where}, line {again[0][0]}", f"the row stands in {again[0][1]} too", "each row once",
                         "leave one file out; where both are meant, add a column that tells them apart", len(again) - 1)
        first |= {row: f"{where}, line {line}" for row, line in here.items() if row not in first}
    problems.stop()
