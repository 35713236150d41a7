"""Where do I start?  A folder of files, what each is taken for, and a first parameters file to edit.

    folder → formats.guess → Found (a file each; billing with providers and months) → draft.write → params/mine.yaml
"""

from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from helpers import draft, focus, formats
from helpers.errors import InputError
from helpers.formats import Guess
from helpers.problems import shown

SEVERAL = ("billing", "drivers")  # inputs that take more than one file


@dataclass(frozen=True)
class Bill:
    """Billing of a provider, month and currency in a file; `reach` is the first day its usage does not cover."""

    provider: str
    month: str
    currency: str
    lines: int
    reach: str


@dataclass(frozen=True)
class Found:
    """A file, what it is taken for, and its bills where it is billing."""

    guess: Guess
    bills: tuple[Bill, ...] = ()

    def told(self, place: Path) -> str:
        """One line about the file."""
        return f"{self.guess.file.relative_to(place).as_posix()}: {self.guess.what}{_billed(self.bills)}"


def start(folder: str | Path, target: str | Path) -> list[str]:
    """A line a file, and what was written; raises InputError, with those lines, where there is no billing to read."""
    place, path = Path(folder).resolve(), Path(target).resolve()
    if path.exists():
        raise InputError(shown(path), "the file exists", "a new file", "name another with --params")
    found = scan(place)
    lines = [one.told(place) for one in found]
    if not any(one.bills for one in found):
        seen = "; ".join(lines) or "no CSV or parquet file"
        found_none = f"no billing that can be read ({seen})"
        raise InputError(shown(place), found_none, "a FOCUS cost and usage export", "add one")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(draft.write(found), encoding="utf-8", newline="\n")
    month = draft.last_covered([bill for one in found for bill in one.bills])
    return [*lines, f"written: {shown(path)}, for {month}; look it through, then run:",
            f"python -m helpers report --params {shown(path)}"]


def scan(place: Path) -> list[Found]:
    """What each table in the folder and below is taken for; hidden ones are left out."""
    if not place.is_dir():
        raise InputError(shown(place), "no such folder", "a folder of billing and other files", "correct the path")
    files = sorted(file for file in place.rglob("*") if _is_table(file, place))
    with duckdb.connect() as engine:
        engine.execute("SET TimeZone = 'UTC'")
        guesses = _one_each([formats.guess(file, engine) for file in files])
        return [read_bills(guess, engine) for guess in guesses]


def read_bills(guess: Guess, engine: duckdb.DuckDBPyConnection) -> Found:
    """The file with its bills, read from five of its columns only."""
    if guess.kind != "billing":
        return Found(guess)
    try:
        delimiter, columns = focus.columns_of(engine, guess.file)
        clause = focus.source([guess.file], delimiter, columns)
        rows = engine.execute(_query(clause, columns)).fetchall()
    except (duckdb.Error, InputError) as wrong:
        cause = str(wrong).strip().splitlines()[0]
        return Found(replace(guess, kind="", what=f"{guess.what}: not used, it cannot be read ({cause})"))
    if not rows:
        return Found(replace(guess, kind="", what=f"{guess.what}: not used, it has no rows"))
    return Found(guess, tuple(Bill(*row) for row in rows))


def _query(clause: str, columns: dict[str, str]) -> str:
    """Lines by provider, month and currency, and how far usage reaches (an hour short of a day counts as the day)."""
    provider = next(name for name in focus.KEYS["ProviderName"] if name in columns)
    last = "ChargePeriodEnd" if "ChargePeriodEnd" in columns else "ChargePeriodStart"
    reach = f"max({_moment(last)}) FILTER (WHERE ChargeCategory = 'Usage') + INTERVAL 1 HOUR"
    month = f"strftime({_moment('BillingPeriodStart')}, '%Y-%m')"
    parts = [f'trim(CAST("{provider}" AS VARCHAR))', month, "trim(BillingCurrency)"]
    keys = ", ".join(f"coalesce({part}, '')" for part in parts)
    return (f"SELECT {keys}, count(*), coalesce(strftime({reach}, '%Y-%m-%d'), '') "
            f"FROM {clause} GROUP BY ALL ORDER BY ALL")


def _moment(column: str) -> str:
    text = f'CAST("{column}" AS VARCHAR)'
    slashed = f"try_strptime(regexp_extract({text}, '^[0-9/]+'), '%m/%d/%Y')"
    return f"CASE WHEN {text} LIKE '%/%' THEN {slashed} ELSE try_cast(substr({text}, 1, 19) AS TIMESTAMP) END"


def _is_table(file: Path, place: Path) -> bool:
    hidden = any(part.startswith(".") for part in file.relative_to(place).parts)
    return not hidden and file.is_file() and file.name.lower().endswith(formats.SUFFIXES)


def _one_each(guesses: list[Guess]) -> list[Guess]:
    """The guesses, where a second file of a table that takes one is not used."""
    first: dict[str, Guess] = {}
    kept = []
    for guess in guesses:
        taken = first.setdefault(guess.kind, guess)
        if guess.kind in ("", *SEVERAL) or taken is guess:
            kept.append(guess)
        else:
            what = f"{guess.what}: not used, {taken.file.name} is taken (one file; put them together)"
            kept.append(replace(guess, kind="", what=what))
    return kept


def _billed(bills: tuple[Bill, ...]) -> str:
    if not bills:
        return ""
    providers = ", ".join(sorted({bill.provider for bill in bills}))
    months = sorted({bill.month for bill in bills})
    span = months[0] if len(months) == 1 else f"{months[0]} to {months[-1]}"
    return f" of {providers}, {span}, {sum(bill.lines for bill in bills):,} lines"
