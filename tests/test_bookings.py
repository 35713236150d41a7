"""What an owner is told of its charge: posted where, not posted why, on what it rests, what may follow; nothing of others."""

from decimal import Decimal as D

import pandas as pd
import pytest

from helpers import bookings, charges, journal, params, statements, walk
from helpers.bookings import Bookings
from helpers.carried import MISSING
from tests.tables import cells, table
from tests.test_journal import LINES, books

MONTH = "2026-09"


def status(lines, owner="Head of A", mock=False, closed=False, amount=None, earlier=(), **other) -> str:
    """What the owner is told of these charge lines, once they are posted by the books."""
    found = journal.joined([journal.post(lines, books(mock=mock, **other), MONTH), *earlier])
    own = lines.loc[(lines["owner"] == owner) & (lines["kind"] != "residual"), "amount"]
    return bookings.tell(Bookings(found.postings, found.held).of(owner), sum(own, D(0)) if amount is None else amount, MONTH, False, mock, closed)


def test_a_posted_charge_names_its_document_and_cost_centre():
    assert status(LINES) == "Chargeback: posted as document CB-2026-09-001 to cost centre 1001."
    assert status(LINES, "Head of B") == "Chargeback: posted as document CB-2026-09-002 to cost centre 1002."  # of Beta Ltd


def test_a_mock_journal_is_no_posting():
    assert status(LINES, mock=True) == ("Chargeback: would be posted as document MOCK-CB-2026-09-001 to cost centre 1001. "
                                        "The journal is a mock, which finance does not post.")


@pytest.mark.parametrize("change, other, reason", [
    ({"cost_centre": ""}, {}, "no cost centre is known"),
    ({"cost_centre": "9999"}, {}, "cost centre 9999 is not in org"),
    ({}, {"rules": None}, "no row of the account rules takes it"),
])
def test_a_charge_that_is_not_posted_says_why_and_how_much(change, other, reason):
    assert status(LINES.iloc[:1].assign(**change), **other) == f"Chargeback: not posted because {reason}, 100.10."


def test_the_cost_centre_of_the_service_is_not_told_to_who_uses_it():
    rules = books().rules.assign(credit_cost_centre="0815")
    assert status(LINES.iloc[:1], rules=rules) == "Chargeback: not posted because a cost centre of the account rules is not in org, 100.10."


def test_a_charge_in_two_parts_is_partly_posted():
    lines = pd.concat([LINES.iloc[:1], LINES.iloc[:1].assign(cost_centre="", application="B", amount=D("7.25"))])
    assert status(lines) == ("Chargeback: partly posted 100.10 as document CB-2026-09-001 to cost centre 1001; "
                             "not posted because no cost centre is known, 7.25.")


def test_two_cost_centres_are_two_amounts():
    lines = pd.concat([LINES.iloc[:1], LINES.iloc[:1].assign(cost_centre="4790", amount=D("-7.25"))])
    assert status(lines) == ("Chargeback: posted 100.10 as document CB-2026-09-001 to cost centre 1001 and "
                             "\u22127.25 as document CB-2026-09-001 to cost centre 4790.")


def test_true_ups_of_closed_months_stand_beside_the_charge():
    late = journal.post(LINES.iloc[:1].assign(amount=D("-10")), books(), MONTH, None, journal.TRUE_UP, "2026-08")
    assert status(LINES.iloc[:1], earlier=[late]) == (
        "Chargeback: posted as document CB-2026-09-001 to cost centre 1001. Beside it, true-ups of closed months posted: "
        "\u221210.00 as document CB-TU-2026-09-2026-08-001 to cost centre 1001.")


def test_a_closed_month_that_would_be_charged_otherwise_says_what_it_was_closed_with():
    assert status(LINES.iloc[:1], closed=True, amount=D("120")) == (
        "Chargeback: posted as document CB-2026-09-001 to cost centre 1001. September 2026 is closed with 100.10 charged; "
        "what differs from it is for an open month.")


def test_nothing_to_post_is_told():
    assert status(LINES, "Head of C") == "Chargeback: there is nothing to post."


DIRECT = table("""
    owner      application  ServiceName  amount
    Head of A  A            EC2          10.01
    Head of A  A            S3           5.00
    Head of B  B            EC2          7.00
""", kind="direct", owner_by="CMDB", ProviderName="AWS", tower="Compute")
SOURCES = table("""
    owner      application  ServiceName  InvoiceId  amount
    Head of A  A            EC2          I1         4.0049
    Head of A  A            EC2          I2         6.0049
    Head of A  A            S3           I2         5.00
    Head of B  B            EC2          I1         7.00
""", kind="direct", owner_by="CMDB", ProviderName="AWS", tower="Compute")


def open_items(*rows) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["ProviderName", "first_seen", "invoice_id", "bucket", "state"])


def test_what_rests_on_an_invoice_that_the_ledger_lacks_is_told_in_the_cents_charged():
    lacking = open_items(("AWS", MONTH, "I1", MISSING, "open"), ("AWS", "2026-08", "I2", MISSING, "open"),
                         ("AWS", MONTH, "I2", "unexplained", "open"), ("Microsoft", MONTH, "I2", MISSING, "open"))
    found = bookings.unbooked(DIRECT, SOURCES, lacking, MONTH)
    # 4.0049 + 6.0049 = 10.0098 charged as 10.01: one cent to the larger remainder, of equals the earlier
    assert cells(found, "owner", "InvoiceId", "amount") == [("Head of A", "I1", "4.01"), ("Head of B", "I1", "7")]
    said = bookings.tell(Bookings(unbooked=found).of("Head of A"), D(15), MONTH, True, False)
    assert said == "Showback: nothing is booked. The ledger does not hold all that this rests on yet: it lacks 4.01 of invoice I1 (AWS)."
    assert bookings.unbooked(DIRECT, SOURCES, None, MONTH).empty and bookings.unbooked(DIRECT, SOURCES, open_items(), MONTH).empty


def test_an_item_that_was_cleared_by_a_note_is_not_lacking():
    assert bookings.unbooked(DIRECT, SOURCES, open_items(("AWS", MONTH, "I1", MISSING, "cleared by note")), MONTH).empty


def test_a_bill_without_number_is_named_by_the_month_that_books_it():
    found = bookings.unbooked(DIRECT, SOURCES.assign(InvoiceId=""), open_items(("AWS", MONTH, "", MISSING, "open")), MONTH)
    said = bookings.tell(Bookings(unbooked=found).of("Head of B"), D(7), MONTH, True, False)
    assert said.endswith("it lacks 7.00 of the AWS bill that September 2026 books.")


POOLS = pd.DataFrame([
    {"pool": "Logs", "held": D(90), "consumers": 0, "note": "no driver"}, {"pool": "Kubernetes", "held": D(0), "consumers": 2, "note": ""},
    {"pool": "Platform", "held": D("0.01"), "consumers": 0, "note": ""},  # passed on to other pools, all but a cent
    {"pool": "New", "held": D(5), "consumers": 0, "note": "held by rule"}])
EARLIER = table("""
    owner      pool        kind      amount
    Head of A  Logs        shared    30.50
    Head of A  Logs        shared    4.50
    Head of B  Logs        shared    60.00
    Head of A  Kubernetes  shared    8.00
    .          Logs        residual  3.00
    Head of A  Platform    shared    1.00
""")


def test_what_a_held_pool_may_still_bring_is_told_by_the_last_month_that_charged_it():
    older = EARLIER.assign(amount=D(1))
    held = EARLIER[EARLIER["kind"] == "residual"]
    found = bookings.waiting(POOLS, {"2026-06": older, "2026-07": EARLIER, "2026-08": held})  # held in August too
    assert cells(found) == [("Head of A", "Logs", "2026-07", "35"), ("Head of B", "Logs", "2026-07", "60")]
    mine = Bookings(waiting=found).of("Head of A")
    assert bookings.tell(mine, D(0), MONTH, False, False) == (
        "Chargeback: there is nothing to post. Charged to nobody this month, and may be charged later: "
        "Logs (your part in July 2026 was 35.00).")
    assert "may be shown later: Logs" in bookings.tell(mine, D(0), MONTH, True, False)


def test_of_many_documents_the_first_are_named():
    centres = [f"{place}" for place in range(1, 8)]
    org = pd.DataFrame({"cost_centre": [*centres, "4790"], "owner": "Head of A", "company": ""})
    lines = pd.concat([LINES.iloc[:1].assign(cost_centre=centre) for centre in centres])
    assert status(lines, org=org).endswith("to cost centre 5 and 2 more.")


def test_a_statement_says_what_the_journal_does_with_it_and_no_words_of_another_owner():
    found = journal.post(LINES.assign(cost_centre=["1001", "9999", "1001", ""]), books(), MONTH)
    lines = LINES.assign(**{name: "" for name in charges.LINE_COLUMNS if name not in LINES}).assign(
        method="direct", share=float("nan"), quantity=None)
    year = pd.DataFrame(columns=["owner", "month", "fiscal_month", "amount", "budget", "distance", "source"])
    sources = pd.DataFrame(columns=["kind", "owner", *statements.BILL_COLUMNS])
    terms = statements.Terms("Acme", MONTH, "USD", "billed", "tied to the general ledger", 0)
    told = {one.owner: statements.terms_note(one, terms) for one in statements.tell(
        lines, None, year, None, sources, {"": "chargeback"}, terms, Bookings(found.postings, found.held))}
    assert told == {
        "Head of A": "Chargeback: posted as document CB-2026-09-001 to cost centre 1001. Billed cost in USD, tied to the general ledger.",
        "Head of B": "Chargeback: not posted because cost centre 9999 is not in org, 40.05. Billed cost in USD, tied to the general ledger."}


def test_the_demo_tells_each_owner_what_its_chargeback_page_says():
    month = walk.open(str(params.ROOT / "params" / "2026-09.yaml"))
    told = {one.owner: statements.terms_note(one, month.terms) for one in month.statements}
    assert "not posted because no cost centre is known, 20,639.64." in told["Head of Platforms"]
    assert "it lacks 18,432.16 of invoice E017996682 (Microsoft)." in told["Head of Customs"]
    assert [owner for owner, said in told.items() if "E017996682" in said] == ["Head of Customs"]
    assert "Observability (your part in August 2026 was 2,135.90)." in told["Head of Data"]
    assert sum("Observability" in said for said in told.values()) == 6
