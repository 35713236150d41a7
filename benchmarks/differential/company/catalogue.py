"""What may companies be made of?  Providers with their services, applications, roles, accounts of the ledger.

Names of services are those that bills carry; one or two that no rule knows are among them.
"""

import csv
from decimal import Decimal
from pathlib import Path
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

NAMES = (("BOOKING", "Freight Booking"), ("CRM", "Customer Records"), ("EDI-HUB", "Message Exchange"),
         ("ERP", "Finance Core"), ("K8S", "Container Platform"), ("LAKE", "Data Platform"),
         ("PORTAL", "Customer Portal"), ("ROUTE", "Route Planner"), ("TRACKING", "Parcel Tracking"),
         ("Grüße & Co", "Greeting Cards; all"))
ALIASES = {"TRACKING": "tracking-app", "BOOKING": "bookings", "LAKE": "datalake"}
SOLUTIONS = ("", "", "Order Management", "Customer Care", "Data Analytics & Visualizations")
ROLES = ("Head of Booking", "Head of Customer Care", "Head of Data", "Head of Finance Systems", "Head of Parcels",
         "Head of Platforms")
STRAY_TAGS = ("unknown-app", "=1+1", "-", "n/a", "böse; \"Gäste\"", "BOOKNG")  # values that no CMDB has

CENTRES = ("4100", "4200", "4300")  # of the staff who run and build
CLEARING = "4790"


def accounts() -> list[dict]:
    """The accounts of the ledger, as they lie beside this module."""
    with open(Path(__file__).with_name("accounts.csv"), encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
