"""The ensemble carries any line forward: in order, finite, in proportion, and as statsmodels does where it is the same model."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers import ensemble, smoothing

SHARED = Path(__file__).resolve().parents[2] / "shared" / "forecast"
numbers = st.one_of(st.just(0.0), st.floats(-1e6, 1e9, allow_nan=False))
histories = st.lists(st.one_of(numbers, st.just(float("nan"))), min_size=1, max_size=50)


def season(months: int, level: float = 100.0) -> np.ndarray:
    place = np.arange(months)
    return level * (1 + 0.2 * np.sin(2 * np.pi * place / 12) + 0.01 * place)


@settings(max_examples=60, deadline=None)
@given(histories, st.integers(1, 18))
def test_any_line_has_a_finite_forecast_with_bands_in_order(values, horizon):
    found = ensemble.forecast(np.array([values]), horizon)
    paths = np.stack([found.lower95, found.lower80, found.mean, found.upper80, found.upper95])
    assert paths.shape == (5, 1, horizon) and np.isfinite(paths).all() and (np.diff(paths, axis=0) >= -1e-6).all()


@pytest.mark.parametrize("values, method, mean", [
    ([5.0, 7.0, 0, 0, 0, 0, 0, 0], ensemble.DEAD, 0), ([4.0] * 20, ensemble.CONSTANT, 4), ([np.nan] * 3, ensemble.NONE, 0)])
def test_dead_constant_and_empty_lines_are_told_as_such(values, method, mean):
    found = ensemble.forecast(np.array([values]), 3)
    assert found.method.tolist() == [method] and found.mean.tolist() == [[mean] * 3] and found.upper95.tolist() == [[mean] * 3]


def test_lines_do_not_depend_on_one_another_or_on_their_order():
    lines = np.stack([season(30), season(30)[::-1], -season(30)])
    found, turned = ensemble.forecast(lines, 12), ensemble.forecast(lines[::-1], 12)
    assert np.allclose(found.mean, turned.mean[::-1]) and np.allclose(found.mean[0], ensemble.one_line(lines[0], 12)[:, 0])


def test_a_line_in_cents_is_the_line_in_dollars_times_a_hundred():
    one, hundred = (ensemble.one_line(season(36) * scale, 12) for scale in (1, 100))
    assert np.allclose(hundred, one * 100, rtol=1e-6)


def test_a_steady_season_goes_on():
    found = ensemble.one_line(season(36), 12)[:, 0]
    assert np.abs(found / season(48)[36:] - 1).max() < 0.05


def test_what_never_was_negative_is_not_forecast_below_zero():
    assert (ensemble.one_line(np.array([9.0, 5, 3, 2, 1, 0.5, 0.2, 0.1]), 12) >= 0).all()


@pytest.mark.parametrize("trend", [(0.0, 0.0), (0.3, 1.0), (0.3, 0.9)])
def test_smoothing_without_season_is_that_of_statsmodels(trend):
    holt = pytest.importorskip("statsmodels.tsa.holtwinters")
    values, (beta, damping) = season(24), trend
    grid, columns = smoothing.structures((trend,)), season(24)[:, None, None]
    start = smoothing.begin(columns, grid)
    misses, _ = smoothing.recur(columns, grid, start)
    for place, alpha in enumerate(grid.level.ravel()):
        first = {"initialization_method": "known", "initial_level": float(start.level[place, 0])}
        if damping:
            model = holt.ExponentialSmoothing(values, trend="add", damped_trend=damping < 1, **first,
                                              initial_trend=float(start.trend[place, 0]) / damping)
            fitted = model.fit(smoothing_level=float(alpha), smoothing_trend=beta, optimized=False,
                               **({"damping_trend": damping} if damping < 1 else {}))
        else:
            first["initial_level"] += float(start.trend[place, 0])  # the recursion adds it once, then it is damped away
            fitted = holt.SimpleExpSmoothing(values, **first).fit(smoothing_level=float(alpha), optimized=False)
        assert np.allclose(values - fitted.fittedvalues, misses[:, place, 0], atol=1e-8)


@pytest.mark.skipif(not SHARED.is_dir(), reason="the measured series are not here")
@pytest.mark.parametrize("months, ahead, most", [(None, 18, 0.790), (36, 12, 0.696), (24, 12, 0.639), (13, 12, 0.748)])
def test_on_measured_series_it_is_at_least_as_good_as_asked(months, ahead, most, capsys, monkeypatch):
    spec = importlib.util.spec_from_file_location("score", SHARED / "score.py")
    score = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(score)
    cut = [] if months is None else ["--truncate", str(months)]
    monkeypatch.setattr("sys.argv", ["score.py", "helpers.ensemble:one_line", str(SHARED / "monthly_dev.parquet"), "--pass", "values", "--h", str(ahead), *cut])
    score.main()
    told = dict(line.split(None, 1) for line in capsys.readouterr().out.splitlines() if len(line.split(None, 1)) == 2)
    assert float(told["OWA"]) <= most
    assert abs(float(told["cov80"]) - 0.80) <= 0.03 and abs(float(told["cov95"]) - 0.95) <= 0.02
