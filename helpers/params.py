"""What is asked for?  A parameters file over its base files, checked before anything runs.

    params/2026-09.yaml → base files → Params     frozen; every value typed, every file there

Values arrive as text and get their type here.  Everything wrong is told at once, one line each.
"""

import glob
import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin

from pydantic import BaseModel, BeforeValidator, ConfigDict, PrivateAttr, ValidationError
from pydantic_core import PydanticCustomError

from helpers import plainyaml
from helpers.codebook import currencies
from helpers.errors import InputError
from helpers.problems import ROOT, Problems, nearest, quoted, shown

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


def _listed(found: Any) -> Any:
    """A list as it is, one text as a list of one, a blank as an empty list."""
    return [text for text in [found] if text] if isinstance(found, str) else found


def _some(found: Any) -> Any:
    if not _listed(found):
        context = {"expected": "at least one file or pattern", "todo": "write it like data/mine/billing/*.csv"}
        raise PydanticCustomError("value", "wrong", context)
    return _listed(found)


Text = Annotated[str, _typed(lambda text: text, "one text", "write one value")]
Given = Annotated[str, _typed(lambda text: text or None, "one text", "write one value")]
Texts = Annotated[tuple[Given, ...], BeforeValidator(_listed)]
Month = Annotated[str, _typed(_month, "a month as YYYY-MM", "write it like 2026-09")]
Currency = Annotated[str, _typed(_currency, "an ISO 4217 currency code", "write it like USD")]
Amount = Annotated[Decimal, _typed(_number, "a plain number, not negative", "write it like 1.00")]
Share = Annotated[Decimal, _typed(_share, "a share from 0 to 1", "write it like 0.01")]
Flag = Annotated[bool, _typed({"true": True, "false": False}.get, "true or false", "write true or false")]


class Part(BaseModel):
    """A group of parameters: no name it does not know, no change once read."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Taxonomy(Part):
    pools: Annotated[str, _choice("v5", "v4")]
    towers: Annotated[str, _choice("v5", "v4")]


class Provider(Part):
    lag: Annotated[int, _whole(0, 12)] = 0  # months from use to the ledger
    commitments: Annotated[str, _choice("expensed", "prepaid")] = "expensed"
    vendors: Texts = ()  # globs on the ledger's vendor


class Tolerance(Part):
    amount: Amount  # report currency
    share: Share  # of the amount compared


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
    drivers: Texts = ()  # globs
    budget: Text = ""
    volumes: Text = ""
    migration_plan: Text = ""
    rates: Text = ""
    reconciling_items: Text = ""


class Rules(Part):
    mapping: Given
    pool_sources: Text = ""
    allocation: Text = ""
    tco: Text = ""


class TagKeys(Part):
    application: Texts = ()
    owner: Texts = ()
    environment: Texts = ()
    cost_centre: Texts = ()


class Forecast(Part):
    months: Annotated[int, _whole(1, 60)]
    band: Share
    backtest_months: Annotated[int, _whole(1, 60)]
    method: Annotated[str, _choice("theta")]


class Params(Part):
    """The parameters of one month; `path`, `sources` and `root` say where they are from."""

    period: Month
    company: Text = ""
    currency: Currency
    fiscal_year_start: Annotated[int, _whole(1, 12)]
    taxonomy: Taxonomy
    cost_basis: Annotated[str, _choice("amortised", "billed")]
    providers: dict[str, Provider] = {}
    tolerance: Tolerance
    strict: Flag
    inputs: Inputs
    rules: Rules
    tag_keys: TagKeys
    receiver: Annotated[str, _choice("cmdb", "tag")]
    shared_pools: Annotated[str, _choice("direct", "step-down", "reciprocal")]
    unmapped_share: Share
    mode: Annotated[str, _choice("showback", "chargeback")]
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
        return _find(_listed(getattr(self.inputs, key)))


def load(path: str | Path, period: str = "") -> Params:
    """The parameters of a file over its bases; a `period` given takes the place of the file's own.

    The file is looked for from where the command runs, then from the project folder.
    """
    chain = _chain(path)
    values: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for file, content in chain:
        _lay_over(values, content, shown(file), "", origins)
    values.pop("base", None)
    if period:
        values["period"], origins["period"] = period, "the command"
    params = _check(values, origins, shown(chain[-1][0]))
    _check_files(params, origins)
    params._sources = tuple(file for file, _ in chain)
    return params


def _chain(path: str | Path) -> list[tuple[Path, dict]]:
    """The files with their content, the lowest base first."""
    file = (Path(path) if Path(path).is_file() else ROOT / path).resolve()
    if not file.is_file():
        todo = "correct the path, or make one with: python -m helpers start FOLDER"
        raise InputError(shown(file), "the file does not exist", "a parameters file", todo)
    chain: list[tuple[Path, dict]] = []
    while True:
        content = plainyaml.read(file, shown(file))
        chain.insert(0, (file, content))
        if not content.get("base"):
            return chain
        file = _base(content["base"], [step for step, _ in chain])


def _base(name: Any, chain: list[Path]) -> Path:
    """The base file of the chain's first: in the same folder, else in the project's params."""
    where = shown(chain[0])
    if not isinstance(name, str) or Path(name).name != name:
        found = f"base is {_quoted(name)}"
        raise InputError(where, found, "the name of a file in the same folder", "write it like base.yaml")
    places = [(folder / name).resolve() for folder in (chain[0].parent, ROOT / "params")]
    file = next((place for place in places if place.is_file()), None)
    if file is None:
        found = f'base is "{name}", which does not exist'
        raise InputError(where, found, "a parameters file in the same folder", "correct the name")
    if file in chain:
        circle = " → ".join(step.name for step in [*reversed(chain), file])
        raise InputError(where, f"base goes round in a circle ({circle})", "a chain that ends", "take one base out")
    return file


def _lay_over(values: dict, content: dict, source: str, key: str, origins: dict[str, str]) -> None:
    """Lays the content of a file over the values so far: groups are merged, all else is replaced."""
    for name, value in content.items():
        dotted = f"{key}.{name}".removeprefix(".")
        origins[dotted] = source
        if isinstance(value, dict):
            lower = values.get(name)
            values[name] = lower if isinstance(lower, dict) else {}
            _lay_over(values[name], value, source, dotted, origins)
        else:
            values[name] = value


def _check(values: dict, origins: dict[str, str], last: str) -> Params:
    problems = Problems()
    try:
        return Params.model_validate(values)
    except ValidationError as wrong:
        for error in wrong.errors(include_url=False):
            problems.add(*_told(error, origins, last))
    raise problems.error()


def _told(error: dict, origins: dict[str, str], last: str) -> tuple[str, str, str, str]:
    """Where, found, expected and what to do, of one error of the model."""
    steps = [str(step + 1) if isinstance(step, int) else step for step in error["loc"]]
    key, group = ".".join(steps), ".".join(steps[:-1])
    where = origins.get(key) or origins.get(group) or last
    if error["type"] == "missing":
        return last, f"{key} is missing", "a value for it", "add it; params/base.yaml shows how"
    if error["type"] == "extra_forbidden":
        names = _names(steps[:-1])
        near = nearest(steps[-1], names)
        return where, f"{key} is no parameter", "one of " + ", ".join(names), f"write {near}" if near else "take it out"
    told = {"expected": _KINDS.get(error["type"], ""), "todo": "see params/base.yaml", **error.get("ctx", {})}
    return where, f"{key} is {_quoted(error['input'])}", told["expected"], told["todo"]


_KINDS = {"model_type": "a group of values", "dict_type": "a group of values", "tuple_type": "a list of texts"}


def _names(steps: list[str]) -> list[str]:
    """The parameters of the group that the steps lead to."""
    model: Any = Params
    for step in steps:
        model = get_args(model)[1] if get_origin(model) is dict else model.model_fields[step].annotation
    return [*(["base"] if model is Params else []), *model.model_fields]


def _check_files(params: Params, origins: dict[str, str]) -> None:
    """Every file that is named exists and every pattern finds one, or all that do not are told."""
    problems = Problems()
    for group in ("inputs", "rules"):
        for name, value in getattr(params, group):
            for pattern in _listed(value):
                if not _find([pattern]):
                    key = f"{group}.{name}"
                    found = f'{key} is "{pattern}", which finds no file'
                    problems.add(origins[key], found, "a file, its path from the project folder", "correct the path")
    problems.stop()


def _find(patterns: list[str] | tuple[str, ...]) -> list[Path]:
    """The files that the patterns find, sorted, each once; a name that exists is not read as a pattern."""
    files: set[Path] = set()
    for pattern in patterns:
        named = ROOT / pattern
        files.update([named] if named.is_file() else map(Path, glob.glob(str(named), recursive=True)))
    return sorted(file for file in files if file.is_file())


def _quoted(value: Any) -> str:
    if isinstance(value, str):
        return quoted(value)
    return "a group" if isinstance(value, dict) else "a list"
