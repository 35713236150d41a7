"""Does each layer of the TBM model hold the whole of the ledger?  Cost pools, towers, applications, business units.

    TCO lines → layers → one row a layer: its whole, what it places, what falls out and under which names
    TCO lines → pools, towers, services → one row a name with OpEx, CapEx, run, build
    TCO lines → flows → bands of the picture, from cost pool over tower to business unit

All layers are sums of the same lines, so their wholes are equal; the control total is the ledger's own.
"""

from collections.abc import Sequence
from decimal import Decimal

import pandas as pd

from helpers import cells, charts_flow, checks
from helpers.cells import BOTH, BUILD, CAPEX, CLOUD, LEDGER, OPEX, PREMISES, RUN, summed
from helpers.house import number
from helpers.money import ZERO, ratio, total
from helpers.optional import needs_table
from helpers.taxonomy import UNALLOCATED, UNMAPPED

NO_POOL, NO_TOWER, NO_APPLICATION, NO_UNIT = "(no cost pool)", "(no tower)", "(no application)", "(no business unit)"
LAYERS = (("cost pools", "cost_pool", NO_POOL), ("towers", "tower", NO_TOWER), ("applications", "application", NO_APPLICATION),
          ("business units", "business_unit", NO_UNIT))
NO_TOWERS = ("", UNALLOCATED, UNMAPPED)
CHARGED = "Chargeback"
MOST = 12  # names of a layer in the picture; the rest is one band


@needs_table
def layers(lines: pd.DataFrame) -> pd.DataFrame:
    """One row a layer: the whole, what is placed, what falls out in money and share, and its largest parts by name."""
    whole, rows = cells.total(lines), []
    for layer, column, _ in LAYERS:
        out = lines[fallen(lines, column)]
        lost = cells.total(out)
        names = summed(out.assign(name=_why(out, column)), ["name"])
        names = names.sort_values("amount", key=lambda amounts: -abs(amounts), kind="stable").head(3)
        rows.append((layer, whole, whole - lost, lost, ratio(lost, whole), "; ".join(f"{row.name} {number(row.amount)}" for row in names.itertuples(index=False))))
    return pd.DataFrame(rows, columns=["layer", "whole", "placed", "fallout", "fallout_share", "largest"])


def fallen(lines: pd.DataFrame, column: str) -> pd.Series:
    """Whether each line has no name in the layer."""
    return lines[column].isin(NO_TOWERS) if column == "tower" else lines[column].eq("")


def _why(lines: pd.DataFrame, column: str) -> pd.Series:
    """What a line without a name of the layer is known by."""
    by = {"cost_pool": "residual", "tower": "cost_pool", "application": "residual", "business_unit": "application"}[column]
    named = lines[by].astype("str")
    return named.where(named != "", lines["residual"].astype("str")).replace("", "(unnamed)")


@needs_table
def by_class(lines: pd.DataFrame, *columns: str) -> pd.DataFrame:
    """One row a name (of the columns) with the amount and its parts: OpEx and CapEx, run and build."""
    found = _beside(summed(lines, columns), lines, columns, "spending", (OPEX, CAPEX))
    return _beside(found, lines, columns, "activity", (RUN, BUILD))


@needs_table
def by_application(lines: pd.DataFrame) -> pd.DataFrame:
    """One row an application: what it is charged, what each cost pool of the ledger adds, its TCO."""
    return by_part(parts(lines))


def by_part(sums: pd.DataFrame) -> pd.DataFrame:
    """The same from `parts`, of one month or of several."""
    table = sums.pivot_table(index="application", columns="part", values="cents", aggfunc="sum", fill_value=0)
    names = [CHARGED, *sorted(name for name in table.columns if name != CHARGED)]
    table = table.reindex(columns=names, fill_value=0).astype("int64")
    table["TCO"] = table.sum(axis=1)
    return table.apply(cells.money).reset_index().rename_axis(columns=None)


def parts(lines: pd.DataFrame) -> pd.DataFrame:
    """One row an application and `part` with its cents: chargeback, or the cost pool of the ledger that adds to it."""
    owned = lines[lines["application"] != ""]
    sums = owned.groupby(["application", "source", "cost_pool"], observed=True)["cents"].sum().reset_index()
    sums = sums.astype({"application": "str", "cost_pool": "str"})
    told = sums.assign(part=sums["cost_pool"].where(sums["source"] == LEDGER, CHARGED))
    return told.groupby(["application", "part"])["cents"].sum().reset_index()


@needs_table
def by_hosting(lines: pd.DataFrame, *columns: str) -> pd.DataFrame:
    """One row a name (of the columns) with what runs in the cloud, what on premises, and what serves both."""
    return _beside(summed(lines, columns), lines, columns, "hosting", (CLOUD, PREMISES, BOTH))


def named(table: pd.DataFrame) -> pd.DataFrame:
    """The table with what has no name of a layer under the name for that."""
    return table.assign(**{column: table[column].replace("", blank) for _, column, blank in LAYERS if column in table})


def _beside(found: pd.DataFrame, lines: pd.DataFrame, columns: Sequence[str], by: str, names: Sequence[str]) -> pd.DataFrame:
    """The table with a column a name: the amount of the lines that have it in `by`."""
    for name in names:
        part = summed(lines[lines[by] == name], columns, name)
        found = found.merge(part, on=list(columns), how="left")
        found[name] = found[name].astype(object).where(found[name].notna(), ZERO)
    return found


@needs_table
def pools(lines: pd.DataFrame, coded: pd.DataFrame, version: str, period: str) -> pd.DataFrame:
    """Cost pools and sub-pools, beside them what the ledger's accounts say: the same but for the clouds, which bills tell apart."""
    found = by_class(lines, "cost_pool", "sub_pool")
    booked = coded[(coded["fiscal_period"] == period) & (coded["kind"] == "expense")]
    keys = [f"{version}_cost_pool", f"{version}_sub_pool"]
    sums = {tuple(key): amount for *key, amount in zip(*(booked.groupby(keys)["amount"].agg(total).reset_index()[name]
                                                        for name in [*keys, "amount"]), strict=True)}
    known = list(zip(found["cost_pool"], found["sub_pool"], strict=True))
    more = [key for key in sums if key not in known and sums[key]]
    extra = pd.DataFrame([(*key, *[ZERO] * (found.shape[1] - 2)) for key in more], columns=found.columns)
    found = pd.concat([found, extra], ignore_index=True) if more else found
    return found.assign(by_account=[sums.get(key, ZERO) for key in [*known, *more]])


@needs_table
def flows(lines: pd.DataFrame) -> pd.DataFrame:
    """The bands of the picture: layer, from, to, amount; small names are one, and what has no name stays in view."""
    told = {column: _folded(lines, column, blank) for _, column, blank in LAYERS if column != "application"}
    frame = pd.DataFrame(told | {"cents": lines["cents"]})
    parts = []
    for place, (first, then) in enumerate((("cost_pool", "tower"), ("tower", "business_unit"))):
        sums = summed(frame, [first, then]).set_axis(["from", "to", "amount"], axis=1)
        parts.append(sums.assign(layer=place))
    return pd.concat(parts, ignore_index=True)[["layer", "from", "to", "amount"]]


def _folded(lines: pd.DataFrame, column: str, blank: str) -> pd.Series:
    """Names of the layer, the largest as they are."""
    names = lines[column].astype("str").where(~fallen(lines, column), blank)
    sums = lines["cents"].groupby(names.to_numpy()).sum().abs().sort_values(ascending=False, kind="stable")
    kept = set(sums.index[:MOST] if len(sums) <= MOST else sums.index[:MOST - 1]) | {blank}
    return names.where(names.isin(kept), f"other ({len(set(sums.index) - kept)})")


def check(lines: pd.DataFrame, coded: pd.DataFrame, control: Decimal, table: pd.DataFrame, version: str) -> list[dict]:
    """Each layer holds the ledger's control total; cost pools that only the ledger books equal their accounts; a finding
    for cost whose account names no pool."""
    cloud = {name or NO_POOL for name in coded.loc[coded["use"] != "other", f"{version}_cost_pool"]}
    cloud |= {name or NO_POOL for name in lines.loc[lines["source"] != LEDGER, "cost_pool"].astype("str")}
    apart = [f"{row.cost_pool}/{row.sub_pool} {row.amount - row.by_account}" for row in table.itertuples()
             if row.amount != row.by_account and row.cost_pool not in cloud]
    wholes = {layer: total(summed(lines, [column])["amount"]) for layer, column, _ in LAYERS}
    rows = [checks.same(f"layer of {layer} equals the ledger's control total", control, whole) for layer, whole in wholes.items()]
    return [*rows, checks.holds("cost pools equal the ledger's accounts", not apart, "; ".join(apart[:5])),
            _unplaced(lines, coded, version)]


def _unplaced(lines: pd.DataFrame, coded: pd.DataFrame, version: str) -> dict:
    """A finding for ledger cost without a cost pool: how much, and which accounts name none."""
    left = lines[lines["cost_pool"].astype("str").eq("") & lines["source"].eq(LEDGER)]
    used = coded[coded["kind"].eq("expense") & coded[f"{version}_cost_pool"].eq("")]
    names = sorted(set(used["account"])) if len(left) else []
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    note = f"fill {version}_cost_pool in inputs.accounts for {', '.join(names[:5])}{more}" if names else ""
    return checks.noted("ledger cost without a cost pool", len(names), "TBM office", note,
                        total(summed(left, ["cost_pool"])["amount"]))


def check_flows(table: pd.DataFrame, control: Decimal) -> dict:
    """What the picture of flows draws, and names as not drawn, is the control total in each layer."""
    worst = max(charts_flow.wholes(table), key=lambda whole: abs(whole - control), default=ZERO)
    return checks.same("flows drawn and flows named as not drawn hold the ledger's control total", control, worst,
                       "the layer furthest from it; a flow below zero has no width")
