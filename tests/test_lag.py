"""The lag from bill to ledger: found where the books tell it, refused where they do not, never guessed wrong."""

import random
from collections import Counter
from types import SimpleNamespace

import pandas as pd
import pytest

from helpers import lag, lagged, ledger
from helpers.errors import InputError
from helpers.periods import months, shift
from helpers.settings import Provider

TWO_YEARS = months("2024-01", "2025-12")


def history(seed: int, true: int, noise: float = 0.10, growth: float | None = None) -> tuple[dict, dict]:
    """Usage with noise month to month and growth, and a ledger within 1 % of the usage it books."""
    draw = random.Random(seed)
    grown = draw.uniform(-0.02, 0.05) if growth is None else growth
    used = {month: 50_000 * (1 + grown) ** place * (1 + draw.gauss(0, noise)) for place, month in enumerate(TWO_YEARS)}
    posted = {month: used[shift(month, -true)] * (1 + draw.uniform(-0.01, 0.01)) for month in TWO_YEARS[true:]}
    return used, posted


def told(used: dict, posted: dict) -> lag.Found:
    return lag.decide(lag.misses(used, posted))


def test_auto_is_right_on_nearly_all_noisy_histories_and_never_wrong_with_confidence():
    answers = Counter("right" if found.lag == seed % 4 else "refused" if found.lag is None else "wrong"
                      for seed in range(200) for found in [told(*history(seed, seed % 4))])
    assert answers["wrong"] == 0 and answers["right"] >= 190


@pytest.mark.parametrize("noise", [0.0, 0.005, 0.01])
def test_auto_refuses_flat_histories_where_every_lag_fits_and_is_never_wrong_on_nearly_flat_ones(noise):
    found = [(told(*history(seed, seed % 4, noise, 0.0)).lag, seed % 4) for seed in range(200)]
    assert all(answer in (None, true) for answer, true in found)
    assert noise or all(answer is None for answer, _ in found)


def test_a_history_says_what_each_lag_would_miss_and_why_one_is_taken():
    used = {month: 100 + 10 * (place % 5) for place, month in enumerate(TWO_YEARS)}
    found = lag.misses(used, {month: used[shift(month, -1)] for month in TWO_YEARS[1:]})
    table = lag.compare(found).set_index("lag")
    assert (table.at[1, "usual_miss"], table.at[1, "closest_in"], table.at[1, "months"]) == (0, 21, 21)
    assert round(table.at[0, "usual_miss"], 6) == round(120 / 110 - 1, 6)  # the middle one of its five steps
    assert lag.decide(found) == lag.Found(1, "usual miss 0.0% in 21 months, no other lag near it")


@pytest.mark.parametrize(("used", "posted", "why"), [
    ({}, {}, "0 months can be compared at every lag, and 6 are needed"),
    ({month: 100 for month in TWO_YEARS}, {month: 300 + 40 * (place % 3) for place, month in enumerate(TWO_YEARS)},
     "no lag fits: at best the ledger is "),
    ({month: 100 for month in TWO_YEARS}, dict.fromkeys(TWO_YEARS, 100), "0 and 1 months fit about as well"),
])
def test_auto_says_why_it_gives_no_lag(used, posted, why):
    found = told(used, posted)
    assert found.lag is None and found.why.startswith(why)


def test_a_lag_that_changed_is_told_with_its_month():
    used, _ = history(5, 0)
    posted = {month: used[shift(month, -(1 if month < "2025-02" else 2))] for month in TWO_YEARS[2:]}
    assert told(used, posted) == lag.Found(2, "2 months since 2025-02, 1 before", "2025-02", 1)


def test_where_the_lag_changed_each_bill_is_booked_by_the_one_that_held_then():
    longer = {"A": SimpleNamespace(lag=2, lag_before=1, lag_since="2025-02")}
    shorter = {"A": SimpleNamespace(lag=1, lag_before=2, lag_since="2025-02")}
    bills = ["2024-11", "2024-12", "2025-01"]
    assert [ledger.booked_in("A", bill, longer) for bill in bills] == ["2024-12", "2025-01", "2025-03"]
    assert [ledger.booked_in("A", bill, shorter) for bill in bills] == ["2025-01", "2025-02", "2025-02"]
    assert ledger.booked_in("B", "2025-01", longer) == "2025-01"


def books(lag_of_invoice: dict[str, int] | None = None, tax: float = 0, currency: str = "USD"):
    """Bills of 14 months with an invoice each, and the ledger that books them."""
    late = lag_of_invoice or {}
    spans = months("2025-01", "2026-02")
    lines = pd.DataFrame([{"ProviderName": "AWS", "billing_period": month, "InvoiceId": f"I-{month}", "billed": 100 + place, "effective": 100 + place,
                           "BilledCost": 100 + place, "BillingCurrency": currency, "ChargeCategory": "Usage",
                           "CommitmentDiscountId": ""} for place, month in enumerate(spans)])
    coded = pd.DataFrame([{"ProviderName": "AWS", "fiscal_period": shift(month, late.get(month, 1)), "use": use,
                           "invoice_id": f"I-{month}", "amount": amount, "kind": "expense", "document_amount": amount,
                           "document_currency": currency, "currency": currency}
                          for place, month in enumerate(spans)
                          for use, amount in (("cloud", 100 + place), ("cloud tax", tax)) if amount])
    return lines, coded


def test_invoice_numbers_on_both_sides_tell_the_lag_and_a_late_invoice_is_seen_as_one():
    lines, coded = books({"2025-07": 3}, tax=19)
    auto = {"AWS": Provider(lag="auto"), "Other": Provider(lag="auto")}
    evidence = lagged.measure(auto, lines, coded)
    assert evidence["AWS"].found == lag.Found(1, "13 of 14 invoices") and evidence["AWS"].by == "invoice numbers"
    settled = lagged.settle(auto, evidence, {"AWS"})
    assert {name: setting.lag for name, setting in settled.items()} == {"AWS": 1, "Other": 0}
    late = lagged.late_invoices(settled, evidence, lines)
    assert late.values.tolist() == [["AWS", "I-2025-07", "2025-07", "2025-10", 2, 106]]
    table = lagged.table(auto, settled, evidence).set_index("ProviderName")
    assert tuple(table.loc["AWS", ["lag_months", "origin", "measured", "measured_by"]]) == (1, "found", 1, "invoice numbers")


def test_a_billing_account_with_another_lag_is_found_by_its_invoices_and_booked_by_it():
    lines, coded = books()
    other = lines.assign(BillingAccountId="b", InvoiceId=lines["InvoiceId"] + "-b")
    later = coded.assign(invoice_id=coded["invoice_id"] + "-b", fiscal_period=[shift(month, 1) for month in coded["fiscal_period"]])
    both, posted = (pd.concat(parts, ignore_index=True) for parts in (
        (lines.assign(BillingAccountId="a"), other.iloc[1:]), (coded, later.iloc[1:])))
    auto = {"AWS": Provider(lag="auto")}
    evidence = lagged.measure(auto, both, posted)
    assert evidence["AWS"].found == lag.Found(1, "14 of 27 invoices; 2 in account b")
    settled = lagged.settle(auto, evidence, {"AWS"})
    assert settled["AWS"].account_lags == {"b": 2} and lagged.late_invoices(settled, evidence, both).empty
    assert set(ledger.book(both, settled)["ledger_period"][14:]) == {shift(month, 2) for month in months("2025-02", "2026-02")}
    fixed = {"AWS": Provider(lag="1")}
    rows = {row["check"]: row["note"] for row in lagged.check(fixed, lagged.settle(fixed, evidence, {"AWS"}), evidence)}
    assert rows["lag of AWS by billing account against the books"] == "account b: the books say 2"


def test_without_numbers_amounts_tell_it_tax_left_out():
    lines, coded = books(tax=19)
    evidence = lagged.measure({}, lines.assign(InvoiceId=""), coded)
    assert evidence["AWS"].found.lag == 1 and evidence["AWS"].by == "amounts"


def test_a_lag_that_is_set_against_the_books_is_a_finding_and_auto_without_an_invoice_stops_the_run():
    lines, coded = books()
    wrong = {"AWS": Provider(lag="0")}
    evidence = lagged.measure(wrong, lines, coded)
    [row] = lagged.check(wrong, lagged.settle(wrong, evidence, {"AWS"}), evidence)
    assert (row["state"], row["note"]) == ("finding", "set to 0, the books say 1 (invoice numbers: 14 of 14 invoices)")
    with pytest.raises(InputError) as stop:
        lagged.settle({"AWS": Provider(lag="auto")}, {}, {"AWS"})
    assert str(stop.value) == ("providers.AWS.lag: auto finds none: the ledger has no invoice of it to measure by; expected "
                               "a lag that the books tell; set it to the months from a bill's month to the ledger's, 0 to 12")
    assert lagged.settle({"AWS": Provider(lag="auto")}, {}, set())["AWS"].lag == 0


@pytest.mark.parametrize("value", ["13", "-1", "1.5", "Auto", ""])
def test_a_lag_is_a_number_of_months_or_auto(value):
    with pytest.raises(ValueError, match="wrong"):
        Provider(lag=value)
