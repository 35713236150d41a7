"""What stands behind the mapping page?  The month's mapped lines as tables and checks, from coverage and tags.

    month → tables, check
"""

import pandas as pd

from helpers import checks, coverage, rates, tagged


def tables(month) -> dict[str, pd.DataFrame]:
    """The tables behind the page, by name."""
    lines, given = coverage.of_month(month.booked, month.period), month.params
    return {
        "towers": coverage.by_tower(lines), "pools": coverage.by_pool(lines), "services": coverage.by_service(lines),
        "coverage": coverage.coverage(lines), "unmapped": coverage.unmapped(lines, month.rules, given.taxonomy),
        "idle_rules": coverage.idle_rules(lines, month.rules, month.period),
        **tagged.tables(lines, month.applications, month.aliases, given.tag_keys),
    }


def check(month) -> pd.DataFrame:
    """The checks of mapping, as a table."""
    lines, given = coverage.of_month(month.booked, month.period), month.params
    return checks.collect(
        *rates.check_conversion(month.mapped, month.rates, given.currency),
        *coverage.check_sums(month.cube.lines, month.mapped),
        *coverage.check_coverage(lines, given.unmapped_share),
        *tagged.check_tags(lines, month.applications, month.aliases, given.tag_keys.application, given.taxonomy.towers))
