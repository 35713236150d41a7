"""Charges: direct cost stays put, shared pools are split by rule, and what has no home is named."""

from decimal import Decimal as D

import pandas as pd
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from helpers import chargeback, charges, costs, disputes
from helpers.errors import InputError
from helpers.money import to_cents, total
from tests.tables import cells, table

APPLICATIONS = table("""
    application  kind         service_owner  cost_centre  status
    A            application  Head of A      1001         live
    B            application  Head of B      1002         live
    C            application  Head of C      1003         live
    K8S          platform     Head of IT     4710         live
""")
SOURCES = table("""
    pool        source       application  ServiceName  ChargeCategory  account  cost_centre  vendor  bucket
    Kubernetes  usage        K8S          .            .               .        .            .       .
    Support     usage        .            *Support*    .               .        .            .       .
    Cloud tax   reconciling  .            .            .               .        .            .       tax
    Team        ledger       .            .            .               .        4710         .       .
""", ProviderName="", owner_by="", priority=1)
RULE = {"driver": "", "consumer": "", "share": None, "exempt": "", "floor": None, "cap": None, "price": None,
        "if_missing": "", "valid_from": "", "valid_to": "", "reason": ""}


def tied(text: str) -> pd.DataFrame:
    """Ledger-tied lines; blank columns are filled, owners follow the application."""
    lines = table(text)
    blank = {"source": "usage", "bucket": "", "ServiceName": "EC2", "ChargeCategory": "Usage", "tower": "Compute",
             "billing_period": "2026-09", "ProviderName": "AWS", "tag_owner": "", "application": ""}
    lines = lines.assign(**{name: value for name, value in blank.items() if name not in lines})
    owners = dict(zip(APPLICATIONS["application"], APPLICATIONS["service_owner"], strict=True))
    return lines.assign(owner=lines["application"].map(owners).fillna(""), owner_by="CMDB")


def rules(text: str) -> pd.DataFrame:
    lines = table(text)
    return lines.assign(**{name: value for name, value in RULE.items() if name not in lines})


def charge(lines, rule_rows, drivers=None, coded=None, method="direct", sources=SOURCES):
    items = costs.cost_items(lines, coded, sources, APPLICATIONS, "2026-09")
    charged = charges.charge(items, rule_rows, drivers, APPLICATIONS, None, "2026-09", method)
    control = total(chargeback.scope(items, coded, lines, "2026-09")["amount"])
    rows = chargeback.check_charge(charged, lines, APPLICATIONS, control, "the control total")
    return charged.lines, {row["check"]: row["state"] for row in rows}


DIRECT = """
    application  amount
    A            50000
    B            30000
    C            20000
    K8S          12000
"""


@pytest.mark.parametrize("method, expected", [("cost-weighted", ["6000", "3600", "2400"]), ("even", ["4000"] * 3)])
def test_a_pool_of_12000_is_split_as_the_shared_cost_guide_says(method, expected):
    lines, states = charge(tied(DIRECT), rules(f"pool  method\nKubernetes  {method}"))
    shared = lines[lines["kind"] == "shared"]
    assert cells(shared, "application", "amount") == list(zip("ABC", expected, strict=True))
    assert set(states.values()) == {"ok"}


def test_fixed_shares_of_45_30_and_25_per_cent():
    fixed = rules("""
        pool        method  consumer  share
        Kubernetes  fixed   A         0.45
        Kubernetes  fixed   B         0.30
        Kubernetes  fixed   C         0.25
    """)
    lines, _ = charge(tied(DIRECT), fixed)
    assert cells(lines[lines["kind"] == "shared"], "amount") == [("5400",), ("3600",), ("3000",)]


def test_fixed_shares_that_do_not_make_a_whole_are_refused():
    with pytest.raises(InputError) as error:
        charge(tied(DIRECT), rules("pool  method  consumer  share\nKubernetes  fixed  A  0.45"))
    assert str(error.value) == ("rules.allocation: fixed shares of Kubernetes add up to 0.45; expected one row a "
                                "consumer, shares that add up to 1; mend the shares")


def drivers(text: str) -> pd.DataFrame:
    return table(text).assign(driver="cpu", unit="hours")


USAGE = rules("pool  method  driver\nKubernetes  usage  cpu")


def test_a_usage_driven_pool_follows_its_feed_and_says_which_month():
    fed = drivers("""
        period   consumer  quantity
        2026-09  A         1
        2026-09  B         2
        2026-08  C         9
    """)
    lines, _ = charge(tied(DIRECT), USAGE, fed)
    shared = lines[lines["kind"] == "shared"]
    assert cells(shared, "application", "driver_period", "quantity", "share", "amount") == [
        ("A", "2026-09", "1", 0.333333333333, "4000"), ("B", "2026-09", "2", 0.666666666667, "8000")]


def test_the_driver_is_of_the_month_the_pool_was_used_in():
    fed = drivers("period  consumer  quantity\n2026-08  A  1\n2026-09  B  1")
    lines, _ = charge(tied(DIRECT).assign(billing_period="2026-08"), USAGE, fed)
    assert cells(lines[lines["kind"] == "shared"], "application", "driver_period") == [("A", "2026-08")]


def test_the_first_source_by_priority_takes_the_cost():
    sources = pd.concat([SOURCES.assign(priority=2), SOURCES.assign(priority=1, pool="First")], ignore_index=True)
    items = costs.cost_items(tied(DIRECT), None, sources, APPLICATIONS, "2026-09")
    assert cells(items[items["kind"] == "shared"], "pool", "amount") == [("First", "12000")]


def test_a_platform_that_no_source_takes_is_named():
    lines, _ = charge(tied(DIRECT), None, sources=None)
    assert cells(lines[lines["kind"] == "residual"], "pool", "amount") == [("Platform without a pool: K8S", "12000")]


def test_a_rule_that_is_not_valid_yet_leaves_the_pool_unshared():
    coming = rules("pool  method\nKubernetes  even").assign(valid_from="2026-10")
    assert cells(charge(tied(DIRECT), coming)[0].query("kind == 'residual'"), "method") == [("no allocation rule",)]


@pytest.mark.parametrize("quantity", ["0", None])
def test_a_pool_without_a_driver_stays_a_named_residual(quantity):
    fed = drivers(f"period  consumer  quantity\n2026-09  A  {quantity}") if quantity else None
    lines, states = charge(tied(DIRECT), USAGE, fed)
    assert cells(lines[lines["kind"] == "residual"], "pool", "method", "amount") == [
        ("Kubernetes", "no driver: cpu has no quantity in 2026-09", "12000")]
    assert states["not charged: Kubernetes"] == "finding" and "failed" not in states.values()


def test_a_negative_quantity_is_refused():
    fed = drivers("period  consumer  quantity\n2026-09  A  -1")
    with pytest.raises(InputError, match="negative weight of A in the driver of Kubernetes; expected no negative"):
        charge(tied(DIRECT), USAGE, fed)


def test_a_consumer_with_a_zero_driver_changes_nobody():
    fed = drivers("period  consumer  quantity\n2026-09  A  1\n2026-09  B  3")
    more = drivers("period  consumer  quantity\n2026-09  A  1\n2026-09  B  3\n2026-09  C  0")
    assert cells(charge(tied(DIRECT), USAGE, fed)[0]) == cells(charge(tied(DIRECT), USAGE, more)[0])


def test_direct_cost_is_never_taken_into_a_pool():
    lines = tied("""
        application  ServiceName  amount
        A            AWS Support  100
        .            AWS Support  40
        .            EC2          7
    """)
    got, states = charge(lines, rules("pool  method\nSupport  even"))
    assert cells(got, "kind", "pool", "application", "amount") == [
        ("direct", "", "A", "100"), ("residual", "Unowned usage", "", "7"), ("shared", "Support", "A", "40")]
    assert states["directly owned cost stayed with its owners"] == "ok"


def test_cost_in_an_owners_account_is_the_owners_unless_a_pool_takes_it():
    lines = tied("""
        application  ServiceName  amount
        A            EC2          100
        .            AWS Support  40
        .            EC2          7
    """).assign(owner=["Head of A", "Head of B", "Head of B"], owner_by=["CMDB", "account", "account"])
    got, states = charge(lines, rules("pool  method\nSupport  even"))
    assert cells(got, "kind", "pool", "owner", "application", "amount") == [
        ("direct", "", "Head of B", "", "7"), ("direct", "", "Head of A", "A", "100"),
        ("shared", "Support", "Head of A", "A", "40")]
    assert "failed" not in states.values()


def test_cost_that_a_tag_gives_to_an_owner_is_never_taken_into_a_pool():
    lines = tied("""
        application  ServiceName  amount
        A            EC2          100
        .            AWS Support  40
    """).assign(owner=["Head of A", "Head of B"], owner_by=["CMDB", "tag"])
    got, states = charge(lines, rules("pool  method\nSupport  even"))
    assert cells(got, "kind", "owner", "amount") == [("direct", "Head of B", "40"), ("direct", "Head of A", "100")]
    assert states["directly owned cost stayed with its owners"] == "ok"


def test_a_share_of_a_consumer_nobody_knows_is_a_named_residual():
    fed = drivers("period  consumer  quantity\n2026-09  A  1\n2026-09  NOSUCH  2")
    lines, states = charge(tied(DIRECT), USAGE, fed)
    assert cells(lines[lines["kind"] == "residual"], "pool", "method", "amount") == [
        ("Kubernetes", "no owner known for consumer NOSUCH", "8000")]
    assert states["not charged: Kubernetes"] == "finding" and "failed" not in states.values()


def test_the_cost_centre_is_the_applications_and_an_owner_with_two_gives_none():
    org = table("cost_centre  owner\n9001  Head of A\n9002  Head of Z\n9003  Head of Z\n9004  Head of Y")
    lines = tied("application  amount\nA  1\n.  2\n.  3").assign(
        owner=["Head of A", "Head of Z", "Head of Y"], owner_by="tag")
    items = costs.cost_items(lines, None, None, APPLICATIONS, "2026-09")
    got = charges.charge(items, None, None, APPLICATIONS, org, "2026-09", "direct").lines
    assert cells(got, "owner", "cost_centre") == [("Head of Y", "9004"), ("Head of Z", ""), ("Head of A", "1001")]


def test_a_reconciling_item_goes_to_its_pool_or_stays_by_name():
    lines = tied("""
        source       bucket            application  amount
        usage        .                 A            100.004
        reconciling  tax               .            5
        reconciling  missing invoices  .            -30
        reconciling  rounding          .            -0.004
    """)
    got, states = charge(lines, rules("pool  method\nCloud tax  cost-weighted"))
    assert cells(got, "kind", "pool", "amount") == [
        ("direct", "", "100"), ("residual", "Bridge item: missing invoices", "-30"),
        ("residual", "Bridge item: rounding", "0"), ("shared", "Cloud tax", "5")]
    assert states["charged and residual equal the control total"] == "ok"


def test_ledger_lines_of_the_platform_team_are_charged_too():
    coded = table("""
        fiscal_period  kind     use    account  cost_centre  vendor  amount
        2026-09        expense  other  6500     4710         .       90
        2026-09        expense  other  6500     4999         .       11
        2026-09        expense  cloud  6100     4710         AWS     100000
    """)
    lines = tied("application  amount\nA  60000\nB  40000")
    got, states = charge(lines, rules("pool  method\nTeam  cost-weighted"), coded=coded)
    assert cells(got[got["kind"] == "shared"], "application", "amount") == [("A", "54"), ("B", "36")]
    assert states["charged and residual equal the control total"] == "ok"


def test_a_credit_is_split_like_any_pool():
    lines = tied("application  amount\nA  1\nB  1\nC  1\nK8S  -100")
    got, _ = charge(lines, rules("pool  method\nKubernetes  even"))
    assert cells(got[got["kind"] == "shared"], "amount") == [("-33.33",), ("-33.33",), ("-33.34",)]


def test_a_rule_that_is_no_longer_valid_leaves_the_pool_unshared():
    old = rules("pool  method\nKubernetes  even").assign(valid_to="2026-08")
    lines, _ = charge(tied(DIRECT), old)
    assert cells(lines[lines["kind"] == "residual"], "pool", "method") == [("Kubernetes", "no allocation rule")]


def test_a_charge_line_lost_on_purpose_turns_the_check_red():
    items = costs.cost_items(tied(DIRECT), None, SOURCES, APPLICATIONS, "2026-09")
    charged = charges.charge(items, USAGE, None, APPLICATIONS, None, "2026-09", "direct")
    broken = charges.Charged(items, charged.lines.iloc[1:], charged.pools)
    states = {row["check"]: row["state"] for row in chargeback.check_charge(
        broken, tied(DIRECT), APPLICATIONS, total(items["amount"]), "the control total")}
    assert states["charged and residual equal the control total"] == "failed"
    assert states["directly owned cost stayed with its owners"] == "failed"


def test_a_pool_may_be_called_like_a_column():
    lines, _ = charge(tied(DIRECT), rules("pool  method\namount  even"), sources=SOURCES.assign(pool="amount"))
    assert cells(chargeback.by_application(lines), "application", "amount", "direct", "amount (pool)")[0] == ("A", "54000", "50000", "4000")


def test_an_owner_in_dispute_is_listed_with_both_names():
    lines = tied("application  amount\nA  10\nB  5").assign(tag_owner=["Head of B", "head-of-b"])
    found = disputes.disputes(lines, APPLICATIONS)
    assert cells(found, "application", "tag_owner", "service_owner", "owner", "decided_by", "ProviderName", "amount") == [
        ("A", "Head of B", "Head of A", "Head of A", "receiver", "AWS", "10")]


DECIDED = table("""
    application  tag_owner  decision   decided_from  decided_to  note
    A            head-of-b  Head of B  2026-08       .           agreed in August
""")


def test_a_decision_sends_the_charge_where_the_teams_agreed_and_the_item_is_no_finding():
    lines = tied("application  amount\nA  10\nA  5").assign(tag_owner=["Head of B", ""])
    decided = disputes.decide(lines, DECIDED, "2026-09")
    got, states = charge(decided, None)
    assert cells(got, "owner", "owner_by", "application", "amount") == [("Head of A", "CMDB", "A", "5"), ("Head of B", "decision", "A", "10")]
    assert "failed" not in states.values()
    found = disputes.disputes(decided, APPLICATIONS, None, DECIDED, "2026-09")
    assert cells(found, "owner", "decided_by", "note") == [("Head of B", "decision", "agreed in August")]
    assert {row["state"] for row in disputes.check(found, DECIDED)} == {"ok"}


ORG = table("""
    cost_centre  owner
    1001         Head of A
    1002         head of b
    2001         Head of C
    2002         Head of C
""")


@pytest.mark.parametrize("owner, org, centre", [
    ("Head of A", ORG, "1001"),  # who answers for the application: its own cost centre
    ("Head of B", ORG, "1002"),  # another: the only one of that owner, however it is spelled
    ("Head of C", ORG, ""),  # another with two cost centres: not to be guessed, so it cannot be posted
    ("Head of B", None, ""),  # without an org table nothing says where the other one books
])
def test_the_cost_centre_is_that_of_whoever_is_charged(owner, org, centre):
    items = costs.cost_items(tied("application  amount\nA  10").assign(owner=owner, owner_by="decision"), None, SOURCES, APPLICATIONS, "2026-09")
    got = charges.charge(items, None, None, APPLICATIONS, org, "2026-09", "direct").lines
    assert cells(got, "owner", "cost_centre", "amount") == [(owner, centre, "10")]


def test_a_shared_charge_debits_the_cost_centre_of_its_receiver_too():
    lines = tied("application  amount\nA  10\nK8S  4").assign(owner=["Head of B", "Head of IT"], owner_by="decision")
    items = costs.cost_items(lines, None, SOURCES, APPLICATIONS, "2026-09")
    got = charges.charge(items, rules("pool  method\nKubernetes  even"), None, APPLICATIONS, ORG, "2026-09", "direct").lines
    assert cells(got, "kind", "owner", "cost_centre", "amount") == [("direct", "Head of B", "1002", "10"), ("shared", "Head of B", "1002", "4")]


def test_two_decisions_of_one_dispute_for_the_same_months_are_refused(tmp_path):
    (tmp_path / "disputes.csv").write_text("application,tag_owner,decision,decided_from,decided_to\nA,Head-of-B,C,,2026-07\n"
                                           "A,head of b,D,2026-08,\nA,Head of B,E,2026-12,\n")
    with pytest.raises(InputError) as error:
        disputes.decisions(tmp_path)
    assert "line 4: A and Head of B are decided in line 3 for the same months; expected one decision a dispute and month" in str(error.value)
    assert "line 3:" not in str(error.value)


def test_a_decision_for_somebody_whom_neither_cmdb_nor_org_has_is_a_finding():
    known = disputes.known_owners((APPLICATIONS, "service_owner"), (ORG, "owner"))
    found = disputes.disputes(tied("application  amount\nA  10").assign(tag_owner="Head of B"), APPLICATIONS, None, DECIDED, "2026-09")
    states = {told: [row["state"] for row in disputes.check(found, DECIDED.assign(decision=told), known)][-1]
              for told in ("HEAD OF B", "Head of Bees")}
    assert states == {"HEAD OF B": "ok", "Head of Bees": "finding"}


def test_before_a_decision_holds_the_receiver_does():
    lines = tied("application  amount\nA  10").assign(tag_owner="Head of B")
    assert cells(disputes.decide(lines, DECIDED, "2026-07"), "owner") == [("Head of A",)]


def test_a_dispute_tells_since_when_and_its_evidence():
    lines = tied("application  amount\nA  10").assign(tag_owner="Head of B", Tags='{"owner": "head-of-b"}', SubAccountName="prod")
    earlier = pd.concat([lines.assign(billing_period=month) for month in ("2026-07", "2026-09")])
    found = disputes.disputes(lines, APPLICATIONS, earlier, None, "2026-09")
    assert cells(found, "since", "age", "tag", "account", "cmdb") == [
        ("2026-07", 2, '{"owner": "head-of-b"}', "prod", "Head of A answers for A")]


def test_a_decision_that_ends_before_it_begins_is_refused(tmp_path):
    (tmp_path / "disputes.csv").write_text("application,tag_owner,decision,decided_from,decided_to\nA,B,C,2026-08,2026-07\n")
    with pytest.raises(InputError, match="disputes.csv, line 2: decided_to is 2026-07, decided_from 2026-08; expected 2026-08 or"):
        disputes.decisions(tmp_path)


amounts = st.integers(-10**7, 10**9).map(lambda count: D(count) / 10**4)
usages = st.lists(st.tuples(st.sampled_from(["A", "B", "C", "K8S", ""]), st.sampled_from(["EC2", "AWS Support"]), amounts),
                  min_size=1, max_size=15)
methods = st.sampled_from(["even", "cost-weighted", "usage"])


@settings(max_examples=40, deadline=None, phases=[Phase.explicit, Phase.generate])
@given(usages, methods, methods, st.sampled_from(["direct", "step-down", "reciprocal"]), st.randoms(use_true_random=False))
def test_for_any_lines_all_is_charged_or_held_and_order_does_not_matter(usages, first, second, method, rng):
    by = {"usage": "cpu"}
    rule_rows = rules(f"pool  method  driver\nKubernetes  {first}  {by.get(first, '.')}\nSupport  {second}  {by.get(second, '.')}")
    fed = drivers("period  consumer  quantity\n2026-09  A  1\n2026-09  Support  2\n2026-09  Kubernetes  3\n2026-09  B  7")

    def worked_out(rows):
        frame = pd.DataFrame(rows, columns=["application", "ServiceName", "amount"])
        lines = tied("application  amount\nA  0").iloc[:0]
        blank = {name: "" for name in lines.columns if name not in frame}
        owners = dict(zip(APPLICATIONS["application"], APPLICATIONS["service_owner"], strict=True))
        frame = frame.assign(**blank).assign(source="usage", owner_by="CMDB", owner=frame["application"].map(owners).fillna(""),
                                             billing_period="2026-09", ProviderName="AWS")
        return charge(frame, rule_rows, fed, method=method)

    lines, states = worked_out(usages)
    assert "failed" not in states.values()
    assert total(lines["amount"]) == to_cents(total(amount for _, _, amount in usages))
    again, _ = worked_out(rng.sample(usages, len(usages)))
    assert cells(again) == cells(lines)
