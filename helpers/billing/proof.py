"""Is every cent of the bills in the cube?  Checks of the cube against its files, and of what was kept out or mended.

    cube → check_cube, check_days, check_twins, check_replaced, check_repairs, … → checks
"""

from decimal import Decimal

import pandas as pd

from helpers import checks
from helpers.billing.columns import FINEST
from helpers.billing.cube import Cube
from helpers.billing.deliveries import ALONE
from helpers.house import number
from helpers.money import ZERO, sum_by, total

BASES = (("BilledCost", "billed"), ("EffectiveCost", "amortised"))


def check_cube(cube: Cube) -> list[dict]:
    """Checks that the cube's sums are the files' own, by currency on both bases, and in each bill's month."""
    rows, torn = [], set()
    for state, lines in (("read", cube.lines), ("kept out", cube.kept_out)):
        in_files = cube.files[cube.files["state"] == state]
        for column, basis in BASES:
            whole = _with_repairs(lines, column)
            sides = [_by_month(in_files, in_files[column]), _by_month(lines, whole)]
            torn |= {key for key in {*sides[0], *sides[1]} if sides[0].get(key, ZERO) != sides[1].get(key, ZERO)}
            for currency in sorted(set(in_files["BillingCurrency"]) | set(lines["BillingCurrency"])):
                expected, got = (total(amount for key, amount in side.items() if key[2] == currency) for side in sides)
                rows.append(checks.same(f"cube equals the files {state}, {basis}, {currency}", expected, got))
    where = "; ".join(" ".join(key) for key in sorted(torn)[:5])
    return [*rows, checks.holds("cube equals the files in each month and provider, on both bases", not torn, where)]


def _with_repairs(lines: pd.DataFrame, column: str) -> pd.Series:
    """The amounts as the files have them: what a repair took off is put back."""
    if column != "EffectiveCost" or "Repair" not in lines or not lines["Repair"].ne("").any():
        return lines[column]
    return pd.Series([(cost or ZERO) + (mended or ZERO) for cost, mended in zip(lines[column], lines["RepairedCost"],
                                                                                 strict=True)], index=lines.index)


def _by_month(table: pd.DataFrame, amounts: pd.Series) -> dict[tuple, Decimal]:
    keys = ["billing_period", "ProviderName", "BillingCurrency"]
    summed = sum_by(table.assign(amount=amounts), keys, ["amount"])
    return {tuple(key): amount for *key, amount in summed.itertuples(index=False, name=None)}


def check_days(cube: Cube) -> list[dict]:
    """Checks that the days add up to the lines, by currency on both bases."""
    rows = []
    for column, basis in BASES:
        for currency in sorted(set(cube.days["BillingCurrency"])):
            mine = cube.lines[cube.lines["BillingCurrency"] == currency]
            rows.append(checks.same(f"days equal the lines, {basis}, {currency}", total(_with_repairs(mine, column)),
                                    total(cube.days.loc[cube.days["BillingCurrency"] == currency, column])))
    return rows


def check_twins(kept_out: pd.DataFrame) -> list[dict]:
    """A finding for each file delivered twice, whole or in part; `billed` is in the report's currency (helpers.rates)."""
    return [checks.noted(f"delivered twice: {name}", 1, "FinOps team",
                         f"same lines as {twin}; {number(total(group['BilledCost']))} {currency} billed is kept out",
                         total(group["billed"]))
            for (name, twin, currency), group in kept_out.groupby(["file", "twin", "BillingCurrency"])]


def check_repeats(repeats: pd.DataFrame) -> list[dict]:
    """A finding for each pair of parts that share some charges of a day, but not all: both count."""
    return [checks.noted(f"charges in two parts: {name}", int(group["rows"].sum()), "FinOps team",
                         f"{int(group['rows'].sum()):,} rows also stand in {other}, on {group['service_day'].nunique()} "
                         "days that differ otherwise; both count: look at the exports")
            for (name, other), group in repeats.groupby(["file", "other"])]


def check_replaced(files: pd.DataFrame) -> list[dict]:
    """A line for each bill that a later delivery replaces: what it was, what it is."""
    rows = []
    bill = ["ProviderName", "BillingAccountId", "billing_period", "BillingCurrency"]
    for (name, *key), group in files[files["state"] == "replaced"].groupby(["file", *bill]):
        first = group.iloc[0]
        before = files[(files[bill] == key).all(axis=1) & files["state"].eq("replaced") & files["twin"].eq(first["twin"])]
        is_now = files[(files[bill] == key).all(axis=1) & files["state"].eq("read")]
        was, now = total(before["BilledCost"]), total(is_now["BilledCost"])
        provider, _, period, currency = key
        rows.append(checks.holds(f"replaced: {name}", True, (
            f"{provider} {period} comes from {first['twin']} ({first['note']}): billed was {number(was)}, is "
            f"{number(now)} {currency}, difference {number(now - was)}")))
    return rows


def check_repairs(repaired: pd.DataFrame) -> list[dict]:
    """A finding for each repair: cost that a provider's file counts twice; `mended` is in the report's currency."""
    lines = repaired[repaired["Repair"] != ""]
    return [checks.noted(f"repaired: {name}", len(group), "FinOps team", f"{provider}: {_count(group)} rows, "
                         "effective cost set to 0, since the usage they cover carries it", total(group["mended"]))
            for (name, provider), group in lines.groupby(["Repair", "ProviderName"])]


def check_unrepaired(lines: pd.DataFrame) -> list[dict]:
    """A finding where another provider's commitment purchases carry an effective cost: it may be counted twice."""
    odd = lines[lines["ChargeCategory"].eq("Purchase") & lines["CommitmentDiscountId"].ne("")
                & lines["EffectiveCost"].map(bool)]
    return [checks.noted(f"commitment purchases with an effective cost: {provider}", len(group), "FinOps team",
                         "FOCUS gives such purchases 0; left as filed, since no fault of this provider is documented",
                         total(group["effective"])) for provider, group in odd.groupby("ProviderName")]


def check_alone(files: pd.DataFrame) -> list[dict]:
    """A finding for each bill with commitments whose other export, actual or amortised, is not at hand."""
    alone = files[files["note"].isin(ALONE.values()) & files["state"].eq("read")]
    return [checks.noted(f"one export alone: {provider} {period}", 1, "FinOps team",
                         f"{note}; add the other export", total(group["BilledCost"]))
            for (provider, period, note), group in alone.groupby(["ProviderName", "billing_period", "note"])]


def check_aside(files: pd.DataFrame) -> list[dict]:
    """A finding where a report's own total is in neither basis: covered usage without its negation rows."""
    mine = files[files["format"].str.startswith("AWS CUR") & files["state"].eq("read")]
    gap = total(mine["FiledCost"]) - total(mine["BilledCost"])
    if not len(mine):
        return []
    return [checks.noted("AWS usage under a savings plan without its negation rows", int(bool(gap)), "FinOps team",
                         f"UnblendedCost {number(total(mine['FiledCost']))}, billed {number(total(mine['BilledCost']))}; "
                         "the plan's fee bills such usage", gap)]


def check_decimals(files: pd.DataFrame) -> list[dict]:
    """A finding for each file of doubles with more decimals than are kept: noise of binary arithmetic."""
    long = files[files["decimals"].ne("") & files["state"].eq("read")]
    return [checks.noted(f"decimals of doubles: {name}", 1, "FinOps team",
                         f"amounts have up to {group['decimals'].iloc[0]} decimals, of which {FINEST} are kept; "
                         "a double holds no more than 17 digits, and an export of decimals has them all")
            for name, group in long.groupby("file")]


def _count(lines: pd.DataFrame) -> int:
    return int(lines["line_count"].sum())
