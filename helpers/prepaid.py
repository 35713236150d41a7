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
    """What each line amortises, at the rate its commitment was bought at; at its own month's where no purchase is there.

    What was bought first is used up first, so that paying again at another rate leaves what was used up as it was.
    """
    keyed = [*KEYS, "BillingCurrency", "ledger_period"]
    bought = sum_by(lines[paid & lines["ChargeCategory"].eq("Purchase")], keyed, ["billed", "BilledCost"])
    if all(worth == cost for worth, cost in zip(bought["billed"], bought["BilledCost"], strict=True)):
        return lines["effective"].tolist()
    used = sum_by(lines[~paid], keyed, ["EffectiveCost"])
    layers: dict[tuple, list[tuple[str, Decimal, Decimal]]] = {}
    for *key, month, worth, cost in bought.itertuples(index=False, name=None):
        if cost > 0:
            layers.setdefault(tuple(key), []).append((month, cost, worth / cost))
    rates = {(*key, month): rate for key, rows in used.groupby(keyed[:3], sort=False) if tuple(key) in layers
             for month, rate in _first_in(layers[tuple(key)], dict(zip(rows["ledger_period"], rows["EffectiveCost"], strict=True)))}
    keys = zip(*(lines[name] for name in keyed), strict=True)
    return [own * rates[key] if key in rates else effective
            for key, own, effective in zip(keys, lines["EffectiveCost"], lines["effective"], strict=True)]


def _first_in(bought: list[tuple[str, Decimal, Decimal]], used: Mapping[str, Decimal]) -> list[tuple[str, Decimal]]:
    """By month the rate of what is used up in it: of the purchases until then, the oldest not used up first."""
    done, found = ZERO, []
    for month in sorted(used):
        there = [(cost, rate) for when, cost, rate in bought if when <= month] or [bought[0][1:]]
        skip, left, worth = done, used[month], ZERO
        for cost, rate in there:
            part = min(max(cost - skip, ZERO), max(left, ZERO))
            skip, left, worth = max(skip - cost, ZERO), left - part, worth + part * rate
        last = there[-1][1]  # of what is used beyond all that was bought, and of what is taken back
        found.append((month, (worth + left * last) / used[month] if used[month] else last))
        done += max(used[month], ZERO)
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
