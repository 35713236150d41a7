"""Several files of one bill: parts are added, re-exports replace, copies are kept out; what nothing tells is asked."""

import csv
import gzip
import json

import pandas as pd
import pytest

from helpers import billing
from helpers.errors import InputError
from helpers.money import plain, total
from tests.tables import cells
from tests.test_billing import billed, read

SAME = {"BillingAccountId": "A", "BillingPeriodStart": "2026-09-01T00:00:00Z", "ProviderName": "AWS", "InvoiceId": "",
        "ChargeCategory": "Usage", "BillingCurrency": "USD"}
RUNS = ("11111111-aaaa-4bbb-8ccc-000000000001", "22222222-aaaa-4bbb-8ccc-000000000002")


def bill(folder, name: str, *charges: str, **same):
    """A FOCUS file of charges, each `service day cost`; a folder in the name is made."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    header = [*SAME, "ServiceName", "ChargePeriodStart", "BilledCost", "EffectiveCost"]
    rows = [[*{**SAME, **same}.values(), service, f"2026-09-{day}T00:00:00Z", cost, cost]
            for service, day, cost in map(str.split, charges)]
    with open(path, "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *rows])
    return path


def manifest(folder, name: str, **told) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(told), encoding="utf-8")


def fates(cube: billing.Cube, folder) -> dict[str, tuple[str, str]]:
    """What became of each file, and why; folders of the test left out."""
    assert {row["state"] for row in [*billing.check_cube(cube), *billing.check_days(cube)]} == {"ok"}
    return {row.file.removeprefix(f"{folder}/"): (row.state, row.note.replace(f"{folder}/", ""))
            for row in cube.files.itertuples()}


def asked(folder, *paths, **word) -> str:
    """What the run stops with, folders of the test left out."""
    with pytest.raises(InputError) as error:
        read(*paths, **word)
    return str(error.value).replace(f"{folder}/", "")


# What a manifest, a folder or a number tells -------------------------------------------------------------------------

def test_files_that_one_legacy_manifest_of_aws_lists_are_parts(tmp_path):
    manifest(tmp_path, "20260901-20261001/cur-Manifest.json", assemblyId="a1", account="9", reportKeys=[
        "exports/cur/20260901-20261001/a1/north.csv", "exports/cur/20260901-20261001/a1/south.csv"])
    paths = [bill(tmp_path, f"20260901-20261001/a1/{name}.csv", f"{name} 02 1.5") for name in ("north", "south")]
    cube = read(*paths)
    assert billed(cube) == "3"
    assert set(fates(cube, tmp_path).values()) == {("read", "part of one delivery: manifest cur-Manifest.json")}


def test_the_manifest_above_the_deliveries_of_aws_tells_the_latest(tmp_path):
    period = "20260901-20261001"
    paths = []
    for assembly, cost in zip(RUNS[::-1], ("10", "12"), strict=True):  # the second, which sorts first, is the later
        keys = [f"exports/cur/{period}/{assembly}/cur-1.csv"]
        for place in (f"{period}/{assembly}", period):
            manifest(tmp_path, f"{place}/cur-Manifest.json", assemblyId=assembly, reportKeys=keys)
        paths.append(bill(tmp_path, f"{period}/{assembly}/cur-1.csv", f"vm 02 {cost}"))
    cube = read(*paths)
    assert billed(cube) == "12" and fates(cube, tmp_path) == {
        f"{period}/{RUNS[0]}/cur-1.csv": ("read", "the newest, by manifest cur-Manifest.json"),
        f"{period}/{RUNS[1]}/cur-1.csv": ("replaced", "the newest, by manifest cur-Manifest.json")}


def test_a_manifest_of_an_aws_data_export_lies_under_metadata_beside_the_data(tmp_path):
    manifest(tmp_path, "focus/metadata/BILLING_PERIOD=2026-09/focus-Manifest.json", executionId="e1", dataFiles=[
        f"s3://bucket/focus/data/BILLING_PERIOD=2026-09/{name}.csv" for name in ("north", "south")])
    paths = [bill(tmp_path, f"focus/data/BILLING_PERIOD=2026-09/{name}.csv", f"{name} 02 2")
             for name in ("north", "south")]
    cube = read(*paths)
    assert billed(cube) == "4"
    assert set(fates(cube, tmp_path).values()) == {("read", "part of one delivery: manifest focus-Manifest.json")}


def azure_run(folder, number: int, parts: dict[str, tuple[str, ...]], **same) -> list:
    """A run of an Azure export: its parts by name, and the manifest that lists them."""
    place = f"export/20260901-20260930/{RUNS[number]}"
    manifest(folder, f"{place}/manifest.json", exportConfig={"type": "FocusCost"},
             runInfo={"runId": RUNS[number], "submittedTime": f"2026-09-{10 + number}T01:00:00.1234567Z"},
             blobs=[{"blobName": f" root/{place}/{name}"} for name in parts])
    return [bill(folder, f"{place}/{name}", *charges, **same) for name, charges in parts.items()]


def test_of_two_runs_of_an_azure_export_the_newest_counts_whatever_it_restates(tmp_path):
    first = azure_run(tmp_path, 1, {"part_0_0001.csv": ("vm 02 9", "new 03 1")})  # named later, submitted later
    second = azure_run(tmp_path, 0, {"part_0_0001.csv": ("vm 02 10",), "part_1_0001.csv": ("gone 02 5",)})
    cube = read(*first, *second)
    assert billed(cube) == "10"
    told = fates(cube, tmp_path)
    assert {name.split("/")[2]: state for name, (state, _) in told.items()} == {RUNS[0]: "replaced", RUNS[1]: "read"}
    assert {why for _, why in told.values()} == {"the newest, by manifest manifest.json"}


def test_a_part_that_a_newer_run_leaves_as_it_was_is_read_from_the_newer_run(tmp_path):
    old = azure_run(tmp_path, 0, {"part_0_0001.csv": ("vm 02 10",), "part_1_0001.csv": ("disk 02 5",)})
    new = azure_run(tmp_path, 1, {"part_0_0001.csv": ("vm 02 11",), "part_1_0001.csv": ("disk 02 5",)})
    cube = read(*old, *new)
    assert billed(cube) == "16" and sorted(state for state, _ in fates(cube, tmp_path).values()) == [
        "read", "read", "replaced", "replaced"]


def test_what_replaces_says_the_whole_amount_of_the_delivery_before_and_after(tmp_path):
    old = azure_run(tmp_path, 0, {"part_0_0001.csv": ("vm 02 10",)})
    new = azure_run(tmp_path, 1, {"part_0_0001.csv": ("vm 02 10",), "part_1_0001.csv": ("disk 02 5.25",)})
    [row] = billing.check_replaced(read(*old, *new).files)
    assert row["note"].endswith("billed was 10.00, is 15.25 USD, difference 5.25")


def test_files_in_the_folder_of_one_run_are_parts(tmp_path):
    paths = [bill(tmp_path, f"{RUNS[0]}/{name}.csv", f"{name} 02 1") for name in ("north", "south")]
    cube = read(*paths)
    assert billed(cube) == "2"
    assert {why for _, why in fates(cube, tmp_path).values()} == {f"part of one delivery: export folder {RUNS[0]}"}


def test_a_run_s_name_further_up_makes_no_parts(tmp_path):
    paths = [bill(tmp_path, f"{RUNS[0]}/bills/{name}.csv", f"{name} 02 1") for name in ("north", "south")]
    told = asked(tmp_path, *paths)
    assert "another delivery of AWS account A, 2026-09" in told


NUMBERED = [("part-1", "part-2"), ("2026-09-part-1", "2026-09-part-2"), ("part_0_0001", "part_1_0001"),
            ("export-00001", "export-00002"), ("focus-2026-09-00001", "focus-2026-09-00002")]


def test_files_numbered_at_their_ends_are_parts(tmp_path):
    cube = read(*(bill(tmp_path, f"{name}.csv", f"{name} 02 1.25", BillingAccountId=names[0])
                  for names in NUMBERED for name in names))
    assert cells(cube.lines.groupby("BillingAccountId", as_index=False)["line_count"].sum(), "line_count") == [(2,)] * 5
    assert billed(cube) == "12.5"
    assert set(fates(cube, tmp_path).values()) == {("read", "part of one delivery: numbered parts")}


DATED = [("bill-20260910", "bill-20260920"), ("bill_2026-09-10", "bill_2026-09-20"),
         ("cur-202609100300", "cur-202609200300"), ("run-20260910T0300Z", "run-20260920T0300Z")]


def test_a_date_at_the_end_of_a_name_is_no_number_of_a_part(tmp_path):
    to_date = [("vm 02 10",), ("vm 02 11", "vm 12 3")]  # the first day restated
    cube = read(*(bill(tmp_path, f"{name}.csv", *charges, BillingAccountId=names[0])
                  for names in DATED for name, charges in zip(names, to_date, strict=True)))
    why = "it holds every charge of the others, and more"
    assert billed(cube) == "56"
    assert sorted(fates(cube, tmp_path).values()) == [("read", why)] * 4 + [("replaced", why)] * 4


def test_an_empty_part_beside_full_ones_is_fine_and_alone_is_refused(tmp_path):
    full, empty = bill(tmp_path, "part-1.csv", "vm 02 1"), bill(tmp_path, "part-2.csv")
    assert billed(read(full, empty)) == "1"
    assert asked(tmp_path, empty).startswith("part-2.csv: a header and no rows")


# What the charges tell -----------------------------------------------------------------------------------------------

def test_a_finalised_bill_replaces_the_preliminary_one_and_a_line_says_so(tmp_path):
    early = bill(tmp_path, "preliminary.csv", "vm 02 10", "disk 02 5")
    final = bill(tmp_path, "finalized.csv", "vm 02 10", "disk 02 4.50", InvoiceId="I-1")
    cube = read(early, final)
    why = "the same charges, with the invoice's number"
    assert billed(cube) == "14.5" and set(cube.lines["InvoiceId"]) == {"I-1"}
    assert set(fates(cube, tmp_path).values()) == {("read", why), ("replaced", why)}
    [row] = billing.check_replaced(cube.files)
    assert (row["check"], row["state"], row["note"].replace(f"{tmp_path}/", "")) == (
        f"replaced: {early}", "ok",
        f"AWS 2026-09 comes from finalized.csv ({why}): billed was 15.00, is 14.50 USD, difference −0.50")


def test_a_preliminary_bill_with_a_charge_more_does_not_replace_the_invoiced_one(tmp_path):
    early = bill(tmp_path, "preliminary.csv", "vm 02 10", "disk 02 5")
    final = bill(tmp_path, "finalized.csv", "vm 02 10", InvoiceId="I-1")
    told = "finalized.csv: another delivery of AWS account A, 2026-09, as preliminary.csv (they share 1 charges)"
    assert told in asked(tmp_path, early, final)


def test_a_month_to_date_is_replaced_by_a_later_one_that_holds_it(tmp_path):
    paths = [bill(tmp_path, name, *charges) for name, charges in {
        "c.csv": ("vm 02 1",), "a.csv": ("vm 02 1", "vm 03 1", "vm 04 2"), "b.csv": ("vm 02 1", "vm 03 1")}.items()]
    cube = read(*paths)
    why = "it holds every charge of the others, and more"
    assert billed(cube) == "4" and fates(cube, tmp_path) == {
        "a.csv": ("read", why), "b.csv": ("replaced", why), "c.csv": ("replaced", why)}


ASKED = ("expected one delivery, or a word on what they are; add to the parameters, under billing: - files: [{}] with "
         "together: parts, which are added, or together: re-exports, of which the last by name counts")


def test_a_partial_overlap_stops_the_run_and_asks(tmp_path):
    paths = [bill(tmp_path, "a.csv", "vm 02 1", "vm 03 1"), bill(tmp_path, "b.csv", "vm 03 1", "vm 04 1")]
    assert asked(tmp_path, *paths) == (
        "a.csv: another delivery of AWS account A, 2026-09, as b.csv (they share 1 charges); "
        + ASKED.format("a.csv, b.csv"))


def test_files_without_a_number_that_share_nothing_stop_the_run_and_ask(tmp_path):
    paths = [bill(tmp_path, f"{name}.csv", f"{name} 02 1") for name in ("north", "south", "west")]
    assert asked(tmp_path, *paths) == (
        "north.csv: another delivery of AWS account A, 2026-09, as south.csv, west.csv (they share no charge); "
        + ASKED.format("north.csv, south.csv, west.csv"))


def test_parameters_say_that_files_are_parts_or_re_exports(tmp_path):
    paths = [bill(tmp_path, "a.csv", "vm 02 1", "vm 03 1"), bill(tmp_path, "b.csv", "vm 02 1", "vm 04 5")]
    assert billed(read(*paths, together="re-exports")) == "6"
    added = read(*paths, together="parts")
    assert billed(added) == "7"  # one of the two `vm 02 1` is kept out
    assert {row.state for row in added.files.itertuples()} == {"read", "kept out"}


def test_bills_of_other_months_accounts_and_providers_are_not_asked_about(tmp_path):
    paths = [bill(tmp_path, "a.csv", "vm 02 1"), bill(tmp_path, "b.csv", "vm 02 1", BillingAccountId="B"),
             bill(tmp_path, "c.csv", "vm 02 1", ProviderName="Oracle"),
             bill(tmp_path, "d.csv", "vm 02 1", BillingPeriodStart="2026-10-01T00:00:00Z")]
    cube = read(*paths)
    assert billed(cube) == "4" and set(fates(cube, tmp_path).values()) == {("read", "")}


def test_a_correction_of_a_closed_month_in_a_later_bill_is_added(tmp_path):
    august = {"BillingPeriodStart": "2026-09-01T00:00:00Z"}
    cube = read(bill(tmp_path, "a.csv", "vm 02 1500", **august),
                bill(tmp_path, "b.csv", "vm 02 -300", BillingPeriodStart="2026-10-01T00:00:00Z"))
    assert billed(cube) == "1200" and set(fates(cube, tmp_path).values()) == {("read", "")}
    assert cells(cube.lines, "billing_period", "service_period", "BilledCost") == [
        ("2026-09", "2026-09", "1500"), ("2026-10", "2026-09", "-300")]


def test_one_bill_of_a_file_may_be_replaced_while_its_other_bill_counts(tmp_path):
    old = bill(tmp_path, "old.csv", "vm 02 1")
    text = bill(tmp_path, "other.csv", "vm 02 7", BillingAccountId="B").read_text().splitlines()[1]
    old.write_text(old.read_text() + text + "\n")
    cube = read(old, bill(tmp_path, "new.csv", "vm 02 2", "vm 03 3"))
    found = {account: plain(total(lines["BilledCost"])) for account, lines in cube.lines.groupby("BillingAccountId")}
    assert found == {"A": "5", "B": "7"}
    assert sorted(cells(cube.files, "BillingAccountId", "state", "BilledCost")) == [
        ("A", "read", "5"), ("A", "replaced", "1"), ("B", "read", "7")]


# Copies and overlaps -------------------------------------------------------------------------------------------------

def test_the_same_bytes_and_the_same_lines_packed_otherwise_are_kept_out_with_their_amount(tmp_path):
    first = bill(tmp_path, "a.csv", "vm 02 1", "disk 02 2.5")
    copy = bill(tmp_path, "copy/b.csv", "vm 02 1", "disk 02 2.5")
    packed, columns = tmp_path / "c.csv.gz", tmp_path / "d.parquet"
    packed.write_bytes(gzip.compress(bill(tmp_path, "c.csv", "disk 02 2.5", "vm 02 1").read_bytes()))
    pd.read_csv(first, dtype=str, keep_default_na=False).to_parquet(columns)
    cube = read(first, copy, packed, columns)
    assert billed(cube) == "3.5" and fates(cube, tmp_path) == {
        "a.csv": ("read", ""), "copy/b.csv": ("kept out", "same bytes as a.csv"),
        "c.csv.gz": ("kept out", "same lines as a.csv"), "d.parquet": ("kept out", "same lines as a.csv")}
    found = billing.check_twins(cube.kept_out.assign(billed=cube.kept_out["BilledCost"]))
    assert [(row["state"], plain(row["amount"])) for row in found] == [("finding", "3.5")] * 3


def test_a_copy_of_one_part_kept_elsewhere_does_not_disturb_the_parts(tmp_path):
    parts = [bill(tmp_path, "2026-09-part-1.csv", "vm 02 1"), bill(tmp_path, "2026-09-part-2.csv", "vm 02 1.5")]
    cube = read(*parts, bill(tmp_path, "spare/first.csv", "vm 02 1"))
    assert billed(cube) == "2.5" and fates(cube, tmp_path)["spare/first.csv"] == (
        "kept out", "same bytes as 2026-09-part-1.csv")


def test_days_that_two_parts_both_hold_are_kept_out_once_with_their_amount(tmp_path):
    cube = read(bill(tmp_path, "part-1.csv", "vm 02 1", "vm 03 2", "disk 03 4"),
                bill(tmp_path, "part-2.csv", "vm 03 2", "disk 03 4", "vm 04 8"))
    assert billed(cube) == "15"
    assert sorted(cells(cube.files, "state", "BilledCost")) == [("kept out", "6"), ("read", "1"), ("read", "14")]
    assert ("kept out", "days whose every charge stands in part-2.csv") in [
        (row.state, row.note.replace(f"{tmp_path}/", "")) for row in cube.files.itertuples()]
    [found] = billing.check_twins(cube.kept_out.assign(billed=cube.kept_out["BilledCost"]))
    assert (plain(found["amount"]), found["state"]) == ("6", "finding")
    assert cells(cube.days, "service_day", "ServiceName", "BilledCost") == [
        ("2026-09-02", "vm", "1"), ("2026-09-03", "disk", "4"), ("2026-09-03", "vm", "2"), ("2026-09-04", "vm", "8")]


def test_a_charge_of_another_amount_in_another_part_is_no_copy(tmp_path):
    cube = read(bill(tmp_path, "part-1.csv", "vm 02 1"), bill(tmp_path, "part-2.csv", "vm 02 1.01"))
    assert billed(cube) == "2.01" and {state for state, _ in fates(cube, tmp_path).values()} == {"read"}


def test_rows_that_cannot_be_told_apart_never_vanish(tmp_path):
    paths = [bill(tmp_path, f"part-{number}.csv", *["vm 02 1"] * 6, *["vm 03 1"] * number) for number in (1, 2)]
    cube = read(*paths)
    assert billed(cube) == "15" and {state for state, _ in fates(cube, tmp_path).values()} == {"read"}
    loose = [bill(tmp_path, f"{name}.csv", *["vm 02 1"] * count) for name, count in (("north", 6), ("south", 9))]
    assert "(they share no charge)" in asked(tmp_path, *loose)


def test_equal_charges_within_one_file_all_count(tmp_path):
    assert billed(read(bill(tmp_path, "a.csv", *["vm 02 0.10"] * 3))) == "0.3"
