"""An invoice through the ledger's months: late, early, again, taken back, in part, with tax, at another rate."""

from decimal import Decimal as D
from types import SimpleNamespace

import pandas as pd
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from helpers import (
    accrued, bridge, bucketlines, ledger, matching, openitems, prepaid, rates, received, services, threeway, trueup, typed)
from helpers.errors import InputError
from helpers.money import plain, total
from helpers.settlement import BUCKETS
from tests.tables import cells, table
from tests.test_reconciliation import PROVIDERS, RATES, TOLERANCE, entries, usage

THREE = """
    billing_period  service_period  ProviderName  InvoiceId  BilledCost
    2026-07         2026-07         Azure         E7         100
    2026-08         2026-08         Azure         E8         110
    2026-09         2026-09         Azure         E9         120
"""


def settled(bills: str, books: str, period: str = "2026-09") -> tuple[dict, list]:
    """By ledger month and invoice the buckets that hold something; and the open items."""
    matches = matching.match(usage(bills), entries(books), None, PROVIDERS, RATES, "USD", period=period)
    held = {}
    for row in matches.to_dict("records"):
        expected = row["bill"] - row["purchases"]
        assert total(row[name] for name in BUCKETS) == row["ledger"] - expected
        found = {name: plain(row[name]) for name in BUCKETS if row[name]}
        if found:
            held[row["ledger_period"][5:], row["invoice_id"]] = found
    return held, cells(openitems.items(matches, None, period), "first_seen", "invoice_id", "bucket", "amount")


HEAD = "fiscal_period  account  vendor     invoice_id  amount"
CASES = {
    "missing in August, booked whole in September": (["08  6500  Desk  .  1.00", "09  6100  MICROSOFT  E8  110.00"], {
        ("08", "E8"): {"missing invoices": "-110"}, ("09", "E8"): {"late invoices": "110"}}, []),
    "a tenth of it is booked in September, the rest stays open": (["09  6100  MICROSOFT  E8  11.00"], {
        ("08", "E8"): {"missing invoices": "-110"}, ("09", "E8"): {"late invoices": "11"}},
        [("2026-08", "E8", "missing invoices", "-99")]),
    "part in August, the rest in September": (["08  6100  MICROSOFT  E8  60.00", "09  6100  MICROSOFT  E8  50.00"], {
        ("08", "E8"): {"unexplained": "-50"}, ("09", "E8"): {"late invoices": "50"}}, []),
    "booked in August and again in September": (["08  6100  MICROSOFT  E8  110.00", "09  6100  MICROSOFT  E8  110.00"], {
        ("09", "E8"): {"duplicates": "110"}}, [("2026-09", "E8", "duplicates", "110")]),
    "booked twice in August and taken back in September": (
        ["08  6100  MICROSOFT  E8  110.00", "08  6100  MICROSOFT  E8  110.00", "09  6100  MICROSOFT  E8  -110.00"], {
            ("08", "E8"): {"duplicates": "110"}, ("09", "E8"): {"duplicates": "-110"}}, []),
    "late and twice": (["09  6100  MICROSOFT  E8  110.00", "09  6100  MICROSOFT  E8  110.00"], {
        ("08", "E8"): {"missing invoices": "-110"}, ("09", "E8"): {"late invoices": "110", "duplicates": "110"}},
        [("2026-09", "E8", "duplicates", "110")]),
    "two equal halves are no duplicate": (["08  6100  MICROSOFT  E8  55.00", "08  6100  MICROSOFT  E8  55.00"], {}, []),
    "one of two halves again": (["08  6100  MICROSOFT  E8  55.00"] * 3, {
        ("08", "E8"): {"unexplained": "55"}}, [("2026-08", "E8", "unexplained", "55")]),
    "a line of cost and one of tax, both twice": (
        ["08  6100  MICROSOFT  E8  110.00", "08  6110  MICROSOFT  E8  11.00"] * 2, {
            ("08", "E8"): {"tax": "11", "duplicates": "121"}}, [("2026-08", "E8", "duplicates", "121")]),
    "tax a month later is tax": (["08  6100  MICROSOFT  E8  110.00", "09  6110  MICROSOFT  E8  20.00"], {
        ("09", "E8"): {"tax": "20"}}, []),
    "capitalised": (["08  0410  MICROSOFT  E8  110.00"], {("08", "E8"): {"capitalised": "-110"}}, []),
}


@pytest.mark.parametrize("case", CASES)
def test_what_an_earlier_month_lacked_or_had_too_much_is_told_by_name_and_cleared(case):
    lines, buckets, items = CASES[case]
    rest = ["07  6100  MICROSOFT  E7  100.00", "09  6100  MICROSOFT  E9  120.00"]
    books = "\n".join([HEAD, *(f"2026-{line}" for line in [*rest, *lines])])
    assert settled(THREE, books) == (buckets, items)


def test_an_invoice_booked_before_it_is_due_is_early_and_never_accrued():
    bills = usage("""
        billing_period  service_period  ProviderName  InvoiceId  BilledCost
        2026-07         2026-07         AWS           A7         100
        2026-08         2026-08         AWS           A8         110
    """)
    coded = entries(f"{HEAD}\n2026-08  6100  AWS Inc  A7  100.00\n2026-08  6100  AWS Inc  A8  110.00\n2026-09  6500  Desk  .  1.00")
    august = matching.match(bills, coded, None, PROVIDERS, RATES, "USD", period="2026-08")
    assert cells(august, "invoice_id", "early invoices", "open", "matched_by") == [
        ("A7", "0", "0", "invoice number"), ("A8", "110", "0", "bill of a later month")]
    assert accrued.accruals(bills, coded, august, PROVIDERS, "2026-08").empty
    both = matching.match(bills, coded, None, PROVIDERS, RATES, "USD", period="2026-09")
    assert cells(both[both["ledger_period"].eq("2026-09")], "invoice_id", "early invoices", "open") == [("A8", "-110", "0")]


def test_months_without_invoice_numbers_come_late_only_whole():
    bills = THREE.replace("E7", ". ").replace("E8", ". ").replace("E9", ". ")
    books = [HEAD, "2026-07  6100  MICROSOFT  .  100.00", "2026-09  6100  MICROSOFT  .  120.00"]
    assert settled(bills, "\n".join([*books, "2026-09  6100  MICROSOFT  .  110.00"])) == (
        {("08", ""): {"missing invoices": "-110"}, ("09", ""): {"late invoices": "110"}}, [])
    held, items = settled(bills, "\n".join([*books, "2026-09  6100  MICROSOFT  .  7.00"]))
    assert held["09", ""] == {"unexplained": "7"} and len(items) == 2


def test_a_line_without_number_does_not_take_the_numbers_from_the_others():
    held, items = settled(THREE + "    2026-09  2026-09  Azure  .  5", "\n".join([
        HEAD, "2026-07  6100  MICROSOFT  E7  100.00", "2026-08  6100  MICROSOFT  .  3.00", "2026-09  6100  MICROSOFT  E8  110.00",
        "2026-09  6100  MICROSOFT  E9  120.00", "2026-09  6100  MICROSOFT  .  5.00"]))
    assert held == {("08", ""): {"unexplained": "3"}, ("08", "E8"): {"missing invoices": "-110"}, ("09", "E8"): {"late invoices": "110"}}
    assert items == [("2026-08", "", "unexplained", "3")]


def test_where_bill_and_ledger_share_no_number_the_provider_and_month_answer():
    held, items = settled(THREE, "\n".join([HEAD, "2026-07  6100  MICROSOFT  510001  100.00",
                                            "2026-08  6100  MICROSOFT  510002  110.00", "2026-09  6100  MICROSOFT  510003  120.00"]))
    assert (held, items) == ({}, [])


@pytest.mark.parametrize("numbers", [("51001", "51002", "E9"), ("E8", "E9", "E10"), (".", "51002", "E9"), ("51001", "51002", ".")])
def test_months_that_tied_by_provider_and_month_stay_tied_whatever_number_comes_later(numbers):
    lines = [f"2026-0{month}  6100  MICROSOFT  {number}  {amount}.00"
             for month, number, amount in zip((7, 8, 9), numbers, (100, 110, 120), strict=True)]
    books = "\n".join([HEAD, *lines])
    assert [settled(THREE, books, period) for period in ("2026-07", "2026-08", "2026-09")] == [({}, [])] * 3
    booked, coded = usage(THREE), entries(books)
    assert accrued.accruals(booked, coded, matching.match(booked, coded, None, PROVIDERS, RATES, "USD"), PROVIDERS, "2026-09").empty


def test_a_month_that_did_not_tie_hears_the_number_that_comes_later():
    books = [HEAD, "2026-07  6100  MICROSOFT  51001  100.00", "2026-08  6100  MICROSOFT  51002  3.00"]
    assert settled(THREE, "\n".join(books), "2026-08")[0] == {("08", ""): {"unexplained": "-107"}}
    books += ["2026-09  6100  MICROSOFT  E8  110.00", "2026-09  6100  MICROSOFT  E9  120.00"]
    assert settled(THREE, "\n".join(books))[0] == {
        ("08", "51002"): {"unexplained": "3"}, ("08", "E8"): {"missing invoices": "-110"}, ("09", "E8"): {"late invoices": "110"}}


def test_a_month_without_any_line_of_a_ledger_with_its_own_numbers_comes_late_by_the_month():
    books = "\n".join([HEAD, "2026-07  6100  MICROSOFT  51001  100.00", "2026-09  6100  MICROSOFT  51002  110.00",
                       "2026-09  6100  MICROSOFT  51003  120.00"])
    assert settled(THREE, books) == ({("08", ""): {"missing invoices": "-110"}, ("09", ""): {"late invoices": "110"}}, [])


def test_tax_in_the_bill_that_the_ledger_books_as_a_claim_is_tax_and_is_not_accrued():
    bills = """
        billing_period  service_period  ProviderName  InvoiceId  ChargeCategory  BilledCost
        2026-08         2026-08         AWS           A8         Usage           100
        2026-08         2026-08         AWS           A8         Tax             20
        2026-09         2026-09         AWS           A9         Usage           120
        2026-09         2026-09         AWS           A9         Tax             24
    """
    books = f"{HEAD}\n2026-09  6100  AWS Inc  A8  100.00\n2026-09  1570  AWS Inc  A8  20.00"
    assert settled(bills, books) == ({("09", "A8"): {"tax": "-20"}}, [])
    booked, coded = usage(bills), entries(books)
    matches = matching.match(booked, coded, None, PROVIDERS, RATES, "USD")
    assert cells(accrued.accruals(booked, coded, matches, PROVIDERS, "2026-09"), "invoice_id", "amount") == [("A9", "120")]


@pytest.mark.parametrize(("bills", "books", "held"), [
    (["08  AWS  A8  Usage  110"], ["08  6100  AWS Inc  A8  110.00", "08  6110  AWS Inc  A8  20.00"],
     {("08", "A8"): {"tax": "20", "early invoices": "110"}, ("09", "A8"): {"early invoices": "-110"}}),
    (["08  AWS  A8  Usage  100", "08  AWS  A8  Tax  20"], ["08  6100  AWS Inc  A8  100.00", "08  1570  AWS Inc  A8  20.00"],
     {("08", "A8"): {"early invoices": "100"}, ("09", "A8"): {"tax": "-20", "early invoices": "-100"}}),
    (["08  AWS  A8  Usage  100", "08  AWS  A8  Tax  20"], ["08  1570  AWS Inc  A8  20.00", "09  6100  AWS Inc  A8  100.00"],
     {("09", "A8"): {"tax": "-20"}})])
def test_tax_on_an_invoice_that_is_booked_ahead_is_tax_and_a_claim_waits_for_its_bill(bills, books, held):
    text = "\n".join(["billing_period  service_period  ProviderName  InvoiceId  ChargeCategory  BilledCost",
                      *(f"2026-{line[:2]}  2026-{line}" for line in bills)])
    ledger_lines = "\n".join([HEAD, "2026-09  6500  Desk  .  1.00", *(f"2026-{line}" for line in books)])
    assert settled(text, ledger_lines) == (held, [])


@pytest.mark.parametrize(("late", "due"), [([], "100"), (["09  6100  MICROSOFT  E8  60.00"], "40"), (["09  6100  MICROSOFT  E8  100.00"], ""),
                                           (["09  6100  MICROSOFT  E8  60.00", "09  1570  MICROSOFT  E8  20.00"], "40")])
def test_of_a_missing_invoice_nothing_is_accrued_for_tax_that_is_still_to_be_claimed(late, due):
    booked = usage("""
        billing_period  service_period  ProviderName  InvoiceId  ChargeCategory  BilledCost
        2026-08         2026-08         Azure         E8         Usage           100
        2026-08         2026-08         Azure         E8         Tax             20
        2026-09         2026-09         Azure         E9         Usage           10
        2026-09         2026-09         Azure         E9         Tax             2
    """)
    coded = entries("\n".join([HEAD, "2026-08  6500  Desk  .  1.00", "2026-09  6100  MICROSOFT  E9  10.00",
                               "2026-09  1570  MICROSOFT  E9  2.00", *(f"2026-{line}" for line in late)]))
    matches = matching.match(booked, coded, None, PROVIDERS, RATES, "USD")
    rows = cells(accrued.accruals(booked, coded, matches, PROVIDERS, "2026-09"), "invoice_id", "amount")
    assert rows == ([("E8", due)] if due else [])


def test_a_late_invoice_at_another_rate_is_late_at_the_billed_months_and_fx_for_the_rest():
    bills = """
        billing_period  service_period  ProviderName  InvoiceId  BillingCurrency  BilledCost
        2026-08         2026-08         Azure         E8         EUR              100
    """
    books = """
        fiscal_period  account  vendor     invoice_id  amount  document_amount  document_currency
        2026-08        6500     Desk       .           1.00    .                .
        2026-09        6100     MICROSOFT  E8          130.00  100.00           EUR
    """
    assert settled(bills, books)[0] == {("08", "E8"): {"missing invoices": "-120"}, ("09", "E8"): {"late invoices": "120", "FX": "10"}}


EUROS = """
    billing_period  service_period  ProviderName  InvoiceId  BillingCurrency  BilledCost
    2026-07         2026-07         Azure         .          EUR              100
    2026-08         2026-08         Azure         .          EUR              50
    2026-09         2026-09         Azure         .          EUR              100
"""


@pytest.mark.parametrize(("lines", "september", "items"), [
    (["07  110.00  100.00  EUR", "09  195.00  150.00  EUR"], {"late invoices": "60", "FX": "5"}, []),
    (["09  325.00  250.00  EUR"], {"late invoices": "170", "FX": "25"}, []),  # 250 × 1.30 less 130, 110 and 60
    (["07  110.00  .       .", "09  195.00  .       ."], {"late invoices": "60", "FX": "5"}, []),
    (["07  110.00  100.00  EUR", "09  169.00  130.00  EUR"], {"unexplained": "39"}, [
        ("2026-08", "", "missing invoices", "-60"), ("2026-09", "", "unexplained", "39")])])
def test_a_foreign_month_without_number_comes_late_at_its_own_rate_and_the_rest_is_fx(lines, september, items):
    books = "\n".join(["fiscal_period  account  vendor     amount  document_amount  document_currency",
                       "2026-07  6500  Desk  1.00  .  .", *(f"2026-{line[:2]}  6100  MICROSOFT  {line[4:]}" for line in lines)])
    held, left = settled(EUROS, books)
    assert held["09", ""] == september and left == items


TYPED = HEAD + "  document_type\n2026-07  6100  MICROSOFT  E7  100.00  .\n2026-08  6100  MICROSOFT  E8  110.00  .\n"


@pytest.mark.parametrize(("bills", "lines", "september"), [
    *(([("E9", "Usage", amount)], [f"6100  MICROSOFT  E9  {amount}.00  {kind}"], {})
      for kind, amount in (("support", "500"), ("marketplace", "500"), ("refund", "-500"), ("credit memo", "-500"))),
    ([("E9", "Usage", "1000"), ("E9", "Purchase", "500")],
     ["6100  MICROSOFT  E9  1000.00  .", "6100  MICROSOFT  E9  500.00  support"], {}),
    ([("E9", "Usage", "1000")], ["6100  MICROSOFT  E9  1000.00  .", "6100  MICROSOFT  E9  500.00  support"], {"support": "500"}),
    ([("E9", "Usage", "110"), ("E9", "Credit", "-10")],
     ["6100  MICROSOFT  E9  110.00  .", "6100  MICROSOFT  E9  -10.00  credit memo"], {}),
    ([("E9", "Usage", "110"), ("E9", "Tax", "11"), ("E9", "Credit", "-10")],
     ["6100  MICROSOFT  E9  110.00  .", "6100  MICROSOFT  E9  -10.00  credit memo", "6110  MICROSOFT  E9  11.00  ."], {}),
    ([("E9", "Usage", "110")], ["6100  MICROSOFT  E9  110.00  .", "6100  MICROSOFT  E9  -10.00  credit memo"], {"credit memos": "-10"}),
    ([("E9", "Usage", "110"), ("E9", "Credit", "-20")],
     ["0410  MICROSOFT  E9  110.00  .", "0410  MICROSOFT  E9  -20.00  credit memo"], {"capitalised": "-90"})])
def test_a_document_with_the_number_of_a_bill_that_lacks_it_books_the_bill_and_any_other_stands_beside_it(bills, lines, september):
    text = "billing_period  service_period  ProviderName  InvoiceId  ChargeCategory  BilledCost\n" + "\n".join([
        "2026-07  2026-07  Azure  E7  Usage  100", "2026-08  2026-08  Azure  E8  Usage  110",
        *(f"2026-09  2026-09  Azure  {number}  {category}  {amount}" for number, category, amount in bills)])
    books = TYPED + "\n".join(f"2026-09  {line}" for line in lines)
    held, items = settled(text, books)
    assert held == ({("09", "E9"): september} if september else {}) and items == []
    booked, coded = usage(text), entries(books)
    matches = matching.match(booked, coded, None, PROVIDERS, RATES, "USD")
    assert accrued.accruals(booked, coded, matches, PROVIDERS, "2026-09").empty
    posted = typed.untyped(coded, booked, PROVIDERS)
    steps = bridge.span(booked, booked.iloc[:0], posted, matches, "2026-09")
    assert bucketlines.check(steps, bucketlines.lines(booked, posted, matches, None, [], "2026-09"))["state"] == "ok"
    assert typed.untyped(posted, booked, PROVIDERS).equals(posted)


def test_support_that_a_bill_holds_comes_late_like_any_invoice_and_ties_three_ways():
    text = "billing_period  service_period  ProviderName  InvoiceId  BilledCost\n2026-08  2026-08  Azure  S8  500"
    books = HEAD + "  document_type\n2026-08  6500  Desk  .  1.00  .\n2026-09  6100  MICROSOFT  S8  500.00  support"
    assert settled(text, books) == ({("08", "S8"): {"missing invoices": "-500"}, ("09", "S8"): {"late invoices": "500"}}, [])
    invoice = table("ProviderName  invoice_id  billing_period  BillingAccountId  amount  tax_amount  currency\n"
                    "Azure  S8  2026-08  .  500.00  .  USD")
    found = threeway.match(usage(text).assign(BillingAccountId="a"), invoice, entries(books), None, PROVIDERS, "2026-09", TOLERANCE)
    assert cells(found, "usage", "invoice", "ledger", "state") == [("500", "500", "500", "ties")]


@pytest.mark.parametrize(("amount", "buckets"), [("125.00", {"FX": "5"}), ("118.00", {"FX": "-2"}), ("140.00", {"unexplained": "20"})])
def test_without_a_document_in_the_bills_currency_the_rates_between_say_what_is_fx(amount, buckets):
    bills = """
        billing_period  service_period  ProviderName  InvoiceId  BillingCurrency  BilledCost
        2026-08         2026-08         AWS           A8         EUR              100
    """
    held, _ = settled(bills, f"{HEAD}\n2026-09  6100  AWS Inc  A8  {amount}")
    assert held == {("09", "A8"): buckets}


def test_a_credit_memo_takes_back_what_was_booked_twice():
    books = "\n".join([HEAD + "  document_type", "2026-08  6100  MICROSOFT  E8  110.00  invoice", "2026-08  6100  MICROSOFT  E8  110.00  invoice",
                       "2026-09  6100  MICROSOFT  E8  -110.00  credit memo", "2026-09  6100  MICROSOFT  E9  120.00  invoice",
                       "2026-07  6100  MICROSOFT  E7  100.00  invoice"])
    assert settled(THREE, books)[1] == []
    assert settled(THREE, books, "2026-08")[1] == [("2026-08", "E8", "duplicates", "110")]


def test_a_credit_memo_without_number_takes_back_a_month_that_was_booked_twice_where_it_is_the_whole_of_it():
    bills = THREE.replace("E7", ". ").replace("E8", ". ").replace("E9", ". ")
    books = [HEAD + "  document_type", "2026-07  6100  MICROSOFT  .  100.00  .", "2026-08  6100  MICROSOFT  .  220.00  .",
             "2026-09  6100  MICROSOFT  .  120.00  ."]
    for amount, left in (("-110.00", []), ("-50.00", [("2026-08", "", "duplicates", "110")])):
        held, items = settled(bills, "\n".join([*books, f"2026-09  6100  MICROSOFT  .  {amount}  credit memo"]))
        assert held == {("08", ""): {"duplicates": "110"}, ("09", ""): {"credit memos": amount[:-3]}} and items == left


@pytest.mark.parametrize(("accrual", "september", "items"), [
    ([], {"duplicates": "-110"}, []),
    (["2026-08  6100  MICROSOFT  E8  110.00  accrual"], {"accruals": "-110"}, [("2026-08", "E8", "duplicates", "110")])])
def test_a_reversal_of_an_invoice_booked_twice_takes_it_back_unless_it_reverses_an_accrual(accrual, september, items):
    books = "\n".join([HEAD + "  document_type", "2026-07  6100  MICROSOFT  E7  100.00  .", *["2026-08  6100  MICROSOFT  E8  110.00  ."] * 2,
                       *accrual, "2026-09  6100  MICROSOFT  E9  120.00  .", "2026-09  6100  MICROSOFT  E8  -110.00  reversal"])
    held, left = settled(THREE, books)
    assert held["09", "E8"] == september and left == items
    coded = entries(books).assign(line_id="")
    assert trueup.stray(typed.untyped(coded, usage(THREE), PROVIDERS), "2026-09") == []


@pytest.mark.parametrize(("month", "early"), [("08", {"early invoices": "110", "duplicates": "110"}), ("09", {"early invoices": "110"})])
def test_an_invoice_booked_ahead_and_again_on_other_lines_is_booked_twice(month, early):
    bills = "billing_period  service_period  ProviderName  InvoiceId  BilledCost\n2026-08  2026-08  AWS  A8  110"
    books = "\n".join([HEAD, "2026-08  6100  AWS Inc  A8  110.00", "2026-09  6500  Desk  .  1.00",
                       f"2026-{month}  6100  AWS Inc  A8  60.00", f"2026-{month}  6100  AWS Inc  A8  50.00"])
    held, items = settled(bills, books)
    assert held["08", "A8"] == early and items == [(f"2026-{month}", "A8", "duplicates", "110")]
    assert held["09", "A8"] == {"early invoices": "-110", **({"duplicates": "110"} if month == "09" else {})}


def test_a_ledger_month_without_any_line_is_a_month_and_its_bill_is_missing():
    books = f"{HEAD}\n2026-07  6100  MICROSOFT  E7  100.00\n2026-09  6100  MICROSOFT  E9  120.00"
    assert settled(THREE, books) == ({("08", "E8"): {"missing invoices": "-110"}}, [("2026-08", "E8", "missing invoices", "-110")])


def test_a_month_run_again_later_says_what_it_said():
    early = f"{HEAD}\n2026-07  6100  MICROSOFT  E7  100.00\n2026-08  6100  MICROSOFT  E7  100.00"
    late = f"{early}\n2026-09  6100  MICROSOFT  E8  110.00\n2026-09  6100  MICROSOFT  E7  -100.00"
    assert settled(THREE, early, "2026-08") == settled(THREE, late, "2026-08")


def test_the_ledgers_accruals_are_what_is_not_reversed_whatever_the_rates_and_the_true_up_compares_them():
    lines = table("""
        fiscal_period  account  vendor   invoice_id  amount   document_type  currency
        2026-07        6100     AWS Inc  .           -55.00   reversal       EUR
        2026-08        6100     AWS Inc  .           80.00    accrual        EUR
        2026-09        6100     AWS Inc  .           -80.00   reversal       EUR
        2026-09        6100     AWS Inc  .           -5.00    reversal       EUR
        2026-09        6100     AWS Inc  A8          100.00   invoice        EUR
    """).assign(document_amount=None, document_currency="", line_id=["1", "2", "3", "4", "5"])
    from tests.test_reconciliation import ACCOUNTS
    coded = ledger.code(lines, ACCOUNTS, PROVIDERS, RATES, "USD")
    assert {month: {name: str(worth) for name, worth in trueup.standing(coded, month).items()}
            for month in ("2026-07", "2026-08", "2026-09")} == {"2026-07": {}, "2026-08": {"AWS": "96.00"}, "2026-09": {}}
    [odd] = trueup.stray(coded, "2026-09")
    assert (odd["line_id"], odd["left"]) == ("4", D("-6.50")) and trueup.check([odd])[0]["state"] == "finding"
    bills = usage("""
        billing_period  service_period  ProviderName  InvoiceId  BillingCurrency  BilledCost
        2026-08         2026-08         AWS           A8         EUR              100
    """)
    matches = matching.match(bills, coded, None, PROVIDERS, RATES, "USD")
    before = accrued.accruals(bills, coded, matches, PROVIDERS, "2026-09", back=1)
    assert cells(trueup.true_up(before, coded, matches, "2026-09"), "billing_period", "origin", "accrued", "booked", "true_up", "state") == [
        ("2026-08", trueup.IN_LEDGER, "96", "130", "34", "booked")]


TRUE_UPS = {
    "of two equal months the first": (["07  Azure  .  Usage  100", "08  Azure  .  Usage  100", "09  Azure  .  Usage  100"],
                                      ["07  6500  Desk  .  1.00", "09  6100  MICROSOFT  .  200.00"],
                                      [("2026-07", "", "100", "100", "0", "booked"), ("2026-08", "", "100", "0", "0", "still to come")]),
    "of two bills with one number the one that is due": (
        ["07  Google  C1  Usage  100", "08  Google  C1  Usage  110"], ["08  6500  Desk  .  1.00", "09  6100  Google  C1  100.00"],
        [("2026-07", "C1", "100", "100", "0", "booked"), ("2026-08", "C1", "110", "0", "0", "still to come")]),
    "the other one in part, where it is booked ahead": (
        ["07  Google  C1  Usage  100", "08  Google  C1  Usage  110"], ["08  6500  Desk  .  1.00", "09  6100  Google  C1  150.00"],
        [("2026-07", "C1", "100", "100", "0", "booked"), ("2026-08", "C1", "110", "50", "0", "partly booked")]),
    "none by a line that answers to no bill": (
        ["08  AWS  A8a  Usage  110", "08  AWS  A8b  Usage  50"],
        ["08  6500  Desk  .  1.00", "09  6100  AWS Inc  A8b  50.00", "09  6100  AWS Inc  .  3.00"],
        [("2026-08", "A8a", "110", "0", "0", "still to come"), ("2026-08", "A8b", "50", "50", "0", "booked")]),
    "without tax that is a claim": (
        ["08  Azure  .  Usage  100", "08  Azure  .  Tax  20", "09  Azure  .  Usage  50", "09  Azure  .  Tax  10"],
        ["08  6500  Desk  .  1.00", "09  6100  MICROSOFT  .  150.00", "09  1570  MICROSOFT  .  30.00"],
        [("2026-08", "", "100", "100", "0", "booked")]),
}


@pytest.mark.parametrize("case", TRUE_UPS)
def test_the_true_up_counts_what_was_booked_once_and_for_the_bill_it_is_of(case):
    bills, books, rows = TRUE_UPS[case]
    booked = usage("\n".join(["billing_period  service_period  ProviderName  InvoiceId  ChargeCategory  BilledCost",
                              *(f"2026-{line[:2]}  2026-{line}" for line in bills)]))
    coded = entries("\n".join([HEAD, *(f"2026-{line}" for line in books)]))
    matches = matching.match(booked, coded, None, PROVIDERS, RATES, "USD", period="2026-09")
    before = accrued.accruals(booked, coded, matches, PROVIDERS, "2026-09", back=1)
    assert cells(trueup.true_up(before, coded, matches, "2026-09"), "billing_period", "invoice_id", "accrued", "booked",
                 "true_up", "state") == rows


def test_a_bill_that_has_not_come_and_an_account_nobody_knows_are_findings():
    booked = usage(THREE)
    waited = accrued.awaited(booked[booked["billing_period"] < "2026-09"], "2026-09")
    assert cells(waited) == [("Azure", "2026-08", "110")] and accrued.awaited(booked, "2026-09").empty
    coded = entries(f"{HEAD}\n2026-09  6100  AWS Inc  A8  1.00")
    due = accrued.accruals(booked, coded, matching.match(booked, coded, None, PROVIDERS, RATES, "USD"), PROVIDERS, "2026-09")
    states = {row["check"]: (row["state"], row["amount"]) for row in
              accrued.check(accrued.journal(due, coded, "2190", "2026-09", "USD"), "2190", waited)}
    assert states["accruals without an expense account"] == ("finding", D(120))
    assert states["bills that have not come, and nothing is accrued for"] == ("finding", D(110))


def test_a_note_that_clears_an_item_ends_its_accrual_and_cannot_clear_it_before_it_was_seen(tmp_path):
    booked, coded = usage(THREE), entries(f"{HEAD}\n2026-07  6100  MICROSOFT  E7  100.00\n2026-09  6100  MICROSOFT  E9  120.00")
    matches = matching.match(booked, coded, None, PROVIDERS, RATES, "USD")
    note = "ProviderName,first_seen,invoice_id,bucket,owner,note,cleared_in\nAzure,2026-08,E8,missing invoices,,waived,"
    (tmp_path / "open_items.csv").write_text(note + "2026-09\n")
    amounts = [cells(accrued.accruals(booked, coded, matches, PROVIDERS, "2026-09", told), "invoice_id", "amount")
               for told in (None, openitems.notes(tmp_path))]
    assert amounts == [[("E8", "110")], []]
    (tmp_path / "open_items.csv").write_text(note + "2026-07\n")
    with pytest.raises(InputError, match="line 2: cleared_in is 2026-07, first_seen 2026-08; expected 2026-08 or a later month"):
        openitems.notes(tmp_path)


@pytest.mark.parametrize(("books", "due"), [
    (["08  6100  MICROSOFT  E8  110.00", "09  6100  MICROSOFT  E9  50.00"], [("2026-09", "E9", "70")]),
    (["08  6100  MICROSOFT  E8  110.00", "09  6100  MICROSOFT  E8  -110.00", "09  6100  MICROSOFT  E9  120.00"], [("2026-08", "E8", "110")]),
    (["08  6100  MICROSOFT  E8  60.00", "09  6100  MICROSOFT  E8  30.00", "09  6100  MICROSOFT  E9  120.00"], [("2026-08", "E8", "20")]),
    (["08  6100  MICROSOFT  E8  110.00", "09  6100  MICROSOFT  E9  119.00"], []),
    (["08  6100  MICROSOFT  E8  110.00", "09  6100  MICROSOFT  E9  120.00", "09  6100  MICROSOFT  X  -50.00"], [])])
def test_what_the_ledger_does_not_hold_of_a_bill_that_is_booked_in_part_or_taken_back_is_accrued_and_says_so(books, due):
    booked, coded = usage(THREE), entries("\n".join([HEAD, "2026-07  6100  MICROSOFT  E7  100.00", *(f"2026-{line}" for line in books)]))
    matches = matching.match(booked, coded, None, PROVIDERS, RATES, "USD")
    found = accrued.accruals(booked, coded, matches, PROVIDERS, "2026-09")
    assert cells(found, "billing_period", "invoice_id", "amount") == due and set(found["why"]) <= {trueup.SHORT}
    note = pd.DataFrame([("Azure", "2026-09", "E9", "unexplained", "", "", "2026-09")],
                        columns=["ProviderName", "first_seen", "invoice_id", "bucket", "owner", "note", "cleared_in"])
    again = accrued.accruals(booked, coded, matches, PROVIDERS, "2026-09", note)
    assert cells(again, "billing_period", "invoice_id", "amount") == [row for row in due if row[1] != "E9"]


def test_an_accrual_whose_bill_is_booked_in_part_is_trued_up_when_the_rest_has_come():
    booked = usage("billing_period  service_period  ProviderName  InvoiceId  BilledCost\n2026-07  2026-07  AWS  A7  100")
    coded = entries(f"{HEAD}\n2026-07  6500  Desk  .  1.00\n2026-08  6100  AWS Inc  A7  30.00\n2026-09  6100  AWS Inc  A7  70.00")
    rows = {}
    for month in ("2026-08", "2026-09"):
        matches = matching.match(booked, coded, None, PROVIDERS, RATES, "USD", period=month)
        before = accrued.accruals(booked, coded, matches, PROVIDERS, month, back=1)
        rows[month] = cells(trueup.true_up(before, coded, matches, month), "accrued", "booked", "true_up", "state")
    assert rows == {"2026-08": [("100", "30", "0", trueup.PARTLY)], "2026-09": [("70", "70", "0", trueup.DONE)]}


def test_a_reversal_stands_on_the_day_after_the_fiscal_period_even_where_the_calendar_ends():
    calendar = table("fiscal_period  first_day  last_day\n2026-09  2026-08-30  2026-10-03")
    booked, coded = usage(THREE), entries(f"{HEAD}\n2026-07  6100  MICROSOFT  E7  100.00\n2026-08  6100  MICROSOFT  E8  110.00")
    due = accrued.accruals(booked, coded, matching.match(booked, coded, None, PROVIDERS, RATES, "USD", period="2026-09"), PROVIDERS, "2026-09")
    days = accrued.journal(due, coded, "2190", "2026-09", "USD", calendar)["posting_date"]
    assert sorted(set(days)) == ["2026-10-03", "2026-10-04"]


def test_a_commitment_is_used_up_at_the_rate_it_was_paid_at_less_refunds_and_without_its_tax():
    lines = usage("""
        billing_period  service_period  ProviderName  ChargeCategory  CommitmentDiscountId  BillingCurrency  BilledCost  EffectiveCost
        2026-07         2026-07         Azure         Purchase        R1                    EUR              120         0
        2026-07         2026-07         Azure         Tax             R1                    EUR              24          24
        2026-07         2026-07         Azure         Usage           R1                    EUR              0           10
        2026-09         2026-09         Azure         Usage           R1                    EUR              0           10
        2026-09         2026-09         Azure         Credit          R1                    EUR              -50         0
    """).assign(CommitmentDiscountStatus="", owner="")
    rolled = prepaid.roll_forward(lines, PROVIDERS, "2026-09")
    assert cells(rolled, "opening", "purchases", "amortised", "closing") == [("121", "-65", "11", "45")]
    assert list(ledger.to_prepaid(lines, PROVIDERS)) == [True, False, False, False, True]


def test_a_commitment_paid_again_at_another_rate_leaves_what_was_used_up_before_as_it_was():
    lines = usage("""
        billing_period  service_period  ProviderName  ChargeCategory  CommitmentDiscountId  BillingCurrency  BilledCost  EffectiveCost
        2026-07         2026-07         Azure         Purchase        R1                    EUR              120         0
        2026-07         2026-07         Azure         Usage           R1                    EUR              0           40
        2026-08         2026-08         Azure         Purchase        R1                    EUR              80          0
        2026-08         2026-08         Azure         Usage           R1                    EUR              0           80
        2026-09         2026-09         Azure         Usage           R1                    EUR              0           80
    """).assign(CommitmentDiscountStatus="", owner="")
    # July at 1.10; in August 80 left at 1.10 and 80 at 1.20 make 1.15, which is used up to the cent
    assert [cells(prepaid.roll_forward(lines, PROVIDERS, month), "opening", "purchases", "amortised", "closing")[0]
            for month in ("2026-07", "2026-08", "2026-09")] == [
        ("0", "132", "44", "88"), ("88", "96", "92", "92"), ("92", "0", "92", "0")]


def test_prepaid_lines_without_vendor_are_those_of_the_only_provider_that_has_prepaid():
    coded = entries("fiscal_period  account  vendor  amount\n2026-09  1480  .  -10.00\n2026-09  6120  .  10.00\n2026-09  6100  .  5.00")
    assert list(coded["ProviderName"]) == ["Azure", "Azure", ledger.NO_PROVIDER]


INVOICES = """
    ProviderName  invoice_id  billing_period  BillingAccountId  amount  tax_amount  currency
    Azure         E8          2026-08         .                 110.00  .           USD
    Azure         X1          2026-09         .                 70.00   .           USD
    Azure         X2          2026-09         .                 50.00   .           USD
"""


def test_a_late_invoice_has_its_usage_and_two_of_an_unnumbered_month_are_one_row():
    booked = usage(THREE.replace("E9", ". ")).assign(BillingAccountId="a")
    coded = entries(f"{HEAD}\n2026-07  6100  MICROSOFT  E7  100.00\n2026-09  6100  MICROSOFT  E8  110.00\n"
                    "2026-09  6100  MICROSOFT  X1  70.00\n2026-09  6100  MICROSOFT  X2  50.00")
    found = threeway.match(booked, table(INVOICES), coded, None, PROVIDERS, "2026-09", TOLERANCE)
    assert cells(found, "invoice_id", "usage", "invoice", "ledger", "state") == [
        ("E8", "110", "110", "110", "ties"), ("X1, X2", "120", "120", "120", "ties")]


THREE_SIDES = {
    "usage is of the invoice in its own currency": (
        [". USD 120"], ["X1 2026-09 120.00 USD", "X2 2026-09 10.00 EUR"], ["09 X1 120.00 . ."],
        [("X1", "USD", "120", "120", "120", "ties"), ("X2", "EUR", None, "10", None, "no usage for it")]),
    "one number in two currencies is two invoices": (
        ["E9 USD 5", "E9 EUR 10"], ["E9 2026-09 5.00 USD", "E9 2026-09 10.00 EUR"], ["09 E9 5.00 5.00 USD", "09 E9 13.00 10.00 EUR"],
        [("E9", "EUR", "10", "10", "10", "ties"), ("E9", "USD", "5", "5", "5", "ties")]),
    "booked in a currency that no invoice is in": (
        ["E9 USD 5"], ["E9 2026-09 5.00 USD"], ["09 E9 5.00 4.00 EUR"], [("E9", "USD", "5", "5", None, "booked in another currency")]),
    "nothing used, invoiced and booked ties": (
        ["E9 USD 0"], ["E9 2026-09 0.00 USD"], ["09 . 1.00 . ."],
        [("E9", "USD", "0", "0", None, "ties")]),
    "the second of two invoices of a month without number comes late": (
        [". USD 120"], ["X1 2026-09 70.00 USD", "X2 2026-09 50.00 USD"], ["09 X1 70.00 . .", "10 X2 50.00 . ."],
        [("X1, X2", "USD", "120", "120", "120", "ties")]),
}


@pytest.mark.parametrize("case", THREE_SIDES)
def test_each_invoice_is_seen_in_its_own_currency_and_with_all_that_is_its(case):
    used, invoices, books, rows = THREE_SIDES[case]
    booked = usage("\n".join(["billing_period  service_period  ProviderName  InvoiceId  BillingCurrency  BilledCost",
                              *(f"2026-09  2026-09  Azure  {line}".replace(" ", "  ") for line in used)])).assign(BillingAccountId="a")
    known = table("\n".join(["ProviderName  invoice_id  billing_period  amount  currency  BillingAccountId  tax_amount",
                             *(f"Azure {line} . .".replace(" ", "  ") for line in invoices)]))
    coded = entries("\n".join(["fiscal_period  account  vendor  invoice_id  amount  document_amount  document_currency",
                               *(f"2026-{line[:2]}  6100  MICROSOFT{line[2:]}".replace(" ", "  ") for line in books)]))
    period = coded["fiscal_period"].max()
    for order in (1, -1):
        found = threeway.match(booked, known[::order], coded[::order], None, PROVIDERS, period, TOLERANCE)
        assert cells(found, "invoice_id", "currency", "usage", "invoice", "ledger", "state") == rows


def test_one_number_of_two_issuers_and_two_currencies_are_invoices_of_their_own():
    details = table("""
        InvoiceDetailId  InvoiceId  InvoiceIssuerName  ChargeCategory  BilledCost  BillingCurrency
        1                S1         Amazon             Usage           100.00      USD
        1                S1         Google             Usage           77.00       EUR
        3                A2         Amazon             Usage           5.00        USD
        4                A2         Amazon             Usage           6.00        EUR
        5                .          Amazon             Usage           8.00        USD
    """).assign(InvoiceDetailLastUpdated="2026-09-02", InvoiceIssueStatus="Issued", BillingPeriodStart="2026-08-01",
                BillingAccountId="a", InvoiceIssueDate="2026-09-02")
    lines = pd.DataFrame([("S1", "AWS", "Amazon"), ("S1", "Google", "Google"), ("A2", "AWS", "Amazon")],
                         columns=["InvoiceId", "ProviderName", "InvoiceIssuerName"])
    found = received.invoices(None, details, lines, services.shipped())
    assert cells(found, "ProviderName", "invoice_id", "amount", "currency") == [
        ("AWS", "A2", "6", "EUR"), ("AWS", "A2", "5", "USD"), ("AWS", "S1", "100", "USD"), ("Google", "S1", "77", "EUR")]


whole_cents = st.integers(50, 90000).map(lambda count: D(count) / 100)


@settings(max_examples=60, deadline=None, phases=[Phase.explicit, Phase.generate])
@given(st.lists(st.tuples(whole_cents, st.integers(0, 2), st.integers(1, 2), st.booleans()), min_size=1, max_size=4))
def test_whatever_comes_late_twice_or_is_taken_back_is_explained_and_what_is_open_is_what_the_books_lack(invoices):
    """Each invoice is booked `late` months after it is due, `times` over, and the surplus taken back in September or not."""
    bills, books = [], [("2026-06", "6500", "Desk", "", D("1.00"))]
    for place, (amount, late, times, back) in enumerate(invoices):
        bills.append(("2026-06", "2026-06", "Azure", f"E{place}", amount, amount, "USD", "Usage", "", "S"))
        books += [(f"2026-0{6 + late}", "6100", "MICROSOFT", f"E{place}", amount)] * times
        books += [("2026-09", "6100", "MICROSOFT", f"E{place}", -amount)] if times > 1 and back else []
    frame = pd.DataFrame(bills, columns=["billing_period", "service_period", "ProviderName", "InvoiceId", "BilledCost",
                                         "EffectiveCost", "BillingCurrency", "ChargeCategory", "CommitmentDiscountId", "ServiceName"])
    from tests.test_reconciliation import ACCOUNTS
    booked = ledger.book(rates.convert(frame, RATES, "USD"), {name: SimpleNamespace(**{**vars(setting), "lag": 0})
                                                              for name, setting in PROVIDERS.items()})
    coded = ledger.code(pd.DataFrame(books, columns=["fiscal_period", "account", "vendor", "invoice_id", "amount"]).assign(
        currency="USD", document_amount=None, document_currency=""), ACCOUNTS, PROVIDERS)
    matches = matching.match(booked, coded, None, PROVIDERS, RATES, "USD", period="2026-09")
    assert not any(matches["unexplained"])
    open_ = {row.invoice_id: row.open for row in matches.itertuples() if row.open}
    assert open_ == {f"E{place}": amount for place, (amount, _, times, back) in enumerate(invoices) if times > 1 and not back}
    assert total(matches["open"]) == total(coded.loc[coded["vendor"].eq("MICROSOFT"), "amount"]) - total(frame["BilledCost"])


def test_a_number_shared_later_leaves_the_months_before_as_they_tied():
    held, opened = settled(THREE, HEAD + """
        2026-07  6100  MICROSOFT  51001  100.00
        2026-08  6100  MICROSOFT  51002  110.00
        2026-09  6100  MICROSOFT  E9     120.00
    """)
    assert (held, opened) == ({}, [])


@pytest.mark.parametrize("kind, amount", [("support", "500"), ("marketplace", "500"), ("refund", "-500"), ("credit memo", "-500")])
def test_a_document_of_a_billed_number_is_the_booking_of_that_bill(kind, amount):
    bill = f"billing_period  service_period  ProviderName  InvoiceId  BilledCost\n2026-09  2026-09  Azure  S9  {amount}"
    assert settled(bill, f"{HEAD}  document_type\n2026-09  6100  MICROSOFT  S9  {amount}.00  {kind}") == ({}, [])


def test_a_gross_invoice_and_its_credit_memo_of_the_same_number_answer_to_the_net_bill():
    bill = "billing_period  service_period  ProviderName  InvoiceId  BilledCost\n2026-08  2026-08  Azure  E8  100"
    assert settled(bill, f"{HEAD}  document_type\n2026-08  6100  MICROSOFT  E8  110.00  .\n2026-08  6100  MICROSOFT  E8  -10.00  credit memo",
                   "2026-08") == ({}, [])


def test_a_commitment_paid_again_at_another_rate_leaves_what_was_used_up_as_it_was():
    bills = usage("""
        billing_period  service_period  ProviderName  ChargeCategory  CommitmentDiscountId  BillingCurrency  BilledCost  EffectiveCost
        2026-07         2026-07         Azure         Purchase        R1                    EUR              120         0
        2026-07         2026-07         Azure         Usage           R1                    EUR              0           60
        2026-08         2026-08         Azure         Usage           R1                    EUR              0           60
        2026-09         2026-09         Azure         Purchase        R1                    EUR              120         0
        2026-09         2026-09         Azure         Usage           R1                    EUR              0           60
    """).assign(CommitmentDiscountStatus="", owner="")
    rolled = [cells(prepaid.roll_forward(bills, PROVIDERS, month), "opening", "purchases", "amortised", "closing")[0]
              for month in ("2026-07", "2026-08", "2026-09")]
    assert rolled == [("0", "132", "66", "66"), ("66", "0", "66", "0"), ("0", "156", "78", "78")]  # at 1.10, then at 1.30


def test_a_bill_in_another_currency_booked_late_is_late_at_its_own_months_rate():
    bills = """
        billing_period  service_period  ProviderName  BillingCurrency  BilledCost
        2026-08         2026-08         Azure         EUR              100
        2026-09         2026-09         Azure         EUR              100
    """
    books = """
        fiscal_period  account  vendor     amount  document_amount  document_currency
        2026-08        6500     Desk       1.00    .                .
        2026-09        6100     MICROSOFT  130.00  100              EUR
        2026-09        6100     MICROSOFT  130.00  100              EUR
    """
    held, opened = settled(bills, books)
    assert held == {("08", ""): {"missing invoices": "-120"}, ("09", ""): {"late invoices": "120", "FX": "10"}}
    assert opened == []
