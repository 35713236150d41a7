"""How does a line go on if recent months count most?  Exponential smoothing over a grid, weighted by fit.

    values, structures → smooth → Paths       each structure's forecast, its score, and how its misses grow
    scores → weigh → weights, 0..1            better fit with fewer constants weighs more

No fitting: every structure on the grid is run, and none is picked.  All are one recursion: a structure without trend has
a trend of damping 0, one without season a season of share 0, so that lines and structures are columns of one array.
Arrays are months × structures × lines, in units of the line's own size or their logarithms.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np

SEASON = 12  # months
BACK = 48  # months that the recursion runs back over to find the states a line began with
DAMP = 0.6  # of the evidence an AICc claims: its structures are alike, and misses are not independent
TINY = 1e-12  # of a line's own size, squared: below it a miss is rounding
ALPHAS = (0.03, 0.1, 0.2, 0.35, 0.55, 0.8)  # share of a miss that the level takes up
STEADY = ((0.0, 0.0),)  # (share of the level's change that the trend takes up, damping a month): no trend
DAMPED = (*STEADY, (0.02, 0.9), (0.2, 0.9), (0.1, 0.97))
TRENDED = (*DAMPED, (0.02, 1.0), (0.2, 1.0))
GAMMAS = (0.02, 0.1, 0.3)  # share of a miss, after the level, that the month's season takes up


class Structures(NamedTuple):
    """The constants of each structure: arrays of (structures, 1).  `parameters` counts constants and first states."""

    level: np.ndarray
    trend: np.ndarray
    damping: np.ndarray
    season: np.ndarray
    seasonal: np.ndarray
    parameters: np.ndarray


class States(NamedTuple):
    """Level and trend (structures, lines), the trend damped for the month to come; season (12, structures, lines)."""

    level: np.ndarray
    trend: np.ndarray
    season: np.ndarray


class Paths(NamedTuple):
    """Forecasts and the variance of their misses (months ahead, structures, lines); scores (structures, lines)."""

    ahead: np.ndarray
    variance: np.ndarray
    scores: np.ndarray


@lru_cache
def structures(trends: Sequence[tuple[float, float]], gammas: Sequence[float] = ()) -> Structures:
    """Every level's share with every trend; with every season's share where `gammas` are given, else without season."""
    rows = [(alpha, alpha * beta, damping, gamma * (1 - alpha), bool(gammas),
             2 + 2 * (damping > 0) + (0 < damping < 1) + SEASON * bool(gammas))
            for alpha in ALPHAS for beta, damping in trends for gamma in gammas or (0.0,)]
    return Structures(*np.array(rows, dtype=float).T[:, :, None])


def smooth(values: np.ndarray, grid: Structures, horizon: int) -> Paths:
    """Every structure of the grid carried forward from values (lines, months)."""
    columns = values.T[:, None, :]
    misses, end = recur(columns, grid, begin(columns, grid))
    return Paths(carry(grid, end, len(columns), horizon), spread(misses, grid, horizon),
                 score(misses, grid.parameters))


def recur(values: np.ndarray, grid: Structures, start: States) -> tuple[np.ndarray, States]:
    """One-step misses (months, structures, lines) and the states after the last month; values (months, 1, lines).

    In error-correction form: level += share of the miss, trend += its share, season of the month += its share.
    """
    level, trend, season = (state.copy() for state in start)
    misses = np.empty((len(values), *level.shape))
    share, seasonal = np.empty_like(level), bool(grid.seasonal.any())
    for month, value in enumerate(values):
        level += trend
        miss = np.subtract(value, level, out=misses[month])
        if seasonal:
            turn = season[month % SEASON]
            miss -= turn
            turn += np.multiply(grid.season, miss, out=share)
        level += np.multiply(grid.level, miss, out=share)
        trend += np.multiply(grid.trend, miss, out=share)
        trend *= grid.damping
    return misses, States(level, trend, season)


def begin(values: np.ndarray, grid: Structures) -> States:
    """The states before the first month: those that the recursion ends in when it runs backwards to it."""
    back = values[:BACK][::-1]
    span, _, lines = back.shape
    season = pattern(back) * grid.seasonal
    head = back[:SEASON] - season[:min(span, SEASON)]
    flat = np.zeros((len(grid.level), lines))
    _, end = recur(back, grid, States(head.mean(0) + flat, flat, season + flat))
    return States(end.level + end.trend, -end.trend, end.season[(span - 1 - np.arange(SEASON)) % SEASON])


def pattern(values: np.ndarray) -> np.ndarray:
    """Season of the first two years (12, 1, lines): means by month around their straight line; 0 below two years."""
    if len(values) < 2 * SEASON:
        return np.zeros((SEASON, *values.shape[1:]))
    years = values[:2 * SEASON].reshape(2, SEASON, *values.shape[1:])
    growth = (years[1].mean(0) - years[0].mean(0)) / SEASON
    months = years.mean(0) - growth * np.arange(SEASON)[:, None, None]
    return months - months.mean(0)


def carry(grid: Structures, end: States, months: int, horizon: int) -> np.ndarray:
    """Forecasts (months ahead, structures, lines) from the states after so many months."""
    steps = np.arange(horizon)
    reach = np.cumsum(grid.damping ** steps[:, None, None], axis=0)
    return end.level + reach * end.trend + end.season[(months + steps) % SEASON]


def spread(misses: np.ndarray, grid: Structures, horizon: int) -> np.ndarray:
    """Variance of the miss so many months ahead: that of one month, and what each miss leaves in level and trend."""
    steps = np.arange(1, horizon)[:, None, None]
    left = grid.level + grid.trend * np.cumsum(grid.damping ** steps, axis=0)
    growth = np.concatenate([np.ones((1, *grid.level.shape)), 1 + np.cumsum(left**2, axis=0)])
    return growth * np.mean(misses**2, axis=0)


def score(misses: np.ndarray, parameters: np.ndarray) -> np.ndarray:
    """AICc of each structure (structures, lines), lower is better; misses of the same months for all."""
    months = len(misses)
    cost = 2 * parameters * months / np.maximum(months - parameters - 1, 0.5)
    return months * np.log(np.mean(misses**2, axis=0) + TINY) + cost


def weigh(scores: np.ndarray, damp: float = DAMP) -> np.ndarray:
    """Weights (structures, lines) that add up to 1 for each line: exp of half the score, damped."""
    weights = np.exp(-0.5 * damp * (scores - scores.min(axis=0)))
    return weights / weights.sum(axis=0)


def average(paths: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Paths (months ahead, structures, lines) as one for each line: (months ahead, lines)."""
    return np.einsum("hsl,sl->hl", paths, weights)
