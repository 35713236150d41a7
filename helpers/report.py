"""What happens when a month is asked for?  Everything it needs is read and checked, then the batch publishes it.

    parameters file, months → prepare (inputs, cube) → batch → pack, its checks told a line each
"""

import json
from contextlib import suppress
from pathlib import Path

import pandas as pd

from helpers import batch, cache, given, kept, moves, params, seals, shipped, walk
from helpers.compare import closed_months, sides, stored
from helpers.errors import InputError
from helpers.given import map_files
from helpers.house import words
from helpers.index import Facts
from helpers.problems import ROOT, InputErrors, as_one, shown
from helpers.publish import write_csv


def publish(settings: params.Params, out: str | Path, jobs: int, progress: bool, strict: bool,
            rehash: bool = False) -> batch.Result:
    """Makes the pack of the parameters' month, compared with the closed month where there is one.

    rehash reads the content of every billing file again, whatever its size and time say.
    """
    return batch.run(str(settings.path), settings.period, out, jobs, progress,
                     prepare=lambda: prepare(settings, strict, rehash),
                     finish=lambda pack, facts: _finish(settings, pack, facts))


def _finish(settings: params.Params, pack: Path, facts: Facts) -> list[dict]:
    """Puts the map into the pack, and compares the pack with the closed month; no input has changed meanwhile."""
    check_unchanged(settings, facts.inputs)
    kept.keep_map(pack, map_files(settings))
    found = kept.compare(settings.period, pack, settings.resolve(settings.kept))
    if any(row["state"] == "finding" for row in found):
        table = closed_months.restatement_causes(settings)
        write_csv(pack / "tables" / kept.CAUSES, table)
    return [*found, shipped.check(facts.notebooks) | {"page": "notebooks"}]


def prepare(settings: params.Params, strict: bool = False, rehash: bool = False) -> Facts:
    """Reads every input and the cube, so that all that is wrong is told before a notebook starts; what was read."""
    month = walk.Month(settings)
    if rehash:
        cache.fingerprints(settings.files("billing"), walk.CACHE, afresh=True)
    with suppress(OSError):  # reading tells it better
        month.prints  # noqa: B018  (before anything is read)
    problems = seals.broken_months(settings.resolve(settings.kept))
    for name in ("cube", "rules", "names", *given.TABLES, "solutions", "open_item_notes", "decisions", "pick"):
        try:
            getattr(month, name)
        except InputErrors as wrong:
            problems += wrong.problems
        except InputError as wrong:
            problems.append(wrong)
    for name in () if problems else ("recorded", "rated", "fiscal_days", "accrual_account"):
        try:
            getattr(month, name)
        except InputError as wrong:
            problems.append(wrong)
            break  # what comes after stands on it
    if problems:
        raise as_one(problems)
    closed = kept.closed(settings.period, settings.resolve(settings.kept)).exists()
    notes = (f"{settings.period} is closed; this run is compared with what was closed, and proposes nothing to post.",
             ) if closed else ()
    inputs = what_went_in(month)
    stored.keep(sides.small(inputs.to_dict("records")), walk.CACHE / sides.KEPT_INPUTS)  # for compare
    return Facts(settings.company, settings.currency, settings.model_dump(mode="json"), inputs, notes,
                 strict or settings.strict, month.cube.place.name if month.cube.place else "", shipped.state())


def check_unchanged(settings: params.Params, read: pd.DataFrame) -> None:
    """Raises InputError for each input that is not what it was when the run began; small ones are read in full."""
    was = dict(zip(zip(read["input"], read["file"], strict=True), read["sha256"], strict=True))
    small = read.loc[read["sha256"].ne("") & read["input"].ne("billing"), "file"]
    cache.fingerprints([ROOT / file for file in small if (ROOT / file).is_file()], walk.CACHE, afresh=True)
    now = walk.Month(settings).prints
    fates = {True: "it changed while the run read it", False: "it came or went while the run read it"}
    wrong = [InputError(file or name, fates[bool(was.get((name, file)) and now.get((name, file)))],
                        "the inputs as they were when the run began", "run again when nothing writes to them")
             for name, file in sorted(was.keys() | now.keys())
             if was.get((name, file), "") != now.get((name, file), "")]
    wrong += seals.broken_months(settings.resolve(settings.kept))
    if wrong:
        raise as_one(wrong)


def what_went_in(month: walk.Month) -> pd.DataFrame:
    """One row a file, and one an input that was not given."""
    fates = _fates(month.cube.files)
    rows = [(name, file, _state(file, fates), mark) for (name, file), mark in month.prints.items()]
    return pd.DataFrame(rows, columns=["input", "file", "state", "sha256"])


def _fates(files: pd.DataFrame) -> dict[str, str]:
    """What became of each billing file, with its format."""
    told = {"read": "read as {}", "kept out": "kept out: delivered twice", "replaced": "replaced by a later delivery"}
    fates: dict[str, list[str]] = {}
    for row in files[["file", "format", "state"]].drop_duplicates().itertuples(index=False):
        fates.setdefault(row.file, []).append(told[row.state].format(row.format))
    return {name: "; ".join(dict.fromkeys(parts)) for name, parts in fates.items()}


def _state(file: str, fates: dict[str, str]) -> str:
    return fates.get(file, "read") if file else "not given"


def map_of(out: str | Path, settings: params.Params) -> moves.Map | None:
    """The map of the month's last pack, where it is another than now; None where there is none that can be used."""
    folder = Path(out) / settings.period / "map"
    try:
        same = moves.prints([folder / f"{name}.csv" for name in kept.MAP]) == moves.prints(map_files(settings))
        return None if same else moves.Map.read(folder, settings.taxonomy)
    except (OSError, InputError):
        return None


def tell_moved(settings: params.Params, before: moves.Map | None) -> list[str]:
    """One line a service that the map has moved since the month's last pack: from, to, amount in the month and in all."""
    if before is None:
        return []
    month = walk.Month(settings)
    table = moves.moved(month.booked, before.place(month.booked), kept.months(settings.resolve(settings.kept)),
                        settings.period)
    told = [f"{row['ProviderName']}: {row['ServiceName']} from {row['from']} to {row['to']}: {settings.currency} "
            f"{row['effective_in_month']:,.2f} in {settings.period}, {row['effective']:,.2f} in all ({row['months']})"
            for row in table.to_dict("records")]
    return [f"moved   {words(line)}" for line in told or ["nothing, though the map changed"]]


def ended(result: batch.Result) -> str:
    """How the run ended, and where findings alone failed it, that they did."""
    states = result.checks["state"].value_counts()
    alone = result.state == "failed" and not result.error and not states.get("failed", 0)
    return f"failed, since findings fail a strict run ({states['finding']})" if alone else result.state


def tell(checks: pd.DataFrame, currency: str) -> list[str]:
    """One line a check: its state, page and name, and the amount or gap."""
    return [f"{row.state:<8}{words(f'{row.page}: {row.check}{_told(row, currency)}')}" for row in checks.itertuples()]


def _told(row, currency: str) -> str:
    """In brackets: amount and owner of a finding, the gap of a sum, else why a check failed."""
    if row.state == "finding":
        parts = [f"{currency} {row.amount:,.2f}" if row.amount else "", row.owner]
    elif row.gap is not None and not pd.isna(row.gap):
        parts = [f"gap {row.gap:,.2f}"]
    else:
        parts = [row.note] if row.state == "failed" else []
    told = ", ".join(part for part in parts if part)
    return f" ({told})" if told else ""


def close(period: str, out: str | Path) -> tuple[Path, str]:
    """Closes the month from its pack; the folder that keeps it, and whose month it is."""
    pack = Path(out) / period
    if not (pack / "manifest.json").is_file():
        todo = f"run: python -m helpers report {period}"
        raise InputError(str(pack), "there is no pack", "the month's finished pack", todo)
    told = json.loads((pack / "manifest.json").read_text(encoding="utf-8"))
    if told.get("state") == "failed":
        raise InputError(str(pack), "its checks failed", "a month without a failed check", "mend it and report again")
    _check_inputs(told["inputs"], pack)
    if wrong := [*seals.broken_pack(pack, told), *seals.broken_months(ROOT / told["parameters"]["kept"])]:
        raise as_one(wrong)
    return (kept.close(period, pack, ROOT / told["parameters"]["kept"], lambda made: sides.keep_inputs(told, made)),
            words(told["company"]))


def _check_inputs(inputs: list[dict], pack: Path) -> None:
    """Every input still has the content that the pack was made from, read again in full."""
    named = [row for row in inputs if row.get("sha256")]
    for row in named:
        path = ROOT / row["file"]
        if not path.is_file() or cache.fingerprints([path], walk.CACHE, afresh=True) != [row["sha256"]]:
            raise InputError(row["file"], "it is not what the pack was made from", f"the inputs of {shown(pack)}",
                             "run the report again, look at it, then close")
