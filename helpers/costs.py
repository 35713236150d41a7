"""What is there to charge?  Each amount is direct, in a shared pool, or a named residual.

    tied, ledger, sources → cost_items → items   one row an amount's home: kind, pool, owner, application …

Direct + shared + residual is the cost to charge, to the cent.  Once an item is direct, no rule looks at it again.
"""

from typing import NamedTuple

import pandas as pd

from helpers import pools
from helpers.money import sum_by

ITEM_KEYS = ["kind", "pool", "source", "application", "owner", "owner_by", "ProviderName", "ServiceName", "tower",
             "service_period"]
USAGE_KEYS = ["ProviderName", "ServiceName", "ChargeCategory", "application", "owner", "owner_by", "tower",
              "billing_period"]
UNOWNED = "Unowned usage"
NOBODY = "none"  # owner_by of usage without an owner, for the patterns of the pool sources
ITEM = "Bridge item: "
UNPOOLED = "Platform without a pool: "


class Homes(NamedTuple):
    """Tied lines by where they go, each with `kind` and `pool`: direct usage, other usage, lines of the bridge."""

    direct: pd.DataFrame
    shared: pd.DataFrame
    bridge: pd.DataFrame


def homes(tied: pd.DataFrame, sources: pd.DataFrame | None, applications: pd.DataFrame | None, period: str) -> Homes:
    """Where each tied line goes; `cost_items` and `placed` stand on it."""
    return Homes(*_usage_items(tied, sources, applications), _bridge_items(tied, sources, period))


def cost_items(tied: pd.DataFrame, coded: pd.DataFrame | None, sources: pd.DataFrame | None,
               applications: pd.DataFrame | None, period: str, found: Homes | None = None) -> pd.DataFrame:
    """Every amount in scope, by where it goes: `kind` direct, shared or residual, and the `pool` it is named by.

    Direct is usage that is locked to its owner, and usage in an owner's account that no row of `sources` takes into
    a shared pool.  In scope besides: reconciling lines, and the ledger lines `sources` takes in.
    """
    direct, shared, bridge = found or homes(tied, sources, applications, period)
    parts = [shared, bridge]
    if coded is not None and sources is not None:
        parts.append(_ledger_items(coded, sources, period))
    rest = pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)
    rest = rest.reindex(columns=[*ITEM_KEYS, "amount"])
    rest[ITEM_KEYS] = rest[ITEM_KEYS].astype("str").fillna("")
    owned = sum_by(direct, ITEM_KEYS[3:], ["amount"]).assign(kind="direct", pool="", source="usage")  # the same for all
    sums = [owned[[*ITEM_KEYS, "amount"]], sum_by(rest, ITEM_KEYS, ["amount"])]
    return pd.concat([part for part in sums if len(part)] or sums[:1], ignore_index=True)


def placed(tied: pd.DataFrame, sources: pd.DataFrame | None, applications: pd.DataFrame | None, period: str,
           found: Homes | None = None) -> pd.DataFrame:
    """The tied lines with receiver, `kind` and `pool`, line by line: where each amount goes before like ones are added up."""
    parts = found or homes(tied, sources, applications, period)
    return tied.assign(owner=receivers(tied, applications)).join(pd.concat([part[["kind", "pool"]] for part in parts]))


def locked(usage: pd.DataFrame, applications: pd.DataFrame | None) -> pd.Series:
    """Whether each line is directly owned: it has an owner by its application (not a platform's) or by its own tag."""
    by_name = (usage["application"] != "") | (usage["owner_by"] == "tag")
    return _owned(usage, applications) & by_name


def receivers(lines: pd.DataFrame, applications: pd.DataFrame | None) -> pd.Series:
    """Who answers for each line: its owner; without a CMDB to ask, the application itself where no owner is known."""
    if applications is not None:
        return lines["owner"]
    return lines["owner"].where(lines["owner"] != "", lines["application"])


def _owned(usage: pd.DataFrame, applications: pd.DataFrame | None) -> pd.Series:
    """Whether each line has an owner who can be charged for it: not a platform's, whose cost is shared."""
    platforms = () if applications is None else applications.loc[applications["kind"] == "platform", "application"]
    return (usage["owner"] != "") & ~usage["application"].isin(set(platforms))


def _usage_items(tied: pd.DataFrame, sources: pd.DataFrame | None,
                 applications: pd.DataFrame | None) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Usage that is direct, and usage that a pool takes or that stays with nobody, by name."""
    usage = tied.loc[tied["source"] == "usage", [*USAGE_KEYS, "amount"]].assign(source="usage")
    usage["service_period"] = usage.pop("billing_period")
    usage["owner"] = receivers(usage, applications)
    direct = locked(usage, applications)
    asked = usage[~direct]
    asked = asked.assign(found_by=asked["owner_by"], owner_by=asked["owner_by"].where(asked["owner"] != "", NOBODY))
    rest = pools.assign(asked, sources, UNOWNED)
    rest["owner_by"] = rest.pop("found_by")
    by_account = (rest["going"] == "residual") & _owned(rest, applications)
    shared = rest[~by_account]
    unpooled = (shared["going"] == "residual") & (shared["application"] != "")
    named = shared["pool"].where(~unpooled, UNPOOLED + shared["application"])
    return (pd.concat([usage[direct], rest[by_account]]).assign(kind="direct", pool=""),
            shared.assign(kind=shared["going"], pool=named))


def _bridge_items(tied: pd.DataFrame, sources: pd.DataFrame | None, period: str) -> pd.DataFrame:
    """The bridge's lines that a pool takes, or that stay with nobody under their bucket's name."""
    lines = tied.loc[tied["source"] == "reconciling", ["source", "ProviderName", "bucket", "amount"]]
    items = pools.assign(lines.assign(service_period=period), sources, "")
    named = items["pool"].where(items["going"] == "shared", ITEM + items["bucket"])
    return items.assign(kind=items["going"], pool=named)


def _ledger_items(coded: pd.DataFrame, sources: pd.DataFrame, period: str) -> pd.DataFrame:
    """Ledger expense other than the clouds' that a source row takes into a shared pool."""
    lines = pools.assign_ledger(coded, sources, period)
    taken = lines[lines["going"] == "shared"]
    return taken.loc[:, ["pool", "amount"]].assign(source="ledger", kind="shared", service_period=period)
