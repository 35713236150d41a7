"""What has been read before?  Files by their content, and tables kept for the next run; safe to delete at any time.

    paths → fingerprints     SHA-256 of each, read again only where size, time or inode changed
    tables → store, restore  made aside and moved into place, so that a broken run leaves nothing half-made
"""

import hashlib
import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq


def fingerprints(paths: Sequence[Path], cache: Path) -> list[str]:
    """SHA-256 of each file, remembered by path, size, time and inode so that unchanged files are not read again."""
    memory = cache / "hashes.json"
    try:
        known = json.loads(memory.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        known = {}
    prints = []
    for path in paths:
        state = path.stat()
        mark = [state.st_size, state.st_mtime_ns, state.st_ino]
        seen = known.get(str(path))
        if not seen or seen[:3] != mark:
            with open(path, "rb") as file:
                known[str(path)] = [*mark, hashlib.file_digest(file, "sha256").hexdigest()]
        prints.append(known[str(path)][3])
    cache.mkdir(parents=True, exist_ok=True)
    _write_aside(memory, lambda aside: aside.write_text(json.dumps(known, indent=0, sort_keys=True), encoding="utf-8"))
    return prints


def store(tables: Mapping[str, pd.DataFrame], kept: Path) -> None:
    """The tables in a folder of their own, made aside and moved into place: a broken build leaves nothing."""
    kept.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=kept.parent) as aside:
        for name, table in tables.items():
            pq.write_table(pa.Table.from_pandas(_decimal_columns(table), preserve_index=False),
                           Path(aside) / f"{name}.parquet")
        made = Path(aside) / "made"
        made.mkdir()
        for file in Path(aside).glob("*.parquet"):
            file.rename(made / file.name)
        try:
            made.rename(kept)
        except OSError:  # another run was first: its tables are the same
            if not kept.is_dir():
                raise


def restore(path: Path) -> pd.DataFrame:
    """A stored table, its amounts Decimal again."""
    return pq.read_table(path, use_threads=False).to_pandas()


def _decimal_columns(lines: pd.DataFrame) -> pd.DataFrame:
    """The lines with each column of Decimals at one number of decimals, so that parquet holds every digit."""
    stored = lines.copy()
    for column in lines.columns[lines.dtypes == object]:
        amounts = [amount for amount in lines[column] if isinstance(amount, Decimal)]
        scale = max((-amount.as_tuple().exponent for amount in amounts), default=0)
        kind = pa.decimal256(76, max(scale, 0))
        stored[column] = pd.Series(pd.arrays.ArrowExtensionArray(pa.array(lines[column], kind)), index=lines.index)
    return stored


def _write_aside(path: Path, write) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent)
    os.close(handle)
    write(Path(name))
    os.replace(name, path)
