"""How do forecasts of a total and of its parts become one figure?  Each gives way by how uncertain it is.

    base forecasts of sums and lines, which lines each sum holds, variances → reconcile → lines whose sums are the sums
    the same without forecasts → shrunk → how much surer all are for it

With C = [I, −A] (A: which lines each sum holds; C × any coherent forecast = 0) and W the covariance of the base forecasts' errors,
the reconciled forecast is ŷ − W C' (C W C')⁻¹ C ŷ: minimum trace (Wickramasuriya, Athanasopoulos, Hyndman 2019, theorem 1),
which equals S (S' W⁻¹ S)⁻¹ S' W⁻¹ ŷ and needs one system as large as the number of sums.
    ols    W is the identity: all give way alike
    wls    W is the diagonal of variances
    mint   W holds correlations of one-step errors, shrunk towards none (Schäfer and Strimmer 2005)
"""

import numpy as np

OLS, WLS, MINT, BOTTOM_UP, TOP_DOWN = "ols", "wls", "mint", "bottom-up", "top-down"
METHODS = (BOTTOM_UP, TOP_DOWN, OLS, WLS, MINT)
LEAST = 0.02  # that correlations are drawn to none, so that lines that always missed alike leave a system that can be solved
FLOOR = 1e-9  # of the largest variance: a line that never moves hardly gives way


def reconcile(base: np.ndarray, member: np.ndarray, variances: np.ndarray, method: str = WLS, errors: np.ndarray | None = None) -> np.ndarray:
    """Lines (lines × months ahead) that the sums follow from.

    base: sums, then lines (series × months); member: sums × lines, 0 or 1; errors: one-step errors (series × times) for mint.
    """
    sums = len(member)
    if method == BOTTOM_UP or not sums:
        return base[sums:].copy()
    weighted, system, _ = _system(member, variances, method, errors)
    return base[sums:] - weighted[sums:] @ np.linalg.solve(system, base[:sums] - member @ base[sums:])


def shrunk(member: np.ndarray, variances: np.ndarray, method: str = WLS, errors: np.ndarray | None = None) -> np.ndarray:
    """By what the variance of each sum and line shrinks when they are reconciled (0 to 1), had the variances been true."""
    if method == BOTTOM_UP or not len(member):
        return np.ones(len(variances))
    weighted, system, spread = _system(member, variances, method, errors)
    return np.clip(1 - np.einsum("im,mi->i", weighted, np.linalg.solve(system, weighted.T)) / spread**2, 0.0, 1.0)


def _system(member: np.ndarray, variances: np.ndarray, method: str, errors: np.ndarray | None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """W C', C W C' and the deviations that W is made of."""
    spread = np.sqrt(np.maximum(variances, FLOOR * max(variances.max(initial=0.0), 1e-12))) if method != OLS else np.ones(len(variances))
    across = np.vstack([np.eye(len(member)), -member.T]) * spread[:, None]  # D½ C'
    weighted = (across if method != MINT or errors is None else _correlated(across, errors)) * spread[:, None]
    return weighted, weighted[:len(member)] - member @ weighted[len(member):], spread


def _correlated(across: np.ndarray, errors: np.ndarray) -> np.ndarray:
    """R D½ C' with R the shrunk correlation of the errors."""
    size = np.sqrt((errors**2).mean(axis=1, keepdims=True))
    unit = np.divide(errors, size, out=np.zeros_like(errors), where=size > 0)
    kept = 1 - max(shrinkage(unit), LEAST)
    return kept * unit @ (unit.T @ across) / errors.shape[1] + (1 - kept * (size > 0)) * across


def shrinkage(unit: np.ndarray) -> float:
    """How far correlations are drawn to none; unit: errors over their root mean square (series × times).

    The sum of the correlations' variances over the sum of their squares, all pairs at once through the small matrix of times.
    """
    times = unit.shape[1]
    if times < 3:
        return 1.0
    squares, fourth = (unit**2).sum(axis=0), (unit**4).sum()
    own = ((unit**2).mean(axis=1)**2).sum()
    pairs = ((unit.T @ unit)**2).sum() / times**2 - own  # of squared correlations, each pair twice
    spread = ((squares**2).sum() - fourth) - times * pairs
    return float(np.clip(spread * times / (times - 1)**3 / pairs, 0.0, 1.0)) if pairs > 0 else 1.0


def top_down(total: np.ndarray, lately: np.ndarray) -> np.ndarray:
    """The total (months ahead) split over lines: what each has cost a month lately, and by its size of what the total has more or less.

    lately: by line, `lately` of its months; without credits the split is in proportion to it.
    """
    sizes = np.abs(lately)
    shares = sizes / sizes.sum() if sizes.any() else np.full(len(lately), 1 / max(len(lately), 1))
    return lately[:, None] + np.outer(shares, total - lately.sum())


def lately(values: np.ndarray, months: int = 12) -> np.ndarray:
    """What each line has cost a month over the last year, or since it began; values: lines × months."""
    known = np.nan_to_num(values)
    had = np.logical_or.accumulate(known != 0, axis=1)[:, -months:].sum(axis=1)
    return known[:, -months:].sum(axis=1) / np.maximum(had, 1)
