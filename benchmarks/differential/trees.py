"""How do two versions run the same companies?  Each in a folder of its own, by worker processes of its own.

    commit → old, this folder → new → trees            settled: the companies lie in each
    trees, companies → run → root/out-old, root/out-new, by company and month
"""

import io
import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.differential.company.draw import later
from benchmarks.differential.company.make import make
from benchmarks.differential.company.traits import Company

ROOT = Path(__file__).resolve().parents[2]
WORKER = Path(__file__).with_name("worker.py")
UNDER = ".cache/differential"  # where the companies lie in each tree
MAPPING = "data/mapping/rules.csv"  # in both trees
WITHOUT = "charge-tax"  # the rule of it that closed months do not have, so that the map has changed since
REFUSALS = ["InputError", "StepError"]


def old(commit: str, place: Path) -> Path:
    """The commit in a folder of its own."""
    packed = subprocess.run(["git", "archive", "--format=zip", "-0", commit], cwd=ROOT, capture_output=True)
    if packed.returncode:
        raise SystemExit(f"{commit}: {packed.stderr.decode(errors='replace').strip()}; expected a commit; see git log")
    zipfile.ZipFile(io.BytesIO(packed.stdout)).extractall(place)
    return place


def new(place: Path) -> Path:
    """This tree as it lies here, committed or not, but for what git ignores."""
    listed = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT,
                            check=True, capture_output=True).stdout
    for name in filter(None, os.fsdecode(listed).split("\0")):
        if (ROOT / name).is_file():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, place / name)
    return place


def settled(trees: Iterable[Path], numbers: Sequence[int], seed: int) -> list[Company]:
    """The companies of those numbers, the same in each tree."""
    found: list[Company] = []
    for tree in trees:
        found = [make(seed, number, tree / UNDER, UNDER) for number in numbers]
    return found


def run(trees: Mapping[str, Path], companies: Sequence[Company], root: Path, jobs: int, pages: bool,
        steps: Sequence[str] = ()) -> None:
    """Both trees over all companies, some at a time; what they publish lies in root/out-old and root/out-new.

    steps: the notebooks that are run, all where none is named.
    """
    parts = min(max(1, jobs // 2), max(1, len(companies)))
    work = [(name, tree, companies[place::parts], place) for place in range(parts) for name, tree in trees.items()]
    with ThreadPoolExecutor(max(jobs, 1)) as pool:
        stopped = [*filter(None, pool.map(lambda job: _worker(*job, root=root, pages=pages, steps=steps), work))]
    if stopped:
        raise SystemExit("\n".join(stopped))
    if not all(any((root / f"out-{name}").glob("*/*/tables/*.csv")) for name in trees):
        raise SystemExit("a version published no table of any company: nothing was compared")


def _worker(name: str, tree: Path, companies: Sequence[Company], place: int, root: Path, pages: bool,
            steps: Sequence[str]) -> str:
    """One process over some companies; "" or why it stopped, and at which."""
    plan = {"package": "helpers", "pages": pages, "refusals": REFUSALS, "out": str(root / f"out-{name}"),
            "mapping": MAPPING, "without": WITHOUT, "steps": [*steps],
            "companies": [_of_plan(company) for company in companies]}
    path = root / f"plan-{name}-{place}.json"
    path.write_text(json.dumps(plan), encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(tree), "OMP_NUM_THREADS": "1", "MPLBACKEND": "agg"}
    ended = subprocess.run([sys.executable, "-P", str(WORKER), str(path)], cwd=tree, env=environment,
                           capture_output=True, text=True)
    if not ended.returncode:
        return ""
    after = (ended.stdout.splitlines() or ["no company"])[-1]
    return f"{name}: stopped after {after}: {(ended.stderr.strip().splitlines() or [f'exit {ended.returncode}'])[-1]}"


def _of_plan(company: Company) -> dict:
    return {"name": company.name, "folder": f"{UNDER}/{company.name}", "period": company.period,
            "closes": later(company.period, -1) if company.closed else ""}
