"""Where does each cost belong?  Cost lines in; tower, cost pool, application and owner out, with the rule that said so.

    file → load_rules → rules                    checked against the chosen taxonomy
    lines, rules → classify → lines + tower, sub_tower, cost_pool, sub_pool, rule_id, rule_level
    lines, CMDB → own → lines + application, owner, environment, and what each was found by

No line is added, dropped or changed in amount.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from helpers import rulebook, services, tags, taxonomy
from helpers.errors import InputError
from helpers.taxonomy import UNMAPPED

OWNER_RULE = "owner-tag"  # rule_id of lines whose owner set TBMTower and TBMSubTower


def load_rules(path: Path, versions) -> pd.DataFrame:
    """The rules of a file; raises InputError for a name outside the taxonomy (versions.pools, versions.towers)."""
    return taxonomy.check(rulebook.read(path), versions.pools, versions.towers, str(path))


def mark(lines: pd.DataFrame, names: services.Names) -> pd.DataFrame:
    """The lines with two more columns for rules, "yes" or "": `marketplace` and `commitment`."""
    pairs = list(zip(lines["ProviderName"].tolist(), lines["PublisherName"].tolist(), strict=True))
    sold = {pair: "" if names.sells_itself(*pair) else "yes" for pair in set(pairs)}
    return lines.assign(marketplace=[sold[pair] for pair in pairs],
                        commitment=["yes" if text else "" for text in lines["CommitmentDiscountId"].tolist()])


def classify(lines: pd.DataFrame, rules: pd.DataFrame, versions, names: services.Names | None = None) -> pd.DataFrame:
    """The lines with tower, sub_tower, cost_pool, sub_pool, rule_id and rule_level; the first rule that matches wins.

    Order: the owner's tag (TBMTower, TBMSubTower, when the taxonomy has them), then the rules by priority, then
    Unmapped.  A pool that the rule leaves blank is that of the first `default` rule that matches.  Services are
    compared by the one name that `names` gives each (without it, the names that come with the workbook).  A rule with
    months meets the lines of those months' bills.
    """
    names = names or services.shipped()
    groups = rulebook.spans(rules, lines["billing_period"]) if "billing_period" in lines else [[""]]
    if len(groups) < 2:
        return _place(lines, names.of_rules(rulebook.in_force(rules, groups[0][0] if groups else "")), versions, names)
    rows = [np.flatnonzero(lines["billing_period"].isin(months)) for months in groups]
    parts = [_place(lines.iloc[mine], names.of_rules(rulebook.in_force(rules, months[0])), versions, names)
             for mine, months in zip(rows, groups, strict=True)]
    return pd.concat(parts).iloc[np.argsort(np.concatenate(rows))]


def _place(lines: pd.DataFrame, tried: pd.DataFrame, versions, names: services.Names) -> pd.DataFrame:
    """The lines with what the first rule that matches says; all rules hold for all lines."""
    defaults = tried["level"].eq("default")
    rows, of_line = kinds(lines, names)
    named = _results(rows, tried[~defaults], versions)
    spare = _results(rows, tried[defaults], versions)
    named = named.assign(**{name: named[name].where(named["cost_pool"].ne(""), spare[name])
                            for name in ("cost_pool", "sub_pool")})
    return _tagged_towers(lines.assign(**{name: named[name].to_numpy(dtype=object)[of_line] for name in named}), versions)


def kinds(lines: pd.DataFrame, names: services.Names) -> tuple[pd.DataFrame, np.ndarray]:
    """The lines that differ for the rules, one row each, and for each line the place of its row."""
    marked = mark(lines, names)
    of_line = marked.groupby(rulebook.PATTERNS, sort=False).ngroup().to_numpy()
    return names.of_lines(marked.loc[:, rulebook.PATTERNS].drop_duplicates(ignore_index=True)), of_line


def _results(kinds: pd.DataFrame, rules: pd.DataFrame, versions) -> pd.DataFrame:
    """For each row the id, level and targets of its first rule; Unmapped where there is none."""
    places = rulebook.first_match(kinds, rules, rulebook.PATTERNS)
    sources = {"rule_id": ("rule_id", ""), "rule_level": ("level", "unmapped"),
               "tower": (f"{versions.towers}_tower", UNMAPPED), "sub_tower": (f"{versions.towers}_sub_tower", UNMAPPED),
               "cost_pool": (f"{versions.pools}_cost_pool", ""), "sub_pool": (f"{versions.pools}_sub_pool", "")}
    return pd.DataFrame({name: np.append(rules[column].to_numpy(dtype=object), blank)[places]
                         for name, (column, blank) in sources.items()})  # place -1 is the last: the blank


def _tagged_towers(lines: pd.DataFrame, versions) -> pd.DataFrame:
    """The lines with the tower their owner tagged, where the taxonomy has it."""
    found = tower_tags(lines["Tags"], versions.towers)
    found = found[found["tower"].ne("")]
    hit = lines["Tags"].isin(found.index)
    if not hit.any():
        return lines
    tagged = {name: lines[name].where(~hit, lines["Tags"].map(found[name])) for name in ("tower", "sub_tower")}
    return lines.assign(**tagged, rule_id=lines["rule_id"].where(~hit, OWNER_RULE),
                        rule_level=lines["rule_level"].where(~hit, "override"))


def tower_tags(texts: Sequence[str], version: str) -> pd.DataFrame:
    """One row a distinct Tags text that names a tower: what it says, and tower and sub_tower, "" when refused."""
    asked = [text for text in set(texts) if "tbm" in text.lower()]
    found = tags.pick(asked, {"wanted_tower": tags.TOWER_KEYS[:1], "wanted_sub_tower": tags.TOWER_KEYS[1:]})
    found = found[found["wanted_tower"].ne("") | found["wanted_sub_tower"].ne("")]
    valid = {(tags.fold(tower), tags.fold(below)): (tower, below)
             for tower, subs in taxonomy.names(version, "towers").items() for below in subs
             if tower not in taxonomy.RESERVED}
    pairs = [valid.get((tags.fold(tower), tags.fold(below)), ("", ""))
             for tower, below in zip(found["wanted_tower"], found["wanted_sub_tower"], strict=True)]
    return found.assign(tower=[pair[0] for pair in pairs], sub_tower=[pair[1] for pair in pairs])


def own(lines: pd.DataFrame, applications: pd.DataFrame | None, aliases: pd.DataFrame | None,
        cloud_accounts: pd.DataFrame | None, tag_keys: Mapping[str, Sequence[str]],
        receiver: str = "cmdb", names: services.Names | None = None) -> pd.DataFrame:
    """The lines with application, application_by, tag_application, owner, owner_by, tag_owner and environment.

    Application: by the resource's tag, else inherited from the row of its resource group, else of its account
    (subscription, project).  Owner: the CMDB's service owner, then the tag's, then the inherited one; with receiver
    "tag" the tag's comes first.  Without a CMDB the tag's own text stands, in one spelling.
    """
    keys = {purpose: tuple(dict(tag_keys).get(purpose, ())) for purpose in ("application", "owner", "environment")}
    picked = tags.pick(lines["Tags"], keys)
    books = {"application": application_book(applications, aliases),
             "owner": _owner_book(applications, aliases, cloud_accounts)}
    picked["code"] = _codes(picked["application"], books["application"], lenient=applications is None, lines=lines)
    picked["role"] = _codes(picked["owner"], books["owner"], lenient=True, lines=lines)
    places = picked.index.get_indexer(lines["Tags"])
    by_text = {name: pd.Series(picked[name].to_numpy(dtype=object)[places], index=lines.index) for name in picked}
    above = _inherited(lines, cloud_accounts, books, names or services.shipped())
    application, application_by = _first_of([("tag", by_text["code"]), *(
        (name, rows["application"]) for name, rows in above.items())])
    owners = dict(rows_of(applications, ["application", "service_owner"]))
    cmdb = pd.Series([owners.get(code, "") for code in application], index=lines.index, dtype=object)
    order = [("CMDB", cmdb), ("tag", by_text["role"])][:: 1 if receiver == "cmdb" else -1]
    owner, owner_by = _first_of([*order, *((name, rows["owner"]) for name, rows in above.items())])
    environments = {text: tags.tidy(text).lower() for text in set(by_text["environment"])}
    return lines.assign(application=application, application_by=application_by, tag_application=by_text["application"],
                        owner=owner, owner_by=owner_by, tag_owner=by_text["role"],
                        environment=[environments[text] for text in by_text["environment"]])


def application_book(applications: pd.DataFrame | None, aliases: pd.DataFrame | None) -> tags.Book:
    """The spellings of the CMDB's applications: codes, names, aliases."""
    known = rows_of(applications, ["application", "name"])
    plain = tags.Book([code for code, _ in known], [(name, code) for code, name in known])
    also = [(alias, value) for kind, alias, value in rows_of(aliases, ["kind", "alias", "value"]) if kind == "application"]
    return tags.Book([code for code, _ in known], [(name, code) for code, name in known],
                     [(alias, plain.find(value) or value) for alias, value in also])


def _owner_book(applications, aliases, cloud_accounts) -> tags.Book:
    roles = [role for table, column in ((applications, "service_owner"), (cloud_accounts, "owner"))
             for (role,) in rows_of(table, [column])]
    return tags.Book(sorted(set(roles)), aliases=[(alias, value) for kind, alias, value
                                                  in rows_of(aliases, ["kind", "alias", "value"]) if kind == "owner"])


def _codes(values: pd.Series, book: tags.Book, lenient: bool, lines: pd.DataFrame) -> list[str]:
    """The code of each value; with `lenient` an unknown value stands for itself in its commonest spelling."""
    usual = _usual_spellings(values, lines) if lenient else {}
    known = {value: book.find(value) or usual.get(tags.fold(value), "") for value in set(values)}
    return [known[value] for value in values]


def _usual_spellings(values: pd.Series, lines: pd.DataFrame) -> dict[str, str]:
    """By folded value the spelling that most lines have; of equals the alphabetically first."""
    written = lines["Tags"].map(values).map(tags.tidy)
    counts = written[written.ne("")].value_counts()
    usual: dict[str, str] = {}
    for spelling, _ in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])):
        usual.setdefault(tags.fold(spelling), spelling)
    return usual


def account_rows(cloud_accounts: pd.DataFrame | None, names: services.Names) -> dict[tuple[str, str, str], tuple[str, str]]:
    """Application and owner by provider, account and resource group ("" for the account itself), case aside.

    Raises InputError where two rows are the same but for case or for another name of the provider.
    """
    found: dict[tuple[str, str, str], tuple[str, str]] = {}
    for provider, account, group, code, role in rows_of(
            cloud_accounts, ["ProviderName", "SubAccountId", "ResourceGroup", "application", "owner"]):
        place = (names.provider(provider), account.casefold(), group.casefold())
        if found.setdefault(place, (code, role)) != (code, role):
            raise InputError(f"inputs.cloud_accounts, {provider} {account} {group}".rstrip(), "two rows that differ",
                             "one row an account and resource group, whatever its case", "take one out")
    return found


def account_places(lines: pd.DataFrame, names: services.Names) -> list[tuple[str, str, str]]:
    """Provider, account and resource group of each line, as `account_rows` has them."""
    groups = lines["ResourceGroup"] if "ResourceGroup" in lines else [""] * len(lines)
    return [(names.provider(provider), account.casefold(), group.casefold())
            for provider, account, group in zip(lines["ProviderName"], lines["SubAccountId"], groups, strict=True)]


def _inherited(lines: pd.DataFrame, cloud_accounts: pd.DataFrame | None, books: dict,
               names: services.Names) -> dict[str, pd.DataFrame]:
    """Application and owner of each line's resource group and of its account, "" where the table has none."""
    known = {place: (books["application"].find(code) or code, role)
             for place, (code, role) in account_rows(cloud_accounts, names).items()}
    places = account_places(lines, names)
    blank = ("", "")
    found = {"resource group": [known.get(place, blank) if place[2] else blank for place in places],
             "account": [known.get((*place[:2], ""), blank) for place in places]}
    return {name: pd.DataFrame(pairs, index=lines.index, columns=["application", "owner"], dtype=object)
            for name, pairs in found.items()}


def rows_of(table: pd.DataFrame | None, columns: list[str]) -> list[tuple]:
    """The columns as tuples; none where there is no table."""
    return [] if table is None else list(zip(*(table[name].tolist() for name in columns), strict=True))


def _first_of(choices: list[tuple[str, pd.Series]]) -> tuple[pd.Series, pd.Series]:
    """The first value that is not blank, and the name of where it is from."""
    value = by = pd.Series("", index=choices[0][1].index, dtype=object)
    for name, series in choices:
        open_rows = value.eq("") & series.ne("")
        value, by = value.mask(open_rows, series), by.mask(open_rows, name)
    return value, by
