"""How does cost become charges?  Direct cost to its owner, shared pools by rule, the rest a named residual.

    tied, ledger → cost_items → items   each amount is direct, in a shared pool, or a named residual
    items, rules, drivers → charge → Charged   charge lines in cents, and the shared pools they came through

Direct + shared + residual is the cost to charge, to the cent.  Once an item is direct, no rule looks at it again.
"""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

import pandas as pd

from helpers import allocation, pools
from helpers.bridge import BUCKETS
from helpers.money import ZERO, round_parts, sum_by, to_cents, total

ITEM_KEYS = ["kind", "pool", "source", "application", "owner", "owner_by", "ProviderName", "tower",
             "service_period"]
USAGE_KEYS = ["ProviderName", "ServiceName", "ChargeCategory", "application", "owner", "owner_by", "tower",
              "billing_period"]
LINE_COLUMNS = ["kind", "owner", "owner_by", "cost_centre", "application", "pool", "ProviderName", "tower", "method",
                "driver", "driver_period", "quantity", "share", "exact", "amount"]
FLOWS = ["own", "received", "passed", "charged", "held"]  # of a shared pool; passed: to other pools
UNOWNED = "Unowned usage"
ITEM = "Bridge item: "
UNPOOLED = "Platform without a pool: "
SHARE_DIGITS = Decimal("1e-12")


@dataclass(frozen=True)
class Charged:
    """The charge lines and the shared pools they came through."""

    items: pd.DataFrame
    lines: pd.DataFrame
    pools: pd.DataFrame


def cost_items(tied: pd.DataFrame, coded: pd.DataFrame | None, sources: pd.DataFrame | None,
               applications: pd.DataFrame | None, period: str) -> pd.DataFrame:
    """Every amount in scope, by where it goes: `kind` direct, shared or residual, and the `pool` it is named by.

    Direct is usage that is locked to its owner, and usage in an owner's account that no row of `sources` takes into
    a shared pool.  In scope besides: reconciling lines, and the ledger lines `sources` takes in.
    """
    parts = [*_usage_items(tied, sources, applications), _bridge_items(tied, sources, period)]
    if coded is not None and sources is not None:
        parts.append(_ledger_items(coded, sources, period))
    items = pd.concat(parts, ignore_index=True)
    items[ITEM_KEYS] = items[ITEM_KEYS].fillna("")
    return sum_by(items, ITEM_KEYS, ["amount"])


def locked(usage: pd.DataFrame, applications: pd.DataFrame | None) -> pd.Series:
    """Whether each line is directly owned: it has an owner by its application (not a platform's) or by its own tag."""
    by_name = (usage["application"] != "") | (usage["owner_by"] == "tag")
    return _owned(usage, applications) & by_name


def receivers(lines: pd.DataFrame, applications: pd.DataFrame | None) -> pd.Series:
    """Who answers for each line: its owner; without a CMDB to ask, the application itself where no owner is known."""
    if applications is not None:
        return lines["owner"]
    return lines["owner"].where(lines["owner"] != "", lines["application"])


def charge(items: pd.DataFrame, rules: pd.DataFrame | None, drivers: pd.DataFrame | None,
           applications: pd.DataFrame | None, org: pd.DataFrame | None, period: str, method: str) -> Charged:
    """Charge lines in cents and the shared pools behind them; the lines add up to the items' total in cents."""
    direct = items[items["kind"] == "direct"]
    consumers = sum_by(direct[direct["application"] != ""], ["application"], ["amount"])
    opened = pools.open_pools(items, rules, drivers, consumers, period)
    own = {row["pool"]: Fraction(row["own"]) for row in opened}
    served = allocation.serve(own, {row["pool"]: row["shares"] for row in opened}, method)
    lines = [*_direct_lines(direct), *_residual_lines(items)]
    for row in opened:
        lines += _pool_lines(row, served)
    charged = _name_receivers(pd.DataFrame(lines, columns=LINE_COLUMNS), direct, applications, org)
    rounded = _round(charged, total(items["amount"]))
    return Charged(items, rounded, _pool_table(opened, served, rounded))


def _owned(usage: pd.DataFrame, applications: pd.DataFrame | None) -> pd.Series:
    """Whether each line has an owner who can be charged for it: not a platform's, whose cost is shared."""
    platforms = () if applications is None else applications.loc[applications["kind"] == "platform", "application"]
    return (usage["owner"] != "") & ~usage["application"].isin(set(platforms))


def _usage_items(tied: pd.DataFrame, sources: pd.DataFrame | None,
                 applications: pd.DataFrame | None) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Usage that is direct, and usage that a pool takes or that stays with nobody, by name."""
    usage = _cut(tied[tied["source"] == "usage"], USAGE_KEYS).assign(source="usage")
    usage["service_period"] = usage.pop("billing_period")
    usage["owner"] = receivers(usage, applications)
    direct = locked(usage, applications)
    rest = pools.assign(usage[~direct], sources, UNOWNED)
    by_account = (rest["going"] == "residual") & _owned(rest, applications)
    shared = rest[~by_account]
    unpooled = (shared["going"] == "residual") & (shared["application"] != "")
    named = shared["pool"].where(~unpooled, UNPOOLED + shared["application"])
    return (pd.concat([usage[direct], rest[by_account]]).assign(kind="direct", pool=""),
            shared.assign(kind=shared["going"], pool=named))


def _bridge_items(tied: pd.DataFrame, sources: pd.DataFrame | None, period: str) -> pd.DataFrame:
    """The bridge's lines that a pool takes, or that stay with nobody under their bucket's name."""
    lines = _cut(tied[tied["source"] == "reconciling"], ["ProviderName", "bucket"])
    items = pools.assign(lines.assign(source="reconciling", service_period=period), sources, "")
    named = items["pool"].where(items["going"] == "shared", ITEM + items["bucket"])
    return items.assign(kind=items["going"], pool=named)


def _cut(lines: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    return sum_by(lines, keys, ["amount"])


def _ledger_items(coded: pd.DataFrame, sources: pd.DataFrame, period: str) -> pd.DataFrame:
    """Ledger expense other than the clouds' that a source row takes into a shared pool."""
    lines = pools.assign_ledger(coded, sources, period)
    taken = lines[lines["going"] == "shared"]
    return taken.loc[:, ["pool", "amount"]].assign(source="ledger", kind="shared", service_period=period)


def _direct_lines(direct: pd.DataFrame) -> list[dict]:
    keys = ["owner", "owner_by", "application", "ProviderName", "tower"]
    owned = sum_by(direct, keys, ["amount"])
    return [_line("direct", row["amount"], method="direct", **{key: row[key] for key in keys})
            for row in owned.to_dict("records")]


def _residual_lines(items: pd.DataFrame) -> list[dict]:
    held = sum_by(items[items["kind"] == "residual"], ["pool", "ProviderName"], ["amount"])
    meanings = {UNOWNED: "no tag, account or rule names an owner",
                **{ITEM + name: told for name, told in BUCKETS.items()}}
    return [_line("residual", row.amount, pool=row.pool, ProviderName=row.ProviderName,
                  method=meanings.get(row.pool, "no row of the pool sources takes it")) for row in held.itertuples()]


def _pool_lines(pool: dict, served: allocation.Served) -> list[dict]:
    """One line a consumer outside the pools; what the pool holds is a residual."""
    name, told = pool["pool"], {key: pool[key] for key in ("pool", "driver", "driver_period")}
    lines = [_line("shared", served.gross[name] * share, application=consumer, method=pool["method"],
                   share=_digits(share), quantity=pool["quantities"].get(consumer), **told)
             for consumer, share in served.final[name].items()]
    if served.held[name]:
        lines.append(_line("residual", served.held[name], method=pool["note"] or "serves shared pools only", **told))
    return lines


def _line(kind: str, exact: Decimal | Fraction, **values) -> dict:
    blank = dict.fromkeys(LINE_COLUMNS, "") | {"quantity": None, "share": None, "amount": None}
    return blank | values | {"kind": kind, "exact": exact}


def _digits(share: Fraction) -> Decimal:
    return (Decimal(share.numerator) / Decimal(share.denominator)).quantize(SHARE_DIGITS)


def _name_receivers(lines: pd.DataFrame, direct: pd.DataFrame, applications: pd.DataFrame | None,
                    org: pd.DataFrame | None) -> pd.DataFrame:
    """The lines with the owner of shared charges (as of the application's direct cost, else the CMDB's) and the cost
    centre that answers: the application's, else the owner's only one.  A share that nobody owns is a residual."""
    owners, centres = {}, {}
    if applications is not None:
        owners = dict(zip(applications["application"], applications["service_owner"], strict=True))
        centres = dict(zip(applications["application"], applications["cost_centre"], strict=True))
    largest = direct.sort_values("amount", kind="stable")
    owners |= {row.application: row.owner for row in largest.itertuples() if row.application}
    of_owner = {} if org is None else {name: min(group) for name, group in org.groupby("owner")["cost_centre"]
                                       if len(set(group)) == 1}
    shared = lines["kind"] == "shared"
    owner = pd.Series([owners.get(row.application, "") if row.kind == "shared" else row.owner
                       for row in lines.itertuples()], dtype=str)
    lost = shared & (owner == "")
    centre = pd.Series([centres.get(application) or of_owner.get(name, "") if name else ""
                        for application, name in zip(lines["application"], owner, strict=True)], dtype=str)
    return lines.assign(
        owner=owner, cost_centre=centre, kind=lines["kind"].where(~lost, "residual"),
        method=lines["method"].where(~lost, "no owner known for consumer " + lines["application"]),
        application=lines["application"].where(~lost, ""))


def _round(lines: pd.DataFrame, whole: Decimal) -> pd.DataFrame:
    """The lines with `amount` in cents: first direct cost, each pool and each residual, then the lines within them."""
    keys = ["kind", "pool", "owner", "owner_by", "application", "ProviderName", "tower", "method"]
    ordered = lines.sort_values(keys, kind="stable", ignore_index=True)
    group = list(zip(ordered["kind"].where(ordered["kind"] == "direct", "pool"), ordered["pool"], strict=True))
    members = {name: [i for i, of in enumerate(group) if of == name] for name in sorted(set(group))}
    exact = [Fraction(value) for value in ordered["exact"]]
    wholes = round_parts([sum(exact[i] for i in rows) for rows in members.values()], whole)
    amounts = [ZERO] * len(ordered)
    for rows, part in zip(members.values(), wholes, strict=True):
        for i, amount in zip(rows, round_parts([exact[i] for i in rows], part), strict=True):
            amounts[i] = amount
    return ordered.assign(amount=amounts)


def _pool_table(opened: list[dict], served: allocation.Served, lines: pd.DataFrame) -> pd.DataFrame:
    """One row a shared pool: own + received = passed to other pools + charged + held, but for a cent of rounding."""
    rows = [{key: row[key] for key in ("pool", "method", "driver", "driver_period")} | _flows(row, served, lines) | {
        "consumers": len(served.final[row["pool"]]), "note": row["note"]} for row in opened]
    return pd.DataFrame(rows, columns=["pool", "method", "driver", "driver_period", *FLOWS, "consumers", "note"])


def _flows(pool: dict, served: allocation.Served, lines: pd.DataFrame) -> dict[str, Decimal]:
    """What comes into the pool and where it goes; charged and held are the sums of their lines."""
    name, own, gross = pool["pool"], Fraction(pool["own"]), served.gross[pool["pool"]]
    outside = sum(served.final[name].values(), Fraction(0))
    passed = Fraction(0) if served.held[name] else gross * (1 - outside)
    exact = {"own": own, "received": gross - own, "passed": passed}
    booked = {kind: total(lines.loc[(lines["pool"] == name) & (lines["kind"] == kind), "amount"])
              for kind in ("shared", "residual")}
    return {flow: to_cents(_decimal(amount)) for flow, amount in exact.items()} | {
        "charged": booked["shared"], "held": booked["residual"]}


def _decimal(value: Fraction) -> Decimal:
    return Decimal(value.numerator) / Decimal(value.denominator)
