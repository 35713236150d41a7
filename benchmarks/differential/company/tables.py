"""How is a table written?  CSV with a column for each name that any row has, digits as they are, bare line feeds."""

import csv
import io
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path


def write_csv(path: Path, rows: Sequence[dict]) -> None:
    """The rows; columns in the order in which they are first named."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    paper = io.StringIO()
    writer = csv.writer(paper, lineterminator="\n")
    writer.writerow(names)
    writer.writerows([text_of(row.get(name)) for name in names] for row in rows)
    write_text(path, paper.getvalue())


def text_of(value: object) -> str:
    """The value as a cell: plain digits, nothing for what is missing."""
    if value is None:
        return ""
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def write_text(path: Path, text: str) -> None:
    """The text in UTF-8, the folder made where it is not there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")
