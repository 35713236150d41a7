"""How do bills arrive?  As FOCUS, an AWS report, Azure's two exports, Google's export, or a plain table.

    charges → write → files of one provider and month

Each form says what the FOCUS charges say, as far as the provider's own form can.
"""

import json
from collections.abc import Iterable
from pathlib import Path

from benchmarks.differential.company.draw import ZERO
from benchmarks.differential.company.tables import text_of, write_csv, write_text

PRIVATE = ("kind", "code")
DAYS = ("BillingPeriodStart", "BillingPeriodEnd", "ChargePeriodStart", "ChargePeriodEnd")
AWS_TYPES = {"usage": "Usage", "support": "Usage", "tax": "Tax", "credit": "Credit", "refund": "Refund",
             "upfront": "Fee",
             "plan": "SavingsPlanRecurringFee", "marketplace": "Usage", "upfront used": "DiscountedUsage",
             "upfront unused": "RIFee", "plan used": "SavingsPlanCoveredUsage"}


def write(folder: Path, form: str, provider: str, month: str, charges: list[dict], habits: Iterable[str]) -> None:
    """The bill in its form; as two numbered parts, or delivered twice, where that is the provider's habit."""
    stem = folder / f"{provider.split()[0].lower()}_{month}"
    if form != "focus" or not {"parts", "twice"} & set(habits):
        FORMS[form](stem, charges)
        return
    if "parts" in habits and len(charges) > 1:
        middle = len(charges) // 2
        write_focus(stem.with_name(f"{stem.name}-part-1"), charges[:middle])
        write_focus(stem.with_name(f"{stem.name}-part-2"), charges[middle:])
        return
    write_focus(stem, charges)
    write_focus(stem.with_name(f"{stem.name}_again"), charges)


def write_focus(stem: Path, charges: list[dict]) -> None:
    """FOCUS, a column a key of the charges."""
    rows = [{**{name: value for name, value in charge.items() if name not in PRIVATE},
             **{name: f"{charge[name]}T00:00:00Z" for name in DAYS}, "Tags": _json(charge["Tags"])}
            for charge in charges]
    write_csv(stem.with_suffix(".csv"), rows)


def _json(tags: dict[str, str]) -> str:
    return json.dumps(tags, ensure_ascii=False) if tags else ""


def write_aws(stem: Path, charges: list[dict]) -> None:
    """The legacy Cost and Usage Report: covered usage with its negation, what is unused on the fee's row."""
    rows = [row for charge in charges for row in _aws_rows(charge, charges)]
    write_csv(stem.with_suffix(".csv"), rows)


def _aws_rows(charge: dict, charges: list[dict]) -> list[dict]:
    if charge["kind"] == "plan unused":
        return []  # stands on the fee's row
    row = _aws_row(charge, AWS_TYPES[charge["kind"]])
    if charge["kind"] == "plan":
        used = sum((other["EffectiveCost"] for other in charges if other["kind"] == "plan used"), ZERO)
        return [{**row, "savingsPlan/TotalCommitmentToDate": charge["BilledCost"], "savingsPlan/UsedCommitment": used}]
    if charge["kind"] == "plan used":
        at_list = charge["EffectiveCost"] * 2
        return [{**row, "lineItem/UnblendedCost": at_list,
                 "savingsPlan/SavingsPlanEffectiveCost": charge["EffectiveCost"]},
                {**row, "lineItem/LineItemType": "SavingsPlanNegation", "lineItem/UnblendedCost": -at_list}]
    if charge["kind"] == "upfront unused":
        return [{**row, "reservation/UnusedAmortizedUpfrontFeeForBillingPeriod": charge["EffectiveCost"],
                 "reservation/EffectiveCost": ""}]
    return [row]


def _aws_row(charge: dict, kind: str) -> dict:
    plan, commitment = charge["kind"].startswith("plan"), charge["CommitmentDiscountId"]
    market = charge["kind"] == "marketplace"
    tags = {key.casefold(): value for key, value in charge["Tags"].items()}
    return {
        "bill/PayerAccountId": charge["BillingAccountId"], "bill/InvoiceId": charge["InvoiceId"],
        "bill/BillingEntity": "AWS Marketplace" if market else "AWS",
        "bill/InvoicingEntity": charge["InvoiceIssuerName"],
        "bill/BillingPeriodStartDate": f"{charge['BillingPeriodStart']}T00:00:00Z",
        "lineItem/UsageAccountId": charge["SubAccountId"], "lineItem/LineItemType": kind,
        "lineItem/UsageStartDate": f"{charge['ChargePeriodStart']}T00:00:00Z",
        "lineItem/UsageEndDate": f"{charge['ChargePeriodEnd']}T00:00:00Z", "lineItem/ProductCode": charge["code"],
        "lineItem/UsageType": charge["SkuMeter"], "lineItem/LegalEntity": charge["PublisherName"],
        "lineItem/ResourceId": charge["ResourceId"], "lineItem/UsageAmount": charge["ConsumedQuantity"],
        "lineItem/CurrencyCode": charge["BillingCurrency"], "lineItem/UnblendedCost": charge["BilledCost"],
        "lineItem/TaxType": "VAT" if kind == "Tax" else "", "product/ProductName": charge["ServiceName"],
        "pricing/unit": charge["ConsumedUnit"], "savingsPlan/SavingsPlanARN": commitment if plan else "",
        "savingsPlan/SavingsPlanEffectiveCost": "", "savingsPlan/TotalCommitmentToDate": "",
        "savingsPlan/UsedCommitment": "",
        "reservation/ReservationARN": "" if plan else commitment,
        "reservation/EffectiveCost": charge["EffectiveCost"] if kind == "DiscountedUsage" else "",
        "reservation/UnusedAmortizedUpfrontFeeForBillingPeriod": "",
        **{f"resourceTags/user:{key}": tags.get(key, "") for key in ("application", "app", "owner", "env")}}


def write_azure(stem: Path, charges: list[dict]) -> None:
    """The actual export, and the amortised one where commitments are on the bill."""
    actual = [charge for charge in charges if not charge["kind"].endswith("unused")]
    write_csv(stem.with_name(f"{stem.name}_actual.csv"), [_azure(charge, "BilledCost") for charge in actual])
    if any(charge["CommitmentDiscountId"] for charge in charges):
        amortised = [charge for charge in charges if charge["kind"] not in ("upfront", "plan")]
        write_csv(stem.with_name(f"{stem.name}_amortized.csv"),
                  [_azure(charge, "EffectiveCost") for charge in amortised])


def _azure(charge: dict, cost: str) -> dict:
    kinds = {"tax": "Tax", "credit": "Credit", "refund": "Refund", "upfront": "Purchase", "plan": "Purchase"}
    unused = charge["kind"].endswith("unused")
    return {
        "BillingAccountId": charge["BillingAccountId"], "InvoiceId": charge["InvoiceId"],
        "SubscriptionId": charge["SubAccountId"], "SubscriptionName": charge["SubAccountName"],
        "ResourceGroup": charge["x_ResourceGroupName"], "MeterCategory": charge["ServiceName"], "MeterSubCategory": "",
        "MeterName": charge["SkuMeter"], "MeterId": f"{charge['SkuMeter']}-{charge['kind']}",
        "ResourceId": charge["ResourceId"],
        "ChargeType": "UnusedReservation" if unused else kinds.get(charge["kind"], "Usage"),
        "PricingModel": "Reservation" if charge["CommitmentDiscountId"] else "OnDemand", "PublisherType": "Azure",
        "ReservationId": charge["CommitmentDiscountId"], "Tags": _json(charge["Tags"]),
        "UnitOfMeasure": charge["ConsumedUnit"],
        "BillingCurrency": charge["BillingCurrency"], "CostInBillingCurrency": charge[cost],
        "Quantity": charge["ConsumedQuantity"] or 0, "BillingPeriodStartDate": charge["BillingPeriodStart"],
        "Date": charge["ChargePeriodStart"]}


def write_google(stem: Path, charges: list[dict]) -> None:
    """The detailed export, an object a line; what a commitment covered or left unused is in its fees and credits."""
    rows = [json.dumps(_google(charge), ensure_ascii=False) for charge in charges
            if not charge["kind"].endswith("used")]
    write_text(stem.with_suffix(".json"), "\n".join(rows) + "\n")


def _google(charge: dict) -> dict:
    credit = charge["kind"] == "credit"
    named = "Commitment " if charge["kind"] in ("upfront", "plan") else ""
    return {
        "billing_account_id": charge["BillingAccountId"],
        "service": {"id": charge["SkuMeter"], "description": charge["ServiceName"]},
        "sku": {"id": charge["SkuMeter"], "description": f"{named}{charge['SkuMeter']}"},
        "usage_start_time": f"{charge['ChargePeriodStart']}T00:00:00Z",
        "usage_end_time": f"{charge['ChargePeriodEnd']}T00:00:00Z",
        "project": {"id": charge["SubAccountId"], "name": charge["SubAccountName"]},
        "labels": [{"key": key.casefold(), "value": value} for key, value in charge["Tags"].items()],
        "cost": text_of(ZERO if credit else charge["BilledCost"]), "currency": charge["BillingCurrency"],
        "credits": ([{"name": "Promotion", "type": "PROMOTION", "amount": text_of(charge["BilledCost"])}]
                    if credit else []),
        "usage": {"amount": text_of(charge["ConsumedQuantity"] or ZERO), "unit": charge["ConsumedUnit"]},
        "cost_type": {"tax": "tax", "refund": "adjustment"}.get(charge["kind"], "regular"),
        "resource": {"name": charge["ResourceId"]},
        "invoice": {"month": charge["BillingPeriodStart"][:7].replace("-", "")}}


def write_table(stem: Path, charges: list[dict]) -> None:
    """A plain table, whose columns the parameters name."""
    write_csv(stem.with_suffix(".csv"), [{
        "month": charge["BillingPeriodStart"][:7], "product": charge["ServiceName"], "team": charge["SubAccountId"],
        "amount": charge["BilledCost"], "used": charge["ConsumedQuantity"]} for charge in charges])


FORMS = {"focus": write_focus, "aws": write_aws, "azure": write_azure, "google": write_google, "table": write_table}
