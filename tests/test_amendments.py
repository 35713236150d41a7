"""Closed months: what differs is posted once, in an open month, where inputs alone changed; never for want of a bill."""

import csv
import json
from decimal import Decimal as D

import pandas as pd
import pytest

from helpers import amendments, chargeback, codebook, journal, kept, program, publish, walk
from helpers.amendments import BOTH, GONE, INPUTS, METHOD, Closed, Now
from helpers.mapping import rows_of
from tests.tables import cells, table
from tests.test_journal import LINES, books

AUG, SEP, OCT = "2026-08", "2026-09", "2026-10"
PROGRAM = {"version": "1", "code": "c"}
FILES = table("""
    file     state     BillingAccountId  billing_period
    aug.csv  read      1                 2026-08
    jul.csv  read      1                 2026-07
    old.csv  replaced  1                 2026-08
""", ProviderName="Amazon Web Services")
SOURCES = table("billing_period  amount\n2026-08  100.10\n.  -1.00", ProviderName="AWS")
PRINTS = {("parameters", "p.yaml"): "p", ("ledger", "gl.csv"): "g", ("billing", "aug.csv"): "a", ("billing", "jul.csv"): "j",
          ("billing", "old.csv"): "o", ("calendar", ""): ""}
NO_LINES = LINES.iloc[:0]


def told(prints=PRINTS, **other) -> dict:
    """What closed.json says."""
    rows = [{"input": name, "file": file, "sha256": mark} for (name, file), mark in prints.items()]
    return {"inputs": rows, "parameters": {"period": AUG, "mode": "chargeback"}, "workbook": PROGRAM, **other}


def was(lines=LINES, trued=(), held=(), waiting=NO_LINES, files=FILES, sources=SOURCES, **said) -> Closed:
    return Closed(AUG, [lines, *trued], [*held], waiting if "reason" in waiting else waiting.assign(reason=""), told(**said), files, sources)


def now(prints=PRINTS, files=FILES, workbook=PROGRAM, parameters=None) -> Now:
    known = {"Amazon Web Services": "AWS"}
    return Now(prints, parameters or {"period": SEP, "mode": "chargeback"}, workbook, files, lambda name: known.get(name, name))


LATER = PRINTS | {("ledger", "gl.csv"): "g2"}  # the ledger has grown
OTHER = {"version": "1", "code": "d"}
WITHOUT = {key: mark for key, mark in PRINTS.items() if key[1] != "aug.csv"}
LESS = LINES.assign(amount=[D("90.10"), D("50.05"), D("-3.00"), D("7.00")])  # A 10 less, B 10 more
NOT_AUG = FILES[FILES["file"] != "aug.csv"]


@pytest.mark.parametrize("now_, cause, posts, note", [
    (now(), METHOD, False, "no input changed since 2026-08 was closed: what differs is method, and stays as it was closed"),
    (now(workbook=OTHER), METHOD, False, "no input changed since 2026-08 was closed: what differs is method, and stays as it was closed"),
    (now(LATER, workbook=OTHER), BOTH, False, "program and inputs both changed since 2026-08 was closed: nothing is posted"),
    (now(LATER), INPUTS, True, "inputs changed since 2026-08 was closed: what differs is posted as a true-up"),
    (now(WITHOUT, NOT_AUG), GONE, False, "put back, or export again: aug.csv; nothing else brings these bills"),
    (now(WITHOUT, NOT_AUG, OTHER), GONE, False, "put back, or export again: aug.csv; nothing else brings these bills"),
])
def test_the_first_of_four_causes_that_holds_says_whether_a_difference_is_posted(now_, cause, posts, note):
    found = amendments.amend(was(), LESS, now_)
    assert (found.cause, found.posts, found.amount, found.note) == (cause, posts, D("10.00"), note)
    assert cells(found.lines, "owner", "amount") == ([("Head of A", "-10"), ("Head of B", "10")] if posts else [])
    findings = {row["check"]: (row["state"], row["amount"], row["owner"]) for row in amendments.check(amendments.table([found]))}
    name = {METHOD: "2026-08 would be charged otherwise by method: nothing is posted",
            BOTH: "program and inputs both changed since 2026-08 was closed: nothing is posted",
            GONE: "bills of 2026-08 are no longer there: nothing is posted"}.get(cause)
    assert findings == ({name: ("finding", D("10.00"), "Head of Financial Control")} if name else {})


def test_a_month_closed_by_a_program_that_did_not_say_which_it_was_is_of_another_program():
    assert amendments.amend(was(workbook={}), LESS, now(LATER)).cause == BOTH
    assert amendments.amend(Closed(AUG, [LINES], [], NO_LINES.assign(reason=""), {}, FILES, SOURCES), LESS, now(LATER)).cause == BOTH


@pytest.mark.parametrize("now_", [now(), now(LATER, workbook=OTHER), now(LATER)])
def test_where_nothing_differs_nothing_is_posted_and_there_is_no_finding(now_):
    found = amendments.amend(was(), LINES, now_)
    assert (found.amount, found.note, len(found.lines)) == (0, "nothing differs", 0)
    assert amendments.check(amendments.table([found])) == []


def test_what_nobody_is_charged_is_no_difference_to_post():
    more = LINES.assign(amount=LINES["amount"].where(LINES["kind"] != "residual", D(99)))
    assert amendments.amend(was(), more, now(LATER, workbook=OTHER)).amount == 0


def test_the_larger_of_what_was_added_and_taken_away_is_told():
    assert amendments.amend(was(), LESS.assign(amount=[D("90.10"), D("42.05"), D("-3.00"), D("7.00")]), now(LATER)).amount == 10


def test_a_month_that_has_neither_bills_nor_books_any_more_is_not_given_back():
    found = amendments.amend(was(), None, now(WITHOUT, NOT_AUG))
    assert (found.cause, found.amount, len(found.lines)) == (GONE, D("140.15"), 0)  # 100.10 + 40.05, the credit of 3 the other way
    assert amendments.amend(was(), None, now(LATER)) is None


# --- has any input changed?

@pytest.mark.parametrize("prints, same", [
    (PRINTS, True), (LATER, False), (WITHOUT, False),
    (PRINTS | {("billing", "sep.csv"): "s"}, False),  # a file that came since
    (PRINTS | {("calendar", "fiscal.csv"): "f"}, False),  # an input that was not given then
    (WITHOUT | {("billing", "moved.csv"): "a"}, False),  # compared by name
    (PRINTS | {("parameters", "p.yaml"): "q"}, True),  # other words, the same values
    (PRINTS | {("parameters", "2026-09.yaml"): "q"}, True),  # the month's own file
])
def test_every_input_that_is_there_has_the_hash_it_had(prints, same):
    assert amendments.unchanged(told(), now(prints)) is same


def test_parameters_count_by_their_values_and_the_month_does_not():
    other = PRINTS | {("parameters", "p.yaml"): "q"}
    assert not amendments.unchanged(told(), now(other, parameters={"period": SEP, "mode": "showback"}))
    assert amendments.unchanged(told(), now(PRINTS, parameters={"period": SEP, "mode": "chargeback", "new_setting": 1}))  # of a newer program
    assert not amendments.unchanged({}, now())


# --- is a bill gone?

def files(*rows) -> pd.DataFrame:
    return pd.DataFrame([(file, state, "Amazon Web Services", "1", month) for file, state, month in rows],
                        columns=["file", "state", *amendments.BILL])


JUL = ("jul.csv", "read", "2026-07")


@pytest.mark.parametrize("changed, rows, gone", [
    ({}, [JUL], ["aug.csv"]),  # deleted
    ({"sep.csv": "s"}, [JUL, ("sep.csv", "read", SEP)], ["aug.csv"]),  # another bill is none in its place
    ({"sub/aug.csv": "a"}, [JUL, ("sub/aug.csv", "read", AUG)], []),  # moved
    ({"new.csv": "n"}, [JUL, ("new.csv", "read", AUG)], []),  # exported again under another name
    ({"new.csv": "n"}, [JUL, ("new.csv", "kept out", AUG)], ["aug.csv"]),  # which does not count
    ({"aug.csv": "x"}, [JUL, ("aug.csv", "read", AUG)], []),  # restated in its place
    ({"aug.csv": "x"}, [JUL, ("aug.csv", "read", SEP)], ["aug.csv"]),  # overwritten by the next month's
    ({}, [JUL, ("old.csv", "read", AUG)], ["aug.csv"]),  # an earlier delivery was there at closing
    ({"jul2.csv": "j2"}, [("jul2.csv", "read", "2026-07")], ["aug.csv"]),
    ({"aug.csv": "a"}, [("aug.csv", "read", AUG)], []),  # July's is gone, and is no bill of the closed month
])
def test_a_bill_is_gone_where_neither_file_nor_content_nor_a_newer_export_brings_it(changed, rows, gone):
    rest = {key: mark for key, mark in WITHOUT.items() if key[0] != "billing" or key[1] in ("old.csv", *(row[0] for row in rows))}
    prints = rest | {("billing", file): mark for file, mark in changed.items()}
    assert amendments.bills_gone(was(), now(prints, files(*rows))) == gone


def test_a_part_of_a_bill_that_is_gone_is_missed_though_its_other_part_was_restated():
    parts = files(("p1.csv", "read", AUG), ("p2.csv", "read", AUG))
    closed = was(files=parts, prints={("billing", "p1.csv"): "1", ("billing", "p2.csv"): "2"})
    assert amendments.bills_gone(closed, now({("billing", "p1.csv"): "1b"}, parts.iloc[:1])) == ["p2.csv"]
    assert amendments.bills_gone(closed, now({("billing", "all.csv"): "3"}, files(("all.csv", "read", AUG)))) == []


def test_the_bill_of_another_account_or_provider_is_none_in_its_place():
    new = files(("new.csv", "read", AUG))
    prints = WITHOUT | {("billing", "new.csv"): "n"}
    assert amendments.bills_gone(was(), now(prints, new.assign(BillingAccountId="2"))) == ["aug.csv"]
    assert amendments.bills_gone(was(), now(prints, new.assign(ProviderName="Microsoft"))) == ["aug.csv"]


def test_where_the_closed_month_kept_no_table_of_bills_its_files_are_compared():
    assert amendments.bills_gone(was(files=None), now(WITHOUT, files(JUL))) == ["aug.csv"]
    assert amendments.bills_gone(was(files=None), now(PRINTS | {("billing", "aug.csv"): "x"}, FILES)) == []


def test_of_many_files_the_first_are_named():
    many = files(*[(f"p{place}.csv", "read", AUG) for place in range(8)])
    closed = was(files=many, prints={("billing", f"p{place}.csv"): str(place) for place in range(8)})
    note = amendments.amend(closed, LESS, now({}, files())).note
    assert note == "put back, or export again: p0.csv, p1.csv, p2.csv, p3.csv, p4.csv and 3 more; nothing else brings these bills"


# --- what could not be posted

ORPHAN = LINES.iloc[:1].assign(cost_centre="")


def waits() -> tuple[journal.Posted, Closed]:
    """August closed with a charge that no cost centre was known for."""
    held = journal.post(ORPHAN, books(), AUG).held
    return held, was(ORPHAN, held=[held], waiting=held)


def test_what_waits_for_a_cost_centre_is_named_again_and_is_no_difference():
    _, closed = waits()
    for now_ in (now(), now(LATER, workbook=OTHER), now(LATER)):
        found = amendments.amend(closed, ORPHAN, now_)
        assert (found.amount, found.note) == (0, "nothing differs")
        told_ = amendments.post(found, books(), SEP, None)
        assert told_.postings.empty and cells(told_.held, "reason", "of_month", "amount") == [("no cost centre", AUG, "100.1")]
        assert cells(found.lines, "owner", "amount") == [("Head of A", "100.1")]  # so that lines, postings and what waits add up


def test_what_waits_is_posted_once_the_want_is_mended_and_not_where_the_program_changed_too():
    _, closed = waits()
    mended = LINES.iloc[:1]
    found = amendments.amend(closed, mended, now(LATER))
    assert found.amount == D("100.10")
    assert cells(amendments.post(found, books(), SEP, None).postings, "cost_centre", "debit", "credit") == [
        ("1001", "100.1", "0"), ("4790", "0", "100.1")]
    still = amendments.amend(closed, mended, now(LATER, workbook=OTHER))
    told_ = amendments.post(still, books(), SEP, None)
    assert (still.amount, len(told_.postings)) == (D("100.10"), 0)
    assert cells(told_.held, "cost_centre", "amount") == [("", "100.1")]  # as it waited, not as it would be now


def test_what_waits_is_not_posted_by_rules_that_came_with_another_program():
    held = journal.post(LINES.iloc[:1], books(rules=None), AUG).held
    closed = was(LINES.iloc[:1], held=[held], waiting=held)
    told_ = amendments.post(amendments.amend(closed, LINES.iloc[:1], now(LATER, workbook=OTHER)), books(), SEP, None)
    assert told_.postings.empty and cells(told_.held, "reason", "amount") == [("no row of the account rules takes it", "100.1")]


def later(month: str, **tables) -> dict:
    return {(month, f"chargeback_{name}"): rows for name, rows in tables.items()}


def test_what_waits_is_what_the_last_closed_month_that_looked_left():
    held = journal.post(ORPHAN, books(), AUG).held
    line = ORPHAN.assign(of_month=AUG)[["of_month", *journal.LINE_KEYS, "amount"]]
    found = amendments.table([amendments.amend(was(), LINES, now(LATER))])
    posted = line.assign(cost_centre="1001")
    none, first = held.iloc[:0], {(AUG, "chargeback_journal_held"): held}

    def waiting(*tables) -> list[tuple]:
        known = first | {key: rows for part in tables for key, rows in part.items()}
        closed = amendments.closed(AUG, ORPHAN, [SEP, OCT], lambda *key: known.get(key), {})
        return cells(closed.waiting, "owner", "amount")

    assert waiting() == [("Head of A", "100.1")]  # September and October were closed before August: they did not look
    assert waiting(later(SEP, trueup=line, journal_held=held)) == [("Head of A", "100.1")]
    assert waiting(later(SEP, trueup=posted, journal_held=none)) == []  # posted in September
    assert waiting(later(SEP, trueup=line.iloc[:0], journal_held=none, closed_months=found)) == []  # it is no longer charged
    assert waiting(later(SEP, trueup=posted, journal_held=none), later(OCT, trueup=line, journal_held=held)) == [("Head of A", "100.1")]


# --- a small company, month by month

STILL = ("chargeback_journal", "chargeback_journal_file", "chargeback_journal_held", "chargeback_trueup", "chargeback_trueup_journal",
         "reconciliation_accrual_journal")


def amended(month: walk.Month) -> list[tuple]:
    return cells(amendments.table(month.amended), "of_month", "cause", "posts", "amount")


def trued(month: walk.Month) -> list[tuple]:
    return cells(month.trueup, "of_month", "owner", "amount")


def test_a_closed_month_that_is_as_it_was_posts_nothing(company):
    month = company.month(SEP)
    assert (amended(month), trued(month)) == ([(AUG, INPUTS, True, "0")], [])


def test_a_restated_bill_is_trued_up_once_in_the_next_open_month(company):
    company.bill(AUG, "90.00", "60.00")
    month = company.month(SEP)
    assert amended(month) == [(AUG, INPUTS, True, "10")]
    assert trued(month) == [(AUG, "Owner A", "-10"), (AUG, "Owner B", "10")]
    company.close(SEP)
    company.bill(OCT, "1.00", "2.00")
    company.book(OCT, "3.00")
    month = company.month(OCT)
    assert amended(month) == [(AUG, INPUTS, True, "0"), (SEP, INPUTS, True, "0")] and trued(month) == []


def test_a_bill_that_is_deleted_is_not_refunded_and_comes_back_without_a_trace(company):
    (company.folder / "bills" / f"{AUG}.csv").unlink()
    month = company.month(SEP)
    assert (amended(month), trued(month)) == ([(AUG, GONE, False, "150")], [])
    [finding] = [row for row in chargeback.check(month).to_dict("records") if row["check"].startswith("bills of 2026-08")]
    assert (finding["state"], finding["amount"]) == ("finding", 150) and f"bills/{AUG}.csv" in finding["note"]
    company.bill(AUG, "100.00", "50.00", name="back")
    assert amended(company.month(SEP)) == [(AUG, INPUTS, True, "0")]


def test_a_re_export_under_a_new_name_is_trued_up(company):
    (company.folder / "bills" / f"{AUG}.csv").unlink()
    company.bill(AUG, "90.00", "60.00", name="aug_v2")
    assert amended(company.month(SEP)) == [(AUG, INPUTS, True, "10")]


def test_another_program_and_other_inputs_are_told_and_not_posted(company, monkeypatch):
    company.bill(AUG, "90.00", "60.00")
    monkeypatch.setattr(program, "told", lambda: {"version": "0.3.0", "code": "other"})
    month = company.month(SEP)
    assert (amended(month), trued(month)) == ([(AUG, BOTH, False, "10")], [])
    states = chargeback.check(month).set_index("check")["state"]
    assert states["program and inputs both changed since 2026-08 was closed: nothing is posted"] == "finding"
    assert "failed" not in set(states)


def test_a_decision_of_the_teams_is_an_input(company):
    before = company.month(SEP).prints
    company.write("kept/disputes.csv", "application,tag_owner,decision,decided_from,decided_to,reason,decided_by\nA,X,Owner B,2026-08,,r,o\n")
    assert [key for key in company.month(SEP).prints if key not in before] == [
        ("owner decisions", (company.folder / "kept/disputes.csv").as_posix())]


def test_a_closed_month_run_again_proposes_what_it_was_closed_with_to_the_byte(company):
    company.close(SEP)
    company.bill(SEP, "99.00", "66.00")
    company.bill(AUG, "90.00", "60.00")
    pack, closed = company.pack(SEP), company.folder / "kept" / SEP / "closed"
    for name in STILL:
        assert (pack / "tables" / f"{name}.csv").read_bytes() == (closed / "tables" / f"{name}.csv").read_bytes(), name
    month = company.month(SEP)
    assert month.amended == [] and month.closed_note.startswith("September 2026 is closed: the postings are those that it was closed with")
    assert "failed" not in set(chargeback.check(month)["state"])
    [check] = kept.compare(SEP, pack, company.folder / "kept")
    moved = {row["table"] for row in csv.DictReader((pack / "tables" / "restatement.csv").open(encoding="utf-8"))}
    assert check["state"] == "finding" and "chargeback_lines.csv" in moved and not moved & {f"{name}.csv" for name in STILL}


def test_what_a_closed_month_run_again_finds_is_trued_up_in_the_next_open_one(company):
    company.close(SEP)
    company.bill(SEP, "99.00", "66.00")
    company.bill(OCT, "1.00", "2.00")
    company.book(OCT, "3.00")
    assert trued(company.month(SEP)) == [] and trued(company.month(OCT)) == [(SEP, "Owner A", "-11"), (SEP, "Owner B", "11")]


def test_an_open_month_says_nothing_of_being_closed(company):
    month = company.month(SEP)
    assert (month.is_closed, month.closed_note, month.as_closed("chargeback_journal")) == (False, "", None)


def test_the_table_of_closed_months_has_the_columns_of_the_codebook(company):
    pack = company.pack(SEP)
    header = next(csv.reader((pack / "tables" / "chargeback_closed_months.csv").open(encoding="utf-8")))
    assert header == [column.name for column in codebook.columns("chargeback_closed_months", "output")] == amendments.COLUMNS


def test_a_kept_table_is_written_again_with_the_same_bytes(tmp_path):
    folder = tmp_path / AUG / "closed" / "tables"
    folder.mkdir(parents=True)
    hostile = ["=1+1", "'=1", "a;\t=x", ";'\tx", "-", "say \"x\", y\nz", "@", "''=1", "plain"]
    frame = pd.DataFrame({"document": hostile, "debit": [D("1.50"), D(0), D("-0.00"), D("1E+2"), None, D("0.001"), D(7), D(8), D(9)],
                          "line": [1, 2, 3, 4, 5, 6, 7, 8, 9]})
    path = folder / "chargeback_journal.csv"
    path.write_text(publish.to_csv(frame), encoding="utf-8", newline="")
    again = kept.table(AUG, tmp_path, "chargeback_journal")
    assert publish.to_csv(again) == path.read_text(encoding="utf-8")
    assert list(rows_of(again, ["document", "line"]))[0] == ("=1+1", 1) and again["debit"].iloc[0] == D("1.50")
    path.write_text("document,line\na,2.0\nb,3\n")  # as versions before 0.2.0 wrote a whole number beside a blank
    assert publish.to_csv(kept.table(AUG, tmp_path, "chargeback_journal")) == path.read_text()
    path.write_text("document,debit\n")
    assert list(kept.table(AUG, tmp_path, "chargeback_journal")) == ["document", "debit"]
    assert kept.table(AUG, tmp_path, "other") is None
