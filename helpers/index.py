"""How does the month stand?  The overview page, made from the manifest alone, so that a failed run can mark it.

    facts, checks, pages, tables → manifest → index.html
"""

import importlib.metadata
import json
import platform
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd

from helpers import checks, house, page, program, publish, render, seals
from helpers.periods import month_name

PACKAGES = ("papermill", "pandas", "duckdb", "pyarrow", "statsmodels", "matplotlib", "nbconvert", "jinja2", "pydantic",
            "xlsxwriter")
STATES = {"failed": ("failed check", "failed checks"), "finding": ("finding", "findings"),
          "ok": ("check ok", "checks ok")}  # one, many


@dataclass(frozen=True)
class Facts:
    """What the caller knows of the month: who, which parameters and inputs, what the memory says."""

    company: str = ""
    currency: str = "USD"
    parameters: Mapping = field(default_factory=dict)
    inputs: pd.DataFrame = field(default_factory=pd.DataFrame)  # a row an input, given or not; sha256 is not shown
    notes: tuple[str, ...] = ()
    strict: bool = False
    cube: str = ""  # name of the cost cube among what is kept between runs
    notebooks: Mapping[str, bool] = field(default_factory=dict)  # whether each is as shipped


def manifest(folder: Path, period: str, facts: Facts, rows: pd.DataFrame, notebooks: Mapping[str, object]) -> dict:
    """What the run used and made; `made` is the only clock of a pack."""
    return {
        "period": period, "company": facts.company, "currency": facts.currency,
        "state": checks.worst(rows, facts.strict), "strict": facts.strict,
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "parameters": facts.parameters, "inputs": _records(facts.inputs), "cube": facts.cube, "notes": list(facts.notes),
        "workbook": program.told(), "notebooks_as_shipped": dict(facts.notebooks), "versions": _versions(),
        "pages": [_page(step, book, rows) for step, book in notebooks.items()],
        "checks": _records(rows), "tables": _tables(folder), "files": seals.sealed(folder),
    }


def write(folder: Path, told: Mapping, failures: Iterable[str] = ()) -> Path:
    """Writes index.html and manifest.json; failures stand in a banner, over what the last good run made."""
    failures = list(failures)
    kept = {**told, "failed_run": failures} if failures else dict(told)
    path = folder / "index.html"
    path.write_bytes(_html(told, failures).encode("utf-8", "replace"))
    text = json.dumps(kept, indent=1, ensure_ascii=False, default=str) + "\n"
    (folder / "manifest.json").write_bytes(text.encode("utf-8", "replace"))
    return path


def read(folder: Path, period: str) -> dict:
    """The manifest of the last good run, or one that holds no page."""
    nothing = {name: [] for name in ("pages", "checks", "inputs", "notes", "tables")}
    blank = {"period": period, "company": "", "currency": "", "strict": False, **nothing, "files": {}}
    if not is_pack(folder):
        return blank
    told = json.loads((folder / "manifest.json").read_text("utf-8"))
    told.pop("failed_run", None)
    return told | {name: value for name, value in blank.items() if name not in told}


def is_pack(folder: Path) -> bool:
    """Whether the folder has the manifest of a month's run."""
    try:
        told = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(told, dict) and "period" in told and "files" in told


def verdict(rows: pd.DataFrame, currency: str, strict: bool) -> str:
    """The month in one sentence: failed, findings with the largest, or all well."""
    ordered = page.by_state(rows)
    failed, found = ordered[ordered["state"] == "failed"], ordered[ordered["state"] == "finding"]
    if len(failed):
        more = f" and {len(failed) - 1} more" if len(failed) > 1 else ""
        return f"Do not rely on this month yet: {_name(failed.iloc[0])}{more} failed."
    if not len(found):
        return f"Every check holds ({len(rows)}), and nothing waits for a person."
    first, owner = found.iloc[0], house.words(found.iloc[0]["owner"])
    amount = f" ({currency} {house.number(first['amount'])}{f', {owner}' if owner else ''})" if first["amount"] else ""
    count = f"{len(found)} finding{'s' * (len(found) > 1)} wait{'s' * (len(found) == 1)} for a person"
    hard = ", and the strict setting makes that a failure" if strict else ""
    return f"Every sum holds; {count}{hard}: the largest is {_name(first)}{amount}."


def _name(check: pd.Series) -> str:
    return f"\u201c{house.words(check['check'])}\u201d"


def _html(told: Mapping, failures: list[str]) -> str:
    rows, month = _frame(told["checks"]), month_name(told["period"])
    who = " \u00b7 ".join(part for part in (house.words(told["company"]), month) if part)
    inputs = _gathered(pd.DataFrame(told["inputs"]).drop(columns=["sha256", "hash"], errors="ignore"))
    return render.index(
        title=f"Month pack \u00b7 {who}", who=who, foot=f"{who} \u00b7 what was used and made is in manifest.json",
        links=render.links([step["step"] for step in told["pages"]], "index"),
        heading=f"The technology cost of {month}",
        failures=[house.words(failure) for failure in failures], pages=told["pages"], notes=told["notes"],
        verdict=verdict(rows, told["currency"], told["strict"]) if len(rows) else "",
        counts=[(state if _number(rows, state) else "none", _count(rows, state)) for state in STATES],
        waiting=_checks(rows[rows["state"] != "ok"], told), holding=_checks(rows[rows["state"] == "ok"], told),
        inputs=page.table(inputs, "What went in", unit="", total=(), by=None, rows=100).html if len(inputs) else "",
        tables=[{**table, "size": f"{table['rows']:,} row{'s' * (table['rows'] != 1)}"} for table in told["tables"]],
    )


def _gathered(inputs: pd.DataFrame) -> pd.DataFrame:
    """Files of one input that fared alike as one row with their number; the manifest lists each."""
    keys = [name for name in inputs.columns if name != "file"]
    if not keys or "file" not in inputs:
        return inputs
    alike = inputs.groupby(keys, sort=False, dropna=False)["file"].agg(list).reset_index()
    named = [files[0] if len(files) == 1 else f"{len(files)} files, {files[0]} to {files[-1]}"
             for files in alike["file"]]
    return alike.assign(file=named)[list(inputs.columns)]


def _checks(rows: pd.DataFrame, told: Mapping) -> str:
    titled = rows.assign(page=[render.title(step) for step in rows["page"]])
    return page.checks(titled, told["currency"]).html if len(rows) else ""


def _number(rows: pd.DataFrame, state: str) -> int:
    return int((rows["state"] == state).sum())


def _count(rows: pd.DataFrame, state: str) -> str:
    count = _number(rows, state)
    return f"{count} {STATES[state][count != 1]}"


def _page(step: str, notebook, rows: pd.DataFrame) -> dict:
    own = rows[rows["page"] == step]
    return {"step": step, "title": render.title(step), "file": render.file(step), "answer": render.answer(notebook),
            "tally": page.tally(own), "state": checks.worst(own) if len(own) else "ok"}


def _tables(folder: Path) -> list[dict]:
    import pyarrow.parquet as parquet
    paths = sorted((folder / "tables").glob("*.parquet"))
    return [{"name": path.stem, "rows": parquet.read_metadata(path).num_rows, "csv": f"tables/{path.stem}.csv",
             "parquet": f"tables/{path.stem}.parquet"} for path in paths]


def _frame(records: list[dict]) -> pd.DataFrame:
    """The checks of a manifest with their amounts exact again."""
    return pd.DataFrame([publish.with_amounts(row) for row in records], columns=["page", *checks.COLUMNS], dtype=object)


def _records(frame: pd.DataFrame) -> list[dict]:
    return [{str(name): publish.plain(value) for name, value in row.items()} for row in frame.to_dict("records")]


def _versions() -> dict[str, str]:
    return {"python": platform.python_version(), **{name: importlib.metadata.version(name) for name in PACKAGES}}
