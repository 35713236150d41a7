"""Oracle Cloud Infrastructure cost reports in the columns of FOCUS.

Source: Oracle Cloud Infrastructure Documentation, "Cost and Usage Reports" (Billing and Cost Management).
"""

from helpers.billing.shapes import Format

OCI = Format(
    name="OCI cost report",
    signs=(frozenset({"lineitem/referenceno", "cost/mycost"}),),
    texts={
        "tenant": ("lineItem/tenantId",), "subscription": ("cost/subscriptionId",), "service": ("product/service",),
        "compartment": ("product/compartmentId",), "compartment_name": ("product/compartmentName",),
        "product": ("product/Description",), "sku": ("cost/productSku",), "resource": ("product/resourceId",),
        "region": ("product/region",), "domain": ("product/availabilityDomain",), "unit": ("cost/skuUnitDescription",),
        "currency": ("cost/currencyCode",), "corrects": ("lineItem/isCorrection",),
        "reference": ("lineItem/backreferenceNo",), "overage": ("cost/overageFlag",),
    },
    amounts={"cost": ("cost/myCost",), "quantity": ("usage/billedQuantity",)},
    times={"billing": ("lineItem/intervalUsageStart",), "start": ("lineItem/intervalUsageStart",),
           "finish": ("lineItem/intervalUsageEnd",)},
    focus={
        "ProviderName": "'Oracle'", "PublisherName": "'Oracle'", "InvoiceIssuerName": "'Oracle'",
        "BillingAccountId": "coalesce(nullif(subscription, ''), tenant)", "SubAccountId": "compartment",
        "SubAccountName": "compartment_name", "ServiceName": "service", "SkuMeter": "product",
        "ChargeCategory": "'Usage'",
        "ChargeClass": "CASE WHEN lower(corrects) = 'true' THEN 'Correction' ELSE '' END",
        "BillingCurrency": "currency", "ConsumedUnit": "unit",
        "BilledCost": "cost", "EffectiveCost": "cost", "ConsumedQuantity": "quantity",
    },
    identity=("subscription", "compartment", "service", "sku", "product", "resource", "region", "domain", "ChargeClass", "reference",
              "lower(overage)"),
    filed="cost",
    required=("cost",),
    source='Oracle Cloud Infrastructure Documentation, "Cost and Usage Reports Overview"',
    tag_columns=("tags/",),
    adds=True,  # a file of every six hours, numbered; corrections come as rows of their own
)
