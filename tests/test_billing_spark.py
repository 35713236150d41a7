"""Spark: the same cents as DuckDB, from the same SQL.  Runs where Java and pyspark are (the project's extra `spark`)."""

import csv
import importlib.util
import shutil

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from helpers import billing
from helpers.money import plain

pytestmark = [
    pytest.mark.spark,
    pytest.mark.skipif(not shutil.which("java") or not importlib.util.find_spec("pyspark"),
                       reason="Java and the extra `spark` are needed: docs/billing.md")]
AMOUNTS = ["BilledCost", "EffectiveCost", "ListCost", "ConsumedQuantity", "UsageHours", "line_count"]
FOCUS = {"BillingPeriodStart": "2026-09-01T00:00:00Z", "ChargePeriodStart": "2026-09-03T05:00:00Z",
         "ChargePeriodEnd": "2026-09-03T07:00Z", "ProviderName": "AWS", "ServiceName": "S3", "ChargeCategory": "Usage",
         "BillingCurrency": "USD", "BilledCost": "1.5", "EffectiveCost": "1.25", "ListCost": "NULL",
         "ConsumedQuantity": "3", "ConsumedUnit": "GB", "SubAccountId": "1", "ResourceId": "r", "Tags": ""}


def text_file(path, rows: list[dict], blank: dict) -> None:
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(blank))
        writer.writeheader()
        writer.writerows({**blank, **row} for row in rows)


def make_bills(folder) -> list:
    """A FOCUS bill as CSV and as parquet with maps and doubles, an AWS report with a savings plan, a Google export."""
    text_file(folder / "bill.csv", [
        {"BilledCost": "1e-17", "Tags": '{"app": "a", "Name": "x"}'}, {"BilledCost": "-0.10", "Tags": "app:a"},
        {"ServiceName": " NULL ", "BilledCost": "123456789.123456789012345678", "ResourceId": 'say "hi", twice\n'},
        {"ChargePeriodStart": "9/4/2026", "ConsumedUnit": "Hours"}], FOCUS)
    columns = {name: pa.array([value, value]) for name, value in FOCUS.items()} | {
        "ProviderName": pa.array(["Oracle"] * 2), "BilledCost": pa.array([0.1, 1234567.000000123]),
        "BillingPeriodStart": pa.array([1788220800000] * 2, pa.timestamp("ms", tz="UTC")),
        "Tags": pa.array([[("app", "b"), ("Name", "y")], None], pa.map_(pa.string(), pa.string()))}
    pq.write_table(pa.table(columns), folder / "oracle.parquet")
    text_file(folder / "cur.csv", [
        {}, {"lineItem/LineItemType": "SavingsPlanNegation", "lineItem/UnblendedCost": "-2.00"},
        {"lineItem/LineItemType": "SavingsPlanRecurringFee", "lineItem/UnblendedCost": "1.10",
         "savingsPlan/TotalCommitmentToDate": "1.10", "savingsPlan/UsedCommitment": "1.00"}], {
        "bill/PayerAccountId": "9", "bill/BillingPeriodStartDate": "2026-08-01T00:00:00Z", "bill/InvoiceId": "I",
        "lineItem/UsageAccountId": "1", "lineItem/LineItemType": "SavingsPlanCoveredUsage",
        "lineItem/ProductCode": "AmazonEC2", "lineItem/UsageType": "BoxUsage", "lineItem/CurrencyCode": "USD",
        "lineItem/UsageStartDate": "2026-08-02T00:00:00Z", "lineItem/UsageEndDate": "2026-08-02T01:00:00Z",
        "lineItem/UnblendedCost": "2.00", "savingsPlan/SavingsPlanEffectiveCost": "1.00",
        "savingsPlan/TotalCommitmentToDate": "", "savingsPlan/UsedCommitment": "", "resourceTags/user:app": "a"})
    text_file(folder / "google.csv", [
        {"credits": '[{"name": "A", "amount": -1.25, "type": "PROMOTION"}, {"name": "B", "amount": -0.5}]'}, {}], {
        "billing_account_id": "G", "service": '{"description": "BigQuery"}', "sku": '{"description": "Slots", "id": "s"}',
        "usage_start_time": "2026-09-02T00:00:00Z", "usage_end_time": "2026-09-02T01:00:00Z",
        "project": '{"id": "p", "name": "P"}', "labels": '[{"key": "app", "value": "c"}]', "cost": "10.00",
        "currency": "EUR", "usage": '{"amount": 2, "unit": "hour"}', "invoice": '{"month": "202609"}',
        "cost_type": "regular", "credits": "[]"})
    return [folder / name for name in ("bill.csv", "oracle.parquet", "cur.csv", "google.csv")]


def lines(paths, folder, engine: str) -> list[tuple]:
    asked = billing.Asked(tag_keys=("app",), engine=engine, master="local[2]")
    cube = billing.load(paths, folder / engine, asked)
    assert {row["state"] for row in [*billing.check_cube(cube), *billing.check_days(cube)]} == {"ok"}
    table = cube.lines[[*billing.LINE_KEYS, *AMOUNTS]]
    return sorted(tuple(plain(cell) if hasattr(cell, "normalize") else str(cell or "") for cell in row)
                  for row in table.astype(object).where(table.notna(), "").itertuples(index=False))


def test_spark_gives_the_lines_and_the_cents_that_duckdb_gives(tmp_path):
    paths = make_bills(tmp_path)
    here = lines(paths, tmp_path, "duckdb")
    assert len(here) == 11
    assert lines(paths, tmp_path, "spark") == here


def test_what_sqlglot_cannot_carry_over_is_refused():
    from helpers.billing.spark import carried

    assert carried("SELECT CAST(a AS VARCHAR) FROM t WHERE b LIKE '____-__'") == (
        "SELECT CAST(a AS STRING) FROM t WHERE b LIKE '____-__'")
