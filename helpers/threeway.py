"""Do usage, invoice and ledger say the same of each invoice?  The three side by side, in the invoice's own currency.

    booked lines, invoices, coded → match → table    one row an invoice of the ledger month
    table → check                                    a finding for each that one side lacks or has otherwise

By issuer and invoice number; a bill without numbers by provider, billing account and month, or by provider and month
where the invoice names no account.  Invoices are optional: without them bill and ledger are matched alone.
"""

from collections.abc import Mapping
from decimal import Decimal

import pandas as pd

from helpers import checks, ledger
from helpers.money import ZERO, sum_by, to_cents, total
from helpers.optional import needs_table

KEYS = ["ProviderName", "invoice_id", "BillingAccountId", "billing_period", "currency"]
TIES = "ties"
NUMBER, ACCOUNT, MONTH = "invoice number", "billing account and month", "provider and month"
COLUMNS = ["ProviderName", "invoice_id", "billing_period", "matched_by", "currency", "usage", "usage_tax", "invoice",
           "invoice_tax", "ledger", "invoice_less_usage", "ledger_less_invoice", "state"]


def match(booked: pd.DataFrame, invoices: pd.DataFrame, coded: pd.DataFrame | None, items: pd.DataFrame | None,
          providers: Mapping, period: str, tolerance) -> pd.DataFrame:
    """One row an invoice: of the month's bills, of the ledger's lines of the month, or of the table for those bills.

    usage and invoice are without tax, in the invoice's currency; ledger is what its documents come to, without tax.
    Listed items of the invoice (a credit memo) may stand between usage and invoice.
    """
    listed = {} if items is None else {key: total(rows["amount"]) for key, rows in items[items["ledger_period"].eq(
        period)].groupby(["ProviderName", "invoice_id", "currency"])}
    used = _used(booked[booked["ledger_period"] == period])
    posted = _posted(coded, period)
    rows, taken, answered = [], set(), set()
    for row in invoices.sort_values(["ProviderName", "invoice_id"]).to_dict("records"):
        keys, by = _found(row, used)
        entry = posted.get((row["ProviderName"], row["invoice_id"]))
        due = ledger.booked_in(row["ProviderName"], row["billing_period"], providers, row["BillingAccountId"]) == period
        if not keys and entry is None and not due:
            continue
        keys = [key for key in keys if key not in taken]
        taken.update(keys)
        answered.add((row["ProviderName"], row["invoice_id"]))
        same = [key for key in keys if key[4] == row["currency"]]
        sides = [total(used[key][place] for key in same) for place in (0, 1)] if same or not keys else [None, None]
        rows.append(_row(row, by if keys else "", sides if keys else [None, None], entry, tolerance,
                         listed.get((row["ProviderName"], row["invoice_id"], row["currency"]), ZERO)))
    rows += [_alone(key, sides, posted.get(key[:2])) for key, sides in used.items() if key not in taken]
    answered |= {(row["ProviderName"], row["invoice_id"]) for row in rows}
    rows += [_ledger_only(key, entry) for key, entry in posted.items() if key not in answered]
    return pd.DataFrame(rows, columns=COLUMNS).sort_values(COLUMNS[:4], ignore_index=True)


def _used(lines: pd.DataFrame) -> dict[tuple, tuple[Decimal, Decimal]]:
    """Billed cost without tax, and tax, by provider, invoice number, account, month and currency."""
    tax = lines["ChargeCategory"].eq("Tax")
    named = lines.rename(columns={"InvoiceId": "invoice_id", "BillingCurrency": "currency"})
    table = sum_by(named.assign(net=named["BilledCost"].where(~tax, ZERO), tax=named["BilledCost"].where(tax, ZERO)),
                   KEYS, ["net", "tax"])
    return {key[:5]: key[5:] for key in table.itertuples(index=False, name=None)}


def _posted(coded: pd.DataFrame | None, period: str) -> dict[tuple[str, str], tuple[Decimal, str]]:
    """What the ledger's lines of each numbered invoice come to in the documents' currency, tax left out."""
    if coded is None:
        return {}
    prepaid = coded["kind"].eq("prepaid") & coded["invoice_id"].ne("")
    lines = pd.concat([ledger.invoices(coded), coded[prepaid]])
    lines = lines[lines["fiscal_period"].eq(period) & lines["invoice_id"].ne("") & lines["use"].ne("cloud tax")]
    worth, own = ledger.written(lines)
    table = lines.assign(own=own, worth=worth).groupby(["ProviderName", "invoice_id"]).agg(
        worth=("worth", total), own=("own", lambda found: "/".join(sorted(set(found)))))
    return {key: tuple(row) for key, row in zip(table.index, table.itertuples(index=False), strict=True)}


def _found(row: Mapping, used: Mapping) -> tuple[list[tuple], str]:
    """The keys of the usage that an invoice bills, and by what they were found."""
    mine = [key for key in used if key[0] == row["ProviderName"]]
    numbered = [key for key in mine if key[1] and key[1] == row["invoice_id"]]
    if numbered:
        return numbered, NUMBER
    bare = [key for key in mine if not key[1] and key[3] == row["billing_period"]]
    if row["BillingAccountId"]:
        return [key for key in bare if key[2] == row["BillingAccountId"]], ACCOUNT
    return bare, MONTH


def _row(row: Mapping, by: str, sides: list, entry: tuple | None, tolerance, listed: Decimal) -> dict:
    usage, tax = sides
    booked = entry[0] if entry and entry[1] == row["currency"] else None
    gaps = [None if usage is None else row["amount"] - usage, None if booked is None else booked - row["amount"]]
    allowed = max(tolerance.amount, abs(row["amount"]) * tolerance.share)
    if usage is None:
        state = "no usage for it" if not by else "usage in another currency"
    elif entry is None:
        state = "not in the ledger"
    elif booked is None:
        state = "booked in another currency"
    else:
        odd = [name for name, gap in (("usage", gaps[0] - listed), ("ledger", gaps[1])) if abs(gap) > allowed]
        state = " and ".join(f"{name} differs" for name in odd) or ("ties but for listed items" if listed else TIES)
    return {**{name: row[name] for name in ("ProviderName", "invoice_id", "billing_period", "currency")}, "matched_by": by,
            "usage": usage, "usage_tax": tax, "invoice": row["amount"], "invoice_tax": row["tax_amount"], "ledger": booked,
            "invoice_less_usage": gaps[0], "ledger_less_invoice": gaps[1], "state": state}


def _alone(key: tuple, sides: tuple, entry: tuple | None) -> dict:
    provider, number, _, month, currency = key
    return {"ProviderName": provider, "invoice_id": number, "billing_period": month, "currency": currency, "matched_by": "",
            "usage": sides[0], "usage_tax": sides[1], "ledger": entry[0] if entry and entry[1] == currency else None,
            "state": "no invoice for it"}


def _ledger_only(key: tuple[str, str], entry: tuple) -> dict:
    return {"ProviderName": key[0], "invoice_id": key[1], "billing_period": "", "currency": entry[1], "matched_by": "",
            "ledger": entry[0], "state": "in the ledger alone"}


@needs_table
def shown(table: pd.DataFrame) -> pd.DataFrame:
    """The table as the page shows it, without the columns of tax."""
    return table.drop(columns=["usage_tax", "invoice_tax"])


def check(table: pd.DataFrame | None) -> list[dict]:
    """A finding for what the three sides do not agree on; that there were no invoices is no finding, and is said."""
    if table is None:
        return []
    odd = table[~table["state"].str.startswith(TIES)]
    told = [f"{row.ProviderName} {row.invoice_id}: {row.state}" for row in odd.itertuples()]
    worth = [_open(row) for row in odd.to_dict("records")]
    return [checks.noted("usage, invoice and ledger that do not agree", len(odd), "accounts payable", "; ".join(told[:5]),
                         total(worth))]


def _open(row: Mapping) -> Decimal:
    """What is at odds: the gaps between the sides there are, else the one side that stands alone."""
    known = {name: value for name, value in row.items() if isinstance(value, Decimal)}
    gaps = [abs(known[name]) for name in ("invoice_less_usage", "ledger_less_invoice") if name in known]
    sides = [known[name] for name in ("invoice", "usage", "ledger") if name in known]
    return to_cents(total(gaps) if len(gaps) == 2 else abs(sides[0]) if sides else ZERO)
