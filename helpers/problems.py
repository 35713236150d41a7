"""What is wrong, all of it at once?  A list that inputs add to while they are read, raised as one error at the end."""

from difflib import get_close_matches
from pathlib import Path

from helpers.errors import InputError

ROOT = Path(__file__).resolve().parent.parent  # the project folder


class InputErrors(InputError):
    """Several things wrong with the inputs; its text has one line for each."""

    def __init__(self, problems: list[InputError]):
        self.problems = problems
        Exception.__init__(self, "\n".join(str(problem) for problem in problems))


def as_one(problems: list[InputError]) -> InputError:
    """Several errors (at least one) as one to raise: the error itself where it is alone."""
    return problems[0] if len(problems) == 1 else InputErrors(problems)


class Problems:
    """What was found wrong so far.

    A cause that repeats is told once: the first line it was found on, and how many more there are.
    """

    def __init__(self):
        self._rows: list[tuple[str, str, str, str, int]] = []

    def __bool__(self) -> bool:
        return bool(self._rows)

    def add(self, where: str, found: str, expected: str, todo: str, more: int = 0) -> None:
        """Notes a problem that occurs `more` times besides."""
        self._rows.append((where, found, expected, todo, more))

    def error(self) -> InputError:
        """What was noted as one error: an InputError for one problem, InputErrors for several."""
        return as_one([_error(*row) for row in self._rows])

    def stop(self) -> None:
        """Raises what was noted, if anything was."""
        if self._rows:
            raise self.error()


def _error(where: str, found: str, expected: str, todo: str, more: int) -> InputError:
    times = f" (and {more} more)" if more else ""
    return InputError(where, found + times, expected, todo)


def nearest(word: str, words: list[str], likeness: float = 0.6) -> str:
    """The valid word that looks most like the one found, or "" when none is close (likeness 0..1)."""
    same = {valid.lower(): valid for valid in words}
    close = get_close_matches(word.lower(), list(same), n=1, cutoff=likeness)
    return same[close[0]] if close else ""


def quoted(text: str) -> str:
    """The text as messages show it: in quotes, on one line, not too long."""
    line = " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
    return f'"{line if len(line) <= 40 else line[:39] + "…"}"'


def shown(file: Path) -> str:
    """The path as messages show it: from the project folder where it lies inside."""
    return file.relative_to(ROOT).as_posix() if file.is_relative_to(ROOT) else file.as_posix()
