"""Who answers for a charge?

    direct cost, CMDB, org → Receivers → owner and cost centre of each consumer
"""

from collections.abc import Sequence

import pandas as pd

from helpers import mapping, tags
from helpers.money import sum_by


class Receivers:
    """Who answers for what an application is charged: the owner of its direct cost, else the CMDB's service owner; and
    the cost centre: the application's where that owner answers for it, else the owner's only one."""

    def __init__(self, direct: pd.DataFrame, applications: pd.DataFrame | None, org: pd.DataFrame | None):
        self.owners = dict(mapping.rows_of(applications, ["application", "service_owner"]))
        self.centres = dict(mapping.rows_of(applications, ["application", "cost_centre"]))
        answering: dict[str, set[str]] = {}  # by cost centre its owners
        self.places: dict[str, set[str]] = {}  # by owner the cost centres
        for owner, centre in mapping.rows_of(org, ["owner", "cost_centre"]):
            answering.setdefault(centre, set()).add(tags.fold(owner))
            self.places.setdefault(tags.fold(owner), set()).add(centre)
        self.answers = {name: answering.get(self.centres[name], set()) | {tags.fold(owner) for owner in [owner] if owner}
                        for name, owner in self.owners.items()}
        largest = sum_by(direct[["application", "owner", "amount"]], ["application", "owner"], ["amount"])
        largest = largest[largest["application"] != ""].sort_values("amount", kind="stable")
        self.owners |= dict(zip(largest["application"].tolist(), largest["owner"].tolist(), strict=True))
        self.told: dict[tuple[str, ...], dict[str, pd.Series]] = {}

    def of(self, consumers: list[str]) -> dict[str, pd.Series]:
        """The columns application, owner and cost_centre of the consumers; pools that have the same share them."""
        key = tuple(consumers)
        if key not in self.told:
            owners = [self.owners.get(name, "") for name in consumers]
            self.told[key] = {"application": _text(consumers), "owner": _text(owners), "cost_centre": self.centres_of(consumers, owners)}
        return self.told[key]

    def centres_of(self, applications: Sequence[str], owners: Sequence[str]) -> pd.Series:
        """The cost centre that answers for each application and owner; blank where none is known, or no owner."""
        pairs = list(zip(applications, owners, strict=True))
        known = {(name, owner): self._centre(name, owner) for name, owner in set(pairs)}
        return _text([known[pair] for pair in pairs])

    def _centre(self, application: str, owner: str) -> str:
        """The application's cost centre where the owner answers for it: by the CMDB, by org, or nobody else does."""
        centre, answers = self.centres.get(application, ""), self.answers.get(application, set())
        if owner and centre and (not answers or tags.fold(owner) in answers):
            return centre
        own = self.places.get(tags.fold(owner), set()) if owner else set()
        return min(own) if len(own) == 1 else ""


def _text(values: list[str]) -> pd.Series:
    return pd.Series(pd.array(values, dtype="str"))
