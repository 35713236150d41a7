"""What is known to happen, or to have happened?  Dated events that a forecast must not learn from, and must not miss.

    events, panel → read → Effects     what the history would have been had each always been so; what is still to come

effect    in the history                                            ahead
step      cost before it is raised (or lowered) by the amount       the amount a month is added, from its month on
share     cost before it is changed by the share                    cost is changed by the share, from its month on
one-off   the amount is taken out of its month                      the amount is added in its month
end       nothing                                                   the lines it names cost nothing, from its month on
A step or share that lasts `until` a month is taken out of the months it lasted, and ends there.  `ramp_months`: a step comes in as many
equal parts.  Without amount (or share) what happened is measured: the three months before against the three after.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd

from helpers import globs, inputs
from helpers.errors import InputError
from helpers.panel import Panel
from helpers.periods import distance, shift

STEP, SHARE, ONE_OFF, END = "step", "share", "one-off", "end"
EFFECTS = (STEP, SHARE, ONE_OFF, END)
SCOPE = ["ProviderName", "application", "tower"]
AROUND = 3  # months before and after that an effect is measured by
COLUMNS = ["period", "kind", "effect", *SCOPE, "lines", "amount", "share", "in_history", "ahead", "reason", "owner"]


class Effects(NamedTuple):
    """past: what to add to the history (lines × months); ahead: factor and amount (lines × months ahead); told: one row an event."""

    past: np.ndarray
    factor: np.ndarray
    added: np.ndarray
    told: pd.DataFrame


def read(events: pd.DataFrame | None, panel: Panel, months_ahead: int, basis: str, then: str = "") -> Effects:
    """The events' effects on each line, in amounts; then: a month of the past, whose people knew of events by `known`, else as they came.

    Raises InputError for an event to come without amount.
    """
    own = panel.cents / 100
    past, factor, added = np.zeros(own.shape), np.ones((len(own), months_ahead)), np.zeros((len(own), months_ahead))
    told = []
    for row, line in [] if events is None else zip(events.to_dict("records"), inputs.lines_of(events), strict=True):
        if row["basis"] not in ("", basis) or then and (row["known"] or row["period"]) > then:
            continue
        row["ramp_months"] = 1 if pd.isna(row["ramp_months"]) else max(int(row["ramp_months"]), 1)
        here = np.array([all(globs.matches(row[name], text) for name, text in zip(SCOPE, key, strict=True))
                         for key in zip(*(panel.keys[name].tolist() for name in SCOPE), strict=True)], dtype=bool)
        first = distance(panel.months[0], row["period"]) if panel.months else 0
        last = distance(panel.months[0], row["until"]) if row["until"] and panel.months else None
        size = _size(row, own[here].sum(axis=0), first, line, bool(then))
        change = _one(row, own, here, first, last, size, months_ahead)
        past += change[0]
        factor *= change[1]
        added += change[2]
        told.append({**{name: row[name] for name in ("period", "kind", "effect", *SCOPE, "reason", "owner")}, "lines": int(here.sum()),
                     "amount": None if row["effect"] in (SHARE, END) else size, "share": size if row["effect"] == SHARE else None,
                     "in_history": float(change[0].sum()), "ahead": float(change[2].sum())})
    return Effects(past, factor, added, pd.DataFrame(told, columns=COLUMNS))


def _size(row: Mapping, cost: np.ndarray, first: int, line: int, then: bool) -> float:
    """The amount or share that the event states, else as measured about its month (0 then, where that was still to come)."""
    effect, stated = row["effect"], row["share" if row["effect"] == SHARE else "amount"]
    if effect == END:
        return 0.0
    if stated is not None and not pd.isna(stated):
        return float(stated)
    ramp = row["ramp_months"] if effect == STEP else 1
    before, after = cost[max(first - AROUND, 0):max(first, 0)], cost[max(first + ramp - 1, 0):][:AROUND]
    if effect == ONE_OFF and 0 <= first < len(cost):
        near = np.concatenate([before, cost[first + 1:first + 1 + AROUND]])
        return float(cost[first] - near.mean()) if len(near) else 0.0
    if first <= 0 or not len(after) or first >= len(cost):
        if then or effect == ONE_OFF and first < 0:
            return 0.0
        raise InputError(f"inputs.forecast_events, line {line}, column {'share' if effect == SHARE else 'amount'}", "blank",
                         "a number: nothing can be measured about that month", f"state what the {row['kind'] or 'event'} is expected to change")
    if effect == SHARE:
        return float(after.mean() / before.mean() - 1) if before.mean() else 0.0
    return float(after.mean() - before.mean())


def apply(effects: Effects, member: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """Forecasts (sums, then lines × months ahead) with what is still to come; sums move by as much as their lines."""
    lines = mean[len(member):]
    moved = lines * (effects.factor - 1) + effects.added
    return mean + np.vstack([member @ moved, moved])


def _one(row: Mapping, own: np.ndarray, here: np.ndarray, first: int, last: int | None, size: float,
         months_ahead: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What one event adds to the history, and its factor and amount ahead; all by line."""
    count = own.shape[1]
    time = np.arange(count + months_ahead)
    lasts = (time >= first) & (time <= (last if last is not None else time[-1] if len(time) else 0))
    past, factor, added = np.zeros(own.shape), np.ones((len(own), months_ahead)), np.zeros((len(own), months_ahead))
    if not here.any():
        return past, factor, added
    if row["effect"] == END:
        factor[here] = np.where(lasts[count:], 0.0, 1.0)
        return past, factor, added
    if row["effect"] == SHARE:
        now = 1 + size if count and lasts[count - 1] else 1.0  # the level that the history is brought to: that of its last month
        at = np.where(lasts, 1 + size, 1.0)
        past[here] = own[here] * (np.divide(now, at[:count], out=np.ones(count), where=at[:count] != 0) - 1)
        factor[here] = np.divide(at[count:], now, out=np.ones(months_ahead), where=now != 0)
        return past, factor, added
    part = np.clip((time - first + 1) / row["ramp_months"], 0, 1) if row["effect"] == STEP else (time == first).astype(float)
    level = np.where(lasts, part, 0.0) * size
    today = level[count - 1] if count and row["effect"] == STEP else 0.0
    shares = _shares(own, here, first)
    past[here] = np.outer(shares, today - level[:count])
    added[here] = np.outer(shares, level[count:] - today)
    return past, factor, added


def _shares(own: np.ndarray, here: np.ndarray, first: int) -> np.ndarray:
    """How an amount is split over the lines it names: by what they moved about the month, else by their last year's cost."""
    cost = own[here]
    if 0 < first < own.shape[1]:
        moved = np.abs(cost[:, first:first + AROUND].mean(axis=1) - cost[:, max(first - AROUND, 0):first].mean(axis=1))
    else:
        moved = np.abs(cost[:, -12:]).sum(axis=1)
    return moved / moved.sum() if moved.sum() else np.full(len(cost), 1 / len(cost))


def new_lines(events: pd.DataFrame | None, keys: pd.DataFrame) -> pd.DataFrame:
    """Lines that a step to come names in full and no bill has yet: a launch or migration begins at nothing."""
    known, found = set(zip(*(keys[name] for name in SCOPE), strict=True)), []
    for row in [] if events is None else events[events["effect"] == STEP].to_dict("records"):
        name = tuple(row[part] for part in SCOPE)
        plain = all(name) and not any(globs.wild(part) or "|" in part for part in name)
        if plain and name not in known and not any(all(globs.matches(*pair) for pair in zip(name, key, strict=True)) for key in known):
            known.add(name)
            found.append(name)
    return pd.DataFrame(found, columns=SCOPE).assign(owner="(no owner)")


def delayed(events: pd.DataFrame, months: int, kinds: str, after: str) -> pd.DataFrame:
    """The events with those of the kinds that come after a month moved by so many months."""
    moves = events["kind"].map(lambda kind: globs.matches(kinds, kind)) & (events["period"] > after)
    return events.assign(**{name: [shift(value, months) if move and value else value for move, value in zip(moves, events[name], strict=True)]
                            for name in ("period", "until")})
