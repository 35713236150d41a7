"""What did the companies exercise?  How many have each trait, and how many say something in each table.

    companies, their folders, what was published → told → lines

A trait is read from what the company was given, not from what the program made of it; a table, from what it made.
"""

import json
import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from benchmarks.differential.company.traits import Company
from benchmarks.differential.outputs import rows_of

WIDTH = 116  # of a printed line
SETTINGS = ("cost_basis", "receiver", "shared_pools", "mode", "ledger_lines", "fiscal_year_start")
COLUMNS = {  # by table, the columns whose values are traits, each with how it is told
    "ledger": {"document_type": "ledger lines", "document_currency": "ledger documents in"},
    "allocation": {"method": "pools by", "if_missing": "drivers that are missing"},
    "tco": {"method": "own cost by"}, "assets": {"depreciation": "depreciation", "data_centre": "data centres"},
    "applications": {"kind": "CMDB", "hosting": "hosting", "status": "applications"},
    "forecast_events": {"effect": "events"}, "submissions": {"unit": "submissions in"},
           "labour": {"activity": "hours to"}}
FLAGS = {"allocation": {"floor": "a floor", "cap": "a cap", "exempt": "somebody exempt",
                        "valid_from": "a rule that changes"},
         "assets": {"disposed_on": "an asset disposed of", "new_life_months": "a life changed"},
         "org": {"company": "two legal entities", "mode": "a mode by owner"}}


def told(companies: Sequence[Company], folder: Path, out: Path) -> list[str]:
    """The summary: shares of companies by trait, numbers of companies by table, and what stopped."""
    traits: dict[str, Counter] = {}
    for company in companies:
        for group, name in sorted(set(_traits(company, folder / company.name))):
            traits.setdefault(group, Counter())[name] += 1
    lines = [_wrapped(group, (f"{name} {_share(count, companies)}" for name, count in sorted(found.items())))
             for group, found in sorted(traits.items())]
    return ["", f"share of the {len(companies)} companies with", *lines, "", *_tables(out)]


def _share(count: int, companies: Sequence[Company]) -> str:
    return f"{count / max(len(companies), 1):.0%}"


def _wrapped(head: str, parts: Iterable[str]) -> str:
    """The parts after the head, on as many lines as they need."""
    return textwrap.fill(f"{head}: {', '.join(parts)}", WIDTH, initial_indent="  ", subsequent_indent="    ",
                         break_long_words=False, break_on_hyphens=False)


def _traits(company: Company, folder: Path) -> Iterator[tuple[str, str]]:
    """What the company has, each with its group."""
    yield from (("inputs and rules", name) for name in sorted(company.given) or ["billing alone"])
    yield from _of_bills(company)
    yield from _of_ledger(company)
    yield from _of_tables(folder)
    yield from _of_settings(json.loads((folder / "params.yaml").read_text(encoding="utf-8")))
    yield from (("closed and amended", path.stem) for path in (folder / "later").glob("*.csv"))
    if company.closed:
        yield "closed and amended", "the month before closed"
    if company.fault:
        yield "refused", f"fault of {company.fault}"


def _of_bills(company: Company) -> Iterator[tuple[str, str]]:
    yield "providers", f"{len(company.providers)} of them"
    yield "currencies", f"report in {company.currency}"
    yield "months of bills", "more than 12" if len(company.months) > 12 else "12 or fewer"
    for provider in company.providers:
        yield "providers", provider.name
        yield "bills as", provider.form
        yield "currencies", f"bills in {provider.currency}"
        yield "currencies", "bills in another currency" if provider.currency != company.currency else "in the report's"
        yield from (("bills with", habit) for habit in sorted(provider.habits))
        if not provider.numbered:
            yield "bills with", "no invoice number"
        if len(provider.accounts) > 1:
            yield "bills with", "two billing accounts"


def _of_ledger(company: Company) -> Iterator[tuple[str, str]]:
    for provider in company.providers if "ledger" in company.given else ():
        yield "lag", "auto" if provider.auto else str(provider.lag)
        if provider.account_lags:
            yield "lag", "by account"
        yield "commitments", "prepaid" if provider.prepaid else "expensed"
        if provider.numbered and not provider.booked_by_number:
            yield "ledger lines", "without the bill's number"


def _of_tables(folder: Path) -> Iterator[tuple[str, str]]:
    """Values of the columns that say which case a row is, and columns that are filled at all."""
    for table in sorted({*COLUMNS, *FLAGS}):
        for row in rows_of(folder / f"{table}.csv") if (folder / f"{table}.csv").is_file() else ():
            yield from ((group, row[name]) for name, group in COLUMNS.get(table, {}).items() if row.get(name))
            yield from ((f"{table} with", said) for name, said in FLAGS.get(table, {}).items() if row.get(name))


def _of_settings(settings: dict) -> Iterator[tuple[str, str]]:
    yield from (("settings", f"{name} {settings[name]}") for name in SETTINGS if name in settings)
    yield from (("taxonomy", f"{layer} {version}") for layer, version in settings["taxonomy"].items())
    yield from (("forecast", f"{name} {settings['forecast'][name]}")
                for name in ("history", "method", "figure", "band"))
    if "what_if" in settings["forecast"]:
        yield "forecast", "what_if"
    yield from (("depreciation", f"first month {month}") for month in settings.get("depreciation", {}).values())


def _tables(out: Path) -> list[str]:
    """In how many companies each table has rows, which never have any, and what stopped where."""
    filled: dict[str, set[str]] = {}
    for path in sorted(out.glob("*/*/tables/*.csv")):
        filled.setdefault(path.stem, set()).update([path.relative_to(out).parts[0]] if rows_of(path) else [])
    some = {name: len(companies) for name, companies in filled.items() if companies}
    empty = [name for name, companies in filled.items() if not companies]
    stopped = Counter(f"{path.stem} {path.read_text('utf-8').split(':')[0]}" for path in out.glob("*/*/stopped/*.txt"))
    return [f"{len(some)} tables have rows, each in so many companies",
            *(_wrapped(step, (f"{name.removeprefix(f'{step}_')} {count}" for name, count in some.items()
                              if name.split("_")[0] == step))
              for step in dict.fromkeys(name.split("_")[0] for name in some)),
            _wrapped("without rows in any", empty or ["none"]),
            _wrapped("stopped", (f"{name} {count}" for name, count in sorted(stopped.items()))
                     if stopped else ["none"])]
