"""What goes to the ledger?  The charge lines as a balanced journal: proposed here, posted by finance.

    charge lines, org, accounts, account rules → post → Posted     postings, and what is not posted with the reason
    kept lines, lines of now → deltas → what a closed month's charges would be now, less what was charged and could be posted
    postings, columns → file                                        the columns that the ERP wants

Debits equal credits per document, company and currency.  A charge that crosses companies goes through the accounts that
they hold with each other, so that each balances.  Residuals, owners in showback and orphan segments are not posted.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import pandas as pd

from helpers import checks, posting
from helpers.mapping import rows_of
from helpers.money import ZERO, sum_by, total
from helpers.pools import first_row

RULE_COLUMNS = ["kind", "pool", "ProviderName", "tower", "application", "company"]
LINE_KEYS = ["kind", "owner", "cost_centre", "application", "pool", "ProviderName", "tower"]
POSTING_COLUMNS = ["document", "company", "period", "of_month", "date", "line", "account", "cost_centre", "debit", "credit",
                   "currency", "side", "owner", "application", "pool", "text"]
HELD_COLUMNS = ["reason", "of_month", *LINE_KEYS, "amount"]
CHARGE, TRUE_UP, REVERSAL = "charge", "true-up", "reversal"
CODES = {CHARGE: "", TRUE_UP: "-TU", REVERSAL: "-RV"}
MOCK = "MOCK-"
RECEIVER, BETWEEN, GIVER = "receiver", "intercompany", "provider of the service"
RESIDUAL, SHOWN, NO_CENTRE = "charged to nobody", "shown only (showback)", "no cost centre"
GIVER_LOST = "of the account rules is not in org"  # a cost centre of whoever provides the service
OWNER = "Head of Financial Control"


@dataclass(frozen=True)
class Books:
    """What a journal is made by: cost centres and companies, accounts, account rules, owners in showback, the setting."""

    org: pd.DataFrame | None
    accounts: pd.DataFrame | None
    rules: pd.DataFrame | None
    showback: frozenset[str]
    company: str
    currency: str
    prefix: str
    mock: bool


@dataclass(frozen=True)
class Posted:
    """Postings, and the charges that are not posted, each with the reason."""

    postings: pd.DataFrame
    held: pd.DataFrame


def post(lines: pd.DataFrame, books: Books, period: str, calendar: pd.DataFrame | None = None, kind: str = CHARGE,
         of_month: str = "") -> Posted:
    """The journal of charge lines in cents, one posting a receiver, account and item; held has what is not posted."""
    sums = sum_by(lines, LINE_KEYS, ["amount"])
    sums = sums[sums["amount"] != ZERO].reset_index(drop=True)
    told = _determined(sums, books)
    ready = told[told["reason"] == ""]
    postings = _postings(ready.to_dict("records"), books, period, calendar, kind, of_month or period)
    held = told.assign(of_month=of_month or period).loc[told["reason"] != "", HELD_COLUMNS]
    return Posted(postings, sum_by(held, HELD_COLUMNS[:-1], ["amount"]))


def joined(parts: Sequence[Posted]) -> Posted:
    """Several journals as one."""
    return Posted(*(pd.concat([getattr(part, name) for part in parts], ignore_index=True) if parts else pd.DataFrame(columns=columns)
                    for name, columns in (("postings", POSTING_COLUMNS), ("held", HELD_COLUMNS))))


def _determined(sums: pd.DataFrame, books: Books) -> pd.DataFrame:
    """The lines with company, accounts, and the reason why a line cannot be posted, "" where it can."""
    companies = {centre: company or books.company for centre, company in rows_of(books.org, ["cost_centre", "company"])}
    sums = sums.assign(company=[companies.get(centre, "") for centre in sums["cost_centre"]])
    rules = None if books.rules is None else books.rules.sort_values("priority", kind="stable", ignore_index=True)
    places = [-1] * len(sums) if rules is None else first_row(sums, rules, RULE_COLUMNS).tolist()
    found = [{} if place < 0 else rules.iloc[place].to_dict() for place in places]
    for name in ("debit_account", "credit_account", "credit_cost_centre", "due_from_account", "due_to_account"):
        sums[name] = [rule.get(name, "") for rule in found]
    known = None if books.accounts is None else set(books.accounts["account"])
    giving = [companies.get(centre, "") for centre in sums["credit_cost_centre"]]
    sums["giver"] = giving
    sums["reason"] = [_reason(row, companies, known, books, place >= 0)
                      for row, place in zip(sums.to_dict("records"), places, strict=True)]
    return sums


def _reason(line: Mapping, companies: Mapping[str, str], known: set | None, books: Books, ruled: bool) -> str:
    if line["kind"] == "residual":
        return RESIDUAL
    if line["owner"] in books.showback:
        return SHOWN
    if not line["cost_centre"]:
        return NO_CENTRE
    if line["cost_centre"] not in companies:
        return f"cost centre {line['cost_centre']} is not in org"
    if not ruled:
        return "no row of the account rules takes it"
    if line["credit_cost_centre"] not in companies:
        return f"cost centre {line['credit_cost_centre'] or '(blank)'} {GIVER_LOST}"
    needed = ["debit_account", "credit_account"]
    needed += ["due_from_account", "due_to_account"] if line["giver"] != line["company"] else []
    for name in needed:
        if not line[name] or known is not None and line[name] not in known:
            return f"{name} {line[name] or '(blank)'} is not in accounts"
    return ""


def _postings(ready: list[dict], books: Books, period: str, calendar, kind: str, of_month: str) -> pd.DataFrame:
    """Debit and credit of each line by company; documents are numbered by company in alphabetical order."""
    names = sorted({line[side] for line in ready for side in ("company", "giver")})
    months = period if of_month == period else f"{period}-{of_month}"
    ids = {name: f"{MOCK if books.mock else ''}{books.prefix}{CODES[kind]}-{months}-{place:03d}"
           for place, name in enumerate(names, start=1)}
    date = posting.days(period, calendar)[1]
    rows: list[tuple] = []
    for line in ready:
        item = line["pool"] or line["ProviderName"]
        said = " ".join(filter(None, ("NOT FOR POSTING" if books.mock else "", kind, of_month, item, line["application"])))
        own, giver = line["company"], line["giver"]
        sides = [(RECEIVER, own, line["debit_account"], line["cost_centre"], 1)]
        sides += [(BETWEEN, own, line["due_to_account"], line["cost_centre"], -1),
                  (BETWEEN, giver, line["due_from_account"], line["credit_cost_centre"], 1)] if own != giver else []
        sides.append((GIVER, giver, line["credit_account"], line["credit_cost_centre"], -1))
        for side, company, account, centre, sign in sides:
            amount = line["amount"] * sign
            rows.append((ids[company], company, period, of_month, date, account, centre, max(amount, ZERO), max(-amount, ZERO),
                         books.currency, side, line["owner"], line["application"], item, said))
    names = [name for name in POSTING_COLUMNS if name != "line"]
    table = pd.DataFrame(rows, columns=names).sort_values(names, kind="stable", ignore_index=True)
    table.insert(POSTING_COLUMNS.index("line"), "line", table.groupby("document").cumcount() + 1)
    return table


def reversal(postings: pd.DataFrame, period: str, calendar: pd.DataFrame | None = None) -> pd.DataFrame:
    """The same postings with sides swapped, on the first day of the period."""
    turned = postings.rename(columns={"debit": "credit", "credit": "debit"})[POSTING_COLUMNS]
    documents = [f"{document}{CODES[REVERSAL]}" for document in postings["document"]]
    return turned.assign(document=documents, period=period, date=posting.days(period, calendar)[0],
                         text=[f"{REVERSAL} {text}" for text in postings["text"]])


def deltas(now: pd.DataFrame, charged: Sequence[pd.DataFrame], held: Sequence[pd.DataFrame] = ()) -> pd.DataFrame:
    """Charge lines that bring a closed month to what it is now: from what it and its true-ups charged, less what of that
    could not be posted (held) for want of a cost centre, account or row of the account rules."""
    parts = [now[[*LINE_KEYS, "amount"]]]
    for lines in charged:
        parts.append(lines.assign(amount=[-amount for amount in lines["amount"]]).reindex(columns=parts[0].columns, fill_value=""))
    for lines in held:
        parts.append(unpostable(lines).reindex(columns=parts[0].columns, fill_value=""))
    sums = sum_by(pd.concat(parts, ignore_index=True), LINE_KEYS, ["amount"])
    return sums[sums["amount"] != ZERO].reset_index(drop=True)


def unpostable(held: pd.DataFrame) -> pd.DataFrame:
    """What is not posted for want of a cost centre, account or row of the account rules."""
    return held[~held["reason"].isin([RESIDUAL, SHOWN])]


def of_closed(kept: Callable[[str], pd.DataFrame | None], period: str) -> tuple[Posted, Posted]:
    """A closed month's own journal and that of its true-ups, as its kept tables (by name) have them."""
    postings, trued, held = (kept(f"chargeback_{name}") for name in ("journal", "trueup_journal", "journal_held"))
    postings, trued = (pd.DataFrame(columns=POSTING_COLUMNS) if table is None else table for table in (postings, trued))
    held = pd.DataFrame(columns=HELD_COLUMNS) if held is None else held
    own = held["of_month"] == period
    return Posted(postings, held[own]), Posted(trued, held[~own])


def file(postings: pd.DataFrame, columns: pd.DataFrame | None) -> pd.DataFrame:
    """The postings in the ERP's columns: a heading each, with a field of the posting or a constant; amounts as texts."""
    if columns is None:
        return postings
    records = postings.to_dict("records")
    return pd.DataFrame({heading: pd.Series([_field(record, field, value, mark) for record in records], dtype="str")
                         for heading, field, value, mark in rows_of(columns, ["column", "field", "value", "decimal"])})


def _field(posting_line: Mapping, field: str, value: str, mark: str) -> str:
    if not field:
        return value
    if field == "amount":
        found = posting_line["debit"] - posting_line["credit"]
    else:
        found = posting_line[field]
    if not isinstance(found, Decimal):
        return str(found)
    text = f"{found:.2f}" if found or field == "amount" else ""
    return text.replace(".", ",") if mark == "comma" else text


def check(journal: Posted, lines: pd.DataFrame, trueups: Posted, delta: pd.DataFrame) -> list[dict]:
    """Every document balances per company and currency; posted and held add up to the charge lines, and those of true-ups
    to theirs; orphans are findings."""
    both = joined([journal, trueups])
    apart = [" ".join(key) for key, rows in both.postings.groupby(["document", "company", "currency"])
             if total(rows["debit"]) != total(rows["credit"])]
    left = sum_by(unpostable(both.held), ["reason"], ["amount"])
    return [
        checks.holds("journal balances in each document, company and currency", not apart, "; ".join(apart[:5])),
        checks.same("journal and what is not posted equal the charge lines", total(lines["amount"]), _accounted(journal)),
        checks.same("true-ups and what of them is not posted equal their lines", total(delta["amount"]), _accounted(trueups)),
        checks.noted("charges that cannot be posted", len(left), OWNER,
                       "; ".join(f"{row.reason} {row.amount}" for row in left.head(5).itertuples()), total(left["amount"])),
    ]


def _accounted(journal: Posted) -> Decimal:
    """What receivers are debited, less what they are credited, and what is not posted."""
    receiving = journal.postings[journal.postings["side"] == RECEIVER]
    return total(receiving["debit"]) - total(receiving["credit"]) + total(journal.held["amount"])
