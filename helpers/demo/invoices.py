"""How are the clouds' invoices booked?  With their lag, by invoice and account, in cents; reservations as prepaid.

    bills by provider and month → ledger lines of a ledger month

Planted here: F01 lags, F02 an invoice that is missing, F05 a credit memo netted on an invoice.
"""

import calendar
from decimal import Decimal

import helpers.money as money
from helpers.demo.bills import RESERVATION
from helpers.demo.charges import MARKETPLACE_ISSUER, OPEN_INVOICE, invoice_number, marketplace_invoice
from helpers.demo.company import LAGS, rows
from helpers.demo.shape import wobble
from helpers.periods import fiscal_year, months, shift

CLOUD, MARKETPLACE, TAX, RELEASE, PREPAID, VAT = "6110", "6115", "6120", "6130", "1480", "1490"
CLEARING = "4790"  # cost centre of the cloud invoices
MISSING = ("2026-09", "MF-CUSTOMS")  # F02
CREDIT_MEMO = ("2026-09", Decimal("-4200.00"))  # F05, on AWS's invoice of August
AZURE_TAX = {"MF-MAIN": Decimal("0.02"), "MF-CUSTOMS": Decimal(0)}  # not in the export; the second account is exempt
GERMAN_VAT = Decimal("0.19")
EUR_USD = dict(zip(months("2023-08", "2026-09"), map(Decimal, """
1.0909 1.0684 1.0563 1.0808 1.0903 1.0905 1.0795 1.0872 1.0728 1.0812 1.0759 1.0844 1.1012 1.1106 1.0904
1.0630 1.0479 1.0354 1.0413 1.0807 1.1214 1.1278 1.1516 1.1677 1.1631 1.1732 1.1635 1.1560 1.1709 1.1742
1.1816 1.1688 1.1594 1.1653 1.1721 1.1780 1.1702 1.1645
""".split()), strict=True))  # month average; 2026 is made up


def book(bills: dict[tuple[str, str], list[dict]], month: str) -> list[dict]:
    """All cloud lines of a ledger month."""
    return (book_aws(bills["AWS", shift(month, -LAGS["AWS"])], month)
            + book_microsoft(bills["Microsoft", shift(month, -LAGS["Microsoft"])], month)
            + book_google(bills["Google Cloud", shift(month, -LAGS["Google Cloud"])], month))


def book_aws(bill: list[dict], month: str) -> list[dict]:
    """Usage, sales tax and marketplace of last month's bill."""
    service = shift(month, -LAGS["AWS"])
    number = invoice_number("AWS", "418840021907", service)
    market = [row for row in bill if row["InvoiceIssuerName"] == MARKETPLACE_ISSUER]
    taxes = [row for row in bill if row["ChargeCategory"] == "Tax"]
    usage = [row for row in bill if row["InvoiceIssuerName"] != MARKETPLACE_ISSUER and row["ChargeCategory"] != "Tax"]
    memo = CREDIT_MEMO[1] if month == CREDIT_MEMO[0] else Decimal(0)
    return [line(month, 4, CLOUD, "AWS Inc", number, billed(usage) + memo, f"AWS {service} usage"),
            line(month, 4, TAX, "AWS Inc", number, billed(taxes), f"AWS {service} sales tax"),
            line(month, 6, MARKETPLACE, "Amazon Web Services EMEA", marketplace_invoice(service), billed(market),
                 f"AWS Marketplace {service}")]


def book_microsoft(bill: list[dict], month: str) -> list[dict]:
    """An invoice a billing account, the reservation as prepaid, and the month's release of it."""
    lines = []
    for account in sorted({row["BillingAccountId"] for row in bill} - ({MISSING[1]} if month == MISSING[0] else set())):
        charges = [row for row in bill if row["BillingAccountId"] == account]
        bought = [row for row in charges if row["ChargeCategory"] == "Purchase"]
        usage = billed([row for row in charges if row["ChargeCategory"] != "Purchase"])
        tax = money.to_cents(usage * AZURE_TAX[account])
        number, text = invoice_number("Microsoft", account, month), f"Azure {account} {month}"
        lines.append(line(month, 28, CLOUD, "MICROSOFT IRELAND OPS", number, usage, text))
        if tax:
            lines.append(line(month, 28, TAX, "MICROSOFT IRELAND OPS", number, tax, f"{text} tax"))
        if bought:
            amount = billed(bought)
            lines.append(line(month, 28, PREPAID, "MICROSOFT IRELAND OPS", number, amount, f"{text} reservation"))
    return lines + release(month)


def release(month: str) -> list[dict]:
    """A twelfth of the reservation, from prepaid to expense."""
    amount = RESERVATION.get(fiscal_year(month, 4)[0], Decimal(0)) / 12
    text = f"Release of prepaid reservation {month}"
    return [line(month, 31, RELEASE, "Microsoft", "", amount, text),
            line(month, 31, PREPAID, "Microsoft", "", -amount, text)] if amount else []


def book_google(bill: list[dict], month: str) -> list[dict]:
    """The invoice in EUR at the rate of the booking day, and its recoverable VAT."""
    service, rate = shift(month, -LAGS["Google Cloud"]), booking_rate(month)
    number = invoice_number("Google Cloud", bill[0]["BillingAccountId"], service)
    net = billed(bill)
    vat = money.to_cents(net * GERMAN_VAT)
    posted = ((CLOUD, net, f"Google Cloud {service}"), (VAT, vat, f"Google Cloud {service} VAT 19 %"))
    return [line(month, 17, account, "Google Cloud EMEA Ltd", number, amount * rate, text, amount, "EUR")
            for account, amount, text in posted]


def booking_rate(month: str) -> Decimal:
    """The rate of the day a Google invoice is booked: near the month's average, not equal to it."""
    return (EUR_USD[month] * Decimal(int(wobble(0.006, "rate", month) * 10_000)) / 10_000).quantize(Decimal("0.0001"))


def billed(charges: list[dict]) -> Decimal:
    """Exact sum of the charges as invoiced, rounded once to the cent."""
    return money.to_cents(money.total(row["BilledCost"] for row in charges))


def line(month: str, day: int, account: str, vendor: str, invoice: str | None, amount: Decimal, text: str,
         document: Decimal | None = None, currency: str = "USD", cost_centre: str = CLEARING) -> dict:
    """A ledger line, posted on the day (or the month's last)."""
    last = calendar.monthrange(int(month[:4]), int(month[5:7]))[1]
    return {"fiscal_period": month, "posting_date": f"{month}-{min(day, last):02d}", "account": account,
            "cost_centre": cost_centre, "vendor": vendor, "invoice_id": invoice or "",
            "document_amount": money.to_cents(amount if document is None else document), "document_currency": currency,
            "amount": money.to_cents(amount), "currency": "USD", "text": text}


def rates() -> list[dict]:
    """The monthly rates the workbook converts with."""
    return [{"period": month, "from_currency": "EUR", "to_currency": "USD", "rate": rate,
             "source": "Marlow treasury, month average"} for month, rate in EUR_USD.items()]


def invoice_table(bills: dict[tuple[str, str], list[dict]]) -> list[dict]:
    """Every invoice as accounts payable received it, the one that was never posted (F02) among them."""
    received = []
    for (provider, service), bill in bills.items():
        if (provider, service) in OPEN_INVOICE:
            continue
        month = shift(service, LAGS[provider])
        groups: dict[tuple[str, str], list[dict]] = {}
        for row in bill:
            market = row["InvoiceIssuerName"] == MARKETPLACE_ISSUER
            number = marketplace_invoice(service) if market else invoice_number(provider, row["BillingAccountId"], service)
            groups.setdefault((number, row["BillingAccountId"]), []).append(row)
        received += [_received(provider, service, month, number, account, charges)
                     for (number, account), charges in sorted(groups.items())]
    return sorted(received, key=lambda row: (row["billing_period"], row["ProviderName"], row["invoice_id"]))


def _received(provider: str, service: str, month: str, number: str, account: str, charges: list[dict]) -> dict:
    net = billed([row for row in charges if row["ChargeCategory"] != "Tax"])
    usage = billed([row for row in charges if row["ChargeCategory"] not in ("Tax", "Purchase")])
    tax = {"AWS": billed([row for row in charges if row["ChargeCategory"] == "Tax"]),
           "Microsoft": money.to_cents(usage * AZURE_TAX.get(account, Decimal(0))),
           "Google Cloud": money.to_cents(net * GERMAN_VAT)}[provider]
    memo = CREDIT_MEMO[1] if (month, provider) == (CREDIT_MEMO[0], "AWS") and number == invoice_number(
        "AWS", account, service) else Decimal(0)
    return {"ProviderName": provider, "invoice_id": number,
            "invoice_date": f"{service}-27" if provider == "Microsoft" else f"{shift(service, 1)}-04",
            "billing_period": service, "BillingAccountId": account, "amount": net + memo, "tax_amount": tax,
            "currency": charges[0]["BillingCurrency"]}


def reconciling_items() -> list[dict]:
    """What stands in the ledger and not in the billing data, as the accountants list it."""
    month, amount = CREDIT_MEMO
    return rows(f"""
ledger_period | ProviderName | invoice_id | bucket | amount | currency | reason | owner
{month} | AWS | {invoice_number("AWS", "418840021907", shift(month, -1))} | credit memo | {amount} | USD | \
Credit memo for support days not delivered in June, netted on the August invoice; paper in the payables file | \
Head of Accounts Payable
""")
