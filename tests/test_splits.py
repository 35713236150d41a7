"""How a rule splits a pool: who takes part, floors and caps, prices, late drivers, policies for what nobody owns."""

from decimal import Decimal as D

import pandas as pd
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from helpers import charges, costs, feeds, pools, shared
from helpers.errors import InputError
from helpers.money import to_cents, total
from tests.tables import cells, table
from tests.test_chargeback import APPLICATIONS, DIRECT, RULE, SOURCES, charge, drivers, rules, tied

SHARED = "kind == 'shared'"
HELD = "kind == 'residual'"


def split(rule_rows, fed=None, lines=None, **options):
    got, states = charge(tied(DIRECT) if lines is None else lines, rule_rows, fed, **options)
    assert "failed" not in states.values()
    return got


def test_those_who_are_exempt_take_no_part():
    got = split(rules("pool  method\nKubernetes  even").assign(exempt="B|Z*"))
    assert cells(got.query(SHARED), "application", "amount") == [("A", "6000"), ("C", "6000")]


def test_an_even_split_reaches_those_it_names_even_without_direct_cost():
    lines = tied("application  amount\nA  100\nK8S  90")
    got = split(rules("pool  method\nKubernetes  even").assign(consumer="A|B|C"), lines=lines)
    assert cells(got.query(SHARED), "application", "amount") == [("A", "30"), ("B", "30"), ("C", "30")]


def test_a_cap_moves_the_rest_to_the_others():
    got = split(rules("pool  method\nKubernetes  cost-weighted").assign(cap=D("0.4")))  # 5 : 3 : 2, A capped, 0.6 by 3 : 2
    assert cells(got.query(SHARED), "application", "share", "amount") == [
        ("A", 0.4, "4800"), ("B", 0.36, "4320"), ("C", 0.24, "2880")]


def test_what_no_one_may_take_stays_a_residual_by_name():
    got = split(rules("pool  method\nKubernetes  even").assign(cap=D("0.3")))
    assert cells(got.query(SHARED), "amount") == [("3600",)] * 3
    assert cells(got.query(HELD), "pool", "method", "amount") == [("Kubernetes", "over the cap of every consumer", "1200")]


def test_floors_that_leave_no_room_are_refused_with_the_rule():
    with pytest.raises(InputError) as error:
        split(rules("pool  method\nKubernetes  even").assign(floor=D("0.4")))
    assert str(error.value) == ("rules.allocation: a row of method even has a floor of 0.4 for 3 consumers; expected floors "
                                "that leave room for all, no higher than the cap; lower the floor")


PRICED = rules("""
    pool        method     driver  price
    Kubernetes  rate-card  cpu     2.50
    Kubernetes  rate-card  disk    0.10
""")
PRICED["price"] = pd.Series([D("2.50"), D("0.10")], dtype=object)


def fed(*rows):
    return pd.DataFrame([(*row, "unit") for row in rows], columns=["period", "driver", "consumer", "quantity", "unit"])


def test_a_rate_card_charges_price_times_quantity_and_shows_what_it_does_not_recover():
    got = split(PRICED, fed(("2026-09", "cpu", "A", D(1000)), ("2026-09", "cpu", "B", D(2000)), ("2026-09", "disk", "A", D(10000))))
    assert cells(got.query(SHARED), "application", "driver", "quantity", "amount") == [
        ("A", "cpu", "1000", "2500"), ("B", "cpu", "2000", "5000"), ("A", "disk", "10000", "1000")]
    assert cells(got.query(HELD), "pool", "method", "amount") == [("Kubernetes", charges.UNDER, "3500")]


def test_a_rate_card_that_charges_more_than_the_cost_shows_it_below_zero():
    got = split(PRICED.iloc[:1], fed(("2026-09", "cpu", "A", D(6000))))
    assert cells(got, "kind", "amount")[3:] == [("residual", "-3000"), ("shared", "15000")]
    assert cells(got.query(HELD), "method") == [(charges.OVER,)]


def test_a_rate_card_row_without_a_price_is_refused():
    with pytest.raises(InputError, match="a rate-card row of Kubernetes with driver cpu and price None; expected the price"):
        split(PRICED.assign(price=None))


@pytest.mark.parametrize("method, field, value, expected", [
    ("hold", "cap", D("0.5"), "the reason"), ("even", "price", D(2), "consumer, exempt, floor, cap"),
    ("usage", "share", D("0.5"), "driver, consumer, exempt, floor, cap, if_missing"), ("fixed", "exempt", "A", "consumer, share"),
    ("cost-weighted", "driver", "cpu", "consumer, exempt, floor, cap"), ("even", "if_missing", "last", "consumer, exempt, floor, cap")])
def test_a_field_that_the_method_does_not_go_by_is_refused(method, field, value, expected):
    with pytest.raises(InputError) as error:
        split(rules(f"pool  method\nKubernetes  {method}").assign(**{field: value}))
    assert str(error.value) == (f"rules.allocation: a row of Kubernetes with method {method} has {field} {value}; expected no field but "
                                f"{expected}; take it out, or choose another method")


def test_two_prices_of_one_driver_for_one_consumer_are_refused():
    both = rules("pool  method  driver  consumer\nKubernetes  rate-card  cpu  A\nKubernetes  rate-card  cpu  ?").assign(price=[D(2), D(3)])
    with pytest.raises(InputError, match="two rate-card rows of Kubernetes hold at once for A and driver cpu; expected one price a consumer"):
        split(both, fed(("2026-09", "cpu", "A", D(1)), ("2026-09", "cpu", "B", D(1))))


def test_consumers_can_have_prices_of_their_own():
    parted = rules("pool  method  driver\nKubernetes  rate-card  cpu\nKubernetes  rate-card  cpu").assign(
        consumer=["A", "B|C"], price=[D(2), D(3)])
    got = split(parted, fed(("2026-09", "cpu", "A", D(10)), ("2026-09", "cpu", "B", D(10))))
    assert cells(got.query(SHARED), "application", "amount") == [("A", "20"), ("B", "30")]


def test_each_line_of_a_rate_card_names_the_month_of_its_own_driver():
    got = split(PRICED.assign(if_missing="last"), fed(("2026-09", "cpu", "A", D(1)), ("2026-07", "disk", "B", D(1))))
    assert cells(got.query(SHARED), "application", "driver", "driver_period") == [("A", "cpu", "2026-09"), ("B", "disk", "2026-07")]


def test_a_rate_card_charges_also_where_the_pool_has_no_cost_in_the_month():
    got = split(PRICED.iloc[:1], fed(("2026-09", "cpu", "A", D(10))), lines=tied("application  amount\nA  100"))
    assert cells(got[got["pool"] == "Kubernetes"], "kind", "application", "amount", "method") == [
        ("residual", "", "-25", "over-recovered: the rate card charges more than the pool costs"), ("shared", "A", "25", "rate-card")]


def test_a_driver_in_two_units_is_refused():
    feed = fed(("2026-09", "cpu", "A", D(1000)), ("2026-09", "cpu", "B", D(1))).assign(unit=["GB", "TB"])
    with pytest.raises(InputError, match="driver cpu in units GB and TB; expected one unit a driver, in all months"):
        split(rules("pool  method  driver\nKubernetes  usage  cpu"), feed)


def test_a_consumer_written_in_other_case_is_the_same_consumer():
    even = split(rules("pool  method\nKubernetes  even").assign(consumer="a|B|b|C"))
    assert cells(even.query(SHARED), "application", "amount") == [("A", "4000"), ("B", "4000"), ("C", "4000")]
    used = split(rules("pool  method  driver\nKubernetes  usage  cpu"), fed(("2026-09", "cpu", "a", D(1)), ("2026-09", "cpu", "A", D(3))))
    assert cells(used.query(SHARED), "application", "quantity", "amount") == [("A", "4", "12000")]
    fixed = split(rules("pool  method  consumer  share\nKubernetes  fixed  b  1"))
    assert cells(fixed.query(SHARED), "application", "owner", "amount") == [("B", "Head of B", "12000")]


def test_a_pool_with_an_applications_name_is_refused():
    with pytest.raises(InputError, match="the shared pool A has the name of an application with direct cost; expected a name of its own"):
        split(rules("pool  method\nA  even"), sources=SOURCES.assign(pool="A"))


def test_two_rows_of_one_pool_that_hold_at_once_are_refused():
    with pytest.raises(InputError, match="2 rows of Kubernetes hold at once; expected one row"):
        split(rules("pool  method\nKubernetes  even\nKubernetes  cost-weighted"))


def test_a_late_driver_is_taken_from_the_last_month_that_has_one_where_the_rule_says_so():
    late = drivers("period  consumer  quantity\n2026-07  A  1\n2026-08  A  1\n2026-08  B  3")
    got = split(rules("pool  method  driver\nKubernetes  usage  cpu").assign(if_missing="last"), late)
    assert cells(got.query(SHARED), "application", "driver_period", "amount") == [("A", "2026-08", "3000"), ("B", "2026-08", "9000")]
    items = costs.cost_items(tied(DIRECT), None, SOURCES, APPLICATIONS, "2026-09")
    told = charges.charge(items, rules("pool  method  driver\nKubernetes  usage  cpu").assign(if_missing="last"), late,
                          APPLICATIONS, None, "2026-09", "direct").pools
    assert cells(told, "stale", "note") == [(True, "driver of 2026-08: cpu has no quantity in 2026-09 yet")]


def test_a_pool_can_be_held_by_rule_with_its_reason():
    got = split(rules("pool  method\nKubernetes  hold").assign(reason="the board decides in October"))
    assert cells(got.query(HELD), "pool", "method", "amount") == [("Kubernetes", "the board decides in October", "12000")]


@pytest.mark.parametrize("method, expected", [("cost-weighted", [("shared", "A", "7")]), ("hold", [("residual", "", "7")])])
def test_what_nobody_owns_follows_the_policy_of_the_rules(method, expected):
    lines = tied("application  amount\nA  100\n.  7")
    nobody = pd.concat([SOURCES, pd.DataFrame([{**SOURCES.iloc[0], "pool": "Untagged", "application": "", "owner_by": "none"}])])
    got = split(rules(f"pool  method\nUntagged  {method}"), lines=lines, sources=nobody)
    assert cells(got[got["pool"] == "Untagged"], "kind", "application", "amount") == expected


def test_what_only_the_account_names_can_be_shared_instead():
    lines = tied("application  amount\nA  100\n.  7").assign(owner=["Head of A", "Head of B"], owner_by=["CMDB", "account"])
    account = pd.concat([SOURCES, pd.DataFrame([{**SOURCES.iloc[0], "pool": "Untagged", "application": "", "owner_by": "account"}])])
    got = split(rules("pool  method\nUntagged  cost-weighted"), lines=lines, sources=account)
    assert cells(got, "kind", "owner", "amount") == [("direct", "Head of A", "100"), ("shared", "Head of A", "7")]


def test_a_cost_bearing_consumer_without_an_owner_keeps_its_share_in_view():
    got = split(rules("pool  method  driver\nKubernetes  usage  cpu"), drivers("period  consumer  quantity\n2026-09  A  3\n2026-09  X  1"))
    assert cells(got.query(HELD), "pool", "method", "amount") == [("Kubernetes", "no owner known for consumer X", "3000")]


def test_a_namespace_export_is_read_as_it_is(tmp_path):
    (tmp_path / "namespaces.csv").write_text(
        "Date,Namespace,Pod,CPUCoreRequestAverage,TotalCost\n"
        "2026-09-01,booking,p1,2,1.5\n2026-09-02,booking,p1,3.5,2\n2026-09-02,kube-system,p2,1,0.25\n2026-08-31,booking,p1,9,9\n")
    got = feeds.read(tmp_path / "namespaces.csv", lambda name: {"booking": "BOOKING"}.get(name, name))
    assert cells(got) == [
        ("2026-08", "CPUCoreRequestAverage", "BOOKING", "9", "core days"), ("2026-09", "CPUCoreRequestAverage", "BOOKING", "5.5", "core days"),
        ("2026-09", "CPUCoreRequestAverage", "kube-system", "1", "core days"), ("2026-08", "TotalCost", "BOOKING", "9", "cost"),
        ("2026-09", "TotalCost", "BOOKING", "3.5", "cost"), ("2026-09", "TotalCost", "kube-system", "0.25", "cost")]


def test_a_bad_figure_in_a_namespace_export_is_told_with_line_and_column(tmp_path):
    (tmp_path / "n.csv").write_text("Date,Namespace,TotalCost\n2026-09-01,a,1\n2026-09-02,a,much\n")
    with pytest.raises(InputError, match=r"n.csv, line 3: TotalCost is \"much\"; expected"):
        feeds.read(tmp_path / "n.csv")


def test_business_units_by_pool():
    org = table("cost_centre  business_unit\n1001  Freight\n1002  Parcels")
    lines = split(rules("pool  method\nKubernetes  even")).assign(cost_centre=lambda rows: rows["application"].map({"A": "1001", "B": "1002"}).fillna(""))
    assert cells(shared.units(lines, org)) == [
        ("(no business unit)", "Directly owned", "20000"), ("(no business unit)", "Kubernetes", "4000"),
        ("Freight", "Directly owned", "50000"), ("Freight", "Kubernetes", "4000"),
        ("Parcels", "Directly owned", "30000"), ("Parcels", "Kubernetes", "4000")]


def test_pools_in_a_circle_are_named():
    flows = pd.DataFrame([("P", "Q", D(1)), ("Q", "P", D(1)), ("Q", "R", D(1))], columns=["pool", "to_pool", "amount"])
    assert shared.loops_note(flows, "reciprocal") == (
        "Pools that serve one another: P and Q; their cost is solved together (shared_pools: reciprocal).")
    assert shared.loops_note(flows.iloc[2:], "reciprocal") == ""


shares = st.one_of(st.none(), st.decimals("0.05", "0.3", places=2))
caps = st.one_of(st.none(), st.decimals("0.3", "1", places=2))
rule = st.fixed_dictionaries({
    "method": st.sampled_from(["even", "cost-weighted", "usage", "rate-card", "hold"]), "consumer": st.sampled_from(["", "A|B", "?", "Support"]),
    "exempt": st.sampled_from(["", "A", "K*"]), "floor": st.none(), "cap": caps, "if_missing": st.sampled_from(["", "last"])})
feed = st.lists(st.tuples(st.sampled_from(["2026-08", "2026-09"]), st.sampled_from(["A", "B", "X", "Support", "Kubernetes"]),
                          st.integers(0, 9).map(D)), max_size=6)
spent = st.lists(st.tuples(st.sampled_from(["A", "B", "K8S", ""]), st.sampled_from(["EC2", "AWS Support"]),
                           st.integers(-10**6, 10**8).map(lambda cents: D(cents) / 10**4)), min_size=1, max_size=10)


@settings(max_examples=60, deadline=None, phases=[Phase.explicit, Phase.generate])
@given(spent, rule, rule, feed, st.sampled_from(["direct", "step-down", "step-down-by-amount", "reciprocal"]))
def test_for_any_rules_what_comes_in_is_charged_or_held_and_direct_cost_is_untouched(spending, first, second, quantities, method):
    rows = [{"pool": pool, "driver": "cpu", "price": D("1.25") if told["method"] == "rate-card" else None, **told}
            for pool, told in (("Kubernetes", first), ("Support", second))]
    ruled = pd.DataFrame([{**RULE, **{name: row[name] for name in row if name in ("pool", "method", *pools.USES[row["method"]])}}
                          for row in rows])
    lines = pd.DataFrame(spending, columns=["application", "ServiceName", "amount"])
    owners = dict(zip(APPLICATIONS["application"], APPLICATIONS["service_owner"], strict=True))
    lines = tied("application  amount\nA  0").iloc[:0].reindex(columns=tied("application  amount\nA  0").columns).pipe(
        lambda blank: lines.assign(**{name: "" for name in blank.columns if name not in lines})).assign(
        source="usage", owner_by="CMDB", owner=lines["application"].map(owners).fillna(""), billing_period="2026-09", ProviderName="AWS")
    given_feed = pd.DataFrame([(*row[:1], "cpu", *row[1:], "u") for row in quantities],
                              columns=["period", "driver", "consumer", "quantity", "unit"])
    try:
        got, states = charge(lines, ruled, given_feed, method=method)
    except InputError as refused:
        assert "serve only one another" in str(refused)
        return
    assert "failed" not in states.values()
    assert total(got["amount"]) == to_cents(total(lines["amount"]))
    assert not (got["share"] < 0).any()
    direct = got[got["kind"] == "direct"]
    assert total(direct["exact"]) == total(lines.loc[lines["application"].isin(["A", "B"]), "amount"])
