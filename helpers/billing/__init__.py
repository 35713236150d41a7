"""What did the clouds bill?  Billing files in, the cost cube out: every cent, few rows, read once.

    sources       which files are bills, and of what format      focus, aws, azure, google, oci, table (shapes)
    query         SQL that groups rows and maps them to FOCUS     columns, wording; run by an engine: duck, spark
    survey        each file's totals, and its first bad value     reading tells errors by file, row and column
    deliveries    which files count: parts, re-exports, twins     manifests, overlaps
    months        the lines of each month, kept by content        keep, known
    cube          all of it together; proof checks it, drill goes back to the billing rows
"""

from helpers.billing.cube import Asked, Cube, load, restored
from helpers.billing.months import LINE_KEYS
from helpers.billing.proof import (
    check_alone, check_aside, check_cube, check_days, check_decimals, check_repairs, check_repeats, check_replaced,
    check_twins, check_unrepaired)
from helpers.billing.sources import Word

__all__ = [
    "LINE_KEYS", "Asked", "Cube", "Word", "check_alone", "check_aside", "check_cube", "check_days", "check_decimals",
    "check_repairs", "check_repeats", "check_replaced", "check_twins", "check_unrepaired", "load", "restored"]
