"""The journal: each document and company balances, orphans and residuals are named, a closed month is trued up once."""

from decimal import Decimal as D

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers import journal
from helpers.money import total
from tests.tables import cells, table

ORG = table("""
    cost_centre  owner      company
    1001         Head of A  .
    1002         Head of B  Beta Ltd
    4790         Head of P  .
""")
ACCOUNTS = table("account\n7830\n7831\n7839\n7820\n7821")
RULES = table("""
    kind    debit_account  credit_account  credit_cost_centre  due_to_account  due_from_account
    direct  7830           7839            4790                7820            7821
    shared  7831           7839            4790                7820            7821
""", priority=1, pool="", ProviderName="", tower="", application="", company="")
LINES = table("""
    kind      owner      cost_centre  application  pool           ProviderName  tower    amount
    direct    Head of A  1001         A            .              AWS           Compute  100.10
    shared    Head of B  1002         B            Kubernetes     .             .        40.05
    shared    Head of A  1001         A            Credits        .             .        -3.00
    residual  .          .            .            Unowned usage  AWS           .        7.00
""")


def books(**other) -> journal.Books:
    said = {"org": ORG, "accounts": ACCOUNTS, "rules": RULES, "showback": frozenset(), "company": "Alpha", "currency": "USD",
            "prefix": "CB", "mock": False}
    return journal.Books(**{**said, **other})


def posted(lines=LINES, **other) -> journal.Posted:
    return journal.post(lines, books(**other), "2026-09")


def states(found: journal.Posted, lines=LINES) -> dict[str, str]:
    return {row["check"]: row["state"] for row in journal.check(found, lines, journal.joined([]), lines.iloc[:0])}


def test_a_charge_debits_the_receiver_and_credits_the_provider_and_a_credit_swaps_sides():
    found = posted(LINES[LINES["owner"] != "Head of B"]).postings
    assert cells(found, "document", "company", "account", "cost_centre", "debit", "credit") == [
        ("CB-2026-09-001", "Alpha", "7830", "1001", "100.1", "0"), ("CB-2026-09-001", "Alpha", "7831", "1001", "0", "3"),
        ("CB-2026-09-001", "Alpha", "7839", "4790", "0", "100.1"), ("CB-2026-09-001", "Alpha", "7839", "4790", "3", "0")]
    assert set(found["date"]) == {"2026-09-30"} and set(found["period"]) == {"2026-09"}


def test_a_charge_across_companies_balances_in_both():
    found = posted(LINES[LINES["owner"] == "Head of B"]).postings
    assert cells(found, "document", "company", "account", "cost_centre", "debit", "credit", "side") == [
        ("CB-2026-09-001", "Alpha", "7821", "4790", "40.05", "0", "intercompany"),
        ("CB-2026-09-001", "Alpha", "7839", "4790", "0", "40.05", "provider of the service"),
        ("CB-2026-09-002", "Beta Ltd", "7820", "1002", "0", "40.05", "intercompany"),
        ("CB-2026-09-002", "Beta Ltd", "7831", "1002", "40.05", "0", "receiver")]


def test_what_nobody_is_charged_is_not_posted_and_named():
    found = posted()
    assert cells(found.held, "reason", "pool", "amount") == [("charged to nobody", "Unowned usage", "7")]
    assert set(states(found).values()) == {"ok"}


@pytest.mark.parametrize("change, other, reason", [
    ({"cost_centre": ""}, {}, "no cost centre"),
    ({"cost_centre": "9999"}, {}, "cost centre 9999 is not in org"),
    ({}, {"rules": None}, "no row of the account rules takes it"),
    ({}, {"rules": RULES.assign(debit_account="1111")}, "debit_account 1111 is not in accounts"),
    ({}, {"rules": RULES.assign(credit_cost_centre="0000")}, "cost centre 0000 of the account rules is not in org"),
    ({"cost_centre": "1002"}, {"rules": RULES.assign(due_to_account="")}, "due_to_account (blank) is not in accounts"),
])
def test_an_orphan_segment_is_held_back_with_its_reason_and_is_a_finding(change, other, reason):
    lines = LINES.iloc[:1].assign(**change)
    found = posted(lines, **other)
    assert cells(found.held, "reason", "amount") == [(reason, "100.1")] and found.postings.empty
    told = states(found, lines)
    assert told["charges that cannot be posted"] == "finding" and told["journal and what is not posted equal the charge lines"] == "ok"


def test_an_owner_in_showback_is_shown_and_not_posted():
    found = posted(LINES, showback=frozenset({"Head of A"}))
    assert set(found.postings["owner"]) == {"Head of B"}
    assert ("shown only (showback)", "97.1") in [(reason, str(total(rows["amount"]).normalize())) for reason, rows in found.held.groupby("reason")]


def test_a_mock_says_on_every_line_that_it_is_not_for_posting():
    found = posted(LINES, mock=True).postings
    assert all(document.startswith("MOCK-CB-") for document in found["document"])
    assert all(text.startswith("NOT FOR POSTING") for text in found["text"])


def test_a_reversal_takes_each_side_back_in_the_next_month():
    found = posted().postings
    back = journal.reversal(found, "2026-10")
    both = pd.concat([found, back])
    assert all(total(rows["debit"]) == total(rows["credit"]) for _, rows in both.groupby(["company", "account", "cost_centre"]))
    assert set(back["date"]) == {"2026-10-01"} and set(back["document"]) == {"CB-2026-09-001-RV", "CB-2026-09-002-RV"}


def test_a_true_up_posts_the_difference_and_only_once():
    now = LINES.assign(amount=[D("90.10"), D("50.05"), D("-3.00"), D("7.00")])
    delta = journal.deltas(now, [LINES])
    assert cells(delta, "owner", "application", "amount") == [("Head of A", "A", "-10"), ("Head of B", "B", "10")]
    found = journal.post(delta, books(), "2026-10", None, journal.TRUE_UP, "2026-09").postings
    assert set(found["document"]) == {"CB-TU-2026-10-2026-09-001", "CB-TU-2026-10-2026-09-002"} and set(found["of_month"]) == {"2026-09"}
    assert set(found["period"]) == {"2026-10"}
    assert journal.deltas(now, [LINES, delta]).empty


def test_what_a_closed_month_could_not_post_is_posted_once_the_want_is_mended():
    lines = LINES.iloc[:1].assign(cost_centre="")  # nobody knew the cost centre when the month was closed
    was = posted(lines)
    assert cells(was.held, "reason", "amount") == [("no cost centre", "100.1")]
    still = journal.deltas(lines, [lines], [was.held])  # a month later it is still not known: named again, and not posted
    again = journal.post(still, books(), "2026-10", None, journal.TRUE_UP, "2026-09")
    assert again.postings.empty and cells(again.held, "reason", "of_month", "amount") == [("no cost centre", "2026-09", "100.1")]
    late = journal.deltas(LINES.iloc[:1], [lines, still], [was.held, again.held])
    mended = journal.post(late, books(), "2026-11", None, journal.TRUE_UP, "2026-09")
    assert cells(mended.postings, "cost_centre", "debit", "credit") == [("1001", "100.1", "0"), ("4790", "0", "100.1")]
    assert journal.deltas(LINES.iloc[:1], [lines, still, late], [was.held, again.held, mended.held]).empty


def test_what_was_shown_or_charged_to_nobody_is_no_debt_of_a_closed_month():
    was = posted(LINES, showback=frozenset({"Head of A"}))
    assert journal.deltas(LINES, [LINES], [was.held]).empty


def test_a_true_up_that_cannot_be_posted_is_a_finding():
    delta = LINES.iloc[:1].assign(cost_centre="9999")
    held = journal.post(delta, books(), "2026-10", None, journal.TRUE_UP, "2026-09")
    told = {row["check"]: (row["state"], row["amount"]) for row in journal.check(posted(LINES), LINES, held, delta)}
    assert told["charges that cannot be posted"] == ("finding", D("100.10"))
    assert told["true-ups and what of them is not posted equal their lines"][0] == "ok"


def test_the_erp_file_has_the_columns_it_asks_for():
    columns = table("""
        column  field     value  decimal
        Doc     document  .      .
        Ledger  .         0L     .
        Amount  amount    .      comma
        Debit   debit     .      point
    """)
    found = journal.file(posted(LINES.iloc[:1]).postings, columns)
    assert cells(found) == [("CB-2026-09-001", "0L", "100,10", "100.10"), ("CB-2026-09-001", "0L", "-100,10", "")]


centres = st.sampled_from(["1001", "1002", "9999", ""])
drawn = st.lists(st.tuples(st.sampled_from(["direct", "shared", "residual"]), st.sampled_from(["Head of A", "Head of B"]), centres,
                           st.sampled_from(["A", "B", ""]), st.integers(-10**6, 10**6)), min_size=1, max_size=12)


@settings(max_examples=50, deadline=None)
@given(drawn, st.randoms(use_true_random=False))
def test_any_journal_balances_by_company_loses_nothing_and_does_not_depend_on_order(rows, rng):
    def made(found):
        return pd.DataFrame([(kind, owner, centre, application, "", "AWS", "", D(cents) / 100) for kind, owner, centre, application, cents in found],
                            columns=[*journal.LINE_KEYS, "amount"])

    found = posted(made(rows))
    told = states(found, made(rows))
    assert told["journal balances in each document, company and currency"] == "ok"
    assert told["journal and what is not posted equal the charge lines"] == "ok"
    assert cells(posted(made(rng.sample(rows, len(rows)))).postings) == cells(found.postings)


def test_the_demos_journal_loads_in_a_double_entry_checker():
    loader = pytest.importorskip("beancount.loader", reason="beancount is not installed")
    from helpers import params, walk
    found = walk.open(str(params.ROOT / "params" / "2026-09.yaml"), "2026-09").posted.postings
    names = {account: f"Assets:A{account}" for account in set(found["account"])}
    text = [f"2026-01-01 open {name}" for name in sorted(names.values())]
    for (document, company), rows in found.groupby(["document", "company"]):
        text.append(f'\n{rows["date"].iloc[0]} * "{company}" "{document}"')
        text += [f"  {names[row.account]}  {row.debit - row.credit:.2f} {row.currency}" for row in rows.itertuples()]
    entries, errors, _ = loader.load_string("\n".join(text))
    assert errors == [] and len(entries) == len(names) + 2  # a transaction for each of the two companies
    amounts = sum(posting.units.number for entry in entries if hasattr(entry, "postings") for posting in entry.postings)
    assert amounts == 0
