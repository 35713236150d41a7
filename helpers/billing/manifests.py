"""Which files were delivered together?  What a provider's manifest, the export's folder or a file's number says.

    sources → deliveries     for each file: the delivery it is part of, how that is known, when it was made if told

Manifests: AWS Cost and Usage Report (assemblyId, reportKeys), AWS Data Exports (executionId, dataFiles), Azure exports
(runInfo, blobs).  A manifest's names are those of the provider's storage; the one that ends most like the file's own
path is the file's.
"""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from helpers.billing.sources import Source
from helpers.cache import digest

UP = 3  # folders above a file that its manifest may lie in
RUN = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
NUMBERED = re.compile(r"(?i)([-_. ]?part[-_. ]?)?(\d+[-_])?\d+$")  # 2026-09-part-1, part_0_0001, export-00001
DAY = r"([-_.]?)(0[1-9]|1[0-2])(\1(0[1-9]|[12]\d|3[01])(T?\d{4}(\d\d)?Z?)?)?"  # after the year, with a time or not
DATED = re.compile(rf"(?<!\d)20\d\d{DAY}$")  # the end of a name that is a date, and so no number of a part
BASES = {"ActualCost": "billed", "AmortizedCost": "amortised"}  # Azure's exportConfig.type


@dataclass(frozen=True)
class Delivery:
    """Files that came together: `key` tells it from others, `how` says how that is known, `made` when, "" if untold."""

    key: str
    how: str
    made: str = ""
    basis: str = ""
    names: tuple[str, ...] = ()  # of all its files, where a manifest lists them


@dataclass(frozen=True)
class Manifest:
    """A manifest: its delivery, and the names of its files."""

    path: Path
    delivery: Delivery
    names: tuple[str, ...]


def delivery_of(source: Source) -> Delivery:
    """The delivery a file is part of: as the parameters say, by manifest, by run folder, by its number, or alone."""
    if source.word.together == "parts" or source.format.adds:
        return Delivery("", "parameters" if source.word.together else "the provider's files add up")
    if source.word.together == "re-exports":
        return Delivery(source.name, "parameters", source.name)
    manifest = _manifest_of(source.path)
    if manifest:
        return replace(manifest.delivery, names=manifest.names)
    if RUN.search(source.path.parent.name):
        return Delivery(source.path.parent.as_posix(), f"export folder {source.path.parent.name}")
    stem = source.path.name.split(".")[0]
    bare = NUMBERED.sub("", stem)
    if bare != stem and not DATED.search(stem):
        return Delivery((source.path.parent / bare).as_posix(), "numbered parts")
    return Delivery(source.name, "alone")


def prints(paths: Iterable[Path]) -> list[tuple[str, str]]:
    """The manifests near the files, each with the SHA-256 of its text: what they say decides, too."""
    files = {manifest.path for folder in {path.parent for path in paths} for manifest in _manifests_near(folder)}
    return [(file.as_posix(), digest(file)) for file in sorted(files)]


def _manifest_of(path: Path) -> Manifest | None:
    """The manifest that names the file, by the longest common end of their paths; None where none does.

    AWS lays a copy of the newest delivery's manifest in the folder above: where one of that name is there, it tells
    which delivery is the latest.
    """
    near = _manifests_near(path.parent)
    found = [(shared, manifest.delivery.made, manifest.path.as_posix(), manifest) for manifest in near
             if (shared := max((_shared_end(path, name) for name in manifest.names), default=0))]
    if not found:
        return None
    manifest = max(found, key=lambda one: one[:3])[3]
    heads = {(each.path.parent, each.path.name): each.delivery.key for each in near}
    head = next((heads[above] for each in near if each.delivery.key == manifest.delivery.key
                 if (above := (each.path.parent.parent, each.path.name)) in heads), "")
    if manifest.delivery.made or not head:
        return manifest
    made = "2 latest" if head == manifest.delivery.key else "1 before"
    return replace(manifest, delivery=replace(manifest.delivery, made=made))


def _shared_end(path: Path, name: str) -> int:
    """How many parts at their ends a path and a manifest's name share."""
    count = 0
    for own, other in zip(reversed(path.parts), reversed([part.strip() for part in name.split("/")])):
        if own.lower() != other.lower():
            break
        count += 1
    return count


def _manifests_near(folder: Path) -> tuple[Manifest, ...]:
    """The manifests in a folder, in those above it, and in the metadata folder beside AWS's data folder."""
    places = [folder, *list(folder.parents)[:UP]]
    for place in list(places):
        parts = list(place.parts)
        if "data" in parts:
            at = len(parts) - 1 - parts[::-1].index("data")
            places.append(Path(*parts[:at], "metadata", *parts[at + 1:]))
    files = {file for place in places for file in _json_files(place)}
    return tuple(manifest for file in sorted(files) if (manifest := _read(file)))


def _json_files(place: Path) -> Iterable[Path]:
    try:
        return [file for file in place.iterdir() if file.suffix.lower() == ".json" and "manifest" in file.name.lower()]
    except OSError:  # a folder above that may not be listed
        return []


def _read(file: Path) -> Manifest | None:
    """What a manifest says; None where the file is none that is known."""
    try:
        told = json.loads(file.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError):
        return None
    if not isinstance(told, dict):
        return None
    run = told.get("runInfo") if isinstance(told.get("runInfo"), dict) else {}
    config = told.get("exportConfig") if isinstance(told.get("exportConfig"), dict) else {}
    key = told.get("assemblyId") or told.get("executionId") or run.get("runId")
    names = _names(told.get("reportKeys")) + _names(told.get("dataFiles")) + _names(
        [blob.get("blobName") for blob in told.get("blobs", []) if isinstance(blob, dict)]
        if isinstance(told.get("blobs"), list) else [])
    if not key or not names:
        return None
    made = str(run.get("submittedTime") or "")
    return Manifest(file, Delivery(str(key), f"manifest {file.name}", made, BASES.get(str(config.get("type")), "")),
                    names)


def _names(found: object) -> tuple[str, ...]:
    return tuple(str(name) for name in found if isinstance(name, str)) if isinstance(found, Sequence) and not (
        isinstance(found, str)) else ()
