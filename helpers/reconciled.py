"""What stands behind the reconciliation page?  Every table by its name, and the checks made of them.

    month → tables; month, tables → check
"""

from collections.abc import Iterator

import pandas as pd

from helpers import (
    accrued, bridge, bucketlines, checks, lagged, matching, openitems, posting, prepaid, reconciliation, threeway, trueup)
from helpers.money import total


def tables(month) -> dict[str, pd.DataFrame]:
    """The tables behind the page, by name; only those there is something for."""
    found = dict(_always(month))
    if month.recorded is not None:
        found |= dict(_with_ledger(month))
    return {name: table for name, table in found.items() if table is not None}


def _always(month) -> Iterator[tuple[str, pd.DataFrame | None]]:
    period = month.period
    yield "booked_consumed", reconciliation.booked_consumed(month.booked, period)
    yield "bills", reconciliation.months_booked(month.booked, month.providers, period)
    yield "tied", reconciliation.ledger_tied(month.tied)
    yield "rates", rates_used(month.rates, month.params.currency, period)
    forward = prepaid.roll_forward(month.booked, month.providers, period)
    yield "prepaid", forward
    yield "prepaid_ledger", prepaid.against(forward, month.recorded, month.providers, period)
    yield "unused", prepaid.unused(month.booked, period)
    if month.received is not None:
        yield "three_way", threeway.match(month.booked, month.received, month.typed, month.reconciling_items,
                                          month.providers, period, month.params.tolerance)


def _with_ledger(month) -> Iterator[tuple[str, pd.DataFrame | None]]:
    period, given, calendar = month.period, month.params, month.fiscal_days
    yield "bridge", month.steps
    worth = matching.items_worth(month.reconciling_items, month.rates, given.currency)
    yield "bucket_lines", bucketlines.lines(month.booked, month.typed, month.matches, month.reconciling_items, worth, period)
    yield "matches", month.matches
    yield "open_items", openitems.items(month.matches, month.open_item_notes, period)
    yield "months", reconciliation.by_month(month.matches, month.recorded, period)
    yield "lags", lagged.table(given.providers, month.providers, month.evidence)
    yield "lag_misses", lagged.misses(month.evidence)
    yield "late_invoices", lagged.late_invoices(month.providers, month.evidence, month.mapped)
    yield "control", reconciliation.control_totals(month.recorded, period)
    known = month.booked, month.recorded, month.matches, month.providers, period, month.open_item_notes
    least = given.tolerance.amount
    to_accrue = accrued.accruals(*known, least=least)
    yield "accruals", to_accrue.drop(columns="ledger_period")
    proposed = month.as_closed("reconciliation_accrual_journal")  # of a closed month nothing new is proposed
    yield "accrual_journal", accrued.journal(to_accrue, month.recorded, month.accrual_account, period, given.currency,
                                             calendar) if proposed is None else proposed
    yield "true_up", trueup.true_up(accrued.accruals(*known, back=1, least=least), month.recorded, month.matches, period, least)
    yield "misdated", posting.misdated(month.recorded, calendar, period)
    yield "two_currencies", posting.two_currencies(month.recorded, period)


def rates_used(rates: pd.DataFrame | None, currency: str, period: str) -> pd.DataFrame | None:
    """The rates into the report's currency up to the month, as the table has them: closing the month freezes them."""
    if rates is None:
        return None
    return rates[rates["to_currency"].eq(currency) & (rates["period"] <= period)].reset_index(drop=True)


def check(month, told: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """The checks of the step, as a table; `told` are the page's tables."""
    given = month.params
    rows = [*reconciliation.check_bridge(month.steps, month.ledger_tied, month.recorded, month.booked, month.matches, month.period,
                                         given.tolerance),
            *lagged.check(given.providers, month.providers, month.evidence),
            *prepaid.check(told["prepaid"], told["prepaid_ledger"], given.tolerance),
            *threeway.check(told.get("three_way"))]
    if month.recorded is not None:
        stray = openitems.unknown_notes(month.open_item_notes, month.matches)
        rows += [bucketlines.check(month.steps, told["bucket_lines"]),
                 *openitems.check(told["open_items"], stray, month.period, given.tolerance.materiality),
                 *accrued.check(told["accrual_journal"], month.accrual_account, accrued.awaited(month.booked, month.period)),
                 *trueup.check(trueup.stray(month.typed, month.period)),
                 *posting.check(told["misdated"], told["two_currencies"])]
    if month.replaced:
        was, now = (bridge.cloud_expense(lines, month.period) for lines in (month.recorded, month.coded))
        rows.append(checks.noted("ledger lines replaced by usage: the control total is broken", 1, "TBM office",
                                 month.warning, now - was))
    if month.received is None:
        rows.append(checks.noted("invoices to match against", 0, "accounts payable",
                                 "no invoices were given: bill and ledger are matched two ways", total([])))
    return checks.collect(*rows)
