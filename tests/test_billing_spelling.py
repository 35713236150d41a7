"""Another spelling is no other charge: a bill delivered twice counts once, however its blanks, words and times are written."""

import csv
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from helpers import billing
from helpers.errors import InputError
from helpers.money import plain, total
from tests.test_billing import billed, read

SHARED = Path(__file__).resolve().parents[2] / "shared" / "billing" / "focus" / "spec_corrections"
FOCUS = {"BillingPeriodStart": "2026-09-01T00:00:00Z", "ChargePeriodStart": "2026-09-03T05:00:00Z",
         "ChargePeriodEnd": "2026-09-03T06:00:00Z", "ProviderName": "AWS", "BillingAccountId": "A", "SubAccountId": "7",
         "InvoiceId": "", "ServiceName": "Amazon S3", "ChargeCategory": "Usage", "ChargeClass": "", "ChargeFrequency": "Usage-Based",
         "PricingCategory": "Standard", "ResourceId": "", "RegionId": "eu-1", "SkuMeter": "", "ChargeDescription": "storage",
         "CommitmentDiscountStatus": "Used", "BillingCurrency": "USD", "BilledCost": "1.5", "EffectiveCost": "1.5",
         "Tags": '{"app": "a"}'}
AWS = {"bill/PayerAccountId": "9", "bill/BillingPeriodStartDate": "2026-09-01T00:00:00Z", "lineItem/UsageAccountId": "1",
       "lineItem/LineItemType": "Usage", "lineItem/ProductCode": "EC2", "lineItem/UsageType": "Box", "lineItem/CurrencyCode": "USD",
       "lineItem/UsageStartDate": "2026-09-02T00:00:00Z", "lineItem/UsageEndDate": "2026-09-02T01:00:00Z", "lineItem/TaxType": "",
       "lineItem/ResourceId": "", "reservation/ReservationARN": "", "lineItem/UnblendedCost": "1.5"}
AZURE = {"BillingProfileId": "P", "Date": "09/02/2026", "SubscriptionId": "s-1", "MeterCategory": "VM", "MeterId": "ab",
         "MeterName": "D2", "ChargeType": "Usage", "PricingModel": "OnDemand", "ResourceId": "/sub/s-1/vm", "ReservationId": "",
         "Frequency": "UsageBased", "AdditionalInfo": '{"a": "b", "c": 1}', "BillingCurrency": "USD", "CostInBillingCurrency": "1.5"}
GOOGLE = {"billing_account_id": "G", "service": '{"description": "BigQuery"}', "sku": '{"description": "Slots", "id": "s"}',
          "usage_start_time": "2026-09-02T00:00:00Z", "usage_end_time": "2026-09-02T01:00:00Z", "project": '{"id": "p"}',
          "labels": '[{"key": "app", "value": "c"}]', "cost": "1.5", "currency": "USD", "invoice": '{"month": "202609"}',
          "cost_type": "regular", "seller_name": "", "price": '{"effective_price": "0.10"}', "credits": "[]"}
OCI = {"lineItem/referenceNo": "1", "lineItem/tenantId": "t", "lineItem/intervalUsageStart": "2026-09-02T00:00Z",
       "lineItem/intervalUsageEnd": "2026-09-02T01:00Z", "product/service": "COMPUTE", "product/Description": "OCPU",
       "product/resourceId": "r", "cost/productSku": "B1", "cost/currencyCode": "USD", "lineItem/isCorrection": "false",
       "cost/overageFlag": "N", "cost/myCost": "1.5"}
KINDS = ("csv", "parquet", "json")  # of the second delivery, in turn
SPELLINGS = [
    (FOCUS, "ChargeClass", ["(null)", "NULL", " ", "Null "]), (FOCUS, "ChargeCategory", ["usage", "USAGE", " Usage "]),
    (FOCUS, "ChargeFrequency", ["Usage-based"]), (FOCUS, "PricingCategory", ["STANDARD"]), (FOCUS, "ResourceId", ["null"]),
    (FOCUS, "CommitmentDiscountStatus", ["used"]), (FOCUS, "BillingAccountId", ["A "]), (FOCUS, "SkuMeter", ["(NULL)"]),
    (FOCUS, "BillingPeriodStart", ["2026-09", "9/1/2026", "20260901", "2026-09-01T02:00:00+02:00"]),
    (FOCUS, "ChargePeriodStart", ["2026-09-03 05:00:00", "2026-09-03T05:00Z", "2026-09-03T07:00:00+02:00",
                                  "2026-09-03T05:00:00.000Z"]),
    (FOCUS, "Tags", ['{"app":"a"}', "app:a"]), (FOCUS, "InvoiceId", ["(null)"]),
    (AWS, "lineItem/ResourceId", ["NULL"]), (AWS, "lineItem/LineItemType", ["usage"]), (AWS, "lineItem/TaxType", [" "]),
    (AZURE, "ChargeType", ["usage", ""]), (AZURE, "ReservationId", ["null"]), (AZURE, "ResourceId", ["/SUB/S-1/VM"]),
    (AZURE, "Date", ["9/2/2026", "2026-09-02"]), (AZURE, "AdditionalInfo", ['{"a":"b","c":1}']),
    (GOOGLE, "labels", ['[{"key":"app","value":"c"}]']), (GOOGLE, "cost_type", ["Regular", ""]), (GOOGLE, "seller_name", ["Google"]),
    (GOOGLE, "price", ['{"effective_price": 0.1}', '{"effective_price": "1e-1"}']),
    (OCI, "lineItem/isCorrection", ["", "False"]), (OCI, "cost/overageFlag", ["n"]),
]


def rows_of(plain_row: dict, changes: dict) -> list[dict]:
    """Three rows that differ in what is used and cost 1.5 each, changed alike."""
    what = next(name for name in ("RegionId", "lineItem/UsageType", "MeterName", "sku", "cost/productSku") if name in plain_row)
    names = [json.dumps({"description": name, "id": name}) if what == "sku" else name for name in ("one", "two", "three")]
    return [{**plain_row, what: name, **changes} for name in names]


def written(path, rows: list[dict]):
    """The rows as the kind of file that the name asks for."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist([{name: value or None for name, value in row.items()} for row in rows]), path)
    elif path.suffix == ".json":
        path.write_text("".join(json.dumps({name: value or None for name, value in row.items()}) + "\n" for row in rows))
    else:
        with open(path, "w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
    return path


def once(cube) -> tuple[str, str, list[str]]:
    """Billed cost, billed cost kept out, and what became of the files; the cube's own proofs hold."""
    assert {row["state"] for row in [*billing.check_cube(cube), *billing.check_days(cube)]} == {"ok"}
    return billed(cube), plain(total(cube.kept_out["BilledCost"])), sorted(set(cube.files["state"]))


@pytest.mark.parametrize("plain_row, column, values, end", [
    pytest.param(row, column, values, KINDS[place % 3], id=f"{column} {KINDS[place % 3]}")
    for place, (row, column, values) in enumerate(SPELLINGS)])
def test_a_bill_whose_second_delivery_spells_a_column_otherwise_counts_once(tmp_path, plain_row, column, values, end):
    for place, value in enumerate(values):
        names = [f"{place}/a.csv", f"{place}/b.{end}"] if plain_row is not OCI else [f"{place}/a-1.csv", f"{place}/a-2.{end}"]
        paths = [written(tmp_path / name, rows_of(plain_row, changes)) for name, changes in zip(names, ({}, {column: value}))]
        assert once(read(*paths)) == ("4.5", "4.5", ["kept out", "read"]), value


@pytest.mark.parametrize("ends", [("csv", "parquet"), ("parquet", "json"), ("parquet", "parquet")])
def test_a_bill_delivered_as_two_kinds_of_file_counts_once(tmp_path, ends):
    paths = [written(tmp_path / f"{place}.x.{end}", rows_of(FOCUS, {"ChargeClass": value}))
             for place, (end, value) in enumerate(zip(ends, ("(null)", "")))]
    assert once(read(*paths)) == ("4.5", "4.5", ["kept out", "read"])


def test_a_part_that_repeats_days_of_another_in_another_spelling_is_kept_out(tmp_path):
    first = rows_of(FOCUS, {"ChargeClass": "(null)", "ChargeCategory": "usage"})
    second = [*rows_of(FOCUS, {}), *rows_of(FOCUS, {"ChargePeriodStart": "2026-09-04T05:00:00Z", "BilledCost": "2"})]
    paths = [written(tmp_path / "part-1.csv", first), written(tmp_path / "part-2.csv", second)]
    assert once(read(*paths))[:2] == ("10.5", "4.5")


def test_a_file_that_spells_one_thing_in_two_ways_is_the_same_as_one_that_does_not(tmp_path):
    mixed = rows_of(FOCUS, {})
    mixed[0]["ChargeClass"], mixed[1]["ChargeCategory"], mixed[2]["Tags"] = "NULL", "usage", "app:a"
    paths = [written(tmp_path / "a.csv", mixed), written(tmp_path / "b.csv", rows_of(FOCUS, {}))]
    assert once(read(*paths)) == ("4.5", "4.5", ["kept out", "read"])


def test_a_replacement_that_spells_its_blanks_otherwise_replaces(tmp_path):
    added = {**FOCUS, "ChargeClass": "Correction", "BilledCost": "0.5"}
    paths = [written(tmp_path / "a.csv", rows_of(FOCUS, {"ChargeClass": "(null)"})),
             written(tmp_path / "b.csv", [*rows_of(FOCUS, {}), added])]
    assert once(read(*paths)) == ("5", "0", ["read", "replaced"])


@pytest.mark.parametrize("column, value", [("ChargeClass", "Correction"), ("SubAccountId", "8"), ("ResourceId", "none"),
                                           ("ChargePeriodStart", "2026-09-03T05:30:00Z"), ("ServiceName", "amazon s3")])
def test_what_is_more_than_a_spelling_is_another_charge(tmp_path, column, value):
    paths = [written(tmp_path / "a-1.csv", rows_of(FOCUS, {})), written(tmp_path / "a-2.csv", rows_of(FOCUS, {column: value}))]
    assert once(read(*paths)) == ("9", "0", ["read"])


def test_what_the_parameters_give_where_a_file_is_blank_is_what_another_says(tmp_path):
    paths = [written(tmp_path / "a.csv", rows_of(FOCUS, {})), written(tmp_path / "b.csv", rows_of(FOCUS, {"BillingAccountId": "NULL"}))]
    assert once(read(*paths, values={"BillingAccountId": "A"})) == ("4.5", "4.5", ["kept out", "read"])


def test_two_deliveries_whose_charges_differ_still_ask(tmp_path):
    paths = [written(tmp_path / "a.csv", rows_of(FOCUS, {})), written(tmp_path / "b.csv", rows_of(FOCUS, {"RegionId": "x"}))]
    with pytest.raises(InputError, match="one delivery, or a word on what they are"):
        read(*paths)


def test_a_second_spelling_of_a_column_stands_in_where_the_first_is_blank_in_any_way(tmp_path):
    rows = [{**FOCUS, "SkuMeter": value, "ChargeDescription": "storage"} for value in (" NULL ", "(Null)", "  ", "")]
    assert read(written(tmp_path / "a.csv", rows)).lines["SkuMeter"].tolist() == ["storage"]


def test_a_second_spelling_of_a_column_stands_in_where_the_first_is_a_number(tmp_path):
    names = {**FOCUS, "x_InvoiceId": "I-2"}
    table = pa.Table.from_pylist([names, names]).set_column(list(names).index("InvoiceId"), "InvoiceId", pa.array([17, None], pa.int64()))
    pq.write_table(table, tmp_path / "a.parquet")
    assert sorted(read(tmp_path / "a.parquet").lines["InvoiceId"]) == ["17", "I-2"]


@pytest.mark.parametrize("names", [("original", "again"), ("original-1", "original-2")], ids=["deliveries", "parts"])
@pytest.mark.parametrize("scenario", ["open_previous", "closed"])
def test_the_specifications_bill_counts_once_with_null_and_with_a_blank(tmp_path, scenario, names):
    file = SHARED / f"{scenario}_scenario_4_bulk_cost_only_original.csv"
    if not file.is_file():
        pytest.skip(f"not here: {file}")
    text = file.read_text(encoding="utf-8")
    assert "(null)" in text
    paths = [tmp_path / f"{name}.csv" for name in names]
    for path, blank in zip(paths, ("(null)", ""), strict=True):
        path.write_text(text.replace("(null)", blank).replace("Usage,", "Usage," if blank else "usage,"), encoding="utf-8")
    cube = read(*paths, values={"ProviderName": "Example", "BillingCurrency": "USD", "ServiceName": "Compute"})
    assert once(cube)[:2] == ("4.195398", "4.195398")


def test_the_specifications_replacement_of_an_open_period_replaces_its_original(tmp_path):
    files = [SHARED / f"open_previous_scenario_4_bulk_cost_only_{name}.csv" for name in ("original", "replacement")]
    if not all(file.is_file() for file in files):
        pytest.skip(f"not here: {SHARED}")
    words = (billing.Word(("*",), values={"ProviderName": "Example", "BillingCurrency": "USD", "ServiceName": "Compute"}),)
    cube = billing.load(files, tmp_path / "cache", billing.Asked(words))
    assert once(cube) == ("4.197398", "0", ["read", "replaced"])
