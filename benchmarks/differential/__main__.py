"""Does another version of the program say the same?  Small random companies run by an old commit and by this tree.

    python -m benchmarks.differential COMMIT [--companies 200] [--seed 1] [--jobs 2] [--expect FILE]
                                          [--pages] [--out FOLDER]

Every table of every company is compared, cell by cell; renames.csv beside this module says what an old table or column
is called now, and FILE (table, column, reason) what may differ.  Exit status 1 where anything else does.
It guards moves of modules and names: run it before and after, out of the everyday tests.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.differential import outputs
from benchmarks.differential.company.draw import later
from benchmarks.differential.company.make import make
from benchmarks.differential.company.traits import Company

ROOT = Path(__file__).resolve().parents[2]
WORKER = Path(__file__).with_name("worker.py")
UNDER = ".cache/differential"  # where the companies lie in each tree
MAP = {name: f"data/mapping/{name}.csv" for name in ("rules", "services", "providers")}
WITHOUT = "charge-tax"  # a rule that closed months do not have, so that the map has changed since
REFUSALS = ["InputError", "StepError"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs both and tells what differs."""
    asked = parser().parse_args(arguments)
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as aside:
        root = Path(aside).resolve()
        trees = {"old": old_tree(asked.commit, root / "old"), "new": new_tree(root / "new")}
        try:
            numbers = asked.only or range(1, asked.companies + 1)
            companies = made(list(trees.values()), numbers, asked.seed)
            run(trees, companies, root, asked.jobs, asked.pages)
        finally:
            if asked.commit:
                subprocess.run(["git", "worktree", "remove", "--force", str(root / "old")], cwd=ROOT, check=True)
        if asked.out:
            for name in trees:
                shutil.copytree(root / f"out-{name}", Path(asked.out) / name)
        found = outputs.compared(root / "out-old", root / "out-new", outputs.renames(), outputs.expected(asked.expect),
                                 asked.pages)
        lines = outputs.told(found, outputs.coverage(root / "out-new", companies))
    print("\n".join(lines))
    print(f"{len(companies)} companies, {time.perf_counter() - start:.0f} seconds")
    return int(any(not one.expected for one in found))


def parser() -> argparse.ArgumentParser:
    """What the command takes."""
    top = argparse.ArgumentParser(prog="python -m benchmarks.differential", description=__doc__.splitlines()[0])
    top.add_argument("commit", help="the old commit")
    for name, default in (("companies", 200), ("seed", 1), ("jobs", 2)):
        top.add_argument(f"--{name}", type=int, default=default)
    top.add_argument("--expect", metavar="FILE", help="CSV of what may differ: table, column, reason")
    top.add_argument("--only", type=int, nargs="*", metavar="N", help="these companies alone, by number")
    top.add_argument("--out", metavar="FOLDER", help="a new folder that keeps what both wrote, as old and new")
    top.add_argument("--pages", action="store_true", help="what notebooks show is run and compared too")
    return top


def old_tree(commit: str, place: Path) -> Path:
    """The commit in a folder of its own."""
    subprocess.run(["git", "worktree", "add", "--quiet", "--detach", str(place), commit], cwd=ROOT, check=True)
    return place


def new_tree(place: Path) -> Path:
    """This tree as it lies here, committed or not, but for what git ignores."""
    listed = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, check=True,
                            capture_output=True, text=True).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, place / name)
    return place


def made(trees: Sequence[Path], numbers: Sequence[int], seed: int) -> list[Company]:
    """The same companies in each tree."""
    found: list[Company] = []
    for tree in trees:
        found = [make(seed, number, tree / UNDER, UNDER) for number in numbers]
    return found


def run(trees: dict[str, Path], companies: Sequence[Company], root: Path, jobs: int, pages: bool) -> None:
    """Both trees over all companies, some at a time; what they publish lies in root/out-old and root/out-new."""
    shares = [companies[place::max(1, jobs // 2)] for place in range(max(1, jobs // 2))]
    work = [(name, tree, share, place) for place, share in enumerate(shares) for name, tree in trees.items()]
    with ThreadPoolExecutor(max(jobs, 1)) as pool:
        for done in pool.map(lambda job: _worker(*job, root=root, pages=pages), work):
            if done:
                raise SystemExit(done)


def _worker(name: str, tree: Path, companies: Sequence[Company], place: int, root: Path, pages: bool) -> str:
    """One process over some companies; "" or why it stopped."""
    plan = {"package": "helpers", "pages": pages, "refusals": REFUSALS, "out": str(root / f"out-{name}"),
            "companies": [_of_plan(company) for company in companies]}
    path = root / f"plan-{name}-{place}.json"
    path.write_text(json.dumps(plan), encoding="utf-8")
    ended = subprocess.run([sys.executable, "-P", str(WORKER), str(path)], cwd=tree, env=_environment(tree),
                           capture_output=True, text=True)
    return f"{name}: {ended.stderr.strip().splitlines()[-1]}" if ended.returncode else ""


def _environment(tree: Path) -> dict[str, str]:
    import os
    return {**os.environ, "PYTHONPATH": str(tree), "OMP_NUM_THREADS": "1", "MPLBACKEND": "agg"}


def _of_plan(company: Company) -> dict:
    folder = f"{UNDER}/{company.name}"
    months = [{"period": company.period, "close": False}]
    if company.closed:
        settings = {"cost_basis": "amortised", "currency": company.currency}
        months.insert(0, {"period": later(company.period, -1), "close": True, "map": MAP, "without": WITHOUT,
                          "parameters": settings})
    return {"name": company.name, "params": f"{folder}/params.yaml", "kept": f"{folder}/kept", "months": months}


if __name__ == "__main__":
    sys.exit(main())
