"""How is a month published?  All notebooks run, aside; then, if all ran, the whole pack takes its place at once.

    parameters file, period → run → reports/<period>/ with index, pages, tables, notebooks, manifest

A notebook that fails replaces nothing: the last good pages stay, the index says what happened.
"""

import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from helpers import checks, folders, index, publish, render, runner
from helpers.errors import InputError, StepError
from helpers.index import Facts
from helpers.periods import month_name
from helpers.shipped import NOTEBOOKS

STEPS = ("billing", "mapping", "reconciliation", "chargeback", "tco", "forecast")
MAKING = "-making-"  # in the name of the folder in which a pack is made
LEFT_OVER = 24 * 3600  # seconds after which a folder that a killed run left behind is cleared away


@dataclass(frozen=True)
class Result:
    """How a run ended: ok, finding or failed; where its index is; its checks; what went wrong, a line each."""

    state: str
    index: Path
    checks: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=["page", *checks.COLUMNS]))
    error: str = ""


def run(params_path: str, period: str, out_root: str | Path = "reports", jobs: int = 2, progress: bool = True, *,
        prepare: Callable[[], Facts] = Facts, finish: Callable[[Path, Facts], Sequence[dict]] | None = None,
        notebooks: str | Path = NOTEBOOKS, steps: Sequence[str] = STEPS) -> Result:
    """Makes the month's pack.

    `prepare` runs first (validation, the cube) and gives the facts for the index; `finish` runs last, on the finished
    pack aside, and its checks (of the closed month, unless they name another page) join the pack's.
    """
    target = Path(out_root).resolve() / period
    target.parent.mkdir(parents=True, exist_ok=True)
    _restore(target)
    folders.check_own(target, index.is_pack, "report", "--out")
    stage = Path(tempfile.mkdtemp(prefix=f".{period}{MAKING}", dir=target.parent))
    stage.chmod(0o755)
    try:
        runner.warm()
        facts = prepare() or Facts()
        values = {"period": period, "params": str(params_path), "out": str(stage)}
        runs = _execute({step: Path(notebooks) / f"{step}.ipynb" for step in steps}, values, jobs, progress)
        failures = [run.failure for run in runs.values() if run.failure]
        if failures:
            return _failed(target, period, _each_cause_once(failures))
        rows = publish.read_checks(stage, steps)
        told, rows = _build(stage, period, facts, rows, {step: run.notebook for step, run in runs.items()}, finish)
        _swap(stage, target)
        return Result(told["state"], target / "index.html", rows)
    except (InputError, StepError) as stop:
        return _failed(target, period, [str(stop)])
    finally:
        shutil.rmtree(stage, ignore_errors=True)


def _execute(paths: dict[str, Path], values: dict[str, str], jobs: int, progress: bool) -> dict[str, runner.Run]:
    from tqdm import tqdm
    bar = tqdm(total=len(paths), desc=values["period"], unit="page", disable=not progress, leave=False)
    with bar, ThreadPoolExecutor(max_workers=max(jobs, 1)) as pool:
        under_way = {pool.submit(runner.execute, path, values): step
                     for step, path in reversed(paths.items())}  # the forecast takes longest, so it starts first
        render.warm()  # while the first kernels start
        for done in as_completed(under_way):
            bar.update()
            bar.set_postfix_str(under_way[done])
    ended = {step: done for done, step in under_way.items()}
    return {step: ended[step].result() for step in paths}


def _each_cause_once(failures: Sequence[runner.Failure]) -> list[str]:
    """A line a cause: where several notebooks stopped at the same one, the first tells it."""
    causes: dict[str, list[runner.Failure]] = {}
    for failure in failures:
        causes.setdefault(failure.cause, []).append(failure)
    return [f"{alike[0]}{f' (and {len(alike) - 1} more notebooks)' if len(alike) > 1 else ''}"
            for alike in causes.values()]


def _build(stage: Path, period: str, facts: Facts, rows: pd.DataFrame, books: dict,
           finish) -> tuple[dict, pd.DataFrame]:
    """Writes pages, notebooks, workbook, manifest and index into the stage; the manifest and all checks come back."""
    import nbformat
    (stage / "notebooks").mkdir()
    for step, book in books.items():
        failed = rows[rows["state"] == "failed"]
        broken = [row.check if row.page == step else f"{row.check} (page {row.page})" for row in failed.itertuples()]
        text = render.page(book, step, list(books), facts.company, month_name(period), broken)
        (stage / render.file(step)).write_bytes(text.encode("utf-8", "replace"))
        (stage / "notebooks" / f"{step}.ipynb").write_bytes((nbformat.writes(book) + "\n").encode("utf-8", "replace"))
    publish.bind(stage)
    more = [{"page": "close"} | row for row in (finish(stage, facts) if finish else [])]
    rows = pd.concat([rows, pd.DataFrame(more, columns=rows.columns)], ignore_index=True) if more else rows
    told = index.manifest(stage, period, facts, rows, books)
    index.write(stage, told)
    return told, rows


def _failed(target: Path, period: str, failures: list[str]) -> Result:
    """Leaves the last good pages as they are and marks the index."""
    target.mkdir(parents=True, exist_ok=True)
    path = index.write(target, index.read(target, period), failures)
    return Result("failed", path, error="\n".join(failures))


def _swap(stage: Path, target: Path) -> None:
    """Puts the stage in the target's place; files that no run made (a reader's own) move along."""
    old = target.with_name(f".{target.name}.old")
    if target.exists():
        made = {*index.read(target, "").get("files", {}), "index.html", "manifest.json"}
        own = [path for path in target.rglob("*") if path.is_file() and path.relative_to(target).as_posix() not in made]
        for path in own:
            kept = stage / path.relative_to(target)
            if not kept.exists():
                kept.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(path, kept)
    try:
        folders.put(stage, target, old)
    except OSError as stop:
        raise InputError(str(target), f"cannot be replaced ({stop.strerror})", "a folder no program holds open",
                         "close its files and run again") from stop


def _restore(target: Path) -> None:
    """Puts back the good pack where a run was killed between two renames, and clears what killed runs left."""
    old = target.with_name(f".{target.name}.old")
    if index.is_pack(old) and not target.exists():
        old.rename(target)
    elif index.is_pack(old):
        shutil.rmtree(old, ignore_errors=True)
    for folder in target.parent.glob(f".{target.name}{MAKING}*"):
        if time.time() - folder.stat().st_mtime > LEFT_OVER:
            shutil.rmtree(folder, ignore_errors=True)
