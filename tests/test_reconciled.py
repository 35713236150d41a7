"""Beside the bridge: documents, prepaid balances, accruals, three sides of an invoice, open items, posting dates."""

from decimal import Decimal as D
from types import SimpleNamespace

import pandas as pd
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from helpers import accrued, bridge, bucketlines, ledger, matching, openitems, posting, prepaid, rates, received, reconciliation
from helpers import services, threeway, trueup
from helpers.errors import InputError
from helpers.money import ZERO, total
from helpers.periods import shift
from tests.tables import cells, table
from tests.test_reconciliation import ACCOUNTS, PROVIDERS, RATES, TOLERANCE, buckets, entries, reconcile, usage


def matched(booked, coded, items=None, period="") -> pd.DataFrame:
    return matching.match(booked, coded, items, PROVIDERS, RATES, "USD", period=period)


def test_ledger_lines_that_are_no_invoice_are_a_bucket_each_and_an_accrual_is_no_late_invoice():
    booked = usage("""
        billing_period  service_period  ProviderName  InvoiceId  BilledCost
        2026-08         2026-08         AWS           A1         100
        2026-09         2026-09         AWS           A2         120
    """)
    coded = entries("""
        fiscal_period  account  vendor   invoice_id  amount   document_type
        2026-09        6100     AWS Inc  A1          100.00   invoice
        2026-09        6100     AWS Inc  .           120.00   accrual
        2026-09        6100     AWS Inc  .           -99.00   reversal
        2026-09        6100     AWS Inc  R1          -7.00    refund
        2026-09        6100     AWS Inc  .           15.00    support
        2026-09        6100     AWS Inc  .           3.00     marketplace
        2026-09        6100     AWS Inc  A1          -4.00    credit memo
        2026-09        6100     AWS Inc  .           0.50     manual adjustment
    """)
    steps, tied, states = reconcile(booked, coded)
    assert buckets(steps, "AWS") == {
        "usage 2026-09": "120", "timing": "-20", "credit memos": "-4", "refunds": "-7", "marketplace": "3", "support": "15",
        "accruals": "21", "manual adjustments": "0.5", "ledger 2026-09": "128.5"}
    assert set(states.values()) == {"ok"} and total(tied["amount"]) == D("128.50")
    lines = bucketlines.lines(booked, coded, matched(booked, coded), None, {}, "2026-09")
    assert bucketlines.check(steps, lines)["state"] == "ok"
    assert bucketlines.check(steps, lines.iloc[1:])["state"] == "failed"


def test_a_billing_account_may_have_a_lag_of_its_own():
    late = {**PROVIDERS, "AWS": SimpleNamespace(**vars(PROVIDERS["AWS"]), account_lags={"b": 2})}
    lines = pd.DataFrame({"ProviderName": "AWS", "billing_period": "2026-07", "BillingAccountId": ["a", "b"]})
    assert list(ledger.book(lines, late)["ledger_period"]) == ["2026-08", "2026-09"]


def test_recoverable_tax_stands_beside_the_bridge():
    booked = usage("""
        billing_period  service_period  ProviderName  BilledCost
        2026-09         2026-09         Azure         100
    """)
    coded = entries("""
        fiscal_period  account  vendor     amount
        2026-09        6100     MICROSOFT  100.00
        2026-09        1570     MICROSOFT  19.00
    """)
    steps, _, _ = reconcile(booked, coded)
    assert buckets(steps, "Azure") == {"usage 2026-09": "100", "ledger 2026-09": "100", bridge.RECOVERABLE: "19"}


def test_a_ledger_in_another_currency_comes_into_the_reports_at_its_months_rate_and_the_rate_is_the_difference():
    booked = usage("""
        billing_period  service_period  ProviderName  BillingCurrency  BilledCost
        2026-07         2026-07         Google        EUR              100
    """)
    lines = table("""
        fiscal_period  account  vendor  invoice_id  amount  currency
        2026-09        6100     Google  .           100.00  EUR
    """).assign(document_amount=None, document_currency="")
    at_booking = RATES.assign(rate=[D("1.10"), D("1.12"), D("1.15")])
    coded = ledger.code(lines, ACCOUNTS, PROVIDERS, at_booking, "USD")
    steps, _, states = reconcile(booked, coded)
    assert buckets(steps, "Google") == {"timing": "110", "FX": "5", "ledger 2026-09": "115"}
    assert set(states.values()) == {"ok"}
    with pytest.raises(InputError, match="no rate from EUR to USD for 2026-10"):
        ledger.code(lines.assign(fiscal_period="2026-10"), ACCOUNTS, PROVIDERS, RATES, "USD")


NONE_AWAITED = pd.DataFrame(columns=["ProviderName", "billing_period", "billed"])
COMMITMENT = """
    billing_period  service_period  ProviderName  ChargeCategory  CommitmentDiscountId  Status  BilledCost  EffectiveCost
    2026-08         2026-08         Azure         Purchase        R1                    .       120         0
    2026-08         2026-08         Azure         Usage           R1                    Used    0           9
    2026-08         2026-08         Azure         Usage           R1                    Unused  0           1
    2026-09         2026-09         Azure         Usage           R1                    Used    0           7
    2026-09         2026-09         Azure         Usage           R1                    Unused  0           3
    2026-09         2026-09         Azure         Purchase        R2                    .       60          0
    2026-09         2026-09         Azure         Usage           R0                    Used    0           5
"""


def commitments() -> pd.DataFrame:
    lines = usage(COMMITMENT)
    return lines.rename(columns={"Status": "CommitmentDiscountStatus"}).assign(owner="")


def test_each_prepaid_commitment_rolls_forward_and_its_ledger_balance_is_compared():
    booked = commitments()
    rolled = prepaid.roll_forward(booked, PROVIDERS, "2026-09")
    names = ["CommitmentDiscountId", "opening", "purchases", "amortised", "of_it_unused", "closing", "note"]
    assert cells(rolled, *names) == [("R0", "0", "0", "5", "0", "-5", prepaid.BEFORE), ("R1", "110", "0", "10", "3", "100", ""),
                                     ("R2", "0", "60", "0", "0", "60", "")]
    coded = entries("""
        fiscal_period  account  vendor     amount
        2026-08        1480     MICROSOFT  120.00
        2026-08        1480     MICROSOFT  -10.00
        2026-09        1480     MICROSOFT  60.00
        2026-09        1480     MICROSOFT  -12.00
    """)
    names = ["compared_by", "by_bills", "ledger_opening", "ledger_added", "ledger_released", "ledger_closing", "difference"]
    assert cells(prepaid.against(rolled, coded, PROVIDERS, "2026-09"), *names) == [
        (prepaid.MOVEMENT, "45", "110", "60", "-12", "158", "3")]
    sides = prepaid.against(rolled[rolled["CommitmentDiscountId"].ne("R0")], coded, PROVIDERS, "2026-09")
    assert cells(sides, *names) == [(prepaid.BALANCE, "160", "110", "60", "-12", "158", "-2")]
    states = {row["check"]: (row["state"], row["amount"]) for row in prepaid.check(rolled, sides, TOLERANCE)}
    assert states["prepaid balance of the ledger against the bills"] == ("finding", D(-2))
    assert cells(prepaid.unused(booked, "2026-09"), "CommitmentDiscountId", "accountable", "effective") == [
        ("R1", "FinOps team", "3")]


def test_what_the_ledger_does_not_hold_yet_is_accrued_reversed_and_trued_up():
    booked = usage("""
        billing_period  service_period  ProviderName  InvoiceId  BilledCost
        2026-08         2026-08         AWS           A1         100.004
        2026-09         2026-09         AWS           .          120.006
        2026-09         2026-09         Azure         E1         70
        2026-09         2026-09         Azure         E2         30
    """)
    coded = entries("""
        fiscal_period  account  vendor     invoice_id  amount
        2026-08        6100     MICROSOFT  E0          1.00
        2026-09        6100     MICROSOFT  E1          70.00
        2026-09        6100     AWS Inc    A1          99.00
    """)
    matches = matched(booked, coded)
    due = accrued.accruals(booked, coded, matches, PROVIDERS, "2026-09")
    assert cells(due, "ProviderName", "billing_period", "invoice_id", "why", "amount") == [
        ("AWS", "2026-09", "", accrued.NOT_DUE, "120.01"), ("Azure", "2026-09", "E2", accrued.LOST, "30")]
    lines = accrued.journal(due, coded, "2190", "2026-09", "USD")
    assert cells(lines, "document", "posting_date", "vendor", "account", "debit", "credit")[::3] == [
        ("ACC-2026-09", "2026-09-30", "AWS", "6100", "120.01", "0"), ("ACC-2026-09", "2026-09-30", "Azure", "2190", "0", "30"),
        ("REV-2026-09", "2026-10-01", "Azure", "6100", "0", "30")]
    assert [check["state"] for check in accrued.check(lines, "2190", NONE_AWAITED)] == ["ok"] * 4
    assert [check["state"] for check in accrued.check(lines.iloc[1:], "2190", NONE_AWAITED)][:2] == ["failed", "failed"]
    before = accrued.accruals(booked, coded, matches, PROVIDERS, "2026-09", back=1)
    assert cells(trueup.true_up(before, coded, matches, "2026-09"), "invoice_id", "origin", "accrued", "booked", "true_up", "state") == [
        ("A1", trueup.PROPOSED, "100", "99", "-1", "booked")]


def test_what_the_ledger_has_accrued_already_is_not_accrued_again():
    booked = usage("""
        billing_period  service_period  ProviderName  BilledCost
        2026-09         2026-09         AWS           120.006
    """)
    coded = entries("""
        fiscal_period  account  vendor   amount   document_type
        2026-08        6100     AWS Inc  90.00    accrual
        2026-09        6100     AWS Inc  -90.00   reversal
        2026-09        6100     AWS Inc  115.00   accrual
    """)
    due = accrued.accruals(booked, coded, matched(booked, coded), PROVIDERS, "2026-09")
    assert cells(due, "why", "amount") == [(accrued.NOT_DUE, "120.01"), (trueup.ALREADY, "-115")]
    lines = accrued.journal(due, coded, "2190", "2026-09", "USD")
    assert total(lines.loc[(lines["account"] == "6100") & (lines["fiscal_period"] == "2026-09"), "debit"]) == D("120.01")
    assert {check["state"] for check in accrued.check(lines, "2190", NONE_AWAITED)} == {"ok"}


INVOICES = """
    ProviderName  invoice_id  billing_period  BillingAccountId  amount  tax_amount  currency
    AWS           A1          2026-08         .                 100.00  5.00        USD
    AWS           A9          2026-08         .                 8.00    .           USD
    Azure         E1          2026-09         one               70.00   .           USD
    Azure         E2          2026-09         two               31.00   .           USD
    Google        G1          2026-07         .                 50.00   .           EUR
"""


def test_usage_invoice_and_ledger_stand_side_by_side_and_each_disagreement_is_named():
    booked = usage("""
        billing_period  service_period  ProviderName  BillingAccountId  InvoiceId  ChargeCategory  BillingCurrency  BilledCost
        2026-08         2026-08         AWS           a                 A1         Usage           USD              99.996
        2026-08         2026-08         AWS           a                 A1         Tax             USD              5
        2026-09         2026-09         Azure         one               .          Usage           USD              70
        2026-09         2026-09         Azure         two               .          Usage           USD              30
        2026-07         2026-07         Google        g                 G1         Usage           EUR              50
        2026-07         2026-07         Google        g                 G2         Usage           EUR              6
    """)
    coded = entries("""
        fiscal_period  account  vendor     invoice_id  amount  document_amount  document_currency
        2026-09        6100     AWS Inc    A1          100.00  100.00           USD
        2026-09        6110     AWS Inc    A1          5.00    5.00             USD
        2026-09        6100     MICROSOFT  E2          28.00   28.00            USD
        2026-09        6100     Google     G1          65.00   50.00            EUR
        2026-09        6100     Google     G7          1.00    1.00             EUR
    """)
    found = threeway.match(booked, table(INVOICES), coded, None, PROVIDERS, "2026-09", TOLERANCE)
    assert cells(found, "invoice_id", "matched_by", "state") == [
        ("A1", "invoice number", "ties"), ("A9", "", "no usage for it"),
        ("E1", "billing account and month", "not in the ledger"),
        ("E2", "billing account and month", "ledger differs"),
        ("G1", "invoice number", "ties"), ("G2", "", "no invoice for it"), ("G7", "", "in the ledger alone")]
    [check] = threeway.check(found)
    assert (check["state"], check["amount"]) == ("finding", D("8.00") + 70 + 1 + 3 + 6 + 1)


def test_focus_invoice_details_are_invoices_each_detail_in_its_last_state_and_voided_ones_left_out():
    details = table("""
        InvoiceDetailId  InvoiceDetailLastUpdated  InvoiceIssueStatus  InvoiceId  InvoiceIssuerName  ChargeCategory  BilledCost
        d1               2026-09-02                Issued              A1         Reseller           Usage           90.00
        d1               2026-09-03                Issued              A1         Reseller           Usage           99.99
        d2               2026-09-03                Issued              A1         Reseller           Tax             5.00
        d3               2026-09-03                Voided              A2         Reseller           Usage           7.00
    """).assign(BillingPeriodStart="2026-08-01T00:00:00Z", BillingAccountId="a", BillingCurrency="USD",
                InvoiceIssueDate="2026-09-03T00:00:00Z")
    lines = pd.DataFrame({"InvoiceId": ["A1"], "ProviderName": ["AWS"], "InvoiceIssuerName": ["Reseller"]})
    found = received.invoices(None, details, lines, services.shipped())
    assert cells(found) == [("AWS", "A1", "2026-09-03", "2026-08", "a", "99.99", "5", "USD")]
    assert received.invoices(None, None, lines, services.shipped()) is None
    both = received.invoices(table(INVOICES).assign(invoice_date=""), details, lines, services.shipped())
    assert cells(both[both["invoice_id"].eq("A1")], "amount") == [("100",)] and len(both) == 5


def test_a_listed_credit_memo_may_stand_between_usage_and_invoice():
    booked = usage("""
        billing_period  service_period  ProviderName  BillingAccountId  InvoiceId  BilledCost
        2026-08         2026-08         AWS           a                 A1         104
    """)
    coded = entries("""
        fiscal_period  account  vendor   invoice_id  amount
        2026-09        6100     AWS Inc  A1          100.00
    """)
    items = table("""
        ledger_period  ProviderName  invoice_id  bucket       amount  currency
        2026-09        AWS           A1          credit memo  -4.00   USD
    """)
    found = threeway.match(booked, table(INVOICES).iloc[:1], coded, items, PROVIDERS, "2026-09", TOLERANCE)
    assert list(found["state"]) == ["ties but for credit memos"] and threeway.check(found)[0]["state"] == "ok"


MISSING = """
    billing_period  service_period  ProviderName  InvoiceId  BilledCost
    2026-08         2026-08         Azure         E1         70
    2026-08         2026-08         Azure         E2         30
    2026-09         2026-09         Azure         E3         50
"""


def missed(month: str) -> pd.DataFrame:
    coded = entries("""
        fiscal_period  account  vendor     invoice_id  amount
        2026-08        6100     MICROSOFT  E1          70.00
        2026-09        6100     MICROSOFT  E3          100.00
        2026-10        6100     MICROSOFT  E2          30.00
    """)
    return matched(usage(MISSING), coded[coded["fiscal_period"] <= month], period=month)


def test_an_open_item_is_carried_with_its_age_until_its_invoice_is_booked():
    ages = [cells(openitems.items(missed(month), None, month), "invoice_id", "bucket", "first_seen", "age", "amount")
            for month in ("2026-08", "2026-09", "2026-10")]
    assert ages == [[("E2", "missing invoices", "2026-08", 0, "-30")],
                    [("E3", "duplicates", "2026-09", 0, "50"), ("E2", "missing invoices", "2026-08", 1, "-30")],
                    [("E3", "duplicates", "2026-09", 1, "50")]]
    assert openitems.items(missed("2026-09"), None, "2026-09").at[0, "cause"].startswith("booked more than once")
    [carried, _] = openitems.check(openitems.items(missed("2026-09"), None, "2026-09"), [], "2026-09")
    assert (carried["state"], carried["amount"], carried["note"]) == ("finding", D(-30), "Azure E2 since 2026-08")


def test_items_below_materiality_stay_in_view_and_are_no_finding():
    table = openitems.items(missed("2026-09"), None, "2026-09")
    [carried, _] = openitems.check(table, [], "2026-09", D("30.01"))
    assert carried["state"] == "ok" and len(table) == 2


def test_a_correction_counts_in_its_bill_and_in_the_month_it_corrects():
    booked = usage("""
        billing_period  service_period  ProviderName  BilledCost
        2026-08         2026-08         AWS           100
        2026-09         2026-09         AWS           50
        2026-09         2026-08         AWS           -7
    """)
    assert cells(reconciliation.booked_consumed(booked, "2026-09")) == [
        ("AWS", "2026-09", "43", "50", "0"), ("AWS", "2026-08", "100", "93", "-7")]


def test_a_note_gives_owner_and_reason_and_clears_an_item_from_its_month_on(tmp_path):
    (tmp_path / "open_items.csv").write_text(
        "ProviderName,first_seen,invoice_id,bucket,owner,note,cleared_in\n"
        "Azure,2026-09,E3,duplicates,Head of Payables,posted twice; reversed,2026-10\n"
        "Azure,2026-07,E3,unexplained,,nothing,\n")
    told = openitems.notes(tmp_path)
    seen = [cells(openitems.items(missed(month), told, month), "invoice_id", "owner", "note", "state")
            for month in ("2026-09", "2026-10", "2026-11")]
    assert seen[0][0] == ("E3", "Head of Payables", "posted twice; reversed", "open")
    assert seen[1] == [("E3", "Head of Payables", "posted twice; reversed", "cleared by note")] and seen[2] == []
    assert openitems.unknown_notes(told, missed("2026-09")) == [("Azure", "2026-07", "E3", "unexplained")]
    assert openitems.notes(tmp_path / "none") is None


@pytest.mark.parametrize(("bill", "booked", "cause"), [
    ("80", "-80.00", "booked with the sign turned"), ("80", "160.00", "booked more than once: reverse it, and see that it is not paid twice"),
    ("80", "55.00", "credit, tax or adjustment that no one listed"),
    ("80000", "80.00", "a decimal point in another place")])
def test_an_unexplained_difference_comes_with_what_is_most_likely_behind_it(bill, booked, cause):
    matches = matched(usage(f"""
        billing_period  service_period  ProviderName  InvoiceId  BilledCost
        2026-09         2026-09         Azure         E1         {bill}
    """), entries(f"""
        fiscal_period  account  vendor     invoice_id  amount
        2026-09        6100     MICROSOFT  E1          {booked}
    """))
    assert list(openitems.items(matches, None, "2026-09")["cause"]) == [cause]


CALENDAR = table("""
    fiscal_period  first_day   last_day
    2026-09        2026-08-31  2026-09-27
    2026-10        2026-09-28  2026-10-25
""")


def test_fiscal_periods_of_weeks_have_their_own_days_and_lines_outside_them_are_told():
    coded = entries("""
        line_id  fiscal_period  posting_date  account  vendor   amount  text
        1        2026-09        2026-08-31    6100     AWS Inc  1.00    in
        2        2026-09        2026-09-28    6100     AWS Inc  2.00    out
        3        2026-09        2026-10-02    6500     Desk     4.00    other
    """)
    assert list(posting.misdated(coded, posting.require_calendar(CALENDAR), "2026-09")["line_id"]) == ["2"]
    assert list(posting.misdated(coded, None, "2026-09")["line_id"]) == ["1"]
    assert posting.days("2026-02") == ("2026-02-01", "2026-02-28") and posting.days("2026-10", CALENDAR)[1] == "2026-10-25"
    gap = CALENDAR.assign(first_day=["2026-08-31", "2026-09-29"])
    with pytest.raises(InputError, match="2026-10: first_day .2026-09-29.; expected 2026-09-28, the day after 2026-09 ends"):
        posting.require_calendar(gap)


def test_an_invoice_in_two_currencies_is_a_finding():
    coded = entries("""
        fiscal_period  account  vendor   invoice_id  amount  document_amount  document_currency
        2026-09        6100     AWS Inc  A1          100.00  100.00           USD
        2026-09        6100     AWS Inc  A1          12.00   10.00            EUR
    """)
    mixed = posting.two_currencies(coded, "2026-09")
    assert cells(mixed, "invoice_id", "currencies", "amount") == [("A1", "EUR, USD", "112")]
    assert posting.check(posting.misdated(coded, None, "2026-09"), mixed)[1]["state"] == "finding"


KINDS = ["", "invoice", *ledger.DOCUMENT_BUCKETS]
exact = st.integers(-10**8, 10**9).map(lambda count: D(count) / 10**6)
cents = st.integers(-5000, 90000).map(lambda count: D(count) / 100)
bill_lines = st.lists(st.tuples(st.sampled_from(["AWS", "Azure", "Google"]), st.integers(0, 3), st.integers(0, 2),
                                st.sampled_from(["", "I1", "I2"]), exact, st.sampled_from(["Usage", "Tax", "Purchase", "Credit"]),
                                st.sampled_from(["USD", "EUR"])), max_size=10)
ledger_lines = st.lists(st.tuples(st.sampled_from(["AWS Inc", "MICROSOFT", "Google", "Elsewhere"]), st.integers(0, 3),
                                  st.sampled_from(["", "I1", "I2", "I3"]), cents, st.sampled_from(["6100", "6110", "6120", "1480", "1570"]),
                                  st.sampled_from(KINDS), st.sampled_from(["USD", "EUR"])), min_size=1, max_size=10)


@settings(max_examples=60, deadline=None, phases=[Phase.explicit, Phase.generate])
@given(st.tuples(*[st.integers(0, 3)] * 3), bill_lines, ledger_lines, st.randoms(use_true_random=False))
def test_whatever_lags_documents_and_currencies_the_buckets_and_their_lines_add_up_and_neither_order_nor_splits_matter(
        lags, given_bills, given_lines, rng):
    rate_rows = pd.DataFrame([(shift("2026-01", month), "EUR", "USD", D("1.1") + D(month) / 100, "bank") for month in range(12)],
                             columns=["period", "from_currency", "to_currency", "rate", "source"])
    providers = {name: SimpleNamespace(**{**vars(setting), "lag": lag})
                 for (name, setting), lag in zip(PROVIDERS.items(), lags, strict=True)}

    def worked_out(bills, lines):
        frame = pd.DataFrame(
            [(shift("2026-06", month), shift("2026-06", month - late), name, invoice, amount, category, "C", currency, amount, "S",
              "Used", "") for name, month, late, invoice, amount, category, currency in bills],
            columns=["billing_period", "service_period", "ProviderName", "InvoiceId", "BilledCost", "ChargeCategory",
                     "CommitmentDiscountId", "BillingCurrency", "EffectiveCost", "ServiceName", "CommitmentDiscountStatus", "owner"])
        booked = ledger.book(rates.convert(frame, rate_rows, "USD"), providers)
        coded = ledger.code(pd.DataFrame(
            [(shift("2026-06", month), account, vendor, invoice, amount, currency, None, "", kind)
             for vendor, month, invoice, amount, account, kind, currency in [*lines, ("AWS Inc", 3, "", D(0), "1480", "", "USD")]],
            columns=["fiscal_period", "account", "vendor", "invoice_id", "amount", "currency", "document_amount",
                     "document_currency", "document_type"]), ACCOUNTS, providers, rate_rows, "USD")
        matches = matching.match(booked, coded, None, providers, rate_rows, "USD")
        steps = bridge.span(booked, booked.iloc[:0], coded, matches, "2026-09")
        return booked, coded, matches, steps

    booked, coded, matches, steps = worked_out(given_bills, given_lines)
    expense = bridge.cloud_expense(coded, "2026-09")
    start = total(steps.loc[steps["bucket"].str.startswith("usage"), "amount"])
    assert start + total(steps.loc[steps["kind"] == "step", "amount"]) == expense
    lines = bucketlines.lines(booked, coded, matches, None, {}, "2026-09")
    assert bucketlines.check(steps, lines)["state"] == "ok"
    halves = [(*row[:4], part, *row[5:]) for row in given_bills for part in (row[4] / 2, row[4] / 2)]
    again = worked_out(rng.sample(halves, len(halves)), rng.sample(given_lines, len(given_lines)))[3]
    assert cells(again) == cells(steps)
    rolled = prepaid.roll_forward(booked, providers, "2026-09")
    assert {check["state"] for check in prepaid.check(rolled, prepaid.against(rolled, coded, providers, "2026-09"), TOLERANCE)
            } <= {"ok", "finding"}
    due = accrued.accruals(booked, coded, matches, providers, "2026-09")
    lines = accrued.journal(due, coded, "2190", "2026-09", "USD")
    assert [check["state"] for check in accrued.check(lines, "2190", accrued.awaited(booked, "2026-09"))][:2] == ["ok", "ok"]
    trueup.true_up(accrued.accruals(booked, coded, matches, providers, "2026-09", back=1), coded, matches, "2026-09")
    assert reconciliation.by_month(matches, coded, "2026-09")["unexplained"].map(type).eq(type(ZERO)).all()
