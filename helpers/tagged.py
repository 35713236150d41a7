"""Do the tags agree with the CMDB?  Owned lines in; what is untagged, unknown or retired out, with amounts.

    lines → tag_coverage, spellings, unreadable, unowned
    lines, applications → unknown_values, retired
    lines, applications → check_tags → checks: a finding each, with amount and owner

Lines are those of helpers.mapping.own.  Suggestions are shown, never applied.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from helpers import checks, mapping, services, tags
from helpers.coverage import AMOUNTS, share, summed
from helpers.money import sum_by, total
from helpers.periods import shift


def tag_coverage(lines: pd.DataFrame, tag_keys: Mapping[str, Sequence[str]]) -> pd.DataFrame:
    """For each purpose of tags: the cost that carries one of its keys, and its share of absolute cost."""
    keys = {purpose.replace("_", " "): ", ".join(wanted) for purpose, wanted in dict(tag_keys).items()}
    table = _carried(lines.assign(period=""), tag_keys, [""])
    return table.assign(keys=[keys[purpose] for purpose in table["purpose"]]).loc[:, [
        "purpose", "keys", "billed", "billed_share", "effective", "effective_share"]]


def over_time(booked: pd.DataFrame, tag_keys: Mapping[str, Sequence[str]], period: str, months: int = 13) -> pd.DataFrame:
    """Tag coverage of each ledger month up to the one under review, by purpose."""
    recent = booked[(booked["ledger_period"] > shift(period, -months)) & (booked["ledger_period"] <= period)]
    return _carried(recent.assign(period=recent["ledger_period"]), tag_keys, sorted(set(recent["ledger_period"])))


def _carried(lines: pd.DataFrame, tag_keys: Mapping[str, Sequence[str]], periods: Sequence[str]) -> pd.DataFrame:
    """By period and purpose the cost that carries a key of the purpose; each Tags text is looked at once."""
    sizes = {f"{name}_size": [abs(amount) for amount in lines[name]] for name in AMOUNTS}
    like = sum_by(lines.assign(**sizes), ["period", "Tags"], [*AMOUNTS, *sizes])
    keys = {purpose: tuple(wanted) for purpose, wanted in dict(tag_keys).items() if wanted}
    picked = tags.pick(like["Tags"], keys)
    rows = []
    for period in periods:
        whole = like[like["period"] == period]
        for purpose in keys:
            hit = whole[whole["Tags"].map(picked[purpose]).ne("")]
            shares = {f"{name}_share": share(total(hit[f"{name}_size"]), total(whole[f"{name}_size"])) for name in AMOUNTS}
            rows.append({"period": period, "purpose": purpose.replace("_", " "),
                         **{name: total(hit[name]) for name in AMOUNTS}, **shares})
    return pd.DataFrame(rows, columns=["period", "purpose", *AMOUNTS, *(f"{name}_share" for name in AMOUNTS)])


def found_by(lines: pd.DataFrame) -> pd.DataFrame:
    """Cost by how its application and its owner were found: tag, resource group, account, CMDB, or not at all."""
    named = lines.assign(application_by=lines["application_by"].where(lines["application_by"].ne(""), "not found"),
                         owner_by=lines["owner_by"].where(lines["owner_by"].ne(""), "not found"))
    return summed(named, ["application_by", "owner_by"])


def accounts(lines: pd.DataFrame, cloud_accounts: pd.DataFrame | None, names: services.Names) -> pd.DataFrame:
    """Cost of accounts for which nobody is named: neither for the account nor for the line's resource group."""
    rows = mapping.account_rows(cloud_accounts, names)
    named = {place for place, (_, owner) in rows.items() if owner}
    listed = {place[:2] for place in rows}
    places = mapping.account_places(lines, names)
    still = [not named & {place, (*place[:2], "")} for place in places]
    open_lines = lines[np.array(still, dtype=bool)]
    why = ["listed without an owner" if place[:2] in listed else "not listed"
           for place, open_ in zip(places, still, strict=True) if open_]
    return summed(open_lines.assign(why=why), ["ProviderName", "SubAccountId", "SubAccountName", "why"])


def unknown_codes(lines: pd.DataFrame, applications: pd.DataFrame | None) -> pd.DataFrame:
    """Applications with cost that the CMDB does not have: named by cloud_accounts or aliases; a tag's must be known."""
    if applications is None:
        return pd.DataFrame(columns=["application", "application_by", *AMOUNTS, "line_count"])
    known = {"", *applications["application"]}
    return summed(lines[~lines["application"].isin(known)], ["application", "application_by"])


def quiet(booked: pd.DataFrame, applications: pd.DataFrame | None, period: str) -> pd.DataFrame:
    """Live applications that the CMDB places in a cloud, with no cloud cost in the month; when they last had some."""
    columns = ["application", "name", "hosting", "service_owner", "last_cost"]
    if applications is None:
        return pd.DataFrame(columns=columns)
    costly = booked[(booked["ledger_period"] <= period) & booked["effective"].map(bool)]
    last = costly.groupby("application")["ledger_period"].max().to_dict()
    live = applications[applications["status"].eq("live") & applications["hosting"].isin(["cloud", "hybrid"])]
    table = live.assign(last_cost=[last.get(code, "") for code in live["application"]])
    return table[table["last_cost"].ne(period)].loc[:, columns].reset_index(drop=True)


def spellings(lines: pd.DataFrame) -> pd.DataFrame:
    """Applications whose tag is written in more than one way; the text stands in quotes, so that blanks show."""
    tagged = lines[(lines["application_by"] == "tag") & lines["tag_application"].ne("")]
    quoted = [f'"{text}"' for text in tagged["tag_application"]]
    table = summed(tagged.assign(written=quoted), ["application", "written"])
    several = table.groupby("application")["written"].transform("size") > 1
    return table[several].reset_index(drop=True)


def unreadable(lines: pd.DataFrame) -> pd.DataFrame:
    """Tags texts that are neither JSON nor key:value pieces, with their cost."""
    broken = {text for text in set(lines["Tags"]) if tags.UNREADABLE in tags.parse(text)}
    return summed(lines[lines["Tags"].isin(broken)], ["ProviderName", "Tags"])


def refused_towers(lines: pd.DataFrame, version: str) -> pd.DataFrame:
    """Tags that name a tower which the taxonomy does not have: the rules decided instead."""
    asked = mapping.tower_tags(lines["Tags"], version)
    refused = asked[asked["tower"].eq("")]
    hit = lines[lines["Tags"].isin(refused.index)]
    wanted = {name: hit["Tags"].map(refused[name]).astype(object) for name in ("wanted_tower", "wanted_sub_tower")}
    return summed(hit.assign(**wanted), ["wanted_tower", "wanted_sub_tower"])


def unowned(lines: pd.DataFrame) -> pd.DataFrame:
    """Cost with no owner, by provider, account and charge category."""
    return summed(lines[lines["owner"] == ""], ["ProviderName", "SubAccountName", "ChargeCategory"])


def unknown_values(lines: pd.DataFrame, applications: pd.DataFrame | None, aliases: pd.DataFrame | None,
                   application_keys: Sequence[str]) -> pd.DataFrame:
    """Tag values that should name an application and name none, with the nearest one or the portfolio they mean.

    Also values under keys made from an application key (ApplicationFamily), where no application key is set.
    """
    columns = ["key", "value", "suggestion", "billed", "effective", "line_count"]
    if applications is None:
        return pd.DataFrame(columns=columns)
    open_lines = lines[lines["application_by"] != "tag"]
    named = {text: _named(tags.parse(text), application_keys) for text in set(open_lines["Tags"])}
    pairs = [named[text] for text in open_lines["Tags"]]
    keyed = open_lines.assign(key=[key for key, _ in pairs], value=[value for _, value in pairs])
    table = summed(keyed, ["key", "value"])
    table = table[table["value"].ne("")].reset_index(drop=True)
    book, families = mapping.application_book(applications, aliases), _families(applications)
    return table.assign(suggestion=[_suggestion(key, value, book, families) for key, value
                                    in zip(table["key"], table["value"], strict=True)]).loc[:, columns]


def _named(found: Mapping[str, str], application_keys: Sequence[str]) -> tuple[str, str]:
    """Key and value of an application key, else of a key that extends one by a word for a family."""
    key, value = tags.choose(found, application_keys)
    longer = [name for name in sorted(found) if any(tags.fold(name) == tags.fold(wanted) + word
                                                    for wanted in application_keys for word in tags.FAMILY_WORDS)]
    return (key, value) if value or not longer else (longer[0], found[longer[0]])


def _families(applications: pd.DataFrame) -> dict[str, str]:
    return {_stem(name): name for name in sorted(set(applications["portfolio"])) if name}


def _stem(text: str) -> str:
    """The folded text without a word for a family at its end: Booking Family and Booking Portfolio are one."""
    folded = tags.fold(text)
    return next((folded.removesuffix(word) for word in tags.FAMILY_WORDS if folded.endswith(word)), folded)


def _suggestion(key: str, value: str, book: tags.Book, families: Mapping[str, str]) -> str:
    family = families.get(_stem(value), "")
    if family and (tags.fold(key).endswith(tags.FAMILY_WORDS) or tags.fold(value).endswith(tags.FAMILY_WORDS)):
        return f"portfolio {family}"
    near = book.nearest(value)
    return f"application {near}" if near else ""


def retired(lines: pd.DataFrame, applications: pd.DataFrame | None) -> pd.DataFrame:
    """Cost of months after the one an application was retired in."""
    columns = ["application", "retired_on", "service_owner", "billed", "effective", "line_count"]
    if applications is None:
        return pd.DataFrame(columns=columns)
    gone = applications[applications["status"] == "retired"].set_index("application")
    days = lines["application"].map(gone["retired_on"]).astype(object).fillna("").astype(str)
    late = lines["application"].isin(gone.index) & (lines["service_period"] > days.str.slice(0, 7))
    owners = lines["application"].map(gone["service_owner"])
    return summed(lines[late].assign(retired_on=days[late], service_owner=owners[late]), columns[:3])


def check_tags(lines: pd.DataFrame, applications: pd.DataFrame | None, aliases: pd.DataFrame | None,
               application_keys: Sequence[str], version: str) -> list[dict]:
    """Findings of the tags, each with its amortised amount and who answers; the CMDB's only where it is given."""
    rows = [_row("cost without an owner", unowned(lines), "FinOps team", ["ProviderName", "SubAccountName"]),
            _row("tags that cannot be read", unreadable(lines), "FinOps team", ["ProviderName"]),
            _row("tower tags outside the taxonomy", refused_towers(lines, version), "TBM office",
                 ["wanted_tower", "wanted_sub_tower"])]
    if applications is None:
        return rows
    unknown = unknown_values(lines, applications, aliases, application_keys)
    gone = retired(lines, applications)
    missing = unknown_codes(lines, applications)
    return [*rows, _row("tag values that the CMDB does not know", unknown, "FinOps team", ["key", "value"]),
            _row("applications with cost that the CMDB does not have", missing, "FinOps team", ["application"]),
            _row("retired applications that still cost", gone, _who(gone, "service_owner"), ["application"])]


def _row(name: str, table: pd.DataFrame, owner: str, columns: list[str]) -> dict:
    told = list(dict.fromkeys(" ".join(filter(None, row)) for row in mapping.rows_of(table, columns)))
    note = "; ".join(told[:5]) + (f"; and {len(told) - 5} more" if len(told) > 5 else "")
    return checks.noted(name, len(table), owner, note, total(table["effective"]))


def _who(table: pd.DataFrame, column: str) -> str:
    found = sorted(set(table[column]))
    return ", ".join(found) if found else "TBM office"


def tables(month, lines: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Every table of this module by the name of its file, for the month's lines."""
    keys, applications = month.params.tag_keys, month.applications
    return {"tag_coverage": tag_coverage(lines, keys), "tag_coverage_by_month": over_time(month.booked, keys, month.period),
            "found_by": found_by(lines), "spellings": spellings(lines), "unowned": unowned(lines),
            "accounts": accounts(lines, month.cloud_accounts, month.names),
            "unknown_values": unknown_values(lines, applications, month.aliases, keys.application),
            "unknown_applications": unknown_codes(lines, applications), "retired": retired(lines, applications),
            "quiet": quiet(month.booked, applications, month.period)}
