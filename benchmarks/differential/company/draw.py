"""What falls?  A random source by name: what one part of a company draws moves nothing in another.

    seed, company, part → Draw → chances, picks, amounts
"""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any

ZERO = Decimal(0)


class Draw:
    """A source of its own for each name; no clock, no hash."""

    def __init__(self, *name: object):
        self.random = Random("/".join(map(str, name)))

    def chance(self, share: float) -> bool:
        """True in so many of cases (0..1)."""
        return self.random.random() < share

    def whole(self, low: int, high: int) -> int:
        """A whole number, both ends in."""
        return self.random.randint(low, high)

    def amount(self, low: int, high: int, places: int = 2) -> Decimal:
        """An amount from low to high with so many decimals."""
        return Decimal(self.random.randint(low * 10**places, high * 10**places)).scaleb(-places)

    def pick(self, options: Sequence[Any]) -> Any:
        """One of them."""
        return options[self.random.randrange(len(options))]

    def some(self, options: Sequence[Any], low: int, high: int | None = None) -> list:
        """Some of them, in the order they stand in; as many as there are at most."""
        count = min(self.whole(low, high or low), len(options))
        return [options[place] for place in sorted(self.random.sample(range(len(options)), count))]

    def shares(self, count: int, places: int = 2) -> list[Decimal]:
        """So many shares above 0 that add up to exactly 1."""
        whole = 10**places
        cuts = sorted(self.random.sample(range(1, whole), count - 1))
        return [Decimal(end - start).scaleb(-places) for start, end in zip([0, *cuts], [*cuts, whole], strict=True)]


def later(month: str, count: int) -> str:
    """The month so many months on (back where below 0)."""
    place = int(month[:4]) * 12 + int(month[5:]) - 1 + count
    return f"{place // 12:04}-{place % 12 + 1:02}"


def between(first: str, last: str) -> list[str]:
    """The months from the first to the last, both in."""
    found = [first]
    while found[-1] < last:
        found.append(later(found[-1], 1))
    return found if first <= last else []


def day_of(month: str, day: int) -> str:
    """A day of the month, its last where it has no such day."""
    return f"{month}-{min(day, days_in(month)):02}"


def days_in(month: str) -> int:
    """How many days it has."""
    return int(day_after(f"{later(month, 1)}-01", -1)[8:])


def day_after(day: str, count: int = 1) -> str:
    """The day so many days on."""
    return (date.fromisoformat(day) + timedelta(days=count)).isoformat()


def cents(amount: Decimal, places: int = 2) -> Decimal:
    """The amount in cents (or in units of a currency without any), halves away from zero."""
    return amount.quantize(Decimal(1).scaleb(-places), "ROUND_HALF_UP")
