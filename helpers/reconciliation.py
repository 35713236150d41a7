"""Does the usage tie to the ledger, and what is each difference?

    booked, coded → match  → matches   one row a provider, ledger month and invoice (helpers.ledger)
    booked, matches → bridge → steps   one row a provider and bucket; the buckets add up from usage to ledger
    booked, matches → tie   → tied    usage gives the shape, the ledger the amount: reconciling items are own lines

A provider's bill of month S is booked in ledger month S + lag.  All amounts are in the report's currency.
"""

from decimal import Decimal

import pandas as pd

from helpers import checks, ledger
from helpers.house import number
from helpers.ledger import CLOUD_USES
from helpers.money import ZERO, sum_by, total
from helpers.optional import needs_table
from helpers.periods import shift

BUCKETS = {  # in the order of the bridge; each name with what it holds
    "timing": "the bill of the month the ledger books, less the bill of the ledger's own month",
    "duplicates": "billing files delivered twice, kept out",
    "corrections of closed months": "lines of this bill for usage of earlier months",
    "prepaid movement": "commitment purchases taken to prepaid, less what the ledger releases of them",
    "tax": "tax in the ledger that the billing data does not hold",
    "credit memos": "credits netted on an invoice outside the billing data",
    "manual adjustments": "accruals and adjustments that finance lists",
    "missing invoices": "billed, with no invoice in the ledger",
    "FX": "booked at another rate than the month's",
    "rounding": "invoices are in cents, usage is not",
    "unexplained": "what is left",
}


def bridge(booked: pd.DataFrame, kept_out: pd.DataFrame, coded: pd.DataFrame, matches: pd.DataFrame,
           period: str) -> pd.DataFrame:
    """One row a provider and step: usage of the month, each bucket, the ledger; amounts add up down the steps."""
    rows = []
    for provider in _providers(booked, coded, matches):
        bill = booked[(booked["ProviderName"] == provider)]
        twice = kept_out[kept_out["ProviderName"] == provider]
        billed_in = bill[bill["ledger_period"] == period]
        usage = _own(bill[bill["billing_period"] == period]) + _own(twice[twice["billing_period"] == period])
        twin = _own(twice[twice["ledger_period"] == period])
        of_month = matches[(matches["ProviderName"] == provider) & (matches["ledger_period"] == period)]
        released = _released(coded, provider, period)
        parts = {
            "timing": _own(billed_in) + twin - usage,
            "duplicates": -twin,
            "corrections of closed months": total(billed_in["billed"]) - _own(billed_in),
            "prepaid movement": released - total(of_month["purchases"]),
            **{bucket: total(of_month[bucket]) for bucket in ledger.BUCKETS},
        }
        rows += [(provider, f"usage {period}", usage, "total")]
        rows += [(provider, bucket, parts[bucket], "step") for bucket in BUCKETS]
        rows += [(provider, f"ledger {period}", total(of_month["ledger"]) + released, "total")]
    return pd.DataFrame(rows, columns=["ProviderName", "bucket", "amount", "kind"])


def tie(booked: pd.DataFrame, coded: pd.DataFrame, matches: pd.DataFrame, period: str, basis: str) -> pd.DataFrame:
    """Ledger-tied lines of the month: usage lines on the basis, then one line a provider and reconciling bucket.

    basis: amortised or billed.  `amount` adds up to the providers' expense in the ledger; `bucket` is "" for usage.
    """
    shape = booked[booked["ledger_period"] == period]
    column = "effective" if basis == "amortised" else "billed"
    usage = shape.assign(source="usage", bucket="", amount=shape[column])
    rows = []
    for provider in _providers(booked, coded, matches):
        of_month = matches[(matches["ProviderName"] == provider) & (matches["ledger_period"] == period)]
        lines = shape[shape["ProviderName"] == provider]
        movement = total(lines["billed"]) - total(lines[column]) - total(of_month["purchases"])
        parts = {"prepaid movement": movement + _released(coded, provider, period)}
        parts |= {bucket: total(of_month[bucket]) for bucket in ledger.BUCKETS}
        rows += [{"ProviderName": provider, "source": "reconciling", "bucket": bucket, "amount": amount,
                  "ledger_period": period} for bucket, amount in parts.items() if amount]
    reconciling = pd.DataFrame(rows, columns=["ProviderName", "source", "bucket", "amount", "ledger_period"])
    blank = {name: "" for name in usage.columns if name not in reconciling.columns}
    return pd.concat([usage, reconciling.assign(**blank)[usage.columns]], ignore_index=True)


def untied(booked: pd.DataFrame, period: str, basis: str) -> pd.DataFrame:
    """The month's own bill in the shape of ledger-tied lines, where there is no ledger to tie it to."""
    column = "effective" if basis == "amortised" else "billed"
    lines = booked[booked["billing_period"] == period]
    return lines.assign(source="usage", bucket="", amount=lines[column])


def verdict(steps: pd.DataFrame | None, period: str, currency: str, tolerance) -> str:
    """The page's answer: whether usage ties to the ledger, by how much not, and what the difference is made of."""
    if steps is None:
        return f"Not tied: without a ledger the bills of {period} stand alone."
    whole = across(steps).set_index("label")["amount"]
    usage, booked, left = whole.iloc[0], whole.iloc[-1], whole.get("unexplained", ZERO)
    buckets = whole.iloc[1:-1].drop("unexplained", errors="ignore")
    largest = sorted(buckets.items(), key=lambda pair: -abs(pair[1]))[:3]
    named = ", ".join(f"{bucket} {number(amount)}" for bucket, amount in largest)
    ties = abs(left) <= allowance(booked, tolerance)
    head = (f"Cloud usage of {period} ties to the ledger" if ties
            else f"Cloud usage of {period} misses the ledger by {number(left)} {currency} that nothing explains")
    return (f"{head}: {number(usage)} {currency} used, {number(booked)} booked, and the difference of "
            f"{number(booked - usage)} is {named or 'nothing'}{' and smaller items' if len(buckets) > 3 else ''}; "
            f"unexplained: {number(left)}.")


def allowance(expense: Decimal, tolerance) -> Decimal:
    """What may stay unexplained: the larger of the amount and the share of the ledger's cloud expense."""
    return max(tolerance.amount, abs(expense) * tolerance.share)


@needs_table
def across(steps: pd.DataFrame) -> pd.DataFrame:
    """The bridge of all providers together as label, amount, kind; buckets that hold nothing are left out."""
    sums = steps.groupby(["bucket", "kind"], sort=False)["amount"].agg(total).reset_index()
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
    """The bridge with a column a provider, a row a step, and what each bucket holds."""
    table = steps.pivot_table(index="bucket", columns="ProviderName", values="amount", aggfunc=total, sort=False)
    table["total"] = table.apply(total, axis=1)
    return table.reset_index().rename_axis(columns=None).assign(meaning=lambda rows: rows["bucket"].map(BUCKETS).fillna(""))


@needs_table
def invoices(matches: pd.DataFrame, period: str) -> pd.DataFrame:
    """The month's invoices: how each was matched, bill against ledger, and the buckets that hold something."""
    of_month = matches[matches["ledger_period"] == period].drop(columns="ledger_period")
    return of_month.drop(columns=[name for name in ["purchases", *ledger.BUCKETS] if not any(of_month[name])])


def months_booked(booked: pd.DataFrame, providers, period: str) -> pd.DataFrame:
    """Which bill the ledger month books, a row a provider, and how its commitments are treated."""
    names = sorted(set(booked["ProviderName"]))
    lags = {name: ledger.lag_of(name, providers) for name in names}
    rows = [{"ProviderName": name, "ledger_month": period, "lag_months": lags[name],
             "bill_of": shift(period, -lags[name]),
             "commitments": providers[name].commitments if name in providers else "expensed"} for name in names]
    return pd.DataFrame(rows)


@needs_table
def control_totals(coded: pd.DataFrame, period: str) -> pd.DataFrame:
    """One row a kind and use of account with the month's amount; only `expense` counts towards the control total."""
    return sum_by(coded[coded["fiscal_period"] == period], ["kind", "use"], ["amount"])


def cloud_expense(coded: pd.DataFrame, period: str) -> Decimal:
    """The month's expense on cloud accounts in the ledger."""
    cloud = coded["use"].isin(CLOUD_USES) & (coded["kind"] == "expense") & (coded["fiscal_period"] == period)
    return total(coded.loc[cloud, "amount"])


@needs_table
def open_items(matches: pd.DataFrame, period: str) -> pd.DataFrame:
    """What a person must clear: bills without an invoice in the ledger, and what is unexplained; largest first."""
    of_month = matches[matches["ledger_period"] == period]
    long = of_month.melt(["ProviderName", "invoice_id", "matched_by"], ["missing invoices", "unexplained"],
                         var_name="bucket", value_name="amount")
    items = long[long["amount"] != ZERO].assign(cause=lambda rows: rows["bucket"].map(BUCKETS))
    return items.sort_values("amount", key=lambda amounts: -abs(amounts), kind="stable", ignore_index=True)


@needs_table
def by_month(matches: pd.DataFrame, period: str) -> pd.DataFrame:
    """One row a ledger month up to the period, latest first: billed, booked by invoice, missing, unexplained."""
    booked = matches[matches["ledger_period"] <= period]
    sums = sum_by(booked, ["ledger_period"], ["bill", "ledger", "missing invoices", "unexplained"])
    return sums.iloc[::-1].reset_index(drop=True)


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


def tables(month) -> dict[str, pd.DataFrame]:
    """The tables behind the page, by name; only those there is something for."""
    found = {
        "bridge": month.steps,
        "bills": months_booked(month.booked, month.params.providers, month.period),
        "matches": month.matches,
        "open_items": open_items(month.matches, month.period),
        "months": by_month(month.matches, month.period),
        "control": control_totals(month.coded, month.period),
        "tied": ledger_tied(month.tied),
    }
    return {name: table for name, table in found.items() if table is not None}


def ledger_tied(tied: pd.DataFrame) -> pd.DataFrame:
    """The ledger-tied lines as a table: what the next steps stand on."""
    keys = ["source", "bucket", "ProviderName", "billing_period", "service_period", "InvoiceId", "ServiceName",
            "ChargeCategory", "tower", "sub_tower", "cost_pool", "application", "owner"]
    return sum_by(tied, keys, ["amount"])


def check(month) -> pd.DataFrame:
    """The checks of the step, as a table."""
    return checks.collect(*check_bridge(month.steps, month.tied, month.coded, month.booked, month.matches,
                                        month.period, month.params.tolerance))


def check_bridge(steps: pd.DataFrame, tied: pd.DataFrame, coded: pd.DataFrame, booked: pd.DataFrame,
                 matches: pd.DataFrame, period: str, tolerance) -> list[dict]:
    """Checks that the buckets sum to the difference, that nothing is lost on the way, and what is still open."""
    if steps is None:
        return [checks.noted("tied to the ledger", 1, "TBM office", "no ledger was given: amounts are usage alone",
                             total(tied["amount"]))]
    amounts = {kind: steps.loc[steps["kind"] == kind] for kind in ("step", "total")}
    usage = total(amounts["total"].loc[amounts["total"]["bucket"].str.startswith("usage"), "amount"])
    expense = cloud_expense(coded, period)
    unexplained = total(steps.loc[steps["bucket"] == "unexplained", "amount"])
    missing = total(steps.loc[steps["bucket"] == "missing invoices", "amount"])
    allowed = allowance(expense, tolerance)
    bill = total(booked.loc[booked["ledger_period"] == period, "billed"])
    return [
        checks.same("usage and buckets add up to the ledger", expense, usage + total(amounts["step"]["amount"])),
        checks.same("every billed line of the month is in a match", bill,
                    total(matches.loc[matches["ledger_period"] == period, "bill"])),
        checks.same("ledger-tied cost equals the ledger's cloud expense", expense, total(tied["amount"])),
        checks.same("unexplained is within tolerance", ZERO, unexplained, f"tolerance {allowed:.2f}", allowed),
        checks.finding("invoices missing from the ledger", missing, "accounts payable",
                       "billed, but not booked in the month the lag names"),
    ]


def _providers(booked: pd.DataFrame, coded: pd.DataFrame, matches: pd.DataFrame) -> list[str]:
    """Everyone who billed, was booked or is matched: nobody's amount is left out of the bridge."""
    return sorted({*booked["ProviderName"], *coded["ProviderName"], *matches["ProviderName"]} - {""})


def _own(lines: pd.DataFrame) -> Decimal:
    """Billed cost of the bill's own month: lines for usage of other months left out."""
    return total(lines.loc[lines["service_period"] == lines["billing_period"], "billed"])


def _released(coded: pd.DataFrame, provider: str, period: str) -> Decimal:
    """What the ledger releases of the provider's prepaid commitments in the month."""
    lines = coded[(coded["use"] == "cloud amortisation") & (coded["kind"] == "expense")
                  & (coded["ProviderName"] == provider) & (coded["fiscal_period"] == period)]
    return total(lines["amount"])
