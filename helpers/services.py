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
from helpers.problems import ROOT, Problems, quoted

FOLDER = ROOT / "data" / "mapping"


class Names:
    """The names of providers and of their services."""

    def __init__(self, providers: pd.DataFrame, services: pd.DataFrame, where: str = "data/mapping/services.csv"):
        self._patterns = list(providers.loc[:, ["provider", "names"]].itertuples(index=False, name=None))
        self._publishers = dict(zip(providers["provider"], providers["publishers"], strict=True))
        self._services: dict[str, dict[str, str]] = {}
        problems = Problems()
        for line, (provider, service, spelling) in enumerate(
                services.loc[:, ["provider", "service", "spelling"]].itertuples(index=False, name=None), start=2):
            known = self._services.setdefault(provider, {})
            for name in (service, spelling):
                if known.setdefault(tags.fold(name), service) != service:
                    problems.add(f"{where}, line {line}, column spelling", f"{quoted(name)} for {service}",
                                 f"a name of one service (it is one of {known[tags.fold(name)]})", "take one out")
        problems.stop()
        self.provider = lru_cache(maxsize=None)(self._provider)
        self.service = lru_cache(maxsize=200_000)(self._service)

    def _provider(self, name: str) -> str:
        """The provider that a bill's ProviderName means."""
        return next((provider for provider, names in self._patterns if globs.matches(names, name)), name)

    def _service(self, provider: str, name: str) -> str:
        """The service that a provider's name for it means."""
        return self._services.get(self.provider(provider), {}).get(tags.fold(name), name)

    def sells_itself(self, provider: str, publisher: str) -> bool:
        """Whether the publisher is the provider; any other sells through its marketplace."""
        known = self._publishers.get(self.provider(provider), "")
        same = not publisher or tags.fold(publisher) == tags.fold(provider)
        return same or bool(known) and globs.matches(known, publisher)

    def of_lines(self, lines: pd.DataFrame) -> pd.DataFrame:
        """The lines with ProviderName and ServiceName as the rules name them."""
        pairs = list(zip(lines["ProviderName"].tolist(), lines["ServiceName"].tolist(), strict=True))
        known = {pair: (self.provider(pair[0]), self.service(*pair)) for pair in set(pairs)}
        return lines.assign(ProviderName=[known[pair][0] for pair in pairs],
                            ServiceName=[known[pair][1] for pair in pairs])

    def of_rules(self, rules: pd.DataFrame) -> pd.DataFrame:
        """The rules with the plain names among their patterns brought to the names that lines get."""
        pairs = list(zip(rules["ProviderName"], rules["ServiceName"], strict=True))
        return rules.assign(ProviderName=[self._each(name, self.provider) for name, _ in pairs],
                            ServiceName=[self._in_rule(*pair) for pair in pairs])

    def _in_rule(self, provider: str, pattern: str) -> str:
        if not pattern:
            return ""
        mine = [name for name in self._services if globs.matches(provider, name)]
        return "|".join(dict.fromkeys(
            found for part in map(str.strip, pattern.split("|"))
            for found in ([part] if _wild(part) else [self.service(name, part) for name in mine] or [part])))

    @staticmethod
    def _each(pattern: str, name) -> str:
        return "|".join(dict.fromkeys(part if _wild(part) else name(part)
                                      for part in map(str.strip, pattern.split("|")))) if pattern else ""


def _wild(part: str) -> bool:
    return "*" in part or "?" in part


def read(providers: Path, services: Path) -> Names:
    """The names in two files; raises InputError where they cannot be read or one name stands for two services."""
    return Names(inputs.read(providers, "providers"), inputs.read(services, "services"), str(services))


@cache
def shipped() -> Names:
    """The names that come with the workbook."""
    return read(FOLDER / "providers.csv", FOLDER / "services.csv")
