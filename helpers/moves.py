"""What would move?  The same lines under two maps in; from, to, amount and months out.

    folder → Map.read → Map.place → lines      where the map of a pack or of a closed month puts the lines
    lines, lines before → moved                what an edit of the map moves, open and closed months told apart
    lines, rules → between_versions            what moves between versions 4.0 and 5.0.1 of the taxonomy

Nothing is changed here: a closed month's kept tables stay as they are.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd

from helpers import checks, kept, mapping, services
from helpers.cache import digest
from helpers.coverage import AMOUNTS
from helpers.house import number
from helpers.money import ZERO, sum_by, total

PLACES = ["tower", "sub_tower", "cost_pool", "sub_pool"]
COLUMNS = ["ProviderName", "ServiceName", "from_rule", "to_rule", "from", "to", "months", "closed_months",
           "effective_in_month", *AMOUNTS, "line_count"]


@dataclass(frozen=True)
class Map:
    """The mapping rules and the names of services and providers that a folder holds."""

    rules: pd.DataFrame
    names: services.Names
    versions: object

    @staticmethod
    def read(folder: Path, versions) -> "Map":
        """The map of a folder; raises InputError where a file is missing, damaged or not of these versions."""
        files = [folder / f"{name}.csv" for name in kept.MAP]
        rules, names = mapping.load_rules(files[0], versions), services.read(files[2], files[1])
        return Map(rules, names, versions)

    def place(self, lines: pd.DataFrame) -> pd.DataFrame:
        """The lines where this map puts them."""
        return mapping.classify(lines, self.rules, self.versions, self.names)


def prints(files: Sequence[Path]) -> tuple[str, ...]:
    """The SHA-256 of each file."""
    return tuple(map(digest, files))


def moved(lines: pd.DataFrame, before: pd.DataFrame, closed: Collection[str] = (), period: str = "") -> pd.DataFrame:
    """One row a service and move: rule and place before and now, the months touched, how many of them are closed, and
    what of the cost is the month's.

    lines and before are the same lines, classified by the map of now and of before (helpers.mapping.classify).
    """
    places = [_place(table) for table in (before, lines)]
    changed = np.array([was != now for was, now in zip(*places, strict=True)], dtype=bool)
    hit = lines[changed]
    keys = ["ProviderName", "ServiceName", "from_rule", "to_rule", "from", "to"]
    named = hit.assign(from_rule=before["rule_id"][changed].to_numpy(), to_rule=hit["rule_id"],
                       **{"from": [place for place, change in zip(places[0], changed, strict=True) if change],
                          "to": [place for place, change in zip(places[1], changed, strict=True) if change]})
    month = named["ledger_period"].eq(period)
    table = sum_by(named.assign(effective_in_month=named["effective"].where(month, ZERO)), keys,
                   [*AMOUNTS, "effective_in_month", "line_count"])
    table["line_count"] = [int(count) for count in table["line_count"]]
    months = {key: sorted(set(group["ledger_period"])) for key, group in named.groupby(keys)} if len(named) else {}
    spans = [months[key] for key in table[keys].itertuples(index=False, name=None)]
    return table.assign(months=[_span(span) for span in spans],
                        closed_months=[len(set(span) & set(closed)) for span in spans]).loc[:, COLUMNS]


def _place(table: pd.DataFrame) -> list[str]:
    """Where each line lands, in one text: tower / sub-tower, cost pool / sub-pool."""
    return [f"{tower} / {below}, {pool} / {sub}" for tower, below, pool, sub in mapping.rows_of(table, PLACES)]


def _span(months: list[str]) -> str:
    return months[0] if len(months) == 1 else f"{months[0]} to {months[-1]} ({len(months)})"


def check_moved(table: pd.DataFrame, since: str, unreadable: str = "") -> list[dict]:
    """Findings: the map moved cost since it was kept (closed months are told, and not changed); the kept one is lost."""
    closed = table[table["closed_months"] > 0]
    note = f"{number(total(abs(cost) for cost in table['effective']))} amortised, rules kept in {since}"
    reach = f"{len(closed)} move{'s reach' if len(closed) > 1 else ' reaches'} closed months, which stay as booked"
    note += f"; {reach}" if len(closed) else ""
    rows = [checks.noted("rules that moved cost", len(table), "TBM office", note if len(table) else "",
                         total(table["effective"]))]
    lost = checks.noted("map kept at the last close cannot be used", 1, "TBM office", unreadable, total([]))
    return [*rows, lost] if unreadable else rows


def between_versions(lines: pd.DataFrame, rules: pd.DataFrame, names: services.Names, known: str = "") -> pd.DataFrame:
    """Cost by where it lands under version 4.0 and under 5.0.1: tower and sub-tower, and whether the name is another.

    known: the version that the lines are classified by already; "" where they are not.
    """
    found = {version: lines if version == known else
             mapping.classify(lines, rules, SimpleNamespace(pools=version, towers=version), names)
             for version in ("v4", "v5")}
    both = lines.assign(**{f"{version}_{name}": table[name] for version, table in found.items()
                           for name in ("tower", "sub_tower")})
    keys = ["v4_tower", "v4_sub_tower", "v5_tower", "v5_sub_tower"]
    table = sum_by(both, keys, [*AMOUNTS, "line_count"])
    changed = ["yes" if (row.v4_tower, row.v4_sub_tower) != (row.v5_tower, row.v5_sub_tower) else "no"
               for row in table.itertuples()]
    return table.assign(line_count=[int(count) for count in table["line_count"]], changed=changed)
