"""Two runs held against each other: every cent of the difference stands with the row that moved it."""

import json
import random
from decimal import Decimal

import pytest

from helpers import batch, codebook, publish, report
from helpers.__main__ import main
from helpers.compare import causes, command, compare, of
from helpers.compare.attribution import LOST, METHOD, ROWS, TOGETHER
from helpers.errors import InputError
from tests import company


@pytest.fixture
def base(tmp_path):
    return company.write(tmp_path / "a")


@pytest.fixture
def against(tmp_path, base):
    """The company as it is against one with other tables."""

    def held(rows=(), most=20, **tables):
        return compare(of(base), of(company.write(tmp_path / "b", **tables)), rows=rows, most=most)

    return held


def told(found) -> list[str]:
    """The sentences, paths shortened to the name of the file."""
    return [sentence if "/" not in sentence.split(":")[0] else sentence.split(". ")[0] + ". " + sentence.split("/")[-1]
            for sentence in causes.sentences(found)]


def sums(cause, figure="charged") -> dict[str, Decimal]:
    """A cause's amounts by owner, or what stands in its place."""
    found = {}
    for key, amount in cause.amounts.items():
        if key[0] == figure:
            found[key[2] or key[4]] = found.get(key[2] or key[4], Decimal(0)) + amount
    return {name: amount for name, amount in found.items() if amount}


def settled(found) -> bool:
    return set(causes.check(found)["state"]) == {"ok"}


def test_a_run_held_against_itself_has_no_difference_and_no_cause(base):
    found = compare(of(base), of(base))
    assert (found.difference, found.causes) == ({}, ())
    assert causes.headline(found) == "2026-09: no figure differs; 260.00 USD to charge on both sides."


def test_rows_in_another_order_are_no_difference(against):
    def mixed(text, seed):
        head, *rows = text.splitlines()
        random.Random(seed).shuffle(rows)
        return "\n".join([head, *rows]) + "\n"

    found = against(ledger=mixed(company.LEDGER, 1), applications=mixed(company.APPLICATIONS, 2), drivers=mixed(company.DRIVERS, 4),
                    bill=mixed(company.bill(), 3))
    assert found.difference == {} and not any(cause.amounts for cause in found.causes)


def test_a_driver_row_moves_the_share_of_the_pool(against):
    found = against(drivers=company.DRIVERS.replace("A,1", "A,3"))
    assert told(found) == ["1. drivers.csv, line 2 (2026-09, cpu, A, h): quantity 1 → 3: Owner A +10.00, Owner B −10.00"]
    assert settled(found)


def test_a_tag_is_told_by_its_key_with_cost_and_lines(against):
    rows = list(company.BILL)
    rows[1] = (*rows[1][:3], "B", *rows[1][4:])
    found = against(bill=company.bill(rows))
    assert told(found) == ["1. AWS bill of 2026-09, sub, Compute: tag `application` A → B of 30.00 on 1 line: "
                           "Owner A −30.00, Owner B +30.00"]
    assert settled(found)


def test_lines_of_one_tag_that_went_to_two_others_are_two_changes(tmp_path):
    rows = [("AWS", "I1", "USD", "A", "box", "30.00"), ("AWS", "I1", "USD", "A", "box", "40.00"), *company.BILL[1:]]
    split = [("AWS", "I1", "USD", "B", "box", "30.00"), ("AWS", "I1", "USD", "C", "box", "40.00"), *company.BILL[1:]]
    found = compare(*(of(company.write(tmp_path / name, bill=company.bill(each))) for name, each in (("a", rows), ("b", split))))
    assert [sums(cause) for cause in found.causes] == [{"Owner A": Decimal(-40), "Owner C": Decimal(40)},
                                                       {"Owner A": Decimal(-30), "Owner B": Decimal(30)}]
    assert settled(found)


def test_a_ledger_line_that_no_bill_explains_stays_with_nobody(against):
    found = against(ledger=company.LEDGER.replace("200.00", "210.00"))
    assert told(found) == ["1. ledger.csv, line 2 (L1): amount 200 → 210: Bridge item: unexplained +10.00"]


def test_an_owner_a_rate_and_a_rule_are_told_each_with_its_own_amount(against):
    one = against(applications=company.APPLICATIONS.replace("Owner C", "Owner X"))
    assert told(one) == ["1. applications.csv, line 4 (C): service_owner Owner C → Owner X: Owner C −60.00, Owner X +60.00"]
    two = against(rates=company.RATES.replace("1.2", "1.3"))
    assert told(two) == ["1. rates.csv, line 2 (2026-09, EUR, USD): rate 1.2 → 1.3: Bridge item: FX −5.00, Owner C +5.00"]
    three = against(allocation=company.ALLOCATION.replace("usage,cpu", "even,"))
    assert sums(three.causes[0]) == {"Owner A": Decimal("3.34"), "Owner B": Decimal("-16.67"), "Owner C": Decimal("13.33")}
    assert settled(one) and settled(two) and settled(three)


def test_what_two_rows_explain_only_together_is_named_so(against):
    """B's 90.00 go to X; A takes 10.00 more of the pool; of these 10.00 it is X, not B, who pays so much less."""
    found = against(applications=company.APPLICATIONS.replace("Owner B", "Owner X"), drivers=company.DRIVERS.replace("A,1", "A,3"))
    assert [sums(cause) for cause in found.causes] == [
        {"Owner B": Decimal(-90), "Owner X": Decimal(90)}, {"Owner A": Decimal(10), "Owner B": Decimal(-10)},
        {"Owner B": Decimal(10), "Owner X": Decimal(-10)}]
    assert found.causes[2].kind == TOGETHER and found.causes[2].parts == (0, 1)
    assert causes.label(found, found.causes[2]) == "together, what 1 and 2 explain only when both hold"
    assert settled(found)


def test_only_the_rows_that_meet_are_named_together(against):
    found = against(applications=company.APPLICATIONS.replace("Owner B", "Owner X"), drivers=company.DRIVERS.replace("A,1", "A,3"),
                    rates=company.RATES.replace("1.2", "1.3"))
    [shared] = [cause for cause in found.causes if cause.kind == TOGETHER]
    names = [found.causes[part].changes[0].table for part in shared.parts]
    assert names == ["applications", "drivers"] and settled(found)


def test_rows_of_different_owners_and_pools_leave_nothing_together_and_each_equals_its_own_run(tmp_path, base):
    rows = list(company.BILL)
    rows[1] = (*rows[1][:3], "B", *rows[1][4:])
    edits = {"bill": company.bill(rows), "rates": company.RATES.replace("1.2", "1.25"),
             "drivers": company.DRIVERS.replace("B,3", "B,4"),
             "ledger": company.LEDGER.replace("300.00", "310.00"), "org": company.ORG.replace("Unit C", "Unit X")}
    all_at_once = compare(of(base), of(company.write(tmp_path / "all", **edits)))
    alone = {name: compare(of(base), of(company.write(tmp_path / name, **{name: text}))).difference for name, text in edits.items()}
    assert [cause.kind for cause in all_at_once.causes] == [ROWS] * 5
    assert {cause.changes[0].table.replace("billing", "bill"): cause.amounts for cause in all_at_once.causes} == alone
    assert settled(all_at_once)


def test_a_row_that_came_or_went_is_told_with_its_key(against):
    found = against(ledger=company.LEDGER + "L4,2026-09,2026-09-30,6200,CP,,,,,50.00,USD,More pay\n")
    assert told(found) == ["1. ledger.csv, line 5: row added (L4): full cost of (Staffing, no rule) +50.00"] or \
        told(found)[0].startswith("1. ledger.csv, line 5: row added (L4): full cost of ")
    gone = against(ledger=company.LEDGER.replace("L3,", "L9,"))
    assert told(gone)[0].startswith("1. ledger.csv, line 4 (L9): line_id L3 → L9")


def test_more_rows_than_are_tried_one_by_one_are_told_by_file_and_kind(against):
    more = "".join(f"M{place},2026-09,2026-09-30,6200,CP,,,,,1.00,USD,Pay {place}\n" for place in range(30))
    found = against(ledger=company.LEDGER + more)
    assert len(found.causes) == 1 and causes.label(found, found.causes[0]).startswith("ledger: 30 rows added, such as ")
    each = against(ledger=company.LEDGER + more, rows=["ledger"])
    assert len(each.causes) == 30 and all(sum(cause.amounts.values()) == 1 for cause in each.causes)
    assert found.difference == each.difference and settled(found) and settled(each)


def test_a_parameter_and_a_whole_table_are_causes_as_rows_are(tmp_path, base):
    other = company.write(tmp_path / "b")
    other.write_text(other.read_text().replace("currency: USD", "currency: USD\ncost_basis: billed\nshared_pools: direct"))
    assert told(compare(of(base), of(other)))[0].startswith("1. parameter cost_basis amortised → billed: moves no figure compared")
    without = tmp_path / "a" / "without.yaml"
    without.write_text("".join(line for line in base.read_text().splitlines(True) if "allocation" not in line))
    [cause] = compare(of(base), of(without)).causes
    assert (cause.changes[0].table, cause.changes[0].kind) == ("allocation_rules", "not given any more")
    assert sums(cause) == {"Owner A": Decimal(-10), "Owner B": Decimal(-30), "Plat": Decimal(40)}


def test_a_change_that_cannot_stand_alone_is_said_to_and_counts_together(tmp_path, base):
    """The application B is called D in the CMDB and in the feed; a pool's fixed consumer by itself would not be known."""
    fixed = "pool,method,consumer,share,reason,owner\nPlat,fixed,{},1,all of it,o\n"
    was = company.write(tmp_path / "was", allocation=fixed.format("B"))
    now = company.write(tmp_path / "now", allocation=fixed.format("D"), applications=company.APPLICATIONS + "D,D app,application,Owner D,CB,cloud,live\n")
    found = compare(of(was), of(now))
    assert settled(found)
    assert sum((sums(cause).get("Owner D", Decimal(0)) for cause in found.causes), Decimal(0)) == 40


def pack(folder, path, change=None, **more):
    """A pack of the company with its figures as published, as far as comparing needs one."""
    side = report.walk.Month(report.params.load(path))
    (folder / "tables").mkdir(parents=True)
    lines = side.charged.lines.drop(columns="exact")
    if change:
        lines = lines.assign(amount=[change.get((row.owner, row.kind), row.amount) for row in lines.itertuples()])
    (folder / "tables" / "chargeback_lines.csv").write_text(publish.to_csv(lines))
    tco = side.tco.assign(amount=[Decimal(int(cents)) / 100 for cents in side.tco["cents"]])
    (folder / "tables" / "tco_lines.csv").write_text(publish.to_csv(tco.drop(columns="cents")))
    facts = report.prepare(report.params.load(path))
    told = {"period": "2026-09", "parameters": facts.parameters, "inputs": facts.inputs.to_dict("records"), "cube": facts.cube}
    (folder / "manifest.json").write_text(json.dumps(told | more))
    return folder


def test_a_pack_can_be_held_against_now_though_its_inputs_were_edited_in_place(tmp_path, base):
    kept = pack(tmp_path / "pack", base)
    company.write(tmp_path / "a", drivers=company.DRIVERS.replace("A,1", "A,3"), bill=company.bill(company.BILL[:-1]),
                  ledger=company.LEDGER.replace("60.00", "0.00").replace("50.00", "0.00"))
    found = compare(of(kept), of(base))
    assert not found.was.lost and settled(found)
    assert found.causes and sum((sums(cause).get("Owner C", Decimal(0)) for cause in found.causes), Decimal(0)) == -60


def test_what_the_program_itself_moved_is_method(tmp_path, base):
    """The pack says A 99.00 and B 61.00 of direct cost; the same inputs give 100.00 and 60.00 now."""
    kept = pack(tmp_path / "pack", base, {("Owner A", "direct"): Decimal("99.00"), ("Owner B", "direct"): Decimal("61.00")},
                workbook={"version": "0.0.1"})
    found = compare(of(kept), of(base))
    assert [(cause.kind, sums(cause)) for cause in found.causes] == [(METHOD, {"Owner A": Decimal(1), "Owner B": Decimal(-1)})]
    company.write(tmp_path / "a", drivers=company.DRIVERS.replace("A,1", "A,3"))
    both = compare(of(kept), of(base))
    assert [(cause.kind, sums(cause)) for cause in both.causes] == [
        (ROWS, {"Owner A": Decimal(10), "Owner B": Decimal(-10)}), (METHOD, {"Owner A": Decimal(1), "Owner B": Decimal(-1)})]
    assert settled(both)


def test_inputs_that_are_not_at_hand_any_more_are_named_and_no_row_is_guessed(tmp_path, base, monkeypatch):
    kept = pack(tmp_path / "pack", base)
    company.write(tmp_path / "a", drivers=company.DRIVERS.replace("A,1", "A,3"))
    monkeypatch.setattr(report.walk, "CACHE", tmp_path / "no cache")
    found = compare(of(kept), of(base))
    [cause] = found.causes
    assert cause.kind == LOST and "drivers.csv" in cause.note
    assert sums(cause) == {"Owner A": Decimal(10), "Owner B": Decimal(-10)}


def test_a_month_that_was_not_published_needs_the_inputs_at_hand(tmp_path, base, monkeypatch):
    kept = pack(tmp_path / "pack", base)
    company.write(tmp_path / "a", drivers=company.DRIVERS.replace("A,1", "A,3"))
    monkeypatch.setattr(report.walk, "CACHE", tmp_path / "no cache")
    with pytest.raises(InputError, match="its inputs are not at hand any more .*drivers.csv.*, so 2026-08 cannot be worked out"):
        compare(of(kept), of(base), ["2026-08"])


def test_several_months_are_told_apart(tmp_path, base):
    ledger = company.LEDGER + "L4,2026-10,2026-10-31,6200,CP,,,,,5.00,USD,Pay\n"
    was, now = (of(company.write(tmp_path / name, ledger=ledger, drivers=drivers)) for name, drivers in (
        ("was", company.DRIVERS), ("now", company.DRIVERS.replace("A,1", "A,3"))))
    found = compare(was, now, ["2026-09", "2026-10"])
    assert {key[1] for key in found.difference} == {"2026-09"} and {key[1] for key in found.after} == {"2026-09", "2026-10"}


def test_tables_add_up_and_no_text_of_theirs_is_a_formula(tmp_path, against):
    found = against(applications=company.APPLICATIONS.replace("Owner B", "=cmd|calc"), drivers=company.DRIVERS.replace("A,1", "A,3"))
    folder = command.write(found, tmp_path / "out")
    differences, told_causes = causes.differences(found), causes.causes(found)
    assert differences["difference"].sum() == told_causes["amount"].sum() == 0
    assert ",=cmd" not in (folder / "compared_differences.csv").read_text() and ",'=cmd" in (folder / "compared_differences.csv").read_text()
    for path in folder.iterdir():
        assert path.read_text().splitlines()[0].split(",") == [column.name for column in codebook.columns(path.stem, "output")]
    again = command.write(found, tmp_path / "again")
    assert all((again / path.name).read_bytes() == path.read_bytes() for path in folder.iterdir())


@pytest.mark.parametrize(("arguments", "line"), [
    (["nowhere", "x.yaml"], "nowhere: the file does not exist"),
    (["{a}", "{a}", "--rows", "leger"], "--rows leger: no table of the inputs"),
    (["{a}", "--with", "rules.maping=x.csv"], "--with rules.maping: no file of the parameters"),
    (["{a}", "--with", "inputs.ledger=x.csv"], '--with inputs.ledger: inputs.ledger is "x.csv", which finds no file'),
    (["{folder}", "{a}"], "a folder without manifest.json or closed.json"),
    (["{a}", "{a}", "--out", "{folder}"], "a folder that compare did not make"),
])
def test_wrong_words_are_told_in_one_line(base, capsys, arguments, line):
    named = [text.format(a=base, folder=base.parent) for text in arguments]
    assert main(["compare", *named]) == 1
    assert line in capsys.readouterr().err


def test_two_currencies_are_never_compared(tmp_path, base):
    other = company.write(tmp_path / "b", booked=False)
    other.write_text(other.read_text().replace("currency: USD", "currency: EUR").replace("rates", "budget"))
    with pytest.raises(InputError):
        compare(of(base), of(other))


def test_the_command_tells_the_demo_month_with_another_owner(tmp_path, capsys):
    rows = (report.ROOT / "data/demo/applications.csv").read_text().replace("Dispatch Board,application,Transport Execution,Operations Portfolio,"
                                                                          "Service Delivery,Head of Transport", "Dispatch Board,application,Transport "
                                                                          "Execution,Operations Portfolio,Service Delivery,Head of Dispatch")
    (tmp_path / "applications.csv").write_text(rows)
    assert main(["compare", "params/2026-09.yaml", "--with", f"inputs.applications={tmp_path}/applications.csv", "--out", str(tmp_path / "out")]) == 0
    told_lines = capsys.readouterr().out.splitlines()
    assert told_lines[0] == "2026-09: 46,912.54 USD moved for 2 owners; to charge was 1,224,911.14, is 1,224,911.14."
    assert told_lines[1].endswith("applications.csv, line 6 (DISPATCH): service_owner Head of Transport → Head of Dispatch: "
                                  "Head of Dispatch +46,912.54, Head of Transport −46,912.54")
    assert batch.STEPS and (tmp_path / "out" / "compared_causes.csv").is_file()


def test_a_pack_is_told_by_the_name_that_it_was_asked_for(tmp_path, base):
    kept = pack(tmp_path / "pack", base)
    assert of(kept).name == str(kept)
