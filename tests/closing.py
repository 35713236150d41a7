"""A company of two applications, A and B, whose bills and books come month by month, and are closed."""

import json

from helpers import billed, chargeback, kept, program, publish, reconciled, report, walk
from helpers.compare import closed_months, sides

BILL = ("BillingAccountId,BillingCurrency,BillingPeriodStart,ChargeCategory,ChargePeriodStart,ProviderName,ServiceName,ServiceCategory,"
        "InvoiceId,Tags,BilledCost,EffectiveCost\n")
LEDGER = "line_id,fiscal_period,posting_date,account,cost_centre,vendor,invoice_id,amount,currency,text\n"


class Company:
    """Two applications whose bills and books come month by month."""

    def __init__(self, write, folder):
        self.write, self.folder = write, folder
        write("accounts.csv", "account,name,kind,use\n6100,Cloud,expense,cloud\n2190,Accrued,liability,other\n7830,Charged,expense,other\n"
                              "7839,Cleared,expense,other\n")
        write("cmdb.csv", "application,name,kind,service_owner,cost_centre,status\nA,A,application,Owner A,CA,live\nB,B,application,Owner B,CB,live\n")
        write("org.csv", "cost_centre,name,business_unit,owner\nCA,A,U,Owner A\nCB,B,U,Owner B\nCP,P,U,Owner P\n")
        write("ja.csv", "priority,kind,debit_account,credit_account,credit_cost_centre,reason,owner\n1,,7830,7839,CP,r,o\n")
        write("jc.csv", "column,field,value,decimal\nDoc,document,,\n=Amount,amount,,comma\n")
        write("p.yaml", f"base: base.yaml\nperiod: 2026-08\nkept: {folder}/kept\nmode: chargeback\njournal: {{mode: final}}\n"
                        f"accruals: {{account: \"2190\"}}\ninputs:\n  billing: [{folder}/bills/*.csv]\n"
                        f"  ledger: {folder}/gl.csv\n  accounts: {folder}/accounts.csv\n  applications: {folder}/cmdb.csv\n"
                        f"  org: {folder}/org.csv\nrules:\n  journal_accounts: {folder}/ja.csv\n  journal_columns: {folder}/jc.csv\n")
        self.books = LEDGER

    def bill(self, month: str, a: str, b: str, name: str = "") -> None:
        rows = [f'1,USD,{month}-01,Usage,{month}-03,AWS,Amazon EC2,Compute,I{month},"{{""application"":""{app}""}}",{amount},{amount}\n'
                for app, amount in (("A", a), ("B", b))]
        self.write(f"bills/{name or month}.csv", BILL + "".join(rows))

    def book(self, month: str, amount: str) -> None:
        self.books += f"{month},{month},{month}-20,6100,CP,Amazon,I{month},{amount},USD,=text\n"
        self.write("gl.csv", self.books)

    def month(self, period: str) -> walk.Month:
        return walk.open(str(self.folder / "p.yaml"), period)

    def pack(self, period: str):
        """The tables of a run, and its manifest, as closing wants them."""
        month, out = self.month(period), self.folder / "out" / f"{period}-{len(list(self.folder.glob('out/*')))}"
        found = reconciled.tables(month)
        publish.save(out, "billing", billed.tables(month), billed.check(month))
        publish.save(out, "reconciliation", found, reconciled.check(month, found))
        publish.save(out, "chargeback", chargeback.tables(month, causes=closed_months.trueup_causes(month)),
                     chargeback.check(month))
        inputs = report.what_went_in(month).to_dict("records")
        (out / "manifest.json").write_text(json.dumps({"inputs": inputs, "workbook": program.told(),
                                                       "parameters": month.params.model_dump(mode="json")}))
        return out

    def close(self, period: str):
        pack = self.pack(period)
        told = json.loads((pack / "manifest.json").read_text())
        return kept.close(period, pack, self.folder / "kept", lambda made: sides.keep_inputs(told, made))
