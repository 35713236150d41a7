"""Are the rules in good order?  Rules that can never win, and rules that claim the same lines with another answer.

    rules → hidden                  a rule all of whose lines an earlier one takes
    rules, lines → strangers        a rule for a provider that neither the names nor the bills know
    lines, rules → overlaps         lines that two rules of one level claim for different places; the first has them

A rule for a charge comes before one for a service on purpose; two rules of one level that disagree are a question.
"""

import numpy as np
import pandas as pd

from helpers import checks, globs, mapping, rulebook, services
from helpers.globs import wild
from helpers.money import sum_by, total

COLUMNS = ["rule_id", "hidden_by", "level", "reason", "owner"]


def hidden(rules: pd.DataFrame, period: str = "") -> pd.DataFrame:
    """Rules in force that no line can reach, since an earlier rule matches all that they match."""
    tried = rulebook.in_force(rules, period)
    rows = tried[rulebook.PATTERNS].to_dict("records")
    asks = [{name: _parts(text) for name, text in row.items() if text} for row in rows]
    spans = list(zip(tried["valid_from"], tried["valid_to"], strict=True))
    kinds = tried["level"].eq("default").tolist()
    named: dict[str, list[int]] = {}  # exact service name: earlier rules that have it; others may hide any rule
    broad: list[int] = []
    found = []
    for place, ask in enumerate(asks):
        parts = ask.get("ServiceName", [])
        near = set(broad).union(*(named.get(part, []) for part in parts))
        by = next((other for other in sorted(near) if kinds[other] == kinds[place] and _spans(spans[other], spans[place])
                   and _covers(asks[other], ask)), None)
        if by is not None:
            found.append((place, by))
        if parts and not any(map(wild, parts)):
            for part in parts:
                named.setdefault(part, []).append(place)
        else:
            broad.append(place)
    return pd.DataFrame([(tried.at[place, "rule_id"], tried.at[by, "rule_id"], *tried.loc[place, COLUMNS[2:]])
                         for place, by in found], columns=COLUMNS)


def _parts(pattern: str) -> list[str]:
    return [part.strip() for part in pattern.lower().split("|")]


def _spans(outer: tuple[str, str], inner: tuple[str, str]) -> bool:
    """Whether months from-to of the one hold those of the other; a blank end is open."""
    return outer[0] <= inner[0] and (not outer[1] or bool(inner[1]) and inner[1] <= outer[1])


def _covers(earlier: dict[str, list[str]], later: dict[str, list[str]]) -> bool:
    """Whether every row that the later rule matches is one that the earlier matches."""
    return all(name in later and all(any(_within(part, outer) for outer in parts) for part in later[name])
               for name, parts in earlier.items())


def _within(part: str, outer: str) -> bool:
    """Whether each text of the one pattern is one of the other; where it cannot be told, no."""
    return part == outer or bool(outer) and ("?" not in outer or not wild(part)) and globs.matches(outer, part)


def overlaps(lines: pd.DataFrame, rules: pd.DataFrame, versions, period: str,
             names: services.Names) -> pd.DataFrame:
    """By pair of rules of one level that place the same lines differently: the lines' cost; the first one has them."""
    tried = names.of_rules(rulebook.in_force(rules, period))
    tried = tried[tried["level"].ne("default")].reset_index(drop=True)
    kinds, of_line = mapping.kinds(lines, names)
    first = rulebook.first_match(kinds, tried, rulebook.PATTERNS)
    second = rulebook.first_match(kinds, tried, rulebook.PATTERNS, after=first)
    places = list(tried[[f"{versions.towers}_tower", f"{versions.towers}_sub_tower"]].itertuples(index=False, name=None))
    levels = tried["level"].tolist()
    at_odds = [one >= 0 and two >= 0 and levels[one] == levels[two] and places[one] != places[two]
               for one, two in zip(first, second, strict=True)]
    ids = [*tried["rule_id"], ""]
    pairs = lines.assign(rule_id=[ids[place] for place in first[of_line]],
                         other_rule=[ids[place] for place in second[of_line]])
    pairs = pairs[np.array(at_odds, dtype=bool)[of_line]]
    table = sum_by(pairs, ["rule_id", "other_rule"], ["billed", "effective", "line_count"])
    where = dict(zip(tried["rule_id"], [" / ".join(place) for place in places], strict=True))
    return table.assign(line_count=[int(count) for count in table["line_count"]],
                        place=[where[name] for name in table["rule_id"]],
                        other_place=[where[name] for name in table["other_rule"]])


def strangers(rules: pd.DataFrame, lines: pd.DataFrame, names: services.Names) -> pd.DataFrame:
    """Rules whose provider neither the providers file nor a bill knows: most likely it is misspelt."""
    known = {*names.providers, *names.of_lines(lines.loc[:, ["ProviderName", "ServiceName"]].drop_duplicates())["ProviderName"]}
    tried = names.of_rules(rules)
    strange = {text for text in set(tried["ProviderName"]) if text and not any(globs.matches(text, name) for name in known)}
    hit = tried["ProviderName"].isin(strange)
    return rules.loc[hit.to_numpy(), ["rule_id", "level", "ProviderName", "ServiceName", "owner"]].reset_index(drop=True)


def check_rules(buried: pd.DataFrame, strange: pd.DataFrame, owner: str = "TBM office") -> list[dict]:
    """Findings: rules that an earlier one hides, and rules for a provider that nobody knows."""
    told = [f"{rule} (by {by})" for rule, by in mapping.rows_of(buried, ["rule_id", "hidden_by"])]
    odd = [f"{rule} ({provider})" for rule, provider in mapping.rows_of(strange, ["rule_id", "ProviderName"])]
    return [checks.noted("rules hidden by an earlier one", len(buried), owner, "; ".join(told[:5]), total([])),
            checks.noted("rules for a provider that no bill and no name knows", len(strange), owner, "; ".join(odd[:5]),
                         total([]))]
