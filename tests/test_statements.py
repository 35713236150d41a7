"""Statements: an owner's own lines and nothing of any other; safe names; changes that add up; the way back of a charge."""

import csv
import io
import zipfile
from dataclasses import replace
from decimal import Decimal as D
from functools import cache
from types import SimpleNamespace

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers import changes, charges, costs, kept, owners, params, publish, statements, walk
from helpers.errors import InputError
from helpers.house import MINUS
from helpers.money import total
from tests.tables import cells, table
from tests.test_chargeback import APPLICATIONS, SOURCES, drivers, rules, tied

TERMS = statements.Terms("Acme", "2026-09", "USD", "amortised", "tied to the general ledger", 0)


@cache
def month() -> walk.Month:
    return walk.open(str(params.ROOT / "params" / "2026-09.yaml"))


@cache
def written(tmp: str) -> pd.DataFrame:
    return statements.publish(month().statements, month().terms, tmp)


def texts(folder) -> str:
    """All that the files of a folder say, the workbook's sheets too."""
    found = [path.read_text(encoding="utf-8") for path in sorted(folder.glob("statement.*")) if path.suffix != ".xlsx"]
    with zipfile.ZipFile(folder / "statement.xlsx") as book:
        found += [book.read(name).decode("utf-8") for name in book.namelist() if name.endswith(".xml")]
    return "\n".join(found)


def test_no_file_of_an_owner_holds_a_string_of_another(tmp_path_factory):
    out = tmp_path_factory.mktemp("statements")
    told = written(str(out))
    lines = month().charged.lines
    shared_names = set(lines["ProviderName"]) | set(lines["ServiceName"]) | set(lines["pool"]) | {""}
    assert len(told) == 12
    for owner, file in zip(told["owner"], told["file"], strict=True):
        said = texts((out / file).parent)
        disputed = month().disputes
        mine = disputed[(disputed["tag_owner"] == owner) | (disputed["service_owner"] == owner) | (disputed["owner"] == owner)]
        own = {owner, *mine["tag_owner"], *mine["service_owner"], *mine["application"], *lines.loc[lines["owner"] == owner, "application"],
               *lines.loc[lines["owner"] == owner, "cost_centre"],
               *lines.loc[lines["owner"].isin({*mine["service_owner"]}), "cost_centre"]}  # the counterpart's, in the evidence
        others = lines[(lines["owner"] != owner) & (lines["owner"] != "")]
        secret = ({*others["owner"], *others["cost_centre"], *(f">{code}<" for code in others["application"] if code)}
                  - own - shared_names - {f">{code}<" for code in own})
        assert [name for name in sorted(secret) if name and name in said] == [], owner
        amounts = {f"{amount:,.2f}" for amount in others["amount"] if abs(amount) > 1000} - {
            f"{amount:,.2f}" for amount in lines.loc[lines["owner"] == owner, "amount"]}
        assert [amount for amount in sorted(amounts) if f">{amount}<" in said] == [], owner


def test_the_statements_add_up_to_what_is_charged(tmp_path_factory):
    lines = month().charged.lines
    charged = total(lines.loc[lines["kind"] != "residual", "amount"])
    assert total(statement.amount for statement in month().statements) == charged
    assert all(total(statement.lines["amount"]) == statement.year["amount"].iloc[-1] for statement in month().statements)


def test_a_statement_csv_says_on_each_row_what_its_amounts_are():
    statement = next(one for one in month().statements if one.owner == "Head of Customs")
    rows = list(csv.DictReader(io.StringIO(publish.to_csv(statements.table(statement, month().terms)))))
    assert {(row["period"], row["mode"], row["basis"], row["tie"], row["currency"]) for row in rows} == {
        ("2026-09", "chargeback", "amortised", "tied to the general ledger", "USD")}
    assert sum(D(row["amount"]) for row in rows) == statement.amount


def told(owner="Head of A", lines=None, small=0, mode="chargeback") -> statements.Statement:
    blank = {name: "" for name in charges.LINE_COLUMNS}
    rows = lines or [{"kind": "direct", "application": "A", "ServiceName": "EC2", "method": "direct", "amount": D(10)}]
    frame = pd.DataFrame([{**blank, "owner": owner, "share": float("nan"), "quantity": None, **row} for row in rows])
    year = owners.year({"2026-09": (owners.NOW, frame)}, None, "USD", 1)
    sources = pd.DataFrame(columns=["kind", "owner", *statements.BILL_COLUMNS])
    found = statements.tell(frame, None, year, None, sources, {"": mode}, statements.Terms(*TERMS.__dict__.values()) if not small else
                            statements.Terms("Acme", "2026-09", "USD", "amortised", "tied", small))
    return found[0]


HOSTILE = "<script>alert(1)</script>=cmd|' /C calc'!A0 ../../etc/passwd $x$ \u202e"


def test_a_hostile_name_is_text_in_page_table_and_workbook_and_no_path(tmp_path):
    found = statements.publish([told(HOSTILE)], TERMS, tmp_path)
    folder = (tmp_path / found["file"].iloc[0]).parent
    assert folder.parent == tmp_path / "statements" and folder.is_dir()
    page = (folder / "statement.html").read_text(encoding="utf-8")
    assert "<script>" not in page and "&lt;script&gt;" in page
    said = statements.table(told("=1+1"), TERMS)
    assert publish.to_csv(said).splitlines()[1].split(",")[1] == "'=1+1"
    with zipfile.ZipFile(folder / "statement.xlsx") as book:
        assert not any(b"<f>" in book.read(name) for name in book.namelist())


@pytest.mark.parametrize("names, folders", [
    (["Head of A"], ["head-of-a"]),
    (["Zoë / Ops"], ["zoe-ops"]),
    (["a b", "a-b"], ["a-b-c8687a08", "a-b-1d2a2a5b"]),
    (["CON"], None), (["../.."], None), (["", ], None), (["日本"], None),
])
def test_folders_are_plain_the_same_each_month_and_never_two_alike(names, folders):
    got = statements.folders(names)
    assert len(set(got.values())) == len(names)
    assert all(name and name.replace("-", "").isalnum() and name.isascii() and name != "con" for name in got.values())
    if folders and len(names) == 1:
        assert list(got.values()) == folders


@given(st.lists(st.text(max_size=20), unique=True, max_size=8))
@settings(max_examples=80)
def test_any_names_get_folders_of_their_own(names):
    got = statements.folders(names)
    assert len({name.lower() for name in got.values()}) == len(names)
    assert statements.folders(reversed(names)) == got


def test_of_a_pool_with_few_members_only_the_amount_is_told():
    lines = [{"kind": "shared", "application": "A", "pool": "P", "method": "usage", "driver": "cpu", "quantity": D(5), "share": 0.5, "amount": D(7)}]
    assert cells(told(lines=lines).lines, "quantity", "share", "amount") == [("5", 0.5, "7")]
    assert cells(told(lines=lines, small=2).lines, "quantity", "share", "amount") == [(None, None, "7")]


def test_showback_says_that_nothing_is_booked():
    assert statements.terms_note(told(mode="showback"), TERMS).startswith("Showback: nothing is booked.")
    assert "used, for information, 10.00 USD for September 2026" in statements.answer(told(mode="showback"), TERMS)


def test_the_mode_of_an_owner_is_what_its_rows_in_org_say_and_two_that_differ_are_refused():
    org = table("owner  mode\nHead of A  showback\nHead of A  .\nHead of B  .")
    assert owners.held_back(owners.modes(org, "chargeback"), ["head of a", "Head of B"]) == {"head of a"}
    assert [owners.mode(owners.modes(org, "chargeback"), name) for name in ("HEAD OF A", "Head of B")] == ["showback", "chargeback"]
    with pytest.raises(InputError, match='inputs.org, line 3: mode of "Head of A" is chargeback, and showback in a row before'):
        owners.modes(table("owner  mode\nHead of A  showback\nHead of A  chargeback"), "chargeback")


def test_the_year_stands_beside_the_owners_budget():
    lines = table("kind  owner  amount\ndirect  Head of A  10\nshared  Head of A  5\nresidual  .  9")
    budget = table("scope  period  amount  currency\nhead of a  2026-09  12  USD\nHead of A  2026-09  100  EUR")
    found = owners.year({"2026-08": (owners.CLOSED, lines.iloc[:1]), "2026-09": (owners.NOW, lines)}, budget, "USD", 4)
    assert cells(found) == [("Head of A", "2026-08", "FY2027 M05", "10", None, None, "closed"),
                            ("Head of A", "2026-09", "FY2027 M06", "15", "12", "3", "this month")]
    assert owners.budgeted(found) == 3


# --- the headline: how much, against the month before, and why

def headline(*rows: tuple, **said) -> str:
    """What the answer says after the amount; rows: item, then, now and the reasons of its change."""
    lines = [{"application": "A", "kind": "direct", "item": item, "then": D(then), "now": D(now), "change": D(now) - D(then),
              **{reason: D(reasons.get(reason, 0)) for reason in changes.REASONS}} for item, then, now, reasons in rows]
    amount = sum((row["now"] for row in lines), D(0))
    found = replace(told(lines=[{"kind": "direct", "application": "A", "ServiceName": "EC2", "method": "direct", "amount": amount}], **said),
                    changes=pd.DataFrame(lines, columns=["application", "kind", "item", "then", "now", "change", *changes.REASONS]))
    return statements.answer(found, TERMS).partition("; ")[2]


def test_a_rise_is_told_by_what_rose_and_a_larger_fall_as_what_offset_it():
    # usage 1,748.47 and rate 1,163.02, less 2,135.90 held back: 775.59 more than 122,135.90
    said = headline(("Data lake", "100000", "101748.47", {"usage": "1748.47"}), ("EC2", "20000", "21163.02", {"rate": "1163.02"}),
                    ("Observability", "2135.90", "0", {"held back": "-2135.90"}))
    assert said == ("775.59 (0.6 %) more than the month before, mostly for usage (1,748.47), above all Data lake; "
                    "cost that is held back took off 2,135.90.")


def test_a_fall_is_told_by_what_fell_and_what_is_smaller_against_it_is_left_out():
    said = headline(("EC2", "100", "60", {"usage": "-40"}), ("S3", "10", "25", {"rate": "15"}))
    assert said == f"25.00 (22.7 %) less than the month before, mostly for usage ({MINUS}40.00), above all EC2."


def test_a_new_service_is_called_new():
    said = headline(("Tidepool", "0", "64.80", {"usage": "64.80"}), ("EC2", "100", "88", {"usage": "-12"}))
    assert said == "52.80 (52.8 %) more than the month before, mostly for usage (52.80), above all Tidepool, which is new."


def test_a_reason_of_less_than_half_the_change_is_only_the_largest_part():
    said = headline(("EC2", "100", "175", {"usage": "30", "rate": "25", "one-off": "20"}))
    assert said == "75.00 (75.0 %) more than the month before, the largest part for usage (30.00), above all EC2."


def test_a_change_that_no_reason_goes_with_is_told_as_that():
    said = headline(("EC2", "100", "110", {"usage": "-5"}))
    assert said == "10.00 (10.0 %) more than the month before, and no reason that is known goes that way; usage took off 5.00."


def test_no_change_no_month_before_and_nothing_charged_then_are_told():
    assert headline(("EC2", "100", "100", {})) == "the same as the month before."
    assert headline(("EC2", "100", "100", {"usage": "7", "rate": "-7"})) == (
        "the same as the month before: usage added 7.00 and the rate took off 7.00.")
    assert headline(("EC2", "0", "100", {"usage": "100"})) == "nothing was charged the month before."
    assert statements.answer(told(), TERMS).endswith("; there is no month before to compare with.")


def test_an_application_that_came_is_named_and_not_its_service():
    assert headline(("EC2", "5", "25", {"ownership": "20"})) == (
        "20.00 (400.0 %) more than the month before, mostly a change of ownership (20.00), above all A.")


# --- why a charge is not what it was

RULES = rules("pool  method  driver\nKubernetes  usage  cpu")
FEED = drivers("period  consumer  quantity\n2026-08  A  1\n2026-08  B  1\n2026-09  A  3\n2026-09  B  1")


def of_month(text: str, period: str = "2026-09", **other):
    lines = tied(text)
    lines = lines.assign(**{"ChargeClass": "", "SkuMeter": "m", "ConsumedUnit": "h", "ConsumedQuantity": None} | {
        name: lines[name] for name in ("ChargeClass", "SkuMeter", "ConsumedUnit") if name in lines})
    lines = lines.assign(billing_period=period, ConsumedQuantity=lines["quantity"] if "quantity" in lines else None, **other)
    return worked(lines, period)


def worked(lines, period: str, ruled=RULES, feed=FEED, method="direct"):
    """What changes.compare asks of a month."""
    items = costs.cost_items(lines, None, SOURCES, APPLICATIONS, period)
    return SimpleNamespace(tied=lines, applications=APPLICATIONS, allocation_rules=ruled, period=period,
                           charged=charges.charge(items, ruled, feed, APPLICATIONS, None, period, method))


def reasons(now, then, booked=None) -> dict[tuple, dict]:
    found = changes.compare(now, then, booked)
    assert all(row["change"] == total(row[reason] for reason in changes.REASONS) for row in found.to_dict("records"))
    return {(row["owner"], row["item"]): {reason: str(row[reason].normalize()) for reason in changes.REASONS if row[reason]}
            for row in found.to_dict("records")}


def test_more_use_and_another_price_are_told_apart():
    # 10 h at 2.00, then 12 h at 2.50: 2 h more at 2.00 and 0.50 more on 12 h
    found = reasons(of_month("application  quantity  amount\nA  12  30"), of_month("application  quantity  amount\nA  10  20", "2026-08"))
    assert found == {("Head of A", "EC2"): {"usage": "4", "rate": "6"}}


def test_what_is_no_usage_is_one_off():
    now = of_month("application  ChargeCategory  quantity  amount\nA  Usage  10  20\nA  Purchase  1  500")
    assert reasons(now, of_month("application  quantity  amount\nA  10  20", "2026-08")) == {("Head of A", "EC2"): {"one-off": "5E+2"}}


def test_a_pool_changes_by_share_and_by_cost():
    # half of 100, then three quarters of 120: 25 for the share, 15 for the cost
    now, then = of_month("application  amount\nA  1\nB  1\nK8S  120"), of_month("application  amount\nA  1\nB  1\nK8S  100", "2026-08")
    assert reasons(now, then)[("Head of A", "Kubernetes")] == {"usage": "25", "rate": "15"}


def test_a_rate_card_changes_by_quantity_and_by_price_of_each_driver():
    # cpu 10 at 2, then 12 at 3: 2 more at 2.00, and 1.00 more on 12; disk 5 at 1, then 4 at 1
    card = rules("pool  method  driver  valid_from  valid_to\nKubernetes  rate-card  cpu  .  2026-08\nKubernetes  rate-card  cpu  2026-09  .\n"
                 "Kubernetes  rate-card  disk  .  .").assign(price=[D(2), D(3), D(1)])
    feed = table("period  driver  consumer  quantity\n2026-08  cpu  A  10\n2026-08  disk  A  5\n2026-09  cpu  A  12\n2026-09  disk  A  4", unit="u")
    now, then = (worked(of_month("application  amount\nA  1\nK8S  100", period).tied, period, card, feed) for period in ("2026-09", "2026-08"))
    assert reasons(now, then)[("Head of A", "Kubernetes")] == {"usage": "3", "rate": "12"}


def test_another_share_by_rule_is_mapping_and_the_pools_cost_is_rate():
    # 40 % of 100, then 50 % of 120: 10 for the rule, 10 for the cost
    fixed = rules("pool  method  consumer  share  valid_from  valid_to\nKubernetes  fixed  A  0.4  .  2026-08\nKubernetes  fixed  B  0.6  .  2026-08\n"
                  "Kubernetes  fixed  A  0.5  2026-09  .\nKubernetes  fixed  B  0.5  2026-09  .")
    now = worked(of_month("application  amount\nA  1\nB  1\nK8S  120").tied, "2026-09", fixed)
    then = worked(of_month("application  amount\nA  1\nB  1\nK8S  100", "2026-08").tied, "2026-08", fixed)
    assert reasons(now, then)[("Head of A", "Kubernetes")] == {"mapping": "1E+1", "rate": "1E+1"}


def test_an_application_with_two_owners_keeps_the_reasons_of_each():
    def two(first, second, period):
        lines = of_month(f"application  quantity  amount\nA  {first}  {first * 2}\nA  {second}  {second * 3}", period).tied
        return worked(lines.assign(owner=["Head of A", "Head of Z"], owner_by=["CMDB", "tag"]), period)

    assert reasons(two(12, 4, "2026-09"), two(10, 5, "2026-08")) == {("Head of A", "EC2"): {"usage": "4"}, ("Head of Z", "EC2"): {"usage": "-3"}}


def test_a_pool_that_is_held_is_told_as_such():
    now, then = of_month("application  amount\nA  1\nK8S  120", "2026-10"), of_month("application  amount\nA  1\nK8S  100")
    assert reasons(now, then)[("Head of A", "Kubernetes")] == {"held back": "-75"}


def test_an_application_that_changed_hands_is_ownership_for_both():
    then = of_month("application  quantity  amount\nA  10  20", "2026-08")
    now = of_month("application  quantity  amount\nA  12  24", owner="Head of Z")
    found = reasons(now, then)
    assert found == {("Head of A", "EC2"): {"ownership": "-2E+1"}, ("Head of Z", "EC2"): {"ownership": "2E+1", "usage": "4"}}


def test_an_application_that_the_closed_month_charged_to_another_is_ownership():
    then = of_month("application  quantity  amount\nA  10  20", "2026-08", owner="Head of Z")  # by the CMDB of now
    booked = then.charged.lines.assign(owner="Head of A")
    found = reasons(of_month("application  quantity  amount\nA  12  24", owner="Head of Z"), then, booked)
    assert found == {("Head of A", "EC2"): {"ownership": "-2E+1"}, ("Head of Z", "EC2"): {"ownership": "2E+1", "usage": "4"}}


def test_what_the_closed_month_charged_otherwise_than_the_rules_of_now_is_mapping():
    then = of_month("application  quantity  amount\nA  10  20", "2026-08")
    booked = then.charged.lines.assign(amount=[D(15)])
    assert reasons(of_month("application  quantity  amount\nA  10  20"), then, booked) == {("Head of A", "EC2"): {"mapping": "5"}}


priced = st.lists(st.tuples(st.sampled_from(["A", "B", "K8S", ""]), st.sampled_from(["EC2", "S3"]), st.sampled_from(["Usage", "Credit"]),
                            st.integers(0, 5), st.integers(-10**4, 10**5)), min_size=1, max_size=8)


@settings(max_examples=30, deadline=None)
@given(priced, priced)
def test_for_any_two_months_the_reasons_add_up_to_the_change(first, second):
    def made(rows, period):
        frame = tied("application  amount\nA  1").iloc[:0]
        owner = dict(zip(APPLICATIONS["application"], APPLICATIONS["service_owner"], strict=True))
        lines = pd.DataFrame([(code, service, kind, D(quantity), D(cents) / 1000) for code, service, kind, quantity, cents in rows],
                             columns=["application", "ServiceName", "ChargeCategory", "ConsumedQuantity", "amount"])
        lines = lines.assign(**{name: "" for name in frame.columns if name not in lines}).assign(
            source="usage", ProviderName="AWS", owner=lines["application"].map(owner).fillna(""), owner_by="CMDB", billing_period=period,
            ChargeClass="", SkuMeter="m", ConsumedUnit="h")
        return worked(lines, period, method="reciprocal")

    now, then = made(second, "2026-09"), made(first, "2026-08")
    found = changes.compare(now, then)
    charged = now.charged.lines[now.charged.lines["kind"] != "residual"]
    assert total(found["now"]) == total(charged["amount"])
    assert all(row["change"] == total(row[reason] for reason in changes.REASONS) for row in found.to_dict("records"))
    assert all(abs(row["rounding"]) < 1 for row in found.to_dict("records"))


# --- the way back

def test_a_shared_charge_goes_back_to_rule_driver_pool_bills_and_ledger():
    lines = month().charged.lines
    line = lines[(lines["pool"] == "Data lake") & (lines["application"] == "PRICING")].to_dict("records")[0]
    steps = month().trace(line)
    assert list(dict.fromkeys(steps["step"])) == ["charge", "rule", "driver", "pool", "bill", "ledger"]
    assert cells(steps[steps["step"] == "driver"], "what", "detail") == [("tb_scanned of PRICING in 2026-07", "331.10 TB of 1,775.70")]
    pool = month().charged.pools.set_index("pool").loc["Data lake"]
    assert total(steps.loc[steps["step"] == "pool", "amount"]) == pool["own"] + pool["received"]
    assert round(total(steps.loc[steps["step"] == "bill", "amount"]), 2) == pool["own"]


def test_a_charge_from_the_ledger_goes_back_to_its_lines():
    lines = month().charged.lines
    steps = month().trace(lines[lines["pool"] == "Platform team"].to_dict("records")[0])
    booked = steps[steps["step"] == "ledger"]
    ledger = month().coded.set_index("line_id")["amount"]
    assert [ledger[what.removeprefix("line ")] for what in booked["what"]] == list(booked["amount"])
    assert total(booked["amount"]) == month().charged.pools.set_index("pool").loc["Platform team", "own"]


def test_the_sources_add_up_to_all_there_is_to_charge():
    assert total(month().sources["amount"]) == total(month().charged.items["amount"])


def test_a_closed_months_charges_come_back_as_they_were(tmp_path):
    folder = tmp_path / "2026-08" / "closed" / "tables"
    folder.mkdir(parents=True)
    (folder / "chargeback_lines.csv").write_text("kind,owner,application,pool,amount\ndirect,'=A,X,,10.50\n")
    assert cells(kept.charges("2026-08", tmp_path), "owner", "ServiceName", "amount") == [("=A", "", "10.5")]
    assert kept.charges("2026-07", tmp_path) is None
