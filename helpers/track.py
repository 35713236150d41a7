"""How good were the forecasts?  Those of the last months, as they were frozen or as they would have been, against what came.

    panel, tries, picked figure, closed months → replayed → Record     sums × origins × months ahead
    Record, band → scores → one row a line, or a level and month ahead: miss, bias, hits, inside the bands, seasonal naive
    Record → vintages → one row a vintage and month of the total and each provider

A vintage that a closed month kept is read from there and never worked out again.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple

import numpy as np
import pandas as pd

from helpers import cells, choice, coherent
from helpers.choice import Tries
from helpers.ensemble import ENSEMBLE
from helpers.methods import SEASONAL, TOTAL
from helpers.money import sum_by, total
from helpers.panel import Panel
from helpers.periods import shift

FROZEN, REPLAYED = "frozen", "replayed"
FIGURES = (*coherent.METHODS, "own")
SHARE = Decimal("0.0001")
NEAR = 3  # months ahead that a line's score goes by
MOST = 0.8  # of the tries: the band that so many land in is told beside the one that is wanted
SCORES = ["tries", "mean_miss", "miss_share", "bias_share", "hit_share", "band_of_most_share", "inside_80_share", "inside_95_share", "naive_miss_share",
          "naive_hit_share", "winner"]


class Record(NamedTuple):
    """Arrays of (origins × sums × months ahead), NaN where nothing is known; bands (origins × 4 × sums × months ahead)."""

    panel: Panel
    origins: list[int]
    told: np.ndarray
    naive: np.ndarray
    bands: np.ndarray
    actual: np.ndarray
    sources: list[str]
    figures: dict[str, float]


def replayed(panel: Panel, tries: Tries, wanted: str, chosen: np.ndarray, frozen: Mapping[str, pd.DataFrame] | None = None) -> tuple[Record, str]:
    """The record of the wanted figure (auto: the one whose sums missed least), made of the methods chosen, and that figure's name."""
    sums, actual = len(panel.member), panel.truth
    made = {name: np.zeros((0, sums, tries.bands.shape[-1])) for name in FIGURES}
    if tries.origins:
        parts = [_figures(panel, tries, chosen, place) for place in range(len(tries.origins))]
        made = {name: np.stack([part[name] for part in parts]) for name in FIGURES}
    truth = choice.came(actual[:sums], tries.origins, tries.bands.shape[-1])
    missed = {name: float(np.nansum(np.abs(told - truth)[:, :, :NEAR])) for name, told in made.items()}
    best = min(coherent.METHODS, key=lambda name: missed[name]) if tries.origins else coherent.WLS
    figure = best if wanted == "auto" else wanted
    naive = tries.forecasts[SEASONAL][:, :sums] if tries.origins else made["own"]
    bands = np.zeros((0, 4, sums, tries.bands.shape[-1]))
    if tries.origins:
        bands = tries.bands[:, :, :sums] + (made[figure] - tries.forecasts[ENSEMBLE][:, :sums])[:, None]
        never = panel.member @ (panel.cents < 0).any(axis=1) == 0
        low = np.maximum(bands[:, [0, 2]], np.minimum(made[figure], 0.0)[:, None])
        bands[:, [0, 2]] = np.where(never[None, None, :, None], low, bands[:, [0, 2]])
    record = Record(panel, tries.origins, made[figure].copy(), naive, bands, truth, [REPLAYED] * len(tries.origins), missed)
    return _frozen(record, frozen or {}), figure


def _figures(panel: Panel, tries: Tries, chosen: np.ndarray, place: int) -> dict[str, np.ndarray]:
    """What each figure would have said of the sums from one origin; a sum that had not begun then is no part of it."""
    base, sums, origin = choice.of_chosen(tries, chosen, place), len(panel.member), tries.origins[place]
    begun = np.append(np.isfinite(panel.series[:sums, origin]), np.ones(len(base) - sums, dtype=bool))
    member = panel.member[begun[:sums]]
    variances, before = choice.deviations(*tries.bands[place][:2])**2, choice.one_step(tries, chosen, panel.truth, place)
    errors = None if before is None else before[begun]
    lines = {name: coherent.reconcile(base[begun], member, variances[begun], name, errors)
             for name in coherent.METHODS if name != coherent.TOP_DOWN}
    quiet = (base[sums:] == 0).all(axis=1)
    lines[coherent.TOP_DOWN] = coherent.top_down(base[0] if begun[0] else base[sums:].sum(axis=0), tries.recent[place][sums:] * ~quiet)
    costs = ~(panel.cents < 0).any(axis=1, keepdims=True)
    found = {name: panel.member @ np.where(quiet[:, None], 0.0, np.where(costs, np.maximum(part, 0.0), part)) for name, part in lines.items()}
    known = begun[:sums] & (panel.member @ (panel.cents[:, :origin + 1] != 0).any(axis=1) > 0)
    return {name: np.where(known[:, None], part, np.nan) for name, part in (found | {"own": base[:sums]}).items()}


def _frozen(record: Record, kept: Mapping[str, pd.DataFrame]) -> Record:
    """The record with what closed months kept in place of what would be worked out now."""
    rows = {key: place for place, key in enumerate(zip(record.panel.names["level"], record.panel.names["line"], strict=True))}
    for place, origin in enumerate(record.origins):
        month = record.panel.months[origin]
        if month not in kept:
            continue
        record.sources[place] = FROZEN
        record.told[place], record.bands[place] = np.nan, np.nan
        steps = {shift(month, step + 1): step for step in range(record.told.shape[-1])}
        for row in kept[month].to_dict("records"):
            at = rows.get((row["level"], row["line"]))
            if at is not None and row["period"] in steps:
                record.told[place, at, steps[row["period"]]] = float(row["amount"])
                record.bands[place, :, at, steps[row["period"]]] = [float(row[name]) for name in ("low_80", "high_80", "low_95", "high_95")]
    return record


def by_line(record: Record, band: Decimal, budgeted: Mapping[str, Decimal | None] | None = None) -> pd.DataFrame:
    """One row a level and name: one to three months ahead; budgeted: what the budget of the total and of providers missed by, as a share."""
    rows = [_scores(record, np.s_[:, [place], :NEAR], band) for place in range(len(record.panel.names))]
    table = record.panel.names.join(pd.DataFrame(rows, columns=SCORES, dtype=object))
    known = [(budgeted or {}).get(line) if level in ("total", "provider") else None for level, line in zip(table["level"], table["line"], strict=True)]
    return table.assign(budget_miss_share=pd.Series(known, dtype=object))


def budget_missed(booked: pd.DataFrame, budget: pd.DataFrame | None, now: str, count: int) -> dict[str, Decimal | None]:
    """By line (booked: actual by ledger month and line) what its budget missed by over the last `count` ledger months that have one."""
    if budget is None:
        return {}
    told = {(row.period, row.scope): row.amount for row in sum_by(budget, ["period", "scope"], ["amount"]).itertuples()}
    actual = {(period, line): amount for period, line, amount in booked[["period", "line", "amount"]].itertuples(index=False)
              if shift(now, -count) < period <= now}
    lines = sorted({line for _, line in actual} - {TOTAL})
    for period in {period for period, _ in actual}:
        if all((period, line) in told for line in lines):
            told[period, TOTAL] = total(told[period, line] for line in lines)
    found = {}
    for name in [*lines, TOTAL]:
        both = [(told[key], amount) for key, amount in actual.items() if key[1] == name and key in told]
        size = total(abs(amount) for _, amount in both)
        found[name] = _decimal(total(abs(plan - amount) for plan, amount in both) / size) if size else None
    return found


def by_horizon(record: Record, band: Decimal) -> pd.DataFrame:
    """One row a level and number of months ahead."""
    found, levels = [], record.panel.names["level"]
    for level in dict.fromkeys(levels):
        places = np.flatnonzero(levels == level)
        for step in range(record.told.shape[-1]):
            score = _scores(record, (slice(None), places, slice(step, step + 1)), band)
            if score["tries"]:
                found.append({"level": level, "horizon": step + 1, **score})
    return pd.DataFrame(found, columns=["level", "horizon", *SCORES], dtype=object)


def _scores(record: Record, part, band: Decimal) -> dict:
    """Figures of some cells: those that have a forecast and an actual, and seasonal naive on those where it could."""
    told, actual, naive = record.told[part], record.actual[part], record.naive[part]
    low80, high80, low95, high95 = (record.bands[:, place][part] for place in range(4))
    here = np.isfinite(told) & np.isfinite(actual)
    both = here & np.isfinite(naive)
    used = both if both.any() else here
    own, other = _missed(told[used], actual[used], float(band)), _missed(naive[both], actual[both], float(band))
    inside = [_share((low <= actual) & (actual <= high), used) for low, high in ((low80, high80), (low95, high95))]
    winner = "" if not both.any() else SEASONAL if other["mean_miss"] < own["mean_miss"] else "forecast"
    return {"tries": int(used.sum()), **own, "inside_80_share": inside[0], "inside_95_share": inside[1], "naive_miss_share": other["miss_share"],
            "naive_hit_share": other["hit_share"], "winner": winner}


def _missed(told: np.ndarray, actual: np.ndarray, band: float) -> dict:
    if not len(told):
        return dict.fromkeys(("mean_miss", "miss_share", "bias_share", "hit_share", "band_of_most_share"))
    errors, size = told - actual, np.abs(actual).sum()
    parts = np.divide(np.abs(errors), np.abs(actual), out=np.where(errors == 0, 0.0, np.inf), where=actual != 0)
    most = np.quantile(parts, MOST, method="higher")
    return {"mean_miss": cells.money(pd.Series([int(round(np.abs(errors).mean() * 100))]))[0],
            "miss_share": _decimal(np.abs(errors).sum() / size) if size else None, "bias_share": _decimal(errors.sum() / size) if size else None,
            "hit_share": _decimal((np.abs(errors) <= band * np.abs(actual) + 1e-9).mean()), "band_of_most_share": _decimal(most) if np.isfinite(most) else None}


def _share(inside: np.ndarray, used: np.ndarray) -> Decimal | None:
    return _decimal(inside[used].mean()) if used.any() else None


def _decimal(value: float) -> Decimal:
    return Decimal(value).quantize(SHARE)


def vintages(record: Record) -> pd.DataFrame:
    """One row a vintage and month it told of, for the total and each provider: told, band of 80 %, what came, and the miss."""
    places = np.flatnonzero(record.panel.names["level"].isin(["total", "provider"]))
    rows = []
    for number, origin in enumerate(record.origins):
        vintage = record.panel.months[origin]
        for place in places:
            for step in np.flatnonzero(np.isfinite(record.told[number, place]) & np.isfinite(record.actual[number, place])):
                told, actual = record.told[number, place, step], record.actual[number, place, step]
                rows.append((record.panel.names["line"][place], vintage, record.sources[number], shift(vintage, int(step) + 1), int(step) + 1, told,
                             *record.bands[number, :2, place, step], actual, told - actual))
    table = pd.DataFrame(rows, columns=["line", "vintage", "source", "period", "horizon", "forecast", "low_80", "high_80", "actual", "miss"])
    money = ["forecast", "low_80", "high_80", "actual", "miss"]
    return table.assign(**{name: cells.money(pd.Series(np.rint(table[name].astype(float) * 100).astype(np.int64))) for name in money})


def tried(record: Record) -> pd.DataFrame:
    """One row a figure: what its sums missed by in all, one to three months ahead, and each against the best."""
    best = min((record.figures[name] for name in coherent.METHODS), default=0.0)
    rows = [(name, cells.money(pd.Series([int(round(missed * 100))]))[0], _decimal(missed / best) if best else None)
            for name, missed in record.figures.items()]
    return pd.DataFrame(rows, columns=["figure", "missed", "times_the_best"], dtype=object)
