"""Which tags count?  Each distinct Tags text once: those under the keys that the parameters name, in one spelling.

    texts, keys → reduce → tag_map     text: kept, so that texts that say the same become one

Most texts are plain JSON objects, which DuckDB reads by the hundred thousand; what is anything else helpers.tags reads.
"""

from collections.abc import Sequence

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from helpers import tags
from helpers.billing.shapes import PAIR, PIECE, literal

PLAIN = r"text LIKE '{%}' AND NOT contains(text, '\') AND json_valid(text)"


def reduce(texts: pa.Table, keys: Sequence[str], prefixes: Sequence[str] = ()) -> pa.Table:
    """Of a column `text` of distinct Tags texts: text, and `kept`, the tags that count as JSON ("" for none)."""
    counts = tags.counting(keys)
    with duckdb.connect() as engine:
        engine.register("texts", texts)
        engine.execute(f"CREATE TABLE said AS SELECT text, CASE WHEN {PLAIN} THEN text ELSE '{{}}' END AS json, "
                       f"{PLAIN} AS plain FROM texts")  # apart: what is no JSON must not meet a function that reads it
        named = [name for (name,) in engine.sql("SELECT DISTINCT unnest(json_keys(json)) FROM said").fetchall()]
        wanted = [] if prefixes else sorted(name for name in named if counts(name))
        if not wanted or len(wanted) > MANY or any(not name.isascii() or '"' in name for name in wanted):
            return _read(texts["text"].to_pylist(), counts, prefixes)
        told = engine.sql(_told(wanted)).to_arrow_table()
    plain = told.filter(pc.is_valid(told["kept"]))
    rest = _read(told.filter(pc.is_null(told["kept"]))["text"].to_pylist(), counts, prefixes)
    return pa.concat_tables([plain.cast(rest.schema), rest])


def _read(texts: Sequence[str], counts, prefixes: Sequence[str]) -> pa.Table:
    kept = [tags.reduced(text, counts, prefixes, PIECE, PAIR) for text in texts]
    return pa.table({"text": pa.array(texts, pa.string()), "kept": pa.array(kept, pa.string())})


MANY = 40  # keys beyond which asking for each is slower than reading the texts


def _told(wanted: Sequence[str]) -> str:
    """SELECT of the texts with what is kept of the plain ones; NULL for those that are not, or hold other than texts."""
    paths = [literal(f'$."{name}"') for name in wanted]
    odd = " OR ".join(f"coalesce(json_type(json, {path}), 'VARCHAR') <> 'VARCHAR'" for path in paths)
    once = "len(json_keys(json)) = len(list_distinct(json_keys(json)))"
    pairs = ", ".join(f"{literal(_key(name))} || CAST(json_extract(json, {path}) AS VARCHAR)"
                      for name, path in zip(wanted, paths, strict=True))
    return (f"SELECT text, CASE WHEN NOT plain OR {odd} OR NOT {once} THEN NULL WHEN joined = '' THEN '' "
            f"ELSE '{{' || joined || '}}' END AS kept FROM (SELECT *, concat_ws(',', {pairs}) AS joined FROM said)")


def _key(name: str) -> str:
    return f'"{name}":'
