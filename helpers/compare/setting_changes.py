"""Which parameters differ between two runs?  One change a parameter; paths and what decides no figure aside.

    parameters, parameters → changes → (path, was, is)      merged: those of one with some of the other
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from typing import Any, NamedTuple

from helpers.settings import Params

ASIDE = ("inputs", "rules", "period", "company", "kept", "billing", "engine", "strict", "mode", "statements", "journal",
         "forecast", "accruals", "unmapped_share", "new_service", "coverage_share")  # files, words, limits: no figure


class SettingChange(NamedTuple):
    """A parameter by its path, and its value on each side; None where a side has none."""

    path: tuple[str, ...]
    was: Any
    now: Any

    kind = "changed"

    @property
    def name(self) -> str:
        """The parameter as parameters files nest it: providers.AWS.lag."""
        return ".".join(self.path)


def changes(was: Mapping, now: Mapping) -> list[SettingChange]:
    """The parameters that differ, by name."""
    return sorted(_differing({k: v for k, v in was.items() if k not in ASIDE},
                             {k: v for k, v in now.items() if k not in ASIDE}, ()))


def _differing(was: Any, now: Any, path: tuple[str, ...]) -> Iterator[SettingChange]:
    if isinstance(was, dict) and isinstance(now, dict):
        for name in sorted(was.keys() | now.keys()):
            yield from _differing(was.get(name), now.get(name), (*path, name))
    elif was != now:
        yield SettingChange(path, was, now)


def merged(settings: Mapping, chosen: Sequence[SettingChange]) -> dict:
    """The parameters with the values that the changes bring."""
    made = deepcopy(dict(settings))
    for change in chosen:
        group = made
        for name in change.path[:-1]:
            group = group.setdefault(name, {})
        if change.now is None:
            group.pop(change.path[-1], None)
        else:
            group[change.path[-1]] = change.now
    return made


def told(value: Any) -> str:
    """A value as a sentence has it."""
    return "not given" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def params_of(settings: Mapping) -> Params:
    """The parameters that a manifest tells."""
    return Params.model_validate(_texts(settings))


def _texts(value: Any) -> Any:
    """The values as a parameters file has them: texts in groups and lists, nothing for none."""
    if isinstance(value, dict):
        return {name: _texts(inner) for name, inner in value.items() if inner not in (None, "")}
    if isinstance(value, (list, tuple)):
        return [_texts(inner) for inner in value]
    return str(value).lower() if isinstance(value, bool) else str(value)
