"""What is this file?  Told by its columns: billing of a provider and format, or a table of the codebook.

    file → columns → Guess     kind, what it is in words, and whether it can be read
"""

from dataclasses import dataclass
from pathlib import Path

import duckdb

from helpers import codebook, focus
from helpers.errors import InputError

SUFFIXES = (".csv", ".csv.gz", ".parquet")
FOCUS = {"BilledCost", "EffectiveCost", "BillingPeriodStart", "ChargePeriodStart"}
FOCUS_VERSIONS = {  # columns that a version of FOCUS brought in, newest first (the specification's column library)
    "1.4": {"CommitmentProgramEligibilityDetails", "InvoiceDetailId"},
    "1.3": {"AllocatedMethodId", "AllocatedResourceId", "ContractApplied", "HostProviderName", "ServiceProviderName"},
    "1.2": {"BillingAccountType", "InvoiceId", "PricingCurrency", "SubAccountType"},
    "1.1": {"CapacityReservationId", "CommitmentDiscountQuantity", "ServiceSubcategory", "SkuMeter", "SkuPriceDetails"},
}
NATIVE = {  # billing that is known by sight, not read; columns in lower case, the first whose columns are all there
    "OCI cost report": {"lineitem/referenceno", "cost/mycost"},
    "AWS CUR (legacy)": {"lineitem/usageaccountid", "lineitem/unblendedcost"},
    "AWS CUR 2.0": {"line_item_usage_account_id", "line_item_unblended_cost", "bill_payer_account_name"},
    "AWS CUR (legacy, names as in parquet)": {"line_item_usage_account_id", "line_item_unblended_cost"},
    "Azure cost export": {"metercategory", "meterid", "chargetype"},
    "Azure cost export (before 2019)": {"metercategory", "meterid", "subscriptionguid"},
    "Google Cloud billing export (flattened)": {"service_description", "sku_description", "usage_start_time"},
    "Google Cloud billing export": {"service", "sku", "usage_start_time", "cost"},
    "FOCUS invoice details": {"invoicedetailid", "invoiceissuername", "invoiceid"},
    "FOCUS billing periods": {"billingperiodstatus", "billingperiodstart"},
    "FOCUS contract commitments": {"contractcommitmentid", "contractcommitmentcost"},
}


@dataclass(frozen=True)
class Guess:
    """What a file is taken for: billing, a table of the codebook, or "" where it is not used, and why."""

    file: Path
    kind: str
    what: str
    columns: tuple[str, ...] = ()


def guess(file: Path, engine: duckdb.DuckDBPyConnection) -> Guess:
    """What the file is, by its columns alone."""
    try:
        columns = tuple(focus.columns_of(engine, file)[1])
    except InputError as wrong:
        return Guess(file, "", f"not used: {wrong.found}")
    if set(columns) >= FOCUS:
        return _focus(file, columns)
    lower = {name.lower() for name in columns}
    for what, signs in NATIVE.items():
        if lower >= signs:
            return Guess(file, "", f"{what}: not used, only FOCUS cost and usage is read so far", columns)
    return _table(file, columns)


def _focus(file: Path, columns: tuple[str, ...]) -> Guess:
    version = focus_version(columns)
    try:
        focus.require_columns(file, dict.fromkeys(columns, "VARCHAR"))
    except InputError as wrong:
        return Guess(file, "", f"FOCUS {version}: not used, {wrong.found}", columns)
    return Guess(file, "billing", f"FOCUS {version}", columns)


def focus_version(columns: tuple[str, ...]) -> str:
    """The version of FOCUS whose newest columns the file has; 1.0 where it has none of a later one."""
    return next((version for version, new in FOCUS_VERSIONS.items() if new & set(columns)), "1.0")


def _table(file: Path, columns: tuple[str, ...]) -> Guess:
    """The table with all its required columns there, and most of its columns; or the nearest one, not used."""
    found = set(columns)
    scored = []
    for kind, table in [(kind, table) for kind in ("input", "rules") for table in codebook.tables(kind)]:
        known = codebook.columns(table, kind)
        required = {column.name for column in known if column.required}
        fits = len(found & {column.name for column in known})
        scored.append((len(required & found) / len(required), fits, -len(known), table, required - found))
    share, _, _, table, lacks = max(scored, key=lambda score: score[:4])
    if share == 1:
        return Guess(file, table, table.replace("_", " "), columns)
    if share >= 0.5:
        what = f"not used: like {table.replace('_', ' ')}, but with no column {', '.join(sorted(lacks))}"
        return Guess(file, "", what, columns)
    return Guess(file, "", "not used: no table of data/README.md has these columns", columns)
