"""How fast is a forecast of everything?  5,000 lines × 36 months: replays, choice, bands, five figures, one agreed.

Lines of three providers, 800 applications, 60 towers and 300 owners, some dead, some new, some credits, with a season and noise; six events.
Measured in a process of its own: the whole plan with 12 replays of 12 months, and the tables of the page.

    python -m benchmarks.forecast
"""

import time
from decimal import Decimal
from types import SimpleNamespace

import numpy as np
import pandas as pd

from benchmarks import alone
from helpers import forecast
from helpers.periods import months

LINES, MONTHS = 5_000, months("2023-10", "2026-09")
SECONDS, GB = 60.0, 2.0


def bills() -> pd.DataFrame:
    """Mapped lines, the same each time."""
    rng, count = np.random.default_rng(7), len(MONTHS)
    line = np.arange(LINES)
    level = np.exp(rng.normal(6, 1.5, LINES))
    season = 1 + 0.15 * np.sin(2 * np.pi * (np.arange(count)[None] + rng.integers(0, 12, LINES)[:, None]) / 12)
    amounts = level[:, None] * season * (1 + rng.normal(0.01, 0.01, LINES)[:, None] * np.arange(count)) * np.exp(rng.normal(0, 0.05, (LINES, count)))
    amounts[line % 17 == 3, 20:] = 0  # ended
    amounts[line % 13 == 5, :28] = 0  # new
    amounts[line % 101 == 7] *= -1  # credits
    known = np.repeat(line, count)
    texts = {"ProviderName": [("AWS", "Microsoft", "Google Cloud")[n % 3] for n in line], "application": [f"APP-{n % 800}" for n in line],
             "tower": [f"tower {n * 7 % 60}" for n in line], "owner": [f"Head of {n % 300}" for n in line]}
    frame = pd.DataFrame({name: pd.array(np.array(column, dtype=object)[known], dtype="str") for name, column in texts.items()})
    cost = pd.Series([Decimal(cents) / 100 for cents in np.rint(amounts.ravel() * 100).astype(int).tolist()], dtype=object)
    return frame.assign(service_period=np.tile(np.array(MONTHS, dtype=object), LINES), billing_period=np.tile(np.array(MONTHS, dtype=object), LINES),
                        billed=cost, effective=cost)


def events() -> pd.DataFrame:
    """Steps past and to come, and a retirement."""
    rows = [{"period": period, "effect": effect, "application": f"APP-{n}", "amount": amount} for n, (period, effect, amount) in enumerate((
        ("2025-06", "step", None), ("2026-01", "step", None), ("2026-12", "step", Decimal(9000)), ("2027-03", "step", Decimal(5000)),
        ("2026-11", "end", None), ("2027-01", "one-off", Decimal(20000))))]
    blank = dict.fromkeys(("until", "kind", "ProviderName", "tower", "basis", "known", "reason", "owner"), "")
    return pd.DataFrame(rows).assign(**blank, share=None, ramp_months=None)


def measure() -> int:
    """Measures here; 1 where a limit is passed."""
    lines, told = bills(), events()
    told.attrs["lines"] = list(range(2, 2 + len(told)))
    setting = SimpleNamespace(months=18, band=Decimal("0.05"), backtest_months=12, method="auto", figure="auto", models=(), largest=0, what_if=())
    params = SimpleNamespace(period=MONTHS[-1], currency="USD", fiscal_year_start=4, cost_basis="amortised", forecast=setting, providers={
        name: SimpleNamespace(lag=lag) for name, lag in (("AWS", 1), ("Microsoft", 0), ("Google Cloud", 2))})
    start = time.perf_counter()
    plan = forecast.plan(lines, params, events=told)
    tables = plan.tables
    took, peak = time.perf_counter() - start, alone.peak()
    assert set(plan.checks["state"]) <= {"ok", "finding"}, plan.checks
    print(f"{LINES:,} lines × {len(MONTHS)} months, {len(plan.agreed.panel.names):,} sums: {plan.agreed.picked}, {len(tables['ahead']):,} rows ahead")
    print(f"  forecast     {took:.2f} s   limit {SECONDS}")
    print(f"  memory       peak {peak:.2f} GB   limit {GB}")
    return int(took > SECONDS or peak > GB)


def main() -> int:
    """Measures in a process of its own; 1 where a limit is passed."""
    return alone.measured("benchmarks.forecast", __doc__, measure)


if __name__ == "__main__":
    raise SystemExit(main())
