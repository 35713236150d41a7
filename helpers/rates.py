"""What is an amount worth in the report's currency?  One rate a month, from a table; never today's.

    lines, rates → convert → the lines with `billed` and `effective` in the report's currency
"""

from collections.abc import Sequence
from decimal import Decimal

import pandas as pd

from helpers import checks
from helpers.errors import InputError
from helpers.money import sum_by, total

REPORT_COLUMNS = {"BilledCost": "billed", "EffectiveCost": "effective"}


def convert(lines: pd.DataFrame, rates: pd.DataFrame | None, currency: str,
            columns: Sequence[str] = ("BilledCost", "EffectiveCost"), month: str = "billing_period") -> pd.DataFrame:
    """The lines with each of `columns` in the report's currency, exact, at the rate of the line's billing month.

    Raises InputError when a month's rate is missing.
    """
    table = rate_table(rates, currency)
    pairs = list(zip(lines["BillingCurrency"], lines[month], strict=True))
    found = {pair: rate_of(table, pair[0], pair[1], currency) for pair in sorted(set(pairs))}
    factors = [found[pair] for pair in pairs]
    worth = {REPORT_COLUMNS.get(column, column): [None if amount is None else amount * factor
                                                   for amount, factor in zip(lines[column], factors, strict=True)]
             for column in columns}
    return lines.assign(**worth)


def check_conversion(lines: pd.DataFrame, rates: pd.DataFrame | None, currency: str) -> list[dict]:
    """Checks that converted cost is each month's sum at its rate, on both bases: month by month, not line by line."""
    table = rate_table(rates, currency)
    months = sum_by(lines, ["BillingCurrency", "billing_period"], list(REPORT_COLUMNS))
    found = [rate_of(table, *pair, currency) for pair in zip(months["BillingCurrency"], months["billing_period"],
                                                             strict=True)]
    return [checks.same(f"conversion keeps the months' sums, {column}",
                        total(amount * rate for amount, rate in zip(months[source], found, strict=True)),
                        total(lines[column])) for source, column in REPORT_COLUMNS.items()]


def rate_table(rates: pd.DataFrame | None, currency: str) -> dict[tuple[str, str], Decimal]:
    """Rates into the report's currency by (currency, month)."""
    if rates is None:
        return {}
    used = rates[rates["to_currency"] == currency]
    wrong = used[used["rate"].map(lambda rate: rate <= 0)]
    if len(wrong):
        first = wrong.iloc[0]
        raise InputError(f"inputs.rates, {first['from_currency']} to {currency}, {first['period']}",
                         f"rate {first['rate']}", "a rate above 0", "mend the row")
    return {(source, period): rate for source, period, rate
            in zip(used["from_currency"], used["period"], used["rate"], strict=True)}


def rate_of(table: dict, source: str, period: str, currency: str) -> Decimal:
    """The rate from a currency into the report's in a month; 1 for the report's own."""
    if source == currency:
        return Decimal(1)
    if (source, period) not in table:
        raise InputError("inputs.rates", f"no rate from {source} to {currency} for {period}",
                         "a rate for each currency and month billed",
                         f"add the row, or set currency: {source} when all is in {source}")
    return table[source, period]
