"""Where do charges stand in the taxonomy?  Each charge line in the classes of the cost behind it.

    charge lines, the tied lines and ledger lines behind them → behind → cells

A shared pool hands on what it is made of, also what other pools passed to it: with n pools and m classes, m systems of n
linear equations.  Charge lines keep their cents, and each class of the pools' own cost keeps its sum.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from helpers import grid
from helpers.charges import DIRECT_KEYS, Charged
from helpers.cells import CHARGEBACK, CLASS, CLOUD, OPEX, RUN, Cells
from helpers.money import sum_by
from helpers.taxonomy import UNALLOCATED

RESIDUAL_KEYS = ["pool", "ProviderName"]
RATE_CARD = ("", "", UNALLOCATED, "Adjustments", OPEX, RUN, CLOUD)  # what a price charges where the pool costs nothing
OWNED = "Owned without an application"
USES = {"tax": "cloud tax", "prepaid amortisation": "cloud amortisation"}  # bucket of the bridge: use of its account


def clouds(placed: pd.DataFrame, accounts: pd.DataFrame | None, pools: str) -> pd.DataFrame:
    """The tied lines with their classes; lines of the bridge stand in the cost pool of the account that books them."""
    told = placed.assign(spending=OPEX, activity=RUN, hosting=CLOUD)
    bridge = told["source"] == "reconciling"
    if not bridge.any():
        return told
    books: dict[str, dict] = {}  # by use its first account
    for row in [] if accounts is None else accounts[accounts["kind"] == "expense"].to_dict("records"):
        books.setdefault(row["use"], row)
    found = [books.get(USES.get(bucket, "cloud"), {}) for bucket in told.loc[bridge, "bucket"]]
    told.loc[bridge, ["cost_pool", "sub_pool"]] = [[row.get(f"{pools}_cost_pool", ""), row.get(f"{pools}_sub_pool", "")] for row in found]
    taxed = told.loc[bridge, "bucket"].eq("tax")
    told.loc[bridge, "tower"] = UNALLOCATED
    told.loc[bridge, "sub_tower"] = taxed.map({True: "Tax", False: "Adjustments"})
    return told


def behind(book: Cells, charged: Charged, clouded: pd.DataFrame, taken: pd.DataFrame) -> None:
    """Adds the charge lines in their classes; `taken` are the ledger lines that shared pools take in."""
    lines = charged.lines.reset_index(drop=True)
    named = lines["exact"].notna()
    for kind, keys in (("direct", DIRECT_KEYS), ("residual", RESIDUAL_KEYS)):
        _by_key(book, lines[named & lines["kind"].eq(kind)], clouded[clouded["kind"] == kind], keys)
    shared = pd.concat([clouded.loc[clouded["kind"] == "shared", ["pool", *CLASS, "amount"]], taken[["pool", *CLASS, "amount"]]])
    _by_pool(book, lines[~named], charged, sum_by(shared, ["pool", *CLASS], ["amount"]))


def _by_key(book: Cells, lines: pd.DataFrame, parts: pd.DataFrame, keys: Sequence[str]) -> None:
    """Lines of direct cost, and of cost that nobody takes: the cost behind each has the same keys."""
    sums = sum_by(parts, list(dict.fromkeys([*keys, *CLASS])), ["amount"])
    codes = np.append(book.code_rows(0, [sums[name] for name in CLASS]), book.code(0, [RATE_CARD]))
    exact = np.append(_floats(sums["amount"]), 0.0)
    known = sums[list(keys)].assign(part=np.arange(len(sums)))
    joined = lines[list(keys)].assign(line=np.arange(len(lines))).merge(known, on=list(keys), how="left", sort=False)
    behind_it = joined["part"].fillna(len(sums)).astype(int).to_numpy()  # without any: never so where the charges' own checks hold
    row, whole = joined["line"].to_numpy(), _cents(lines["amount"])
    ways, names = _ways(book, lines)
    book.add(codes[behind_it], ways[row], names[row], grid.each_rounded(exact[behind_it], row, whole))


def _ways(book: Cells, lines: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Codes of the ways and applications of charge lines; a line without an application names why."""
    residual = lines["pool"].where(lines["kind"] == "residual", "")
    residual = residual.where((lines["application"] != "") | (residual != ""), OWNED)
    source = pd.Series(CHARGEBACK, index=lines.index)
    return book.code_rows(1, [source, lines["pool"], lines["method"], lines["driver"], residual]), book.code(2, lines["application"].tolist())


def _by_pool(book: Cells, lines: pd.DataFrame, charged: Charged, own: pd.DataFrame) -> None:
    """Lines of shared pools, each in the classes that its pool is made of."""
    groups = {name: rows for name, rows in lines.groupby("pool", sort=True)}
    if not groups:
        return
    classes = list(dict.fromkeys(zip(*(own[name].tolist() for name in CLASS), strict=True))) or [RATE_CARD]
    codes = book.code(0, classes)
    made, gross = _made_of(charged, own, classes)
    names = charged.pools["pool"].tolist()
    columns = {name: _cents(rows["amount"]) for name, rows in groups.items()}
    wholes = np.array([columns[name].sum() if name in columns else 0 for name in names])
    sums = own.groupby(CLASS, sort=False)["amount"].sum()
    margins = grid.rounded(np.array([float(sums.get(name, 0)) * 100 for name in classes]), int(wholes.sum()))
    part = np.divide(wholes, gross, out=np.ones(len(names)), where=np.abs(gross) >= 1)
    of_pools = grid.settle((made * part[:, None]).T, margins, wholes)
    for place, name in enumerate(names):
        if name in columns and abs(gross[place]) < 1 and not columns[name].sum():  # a price charges where the pool costs nothing
            ways, takers = _ways(book, groups[name])
            book.add(book.code(0, [RATE_CARD]), ways, takers, columns[name])
        elif name in columns:
            rows, cents = of_pools[:, place], columns[name]
            whole = int(cents.sum())
            exact = np.outer(rows, cents) / whole if whole else np.add.outer(rows / len(cents), cents / len(rows))
            found = grid.settle(exact, rows, cents)
            ways, takers = _ways(book, groups[name])
            book.add(np.repeat(codes, len(cents)), np.tile(ways, len(codes)), np.tile(takers, len(codes)), found.ravel())


def _made_of(charged: Charged, own: pd.DataFrame, classes: list[tuple]) -> tuple[np.ndarray, np.ndarray]:
    """Cents of each class in each pool's cost, own and received; and that cost."""
    names = {name: place for place, name in enumerate(charged.pools["pool"])}
    kinds = {name: place for place, name in enumerate(classes)}
    first = np.zeros((len(names), len(classes)))
    for pool, amount, *name in zip(own["pool"], own["amount"], *(own[name] for name in CLASS), strict=True):
        first[names[pool], kinds[tuple(name)]] = float(amount * 100)
    gross = np.array([float((row.own + row.received) * 100) for row in charged.pools.itertuples()])
    passing = np.zeros((len(names), len(names)))
    for pool, taker, amount in zip(*(charged.flows[name] for name in ("pool", "to_pool", "amount")), strict=True):
        if abs(gross[names[pool]]) >= 1:
            passing[names[taker], names[pool]] = float(amount * 100) / gross[names[pool]]
    return np.linalg.solve(np.eye(len(names)) - passing, first), gross


def _floats(amounts: pd.Series) -> np.ndarray:
    return np.array(amounts.tolist(), dtype=float) * 100


def _cents(amounts: pd.Series) -> np.ndarray:
    """Whole cents of amounts in cents, exact up to 90 trillion."""
    return np.rint(_floats(amounts)).astype(np.int64)
