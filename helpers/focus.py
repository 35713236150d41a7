"""Which columns of a FOCUS export feed the cube?  One file in, one portable SELECT out.

FOCUS 1.0 to 1.4; names differ between versions, so each of our columns lists the spellings it takes, best first.
Source of the names: the FOCUS specification's column library (focus.finops.org).
"""

import csv
import gzip
import re
from collections.abc import Sequence
from pathlib import Path

import duckdb

from helpers.errors import InputError

KEYS = {  # column of the cube: spellings it is filled from; the first that is present and not blank wins
    "ProviderName": ["ProviderName", "ServiceProviderName"],
    "PublisherName": ["PublisherName", "HostProviderName"],
    "InvoiceIssuerName": ["InvoiceIssuerName"],
    "BillingAccountId": ["BillingAccountId"],
    "SubAccountId": ["SubAccountId"],
    "SubAccountName": ["SubAccountName"],
    "InvoiceId": ["InvoiceId", "x_InvoiceId"],
    "ServiceName": ["ServiceName"],
    "ServiceCategory": ["ServiceCategory"],
    "ServiceSubcategory": ["ServiceSubcategory", "x_ServiceSubcategory"],
    "SkuMeter": ["SkuMeter", "x_SkuMeterName", "ChargeDescription"],
    "ChargeCategory": ["ChargeCategory"],
    "ChargeClass": ["ChargeClass"],
    "CommitmentDiscountId": ["CommitmentDiscountId"],
    "CommitmentDiscountStatus": ["CommitmentDiscountStatus"],
    "Tags": ["Tags"],
    "BillingCurrency": ["BillingCurrency"],
    "ConsumedUnit": ["ConsumedUnit"],
}
MONTHS = {"billing_period": "BillingPeriodStart", "service_period": "ChargePeriodStart"}
AMOUNTS = {
    "BilledCost": ["BilledCost"],
    "EffectiveCost": ["EffectiveCost"],
    "ListCost": ["ListCost"],
    "ContractedCost": ["ContractedCost"],
    "ConsumedQuantity": ["ConsumedQuantity", "UsageQuantity"],
}
MANDATORY = ["ProviderName", "BillingCurrency", "BillingPeriodStart", "ChargePeriodStart", "ChargeCategory",
             "ServiceName", "BilledCost", "EffectiveCost"]  # without these no step has an answer
NEVER_BLANK = ["ProviderName", "BillingCurrency", "ChargeCategory", "BilledCost", "EffectiveCost"]
NUMBER = r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?"
FILE = "x_workbook_file"  # column of the file's path, a name no export has
BLANK = "('', 'null', '(null)')"


def columns_of(engine: duckdb.DuckDBPyConnection, path: Path) -> tuple[str, dict[str, str]]:
    """The file's delimiter ("" for parquet), and its columns with their types; CSV columns are all text."""
    if path.suffix != ".parquet":
        names, delimiter = read_header(path)
        return delimiter, dict.fromkeys(names, "VARCHAR")
    try:
        described = engine.execute(f"DESCRIBE SELECT * FROM read_parquet({_named(path)})").fetchall()
    except duckdb.Error as error:
        raise InputError(str(path), f"not readable as parquet ({_first_line(error)})", "a whole parquet file",
                         "export or copy the file again") from error
    return "", {name: kind for name, kind, *_ in described}


def source(paths: Sequence[Path], delimiter: str, columns: dict[str, str]) -> str:
    """The FROM clause over files of the same columns; each row knows its file in the column FILE."""
    files = "[" + ", ".join(map(_named, paths)) + "]"
    if not delimiter:
        return f"read_parquet({files}, filename='{FILE}')"
    spec = ", ".join(f"{_quoted(name)}: 'VARCHAR'" for name in columns)
    return (f"read_csv({files}, columns={{{spec}}}, delim={_quoted(delimiter)}, filename='{FILE}', skip=1, "
            "header=false, quote='\"', escape='\"', auto_detect=false, strict_mode=true, null_padding=false)")


def read_header(path: Path) -> tuple[list[str], str]:
    """Column names and delimiter of a CSV file (plain or gzip), each name once."""
    opener = gzip.open if path.suffix == ".gz" else open
    try:
        with opener(path, "rt", encoding="utf-8-sig", newline="") as file:
            line = file.readline()
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise InputError(str(path), f"not readable ({error})", "a UTF-8 CSV file", "export the file again") from error
    if not line.strip():
        raise InputError(str(path), "the file is empty", "a header line and rows",
                         "export the file again or take it out of inputs.billing")
    delimiter = max(",;\t|", key=line.count)
    names = [name.strip() for name in next(csv.reader([line], delimiter=delimiter))]
    folded = [name.casefold() for name in names]
    twice = sorted({name for name in names if folded.count(name.casefold()) > 1})
    if twice:
        raise InputError(str(path), f"column {twice[0]} appears {folded.count(twice[0].casefold())} times",
                         "each column once, whatever its case", "rename or remove the copy")
    return names, delimiter


def require_columns(path: Path, columns: dict[str, str]) -> None:
    """Raise InputError when a column that every step needs is absent under all its names."""
    spellings = {**KEYS, **AMOUNTS}
    missing = [name for name in MANDATORY if not any(s in columns for s in spellings.get(name, [name]))]
    if missing:
        raise InputError(str(path), f"no column {', '.join(missing)}", "a FOCUS export (1.0 to 1.4)",
                         "add the columns to the export, or name the file's real format")


def select(clause: str, columns: dict[str, str]) -> str:
    """The SELECT that gives the cube's columns as text: trimmed, blank for nothing, months as YYYY-MM."""
    spellings = {**KEYS, **AMOUNTS}
    parts = [f"{_first(names, columns)} AS {name}" for name, names in spellings.items()]
    parts += [f"{_month(column)} AS {name}" for name, column in MONTHS.items()]
    parts.append(f"{FILE} AS file")
    return f"SELECT {', '.join(parts)} FROM {clause}"


def typed(scales: dict[str, int]) -> str:
    """The SELECT over those texts with exact amounts: each column with the decimals it needs."""
    amounts = [f"CAST(nullif({name}, '') AS DECIMAL(38, {scales[name]})) AS {name}" for name in AMOUNTS]
    return f"SELECT {', '.join(['file', *KEYS, *MONTHS, *amounts])} FROM texts"


def _first(spellings: list[str], columns: dict[str, str]) -> str:
    texts = [f"nullif({_text(name, columns[name])}, '')" for name in spellings if name in columns]
    return f"coalesce({', '.join(texts)}, '')" if texts else "''"


def _text(name: str, kind: str) -> str:
    column = '"' + name.replace('"', '""') + '"'
    if kind.startswith("MAP"):
        column = f"CAST(to_json({column}) AS VARCHAR)"
    elif kind.startswith("STRUCT") and kind.endswith("[]"):
        column = f"CAST(to_json(map_from_entries({column})) AS VARCHAR)"
    elif kind != "VARCHAR":
        column = f"CAST({column} AS VARCHAR)"
    return f"(CASE WHEN lower(trim({column})) IN {BLANK} THEN '' ELSE trim({column}) END)"


def _month(name: str) -> str:
    text = f"CAST(\"{name}\" AS VARCHAR)"
    slashed = f"strftime(try_strptime(regexp_extract({text}, '^[0-9/]+'), '%m/%d/%Y'), '%Y-%m')"
    if name == MONTHS["billing_period"]:  # begins on the first: 01/09/2026 is a day before a month, and refused
        slashed = f"CASE WHEN split_part({text}, '/', 2) IN ('1', '01') THEN {slashed} END"
    iso = f"strftime(try_cast(substr({text}, 1, 10) AS DATE), '%Y-%m')"
    return f"coalesce(CASE WHEN {text} LIKE '%/%' THEN {slashed} ELSE {iso} END, '? ' || coalesce({text}, 'blank'))"


def _named(path: Path) -> str:
    """The path for the engine, which would read * ? [ in it as a pattern and take other files."""
    return _quoted(re.sub(r"([*?\[])", r"[\1]", str(path)))


def _quoted(text: object) -> str:
    return "'" + str(text).replace("'", "''") + "'"


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0]
