"""How do amounts stay exact?  Decimals from the file to the statement, and one rounding at the end.

    parts, whole → round_parts → parts in cents that add up to the whole
    amount, weights, whole → split → the same for parts of one amount in proportion to whole numbers
"""

import decimal
import math
from collections.abc import Iterable, Sequence
from decimal import Decimal
from fractions import Fraction

import pandas as pd

from helpers.errors import StepError

# 60 digits hold a trillion in every currency with 40 decimals; kernels and threads start from this context
decimal.DefaultContext.prec = 60
decimal.setcontext(decimal.DefaultContext.copy())

# the tables of a month are small and read cell by cell: texts as Python strings are a quarter faster than Arrow's
pd.set_option("mode.string_storage", "python")

ZERO = Decimal(0)
CENT = Decimal("0.01")
FEW = 1_000  # lines that are added up row by row


def total(amounts: Iterable[Decimal]) -> Decimal:
    """The exact sum; missing amounts (None) count as nothing."""
    given = list(amounts)
    try:
        return sum(given, ZERO)
    except TypeError:
        return sum([amount for amount in given if amount is not None], ZERO)


def sum_by(lines: pd.DataFrame, keys: Sequence[str], columns: Sequence[str]) -> pd.DataFrame:
    """One row a distinct `keys`, sorted, with the exact sums of `columns`."""
    if lines.empty:
        return lines.loc[:, [*keys, *columns]].copy()
    if len(lines) <= FEW and all(lines[key].dtype == "str" and not lines[key].hasnans for key in keys):
        return _sum_few(lines, keys, columns)
    exact = lines.loc[:, [*keys, *columns]].astype(dict.fromkeys(columns, object))  # so that Decimals are added as they are
    sums = exact.groupby(list(keys), sort=True, dropna=False)[list(columns)].sum()
    return sums.apply(_as_decimals).reset_index()


def _sum_few(lines: pd.DataFrame, keys: Sequence[str], columns: Sequence[str]) -> pd.DataFrame:
    """The same row by row: up to FEW lines, that takes a fifth of the time of grouping."""
    sums: dict[tuple, list[Decimal]] = {}
    amounts = zip(*(lines[column].tolist() for column in columns), strict=True)
    for key, row in zip(zip(*(lines[key].tolist() for key in keys), strict=True), amounts, strict=True):
        so_far = sums.setdefault(key, [ZERO] * len(columns))
        for place, amount in enumerate(row):
            if amount is not None:
                so_far[place] += amount
    names = sorted(sums)
    texts = {key: pd.array(part, dtype="str") for key, part in zip(keys, zip(*names, strict=True), strict=True)}
    told = zip(*(sums[name] for name in names), strict=True)
    return pd.DataFrame(texts | {column: pd.Series(part, dtype=object) for column, part in zip(columns, told, strict=True)})


def _as_decimals(column: pd.Series) -> pd.Series:
    """The sums with the 0 of no amounts, or of whole numbers, as Decimals."""
    return column if set(map(type, column.tolist())) <= {Decimal} else column.map(ZERO.__add__)


def to_cents(amount: Decimal) -> Decimal:
    """The amount rounded half away from zero to the cent."""
    return amount.quantize(CENT, rounding=decimal.ROUND_HALF_UP)


def plain(amount: Decimal) -> str:
    """The amount as text with every digit and no exponent: 20.52022672899."""
    return format(amount.normalize() if amount else ZERO, "f")


def round_parts(parts: Sequence[Fraction | Decimal], whole: Decimal) -> list[Decimal]:
    """The parts in cents, adding up to `whole` in cents: largest remainder, ties to the earlier part.

    `whole` must be the parts' exact sum, itself rounded to the cent; each part moves by less than one cent
    as long as it is.
    """
    ratios = [part.as_integer_ratio() for part in parts]
    common = math.lcm(*{below for _, below in ratios})
    return _largest_remainder([above * (common // below) * 100 for above, below in ratios], common, whole)


def split(amount: Fraction, weights: Sequence[int], of: int, whole: Decimal) -> list[Decimal]:
    """The parts amount × weight / of in cents, adding up to `whole` in cents, as round_parts has it."""
    each, below = amount.numerator * 100, amount.denominator * of
    return _largest_remainder([each * weight for weight in weights], below, whole)


def _largest_remainder(cents: list[int], below: int, whole: Decimal) -> list[Decimal]:
    """The parts cents / below as Decimals in cents."""
    floors = [cent // below for cent in cents]
    missing = int(to_cents(whole) * 100) - sum(floors)
    if not 0 <= missing <= len(cents):
        raise StepError(f"{len(cents)} parts do not add up to {whole}: {missing} cents are left to give out")
    if missing:
        left = [cent % below for cent in cents]
        for i in sorted(range(len(cents)), key=left.__getitem__, reverse=True)[:missing]:  # stable: the earlier part first
            floors[i] += 1
    made = {floor: Decimal(floor) / 100 for floor in set(floors)}
    return [made[floor] for floor in floors]


def ratio(part: Decimal, whole: Decimal, digits: int = 12) -> Decimal:
    """The part over the whole to so many decimals; nothing over nothing is 0."""
    return (part / whole).quantize(Decimal(1).scaleb(-digits)) if whole else ZERO
