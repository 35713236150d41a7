"""What does a format say of its columns?  One Format a kind of file, and how it fits the columns a file really has.

A format names the texts, amounts and times it takes from a file, each with the spellings it goes by, best first, and
gives each column of the cube as an expression over those names.  Expressions are the restricted SQL that both engines
read alike: CASE, coalesce, nullif, lower, upper, substr, length, strpos, ||, =, IN, LIKE, + and -.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

KEYS = (  # the texts of the cube, by which its lines are grouped
    "ProviderName", "PublisherName", "InvoiceIssuerName", "BillingAccountId", "SubAccountId", "SubAccountName",
    "InvoiceId", "ServiceName", "ServiceCategory", "ServiceSubcategory", "SkuMeter", "ChargeCategory", "ChargeClass",
    "CommitmentDiscountId", "CommitmentDiscountStatus", "ResourceGroup", "Tags", "BillingCurrency", "ConsumedUnit")
MONEY = ("BilledCost", "EffectiveCost", "ListCost", "ContractedCost")
AMOUNTS = (*MONEY, "ConsumedQuantity")
TIMES = {"BillingPeriodStart": "billing", "ChargePeriodStart": "start", "ChargePeriodEnd": "finish"}  # and our names
MANDATORY = ("ProviderName", "BillingCurrency", "BillingPeriodStart", "ChargePeriodStart", "ChargeCategory",
             "ServiceName", "BilledCost", "EffectiveCost")  # without these no step has an answer
NEVER_BLANK = ("ProviderName", "BillingCurrency", "ChargeCategory")
GIVEABLE = (*KEYS, *AMOUNTS, *TIMES)  # FOCUS columns that a parameter may give a column or a value for
PIECE, PAIR = "\x1e", "\x1f"  # between tags, and between a tag's key and value, where a tag is a column of its own

Spellings = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Format:
    """How a file of one kind becomes rows of FOCUS.

    `focus` gives each column of the cube an expression over the names in texts and amounts.  A spelling "a.b" is the
    column `a.b` or `a_b`, or the element b of the column a.
    """

    name: str
    signs: tuple[frozenset[str], ...]  # columns (lower case) it is known by: all of one of the sets
    texts: Spellings
    amounts: Spellings
    times: Spellings  # of billing, start and finish
    focus: Mapping[str, str]
    identity: tuple[str, ...]  # what tells a charge from any other, with its times: columns of the cube that a later
    # delivery must not change, and expressions over the texts
    filed: str  # expression of the amount that the file itself adds up to
    source: str  # title of the provider's documentation
    required: tuple[str, ...]  # amounts that no row may leave blank
    mandatory: tuple[str, ...] = MANDATORY  # FOCUS columns it must be able to give
    tag_columns: tuple[str, ...] = ()  # beginnings of columns that hold one tag each
    tag_prefixes: tuple[str, ...] = ()  # what the provider puts before a tag's key
    explode: str = ""  # column of lists: each element is a row, read as the column `item`
    where: str = ""  # condition over the texts: the rows that count
    also: tuple["Format", ...] = ()  # further rows that the same file holds
    basis: str = "''"  # expression: 'billed' or 'amortised' where a row tells which export it is from
    whole_days: bool = False  # the file has days, not hours: a charge lasts one
    repairs: Mapping[str, str] = field(default_factory=dict)  # name: condition over FOCUS columns; effective cost to 0
    aside: str = ""  # which part of `filed` is in no cost basis, and why
    adds: bool = False  # the provider's files of a month always add up, and none replaces another
    counts: bool = True  # whether its rows are rows of the file (further rows are not)

    @property
    def names(self) -> Spellings:
        """Every name with its spellings."""
        return {**self.texts, **self.amounts, **self.times}

    def used(self, expression: str) -> list[str]:
        """The names that an expression speaks of."""
        words = set(re.findall(r"\w+", re.sub(r"'[^']*'", "", expression)))
        return [name for name in (*self.texts, *self.amounts) if name in words]


@dataclass(frozen=True)
class Fitted:
    """A format against the columns of a file: only what is there, and what the parameters add."""

    format: Format
    columns: Mapping[str, str]  # name: type, as the file has them
    texts: Spellings
    amounts: Spellings
    times: Spellings
    focus: Mapping[str, str]
    required: tuple[str, ...]
    values: Mapping[str, str] = field(default_factory=dict)  # FOCUS column: its value where the file has none

    def lacking(self) -> list[str]:
        """The mandatory FOCUS columns that neither the file nor the parameters give."""
        return [column for column in self.format.mandatory if not self.gives(column)]

    def gives(self, column: str) -> bool:
        """Whether the file or the parameters can fill the FOCUS column on some row."""
        if column in self.values:
            return True
        if column in TIMES:
            return bool(self.times[TIMES[column]])
        expression = self.focus.get(column, "")
        used = self.format.used(expression)
        present = {**self.texts, **self.amounts}
        return expression not in ("", "''", "NULL") and (not used or any(present.get(name) for name in used))


def fit(format_: Format, columns: Mapping[str, str], given: Mapping[str, str] = {},  # noqa: B006  (never changed)
        values: Mapping[str, str] = {}) -> Fitted:  # noqa: B006
    """The format with the spellings the file has; `given` names the file's column, `values` the value of a FOCUS column.

    A value stands where the file has no column or a blank; a column named takes the place of the format's own.
    """
    texts = {name: _present(found, columns) for name, found in format_.texts.items()}
    amounts = {name: _present(found, columns) for name, found in format_.amounts.items()}
    times = {name: _present(found, columns) for name, found in format_.times.items()}
    focus, extra, required = dict(format_.focus), {}, set(format_.required)
    tags = [name for name in columns if name.lower().startswith(format_.tag_columns)] if format_.tag_columns else []
    if tags:
        extra |= {f"tag_{i}": (name,) for i, name in enumerate(tags)}
        focus["Tags"] = " || ".join(_tag(f"tag_{i}", _tag_key(name, format_)) for i, name in enumerate(tags))
    for column, name in given.items():
        if column in TIMES:
            times[TIMES[column]] = (name,)
        else:
            (amounts if column in AMOUNTS else extra)[f"given_{column}"] = (name,)
            required |= {f"given_{column}"} if column in ("BilledCost", "EffectiveCost") else set()
            required -= set(format_.used(focus.get(column, "")))
            focus[column] = f"given_{column}"
    for column, value in values.items():
        if column in AMOUNTS:
            required -= set(format_.used(focus.get(column, "")))
            focus[column] = f"coalesce({focus.get(column) or 'NULL'}, {value})"
        elif column not in TIMES:
            focus[column] = f"coalesce(nullif({focus.get(column) or _NOTHING}, ''), {literal(value)})"
    named = replace(format_, texts={**format_.texts, **extra}, amounts={**format_.amounts, **amounts})
    return Fitted(named, columns, {**texts, **extra}, amounts, times, focus, tuple(sorted(required)), values)


_NOTHING = "''"


def _present(spellings: tuple[str, ...], columns: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(spelling for spelling in spellings if place(spelling, columns))


def place(spelling: str, columns: Mapping[str, str]) -> tuple[str, str]:
    """The column that a spelling is found in, and the element of it ("" for the column itself); () where it is not.

    A name that a column has to the letter is that column, whatever signs are in it.
    """
    if spelling in columns:
        return spelling, ""
    known = {name.lower().replace(" ", ""): name for name in columns}
    for name in (spelling, spelling.replace(".", "_")):
        if name.lower() in known:
            return known[name.lower()], ""
    column, _, key = spelling.partition(".")
    nested = known.get(column.lower()) if key else None
    return (nested, key) if nested else ()


def _tag(name: str, key: str) -> str:
    key = key.replace(PIECE, " ").replace(PAIR, " ")
    value = f"replace(replace({name}, {literal(PIECE)}, ' '), {literal(PAIR)}, ' ')"
    return f"CASE WHEN {name} = '' THEN '' ELSE {literal(key + PAIR)} || {value} || {literal(PIECE)} END"


def _tag_key(column: str, format_: Format) -> str:
    """The key of the tag that a column holds: what follows the beginning that says so."""
    start = max((begin for begin in format_.tag_columns if column.lower().startswith(begin)), key=len)
    return column[len(start):]


def literal(text: object) -> str:
    """The text as SQL; what a user typed is never anything else."""
    return "'" + str(text).replace("'", "''") + "'"


def quoted(name: str) -> str:
    """The name of a column as SQL."""
    return '"' + name.replace('"', '""') + '"'
