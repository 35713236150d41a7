"""How do billing rows become lines?  SQL that groups first and maps after, so that a mapping meets few rows.

    relation (rows of files alike) → raw      what a format speaks of: amounts as exact decimals, times cut short
                                   → grouped  one row a combination of texts and times, amounts summed
                                   → tidy     texts trimmed, blank for nothing, times as days
                                   → rows     the columns of the cube, by the format's expressions

Written once, in the SQL that DuckDB reads and sqlglot carries over to Spark; where the two differ in words, the engine
is asked for them.
"""

from collections.abc import Callable, Mapping, Sequence

from helpers.billing import wording
from helpers.billing.columns import SCALE, Columns
from helpers.billing.shapes import AMOUNTS, PAIR, TIMES, literal

OURS = "x_workbook_"  # how columns begin that no export has
FILE = f"{OURS}file"  # column of the place of a row's file among those read
ROW = f"{OURS}row"  # and of its place there, where rows are looked at one by one
LOOK = 2_000  # rows of a first look
MEASURES = ("bad", "long", "blank")
NONE: Mapping[str, str | None] = {}


class Query(Columns):
    """SELECTs over files alike."""

    def rows(self, keys: Sequence[str], amounts: Sequence[str], *, days: bool = False, carry: Sequence[str] = (),
             measured: bool = False, proving: Mapping[str, str | None] = NONE, only: str = "") -> str:
        """The FOCUS columns asked for and `line_count`, grouped as far as the raw texts go.

        keys: FOCUS texts; always added are billing_day and service_day, as YYYY-MM-DD (the first of the month unless
        `days`).  carry adds `file`, `print` (of the charge, Format.identity), `whole` (with its amounts) or `row` (its place in the file: no two rows
        are then grouped).  measured adds bad_, long_ and blank_ of each amount.  proving adds odd_ of each text in it: 1
        where a row has another value.  only is a table of prints: the rows that have one of them.
        """
        texts, names, marks = self._parts(keys, amounts, measured)
        marks += [f"odd_{name}" for name in proving]
        grouped = self.grouped(keys, amounts, days=days, carry=carry, measured=measured, proving=proving, only=only)
        return self.mapped(f"({grouped})", keys, amounts, carry, marks)

    def grouped(self, keys: Sequence[str], amounts: Sequence[str], *, days: bool = False, carry: Sequence[str] = (),
                measured: bool = False, proving: Mapping[str, str | None] = NONE, only: str = "") -> str:
        """The first half of `rows`: SELECT of the file's texts and amounts, summed, before they are mapped."""
        texts, names, marks = self._parts(keys, amounts, measured)
        marks += [f"odd_{name}" for name in proving]
        raw = self._raw(texts, names, days, carry, measured, proving, only)
        keys = ", ".join([*(name for name in texts if name not in self.constants), "billing", "start", *carry])
        sums = [f"sum({name}) AS {name}" for name in (*names, "seconds")] + ["count(*) AS line_count"]
        sums += [f"{'max' if mark.startswith(('long_', 'odd_')) else 'sum'}({mark}) AS {mark}" for mark in marks]
        return f"SELECT {keys}, {', '.join(sums)} FROM ({raw}) AS raw GROUP BY {keys}"

    def mapped(self, grouped: str, keys: Sequence[str], amounts: Sequence[str], carry: Sequence[str] = (),
               marks: Sequence[str] = ()) -> str:
        """The second half: SELECT of the FOCUS columns over what `grouped` gave."""
        texts, names, _ = self._parts(keys, amounts, False)
        parts = [f"{wording.tidied(self.constants.get(name, name))} AS {name}" for name in texts]
        billing = wording.day("billing", self._is_timed("billing"), self._is_period())
        parts += [f"{billing} AS billing_day", f"{wording.day('start', self._is_timed('start'))} AS service_day",
                  "seconds", "line_count"]
        tidy = f"SELECT {', '.join([*parts, *names, *marks, *carry])} FROM {grouped}"
        where = f" WHERE {self._put(self.fitted.format.where)}" if self.fitted.format.where else ""
        return f"SELECT {', '.join([*self._columns(keys, amounts), *carry, *marks])} FROM ({tidy}) AS tidy{where}"

    def guess(self, ask: Callable[[str], list[dict]], keys: Sequence[str]) -> dict[str, str | None]:
        """Of the texts behind the FOCUS columns those that are the same in the first rows, with their value.

        A guess only: `rows` with it as `proving` tells whether it holds of every row.
        """
        filtered = self.fitted.format.used(self.fitted.format.where)  # rows that are left out have another value of these
        texts = [name for name in self._parts(keys, [], False)[0] if name not in filtered
                 and all(self._kind(spelling) == "VARCHAR" for spelling in self.fitted.texts[name])]
        if not texts:
            return {}
        some = ", ".join(f"{self._written(name)} AS {name}" for name in texts)
        looks = ", ".join(f"count(DISTINCT {name}) AS n_{name}, count({name}) AS full_{name}, min({name}) AS {name}"
                          for name in texts)
        [look] = ask(f"SELECT count(*) AS rows, {looks} FROM (SELECT {some} FROM {self.relation} LIMIT {LOOK})")
        return {name: look[name] for name in texts
                if look[f"n_{name}"] <= 1 and look[f"full_{name}"] in (0, look["rows"])}

    def settle(self, constants: Mapping[str, str | None]) -> None:
        """Takes texts that are the same in every row for what they are, so that nothing is grouped by them."""
        self.constants = {name: _sql(value) for name, value in constants.items()}

    def reach(self, keys: Sequence[str]) -> str:
        """SELECT of the FOCUS texts, billing_day and `until`, the last moment that the charges reach."""
        finish = self.moment("finish" if self.fitted.times["finish"] else "start")
        texts, _, _ = self._parts(keys, [], False)
        raw = self._raw(texts, [], False, ["until"], False, NONE, "").replace(" AS until", f"{finish} AS until", 1)
        named = ", ".join([*texts, "billing", "start"])
        grouped = (f"SELECT {named}, sum(seconds) AS seconds, count(*) AS line_count, max(until) AS until "
                   f"FROM ({raw}) AS raw GROUP BY {named}")
        return self.mapped(f"({grouped})", keys, [], ["until"])

    def prints(self, amounts: bool = False, first: int = 0) -> str:
        """SELECT of each row's file, counted from `first`, and the print of its charge, with its amounts or without."""
        return f"SELECT {FILE} + {first} AS file, {self._print(amounts)} AS print FROM {self._cut()}"

    def bad_rows(self, name: str, what: str) -> str:
        """SELECT of the first row whose amount is `bad`, `blank` or too `long`: its place, and column and text."""
        over = "> 35" if what == "long" else "= 1"
        told = " ".join(f"WHEN {self.measures_of(name, [spelling])[what]} {over} THEN "
                        f"{literal(spelling + PAIR)} || coalesce(CAST({self._value(spelling)} AS VARCHAR), '')"
                        for spelling in self.fitted.amounts[name])
        return (f"SELECT {ROW} AS row, CASE {told} END AS told FROM {self.relation} "
                f"WHERE {self.measures_of(name)[what]} {over} ORDER BY row LIMIT 1")

    def _parts(self, keys, amounts, measured) -> tuple[list[str], list[str], list[str]]:
        texts, names = self._used(keys, amounts)
        return texts, names, [f"{what}_{name}" for name in names for what in MEASURES] if measured else []

    def _raw(self, texts, names, days, carry, measured, proving, only) -> str:
        parts = [f"{self._written(name)} AS {name}" for name in texts if name not in self.constants]
        parts += [f"{self._time('BillingPeriodStart', whole=True)} AS billing",
                  f"{self._time('ChargePeriodStart', whole=days)} AS start", f"{self._seconds()} AS seconds"]
        carried = {"file": FILE, "row": ROW, "until": "", "print": self._print() if "print" in carry else "",
                   "whole": self._print(amounts=True) if "whole" in carry else ""}
        parts += [f"{carried[name]} AS {name}" for name in carry]
        for name in names:
            parts.append(f"{self._exact(name)} AS {name}")
            if measured:
                parts += [f"{test} AS {what}_{name}" for what, test in self.measures_of(name).items()]
        parts += [f"CASE WHEN {self._written(name)} IS DISTINCT FROM {_sql(value)} THEN 1 ELSE 0 END AS odd_{name}"
                  for name, value in proving.items()]
        kept = f" WHERE {self._print('whole' in carry)} IN (SELECT print FROM {only})" if only else ""
        told = self._cut() if only or {"print", "whole"} & set(carry) else self.relation
        return f"SELECT {', '.join(parts)} FROM {told}{kept}"

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

    def _print(self, amounts: bool = False) -> str:
        """What tells a charge from any other, as a number: its texts and times, and its amounts where asked.

        All of them as the cube will have them, so that another spelling is no other charge.
        """
        texts = [self.settled(self.fitted.focus.get(name, name)) for name in self.fitted.format.identity]
        month, *told = self._instant("BillingPeriodStart")
        times = [f"CAST(date_trunc('month', {month}) AS TIMESTAMP)", *told,
                 *self._instant("ChargePeriodStart"), *self._instant("ChargePeriodEnd")]
        sums = [f"CAST({self._exact(name)} AS DECIMAL(38, {SCALE}))"
                for name in self.raw_amounts(AMOUNTS[:2])] if amounts else []
        return self.words.print_of([*texts, *times, *sums])

    def _cut(self) -> str:
        """The relation with its times cut to days, for `_print`: in columns, since its words speak of each many times."""
        times = ", ".join(f"{self._time(column, whole=True)} AS {OURS}{name}" for column, name in TIMES.items())
        return f"(SELECT *, {times} FROM {self.relation}) AS cut"

    def _instant(self, column: str) -> list[str]:
        """A time to the second at UTC, whatever its spelling, and of a text that is no time what it says."""
        name = TIMES[column]
        if self._is_timed(name):
            return [f"CAST(date_trunc('second', {self.moment(name)}) AS TIMESTAMP)", "CAST(NULL AS VARCHAR)"]
        day = wording.day(f"{OURS}{name}", first=name == "billing" and self._is_period())
        if not self.fitted.times[name]:
            return [f"TRY_CAST({day} AS TIMESTAMP)", "CAST(NULL AS VARCHAR)"]
        text = f"trim(coalesce(CAST({self._moment_of(name)[0]} AS VARCHAR), ''))"
        other = f"TRY_CAST(trim({day} || ' ' || split_part({text}, ' ', 2)) AS TIMESTAMP)"
        moment = f"CASE WHEN {self.moment(name)} IS NULL THEN {other} ELSE {self.moment(name)} END"
        return [moment, f"CASE WHEN {moment} IS NULL THEN {text} END"]


def _sql(value: str | None) -> str:
    return "NULL" if value is None else literal(value)
