"""Small aligned text tables as DataFrames: what an accountant can check by eye."""

from decimal import Decimal

import pandas as pd

AMOUNTS = {"amount", "billed", "effective", "BilledCost", "EffectiveCost", "quantity", "share", "rate", "hours",
           "document_amount", "bill", "ledger", "exact", "tax_amount"}


def table(text: str, **columns) -> pd.DataFrame:
    """The table: a header line, then rows; cells parted by two spaces or more, `.` for a blank cell.

    Amounts become Decimal; `columns` adds constant columns.
    """
    lines = [line for line in text.strip().splitlines() if line.strip()]
    rows = [[cell.strip() for cell in line.strip().replace("|", "  ").split("  ") if cell.strip()] for line in lines]
    frame = pd.DataFrame(rows[1:], columns=rows[0], dtype=str).replace(".", "")
    for column in set(frame.columns) & AMOUNTS:
        frame[column] = pd.Series([Decimal(cell) if cell else None for cell in frame[column]], dtype=object)
    return frame.assign(**columns)


def cells(frame: pd.DataFrame, *columns: str) -> list[tuple]:
    """The rows as tuples, Decimals as plain text without trailing zeros."""
    chosen = frame[list(columns)] if columns else frame
    return [tuple(_plain(cell) for cell in row) for row in chosen.itertuples(index=False)]


def _plain(cell):
    if isinstance(cell, Decimal):
        return format(cell.normalize(), "f")
    return None if isinstance(cell, float) and cell != cell else cell
