"""What does a reader open only when asked?  Parts of a page under a line of their own, closed at first, printed open.

    title, parts → fold → one that can stand in another
"""

import html
from collections.abc import Sequence

from helpers import house
from helpers.page import Shown


def fold(title: str, parts: Sequence[Shown]) -> Shown:
    """The parts under a title that opens them."""
    inside = stack(parts)
    said = house.words(title)
    return Shown(f'<details><summary>{html.escape(said, quote=True)}</summary>{inside.html}</details>', f"{said}\n{inside.text}", "table")


def stack(parts: Sequence[Shown]) -> Shown:
    """The parts one under the other."""
    return Shown("\n".join(part.html for part in parts), "\n\n".join(part.text for part in parts), "table")
