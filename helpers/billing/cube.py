"""The cost cube: what every bill says at the grain that the next steps need, made once and kept.

    files, what is asked → load → Cube     lines (month grain), days, files (what each holds, what became of it),
                                           kept_out (lines delivered twice), datasets (invoices, billing periods, …)

Files are looked at in two passes apart from each other: the survey (totals by day, what each file holds) and the lines;
each month's lines are kept by the content of the files they come from, so that a changed file makes its months anew.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from uuid import uuid4

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from helpers import cache
from helpers.billing import files, keep, manifests, overlaps, reading
from helpers.billing.deliveries import Deliveries
from helpers.billing.duck import Duck
from helpers.billing.known import Knowledge, Known
from helpers.billing.months import LINE_AMOUNTS, LINE_KEYS, OUT_KEYS, Months
from helpers.billing.sources import Word, unreadable, word_of
from helpers.billing.survey import UNIT
from helpers.errors import InputError
from helpers.problems import Problems, shown

BLOCKS = [*UNIT, "service_day", "file", "twin"]


@dataclass(frozen=True)
class Asked:
    """How bills are to be read: what the parameters say of files, which tag keys count, and the engine."""

    words: tuple[Word, ...] = ()
    tag_keys: tuple[str, ...] = ()  # none: all tags are kept
    engine: str = "duckdb"
    memory: str = "3GB"
    master: str = "local[*]"  # of Spark
    storage: tuple[tuple[str, str], ...] = ()  # folder: address of the same files in object storage, for Spark
    afresh: bool = False  # read every file's content again, whatever its size and time


@dataclass(frozen=True)
class Cube:
    """The cost cube: `lines` to work on, `files` to prove it, `kept_out` for what was delivered twice.

    Billed and effective cost are Decimal; the other amounts of the lines are decimals as Arrow has them.
    """

    lines: pd.DataFrame
    files: pd.DataFrame
    kept_out: pd.DataFrame
    datasets: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    place: Path | None = None
    repeats: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=overlaps.COLUMNS))

    @cached_property
    def days(self) -> pd.DataFrame:
        """Totals by day, service and charge category; read when they are asked for."""
        return cache.restore(self.place / "days.parquet") if self.place else pd.DataFrame(
            columns=[*files.DAY_KEYS, *MONEY])


def load(paths: Sequence[Path], folder: Path, asked: Asked = Asked()) -> Cube:  # noqa: B008  (never changed)
    """The cube of the billing files; from the folder where the files' content and this code are unchanged."""
    build = Build(paths, folder, asked)
    try:
        with keep.proving(build.check_unchanged):
            kept = keep.made(folder, f"cube-{build.key}", build.write)
    finally:
        build.close()
    return restored(kept)


def restored(kept: Path) -> Cube:
    """The cube in a folder that `load` filled."""
    beside = {file.stem.removeprefix("dataset-").replace("_", " "): cache.restore(file)
              for file in sorted(kept.glob("dataset-*.parquet"))}
    return Cube(_restored(kept, "lines", LINE_KEYS), cache.restore(kept / "files.parquet"),
                _restored(kept, "kept_out", OUT_KEYS), beside, kept, cache.restore(kept / "repeats.parquet"))


def _restored(kept: Path, name: str, keys: Sequence[str]) -> pd.DataFrame:
    """The lines or what is kept out: one table where there are few, else the months' parts one after the other."""
    whole = kept / f"{name}.parquet"
    tables = [cache.restore(file, exact=MONEY) for file in ([whole] if whole.exists() else _parts(kept, name))]
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=[*keys, *LINE_AMOUNTS, "line_count"])


def _join(kept: Path, name: str, keys: Sequence[str]) -> None:
    """Where there are few lines, puts the months' parts together, in the order of their keys: one file is read faster."""
    parts = _parts(kept, name)
    if not parts or sum(pq.read_metadata(part).num_rows for part in parts) > FEW:
        return
    whole = pa.concat_tables(_of_one_scale([pq.read_table(part, partitioning=None) for part in parts]))
    pq.write_table(whole.take(pc.sort_indices(whole, [(key, "ascending") for key in keys])), kept / f"{name}.parquet")
    for part in parts:
        part.unlink()


def _of_one_scale(tables: Sequence[pa.Table]) -> list[pa.Table]:
    """The tables with each amount at the most decimals that any has, and room for sums of them."""
    first = tables[0].schema
    scales = {name: max(table.schema.field(name).type.scale for table in tables)
              for name in first.names if pa.types.is_decimal(first.field(name).type)}
    schema = pa.schema([pa.field(name, pa.decimal256(76, scales[name]) if name in scales else first.field(name).type)
                        for name in first.names])
    return [table.cast(schema) for table in tables]


def _parts(kept: Path, name: str) -> list[Path]:
    return sorted(kept.glob(f"*/{name}-*.parquet"))


FEW = 200_000  # lines; of more each month and format keeps its own order
MONEY = ("BilledCost", "EffectiveCost")  # the amounts that the next steps count with


def engine_of(asked: Asked, files: Sequence[Path], folder: Path, spill: str):
    """The engine that the parameters choose, for these files; the folder is its own to write to."""
    if asked.engine == "duckdb":
        return Duck(asked.memory, files, folder, spill)
    from helpers.billing.spark import Spark

    return Spark(asked.master, dict(asked.storage), files)


def spill() -> str:
    """The name of a folder for what an engine has no memory for; no two engines share one."""
    return f"{keep.ASIDE}spill-{uuid4().hex}"


class Build:
    """One loading: what is read is kept in the folder, step by step; what is there already is not read again."""

    def __init__(self, paths: Sequence[Path], folder: Path, asked: Asked):
        self.folder, self.asked = folder, asked
        self.paths = {shown(path): path for path in sorted(set(paths))}
        _check_names(self.paths)
        try:
            self.states = {name: cache.state(path) for name, path in self.paths.items()}  # first, so that a change shows
            prints = cache.fingerprints(list(self.paths.values()), folder, asked.afresh)
        except OSError as error:
            raise unreadable(Path(error.filename or next(iter(self.paths.values()))), error) from error
        self.prints = dict(zip(self.paths, prints, strict=True))
        self.words = {name: word_of(name, asked.words) for name in self.paths}
        self.key = keep.key_of("cube", self.prints, {name: vars(word) for name, word in self.words.items()},
                               manifests.prints(self.paths.values()), asked.tag_keys)
        self._engine = None

    def engine(self):
        """What reads the bills, opened when something must be read."""
        if self._engine is None:
            self._engine = engine_of(self.asked, list(self.paths.values()), self.folder, spill())
        return self._engine

    def close(self) -> None:
        """Lets the engine go."""
        if self._engine is not None:
            self._engine.close()

    def write(self, aside: Path) -> None:
        """The whole cube into a folder; what is not kept yet is read."""
        keep.clear(self.folder)
        bills, beside = Knowledge(self.paths, self.prints, self.words, self.folder, self.engine).know()
        with reading.told([one.source for one in bills.values()]):
            self._write_bills(bills, aside)
        for name, table in beside.items():
            cache.write(table, aside / f"dataset-{name.replace(' ', '_')}.parquet")

    def _write_bills(self, bills: Mapping[str, Known], aside: Path) -> None:
        roles, blocks, repeats = self._decide(bills)
        cache.write(repeats, aside / "repeats.parquet")
        months = Months(bills, self.prints, roles, blocks, self.folder, self.asked.tag_keys, self.engine).build()
        with Duck(self.asked.memory, (), self.folder, spill()) as local:  # what is kept lies here, whatever engine read the bills
            files.keep(bills, roles, blocks, local)
            local.write(files.table(), aside / "files.parquet")
            local.write(files.days(), aside / "days.parquet")
        for month, folder in months.items():
            (aside / month).mkdir()
            for part in folder.glob("*.parquet"):
                _link(part, aside / month / part.name)
        _join(aside, "lines", LINE_KEYS)
        _join(aside, "kept_out", OUT_KEYS)

    def _decide(self, bills: Mapping[str, Known]) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
        """The role of each file in each bill, the days kept out of parts, and charges that parts share besides."""
        sources = {name: one.source for name, one in bills.items()}
        units = pd.concat([one.units() for one in bills.values()], ignore_index=True) if bills else pd.DataFrame(
            columns=[*UNIT, "file"])
        _check_rows(sources, units)
        found = Deliveries(
            sources, self.prints, units, {name: manifests.delivery_of(source) for name, source in sources.items()},
            lambda names, amounts: overlaps.kept(
                [sources[name] for name in names], amounts, self.folder, [self.prints[name] for name in names], self.engine),
            lambda *pair: overlaps.same_lines([sources[name] for name in pair],
                                              {name: bills[name].scales for name in pair}, self.asked.tag_keys,
                                              self.engine()))
        roles = found.roles()
        _check_whole(found.deliveries, roles)
        blocks = _blocks(found.blocks, bills)
        return roles, blocks, _repeats(found.blocks, blocks)

    def check_unchanged(self) -> None:
        """Raises InputError where a file is no longer what was hashed."""
        for name, path in self.paths.items():
            try:
                same = cache.state(path) == self.states[name]
            except OSError:
                same = False
            if not same:
                raise keep.changed(name)


def _check_names(names: Iterable[str]) -> None:
    for name in names:
        told = name.encode("utf-8", "replace").decode("utf-8")
        if told != name:
            raise InputError(told, "a file name that is not UTF-8", "names in UTF-8", "rename the file")


def _check_rows(sources: Mapping, units: pd.DataFrame) -> None:
    """A file without a row is refused, unless it is a numbered part beside others that have some."""
    filled = {manifests.delivery_of(sources[name]).key for name in set(units["file"])}
    for name in sorted(set(sources) - set(units["file"])):
        if manifests.delivery_of(sources[name]).key not in filled:
            raise InputError(name, "a header and no rows", "at least one row",
                             "export the file again or take it out of inputs.billing")


def _blocks(pairs: Sequence[Mapping], bills: Mapping[str, Known]) -> pd.DataFrame:
    """The days of a file whose every charge stands in another part as well; the other keeps them."""
    rows = []
    counts = {}
    for pair in pairs:
        for one, other in ((pair["file"], pair["other"]), (pair["other"], pair["file"])):
            if one not in counts:
                counts[one] = _by_day(bills[one])
            day = tuple(pair[name] for name in BLOCKS[:4])
            taken = {(row["file"], row["twin"]) for row in rows if tuple(row[name] for name in BLOCKS[:4]) == day}
            if pair["rows"] >= counts[one].get(day, 0) and not any(one in names for names in taken):
                rows.append({**{name: pair[name] for name in BLOCKS[:4]}, "file": one, "twin": other})
                break
    return pd.DataFrame(rows, columns=BLOCKS)


def _repeats(pairs: Sequence[Mapping], blocks: pd.DataFrame) -> pd.DataFrame:
    """Charges that stand in two parts, on days that are not kept out as a whole: both count, and a person should look."""
    out = {tuple(row[name] for name in BLOCKS[:4]) for row in blocks.to_dict("records")}
    rows = [pair for pair in pairs if tuple(pair[name] for name in BLOCKS[:4]) not in out]
    return pd.DataFrame(rows, columns=overlaps.COLUMNS).astype({"rows": "int64"})


def _check_whole(deliveries: Mapping[str, manifests.Delivery], roles: pd.DataFrame) -> None:
    """Every file that a manifest lists is at hand, where one of them counts: a bill read in part is no bill."""
    problems = Problems()
    counted = {name: deliveries[name] for name in sorted(set(roles.loc[roles["role"] == "read", "file"]))}
    for key in dict.fromkeys(one.key for one in counted.values() if one.names):
        here = {name.rpartition("/")[2].lower() for name, one in deliveries.items() if one.key == key}
        first = next(name for name, one in counted.items() if one.key == key)
        gone = [name for name in counted[first].names if name.strip().rpartition("/")[2].lower() not in here]
        if gone:
            problems.add(first, f"{counted[first].how} lists {gone[0].strip()} as well, which is not there",
                         "every file of the delivery", "add it to inputs.billing", len(gone) - 1)
    problems.stop()


def _by_day(bill: Known) -> dict[tuple, int]:
    """A file's rows by bill and day."""
    totals = pd.read_parquet(bill.totals, columns=[*BLOCKS[:4], "line_count"], partitioning=None)
    return {day: int(count) for day, count in totals.groupby(BLOCKS[:4])["line_count"].sum().items()}


def _link(part: Path, target: Path) -> None:
    """The part in the cube's folder without a second copy of it, where the disk can."""
    try:
        target.hardlink_to(part)
    except OSError:
        target.write_bytes(part.read_bytes())
