"""What is left of commitments paid in advance?  Opening + purchases − amortisation = closing, by commitment.

    booked lines → roll_forward → table      a row a commitment of providers whose commitments are prepaid
    roll_forward, ledger → against → table   a row a provider: balance by the bills, balance of the prepaid account
    booked lines → unused → table            what was paid for and not used in the month, with who answers for it

Amounts are in the report's currency.  A commitment bought before the first bill has no balance that bills can tell.
"""

from collections.abc import Mapping
from decimal import Decimal

import numpy as np
import pandas as pd

from helpers import checks
from helpers.house import number
from helpers.ledger import commitment_moves, prepaid_providers
from helpers.money import ZERO, sum_by, to_cents, total

KEYS = ["ProviderName", "CommitmentDiscountId"]
COLUMNS = [*KEYS, "opening", "purchases", "amortised", "of_it_unused", "closing", "first_bought", "note"]
SIDES = ["ProviderName", "compared_by", "by_bills", "ledger_opening", "ledger_added", "ledger_released", "ledger_closing", "difference"]
BEFORE = "bought before the first bill: its balance is not known"
BALANCE, MOVEMENT = "balance", "movement of the month"


def roll_forward(booked: pd.DataFrame, providers: Mapping, period: str) -> pd.DataFrame:
    """One row a commitment, by the ledger months that book the bills, up to the period.

    What was paid is kept, and used up, at the rate it was paid at.  Tax on a commitment is no part of it.
    """
    lines = booked[booked["CommitmentDiscountId"].ne("") & booked["ProviderName"].isin(prepaid_providers(providers))
                   & booked["ChargeCategory"].ne("Tax") & (booked["ledger_period"] <= period)]
    paid = commitment_moves(lines)
    unused = lines["CommitmentDiscountStatus"].eq("Unused") & ~paid
    now = lines["ledger_period"].eq(period)
    amortised = pd.Series(_at_its_rate(lines, paid), index=lines.index, dtype=object)
    move = [billed if pays else -used for billed, used, pays in zip(lines["billed"], amortised, paid, strict=True)]
    split = lines.assign(opening=np.where(now, ZERO, move), purchases=lines["billed"].where(paid & now, ZERO),
                         amortised=amortised.where(~paid & now, ZERO), of_it_unused=amortised.where(unused & now, ZERO))
    table = sum_by(split, KEYS, ["opening", "purchases", "amortised", "of_it_unused"])
    first = lines[lines["ChargeCategory"].eq("Purchase")].groupby(KEYS)["ledger_period"].min().to_dict()
    found = [first.get(key, "") for key in table[KEYS].itertuples(index=False, name=None)]
    closing = [opening + purchase - used for opening, purchase, used
               in zip(table["opening"], table["purchases"], table["amortised"], strict=True)]
    return table.assign(closing=closing, first_bought=found, note=["" if month else BEFORE for month in found])[COLUMNS]


def _at_its_rate(lines: pd.DataFrame, paid: pd.Series) -> list[Decimal]:
    """What each line amortises, at the rate of what is left of the purchases made until then; at its own month's where no
    purchase is there."""
    rates = _rates(lines, paid)
    keys = zip(lines["ProviderName"], lines["CommitmentDiscountId"], lines["BillingCurrency"], lines["ledger_period"], strict=True)
    return [own * rates[key][0] / rates[key][1] if key in rates else effective
            for key, own, effective in zip(keys, lines["EffectiveCost"], lines["effective"], strict=True)]


def _rates(lines: pd.DataFrame, paid: pd.Series) -> dict[tuple, tuple[Decimal, Decimal]]:
    """By commitment, currency and ledger month from the first purchase on: worth and cost of what is paid and not used up.

    What is used, or given back, leaves the rate as it is; a purchase is mixed with what is left.
    """
    bought = paid & lines["ChargeCategory"].eq("Purchase")
    parts = lines.assign(worth=lines["billed"].where(bought, ZERO), cost=lines["BilledCost"].where(bought, ZERO),
                         used=lines["EffectiveCost"].where(~paid, ZERO), back=lines["BilledCost"].where(paid & ~bought, ZERO))
    sums = sum_by(parts, [*KEYS, "BillingCurrency", "ledger_period"], ["worth", "cost", "used", "back"])
    found: dict[tuple, tuple[Decimal, Decimal]] = {}
    standing: dict[tuple, tuple[Decimal, Decimal, Decimal]] = {}  # by commitment and currency: worth, cost, what of it is left
    for *key, month, worth, cost, used, back in sums.itertuples(index=False, name=None):
        was, of, left = standing.get(tuple(key), (ZERO, ZERO, ZERO))
        if cost:
            kept = max(left, ZERO) * was / of if of else ZERO
            was, of = kept + worth, max(left, ZERO) + cost
        left = (max(left, ZERO) if cost else left) + cost + back - used
        standing[tuple(key)] = was, of, left
        if was and of and was != of:
            found[*key, month] = was, of
    return found


def against(table: pd.DataFrame, coded: pd.DataFrame | None, providers: Mapping, period: str) -> pd.DataFrame:
    """One row a provider: its prepaid by the bills, the ledger's prepaid accounts, and the difference.

    Balances are compared where bills and ledger both go back to the first purchase; else what the month moved.
    """
    if coded is None:
        return pd.DataFrame(columns=SIDES)
    held = coded[coded["kind"].eq("prepaid") & (coded["fiscal_period"] <= period)]
    begins, rows = coded["fiscal_period"].min(), []
    for name in sorted(prepaid_providers(providers)):
        mine, bills = held[held["ProviderName"].eq(name)], table[table["ProviderName"].eq(name)]
        now = mine[mine["fiscal_period"].eq(period)]["amount"]
        opening = total(mine.loc[mine["fiscal_period"] < period, "amount"])
        added, released = (total(amount for amount in now if amount * sign > 0) for sign in (1, -1))
        whole = all(month and month >= begins for month in bills["first_bought"])
        by_bills = total(bills["closing"]) if whole else total(bills["purchases"]) - total(bills["amortised"])
        by_ledger = added + released + (opening if whole else ZERO)
        if len(mine) or len(bills):
            rows.append((name, BALANCE if whole else MOVEMENT, by_bills, opening, added, released, opening + added + released,
                         by_ledger - by_bills))
    return pd.DataFrame(rows, columns=SIDES)


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
