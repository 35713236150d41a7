"""FOCUS cost and usage, 1.0 to 1.4, and the names of earlier drafts: the native format.

Source: the FOCUS specification's column library (focus.finops.org), "FinOps Open Cost and Usage Specification".
The repair: Microsoft Learn, "Troubleshoot common FinOps toolkit errors", InvalidEffectiveCost.
"""

from helpers.billing.shapes import AMOUNTS, KEYS, Format


def word(name: str) -> str:
    """Values of a word are spelled Like this whatever the file's case."""
    return f"upper(substr({name}, 1, 1)) || lower(substr({name}, 2))"


TEXTS = {
    **{name: (name,) for name in KEYS},
    "ProviderName": ("ProviderName", "ServiceProviderName", "Provider"),
    "PublisherName": ("PublisherName", "HostProviderName", "Publisher"),
    "InvoiceIssuerName": ("InvoiceIssuerName", "InvoiceIssuer"),
    "InvoiceId": ("InvoiceId", "x_InvoiceId"),
    "ServiceSubcategory": ("ServiceSubcategory", "x_ServiceSubcategory"),
    "SkuMeter": ("SkuMeter", "x_SkuMeterName", "ChargeDescription"),
    "ChargeCategory": ("ChargeCategory", "ChargeType"),
    "ResourceGroup": ("x_ResourceGroupName",),
    "ConsumedUnit": ("ConsumedUnit", "UsageUnit"),
    "ChargeSubcategory": ("ChargeSubcategory",),  # 0.5 and the 1.0 preview: "Unused Commitment"
    "AllocatedTags": ("AllocatedTags",),
    **{name: (name,) for name in (
        "ResourceId", "SkuId", "SkuPriceId", "ChargeDescription", "ChargeFrequency", "PricingCategory", "RegionId",
        "AvailabilityZone", "CapacityReservationId", "x_Operation", "x_UsageType")},
}

FOCUS = Format(
    name="FOCUS",
    signs=(frozenset({"billedcost", "billingperiodstart"}),),
    texts=TEXTS,
    amounts={
        **{name: (name,) for name in AMOUNTS},
        "EffectiveCost": ("EffectiveCost", "AmortizedCost"),
        "ConsumedQuantity": ("ConsumedQuantity", "UsageQuantity"),
    },
    times={"billing": ("BillingPeriodStart",), "start": ("ChargePeriodStart",), "finish": ("ChargePeriodEnd",)},
    focus={
        **{name: name for name in (*KEYS, *AMOUNTS)},
        "ChargeCategory": word("ChargeCategory"),
        "ChargeClass": word("ChargeClass"),
        "CommitmentDiscountStatus": (
            f"CASE WHEN CommitmentDiscountStatus <> '' THEN {word('CommitmentDiscountStatus')} "
            "WHEN lower(ChargeSubcategory) = 'unused commitment' THEN 'Unused' "
            "WHEN lower(ChargeSubcategory) = 'used commitment' THEN 'Used' ELSE '' END"),
        "Tags": "CASE WHEN AllocatedTags IN ('', '{}') THEN Tags ELSE AllocatedTags END",  # 1.3: the provider's split
    },
    identity=("ProviderName", "BillingAccountId", "SubAccountId", "ResourceId", "ServiceName", "SkuId", "SkuPriceId", "SkuMeter",
              "ChargeDescription", "ChargeCategory", "ChargeClass", "lower(ChargeFrequency)", "lower(PricingCategory)",
              "CommitmentDiscountId", "CommitmentDiscountStatus", "CapacityReservationId", "RegionId", "AvailabilityZone",
              "x_Operation", "x_UsageType"),
    filed="BilledCost",
    required=("BilledCost", "EffectiveCost"),
    repairs={  # Microsoft counts such purchases in both bases, and the usage they cover as well
        "commitment purchase with effective cost":
            "ProviderName = 'Microsoft' AND ChargeCategory = 'Purchase' AND CommitmentDiscountId <> '' "
            "AND EffectiveCost <> 0"},
    source="FinOps Open Cost and Usage Specification (FOCUS), column library",
)

VERSIONS = {  # columns that a version brought in, newest first
    "1.4": {"CommitmentProgramEligibilityDetails", "InvoiceDetailId"},
    "1.3": {"AllocatedMethodId", "AllocatedResourceId", "ContractApplied", "HostProviderName", "ServiceProviderName"},
    "1.2": {"BillingAccountType", "InvoiceId", "PricingCurrency", "SubAccountType"},
    "1.1": {"CapacityReservationId", "CommitmentDiscountQuantity", "ServiceSubcategory", "SkuMeter", "SkuPriceDetails"},
}


def version(columns) -> str:
    """The version whose newest columns the file has; 1.0 where it has none of a later one."""
    return next((number for number, new in VERSIONS.items() if new & set(columns)), "1.0")
