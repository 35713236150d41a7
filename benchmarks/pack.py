"""How much does a month's pack cost above the bare minimum?  One run measures both and prints the ratio.

    pack: python -m helpers report 2026-09, the demo month, into a folder of its own
    bare: as many notebooks, run by the same runner on as many threads, that start a kernel and import what the usual
          first cell of a notebook imports (pandas, matplotlib.pyplot, statsmodels.api), and no more

Both are whole processes, taken in turn after one unmeasured run of each (compiled files, the cube's cache).
Exit status 1 where the median pack takes more than LIMIT times the median bare run.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from helpers.batch import STEPS

LIMIT = 1.5  # times the bare run
ROOT = Path(__file__).parent.parent
IMPORTS = "import matplotlib.pyplot as plt\nimport pandas as pd\nimport statsmodels.api as sm"


def run_bare(folder: Path, count: int, jobs: int) -> None:
    """Runs `count` notebooks that only import."""
    from helpers import runner
    runner.warm()
    import nbformat
    v4 = nbformat.v4
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    paths = [folder / f"bare_{place}.ipynb" for place in range(count)]
    for path in paths:
        nbformat.write(v4.new_notebook(cells=[v4.new_code_cell(IMPORTS)], metadata=kernel), path)
    with ThreadPoolExecutor(jobs) as pool:
        ended = list(pool.map(lambda path: runner.execute(path, {}), paths))
    failures = [str(run.failure) for run in ended if run.failure]
    if failures:
        raise SystemExit("\n".join(failures))


def seconds(command: list[str]) -> float:
    """How long the command takes; a failure of it ends the benchmark."""
    start = time.perf_counter()
    done = subprocess.run([sys.executable, *command], cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {done.returncode}\n{done.stdout}{done.stderr}")
    return time.perf_counter() - start


def measure(period: str, runs: int, count: int, jobs: int) -> tuple[list[float], list[float]]:
    """Seconds of each pack and of each bare run, taken in turn."""
    with tempfile.TemporaryDirectory() as folder:
        pack = ["-m", "helpers", "report", period, "--out", folder]
        bare = ["-m", "benchmarks.pack", "--bare", folder, "--count", str(count), "--jobs", str(jobs)]
        pairs = [(seconds(pack), seconds(bare)) for _ in range(runs + 1)][1:]
    return [first for first, _ in pairs], [second for _, second in pairs]


def main() -> int:
    """Measures and prints; 0 within the limit, else 1."""
    ask = argparse.ArgumentParser(description="Time of a month's pack over that of as many bare notebooks.")
    ask.add_argument("period", nargs="?", default="2026-09")
    ask.add_argument("--runs", type=int, default=5)
    ask.add_argument("--count", type=int, default=len(STEPS), help="bare notebooks (default: as many as pages)")
    ask.add_argument("--jobs", type=int, default=2)
    ask.add_argument("--bare", metavar="FOLDER", help=argparse.SUPPRESS)
    given = ask.parse_args()
    if given.bare:
        run_bare(Path(given.bare), given.count, given.jobs)
        return 0
    packs, bares = measure(given.period, given.runs, given.count, given.jobs)
    for name, times in (("pack", packs), ("bare", bares)):
        print(f"{name}  median {statistics.median(times):5.2f} s   of {'  '.join(f'{one:.2f}' for one in times)}")
    ratio = statistics.median(packs) / statistics.median(bares)
    print(f"ratio {ratio:.2f}, limit {LIMIT}")
    return 0 if ratio <= LIMIT else 1


if __name__ == "__main__":
    raise SystemExit(main())
