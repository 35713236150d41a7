"""A typed reversal that carries an invoice's number takes that invoice back; one without takes an accrual back."""

import pytest

from helpers import accrued, ledger, matching, openitems, trueup, typed
from tests.tables import cells
from tests.test_settlement import PROVIDERS, RATES, entries, settled, usage

BILLS = """
    billing_period  service_period  ProviderName  InvoiceId  BilledCost
    2026-07         2026-07         Azure         I1         100
    2026-08         2026-08         Azure         I2         70
    2026-09         2026-09         Azure         I3         30
"""
HEAD = "fiscal_period  account  vendor     invoice_id  amount  document_type"
BOOKED = ["2026-07  6100  MICROSOFT  I1  100.00  .", "2026-08  6100  MICROSOFT  I2  70.00  .", "2026-09  6100  MICROSOFT  I3  30.00  ."]
BACK, AGAIN = "2026-08  6100  MICROSOFT  I1  -100.00  reversal", "2026-09  6100  MICROSOFT  I1  100.00  ."


def books(*lines: str) -> str:
    return "\n".join([HEAD, *lines])


def of(number: str, held: dict) -> dict:
    return {month: found for (month, name), found in held.items() if name == number}


def test_it_leaves_the_invoice_open_until_it_is_booked_again():
    held, left = settled(BILLS, books(*BOOKED, BACK), "2026-08")
    assert of("I1", held) == {"08": {"missing invoices": "-100"}}
    assert left == [("2026-08", "I1", "missing invoices", "-100")]
    held, left = settled(BILLS, books(*BOOKED, BACK, AGAIN))
    assert of("I1", held) == {"08": {"missing invoices": "-100"}, "09": {"late invoices": "100"}} and left == []


def test_it_is_accrued_while_it_is_open_and_its_cause_is_told():
    coded, booked = entries(books(*BOOKED, BACK)), usage(BILLS)
    matches = matching.match(booked, coded, None, PROVIDERS, RATES, "USD", period="2026-08")
    found = accrued.accruals(booked, typed.untyped(coded, booked, PROVIDERS), matches, PROVIDERS, "2026-08")
    assert cells(found, "ProviderName", "billing_period", "invoice_id", "amount") == [("Azure", "2026-07", "I1", "100")]
    [cause] = openitems.items(matches, None, "2026-08")["cause"]
    assert cause == "taken back by a reversal, and not booked again yet"


def test_a_part_that_is_taken_back_is_open_and_no_more():
    part = "2026-08  6100  MICROSOFT  I1  -40.00  reversal"
    held, left = settled(BILLS, books(*BOOKED, part))
    assert of("I1", held) == {"08": {"missing invoices": "-40"}} and left == [("2026-08", "I1", "missing invoices", "-40")]


def standing(*lines: str) -> tuple[dict, list]:
    """What accruals stand at the end of August, and the reversals that take nothing back."""
    coded = typed.untyped(entries(books(*lines)).assign(line_id=""), usage(BILLS), PROVIDERS)
    return ({name: str(amount) for name, amount in trueup.standing(coded, "2026-08").items()},
            [line["invoice_id"] for line in trueup.stray(coded, "2026-08")])


@pytest.mark.parametrize(("accrual", "stands"), [
    ("2026-07  6100  MICROSOFT  I1  100.00  accrual", {}),  # an accrual of the same number goes first
    ("2026-07  6100  MICROSOFT  .   100.00  accrual", {"Azure": "100.00"}),
    ("2026-07  6100  MICROSOFT  .   500.00  accrual", {"Azure": "500.00"}),
])
def test_an_accrual_without_its_number_stays(accrual, stands):
    assert standing(*BOOKED, accrual, BACK) == (stands, [])


def test_in_the_month_that_books_the_invoice_it_takes_the_accrual_back():
    """Accrued in July, booked in August, and the accrual taken back with the invoice's number in the text."""
    late = ["2026-07  6100  MICROSOFT  .  100.00  accrual", "2026-08  6100  MICROSOFT  I1  100.00  .", BACK]
    assert standing(*BOOKED[1:], *late) == ({}, [])
    held, _ = settled(BILLS, books(*BOOKED[1:], *late))
    assert of("I1", held) == {"07": {"missing invoices": "-100"}, "08": {"accruals": "-100", "late invoices": "100"}}


def test_one_without_number_takes_no_invoice_back():
    held, left = settled(BILLS, books(*BOOKED, "2026-08  6100  MICROSOFT  .  -100.00  reversal"))
    assert of("I1", held) == {} and left == []


def test_one_of_an_invoice_that_the_ledger_does_not_hold_is_told():
    assert standing(*BOOKED, "2026-08  6100  MICROSOFT  I9  -5.00  reversal") == ({}, ["I9"])


def test_one_that_takes_back_more_than_the_ledger_holds_is_told():
    assert standing(*BOOKED, "2026-08  6100  MICROSOFT  I1  -150.00  reversal") == ({}, ["I1"])


def test_a_second_one_of_the_same_invoice_is_told():
    assert standing(*BOOKED, BACK, BACK) == ({}, ["I1"])


def test_its_lines_are_invoices_that_reverse():
    coded = typed.untyped(entries(books(*BOOKED, BACK)), usage(BILLS), PROVIDERS)
    back = coded[coded["reverses"].eq(True)]
    assert back["document_type"].tolist() == [""] and len(ledger.invoices(coded)) == 4


@pytest.mark.parametrize(("again", "left"), [("70.00", {}), ("69.60", {"unexplained": "-0.4"})])
def test_an_invoice_taken_back_and_booked_again_in_one_month_is_booked_once(again, left):
    """What the second booking lacks is unexplained, and nothing is missing, accrued or booked twice."""
    held, _ = settled(BILLS, books(BOOKED[0], BOOKED[1], "2026-08  6100  MICROSOFT  I2  -70.00  reversal",
                                   f"2026-08  6100  MICROSOFT  I2  {again}  .", BOOKED[2]))
    assert of("I2", held) == ({"08": left} if left else {})
