"""By which rules?  Shared pools and how each is split, TCO rules, rate cards, accounts of the journal.

    company → pool_sources, allocation, tco, rate_cards, capacity_units, journal_accounts → rows

A pool's method is drawn among all there are, each with the fields it goes by; a method may change on the way.
"""

from decimal import Decimal

from benchmarks.differential.company.catalogue import CENTRES
from benchmarks.differential.company.draw import Draw, later
from benchmarks.differential.company.traits import Company

WHY = {"reason": "Agreed with the owners", "owner": "Head of Platforms"}
TOWERS = (("Compute", "Servers", "Compute", "Servers"), ("Storage", "Online Storage", "Storage", "Online Storage"),
          ("Application", "Application Development", "Application", "Development"), ("", "", "", ""))
TOWER_COLUMNS = ("v4_tower", "v4_sub_tower", "v5_tower", "v5_sub_tower")


def _sources(company: Company) -> list[dict]:
    """Every pool the company may have, with what goes to it."""
    platforms = [{"pool": f"Platform {app.code}", "source": "usage", "application": app.code}
                 for app in company.applications if app.platform]
    return [{"pool": "Cloud tax", "source": "usage", "ChargeCategory": "Tax"},
            {"pool": "Cloud tax", "source": "reconciling", "bucket": "tax"},
            {"pool": "Cloud support", "source": "usage", "ServiceName": "*Support*"}, *platforms,
            {"pool": "Platform team", "source": "ledger", "account": "62*", "cost_centre": CENTRES[2]},
            {"pool": "Security", "source": "ledger", "vendor": "Bastion*"},
            {"pool": "Nobody's", "source": "usage", "owner_by": "none"},
            {"pool": "Memos", "source": "reconciling", "bucket": "credit memos|exchange rates|rounding"}]


def pool_sources(company: Company) -> list[dict]:
    """The rows of the pools that the company has, in order of priority."""
    kept = pool_names(company)
    return [{"priority": 10 * place, **row, **WHY}
            for place, row in enumerate(_sources(company), 1) if row["pool"] in kept]


def pool_names(company: Company) -> list[str]:
    """The pools that the company has."""
    draw = company.draw("pools")
    return [name for name in dict.fromkeys(row["pool"] for row in _sources(company)) if draw.chance(0.7)]


def allocation(company: Company) -> list[dict]:
    """One rule a pool (fixed: one a consumer; rate-card: one a driver), some with one before it, some without any."""
    found, names = [], pool_names(company)
    for name in names:
        draw = company.draw("allocation", name)
        if draw.chance(0.06):
            continue
        rows = _rule(company, draw, name, [other for other in names if other != name])
        if draw.chance(0.2):
            turn = draw.pick(company.months[-2:])
            found += [{"pool": name, "method": "even", "valid_to": later(turn, -1), **WHY}]
            rows = [{**row, "valid_from": turn} for row in rows]
        found += rows
    if company.fault == "share":
        found.append({"pool": (names or ["Cloud tax"])[0], "method": "hold", "cap": "0.5", **WHY})
    return found


def _rule(company: Company, draw: Draw, name: str, others: list[str]) -> list[dict]:
    method = draw.pick(["even", "cost-weighted", "cost-weighted", "fixed", "usage", "usage", "rate-card", "hold"])
    codes = [app.code for app in company.applications]
    base = {"pool": name, "method": method, **WHY}
    if method == "fixed":
        consumers = draw.some(codes, 1, 3) + (draw.some(others, 1) if others and draw.chance(0.4) else [])
        return [{**base, "consumer": consumer, "share": share} for consumer, share
                in zip(consumers, draw.shares(len(consumers)), strict=True)]
    if method == "hold":
        return [base]
    late = {"if_missing": draw.pick(["last", "hold"])} if draw.chance(0.5) else {}
    if method == "rate-card":
        return [{**base, "driver": driver, "price": draw.amount(0, 3, 4), **late}
                for driver in draw.some(["cpu_core_hours", "log_gb"], 1, 2)]
    taking = {"exempt": codes[-1]} if draw.chance(0.2) else {}
    if method == "even" and draw.chance(0.4):
        taking["consumer"] = "|".join(draw.some(codes, 2, 4))
    bounds = {"floor": Decimal("0.02")} if draw.chance(0.15) else {}
    bounds = bounds or ({"cap": draw.amount(30, 80) / 100} if draw.chance(0.15) else {})
    driven = {"driver": draw.pick(["cpu_core_hours", "log_gb"]), **late} if method == "usage" else {}
    return [{**base, **driven, **taking, **bounds}]


def tco(company: Company) -> list[dict]:
    """How own cost is split: by hours, assets, use, evenly, to one application, or left out."""
    draw, apps = company.draw("tco"), company.applications
    rows = [{"account": "62*|6310", "method": "hours"},
            {"account": "6410", "method": "assets", "driver": "server", "hosting": "on-premises"},
            {"account": "6410|6420|6610", "method": "usage", "driver": "vcpu_hours", "hosting": "on-premises"},
            {"account": "6510", "vendor": "Corvane*", "method": "fixed", "consumer": draw.pick(apps).code},
            {"account": "6510|6540", "method": "even"}, {"account": "6610", "method": "even", "hosting": "on-premises"},
            {"account": "6910", "method": draw.pick(["leave", "even", "hours"])},
            {"account": "6210", "cost_centre": CENTRES[0], "method": "hours", "activity": "build"}]
    chosen = draw.some(rows, 4, 8)
    return [{"priority": 10 * place, **row, **dict(zip(TOWER_COLUMNS, draw.pick(TOWERS), strict=True)), **WHY}
            for place, row in enumerate(chosen, 1)]


def rate_cards(company: Company) -> list[dict]:
    """Cards of own servers and storage."""
    rows = [{"card": "vCPU hour", "driver": "vcpu_hours", "ServiceCategory": "Compute",
             **dict(zip(TOWER_COLUMNS, TOWERS[0], strict=True))},
            {"card": "GB month", "driver": "storage_gb", "ServiceCategory": "Storage",
             **dict(zip(TOWER_COLUMNS, TOWERS[1], strict=True))}]
    return [{**row, **WHY} for row in company.draw("cards").some(rows, 1, 2)]


def capacity_units(company: Company) -> list[dict]:
    """What of a card's unit the clouds' units hold."""
    rows = [("AWS", "Amazon Elastic Compute Cloud", "BoxUsage:m6i.2xlarge", "Hours", 8),
            ("Microsoft", "Virtual Machines", "*D8s*", "1 Hour", 8),
            ("Google Cloud", "Compute Engine", "*Core running", "h", 1)]
    return [{"card": "vCPU hour", "ProviderName": name, "ServiceName": service, "SkuMeter": meter, "ConsumedUnit": unit,
             "per_unit": held, **WHY} for name, service, meter, unit, held in rows]


def journal_accounts(company: Company) -> list[dict]:
    """Accounts of the journal; one pool has a line of its own, some lines none."""
    posts = {"debit_account": "7830", "credit_account": "7839", "credit_cost_centre": "4790", "due_to_account": "7820",
             "due_from_account": "7820", **WHY}
    rows = [{"priority": 10, "kind": "shared", "pool": "Cloud tax", **posts},
            {"priority": 20, "kind": "direct", **posts},
            {"priority": 30, **posts}]
    return rows if company.draw("journal").chance(0.7) else rows[:2]
