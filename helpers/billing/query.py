"""How do billing rows become lines?  SQL that groups first and maps after, so that a mapping meets few rows.

    relation (rows of files alike) → raw      what a format speaks of: amounts as exact decimals, times cut short
                                   → grouped  one row a combination of texts and times, amounts summed
                                   → tidy     texts trimmed, blank for nothing, times as days
                                   → rows     the columns of the cube, by the format's expressions

Written once, in the SQL that DuckDB reads and sqlglot carries over to Spark; where the two differ in words, the engine
is asked for them.
"""

import re
from collections.abc import Callable, Sequence
from typing import Protocol

from helpers.billing.shapes import AMOUNTS, KEYS, TIMES, Fitted, literal, place, quoted

SCALE = 18  # decimals that an amount has room for; a file with more is given what it needs
QUICK = 12  # decimals of a double below 1,000 that are kept without its text: 15 digits of a double are exact
NOTHING = "('', 'null', '(null)', 'none')"  # what stands for no amount
BLANK = "('null', '(null)')"  # and for no text, where none may be a word
FILE = "x_workbook_file"  # column of the place of a row's file among those read, a name no export has
ROW = "x_workbook_row"  # and of its place there, where rows are looked at one by one
HOURS = {"hour": 1, "hours": 1, "hr": 1, "hrs": 1, "h": 1, "1 hour": 1, "10 hours": 10, "100 hours": 100}
NUMERAL = r"(?<![\w.(])\d+(\.\d+)?(?![\w.])"
LOOK = 20_000  # rows of a first look
MEASURES = ("bad", "long", "blank")
class Words(Protocol):
    """What an engine says in words of its own."""

    def text(self, column: str, kind: str) -> str:
        """A column of lists, maps or records as JSON text."""

    def element(self, column: str, kind: str, key: str) -> str:
        """The element of a map, a record or a JSON text, as text."""

    def print_of(self, texts: Sequence[str]) -> str:
        """A number that tells one row of texts from another."""


class Query:
    """SELECTs over files alike: one format, the same columns, the same parameters."""

    def __init__(self, fitted: Fitted, relation: str, words: Words, scales: dict[str, int] | None = None,
                 basis: str = ""):
        self.fitted, self.relation, self.words, self.basis = fitted, relation, words, basis
        self.scales = scales or {}
        self.alike = False  # whether all rows that are compared come from parquet of one shape
        self.constants: dict[str, str] = {}  # text that is the same in every row: what it is, in SQL
        self.tops: dict[str, int] = {}  # FOCUS amount: decimals it has in all queries whose rows are put together

    def rows(self, keys: Sequence[str], amounts: Sequence[str], *, days: bool = False, carry: Sequence[str] = (),
             measured: bool = False, only: str = "") -> str:
        """The FOCUS columns asked for and `line_count`, grouped as far as the raw texts go.

        keys: FOCUS texts; always added are billing_day and service_day, as YYYY-MM-DD (the first of the month unless
        `days`).  carry adds `file`, `print` (of the charge, Format.identity), `whole` (with its amounts) or `row` (its place in the file: no two rows
        are then grouped).  measured adds bad_, long_ and blank_ of each amount.  only is a table of prints: the rows
        that have one of them.
        """
        texts, names, marks = self._parts(keys, amounts, measured)
        grouped = self.grouped(keys, amounts, days=days, carry=carry, measured=measured, only=only)
        return self.mapped(f"({grouped})", keys, amounts, carry, marks)

    def grouped(self, keys: Sequence[str], amounts: Sequence[str], *, days: bool = False, carry: Sequence[str] = (),
                measured: bool = False, only: str = "") -> str:
        """The first half of `rows`: SELECT of the file's texts and amounts, summed, before they are mapped."""
        texts, names, marks = self._parts(keys, amounts, measured)
        raw = self._raw(texts, names, days, carry, measured, only)
        keys = ", ".join([*(name for name in texts if name not in self.constants), "billing", "start", *carry])
        sums = [f"sum({name}) AS {name}" for name in (*names, "seconds")] + ["count(*) AS line_count"]
        sums += [f"{'max' if mark.startswith('long_') else 'sum'}({mark}) AS {mark}" for mark in marks]
        return f"SELECT {keys}, {', '.join(sums)} FROM ({raw}) AS raw GROUP BY {keys}"

    def mapped(self, grouped: str, keys: Sequence[str], amounts: Sequence[str], carry: Sequence[str] = (),
               marks: Sequence[str] = ()) -> str:
        """The second half: SELECT of the FOCUS columns over what `grouped` gave."""
        texts, names, _ = self._parts(keys, amounts, False)
        parts = [f"{_tidied(self.constants.get(name, name))} AS {name}" for name in texts]
        parts += [f"{_day('billing', self._is_period())} AS billing_day", f"{_day('start')} AS service_day", "seconds", "line_count"]
        tidy = f"SELECT {', '.join([*parts, *names, *marks, *carry])} FROM {grouped}"
        where = f" WHERE {self._put(self.fitted.format.where)}" if self.fitted.format.where else ""
        return f"SELECT {', '.join([*self._columns(keys, amounts), *carry, *marks])} FROM ({tidy}) AS tidy{where}"

    def _is_period(self) -> bool:
        """Whether the billing month comes from a period's first day, so that 01/09/2026 is a day before a month."""
        return self.fitted.times["billing"] != self.fitted.times["start"]

    def settle(self, ask: Callable[[str], list[dict]], keys: Sequence[str]) -> None:
        """Finds the texts that are the same in every row, so that nothing is grouped by them.

        What a first look takes for constant is proved on all rows; the engine reads those columns only.
        """
        texts = self._parts(keys, [], False)[0]
        some = ", ".join(f"{self._written(name)} AS {name}" for name in texts)
        looks = ", ".join(f"count(DISTINCT {name}) AS n_{name}, count({name}) AS full_{name}, min({name}) AS {name}"
                          for name in texts)
        [look] = ask(f"SELECT count(*) AS rows, {looks} FROM (SELECT {some} FROM {self.relation} LIMIT {LOOK})")
        same = {name: "NULL" if look[name] is None else literal(look[name]) for name in texts
                if look[f"n_{name}"] <= 1 and look[f"full_{name}"] in (0, look["rows"])}
        if not same:
            return
        tests = ", ".join(f"bool_or({self._written(name)} IS DISTINCT FROM {value}) AS {name}"
                          for name, value in same.items())
        [proof] = ask(f"SELECT {tests} FROM {self.relation}")
        self.constants = {name: value for name, value in same.items() if not proof[name]}

    def _written(self, name: str) -> str:
        """A text as the file has it: the first of its spellings that is not blank."""
        return _first([self._value(spelling) for spelling in self.fitted.texts[name]])

    def _parts(self, keys, amounts, measured) -> tuple[list[str], list[str], list[str]]:
        texts, names = self._used(keys, amounts)
        return texts, names, [f"{what}_{name}" for name in names for what in MEASURES] if measured else []

    def reach(self, keys: Sequence[str]) -> str:
        """SELECT of the FOCUS texts, billing_day and `until`, the last moment that the charges reach."""
        finish = self.moment("finish" if self.fitted.times["finish"] else "start")
        texts, _, _ = self._parts(keys, [], False)
        raw = self._raw(texts, [], False, ["until"], False, "").replace(" AS until", f"{finish} AS until", 1)
        named = ", ".join([*texts, "billing", "start"])
        grouped = (f"SELECT {named}, sum(seconds) AS seconds, count(*) AS line_count, max(until) AS until "
                   f"FROM ({raw}) AS raw GROUP BY {named}")
        return self.mapped(f"({grouped})", keys, [], ["until"])

    def prints(self, amounts: bool = False, first: int = 0) -> str:
        """SELECT of each row's file, counted from `first`, and the print of its charge, with its amounts or without."""
        return f"SELECT {FILE} + {first} AS file, {self._print(amounts)} AS print FROM {self.relation}"

    def raw_amounts(self, amounts: Sequence[str]) -> dict[str, str]:
        """The names of amounts behind the FOCUS amounts, each with its column in the file."""
        return {name: self.fitted.amounts[name][0] for name in self._used([], amounts)[1]}

    def unsure(self, column: str) -> bool:
        """Whether a FOCUS amount comes from texts or doubles, which may be no numbers or have more decimals."""
        return any(not self._kind(spelling).startswith("DECIMAL") and not _whole(self._kind(spelling))
                   for spelling in self.raw_amounts([column]).values())

    def column_of(self, column: str) -> str:
        """The file's own column behind a FOCUS column, for messages."""
        if column in TIMES:
            return (self.fitted.times[TIMES[column]] or (column,))[0]
        used = [found[0] for name in self.fitted.format.used(self._source(column))
                for found in [self.fitted.texts.get(name)] if found]
        return used[0] if used else column

    def _used(self, keys: Sequence[str], amounts: Sequence[str]) -> tuple[list[str], list[str]]:
        """The texts and amounts of the file that the columns asked for are made of."""
        asked = [self._source(column) for column in (*keys, *amounts)] + [self.fitted.format.where]
        if "UsageHours" in amounts:
            asked += [self._source(column) for column in ("ChargeCategory", "ConsumedUnit", "ConsumedQuantity")]
        if "EffectiveCost" in amounts and "Repair" in keys:
            asked += [self._source(column) for column in ("ChargeCategory", "CommitmentDiscountId")]
        used = {name for text in asked for name in self.fitted.format.used(text)}
        return ([name for name, found in self.fitted.texts.items() if found and name in used],
                [name for name, found in self.fitted.amounts.items() if found and name in used])

    def _source(self, column: str) -> str:
        """The expression behind a FOCUS column, over the file's names."""
        special = {"FiledCost": self.fitted.format.filed, "Basis": self.fitted.format.basis}
        return special.get(column) or self.fitted.focus.get(column) or ("NULL" if column in AMOUNTS else "''")

    def _raw(self, texts, names, days, carry, measured, only) -> str:
        parts = [f"{self._written(name)} AS {name}" for name in texts if name not in self.constants]
        parts += [f"{self._time('BillingPeriodStart', whole=True)} AS billing",
                  f"{self._time('ChargePeriodStart', whole=days)} AS start", f"{self._seconds()} AS seconds"]
        carried = {"file": FILE, "row": ROW, "until": "", "print": self._print() if "print" in carry else "",
                   "whole": self._print(amounts=True) if "whole" in carry else ""}
        parts += [f"{carried[name]} AS {name}" for name in carry]
        for name in names:
            parts.append(f"{self._exact(name)} AS {name}")
            if measured:
                parts += [f"{test} AS {what}_{name}" for what, test in self._measures(name).items()]
        kept = f" WHERE {self._print('whole' in carry)} IN (SELECT print FROM {only})" if only else ""
        return f"SELECT {', '.join(parts)} FROM {self.relation}{kept}"

    def _columns(self, keys, amounts) -> list[str]:
        count = "line_count" if self.fitted.format.counts else "0 * line_count"
        parts = [f"{self._text(column)} AS {column}" for column in keys if column != "Repair"]
        parts += ["billing_day", "service_day", f"{count} AS line_count"]
        if "Repair" in keys:
            cost = self._amount("EffectiveCost")
            parts += [f"{self._repair()} AS Repair",
                      f"CASE WHEN {self._repair()} = '' THEN {self._zero('EffectiveCost')} ELSE {cost} END AS RepairedCost"]
        for column in amounts:
            sql = self._hours() if column == "UsageHours" else self._amount(column)
            if column == "EffectiveCost" and "Repair" in keys:
                sql = f"CASE WHEN {self._repair()} = '' THEN {sql} ELSE {self._zero(column)} END"
            parts.append(f"{sql} AS {column}")
        return parts

    def _text(self, column: str) -> str:
        """A FOCUS text; names of the file that are not there are blank."""
        return self._put(self._source(column))

    def _put(self, expression: str, scale: int | None = None) -> str:
        """The expression with '' for texts and NULL for amounts that the file lacks.  With a scale, of an amount:
        numbers and amounts all have it, since of several scales an engine keeps the fewest decimals."""
        decimal = f"DECIMAL(38, {scale or SCALE})"
        expression = _outside(expression, NUMERAL, rf"CAST(\g<0> AS {decimal})") if scale else expression
        for name in self.fitted.format.used(expression):
            if name in self.fitted.format.amounts:
                known = f"CAST({name} AS {decimal})" if self.fitted.amounts.get(name) else "NULL"
                expression = _outside(expression, rf"\b{name}\b", known)
            elif not self.fitted.texts.get(name):
                expression = _outside(expression, rf"\b{name}\b", "''")
        return expression

    def _amount(self, column: str) -> str:
        """A FOCUS amount, on the basis that the file holds: nothing of the other."""
        other = {"billed": "EffectiveCost", "amortised": "BilledCost"}.get(self.basis)
        spare = self.basis == "amortised" and column in ("ConsumedQuantity", "ListCost", "ContractedCost", "UsageHours")
        if column == other or spare:
            return self._zero(column)
        scale = self.tops.get(column) or self.top(column)
        return f"CAST({self._put(self._source(column), scale)} AS DECIMAL(38, {scale}))"

    def _zero(self, column: str) -> str:
        return f"CAST(0 AS DECIMAL(38, {self.tops.get(column) or self.top(column)}))"

    def top(self, column: str) -> int:
        """The decimals that a FOCUS amount has at most: a union of fewer and more would lose the last ones."""
        used = self.fitted.format.used(self._source(column))
        return max([SCALE, *(self._scale(name) for name in used)])

    def _scale(self, name: str) -> int:
        if not self.fitted.amounts.get(name):
            return 0
        kind = self._kind(self.fitted.amounts[name][0])
        if kind.startswith("DECIMAL"):
            return int(kind.rstrip(")").split(",")[1])
        return 0 if _whole(kind) else self.scales.get(name, SCALE)

    def _hours(self) -> str:
        """Hours of usage: the quantity where its unit is hours, else the time that the charges span."""
        unit, spared = f"lower({self._text('ConsumedUnit')})", self.basis == "amortised"
        told = " ".join(f"WHEN {literal(name)} THEN {self._amount('ConsumedQuantity')} * {times}"
                        for name, times in HOURS.items())
        hours = f"CASE {unit} {told} ELSE seconds / 3600.0 END"
        used = "0" if spared else f"CASE WHEN {self._text('ChargeCategory')} = 'Usage' THEN {hours} ELSE 0 END"
        return f"CAST({used} AS DECIMAL(38, 9))"

    def _repair(self) -> str:
        told = " ".join(f"WHEN {self._over(test)} THEN {literal(name)}"
                        for name, test in self.fitted.format.repairs.items())
        return f"CASE {told} ELSE '' END" if told else "''"

    def _over(self, test: str) -> str:
        for column in (*KEYS, "EffectiveCost"):
            sql = self._amount(column) if column == "EffectiveCost" else f"({self._text(column)})"
            test = _outside(test, rf"\b{column}\b", sql.replace("\\", r"\\"))
        return test

    def _kind(self, spelling: str) -> str:
        column, key = place(spelling, self.fitted.columns)
        return "VARCHAR" if key else self.fitted.columns[column].upper()

    def _value(self, spelling: str) -> str:
        """A column of the file as it is; of what is nested the element, or its JSON text."""
        column, key = place(spelling, self.fitted.columns)
        kind = self.fitted.columns[column].upper()
        if key:
            return self.words.element(quoted(column), kind, key)
        return self.words.text(quoted(column), kind) if _nested(kind) else quoted(column)

    def _exact(self, name: str) -> str:
        """The first spelling of an amount that is not blank, as a decimal that holds every digit."""
        return _first_amount([self._decimal(spelling, self._scale(name)) for spelling in self.fitted.amounts[name]])

    def _decimal(self, spelling: str, scale: int) -> str:
        value, kind = self._value(spelling), self._kind(spelling)
        if kind.startswith("DECIMAL") or _whole(kind):
            return f"CAST({value} AS DECIMAL(38, {scale}))" if _whole(kind) else value
        if kind in ("DOUBLE", "FLOAT"):
            written = f"TRY_CAST(CAST({value} AS VARCHAR) AS DECIMAL(38, {scale}))"
            return f"CASE WHEN {_quick(value)} THEN CAST({value} AS DECIMAL(15, {QUICK})) ELSE {written} END"
        return f"TRY_CAST({value} AS DECIMAL(38, {scale}))"

    def _measures(self, name: str) -> dict[str, str]:
        """Of an amount: 1 where it is no number, how many decimals it has beyond those kept, 1 where it is blank."""
        tests = [self._measure(spelling, self._scale(name)) for spelling in self.fitted.amounts[name]]
        bad, long = " OR ".join(test[0] for test in tests), _greatest([test[1] for test in tests])
        blank = " AND ".join(test[2] for test in tests)
        return {"bad": f"CASE WHEN {bad} THEN 1 ELSE 0 END", "long": long,
                "blank": f"CASE WHEN {blank} THEN 1 ELSE 0 END"}

    def _measure(self, spelling: str, scale: int) -> tuple[str, str, str]:
        value, kind = self._value(spelling), self._kind(spelling)
        if kind.startswith("DECIMAL") or _whole(kind):
            return "false", "0", f"{value} IS NULL"
        if kind in ("DOUBLE", "FLOAT"):
            text = f"CAST({value} AS VARCHAR)"
            bad = f"({value} IS NOT NULL AND TRY_CAST({text} AS DECIMAL(38, {scale})) IS NULL)"
            return (f"(CASE WHEN {_quick(value)} THEN false ELSE {bad} END)",
                    f"(CASE WHEN {_quick(value)} THEN 0 ELSE {_decimals(text)} END)", f"{value} IS NULL")
        unread = f"TRY_CAST({value} AS DECIMAL(38, {scale})) IS NULL"
        blank = f"(CASE WHEN {unread} THEN {value} IS NULL OR lower(trim({value})) IN {NOTHING} ELSE false END)"
        return (f"(({unread} AND NOT {blank}) OR strpos({value}, '_') > 0)", f"coalesce({_decimals(value)}, 0)", blank)

    def _time(self, column: str, whole: bool) -> str:
        """A time, cut to its day (`whole`) or month: text stays text, so that what is no date can be shown."""
        if not self.fitted.times[TIMES[column]]:
            return literal(self.fitted.values.get(column, ""))
        value, kind = self._moment_of(TIMES[column])
        if kind == "VARCHAR":
            away = (f"CASE WHEN length({value}) < 22 THEN false ELSE {value} LIKE '%:__' AND "  # hours from UTC, as in
                    f"substr({value}, length({value}) - 5, 1) IN ('+', '-') AND "  # 2026-09-01T00:30:00+02:00
                    f"{value} NOT LIKE '%00:00' END")
            at_utc = f"substr(CAST(TRY_CAST({value} AS TIMESTAMP WITH TIME ZONE) AS VARCHAR), 1, {10 if whole else 7})"
            cut = (f"CASE WHEN {away} THEN coalesce({at_utc}, {value}) "
                   f"WHEN {value} LIKE '____-__-__%' AND substr({value}, 11, 1) IN ('', 'T', ' ') THEN substr({value}, 1, {10 if whole else 7}) ELSE {value} END")
        elif kind == "DATE" or kind.startswith("TIMESTAMP"):
            cut = f"date_trunc('{'day' if whole else 'month'}', CAST({value} AS TIMESTAMP))"
        else:
            cut = f"CAST({value} AS VARCHAR)"
        return cut

    def _moment_of(self, name: str) -> tuple[str, str]:
        spelling = self.fitted.times[name][0]
        return self._value(spelling), self._kind(spelling)

    def bad_rows(self, name: str, what: str) -> str:
        """SELECT of place and text of the rows whose amount is `bad`, `blank` or too `long`, the first one."""
        test = f"{self._measures(name)[what]} {'> 35' if what == 'long' else '= 1'}"
        shown = f"CAST({self._value(self.fitted.amounts[name][0])} AS VARCHAR)"
        return f"SELECT {ROW} AS row, coalesce({shown}, '') AS value FROM {self.relation} WHERE {test} ORDER BY row LIMIT 1"

    def moment(self, name: str) -> str:
        """The time `start` or `finish` to the second; NULL where it is not read or not there."""
        if not self.fitted.times[name]:
            return "CAST(NULL AS TIMESTAMP)"
        value, kind = self._moment_of(name)
        short = f"CASE WHEN length({value}) IN (16, 17) THEN substr({value}, 1, 16) || ':00' ELSE substr({value}, 1, 19) END"
        text = short if kind == "VARCHAR" else value
        return f"TRY_CAST({text} AS TIMESTAMP)"

    def _seconds(self) -> str:
        if self.fitted.format.whole_days:
            return "86400"
        return f"date_diff('second', {self.moment('start')}, {self.moment('finish')})"

    def _print(self, amounts: bool = False) -> str:
        """What tells a charge from any other, as a number: its texts and times, and its amounts where asked.

        Where files are of one kind, and parquet, the texts are taken as they are: nothing is written in two ways.
        """
        texts = [self._value(spelling) for name in self.fitted.format.identity
                 for spelling in self.fitted.texts.get(name, ())[:1]]
        if not self.alike:
            texts = [f"coalesce(CAST({text} AS VARCHAR), '')" for text in texts]
        times = [self.moment(name) for name in ("start", "finish")]
        odd = [f"CASE WHEN {self.moment(name)} IS NULL THEN {self._moment_of(name)[0]} END" for name in ("start", "finish")
               if self.fitted.times[name] and self._moment_of(name)[1] == "VARCHAR"]
        billing = self._time("BillingPeriodStart", whole=True)
        billing = billing if self.alike else f"substr(CAST({billing} AS VARCHAR), 1, 10)"
        sums = [f"CAST({self._exact(name)} AS DECIMAL(38, {SCALE}))"
                for name in self.raw_amounts(AMOUNTS[:2])] if amounts else []
        return self.words.print_of([*texts, billing, *times, *odd, *sums])


def _outside(expression: str, pattern: str, by: str) -> str:
    """The expression with a pattern replaced outside its texts in quotes."""
    pieces = re.split(r"('[^']*')", expression)
    return "".join(piece if piece.startswith("'") else re.sub(pattern, by, piece) for piece in pieces)


def _nested(kind: str) -> bool:
    return kind.startswith(("MAP", "STRUCT", "ARRAY")) or kind.endswith("[]") or kind == "JSON"


def _whole(kind: str) -> bool:
    return kind in ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER",
                    "UBIGINT", "INT", "BYTE", "SHORT", "LONG")


def _quick(value: str) -> str:
    return f"{value} - {value} = 0 AND abs({value}) < 1000 AND round({value} * 1e{QUICK}) / 1e{QUICK} = {value}"


def _decimals(text: str) -> str:
    """How many decimals a number's text has, its exponent taken in."""
    fraction = f"length(regexp_extract({text}, '[.]([0-9]*)', 1))"
    exponent = f"coalesce(TRY_CAST(regexp_extract({text}, '[eE]([+-]?[0-9]+)$', 1) AS INTEGER), 0)"
    return (f"(CASE WHEN strpos({text}, 'e') + strpos({text}, 'E') > 0 THEN {fraction} - {exponent} "
            f"WHEN strpos({text}, '.') > 0 THEN length({text}) - strpos({text}, '.') ELSE 0 END)")


def _tidied(text: str) -> str:
    """The text trimmed, blank for nothing; what can be neither blank nor spaced is left as it is without a look."""
    value = f"CAST({text} AS VARCHAR)"
    looked = f"CASE WHEN lower(trim({value})) IN {BLANK} THEN '' ELSE trim({value}) END"
    suspect = f"{value} < '!' OR {value} LIKE '% ' OR length({value}) IN (4, 6)"
    return f"(CASE WHEN {value} IS NULL THEN '' WHEN {suspect} THEN {looked} ELSE {value} END)"


def _first(texts: list[str]) -> str:
    """The first of the texts that is not blank, told row by row, and so in the fewest words."""
    if len(texts) == 1:
        return texts[0]
    blank = f"{texts[0]} IS NULL OR {texts[0]} IN ('', ' ', 'NULL', 'null', '(null)')"
    return f"CASE WHEN {blank} THEN {_first(texts[1:])} ELSE {texts[0]} END"


def _first_amount(amounts: list[str]) -> str:
    return amounts[0] if len(amounts) == 1 else f"coalesce({', '.join(amounts)})"


def _greatest(numbers: list[str]) -> str:
    return numbers[0] if len(numbers) == 1 else f"greatest({', '.join(numbers)})"


def _day(name: str, first: bool = False) -> str:
    """A time as YYYY-MM-DD, a month as its first day; `? ` and the text where it is neither.

    Slashed dates have the month before the day; of a period's first day, one that would be another way is neither.
    """
    text = f"trim(coalesce(CAST({name} AS VARCHAR), ''))"
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
