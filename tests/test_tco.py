"""TCO: chargeback plus the rest of the ledger, tied to its control total through a bridge."""

import pandas as pd

from helpers import tco
from tests.tables import cells, table

CODED = table("""
    fiscal_period  kind     use    account  cost_centre  vendor  v5_cost_pool  v5_sub_pool     amount
    2026-09        expense  cloud  6100     4900         AWS     Cloud         Provider        1000
    2026-09        expense  other  6500     4710         .       Staffing      Internal Labor  90
    2026-09        expense  other  6500     4210         .       Staffing      Internal Labor  100
    2026-09        expense  other  6600     4900         .       Hardware      Depreciation    60
    2026-09        expense  other  6700     4900         .       Software      Licensing       33
    2026-09        expense  other  6800     4900         .       Outside       Consulting      7
    2026-09        capital  other  0400     4900         .       Hardware      Capital         500
    2026-08        expense  other  6500     4210         .       Staffing      Internal Labor  999
""")
CHARGES = table("""
    kind      application  pool           method  driver  amount
    direct    A            .              direct  .       700
    shared    B            Kubernetes     even    .       350
    residual  .            Unowned usage  .       .       40
""")
SOURCES = pd.DataFrame([{"priority": 1, "pool": "Team", "source": "ledger", "owner_by": "", "ProviderName": "", "ServiceName": "",
                         "ChargeCategory": "", "application": "", "account": "", "cost_centre": "4710", "vendor": "",
                         "bucket": ""}])
RULES = table("""
    priority  account  cost_centre  vendor  method  driver  consumer
    1         6500     .            .       hours   .       .
    2         6600     .            .       assets  server  .
    3         6700     .            .       even    .       .
    4         6800     .            .       leave   .       .
""")
FEEDS = {
    "labour": table("""
        period   cost_centre  application  hours
        2026-09  4210         A            30
        2026-09  4210         ORDER-HUB    10
        2026-09  4999         B            99
        2026-08  4210         B            99
    """),
    "assets": table("""
        kind    application  in_service  disposed_on
        server  A            2024-01-01  .
        server  B            2024-01-01  .
        server  .            2024-01-01  .
        server  B            2024-01-01  2026-08-31
        server  B            2026-10-01  .
        disk    A            2024-01-01  .
    """),
    "applications": table("""
        application  kind         status
        A            application  live
        B            application  live
        OLD          application  retired
        K8S          platform     live
    """),
}


def burden(rules=RULES, feeds=FEEDS) -> pd.DataFrame:
    return tco.burden(CHARGES, CODED, SOURCES, rules, feeds, "v5", "2026-09")


def states(lines: pd.DataFrame) -> dict[str, str]:
    steps = tco.scope_bridge(lines, CODED, "2026-09")
    rows = tco.check_burden(lines, CHARGES, CODED, steps, FEEDS["applications"], "2026-09")
    return {row["check"]: row["state"] for row in rows}


def test_each_application_carries_its_charges_and_its_share_of_the_ledger():
    assert cells(tco.by_application(burden())) == [
        ("A", "700", "20", "16.5", "75", "811.5"),     # 60/3 servers, 33/2 software, 100 × 30/40 hours
        ("B", "350", "20", "16.5", "0", "386.5"),
        ("ORDER-HUB", "0", "0", "0", "25", "25")]


def test_the_bridge_walks_from_chargeback_to_the_ledger():
    assert cells(tco.scope_bridge(burden(), CODED, "2026-09"), "step", "amount") == [
        ("Charged to applications", "1050"), ("+ Hardware", "40"), ("+ Software", "33"), ("+ Staffing", "100"),
        ("TCO of applications", "1223"), ("Unowned usage", "40"), ("Not in the TCO yet (ledger)", "7"),
        ("Shared assets (ledger)", "20"), ("Ledger control total", "1290")]


def test_capital_stands_beside_the_control_total():
    assert tco.expense(CODED, "2026-09") == 1290
    assert cells(tco.beside(CODED, "2026-09")) == [("capital", "500")]


def test_what_no_rule_reaches_is_named_with_its_share():
    assert cells(tco.outside(burden())) == [
        ("Unowned usage", "Chargeback", "40", "0.031007751938"), ("Shared assets", "Hardware", "20", "0.015503875969"),
        ("Not in the TCO yet", "Outside", "7", "0.005426356589")]


def test_a_missing_feed_leaves_the_cost_outside_by_name():
    lines = burden(feeds=FEEDS | {"labour": None})
    assert ("No driver for hours", "100") in cells(lines[lines["application"] == ""], "residual", "amount")
    assert "failed" not in states(lines).values()


def test_without_rules_all_of_the_ledger_is_outside():
    lines = burden(rules=None)
    assert cells(tco.by_application(lines), "application", "TCO") == [("A", "700"), ("B", "350")]
    assert "failed" not in states(lines).values()


def test_cost_on_an_application_the_cmdb_does_not_know_is_a_finding():
    found = states(burden())
    assert found["cost on applications the CMDB does not know"] == "finding" and "failed" not in found.values()


def test_a_line_lost_on_purpose_turns_the_checks_red():
    found = states(burden().iloc[1:])
    assert found["TCO and what is outside it equal the ledger's control total"] == "failed"


def test_cost_per_unit_is_full_cost_over_volume():
    volumes = table("period  application  unit  quantity\n2026-09  A  parcels  1000\n2026-09  B  quotes  0")
    assert cells(tco.unit_costs(tco.by_application(burden()), volumes, "2026-09")) == [
        ("A", "parcels", "1000", "811.5", "0.8115", "0.7")]
