"""How is one notebook run?  By papermill, on this very Python, and stripped of what differs from run to run.

    notebook file, values → execute → Run(notebook, failure)
"""

import ast
import os
import re
import sys
import warnings
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from helpers.errors import InputError

# a kernel that is quiet, writes no history, and takes no more of a small machine than its share
QUIET = {"OMP_NUM_THREADS": "1", "PYDEVD_DISABLE_FILE_VALIDATION": "1", "MPLBACKEND": "agg"}
ARGUMENTS = ["--IPKernelApp.log_level=40", "--HistoryManager.enabled=False"]
OUT = re.compile(r"^out = .*$", re.MULTILINE)


@dataclass(frozen=True)
class Failure:
    """Where a notebook stopped, and why."""

    notebook: str
    cell: int
    heading: str
    cause: str

    def __str__(self):
        place = f", cell {self.cell}" if self.cell else ""
        return f"{self.notebook}{place}{f' ({self.heading})' if self.heading else ''}: {self.cause}"


@dataclass(frozen=True)
class Run:
    """An executed notebook, or the failure that kept it from being one."""

    notebook: object = None
    failure: Failure | None = None


def execute(path: Path, values: dict[str, str]) -> Run:
    """The notebook executed with the values in place of its parameters."""
    papermill = warm()
    source = _read(path)
    refuse_unknown(path, source, values)
    try:
        done = papermill.execute_notebook(str(path), None, parameters=values, progress_bar=False, kernel_name="python3",
                                          request_save_on_cell_execute=False, shutdown_kernel="immediate",
                                          kernel_manager_class=_own_python())
    except papermill.PapermillExecutionError as stop:
        return Run(failure=_failure(path, source, stop))
    except Exception as stop:  # the kernel died or could not start: a failure of this notebook, not of the batch
        return Run(failure=Failure(path.name, 0, "", _first_line(type(stop).__name__, str(stop))))
    return Run(notebook=strip(done))


def refresh(path: Path) -> Failure | None:
    """Runs the notebook with its own defaults and writes what it shows into it; a failure leaves it as it was."""
    run = execute(path, {})
    if run.notebook is not None:
        import nbformat
        path.write_bytes((nbformat.writes(run.notebook) + "\n").encode())
    return run.failure


@cache
def warm():
    """papermill, imported once and fast: without the one optional check that takes two thirds of its time."""
    sys.modules.setdefault("rfc3987_syntax", None)
    os.environ.update({name: os.environ.get(name, value) for name, value in QUIET.items()})
    for package in ("papermill", "nbclient", "jupyter_client", "zmq", "asyncio"):
        warnings.filterwarnings("ignore", category=DeprecationWarning, module=package)
    import papermill
    return papermill


def refuse_unknown(path: Path, source, values: dict[str, str]) -> None:
    """Raises where a value has no parameter of its name: papermill would only warn, and run with the default."""
    cells = [cell for cell in source.cells if "parameters" in cell.metadata.get("tags", [])]
    known = {name for cell in cells for name in _names(cell.source)}
    for name in values:
        if name not in known:
            raise InputError(str(path), f"no parameter named {name}", f"one of {', '.join(sorted(known)) or 'none'}",
                             "name it in the cell tagged parameters")


def strip(notebook):
    """The notebook without clocks, random ids and the folder it was published into."""
    notebook.metadata.pop("papermill", None)
    for cell in notebook.cells:
        for name in ("papermill", "execution"):
            cell.metadata.pop(name, None)
        if "injected-parameters" in cell.metadata.get("tags", []):
            cell["id"] = "injected-parameters"
            cell["source"] = OUT.sub('out = ""', cell.source)
    return notebook


def _names(source: str) -> list[str]:
    bodies = ast.parse(source).body
    targets = [target for body in bodies if isinstance(body, ast.Assign) for target in body.targets]
    targets += [body.target for body in bodies if isinstance(body, ast.AnnAssign)]
    return [target.id for target in targets if isinstance(target, ast.Name)]


def _read(path: Path):
    import nbformat
    if not path.exists():
        raise InputError(str(path), "no such notebook", "one notebook a step", "restore it")
    return nbformat.read(path, as_version=4)


@cache
def _own_python():
    from ipykernel.kernelspec import get_kernel_dict
    from jupyter_client import AsyncKernelManager
    from jupyter_client.kernelspec import KernelSpec

    class OwnPython(AsyncKernelManager):
        """A kernel of the running interpreter, whatever `python3` is registered for on this machine."""

        @property
        def kernel_spec(self):
            return KernelSpec(**get_kernel_dict(extra_arguments=ARGUMENTS))

    return OwnPython


def _failure(path: Path, source, stop) -> Failure:
    """Cells are counted from 1 in the notebook as it lies there, without the cell that papermill puts in."""
    tagged = [i for i, cell in enumerate(source.cells) if "parameters" in cell.metadata.get("tags", [])]
    place = stop.cell_index - (1 if tagged and stop.cell_index > tagged[0] else 0)
    headings = [line.lstrip("# ").strip() for cell in source.cells[:place + 1] if cell.cell_type == "markdown"
                for line in cell.source.splitlines() if line.startswith("#")]
    return Failure(path.name, place + 1, headings[-1] if headings else "", _first_line(stop.ename, stop.evalue))


def _first_line(kind: str, text: str) -> str:
    line = next((line.strip() for line in re.sub(r"\x1b\[[0-9;]*m", "", text).splitlines() if line.strip()), "")
    return line if kind == "InputError" and line else f"{kind}: {line}" if line else kind
