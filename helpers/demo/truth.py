"""What should the workbook find?  Every planted fault with its exact amount, worked out from the generated rows.

    bills, ledger, assets, parts → truth   {"faults": […], "totals": {…}}
    truth → the same in words
"""

from collections.abc import Iterable
from decimal import Decimal

import helpers.money as money
from helpers.demo import fullcost
from helpers.demo.assets import charged, end_of_life, monthly_charge
from helpers.demo.bills import CORRECTION, RESERVATION, application_tag
from helpers.demo.charges import CURRENCY, invoice_number
from helpers.demo.company import ACCOUNTS, COMPANY, LAGS, PREPAID, REVIEW_MONTH
from helpers.demo.estate import UNKNOWN_ACCOUNT
from helpers.demo.feeds import DRIVER_MONTHS, LABOUR_MONTHS, UNKNOWN_APPLICATION, drivers, provider_of
from helpers.demo.invoices import AZURE_TAX, CREDIT_MEMO, EUR_USD, MISSING, billed, booking_rate
from helpers.periods import fiscal_year, shift

EXPENSE = {row["account"] for row in ACCOUNTS if row["kind"] == "expense"}
CLOUD = {row["account"] for row in ACCOUNTS if row["use"] != "other"}
SPELLINGS = {"Tracking": "normalisation", "TRACKING ": "normalisation", "track_ing": "normalisation",
             "tracking-app": "alias"}
NO_STEPS = dict.fromkeys(("commitment purchases", "prepaid amortisation", "tax", "missing invoices"), Decimal(0))


def truth(bills: dict, ledger: list[dict], hardware: list[dict], sent_twice: list[dict]) -> dict:
    """Faults and totals, amounts as text with every digit."""
    faults = [*ledger_faults(bills), *billing_faults(bills, sent_twice), *mapping_faults(bills), *sharing_faults(bills),
              *later_faults(hardware)]
    faults.sort(key=lambda fault: fault["id"])
    return {"company": COMPANY, "period": REVIEW_MONTH, "faults": faults, "totals": totals(bills, ledger, hardware)}


def fault(number: str, text: str, step: str, month: str, provider: str, amount: Decimal | None, currency: str = "USD",
          found_in: str = "now", **detail: object) -> dict:
    """One entry; an amount of None is a fault without a price of its own."""
    return {"id": number, "fault": text, "step": step, "month": month, "provider": provider,
            "amount": "" if amount is None else money.plain(amount), "currency": "" if amount is None else currency,
            "found_in": found_in, "detail": detail}


def ledger_faults(bills: dict) -> list[dict]:
    """F01 lags, F02 missing invoice, F05 credit memo."""
    month, account = MISSING
    missing = money.total(row["BilledCost"] for row in bills["Microsoft", month] if row["BillingAccountId"] == account)
    memo_month, memo = CREDIT_MEMO
    number = invoice_number("AWS", "418840021907", shift(memo_month, -1))
    return [
        fault("F01", "Ledger books the clouds with different lags", "reconciliation", month, "", None, lags=LAGS),
        fault("F02", "An invoice is missing from the ledger", "reconciliation", month, "Microsoft", missing,
              billing_account=account, invoice_id=invoice_number("Microsoft", account, month)),
        fault("F05", "A credit memo is netted on a later invoice, not in the billing data", "reconciliation",
              memo_month, "AWS", memo, invoice_id=number, service_month=shift(memo_month, -1))]


def billing_faults(bills: dict, sent_twice: list[dict]) -> list[dict]:
    """F03 duplicated part, F04 late correction."""
    return [
        fault("F03", "A part of an export was delivered twice under another name", "billing", "2026-07", "Google Cloud",
              cost(sent_twice, "BilledCost"), "EUR", lines=len(sent_twice),
              file="billing/google/2026-07_000000000001.parquet",
              copy="billing/google/2026-07_000000000001_resent.parquet"),
        fault("F04", "A correction of a closed month arrives in a later bill", "billing", "2026-08", "AWS",
              cost([row for row in bills["AWS", "2026-08"] if row["ChargeClass"] == "Correction"]),
              service_month="2026-06", expected=money.plain(CORRECTION))]


def mapping_faults(bills: dict) -> list[dict]:
    """F06 spellings and family, F07 untagged account, F09 unknown service, F10 retired application: AWS, 2026-08."""
    aws = in_month(bills["AWS", "2026-08"], "2026-08")
    spelled = {tag: cost(_tagged(aws, tag)) for tag in SPELLINGS}
    solved = {tag: {"amount": money.plain(spelled[tag]), "solved_by": how} for tag, how in SPELLINGS.items()}
    family = cost([row for row in aws if "ApplicationFamily" in row["Tags"]])
    unlisted = cost([row for row in aws if row["SubAccountName"] == UNKNOWN_ACCOUNT])
    unruled = cost([row for row in aws if row["ServiceName"] == "Amazon Tidepool"])
    return [
        _aws("F06", "An application is tagged in four more spellings", money.total(spelled.values()),
             application="TRACKING", spellings=solved),
        _aws("F06B", "A cloud family that the CMDB calls a portfolio, on rows without an application tag", family,
             tag="ApplicationFamily", value="Booking Family", portfolio="Booking Portfolio"),
        _aws("F07", "Untagged resources in an account nobody listed", unlisted, SubAccountName=UNKNOWN_ACCOUNT),
        _aws("F09", "A service that no rule knows", unruled, ServiceName="Amazon Tidepool", application="ETA"),
        _aws("F10", "A retired application still costs money", cost(_tagged(aws, "legacy-edi")),
             application="LEGACY-EDI", retired_on="2026-03-31")]


def _aws(number: str, text: str, amount: Decimal, **detail: object) -> dict:
    return fault(number, text, "mapping", "2026-08", "AWS", amount, **detail)


def sharing_faults(bills: dict) -> list[dict]:
    """F08 two owners, F11 platforms that serve each other, F12 missing driver."""
    pricing, logs = (_tagged(bills["Microsoft", "2026-09"], tag) for tag in ("PRICING", "OBS"))
    return [
        fault("F08", "The tag's owner is not the CMDB's service owner", "chargeback", "2026-09", "Microsoft",
              cost(pricing), application="PRICING", tag_owner="Head of Parcels",
              service_owner="Head of Freight Pricing", basis="effective",
              billed=money.plain(cost(pricing, "BilledCost"))),
        fault("F11", "Two platforms serve each other", "chargeback", "2026-09", "", None,
              pools=["Kubernetes platform", "Data lake"],
              kubernetes_to_lake=_share("kubernetes", "2026-08", "Data lake"),
              lake_to_kubernetes=_share("data_lake", "2026-07", "Kubernetes platform"),
              kubernetes_2026_08_usd=money.plain(cost(_tagged(bills["AWS", "2026-08"], "k8s"))),
              lake_2026_07_eur=money.plain(cost(_tagged(bills["Google Cloud", "2026-07"], "lake")))),
        fault("F12", "A platform's driver has no rows for the month", "chargeback", "2026-09", "Microsoft", cost(logs),
              pool="Observability", driver="log_gb", basis="effective")]


def _share(feed: str, month: str, consumer: str) -> dict[str, str]:
    quantities = {row["consumer"]: row["quantity"] for row in drivers(feed) if row["period"] == month}
    return {"month": month, "quantity": money.plain(quantities[consumer]),
            "of": money.plain(money.total(quantities.values()))}


def _tagged(bill: list[dict], tag: str) -> list[dict]:
    return [row for row in bill if application_tag(row) == tag]


def later_faults(hardware: list[dict]) -> list[dict]:
    """F13 unknown application in labour, F14 assets past their life, F15 short feeds: found by the TCO step."""
    worn = [asset for asset in hardware if charged(asset, REVIEW_MONTH) and end_of_life(asset) <= REVIEW_MONTH]
    centre, application, _, hours = UNKNOWN_APPLICATION
    return [
        fault("F13", "Hours are booked to an application the CMDB does not know", "tco", REVIEW_MONTH, "", hours,
              "hours", "now", application=application, cost_centre=centre),
        fault("F14", "Assets past their life are still depreciated", "tco", REVIEW_MONTH, "",
              money.total(monthly_charge(asset) for asset in worn), "USD", "now",
              assets=[asset["asset_id"] for asset in worn]),
        fault("F15", "Labour and drivers cover fewer months than the bill", "tco", REVIEW_MONTH, "", None, "", "now",
              labour=[LABOUR_MONTHS[0], LABOUR_MONTHS[-1]], drivers=[DRIVER_MONTHS[0], DRIVER_MONTHS[-1]])]


def in_month(bill: Iterable[dict], month: str) -> list[dict]:
    """The charges whose period starts in the month."""
    return [row for row in bill if f"{row['ChargePeriodStart']:%Y-%m}" == month]


def cost(charges: Iterable[dict], basis: str = "EffectiveCost") -> Decimal:
    """The charges' exact sum."""
    return money.total(row[basis] for row in charges)


def totals(bills: dict, ledger: list[dict], hardware: list[dict]) -> dict:
    """Billed and effective by provider and billing period; expense by ledger month; bridge and full cost of the month."""
    cloud: dict[str, dict] = {provider: {} for provider in LAGS}
    for (provider, month), bill in sorted(bills.items()):
        cloud[provider][month] = {"billed": money.plain(cost(bill, "BilledCost")), "effective": money.plain(cost(bill)),
                                  "currency": CURRENCY[provider], "lines": len(bill)}
    control: dict[str, Decimal] = {}
    for line in ledger:
        if line["account"] in EXPENSE:
            control[line["fiscal_period"]] = control.get(line["fiscal_period"], Decimal(0)) + line["amount"]
    return {"billing": cloud,
            "ledger_expense": {month: money.plain(amount) for month, amount in sorted(control.items())},
            "cloud_expense": {REVIEW_MONTH: {provider: money.plain(cloud_expense(ledger, provider, REVIEW_MONTH))
                                             for provider in LAGS}},
            "bridge": {REVIEW_MONTH: {provider: bridge(bills, ledger, provider, REVIEW_MONTH) for provider in LAGS}},
            "applications": {REVIEW_MONTH: fullcost.applications(
                bills, ledger, hardware, prepaid_steps(bills["Microsoft", REVIEW_MONTH], REVIEW_MONTH)["tax"])}}


def cloud_expense(ledger: list[dict], provider: str, month: str) -> Decimal:
    """What the ledger of the month holds for the provider."""
    return money.total(line["amount"] for line in ledger if line["fiscal_period"] == month and line["account"] in CLOUD
                       and provider_of(line["vendor"]) == provider)


def bridge(bills: dict, ledger: list[dict], provider: str, month: str) -> dict[str, str]:
    """From the billed usage of the provider's service month to its ledger expense, FX at the service month's rate."""
    service = shift(month, -LAGS[provider])
    bill, foreign = bills[provider, service], CURRENCY[provider] != "USD"
    rate = EUR_USD[service] if foreign else Decimal(1)
    usage, booked = cost(bill, "BilledCost"), cloud_expense(ledger, provider, month)
    invoiced = billed(bill)
    steps = {"billed": usage * rate, **(prepaid_steps(bill, month) if provider in PREPAID else NO_STEPS),
             "credit memo": CREDIT_MEMO[1] if (provider, month) == ("AWS", CREDIT_MEMO[0]) else Decimal(0),
             "fx": money.to_cents(invoiced * booking_rate(month)) - invoiced * rate if foreign else Decimal(0)}
    steps |= {"rounding": booked - money.total(steps.values()), "ledger": booked}
    return {"service_month": service, "billed_currency": money.plain(usage), "rate": money.plain(rate),
            **{name: money.plain(amount) for name, amount in steps.items()}}


def prepaid_steps(bill: list[dict], month: str) -> dict[str, Decimal]:
    """What takes Microsoft's bill to its ledger lines: purchases out, release in, tax in, the missing invoice out."""
    bought = cost([row for row in bill if row["ChargeCategory"] == "Purchase"], "BilledCost")
    missing = cost([row for row in bill if (month, row["BillingAccountId"]) == MISSING], "BilledCost")
    taxes = [money.to_cents(rate * billed([row for row in bill if row["BillingAccountId"] == account
                                           and row["ChargeCategory"] != "Purchase"]))
             for account, rate in AZURE_TAX.items()]
    released = RESERVATION.get(fiscal_year(month, 4)[0], Decimal(0)) / 12
    return dict(zip(NO_STEPS, (-bought, released, money.total(taxes), -missing), strict=True))
