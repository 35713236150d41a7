"""What would a first parameters file say?  Written from the files found, with a word on each key.

    Found files → text of a YAML file over params/base.yaml
"""

import glob
import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from helpers.periods import shift
from helpers.problems import shown

VENDORS = {"AWS": ["Amazon*", "AWS*"], "Microsoft": ["Microsoft*"], "Google Cloud": ["Google*"]}
RECENT = 3  # months; a provider that stopped billing longer ago does not hold the period back
RULES = {  # table: key of rules
    "mapping_rules": "mapping", "pool_sources": "pool_sources", "allocation_rules": "allocation", "tco_rules": "tco"}
GIVES = {  # optional input: what it gives
    "ledger": "general ledger lines, which all cost is tied to",
    "accounts": "what each ledger account holds (the ledger needs it)",
    "applications": "CMDB: applications and their owners",
    "aliases": "spellings found in tags and what they stand for",
    "cloud_accounts": "application and owner of untagged cost, by cloud account",
    "org": "cost centres, business units and owners",
    "labour": "hours by application, for the TCO",
    "assets": "own hardware by application, for the TCO",
    "data_centres": "data centres and their capacity",
    "drivers": "quantities used of shared platforms, to split them by",
    "budget": "budget by month",
    "volumes": "business units of output, for cost per unit",
    "migration_plan": "waves, dates and planned cost",
    "rates": "exchange rates by month (several currencies need it)",
    "reconciling_items": "ledger items that a person has explained",
    "invoices": "invoices as received, to match bill, invoice and ledger three ways",
    "calendar": "first and last day of each fiscal period, where it is no calendar month",
}


def write(found: Sequence) -> str:
    """The text of the parameters file."""
    bills = [bill for one in found for bill in one.bills]
    files: dict[str, list[Path]] = {}
    for one in found:
        files.setdefault(one.guess.kind, []).append(one.guess.file)
    return "\n".join([
        "# A first draft, made from the files found.  What is not said here is as in base.yaml, which explains it.",
        "base: base.yaml", "",
        f"period: {_text(last_covered(bills))}  # month under review: the last that billing covers to its end",
        'company: ""  # the name that the pages carry',
        f"currency: {_currency(bills)}  # report currency; the most frequent one of the billing files",
        "fiscal_year_start: 1  # month the fiscal year starts in, 1 to 12",
        "providers:", *_providers(bills),
        "inputs:", *_inputs(files), *_rules(files), ""])


def last_covered(bills: Sequence) -> str:
    """The last month that the usage of every provider covers to its end; where none is billed, of any provider."""
    reached: dict[str, str] = {}
    for bill in bills:
        if bill.reach:
            reached[bill.provider] = max(reached.get(bill.provider, ""), shift(bill.reach[:7], -1))
    billed = {bill.month for bill in bills}
    months = [month for month in reached.values() if month >= shift(max(billed), -RECENT)]
    covered = [month for month in (min(months, default=""), max(months, default="")) if month in billed]
    return covered[0] if covered else max(billed)


def _providers(bills: Sequence) -> list[str]:
    lines = []
    for name in sorted({bill.provider for bill in bills}):
        vendors = VENDORS.get(name, [f"{name}*"])
        lines += [f"  {_text(name)}:",
                  "    lag: 0  # months from use to the ledger",
                  "    commitments: expensed  # or prepaid: purchases are released over their term",
                  f"    vendors: {json.dumps(vendors, ensure_ascii=False)}  # how the ledger spells the vendor"]
    return lines


def _currency(bills: Sequence) -> str:
    lines = Counter()
    for bill in bills:
        lines[bill.currency] += bill.lines
    return _text(lines.most_common(1)[0][0])


def _inputs(files: dict[str, list[Path]]) -> list[str]:
    lines = ["  billing:", *(f"    - {_text(pattern)}" for pattern in patterns(files["billing"]))]
    for key, gives in GIVES.items():
        if key in files:
            names = [_text(pattern) for pattern in patterns(files[key])]
            lines.append(f"  {key}: {names[0] if len(names) == 1 else '[' + ', '.join(names) + ']'}  # {gives}")
        else:
            lines.append(f"  # {key}:  # {gives}")
    return lines


def _rules(files: dict[str, list[Path]]) -> list[str]:
    given = [f"  {key}: {_text(shown(files[table][0]))}" for table, key in RULES.items() if table in files]
    return ["rules:", *given] if given else []


def patterns(files: Sequence[Path]) -> list[str]:
    """The files' names; a folder with only such files of a suffix gives one pattern, so that next month's are found."""
    found = []
    for folder, suffix in dict.fromkeys((file.parent, _suffix(file)) for file in files):
        here = [file for file in files if (file.parent, _suffix(file)) == (folder, suffix)]
        alone = len(here) == 1 or set(here) != set(folder.glob(f"*{suffix}"))
        found += [shown(file) for file in here] if alone else [f"{glob.escape(shown(folder))}/*{suffix}"]
    return found


def _suffix(file: Path) -> str:
    return ".csv.gz" if file.name.endswith(".csv.gz") else file.suffix


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)
