"""What is one owner told?  Its own lines, in a folder of its own: a page, a workbook and a table.

    month, charges, changes, disputes → tell → Statement   what one owner is told, nothing of any other
    statements, folder → publish → <folder>/statements/<owner>/statement.html, .xlsx, .csv

Nothing in the files of one owner tells another's name, cost or rates, but for the counterpart of its own disputes.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from hashlib import sha256
from pathlib import Path

import pandas as pd

from helpers import bookings, changes, owners, page, tags
from helpers.bookings import Bookings
from helpers.publish import workbook, write_csv
from helpers.house import number, percent, words
from helpers.money import ZERO, ratio, sum_by, total
from helpers.periods import month_name

FOLDER = "statements"
RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)", re.ASCII)
LONGEST = 48  # characters of a folder's name
METHODS = {"direct": "directly owned", "even": "the same for each who takes part", "cost-weighted": "in proportion to direct cost",
           "fixed": "by agreed shares", "usage": "in proportion to {driver}", "rate-card": "price times quantity of {driver}"}
WHY = {"usage": "for usage", "rate": "for the rate", "one-off": "one-off charges", "ownership": "a change of ownership",
       "mapping": "another mapping", "held back": "cost that is held back", "rounding": "rounding"}  # "mostly …"
LINE_COLUMNS = ["application", "item", "ProviderName", "method", "driver_period", "quantity", "share", "amount"]
BILL_COLUMNS = ["application", "ProviderName", "ServiceName", "account", "InvoiceId", "billing_period", "line_count", "amount"]
DISPUTE_COLUMNS = ["application", "tag_owner", "service_owner", "owner", "decided_by", "amount", "since", "age", "account",
                   "cmdb", "tag", "note"]


@dataclass(frozen=True)
class Terms:
    """What holds for all statements of a month; small: pools with fewer members tell the amount only."""

    company: str
    period: str
    currency: str
    basis: str
    tie: str
    small: int
    mock: bool = False  # whether the journal is one that nobody posts
    closed: bool = False  # whether the month is


@dataclass(frozen=True)
class Statement:
    """One owner's statement: lines, changes, months of the fiscal year, disputes, bills, what becomes of the charge."""

    owner: str
    mode: str
    lines: pd.DataFrame
    changes: pd.DataFrame | None
    year: pd.DataFrame
    disputes: pd.DataFrame | None
    bills: pd.DataFrame
    booked: Bookings
    trued: pd.DataFrame | None = None  # what its true-ups are put to

    @property
    def amount(self) -> Decimal:
        return total(self.lines["amount"])


def tell(lines: pd.DataFrame, changed: pd.DataFrame | None, year: pd.DataFrame, disputes: pd.DataFrame | None,
         sources: pd.DataFrame, modes: Mapping[str, str], terms: Terms,
         booked: Bookings = Bookings()) -> list[Statement]:  # noqa: B008  (never changed)
    """One statement an owner that is charged, or was the month before; by name."""
    bills = _by_owner(sources[sources["kind"] == "direct"])
    own = _by_owner(_shown(lines, terms.small))
    moved = {} if changed is None else _by_owner(changed)
    years = _by_owner(year)
    return [Statement(owner, owners.mode(modes, owner), _part(own, owner, LINE_COLUMNS),
                      None if changed is None else _part(moved, owner, [*changes.COLUMNS[1:]]),
                      _part(years, owner, list(year.columns[1:])), _disputes_of(disputes, owner),
                      _part(bills, owner, BILL_COLUMNS).drop(columns="kind"), booked.of(owner))
            for owner in sorted((own.keys() | moved.keys()) - {""})]


def _shown(lines: pd.DataFrame, small: int) -> pd.DataFrame:
    """The charged lines as an owner reads them; of a pool with few members neither share nor quantity."""
    charged = lines[lines["kind"] != "residual"]
    shared = charged["kind"] == "shared"
    members = charged[shared].groupby("pool")["owner"].nunique()
    few = shared & charged["pool"].map(members).lt(small)
    told = {pair: METHODS[pair[0]].format(driver=pair[1] or "its driver")
            for pair in set(zip(charged["method"], charged["driver"], strict=True))}
    said = [told[pair] for pair in zip(charged["method"], charged["driver"], strict=True)]
    return charged.assign(item=charged["pool"].where(shared, charged["ServiceName"]), method=said,
                          share=charged["share"].mask(few), quantity=charged["quantity"].mask(few, None))


def _by_owner(table: pd.DataFrame) -> dict[str, pd.DataFrame]:
    return dict(list(table.groupby("owner", sort=True))) if len(table) else {}


def _part(parts: Mapping[str, pd.DataFrame], owner: str, columns: Sequence[str]) -> pd.DataFrame:
    found = parts.get(owner)
    return pd.DataFrame(columns=[*dict.fromkeys(["kind", *columns])]) if found is None else found[
        [name for name in dict.fromkeys(["kind", *columns]) if name in found]].reset_index(drop=True)


def _disputes_of(disputes: pd.DataFrame | None, owner: str) -> pd.DataFrame | None:
    if disputes is None:
        return None
    mine = [tags.fold(owner) in {tags.fold(name) for name in names}
            for names in zip(disputes["tag_owner"], disputes["service_owner"], disputes["owner"], strict=True)]
    return disputes.loc[mine, DISPUTE_COLUMNS].reset_index(drop=True)


def answer(statement: Statement, terms: Terms) -> str:
    """The statement in one sentence: what is charged, through what, and why it is not what it was."""
    sums = {kind: total(statement.lines.loc[statement.lines["kind"] == kind, "amount"]) for kind in ("direct", "shared")}
    verb = "is charged" if statement.mode == "chargeback" else "used, for information,"
    told = (f"{statement.owner} {verb} {number(statement.amount)} {terms.currency} for {month_name(terms.period)}: "
            f"{number(sums['direct'])} for what it owns and {number(sums['shared'])} for what it shares")
    return f"{told}; {_change(statement)}."


def _change(statement: Statement) -> str:
    """How the amount compares with the month before, and what took it there."""
    if statement.changes is None:
        return "there is no month before to compare with"
    then = total(statement.changes["then"])
    change = statement.amount - then
    found = changes.cause(statement.changes, change)
    if not change:
        both = [_moved_by(found.reason, found.amount), _moved_by(found.against, found.offset)]
        return f"the same as the month before{': ' + ' and '.join(both) if all(both) else ''}"
    if not any(statement.changes["then"]):
        return "nothing was charged the month before"
    share = f" ({percent(abs(ratio(change, then)))})" if then else ""
    side = "more" if change > 0 else "less"
    return f"{number(abs(change))}{share} {side} than the month before, {_why(found, change, statement.changes)}"


def _why(found: changes.Cause, change: Decimal, lines: pd.DataFrame) -> str:
    """The largest reason in the change's own direction and the line behind most of it; what offset it where larger."""
    if found.reason is None:
        why = "and no reason that is known goes that way"
    else:
        part = "mostly" if 2 * abs(found.amount) >= abs(change) else "the largest part"
        why = f"{part} {WHY[found.reason]} ({number(found.amount)}){_first(found, lines)}"
    return why + (f"; {_moved_by(found.against, found.offset)}" if abs(found.offset) > abs(found.amount) else "")


def _first(found: changes.Cause, lines: pd.DataFrame) -> str:
    """The line that moved most by the reason, and whether it is new."""
    name = words(found.line["application" if found.reason == "ownership" else "item"])
    if not name or found.reason == "rounding":
        return ""
    new = found.reason != "ownership" and not any(lines.loc[lines["item"] == found.line["item"], "then"])
    return f", above all {name}{', which is new' if new else ''}"


def _moved_by(reason: str | None, amount: Decimal) -> str:
    """What the reason added or took off; "" for none."""
    done = "added" if amount > 0 else "took off"
    return f"{WHY[reason].removeprefix('for ')} {done} {number(abs(amount))}" if reason else ""


def terms_note(statement: Statement, terms: Terms) -> str:
    """What becomes of the charge, and what the amounts are: basis and tie."""
    told = bookings.tell(statement.booked, statement.amount, terms.period, statement.mode != "chargeback", terms.mock,
                         terms.closed)
    return f"{told} {terms.basis.capitalize()} cost in {terms.currency}, {terms.tie}."


def folders(owners: Iterable[str]) -> dict[str, str]:
    """A folder's name for each owner: plain letters, the same each month, no two alike."""
    plain = {owner: _plain(owner) for owner in owners}
    count: dict[str, int] = {}
    for name in plain.values():
        count[name] = count.get(name, 0) + 1
    return {owner: name if count[name] == 1 and name and not RESERVED.fullmatch(name) else
            "-".join(filter(None, (name, sha256(owner.encode("utf-8", "replace")).hexdigest()[:8]))) for owner, name in plain.items()}


def _plain(owner: str) -> str:
    letters = unicodedata.normalize("NFKD", owner).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", letters).strip("-")[:LONGEST].strip("-")


def publish(statements: Sequence[Statement], terms: Terms, out: str | Path = "",
            trued: pd.DataFrame | None = None) -> pd.DataFrame:
    """Writes each owner's files where `out` is a folder; one row a statement: owner, mode, amount, file.

    trued: what the posted true-ups of all owners are put to (helpers.compare.closed_months).
    """
    statements = [replace(statement, trued=_trued(trued, statement.owner)) for statement in statements]
    names = folders(statement.owner for statement in statements)
    for statement in statements if out else ():
        folder = Path(out) / FOLDER / names[statement.owner]
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "statement.html").write_bytes(html(statement, terms).encode("utf-8", "replace"))
        write_csv(folder / "statement.csv", table(statement, terms))
        workbook(folder / "statement.xlsx", sheets(statement, terms))
    rows = [(statement.owner, statement.mode, statement.amount, f"{FOLDER}/{names[statement.owner]}/statement.html")
            for statement in statements]
    return pd.DataFrame(rows, columns=["owner", "mode", "amount", "file"])


def _trued(causes: pd.DataFrame | None, owner: str) -> pd.DataFrame | None:
    """By closed month and cause what is posted beside the owner's charge: where the cause stands, and no name."""
    if causes is None:
        return None
    mine = sum_by(causes[causes["posts"].eq(True) & causes["owner"].eq(owner)], ["of_month", "number", "place"], ["amount"])
    return mine[mine["amount"] != ZERO].reset_index(drop=True)[["place", "amount", "of_month"]]


def table(statement: Statement, terms: Terms) -> pd.DataFrame:
    """The owner's lines as a file: what the amounts are stands on every row."""
    said = {"period": terms.period, "owner": statement.owner, "mode": statement.mode, "basis": terms.basis, "tie": terms.tie}
    lines = statement.lines.rename(columns={"ProviderName": "provider"})
    return lines.assign(**said, currency=terms.currency)[[*said, *lines.columns, "currency"]]


def sheets(statement: Statement, terms: Terms) -> dict[str, pd.DataFrame]:
    """The owner's tables, a sheet each."""
    found = {"Statement": table(statement, terms), "Changes": statement.changes, "Fiscal year": statement.year,
             "Bills": statement.bills, "True-ups": statement.trued, "Disputes": statement.disputes}
    return {name: frame for name, frame in found.items() if frame is not None and len(frame)}


def html(statement: Statement, terms: Terms) -> str:
    """The owner's page: self-contained, no script, every text escaped."""
    from helpers import render
    who = " \u00b7 ".join(filter(None, (words(terms.company), month_name(terms.period))))
    return render.statement(title=f"Statement of {words(statement.owner)} \u00b7 {who}", who=who, owner=words(statement.owner),
                            foot=f"{who} \u00b7 statement of {words(statement.owner)}",
                            parts=[part.html for part in _parts(statement, terms)])


def _parts(statement: Statement, terms: Terms) -> list[page.Shown]:
    unit, basis = terms.currency, terms.basis
    direct = statement.lines[statement.lines["kind"] == "direct"]
    shared = statement.lines[statement.lines["kind"] == "shared"]
    own = sum_by(direct, ["application", "item", "ProviderName"], ["amount"]) if len(direct) else direct[["application", "item", "ProviderName", "amount"]]
    parts = [page.answer(answer(statement, terms)), page.note(terms_note(statement, terms)),
             page.table(own[["item", "amount", "application", "ProviderName"]], "What you own, by application and service", unit=unit, basis=basis, rows=60,
                        labels={"item": "service"}, none="Nothing is directly owned."),
             page.table(shared[["item", "amount", "share", "application", "method", "quantity", "driver_period"]], "What you share: each pool with how it is split",
                        unit=unit, basis=basis, rows=60, labels={"item": "shared pool", "driver_period": "driver of"},
                        decimals={"quantity": 1}, none="No shared cost.")]
    if statement.changes is not None:
        parts += [page.table(changes.by_reason(statement.changes), "Why it is not what it was the month before", unit=unit,
                             basis=basis, none="Nothing changed."),
                  page.table(_moved(statement.changes), "Largest changes", unit=unit, basis=basis, by="change", rows=12,
                             total="all", none="No line changed.")]
    planned = bool(statement.year["budget"].notna().any())
    year = statement.year if planned else statement.year.drop(columns=["budget", "distance"])
    parts.append(page.table(year, "Fiscal year to date", unit=unit, basis=basis, by=None, rows=20,
                            total=["amount", *["budget", "distance"] * planned], none="No month of the fiscal year."))
    parts.append(page.table(statement.bills, "The bills behind what you own", unit=unit, basis=basis, rows=40,
                            labels={"InvoiceId": "invoice", "billing_period": "bill of"}, none="No bill is directly yours."))
    if statement.trued is not None and len(statement.trued):
        parts.append(page.table(statement.trued, "True-ups of closed months beside it, and what changed", unit=unit,
                                basis=basis, rows=40, labels={"place": "what changed", "of_month": "closed month"}))
    if statement.disputes is not None:
        parts.append(page.table(statement.disputes, "Owners in dispute", unit=unit, basis=basis,
                                none="No owner of your cost is in dispute."))
    return parts


def _moved(changed: pd.DataFrame) -> pd.DataFrame:
    """All lines where any changed, so that they add up to what is charged, with the reasons that anything is in."""
    lines = changed.loc[(changed["change"] != ZERO).any() & changed["change"].notna(), ["item", "change", "application", "then", "now", *changes.REASONS]]
    return lines[[name for name in lines if name not in changes.REASONS or any(lines[name])]]
