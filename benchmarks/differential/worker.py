"""What does one tree publish for each company?  Its notebooks' own cells, run in this process, one company after another.

    python -P worker.py PLAN      run with the tree as folder and as PYTHONPATH; a line for each company that is done

It is the same file for an old tree and a new one, so it relies on as little of them as it can:

- notebooks/*.ipynb: a cell tagged `parameters` that gives `period`, `params` and `out`, and a last code cell that publishes
  into `out`; a statement before it that is no more than an expression only shows something, and is run where pages are asked;
- a package whose modules lie in the tree (the one named in the plan is looked at);
- <kept>/<month>/closed/tables, map and closed.json: how a closed month lies on disk, as companies have it;
- refusals are exceptions of a class named as the plan says.  What any other exception says is told as a crash.

Nothing is imported from the tree here; the notebooks do it.
"""

import ast
import contextlib
import io
import json
import os
import shutil
import sys
import traceback
import warnings
from pathlib import Path

ROWS_OF_MAP = "rules"  # the file of the map whose one rule a closed month lacks


def main(plan_path: str) -> None:
    """Every company of the plan; refuses to tell anything of code that is not the tree's."""
    plan = json.loads(Path(plan_path).read_text(encoding="utf-8"))
    warnings.simplefilter("ignore")
    tree, steps = Path.cwd(), _steps(Path.cwd(), plan["pages"])
    told, sys.stdout = os.fdopen(os.dup(1), "w", encoding="utf-8"), sys.stderr
    for company in plan["companies"]:
        for month in company["months"]:
            out = Path(plan["out"]) / company["name"] / month["period"]
            _month(steps, company["params"], month["period"], out, tuple(plan["refusals"]))
            if month["close"]:
                _close(tree, tree / company["kept"], month, out)
        _require_own(tree, plan["package"])
        print(company["name"], file=told, flush=True)


def _steps(tree: Path, pages: bool) -> dict[str, list]:
    """By notebook the compiled cells, each with whether its last expression is shown; parameters are left out."""
    found = {}
    for path in sorted((tree / "notebooks").glob("*.ipynb")):
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


def _month(steps: dict, params: str, period: str, out: Path, refusals: tuple) -> None:
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
            refused = any(kind.__name__ in refusals for kind in type(stop).__mro__)
            _write(out / "stopped" / f"{step}.txt", f"{'refused' if refused else 'crashed'}: {'' if refused else f'{type(stop).__name__}: '}{stop}")
            if not refused:
                _write(out / "tracebacks" / f"{step}.txt", traceback.format_exc())
        _write(out / "pages" / f"{step}.txt", seen.getvalue())


def _text(found: object) -> str:
    """What a cell shows, in every form that is text."""
    if not hasattr(found, "_repr_mimebundle_"):
        return "" if found is None else repr(found)
    bundle = found._repr_mimebundle_()
    forms = bundle[0] if isinstance(bundle, tuple) else bundle
    return "\n".join(f"{kind}: {forms[kind]}" for kind in sorted(forms) if isinstance(forms[kind], str))


def _close(tree: Path, kept: Path, month: dict, out: Path) -> None:
    """Keeps the month as a closed one, with the map that the tree has now but for one rule."""
    folder = kept / month["period"] / "closed"
    (folder / "map").mkdir(parents=True, exist_ok=True)
    (folder / "tables").mkdir(exist_ok=True)
    for table in sorted((out / "tables").glob("*.csv")):
        shutil.copyfile(table, folder / "tables" / table.name)
    for name, file in month["map"].items():
        lines = (tree / file).read_text(encoding="utf-8").splitlines(keepends=True)
        kept_lines = [line for line in lines if name != ROWS_OF_MAP or not line.startswith(f"{month['without']},")]
        _write(folder / "map" / f"{name}.csv", "".join(kept_lines))
    told = {"period": month["period"], "tables": {}, "inputs": [], "parameters": month["parameters"]}
    _write(folder / "closed.json", json.dumps(told))


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
