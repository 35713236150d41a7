"""How wide would bands have had to be?  The widths of data/forecast_widths.csv from lines whose future is known.

    python -m helpers.widths_fit lines.parquet     train and test: lists of months a line, oldest first

A line is cut to each length of history, ending at each of several months; a width is the multiple of the line's
deviation that so many percent of the months ahead lie within.  Fit on lines that no method was chosen on.
"""

import csv
import sys
from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from helpers import ensemble, widths

LENGTHS = (1, 2, 3, 6, 12, 13, 16, 20, 24, 30, 36, 48, 60, 90, 120)  # months of history
ENDS = (0, 3, 6)  # months before the last known one that a history is made to end at
AHEAD = {1: (1, 1), 3: (2, 4), 6: (5, 8), 12: (9, 14), 18: (15, 18)}  # months ahead of a row: those it is fitted on
HORIZON = 18


def fit(lines: Iterable[Sequence[float]]) -> list[dict]:
    """One row a length of history and month ahead: both, wide_80, wide_95; a line is history and future in one."""
    wholes = [np.asarray(line, dtype=float) for line in lines]
    return [row for months in LENGTHS for row in _widths(months, cut(wholes, months))]


def cut(wholes: Sequence[np.ndarray], months: int) -> np.ndarray:
    """Histories with their futures (cuts, months + HORIZON), from all lines that are long enough."""
    span = months + HORIZON
    cuts = [whole[len(whole) - end - span:len(whole) - end] for end in ENDS for whole in wholes if len(whole) >= end + span]
    return np.array(cuts)


def _widths(months: int, cuts: np.ndarray) -> list[dict]:
    reaches = ensemble.reaches(cuts[:, :months], cuts[:, months:])
    shares = [level / 100 for level in widths.LEVELS]
    wide = {ahead: np.nanquantile(reaches[:, first - 1:last], shares) for ahead, (first, last) in AHEAD.items()}
    return [dict(zip(widths.COLUMNS, (months, ahead, *(f"{share:.3f}" for share in pair)), strict=True))
            for ahead, pair in wide.items()]


def main(path: str) -> None:
    lines = pd.read_parquet(path, columns=["train", "test"], partitioning=None)
    rows = fit([*train, *test] for train, test in zip(lines["train"], lines["test"], strict=True))
    with open(widths.TABLE, "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, widths.COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    main(*sys.argv[1:])
