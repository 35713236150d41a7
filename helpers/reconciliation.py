"""Does the usage tie to the ledger?  The bridge as a controller asks for it: verdict, picture, tables, checks.

    steps → verdict, across, gap, by_provider      the difference between usage and ledger, by name
    matches → invoices, by_month                   invoice by invoice, and earlier months
    steps, tied → check_bridge                     the buckets add up, nothing is lost
"""

from decimal import Decimal

import pandas as pd

from helpers import checks, ledger, settlement
from helpers.bridge import BUCKETS, MEMO, cloud_expense, release
from helpers.house import number
from helpers.money import ZERO, sum_by, total
from helpers.optional import needs_table
from helpers.periods import shift


def verdict(steps: pd.DataFrame | None, matches: pd.DataFrame | None, period: str, currency: str, tolerance) -> str:
    """The page's answer: whether usage ties to the ledger, by how much not, and what the difference is made of."""
    if steps is None:
        return f"Not tied: without a ledger the bills of {period} stand alone."
    whole = across(steps).set_index("label")["amount"]
    usage, booked = whole.iloc[0], whole.iloc[-1]
    left = total(abs(amount) for amount in matches.loc[matches["ledger_period"] == period, "unexplained"])
    buckets = whole.iloc[1:-1].drop("unexplained", errors="ignore")
    largest = sorted(buckets.items(), key=lambda pair: -abs(pair[1]))[:3]
    named = ", ".join(f"{bucket} {number(amount)}" for bucket, amount in largest)
    ties = left <= allowance(booked, tolerance)
    head = (f"Cloud usage of {period} ties to the ledger" if ties
            else f"Cloud usage of {period} does not tie to the ledger: nothing explains {number(left)} {currency}")
    return (f"{head}: {number(usage)} {currency} used, {number(booked)} booked, and the difference of "
            f"{number(booked - usage)} is {named or 'nothing'}{' and smaller items' if len(buckets) > 3 else ''}; "
            f"unexplained: {number(left)}.")


def allowance(expense: Decimal, tolerance) -> Decimal:
    """What may stay unexplained: the larger of the amount and the share of the ledger's cloud expense."""
    return max(tolerance.amount, abs(expense) * tolerance.share)


@needs_table
def across(steps: pd.DataFrame) -> pd.DataFrame:
    """The bridge of all providers together as label, amount, kind; buckets that hold nothing are left out."""
    sums = steps[steps["kind"] != "memo"].groupby(["bucket", "kind"], sort=False)["amount"].agg(total).reset_index()
    shown = sums[(sums["kind"] == "total") | (sums["amount"] != ZERO)].rename(columns={"bucket": "label"})
    places = {"usage": 0, "ledger": 2}
    return shown.sort_values("label", key=lambda labels: labels.str.split().str[0].map(places).fillna(1),
                             kind="stable", ignore_index=True)


@needs_table
def gap(steps: pd.DataFrame) -> pd.DataFrame:
    """What the difference between usage and ledger is made of: the bridge's steps, then their sum."""
    whole = across(steps)
    difference = whole["amount"].iloc[-1] - whole["amount"].iloc[0]
    end = pd.DataFrame([{"label": "ledger less usage", "amount": difference, "kind": "total"}])
    return pd.concat([whole[whole["kind"] == "step"], end], ignore_index=True)


@needs_table
def by_provider(steps: pd.DataFrame) -> pd.DataFrame:
    """The bridge with a column a provider, a row a step that holds something, and what that is."""
    table = steps.pivot_table(index="bucket", columns="ProviderName", values="amount", aggfunc=total, sort=False)
    table["total"] = table.apply(total, axis=1)
    filled = [any(row) or name == "unexplained" for name, row in zip(table.index, table.to_numpy(), strict=True)]
    named = table[filled].reset_index().rename_axis(columns=None)
    return named.assign(meaning=named["bucket"].map({**BUCKETS, **MEMO}).fillna(""))


@needs_table
def holding(table: pd.DataFrame) -> pd.DataFrame:
    """The table without the buckets that hold nothing."""
    return table.drop(columns=[name for name in ["purchases", "prepaid movement", *settlement.BUCKETS]
                               if name in table and name != "unexplained" and not any(table[name])])


@needs_table
def invoices(matches: pd.DataFrame, period: str) -> pd.DataFrame:
    """The month's invoices: how each was matched, bill against ledger, and the buckets that hold something."""
    of_month = matches[matches["ledger_period"] == period].drop(columns=["ledger_period", "open", "open_before"])
    return holding(of_month)


def months_booked(booked: pd.DataFrame, providers, period: str) -> pd.DataFrame:
    """Which bill the ledger month books, a row a provider, and how its commitments are treated."""
    names = sorted(set(booked["ProviderName"]))
    lags = {name: ledger.lag_of(name, providers) for name in names}
    rows = [{"ProviderName": name, "ledger_month": period, "lag_months": lags[name],
             "bill_of": shift(period, -lags[name]),
             "commitments": providers[name].commitments if name in providers else "expensed"} for name in names]
    return pd.DataFrame(rows)


def booked_consumed(booked: pd.DataFrame, period: str, months: int = 6) -> pd.DataFrame:
    """Billed cost of the last months both ways, a row a provider and month: as billed, and as used.

    A correction counts in the bill it came with and in the month it corrects; `corrected` is what later bills changed.
    """
    span = [shift(period, -step) for step in range(months)]
    later = booked["service_period"] < booked["billing_period"]
    parts = [booked[chosen].assign(month=booked.loc[chosen, month], **{
        name: booked.loc[chosen, "billed"] if name in names else ZERO for name in ("billed_in", "used_in", "corrected")})
        for chosen, month, names in ((booked["billing_period"].isin(span), "billing_period", ("billed_in",)),
                                     (booked["service_period"].isin(span), "service_period", ("used_in",)),
                                     (booked["service_period"].isin(span) & later, "service_period", ("corrected",)))]
    table = sum_by(pd.concat(parts, ignore_index=True), ["ProviderName", "month"], ["billed_in", "used_in", "corrected"])
    return table.sort_values(["ProviderName", "month"], ascending=[True, False], ignore_index=True)


@needs_table
def control_totals(coded: pd.DataFrame, period: str) -> pd.DataFrame:
    """One row a kind and use of account with the month's amount; only `expense` counts towards the control total."""
    return sum_by(coded[coded["fiscal_period"] == period], ["kind", "use"], ["amount"])


@needs_table
def by_month(matches: pd.DataFrame, coded: pd.DataFrame, period: str) -> pd.DataFrame:
    """One row a ledger month up to the period, latest first: the bill it books, each bucket, its ledger amount.

    Bill and buckets add up to the ledger; `FX and rounding` is one column.
    """
    booked = matches[matches["ledger_period"] <= period]
    buckets = [name for name in settlement.BUCKETS if name not in ("FX", "rounding")]
    sums = sum_by(booked, ["ledger_period"], ["bill", "purchases", "ledger", *settlement.BUCKETS])
    freed = [release(coded, None, month) for month in sums["ledger_period"]]
    table = sums.assign(**{"prepaid movement": [add - cut for add, cut in zip(freed, sums["purchases"], strict=True)],
                           "FX and rounding": sums["FX"] + sums["rounding"],
                           "ledger": [add + amount for add, amount in zip(freed, sums["ledger"], strict=True)]})
    shown = ["ledger_period", "bill", "prepaid movement", *buckets[:-1], "FX and rounding", "unexplained", "ledger"]
    return table[shown].iloc[::-1].reset_index(drop=True)


def picture(steps: pd.DataFrame | None, currency: str) -> dict[str, str]:
    """Title, subtitle and alternative text of the bridge's picture."""
    if steps is None:
        return {"title": "", "subtitle": "", "alt": ""}
    parts, whole = gap(steps), across(steps)
    difference = parts["amount"].iloc[-1]
    said = "; ".join(f"{row.label} {number(row.amount)}" for row in parts.itertuples())
    way = "more" if difference > 0 else "less"
    return {"title": f"The ledger holds {number(abs(difference))} {currency} {way} than was used: each part by name",
            "subtitle": f"Billed cost, {currency}, all providers: from {whole['label'].iloc[0]} to "
                        f"{whole['label'].iloc[-1]}",
            "alt": f"Waterfall: {said}."}


def ledger_tied(tied: pd.DataFrame) -> pd.DataFrame:
    """The ledger-tied lines as a table: what the next steps stand on."""
    keys = ["source", "bucket", "ProviderName", "billing_period", "service_period", "InvoiceId", "ServiceName",
            "ChargeCategory", "tower", "sub_tower", "cost_pool", "application", "owner"]
    return sum_by(tied, keys, ["amount"])


def check_bridge(steps: pd.DataFrame, tied: pd.DataFrame, coded: pd.DataFrame, booked: pd.DataFrame,
                 matches: pd.DataFrame, period: str, tolerance) -> list[dict]:
    """Checks that the buckets sum to the difference, that nothing is lost on the way, and what is still open."""
    if steps is None:
        return [checks.noted("cost without a ledger to tie it to", 1, "TBM office",
                             "no ledger was given: amounts are usage alone", total(tied["amount"]))]
    amounts = {kind: steps.loc[steps["kind"] == kind] for kind in ("step", "total")}
    usage = total(amounts["total"].loc[amounts["total"]["bucket"].str.startswith("usage"), "amount"])
    expense = cloud_expense(coded, period)
    of_month = matches[matches["ledger_period"] == period]
    unexplained = total(abs(amount) for amount in of_month["unexplained"])
    least = getattr(tolerance, "materiality", ZERO)
    twice = [amount for amount in of_month["duplicates"] if amount]
    missing = [amount for amount in of_month["missing invoices"] if amount and abs(amount) >= least]
    allowed = allowance(expense, tolerance)
    bill = total(booked.loc[booked["ledger_period"] == period, "billed"])
    return [
        checks.same("usage and buckets add up to the ledger", expense, usage + total(amounts["step"]["amount"])),
        checks.same("every billed line of the month is in a match", bill,
                    total(matches.loc[matches["ledger_period"] == period, "bill"])),
        checks.same("ledger-tied cost equals the ledger's cloud expense", expense, total(tied["amount"])),
        checks.same("unexplained, invoice by invoice, is within tolerance", ZERO, unexplained,
                    f"tolerance {allowed:.2f}; sums of either sign do not cancel", allowed),
        checks.noted("invoices missing from the ledger", len(missing), "accounts payable",
                     f"{len(missing)} billed, but not booked in the month the lag names" if len(missing) else "",
                     total(missing)),
        checks.noted("invoices booked again, or taken back", len(twice), "accounts payable",
                     "; ".join(of_month.loc[of_month["duplicates"].ne(ZERO), "invoice_id"].tolist()[:5]), total(twice)),
    ]
