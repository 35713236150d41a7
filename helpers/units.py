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

from helpers import unit_names
from helpers.errors import InputError
from helpers.money import ZERO
from helpers.periods import distance, fiscal_label, fiscal_year, shift
from helpers.problems import quoted
from helpers.unit_names import Unit

DIGITS, WIDEST = 12, 100  # decimals of a result without end, digits of a number


class Converted(NamedTuple):
    """A quantity in the agreed unit, that unit in its one spelling, and a text for each step that led there."""

    quantity: Decimal
    unit: str
    steps: tuple[str, ...]


def convert(quantity: Decimal, unit: str, to: str, month: str, counted: Collection[str] = (), rates: Mapping[str, Decimal] | None = None,
            fiscal_year_start: int = 1, where: str = "unit") -> Converted:
    """The quantity of `unit` in the unit `to` for the month (YYYY-MM), exact where its decimals end, else rounded to DIGITS.

    counted: the company's own countable things; rates: what one unit of each currency is worth in the report's.  Raises InputError, told at
    `where`, for a unit that is unknown, lacks its time or does not convert to `to`, for a missing rate, and for a number or month that is none.
    """
    things = unit_names.countable(tuple(sorted(counted)), where)
    target = unit_names.agreed(to, things, where)
    given = unit_names.read(unit, things)
    unit_names.check(unit, given, target, f"a unit that converts to {target.text}", unit_names.fits(target, tuple(sorted(rates or ()))), where)
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
    return unit_names.fits(unit_names.agreed(to, unit_names.countable(tuple(sorted(counted)), "unit"), "unit"), ())


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
    if time not in unit_names.LONG:
        return f" {sign} {_ratio(max(factor, 1 / factor))} {time}s in {month}" if time else f" in {month}"
    first, _ = fiscal_year(month, start)
    quarter, year = distance(first, month) // 3, fiscal_label(month, start).split()[0]
    begins = shift(first, 3 * quarter) if time == "fiscal quarter" else first
    which = f" of {f'fiscal quarter {quarter + 1} of ' * (time == 'fiscal quarter')}{year} ({begins} to {shift(begins, unit_names.LONG[time] - 1)})"
    return f" {sign} {unit_names.LONG[time]} months{which * time.startswith('fiscal')}, {'spread evenly' if sign == '÷' else f'each like {month}'}"


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
                 *(f"{name} = {size} * B" for name, size in unit_names.BYTES.items() if name != "B")):
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
