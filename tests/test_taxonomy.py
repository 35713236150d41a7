"""The taxonomy: which names there are, and how a wrong one is refused."""

import itertools
from pathlib import Path

import pandas as pd
import pytest

from helpers import rulebook, taxonomy
from helpers.errors import InputError

RULES = Path(__file__).resolve().parent.parent / "data" / "mapping" / "rules.csv"


def rule(**values) -> pd.DataFrame:
    blank = dict.fromkeys(rulebook.COLUMNS, "") | {"rule_id": "r1", "level": "service"}
    return pd.DataFrame([blank | {"v5_tower": "Compute", "v5_sub_tower": "Servers"} | values])


@pytest.mark.parametrize(("pools", "towers"), list(itertools.product(("v4", "v5"), repeat=2)))
def test_the_rules_of_the_project_name_nothing_outside_either_taxonomy(pools, towers):
    rules = rulebook.read(RULES)
    assert taxonomy.check(rules, pools, towers) is rules


def test_a_wrong_tower_is_refused_with_file_line_column_and_the_nearest_name():
    with pytest.raises(InputError) as refused:
        taxonomy.check(rule(v5_tower="Compte"), where="mine.csv")
    assert str(refused.value) == ('mine.csv, line 2, column v5_tower: "Compte"; expected a tower of TBM Taxonomy 5.0.1 '
                                  "(data/taxonomy/v5.csv); write Compute")


def test_a_sub_tower_of_another_tower_is_refused():
    with pytest.raises(InputError, match='column v5_sub_tower: "Database"; expected a sub-tower of Compute'):
        taxonomy.check(rule(v5_sub_tower="Database"))


def test_a_cost_pool_of_the_other_version_is_refused():
    with pytest.raises(InputError, match='column v5_cost_pool: "Telephones"; expected a cost pool of TBM Taxonomy 5.0.1'):
        taxonomy.check(rule(v5_cost_pool="Telephones", v5_sub_pool="Lease"))
    with pytest.raises(InputError, match='column v4_cost_pool: "Cloud Services"'):
        taxonomy.check(rule(v4_cost_pool="Cloud Services", v4_sub_pool="Capital"), pools="v4")


def test_every_wrong_name_is_told_at_once():
    with pytest.raises(InputError) as refused:
        taxonomy.check(pd.concat([rule(v5_tower="Compte"), rule(v5_sub_tower="Servrs")], ignore_index=True))
    assert [line.split(":")[0].split(", ")[1] for line in str(refused.value).splitlines()] == ["line 2", "line 3"]


def test_a_rule_without_a_tower_is_refused_unless_it_is_a_default():
    with pytest.raises(InputError, match="column v5_tower: no name"):
        taxonomy.check(rule(v5_tower="", v5_sub_tower=""))
    taxonomy.check(rule(level="default", v5_tower="", v5_sub_tower=""))


def test_the_reserved_names_are_towers_in_both_versions():
    for version in taxonomy.VERSIONS:
        assert "Tax" in taxonomy.names(version, "towers")["Unallocated"]


def test_names_that_are_not_certain_are_flagged():
    pools = taxonomy.load("v4", "pools")
    assert set(pools.loc[pools["level2"] == "Consulting", "certain"]) == {"no"}
    assert set(taxonomy.load("v4", "towers")["certain"]) == {"yes"}


def test_an_unknown_version_is_refused():
    with pytest.raises(InputError, match='version "v6"; expected v5 or v4'):
        taxonomy.load("v6", "towers")


@pytest.mark.parametrize(("change", "told"), [
    ({"priority": "soon"}, 'line 2: priority is "soon"; expected a whole number'),
    ({"level": "serivce"}, 'line 2: level is "serivce"; expected override or service'),
    ({"rule_id": ""}, 'line 2: rule_id is ""; expected a value in every row'),
    ({"reason": ""}, 'line 2: reason is ""; expected a value in every row'),
    ({"confidence": "hi"}, 'line 2: confidence is "hi"; expected high or medium or low; write high'),
    ({"marketplace": "no"}, 'line 2: marketplace is "no"; expected yes'),
    ({"valid_from": "09/2026"}, 'line 2: valid_from is "09/2026"; expected a month as YYYY-MM'),
    ({"valid_from": "2026-09", "valid_to": "2026-08", "reason": "r", "owner": "o"}, 'line 2: valid_from is "2026-09"; expected a month up to valid_to, 2026-08'),
])
def test_a_broken_rules_file_is_refused_with_line_and_column(tmp_path, change, told):
    path = tmp_path / "rules.csv"
    rule(**{"priority": "1"} | change).to_csv(path, index=False)
    with pytest.raises(InputError) as refused:
        rulebook.read(path)
    assert told in str(refused.value)


def cmdb(*pairs: tuple[str, str]) -> pd.DataFrame:
    return pd.DataFrame(pairs, columns=["application", "solution"])


def test_a_solution_is_named_by_its_last_name_or_its_path():
    found = taxonomy.solutions(cmdb(("A", "service  desk"), ("B", "Delivery / Support / Service Desk"), ("C", ""),
                                    ("D", "Infrastructure / Compute / Mainframe"), ("E", "Workplace")))
    assert found == {"A": ("Delivery", "Support", "Service Desk"), "B": ("Delivery", "Support", "Service Desk"),
                     "C": ("", "", ""), "D": ("Infrastructure", "Compute", "Mainframe"), "E": ("Workplace", "", "")}
    assert taxonomy.solutions(None) == {}


@pytest.mark.parametrize(("name", "todo"), [
    ("Service Dessk", "write Service Desk"), ("Zzyzx", "choose one of "),
    ("Customer Care", ""), ("Delivery", "")])
def test_a_name_that_is_no_solution_or_of_two_is_refused_with_what_to_write(name, todo):
    if not todo:
        assert taxonomy.solutions(cmdb(("A", name)))["A"][0]
        return
    with pytest.raises(InputError) as stop:
        taxonomy.solutions(cmdb(("A", name)))
    assert str(stop.value).startswith(f'inputs.applications, A, column solution: "{name}"; expected one solution of TBM '
                                      "Taxonomy 5.0.1 (data/taxonomy/v5.csv); " + todo)
    assert len(str(stop.value)) < 2000
