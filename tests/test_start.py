"""Start: what each file of a folder is taken for, and the first parameters file."""

import pytest

from helpers import inputs, params, start
from helpers.__main__ import command
from helpers.billing import focus
from helpers.errors import InputError

FOCUS = ("BillingAccountId,BillingCurrency,BillingPeriodStart,ChargeCategory,ChargePeriodStart,ChargePeriodEnd,"
         "ProviderName,ServiceName,BilledCost,EffectiveCost")
LEDGER = ("line_id,fiscal_period,posting_date,account,cost_centre,amount,currency\n"
          "1,2026-09,2026-09-30,6100,42,1.00,USD\n")


def bill(*rows: str, more: str = "") -> str:
    """A FOCUS file; each row says provider, billing month, currency, and the day its usage ends before."""
    lines = [FOCUS + (more and f",{more}")]
    for row in rows:
        provider, month, currency, end = row.split()
        lines.append(f"1,{currency},{month}-01,Usage,{month}-01,{end},{provider},S,1,1" + "," * bool(more))
    return "\n".join(lines) + "\n"


@pytest.fixture
def scan(write, tmp_path):
    """What the files of a folder are taken for, a line each."""

    def scanned(**texts: str) -> list[str]:
        for name, text in texts.items():
            write(f"in/{name}.csv", text)
        return [found.told(tmp_path / "in") for found in start.scan(tmp_path / "in")]

    return scanned


def test_focus_is_told_with_version_providers_months_and_lines(scan):
    assert scan(a=bill("AWS 2026-08 USD 2026-09-01", "AWS 2026-09 USD 2026-09-15", more="InvoiceId"),
                b=bill("Oracle 2026-09 USD 2026-10-01")) == [
        "a.csv: FOCUS 1.2 of AWS, 2026-08 to 2026-09, 2 lines", "b.csv: FOCUS 1.0 of Oracle, 2026-09, 1 lines"]


@pytest.mark.parametrize(("columns", "what"), [
    ("lineItem/UsageAccountId,lineItem/UnblendedCost,bill/InvoiceId", "AWS CUR (legacy)"),
    ("line_item_usage_account_id,line_item_unblended_cost,bill_payer_account_name", "AWS CUR 2.0"),
    ("SubscriptionId,MeterCategory,MeterId,ChargeType,CostInBillingCurrency", "Azure cost export"),
    ("billing_account_id,service,sku,usage_start_time,cost", "Google Cloud billing export"),
    ("service_description,sku_description,usage_start_time,cost", "Google Cloud billing export"),
    ("lineItem/referenceNo,cost/myCost,usage/billedQuantity", "OCI cost report"),
])
def test_other_billing_is_known_by_its_columns_and_what_it_lacks_is_told(scan, columns, what):
    [told] = scan(a=f"{columns}\n")
    assert told.startswith(f"a.csv: {what}: not used, no column ")


def test_a_focus_table_beside_the_bills_is_known(scan):
    assert scan(a="InvoiceDetailId,InvoiceIssuerName,InvoiceId,BilledCost\n") == ["a.csv: FOCUS invoice details"]


def test_focus_without_a_column_that_every_step_needs_is_not_used(scan):
    assert scan(a=bill("AWS 2026-09 USD 2026-10-01").replace("ServiceName", "Service")) == [
        "a.csv: FOCUS 1.0: not used, no column ServiceName"]


def test_a_bill_with_a_bad_value_is_not_used_and_the_value_is_told(scan):
    assert scan(a=bill("AWS 2026-09 USD 2026-10-01", "AWS soon-01 USD 2026-10-01")) == [
        "a.csv: FOCUS 1.0: not used, it cannot be read (row 2 (line 3), column BillingPeriodStart: 'soon-01-01')"]


def test_a_table_is_told_by_its_columns_whatever_the_files_name(scan):
    assert scan(a=LEDGER, b="cost_centre,name,business_unit,owner\n", c="period,driver,consumer,quantity,unit\n",
                d="period,application,unit,quantity\n", e="x,y\n", f="") == [
        "a.csv: ledger", "b.csv: org", "c.csv: drivers", "d.csv: volumes",
        "e.csv: not used: no table of data/README.md has these columns", "f.csv: not used: the file is empty"]


def test_mapping_rules_are_known_and_named_in_the_parameters_file(write, tmp_path):
    write("in/bill.csv", bill("AWS 2026-09 USD 2026-10-01"))
    write("in/own.csv", (params.ROOT / "data" / "mapping" / "rules.csv").read_text(encoding="utf-8"))
    assert start.start(tmp_path / "in", tmp_path / "mine.yaml")[1] == "own.csv: mapping rules"
    assert params.load(tmp_path / "mine.yaml").rules.mapping == f"{tmp_path}/in/own.csv"


def test_a_table_that_lacks_a_column_is_told_with_it(scan):
    assert scan(a=LEDGER.replace("amount", "value")) == ["a.csv: not used: like ledger, but with no column amount"]


def test_a_second_ledger_is_not_used_and_a_second_driver_is(scan):
    drivers = "period,driver,consumer,quantity,unit\n"
    assert scan(a=LEDGER, b=LEDGER, c=drivers, d=drivers) == [
        "a.csv: ledger", "b.csv: ledger: not used, a.csv is taken (one file; put them together)",
        "c.csv: drivers", "d.csv: drivers"]


def test_the_demo_folder_is_known_to_the_last_file():
    found = start.scan(params.ROOT / "data" / "demo")
    assert [one.guess.file.name for one in found if not one.guess.kind] == []
    assert {one.guess.kind for one in found} == {
        "billing", "ledger", "accounts", "applications", "aliases", "cloud_accounts", "org", "labour", "assets",
        "data_centres", "capacity", "drivers", "budget", "volumes", "forecast_events", "submissions", "migration_plan", "rates", "reconciling_items", "invoices", "pool_sources", "unit_rates",
        "allocation_rules", "tco_rules", "rate_cards", "capacity_units", "journal_accounts", "journal_columns"}


@pytest.mark.parametrize(("rows", "month"), [
    (["AWS 2026-09 USD 2026-10-01", "Oracle 2026-09 USD 2026-10-01"], "2026-09"),
    (["AWS 2026-09 USD 2026-10-01", "Oracle 2026-08 USD 2026-09-01", "AWS 2026-08 USD 2026-09-01"], "2026-08"),
    (["AWS 2026-09 USD 2026-09-30T23:00:00"], "2026-09"),
    (["AWS 2026-08 USD 2026-09-01", "AWS 2026-09 USD 2026-09-12"], "2026-08"),
    (["AWS 2026-09 USD 2026-10-01", "Oracle 2024-01 USD 2024-02-01"], "2026-09"),
    (["AWS 2026-09 USD 2026-09-12"], "2026-09"),
    (["AWS 9/1/2026 USD 10/1/2026"], "2026-09"),
], ids=["both", "one behind", "hour short", "under way", "one stopped", "only a part", "slashes"])
def test_the_month_is_the_last_that_billing_covers(write, tmp_path, rows, month):
    write("in/bill.csv", bill(*rows).replace("9/1/2026-01", "9/1/2026"))
    start.start(tmp_path / "in", tmp_path / "mine.yaml")
    assert params.load(tmp_path / "mine.yaml").period == month


def test_the_first_parameters_file_is_good_as_it_is(write, tmp_path):
    write("in/bills/a.csv", bill("AWS 2026-09 EUR 2026-10-01"))
    write("in/bills/b.csv", bill("Oracle 2026-09 EUR 2026-10-01"))
    write("in/gl.csv", LEDGER)
    told = start.start(tmp_path / "in", tmp_path / "mine.yaml")
    month = params.load(tmp_path / "mine.yaml")
    assert (month.period, month.currency) == ("2026-09", "EUR")
    assert month.inputs.billing == (f"{tmp_path}/in/bills/*.csv",)
    assert [file.name for file in month.files("ledger")] == ["gl.csv"]
    assert {name: (one.lag, one.commitments, one.vendors) for name, one in month.providers.items()}["Oracle"] == (
        0, "expensed", ("Oracle*",))
    assert told[-2:] == [f"written: {tmp_path}/mine.yaml, for 2026-09; look it through, then run:",
                         command(["report", "--params", f"{tmp_path}/mine.yaml"])]


def test_files_beside_others_are_named_one_by_one(write, tmp_path):
    write("in/a[1].csv", bill("AWS 2026-09 USD 2026-10-01"))
    write("in/b.csv", bill("AWS 2026-08 USD 2026-09-01"))
    write("in/gl.csv", LEDGER)
    start.start(tmp_path / "in", tmp_path / "mine.yaml")
    assert [file.name for file in params.load(tmp_path / "mine.yaml").files("billing")] == ["a[1].csv", "b.csv"]


def test_a_file_that_exists_is_never_written_over(write, tmp_path):
    write("mine.yaml", "mine")
    write("in/a.csv", bill("AWS 2026-09 USD 2026-10-01"))
    with pytest.raises(InputError, match="mine.yaml: the file exists; expected a new file; name another with --params"):
        start.start(tmp_path / "in", tmp_path / "mine.yaml")
    assert (tmp_path / "mine.yaml").read_text() == "mine"


def test_a_folder_with_no_billing_writes_nothing_and_says_what_was_seen(write, tmp_path):
    write("in/gl.csv", LEDGER)
    with pytest.raises(InputError, match=r"no billing that can be read \(gl.csv: ledger\); expected a FOCUS cost"):
        start.start(tmp_path / "in", tmp_path / "mine.yaml")
    assert not (tmp_path / "mine.yaml").exists()


def test_real_exports_are_known():
    folder = params.ROOT.parent / "shared" / "billing"
    if not folder.is_dir():
        pytest.skip("no ../shared/billing here: real exports are not tried")
    told = {found.guess.file.name: found.told(folder) for found in start.scan(folder)}
    assert told["focus_sample_1000.csv"].endswith(
        "FOCUS 1.0 of AWS, Microsoft, Oracle, 2024-09 to 2024-10, 1,000 lines")
    assert told["aws_cur_legacy_anonymous.csv"].split(": ")[1] == "AWS CUR (legacy) of AWS, 2023-11, 1,281 lines"
    assert told["azure_ea_anonymous.csv"].split(": ")[1] == "Azure cost export of Microsoft, 2023-09, 27 lines"
    assert told["gcp_sample_billing_data.csv"].split(": ")[1] == (
        "Google Cloud billing export of Google Cloud, 2026-03 to 2026-05, 500 lines")
    assert told["oci_cost_report.csv"].split(": ")[1] == "OCI cost report of Oracle, 2023-11, 506 lines"


def test_focus_versions_are_told_by_the_newest_column():
    assert [focus.version(names) for names in [
        ("BilledCost",), ("SkuMeter",), ("SkuMeter", "InvoiceId"), ("ServiceProviderName",), ("InvoiceDetailId",)]] == [
        "1.0", "1.1", "1.2", "1.3", "1.4"]


def test_the_reader_of_inputs_reads_what_start_took_for_a_table(write):
    assert len(inputs.read(write("gl.csv", LEDGER), "ledger")) == 1
