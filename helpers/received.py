"""Which invoices have come in?  The invoices table, or FOCUS 1.4 invoice details where bills bring them along.

    invoices, FOCUS details, bills → invoices → one row an invoice     None where neither is given
"""

from decimal import Decimal

import pandas as pd

from helpers import services
from helpers.mapping import rows_of
from helpers.money import ZERO, total

COLUMNS = ["ProviderName", "invoice_id", "invoice_date", "billing_period", "BillingAccountId", "amount", "tax_amount", "currency"]


def invoices(table: pd.DataFrame | None, details: pd.DataFrame | None, lines: pd.DataFrame,
             names: services.Names) -> pd.DataFrame | None:
    """The invoices of the table, and those of the details that it does not have; a blank tax is none."""
    parts = [part for part in (table, from_focus(details, lines, names)) if part is not None]
    if not parts:
        return None
    both = pd.concat(parts, ignore_index=True).drop_duplicates(["ProviderName", "invoice_id"])[COLUMNS]
    return both.assign(tax_amount=[tax if isinstance(tax, Decimal) else ZERO for tax in both["tax_amount"]])


def from_focus(details: pd.DataFrame | None, lines: pd.DataFrame, names: services.Names) -> pd.DataFrame | None:
    """One row an invoice of FOCUS Invoice Details: the last state of each detail, voided ones left out.

    The issuer is not always the provider: an invoice is its provider whose bill names its number, else its issuer.
    """
    if details is None or details.empty:
        return None
    given = details.reindex(columns=["InvoiceDetailId", "InvoiceDetailLastUpdated", "InvoiceIssueStatus", "InvoiceId",
                                     "InvoiceIssuerName", "InvoiceIssueDate", "BillingPeriodStart", "BillingAccountId",
                                     "ChargeCategory", "BilledCost", "BillingCurrency"]).fillna("")
    last = given.sort_values("InvoiceDetailLastUpdated", kind="stable").drop_duplicates("InvoiceDetailId", keep="last")
    last = last[~last["InvoiceIssueStatus"].str.lower().eq("voided")]
    numbered = lines[lines["InvoiceId"].ne("")]
    owners = dict(zip(numbered["InvoiceId"].tolist(), numbered["ProviderName"].tolist(), strict=True))
    issuers = dict(rows_of(lines.loc[lines["InvoiceIssuerName"].ne("")], ["InvoiceIssuerName", "ProviderName"]))
    rows = []
    for (number, issuer), parts in last.groupby(["InvoiceId", "InvoiceIssuerName"], sort=True):
        tax = parts["ChargeCategory"].eq("Tax")
        provider = owners.get(number) or issuers.get(issuer) or names.provider(issuer)
        accounts = sorted(set(parts["BillingAccountId"]))
        net, owed = (total(cost or ZERO for cost in parts.loc[chosen, "BilledCost"]) for chosen in (~tax, tax))
        rows.append((provider, number, min(parts["InvoiceIssueDate"])[:10], min(parts["BillingPeriodStart"])[:7],
                     accounts[0] if len(accounts) == 1 else "", net, owed, min(parts["BillingCurrency"])))
    return pd.DataFrame(rows, columns=COLUMNS)
