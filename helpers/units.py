"""How much is a forecast in the agreed unit?  Each submitted unit is read by a small grammar and converted for one calendar month.

    quantity, unit, agreed unit, month → convert → the quantity in the agreed unit, with the steps that lead to it
    agreed unit → fitting → the units that convert to it

A unit is [number] [thousand, million, billion, k or M] name [/ time].  What is held (GB-month, a stock) and what is moved (GB/month, a flow)
never convert into each other, nor do different things that are counted.  A month has its own days; a quarter is three such months, a year twelve.
Only names that the grammar knows reach the units library: no text is ever worked out as an expression.
"""

import calendar
import decimal
import re
from collections.abc import Collection, Mapping
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from helpers.errors import InputError
from helpers.money import ZERO
from helpers.periods import distance, fiscal_label, fiscal_year, shift
from helpers.problems import nearest, quoted

DIGITS, LONGEST, WIDEST, LISTED = 12, 80, 100, 8  # decimals of a result without end, characters of a unit, digits of a number, units in a message

_PREFIXES = {"K": ("kilo", "kibi"), "M": ("mega", "mebi"), "G": ("giga", "gibi"), "T": ("tera", "tebi"), "P": ("peta", "pebi")}
_BYTES = {f"{sign}{base}": Fraction(step ** power, each) for base, step, each in (("B", 1000, 1), ("iB", 1024, 1), ("bit", 1000, 8))
          for power, sign in enumerate(_PREFIXES, 1)} | {"B": Fraction(1), "bit": Fraction(1, 8)}
_NAMED = {"byte": "B", **{f"{words[i]}byte": f"{sign}{'i' * i}B" for sign, words in _PREFIXES.items() for i in (0, 1)}}
_SIZES = {name: name for name in _BYTES} | {f"{sign}iBy": f"{sign}iB" for sign in _PREFIXES} | {"By": "B", "bits": "bit", "kB": "KB", "kbit": "Kbit"}
_SIZES |= {form: name for word, name in _NAMED.items() for form in (word, f"{word}s", word.title(), f"{word}s".title())}
_SAID = {"month": "mo mth monthly", "day": "d daily", "quarter": "q qtr quarterly", "year": "y yr annum yearly annually", "hour": "h hr hourly",
         "week": "w wk weekly", "minute": "min", "second": "s sec", "fiscal quarter": "", "fiscal year": ""}
_TIMES = {word + s: time for time, others in _SAID.items() for word in (time, *others.split()) for s in ("", "s")}
_LONG = {"quarter": 3, "year": 12, "fiscal quarter": 3, "fiscal year": 12}  # months; nothing is held in a month for longer than it
_SCALES = {"": 1, "k": 1000, "K": 1000, "M": 10 ** 6, "thousand": 1000, "million": 10 ** 6, "billion": 10 ** 9}
_KINDS = {"held": "information held (a stock)", "moved": "information moved (a flow)", "hours": "hours of use", "counted": "a count",
          "money": "money (a three-letter code)", "": "information"}

_MANY = re.compile(r"(?:([1-9][0-9]{0,2}(?:,[0-9]{3}){1,4}|[1-9][0-9]{0,12}) ?)?"
                   r"(?:(?:(?i:(thousand|million|billion)s?(?: of)?)|([kKM])) )?(\D.*)", re.ASCII)
_HELD = re.compile(r"(\w+)(?: ?[-·.] ?| )(?!\w+ly$)(\w+)")
_FLOW = re.compile(r"(.+?)(?: ?/ ?| (?:per|an?|each|every) | (?=\w+ly$))((?:fiscal )?\w+)", re.IGNORECASE | re.ASCII)
_MONEY = re.compile(r"([kKM]?)([A-Z]{3})")


class Converted(NamedTuple):
    """A quantity in the agreed unit, that unit in its one spelling, and a text for each step that led there."""

    quantity: Decimal
    unit: str
    steps: tuple[str, ...]


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


def convert(quantity: Decimal, unit: str, to: str, month: str, counted: Collection[str] = (), rates: Mapping[str, Decimal] | None = None,
            fiscal_year_start: int = 1, where: str = "unit") -> Converted:
    """The quantity of `unit` in the unit `to` for the month (YYYY-MM), exact where its decimals end, else rounded to DIGITS.

    counted: the company's own countable things; rates: what one unit of each currency is worth in the report's.  Raises InputError, told at
    `where`, for a unit that is unknown, lacks its time or does not convert to `to`, for a missing rate, and for a number or month that is none.
    """
    things = _things(tuple(sorted(counted)), where)
    target = _agreed(to, things, where)
    given = _read(unit, things)
    _check(unit, given, target, f"a unit that converts to {target.text}", _fits(target, tuple(sorted(rates or ()))), where)
    if not re.fullmatch("[12][0-9]{3}-(0[1-9]|1[0-2])", month):
        raise InputError(where, f"the month {quoted(month)}", "a month as YYYY-MM", "write the year and the month, such as 2026-02")
    amount, steps = _fraction(quantity, "quantity", where), []
    over = given.time if given.time == target.time else "month"
    path = [given, given._replace(many=1), given._replace(many=1, time=over), target._replace(many=1, time=over), target._replace(many=1), target]
    for one, other in pairwise(path):
        if one != other:
            factor, how = _step(one, other, month, rates or {}, fiscal_year_start, where)
            before, amount = _shown(amount, one), amount * factor
            steps.append(f"{before}{how} {'=' if _ends(amount) else '≈'} {_shown(amount, other)}")
    return Converted(_decimal(amount), target.text, tuple(steps) or (f"{_shown(amount, target)}, as it stands",))


def fitting(to: str, counted: Collection[str] = ()) -> tuple[str, ...]:
    """The units that convert to `to`, each in its one spelling, the most alike first; raises InputError where `to` is no unit."""
    return _fits(_agreed(to, _things(tuple(sorted(counted)), "unit"), "unit"), ())


@lru_cache(maxsize=256)
def known(unit: str) -> bool:
    """Whether the text is a unit by itself, without a countable thing of the company's."""
    return _read(unit, {}) is not None


def _fits(target: Unit, currencies: tuple[str, ...]) -> tuple[str, ...]:
    """The same for a unit as read: the target's name at the usual times, other names at its time, all others, thousands and millions."""
    names = dict.fromkeys([target.name, *{"held": _BYTES, "moved": _BYTES, "money": currencies}.get(target.kind, ())])
    times = ["month", "", *(time for time in _SAID if time not in {"month", *_LONG})] if target.kind == "held" else list(_SAID)
    pairs = sorted(((name, time) for name in names for time in times),
                   key=lambda pair: 0 if pair[0] == target.name and pair[1] in times[:5] else 1 if pair[1] == target.time else 2)
    bare = [target._replace(many=1, time="")] if target.kind in ("hours", "counted") else []
    units = [target, *(Unit(1, target.kind, *pair) for pair in pairs), *bare, *(target._replace(many=many) for many in (1000, 10 ** 6))]
    return tuple(dict.fromkeys(unit.text for unit in units))


def _read(text: str, things: Mapping[str, str]) -> Unit | None:
    """The unit that a text names, None where it names none; information of which is not said whether it is held or moved has no kind."""
    found = _MANY.fullmatch(" ".join(text.split())) if len(text) <= LONGEST else None
    if not found:
        return None
    many, rest = int((found[1] or "1").replace(",", "")) * _SCALES[(found[2] or "").lower() or found[3] or ""], found[4]
    held, flow = _HELD.fullmatch(rest), _FLOW.fullmatch(rest)
    if held and held[1] in _SIZES and (held[2].lower() == "held" or _TIMES.get(held[2].lower(), "year") not in _LONG):
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


def _agreed(to: str, things: Mapping[str, str], where: str) -> Unit:
    """The agreed unit with its time; raises InputError where the text is none."""
    target = _read(to, things)
    known = dict.fromkeys(["GB-month", "GB/month", "hours/month", "requests/month", "USD/month", *(f"{thing}/month" for thing in things.values())])
    _check(to, target, target, "a unit", tuple(known), f"{where}, the agreed unit")
    return target._replace(time=target.time or "month")


def _check(text: str, given: Unit | None, target: Unit | None, expected: str, fits: tuple[str, ...], where: str) -> None:
    """Raises InputError where the unit is unknown, lacks something or cannot become the target; the message names the first that fit."""
    if given is None or target is None:
        others = {"held": "moved", "moved": "held"}.get(target.kind, "") if target else ""
        near = nearest(text[:LONGEST], [*fits, *(_fits(target._replace(kind=others), ()) if others else ())])
        found, todo = "is no unit known here", f'write "{near}" if that is meant' if near in fits else "write one of these"
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
    raise InputError(where, f"{quoted(text[:LONGEST])} {found}", f"{expected}, such as {', '.join(fits[:LISTED])}", todo)


@lru_cache(maxsize=64)
def _things(names: tuple[str, ...], where: str) -> dict[str, str]:
    """What can be counted by its name in lower case, singular and plural; raises InputError for a name that is a unit already."""
    found = {}
    for name in ("request", *names):
        if not re.fullmatch(r"[^\W\d_][\w -]{0,39}", name) or name.lower() in _TIMES or _read(name, {name.lower(): name}) != (1, "counted", name, ""):
            raise InputError(where, f"the countable {quoted(name)}", "a name of letters, digits, spaces and hyphens that is no unit", "rename it")
        plural = name if re.search("[^s]s$", name) else _plural(name)
        found = {name.lower(): plural, plural.lower(): plural} | found
    return found


def _plural(name: str) -> str:
    """The plural of an English noun: widgets, boxes, deliveries."""
    return f"{name[:-1]}ies" if re.search("[^aeiou]y$", name) else name + ("es" if re.search("(s|x|z|ch|sh)$", name) else "s")


def _step(one: Unit, other: Unit, month: str, rates: Mapping[str, Decimal], start: int, where: str) -> tuple[Fraction, str]:
    """The factor from one unit to the next on the path, and how its step words it."""
    if one.many != other.many:
        return Fraction(one.many, other.many), ""
    if one.kind != "money" or one.name == other.name:
        factor = _factor(calendar.monthrange(int(month[:4]), int(month[5:]))[1], one, other)
        return factor, f" × {_ratio(factor)}" if one.time == other.time else _over(one.time, other.time, factor, month, start)
    pair = {name: _fraction(rates.get(name, ZERO), f"rate of {name}", where) for name in (one.name, other.name)}
    if missing := [name for name, rate in pair.items() if rate <= 0]:
        raise InputError(where, f"no rate above 0 for {' and '.join(missing)}", f"the rates of {one.name} and {other.name}", "add what is missing")
    worth, per = pair.values()
    return worth / per, f" × {_decimal(worth):f}{f' ÷ {_decimal(per):f}' if per != 1 else ''} ({other.name} for one {one.name})"


def _over(one: str, other: str, factor: Fraction, month: str, start: int) -> str:
    """How a step from or to the month words it: × 28 days in 2026-02, or ÷ 12 months, spread evenly."""
    time, sign = (other if one == "month" else one), "×" if factor > 1 else "÷"
    if time not in _LONG:
        return f" {sign} {_ratio(max(factor, 1 / factor))} {time}s in {month}" if time else f" in {month}"
    first, _ = fiscal_year(month, start)
    quarter, year = distance(first, month) // 3, fiscal_label(month, start).split()[0]
    begins = shift(first, 3 * quarter) if time == "fiscal quarter" else first
    which = f" of {f'fiscal quarter {quarter + 1} of ' * (time == 'fiscal quarter')}{year} ({begins} to {shift(begins, _LONG[time] - 1)})"
    return f" {sign} {_LONG[time]} months{which * time.startswith('fiscal')}, {'spread evenly' if sign == '÷' else f'each like {month}'}"


@lru_cache(maxsize=4096)
def _factor(days: int, one: Unit, other: Unit) -> Fraction:
    """How many of the other one unit is, in a month of so many days; in the units library held is a product with the time, all else a ratio."""
    registry = _registry(days)
    sides = [registry.UnitsContainer({unit.name if unit.kind in ("held", "moved") else unit.kind: 1,
                                      (unit.time or "month").removeprefix("fiscal "): 1 if unit.kind == "held" else -1}) for unit in (one, other)]
    return registry.Quantity(Fraction(1), sides[0]).to(sides[1]).magnitude


@lru_cache(maxsize=4)
def _registry(days: int):
    """The units library with our own definitions only, all its numbers fractions."""
    import pint

    registry = pint.UnitRegistry(None, non_int_type=Fraction)
    for line in ("second = [time]", "minute = 60 * second", "hour = 60 * minute", "day = 24 * hour", "week = 7 * day", f"month = {days} * day",
                 "quarter = 3 * month", "year = 12 * month", "hours = [use]", "counted = [count]", "money = [money]", "B = [information]",
                 *(f"{name} = {size} * B" for name, size in _BYTES.items() if name != "B")):
        registry.define(line)
    return registry


def _fraction(number: Decimal, what: str, where: str) -> Fraction:
    """The exact number; raises InputError where it is none, not finite or out of all proportion."""
    given = number.as_tuple() if isinstance(number, Decimal) and number.is_finite() else None
    if given is None or number and max(len(given.digits), abs(given.exponent)) > WIDEST:
        raise InputError(where, f"the {what} {quoted(str(number))}", f"a decimal number of at most {WIDEST} digits", f"mend the {what}")
    return Fraction(number) if number else Fraction(0)


def _ends(amount: Fraction) -> bool:
    """Whether the amount has an end as a decimal number."""
    return pow(10, amount.denominator.bit_length(), amount.denominator) == 0


def _decimal(amount: Fraction) -> Decimal:
    """The amount with all its decimals where they end, else rounded half away from zero to DIGITS of them."""
    with decimal.localcontext(prec=1000, rounding=decimal.ROUND_HALF_UP):
        exact = Decimal(amount.numerator) / amount.denominator
        return Decimal(f"{(exact if _ends(amount) else exact.quantize(Decimal(1).scaleb(-DIGITS))).normalize() + 0:f}")


def _ratio(factor: Fraction) -> str:
    """A factor without rounding: 1.024, 1/1000, 31/7."""
    return f"{_decimal(factor):f}" if factor >= 1 and _ends(factor) else f"1/{_decimal(1 / factor):f}" if _ends(1 / factor) else str(factor)


def _shown(amount: Fraction, unit: Unit) -> str:
    """The amount of the unit in words; a number of the unit's own is set off: 5 × 250 requests."""
    return f"{_decimal(amount):,f}{' ×' if unit.text[0].isdigit() else ''} {unit.text}"
