"""What became of each file?  Surveys and roles in; one row a file, bill and currency out, and the days of what counts.

    bills, roles, days kept out → table → files     read, kept out or replaced, with the file's own sums
                               → days              totals by day, for trends
"""

from collections.abc import Mapping

import pandas as pd
import pyarrow as pa

from helpers.billing.duck import stored
from helpers.billing.known import Known
from helpers.billing.shapes import literal
from helpers.billing.survey import UNIT

KEYS = ["file", "format", *UNIT, "BillingCurrency", "decimals"]
DAY_KEYS = ["billing_period", "service_day", "ProviderName", "BillingAccountId", "ServiceName",
            "ChargeCategory", "BillingCurrency"]
COLUMNS = [*KEYS, "line_count", "BilledCost", "EffectiveCost", "FiledCost", "state", "twin", "note"]


def keep(bills: Mapping[str, Known], roles: pd.DataFrame, blocks: pd.DataFrame, engine) -> None:
    """The session's table totals: every file's survey with its role; what a day keeps out has its own."""
    scale = max([18, *(scale for one in bills.values() for scale in one.scales.values())])
    sums = ", ".join(f"CAST({name} AS DECIMAL(38, {scale})) AS {name}" for name in ("BilledCost", "EffectiveCost",
                                                                                   "FiledCost"))
    keys = "ProviderName, BillingAccountId, billing_period, ServiceName, ChargeCategory, BillingCurrency, " \
           "service_day, line_count"
    every = " UNION ALL ".join(f"SELECT {literal(name)} AS file, {literal(one.source.label)} AS format, "
                               f"{literal(one.longest or '')} AS decimals, {keys}, {sums} "
                               f"FROM {stored(one.totals)}" for name, one in bills.items())
    engine.keep("fates", _texts(roles, [*UNIT, "file", "role", "twin", "why", "basis"]))
    engine.keep("blocks", _texts(blocks, [*UNIT, "service_day", "file", "twin"]))
    bill = " AND ".join(f"totals.{name} = {{0}}.{name}" for name in (*UNIT, "file"))
    engine.keep("totals", (
        f"SELECT totals.* EXCLUDE (BilledCost, EffectiveCost), "
        f"CASE WHEN fates.basis = 'amortised' THEN CAST(0 AS DECIMAL(38, {scale})) ELSE BilledCost END AS BilledCost, "
        f"CASE WHEN fates.basis = 'billed' THEN CAST(0 AS DECIMAL(38, {scale})) ELSE EffectiveCost END AS EffectiveCost, "
        "CASE WHEN blocks.twin IS NOT NULL AND fates.role = 'read' THEN 'kept out' ELSE fates.role END AS state, "
        "coalesce(blocks.twin, fates.twin) AS twin, CASE WHEN blocks.twin IS NOT NULL THEN "
        "'days whose every charge stands in ' || blocks.twin ELSE fates.why END AS note "
        f"FROM ({every}) AS totals JOIN fates ON {bill.format('fates')} "
        f"LEFT JOIN blocks ON {bill.format('blocks')} AND totals.service_day = blocks.service_day"))


def table() -> str:
    """SELECT of the files: one row a file, bill, currency and state."""
    keys = ", ".join([*KEYS, "state", "twin", "note"])
    sums = ", ".join(f"sum({name}) AS {name}" for name in ("BilledCost", "EffectiveCost", "FiledCost"))
    return (f"SELECT {keys}, CAST(sum(line_count) AS BIGINT) AS line_count, {sums} FROM totals GROUP BY {keys} "
            f"ORDER BY {keys}")


def days() -> str:
    """SELECT of the days: one row a day, account, service and charge category, of the files that are read."""
    keys = ", ".join(DAY_KEYS)
    return (f"SELECT {keys}, sum(BilledCost) AS BilledCost, sum(EffectiveCost) AS EffectiveCost FROM totals "
            f"WHERE state = 'read' GROUP BY {keys} ORDER BY {keys}")


def _texts(frame: pd.DataFrame, columns: list[str]) -> pa.Table:
    return pa.table({column: pa.array(frame[column].astype(object).tolist(), pa.string()) for column in columns})
