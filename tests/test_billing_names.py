"""A billing column that the parameters name may be called anything: spaces, dots, brackets, umlauts, quotes, words of SQL."""

import csv
import gzip
import json
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from helpers import billing
from helpers.billing import Word

NAMES = ["Net amount", "a.b.c", "amt [EUR]", "Kosten (ä, ö) ß", "ÄPFEL", "it's", 'say "so"', "1st", "2026", "select", "order", "a,b",
         "%s", "a\\b", "{x}", "$.a", "*", "-- x", "日本", "`tick`", "given_BilledCost", "a'b\"c.d [e]"]
SAID = {"BilledCost": "1.5", "BillingPeriodStart": "2026-09-01", "ServiceName": "S", "Tags": '{"app":"a"}', "ConsumedQuantity": "3"}


def write(path, rows: list[dict]) -> None:
    if path.suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist(rows), path)
    elif path.suffix == ".json":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    else:
        with (gzip.open if path.suffix == ".gz" else open)(path, "wt", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)


PAIRS = [(name, ending) for name in NAMES for ending in ("csv", "parquet")] + [
    (name, ending) for name in NAMES[1:7] for ending in ("csv.gz", "json")]


@pytest.mark.parametrize(("name", "ending"), PAIRS)
def test_each_column_may_be_called_so(tmp_path, name, ending):
    """The cost by this name, the others by names like it; two rows of 1.50 and 3 units."""
    columns = {role: name + "+" * place for place, role in enumerate(SAID)}
    path = tmp_path / f"bill.{ending}"
    write(path, [{columns[role]: text for role, text in SAID.items()}] * 2)
    word = Word(("*",), format="table", columns=columns, values={"ProviderName": "X", "BillingCurrency": "USD"})
    [line] = billing.load([path], tmp_path / "cache", billing.Asked((word,))).lines.to_dict("records")
    assert (line["BilledCost"], line["ConsumedQuantity"]) == (Decimal(3), Decimal(6))
    assert (line["ServiceName"], line["billing_period"], line["Tags"]) == ("S", "2026-09", '{"app":"a"}')
