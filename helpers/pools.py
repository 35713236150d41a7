"""Which cost is shared, and by what is it split?  The rows of two rule tables, applied.

    lines, sources → assign → lines with `pool` and `going` (shared, or residual)
    items, rules, drivers → open_pools → one Split a shared pool: its cost, its method, and who takes how much

The first source row that matches wins.  A pool without a rule or a driver has no weights: its cost stays a residual.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from functools import cache
from itertools import chain
from typing import NamedTuple

import numpy as np
import pandas as pd

from helpers import allocation, globs, rulebook
from helpers.errors import InputError
from helpers.money import ZERO, sum_by, total

SOURCE_COLUMNS = ["source", "ProviderName", "ServiceName", "ChargeCategory", "application", "owner_by", "account",
                  "cost_centre", "vendor", "bucket"]
DIRECT_RULE = ["method", "consumer", "exempt", "floor", "cap"]  # what a split by direct cost depends on
RULES = "rules.allocation"
FIELDS = ("driver", "consumer", "exempt", "share", "floor", "cap", "price", "if_missing")
TAKES = ("consumer", "exempt", "floor", "cap")
USES = {"even": TAKES, "cost-weighted": TAKES, "usage": ("driver", *TAKES, "if_missing"), "fixed": ("consumer", "share"),
        "rate-card": ("driver", "consumer", "exempt", "price", "if_missing"), "hold": ()}  # the fields a method goes by


class Priced(NamedTuple):
    """A consumer's part of a rate card: so much of a driver in a month, and the exact amount it is charged."""

    driver: str
    consumer: str
    quantity: Decimal
    amount: Fraction
    month: str


@dataclass(frozen=True)
class Split:
    """How a shared pool's cost is split: weights by consumer, or prices; `note` says what stands out."""

    pool: str
    own: Decimal
    method: str = ""
    driver: str = ""
    driver_period: str = ""
    weights: dict[str, int] = field(default_factory=dict)
    passing: Fraction = Fraction(1)  # the part of the cost that goes on: less where a cap leaves a rest
    quantities: dict[str, Decimal] = field(default_factory=dict)
    priced: tuple["Priced", ...] = ()
    stale: bool = False  # the driver's quantities are of an earlier month than the cost
    note: str = ""


def assign(lines: pd.DataFrame, sources: pd.DataFrame | None, otherwise: str) -> pd.DataFrame:
    """The lines with the shared pool of the first source row that matches, else the residual `otherwise`."""
    if sources is None or lines.empty:
        return lines.assign(pool=otherwise, going="residual")
    rows = sources.sort_values("priority", kind="stable")
    places = first_row(lines, rows, SOURCE_COLUMNS)
    return lines.assign(pool=np.append(rows["pool"].to_numpy(dtype=object), otherwise)[places],
                        going=np.where(places >= 0, "shared", "residual"))


def first_row(lines: pd.DataFrame, rules: pd.DataFrame, columns: list[str]) -> np.ndarray:
    """For each line the place of the first rule that matches, or -1; a column the lines do not have is blank there."""
    known = lines.reindex(columns=columns, fill_value="").fillna("")
    alike = known.groupby(columns, sort=False).ngroup().to_numpy()
    return rulebook.first_match(known.drop_duplicates(ignore_index=True), rules, columns)[alike]


def assign_ledger(coded: pd.DataFrame, sources: pd.DataFrame | None, period: str) -> pd.DataFrame:
    """The month's ledger expense other than the clouds', with `pool` and `going` (shared, or residual)."""
    other = coded[(coded["fiscal_period"] == period) & (coded["kind"] == "expense") & (coded["use"] == "other")]
    return assign(other.assign(source="ledger"), sources, "")


def open_pools(items: pd.DataFrame, rules: pd.DataFrame | None, drivers: pd.DataFrame | None, consumers: pd.DataFrame,
               period: str, applications: Iterable[str] = ()) -> list[Split]:
    """One Split a shared pool: those with rules in the rules' order, then the others by name.

    A pool without cost is one where others pass cost to it, or a price charges for it.  A consumer that rules or drivers
    write in other case than its pool, its direct cost or `applications` do is the same.
    """
    shared = items[items["kind"] == "shared"]
    costs = dict(list(sum_by(shared, ["pool", "service_period"], ["amount"]).groupby("pool", sort=True)))
    valid = in_force(rules, period)
    by_pool = {} if valid is None else dict(list(valid.groupby("pool", sort=False)))
    direct = dict(zip(consumers["application"].tolist(), consumers["amount"].tolist(), strict=True))
    spelled = _Spelling([*costs, *by_pool], direct, applications)
    named = {spelled[name] for rows in (drivers, valid) if rows is not None for name in rows["consumer"].unique()}
    names = [name for name in by_pool if name in costs or name in named or "rate-card" in set(by_pool[name]["method"])]
    names += [name for name in costs if name not in by_pool]
    feeds = _feeds(drivers, spelled)
    taking = cache(lambda *rule: _by_direct(dict(zip(DIRECT_RULE, rule, strict=True)), direct, spelled))
    return [_open(name, costs.get(name), by_pool.get(name), feeds, taking, period, spelled) for name in names]


class _Spelling(dict):
    """A consumer's name as those who are known spell it: names in other case are the same; the first known one holds."""

    def __init__(self, *known: Iterable[str]):
        names = list(chain.from_iterable(known))
        super().__init__((name, name) for name in names)
        self.folded: dict[str, str] = {}
        for name in names:
            self.folded.setdefault(name.casefold(), name)

    def __missing__(self, name: str) -> str:
        self[name] = self.folded.setdefault(name.casefold(), name)
        return self[name]


def _feeds(drivers: pd.DataFrame | None, spelled: Mapping[str, str]) -> dict[str, dict[str, dict[str, Decimal]]]:
    """By driver and month the quantity of each consumer."""
    feeds: dict[str, dict[str, dict[str, Decimal]]] = {}
    if drivers is not None:
        _refuse_units(drivers)
        fields = (drivers[name].tolist() for name in ("driver", "period", "consumer", "quantity"))
        last, fed = ("", ""), {}
        for driver, period, consumer, quantity in zip(*fields, strict=True):
            if (driver, period) != last:
                last, fed = (driver, period), feeds.setdefault(driver, {}).setdefault(period, {})
            consumer = spelled[consumer]
            fed[consumer] = fed[consumer] + quantity if consumer in fed else quantity
    return feeds


def _refuse_units(drivers: pd.DataFrame) -> None:
    """Quantities of a driver in two units cannot be added up."""
    if "unit" not in drivers:
        return
    units = drivers[["driver", "unit"]].drop_duplicates().groupby("driver", sort=True)["unit"].agg(sorted)
    for driver, found in units.items():
        if len(found) > 1:
            raise InputError("inputs.drivers", f"driver {driver} in units {' and '.join(unit or '(blank)' for unit in found)}",
                             "one unit a driver, in all months", "convert its quantities to one unit, or name another driver")


def _open(name: str, own: pd.DataFrame | None, rules: pd.DataFrame | None, feeds: Mapping, taking: Callable,
          period: str, spelled: Mapping[str, str]) -> Split:
    cost = {"pool": name, "own": ZERO if own is None else total(own["amount"])}
    if rules is None:
        return Split(**cost, note="no allocation rule")
    rows = rules.to_dict("records")
    used = period if own is None else _month_used(own)
    try:
        told = _method(rows, feeds, taking, used, spelled)
    except ValueError as error:
        raise InputError("inputs.drivers", f"{error} in the driver of {name}", "no negative quantity",
                         "mend the driver's row") from error
    return Split(**cost, **{"method": rows[0]["method"], "driver": rows[0]["driver"]} | told)


def _method(rows: list[dict], feeds: Mapping, taking: Callable, used: str, spelled: Mapping[str, str]) -> dict:
    rule = rows[0]
    _refuse_unused(rows)
    if rule["method"] != "fixed" and len({row["method"] for row in rows}) + (len(rows) > 1 and rule["method"] != "rate-card") > 1:
        raise InputError(RULES, f"{len(rows)} rows of {rule['pool']} hold at once",
                         "one row (fixed: one a consumer; rate-card: one a driver)", "end one of them with valid_to")
    if rule["method"] == "hold":
        return {"note": rule["reason"] or "held by rule"}
    if rule["method"] == "fixed":
        return {"weights": _fixed(rows, spelled)}
    if rule["method"] == "rate-card":
        return _by_price(rows, feeds, used)
    if rule["method"] == "usage":
        return _by_driver(rule, feeds, used)
    return taking(*(rule[name] for name in DIRECT_RULE))


def _refuse_unused(rows: list[dict]) -> None:
    """What the row's method would pass over in silence is refused: a driver, pattern, bound, share or price."""
    for row in rows:
        uses = USES[row["method"]]
        spare = [name for name in FIELDS if row[name] not in (None, "") and name not in uses
                 and (name, row[name]) != ("if_missing", "hold")]
        if spare:
            raise InputError(RULES, f"a row of {row['pool']} with method {row['method']} has {spare[0]} {row[spare[0]]}",
                             f"no field but {', '.join(uses) or 'the reason'}", "take it out, or choose another method")


def _by_direct(rule: Mapping, direct: Mapping[str, Decimal], spelled: Mapping[str, str]) -> dict:
    """Weights of those with direct cost: the same for all, or their cost; plain names take part of `even` besides."""
    if rule["method"] == "even":
        listed = [spelled[part.strip()] for part in rule["consumer"].split("|") if part.strip() and not globs.wild(part)]
        quantities, weights = {}, dict.fromkeys(taking_part(rule, {**direct, **dict.fromkeys(listed, ZERO)}), 1)
    else:
        quantities = weights = {name: max(amount, ZERO) for name, amount in taking_part(rule, direct).items()}
    return _bounded(rule, allocation.whole_weights(weights)) | {
        "quantities": quantities, "note": "" if any(weights.values()) else "no consumer with direct cost"}


def taking_part(rule: Mapping, amounts: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """Those whom the rule lets take part: its pattern matches, and they are not exempt."""
    if not rule["consumer"] and not rule["exempt"]:
        return dict(amounts)
    return {name: amount for name, amount in amounts.items() if globs.matches(rule["consumer"], name)
            and not (rule["exempt"] and globs.matches(rule["exempt"], name))}


def _fixed(rows: list[dict], spelled: Mapping[str, str]) -> dict[str, int]:
    shares = {spelled[row["consumer"]]: Fraction(row["share"]) for row in rows if row["share"] is not None}
    if sum(shares.values()) != 1 or len(shares) != len(rows):
        name = rows[0]["pool"]
        raise InputError(RULES, f"fixed shares of {name} add up to {float(sum(shares.values())):g}",
                         "one row a consumer, shares that add up to 1", "mend the shares")
    return allocation.whole_weights(shares)


def _month_used(own: pd.DataFrame) -> str:
    """The month in which most of the pool's cost was used."""
    return max(zip(own["amount"].tolist(), own["service_period"].tolist(), strict=True), key=lambda part: abs(part[0]))[1]


def _by_driver(rule: Mapping, feeds: Mapping, used: str) -> dict:
    """Weights by the driver's quantities in the month the cost was used, or the last month before where the rule says."""
    fed, month = _quantities(rule, feeds, used)
    weights = allocation.whole_weights(fed)
    note = "" if weights else f"no driver: {rule['driver']} has no quantity in {used}"
    if weights and month != used:
        note = f"driver of {month}: {rule['driver']} has no quantity in {used} yet"
    return _bounded(rule, weights) | {"driver_period": month, "quantities": fed, "stale": month != used, "note": note}


def _by_price(rows: list[dict], feeds: Mapping, used: str) -> dict:
    """What each consumer pays: price times quantity, row by row; each driver has one price a consumer."""
    priced, months = {}, []
    for row in rows:
        if row["price"] is None or row["price"] < 0 or not row["driver"]:
            raise InputError(RULES, f"a rate-card row of {row['pool']} with driver {row['driver'] or '(none)'} and price {row['price']}",
                             "the price of a unit, zero or more, and the driver that counts them", "mend the row")
        fed, month = _quantities(row, feeds, used)
        allocation.whole_weights(fed)  # refuses a negative quantity
        months.append(month)
        for name in sorted(fed):
            if (row["driver"], name) in priced:
                raise InputError(RULES, f"two rate-card rows of {row['pool']} hold at once for {name} and driver {row['driver']}",
                                 "one price a consumer and driver", "end one of them with valid_to, or part their consumers")
            priced[row["driver"], name] = Priced(row["driver"], name, fed[name], Fraction(fed[name]) * Fraction(row["price"]), month)
    charged = tuple(part for part in priced.values() if part.quantity)
    lacking = list(dict.fromkeys(row["driver"] for row in rows if row["driver"] not in {part.driver for part in charged}))
    late = sorted({month for month in months if month != used})
    told = [f"no driver: {', '.join(lacking)} has no quantity in {used}"] if lacking else []
    told += [f"driver of {', '.join(late)}, in want of {used}"] if late else []
    return {"priced": charged, "driver": " + ".join(dict.fromkeys(row["driver"] for row in rows)),
            "driver_period": ", ".join(sorted(set(months))), "stale": bool(late), "note": "; ".join(told)}


def _quantities(rule: Mapping, feeds: Mapping, used: str) -> tuple[dict[str, Decimal], str]:
    """Quantities by consumer, and their month: `used`, or where the rule says `last` the last one before that has any."""
    of_driver = feeds.get(rule["driver"], {})
    earlier = sorted((month for month in of_driver if month < used), reverse=True) if rule["if_missing"] == "last" else []
    for month in [used, *earlier]:
        fed = taking_part(rule, of_driver.get(month, {}))
        if any(fed.values()):
            return fed, month
    return taking_part(rule, of_driver.get(used, {})), used


def _bounded(rule: Mapping, weights: dict[str, int]) -> dict:
    """The weights within the rule's floor and cap; `passing` is less than 1 where the cap leaves a rest."""
    if not weights or rule["floor"] is None and rule["cap"] is None:
        return {"weights": weights}
    try:
        shares = allocation.bounded(weights, rule["floor"], rule["cap"])
    except ValueError as error:
        raise InputError(RULES, f"a row of method {rule['method']} has {error}", "floors that leave room for all, no higher than the cap",
                         "lower the floor") from error
    return {"weights": allocation.whole_weights(shares), "passing": sum(shares.values(), Fraction(0))}


def in_force(rules: pd.DataFrame | None, period: str) -> pd.DataFrame | None:
    """The rows that hold in the month."""
    if rules is None:
        return None
    begun = (rules["valid_from"] == "") | (rules["valid_from"] <= period)
    return rules[begun & ((rules["valid_to"] == "") | (rules["valid_to"] >= period))]
