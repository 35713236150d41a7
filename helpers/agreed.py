"""What is the one figure that all sides agree on?  Forecasts of every level, brought to lines whose sums they are.

    panel, events, tries → agree → Agreed      each series by its own method; bottom-up, top-down and reconciled side by side
    Agreed → ahead → one row a month, level and name with amount, bands and method
    Agreed, lags → years → what each level and name costs in the fiscal year, actual and ahead

Amounts ahead are whole cents of lines, so every level adds up to every other.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from helpers import cells, choice, coherent, ensemble, events
from helpers.choice import Tries
from helpers.events import Effects
from helpers.methods import EDGES
from helpers.panel import Panel
from helpers.periods import months as between
from helpers.periods import shift


class Agreed(NamedTuple):
    """base, figures (by name: lines × months ahead) in amounts; cents: the picked one; edges: 4 × series × months ahead."""

    panel: Panel
    base: np.ndarray
    figures: dict[str, np.ndarray]
    picked: str
    cents: np.ndarray
    edges: np.ndarray
    methods: np.ndarray

    @property
    def sums(self) -> np.ndarray:
        """Whole cents ahead of all sums, then all lines."""
        return np.vstack([(self.panel.member @ self.cents).round().astype(np.int64), self.cents])

    @property
    def months(self) -> list[str]:
        """The months ahead."""
        end = self.panel.months[-1]
        return between(shift(end, 1), shift(end, self.cents.shape[1]))


def agree(panel: Panel, effects: Effects, tries: Tries, ahead: int, chosen: np.ndarray | None = None, picked: str = coherent.WLS,
          ended: Sequence[str] = ()) -> Agreed:
    """Every series `ahead` months by its chosen method (the ensemble where none is given), and the lines that are the picked figure; lines of providers that ended stay at 0."""
    level = events.levelled(effects, panel)
    chosen = np.full(len(panel.member) + len(panel.cents), ensemble.ENSEMBLE, dtype=object) if chosen is None else chosen
    found = choice.carry(level.series, chosen, ahead)
    over = panel.keys["ProviderName"].isin(set(ended)).to_numpy()
    lasting = np.concatenate([(panel.member @ ~over) > 0, ~over]).astype(float)[:, None]
    still = (lasting[len(panel.member):, 0] == 0) | np.isin(found.method[len(panel.member):], (ensemble.DEAD, ensemble.NONE))
    told = events.apply(effects, panel.member, found.mean * lasting)
    size = np.vstack([np.ones((len(panel.member), ahead)), np.abs(effects.factor)]) * lasting
    widths = [(found.mean - edge) * size for edge in found[1:5]]  # below, above of 80 %, of 95 %; above is negative
    variances = choice.deviations(-widths[0], -widths[1])**2
    recent = coherent.lately(level.cents / 100) * (~still)
    errors = choice.one_step(tries, chosen, panel.truth, len(tries.origins))
    made = {name: coherent.reconcile(told, panel.member, variances, name, errors) for name in coherent.METHODS if name != coherent.TOP_DOWN}
    made[coherent.TOP_DOWN] = coherent.top_down(found.mean[0], recent) * effects.factor + effects.added
    nothing = ((effects.factor == 0) | still[:, None]) & (effects.added == 0)
    figures = {name: np.where(nothing, 0.0, _kept_positive(made[name], panel.cents, effects)) for name in coherent.METHODS}
    cents = np.rint(figures[picked] * 100).astype(np.int64)
    amounts = np.vstack([panel.member @ cents, cents]) / 100
    edges = np.stack([amounts - width for width in widths])
    never = np.concatenate([panel.member @ (panel.cents < 0).any(axis=1) == 0, ~(panel.cents < 0).any(axis=1)])
    edges[[0, 2]] = np.where(never[None, :, None], np.maximum(edges[[0, 2]], np.minimum(amounts, 0.0)), edges[[0, 2]])
    quiet = np.vstack([panel.member @ ~nothing == 0, nothing])  # what is nothing, and sums of nothing else, has no band
    edges = np.where(quiet[None], amounts[None], edges)
    names = np.where(lasting[:, 0] > 0, found.method, "zero: no bill since")
    return Agreed(panel, told, figures, picked, cents, edges, names)


def _kept_positive(lines: np.ndarray, cents: np.ndarray, effects: Effects) -> np.ndarray:
    """A line that never was a credit becomes none, but by a one-off of that month; one that never was anything else becomes no cost, but by an event."""
    held = np.where(~(cents < 0).any(axis=1, keepdims=True) & ~effects.credits, np.maximum(lines, 0.0), lines)
    only_credits = (cents <= 0).all(axis=1, keepdims=True) & (cents < 0).any(axis=1, keepdims=True) & (effects.added <= 0)
    return np.where(only_credits, np.minimum(held, 0.0), held)


def ahead(found: Agreed) -> pd.DataFrame:
    """One row a level, name and month ahead, sums only: the picked amount, its bands, what the level's own forecast was, and by which method."""
    sums, months = len(found.panel.member), found.months
    names = found.panel.names.loc[found.panel.names.index.repeat(len(months))].reset_index(drop=True)
    table = names.assign(period=months * sums, amount=_amounts(found.sums[:sums]))
    for name, edge in zip(EDGES, found.edges, strict=True):
        table[name] = _amounts(np.rint(edge[:sums] * 100).astype(np.int64))
    return table.assign(own=_amounts(np.rint(found.base[:sums] * 100).astype(np.int64)), method=np.repeat(found.methods[:sums], len(months)))


def _amounts(cents: np.ndarray) -> pd.Series:
    return cells.money(pd.Series(cents.ravel()))


def years(found: Agreed, lags: Mapping[str, int], year: Sequence[str], now: str) -> pd.DataFrame:
    """One row a level and name: the fiscal year (its ledger months) so far, what is billed but not booked yet, ahead, and in all."""
    every = [*found.panel.months, *found.months]
    whole = np.hstack([found.panel.cents, found.cents])
    late = np.array([lags.get(name, 0) for name in found.panel.keys["ProviderName"]], dtype=int)
    known = np.arange(len(every)) < len(found.panel.months)
    parts = {name: np.zeros(len(whole), dtype=np.int64) for name in ("actual", "not_yet_booked", "forecast")}
    for lag in sorted(set(late.tolist())):
        booked = np.array([shift(month, lag) for month in every])
        inside, past = np.isin(booked, list(year)), booked <= now
        rows = late == lag
        for name, wanted in zip(parts, (known & past, known & ~past, ~known), strict=True):
            parts[name][rows] = whole[rows][:, inside & wanted].sum(axis=1)
    sums = {name: _amounts((found.panel.member @ cents).round().astype(np.int64)) for name, cents in parts.items()}
    return found.panel.names.assign(**sums, amount=sums["actual"] + sums["not_yet_booked"] + sums["forecast"])


def side_by_side(found: Agreed, level: str, count: int) -> pd.DataFrame:
    """One row a name of the level: what each figure says of the first `count` months ahead, and how far the picked one is from both ends."""
    rows = np.flatnonzero(found.panel.names["level"] == level)
    table = found.panel.names.loc[rows, ["line"]].reset_index(drop=True)
    table["own"] = _amounts(np.rint(found.base[rows][:, :count].sum(axis=1) * 100).astype(np.int64))
    for name, lines in found.figures.items():
        cents = np.rint(lines[:, :count] * 100).astype(np.int64).sum(axis=1)
        table[name] = _amounts((found.panel.member[rows] @ cents).round().astype(np.int64))
    return table.assign(less_bottom_up=table[found.picked] - table[coherent.BOTTOM_UP], less_top_down=table[found.picked] - table[coherent.TOP_DOWN])


def changes(found: Agreed, count: int = 12) -> pd.DataFrame:
    """One row a level and name: the last so many months, the next, and the change, the largest first within its level."""
    before = (found.panel.member @ found.panel.cents[:, -count:].sum(axis=1)).round().astype(np.int64)
    after = found.sums[:len(found.panel.member), :count].sum(axis=1)
    order = np.lexsort((-np.abs(after - before), pd.factorize(found.panel.names["level"])[0]))
    if len(found.panel.months) < count:  # the last months would be fewer than the next
        return found.panel.names.iloc[:0].assign(last_months=None, next_months=None, change=None)
    table = found.panel.names.assign(last_months=_amounts(before), next_months=_amounts(after), change=_amounts(after - before))
    return table.iloc[order].reset_index(drop=True)
