"""What may a parameters file say?  Each parameter's name and type; what it means stands in params/base.yaml.

    nested dict of texts → Params     or errors with what was expected and what to do
"""

import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, PrivateAttr
from pydantic_core import PydanticCustomError

from helpers.codebook import currencies
from helpers.found import find
from helpers.problems import ROOT, nearest

MONTH = re.compile(r"[12][0-9]{3}-(0[1-9]|1[0-2])")
NUMBER = re.compile(r"[0-9]{1,15}(\.[0-9]{1,15})?")


def _typed(read: Callable[[str], Any], expected: str, todo: str) -> BeforeValidator:
    """A type: `read` gives the value of a text, or None where the text is not one."""

    def check(found: Any) -> Any:
        value = read(found) if isinstance(found, str) else None
        if value is None:
            raise PydanticCustomError("value", "wrong", {"expected": expected, "todo": todo})
        return value

    return BeforeValidator(check)


def _choice(*words: str) -> BeforeValidator:
    def check(found: Any) -> str:
        if found in words:
            return found
        near = nearest(found, list(words)) if isinstance(found, str) else ""
        context = {"expected": " or ".join(words), "todo": f"write {near or words[0]}"}
        raise PydanticCustomError("value", "wrong", context)

    return BeforeValidator(check)


def _whole(low: int, high: int) -> BeforeValidator:
    def read(text: str) -> int | None:
        return int(text) if re.fullmatch("[0-9]{1,4}", text) and low <= int(text) <= high else None

    return _typed(read, f"a whole number from {low} to {high}", f"write it like {low}")


def _month(text: str) -> str | None:
    return text if MONTH.fullmatch(text) else None


def _currency(text: str) -> str | None:
    return text if text in currencies() else None


def _number(text: str) -> Decimal | None:
    return Decimal(text) if NUMBER.fullmatch(text) else None


def _share(text: str) -> Decimal | None:
    number = _number(text)
    return number if number is not None and number <= 1 else None


def _change(text: str) -> Decimal | None:
    number = _number(text.removeprefix("-"))
    return None if number is None or number > 1 else -number if text.startswith("-") else number


def listed(found: Any) -> Any:
    """A list as it is, one text as a list of one, a blank as an empty list."""
    return [text for text in [found] if text] if isinstance(found, str) else found


def _some(found: Any) -> Any:
    if not listed(found):
        context = {"expected": "at least one file or pattern", "todo": "write it like data/mine/billing/*.csv"}
        raise PydanticCustomError("value", "wrong", context)
    return listed(found)


Text = Annotated[str, _typed(lambda text: text, "one text", "write one value")]
Given = Annotated[str, _typed(lambda text: text or None, "one text", "write one value")]
Texts = Annotated[tuple[Given, ...], BeforeValidator(listed)]
Month = Annotated[str, _typed(_month, "a month as YYYY-MM", "write it like 2026-09")]
Currency = Annotated[str, _typed(_currency, "an ISO 4217 currency code", "write it like USD")]
Amount = Annotated[Decimal, _typed(_number, "a plain number, not negative", "write it like 1.00")]
Share = Annotated[Decimal, _typed(_share, "a share from 0 to 1", "write it like 0.01")]
Change = Annotated[Decimal, _typed(_change, "a share from -1 to 1, below 0 for less", "write it like 0.05 or -0.10")]
Flag = Annotated[bool, _typed({"true": True, "false": False}.get, "true or false", "write true or false")]


class Part(BaseModel):
    """A group of parameters: no name it does not know, no change once read."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Taxonomy(Part):
    pools: Annotated[str, _choice("v5", "v4")]
    towers: Annotated[str, _choice("v5", "v4")]
    solutions: Annotated[str, _choice("v5")] = "v5"  # those of version 4.0 are not at hand


def _lag(text: str) -> int | str | None:
    return text if text == "auto" else int(text) if re.fullmatch("[0-9]|1[0-2]", text) else None


class Provider(Part):
    lag: Annotated[int | str, _typed(_lag, "a whole number from 0 to 12, or auto", "write it like 1")] = 0  # months
    account_lags: dict[str, Annotated[int, _typed(_lag, "a whole number from 0 to 12", "write it like 1")]] = {}
    lag_before: Annotated[int | None, _typed(_lag, "a whole number from 0 to 12", "write it like 1")] = None
    lag_since: Annotated[str, _typed(_month, "a month as YYYY-MM", "write it like 2026-09")] = ""  # lag_before until then
    commitments: Annotated[str, _choice("expensed", "prepaid")] = "expensed"
    vendors: Texts = ()  # globs on the ledger's vendor


def _fields(found: Any) -> Any:
    """FOCUS columns with what the parameters give for each; an amount's value is a plain number."""
    from helpers.billing.shapes import GIVEABLE

    for name, value in (found.items() if isinstance(found, dict) else ()):
        if name not in GIVEABLE:
            near = nearest(name, list(GIVEABLE))
            todo = f"write {near}" if near else "see docs/billing.md"
            raise PydanticCustomError("value", "wrong", {"expected": f"FOCUS columns (found {name})", "todo": todo})
        if not isinstance(value, str) or not value:
            raise PydanticCustomError("value", "wrong", {"expected": f"one text for {name}", "todo": "write one value"})
    return found


def _numbers(found: dict[str, str]) -> dict[str, str]:
    from helpers.billing.shapes import AMOUNTS

    for name, value in found.items():
        if name in AMOUNTS and not re.fullmatch(r"-?[0-9]{1,15}(\.[0-9]{1,15})?", value):
            raise PydanticCustomError("value", "wrong", {"expected": f"a plain number for {name}", "todo": "write 0"})
    return found


FieldColumns = Annotated[dict[str, str], BeforeValidator(_fields)]
FieldValues = Annotated[dict[str, str], BeforeValidator(_fields), AfterValidator(_numbers)]


class Billing(Part):
    """What is said of some billing files, where they do not tell by themselves; see docs/billing.md."""

    files: Annotated[tuple[Given, ...], BeforeValidator(_some)]  # globs on the path as messages show it
    format: Annotated[str, _choice("", "focus", "aws", "azure", "google", "oci", "table")] = ""
    basis: Annotated[str, _choice("", "billed", "amortised")] = ""
    together: Annotated[str, _choice("", "parts", "re-exports")] = ""
    columns: FieldColumns = {}  # FOCUS column: the file's column
    values: FieldValues = {}  # FOCUS column: its value where the file has none


class Engine(Part):
    name: Annotated[str, _choice("duckdb", "spark")] = "duckdb"
    memory: Annotated[str, _typed(lambda text: text if re.fullmatch("[1-9][0-9]{0,4} ?(MB|GB)", text) else None,
                                  "an amount of memory", "write it like 3GB")] = "3GB"
    master: Given = "local[*]"  # of Spark
    storage: dict[str, Given] = {}  # folder: address of the same files in object storage, for Spark


class Tolerance(Part):
    amount: Amount  # report currency
    share: Share  # of the amount compared
    materiality: Amount = Decimal(0)  # report currency
    tax_share: Share = Decimal("0.27")  # of a bill
    fx_share: Share = Decimal("0.10")  # of an invoice


class Inputs(Part):
    billing: Annotated[tuple[Given, ...], BeforeValidator(_some)]  # globs
    ledger: Text = ""
    accounts: Text = ""
    applications: Text = ""
    aliases: Text = ""
    cloud_accounts: Text = ""
    org: Text = ""
    labour: Text = ""
    assets: Text = ""
    data_centres: Text = ""
    capacity: Text = ""
    drivers: Texts = ()  # globs
    budget: Text = ""
    volumes: Text = ""
    forecast_events: Text = ""
    submissions: Text = ""
    migration_plan: Text = ""
    rates: Text = ""
    reconciling_items: Text = ""
    invoices: Text = ""
    calendar: Text = ""


class Rules(Part):
    mapping: Given
    services: Given = "data/mapping/services.csv"
    providers: Given = "data/mapping/providers.csv"
    pool_sources: Text = ""
    allocation: Text = ""
    tco: Text = ""
    rate_cards: Text = ""
    capacity_units: Text = ""
    journal_accounts: Text = ""
    journal_columns: Text = ""
    unit_rates: Text = ""


class Journal(Part):
    mode: Annotated[str, _choice("mock", "final")] = "mock"  # mock: no document of it may be posted
    prefix: Given = "CB"  # of document numbers


class Accruals(Part):
    account: Text = ""  # of the ledger, on which the other side of an accrual stands


class Statements(Part):
    small_pool: Annotated[int, _whole(0, 999)] = 0  # pools with fewer members tell the amount only


class Depreciation(Part):
    first_month: Annotated[str, _choice("full", "next", "half", "days")] = "full"


class Tco(Part):
    months: Annotated[int, _whole(1, 36)] = 6  # over which the bridge and the trend go
    least_people: Annotated[int, _whole(1, 99)] = 3  # smaller teams are shown together, without hours
    capacity: Annotated[str, _choice("practical", "measured")] = "practical"  # what rate cards are taken over


class TagKeys(Part):
    application: Texts = ()
    owner: Texts = ()
    environment: Texts = ()
    cost_centre: Texts = ()
    project: Texts = ()


BANDS = {"finance": "0.04", "run": "0.12", "walk": "0.15", "crawl": "0.20"}  # finance's 3 to 5 %; the FinOps maturity model's


class WhatIf(Part):
    """A scenario beside the forecast."""

    name: Given
    growth: Change = Decimal(0)  # a year, more than the forecast has
    price: Change = Decimal(0)  # of everything, from the first month ahead
    delay: Annotated[int, _whole(0, 24)] = 0  # months that events to come of the kinds below are late
    kinds: Given = "migration"


def _names_apart(found: tuple[WhatIf, ...]) -> tuple[WhatIf, ...]:
    names = ["forecast", *(scenario.name for scenario in found)]
    if len(set(names)) < len(names):
        raise PydanticCustomError("value", "wrong", {"expected": "a name of its own for each scenario, other than forecast", "todo": "rename one"})
    return found


class Forecast(Part):
    months: Annotated[int, _whole(1, 60)]
    band: Annotated[Decimal, _typed(lambda text: _share(BANDS.get(text, text)), f"a share from 0 to 1, or one of {', '.join(BANDS)}", "write it like 0.05")]
    backtest_months: Annotated[int, _whole(1, 60)]
    history: Annotated[str, _choice("bills", "ledger")] = "bills"
    method: Annotated[str, _choice("auto", "ensemble", "seasonal naive", "last value")] = "auto"
    figure: Annotated[str, _choice("auto", "bottom-up", "top-down", "ols", "wls", "mint")] = "auto"
    models: tuple[Annotated[str, _choice("theta", "ets", "arima")], ...] = ()  # of statsmodels, tried on the largest series
    largest: Annotated[int, _whole(0, 1000)] = 1  # series that they are tried on
    what_if: Annotated[tuple[WhatIf, ...], AfterValidator(_names_apart)] = ()


class Params(Part):
    """The parameters of one month; `path`, `sources` and `root` say where they are from."""

    period: Month
    company: Text = ""
    currency: Currency
    fiscal_year_start: Annotated[int, _whole(1, 12)]
    taxonomy: Taxonomy
    cost_basis: Annotated[str, _choice("amortised", "billed")]
    providers: dict[str, Provider] = {}
    billing: tuple[Billing, ...] = ()
    engine: Engine = Engine()
    tolerance: Tolerance
    accruals: Accruals = Accruals()
    ledger_lines: Annotated[str, _choice("tied", "replaced")] = "tied"
    strict: Flag
    inputs: Inputs
    rules: Rules
    tag_keys: TagKeys
    receiver: Annotated[str, _choice("cmdb", "tag")]
    shared_pools: Annotated[str, _choice("direct", "step-down", "step-down-by-amount", "reciprocal")]
    unmapped_share: Share
    new_service: Amount  # report currency
    kept: Given = "data/kept"  # folder of what outlives a run
    mode: Annotated[str, _choice("showback", "chargeback")]
    coverage_share: Share = Decimal("0.90")
    statements: Statements = Statements()
    journal: Journal = Journal()
    depreciation: Depreciation = Depreciation()
    tco: Tco = Tco()
    forecast: Forecast
    _sources: tuple[Path, ...] = PrivateAttr(default=())

    @property
    def path(self) -> Path:
        """The parameters file asked for."""
        return self._sources[-1]

    @property
    def sources(self) -> tuple[Path, ...]:
        """The files it was made from, the lowest base first."""
        return self._sources

    @property
    def root(self) -> Path:
        """The project folder, from which relative paths start."""
        return ROOT

    def resolve(self, path: str | Path) -> Path:
        """The path as an absolute one."""
        return ROOT / path

    def files(self, key: str) -> list[Path]:
        """The files of an input, sorted, each once; none where it is not given."""
        return find(listed(getattr(self.inputs, key)))

