"""The loop: what no rule knows is suggested, accepted by moving a row, and what that moves is told."""

from decimal import Decimal
from types import SimpleNamespace

import pandas as pd
import pytest

from helpers import mapped, mapping, moves, publish, rulebook, rulecheck, services, worklist
from tests.test_mapping import EC2, RULES, V5, lines, rule

NAMES = services.shipped()
QUANTUM = {"ServiceName": "Amazon Quantum Espresso", "cost": "1250.5"}


def classified(*rows: dict, rules=RULES) -> pd.DataFrame:
    return mapping.classify(lines(*rows), rules, V5, NAMES)


def suggested(*rows: dict) -> pd.DataFrame:
    held = worklist.by_service(worklist.open_services(classified(*rows)), NAMES)
    return worklist.worklist(held, RULES, NAMES, "2026-09", "USD")


def test_a_made_up_service_comes_with_a_suggestion_is_a_finding_and_maps_after_one_edit(tmp_path):
    before = classified(QUANTUM, {"ServiceName": EC2}).assign(owner="")
    assert list(before["tower"]) == ["Unmapped", "Compute"]
    [row] = suggested(QUANTUM).to_dict("records")
    assert row["ServiceName"] == "Amazon Quantum Espresso" and row["v5_tower"] and row["reason"].endswith(
        "; 1,250.50 USD amortised in 2026-09; to be checked")
    moved = pd.concat([RULES, pd.DataFrame([row])], ignore_index=True)
    moved.to_csv(tmp_path / "rules.csv", index=False)
    rules = mapping.load_rules(tmp_path / "rules.csv", V5)
    after = classified(QUANTUM, {"ServiceName": EC2}, rules=rules)
    assert list(after["tower"]) == [row["v5_tower"], "Compute"] and after.at[0, "rule_id"] == row["rule_id"]
    table = moves.moved(after, before, closed=["2026-09"])
    assert table[["ServiceName", "from_rule", "to_rule", "months", "closed_months", "effective"]].values.tolist() == [
        ["Amazon Quantum Espresso", "", row["rule_id"], "2026-09", 1, Decimal("1250.5")]]
    assert table.at[0, "from"].startswith("Unmapped / Unmapped") and table.at[0, "to"].startswith(row["v5_tower"])
    [check] = moves.check_moved(table, "2026-08")
    assert (check["state"], check["amount"]) == ("finding", Decimal("1250.5")) and "1 move reaches closed" in check["note"]


@pytest.mark.parametrize(("row", "why", "place"), [
    ({"ServiceName": "Amazon Redshifts"}, "Its name is like Amazon Redshift of AWS", ("Data", "Database")),
    ({"ServiceName": "Zzyzx", "ServiceCategory": "Storage", "ServiceSubcategory": "Backup Storage"},
     "Its provider calls it Backup Storage", ("Storage", "Offline Storage")),
    ({"ServiceName": "Zzyzx", "ServiceCategory": "Databases", "ServiceSubcategory": ""}, "Its provider calls it Databases",
     ("Data", "Database")),
    ({"ServiceName": "Amazon Redshifts", "ServiceSubcategory": "Backup Storage"}, "Its name is like Amazon Redshift of AWS",
     ("Data", "Database")),
    ({"ServiceName": "Amazon CloudSync", "ServiceSubcategory": "Backup Storage"}, "Its provider calls it Backup Storage",
     ("Storage", "Offline Storage")),
    ({"ServiceName": "Zzyzx"}, "Nothing is like it: ask who uses it, and name a tower", ("", "")),
])
def test_a_suggestion_says_what_it_rests_on(row, why, place):
    [found] = suggested(row | {"cost": "5"}).to_dict("records")
    assert found["reason"] == f"{why}; 5.00 USD amortised in 2026-09; to be checked"
    assert (found["v5_tower"], found["v5_sub_tower"], found["level"], found["confidence"]) == (*place, "service", "low")


@pytest.mark.parametrize("name", ["=HYPERLINK(1)", "- minus", "a; =b", "@x", "<b>x</b>", "a|b", "a*", "a?", "a,b\nc", "a\rb",
                                  " \t=x", "a\x00b\x1b[2J", "'=x", "Größe 😀", "x" * 500])
def test_a_hostile_name_stays_a_name_in_the_suggested_rule_though_a_spreadsheet_is_kept_from_running_it(tmp_path, name):
    row = {"ServiceName": name, "ServiceCategory": "Compute"}
    wanted = suggested(row)
    (tmp_path / "rules.csv").write_text(publish.to_csv(pd.concat([RULES, wanted], ignore_index=True)), encoding="utf-8")
    found = classified(row, {"ServiceName": "Other"}, rules=mapping.load_rules(tmp_path / "rules.csv", V5))
    assert list(found["rule_id"]) == [*wanted["rule_id"], ""]


@pytest.mark.parametrize("name", ["", "*", "?", " | ", "???"])
def test_a_service_that_no_pattern_can_tell_from_others_gets_no_rule_but_stays_in_view(name):
    held = worklist.by_service(worklist.open_services(classified({"ServiceName": name, "cost": "5"})), NAMES)
    wanted = worklist.worklist(held, RULES, NAMES, "2026-09", "USD")
    assert wanted.empty and list(mapped.learning(held, wanted, "v5")["because"]) == [
        "It has no name that a rule could tell it by: see its lines"]


def test_a_service_of_two_categories_is_one_row_with_all_its_cost():
    held = worklist.open_services(classified({"ServiceName": "Zzyzx", "ServiceCategory": "Storage", "cost": "5"},
                                             {"ServiceName": "ZZYZX", "ServiceCategory": "Web", "cost": "2"}))
    found = worklist.by_service(held, NAMES)
    assert [len(held), *found[["ServiceCategory", "effective", "line_count"]].values.tolist()] == [2, ["Storage", 7, 2]]


def test_unmapped_services_come_first_then_those_a_category_placed_by_cost_and_each_has_an_accountable_person():
    found = classified({"ServiceName": "One", "ServiceCategory": "Web", "cost": "90"}, {"ServiceName": "Two", "cost": "1"},
                       {"ServiceName": "Two", "cost": "3"}, {"ServiceName": "Tre", "cost": "-70"}, {"ServiceName": EC2})
    table = worklist.open_services(found.assign(owner=["A", "B", "C", "", "D"]))
    assert list(zip(table["ServiceName"], table["accountable"], table["rule_level"], strict=True)) == [
        ("Tre", "TBM office", "unmapped"), ("Two", "C", "unmapped"), ("One", "A", "category")]


def test_a_service_is_new_when_no_earlier_month_has_it_under_any_of_its_names():
    old = lines({"ServiceName": "AmazonEC2"}, {"ServiceName": "Gone"}).assign(ledger_period="2026-08")
    now = lines({"ServiceName": EC2}, {"ServiceName": "Brand New", "cost": "1000.01"}, {"ServiceName": "Small", "cost": "2"})
    both = pd.concat([old, now], ignore_index=True).assign(rule_level="unmapped", tower="", sub_tower="")
    table = worklist.new_services(both, "2026-09", NAMES)
    assert list(table["ServiceName"]) == ["Brand New", "Small"]
    [check] = worklist.check_new(table, Decimal(1000))
    assert (check["state"], check["amount"]) == ("finding", Decimal("1000.01")) and "Brand New (AWS)" in check["note"]
    assert worklist.check_new(table, Decimal(5000))[0]["state"] == "ok"
    assert worklist.new_services(both[both["ledger_period"] == "2026-09"], "2026-09", NAMES).empty


@pytest.mark.parametrize(("first", "second", "is_hidden"), [
    ({"ServiceName": "x"}, {"ServiceName": "x"}, True),
    ({"ServiceName": "x|y"}, {"ServiceName": "Y"}, True),
    ({"ServiceName": "x"}, {"ServiceName": "x|y"}, False),
    ({"ServiceName": "x|"}, {"ServiceName": "y"}, False),
    ({}, {"ServiceName": "x"}, True),
    ({"ServiceName": "a*"}, {"ServiceName": "ab*"}, True),
    ({"ServiceName": "ab*"}, {"ServiceName": "a*"}, False),
    ({"ServiceName": "?b"}, {"ServiceName": "*b"}, False),
    ({"ServiceName": "x", "SkuMeter": "m"}, {"ServiceName": "x"}, False),
    ({"ServiceName": "x"}, {"ServiceName": "x", "SkuMeter": "m"}, True),
    ({"ServiceName": "x", "valid_to": "2026-01"}, {"ServiceName": "x"}, False),
    ({"ServiceName": "x"}, {"ServiceName": "x", "valid_to": "2026-01"}, True),
    ({"ServiceName": "x"}, {"ServiceName": "x", "level": "default"}, False),
])
def test_a_rule_all_of_whose_lines_an_earlier_one_takes_is_hidden(first, second, is_hidden):
    rules = pd.DataFrame([rule("a", 1, "A", **first), rule("b", 2, "B", **second)])
    found = rulecheck.hidden(rules)
    assert found[["rule_id", "hidden_by"]].values.tolist() == ([["b", "a"]] if is_hidden else [])
    assert rulecheck.check_rules(found, rulecheck.strangers(rules, lines({}), NAMES))[0]["state"] == ("finding" if is_hidden else "ok")


def test_a_rule_for_a_provider_that_nobody_knows_is_a_finding():
    rules = pd.DataFrame([rule("a", 1, "A", ProviderName="Amazn"), rule("b", 2, "B", ProviderName="Amazon*"),
                          rule("c", 3, "C", ProviderName="Own Cloud"), rule("d", 4, "D")])
    found = rulecheck.strangers(rules, lines({"ProviderName": "Own Cloud"}), NAMES)
    assert list(found["rule_id"]) == ["a"]
    check = rulecheck.check_rules(rulecheck.hidden(rules.iloc[:0]), found)[1]
    assert (check["state"], check["note"]) == ("finding", "a (Amazn)")


def test_two_rules_of_one_level_that_place_a_line_differently_overlap_and_the_first_has_it():
    rules = pd.DataFrame([rule("a", 1, "A", ServiceName="x"), rule("b", 2, "B", ServiceName="*x*"),
                          rule("c", 3, "A", ServiceName="?"), rule("d", 4, "D", level="category")])
    table = rulecheck.overlaps(lines({"ServiceName": "x", "cost": "4"}, {"ServiceName": "y"}), rules, V5, "", NAMES)
    assert table[["rule_id", "other_rule", "effective", "place", "other_place"]].values.tolist() == [
        ["a", "b", 4, "A / A", "B / B"]]


def test_what_moves_between_the_versions_is_told_in_money_and_keeps_the_sum():
    table = moves.between_versions(lines({"ServiceName": EC2, "cost": "4"}, {"ServiceName": "AWS Lambda", "cost": "-1"}),
                                   RULES, NAMES)
    assert table[["v4_sub_tower", "v5_sub_tower", "effective", "changed"]].values.tolist() == [
        ["Servers", "Serverless", -1, "yes"], ["Servers", "Servers", 4, "no"]]


def test_the_shipped_rules_hide_none_of_each_other():
    assert rulecheck.hidden(NAMES.of_rules(RULES)).empty


def test_a_rule_for_the_other_version_only_is_refused_with_the_nearest_names(tmp_path):
    wrong = pd.DataFrame([rule("a", 1, "Compute") | {"priority": 1, "v5_sub_tower": "Severs", "reason": "r", "owner": "o"}])
    wrong.to_csv(tmp_path / "rules.csv", index=False)
    with pytest.raises(Exception, match='"Severs"; expected a sub-tower of Compute .* write Servers'):
        mapping.load_rules(tmp_path / "rules.csv", SimpleNamespace(pools="v5", towers="v5"))
    assert len(rulebook.read(tmp_path / "rules.csv")) == 1
