"""A small company whose figures are worked by hand: 200.00 of AWS and 50.00 EUR of Google Cloud in September.

A has 100.00 of its own and B 60.00; the platform's 40.00 go by hours, A 1 and B 3: A 10.00, B 30.00.  C has 60.00 (50 EUR
at 1.2).  So A 110.00, B 90.00, C 60.00 of the 260.00 in the ledger, and 300.00 of pay that nobody is charged.
"""

from pathlib import Path

ACCOUNTS = """account,name,kind,use,asset_kind,v4_cost_pool,v4_sub_pool,v5_cost_pool,v5_sub_pool
6100,Cloud,expense,cloud,,,,Cloud Services,Infrastructure as a Service (IaaS)
6200,Payroll,expense,other,,,,Staffing,Internal Labor (Expense)
"""
APPLICATIONS = """application,name,kind,service_owner,cost_centre,hosting,status
A,A app,application,Owner A,CA,cloud,live
B,B app,application,Owner B,CB,cloud,live
C,C app,application,Owner C,CC,cloud,live
PLAT,Platform,platform,Owner P,CP,cloud,live
"""
ORG = """cost_centre,name,business_unit,owner
CA,Centre A,Unit A,Owner A
CB,Centre B,Unit B,Owner B
CC,Centre C,Unit C,Owner C
CP,Centre P,Tech,Owner P
"""
DRIVERS = """period,driver,consumer,quantity,unit
2026-09,cpu,A,1,h
2026-09,cpu,B,3,h
"""
LEDGER = """line_id,fiscal_period,posting_date,account,cost_centre,vendor,invoice_id,document_amount,document_currency,amount,currency,text
L1,2026-09,2026-09-30,6100,CP,Amazon Web Services,I1,,,200.00,USD,AWS
L2,2026-09,2026-09-30,6100,CP,Google Cloud,G1,50.00,EUR,60.00,USD,Google
L3,2026-09,2026-09-30,6200,CP,,,,,300.00,USD,Pay
"""
RATES = """period,from_currency,to_currency,rate,source,frozen_on
2026-09,EUR,USD,1.2,ECB,2026-10-01
"""
POOLS = """priority,pool,source,application,reason,owner
10,Plat,usage,PLAT,platform,o
"""
ALLOCATION = """pool,method,driver,reason,owner
Plat,usage,cpu,by hours,o
"""
BILL = [  # provider, invoice, currency, application, meter, cost
    ("AWS", "I1", "USD", "A", "box", "70.00"), ("AWS", "I1", "USD", "A", "disk", "30.00"), ("AWS", "I1", "USD", "B", "box", "60.00"),
    ("AWS", "I1", "USD", "PLAT", "box", "40.00"), ("Google Cloud", "G1", "EUR", "C", "box", "50.00")]
HEADER = ("BillingPeriodStart,BillingPeriodEnd,ChargePeriodStart,ChargePeriodEnd,ProviderName,PublisherName,InvoiceIssuerName,"
          "BillingAccountId,SubAccountId,InvoiceId,ServiceName,ServiceCategory,SkuMeter,ChargeCategory,ChargeDescription,BilledCost,"
          "EffectiveCost,ListCost,ContractedCost,BillingCurrency,ConsumedQuantity,ConsumedUnit,ResourceId,Tags")


def bill(rows=BILL) -> str:
    """The bill of September, a line a row."""
    lines = [HEADER]
    for place, (provider, invoice, currency, application, meter, cost) in enumerate(rows):
        tags = f'"{{""application"":""{application}""}}"'
        lines.append(f"2026-09-01,2026-10-01,2026-09-02,2026-09-03,{provider},{provider},{provider},acc,sub,{invoice},Compute,Compute,"
                     f"{meter},Usage,use {place},{cost},{cost},{cost},{cost},{currency},1,Hours,r{place},{tags}")
    return "\n".join(lines) + "\n"


def write(folder: Path, booked: bool = True, **tables: str) -> Path:
    """The company in a folder, with the tables given in place of its own; its parameters file comes back."""
    files = {"accounts": ACCOUNTS, "applications": APPLICATIONS, "org": ORG, "drivers": DRIVERS, "ledger": LEDGER, "rates": RATES,
             "pool_sources": POOLS, "allocation": ALLOCATION, "bill": bill()} | tables
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    inputs = ["applications", "org", "rates", *["ledger", "accounts"] * booked]
    lines = ["base: base.yaml", 'period: "2026-09"', "currency: USD", f'kept: "{folder}/kept"', "providers:",
             "  AWS: {lag: 0, vendors: [Amazon*]}", "  Google Cloud: {lag: 0, vendors: [Google*]}", "inputs:",
             f'  billing: ["{folder}/bill.csv"]', f'  drivers: ["{folder}/drivers.csv"]',
             *(f'  {name}: "{folder}/{name}.csv"' for name in inputs), "rules:",
             f'  pool_sources: "{folder}/pool_sources.csv"', f'  allocation: "{folder}/allocation.csv"']
    path = folder / "params.yaml"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path
