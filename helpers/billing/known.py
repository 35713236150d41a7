"""What is known of each file?  Its kind, its totals, the decimals it needs: surveyed once, kept by its content.

    paths → know → Known      one a billing file; a FOCUS dataset that is no bill comes back as a table
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from helpers import cache
from helpers.billing import datasets, keep, reading, survey
from helpers.billing.shapes import literal
from helpers.billing.sources import Source, Word, open_source
from helpers.errors import InputError
from helpers.problems import InputErrors, as_one

UNIT_KEYS = [*survey.UNIT, "BillingCurrency", "InvoiceId", "Basis"]


@dataclass(frozen=True)
class Known:
    """A billing file after its survey."""

    source: Source
    totals: Path  # parquet: one row a bill, currency, day, service, …
    scales: Mapping[str, int]
    longest: int  # decimals of its doubles, where not all are kept; else 0
    constants: Sequence[Mapping[str, str | None]]  # a query: texts that are the same in all rows, and their value

    def units(self) -> pd.DataFrame:
        """What the file holds of each bill, by currency, invoice and basis seen."""
        return cache.restore(self.totals.with_name("units.parquet")).assign(file=self.source.name)


class Knowledge:
    """The surveys of a run's files: kept ones restored, the others made, those of one shape at once."""

    def __init__(self, paths: Mapping[str, Path], prints: Mapping[str, str], words: Mapping[str, Word], folder: Path,
                 engine):
        self.paths, self.folder, self.engine = paths, folder, engine
        self.words = words
        self.keys = {name: "survey-" + keep.key_of(prints[name], "".join(path.suffixes).lower(), vars(words[name]))
                     for name, path in paths.items()}

    def know(self) -> tuple[dict[str, Known], dict[str, pd.DataFrame]]:
        """Every bill by name, and the tables of datasets; raises InputError, a line a file, where some cannot be read."""
        problems: list[InputError] = []
        fresh = [name for name, key in self.keys.items() if not (self.folder / key).is_dir()]
        sources: dict[str, Source] = {}
        for name in fresh:
            with _noted(problems):
                reading.check_packed(self.paths[name])
                sources[name] = open_source(self.paths[name], self.words[name], self.engine())
        for group in reading.alike(list(sources.values())):
            with _noted(problems):
                self._survey(group)
        if problems:
            problems = list({str(problem): problem for problem in problems}.values())  # each cause once
            raise as_one(problems)
        every = {name: self._restore(name) for name in self.paths}
        bills = {name: one for name, one in every.items() if not one.source.dataset}
        if not bills:
            raise InputError(next(iter(every)), f"{every[next(iter(every))].source.label} and no bill",
                             "at least one cost and usage file", "add it to inputs.billing")
        beside: dict[str, list[pd.DataFrame]] = {}
        for name, one in every.items():
            if one.source.dataset:
                beside.setdefault(one.source.dataset, []).append(cache.restore(one.totals).assign(file=name))
        return bills, {name: pd.concat(tables, ignore_index=True) for name, tables in beside.items()}

    def _survey(self, group: list[Source]) -> None:
        """Surveys files of one shape at once; where that fails one by one, so that the error names its file."""
        try:
            with reading.told(group):
                self._make(group)
        except InputError:
            if len(group) == 1:
                raise
            problems: list[InputError] = []
            for source in group:
                with _noted(problems):
                    self._survey([source])
            if problems:
                raise as_one(problems) from None

    def _make(self, group: list[Source]) -> None:
        engine = self.engine()
        if group[0].dataset:
            for source in group:
                table = datasets.read(source, engine)
                keep.made(self.folder, self.keys[source.name], lambda aside, source=source, table=table: (
                    cache.write(table, aside / "totals.parquet"), _about(source, survey.Found(None, {}, 0, {}), aside)))
            return
        found = survey.survey(group, engine)
        for source in group:
            columns = ", ".join([*survey.KEYS, "billing_period", "billing_day", "service_day", *survey.AMOUNTS,
                                 "line_count"])
            rows = f"FROM survey_all WHERE file = {literal(source.path)}"
            units = ", ".join(UNIT_KEYS)
            keep.made(self.folder, self.keys[source.name], lambda aside, source=source, rows=rows: (
                engine.write(f"SELECT {columns} {rows} ORDER BY ALL", aside / "totals.parquet"),
                engine.write(f"SELECT {units}, {_SUMS} {rows} GROUP BY {units} ORDER BY {units}",
                             aside / "units.parquet"),
                _about(source, found, aside)))

    def _restore(self, name: str) -> Known:
        kept = self.folder / self.keys[name]
        try:
            about = json.loads((kept / "about.json").read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise cache.damaged(kept) from error
        source = Source.restored(self.paths[name], name, about["source"], self.words[name])
        return Known(source, kept / "totals.parquet", about["scales"], about["longest"],
                     about["constants"])


_SUMS = "CAST(sum(line_count) AS BIGINT) AS line_count, " + ", ".join(
    f"sum({name}) AS {name}" for name in survey.AMOUNTS)


def _about(source: Source, found: survey.Found, aside: Path) -> None:
    text = json.dumps({"source": source.described(), "scales": found.scales, "longest": found.longest,
                       "constants": found.constants.get(str(source.path), [])}, ensure_ascii=False)
    (aside / "about.json").write_text(text, encoding="utf-8")


class _noted:  # noqa: N801  (reads as what it does: with _noted(problems): …)
    """Notes InputErrors of its block instead of raising them."""

    def __init__(self, problems: list[InputError]):
        self.problems = problems

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind, error, trace) -> bool:
        if isinstance(error, InputErrors):
            self.problems += error.problems
        elif isinstance(error, InputError):
            self.problems.append(error)
        return isinstance(error, InputError)
