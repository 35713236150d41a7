"""What came in after the month before was closed?  Tables with a row or two that are not as the closed month had them.

    company, tables → amendments → by name the whole table as it is now      {} where no month is closed

Each moves a charge of the closed month, so that the month under review has a true-up to propose.
"""

from collections.abc import Callable
from decimal import Decimal

from benchmarks.differential.company.books import CLOUD
from benchmarks.differential.company.draw import Draw, cents, later
from benchmarks.differential.company.traits import Company

Rows = list[dict]


def amendments(company: Company, tables: dict[str, Rows]) -> dict[str, Rows]:
    """One to three of the tables that can be amended; the others stay as they were."""
    if not company.closed:
        return {}
    draw, month = company.draw("amendments"), later(company.period, -1)
    found = {name: amend(draw, tables[name], month, company) for name, amend in WAYS.items() if name in tables}
    chosen = draw.some([name for name, rows in found.items() if rows and rows != tables[name]], 1, 3)
    return {name: found[name] for name in chosen}


def _ledger(draw: Draw, rows: Rows, month: str, company: Company) -> Rows:
    """A cloud line of the month is booked higher."""
    more = cents(draw.amount(20, 200), company.cents)
    return _one(draw, rows, lambda row: row["fiscal_period"] == month and row["account"] == CLOUD and row["amount"] > 0,
                lambda row: {"amount": row["amount"] + more, **(
                    {"document_amount": row["document_amount"] + more}
                    if row["document_amount"] is not None and row["document_currency"] == row["currency"] else {})})


def _drivers(draw: Draw, rows: Rows, month: str, company: Company) -> Rows:
    """A quantity of the month is measured again."""
    return _one(draw, rows, lambda row: row["period"] == month and row["quantity"],
                lambda row: {"quantity": row["quantity"] + draw.amount(1, 90, 0)})


def _applications(draw: Draw, rows: Rows, month: str, company: Company) -> Rows:
    """An application has another owner, and had it then."""
    return _one(draw, rows, lambda row: row["service_owner"],
                lambda row: {"service_owner": next(name for name in company.owners if name != row["service_owner"])})


def _pool_sources(draw: Draw, rows: Rows, month: str, company: Company) -> Rows:
    """What went to a pool goes to it no more."""
    return rows[:-1]


def _rates(draw: Draw, rows: Rows, month: str, company: Company) -> Rows:
    """A rate of the month is corrected."""
    return _one(draw, rows, lambda row: row["period"] == month,
                lambda row: {"rate": (row["rate"] * Decimal("1.01")).quantize(Decimal("0.000001"))})


def _one(draw: Draw, rows: Rows, fits: Callable[[dict], object], change: Callable[[dict], dict]) -> Rows:
    """The rows, one of those that fit changed."""
    places = [place for place, row in enumerate(rows) if fits(row)]
    if not places:
        return rows
    place = draw.pick(places)
    return [*rows[:place], {**rows[place], **change(rows[place])}, *rows[place + 1:]]


WAYS = {"ledger": _ledger, "drivers": _drivers, "applications": _applications, "pool_sources": _pool_sources,
        "rates": _rates}
