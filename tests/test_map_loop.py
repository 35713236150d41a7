"""The map's loop over a month's files: a new service is found, accepted by one edit, and what that moves is told."""

import shutil

import pandas as pd
import pytest

from helpers import checks, kept, mapped, moves, params, report, rulebook, services, walk

BILL = ("BillingAccountId,BillingCurrency,BillingPeriodStart,ChargeCategory,ChargePeriodStart,ProviderName,ServiceName,"
        "ServiceCategory,BilledCost,EffectiveCost\n"
        "1,USD,2026-08-01,Usage,2026-08-03,AWS,AmazonEC2,Compute,500.00,500.00\n"
        "1,USD,2026-09-01,Usage,2026-09-03,AWS,Amazon EC2,Compute,600.00,600.00\n"
        "1,USD,2026-09-01,Usage,2026-09-04,AWS,Amazon Quantum Espresso,Other,1250.50,1250.50\n")


@pytest.fixture
def month(write, tmp_path):
    """The month of a bill, with rules of its own that may be edited."""
    write("bill.csv", BILL)
    shutil.copy(services.FOLDER / "rules.csv", tmp_path / "rules.csv")
    path = write("m.yaml", f"base: base.yaml\nperiod: 2026-09\nkept: {tmp_path}/kept\ninputs:\n"
                           f"  billing: {tmp_path}/bill.csv\nrules:\n  mapping: {tmp_path}/rules.csv\n")
    return lambda: walk.open(str(path))


def accept(folder, table: pd.DataFrame) -> None:
    """Moves the worklist's rows into the rules file: one edit of one file."""
    table.to_csv(folder / "rules.csv", mode="a", header=False, index=False)


def test_a_made_up_service_is_a_finding_fails_with_strict_and_maps_after_one_edit(month, tmp_path):
    first = month()
    told = mapped.tables(first)
    rows = mapped.check(first, told)
    found = rows.set_index("check").loc[["services that no rule knows", "new services above the limit"]]
    assert list(found["state"]) == ["finding", "finding"] and [str(amount) for amount in found["amount"].map(
        lambda cost: cost.normalize())] == ["1250.5", "1250.5"]
    assert (checks.worst(rows), checks.worst(rows, strict=True)) == ("finding", "failed")
    [row] = told["worklist"].to_dict("records")
    assert (row["ServiceName"], row["v5_tower"], row["v5_sub_tower"]) == ("Amazon Quantum Espresso", "Compute", "Quantum")
    assert row["reason"].startswith("Its name is like Quantum Service of ")
    accept(tmp_path, told["worklist"])
    again = month()
    assert set(again.mapped["rule_level"]) == {"service"} and mapped.tables(again)["unmapped"].empty
    assert set(mapped.check(again, mapped.tables(again)).query("check.str.contains('rule knows')")["state"]) == {"ok"}


def test_what_an_edit_moves_is_told_against_the_last_pack_and_the_last_closed_month(month, tmp_path):
    first = month()
    pack = tmp_path / "out" / "2026-09"
    pack.mkdir(parents=True)
    kept.keep_map(pack, report.map_files(first.params))
    before = moves.Map.read(pack / "map", first.params.taxonomy)
    assert report.tell_moved(first.params, report.map_of(tmp_path / "out", first.params)) == []
    assert report.map_of(tmp_path, first.params) is None
    closed = tmp_path / "kept" / "2026-08" / "closed" / "map"
    closed.mkdir(parents=True)
    for name in kept.MAP:
        shutil.copy(services.FOLDER / f"{name}.csv", closed / f"{name}.csv")
    assert month().moved.empty and month().map_before.period == "2026-08"
    rules = rulebook.read(tmp_path / "rules.csv")
    ec2 = rules["rule_id"].eq("service-aws-elastic-compute-cloud")
    rules.assign(v5_sub_tower=rules["v5_sub_tower"].mask(ec2, "AI Compute")).to_csv(tmp_path / "rules.csv", index=False)
    accept(tmp_path, mapped.tables(first)["worklist"])
    cloud = "Cloud Services / Cloud Service Provider"
    assert report.tell_moved(month().params, before) == [
        f"moved   AWS: Amazon EC2 from Compute / Servers, {cloud} to Compute / AI Compute, {cloud}: USD 600.00 in 2026-09, "
        "600.00 in all (2026-09)",
        f"moved   AWS: Amazon Quantum Espresso from Unmapped / Unmapped, {cloud} to Compute / Quantum, {cloud}: "
        "USD 1,250.50 in 2026-09, 1,250.50 in all (2026-09)",
        f"moved   AWS: AmazonEC2 from Compute / Servers, {cloud} to Compute / AI Compute, {cloud}: USD 0.00 in 2026-09, "
        "500.00 in all (2026-08)"]
    now = month()
    table = now.moved.set_index("ServiceName")
    assert dict(table["closed_months"]) == {"Amazon EC2": 0, "Amazon Quantum Espresso": 0, "AmazonEC2": 1}
    rows = mapped.check(now, mapped.tables(now)).set_index("check")
    assert rows.at["rules that moved cost", "state"] == "finding"
    assert rows.at["rules that moved cost", "note"] == (
        "2,350.50 amortised, rules kept in 2026-08; 1 move reaches closed months, which stay as booked")
    assert sorted(file.name for file in closed.iterdir()) == ["providers.csv", "rules.csv", "services.csv"]


@pytest.mark.parametrize("damage", [lambda folder: (folder / "rules.csv").write_text("nothing\n"),
                                    lambda folder: (folder / "services.csv").unlink()])
def test_a_kept_map_that_cannot_be_used_is_a_finding_and_the_page_goes_on(month, tmp_path, damage):
    closed = tmp_path / "kept" / "2026-08" / "closed"
    closed.mkdir(parents=True)
    kept.keep_map(closed, report.map_files(month().params))
    damage(closed / "map")
    now = month()
    rows = mapped.check(now, mapped.tables(now)).set_index("check")
    assert now.moved.empty and rows.at["map kept at the last close cannot be used", "state"] == "finding"


def test_another_name_of_a_service_that_moves_it_is_told_too(month, tmp_path, write):
    pack = tmp_path / "out" / "2026-09"
    pack.mkdir(parents=True)
    kept.keep_map(pack, report.map_files(month().params))
    names = (services.FOLDER / "services.csv").read_text() + "AWS,Amazon Braket,Amazon Quantum Espresso,older\n"
    path = tmp_path / "m.yaml"
    path.write_text(path.read_text() + f"  services: {write('services.csv', names)}\n")
    edited = params.load(str(path))
    [told] = report.tell_moved(edited, report.map_of(tmp_path / "out", edited))
    assert told.startswith("moved   AWS: Amazon Quantum Espresso from Unmapped / Unmapped, ") and "Compute / Quantum" in told


def test_a_month_keeps_its_map_when_it_is_closed(month, tmp_path):
    pack = tmp_path / "pack"
    (pack / "tables").mkdir(parents=True)
    (pack / "manifest.json").write_text('{"inputs": [], "parameters": {}}')
    kept.keep_map(pack, report.map_files(month().params))
    kept.close("2026-08", pack, tmp_path / "kept")
    found = kept.last_map(tmp_path / "kept", "2026-09")
    assert found.period == "2026-08" and (found.folder / "rules.csv").read_bytes() == (tmp_path / "rules.csv").read_bytes()
    assert kept.last_map(tmp_path / "kept", "2026-08") is None and kept.months(tmp_path / "kept") == ["2026-08"]


def test_two_names_for_one_spelling_stop_the_run_with_the_other_inputs_faults(month, tmp_path, write):
    names = write("services.csv", "provider,service,spelling,kind\nAWS,A,x,name\nAWS,B,X,name\n")
    path = tmp_path / "m.yaml"
    path.write_text(path.read_text() + f"  services: {names}\n")
    with pytest.raises(Exception, match="services.csv, line 3: spelling .X. for .B.; expected a name of one service"):
        report.prepare(params.load(str(path)))
