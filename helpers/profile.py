"""Why does an application cost this much?  Its cost by pool, tower, month and unit, and the way back of its largest parts.

    month, application → sections → a fold a reader opens: first the parts, in it the way back
"""

from collections.abc import Mapping

import pandas as pd

from helpers import cells, folds, layers, page, span, tcotrace
from helpers.house import number, words
from helpers.mapping import rows_of
from helpers.money import total

MOST = 12  # applications with a section of their own; the tables hold all
MONTHLY = ["charged", "added", "TCO", cells.OPEX, cells.CAPEX]
TRACED = 3  # parts of each that are traced to bills and books


def sections(month) -> page.Shown | None:
    """A fold for each of the dearest applications; None without a ledger."""
    if month.tco is None:
        return None
    sums = cells.summed(month.tco[month.tco["application"] != ""], ["application"])
    sums = sums.sort_values("amount", key=lambda amounts: -amounts, kind="stable")
    names = dict(rows_of(month.applications, ["application", "name"]))
    months = span.by_month(month.span)[["month", "application", *MONTHLY]]
    traced = tcotrace.told(month.tco, set(sums["application"].head(MOST)))
    told = [folds.fold(_title(name, names.get(name, ""), amount, month), _parts(month, name, months, traced[name][:TRACED]))
            for name, amount in sums.head(MOST).itertuples(index=False)]
    left = sums.iloc[MOST:]
    more = [page.note(f"{len(left)} more applications with {number(total(left['amount']))} are in tables/tco_lines.csv.")] if len(left) else []
    return folds.stack([*told, *more])


def _title(code: str, name: str, amount, month) -> str:
    called = f"{code}: {words(name)}" if name and name != code else code
    return f"{called}, {number(amount)} {month.params.currency}"


def _parts(month, name: str, months: pd.DataFrame, traced: list[dict]) -> list[page.Shown]:
    """The application's tables, and a fold for the way back of each of its largest parts."""
    lines = month.tco[month.tco["application"] == name]
    unit, basis = month.params.currency, "ledger-tied"
    by_pool = cells.summed(lines, ["source", "cost_pool", "sub_pool", "spending"])
    by_tower = layers.named(cells.summed(lines, ["tower", "sub_tower", "hosting"]))
    parts = [page.table(by_pool, "By cost pool", unit=unit, basis=basis), page.table(by_tower, "By tower", unit=unit, basis=basis),
             page.table(_amounts(months[months["application"] == name]), "By month", unit=unit, basis=basis, by=None, total=())]
    units = month.unit_costs[month.unit_costs["application"] == name].drop(columns="application")
    if len(units):
        parts.append(page.table(units, "By unit of output", unit=unit, basis=basis, by=None, total=(),
                                decimals={"quantity": 0, "TCO": 2, "cost_per_unit": 4, "charged_per_unit": 4}))
    for line in traced:
        steps = page.table(month.trace(line), "The way back", unit=unit, by=None, total=(), rows=60)
        parts.append(folds.fold(f"{_called(line)}: {number(line['amount'])}", [steps]))
    return parts


def _called(line: Mapping) -> str:
    where = line["pool"] or line["sub_tower"] or line["tower"] or "no tower"
    return f"Where it comes from: {line['cost_pool'] or line['residual']}, {where}, {line['activity']}"


def _amounts(months: pd.DataFrame) -> pd.DataFrame:
    return months[["month"]].assign(**{name: cells.money(months[name]) for name in MONTHLY})
