"""What are a provider's months called, and how do statsmodels' models carry one series on?

    history → add_up → the total by month
    values, oldest first → carry → months ahead, by theta, ets or arima

statsmodels is imported when a series is tried on it, not with this module.
"""

import math
import warnings
from collections.abc import Sequence
from decimal import Decimal

import pandas as pd

from helpers.money import ZERO
from helpers.periods import shift

TOTAL, SUM = "Total", "Sum of lines"
BILLED, FILLED, LANDED = "billed", "filled", "landing"
HISTORY_COLUMNS = ["period", "line", "amount", "source"]
EDGES = ["low_80", "high_80", "low_95", "high_95"]
PROJECTION_COLUMNS = ["period", "line", "amount", *EDGES, "method"]
SEASON = 12
STAGGER = 3  # months: lines that begin so soon after the first were there before; their files begin later
MODEL_FROM = 25  # months: two whole seasons to take the season out, and one more to see a change
SEASONAL_FROM = 13
SEASONAL, LAST = "seasonal naive", "last value"


def add_up(history: pd.DataFrame) -> pd.DataFrame:
    """One row a month with the sum of its lines, as line Total; filled where one of them was.

    It begins when all lines that were there from the start do, and after the last month without any line.
    """
    sums: dict[str, Decimal] = {}
    filled = set(history.loc[history["source"] != BILLED, "period"])
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


def choose(values: Sequence[float], wanted: str) -> str:
    """The model where the series is long enough for it, else LAST."""
    # a series that repeats itself to the digit has nothing to estimate, and statsmodels 0.14 misreads a constant one
    repeats = list(values[SEASON:]) == list(values[:-SEASON])
    return wanted if len(values) >= MODEL_FROM and any(values[-SEASON:]) and not repeats else LAST


def carry(values: Sequence[float], months: int, wanted: str) -> list[float] | None:
    """The series `months` further by a model of statsmodels (theta, ets, arima); None where it is too short or gives no usable figure."""
    if choose(values, wanted) != wanted:
        return None
    import numpy
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            amounts = [float(amount) for amount in MODELS[wanted](numpy.asarray(values, dtype=float), months)]
        except (ValueError, FloatingPointError, ZeroDivisionError, numpy.linalg.LinAlgError):
            return None
    return amounts if all(map(math.isfinite, amounts)) else None


def _theta(values, months: int):
    """Theta, the season taken out where statsmodels' test finds one."""
    from statsmodels.tsa.forecasting.theta import ThetaModel
    return ThetaModel(values, period=SEASON).fit().forecast(months)


def _ets(values, months: int):
    """Exponential smoothing with damped trend and season of one kind, on the level."""
    from statsmodels.tsa.exponential_smoothing.ets import ETSModel
    return ETSModel(values, trend="add", damped_trend=True, seasonal="add", seasonal_periods=SEASON).fit(disp=False).forecast(months)


def _arima(values, months: int):
    """The airline model: differences of months and years, a moving average of each."""
    from statsmodels.tsa.arima.model import ARIMA
    return ARIMA(values, order=(0, 1, 1), seasonal_order=(0, 1, 1, SEASON)).fit().forecast(months)


MODELS = {"theta": _theta, "ets": _ets, "arima": _arima}
