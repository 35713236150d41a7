"""Which cost is shared, and by what is it split?  The rows of two rule tables, applied.

    lines, sources → assign → lines with `pool` and `going` (shared, or residual)
    items, rules, drivers → open_pools → one record a shared pool: own cost, method, shares by consumer

The first source row that matches wins.  A pool without a rule or a driver has no shares: its cost stays a residual.
"""

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction

import pandas as pd

from helpers import allocation, globs
from helpers.errors import InputError
from helpers.money import ZERO, sum_by, total

SOURCE_COLUMNS = ["ProviderName", "ServiceName", "ChargeCategory", "application", "account", "cost_centre", "vendor",
                  "bucket"]


def assign(lines: pd.DataFrame, sources: pd.DataFrame | None, otherwise: str) -> pd.DataFrame:
    """The lines with the shared pool of the first source row that matches, else the residual `otherwise`."""
    rows = [] if sources is None else sources.sort_values("priority", kind="stable").to_dict("records")
    pools = [_first_pool(line, rows) for line in lines.to_dict("records")]
    return lines.assign(pool=[pool or otherwise for pool in pools],
                        going=["shared" if pool else "residual" for pool in pools])


def _first_pool(line: Mapping, rows: list[dict]) -> str:
    for row in rows:
        if row["source"] == line["source"] and all(globs.matches(row[column], line.get(column, ""))
                                                   for column in SOURCE_COLUMNS):
            return row["pool"]
    return ""


def assign_ledger(coded: pd.DataFrame, sources: pd.DataFrame | None, period: str) -> pd.DataFrame:
    """The month's ledger expense other than the clouds', with `pool` and `going` (shared, or residual)."""
    other = coded[(coded["fiscal_period"] == period) & (coded["kind"] == "expense") & (coded["use"] == "other")]
    return assign(other.assign(source="ledger"), sources, "")


def open_pools(items: pd.DataFrame, rules: pd.DataFrame | None, drivers: pd.DataFrame | None, consumers: pd.DataFrame,
           period: str) -> list[dict]:
    """One record a shared pool: own cost, method, driver and its month, shares by consumer, quantities, a note."""
    shared = items[items["kind"] == "shared"]
    valid = _valid(rules, period)
    ordered = list(dict.fromkeys(valid["pool"])) if valid is not None else []
    names = [name for name in ordered if name in set(shared["pool"])]
    named = [table["consumer"] for table in (valid, drivers) if table is not None]
    served = {consumer for column in named for consumer in column} & set(ordered)
    names += [name for name in ordered if name not in names and name in served]
    names += sorted(set(shared["pool"]) - set(names))
    return [_open_pool(name, shared[shared["pool"] == name], valid, drivers, consumers, period)
            for name in names]


def _open_pool(name: str, own: pd.DataFrame, rules: pd.DataFrame | None, drivers: pd.DataFrame | None,
               consumers: pd.DataFrame, period: str) -> dict:
    of_pool = rules[rules["pool"] == name] if rules is not None else pd.DataFrame()
    pool = {"pool": name, "own": total(own["amount"]), "method": "", "driver": "", "driver_period": "", "shares": {},
            "quantities": {}, "note": ""}
    if of_pool.empty:
        return pool | {"note": "no allocation rule"}
    rule = of_pool.iloc[0]
    pool |= {"method": rule["method"], "driver": rule["driver"]}
    try:
        if rule["method"] == "fixed":
            return pool | {"shares": _fixed(name, of_pool)}
        if rule["method"] == "usage":
            return pool | _by_driver(rule, own, drivers, period)
        taking = {row.application: row.amount for row in consumers.itertuples()
                  if globs.matches(rule["consumer"], row.application)}
        even = rule["method"] == "even"
        weights = {name: Decimal(1) if even else max(amount, ZERO) for name, amount in taking.items()}
        return pool | {"shares": allocation.share_out(weights), "quantities": {} if even else weights,
                       "note": "" if any(weights.values()) else "no consumer with direct cost"}
    except ValueError as error:
        raise InputError("inputs.drivers", f"{error} in the driver of {name}", "no negative quantity",
                         "mend the driver's row") from error


def _fixed(name: str, rules: pd.DataFrame) -> dict[str, Fraction]:
    shares = {row.consumer: Fraction(row.share) for row in rules.itertuples() if row.share is not None}
    if sum(shares.values()) != 1 or len(shares) != len(rules):
        raise InputError("rules.allocation", f"fixed shares of {name} add up to {float(sum(shares.values())):g}",
                         "one row a consumer, shares that add up to 1", "mend the shares")
    return dict(sorted(shares.items()))


def _by_driver(rule: pd.Series, own: pd.DataFrame, drivers: pd.DataFrame | None, period: str) -> dict:
    """Shares by the driver's quantities in the month the pool's cost was used (that of its largest part)."""
    parts = sum_by(own, ["service_period"], ["amount"])
    parts = parts.sort_values("amount", key=lambda amounts: -abs(amounts), kind="stable")
    used = parts["service_period"].iloc[0] if len(parts) else period
    fed = {}
    if drivers is not None:
        feed = drivers[(drivers["driver"] == rule["driver"]) & (drivers["period"] == used)]
        fed = weigh(feed, "consumer", "quantity", rule["consumer"])
    shares = allocation.share_out(fed)
    note = "" if shares else f"no driver: {rule['driver']} has no quantity in {used}"
    return {"driver_period": used, "shares": shares, "quantities": fed, "note": note}


def weigh(feed: pd.DataFrame, name: str, quantity: str, consumer: str) -> dict[str, Decimal]:
    """Sums of the feed's quantity by name, of those that the pattern `consumer` lets take part."""
    sums = sum_by(feed, [name], [quantity])
    return {key: value for key, value in zip(sums[name], sums[quantity], strict=True)
            if globs.matches(consumer, key)}


def _valid(rules: pd.DataFrame | None, period: str) -> pd.DataFrame | None:
    if rules is None:
        return None
    begun = (rules["valid_from"] == "") | (rules["valid_from"] <= period)
    return rules[begun & ((rules["valid_to"] == "") | (rules["valid_to"] >= period))]
