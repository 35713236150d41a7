"""What is planned, and what have people written down?  Budget, events, submissions, calendar, notes.

    company → budget, forecast_events, submissions, unit_rates, calendar, notes → rows
"""


from benchmarks.differential.company.draw import day_after, later
from benchmarks.differential.company.traits import Company

YEAR = 12


def budget(company: Company) -> list[dict]:
    """By month and provider, cost pool or owner."""
    draw = company.draw("budget")
    scopes = [*(provider.name for provider in company.providers), "Staffing", *draw.some(company.owners, 1, 2)]
    return [{"period": later(company.months[0], place), "scope": scope, "amount": draw.amount(500, 20000),
             "currency": company.currency}
            for scope in scopes for place in range(len(company.months) + 6) if draw.chance(0.95)]


def forecast_events(company: Company) -> list[dict]:
    """Steps, shares, one-offs and ends, past and to come, stated and to be measured."""
    draw, found = company.draw("events"), []
    for _ in range(draw.whole(1, 4)):
        effect, when = draw.pick(["step", "share", "one-off", "end"]), later(company.period, draw.whole(-3, 5))
        ahead = when > company.period
        stated = ahead or draw.chance(0.5)
        found.append({
            "period": when, "until": (later(when, draw.whole(1, 6))
                                       if effect in ("step", "share") and draw.chance(0.3) else ""),
            "kind": draw.pick(["migration", "launch", "price change", "commitment"]), "effect": effect,
            "ProviderName": draw.pick(company.providers).name if draw.chance(0.5) else "",
            "application": draw.pick(company.applications).code if effect == "end" or draw.chance(0.4) else "",
            "tower": "Comp*" if draw.chance(0.1) else "",
            "amount": draw.amount(-400, 900) if effect in ("step", "one-off") and stated else None,
            "share": draw.amount(-40, 40) / 100 if effect == "share" and stated else None,
            "ramp_months": draw.whole(2, 4) if effect == "step" and draw.chance(0.4) else None,
            "basis": draw.pick(["", "", "billed", "amortised"]),
            "known": later(when, -draw.whole(1, 4)) if draw.chance(0.3) else "",
            "reason": "As planned", "owner": draw.pick(company.owners)})
    return found


def submissions(company: Company) -> list[dict]:
    """What stakeholders expect, each in a unit of their own, and no two of the same thing."""
    draw, first = company.draw("submissions"), later(company.period, 1)
    units = [(f"{company.currency}/month", "", draw.amount(100, 9000)),
             (f"{company.currency} a year", "", draw.amount(900, 90000)),
             ("thousand requests/month", "Request", draw.amount(10, 9000, 0)),
             ("GB-month", "Storage", draw.amount(10, 9000, 0))]
    units += [("% a year", "", draw.amount(-20, 30, 0))] if len(company.months) > YEAR else []
    return [{"stakeholder": draw.pick(company.owners),
             "ProviderName": draw.pick(company.providers).name if draw.chance(0.5) else "",
             "application": draw.pick(company.applications).code if draw.chance(0.5) else "", "tower": "",
             "period": first,
             "until": later(first, draw.whole(0, 5)), "quantity": quantity, "unit": unit, "item": item,
             "reason": f"Plan {place}",
             "owner": draw.pick(company.owners)} for place, (unit, item, quantity) in enumerate(draw.some(units, 1, 5))]


def unit_rates(company: Company) -> list[dict]:
    """Prices of what submissions count."""
    draw = company.draw("unit rates")
    return [{"item": "Request", "unit": "requests/month", "per": 1000, "price": draw.amount(0, 2, 4),
             "currency": company.currency,
             "adds_up": "", "reason": "Last quarter", "owner": "Head of Data"},
            {"item": "Storage", "unit": "GB-month", "per": None, "price": draw.amount(0, 1, 4),
             "currency": draw.pick([company.currency, "EUR"]),
             "adds_up": draw.pick(["", "yes"]), "reason": "Price list", "owner": "Head of Data"}]


def calendar(company: Company) -> list[dict]:
    """Fiscal periods that end on the 28th."""
    months = [later(company.months[0], place) for place in range(len(company.months) + 3)]
    return [{"fiscal_period": month, "first_day": day_after(f"{later(month, -1)}-28"), "last_day": f"{month}-28"}
            for month in months]


def rates(company: Company) -> list[dict]:
    """All rates; but the last month of one currency where the rate is what is at fault."""
    rows = [{"period": month, "from_currency": source, "to_currency": company.currency, "rate": rate,
             "source": "Treasury, month average"}
            for (source, month), rate in company.rates.items()]
    if company.fault == "rate":
        return [row for row in rows if row["period"] < company.months[1]]
    return rows


def notes(company: Company) -> dict[str, list[dict]]:
    """What people keep beside the closed months, by file: decided disputes, open items, the forecast's figure."""
    draw, (app, *_) = company.draw("notes"), company.applications
    owner = draw.pick(company.owners)
    return {
        "disputes": [{"application": app.code, "tag_owner": owner, "decision": draw.pick([owner, app.owner, ""]),
                      "decided_from": draw.pick(["", company.months[-1]]), "decided_to": "",
                      "note": "Agreed in the monthly meeting"}],
        "open_items": [{"ProviderName": company.providers[0].name, "first_seen": draw.pick(company.months),
                        "invoice_id": "", "bucket": "unexplained",
                        "owner": owner, "note": "Asked the vendor", "cleared_in": draw.pick(["", company.period])}],
        "forecast_picks": [{"picked_from": company.months[0],
                            "figure": draw.pick(["bottom-up", "top-down", "ols", "wls", "mint"]),
                            "note": "Agreed", "owner": owner}]}
