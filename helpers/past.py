"""Which months are history?  Complete months of each provider, with what was filled in and what is left out.

    mapped lines → history → one row a service month and provider: amount, billed or filled
    mapped lines, history → left_out → what is in the bills and not in the history, and why
    mapped lines, ledger → tied → the lines, and what the ledger holds besides them
"""

from collections.abc import Mapping
from decimal import Decimal

import pandas as pd

from helpers.methods import BILLED, FILLED, HISTORY_COLUMNS, LANDED, SUM, TOTAL
from helpers.money import sum_by, to_cents
from helpers.periods import distance, shift
from helpers.rates import BASES
from helpers.taxonomy import UNALLOCATED

LATE = 2  # months a bill may be late and be filled in; a line without one for longer counts as ended


def history(mapped: pd.DataFrame, period: str, basis: str = "amortised", under_way: Mapping[str, str] | None = None,
            landings: Mapping[str, Decimal] | None = None) -> pd.DataFrame:
    """One row a service month and provider up to `period`, from bills up to it, in complete months: amount; billed, filled or landing.

    A month is complete when the provider billed it: a later correction alone does not make one.  A month without a
    bill between two others is filled on the straight line between them, one of the last two months with the amount
    before it; `source` says so.  A provider without a bill for longer has ended and is not filled.
    under_way: by provider the month that has not all come; it stands as it lands (landings), or not at all.
    """
    lines = _told(mapped, period)
    bills, partly = set(zip(lines["line"], lines["billing_period"], strict=True)), under_way or {}
    sums = sum_by(lines, ["line", "service_period"], [BASES[basis]])
    amounts: dict[str, dict[str, Decimal]] = {}
    for line, month, amount in sums.itertuples(index=False):
        if month <= period and (line, month) in bills and month < partly.get(line, shift(month, 1)):
            amounts.setdefault(line, {})[month] = amount
    landed = {line: (month, (landings or {})[line]) for line, month in partly.items() if line in (landings or {}) and month <= period}
    end = max([max(of_line) for of_line in amounts.values()] + [month for month, _ in landed.values()], default="")
    rows = []
    for line in sorted(amounts.keys() | landed.keys()):
        mine, (month, amount) = dict(amounts.get(line, {})), landed.get(line, ("", None))
        known = mine if amount is None else mine | {month: amount}
        rows += [(at, line, value, LANDED if at == month else source) for at, value, source in _filled(known, end)]
    return pd.DataFrame(sorted(rows, key=lambda row: row[:2]), columns=HISTORY_COLUMNS, dtype=object)


def tied(mapped: pd.DataFrame, recorded: pd.DataFrame, lags: Mapping[str, int], period: str, basis: str) -> pd.DataFrame:
    """The lines with one more a provider and month: what the ledger month that books the bill holds besides it (tax, credit memos, open items).

    So history is what the ledger says, where it has booked.  Bills that it books later have the mean of the last twelve known months.
    recorded: ledger lines up to the month, with provider, kind and use of their account.
    """
    books = recorded[(recorded["kind"] == "expense") & (recorded["use"] != "other")]
    held = {(line, month): amount for line, month, amount in sum_by(books, ["ProviderName", "fiscal_period"], ["amount"]).itertuples(index=False)}
    bills = sum_by(mapped[(mapped["billing_period"] <= period).to_numpy(dtype=bool)], ["ProviderName", "billing_period"], [BASES[basis]])
    rows, gaps = [], {}
    for line, month, amount in bills.itertuples(index=False):
        booked = shift(month, lags.get(line, 0))
        known = gaps.setdefault(line, [])
        if (line, booked) in held:
            known.append(held[line, booked] - amount)
            rows.append((line, month, known[-1]))
        elif booked > period and known:
            rows.append((line, month, to_cents(sum(known[-12:], Decimal(0)) / len(known[-12:]))))
    more = pd.DataFrame(rows, columns=["ProviderName", "billing_period", "billed"]).astype({"billed": object})
    more = more.assign(service_period=more["billing_period"], effective=more["billed"], application="", owner="", tower=UNALLOCATED)
    return pd.concat([mapped[[name for name in more]], more], ignore_index=True)


def _told(mapped: pd.DataFrame, period: str) -> pd.DataFrame:
    """The lines of bills up to the month."""
    return named(mapped[(mapped["billing_period"] <= period).to_numpy(dtype=bool)])


def named(mapped: pd.DataFrame) -> pd.DataFrame:
    """The lines with `line`, their provider; one that is called as a sum here is told apart."""
    clear = {name: f"{name} (provider)" if name in (TOTAL, SUM) else name for name in set(mapped["ProviderName"])}
    return mapped.assign(line=mapped["ProviderName"].map(clear).astype(object))


def left_out(mapped: pd.DataFrame, usage: pd.DataFrame, period: str, basis: str = "amortised",
             under_way: Mapping[str, str] | None = None) -> pd.DataFrame:
    """One row a provider and service month that is in the bills and not in the history: amount and reason."""
    used, lines = set(zip(usage["line"], usage["period"], usage["source"], strict=True)), named(mapped)
    late = lines["billing_period"] > period
    rows = [(line, month, amount, "billed after the month under review") for line, month, amount
            in sum_by(lines[late & (lines["service_period"] <= period)], ["line", "service_period"], [BASES[basis]]).itertuples(index=False)]
    for line, month, amount in sum_by(lines[~(late & (lines["service_period"] <= period))], ["line", "service_period"], [BASES[basis]]).itertuples(index=False):
        if (line, month, BILLED) not in used:
            partly = month >= (under_way or {}).get(line, shift(month, 1))
            rows.append((line, month, amount, "after the month under review" if month > period else "month under way" if partly else "no bill of that month"))
    return pd.DataFrame(rows, columns=["line", "period", "amount", "reason"], dtype=object)


def _filled(amounts: Mapping[str, Decimal], end: str) -> list[tuple[str, Decimal, str]]:
    """Every month from the first to the last (to `end` where that is at most two on), billed or filled."""
    known = sorted(amounts)
    rows = [(known[0], amounts[known[0]], BILLED)]
    for before, after in zip(known, known[1:]):
        gap = distance(before, after)
        step = (amounts[after] - amounts[before]) / gap
        rows += [(shift(before, n), to_cents(amounts[before] + step * n), FILLED) for n in range(1, gap)]
        rows.append((after, amounts[after], BILLED))
    late = distance(known[-1], end)
    carried = to_cents(amounts[known[-1]])
    return rows + [(shift(known[-1], n + 1), carried, FILLED) for n in range(late if late <= LATE else 0)]
