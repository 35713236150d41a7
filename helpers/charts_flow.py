"""How does cost flow from layer to layer?  Columns of blocks with bands between them, as wide as the cost they carry.

    frame (layer, from, to, amount) → flow → chart
    frame → wholes → what is drawn and what is named as not drawn, layer by layer

A block's amount is the net of all its bands.  A band below zero has no width: it is named under the picture.
"""

from decimal import Decimal
from typing import NamedTuple

import pandas as pd

from helpers import house
from helpers.charts_canvas import NOTE, SIZE, WIDTH, Canvas, Chart, below_zero, fit, spread
from helpers.optional import needs_table

TALL, GAP, BLOCK = 470, 5, 10  # pixels: the columns' height, between blocks, a block's width
SIDE = 150  # pixels kept for names at either side
STEPS = 14  # points of a band's edge
LINE = SIZE + 1


class Band(NamedTuple):
    """What goes from a name of one layer to a name of the next."""

    layer: int
    start: str
    end: str
    amount: Decimal


class Block(NamedTuple):
    """A name of a column: the net of its bands, and how much is drawn of it, on the side where that is more."""

    net: Decimal
    wide: Decimal


@needs_table
def flow(frame: pd.DataFrame, title: str, subtitle: str, alt: str) -> Chart:
    """Bands from layer to layer, the largest on top; names in brackets stand last and pale."""
    drawn, left_out = _parted(frame)
    columns = _columns(drawn, left_out)
    told = below_zero([(f"{band.start} to {band.end}", band.amount) for band in left_out])
    canvas = Canvas(TALL + 12 + len(told) * NOTE, title, subtitle)
    most = max((house.total(block.wide for block in blocks.values()) for blocks in columns), default=0) or 1
    gaps = max((len(blocks) - 1 for blocks in columns), default=0) * GAP
    scale = (TALL - gaps) / float(most)
    tops = [_tops(blocks, scale) for blocks in columns]
    xs = [SIDE + place * (WIDTH - 2 * SIDE - BLOCK) / max(len(columns) - 1, 1) for place in range(len(columns))]
    _draw_bands(canvas, drawn, tops, xs, scale)
    for place, blocks in enumerate(columns):
        _draw_blocks(canvas, xs[place], blocks, tops[place], scale, "right" if place == 0 else "left")
    canvas.name_below_zero(TALL + 6, told)
    return canvas.show("; ".join([alt, *map(" ".join, told)]))


def wholes(frame: pd.DataFrame) -> list[Decimal]:
    """What the picture draws, and names as not drawn, a sum a layer."""
    drawn, left_out = _parted(frame)
    bands = [*drawn, *left_out]
    layers = sorted({band.layer for band in bands})
    return [house.total(band.amount for band in bands if band.layer == layer) for layer in layers]


def _parted(frame: pd.DataFrame) -> tuple[list[Band], list[Band]]:
    """The bands that are drawn, and those below zero."""
    sums: dict[tuple, Decimal] = {}
    for layer, start, end, amount in zip(*(frame[name] for name in ("layer", "from", "to", "amount")), strict=True):
        key = int(layer), house.words(start), house.words(end)
        sums[key] = sums.get(key, house.exact(0)) + house.exact(amount)
    bands = [Band(*key, amount) for key, amount in sums.items()]
    return [band for band in bands if band.amount > 0], [band for band in bands if band.amount < 0]


def _columns(drawn: list[Band], left_out: list[Band]) -> list[dict[str, Block]]:
    """By column the names that something is drawn of, largest first, names in brackets last."""
    found = []
    for column in range(max((band.layer for band in drawn), default=-2) + 2):
        leaving, arriving = (_sums(drawn, column, side) for side in (False, True))
        nets = _sums([*drawn, *left_out], column, column > 0)
        blocks = {name: Block(nets.get(name, house.exact(0)), max(leaving.get(name, 0), arriving.get(name, 0)))
                  for name in {**arriving, **leaving}}
        found.append(dict(sorted(blocks.items(), key=lambda item: (item[0].startswith("("), -item[1].wide, item[0]))))
    return found


def _sums(bands: list[Band], column: int, arriving: bool) -> dict[str, Decimal]:
    """By name what arrives in a column, or what leaves it."""
    sums: dict[str, Decimal] = {}
    for band in bands:
        if band.layer + arriving == column:
            name = band.end if arriving else band.start
            sums[name] = sums.get(name, house.exact(0)) + band.amount
    return sums


def _tops(blocks: dict[str, Block], scale: float) -> dict[str, float]:
    top, found = 0.0, {}
    for name, block in blocks.items():
        found[name] = top
        top += float(block.wide) * scale + GAP
    return found


def _draw_bands(canvas: Canvas, drawn: list[Band], tops: list[dict[str, float]], xs: list[float], scale: float) -> None:
    """Each band from where the one before it left a block to where the one before it arrived."""
    left, right = [dict(top) for top in tops], [dict(top) for top in tops]
    order = [{name: place for place, name in enumerate(top)} for top in tops]
    places = {band: (band.layer, order[band.layer][band.start], order[band.layer + 1][band.end]) for band in drawn}
    for layer, start, end, amount in sorted(drawn, key=places.__getitem__):
        wide = float(amount) * scale
        begin, arrive = right[layer][start], left[layer + 1][end]
        colour = house.GREY_PALE if start.startswith("(") or end.startswith("(") else house.ACCENT_PALE
        _band(canvas, (xs[layer] + BLOCK, begin), (xs[layer + 1], arrive), wide, colour)
        right[layer][start] += wide
        left[layer + 1][end] += wide


def _band(canvas: Canvas, start: tuple[float, float], end: tuple[float, float], wide: float, colour: str) -> None:
    """A band that leaves and arrives level."""
    parts = [step / STEPS for step in range(STEPS + 1)]
    xs = [start[0] + (end[0] - start[0]) * part for part in parts]
    tops = [start[1] + (end[1] - start[1]) * part * part * (3 - 2 * part) for part in parts]
    canvas.area(xs, tops, [top + wide for top in tops], colour)


def _draw_blocks(canvas: Canvas, x: float, blocks: dict[str, Block], tops: dict[str, float], scale: float,
                 side: str) -> None:
    """The column's blocks with names and net amounts, moved apart where blocks are thin."""
    middles = [tops[name] + float(block.wide) * scale / 2 for name, block in blocks.items()]
    heights = spread(middles, LINE, LINE / 2, TALL + 12 - LINE / 2)
    at = x - 5 if side == "right" else x + BLOCK + 5
    for (name, block), height in zip(blocks.items(), heights, strict=True):
        colour = house.GREY if name.startswith("(") else house.ACCENT
        canvas.box(x, tops[name], BLOCK, max(float(block.wide) * scale, 1), colour)
        canvas.text(at, height, f"{fit(name, SIDE - 44, 11)} {house.compact(block.net)}", side, size=11)
