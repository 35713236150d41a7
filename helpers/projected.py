"""What stands behind the forecast page?  Its tables by name, and its checks.

    month → tables → name → table        month, tables → check → the checks
"""

from decimal import Decimal

import pandas as pd

from helpers import agreed, checks, driven, submitted, underway, whatif
from helpers.methods import LANDED
from helpers.money import sum_by

LEVEL = "application"  # that changes are told by


def tables(month) -> dict[str, pd.DataFrame]:
    """The tables behind the page; only those there is something for."""
    plan = month.projected
    found = dict(plan.tables)
    if plan.agreed is not None:
        panel, ahead, basis = plan.agreed.panel, min(plan.months, plan.agreed.cents.shape[1]), plan.basis
        bills = month.mapped[(month.mapped["billing_period"] <= month.period).to_numpy(dtype=bool)]
        partly = plan.history[plan.history["source"] == LANDED]["period"]
        months = panel.months[:-1] if len(partly) and partly.max() == panel.months[-1] and len(panel.months) > 1 else panel.months
        found |= {"changes": agreed.changes(plan.agreed), "by_usage": driven.by_usage(bills, months, ahead, basis),
                  "by_volume": driven.by_volume(month.volumes, bills, months, ahead, basis), "scenarios": whatif.in_all(plan.what_if),
                  "submitted": month.submitted, "submitted_compared": submitted.compared(month.submitted, plan.agreed),
                  "landings": month.landings, "landings_tried": underway.tried(month.daily)}
    return {name: table for name, table in found.items() if table is not None and len(table.columns)}


def ledger(month) -> dict[str, Decimal]:
    """What the ledger holds for the clouds by ledger month; {} without one."""
    if month.recorded is None:
        return {}
    rows = month.recorded[(month.recorded["kind"] == "expense") & (month.recorded["use"] != "other")]
    return dict(sum_by(rows, ["fiscal_period"], ["amount"]).itertuples(index=False))


def check(month, found: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """The plan's checks, and what stakeholders expect that the forecast does not."""
    apart = found.get("submitted_compared")
    if apart is None or apart.empty:
        return month.projected.checks
    band = month.projected.band
    far = [row for row in apart.to_dict("records") if row["lines"] and abs(row["difference"]) > band * abs(row["forecast"])]
    amount = sum((abs(row["difference"]) for row in far), start=0 * apart["difference"].iloc[0])
    told = "; ".join(f"{row['stakeholder']}: {' '.join(filter(None, (row['ProviderName'], row['application'], row['tower'])))}" for row in far)
    nowhere = [row for row in apart.to_dict("records") if not row["lines"]]
    more = checks.collect(
        checks.noted("submissions outside the band of the forecast", len(far), "FinOps lead", told, amount),
        checks.noted("submissions on what no bill knows", len(nowhere), "FinOps lead", "; ".join(
            f"{row['stakeholder']}: {' '.join(filter(None, (row['ProviderName'], row['application'], row['tower'])))}" for row in nowhere)))
    return pd.concat([month.projected.checks, more], ignore_index=True)
