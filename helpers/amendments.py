"""May what a closed month would be charged now be posted, and if not, why?

    closed month, charge lines of now, what goes in now → amend → Amendment      lines to post, or to name again
    amendments → table, check

Tried in this order: a bill that is gone is never refunded; where no input changed the rest is method; where the program
changed too nobody can tell which did it; else the inputs did, and the difference is posted.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import pandas as pd

from helpers import checks, journal
from helpers.journal import LINE_KEYS
from helpers.mapping import rows_of
from helpers.money import ZERO, sum_by, total

GONE, METHOD, BOTH, INPUTS = "bills gone", "method", "program and inputs", "inputs"
COLUMNS = ["of_month", "cause", "posts", "amount", "note"]
BILL = ["ProviderName", "BillingAccountId", "billing_period"]
BILLING, PARAMETERS = "billing", "parameters"  # inputs that are compared in a way of their own
NAMED = 5  # files that are named; how many more is told
SAID = {GONE: "bills of {} are no longer there: nothing is posted",
        METHOD: "{} would be charged otherwise by method: nothing is posted",
        BOTH: "program and inputs both changed since {} was closed: nothing is posted",
        INPUTS: "inputs changed since {} was closed: what differs is posted as a true-up"}


@dataclass(frozen=True)
class Closed:
    """What a closed month charged, posted and stood on, as it and the closed months after it kept it."""

    period: str
    charged: list[pd.DataFrame]  # its charge lines, and the true-ups of it
    held: list[pd.DataFrame]  # what of them could not be posted, a table a closed month
    waiting: pd.DataFrame  # the last of those: what waits for a cost centre, an account or a rule
    told: Mapping  # closed.json: inputs, parameters, workbook
    files: pd.DataFrame | None  # billing files with their bills
    sources: pd.DataFrame | None  # bills behind the charges


@dataclass(frozen=True)
class Now:
    """What goes in now: prints (input, file → SHA-256), parameters, program, billing files, how providers are named."""

    prints: Mapping[tuple[str, str], str]
    parameters: Mapping
    workbook: Mapping
    files: pd.DataFrame
    provider: Callable[[str], str]


@dataclass(frozen=True)
class Amendment:
    """What differs of a closed month; `lines` are posted where `posts`, else they are those that still wait."""

    of_month: str
    cause: str
    posts: bool
    amount: Decimal  # the larger of what was added and what was taken away, of what somebody is charged
    note: str
    lines: pd.DataFrame
    waiting: pd.DataFrame
    moves: Mapping[tuple, Decimal]  # by LINE_KEYS what differs since the last look


def closed(period: str, charged: pd.DataFrame, since: Sequence[str],
           kept: Callable[[str, str], pd.DataFrame | None], told: Mapping) -> Closed:
    """A closed month from its charge lines, its kept tables and those of the closed months since.

    kept: month, name → table, or None; told: closed.json.
    """
    trued = [_of_month(period, kept(month, "chargeback_trueup")) for month in since]
    held = [_of_month(period, kept(month, "chargeback_journal_held")) for month in (period, *since)]
    looked = [len(lines) or len(_of_month(period, kept(month, "chargeback_closed_months")))
              for month, lines in zip(since, trued, strict=True)]
    last = max((place for place, rows in enumerate(looked, start=1) if rows), default=0)  # who looked at it last
    return Closed(period, [charged, *trued], held, journal.unpostable(held[last]), told, kept(period, "billing_files"),
                  kept(period, "chargeback_sources"))


def _of_month(period: str, rows: pd.DataFrame | None) -> pd.DataFrame:
    """What a kept table says of one month."""
    if rows is None or "of_month" not in rows:
        return pd.DataFrame(columns=journal.HELD_COLUMNS)
    return rows[rows["of_month"] == period]


def amend(was: Closed, lines: pd.DataFrame | None, now: Now) -> Amendment | None:
    """What differs of the closed month, and whether it is posted; None where there is nothing to compare.

    lines: its charge lines by what goes in now; None where it has neither bills nor books any more.
    """
    gone = bills_gone(was, now)
    if lines is None and not gone:
        return None
    lines = pd.DataFrame(columns=[*LINE_KEYS, "amount"]) if lines is None else lines
    delta = journal.deltas(lines, was.charged, was.held)
    waiting = sum_by(was.waiting, [*LINE_KEYS, "reason"], ["amount"])
    moves = _moves(delta, waiting)
    amount, cause = _moved(moves), GONE if gone else _cause(was.told, now)
    note = _note(cause, was.period, gone) if amount else "nothing differs"
    told = delta if cause == INPUTS else sum_by(waiting, LINE_KEYS, ["amount"])
    return Amendment(was.period, cause, cause == INPUTS, amount, note, told, waiting, moves)


def _cause(told: Mapping, now: Now) -> str:
    """What a difference comes from, where every bill is there."""
    if unchanged(told, now):
        return METHOD
    return INPUTS if told.get("workbook") == now.workbook else BOTH


def _moves(delta: pd.DataFrame, waiting: pd.DataFrame) -> dict[tuple, Decimal]:
    """By LINE_KEYS what differs since the last look."""
    sums: dict[tuple, Decimal] = {}
    for sign, rows in ((1, delta), (-1, waiting)):
        for *key, amount in rows_of(rows, [*LINE_KEYS, "amount"]):
            sums[tuple(key)] = sums.get(tuple(key), ZERO) + sign * amount
    return {key: amount for key, amount in sums.items() if amount}


def _moved(moves: Mapping[tuple, Decimal]) -> Decimal:
    """The larger of what was added and what was taken away from what owners are charged."""
    charged = [amount for (kind, *_), amount in moves.items() if kind != "residual"]
    return max(total(move for move in charged if move > 0), -total(move for move in charged if move < 0))


def _note(cause: str, period: str, gone: Sequence[str]) -> str:
    """Why, and what a reader can do about it."""
    if cause == METHOD:
        return f"no input changed since {period} was closed: what differs is method, and stays as it was closed"
    if cause != GONE:
        return SAID[cause].format(period)
    more = f" and {len(gone) - NAMED} more" if len(gone) > NAMED else ""
    return f"put back, or export again: {', '.join(gone[:NAMED])}{more}; nothing else brings these bills"


def unchanged(told: Mapping, now: Now) -> bool:
    """Whether every input is as it was at closing, by name and file; parameters count by their values."""
    was = {(row.get("input", ""), row.get("file", "")): row.get("sha256", "") for row in told.get("inputs", ())}
    settings_was, rest_was = _apart(was)
    settings, rest = _apart(now.prints)
    same = settings_was == settings or _values(told.get("parameters", {})) == _values(now.parameters)
    return any(was.values()) and rest_was == rest and same


def _apart(prints: Mapping[tuple[str, str], str]) -> tuple[dict, dict]:
    """The files of the parameters, and those of all other inputs."""
    given = {key: mark for key, mark in prints.items() if mark}
    settings = {key: mark for key, mark in given.items() if key[0] == PARAMETERS}
    return settings, {key: mark for key, mark in given.items() if key not in settings}


def _values(parameters: Mapping) -> dict:
    """Parameters as a manifest has them, without the month."""
    told = json.loads(json.dumps(parameters, default=str))
    return {name: value for name, value in told.items() if name != "period"}


def bills_gone(was: Closed, now: Now) -> list[str]:
    """The closed month's billing files that are no longer there.

    Not under their name with that bill, not with their content under another, and no file new since brings the bill.
    """
    marks = {row["file"]: row["sha256"] for row in was.told.get("inputs", ())
             if row.get("input") == BILLING and row.get("sha256")}
    here = {file: mark for (name, file), mark in now.prints.items() if name == BILLING}
    lost = {file for file, mark in marks.items() if mark not in set(here.values())}
    if was.files is None:
        return sorted(lost - set(here))
    bills = [(file, state, tuple(bill)) for file, state, *bill in rows_of(now.files, ["file", "state", *BILL])]
    kept = {(file, bill) for file, _, bill in bills}
    new = {bill for file, state, bill in bills
           if state == "read" and file not in marks and here.get(file) not in set(marks.values())}
    own, read = _own(was, now.provider), was.files[was.files["state"] == "read"]
    told = [(file, tuple(bill)) for file, *bill in rows_of(read, ["file", *BILL])]
    return sorted({file for file, bill in told if own(bill) and (file in lost or file not in marks)
                   and (file, bill) not in kept and bill not in new})


def _own(was: Closed, provider: Callable[[str], str]) -> Callable[[Sequence[str]], bool]:
    """Whether a bill stands behind the closed month's charges; of a provider they do not name, by its month alone."""
    if was.sources is None:
        return lambda bill: True
    pairs = {pair for pair in rows_of(was.sources, ["ProviderName", "billing_period"]) if pair[1]}
    providers, months = ({pair[side] for pair in pairs} for side in (0, 1))
    return lambda bill: ((provider(bill[0]), bill[2]) in pairs
                         or provider(bill[0]) not in providers and bill[2] in months)


def post(found: Amendment, books: journal.Books, period: str, calendar: pd.DataFrame | None) -> journal.Posted:
    """The true-up's postings in the period; where nothing may be posted, what waits is named with the reason it had."""
    if found.posts:
        return journal.post(found.lines, books, period, calendar, journal.TRUE_UP, found.of_month)
    return journal.Posted(pd.DataFrame(columns=journal.POSTING_COLUMNS),
                          found.waiting.assign(of_month=found.of_month)[journal.HELD_COLUMNS])


def table(found: Sequence[Amendment]) -> pd.DataFrame:
    """One row a closed month: why it would be charged otherwise, whether that is posted, and how much it is."""
    return pd.DataFrame([[getattr(one, name) for name in COLUMNS] for one in found], columns=COLUMNS)


def check(found: pd.DataFrame) -> list[dict]:
    """A finding for each closed month that would be charged otherwise, and is not trued up."""
    return [checks.finding(SAID[row["cause"]].format(row["of_month"]), row["amount"], journal.OWNER, row["note"])
            for row in found.to_dict("records") if not row["posts"] and row["amount"]]
