"""What is known to happen, or to have happened?  Dated events that a forecast must not learn from, and must not miss.

    events, panel → read → Effects     what the history would have been had each always been so; what is still to come; what has no effect

effect    in the history                                            ahead
step      cost before it is raised (or lowered) by the amount       the amount a month is added, from its month on
share     cost before it is changed by the share                    cost is changed by the share, from its month on
one-off   the amount is taken out of its month                      the amount is added in its month
end       nothing                                                   the lines it names cost nothing, from its month on
A step or share that lasts `until` a month is taken out of the months it lasted, and ends there.  `ramp_months`: a step comes in as many
equal parts.  Without amount (or share) what happened is measured: the three months before against the three after.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple

import numpy as np
import pandas as pd

from helpers import globs, inputs
from helpers.errors import InputError
from helpers.panel import SCOPE, Panel, named_by
from helpers.periods import distance, shift

STEP, SHARE, ONE_OFF, END = "step", "share", "one-off", "end"
AROUND = 3  # months before and after that an effect is measured by
COLUMNS = ["period", "kind", "effect", *SCOPE, "lines", "amount", "share", "in_history", "ahead", "reason", "owner", "without_effect"]


class Effects(NamedTuple):
    """past: what to add to the history (lines × months); ahead: factor and amount (lines × months ahead); told: one row an event."""

    past: np.ndarray
    factor: np.ndarray
    added: np.ndarray
    told: pd.DataFrame
    credits: np.ndarray  # lines × months ahead: whether a one-off below 0 is in the month


def read(events: pd.DataFrame | None, panel: Panel, months_ahead: int, basis: str, now: str, then: bool = False) -> Effects:
    """The events' effects on each line, in amounts, as people knew of them in the month `now`.

    then: in a replay of the past an event without `known` came as it came; else what the file says of months to come is known.
    Amounts that are stated are taken out first, and the others measured on what is left, in order of time.
    Raises InputError for a share below -1.
    """
    current = panel.cents / 100
    factor, added, told = np.ones((len(current), months_ahead)), np.zeros((len(current), months_ahead)), []
    credits = np.zeros(added.shape, dtype=bool)
    rows = _that_count(events, panel, basis, now, then)
    for row, here in rows:
        first = distance(panel.months[0], row["period"])
        last = distance(panel.months[0], row["until"]) if row["until"] else None
        size = _size(row, current[here].sum(axis=0), first, last, *_others(rows, row, here, panel.months[0]))
        idle = "no line has these names" if not here.any() else "until lies before period" if last is not None and last < first else \
            "without amount, and nothing to measure it by" if size is None else ""
        past, times, more = _one(row, current, here, first, last, size or 0.0, months_ahead) if not idle else (0.0, 1.0, 0.0)
        past = past * panel.there
        level = current[:, -3:].mean(axis=1, keepdims=True) * factor
        told.append({**{name: row[name] for name in ("period", "kind", "effect", *SCOPE, "reason", "owner")}, "lines": int(here.sum()),
                     "amount": None if row["effect"] in (SHARE, END) or size is None else _rounded(size, 2),
                     "share": _rounded(size, 4) if row["effect"] == SHARE and size is not None else None, "in_history": _rounded(np.sum(past), 2),
                     "ahead": _rounded(np.sum(more + (added + level) * (times - 1)), 2), "without_effect": idle})
        credits |= np.broadcast_to((np.asarray(more) < 0) & (row["effect"] == ONE_OFF), added.shape)
        current, added, factor = current + past, added * times + more, factor * times
    return Effects(current - panel.cents / 100, factor, added, pd.DataFrame(told, columns=COLUMNS, dtype=object), credits)


def _that_count(events: pd.DataFrame | None, panel: Panel, basis: str, now: str, then: bool) -> list[tuple[dict, np.ndarray]]:
    """The events of the basis that are known, and the lines of each: stated ones first, then in order of time, one-offs last in their month."""
    found = []
    for row, line in [] if events is None else zip(events.to_dict("records"), inputs.lines_of(events), strict=True):
        if not pd.isna(row["share"]) and row["share"] is not None and row["share"] < -1:
            raise InputError(f"inputs.forecast_events, line {line}, column share", str(row["share"]), "-1 or more: -0.2 is a fifth less", "write the share, not percent")
        if row["basis"] not in ("", basis) or (row["known"] or (row["period"] if then else now)) > now:
            continue
        row["ramp_months"] = 1 if pd.isna(row["ramp_months"]) else max(int(row["ramp_months"]), 1)
        found.append((row, named_by(panel.keys, row)))
    return sorted(found, key=lambda pair: (_blank(pair[0]), pair[0]["period"], pair[0]["effect"] == ONE_OFF, *(str(pair[0][name]) for name in SCOPE)))


def _rounded(value: float, digits: int) -> Decimal:
    return round(Decimal(float(value)), digits)


def _blank(row: Mapping) -> bool:
    """Whether the event's size is to be measured."""
    stated = row["share"] if row["effect"] == SHARE else row["amount"]
    return row["effect"] != END and (stated is None or bool(pd.isna(stated)))


def _others(rows: list[tuple[dict, np.ndarray]], row: Mapping, here: np.ndarray, start: str) -> tuple[list[int], set[int]]:
    """Months at which other measured events of the same lines begin or end, and months of other one-offs: what is measured keeps off them."""
    edges, skipped = [], set()
    for other, there in rows:
        if other is not row and _blank(other) and (there & here).any():
            if other["effect"] == ONE_OFF:
                skipped.add(distance(start, other["period"]))
            else:
                edges += [distance(start, other["period"]), *([distance(start, other["until"]) + 1] if other["until"] else [])]
    return edges, skipped


def _size(row: Mapping, cost: np.ndarray, first: int, last: int | None, edges: list[int], skipped: set[int]) -> float | None:
    """The amount or share that the event states, else as measured about its month; None where nothing can be measured.

    Up to three months before it are held against up to three from it on (a ramp done), none of them beyond another event where that leaves any.
    """
    effect = row["effect"]
    if effect == END or not _blank(row):
        return 0.0 if effect == END else float(row["share"] if effect == SHARE else row["amount"])
    if first <= 0:
        return 0.0  # it is in every month of the bills
    begin = first + (row["ramp_months"] - 1 if effect == STEP else 0) + (effect == ONE_OFF)
    stop = len(cost) if last is None or effect == ONE_OFF else min(last + 1, len(cost))
    near = min([stop, *(edge for edge in edges if edge > begin)])
    before = [month for month in range(max([0, *(edge for edge in edges if edge < first)]), first) if month not in skipped][-AROUND:]
    after = [month for month in range(begin, near) if month not in skipped][:AROUND] or [month for month in range(begin, stop) if month not in skipped][:AROUND]
    if effect == ONE_OFF:
        return float(cost[first] - cost[before + after].mean()) if first < len(cost) and before + after else None
    if not after or not before:
        return None
    if effect == SHARE:
        return float(cost[after].mean() / cost[before].mean() - 1) if cost[before].mean() else None
    return float(cost[after].mean() - cost[before].mean())


def levelled(effects: Effects, panel: Panel) -> Panel:
    """The panel with its history at the level of now."""
    return panel._replace(cents=panel.cents + np.rint(effects.past * 100).astype(np.int64))


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
        now = 1 + size if count and lasts[count - 1] and size > -1 else 1.0  # the level that the history is brought to: that of its last month
        at = np.where(lasts, 1 + size, 1.0)
        past[here] = own[here] * (np.divide(now, at[:count], out=np.ones(count), where=at[:count] != 0) - 1)
        free = (at[:count] == 0) & (np.arange(count) >= 1)
        if size == -1 and free.any() and first > 0:  # free of charge: the history is what it cost before
            past[np.ix_(here, free)] += own[here][:, [first - 1]] - own[here][:, free]
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
    """How an amount is split over the lines it names: by what they moved about the month, else by what they cost lately."""
    cost = own[here]
    if 0 < first < own.shape[1]:
        moved = np.abs(cost[:, first:first + AROUND].mean(axis=1) - cost[:, max(first - AROUND, 0):first].mean(axis=1))
    else:
        moved = np.abs(cost[:, -AROUND:]).sum(axis=1)
    return moved / moved.sum() if moved.sum() else np.full(len(cost), 1 / len(cost))


def new_lines(events: pd.DataFrame | None, keys: pd.DataFrame) -> pd.DataFrame:
    """Lines that a step to come names in full and no bill has yet: a launch or migration begins at nothing."""
    known, found = set(zip(*(keys[name] for name in SCOPE), strict=True)), []
    providers = set(keys["ProviderName"])
    for row in [] if events is None else events[events["effect"] == STEP].to_dict("records"):
        name = tuple(row[part] for part in SCOPE)
        plain = all(name) and not any(globs.wild(part) or "|" in part for part in name)
        if plain and name[0] in providers and name not in known and not any(all(globs.matches(*pair) for pair in zip(name, key, strict=True)) for key in known):
            known.add(name)
            found.append(name)
    return pd.DataFrame(found, columns=SCOPE).assign(owner="(no owner)")


def delayed(events: pd.DataFrame, months: int, kinds: str, after: str) -> pd.DataFrame:
    """The events with those of the kinds that come after a month moved by so many months."""
    moves = events["kind"].map(lambda kind: globs.matches(kinds, kind)) & (events["period"] > after)
    return events.assign(**{name: [shift(value, months) if move and value else value for move, value in zip(moves, events[name], strict=True)]
                            for name in ("period", "until")})
