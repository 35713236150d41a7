"""How does each provider hand over its bill?  Three shapes of FOCUS: AWS 1.2 and Google as parquet, Azure 1.0 as CSV.

    charges → files under billing/aws, billing/azure, billing/google
"""

import csv
import json
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

MOMENT = pa.timestamp("us", tz="UTC")
MOMENTS = ("BillingPeriodEnd", "BillingPeriodStart", "ChargePeriodEnd", "ChargePeriodStart")
AMOUNTS = ("BilledCost", "ConsumedQuantity", "ContractedCost", "EffectiveCost", "ListCost", "ListUnitPrice",
           "PricingQuantity")
COMMON = """BilledCost BillingAccountId BillingAccountName BillingCurrency BillingPeriodEnd BillingPeriodStart
ChargeCategory ChargeClass ChargeDescription ChargeFrequency ChargePeriodEnd ChargePeriodStart
CommitmentDiscountCategory CommitmentDiscountId CommitmentDiscountName CommitmentDiscountStatus CommitmentDiscountType
ConsumedQuantity ConsumedUnit ContractedCost EffectiveCost InvoiceIssuerName ListCost ListUnitPrice PricingCategory
PricingQuantity PricingUnit ProviderName PublisherName RegionId RegionName
ResourceId ResourceName ResourceType ServiceCategory ServiceName SkuId SubAccountId SubAccountName Tags""".split()
AWS_ONLY = ("InvoiceId", "ServiceSubcategory", "SkuMeter", "x_Discounts")  # FOCUS 1.1 and 1.2, and AWS's own
AZURE_ONLY = ("x_InvoiceId", "x_SkuMeterName")
GOOGLE_ONLY = ("x_Credits",)
TEXT_MAP = pa.map_(pa.string(), pa.string())
LABELS = pa.list_(pa.struct([("key", pa.string()), ("value", pa.string())]))


def aws_schema() -> pa.Schema:
    """Columns of the AWS export: tags as a map, costs with ten decimals."""
    money = pa.decimal128(38, 10)
    kinds = {"Tags": TEXT_MAP, "x_Discounts": pa.map_(pa.string(), money)}
    return _schema(sorted([*COMMON, *AWS_ONLY], key=str.lower), kinds, money)


def google_schema() -> pa.Schema:
    """Columns of the Google export: labels as a list of key and value, credits nested, costs with twelve decimals."""
    money = pa.decimal128(38, 12)
    credit = pa.list_(pa.struct([("id", pa.string()), ("name", pa.string()), ("amount", money)]))
    return _schema([*COMMON, *GOOGLE_ONLY], {"Tags": LABELS, "x_Credits": credit}, money)


def _schema(names: list[str], kinds: dict, money: pa.DataType) -> pa.Schema:
    usual = {**dict.fromkeys(MOMENTS, MOMENT), **dict.fromkeys(AMOUNTS, money), **kinds}
    return pa.schema([(name, usual.get(name, pa.string())) for name in names])


def write_aws(charges: list[dict], path: Path) -> None:
    """One parquet file of the AWS export."""
    lines = [{**row, "Tags": list(row["Tags"].items()), "x_Discounts": _discounts(row)} for row in charges]
    _write_parquet(lines, aws_schema(), path)


def _discounts(row: dict) -> list[tuple[str, Decimal]]:
    saved = row["ContractedCost"] - row["ListCost"]
    return [("PrivateRateDiscount", saved)] if saved else []


def write_google(charges: list[dict], path: Path) -> None:
    """One parquet file of the Google export."""
    lines = [{**row, "Tags": [{"key": key, "value": value} for key, value in row["Tags"].items()]} for row in charges]
    _write_parquet(lines, google_schema(), path)


def _write_parquet(lines: list[dict], schema: pa.Schema, path: Path) -> None:
    columns = [pa.array([_fixed(line.get(name), kind) for line in lines], kind)
               for name, kind in zip(schema.names, schema.types, strict=True)]
    table = pa.Table.from_arrays(columns, schema=schema)
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path, compression="zstd", compression_level=9, write_statistics=False, store_schema=False)


def _fixed(value: object, kind: pa.DataType) -> object:
    """Days as moments; decimals with the scale of their column."""
    if isinstance(value, date):
        return datetime.combine(value, time(), UTC)
    return value.quantize(Decimal(1).scaleb(-kind.scale)) if isinstance(value, Decimal) else value


def write_azure(charges: list[dict], path: Path) -> None:
    """One CSV file of the Azure export: byte-order mark, CRLF, tags as JSON text, no InvoiceId (FOCUS 1.0)."""
    names = [*COMMON, *AZURE_ONLY]
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, lineterminator="\r\n")
        writer.writerow(names)
        writer.writerows([_azure_text(row, name) for name in names] for row in charges)


def _azure_text(row: dict, name: str) -> str:
    value = row.get({"x_InvoiceId": "InvoiceId", "x_SkuMeterName": "SkuMeter"}.get(name, name))
    if name in MOMENTS:
        return f"{value:%Y-%m-%d}T00:00:00Z"
    if name == "Tags":
        return json.dumps(value) if value else ""
    if isinstance(value, Decimal):
        return format(value.normalize(), "f") if value else "0"
    return value or ""
