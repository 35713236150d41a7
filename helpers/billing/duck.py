"""DuckDB: the engine of everyday, embedded, within a set memory, and locked to the files it is given.

    files → relation      a view over files of the same columns; records are opened up, one column a field
    SQL → table, write    an Arrow table, or parquet made without holding it

Names of files and folders say nothing of what a file holds: DuckDB takes BilledCost=0/ for a column unless told not to.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import duckdb
import pyarrow as pa

from helpers.billing.query import FILE, ROW
from helpers.billing.shapes import literal, quoted


LONGEST = 33_554_432  # bytes of a row
PLAIN = "hive_partitioning = false"  # folders named x=y/ make no columns
LOCK = {"autoload_known_extensions": False, "autoinstall_known_extensions": False, "enable_external_access": False,
        "lock_configuration": True}  # in this order: what may be read is told before, and nothing is set after


def locked(files: Sequence[Path] = (), folder: Path | None = None, **settings: object) -> duckdb.DuckDBPyConnection:
    """A connection that reads these files and reads and writes in the folder, that loads nothing and stays so."""
    engine = duckdb.connect()
    ways = {text for file in files for text in (str(file), named(file))}  # as it is, and as `named` has it
    places = {str(folder), named(folder)} if folder else ()
    for name, value in {"temp_directory": "", **settings}.items():
        engine.execute(f"SET {name} = {literal(value)}")
    engine.execute(f"SET allowed_paths = {_listed(sorted(ways))}")
    engine.execute(f"SET allowed_directories = {_listed(sorted(places))}")
    for name, value in LOCK.items():
        engine.execute(f"SET {name} = {literal(value)}")
    return engine


def stored(path: Path) -> str:
    """A parquet file as SQL names it."""
    return f"read_parquet({literal(named(path))}, {PLAIN})"


class Duck:
    """A connection with its limits; also the words in which DuckDB differs (helpers.billing.columns.Words).

    files: all that it will be asked to read, since a connection once locked takes no more.  folder: what it may write
    to, and read back.  spill: what lies in it when memory does not do.
    """

    def __init__(self, memory: str = "3GB", files: Sequence[Path] = (), folder: Path | None = None, spill: str = ""):
        self.engine = locked(files, folder, TimeZone="UTC", memory_limit=memory, preserve_insertion_order=False,
                             temp_directory=folder / spill if spill else "")
        self._made = 0

    def __enter__(self) -> "Duck":
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def close(self) -> None:
        """Lets go of memory and of what was spilled."""
        self.engine.close()

    def columns(self, path: Path) -> dict[str, str]:
        """Names and types of a parquet file's columns."""
        described = self.engine.execute(f"DESCRIBE SELECT * FROM {stored(path)}").fetchall()
        return {name: kind for name, kind, *_ in described}

    def json_columns(self, path: Path) -> dict[str, str]:
        """Names in the objects of a file, a line each, and whether any value is nested: JSON, else VARCHAR."""
        found = self.engine.execute(
            f"SELECT each.key, bool_or(each.type IN ('OBJECT', 'ARRAY')) FROM {_objects(path)} AS rows, "
            "json_each(rows.json) AS each GROUP BY each.key ORDER BY each.key").fetchall()
        return {name: "JSON" if deep else "VARCHAR" for name, deep in found}

    def long_number(self, path: Path, names: Sequence[str]) -> int:
        """The first line on which one of the names has a number of more than 17 digits; 0 where none has."""
        told = {json.dumps(name, ensure_ascii=ascii)[1:-1] for name in names for ascii in (True, False)}
        pattern = f'"({"|".join(map(re.escape, sorted(told)))})"\\s*:\\s*-?([0-9][.]?){{18,}}'
        found = self.engine.execute(
            f"SELECT min(line) FROM (SELECT row_number() OVER () AS line, CAST(json AS VARCHAR) AS text "
            f"FROM {_objects(path)}) WHERE regexp_matches(text, {literal(pattern)})").fetchone()
        return found[0] or 0

    def relation(self, paths: Sequence[Path], kind: str, delimiter: str, columns: Mapping[str, str], explode: str = "",
                 placed: bool = False) -> tuple[str, dict[str, str]]:
        """The name of a view over the files, and its columns; each row knows its file's place among the paths,
        and where `placed` its own place in it.

        `explode` is a column of lists: each element is a row, in the column `item`.
        """
        self._made += 1
        view = f"bill_{self._made}"
        clause = self._clause(paths, kind, delimiter, columns, placed)
        names = dict(columns)
        if explode:
            names.pop(explode)
            clause = f"SELECT * EXCLUDE ({quoted(explode)}), {_elements(explode, columns[explode])} AS item FROM ({clause})"
            names["item"] = self.engine.execute(f"DESCRIBE SELECT item FROM ({clause})").fetchall()[0][1]
        fields = {f"{name}.{field}": (name, field) for name, type_ in names.items() if type_.startswith("STRUCT(")
                  and not type_.endswith("[]") for field in _fields(type_)}
        opened = "".join(f", {quoted(column)}.{quoted(field)} AS {quoted(name)}"
                         for name, (column, field) in fields.items())
        self.engine.execute(f"CREATE TEMP VIEW {view} AS SELECT *{opened} FROM ({clause})")
        described = self.engine.execute(f"DESCRIBE {view}").fetchall()
        return view, {name: type_ for name, type_, *_ in described if name not in (FILE, ROW)}

    def _clause(self, paths, kind, delimiter, columns, placed) -> str:
        files = f"{_listed(map(named, paths))}, {PLAIN}"
        place = {"parquet": "file_row_number + 1", "csv": "row_number() OVER ()", "json": "row_number() OVER ()"}[kind]
        row = f", {place} AS {ROW}" if placed else ""
        if kind == "parquet":
            number = ", file_row_number = true" if placed else ""
            return f"SELECT *, file_index AS {FILE}{row} FROM read_parquet({files}{number})"
        spec = ", ".join(f"{literal(name)}: {literal(type_)}" for name, type_ in columns.items())
        if kind == "json":
            return (f"SELECT *, file_index AS {FILE}{row} FROM read_json({files}, columns = {{{spec}}}, "
                    f"format = 'newline_delimited', maximum_object_size = {LONGEST})")
        return (f"SELECT *, file_index AS {FILE}{row} FROM read_csv({files}, columns = {{{spec}}}, "
                f"delim = {literal(delimiter)}, skip = 1, header = false, quote = '\"', escape = '\"', auto_detect = false, "
                f"strict_mode = true, null_padding = false, max_line_size = {LONGEST})")

    def table(self, sql: str) -> pa.Table:
        """The rows of a SELECT."""
        return self.engine.sql(sql).to_arrow_table()

    def keep(self, name: str, sql: str | pa.Table) -> None:
        """A table of the session, from a SELECT or from Arrow."""
        if isinstance(sql, pa.Table):
            self.engine.register("given_table", sql)
            self.engine.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT * FROM given_table")
            self.engine.unregister("given_table")
        else:
            self.engine.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS {sql}")

    def drop(self, name: str) -> None:
        """Forgets a table of the session."""
        self.engine.execute(f"DROP TABLE IF EXISTS {name}")

    def write(self, sql: str, path: Path) -> None:
        """The rows of a SELECT as a parquet file, in the order that its ORDER BY gives."""
        self.engine.execute(f"COPY ({sql}) TO {literal(path)} (FORMAT parquet, COMPRESSION snappy)")

    def text(self, column: str, kind: str) -> str:
        """A column of lists, maps or records as JSON text."""
        return f"CAST({column} AS VARCHAR)" if kind == "JSON" else f"CAST(to_json({column}) AS VARCHAR)"

    def element(self, column: str, kind: str, key: str) -> str:
        """The element of a map or of a JSON text, as text."""
        if kind.startswith("MAP"):
            return f"{column}[{literal(key)}]"
        text = f"CASE WHEN json_valid(CAST({column} AS VARCHAR)) THEN CAST({column} AS VARCHAR) ELSE '{{}}' END"
        return f"json_extract_string({text}, {literal(f'$.{key}')})"

    def print_of(self, texts: Sequence[str]) -> str:
        """A number that tells one row of texts from another."""
        return f"hash({', '.join(texts)})"


def named(path: Path) -> str:
    """The path for the engine, which would read * ? [ in it as a pattern and take other files."""
    return re.sub(r"([*?\[])", r"[\1]", str(path))


def _listed(texts: Iterable[object]) -> str:
    return "[" + ", ".join(map(literal, texts)) + "]"


def _objects(path: Path) -> str:
    """The JSON objects of a file, a line each, as SQL names them."""
    return f"read_ndjson_objects({literal(named(path))}, maximum_object_size = {LONGEST}, {PLAIN})"


def _elements(column: str, kind: str) -> str:
    """The elements of a column of lists; a JSON text of a list is read, and one that is no list stops the run."""
    name = quoted(column)
    if kind.endswith("[]"):
        return f"unnest({name})"
    blank = f"trim(coalesce(CAST({name} AS VARCHAR), '')) IN ('', 'null', 'NULL', '[]')"
    return f"unnest(CASE WHEN {blank} THEN [] ELSE CAST(CAST({name} AS JSON) AS JSON[]) END)"


def _fields(kind: str) -> list[str]:
    """The names of a record's fields, from its type as DuckDB writes it: STRUCT(a VARCHAR, "b, c" DOUBLE); a quote is doubled."""
    names, depth, rest = [], 0, kind[len("STRUCT("):-1] + ","
    start = True
    while rest:
        token = TOKEN.match(rest)[0]
        rest = rest[len(token):]
        if start and token.strip():
            names.append(token[1:-1].replace('""', '"') if token.startswith('"') else token)
            start = False
        depth += (token == "(") - (token == ")")
        start = start or token == "," and not depth
    return names


TOKEN = re.compile(r'"(?:[^"]|"")*"|[(),]|\s+|[^"(),\s]+')  # a name in quotes, a sign, blanks, a word
