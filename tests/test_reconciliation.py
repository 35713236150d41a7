"""From usage to the ledger: each difference in its bucket, and the buckets add up whatever the mix."""

from decimal import Decimal as D
from types import SimpleNamespace

import pandas as pd
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from helpers import bridge, ledger, matching, rates, reconciliation
from helpers.errors import InputError
from helpers.money import total
from helpers.periods import shift
from tests.tables import cells, table

PROVIDERS = {"AWS": SimpleNamespace(lag=1, commitments="expensed", vendors=["AWS*"]),
             "Azure": SimpleNamespace(lag=0, commitments="prepaid", vendors=["MICROSOFT*"]),
             "Google": SimpleNamespace(lag=2, commitments="expensed", vendors=["Google*"])}
ACCOUNTS = table("""
    account  kind             use
    6100     expense          cloud
    6110     expense          cloud tax
    6120     expense          cloud amortisation
    1480     prepaid          other
    1570     recoverable tax  other
    6500     expense          other
    0400     capital          other
    0410     capital          cloud
""")
RATES = table("""
    period   from_currency  to_currency  rate  source
    2026-07  EUR            USD          1.10  bank
    2026-08  EUR            USD          1.20  bank
    2026-09  EUR            USD          1.30  bank
""")
UNEXPLAINED = "unexplained, invoice by invoice, is within tolerance"
TOLERANCE = SimpleNamespace(amount=D("1.00"), share=D("0.0001"))
BLANK = {"ChargeCategory": "Usage", "CommitmentDiscountId": "", "InvoiceId": "", "BillingCurrency": "USD", "ServiceName": "EC2"}


def usage(text: str) -> pd.DataFrame:
    """Billing lines booked by lag; blank columns are filled, EffectiveCost as BilledCost where it is absent."""
    lines = table(text)
    filled = lines.assign(**{name: value for name, value in BLANK.items() if name not in lines})
    if "EffectiveCost" not in filled:
        filled["EffectiveCost"] = filled["BilledCost"]
    return ledger.book(rates.convert(filled, RATES, "USD"), PROVIDERS)


def entries(text: str) -> pd.DataFrame:
    lines = table(text)
    blank = {"document_amount": None, "document_currency": "", "currency": "USD", "invoice_id": "", "vendor": ""}
    return ledger.code(lines.assign(**{name: value for name, value in blank.items() if name not in lines}), ACCOUNTS,
                       PROVIDERS)


def reconcile(booked, coded, items=None, period="2026-09", kept_out=None):
    matches = matching.match(booked, coded, items, PROVIDERS, RATES, "USD")
    kept_out = booked.iloc[:0] if kept_out is None else kept_out
    steps = bridge.span(booked, kept_out, coded, matches, period)
    tied = bridge.tie(booked, coded, matches, period, "amortised")
    rows = reconciliation.check_bridge(steps, tied, coded, booked, matches, period, TOLERANCE)
    return steps, tied, {row["check"]: row["state"] for row in rows}


def buckets(steps: pd.DataFrame, provider: str) -> dict[str, str]:
    """The provider's steps that hold something."""
    rows = steps[(steps["ProviderName"] == provider) & (steps["amount"] != 0)]
    return dict(cells(rows, "bucket", "amount"))


def test_the_ledger_month_holds_the_bill_of_the_month_the_lag_says():
    booked = usage("""
        billing_period  service_period  ProviderName  BilledCost
        2026-08         2026-08         AWS           100.004
        2026-09         2026-09         AWS           120.001
    """)
    coded = entries("""
        fiscal_period  account  vendor    amount
        2026-09        6100     AWS Inc   100.00
    """)
    steps, _, states = reconcile(booked, coded)
    assert buckets(steps, "AWS") == {"usage 2026-09": "120.001", "timing": "-19.997", "rounding": "-0.004",
                                     "ledger 2026-09": "100"}
    assert set(states.values()) == {"ok"}


def test_an_invoice_that_the_ledger_lacks_is_missing_and_the_rest_still_ties():
    booked = usage("""
        billing_period  service_period  ProviderName  InvoiceId  BilledCost
        2026-09         2026-09         Azure         E1         70
        2026-09         2026-09         Azure         E2         30
    """)
    coded = entries("""
        fiscal_period  account  vendor           invoice_id  amount
        2026-09        6100     MICROSOFT CORP   E1          70.00
    """)
    steps, _, states = reconcile(booked, coded)
    assert buckets(steps, "Azure") == {"usage 2026-09": "100", "missing invoices": "-30", "ledger 2026-09": "70"}
    assert states["invoices missing from the ledger"] == "finding" and "failed" not in states.values()


def test_a_correction_of_a_closed_month_is_a_bucket_of_its_own():
    booked = usage("""
        billing_period  service_period  ProviderName  BilledCost
        2026-08         2026-08         AWS           100
        2026-08         2026-06         AWS           -25
        2026-09         2026-09         AWS           100
    """)
    coded = entries("""
        fiscal_period  account  vendor    amount
        2026-09        6100     AWS Inc   75.00
    """)
    steps, _, _ = reconcile(booked, coded)
    assert buckets(steps, "AWS") == {"usage 2026-09": "100", "corrections of closed months": "-25",
                                     "ledger 2026-09": "75"}


def test_tax_in_the_ledger_only_and_a_credit_memo_are_told_apart():
    booked = usage("""
        billing_period  service_period  ProviderName  InvoiceId  BilledCost
        2026-09         2026-09         Azure         E1         70
    """)
    coded = entries("""
        fiscal_period  account  vendor           invoice_id  amount
        2026-09        6100     MICROSOFT CORP   E1          60.00
        2026-09        6110     MICROSOFT CORP   E1          1.40
    """)
    items = table("""
        ledger_period  ProviderName  invoice_id  bucket       amount  currency
        2026-09        Azure         E1          credit memo  -10.00  USD
    """)
    steps, _, _ = reconcile(booked, coded, items)
    assert buckets(steps, "Azure") == {"usage 2026-09": "70", "tax": "1.4", "credit memos": "-10",
                                       "ledger 2026-09": "61.4"}


def test_a_credit_that_nobody_listed_is_unexplained_and_fails():
    booked = usage("""
        billing_period  service_period  ProviderName  BilledCost
        2026-09         2026-09         Azure         70
    """)
    coded = entries("""
        fiscal_period  account  vendor           amount
        2026-09        6100     MICROSOFT CORP   60.00
    """)
    steps, _, states = reconcile(booked, coded)
    assert buckets(steps, "Azure") == {"usage 2026-09": "70", "unexplained": "-10", "ledger 2026-09": "60"}
    assert states[UNEXPLAINED] == "failed"
    matches = matching.match(booked, coded, None, PROVIDERS, RATES, "USD")
    assert reconciliation.verdict(steps, matches, "2026-09", "USD", TOLERANCE).startswith(
        "Cloud usage of 2026-09 does not tie to the ledger: nothing explains 10.00 USD")


def test_errors_that_cancel_out_are_still_unexplained():
    booked = usage("""
        billing_period  service_period  ProviderName  InvoiceId  BilledCost
        2026-09         2026-09         Azure         E1         70
        2026-09         2026-09         Azure         E2         30
    """)
    coded = entries("""
        fiscal_period  account  vendor           invoice_id  amount
        2026-09        6100     MICROSOFT CORP   E1          90.00
        2026-09        6100     MICROSOFT CORP   E2          10.00
    """)
    _, _, states = reconcile(booked, coded)
    assert states[UNEXPLAINED] == "failed"


@pytest.mark.parametrize("account, amount", [("6110", "20.00"), ("6100", "20.00")])
def test_more_than_tax_can_be_is_not_taken_for_tax(account, amount):
    booked = usage("""
        billing_period  service_period  ProviderName  InvoiceId  BilledCost
        2026-09         2026-09         Azure         E1         70
    """)
    coded = entries(f"""
        fiscal_period  account    vendor           invoice_id  amount
        2026-09        6100       MICROSOFT CORP   E1          70.00
        2026-09        {account}  MICROSOFT CORP   E1          {amount}
    """)
    steps, _, states = reconcile(booked, coded)
    assert buckets(steps, "Azure") == {"usage 2026-09": "70", "unexplained": "20", "ledger 2026-09": "90"}
    assert states[UNEXPLAINED] == "failed"


def test_a_rate_of_nothing_and_a_ledger_amount_in_parts_of_cents_are_refused():
    lines = table("billing_period  ProviderName  BillingCurrency  BilledCost  EffectiveCost\n2026-07  G  EUR  1  1")
    with pytest.raises(InputError, match="inputs.rates, EUR to USD, 2026-07: rate 0; expected a rate above 0"):
        rates.convert(lines, RATES.assign(rate=D(0)), "USD")
    with pytest.raises(InputError, match="inputs.ledger, line_id 7, column amount: 5.005; expected an amount in whole"):
        entries("line_id  fiscal_period  account  vendor   amount\n7  2026-09  6100  AWS Inc  5.005")


def test_a_bill_in_euro_booked_at_another_rate_leaves_only_the_rate():
    booked = usage("""
        billing_period  service_period  ProviderName  BillingCurrency  BilledCost
        2026-07         2026-07         Google        EUR              100
        2026-09         2026-09         Google        EUR              100
    """)
    coded = entries("""
        fiscal_period  account  vendor       document_amount  document_currency  amount
        2026-09        6100     Google EMEA  100.00           EUR                108.00
    """)
    steps, _, _ = reconcile(booked, coded)
    assert buckets(steps, "Google") == {"usage 2026-09": "130", "timing": "-20", "FX": "-2", "ledger 2026-09": "108"}


def test_a_prepaid_commitment_is_taken_out_and_its_release_put_in():
    booked = usage("""
        billing_period  service_period  ProviderName  ChargeCategory  CommitmentDiscountId  BilledCost  EffectiveCost
        2026-09         2026-09         Azure         Purchase        R1                    1200        0
        2026-09         2026-09         Azure         Usage           R1                    0           100
        2026-09         2026-09         Azure         Usage           .                     50          50
    """)
    coded = entries("""
        fiscal_period  account  vendor           amount
        2026-09        6100     MICROSOFT CORP   50.00
        2026-09        1480     MICROSOFT CORP   1200.00
        2026-09        6120     MICROSOFT CORP   100.00
    """)
    steps, tied, states = reconcile(booked, coded)
    assert buckets(steps, "Azure") == {"usage 2026-09": "1250", "prepaid movement": "-1100", "ledger 2026-09": "150"}
    assert total(tied["amount"]) == 150 and set(tied["source"]) == {"usage"}
    assert set(states.values()) == {"ok"}


def test_a_file_delivered_twice_stands_beside_the_bridge_and_is_in_neither_end():
    booked = usage("""
        billing_period  service_period  ProviderName  BilledCost
        2026-09         2026-09         Azure         40
    """)
    coded = entries("""
        fiscal_period  account  vendor           amount
        2026-09        6100     MICROSOFT CORP   40.00
    """)
    steps, tied, states = reconcile(booked, coded, kept_out=booked)
    assert buckets(steps, "Azure") == {"usage 2026-09": "40", "ledger 2026-09": "40", "delivered twice, kept out": "40"}
    assert total(tied["amount"]) == 40 and set(states.values()) == {"ok"}


def test_each_month_adds_up_from_bill_to_ledger():
    booked = usage("""
        billing_period  service_period  ProviderName  ChargeCategory  CommitmentDiscountId  BilledCost
        2026-08         2026-08         Azure         Purchase        R1                    1200
        2026-08         2026-08         Azure         Usage           .                     50.004
        2026-09         2026-09         Azure         Usage           .                     60
    """)
    coded = entries("""
        fiscal_period  account  vendor           amount
        2026-08        6100     MICROSOFT CORP   50.00
        2026-08        6120     MICROSOFT CORP   100.00
        2026-09        6100     MICROSOFT CORP   61.00
        2026-09        6120     MICROSOFT CORP   100.00
    """)
    matches = matching.match(booked, coded, None, PROVIDERS, RATES, "USD")
    assert cells(reconciliation.by_month(matches, coded, "2026-09"), "ledger_period", "bill", "prepaid movement",
                 "FX and rounding", "unexplained", "ledger") == [
        ("2026-09", "60", "100", "0", "1", "161"), ("2026-08", "1250.004", "-1100", "-0.004", "0", "150")]


def test_bills_with_numbers_tie_to_a_ledger_that_has_none():
    booked = usage("""
        billing_period  service_period  ProviderName  InvoiceId  BilledCost
        2026-09         2026-09         Azure         E1         70
        2026-09         2026-09         Azure         E2         30
    """)
    coded = entries("""
        fiscal_period  account  vendor           amount
        2026-09        6100     MICROSOFT CORP   70.00
        2026-09        6100     MICROSOFT CORP   30.00
    """)
    steps, _, states = reconcile(booked, coded)
    assert buckets(steps, "Azure") == {"usage 2026-09": "100", "ledger 2026-09": "100"}
    assert set(states.values()) == {"ok"}


def test_an_invoice_booked_a_month_late_is_late_not_unexplained():
    booked = usage("""
        billing_period  service_period  ProviderName  InvoiceId  BilledCost
        2026-08         2026-08         Azure         E1         30
        2026-09         2026-09         Azure         E2         70
    """)
    coded = entries("""
        fiscal_period  account  vendor           invoice_id  amount
        2026-08        6500     .                .           1.00
        2026-09        6100     MICROSOFT CORP   E1          30.00
        2026-09        6100     MICROSOFT CORP   E2          70.00
    """)
    steps, _, states = reconcile(booked, coded)
    assert buckets(steps, "Azure") == {"usage 2026-09": "70", "late invoices": "30", "ledger 2026-09": "100"}
    assert set(states.values()) == {"ok"}
    august, _, _ = reconcile(booked, coded, period="2026-08")
    assert buckets(august, "Azure") == {"usage 2026-08": "30", "missing invoices": "-30"}


def test_a_number_billed_in_two_months_is_late_by_the_first_whatever_the_order_of_the_lines():
    booked = usage("""
        billing_period  service_period  ProviderName  InvoiceId  BilledCost
        2026-08         2026-08         Azure         E1         70
        2026-10         2026-10         Azure         E1         30
    """)
    coded = entries("""
        fiscal_period  account  vendor     invoice_id  amount
        2026-08        6100     MICROSOFT  E0          0.00
        2026-09        6100     MICROSOFT  E1          70.00
        2026-10        6100     MICROSOFT  E9          0.00
    """)
    for lines in (booked, booked.iloc[::-1]):
        assert buckets(reconcile(lines, coded)[0], "Azure") == {"late invoices": "70", "ledger 2026-09": "70"}


def test_the_rate_of_tax_and_of_a_credit_memo_is_told_once():
    booked = usage("""
        billing_period  service_period  ProviderName  BillingCurrency  InvoiceId  BilledCost
        2026-07         2026-07         Google        EUR              G1         10000
    """)
    coded = entries("""
        fiscal_period  account  vendor       invoice_id  document_amount  document_currency  amount
        2026-09        6100     Google EMEA  G1          9000.00          EUR                10080.00
        2026-09        6110     Google EMEA  G1          2000.00          EUR                2240.00
    """)
    items = table("""
        ledger_period  ProviderName  invoice_id  bucket       amount    currency
        2026-09        Google        G1          credit memo  -1120.00  USD
    """)
    steps, _, states = reconcile(booked, coded, items)
    # 10,000 × 1.10 billed; tax 2,000 × 1.10; memo 1,000 × 1.12; FX 11,000 booked × 0.02 + the memo's 1,000 × 0.02
    assert buckets(steps, "Google") == {"timing": "11000", "tax": "2200", "credit memos": "-1120", "FX": "240",
                                        "ledger 2026-09": "12320"}
    assert set(states.values()) == {"ok"}


def test_tied_cost_on_the_billed_basis_comes_to_the_same_ledger():
    booked = usage("""
        billing_period  service_period  ProviderName  ChargeCategory  CommitmentDiscountId  BilledCost  EffectiveCost
        2026-09         2026-09         Azure         Purchase        R1                    1200        0
        2026-09         2026-09         Azure         Usage           R1                    0           100
    """)
    coded = entries("""
        fiscal_period  account  vendor           amount
        2026-09        6120     MICROSOFT CORP   100.00
    """)
    matches = matching.match(booked, coded, None, PROVIDERS, RATES, "USD")
    billed, amortised = (bridge.tie(booked, coded, matches, "2026-09", basis) for basis in ("billed", "amortised"))
    assert cells(billed, "source", "bucket", "amount") == [
        ("usage", "", "1200"), ("usage", "", "0"), ("reconciling", "prepaid movement", "-1100")]
    assert cells(amortised, "source", "bucket", "amount") == [("usage", "", "0"), ("usage", "", "100")]


def test_without_a_ledger_cost_is_the_months_own_bill():
    booked = usage("""
        billing_period  service_period  ProviderName  BilledCost  EffectiveCost
        2026-08         2026-08         Azure         1           2
        2026-09         2026-09         Azure         4           8
    """)
    assert total(bridge.untied(booked, "2026-09", "billed")["amount"]) == 4
    assert total(bridge.untied(booked, "2026-09", "amortised")["amount"]) == 8


def test_the_larger_of_amount_and_share_may_stay_unexplained():
    assert [reconciliation.allowance(D(expense), TOLERANCE) for expense in ("100", "-50000")] == [D("1.00"), D("5")]


def test_only_expense_counts_and_the_rest_stands_beside_it():
    coded = entries("""
        fiscal_period  account  vendor    amount
        2026-09        6100     AWS Inc   100.00
        2026-09        1570     AWS Inc   19.00
        2026-09        0400     Builder   500.00
        2026-09        6500     .         70.00
    """)
    assert bridge.cloud_expense(coded, "2026-09") == 100
    assert cells(reconciliation.control_totals(coded, "2026-09")) == [
        ("capital", "other", "500"), ("expense", "cloud", "100"), ("expense", "other", "70"),
        ("recoverable tax", "other", "19")]


def test_a_cloud_vendor_that_no_provider_names_stays_in_view_as_unexplained():
    booked = usage("""
        billing_period  service_period  ProviderName  BilledCost
        2026-09         2026-09         Azure         40
    """)
    coded = entries("""
        fiscal_period  account  vendor           amount
        2026-09        6100     MICROSOFT CORP   40.00
        2026-09        6100     Other Cloud      7.00
    """)
    steps, tied, states = reconcile(booked, coded)
    assert buckets(steps, "other cloud vendors") == {"unexplained": "7", "ledger 2026-09": "7"}
    assert total(tied["amount"]) == 47 and states[UNEXPLAINED] == "failed"


def test_an_account_that_is_not_in_the_chart_is_named():
    with pytest.raises(InputError) as error:
        entries("""
            fiscal_period  account  vendor    amount
            2026-09        9999     AWS Inc   100.00
        """)
    assert str(error.value) == ("inputs.ledger, column account: account 9999 is not in inputs.accounts; expected every "
                                "account of the ledger in the accounts table; add the account with its kind")


def test_a_month_that_the_ledger_does_not_hold_is_named():
    coded = entries("""
        fiscal_period  account  vendor    amount
        2026-08        6100     AWS Inc   100.00
    """)
    with pytest.raises(InputError, match="no line for 2026-09; it holds 2026-08 to 2026-08; expected the ledger of"):
        ledger.until(coded, "2026-09")


def test_a_missing_rate_stops_the_run():
    with pytest.raises(InputError, match="no rate from EUR to USD for 2026-05"):
        usage("""
            billing_period  service_period  ProviderName  BillingCurrency  BilledCost
            2026-05         2026-05         Google        EUR              100
        """)


cents = st.integers(-5000, 90000).map(lambda count: D(count) / 100)
exact = st.integers(-10**9, 10**10).map(lambda count: D(count) / 10**7)
bills = st.lists(st.tuples(st.sampled_from(["AWS", "Azure", "Google"]), st.integers(0, 3), st.integers(0, 2),
                           st.sampled_from(["", "I1", "I2"]), exact, st.sampled_from(["Usage", "Tax", "Purchase"])),
                 max_size=12)
lines = st.lists(st.tuples(st.sampled_from(["AWS Inc", "MICROSOFT", "Google", "Elsewhere"]), st.integers(0, 3),
                           st.sampled_from(["", "I1", "I2", "I3"]), cents, st.sampled_from(["6100", "6110", "6120", "1480"])),
                 min_size=1, max_size=12)
memos = st.lists(st.tuples(st.sampled_from(["AWS", "Azure"]), st.sampled_from(["", "I1", "I9"]), cents), max_size=3)


@settings(max_examples=40, deadline=None, phases=[Phase.explicit, Phase.generate])
@given(bills, lines, memos, st.randoms(use_true_random=False))
def test_for_any_mix_the_buckets_add_up_and_order_does_not_matter(bills, lines, memos, rng):
    def worked_out(bills, lines):
        frame = pd.DataFrame(
            [(shift("2026-07", month), shift("2026-07", month - late), name, invoice, amount, category, "C", "USD", amount)
             for name, month, late, invoice, amount, category in bills],
            columns=["billing_period", "service_period", "ProviderName", "InvoiceId", "BilledCost", "ChargeCategory",
                     "CommitmentDiscountId", "BillingCurrency", "EffectiveCost"])
        booked = ledger.book(rates.convert(frame, RATES, "USD"), PROVIDERS)
        coded = ledger.code(pd.DataFrame(
            [(shift("2026-07", month), account, vendor, invoice, amount, "USD", None, "")
             for vendor, month, invoice, amount, account in [*lines, ("AWS Inc", 2, "", D(0), "1480")]],
            columns=["fiscal_period", "account", "vendor", "invoice_id", "amount", "currency", "document_amount",
                     "document_currency"]), ACCOUNTS, PROVIDERS)
        items = pd.DataFrame([("2026-09", name, invoice, "credit memo", amount, "USD") for name, invoice, amount in memos],
                             columns=["ledger_period", "ProviderName", "invoice_id", "bucket", "amount", "currency"])
        matches = matching.match(booked, coded, items, PROVIDERS, RATES, "USD")
        steps = bridge.span(booked, booked.iloc[:0], coded, matches, "2026-09")
        tied = bridge.tie(booked, coded, matches, "2026-09", "amortised")
        return steps, tied, coded

    steps, tied, coded = worked_out(bills, lines)
    expense = bridge.cloud_expense(coded, "2026-09")
    usage_start = total(steps.loc[steps["bucket"].str.startswith("usage"), "amount"])
    assert usage_start + total(steps.loc[steps["kind"] == "step", "amount"]) == expense
    assert total(steps.loc[steps["bucket"].str.startswith("ledger"), "amount"]) == expense
    assert total(tied["amount"]) == expense
    again, _, _ = worked_out(rng.sample(bills, len(bills)), rng.sample(lines, len(lines)))
    assert cells(again) == cells(steps)
