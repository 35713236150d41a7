"""Does another version of the program say the same?  Small random companies run by an old commit and by this tree.

    python -m benchmarks.differential COMMIT [--companies 200] [--seed 1] [--jobs 2] [--expect FILE]
                                          [--only N N …] [--steps chargeback,tco] [--pages] [--out FOLDER]

    companies (company), trees (trees) → worker → tables of both → outputs → differences, coverage → lines

Every table of every company is compared, cell by cell; renames.csv beside this module says what an old table or column
is called now, and FILE (table, column, reason; * is any) what may differ.  Exit status 1 where anything else does.
It guards moves of modules and names: run it before and after, out of the everyday tests.
"""

import argparse
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.differential import coverage, outputs, trees
from benchmarks.differential.company.tables import write_csv


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs both and tells what differs."""
    asked = parser().parse_args(arguments)
    start, allowed, renamed = time.perf_counter(), outputs.expected(asked.expect), outputs.renames()
    if asked.out and Path(asked.out).exists():
        raise SystemExit(f"{asked.out}: it is there already; expected a new folder; name another")
    with tempfile.TemporaryDirectory() as aside:
        root = Path(aside).resolve()
        sides = {"old": trees.old(asked.commit, root / "old"), "new": trees.new(root / "new")}
        companies = trees.settled(sides.values(), asked.only or range(1, asked.companies + 1), asked.seed)
        trees.run(sides, companies, root, asked.jobs, asked.pages, [*filter(None, asked.steps.split(","))])
        found = outputs.compared(root / "out-old", root / "out-new", renamed, allowed, asked.pages)
        if asked.out:
            _keep(Path(asked.out), root, found)
        lines = [*outputs.told(found), *coverage.told(companies, root / "new" / trees.UNDER, root / "out-new")]
    print("\n".join(lines))
    took, used = time.perf_counter() - start, sum(os.times()[:4])
    print(f"{len(companies)} companies, {took:.0f} seconds ({used:.0f} of processors, what was started included)")
    return int(any(not one.expected for one in found))


def _keep(folder: Path, root: Path, found: Sequence[outputs.Difference]) -> None:
    """What both sides wrote, and every difference, in a folder that stays."""
    for name in ("old", "new"):
        shutil.copytree(root / f"out-{name}", folder / name)
    write_csv(folder / "differences.csv", [one._asdict() for one in found])


def parser() -> argparse.ArgumentParser:
    """What the command takes."""
    top = argparse.ArgumentParser(prog="python -m benchmarks.differential", description=__doc__.splitlines()[0])
    top.add_argument("commit", help="the old commit")
    for name, default in (("companies", 200), ("seed", 1), ("jobs", 2)):
        top.add_argument(f"--{name}", type=int, default=default)
    top.add_argument("--expect", metavar="FILE", help="CSV of what may differ: table, column, reason")
    top.add_argument("--only", type=int, nargs="+", metavar="N", help="these companies alone, by number")
    top.add_argument("--steps", default="", metavar="NAMES", help="notebooks that are run, such as chargeback,tco")
    top.add_argument("--out", metavar="FOLDER", help="a new folder that keeps what both wrote, and differences.csv")
    top.add_argument("--pages", action="store_true", help="what notebooks show is run and compared too")
    return top


if __name__ == "__main__":
    sys.exit(main())
