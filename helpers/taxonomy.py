"""Which names may a mapping use?  The TBM Taxonomy of a version, and the refusal of every other name.

    version, layer → load  → names      one row a name of the layer: level1, level2, level3, certain, definition
    rules, versions → check → rules     the same rules, or an error that names file, line, column and nearest names

The names are data (data/taxonomy/); the few that are ours stand here in RESERVED.
"""

import difflib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pandas as pd

from helpers import inputs
from helpers.errors import InputError
from helpers.problems import Problems

FOLDER = Path(__file__).resolve().parent.parent / "data" / "taxonomy"
VERSIONS = {"v5": "5.0.1", "v4": "4.0"}
LAYERS = {"pools": ("cost pool", "sub-pool"), "towers": ("tower", "sub-tower")}
COLUMNS = {"pools": ("cost_pool", "sub_pool"), "towers": ("tower", "sub_tower")}
MOST = 40  # names that a message lists
UNMAPPED, UNALLOCATED = "Unmapped", "Unallocated"
RESERVED = {  # towers that are not the Council's: cost stays in view under them
    UNMAPPED: (UNMAPPED,),
    UNALLOCATED: ("Tax", "Credits", "Adjustments", "Commitment purchases", "Unused commitments"),
}


@cache
def _table(version: str) -> pd.DataFrame:
    if version not in VERSIONS:
        raise InputError("taxonomy", f'version "{version}"', " or ".join(VERSIONS), "correct it in the parameters")
    return pd.read_csv(FOLDER / f"{version}.csv", dtype=str, keep_default_na=False)


def load(version: str, layer: str) -> pd.DataFrame:
    """The names of a layer (pools, towers, solutions, consumers), in the taxonomy's own order."""
    table = _table(version)
    return table[table["layer"] == layer].drop(columns="layer").reset_index(drop=True)


def crosswalk() -> pd.DataFrame:
    """Where each name of version 4.0 goes in 5.0.1: layer, both names, what that rests on, and a note."""
    return pd.read_csv(FOLDER / "crosswalk.csv", dtype=str, keep_default_na=False)


@cache
def names(version: str, layer: str) -> dict[str, tuple[str, ...]]:
    """The second-level names by first-level name; towers include the reserved ones."""
    rows = load(version, layer)
    found: dict[str, list[str]] = {level1: [] for level1 in rows["level1"]}
    for level1, level2 in zip(rows["level1"], rows["level2"], strict=True):
        if level2 and level2 not in found[level1]:
            found[level1].append(level2)
    return {name: tuple(below) for name, below in found.items()} | (RESERVED if layer == "towers" else {})


def solutions(applications: pd.DataFrame | None, version: str = "v5") -> dict[str, tuple[str, str, str]]:
    """By application the three names of the solution that its row names; raises InputError for any other name.

    A solution is named by its last name, or by its path (Delivery / Support / Service Desk) where two share that name.
    """
    if applications is None:
        return {}
    rows = list(load(version, "solutions")[["level1", "level2", "level3"]].itertuples(index=False, name=None))
    known: dict[str, list[tuple]] = {}
    for path in rows:
        parts = [name for name in path if name]
        for name in {parts[-1], " / ".join(parts)}:
            known.setdefault(name.lower(), []).append(path)
    found, problems = {}, Problems()
    for code, name in zip(applications["application"], applications["solution"], strict=True):
        paths = known.get(" ".join(name.split()).lower(), []) if name else []
        if name and len(paths) != 1:
            todo = "write its path: " + " or ".join(" / ".join(filter(None, path)) for path in paths) if paths \
                else _nearest(name, tuple(sorted({path[2] or path[1] or path[0] for path in rows})))
            problems.add(f"inputs.applications, {code}, column solution", _quoted(name),
                         f"one solution of TBM Taxonomy {VERSIONS[version]} (data/taxonomy/{version}.csv)", todo)
        found[code] = paths[0] if len(paths) == 1 else ("", "", "")
    problems.stop()
    return found


def check(rules: pd.DataFrame, pools: str = "v5", towers: str = "v5",
          where: str = "data/mapping/rules.csv") -> pd.DataFrame:
    """The rules as they are; raises InputError with a line for each name outside the chosen versions.

    A rule of level `default` may name pools alone; any other must name tower and sub-tower.
    """
    problems = Problems()
    for layer, version in (("towers", towers), ("pools", pools)):
        columns = [f"{version}_{column}" for column in COLUMNS[layer]]
        rows = rules.loc[:, ["level", *columns]].itertuples(index=False, name=None)
        for line, (level, first, second) in zip(inputs.lines_of(rules), rows, strict=True):
            blank_allowed = layer == "pools" or level == "default"
            for column, found, expected, todo in wrong(version, layer, columns, first, second, blank_allowed):
                problems.add(f"{where}, line {line}, column {column}", found, expected, todo)
    problems.stop()
    return rules


def wrong(version: str, layer: str, columns: list[str], first: str, second: str,
          blank_allowed: bool, first_alone: bool = False) -> Iterator[tuple[str, str, str, str]]:
    """Column, found, expected, to do: for the first of the two names that is not valid; both, or the second, may be allowed to be blank."""
    if not first and not second and blank_allowed:
        return
    valid = names(version, layer)
    kind, kind_below = LAYERS[layer]
    book = f"of TBM Taxonomy {VERSIONS[version]} (data/taxonomy/{version}.csv)"
    if first not in valid:
        yield columns[0], _quoted(first), f"a {kind} {book}", _nearest(first, valid)
    elif second not in valid[first] and (second or not first_alone):
        yield columns[1], _quoted(second), f"a {kind_below} of {first} {book}", _nearest(second, valid[first])


def _quoted(name: str) -> str:
    return f'"{name}"' if name else "no name"


def _nearest(name: str, valid: dict | tuple) -> str:
    by_lower = {text.lower(): text for text in valid}
    close = difflib.get_close_matches(name.lower(), by_lower, n=3, cutoff=0.5)
    few = ", ".join(valid) if len(valid) <= MOST else f"{', '.join(list(valid)[:MOST])}, …"
    return "write " + " or ".join(by_lower[text] for text in close) if close else f"choose one of {few}"
