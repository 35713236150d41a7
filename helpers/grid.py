"""How are whole cents split over many lines at once?  The same as money.round_parts, for columns and for tables.

    cents, weights → parts → cents that add up                 in proportion to the weights
    the same, what each is owed → fair → cents that add up     over many splits nobody is short of more than a cent
    exact parts, cents → rounded → cents that add up           largest remainder, ties to the earlier part
    the same, group by group → each_rounded
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


def fair(cents: int, weights: np.ndarray, takers: np.ndarray, owed: np.ndarray) -> np.ndarray:
    """The same, split after split: the odd cents go to those who got least so far.

    takers: place of each weight in `owed`, which holds what each got too little until now and is kept up to date; so over any
    number of splits nobody is further than about a cent from the exact figure.
    """
    exact = weights.astype(float) * (cents / float(weights.sum()))
    found = np.floor(exact + EDGE).astype(np.int64)
    if left := int(cents - found.sum()):
        lack = np.where(weights != 0, np.round(exact - found + owed[takers], DIGITS), -np.inf)
        whole, odd = divmod(left, int((weights != 0).sum()))
        found += np.where(weights != 0, whole, 0)
        found[np.argsort(-lack, kind="stable")[:odd]] += 1
    np.add.at(owed, takers, exact - found)
    return found


def rounded(exact: np.ndarray, cents: int) -> np.ndarray:
    """Whole cents near the exact parts (at least one), adding up to `cents` exactly; int64."""
    found = np.floor(exact + EDGE).astype(np.int64)
    if left := int(cents - found.sum()):
        whole, odd = divmod(left, len(found))
        found += whole
        found[np.argsort(-np.round(exact - found, DIGITS), kind="stable")[:odd]] += 1
    return found


def each_rounded(exact: np.ndarray, group: np.ndarray, cents: np.ndarray) -> np.ndarray:
    """The same for many groups at once: each part's group is a place in `cents`, which its parts add up to; int64."""
    found = np.floor(exact + EDGE).astype(np.int64)
    left = cents.copy()
    np.subtract.at(left, group, found)
    whole, odd = np.divmod(left, np.maximum(np.bincount(group, minlength=len(cents)), 1))
    order = np.lexsort((-np.round(exact - found, DIGITS), group))
    first = np.searchsorted(group[order], np.arange(len(cents)))
    rank = np.empty(len(group), dtype=np.int64)
    rank[order] = np.arange(len(group)) - first[group[order]]
    return found + whole[group] + (rank < odd[group])


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
