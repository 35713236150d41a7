"""By which names does a service go?  Providers and services in, each under the one name that the rules use.

    data/mapping/providers.csv, services.csv → Names     provider, service, of_rules

A service comes by its full name (FOCUS), by a code (AWS reports), by a resource type (Azure), by an older or translated
name: all of them are one service.  Names are compared without case, blanks and separators; an unknown name stands for
itself.
"""

from functools import cache, lru_cache
from pathlib import Path

import pandas as pd

from helpers import globs, inputs, tags
from helpers.globs import wild
from helpers.problems import ROOT, Problems, nearest, quoted, shown
from helpers.rulebook import Texts

FOLDER = ROOT / "data" / "mapping"


class Names:
    """The names of providers and of their services."""

    def __init__(self, providers: pd.DataFrame, services: pd.DataFrame, where: str = "data/mapping/services.csv"):
        self._patterns = list(providers.loc[:, ["provider", "names"]].itertuples(index=False, name=None))
        self._publishers = dict(zip(providers["provider"], providers["publishers"], strict=True))
        self._services: dict[str, dict[str, str]] = {}
        problems = Problems()
        rows = services.loc[:, ["provider", "service", "spelling"]].itertuples(index=False, name=None)
        for line, (provider, service, spelling) in zip(inputs.lines_of(services), rows, strict=True):
            if provider not in self._publishers:
                problems.add(f"{where}, line {line}", f"provider is {quoted(provider)}", "a provider of providers.csv",
                             f"write {nearest(provider, list(self._publishers)) or 'one of them'}, or add it there")
            known = self._services.setdefault(provider, {})
            for name in (service, spelling):
                if known.setdefault(tags.fold(name), service) != service:
                    problems.add(f"{where}, line {line}", f"spelling {quoted(name)} for {quoted(service)}",
                                 f"a name of one service (it is one of {known[tags.fold(name)]})", "take one out")
        problems.stop()
        self._spelt = {provider: (Texts(rows["spelling"]), rows["service"].tolist()) for provider, rows
                       in services.drop_duplicates(["provider", "spelling"]).groupby("provider")}
        self.provider = lru_cache(maxsize=None)(self._provider)
        self.service = lru_cache(maxsize=200_000)(self._service)

    def _provider(self, name: str) -> str:
        """The provider that a bill's ProviderName means."""
        name = tags.tidy(name)
        return next((provider for provider, names in self._patterns
                     if tags.fold(provider) == tags.fold(name) or globs.matches(names, name)), name)

    def _service(self, provider: str, name: str) -> str:
        """The service that a provider's name for it means."""
        return self._services.get(self.provider(provider), {}).get(tags.fold(name)) or tags.tidy(name)

    @property
    def providers(self) -> tuple[str, ...]:
        """The providers that have names."""
        return tuple(self._publishers)

    def sells_itself(self, provider: str, publisher: str) -> bool:
        """Whether the publisher is the provider; another sells through its marketplace, if the provider is known."""
        known = self._publishers.get(self.provider(provider), "")
        return not publisher or not known or tags.fold(publisher) == tags.fold(provider) or globs.matches(known, publisher)

    def of_lines(self, lines: pd.DataFrame) -> pd.DataFrame:
        """The lines with ProviderName and ServiceName as the rules name them."""
        pairs = list(zip(lines["ProviderName"].tolist(), lines["ServiceName"].tolist(), strict=True))
        known = {pair: (self.provider(pair[0]), self.service(*pair)) for pair in set(pairs)}
        return lines.assign(ProviderName=[known[pair][0] for pair in pairs],
                            ServiceName=[known[pair][1] for pair in pairs])

    def of_rules(self, rules: pd.DataFrame) -> pd.DataFrame:
        """The rules with the names among their patterns brought to the names that lines get.

        A pattern with * or ? also takes what any other spelling of it would: `Amazon*` finds AWS, `AmazonEC2*` EC2.
        """
        asked = {pattern: self._makers(pattern) for pattern in set(rules["ProviderName"])}
        pairs = list(zip(rules["ProviderName"], rules["ServiceName"], strict=True))
        known = {pair: self._in_rule(asked[pair[0]], pair[1]) for pair in set(pairs)}
        return rules.assign(ProviderName=[asked[name] for name, _ in pairs], ServiceName=[known[pair] for pair in pairs])

    def _makers(self, pattern: str) -> str:
        """The provider pattern with the one name of each provider that it means."""
        if not pattern:
            return ""
        found: dict[str, None] = {}
        for part in map(str.strip, pattern.split("|")):
            found[part if wild(part) else self._provider(part)] = None
            if wild(part):
                found.update(dict.fromkeys(name for name, names in self._patterns if any(
                    globs.matches(part, spelling.strip().strip("*")) for spelling in names.split("|"))))
        return "|".join(found)

    def _in_rule(self, provider: str, pattern: str) -> str:
        """The service pattern with the one name of each service that it means."""
        if not pattern:
            return ""
        mine = [name for name in self._services if globs.matches(provider, name)]
        found: dict[str, None] = {}
        for part in map(str.strip, pattern.split("|")):
            names = [part, *self._met(part, mine)] if wild(part) else [self.service(name, part) for name in mine]
            found.update(dict.fromkeys(names or [tags.tidy(part)]))
        return "|".join(found)

    def _met(self, part: str, mine: list[str]) -> list[str]:
        """The services of which the part means another spelling and not the name itself."""
        return [service for name in mine for texts, whole in [self._spelt[name]]
                for service in dict.fromkeys(whole[code] for code in texts.codes_of(part))
                if not globs.matches(part, service) and "|" not in service]


def read(providers: Path, services: Path) -> Names:
    """The names in two files; raises InputError where they cannot be read or one name stands for two services."""
    return Names(inputs.read(providers, "providers"), inputs.read(services, "services"),
                 shown(Path(services).resolve()))


@cache
def shipped() -> Names:
    """The names that come with the workbook."""
    return read(FOLDER / "providers.csv", FOLDER / "services.csv")
