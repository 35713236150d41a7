"""Does a text match a pattern of the rules?  `*` any text, `?` one character, `|` between alternatives.

Case does not count.  The match takes time in proportion to pattern × text: no pattern can hang a run.
"""

from functools import lru_cache


@lru_cache(maxsize=200_000)
def matches(pattern: str, text: str) -> bool:
    """Whether any alternative matches the whole text; a blank pattern matches everything."""
    return not pattern or any(_match(part.strip(), text.lower()) for part in pattern.lower().split("|"))


def _match(pattern: str, text: str) -> bool:
    at, star, mark = 0, -1, 0
    spot = 0
    while spot < len(text):
        if at < len(pattern) and pattern[at] == "*":
            star, mark, at = at, spot, at + 1
        elif at < len(pattern) and pattern[at] in ("?", text[spot]):
            at, spot = at + 1, spot + 1
        elif star >= 0:
            mark += 1
            at, spot = star + 1, mark
        else:
            return False
    return not pattern[at:].strip("*")
