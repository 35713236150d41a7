"""What is the grain of the TCO?  Whole cents by class, way and application; every layer is a sum of the same lines.

    add → Cells → frame → one row a class, way and application: texts as categories, `cents` as whole numbers
    frame, keys → summed → Decimals by the keys

class: where the cost stands in the taxonomy, CapEx or OpEx, run or build, cloud or on-premises
way: how it came there: chargeback or ledger, through which shared pool, by which method and driver, or why it stays outside
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal

import numpy as np
import pandas as pd

CLASS = ["cost_pool", "sub_pool", "tower", "sub_tower", "spending", "activity", "hosting"]
WAY = ["source", "pool", "method", "driver", "residual"]
TEXTS = [*CLASS, *WAY, "application", "business_unit"]
CHARGEBACK, LEDGER = "chargeback", "ledger"
RUN, BUILD = "run", "build"
CLOUD, PREMISES, BOTH = "cloud", "on-premises", "both"
CAPITALISED, OPEX, CAPEX = "Depreciation & Amortization", "OpEx", "CapEx"


def spending(sub_pool: str) -> str:
    """CapEx for what was capitalised and is written off, OpEx for what is expensed at once."""
    return CAPEX if sub_pool == CAPITALISED else OPEX


class Cells:
    """Lines as they are added: codes of class, way and application, and cents."""

    def __init__(self):
        self.books: tuple[dict, dict, dict] = ({}, {}, {})
        self.rows: list[tuple[np.ndarray, ...]] = []

    def code(self, book: int, names: Sequence) -> np.ndarray:
        """The codes of classes (0), ways (1) or applications (2), new ones numbered on."""
        known = self.books[book]
        for name in dict.fromkeys(names):
            known.setdefault(name, len(known))
        return np.fromiter(map(known.__getitem__, names), dtype=np.int32, count=len(names))

    def code_rows(self, book: int, columns: Sequence[pd.Series]) -> np.ndarray:
        """The codes of classes (0) or ways (1) that are told in columns."""
        mixed, first, coded = _mixed(columns)
        return self.code(book, list(zip(*(names[codes[first]].tolist() for codes, names in coded), strict=True)))[mixed]

    def add(self, classes: np.ndarray, ways: np.ndarray, applications: np.ndarray, cents: np.ndarray) -> None:
        """Lines by their codes, one of each or one for all; those of no cents are left out."""
        kept = np.flatnonzero(cents)
        codes = (np.broadcast_to(part, cents.shape)[kept] for part in (classes, ways, applications))
        self.rows.append((*codes, cents[kept]))

    def frame(self, units: Mapping[str, str]) -> pd.DataFrame:
        """The lines as a table; units: business unit by application."""
        classes, ways, names, cents = (np.concatenate(part) for part in zip(*self.rows)) if self.rows else [np.empty(0, int)] * 4
        columns = {}
        for wanted, codes, book in ((CLASS, classes, self.books[0]), (WAY, ways, self.books[1])):
            for place, column in enumerate(wanted):
                columns[column] = _category([name[place] for name in book], codes)
        columns["application"] = _category(list(self.books[2]), names)
        columns["business_unit"] = _category([units.get(name, "") for name in self.books[2]], names)
        return pd.DataFrame(columns | {"cents": cents.astype(np.int64)})


def _category(names: list[str], codes: np.ndarray) -> pd.Categorical:
    found = sorted(set(names))
    place = {name: i for i, name in enumerate(found)}
    return pd.Categorical.from_codes(np.array([place[name] for name in names], dtype=np.int32)[codes], categories=found)


def summed(lines: pd.DataFrame, keys: Sequence[str], name: str = "amount") -> pd.DataFrame:
    """One row a distinct `keys`, sorted, with the sum of cents as a Decimal."""
    mixed, first, coded = _mixed([lines[key] for key in keys])
    sums = np.zeros(len(first), dtype=np.int64)
    np.add.at(sums, mixed, lines["cents"].to_numpy())
    columns = {key: pd.array(names[codes[first]], dtype="str") for key, (codes, names) in zip(keys, coded, strict=True)}
    return pd.DataFrame(columns | {name: money(pd.Series(sums))})


def _mixed(columns: Sequence[pd.Series]) -> tuple[np.ndarray, np.ndarray, list[tuple[np.ndarray, np.ndarray]]]:
    """The code of each row by all columns, in their order; the first row of each code; each column's codes and texts."""
    coded = [_coded(column) for column in columns]
    mixed = np.zeros(len(columns[0]), dtype=np.int64)
    for codes, names in coded:
        if len(names) > 1:
            mixed = np.unique(mixed * len(names) + codes, return_inverse=True)[1]
    return mixed, np.unique(mixed, return_index=True)[1], coded


def _coded(texts: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """The code of each text and the texts by code, in order of name."""
    if isinstance(texts.dtype, pd.CategoricalDtype):
        return texts.cat.codes.to_numpy().astype(np.int64), texts.cat.categories.to_numpy(dtype=object)
    codes, names = pd.factorize(texts.astype(object), sort=True)
    return codes, np.asarray(names, dtype=object)


def money(cents: pd.Series) -> pd.Series:
    """Cents as Decimals."""
    return pd.Series([Decimal(count).scaleb(-2) for count in cents.tolist()], index=cents.index, dtype=object)


def total(lines: pd.DataFrame) -> Decimal:
    """The sum of the lines."""
    return Decimal(int(lines["cents"].sum())).scaleb(-2)
