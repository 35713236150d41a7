"""Azure cost and usage details, actual and amortised (EA, MCA and pay-as-you-go), in the columns of FOCUS.

Source: Microsoft Learn, "Understand cost and usage details fields" (Cost Management).

The actual export bills purchases of reservations and savings plans and lists what they cover at 0; the amortised one
leaves the purchases out and spreads them over the usage.  Each fills one cost basis; they are twins, never added.
"""

from helpers.billing.shapes import MANDATORY, Format
from helpers.billing.wording import packed

_BENEFIT = "coalesce(nullif(benefit, ''), reservation)"
_COVERED = f"lower(kind) = 'usage' AND ({_BENEFIT}) <> '' AND lower(pricing) IN ('', 'reservation', 'savingsplan')"

AZURE = Format(
    name="Azure cost export",
    signs=(frozenset({"metercategory", "meterid", "chargetype"}),
           frozenset({"metercategory", "meterid", "subscriptionguid"})),
    texts={
        "billing_account": ("BillingProfileId", "BillingAccountId", "EnrollmentNumber", "BillingAccountName"),
        "invoice": ("InvoiceId",), "issuer": ("PartnerName",),
        "subscription": ("SubscriptionId", "SubscriptionGuid"), "subscription_name": ("SubscriptionName",),
        "resource_group": ("ResourceGroup", "ResourceGroupName"), "category": ("MeterCategory",),
        "subcategory": ("MeterSubCategory",), "meter": ("MeterName", "Meter"), "meter_id": ("MeterId",),
        "product": ("ProductName", "Product"), "resource": ("ResourceId", "InstanceId"),
        "kind": ("ChargeType",), "frequency": ("Frequency",), "pricing": ("PricingModel",),
        "publisher": ("PublisherName",), "publisher_type": ("PublisherType",),
        "reservation": ("ReservationId",), "benefit": ("BenefitId",), "order": ("ProductOrderId",),
        "tags": ("Tags",), "unit": ("UnitOfMeasure", "Unit"), "part": ("PartNumber",),
        "region": ("ResourceLocation", "Location"), "plan": ("PlanName",), "details": ("AdditionalInfo",),
        "currency": ("BillingCurrency", "BillingCurrencyCode", "Currency"),
    },
    amounts={"cost": ("CostInBillingCurrency", "Cost", "PreTaxCost"), "quantity": ("Quantity", "UsageQuantity"),
             "at_list": ("PaygCostInBillingCurrency",)},
    times={"billing": ("BillingPeriodStartDate", "Date", "UsageDateTime"), "start": ("Date", "UsageDateTime"),
           "finish": ()},
    focus={
        "ProviderName": "'Microsoft'",
        "PublisherName": "CASE WHEN publisher <> '' THEN publisher WHEN publisher_type IN ('', 'Azure', 'Microsoft') "
                         "THEN 'Microsoft' ELSE publisher_type END",
        "InvoiceIssuerName": "CASE WHEN issuer = '' THEN 'Microsoft' ELSE issuer END",
        "BillingAccountId": "billing_account", "SubAccountId": "subscription", "SubAccountName": "subscription_name",
        "InvoiceId": "invoice",
        "ServiceName": "CASE WHEN category <> '' THEN category WHEN product <> '' THEN product ELSE publisher END",
        "SkuMeter": "CASE WHEN subcategory = '' THEN meter ELSE subcategory || ' - ' || meter END",
        "ChargeCategory":
            "CASE lower(kind) WHEN '' THEN 'Usage' WHEN 'usage' THEN 'Usage' WHEN 'purchase' THEN 'Purchase' "
            "WHEN 'refund' THEN 'Purchase' WHEN 'tax' THEN 'Tax' WHEN 'credit' THEN 'Credit' "
            "WHEN 'unusedreservation' THEN 'Usage' WHEN 'unusedsavingsplan' THEN 'Usage' ELSE 'Adjustment' END",
        "ChargeClass": "CASE WHEN lower(kind) = 'refund' THEN 'Correction' ELSE '' END",
        "CommitmentDiscountId": _BENEFIT,
        "CommitmentDiscountStatus": f"CASE WHEN lower(kind) LIKE 'unused%' THEN 'Unused' WHEN {_COVERED} THEN 'Used' "
                                    "ELSE '' END",
        "ResourceGroup": "lower(resource_group)", "Tags": "tags", "BillingCurrency": "currency", "ConsumedUnit": "unit",
        "BilledCost": "cost", "EffectiveCost": "cost", "ListCost": "at_list",
        "ConsumedQuantity": "CASE WHEN lower(kind) IN ('', 'usage') THEN quantity ELSE NULL END",
    },
    identity=("billing_account", "subscription", "lower(resource)", "lower(meter_id)", "product", "meter",
              "coalesce(nullif(lower(kind), ''), 'usage')", "lower(pricing)", "lower(reservation)", "lower(benefit)",
              "order", "part", "lower(region)", "plan", "unit", "lower(frequency)", packed("details")),
    filed="cost",
    required=("cost",),
    mandatory=tuple(name for name in MANDATORY if name != "ChargeCategory"),  # pay-as-you-go: usage, untold
    source='Microsoft Learn, Cost Management: "Enterprise Agreement cost and usage details file schema", "Microsoft '
           'Customer Agreement cost and usage details file schema", "Convert cost and usage data to FOCUS"',
    basis=f"CASE WHEN lower(kind) LIKE 'unused%' OR {_COVERED} AND cost <> 0 THEN 'amortised' "
          f"WHEN lower(kind) IN ('purchase', 'refund') AND ({_BENEFIT}) <> '' AND cost <> 0 THEN 'billed' ELSE '' END",
    whole_days=True,
)
