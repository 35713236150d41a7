"""What is asked for?  A parameters file over its base files, checked before anything runs.

    params/2026-09.yaml → base files → Params     frozen; every value typed, every file there

Values arrive as text and get their type in helpers.settings.  Everything wrong is told at once, one line each.
"""

from pathlib import Path
from typing import Any, get_args, get_origin

from pydantic import ValidationError

from helpers import plainyaml
from helpers.errors import InputError
from helpers.found import find
from helpers.problems import ROOT, Problems, nearest, quoted, shown
from helpers.settings import Params, listed


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
    check_files(params, origins)
    params._sources = tuple(file for file, _ in chain)
    return params


def _chain(path: str | Path) -> list[tuple[Path, dict]]:
    """The files with their content, the lowest base first."""
    file = (Path(path) if Path(path).is_file() else ROOT / path).resolve()
    if not file.is_file():
        todo = "correct the path, name a file with --params, or make one: python -m helpers start FOLDER"
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
    key = ".".join(steps)
    where = next((origins[above] for above in (".".join(steps[:count]) for count in range(len(steps), 0, -1)) if above in origins), last)
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
        inner = get_origin(model) in (dict, tuple)
        model = get_args(model)[get_origin(model) is dict] if inner else model.model_fields[step].annotation
    return [*(["base"] if model is Params else []), *model.model_fields]


def check_files(params: Params, origins: dict[str, str]) -> None:
    """Every file that is named exists and every pattern finds one, or all that do not are told."""
    problems = Problems()
    for group in ("inputs", "rules"):
        for name, value in getattr(params, group):
            for pattern in listed(value):
                if not find([pattern]):
                    key = f"{group}.{name}"
                    found = f'{key} is "{pattern}", which finds no file'
                    todo = "copy the files, or mount their storage here" if "://" in pattern else "correct the path"
                    problems.add(origins[key], found, "a file, its path from the project folder", todo)
    problems.stop()


def _quoted(value: Any) -> str:
    if isinstance(value, str):
        return quoted(value)
    return "a group" if isinstance(value, dict) else "a list"
