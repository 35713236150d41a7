"""Which tags count?  Each distinct Tags text once: those under the keys that the parameters name, in one spelling.

    texts, keys → reduce → tag_map     text: kept, so that texts that say the same become one

Most texts are plain JSON objects, which DuckDB reads by the hundred thousand; what is anything else helpers.tags reads.
"""

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from helpers import tags
from helpers.billing.duck import locked
from helpers.billing.shapes import PAIR, PIECE, literal

PLAIN = r"text LIKE '{%}' AND NOT contains(text, '\') AND json_valid(text)"


def reduce(texts: pa.Table, keys: Sequence[str], prefixes: Sequence[str] = ()) -> pa.Table:
    """Of a column `text` of distinct Tags texts: text, and `kept`, the tags that count as JSON ("" for none)."""
    counts = tags.counting(keys)
    with locked() as engine:
        engine.register("texts", texts)
        engine.execute(f"CREATE TABLE looked AS SELECT text, {PLAIN} AS plain FROM texts")
        engine.execute("CREATE TABLE said AS SELECT *, json_keys(json) AS keys FROM (SELECT text, plain, "  # apart: what
                       "CASE WHEN plain THEN text ELSE '{}' END AS json FROM looked)")  # is no JSON must not be read as it
        sets = [keys for (keys,) in engine.sql("SELECT DISTINCT keys FROM said").fetchall()]
        named = {name for keys in sets for name in keys}
        wanted = [] if prefixes else sorted(name for name in named if counts(name))
        if not wanted or len(wanted) > MANY or any(not _is_plain(name) for name in wanted):
            return _read(texts["text"].to_pylist(), counts, prefixes)
        told = engine.sql(_told(wanted, any(len(keys) > len(set(keys)) for keys in sets))).to_arrow_table()
    if not told["kept"].null_count:
        return told
    plain = told.filter(pc.is_valid(told["kept"]))
    rest = _read(told.filter(pc.is_null(told["kept"]))["text"].to_pylist(), counts, prefixes)
    return pa.concat_tables([plain.cast(rest.schema), rest])


def _read(texts: Sequence[str], counts, prefixes: Sequence[str]) -> pa.Table:
    kept = [tags.reduced(text, counts, prefixes, PIECE, PAIR) for text in texts]
    return pa.table({"text": pa.array(texts, pa.string()), "kept": pa.array(kept, pa.string())})


MANY = 40  # keys beyond which asking for each is slower than reading the texts


def _told(wanted: Sequence[str], twice: bool) -> str:
    """SELECT of the texts with what is kept of the plain ones; NULL for those that are not, hold other than texts, or,
    as `twice` says of some, a key more than once."""
    paths = f"[{', '.join(literal(_path(name)) for name in wanted)}]"
    odd = "len(list_filter(json_type(json, {0}), lambda kind: kind <> 'VARCHAR')) > 0".format(paths)
    odd += " OR len(keys) > len(list_distinct(keys))" if twice else ""
    pairs = ", ".join(f"{literal(_key(name))} || CAST(held[{place}] AS VARCHAR)" for place, name in enumerate(wanted, 1))
    return (f"SELECT text, CASE WHEN NOT plain OR {odd} THEN NULL WHEN joined = '' THEN '' "
            f"ELSE '{{' || joined || '}}' END AS kept FROM (SELECT *, concat_ws(',', {pairs}) AS joined FROM "
            f"(SELECT *, json_extract(json, {paths}) AS held FROM said))")


def _is_plain(name: str) -> bool:
    """Whether DuckDB's path of the key leads to it alone: a star is any key, and it writes other letters its own way."""
    return name.isascii() and '"' not in name and name != "*"


def _path(name: str) -> str:
    return f'$."{name}"'


def _key(name: str) -> str:
    return f'"{name}":'
