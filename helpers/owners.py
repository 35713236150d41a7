"""How does each owner stand in the fiscal year, and is it booked or only shown?

    months, budget → year → one row an owner and month: fiscal month, amount, budget, distance, where it is from
    org, parameters → modes → showback or chargeback by owner
"""

from collections.abc import Mapping
from decimal import Decimal

import pandas as pd

from helpers import inputs, tags
from helpers.errors import InputError
from helpers.mapping import rows_of
from helpers.money import ZERO, sum_by, total
from helpers.periods import fiscal_label
from helpers.problems import quoted

CLOSED, NOW, OPEN = "closed", "this month", "by the rules of now"


def year(months: Mapping[str, tuple[str, pd.DataFrame]], budget: pd.DataFrame | None, currency: str,
         start_month: int) -> pd.DataFrame:
    """Charges by owner and month (months: ledger month → where its charge lines are from, and the lines).

    Budget rows whose scope is an owner stand beside.
    """
    planned = _budgets(budget, currency)
    rows: list[tuple] = []
    sums: dict[str, dict[str, Decimal]] = {}
    for period, (_, lines) in months.items():
        charged = sum_by(lines.loc[lines["kind"] != "residual", ["owner", "amount"]], ["owner"], ["amount"])
        for owner, amount in zip(charged["owner"].tolist(), charged["amount"].tolist(), strict=True):
            sums.setdefault(owner, {})[period] = amount
    for owner in sorted(sums):
        plans = {period: planned.get((tags.fold(owner), period)) for period in months}
        for period, (source, _) in months.items():
            rows.append((owner, period, fiscal_label(period, start_month), sums[owner].get(period, ZERO), plans[period], source))
    table = pd.DataFrame(rows, columns=["owner", "month", "fiscal_month", "amount", "budget", "source"])
    table["distance"] = pd.Series([None if plan is None else amount - plan for amount, plan
                                   in zip(table["amount"], table["budget"], strict=True)], dtype=object)
    return table[["owner", "month", "fiscal_month", "amount", "budget", "distance", "source"]]


def _budgets(budget: pd.DataFrame | None, currency: str) -> dict[tuple[str, str], Decimal]:
    """By owner and month what was planned; budgets in another currency than the report's are not compared."""
    found: dict[tuple[str, str], Decimal] = {}
    for scope, period, amount, of in rows_of(budget, ["scope", "period", "amount", "currency"]):
        if of == currency:
            key = (tags.fold(scope), period)
            found[key] = found.get(key, ZERO) + amount
    return found


def modes(org: pd.DataFrame | None, default: str) -> dict[str, str]:
    """By owner, as tags.fold spells it, showback or chargeback as org says; under "" what holds for all others.

    Raises InputError where two rows of one owner say different things.
    """
    found = {"": default}
    for line, (owner, mode) in zip(inputs.lines_of(org) if org is not None else (), rows_of(org, ["owner", "mode"]), strict=True):
        if mode and found.setdefault(tags.fold(owner), mode) != mode:
            raise InputError(f"inputs.org, line {line}", f"mode of {quoted(owner)} is {mode}, and {found[tags.fold(owner)]} in a row before",
                             "one mode an owner", "write the same in all its rows, or leave it blank in all but one")
    return found


def held_back(found: Mapping[str, str], owners) -> frozenset[str]:
    """The owners whose charges are shown, and not booked."""
    return frozenset(owner for owner in owners if mode(found, owner) == "showback")


def mode(found: Mapping[str, str], owner: str) -> str:
    """Showback or chargeback of one owner, however it is spelled."""
    return found.get(tags.fold(owner), found[""])


def budgeted(table: pd.DataFrame) -> Decimal:
    """What owners with a budget are over it, in all, in the year to date."""
    planned = table[table["budget"].notna()]
    over = sum_by(planned, ["owner"], ["distance"]) if len(planned) else planned
    return total(amount for amount in over["distance"] if amount > 0) if len(over) else ZERO
