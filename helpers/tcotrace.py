"""Where does a part of the TCO come from?  The way back from a TCO line to charges, rules, drivers and ledger lines.

    month, TCO line → trace → steps in words        a charge goes on as helpers.trace tells it

Pay and hours of teams too small to be shown are told as one sum, without hours.
"""

from collections.abc import Collection, Mapping

import pandas as pd

from helpers import cells, labourcost, trace
from helpers.burden import usable
from helpers.cells import CHARGEBACK, CLASS, WAY
from helpers.house import number
from helpers.money import total

COLUMNS = trace.COLUMNS
KEYS = [*CLASS, *WAY, "application"]
MOST = 10  # ledger lines that are told one by one


def told(found: pd.DataFrame, applications: Collection[str]) -> dict[str, list[dict]]:
    """By application its TCO lines, the largest first, as `of` takes them."""
    sums = cells.summed(found[found["application"].isin(applications)], KEYS)
    ordered = sums.sort_values("amount", key=lambda amounts: -abs(amounts), kind="stable")
    return {name: rows.to_dict("records") for name, rows in ordered.groupby("application")}


def of(month, line: Mapping) -> pd.DataFrame:
    """The steps behind one TCO line (a row of tco_lines)."""
    where = " / ".join(filter(None, (line["cost_pool"], line["sub_pool"], line["tower"], line["sub_tower"])))
    first = ("TCO", line["application"] or line["residual"], f"{where}; {line['spending']}, {line['activity']}", line["amount"])
    if line["source"] == CHARGEBACK:
        steps = _charges(month, line)
    else:
        lines = _behind(month, line)
        steps = [*_rule(month, lines), *_driver(month, line, lines), *_ledger(month, lines)]
    return pd.DataFrame([first, *steps], columns=COLUMNS)


def _charges(month, line: Mapping) -> list[tuple]:
    """The charge lines it is part of, and the way back of the largest."""
    lines = month.charged.lines
    mine = lines[(lines["application"] == line["application"]) & (lines["pool"] == line["pool"]) & (lines["method"] == line["method"])]
    mine = mine[mine["tower"] == line["tower"]] if line["method"] == "direct" else mine
    if mine.empty:
        return []
    ordered = mine.sort_values("amount", key=lambda amounts: -abs(amounts), kind="stable")
    steps = [("charge", row["pool"] or f"{row['ProviderName']} {row['ServiceName']}", "charged line that it is part of", row["amount"])
             for row in ordered.head(5).to_dict("records")]
    return [*steps, *month.trace(ordered.iloc[0].to_dict()).iloc[1:].itertuples(index=False, name=None)]


def _behind(month, line: Mapping) -> pd.DataFrame:
    """The ledger lines of its class that no shared pool takes, with the rule of its method and driver that takes them."""
    told_by_hours, ruled = line["method"] == "hours", month.ruled
    hit = (ruled["going"] != "shared").to_numpy()
    for name in [*CLASS, "method", "driver"]:
        if not (name == "activity" and told_by_hours):
            hit = hit & (ruled[name] == line[name]).to_numpy()
    if line["method"] == "fixed":
        hit = hit & (ruled["consumer"] == line["application"]).to_numpy()
    lines = ruled[hit]
    if told_by_hours and line["application"]:
        feed = month.labour[(month.labour["period"] == month.period) & (month.labour["application"] == line["application"])]
        centres = set(feed["cost_centre"])
        lines = lines[lines["cost_centre"].isin(centres | (month.merged_teams if centres & month.merged_teams else set()))]
    return lines


def _rule(month, lines: pd.DataFrame) -> list[tuple]:
    """The rules that bring it here."""
    places = sorted({place for place in lines["rule"] if place >= 0})
    rows = month.tco_ordered.iloc[places].to_dict("records")
    return [("rule", f"TCO rule {row['priority']}: {row['method']} {row['driver']}".strip(), f"{row['reason']} ({row['owner']})", None) for row in rows]


def _driver(month, line: Mapping, lines: pd.DataFrame) -> list[tuple]:
    """What the application has of the driver, and the whole it is taken over."""
    if line["method"] == "hours" and month.labour is not None:
        steps, hidden = [], month.small_teams
        feed = month.labour[month.labour["period"] == month.period]
        for centre in sorted(set(lines["cost_centre"])):
            rows = feed[feed["cost_centre"] == centre]
            mine = rows[(rows["application"] == line["application"]) & (rows["activity"] == line["activity"])]
            if centre in hidden:
                steps.append(("driver", labourcost.SMALL, "hours are not shown: too few people", None))
            elif len(mine):
                steps.append(("driver", f"hours of {mine['team'].iloc[0]}",
                              f"{number(total(mine['hours']))} of {number(total(rows['hours']))} hours", None))
        return list(dict.fromkeys(steps))
    if line["method"] == "usage" and month.drivers is not None:
        feed = month.drivers[(month.drivers["driver"] == line["driver"]) & (month.drivers["period"] == month.period)]
        mine = feed[feed["consumer"] == line["application"]]
        held = month.of_month("capacity")
        able = usable(held[held["driver"] == line["driver"]]) if held is not None else 0
        whole = max(total(feed["quantity"]), able)
        beside = ", what can be used" if able > total(feed["quantity"]) else ""
        return [("driver", f"{line['driver']} of {row.consumer}", f"{number(row.quantity)} {row.unit} of {number(whole)}{beside}", None)
                for row in mine.itertuples()]
    words = {"even": "the same for every application that takes part", "assets": f"assets of kind {line['driver']} in use",
             "fixed": "all of it, by rule"}
    return [("driver", line["method"], words[line["method"]], None)] if line["method"] in words else []


def _ledger(month, lines: pd.DataFrame) -> list[tuple]:
    """The ledger lines in it, largest first.

    Where small teams are among those paid, all lines of pay are one; where there are only such, its amount is not told.
    """
    staff = lines["cost_pool"].isin(labourcost.STAFF)
    few = staff & lines["cost_centre"].isin(month.small_teams)
    paid = staff if few.any() else few
    shown = lines[~paid].sort_values("amount", key=lambda amounts: -abs(amounts), kind="stable")
    steps = [("ledger", f"line {row['line_id']}", trace.ledger_words(row), row["amount"]) for row in shown.head(MOST).to_dict("records")]
    if len(shown) > MOST:
        steps.append(("ledger", f"other ({len(shown) - MOST})", "", total(shown["amount"].iloc[MOST:])))
    if paid.any():
        only = (few == staff).all()
        steps.append(("ledger", labourcost.SMALL if only else "pay of all teams, small ones among them", f"{int(paid.sum())} lines of pay, as one",
                      None if only else total(lines.loc[paid, "amount"])))
    return steps
