"""Where do tag and CMDB name different owners, since when, and who is charged?

    tied, booked, CMDB, decisions → disputes → table      both names, evidence, amount, age, what the charge follows
    kept/disputes.csv → decisions                         by people of both teams; the program never writes it
    tied, decisions → decide → tied                       the owner that was decided answers for the line

Without a decision the charge follows the parameter `receiver`.
"""

from pathlib import Path

import pandas as pd

from helpers import checks, inputs, tags
from helpers.house import words
from helpers.mapping import rows_of
from helpers.money import sum_by, total
from helpers.periods import distance
from helpers.problems import Problems, shown

FILE = "disputes.csv"
KEYS = ["application", "tag_owner"]
COLUMNS = [*KEYS, "service_owner", "owner", "decided_by", "ProviderName", "amount", "since", "age", "tag", "account", "cmdb",
           "note"]
DECISION = "decision"


def decisions(kept: Path) -> pd.DataFrame | None:
    """What was decided about disputes; None where there is no such file.

    Raises InputError for a decision that ends before it begins, and for two of one dispute that hold at once.
    """
    file, problems = kept / FILE, Problems()
    if not file.is_file():
        return None
    told = inputs.read(file, "disputes")
    spans: dict[tuple[str, str], list[tuple[int, str, str]]] = {}
    for line, (application, owner, start, end) in zip(
            inputs.lines_of(told), rows_of(told, [*KEYS, "decided_from", "decided_to"]), strict=True):
        where, others = f"{shown(file.resolve())}, line {line}", spans.setdefault((application, tags.fold(owner)), [])
        if start and end and end < start:
            problems.add(where, f"decided_to is {end}, decided_from {start}", f"{start} or a later month", "correct the one or the other")
        both = [other for other, first, last in others if (first or start) <= (end or first) and (start or first) <= (last or start)]
        if both:
            problems.add(where, f"{application} and {owner} are decided in line {both[0]} for the same months",
                         "one decision a dispute and month", "end the earlier one with decided_to, or take one out")
        others.append((line, start, end))
    problems.stop()
    return told


def decide(tied: pd.DataFrame, told: pd.DataFrame | None, period: str) -> pd.DataFrame:
    """The lines with the owner that was decided for their application and tag; owner_by says so."""
    decided = _decided(told, period)
    if not decided:
        return tied
    keys = list(zip(tied["application"], tied["tag_owner"].map(tags.fold), strict=True))
    owners = pd.Series([decided.get(key, "") for key in keys], index=tied.index, dtype="str")
    hit = owners != ""
    return tied.assign(owner=tied["owner"].where(~hit, owners), owner_by=tied["owner_by"].where(~hit, DECISION))


def _decided(told: pd.DataFrame | None, period: str) -> dict[tuple[str, str], str]:
    return {(application, tags.fold(tag_owner)): owner for application, tag_owner, owner, start, end
            in rows_of(told, [*KEYS, "decision", "decided_from", "decided_to"])
            if owner and (start or period) <= period <= (end or period)}


def disputes(tied: pd.DataFrame, applications: pd.DataFrame | None, booked: pd.DataFrame | None = None,
             told: pd.DataFrame | None = None, period: str = "") -> pd.DataFrame | None:
    """Cost whose tag names another owner than the CMDB's service owner, one row an application, tag and provider.

    `since` is the first month billed under both names in `booked`; the evidence is of the largest line.
    """
    if applications is None:
        return None
    differ = _differing(tied, applications)
    sums = sum_by(differ, [*KEYS, "service_owner", "owner", "ProviderName"], ["amount"])
    before = differ if booked is None else _differing(booked, applications)
    first = before.groupby(KEYS)["billing_period"].min().to_dict() if "billing_period" in before else {}
    largest = differ.sort_values("amount", key=lambda amounts: -abs(amounts), kind="stable").drop_duplicates([*KEYS, "ProviderName"])
    seen = {tuple(key): evidence for *key, evidence in zip(*(largest[name] for name in [*KEYS, "ProviderName"]),
                                                          largest.to_dict("records"), strict=True)}
    entries = {row["application"]: f"{row['service_owner']} answers for {words(row.get('name') or row['application'])}"
               for row in applications.to_dict("records")}
    decided = _decided(told, period)
    notes = {(application, tags.fold(owner)): note for application, owner, note in rows_of(told, [*KEYS, "note"])}
    rows = []
    for row in sums.to_dict("records"):
        key, line = (row["application"], tags.fold(row["tag_owner"])), seen[(row["application"], row["tag_owner"], row["ProviderName"])]
        since = first.get((row["application"], row["tag_owner"]), "")
        rows.append(row | {"decided_by": DECISION if key in decided else "receiver", "since": since,
                           "age": distance(since, period) if since and period else 0, "tag": line.get("Tags", ""),
                           "account": line.get("SubAccountName") or line.get("SubAccountId", ""),
                           "cmdb": entries[row["application"]], "note": notes.get(key, "")})
    return pd.DataFrame(rows, columns=COLUMNS)


def _differing(lines: pd.DataFrame, applications: pd.DataFrame) -> pd.DataFrame:
    """Lines whose tag and whose application's service owner differ, with both."""
    named = dict(zip(applications["application"], applications["service_owner"], strict=True))
    tagged = lines[(lines["tag_owner"] != "") & lines["application"].isin(set(named))]
    both = tagged.assign(service_owner=tagged["application"].map(named))
    return both[both["tag_owner"].map(tags.fold) != both["service_owner"].map(tags.fold)]


def known_owners(*tables: tuple[pd.DataFrame | None, str]) -> frozenset[str]:
    """Owners that the tables name in their columns, as tags.fold spells them."""
    return frozenset(tags.fold(owner) for table, column in tables for (owner,) in rows_of(table, [column]) if owner)


def check(table: pd.DataFrame | None, told: pd.DataFrame | None, known: frozenset[str] = frozenset()) -> list[dict]:
    """A finding for each dispute that waits for a decision, one for decisions on nothing billed, and one for those that
    name an owner who is not among `known`."""
    if table is None:
        return []
    rows = [checks.finding(f"owner in dispute: {row.application}", row.amount, row.service_owner,
                           f"the tag says {row.tag_owner}, the CMDB {row.service_owner}")
            for row in table[table["decided_by"] != DECISION].itertuples()]
    seen = {(row.application, tags.fold(row.tag_owner)) for row in table.itertuples()}
    idle = [f"{application} and {owner}" for application, owner in rows_of(told, KEYS)
            if (application, tags.fold(owner)) not in seen]
    strange = sorted({owner for (owner,) in rows_of(told, ["decision"]) if owner and known and tags.fold(owner) not in known})
    return [*rows, checks.noted("decisions on disputes that no line has", len(idle), "TBM office", "; ".join(idle[:5])),
            checks.noted("decisions for owners that neither CMDB nor org has", len(strange), "TBM office", "; ".join(strange[:5]))]


def open_amount(table: pd.DataFrame):
    """The sum of what waits for a decision."""
    return total(table.loc[table["decided_by"] != DECISION, "amount"])
