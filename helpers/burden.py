"""What does the ledger add to what is charged?  Each expense line's class by account and rule, and who it is for.

    ledger, sources, rules → ruled → lines        with pool, rule and class
    lines no shared pool takes, rules, feeds → rest → cells       split by driver, rounded once

A line without a rule, or whose rule has no driver, stays outside under its own name.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

import numpy as np
import pandas as pd

from helpers import globs, grid, inputs, labourcost, pools, taxonomy
from helpers.cells import BOTH, BUILD, CLASS, LEDGER, RUN, Cells, spending
from helpers.errors import InputError
from helpers.money import ZERO, round_parts, sum_by, total
from helpers.problems import Problems

OUTSIDE, SHARED, IDLE = "Not in the TCO yet", "Shared assets", "Idle capacity"
RULE_COLUMNS = ["account", "cost_centre", "vendor"]
FEEDS = {"hours": "labour", "assets": "assets", "usage": "drivers", "even": "applications"}  # method: what it reads
UNRULED = {"method": "", "driver": "", "consumer": "", "activity": "", "hosting": "", "tower": "", "sub_tower": ""}


def checked(rules: pd.DataFrame | None, version: str) -> pd.DataFrame | None:
    """The TCO rules in the order they are tried, with the towers of the version; raises InputError for an unknown tower."""
    if rules is None:
        return None
    problems, columns = Problems(), [f"{version}_{name}" for name in ("tower", "sub_tower")]
    wanted = [rules[name] if name in rules else pd.Series("", index=rules.index) for name in columns]
    for line, tower, below in zip(inputs.lines_of(rules), *wanted, strict=True):
        for column, found, expected, todo in taxonomy.wrong(version, "towers", columns, tower, below, True, True):
            problems.add(f"rules.tco, line {line}, column {column}", found, expected, todo)
    for line, method, consumer in zip(inputs.lines_of(rules), rules["method"], rules["consumer"], strict=True):
        if method == "fixed" and (not consumer or "|" in consumer or globs.wild(consumer)):
            problems.add(f"rules.tco, line {line}, column consumer", f'"{consumer}"', "one application, which fixed cost goes to", "name it, or use even")
    problems.stop()
    told = rules.assign(tower=wanted[0], sub_tower=wanted[1])
    told = told.assign(**{name: "" for name in UNRULED if name not in told})
    return told.sort_values("priority", kind="stable", ignore_index=True)


def ruled(coded: pd.DataFrame, sources: pd.DataFrame | None, rules: pd.DataFrame | None, versions,
          period: str, together: frozenset[str] = frozenset()) -> pd.DataFrame:
    """The month's expense lines other than the clouds', with shared pool, place of the rule (-1: none), what it splits by, and class.

    rules: as `checked` gives them; versions: of the taxonomy, with `pools` and `towers`.  Pay of cost centres in `together` stands in one class,
    by one rule, so that no table lets the pay of one of them be worked out.
    """
    lines = pools.assign_ledger(coded, sources, period)
    places = np.full(len(lines), -1) if rules is None else _as_one(lines, pools.first_row(lines, rules, RULE_COLUMNS), rules, together)
    found = [UNRULED, *([] if rules is None else rules.to_dict("records"))]
    told = {name: [found[place + 1][name] for place in places] for name in UNRULED}
    sub_pools = lines[f"{versions.pools}_sub_pool"].tolist()
    return lines.assign(rule=places, method=told["method"], driver=told["driver"], consumer=told["consumer"],
                        cost_pool=lines[f"{versions.pools}_cost_pool"], sub_pool=sub_pools, tower=told["tower"], sub_tower=told["sub_tower"], spending=[spending(name) for name in sub_pools],
                        activity=[name or RUN for name in told["activity"]], hosting=[name or BOTH for name in told["hosting"]])


def _as_one(lines: pd.DataFrame, places: np.ndarray, rules: pd.DataFrame, together: frozenset[str]) -> np.ndarray:
    """The places with the pay of merged cost centres by the rule by hours that most of it meets."""
    paid = labourcost.is_staff(lines) & lines["cost_centre"].isin(together).to_numpy() & (lines["going"] != "shared").to_numpy()
    by_hours = paid & (places >= 0) & (rules["method"] == "hours").to_numpy()[places]
    if by_hours.any():
        sums = sum_by(lines[by_hours].assign(place=[f"{place:09}" for place in places[by_hours]]), ["place"], ["amount"])
        places = np.where(paid, int(max(sums.itertuples(index=False), key=lambda row: (row.amount, row.place))[0]), places)
    return places


def rest(book: Cells, lines: pd.DataFrame, rules: pd.DataFrame | None, feeds: Mapping[str, pd.DataFrame | None],
         period: str, whole: Decimal, together: frozenset[str] = frozenset()) -> None:
    """Adds the ledger lines that no shared pool takes, which come to `whole`: each group of like ones split by its rule.

    feeds: labour, assets, drivers, applications, capacity, those with months of this month only (Given.of_month).
    Cost centres in `together` have too few people each: cost that follows hours follows those of all of them.
    """
    ordered = [] if rules is None else rules.to_dict("records")
    left = lines[lines["going"] != "shared"]
    left = left.assign(cost_centre=left["cost_centre"].where(left["method"] == "hours", ""))  # only hours go by it
    groups = sum_by(left, ["rule", *CLASS, "cost_centre"], ["amount"])
    cents = [int(part.scaleb(2)) for part in round_parts(groups["amount"].tolist(), whole)]
    takers, owed = Takers(book, feeds, period, together), np.zeros(0)
    for group, amount in zip(groups.to_dict("records"), cents, strict=True):
        rule = ordered[group["rule"]] if group["rule"] >= 0 else UNRULED
        taking = takers.of(rule, group["cost_centre"])
        kind = tuple(group[name] for name in CLASS)
        if taking is None:
            name = OUTSIDE if rule["method"] in ("", "leave") else f"No driver for {rule['method']}"
            book.add(book.code(0, [kind]), _way(book, rule, name), book.code(2, [""]), np.array([amount]))
        else:
            classes = book.code(0, [kind, tuple(BUILD if name == "activity" else group[name] for name in CLASS)])
            ways = np.append(_way(book, rule, ""), _way(book, rule, IDLE if rule["method"] == "usage" else SHARED))
            owed = np.pad(owed, (0, max(0, len(book.books[2]) - len(owed))))
            found = grid.fair(amount, taking.weights, taking.applications, owed)
            book.add(classes[taking.building], ways[taking.blank], taking.applications, found)


def _way(book: Cells, rule: Mapping, residual: str) -> np.ndarray:
    return book.code(1, [(LEDGER, "", rule["method"], rule["driver"], residual)])


class Taking(NamedTuple):
    """Who takes part in a split: codes of applications, 1 for one that is blank, 1 for what is built, and weights."""

    applications: np.ndarray
    blank: np.ndarray
    building: np.ndarray
    weights: np.ndarray


class Takers:
    """Who takes part by rule and cost centre, worked out once for like rules."""

    def __init__(self, book: Cells, feeds: Mapping[str, pd.DataFrame | None], period: str, together: frozenset[str]):
        self.book, self.period, self.together, self.known = book, period, together, {}
        self.feeds = feeds
        known = self.feeds.get("applications")
        self.spelled = {} if known is None else {name.casefold(): name for name in known["application"]}
        self.hours = _summed(self.feeds.get("labour"), ["cost_centre", "application", "activity"], "hours", self.spelled)
        self.quantities = _summed(self.feeds.get("drivers"), ["driver", "consumer", "activity"], "quantity", self.spelled)

    def of(self, rule: Mapping, cost_centre: str) -> Taking | None:
        """None where the rule leaves the cost outside, or its driver says nothing."""
        key = (rule["method"], rule["driver"], rule["consumer"], rule["activity"], cost_centre if rule["method"] == "hours" else "")
        if key not in self.known:
            self.known[key] = self._found(rule, cost_centre)
        return self.known[key]

    def _found(self, rule: Mapping, cost_centre: str) -> Taking | None:
        weights = self._weights(rule, cost_centre)
        if not any(weights.values()):
            return None
        return Taking(self.book.code(2, [name for name, _ in weights]), np.array([int(not name) for name, _ in weights]),
                      np.array([int(activity == BUILD) for _, activity in weights]), np.array([float(value) for value in weights.values()]))

    def _weights(self, rule: Mapping, cost_centre: str) -> dict[tuple[str, str], Decimal]:
        """What the rule splits by, by application, and by activity where hours tell it and the rule does not."""
        method, consumer = rule["method"], rule["consumer"]
        if method == "fixed":
            return {(self.spelled.get(consumer.casefold(), consumer), ""): Decimal(1)}
        feed = self.feeds.get(FEEDS.get(method, ""))
        if feed is None:
            return {}
        if method == "assets":
            return _counts(feed, rule["driver"], consumer, self.period, self.spelled)
        if method == "even":
            live = feed[(feed["status"] == "live") & (feed["kind"] == "application")]
            return {(name, ""): Decimal(1) for name in sorted(live["application"]) if globs.matches(consumer, name)}
        if method == "usage":
            found = _taking(self.quantities, {rule["driver"]}, rule)
            idle = self._capacity(rule["driver"]) - total(self.quantities.get(rule["driver"], {}).values())
            return found | {("", ""): idle} if idle > 0 else found
        return _taking(self.hours, self.together if cost_centre in self.together else {cost_centre}, rule)

    def _capacity(self, driver: str) -> Decimal:
        """What can be used of the driver in the month: practical, else owned; 0 where nobody says."""
        held = self.feeds.get("capacity")
        return ZERO if held is None else usable(held[held["driver"] == driver])


def usable(held: pd.DataFrame) -> Decimal:
    """Practical capacity in all, owned where no row says what is practical."""
    return total(held["practical"].where(held["practical"].notna(), held["owned"])) if "practical" in held else total(held["owned"])


def _summed(feed: pd.DataFrame | None, keys: Sequence[str], quantity: str, spelled: Mapping[str, str]) -> dict[str, dict[tuple[str, str], Decimal]]:
    """By the first key the quantity of each consumer, as the CMDB spells it, and activity (blank where the feed tells none), added up once."""
    found: dict[str, dict[tuple[str, str], Decimal]] = {}
    if feed is not None:
        sums = sum_by(feed if "activity" in feed else feed.assign(activity=""), keys, [quantity])
        for first, consumer, activity, amount in zip(*(sums[name].tolist() for name in [*keys, quantity]), strict=True):
            of_first, key = found.setdefault(first, {}), (spelled.get(consumer.casefold(), consumer), activity)
            of_first[key] = of_first.get(key, ZERO) + amount
    return found


def _taking(sums: Mapping[str, Mapping[tuple[str, str], Decimal]], wanted: Iterable[str], rule: Mapping) -> dict[tuple[str, str], Decimal]:
    """What those whom the rule lets take part have of the wanted, in order of name; the rule's own activity holds for all."""
    found: dict[tuple[str, str], Decimal] = {}
    for first in wanted:
        for (consumer, activity), amount in sums.get(first, {}).items():
            if not rule["consumer"] or globs.matches(rule["consumer"], consumer):
                key = (consumer, "" if rule["activity"] else activity)
                found[key] = found.get(key, ZERO) + amount
    if low := [consumer for (consumer, _), amount in found.items() if amount < 0]:
        name = "hours" if rule["method"] == "hours" else "quantity"
        raise InputError("inputs", f"negative {name} of {min(low)}", f"{name} of zero or more", "mend the row")
    return dict(sorted(found.items()))


def _counts(assets: pd.DataFrame, kind: str, consumer: str, period: str, spelled: Mapping[str, str]) -> dict[tuple[str, str], Decimal]:
    """Assets of the kind in use in the month, by application; those that serve all stand under a blank name."""
    used = assets[in_use(assets, period) & assets["kind"].map(lambda name: globs.matches(kind, name))]
    names = used["application"].map(lambda name: spelled.get(name.casefold(), name))
    return {(name, ""): Decimal(count) for name, count in names.value_counts().sort_index().items()
            if globs.matches(consumer, name) or not name}


def in_use(assets: pd.DataFrame, period: str) -> pd.Series:
    """Whether each asset is in service in the month: begun, and not disposed of in it or before."""
    return (assets["in_service"].str[:7] <= period) & ((assets["disposed_on"] == "") | (assets["disposed_on"].str[:7] > period))
