"""How do many short lines go on?  The mean of four ways to carry a line forward, with bands, for all lines at once.

    values, lines × months → forecast → Forecast    mean, bands of 80 and 95 %, the method used: lines × months ahead

A line is one row, oldest month first, NaN or 0 before it began.  What is done with it:
    13 months or more     the ensemble: see _members
    fewer                 "level": smoothing without trend or season
    6 last months all 0   "dead": 0, with no band to either side
    all the same          "constant": the same again, with no band to either side
    no month at all       "no history": 0
Logarithms are taken of lines with one sign throughout; lines with zeros or both signs stay as they are.  A line that
was never negative is not forecast below 0, one that was never positive (credits) not above.  A month missing between
two others lies on the straight line between them; one missing at the end is as the month before.
"""

from typing import NamedTuple

import numpy as np

from helpers import seasonal, smoothing, widths
from helpers.smoothing import DAMPED, GAMMAS, SEASON, STEADY, TRENDED, average, smooth, structures, weigh

ENSEMBLE, LEVEL, DEAD, CONSTANT, NONE = "ensemble", "level", "dead", "constant", "no history"
LONGEST = 120  # months: what is older makes forecasts no better
SEASONAL_FROM = 30  # months: before, smoothing of the season has too little to go by
DEAD_AFTER = 6  # months
HALF = 0.5  # of a line's long slope is carried on, as Theta does
SLOW = 24  # months of history at which a half of that is
BATCH = 64  # lines at a time: their arrays stay in the processor's cache
BEYOND = 2.0  # e-folds that a forecast may go beyond what a line has been


class Forecast(NamedTuple):
    """Arrays of (lines, months ahead) in the lines' own unit, and the method of each line."""

    mean: np.ndarray
    lower80: np.ndarray
    upper80: np.ndarray
    lower95: np.ndarray
    upper95: np.ndarray
    method: np.ndarray


class Batch(NamedTuple):
    """Lines of one length, each over its own size: `sizes` and `is_log` (lines,), `plain` and `logged` (lines, months)."""

    sizes: np.ndarray
    is_log: np.ndarray
    plain: np.ndarray
    logged: np.ndarray


def forecast(values: np.ndarray, horizon: int = 18) -> Forecast:
    """Every line carried `horizon` months forward; values (lines, months).  A line's forecast is by itself alone.

    Raises ValueError for values of another shape, an infinite value, or a horizon below 1.
    """
    values = np.asarray(values, dtype=float)
    _require(values, horizon)
    filled, lengths = _fill(values)
    methods = _methods(filled, lengths)
    paths = np.zeros((5, len(values), horizon))
    same = methods == CONSTANT
    paths[:, same] = filled[same, -1:]
    moving = np.isin(methods, (ENSEMBLE, LEVEL))
    for months in np.unique(lengths[moving]):
        for lines in _batches(np.flatnonzero(moving & (lengths == months))):
            batch = _over_size(filled[lines, -months:])
            paths[:, lines] = _in_unit(batch, *_carry(batch, horizon))
    return Forecast(*paths, methods)


def one_line(values, horizon: int) -> np.ndarray:
    """The same of one line: (months ahead, 5) with mean, lower 80, upper 80, lower 95, upper 95."""
    found = forecast(np.asarray(values, dtype=float)[None], horizon)
    return np.stack([path[0] for path in found[:5]], axis=1)


def reaches(values: np.ndarray, actual: np.ndarray) -> np.ndarray:
    """How many of its own deviations each month of `actual` (lines, months ahead) lies from the forecast.

    Lines have one length and no gaps; NaN for those that are dead, constant or at 0 where logarithms are taken.
    """
    found = np.full(actual.shape, np.nan)
    moving = np.flatnonzero(np.isin(_methods(values, np.full(len(values), values.shape[1])), (ENSEMBLE, LEVEL)))
    for lines in _batches(moving):
        batch = _over_size(values[lines])
        mean, deviation = _carry(batch, actual.shape[1])
        with np.errstate(divide="ignore", invalid="ignore"):
            plain = (actual[lines] / batch.sizes[:, None]).T
            miss = np.where(batch.is_log, np.log(plain / mean), plain - mean)
            found[lines] = (np.abs(miss) / deviation).T
    return np.where(np.isfinite(found), found, np.nan)


def _require(values: np.ndarray, horizon: int) -> None:
    if values.ndim != 2:
        raise ValueError(f"values: shape {values.shape}; expected (lines, months)")
    if np.isinf(values).any():
        raise ValueError(f"values: line {int(np.isinf(values).any(axis=1).argmax())} has an infinite value")
    if horizon < 1:
        raise ValueError(f"horizon: {horizon}; expected a month or more")


def _fill(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The last LONGEST months without gaps (0 before a line begins), and how many months each line has had."""
    values = values[:, -LONGEST:].copy()
    known = ~np.isnan(values)
    months = np.arange(values.shape[1])
    for line in np.flatnonzero(~known.all(axis=1) & known.any(axis=1)):
        here = np.flatnonzero(known[line])
        values[line] = np.interp(months, here, values[line, here], left=0.0)
    values[~known.any(axis=1)] = 0.0
    begun = np.logical_or.accumulate(values != 0, axis=1).sum(axis=1)
    return values, np.where(begun > 0, begun, known.any(axis=1))


def _methods(values: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """The method of each line; lengths in months."""
    ages = np.arange(values.shape[1], 0, -1)
    same = ((values == values[:, -1:]) | (ages > lengths[:, None])).all(axis=1)
    dead = (values[:, -DEAD_AFTER:] == 0).all(axis=1)
    return np.select([lengths == 0, dead, same & (lengths > SEASON), lengths <= SEASON],
                     [NONE, DEAD, CONSTANT, LEVEL], ENSEMBLE).astype(object)


def _batches(lines: np.ndarray) -> list[np.ndarray]:
    return np.split(lines, range(BATCH, len(lines), BATCH)) if len(lines) else []


def _over_size(values: np.ndarray) -> Batch:
    """Lines over their mean size, and lines of credits turned over, so that every line of one sign is positive."""
    sizes = np.abs(values).mean(axis=1) * np.where((values <= 0).all(axis=1), -1, 1)
    plain = values / sizes[:, None]
    is_log = (plain > 0).all(axis=1)
    return Batch(sizes, is_log, plain, np.log(plain, out=plain.copy(), where=is_log[:, None]))


def _carry(batch: Batch, horizon: int) -> tuple[np.ndarray, np.ndarray]:
    """Mean and deviation (months ahead, lines), over the lines' sizes; the deviation of logarithms where taken."""
    members, deviation = (_members if batch.plain.shape[1] > SEASON else _level)(batch, horizon)
    mean = np.mean(members, axis=0)
    lowest, highest = np.exp(_limits(batch))
    held = np.where(batch.is_log, np.clip(mean, lowest, highest), np.where(_never_negative(batch), np.maximum(mean, 0), mean))
    return held, deviation


def _level(batch: Batch, horizon: int) -> tuple[list[np.ndarray], np.ndarray]:
    paths = smooth(batch.logged, structures(STEADY), horizon)
    weights = weigh(paths.scores)
    deviation = widths.settle_new(average(paths.variance, weights), batch.plain.shape[1])
    return [_unlog(batch, average(paths.ahead, weights))], deviation


def _members(batch: Batch, horizon: int) -> tuple[list[np.ndarray], np.ndarray]:
    """What the mean is of (months ahead, lines), and the deviation of a miss: of logarithms where they are taken.

    1 and 2  season's profile and half the long slope taken out, damped smoothing of the rest; counts twice
    3        the same by ARIMA
    4        without logarithms, profile taken out, smoothing with trends of the rest
    5        from 30 months: smoothing of level, trend and season together, with logarithms or without
    """
    months = batch.plain.shape[1]
    season, slope = _apart(batch.logged)
    rest = batch.logged - _laid(season, slope, -months, months)
    again = _laid(season, slope, 0, horizon).T
    damped = smooth(rest, structures(DAMPED), horizon)
    weights = weigh(damped.scores)
    first = _unlog(batch, average(damped.ahead, weights) + again)
    members = [first, first, _unlog(batch, seasonal.arima(rest, horizon) + again), _plainly(batch.plain, horizon)]
    if months >= SEASONAL_FROM:
        members.append(_seasonally(batch, horizon))
    return members, widths.settle(np.sqrt(average(damped.variance, weights)), months)


def _apart(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The season's profile (lines, 12) and the part of the long slope a month to carry on (lines,)."""
    lines, months = values.shape
    season = seasonal.profile(values)
    rest = values - seasonal.along(season, -months, months)
    centred = np.arange(months) - (months - 1) / 2
    return season, HALF * months / (months + SLOW) * (rest @ centred) / (centred @ centred)


def _laid(season: np.ndarray, slope: np.ndarray, first: int, months: int) -> np.ndarray:
    """Season and slope laid along months (lines, months) from `first`; the slope is 0 in the last known month."""
    return seasonal.along(season, first, months) + slope[:, None] * (first + 1 + np.arange(months))


def _plainly(plain: np.ndarray, horizon: int) -> np.ndarray:
    season = seasonal.profile(plain)
    paths = smooth(plain - seasonal.along(season, -plain.shape[1], plain.shape[1]), structures(TRENDED), horizon)
    return average(paths.ahead, weigh(paths.scores)) + seasonal.along(season, 0, horizon).T


def _seasonally(batch: Batch, horizon: int) -> np.ndarray:
    lines = len(batch.sizes)
    paths = smooth(np.concatenate([batch.plain, batch.logged]), structures(TRENDED, GAMMAS), horizon)
    plain, logged = (slice(0, lines), slice(lines, None))
    of_logs = paths.scores[:, logged] + 2 * np.where(batch.is_log, batch.logged.sum(axis=1), 0)  # as if of plain values
    ahead = np.concatenate([paths.ahead[:, :, plain], _unlog(batch, paths.ahead[:, :, logged])], axis=1)
    return average(ahead, weigh(np.concatenate([paths.scores[:, plain], of_logs])))


def _unlog(batch: Batch, paths: np.ndarray) -> np.ndarray:
    """Paths (months ahead, …, lines) of logged values as plain ones."""
    return np.where(batch.is_log, np.exp(np.clip(paths, *_limits(batch))), paths)


def _limits(batch: Batch) -> tuple[np.ndarray, np.ndarray]:
    """The logarithms that the forecast of each line with logarithms stays between."""
    logged = np.where(batch.is_log[:, None], batch.logged, 0.0)
    return logged.min(axis=1) - BEYOND, logged.max(axis=1) + BEYOND


def _never_negative(batch: Batch) -> np.ndarray:
    return (batch.plain >= 0).all(axis=1)


def _in_unit(batch: Batch, mean: np.ndarray, deviation: np.ndarray) -> np.ndarray:
    """Mean and bands (5, lines, months ahead) in the lines' unit."""
    paths = [mean]
    for multiple in widths.multiples(batch.plain.shape[1], len(mean)):
        wide = multiple[:, None] * deviation
        for reach in (-wide, wide):
            paths.append(np.where(batch.is_log, mean * np.exp(np.minimum(reach, BEYOND)), mean + reach))
    held = np.where(_never_negative(batch), np.maximum(paths, 0), paths).transpose(0, 2, 1) * batch.sizes[:, None]
    turned = batch.sizes < 0
    held[:, turned] = held[:, turned][[0, 2, 1, 4, 3]]
    return held
