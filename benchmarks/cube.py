"""What does the cost cube cost above the bare minimum?  One run measures both and prints the ratios.

    bare:  one DuckDB query with the same memory, over the same columns, grouped to the same grain with the same exact
           sums, into parquet; once before the cube and once after it
    cube:  helpers.billing.load into an empty folder: bill → cube, and timed apart from it hashing, control totals (the
           survey, files and days), the search for duplicates, and the cube's reading back into memory
    again: the same load once more: what it costs where nothing changed, with every engine forbidden

    python -m benchmarks.cube                      10 million rows of parquet in four parts, a million of CSV
    python -m benchmarks.cube --rows 100           100 million
    python -m benchmarks.cube --scale --runs 1     1, 10 and 100 million, and how the time grows

Each is a process of its own, on two cores; a turn gives a ratio, and of the turns the median counts.  Beside it stands
the ratio of processor time, which other work on the machine disturbs less.  Bare and cube must come to as many lines
and the same sums, to the last digit.  Exit status 1 where a figure is over its limit.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from benchmarks import bills
from benchmarks.bills import AMOUNTS, Bill
from helpers import billing
from helpers.billing import cube as loading
from helpers.billing import months

ROOT = Path(__file__).parent.parent
CUBE = {"parquet": 1.3, "csv": 1.5}  # bill → cube, times the bare query
ENOUGH = 10  # million rows of parquet from which that is asked; of fewer there is a line for every other row
AGAIN = 1.0  # second run, seconds beyond start-up
PEAK = 4.0  # memory of any process, GB
GROWTH = 1.0  # time from the fewest rows to the most, times what it would be by the row
SCALE = (1, 10, 100)
GB = 1024 ** 3
EXACT = pa.decimal128(38, 18)
KEYS = ("ProviderName", "PublisherName", "InvoiceIssuerName", "BillingAccountId", "SubAccountId", "SubAccountName",
        "InvoiceId", "ServiceName", "ServiceCategory", "ServiceSubcategory", "ChargeCategory", "ChargeClass",
        "CommitmentDiscountId", "CommitmentDiscountStatus", "Tags", "BillingCurrency", "ConsumedUnit")
TIMES = ("BillingPeriodStart", "ChargePeriodStart", "ChargePeriodEnd")


@dataclass(frozen=True)
class Work:
    """What a process is given to do."""

    step: str
    kind: str
    money: str
    memory: str
    folder: str
    paths: Sequence[str]


def bare(work: Work) -> dict:
    """The query that a cube cannot do without."""
    out = Path(work.folder, "bare.parquet")
    with timed("bare query") as took, duckdb.connect() as engine:
        for name, value in {"TimeZone": "UTC", "memory_limit": work.memory, "temp_directory": f"{work.folder}/spill",
                            "preserve_insertion_order": False}.items():
            engine.execute(f"SET {name} = '{value}'")
        engine.execute(f"COPY ({grouped(work)}) TO '{out}' (FORMAT parquet, COMPRESSION snappy)")
    return {"took": took, "holds": held(pq.read_table(out))}


def grouped(work: Work) -> str:
    """SELECT of the cube's grain: its texts, the months of bill and charge, exact sums."""
    doubles = work.kind == "parquet" and work.money == "double"
    sums = ", ".join(f"sum({f'CAST(CAST({name} AS VARCHAR) AS DECIMAL(38, 18))' if doubles else name}) AS {name}"
                     for name in AMOUNTS)
    return (f"SELECT {', '.join(KEYS)}, coalesce(SkuMeter, ChargeDescription) AS SkuMeter, "
            "date_trunc('month', BillingPeriodStart) AS billing_period, "
            "date_trunc('month', ChargePeriodStart) AS service_period, "
            f"{sums}, sum(date_diff('second', ChargePeriodStart, ChargePeriodEnd)) AS seconds, count(*) AS line_count "
            f"FROM {relation(work)} GROUP BY ALL")


def relation(work: Work) -> str:
    """The files, a CSV's amounts as decimals and its ids as texts."""
    if work.kind == "parquet":
        return f"read_parquet({list(work.paths)})"
    with open(work.paths[0], encoding="utf-8") as file:
        names = file.readline().rstrip("\n").split(",")
    kinds = {**dict.fromkeys(names, "VARCHAR"), **dict.fromkeys((*TIMES, "BillingPeriodEnd"), "TIMESTAMP"),
             **dict.fromkeys(AMOUNTS, bills.MONEY["decimal"])}
    return f"read_csv({list(work.paths)}, header = true, columns = {kinds})"


def held(lines: pa.Table | pd.DataFrame) -> dict:
    """How many lines there are, the rows they come from, and their sums to the last digit."""
    exact = {name: pc.sum(pa.array(lines[name]).cast(EXACT)).as_py() for name in AMOUNTS}
    return {"lines": len(lines), "rows": int(pc.sum(pa.array(lines["line_count"])).as_py()),
            **{name: f"{amount:f}" for name, amount in exact.items()}}


def cube(work: Work) -> dict:
    """A load into an empty folder, each step timed."""
    steps = [noting(loading.Build, "__init__", "hashing"), noting(loading.Build, "_decide", "duplicates"),
             noting(months.Months, "build", "bill → cube"), noting(loading.Build, "write", "written")]
    took, made = load(work, "whole")
    for step in steps:
        took |= step
    took["reading back"] = less(took["whole"], took["written"], took["hashing"])
    took["control totals"] = less(took.pop("written"), took["duplicates"], took["bill → cube"])
    return {"took": took, "holds": held(made.lines)}


@contextmanager
def timed(name: str) -> Iterator[dict[str, list[float]]]:
    """Notes under the name what its block takes: seconds, and seconds of processor."""
    took: dict[str, list[float]] = {}
    start = [time.perf_counter(), time.process_time()]
    yield took
    took[name] = less([time.perf_counter(), time.process_time()], start)


def less(whole: Sequence[float], *parts: Sequence[float]) -> list[float]:
    """What is left of times where parts of them are taken away."""
    return [one - sum(others) for one, *others in zip(whole, *parts, strict=True)]


def added(one: Sequence[float], two: Sequence[float], times: float = 1.0) -> list[float]:
    """The sum of times, or a multiple of it."""
    return [times * sum(pair) for pair in zip(one, two, strict=True)]


def noting(owner: type, method: str, name: str) -> dict[str, list[float]]:
    """Has the method note in what is returned how long it takes."""
    plain, noted = getattr(owner, method), {}

    def noticed(*given, **named):
        with timed(name) as took:
            result = plain(*given, **named)
        noted.update(took)
        return result

    setattr(owner, method, noticed)
    return noted


def load(work: Work, name: str) -> tuple[dict[str, list[float]], billing.Cube]:
    """How long a load takes, its code imported before, and the cube."""
    asked = billing.Asked(tag_keys=bills.TAG_KEYS, memory=work.memory)
    with timed(name) as took:
        made = billing.load([Path(path) for path in work.paths], Path(work.folder), asked)
    return took, made


def again(work: Work) -> dict:
    """A load of what did not change: with no engine to read files with, and no file of the bill opened."""
    def engine(*_, **__):
        raise AssertionError("a second run on unchanged files started an engine")

    def opened(event: str, given: tuple) -> None:
        if event == "open" and str(given[0]) in work.paths:
            raise AssertionError(f"a second run on unchanged files opened {given[0]}")

    duckdb.connect = engine
    sys.addaudithook(opened)
    return {"took": load(work, "second run")[0]}


STEPS = {"bare": bare, "cube": cube, "after": bare, "again": again}


def process(work: Work) -> dict:
    """What a process of its own says of the work, with its peak of memory in GB; its failure ends the benchmark."""
    with tempfile.TemporaryFile("w+") as said:
        begun = subprocess.Popen([sys.executable, "-m", "benchmarks.cube", "--work", json.dumps(vars(work))], cwd=ROOT,
                                 stdout=said, stderr=subprocess.STDOUT)
        _, status, used = os.wait4(begun.pid, 0)
        begun.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        text = said.read()
    if begun.returncode:
        raise SystemExit(f"{work.step} ended with {begun.returncode}\n{text}")
    unit = 1 if sys.platform == "darwin" else 1024
    return {**json.loads(text.splitlines()[-1]), "peak": used.ru_maxrss * unit / GB}


def measure(bill: Bill, place: Path, runs: int, memory: str) -> list[dict[str, dict]]:
    """What each turn's processes say, by step."""
    paths = [str(path) for path in bills.made_apart(bill, place)]
    for path in paths:  # once through, so that the disk weighs on nobody
        with open(path, "rb") as file:
            while file.read(1 << 24):
                pass
    turns = []
    for _ in range(runs):
        folder = tempfile.mkdtemp(prefix=".turn-", dir=place)
        try:
            turns.append({step: process(Work(step, bill.kind, bill.money, memory, folder, paths)) for step in STEPS})
        finally:
            shutil.rmtree(folder)
        if turns[-1]["cube"]["holds"] != turns[-1]["bare"]["holds"]:
            raise SystemExit(f"cube {turns[-1]['cube']['holds']}\nbare {turns[-1]['bare']['holds']}")
    return turns


class Told:
    """What is printed, and how many figures are over their limits."""

    def __init__(self):
        self.over = 0

    def times(self, name: str, times: Sequence[Sequence[float]]) -> None:
        """A step's median, in seconds and in seconds of processor, and the seconds of each turn."""
        wall, processor = ([turn[clock] for turn in times] for clock in (0, 1))
        turns = "  ".join(f"{one:.2f}" for one in wall)
        print(f"  {name:<28} {median(wall):8.2f} s    processor {median(processor):7.2f} s    of {turns}")

    def limit(self, name: str, value: float, limit: float | None, beside: str = "") -> None:
        """A figure beside its limit, where there is one."""
        over = limit is not None and value > limit
        self.over += over
        words = "no limit" if limit is None else f"limit {limit}{' OVER' if over else ''}"
        print(f"  {name:<28} {value:8.2f}      {words:<14} {beside}".rstrip())


def tell(told: Told, bill: Bill, turns: Sequence[Mapping[str, Mapping]]) -> float:
    """Prints a bill's figures; the median of whole loads."""
    holds = turns[0]["cube"]["holds"]
    print(f"\n{bill.name}: {holds['rows']:,} rows → {holds['lines']:,} lines, billed {holds['BilledCost']} both ways")
    bare_ones = [added(turn["bare"]["took"]["bare query"], turn["after"]["took"]["bare query"], 0.5) for turn in turns]
    steps = {name: [turn["cube"]["took"][name] for turn in turns] for name in turns[0]["cube"]["took"]}
    told.times("bare query", bare_ones)
    for name in ("bill → cube", "control totals", "duplicates", "hashing", "reading back", "whole"):
        told.times(name, steps[name])
    beside = [added(*both) for both in zip(steps["control totals"], steps["duplicates"], strict=True)]
    for name, times in (("bill → cube", steps["bill → cube"]), ("totals and duplicates", beside)):
        wall, processor = (median([one[clock] / other[clock] for one, other in zip(times, bare_ones, strict=True)])
                           for clock in (0, 1))
        limit = CUBE[bill.kind] if bill.kind == "csv" or bill.millions >= ENOUGH else None
        told.limit(f"{name} / bare", wall, limit, f"by processor {processor:.2f}")
    told.limit("second run, s", median([turn["again"]["took"]["second run"][0] for turn in turns]), AGAIN)
    for step in ("bare", "cube", "again"):
        told.limit(f"peak memory of {step}, GB", max(turn[step]["peak"] for turn in turns), PEAK)
    return median([times[0] for times in steps["whole"]])


def grow(told: Told, wholes: Mapping[float, float]) -> None:
    """Prints how the time of a whole load grows, over how the rows do."""
    sizes = sorted(wholes)
    for fewer, more in zip(sizes, sizes[1:], strict=False):
        print(f"  from {fewer:g} to {more:g} million rows: {wholes[more] / wholes[fewer]:.1f} times the time")
    if len(sizes) > 1:
        told.limit("time / rows", wholes[sizes[-1]] / wholes[sizes[0]] / (sizes[-1] / sizes[0]), GROWTH)


def arguments() -> argparse.Namespace:
    """What the command line says."""
    ask = argparse.ArgumentParser(description="Time and memory of the cost cube over those of a bare query.")
    ask.add_argument("--rows", type=float, default=10, help="million rows of parquet")
    ask.add_argument("--scale", action="store_true", help="1, 10 and 100 million rows, and how the time grows")
    ask.add_argument("--csv", type=float, default=1, help="million rows of CSV; 0 for none")
    ask.add_argument("--parts", type=int, default=4, help="files the parquet bill comes in")
    ask.add_argument("--money", choices=sorted(bills.MONEY), default="decimal")
    ask.add_argument("--order", choices=sorted(bills.ORDERS), default="scattered", help="of the charges in a file")
    ask.add_argument("--daily", action="store_true", help="charges of a day, not of an hour")
    ask.add_argument("--resources", type=int, default=0, help="of the bill; else as many as its size has")
    ask.add_argument("--memory", default="3GB", help="of the engine")
    ask.add_argument("--cores", type=int, default=2)
    ask.add_argument("--runs", type=int, default=3)
    ask.add_argument("--folder", type=Path, help="where bills are kept for another time")
    ask.add_argument("--work", help=argparse.SUPPRESS)
    return ask.parse_args()


def main() -> int:
    """Measures and prints; 0 within the limits, else 1."""
    given = arguments()
    if given.work:
        work = Work(**json.loads(given.work))
        print(json.dumps(STEPS[work.step](work)))
        return 0
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:given.cores])
    told, wholes = Told(), {}
    with tempfile.TemporaryDirectory() as aside:
        place = (given.folder or Path(aside)).resolve()
        for millions in SCALE if given.scale else (given.rows,):
            bill = Bill(millions, "parquet", given.parts, given.money, given.order, given.daily, given.resources)
            wholes[millions] = tell(told, bill, measure(bill, place, given.runs, given.memory))
        grow(told, wholes)
        if given.csv:
            bill = Bill(given.csv, "csv", 1, given.money, given.order, given.daily, given.resources)
            tell(told, bill, measure(bill, place, given.runs, given.memory))
    return 1 if told.over else 0


if __name__ == "__main__":
    raise SystemExit(main())
