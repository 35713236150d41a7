"""AWS Cost and Usage Report, legacy (slash headers, or their parquet names) and 2.0, in the columns of FOCUS.

Source: AWS Data Exports User Guide, "Cost and Usage Report (CUR) 2.0 table dictionary" and "FOCUS 1.0 with AWS columns".

A savings plan bills its fee; the usage it covers is listed at its on-demand price and taken back by a negation row, so
both carry no billed cost here, as in AWS's own FOCUS export.  What a plan or reservation left unused stands on the
fee's row and becomes a row of its own.
"""

import re
from dataclasses import replace

from helpers.billing.shapes import Format


def cur(*names: str) -> tuple[str, ...]:
    """A column's legacy spelling, group/ColumnName, and the one of parquet and of CUR 2.0, group_column_name."""
    return tuple(spelling for name in names for spelling in (name, _snake(name)))


def _snake(name: str) -> str:
    group, _, column = name.partition("/")
    parts = [re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", part))
             for part in (group, column)]
    return "_".join(parts).lower()


CHARGES = {  # line item type: charge category
    "Usage": "Usage", "DiscountedUsage": "Usage", "SavingsPlanCoveredUsage": "Usage", "SavingsPlanNegation": "Usage",
    "RIFee": "Purchase", "Fee": "Purchase", "SavingsPlanRecurringFee": "Purchase", "SavingsPlanUpfrontFee": "Purchase",
    "Tax": "Tax", "Credit": "Credit", "Refund": "Adjustment", "": ""}  # any other is a discount on usage
_KINDS = " ".join(f"WHEN '{kind}' THEN '{category}'" for kind, category in CHARGES.items())
_CATEGORY = f"CASE type {_KINDS} ELSE 'Usage' END"
_COMMITTED = "coalesce(nullif(reservation, ''), savings_plan)"

TEXTS = {
    "payer": cur("bill/PayerAccountId"), "invoice": cur("bill/InvoiceId"), "biller": cur("bill/BillingEntity"),
    "issuer": cur("bill/InvoicingEntity", "lineItem/LegalEntity"), "seller": cur("lineItem/LegalEntity"),
    "account": cur("lineItem/UsageAccountId"), "account_name": cur("lineItem/UsageAccountName"),
    "type": cur("lineItem/LineItemType"), "code": cur("lineItem/ProductCode"),
    "product": (*cur("product/ProductName"), "product.product_name", "product_servicename", "product/servicename"),
    "usage_type": cur("lineItem/UsageType"), "operation": cur("lineItem/Operation"),
    "description": cur("lineItem/LineItemDescription"), "resource": cur("lineItem/ResourceId"),
    "zone": cur("lineItem/AvailabilityZone"), "rate": cur("pricing/RateCode"), "tax_type": cur("lineItem/TaxType"),
    "currency": cur("lineItem/CurrencyCode"), "unit": cur("pricing/unit"), "tags": ("resource_tags", "tags"),
}
# the spellings that no rule gives
TEXTS["reservation"] = ("reservation/ReservationARN", "reservation_reservation_a_r_n", "reservation_reservation_arn")
TEXTS["savings_plan"] = ("savingsPlan/SavingsPlanARN", "savings_plan_savings_plan_a_r_n",
                         "savings_plan_savings_plan_arn")

AWS = Format(
    name="AWS CUR",
    signs=(frozenset({"lineitem/usageaccountid", "lineitem/unblendedcost"}),
           frozenset({"line_item_usage_account_id", "line_item_unblended_cost"})),
    texts=TEXTS,
    amounts={
        "unblended": cur("lineItem/UnblendedCost"), "quantity": cur("lineItem/UsageAmount"),
        "on_demand": cur("pricing/publicOnDemandCost", "lineItem/UnblendedCost"),  # row by row the first that is there
        "reserved": cur("reservation/EffectiveCost", "lineItem/UnblendedCost"),
        "planned": cur("savingsPlan/SavingsPlanEffectiveCost"),
    },
    times={"billing": cur("bill/BillingPeriodStartDate"), "start": cur("lineItem/UsageStartDate"),
           "finish": cur("lineItem/UsageEndDate")},
    focus={
        "ProviderName": "'AWS'",
        "PublisherName": "CASE WHEN biller LIKE '%Marketplace%' THEN seller ELSE 'AWS' END",
        "InvoiceIssuerName": "issuer", "BillingAccountId": "payer", "SubAccountId": "account",
        "SubAccountName": "account_name", "InvoiceId": "invoice",
        "ServiceName": "coalesce(nullif(product, ''), code)",
        "SkuMeter": "CASE WHEN usage_type <> '' THEN usage_type WHEN tax_type <> '' THEN tax_type ELSE description END",
        "ChargeCategory": _CATEGORY,
        "ChargeClass": "CASE WHEN type = 'Refund' THEN 'Correction' ELSE '' END",
        "CommitmentDiscountId": _COMMITTED,
        "CommitmentDiscountStatus":
            f"CASE WHEN type IN ('DiscountedUsage', 'SavingsPlanCoveredUsage') AND {_COMMITTED} <> '' "
            "THEN 'Used' ELSE '' END",
        "Tags": "tags", "BillingCurrency": "currency", "ConsumedUnit": "unit",
        "BilledCost": "CASE WHEN type IN ('SavingsPlanCoveredUsage', 'SavingsPlanNegation') THEN 0 ELSE unblended END",
        "EffectiveCost":
            "CASE WHEN type = 'SavingsPlanCoveredUsage' THEN coalesce(planned, 0) "
            "WHEN type = 'DiscountedUsage' THEN reserved "
            "WHEN type IN ('SavingsPlanNegation', 'SavingsPlanRecurringFee', 'SavingsPlanUpfrontFee', 'RIFee') THEN 0 "
            "WHEN type IN ('Fee', 'Refund', 'RiVolumeDiscount') AND reservation <> '' THEN 0 ELSE unblended END",
        "ListCost":
            "CASE WHEN type IN ('Usage', 'DiscountedUsage', 'SavingsPlanCoveredUsage') THEN on_demand "
            "WHEN type = 'SavingsPlanNegation' THEN 0 ELSE unblended END",
        "ContractedCost":
            "CASE WHEN type = 'DiscountedUsage' THEN on_demand "
            "WHEN type = 'SavingsPlanNegation' THEN 0 ELSE unblended END",
        "ConsumedQuantity": "CASE WHEN type IN ('Usage', 'DiscountedUsage', 'SavingsPlanCoveredUsage') THEN quantity "
                            "ELSE NULL END",
    },
    identity=("payer", "account", "lower(type)", "code", "usage_type", "operation", "description", "resource", "zone", "rate",
              "tax_type", "reservation", "savings_plan"),
    filed="unblended",
    required=("unblended",),
    source='AWS Data Exports User Guide, "Cost and Usage Report (CUR) 2.0"; Cost and Usage Report, "Data dictionary"',
    tag_columns=("resourcetags/", "resource_tags_"),
    tag_prefixes=("user:", "user_"),
    aside="usage that a savings plan covers, at its on-demand price, less its negation rows; 0 in a whole report",
)

_UNUSED_AMOUNTS = {
    "committed": cur("savingsPlan/TotalCommitmentToDate"), "taken": cur("savingsPlan/UsedCommitment"),
    "unused_upfront": cur("reservation/UnusedAmortizedUpfrontFeeForBillingPeriod"),
    "unused_recurring": cur("reservation/UnusedRecurringFee")}
AWS_UNUSED = replace(
    AWS, name="AWS CUR, unused commitment", amounts=_UNUSED_AMOUNTS, filed="0", required=(), counts=False,
    where="type IN ('SavingsPlanRecurringFee', 'RIFee')",
    focus={**{name: sql for name, sql in AWS.focus.items() if name not in ("ListCost", "ContractedCost",
                                                                           "ConsumedQuantity")},
           "ChargeCategory": "'Usage'", "CommitmentDiscountStatus": "'Unused'", "BilledCost": "0",
           "EffectiveCost": "CASE WHEN type = 'RIFee' THEN coalesce(unused_upfront, 0) + coalesce(unused_recurring, 0) "
                            "ELSE coalesce(committed, 0) - coalesce(taken, 0) END"})
AWS = replace(AWS, also=(AWS_UNUSED,))


def version(columns) -> str:
    """Which report it is, by its columns."""
    if any("/" in name for name in columns):
        return "AWS CUR (legacy)"
    return "AWS CUR 2.0" if "bill_payer_account_name" in columns else "AWS CUR (legacy, names as in parquet)"
