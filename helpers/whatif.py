"""What if it went otherwise?  Scenarios of the parameters beside the forecast, on one scale.

    forecast, scenarios, events → scenarios → one row a month and scenario

growth: a year, on top of the forecast's own; price: of everything from the first month ahead; delay: events to come are so many months late.
"""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from helpers import cells, events
from helpers.agreed import Agreed

FORECAST = "forecast"


def scenarios(found: Agreed, wanted: Sequence, told: pd.DataFrame | None, now: str, again: Callable[[pd.DataFrame], Agreed]) -> pd.DataFrame:
    """Total by service month; wanted: the parameters' scenarios; again: the forecast with other events."""
    rows = [(FORECAST, found.sums[0] / 100)]
    for scenario in wanted:
        other = again(events.delayed(told, scenario.delay, scenario.kinds, now)) if scenario.delay and told is not None else found
        years = np.arange(1, other.cents.shape[1] + 1) / 12
        rows.append((scenario.name, other.sums[0] / 100 * (1 + float(scenario.growth))**years * (1 + float(scenario.price))))
    table = pd.DataFrame({"period": found.months * len(rows), "line": np.repeat([name for name, _ in rows], len(found.months)),
                          "amount": cells.money(pd.Series(np.rint(np.concatenate([amounts for _, amounts in rows]) * 100).astype(np.int64)))})
    return table.astype({"line": "str"})


def in_all(table: pd.DataFrame) -> pd.DataFrame:
    """One row a scenario: all months ahead, and how far it is from the forecast."""
    sums = table.groupby("line", sort=False)["amount"].sum().reset_index()
    return sums.assign(difference=sums["amount"] - sums["amount"].iloc[0]) if len(sums) else sums.assign(difference=[])
