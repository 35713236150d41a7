"""Which invoices have come in?  The invoices table, or FOCUS 1.4 invoice details where bills bring them along.

    invoices, FOCUS details, bills → invoices → one row an invoice and currency     None where neither is given
"""

from decimal import Decimal

import pandas as pd

from helpers import services
from helpers.mapping import rows_of
from helpers.money import ZERO, total

COLUMNS = ["ProviderName", "invoice_id", "invoice_date", "billing_period", "BillingAccountId", "amount", "tax_amount", "currency"]
KEYS = ["ProviderName", "invoice_id", "currency"]
READ = ["InvoiceDetailId", "InvoiceDetailLastUpdated", "InvoiceIssueStatus", "InvoiceId", "InvoiceIssuerName", "InvoiceIssueDate",
        "BillingPeriodStart", "BillingAccountId", "ChargeCategory", "BilledCost", "BillingCurrency"]


def invoices(table: pd.DataFrame | None, details: pd.DataFrame | None, lines: pd.DataFrame,
             names: services.Names) -> pd.DataFrame | None:
    """The invoices of the table, and those of the details that it does not have; a blank tax is none."""
    parts = [part for part in (table, from_focus(details, lines, names)) if part is not None]
    if not parts:
        return None
    both = pd.concat(parts, ignore_index=True).drop_duplicates(KEYS)[COLUMNS]
    return both.assign(tax_amount=[tax if isinstance(tax, Decimal) else ZERO for tax in both["tax_amount"]])


def from_focus(details: pd.DataFrame | None, lines: pd.DataFrame, names: services.Names) -> pd.DataFrame | None:
    """One row an invoice and currency of FOCUS Invoice Details: the last state of each detail.

    Left out: voided details, and those that no invoice has yet (a blank InvoiceId).  The issuer is not always the
    provider: an invoice is its issuer's provider where that one's bills name the number, else any whose bills do.
    """
    if details is None or details.empty:
        return None
    given = details.reindex(columns=READ).fillna("")
    last = given.sort_values("InvoiceDetailLastUpdated", kind="stable").drop_duplicates(
        ["InvoiceIssuerName", "InvoiceDetailId"], keep="last")
    last = last[~last["InvoiceIssueStatus"].str.lower().eq("voided") & last["InvoiceId"].ne("")]
    billed = set(rows_of(lines, ["InvoiceId", "ProviderName"]))
    owners = {number: provider for number, provider in sorted(billed, reverse=True)}
    issuers = dict(rows_of(lines.loc[lines["InvoiceIssuerName"].ne("")], ["InvoiceIssuerName", "ProviderName"]))
    rows = []
    for (number, issuer, currency), parts in last.groupby(["InvoiceId", "InvoiceIssuerName", "BillingCurrency"], sort=True):
        own = issuers.get(issuer) or names.provider(issuer)
        provider = own if (number, own) in billed else owners.get(number, own)
        tax, accounts = parts["ChargeCategory"].eq("Tax"), sorted(set(parts["BillingAccountId"]))
        net, owed = (total(cost or ZERO for cost in parts.loc[chosen, "BilledCost"]) for chosen in (~tax, tax))
        rows.append((provider, number, min(parts["InvoiceIssueDate"])[:10], min(parts["BillingPeriodStart"])[:7],
                     accounts[0] if len(accounts) == 1 else "", net, owed, currency))
    return pd.DataFrame(rows, columns=COLUMNS)
