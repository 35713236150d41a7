"""What did the clouds bill?  Billing files in, the cost cube out: every cent, few rows, read once.

    files → read → lines     one row a month-grain line, exact sums on both cost bases
                   files     one row a file, provider, billing period and currency, with its own totals
                   kept_out  lines of files that were delivered twice: never added, never hidden

The cube is cached by the content of its inputs and of the code that reads them; the cache may be deleted at any time.
"""

import hashlib
import inspect
import json
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from helpers import checks, focus
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


def load(paths: Sequence[Path], root: Path, cache: Path) -> Cube:
    """The cube of the billing files, from the cache when their content and this code are unchanged."""
    prints = fingerprints(paths, cache)
    code = "".join(inspect.getsource(module) for module in (focus, inspect.getmodule(load)))
    names = [path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path) for path in paths]
    key = hashlib.sha256(json.dumps([code, duckdb.__version__, names, prints]).encode()).hexdigest()[:24]
    kept = cache / f"cube-{key}"
    if not kept.is_dir():
        _store(read(paths, names, prints), kept)
    return Cube(*(_restore(kept / f"{part}.parquet") for part in ("lines", "files", "kept_out")))


def read(paths: Sequence[Path], names: Sequence[str], prints: Sequence[str]) -> Cube:
    """The cube straight from the files; a file whose bytes or whose lines were met before is kept out whole."""
    engine = duckdb.connect()
    engine.execute("SET TimeZone = 'UTC'")
    lines, kept_out, files = [], [], []
    first_of: dict[str, str] = {}
    for path, name, content in zip(paths, names, prints, strict=True):
        read_lines, totals = _read_file(engine, path, name)
        twin = first_of.setdefault(content, first_of.setdefault(_print_of(read_lines), name))
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


def fingerprints(paths: Sequence[Path], cache: Path) -> list[str]:
    """SHA-256 of each file, remembered by path, size, time and inode so that unchanged files are not read again."""
    memory = cache / "hashes.json"
    try:
        known = json.loads(memory.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        known = {}
    prints = []
    for path in paths:
        state = path.stat()
        mark = [state.st_size, state.st_mtime_ns, state.st_ino]
        seen = known.get(str(path))
        if not seen or seen[:3] != mark:
            with open(path, "rb") as file:
                known[str(path)] = [*mark, hashlib.file_digest(file, "sha256").hexdigest()]
        prints.append(known[str(path)][3])
    cache.mkdir(parents=True, exist_ok=True)
    _write_aside(memory, lambda aside: aside.write_text(json.dumps(known, indent=0, sort_keys=True), encoding="utf-8"))
    return prints


def _read_file(engine: duckdb.DuckDBPyConnection, path: Path, name: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Lines of one file at the cube's grain, and its totals worked out apart from them."""
    clause, columns = focus.columns_of(engine, path)
    focus.require_columns(Path(name), columns)
    try:
        engine.execute(f"CREATE OR REPLACE TEMP TABLE texts AS {focus.select(clause, columns)}")
        engine.execute(f"CREATE OR REPLACE TEMP VIEW bill AS {focus.typed(_scales(engine, name))}")
        sums = ", ".join(f"sum({column}) AS {column}" for column in AMOUNTS)
        grouped = engine.sql(f"SELECT {', '.join(LINE_KEYS)}, {sums}, count(*) AS line_count FROM bill "
                                 f"GROUP BY {', '.join(LINE_KEYS)} ORDER BY ALL").to_arrow_table()
        totals = engine.sql(f"SELECT {', '.join(FILE_KEYS)}, count(*) AS line_count, sum(BilledCost) AS BilledCost,"
                                f" sum(EffectiveCost) AS EffectiveCost FROM bill GROUP BY {', '.join(FILE_KEYS)} "
                                f"ORDER BY {', '.join(FILE_KEYS)}").to_arrow_table()
    except duckdb.Error as error:
        raise InputError(name, " ".join(str(error).split())[:300], "rows that all have the header's columns",
                         "export the file again, or mend the row") from error
    kind = "parquet" if path.suffix == ".parquet" else "CSV"
    return _pandas(grouped), _pandas(totals).assign(format=f"FOCUS, {kind}")


def _scales(engine: duckdb.DuckDBPyConnection, name: str) -> dict[str, int]:
    """Decimals that each amount column needs so that no digit is lost; raises InputError on the first bad value."""
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
        raise InputError(name, "a header and no rows", "at least one row", "export the file again")
    for column, count in zip(wrong, answer[1 + 2 * len(AMOUNTS):], strict=True):
        if count:
            raise _bad_value(engine, name, column, wrong[column], count)
    scales = {}
    for i, column in enumerate(AMOUNTS):
        decimals, wholes = answer[1 + 2 * i] or 0, answer[2 + 2 * i] or 0
        if decimals + wholes > 35:  # 38 digits in DECIMAL, three left for the sum
            raise InputError(f"{name}, column {column}", f"amounts of {decimals + wholes} digits",
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


def _bad_value(engine: duckdb.DuckDBPyConnection, name: str, column: str, test: str, count: int) -> InputError:
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
    return InputError(f"{name}, row {row} (line {row + 1}), column {column}", f"'{value}'{more}", expected,
                      "mend the export")


def _print_of(lines: pd.DataFrame) -> str:
    """What tells a file's lines from any other's, however they were packed: their texts, sorted, and exact sums."""
    texts = lines.map(lambda value: plain(value) if isinstance(value, Decimal) else str(value))
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


def _store(cube: Cube, kept: Path) -> None:
    """The cube in a folder of its own, made aside and moved into place: a broken build leaves nothing."""
    kept.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=kept.parent) as aside:
        for part in ("lines", "files", "kept_out"):
            pq.write_table(pa.Table.from_pandas(_decimal_columns(getattr(cube, part)), preserve_index=False),
                           Path(aside) / f"{part}.parquet")
        made = Path(aside) / "made"
        made.mkdir()
        for file in Path(aside).glob("*.parquet"):
            file.rename(made / file.name)
        try:
            made.rename(kept)
        except OSError:  # another run was first: its cube has the same content
            if not kept.is_dir():
                raise


def _restore(path: Path) -> pd.DataFrame:
    return _pandas(pq.read_table(path, use_threads=False))


def _decimal_columns(lines: pd.DataFrame) -> pd.DataFrame:
    """The lines with each amount column at one number of decimals, so that parquet holds every digit."""
    stored = lines.copy()
    for column in set(AMOUNTS) & set(lines.columns):
        amounts = [amount for amount in lines[column] if amount is not None]
        scale = max((-amount.as_tuple().exponent for amount in amounts), default=0)
        kind = pa.decimal256(76, max(scale, 0))
        stored[column] = pd.Series(pd.arrays.ArrowExtensionArray(pa.array(lines[column], kind)), index=lines.index)
    return stored


def _write_aside(path: Path, write) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent)
    os.close(handle)
    write(Path(name))
    os.replace(name, path)
