"""What happens when a month is asked for?  Everything it needs is read and checked, then the batch publishes it.

    parameters file, months → prepare (inputs, cube) → batch → pack, its checks told a line each
"""

import json
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from helpers import batch, cache, given, kept, mapping, moves, params, rulebook, walk
from helpers.errors import InputError
from helpers.index import Facts
from helpers.problems import ROOT, InputErrors, shown


def publish(settings: params.Params, out: str | Path, jobs: int, progress: bool, strict: bool,
            rehash: bool = False) -> batch.Result:
    """Makes the pack of the parameters' month, compared with the closed month where there is one.

    rehash reads the content of every billing file again, whatever its size and time say.
    """
    period = settings.period
    return batch.run(str(settings.path), period, out, jobs, progress,
                     prepare=lambda: prepare(settings, strict, rehash),
                     finish=lambda pack: kept.compare(period, pack, settings.resolve(settings.kept)))


def prepare(settings: params.Params, strict: bool = False, rehash: bool = False) -> Facts:
    """Reads every input and the cube, so that all that is wrong is told before a notebook starts; what was read."""
    month = walk.Month(settings)
    if rehash:
        cache.fingerprints(settings.files("billing"), walk.CACHE, afresh=True)
    problems: list[InputError] = []
    for name in ("cube", "rules", "names", *given.TABLES, "solutions"):
        try:
            getattr(month, name)
        except InputErrors as wrong:
            problems += wrong.problems
        except InputError as wrong:
            problems.append(wrong)
    if problems:
        raise InputErrors(problems) if len(problems) > 1 else problems[0]
    closed = kept.closed(settings.period, settings.resolve(settings.kept)).exists()
    notes = (f"{settings.period} is closed; this run is compared with what was closed.",) if closed else ()
    return Facts(settings.company, settings.currency, settings.model_dump(mode="json"), what_went_in(month), notes,
                 strict or settings.strict)


def what_went_in(month: walk.Month) -> pd.DataFrame:
    """One row a file, and one an input that was not given."""
    named = list(_files(month))
    paths = [path for _, path in named if path]
    prints = dict(zip(paths, cache.fingerprints(paths, walk.CACHE), strict=True))
    fates = _fates(month.cube.files)
    rows = [(name, shown(path) if path else "", _state(path, fates), prints.get(path, "")) for name, path in named]
    return pd.DataFrame(rows, columns=["input", "file", "state", "sha256"])


def _files(month: walk.Month) -> Iterator[tuple[str, Path | None]]:
    for path in month.params.sources:
        yield "parameters", path
    for name, key in (("mapping rules", "mapping"), ("service names", "services"), ("provider names", "providers")):
        yield name, month.params.resolve(getattr(month.params.rules, key))
    for name in ("billing", *given.TABLES):
        for path in (month.files(name) if name in given.TABLES else month.params.files(name)) or [None]:
            yield name.replace("_", " "), path


def _fates(files: pd.DataFrame) -> dict[str, str]:
    """What became of each billing file, with its format."""
    told = {"read": "read as {}", "kept out": "kept out: delivered twice", "replaced": "replaced by a later delivery"}
    fates: dict[str, list[str]] = {}
    for row in files[["file", "format", "state"]].drop_duplicates().itertuples(index=False):
        fates.setdefault(row.file, []).append(told[row.state].format(row.format))
    return {name: "; ".join(dict.fromkeys(parts)) for name, parts in fates.items()}


def _state(path: Path | None, fates: dict[str, str]) -> str:
    return "not given" if path is None else fates.get(shown(path), "read")


def rules_of(out: str | Path, period: str) -> pd.DataFrame | None:
    """The mapping rules that the month's pack was last made with; None where there is no pack."""
    file = Path(out) / period / "tables" / "mapping_rules.csv"
    if not file.is_file():
        return None
    table = pd.read_csv(file, dtype=str, keep_default_na=False)
    return table.assign(priority=table["priority"].astype(int)) if list(table) == rulebook.COLUMNS else None


def tell_moved(settings: params.Params, before: pd.DataFrame | None) -> list[str]:
    """One line a service that the rules have moved since the month's last pack: from, to, amount, months."""
    month = walk.Month(settings)
    if before is None or before.astype(str).equals(month.rules.astype(str)):
        return []
    was = mapping.classify(month.booked, before, settings.taxonomy, settings.period, month.names)
    table = moves.moved(month.booked, was, kept.months(settings.resolve(settings.kept)))
    told = [f"moved   {row['ProviderName']}: {row['ServiceName']} from {row['from']} to {row['to']}: "
            f"{settings.currency} {row['effective']:,.2f}, {row['months']}" for row in table.to_dict("records")]
    return told or ["moved   nothing, though the rules changed"]


def tell(checks: pd.DataFrame, currency: str) -> list[str]:
    """One line a check: its state, page and name, and the amount or gap."""
    return [f"{row.state:<8}{row.page}: {row.check}{_told(row, currency)}" for row in checks.itertuples()]


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


def close(period: str, out: str | Path) -> Path:
    """Closes the month from its pack; the folder that keeps it."""
    pack = Path(out) / period
    if not (pack / "manifest.json").is_file():
        todo = f"run: python -m helpers report {period}"
        raise InputError(str(pack), "there is no pack", "the month's finished pack", todo)
    told = json.loads((pack / "manifest.json").read_text(encoding="utf-8"))
    if told.get("state") == "failed":
        raise InputError(str(pack), "its checks failed", "a month without a failed check", "mend it and report again")
    _check_inputs(told["inputs"], pack)
    rules = told["parameters"]["rules"]
    map_ = {name: ROOT / rules[key] for name, key in (("rules", "mapping"), ("services", "services"),
                                                      ("providers", "providers"))}
    return kept.close(period, pack, ROOT / told["parameters"]["kept"], map_)


def _check_inputs(inputs: list[dict], pack: Path) -> None:
    """Every input still has the content that the pack was made from, read again in full."""
    named = [row for row in inputs if row.get("sha256")]
    for row in named:
        path = ROOT / row["file"]
        if not path.is_file() or cache.fingerprints([path], walk.CACHE, afresh=True) != [row["sha256"]]:
            raise InputError(row["file"], "it is not what the pack was made from", f"the inputs of {shown(pack)}",
                             "run the report again, look at it, then close")
