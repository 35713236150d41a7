"""How does the ledger book the bills?  With its lag, by invoice and account, and with what goes wrong in real books.

    company, bills → cloud_lines → ledger lines          invoices, tax, prepaid and its release, accruals, memos, faults
    company, bills → reconciling_items, invoices → rows   what accountants list, and what accounts payable received

A line's `line_id` comes last, when all lines of the ledger are in order of their months (helpers are `ordered`).
"""

from decimal import Decimal

from benchmarks.differential.company.bills import TERM
from benchmarks.differential.company.catalogue import CLEARING, PROVIDERS, SELLER
from benchmarks.differential.company.draw import ZERO, Draw, cents, day_of, later
from benchmarks.differential.company.traits import Company, Provider

CLOUD, MARKET, TAX, RELEASE, PREPAID, CLAIM = "6110", "6115", "6120", "6130", "1480", "1490"
FAULTS = (("missing", 0.05), ("late", 0.05), ("twice", 0.04), ("short", 0.05), ("memo", 0.06), ("netted", 0.05),
          ("manual", 0.03), ("taken back", 0.03), ("undated", 0.03), ("halves", 0.05))
Bills = dict[str, dict[str, list[dict]]]  # by provider and month


def cloud_lines(company: Company, bills: Bills) -> list[dict]:
    """All cloud lines of the ledger, up to the month under review and, here and there, beyond it."""
    found = []
    for provider in company.providers:
        draw = company.draw("books", provider.name)
        claims, accrues = draw.chance(0.3), draw.chance(0.35)
        for month, charges in bills[provider.name].items():
            found += [line for (number, account), group in _invoices(charges).items()
                      for line in _booked(company, provider, month, number, account, group, claims)]
            found += _accrued(company, provider, month, charges) if accrues else []
        found += _released(company, provider, bills[provider.name]) if provider.prepaid else []
    last = later(company.period, 1) if company.draw("books").chance(0.2) else company.period
    return [line for line in found if line["fiscal_period"] <= last]


def _invoices(charges: list[dict]) -> dict[tuple[str, str], list[dict]]:
    """The charges by invoice (issuer and number) and billing account."""
    found: dict[tuple[str, str], list[dict]] = {}
    for charge in charges:
        market = charge["kind"] == "marketplace"
        number = f"{'MP' if market else 'I'}{charge['BillingAccountId'].replace('-', '')}"
        found.setdefault((number, charge["BillingAccountId"]), []).append(charge)
    return found


def fault_of(company: Company, provider: Provider, month: str, number: str) -> str:
    """What goes wrong with the invoice; "" with most."""
    draw = company.draw("fault", provider.name, month, number)
    return next((name for name, share in FAULTS if draw.chance(share)), "")


def _booked(company: Company, provider: Provider, month: str, number: str, account: str, charges: list[dict],
            claims: bool) -> list[dict]:
    """The lines of one invoice."""
    fault, draw = fault_of(company, provider, month, number), company.draw("line", provider.name, month, number)
    ledger_month = later(month, provider.account_lags.get(account, provider.lag) + (fault == "late"))
    if fault == "missing":
        return []
    market, books = number.startswith("MP"), _Book(company, provider, ledger_month, draw,
                                                   f"{number}{month.replace('-', '')}")
    taxes = _sum(charges, {"tax"})
    ahead = _sum(charges, {"upfront", "plan"}) if provider.prepaid else ZERO
    net = _sum(charges) - taxes - ahead
    short = draw.amount(2, 40) if fault == "short" else ZERO
    typed = "marketplace" if market and draw.chance(0.5) else ""
    account_ = MARKET if market else CLOUD
    lines = [books.line(account_, net / 2, "", typed),
             books.line(account_, net - net / 2, "", typed)] if fault == "halves" else \
        [books.line(account_, net - short + (-Decimal(30) if fault == "netted" else ZERO), "", typed)]
    lines += [books.line(CLAIM if claims else TAX, taxes, "tax")] if taxes else []
    lines += [books.line(PREPAID, ahead, "commitment")] if ahead else []
    return [line for line in lines + _beside(books, fault, account_, net) if line["amount"]]


def _beside(books: "_Book", fault: str, account: str, net: Decimal) -> list[dict]:
    """The lines that the invoice's fault brings along."""
    if fault == "twice":
        return [books.line(account, net, "booked again")]
    if fault == "memo":
        return [books.line(account, -net / 10, "credit memo", "credit memo")]
    if fault == "manual":
        return [books.line(account, Decimal("12.34"), "correction by hand", "manual adjustment")]
    if fault == "taken back":
        return [books.line(account, -net, "taken back", "reversal"), books.line(account, net, "booked again")]
    if fault == "undated":
        return [{**books.line(account, Decimal("5.00"), "late posting"),
                 "posting_date": day_of(later(books.month, 1), 2)}]
    return []


class _Book:
    """Lines of one invoice: its vendor, number, currency and day."""

    def __init__(self, company: Company, provider: Provider, month: str, draw: Draw, number: str):
        self.company, self.provider, self.month, self.draw = company, provider, month, draw
        market = number.startswith("MP")
        self.vendor = SELLER if market and draw.chance(0.5) else PROVIDERS[provider.name].vendor
        self.number = number if provider.booked_by_number else ""
        self.day = draw.whole(3, 27)
        self.rate = company.rate(provider.currency, month) * draw.amount(99, 101) / 100 \
            if provider.currency != company.currency else Decimal(1)

    def line(self, account: str, amount: Decimal, text: str, kind: str = "") -> dict:
        """A line of so much in the bill's currency."""
        owed = cents(amount)
        return {**ledger_line(self.company, self.month, self.day, account, cents(owed * self.rate, self.company.cents)),
                "vendor": self.vendor, "invoice_id": self.number, "document_amount": owed, "document_type": kind,
                "document_currency": self.provider.currency, "text": f"{self.provider.name} {text}".strip()}


def ledger_line(company: Company, month: str, day: int, account: str, amount: Decimal) -> dict:
    """A line in the report's currency, without vendor or document."""
    return {"fiscal_period": month, "posting_date": day_of(month, day), "account": account, "cost_centre": CLEARING,
            "vendor": "",
            "invoice_id": "", "document_amount": None, "document_currency": "", "amount": cents(amount, company.cents),
            "currency": company.currency, "text": "", "document_type": ""}


def _sum(charges: list[dict], kinds: frozenset | set = frozenset()) -> Decimal:
    """What is billed by the charges, or those of the kinds."""
    return sum((charge["BilledCost"] for charge in charges if not kinds or charge["kind"] in kinds), ZERO)


def _released(company: Company, provider: Provider, bills: dict[str, list[dict]]) -> list[dict]:
    """Each month's release of what was paid ahead, from prepaid to expense."""
    found, draw = [], company.draw("release", provider.name)
    for month, charges in bills.items():
        bought = _sum(charges, {"upfront"}) / TERM + _sum(charges, {"plan"})
        until = later(month, TERM if _sum(charges, {"upfront"}) else 1)
        when = later(month, provider.lag)
        while bought and when <= min(company.period, later(until, provider.lag)):
            amount = bought * company.rate(provider.currency, month)
            vendor = PROVIDERS[provider.name].vendor if draw.chance(0.7) else ""
            found += [{**ledger_line(company, when, 30, account, side), "vendor": vendor, "text": "release"}
                      for account, side in ((RELEASE, amount), (PREPAID, -cents(amount, company.cents)))]
            when = later(when, 1)
    return found


def _accrued(company: Company, provider: Provider, month: str, charges: list[dict]) -> list[dict]:
    """What was accrued at the end of the bill's month, and its reversal a month later."""
    draw = company.draw("accrual", provider.name, month)
    if not provider.lag or not draw.chance(0.8):
        return []
    amount = _sum(charges) * company.rate(provider.currency, month) * draw.amount(90, 110) / 100
    vendor = PROVIDERS[provider.name].vendor
    accrual = {**ledger_line(company, month, 31, CLOUD, amount), "vendor": vendor, "document_type": "accrual",
               "text": "accrual"}
    back = {**ledger_line(company, later(month, 1), 1, CLOUD, -accrual["amount"]), "vendor": vendor,
            "document_type": "reversal",
            "text": "reversal of accrual"}
    return [accrual, back] if draw.chance(0.9) else [accrual]


def reconciling_items(company: Company, bills: Bills) -> list[dict]:
    """Credit memos that were netted on an invoice, as accountants list them."""
    found = []
    for provider in company.providers:
        for month, charges in bills[provider.name].items():
            for number, account in _invoices(charges):
                if fault_of(company, provider, month, number) == "netted":
                    found.append({"ledger_period": later(month, provider.account_lags.get(account, provider.lag)),
                                  "ProviderName": provider.name, "invoice_id": f"{number}{month.replace('-', '')}",
                                  "bucket": "credit memo", "amount": Decimal("-30.00"), "currency": provider.currency,
                                  "reason": "Netted on the invoice", "owner": "Head of Accounts Payable"})
    return found


def invoices(company: Company, bills: Bills) -> list[dict]:
    """What accounts payable received: most invoices as billed, some of another amount, some not yet."""
    found = []
    for provider in company.providers:
        for month, charges in bills[provider.name].items() if provider.numbered else ():
            for (number, account), group in _invoices(charges).items():
                draw = company.draw("received", provider.name, month, number)
                if draw.chance(0.08):
                    continue
                taxes = cents(_sum(group, {"tax"}))
                found.append({
                    "ProviderName": provider.name, "invoice_id": f"{number}{month.replace('-', '')}",
                    "invoice_date": day_of(later(month, 1), 4), "billing_period": month,
                    "BillingAccountId": account if draw.chance(0.8) else "", "tax_amount": taxes or None,
                    "amount": cents(_sum(group)) - taxes + (draw.amount(-9, 9) if draw.chance(0.1) else ZERO),
                    "currency": provider.currency})
    return found
