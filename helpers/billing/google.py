"""Google Cloud's detailed billing export (BigQuery, as parquet, JSON or CSV) in the columns of FOCUS.

Source: Google Cloud documentation, "Structure of Detailed data export" (Cloud Billing).

A row's credits are a list; each credit becomes a row of its own, so that cost and credits add up to the net and no row
is counted twice.  The bill is the invoice month, whatever the time of use.  A committed use discount bills its fee each
month and takes the usage off as a credit, so both cost bases are the net, as in Google's own FOCUS view, and nothing is
prepaid.
"""

from dataclasses import replace

from helpers.billing.shapes import PIECE, Format, literal
from helpers.billing.wording import packed, plain

_MERGED = f" || {literal(PIECE)} || "

GOOGLE = Format(
    name="Google Cloud billing export",
    signs=(frozenset({"service", "sku", "usage_start_time", "cost"}),
           frozenset({"service_description", "sku_description", "usage_start_time", "cost"})),
    texts={
        "billing_account": ("billing_account_id",), "service": ("service.description",), "sku": ("sku.description",),
        "sku_id": ("sku.id",), "project": ("project.id", "project.number"), "project_name": ("project.name",),
        "month": ("invoice.month",), "kind": ("cost_type",), "seller": ("seller_name",),
        "resource": ("resource.global_name", "resource.name"), "region": ("location.region",),
        "zone": ("location.zone",), "labels": ("labels",), "project_labels": ("project.labels", "labels_1"),
        "tags": ("tags",), "unit": ("usage.unit",), "currency": ("currency",),
        "correction": ("adjustment_info.mode",), "correction_id": ("adjustment_info.id",),
        "transaction": ("transaction_type",), "price": ("price.effective_price",),
    },
    amounts={"cost": ("cost",), "at_list": ("cost_at_list",), "quantity": ("usage.amount",)},
    times={"billing": ("invoice.month",), "start": ("usage_start_time",), "finish": ("usage_end_time",)},
    focus={
        "ProviderName": "'Google Cloud'",
        "PublisherName": "CASE WHEN upper(seller) IN ('', 'GOOGLE') THEN 'Google Cloud' ELSE seller END",
        "InvoiceIssuerName": "'Google Cloud'", "BillingAccountId": "billing_account", "SubAccountId": "project",
        "SubAccountName": "project_name", "ServiceName": "service", "SkuMeter": "sku",
        "ChargeCategory":
            "CASE WHEN lower(kind) = 'tax' THEN 'Tax' WHEN lower(kind) IN ('adjustment', 'rounding_error', 'roundoff') "
            "THEN 'Adjustment' WHEN sku LIKE 'Commitment%' THEN 'Purchase' ELSE 'Usage' END",
        "ChargeClass": "CASE WHEN correction <> '' THEN 'Correction' ELSE '' END",
        "Tags": f"labels{_MERGED}project_labels{_MERGED}tags", "BillingCurrency": "currency", "ConsumedUnit": "unit",
        "BilledCost": "cost", "EffectiveCost": "cost", "ListCost": "at_list",
        "ConsumedQuantity": "CASE WHEN lower(kind) IN ('', 'regular') THEN quantity ELSE NULL END",
    },
    identity=("billing_account", "project", "service", "sku", "sku_id", "coalesce(nullif(lower(kind), ''), 'regular')",
              "resource", "region", "zone", packed("labels"), "correction_id", "transaction", "PublisherName",
              plain("price")),
    filed="cost",
    required=("cost",),
    source='Google Cloud documentation, Cloud Billing, "Structure of Detailed data export"',
)

GOOGLE = replace(GOOGLE, also=(replace(
    GOOGLE, name="Google Cloud billing export, credits", explode="credits", required=("credit",), counts=False,
    texts={**GOOGLE.texts, "credit_name": ("item.full_name", "item.name"), "credit_type": ("item.type",)},
    amounts={"credit": ("item.amount",)}, filed="credit",
    focus={**{name: sql for name, sql in GOOGLE.focus.items() if name not in ("ListCost", "ConsumedQuantity")},
           "ChargeCategory": "'Credit'", "SkuMeter": "CASE WHEN credit_name <> '' THEN credit_name ELSE credit_type END",
           "BilledCost": "credit", "EffectiveCost": "credit"}),))
