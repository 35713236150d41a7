"""What of a line comes back every year?  A profile that is trusted as far as years agree; ARIMA over a grid.

    values, lines × months → profile → lines × 12        amount of each month around its year, shrunk
    values, lines × months → arima → ahead, months × lines

Columns of a profile count from the end: column 0 is the month one after the last, a year before.
"""

from functools import lru_cache
from itertools import product
from typing import NamedTuple

import numpy as np

from helpers.smoothing import SEASON, average, score, weigh

YEARS = 10
FADE = 0.75  # weight of a year's profile against that of the year after it
TRUST = 0.7  # of a single year's profile, where no other year can confirm it
PHIS, THETAS, SEASONALS = (-0.3, 0.0, 0.3, 0.6), (0.0, -0.3, -0.6, -0.85), (0.0, 0.2, 0.5, 0.8)
SKIPPED = 1  # month: the first difference has nothing before it


class Models(NamedTuple):
    """Constants of each ARIMA, arrays of (models, 1): last change, last miss, the change a year ago."""

    change: np.ndarray
    miss: np.ndarray
    year: np.ndarray
    parameters: np.ndarray


def profile(values: np.ndarray) -> np.ndarray:
    """The line's season (lines, 12), mean 0, in the values' unit; 0 for a history of 12 months or less.

    Each year is taken around its own mean and slope; the years' mean, later ones weighing more, is multiplied by its
    reliability: 1 less the variance that chance alone gives such a mean, over the variance it has; never below 0.
    """
    lines, months = values.shape
    if months <= SEASON:
        return np.zeros((lines, SEASON))
    if months < 2 * SEASON:
        return TRUST * _single_year(values)
    years = _around(values)
    weights = FADE ** np.arange(years.shape[1] - 1, -1, -1.0)
    weights /= weights.sum()
    mean = np.einsum("y,lym->lm", weights, years)
    return mean * _reliability(years, mean, weights)[:, None]


def along(season: np.ndarray, first: int, months: int) -> np.ndarray:
    """The profile laid along months (lines, months) from `first`, where 0 is the first month ahead."""
    return season[:, (first + np.arange(months)) % SEASON]


def _single_year(values: np.ndarray) -> np.ndarray:
    """The last year around its mean and the slope that months a year apart show."""
    last = values[:, -SEASON:]
    apart = (values[:, SEASON:] - values[:, :-SEASON]).sum(axis=1) / SEASON**2  # no change in the months not seen
    return last - last.mean(axis=1, keepdims=True) - apart[:, None] * _centred()


def _around(values: np.ndarray) -> np.ndarray:
    """Whole years (lines, years, 12), counted from the end, each around its own mean and slope."""
    count = min(YEARS, values.shape[1] // SEASON)
    years = values[:, -count * SEASON:].reshape(len(values), count, SEASON)
    means = years.mean(axis=2)
    slopes = np.gradient(means, axis=1) / SEASON
    return years - means[:, :, None] - slopes[:, :, None] * _centred()


def _reliability(years: np.ndarray, mean: np.ndarray, weights: np.ndarray) -> np.ndarray:
    freedom = SEASON - 1
    noise = ((years - mean[:, None]) ** 2).sum(axis=(1, 2)) / ((len(weights) - 1) * freedom)
    by_chance, found = noise * (weights**2).sum(), (mean**2).sum(axis=1) / freedom
    return np.maximum(0.0, 1 - by_chance / np.maximum(found, np.finfo(float).tiny))


def _centred() -> np.ndarray:
    return np.arange(SEASON) - (SEASON - 1) / 2


def arima(values: np.ndarray, horizon: int) -> np.ndarray:
    """Forecast (months ahead, lines) of the changes by ARIMA (1,1,1)(1,0,0) over a grid, weighted by fit."""
    models = _models()
    changes = np.diff(values, axis=1).T[:, None, :]
    pulled = _pulled(changes, models)
    misses = np.empty_like(pulled)
    last = np.zeros(pulled.shape[1:])
    for month, known in enumerate(pulled):
        last = np.subtract(known, models.miss * last, out=misses[month])
    weights = weigh(score(misses[SKIPPED:], models.parameters))
    ahead = _carry(changes, last, models, horizon)
    return values[:, -1] + np.cumsum(average(ahead, weights), axis=0)


@lru_cache
def _models() -> Models:
    rows = [(phi, theta, year, 1 + sum(map(bool, (phi, theta, year))))
            for phi, theta, year in product(PHIS, THETAS, SEASONALS)]
    return Models(*np.array(rows, dtype=float).T[:, :, None])


def _pulled(changes: np.ndarray, models: Models) -> np.ndarray:
    """Changes less what those one, 12 and 13 months before explain (months, models, lines); 0 before the first."""
    padded = np.concatenate([np.zeros((SEASON + 1, *changes.shape[1:])), changes])
    one, year, both = (padded[SEASON + 1 - lag:len(padded) - lag] for lag in (1, SEASON, SEASON + 1))
    return changes - models.change * one - models.year * (year - models.change * both)


def _carry(changes: np.ndarray, last: np.ndarray, models: Models, horizon: int) -> np.ndarray:
    """The changes to come (months ahead, models, lines), all misses to come being 0."""
    before = np.zeros((SEASON + 1 + horizon, *last.shape))
    known = min(len(changes), SEASON + 1)
    before[SEASON + 1 - known:SEASON + 1] = changes[len(changes) - known:]
    for step in range(horizon):
        here = SEASON + 1 + step
        before[here] = (models.change * before[here - 1]
                        + models.year * (before[here - SEASON] - models.change * before[here - SEASON - 1]))
        if step == 0:
            before[here] += models.miss * last
    return before[SEASON + 1:]
