"""How do a step's tables leave the workbook?  As CSV, parquet, one workbook, and its checks as JSON.

    tables, checks → save → <out>/tables/<step>_<name>.csv, .parquet and <out>/checks/<step>.json
    <out>/tables/*.parquet → bind → <out>/tables.xlsx

CSV and XLSX are opened in spreadsheets, so no text may become a formula there; parquet keeps every text as it is.
"""

import csv
import datetime
import io
import json
import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path

import pandas as pd

from helpers import codebook, house
from helpers.checks import COLUMNS

# what spreadsheets take for a formula (with the wide forms some of them read too), at the start of a cell, or after a
# semicolon or line break, where a spreadsheet that separates by semicolons starts a new cell
FORMULA = re.compile("(^|[;\r\n])(?=\\s*[=+\\-@\uff1d\uff0b\uff0d\uff20])|^(?=[\t\r\n])")
GUARDED = re.compile("(^|[;\r\n])'(?=\\s*[=+\\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n])")
NAME = re.compile(r"[a-z0-9_]+")
SHEET_ROWS = 5000  # a sheet holds at most so many rows; larger tables are for the CSV
AMOUNTS = ("expected", "got", "gap", "amount")  # the columns of checks that hold amounts
CELL_TEXT = 32767  # characters a spreadsheet's cell can hold
SAFE = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
DAY_ONE = datetime.datetime(2000, 1, 1)  # the workbook's date: a constant, so that the bytes are the same each run


def save(out: str | Path, step: str, tables: Mapping[str, pd.DataFrame], checks: pd.DataFrame) -> None:
    """Writes the step's tables and its checks; names of tables are lower case, digits and _."""
    folder = Path(out)
    for place in ("tables", "checks"):
        (folder / place).mkdir(parents=True, exist_ok=True)
    for name, frame in tables.items():
        if not NAME.fullmatch(name):
            raise ValueError(f"table name {name!r}: lower-case letters, digits and _ only")
        stem, frame = folder / "tables" / f"{step}_{name}", _whole(frame, f"{step}_{name}")
        write_csv(stem.with_suffix(".csv"), frame)
        _write_parquet(frame, stem.with_suffix(".parquet"))
    (folder / "checks" / f"{step}.json").write_text(to_json(checks), encoding="utf-8", newline="\n")


def _whole(frame: pd.DataFrame, table: str) -> pd.DataFrame:
    """The frame with the codebook's whole numbers as such, though a blank among them has made them floats."""
    names = [column.name for column in codebook.columns(table, "output")
             if column.type == "whole" and column.name in frame]
    floats = [name for name in names if frame[name].dtype.kind == "f"]
    told = {name: pd.Series([None if value != value else int(value) if value == int(value) else value
                             for value in frame[name].tolist()], index=frame.index, dtype=object) for name in floats}
    return frame.assign(**told) if told else frame


def write_csv(path: Path, frame: pd.DataFrame) -> None:
    """Writes the frame as `to_csv` has it."""
    path.write_bytes(to_csv(frame).encode("utf-8", "replace"))


def rows(path: Path) -> list[dict[str, str]]:
    """The rows of a table that was written, texts without the guard; none where it is not there."""
    if not path.is_file():
        return []
    with open(path, encoding="utf-8", newline="") as file:
        return [{name: unguard(text) for name, text in row.items()} for row in csv.DictReader(file)]


def to_csv(frame: pd.DataFrame) -> str:
    """The frame as CSV: every digit of every amount, no text that a spreadsheet would run."""
    paper = io.StringIO()
    writer = csv.writer(paper, lineterminator="\n")
    writer.writerow([guard(str(name)) for name in frame.columns])
    writer.writerows([written(value) for value in row] for row in frame.itertuples(index=False, name=None))
    return paper.getvalue()


def guard(text: str) -> str:
    """The text with ' before whatever a spreadsheet would take for a formula."""
    return FORMULA.sub(r"\1'", text)


def unguard(text: str) -> str:
    """The text as it was before `guard`, for tables that people carry back into an input."""
    return GUARDED.sub(r"\1", text) if "'" in text else text


def written(value) -> str:
    """One value as a CSV cell: numbers in plain digits, text guarded, missing as nothing."""
    if isinstance(value, str):
        return guard(value)
    if house.missing(value):
        return ""
    if isinstance(value, bool) or not hasattr(value, "__float__"):
        return guard(house.words(value))
    amount = house.exact(value)
    return format(amount if amount else abs(amount), "f")


def to_json(checks: pd.DataFrame) -> str:
    """The checks as JSON, amounts as text with every digit."""
    rows = [{name: plain(row[name]) for name in COLUMNS} for row in checks.to_dict("records")]
    return json.dumps(rows, indent=1, ensure_ascii=False) + "\n"


def read_checks(out: str | Path, steps: Iterable[str]) -> pd.DataFrame:
    """The checks that the steps saved, in the steps' order, amounts exact, with the step in column `page`."""
    rows = []
    for step in steps:
        path = Path(out) / "checks" / f"{step}.json"
        for row in json.loads(path.read_text(encoding="utf-8")) if path.exists() else []:
            rows.append({"page": step, **with_amounts(row)})
    return pd.DataFrame(rows, columns=["page", *COLUMNS], dtype=object)


def with_amounts(row: Mapping) -> dict:
    """A check read from JSON with its amounts exact again."""
    return {name: Decimal(value) if name in AMOUNTS and value is not None else value for name, value in row.items()}


def bind(out: str | Path) -> None:
    """Writes tables.xlsx: what is in it on the first sheet, then one sheet a table of the folder."""
    import pyarrow.parquet as parquet
    import xlsxwriter
    with xlsxwriter.Workbook(Path(out) / "tables.xlsx", SAFE) as book:
        book.set_properties({"created": DAY_ONE})
        formats = _formats(book)
        contents, used = book.add_worksheet("Contents"), {"contents"}
        listed = []
        for path in sorted((Path(out) / "tables").glob("*.parquet")):
            rows = parquet.read_metadata(path).num_rows
            sheet = _sheet_name(path.stem, used) if rows <= SHEET_ROWS else ""
            if sheet:
                _write_sheet(book.add_worksheet(sheet), parquet.read_table(path, partitioning=None).to_pydict(), formats)
            listed.append((path.stem, rows, sheet or f"see CSV: tables/{path.stem}.csv"))
        _write_contents(contents, listed, formats)


def workbook(path: Path, frames: Mapping[str, pd.DataFrame]) -> None:
    """Writes the frames as a workbook, a sheet each; no text is a formula or a link there."""
    import xlsxwriter
    with xlsxwriter.Workbook(path, SAFE | {"in_memory": True}) as book:
        book.set_properties({"created": DAY_ONE})
        formats, used = _formats(book), set()
        for name, frame in frames.items():
            columns = {str(column): [_plain_cell(value) for value in frame[column].tolist()] for column in frame.columns}
            _write_sheet(book.add_worksheet(_sheet_name(name, used)), columns, formats)


def _plain_cell(value):
    """The value as a sheet holds it: text, number, or nothing."""
    if isinstance(value, str):
        return _text(value)
    return None if house.missing(value) else value


def _formats(book) -> dict:
    return {"text": book.add_format({"quote_prefix": True}), "head": book.add_format({"bold": True, "bottom": 1}),
            "money": book.add_format({"num_format": "#,##0.00;[Black]-#,##0.00;0"})}


def _write_contents(sheet, listed: list[tuple[str, int, str]], formats: dict) -> None:
    sheet.set_column(0, 0, 40)
    sheet.set_column(2, 2, 60)
    sheet.write_string(0, 0, "Amounts are shown in cents; the CSV and parquet files in tables/ hold every digit.")
    for column, head in enumerate(("table", "rows", "sheet")):
        sheet.write_string(2, column, head, formats["head"])
    for row, (table, rows, place) in enumerate(listed, start=3):
        sheet.write_string(row, 0, table)
        sheet.write_number(row, 1, rows)
        sheet.write_string(row, 2, place)


def _write_sheet(sheet, table: Mapping[str, list], formats: dict) -> None:
    sheet.freeze_panes(1, 0)
    for column, (name, values) in enumerate(table.items()):
        widest = max([len(name), *(len(str(value)) for value in values[:200] if value is not None)])
        sheet.set_column(column, column, min(max(widest + 2, 8), 44))
        sheet.write_string(0, column, name[:CELL_TEXT], formats["head"])
        for row, value in enumerate(values, start=1):
            _write_cell(sheet, row, column, value, formats)


def _write_cell(sheet, row: int, column: int, value, formats: dict) -> None:
    if value is None:
        return
    if isinstance(value, str):
        sheet.write_string(row, column, value[:CELL_TEXT], formats["text"] if FORMULA.match(value) else None)
    elif isinstance(value, bool):
        sheet.write_string(row, column, house.words(value))
    elif isinstance(value, int):
        sheet.write_number(row, column, value)
    else:
        sheet.write_number(row, column, float(value), formats["money"])


def _sheet_name(stem: str, used: set[str]) -> str:
    name, count = stem[:31], 1
    while name.lower() in used:
        count += 1
        name = f"{stem[:28]}_{count}"
    used.add(name.lower())
    return name


def _write_parquet(frame: pd.DataFrame, path: Path) -> None:
    import pyarrow
    import pyarrow.parquet as parquet
    columns = {str(name): _column(list(frame[name])) for name in frame.columns}
    parquet.write_table(pyarrow.table(columns), path, compression="zstd")


def _column(values: list):
    """The values as an arrow column: text, whole number, flag, or a decimal that holds every digit."""
    import pyarrow
    kept = [None if not isinstance(value, str) and house.missing(value) else value for value in values]
    filled = [value for value in kept if value is not None]
    if all(isinstance(value, bool) for value in filled) and filled:
        return pyarrow.array(kept, pyarrow.bool_())
    if not filled or not all(hasattr(value, "__float__") and not isinstance(value, str) for value in filled):
        return pyarrow.array([None if value is None else _text(value) for value in kept], pyarrow.string())
    if all(hasattr(value, "__index__") for value in filled):
        return pyarrow.array([None if value is None else int(value) for value in kept], pyarrow.int64())
    return _decimals([None if value is None else house.exact(value) for value in kept])


def _decimals(amounts: list[Decimal | None]):
    import pyarrow
    filled = [amount.as_tuple() for amount in amounts if amount is not None]
    scale = max(2, *(-amount.exponent for amount in filled)) if filled else 2
    whole = max(len(amount.digits) + amount.exponent for amount in filled)
    digits = max(whole, 1) + scale
    if digits > 76:
        return pyarrow.array([None if amount is None else format(amount, "f") for amount in amounts], pyarrow.string())
    kind = pyarrow.decimal128(38, scale) if digits <= 38 else pyarrow.decimal256(76, scale)
    return pyarrow.array(amounts, kind)


def _text(value) -> str:
    return value.encode("utf-8", "replace").decode("utf-8") if isinstance(value, str) else written(value)


def plain(value):
    """The value for JSON: text as it is, numbers as text with every digit, missing as null."""
    if isinstance(value, (str, bool)) or house.missing(value):
        return None if house.missing(value) else value
    return format(house.exact(value), "f") if hasattr(value, "__float__") else house.words(value)
