"""What do the other inputs say?  Labour hours, consumption drivers, business volumes, budget, cloud accounts.

    seeded tables → rows of labour, drivers, volumes;  ledger → budget

Planted here: F11 two platforms that serve each other, F12 a driver without its last month, F13 hours on an
application the CMDB does not know, F15 labour and drivers that cover fewer months than the bill.
"""

from decimal import ROUND_HALF_UP, Decimal

import helpers.money as money
from helpers.demo.charges import sub_account
from helpers.demo.company import ACCOUNTS as LEDGER_ACCOUNTS
from helpers.demo.company import LAGS, rows
from helpers.demo.estate import ACCOUNTS, UNKNOWN_ACCOUNT
from helpers.demo.ledger import HEADCOUNT
from helpers.demo.shape import grown, season, wobble
from helpers.periods import months, shift

LABOUR_MONTHS = months("2025-10", "2026-09")  # F15
DRIVER_MONTHS = months("2025-08", "2026-09")  # F15, by service month
UNKNOWN_APPLICATION = ("4210", "ORDER-HUB", months("2026-07", "2026-09"), Decimal("126.5"))  # F13: hours a month
NO_DRIVER = ("log_gb", "2026-09")  # F12
HOURS_BOOKED = 131  # hours a head and month that reach the time sheets, of some 160
# share of a team's hours: application run/build
TEAMS = rows("""
cost_centre | team | work
4210 | Booking team | BOOKING 22/30, QUOTE 8/14, PORTAL 10/12, LEGACY-EDI 4/0
4220 | Visibility team | TRACKING 24/22, ETA 10/26, FLEET 10/8
4230 | Commercial team | PRICING 20/28, CRM 22/14, QUOTE 4/6
4240 | Operations team | ROUTE 14/12, DISPATCH 12/10, WMS 22/4, SORT 10/8, PARCEL 8/8
4250 | Finance and customs team | ERP 28/6, INVOICE 16/18, CUSTOMS 12/12, DUTY 4/4
4310 | Service desk | PORTAL 18/0, TRACKING 16/0, WMS 14/0, ERP 14/0, BOOKING 16/0, CRM 12/0, PARCEL 10/0
4320 | Data-centre team | WMS 28/0, ERP 30/0, SORT 12/0, BOOKING 12/0, INVOICE 12/0, EDI-HUB 6/0
4330 | Network team | NET 40/10, SORT 20/0, WMS 30/0
4410 | Security team | PORTAL 20/4, BOOKING 20/4, ERP 16/0, CUSTOMS 16/0, INVOICE 14/0
4510 | Data team | LAKE 26/22, BI 24/18, ETA 4/6
4710 | Platform team | K8S 34/26, OBS 14/8, LAKE 6/4, NET 8/0
""")
# quantity a month as of 2026-08, by consumer; a consumer that names a shared pool is that pool
DRIVERS = {
    "kubernetes": ("cpu_core_hours", "core hours", 0.12, 0.8, {
        "TRACKING": 41200, "BOOKING": 36500, "PARCEL": 22800, "ROUTE": 18400, "ETA": 15900, "PORTAL": 14700,
        "DISPATCH": 11300, "EDI-HUB": 9600, "Data lake": 13100}),
    "data_lake": ("tb_scanned", "TB", 0.16, 0.6, {
        "BI": 612, "PRICING": 344, "ETA": 281, "TRACKING": 233, "FLEET": 198, "INVOICE": 74,
        "Kubernetes platform": 58}),
    "observability": ("log_gb", "GB", 0.10, 0.6, {
        "PRICING": 4100, "INVOICE": 3650, "CRM": 2480, "EDI-HUB": 2210, "CUSTOMS": 1390, "PORTAL": 1120, "BI": 640,
        "DUTY": 310}),
}
# what owners planned to be charged a month of the fiscal year 2027
OWNER_BUDGETS = {"Head of Visibility": 232000, "Head of Booking": 150000, "Head of Data": 118000, "Head of Freight Pricing": 120000,
                 "Head of Customer Care": 110000, "Head of Transport": 92000, "Head of Integration": 84000,
                 "Head of Finance Systems": 90000, "Head of Route Planning": 75000, "Head of Parcels": 78000}
VOLUMES = rows("""
application | unit            | level    | growth | season
BOOKING     | shipments       | 412000   | 0.05   | 1.2
CUSTOMS     | declarations    | 68500    | 0.07   | 0.8
DISPATCH    | trips           | 96400    | 0.04   | 1.0
EDI-HUB     | messages        | 9400000  | 0.08   | 1.0
INVOICE     | invoices        | 387000   | 0.05   | 0.9
PARCEL      | parcels         | 2310000  | 0.09   | 1.8
PRICING     | quotes priced   | 1240000  | 0.10   | 1.0
QUOTE       | quotes          | 655000   | 0.08   | 1.0
ROUTE       | routes          | 81200    | 0.04   | 0.9
TRACKING    | tracking events | 58200000 | 0.12   | 1.4
WMS         | order lines     | 5120000  | 0.03   | 1.3
""")


def labour() -> list[dict]:
    """Hours by month, team, application and activity."""
    entries = [entry for month in LABOUR_MONTHS for team in TEAMS for entry in _worked(team, month)]
    centre, application, when, hours = UNKNOWN_APPLICATION
    entries += [{"period": month, "team": "Booking team", "cost_centre": centre, "application": application,
                 "activity": "build", "hours": hours} for month in when]
    return sorted(entries, key=lambda row: (row["period"], row["cost_centre"], row["application"], row["activity"]))


def _worked(team: dict, month: str) -> list[dict]:
    shares = [(name, activity, int(share)) for name, pair in (work.split() for work in team["work"].split(", "))
              for activity, share in zip(("run", "build"), pair.split("/"), strict=True) if int(share)]
    booked = HEADCOUNT[team["cost_centre"]] * HOURS_BOOKED / sum(share for _, _, share in shares)
    holiday = 0.86 if month[5:7] in ("12", "07") else 1.0
    return [{"period": month, "team": team["team"], "cost_centre": team["cost_centre"], "application": name,
             "activity": activity,
             "hours": _metered(booked * share * holiday
                               * wobble(0.06, "hours", month, team["team"], name, activity), 2)}
            for name, activity, share in shares if not (name == "LEGACY-EDI" and month > "2026-03")]


def _metered(quantity: float, steps: int = 10) -> Decimal:
    return Decimal(int(quantity * steps)) / steps


def drivers(feed: str) -> list[dict]:
    """A feed's quantities by service month and consumer; the month the driver lacks is not there (F12)."""
    driver, unit, yearly, peak, consumers = DRIVERS[feed]
    return [{"period": month, "driver": driver, "consumer": consumer, "unit": unit,
             "quantity": _metered(level * grown(month, yearly) * season(month, peak)
                                  * wobble(0.04, driver, consumer, month))}
            for month in DRIVER_MONTHS if (driver, month) != NO_DRIVER for consumer, level in sorted(consumers.items())]


def volumes() -> list[dict]:
    """Business output by month."""
    return [{"period": month, "application": item["application"], "unit": item["unit"],
             "quantity": _metered(int(item["level"]) * grown(month, float(item["growth"]))
                                  * season(month, float(item["season"]))
                                  * wobble(0.02, "volume", item["unit"], month), 1)}
            for month in months("2023-10", "2026-09") for item in VOLUMES]


def budget(ledger: list[dict]) -> list[dict]:
    """Budget of two fiscal years: last year's expense of the month and its neighbours, with the growth asked for; and
    what owners planned to be charged."""
    spent = _by_scope(ledger)
    return [{"period": month, "scope": scope, "amount": _planned(spent, scope, month), "currency": "USD"}
            for month in months("2025-04", "2027-03") for scope in sorted({scope for scope, _ in spent})] + [
        {"period": month, "scope": owner, "amount": Decimal(amount).quantize(money.CENT), "currency": "USD"}
        for month in months("2026-04", "2027-03") for owner, amount in OWNER_BUDGETS.items()]


def _planned(spent: dict[tuple[str, str], Decimal], scope: str, month: str) -> Decimal:
    last = shift(month, -12)
    near = [spent[scope, when] for when in (shift(last, -1), last, shift(last, 1)) if (scope, when) in spent]
    growth = Decimal("1.10") if scope in LAGS else Decimal("1.035")
    return (money.total(near) / len(near) * growth).quantize(Decimal("1e2"), ROUND_HALF_UP).quantize(money.CENT)


def _by_scope(ledger: list[dict]) -> dict[tuple[str, str], Decimal]:
    """Expense by scope (provider for cloud, else v5 cost pool) and month."""
    accounts = {row["account"]: row for row in LEDGER_ACCOUNTS}
    spent: dict[tuple[str, str], Decimal] = {}
    for line in ledger:
        account = accounts[line["account"]]
        if account["kind"] == "expense":
            scope = account["v5_cost_pool"] if account["use"] == "other" else provider_of(line["vendor"])
            spent[scope, line["fiscal_period"]] = spent.get((scope, line["fiscal_period"]), Decimal(0)) + line["amount"]
    return spent


def provider_of(vendor: str) -> str:
    """The provider behind a vendor's spelling in the ledger."""
    starts = {"amazon": "AWS", "aws": "AWS", "microsoft": "Microsoft", "google": "Google Cloud"}
    return starts[vendor.split()[0].lower()]


def cloud_accounts() -> list[dict]:
    """The accounts the company knows, with who pays for what carries no tag; one is not on the list (F07)."""
    known = [row for name, row in ACCOUNTS.items() if name != UNKNOWN_ACCOUNT]
    return [{**row, "SubAccountId": sub_account(row["account"]), "ResourceGroup": "", "name": row["account"]}
            for row in sorted(known, key=lambda row: (row["ProviderName"], row["account"]))]
