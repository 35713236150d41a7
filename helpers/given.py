"""What has the month been given?  Its parameters, its input tables and its rules, each read when first asked for.

    params → Given   month.ledger, month.applications, … are tables, or None where the parameters do not name them
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd

from helpers import disputes, feeds, inputs, mapping, openitems, page, params, picks, publish, services, taxonomy
from helpers.problems import shown

TABLES = {  # attribute: (group and key in the parameters, table in the codebook)
    **{name: ("inputs", name, name) for name in (
        "ledger", "accounts", "applications", "aliases", "cloud_accounts", "org", "labour", "assets", "data_centres", "capacity",
        "drivers", "budget", "volumes", "forecast_events", "submissions", "migration_plan", "rates", "reconciling_items", "invoices", "calendar")},
    "pool_sources": ("rules", "pool_sources", "pool_sources"),
    "allocation_rules": ("rules", "allocation", "allocation_rules"),
    "journal_accounts": ("rules", "journal_accounts", "journal_accounts"),
    "journal_columns": ("rules", "journal_columns", "journal_columns"),
    "tco_rules": ("rules", "tco", "tco_rules"),
    "rate_cards": ("rules", "rate_cards", "rate_cards"),
    "capacity_units": ("rules", "capacity_units", "capacity_units"),
    "unit_rates": ("rules", "unit_rates", "unit_rates"),
}


NOTES = {"open item notes": openitems.NOTES, "forecast picks": picks.FILE,  # written by people, beside the closed months
         "owner decisions": disputes.FILE}


def map_files(settings: params.Params) -> list[Path]:
    """The files of the map: rules, names of services, names of providers."""
    return [settings.resolve(getattr(settings.rules, key)) for key in ("mapping", "services", "providers")]


@dataclass(frozen=True)
class Given:
    """What a month has to work with, and where its results go."""

    params: params.Params
    out: str = ""

    def __getattr__(self, name: str) -> pd.DataFrame | None:
        """An input or rules table; called once a table, since the result is kept on the month."""
        if name not in TABLES:
            raise AttributeError(name)
        files = self.files(name)
        tables = [self._drivers(file) if name == "drivers" else inputs.read(file, TABLES[name][2]) for file in files]
        if len(files) > 1:
            inputs.repeated([(shown(file.resolve()), table) for file, table in zip(files, tables, strict=True)])
        self.__dict__[name] = pd.concat(tables, ignore_index=True) if tables else None
        return self.__dict__[name]

    def _drivers(self, file: Path) -> pd.DataFrame:
        """A consumption feed; namespaces are looked up among the applications and their aliases."""
        book = mapping.application_book(self.applications, self.aliases)
        return feeds.read(file, lambda namespace: book.find(namespace) or namespace)

    def files(self, name: str) -> list[Path]:
        """The files a table is read from; none where the parameters do not name it."""
        group, key, _ = TABLES[name]
        named = getattr(getattr(self.params, group), key)
        return self.params.files(key) if group == "inputs" else [self.params.resolve(named)] if named else []

    def named_files(self) -> Iterator[tuple[str, Path | None]]:
        """Every file that the month is made from, by the input's name; None once for an input that is not given."""
        yield from (("parameters", path) for path in self.params.sources)
        yield from zip(("mapping rules", "service names", "provider names"), map_files(self.params), strict=True)
        for name, file in NOTES.items():
            if (path := self.params.resolve(self.params.kept) / file).is_file():
                yield name, path
        for name in ("billing", *TABLES):
            for path in (self.files(name) if name in TABLES else self.params.files(name)) or [None]:
                yield name.replace("_", " "), path

    def of_month(self, name: str) -> pd.DataFrame | None:
        """An input's rows of this month; all of them where it has no months."""
        table = getattr(self, name)
        if table is None or "period" not in table:
            return table
        known = self.__dict__.setdefault("_of_months", {})  # shared with other months of the same inputs
        if name not in known:
            known[name] = dict(list(table.groupby("period", sort=False)))
        return known[name].get(self.period, table.iloc[:0])

    def lacking(self, *names: str) -> str:
        """Those of the inputs that are not given, as the parameters name them: inputs.ledger and inputs.accounts."""
        named = [".".join(TABLES[name][:2]) for name in names if not self.files(name)]
        return " and ".join(filter(None, [", ".join(named[:-1]), *named[-1:]]))

    @cached_property
    def rules(self) -> pd.DataFrame:
        """The mapping rules, checked against the taxonomy."""
        return mapping.load_rules(self.params.resolve(self.params.rules.mapping), self.params.taxonomy)

    @cached_property
    def names(self) -> services.Names:
        """The names that providers and their services go by."""
        return services.read(*(self.params.resolve(getattr(self.params.rules, key)) for key in ("providers", "services")))

    @cached_property
    def solutions(self) -> dict[str, tuple[str, str, str]]:
        """By application the solution of the taxonomy that the CMDB names for it."""
        return taxonomy.solutions(self.applications, self.params.taxonomy.solutions)

    def publish(self, step: str, tables: dict[str, pd.DataFrame], rows: pd.DataFrame) -> object:
        """The checks, shown; tables and checks are written where the batch asked for them."""
        if self.out:
            publish.save(Path(self.out), step, tables, rows)
        return page.checks(rows, self.params.currency)
