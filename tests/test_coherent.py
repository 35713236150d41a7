"""One figure from a total and its parts: coherent to the last digit, and what the textbook formula gives."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers import coherent
from helpers.coherent import BOTTOM_UP, MINT, OLS, WLS


def textbook(base, member, inverse):
    """S (S' W⁻¹ S)⁻¹ S' W⁻¹ ŷ, as Hyndman and Athanasopoulos write it (Forecasting: Principles and Practice, 3rd edition, 11.3)."""
    summing = np.vstack([member, np.eye(member.shape[1])])
    return np.linalg.solve(summing.T @ inverse @ summing, summing.T @ inverse @ base)


def test_two_parts_give_way_to_their_total_by_hand():
    # 10 + 20 against a total of 36: with all alike each of the three gives way by a third of 6
    found, shrunk = coherent.reconcile(np.array([[36.0], [10.0], [20.0]]), np.ones((1, 2)), np.ones(3), OLS), coherent.shrunk(np.ones((1, 2)), np.ones(3), OLS)
    assert found.ravel() == pytest.approx([12, 22]) and shrunk == pytest.approx([2 / 3, 2 / 3, 2 / 3])


def test_what_is_surer_gives_way_less():
    # variances 1, 1 and 4: the gap of 6 falls 1 : 1 : 4
    found = coherent.reconcile(np.array([[36.0], [10.0], [20.0]]), np.ones((1, 2)), np.array([1.0, 1.0, 4.0]), WLS)
    assert found.ravel() == pytest.approx([11, 24])


def test_bottom_up_leaves_the_parts_and_top_down_splits_the_total_by_last_year():
    assert coherent.reconcile(np.array([[36.0], [10.0], [20.0]]), np.ones((1, 2)), np.ones(3), BOTTOM_UP).ravel().tolist() == [10, 20]
    assert coherent.top_down(np.array([36.0, 12.0]), np.array([8.0, 16.0])) == pytest.approx(np.array([[12, 4], [24, 8]]))


def test_top_down_leaves_a_credit_a_credit():
    # 100 and -20 a month, and a total of 92: the 12 more fall 100 : 20
    assert coherent.top_down(np.array([92.0]), np.array([100.0, -20.0])) == pytest.approx(np.array([[110], [-18]]))


@settings(max_examples=60, deadline=None)
@given(st.integers(2, 7), st.integers(1, 3), st.integers(0, 10**6), st.sampled_from([OLS, WLS, MINT]))
def test_the_result_is_the_textbooks_and_a_coherent_forecast_stays_as_it_is(lines, groups, seed, method):
    rng = np.random.default_rng(seed)
    member = np.vstack([np.ones(lines), (np.arange(lines) % groups == np.arange(groups)[:, None]).astype(float)])
    series = len(member) + lines
    base, variances = rng.normal(100, 30, (series, 4)), rng.uniform(0.5, 9, series)
    errors = rng.normal(0, 1, (series, 12)) * np.sqrt(variances)[:, None]
    found, shrunk = coherent.reconcile(base, member, variances, method, errors), coherent.shrunk(member, variances, method, errors)
    spread = np.diag(np.sqrt(variances)) if method != OLS else np.eye(series)
    correlation = np.eye(series)
    if method == MINT:
        unit = errors / np.sqrt((errors**2).mean(axis=1, keepdims=True))
        kept = 1 - max(coherent.shrinkage(unit), coherent.LEAST)
        correlation = kept * unit @ unit.T / 12 + (1 - kept) * np.eye(series)
    assert found == pytest.approx(textbook(base, member, np.linalg.inv(spread @ correlation @ spread)), rel=1e-6, abs=1e-6)
    assert (shrunk >= 0).all() and (shrunk <= 1).all()
    whole = np.vstack([member @ found, found])
    again = coherent.reconcile(whole, member, variances, method, errors)
    assert again == pytest.approx(found, rel=1e-9, abs=1e-9)


def test_shrinkage_is_what_all_pairs_one_by_one_give():
    unit = np.random.default_rng(5).normal(0, 1, (6, 12))
    unit /= np.sqrt((unit**2).mean(axis=1, keepdims=True))
    above = below = 0.0
    for one in range(6):
        for other in range(6):
            if one != other:
                products = unit[one] * unit[other]
                above += ((products - products.mean())**2).sum() * 12 / 11**3
                below += products.mean()**2
    assert coherent.shrinkage(unit) == pytest.approx(min(above / below, 1.0))


def test_a_line_that_never_moves_hardly_gives_way():
    found = coherent.reconcile(np.array([[36.0], [10.0], [20.0]]), np.ones((1, 2)), np.array([1.0, 0.0, 1.0]), WLS)
    assert found.ravel() == pytest.approx([10, 23], abs=1e-6)


def test_what_a_line_cost_lately_is_since_it_began():
    assert coherent.lately(np.array([[0.0] * 20 + [10, 20], [5.0] * 22])).tolist() == [15, 5]
