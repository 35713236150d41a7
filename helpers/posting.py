"""Are the ledger's lines where they say they are?  Posting dates, currencies of documents, first and last days.

    month, calendar → days → first and last day       of the calendar month, or of the row that the calendar has
    coded → misdated, two_currencies → tables         lines to look at; they count where the ledger has them

A company whose fiscal periods are not calendar months (4-4-5 weeks) gives their days in a table.
"""

import calendar as almanac

import numpy as np
import pandas as pd

from helpers import checks, ledger
from helpers.money import total
from helpers.periods import shift
from helpers.problems import Problems, quoted


def days(period: str, calendar: pd.DataFrame | None = None) -> tuple[str, str]:
    """First and last day of the fiscal period; those of the calendar month where the table has no row for it."""
    if calendar is not None:
        rows = calendar[calendar["fiscal_period"] == period]
        if len(rows):
            return rows["first_day"].iloc[0], rows["last_day"].iloc[0]
    return f"{period}-01", f"{period}-{almanac.monthrange(int(period[:4]), int(period[5:7]))[1]:02}"


def day_after(period: str, calendar: pd.DataFrame | None = None) -> str:
    """The day after the fiscal period's last."""
    return (pd.Timestamp(days(period, calendar)[1]) + pd.Timedelta(days=1)).strftime("%Y-%m-%d")


def require_calendar(calendar: pd.DataFrame | None) -> pd.DataFrame | None:
    """The calendar, when its periods end after they start and follow one another without gap or overlap."""
    if calendar is None:
        return None
    rows, problems = calendar.sort_values("fiscal_period", ignore_index=True), Problems()
    for row in rows.itertuples():
        if row.first_day > row.last_day:
            problems.add(f"inputs.calendar, {row.fiscal_period}", f"last_day {row.last_day}",
                         f"a day from {row.first_day}", "correct the row")
    for early, late in zip(rows.itertuples(), rows.iloc[1:].itertuples()):
        after = day_after(early.fiscal_period, rows)
        if shift(early.fiscal_period, 1) == late.fiscal_period and after != late.first_day:
            problems.add(f"inputs.calendar, {late.fiscal_period}", f"first_day {quoted(late.first_day)}",
                         f"{after}, the day after {early.fiscal_period} ends", "correct the one or the other")
    problems.stop()
    return rows


def misdated(coded: pd.DataFrame, calendar: pd.DataFrame | None, period: str) -> pd.DataFrame:
    """The month's lines on cloud accounts whose posting date lies outside the fiscal period they are booked in."""
    columns = ["line_id", "fiscal_period", "posting_date", "account", "ProviderName", "invoice_id", "amount", "text"]
    if "posting_date" not in coded:
        return pd.DataFrame(columns=columns)
    first, last = days(period, calendar)
    mine = coded[coded["fiscal_period"].eq(period) & coded["ProviderName"].ne("")]
    outside = mine["posting_date"].lt(first) | mine["posting_date"].gt(last)
    return mine[outside].reindex(columns=columns).reset_index(drop=True)


def two_currencies(coded: pd.DataFrame, period: str) -> pd.DataFrame:
    """Invoices of the month whose ledger lines name more than one document currency."""
    lines = ledger.invoices(coded)
    lines = lines[lines["fiscal_period"].eq(period) & lines["invoice_id"].ne("")]
    named = lines.assign(own=ledger.written(lines)[1]).groupby(["ProviderName", "invoice_id"]).agg(
        currencies=("own", lambda found: ", ".join(sorted(set(found)))), amount=("amount", total)).reset_index()
    return named[np.array([", " in text for text in named["currencies"]], dtype=bool)].reset_index(drop=True)


def check(outside: pd.DataFrame, mixed: pd.DataFrame) -> list[dict]:
    """Findings: lines posted outside their fiscal period, and invoices in two currencies."""
    return [checks.noted("cloud lines posted outside their fiscal period", len(outside), "Head of Financial Control",
                         "; ".join(f"{row.line_id} of {row.posting_date}" for row in outside.head(5).itertuples()),
                         total(outside["amount"])),
            checks.noted("invoices in two currencies", len(mixed), "accounts payable",
                         "; ".join(f"{row.invoice_id} ({row.currencies})" for row in mixed.head(5).itertuples()),
                         total(mixed["amount"]))]
