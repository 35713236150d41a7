"""Which files does an input name?  A path, a folder or a pattern in; files out, sorted, each once.

    patterns → find      `**` for any depth of folders; a folder stands for the files of data in it, at any depth
"""

import glob
from collections.abc import Iterable
from pathlib import Path

from helpers.problems import ROOT

KINDS = {".csv": "csv", ".csv.gz": "csv", ".parquet": "parquet", ".json": "json", ".jsonl": "json", ".json.gz": "json",
         ".ndjson": "json"}  # end of a name, in lower case: what the file holds


def find(patterns: Iterable[str]) -> list[Path]:
    """The files that the patterns find, from the project folder; a name that exists is not read as a pattern."""
    files: set[Path] = set()
    for pattern in patterns:
        named = ROOT / pattern
        if named.is_file():
            files.add(named)
        elif named.is_dir():
            files |= inside(named)
        else:
            files.update(map(Path, glob.glob(str(named), recursive=True)))
    return sorted(file for file in files if file.is_file())


def inside(folder: Path) -> set[Path]:
    """The files of data in a folder, at any depth: no manifests, nothing hidden, no marks such as _SUCCESS."""
    return {file for file in folder.rglob("*") if kind_of(file) and "manifest" not in file.name.lower()
            and not any(part.startswith((".", "_")) for part in file.relative_to(folder).parts)}


def kind_of(path: Path) -> str:
    """csv, parquet or json, by the file's name; "" where it tells nothing."""
    return next((kind for end, kind in KINDS.items() if path.name.lower().endswith(end)), "")
