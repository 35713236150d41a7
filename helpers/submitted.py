"""What do stakeholders expect, in their own units, and what is that in the one unit all agreed on: money a month?

    submissions, unit_rates, rates → converted → one row a submission and month: amount, and each step that led to it
    converted, panel, agreed → compared → what stakeholders say beside the forecast, by what they speak of

A unit that is unknown, or does not fit what the item's price is for, is refused with those that would fit.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal

import numpy as np
import pandas as pd

from helpers import cells, inputs, rates, unit_names, units
from helpers.agreed import Agreed
from helpers.errors import InputError
from helpers.house import number
from helpers.money import to_cents, total
from helpers.optional import needs_table
from helpers.panel import SCOPE, named_by
from helpers.periods import months, shift

GROWTH = "% a year"
COLUMNS = ["stakeholder", *SCOPE, "period", "quantity", "unit", "amount", "steps", "reason", "owner"]


def of(month) -> pd.DataFrame | None:
    """The month's submissions, converted; None where there are none, or nothing to hold them against."""
    if month.submissions is None or month.projected.agreed is None:
        return None
    panel, currency = month.projected.agreed.panel, month.params.currency
    table = rates.rate_table(month.rates, currency)
    latest = {source: table[source, period] for source, period in sorted(table)} | {currency: Decimal(1)}

    every, cents = [*panel.months, *month.projected.agreed.months], np.hstack([panel.cents, month.projected.agreed.cents])

    def cost(scope: Mapping, period: str) -> Decimal | None:
        return Decimal(int(cents[named_by(panel.keys, scope), every.index(period)].sum())).scaleb(-2) if period in every else None

    return converted(month.submissions, month.unit_rates, latest, currency, month.params.fiscal_year_start, cost, panel.months[-1])


def converted(submissions: pd.DataFrame, prices: pd.DataFrame | None, worth: Mapping[str, Decimal], currency: str, start: int,
              cost: Callable[[Mapping, str], Decimal | None], last: str) -> pd.DataFrame:
    """One row a submission and month, in the report's currency.

    worth: of one unit of each currency, in the report's; start: first month of the fiscal year; cost: what a submission's scope cost in a month, None where nobody knows;
    last: the last month known, on top of which comes what adds up.
    """
    known = {row["item"]: row for row in ([] if prices is None else prices.to_dict("records"))}
    rows, spans, came, based = [], {}, {}, {}
    given = list(zip(submissions.to_dict("records"), inputs.lines_of(submissions), strict=True))
    for row, line in sorted(given, key=lambda pair: pair[0]["period"]):
        where = f"inputs.submissions, line {line}"
        if row["until"] < row["period"]:
            raise InputError(f"{where}, column until", f"{row['until']} before {row['period']}", "the last month, not before the first", "correct the one or the other")
        told = tuple(row[name] for name in ("stakeholder", *SCOPE, "item"))
        for other, first, last_ in spans.setdefault(told, []):
            if first <= row["until"] and row["period"] <= last_:
                raise InputError(where, f"the same as line {other} for the same months", "each expectation once", "end the earlier one, or take one out")
        spans[told].append((line, row["period"], row["until"]))
        for month in months(row["period"], row["until"]):
            if row["unit"].replace(" ", "") in ("%ayear", "%/year"):
                was = cost(row, shift(month, -12))
                if was is None or not was and month <= last:  # beyond what is forecast, or past
                    continue
                if not was:
                    raise InputError(f"{where}, column unit", f"{row['unit']} for {month}, and no cost in {shift(month, -12)} to grow from", "a year of bills",
                                     "state the amount itself, such as USD/month")
                amount, steps = was * (1 + row["quantity"] / 100), (f"{number(was)} in {shift(month, -12)} + {number(row['quantity'])} %",)
            elif not row["item"]:
                amount, _, steps = units.convert(row["quantity"], row["unit"], f"{currency}/month", month, (), worth, start, f"{where}, column unit")
            else:
                price = _price(known, row["item"], where)
                found = units.convert(row["quantity"], row["unit"], price["unit"], month, _things(price["unit"]), None, start, f"{where}, column unit")
                came[told] = came.get(told, Decimal(0)) + (found.quantity if month > last else 0)  # what came before is in the cost of the last month
                amount, steps = _priced(price, found, came[told], worth, where)
                if price["adds_up"] == "yes" and based.setdefault((told[:-1], month), told) == told:
                    amount, steps = amount + cost(row, last), (*steps, f"+ {number(cost(row, last))} as in {last}")
            rows.append({"line": line, **{name: row[name] for name in ("stakeholder", *SCOPE, "quantity", "unit", "reason", "owner")}, "period": month,
                         "amount": to_cents(amount), "steps": "; ".join(steps)})
    return pd.DataFrame(sorted(rows, key=lambda row: row["line"]), columns=COLUMNS)


def _things(unit: str) -> tuple[str, ...]:
    """What the price is for as a countable of the company's, where it is not a unit of its own."""
    name = unit.split("/")[0].split(" per ")[0].strip()
    return (name,) if name.isalpha() and not unit_names.known(name) else ()


def _price(known: Mapping[str, dict], item: str, where: str) -> dict:
    if item not in known:
        raise InputError(f"{where}, column item", f'"{item}" has no price', f"an item of rules.unit_rates ({', '.join(sorted(known)) or 'none'})",
                         "add its price there, or name one of them")
    return known[item]


def _priced(price: Mapping, found: units.Converted, so_far: Decimal, worth: Mapping[str, Decimal], where: str) -> tuple[Decimal, tuple[str, ...]]:
    """The quantity, or what has come in until now where it adds up, times its price in the report's currency."""
    stays = price["adds_up"] == "yes"
    if price["per"] is not None and not pd.isna(price["per"]) and price["per"] <= 0:
        raise InputError(f"rules.unit_rates, item {price['item']}, column per", str(price["per"]), "above 0", "leave it blank for a price of one")
    quantity, per = so_far if stays else found.quantity, Decimal(1) if price["per"] is None or pd.isna(price["per"]) else price["per"]
    if price["currency"] not in worth:
        raise InputError(f"{where}, column item", f"{price['item']} is priced in {price['currency']}, which has no rate", "a rate in inputs.rates",
                         "add the rate, or state the price in another currency")
    rate = worth[price["currency"]]
    steps = [*found.steps, *([f"{number(quantity)} so far, each of which stays"] if stays else [])]
    steps.append(f"{number(quantity)} {found.unit} × {number(price['price'])} {price['currency']}{f' per {number(per)}' if per != 1 else ''}")
    steps += [f"× {number(rate)} to the report's currency"] if rate != 1 else []
    return quantity / per * price["price"] * rate, tuple(steps)


@needs_table
def compared(table: pd.DataFrame, found: Agreed) -> pd.DataFrame:
    """One row a stakeholder and scope: what they expect over their months ahead, what the forecast says of the same, and the difference."""
    months_ahead = {month: place for place, month in enumerate(found.months)}
    rows = []
    for key, part in table.groupby(["stakeholder", *SCOPE], sort=False):
        part = part[part["period"].isin(set(months_ahead))]
        if not len(part):
            continue
        columns = [months_ahead[month] for month in sorted(set(part["period"]))]
        here = named_by(found.panel.keys, dict(zip(SCOPE, key[1:4], strict=True)))
        cents = found.cents[here][:, columns].sum()
        theirs, ours = total(part["amount"]), cells.money(pd.Series([int(cents)]))[0]
        rows.append((*key, ", ".join(dict.fromkeys(part["unit"])), min(part["period"]), max(part["period"]), theirs, ours, theirs - ours, int(here.sum())))
    return pd.DataFrame(rows, columns=["stakeholder", *SCOPE, "unit", "first", "last", "submitted", "forecast", "difference", "lines"])
