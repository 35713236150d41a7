"""What did a run stand on?  A parameters file, a pack or a closed month in; its input rows and its figures out.

    text, months → of → Side      tables as they were read, the cost cube, the parameters, the figures published

A pack or closed month of which every input is at hand (where it was, or kept by content) can be worked out again; else
`lost` names what is not.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd

from helpers import billing, cache, disputes, inputs, params, rulebook, seals, walk
from helpers.compare import figures, setting_changes, stored
from helpers.compare.row_changes import Table
from helpers.errors import InputError
from helpers.given import TABLES
from helpers.problems import ROOT, as_one, shown

MAP = {"mapping rules": "mapping", "service names": "services", "provider names": "providers"}  # named as in a manifest
DECISIONS = "owner decisions"
APART = ("billing", "parameters")  # inputs that are kept in another way: as a cube, and in the manifest itself
KEPT_INPUTS, KEPT_CUBE = "inputs", "cube"  # folders of a closed month


@dataclass(frozen=True)
class Side:
    """One of two runs; `tables` by the name that a manifest gives an input, None where it was not given."""

    name: str
    settings: Mapping[str, Any]
    tables: Mapping[str, Table | None]
    cube: billing.Cube | None
    workbook: Mapping[str, str] = field(default_factory=dict)  # the program that published its figures
    published: Mapping[tuple, Any] | None = None  # figures; None of a side that published none
    lost: tuple[str, ...] = ()

    @property
    def period(self) -> str:
        """The month of the side's own parameters."""
        return self.settings["period"]

    @property
    def currency(self) -> str:
        """The currency of its figures."""
        return self.settings["currency"]


def of(named: str | Path, period: str = "", instead: Mapping[str, str] | None = None,
       tag_keys: Sequence[str] = ()) -> Side:
    """The side that a path names; raises InputError where it is none.

    instead: files that take the place of the parameters' own, by name (rules.mapping: FILE).  tag_keys: those that the
    cube keeps besides its own, so that two sides can be held against each other.
    """
    path = Path(named)
    place = next((folder for folder in (path, path / "closed") for name in ("manifest.json", "closed.json")
                  if (folder / name).is_file()), None)
    if place is None and path.is_dir():
        raise InputError(str(named), "a folder without manifest.json or closed.json",
                         "a pack, a closed month or a parameters file",
                         "name a folder such as reports/2026-09, or a file such as params/2026-09.yaml")
    if place is not None and instead:
        raise InputError(str(named), "a pack, whose files are what they were",
                         "a parameters file to lay other files over",
                         "name the parameters file that it was made from")
    return _of_folder(place, str(named), tag_keys) if place else _of_params(path, period, instead or {}, tag_keys)


def _of_params(path: Path, period: str, instead: Mapping[str, str], tag_keys: Sequence[str]) -> Side:
    """A run made for the purpose, of the files as they are now."""
    settings = params.load(path, period)
    told = settings.model_dump(mode="json")
    for name, file in instead.items():
        group, _, key = name.partition(".")
        if group not in ("inputs", "rules") or key not in told[group]:
            raise InputError(f"--with {name}", "no file of the parameters", "inputs.NAME or rules.NAME",
                             "see params/base.yaml")
        told[group][key] = [file] if isinstance(told[group][key], list) else file
    settings = setting_changes.params_of(told)
    params.check_files(settings, {f"{group}.{key}": f"--with {group}.{key}" for group in ("inputs", "rules")
                                  for key in told[group]})
    month = walk.Month(settings)
    paths = {name: month.files(name) for name in TABLES}
    paths |= {name: [settings.resolve(getattr(settings.rules, key))] for name, key in MAP.items()}
    paths[DECISIONS] = [file for file in [settings.resolve(settings.kept) / disputes.FILE] if file.is_file()]
    tables = _read(settings, {name: [(shown(file), file) for file in files] for name, files in paths.items()})
    name = " ".join([shown(path.resolve()), *(f"with {key}={file}" for key, file in instead.items())])
    return Side(name, told, tables, _load(month, settings.files("billing"), tag_keys))


def _of_folder(folder: Path, name: str, tag_keys: Sequence[str]) -> Side:
    """A run that was kept: its figures as published, its inputs as far as their content is at hand."""
    file = folder / ("manifest.json" if (folder / "manifest.json").is_file() else "closed.json")
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
        settings = setting_changes.params_of(told["parameters"])
        listed = [(row["input"], row["file"], row["sha256"]) for row in told["inputs"] if row.get("sha256")]
    except (OSError, ValueError, KeyError, TypeError) as wrong:
        raise InputError(str(file), f"it cannot be read ({type(wrong).__name__})", "a pack as report makes it",
                         "make it again") from None
    if wrong := list(seals.broken_month(folder) if file.name == seals.CLOSED else
                    seals.broken_pack(folder, told) if "files" in told else ()):
        raise as_one(wrong)
    folders = [folder / KEPT_INPUTS, walk.CACHE / KEPT_INPUTS]
    found: dict[str, list[tuple[str, Path]]] = {}
    lost = []
    for kind, shown_as, content in listed:
        if not (table := _table_of(kind)):
            continue
        if path := _at_hand(ROOT / shown_as, content, folders):
            found.setdefault(table, []).append((shown_as, path))
        else:
            lost.append(shown_as)
    bills = [(ROOT / shown_as, content) for kind, shown_as, content in listed if kind == "billing"]
    cube = _cube_of(settings, bills, folder, told.get("cube", ""), tag_keys)
    lost += ["the bills"] if cube is None else []
    tables = {} if lost else _read(settings, found)
    return Side(name, settings.model_dump(mode="json"), tables, cube, told.get("workbook", {}),
                figures.of_tables(told["period"], folder / "tables"), tuple(lost))


def _table_of(kind: str) -> str:
    """The table that an input of a manifest is read as; "" of what is read in another way, or is no figure's cause:
    notes on open items, and the forecast that was picked."""
    name = kind.replace(" ", "_")
    return name if name in TABLES else kind if kind in MAP or kind == DECISIONS else ""


def keep_inputs(told: Mapping[str, Any], folder: Path) -> None:
    """Puts the inputs of a manifest into a folder by content, and the cube of its bills, where they are not too large.

    With them the month can be put to rows later on, whatever became of its files.
    """
    stored.keep(small(told["inputs"]), folder / KEPT_INPUTS, clear=False)
    bills = [ROOT / row["file"] for row in told["inputs"] if row["input"] == "billing" and row.get("sha256")]
    cube = _load(walk.Month(setting_changes.params_of(told["parameters"])), bills, ())
    stored.copy(cube.place, folder / KEPT_CUBE)


def small(inputs: Iterable[Mapping[str, Any]]) -> list[tuple[Path, str]]:
    """File and hash of the inputs of a manifest that are kept as they are: all but bills and parameters."""
    return [(ROOT / row["file"], row["sha256"]) for row in inputs if row.get("sha256") and row["input"] not in APART]


def _at_hand(path: Path, content: str, folders: Sequence[Path]) -> Path | None:
    """The file where it was, if it still has the content, else a copy kept by content."""
    if path.is_file() and cache.fingerprints([path], walk.CACHE) == [content]:
        return path
    return stored.find(content, folders)


def _cube_of(settings: params.Params, bills: Sequence[tuple[Path, str]], folder: Path, key: str,
             tag_keys: Sequence[str]) -> billing.Cube | None:
    """The cube of the bills where they are still what they were, else the one that was kept; None where none is."""
    paths = [path for path, _ in bills]
    contents = [content for _, content in bills]
    if all(path.is_file() for path in paths) and cache.fingerprints(paths, walk.CACHE) == contents:
        return _load(walk.Month(settings), paths, tag_keys)
    places = [folder / KEPT_CUBE, *([walk.CACHE / key] if key else [])]
    kept = next((place for place in places if place.is_dir()), None)
    return None if kept is None else billing.restored(kept)


def _load(month: walk.Month, paths: Sequence[Path], tag_keys: Sequence[str]) -> billing.Cube:
    asked = month.asked
    return billing.load(paths, walk.CACHE, replace(asked, tag_keys=tuple(sorted({*asked.tag_keys, *tag_keys}))))


def _read(settings: params.Params, files: Mapping[str, Sequence[tuple[str, Path]]]) -> dict[str, Table | None]:
    """The tables of files, each with the name it is shown by; the feeds last, for they look up applications."""
    month, found = walk.Month(settings), {}
    month.__dict__.update(dict.fromkeys(TABLES))
    for name in sorted(files, key=lambda name: name == "drivers"):
        parts = [(shown_as, _rows(month, name, path)) for shown_as, path in files[name]]
        found[name] = _joined(parts) if parts else None
        if name in TABLES:
            month.__dict__[name] = found[name] and found[name].rows
    return {name: found.get(name) for name in (*TABLES, *MAP, DECISIONS)}


def _rows(month: walk.Month, name: str, path: Path) -> pd.DataFrame:
    if name == "drivers":
        return month._drivers(path)
    if name == "mapping rules":
        return rulebook.read(path)
    if name == DECISIONS:
        return inputs.read(path, "disputes")
    return inputs.read(path, TABLES[name][2] if name in TABLES else MAP[name])


def _joined(parts: Sequence[tuple[str, pd.DataFrame]]) -> Table:
    places = [f"{shown_as}, line {line}" for shown_as, rows in parts for line in inputs.lines_of(rows)]
    return Table(pd.concat([rows for _, rows in parts], ignore_index=True), places)
