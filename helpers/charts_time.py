"""How did it go, and where is it heading?  Two pictures over months: lines, and a fan of what may come.

    frame[period, line, amount] → lines;  history, bands, budget → fan
"""

from collections.abc import Sequence

import pandas as pd

from helpers import house, periods
from helpers.charts_canvas import SIZE, WIDTH, Canvas, Chart, fit, spread
from helpers.optional import needs_table

TALL, LEFT, RIGHT = 300, 62, 150  # pixels: the plot, kept for the scale at the left, for names at the lines' ends
BANDS = (("low_95", "high_95", house.ACCENT_PALE, "95 % band"),  # the wide one below
         ("low_80", "high_80", house.ACCENT_MID, "80 % band"))
BUDGET = "\u2012 \u2012 budget"  # named beside the plot with its own broken line, for it may end anywhere
MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()


class Scale:
    """Where a month and an amount stand: months evenly from left to right, amounts from a round low to a round high."""

    def __init__(self, months: Sequence[str], amounts: Sequence[float]):
        from matplotlib.ticker import MaxNLocator
        self.months = list(months)
        low, high = min(amounts), max(amounts)
        self.marks = [float(mark) for mark in MaxNLocator(5).tick_values(low, max(high, low + 1e-9))]
        self.step = (WIDTH - LEFT - RIGHT) / max(len(self.months) - 1, 1)

    def x(self, period: str) -> float:
        return LEFT + periods.distance(self.months[0], period) * self.step

    def y(self, amount) -> float:
        return TALL - (float(amount) - self.marks[0]) / (self.marks[-1] - self.marks[0]) * TALL

    def grid(self, canvas: Canvas) -> None:
        """Fine lines with round amounts at the left, and years and months below."""
        for mark in self.marks:
            canvas.line([(LEFT, self.y(mark)), (WIDTH - RIGHT, self.y(mark))], house.SOFT if mark == 0 else house.RULE)
            canvas.text(LEFT - 8, self.y(mark), house.compact(round(mark, 6)), "right", colour=house.SOFT)
        every = next(step for step in (1, 2, 3, 6, 12, 24, 60, 600) if len(self.months) <= 9 * step)
        for place, period in enumerate(self.months):
            if (len(self.months) - 1 - place) % every == 0:
                canvas.text(self.x(period), TALL + 16, MONTHS[int(period[5:7]) - 1], "center", colour=house.SOFT)
                canvas.text(self.x(period), TALL + 32, period[:4], "center", size=SIZE - 1, colour=house.SOFT)


@needs_table
def lines(frame: pd.DataFrame, title: str, subtitle: str, alt: str, highlight: Sequence[str] = ()) -> Chart:
    """One line a value of `line`, named at its end; those in `highlight` in the house colour, the rest grey."""
    canvas = Canvas(TALL + 44, title, subtitle)
    if frame.empty:
        canvas.text(0, 20, "No months to show.", colour=house.SOFT)
        return canvas.show(alt)
    months = periods.months(frame["period"].min(), frame["period"].max())
    scale = Scale(months, [0.0, *(float(amount) for amount in frame["amount"])])
    scale.grid(canvas)
    paths = {name: _path(part, scale) for name, part in frame.groupby("line", sort=False)}
    ordered = sorted(paths, key=lambda name: name in highlight)
    for name in ordered:
        strong = name in highlight or len(paths) == 1
        _draw(canvas, paths[name], house.ACCENT if strong else house.GREY, 2.4 if strong else 1.4)
    heights = spread([paths[name][-1][1] for name in ordered], SIZE + 4, 4, TALL)
    for name, height in zip(ordered, heights):
        strong = name in highlight or len(paths) == 1
        _name(canvas, paths[name][-1], height, name, strong)
    return canvas.show(alt)


@needs_table
def fan(history: pd.DataFrame, bands: pd.DataFrame, title: str, subtitle: str, alt: str,
        budget: pd.DataFrame | None = None) -> Chart:
    """What was, then the forecast inside its 80 % and 95 % bands, with the budget as a broken line."""
    given = budget if budget is not None and len(budget) else bands.iloc[:0][["period", "amount"]]
    canvas = Canvas(TALL + 44, title, subtitle)
    scale = _scale(history, bands, given)
    past, ahead, plan = (_path(part, scale) for part in (history, bands, given))
    ends = _draw_bands(canvas, scale, bands, past[-1:]) if ahead else []
    scale.grid(canvas)
    _draw(canvas, past, house.INK, 2)
    if ahead:
        _draw(canvas, [*past[-1:], *ahead], house.ACCENT, 2.4)
        ends.append((ahead[-1], "forecast", True))
    if plan:
        canvas.line(plan, house.SOFT, 1.6, dashes=True)
        ends.append(((WIDTH - RIGHT, plan[-1][1]), BUDGET, False))
    for (end, name, strong), height in zip(ends, spread([end[1] for end, _, _ in ends], SIZE + 4, 4, TALL)):
        _name(canvas, end, height, name, strong)
    return canvas.show(alt)


def _scale(history: pd.DataFrame, bands: pd.DataFrame, given: pd.DataFrame) -> Scale:
    every = [*history["period"], *bands["period"], *given["period"]]
    columns = [history["amount"], given["amount"], *(bands[name] for name in ("amount", "low_95", "high_95"))]
    return Scale(periods.months(min(every), max(every)), [0.0, *(float(amount) for part in columns for amount in part)])


def _draw_bands(canvas: Canvas, scale: Scale, bands: pd.DataFrame, start: list[tuple[float, float]]) -> list[tuple]:
    """Draws the bands from the last point of the history; where their upper edges end, and their names."""
    ordered, ends = bands.sort_values("period"), []
    xs = [x for x, _ in start] + [scale.x(period) for period in ordered["period"]]
    for low, high, colour, name in BANDS:
        lows, highs = ([y for _, y in start] + [scale.y(amount) for amount in ordered[edge]] for edge in (low, high))
        canvas.area(xs, lows, highs, colour)
        ends.insert(0, ((xs[-1], highs[-1]), name, False))
    return ends


def _path(part: pd.DataFrame, scale: Scale) -> list[tuple[float, float]]:
    ordered = part.sort_values("period")
    return [(scale.x(period), scale.y(amount)) for period, amount in zip(ordered["period"], ordered["amount"])]


def _draw(canvas: Canvas, path: list[tuple[float, float]], colour: str, width: float) -> None:
    if len(path) == 1:
        canvas.box(path[0][0] - 3, path[0][1] - 3, 6, 6, colour)
    elif path:
        canvas.line(path, colour, width)


def _name(canvas: Canvas, end: tuple[float, float], height: float, name: str, strong: bool) -> None:
    room = WIDTH - end[0] - 12
    canvas.text(end[0] + 8, height, fit(name, max(room, RIGHT - 12)), weight="bold" if strong else "normal",
                colour=house.ACCENT if strong else house.SOFT)
