"""FOCUS's tables beside cost and usage: contract commitments, invoice details and billing periods (1.3 and 1.4).

    source → read → table     texts as they are, costs and quantities as decimals; for reconciliation

Source: FOCUS specification 1.4, column library.
"""

import pandas as pd

from helpers import values
from helpers.billing import reading
from helpers.billing.wording import BLANK
from helpers.billing.shapes import quoted
from helpers.billing.sources import Source
from helpers.errors import InputError

AMOUNTS = ("BilledCost", "PaymentCurrencyBilledCost", "ContractCommitmentCost", "ContractCommitmentQuantity",
           "PricingCurrencyContractCommitmentCost")


def read(source: Source, engine) -> pd.DataFrame:
    """The rows of a dataset's file, blank for nothing; raises InputError on an amount that is no number."""
    view, columns = engine.relation([source.path], source.kind, source.delimiter, source.columns, placed=True)
    texts = ", ".join(f"CASE WHEN lower(trim(CAST({quoted(name)} AS VARCHAR))) IN {BLANK} THEN '' ELSE "
                      f"coalesce(trim(CAST({quoted(name)} AS VARCHAR)), '') END AS {quoted(name)}" for name in columns)
    with reading.told([source]):
        table = engine.table(f"SELECT {texts} FROM {view}").to_pandas().astype(object)
    for name in set(AMOUNTS) & set(columns):
        table[name] = [_amount(source, name, row, text) for row, text in enumerate(table[name], start=1)]
    return table


def _amount(source: Source, column: str, row: int, text: str):
    try:
        return values.amount(text) if text else None
    except values.Wrong:
        raise reading.bad_value(source, row, column, text, 1, "a plain number, such as 1234.50") from None
