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
priority | account | cost_centre | vendor | method | driver | consumer | at | hosting | reason | owner
10 | 62* | 4110 |  | leave |  |  | manage |  | Management is not in the TCO yet | Head of IT Finance
20 | 62*¦6310 | 42* |  | hours |  |  | develop |  | Pay follows the hours booked | Head of IT Finance
21 | 62*¦6310 | 4310 |  | hours |  |  | desk |  | Pay follows the hours booked | Head of IT Finance
22 | 62*¦6310 | 4320 |  | hours |  |  | servers | on-premises | Pay follows the hours booked | Head of IT Finance
23 | 62*¦6310 | 4330 |  | hours |  |  | network |  | Pay follows the hours booked | Head of IT Finance
24 | 62*¦6310 | 4410 |  | hours |  |  | security |  | Pay follows the hours booked | Head of IT Finance
25 | 62*¦6310 | 4510 |  | hours |  |  | data | cloud | Pay follows the hours booked | Head of IT Finance
26 | 62*¦6310 | 4710 |  | hours |  |  | platform | cloud | Pay follows the hours booked | Head of IT Finance
40 | 6410¦6440¦6450 |  |  | usage | vcpu_hours |  | servers | on-premises | By vCPU hours used; what nobody uses is idle | Head of Infrastructure
50 | 6420¦6460 |  |  | usage | storage_gb |  | storage | on-premises | By gigabytes held; what nobody uses is idle | Head of Infrastructure
60 | 6430 |  |  | even |  | BUSINESS | network | on-premises | Depot and hall networks serve all | Head of Networks
70 | 6510¦6520 |  | Corvane* | fixed |  | ERP | licences | on-premises | The ERP's own licences | Head of Finance Systems
71 | 6510¦6520 |  | Palletworks* | fixed |  | WMS | licences | on-premises | The warehouse system's own licences | Head of Warehousing
72 | 6510¦6520 |  | Sortline* | fixed |  | SORT | licences | on-premises | The sorting control's own licences | Head of Parcels
73 | 6510¦6520 | 4210 | Harrow* | fixed |  | BOOKING | database | on-premises | Databases of the booking system | Head of Booking
74 | 6510¦6520 | 4250 | Harrow* | fixed |  | INVOICE | database | on-premises | Databases of invoicing | Head of Finance Systems
75 | 6510¦6520 | 4320 |  | usage | vcpu_hours |  | servers | on-premises | Virtualisation and system software by use | Head of Infrastructure
76 | 6510¦6520 |  |  | even |  | BUSINESS | licences |  | Licences that serve all | Head of IT Finance
80 | 6530 | 4210 |  | fixed |  | BOOKING | develop |  | Own software, booking redesign | Head of Booking
81 | 6530 | 4220 |  | fixed |  | TRACKING | develop |  | Own software, visibility | Head of Visibility
82 | 6530 | 4230 |  | fixed |  | PRICING | develop |  | Own software, pricing | Head of Freight Pricing
90 | 6540 |  | Rolodesk* | fixed |  | CRM | licences | cloud | Seats of the customer records | Head of Customer Care
91 | 6540 |  | Tariffbase* | fixed |  | CUSTOMS | licences | cloud | Tariff data | Head of Customs
92 | 6540 |  | Meridian* | fixed |  | TRACKING | licences | cloud | Position data | Head of Visibility
93 | 6540 |  | Roadcast* | fixed |  | ROUTE | licences | cloud | Traffic data | Head of Route Planning
94 | 6540 |  |  | leave |  |  | licences | cloud | Workplace and team tools, not in the TCO yet | Head of IT Finance
100 | 6610¦6620 |  |  | usage | vcpu_hours |  | data centre | on-premises | Space and power by use | Head of Infrastructure
110 | 6710¦6720 |  |  | even |  | BUSINESS | circuits |  | Circuits serve all business applications | Head of Networks
120 | 6810¦6820 |  |  | leave |  |  |  |  | Services are not in the TCO yet | Head of IT Finance
130 | 6910 |  |  | leave |  |  |  |  | Too small and too mixed, not in the TCO yet | Head of IT Finance
""")
TOWERS = rows("""
at | v4_tower | v4_sub_tower | v5_tower | v5_sub_tower
manage | IT Management | IT Management & Strategic Planning | Tech Management | Tech Management & Strategy
develop | Application | Application Development | Application | Development
desk | End User | IT Help Desk | End User | Help Desk
servers | Compute | Servers | Compute | Servers
storage | Storage | Online Storage | Storage | Online Storage
network | Network | LAN/WAN | Network | LAN
circuits | Network | Transport | Network | WAN
security | Security & Compliance | Security | Security | Digital Security
data | Platform | Big Data | Data | Data Operations
database | Platform | Database | Data | Database
platform | Platform | Container Orchestration | Application | Container Orchestration
licences | Application | Business Software | Application | Licensing
data centre | Data Center | Enterprise Data Center | Data Center | Enterprise Data Center
""")


def tco_rules() -> list[dict]:
    """The TCO rules with patterns and towers in their final form."""
    towers = {row["at"]: {name: row[name] for name in row if name != "at"} for row in TOWERS}
    blank = dict.fromkeys(next(iter(towers.values())), "")
    found = []
    for row in TCO_RULES:
        told = {**row, "account": row["account"].replace("¦", "|"), "consumer": row["consumer"].replace("BUSINESS", BUSINESS)}
        reason, owner, at = told.pop("reason"), told.pop("owner"), told.pop("at")
        found.append(told | towers.get(at, blank) | {"activity": "", "reason": reason, "owner": owner})
    return found
