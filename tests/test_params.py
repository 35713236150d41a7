"""Parameters files: typed, over their bases, and everything wrong told in one line with file and key."""

from decimal import Decimal

import pytest

from helpers import params
from helpers.errors import InputError

GOOD = """\
base: base.yaml
period: 2026-09
inputs:
  billing: data/demo/ledger.csv
"""


def told(path, period: str = "") -> list[str]:
    """The lines of the error that reading the file raises, the test's own folder left out."""
    with pytest.raises(InputError) as stop:
        params.load(path, period)
    return str(stop.value).replace(f"{path.parent.resolve()}/", "").splitlines()


def test_the_demo_month_lies_over_the_demo_company_and_the_base():
    month = params.load("params/2026-09.yaml")
    assert [file.name for file in month.sources] == ["base.yaml", "demo.yaml", "2026-09.yaml"]
    assert month.path.name == "2026-09.yaml"
    assert (month.period, month.company, month.fiscal_year_start) == ("2026-09", "Marlow Freight", 4)
    assert {name: provider.lag for name, provider in month.providers.items()} == {
        "AWS": 1, "Microsoft": 0, "Google Cloud": 2}
    assert month.providers["AWS"].vendors == ("Amazon*", "AWS*")


def test_values_have_their_types(write):
    month = params.load(write("m.yaml", GOOD))
    assert month.tolerance.amount == Decimal("1.00")
    assert isinstance(month.tolerance.share, Decimal)
    assert month.strict is False
    assert month.forecast.months == 18


def test_a_later_file_replaces_lists_and_texts_and_merges_groups(write):
    write("below.yaml", GOOD + "company: Below\nproviders: {AWS: {lag: 1}}\ntag_keys: {application: [a, b]}\n")
    month = params.load(write("m.yaml", "base: below.yaml\ncompany: Above\ntag_keys: {application: [c]}\n"))
    assert (month.company, month.tag_keys.application, month.providers["AWS"].lag) == ("Above", ("c",), 1)
    assert "owner" in month.tag_keys.owner


def test_a_blank_takes_an_input_of_the_base_out(write):
    month = params.load(write("m.yaml", 'base: demo.yaml\nperiod: 2026-09\ninputs: {ledger: "", drivers: []}\n'))
    assert (month.inputs.ledger, month.files("ledger"), month.files("drivers")) == ("", [], [])


def test_the_month_asked_for_takes_the_place_of_the_files_own(write):
    assert params.load(write("m.yaml", GOOD), "2026-02").period == "2026-02"


def test_a_month_asked_for_is_checked_too(write):
    assert told(write("m.yaml", GOOD), "2026-2") == [
        'the command: period is "2026-2"; expected a month as YYYY-MM; write it like 2026-09']


def test_parameters_cannot_be_changed(write):
    with pytest.raises(Exception, match="frozen"):
        params.load(write("m.yaml", GOOD)).period = "2026-08"


def test_files_of_a_pattern_come_sorted_and_once(write, tmp_path):
    for name in ("b", "a", "a[1]"):
        write(f"{name}.csv", "x")
    month = params.load(write("m.yaml", GOOD.replace("data/demo/ledger.csv", f"[{tmp_path}/a.csv, {tmp_path}/*.csv]")))
    assert [file.name for file in month.files("billing")] == ["a.csv", "a[1].csv", "b.csv"]


def test_a_name_with_brackets_is_read_as_a_name(write, tmp_path):
    write("a[1].csv", "x")
    month = params.load(write("m.yaml", GOOD.replace("data/demo/ledger.csv", f'"{tmp_path}/a[1].csv"')))
    assert [file.name for file in month.files("billing")] == ["a[1].csv"]


@pytest.mark.parametrize(("line", "company"), [
    ("company: 0123", "0123"), ("company: NO", "NO"), ("company: 1e3", "1e3"), ("company: 2026-09-30", "2026-09-30"),
    ("company: ~", "~"), ("company: 12:30:00", "12:30:00"), ("company: <b>&", "<b>&")])
def test_yaml_does_not_make_something_else_of_a_text(write, line, company):
    assert params.load(write("m.yaml", GOOD + line)).company == company


@pytest.mark.parametrize(("text", "line"), [
    ("strict: NO", 'm.yaml: strict is "NO"; expected true or false; write true or false'),
    ("period: 2026-13", 'm.yaml: period is "2026-13"; expected a month as YYYY-MM; write it like 2026-09'),
    ("currency: USX", 'm.yaml: currency is "USX"; expected an ISO 4217 currency code; write it like USD'),
    ("currency: usd", 'm.yaml: currency is "usd"; expected an ISO 4217 currency code; write it like USD'),
    ("fiscal_year_start: 013",
     'm.yaml: fiscal_year_start is "013"; expected a whole number from 1 to 12; write it like 1'),
    ("cost_basis: amortized",
     'm.yaml: cost_basis is "amortized"; expected amortised or billed; write amortised'),
    ("tolerance: {amount: 1 EUR}",
     'm.yaml: tolerance.amount is "1 EUR"; expected a plain number, not negative; write it like 1.00'),
    ("unmapped_share: 1.5", 'm.yaml: unmapped_share is "1.5"; expected a share from 0 to 1; write it like 0.01'),
    ("providers: {AWS: {lag: -1}}",
     'm.yaml: providers.AWS.lag is "-1"; expected a whole number from 0 to 12, or auto; write it like 1'),
    ("providers: {AWS: {lagg: 1}}",
     "m.yaml: providers.AWS.lagg is no parameter; expected one of lag, account_lags, lag_before, lag_since, commitments, vendors; write lag"),
    ("rules: {maping: x}",
     "m.yaml: rules.maping is no parameter; expected one of mapping, services, providers, pool_sources, allocation, tco, rate_cards, capacity_units, journal_accounts, journal_columns, unit_rates; write mapping"),
    ("rules: {zzz: x}",
     "m.yaml: rules.zzz is no parameter; expected one of mapping, services, providers, pool_sources, allocation, tco, rate_cards, capacity_units, journal_accounts, journal_columns, unit_rates; take it out"),
    ("taxonomy: v5", 'm.yaml: taxonomy is "v5"; expected a group of values; see params/base.yaml'),
    ("company: [a]", "m.yaml: company is a list; expected one text; write one value"),
    ("tag_keys: {owner: {a: b}}", "m.yaml: tag_keys.owner is a group; expected a list of texts; see params/base.yaml"),
    ("rules: {pool_sources: data/none.csv}",
     'm.yaml: rules.pool_sources is "data/none.csv", which finds no file; '
     "expected a file, its path from the project folder; correct the path"),
    ("period: 2026-10", "m.yaml: period stands again on line 5; expected each key once; keep one of the two"),
    ("x: &a 1", 'm.yaml: line 5 uses the anchor "a"; expected plain values; write the value out'),
    ("x: !!int 1", 'm.yaml: line 5 uses the tag "tag:yaml.org,2002:int"; expected plain values; write the value out'),
    ("? [a]\n: b", "m.yaml: line 5 has a list or group as a key; expected a name as a key; write key: value"),
    ("company: [", "m.yaml: line 5 is not YAML (expected the node content, but found '<stream end>'); "
                   "expected key: value lines, indented by spaces; correct the line"),
])
def test_what_is_wrong_is_one_line_with_file_and_key(write, text, line):
    own = GOOD.replace("period: 2026-09\n", "") if text == "period: 2026-13" else GOOD
    assert told(write("m.yaml", own + text)) == [line]


def test_an_unknown_parameter_at_the_top_is_answered_with_the_nearest(write):
    assert told(write("m.yaml", GOOD + "curency: USD")) == [
        "m.yaml: curency is no parameter; expected one of base, period, company, currency, fiscal_year_start, "
        "taxonomy, cost_basis, providers, billing, engine, tolerance, accruals, ledger_lines, strict, inputs, rules, tag_keys, receiver, "
        "shared_pools, unmapped_share, new_service, kept, mode, coverage_share, statements, journal, depreciation, tco, forecast; write currency"]


def test_everything_wrong_is_told_at_once_with_the_file_it_stands_in(write):
    write("below.yaml", GOOD + "strict: maybe\n")
    assert told(write("m.yaml", "base: below.yaml\nmode: show\n")) == [
        'below.yaml: strict is "maybe"; expected true or false; write true or false',
        'm.yaml: mode is "show"; expected showback or chargeback; write showback']


def test_a_missing_value_is_named(write):
    assert told(write("m.yaml", "base: base.yaml\n")) == [
        "m.yaml: period is missing; expected a value for it; add it; params/base.yaml shows how",
        "m.yaml: inputs is missing; expected a value for it; add it; params/base.yaml shows how"]


def test_no_billing_is_told(write):
    assert told(write("m.yaml", GOOD.replace("data/demo/ledger.csv", '""'))) == [
        'm.yaml: inputs.billing is ""; expected at least one file or pattern; write it like data/mine/billing/*.csv']


def test_a_pattern_that_finds_nothing_is_told(write):
    assert told(write("m.yaml", GOOD.replace("ledger.csv", "*.orc"))) == [
        'm.yaml: inputs.billing is "data/demo/*.orc", which finds no file; '
        "expected a file, its path from the project folder; correct the path"]


def test_an_address_is_told_to_be_no_path_since_nothing_is_fetched(write):
    assert told(write("m.yaml", GOOD.replace("data/demo/ledger.csv", "s3://bills/a.parquet"))) == [
        'm.yaml: inputs.billing is "s3://bills/a.parquet", which finds no file; '
        "expected a file, its path from the project folder; copy the files, or mount their storage here"]


def test_a_file_that_is_not_there_is_told(tmp_path):
    assert told(tmp_path / "none.yaml") == [
        "none.yaml: the file does not exist; expected a parameters file; "
        "correct the path, name a file with --params, or make one: python -m helpers start FOLDER"]


def test_an_empty_file_is_told(write):
    assert told(write("m.yaml", "# nothing\n")) == [
        "m.yaml: the file is empty; expected key: value lines; see params/base.yaml for the keys"]


def test_a_file_that_is_not_utf8_is_told(tmp_path):
    (tmp_path / "m.yaml").write_bytes(b"company: M\xfcller\n")
    assert told(tmp_path / "m.yaml") == [
        "m.yaml: it is not UTF-8 text; expected a YAML file in UTF-8; save it as UTF-8"]


def test_a_base_that_is_not_there_is_told(write):
    assert told(write("m.yaml", "base: none.yaml\n")) == [
        'm.yaml: base is "none.yaml", which does not exist; expected a parameters file in the same folder; '
        "correct the name"]


def test_a_base_in_another_folder_is_refused(write):
    assert told(write("m.yaml", "base: ../base.yaml\n")) == [
        'm.yaml: base is "../base.yaml"; expected the name of a file in the same folder; write it like base.yaml']


def test_bases_that_go_round_are_told(write):
    write("a.yaml", "base: b.yaml\n")
    write("b.yaml", "base: a.yaml\n")
    with pytest.raises(InputError, match="base goes round in a circle .a.yaml → b.yaml → a.yaml.; expected a chain"):
        params.load(write("a.yaml", "base: b.yaml\n"))
