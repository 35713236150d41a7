"""What do owners and the ledger get of a month's charges?  The walk's steps after `charged`.

    charged → changed, year, sources → statements → each owner's files
    charged → posted → the journal
    closed months, charges of now → amendments → trueup → its journal
"""

from functools import cache, cached_property
from typing import Self

import pandas as pd

from helpers import (
    amendments, bookings, changes, journal, kept, lagged, openitems, owners, program, shared, statements, tcotrace,
    trace)
from helpers.given import TABLES
from helpers.periods import fiscal_year, month_name, months, shift
from helpers.statements import Statement, Terms

REACH = 12  # as many months back a closed month is trued up


class Charging:
    """The part of a month that tells charges on; it stands on the month's params, inputs and charges."""

    def at(self, period: str) -> Self:
        """Another month of the same inputs and rules; what does not depend on the month is shared with this one.

        An earlier month is seen by the books of now: they hold what they held then, and tell more of it.
        """
        other = type(self)(self.params.model_copy(update={"period": period}))
        self.__dict__.setdefault("_of_months", {})
        fixed = not any(setting.lag == lagged.AUTO for setting in self.params.providers.values())  # else months differ in lag
        for name in ("cube", "mapped", "rules", "names", "fiscal_days", "decisions", "tco_ordered", "_of_months", *["booked"] * fixed,
                     *["recorded", "matches"] * (fixed and period < self.period), *TABLES):
            if name in self.__dict__:
                other.__dict__[name] = self.__dict__[name]
        return other

    @cached_property
    def before(self) -> Self | None:
        """The month before, worked out by the rules of now; None where it has neither bills nor books."""
        return self.billed_month(shift(self.period, -1))

    def billed_month(self, period: str) -> Self | None:
        """Another month of the same inputs, worked out once; None where it has neither bills nor books."""
        known = self.__dict__.setdefault("_months", {})
        if period not in known:
            known[period] = self._billed(period)
        return known[period]

    def _billed(self, period: str) -> Self | None:
        other = self.at(period)
        if not (other.mapped["billing_period"] <= period).any():
            return None
        return other if len(other.tied) else None

    @cached_property
    def changed(self) -> pd.DataFrame | None:
        """Charges × those of the month before → why they are not what they were; None without such a month."""
        then = self.before
        if then is None:
            return None
        return changes.compare(self, then, kept.charges(then.period, self.params.resolve(self.params.kept)))

    @cached_property
    def earlier(self) -> dict[str, tuple[str, pd.DataFrame]]:
        """Charge lines of the month before and of the fiscal year's other months so far, and where they are from: as
        closed months kept them, else by the rules of now."""
        first = min(fiscal_year(self.period, self.params.fiscal_year_start)[0], shift(self.period, -1))
        found = {}
        for period in months(first, shift(self.period, -1)):
            closed = kept.charges(period, self.params.resolve(self.params.kept))
            other = None if closed is not None else self.billed_month(period)
            if closed is not None or other is not None:
                found[period] = (owners.CLOSED, closed) if closed is not None else (owners.OPEN, other.charged.lines)
        return found

    @cached_property
    def year(self) -> pd.DataFrame:
        """Charges of the fiscal year so far by owner and month."""
        first = fiscal_year(self.period, self.params.fiscal_year_start)[0]
        found = {period: told for period, told in self.earlier.items() if period >= first}
        found[self.period] = (owners.NOW, self.charged.lines)
        return owners.year(found, self.budget, self.params.currency, self.params.fiscal_year_start)

    @cached_property
    def booked_charges(self) -> bookings.Bookings:
        """Journals, open items, pools → what becomes of each owner's charge."""
        journals = journal.joined([self.posted, self.posted_trueup])
        open_items = None if self.replaced else openitems.items(self.matches, self.open_item_notes, self.period)
        lines = {period: lines for period, (_, lines) in self.earlier.items()}
        return bookings.Bookings(journals.postings, journals.held,
                                 bookings.unbooked(self.charged.lines, self.sources, open_items, self.period),
                                 bookings.waiting(self.charged.pools, lines))

    @cached_property
    def modes(self) -> dict[str, str]:
        """Showback or chargeback by owner; under "" what holds for all others."""
        return owners.modes(self.org, self.params.mode)

    @cached_property
    def statements(self) -> list[Statement]:
        """Charges, changes, the year and disputes → what each owner is told."""
        return statements.tell(self.charged.lines, self.changed, self.year, self.disputes, self.sources, self.modes,
                               self.terms, self.booked_charges)

    @cached_property
    def ways(self) -> pd.DataFrame:
        """Charges by owner under each way of solving pools that serve pools."""
        return shared.compare(self)

    @cached_property
    def sources(self) -> pd.DataFrame:
        """Ledger-tied cost → what stands behind direct cost and each shared pool."""
        return trace.sources(self)

    def trace(self, line) -> pd.DataFrame:
        """The whole way back from a charge line (a row of charged.lines) or a TCO line to rule, driver, pool, bills and ledger."""
        return tcotrace.of(self, line) if "spending" in line else trace.trace(self, line)

    @cached_property
    def is_closed(self) -> bool:
        """Whether the month is closed: then its postings are those that it was closed with."""
        return kept.closed(self.period, self.params.resolve(self.params.kept)).exists()

    def as_closed(self, name: str) -> pd.DataFrame | None:
        """A table as the month was closed with it; None where the month is open, or kept none."""
        return kept.table(self.period, self.params.resolve(self.params.kept), name) if self.is_closed else None

    @property
    def closed_note(self) -> str:
        """That nothing new is proposed for a closed month; "" for an open one."""
        return (f"{month_name(self.period)} is closed: the postings are those that it was closed with, and nothing new "
                "is proposed. What this run finds different, if anything, stands in tables/restatement.csv and is for "
                "the next open month.") if self.is_closed else ""

    @cached_property
    def amended(self) -> list[amendments.Amendment]:
        """Closed months of the last twelve × what they are now → what differs, and whether it is posted; [] where this
        month is closed."""
        folder, found = self.params.resolve(self.params.kept), []
        tables = cache(lambda month, name: kept.table(month, folder, name))
        for period in [] if self.is_closed else kept.months(folder):
            since = [month for month in kept.months(folder) if period < month < self.period]
            within = shift(self.period, -REACH) <= period < self.period
            if within and (lines := kept.charges(period, folder)) is not None:
                was = amendments.closed(period, lines, since, tables, kept.told(period, folder))
                other = self.billed_month(period)
                found.append(amendments.amend(was, None if other is None else other.charged.lines, self.now))
        return [one for one in found if one is not None]

    @cached_property
    def now(self) -> amendments.Now:
        """What goes in now, to be compared with what went in when a month was closed."""
        return amendments.Now(self.prints, self.params.model_dump(mode="json"), program.told(), self.cube.files,
                              self.names.provider)

    @cached_property
    def trueup(self) -> pd.DataFrame:
        """Amendments → charge lines that true closed months up, by month; a closed month has those it was closed with."""
        if self.is_closed and (was := self.as_closed("chargeback_trueup")) is not None:
            return was
        columns = ["of_month", *journal.LINE_KEYS, "amount"]
        parts = [one.lines.assign(of_month=one.of_month) for one in self.amended]
        return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)

    @property
    def books(self) -> journal.Books:
        """What the journal is made by."""
        setting = self.params.journal
        shown = owners.held_back(self.modes, set(self.charged.lines["owner"]) | set(self.trueup["owner"]))
        return journal.Books(self.org, self.accounts, self.journal_accounts, shown, self.params.company, self.params.currency,
                             setting.prefix, setting.mode == "mock")

    @cached_property
    def posted(self) -> journal.Posted:
        """Charge lines → the journal, and what is not posted; of a closed month as it was closed."""
        return journal.of_closed(self.as_closed, self.period)[0] if self.is_closed else journal.post(
            self.charged.lines, self.books, self.period, self.fiscal_days)

    @cached_property
    def posted_trueup(self) -> journal.Posted:
        """Amendments → their postings in this month, a document a month and company, and what is not posted."""
        return journal.of_closed(self.as_closed, self.period)[1] if self.is_closed else journal.joined(
            [amendments.post(one, self.books, self.period, self.fiscal_days) for one in self.amended])

    @property
    def journalled(self) -> pd.DataFrame:
        """The charge lines that the journal is of: those of a closed month as it kept them."""
        was = kept.charges(self.period, self.params.resolve(self.params.kept)) if self.is_closed else None
        return self.charged.lines if was is None else was

    @property
    def unposted(self) -> pd.DataFrame:
        """Charges and true-ups that are not posted, each with the reason."""
        return journal.joined([self.posted, self.posted_trueup]).held

    @property
    def terms(self) -> Terms:
        """What holds for every statement of the month."""
        tie = "not tied to a ledger" if self.coded is None else "not tied: usage stands in place of the ledger's lines" \
            if self.replaced else "tied to the general ledger"
        return Terms(self.params.company, self.period, self.params.currency, self.params.cost_basis, tie,
                                self.params.statements.small_pool, self.params.journal.mode == "mock", self.is_closed)
