"""Which ledger month books each bill?  The lags that the parameters set, or that the books tell where they say `auto`.

    providers, bills, ledger → measure → evidence     one Evidence a provider: by invoice numbers, else by amounts
    providers, evidence → settle → providers           each with a lag; InputError where `auto` finds none
    evidence → table, misses, late_invoices, check      what the page shows of it
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import pandas as pd

from helpers import checks, lag, ledger
from helpers.errors import InputError
from helpers.money import ZERO, sum_by, total

AUTO = "auto"


@dataclass(frozen=True)
class Evidence:
    """What bills and ledger say of a provider's lag."""

    found: lag.Found
    by: str  # invoice numbers or amounts
    table: pd.DataFrame  # what the difference would be at each lag (helpers.lag.compare)
    invoices: pd.DataFrame  # lag of each invoice whose number stands on both sides
    accounts: Mapping[str, int] = field(default_factory=dict)  # billing accounts whose lag is another than the provider's


def measure(providers: Mapping, lines: pd.DataFrame, coded: pd.DataFrame | None) -> dict[str, Evidence]:
    """The evidence for each provider that has both bills and invoices in the ledger; accruals are left out."""
    if coded is None:
        return {}
    posted = ledger.invoices(coded)
    numbered = lag.by_invoice(lines, posted)
    found = {}
    for name in sorted(set(lines["ProviderName"]) & set(posted["ProviderName"])):
        mine = numbered[numbered["ProviderName"] == name].reset_index(drop=True)
        missed = lag.misses(*_sides(lines[lines["ProviderName"] == name], posted[posted["ProviderName"] == name],
                                    providers))
        found[name] = _of_provider(mine, missed)
    return found


def _of_provider(mine: pd.DataFrame, missed: Mapping) -> Evidence:
    """By all invoice numbers together, else account by account, else by amounts."""
    usual, others = lag.by_account(mine)
    told = lag.agreed(mine["lag"]) if not others else usual
    if told is None:
        return Evidence(lag.decide(missed), "amounts", lag.compare(missed), mine)
    why = f"{(mine['lag'] == told).sum()} of {len(mine)} invoices"
    why += "".join(f"; {months} in account {account}" for account, months in sorted(others.items()))
    return Evidence(lag.Found(told, why), "invoice numbers", lag.compare(missed), mine, others)


def _sides(lines: pd.DataFrame, entries: pd.DataFrame, providers: Mapping) -> tuple[dict, dict]:
    """Bills by billing month and invoices by ledger month, both without tax and without purchases that go to prepaid.

    Where all documents are in the bills' one currency they are compared in it: rates then say nothing.
    """
    lines = lines[lines["ChargeCategory"].ne("Tax") & ~ledger.to_prepaid(lines, providers)]
    entries = entries[entries["use"].eq("cloud")]
    entries = entries[entries["invoice_id"].ne("")] if entries["invoice_id"].ne("").any() else entries
    amounts, currencies = ledger.written(entries)
    own = set(currencies) == set(lines["BillingCurrency"]) and len(set(currencies)) == 1
    return (_by_month(lines, "billing_period", "BilledCost" if own else "billed"),
            _by_month(entries.assign(written=amounts), "fiscal_period", "written" if own else "amount"))


def _by_month(table: pd.DataFrame, month: str, amount: str) -> dict[str, float]:
    sums = sum_by(table, [month], [amount])
    return dict(zip(sums[month], sums[amount], strict=True))


def settle(providers: Mapping, evidence: Mapping[str, Evidence], billed: Collection[str]) -> dict:
    """The providers' settings, each lag a number; raises InputError where `auto` cannot tell it.

    billed: providers whose bills a ledger must book; of others nothing is booked, and the lag is 0.
    """
    settled = {}
    for name, setting in providers.items():
        if setting.lag == AUTO:
            found = evidence[name].found if name in evidence else lag.Found(
                None if name in billed else 0, "the ledger has no invoice of it to measure by")
            if found.lag is None:
                raise InputError(f"providers.{name}.lag", f"auto finds none: {found.why}", "a lag that the books tell",
                                 "set it to the months from a bill's month to the ledger's, 0 to 12")
            others = evidence[name].accounts if name in evidence else {}
            setting = setting.model_copy(update={"lag": found.lag, "lag_since": found.since, "lag_before": found.before,
                                                 "account_lags": {**others, **setting.account_lags}})
        settled[name] = setting
    return settled


def table(providers: Mapping, settled: Mapping, evidence: Mapping[str, Evidence]) -> pd.DataFrame:
    """One row a provider: its lag, whether set or found, what the books say and by what, and a change on the way."""
    rows = []
    for name, setting in settled.items():
        mine = evidence.get(name)
        found = mine.found if mine else lag.Found(None, "no bill, or no invoice in the ledger, to measure it by")
        rows.append((name, setting.lag, "found" if providers[name].lag == AUTO else "set", found.lag,
                     mine.by if mine else "", found.why, found.since))
    return pd.DataFrame(rows, columns=["ProviderName", "lag_months", "origin", "measured", "measured_by", "why", "since"])


def misses(evidence: Mapping[str, Evidence]) -> pd.DataFrame:
    """By provider and lag: how far the ledger's months usually are from the usage, and in how many they are closest."""
    tables = [mine.table.assign(ProviderName=name) for name, mine in evidence.items()]
    columns = ["ProviderName", *lag.COLUMNS]
    whole = pd.concat(tables, ignore_index=True)[columns] if tables else pd.DataFrame(columns=columns)
    return whole.rename(columns={"usual_miss": "usual_share"})


def late_invoices(settled: Mapping, evidence: Mapping[str, Evidence], lines: pd.DataFrame) -> pd.DataFrame:
    """Invoices booked in another month than their provider's lag names: months late (early below 0) and the bill."""
    bills = sum_by(lines, ["ProviderName", "InvoiceId"], ["billed"])
    worth = {(row.ProviderName, row.InvoiceId): row.billed for row in bills.itertuples()}
    rows = []
    for name, mine in evidence.items():
        for row in mine.invoices.itertuples():
            own = settled[name].account_lags.get(row.BillingAccountId, settled[name].lag) if name in settled else 0
            months = row.lag - own
            changed = name in settled and settled[name].lag_since and row.ledger_period < settled[name].lag_since
            if months and not changed:
                rows.append((name, row.invoice_id, row.billing_period, row.ledger_period, months,
                             worth.get((name, row.invoice_id), ZERO)))
    return pd.DataFrame(rows, columns=["ProviderName", "invoice_id", "billing_period", "ledger_period", "months_late",
                                       "billed"])


def check(providers: Mapping, settled: Mapping, evidence: Mapping[str, Evidence]) -> list[dict]:
    """Findings: a lag that is set and that the books contradict, and a lag that changed on the way."""
    rows = []
    for name, mine in evidence.items():
        found, setting = mine.found, settled.get(name)
        if setting is None or found.lag is None:
            continue
        wrong = providers[name].lag != AUTO and found.lag != setting.lag
        rows.append(checks.noted(f"lag of {name} against the books", int(wrong), "TBM office",
                                 f"set to {setting.lag}, the books say {found.lag} ({mine.by}: {found.why})"
                                 if wrong else "", total([])))
        odd = {account: months for account, months in mine.accounts.items()
               if setting.account_lags.get(account, setting.lag) != months}
        if odd:
            told = "; ".join(f"account {account}: the books say {months}" for account, months in sorted(odd.items()))
            rows.append(checks.noted(f"lag of {name} by billing account against the books", len(odd), "TBM office", told, total([])))
        if found.since:
            rows.append(checks.noted(f"lag of {name} changed", 1, "TBM office", found.why, total([])))
    return rows
