"""What explains an invoice's differences?  Its ledger months one after the other, each difference in one bucket.

    rows of one invoice, limits → settle → each row with its buckets, and what of them is still open

What an earlier month lacked may come late, what it booked ahead is taken off when it is due, what it booked twice may be
taken back.  Amounts are in the report's currency; a row's `worth` is its documents at the rate of the month billed.
"""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from helpers.carried import AGAIN, BUCKETS, EARLY, LATE, MISSING, UNEXPLAINED, Lot, Standing, carry, toward
from helpers.ledger import MATCH_KEYS, NAMED
from helpers.money import ZERO, to_cents, total

COLUMNS = [*MATCH_KEYS, "matched_by", "bill", "purchases", "ledger", *BUCKETS, "open", "open_before"]


class Limits(NamedTuple):
    """How large tax and exchange-rate differences may be before they need another name."""

    tax: Decimal = Decimal("0.27")  # of the bill: the highest standard VAT rate there is (Hungary); more is not tax
    fx: Decimal = Decimal("0.10")  # of the invoice: further from the month's rate is no difference of rates


def settle(rows: Sequence[Mapping], first: str, last: str, limits: Limits = Limits()) -> Iterator[dict]:
    """The rows of one provider and invoice from ledger month `first` to `last`, explained; in the order of their months.

    Buckets add up to ledger − (bill − purchases).  `open` is what of missing invoices, duplicates and unexplained is
    still to be cleared after `last`, `open_before` what was a month earlier.  Rows without an invoice number are the
    provider's months: what one lacked comes late only whole.
    """
    standing = Standing(total(row["bill"] - row["purchases"] for row in rows))
    explained, before = [], None
    for place, row in enumerate(rows):
        if row["ledger_period"] > last:
            break
        if row["ledger_period"] == last:
            before = [standing.open_of(known) for known in range(place)]
        standing.to_come -= row["bill"] - row["purchases"]
        earlier = bool(standing.bill)
        parts = _best(row, standing, limits)
        carry(place, row, parts, standing)
        explained.append((row, parts, _matched_by(row, parts, earlier)))
    before = [standing.open_of(known) for known in range(len(explained))] if before is None else [*before, ZERO]
    for place, (row, parts, how) in enumerate(explained):
        if row["ledger_period"] >= first:
            yield {**{name: row[name] for name in (*MATCH_KEYS, "bill", "purchases", "ledger")}, **parts, "matched_by": how,
                   "open": standing.open_of(place), "open_before": before[place]}


def _best(row: Mapping, standing: Standing, limits: Limits) -> dict[str, Decimal]:
    """The first way to see the row that leaves nothing unexplained; else the plainest one.

    Lines that stand twice may be meant (two halves) or not, and a bill's tax may lie in the lines of cost.
    """
    found = [_explain(row, standing, limits, tax, ZERO) for tax in _taxes(row, standing, limits, ZERO)]
    plain = next((parts for parts in found if not parts[UNEXPLAINED]), found[0])
    if row["repeated"] and (plain[UNEXPLAINED] or plain[AGAIN]):
        once = {**row, "reversed": ZERO}  # a line that repeats what was taken back is booked once
        again = (_explain(once, standing, limits, tax, row["repeated"]) for tax in _taxes(row, standing, limits, row["repeated_tax"]))
        return next((parts for parts in again if not parts[UNEXPLAINED]), plain)
    return plain


def _taxes(row: Mapping, standing: Standing, limits: Limits, repeated: Decimal) -> Iterator[Decimal]:
    """What the tax bucket may be: the tax lines less the bills' tax; or less what of that is a claim (recoverable), which may
    have been booked before the bill.

    More than tax can be is none.  A bill's tax that no tax line answers lies in the lines of cost.
    """
    waiting, claims = standing.tax_waiting + row["tax_in_bill"], standing.claims + row["recoverable"]
    if not row["tax_in_ledger"] and not claims:
        yield ZERO
        return
    tax = row["tax_in_ledger"] - repeated - waiting
    most = abs(standing.bill + row["bill"] + _ahead(row, standing)) * limits.tax
    yield tax if abs(standing.taxed + tax) <= most or -waiting <= tax <= 0 else ZERO
    if waiting and claims:
        yield -min(claims, waiting, key=abs)


def _ahead(row: Mapping, standing: Standing) -> Decimal:
    """What the ledger holds, without tax, of the invoice's bills that are due later."""
    expected = row["bill"] - row["purchases"]
    taken = toward(expected, standing.ahead)
    cost = row["ledger"] + row["capital"] - row["tax_in_ledger"] - total(row[name] for name in NAMED)
    ahead = standing.ahead - taken
    return ahead + toward(cost - (expected - taken), standing.to_come - ahead)


def _explain(row: Mapping, standing: Standing, limits: Limits, tax: Decimal, repeated: Decimal) -> dict[str, Decimal]:
    """Every bucket of the row, with so much tax and so much booked by lines that repeat another."""
    rate = _plausible(_exchange(row), row["worth"], limits.fx)
    expected = row["bill"] - row["purchases"]
    taken = toward(expected, standing.ahead)
    due = expected - taken
    got = row["ledger"] + row["capital"] - total(row[name] for name in NAMED) - rate - tax - repeated
    parts = dict.fromkeys(BUCKETS, ZERO) | {name: row[name] for name in NAMED}
    parts |= {"tax": tax, "capitalised": -row["capital"], EARLY: -taken, AGAIN: repeated, "FX": rate}
    if due and not row["limit"]:
        return parts | {MISSING: got - due}
    for name, amount in _rest(got - due, due, row, standing):
        parts[name] += amount
    return parts


def _rest(rest: Decimal, due: Decimal, row: Mapping, standing: Standing) -> Iterator[tuple[str, Decimal]]:
    """What the row holds beyond its own bill: late, taken back, ahead, again; cents, another rate; else unexplained.

    `band` is how far the rates of the months between may take an invoice whose documents do not say the bill's currency.
    """
    numbered, base = bool(row["invoice_id"]), due

    def near(one: Decimal, other: Decimal, band: Decimal = row["band"]) -> bool:
        return abs(one - other) <= max(row["limit"], abs(other) * band)

    if abs(rest) > row["limit"] and not (due and near(due + rest, due)):
        for name, room, wholes in _rooms(row, standing, numbered):
            here = part = toward(rest, room) if numbered else ZERO
            for amount, worth, band in wholes:
                if amount and near(rest, worth, band):
                    part, here = amount, worth if near(rest, worth, ZERO) else rest if row["earlier"] else amount
                    break
            yield name, part
            yield "FX", here - part
            rest, base = rest - here, base + here
        whole = standing.due + row["bill"] - row["purchases"] or standing.to_come
        again = _multiple(rest, whole if numbered else due, near)
        yield AGAIN, again
        back = toward(rest - again, row["reversed"]) if abs(rest - again) >= abs(row["reversed"]) else ZERO
        yield MISSING, back  # what a reversal took back waits for its invoice again
        rest, base = rest - again - back, base + again + back
    yield "rounding" if abs(rest) <= row["limit"] else "FX" if near(base + rest, base) else UNEXPLAINED, rest


def _rooms(row: Mapping, standing: Standing, numbered: bool) -> Iterator[tuple[str, Decimal, list[tuple]]]:
    """By bucket how much there is to clear or to book ahead, and what may come whole."""
    for name, lots, sign in ((LATE, standing.owed, 1), (AGAIN, standing.twice, -1)):
        yield name, total(lot.amount for lot in lots) * sign, [_whole(row, some, sign) for some in (lots, *([lot] for lot in lots))]
    if numbered:
        ahead = standing.to_come - standing.ahead
        yield EARLY, ahead, [(ahead, ahead, row["band"])]


def _whole(row: Mapping, lots: Sequence[Lot], sign: int) -> tuple[Decimal, Decimal, Decimal]:
    """The lots at the rates of their own months, at the row's, and how far off, as a share, the latter may be.

    `earlier` has by month the rate that the row's ledger lines are valued at, and the month's.
    """
    known = [(lot.amount * sign, *row["earlier"].get(lot.month, (1, 1, row["band"]))) for lot in lots]
    return (total(amount for amount, *_ in known), total(amount * now / then for amount, now, then, _ in known),
            max((band for *_, band in known), default=ZERO))


def _multiple(rest: Decimal, whole: Decimal, near) -> Decimal:
    """The rest as the whole bill once or several times more; 0 where it is not."""
    times = round(rest / whole) if whole else 0
    return whole * times if times > 0 and near(rest, whole * times) else ZERO


def _exchange(row: Mapping) -> Decimal:
    """What the booked rate makes of the invoice, its credit memos (listed at the booked rate) taken back in."""
    moved = row["invoiced"] - row["worth"]
    if not moved or not row["invoiced"]:
        return moved
    return moved - to_cents(row["netted"] * moved / row["invoiced"])


def _plausible(amount: Decimal, base: Decimal, most: Decimal) -> Decimal:
    return amount if abs(amount) <= abs(base) * most else ZERO


def _matched_by(row: Mapping, parts: Mapping[str, Decimal], earlier: bool) -> str:
    billed = bool(row["bill"] or row["tax_in_bill"])
    if not row["limit"]:
        return "bill only" if billed else "no invoice"
    if billed:
        return "invoice number" if row["invoice_id"] else "provider and month"
    if parts[LATE] or row["invoice_id"] and earlier:
        return "bill of an earlier month"
    return "bill of a later month" if parts[EARLY] else "ledger only"
