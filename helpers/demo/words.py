"""How does the truth read for people?  The machine-readable truth as one Markdown page.

    truth → text of TRUTH.md
"""

from decimal import Decimal


def page(truth: dict) -> str:
    """The whole page."""
    return "\n".join([f"# {truth['company']}: what is wrong with the demo data, and what the right totals are", "",
                      "Written by the generator from the rows it made; truth.json is the same for programs.",
                      "Amounts are effective cost as the files hold it, unless the detail names another basis.", "",
                      *faults(truth["faults"]), *totals(truth["totals"], truth["period"]), ""])


def faults(entries: list[dict]) -> list[str]:
    """The faults as a table, then their details."""
    rows = [f"| {entry['id']} | {entry['fault']} | {entry['step']} | {entry['month']} | {entry['provider'] or '–'} "
            f"| {amount(entry['amount'])} | {entry['currency'] or '–'} | {entry['found_in']} |" for entry in entries]
    details = [f"- **{entry['id']}** {'; '.join(f'{name}: {words(value)}' for name, value in entry['detail'].items())}"
               for entry in entries if entry["detail"]]
    return ["## Planted faults", "", "| id | fault | step | month | provider | amount | currency | found |",
            "|---|---|---|---|---|---:|---|---|", *rows, "", *details, ""]


def totals(figures: dict, period: str) -> list[str]:
    """Bridge of the month, control totals, full cost by application, billed and effective by bill."""
    bridge = figures["bridge"][period]
    names = list(next(iter(bridge.values())))
    lines = [f"| {name} | {' | '.join(amount(steps[name]) for steps in bridge.values())} |" for name in names]
    control = [f"| {month} | {amount(value)} |" for month, value in figures["ledger_expense"].items()]
    bills = [f"| {provider} | {month} | {amount(bill['billed'])} | {amount(bill['effective'])} | {bill['currency']} "
             f"| {bill['lines']} |"
             for provider, months in figures["billing"].items() for month, bill in months.items()]
    full = [f"| {name} | {amount(parts['charged'])} | {amount(parts['added'])} | {amount(parts['tco'])} |"
            for name, parts in figures["applications"][period].items()]
    return [f"## From the bills to the ledger of {period}", "",
            f"| step | {' | '.join(bridge)} |", "|---|---:|---:|---:|", *lines, "",
            "## Technology expense in the ledger (control total), USD", "",
            "| month | expense |", "|---|---:|", *control, "",
            f"## Full cost by application, {period}, USD", "",
            "Worked out in fractions and rounded at the end; the pack rounds each pool, so a charge may be two cents off.", "",
            "| application | charged | added from the ledger | TCO |", "|---|---:|---:|---:|", *full, "",
            "## Bills (each part once)", "",
            "| provider | billing period | billed | effective | currency | lines |",
            "|---|---|---:|---:|---|---:|", *bills]


def amount(text: str) -> str:
    """An amount with thousands separated and every digit; – where there is none."""
    try:
        return f"{Decimal(text):,f}"
    except ArithmeticError:  # a month, or nothing
        return text or "–"


def words(value: object) -> str:
    """A detail in one line."""
    if isinstance(value, dict):
        return ", ".join(f"`{name}` {words(part)}" for name, part in value.items())
    return ", ".join(map(words, value)) if isinstance(value, list) else str(value)
