"""How fast do rules place a large bill's lines?  A hundred thousand lines that all differ, five thousand rules.

    lines:  a service (by any of its names, some unknown), a meter and a tag set each, no two alike; some 90,000 meters
    rules:  the shipped map, and rules of a company's own over meters and services until there are five thousand

Mapping is helpers.mapping.classify and own: tower, cost pool, application and owner of each line.  A process of its own
does it, on two cores; the median of three turns and the peak of memory stand beside their limits.

    python -m benchmarks.rules
"""

import argparse
import os
import resource
import subprocess
import sys
import time
from decimal import Decimal
from statistics import median
from types import SimpleNamespace

import pandas as pd

from helpers import mapping, rulebook, services

LINES, RULES = 100_000, 5_000
SECONDS, GB = 3.0, 1.0
APPLICATIONS, OWNERS = 3_000, 150
METERS = 9_000  # of all services, in 30 regions: some 90,000 texts
VERSIONS = SimpleNamespace(pools="v5", towers="v5")


def made_lines(rules: pd.DataFrame) -> pd.DataFrame:
    """Lines of a bill at the cube's grain."""
    spelled = pd.read_csv(services.FOLDER / "services.csv", dtype=str, keep_default_na=False)
    clouds = spelled[spelled["provider"].isin(["AWS", "Microsoft", "Google Cloud", "Oracle"])]
    names = clouds[["provider", "spelling"]].to_numpy().tolist()
    count = range(LINES)
    pairs = [names[i * 7919 % len(names)] for i in count]
    tags = [f'{{"application": "app-{i * 31 % APPLICATIONS}", "owner": "team {i % OWNERS}", "run": "{i}"}}' for i in count]
    blank = dict.fromkeys(["ServiceCategory", "ServiceSubcategory", "ChargeClass", "CommitmentDiscountStatus",
                           "CommitmentDiscountId", "ResourceGroup", "SubAccountName"], "")
    cost = Decimal("1.25")
    return pd.DataFrame({
        "ProviderName": [provider for provider, _ in pairs], "PublisherName": [provider for provider, _ in pairs],
        "ServiceName": [name if i % 50 else f"unknown service {i}" for i, (_, name) in enumerate(pairs)],
        "SkuMeter": [f"region-{i % 30}-meter {i * 17 % METERS} per hour" for i in count],
        "ChargeCategory": "Usage", "SubAccountId": [str(i % 400) for i in count], "Tags": tags,
        "BilledCost": cost, "EffectiveCost": cost, "line_count": 1, **blank})


def made_rules() -> pd.DataFrame:
    """The shipped rules, and more of a company's own: half over meters, half over services that no list has."""
    shipped = rulebook.read(services.FOLDER / "rules.csv")
    model = shipped[shipped["rule_id"] == "service-aws-lambda"].iloc[0]
    own = [{**model, "rule_id": f"own-{i}", "priority": 300 + i % 500 if i % 2 else 1000,
            "level": "override" if i % 2 else "service", "ProviderName": ["AWS", "Microsoft", "Google Cloud"][i % 3],
            "ServiceName": "" if i % 2 else f"own service {i}",
            "SkuMeter": f"*meter {i * 2} per*" if i % 2 else ""} for i in range(RULES - len(shipped))]
    return pd.concat([shipped, pd.DataFrame(own)], ignore_index=True)[rulebook.COLUMNS]


def made_cmdb() -> pd.DataFrame:
    """The applications of the CMDB."""
    return pd.DataFrame({"application": [f"APP-{i}" for i in range(APPLICATIONS)], "name": "", "service_owner":
                         [f"Team {i % OWNERS}" for i in range(APPLICATIONS)]})


def work() -> None:
    """Maps once and prints seconds, GB, and how many lines a rule of their own placed."""
    rules, cmdb = made_rules(), made_cmdb()
    lines = made_lines(rules)
    keys = {"application": ["application"], "owner": ["owner"], "environment": []}
    services.shipped()
    start = time.perf_counter()
    found = mapping.own(mapping.classify(lines, rules, VERSIONS), cmdb, None, None, keys)
    took = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform == "darwin" else 1) / 1024 ** 2
    print(took, peak, int(found["rule_level"].isin(["service", "override"]).sum()), int(found["application"].ne("").sum()))


def main() -> int:
    """Measures and prints; 0 within the limits, else 1."""
    ask = argparse.ArgumentParser(description="Time and memory of mapping many lines by many rules.")
    ask.add_argument("--runs", type=int, default=3)
    ask.add_argument("--work", action="store_true", help=argparse.SUPPRESS)
    given = ask.parse_args()
    if given.work:
        work()
        return 0
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:2])
    turns = [subprocess.run([sys.executable, "-m", "benchmarks.rules", "--work"], check=True, capture_output=True,
                            text=True).stdout.split() for _ in range(given.runs)]
    seconds, peak = median(float(turn[0]) for turn in turns), max(float(turn[1]) for turn in turns)
    print(f"{LINES:,} lines that differ × {RULES:,} rules: {int(turns[0][2]):,} by a rule of their own, "
          f"{int(turns[0][3]):,} with an application")
    print(f"  mapping  median {seconds:.2f} s   of {'  '.join(f'{float(turn[0]):.2f}' for turn in turns)}   limit {SECONDS}")
    print(f"  memory   peak {peak:.2f} GB   limit {GB}")
    return int(seconds > SECONDS or peak > GB)


if __name__ == "__main__":
    raise SystemExit(main())
