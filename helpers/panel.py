"""Which lines are carried forward?  Monthly cost by provider, application, tower and owner, and its sums at every level.

    mapped lines, history → panel → Panel            whole cents: lines × months
    Panel → sums → one row a level and name           Total, then providers, applications, towers, owners

The lines of a provider add up to its history in every month, billed or filled, to the cent.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd

from helpers import globs, grid
from helpers.methods import BILLED, LANDED, TOTAL
from helpers.money import to_cents
from helpers.periods import months as between
from helpers.rates import BASES

LEVELS = {"provider": "ProviderName", "application": "application", "tower": "tower", "owner": "owner"}
KEYS = list(LEVELS.values())
SCOPE = ["ProviderName", "application", "tower"]  # by which events and submissions name lines
BLANKS = {"application": "(no application)", "tower": "(no tower)", "owner": "(no owner)"}


class Panel(NamedTuple):
    """Lines by KEYS; cents (lines × months) of whole numbers; the sums' level and name; which lines are in each (sums × lines, 0 or 1)."""

    keys: pd.DataFrame
    months: list[str]
    cents: np.ndarray
    names: pd.DataFrame
    member: np.ndarray
    begins: str
    billed: np.ndarray  # lines × months: whether the month is a bill's, not filled, nor a landing
    there: np.ndarray  # lines × months: whether the line's provider has a history of the month

    @property
    def series(self) -> np.ndarray:
        """Amounts of all sums and then all lines, by month; the total is unknown (NaN) before all that begin it have begun."""
        own = self.cents / 100
        every = np.vstack([self.member @ own, own])
        every[0, [month < self.begins for month in self.months]] = np.nan
        return every


    @property
    def truth(self) -> np.ndarray:
        """The same where all of it is billed, NaN elsewhere: what forecasts are scored by."""
        told = self.billed & (self.there | (self.cents != 0))
        begun = np.logical_or.accumulate(self.there, axis=1)
        known = np.vstack([(self.member @ (~self.billed & self.there) == 0) & (self.member @ begun > 0), told & begun])
        return np.where(known, self.series, np.nan)


def named_by(keys: pd.DataFrame, scope: Mapping[str, str]) -> np.ndarray:
    """Whether each line meets the patterns of SCOPE; a blank one is any."""
    rows = zip(*(keys[name].tolist() for name in SCOPE), strict=True)
    return np.array([all(globs.matches(scope[name], text) for name, text in zip(SCOPE, row, strict=True)) for row in rows], dtype=bool)


def panel(lines: pd.DataFrame, usage: pd.DataFrame, basis: str, begins: str, more: pd.DataFrame | None = None) -> Panel:
    """lines: with `line`, the provider as the history calls it; usage: the history by month and line; begins: first month of the total.

    more: keys of lines that no bill has yet.
    """
    months = between(usage["period"].min(), usage["period"].max()) if len(usage) else []
    mine = lines[lines["service_period"].isin(set(months))]
    named = pd.DataFrame({"ProviderName": mine["line"].astype("str"), **{name: mine[name].astype("str").replace("", BLANKS[name]) if name in mine
                          else BLANKS[name] for name in KEYS[1:]}}, index=mine.index)
    codes, keys = _codes(named)
    cost = np.array(mine[BASES[basis]].tolist(), dtype=float) * 100
    places = {month: place for place, month in enumerate(months)}
    keys = keys if more is None else pd.concat([keys, more[KEYS]], ignore_index=True).astype("str")
    exact = np.zeros((len(keys), len(months)))
    np.add.at(exact, (codes, [places[month] for month in mine["service_period"]]), cost)
    cents, billed, there = np.zeros(exact.shape, dtype=np.int64), np.ones(exact.shape, dtype=bool), np.zeros(exact.shape, dtype=bool)
    for provider, rows in usage.groupby("line"):
        here = np.flatnonzero(keys["ProviderName"] == provider)
        cents[here] = _whole(exact[here], rows, places)
        there[np.ix_(here, [places[month] for month in rows["period"]])] = True
        billed[np.ix_(here, [places[month] for month in rows.loc[rows["source"] != BILLED, "period"]])] = False
    there[~keys["ProviderName"].isin(set(usage["line"])).to_numpy()] = True
    return Panel(keys, months, cents, *_sums(keys), begins, billed, there)


def aligned(found: Panel, keys: pd.DataFrame) -> Panel:
    """The panel with the lines of `keys`, those it does not have at 0."""
    places = pd.Series(np.arange(len(found.keys)), index=pd.MultiIndex.from_frame(found.keys)).reindex(pd.MultiIndex.from_frame(keys), fill_value=-1)
    cents = np.vstack([found.cents, np.zeros((1, len(found.months)), dtype=np.int64)])[places.to_numpy()]
    billed, there = (np.vstack([part, np.ones((1, len(found.months)), dtype=bool)])[places.to_numpy()] for part in (found.billed, found.there))
    return Panel(keys, found.months, cents, *_sums(keys), found.begins, billed, there)


def until(found: Panel, count: int) -> Panel:
    """The first so many months."""
    return found._replace(months=found.months[:count], cents=found.cents[:, :count], billed=found.billed[:, :count], there=found.there[:, :count])


def carried(found: Panel, months: list[str]) -> Panel:
    """The panel over the months: 0 before its own, its last month again after them."""
    before = months.index(found.months[0])
    after = len(months) - before - len(found.months)
    cents, billed, there = (np.pad(np.pad(part, ((0, 0), (0, after)), mode="edge"), ((0, 0), (before, 0))) for part in (found.cents, found.billed, found.there))
    return found._replace(months=months, cents=cents, billed=billed, there=there)


def _codes(named: pd.DataFrame) -> tuple[np.ndarray, pd.DataFrame]:
    grouped = named.groupby(KEYS, sort=True)
    return grouped.ngroup().to_numpy(), grouped.size().reset_index()[KEYS]


def _whole(exact: np.ndarray, rows: pd.DataFrame, places: Mapping[str, int]) -> np.ndarray:
    """A provider's lines in whole cents that add up to its history; months that were filled lie between their neighbours, line by line."""
    known = [places[month] for month in rows.loc[rows["source"] == BILLED, "period"]]
    months = [places[month] for month in rows["period"]]
    known = known or months[-1:]  # a first month that is under way: by what there is of it
    every = np.array([np.interp(months, known, line[known]) for line in exact]).reshape(len(exact), len(months))
    wholes = np.array([int(to_cents(amount).scaleb(2)) for amount in rows["amount"]], dtype=np.int64)
    sizes, sums = np.abs(every).sum(axis=0), every.sum(axis=0)
    for place, (month, source) in enumerate(zip(months, rows["source"], strict=True)):
        if source == LANDED and exact[:, month].any():
            every[:, place], sizes[place], sums[place] = exact[:, month], np.abs(exact[:, month]).sum(), exact[:, month].sum()
    rest = np.where(np.abs(wholes - sums) < 1, 0, wholes - sums)  # of a landing, which is shared by size
    every = every + np.divide(np.abs(every) * rest, sizes, out=np.zeros_like(every), where=sizes > 0)
    found = np.zeros(exact.shape, dtype=np.int64)
    if len(exact):
        group = np.broadcast_to(np.arange(len(months)), every.shape).ravel()
        found[:, months] = grid.each_rounded(every.ravel(), group, wholes).reshape(every.shape)
    return found


def _sums(keys: pd.DataFrame) -> tuple[pd.DataFrame, np.ndarray]:
    """Level and name of each sum, and which lines are in it."""
    rows, member = [("total", TOTAL)], [np.ones((1, len(keys)))]
    for level, column in LEVELS.items():
        codes, names = pd.factorize(keys[column], sort=True)
        rows += [(level, name) for name in names]
        member.append((codes == np.arange(len(names))[:, None]).astype(float))
    return pd.DataFrame(rows, columns=["level", "line"], dtype="str"), np.vstack(member)
