"""Real bills in ../shared/billing: every file reads, to the totals that its README states.  Skipped where absent."""

from pathlib import Path

import pytest

from helpers import billing
from helpers.errors import InputError
from helpers.money import plain, total
from tests.tables import cells

SHARED = Path(__file__).resolve().parents[2] / "shared" / "billing"
SPEC = {"ProviderName": "Example", "BillingCurrency": "USD", "ServiceName": "Compute"}
PARTIAL = {"BillingCurrency": "USD", "ChargeCategory": "Usage"}

pytestmark = pytest.mark.skipif(not SHARED.is_dir(), reason="no folder shared/billing beside the project")


def read(folder, *names: str, words: tuple[billing.Word, ...] = ()) -> billing.Cube:
    """The cube of shared files, its proofs checked; `words` is what the parameters say."""
    paths = [SHARED / name for name in names]
    if not all(path.is_file() for path in paths):
        pytest.skip(f"not in {SHARED}: {', '.join(path.name for path in paths if not path.is_file())}")
    cube = billing.load(paths, folder / "cache", billing.Asked(words))
    assert {row["state"] for row in [*billing.check_cube(cube), *billing.check_days(cube)]} == {"ok"}
    return cube


def sums(lines) -> tuple[str, str]:
    """Billed and effective cost, to the last digit."""
    return plain(total(lines["BilledCost"])), plain(total(lines["EffectiveCost"]))


def rounded(lines, decimals: int = 6) -> tuple[str, str]:
    """Billed and effective cost to as many decimals as the README gives."""
    return tuple(f"{total(lines[column]):.{decimals}f}" for column in ("BilledCost", "EffectiveCost"))


def by(lines, column: str) -> dict[str, tuple[str, str]]:
    return {key: sums(group) for key, group in lines.groupby(column)}


# FOCUS ---------------------------------------------------------------------------------------------------------------

def test_the_focus_sample_has_its_totals_by_month_and_rows_by_provider(tmp_path):
    cube = read(tmp_path, "focus/focus_sample_1000.csv")
    assert sums(cube.lines) == ("20.52022672899", "14.97651418586")
    assert by(cube.lines, "billing_period") == {
        "2024-09": ("20.28022672899", "14.97651418586"), "2024-10": ("0.24", "0")}
    rows = cube.files.groupby("ProviderName")["line_count"].sum().to_dict()
    assert rows == {"AWS": 942, "Microsoft": 51, "Oracle": 7}
    assert set(cube.lines["ChargeCategory"]) <= {"Usage", "Purchase", "Tax", "Credit", "Adjustment"}
    assert not any(cube.lines[key].isin(["NULL", "(null)"]).any() for key in billing.LINE_KEYS)


CORRECTIONS = {  # file: billed (as effective), billing period, service period, charge class
    "closed_scenario_1_partial_reallocation_original": ("1500", "2025-05", "2025-05", ""),
    "closed_scenario_1_partial_reallocation_ledger": ("0", "2025-06", "2025-05", "Correction"),
    "closed_scenario_1_partial_reallocation_delta": ("0", "2025-06", "2025-05", "Correction"),
    "closed_scenario_2_late_arriving_usage_ledger": ("1500", "2025-06", "2025-05", "Correction"),
    "closed_scenario_4_bulk_cost_only_original": ("4.195398", "2025-05", "2025-05", ""),
    "closed_scenario_4_bulk_cost_only_ledger": ("0.002", "2025-06", "2025-05", "Correction"),
    "open_current_scenario_1_partial_reallocation_replacement": ("1500", "2025-07", "2025-07", ""),
}


def each(folder, kind: str, names) -> billing.Cube:
    """The specification's files of a kind, each as the bill of an account of its own."""
    return read(folder, *(f"focus/{kind}/{name}.csv" for name in names), words=tuple(
        billing.Word((f"*/{name}.csv",), values={**SPEC, "BillingAccountId": name}) for name in names))


@pytest.fixture(scope="module")
def corrections(tmp_path_factory) -> billing.Cube:
    return each(tmp_path_factory.mktemp("corrections"), "spec_corrections", CORRECTIONS)


@pytest.mark.parametrize("name", CORRECTIONS)
def test_a_correction_of_the_specification_is_booked_late_for_the_time_of_use(corrections, name):
    lines = corrections.lines[corrections.lines["BillingAccountId"] == name]
    cost, billed_in, used_in, kind = CORRECTIONS[name]
    assert sums(lines) == (cost, cost)
    assert set(cells(lines, "billing_period", "service_period", "ChargeClass")) == {(billed_in, used_in, kind)}


def test_a_closed_period_and_its_correction_stand_side_by_side(tmp_path):
    start = "focus/spec_corrections/closed_scenario_1_partial_reallocation_"
    cube = read(tmp_path, f"{start}original.csv", f"{start}delta.csv", words=(billing.Word(("*",), values=SPEC),))
    assert set(cube.files["state"]) == {"read"} and by(cube.lines, "billing_period") == {
        "2025-05": ("1500", "1500"), "2025-06": ("0", "0")}


COMMITMENTS = {  # file: billed, effective; of the status: effective
    "commitment_discount_purchase_scenario_1": ("8760", "0", {"": "0"}),
    "commitment_discount_purchase_scenario_2": ("3", "0", {"": "0"}),
    "commitment_discount_purchase_scenario_3": ("4381.5", "0", {"": "0"}),
    "commitment_discount_usage_scenario_1": ("0", "1", {"Used": "1"}),
    "commitment_discount_usage_scenario_2": ("0", "1", {"Unused": "1"}),
    "commitment_discount_usage_scenario_3": ("0", "1", {"Unused": "0.25", "Used": "0.75"}),
    "commitment_discount_usage_scenario_4": ("0.5", "1.5", {"": "0.5", "Used": "1"}),
    "one_hundred_percent_utilization_without_commitment_discount_flexibility": ("1.5", "1.5", {"": "0", "Used": "1.5"}),
    "one_hundred_percent_utilization_with_commitment_discount_flexibility_with_1_resource": (
        "2.75", "2.75", {"": "2.25", "Used": "0.5"}),
    "one_hundred_percent_utilization_with_commitment_discount_flexibility_with_2_resources": (
        "2", "2", {"": "0", "Used": "2"}),
}


@pytest.fixture(scope="module")
def commitments(tmp_path_factory) -> billing.Cube:
    return each(tmp_path_factory.mktemp("commitments"), "spec_commitments", COMMITMENTS)


@pytest.mark.parametrize("name", COMMITMENTS)
def test_a_commitment_of_the_specification_is_billed_once_and_used_over_time(commitments, name):
    lines = commitments.lines[commitments.lines["BillingAccountId"] == name]
    billed, effective, statuses = COMMITMENTS[name]
    assert sums(lines) == (billed, effective)
    assert {status: cost for status, (_, cost) in by(lines, "CommitmentDiscountStatus").items()} == statuses


def test_the_tables_of_focus_1_4_are_told_apart(tmp_path):
    start = "focus/v1_4_headers/"
    cube = read(tmp_path, *(f"{start}{name}.csv" for name in (
        "costandusage_4rows", "invoicedetail_5rows", "billingperiod_4rows", "contractcommitment_2rows")))
    assert {name: len(table) for name, table in cube.datasets.items()} == {
        "invoice details": 5, "billing periods": 4, "contract commitments": 2}
    assert set(cube.files["format"]) == {"FOCUS 1.4"} and cube.files["line_count"].sum() == 4
    assert plain(total(cube.datasets["contract commitments"]["ContractCommitmentCost"])) == "8920.132495"


OWN = {"aws": "AWS", "azure": "Microsoft", "hpc": "Own data centre", "storage": "Own storage"}


def test_partial_files_of_clouds_and_own_hardware_read_with_what_they_lack_from_the_parameters(tmp_path):
    words = tuple(billing.Word((f"*{name}_2025*",), values={**PARTIAL, "ProviderName": provider})
                  for name, provider in OWN.items())
    cube = read(tmp_path, *(f"focus/partial/sample_data__inputs__{name}_2025-01.csv" for name in OWN), words=words)
    assert by(cube.lines, "ProviderName") == {
        "AWS": ("19086.75", "19086.75"), "Microsoft": ("735.25", "735.25"), "Own data centre": ("0", "0"),
        "Own storage": ("45", "45")}
    own = cube.lines[cube.lines["ProviderName"] == "Own data centre"]
    assert plain(total(own["ListCost"])) == "8200" and set(own["BillingCurrency"]) == {"USD"}


def test_what_a_partial_file_lacks_is_named(tmp_path):
    with pytest.raises(InputError, match="no column ProviderName, BillingCurrency, ChargeCategory; expected"):
        read(tmp_path, "focus/partial/sample_data__inputs__aws_2025-01.csv")


# AWS, Azure, Google, OCI ---------------------------------------------------------------------------------------------

def test_a_real_legacy_report_of_aws_has_its_unblended_cost(tmp_path):
    cube = read(tmp_path, "aws/aws_cur_legacy_anonymous.csv")
    assert rounded(cube.lines) == ("1.682309", "1.682309") and cube.files["line_count"].sum() == 1281
    assert set(cube.files["format"]) == {"AWS CUR (legacy)"} and set(cube.lines["InvoiceId"]) == {""}
    assert [row["state"] for row in billing.check_aside(cube.files)] == ["ok"]


@pytest.mark.parametrize("names", [["preliminary"], ["finalized"], ["preliminary", "finalized"]], ids=" then ".join)
def test_a_month_of_aws_counts_once_before_and_after_it_is_invoiced(tmp_path, names):
    cube = read(tmp_path, *(f"aws/aws_cur_2026-08_{name}.csv" for name in names))
    assert rounded(cube.lines) == ("45784.199286", "45826.699286")
    counts = cube.files[cube.files["state"] == "read"]
    assert f"{total(counts['FiledCost']):.6f}" == "45869.199286"
    [aside] = billing.check_aside(cube.files)
    assert aside["state"] == "finding" and plain(aside["amount"]) == "85"
    assert all(cube.lines["InvoiceId"].ne("")) is (names[-1] == "finalized")
    replaced = [(row["state"], row["note"].replace(f"{SHARED}/aws/", "")) for row in billing.check_replaced(cube.files)]
    assert replaced == ([] if len(names) == 1 else [("ok", (
        "AWS 2026-08 comes from aws_cur_2026-08_finalized.csv (the same charges, with the invoice's number): billed "
        "was 45,784.20, is 45,784.20 USD, difference 0"))])


ACTUAL, AMORTISED = (f"azure/azure_EA_{kind}Cost_Small.csv" for kind in ("Actual", "Amortized"))


def test_the_twins_of_azure_fill_one_basis_each(tmp_path):
    lines = read(tmp_path, ACTUAL, AMORTISED).lines
    assert rounded(lines) == ("8.545008", "16.296932")
    assert {unit for unit in lines["ConsumedUnit"] if "K" in unit} == {"10K"}
    assert all(tags == "" or tags.startswith("{") for tags in lines["Tags"])


@pytest.mark.parametrize("name, cost", [(ACTUAL, "8.545008"), (AMORTISED, "16.296932")], ids=["actual", "amortised"])
def test_one_twin_of_azure_alone_is_a_finding(tmp_path, name, cost):
    cube = read(tmp_path, name)
    assert rounded(cube.lines) == (cost, cost)
    assert [row["state"] for row in billing.check_alone(cube.files)] == ["finding"]


def test_a_real_export_of_azure_is_in_canadian_dollars_of_one_day(tmp_path):
    cube = read(tmp_path, "azure/azure_ea_anonymous.csv")
    assert rounded(cube.lines) == ("1.261369", "1.261369") and set(cube.lines["BillingCurrency"]) == {"CAD"}
    assert set(cube.days["service_day"]) == {"2023-09-02"}


def test_the_google_sample_is_net_of_credits_currency_by_currency(tmp_path):
    cube = read(tmp_path, "gcp/gcp_sample_billing_data.csv")
    net = {"USD": "1255613.0601", "GBP": "573288.1351", "EUR": "451968.5541", "AUD": "347430.6703"}
    assert by(cube.lines, "BillingCurrency") == {currency: (cost, cost) for currency, cost in net.items()}
    assert set(cube.lines["billing_period"]) == {"2026-03", "2026-04", "2026-05"}
    assert cube.files["line_count"].sum() == sum(cube.lines["line_count"]) == 500
    assert {"Credit", "Tax", "Adjustment", "Usage"} <= set(cube.lines["ChargeCategory"])


def test_a_real_cost_report_of_oci_has_its_total_and_its_tags(tmp_path):
    cube = read(tmp_path, "oci/oci_cost_report.csv")
    assert rounded(cube.lines) == ("2.523589", "2.523589") and cube.files["line_count"].sum() == 506
    assert any("Oracle-Tags.CreatedBy" in tags for tags in cube.lines["Tags"])


EXAMPLES = {  # files of one bill each, as the README and savings.md give their totals: billed, effective
    "spec_ai/cached_tokens_via_csp_marketplace": ("47.5", "47.5"),
    "spec_ai/drawdown_via_prepayment_ai_model_api": ("500000", "50"),
    "spec_ai/multi_model_usage": ("104.5", "104.5"),
    "spec_commitments_v1_4/aura_web_flexible_spend_plan_all_upfront_50pct": ("693003.6", "1898.64"),
    "spec_commitments_v1_4/aura_web_flexible_spend_plan_all_upfront_75pct": ("459024", "1257.6"),
    "spec_commitments_v1_4/aura_web_flexible_spend_plan_all_upfront_overage": ("212427.6", "1016.4"),
    "spec_commitments_v1_4/aura_web_flexible_spend_plan_partial_upfront_100pct": ("241176.24", "1227.36"),
    "spec_commitments_v1_4/crestnode_resource_reservation_no_upfront_100pct": ("55334", "1819.2"),
}
NOT_YET = {  # files of a form that is refused so far, and by which words
    "spec_contracts/contract_commitment_scenario_1": "FOCUS contract commitments and no bill",
    "spec_eligibility/capacity_reservation_eligible_spend": "no column BillingPeriodStart",
    "spec_eligibility/coverage_rate_eligibility_adjusted": "no column BillingPeriodStart",
    "spec_saas/saas_spend_agreements_b1": "column BillingPeriodStart: '3/1/26'; expected a date",
    "spec_saas/simple_saas_agreements_c": "column BilledCost: '$10,100.00 '",
    "spec_saas/virtual_currency_pricing_model_b1": "column BillingPeriodStart: '4/1/25'",
    "spec_saas/virtual_currency_pricing_model_b2": "column BillingPeriodStart: '4/1/25'",
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_specifications_examples_have_their_totals(tmp_path, name):
    assert sums(read(tmp_path, f"focus/{name}.csv", words=(billing.Word(("*",), values=SPEC),)).lines) == EXAMPLES[name]


@pytest.mark.parametrize("name", NOT_YET)
def test_a_form_that_is_not_read_yet_is_refused_in_one_line(tmp_path, name):
    with pytest.raises(InputError) as stop:
        read(tmp_path, f"focus/{name}.csv", words=(billing.Word(("*",), values=SPEC),))
    assert NOT_YET[name] in str(stop.value)


def test_no_shared_file_is_left_out_here():
    known = {*(f"focus/spec_corrections/{name}.csv" for name in CORRECTIONS),
             *(f"focus/spec_commitments/{name}.csv" for name in COMMITMENTS),
             *(path.relative_to(SHARED).as_posix() for path in SHARED.glob("focus/spec_corrections/*.csv"))}
    text = Path(__file__).read_text(encoding="utf-8")
    others = {path.relative_to(SHARED).as_posix() for path in SHARED.rglob("*.csv")} - known
    started = ("sample_data__inputs__", "aws_cur_2026-08_", "azure_EA_")  # names put together above
    assert [name for name in sorted(others)
            if Path(name).stem not in text and not Path(name).stem.startswith(started)] == []
