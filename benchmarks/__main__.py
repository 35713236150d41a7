"""Is it fast enough?  Every benchmark in turn, each with its ratios and limits.

    python -m benchmarks     exit status 0 when every ratio is within its limit
"""

import subprocess
import sys
from pathlib import Path

ALL = ("benchmarks.pack", "benchmarks.rules", "benchmarks.ledger", "benchmarks.charges", "benchmarks.tco", "benchmarks.forecast", "benchmarks.statements", "benchmarks.cube")


def main() -> int:
    """Runs each in a process of its own; 1 where any is over a limit."""
    root = Path(__file__).parent.parent
    return int(any([subprocess.run([sys.executable, "-m", name], cwd=root).returncode for name in ALL]))


if __name__ == "__main__":
    raise SystemExit(main())
