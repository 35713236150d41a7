"""Which files are bills, and of what kind?  Each file with its columns and format, recognised or as the parameters say.

    paths, settings → sources     one Source a file that can be read; the format is told by the columns
"""

import csv
import gzip
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from helpers import globs
from helpers.billing import aws, focus, table
from helpers.billing.aws import AWS
from helpers.billing.azure import AZURE
from helpers.billing.duck import Duck
from helpers.billing.google import GOOGLE
from helpers.billing.oci import OCI
from helpers.billing.shapes import Format, fit
from helpers.errors import InputError
from helpers.problems import nearest, quoted, shown

FORMATS = {"aws": AWS, "azure": AZURE, "google": GOOGLE, "oci": OCI, "focus": focus.FOCUS, "table": table.TABLE}
DATASETS = {  # FOCUS tables beside cost and usage, with the columns they are known by
    "invoice details": {"invoicedetailid", "invoiceissuername", "invoiceid"},
    "billing periods": {"billingperiodstatus", "billingperiodstart"},
    "contract commitments": {"contractcommitmentid", "contractcommitmentcost"},
}
SUFFIXES = {".csv": "csv", ".csv.gz": "csv", ".parquet": "parquet", ".json": "json", ".jsonl": "json",
            ".json.gz": "json", ".ndjson": "json"}


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
    name, kind = shown(path), kind_of(path)
    delimiter, columns = columns_of(path, kind, engine)
    known = recognise(columns)
    if known in DATASETS and not word.format:
        return Source(path, name, kind, delimiter, columns, word, focus.FOCUS, {}, {}, f"FOCUS {known}", known)
    format_ = _format_of(name, columns, word)
    given, values = (table.completed if word.format == "table" else lambda *pair: pair)(word.columns, word.values)
    _check_named(name, columns, word)
    lacks = fit(format_, columns, given, values).lacking()
    if lacks:
        raise InputError(name, f"no column {', '.join(lacks)}", f"the columns of {format_.name}",
                         "add them to the export, or give them in the parameters, under billing: columns or values")
    return Source(path, name, kind, delimiter, columns, word, format_, given, values, label(format_, columns))


def label(format_: Format, columns: Mapping[str, str]) -> str:
    """The format in words, with its version."""
    told = {"FOCUS": lambda: f"FOCUS {focus.version(columns)}", AWS.name: lambda: aws.version(columns)}
    return told.get(format_.name, lambda: format_.name)()


def kind_of(path: Path) -> str:
    """csv, parquet or json, by the file's name; a name that tells nothing is taken for CSV."""
    return next((kind for suffix, kind in SUFFIXES.items() if path.name.lower().endswith(suffix)), "csv")


def recognise(columns: Mapping[str, str]) -> str:
    """The format that the columns tell: a key of FORMATS, a key of DATASETS, or ""."""
    lower = {name.lower() for name in columns}
    for name, signs in DATASETS.items():
        if lower >= signs and "chargeperiodstart" not in lower:
            return name
    return next((name for name, format_ in FORMATS.items() if any(lower >= signs for signs in format_.signs)), "")


def columns_of(path: Path, kind: str, engine: Duck) -> tuple[str, dict[str, str]]:
    """The file's delimiter ("" unless CSV), and its columns with their types; CSV columns are all text."""
    if kind == "csv":
        names, delimiter = read_header(path)
        return delimiter, dict.fromkeys(names, "VARCHAR")
    if kind == "json":
        return "", _json_columns(path)
    try:
        columns = engine.columns(path)
    except duckdb.Error as error:
        raise InputError(shown(path), f"not readable as parquet ({str(error).strip().splitlines()[0]})",
                         "a whole parquet file", "export or copy the file again") from error
    _check_twice(path, list(columns))
    return "", columns


def read_header(path: Path) -> tuple[list[str], str]:
    """Column names and delimiter of a CSV file (plain or gzip), each name once."""
    names = _first_line(path)
    if not names.strip():
        raise InputError(shown(path), "the file is empty", "a header line and rows",
                         "export the file again or take it out of inputs.billing")
    delimiter = max(",;\t|", key=names.count)
    header = [name.strip() for name in next(csv.reader([names], delimiter=delimiter))]
    _check_twice(path, header)
    return header, delimiter


def _first_line(path: Path) -> str:
    """The header, however many lines it takes: a name in quotes may hold a line break."""
    opener = gzip.open if path.suffix == ".gz" else open
    try:
        with opener(path, "rt", encoding="utf-8-sig", newline="") as file:
            line = file.readline()
            while line.count('"') % 2 and (more := file.readline()):
                line += more
            return line
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise unreadable(path, error) from error


def unreadable(path: Path, error: Exception) -> InputError:
    """That a file cannot be opened or unpacked, and why."""
    if isinstance(error, PermissionError):
        return InputError(shown(path), "no permission to read it", "a file that this user may read",
                          "give the permission, or copy the file")
    cause = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return InputError(shown(path), f"not readable ({cause})", "a whole UTF-8 CSV, gzip, JSON or parquet file",
                      "export or copy the file again")


def _check_twice(path: Path, names: Sequence[str]) -> None:
    folded = [name.casefold() for name in names]
    twice = sorted({name for name in names if folded.count(name.casefold()) > 1})
    if twice:
        raise InputError(shown(path), f"column {twice[0]} appears {folded.count(twice[0].casefold())} times",
                         "each column once, whatever its case", "rename or remove the copy")


def _json_columns(path: Path) -> dict[str, str]:
    """The names in the first 1,000 rows of a file with a JSON object a line; a nested value is JSON, else text."""
    opener = gzip.open if path.suffix == ".gz" else open
    kinds: dict[str, str] = {}
    try:
        with opener(path, "rt", encoding="utf-8-sig") as file:
            for number, line in zip(range(1, 1001), file):
                try:
                    found = json.loads(line) if line.strip() else {}
                except ValueError as error:
                    raise InputError(f"{shown(path)}, line {number}", f"no JSON ({error})", "a JSON object a line",
                                     "export it as newline-delimited JSON") from None
                if not isinstance(found, dict):
                    raise InputError(f"{shown(path)}, line {number}", "JSON that is no object", "a JSON object a line",
                                     "export it as newline-delimited JSON")
                for name, value in found.items():
                    nested = isinstance(value, (dict, list))
                    kinds[name] = "JSON" if nested else kinds.get(name, "VARCHAR")
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise unreadable(path, error) from error
    if not kinds:
        raise InputError(shown(path), "the file is empty", "a JSON object a line", "export the file again")
    return kinds


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


def _check_named(name: str, columns: Mapping[str, str], word: Word) -> None:
    """Every column that the parameters name is in the file."""
    for target, column in word.columns.items():
        if column not in columns:
            near = nearest(column, list(columns))
            raise InputError(name, f"no column {quoted(column)}, which the parameters name for {target}",
                             f"one of its {len(columns)} columns", f"write {near}" if near else "correct the name")
