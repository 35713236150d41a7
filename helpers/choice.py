"""Which method carries a line forward?  The one that missed least when tried on its own past months.

    values known at each origin → replay → Tries       every method, from each origin, as many months ahead as asked
    Tries, actual → choose → a method a series
    values, choice → carry → Forecast                  mean and bands, the method used

The ensemble is the rule: of the methods here it missed least on 1,000 public series.  Another takes its place where it missed
at least a tenth less on the line itself, over six tries or more.  statsmodels' models are tried on the largest series alone.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from helpers import coherent, ensemble, methods
from helpers.ensemble import ENSEMBLE, Forecast
from helpers.methods import LAST, SEASON, SEASONAL

CLEARLY = 0.9  # of the ensemble's miss: what another method must come to
LEAST_TRIES = 6
JUDGED = 3  # months ahead that the choice goes by
AUTO = "auto"
Z80 = 1.2815515655446004  # half of the 80 % band of a normal error over its deviation


class Tries(NamedTuple):
    """forecasts by method (origins × series × months ahead), NaN where it could not; the ensemble's bands; origins as places of months."""

    origins: list[int]
    forecasts: dict[str, np.ndarray]
    bands: np.ndarray  # origins × 4 (low and high of 80 %, of 95 %) × series × months ahead
    recent: list[np.ndarray] = []  # by origin what each series cost a month lately, as it was known


def replay(known: Callable[[int], tuple[np.ndarray, Callable]], origins: Sequence[int], ahead: int, largest: Sequence[int] = (),
           models: Sequence[str] = ()) -> Tries:
    """Every method from each origin.

    known(origin): values (series × months up to and with it) as they were told then, and what puts in the events known then.
    """
    found: dict[str, list[np.ndarray]] = {name: [] for name in (ENSEMBLE, SEASONAL, LAST, *models)}
    bands, recent = [], []
    for origin in origins:
        values, settle = known(origin)
        recent.append(coherent.lately(values))
        told = ensemble.forecast(values, ahead)
        found[ENSEMBLE].append(settle(told.mean))
        bands.append(np.stack(told[1:5]) + (found[ENSEMBLE][-1] - told.mean))
        for name in (SEASONAL, LAST):
            found[name].append(settle(_plain(name, values, ahead)))
        for name in models:
            found[name].append(settle(_models(name, values, ahead, largest)))
    if not bands:
        return Tries([], {}, np.zeros((0, 4, 0, ahead)))
    return Tries(list(origins), {name: np.stack(parts) for name, parts in found.items()}, np.stack(bands), recent)


def _plain(name: str, values: np.ndarray, ahead: int) -> np.ndarray:
    """Seasonal naive (NaN before a year is known), or the last value again."""
    if name == LAST:
        return np.repeat(np.nan_to_num(values[:, -1:]), ahead, axis=1)
    if values.shape[1] < SEASON:
        return np.full((len(values), ahead), np.nan)
    return values[:, -SEASON:][:, np.arange(ahead) % SEASON]


def _models(name: str, values: np.ndarray, ahead: int, largest: Sequence[int]) -> np.ndarray:
    found = np.full((len(values), ahead), np.nan)
    for place in largest:
        line = values[place][np.isfinite(values[place])]
        told = methods.carry(line.tolist(), ahead, name)
        if told is not None:
            found[place] = told
    return found


def misses(tries: Tries, actual: np.ndarray, ahead: int = JUDGED) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """By method the mean absolute miss of each series over the tries that all of its methods made; and how many those are."""
    ahead = min(ahead, tries.bands.shape[-1])
    truth = came(actual, tries.origins, ahead)
    errors = {name: np.abs(told[:, :, :ahead] - truth) for name, told in tries.forecasts.items()}
    both = np.isfinite(truth)
    for error in errors.values():
        possible = np.isfinite(error).any(axis=(0, 2))  # a method that never could for a series does not count for it
        both &= np.isfinite(error) | ~possible[None, :, None]
    counts = both.sum(axis=(0, 2))
    means = {name: np.divide(np.where(both, error, 0.0).sum(axis=(0, 2)), counts, out=np.full(len(actual), np.nan), where=counts > 0)
             for name, error in errors.items()}
    for name, error in errors.items():
        means[name] = np.where(np.isfinite(error).any(axis=(0, 2)) if len(error) else False, means[name], np.nan)
    return means, counts


def came(actual: np.ndarray, origins: Sequence[int], ahead: int) -> np.ndarray:
    """The months after each origin (origins × series × months ahead); NaN where they are not known yet."""
    found = np.full((len(origins), len(actual), ahead), np.nan)
    for place, origin in enumerate(origins):
        there = actual[:, origin + 1:origin + 1 + ahead]
        found[place, :, :there.shape[1]] = there
    return found


def one_step(tries: Tries, chosen: np.ndarray, actual: np.ndarray, count: int) -> np.ndarray | None:
    """What each series' method missed by, one month ahead, from the first `count` origins (series × origins); None where there are none."""
    missed = [of_chosen(tries, chosen, place)[:, 0] - actual[:, tries.origins[place] + 1] for place in range(count)]
    return np.nan_to_num(np.stack(missed, axis=1)) if missed else None


def deviations(low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """The deviation of each series' forecast for the first month ahead, by its 80 % band (series × months ahead)."""
    return (high - low)[:, 0] / 2 / Z80


def choose(tries: Tries, actual: np.ndarray, wanted: str = AUTO) -> np.ndarray:
    """The method of each series by its own tries; `wanted` for all where it names one."""
    if wanted != AUTO:
        return np.full(len(actual), wanted, dtype=object)
    chosen = np.full(len(actual), ENSEMBLE, dtype=object)
    means, counts = misses(tries, actual)
    if not means:
        return chosen
    best = means[ENSEMBLE] * CLEARLY
    for name in means:
        better = (counts >= LEAST_TRIES) & (means[name] < best) & (name != ENSEMBLE)
        chosen[better], best = name, np.where(better, means[name], best)
    return chosen


def carry(values: np.ndarray, chosen: np.ndarray, ahead: int) -> Forecast:
    """Each series by its method.  Bands are the ensemble's, which are fitted by length of history, about the chosen mean."""
    told = ensemble.forecast(values, ahead)
    mean, names = told.mean.copy(), told.method.copy()
    plain = {name: _plain(name, values, ahead) for name in (SEASONAL, LAST)}
    for place in np.flatnonzero((chosen != ENSEMBLE) & np.isin(names, (ENSEMBLE, ensemble.LEVEL))):
        name = chosen[place]
        line = plain[name][place] if name in plain else _models(name, values, ahead, [place])[place]
        if np.isfinite(line).all():
            mean[place], names[place] = line, name
    moved = mean - told.mean
    return Forecast(mean, *(edge + moved for edge in told[1:5]), names)


def of_chosen(tries: Tries, chosen: np.ndarray, place: int) -> np.ndarray:
    """What each series' method said from one origin (series × months ahead); the ensemble where that could not."""
    found = tries.forecasts[ENSEMBLE][place].copy()
    for name in set(chosen.tolist()) - {ENSEMBLE}:
        rows = np.flatnonzero(chosen == name)
        told = tries.forecasts[name][place][rows] if name in tries.forecasts else found[rows]
        found[rows] = np.where(np.isfinite(told), told, found[rows])
    return found


def largest(values: np.ndarray, count: int) -> list[int]:
    """The series with the most cost in the last year, the largest first."""
    sizes = np.abs(np.nan_to_num(values[:, -SEASON:])).sum(axis=1)
    return np.argsort(-sizes, kind="stable")[:count].tolist()
