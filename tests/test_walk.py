"""The demo month from end to end: planted faults found at their price, and every total tied to the ledger's."""

import json
from decimal import Decimal as D
from functools import cache

import pytest

from helpers import billing, bridge, cells as grain, chargeback, charges, checks, layers, openitems, reconciled, reconciliation, tco, walk
from helpers.money import to_cents, total
from helpers.params import ROOT

TRUTH = json.loads((ROOT / "data" / "demo" / "truth.json").read_text(encoding="utf-8"))
FAULTS = {fault["id"]: fault for fault in TRUTH["faults"]}


@cache
def month() -> walk.Month:
    return walk.open("params/2026-09.yaml")


def price(fault: str) -> D:
    return D(FAULTS[fault]["amount"])


def step(bucket: str, provider: str) -> D:
    rows = month().steps
    return total(rows.loc[(rows["bucket"] == bucket) & (rows["ProviderName"] == provider), "amount"])


def residual(name: str) -> D:
    lines = month().charged.lines
    return total(lines.loc[(lines["kind"] == "residual") & (lines["pool"] == name), "amount"])


def test_f01_each_cloud_is_booked_with_its_own_lag():
    bills = reconciliation.months_booked(month().booked, month().params.providers, "2026-09")
    assert dict(zip(bills["ProviderName"], bills["bill_of"], strict=True)) == {
        "AWS": "2026-08", "Microsoft": "2026-09", "Google Cloud": "2026-07"}


def test_f02_the_missing_invoice_is_an_open_item():
    [item] = openitems.items(month().matches, None, "2026-09").to_dict("records")
    assert (item["bucket"], item["invoice_id"], item["amount"]) == (
        "missing invoices", FAULTS["F02"]["detail"]["invoice_id"], -price("F02"))


def test_f03_the_part_delivered_twice_is_kept_out():
    assert total(month().cube.kept_out["BilledCost"]) == price("F03")
    assert step("delivered twice, kept out", "Google Cloud") == price("F03") * D("1.178")  # EUR to USD in July, data/demo/rates.csv


def test_f04_the_late_correction_is_a_bucket_of_its_own():
    assert step("corrections of closed months", "AWS") == price("F04")


def test_f05_the_credit_memo_is_found_on_its_invoice():
    assert step("credit memos", "AWS") == price("F05")


def test_f06_spellings_of_an_application_are_brought_together():
    lines = month().booked
    of_month = lines[(lines["ledger_period"] == "2026-09") & (lines["application"] == "TRACKING")]
    written = {text: total(group["effective"]) for text, group in of_month.groupby("tag_application")}
    for spelling, told in FAULTS["F06"]["detail"]["spellings"].items():
        assert written[spelling] == D(told["amount"])


def test_f07_what_nobody_owns_stays_in_view():
    assert residual("Unowned usage") == to_cents(price("F07"))


def test_f08_the_owner_in_dispute_is_listed():
    rows = month().disputes.to_dict("records")
    assert [(row["application"], row["tag_owner"], row["service_owner"], row["amount"]) for row in rows] == [
        ("PRICING", "Head of Parcels", "Head of Freight Pricing", price("F08"))]


def test_f09_the_service_no_rule_knows_is_unmapped_by_its_amount():
    lines = month().booked
    strange = lines[(lines["ledger_period"] == "2026-09") & (lines["tower"] == "Unmapped")]
    assert set(strange["ServiceName"]) == {"Amazon Tidepool"} and total(strange["effective"]) == price("F09")


def test_f10_the_retired_application_still_costs():
    lines = month().tied
    assert total(lines.loc[lines["application"] == "LEGACY-EDI", "amount"]) == price("F10")


def test_f11_platforms_that_serve_each_other_charge_each_other():
    received = month().charged.pools.set_index("pool")["received"]
    assert received["Kubernetes platform"] > 0 and received["Data lake"] > 0


def test_f12_a_platform_without_a_driver_is_a_named_residual():
    assert residual("Observability") == to_cents(price("F12"))


def test_nothing_is_unexplained_in_any_of_the_36_months():
    matches = month().matches
    assert len(set(matches["ledger_period"])) == 36
    assert not any(matches["unexplained"])


def test_every_page_ties_to_the_ledgers_control_total():
    expense = D(TRUTH["totals"]["ledger_expense"]["2026-09"])
    lines = month().tco
    assert grain.total(lines) == expense == tco.expense(month().coded, "2026-09")
    charged = grain.total(lines[lines["source"] == grain.CHARGEBACK])
    platform = total(month().charged.items.loc[month().charged.items["source"] == "ledger", "amount"])
    assert charged == total(month().charged.lines["amount"]) == total(month().tied["amount"]) + platform
    assert total(month().tied["amount"]) == bridge.cloud_expense(month().coded, "2026-09")
    mapped = month().booked
    shape = total(mapped.loc[mapped["ledger_period"] == "2026-09", "effective"])
    items = month().tied
    assert shape + total(items.loc[items["source"] == "reconciling", "amount"]) == total(items["amount"])


def torn_month(whole: walk.Month, name: str) -> walk.Month:
    """The month with the first row of the month under review torn out of one step."""
    torn, rows = walk.Month(whole.params), getattr(whole, name)
    of_month = rows.index[rows["ledger_period"] == "2026-09"] if "ledger_period" in rows else rows.index
    torn.__dict__[name] = rows.drop(index=of_month[0])
    return torn


def failed(table) -> bool:
    return checks.worst(table) == "failed"


def test_a_row_lost_in_the_cube_turns_a_check_red():
    cube = month().cube
    broken = billing.Cube(cube.lines.iloc[1:], cube.files, cube.kept_out)
    assert failed(checks.collect(*billing.check_cube(broken)))


@pytest.mark.parametrize("name, page", [("booked", reconciled), ("matches", reconciled),
                                        ("ledger_tied", reconciled), ("steps", reconciled), ("tco", tco)])
def test_a_row_lost_in_a_step_turns_a_check_red(name, page):
    torn = torn_month(month(), name)
    if name == "booked":
        torn.__dict__["matches"] = month().matches
    assert failed(page.check(torn, page.tables(torn)) if page is reconciled else page.check(torn))


def test_a_charge_lost_turns_the_checks_of_chargeback_and_tco_red():
    torn = walk.Month(month().params)
    whole = month().charged
    torn.__dict__["charged"] = charges.Charged(whole.items, whole.lines.iloc[1:], whole.pools)
    torn.__dict__["tied"] = month().tied
    assert failed(chargeback.check(torn))
    torn.__dict__["tco"] = month().tco
    assert failed(tco.check(torn))


def test_usage_in_place_of_ledger_lines_is_warned_of_everywhere_and_shows_the_broken_control_total():
    broken = walk.Month(month().params.model_copy(update={"ledger_lines": "replaced"}))
    was, now = (bridge.cloud_expense(lines, "2026-09") for lines in (broken.recorded, broken.coded))
    usage = month().booked
    own = usage[usage["billing_period"] == "2026-09"]
    assert now == to_cents(total(own["effective"])) and was == D("993722.67")
    assert "not recommended" in broken.warning and "993,722.67" in broken.warning and month().warning == ""
    rows = reconciled.check(broken, reconciled.tables(broken)).set_index("check")
    told = rows.loc["ledger lines replaced by usage: the control total is broken"]
    assert (told["state"], told["amount"]) == ("finding", now - was) and "failed" not in set(rows["state"])
    assert not failed(chargeback.check(broken)) and not failed(tco.check(broken))


def test_each_application_costs_what_the_rows_behind_it_come_to():
    """The truth is worked out in fractions; splits of the ledger are exact, a charge is rounded once a pool."""
    truth = {name: {part: D(amount) for part, amount in parts.items()} for name, parts in TRUTH["totals"]["applications"]["2026-09"].items()}
    table = layers.by_application(month().tco).set_index("application")
    assert sorted(table.index) == sorted(truth)
    for name, parts in truth.items():
        assert table["TCO"][name] - table["Chargeback"][name] == parts["added"]
        assert abs(table["Chargeback"][name] - parts["charged"]) <= D("0.02"), name


def test_planted_faults_of_the_tco_are_found():
    rows = {row["check"]: row for row in tco.check(month()).to_dict("records")}
    assert rows["retired application still costs: LEGACY-EDI"]["state"] == "finding"  # F10
    unknown = rows["hours booked to applications the CMDB does not know"]  # F13
    assert unknown["note"] == "ORDER-HUB: 126.50 hours of Booking team" and unknown["amount"] == D("17424.00")
    short = rows["feeds that cover fewer months than the bills"]  # F15
    assert short["state"] == "finding" and short["note"].startswith("labour has 12 of 36, 2025-10 to 2026-09; drivers has 14 of 36")


def test_f14_assets_past_their_life_that_the_ledger_still_depreciates_are_found():
    rows = {row["check"]: row["amount"] for row in tco.check(month()).to_dict("records")}
    found = rows["depreciation of 6410 other than the register's"]
    assert abs(found - price("F14")) < D("0.50")  # the ledger rounds each of 118 servers to the cent
    worn = month().register[month().register["state"] == "past its life, in use"]
    assert set(FAULTS["F14"]["detail"]["assets"]) <= set(worn["asset_id"])
