"""What does each application cost in full?  Worked out in fractions from the rows as they were made, not by the helpers.

    bills, ledger, hardware → applications → charged, added and TCO of the review month by application

Cost is in USD at the month's rate; nothing is rounded before the end.
"""

from collections import Counter
from decimal import Decimal
from fnmatch import fnmatchcase
from fractions import Fraction

import helpers.money as money
from helpers.demo import premises
from helpers.demo.bills import application_tag
from helpers.demo.charges import CURRENCY
from helpers.demo.company import ACCOUNTS, ALIASES, APPLICATIONS, LAGS, PLATFORMS, REVIEW_MONTH
from helpers.demo.estate import ACCOUNTS as CLOUD_ACCOUNTS
from helpers.demo.feeds import drivers, labour
from helpers.demo.invoices import EUR_USD
from helpers.demo.rules import ALLOCATION_RULES, tco_rules
from helpers.periods import shift

OTHER = {row["account"] for row in ACCOUNTS if row["kind"] == "expense" and row["use"] == "other"}
ALIAS = {row["alias"]: row["value"] for row in ALIASES if row["kind"] == "application"}
CODES = {row["application"].replace("-", ""): row["application"] for row in APPLICATIONS}
TEAM, LAKE, CLUSTERS = "Platform team", "Data lake", "Kubernetes platform"


def applications(bills: dict, ledger: list[dict], hardware: list[dict], tax_on_invoices: Decimal) -> dict[str, dict[str, str]]:
    """By application in cents: `charged`, what the rest of the ledger adds, and both; tax_on_invoices: not in the exports."""
    direct, pools = _clouds(bills)
    pools["tax"] += Fraction(tax_on_invoices)
    lines = [line for line in ledger if line["fiscal_period"] == REVIEW_MONTH and line["account"] in OTHER]
    team = [line for line in lines if line["cost_centre"] == "4710"]
    security = [line for line in lines if line["cost_centre"] != "4710" and line["vendor"].startswith("Bastion")]
    charged = direct + _shared(direct, pools, *(sum(Fraction(line["amount"]) for line in part) for part in (team, security)))
    added = Counter()
    for line in lines:
        if line not in team and line not in security:
            added.update(_split(line, hardware))
    names = sorted(charged.keys() | added.keys())
    return {name: {"charged": _text(charged[name]), "added": _text(added[name]), "tco": _text(charged[name] + added[name])} for name in names}


def _clouds(bills: dict) -> tuple[Counter, Counter]:
    """Direct cost by application, and the cost of the shared pools that clouds bill; the rest has no application."""
    direct, pools = Counter(), Counter()
    for provider, lag in LAGS.items():
        month = shift(REVIEW_MONTH, -lag)
        rate = Fraction(EUR_USD[month]) if CURRENCY[provider] == "EUR" else Fraction(1)
        for row in bills[provider, month]:
            name, cost = _application(row), Fraction(row["EffectiveCost"]) * rate
            if name and name not in PLATFORMS:
                direct[name] += cost
            elif row["ChargeCategory"] == "Tax":
                pools["tax"] += cost
            elif "support" in row["ServiceName"].lower():
                pools["support"] += cost
            elif name:
                pools[name] += cost
    return direct, pools


def _application(row: dict) -> str:
    """Whose the row is: by its tag however spelled, else by its account."""
    tag = application_tag(row)
    if not tag:
        return CLOUD_ACCOUNTS[row["SubAccountName"]]["application"]
    return ALIAS.get(tag) or CODES["".join(sign for sign in tag.upper() if sign.isalnum())]


def _shared(direct: Counter, pools: Counter, team: Fraction, security: Fraction) -> Counter:
    """What applications are charged through shared pools; clusters and lake serve each other: two equations."""
    shares = {row["consumer"]: Fraction(row["share"]) for row in ALLOCATION_RULES if row["pool"] == TEAM}
    cores, scans = _use("kubernetes", shift(REVIEW_MONTH, -LAGS["AWS"])), _use("data_lake", shift(REVIEW_MONTH, -LAGS["Google Cloud"]))
    to_lake, to_clusters = Fraction(cores[LAKE]) / sum(cores.values()), Fraction(scans[CLUSTERS]) / sum(scans.values())
    clusters, lake = pools["K8S"] + team * shares[CLUSTERS], pools["LAKE"] + team * shares[LAKE]
    clusters = (clusters + lake * to_clusters) / (1 - to_lake * to_clusters)
    lake += clusters * to_lake
    found = Counter()
    for used, whole in ((cores, clusters), (scans, lake)):
        for name, quantity in used.items():
            if name not in (LAKE, CLUSTERS):
                found[name] += whole * Fraction(quantity) / sum(used.values())
    for name, cost in direct.items():
        found[name] += (pools["tax"] + pools["support"] + pools["NET"]) * cost / sum(direct.values()) + security / len(direct)
    for name in shares.keys() - {LAKE, CLUSTERS}:
        found[name] += team * shares[name]
    return found


def _use(feed: str, month: str) -> dict[str, Fraction]:
    return {row["consumer"]: Fraction(row["quantity"]) for row in drivers(feed) if row["period"] == month}


def _split(line: dict, hardware: list[dict]) -> Counter:
    """The parts of a ledger line that applications bear, by the first TCO rule that it meets."""
    rule = next((rule for rule in tco_rules() if all(_meets(rule[name], line[name]) for name in ("account", "cost_centre", "vendor"))), None)
    weights, rest = Counter(), Fraction(0)
    if rule is None or rule["method"] == "leave":
        return weights
    if rule["method"] == "fixed":
        weights[rule["consumer"]] += 1
    elif rule["method"] == "even":
        weights.update(rule["consumer"].split("|"))
    elif rule["method"] == "hours":
        for row in labour():
            if row["period"] == REVIEW_MONTH and row["cost_centre"] == line["cost_centre"]:
                weights[row["application"]] += Fraction(row["hours"])
    else:
        held = next(row for row in premises.capacity(hardware) if (row["period"], row["driver"]) == (REVIEW_MONTH, rule["driver"]))
        for row in premises.drivers(hardware):
            if (row["period"], row["driver"]) == (REVIEW_MONTH, rule["driver"]):
                weights[row["consumer"]] += Fraction(row["quantity"])
        rest = max(Fraction(held["practical"]) - sum(weights.values()), Fraction(0))
    whole = sum(weights.values()) + rest
    return Counter({name: Fraction(line["amount"]) * weight / whole for name, weight in weights.items()})


def _meets(pattern: str, text: str) -> bool:
    return not pattern or any(fnmatchcase(text, part) for part in pattern.split("|"))


def _text(amount: Fraction) -> str:
    return money.plain(money.to_cents(Decimal(amount.numerator) / Decimal(amount.denominator))) if amount else "0"
