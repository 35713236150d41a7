"""How does a cost move over months, days and resources?  Growth, season, noise, and exact splits, all seeded.

    keys of text → the same pseudo-random numbers on every machine
    total, weights → parts that add up to the total, to the last digit

Only + − × / on floats and whole-number arithmetic: no call whose last bit depends on the machine.
"""

import hashlib
import random
from datetime import date, timedelta
from decimal import Decimal

from helpers.demo.company import DAILY_MONTHS
from helpers.periods import distance, shift

SEED = "Marlow Freight 2026-09"
LEVEL_MONTH = "2026-08"  # the month the levels in the tables hold for
SEASON = dict(zip(range(1, 13), (.96, .95, .97, .98, .99, 1., 1., 1., 1.02, 1.07, 1.12, 1.1), strict=True))


def dice(*key: str) -> random.Random:
    """A generator of its own for each key, so that one line more leaves all other lines as they are."""
    return random.Random("|".join((SEED, *key)))


def wobble(spread: float, *key: str) -> float:
    """A factor between 1 − spread and 1 + spread."""
    return 1 + spread * (2 * dice(*key).random() - 1)


def code(length: int, *key: str, digits: bool = False) -> str:
    """An id of hex letters (or digits) that belongs to the key."""
    word = hashlib.sha256("|".join((SEED, *key)).encode()).hexdigest()
    return str(int(word, 16))[-length:] if digits else word[:length]


def guid(*key: str) -> str:
    """An id in the form of a GUID that belongs to the key."""
    word = code(32, "guid", *key)
    return "-".join((word[:8], word[8:12], word[12:16], word[16:20], word[20:]))


def grown(month: str, yearly: float) -> float:
    """Level of a month against LEVEL_MONTH when the cost grows by `yearly` a year, compounded by month."""
    level, steps = 1.0, distance(month, LEVEL_MONTH)
    for _ in range(abs(steps)):
        level = level / (1 + yearly / 12) if steps > 0 else level * (1 + yearly / 12)
    return level


def season(month: str, weight: float) -> float:
    """Peak in October to December, low in February; weight 0 is a flat year."""
    return 1 + weight * (SEASON[int(month[5:7])] - 1)


def exact(amount: float, places: int) -> Decimal:
    """The amount as a decimal with that many digits after the point."""
    return Decimal(int(amount * 10**8)).scaleb(-8).quantize(Decimal(1).scaleb(-places))


def parts(total: Decimal, weights: list[float], places: int) -> list[Decimal]:
    """Parts in proportion to the weights that add up to the total; what rounding leaves goes to the first."""
    units, shares = int(total.scaleb(places)), [int(weight * 10**6) for weight in weights]
    whole = [units * share // sum(shares) for share in shares]
    whole[0] += units - sum(whole)
    return [Decimal(unit).scaleb(-places) for unit in whole]


def first_day(month: str) -> date:
    """The month's first day."""
    return date(int(month[:4]), int(month[5:7]), 1)


def days_in(month: str) -> int:
    """Number of days of the month."""
    return (first_day(shift(month, 1)) - first_day(month)).days


def spans(month: str) -> list[tuple[date, date]]:
    """Charge periods [start, end) of the month's bill: its days in the last months, else the whole month."""
    if month not in DAILY_MONTHS:
        return [whole(month)]
    days = [first_day(month) + timedelta(days=step) for step in range(days_in(month))]
    return [(day, day + timedelta(days=1)) for day in days]


def whole(month: str) -> tuple[date, date]:
    """The month as one charge period [start, end)."""
    return first_day(month), first_day(shift(month, 1))
