"""What is in the company's folder?  Its parameters and every input that they name.

    seed, number, root → make → root/company-007/params.yaml, bills/, *.csv, kept/*.csv, later/*.csv

Paths in the parameters are as they will be seen from the project folder: `under` is where root will lie in it (an
absolute path will do).  `later` has the tables as they are after the month before was closed, where it is to be closed.
"""

import json
from pathlib import Path

from benchmarks.differential.company import books, exports, feeds, own_cost, plans, rules
from benchmarks.differential.company.amendments import amendments
from benchmarks.differential.company.bills import bills
from benchmarks.differential.company.catalogue import CENTRES, CLEARING, SOLUTIONS, accounts
from benchmarks.differential.company.draw import ZERO
from benchmarks.differential.company.settings import params
from benchmarks.differential.company.tables import write_csv, write_text
from benchmarks.differential.company.traits import Company, drawn

RULES = {"pool_sources": rules.pool_sources, "allocation": rules.allocation, "tco": rules.tco,
         "rate_cards": rules.rate_cards,
         "capacity_units": rules.capacity_units, "journal_accounts": rules.journal_accounts,
         "unit_rates": plans.unit_rates}
INPUTS = {"labour": own_cost.labour, "assets": own_cost.assets, "capacity": feeds.capacity, "drivers": feeds.drivers,
          "budget": plans.budget, "volumes": feeds.volumes, "forecast_events": plans.forecast_events,
          "submissions": plans.submissions,
          "calendar": plans.calendar}
OF_BILLS = {"invoices": books.invoices, "reconciling_items": books.reconciling_items}


def make(seed: int, number: int, root: Path, under: str) -> Company:
    """Who the company is, once its folder (root / its name) is written: the same seed and number, the same bytes."""
    company = drawn(seed, number)
    folder = root / company.name
    billed = {provider.name: bills(company, provider) for provider in company.providers}
    for provider in company.providers:
        for month, charges in billed[provider.name].items():
            exports.write(folder / "bills", provider.form, provider.name, month, charges, provider.habits)
    tables = {name: rows for name, rows in _tables(company, billed).items() if rows}
    for name, rows in tables.items():
        write_csv(folder / f"{name}.csv", rows)
    for name, rows in amendments(company, tables).items():
        write_csv(folder / "later" / f"{name}.csv", rows)
    for name, rows in (plans.notes(company) if "kept" in company.given else {}).items():
        write_csv(folder / "kept" / f"{name}.csv", rows)
    told = params(company, f"{under}/{company.name}", [name for name in tables if name not in RULES],
                  [name for name in tables if name in RULES])
    text = json.dumps(told, indent=1, ensure_ascii=False, default=str)  # JSON is YAML
    write_text(folder / "params.yaml", f"{text}\n")
    return company


def _tables(company: Company, billed: books.Bills) -> dict[str, list[dict]]:
    """Every input and rules table that the company has; rates where its bills need them."""
    given = company.given
    found = {"rates": plans.rates(company)}
    if "ledger" in given:
        found |= {"ledger": _ledger(company, billed), "accounts": accounts()}
    found |= {"applications": _applications(company), "aliases": _aliases(company),
              "cloud_accounts": _cloud_accounts(company), "org": _org(company)}
    found |= {name: write(company) for name, write in {**INPUTS, **RULES}.items()}
    found |= {name: write(company, billed) for name, write in OF_BILLS.items()}
    return {name: rows for name, rows in found.items() if name in ("rates", "ledger", "accounts") or name in given}


def _ledger(company: Company, billed: books.Bills) -> list[dict]:
    lines = [*books.cloud_lines(company, billed), *own_cost.ledger_lines(company)]
    if not any(line["fiscal_period"] == company.period for line in lines):
        lines.append({**books.ledger_line(company, company.period, 9, "6910", ZERO + 5),
                      "text": "So that the month has a line"})
    if company.fault == "account":
        lines.append(books.ledger_line(company, company.period, 9, "9999", ZERO + 5))
    ordered = sorted(lines, key=lambda line: line["fiscal_period"])
    return [{"line_id": f"L{place:05}", **line} for place, line in enumerate(ordered, 1)]


def _applications(company: Company) -> list[dict]:
    draw = company.draw("applications")
    return [{"application": app.code, "name": app.name, "kind": "platform" if app.platform else "application",
             "business_service": draw.pick(["Quote to Cash", ""]),
             "portfolio": draw.pick(["Core Portfolio", "Data Portfolio"]),
             "solution": draw.pick(SOLUTIONS), "service_owner": app.owner if draw.chance(0.9) else "",
             "cost_centre": app.cost_centre,
             "hosting": app.hosting, "status": "retired" if app.retired_on else "live", "retired_on": app.retired_on}
            for app in company.applications]


def _aliases(company: Company) -> list[dict]:
    why = {"reason": "Name of an earlier release", "owner": "Head of Platforms"}
    return [{"kind": "application", "alias": app.alias, "value": app.code, **why} for app in company.applications
            if app.alias] \
        + [{"kind": "owner", "alias": "platform team", "value": company.owners[0], **why}]


def _cloud_accounts(company: Company) -> list[dict]:
    draw, found = company.draw("cloud accounts"), []
    for provider in company.providers:
        for place in draw.some(provider.places, 1, len(provider.places)):
            app = draw.pick(company.applications)
            found.append({"ProviderName": provider.name, "SubAccountId": place, "ResourceGroup": "",
                          "name": f"{place} account",
                          "application": app.code if draw.chance(0.4) else "", "owner": draw.pick(company.owners)})
        if "groups" in provider.habits:
            found.append({"ProviderName": provider.name, "SubAccountId": provider.places[0], "ResourceGroup": "rg-web",
                          "name": "",
                          "application": draw.pick(company.applications).code, "owner": ""})
    return found


def _org(company: Company) -> list[dict]:
    draw = company.draw("org")
    two, modes = draw.chance(0.3), draw.chance(0.3)
    centres = [(f"{5000 + 10 * place}", owner, f"Unit {place % 2 + 1}") for place, owner in enumerate(company.owners)]
    centres += [(centre, "Head of Engineering", "Technology") for centre in (*CENTRES, CLEARING)]
    return [{"cost_centre": centre, "name": f"Centre {centre}", "business_unit": unit, "owner": owner,
             "contact": "office@example.com",
             "company": "Second GmbH" if two and unit == "Unit 2" else "",
             "mode": "showback" if modes and owner == company.owners[0] else ""}
            for centre, owner, unit in centres]
