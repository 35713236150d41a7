"""What did the three clouds bill in a month?  Usage, commitments, tax, support, marketplace, credits, corrections.

    provider, month → charges   (helpers.demo.charges: one dict a row)

Planted here: F04 late correction, F09 service no rule knows, F10 retired application.
F02 fixes the total of an invoice.
"""

from decimal import Decimal

import helpers.money as money
from helpers.demo import services
from helpers.demo.charges import KEYS, MARKETPLACE_ISSUER, PLACES, charge, marketplace_invoice, resource, tags
from helpers.demo.company import DAILY_MONTHS
from helpers.demo.estate import ACCOUNTS
from helpers.demo.shape import code, dice, exact, guid, parts, spans, whole, wobble
from helpers.periods import fiscal_year

FORCED_SERVICE = {("tidepool", "2026-08"): Decimal("6480.00")}  # F09
FORCED_ACCOUNT = {("MF-CUSTOMS", "2026-09"): Decimal("18432.17")}  # F02
SAVINGS_PLAN = [("2025-04", Decimal(62)), ("2023-01", Decimal(46))]  # from the month on: USD an hour, no upfront
RESERVATION = {"2024-04": Decimal(72000), "2025-04": Decimal(84000), "2026-04": Decimal(96000)}  # one year, up front
SALES_TAX = Decimal("0.0215")  # blended: one state taxes part of the services
TAXED = ("ec2", "rds", "s3", "dynamo", "eks", "lambda")
SUPPORT_TIERS = [(10_000, "0.10"), (80_000, "0.07"), (250_000, "0.05"), (10**12, "0.03")]  # share of usage up to
SUBSCRIPTION = {"2024": 6300, "2025": 6600, "2026": 6900, "2027": 6900}  # marketplace, USD a month by fiscal year
CORRECTION, REFUND = Decimal("-2310.40"), Decimal("-1150.00")  # F04; a service credit
DAY_SHAPE = (1.04, 1.06, 1.05, 1.05, 1.03, 0.9, 0.87)  # Monday to Sunday


def bill(provider: str, month: str) -> list[dict]:
    """Every charge of the provider's bill for the month, sorted."""
    rows = usage(provider, month)
    if provider == "AWS":
        rows += savings_plan(month) + subscription(month) + extras(month)
        rows += support(month, rows) + sales_tax(month, rows)
    elif provider == "Microsoft":
        rows += reservation(month)
    else:
        rows += credits(month, rows)
    order = ("SubAccountName", "ServiceName", "ChargeCategory", "SkuMeter", "ResourceId", "ChargePeriodStart")
    return sorted(rows, key=lambda row: tuple(str(row.get(name) or "") for name in order))


def usage(provider: str, month: str) -> list[dict]:
    """The metered usage, by resource and day in the daily months, else by application and service."""
    amounts = levels(provider, month)
    return [row for number, service in enumerate(services.SERVICES[provider]) if amounts[number]
            for row in service_rows(provider, service, month, amounts[number])]


def levels(provider: str, month: str) -> list[Decimal]:
    """The month's total of each service, the forced ones as forced."""
    places, table = PLACES[provider], services.SERVICES[provider]
    amounts = [FORCED_SERVICE.get((service["meter"], month))
               or exact(services.monthly(provider, service, month), places) for service in table]
    for (account, when), amount in FORCED_ACCOUNT.items():
        spots = [spot for spot, service in enumerate(table)
                 if when == month and ACCOUNTS[service["account"]]["BillingAccountId"] == account]
        for spot, part in zip(spots, parts(amount, [float(amounts[spot]) for spot in spots], places) if spots else []):
            amounts[spot] = part
    return amounts


def service_rows(provider: str, service: dict, month: str, amount: Decimal) -> list[dict]:
    """The rows of one service that add up to its total."""
    key = (provider, service["account"], service["application"], service["tag"], service["meter"])
    daily = month in DAILY_MONTHS
    things = [wobble(0.4, *key, str(number)) for number in range(int(service["n"]) if daily else 1)]
    places = [(number, span) for number in range(len(things)) for span in spans(month)]
    weights = [things[number] * (DAY_SHAPE[span[0].weekday()] * wobble(0.03, *key, str(number), str(span[0])) if daily
                                 else 1) for number, span in places]
    amounts = parts(amount, weights, PLACES[provider])
    return [charge(service["account"], service["meter"], month, span, part, Tags=tags(provider, service),
                   **(resource(service["account"], service, service["meter"], number) if daily else {}))
            for (number, span), part in zip(places, amounts, strict=True)]


def covered_rows(provider: str, month: str, amounts: list[Decimal], used: float, **more) -> list[dict]:
    """Usage that a commitment pays, span by span, and what of the commitment nobody used."""
    takers = [service for service in services.SERVICES[provider] if service["covered"]]
    weights = [int(taker["covered"]) / sum(int(taker["covered"]) for taker in takers) for taker in takers]
    rows = []
    for number, (span, amount) in enumerate(zip(spans(month), amounts, strict=True)):
        share = used * wobble(0.01, provider, "used", str(span[0]))
        pieces = parts(amount, [1 - share] + [share * weight for weight in weights], PLACES[provider])
        rows.append(_unused(provider, month, span, pieces[0], more))
        for taker, piece in zip(takers, pieces[1:], strict=True):
            named = resource(taker["account"], taker, taker["meter"], number % int(taker["n"]))
            rows.append(charge(taker["account"], taker["meter"], month, span, Decimal(0), EffectiveCost=piece,
                               Tags=tags(provider, taker), PricingCategory="Committed", CommitmentDiscountStatus="Used",
                               **(named if month in DAILY_MONTHS else {}), **more))
    return rows


def _unused(provider: str, month: str, span: tuple, amount: Decimal, more: dict) -> dict:
    account, meter = ("mf-management", "ec2") if provider == "AWS" else ("mf-shared", "vm")
    return charge(account, meter, month, span, Decimal(0), EffectiveCost=amount, PricingCategory="Committed",
                  CommitmentDiscountStatus="Unused", ChargeDescription="Commitment not used", **more)


def savings_plan(month: str) -> list[dict]:
    """Purchases of a no-upfront plan as invoiced, and the usage they pay: equal sums in every month."""
    hourly = next(rate for since, rate in SAVINGS_PLAN if month >= since)
    plan = {"CommitmentDiscountId": f"arn:aws:savingsplans::418840021907:savingsplan/{guid('plan', str(hourly))}",
            "CommitmentDiscountName": "Compute Savings Plan", "CommitmentDiscountType": "Savings Plan",
            "CommitmentDiscountCategory": "Spend"}
    amounts = [hourly * 24 * (end - start).days for start, end in spans(month)]
    bought = [charge("mf-management", "ec2", month, span, amount, EffectiveCost=Decimal(0), ChargeCategory="Purchase",
                     ChargeFrequency="Recurring", ServiceName="Savings Plans for AWS Compute usage",
                     SkuMeter="ComputeSP:NoUpfront",
                     ChargeDescription="Compute Savings Plan, one year, no upfront", **plan)
              for span, amount in zip(spans(month), amounts, strict=True)]
    return bought + covered_rows("AWS", month, amounts, 0.93 + 0.05 * dice("plan", month).random(), **plan)


def reservation(month: str) -> list[dict]:
    """The purchase each April, paid up front, and a twelfth of it used up every month."""
    first, _ = fiscal_year(month, 4)
    if first not in RESERVATION:
        return []
    order = {"CommitmentDiscountId": f"/providers/Microsoft.Capacity/reservationOrders/{guid('order', first)}",
             "CommitmentDiscountName": f"VM_RI_{first}", "CommitmentDiscountType": "Reservation",
             "CommitmentDiscountCategory": "Usage"}
    bought = [charge("mf-shared", "vm", month, whole(month), RESERVATION[first], EffectiveCost=Decimal(0),
                     ChargeCategory="Purchase", ChargeFrequency="One-Time", PricingCategory="Committed",
                     ChargeDescription="Reserved VM Instance, D8s v5, one year", **order)] if month == first else []
    amounts = parts(RESERVATION[first] / 12, [1.0] * len(spans(month)), PLACES["Microsoft"])
    return bought + covered_rows("Microsoft", month, amounts, 0.94 + 0.03 * dice("order", month).random(), **order)


def subscription(month: str) -> list[dict]:
    """A product of another publisher, bought on the marketplace: own issuer, own invoice."""
    price = Decimal(SUBSCRIPTION[fiscal_year(month, 4)[1][:4]])
    route = next(service for service in services.AWS if service["application"] == "ROUTE")
    return [charge("mf-operations", "maps", month, whole(month), price, PublisherName="Contour Maps",
                   InvoiceIssuerName=MARKETPLACE_ISSUER, InvoiceId=marketplace_invoice(month), Tags=tags("AWS", route),
                   ChargeCategory="Purchase", ChargeFrequency="Recurring")]


def extras(month: str) -> list[dict]:
    """What only one bill has: a late correction of a closed month (F04) and a refund, both billed in 2026-08."""
    if month != "2026-08":
        return []
    booking = tags("AWS", services.AWS[0])
    late = charge("mf-booking", "rds", month, whole("2026-06"), CORRECTION, ChargeClass="Correction", Tags=booking,
                  ChargeDescription="Correction of database hours metered twice in 2026-06")
    refund = charge("mf-booking", "ec2", month, whole(month), REFUND, ChargeCategory="Credit", Tags=booking,
                    ChargeFrequency="One-Time", ChargeDescription="Service level credit, us-east-1")
    return [late, refund]


def support(month: str, rows: list[dict]) -> list[dict]:
    """The support plan: a falling share of the month's usage, one row a tier."""
    base, spent, fees = money.total(row["BilledCost"] for row in rows), Decimal(0), []
    for top, share in SUPPORT_TIERS:
        part = min(base, Decimal(top)) - spent
        if part <= 0:
            break
        fee = (part * Decimal(share)).quantize(Decimal("1e-10"))
        text = f"{100 * Decimal(share):.0f} % of monthly usage above {spent:.0f} USD"
        fees.append(charge("mf-management", "support", month, whole(month), fee, ChargeDescription=text))
        spent += part
    return fees


def sales_tax(month: str, rows: list[dict]) -> list[dict]:
    """US sales tax on the invoice, one row a taxed service, in cents; no application, no resource."""
    taxes = []
    for meter in TAXED:
        row = charge("mf-management", meter, month, whole(month), Decimal(0))
        base = money.total(line["BilledCost"] for line in rows if line["ServiceName"] == row["ServiceName"])
        taxes.append(charge("mf-management", meter, month, whole(month), money.to_cents(base * SALES_TAX),
                            ChargeCategory="Tax", ChargeFrequency="Recurring", SkuMeter=None,
                            ChargeDescription=f"Sales tax on {row['ServiceName']}"))
    return taxes


def credits(month: str, rows: list[dict]) -> list[dict]:
    """Google's credits: sustained use on Compute Engine, and a promotion that ended in 2024-06."""
    found = []
    for account in ("mf-lake", "mf-planning"):
        lines = [row for row in rows if (row["SubAccountName"], row["ServiceName"]) == (account, "Compute Engine")]
        amount = (money.total(row["BilledCost"] for row in lines) * Decimal("-0.08")).quantize(Decimal("1e-12"))
        found.append(_credit(account, month, amount, "Sustained usage discount", lines[0]["Tags"]))
    if month <= "2024-06":
        found.append(_credit("mf-lake", month, Decimal(-900), "Promotional credit", {}))
    return found


def _credit(account: str, month: str, amount: Decimal, name: str, labels: dict[str, str]) -> dict:
    return charge(account, "gce", month, whole(month), amount, ChargeCategory="Credit", Tags=labels,
                  ChargeDescription=name, x_Credits=[{"id": code(8, name), "name": name, "amount": amount}])


def application_tag(row: dict) -> str:
    """The application tag of a row as it stands; "" where there is none."""
    return row["Tags"].get(KEYS[row["ProviderName"]][0], "")
