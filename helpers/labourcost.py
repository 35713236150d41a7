"""What do teams cost by application, without telling what anybody earns?  Groups under a set size are one, hours hidden.

    labour, coded ledger → team_costs → one row a team, application and activity: hours and cost
    labour, size → merged → cost centres whose pay follows the hours of all of them, for each has too few people
    labour, ledger, size → hidden → those, and staff whose number nobody knows: no page shows their ledger lines apart
    labour, CMDB → unknown → hours booked to applications that the CMDB does not have

Cost over hours is a rate; so a group that is too small to show its rate shows no hours, and stands with others like it.
"""

from decimal import Decimal

import numpy as np
import pandas as pd

from helpers import cells, checks, grid
from helpers.house import number
from helpers.money import ZERO, round_parts, sum_by, to_cents, total
from helpers.optional import needs_table

SMALL, UNBOOKED = "Teams not shown apart", "No hours booked"
HOURS_A_HEAD = 160  # a month; how many people hours stand for where the table does not count them
STAFF = ("Staffing", "Internal Labor", "External Labor")  # cost pools of people in v5 and v4
COLUMNS = ["team", "application", "activity", "hours", "amount"]


def merged(labour: pd.DataFrame | None, period: str, least: int) -> frozenset[str]:
    """Cost centres with fewer people than `least` in the month; with the next larger ones until they are as many together."""
    heads = sorted((count, centre) for centre, count in people(labour, period).items())
    few = [centre for count, centre in heads if count < least]
    while few and len(few) < len(heads) and sum(count for count, _ in heads[:len(few)]) < least:
        few.append(heads[len(few)][1])
    return frozenset(few)


def hidden(together: frozenset[str], labour: pd.DataFrame | None, coded: pd.DataFrame | None, period: str) -> frozenset[str]:
    """Those that are merged, and cost centres with staff cost and no hours: how many people they have is not known."""
    if coded is None:
        return together
    return together | (set(staff(coded, period)["cost_centre"]) - people(labour, period).keys())


def staff(coded: pd.DataFrame, period: str) -> pd.DataFrame:
    """The month's expense for people."""
    of_month = coded[(coded["fiscal_period"] == period) & (coded["kind"] == "expense")]
    return of_month[is_staff(of_month)]


def is_staff(lines: pd.DataFrame) -> np.ndarray:
    """Whether each ledger line pays people."""
    pools = [lines[name].isin(STAFF) for name in ("v4_cost_pool", "v5_cost_pool") if name in lines]
    return np.logical_or.reduce(pools) if pools else np.zeros(len(lines), dtype=bool)


def people(labour: pd.DataFrame | None, period: str) -> dict[str, int]:
    """How many people a cost centre has: the largest count of its rows where they have one, else as many as its hours fill."""
    if labour is None:
        return {}
    rows = labour[labour["period"] == period]
    found = {centre: int(hours // HOURS_A_HEAD) for centre, hours in sum_by(rows, ["cost_centre"], ["hours"]).itertuples(index=False)}
    counted = rows[rows["people"].notna()] if "people" in rows else rows.iloc[:0]
    return found | {centre: int(max(counts)) for centre, counts in counted.groupby("cost_centre")["people"]} if len(counted) else found


@needs_table
def team_costs(coded: pd.DataFrame, labour: pd.DataFrame | None, period: str, together: frozenset[str]) -> pd.DataFrame:
    """Staff cost by team, application and activity, in cents by hours; teams that are merged are one row an activity,
    without hours."""
    paid = sum_by(staff(coded, period), ["cost_centre"], ["amount"])
    worked = None if labour is None else labour[labour["period"] == period]
    rows: dict[tuple, list[Decimal | None]] = {}
    cents = round_parts(paid["amount"].tolist(), to_cents(total(paid["amount"])))
    for centre, amount in zip(paid["cost_centre"], cents, strict=True):
        mine = [] if worked is None else sum_by(worked[worked["cost_centre"] == centre], ["team", "application", "activity"], ["hours"]).to_dict("records")
        hours = [row["hours"] for row in mine]
        if not any(hours):
            rows.setdefault((UNBOOKED, "", ""), [None, ZERO])[1] += amount
            continue
        costs = cells.money(pd.Series(grid.parts(int(amount.scaleb(2)), np.array([float(part) for part in hours]))))
        for row, cost in zip(mine, costs, strict=True):
            few = centre in together
            told = rows.setdefault((SMALL, "", row["activity"]) if few else (row["team"], row["application"], row["activity"]), [None if few else ZERO, ZERO])
            told[0] = None if told[0] is None else told[0] + row["hours"]
            told[1] += cost
    return pd.DataFrame([(*key, *told) for key, told in sorted(rows.items())], columns=COLUMNS).astype({"hours": object})


def unknown(labour: pd.DataFrame | None, applications: pd.DataFrame | None, period: str, few: frozenset[str] = frozenset()) -> pd.DataFrame:
    """Hours of the month on applications that the CMDB does not have, by team and application; none told of teams in `few`."""
    columns = ["team", "cost_centre", "application", "hours"]
    if labour is None or applications is None:
        return pd.DataFrame(columns=columns)
    rows = labour[(labour["period"] == period) & ~labour["application"].isin(set(applications["application"]))]
    found = sum_by(rows, columns[:3], ["hours"])
    hidden = found["cost_centre"].isin(few)
    return found.assign(team=found["team"].where(~hidden, SMALL), hours=found["hours"].where(~hidden, None))


def check(strange: pd.DataFrame, lines: pd.DataFrame, table: pd.DataFrame | None, paid: Decimal) -> list[dict]:
    """Hours on unknown applications are a finding with what they cost; the teams' costs are the ledger's staff cost."""
    names = set(strange["application"])
    cost = cells.total(lines[(lines["method"] == "hours") & lines["application"].isin(names)])
    rows = [checks.noted("hours booked to applications the CMDB does not know", len(strange), "TBM office",
                         "; ".join(f"{row.application}: {'hours' if row.hours is None else f'{number(row.hours)} hours'} of {row.team}" for row in strange.head(5).itertuples()), cost)]
    return rows if table is None else [*rows, checks.same("teams' costs equal the ledger's staff cost", to_cents(paid), total(table["amount"]))]
