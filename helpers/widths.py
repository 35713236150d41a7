"""How wide must a band be?  Multiples of a line's own deviation, by the length of its history and months ahead.

    deviation, months → settle → deviation          pulled towards the usual one, the more the shorter the history
    months, horizon → multiples → of 80 and 95 %     from data/forecast_widths.csv, which helpers.widths_fit writes

In theory 1.28 and 1.96; in truth more, because misses within the history are of a method that has seen it.
"""

import csv
from functools import cache
from pathlib import Path

import numpy as np

TABLE = Path(__file__).resolve().parent.parent / "data" / "forecast_widths.csv"
LEVELS = (80, 95)  # percent
COLUMNS = ("months", "ahead", "wide_80", "wide_95")
USUAL = 0.07  # of a line's size: median one-month deviation of the lines the widths are fitted on
WORTH = 8  # months of history that the usual deviation counts as
NEW = 0.15  # the same below 13 months, where season and trend are still within the deviation
NEW_WORTH = 4


def settle(deviation: np.ndarray, months: int) -> np.ndarray:
    """Deviations (months ahead, lines) of histories of 13 months or more, as a weighted geometric mean with USUAL.

    The first month's ratio moves all months ahead.  A deviation of 0 stays: that line repeats itself to the digit.
    """
    first = deviation[:1]
    ratio = np.divide(USUAL, first, out=np.ones_like(first), where=first > 0)
    return deviation * ratio ** (WORTH / (months + WORTH))


def settle_new(variance: np.ndarray, months: int) -> np.ndarray:
    """Deviations of shorter histories, from variances: the mean with NEW squared, so that a single month has one too."""
    return np.sqrt((months * variance + NEW_WORTH * NEW**2) / (months + NEW_WORTH))


def multiples(months: int, horizon: int) -> np.ndarray:
    """Of the deviation (LEVELS, months ahead); between the table's rows by the logarithm of months, and by month ahead."""
    lengths, steps, wide = _table()
    here = [[np.interp(np.log(months), np.log(lengths), column) for column in level] for level in wide]
    return np.array([np.interp(np.arange(1, horizon + 1), steps, level) for level in here])


@cache
def _table() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Months of history, months ahead, and the multiples (LEVELS, months ahead, months of history)."""
    with open(TABLE, encoding="utf-8", newline="") as file:
        rows = [[float(row[name]) for name in COLUMNS] for row in csv.DictReader(file)]
    months, ahead, *wide = np.array(rows).T
    lengths, steps = np.unique(months), np.unique(ahead)
    return lengths, steps, np.array(wide).reshape(len(LEVELS), len(lengths), len(steps)).transpose(0, 2, 1)
