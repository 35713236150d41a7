"""What does one cell of an input table mean?  Strict by type: nothing is guessed, a hint says how to write it.

    type of the codebook → reader(text) → value, or Wrong with what was expected and what to do
"""

import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from typing import Any

from helpers.codebook import Column, currencies
from helpers.problems import nearest

DIGITS = {"amount": 15, "quantity": 18}  # before the point: more is a slip, and no bill or feed has it
NUMBER = re.compile(r"[+-]?([0-9]{1,20}(\.[0-9]{1,38})?|\.[0-9]{1,38})")
MONTH = re.compile(r"[12][0-9]{3}-(0[1-9]|1[0-2])")
DATE = re.compile(r"[12][0-9]{3}-[0-9]{2}-[0-9]{2}")
NUMBERS = ("amount", "quantity", "share", "whole")


class Wrong(ValueError):
    """A text that is no value of its type."""

    def __init__(self, expected: str, todo: str):
        self.expected, self.todo = expected, todo
        super().__init__(f"expected {expected}; {todo}")


def reader(column: Column) -> Callable[[str], Any]:
    """The function that reads the texts of a column; a blank is Wrong where a value is required."""
    read = partial(_choice, tuple(column.choices)) if column.choices else _READERS[column.type]
    if column.type in DIGITS or column.least is not None:
        read = partial(_within, read, DIGITS.get(column.type), column.least)
    if column.required:
        return partial(_given, read)
    return lambda text: read(text) if text else blank(column.type)


def blank(kind: str) -> Any:
    """The value of a blank cell: None for numbers and flags, "" for texts."""
    return None if kind in NUMBERS or kind == "flag" else ""


def as_text(value: Any) -> str:
    """A parquet value written as a CSV would: plain digits, ISO dates, nothing for null."""
    if value is None or value != value:  # only a float's NaN differs from itself
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return format(Decimal(repr(value)), "f")
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime) and not any((value.hour, value.minute, value.second, value.microsecond)):
        return value.date().isoformat()
    return value.isoformat() if isinstance(value, date) else str(value)


def _given(read: Callable[[str], Any], text: str) -> Any:
    if not text:
        raise Wrong("a value in every row", "fill it in, or take the row out")
    return read(text)


def _within(read: Callable[[str], Any], digits: int | None, least: Decimal | None, text: str) -> Any:
    """The number, neither too long nor too small."""
    number = read(text)
    if digits and abs(number) >= 10 ** digits:
        raise Wrong(f"a number of at most {digits} digits before the point", "mend the row, or use a larger unit")
    if least is not None and number < least:
        raise Wrong(f"{least} or more", "mend the row; sum it with what it corrects, where it corrects another")
    return number


def amount(text: str) -> Decimal:
    """The number that a plain text says, every digit kept."""
    if not NUMBER.fullmatch(text):
        raise Wrong("a plain number", _number_hint(text))
    return Decimal(text)


def _number_hint(text: str) -> str:
    """What to do about a text that is no plain number, by the reason it is none."""
    if text.startswith("(") and text.endswith(")"):
        return "write brackets as a minus, like -12.00"
    if text.endswith(("-", "−")) or text.startswith("−"):
        return "write the minus as - in front, like -12.00"
    if re.search("[0-9][eE][+-]?[0-9]", text):
        return "write all digits, with no exponent"
    if re.search("[^0-9.,' +-]", text):
        return "leave out currency and text, like 1234.50"
    return "write it with no thousands separator and a decimal point, like 1234.50"


def _share(text: str) -> Decimal:
    share = amount(text)
    if not 0 <= share <= 1:
        raise Wrong("a share from 0 to 1", "write 45 % as 0.45")
    return share


def _whole(text: str) -> int:
    if not re.fullmatch("[0-9]{1,9}", text):
        raise Wrong("a whole number", "write it like 12")
    return int(text)


def _month(text: str) -> str:
    if not MONTH.fullmatch(text):
        raise Wrong("a month as YYYY-MM", "write it like 2026-09")
    return text


def _date(text: str) -> str:
    try:
        if DATE.fullmatch(text) and date.fromisoformat(text):
            return text
    except ValueError:
        pass
    raise Wrong("a date as YYYY-MM-DD", "write it like 2026-09-30")


def _currency(text: str) -> str:
    if text not in currencies():
        near = text.upper() if text.upper() in currencies() else "it like USD"
        raise Wrong("an ISO 4217 currency code", f"write {near}")
    return text


def _flag(text: str) -> bool:
    if text not in ("true", "false"):
        raise Wrong("true or false", "write true or false")
    return text == "true"


def _choice(words: tuple[str, ...], text: str) -> str:
    if text not in words:
        near = nearest(text, list(words))
        raise Wrong(" or ".join(words), f"write {near}" if near else "write one of them")
    return text


_READERS: dict[str, Callable[[str], Any]] = {
    "text": str, "glob": str, "month": _month, "date": _date, "amount": amount, "quantity": amount,
    "share": _share, "whole": _whole, "currency": _currency, "flag": _flag,
}
