"""How fast are statements written?  500 owners, each a page, a workbook and a table, with changes and a year.

    python -m benchmarks.statements
"""

import sys
import tempfile
import time
from decimal import Decimal

import pandas as pd

from helpers import changes, charges, owners, statements
from helpers.periods import months

OWNERS, APPLICATIONS, SERVICES, POOLS = 500, 3, 8, 12
SECONDS = 60.0
PERIOD = "2026-09"


def made() -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Charge lines, changes and sources of a month."""
    blank = {name: "" for name in charges.LINE_COLUMNS} | {"quantity": None, "share": float("nan"), "exact": None}
    rows = []
    for owner in range(OWNERS):
        for place in range(APPLICATIONS):
            app = {"owner": f"Head of {owner}", "application": f"APP-{owner}-{place}", "cost_centre": f"{1000 + owner}"}
            rows += [blank | app | {"kind": "direct", "method": "direct", "ProviderName": "AWS", "ServiceName": f"service {service}",
                                    "amount": Decimal(owner * 97 + service * 31 + place) / 100} for service in range(SERVICES)]
            rows += [blank | app | {"kind": "shared", "method": "usage", "pool": f"pool {pool}", "driver": "cpu", "quantity": Decimal(pool + 1),
                                    "share": 0.002, "driver_period": PERIOD, "amount": Decimal(pool * 13 + owner) / 100}
                     for pool in range(POOLS)]
    lines = pd.DataFrame(rows, columns=charges.LINE_COLUMNS)
    changed = pd.DataFrame({"owner": lines["owner"], "application": lines["application"], "kind": lines["kind"],
                            "item": lines["pool"].where(lines["kind"] == "shared", lines["ServiceName"]), "ProviderName": lines["ProviderName"],
                            "then": lines["amount"], "now": lines["amount"], "change": Decimal(1)}).assign(
        **{reason: Decimal(reason == "usage") for reason in changes.REASONS})
    direct = lines[lines["kind"] == "direct"]
    bills = direct.assign(account="prod", InvoiceId="E1", billing_period=PERIOD, line_count=31)
    return lines, changed, bills


def main() -> int:
    """Writes the statements aside; 1 where it takes longer than the limit."""
    lines, changed, bills = made()
    terms = statements.Terms("Acme", PERIOD, "USD", "amortised", "tied to the general ledger", 0)
    with tempfile.TemporaryDirectory() as out:
        start = time.perf_counter()
        year = owners.year({month: (owners.OPEN, lines) for month in months("2026-04", PERIOD)}, None, "USD", 4)
        found = statements.publish(statements.tell(lines, changed, year, None, bills, {"": "chargeback"}, terms), terms, out)
        took = time.perf_counter() - start
    print(f"{len(found)} statements from {len(lines):,} charge lines   {took:.1f} s   limit {SECONDS:.0f}")
    return int(took > SECONDS or len(found) != OWNERS)


if __name__ == "__main__":
    sys.exit(main())
