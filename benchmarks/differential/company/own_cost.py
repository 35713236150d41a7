"""What else does the ledger hold, and who works on what?  Pay, depreciation, licences, rent; hours; assets.

    company → ledger_lines, labour, assets → rows
"""

from decimal import Decimal

from benchmarks.differential.company.books import ledger_line
from benchmarks.differential.company.catalogue import CENTRES
from benchmarks.differential.company.draw import Draw, cents, day_of, later
from benchmarks.differential.company.traits import Company

SOFTWARE = ("Corvane Systems", "Bastion Security", "Palletworks")


def ledger_lines(company: Company) -> list[dict]:
    """Own cost of each month that the bills are of."""
    draw = company.draw("own cost")
    if draw.chance(0.1):
        return []
    scale = 100 if company.currency == "JPY" else 1
    pay = {centre: draw.amount(3000, 30000) * scale for centre in CENTRES}
    centres = draw.some(CENTRES, 1, 3)
    found = []
    for month in company.months:
        found += [_line(company, month, "6210", pay[centre] * draw.amount(95, 105) / 100, centre) for centre in centres]
        found += _things(company, draw, month, scale)
    return found


def _things(company: Company, draw: Draw, month: str, scale: int) -> list[dict]:
    """Contractors, hardware, software, rent, and lines that are no expense."""
    odd = [("6310", draw.amount(200, 5000), draw.pick(CENTRES), "Contract People"),
           ("6510", draw.amount(100, 4000), CENTRES[0], draw.pick(SOFTWARE)),
           ("6540", draw.amount(100, 2000), CENTRES[-1], "Bastion Security"),
           ("6610", draw.amount(900, 1200), CENTRES[1], "Harrow Estates"),
           ("6910", draw.amount(-200, 300), CENTRES[0], ""),
           ("1510", draw.amount(0, 9000), CENTRES[1], "Tessel Hardware"),
           ("1520", -draw.amount(100, 900), CENTRES[0], ""), ("7810", draw.amount(-500, 500), CENTRES[2], "")]
    lines = [_line(company, month, account, amount * scale, centre, vendor)
             for account, amount, centre, vendor in draw.some(odd, 3, 8)]
    worn = sum((_worn(asset) for asset in assets(company) if _used(asset, month) and asset["kind"] == "server"),
               Decimal(0))
    lines += [_line(company, month, "6410", worn + (draw.amount(1, 90) if draw.chance(0.3) else 0),
                    CENTRES[1])] if worn else []
    return [line for line in lines if line["amount"]]


def _line(company: Company, month: str, account: str, amount: Decimal, centre: str, vendor: str = "") -> dict:
    return {**ledger_line(company, month, 28, account, amount), "cost_centre": centre, "vendor": vendor}


def _used(asset: dict, month: str) -> bool:
    return asset["in_service"][:7] <= month and not (asset["disposed_on"] and asset["disposed_on"][:7] <= month)


def _worn(asset: dict) -> Decimal:
    return cents((asset["cost"] - (asset["salvage"] or 0)) / asset["life_months"])


def labour(company: Company) -> list[dict]:
    """Hours by team and application; small teams among them."""
    draw, found = company.draw("labour"), []
    teams = [(f"Team {centre}", centre, draw.some(company.applications, 1, 4), draw.pick([None, 2, 3, 9]))
             for centre in CENTRES]
    for month in company.months:
        for team, centre, apps, people in teams:
            if draw.chance(0.92):
                found += [{"period": month, "team": team, "cost_centre": centre, "application": app.code,
                           "activity": activity, "hours": draw.amount(4, 300, 1), "people": people}
                          for app in apps for activity in draw.some(["run", "build"], 1, 2)]
    return found


def assets(company: Company) -> list[dict]:
    """Servers and storage: straight-line and declining, disposed of, with a changed life, some past theirs."""
    draw = company.draw("assets")
    longer = draw.chance(0.06)
    return [_asset(company, draw, place, longer) for place in range(draw.whole(2, 7))]


def _asset(company: Company, draw: Draw, place: int, longer: bool) -> dict:
    bought = later(company.period, -draw.whole(0, 70))
    life, cost = draw.pick([36, 48, 60]), draw.amount(900, 40000)
    gone = day_of(later(company.period, draw.whole(-1, 1)), 15) if draw.chance(0.2) else ""
    changed = longer and draw.chance(0.5) and bought < later(company.period, -3)
    declining = draw.chance(0.25)
    return {"asset_id": f"A-{place:03}", "kind": draw.pick(["server", "server", "storage", "network"]),
            "data_centre": draw.pick(["DC-1", "DC-2"]),
            "application": draw.pick(company.applications).code if draw.chance(0.6) else "",
            "in_service": day_of(bought, draw.whole(1, 28)),
            "disposed_on": gone if gone > day_of(bought, 28) else "", "life_months": life, "cost": cost,
            "currency": company.currency,
            "salvage": cents(cost / 10) if draw.chance(0.3) else None,
            "depreciation": "declining-balance" if declining else "",
            "rate": Decimal("0.4") if declining and draw.chance(0.5) else None,
            "life_changed_on": day_of(later(company.period, -2), 1) if changed else "",
            "new_life_months": life + 12 if changed else None}
