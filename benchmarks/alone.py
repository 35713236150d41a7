"""How is a benchmark measured by itself?  In a process of its own, whose peak is its own.

    main of a benchmark → measured → exit status: of the process started, or, in it, of what it measures
"""

import argparse
import resource
import subprocess
import sys
from collections.abc import Callable


def measured(name: str, about: str, measure: Callable[[], int]) -> int:
    """The exit status of `measure`, run by `python -m <name> --alone`."""
    asked = argparse.ArgumentParser(description=about.splitlines()[0])
    asked.add_argument("--alone", action="store_true", help=argparse.SUPPRESS)
    return measure() if asked.parse_args().alone else subprocess.run([sys.executable, "-m", name, "--alone"]).returncode


def peak() -> float:
    """The most memory this process has held, in GB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
