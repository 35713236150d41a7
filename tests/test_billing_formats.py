"""Formats: what FOCUS and other tables of every spelling and packing become, to the last digit."""

import gzip
from datetime import date, datetime, timezone
from decimal import Decimal

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from helpers import billing, settings
from helpers.errors import InputError
from helpers.money import plain, total
from tests.tables import cells, table
from tests.test_billing import billed, read

BASE = {"BillingAccountId": "A", "BillingPeriodStart": "2026-09-01T00:00:00Z",
        "BillingPeriodEnd": "2026-10-01T00:00:00Z", "ChargePeriodStart": "2026-09-03T05:00:00Z",
        "ChargePeriodEnd": "2026-09-03T07:00:00Z", "ProviderName": "AWS", "PublisherName": "AWS",
        "InvoiceIssuerName": "AWS Inc.", "ServiceName": "Amazon EC2", "ServiceCategory": "Compute",
        "ChargeCategory": "Usage", "BillingCurrency": "USD", "BilledCost": "0.30", "EffectiveCost": "0.25",
        "ConsumedQuantity": "2.5", "ConsumedUnit": "GB", "Tags": '{"app": "a"}', "CommitmentDiscountId": "sp-1",
        "CommitmentDiscountStatus": "Unused"}


def bill(folder, name: str, *changes: dict, renamed: dict | None = None, without: tuple = ()):
    """A FOCUS file of one row a change over BASE, with columns renamed or left out."""
    rows = pd.DataFrame([{**BASE, **change} for change in changes])
    path = folder / name
    rows.drop(columns=list(without)).rename(columns=renamed or {}).to_csv(path, index=False)
    return path


def sums(lines: pd.DataFrame, *columns: str) -> tuple[str, ...]:
    """The exact sums of the columns, as plain text."""
    return tuple(plain(total(lines[column])) for column in columns)


def sound(cube: billing.Cube) -> bool:
    """Whether the cube's proofs hold."""
    return {row["state"] for row in [*billing.check_cube(cube), *billing.check_days(cube)]} == {"ok"}


# FOCUS: versions, values, packing ------------------------------------------------------------------------------------

DRAFT = {"ProviderName": "Provider", "PublisherName": "Publisher", "InvoiceIssuerName": "InvoiceIssuer"}
VERSIONS = {  # columns as a version names them, columns it adds, and the version that is told
    "0.5": ({**DRAFT, "EffectiveCost": "AmortizedCost", "ChargeCategory": "ChargeType"}, {}, "1.0"),
    "1.0-preview": ({**DRAFT, "ConsumedQuantity": "UsageQuantity", "ConsumedUnit": "UsageUnit",
                     "CommitmentDiscountStatus": "ChargeSubcategory"},
                    {"CommitmentDiscountStatus": "Unused Commitment"}, "1.0"),
    "1.0": ({}, {"x_InvoiceId": "I-1"}, "1.0"),
    "1.1": ({}, {"SkuMeter": "Box", "ServiceSubcategory": "VM", "x_InvoiceId": "I-1"}, "1.1"),
    "1.2": ({}, {"InvoiceId": "I-1", "PricingCurrency": "USD"}, "1.2"),
    "1.3": ({"ProviderName": "ServiceProviderName", "PublisherName": "HostProviderName"},
            {"AllocatedTags": '{"app": "a"}', "Tags": '{"app": "shared"}'}, "1.3"),
    "1.4": ({"ProviderName": "ServiceProviderName", "PublisherName": "HostProviderName"},
            {"InvoiceDetailId": "D-1", "AllocatedTags": "{}"}, "1.4"),
}


@pytest.fixture(scope="module")
def versions(tmp_path_factory) -> billing.Cube:
    """One bill a version, each of an account of its own."""
    folder = tmp_path_factory.mktemp("versions")
    return read(*(bill(folder, f"{name}.csv", {"BillingAccountId": name, **more}, renamed=renamed)
                  for name, (renamed, more, _) in VERSIONS.items()))


@pytest.mark.parametrize("name", VERSIONS)
def test_a_row_in_the_words_of_any_version_is_the_same_line(versions, name):
    lines = versions.lines[versions.lines["BillingAccountId"] == name]
    assert cells(lines, "ProviderName", "PublisherName", "InvoiceIssuerName", "ChargeCategory",
                 "CommitmentDiscountStatus", "ConsumedUnit", "Tags") == [
        ("AWS", "AWS", "AWS Inc.", "Usage", "Unused", "GB", '{"app":"a"}')]
    assert sums(lines, "BilledCost", "EffectiveCost", "ConsumedQuantity", "UsageHours") == ("0.3", "0.25", "2.5", "2")


def test_the_version_is_told_by_its_newest_column_and_the_bills_are_whole(versions):
    told = {row.BillingAccountId: row.format for row in versions.files.itertuples()}
    assert told == {name: f"FOCUS {label}" for name, (_, _, label) in VERSIONS.items()}
    assert sound(versions) and billed(versions) == "2.1"


def test_an_invoice_number_a_meter_and_a_subcategory_come_from_the_column_that_has_them(versions):
    found = {row.BillingAccountId: (row.InvoiceId, row.SkuMeter, row.ServiceSubcategory)
             for row in versions.lines.itertuples()}
    assert found["1.0"] == ("I-1", "", "") and found["1.1"] == ("I-1", "Box", "VM") and found["1.2"] == ("I-1", "", "")


def test_values_are_spelled_alike_whatever_their_case(tmp_path):
    words = [("usage", "unUSED", "correction"), ("USAGE", "UNUSED", "CORRECTION"), ("Usage", "Unused", "Correction")]
    names = ("ChargeCategory", "CommitmentDiscountStatus", "ChargeClass")
    cube = read(bill(tmp_path, "bill.csv", *(dict(zip(names, row, strict=True)) for row in words)))
    assert cells(cube.lines, *names, "line_count", "BilledCost") == [("Usage", "Unused", "Correction", 3, "0.9")]


def test_null_words_and_blanks_are_nothing_in_texts_tags_and_amounts(tmp_path):
    names = ("CommitmentDiscountId", "CommitmentDiscountStatus", "Tags", "ConsumedUnit")
    rows = [dict.fromkeys((*names, "ConsumedQuantity"), word) for word in ("NULL", "(null)", "", "null", " ")]
    cube = read(bill(tmp_path, "bill.csv", *rows))
    assert cells(cube.lines, *names, "line_count") == [("", "", "", "", 5)]
    assert sums(cube.lines, "BilledCost") == ("1.5",) and cube.lines["ConsumedQuantity"].isna().all()


def test_optional_columns_may_be_absent_and_columns_of_others_do_no_harm(tmp_path):
    few = ("BillingAccountId", "BillingPeriodEnd", "ChargePeriodEnd", "PublisherName", "InvoiceIssuerName", "Tags",
           "ServiceCategory", "ConsumedQuantity", "ConsumedUnit", "CommitmentDiscountId", "CommitmentDiscountStatus")
    more = {"x_Discounts": '{"a": 1}', "Cost, odd": "9", "x_BilledCost": "9"}
    cube = read(bill(tmp_path, "bill.csv", more, without=few))
    assert cells(cube.lines, "ServiceName", "Tags", "BilledCost", "EffectiveCost") == [
        ("Amazon EC2", "", "0.3", "0.25")]
    assert sound(cube)


def test_a_byte_order_mark_with_line_ends_of_windows_reads_as_the_plain_file(tmp_path):
    path = bill(tmp_path, "bill.csv", {}, {"BilledCost": "0.05"})
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    assert sums(read(path).lines, "BilledCost", "EffectiveCost") == ("0.35", "0.5")


TIMES = {  # start and end of two hours of use, in the ways of exports: always 2026-09-03
    "zone-less": ("2026-09-03 05:00:00", "2026-09-03 07:00:00"),
    "without seconds": ("2026-09-03T05:00Z", "2026-09-03T07:00Z"),
    "of UTC": ("2026-09-03 05:00:00+00:00", "2026-09-03 07:00:00+00:00"),
    "away from UTC": ("2026-09-03T01:00:00-04:00", "2026-09-03T03:00:00-04:00"),
    "of thousandths": ("2026-09-03T05:00:00.000Z", "2026-09-03T07:00:00.000Z"),
}


def test_times_of_every_spelling_are_the_same_day_and_hours(tmp_path):
    cube = read(bill(tmp_path, "bill.csv", *({"ServiceName": name, "ChargePeriodStart": start, "ChargePeriodEnd": end}
                                             for name, (start, end) in TIMES.items())))
    assert set(cells(cube.lines, "service_period", "UsageHours")) == {("2026-09", "2")}
    assert set(cube.days["service_day"]) == {"2026-09-03"}


def test_slashed_dates_have_the_month_before_the_day(tmp_path):
    cube = read(bill(tmp_path, "bill.csv", {"ChargePeriodStart": "9/2/2026", "BillingPeriodStart": "9/1/2026"},
                     {"ChargePeriodStart": "08/31/2026", "BillingPeriodStart": "09/01/2026"}))
    assert cells(cube.lines, "billing_period", "service_period") == [("2026-09", "2026-08"), ("2026-09", "2026-09")]
    assert sorted(cube.days["service_day"]) == ["2026-08-31", "2026-09-02"]


MIDNIGHT, FIVE = datetime(2026, 9, 1, tzinfo=timezone.utc), datetime(2026, 9, 3, 5)
PARQUET = {  # parquet columns of a kind; each file has the row twice
    "tags as a map": {"Tags": pa.array([[("app", "a")]] * 2, pa.map_(pa.string(), pa.string()))},
    "tags as pairs": {"Tags": pa.array([[{"key": "app", "value": "a"}]] * 2)},
    "decimals": {"BilledCost": pa.array([Decimal("0.30")] * 2, pa.decimal128(20, 4)),
                 "EffectiveCost": pa.array([Decimal("0.25")] * 2, pa.decimal128(38, 15))},
    "doubles": {"BilledCost": pa.array([0.1, 0.5]), "EffectiveCost": pa.array([0.25, 0.25], pa.float32())},
    "integers": {"ConsumedQuantity": pa.array([2, 3], pa.int32())},
    "dates": {"BillingPeriodStart": pa.array([date(2026, 9, 1)] * 2),
              "BillingPeriodEnd": pa.array([date(2026, 10, 1)] * 2)},
    "timestamps": {"ChargePeriodStart": pa.array([FIVE] * 2, pa.timestamp("us")),
                   "ChargePeriodEnd": pa.array([datetime(2026, 9, 3, 7)] * 2, pa.timestamp("ns"))},
    "timestamps of a zone": {"BillingPeriodStart": pa.array([MIDNIGHT] * 2, pa.timestamp("us", tz="America/New_York")),
                             "ChargePeriodStart": pa.array([FIVE] * 2, pa.timestamp("ms", tz="UTC"))},
}


@pytest.fixture(scope="module")
def parquet(tmp_path_factory) -> billing.Cube:
    """One parquet file a kind of column, each of an account of its own."""
    folder = tmp_path_factory.mktemp("parquet")
    for name, columns in PARQUET.items():
        plain_columns = {column: pa.array([value] * 2) for column, value in {**BASE, "BillingAccountId": name}.items()}
        pq.write_table(pa.table({**plain_columns, **columns}), folder / f"{name}.parquet")
    return read(*sorted(folder.glob("*.parquet")))


@pytest.mark.parametrize("name", PARQUET)
def test_parquet_columns_of_every_type_give_the_same_lines(parquet, name):
    lines = parquet.lines[parquet.lines["BillingAccountId"] == name]
    assert cells(lines, "billing_period", "service_period", "Tags", "line_count") == [
        ("2026-09", "2026-09", '{"app":"a"}', 2)]
    assert sums(lines, "BilledCost", "EffectiveCost", "ConsumedQuantity", "UsageHours") == ("0.6", "0.5", "5", "4")


def test_a_folder_of_parts_plain_and_packed_is_found_by_a_glob(tmp_path):
    (tmp_path / "2026-09").mkdir()
    for number, cost in enumerate(("1", "2.5", "0.25"), start=1):
        path = bill(tmp_path / "2026-09", f"part-{number}.csv", {"BilledCost": cost, "ServiceName": f"s{number}"})
    path.with_name("part-3.csv.gz").write_bytes(gzip.compress(path.read_bytes()))
    path.unlink()
    cube = read(*settings.find([f"{tmp_path}/**/*.csv*"]))
    assert billed(cube) == "3.75" and set(cube.files["note"]) == {"part of one delivery: numbered parts"}


# The repair of Microsoft's savings plan purchases --------------------------------------------------------------------

PLAN = """
ChargeCategory  ServiceName    CommitmentDiscountStatus  BilledCost  EffectiveCost
Purchase        Savings Plans  .                         100         100
Usage           VM             Used                      0           90
Usage           VM             Unused                    0           10
Usage           Storage        .                         7           7
"""


def plan(folder, provider: str):
    """A bill in which the purchase of a plan counts in effective cost, and so does the usage that it covers."""
    rows = table(PLAN, **{name: value for name, value in BASE.items() if name not in PLAN})
    rows = rows.assign(ProviderName=provider, CommitmentDiscountId=["sp-1"] * 3 + [""])
    rows.to_csv(folder / "bill.csv", index=False)
    return read(folder / "bill.csv")


def test_a_savings_plan_purchase_that_microsoft_counts_twice_is_repaired_and_the_line_says_so(tmp_path):
    cube = plan(tmp_path, "Microsoft")
    assert cells(cube.lines, "ServiceName", "Repair", "BilledCost", "EffectiveCost", "RepairedCost") == [
        ("Savings Plans", "commitment purchase with effective cost", "100", "0", "100"),
        ("Storage", "", "7", "7", "0"), ("VM", "", "0", "10", "0"), ("VM", "", "0", "90", "0")]
    assert sums(cube.files, "BilledCost", "EffectiveCost") == ("107", "207")  # as filed, before the repair
    assert sums(cube.lines, "BilledCost", "EffectiveCost") == ("107", "107") and sound(cube)
    [found] = billing.check_repairs(cube.lines.assign(mended=cube.lines["RepairedCost"]))
    assert (found["check"], found["state"], plain(found["amount"]), found["note"]) == (
        "repaired: commitment purchase with effective cost", "finding", "100",
        "Microsoft: 1 rows, effective cost set to 0, since the usage they cover carries it")
    assert billing.check_unrepaired(cube.lines.assign(effective=cube.lines["EffectiveCost"])) == []


def test_such_a_purchase_of_another_provider_is_left_and_is_a_finding(tmp_path):
    cube = plan(tmp_path, "AWS")
    assert sums(cube.lines, "EffectiveCost") == ("207",) and set(cube.lines["Repair"]) == {""} and sound(cube)
    [found] = billing.check_unrepaired(cube.lines.assign(effective=cube.lines["EffectiveCost"]))
    assert (found["check"], found["state"], plain(found["amount"])) == (
        "commitment purchases with an effective cost: AWS", "finding", "100")


# Partial files, other tables, a format by word -----------------------------------------------------------------------

def test_what_a_partial_file_lacks_comes_from_the_parameters_also_where_it_is_blank(tmp_path):
    lacks = ("ProviderName", "BillingCurrency", "ChargeCategory")
    path = bill(tmp_path, "bill.csv", {"ServiceName": "HPC"}, {"ServiceName": "", "BilledCost": "5"}, without=lacks)
    cube = read(path, values={"ProviderName": "Own", "BillingCurrency": "CHF", "ChargeCategory": "Usage",
                              "ServiceName": "Archive"})
    assert cells(cube.lines, "ProviderName", "BillingCurrency", "ChargeCategory", "ServiceName", "BilledCost") == [
        ("Own", "CHF", "Usage", "Archive", "5"), ("Own", "CHF", "Usage", "HPC", "0.3")]


def test_what_nothing_gives_is_named_with_what_to_do(tmp_path):
    path = bill(tmp_path, "bill.csv", {}, without=("ProviderName", "BillingCurrency"))
    with pytest.raises(InputError) as error:
        read(path)
    assert str(error.value).removeprefix(f"{tmp_path}/") == (
        "bill.csv: no column ProviderName, BillingCurrency; expected the columns of FOCUS; add them to the export, or "
        "give them in the parameters, under billing: columns or values")


INVOICES = "month,product,team,amount\n2026-09,Monitoring,red,1200.50\n2026-09,Logs,blue,-20\n2026-08,Logs,blue,7\n"
SAAS = {"format": "table", "values": {"ProviderName": "Acme SaaS", "BillingCurrency": "EUR"},
        "columns": {"BilledCost": "amount", "BillingPeriodStart": "month", "ServiceName": "product",
                    "SubAccountId": "team"}}


def test_an_invoice_list_is_read_by_its_column_map(write):
    cube = read(write("saas.csv", INVOICES), **SAAS)
    assert cells(cube.lines, "billing_period", "service_period", "ProviderName", "ServiceName", "SubAccountId",
                 "ChargeCategory", "BillingCurrency", "BilledCost", "EffectiveCost") == [
        ("2026-08", "2026-08", "Acme SaaS", "Logs", "blue", "Usage", "EUR", "7", "7"),
        ("2026-09", "2026-09", "Acme SaaS", "Logs", "blue", "Usage", "EUR", "-20", "-20"),
        ("2026-09", "2026-09", "Acme SaaS", "Monitoring", "red", "Usage", "EUR", "1200.5", "1200.5")]
    assert set(cube.files["format"]) == {"table by column map"} and sound(cube)


def test_a_token_bill_keeps_its_tokens_and_the_days_they_were_used_on(write):
    path = write("tokens.csv", """\
        date,model,project,tokens,cost_usd
        2026-09-02,large,chat,1500000,4.50
        2026-09-03,large,chat,500000,1.50
        2026-09-03,small,search,8000000,0.80
        """)
    cube = read(path, format="table", columns={"BilledCost": "cost_usd", "BillingPeriodStart": "date",
                                               "ServiceName": "model", "SubAccountId": "project",
                                               "ConsumedQuantity": "tokens"},
                values={"ProviderName": "Model maker", "BillingCurrency": "USD", "ConsumedUnit": "tokens"})
    assert cells(cube.lines, "ServiceName", "ConsumedUnit", "ConsumedQuantity", "BilledCost") == [
        ("large", "tokens", "2000000", "6"), ("small", "tokens", "8000000", "0.8")]
    assert cells(cube.days, "service_day", "ServiceName", "BilledCost") == [
        ("2026-09-02", "large", "4.5"), ("2026-09-03", "large", "1.5"), ("2026-09-03", "small", "0.8")]


def test_a_table_may_have_two_amounts_a_service_date_and_a_kind_of_its_own(write):
    path = write("own.csv", "month,from,kind,paid,cost,thing\n2026-09,2026-07-15,purchase,120,10,Licence\n")
    columns = {"BilledCost": "paid", "EffectiveCost": "cost", "BillingPeriodStart": "month",
               "ChargePeriodStart": "from", "ChargeCategory": "kind", "ServiceName": "thing"}
    cube = read(path, format="table", columns=columns,
                values={"ProviderName": "Own", "BillingCurrency": "USD"})
    assert cells(cube.lines, "billing_period", "service_period", "BilledCost", "EffectiveCost") == [
        ("2026-09", "2026-07", "120", "10")]


def test_a_column_that_the_parameters_name_wrongly_is_told_with_the_nearest(write):
    with pytest.raises(InputError) as error:
        read(write("saas.csv", INVOICES), **{**SAAS, "columns": {**SAAS["columns"], "BilledCost": "amuont"}})
    assert str(error.value).split("/")[-1] == (
        'saas.csv: no column "amuont", which the parameters name for BilledCost; expected one of its 4 columns; '
        "write amount")


def test_a_table_without_a_word_on_it_is_refused_and_told_how(write):
    with pytest.raises(InputError, match="saas.csv: columns of no format that is known; expected AWS CUR, .*, or a "
                                         "table whose columns the parameters name; name its format in the parameters"):
        read(write("saas.csv", INVOICES))


def test_a_format_may_be_forced_on_a_file_that_would_be_known_as_another(tmp_path):
    path = bill(tmp_path, "bill.csv", {"lineItem/UsageAccountId": "1", "lineItem/UnblendedCost": "9"})
    assert set(read(path, format="focus").files["format"]) == {"FOCUS 1.0"}
    with pytest.raises(InputError, match="bill.csv: no column BillingCurrency, .* expected the columns of AWS CUR"):
        read(path)


# FOCUS tables beside cost and usage ----------------------------------------------------------------------------------

DATASETS = {
    "invoice details": "InvoiceDetailId,InvoiceId,InvoiceIssuerName,BilledCost,PaymentCurrencyBilledCost\n"
                       "D1,I-1,AWS Inc.,0.10,0.09\nD2,I-1,AWS Inc.,0.20,NULL\n",
    "billing periods": "BillingPeriodStart,BillingPeriodEnd,BillingPeriodStatus,InvoiceIssuerName\n"
                       "2026-09-01T00:00:00Z,2026-10-01T00:00:00Z,Closed,AWS Inc.\n",
    "contract commitments": "ContractCommitmentId,ContractCommitmentCost,ContractCommitmentQuantity,ContractId\n"
                            "cc-1,1000.123456789012345678,NULL,c-1\n",
}


def test_focus_tables_beside_the_bill_come_back_with_exact_amounts(tmp_path, write):
    paths = [write(f"{name.split()[0]}.csv", text) for name, text in DATASETS.items()]
    cube = read(bill(tmp_path, "bill.csv", {}), *paths)
    assert set(cube.datasets) == set(DATASETS) and billed(cube) == "0.3" and len(cube.files) == 1
    assert cells(cube.datasets["invoice details"], "InvoiceDetailId", "BilledCost", "PaymentCurrencyBilledCost") == [
        ("D1", "0.1", "0.09"), ("D2", "0.2", None)]
    assert cells(cube.datasets["contract commitments"], "ContractCommitmentCost", "ContractCommitmentQuantity") == [
        ("1000.123456789012345678", None)]
    assert cells(cube.datasets["billing periods"], "BillingPeriodStatus", "InvoiceIssuerName") == [
        ("Closed", "AWS Inc.")]


def test_an_amount_of_such_a_table_that_is_no_number_is_named(tmp_path, write):
    path = write("d.csv", DATASETS["invoice details"].replace("0.20", "twenty"))
    with pytest.raises(InputError, match="d.csv, row 2 .line 3., column BilledCost: 'twenty'; expected a plain number"):
        read(bill(tmp_path, "bill.csv", {}), path)
