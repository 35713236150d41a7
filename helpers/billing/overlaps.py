"""Do files hold the same charges?  Files in; for each pair how many rows of each day stand in both.

    sources → shared → pairs     one row a bill, day and pair of files: rows that stand in both

A charge is told from any other by the columns that should identify it (Format.identity) and its times, all as the cube
will have them: `(null)`, `NULL` and a blank, `usage` and `Usage` are no two charges.  It is never told by line ids, which
no provider promises between deliveries, nor by its amounts, which a later delivery may change.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from helpers.billing import keep, reading, tagging
from helpers.billing.shapes import KEYS
from helpers.billing.sources import Source

COLUMNS = ["ProviderName", "BillingAccountId", "billing_period", "service_day", "file", "other", "rows"]
CERTAIN = 0.8  # share of a file's rows that must be charges of their own: else its columns do not identify a charge


def shared(sources: Sequence[Source], amounts: bool, engine) -> pd.DataFrame:
    """The rows that stand in two files, counted by bill and day; most often none do, and one pass tells.

    With `amounts` only what has the same amounts is the same.  Files whose columns do not tell charges apart, so that
    most rows look like another of the same file, are left out: they prove nothing.
    """
    groups = reading.alike(sources)
    asked = [reading.queries(group, engine)[0] for group in groups]
    firsts = [sum(map(len, groups[:place])) for place in range(len(groups))]
    names = dict(enumerate(source.name for group in groups for source in group))
    every = " UNION ALL ".join(query.prints(amounts, first) for query, first in zip(asked, firsts, strict=True))
    engine.keep("shared_prints", f"SELECT print FROM ({every}) GROUP BY print HAVING min(file) <> max(file)")
    if not engine.table("SELECT 1 AS print FROM shared_prints LIMIT 1").num_rows:
        return _none()
    told = engine.table(f"SELECT file, count(*) AS rows, count(DISTINCT print) AS charges FROM ({every}) GROUP BY file")
    certain = {row["file"] for row in told.to_pylist() if row["charges"] >= CERTAIN * row["rows"]}
    keys, mark = ["ProviderName", "BillingAccountId"], "whole" if amounts else "print"
    rows = " UNION ALL ".join(
        f"SELECT {', '.join(keys)}, substr(billing_day, 1, 7) AS billing_period, service_day, file + {first} AS file, "
        f"{mark} AS print, line_count "
        f"FROM ({query.rows(keys, [], days=True, carry=['file', mark], only='shared_prints')})"
        for query, first in zip(asked, firsts, strict=True))
    columns = ", ".join(COLUMNS[:4])
    engine.keep("shared_rows", f"SELECT {columns}, file, print, sum(line_count) AS rows FROM ({rows}) "
                               f"GROUP BY {columns}, file, print")
    pairs = ", ".join(f"one.{name}" for name in COLUMNS[:4])
    found = engine.table(
        f"SELECT {pairs}, one.file, two.file AS other, CAST(sum(least(one.rows, two.rows)) AS BIGINT) AS rows "
        "FROM shared_rows AS one JOIN shared_rows AS two ON one.print = two.print AND one.file < two.file "
        f"GROUP BY {pairs}, one.file, two.file ORDER BY {pairs}, one.file, two.file").to_pandas()
    found = found[found["file"].isin(certain) & found["other"].isin(certain)]
    found = found.assign(file=found["file"].map(names), other=found["other"].map(names)).loc[:, COLUMNS]
    return found.reset_index(drop=True) if len(found) else _none()


def _none() -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(dtype="int64" if name == "rows" else "str") for name in COLUMNS})


def kept(sources: Sequence[Source], amounts: bool, folder: Path, prints: Sequence[str], engine) -> pd.DataFrame:
    """What `shared` finds, from the folder where it was found before."""
    key = keep.key_of("shared", amounts, sorted(zip([source.name for source in sources], prints, strict=True)),
                      [vars(source.word) for source in sources])
    place = keep.made(folder, f"shared-{key}",
                      lambda aside: shared(sources, amounts, engine()).to_parquet(aside / "rows.parquet"))
    return pd.read_parquet(place / "rows.parquet", partitioning=None)


def same_lines(pair: Sequence[Source], scales: Mapping[str, Mapping[str, int]], tag_keys: Sequence[str], engine) -> bool:
    """Whether two files say the same of every charge, as the cube has it: texts, tags that count, months, exact sums."""
    keys = ", ".join(f"rows.{name}" if name != "Tags" else "coalesce(tag_map.kept, '') AS Tags" for name in KEYS)
    for place, source in enumerate(pair):
        parts = [f"SELECT * FROM ({query.rows(KEYS, ['BilledCost', 'EffectiveCost'])})"
                 for query in reading.queries([source], engine, scales[source.name])]
        engine.keep("side_rows", " UNION ALL ".join(parts))
        engine.keep("tag_map", tagging.reduce(engine.table("SELECT DISTINCT Tags AS text FROM side_rows"), tag_keys,
                                              source.format.tag_prefixes))
        engine.keep(f"side_{place}", (
            f"SELECT {keys}, substr(billing_day, 1, 7) AS billing_period, substr(service_day, 1, 7) AS service_period, "
            "sum(BilledCost) AS BilledCost, sum(EffectiveCost) AS EffectiveCost, sum(line_count) AS line_count FROM side_rows AS rows "
            "LEFT JOIN tag_map ON rows.Tags = tag_map.text GROUP BY ALL"))
    differ = engine.table("SELECT count(*) AS rows FROM ((SELECT * FROM side_0 EXCEPT SELECT * FROM side_1) UNION ALL "
                          "(SELECT * FROM side_1 EXCEPT SELECT * FROM side_0))")
    return not differ["rows"][0].as_py()

