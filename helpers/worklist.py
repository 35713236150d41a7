"""What should the map learn next?  Lines that no rule of their own placed; rules to accept, each with its reason.

    lines, rules → open_services → worklist     rows of the rules file, ready to be moved into it
    booked lines → new_services                 services with cost this month and none before

A suggestion is never applied: accepting it is moving its row into the rules file, and correcting it there.
"""

import difflib
import re
from collections.abc import Mapping
from decimal import Decimal

import numpy as np
import pandas as pd

from helpers import checks, globs, publish, rulebook, services, tags
from helpers.coverage import AMOUNTS, summed
from helpers.house import number
from helpers.mapping import rows_of
from helpers.money import sum_by, total

FALLBACK = ("unmapped", "category", "subcategory")  # levels at which no rule knows the service itself
KEYS = ["ProviderName", "ServiceName", "ServiceCategory", "ServiceSubcategory", "rule_level"]
MAKERS = re.compile(r"^(amazon|aws|azure|microsoft|google|cloud|oracle|oci)\W*", re.IGNORECASE)
ALMOST, LIKE = 0.85, 0.6  # how alike two names must be for one to suggest the other
WORDS = re.compile("[a-z]{4,}")


def open_services(lines: pd.DataFrame) -> pd.DataFrame:
    """Services that no rule of their own placed, with cost, and who answers for most of it; unmapped ones first."""
    held = lines[lines["rule_level"].isin(FALLBACK)]
    table = summed(held, [*KEYS, "tower", "sub_tower"])
    size = [(FALLBACK.index(level) > 0, -abs(cost), provider, service)
            for level, cost, provider, service in rows_of(table, ["rule_level", "effective", "ProviderName", "ServiceName"])]
    order = sorted(range(len(table)), key=size.__getitem__)
    return table.assign(accountable=_accountable(held, table)).iloc[order].reset_index(drop=True)


def _accountable(held: pd.DataFrame, table: pd.DataFrame) -> list[str]:
    """The owner with most of the absolute cost of each row; the TBM office where nobody owns any."""
    owned = held[held["owner"].ne("")] if "owner" in held else held.iloc[:0].assign(owner="")
    sums = sum_by(owned.assign(size=[abs(cost) for cost in owned["effective"]]), [*KEYS, "owner"], ["size"])
    most: dict[tuple, tuple[Decimal, str]] = {}
    for *key, owner, size in rows_of(sums, [*KEYS, "owner", "size"]):
        if tuple(key) not in most or size > most[tuple(key)][0]:
            most[tuple(key)] = (size, owner)
    return [most.get(key, (None, "TBM office"))[1] for key in rows_of(table, KEYS)]


def by_service(table: pd.DataFrame, names: services.Names) -> pd.DataFrame:
    """The rows of `open_services` with one a service, named as rules name it: costs added up, words of the first row."""
    told = names.of_lines(table)
    told = told.assign(key=[f"{provider}\n{service}".lower() for provider, service
                            in rows_of(told, ["ProviderName", "ServiceName"])])
    amounts = [*AMOUNTS, "line_count"]
    sums = summed(told, ["key"]).set_index("key")[amounts]
    first = told.drop_duplicates("key").reset_index(drop=True)
    return first.assign(**{name: sums.loc[first["key"], name].tolist() for name in amounts}).drop(columns="key")


def worklist(table: pd.DataFrame, rules: pd.DataFrame, names: services.Names, period: str,
             currency: str) -> pd.DataFrame:
    """One rule a service of `by_service`, in the columns of the rules file, with what suggests it as its reason.

    A service without a name has none: no rule can tell it from another.
    """
    known = _known(names.of_rules(rules[rules["level"].eq("service")]))
    ids, rows = set(rules["rule_id"]), []
    for row in table[[named(name) for name in table["ServiceName"]]].to_dict("records"):
        near, why = _suggested(row, known, rules)
        target = {name: near.get(name, "") for name in rulebook.TARGETS}
        blank = dict.fromkeys(rulebook.COLUMNS, "")
        cost = f"{number(row['effective'])} {currency} amortised in {period}"
        rows.append({**blank, **target, "rule_id": _free(_slug(row), ids), "priority": 1900, "level": "service",
                     "ProviderName": exact(row["ProviderName"]), "ServiceName": exact(row["ServiceName"]),
                     "reason": f"{why}; {cost}; to be checked", "confidence": "low", "owner": "TBM office"})
    return pd.DataFrame(rows, columns=rulebook.COLUMNS)


def _known(rules: pd.DataFrame) -> list[tuple[str, dict[str, tuple[str, dict]]]]:
    """By provider pattern the services that rules know: the bare name, the name, the rule."""
    found: dict[str, dict[str, tuple[str, dict]]] = {}
    for rule in rules.to_dict("records"):
        for name in filter(None, map(str.strip, rule["ServiceName"].split("|"))):
            if not globs.wild(name):
                found.setdefault(rule["ProviderName"], {})[_bare(name)] = (name, rule)
    return list(found.items())


def _suggested(row: Mapping, known, rules: pd.DataFrame) -> tuple[Mapping, str]:
    """The rule whose targets suit the service, and why: nearly its name, its subcategory, a name like it, its category."""
    bare = _bare(row["ServiceName"])
    mine = {name: found for pattern, some in known if globs.matches(pattern, row["ProviderName"])
            for name, found in some.items()}
    others = {name: found for _, some in known for name, found in some.items()}
    tries = (lambda: _alike(bare, mine, ALMOST), lambda: _called(row, rules, "subcategory", "ServiceSubcategory"),
             lambda: _alike(bare, mine, LIKE), lambda: _alike(bare, others, LIKE),
             lambda: _called(row, rules, "category", "ServiceCategory"), lambda: _shares(bare, others))
    return next((found for found in (attempt() for attempt in tries) if found),
                ({}, "Nothing is like it: ask who uses it, and name a tower"))


def _alike(bare: str, pool: Mapping, least: float) -> tuple[Mapping, str] | None:
    close = difflib.get_close_matches(bare, sorted(pool), n=1, cutoff=least)
    return (pool[close[0]][1], f"Its name is like {_full(pool[close[0]])}") if close else None


def _called(row: Mapping, rules: pd.DataFrame, level: str, column: str) -> tuple[Mapping, str] | None:
    named = rules[rules["level"].eq(level) & rules[column].str.casefold().eq(row[column].casefold())]
    return (named.iloc[0], f"Its provider calls it {row[column]}") if row[column] and len(named) else None


def _shares(bare: str, pool: Mapping) -> tuple[Mapping, str] | None:
    words = set(WORDS.findall(bare))
    ranked = sorted((-len(words & set(WORDS.findall(name))), name) for name in pool)
    return (pool[ranked[0][1]][1], f"It shares a word with {_full(pool[ranked[0][1]])}") if ranked and ranked[0][0] else None


def _full(found: tuple[str, Mapping]) -> str:
    return f"{found[0]} of {found[1]['ProviderName']}" if found[1]["ProviderName"] else found[0]


def _bare(name: str) -> str:
    return MAKERS.sub("", name.strip()).lower()


def _slug(row: Mapping) -> str:
    words = re.findall(r"[a-z0-9]+", f"{row['ProviderName']} {row['ServiceName']}".lower())
    return "-".join(["service", *words])[:60].rstrip("-")


def _free(name: str, taken: set[str]) -> str:
    found, number_ = name, 2
    while found in taken:
        found, number_ = f"{name}-{number_}", number_ + 1
    taken.add(found)
    return found


def exact(name: str) -> str:
    """The name as a pattern that matches it: what a pattern reads as a sign, and what cannot be shown, is any one."""
    name = name if publish.unguard(name) == name else name.replace("'", "?")
    return "".join("?" if sign in "|*" or not sign.isprintable() else sign for sign in name)


def named(name: str) -> bool:
    """Whether a pattern can tell the name from others."""
    return any(sign.isalnum() for sign in name)


def new_services(booked: pd.DataFrame, period: str, names: services.Names) -> pd.DataFrame:
    """Services with cost in the month and none in an earlier one; none where there is no earlier month."""
    before = booked[booked["ledger_period"] < period]
    now = booked[booked["ledger_period"] == period]
    keys = ["ProviderName", "ServiceName", "rule_level", "tower", "sub_tower"]
    if before.empty:
        return summed(now.iloc[:0], keys)
    known = {pair: (names.provider(pair[0]), tags.fold(names.service(*pair)))
             for pair in set(rows_of(booked, ["ProviderName", "ServiceName"]))}
    seen = {known[pair] for pair in rows_of(before, ["ProviderName", "ServiceName"])}
    fresh = np.array([known[pair] not in seen for pair in rows_of(now, ["ProviderName", "ServiceName"])], dtype=bool)
    return summed(now[fresh], keys)


def check_new(table: pd.DataFrame, limit: Decimal, owner: str = "TBM office") -> list[dict]:
    """A finding where a service that is new this month costs more than the limit, on either basis."""
    large = table[np.array([max(abs(billed), abs(effective)) > limit
                            for billed, effective in rows_of(table, ["billed", "effective"])], dtype=bool)]
    told = [f"{service} ({provider}) {number(effective)}"
            for provider, service, effective in rows_of(large, ["ProviderName", "ServiceName", "effective"])]
    return [checks.noted("new services above the limit", len(large), owner, "; ".join(told[:5]),
                         total(large["effective"]))]
