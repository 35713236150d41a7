"""How do consumption feeds come in?  A driver table as the codebook has it, or a cluster's own export as it is.

    file → read → drivers (period, driver, consumer, quantity, unit)
    OpenCost CSV export → by month and namespace, each of its measures a driver of that name

The exporter writes one row a day and container, with averages over the day: their sum over a month is measure-days.
A namespace is the application that the CMDB or an alias spells so, else itself: its share then waits for an owner.
"""

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from helpers import codebook, inputs
from helpers.money import sum_by

EXPORT = "opencost_export"
DAY, NAMESPACE = "Date", "Namespace"


def read(path: Path, code: Callable[[str], str] = str) -> pd.DataFrame:
    """The feed of a file as a table of drivers; `code` gives the application that a namespace stands for."""
    header = inputs.header(path)
    if "driver" in header or not {DAY, NAMESPACE} <= set(header):
        return inputs.read(path, "drivers")
    return _by_namespace(inputs.read(path, EXPORT), set(header), code)


def _by_namespace(rows: pd.DataFrame, given: set[str], code: Callable[[str], str]) -> pd.DataFrame:
    measures = [column for column in codebook.columns(EXPORT, "input") if column.type == "quantity" and column.name in given]
    names = {text: code(text) for text in rows[NAMESPACE].unique()}
    told = rows.assign(period=rows[DAY].str[:7], consumer=rows[NAMESPACE].map(names).astype("str"))
    sums = sum_by(told, ["period", "consumer"], [column.name for column in measures])
    parts = [sums[["period", "consumer"]].assign(driver=column.name, quantity=sums[column.name], unit=column.unit)
             for column in measures]
    wanted = [column.name for column in codebook.columns("drivers", "input")]
    found = pd.concat(parts, ignore_index=True)[wanted] if parts else pd.DataFrame(columns=wanted)
    found.attrs["whole"] = rows.attrs.get("whole")
    return found
