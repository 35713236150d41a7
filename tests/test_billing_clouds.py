"""AWS, Azure, Google and OCI: what each provider's own rows become in FOCUS, on both cost bases, worked by hand."""

import gzip
import json

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from helpers import billing
from helpers.errors import InputError
from helpers.money import plain, total
from tests.tables import cells, table
from tests.test_billing import billed, read
from tests.test_billing_formats import sound, sums


def added(lines: pd.DataFrame, keys: list[str], amounts: list[str]) -> dict[tuple, tuple]:
    """The exact sums of the amounts by the keys."""
    return {key: tuple(plain(total(group[name].dropna())) for name in amounts) for key, group in lines.groupby(keys)}


# AWS -----------------------------------------------------------------------------------------------------------------

AWS_NAMES = {  # what the rows below call it: in a legacy report, and in parquet
    "type": ("lineItem/LineItemType", "line_item_line_item_type"),
    "tax": ("lineItem/TaxType", "line_item_tax_type"),
    "code": ("lineItem/ProductCode", "line_item_product_code"),
    "meter": ("lineItem/UsageType", "line_item_usage_type"),
    "unblended": ("lineItem/UnblendedCost", "line_item_unblended_cost"),
    "used": ("lineItem/UsageAmount", "line_item_usage_amount"),
    "plan": ("savingsPlan/SavingsPlanARN", "savings_plan_savings_plan_a_r_n"),
    "plan_cost": ("savingsPlan/SavingsPlanEffectiveCost", "savings_plan_savings_plan_effective_cost"),
    "due": ("savingsPlan/TotalCommitmentToDate", "savings_plan_total_commitment_to_date"),
    "taken": ("savingsPlan/UsedCommitment", "savings_plan_used_commitment"),
    "ri": ("reservation/ReservationARN", "reservation_reservation_a_r_n"),
    "ri_cost": ("reservation/EffectiveCost", "reservation_effective_cost"),
    "idle1": ("reservation/UnusedAmortizedUpfrontFeeForBillingPeriod",
              "reservation_unused_amortized_upfront_fee_for_billing_period"),
    "idle2": ("reservation/UnusedRecurringFee", "reservation_unused_recurring_fee"),
    "payer": ("bill/PayerAccountId", "bill_payer_account_id"),
    "account": ("lineItem/UsageAccountId", "line_item_usage_account_id"),
    "invoice": ("bill/InvoiceId", "bill_invoice_id"),
    "period": ("bill/BillingPeriodStartDate", "bill_billing_period_start_date"),
    "start": ("lineItem/UsageStartDate", "line_item_usage_start_date"),
    "end": ("lineItem/UsageEndDate", "line_item_usage_end_date"),
    "currency": ("lineItem/CurrencyCode", "line_item_currency_code"),
    "unit": ("pricing/unit", "pricing_unit"),
}
AWS_TWO = {"plan": "savings_plan_savings_plan_arn", "ri": "reservation_reservation_arn"}  # as CUR 2.0 alone has them
AWS_SAME = {"payer": "9", "account": "1", "invoice": "I-1", "period": "2026-09-01T00:00:00Z", "currency": "USD",
            "start": "2026-09-02T00:00:00Z", "end": "2026-09-02T01:00:00Z", "unit": "Hrs"}
AWS_ROWS = """
type                     code     meter     unblended  used  plan  plan_cost  due  taken  ri    ri_cost  idle1  idle2
Usage                    EC2      Box       10         1     .     .          .    .      .     .        .      .
SavingsPlanCoveredUsage  EC2      Covered   4          2     sp-1  2.5        .    .      .     .        .      .
SavingsPlanCoveredUsage  EC2      Covered   2          1     sp-1  1.5        .    .      .     .        .      .
SavingsPlanNegation      EC2      Covered   -6         .     sp-1  .          .    .      .     .        .      .
SavingsPlanRecurringFee  Plans    Hourly    5          1     sp-1  .          5    4      .     .        .      .
SavingsPlanUpfrontFee    Plans    Upfront   100        1     sp-1  .          .    .      .     .        .      .
DiscountedUsage          EC2      Reserved  0          3     .     .          .    .      ri-1  3        .      .
RIFee                    EC2      RI        4          1     .     .          .    .      ri-1  .        0.75   0.5
Fee                      EC2      RI all    50         1     .     .          .    .      ri-1  .        .      .
Fee                      Support  Support   7          1     .     .          .    .      .     .        .      .
Tax                      EC2      .         1.9        .     .     .          .    .      .     .        .      .
Credit                   EC2      Promo     -2         .     .     .          .    .      .     .        .      .
Refund                   EC2      Back      -1         .     .     .          .    .      .     .        .      .
Refund                   EC2      RI back   -3         .     .     .          .    .      ri-1  .        .      .
EdpDiscount              EC2      Box       -0.5       .     .     .          .    .      .     .        .      .
"""
AWS_LINES = {  # meter, category, class, commitment, status: billed, effective, quantity
    ("Box", "Usage", "", "", ""): ("9.5", "9.5", "1"),  # with its discount
    ("Covered", "Usage", "", "sp-1", "Used"): ("0", "4", "3"), ("Covered", "Usage", "", "sp-1", ""): ("0", "0", None),
    ("Hourly", "Purchase", "", "sp-1", ""): ("5", "0", None),
    ("Hourly", "Usage", "", "sp-1", "Unused"): ("0", "1", None),
    ("Upfront", "Purchase", "", "sp-1", ""): ("100", "0", None),
    ("Reserved", "Usage", "", "ri-1", "Used"): ("0", "3", "3"),
    ("RI", "Purchase", "", "ri-1", ""): ("4", "0", None), ("RI", "Usage", "", "ri-1", "Unused"): ("0", "1.25", None),
    ("RI all", "Purchase", "", "ri-1", ""): ("50", "0", None), ("Support", "Purchase", "", "", ""): ("7", "7", None),
    ("Tax", "Tax", "", "", ""): ("1.9", "1.9", None), ("Promo", "Credit", "", "", ""): ("-2", "-2", None),
    ("Back", "Adjustment", "Correction", "", ""): ("-1", "-1", None),
    ("RI back", "Adjustment", "Correction", "ri-1", ""): ("-3", "0", None),
}
AWS_TOTALS = ("171.4", "24.65")


def cur(spelling: str, text: str = AWS_ROWS) -> pd.DataFrame:
    """A report of the rows, its columns named as in `legacy` CSV, legacy `parquet` or CUR `two`."""
    rows = table(text, **AWS_SAME)
    rows["tax"] = rows["type"].eq("Tax").map({True: "Tax", False: ""})
    names = {name: pair[spelling != "legacy"] for name, pair in AWS_NAMES.items()}
    return rows.rename(columns={**names, **(AWS_TWO if spelling == "two" else {})})


def cur_files(folder) -> dict:
    """The report as the legacy CSV, its parquet, and CUR 2.0 as CSV with JSON texts and as parquet with maps."""
    name = "Amazon Elastic Compute Cloud"
    tags = {"resourceTags/user:app": "a", "resourceTags/aws:by": "me"}
    cur("legacy").assign(**{"product/ProductName": name, **tags}).to_csv(folder / "legacy.csv", index=False)
    old = cur("parquet").assign(product_product_name=name, resource_tags_user_app="a", resource_tags_aws_by="me")
    pq.write_table(pa.table({column: pa.array(map(str, old[column])) for column in old}), folder / "legacy.parquet")
    new = cur("two").assign(bill_payer_account_name="Payer", line_item_usage_account_name="Dev",
                            product=json.dumps({"product_name": name, "region": "x"}),
                            resource_tags=json.dumps({"user_app": "a", "aws_by": "me"}))
    new.to_csv(folder / "two.csv", index=False)
    texts = pa.map_(pa.string(), pa.string())
    maps = {"product": pa.array([[("product_name", name), ("region", "x")]] * len(new), texts),
            "resource_tags": pa.array([[("user_app", "a"), ("aws_by", "me")]] * len(new), texts)}
    doubles = {column: pa.array([float(value) if str(value) else None for value in new[column].replace({None: ""})])
               for column in ("line_item_unblended_cost", "savings_plan_savings_plan_effective_cost")}
    pq.write_table(pa.table({column: pa.array(map(str, new[column])) for column in new} | maps | doubles),
                   folder / "two.parquet")
    return {path.name: path for path in folder.iterdir()}


@pytest.fixture(scope="module", params=["legacy.csv", "legacy.parquet", "two.csv", "two.parquet"])
def report(request, tmp_path_factory) -> tuple[str, billing.Cube]:
    folder = tmp_path_factory.mktemp("cur")
    return request.param, read(cur_files(folder)[request.param])


def test_every_line_item_type_of_aws_has_its_cost_on_each_basis(report):
    _, cube = report
    found = {tuple(row[:5]): tuple(row[5:]) for row in cells(
        cube.lines, "SkuMeter", "ChargeCategory", "ChargeClass", "CommitmentDiscountId", "CommitmentDiscountStatus",
        "BilledCost", "EffectiveCost", "ConsumedQuantity")}
    assert {key: tuple(None if pd.isna(cell) else cell for cell in row) for key, row in found.items()} == AWS_LINES
    assert sums(cube.lines, "BilledCost", "EffectiveCost") == AWS_TOTALS and sound(cube)


def test_a_whole_report_of_aws_bills_its_unblended_cost_and_sets_nothing_aside(report):
    _, cube = report
    [found] = billing.check_aside(cube.files)
    assert sums(cube.files, "FiledCost") == ("171.4",) and (found["state"], found["amount"]) == ("ok", 0)


def test_a_report_of_aws_is_told_by_version_with_its_names_and_tags(report):
    name, cube = report
    label = {"legacy.csv": "AWS CUR (legacy)", "legacy.parquet": "AWS CUR (legacy, names as in parquet)"}
    assert set(cube.files["format"]) == {label.get(name, "AWS CUR 2.0")}
    tags = '{"app":"a","aws_by":"me"}' if name != "legacy.csv" else '{"app":"a","aws:by":"me"}'
    assert set(cells(cube.lines, "ProviderName", "BillingAccountId", "SubAccountId", "SubAccountName", "InvoiceId",
                     "ServiceName", "BillingCurrency", "Tags", "service_period")) == {
        ("AWS", "9", "1", "Dev" if name.startswith("two") else "", "I-1", "Amazon Elastic Compute Cloud", "USD", tags,
         "2026-09")}


def test_covered_usage_without_its_negation_rows_is_set_aside_with_its_amount(tmp_path):
    rows = "\n".join(line for line in AWS_ROWS.splitlines() if "Negation" not in line)
    cur("legacy", rows).to_csv(tmp_path / "cur.csv", index=False)
    cube = read(tmp_path / "cur.csv")
    assert sums(cube.lines, "BilledCost", "EffectiveCost") == AWS_TOTALS and sound(cube)
    [found] = billing.check_aside(cube.files)
    assert (found["state"], str(found["amount"]).rstrip("0."), found["note"]) == (
        "finding", "6", "UnblendedCost 177.40, billed 171.40; the plan's fee bills such usage")


def test_a_rate_that_some_rows_leave_blank_is_the_unblended_cost_there_and_there_alone(tmp_path):
    rows = cur("legacy", """
        type             code  meter     unblended  ri    ri_cost
        DiscountedUsage  EC2   Reserved  0          ri-1  3
        DiscountedUsage  EC2   Reserved  4          ri-1  .
        """)
    rows.assign(**{"pricing/publicOnDemandCost": ["12", ""]}).to_csv(tmp_path / "cur.csv", index=False)
    cube = read(tmp_path / "cur.csv")
    assert sums(cube.lines, "BilledCost", "EffectiveCost", "ListCost", "ContractedCost") == ("4", "7", "16", "16")


def test_marketplace_rows_are_published_by_their_seller(tmp_path):
    seller = {"bill/BillingEntity": "AWS Marketplace", "lineItem/LegalEntity": "Acme Ltd."}
    cur("legacy").head(1).assign(**seller).to_csv(tmp_path / "cur.csv", index=False)
    assert cells(read(tmp_path / "cur.csv").lines, "ProviderName", "PublisherName", "InvoiceIssuerName") == [
        ("AWS", "Acme Ltd.", "Acme Ltd.")]


# Azure ---------------------------------------------------------------------------------------------------------------

AZURE_SAME = {
    "MeterCategory": "Virtual Machines", "MeterId": "m", "BillingAccountId": "77", "SubscriptionId": "s-1",
    "ResourceGroup": "RG-One", "Date": "9/2/2026", "BillingPeriodStartDate": "9/1/2026", "BillingCurrencyCode": "CHF",
    "UnitOfMeasure": "1 Hour", "PayGPrice": "1", "Tags": '"app": "a","env": "p"'}
HEADERS = {  # names that differ from those of EA, which the rows below have
    "EA": {},
    "MCA": {"BillingAccountId": "billingProfileId", "ResourceGroup": "resourceGroupName", "Date": "date",
            "BillingCurrencyCode": "billingCurrency", "CostInBillingCurrency": "costInBillingCurrency", "Tags": "tags",
            "BillingPeriodStartDate": "billingPeriodStartDate", "ChargeType": "chargeType", "MeterName": "meterName",
            "MeterCategory": "meterCategory", "MeterId": "meterId", "Quantity": "quantity",
            "UnitOfMeasure": "unitOfMeasure"},
    "older": {"CostInBillingCurrency": "Cost", "BillingCurrencyCode": "BillingCurrency", "MeterName": "Meter",
              "benefitId": "ReservationId"},
    "spaced": {"CostInBillingCurrency": "Cost In Billing Currency", "MeterName": "Meter Name", "Quantity": "QUANTITY"},
}
ACTUAL = """
ChargeType  PricingModel  MeterName  Quantity  CostInBillingCurrency  benefitId
Usage       OnDemand      D2         2         10                     .
Usage       OnDemand      Ops        0.0004    0.00004                .
Usage       Reservation   D4         24        0                      r-1
Purchase    Reservation   RI         1         100                    r-1
Refund      Reservation   RI         -1        -20                    r-1
"""
AMORTISED = """
ChargeType         PricingModel  MeterName  Quantity  CostInBillingCurrency  benefitId
Usage              OnDemand      D2         2         10                     .
Usage              OnDemand      Ops        0.0004    0.00004                .
Usage              Reservation   D4         24        3                      r-1
UnusedReservation  Reservation   D4         1         0.5                    r-1
"""


def azure(folder, text: str, name: str, header: str = "EA", **same):
    """An export of the rows, its columns in one of the spellings."""
    rows = table(text, **{**AZURE_SAME, **same})
    rows.loc[rows["MeterName"] == "Ops", "UnitOfMeasure"] = "10K"
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    rows.rename(columns=HEADERS[header]).to_csv(path, index=False, encoding="utf-8-sig")
    return path


@pytest.fixture(scope="module")
def twins(tmp_path_factory) -> billing.Cube:
    """Both exports of an account a spelling of the header."""
    folder = tmp_path_factory.mktemp("twins")
    return read(*(azure(folder, text, f"{header}{place}.csv", header, BillingAccountId=header)
                  for header in HEADERS for place, text in enumerate((ACTUAL, AMORTISED))))


def test_actual_and_amortised_exports_of_azure_fill_one_basis_each_and_are_never_added(twins):
    assert sound(twins) and billing.check_alone(twins.files) == []
    assert {(row.BilledCost > 0, row.EffectiveCost > 0, row.note) for row in twins.files.itertuples()} == {
        (True, False, "billed export"), (False, True, "amortised export")}


@pytest.mark.parametrize("header", HEADERS)
def test_every_charge_of_azure_has_its_cost_on_each_basis_whatever_the_header(twins, header):
    lines = twins.lines[twins.lines["BillingAccountId"] == header]
    assert sums(lines, "BilledCost", "EffectiveCost") == ("90.00004", "13.50004")
    found = added(lines, ["SkuMeter", "ChargeCategory", "ChargeClass", "CommitmentDiscountStatus"],
                  ["BilledCost", "EffectiveCost"])
    assert found == {("D2", "Usage", "", ""): ("10", "10"), ("Ops", "Usage", "", ""): ("0.00004", "0.00004"),
                     ("D4", "Usage", "", "Used"): ("0", "3"), ("D4", "Usage", "", "Unused"): ("0", "0.5"),
                     ("RI", "Purchase", "", ""): ("100", "0"), ("RI", "Purchase", "Correction", ""): ("-20", "0")}


@pytest.mark.parametrize("header", HEADERS)
def test_quantities_and_hours_come_from_one_of_the_two_and_units_stay_as_they_are(twins, header):
    lines = twins.lines[twins.lines["BillingAccountId"] == header]
    used = lines[lines["ChargeCategory"].eq("Usage") & lines["CommitmentDiscountStatus"].ne("Unused")]
    assert added(used, ["SkuMeter", "ConsumedUnit"], ["ConsumedQuantity", "UsageHours"]) == {
        ("D2", "1 Hour"): ("2", "2"), ("D4", "1 Hour"): ("24", "24"), ("Ops", "10K"): ("0.0004", "24")}


def test_slashed_dates_accounts_groups_and_tags_without_braces_are_read(twins):
    assert set(cells(twins.lines, "billing_period", "service_period", "ProviderName", "PublisherName")) == {
        ("2026-09", "2026-09", "Microsoft", "Microsoft")}
    assert set(cells(twins.lines, "SubAccountId", "ResourceGroup", "BillingCurrency", "Tags")) == {
        ("s-1", "rg-one", "CHF", '{"app":"a","env":"p"}')}
    assert set(twins.lines["BillingAccountId"]) == set(HEADERS)
    assert set(twins.days["service_day"]) == {"2026-09-02"}


@pytest.mark.parametrize("text, total, note", [
    (ACTUAL, "90.00004", "the actual export alone: amortised cost is as billed"),
    (AMORTISED, "13.50004", "the amortised export alone: billed cost is as amortised")], ids=["actual", "amortised"])
def test_one_export_of_azure_alone_fills_both_bases_and_is_a_finding(tmp_path, text, total, note):
    cube = read(azure(tmp_path, text, "a.csv"))
    assert sums(cube.lines, "BilledCost", "EffectiveCost") == (total, total) and sound(cube)
    [found] = billing.check_alone(cube.files)
    assert (found["check"], found["state"], found["note"]) == (
        "one export alone: Microsoft 2026-09", "finding", f"{note}; add the other export")


PLAIN = "\n".join(line for line in ACTUAL.splitlines() if "Reservation" not in line)


def test_an_export_without_commitments_is_told_by_folder_or_by_the_parameters(tmp_path):
    paths = [azure(tmp_path, PLAIN, "actual/x.csv"), azure(tmp_path, PLAIN + "\n", "amortized/x.csv", Tags="")]
    assert sums(read(*paths).lines, "BilledCost", "EffectiveCost") == ("10.00004", "10.00004")
    lone = azure(tmp_path, PLAIN, "x.csv")
    assert [billing.check_alone(read(lone, **word).files) != [] for word in ({}, {"basis": "billed"})] == [False, True]


def test_rows_of_both_exports_in_one_file_stop_the_run(tmp_path):
    mixed = ACTUAL + "\n".join(AMORTISED.strip().splitlines()[3:])
    with pytest.raises(InputError, match="rows of both exports, actual and amortised, of Microsoft account 77"):
        read(azure(tmp_path, mixed, "a.csv"))


def test_pay_as_you_go_columns_are_read_and_what_they_lack_comes_from_the_parameters(tmp_path):
    same = {"SubscriptionGuid": "g-1", "ResourceGroup": "Rg", "InstanceId": "/x/vm", "MeterCategory": "Storage",
            "MeterSubCategory": "Blob", "MeterId": "m1", "MeterName": "LRS", "UnitOfMeasure": "1 GB", "Tags": ""}
    path = tmp_path / "mosp.csv"
    table("""
        UsageDateTime  UsageQuantity  ResourceRate  PreTaxCost
        2026-09-05     10             0.02          0.2
        2026-09-06     5              0.02          0.1
        """, **same).to_csv(path, index=False)
    cube = read(path, values={"BillingCurrency": "EUR", "BillingAccountId": "payg"})
    assert cells(cube.lines, "billing_period", "BillingAccountId", "SubAccountId", "ServiceName", "SkuMeter",
                 "ChargeCategory", "BillingCurrency", "ConsumedQuantity", "BilledCost", "EffectiveCost") == [
        ("2026-09", "payg", "g-1", "Storage", "Blob - LRS", "Usage", "EUR", "15", "0.3", "0.3")]


# Google --------------------------------------------------------------------------------------------------------------

GOOGLE = [  # cost, currency, kind, credits
    ("10.00", "USD", "regular", [("Promo", "PROMOTION", "-1.25"), ("SUD", "SUSTAINED_USAGE_DISCOUNT", "-0.5")]),
    ("4", "EUR", "regular", []), ("2", "EUR", "regular", [("Promo", "PROMOTION", "-0.5")] * 2),
    ("1.9", "USD", "tax", []), ("-2.5", "USD", "adjustment", []), ("0.01", "USD", "rounding_error", None)]
GOOGLE_LINES = [  # currency, category, class, meter, billed; a credit is a line of its own beside its cost
    ("EUR", "Credit", "", "Promo", "-1"), ("EUR", "Usage", "", "Slots", "6"),
    ("USD", "Adjustment", "", "Slots", "0.01"), ("USD", "Adjustment", "Correction", "Slots", "-2.5"),
    ("USD", "Credit", "", "Promo", "-1.25"), ("USD", "Credit", "", "SUD", "-0.5"), ("USD", "Tax", "", "Slots", "1.9"),
    ("USD", "Usage", "", "Slots", "10")]


def google_rows() -> list[dict]:
    """The rows as BigQuery nests them."""
    rows = []
    for place, (cost, currency, kind, credits) in enumerate(GOOGLE):
        told = ("j", "MANUAL_ADJUSTMENT") if kind == "adjustment" else (None, None)
        rows.append({
            "billing_account_id": "G-1", "service": {"id": "s", "description": "BigQuery"},
            "sku": {"id": "k", "description": "Slots"}, "usage_start_time": f"2026-08-31T{place:02}:00:00Z",
            "usage_end_time": f"2026-08-31T{place + 1:02}:00:00Z",
            "project": {"id": "p", "name": "P", "labels": [{"key": "team", "value": "red"}]},
            "labels": [{"key": "app", "value": "a"}, {"key": "env", "value": "prod"}],
            "location": {"region": "eu", "zone": ""}, "cost": cost, "currency": currency, "cost_type": kind,
            "usage": {"amount": "2", "unit": "hour"}, "invoice": {"month": "202609"}, "cost_at_list": "12",
            "adjustment_info": dict(zip(("id", "mode"), told, strict=True)),
            "credits": credits if credits is None else [
                {"full_name": name, "type": type_, "amount": amount} for name, type_, amount in credits]})
    return rows


def google_file(folder, shape: str):
    path, rows = folder / shape, google_rows()
    if shape.endswith("parquet"):
        for row in rows:
            row |= {"cost": float(row["cost"]), "credits": row["credits"] and [
                {**credit, "amount": float(credit["amount"])} for credit in row["credits"]]}
        pq.write_table(pa.Table.from_pylist(rows), path)
    elif "json" in shape:
        text = "".join(json.dumps(row) + "\n" for row in rows).encode()
        path.write_bytes(gzip.compress(text) if shape.endswith("gz") else text)
    else:
        flat = [{**{key: json.dumps(value) if isinstance(value, (dict, list)) else value for key, value in row.items()},
                 **{f"{key}_{name}": json.dumps(cell) if isinstance(cell, list) else cell for key, value in row.items()
                    if isinstance(value, dict) for name, cell in value.items()}} for row in rows]
        pd.DataFrame(flat).to_csv(path, index=False)
    return path


SHAPES = ["google.parquet", "google.json", "google.json.gz", "google.csv"]


@pytest.mark.parametrize("shape", SHAPES)
def test_credits_of_google_are_lines_beside_their_cost_neither_lost_nor_multiplied(tmp_path, shape):
    cube = read(google_file(tmp_path, shape))
    assert sorted(cells(cube.lines, "BillingCurrency", "ChargeCategory", "ChargeClass", "SkuMeter", "BilledCost")) == (
        GOOGLE_LINES)
    assert cells(cube.lines, "BilledCost") == cells(cube.lines, "EffectiveCost") and sound(cube)
    assert {currency: sums(lines, "BilledCost") for currency, lines in cube.lines.groupby("BillingCurrency")} == {
        "EUR": ("5",), "USD": ("7.66",)}
    assert sum(cube.lines["line_count"]) == 6  # rows of the file: a credit is none
    used = cube.lines[cube.lines["ChargeCategory"] == "Usage"]
    assert sums(used, "ConsumedQuantity", "UsageHours", "ListCost") == ("6", "6", "36")
    assert set(cells(cube.lines, "billing_period", "service_period", "ProviderName", "BillingAccountId", "SubAccountId",
                     "SubAccountName", "ServiceName", "Tags")) == {
        ("2026-09", "2026-08", "Google Cloud", "G-1", "p", "P", "BigQuery", '{"app":"a","env":"prod","team":"red"}')}


@pytest.mark.parametrize("credits", ['[{"amount": -1', '{"amount": -1}', "none of these"])
def test_credits_that_are_no_list_are_refused(tmp_path, credits):
    path = google_file(tmp_path, "google.csv")
    pd.read_csv(path, dtype=str).assign(credits=credits).to_csv(path, index=False)
    with pytest.raises(InputError, match="google.csv"):
        read(path)


@pytest.mark.parametrize("credit, told", [('[{"full_name": "Promo"}]', "column item.*expected a value on every row"),
                                          ('[{"amount": "much"}]', "column item.*'much'.*; expected a plain number")])
def test_a_credit_without_an_amount_is_refused(tmp_path, credit, told):
    path = google_file(tmp_path, "google.csv")
    pd.read_csv(path, dtype=str).assign(credits=credit).to_csv(path, index=False)
    with pytest.raises(InputError, match=told):
        read(path)


# OCI -----------------------------------------------------------------------------------------------------------------

OCI_SAME = {"lineItem/tenantId": "t", "product/compartmentId": "c", "product/compartmentName": "Comp",
            "cost/currencyCode": "USD", "product/region": "zrh", "cost/overageFlag": "false"}
OCI = """
lineItem/referenceNo  lineItem/intervalUsageStart  lineItem/intervalUsageEnd  product/service  product/Description
r1                    2026-09-13T10:00Z            2026-09-13T11:00:00Z       DATABASE         APEX
r2                    2026-09-13T07:00Z            2026-09-13T08:00:00Z       TELEMETRY        Monitoring
r3                    2026-09-13T07:00Z            2026-09-13T08:00:00Z       DATABASE         APEX
"""
OCI_MORE = """
usage/billedQuantity  cost/myCost           cost/subscriptionId  lineItem/isCorrection  lineItem/backreferenceNo
0.5                   0.050000000000000001  sub-1                false                  .
2.0E-6                2.32E-9               sub-1                false                  17
-0.5                  -0.02                 .                    true                   r1
"""


def test_a_cost_report_of_oci_keeps_tags_corrections_and_scientific_notation(tmp_path):
    rows = pd.concat([table(OCI, **OCI_SAME), table(OCI_MORE)], axis=1)
    rows = rows.assign(**{"tags/Ops.app": ["a", "", "a"], "tags/free": ["", "", "true"]})
    rows.to_csv(tmp_path / "oci.csv", index=False)
    cube = read(tmp_path / "oci.csv")
    assert cells(cube.lines, "BillingAccountId", "SubAccountId", "SubAccountName", "ServiceName", "SkuMeter",
                 "ChargeClass", "Tags", "ConsumedQuantity", "BilledCost") == [
        ("sub-1", "c", "Comp", "DATABASE", "APEX", "", '{"Ops.app":"a"}', "0.5", "0.050000000000000001"),
        ("sub-1", "c", "Comp", "TELEMETRY", "Monitoring", "", "", "0.000002", "0.00000000232"),
        ("t", "c", "Comp", "DATABASE", "APEX", "Correction", '{"Ops.app":"a","free":"true"}', "-0.5", "-0.02")]
    assert cells(cube.lines, "BilledCost") == cells(cube.lines, "EffectiveCost")
    assert billed(cube) == "0.030000002320000001" and sound(cube)
