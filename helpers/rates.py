"""What is an amount worth in the report's currency?  One rate a month, from a table; never today's.

    lines, rates → convert → the lines with `billed` and `effective` in the report's currency
"""

from decimal import Decimal

import pandas as pd

from helpers import checks
from helpers.errors import InputError
from helpers.money import sum_by, total

REPORT_COLUMNS = {"BilledCost": "billed", "EffectiveCost": "effective"}
BASES = {"amortised": "effective", "billed": "billed"}  # cost basis: its column in the report's currency


def convert(lines: pd.DataFrame, rates: pd.DataFrame | None, currency: str) -> pd.DataFrame:
    """The lines with `billed` and `effective` in the report's currency, exact, at the rate of the billing month.

    Raises InputError when a month's rate is missing.
    """
    factors = _factors(lines, rates, currency)
    return lines.assign(**{worth: [amount * factor for amount, factor in zip(lines[column], factors, strict=True)]
                           for column, worth in REPORT_COLUMNS.items()})


def covers(lines: pd.DataFrame, rates: pd.DataFrame | None, currency: str) -> bool:
    """True; raises InputError when the rate of a currency and month of the lines is missing."""
    return bool(_factors(lines[["BillingCurrency", "billing_period"]].drop_duplicates(), rates, currency)) or lines.empty


def check_conversion(lines: pd.DataFrame, rates: pd.DataFrame | None, currency: str) -> list[dict]:
    """Checks that converted cost is each month's sum at its rate, on both bases: month by month, not line by line."""
    months = sum_by(lines, ["BillingCurrency", "billing_period"], list(REPORT_COLUMNS))
    factors = _factors(months, rates, currency)
    return [checks.same(f"conversion keeps the months' sums, {worth}",
                        total(amount * factor for amount, factor in zip(months[column], factors, strict=True)),
                        total(lines[worth])) for column, worth in REPORT_COLUMNS.items()]


def _factors(lines: pd.DataFrame, rates: pd.DataFrame | None, currency: str) -> list[Decimal]:
    """The rate of each line's currency in its billing month."""
    table = rate_table(rates, currency)
    pairs = list(zip(lines["BillingCurrency"].tolist(), lines["billing_period"].tolist(), strict=True))
    found = {pair: rate_of(table, *pair, currency) for pair in sorted(set(pairs))}
    return [found[pair] for pair in pairs]


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
