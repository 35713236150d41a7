"""What is left of commitments paid in advance?  Opening + purchases − amortisation = closing, by commitment.

    booked lines → roll_forward → table      a row a commitment of providers whose commitments are prepaid
    roll_forward, ledger → against → table   a row a provider: balance by the bills, balance of the prepaid account
    booked lines → unused → table            what was paid for and not used in the month, with who answers for it

Amounts are in the report's currency.  A commitment bought before the first bill has no balance that bills can tell.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from helpers import checks
from helpers.house import number
from helpers.ledger import prepaid_providers
from helpers.money import ZERO, sum_by, to_cents, total

KEYS = ["ProviderName", "CommitmentDiscountId"]
COLUMNS = [*KEYS, "opening", "purchases", "amortised", "of_it_unused", "closing", "first_bought", "note"]
BEFORE = "bought before the first bill: its balance is not known"


def roll_forward(booked: pd.DataFrame, providers: Mapping, period: str) -> pd.DataFrame:
    """One row a commitment, by the ledger months that book the bills, up to the period."""
    lines = booked[booked["CommitmentDiscountId"].ne("") & booked["ProviderName"].isin(prepaid_providers(providers))
                   & (booked["ledger_period"] <= period)]
    bought = lines["ChargeCategory"].eq("Purchase")
    unused = lines["CommitmentDiscountStatus"].eq("Unused") & ~bought
    now = lines["ledger_period"].eq(period)
    move = [billed if buys else -effective for billed, effective, buys
            in zip(lines["billed"], lines["effective"], bought, strict=True)]
    split = lines.assign(opening=np.where(now, ZERO, move), purchases=lines["billed"].where(bought & now, ZERO),
                         amortised=lines["effective"].where(~bought & now, ZERO),
                         of_it_unused=lines["effective"].where(unused & now, ZERO))
    table = sum_by(split, KEYS, ["opening", "purchases", "amortised", "of_it_unused"])
    first = lines[bought].groupby(KEYS)["ledger_period"].min().to_dict()
    found = [first.get(key, "") for key in table[KEYS].itertuples(index=False, name=None)]
    closing = [opening + purchase - used for opening, purchase, used
               in zip(table["opening"], table["purchases"], table["amortised"], strict=True)]
    return table.assign(closing=closing, first_bought=found, note=["" if month else BEFORE for month in found])[COLUMNS]


def against(table: pd.DataFrame, coded: pd.DataFrame | None, providers: Mapping, period: str) -> pd.DataFrame:
    """One row a provider: closing balance by the bills, that of the ledger's prepaid accounts, and the difference."""
    columns = ["ProviderName", "by_bills", "ledger_opening", "ledger_added", "ledger_released", "ledger_closing", "difference"]
    if coded is None:
        return pd.DataFrame(columns=columns)
    held = coded[coded["kind"].eq("prepaid") & (coded["fiscal_period"] <= period)]
    rows = []
    for name in sorted(prepaid_providers(providers)):
        mine = held[held["ProviderName"].eq(name)]
        now = mine[mine["fiscal_period"].eq(period)]["amount"]
        opening = total(mine.loc[mine["fiscal_period"] < period, "amount"])
        added, released = (total(amount for amount in now if amount * sign > 0) for sign in (1, -1))
        known = table[table["ProviderName"].eq(name) & table["note"].eq("")]
        closing, by_bills = opening + added + released, total(known["closing"])
        if len(mine) or len(known):
            rows.append((name, by_bills, opening, added, released, closing, closing - by_bills))
    return pd.DataFrame(rows, columns=columns)


def unused(booked: pd.DataFrame, period: str) -> pd.DataFrame:
    """Unused commitments in the month's bills, with who answers for them."""
    lines = booked[booked["CommitmentDiscountStatus"].eq("Unused") & booked["ledger_period"].eq(period)]
    owners = [owner or "FinOps team" for owner in lines["owner"]]
    return sum_by(lines.assign(accountable=owners), [*KEYS, "accountable"], ["effective"])


def check(table: pd.DataFrame, sides: pd.DataFrame, tolerance) -> list[dict]:
    """The roll-forward adds up; a ledger balance that differs from the bills' is a finding."""
    gaps = sides[np.array([abs(gap) > max(tolerance.amount, abs(closing) * tolerance.share) for gap, closing
                           in zip(sides["difference"], sides["ledger_closing"], strict=True)], dtype=bool)]
    told = [f"{row.ProviderName} {number(row.difference)}" for row in gaps.itertuples()]
    below = table[np.array([to_cents(closing) < 0 and not note for closing, note
                            in zip(table["closing"], table["note"], strict=True)], dtype=bool)]
    return [checks.same("prepaid: opening, purchases and amortisation come to closing",
                        total(table["opening"]) + total(table["purchases"]) - total(table["amortised"]), total(table["closing"])),
            checks.noted("prepaid balance of the ledger against the bills", len(gaps), "Head of Financial Control",
                         "; ".join(told), total(gaps["difference"])),
            checks.noted("commitments amortised beyond what was paid", len(below), "FinOps team",
                         "; ".join(below["CommitmentDiscountId"].tolist()[:5]), total(below["closing"]))]
