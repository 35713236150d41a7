"""What has the ledger accrued, and what did it come to?  Accruals less their reversals, and the invoices that came.

    ledger → standing → by provider        accrued and not reversed at the end of a month
    ledger → stray → lines                 reversals of accruals that the ledger does not have
    proposal, ledger, matches → true_up    what was accrued a month ago against the invoices booked for it since

A reversal takes back what was booked, in the currency it was booked in: rates between the two are no accrual.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

import pandas as pd

from helpers import checks, ledger
from helpers.mapping import rows_of
from helpers.money import ZERO, to_cents, total
from helpers.periods import shift
from helpers.settlement import AGAIN, LATE

COLUMNS = ["ProviderName", "billing_period", "invoice_id", "origin", "accrued", "booked", "true_up", "state"]
IN_LEDGER, PROPOSED = "in the ledger", "proposed"
NOT_DUE, LOST = "booked in a later month", "its invoice is missing"  # why something is to be accrued
ALREADY = "accrued in the ledger already"  # and why a row takes something off
DONE, PARTLY, TO_COME = "booked", "partly booked", "still to come"


@dataclass
class Accrual:
    """An accrual of the ledger, as far as it is not reversed."""

    provider: str
    number: str
    currency: str  # booked in
    amount: Decimal  # in the report's currency
    own: Decimal  # as booked
    left: Decimal  # of it

    @property
    def worth(self) -> Decimal:
        """What is left, in the report's currency."""
        return to_cents(self.amount * self.left / self.own)


def claims(coded: pd.DataFrame | None) -> set[str]:
    """Providers whose tax the ledger books as a claim, and none of it as expense."""
    if coded is None:
        return set()
    return (set(coded.loc[coded["kind"].eq("recoverable tax"), "ProviderName"]) - {""}
            - set(coded.loc[coded["use"].eq("cloud tax") & coded["kind"].eq("expense"), "ProviderName"]))


def standing(coded: pd.DataFrame | None, month: str) -> dict[str, Decimal]:
    """By provider what the ledger has accrued and not reversed at the end of the month."""
    found: dict[str, Decimal] = {}
    for lot in _settled(coded, month)[0]:
        found[lot.provider] = found.get(lot.provider, ZERO) + lot.worth
    return found


def stray(coded: pd.DataFrame, period: str) -> list[dict]:
    """Reversals up to the period that take back more than the ledger has accrued; those of its first month aside, whose
    accrual is of the month before."""
    first = coded["fiscal_period"].min()
    return [line for line in _settled(coded, period)[1] if line["fiscal_period"] > first]


def _settled(coded: pd.DataFrame | None, month: str) -> tuple[list[Accrual], list[dict]]:
    """Accruals that stand at the end of the month, and reversals without one."""
    lots: list[Accrual] = []
    strays: list[dict] = []
    for line in _postings(coded, month):
        own, left = line["own_amount"], line["own_amount"]
        kind = line["ProviderName"], line["own_currency"]
        mine = [lot for lot in lots if (lot.provider, lot.currency) == kind and lot.left * left < 0]
        for lot in sorted(mine, key=lambda lot: (lot.left != -own, lot.number != line["invoice_id"])):
            part = min(left, -lot.left, key=abs)
            lot.left, left = lot.left + part, left - part
        if left and line["document_type"] == "accrual":
            lots.append(Accrual(line["ProviderName"], line["invoice_id"], line["own_currency"], line["amount"], own, left))
        elif left:
            strays.append({**line, "left": to_cents(line["amount"] * left / own)})
    return [lot for lot in lots if lot.left], strays


def _postings(coded: pd.DataFrame | None, month: str) -> list[dict]:
    """Accruals and reversals up to the month: in a month accruals first, since it may reverse its own."""
    if coded is None or "document_type" not in coded:
        return []
    lines = ledger.documents(coded)
    lines = lines[lines["bucket"].eq("accruals") & (lines["fiscal_period"] <= month) & lines["amount"].ne(ZERO)]
    return sorted(lines.to_dict("records"), key=lambda line: (
        line["fiscal_period"], line["document_type"], line["invoice_id"], line["own_amount"]))


def true_up(before: pd.DataFrame, coded: pd.DataFrame | None, matches: pd.DataFrame | None, period: str) -> pd.DataFrame:
    """One row a bill, or a provider whose ledger accrues without numbers: what was accrued a month ago, what came of it.

    before: rows to be accrued at the end of the month before (helpers.accrued).  What the ledger had accrued then stands
    in the place of the proposal.  Invoices alone count: no tax beyond the bill's, no credit, no accrual.
    """
    rows = [] if matches is None else [*_by_bill(before, _invoices(matches, period), _late(matches, period))]
    lots = _settled(coded, shift(period, -1))[0]
    for name in sorted({lot.provider for lot in lots}):
        held = {number: total(lot.worth for lot in lots if (lot.provider, lot.number) == (name, number))
                for number in sorted({lot.number for lot in lots if lot.provider == name})}
        mine = [row for row in rows if row["ProviderName"] == name]
        rows = [row for row in rows if row["ProviderName"] != name]
        rows += [*_accrued(name, mine, held, period)]
    done = [{**row, "true_up": row["booked"] - row["accrued"] if row["state"] == DONE else ZERO} for row in rows]
    return pd.DataFrame(done, columns=COLUMNS).sort_values(COLUMNS[:3], ignore_index=True)


def _invoices(matches: pd.DataFrame, period: str) -> dict[tuple[str, str], Decimal]:
    """By provider and number what the ledger's invoices of the month come to, beside tax beyond the bill's and duplicates."""
    now = matches[matches["ledger_period"].eq(period) & ~matches["matched_by"].isin(("bill only", "no invoice"))]
    return {(row["ProviderName"], row["invoice_id"]): row["ledger"] - row["capitalised"] - row[AGAIN] - max(row["tax"], ZERO)
            - (ZERO if row["invoice_id"] else row[LATE]) - total(row[name] for name in ledger.NAMED) for row in now.to_dict("records")}


def _late(matches: pd.DataFrame, period: str) -> dict[str, Decimal]:
    """By provider what came late for months without invoice numbers."""
    now = matches[matches["ledger_period"].eq(period) & matches["invoice_id"].eq("")]
    return {name: amount for name, amount in rows_of(now, ["ProviderName", LATE]) if amount}


def _by_bill(before: pd.DataFrame, came: dict[tuple[str, str], Decimal], late: dict[str, Decimal]) -> Iterator[dict]:
    """A row a bill that was to be accrued; those that only the provider's month answers to in one."""
    pooled: dict[tuple[str, str], Decimal] = {}
    for name, bill, number, why, amount in rows_of(before, ["ProviderName", "billing_period", "invoice_id", "why", "amount"]):
        key = {"ProviderName": name, "billing_period": bill, "origin": PROPOSED}
        if why == ALREADY:
            continue
        if not number and why == LOST:
            yield {**key, "invoice_id": "", "accrued": amount, "booked": late.get(name, ZERO),
                   "state": DONE if name in late else TO_COME}
        elif number and (name, number) in came:
            yield {**key, "invoice_id": number, "accrued": amount, "booked": came[name, number], "state": DONE}
        elif (name, "") in came:
            pooled[name, bill] = pooled.get((name, bill), ZERO) + amount
        else:
            yield {**key, "invoice_id": number, "accrued": amount, "booked": ZERO, "state": TO_COME}
    for (name, bill), amount in pooled.items():
        others = [month for other, month in pooled if other == name]
        yield {"ProviderName": name, "billing_period": bill, "origin": PROPOSED, "invoice_id": "", "accrued": amount,
               "booked": came[name, ""] if bill == min(others) else ZERO, "state": DONE if bill == min(others) else TO_COME}


def _accrued(name: str, rows: list[dict], held: dict[str, Decimal], period: str) -> Iterator[dict]:
    """The provider's rows with what the ledger had accrued: by number where its documents have them, else all in one."""
    numbers = {row["invoice_id"] for row in rows}
    if all(number and number in numbers for number in held):
        for row in rows:
            number = row["invoice_id"]
            yield {**row, "accrued": held[number], "origin": IN_LEDGER} if number in held else row
        return
    states = {row["state"] for row in rows}
    state = states.pop() if len(states) == 1 else PARTLY if states else TO_COME
    yield {"ProviderName": name, "billing_period": max((row["billing_period"] for row in rows), default=shift(period, -1)),
           "invoice_id": "", "origin": IN_LEDGER, "accrued": total(held.values()), "booked": total(row["booked"] for row in rows),
           "state": state}


def check(strays: list[dict]) -> list[dict]:
    """A finding for reversals of what the ledger never accrued."""
    told = [" ".join(filter(None, (line.get("line_id", ""), line["ProviderName"], line["fiscal_period"]))) for line in strays]
    return [checks.noted("reversals of accruals that the ledger does not have", len(strays), "Head of Financial Control",
                         "; ".join(told[:5]), total(line["left"] for line in strays))]
