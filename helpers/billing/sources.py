"""Which files are bills, and of what kind?  Each file with its columns and format, recognised or as the parameters say.

    paths, settings → sources     one Source a file that can be read; the format is told by the columns
"""

import csv
import gzip
import json
import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from helpers import globs
from helpers.billing import aws, focus, keep, query, table
from helpers.billing.aws import AWS
from helpers.billing.azure import AZURE
from helpers.billing.duck import Duck
from helpers.billing.google import GOOGLE
from helpers.billing.oci import OCI
from helpers.billing.shapes import AMOUNTS, Format, fit
from helpers.errors import InputError
from helpers.found import kind_of
from helpers.problems import nearest, quoted, shown

FORMATS = {"aws": AWS, "azure": AZURE, "google": GOOGLE, "oci": OCI, "focus": focus.FOCUS, "table": table.TABLE}
DATASETS = {  # FOCUS tables beside cost and usage, with the columns they are known by
    "invoice details": {"invoicedetailid", "invoiceissuername", "invoiceid"},
    "billing periods": {"billingperiodstatus", "billingperiodstart"},
    "contract commitments": {"contractcommitmentid", "contractcommitmentcost"},
}


@dataclass(frozen=True)
class Word:
    """What the parameters say of some files: an entry of `billing` (helpers.settings)."""

    files: tuple[str, ...] = ()
    format: str = ""
    basis: str = ""
    together: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Source:
    """A billing file: how it is packed, its columns, its format and what the parameters say of it."""

    path: Path
    name: str  # as messages and tables show it
    kind: str  # csv, parquet, json
    delimiter: str
    columns: Mapping[str, str]
    word: Word
    format: Format
    given: Mapping[str, str]  # FOCUS column: column of the file that the parameters name
    values: Mapping[str, str]  # FOCUS column: its value where the file has none
    label: str  # the format in words, with its version
    dataset: str = ""  # the FOCUS table it is, where it is no bill

    def described(self) -> dict:
        """What `restored` makes the source of again, without opening the file."""
        return {"kind": self.kind, "delimiter": self.delimiter, "columns": dict(self.columns), "label": self.label,
                "format": next(key for key, format_ in FORMATS.items() if format_ is self.format),
                "given": dict(self.given), "values": dict(self.values), "dataset": self.dataset}

    @classmethod
    def restored(cls, path: Path, name: str, told: Mapping, word: Word) -> "Source":
        """The source that `described` told."""
        return cls(path, name, told["kind"], told["delimiter"], told["columns"], word, FORMATS[told["format"]],
                   told["given"], told["values"], told["label"], told["dataset"])

    @property
    def shape(self) -> tuple:
        """What files that are read at once have in common."""
        return (self.dataset, self.format.name, self.kind, self.delimiter, *self.columns.items(), self.word.basis,
                *self.given.items(), *self.values.items())


def word_of(name: str, words: Sequence[Word]) -> Word:
    """The first entry whose files match the name; an empty one where none does."""
    return next((word for word in words if any(globs.matches(pattern, name) for pattern in word.files)), Word())


def open_source(path: Path, word: Word, engine: Duck) -> Source:
    """The file as a source; raises InputError where it cannot be read or lacks what no step can do without."""
    name, kind = shown(path), kind_of(path) or "csv"
    delimiter, columns = columns_of(path, kind, engine, [word.columns[name] for name in AMOUNTS if name in word.columns])
    known = recognise(columns)
    if known in DATASETS and not word.format:
        return Source(path, name, kind, delimiter, columns, word, focus.FOCUS, {}, {}, f"FOCUS {known}", known)
    format_ = _format_of(name, columns, word)
    given, values = (table.completed if word.format == "table" else lambda *pair: pair)(word.columns, word.values)
    _check_named(name, columns, word)
    _check_amounts(name, word)
    lacks = fit(format_, columns, given, values).lacking()
    if lacks:
        raise InputError(name, f"no column {', '.join(lacks)}", f"the columns of {format_.name}",
                         "add them to the export, or give them in the parameters, under billing: columns or values")
    return Source(path, name, kind, delimiter, columns, word, format_, given, values, label(format_, columns))


def label(format_: Format, columns: Mapping[str, str]) -> str:
    """The format in words, with its version."""
    told = {"FOCUS": lambda: f"FOCUS {focus.version(columns)}", AWS.name: lambda: aws.version(columns)}
    return told.get(format_.name, lambda: format_.name)()


def recognise(columns: Mapping[str, str]) -> str:
    """The format that the columns tell: a key of FORMATS, a key of DATASETS, or ""."""
    lower = {name.lower().replace(" ", "") for name in columns}
    for name, signs in DATASETS.items():
        if lower >= signs and "chargeperiodstart" not in lower:
            return name
    return next((name for name, format_ in FORMATS.items() if any(lower >= signs for signs in format_.signs)), "")


def columns_of(path: Path, kind: str, engine: Duck, amounts: Sequence[str] = ()) -> tuple[str, dict[str, str]]:
    """The file's delimiter ("" unless CSV), and its columns with their types; CSV columns are all text.

    amounts: columns that hold some, besides those that a format names.
    """
    if kind == "csv":
        names, delimiter = read_header(path)
        return delimiter, dict.fromkeys(names, "VARCHAR")
    if kind == "json":
        return "", _json_columns(path, engine, amounts)
    try:
        columns = engine.columns(path)
        names = pq.read_schema(path).names  # as they stand: the engine renames a second one
    except (duckdb.Error, pa.ArrowException, OSError) as error:
        if isinstance(error, PermissionError):
            raise unreadable(path, error) from error
        if not path.is_file():
            raise keep.changed(shown(path)) from error
        raise InputError(shown(path), f"not readable as parquet ({str(error).strip().splitlines()[0]})",
                         "a whole parquet file", "export or copy the file again") from error
    _check_twice(path, names)
    return "", columns


def read_header(path: Path) -> tuple[list[str], str]:
    """Column names and delimiter of a CSV file (plain or gzip), each name once."""
    line = _first_line(path)
    if not line.strip():
        raise InputError(shown(path), "the file is empty", "a header line and rows",
                         "export the file again or take it out of inputs.billing")
    delimiter = max(",;\t|", key=re.sub('"[^"]*"', "", line).count)  # what stands in quotes is part of a name
    try:
        header = [name.strip() for name in next(csv.reader([line], delimiter=delimiter))]
    except csv.Error as error:
        raise InputError(f"{shown(path)}, line 1", f"a header that cannot be read ({error})", "a line of column names",
                         "export the file again") from error
    header = [name or f"(column {place} without a name)" for place, name in enumerate(header, start=1)]
    _check_twice(path, header)
    return header, delimiter


def _first_line(path: Path) -> str:
    """The header, however many lines it takes: a name in quotes may hold a line break."""
    opener = gzip.open if path.suffix.lower() == ".gz" else open
    try:
        with opener(path, "rb") as file:
            line = file.readline(LONGEST)
            while line.count(b'"') % 2 and len(line) < LONGEST and (more := file.readline(LONGEST)):
                line += more
    except (OSError, EOFError, zlib.error) as error:
        raise unreadable(path, error) from error
    if line.count(b'"') % 2:
        raise InputError(f"{shown(path)}, line 1", "a quote in the header that is never closed",
                         "column names, with quotes in pairs", "export the file again, or mend the line")
    try:
        return line.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{shown(path)}, line 1", "text that is not UTF-8", "a CSV file in UTF-8",
                         "save or export it as UTF-8") from error


LONGEST = 2**20  # bytes of a header


def unreadable(path: Path, error: Exception) -> InputError:
    """That a file cannot be opened or unpacked, and why."""
    if isinstance(error, PermissionError):
        return InputError(shown(path), "no permission to read it", "a file that this user may read",
                          "give the permission, or copy the file")
    cause = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return InputError(shown(path), f"not readable ({cause})", "a whole UTF-8 CSV, gzip, JSON or parquet file",
                      "export or copy the file again")


def _check_twice(path: Path, names: Sequence[str]) -> None:
    ours = sorted({name.casefold() for name in names if name.casefold().startswith(query.OURS)})
    if ours:
        raise InputError(shown(path), f"column {ours[0]}", "a name that the workbook does not use itself",
                         "rename the column")
    folded = [name.casefold() for name in names]
    twice = sorted({name for name in names if folded.count(name.casefold()) > 1})
    if twice:
        raise InputError(shown(path), f"column {twice[0]} appears {folded.count(twice[0].casefold())} times",
                         "each column once, whatever its case", "rename or remove the copy")


def _json_columns(path: Path, engine: Duck, amounts: Sequence[str]) -> dict[str, str]:
    """The names in the rows of a file with a JSON object a line; a nested value is JSON, else text."""
    _check_json(path)
    with told_json(path):
        kinds = engine.json_columns(path)
        long = engine.long_number(path, [*AMOUNT_NAMES, *amounts])
    if not kinds:
        raise InputError(shown(path), "the file is empty", "a JSON object a line", "export the file again")
    if long:
        raise InputError(f"{shown(path)}, line {long}", "an amount of more than 17 digits as a JSON number",
                         "such amounts in quotes, since a JSON number loses digits", "export it with amounts as texts")
    _check_twice(path, list(kinds))
    return kinds


AMOUNT_NAMES = sorted({part for format_ in FORMATS.values() for each in (format_, *format_.also)
                       for spellings in each.amounts.values() for spelling in spellings
                       for part in [spelling.rpartition(".")[2]]})


@contextmanager
def told_json(path: Path) -> Iterator[None]:
    """Raises what the engine says of a file of JSON objects as an InputError that names it."""
    try:
        yield
    except duckdb.Error as error:
        line = re.search(r"in line (\d+)", str(error))
        raise InputError(shown(path) + (f", line {line[1]}" if line else ""), f"no JSON ({' '.join(str(error).split())[:200]})",
                         "a JSON object a line", "export it as newline-delimited JSON") from error


def _check_json(path: Path) -> None:
    """The first rows are JSON objects; told here, since the engine would say less of it."""
    opener = gzip.open if path.suffix.lower() == ".gz" else open
    try:
        with opener(path, "rt", encoding="utf-8-sig") as file:
            for number, line in zip(range(1, 1001), file):
                try:
                    found = json.loads(line) if line.strip() else {}
                except (ValueError, RecursionError) as error:
                    raise InputError(f"{shown(path)}, line {number}", f"no JSON ({error})", "a JSON object a line",
                                     "export it as newline-delimited JSON") from None
                if not isinstance(found, dict):
                    raise InputError(f"{shown(path)}, line {number}", "JSON that is no object", "a JSON object a line",
                                     "export it as newline-delimited JSON")
    except (OSError, EOFError, UnicodeDecodeError, zlib.error) as error:
        raise unreadable(path, error) from error


def _format_of(name: str, columns: Mapping[str, str], word: Word) -> Format:
    if word.format:
        return FORMATS[word.format]
    known = recognise(columns)
    if known in FORMATS:
        return FORMATS[known]
    if word.columns:
        return focus.FOCUS
    wanted = ", ".join(format_.name for format_ in FORMATS.values() if format_ is not table.TABLE)
    lacks = fit(focus.FOCUS, columns, word.columns, word.values).lacking()
    raise InputError(name, f"no column {', '.join(lacks)}" if len(lacks) < 6 else "columns of no format that is known",
                     f"{wanted}, or a table whose columns the parameters name", "name its format in the parameters, "
                     "under billing: format, columns and values")


def _check_amounts(name: str, word: Word) -> None:
    """An amount's value is 0, since any other would have to be told row by row; a table's cost is a column."""
    for target in set(word.values) & set(AMOUNTS):
        if Decimal(word.values[target]):
            raise InputError(name, f"{target} is {word.values[target]} under values", "0, or a column of the file",
                             f"name the column under columns: {target}")
    if word.format == "table" and "BilledCost" not in word.columns:
        raise InputError(name, "no column for BilledCost", "the table's column of amounts", "name it under columns")


def _check_named(name: str, columns: Mapping[str, str], word: Word) -> None:
    """Every column that the parameters name is in the file."""
    for target, column in word.columns.items():
        if column not in columns:
            near = nearest(column, list(columns))
            raise InputError(name, f"no column {quoted(column)}, which the parameters name for {target}",
                             f"one of its {len(columns)} columns", f"write {near}" if near else "correct the name")
