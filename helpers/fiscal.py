"""What will the fiscal year cost?  Usage and forecast moved to the ledger months that book them, beside the budget.

    history, projection, lags → book → the same by ledger month
    both, budget → outlook → one row a month and line of the fiscal year → by_year → one row a line
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal

import pandas as pd

from helpers import money
from helpers.errors import InputError
from helpers.methods import BILLED, EDGES, FILLED, PROJECTION_COLUMNS, STAGGER, SUM, TOTAL, add_up
from helpers.money import total
from helpers.periods import fiscal_label, fiscal_year, months, shift

ACTUAL, UNBOOKED, FORECAST = "actual", "not yet booked", "forecast"
OUTLOOK_COLUMNS = ["period", "fiscal_month", "line", "kind", "amount", *EDGES, "budget"]


def book(table: pd.DataFrame, lags: Mapping[str, int]) -> pd.DataFrame:
    """The rows by the ledger month that books them: service month + the line's lag (0 where none is set)."""
    pairs = zip(table["line"], table["period"], strict=True)
    booked = [shift(period, lags.get(line, 0)) for line, period in pairs]
    return table.assign(service_period=table["period"], period=pd.Series(booked, index=table.index, dtype=object))


def months_taken(lines: Sequence[str], lags: Mapping[str, int], ledger_months: Sequence[str],
                 start_month: int) -> pd.DataFrame:
    """One row a ledger month, one column a line: the service month it takes."""
    taken = {line: [shift(period, -lags.get(line, 0)) for period in ledger_months] for line in lines}
    labels = [fiscal_label(period, start_month) for period in ledger_months]
    return pd.DataFrame({"ledger_month": list(ledger_months), "fiscal_month": labels} | taken, dtype=object)


def whole_months(booked: pd.DataFrame) -> pd.DataFrame:
    """The booked history in the ledger months that hold a month of every line that was there, as line Total.

    Left out: first months that lack a line which was there from the start, and last months that lack a live one.
    """
    if booked.empty:
        return add_up(booked)
    spans = booked.groupby("line").agg(first=("period", "min"), last=("period", "max"),
                                       begun=("service_period", "min"), ended=("service_period", "max"))
    first = spans.loc[spans["begun"] <= shift(spans["begun"].min(), STAGGER), "first"].max()
    last = spans.loc[spans["ended"] == spans["ended"].max(), "last"].min()
    inside = booked[(booked["period"] >= first) & (booked["period"] <= last)]
    return add_up(inside)


def outlook(history: pd.DataFrame, projection: pd.DataFrame, budget: pd.DataFrame | None, fiscal_year_start: int,
            period: str) -> pd.DataFrame:
    """One row a ledger month and line of the period's fiscal year: actual, used but not yet booked, or forecast.

    History and projection come by ledger month; budget has period, scope (a line) and amount.  Total is budgeted
    with what its lines are.
    """
    first, last = fiscal_year(period, fiscal_year_start)
    known = history.assign(kind=[_kind(row, period) for row in history.to_dict("records")], **dict.fromkeys(EDGES))
    ahead = projection.assign(kind=FORECAST)
    rows = [row for table in (known, ahead) for row in table.to_dict("records") if first <= row["period"] <= last]
    planned = _planned(budget)
    for row in rows:
        row["fiscal_month"] = fiscal_label(row["period"], fiscal_year_start)
        row["budget"] = planned.get((row["period"], row["line"]))
    rows += _only_budgeted(rows, planned, months(first, last), period)
    _budget_totals(rows)
    ordered = sorted(rows, key=lambda row: (row["period"], row["line"] == TOTAL, row["line"]))
    return pd.DataFrame(ordered, columns=OUTLOOK_COLUMNS, dtype=object)


def check_budget(budget: pd.DataFrame | None, currency: str) -> pd.DataFrame | None:
    """The budget as it is; raises InputError where it is in another currency than the report's."""
    foreign = sorted(set(budget["currency"]) - {currency}) if budget is not None else []
    if foreign:
        raise InputError("inputs.budget, column currency", f"{foreign[0]} beside the report's {currency}",
                         f"a budget in {currency}", f"state it in {currency}, at the rate it was set with")
    return budget


def by_year(outlook_rows: pd.DataFrame) -> pd.DataFrame:
    """One row a line, then their sum, then Total forecast directly: the year in parts, its band, budget and distance.

    The band adds the months' own bands, as if all missed on the same side; None where a month has none.
    """
    groups = {line: rows.to_dict("records") for line, rows in outlook_rows.groupby("line", sort=True)}
    direct = groups.pop(TOTAL, None)
    lines = [row for rows in groups.values() for row in rows]
    order = [*groups.items(), *([(SUM, lines)] if lines else []), *([(TOTAL, direct)] if direct else [])]
    columns = ["line", *(name.replace(" ", "_") for name in (ACTUAL, UNBOOKED, FILLED, FORECAST)), "amount",
               *EDGES, "budget", "distance", "months"]
    return pd.DataFrame([_year(line, rows) for line, rows in order], columns=columns, dtype=object)


def total_ahead(whole: pd.DataFrame, booked: pd.DataFrame, ahead: pd.DataFrame, projection: pd.DataFrame) -> pd.DataFrame:
    """The total of each ledger month after the last whole one, as PROJECTION_COLUMNS: usage known already and providers' forecasts.

    ahead: the providers' forecasts by ledger month.  The band is the total's own, by so much smaller as fewer providers are forecast in the month.
    """
    if whole.empty or ahead.empty:
        return pd.DataFrame(columns=PROJECTION_COLUMNS, dtype=object)
    own = projection[projection["line"] == TOTAL].set_index("period")
    last = min(rows["period"].max() for _, rows in ahead.groupby("line"))
    known = money.sum_by(booked, ["period"], ["amount"]).set_index("period")["amount"].to_dict()
    rows = []
    for period, of_month in ahead[(ahead["period"] > whole["period"].max()) & (ahead["period"] <= last)].groupby("period", sort=True):
        amount = known.get(period, money.ZERO) + total(of_month["amount"])
        at = own.loc[of_month["service_period"].max()]
        every = projection[(projection["line"] != TOTAL) & (projection["period"] == of_month["service_period"].max())]
        part = max(_part(of_month, every, edge) for edge in EDGES)
        rows.append({"period": period, "line": TOTAL, "amount": amount, "method": at["method"],
                     **{edge: amount + money.to_cents((at[edge] - at["amount"]) * part) for edge in EDGES}})
    return pd.DataFrame(rows, columns=PROJECTION_COLUMNS, dtype=object)


def _part(rows: pd.DataFrame, every: pd.DataFrame, edge: str) -> Decimal:
    """How much of the band of all providers those of the rows have, as if they missed one independent of the other."""
    some, whole = (sum(float(edge_ - amount)**2 for edge_, amount in zip(part[edge], part["amount"], strict=True)) for part in (rows, every))
    return Decimal(min((some / whole)**0.5, 1.0)) if whole else Decimal(1)


def _only_budgeted(rows: list[dict], planned: Mapping, year: Sequence[str], now: str) -> list[dict]:
    """A row of nothing for each month that a line has a budget for and neither bill nor forecast: what was planned is not forgotten."""
    there, labels = {(row["period"], row["line"]) for row in rows}, {row["period"]: row["fiscal_month"] for row in rows}
    lines = {row["line"]: row for row in rows if row["line"] != TOTAL}
    begun = min((period for period, _ in there), default="9999-99")
    return [{**dict.fromkeys(OUTLOOK_COLUMNS), "period": period, "fiscal_month": labels[period], "line": line,
             "kind": ACTUAL if period <= now else FORECAST, "amount": money.ZERO,
             **dict.fromkeys(EDGES, money.ZERO), "budget": amount, "source": BILLED}
            for (period, line), amount in sorted(planned.items())
            if line in lines and period in year and begun <= period and period in labels and (period, line) not in there]


def _kind(row: dict, period: str) -> str:
    if row["source"] != BILLED:
        return FILLED
    return ACTUAL if row["period"] <= period else UNBOOKED


def _planned(budget: pd.DataFrame | None) -> dict[tuple[str, str], Decimal]:
    """The budget by month and line; several rows of one month and line add up."""
    if budget is None:
        return {}
    sums = money.sum_by(budget, ["period", "scope"], ["amount"])
    return {(row["period"], row["scope"]): row["amount"] for row in sums.to_dict("records")}


def _budget_totals(rows: list[dict]) -> None:
    """Sets Total's budget of each month to the sum of its lines', where any line has one; a line without has none to spend."""
    by_month: dict[str, list] = {}
    for row in rows:
        if row["line"] != TOTAL:
            by_month.setdefault(row["period"], []).append(row["budget"])
    for row in rows:
        if row["line"] == TOTAL:
            parts = by_month.get(row["period"], [])
            row["budget"] = total(parts) if any(part is not None for part in parts) else None


def _year(line: str, rows: list[dict]) -> dict:
    parts = {kind.replace(" ", "_"): total(row["amount"] for row in rows if row["kind"] == kind)
             for kind in (ACTUAL, UNBOOKED, FILLED, FORECAST)}
    amount = total(parts.values())
    given = [row["budget"] for row in rows]
    budget = total(given) if (any(part is not None for part in given) if line in (SUM, TOTAL) else None not in given) else None
    edges = {edge: _edge(rows, edge) for edge in EDGES} if line != SUM else dict.fromkeys(EDGES)
    distance = None if budget is None else amount - budget
    return {"line": line, **parts, "amount": amount, **edges, "budget": budget, "distance": distance,
            "months": len({row["period"] for row in rows})}


def _edge(rows: list[dict], edge: str) -> Decimal | None:
    edges = [row[edge] if row["kind"] == FORECAST else row["amount"] for row in rows]
    return None if any(amount is None for amount in edges) else total(edges)


def months_of_year(period: str, fiscal_year_start: int) -> list[str]:
    """The twelve ledger months of the period's fiscal year."""
    return months(*fiscal_year(period, fiscal_year_start))
