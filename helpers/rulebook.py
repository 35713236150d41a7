"""Which rule does a row meet first?  Rows and rules in, for each row the place of its rule out.

    file → read → rules                   one row a rule; in_force gives those of a month in the order they are tried
    rows, rules → first_match → places    -1 where no rule matches

Rules are tried in the order they stand.  A rule matches when each of its patterns matches (helpers.globs); a blank
pattern matches all.  Rules with an exact name look only at the rows that have it, so thousands of rules stay fast.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from helpers import globs
from helpers.errors import InputError
from helpers.problems import Problems

LEVELS = ("override", "service", "subcategory", "category", "default")
PATTERNS = ["ProviderName", "PublisherName", "ServiceName", "ServiceCategory", "ServiceSubcategory", "SkuMeter",
            "ChargeCategory", "ChargeClass", "CommitmentDiscountStatus", "marketplace", "commitment"]
TARGETS = [f"{version}_{name}" for names in (("tower", "sub_tower"), ("cost_pool", "sub_pool"))
           for version in ("v4", "v5") for name in names]
COLUMNS = ["rule_id", "priority", "level", *PATTERNS, *TARGETS, "reason", "confidence", "owner", "valid_from",
           "valid_to"]


class _Column:
    """One column of the rows: its distinct texts, and which rows have each."""

    def __init__(self, texts: pd.Series):
        self.codes, values = pd.factorize(texts.to_numpy(dtype=object))
        self.values = [str(value) for value in values]
        order = np.argsort(self.codes, kind="stable")
        self.rows = np.split(order, np.cumsum(np.bincount(self.codes, minlength=len(self.values)))[:-1])
        self.spellings: dict[str, list[int]] = {}
        for code, value in enumerate(self.values):
            self.spellings.setdefault(value.lower(), []).append(code)
        self._known: dict[str, np.ndarray] = {}

    def rows_of(self, pattern: str) -> np.ndarray:
        """The rows that an exact pattern (no wildcard) matches, in order."""
        codes = {code for part in pattern.lower().split("|") for code in self.spellings.get(part.strip(), [])}
        found = [self.rows[code] for code in sorted(codes)]
        return np.sort(np.concatenate(found)) if found else np.empty(0, dtype=np.intp)

    def keep(self, pattern: str, rows: np.ndarray) -> np.ndarray:
        """Those of the rows that the pattern matches; each distinct text is tried once a pattern."""
        known = self._known.setdefault(pattern, np.full(len(self.values), -1, dtype=np.int8))
        codes = self.codes[rows]
        fits = _test(pattern)
        for code in np.unique(codes[known[codes] < 0]).tolist():
            known[code] = fits(self.values[code])
        return rows[known[codes] == 1]


def first_match(rows: pd.DataFrame, rules: pd.DataFrame, columns: Sequence[str],
                after: np.ndarray | None = None) -> np.ndarray:
    """For each row the place of the first rule whose patterns in `columns` all match, or -1.

    `after` gives for each row the place of a rule that it must come after.
    """
    found = np.full(len(rows), -1, dtype=np.intp)
    if rows.empty or rules.empty:
        return found
    known = {name: _Column(rows[name]) for name in columns}
    still_open = np.arange(len(rows), dtype=np.intp)
    for place, patterns in enumerate(rules.loc[:, list(columns)].itertuples(index=False, name=None)):
        hits = _meet(known, [(name, text) for name, text in zip(columns, patterns, strict=True) if text],
                     found, still_open)
        hits = hits if after is None else hits[after[hits] < place]
        if len(hits):
            found[hits] = place
            still_open = still_open[found[still_open] < 0]
    return found


def _meet(known: dict[str, _Column], conditions: list[tuple[str, str]], found: np.ndarray,
          still_open: np.ndarray) -> np.ndarray:
    """The open rows that meet every condition; the exact conditions narrow the search first."""
    hits, left = still_open, conditions
    exact = [(name, text) for name, text in conditions if not _wild(text)]
    if exact:
        rows, done = min(((known[name].rows_of(text), (name, text)) for name, text in exact),
                         key=lambda pair: len(pair[0]))
        hits, left = rows[found[rows] < 0], [condition for condition in conditions if condition != done]
    for name, text in sorted(left, key=lambda condition: len(known[condition[0]].values)):
        if not len(hits):
            break
        hits = known[name].keep(text, hits)
    return hits


def _test(pattern: str) -> Callable[[str], bool]:
    """Whether a text matches, by the fastest way that says the same as helpers.globs."""
    parts = [part.strip() for part in pattern.lower().split("|")]
    inner = [part.strip("*") for part in parts]
    if all(part == f"*{word}*" and word and not _wild(word) for part, word in zip(parts, inner, strict=True)):
        return lambda text: any(map(text.lower().__contains__, inner))
    return lambda text: globs.matches(pattern, text)


def _wild(pattern: str) -> bool:
    return "*" in pattern or "?" in pattern


def read(path: Path) -> pd.DataFrame:
    """The rules of a CSV file, all texts but the whole-number priority; raises InputError with line and column."""
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except (ValueError, OSError) as wrong:  # also not UTF-8, an empty file, a row with too many cells
        raise InputError(str(path), f"not readable ({' '.join(str(wrong).split())})", "a UTF-8 CSV file of rules",
                         "mend the file") from None
    missing = [name for name in COLUMNS if name not in table.columns]
    if missing:
        raise InputError(str(path), f"no column {', '.join(missing)}", "the columns of data/mapping/rules.csv",
                         "add the column; it may be blank")
    problems = Problems()
    for line, (number, level, rule_id) in enumerate(zip(table["priority"], table["level"], table["rule_id"],
                                                        strict=True), start=2):
        where = f"{path}, line {line}, column"
        if not (number.isascii() and number.isdigit()):
            problems.add(f"{where} priority", f'"{number}"', "a whole number", "write it like 100")
        if level not in LEVELS:
            problems.add(f"{where} level", f'"{level}"', " or ".join(LEVELS), "correct it")
        if not rule_id:
            problems.add(f"{where} rule_id", "no id", "an id of its own on each rule", "give it one")
    for rule_id in sorted(set(table.loc[table["rule_id"].duplicated() & table["rule_id"].ne(""), "rule_id"])):
        problems.add(f"{path}, column rule_id", f'"{rule_id}" appears more than once', "each id once", "rename one")
    problems.stop()
    return table.loc[:, COLUMNS].assign(priority=table["priority"].astype(int))


def in_force(rules: pd.DataFrame, period: str = "") -> pd.DataFrame:
    """The rules valid in the month ("" is all of them), in the order they are tried: by priority, then by id."""
    valid = [not period or (start or period) <= period <= (end or period)
             for start, end in zip(rules["valid_from"], rules["valid_to"], strict=True)]
    return rules[np.array(valid, dtype=bool)].sort_values(["priority", "rule_id"], kind="stable", ignore_index=True)
