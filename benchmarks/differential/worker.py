"""What does one tree publish for each company?  Its notebooks' own cells, in this process, one company after another.

    python -P worker.py PLAN      run with the tree as folder and as PYTHONPATH; a line for each company that is done

It is the same file for an old tree and a new one, so it relies on as little of them as it can:

- notebooks/*.ipynb: a cell tagged `parameters` that gives `period`, `params` and `out`, and a last code cell that
  publishes into `out`; a statement before it that is no more than an expression only shows something, and is run where
  pages are asked for;
- a package whose modules lie in the tree (the one named in the plan is looked at), with the commands `report` and
  `close`, by which a month is closed as a user closes it;
- the file of mapping rules that the plan names;
- refusals are exceptions of a class named as the plan says.  What any other exception says is told as a crash.

Nothing is imported from the tree here; the notebooks do it.
"""

import ast
import contextlib
import io
import json
import os
import shutil
import subprocess
import sys
import traceback
import warnings
from pathlib import Path

AGAIN = "-again"  # a closed month that is run once more
LENIENT = {"amount": "1000000000", "share": "1"}  # a month whose books do not tie could not be closed


def main(plan_path: str) -> None:
    """Every company of the plan; refuses to tell anything of code that is not the tree's."""
    plan = json.loads(Path(plan_path).read_text(encoding="utf-8"))
    warnings.simplefilter("ignore")
    tree, steps = Path.cwd(), _steps(Path.cwd(), plan["pages"], plan["steps"])
    told, sys.stdout = os.fdopen(os.dup(1), "w", encoding="utf-8"), sys.stderr
    for company in plan["companies"]:
        out, params, closes = Path(plan["out"]) / company["name"], f"{company['folder']}/params.yaml", company["closes"]
        if closes:
            _close(tree, plan, company, out / closes)
            _amend(tree / company["folder"])
            _month(steps, params, closes, out / f"{closes}{AGAIN}", plan)
        _month(steps, params, company["period"], out / company["period"], plan)
        _require_own(tree, plan["package"])
        print(company["name"], file=told, flush=True)


def _steps(tree: Path, pages: bool, only: list[str]) -> dict[str, list]:
    """By notebook (all, or some only) the compiled cells, each with what it shows; parameters are left out."""
    found, paths = {}, sorted((tree / "notebooks").glob("*.ipynb"))
    if unknown := set(only) - {path.stem for path in paths}:
        raise SystemExit(f"no notebook {', '.join(sorted(unknown))}; there are {', '.join(path.stem for path in paths)}")
    for path in [path for path in paths if path.stem in only or not only]:
        book = json.loads(path.read_text(encoding="utf-8"))
        cells = [cell for cell in book["cells"] if cell["cell_type"] == "code"]
        sources = ["".join(cell["source"]) for cell in cells if "parameters" not in cell["metadata"].get("tags", [])]
        sources = [source for source in sources if source.strip()]
        found[path.stem] = [_compiled(source, path.stem, pages or place == len(sources) - 1)
                            for place, source in enumerate(sources)]
    return found


def _compiled(source: str, name: str, whole: bool) -> tuple:
    """A cell as code to run and an expression to show, if any; without what only shows unless it is run whole."""
    body = ast.parse(source).body
    last = body.pop() if body and isinstance(body[-1], ast.Expr) else None
    kept = [part for part in body if whole or not isinstance(part, ast.Expr)]
    shown = compile(ast.Expression(last.value), name, "eval") if last and whole else None
    return compile(ast.Module(kept, []), name, "exec"), shown


def _month(steps: dict, params: str, period: str, out: Path, plan: dict) -> None:
    """One company's month: what every notebook publishes, and why one that stopped did."""
    for step, cells in steps.items():
        out.mkdir(parents=True, exist_ok=True)
        names, seen = {"params": params, "period": period, "out": str(out), "__name__": "__main__"}, io.StringIO()
        try:
            with contextlib.redirect_stdout(seen):
                for code, shown in cells:
                    exec(code, names)
                    if shown is not None:
                        print(_text(eval(shown, names)))
        except Exception as stop:
            _stopped(out, step, stop, plan["refusals"])
        _write(out / "pages" / f"{step}.txt", seen.getvalue())


def _stopped(out: Path, step: str, stop: Exception, refusals: list[str]) -> None:
    """Why the step stopped: as a refusal's own words, or as a crash with its traceback beside."""
    refused = any(kind.__name__ in refusals for kind in type(stop).__mro__)
    told = f"refused: {stop}" if refused else f"crashed: {type(stop).__name__}: {stop}"
    _write(out / "stopped" / f"{step}.txt", told.replace(f"{Path.cwd()}/", ""))
    if not refused:
        _write(out / "tracebacks" / f"{step}.txt", traceback.format_exc())


def _text(found: object) -> str:
    """What a cell shows, in every form that is text."""
    if not hasattr(found, "_repr_mimebundle_"):
        return "" if found is None else repr(found)
    bundle = found._repr_mimebundle_()
    forms = bundle[0] if isinstance(bundle, tuple) else bundle
    return "\n".join(f"{kind}: {forms[kind]}" for kind in sorted(forms) if isinstance(forms[kind], str))


def _close(tree: Path, plan: dict, company: dict, out: Path) -> None:
    """Reports and closes the month by the tree's own commands, with mapping rules that lack one of today's."""
    folder, closing = tree / company["folder"], f"{company['folder']}/closing.yaml"
    lines = (tree / plan["mapping"]).read_text(encoding="utf-8").splitlines(keepends=True)
    _write(folder / "mapping_before.csv", "".join(line for line in lines if not line.startswith(f"{plan['without']},")))
    settings = json.loads((folder / "params.yaml").read_text(encoding="utf-8"))
    settings["rules"]["mapping"], settings["tolerance"] = f"{company['folder']}/mapping_before.csv", LENIENT
    _write(tree / closing, json.dumps(settings))
    for command in (["report", out.name, "--params", closing], ["close", out.name]):
        ended = subprocess.run([sys.executable, "-m", plan["package"], *command, "--out", str(folder / "packs")],
                               cwd=tree, capture_output=True, text=True)
        if ended.returncode:
            said = (ended.stderr or ended.stdout).replace(f"{tree}/", "")
            _write(out / "stopped" / f"{command[0]}.txt", f"refused: {said.strip()}")
            break
    if (folder / "packs" / out.name / "tables").is_dir():
        shutil.copytree(folder / "packs" / out.name / "tables", out / "tables")


def _amend(folder: Path) -> None:
    """What came in after the month was closed takes the place of what was there."""
    for path in sorted((folder / "later").glob("*.csv")):
        shutil.copyfile(path, folder / path.name)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode("utf-8", "replace"))


def _require_own(tree: Path, package: str) -> None:
    """Stops where the package that ran is another tree's (one that is installed, say)."""
    files = [module.__file__ for name, module in list(sys.modules.items())
             if name.split(".")[0] == package and getattr(module, "__file__", None)]
    foreign = [file for file in files if not Path(file).resolve().is_relative_to(tree.resolve())]
    if foreign or not files:
        raise SystemExit(f"{package} ran from {foreign[0] if foreign else 'nowhere'}; expected {tree}")


if __name__ == "__main__":
    main(sys.argv[1])
