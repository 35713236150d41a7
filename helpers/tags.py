"""What do the tags say?  Tag texts in, the values of the keys that count out; spellings are brought together.

    text → parse → tags          a dict of keys and values; what cannot be read is kept under UNREADABLE
    texts, keys → pick → values  one row a distinct text: for each purpose the value of the first key that is set
    text → reduced → text        only the tags that count, so that texts that say the same are one
    names → Book.find            the code a value stands for: by code, by name, by alias; near misses only suggested

Two spellings are the same when they fold to the same: case, white space and the separators - _ . / : do not count.
"""

import difflib
import json
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from json.encoder import encode_basestring as _quote

import pandas as pd

from helpers.errors import InputError

UNREADABLE = "(unreadable)"
SEPARATORS = set("-_./:")
IN_ASCII = dict.fromkeys(map(ord, [*SEPARATORS, " ", *map(chr, range(32)), "\x7f"]))  # what `fold` takes out
FAMILY_WORDS = ("family", "portfolio", "group", "suite")  # after a key: what is above what the key names
TOWER_KEYS = ("TBMTower", "TBMSubTower")  # by which an owner places a resource
BLANKS = ("", "null", "(null)", "none", "{}", "[]")


@lru_cache(maxsize=100_000)
def fold(text: str) -> str:
    """The text without case, separators, white space and invisible characters: what spellings are compared by."""
    if text.isascii():
        return text.translate(IN_ASCII).lower()
    kept = (sign for sign in unicodedata.normalize("NFKC", text).casefold()
            if not sign.isspace() and sign not in SEPARATORS and unicodedata.category(sign) not in ("Cf", "Cc"))
    return "".join(kept)


def tidy(text: str) -> str:
    """The text as people read it: compatible characters unified, white space single and none at the ends."""
    return " ".join(unicodedata.normalize("NFKC", text).split())


def parse(text: str) -> dict[str, str]:
    """Keys and values of a Tags text: JSON object, JSON list of key/value, or `key:value` pieces.

    >>> parse('{"App": "Booking"}'), parse("app:booking; env=prod"), parse("???")
    ({'App': 'Booking'}, {'app': 'booking', 'env': 'prod'}, {'(unreadable)': '???'})
    """
    text = text.strip()
    if text.lower() in BLANKS:
        return {}
    read = _from_json(text)
    if read is None:
        read = _from_pieces(text)
    return {UNREADABLE: text} if read is None else read


def _from_json(text: str) -> dict[str, str] | None:
    bare = text.startswith('"')  # Azure writes the pairs without braces
    try:
        found = _READER.decode("{" + text + "}" if bare else text)
    except (ValueError, RecursionError):
        return None
    if isinstance(found, list) and all(isinstance(pair, dict) and "key" in pair for pair in found):
        found = {str(pair["key"]): pair.get("value") for pair in found}
    if not isinstance(found, dict):
        return None
    if text.isascii() and "\\u" not in text and all(type(value) is str for value in found.values()):
        return found
    return {_whole(key): _whole(_as_text(value)) for key, value in found.items()}


_READER = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=str)  # numbers stay as they are written


def _whole(text: str) -> str:
    """The text without halves of characters, which a cut-off emoji leaves and no file can hold."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def _as_text(value: object) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True, ensure_ascii=False)


def _from_pieces(text: str) -> dict[str, str] | None:
    """`key:value` or `key=value` pieces between ; or , or line ends; None when any piece is neither."""
    if text[0] in "{[":
        return None
    mark = next((mark for mark in "\n;," if mark in text), ";")
    found = {}
    for piece in filter(str.strip, text.split(mark)):
        at = min((piece.find(sign) for sign in ":=" if sign in piece), default=-1)
        if at <= 0:
            return None
        found[piece[:at].strip()] = piece[at + 1:].strip()
    return found or None


def choose(tags: Mapping[str, str], keys: Sequence[str]) -> tuple[str, str]:
    """Key and value, as written, of the first of `keys` that is set; ("", "") when none is.

    Among spellings of one key (App, app) the alphabetically first with a value wins.
    """
    for wanted in map(fold, keys):
        for key in sorted(tags):
            if fold(key) == wanted and fold(tags[key]):
                return key, tags[key]
    return "", ""


def pick(texts: Iterable[str], keys: Mapping[str, Sequence[str]]) -> pd.DataFrame:
    """One row a distinct text, indexed by it: a column a purpose with the value as written, "" where not set."""
    distinct = sorted(set(texts))
    parsed = [parse(text) for text in distinct]
    values = {purpose: [choose(tags, wanted)[1] for tags in parsed] for purpose, wanted in keys.items()}
    return pd.DataFrame(values, index=pd.Index(distinct, name="Tags"), columns=list(keys), dtype=object)


class Book:
    """The names a value may go by: codes first, then names, then aliases; a name two codes share stands for none."""

    def __init__(self, codes: Iterable[str], names: Iterable[tuple[str, str]] = (),
                 aliases: Iterable[tuple[str, str]] = ()):
        self._codes: dict[str, str] = {}
        for code in codes:
            if self._codes.setdefault(fold(code), code) != code:
                raise InputError("inputs.applications, column application", f"{self._codes[fold(code)]} and {code}",
                                 "codes that differ in more than case and separators", "rename one")
        self._codes.pop("", None)
        shared: dict[str, set[str]] = {}
        for name, code in names:
            shared.setdefault(fold(name), set()).add(code)
        self._names = {name: min(found) for name, found in shared.items() if name and len(found) == 1}
        self._aliases = {fold(alias): self._codes.get(fold(code), code) for alias, code in aliases if fold(alias)}

    def find(self, value: str) -> str:
        """The code the value stands for, or ""."""
        folded = fold(value)
        return self._codes.get(folded) or self._names.get(folded) or self._aliases.get(folded, "")

    def nearest(self, value: str) -> str:
        """The code whose code, name or alias looks most like the value, or ""; a suggestion, never applied."""
        known = {**self._aliases, **self._names, **self._codes}
        close = difflib.get_close_matches(fold(value), sorted(known), n=1, cutoff=0.6)
        return known[close[0]] if close else ""


def reduced(text: str, counts: Callable[[str], bool], prefixes: Sequence[str] = (), piece: str = "",
            pair: str = "") -> str:
    """The tags of a text whose keys count, as JSON in the order of their keys; "" for none, the text where unreadable.

    piece parts several texts, the first of which wins; pair parts key and value of a tag that was a column.
    """
    if not text:
        return ""
    found = _merged(text, piece, pair) if piece and piece in text else parse(text)
    if UNREADABLE in found:
        return text
    if prefixes:
        found = {next((key[len(start):] for start in prefixes if key.startswith(start)), key): value
                 for key, value in found.items()}
    kept = {key: found[key] for key in sorted(filter(counts, found))}
    return "{" + ",".join([f"{_quote(key)}:{_quote(value)}" for key, value in kept.items()]) + "}" if kept else ""


def _merged(text: str, piece: str, pair: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in text.split(piece):
        key, mark, value = part.partition(pair)
        for name, said in ({key: value} if mark else parse(part)).items():
            found.setdefault(name, said)
    return found


def counting(keys: Iterable[str]) -> Callable[[str], bool]:
    """Whether a tag's key counts: it is one of the keys, or names a family by one, or a tower; of no keys all count."""
    wanted = [fold(key) for key in keys]
    if not wanted:
        return lambda key: True
    whole = {*wanted, *map(fold, TOWER_KEYS), *(key + word for key in wanted for word in FAMILY_WORDS)}
    return lru_cache(maxsize=100_000)(lambda key: fold(key) in whole)
