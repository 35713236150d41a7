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
    gross, final, _ = allocation.serve(own, shares, "reciprocal")
    assert {pool: round(float(amount)) for pool, amount in gross.items()} == {"PM": 6576750, "IS": 2767500}
    assert gross["PM"] * final["PM"]["X"] + gross["IS"] * final["IS"]["Y"] == 6300000 + 1452150


def test_step_down_passes_on_in_order_and_never_back():
    own = {"PM": Decimal(1000), "IS": Decimal(500)}
    shares = {"PM": {"IS": F(1, 5), "X": F(4, 5)}, "IS": {"PM": F(1, 2), "X": F(1, 4), "Y": F(1, 4)}}
    gross, final, _ = allocation.serve(own, shares, "step-down")
    assert gross == {"PM": 1000, "IS": 700}  # 500 + 1,000 / 5
    assert final == {"PM": {"X": F(4, 5)}, "IS": {"X": F(1, 2), "Y": F(1, 2)}}


def test_direct_leaves_other_pools_out():
    own = {"PM": Decimal(1000), "IS": Decimal(500)}
    shares = {"PM": {"IS": F(1, 5), "X": F(4, 5)}, "IS": {"PM": F(1, 2), "Y": F(1, 2)}}
    assert allocation.serve(own, shares, "direct") == (
        {"PM": 1000, "IS": 500}, {"PM": {"X": 1}, "IS": {"Y": 1}}, {"PM": 0, "IS": 0})


def test_a_pool_that_serves_only_another_pool_holds_nothing():
    for method in ("step-down", "reciprocal"):
        gross, final, held = allocation.serve({"P": Decimal(10), "Q": Decimal(0)},
                                              {"P": {"Q": F(1)}, "Q": {"X": F(1)}}, method)
        assert gross["Q"] * final["Q"]["X"] == 10 and not any(held.values())


def test_a_pool_without_shares_holds_its_cost_and_what_it_receives():
    _, _, held = allocation.serve({"P": Decimal(10), "Q": Decimal(5)}, {"P": {"Q": F(1, 2), "X": F(1, 2)}}, "step-down")
    assert held == {"P": 0, "Q": 10}


def test_a_pool_that_uses_itself_passes_all_of_its_cost_on():
    gross, final, _ = allocation.serve({"P": Decimal(90)}, {"P": {"P": F(1, 10), "X": F(9, 10)}}, "reciprocal")
    assert gross["P"] == 100 and gross["P"] * final["P"]["X"] == 90


def test_pools_that_serve_only_one_another_are_refused_by_name():
    shares = {"A": {"B": F(1)}, "B": {"A": F(1)}, "C": {"X": F(1)}}
    with pytest.raises(InputError) as error:
        allocation.serve(dict.fromkeys("ABC", Decimal(1)), shares, "reciprocal")
    assert str(error.value) == ("rules.allocation: shared pools serve only one another: A → B → A; expected at least "
                                "one consumer outside them; add a consumer, or set shared_pools: step-down")


names = st.sampled_from(["P1", "P2", "P3", "a", "b", "c"])
weights = st.dictionaries(names, st.integers(0, 50).map(Decimal), max_size=6)
costs = st.integers(-10**6, 10**6).map(lambda cents: Decimal(cents) / 100)


@given(st.tuples(costs, costs, costs), st.tuples(weights, weights, weights),
       st.sampled_from(["direct", "step-down", "reciprocal"]))
def test_whatever_the_shares_all_cost_reaches_consumers_or_stays_in_a_pool(own, given_weights, method):
    own = dict(zip(["P1", "P2", "P3"], own, strict=True))
    shares = {pool: allocation.share_out(given) for pool, given in zip(own, given_weights, strict=True)}
    try:
        gross, final, held = allocation.serve(own, shares, method)
    except InputError:
        return  # a closed loop, refused
    out = sum((gross[pool] * share for pool in own for share in final[pool].values()), F(0))
    assert out + sum(held.values()) == sum(F(amount) for amount in own.values())
    assert all(share > 0 for pool in own for share in final[pool].values())
