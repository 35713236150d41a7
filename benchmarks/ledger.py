"""How fast does usage tie to the ledger?  Two years of three clouds, 2,000 invoices, 50,000 ledger lines.

    bills:    240,000 lines at the cube's grain, 84 billing accounts, commitments bought and used, two currencies
    ledger:   each account's invoice by number with tax and prepaid, booked 0 to 2 months late; all other lines other cost
    invoices: one row each, as received

Measured in a process of its own: coding and booking, lags by evidence, matching, the bridge, tied cost, and every table of
the page, on two cores.  The median of three turns and the peak of memory stand beside their limits.

    python -m benchmarks.ledger
"""

import time
from decimal import Decimal
from statistics import median
from types import SimpleNamespace

import pandas as pd

from benchmarks import alone
from helpers import (
    accrued, bridge, bucketlines, lagged, ledger, matching, openitems, posting, prepaid, rates, reconciliation, threeway, trueup)
from helpers.money import to_cents, total
from helpers.periods import months, shift
from helpers.settings import Provider

MONTHS, ACCOUNTS, LINES, LEDGER = months("2024-10", "2026-09"), 84, 240_000, 50_000
SECONDS, GB = 5.0, 1.0
PERIOD = MONTHS[-1]
PROVIDERS = {"AWS": Provider(lag="1", vendors=["AWS*"]), "Microsoft": Provider(lag="0", commitments="prepaid", vendors=["Microsoft*"]),
             "Google Cloud": Provider(lag="2", vendors=["Google*"])}
TOLERANCE = SimpleNamespace(amount=Decimal(1), share=Decimal("0.0001"))


def made() -> dict[str, pd.DataFrame]:
    """Bills, ledger, accounts, invoices and rates."""
    names = list(PROVIDERS)
    each = LINES // (len(MONTHS) * ACCOUNTS)
    rows = []
    for place, month in enumerate(MONTHS):
        for account in range(ACCOUNTS):
            name = names[account % 3]
            for line in range(each):
                category = "Purchase" if line == 0 and account % 12 == 1 else "Tax" if line == 1 else "Usage"
                held = f"C{account}" if line in (0, 2) and account % 12 == 1 else ""
                cost = Decimal(1000 + (place * 37 + account * 11 + line * 7919) % 9000) / 1000
                rows.append((month, shift(month, -1) if line == 3 else month, name, f"acc-{account}",
                             f"INV-{account}-{month}", f"service {line % 40}", category, held, "Used" if held and line else "",
                             "EUR" if name == "Google Cloud" else "USD", cost, Decimal(0) if category == "Purchase" else cost))
    lines = pd.DataFrame(rows, columns=["billing_period", "service_period", "ProviderName", "BillingAccountId", "InvoiceId",
                                        "ServiceName", "ChargeCategory", "CommitmentDiscountId", "CommitmentDiscountStatus",
                                        "BillingCurrency", "BilledCost", "EffectiveCost"])
    owned = lines.assign(application="A", owner="Head", tower="Compute", sub_tower="Servers", cost_pool="Cloud Services",
                         line_count=1)
    return {"lines": owned, **_books(owned)}


def _books(lines: pd.DataFrame) -> dict[str, pd.DataFrame]:
    groups = lines.groupby(["ProviderName", "billing_period", "BillingAccountId", "InvoiceId", "BillingCurrency"], sort=True)
    entries, received = [], []
    for (name, month, account, number, currency), bill in groups:
        tax = bill["ChargeCategory"].eq("Tax")
        net, owed = to_cents(total(bill.loc[~tax, "BilledCost"])), to_cents(total(bill.loc[tax, "BilledCost"]))
        received.append((name, number, f"{month}-28", month, account, net, owed, currency))
        booked, rate = shift(month, PROVIDERS[name].lag), Decimal("1.1") if currency == "EUR" else Decimal(1)
        bought = to_cents(total(bill.loc[bill["ChargeCategory"].eq("Purchase"), "BilledCost"])) \
            if PROVIDERS[name].commitments == "prepaid" else Decimal(0)
        for kind, amount in (("6100", net - bought), ("6120", owed), *([("1480", bought)] if bought else [])):
            entries.append((booked, kind, f"{name} Inc", number, to_cents(amount * rate), "USD", amount, currency, "invoice"))
    ahead = len(entries)
    entries += [(MONTHS[place % len(MONTHS)], "6500", f"vendor {place % 300}", f"N{place}", Decimal(place % 900), "USD", None, "", "")
                for place in range(LEDGER - ahead)]
    books = pd.DataFrame(entries, columns=["fiscal_period", "account", "vendor", "invoice_id", "amount", "currency",
                                           "document_amount", "document_currency", "document_type"])
    books = books.assign(line_id=[str(place) for place in range(len(books))], posting_date=books["fiscal_period"] + "-15", text="")
    accounts = pd.DataFrame([("6100", "expense", "cloud"), ("6120", "expense", "cloud tax"), ("6500", "expense", "other"),
                             ("1480", "prepaid", "other"), ("2190", "liability", "other")], columns=["account", "kind", "use"])
    spans = months(shift(MONTHS[0], -3), shift(MONTHS[-1], 3))
    table = pd.DataFrame([(month, "EUR", "USD", Decimal("1.1"), "bank") for month in spans],
                         columns=["period", "from_currency", "to_currency", "rate", "source"])
    invoices = pd.DataFrame(received, columns=["ProviderName", "invoice_id", "invoice_date", "billing_period",
                                               "BillingAccountId", "amount", "tax_amount", "currency"])
    return {"ledger": books, "accounts": accounts, "rates": table, "invoices": invoices}


def turn(given: dict[str, pd.DataFrame]) -> None:
    """One reconciliation, with every table of the page."""
    lines = rates.convert(given["lines"], given["rates"], "USD")
    coded = ledger.code(given["ledger"], given["accounts"], PROVIDERS, given["rates"], "USD")
    evidence = lagged.measure(PROVIDERS, lines, coded)
    assert {name: found.found.lag for name, found in evidence.items()} == {name: p.lag for name, p in PROVIDERS.items()}
    booked = ledger.book(lines, PROVIDERS)
    matches = matching.match(booked, coded, None, PROVIDERS, given["rates"], "USD")
    steps = bridge.span(booked, booked.iloc[:0], coded, matches, PERIOD)
    tied = bridge.tie(booked, coded, matches, PERIOD, "amortised")
    checks = reconciliation.check_bridge(steps, tied, coded, booked, matches, PERIOD, TOLERANCE)
    parts = bucketlines.lines(booked, coded, matches, None, {}, PERIOD)
    assert {row["state"] for row in [*checks, bucketlines.check(steps, parts)]} <= {"ok", "finding"}, checks
    openitems.items(matches, None, PERIOD)
    prepaid.roll_forward(booked, PROVIDERS, PERIOD)
    due = accrued.accruals(booked, coded, matches, PROVIDERS, PERIOD)
    trueup.true_up(accrued.accruals(booked, coded, matches, PROVIDERS, PERIOD, back=1), coded, matches, PERIOD)
    accrued.journal(due, coded, "2190", PERIOD, "USD")
    sides = threeway.match(booked, given["invoices"], coded, None, PROVIDERS, PERIOD, TOLERANCE)
    assert set(sides["state"]) == {threeway.TIES}, sides["state"].value_counts()
    posting.misdated(coded, None, PERIOD)
    reconciliation.by_month(matches, coded, PERIOD)


def measure() -> int:
    """Measures here; 1 where a limit is passed."""
    given = made()
    turns = []
    for _ in range(3):
        start = time.perf_counter()
        turn(given)
        turns.append(time.perf_counter() - start)
    peak = alone.peak()
    print(f"{len(given['lines']):,} bill lines, {len(given['invoices']):,} invoices, {len(given['ledger']):,} ledger lines")
    print(f"  reconciling  median {median(turns):.2f} s   of {'  '.join(f'{found:.2f}' for found in turns)}   limit {SECONDS}")
    print(f"  memory       peak {peak:.2f} GB   limit {GB}")
    return int(median(turns) > SECONDS or peak > GB)


def main() -> int:
    """Measures in a process of its own; 1 where a limit is passed."""
    return alone.measured("benchmarks.ledger", __doc__, measure)


if __name__ == "__main__":
    raise SystemExit(main())
