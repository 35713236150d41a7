"""Which files count, and which does another replace or repeat?  Decided bill by bill, never guessed.

    units (what each file holds of each bill), deliveries, shared charges → roles     one row a file and bill

A bill is a provider's billing account in a billing period: it is replaced whole.  Where neither the parameters, a
manifest, an export folder, numbered parts nor the charges themselves tell what several files of a bill are to one
another, the run stops and asks.
"""

from collections.abc import Callable, Mapping, Sequence

import pandas as pd

from helpers.billing.manifests import Delivery
from helpers.billing.sources import Source
from helpers.billing.survey import UNIT
from helpers.errors import InputError
from helpers.money import total
from helpers.problems import Problems

BASES = ("billed", "amortised")
ALONE = {"billed": "the actual export alone: amortised cost is as billed",
         "amortised": "the amortised export alone: billed cost is as amortised"}
ROLES = [*UNIT, "file", "role", "twin", "why", "basis"]


class Deliveries:
    """The files of a run, what they hold of each bill, and how they were delivered.

    units: one row a file, bill, currency, invoice and basis seen, with line_count and sums.
    shared: for files, with their amounts or without, the rows that stand in two of them (helpers.billing.overlaps).
    same: whether two files say the same of every charge.
    """

    def __init__(self, sources: Mapping[str, Source], prints: Mapping[str, str], units: pd.DataFrame,
                 deliveries: Mapping[str, Delivery], shared: Callable[[Sequence[str], bool], pd.DataFrame],
                 same: Callable[[str, str], bool]):
        self.sources, self.prints, self.units, self.deliveries = sources, prints, units, deliveries
        self._ask_shared, self._same, self._problems = shared, same, Problems()
        self.blocks: list[dict] = []  # days of which charges stand in two parts

    def roles(self) -> pd.DataFrame:
        """One row a file and bill: read, kept out (with its twin) or replaced (by its twin), and why.

        Raises InputError, a line a bill, where it cannot be told.
        """
        first: dict[str, str] = {}
        twins = {name: first.setdefault(self.prints[name], name) for name in sorted(self.sources)}
        rows = [self._row(unit, name, "kept out", twins[name], f"same bytes as {twins[name]}")
                for unit, names in self._bills() for name in names if twins[name] != name]
        open_bills = [(unit, [name for name in names if twins[name] == name]) for unit, names in self._bills()]
        shared = {}
        for parts in (True, False):  # parts of one delivery repeat a charge only where its amounts are the same, too
            asked = {name for _, names in open_bills if self._unclear(names) and self._parts(names) == parts
                     for name in names}
            shared[parts] = self._ask_shared(sorted(asked), parts) if asked else None
        for unit, names in open_bills:
            rows += self._decide(unit, names, shared[self._parts(names)])
        self._problems.stop()
        return pd.DataFrame(rows, columns=ROLES).sort_values([*UNIT, "file"], ignore_index=True)

    def _bills(self) -> list[tuple[tuple, list[str]]]:
        return [(unit, sorted(set(group["file"]))) for unit, group in self.units.groupby(list(UNIT), sort=True)]

    def _parts(self, names: Sequence[str]) -> bool:
        return len({self.deliveries[name].key for name in names}) == 1

    def _unclear(self, names: Sequence[str]) -> bool:
        """Whether the charges must be looked at: several files, unless one manifest lists them all."""
        return len(names) > 1 and not (self._parts(names) and self.deliveries[names[0]].how.startswith("manifest"))

    def _decide(self, unit: tuple, names: list[str], shared: pd.DataFrame | None) -> list[dict]:
        """The roles of a bill's files: on each basis that they hold."""
        bases = {name: self._basis(unit, name) for name in names}
        if "amortised" in bases.values() and len(set(bases.values())) > 1:  # the other export is the twin
            bases = {name: basis or "billed" for name, basis in bases.items()}
        twins = set(bases.values()) >= set(BASES)
        rows = []
        for basis in sorted(set(bases.values())):
            group = [name for name in names if bases[name] == basis]
            found = self._decide_alike(unit, group, shared) if len(group) > 1 else [
                self._row(unit, group[0], "read", "", "")]
            rows += [{**row, "basis": basis if twins else "",
                      "why": row["why"] or (f"{basis} export" if twins else ALONE.get(basis, ""))} for row in found]
        return rows

    def _basis(self, unit: tuple, name: str) -> str:
        """billed or amortised where a file holds one of the two; "" where it holds both, or nothing tells."""
        source = self.sources[name]
        if source.format.basis == "''":
            return ""
        told = source.word.basis or self.deliveries[name].basis
        folder = source.path.parent.name + "/" + source.path.name
        told = told or ("amortised" if "amorti" in folder.lower() else "billed" if "actual" in folder.lower() else "")
        seen = set(self._of(unit, name)["Basis"]) - {""}
        if len(seen) == 2 or told and seen - {told}:
            kept = f"{told or 'one'} cost only"
            self._problems.add(name, f"rows of both exports, actual and amortised, of {_named(unit)}" if len(seen) == 2
                               else f"rows of the {min(seen)} export of {_named(unit)}", kept,
                               "export again, or say which with basis under billing in the parameters")
        return told or min(seen, default="")

    def _decide_alike(self, unit: tuple, names: list[str], shared: pd.DataFrame | None) -> list[dict]:
        pairs = _pairs(unit, names, shared)
        rows, left = self._repeated(unit, names, pairs)
        groups: dict[str, list[str]] = {}
        for name in left:
            groups.setdefault(self.deliveries[name].key, []).append(name)
        if len(groups) == 1:
            self._overlapping(unit, left, shared)
            how = self.deliveries[left[0]].how
            return rows + [self._row(unit, name, "read", "", f"part of one delivery: {how}" if len(left) > 1 else "")
                           for name in left]
        winner, why = self._latest(unit, groups, pairs)
        if winner is None:
            self._ask(unit, groups, pairs)
        return rows + [self._row(unit, name, "read" if key == winner else "replaced",
                                 "" if key == winner else groups[winner][0] if winner else "", why)
                       for key, members in groups.items() for name in members]

    def _repeated(self, unit: tuple, names: list[str], pairs: dict) -> tuple[list[dict], list[str]]:
        """Files that repeat another whole, and those that are left."""
        rows, left = [], []
        for name in names:
            twin = next((other for other in left if self._twins(unit, other, name, pairs)), "")
            if twin:
                rows.append(self._row(unit, name, "kept out", twin, f"same lines as {twin}"))
            else:
                left.append(name)
        return rows, left

    def _twins(self, unit: tuple, one: str, two: str, pairs: dict) -> bool:
        count = self._count(unit, one)
        alike = count == self._count(unit, two) == pairs.get((one, two), pairs.get((two, one), 0))
        return alike and self._sums(unit, one) == self._sums(unit, two) and self._same(one, two)

    def _latest(self, unit: tuple, groups: Mapping[str, list[str]], pairs: dict) -> tuple[str | None, str]:
        """The delivery that replaces the others, and how that is known; None where nothing tells."""
        made = {key: self.deliveries[names[0]].made for key, names in groups.items()}
        if all(made.values()) and len(set(made.values())) == len(made):
            newest = max(made, key=made.get)
            how = self.deliveries[groups[newest][0]].how
            return newest, "the last by name, as the parameters say" if how == "parameters" else f"the newest, by {how}"
        ranked = sorted(groups, key=lambda key: (self._rows(unit, groups[key]), self._invoiced(unit, groups[key])))
        last = ranked[-1]
        if not all(self._holds(unit, groups[last], groups[key], pairs) for key in ranked[:-1]):
            return None, ""
        mine = (self._rows(unit, groups[last]), self._invoiced(unit, groups[last]))
        before = [(self._rows(unit, groups[key]), self._invoiced(unit, groups[key])) for key in ranked[:-1]]
        if all(count < mine[0] for count, _ in before):
            return last, "it holds every charge of the others, and more"
        if all(invoiced < mine[1] for _, invoiced in before):
            return last, "the same charges, with the invoice's number"
        return None, ""

    def _holds(self, unit: tuple, larger: list[str], smaller: list[str], pairs: dict) -> bool:
        """Whether every charge of the smaller delivery stands in the larger one."""
        both = sum(pairs.get((one, two), pairs.get((two, one), 0)) for one in larger for two in smaller)
        return both >= self._rows(unit, smaller) > 0

    def _overlapping(self, unit: tuple, names: list[str], shared: pd.DataFrame | None) -> None:
        """Notes the days of which charges stand in two parts; whole days are taken out (helpers.billing.cube)."""
        if shared is None or self.deliveries[names[0]].how.startswith("manifest"):
            return
        mine = shared[(shared[list(UNIT)] == list(unit)).all(axis=1) & shared["file"].isin(names)
                      & shared["other"].isin(names)]
        self.blocks += mine.to_dict("records")

    def _ask(self, unit: tuple, groups: Mapping[str, list[str]], pairs: dict) -> None:
        names = [names[0] for names in groups.values()]
        both = max(pairs.values(), default=0)
        found = f"another delivery of {_named(unit)}, as {', '.join(names[1:])}"
        told = f"they share {both:,} charges" if both else "they share no charge"
        self._problems.add(names[0], f"{found} ({told})", "one delivery, or a word on what they are",
                           f"add to the parameters, under billing: - files: [{', '.join(names)}] with together: parts, "
                           "which are added, or together: re-exports, of which the last by name counts")

    def _of(self, unit: tuple, name: str) -> pd.DataFrame:
        rows = self.units[self.units["file"] == name]
        return rows[(rows[list(UNIT)] == list(unit)).all(axis=1)]

    def _count(self, unit: tuple, name: str) -> int:
        return int(self._of(unit, name)["line_count"].sum())

    def _rows(self, unit: tuple, names: list[str]) -> int:
        return sum(self._count(unit, name) for name in names)

    def _invoiced(self, unit: tuple, names: list[str]) -> int:
        found = [self._of(unit, name) for name in names]
        return sum(int(rows.loc[rows["InvoiceId"].ne(""), "line_count"].sum()) for rows in found)

    def _sums(self, unit: tuple, name: str) -> list[tuple]:
        rows = self._of(unit, name).groupby(["BillingCurrency", "InvoiceId"], sort=True)
        return [(key, total(group["BilledCost"]), total(group["EffectiveCost"])) for key, group in rows]

    def _row(self, unit: tuple, name: str, role: str, twin: str, why: str) -> dict:
        return {**dict(zip(UNIT, unit, strict=True)), "file": name, "role": role, "twin": twin, "why": why, "basis": ""}


def _pairs(unit: tuple, names: Sequence[str], shared: pd.DataFrame | None) -> dict[tuple[str, str], int]:
    """Rows of the bill that stand in two of the files, by pair."""
    if shared is None or shared.empty:
        return {}
    mine = shared[(shared[list(UNIT)] == list(unit)).all(axis=1) & shared["file"].isin(names)
                  & shared["other"].isin(names)]
    return {pair: int(rows) for pair, rows in mine.groupby(["file", "other"])["rows"].sum().items()}


def _named(unit: tuple) -> str:
    provider, account, period = unit
    return f"{provider}{f' account {account}' if account else ''}, {period}"
