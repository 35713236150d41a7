"""How is it said in SQL?  Phrases for texts, numbers and days that both engines read alike.

    SQL of a column → SQL of what it means
"""

import re
from collections.abc import Callable

QUICK = 12  # decimals of a double below 1,000 that are kept without its text: 15 digits of a double are exact
NOTHING = "('', 'null', '(null)', 'none')"  # what stands for no amount
BLANK = "('null', '(null)')"  # and for no text, where none may be a word
NUMERAL = r"(?<![\w.(])\d+(\.\d+)?(?![\w.])"


def nested(kind: str) -> bool:
    return kind.startswith(("MAP", "STRUCT", "ARRAY")) or kind.endswith("[]") or kind == "JSON"


def whole(kind: str) -> bool:
    return kind in ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER",
                    "UBIGINT", "INT", "BYTE", "SHORT", "LONG")


def quick(value: str) -> str:
    return f"{value} - {value} = 0 AND abs({value}) < 1000 AND round({value} * 1e{QUICK}) / 1e{QUICK} = {value}"


def decimals(text: str) -> str:
    """How many decimals a number's text has, its exponent taken in."""
    fraction = f"length(regexp_extract({text}, '[.]([0-9]*)', 1))"
    exponent = f"coalesce(TRY_CAST(regexp_extract({text}, '[eE]([+-]?[0-9]+)$', 1) AS INTEGER), 0)"
    return (f"(CASE WHEN strpos({text}, 'e') + strpos({text}, 'E') > 0 THEN {fraction} - {exponent} "
            f"WHEN strpos({text}, '.') > 0 THEN length({text}) - strpos({text}, '.') ELSE 0 END)")


def tidied(text: str) -> str:
    """The text trimmed, blank for nothing; what can be neither blank nor spaced is left as it is without a look."""
    value = f"CAST({text} AS VARCHAR)"
    looked = f"CASE WHEN lower(trim({value})) IN {BLANK} THEN '' ELSE trim({value}) END"
    return f"(CASE WHEN {value} IS NULL THEN '' WHEN {_suspect(value)} THEN {looked} ELSE {value} END)"


def first(texts: list[str]) -> str:
    """The first of the texts that `tidied` leaves something of, told row by row, and so in the fewest words."""
    if len(texts) == 1:
        return texts[0]
    blank = f"CASE WHEN {_suspect(texts[0])} THEN lower(trim({texts[0]})) IN ('', {BLANK[1:]} ELSE false END"
    return f"CASE WHEN {texts[0]} IS NULL OR {blank} THEN {first(texts[1:])} ELSE {texts[0]} END"


def _suspect(value: str) -> str:
    """Whether a text may be blank or have spaces at its ends."""
    return f"{value} < '!' OR {value} LIKE '% ' OR length({value}) IN (4, 6)"


def packed(text: str) -> str:
    """A JSON text without its spaces, blank for an empty list or object: enough to tell two apart."""
    return f"CASE WHEN {text} IN ('[]', '{{}}') THEN '' ELSE replace({text}, ' ', '') END"


def plain(text: str) -> str:
    """A number's text in one spelling, whatever its zeros and exponent; any other text as it is."""
    return f"coalesce(CAST(TRY_CAST({text} AS DOUBLE) AS VARCHAR), {text})"


def away(text: str) -> str:
    """Whether the text of a time has hours from UTC other than none, as in 2026-09-01T00:30:00+02:00."""
    return (f"CASE WHEN length({text}) < 22 THEN false ELSE {text} LIKE '%:__' AND "
            f"substr({text}, length({text}) - 5, 1) IN ('+', '-') AND {text} NOT LIKE '%00:00' END")


def at_utc(text: str, length: int) -> str:
    """The first signs of such a time as it is at UTC, as YYYY-MM-DD HH:MM:SS."""
    return f"substr(CAST(TRY_CAST({text} AS TIMESTAMP WITH TIME ZONE) AS VARCHAR), 1, {length})"


def first_amount(amounts: list[str]) -> str:
    return amounts[0] if len(amounts) == 1 else f"coalesce({', '.join(amounts)})"


def greatest(numbers: list[str]) -> str:
    return numbers[0] if len(numbers) == 1 else f"greatest({', '.join(numbers)})"


def day(name: str, timed: bool = False, first: bool = False) -> str:
    """A time, or a text of one, as YYYY-MM-DD, a month as its first day; `? ` and the text where it is neither.

    Slashed dates have the month before the day; of a period's first day, one that would be another way is neither.
    """
    text = f"trim(coalesce(CAST({name} AS VARCHAR), ''))"
    if timed:
        return f"CASE WHEN {text} LIKE '____-__-__%' THEN substr({text}, 1, 10) ELSE '? ' || {text} END"
    part = [f"split_part(split_part({text}, ' ', 1), '/', {i})" for i in (1, 2, 3)]
    slashed = f"substr({part[2]}, 1, 4) || '-' || lpad({part[0]}, 2, '0') || '-' || lpad({part[1]}, 2, '0')"
    wrong_way = f" AND NOT lpad({part[1]}, 2, '0') IN ({', '.join(f'{chr(39)}{day:02}{chr(39)}' for day in range(2, 13))})"
    wrong_way = wrong_way if first else ""
    return (f"CASE WHEN {text} LIKE '____-__-__' OR {text} LIKE '____-__-__ __:__:__%' THEN substr({text}, 1, 10) "
            f"WHEN {text} LIKE '____-__' THEN {text} || '-01' "
            f"WHEN {text} LIKE '%/%/____%'{wrong_way} THEN {slashed} "
            f"WHEN TRY_CAST({text} AS BIGINT) IS NULL THEN '? ' || {text} "
            f"WHEN length({text}) = 6 THEN substr({text}, 1, 4) || '-' || substr({text}, 5, 2) || '-01' "
            f"WHEN length({text}) = 8 THEN substr({text}, 1, 4) || '-' || substr({text}, 5, 2) || '-' || "
            f"substr({text}, 7, 2) ELSE '? ' || {text} END")


def outside(expression: str, pattern: str, by: str | Callable[[re.Match], str]) -> str:
    """The expression with a pattern replaced outside its texts in quotes."""
    pieces = re.split(r"('[^']*')", expression)
    return "".join(piece if piece.startswith("'") else re.sub(pattern, by, piece) for piece in pieces)
