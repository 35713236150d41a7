"""Nobody's pay, hours or rate stands anywhere in a pack: every page, table, notebook and manifest is read."""

import io
import re
import zipfile
from decimal import Decimal as D

import pandas as pd
import pytest

from helpers import labourcost, params, report
from helpers.params import ROOT

DEMO = ROOT / "data" / "demo"
PAY = (D("11111.11"), D("2345.67"))  # of one person, two lines
HOURS = (D("97.137"), D("12.863"))  # of the same, on two applications
TEXT = "Pay of the chief architect"


def add(folder, name: str, rows: list[dict]) -> str:
    """The demo's table with rows more, in the folder."""
    table = pd.read_csv(DEMO / f"{name}.csv", dtype=str, keep_default_na=False)
    pd.concat([table, pd.DataFrame(rows)], ignore_index=True).fillna("").to_csv(folder / f"{name}.csv", index=False)
    return str(folder / f"{name}.csv")


@pytest.fixture(scope="module")
def pack(tmp_path_factory):
    """The demo month with a team of one, who books hours on a known and on an unknown application."""
    folder = tmp_path_factory.mktemp("privacy")
    paid = [{"line_id": f"202609-{9990 + place}", "fiscal_period": "2026-09", "posting_date": "2026-09-25", "account": account, "cost_centre": "4290",
             "amount": amount, "currency": "USD", "text": TEXT} for place, (account, amount) in enumerate(zip(("6210", "6220"), PAY, strict=True))]
    worked = [{"period": "2026-09", "team": "Chief architect", "cost_centre": "4290", "application": application, "activity": "run",
               "hours": hours, "people": "1"} for application, hours in zip(("BOOKING", "NEW-IDEA"), HOURS, strict=True)]
    unit = {"cost_centre": "4290", "name": "Architecture", "business_unit": "Technology", "owner": "Head of Engineering"}
    inputs = {"ledger": add(folder, "ledger", paid), "labour": add(folder, "labour", worked), "org": add(folder, "org", [unit])}
    told = "".join(f"  {name}: {path}\n" for name, path in inputs.items())
    (folder / "p.yaml").write_text(f"base: 2026-09.yaml\ninputs:\n{told}", encoding="utf-8")
    result = report.publish(params.load(folder / "p.yaml"), folder / "reports", 2, False, False)
    assert result.state != "failed", result.error
    return result.index.parent


def texts(folder) -> dict[str, str]:
    """By file what it says: sheets and parquet as the texts in them."""
    found = {}
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        if path.suffix == ".xlsx":
            with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as book:
                found[path.name] = " ".join(re.sub("<[^>]*>", " ", book.read(name).decode()) for name in book.namelist() if name.endswith(".xml"))
        elif path.suffix == ".parquet":
            found[path.name] = pd.read_parquet(path).to_csv(index=False)
        else:
            found[path.name] = path.read_text(encoding="utf-8")
    return found


def test_no_file_of_the_pack_tells_what_one_person_earns_or_works(pack):
    pay, hours = sum(PAY), sum(HOURS)
    secrets = [*PAY, pay, pay / hours, *(pay * part / hours for part in HOURS), *(pay / part for part in HOURS)]
    written = {f"{amount:.2f}" for amount in secrets} | {f"{amount:,.2f}" for amount in secrets} | {str(part) for part in HOURS} | {"97.14", "12.86"}
    told = re.compile("|".join(rf"(?<![\d.,]){re.escape(figure)}0*(?![\d,])" for figure in sorted(written)) + f"|{TEXT}")
    found = {name: sorted(set(told.findall(text))) for name, text in texts(pack).items()}
    assert {name: hits for name, hits in found.items() if hits} == {}


def test_the_team_is_in_the_pack_as_one_with_others(pack):
    table = pd.read_csv(pack / "tables" / "tco_labour.csv", dtype=str, keep_default_na=False)
    few = table[table["team"] == labourcost.SMALL]
    assert len(few) and set(few["hours"]) == {""} and "Chief architect" not in set(table["team"])


def test_the_pay_of_one_cannot_be_worked_out_from_two_tables(pack):
    """Pay by hours of a tower, less the teams of that tower that are told, is nobody's own."""
    lines = pd.read_csv(pack / "tables" / "tco_lines.csv", dtype=str, keep_default_na=False)
    teams = pd.read_csv(pack / "tables" / "tco_labour.csv", dtype=str, keep_default_na=False)
    paid = lines[(lines["source"] == "ledger") & (lines["method"] == "hours")]
    by_tower = {key: sum(map(D, rows["amount"])) for key, rows in paid.groupby(["tower", "sub_tower"])}
    told = {team: sum(map(D, rows["amount"])) for team, rows in teams.groupby("team")}
    developers = sum(amount for team, amount in told.items() if team.split()[0] in ("Booking", "Visibility", "Commercial", "Operations", "Finance"))
    assert by_tower["Application", "Development"] == developers
    assert sum(PAY) not in {abs(whole - part) for whole in by_tower.values() for part in [*told.values(), developers]}
