"""Which unit does a text name?  A small grammar: [number] [thousand, million, billion, k or M] name [/ time].

    text, countable things → read → Unit, or None
    Unit, agreed Unit → check → an error that names the units that would fit

Only names that the grammar knows are a unit: no text is ever worked out as an expression.
"""

import re
from collections.abc import Mapping
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from helpers.errors import InputError
from helpers.problems import nearest, quoted

LONGEST, LISTED = 80, 8  # characters of a unit, units in a message

_PREFIXES = {"K": ("kilo", "kibi"), "M": ("mega", "mebi"), "G": ("giga", "gibi"), "T": ("tera", "tebi"), "P": ("peta", "pebi")}
BYTES = {f"{sign}{base}": Fraction(step ** power, each) for base, step, each in (("B", 1000, 1), ("iB", 1024, 1), ("bit", 1000, 8))
         for power, sign in enumerate(_PREFIXES, 1)} | {"B": Fraction(1), "bit": Fraction(1, 8)}
_NAMED = {"byte": "B", **{f"{words[i]}byte": f"{sign}{'i' * i}B" for sign, words in _PREFIXES.items() for i in (0, 1)}}
_SIZES = {name: name for name in BYTES} | {f"{sign}iBy": f"{sign}iB" for sign in _PREFIXES} | {"By": "B", "bits": "bit", "kB": "KB", "kbit": "Kbit"}
_SIZES |= {form: name for word, name in _NAMED.items() for form in (word, f"{word}s", word.title(), f"{word}s".title())}
SAID = {"month": "mo mth monthly", "day": "d daily", "quarter": "q qtr quarterly", "year": "y yr annum yearly annually", "hour": "h hr hourly",
        "week": "w wk weekly", "minute": "min", "second": "s sec", "fiscal quarter": "", "fiscal year": ""}
_TIMES = {word + s: time for time, others in SAID.items() for word in (time, *others.split()) for s in ("", "s")}
LONG = {"quarter": 3, "year": 12, "fiscal quarter": 3, "fiscal year": 12}  # months; nothing is held in a month for longer than it
_SCALES = {"": 1, "k": 1000, "K": 1000, "M": 10 ** 6, "thousand": 1000, "million": 10 ** 6, "billion": 10 ** 9}
_KINDS = {"held": "information held (a stock)", "moved": "information moved (a flow)", "hours": "hours of use", "counted": "a count",
          "money": "money (a three-letter code)", "": "information"}

_MANY = re.compile(r"(?:([1-9][0-9]{0,2}(?:,[0-9]{3}){1,4}|[1-9][0-9]{0,12}) ?)?"
                   r"(?:(?:(?i:(thousand|million|billion)s?(?: of)?)|([kKM])) )?(\D.*)", re.ASCII)
_HELD = re.compile(r"(\w+)(?: ?[-·.] ?| )(?!\w+ly$)(\w+)")
_FLOW = re.compile(r"(.+?)(?: ?/ ?| (?:per|an?|each|every) | (?=\w+ly$))((?:fiscal )?\w+)", re.IGNORECASE | re.ASCII)
_MONEY = re.compile(r"([kKM]?)([A-Z]{3})")


class Unit(NamedTuple):
    """A unit as read: 1,000 requests/day is many 1000, kind counted, name requests, time day; time is "" where none was said."""

    many: int
    kind: str
    name: str
    time: str

    @property
    def text(self) -> str:
        """The unit in its one spelling."""
        word = next((word for word, many in _SCALES.items() if many == self.many and len(word) != 1), f"{self.many:,}")
        held = f"{self.name}-{self.time}{'s' * (self.time != 'month')}" if self.time else f"{self.name} held"
        return f"{word} {held if self.kind == 'held' else f'{self.name}/{self.time}'.strip('/')}".lstrip()


def known(unit: str) -> bool:
    """Whether the text is a unit by itself, without a countable thing of the company's."""
    return read(unit, {}) is not None


@lru_cache(maxsize=256)
def fits(target: Unit, currencies: tuple[str, ...]) -> tuple[str, ...]:
    """The same for a unit as read: the target's name at the usual times, other names at its time, all others, thousands and millions."""
    names = dict.fromkeys([target.name, *{"held": BYTES, "moved": BYTES, "money": currencies}.get(target.kind, ())])
    times = ["month", "", *(time for time in SAID if time not in {"month", *LONG})] if target.kind == "held" else list(SAID)
    pairs = sorted(((name, time) for name in names for time in times),
                   key=lambda pair: 0 if pair[0] == target.name and pair[1] in times[:5] else 1 if pair[1] == target.time else 2)
    bare = [target._replace(many=1, time="")] if target.kind in ("hours", "counted") else []
    units = [target, *(Unit(1, target.kind, *pair) for pair in pairs), *bare, *(target._replace(many=many) for many in (1000, 10 ** 6))]
    return tuple(dict.fromkeys(unit.text for unit in units))


def read(text: str, things: Mapping[str, str]) -> Unit | None:
    """The unit that a text names, None where it names none; information of which is not said whether it is held or moved has no kind."""
    found = _MANY.fullmatch(" ".join(text.split())) if len(text) <= LONGEST else None
    if not found:
        return None
    many, rest = int((found[1] or "1").replace(",", "")) * _SCALES[(found[2] or "").lower() or found[3] or ""], found[4]
    held, flow = _HELD.fullmatch(rest), _FLOW.fullmatch(rest)
    if held and held[1] in _SIZES and (held[2].lower() == "held" or _TIMES.get(held[2].lower(), "year") not in LONG):
        return Unit(many, "held", _SIZES[held[1]], _TIMES.get(held[2].lower(), ""))
    name, time = (flow[1], _TIMES[flow[2].lower()]) if flow and flow[2].lower() in _TIMES else (rest, "")
    if name in _SIZES:
        return Unit(many, "moved" if time else "", _SIZES[name], time)
    if _TIMES.get(name.lower()) == "hour":
        return Unit(many, "hours", "hours", time)
    if thing := things.get(name.lower()) or things.get(_plural(name.lower())):
        return Unit(many, "counted", thing, time)
    money = _MONEY.fullmatch(name)
    return Unit(many * _SCALES[money[1]], "money", money[2], time) if money else None


def agreed(to: str, things: Mapping[str, str], where: str) -> Unit:
    """The agreed unit with its time; raises InputError where the text is none."""
    target = read(to, things)
    some = dict.fromkeys(["GB-month", "GB/month", "hours/month", "requests/month", "USD/month", *(f"{thing}/month" for thing in things.values())])
    check(to, target, target, "a unit", tuple(some), f"{where}, the agreed unit")
    return target._replace(time=target.time or "month")


def check(text: str, given: Unit | None, target: Unit | None, expected: str, allowed: tuple[str, ...], where: str) -> None:
    """Raises InputError where the unit is unknown, lacks something or cannot become the target; the message names the first that fit."""
    if given is None or target is None:
        others = {"held": "moved", "moved": "held"}.get(target.kind, "") if target else ""
        near = nearest(text[:LONGEST], [*allowed, *(fits(target._replace(kind=others), ()) if others else ())])
        found, todo = "is no unit known here", f'write "{near}" if that is meant' if near in allowed else "write one of these"
    elif not given.kind and target.kind in ("held", "moved", ""):
        found, todo = "may be held or moved", f'write "{given.name} held" for what is stored, "{given.name}/month" for what is moved'
    elif given.kind != target.kind:
        found, todo = f'is {_KINDS[given.kind]}, "{target.text}" is {_KINDS[target.kind]}', f"give {_KINDS[target.kind]}, or agree on another unit"
    elif given.kind == "money" and not given.time:
        found, todo = "is money without a time", f"add the time: {given.name}/month, {given.name}/quarter or {given.name}/year"
    elif given.kind == "counted" and given.name != target.name:
        found, todo = f"counts {given.name}, not {target.name}", f"give the number of {target.name}, or agree on {given.name}/month"
    else:
        return
    raise InputError(where, f"{quoted(text[:LONGEST])} {found}", f"{expected}, such as {', '.join(allowed[:LISTED])}", todo)


@lru_cache(maxsize=64)
def countable(names: tuple[str, ...], where: str) -> dict[str, str]:
    """What can be counted by its name in lower case, singular and plural; raises InputError for a name that is a unit already."""
    found = {}
    for name in ("request", *names):
        if not re.fullmatch(r"[^\W\d_][\w -]{0,39}", name) or name.lower() in _TIMES or read(name, {name.lower(): name}) != (1, "counted", name, ""):
            raise InputError(where, f"the countable {quoted(name)}", "a name of letters, digits, spaces and hyphens that is no unit", "rename it")
        plural = name if re.search("[^s]s$", name) else _plural(name)
        found = {name.lower(): plural, plural.lower(): plural} | found
    return found


def _plural(name: str) -> str:
    """The plural of an English noun: widgets, boxes, deliveries."""
    return f"{name[:-1]}ies" if re.search("[^aeiou]y$", name) else name + ("es" if re.search("(s|x|z|ch|sh)$", name) else "s")
