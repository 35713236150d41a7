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
        self._copies = {name: first.setdefault(self.prints[name], name) for name in sorted(self.sources)}
        rows, bills, asked = [], self._bills(), {False: set(), True: set()}
        for _, names in bills:
            groups = self._by_delivery(names)
            asked[False] |= self._several(names) if len(groups) > 1 else set()
            for members in groups.values():  # parts repeat a charge only where its amounts are the same, too
                asked[True] |= set() if self._listed(members) else self._several(members)
        self._shared = {parts: self._ask_shared(sorted(names), parts) if names else None
                        for parts, names in asked.items()}
        for unit, names in bills:
            rows += self._decide(unit, names)
        self._problems.stop()
        return pd.DataFrame(rows, columns=ROLES).sort_values([*UNIT, "file"], ignore_index=True)

    def _bills(self) -> list[tuple[tuple, list[str]]]:
        return [(unit, sorted(set(group["file"]))) for unit, group in self.units.groupby(list(UNIT), sort=True)]

    def _by_delivery(self, names: Sequence[str]) -> dict[str, list[str]]:
        groups: dict[str, list[str]] = {}
        for name in names:
            groups.setdefault(self.deliveries[name].key, []).append(name)
        return groups

    def _listed(self, names: Sequence[str]) -> bool:
        """Whether a manifest lists the files of a delivery: such parts are not searched for overlaps."""
        return self.deliveries[names[0]].how.startswith("manifest")

    def _several(self, names: Sequence[str]) -> set[str]:
        """The files, of copies the first, where there are several; else nothing is to be compared."""
        files = {self._copies[name] for name in names}
        return files if len(files) > 1 else set()

    def _decide(self, unit: tuple, names: list[str]) -> list[dict]:
        """The roles of a bill's files: on each basis that they hold."""
        bases = {name: self._basis(unit, name) for name in names}
        if "amortised" in bases.values() and len(set(bases.values())) > 1:  # the other export is the twin
            bases = {name: basis or "billed" for name, basis in bases.items()}
        twins = set(bases.values()) >= set(BASES)
        rows = []
        for basis in sorted(set(bases.values())):
            group = [name for name in names if bases[name] == basis]
            found = self._decide_alike(unit, group) if len(group) > 1 else [
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
        told = told or _called(source.path.name) or _called(source.path.parent.name)
        seen = set(self._of(unit, name)["Basis"]) - {""}
        if len(seen) == 2 or told and seen - {told}:
            kept = f"{told or 'one'} cost only"
            self._problems.add(name, f"rows of both exports, actual and amortised, of {_named(unit)}" if len(seen) == 2
                               else f"rows of the {min(seen)} export of {_named(unit)}", kept,
                               "export again, or say which with basis under billing in the parameters")
        return told or min(seen, default="")

    def _decide_alike(self, unit: tuple, names: list[str]) -> list[dict]:
        """The roles of files on one basis: what repeats another file or delivery first, then what replaces which."""
        groups = self._by_delivery(names)
        pairs = self._pairs(unit, names, parts=len(groups) == 1)
        rows = [row for key in groups for row in self._drop_repeated(unit, groups, key, pairs)]
        rows += self._drop_deliveries(unit, groups, pairs)
        winner, why = (next(iter(groups)), "") if len(groups) == 1 else self._latest(unit, groups, pairs)
        if winner is None:
            self._ask(unit, groups, pairs)
            return rows
        left = groups.pop(winner)
        self._overlapping(unit, left)
        how = self.deliveries[left[0]].how
        whole = why or (f"part of one delivery: {how}" if len(left) > 1 else "")
        rows += [self._row(unit, name, "read", "", whole) for name in left]
        return rows + [self._row(unit, name, "replaced", left[0], why)
                       for members in groups.values() for name in members]

    def _drop_repeated(self, unit: tuple, groups: dict, key: str, pairs: dict) -> list[dict]:
        """Takes files that repeat another of their delivery out of it; their roles."""
        rows, left = [], []
        for name in groups[key]:
            twin = self._twin_in(unit, name, left, pairs)
            rows += [self._repeats(unit, name, twin)] if twin else []
            left += [] if twin else [name]
        groups[key] = left
        return rows

    def _drop_deliveries(self, unit: tuple, groups: dict, pairs: dict) -> list[dict]:
        """Takes out deliveries all of whose files stand in one before; others stay whole, since one may replace it."""
        rows, kept = [], []
        for key, names in list(groups.items()):
            for other in kept:
                twins = [self._twin_in(unit, name, groups[other], pairs) for name in names]
                if all(twins):
                    rows += [self._repeats(unit, name, twin) for name, twin in zip(names, twins, strict=True)]
                    del groups[key]
                    break
            else:
                kept.append(key)
        return rows

    def _twin_in(self, unit: tuple, name: str, others: Sequence[str], pairs: dict) -> str:
        """The first of the other files that says the same; "" where none does."""
        return next((other for other in others if self._twins(unit, other, name, pairs)), "")

    def _twins(self, unit: tuple, one: str, two: str, pairs: dict) -> bool:
        if self._copies[one] == self._copies[two]:
            return True
        alike = self._count(unit, one) == self._count(unit, two) == self._both(unit, one, two, pairs)
        return alike and self._sums(unit, one) == self._sums(unit, two) and self._same(one, two)

    def _repeats(self, unit: tuple, name: str, twin: str) -> dict:
        what = "bytes" if self._copies[name] == self._copies[twin] else "lines"
        return self._row(unit, name, "kept out", twin, f"same {what} as {twin}")

    def _pairs(self, unit: tuple, names: Sequence[str], parts: bool) -> dict[tuple[str, str], int]:
        """Rows of the bill that stand in two of the files, by pair; copies of a file go by the first of them."""
        mine = self._shared_by(unit, names, parts)
        counts = mine.groupby(["file", "other"])["rows"].sum() if len(mine) else {}
        return {pair: int(rows) for pair, rows in counts.items()}

    def _shared_by(self, unit: tuple, names: Sequence[str], parts: bool) -> pd.DataFrame:
        """What the files share of the bill, by day and pair."""
        shared, files = self._shared[parts], {self._copies[name] for name in names}
        if shared is None or shared.empty:
            return pd.DataFrame()
        return shared[(shared[list(UNIT)] == list(unit)).all(axis=1) & shared["file"].isin(files)
                      & shared["other"].isin(files)]

    def _both(self, unit: tuple, one: str, two: str, pairs: dict) -> int:
        """How many rows of the bill stand in both files."""
        one, two = self._copies[one], self._copies[two]
        return self._count(unit, one) if one == two else pairs.get((one, two), pairs.get((two, one), 0))

    def _latest(self, unit: tuple, groups: Mapping[str, list[str]], pairs: dict) -> tuple[str | None, str]:
        """The delivery that replaces the others, and how that is known; None where nothing tells."""
        made = {key: self.deliveries[names[0]].made for key, names in groups.items()}
        newest = max(made, key=made.get)
        if all(made.values()) and list(made.values()).count(made[newest]) == 1:
            how = self.deliveries[groups[newest][0]].how
            return newest, "the last by name, as the parameters say" if how == "parameters" else f"the newest, by {how}"
        ranked = sorted(groups, key=lambda key: (self._rows(unit, groups[key]), self._invoiced(unit, groups[key])))
        last = ranked[-1]
        if not all(self._holds(unit, groups[last], groups[key], pairs) for key in ranked[:-1]):
            return None, ""
        mine = (self._rows(unit, groups[last]), self._invoiced(unit, groups[last]))
        before = [(self._rows(unit, groups[key]), self._invoiced(unit, groups[key])) for key in ranked[:-1]]
        if any(invoiced > mine[1] for _, invoiced in before):
            return None, ""  # an invoiced bill with fewer charges is no earlier one
        if all(count < mine[0] for count, _ in before):
            return last, "it holds every charge of the others, and more"
        if all(invoiced < mine[1] for _, invoiced in before):
            return last, "the same charges, with the invoice's number"
        return None, ""

    def _holds(self, unit: tuple, larger: list[str], smaller: list[str], pairs: dict) -> bool:
        """Whether every charge of the smaller delivery stands in the larger one."""
        both = sum(self._both(unit, one, two, pairs) for one in larger for two in smaller)
        return both >= self._rows(unit, smaller) > 0

    def _overlapping(self, unit: tuple, names: list[str]) -> None:
        """Notes the days of which charges stand in two parts; whole days are taken out (helpers.billing.cube)."""
        if self._listed(names):
            return
        called = {self._copies[name]: name for name in names}
        for pair in self._shared_by(unit, names, parts=True).to_dict("records"):
            self.blocks.append({**pair, "file": called[pair["file"]], "other": called[pair["other"]]})

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


def _called(name: str) -> str:
    """The basis that the name of a file or folder speaks of; "" where it speaks of none, or of both."""
    told = [basis for basis, word in zip(BASES, ("actual", "amorti"), strict=True) if word in name.lower()]
    return told[0] if len(told) == 1 else ""


def _named(unit: tuple) -> str:
    provider, account, period = unit
    return f"{provider}{f' account {account}' if account else ''}, {period}"
