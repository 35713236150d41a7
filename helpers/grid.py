"""How are whole cents split over many lines at once?  The same as money.round_parts, for columns and for tables.

    cents, weights → parts → cents that add up                 in proportion to the weights
    exact parts, cents → rounded → cents that add up           largest remainder, ties to the earlier part
    exact table, rows, columns → settle → cents in each cell   that add up to both margins

Double precision decides only which line gets the odd cent; what adds up is counted in whole numbers.
"""

import numpy as np

EDGE = 1e-6  # cents; a part this close below a whole cent is that cent
DIGITS = 6


def parts(cents: int, weights: np.ndarray) -> np.ndarray:
    """The cents in proportion to the weights (not all zero), adding up to `cents` exactly; int64."""
    taking = np.flatnonzero(weights)
    found = np.zeros(len(weights), dtype=np.int64)
    found[taking] = rounded(weights[taking].astype(float) * (cents / float(weights.sum())), cents)
    return found


def rounded(exact: np.ndarray, cents: int) -> np.ndarray:
    """Whole cents near the exact parts (at least one), adding up to `cents` exactly; int64."""
    found = np.floor(exact + EDGE).astype(np.int64)
    if left := int(cents - found.sum()):
        whole, odd = divmod(left, len(found))
        found += whole
        found[np.argsort(-np.round(exact - found, DIGITS), kind="stable")[:odd]] += 1
    return found


def settle(exact: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Whole cents near the exact table whose rows and columns add up to the margins given; int64.

    The margins add up to the same sum, else ValueError.  First each column is rounded by largest remainder, then rows that
    have a cent too many give it to rows that have one too few, in columns where that is nearest to the exact figure.
    """
    if rows.sum() != columns.sum():
        raise ValueError(f"rows come to {rows.sum()}, columns to {columns.sum()}")
    found = np.floor(exact + EDGE).astype(np.int64)
    if found.size == 0:
        return found
    order = np.argsort(-np.round(exact - found, DIGITS), axis=0, kind="stable")
    rank = np.empty_like(order)
    np.put_along_axis(rank, order, np.broadcast_to(np.arange(len(rows))[:, None], order.shape), axis=0)
    left = columns - found.sum(axis=0)
    found += left // len(rows) + (rank < left % len(rows))
    return _balance(found, exact, rows)


def _balance(found: np.ndarray, exact: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Cents moved within columns, from rows with too much to rows with too little."""
    lack = rows - found.sum(axis=1)
    while lack.any():
        giver, taker = int(np.argmin(lack)), int(np.argmax(lack))
        whole, odd = divmod(int(min(-lack[giver], lack[taker])), found.shape[1])
        gain = np.round((found[giver] - exact[giver]) - (found[taker] - exact[taker]), DIGITS)
        below = found[giver] - 1 < np.minimum(np.floor(exact[giver]), 0)  # below zero where the exact figure is not
        moved = np.full(found.shape[1], whole)
        moved[np.lexsort((-gain, below))[:odd]] += 1
        found[giver] -= moved
        found[taker] += moved
        lack = rows - found.sum(axis=1)
    return found
