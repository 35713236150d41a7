"""What drives the cost, and what would the drivers alone say?  Quantity × unit price, and business volume × cost per unit.

    booked usage → by_usage → one row a service and unit: quantity and price now, what they come to ahead
    volumes, usage → by_volume → one row an application: units of output ahead at the cost a unit has now

Quantities are carried forward as lines are (helpers.ensemble); the price is that of the last three months known.
"""

from collections.abc import Sequence
from decimal import Decimal

import numpy as np
import pandas as pd

from helpers import cells, ensemble
from helpers.optional import needs_table
from helpers.rates import BASES

RECENT = 3  # months that a price is taken over
MOST = 25  # services, the dearest
COLUMNS = ["driver", "unit", "last_quantity", "quantity_ahead", "price", "amount_ahead"]


def by_usage(mapped: pd.DataFrame, months: Sequence[str], ahead: int, basis: str) -> pd.DataFrame:
    """The dearest services whose usage is measured: quantity carried forward × the price it has now, in the report's currency."""
    rows = mapped[mapped["service_period"].isin(set(months)) & (mapped["ConsumedUnit"] != "") & mapped["ConsumedQuantity"].notna()]
    if rows.empty:
        return pd.DataFrame(columns=COLUMNS)
    names = rows["ProviderName"].astype("str") + " " + rows["ServiceName"].astype("str")
    table = pd.DataFrame({"driver": names, "unit": rows["ConsumedUnit"].astype("str"), "period": rows["service_period"],
                          "quantity": rows["ConsumedQuantity"].astype(float), "cost": rows[BASES[basis]].astype(float)})
    return _ahead(table, months, ahead)


@needs_table
def by_volume(volumes: pd.DataFrame, mapped: pd.DataFrame, months: Sequence[str], ahead: int, basis: str) -> pd.DataFrame:
    """Each application with output: units carried forward × what a unit of output costs in the cloud now."""
    cost = mapped.assign(cost=mapped[BASES[basis]].astype(float)).groupby(["application", "service_period"])["cost"].sum()
    rows = volumes[volumes["period"].isin(set(months))]
    pairs = list(zip(rows["application"], rows["period"], strict=True))
    table = pd.DataFrame({"driver": rows["application"].astype("str"), "unit": rows["unit"].astype("str"), "period": rows["period"],
                          "quantity": rows["quantity"].astype(float), "cost": [cost.get(pair, 0.0) for pair in pairs]})
    return _ahead(table[table["driver"].isin(set(cost.index.get_level_values(0)))], months, ahead)


def _ahead(table: pd.DataFrame, months: Sequence[str], ahead: int) -> pd.DataFrame:
    if table.empty:
        return pd.DataFrame(columns=COLUMNS)
    keys = ["driver", "unit"]
    wide = {name: table.pivot_table(index=keys, columns="period", values=name, aggfunc="sum").reindex(columns=list(months)) for name in ("quantity", "cost")}
    size = wide["cost"].iloc[:, -12:].sum(axis=1)
    kept = size.sort_values(ascending=False, kind="stable").index[:MOST]
    quantity, cost = (wide[name].loc[kept].to_numpy() for name in ("quantity", "cost"))
    used, paid = (np.array([line[np.isfinite(line)][-RECENT:].sum() for line in part]) for part in (quantity, cost))
    price = np.divide(paid, used, out=np.zeros_like(paid), where=used != 0)
    told = ensemble.forecast(quantity, ahead).mean.sum(axis=1)
    found = pd.DataFrame({"last_quantity": _number(np.array([line[np.isfinite(line)][-1] for line in quantity])), "quantity_ahead": _number(told), "price": _number(price, 6),
                          "amount_ahead": cells.money(pd.Series(np.rint(told * price * 100).astype(np.int64)))})
    return pd.DataFrame(list(kept), columns=keys).join(found)


def _number(values: np.ndarray, digits: int = 2) -> pd.Series:
    return pd.Series([round(Decimal(value), digits) for value in values.tolist()], dtype=object)
