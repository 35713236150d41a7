"""Who is Marlow Freight?  The facts of the demo company as small tables: applications, cost centres, accounts, places.

    tables of text, one row a line → lists of rows (dict of text)

Every name is invented but the three cloud providers'.  Owners are roles.
"""

COMPANY = "Marlow Freight"
FIRST_LEDGER_MONTH, REVIEW_MONTH = "2023-10", "2026-09"
DAILY_MONTHS = ("2026-07", "2026-08", "2026-09")  # these bills are daily by resource; earlier ones monthly
LAGS = {"AWS": 1, "Microsoft": 0, "Google Cloud": 2}  # months from service to booking (fault F01)
PREPAID = {"Microsoft"}  # commitments of these are prepaid and released; the others' are expensed as invoiced


def rows(text: str) -> list[dict[str, str]]:
    """One dict a line of a `|` table; the first line holds the names."""
    cells = [[cell.strip() for cell in line.split("|")] for line in text.strip().splitlines()]
    return [dict(zip(cells[0], line, strict=True)) for line in cells[1:]]


PLATFORMS = ("K8S", "LAKE", "NET", "OBS")  # they serve other applications
APPLICATIONS = [{**row, "kind": "platform" if row["application"] in PLATFORMS else "application",
                 "portfolio": f"{row['portfolio']} Portfolio",
                 "status": "retired" if row["retired_on"] else "live"} for row in rows("""
application | name | business_service | portfolio | solution | service_owner | cost_centre | hosting | retired_on
BI | Management Reporting | Decision Support | Insight | Data Analytics & Visualizations | Head of Data | 5810 | cloud |
BOOKING | Freight Booking | Quote to Booking | Booking | Order Management | Head of Booking | 5110 | hybrid |
CRM | Customer Records | Customer Care | Commercial | Customer Care | Head of Customer Care | 5120 | cloud |
CUSTOMS | Customs Declarations | Customs Clearance | Customs | Service Delivery | Head of Customs | 5610 | cloud |
DISPATCH | Dispatch Board | Transport Execution | Operations | Service Delivery | Head of Transport | 5420 | cloud |
DUTY | Duty Calculator | Customs Clearance | Customs | Service Delivery | Head of Customs | 5610 | cloud |
EDI-HUB | Partner Message Hub | Partner Integration | Integration | Message Bus & Integration | Head of Integration | 5820 | hybrid |
ERP | Finance ERP | Finance and Reporting | Finance | General Accounting & Reporting | Head of Finance Systems | 5710 | on-premises |
ETA | Arrival Prediction | Visibility | Visibility | Predictive Analytics | Head of Visibility | 5210 | cloud |
FLEET | Fleet Telematics | Transport Execution | Operations | Resource Planning | Head of Transport | 5420 | cloud |
INVOICE | Freight Invoicing | Billing and Claims | Finance | Accounts Receivable | Head of Finance Systems | 5710 | hybrid |
K8S | Kubernetes Platform | Platforms | Technology | Application Hosting | Head of Platforms | 4710 | cloud |
LAKE | Data Lake | Platforms | Technology | Data Management | Head of Data | 4510 | cloud |
LEGACY-EDI | Partner Messages, old | Partner Integration | Integration | Message Bus & Integration | Head of Integration | 5820 | cloud | 2026-03-31
NET | Cloud Network | Platforms | Technology | Data Network | Head of Networks | 4330 | cloud |
OBS | Observability | Platforms | Technology | Event Management | Head of Platforms | 4710 | cloud |
PARCEL | Parcel Labels and Returns | Parcel Delivery | Parcel | Product Delivery | Head of Parcels | 5510 | cloud |
PORTAL | Customer Portal | Customer Care | Booking | Customer Care | Head of Customer Care | 5120 | cloud |
PRICING | Freight Pricing Engine | Quote to Booking | Commercial | Customer Sales | Head of Freight Pricing | 5310 | cloud |
QUOTE | Quotation Desk | Quote to Booking | Booking | Customer Sales | Head of Booking | 5110 | cloud |
ROUTE | Route Planning | Transport Planning | Operations | Automated Planning & Scheduling | Head of Route Planning | 5410 | cloud |
SORT | Parcel Sorting Control | Parcel Delivery | Parcel | Product Delivery | Head of Parcels | 5510 | hybrid |
TRACKING | Track and Trace | Visibility | Visibility | Service Delivery | Head of Visibility | 5210 | cloud |
WMS | Warehouse Management | Warehousing | Operations | Inventory & Warehousing | Head of Warehousing | 5430 | on-premises |
""")]

ALIASES = rows("""
kind | alias | value | reason | owner
application | tracking-app | TRACKING | Name of the first release, still in old deployment files | Head of Visibility
owner | integration team | Head of Integration | The team's name before the roles were named | Head of Integration
""")

ORG = rows("""
cost_centre | name | business_unit | owner | contact
4110 | IT Management | Technology | Chief Information Officer | it-management@marlow.example
4210 | Booking Engineering | Technology | Head of Engineering | engineering@marlow.example
4220 | Visibility Engineering | Technology | Head of Engineering | engineering@marlow.example
4230 | Commercial Engineering | Technology | Head of Engineering | engineering@marlow.example
4240 | Operations Engineering | Technology | Head of Engineering | engineering@marlow.example
4250 | Finance and Customs Engineering | Technology | Head of Engineering | engineering@marlow.example
4310 | Service Desk | Technology | Head of Service | service-desk@marlow.example
4320 | Data Centre Operations | Technology | Head of Infrastructure | infrastructure@marlow.example
4330 | Networks | Technology | Head of Networks | networks@marlow.example
4410 | Information Security | Technology | Head of Security | security@marlow.example
4510 | Data and Analytics | Technology | Head of Data | data@marlow.example
4710 | Platform Team | Technology | Head of Platforms | platforms@marlow.example
4790 | Cloud Clearing | Technology | Head of Platforms | platforms@marlow.example
5110 | Booking | Freight | Head of Booking | booking@marlow.example
5120 | Customer Care | Freight | Head of Customer Care | care@marlow.example
5210 | Visibility | Freight | Head of Visibility | visibility@marlow.example
5310 | Freight Pricing | Freight | Head of Freight Pricing | pricing@marlow.example
5410 | Route Planning | Transport | Head of Route Planning | routes@marlow.example
5420 | Transport | Transport | Head of Transport | transport@marlow.example
5430 | Warehousing | Contract Logistics | Head of Warehousing | warehousing@marlow.example
5510 | Parcels | Parcels | Head of Parcels | parcels@marlow.example
5610 | Customs | Customs Brokerage | Head of Customs | customs@marlow.example
5710 | Finance Systems | Group Functions | Head of Finance Systems | finance-systems@marlow.example
5810 | Management Reporting | Group Functions | Head of Data | data@marlow.example
5820 | Partner Integration | Group Functions | Head of Integration | integration@marlow.example
""")

for centre in ORG:  # the customs brokerage is a legal entity of its own
    centre["company"] = "Marlow Customs" if centre["business_unit"] == "Customs Brokerage" else ""

POOLS = {row.pop("pools"): row for row in rows("""
pools | v4_cost_pool | v4_sub_pool | v5_cost_pool | v5_sub_pool
none |  |  |  |
hardware bought | Hardware | Capital | Hardware | Capital
software made | Software | Capital | Software & SaaS | Capital
cloud | Outside Services | Cloud Service Providers | Cloud Services | Cloud Service Provider
licences | Software | Licensing | Software & SaaS | Licensing
cloud tax | Outside Services | Cloud Service Providers | Cloud Services | Other Operating
own people | Internal Labor | Expense | Staffing | Internal Labor
contractors | External Labor | Expense | Staffing | Staff Augmentation
depreciation | Hardware | Depreciation & Amortization | Hardware | Depreciation & Amortization
hardware lease | Hardware | Lease | Hardware | Lease
hardware care | Hardware | Maintenance & Support | Hardware | Maintenance & Support
software care | Software | Maintenance & Support | Software & SaaS | Maintenance & Support
software amortised | Software | Depreciation & Amortization | Software & SaaS | Depreciation & Amortization
saas | Software | Licensing | Software & SaaS | SaaS
halls | Facilities & Power | Lease | Data Center Facilities | Lease
power | Facilities & Power | Expense | Data Center Facilities | Other Operating
circuits | Telecom | Lease | Telecom | Lease
voice | Telecom | Expense | Telecom | Other Operating
consulting | Outside Services | Consulting | Outside Services | Consulting
managed | Outside Services | Managed Service Providers | Outside Services | Managed Services
other | Other | Expense | Misc Costs | Other Operating
recharges | Internal Services | Internal Services | Cross Charges | By Internal Department
""")}

ASSET_KINDS = {"6410": "server", "6420": "storage", "6430": "network"}  # whose depreciation an account holds
ACCOUNTS = [{**row, **POOLS[row["pools"]], "asset_kind": ASSET_KINDS.get(row["account"], "")} for row in rows("""
account | name                                  | kind            | use                | pools
1480    | Prepaid cloud commitments             | prepaid         | other              | none
1490    | Recoverable value added tax           | recoverable tax | other              | none
2190    | Accrued cloud cost                    | liability       | other              | none
1510    | Additions to hardware                 | capital         | other              | hardware bought
1520    | Additions to own software             | capital         | other              | software made
6110    | Public cloud services                 | expense         | cloud              | cloud
6115    | Software bought on cloud marketplaces | expense         | cloud              | licences
6120    | Sales tax on cloud services           | expense         | cloud tax          | cloud tax
6130    | Cloud commitments released            | expense         | cloud amortisation | cloud
6210    | Salaries                              | expense         | other              | own people
6220    | Social charges and benefits           | expense         | other              | own people
6230    | Training and travel                   | expense         | other              | own people
6310    | Contractors                           | expense         | other              | contractors
6410    | Depreciation of servers               | expense         | other              | depreciation
6420    | Depreciation of storage               | expense         | other              | depreciation
6430    | Depreciation of network equipment     | expense         | other              | depreciation
6440    | Leased servers                        | expense         | other              | hardware lease
6450    | Maintenance of servers                | expense         | other              | hardware care
6460    | Maintenance of storage                | expense         | other              | hardware care
6510    | Software licences                     | expense         | other              | licences
6520    | Software maintenance                  | expense         | other              | software care
6530    | Amortisation of own software          | expense         | other              | software amortised
6540    | Software as a service                 | expense         | other              | saas
6610    | Data-centre rent                      | expense         | other              | halls
6620    | Data-centre power                     | expense         | other              | power
6710    | Data circuits                         | expense         | other              | circuits
6720    | Voice and mobile                      | expense         | other              | voice
6810    | Consulting                            | expense         | other              | consulting
6820    | Managed services                      | expense         | other              | managed
6910    | Other technology cost                 | expense         | other              | other
7810    | Recharges between group companies     | intercompany    | other              | recharges
7820    | Due between group companies           | liability       | other              | none
7830    | Cloud cost charged to departments     | intercompany    | other              | recharges
7831    | Shared services charged to departments | intercompany   | other              | recharges
7839    | Cloud cost cleared                    | intercompany    | other              | recharges
""")]

DATA_CENTRES = rows("""
data_centre | name               | racks | power_kw
DC-EAST     | Port Elm           | 64    | 310
DC-WEST     | Harrow Flats       | 42    | 205
DC-EU       | Rhine Park, leased | 18    | 90
""")

MIGRATION_PLAN = rows("""
wave | application | strategy   | start   | end     | one_off_cost | monthly_cloud_cost | currency
1    | DISPATCH    | replatform | 2024-11 | 2025-03 | 310000.00    | 28500.00           | USD
2    | LEGACY-EDI  | retire     | 2025-09 | 2026-03 | 45000.00     | 0.00               | USD
3    | SORT        | rehost     | 2026-06 | 2026-11 | 260000.00    | 21000.00           | USD
3    | INVOICE     | replatform | 2026-08 | 2027-01 | 185000.00    | 62000.00           | USD
4    | WMS         | refactor   | 2027-02 | 2027-10 | 940000.00    | 46000.00           | USD
5    | ERP         | retain     | 2027-04 | 2027-09 | 0.00         | 0.00               | USD
""")
