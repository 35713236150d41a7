"""How does Marlow share its cost?  Which cost goes to which shared pool, how a pool is split, what the TCO adds.

    → pool_sources, allocation_rules, tco_rules   rows of data, as an analyst would edit them

¦ stands for the | between alternatives of a pattern.
"""

from helpers.demo.company import APPLICATIONS, rows

BUSINESS = "|".join(row["application"] for row in APPLICATIONS
                    if row["kind"] == "application" and row["status"] == "live")

POOL_SOURCES = rows("""
priority | pool | source | ServiceName | ChargeCategory | application | cost_centre | vendor | bucket | reason | owner
10 | Cloud tax | usage |  | Tax |  |  |  |  | Sales tax carries no application | Head of Platforms
20 | Cloud tax | reconciling |  |  |  |  |  | tax | Tax that is on the invoice but not in the export | Head of Platforms
30 | Cloud support | usage | *Support* |  |  |  |  |  | Support plans serve every account | Head of Platforms
40 | Kubernetes platform | usage |  |  | K8S |  |  |  | Clusters are shared | Head of Platforms
50 | Data lake | usage |  |  | LAKE |  |  |  | The lake is shared | Head of Data
60 | Observability | usage |  |  | OBS |  |  |  | Logs and metrics are shared | Head of Platforms
70 | Cloud network | usage |  |  | NET |  |  |  | Gateways and circuits are shared | Head of Networks
80 | Platform team | ledger |  |  |  | 4710 |  |  | The team's cost centre | Head of Platforms
90 | Security SaaS | ledger |  |  |  |  | Bastion* |  | One contract for all applications | Head of Security
""")

ALLOCATION_RULES = rows("""
pool | method | driver | consumer | share | reason | owner
Cloud network | cost-weighted |  |  |  | Traffic is not metered; cost stands for it | Head of Networks
Cloud support | cost-weighted |  |  |  | The plan is priced by usage | Head of Platforms
Cloud tax | cost-weighted |  |  |  | Tax follows what is taxed | Head of Platforms
Data lake | usage | tb_scanned |  |  | Terabytes scanned, from the lake's job log | Head of Data
Kubernetes platform | usage | cpu_core_hours |  |  | Core hours requested, from the cluster meter | Head of Platforms
Observability | usage | log_gb |  |  | Gigabytes of logs taken in | Head of Platforms
Platform team | fixed |  | Kubernetes platform | 0.45 | Time plan of the fiscal year | Head of Platforms
Platform team | fixed |  | Data lake | 0.35 | Time plan of the fiscal year | Head of Platforms
Platform team | fixed |  | BI | 0.12 | Time plan of the fiscal year | Head of Platforms
Platform team | fixed |  | EDI-HUB | 0.08 | Time plan of the fiscal year | Head of Platforms
Security SaaS | even |  |  |  | Every application is protected alike | Head of Security
""")

JOURNAL_ACCOUNTS = rows("""
priority | kind | debit_account | credit_account | credit_cost_centre | due_to_account | due_from_account | reason | owner
10 | direct | 7830 | 7839 | 4790 | 7820 | 7820 | Cloud cost is cleared through the clearing centre | Head of Financial Control
20 | shared | 7831 | 7839 | 4790 | 7820 | 7820 | Shared platforms are charged on an account of their own | Head of Financial Control
""")

JOURNAL_COLUMNS = rows("""
column | field | value | decimal
DocumentNumber | document |  |
CompanyCode | company |  |
LedgerGroup |  | 0L |
PostingDate | date |  |
FiscalPeriod | period |  |
GLAccount | account |  |
CostCenter | cost_centre |  |
AmountInTransactionCurrency | amount |  | point
TransactionCurrency | currency |  |
DocumentItemText | text |  |
""")

TCO_RULES = rows("""
priority | account | cost_centre | vendor | method | driver | consumer | reason | owner
10 | 62* | 4110 |  | leave |  |  | Management is not in the TCO yet | Head of IT Finance
20 | 62* |  |  | hours |  |  | Pay follows the hours booked | Head of IT Finance
30 | 6310 |  |  | hours |  |  | Contractors follow the team's hours | Head of IT Finance
40 | 6410¦6440¦6450 |  |  | assets | server |  | By servers in use | Head of Infrastructure
50 | 6420¦6460 |  |  | assets | storage |  | By arrays in use | Head of Infrastructure
60 | 6430 |  |  | even |  | BUSINESS | Depot and hall networks serve all | Head of Networks
70 | 6510¦6520 |  | Corvane* | fixed |  | ERP | The ERP's own licences | Head of Finance Systems
71 | 6510¦6520 |  | Palletworks* | fixed |  | WMS | The warehouse system's own licences | Head of Warehousing
72 | 6510¦6520 |  | Sortline* | fixed |  | SORT | The sorting control's own licences | Head of Parcels
73 | 6510¦6520 | 4210 | Harrow* | fixed |  | BOOKING | Databases of the booking system | Head of Booking
74 | 6510¦6520 | 4250 | Harrow* | fixed |  | INVOICE | Databases of invoicing | Head of Finance Systems
75 | 6510¦6520 | 4320 |  | assets | server |  | Virtualisation and system software by server | Head of Infrastructure
76 | 6510¦6520 |  |  | even |  | BUSINESS | Licences that serve all | Head of IT Finance
80 | 6530 | 4210 |  | fixed |  | BOOKING | Own software, booking redesign | Head of Booking
81 | 6530 | 4220 |  | fixed |  | TRACKING | Own software, visibility | Head of Visibility
82 | 6530 | 4230 |  | fixed |  | PRICING | Own software, pricing | Head of Freight Pricing
90 | 6540 |  | Rolodesk* | fixed |  | CRM | Seats of the customer records | Head of Customer Care
91 | 6540 |  | Tariffbase* | fixed |  | CUSTOMS | Tariff data | Head of Customs
92 | 6540 |  | Meridian* | fixed |  | TRACKING | Position data | Head of Visibility
93 | 6540 |  | Roadcast* | fixed |  | ROUTE | Traffic data | Head of Route Planning
94 | 6540 |  |  | leave |  |  | Workplace and team tools, not in the TCO yet | Head of IT Finance
100 | 6610¦6620 |  |  | assets | server |  | Space and power by servers in use | Head of Infrastructure
110 | 6710¦6720 |  |  | even |  | BUSINESS | Circuits serve all business applications | Head of Networks
120 | 6810¦6820 |  |  | leave |  |  | Services are not in the TCO yet | Head of IT Finance
130 | 6910 |  |  | leave |  |  | Too small and too mixed, not in the TCO yet | Head of IT Finance
""")


def tco_rules() -> list[dict]:
    """The TCO rules with patterns in their final form."""
    return [{**row, "account": row["account"].replace("¦", "|"),
             "consumer": row["consumer"].replace("BUSINESS", BUSINESS)} for row in TCO_RULES]
