"""Whose figure moved between two runs, and because of which row?  Two runs of a month in, each cent put to a cause.

    sides           what a run stood on: a parameters file, a pack, a closed month → Side
    stored          the content of inputs that runs have read, by hash, so that an earlier run can be worked out again
    row_changes     rows that differ between two tables      line_changes    lines that differ between two cubes
    setting_changes parameters that differ                   changes         all of them, and a side with some of them
    figures         a side → amounts by figure, month, owner, application and pool
    trials          each change tried alone, and what several explain together
    attribution     the whole: was, is, causes, the program's own part
    causes          one sentence a cause, and the tables

It stands beside the pack: it knows the month, and no step knows it.
"""

from helpers.compare.attribution import Comparison, compare
from helpers.compare.sides import Side, of

__all__ = ["Comparison", "Side", "compare", "of"]
