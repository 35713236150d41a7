"""What can be asked for?  The commands: report, start, demo, close, compare, lab.

Exit status: 0 all well, findings or not; 1 something failed (under --strict a finding too); 2 wrong usage.
Each thing that is wrong is one line on the standard error.
"""

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from helpers.errors import InputError, StepError
from helpers.periods import months
from helpers.problems import ROOT


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; its exit status."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a console that lacks a character shows ?
    asked = parser().parse_args(arguments)
    try:
        return asked.command(asked)
    except (InputError, StepError) as wrong:
        print(wrong, file=sys.stderr)
    except OSError as wrong:
        print(f"{wrong.filename or 'system'}: {wrong.strerror or wrong}", file=sys.stderr)
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
    return 1


def parser() -> argparse.ArgumentParser:
    """The commands and their options."""
    top = argparse.ArgumentParser(prog="python -m helpers", description="Cloud billing joined with the general ledger.")
    commands = top.add_subparsers(required=True, metavar="command")
    report = _command(commands, "report", _report, "make the pack of a month, or of several in a row")
    report.add_argument("period", nargs="?", type=_span, help="2026-09, or first and last: 2025-10..2026-09")
    report.add_argument("--params", metavar="FILE", help="parameters file; without it params/<last period>.yaml")
    report.add_argument("--out", default="reports", metavar="FOLDER", help="where packs go (default: reports)")
    report.add_argument("--jobs", type=int, default=2, help="notebooks that run side by side (default: 2)")
    report.add_argument("--strict", action="store_true", help="findings fail the run")
    report.add_argument("--rehash", action="store_true",
                        help="read the content of every billing file again, whatever its size and time say")
    start = _command(commands, "start", _start, "look at a folder of files and write a first parameters file")
    start.add_argument("folder")
    start.add_argument("--params", default="params/mine.yaml", metavar="FILE",
                       help="file to write (default: params/mine.yaml)")
    demo = _command(commands, "demo", _demo, "write the demo company's inputs again")
    demo.add_argument("folder", nargs="*", help="where to (default: data/demo)")
    close = _command(commands, "close", _close, "keep a month's tables as the closed month's")
    close.add_argument("period", type=_month)
    close.add_argument("--out", default="reports", metavar="FOLDER", help="where its pack is (default: reports)")
    compare = _command(commands, "compare", _compare, "say whose figure moved between two runs, and because of which row")
    compare.add_argument("was", metavar="A", help="a pack (reports/2026-09), a closed month, or a parameters file")
    compare.add_argument("now", metavar="B", nargs="?", help="the other one; without it A with the files of --with")
    compare.add_argument("--with", dest="instead", metavar="NAME=FILE", action="append", default=[],
                         help="lays a file over B's, such as rules.mapping=new_rules.csv; may be repeated")
    compare.add_argument("--period", type=_span, metavar="MONTHS", help="2026-09, or first and last: 2026-07..2026-09")
    compare.add_argument("--rows", metavar="TABLE", action="append", default=[],
                         help="try each row of the table (ledger, billing, …, or all), however many differ")
    compare.add_argument("--out", metavar="FOLDER", help="where its tables are written; without it they are not")
    _command(commands, "lab", _lab, "open copies of the notebooks in JupyterLab")
    return top


def _command(commands, name: str, run, help_line: str) -> argparse.ArgumentParser:
    command = commands.add_parser(name, help=help_line, description=help_line[0].upper() + help_line[1:] + ".")
    command.set_defaults(command=run)
    return command


def _month(text: str) -> str:
    from helpers.values import MONTH

    if not MONTH.fullmatch(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a month; write it like 2026-09")
    return text


def _span(text: str) -> list[str]:
    first, _, last = text.partition("..")
    span = months(_month(first), _month(last or first))
    if not span:
        raise argparse.ArgumentTypeError(f"{text!r} ends before it starts; write the earlier month first")
    return span


def _report(asked: argparse.Namespace) -> int:
    if not asked.period and not asked.params:
        print("report: name a month, like 2026-09, or a file with --params", file=sys.stderr)
        return 2
    from helpers import params

    path = asked.params or f"params/{asked.period[-1]}.yaml"
    settings = [params.load(path, period) for period in asked.period or [""]]
    return _one(settings[0], asked) if len(settings) == 1 else _several(settings, asked)


def _one(settings, asked: argparse.Namespace) -> int:
    from helpers import report

    before = report.map_of(asked.out, settings)
    ended = report.publish(settings, asked.out, asked.jobs, sys.stderr.isatty(), asked.strict, asked.rehash)
    for line in report.tell(ended.checks, settings.currency):
        print(line)
    for line in [] if ended.error else report.tell_moved(settings, before):
        print(line)
    if ended.error:
        print(ended.error, file=sys.stderr)
    print(f"{settings.period}: {report.ended(ended)}; {_near(ended.index)}")
    return int(ended.state == "failed")


def _several(every, asked: argparse.Namespace) -> int:
    """A month after the other; one that fails does not hold up the next."""
    from tqdm import tqdm

    from helpers import report

    failed = 0
    for settings in tqdm(every, unit="month", disable=not sys.stderr.isatty()):
        ended = report.publish(settings, asked.out, asked.jobs, False, asked.strict, asked.rehash)
        counts = ended.checks["state"].value_counts()
        told = ", ".join(f"{counts.get(state, 0)} {state}" for state in ("ok", "finding", "failed"))
        tqdm.write(f"{settings.period}: {report.ended(ended)}; {told}; {_near(ended.index)}", file=sys.stdout)
        if ended.error:
            tqdm.write(ended.error, file=sys.stderr)
        failed += ended.state == "failed"
    return int(failed > 0)


def _start(asked: argparse.Namespace) -> int:
    from helpers.start import start

    print("\n".join(start(asked.folder, asked.params)))
    return 0


def _demo(asked: argparse.Namespace) -> int:
    from helpers.demo.__main__ import main as write_demo

    write_demo(asked.folder)
    return 0


def _close(asked: argparse.Namespace) -> int:
    from helpers import report

    folder, company = report.close(asked.period, asked.out)
    print(f"{asked.period} of {company} is closed; kept in {_near(folder)}")
    return 0


def _compare(asked: argparse.Namespace) -> int:
    from helpers.compare import command

    if not asked.now and not asked.instead:
        print("compare: name a second run, or a file with --with, like: --with rules.mapping=new_rules.csv", file=sys.stderr)
        return 2
    told, state = command.run(asked.was, asked.now or asked.was, asked.instead, asked.period or [], asked.rows, asked.out)
    print("\n".join(told))
    return int(state == "failed")


def _lab(asked: argparse.Namespace) -> int:
    from helpers import shipped

    for line in shipped.copies():
        print(line)
    first = f"/lab/tree/notebooks/{shipped.COPIES}/mapping.ipynb"
    options = [f"--ServerApp.root_dir={ROOT}", f"--LabApp.default_url={first}"]
    as_root = ["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    return subprocess.run([sys.executable, "-m", "jupyter", "lab", *options, *as_root]).returncode


def _near(path: Path) -> str:
    """The path from where the command runs, where it lies below."""
    here = Path.cwd()
    return path.relative_to(here).as_posix() if path.is_relative_to(here) else str(path)

