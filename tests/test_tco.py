"""TCO: chargeback plus the rest of the ledger, tied to its control total in every layer; nobody's pay is told."""

from decimal import Decimal as D
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers import (
    burden, cells as grain, charges, costs, grid, labourcost, layers, ratecards, span, storage, tco, unitcosts)
from helpers.errors import InputError
from helpers.given import Given
from helpers.money import total
from tests.tables import cells, table
from tests.test_chargeback import APPLICATIONS, SOURCES, rules, tied

CODED = table("""
    fiscal_period  kind     use    account  cost_centre  vendor  v5_cost_pool    v5_sub_pool                  amount
    2026-09        expense  cloud  6100     4900         AWS     Cloud Services  Cloud Service Provider       1090
    2026-09        expense  other  6500     4710         .       Staffing        Internal Labor               90
    2026-09        expense  other  6500     4210         .       Staffing        Internal Labor               100
    2026-09        expense  other  6600     4900         .       Hardware        Depreciation & Amortization  60
    2026-09        expense  other  6700     4900         .       Software        Licensing                    33
    2026-09        expense  other  6800     4900         .       Outside         Consulting                   7
    2026-09        capital  other  0400     4900         .       Hardware        Capital                      500
    2026-08        expense  other  6500     4210         .       Staffing        Internal Labor               999
""", line_id="l").assign(text="", **{f"v4_{name}": lambda rows, name=name: rows[f"v5_{name}"] for name in ("cost_pool", "sub_pool")})
ACCOUNTS = table("account  kind  use  v5_cost_pool  v5_sub_pool\n6100  expense  cloud  Cloud Services  Cloud Service Provider").assign(
    v4_cost_pool="Outside Services", v4_sub_pool="Cloud Service Providers")
RULES = table("""
    priority  account  cost_centre  vendor  method  driver  consumer  hosting      v5_tower     v5_sub_tower
    1         6500     .            .       hours   .       .         .            Application  Development
    2         6600     .            .       assets  server  .         on-premises  Compute      Servers
    3         6700     .            .       even    .       .         .            Application  Licensing
    4         6800     .            .       leave   .       .         .            .            .
""", activity="", v4_tower="", v4_sub_tower="", reason="", owner="")
FEEDS = {
    "labour": table("""
        period   team  cost_centre  application  activity  hours
        2026-09  T     4210         A            run       30
        2026-09  T     4210         ORDER-HUB    build     10
        2026-09  U     4999         B            run       99
        2026-08  T     4210         B            run       99
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
    "drivers": None, "capacity": None,
}
ORG = table("cost_centre  business_unit  owner\n1001  Freight  Head of A\n1002  Parcels  Head of B")
LINES = tied("application  amount\nA  700\nB  300\nK8S  50\n.  40").assign(
    cost_pool="Cloud Services", sub_pool="Cloud Service Provider", sub_tower="Servers")
LIVE = APPLICATIONS[APPLICATIONS["application"] != "C"]


class Made(SimpleNamespace):
    of_month = Given.of_month


def month(ruled=RULES, lines=LINES, coded=CODED, sources=SOURCES, method="reciprocal", version="v5", **feeds):
    """What tco.lines asks of a month of the walk."""
    items = costs.cost_items(lines, coded, sources, LIVE, "2026-09")
    shared = rules("pool  method\nKubernetes  even\nTeam  cost-weighted")
    charged = charges.charge(items, shared, None, LIVE, ORG, "2026-09", method)
    ordered = burden.checked(ruled, version)
    versions = SimpleNamespace(pools=version, towers=version)
    told = {**FEEDS, **feeds}
    return Made(params=SimpleNamespace(taxonomy=versions), tied=lines, pool_sources=sources, applications=LIVE, accounts=ACCOUNTS,
                           org=ORG, period="2026-09", charged=charged, coded=coded, tco_ordered=ordered,
                           placed=costs.placed(lines, sources, LIVE, "2026-09"), merged_teams=frozenset(),
                           ruled=burden.ruled(coded, sources, ordered, versions, "2026-09"), **told)


def states(of, lines) -> dict[str, str]:
    steps = tco.scope_bridge(lines, CODED, "2026-09")
    rows = tco.check_burden(lines, of.charged.lines, CODED, steps, LIVE, "2026-09")
    rows += layers.check(lines, CODED, tco.expense(CODED, "2026-09"), layers.pools(lines, CODED, "v5", "2026-09"), "v5")
    return {row["check"]: row["state"] for row in rows}


def test_each_application_carries_its_charges_and_its_share_of_the_ledger():
    # team 90 by direct cost 700 : 300, platform 50 even, 60/3 servers, 33/2 software, 100 × 30/40 hours
    assert cells(layers.by_application(tco.lines(month()))) == [
        ("A", "788", "20", "16.5", "75", "899.5"), ("B", "352", "20", "16.5", "0", "388.5"), ("ORDER-HUB", "0", "0", "0", "25", "25")]


def test_a_charge_stands_in_the_cost_pools_and_towers_of_the_cost_behind_it():
    lines = tco.lines(month())
    assert cells(grain.summed(lines[(lines["source"] == "chargeback") & (lines["application"] == "A")], ["pool", "cost_pool", "tower"])) == [
        ("", "Cloud Services", "Compute", "700"), ("Kubernetes", "Cloud Services", "Compute", "25"), ("Team", "Staffing", "Application", "63")]


def test_what_a_pool_gets_from_another_keeps_its_class():
    # the team serves the platform (which has no other cost) with half of 90, and it serves A and B alike
    coded = CODED.assign(amount=[D(1040), *CODED["amount"].iloc[1:]])
    items = costs.cost_items(LINES[LINES["application"] != "K8S"], coded, SOURCES, LIVE, "2026-09")
    shared = rules("pool  method  consumer  share\nTeam  fixed  Kubernetes  0.5\nTeam  fixed  A  0.5\nKubernetes  even  .  .")
    made = month(lines=LINES[LINES["application"] != "K8S"], coded=coded)
    made.charged = charges.charge(items, shared, None, LIVE, ORG, "2026-09", "reciprocal")
    lines = tco.lines(made)
    assert cells(grain.summed(lines[lines["pool"].isin(["Kubernetes", "Team"])], ["pool", "cost_pool", "application"])) == [
        ("Kubernetes", "Staffing", "A", "22.5"), ("Kubernetes", "Staffing", "B", "22.5"), ("Team", "Staffing", "A", "45")]


def test_the_bridge_walks_from_chargeback_to_the_ledger():
    assert cells(tco.scope_bridge(tco.lines(month()), CODED, "2026-09"), "step", "amount") == [
        ("Charged to applications", "1140"), ("+ Hardware", "40"), ("+ Software", "33"), ("+ Staffing", "100"),
        ("TCO of applications", "1313"), ("Unowned usage", "40"), ("Not in the TCO yet (ledger)", "7"),
        ("Shared assets (ledger)", "20"), ("Ledger control total", "1380")]


def test_capex_and_opex_run_and_build_are_told_apart():
    found = tco.by_kind(tco.lines(month()), "business_unit", "application").set_index("application")
    assert cells(found.reset_index(), "application", "OpEx", "CapEx", "run", "build", "on-premises") == [
        ("ORDER-HUB", "25", "0", "0", "25", "0"), ("A", "879.5", "20", "899.5", "0", "20"), ("B", "368.5", "20", "388.5", "0", "20")]


def test_capital_stands_beside_the_control_total():
    assert tco.expense(CODED, "2026-09") == 1380
    assert cells(tco.beside(CODED, "2026-09"), "kind", "account", "amount") == [("capital", "0400", "500")]


def test_what_no_rule_reaches_is_named_with_its_share_and_what_adding_it_would_change():
    assert cells(tco.outside(tco.lines(month())), "residual", "cost_pool", "amount", "share", "inside_share") == [
        ("Unowned usage", "Cloud Services", "40", "0.028985507246", "0.980434782609"),
        ("Shared assets", "Hardware", "20", "0.014492753623", "0.994927536232"),
        ("Not in the TCO yet", "Outside", "7", "0.005072463768", "1")]


def test_every_layer_holds_the_ledger_and_names_what_falls_out():
    found = layers.layers(tco.lines(month()))
    assert cells(found, "layer", "whole", "placed", "fallout") == [
        ("cost pools", "1380", "1380", "0"), ("towers", "1380", "1373", "7"), ("applications", "1380", "1313", "67"),
        ("business units", "1380", "1288", "92")]
    assert found["largest"].iloc[1] == "Outside 7.00"


def test_a_missing_feed_leaves_the_cost_outside_by_name():
    made = month(labour=None)
    lines = tco.lines(made)
    assert ("No driver for hours", "100") in cells(grain.summed(lines[lines["application"] == ""], ["residual"]))
    assert "failed" not in states(made, lines).values()


def test_without_rules_all_of_the_ledger_is_outside():
    made = month(ruled=None)
    lines = tco.lines(made)
    assert cells(layers.by_application(lines), "application", "TCO") == [("A", "788"), ("B", "352")]
    assert "failed" not in states(made, lines).values()


def test_a_tower_outside_the_taxonomy_is_refused():
    with pytest.raises(InputError, match='rules.tco, line 2, column v5_sub_tower: "Serverz"; expected a sub-tower of Compute of TBM .*; write Servers'):
        burden.checked(RULES.assign(v5_sub_tower="Serverz", v5_tower="Compute"), "v5")


def test_cost_on_an_application_the_cmdb_does_not_know_is_a_finding():
    made = month()
    found = states(made, tco.lines(made))
    assert found["cost on applications the CMDB does not know"] == "finding" and "failed" not in found.values()


def test_a_line_lost_on_purpose_turns_the_checks_red():
    made = month()
    found = states(made, tco.lines(made).iloc[1:])
    assert found["TCO and what is outside it equal the ledger's control total"] == "failed"
    assert found["layer of towers equals the ledger's control total"] == "failed"


def test_idle_capacity_is_a_line_of_its_own():
    usage = RULES.assign(method=["hours", "usage", "even", "leave"], driver=["", "vcpu", "", ""])
    feed = table("period  driver  consumer  unit  quantity\n2026-09  vcpu  A  h  30\n2026-09  vcpu  B  h  10")
    held = table("period  driver  unit\n2026-09  vcpu  h").assign(owned=[D(100)], practical=[D(60)])
    lines = tco.lines(month(ruled=usage, drivers=feed, capacity=held))
    assert cells(grain.summed(lines[lines["cost_pool"] == "Hardware"], ["application", "residual"])) == [
        ("", "Idle capacity", "20"), ("A", "", "30"), ("B", "", "10")]
    cards = table("card  driver  ServiceCategory  v5_tower  v5_sub_tower\nhour  vcpu  Compute  Compute  Servers")
    found = ratecards.cards(lines, cards, held, feed, "2026-09", "practical", "v5")
    assert cells(found, "cost", "capacity", "rate", "used_cost", "idle_cost") == [("60", "60", "1", "40", "20")]
    used = ratecards.used(found, feed, "2026-09")
    assert cells(used, "application", "quantity", "amount") == [("A", "30", "30"), ("B", "10", "10"), ("Idle capacity", "20", "20")]
    rows = ratecards.focus(used, found, cards, "Alpha", "USD", "2026-09")
    assert total(rows["BilledCost"]) == total(rows["EffectiveCost"]) == 60 and rows["Tags"].tolist()[0] == '{"application":"A"}'
    measured = ratecards.cards(lines, cards, held, feed, "2026-09", "measured", "v5")
    assert cells(measured, "rate", "idle_cost") == [("1.5", "0")]


def test_adding_a_cost_source_raises_the_tco_by_exactly_that_amount():
    more = pd.concat([CODED, CODED.iloc[[4]].assign(amount=D("12.34"))], ignore_index=True)
    before, after = (layers.by_application(tco.lines(month(coded=coded))) for coded in (CODED, more))
    assert total(after["TCO"]) - total(before["TCO"]) == D("12.34")


def test_the_totals_are_the_same_in_both_versions_of_the_taxonomy():
    assert cells(layers.by_application(tco.lines(month(version="v4"))), "application", "TCO") == cells(
        layers.by_application(tco.lines(month())), "application", "TCO")


amounts = st.integers(-10**6, 10**7).map(lambda cents: D(cents) / 100)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["6500", "6600", "6700", "6800"]), st.sampled_from(["4210", "4710", "4999"]), amounts), max_size=8),
       st.lists(st.tuples(st.sampled_from(["A", "B", "K8S", ""]), st.sampled_from(["Compute", "Storage"]), amounts), min_size=1, max_size=8),
       st.lists(st.sampled_from(["hours", "assets", "even", "leave", "usage"]), min_size=4, max_size=4), st.randoms(use_true_random=False))
def test_for_any_rules_and_ledger_every_layer_holds_the_control_total(booked, used, methods, rng):
    lines = tied("application  amount\nA  1").iloc[[0] * len(used)].reset_index(drop=True)
    owner = dict(zip(APPLICATIONS["application"], APPLICATIONS["service_owner"], strict=True))
    lines = lines.assign(application=[row[0] for row in used], tower=[row[1] for row in used], amount=[row[2] for row in used],
                         owner=[owner.get(row[0], "") for row in used], cost_pool="Cloud Services", sub_pool="Cloud Service Provider",
                         sub_tower="Servers")
    other = CODED.iloc[[2] * len(booked)].reset_index(drop=True).assign(
        account=[row[0] for row in booked], cost_centre=[row[1] for row in booked], amount=pd.Series([row[2] for row in booked], dtype=object))
    cloud = CODED.iloc[[0]].assign(amount=[total(lines["amount"])])
    coded = pd.concat([cloud, other], ignore_index=True)
    ruled = RULES.assign(method=methods, driver=["server" if name == "assets" else "" for name in methods])
    made = month(ruled=ruled, lines=lines, coded=coded)
    found = tco.lines(made)
    assert grain.total(found) == tco.expense(coded, "2026-09")
    assert set(layers.layers(found)["whole"]) == {grain.total(found)}
    charged = {name: amount for name, amount in made.charged.lines.groupby("application")["amount"].agg(total).items() if amount}
    held = dict(grain.summed(found[found["source"] == "chargeback"], ["application"]).itertuples(index=False))
    assert {name: amount for name, amount in held.items() if amount} == charged
    order = list(range(len(coded)))
    rng.shuffle(order)
    again = tco.lines(month(ruled=ruled, lines=lines, coded=coded.iloc[order].reset_index(drop=True)))
    assert cells(layers.by_application(again)) == cells(layers.by_application(found))


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=6), st.lists(st.integers(0, 10**6), min_size=1, max_size=9))
def test_a_table_of_cents_adds_up_to_both_margins_and_is_never_below_zero(rows, columns):
    whole = sum(columns)
    rows = grid.parts(whole, np.array(rows) + 1)
    found = grid.settle(np.outer(rows, columns) / max(whole, 1), rows, np.array(columns))
    assert found.sum(axis=1).tolist() == rows.tolist() and found.sum(axis=0).tolist() == columns and (found >= 0).all()


# --- people

def test_teams_with_too_few_people_are_one_and_tell_no_hours():
    labour = table("period  team  cost_centre  application  activity  hours  people\n2026-09  Ana  1  A  run  160  1\n2026-09  Ben  2  B  run  80  1\n"
                   "2026-09  Crew  3  A  run  500  4\n2026-09  Dot  4  A  run  700  5")
    labour["people"] = [1, 1, 4, 5]
    paid = table("fiscal_period  kind  v5_cost_pool  cost_centre  amount\n2026-09  expense  Staffing  1  9000\n2026-09  expense  Staffing  2  5000\n"
                 "2026-09  expense  Staffing  3  30000\n2026-09  expense  Staffing  4  40000")
    together = labourcost.merged(labour, "2026-09", 3)
    assert together == {"1", "2", "3"}  # two people are still too few, so the next team stands with them
    found = labourcost.team_costs(paid, labour, "2026-09", together)
    assert cells(found) == [("Dot", "A", "run", "700", "40000"), (labourcost.SMALL, "", "run", None, "44000")]


def test_pay_of_small_teams_follows_the_hours_of_all_of_them():
    labour = table("period  team  cost_centre  application  activity  hours\n2026-09  Ana  4210  A  run  100\n2026-09  Ben  4211  B  run  100")
    coded = pd.concat([CODED[CODED["account"] != "6500"], CODED.iloc[[2, 2]].assign(cost_centre=["4210", "4211"], amount=[D(90), D(30)])], ignore_index=True)
    made = month(labour=labour, coded=coded, sources=SOURCES.iloc[:3])
    made.merged_teams = frozenset({"4210", "4211"})
    lines = tco.lines(made)
    assert cells(grain.summed(lines[lines["method"] == "hours"], ["application"])) == [("A", "60"), ("B", "60")]


# --- output, months, storage

def test_cost_per_unit_is_full_cost_over_volume():
    volumes = table("period  application  unit  quantity\n2026-09  A  parcels  1000\n2026-09  B  quotes  0")
    assert cells(unitcosts.unit_costs({"2026-09": tco.lines(month())}, volumes)) == [
        ("A", "parcels", "2026-09", "1000", "899.5", "0.8995", "0.788")]


def test_the_change_of_a_unit_cost_is_price_usage_and_mix():
    # output 100 → 200; of one service 10 of x at 2 and 10 of y at 4 become 30 of x at 3 and 10 of y at 4; rent of 40 stays
    now = {"svc": {("x",): (D(30), D(90)), ("y",): (D(10), D(40))}, "rent": {(): (D(1), D(40))}}
    then = {"svc": {("x",): (D(10), D(20)), ("y",): (D(10), D(40))}, "rent": {(): (D(1), D(40))}}
    from fractions import Fraction
    sides = [{group: {item: (Fraction(quantity), Fraction(cost)) for item, (quantity, cost) in items.items()} for group, items in side.items()}
             for side in (now, then)]
    was, is_, change, price, usage, mix = unitcosts._explained(*sides, D(200), D(100))
    # price 30 × (3 − 2) = 30; mix: 30 × 2 + 10 × 4 = 100, less 60 × 40/20 = 120: −20; usage: 60 × (2 − 2) + 40 × (1 − 2) = −40; over 200
    assert (was, is_, change) == (D("1"), D("0.85"), D("-0.15")) and (price, usage, mix) == (D("0.15"), D("-0.2"), D("-0.1"))


def test_the_bridge_of_several_months_has_the_same_months_on_both_sides():
    lines = tco.lines(month())
    both = {"2026-08": span.reduced(lines), "2026-09": span.reduced(lines)}
    assert cells(span.bridge(both), "application", "Chargeback", "TCO") == [("A", "1576", "1799"), ("B", "704", "777"), ("ORDER-HUB", "0", "50")]
    short = table("feed  first  last  months  months_billed  lacking_in_span  lacking\nlabour  2026-05  2026-09  5  6  2026-04  1")
    told = {row["check"]: (row["state"], row["note"]) for row in span.check(both, short, 6)}
    assert told["months of the span without bills or ledger"] == ("finding", "2 of 6 months: 2026-08, 2026-09")
    assert told["feeds that lack months of the span"] == ("finding", "labour lacks 2026-04")
    assert cells(span.movers(both), "application", "change") == [("A", "0"), ("B", "0"), ("ORDER-HUB", "0")]


def test_the_pool_named_of_a_change_went_the_way_the_change_went():
    def lines(**cents):
        return pd.DataFrame([{"application": name.split("_")[0], "source": "ledger", "cost_pool": name.split("_")[1], "cents": amount}
                             for name, amount in cents.items()])

    then = lines(A_Hardware=9000, A_Staffing=1000, B_Staffing=500, C_Hardware=100, C_Staffing=300)
    now = lines(A_Hardware=8000, A_Staffing=2500, B_Staffing=100, C_Hardware=200, C_Staffing=200)
    found = span.movers({"2026-08": then, "2026-09": now})
    # A: 15.00 more of staff, 10.00 less of hardware; C: one more and one less by the same
    assert cells(found, "application", "change", "most", "of_it") == [
        ("A", "5", "Staffing", "15"), ("B", "-4", "Staffing", "-4"), ("C", "0", "Staffing", "-1")]


def test_own_storage_tells_headroom_and_months_to_full():
    cards = table("card  driver  v5_tower\nGB  gb  Storage")
    held = table("period  driver  unit\n2026-09  gb  GB").assign(owned=[D(120)], practical=[D(100)])
    feed = table("period  driver  consumer  quantity\n2026-07  gb  A  60\n2026-08  gb  A  70\n2026-09  gb  A  80")
    assert cells(storage.owned(cards, held, feed, "2026-09", "v5"), "used", "headroom", "growth_a_month", "months_to_full") == [("80", "20", "10", "2")]


def test_cloud_storage_that_outgrows_its_output_or_has_no_owner_is_flagged():
    booked = table("ledger_period  tower  application  owner  effective\n2026-03  Storage  A  X  100\n2026-09  Storage  A  X  200\n"
                   "2026-03  Storage  .  .  10\n2026-09  Storage  .  .  10")
    volumes = table("period  application  quantity\n2026-03  A  100\n2026-09  A  101")
    assert cells(storage.cloud(booked, volumes, "2026-09"), "application", "growth_a_month", "output_growth_a_month", "flag") == [
        ("A", "0.1225", "0.0017", storage.FASTER), ("", "0", None, storage.UNOWNED)]


# --- what small months once got wrong

def test_idle_is_what_nobody_uses_whoever_the_rule_lets_take_part():
    feed = table("period  driver  consumer  quantity\n2026-09  vcpu  A  30\n2026-09  vcpu  B  10")
    held = table("period  driver  unit\n2026-09  vcpu  h").assign(owned=[D(60)], practical=[D(60)])
    ruled = RULES.assign(method=["hours", "usage", "even", "leave"], driver=["", "vcpu", "", ""], consumer=["", "A", "", ""])
    lines = tco.lines(month(ruled=ruled, drivers=feed, capacity=held))
    assert cells(grain.summed(lines[lines["driver"] == "vcpu"], ["application", "residual"])) == [("", "Idle capacity", "24"), ("A", "", "36")]  # 20 : 30 of 60
    unused = tco.lines(month(ruled=ruled, drivers=feed.iloc[:0], capacity=held))
    assert cells(grain.summed(unused[unused["driver"] == "vcpu"], ["application", "residual"])) == [("", "Idle capacity", "60")]


def test_an_application_in_another_case_is_the_one_of_the_cmdb():
    labour = FEEDS["labour"].assign(application=lambda rows: rows["application"].str.lower())
    known = month()
    assert cells(layers.by_application(tco.lines(month(labour=labour))), "application", "TCO")[:2] == cells(layers.by_application(tco.lines(known)), "application", "TCO")[:2]


@pytest.mark.parametrize("consumer", ["", "A|B", "*"])
def test_fixed_cost_goes_to_one_application(consumer):
    with pytest.raises(InputError, match="column consumer: .* expected one application"):
        burden.checked(RULES.assign(method="fixed", consumer=consumer), "v5")


def test_two_cards_on_one_towers_cost_are_refused():
    both = table("card  driver  v5_tower  v5_sub_tower\none  x  Compute  Servers\nall  x  Compute  .")
    with pytest.raises(InputError, match="all takes cost of Compute that one takes"):
        ratecards._apart(both, "v5")


def test_own_storage_grows_by_the_months_that_passed_and_is_full_when_it_is():
    cards = table("card  driver  v5_tower\nGB  gb  Storage")
    held = table("period  driver  unit\n2026-09  gb  GB").assign(owned=[D(120)], practical=[D(100)])
    gap = table("period  driver  consumer  quantity\n2026-03  gb  A  60\n2026-09  gb  A  80")
    assert cells(storage.owned(cards, held, gap, "2026-09", "v5"), "growth_a_month", "months_to_full") == [("3.333333", "6")]
    over = table("period  driver  consumer  quantity\n2026-09  gb  A  130")
    assert cells(storage.owned(cards, held, over, "2026-09", "v5"), "headroom", "growth_a_month", "months_to_full") == [("-30", None, "0")]


def test_the_pay_of_merged_teams_stands_in_one_class():
    coded = pd.concat([CODED, CODED.iloc[[2, 2]].assign(cost_centre=["4211", "4999"], amount=[D(50), D(70)])], ignore_index=True)
    ruled = pd.concat([RULES, RULES.iloc[[0]].assign(priority="0", cost_centre="4211", v5_tower="Security", v5_sub_tower="Digital Security")], ignore_index=True)
    ordered = burden.checked(ruled, "v5")
    found = burden.ruled(coded, None, ordered, SimpleNamespace(pools="v5", towers="v5"), "2026-09", frozenset({"4211", "4999"}))
    few = found[found["cost_centre"].isin({"4211", "4999"})]
    assert set(zip(few["tower"], few["sub_tower"], few["method"], strict=True)) == {("Application", "Development", "hours")}
