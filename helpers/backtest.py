"""How good would the forecast have been?  The method tried on past months, beside repeating last year.

    history → backtest → tries      one row a line, month forecast from (origin) and month forecast
    tries, band → accuracy → rows   one row a line: miss, bias, hits within the band, and who wins
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal

import pandas as pd

from helpers import house, methods
from helpers.methods import BILLED, SUM, TOTAL, add_up
from helpers.money import ZERO, to_cents, total
from helpers.periods import shift

TRY_COLUMNS = ["line", "origin", "period", "horizon", "method", "actual", "forecast", "seasonal_naive"]
SHARE = Decimal("0.0001")


def backtest(history: pd.DataFrame, months: int = 12, method: str = methods.THETA, horizons: int = 3) -> pd.DataFrame:
    """One row a line, origin and horizon, from each of the last `months` origins: actual, forecast, seasonal naive.

    Each try knows the months up to its origin and no later one.  Total is forecast directly, Sum of lines adds the
    lines.  Months that were filled in, not billed, are not scored.  seasonal_naive is None below 12 months.
    """
    if history.empty:
        return pd.DataFrame(columns=TRY_COLUMNS)
    series, scored = _series(history)
    end = history["period"].max()
    rows = []
    for origin in (shift(end, -back) for back in range(months, 0, -1)):
        tries = [row for line, amounts in series.items() for row in _try(line, amounts, origin, method, horizons)]
        rows += tries + _sum_of_lines(tries)
    kept = [row for row in rows if row["period"] in scored.get(row["line"], scored[TOTAL])]
    return pd.DataFrame(kept, columns=TRY_COLUMNS)


def accuracy(tries: pd.DataFrame, band: Decimal, by: Sequence[str] = ("line",)) -> pd.DataFrame:
    """One row a line (or `by`): how far the tries missed, on which side, how many hit, against seasonal naive.

    miss_share = sum of |forecast − actual| over sum of |actual|; bias_share the same with signs (above 0: too high);
    hit_share counts tries within `band` of the actual.  Both are scored on the same months.
    """
    groups = tries.groupby(list(by), sort=False) if len(tries) else ()
    rows = [dict(zip(by, keys, strict=True)) | _score(group.to_dict("records"), band) for keys, group in groups]
    columns = [*by, "tries", "method", "by_method", "mean_miss", "miss_share", "bias_share", "hit_share",
               "naive_mean_miss", "naive_miss_share", "naive_hit_share", "winner", "sentence"]
    return pd.DataFrame(rows, columns=columns).astype(object).where(lambda table: table.notna(), None)


def _series(history: pd.DataFrame) -> tuple[dict[str, dict[str, Decimal]], dict[str, set[str]]]:
    """Amounts by line and month with Total first, and the months of each that were billed, not filled."""
    series: dict[str, dict[str, Decimal]] = {}
    scored: dict[str, set[str]] = {TOTAL: set()}
    ordered = history.sort_values(["line", "period"])
    for row in [*add_up(history).to_dict("records"), *ordered.to_dict("records")]:
        series.setdefault(row["line"], {})[row["period"]] = row["amount"]
        if row["source"] == BILLED:
            scored.setdefault(row["line"], set()).add(row["period"])
    return series, scored


def _try(line: str, amounts: dict[str, Decimal], origin: str, method: str, horizons: int) -> Iterable[dict]:
    """The rows of one line forecast from one origin, billed later or not; none outside its own months."""
    values = [float(amounts[period]) for period in sorted(amounts) if period <= origin]
    if not values or origin not in amounts:
        return []
    path = methods.carry(values, horizons, method, with_bands=False)
    naive = methods.repeat_season(values, horizons) if len(values) >= methods.SEASON else [None] * horizons
    targets = [shift(origin, step + 1) for step in range(horizons)]
    return [{"line": line, "origin": origin, "period": period, "horizon": step + 1, "method": path.method,
             "actual": amounts.get(period), "forecast": to_cents(Decimal(path.amounts[step])),
             "seasonal_naive": None if naive[step] is None else to_cents(Decimal(naive[step]))}
            for step, period in enumerate(targets)]


def _sum_of_lines(tries: Sequence[dict]) -> list[dict]:
    """The total's tries once more, with the sum of the lines' forecasts in place of its own."""
    sums: dict[str, Decimal] = {}
    for row in tries:
        if row["line"] != TOTAL:
            sums[row["period"]] = sums.get(row["period"], ZERO) + row["forecast"]
    return [row | {"line": SUM, "method": "sum of lines", "forecast": sums.get(row["period"], ZERO)}
            for row in tries if row["line"] == TOTAL]


def _score(rows: list[dict], band: Decimal) -> dict:
    compared = [row for row in rows if row["seasonal_naive"] is not None]
    used = compared or rows
    name = max(used, key=lambda row: row["origin"])["method"]
    own, naive = _misses(used, "forecast", band), _misses(compared, "seasonal_naive", band)
    score = {"tries": len(used), "method": name, "by_method": sum(row["method"] == name for row in used), **own,
             **{f"naive_{name}": value for name, value in naive.items() if name != "bias_share"}}
    score["winner"] = _winner(name, own["mean_miss"], naive["mean_miss"])
    return score | {"sentence": _sentence(rows[0]["line"], score, band)}


def _misses(rows: list[dict], column: str, band: Decimal) -> dict:
    if not rows:
        return dict.fromkeys(("mean_miss", "miss_share", "bias_share", "hit_share"))
    errors = [row[column] - row["actual"] for row in rows]
    size = total(abs(row["actual"]) for row in rows)
    missed = total(map(abs, errors))
    hits = sum(abs(error) <= band * abs(row["actual"]) for error, row in zip(errors, rows, strict=True))
    return {"mean_miss": to_cents(missed / len(rows)), "miss_share": (missed / size).quantize(SHARE) if size else None,
            "bias_share": (total(errors) / size).quantize(SHARE) if size else None,
            "hit_share": (Decimal(hits) / len(rows)).quantize(SHARE)}


def _winner(name: str, own: Decimal, naive: Decimal | None) -> str:
    if naive is None:
        return ""
    if own == naive:
        return "no difference"
    return name if own < naive else methods.SEASONAL


def _sentence(line: str, score: dict, band: Decimal) -> str:
    name = score["method"]
    if score["by_method"] < score["tries"]:
        name += f" (in {score['by_method']} of the tries, where the history was long enough)"
    hits = f"{house.percent(score['hit_share'], 0)} of {score['tries']} " \
           f"{'try lands' if score['tries'] == 1 else 'tries land'} within ±{house.percent(band, 0)}"
    if score["miss_share"] is None:
        return f"{line}: nothing was billed in the months tried; {hits}."
    miss = f"{line}: {name} misses by {house.percent(score['miss_share'])}"
    if score["naive_miss_share"] is None:
        return f"{miss}; the history is too short for seasonal naive; {hits}."
    against = f"seasonal naive by {house.percent(score['naive_miss_share'])}"
    verdict = "no difference" if score["winner"] == "no difference" else f"{score['winner']} wins"
    return f"{miss}, {against}: {verdict}; {hits}."
