"""Who is charged what, and why?  Charge lines as an owner, an accountant and a controller ask for them.

    Charged → summary, by_application, shares, residuals, disputes   the page's tables
    Charged, tied → check                                           nothing lost, direct cost where it was
"""

from decimal import Decimal

import pandas as pd

from helpers import amendments, changes, checks, disputes, journal, owners, shared, trace
from helpers.bridge import cloud_expense
from helpers.charges import Charged
from helpers.costs import ITEM, locked, receivers
from helpers.house import number, percent
from helpers.mapping import rows_of
from helpers.money import CENT, ZERO, ratio, sum_by, to_cents, total

NO_APPLICATION = "(no application)"


def verdict(lines: pd.DataFrame, period: str, currency: str, tied: bool) -> str:
    """The page's answer: what was charged, to how many, and what stays with nobody."""
    sums = {kind: total(lines.loc[lines["kind"] == kind, "amount"]) for kind in ("direct", "shared", "residual")}
    whole = total(sums.values())
    charged = sums["direct"] + sums["shared"]
    basis = f"the ledger of {period}" if tied else f"usage of {period}, not tied to the ledger"
    owners = len(set(lines.loc[lines["kind"] != "residual", "owner"]))
    return (f"{number(charged)} {currency} of {number(whole)} ({percent(ratio(charged, whole))}) from {basis} goes to "
            f"{owners} owners: {number(sums['direct'])} directly and {number(sums['shared'])} through shared pools; "
            f"{number(sums['residual'])} stays with nobody, by name.")


def basis_note(params, tied: bool, cmdb: bool) -> str:
    """What the amounts on the page are: basis, currency, showback or chargeback, tied or not, and who receives."""
    receiver = ("the receiver is the CMDB's service owner" if cmdb and params.receiver == "cmdb" else
                "the receiver is the owner in the tag" if cmdb else
                "without a CMDB the receiver is the owner in the tag, else the application")
    tie = "tied to the general ledger" if tied else "not tied to the ledger"
    return (f"{params.mode.capitalize()} of {params.period} in {params.currency}, {params.cost_basis} cost, {tie}; "
            f"{receiver}.")


def picture(lines: pd.DataFrame, params) -> dict[str, str]:
    """Title, subtitle and alternative text of the picture of owners."""
    paid = summary(lines).sort_values("amount", ascending=False, kind="stable")
    whole = total(paid["amount"])
    top = paid.head(3)
    said = ", ".join(f"{row.owner} {number(row.amount)}" for row in paid.head(5).itertuples())
    share = percent(ratio(total(top["amount"]), whole))
    return {"title": f"{len(top)} of {len(paid)} owners carry {share} of what is charged",
            "subtitle": f"{params.cost_basis.capitalize()} cost charged, {params.currency}, "
                        f"ledger month {params.period}",
            "alt": f"Bars by owner, largest first: {said}."}


def summary(lines: pd.DataFrame) -> pd.DataFrame:
    """One row a receiver (owner and cost centre) with direct, shared and total amounts; residuals are not in it."""
    charged = lines[lines["kind"] != "residual"]
    table = charged.assign(direct=charged["amount"].where(charged["kind"] == "direct", ZERO),
                           shared=charged["amount"].where(charged["kind"] == "shared", ZERO))
    return sum_by(table, ["owner", "cost_centre"], ["direct", "shared", "amount"])


def by_application(lines: pd.DataFrame) -> pd.DataFrame:
    """One row an application and owner: the amount charged, its direct part, and each shared pool's."""
    own = {name: f"{name} (pool)" for name in ("application", "owner", "direct", "amount", "basis", "currency")}
    charged = lines[lines["kind"] != "residual"].assign(
        column=lambda rows: rows["pool"].replace(own).where(rows["kind"] == "shared", "direct"),
        application=lambda rows: rows["application"].where(rows["application"] != "", NO_APPLICATION))
    table = charged.pivot_table(index=["application", "owner"], columns="column", values="amount", aggfunc=total,
                                fill_value=ZERO)
    names = ["direct", *[name for name in table.columns if name != "direct"]]
    table = table.reindex(columns=names, fill_value=ZERO)
    table.insert(0, "amount", table.apply(total, axis=1))
    return table.reset_index().rename_axis(columns=None)


def shares(lines: pd.DataFrame) -> pd.DataFrame:
    """One row a shared charge: pool, application, method, driver, quantity, share and amount."""
    charged = lines[lines["kind"] == "shared"].sort_values(["pool", "application"], kind="stable")
    return charged[["pool", "application", "method", "driver", "driver_period", "quantity", "share", "amount"]]


def by_owner(changed: pd.DataFrame | None) -> pd.DataFrame | None:
    """One row an owner: what it paid then and now, and the reasons that anything is in."""
    if changed is None:
        return None
    sums = sum_by(changed, ["owner"], ["then", "now", "change", *changes.REASONS])
    return sums[[name for name in sums if name not in changes.REASONS or any(sums[name])]]


def intercompany(coded: pd.DataFrame | None, period: str) -> pd.DataFrame | None:
    """The month's ledger lines between companies, by account: no cost, and never charged."""
    if coded is None:
        return None
    lines = coded[(coded["fiscal_period"] == period) & (coded["kind"] == "intercompany")]
    return sum_by(lines, ["account", "text"] if "text" in lines else ["account"], ["amount"])


def documents(postings: pd.DataFrame) -> pd.DataFrame:
    """One row a document of the journal: company, month, lines, debits and credits."""
    if postings.empty:
        return postings[["document", "company", "of_month", "debit", "credit"]]
    sums = sum_by(postings, ["document", "company", "of_month", "currency"], ["debit", "credit"])
    return sums.assign(lines=postings.groupby("document").size().reindex(sums["document"]).to_numpy())


def unposted(held: pd.DataFrame) -> pd.DataFrame:
    """What is not posted, one row a reason, month, receiver and pool."""
    return sum_by(held, ["reason", "of_month", "owner", "cost_centre", "application", "pool"], ["amount"])


def residuals(lines: pd.DataFrame) -> pd.DataFrame:
    """What nobody is charged, by name."""
    return sum_by(lines[lines["kind"] == "residual"], ["pool", "method"], ["amount"])


def tables(month, told: pd.DataFrame | None = None, causes: pd.DataFrame | None = None) -> dict[str, pd.DataFrame]:
    """The tables behind the page, by name; told: the list of statements; causes: what true-ups are put to."""
    lines = month.charged.lines
    found = {"scope": scope(month.charged.items, month.coded, month.tied, month.period),
             "lines": _stated(lines.drop(columns="exact"), month.params), "owners": _stated(summary(lines), month.params),
             "applications": _stated(by_application(lines), month.params),
             "pools": month.charged.pools, "flows": month.charged.flows, "residuals": residuals(lines),
             "disputes": month.disputes, "units": shared.units(lines, month.org), "methods": month.ways,
             "changes": month.changed, "year": month.year, "statements": told,
             "sources": month.sources, "journal": month.posted.postings,
             "journal_file": journal_file(month), "journal_held": month.unposted, "closed_months": closed_months(month),
             "trueup": month.trueup, "trueup_causes": causes, "trueup_journal": month.posted_trueup.postings}
    return {name: table for name, table in found.items() if table is not None}


def journal_file(month) -> pd.DataFrame:
    """The journal in the ERP's columns; of a closed month the file that it was closed with."""
    was = month.as_closed("chargeback_journal_file")
    return journal.file(month.posted.postings, month.journal_columns) if was is None else was


def closed_months(month) -> pd.DataFrame | None:
    """Closed months before this one, and whether what differs of them is posted; None where there are none."""
    if month.is_closed:
        return month.as_closed("chargeback_closed_months")
    return amendments.table(month.amended) if month.amended else None


def trueup_causes(causes: pd.DataFrame) -> pd.DataFrame:
    """By closed month and cause how much is charged otherwise, and to whom."""
    told = causes.assign(who=[owner or pool or "(nobody)" for owner, pool in rows_of(causes, ["owner", "pool"])])
    return sum_by(told, ["of_month", "number", "cause", "who"], ["amount"])[["cause", "who", "amount", "of_month"]]


def _stated(table: pd.DataFrame, params) -> pd.DataFrame:
    """The table with what its amounts are on every row."""
    return table.assign(basis=params.cost_basis, currency=params.currency)


def check(month) -> pd.DataFrame:
    """The checks of the step, as a table."""
    tied = month.coded is not None
    control = total(scope(month.charged.items, month.coded, month.tied, month.period)["amount"])
    rows = check_charge(month.charged, month.tied, month.applications, control,
                        "the cost to charge" if tied else "usage (not tied to a ledger)")
    known = disputes.known_owners((month.applications, "service_owner"), (month.org, "owner"))
    over = owners.budgeted(month.year)
    rows += [*shared.check(month), *disputes.check(month.disputes, month.decisions, known),
             checks.finding("owners above their budget of the year so far", over, "TBM office", "see tables/chargeback_year.csv")]
    rows.append(trace.check(month.sources, month.charged.items))
    rows += amendments.check(amendments.table(month.amended))
    return checks.collect(*rows, *journal.check(month.posted, month.journalled, month.posted_trueup, month.trueup))


def scope(items: pd.DataFrame, coded: pd.DataFrame | None, tied: pd.DataFrame, period: str) -> pd.DataFrame:
    """What the cost to charge is made of: the clouds, then each shared pool's lines from the ledger."""
    if coded is None:
        usage = f"cloud usage of {period}, not tied to a ledger"
        return pd.DataFrame([{"part": usage, "amount": total(tied["amount"])}])
    taken = sum_by(items[items["source"] == "ledger"], ["pool"], ["amount"])
    rows = [{"part": "cloud expense in the ledger", "amount": cloud_expense(coded, period)}]
    rows += [{"part": f"ledger lines of {row.pool}", "amount": row.amount} for row in taken.itertuples()]
    return pd.DataFrame(rows)


def check_charge(charged: Charged, tied: pd.DataFrame, applications: pd.DataFrame | None, control: Decimal,
                 control_name: str) -> list[dict]:
    """Checks that nothing is lost, that direct cost is where it was, and what stays with nobody."""
    lines = charged.lines
    own = lines.loc[lines["exact"].notna(), ["owner", "pool", "exact", "amount"]]
    moved = own[(own["exact"] - own["amount"]).abs() >= CENT]
    far = [f"{row.owner or row.pool} {row.amount}" for row in moved.itertuples()]
    rows = [
        checks.same(f"charged and residual equal {control_name}", to_cents(control), total(lines["amount"])),
        checks.holds("no charge was rounded by a cent or more", not far, ", ".join(far)),
        _check_lock(lines, tied, applications),
    ]
    left = residuals(lines)
    items = left["pool"].str.startswith(ITEM)
    rows += [checks.finding(f"not charged: {row.pool}", row.amount, "FinOps and TBM office", row.method)
             for row in left[~items].itertuples()]
    names = ", ".join(name.removeprefix(ITEM) for name in left.loc[items, "pool"])
    return [*rows, checks.finding("bridge items charged to nobody", total(left.loc[items, "amount"]),
                                  "FinOps and TBM office", names)]


def _check_lock(lines: pd.DataFrame, tied: pd.DataFrame, applications: pd.DataFrame | None) -> dict:
    """Directly owned cost per owner and application, from the ledger-tied lines, against the charge lines."""
    keys = ["owner", "application"]
    usage = tied.loc[tied["source"] == "usage", [*keys, "owner_by", "amount"]]
    usage = usage.assign(owner=receivers(usage, applications))
    charged = lines.loc[lines["kind"] == "direct", [*keys, "owner_by", "exact"]]
    before, after = (sum_by(rows[locked(rows, applications)], keys, [amount]).set_index(keys)[amount].to_dict()
                     for rows, amount in ((usage, "amount"), (charged, "exact")))
    moved = [key for key in sorted(before.keys() | after.keys()) if before.get(key, ZERO) != after.get(key, ZERO)]
    name = "directly owned cost stayed with its owners"
    if moved:
        return checks.holds(name, False, f"moved: {', '.join('/'.join(key) for key in moved)}")
    return checks.same(name, total(before.values()), total(after.values()),
                       f"{len(before)} owners and applications compared one by one")
