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
from helpers.carried import AGAIN, EARLY, LATE, toward
from helpers.mapping import rows_of
from helpers.money import ZERO, to_cents, total
from helpers.periods import shift

COLUMNS = ["ProviderName", "billing_period", "invoice_id", "origin", "accrued", "booked", "true_up", "state"]
IN_LEDGER, PROPOSED = "in the ledger", "proposed"
NOT_DUE, LOST = "booked in a later month", "its invoice is missing"  # why something is to be accrued
SHORT = "booked in part, or taken back"
LEAST = Decimal(1)  # report currency: less than this that the ledger lacks of a booked bill is not accrued
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
    held = _held(coded)
    for line in _postings(coded, month):
        own, left = line["own_amount"], line["own_amount"]
        kind = line["ProviderName"], line["own_currency"]
        mine = [lot for lot in lots if (lot.provider, lot.currency) == kind and lot.left * left < 0]
        if _reverses(line, held) and not any(lot.number == line["invoice_id"] for lot in mine):
            mine = []  # it takes back the invoice of its number
        for lot in sorted(mine, key=lambda lot: (lot.left != -own, lot.number != line["invoice_id"])):
            part = min(left, -lot.left, key=abs)
            lot.left, left = lot.left + part, left - part
        if left and line["document_type"] == "accrual":
            lots.append(Accrual(line["ProviderName"], line["invoice_id"], line["own_currency"], line["amount"], own, left))
        elif left:
            strays.append({**line, "left": to_cents(line["amount"] * left / own)})
    return [lot for lot in lots if lot.left], strays


def _held(coded: pd.DataFrame | None) -> dict[tuple[str, str, str], list[tuple[str, Decimal]]]:
    """By provider, number and currency what the ledger's invoices with a number hold, a month a line."""
    found: dict[tuple[str, str, str], list[tuple[str, Decimal]]] = {}
    if coded is not None and "document_type" in coded:
        lines = ledger.invoices(coded, ("expense", "capital"))
        for name, number, currency, month, amount in rows_of(lines[lines["invoice_id"].ne("")], [
                "ProviderName", "invoice_id", "own_currency", "fiscal_period", "own_amount"]):
            found.setdefault((name, number, currency), []).append((month, amount))
    return found


def _reverses(line: dict, held: dict) -> bool:
    """Whether a reversal carries the number of an invoice that earlier months hold at least as much of."""
    known = held.get((line["ProviderName"], line["invoice_id"], line["own_currency"]), ())
    before = total(amount for month, amount in known if month < line["fiscal_period"])
    back = line["own_amount"]
    return line["document_type"] == "reversal" and before * back < 0 and abs(back) <= abs(before)


def _postings(coded: pd.DataFrame | None, month: str) -> list[dict]:
    """Accruals and reversals up to the month: in a month accruals first, since it may reverse its own."""
    if coded is None or "document_type" not in coded:
        return []
    lines = ledger.documents(coded)
    lines = lines[lines["bucket"].eq("accruals") & (lines["fiscal_period"] <= month) & lines["amount"].ne(ZERO)]
    return sorted(lines.to_dict("records"), key=lambda line: (
        line["fiscal_period"], line["document_type"], line["invoice_id"], line["own_amount"]))


def true_up(before: pd.DataFrame, coded: pd.DataFrame | None, matches: pd.DataFrame | None, period: str,
            least: Decimal = LEAST) -> pd.DataFrame:
    """One row a bill, or a provider whose ledger accrues without numbers: what was accrued a month ago, what came of it.

    before: rows to be accrued at the end of the month before (helpers.accrued).  What the ledger had accrued then stands
    in the place of the proposal.  What was booked counts for one bill, the oldest that is due first; invoices alone count:
    no tax beyond the bill's, no credit, no accrual.  A bill of which the ledger lacks more than `least` is partly booked.
    """
    rows = [] if matches is None else [*_by_bill(before, matches, period, least)]
    lots = _settled(coded, shift(period, -1))[0]
    for name in sorted({lot.provider for lot in lots}):
        held = {number: total(lot.worth for lot in lots if (lot.provider, lot.number) == (name, number))
                for number in sorted({lot.number for lot in lots if lot.provider == name})}
        mine = [row for row in rows if row["ProviderName"] == name]
        rows = [row for row in rows if row["ProviderName"] != name]
        rows += [*_accrued(name, mine, held, period)]
    done = [{**row, "true_up": row["booked"] - row["accrued"] if row["state"] == DONE else ZERO} for row in rows]
    return pd.DataFrame(done, columns=COLUMNS).sort_values(COLUMNS[:3], ignore_index=True)


def _by_bill(before: pd.DataFrame, matches: pd.DataFrame, period: str, least: Decimal) -> Iterator[dict]:
    """A row a bill that was to be accrued; those that only the provider's month answers to in one."""
    known = set(rows_of(matches, ["ProviderName", "invoice_id"]))
    groups: dict[tuple[str, str], list[dict]] = {}
    lost: dict[str, list[dict]] = {}
    for row in before[before["why"].ne(ALREADY)].sort_values(["billing_period", "ledger_period"], kind="stable").to_dict("records"):
        name, number = row["ProviderName"], row["invoice_id"] if (row["ProviderName"], row["invoice_id"]) in known else ""
        if number or row["why"] == NOT_DUE:
            groups.setdefault((name, number), []).append(row)
        else:
            lost.setdefault(name, []).append(row)
    late = {name: [*_cleared(rows, matches)] for name, rows in lost.items()}
    for rows in late.values():
        yield from rows
    came = _invoices(matches, period, {name: total(row["booked"] for row in rows) for name, rows in late.items()})
    short = _short(matches, period, least)
    for key, rows in sorted(groups.items()):
        told = _numbered(rows, came.get(key), period) if key[1] else _pooled(rows, came.get(key), period)
        yield from ({**row, "state": PARTLY} if row["booked"] and row["booked"] != row["accrued"] and key in short else row
                    for row in told)


def _invoices(matches: pd.DataFrame, period: str, late: dict[str, Decimal]) -> dict[tuple[str, str], tuple[Decimal, Decimal]]:
    """By provider and number what the ledger's invoices of the month come to, beside tax beyond the bill's, duplicates and
    what came `late` for months without number; and what of it is booked ahead."""
    now = matches[matches["ledger_period"].eq(period) & ~matches["matched_by"].isin(("bill only", "no invoice"))]
    now = now[now["invoice_id"].ne("") | now["matched_by"].eq("provider and month")]
    found = {}
    for row in now.to_dict("records"):
        name, number = row["ProviderName"], row["invoice_id"]
        beside = row["capitalised"] + row[AGAIN] + max(row["tax"], ZERO) + total(row[kind] for kind in ledger.NAMED)
        found[name, number] = row["ledger"] - beside - (ZERO if number else late.get(name, row[LATE])), max(row[EARLY], ZERO)
    return found


def _short(matches: pd.DataFrame, period: str, least: Decimal) -> set[tuple[str, str]]:
    """Provider and number of what is booked in the month and lacks more than `least`; without number of the month itself."""
    rows = matches[matches["invoice_id"].ne("") | matches["ledger_period"].eq(period)]
    open_: dict[tuple[str, str], Decimal] = {}
    for name, number, bucket, left in rows_of(rows, ["ProviderName", "invoice_id", AGAIN, "open"]):
        if not bucket:
            open_[name, number] = open_.get((name, number), ZERO) + left
    return {key for key, left in open_.items() if -to_cents(left) > least}


def _cleared(rows: list[dict], matches: pd.DataFrame) -> Iterator[dict]:
    """What came for months without number that the ledger lacked: so much of each as is open no more."""
    bare = matches[matches["invoice_id"].eq("")]
    left = {(name, due): (was, now) for name, due, was, now
            in rows_of(bare, ["ProviderName", "ledger_period", "open_before", "open"])}
    for row in rows:
        was, now = left.get((row["ProviderName"], row["ledger_period"]), (ZERO, ZERO))
        booked = to_cents(row["amount"] * (now - was) / -was) if was else ZERO
        yield _row(row, "", row["amount"], booked, TO_COME if not booked else PARTLY if now else DONE)


def _numbered(rows: list[dict], came: tuple[Decimal, Decimal] | None, period: str) -> Iterator[dict]:
    """The bills of an invoice number: what came is for those that are due, what is booked ahead for those that are not."""
    booked, ahead = came or (ZERO, ZERO)
    due = [row for row in rows if row["ledger_period"] <= period]
    later = [row for row in rows if row["ledger_period"] > period]
    for some, amount in ((due, booked - ahead if later else booked), (later, ahead if due else booked)):
        for row, share in zip(some, _shares([row["amount"] for row in some], amount), strict=True):
            whole = share and (some is due or share == row["amount"])
            yield _row(row, row["invoice_id"], row["amount"], share, DONE if whole else PARTLY if share else TO_COME)


def _pooled(rows: list[dict], came: tuple[Decimal, Decimal] | None, period: str) -> Iterator[dict]:
    """The bills that only the provider's month answers to, a row a month billed."""
    pooled: dict[str, Decimal] = {}
    for row in rows:
        if came is None or row["ledger_period"] > period:
            yield _row(row, row["invoice_id"], row["amount"], ZERO, TO_COME)
        else:
            pooled[row["billing_period"]] = pooled.get(row["billing_period"], ZERO) + row["amount"]
    for month, share in zip(pooled, _shares([*pooled.values()], came[0] if came else ZERO), strict=True):
        yield _row({**rows[0], "billing_period": month}, "", pooled[month], share, DONE if share else TO_COME)


def _shares(amounts: list[Decimal], came: Decimal) -> list[Decimal]:
    """What came, shared among bills, oldest first; what is over is on the last one that it reaches."""
    shares = []
    for amount in amounts:
        shares.append(toward(came, amount))
        came -= shares[-1]
    if shares:
        shares[max((place for place, share in enumerate(shares) if share), default=0)] += came
    return shares


def _row(row: dict, number: str, amount: Decimal, booked: Decimal, state: str) -> dict:
    return {"ProviderName": row["ProviderName"], "billing_period": row["billing_period"], "invoice_id": number,
            "origin": PROPOSED, "accrued": amount, "booked": booked, "state": state}


def _accrued(name: str, rows: list[dict], held: dict[str, Decimal], period: str) -> Iterator[dict]:
    """The provider's rows with what the ledger had accrued: by number where its documents have them, else all in one."""
    numbers = {row["invoice_id"] for row in rows}
    if not all(number and number in numbers for number in held):
        yield _together(name, "", rows, total(held.values()), period)
        return
    yield from (row for row in rows if row["invoice_id"] not in held)
    for number, amount in held.items():
        yield _together(name, number, [row for row in rows if row["invoice_id"] == number], amount, period)


def _together(name: str, number: str, rows: list[dict], accrued: Decimal, period: str) -> dict:
    """One row for what the ledger had accrued."""
    states = {row["state"] for row in rows}
    return {"ProviderName": name, "billing_period": max((row["billing_period"] for row in rows), default=shift(period, -1)),
            "invoice_id": number, "origin": IN_LEDGER, "accrued": accrued, "booked": total(row["booked"] for row in rows),
            "state": states.pop() if len(states) == 1 else PARTLY if states else TO_COME}


def check(strays: list[dict]) -> list[dict]:
    """A finding for reversals of what the ledger never accrued."""
    told = [" ".join(filter(None, (line.get("line_id", ""), line["ProviderName"], line["fiscal_period"]))) for line in strays]
    return [checks.noted("reversals of accruals that the ledger does not have", len(strays), "Head of Financial Control",
                         "; ".join(told[:5]), total(line["left"] for line in strays))]
