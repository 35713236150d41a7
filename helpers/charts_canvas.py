"""What are charts drawn on?  A surface measured in pixels, in the house colours, that ends as one SVG.

    canvas.text, .box, .line, .area → canvas.show(alt) → Chart

The text stays text (searchable, in the reader's own font), the bytes are the same on every run, and nothing a
user typed is read as maths.  matplotlib is imported with the first chart, not before.
"""

import logging
import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from helpers import house

WIDTH = 720  # pixels, the width of a page's column
SIZE = 13  # pixels; the house's chart text
EM = 0.56  # mean width of a character over its size, a little wide for system fonts
NAMED = 6  # amounts a picture cannot draw are named one by one up to so many
NOTE = SIZE + 7  # pixels: a line of what is written under a picture
PIXELS_PER_INCH = 72  # so that a pixel is a point, the unit of SVG here
HEIGHT = re.compile(r'<svg [^>]*viewBox="0 0 [0-9.]+ ([0-9.]+)"')
ROOT = (f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{{height}}" viewBox="0 0 {WIDTH} {{height}}" '
        f'style="font-family:{house.FONTS.replace(chr(34), chr(39))};stroke-linejoin:round">')


@dataclass(frozen=True)
class Chart:
    """A picture as SVG with its alternative text."""

    svg: str
    alt: str

    def _repr_mimebundle_(self, include=None, exclude=None):
        shown = {"image/svg+xml": self.svg, "text/plain": self.alt}
        return shown, {"image/svg+xml": {"alt": self.alt}, "page": "chart"}


class Canvas:
    """A drawing surface with the title above; x to the right and y down, in pixels."""

    def __init__(self, height: float, title: str, subtitle: str):
        from matplotlib.figure import Figure
        heads = [(line, 16, "bold", house.INK) for line in _wrap(title, 16 * 1.06)]
        heads += [(line, SIZE, "normal", house.SOFT) for line in _wrap(subtitle, SIZE)]
        self.top = sum(size + 7 for _, size, _, _ in heads) + 10
        self.height = self.top + height
        self.parts = Figure(figsize=(WIDTH / PIXELS_PER_INCH, self.height / PIXELS_PER_INCH), dpi=PIXELS_PER_INCH)
        self.face = self.parts.add_axes((0, 0, 1, 1), xlim=(0, WIDTH), ylim=(self.height, 0))
        self.face.set_axis_off()
        y = -self.top
        for line, size, weight, colour in heads:
            y += size + 7
            self.text(0, y - 7, line, size=size, weight=weight, colour=colour, up=True)

    def text(self, x: float, y: float, text: str, side: str = "left", size: float = SIZE, weight: str = "normal",
             colour: str = house.INK, up: bool = False) -> None:
        """Text at a height: its middle, or with `up` its foot."""
        self.face.text(x, y + self.top, house.words(text), ha=side, va="baseline" if up else "center_baseline",
                       fontsize=size, fontweight=weight, color=colour, parse_math=False)

    def box(self, x: float, y: float, width: float, height: float, colour: str) -> None:
        from matplotlib.patches import Rectangle
        self.face.add_patch(Rectangle((x, y + self.top), width, height, facecolor=colour, linewidth=0, clip_on=False))

    def line(self, points: list[tuple[float, float]], colour: str, width: float = 1, dashes: bool = False) -> None:
        xs, ys = [x for x, _ in points], [y + self.top for _, y in points]
        self.face.plot(xs, ys, color=colour, linewidth=width, linestyle=(0, (4, 3)) if dashes else "-",
                       solid_joinstyle="round", clip_on=False)

    def area(self, xs: list[float], lows: list[float], highs: list[float], colour: str) -> None:
        from matplotlib.patches import Polygon
        edge = [*zip(xs, lows), *zip(reversed(xs), reversed(highs))]
        self.face.add_patch(Polygon([(x, y + self.top) for x, y in edge], facecolor=colour, linewidth=0, clip_on=False))

    def name_below_zero(self, y: float, told: Sequence[tuple[str, str]]) -> None:
        """Writes what the picture cannot draw (below_zero) under it, from y down: names are cut, amounts never."""
        for place, (name, amount) in enumerate(told):
            room = WIDTH - (len(amount) + 1) * SIZE * EM
            self.text(0, y + (place + 0.5) * NOTE, f"{fit(name, room)} {amount}", colour=house.SOFT)

    def show(self, alt: str) -> Chart:
        """The drawing as one SVG element, without clock, names of tools or outside addresses."""
        import io

        from matplotlib import rc_context
        paper, talk = io.StringIO(), logging.getLogger("matplotlib.font_manager")
        level = talk.level
        talk.setLevel(logging.ERROR)
        settings = {"svg.fonttype": "none", "svg.hashsalt": "month pack", "font.family": ["DejaVu Sans"],
                    "text.parse_math": False, "text.usetex": False, "svg.image_inline": True, "path.simplify": False}
        with rc_context(settings):
            self.parts.savefig(paper, format="svg", metadata={"Date": None, "Creator": None}, transparent=True)
        talk.setLevel(level)
        return Chart(_clean(paper.getvalue()), house.words(alt))


def below_zero(amounts: Sequence[tuple[str, Decimal]]) -> list[tuple[str, str]]:
    """What no area can stand for, name and amount: the furthest below zero first, of many the last ones as one."""
    ordered = sorted(amounts, key=lambda pair: (pair[1], pair[0]))
    named, rest = (ordered, []) if len(ordered) <= NAMED else (ordered[:NAMED - 1], ordered[NAMED - 1:])
    named = [*named, *[(f"{len(rest)} more", house.total(amount for _, amount in rest))] * bool(rest)]
    heads = ["Not drawn, being below zero: ", *[""] * len(named)]
    return [(head + name, house.number(amount)) for head, (name, amount) in zip(heads, named)]


def fit(text: str, width: float, size: float = SIZE) -> str:
    """The text, cut with an ellipsis where it would be wider than `width` pixels."""
    text, room = house.words(text), int(width / (size * EM))
    return text if len(text) <= room else text[:max(room - 1, 0)].rstrip() + "\u2026"


def spread(heights: list[float], gap: float, low: float, high: float) -> list[float]:
    """The heights moved as little as makes them `gap` apart, in their order, between low and high."""
    order = sorted(range(len(heights)), key=lambda i: (heights[i], i))
    placed = dict.fromkeys(order, 0.0)
    floor = low
    for i in order:
        placed[i] = floor = max(heights[i], floor)
        floor += gap
    ceiling = high
    for i in reversed(order):
        placed[i] = min(placed[i], ceiling)
        ceiling = placed[i] - gap
    return [placed[i] for i in range(len(heights))]


def _wrap(text: str, size: float) -> list[str]:
    return textwrap.wrap(house.words(text), int(WIDTH / (size * EM)), max_lines=3, placeholder=" \u2026")


def _clean(svg: str) -> str:
    """The bare <svg> element: the reader's fonts, no metadata, no ids that two charts of a page would share.

    Every pattern starts at a tag, and "<" in what a user typed is written &lt;, so none can match there.
    """
    svg = svg[svg.index("<svg"):].strip()
    svg = re.sub(r"\s*<metadata>.*?</metadata>", "", svg, count=1, flags=re.DOTALL)
    svg = re.sub(r"\s*<defs>\s*<style.*?</style>\s*</defs>", "", svg, count=1, flags=re.DOTALL)
    svg = re.sub(r'<(g|path) id="[\w.]+"', r"<\1", svg)
    svg = re.sub(r'(<text style="[^"]*?) ?font-family: [^;"]*;', r"\1", svg)
    svg = re.sub(r'(<text [^>]*?) transform="rotate\(-0 [^"]*"', r"\1", svg)
    svg = re.sub(r'<path d="[^"]*"', lambda path: " ".join(path.group(0).split()).replace(' "', '"'), svg)
    svg = re.sub(r"<svg [^>]*>", ROOT.format(height=HEIGHT.search(svg).group(1)), svg, count=1)
    return re.sub(r"\n\s*", "\n", svg)
