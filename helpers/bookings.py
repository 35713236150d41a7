"""What becomes of an owner's charge?  Whether it is posted, what of it the ledger lacks, and what may follow.

    postings, held → Bookings → of an owner → tell → sentences
    charge lines, sources, open items → unbooked    direct cost of invoices that the ledger lacks
    pools, earlier charge lines → waiting           what each owner last paid of a pool that is held now

Every table has a column `owner`; the sentences of one owner are made from its own rows alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

import pandas as pd

from helpers import journal
from helpers.carried import MISSING
from helpers.charges import DIRECT_KEYS
from helpers.house import number, words
from helpers.mapping import rows_of
from helpers.money import round_parts, sum_by, total
from helpers.openitems import OPEN
from helpers.periods import month_name

UNBOOKED = ["owner", "ProviderName", "InvoiceId", "amount"]
WAITING = ["owner", "pool", "month", "amount"]
NAMED = 5  # documents, reasons, invoices or pools that are told one by one


def _none(*columns: str) -> pd.DataFrame:
    return field(default_factory=lambda: pd.DataFrame(columns=list(columns)))


@dataclass(frozen=True)
class Bookings:
    """What is known of all owners' charges, or of one owner's (`of`)."""

    postings: pd.DataFrame = _none(*journal.POSTING_COLUMNS)
    held: pd.DataFrame = _none(*journal.HELD_COLUMNS)
    unbooked: pd.DataFrame = _none(*UNBOOKED)
    waiting: pd.DataFrame = _none(*WAITING)

    def of(self, owner: str) -> "Bookings":
        """The owner's own rows."""
        tables = (self.postings, self.held, self.unbooked, self.waiting)
        return Bookings(*(table[table["owner"] == owner] for table in tables))


def unbooked(lines: pd.DataFrame, sources: pd.DataFrame, open_items: pd.DataFrame | None, period: str) -> pd.DataFrame:
    """By owner and invoice the direct charges, in their cents, of invoices that the ledger of the month lacks."""
    columns = ["ProviderName", "invoice_id", "first_seen", "bucket", "state"]
    missing = {tuple(key) for *key, seen, bucket, state in rows_of(open_items, columns)
               if (seen, bucket, state) == (period, MISSING, OPEN)}
    behind, rows = _by_invoice(sources), []
    for *key, amount in rows_of(lines[lines["kind"] == "direct"], [*DIRECT_KEYS, "amount"]):
        parts = behind.get(tuple(key), {})
        told = dict(zip(DIRECT_KEYS, key, strict=True))
        if any((told["ProviderName"], invoice) in missing for invoice in parts):
            shares = zip(parts, round_parts([*parts.values()], amount), strict=True)
            rows += [(told["owner"], told["ProviderName"], invoice, share) for invoice, share in shares
                     if (told["ProviderName"], invoice) in missing]
    return sum_by(pd.DataFrame(rows, columns=UNBOOKED), UNBOOKED[:-1], ["amount"])


def _by_invoice(sources: pd.DataFrame) -> dict[tuple, dict[str, Decimal]]:
    """By the keys of direct cost the exact amount of each invoice."""
    parts: dict[tuple, dict[str, Decimal]] = {}
    sums = sum_by(sources[sources["kind"] == "direct"], [*DIRECT_KEYS, "InvoiceId"], ["amount"])
    for *key, invoice, amount in sums.itertuples(index=False, name=None):
        parts.setdefault(tuple(key), {})[invoice] = amount
    return parts


def waiting(pools: pd.DataFrame, earlier: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """What each owner paid of each pool that is held, in the last month that charged it (earlier: month → lines)."""
    idle = [row["pool"] for row in pools.to_dict("records") if row["held"] and row["note"] and not row["consumers"]]
    paid = {(name, month): lines[lines["kind"].eq("shared") & lines["pool"].eq(name)]
            for month, lines in sorted(earlier.items()) for name in idle}
    last = {name: month for (name, month), lines in paid.items() if len(lines)}
    rows = [(owner, name, month, amount) for name, month in last.items()
            for owner, amount in _sums(paid[name, month], ["owner"])]
    return pd.DataFrame(rows, columns=WAITING)


def tell(mine: Bookings, amount: Decimal, period: str, showback: bool, mock: bool, closed: bool = False) -> str:
    """An owner's own sentences: posted or not, and why; what the ledger lacks; what may follow."""
    lacking = [f"{number(row.amount)} of {_invoice(row.ProviderName, row.InvoiceId, period)}"
               for row in mine.unbooked.itertuples() if row.amount]
    held = [f"{words(row.pool)} (your part in {month_name(row.month)} was {number(row.amount)})"
            for row in mine.waiting.itertuples() if row.amount]
    return " ".join(filter(None, [
        "Showback: nothing is booked." if showback else f"Chargeback: {_status(mine, amount, period, mock, closed)}",
        f"The ledger does not hold all that this rests on yet: it lacks {_listed(lacking)}." if lacking else "",
        f"Charged to nobody this month, and may be {'shown' if showback else 'charged'} later: {_listed(held)}."
        if held else ""]))


def _invoice(provider: str, invoice: str, period: str) -> str:
    if invoice:
        return f"invoice {words(invoice)} ({words(provider)})"
    return f"the {words(provider)} bill that {month_name(period)} books"


def _status(mine: Bookings, amount: Decimal, period: str, mock: bool, closed: bool) -> str:
    """Where the month's charge is posted and what of it is not, and beside it what trues up earlier months."""
    now = mine.postings["of_month"] == period
    booked, earlier = _documents(mine.postings[now]), _documents(mine.postings[~now])
    held = _sums(mine.held[mine.held["of_month"] == period], ["reason"])
    verb = "would be posted" if mock else "posted"
    said = [f"{verb} {_placed(booked, bool(held))}"] * bool(booked)
    reasons = [f"because {_because(reason)}, {number(part)}" for reason, part in held]
    said += [f"not posted {_listed(reasons)}"] * bool(held)
    told = [f"{'partly ' * (len(said) > 1)}{'; '.join(said) or 'there is nothing to post'}."]
    told += [f"Beside it, true-ups of closed months {verb}: {_placed(earlier, True)}."] * bool(earlier)
    told += ["The journal is a mock, which finance does not post."] * bool(mock and (booked or earlier))
    whole = total(part for *_, part in [*booked, *held])
    if closed and whole != amount:
        told.append(f"{month_name(period)} is closed with {number(whole)} charged; what differs from it is for an open "
                    "month.")
    return " ".join(told)


def _documents(postings: pd.DataFrame) -> list[tuple]:
    """Document, cost centre and amount of what the owner receives."""
    received = postings[postings["side"] == journal.RECEIVER]
    amounts = [debit - credit for debit, credit in zip(received["debit"], received["credit"], strict=True)]
    told = received.assign(amount=pd.Series(amounts, index=received.index, dtype=object))
    return _sums(told, ["document", "cost_centre"])


def _sums(table: pd.DataFrame, keys: list[str]) -> list[tuple]:
    return list(rows_of(sum_by(table, keys, ["amount"]), [*keys, "amount"]))


def _placed(documents: list[tuple], amounts: bool) -> str:
    """The documents with their cost centres; with their amounts where there are several, or where that is asked for."""
    amounts = amounts or len(documents) > 1
    places = [f"as document {words(document)} to cost centre {words(centre)}" for document, centre, _ in documents]
    return _listed([f"{number(amount)} {place}" if amounts else place
                    for place, (*_, amount) in zip(places, documents, strict=True)])


def _because(reason: str) -> str:
    """The reason as an owner is told it: the cost centre of whoever provides the service is not the owner's to know."""
    if reason == journal.NO_CENTRE:
        return "no cost centre is known"
    return f"a cost centre {journal.GIVER_LOST}" if reason.endswith(journal.GIVER_LOST) else words(reason)


def _listed(parts: list[str]) -> str:
    """The parts one after the other; of many the first, and how many more."""
    more = [f"{len(parts) - NAMED} more"] if len(parts) > NAMED else []
    parts = [*parts[:NAMED], *more]
    return " and ".join(filter(None, [", ".join(parts[:-1]), *parts[-1:]]))
