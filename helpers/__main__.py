"""How is it asked for?  python -m helpers COMMAND; the commands stand in helpers.command_line.

Runs on any Python: one that is too old, or that lacks the packages, is told in one line what to run.
"""

import os
import subprocess
import sys

OLDEST = (3, 11)
SETUP = "python3 -m helpers.setup"
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def main(arguments=None):
    """Runs one command; its exit status."""
    if sys.version_info[:2] < OLDEST:
        return refused("this is Python %d.%d; expected 3.11 or newer" % sys.version_info[:2], arguments)
    try:
        from helpers import command_line
        return command_line.main(arguments)
    except ImportError as lacking:
        name = (lacking.name or "").partition(".")[0]
        if name in ("", "helpers"):
            raise
        return refused("this Python lacks %s; expected the workbook's own environment" % name, arguments)


def refused(why, arguments):
    """Tells why, and the line to run; the exit status."""
    parts = ("Scripts", "python.exe") if os.name == "nt" else ("bin", "python")
    python = os.path.join(ROOT, ".venv", *parts)
    line = command(sys.argv[1:] if arguments is None else arguments, python)
    if not os.path.exists(python) or os.path.normcase(sys.prefix) == os.path.normcase(os.path.join(ROOT, ".venv")):
        line = "%s in %s (delete .venv there first, if it is there), then: %s" % (SETUP, quoted(ROOT), line)
    sys.stderr.write("helpers: %s; run: %s\n" % (why, line))
    return 1


def command(arguments, python=""):
    """The line that runs a command of this workbook from here, by the interpreter named or this one."""
    python = python or sys.executable
    here = os.path.realpath(os.getcwd()) == os.path.realpath(ROOT)
    inside = os.path.relpath(python, ROOT) if here and python.startswith(os.path.join(ROOT, "")) else python
    return " ".join(map(quoted, [inside, "-m", "helpers"] + list(arguments)))


def quoted(text):
    """The text as a shell takes it for one word."""
    if os.name == "nt":
        return subprocess.list2cmdline([text])
    try:
        from shlex import quote
    except ImportError:  # Python 2
        from pipes import quote
    return quote(text)


if __name__ == "__main__":
    sys.exit(main())
