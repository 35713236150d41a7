"""Writes the demo company's inputs: `python -m helpers.demo [folder]`, data/demo unless told otherwise.

    → billing/*, *.csv, drivers/*, rules/*, truth.json, TRUTH.md

The folder is written aside and then replaced, so that a run that stops halfway leaves the old one.
"""

import csv
import json
import os
import shutil
import sys
import tempfile
from decimal import Decimal
from pathlib import Path

from helpers import folders
from helpers.demo import company, exports, feeds, invoices, plans, premises, rules, words
from helpers.demo.assets import assets
from helpers.demo.bills import bill
from helpers.demo.ledger import ledger
from helpers.demo.truth import truth
from helpers.errors import InputError
from helpers.periods import months, shift
from helpers.problems import shown

MARK = "truth.json"  # in a folder that the demo made
PROJECT = Path(__file__).resolve().parents[2]
TWO_PARTS = {("AWS", month) for month in company.DAILY_MONTHS} | {("Google Cloud", "2026-07")}


def main(arguments: list[str]) -> None:
    """Writes the folder named, or data/demo; raises InputError where it holds what the demo does not make."""
    target = Path(os.path.abspath(arguments[0] if arguments else PROJECT / "data" / "demo"))
    folders.check_own(target, lambda folder: (folder / MARK).is_file(), "demo", "demo FOLDER")
    target.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    try:
        write(aside)
        _check_made(target, aside)
        aside.chmod(0o755)
        folders.put(aside, target, aside.with_name(f"{aside.name}.old"))
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    print(f"{target}: {sum(1 for path in target.rglob('*') if path.is_file())} files")


def _check_made(target: Path, made: Path) -> None:
    """Raises InputError where the folder holds files that the demo does not make, such as closed months."""
    own, there = ({path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()}
                  for folder in (made, target))
    if there - own:
        raise InputError(shown(target), f"files that the demo does not make: {folders.told(sorted(there - own))}",
                         "its own files alone", "move those away, then run demo again")


def write(folder: Path) -> None:
    """Every input of the demo company and the truth about them."""
    bills = {(provider, month): bill(provider, month) for provider, lag in company.LAGS.items()
             for month in months(shift(company.FIRST_LEDGER_MONTH, -lag), company.REVIEW_MONTH)}
    hardware = assets()
    lines = ledger(bills, hardware)
    sent_twice = write_bills(folder / "billing", bills)
    write_tables(folder, lines, hardware, invoices.invoice_table(bills))
    facts = truth(bills, lines, hardware, sent_twice)
    write_text(folder / "truth.json", json.dumps(facts, indent=1, ensure_ascii=False) + "\n")
    write_text(folder / "TRUTH.md", words.page(facts))


def write_bills(folder: Path, bills: dict[tuple[str, str], list[dict]]) -> list[dict]:
    """All exports; the charges of the part that is delivered twice (F03) come back."""
    sent_twice: list[dict] = []
    for (provider, month), charges in bills.items():
        parts = halves(charges) if (provider, month) in TWO_PARTS else [charges]
        for number, part in enumerate(parts):
            if provider == "AWS":
                suffix = f"-part-{number + 1}" if len(parts) > 1 else ""
                exports.write_aws(part, folder / "aws" / f"{month}{suffix}.parquet")
            elif provider == "Microsoft":
                exports.write_azure(part, folder / "azure" / f"{month}.csv")
            else:
                exports.write_google(part, folder / "google" / f"{month}_{number:012d}.parquet")
                sent_twice = part if len(parts) > 1 else sent_twice
    part = folder / "google" / "2026-07_000000000001.parquet"
    shutil.copyfile(part, part.with_stem(f"{part.stem}_resent"))
    return sent_twice


def halves(charges: list[dict]) -> list[list[dict]]:
    """The charges in two parts, as large bills come."""
    middle = len(charges) // 2
    return [charges[:middle], charges[middle:]]


def write_tables(folder: Path, lines: list[dict], hardware: list[dict], received: list[dict]) -> None:
    """The CSV inputs, columns as the codebook has them."""
    tables = {"ledger": lines, "accounts": company.ACCOUNTS, "applications": company.APPLICATIONS,
              "aliases": company.ALIASES, "cloud_accounts": feeds.cloud_accounts(), "org": company.ORG,
              "labour": feeds.labour(), "assets": hardware, "data_centres": company.DATA_CENTRES,
              "budget": feeds.budget(lines), "volumes": feeds.volumes(),
              "migration_plan": company.MIGRATION_PLAN, "rates": invoices.rates(),
              "reconciling_items": invoices.reconciling_items(), "invoices": received, "capacity": premises.capacity(hardware),
              "forecast_events": plans.FORECAST_EVENTS, "submissions": plans.SUBMISSIONS}
    for name, rows in tables.items():
        write_table(folder / f"{name}.csv", name, rows)
    for feed in feeds.DRIVERS:
        write_table(folder / "drivers" / f"{feed}.csv", "drivers", feeds.drivers(feed))
    write_table(folder / "drivers" / "on_premises.csv", "drivers", premises.drivers(hardware))
    for name, rows in (("pool_sources", rules.POOL_SOURCES), ("allocation_rules", rules.ALLOCATION_RULES),
                       ("journal_accounts", rules.JOURNAL_ACCOUNTS), ("journal_columns", rules.JOURNAL_COLUMNS),
                       ("tco_rules", rules.tco_rules()), ("rate_cards", premises.RATE_CARDS),
                       ("capacity_units", premises.CAPACITY_UNITS), ("unit_rates", plans.UNIT_RATES)):
        write_table(folder / "rules" / f"{name}.csv", name, rows)


def write_table(path: Path, table: str, rows: list[dict]) -> None:
    """One CSV file: every column of the codebook, blank where the rows have none."""
    with (PROJECT / "data" / "codebook.csv").open(encoding="utf-8", newline="") as file:
        names = [row["column"] for row in csv.DictReader(file) if (row["kind"], row["table"]) == ("input", table)]
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(names)
        writer.writerows([cell(row.get(name, "")) for name in names] for row in rows)


def cell(value: object) -> str:
    """A value as text: decimals with the digits they have, never an exponent."""
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def write_text(path: Path, text: str) -> None:
    """A text file with bare line feeds."""
    path.write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except InputError as wrong:
        sys.exit(str(wrong))
