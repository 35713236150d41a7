"""Shared pools: published examples, pools that serve one another, and nothing lost for any shares."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers import allocation
from helpers.errors import InputError

F = Fraction


def test_shares_follow_the_weights():
    # FinOps Foundation, shared-cost guide: 12,000 over 50k/30k/20k
    shares = allocation.share_out({"A": Decimal(50000), "B": Decimal(30000), "C": Decimal(20000)})
    assert {name: 12000 * share for name, share in shares.items()} == {"A": 6000, "B": 3600, "C": 2400}


def test_even_and_fixed_shares_of_the_same_guide():
    even = allocation.share_out(dict.fromkeys("ABC", Decimal(1)))
    fixed = allocation.share_out({"A": Decimal("0.45"), "B": Decimal("0.30"), "C": Decimal("0.25")})
    assert [12000 * share for share in even.values()] == [4000, 4000, 4000]
    assert [12000 * share for share in fixed.values()] == [5400, 3600, 3000]


def test_weights_of_zero_give_no_shares():
    assert allocation.share_out({"A": Decimal(0), "B": Decimal(0)}) == {}
    assert allocation.share_out({}) == {}


def test_a_negative_weight_is_refused_by_name():
    with pytest.raises(ValueError, match="negative weight of B"):
        allocation.share_out({"A": Decimal(1), "B": Decimal(-1)})


def test_two_pools_that_serve_each_other_are_solved_together():
    # PM = 6,300,000 + 0.1 IS and IS = 1,452,150 + 0.2 PM
    own = {"PM": Decimal(6300000), "IS": Decimal(1452150)}
    shares = {"PM": {"IS": F(1, 5), "X": F(4, 5)}, "IS": {"PM": F(1, 10), "Y": F(9, 10)}}
    served = allocation.serve(own, shares, "reciprocal")
    gross, final = served.gross, served.shares()
    assert {pool: round(float(amount)) for pool, amount in gross.items()} == {"PM": 6576750, "IS": 2767500}
    assert gross["PM"] * final["PM"]["X"] + gross["IS"] * final["IS"]["Y"] == 6300000 + 1452150


def test_step_down_passes_on_in_order_and_never_back():
    own = {"PM": Decimal(1000), "IS": Decimal(500)}
    shares = {"PM": {"IS": F(1, 5), "X": F(4, 5)}, "IS": {"PM": F(1, 2), "X": F(1, 4), "Y": F(1, 4)}}
    served = allocation.serve(own, shares, "step-down")
    gross, final = served.gross, served.shares()
    assert gross == {"PM": 1000, "IS": 700}  # 500 + 1,000 / 5
    assert final == {"PM": {"X": F(4, 5)}, "IS": {"X": F(1, 2), "Y": F(1, 2)}}


def test_direct_leaves_other_pools_out():
    own = {"PM": Decimal(1000), "IS": Decimal(500)}
    shares = {"PM": {"IS": F(1, 5), "X": F(4, 5)}, "IS": {"PM": F(1, 2), "Y": F(1, 2)}}
    served = allocation.serve(own, shares, "direct")
    assert (served.gross, served.shares(), served.held) == (
        {"PM": 1000, "IS": 500}, {"PM": {"X": 1}, "IS": {"Y": 1}}, {"PM": 0, "IS": 0})


def test_a_pool_that_serves_only_another_pool_holds_nothing():
    for method in ("step-down", "reciprocal"):
        served = allocation.serve({"P": Decimal(10), "Q": Decimal(0)}, {"P": {"Q": F(1)}, "Q": {"X": F(1)}}, method)
        assert served.gross["Q"] * served.shares()["Q"]["X"] == 10 and not any(served.held.values())


def test_a_pool_without_shares_holds_its_cost_and_what_it_receives():
    served = allocation.serve({"P": Decimal(10), "Q": Decimal(5)}, {"P": {"Q": F(1, 2), "X": F(1, 2)}}, "step-down")
    assert served.held == {"P": 0, "Q": 10}


def test_a_pool_that_uses_itself_passes_all_of_its_cost_on():
    served = allocation.serve({"P": Decimal(90)}, {"P": {"P": F(1, 10), "X": F(9, 10)}}, "reciprocal")
    assert served.gross["P"] == 100 and served.gross["P"] * served.shares()["P"]["X"] == 90


def test_pools_that_serve_only_one_another_are_refused_by_name():
    shares = {"A": {"B": F(1)}, "B": {"A": F(1)}, "C": {"X": F(1)}}
    with pytest.raises(InputError) as error:
        allocation.serve(dict.fromkeys("ABC", Decimal(1)), shares, "reciprocal")
    assert str(error.value) == ("rules.allocation: shared pools serve only one another: A → B → A; expected at least "
                                "one consumer outside them; add a consumer, or set shared_pools: step-down")


def test_a_pool_prices_what_it_gives_and_keeps_the_difference():
    own = {"P": Decimal(100), "Q": Decimal(10)}
    served = allocation.serve(own, {"Q": {"X": 1}}, "reciprocal", priced={"P": {"X": F(60), "Q": F(30)}})
    assert served.gross == {"P": 100, "Q": 40} and served.held == {"P": 10, "Q": 0}
    assert served.priced["P"] == {"X": 60} and served.passed["P"] == {"Q": 30}


def test_what_a_cap_leaves_stays_in_the_pool():
    served = allocation.serve({"P": Decimal(100)}, {"P": {"X": 1, "Y": 1}}, "direct", capped={"P": F(8, 10)})
    assert served.shares() == {"P": {"X": F(2, 5), "Y": F(2, 5)}} and served.held == {"P": 20}


@pytest.mark.parametrize("weights, floor, cap, expected", [
    ({"A": 60, "B": 25, "C": 15}, None, "0.5", {"A": F(1, 2), "B": F(5, 16), "C": F(3, 16)}),  # 0.5 left, 5 : 3
    ({"A": 65, "B": 25, "C": 10}, "0.16", None, {"A": F(273, 450), "B": F(105, 450), "C": F(4, 25)}),  # 0.84 left, 13 : 5
    ({"A": 50, "B": 30, "C": 20}, None, "0.3", {"A": F(3, 10), "B": F(3, 10), "C": F(3, 10)}),  # a tenth is left over
    ({"A": 80, "B": 15, "C": 5}, "0.1", "0.6", {"A": F(6, 10), "B": F(3, 10), "C": F(1, 10)}),  # over by more: A first
])
def test_shares_within_floor_and_cap(weights, floor, cap, expected):
    assert allocation.bounded(weights, floor and Decimal(floor), cap and Decimal(cap)) == expected


def test_floors_that_need_more_than_the_whole_are_refused():
    with pytest.raises(ValueError, match="a floor of 0.4 for 3 consumers"):
        allocation.bounded({"A": 1, "B": 1, "C": 1}, Decimal("0.4"), None)


def test_step_down_by_amount_begins_with_the_pool_that_serves_the_others_most():
    own = {"A": Decimal(100), "B": Decimal(1000)}
    weights = {"A": {"B": 9, "X": 1}, "B": {"A": 1, "X": 1}}  # A serves B with 90, B serves A with 500
    assert allocation.serve(own, weights, "step-down-by-amount").gross == {"A": 600, "B": 1000}
    assert allocation.serve(own, weights, "step-down").gross == {"A": 100, "B": 1090}


def test_pools_that_serve_one_another_are_named():
    weights = {"A": {"B": 1}, "B": {"C": 1, "X": 1}, "C": {"A": 1}, "D": {"A": 1, "D": 1}}
    assert allocation.loops(list("ABCD"), weights) == [["A", "B", "C"], ["D"]]


names = st.sampled_from(["P1", "P2", "P3", "a", "b", "c"])
weights = st.dictionaries(names, st.integers(0, 50).map(Decimal), max_size=6)
costs = st.integers(-10**6, 10**6).map(lambda cents: Decimal(cents) / 100)


@given(st.tuples(costs, costs, costs), st.tuples(weights, weights, weights),
       st.sampled_from(allocation.METHODS))
def test_whatever_the_shares_all_cost_reaches_consumers_or_stays_in_a_pool(own, given_weights, method):
    own = dict(zip(["P1", "P2", "P3"], own, strict=True))
    asked = {pool: allocation.whole_weights(given) for pool, given in zip(own, given_weights, strict=True)}
    try:
        served = allocation.serve(own, asked, method, capped={"P2": F(1, 3)})
    except InputError:
        return  # a closed loop, refused
    out = sum((served.gross[pool] * share for pool in own for share in served.shares()[pool].values()), F(0))
    assert out + sum(served.held.values()) == sum(F(amount) for amount in own.values())
    assert all(share > 0 for pool in own for share in served.shares()[pool].values())
    for pool in own:  # each pool's own and received cost is what leaves it and what it holds
        received = sum((served.passed[giver].get(pool, F(0)) for giver in own), F(0))
        assert served.gross[pool] == F(own[pool]) + received
        left = sum(served.passed[pool].values(), F(0)) + served.gross[pool] * sum(served.shares()[pool].values(), F(0))
        assert left + served.held[pool] == served.gross[pool]


@given(st.dictionaries(st.sampled_from("ABCDE"), st.integers(1, 100), min_size=1),
       st.one_of(st.none(), st.decimals("0", "0.2", places=2)), st.one_of(st.none(), st.decimals("0.2", "1", places=2)))
def test_shares_within_floor_and_cap_make_a_whole_where_they_can(asked, floor, cap):
    got = allocation.bounded(asked, floor, cap)
    low, high = F(floor or 0), F(1 if cap is None else cap)
    assert set(got) == set(asked) and all(low <= share <= high for share in got.values())
    assert sum(got.values()) == min(F(1), high * len(asked))


def test_support_departments_by_each_way_of_solving():
    # the support-department case of Horngren, Datar and Rajan, Cost Accounting, chapter 15: its reciprocal totals are
    # 6,576,750 and 2,767,500; direct and step-down are worked by hand from the same hours, to the dollar
    own = {"PM": Decimal(6300000), "IS": Decimal(1452150)}
    hours = {"PM": {"IS": 1600, "Machining": 2400, "Assembly": 4000}, "IS": {"PM": 200, "Machining": 1600, "Assembly": 200}}
    expected = {"direct": (3653300, 4098850), "step-down": (4300800, 3451350), "reciprocal": (4187025, 3565125)}
    for method, (machining, assembly) in expected.items():
        served = allocation.serve(own, hours, method)
        got = [sum(served.gross[pool] * served.shares()[pool][name] for pool in own) for name in ("Machining", "Assembly")]
        assert [round(float(amount)) for amount in got] == [machining, assembly], method
