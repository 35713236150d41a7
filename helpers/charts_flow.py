"""How does cost flow from layer to layer?  Columns of blocks with bands between them, as wide as the cost they carry.

    frame (layer, from, to, amount) → flow → chart
"""

import pandas as pd

from helpers import house
from helpers.charts_canvas import SIZE, WIDTH, Canvas, Chart, fit, spread
from helpers.optional import needs_table

TALL, GAP, BLOCK = 470, 5, 10  # pixels: the columns' height, between blocks, a block's width
SIDE = 150  # pixels kept for names at either side
STEPS = 14  # points of a band's edge
LINE = SIZE + 1


@needs_table
def flow(frame: pd.DataFrame, title: str, subtitle: str, alt: str) -> Chart:
    """Bands from layer to layer, the largest on top; names in brackets stand last and pale.  Bands below zero are not drawn."""
    bands = [(int(layer), house.words(start), house.words(end), house.exact(amount)) for layer, start, end, amount
             in zip(*(frame[name] for name in ("layer", "from", "to", "amount")), strict=True) if house.exact(amount) > 0]
    columns = _columns(bands)
    canvas = Canvas(TALL + 12, title, subtitle)
    most = max((sum(sizes.values()) for sizes in columns), default=0) or 1
    gaps = max((len(sizes) - 1 for sizes in columns), default=0) * GAP
    scale = (TALL - gaps) / float(most)
    tops = [_tops(sizes, scale) for sizes in columns]
    xs = [SIDE + place * (WIDTH - 2 * SIDE - BLOCK) / max(len(columns) - 1, 1) for place in range(len(columns))]
    left, right = [dict(top) for top in tops], [dict(top) for top in tops]
    order = [{name: i for i, name in enumerate(sizes)} for sizes in columns]
    for layer, start, end, amount in sorted(bands, key=lambda band: (band[0], order[band[0]][band[1]], order[band[0] + 1][band[2]])):
        wide = float(amount) * scale
        begin, arrive = right[layer][start], left[layer + 1][end]
        _band(canvas, (xs[layer] + BLOCK, begin), (xs[layer + 1], arrive), wide, house.GREY_PALE if "(" in (start[0], end[0]) else house.ACCENT_PALE)
        right[layer][start] += wide
        left[layer + 1][end] += wide
    for place, sizes in enumerate(columns):
        _blocks(canvas, xs[place], sizes, tops[place], scale, "right" if place == 0 else "left")
    return canvas.show(alt)


def _columns(bands: list[tuple]) -> list[dict]:
    """By column the names and their sizes, largest first, names in brackets last."""
    count = max((layer for layer, *_ in bands), default=-1) + 2
    sizes: list[dict] = [{} for _ in range(count if bands else 0)]
    for layer, start, end, amount in bands:
        if layer == 0:
            sizes[0][start] = sizes[0].get(start, 0) + amount
        sizes[layer + 1][end] = sizes[layer + 1].get(end, 0) + amount
    return [dict(sorted(column.items(), key=lambda item: (item[0].startswith("("), -item[1], item[0]))) for column in sizes]


def _tops(sizes: dict, scale: float) -> dict[str, float]:
    top, found = 0.0, {}
    for name, size in sizes.items():
        found[name] = top
        top += float(size) * scale + GAP
    return found


def _band(canvas: Canvas, start: tuple[float, float], end: tuple[float, float], wide: float, colour: str) -> None:
    """A band that leaves and arrives level."""
    parts = [step / STEPS for step in range(STEPS + 1)]
    xs = [start[0] + (end[0] - start[0]) * part for part in parts]
    tops = [start[1] + (end[1] - start[1]) * part * part * (3 - 2 * part) for part in parts]
    canvas.area(xs, tops, [top + wide for top in tops], colour)


def _blocks(canvas: Canvas, x: float, sizes: dict, tops: dict[str, float], scale: float, side: str) -> None:
    """The column's blocks with names and amounts, moved apart where blocks are thin."""
    middles = [tops[name] + float(size) * scale / 2 for name, size in sizes.items()]
    heights = spread(middles, LINE, LINE / 2, TALL + 12 - LINE / 2)
    at = x - 5 if side == "right" else x + BLOCK + 5
    for (name, size), height in zip(sizes.items(), heights, strict=True):
        canvas.box(x, tops[name], BLOCK, max(float(size) * scale, 1), house.GREY if name.startswith("(") else house.ACCENT)
        amount = house.compact(size)
        canvas.text(at, height, f"{fit(name, SIDE - 44, 11)} {amount}", side, size=11)
