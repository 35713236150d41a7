"""What does a step look like?  Seven pictures in one style: bars, blocks, heat, waterfall, flow, lines and fan.

    frame, title, subtitle, alt → chart   (SVG; the title says what is seen, the subtitle measure, unit and period)

Amounts become floats only to be placed; every figure that is written comes from the exact amount.
"""

from decimal import Decimal
from typing import NamedTuple

import pandas as pd

from helpers import house
from helpers.charts_canvas import NOTE, WIDTH, Canvas, Chart, below_zero, fit
from helpers.charts_flow import flow
from helpers.charts_time import fan, lines
from helpers.optional import needs_table

__all__ = ["bars", "blocks", "fan", "flow", "heat", "lines", "waterfall"]

MOST_BARS, MOST_COLUMNS = 15, 7
BAR, STEP = 18, 26  # pixels: a bar's thickness, and from one bar to the next
LABELS, FIGURES = 236, 74  # pixels kept for the names at the left, for the figure at a bar's end
SMALLEST_BLOCK = 0.035  # share of the whole below which a block folds into "other": its name would not fit


@needs_table
def bars(frame: pd.DataFrame, label: str, value: str, title: str, subtitle: str, alt: str,
         highlight: tuple[str, ...] = (), unit: str = "USD") -> Chart:
    """Horizontal bars from 0, largest first, the rest as "other (n)"; those in `highlight` in the house colour."""
    named = _largest([(house.words(name), house.exact(amount)) for name, amount in zip(frame[label], frame[value])])
    subtitle = subtitle if not unit or unit in subtitle else f"{subtitle}, {unit}"
    canvas = Canvas(len(named) * STEP + 12, title, subtitle)
    low, high = min([0, *(amount for _, amount in named)]), max([0, *(amount for _, amount in named)])
    left = LABELS + (FIGURES if low < 0 else 0)
    per_pixel = float(high - low) / (WIDTH - FIGURES - left) or 1.0
    zero = left + float(-low) / per_pixel
    for place, (name, amount) in enumerate(named):
        middle = place * STEP + STEP / 2
        length = float(amount) / per_pixel
        strong = not highlight or name in highlight
        canvas.text(0, middle, fit(name, LABELS - 12), weight="bold" if highlight and strong else "normal")
        canvas.box(min(zero, zero + length), middle - BAR / 2, abs(length), BAR, house.ACCENT if strong else house.GREY)
        canvas.text(zero + length + (6 if amount >= 0 else -6), middle, house.compact(amount),
                    "left" if amount >= 0 else "right")
    canvas.line([(zero, 0), (zero, len(named) * STEP)], house.SOFT)
    return canvas.show(alt)


def _largest(named: list[tuple]) -> list[tuple]:
    named = sorted(named, key=lambda pair: -abs(pair[1]))
    if len(named) <= MOST_BARS + 1:
        return named
    rest = named[MOST_BARS:]
    return [*named[:MOST_BARS], (f"other ({len(rest)})", house.total(amount for _, amount in rest))]


class Tile(NamedTuple):
    """A name's net amount, which is written, and how much of it has an area: its credits have none."""

    name: str
    net: Decimal
    area: Decimal


@needs_table
def blocks(frame: pd.DataFrame, outer: str, inner: str, value: str, title: str, subtitle: str, alt: str) -> Chart:
    """The whole cut into bands by `outer`, each band cut by `inner`; every area stands for its cost.

    A band's amount is the net of all its parts.  A part below zero has no area: it is named under the picture.
    """
    sums = _by_band(frame, outer, inner, value)
    bands = _bands(sums)
    told = below_zero([(f"{name}, {part}", amount) for name, parts in sums.items() for part, amount in parts.items()
                       if amount < 0])
    tall = 420 if len(bands) > 3 else 110 * max(len(bands), 1)
    canvas = Canvas(tall + 14 + len(told) * NOTE, title, subtitle)
    whole = house.total(band.area for band, _ in bands)
    y = 0.0
    for place, (band, parts) in enumerate(bands):
        height = float(band.area / whole) * tall
        _band(canvas, y, height, band, parts, strong=place == 0)
        y += height
    canvas.name_below_zero(tall + 8, told)
    return canvas.show("; ".join([alt, *map(" ".join, told)]))


def whole_of_blocks(frame: pd.DataFrame, outer: str, inner: str, value: str) -> Decimal:
    """What the picture of blocks draws, and names as not drawn."""
    sums = _by_band(frame, outer, inner, value)
    named = house.total(amount for parts in sums.values() for amount in parts.values() if amount < 0)
    return named + house.total(tile.area for _, tiles in _bands(sums) for tile in tiles)


def _by_band(frame: pd.DataFrame, outer: str, inner: str, value: str) -> dict[str, dict[str, Decimal]]:
    """By band its parts with their amounts."""
    sums: dict[str, dict[str, Decimal]] = {}
    for name, part, amount in zip(frame[outer], frame[inner], frame[value]):
        parts = sums.setdefault(house.words(name), {})
        parts[house.words(part)] = parts.get(house.words(part), house.exact(0)) + house.exact(amount)
    return sums


def _bands(sums: dict[str, dict[str, Decimal]]) -> list[tuple[Tile, list[Tile]]]:
    """The bands that have an area and their parts, largest first and the small ones folded."""
    tiles = [Tile(name, house.total(parts.values()), house.total(amount for amount in parts.values() if amount > 0))
             for name, parts in sums.items()]
    tiles = sorted((tile for tile in tiles if tile.area), key=lambda tile: -tile.area)
    least = house.total(tile.area for tile in tiles) * house.exact(SMALLEST_BLOCK)
    small = [tile for tile in tiles if tile.area < least]
    small = small if len(small) > 1 else []
    bands = [(tile, sorted((Tile(part, amount, amount) for part, amount in sums[tile.name].items() if amount > 0),
                           key=lambda part: -part.area)) for tile in tiles if tile not in small]
    if small:
        both = (house.total(getattr(tile, side) for tile in small) for side in ("net", "area"))
        bands.append((Tile(f"other ({len(small)})", *both), small))
    return bands


def _band(canvas: Canvas, y: float, height: float, band: Tile, parts: list[Tile], strong: bool) -> None:
    middle = y + height / 2
    if height >= 34:
        canvas.text(0, middle - 9, fit(band.name, 164), weight="bold")
        canvas.text(0, middle + 9, house.compact(band.net), colour=house.SOFT)
    else:  # the last band may be thinner than its name, which then hangs a little below it
        middle = max(middle, y + 8)
        canvas.text(0, middle, fit(band.name, 118), weight="bold")
        canvas.text(168, middle, house.compact(band.net), "right", colour=house.SOFT)
    x, room = 180.0, WIDTH - 180.0
    for place, part in enumerate(parts):
        width = float(part.area / band.area) * room
        dark = strong and place == 0
        canvas.box(x + 1, y + 1, max(width - 2, 0.5), max(height - 2, 0.5), _shade(strong, place))
        if height >= 15 and width >= 52:
            colour = house.PAPER if dark else house.INK
            two = height >= 40
            canvas.text(x + 9, middle - 9 * two, fit(part.name, width - 14), colour=colour)
            if two:
                canvas.text(x + 9, middle + 9, fit(house.compact(part.net), width - 14), colour=colour)
        x += width


def _shade(strong: bool, place: int) -> str:
    if strong:
        return (house.ACCENT, house.ACCENT_MID, house.ACCENT_PALE)[min(place, 2)]
    return house.GREY_PALE if place % 2 == 0 else house.TINT_DEEP


@needs_table
def heat(frame: pd.DataFrame, row: str, column: str, value: str, title: str, subtitle: str, alt: str) -> Chart:
    """A grid of amounts, the darker the larger; rows and columns largest first, what does not fit folded."""
    cells: dict[tuple[str, str], object] = {}
    for key in zip(frame[row].map(house.words), frame[column].map(house.words), frame[value].map(house.exact), strict=True):
        cells[key[:2]] = cells.get(key[:2], house.exact(0)) + key[2]
    rows, columns = (_ranked(cells, place, most) for place, most in ((0, MOST_BARS), (1, MOST_COLUMNS)))
    folded: dict[tuple[str, str], object] = {}
    for key, amount in cells.items():
        place = tuple(name if name in kept else kept[-1] for name, kept in zip(key, (rows, columns), strict=True))
        folded[place] = folded.get(place, house.exact(0)) + amount
    canvas = Canvas((len(rows) + 1) * STEP + 12, title, subtitle)
    width = (WIDTH - LABELS) / max(len(columns), 1)
    most = max([abs(amount) for amount in folded.values()], default=0) or 1
    for place, name in enumerate(columns):
        canvas.text(LABELS + (place + 1) * width - 6, STEP / 2, fit(name, width - 10), "right", colour=house.SOFT)
    for down, name in enumerate(rows, start=1):
        middle = down * STEP + STEP / 2
        canvas.text(0, middle, fit(name, LABELS - 12))
        for place, other in enumerate(columns):
            amount = folded.get((name, other))
            if amount:
                dark = min(int(abs(amount) / most * 4), 3)
                shade = (house.TINT, house.ACCENT_PALE, house.ACCENT_MID, house.ACCENT)[dark]
                canvas.box(LABELS + place * width + 1, middle - STEP / 2 + 1, width - 2, STEP - 2, shade)
                canvas.text(LABELS + (place + 1) * width - 6, middle, house.compact(amount), "right",
                            colour=house.PAPER if dark == 3 else house.INK)
    return canvas.show(alt)


def _ranked(cells: dict, place: int, most: int) -> list[str]:
    """The names of rows (0) or columns (1), largest first; the last one stands for all that are folded."""
    sizes: dict[str, object] = {}
    for key, amount in cells.items():
        sizes[key[place]] = sizes.get(key[place], 0) + abs(amount)
    names = sorted(sizes, key=lambda name: (-sizes[name], name))
    return names if len(names) <= most else [*names[:most - 1], f"other ({len(names) - most + 1})"]


@needs_table
def waterfall(frame: pd.DataFrame, title: str, subtitle: str, alt: str) -> Chart:
    """From one total to the next, each step where the one before it ended; a step up is dark, a step down pale."""
    rows = [(house.words(row.label), house.exact(row.amount), row.kind) for row in frame.itertuples(index=False)]
    spans, level = [], house.exact(0)
    for _, amount, kind in rows:
        start = house.exact(0) if kind == "total" else level
        level = start + amount
        spans.append((start, level))
    low, high = min([0, *(min(span) for span in spans)]), max([0, *(max(span) for span in spans)])
    left, right = LABELS + 20, WIDTH - 12
    per_pixel = float(high - low) / (right - left - FIGURES) or 1.0
    places = [tuple(left + float(edge - low) / per_pixel for edge in span) for span in spans]
    canvas = Canvas(len(rows) * STEP + 12, title, subtitle)
    for place, ((name, amount, kind), (start, end)) in enumerate(zip(rows, places)):
        middle = place * STEP + STEP / 2
        colour = house.ACCENT if kind == "total" else house.SOFT if amount > 0 else house.GREY
        canvas.text(0, middle, fit(name, LABELS), weight="bold" if kind == "total" else "normal")
        canvas.box(min(start, end), middle - BAR / 2, max(abs(end - start), 1), BAR, colour)
        sign = "+" if amount > 0 and kind != "total" else ""
        canvas.text(max(start, end) + 6, middle, sign + house.compact(amount),
                    weight="bold" if kind == "total" else "normal")
        if place + 1 < len(rows):
            canvas.line([(end, middle + BAR / 2), (end, middle + STEP - BAR / 2)], house.SOFT)
    zero = left + float(-low) / per_pixel
    canvas.line([(zero, 0), (zero, len(rows) * STEP)], house.RULE)
    return canvas.show(alt)
