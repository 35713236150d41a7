"""Does a text match a pattern of the rules?  `*` any text, `?` one character, `|` between alternatives.

Case does not count.  Each `*` takes the nearest text that fits and never tries again, so no pattern can hang a run.
"""

import re
from functools import lru_cache


@lru_cache(maxsize=200_000)
def matches(pattern: str, text: str) -> bool:
    """Whether any alternative matches the whole text; a blank pattern matches everything."""
    return not pattern or any(matcher(part.strip())(text.lower()) is not None for part in pattern.lower().split("|"))


def wild(part: str) -> bool:
    """Whether the alternative is more than a plain name."""
    return "*" in part or "?" in part


@lru_cache(maxsize=20_000)
def matcher(part: str):
    """The function that tries one alternative, in lower case, on a text in lower case."""
    first, *rest = [_plain(piece) for piece in re.sub(r"\*+", "*", part).split("*")]
    if not rest:
        return re.compile(first, re.DOTALL).fullmatch
    between = "".join(f"(?>.*?{piece})" for piece in rest[:-1])  # (?>…) keeps what it took
    return re.compile(f"{first}{between}.*{rest[-1]}", re.DOTALL).fullmatch


def _plain(piece: str) -> str:
    return "".join("." if sign == "?" else re.escape(sign) for sign in piece)
