"""Where do I start?  A folder of files, what each is taken for, and a first parameters file to edit.

    folder → formats.guess → Found (a file each; billing with providers and months) → draft.write → params/mine.yaml
"""

from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from helpers import draft, formats, found
from helpers.__main__ import command
from helpers.billing import Word, reading, sources, survey
from helpers.billing.duck import Duck
from helpers.errors import InputError
from helpers.formats import Guess
from helpers.problems import ROOT, shown

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
    named = shown(path) if Path.cwd().resolve() == ROOT else str(path)
    return [*lines, f"written: {named}, for {month}; look it through, then run:",
            command(["report", "--params", named])]


def scan(place: Path) -> list[Found]:
    """What each table in the folder and below is taken for; hidden ones are left out."""
    if not place.is_dir():
        raise InputError(shown(place), "no such folder", "a folder of billing and other files", "correct the path")
    files = sorted(file for file in place.rglob("*") if _is_table(file, place))
    with TemporaryDirectory() as aside, Duck(files=files, folder=Path(aside), spill="spill") as engine:
        guesses = [formats.guess(file, engine) for file in files]
        guesses = _one_each([guess for guess in guesses if guess.kind or found.kind_of(guess.file) != "json"])
        return [read_bills(guess, engine) for guess in guesses]


def read_bills(guess: Guess, engine: Duck) -> Found:
    """The file with its bills; one that cannot be read is not used, and says why."""
    if guess.kind != "billing":
        return Found(guess)
    try:
        source = sources.open_source(guess.file, Word(), engine)
        if source.dataset:
            return Found(guess)
        with reading.told([source]):
            survey.survey([source], engine)
            [first, *_] = reading.queries([source], engine)
            reach = first.reach(["ProviderName", "ChargeCategory", "BillingCurrency"])
            rows = engine.table(BILLS.format(reach=reach, days=int(source.format.whole_days))).to_pylist()
    except InputError as wrong:
        cause = f"{wrong.where.removeprefix(shown(guess.file)).lstrip(', ')}: {wrong.found}".removeprefix(": ")
        return Found(replace(guess, kind="", what=f"{guess.what}: not used, it cannot be read ({cause})"))
    if not rows:
        return Found(replace(guess, kind="", what=f"{guess.what}: not used, it has no rows"))
    return Found(guess, tuple(Bill(*row.values()) for row in rows))


# an hour short of a day counts as the day
BILLS = """SELECT ProviderName, substr(billing_day, 1, 7) AS month, BillingCurrency, CAST(sum(line_count) AS BIGINT) AS rows,
    coalesce(CAST(CAST(max(CASE WHEN ChargeCategory = 'Usage' THEN until END)
             + INTERVAL 1 HOUR + INTERVAL {days} DAY AS DATE) AS VARCHAR), '') AS reach
    FROM ({reach}) GROUP BY ProviderName, month, BillingCurrency ORDER BY ALL"""


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
