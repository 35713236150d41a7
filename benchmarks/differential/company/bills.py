"""What did the providers bill?  Workloads month by month, with tax, support, credits, corrections and commitments.

    company, provider → bills → by month the charges      one dict a charge: FOCUS columns, and its `kind`

A workload lives for months, so that there is something to forecast; its tags are right, misspelt, unknown or not there.
"""

from decimal import Decimal
from typing import NamedTuple

from benchmarks.differential.company.catalogue import PROVIDERS, SELLER, STRAY_TAGS, SUPPORT, Service
from benchmarks.differential.company.draw import ZERO, Draw, cents, day_after, day_of, days_in, later
from benchmarks.differential.company.traits import Application, Company, Provider

KEYS = ("application", "app", "App-ID", "service_name")
TAX, SUPPORT_SHARE = Decimal("0.19"), Decimal("0.05")
UNIT_PRICES = ("0.384", "0.0184", "2.5", "0.0007")
TERM = 12  # months of a commitment


class Workload(NamedTuple):
    """Something that runs and is billed every month from `first` to `last` (places among the company's months)."""

    account: str
    place: str
    service: Service
    tags: dict[str, str]
    group: str
    amount: Decimal
    growth: Decimal
    price: Decimal
    first: int
    last: int


def bills(company: Company, provider: Provider) -> dict[str, list[dict]]:
    """Every month's charges; a month without any is left out."""
    draw = company.draw("workloads", provider.name)
    workloads = [_workload(company, provider, draw) for _ in range(draw.whole(3, 8))]
    plan = _commitments(provider, draw, company.currency == "JPY")
    found = {month: _bill(company, provider, workloads, plan, place) for place, month in enumerate(company.months)}
    return {month: charges for month, charges in found.items() if charges}


def _workload(company: Company, provider: Provider, draw: Draw) -> Workload:
    place, months = draw.whole(0, len(provider.places) - 1), len(company.months)
    first = draw.whole(1, months - 1) if draw.chance(0.2) else 0
    last = draw.whole(first, months - 1) if draw.chance(0.15) else months - 1
    group = draw.pick(["rg-web", "RG-Data", "rg-web"]) if "groups" in provider.habits else ""
    return Workload(provider.accounts[place % len(provider.accounts)], provider.places[place],
                    draw.pick(PROVIDERS[provider.name].services), _tags(company, draw), group,
                    draw.amount(20, 4000, draw.whole(2, 8)), draw.amount(-3, 6) / 100, Decimal(draw.pick(UNIT_PRICES)),
                    first, last)


def _tags(company: Company, draw: Draw) -> dict[str, str]:
    """Tags as people set them: by code, name or alias, in any case, or of nothing the company knows."""
    if draw.chance(0.2):
        return {}
    app: Application = draw.pick(company.applications)
    spelt = draw.pick([app.code] * 4 + [app.code.lower(), app.name, app.alias or app.code, draw.pick(STRAY_TAGS)])
    tags = {draw.pick(KEYS): spelt} if draw.chance(0.9) else {}
    if draw.chance(0.4):
        tags["owner"] = app.owner if draw.chance(0.6) else draw.pick(company.owners)
    if draw.chance(0.4):
        tags["Env"] = draw.pick(["prod", "test", "Prod"])
    if draw.chance(0.2):
        tags["cost_centre"] = app.cost_centre
    return tags


def _commitments(provider: Provider, draw: Draw, large: bool) -> dict[str, Decimal]:
    """What each of its commitments costs a month."""
    scale = 100 if large else 1
    return {kind: draw.amount(50, 900) * scale for kind in ("upfront", "plan") if kind in provider.habits}


def _bill(company: Company, provider: Provider, workloads: list[Workload], plan: dict[str, Decimal],
          place: int) -> list[dict]:
    month, draw = company.months[place], company.draw("bill", provider.name, company.months[place])
    charges = [charge for load in workloads if load.first <= place <= load.last
               for charge in _usage(company, provider, load, place, draw)]
    if not charges:
        return []
    for kind, amount in plan.items():
        charges += _committed(company, provider, kind, amount, place, draw, charges[0])
    charges += _extras(company, provider, month, draw, charges)
    return [_numbered(company, provider, charge, month) for charge in charges]


def _usage(company: Company, provider: Provider, load: Workload, place: int, draw: Draw) -> list[dict]:
    """The month's usage of a workload, in one charge or by day."""
    month, scale = company.months[place], 100 if company.currency == "JPY" and provider.currency == "JPY" else 1
    amount = load.amount * scale * (1 + load.growth * place) * draw.amount(90, 110) / 100
    whole = _charge(provider, load, month, amount.quantize(Decimal("0.0000000001")))
    newest = place >= len(company.months) - 2
    if "daily" not in provider.habits or not newest or load.last < place:
        return [whole]
    last = draw.whole(9, 20) if "under way" in provider.habits and month == company.period else days_in(month)
    part = (amount / days_in(month)).quantize(Decimal("0.000001"))
    return [{**whole, "ChargePeriodStart": day_of(month, day), "ChargePeriodEnd": day_after(day_of(month, day)),
             **_costs(part + day % 7), "ConsumedQuantity": cents(part / load.price)} for day in range(1, last + 1)]


def _charge(provider: Provider, load: Workload, month: str, amount: Decimal, kind: str = "usage", **more) -> dict:
    service = load.service
    return {"kind": kind, "BillingAccountId": load.account, "SubAccountId": load.place,
            "SubAccountName": f"{load.place} account",
            "BillingPeriodStart": f"{month}-01", "BillingPeriodEnd": f"{later(month, 1)}-01",
            "ChargePeriodStart": f"{month}-01", "ChargePeriodEnd": f"{later(month, 1)}-01",
            "ProviderName": provider.name,
            "PublisherName": provider.name, "InvoiceIssuerName": provider.name, "ServiceName": service.name,
            "ServiceCategory": service.category, "SkuMeter": service.meter, "ChargeCategory": "Usage",
            "ChargeClass": "",
            "ChargeFrequency": "Usage-Based", "BillingCurrency": provider.currency, **_costs(amount),
            "ConsumedQuantity": cents(amount / load.price), "ConsumedUnit": service.unit, "CommitmentDiscountId": "",
            "CommitmentDiscountStatus": "", "x_ResourceGroupName": load.group, "Tags": load.tags,
            "ResourceId": f"{load.place}/{service.meter}/{load.amount}", "code": service.code, **more}


def _costs(amount: Decimal, effective: Decimal | None = None) -> dict[str, Decimal]:
    return {"BilledCost": amount, "EffectiveCost": amount if effective is None else effective, "ListCost": amount,
            "ContractedCost": amount}


def _committed(company: Company, provider: Provider, kind: str, amount: Decimal, place: int, draw: Draw,
               like: dict) -> list[dict]:
    """A commitment's purchase (once, or each month), what of it was used, and what was not."""
    month, bought = company.months[place], len(company.months) > 3 and place == 1
    name = f"{'ri' if kind == 'upfront' else 'sp'}-{provider.accounts[0].lower()}-{int(amount)}"
    base = {**like, "CommitmentDiscountId": name, "ConsumedQuantity": None, "ChargePeriodStart": f"{month}-01",
            "ChargePeriodEnd": f"{later(month, 1)}-01", "BillingAccountId": provider.accounts[0]}
    buys = {**base, "kind": kind, "ChargeCategory": "Purchase", "Tags": {}, "ResourceId": "",
            "ChargeFrequency": "One-Time" if kind == "upfront" else "Recurring"}
    paid = amount * TERM if kind == "upfront" else amount
    found = [{**buys, **_costs(paid, ZERO)}] if kind == "plan" or bought else []
    if kind == "upfront" and place < 1:
        return found
    used = cents(amount * draw.amount(60, 100) / 100)
    found.append({**base, "kind": f"{kind} used", **_costs(ZERO, used), "CommitmentDiscountStatus": "Used"})
    if used != amount:
        found.append({**base, "kind": f"{kind} unused", **_costs(ZERO, amount - used),
                      "CommitmentDiscountStatus": "Unused",
                      "Tags": {}, "ResourceId": ""})
    return found


def _extras(company: Company, provider: Provider, month: str, draw: Draw, charges: list[dict]) -> list[dict]:
    """What stands on the bill beside usage, by the provider's habits."""
    used, first, habits = sum((charge["BilledCost"] for charge in charges), ZERO), charges[0], provider.habits
    plain = {**first, "Tags": {}, "ResourceId": "", "ConsumedQuantity": None, "CommitmentDiscountId": "",
             "CommitmentDiscountStatus": "", "ChargePeriodStart": f"{month}-01",
             "ChargePeriodEnd": f"{later(month, 1)}-01"}
    found = []
    if "support" in habits:
        found.append({**plain, "kind": "support", **_costs(cents(used * SUPPORT_SHARE)),
                      "ServiceName": SUPPORT[provider.name],
                      "ServiceCategory": "Other", "SkuMeter": "Support plan", "code": "AWSSupportBusiness"})
    if "credit" in habits and draw.chance(0.6):
        found.append({**plain, "kind": "credit", **_costs(-cents(used / draw.whole(8, 30))), "ChargeCategory": "Credit",
                      "ChargeFrequency": "One-Time", "SkuMeter": "Promotional credit"})
    if "refund" in habits and draw.chance(0.4):
        found.append({**plain, "kind": "refund", **_costs(-draw.amount(5, 90)), "ChargeCategory": "Adjustment",
                      "ChargeFrequency": "One-Time", "SkuMeter": "Refund"})
    if "correction" in habits and draw.chance(0.5):
        then = later(month, -1)
        found.append({**plain, "kind": "refund", **_costs(draw.amount(-120, 60)), "ChargeCategory": "Adjustment",
                      "ChargeClass": "Correction", "SkuMeter": "Correction", "Tags": first["Tags"],
                      "ChargePeriodStart": f"{then}-01", "ChargePeriodEnd": f"{month}-01"})
    if "marketplace" in habits:
        found.append({**plain, "kind": "marketplace", **_costs(Decimal("310.00")), "PublisherName": SELLER,
                      "ServiceName": "Route Maps",
                      "InvoiceIssuerName": SELLER, "ChargeCategory": "Purchase", "ServiceCategory": "Other",
                      "SkuMeter": "Subscription",
                      "ChargeFrequency": "Recurring", "Tags": first["Tags"], "code": "maps"})
    if "tax" in habits:
        found.append({**plain, "kind": "tax", **_costs(cents(used * TAX)), "ChargeCategory": "Tax",
                      "ServiceName": first["ServiceName"],
                      "SkuMeter": "VAT"})
    return found


def _numbered(company: Company, provider: Provider, charge: dict, month: str) -> dict:
    """The charge with its invoice: one a billing account and month, one of the seller's; none where bills have none."""
    market = charge["kind"] == "marketplace"
    number = f"{'MP' if market else 'I'}{charge['BillingAccountId'].replace('-', '')}{month.replace('-', '')}"
    late = month == company.period and company.draw("number", provider.name).chance(0.2)
    return {**charge, "InvoiceId": number if provider.numbered and not late else ""}
