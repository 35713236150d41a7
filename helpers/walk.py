"""What is the whole walk?  This screen: each step of a month, from the step before it.

    params + inputs → cube → mapped → booked → matches → tied → charged → tco        (and mapped → projected)

A step is worked out when it is first asked for, so a notebook that opens anywhere pays only for what it needs.
"""

from functools import cached_property

import pandas as pd

from helpers import (
    billing, bridge, burden, cache, charges, costs, depreciation, disputes, forecast, kept, labourcost, lagged, ledger, mapping, matching, moves,
    openitems, params, past, picks, posting, ratecards, rates, received, span, submitted, tco, typed, underway, unitcosts)
from helpers.billing import drill
from helpers.charging import Charging
from helpers.errors import InputError
from helpers.given import Given
from helpers.problems import shown
from helpers.settlement import Limits

CACHE = params.ROOT / ".cache"


class Month(Charging, Given):
    """One month: what it was given (tables by name), and each step of the walk."""

    @property
    def period(self) -> str:
        """The ledger month under review."""
        return self.params.period

    @property
    def lags(self) -> dict:
        """The providers' settings; none without a ledger, where a month is its own bill."""
        return self.providers if self.ledger is not None and self.accounts is not None else {}

    @cached_property
    def evidence(self) -> dict[str, lagged.Evidence]:
        """Bills × ledger → what the books say of each provider's lag."""
        billed = self.mapped[self.mapped["billing_period"] <= self.period]
        return lagged.measure(self.params.providers, billed, self.recorded)

    @cached_property
    def providers(self) -> dict:
        """The providers' settings, with the lags that the books tell where the parameters say `auto`."""
        if not any(setting.lag == lagged.AUTO for setting in self.params.providers.values()):
            return dict(self.params.providers)
        billed = set() if self.recorded is None else set(self.mapped["ProviderName"])
        return lagged.settle(self.params.providers, self.evidence, billed)

    @cached_property
    def cube(self) -> billing.Cube:
        """Billing files → cost cube."""
        return billing.load(self.params.files("billing"), CACHE, self.asked)

    @cached_property
    def prints(self) -> dict[tuple[str, str], str]:
        """By input and file what went in: the SHA-256 of its content; "" for an input that is not given."""
        named = list(self.named_files())
        paths = [path for _, path in named if path]
        marks = dict(zip(paths, cache.fingerprints(paths, CACHE), strict=True))
        return {(name, shown(path) if path else ""): marks.get(path, "") for name, path in named}

    @property
    def asked(self) -> billing.Asked:
        """How the parameters want bills to be read."""
        given = self.params
        words = tuple(billing.Word(**dict(entry)) for entry in given.billing)
        keys = tuple(sorted({key for _, wanted in given.tag_keys for key in wanted}))
        return billing.Asked(words, keys, given.engine.name, given.engine.memory, given.engine.master,
                             storage=tuple(sorted(given.engine.storage.items())))

    def drill(self, line, most: int = 1_000) -> pd.DataFrame:
        """The billing rows behind a line of the cube (or of any table that still has its columns)."""
        return drill.rows(self.cube, line, self.asked, most)

    @property
    def rated(self) -> bool:
        """Whether there is a rate for each currency and month billed; raises InputError where one is missing."""
        return rates.covers(self.cube.lines, self.rates, self.params.currency)

    @cached_property
    def mapped(self) -> pd.DataFrame:
        """Cube → lines with tower, cost pool, application and owner, in the report's currency."""
        lines = rates.convert(self.cube.lines, self.rates, self.params.currency)
        classified = mapping.classify(lines, self.rules, self.params.taxonomy, self.names)
        return mapping.own(classified, self.applications, self.aliases, self.cloud_accounts, self.params.tag_keys,
                           self.params.receiver, self.names)

    @property
    def map_before(self) -> kept.Map | None:
        """The map as the last closed month before this one kept it."""
        return kept.last_map(self.params.resolve(self.params.kept), self.period)

    @cached_property
    def _before(self) -> tuple[pd.DataFrame | None, str]:
        """The lines as the kept map places them, or why it cannot be used."""
        before = self.map_before
        try:
            return before and moves.Map.read(before.folder, self.params.taxonomy).place(self.booked), ""
        except InputError as wrong:
            return None, str(wrong).splitlines()[0]

    @property
    def map_lost(self) -> str:
        """Why the map that was kept cannot be used; "" where it can, or none was kept."""
        return self._before[1]

    @cached_property
    def moved(self) -> pd.DataFrame:
        """Mapped lines × the map that was kept → what the rules have moved since."""
        was = self._before[0]
        now = self.booked if was is not None else self.booked.iloc[:0]
        return moves.moved(now, now if was is None else was, kept.months(self.params.resolve(self.params.kept)),
                           self.period)

    @cached_property
    def booked(self) -> pd.DataFrame:
        """Mapped lines → each with the ledger month that books it."""
        return ledger.book(self.mapped, self.lags)

    @cached_property
    def kept_out(self) -> pd.DataFrame:
        """Lines of files delivered twice, in the same form, never added."""
        return ledger.book(rates.convert(self.cube.kept_out, self.rates, self.params.currency), self.lags)

    @cached_property
    def open_item_notes(self) -> pd.DataFrame | None:
        """What people wrote about open items, beside the closed months."""
        return openitems.notes(self.params.resolve(self.params.kept))

    @cached_property
    def received(self) -> pd.DataFrame | None:
        """Invoices as they came in: of the invoices table, and of FOCUS invoice details among the bills."""
        return received.invoices(self.invoices, self.cube.datasets.get("invoice details"), self.booked, self.names)

    @cached_property
    def fiscal_days(self) -> pd.DataFrame | None:
        """The fiscal calendar, its periods one after the other; None where fiscal periods are calendar months."""
        return posting.require_calendar(self.calendar)

    @property
    def accrual_account(self) -> str:
        """The account that accruals stand on; raises InputError where the accounts do not have it."""
        account = self.params.accruals.account
        if account and self.accounts is not None and account not in set(self.accounts["account"]):
            raise InputError("accruals.account", f"account {account} is not in inputs.accounts",
                             "an account of the accounts table", "add it there, with its kind (liability)")
        return account

    @cached_property
    def recorded(self) -> pd.DataFrame | None:
        """Ledger up to the month → lines with the kind and use of their account."""
        if self.ledger is None or self.accounts is None:
            return None
        lines = ledger.until(self.ledger, self.period)
        return ledger.code(lines, self.accounts, self.params.providers, self.rates, self.params.currency)

    @cached_property
    def typed(self) -> pd.DataFrame | None:
        """Ledger lines × bills → the lines; documents that book a bill are invoices."""
        if self.recorded is None:
            return None
        return typed.untyped(self.recorded, self.booked, self.providers, self.limits)

    @property
    def limits(self) -> Limits:
        """How large tax and exchange-rate differences may be."""
        return Limits(self.params.tolerance.tax_share, self.params.tolerance.fx_share)

    @cached_property
    def matches(self) -> pd.DataFrame | None:
        """Booked usage × ledger → one row an invoice, with every difference named."""
        if self.recorded is None:
            return None
        return matching.match(self.booked, self.typed, self.reconciling_items, self.providers, self.rates,
                              self.params.currency, self.limits, self.period)

    @cached_property
    def steps(self) -> pd.DataFrame | None:
        """Matches → the bridge from usage to the ledger, a step a bucket."""
        if self.matches is None:
            return None
        return bridge.span(self.booked, self.kept_out, self.recorded, self.matches, self.period)

    @cached_property
    def ledger_tied(self) -> pd.DataFrame:
        """Booked usage + matches → ledger-tied cost; without a ledger, usage as it is."""
        if self.matches is None:
            return bridge.untied(self.booked, self.period, self.params.cost_basis)
        return bridge.tie(self.booked, self.recorded, self.matches, self.period, self.params.cost_basis)

    @property
    def replaced(self) -> bool:
        """Whether usage takes the place of the ledger's cloud lines from here on, which breaks the tie."""
        return self.params.ledger_lines == "replaced" and self.recorded is not None

    @cached_property
    def tied(self) -> pd.DataFrame:
        """Ledger-tied cost → the cost that is charged: the same, or the month's own usage where that is asked for."""
        lines = bridge.untied(self.booked, self.period, self.params.cost_basis) if self.replaced else self.ledger_tied
        return disputes.decide(lines, self.decisions, self.period)

    @cached_property
    def decisions(self) -> pd.DataFrame | None:
        """What the two teams decided about owners in dispute, beside the closed months."""
        return disputes.decisions(self.params.resolve(self.params.kept))

    @cached_property
    def disputes(self) -> pd.DataFrame | None:
        """Ledger-tied cost × CMDB → owners in dispute."""
        return disputes.disputes(self.tied, self.applications, self.booked, self.decisions, self.period)

    @cached_property
    def coded(self) -> pd.DataFrame | None:
        """Ledger as recorded → the ledger that cost stands on: the same, or with usage in place of its cloud lines."""
        return bridge.replace(self.recorded, self.tied, self.period) if self.replaced else self.recorded

    @property
    def warning(self) -> str:
        """What every page must say where the tie to the ledger is broken; "" where it holds."""
        return bridge.warning(self.recorded, self.coded, self.period, self.params.currency) if self.replaced else ""

    @cached_property
    def homes(self) -> costs.Homes:
        """Ledger-tied cost → direct, shared or held, line by line."""
        return costs.homes(self.tied, self.pool_sources, self.applications, self.period)

    @cached_property
    def charged(self) -> charges.Charged:
        """Ledger-tied cost + pools → charge lines."""
        items = costs.cost_items(self.tied, self.coded, self.pool_sources, self.applications, self.period, self.homes)
        return charges.charge(items, self.allocation_rules, self.drivers, self.applications, self.org, self.period,
                                 self.params.shared_pools)

    @cached_property
    def placed(self) -> pd.DataFrame:
        """Ledger-tied cost → line by line who answers for it, and the shared pool that takes it."""
        return costs.placed(self.tied, self.pool_sources, self.applications, self.period, self.homes)

    @cached_property
    def tco_ordered(self) -> pd.DataFrame | None:
        """TCO rules → in the order they are tried, with the towers of the taxonomy chosen."""
        return burden.checked(self.tco_rules, self.params.taxonomy.towers)

    @cached_property
    def ruled(self) -> pd.DataFrame:
        """Ledger × TCO rules → the expense that no cloud bills, with its class and rule."""
        return burden.ruled(self.coded, self.pool_sources, self.tco_ordered, self.params.taxonomy, self.period, self.merged_teams)

    @cached_property
    def tco(self) -> pd.DataFrame | None:
        """Charge lines + the rest of the ledger → full cost, in cents by class, way and application."""
        return None if self.coded is None else tco.lines(self)

    @cached_property
    def span(self) -> dict[str, pd.DataFrame] | None:
        """TCO of the last months, the review month's last."""
        return None if self.coded is None else span.months(self)

    @cached_property
    def cards(self) -> pd.DataFrame | None:
        """On-premises cost × capacity → rate cards."""
        return ratecards.cards(self.tco, self.rate_cards, self.capacity, self.drivers, self.period, self.params.tco.capacity,
                               self.params.taxonomy.towers)

    @cached_property
    def cards_used(self) -> pd.DataFrame | None:
        """Rate cards × use → what each application takes of them, and what is idle."""
        return ratecards.used(self.cards, self.drivers, self.period)

    @cached_property
    def unit_costs(self) -> pd.DataFrame:
        """TCO of the span × volumes → cost of a unit of output by application and month."""
        return unitcosts.unit_costs(self.span, self.volumes)

    @cached_property
    def merged_teams(self) -> frozenset[str]:
        """Cost centres with too few people to show what they cost an hour: their pay follows the hours of all of them."""
        return labourcost.merged(self.labour, self.period, self.params.tco.least_people)

    @cached_property
    def small_teams(self) -> frozenset[str]:
        """Those, and staff whose number is not known: their ledger lines are told as one."""
        return labourcost.hidden(self.merged_teams, self.labour, self.coded, self.period)

    @cached_property
    def register(self) -> pd.DataFrame | None:
        """Asset register → the month's depreciation, an asset a row."""
        if self.assets is None:
            return None
        return depreciation.schedule(self.assets, self.period, self.params.depreciation.first_month, self.accounts)

    @cached_property
    def worn(self) -> pd.DataFrame | None:
        """Register × ledger → depreciation by account on both sides."""
        if self.register is None or self.coded is None:
            return None
        return depreciation.against(self.register, self.coded, self.period, self.params.currency)

    @cached_property
    def projected(self) -> forecast.Plan:
        """Mapped usage by service month, events, the analyst's pick, closed months' forecasts → forecast."""
        frozen = kept.forecasts(self.period, self.params.resolve(self.params.kept), self.params.cost_basis, self.params.currency)
        landings = dict(mapping.rows_of(self.landings, ["line", "landing"]))
        lines = self.mapped
        if self.params.forecast.history == "ledger" and self.recorded is not None:
            lags = {name: setting.lag for name, setting in self.providers.items()}
            lines = past.tied(lines, self.recorded, lags, self.period, self.params.cost_basis)
        return forecast.plan(lines, self.params, self.budget, self.providers, self.forecast_events, self.pick, frozen, self.under_way, landings)

    @cached_property
    def landings(self) -> pd.DataFrame:
        """Daily cost → where each provider's month under way lands."""
        return underway.landings(self.daily, self.under_way)

    @cached_property
    def under_way(self) -> dict[str, str]:
        """Daily cost → by provider the month whose days have not all come."""
        return underway.under_way(self.daily)

    @cached_property
    def pick(self) -> dict[str, str]:
        """The figure that an analyst picked, beside the closed months; {} where none did."""
        return picks.of(self.params.resolve(self.params.kept), self.period)

    @cached_property
    def daily(self) -> pd.DataFrame:
        """Days of the bills → cost by provider and day, of the months that are told by day, up to the month under review."""
        days = self.cube.days
        days = days[(days["billing_period"] <= self.period) & (days["service_day"].str[:7] <= self.period)]
        return underway.daily(days, self.rates, self.params.currency, self.params.cost_basis)

    @cached_property
    def submitted(self) -> pd.DataFrame | None:
        """Submissions in their own units → money a month, each step told."""
        return submitted.of(self)


def open(path: str, period: str = "", out: str = "") -> Month:  # noqa: A001  (walk.open reads as what it does)
    """The month of a parameters file; `period` takes the place of the file's own."""
    return Month(params.load(path, period), out)
