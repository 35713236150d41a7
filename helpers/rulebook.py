"""Which rule does a row meet first?  Rows and rules in, for each row the place of its rule out.

    file → read → rules                   one row a rule; in_force gives those of a month in the order they are tried
    rows, rules → first_match → places    -1 where no rule matches
    rules, months → spans → groups        months in which the same rules are in force

Rules are tried in the order they stand.  A rule matches when each of its patterns matches (helpers.globs); a blank
pattern matches all.  Rules with an exact name look only at the rows that have it, so thousands of rules stay fast.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np
import pandas as pd

from helpers import globs, inputs, publish
from helpers.globs import wild
from helpers.periods import shift
from helpers.problems import Problems, quoted, shown

LEVELS = ("override", "service", "subcategory", "category", "default")
PATTERNS = ["ProviderName", "PublisherName", "ServiceName", "ServiceCategory", "ServiceSubcategory", "SkuMeter",
            "ChargeCategory", "ChargeClass", "CommitmentDiscountStatus", "marketplace", "commitment"]
TARGETS = [f"{version}_{name}" for names in (("tower", "sub_tower"), ("cost_pool", "sub_pool"))
           for version in ("v4", "v5") for name in names]
COLUMNS = ["rule_id", "priority", "level", *PATTERNS, *TARGETS, "reason", "confidence", "owner", "valid_from",
           "valid_to"]


APART = "\x00"  # between texts that are searched as one
MANY = 64  # rows beyond which all texts are searched at once
WORTH = 500  # rows beyond which it is worth a search to look at fewer


class Texts:
    """One column of the rows: its distinct texts, and which rows have each."""

    def __init__(self, texts: pd.Series):
        self.codes, values = pd.factorize(texts.to_numpy(dtype=object))
        self.values = [str(value).lower() for value in values]
        order = np.argsort(self.codes, kind="stable")
        self.rows = np.split(order, np.cumsum(np.bincount(self.codes, minlength=len(self.values)))[:-1])
        self.spellings: dict[str, list[int]] = {}
        for code, value in enumerate(self.values):
            self.spellings.setdefault(value, []).append(code)
        self.rows_of = lru_cache(maxsize=1024)(self._rows_of)
        self.codes_of = lru_cache(maxsize=1024)(self._matching)

    @cached_property
    def _joined(self) -> tuple[str, list[int]]:
        """All texts in one, to be searched at once, and where each begins."""
        begins = np.cumsum([0, *(len(value) + 1 for value in self.values[:-1])])
        return APART.join(self.values), begins.tolist()

    def _rows_of(self, pattern: str) -> np.ndarray:
        """The rows that a pattern matches, in order."""
        found = [self.rows[code] for code in self.codes_of(pattern)]
        return np.sort(np.concatenate(found)) if len(found) > 1 else found[0] if found else np.empty(0, dtype=np.intp)

    def keep(self, pattern: str, rows: np.ndarray) -> np.ndarray:
        """Those of the rows that the pattern matches."""
        codes = self.codes[rows]
        if len(rows) <= MANY:
            return rows[np.array([globs.matches(pattern, self.values[code]) for code in codes.tolist()], dtype=bool)]
        fits = np.zeros(len(self.values), dtype=bool)
        fits[self.codes_of(pattern)] = True
        return rows[fits[codes]]

    def _matching(self, pattern: str) -> list[int]:
        """The codes of all texts that the pattern matches: first those that hold its longest word, then a closer look."""
        found: set[int] = set()
        for part in map(str.strip, pattern.lower().split("|")):
            if not wild(part):
                found.update(self.spellings.get(part, ()))
                continue
            word = max(re.split(r"[*?]", part), key=len)
            codes = self._holding(word) if word and APART not in word else range(len(self.values))
            tried = globs.matcher(part)
            found.update(codes if word and part == f"*{word}*" and APART not in word else
                         (code for code in codes if tried(self.values[code])))
        return sorted(found)

    def _holding(self, word: str) -> Iterator[int]:
        """The codes of the texts that hold the word."""
        text, begins = self._joined
        at = text.find(word)
        while at >= 0:
            code = bisect_right(begins, at) - 1
            yield code
            at = text.find(word, begins[code + 1]) if code + 1 < len(begins) else -1


def first_match(rows: pd.DataFrame, rules: pd.DataFrame, columns: Sequence[str],
                after: np.ndarray | None = None) -> np.ndarray:
    """For each row the place of the first rule whose patterns in `columns` all match, or -1.

    `after` gives for each row the place of a rule that it must come after.
    """
    found = np.full(len(rows), -1, dtype=np.intp)
    if rows.empty or rules.empty:
        return found
    known = {name: Texts(rows[name]) for name in columns}
    for place, patterns in enumerate(rules.loc[:, list(columns)].itertuples(index=False, name=None)):
        hits = _meet(known, [(name, text) for name, text in zip(columns, patterns, strict=True) if text],
                     found)
        hits = hits if after is None else hits[after[hits] < place]
        found[hits] = place
    return found


def _meet(known: dict[str, Texts], conditions: list[tuple[str, str]], found: np.ndarray) -> np.ndarray:
    """The open rows that meet every condition; the exact conditions narrow the search first."""
    tried = sorted(conditions, key=lambda condition: wild(condition[1]))  # patterns cost a search: only where it helps
    hits: np.ndarray | None = None
    for name, text in tried:
        if hits is None or len(hits) > WORTH:
            rows = known[name].rows_of(text)
            hits = rows if hits is None or len(rows) < len(hits) else hits
    if hits is None:
        return np.flatnonzero(found < 0)
    hits = hits[found[hits] < 0]
    for name, text in conditions:
        if not len(hits):
            break
        hits = known[name].keep(text, hits)
    return hits


def read(path: Path) -> pd.DataFrame:
    """The rules of a file, as data/codebook.csv has them; raises InputError with line and column.

    A ' that the worklist put before what a spreadsheet would run is taken off.  attrs["lines"] has each row's line.
    """
    table = inputs.read(path, "mapping_rules", "rules")
    table = table.assign(**{name: [publish.unguard(text) for text in table[name]] for name in table if name != "priority"})
    problems, where = Problems(), shown(path.resolve())
    for line, start, end in zip(inputs.lines_of(table), table["valid_from"], table["valid_to"], strict=True):
        if start and end and start > end:
            problems.add(f"{where}, line {line}", f"valid_from is {quoted(start)}", f"a month up to valid_to, {end}",
                         "correct the one or the other")
    problems.stop()
    return table


def in_force(rules: pd.DataFrame, period: str = "") -> pd.DataFrame:
    """The rules valid in the month ("" is all of them), in the order they are tried: by priority, then by id."""
    valid = [not period or (start or period) <= period <= (end or period)
             for start, end in zip(rules["valid_from"], rules["valid_to"], strict=True)]
    return rules[np.array(valid, dtype=bool)].sort_values(["priority", "rule_id"], kind="stable", ignore_index=True)


def spans(rules: pd.DataFrame, months: Sequence[str]) -> list[list[str]]:
    """The months in groups, each with the same rules in force throughout."""
    starts = {month for month in rules["valid_from"] if month} | {shift(month, 1) for month in rules["valid_to"] if month}
    groups: dict[int, list[str]] = {}
    for month in sorted(set(months)):
        groups.setdefault(sum(start <= month for start in starts), []).append(month)
    return list(groups.values())
