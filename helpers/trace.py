"""Where does a charge come from?  The whole way back from a charge line to bills and books.

    month, charge line → trace → steps in words: charge, rule, driver, pool, pools before it, bills, ledger
    month → sources → one row an amount behind direct cost and pools: bill, account, invoice, rule, ledger lines

The sources of a line are those of its pool, of which it carries its share, or of its owner and application.
"""

from collections.abc import Mapping
from numbers import Number

import pandas as pd

from helpers import checks, labourcost, ledger, pools
from helpers.house import number, percent
from helpers.mapping import rows_of
from helpers.money import sum_by, total

COLUMNS = ["step", "what", "detail", "amount"]
SOURCE_KEYS = ["kind", "pool", "owner", "application", "owner_by", "ProviderName", "ServiceName", "tower", "account", "InvoiceId",
               "billing_period", "rule_id", "bucket", "ledger_lines"]
MOST = 25  # rows of one step that are told one by one; the rest is one row


def sources(month) -> pd.DataFrame:
    """What is behind direct cost and each pool: cloud lines by account, invoice and rule; ledger lines; bridge lines."""
    lines = month.placed.assign(account=_accounts(month.placed))
    numbers = _ledger_numbers(month.coded, month.period)
    keys = zip(lines["ProviderName"], lines["InvoiceId"], strict=True)
    lines["ledger_lines"] = [numbers.get(key) or numbers.get((key[0], ""), "") for key in keys]
    found = [_summed(lines)]
    if month.coded is not None and month.pool_sources is not None:
        taken = pools.assign_ledger(month.coded, month.pool_sources, month.period)
        taken = taken[taken["going"] == "shared"].assign(kind="shared", ledger_lines=lambda rows: rows["line_id"], line_count=1)
        paid = taken["line_id"].isin(labourcost.staff(taken, month.period)["line_id"]) & taken["cost_centre"].isin(month.small_teams)
        taken = taken.assign(ledger_lines=taken["ledger_lines"].where(~paid, labourcost.SMALL))  # nobody's pay by itself
        found.append(_summed(taken))
    return pd.concat(found, ignore_index=True)


def _summed(lines: pd.DataFrame) -> pd.DataFrame:
    known = lines.reindex(columns=[*SOURCE_KEYS, "amount", "line_count"])
    counts = [int(count) if isinstance(count, Number) and count == count else 0 for count in known["line_count"].tolist()]
    known = known.assign(**known[SOURCE_KEYS].astype("str").fillna(""), line_count=pd.Series(counts, index=known.index, dtype=object))
    sums = sum_by(known, SOURCE_KEYS, ["amount", "line_count"])
    return sums.assign(line_count=[int(count) for count in sums["line_count"]])


def trace(month, line: Mapping) -> pd.DataFrame:
    """The steps behind one charge line (a row of chargeback_lines), in words; amounts of a pool are the pool's."""
    line = dict(line)
    if line["kind"] == "direct":
        steps = [("charge", line["owner"], _found_by(line), line["amount"])]
        behind = _of_line(month.sources, line)
    else:
        steps = [("charge", line["owner"] or "nobody", _share(line), line["amount"]), *_rule(month, line), *_driver(month, line),
                 *_pool(month, line["pool"])]
        behind = month.sources[month.sources["pool"] == line["pool"]]
    return pd.DataFrame([*steps, *_bills(behind), *_books(behind, month.coded)], columns=COLUMNS)


def _accounts(lines: pd.DataFrame) -> pd.Series:
    """The account's name, or its number where it has no name."""
    if "SubAccountName" not in lines or "SubAccountId" not in lines:
        return pd.Series("", index=lines.index)
    return lines["SubAccountName"].where(lines["SubAccountName"] != "", lines["SubAccountId"])


def _ledger_numbers(coded: pd.DataFrame | None, period: str) -> dict[tuple[str, str], str]:
    """The month's ledger lines by provider and invoice; under "" those of the provider."""
    if coded is None:
        return {}
    cloud = coded[coded["use"].isin(ledger.CLOUD_USES) & coded["kind"].eq("expense") & coded["fiscal_period"].eq(period)]
    found: dict[tuple[str, str], list[str]] = {}
    for provider, invoice, name in rows_of(cloud, ["ProviderName", "invoice_id", "line_id"]):
        for key in {(provider, invoice), (provider, "")}:
            found.setdefault(key, []).append(name)
    return {key: _some(sorted(names)) for key, names in found.items()}


def _some(names: list[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")


def _found_by(line: Mapping) -> str:
    by = {"CMDB": "the CMDB names the owner of the application", "tag": "the resource's tag names the owner",
          "decision": "the two teams decided the owner"}.get(line["owner_by"], f"the {line['owner_by'] or 'application'} names the owner")
    return f"directly owned through {line['application'] or 'no application'}: {by}; no rule moves it"


def _share(line: Mapping) -> str:
    share = "" if pd.isna(line["share"]) else f"{percent(line['share'])} of {line['pool']}"
    return f"{line['application'] or 'no application'}: {share or line['pool']}" + (f"; {line['method']}" if line["kind"] == "residual" else "")


def _rule(month, line: Mapping) -> list[tuple]:
    rules = month.allocation_rules
    mine = [] if rules is None else [row for row in rules[rules["pool"] == line["pool"]].to_dict("records")
                                     if (row["valid_from"] or month.period) <= month.period <= (row["valid_to"] or month.period)]
    mine = [row for row in mine if row["method"] != "fixed" or row["consumer"] == line["application"]]
    return [("rule", f"{row['pool']}: {row['method']} {row['driver']}".strip(), f"{row['reason']} ({row['owner']})", None) for row in mine]


def _driver(month, line: Mapping) -> list[tuple]:
    """The feed's rows of the consumer, and the whole they are taken over."""
    if line["driver"] == "" or month.drivers is None:
        return []
    feed = month.drivers[month.drivers["driver"].eq(line["driver"]) & month.drivers["period"].eq(line["driver_period"])]
    rules = pools.in_force(month.allocation_rules, month.period)
    mine = rules[rules["pool"].eq(line["pool"]) & rules["driver"].eq(line["driver"])].to_dict("records")
    part = {name for rule in mine for name in pools.taking_part(rule, dict.fromkeys(feed["consumer"], 1))}
    whole = total(feed.loc[feed["consumer"].isin(part), "quantity"])
    own = feed[feed["consumer"].str.casefold() == line["application"].casefold()]
    return [("driver", f"{row.driver} of {row.consumer} in {row.period}",
             f"{number(row.quantity)} {row.unit} of {number(whole)}", None) for row in own.itertuples()]


def _pool(month, name: str) -> list[tuple]:
    """The pool's own cost, and what it received from each other pool."""
    rows = month.charged.pools[month.charged.pools["pool"] == name]
    steps = [("pool", f"{name}: its own cost", f"of {number(row.own + row.received)} in all", row.own) for row in rows.itertuples()]
    given = month.charged.flows[month.charged.flows["to_pool"] == name]
    return steps + [("pool", f"{name}: received from {row.pool}", "a pool that serves it", row.amount) for row in given.itertuples()]


def _of_line(found: pd.DataFrame, line: Mapping) -> pd.DataFrame:
    keys = ["owner", "application", "owner_by", "ProviderName", "ServiceName", "tower"]
    mine = found["kind"] == "direct"
    for name in keys:
        mine &= found[name] == line[name]
    return found[mine]


def _bills(behind: pd.DataFrame) -> list[tuple]:
    """Lines of bills, the largest first."""
    billed = behind[(behind["billing_period"] != "") | (behind["bucket"] != "")]
    ordered = billed.sort_values("amount", key=lambda amounts: -abs(amounts), kind="stable").to_dict("records")
    steps = []
    for row in ordered[:MOST]:
        what = f"bridge: {row['bucket']}" if row["bucket"] else f"{row['ProviderName']} bill of {row['billing_period']}"
        told = [row["ServiceName"], f"account {row['account']}" if row["account"] else "", f"invoice {row['InvoiceId']}" if row["InvoiceId"] else "",
                f"rule {row['rule_id']}" if row["rule_id"] else "", f"{int(row['line_count'])} lines" if row["line_count"] else ""]
        steps.append(("bill", what, ", ".join(filter(None, told)), row["amount"]))
    if rest := ordered[MOST:]:
        steps.append(("bill", f"other ({len(rest)})", "", total(row["amount"] for row in rest)))
    return steps


def _books(behind: pd.DataFrame, coded: pd.DataFrame | None) -> list[tuple]:
    """Ledger lines that book it; lines of the ledger itself with their own amount."""
    if coded is None:
        return []
    own = behind[(behind["billing_period"] == "") & (behind["bucket"] == "")]
    rows = coded.set_index("line_id")
    steps = [("ledger", labourcost.SMALL, "lines of pay, as one", amount) if name == labourcost.SMALL else
             ("ledger", f"line {name}", _words_of(rows.loc[name]), amount)
             for name, amount in zip(own["ledger_lines"], own["amount"], strict=True)][:MOST]
    groups = sum_by(behind.drop(own.index)[["ProviderName", "InvoiceId", "ledger_lines", "amount"]],
                    ["ProviderName", "InvoiceId", "ledger_lines"], ["amount"])
    return steps + [("ledger", f"{row.ProviderName} {row.InvoiceId}".strip(), f"booked by lines {row.ledger_lines}", row.amount)
                    for row in groups.itertuples() if row.ledger_lines]


def _words_of(row) -> str:
    return ledger_words(row.iloc[0] if isinstance(row, pd.DataFrame) else row)


def ledger_words(row: Mapping) -> str:
    """Account, cost centre, vendor and text of a ledger line."""
    named = [f"account {row['account']}", f"cost centre {row['cost_centre']}" if row["cost_centre"] else "", row["vendor"]]
    return f"{', '.join(filter(None, named))}: {row['text']}"


def check(found: pd.DataFrame, items: pd.DataFrame) -> dict:
    """The sources add up to all there is to charge, exactly."""
    return checks.same("the trace reaches all there is to charge", total(items["amount"]), total(found["amount"]))
