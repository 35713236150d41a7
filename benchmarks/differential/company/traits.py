"""Who is the company?  Its months, currency, providers and applications, and which inputs it has been given.

    seed, number → drawn → Company

A tenth has billing alone; of the rest each has each input with a chance of its own, so that every gap comes up.
"""

from dataclasses import dataclass, field
from decimal import Decimal

from benchmarks.differential.company.catalogue import ALIASES, NAMES, PROVIDERS, RATES, ROLES
from benchmarks.differential.company.draw import Draw, between, later

GIVEN = {  # input or rules: chance that a company with a ledger has it
    "applications": 0.9, "aliases": 0.6, "cloud_accounts": 0.7, "org": 0.85, "labour": 0.6, "assets": 0.5,
    "capacity": 0.5, "drivers": 0.75, "budget": 0.5, "volumes": 0.5, "forecast_events": 0.4, "submissions": 0.3,
    "invoices": 0.5, "reconciling_items": 0.5, "calendar": 0.2, "pool_sources": 0.85, "allocation": 0.9, "tco": 0.75,
    "rate_cards": 0.5, "capacity_units": 0.5, "journal_accounts": 0.6, "unit_rates": 1.0, "kept": 0.4}
BARE = 0.1  # companies with billing alone
BOOKED = 0.88  # of the others, those with a ledger
LONG = 0.1  # companies with more than a year of bills
AUTO = 0.6  # of their providers whose lag the books tell, those whose lag is `auto`
AUTO_SHORT = 0.02  # and with few months, where it is refused
CLOSED = 0.1  # companies whose month before is closed first
REFUSED = 0.03  # companies with an input that is refused
FAULTS = ("rate", "account", "unit", "share")


@dataclass(frozen=True)
class Provider:
    """A provider of the company: how it bills, and how the ledger books it."""

    name: str
    form: str  # how its bills are written
    currency: str
    accounts: tuple[str, ...]  # billing accounts
    places: tuple[str, ...]  # sub accounts, each of the billing account in turn
    lag: int
    account_lags: dict[str, int]
    auto: bool
    prepaid: bool
    numbered: bool  # its bills carry invoice numbers
    booked_by_number: bool  # so do the ledger's lines
    habits: frozenset[str]  # what else it bills: tax, support, credit, …


@dataclass(frozen=True)
class Application:
    """An application or platform of the CMDB."""

    code: str
    name: str
    platform: bool
    owner: str
    cost_centre: str
    hosting: str
    retired_on: str
    alias: str


@dataclass(frozen=True)
class Company:
    """What was drawn; `given` are the inputs it has, `fault` the one that is refused, if any."""

    seed: int
    number: int
    period: str
    months: list[str]  # of bills
    currency: str
    providers: tuple[Provider, ...]
    applications: tuple[Application, ...]
    owners: tuple[str, ...]
    given: frozenset[str]
    fault: str
    closed: bool
    rates: dict[tuple[str, str], Decimal] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Its folder."""
        return f"company-{self.number:03}"

    @property
    def cents(self) -> int:
        """Decimals of the report's currency as the ledger books it."""
        return 0 if self.currency == "JPY" else 2

    def draw(self, *part: object) -> Draw:
        """The random source of one part of the company."""
        return Draw(self.seed, self.number, *part)

    def rate(self, currency: str, month: str) -> Decimal:
        """What one unit of the currency is in the report's in the month."""
        return Decimal(1) if currency == self.currency else self.rates[currency, month]


def drawn(seed: int, number: int) -> Company:
    """The company of that number."""
    draw = Draw(seed, number, "traits")
    period = later("2026-01", draw.whole(2, 14))
    long = draw.chance(LONG)
    count = draw.whole(14, 16) if long else draw.whole(3, 6)
    months = between(later(period, 1 - count), period)
    currency = draw.pick(["USD"] * 7 + ["EUR", "EUR", "JPY"])
    given = _given(draw)
    owners = tuple(draw.some(ROLES, 3, 6))
    providers = tuple(_provider(draw, name, currency, "ledger" in given, long) for name in _providers(draw))
    return Company(seed, number, period, months, currency, providers, tuple(_applications(draw, owners, period)),
                   owners,
                   given, draw.pick(FAULTS) if draw.chance(REFUSED) else "", bool(given) and draw.chance(CLOSED),
                   _rates(draw, currency, months))


def _given(draw: Draw) -> frozenset[str]:
    if draw.chance(BARE):
        return frozenset()
    found = {name for name, share in GIVEN.items() if draw.chance(share)}
    return frozenset(found | ({"ledger", "accounts"} if draw.chance(BOOKED) else set()))


def _providers(draw: Draw) -> list[str]:
    names = draw.some(["AWS", "Microsoft", "Google Cloud"], 1, 3)
    return [*names, *(["Datadog"] if draw.chance(0.2) else [])]


def _provider(draw: Draw, name: str, currency: str, booked: bool, long: bool) -> Provider:
    accounts = tuple(f"{PROVIDERS[name].short}-{place + 1}" for place in range(2 if draw.chance(0.35) else 1))
    places = tuple(f"{PROVIDERS[name].short.lower()}-{word}"
                   for word in draw.some(["prod", "test", "data", "shared"], 2, 4))
    lag = draw.pick([0, 0, 0, 1, 1, 2])
    habits = frozenset(habit for habit, share in PROVIDERS[name].habits.items() if draw.chance(share))
    form, numbered, written = draw.pick(PROVIDERS[name].forms), draw.chance(0.85), draw.chance(0.85)
    tells = booked and numbered and written and form != "table" and len(accounts) == 1
    return Provider(
        name, form, draw.pick([currency] * 3 + ["USD", "EUR"]), accounts, places, lag,
        {accounts[1]: draw.pick([0, 1, 2])} if len(accounts) > 1 and draw.chance(0.4) else {},
        tells and draw.chance(AUTO if long else AUTO_SHORT), draw.chance(0.3), numbered, written, habits)


def _applications(draw: Draw, owners: tuple[str, ...], period: str) -> list[Application]:
    chosen = draw.some(NAMES, 3, 7)
    found = []
    for place, (code, name) in enumerate(chosen):
        platform = place > 1 and draw.chance(0.3)
        owner = draw.pick(owners)
        retired = f"{later(period, -draw.whole(1, 3))}-15" if place > 2 and draw.chance(0.12) else ""
        found.append(Application(code, name, platform, owner, f"{5000 + 10 * owners.index(owner)}",
                                 draw.pick(["cloud"] * 4 + ["hybrid", "on-premises", ""]), retired,
                                 ALIASES.get(code, "")))
    return found


def _rates(draw: Draw, currency: str, months: list[str]) -> dict[tuple[str, str], Decimal]:
    """Rates into the report's currency, of every other, for all months of bills and those the ledger may hold."""
    found = {}
    for source in sorted(set(RATES) - {currency}):
        level = RATES[source] / RATES[currency]
        for month in between(later(months[0], -1), later(months[-1], 3)):
            found[source, month] = (level * draw.amount(97, 103) / 100).quantize(Decimal("0.000001"))
    return found
