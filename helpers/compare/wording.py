"""How is one change told?  Where it stands, which row, which column, was and is; a tag by its key.

    change → of_change    a sentence part           described   rows of the table of changes
"""

import json
from collections.abc import Iterator
from decimal import Decimal

from helpers.billing.months import LINE_KEYS
from helpers.compare.changes import GIVEN, ORDER, Change, key_of
from helpers.compare.line_changes import AMOUNTS, LineChange
from helpers.compare.row_changes import RowChange, Table, texts_of
from helpers.compare.setting_changes import SettingChange, told
from helpers.compare.sides import Side
from helpers.house import number, words
from helpers.money import ZERO

COST = (AMOUNTS.index("EffectiveCost"), AMOUNTS.index("BilledCost"))
NAMED = 3  # columns that a sentence names
LONGEST = 60  # characters of a value


def amount_told(amount: Decimal, signed: bool = False) -> str:
    """The amount as sentences have it; signed: with + or a minus."""
    return ("+" if signed and amount > 0 else "") + number(amount)


def of_change(change: Change, was: Side, now: Side) -> str:
    """Where it stands and what changed."""
    name = change.table.replace("_", " ")
    if isinstance(change.part, SettingChange):
        return f"parameter {change.part.name} {_short(told(change.part.was))} → {_short(told(change.part.now))}"
    if isinstance(change.part, LineChange):
        return _of_line(change.part)
    if change.part is None:
        where = (now if change.kind == GIVEN else was).tables[change.table]
        place = where.places[0].rpartition(", line")[0] if where and where.places else name
        return f"{place}: {'its' if change.kind == ORDER else 'the table is'} {change.kind}"
    rows = [row for row in described(change, was, now)]
    where, row = rows[0][3] or rows[0][2], rows[0][4]
    if change.kind != "changed":
        return f"{where}: row {change.kind} ({row})"
    parts = [f"{column} {_short(before) or 'blank'} → {_short(after) or 'blank'}"
             for *_, column, before, after, _ in rows]
    more = f" and {len(parts) - NAMED} more columns" if len(parts) > NAMED else ""
    return f"{where} ({row}): {', '.join(parts[:NAMED])}{more}"


def place_of(change: Change, was: Side, now: Side) -> str:
    """Where it stands, without what stood there: file, line and column; of a bill its month, and the tag key."""
    part = change.part
    if isinstance(part, SettingChange):
        return f"parameter {part.name}"
    if isinstance(part, LineChange):
        line, before = (dict(zip(LINE_KEYS, key or part.now or part.was, strict=True)) for key in (part.now, part.was))
        tags = [f"tag `{_short(key)}`" for key in _changed_tags(before["Tags"], line["Tags"])]
        what = [*(name for name in part.columns if name != "Tags"), *tags]
        bill = f"{_short(line['ProviderName'])} bill of {line['billing_period']}"
        return f"{bill}: {', '.join(what) or f'lines {part.kind}'}"
    if part is None:
        return of_change(change, was, now)
    where = next(told for row in described(change, was, now) for told in (row[3] or row[2],))
    return f"{where}: {', '.join(part.columns) or f'row {part.kind}'}"


def described(change: Change, was: Side, now: Side) -> Iterator[tuple]:
    """Rows of table, kind, where_was, where_is, row, column, was, is, lines."""
    part, head = change.part, (change.table, change.kind)
    if isinstance(part, SettingChange):
        yield (*head, "", "", "", part.name, told(part.was), told(part.now), "")
    elif isinstance(part, LineChange):
        yield from _line_rows(head, part)
    elif part is None:
        yield (*head, "", "", "", "", "", "", "")
    else:
        yield from _table_rows(head, part, was.tables[change.table], now.tables[change.table])


def _table_rows(head: tuple, part: RowChange, was: Table, now: Table) -> Iterator[tuple]:
    sides = [None if place is None else table.rows.iloc[[place]] for table, place in ((was, part.was), (now, part.now))]
    places = ["" if place is None else table.places[place] for table, place in ((was, part.was), (now, part.now))]
    texts = [dict.fromkeys(was.rows, "") if row is None else dict(zip(row, texts_of(row)[0], strict=True))
             for row in sides]
    named = texts[1] if sides[1] is not None else texts[0]
    key = key_of(head[0], was.rows)
    shown = key or [name for name in named if name not in part.columns]
    row = ", ".join(_short(text) for name, text in named.items() if text and name in shown)
    for column in part.columns or ("",):
        yield (*head, *places, _short(row, 160), column, texts[0].get(column, ""), texts[1].get(column, ""), "")


def _line_rows(head: tuple, part: LineChange) -> Iterator[tuple]:
    was, now = (dict(zip(LINE_KEYS, key or ("",) * len(LINE_KEYS), strict=True)) for key in (part.was, part.now))
    named = now if part.now else was
    lines = str(int(abs(part.gained[-1] or part.lost[-1]))) if part.was != part.now else ""
    for column in part.columns or ("",):
        if column in LINE_KEYS:
            before, after = was[column], now[column]
        elif column:
            place = AMOUNTS.index(column)
            before, after = "", number(part.lost[place] + part.gained[place])
        else:
            before, after = ("", number(_cost(part.gained))) if part.was is None else (number(-_cost(part.lost)), "")
        yield (*head, "", "", _bill(named), column, before, after, lines)


def _of_line(part: LineChange) -> str:
    """A change of billed lines: of which bill, which texts, how much on how many lines."""
    named = dict(zip(LINE_KEYS, part.now or part.was, strict=True))
    count = int(abs(part.gained[-1] or part.lost[-1]))
    lines = f" on {count:,} line{'s' * (count != 1)}" if count else ""
    if part.was is None or part.now is None:
        return f"{_bill(named)}: {number(abs(_cost(part.gained) or _cost(part.lost)))} {part.kind}{lines}"
    if part.was == part.now:
        moves = [f"{name} {amount_told(more, signed=True)}"
                 for name, more in zip(AMOUNTS, part.gained, strict=True) if more]
        return f"{_bill(named)}: {', '.join(moves[:NAMED])}"
    before = dict(zip(LINE_KEYS, part.was, strict=True))
    texts = [_text_change(name, before[name], named[name]) for name in LINE_KEYS if before[name] != named[name]]
    grown = _cost(part.gained) + _cost(part.lost)
    cost = f" of {number(_cost(part.gained))}" + (f" ({amount_told(grown, signed=True)})" if grown else "")
    return f"{_bill(named)}: {', '.join(texts[:NAMED])}{cost}{lines}"


def _text_change(name: str, before: str, after: str) -> str:
    """A text's change; of tags those that differ, by key."""
    if name == "Tags":
        sides = [_tags(before), _tags(after)]
        pairs = [(key, *(_short(side.get(key, "")) or "none" for side in sides))
                 for key in _changed_tags(before, after)]
        return ", ".join(f"tag `{_short(key)}` {one} → {other}" for key, one, other in pairs) or "tags"
    return f"{name} {_short(before) or 'blank'} → {_short(after) or 'blank'}"


def _changed_tags(before: str, after: str) -> list[str]:
    """The keys of the tags that differ."""
    was, now = _tags(before), _tags(after)
    return [key for key in sorted(was.keys() | now.keys()) if was.get(key) != now.get(key)]


def _tags(text: str) -> dict[str, str]:
    try:
        found = json.loads(text or "{}")
    except ValueError:
        found = {"Tags": text}
    return {str(key): str(value) for key, value in found.items()} if isinstance(found, dict) else {"Tags": text}


def _bill(line: dict[str, str]) -> str:
    place = line["ResourceGroup"] or line["SubAccountName"] or line["SubAccountId"]
    bill = f"{_short(line['ProviderName'])} bill of {line['billing_period']}"
    return ", ".join(filter(None, [bill, _short(place), _short(line["ServiceName"])]))


def _cost(sums: tuple) -> Decimal:
    """The effective cost, or the billed one where that is nothing."""
    return next((sums[place] for place in COST if sums[place]), ZERO)


def _short(text: str, most: int = LONGEST) -> str:
    line = words(text)
    return line if len(line) <= most else f"{line[:most - 1]}…"
