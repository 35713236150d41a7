"""How does one series go on?  By a named method, chosen by the length of its history, with bands where that allows.

    history → project → projection    one row a month ahead and line, and Total directly; bands of 80 and 95 %
    values, oldest first → carry → Path    the same for one series

statsmodels is imported when a series is long enough for it, not with this module.
"""

import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import pandas as pd

from helpers import ensemble
from helpers.money import ZERO, sum_by, to_cents
from helpers.periods import months as months_between
from helpers.periods import shift

TOTAL, SUM = "Total", "Sum of lines"
BILLED, FILLED = "billed", "filled"
HISTORY_COLUMNS = ["period", "line", "amount", "source"]
EDGES = ["low_80", "high_80", "low_95", "high_95"]
PROJECTION_COLUMNS = ["period", "line", "amount", *EDGES, "method"]
SEASON = 12
STAGGER = 3  # months: lines that begin so soon after the first were there before; their files begin later
THETA_FROM = 25  # months: two whole seasons to take the season out, and one more to see a change
SEASONAL_FROM = 13
BANDS = (80, 95)  # percent
THETA, ENSEMBLE, SEASONAL, LAST = "theta", ensemble.ENSEMBLE, "seasonal naive", "last value"
ALONE, DEAD, STOPPED = "last value, no band", "zero: dead line", "zero: no bill since"


@dataclass(frozen=True)
class Path:
    """A series carried forward; `bands` holds (low, high) by level and month, and nothing where there is no band."""

    method: str
    amounts: list[float]
    bands: dict[int, list[tuple[float, float]]]


def project(history: pd.DataFrame, months: int = 18, method: str = THETA) -> pd.DataFrame:
    """One row a month ahead and line, and for Total directly: amount in cents, bands of 80 and 95 %, the method used.

    The bands are None where the history allows none.
    """
    end = history["period"].max() if len(history) else ""
    rows = [row for line, of_line in history.groupby("line", sort=True)
            for row in _ahead(line, of_line, end, months, method)]
    totals = project_total(add_up(history), months, method)
    return pd.DataFrame([*rows, *totals.to_dict("records")], columns=PROJECTION_COLUMNS, dtype=object)


def project_total(totals: pd.DataFrame, months: int, method: str) -> pd.DataFrame:
    """The same for one series: Total by month, directly."""
    rows = _ahead(TOTAL, totals, totals["period"].max(), months, method) if len(totals) else []
    return pd.DataFrame(rows, columns=PROJECTION_COLUMNS, dtype=object)


def bottom_up(projection: pd.DataFrame) -> pd.DataFrame:
    """One row a month ahead: the sum of the lines' forecasts."""
    return sum_by(projection[projection["line"] != TOTAL], ["period"], ["amount"])


def add_up(history: pd.DataFrame) -> pd.DataFrame:
    """One row a month with the sum of its lines, as line Total; filled where one of them was.

    It begins when all lines that were there from the start do, and after the last month without any line.
    """
    sums: dict[str, Decimal] = {}
    filled = set(history.loc[history["source"] == FILLED, "period"])
    begins = history.groupby("line")["period"].min()
    start = max((begin for begin in begins if begin <= shift(begins.min(), STAGGER)), default="")
    for period, amount in sorted(zip(history["period"], history["amount"], strict=True), key=lambda pair: pair[0]):
        if period < start:
            continue
        if sums and shift(max(sums), 1) < period:
            sums = {}
        sums[period] = sums.get(period, ZERO) + amount
    rows = [(period, TOTAL, amount, FILLED if period in filled else BILLED) for period, amount in sums.items()]
    return pd.DataFrame(rows, columns=HISTORY_COLUMNS, dtype=object)


def choose(values: Sequence[float], wanted: str = THETA) -> str:
    """The method for a history of this length; `wanted` where there are months enough for it."""
    if not any(values[-SEASON:]):
        return DEAD
    if len(values) < 2:
        return ALONE
    if wanted == ENSEMBLE:
        return ENSEMBLE
    if len(values) < SEASONAL_FROM or wanted == LAST:
        return LAST
    # a series that repeats itself to the digit has nothing to estimate, and statsmodels 0.14 misreads a constant one
    repeats = list(values[SEASON:]) == list(values[:-SEASON])
    return THETA if wanted == THETA and len(values) >= THETA_FROM and not repeats else SEASONAL


def carry(values: Sequence[float], months: int, wanted: str = THETA, with_bands: bool = True) -> Path:
    """The series `months` further, by the method its length allows."""
    method = choose(values, wanted)
    if method == DEAD:
        return Path(method, [0.0] * months, {level: [(0.0, 0.0)] * months for level in BANDS})
    if method == THETA:
        return _theta(values, months, with_bands) or carry(values, months, SEASONAL, with_bands)
    if method == ENSEMBLE:
        found = ensemble.one_line(values, months).tolist()
        bands = {80: [(row[1], row[2]) for row in found], 95: [(row[3], row[4]) for row in found]}
        return Path(method, [row[0] for row in found], bands if with_bands else {})
    if method == SEASONAL:
        amounts = repeat_season(values, months)
        return Path(method, amounts, _bands(amounts, _changes(values, SEASON), SEASON) if with_bands else {})
    amounts = [values[-1]] * months
    return Path(method, amounts, _bands(amounts, _changes(values, 1), 1) if with_bands else {})


def repeat_season(values: Sequence[float], months: int) -> list[float]:
    """Each month as the same month a year before: seasonal naive; needs 12 values."""
    return [values[len(values) - SEASON + step % SEASON] for step in range(months)]


def _ahead(line: str, of_line: pd.DataFrame, end: str, count: int, method: str) -> list[dict]:
    ordered = of_line.sort_values("period")
    last = ordered["period"].iloc[-1]
    ended = last < end
    path = carry([0.0] if ended else [float(amount) for amount in ordered["amount"]], count, method)
    name = f"{STOPPED} {last}" if ended else path.method
    return [{"period": period, "line": line, "amount": to_cents(Decimal(path.amounts[step])),
             **_edges(path.bands, step), "method": name}
            for step, period in enumerate(months_between(shift(end, 1), shift(end, count)))]


def _edges(bands: Mapping[int, list[tuple[float, float]]], step: int) -> dict[str, Decimal | None]:
    edges = dict.fromkeys(EDGES)
    for level, pairs in bands.items():
        edges[f"low_{level}"], edges[f"high_{level}"] = (to_cents(Decimal(edge)) for edge in pairs[step])
    return edges


def _theta(values: Sequence[float], months: int, with_bands: bool) -> Path | None:
    """statsmodels' Theta with its own bands, or None where it gives no usable figure."""
    import numpy
    from statsmodels.tsa.forecasting.theta import ThetaModel

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            fitted = ThetaModel(numpy.asarray(values, dtype=float), period=SEASON).fit()
            amounts = [float(amount) for amount in fitted.forecast(months)]
            bands = _own_bands(fitted, months) if with_bands else {}
        except (ValueError, FloatingPointError, numpy.linalg.LinAlgError):
            return None
    if not all(map(math.isfinite, amounts)):
        return None
    edges = [edge for pairs in bands.values() for pair in pairs for edge in pair]
    if not all(map(math.isfinite, edges)):
        bands = _bands(amounts, _changes(values, SEASON), SEASON)
    return Path(THETA, amounts, bands)


def _own_bands(fitted, months: int) -> dict[int, list[tuple[float, float]]]:
    intervals = {level: fitted.prediction_intervals(months, alpha=1 - level / 100) for level in BANDS}
    return {level: [(float(low), float(high)) for low, high in zip(pairs["lower"], pairs["upper"], strict=True)]
            for level, pairs in intervals.items()}


def _changes(values: Sequence[float], apart: int) -> list[float]:
    """What a repeat of the value `apart` months before would have missed by."""
    return [values[i] - values[i - apart] for i in range(apart, len(values))]


def _bands(amounts: Sequence[float], misses: Sequence[float], season: int) -> dict[int, list[tuple[float, float]]]:
    """Bands from past misses: their root mean square, times Student's t for so few, wider with each season ahead."""
    if not misses:
        return {}
    from scipy.special import stdtrit

    spread = math.sqrt(sum(miss * miss for miss in misses) / len(misses))
    reach = {level: float(stdtrit(len(misses), 0.5 + level / 200)) * spread for level in BANDS}
    return {level: [(amount - wide * math.sqrt(1 + step // season), amount + wide * math.sqrt(1 + step // season))
                    for step, amount in enumerate(amounts)] for level, wide in reach.items()}
