"""What has been read before?  Files by their content, and tables kept for the next run; safe to delete at any time.

    paths → fingerprints     SHA-256 of each, read again only where size, time or inode changed
    table → write, restore   parquet with every digit
"""

import hashlib
import json
import os
import tempfile
from collections.abc import Collection, Sequence
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from helpers.errors import InputError


def fingerprints(paths: Sequence[Path], folder: Path, afresh: bool = False) -> list[str]:
    """SHA-256 of each file, remembered by path, size, time and inode so that unchanged files are not read again.

    afresh reads every file, whatever its size and time say.
    """
    memory = folder / "hashes.json"
    try:
        known = dict(json.loads(memory.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        known = {}
    before, prints = dict(known), []
    for path in paths:
        mark = state(path)
        seen = known.get(str(path))
        if afresh or not seen or seen[:3] != mark:
            seen = [*mark, digest(path)]
            known.pop(str(path), None)
            if state(path) == mark:  # else it was written to meanwhile, and the mark is not that of this content
                known[str(path)] = seen
        prints.append(seen[3])
    if known != before:
        _remember(known, memory)
    return prints


def digest(path: Path) -> str:
    """SHA-256 of the file's content, read now."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _remember(known: dict, memory: Path) -> None:
    try:
        memory.parent.mkdir(parents=True, exist_ok=True)
        _write_aside(memory, lambda aside: aside.write_text(json.dumps(known, indent=0, sort_keys=True),
                                                            encoding="utf-8"))
    except OSError as error:
        raise InputError(str(memory.parent), error.strerror or str(error), "a folder with room for what is kept",
                         "free some space or give the permission, and run again") from error


def state(path: Path) -> list[int]:
    """Size, time and inode of a file: where they are the same, so is the content, unless it was made to look so."""
    told = path.stat()
    return [told.st_size, told.st_mtime_ns, told.st_ino]


def write(table: pd.DataFrame, path: Path) -> None:
    """The table as parquet, every digit of its amounts kept."""
    pq.write_table(pa.Table.from_pandas(_decimal_columns(table), preserve_index=False), path)


def restore(path: Path, exact: Collection[str] | None = None) -> pd.DataFrame:
    """A stored table, its amounts Decimal again; with `exact` those of these names only, the rest as Arrow has them."""
    try:
        table = pq.read_table(path, partitioning=None)
    except (OSError, pa.ArrowInvalid) as error:
        raise damaged(path) from error
    apart = [] if exact is None else [field.name for field in table.schema
                                      if pa.types.is_decimal(field.type) and field.name not in exact]
    frame = table.drop_columns(apart).to_pandas()
    for name in apart:
        frame[name] = pd.Series(pd.arrays.ArrowExtensionArray(table[name]), index=frame.index)
    return frame[table.column_names] if apart else frame


def damaged(path: Path) -> InputError:
    """That what was kept is no longer as it was left; it can be made again."""
    return InputError(str(path), "what an earlier run kept cannot be read", "what it left, unchanged",
                      "delete the cache folder and run again")


def _decimal_columns(lines: pd.DataFrame) -> pd.DataFrame:
    """The lines with each column of Decimals at one number of decimals, so that parquet holds every digit."""
    stored = lines.copy()
    for column in lines.columns[lines.dtypes == object]:
        amounts = [amount for amount in lines[column] if isinstance(amount, Decimal)]
        if not amounts and any(isinstance(text, str) for text in lines[column]):
            continue
        scale = max((-amount.as_tuple().exponent for amount in amounts), default=0)
        kind = pa.decimal256(76, max(scale, 0))
        stored[column] = pd.Series(pd.arrays.ArrowExtensionArray(pa.array(lines[column], kind)), index=lines.index)
    return stored


def _write_aside(path: Path, write) -> None:
    handle, name = tempfile.mkstemp(prefix=".made-", dir=path.parent)
    os.close(handle)
    try:
        write(Path(name))
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
