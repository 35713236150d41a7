"""What did the clouds bill?  Billing files in, the cost cube out: every cent, few rows, read once.

    files → read → lines     one row a month-grain line, exact sums on both cost bases
                   files     one row a file, provider, billing period and currency, with its own totals
                   kept_out  lines of files that were delivered twice: never added, never hidden

The cube is cached by the content of its inputs and of the code that reads them; the cache may be deleted at any time.
"""

import hashlib
import inspect
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa

from helpers import cache, checks, focus
from helpers.codebook import currencies
from helpers.errors import InputError
from helpers.house import number
from helpers.money import plain, total

LINE_KEYS = ["billing_period", "service_period", *focus.KEYS]
AMOUNTS = list(focus.AMOUNTS)
FILE_KEYS = ["ProviderName", "billing_period", "BillingCurrency"]


@dataclass(frozen=True)
class Cube:
    """The cost cube: `lines` to work on, `files` to prove it, `kept_out` for what was delivered twice."""

    lines: pd.DataFrame
    files: pd.DataFrame
    kept_out: pd.DataFrame


def load(paths: Sequence[Path], root: Path, folder: Path) -> Cube:
    """The cube of the billing files, from the cache when their content and this code are unchanged."""
    prints = cache.fingerprints(paths, folder)
    code = "".join(inspect.getsource(module) for module in (focus, cache, inspect.getmodule(load)))
    names = [path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path) for path in paths]
    key = hashlib.sha256(json.dumps([code, duckdb.__version__, names, prints]).encode()).hexdigest()[:24]
    kept = folder / f"cube-{key}"
    if not kept.is_dir():
        cache.store(vars(read(paths, names, prints)), kept)
    return Cube(*(cache.restore(kept / f"{part}.parquet") for part in ("lines", "files", "kept_out")))


def read(paths: Sequence[Path], names: Sequence[str], prints: Sequence[str]) -> Cube:
    """The cube straight from the files; a file whose bytes or whose lines were met before is kept out whole."""
    engine = duckdb.connect()
    engine.execute("SET TimeZone = 'UTC'")
    lines, kept_out, files = [], [], []
    first_of: dict[str, str] = {}
    found = _read_files(engine, dict(zip(names, paths, strict=True)))
    sums = {name: _sums_of(totals) for name, (_, totals) in found.items()}
    alike = Counter(sums.values())
    for name, content in zip(names, prints, strict=True):
        read_lines, totals = found[name]
        alone = alike[sums[name]] == 1  # no other file has its totals: no twin in other bytes
        twin = first_of.setdefault(content, name if alone else first_of.setdefault(_print_of(read_lines), name))
        (lines if twin == name else kept_out).append(read_lines.assign(file=name, twin=twin))
        files.append(totals.assign(file=name, state="read" if twin == name else "kept out",
                                   note="" if twin == name else f"same lines as {twin}"))
    columns = [*LINE_KEYS, *AMOUNTS, "line_count"]
    return Cube(
        lines=_merge(lines).loc[:, columns],
        files=pd.concat(files, ignore_index=True).loc[
            :, ["file", "format", *FILE_KEYS, "line_count", "BilledCost", "EffectiveCost", "state", "note"]],
        kept_out=_merge(kept_out, [*LINE_KEYS, "file", "twin"]).loc[:, [*columns, "file", "twin"]],
    )


def check_cube(cube: Cube) -> list[dict]:
    """Checks that the cube's sums are the files' own, on both bases."""
    rows = []
    for state, lines in (("read", cube.lines), ("kept out", cube.kept_out)):
        in_files = cube.files[cube.files["state"] == state]
        for currency in sorted(set(in_files["BillingCurrency"]) | set(lines["BillingCurrency"])):
            for column, basis in (("BilledCost", "billed"), ("EffectiveCost", "amortised")):
                rows.append(checks.same(
                    f"cube equals the files {state}, {basis}, {currency}",
                    total(in_files.loc[in_files["BillingCurrency"] == currency, column]),
                    total(lines.loc[lines["BillingCurrency"] == currency, column])))
    return rows


def check_twins(kept_out: pd.DataFrame) -> list[dict]:
    """A finding for each file delivered twice; `billed` is in the report's currency (helpers.rates)."""
    return [checks.noted(f"delivered twice: {name}", 1, "FinOps team",
                         f"same lines as {twin}; {number(total(group['BilledCost']))} {currency} billed is kept out",
                         total(group["billed"]))
            for (name, twin, currency), group in kept_out.groupby(["file", "twin", "BillingCurrency"])]


def _read_files(engine: duckdb.DuckDBPyConnection, paths: Mapping[str, Path]) -> dict[str, tuple]:
    """By name of file: its lines at the cube's grain, and its totals worked out apart from them."""
    alike: dict[tuple, dict[str, Path]] = {}
    for name, path in paths.items():
        delimiter, columns = focus.columns_of(engine, path)
        focus.require_columns(Path(name), columns)
        alike.setdefault((delimiter, *columns.items()), {})[name] = path
    found = {}
    for (delimiter, *columns), group in alike.items():
        found |= _read_alike(engine, group, delimiter, dict(columns))
    return found


def _read_alike(engine: duckdb.DuckDBPyConnection, paths: Mapping[str, Path], delimiter: str,
                columns: dict[str, str]) -> dict[str, tuple]:
    """Files of the same columns, read at once; where that fails, one by one, so that the error names its file."""
    try:
        grouped, totals = _query(engine, focus.select(focus.source(list(paths.values()), delimiter, columns), columns))
    except (InputError, duckdb.Error) as error:
        if len(paths) > 1:
            each = [_read_alike(engine, {name: path}, delimiter, columns) for name, path in paths.items()]
            return {name: pair for one in each for name, pair in one.items()}
        [name] = paths
        if isinstance(error, InputError):
            raise InputError(name + error.where, error.found, error.expected, error.todo) from error
        raise InputError(name, " ".join(str(error).split())[:300], "rows that all have the header's columns",
                         "export the file again, or mend the row") from error
    kind = "FOCUS, CSV" if delimiter else "FOCUS, parquet"
    lines, sums = ({file: rows for file, rows in table.groupby("file")} for table in (grouped, totals))
    bare = [name for name, path in paths.items() if str(path) not in sums]
    if bare:
        raise InputError(bare[0], "a header and no rows", "at least one row", "export the file again")
    return {name: (lines[str(path)].reset_index(drop=True), sums[str(path)].assign(format=kind))
            for name, path in paths.items()}


def _query(engine: duckdb.DuckDBPyConnection, texts: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Lines and totals, by file, of what the SELECT over the files gives."""
    engine.execute(f"CREATE OR REPLACE TEMP TABLE texts AS {texts}")
    engine.execute(f"CREATE OR REPLACE TEMP VIEW bill AS {focus.typed(_scales(engine))}")
    asked = [(LINE_KEYS, AMOUNTS), (FILE_KEYS, ["BilledCost", "EffectiveCost"])]
    tables = [engine.sql(f"SELECT file, {', '.join(keys)}, count(*) AS line_count, "
                         f"{', '.join(f'sum({column}) AS {column}' for column in amounts)} FROM bill "
                         f"GROUP BY file, {', '.join(keys)} ORDER BY file, {', '.join(keys)}").to_arrow_table()
              for keys, amounts in asked]
    return _pandas(tables[0]), _pandas(tables[1])


def _scales(engine: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Decimals that each amount column needs so that no digit is lost; raises InputError on the first bad value,
    without the file's name."""
    asked = [f"max({_decimals(column)}), max({_wholes(column)})" for column in AMOUNTS]
    wrong = {column: f"{column} <> '' AND NOT regexp_full_match({column}, '{focus.NUMBER}')" for column in AMOUNTS}
    wrong |= {column: f"{column} LIKE '?%'" for column in focus.MONTHS}
    for column in focus.NEVER_BLANK:
        wrong[column] = f"({wrong.get(column, 'false')}) OR {column} = ''"
    known = ", ".join(f"'{code}'" for code in sorted(currencies()))
    wrong["BillingCurrency"] = f"BillingCurrency NOT IN ({known})"
    asked += [f"count(*) FILTER ({test})" for test in wrong.values()]
    answer = engine.execute(f"SELECT count(*), {', '.join(asked)} FROM texts").fetchone()
    if not answer[0]:
        raise InputError("", "a header and no rows", "at least one row", "export the file again")
    for column, count in zip(wrong, answer[1 + 2 * len(AMOUNTS):], strict=True):
        if count:
            raise _bad_value(engine, column, wrong[column], count)
    scales = {}
    for i, column in enumerate(AMOUNTS):
        decimals, wholes = answer[1 + 2 * i] or 0, answer[2 + 2 * i] or 0
        if decimals + wholes > 35:  # 38 digits in DECIMAL, three left for the sum
            raise InputError(f", column {column}", f"amounts of {decimals + wholes} digits",
                             "at most 35 digits", "round the column in the export")
        scales[column] = decimals
    return scales


def _decimals(column: str) -> str:
    fraction = f"length(rtrim(regexp_extract({column}, '\\.([0-9]*)', 1), '0'))"
    return f"greatest(0, {fraction} - {_exponent(column)})"


def _wholes(column: str) -> str:
    return f"greatest(0, length(regexp_extract({column}, '^[+-]?0*([0-9]*)', 1)) + {_exponent(column)})"


def _exponent(column: str) -> str:
    return f"coalesce(try_cast(regexp_extract({column}, '[eE]([+-]?[0-9]+)$', 1) AS INTEGER), 0)"


def _bad_value(engine: duckdb.DuckDBPyConnection, column: str, test: str, count: int) -> InputError:
    row, value = engine.execute(
        f"SELECT row, value FROM (SELECT row_number() OVER () AS row, {column} AS value, ({test}) AS bad FROM texts) "
        "WHERE bad ORDER BY row LIMIT 1").fetchone()
    expected = "a plain number, such as 1234.50"
    if column in focus.MONTHS:
        column, value, expected = focus.MONTHS[column], value.removeprefix("? "), "a date, such as 2026-09-01"
    elif column == "BillingCurrency":
        expected = "an ISO 4217 currency code, such as USD"
    elif not value:
        expected = "a value on every row"
    more = f" (and {count - 1} more)" if count > 1 else ""
    return InputError(f", row {row} (line {row + 1}), column {column}", f"'{value}'{more}", expected,
                      "mend the export")


def _sums_of(totals: pd.DataFrame) -> tuple:
    """A file's totals, as far as they can be compared with another's."""
    return tuple(totals[[*FILE_KEYS, "line_count", "BilledCost", "EffectiveCost"]].itertuples(index=False, name=None))


def _print_of(lines: pd.DataFrame) -> str:
    """What tells a file's lines from any other's, however they were packed: their texts, sorted, and exact sums."""
    texts = lines.drop(columns="file").map(lambda value: plain(value) if isinstance(value, Decimal) else str(value))
    rows = sorted(map("\x1f".join, texts.itertuples(index=False)))
    return hashlib.sha256("\x1e".join(rows).encode("utf-8", "replace")).hexdigest()


def _merge(tables: list[pd.DataFrame], keys: Sequence[str] = LINE_KEYS) -> pd.DataFrame:
    """All tables as one; equal keys need no adding up: whoever needs sums makes them."""
    blank = pd.DataFrame(columns=[*LINE_KEYS, *AMOUNTS, "line_count", "file", "twin"])
    merged = pd.concat(tables, ignore_index=True) if tables else blank
    return merged.sort_values(list(keys), kind="stable", ignore_index=True)


def _pandas(table: pa.Table) -> pd.DataFrame:
    """The Arrow table with Decimal amounts and str texts."""
    return table.to_pandas(strings_to_categorical=False)
