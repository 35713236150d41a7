"""How does a step show what it found?  Sentences, tables and checks in one house style, all text escaped.

    text, frames → answer, note, missing, table, checks → objects that notebooks show and pages carry

Every text may come from a tag that anybody could set: nothing goes through Markdown, everything is escaped.
"""

import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from helpers import house

CHECK_ORDER = ("amount", "owner", "expected", "got", "gap", "page")  # after state and check; blank columns are left out
SHORT, LONG = 16, 30  # characters: columns of short texts do not wrap, columns of long ones keep room to read
DIGITS = re.compile(r"[-\u2212]?[\d,.]{0,40}")  # a number kept as text for its digits: never broken in two
MANY = 7  # columns above which a table is printed small
TABLE_FILE = re.compile(r"tables/[\w.-]+")


LABELS = {"effective": "amortised", "effective_share": "amortised share", "line_count": "lines",
          "BilledCost": "billed", "EffectiveCost": "amortised", "FiledCost": "as filed",
          "ProviderName": "provider", "BillingCurrency": "currency", "billed_share": "billed share",
          "ServiceName": "service", "ServiceCategory": "category", "SubAccountName": "account"}  # a word, on every page


@dataclass(frozen=True)
class Shown:
    """Something a page shows: HTML that is safe, the same as plain text, and its role on the page."""

    html: str
    text: str
    role: str

    def _repr_mimebundle_(self, include=None, exclude=None):
        return {"text/html": self.html, "text/plain": self.text}, {"page": self.role}


def answer(text: str) -> Shown:
    """The page's answer in one sentence; the index quotes it."""
    return Shown(f'<p class="answer"><strong>{_escape(text)}</strong></p>', house.words(text), "answer")


def note(text: str) -> Shown | None:
    """A plain sentence; None where there is nothing to say."""
    return Shown(f'<p class="note">{_escape(text)}</p>', house.words(text), "note") if text else None


def warning(text: str) -> Shown | None:
    """A box that no reader overlooks; None where there is nothing to warn of."""
    return Shown(f'<p class="warning" role="alert">{_escape(text)}</p>', house.words(text), "warning") if text else None


def missing(what: str, gives: str) -> Shown | None:
    """A box that names what was not given, what it would show, and how to add it; None where `what` is blank."""
    if not what:
        return None
    first = f"Not given: {what}."
    then = f"With it this page shows {gives.rstrip('.')}."
    how = "To add it, name its file in the parameters file and run again; data/README.md lists its columns."
    body = f"<strong>{_escape(first)}</strong> {_escape(then)} <small>{_escape(how)}</small>"
    return Shown(f'<div class="missing" role="note"><p>{body}</p></div>', f"{first} {then} {how}", "missing")


def table(frame: pd.DataFrame | None, caption: str, unit: str = "USD", basis: str = "",
          total: Sequence[str] | str = ("amount",), source: str = "", rows: int = 20, by: str | None = "amount",
          decimals: int | Mapping[str, int] = 2, labels: Mapping[str, str] | None = None, none: str = "") -> Shown:
    """The frame as a table of about `rows` rows, the rest summed in "other (n)", over an exact total row.

    Rows stand largest absolute `by` first; without `by` they keep their order.  Columns in `total` are summed, or
    with "all" every column of numbers but shares (a column the frame does not have is passed over only where it is
    the default).  Columns named `share` or ending in `_share` are in percent; `decimals` may be given by column.
    `none` is the sentence that stands for a table without rows.
    """
    if frame is None:
        return note(f"{caption}: nothing to show without the input that is not given.")
    if none and not len(frame):
        return note(none)
    total = _totalled(frame, total, caption)
    columns = {name: _kind(frame[name], name, total, decimals) for name in frame.columns}
    shown, folded = _largest(frame, by if by in frame.columns else None, rows)
    body = [[kind.show(value) for kind, value in zip(columns.values(), row)]
            for row in shown.itertuples(index=False, name=None)]
    if len(folded):
        body.append(_sums(columns, folded, total, f"other ({len(folded):,})"))
    foot = [_sums(columns, frame, total, "Total")] if total and len(frame) else []
    named = {**LABELS, **(labels or {})}
    heads = [named.get(name, str(name).replace("_", " ")) for name in columns]
    grid = Grid(heads, [kind.right for kind in columns.values()], body or [["no rows", *[""] * (len(heads) - 1)]], foot)
    measure = " \u00b7 ".join(house.words(part) for part in (unit, basis and _basis(basis)) if part)
    return Shown(grid.html(caption, measure, source), grid.text(caption, measure, source), "table")


def checks(frame: pd.DataFrame, unit: str = "USD") -> Shown:
    """The checks, failed first, then findings by amount; the state is a word, and a colour besides."""
    ordered = by_state(frame)
    given = [name for name in CHECK_ORDER if name in ordered.columns and ordered[name].map(_filled).any()]
    names = ["state", "check", *given]
    columns = {name: _kind(ordered[name], name, [], 2) for name in names}
    body = [[kind.show(value) for kind, value in zip(columns.values(), row)]
            for row in ordered[names].itertuples(index=False, name=None)]
    notes = [house.words(text) for text in ordered["note"]]
    grid = Grid(names, [kind.right for kind in columns.values()], body, [], notes)
    measure = house.words(unit) if any(kind.right for kind in columns.values()) else ""
    return Shown(grid.html(tally(frame), measure, ""), grid.text(tally(frame), measure, ""), "checks")


def by_state(frame: pd.DataFrame) -> pd.DataFrame:
    """The checks with failed first, then findings, then ok; within a state the largest amount first."""
    sizes = [abs(house.exact(amount)) if _filled(amount) else 0 for amount in frame["amount"]]
    order = sorted(range(len(frame)), key=lambda i: (house.STATE_ORDER[frame["state"].iloc[i]], -sizes[i], i))
    return frame.iloc[order].reset_index(drop=True)


def tally(frame: pd.DataFrame) -> str:
    """How many checks there are and how they stand: 12 checks: 0 failed, 3 findings, 9 ok (0 failed is always said)."""
    count = frame["state"].value_counts()
    failed, found, ok = (int(count.get(state, 0)) for state in ("failed", "finding", "ok"))
    parts = [f"{failed} failed", f"{found} finding{'s' * (found != 1)}" if found else "", f"{ok} ok" if ok else ""]
    return f"{len(frame)} check{'s' * (len(frame) != 1)}: {', '.join(part for part in parts if part)}"


@dataclass(frozen=True)
class Kind:
    """How the values of one column are written: text, number, share."""

    name: str
    decimals: int = 0

    @property
    def right(self) -> bool:
        return self.name != "text"

    def show(self, value) -> str:
        if self.name == "text" or isinstance(value, str) or house.missing(value):
            return house.words(value)
        return house.percent(value) if self.name == "share" else house.number(value, self.decimals)


@dataclass(frozen=True)
class Grid:
    """Written cells with their alignment, as HTML and as plain text; `notes` mark a table of checks, one a row."""

    heads: list[str]
    right: list[bool]
    body: list[list[str]]
    foot: list[list[str]]
    notes: list[str] | None = None

    def html(self, caption: str, measure: str, source: str) -> str:
        head = self._row(self.heads, "th", 'scope="col" ')
        notes = self.notes or [""] * len(self.body)
        body = "\n".join(self._row(row, "td", note=note) for row, note in zip(self.body, notes))
        foot = "".join(f"\n<tfoot>{self._row(row, 'td')}</tfoot>" for row in self.foot)
        small = f" <span>{_escape(measure)}</span>" if measure else ""
        many = ' class="many"' if len(self.heads) > MANY else ""
        region = f'<div class="scroll" tabindex="0" role="region" aria-label="{_escape(caption)}">'
        return (f'<div class="table">{region}<table{many}>\n'
                f"<caption><strong>{_escape(caption)}</strong>{small}</caption>\n"
                f"<thead>{head}</thead>\n<tbody>\n{body}\n</tbody>{foot}\n</table></div>{_source(source)}</div>")

    def _row(self, cells: list[str], tag: str, extra: str = "", note: str = "") -> str:
        written = [self._cell(i, cell, tag, extra, note if i == 1 else "") for i, cell in enumerate(cells)]
        return "<tr>" + "".join(written) + "</tr>"

    def _cell(self, place: int, cell: str, tag: str, extra: str, note: str) -> str:
        if self.notes is not None and place == 0 and cell in house.STATE_COLOURS:
            style = f"text-align:left;color:{house.STATE_COLOURS[cell]};font-weight:{400 if cell == 'ok' else 700}"
            return f'<td class="{cell}" style="{style}">{cell}</td>'
        small = f"<br><small>{_escape(note)}</small>" if note else ""
        side = "right" if self.right[place] else "left"
        text = self._under_units(place) if cell == "0" and self.right[place] else _escape(cell)
        return f'<{tag} {extra}class="{self._widths[place]}" style="text-align:{side}">{text}{small}</{tag}>'

    def _under_units(self, place: int) -> str:
        """A lone 0 with blank decimals as wide as those of its column, so that it stands under the units."""
        decimals = max(len(row[place].partition(".")[2]) for row in [*self.body, *self.foot])
        return "0" + (house.POINT_SPACE + house.FIGURE_SPACE * decimals if decimals else "")

    @cached_property
    def _widths(self) -> list[str]:
        return [self._width(place) for place in range(len(self.heads))]

    def _width(self, place: int) -> str:
        """n for numbers, s, t, w for short, middling and wide texts."""
        if self.right[place]:
            return "n"
        texts = [row[place] for row in [*self.body, *self.foot]]
        longest = max(map(len, texts))
        if self.notes is not None and place == 1:
            return "w"
        short = longest <= SHORT or all(DIGITS.fullmatch(text) for text in texts)
        return "s" if short else "w" if longest > LONG else "t"

    def text(self, caption: str, measure: str, source: str) -> str:
        """The same rows in columns of spaces, as a reader without a screen, or a comparison, wants them."""
        extra = [["note"], *([note] for note in self.notes)] if self.notes else [[]] * (len(self.body) + 1)
        lines = [[*line, *more] for line, more in zip([self.heads, *self.body], extra)] + self.foot
        widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
        sides = [*self.right, False]
        written = ["  ".join(cell.rjust(width) if right else cell.ljust(width)
                             for cell, width, right in zip(line, widths, sides)).rstrip() for line in lines]
        title = house.words(caption) + (f" ({measure})" if measure else "")
        return "\n".join([title, *written, *([f"Source: {house.words(source)}"] if source else [])])


def _totalled(frame: pd.DataFrame, total: Sequence[str] | str, caption: str) -> list[str]:
    """The columns to sum."""
    if total == "all":
        return [name for name in frame.columns if _kind(frame[name], name, [], 2).name == "number"]
    absent = [name for name in total if name not in frame.columns]
    if absent and tuple(total) != ("amount",):
        raise KeyError(f"no column {absent[0]} to total in {house.words(caption)}")
    return [name for name in total if name not in absent]


def _kind(column: pd.Series, name: str, total: Sequence[str], decimals: int | Mapping[str, int]) -> Kind:
    values = [value for value in column if _filled(value)]
    if any(isinstance(value, (str, bool)) for value in values) or not values and name not in total:
        return Kind("text")
    if str(name) == "share" or str(name).endswith("_share"):
        return Kind("share")
    if isinstance(decimals, Mapping) and name in decimals:
        return Kind("number", decimals[name])
    if values and all(hasattr(value, "__index__") for value in values):
        return Kind("number", 0)
    if values and not all(hasattr(value, "__float__") for value in values):
        return Kind("text")
    return Kind("number", 2 if isinstance(decimals, Mapping) else decimals)


def _largest(frame: pd.DataFrame, by: str | None, rows: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The rows to show and the rows to fold; a single row is never folded."""
    if by is not None:
        sizes = [abs(house.exact(value)) if _filled(value) else 0 for value in frame[by]]
        frame = frame.iloc[sorted(range(len(frame)), key=lambda i: (-sizes[i], i))]
    return (frame, frame.iloc[:0]) if len(frame) <= rows + 1 else (frame.iloc[:rows], frame.iloc[rows:])


def _sums(columns: Mapping[str, Kind], frame: pd.DataFrame, total: Sequence[str], label: str) -> list[str]:
    cells = [columns[name].show(house.total(frame[name])) if name in total else "" for name in columns]
    place = next((i for i, name in enumerate(columns) if name not in total), None)
    return cells if place is None else [*cells[:place], label, *cells[place + 1:]]


def _basis(basis: str) -> str:
    return f"{basis} cost" if basis in ("amortised", "billed") else basis


def _filled(value) -> bool:
    return isinstance(value, str) and value != "" or not isinstance(value, str) and not house.missing(value)


def _escape(text: str) -> str:
    return html.escape(house.words(text), quote=True)


def _source(source: str) -> str:
    if not source:
        return ""
    name = _escape(source)
    name = f'<a href="{name}">{name}</a>' if TABLE_FILE.fullmatch(source) else name
    return f'<p class="source">Source: {name}</p>'
