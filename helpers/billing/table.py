"""Any other monthly table, such as a SaaS vendor's invoice list or own rate-card rows: its columns are the parameters'.

What is not named is blank, with three exceptions: a table of one amount has it on both cost bases, a charge is of its
billing month, and it is usage.
"""

from collections.abc import Mapping

from helpers.billing.shapes import AMOUNTS, KEYS, Format

TABLE = Format(
    name="table by column map", signs=(), texts={}, amounts={}, times={"billing": (), "start": (), "finish": ()},
    focus={name: "''" for name in KEYS} | {name: "NULL" for name in AMOUNTS}, filed="given_BilledCost",
    identity=(), required=(), source="the parameters file",
)


def completed(columns: Mapping[str, str], values: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Columns and values with the exceptions put in where nothing is said."""
    given, fixed = dict(columns), {"ChargeCategory": "Usage", **values}
    for target, origin in (("EffectiveCost", "BilledCost"), ("ChargePeriodStart", "BillingPeriodStart")):
        if target not in given and target not in values:
            given |= {target: given[origin]} if origin in given else {}
            fixed |= {target: values[origin]} if origin in values else {}
    if "ChargeCategory" in given:
        fixed.pop("ChargeCategory")
    return given, fixed
