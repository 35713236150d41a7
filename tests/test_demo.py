"""Is the demo company what it says it is?  Read back from the written files, worked out a second way."""

import csv
import json
from collections import defaultdict
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from helpers.demo.__main__ import main
from helpers.periods import fiscal_year, months, shift

PROJECT = Path(__file__).resolve().parents[1]
DEMO = PROJECT / "data" / "demo"
TAXONOMY = PROJECT.parent / "shared" / "facts"
CENT = Decimal("0.01")
LEDGER_MONTHS = months("2023-10", "2026-09")
LAGS = {"AWS": 1, "Microsoft": 0, "Google Cloud": 2}


@cache
def table(name: str) -> list[dict]:
    with (DEMO / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@cache
def lines(provider: str) -> list[dict]:
    """All lines of a provider's export, the part sent twice only once, in plain types."""
    if provider == "Microsoft":
        return [line for path in sorted((DEMO / "billing/azure").glob("*.csv")) for line in azure_lines(path)]
    folder = {"AWS": "aws", "Google Cloud": "google"}[provider]
    return [line for path in sorted((DEMO / "billing" / folder).glob("*.parquet")) if not path.stem.endswith("_resent")
            for line in parquet_lines(path)]


def azure_lines(path: Path) -> list[dict]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return [{**line, "BilledCost": Decimal(line["BilledCost"]), "EffectiveCost": Decimal(line["EffectiveCost"]),
                 "Tags": json.loads(line["Tags"] or "{}")} for line in csv.DictReader(file)]


def parquet_lines(path: Path) -> list[dict]:
    found = pq.read_table(path).to_pylist()
    for line in found:
        pairs = [(tag["key"], tag["value"]) for tag in line["Tags"]] if "google" in path.parts else line["Tags"]
        line["Tags"] = dict(pairs)
    return found


def month_of(moment: datetime | str) -> str:
    return moment[:7] if isinstance(moment, str) else f"{moment:%Y-%m}"


def bill(provider: str, month: str) -> list[dict]:
    return [line for line in lines(provider) if month_of(line["BillingPeriodStart"]) == month]


def cost(found: list[dict], basis: str = "EffectiveCost") -> Decimal:
    return sum((line[basis] for line in found), Decimal(0))


def fault(number: str) -> dict:
    truth = json.loads((DEMO / "truth.json").read_text(encoding="utf-8"))
    return next(entry for entry in truth["faults"] if entry["id"] == number)


def amount(number: str) -> Decimal:
    return Decimal(fault(number)["amount"])


def aws_august() -> list[dict]:
    return [line for line in bill("AWS", "2026-08") if month_of(line["ChargePeriodStart"]) == "2026-08"]


def test_the_generator_makes_the_committed_files_again(tmp_path, capsys):
    main([str(tmp_path / "demo")])
    made, kept = ({path.relative_to(root).as_posix(): path for path in root.rglob("*") if path.is_file()}
                  for root in (tmp_path / "demo", DEMO))
    assert sorted(made) == sorted(kept)
    assert [name for name in made if not alike(made[name], kept[name])] == []


def alike(one: Path, other: Path) -> bool:
    """Same bytes; parquet written by another version of pyarrow may differ in bytes, not in content."""
    if one.read_bytes() == other.read_bytes():
        return True
    if one.suffix != ".parquet" or pq.read_metadata(one).created_by == pq.read_metadata(other).created_by:
        return False
    return pq.read_table(one).equals(pq.read_table(other))


def test_no_file_is_large_and_all_together_are_a_few_megabytes():
    sizes = [path.stat().st_size for path in DEMO.rglob("*") if path.is_file()]
    assert max(sizes) < 1_900_000
    assert sum(sizes) < 8_000_000


def test_every_input_has_the_columns_of_the_codebook():
    expected = defaultdict(list)
    with (PROJECT / "data" / "codebook.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["kind"] == "input" and row["table"] not in ("providers", "services", "calendar", "open_items", "disputes", "forecast_picks", "opencost_export"):  # not the demo's
                expected[row["table"]].append(row["column"])
    found = {name: list(table(place)[0]) for name, place in (
        (path.stem if path.parent.name != "drivers" else "drivers", path.relative_to(DEMO).with_suffix("").as_posix())
        for path in DEMO.rglob("*.csv") if "billing" not in path.parts)}
    assert found == expected


def test_the_three_exports_have_three_shapes():
    aws, google = (pq.read_schema(DEMO / "billing" / name)
                   for name in ("aws/2026-09-part-1.parquet", "google/2026-07_000000000000.parquet"))
    azure = (DEMO / "billing/azure/2026-09.csv").read_bytes()
    assert str(aws.field("BilledCost").type) == "decimal128(38, 10)"
    assert str(aws.field("ChargePeriodStart").type) == "timestamp[us, tz=UTC]"
    assert str(aws.field("Tags").type).startswith("map<string, string")
    assert str(google.field("Tags").type).startswith("list<")
    assert azure.startswith(b"\xef\xbb\xbf") and azure.count(b"\n") == azure.count(b"\r\n")
    newer = {"InvoiceId", "SkuMeter", "ServiceSubcategory"}
    assert newer <= set(aws.names)
    assert not newer & (set(google.names) | set(azure.decode("utf-8-sig").splitlines()[0].split(",")))


def test_only_the_open_month_of_aws_has_no_invoice_number():
    assert {month_of(line["BillingPeriodStart"]) for line in lines("AWS") if line["InvoiceId"] is None} == {"2026-09"}


def test_every_ledger_line_has_a_known_account_and_cost_centre_and_its_own_id():
    ledger = table("ledger")
    assert len({line["line_id"] for line in ledger}) == len(ledger)
    assert {line["account"] for line in ledger} <= {row["account"] for row in table("accounts")}
    assert {line["cost_centre"] for line in ledger} <= {row["cost_centre"] for row in table("org")}
    assert all(line["posting_date"][:7] == line["fiscal_period"] for line in ledger)


def test_service_owners_are_the_owners_of_cost_centres():
    assert {row["service_owner"] for row in table("applications")} <= {row["owner"] for row in table("org")}


@pytest.mark.parametrize("version", ["v4", "v5"])
def test_the_accounts_use_cost_pools_of_the_taxonomy(version):
    source = TAXONOMY / f"taxonomy_{version}.csv"
    if not source.exists():
        pytest.skip("the taxonomy facts are not on this machine")
    with source.open(encoding="utf-8", newline="") as file:
        pools = {(row["level1"], row["level2"]) for row in csv.DictReader(file) if row["layer"] == "Cost Pools"}
    used = {(row[f"{version}_cost_pool"], row[f"{version}_sub_pool"]) for row in table("accounts")}
    assert used - pools == {("", "")}


def test_every_ledger_month_of_every_cloud_is_explained_but_for_the_cents_of_rounding():
    """Each invoice is rounded once, so that a month of three invoices may be off by a cent and a half."""
    rates = {row["period"]: Decimal(row["rate"]) for row in table("rates")}
    memos = defaultdict(Decimal)
    for row in table("reconciling_items"):
        memos[row["ProviderName"], row["ledger_period"]] += Decimal(row["amount"])
    for month in LEDGER_MONTHS:
        for provider, lag in LAGS.items():
            charges = bill(provider, shift(month, -lag))
            expected = cost(charges, "BilledCost") + memos[provider, month]
            if provider == "Microsoft":
                expected = cost(charges) + tax_booked(month) - missing(month)
            booked, document = cloud_lines(provider, month)
            assert abs(document - expected) <= CENT * 3 / 2
            if provider == "Google Cloud":  # booked at a day's rate near the month's
                assert abs(booked / document - rates[month]) < Decimal("0.008")
            else:
                assert booked == document


def cloud_lines(provider: str, month: str) -> tuple[Decimal, Decimal]:
    """Amount in USD and in the document's currency of the provider's expense in the ledger month."""
    starts = {"AWS": ("amazon", "aws"), "Microsoft": ("microsoft",), "Google Cloud": ("google",)}[provider]
    uses = {row["account"] for row in table("accounts") if row["kind"] == "expense" and row["use"] != "other"}
    found = [line for line in table("ledger") if line["fiscal_period"] == month and line["account"] in uses
             and line["vendor"].lower().startswith(starts)]
    return (sum((Decimal(line["amount"]) for line in found), Decimal(0)),
            sum((Decimal(line["document_amount"]) for line in found), Decimal(0)))


def tax_booked(month: str) -> Decimal:
    """Two per cent of the main account's usage: on Microsoft's invoice, not in its export."""
    usage = cost([line for line in bill("Microsoft", month) if line["BillingAccountId"] == "MF-MAIN"
                  and line["ChargeCategory"] != "Purchase"], "BilledCost")
    return (usage.quantize(CENT, ROUND_HALF_UP) * Decimal("0.02")).quantize(CENT, ROUND_HALF_UP)


def missing(month: str) -> Decimal:
    return Decimal("18432.17") if month == "2026-09" else Decimal(0)


def test_the_savings_plan_is_used_up_by_what_it_pays_in_every_month():
    for month in months("2023-09", "2026-09"):
        plan = [line for line in bill("AWS", month) if line["CommitmentDiscountId"]]
        assert cost(plan, "BilledCost") == cost(plan) > 0


def test_the_reservation_is_bought_in_april_and_used_up_by_twelfths():
    prices = {"2024-04": Decimal(72000), "2025-04": Decimal(84000), "2026-04": Decimal(96000)}
    for month in LEDGER_MONTHS:
        order = [line for line in bill("Microsoft", month) if line["CommitmentDiscountId"]]
        year = fiscal_year(month, 4)[0]
        assert cost(order, "BilledCost") == (prices.get(month) or 0)
        assert cost(order) == prices.get(year, Decimal(0)) / 12


def test_the_prepaid_account_holds_what_is_bought_and_not_yet_used():
    prepaid = [line for line in table("ledger") if line["account"] == "1480"]
    assert sum(Decimal(line["amount"]) for line in prepaid) == 96000 - 6 * 8000


def test_the_control_totals_are_the_expense_lines_of_the_ledger():
    truth = json.loads((DEMO / "truth.json").read_text(encoding="utf-8"))["totals"]["ledger_expense"]
    expense = {row["account"] for row in table("accounts") if row["kind"] == "expense"}
    found = defaultdict(Decimal)
    for line in table("ledger"):
        if line["account"] in expense:
            found[line["fiscal_period"]] += Decimal(line["amount"])
    assert {month: Decimal(text) for month, text in truth.items()} == found


def test_the_company_has_the_size_it_should_have():
    year = LEDGER_MONTHS[-12:]
    totals = json.loads((DEMO / "truth.json").read_text(encoding="utf-8"))["totals"]["ledger_expense"]
    cloud = sum(cloud_lines(provider, month)[0] for provider in LAGS for month in year)
    assert 58_000_000 < sum(Decimal(totals[month]) for month in year) < 62_000_000
    assert 11_500_000 < cloud < 12_500_000


def test_the_missing_invoice_is_billed_and_not_booked():
    charges = [line for line in bill("Microsoft", "2026-09") if line["BillingAccountId"] == "MF-CUSTOMS"]
    assert cost(charges, "BilledCost") == amount("F02") == Decimal("18432.17")
    assert {line["x_InvoiceId"] for line in charges} == {fault("F02")["detail"]["invoice_id"]}
    assert fault("F02")["detail"]["invoice_id"] not in {line["invoice_id"] for line in table("ledger")}


def test_one_google_part_was_delivered_twice():
    part, copy = (DEMO / fault("F03")["detail"][name] for name in ("file", "copy"))
    assert part.read_bytes() == copy.read_bytes()
    assert cost(parquet_lines(copy), "BilledCost") == amount("F03")


def test_the_late_correction_is_billed_in_august_for_june():
    late = [line for line in bill("AWS", "2026-08") if line["ChargeClass"] == "Correction"]
    assert [(month_of(line["ChargePeriodStart"]), line["BilledCost"], line["EffectiveCost"]) for line in late] == [
        ("2026-06", Decimal("-2310.40"), Decimal("-2310.40"))]
    assert amount("F04") == Decimal("-2310.40")


def test_the_credit_memo_is_netted_on_the_august_invoice():
    invoice = fault("F05")["detail"]["invoice_id"]
    usage = [line for line in bill("AWS", "2026-08")
             if line["InvoiceId"] == invoice and line["ChargeCategory"] != "Tax"]
    booked = [Decimal(line["amount"]) for line in table("ledger")
              if line["invoice_id"] == invoice and line["account"] == "6110"]
    assert booked == [cost(usage, "BilledCost").quantize(CENT, ROUND_HALF_UP) + amount("F05")]


def test_tracking_is_spelled_in_four_more_ways():
    spelled = defaultdict(Decimal)
    for line in aws_august():
        if "trac" in line["Tags"].get("application", "").lower():
            spelled[line["Tags"]["application"]] += line["EffectiveCost"]
    assert sorted(spelled) == ["TRACKING ", "Tracking", "track_ing", "tracking", "tracking-app"]
    assert sum(spelled.values()) - spelled["tracking"] == amount("F06")


def test_the_booking_family_has_no_application_tag():
    family = [line for line in aws_august() if "ApplicationFamily" in line["Tags"]]
    assert not any("application" in line["Tags"] for line in family)
    assert cost(family) == amount("F06B")


def test_the_unlisted_account_has_no_tags_and_no_row():
    unlisted = [line for line in aws_august() if line["SubAccountName"] == "mf-sandbox-7"]
    assert not any(line["Tags"] for line in unlisted)
    listed = {row["SubAccountId"] for row in table("cloud_accounts")}
    assert listed.isdisjoint(line["SubAccountId"] for line in unlisted)
    assert cost(unlisted) == amount("F07")


def test_the_owner_of_pricing_is_not_the_one_on_its_tags():
    pricing = [line for line in bill("Microsoft", "2026-09") if line["Tags"].get("App") == "PRICING"]
    assert {line["Tags"]["Owner"] for line in pricing} == {"Head of Parcels"}
    assert cost(pricing) == amount("F08")


@pytest.mark.parametrize(("number", "column", "value"), [
    ("F09", "ServiceName", "Amazon Tidepool"), ("F10", "tag", "legacy-edi")])
def test_the_unruled_service_and_the_retired_application_cost_what_the_truth_says(number, column, value):
    found = [line for line in aws_august() if {**line, "tag": line["Tags"].get("application")}[column] == value]
    assert cost(found) == amount(number) > 0


def test_each_platform_is_a_consumer_of_the_other():
    assert "Data lake" in {row["consumer"] for row in table("drivers/kubernetes")}
    assert "Kubernetes platform" in {row["consumer"] for row in table("drivers/data_lake")}


def test_the_log_driver_stops_a_month_early():
    watched = [line for line in bill("Microsoft", "2026-09") if line["Tags"].get("App") == "OBS"]
    assert max(row["period"] for row in table("drivers/observability")) == "2026-08"
    assert cost(watched) == amount("F12")


def test_forgotten_assets_are_past_their_life_and_still_in_use():
    forgotten = [row for row in table("assets") if row["asset_id"] in fault("F14")["detail"]["assets"]]
    assert all(shift(row["in_service"][:7], int(row["life_months"])) <= "2026-09" for row in forgotten)
    assert not any(row["disposed_on"] for row in forgotten)
    assert sum((Decimal(row["cost"]) / int(row["life_months"])).quantize(CENT, ROUND_HALF_UP)
               for row in forgotten) == amount("F14")


def test_depreciation_in_the_ledger_is_that_of_the_assets():
    forgotten = set(fault("F14")["detail"]["assets"])
    due = sum((Decimal(row["cost"]) / int(row["life_months"])).quantize(CENT, ROUND_HALF_UP) for row in table("assets")
              if row["in_service"][:7] <= "2026-09" and not row["disposed_on"]
              and (shift(row["in_service"][:7], int(row["life_months"])) > "2026-09" or row["asset_id"] in forgotten))
    booked = sum(Decimal(line["amount"]) for line in table("ledger")
                 if line["fiscal_period"] == "2026-09" and line["account"] in ("6410", "6420", "6430"))
    assert booked == due
