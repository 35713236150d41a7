"""What is a column of FOCUS in SQL?  The format's expressions over a file's own columns, exact and in one spelling.

    format, columns of a file → SQL of a text, an amount, a time; and of what is wrong with an amount
"""

import re
from collections.abc import Sequence
from typing import Protocol

from helpers.billing import wording
from helpers.billing.shapes import AMOUNTS, KEYS, TIMES, Fitted, literal, place, quoted

SCALE = 18  # decimals that an amount has room for; a file with more is given what it needs
FINEST = 24  # and no double more: below that it is noise of binary arithmetic, and a sum needs room before the point
DOUBLES = ("DOUBLE", "FLOAT")
HOURS = {"hour": 1, "hours": 1, "hr": 1, "hrs": 1, "h": 1, "1 hour": 1, "10 hours": 10, "100 hours": 100}


class Words(Protocol):
    """What an engine says in words of its own."""


class Columns:
    """The columns of files alike: one format, the same columns, the same parameters."""

    def __init__(self, fitted: Fitted, relation: str, words: Words, scales: dict[str, int] | None = None,
                 basis: str = ""):
        self.fitted, self.relation, self.words, self.basis = fitted, relation, words, basis
        self.scales = scales or {}
        self.constants: dict[str, str] = {}  # text that is the same in every row: what it is, in SQL
        self.tops: dict[str, int] = {}  # FOCUS amount: decimals it has in all queries whose rows are put together

    def raw_amounts(self, amounts: Sequence[str]) -> dict[str, str]:
        """The names of amounts behind the FOCUS amounts, each with its column in the file."""
        return {name: self.fitted.amounts[name][0] for name in self._used([], amounts)[1]}

    def unsure(self, column: str) -> bool:
        """Whether a FOCUS amount comes from texts or doubles, which may be no numbers or have more decimals."""
        return any(not self._kind(spelling).startswith("DECIMAL") and not wording.whole(self._kind(spelling))
                   for spelling in self.raw_amounts([column]).values())

    def doubles(self, name: str) -> bool:
        """Whether an amount of the file comes from doubles alone."""
        return all(self._kind(spelling) in DOUBLES for spelling in self.fitted.amounts[name])

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

    def _text(self, column: str) -> str:
        """A FOCUS text; names of the file that are not there are blank."""
        return self._put(self._source(column))

    def _put(self, expression: str, scale: int | None = None) -> str:
        """The expression with '' for texts and NULL for amounts that the file lacks.  With a scale, of an amount:
        numbers and amounts all have it, since of several scales an engine keeps the fewest decimals."""
        decimal = f"DECIMAL(38, {scale or SCALE})"
        expression = wording.outside(expression, wording.NUMERAL, rf"CAST(\g<0> AS {decimal})") if scale else expression
        for name in self.fitted.format.used(expression):
            if name in self.fitted.format.amounts:
                known = f"CAST({name} AS {decimal})" if self.fitted.amounts.get(name) else "NULL"
                expression = wording.outside(expression, rf"\b{name}\b", known)
            elif not self.fitted.texts.get(name):
                expression = wording.outside(expression, rf"\b{name}\b", "''")
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
        """The decimals that an amount of the file has at most, whichever of its columns has it."""
        return max((self._decimals_of(name, self._kind(spelling)) for spelling in self.fitted.amounts.get(name, ())),
                   default=0)

    def _decimals_of(self, name: str, kind: str) -> int:
        if kind.startswith("DECIMAL"):
            return int(kind.rstrip(")").split(",")[1])
        scale = self.scales.get(name, SCALE)
        return 0 if wording.whole(kind) else min(scale, FINEST) if kind in DOUBLES else scale

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
            test = wording.outside(test, rf"\b{column}\b", sql.replace("\\", r"\\"))
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
        return self.words.text(quoted(column), kind) if wording.nested(kind) else quoted(column)

    def _written(self, name: str) -> str:
        """A text as the file has it: the first of its spellings that is not blank."""
        found = self.fitted.texts[name]
        return wording.first([self._value(found[0])] if len(found) == 1 else [self._worded(each) for each in found])

    def _worded(self, spelling: str) -> str:
        """A column of the file as text."""
        value, kind = self._value(spelling), self._kind(spelling)
        return value if kind == "VARCHAR" or wording.nested(kind) else f"CAST({value} AS VARCHAR)"

    def settled(self, expression: str) -> str:
        """An expression over texts, each as the cube takes it: never NULL, trimmed, blank for nothing."""
        known = {name: wording.tidied(self._written(name)) if self.fitted.texts.get(name) else "''"
                 for name in self.fitted.format.used(expression)}
        names = "|".join(map(re.escape, known))  # all at once: what is put in may hold another name
        return wording.outside(expression, rf"\b({names})\b", lambda found: known[found[0]]) if known else expression

    def _exact(self, name: str) -> str:
        """The first spelling of an amount that is not blank, as a decimal that holds every digit."""
        return wording.first_amount([self._decimal(spelling, self._scale(name)) for spelling in self.fitted.amounts[name]])

    def _decimal(self, spelling: str, scale: int) -> str:
        value, kind = self._value(spelling), self._kind(spelling)
        if kind.startswith("DECIMAL") or wording.whole(kind):
            return f"CAST({value} AS DECIMAL(38, {scale}))" if wording.whole(kind) else value
        if kind in DOUBLES:
            written = f"TRY_CAST(CAST({value} AS VARCHAR) AS DECIMAL(38, {scale}))"
            return f"CASE WHEN {wording.quick(value)} THEN CAST({value} AS DECIMAL(15, {wording.QUICK})) ELSE {written} END"
        return f"TRY_CAST({value} AS DECIMAL(38, {scale}))"

    def measures_of(self, name: str, spellings: Sequence[str] = ()) -> dict[str, str]:
        """Of an amount: 1 where it is no number, how many decimals it has, 1 where it is blank; in all its columns or some."""
        tests = [self._measure(spelling, self._scale(name)) for spelling in spellings or self.fitted.amounts[name]]
        bad, long = " OR ".join(test[0] for test in tests), wording.greatest([test[1] for test in tests])
        blank = " AND ".join(test[2] for test in tests)
        return {"bad": f"CASE WHEN {bad} THEN 1 ELSE 0 END", "long": long,
                "blank": f"CASE WHEN {blank} THEN 1 ELSE 0 END"}

    def _measure(self, spelling: str, scale: int) -> tuple[str, str, str]:
        value, kind = self._value(spelling), self._kind(spelling)
        if kind.startswith("DECIMAL") or wording.whole(kind):
            return "false", "0", f"{value} IS NULL"
        if kind in DOUBLES:
            text = f"CAST({value} AS VARCHAR)"
            bad = f"({value} IS NOT NULL AND TRY_CAST({text} AS DECIMAL(38, {scale})) IS NULL)"
            return (f"(CASE WHEN {wording.quick(value)} THEN false ELSE {bad} END)",
                    f"(CASE WHEN {wording.quick(value)} THEN 0 ELSE {wording.decimals(text)} END)", f"{value} IS NULL")
        unread = f"TRY_CAST({value} AS DECIMAL(38, {scale})) IS NULL"
        blank = f"(CASE WHEN {unread} THEN {value} IS NULL OR lower(trim({value})) IN {wording.NOTHING} ELSE false END)"
        return (f"(({unread} AND NOT {blank}) OR strpos({value}, '_') > 0)", f"coalesce({wording.decimals(value)}, 0)", blank)

    def _time(self, column: str, whole: bool) -> str:
        """A time, cut to its day (`whole`) or month: text stays text, so that what is no date can be shown."""
        if not self.fitted.times[TIMES[column]]:
            return literal(self.fitted.values.get(column, ""))
        value, kind = self._moment_of(TIMES[column])
        if kind == "VARCHAR":
            length = 10 if whole else 7
            cut = (f"CASE WHEN {wording.away(value)} THEN coalesce({wording.at_utc(value, length)}, {value}) "
                   f"WHEN {value} LIKE '____-__-__%' AND substr({value}, 11, 1) IN ('', 'T', ' ') "
                   f"THEN substr({value}, 1, {length}) ELSE {value} END")
        elif kind == "DATE" or kind.startswith("TIMESTAMP"):
            cut = f"date_trunc('{'day' if whole else 'month'}', CAST({value} AS TIMESTAMP))"
        else:
            cut = f"CAST({value} AS VARCHAR)"
        return cut

    def _moment_of(self, name: str) -> tuple[str, str]:
        spelling = self.fitted.times[name][0]
        return self._value(spelling), self._kind(spelling)

    def moment(self, name: str) -> str:
        """The time `start` or `finish` to the second; NULL where it is not read or not there."""
        if not self.fitted.times[name]:
            return "CAST(NULL AS TIMESTAMP)"
        value, kind = self._moment_of(name)
        if self._is_timed(name):
            return f"TRY_CAST({value} AS TIMESTAMP)"
        value = value if kind == "VARCHAR" else f"CAST({value} AS VARCHAR)"
        text = (f"CASE WHEN {wording.away(value)} THEN {wording.at_utc(value, 19)} "
                f"WHEN length({value}) IN (16, 17) THEN substr({value}, 1, 16) || ':00' ELSE substr({value}, 1, 19) END")
        return f"TRY_CAST({text} AS TIMESTAMP)"

    def _is_timed(self, name: str) -> bool:
        """Whether a time is one in the file, not a text."""
        return bool(self.fitted.times[name]) and self._moment_of(name)[1].startswith(("DATE", "TIMESTAMP"))

    def _is_period(self) -> bool:
        """Whether the billing month comes from a period's first day, so that 01/09/2026 is a day before a month."""
        return self.fitted.times["billing"] != self.fitted.times["start"]

    def _seconds(self) -> str:
        if self.fitted.format.whole_days:
            return "86400"
        return f"date_diff('second', {self.moment('start')}, {self.moment('finish')})"
