"""Does a text match a pattern of the rules?  `*` any text, `?` one character, `|` between alternatives.

Case does not count.  Each `*` takes the nearest text that fits and never tries again, so no pattern can hang a run.
"""

import re
from collections.abc import Callable
from functools import lru_cache, partial


@lru_cache(maxsize=200_000)
def matches(pattern: str, text: str) -> bool:
    """Whether any alternative matches the whole text; a blank pattern matches everything."""
    return not pattern or any(matcher(part.strip())(text.lower()) for part in pattern.lower().split("|"))


def wild(part: str) -> bool:
    """Whether the alternative is more than a plain name."""
    return "*" in part or "?" in part


@lru_cache(maxsize=20_000)
def matcher(part: str) -> Callable[[str], bool]:
    """The function that tries one alternative, in lower case, on a text in lower case."""
    if not wild(part):
        return part.__eq__
    first, *rest = re.sub(r"\*+", "*", part).split("*")
    return partial(_fits, first, rest) if rest and "?" not in part else _by_signs(first, rest)


def _fits(first: str, rest: list[str], text: str) -> bool:
    """Whether the text begins with `first`, holds each of the rest in turn and ends with the last."""
    if not text.startswith(first):
        return False
    at = len(first)
    for piece in rest[:-1]:
        found = text.find(piece, at)
        if found < 0:
            return False
        at = found + len(piece)
    return len(text) - at >= len(rest[-1]) and text.endswith(rest[-1])


def _by_signs(first: str, rest: list[str]) -> Callable[[str], bool]:
    """The same where `?` stands for any one character."""
    plain = ["".join("." if sign == "?" else re.escape(sign) for sign in piece) for piece in (first, *rest)]
    between = "".join(f"(?>.*?{piece})" for piece in plain[1:-1])  # (?>…) keeps what it took
    return re.compile(plain[0] + between + (f".*{plain[-1]}" if rest else ""), re.DOTALL).fullmatch
