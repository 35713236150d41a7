"""What may companies be made of?  Providers with their services, applications, roles, accounts of the ledger.

Names of services are those that bills carry; one or two that no rule knows are among them.
"""

from decimal import Decimal
from typing import NamedTuple

RATES = {"USD": Decimal(1), "EUR": Decimal("1.1"), "JPY": Decimal("0.0067")}  # about so many USD


class Service(NamedTuple):
    """What is metered."""

    name: str
    category: str
    meter: str
    unit: str
    code: str = ""  # as AWS writes it


class Catalogue(NamedTuple):
    """What a provider sells and how it may bill; habits: what else it bills, with the chance of it."""

    short: str
    vendor: str  # as the ledger spells it
    vendors: tuple[str, ...]  # patterns on that
    forms: tuple[str, ...]
    services: tuple[Service, ...]
    habits: dict[str, float]


HABITS = {"tax": 0.5, "support": 0.35, "credit": 0.4, "refund": 0.25, "correction": 0.25, "upfront": 0.35, "plan": 0.3,
          "daily": 0.25, "parts": 0.1, "twice": 0.08, "under way": 0.12}

PROVIDERS = {
    "AWS": Catalogue("A1", "Amazon Web Services EMEA", ("Amazon*", "AWS*"), ("focus", "focus", "aws"), (
        Service("Amazon Elastic Compute Cloud", "Compute", "BoxUsage:m6i.2xlarge", "Hours", "AmazonEC2"),
        Service("Amazon Simple Storage Service", "Storage", "TimedStorage-ByteHrs", "GB-Mo", "AmazonS3"),
        Service("Amazon Relational Database Service", "Databases", "InstanceUsage:db.r6g.xl", "Hours", "AmazonRDS"),
        Service("AmazonCloudWatch", "Management and Governance", "DataProcessing-Bytes", "GB", "AmazonCloudWatch"),
        Service("Amazon Virtual Private Cloud", "Networking", "NatGateway-Hours", "Hours", "AmazonVPC"),
        Service("Amazon Tidepool", "Other", "Tide-Hours", "Hours", "AmazonTidepool"),
    ), {**HABITS, "marketplace": 0.3}),
    "Microsoft": Catalogue("MS", "MICROSOFT IRELAND OPS", ("Microsoft*",), ("focus", "focus", "azure"), (
        Service("Virtual Machines", "Compute", "D8s v5", "1 Hour"),
        Service("Storage Accounts", "Storage", "Hot LRS Data Stored", "1 GB/Month"),
        Service("Azure SQL Database", "Databases", "vCore", "1 Hour"),
        Service("Log Analytics", "Management and Governance", "Analytics Logs Ingestion", "1 GB"),
        Service("Bandwidth", "Networking", "Standard Data Transfer Out", "1 GB"),
    ), {**HABITS, "groups": 0.5}),
    "Google Cloud": Catalogue("GC", "Google Cloud EMEA Ltd", ("Google*",), ("focus", "focus", "google"), (
        Service("Compute Engine", "Compute", "N2 Instance Core running", "h"),
        Service("Cloud Storage", "Storage", "Standard Storage Europe", "GiBy.mo"),
        Service("BigQuery", "Databases", "Analysis", "TiBy"),
        Service("Cloud Run", "Compute", "CPU Allocation Time", "s"),
    ), HABITS),
    "Datadog": Catalogue("DD", "Datadog Inc", ("Datadog*",), ("table",), (
        Service("Datadog Pro", "Management and Governance", "Hosts", "hosts"),
        Service("Datadog Logs", "Management and Governance", "Events", "million events"),
    ), {}),
}
SUPPORT = {"AWS": "AWS Support (Business)", "Microsoft": "Azure Support", "Google Cloud": "Support"}
SELLER = "Contour Maps"  # sells through AWS's marketplace, on invoices of its own

NAMES = (("BOOKING", "Freight Booking"), ("CRM", "Customer Records"), ("EDI-HUB", "Message Exchange"), ("ERP", "Finance Core"),
         ("K8S", "Container Platform"), ("LAKE", "Data Platform"), ("PORTAL", "Customer Portal"), ("ROUTE", "Route Planner"),
         ("TRACKING", "Parcel Tracking"), ("Grüße & Co", "Greeting Cards; all"))
ALIASES = {"TRACKING": "tracking-app", "BOOKING": "bookings", "LAKE": "datalake"}
SOLUTIONS = ("", "", "Order Management", "Customer Care", "Data Analytics & Visualizations")
ROLES = ("Head of Booking", "Head of Customer Care", "Head of Data", "Head of Finance Systems", "Head of Parcels",
         "Head of Platforms")
STRAY_TAGS = ("unknown-app", "=1+1", "-", "n/a", "böse; \"Gäste\"", "BOOKNG")  # values that no CMDB has

CENTRES = ("4100", "4200", "4300")  # of the staff who run and build
CLEARING = "4790"
ACCOUNTS = """account|name|kind|use|asset_kind|v4_cost_pool|v4_sub_pool|v5_cost_pool|v5_sub_pool
1480|Prepaid cloud commitments|prepaid|other|||||
1490|Recoverable tax|recoverable tax|other|||||
2190|Accrued cloud cost|liability|other|||||
1510|Additions to hardware|capital|other||Hardware|Capital|Hardware|Capital
1520|Additions to own software|capital|other||Software|Capital|Software & SaaS|Capital
6110|Cloud services|expense|cloud||Outside Services|Cloud Service Providers|Cloud Services|Cloud Service Provider
6115|Cloud marketplaces|expense|cloud||Software|Licensing|Software & SaaS|Licensing
6120|Tax on cloud|expense|cloud tax||Outside Services|Cloud Service Providers|Cloud Services|Other Operating
6130|Cloud commitments released|expense|cloud amortisation||Outside Services|Cloud Service Providers|Cloud Services|Cloud Service Provider
6210|Salaries|expense|other||Internal Labor|Expense|Staffing|Internal Labor
6310|Contractors|expense|other||External Labor|Expense|Staffing|Staff Augmentation
6410|Depreciation of servers|expense|other|server|Hardware|Depreciation & Amortization|Hardware|Depreciation & Amortization
6420|Depreciation of storage|expense|other|storage|Hardware|Depreciation & Amortization|Hardware|Depreciation & Amortization
6510|Software licences|expense|other||Software|Licensing|Software & SaaS|Licensing
6540|Software as a service|expense|other||Software|Licensing|Software & SaaS|SaaS
6610|Data-centre rent|expense|other||Facilities & Power|Lease|Data Center Facilities|Lease
6910|Other technology cost|expense|other||Other|Expense|Misc Costs|Other Operating
7810|Recharges between companies|intercompany|other||Internal Services|Internal Services|Cross Charges|By Internal Department
7820|Due between companies|liability|other|||||
7830|Charged to departments|intercompany|other||Internal Services|Internal Services|Cross Charges|By Internal Department
7839|Cloud cost cleared|intercompany|other||Internal Services|Internal Services|Cross Charges|By Internal Department
"""


def accounts() -> list[dict]:
    """The accounts of the ledger."""
    names, *rows = [line.split("|") for line in ACCOUNTS.splitlines()]
    return [dict(zip(names, row, strict=True)) for row in rows]
