"""Who answers for a charge?

    direct cost, CMDB, org → Receivers → owner and cost centre of each consumer
"""

from collections.abc import Sequence

import pandas as pd

from helpers.money import sum_by


class Receivers:
    """Who answers for what an application is charged: the owner of its direct cost, else the CMDB's service owner; and
    the cost centre: the application's, else the owner's only one."""

    def __init__(self, direct: pd.DataFrame, applications: pd.DataFrame | None, org: pd.DataFrame | None):
        self.owners, self.centres = {}, {}
        if applications is not None:
            self.owners = dict(zip(applications["application"], applications["service_owner"], strict=True))
            self.centres = dict(zip(applications["application"], applications["cost_centre"], strict=True))
        largest = sum_by(direct[["application", "owner", "amount"]], ["application", "owner"], ["amount"])
        largest = largest[largest["application"] != ""].sort_values("amount", kind="stable")
        self.owners |= dict(zip(largest["application"].tolist(), largest["owner"].tolist(), strict=True))
        self.only = {} if org is None else {name: min(group) for name, group in org.groupby("owner")["cost_centre"]
                                            if len(set(group)) == 1}
        self.told: dict[tuple[str, ...], dict[str, pd.Series]] = {}

    def of(self, consumers: list[str]) -> dict[str, pd.Series]:
        """The columns application, owner and cost_centre of the consumers; pools that have the same share them."""
        key = tuple(consumers)
        if key not in self.told:
            owners = [self.owners.get(name, "") for name in consumers]
            self.told[key] = {"application": _text(consumers), "owner": _text(owners), "cost_centre": self.centres_of(consumers, owners)}
        return self.told[key]

    def centres_of(self, applications: Sequence[str], owners: Sequence[str]) -> pd.Series:
        """The cost centre that answers for each application and owner; blank where there is none, or no owner."""
        return _text([owner and (self.centres.get(name) or self.only.get(owner, ""))
                      for name, owner in zip(applications, owners, strict=True)])


def _text(values: list[str]) -> pd.Series:
    return pd.Series(pd.array(values, dtype="str"))
