"""What does each file hold, and is every value in it one?  Files in; their totals by day out, or the first bad row.

    sources of one shape → survey → totals   one row a file, account, billing month, currency, day, service, …

It is read apart from the cube, in a pass of its own: what the cube must add up to comes from here.  A value that is no
number, date or currency stops the run with its file, row and column.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import pyarrow as pa

from helpers.billing import reading
from helpers.billing.columns import FINEST, SCALE
from helpers.billing.query import Query
from helpers.billing.shapes import KEYS as LINE_KEYS
from helpers.billing.shapes import NEVER_BLANK, PAIR, TIMES, literal
from helpers.billing.sources import Source
from helpers.codebook import currencies
from helpers.errors import InputError

UNIT = ("ProviderName", "BillingAccountId", "billing_period")  # a bill: replaced whole, never added to itself
KEYS = ("ProviderName", "BillingAccountId", "ServiceName", "ChargeCategory", "BillingCurrency",
        "InvoiceId", "Basis")
AMOUNTS = ("BilledCost", "EffectiveCost", "FiledCost")
NUMBER = re.compile(r"[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?")
MOST_DIGITS = 35  # of an amount; three of a decimal's 38 are left for sums
LATE = timedelta(days=33)  # a month and two days, zones apart: no usage is that long after its billing period began
YEARS = range(2000, 2100)


@dataclass(frozen=True)
class Found:
    """What a survey finds in files of one shape."""

    totals: pa.Table
    scales: dict[str, int]  # amount: decimals it needs
    longest: int  # decimals of its doubles, where they have more than are kept; else 0
    constants: dict[str, list[dict[str, str | None]]]  # path: texts the same in all its rows, with their value, by query


def survey(sources: Sequence[Source], engine) -> Found:
    """Looks at every row of files of one shape; raises InputError on the first bad value."""
    scales: dict[str, int] = {}
    for _ in range(2):  # a second time where an amount has more decimals than there was room for
        asked = reading.queries(sources, engine, scales)
        guesses = [query.guess(lambda sql: engine.table(sql).to_pylist(), LINE_KEYS) for query in asked]
        for place, query in enumerate(asked):
            engine.keep(f"survey_{place}", query.rows(KEYS, _asked(query), days=True, carry=["file"], measured=True,
                                                      proving=guesses[place]))
        needed, longest = _scales(asked, sources, engine)
        if all(scale <= scales.get(name, SCALE) for name, scale in needed.items()):
            break
        scales = needed
    totals = engine.table(_total(asked, scales, sources))
    engine.keep("survey_all", totals)
    _check_rows(sources, engine)
    return Found(totals, scales, longest, _constants(guesses, sources, engine))


def _constants(guesses: Sequence[Mapping[str, str | None]], sources: Sequence[Source], engine) -> dict:
    """Of the texts that seemed the same in every row those that are, by file; a file that a query has no row of
    has them all."""
    found = {str(source.path): [dict(guess) for guess in guesses] for source in sources}
    for place, guess in enumerate(guesses):
        tests = ", ".join(f"max(odd_{name}) AS {name}" for name in guess)
        for row in engine.table(f"SELECT file, {tests} FROM survey_{place} GROUP BY file").to_pylist() if guess else ():
            found[str(sources[row["file"]].path)][place] = {name: guess[name] for name in guess if not row[name]}
    return found


def _asked(query: Query) -> list[str]:
    """The amounts to look at: also those that are not summed here, where they are texts that may be no numbers."""
    return [*AMOUNTS, *(column for column in ("ListCost", "ContractedCost", "ConsumedQuantity") if query.unsure(column))]


def _total(asked: Sequence[Query], scales: dict[str, int], sources: Sequence[Source]) -> str:
    """SELECT of the totals of all queries, every amount with the most decimals that any needs."""
    scale = max([SCALE, *scales.values()])
    days = "substr(billing_day, 1, 7) AS billing_period, billing_day, service_day"
    sums = ", ".join(f"sum(CAST({name} AS DECIMAL(38, {scale}))) AS {name}" for name in AMOUNTS)
    named = " ".join(f"WHEN {place} THEN {literal(source.path)}" for place, source in enumerate(sources))
    parts = [f"SELECT CASE file {named} END AS file, {', '.join(KEYS)}, {days}, {', '.join(AMOUNTS)}, line_count FROM survey_{place}"
             for place in range(len(asked))]
    keys = f"file, {', '.join(KEYS)}, billing_period, billing_day, service_day"
    return (f"SELECT {keys}, {sums}, CAST(sum(line_count) AS BIGINT) AS line_count FROM ({' UNION ALL '.join(parts)}) "
            f"GROUP BY {keys} ORDER BY {keys}")


def _scales(asked: Sequence[Query], sources: Sequence[Source], engine) -> tuple[dict[str, int], int]:
    """The decimals each amount needs, and those of doubles that have more than are kept; raises InputError where an
    amount is no number, blank or of too many digits."""
    needed: dict[str, int] = {}
    longest = 0
    for place, query in enumerate(asked):
        for name in query.raw_amounts(_asked(query)):
            [(bad, long, blank)] = _rows(engine, f"SELECT sum(bad_{name}), max(long_{name}), sum(blank_{name}) "
                                                 f"FROM survey_{place}")
            if bad:
                raise _bad_amount(sources, engine, asked[0].scales, place, name, "bad", int(bad))
            if blank and name in query.fitted.required:
                raise _bad_amount(sources, engine, asked[0].scales, place, name, "blank", int(blank))
            if query.doubles(name) and (long or 0) > FINEST:
                longest, long = max(longest, int(long)), FINEST
            if (long or 0) > MOST_DIGITS:
                raise _bad_amount(sources, engine, asked[0].scales, place, name, "long", 1)
            if (long or 0) > SCALE:
                needed[name] = int(long)
    return needed, longest


def _bad_amount(sources, engine, scales: dict[str, int], place: int, name: str, what: str, count: int) -> InputError:
    """The first bad amount, by file, row and column."""
    for source in sources:
        query = reading.queries([source], engine, scales, placed=True)[place]
        for row, told in _rows(engine, query.bad_rows(name, what)):
            column, _, value = told.partition(PAIR)
            expected = "a plain number, such as 1234.50" if what == "bad" else "a value on every row"
            if NUMBER.fullmatch(value.strip(" \t")):
                expected = f"at most {MOST_DIGITS} digits, of which 20 before the point"
            return reading.bad_value(source, row, column, value, count, expected)
    raise AssertionError(name)


def _rows(engine, sql: str) -> list[tuple]:
    return [tuple(row.values()) for row in engine.table(sql).to_pylist()]


def _check_rows(sources: Sequence[Source], engine) -> None:
    """Texts that no row may leave blank, currencies, and days: each must be one."""
    for column in NEVER_BLANK:
        for file, count in _rows(engine, f"SELECT file, sum(line_count) FROM survey_all WHERE {column} = '' "
                                         "GROUP BY file ORDER BY file"):
            _refuse(sources, engine, file, column, "", int(count), "a value on every row")
    for file, code, count in _rows(engine, "SELECT file, BillingCurrency, sum(line_count) FROM survey_all "
                                           "GROUP BY file, BillingCurrency ORDER BY file, BillingCurrency"):
        if code not in currencies():
            _refuse(sources, engine, file, "BillingCurrency", code, int(count), "an ISO 4217 currency code, such as USD")
    for file, column, day, count, expected in _odd_days(engine):
        _refuse(sources, engine, file, column, day, count, expected)


def _odd_days(engine) -> Iterator[tuple]:
    """Days that are none, and usage later than its billing period can hold."""
    for file, billed, used, category, count in _rows(
            engine, "SELECT file, billing_day, service_day, ChargeCategory, sum(line_count) FROM survey_all "
                    "GROUP BY file, billing_day, service_day, ChargeCategory "
                    "ORDER BY file, billing_day, service_day, ChargeCategory"):
        begun, day = _date(billed), _date(used)
        for column, text, known in (("BillingPeriodStart", billed, begun), ("ChargePeriodStart", used, day)):
            if known is None:
                yield file, column, text, int(count), "a date, such as 2026-09-01"
        if category == "Usage" and day > begun + LATE:
            yield file, "ChargePeriodStart", used, int(count), f"usage of the billing period that began on {billed}"


def _date(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if day.year in YEARS else None


def _refuse(sources, engine, file: str, column: str, value: str, count: int, expected: str) -> None:
    """Raises the InputError of the first row whose FOCUS column has the value."""
    source = next(source for source in sources if str(source.path) == file)
    timed = {"BillingPeriodStart": "billing_day", "ChargePeriodStart": "service_day"}
    for query in reading.queries([source], engine, placed=True):
        sql = query.rows([column] if column not in TIMES else [], [], days=True, carry=["row"])
        found = _rows(engine, f"SELECT row FROM ({sql}) WHERE {timed.get(column, column)} = {literal(value)} "
                              "ORDER BY row LIMIT 1")
        if found:
            raise reading.bad_value(source, found[0][0], query.column_of(column), value.removeprefix("? "), count,
                                    expected)
    raise AssertionError(column)
