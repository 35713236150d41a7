"""What does a charge look like, before it is written in a provider's own shape?  One dict a row, FOCUS names.

    account, meter, month, span, costs → charge

Costs keep as many decimals as the provider's export does: that is what makes rounding real.
"""

from datetime import date
from decimal import Decimal

from helpers.demo.company import APPLICATIONS
from helpers.demo.estate import ACCOUNTS, METERS
from helpers.demo.shape import code, guid, whole

PLACES = {"AWS": 10, "Microsoft": 14, "Google Cloud": 12}  # decimals of a cost
CURRENCY = {"AWS": "USD", "Microsoft": "USD", "Google Cloud": "EUR"}
ISSUER = {"AWS": "Amazon Web Services, Inc.", "Microsoft": "Microsoft", "Google Cloud": "Google Cloud EMEA Limited"}
MARKETPLACE_ISSUER = "Amazon Web Services EMEA SARL"
OPEN_INVOICE = {("AWS", "2026-09")}  # bills whose invoice is not out yet
KEYS = {"AWS": ("application", "owner", "environment", "costcentre"),
        "Microsoft": ("App", "Owner", "Env", "CostCentre"),
        "Google Cloud": ("app-code", "owner", "env", "cost-centre")}
REGIONS = {"mf-operations": "eu-west-1", "mf-customs": "westeurope", "Microsoft": "eastus", "AWS": "us-east-1",
           "Google Cloud": "europe-west3"}
OWNER_TAGS = {("Microsoft", "PRICING"): "Head of Parcels",  # fault F08: the CMDB says Head of Freight Pricing
              ("AWS", "EDI-HUB"): "Integration team"}  # solved by an alias
CMDB = {row["application"]: row for row in APPLICATIONS}


def charge(account: str, meter: str, month: str, span: tuple[date, date], billed: Decimal, **more) -> dict:
    """A usage row of the meter, effective as billed; `more` replaces or adds columns."""
    place, kind = ACCOUNTS[account], METERS[meter]
    provider = place["ProviderName"]
    start, end = whole(month)
    row = {
        "ProviderName": provider, "PublisherName": provider, "InvoiceIssuerName": ISSUER[provider],
        "BillingAccountId": place["BillingAccountId"], "BillingAccountName": place["BillingAccountName"],
        "SubAccountId": sub_account(account), "SubAccountName": account,
        "InvoiceId": invoice(provider, place["BillingAccountId"], month), "BillingCurrency": CURRENCY[provider],
        "BillingPeriodStart": start, "BillingPeriodEnd": end, "ChargePeriodStart": span[0], "ChargePeriodEnd": span[1],
        "ChargeCategory": "Usage", "ChargeClass": None, "ChargeFrequency": "Usage-Based",
        "ChargeDescription": f"{kind['ServiceName']} - {kind['SkuMeter']}", "ServiceName": kind["ServiceName"],
        "ServiceCategory": kind["ServiceCategory"], "ServiceSubcategory": kind["ServiceSubcategory"],
        "SkuMeter": kind["SkuMeter"], "SkuId": code(12, "sku", meter).upper(), "PricingCategory": "Standard",
        "PricingUnit": kind["unit"], "ListUnitPrice": Decimal(kind["price"]),
        "RegionId": REGIONS.get(account, REGIONS[provider]), "BilledCost": billed, "EffectiveCost": billed, "Tags": {},
        "x_Credits": [], **more}
    return _priced(row, PLACES[provider])


def _priced(row: dict, places: int) -> dict:
    """The row with list and contracted cost and the quantities its price gives."""
    usage = row["ChargeCategory"] == "Usage" and row["ChargeClass"] is None
    covered = row.get("CommitmentDiscountStatus") == "Used"
    step = Decimal(1).scaleb(-places)
    contracted = (row["EffectiveCost"] / Decimal("0.72")).quantize(step) if covered else row["BilledCost"]
    listed = (contracted / Decimal("0.96")).quantize(step) if usage else contracted
    quantity = (listed / row["ListUnitPrice"]).quantize(Decimal("0.000001")) if usage else None
    return {**row, "ContractedCost": contracted, "ListCost": listed, "ConsumedQuantity": quantity,
            "PricingQuantity": quantity, "ConsumedUnit": row["PricingUnit"] if usage else None,
            "ListUnitPrice": row["ListUnitPrice"] if usage else None,
            "PricingUnit": row["PricingUnit"] if usage else None}


def tags(provider: str, service: dict) -> dict[str, str]:
    """The tags on a service's resources, under the keys and in the spelling that provider's users keep to."""
    text, application = service["tag"].replace("␠", " "), service["application"]
    if text == "-":
        return {}
    names = KEYS[provider]
    if text.startswith("family:"):
        return {"ApplicationFamily": text.removeprefix("family:"), names[2]: service["env"]}
    entry = CMDB[application]
    owner = OWNER_TAGS.get((provider, application), entry["service_owner"])
    spelled = application if provider == "Microsoft" else application.lower()
    if provider == "Google Cloud":  # labels there are lower case, without blanks
        owner = owner.lower().replace(" ", "-")
    return dict(zip(names, (text or spelled, owner, service["env"], entry["cost_centre"]), strict=True))


def resource(account: str, service: dict, meter: str, number: int) -> dict[str, str]:
    """Id, name and type of the n-th resource of a service; transfer is metered on the instances themselves."""
    thing = METERS[meter]["thing"]
    name = f"{(service['application'] or account).lower()}-{thing.lower()}-{number + 1}"
    provider, sub = ACCOUNTS[account]["ProviderName"], sub_account(account)
    region = REGIONS.get(account, REGIONS[provider])
    ids = {"AWS": f"arn:aws:{thing}:{region}:{sub}:{thing}/{code(17, 'resource', account, name, service['tag'])}",
           "Microsoft": f"/subscriptions/{sub}/resourceGroups/rg-{name.split('-')[0]}/providers/{thing}/{name}",
           "Google Cloud": f"//{thing}.googleapis.com/projects/{sub}/{thing}/{name}"}
    return {"ResourceId": ids[provider], "ResourceName": name, "ResourceType": thing}


def sub_account(account: str) -> str:
    """The id of an account as its provider writes it."""
    place = ACCOUNTS[account]
    if place["ProviderName"] == "Microsoft":
        return guid("subscription", account)
    return place["SubAccountId"] or f"{account}-{code(6, 'project', account, digits=True)}"


def invoice(provider: str, billing_account: str, month: str) -> str | None:
    """Number of the month's invoice of a billing account; None while it is not out."""
    if (provider, month) in OPEN_INVOICE:
        return None
    return invoice_number(provider, billing_account, month)


def invoice_number(provider: str, billing_account: str, month: str) -> str:
    """Number of the invoice, out or not, in the form the provider gives it."""
    number = code(10, "invoice", provider, billing_account, month, digits=True)
    return f"E0{number[:8]}" if provider == "Microsoft" else number


def marketplace_invoice(month: str) -> str | None:
    """Number of the month's marketplace invoice; None while it is not out."""
    if ("AWS", month) in OPEN_INVOICE:
        return None
    return f"EUINUS{month[2:4]}-{code(6, 'marketplace', month, digits=True)}"
