"""The least that a ledger and an accounts table may say still gives every page, and what they lack is a finding."""

import json

import pytest

from helpers import batch, params, report, walk
from tests import company

BARE = "account,name,kind,use\n6100,Cloud,expense,cloud\n6200,Payroll,expense,other\n"


def finding(folder, **tables):
    """The finding on cost without a cost pool, of a company with these tables in place of its own."""
    month = walk.Month(params.load(company.write(folder, **tables)))
    from helpers import tco
    rows = tco.check(month, tco.tables(month)).to_dict("records")
    assert [row["check"] for row in rows if row["state"] == "failed"] == []
    pools = tco.tables(month)["pools"]
    [row] = [row for row in rows if row["check"] == "ledger cost without a cost pool"]
    return (row["state"], str(row["amount"]), row["owner"], row["note"]), sum(pools["amount"])


def test_accounts_with_pools_are_no_finding(tmp_path):
    assert finding(tmp_path / "a") == (("ok", "0", "TBM office", ""), 560)


@pytest.mark.parametrize("accounts", [
    BARE,
    company.ACCOUNTS.replace("Cloud Services,Infrastructure as a Service (IaaS)", ",").replace("Staffing,Internal Labor (Expense)", ","),
    company.ACCOUNTS.replace("Cloud Services,Infrastructure", " ,Infrastructure").replace("Staffing,Internal", " ,Internal"),
], ids=["no columns", "blank", "a space"])
def test_cost_of_accounts_without_a_pool_stands_under_no_cost_pool_and_is_a_finding(tmp_path, accounts):
    assert finding(tmp_path / "a", accounts=accounts) == (
        ("finding", "300.00", "TBM office", "fill v5_cost_pool in inputs.accounts for 6100, 6200"), 560)


def test_a_month_before_the_ledgers_first_is_no_month_of_the_span(tmp_path):
    """August is billed, and the ledger begins in September: the span is September alone."""
    rows = company.bill().splitlines()
    august = [row.replace("2026-09-", "2026-08-").replace("2026-10-01", "2026-09-01").replace(",I1,", ",I0,") for row in rows[1:5]]
    month = walk.Month(params.load(company.write(tmp_path / "a", bill="\n".join([*rows, *august]) + "\n", accounts=BARE)))
    assert list(month.span) == ["2026-09"]


def test_every_page_comes(tmp_path):
    path = company.write(tmp_path / "a", accounts=BARE)
    result = report.publish(params.load(path), tmp_path / "out", 2, False, False)
    told = json.loads((tmp_path / "out/2026-09/manifest.json").read_text())
    assert result.error == "" and result.state == "finding"
    assert [page["step"] for page in told["pages"]] == list(batch.STEPS)
    assert "(no cost pool)" in (tmp_path / "out/2026-09/tco.html").read_text()


@pytest.mark.parametrize("name", ["applications", "org", "drivers", "rates", "pool_sources", "allocation"])
def test_a_table_with_a_header_and_no_row_is_as_good_as_none(tmp_path, name):
    bill = company.bill([row for row in company.BILL if row[2] == "USD"])
    ledger = company.LEDGER.replace("50.00,EUR,60.00", ",,60.00")
    header = {**vars(company), "POOL_SOURCES": company.POOLS}[name.upper()].splitlines()[0] + "\n"
    month = walk.Month(params.load(company.write(tmp_path / "a", bill=bill, ledger=ledger, **{name: header})))
    assert sum(month.charged.lines["amount"]) == 260 and sum(month.tco["cents"]) == 56000
