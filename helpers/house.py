"""How do numbers, words and colours look everywhere?  One place for pages, charts and the index.

    an exact amount → number, percent, compact → text a reader can trust
"""

import decimal
import re
from decimal import Decimal
from fractions import Fraction

import pandas as pd

from helpers.money import ZERO

# contrast on white, WCAG 2: ink 14.7, soft 6.0, accent 7.1, amber 6.3, red 6.5 (AA asks for 4.5)
INK, SOFT, RULE, TINT, PAPER = "#1d2733", "#59636e", "#d5dae0", "#f4f6f8", "#ffffff"
ACCENT, ACCENT_MID, ACCENT_PALE = "#1c5a85", "#8fb4cf", "#d6e4ee"
GREY, GREY_PALE, TINT_DEEP = "#9aa4af", "#dfe4e9", "#ebeef1"
AMBER, AMBER_PALE, RED, RED_PALE = "#845400", "#fdf3dd", "#b3261e", "#fbe9e7"
STATE_COLOURS = {"failed": RED, "finding": AMBER, "ok": SOFT}
STATE_ORDER = {"failed": 0, "finding": 1, "ok": 2}
FONTS = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, "Noto Sans", sans-serif'

MINUS = "\u2212"  # a real minus sign
FIGURE_SPACE, POINT_SPACE = "\u2007", "\u2008"  # as wide as a digit, as wide as a full stop
# controls, and marks that turn the direction of writing: they hide or reverse what stands there
UNSHOWABLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"
    "\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)


def words(value) -> str:
    """The value as one line of text; missing is "", unshowable characters become U+FFFD."""
    if missing(value):
        return ""
    if value is True or value is False:
        return "yes" if value else "no"
    return " ".join(UNSHOWABLE.sub("\ufffd", str(value)).split())


def missing(value) -> bool:
    """Whether there is no value: None, NaN, NA; an empty text is a text."""
    if value is None or value is pd.NA or value is pd.NaT:
        return True
    return value != value if isinstance(value, (float, Decimal)) else False


def exact(value) -> Decimal:
    """The number as Decimal; a float by its shortest digits, never by its binary tail."""
    if isinstance(value, Decimal):
        return value
    if isinstance(value, Fraction):
        return Decimal(value.numerator) / Decimal(value.denominator)
    return Decimal(repr(float(value))) if isinstance(value, float) else Decimal(int(value))


def number(value, decimals: int = 2) -> str:
    """1,234.50 with a real minus sign; "0" only for a true zero, <0.01 for what would round to it."""
    if missing(value):
        return ""
    amount = exact(value)
    if not amount:
        return "0"
    smallest = Decimal(1).scaleb(-decimals)
    rounded = amount.quantize(smallest, rounding=decimal.ROUND_HALF_UP)
    if not rounded:
        return f"<{smallest}" if amount > 0 else f">{MINUS}{smallest}"
    return f"{rounded:,f}".replace("-", MINUS)


def percent(share, decimals: int = 1) -> str:
    """A share (0..1) as 12.3 %; 100.0 % only where it is the whole."""
    if missing(share):
        return ""
    hundredths = exact(share) * 100
    text = number(hundredths, decimals)
    if text == number(Decimal(100), decimals) and hundredths < 100:
        text = f">{100 - Decimal(1).scaleb(-decimals)}"
    return f"{text} %"


def compact(value) -> str:
    """Three figures for a chart: 1.23 M, 45.6 k, 812, −3.4."""
    amount = exact(value)
    for size, mark in ((9, " bn"), (6, " M"), (3, " k")):
        if abs(amount) >= Decimal("999.5").scaleb(size - 3):
            return _three_figures(amount.scaleb(-size)) + mark
    return _three_figures(amount)


def _three_figures(amount: Decimal) -> str:
    if not amount:
        return "0"
    decimals = max(0, min(2, 2 - amount.adjusted()))
    return number(amount, decimals)


def total(values) -> Decimal:
    """The exact sum of a column for a total row; missing values count as nothing."""
    return sum((exact(value) for value in values if not missing(value)), ZERO)
