"""The batch on throw-away notebooks: a pack is whole or not there, the same bytes again, failures named."""

import json
import sys

import nbformat
import pandas as pd
import pytest

from helpers import batch, checks, index, runner
from helpers.errors import InputError, StepError

FACTS = batch.Facts(
    company="Marlow Freight",
    parameters={"period": "2026-09"},
    notes=("August 2026 is closed.",),
    inputs=pd.DataFrame(
        [("billing", "aws.parquet", "read", "ab12"), ("ledger", "", "not given", "")],
        columns=["input", "file", "state", "sha256"],
    ),
)
PARAMETERS = 'period: str = "2026-01"  # month\nparams: str = "p.yaml"\nout: str = ""'
OPEN_ITEM = 'checks.finding("open item", D("48210.11"), "Head of Freight", "note")'
CHECKS = f'checks.collect(checks.same("tie", D("5"), D("5")), {OPEN_ITEM})'
GOOD = [
    "from decimal import Decimal as D; import pandas as pd; from helpers import charts, checks, page, publish",
    'page.answer(f"{period} cost USD 5.00.")',
    'lines = pd.DataFrame({"name": ["a", "b"], "amount": [D("2"), D("3")]}); page.table(lines, "Lines")',
    'charts.bars(lines, "name", "amount", "b is larger", "Cost", "Two bars")',
    f"rows = {CHECKS}; publish.save(out, STEP, {{'lines': lines}}, rows); page.checks(rows)",
]


def write_notebook(folder, step: str, codes: list[str], parameters: str = PARAMETERS) -> None:
    v4 = nbformat.v4
    cells = [
        v4.new_markdown_cell(f"# What is {step}?\n\nA question."),
        v4.new_code_cell(parameters, metadata={"tags": ["parameters"]}),
        v4.new_markdown_cell("## Which lines are open?"),
        *[v4.new_code_cell(code.replace("STEP", repr(step))) for code in codes],
    ]
    for place, cell in enumerate(cells):
        cell["id"] = f"{step}-{place}"
    book = v4.new_notebook(
        cells=cells, metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    )
    folder.mkdir(exist_ok=True)
    nbformat.write(book, folder / f"{step}.ipynb")


def publish_month(folder, steps=("mapping", "tco"), **changes) -> batch.Result:
    given = {"prepare": lambda: FACTS, "notebooks": folder / "notebooks", "steps": steps, "progress": False, **changes}
    return batch.run("params/x.yaml", "2026-09", folder / "reports", **given)


def contents(folder, but=("manifest.json",)) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in but
    }


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    """A folder with two good notebooks and the pack they made."""
    folder = tmp_path_factory.mktemp("good")
    for step in ("mapping", "tco"):
        write_notebook(folder / "notebooks", step, GOOD)
    return folder, publish_month(folder)


def test_a_pack_holds_index_pages_tables_notebooks_checks_and_manifest(good):
    folder, result = good
    assert (result.state, result.error, len(result.checks)) == ("finding", "", 4)
    assert result.index == (folder / "reports" / "2026-09" / "index.html").resolve()
    assert sorted(contents(result.index.parent, but=())) == [
        "checks/mapping.json",
        "checks/tco.json",
        "index.html",
        "manifest.json",
        "mapping.html",
        "notebooks/mapping.ipynb",
        "notebooks/tco.ipynb",
        "tables.xlsx",
        "tables/mapping_lines.csv",
        "tables/mapping_lines.parquet",
        "tables/tco_lines.csv",
        "tables/tco_lines.parquet",
        "tco.html",
    ]
    assert [path.name for path in (folder / "reports").iterdir()] == ["2026-09"]


def test_the_index_shows_answers_checks_inputs_notes_and_tables(good):
    text = good[1].index.read_text(encoding="utf-8")
    for said in (
        "2026-09 cost USD 5.00.",
        "Marlow Freight \u00b7 September 2026",
        "not given",
        "August 2026 is closed.",
        "tables/tco_lines.csv",
        "Every sum holds; 2 findings wait for a person: "
        "the largest is \u201copen item\u201d (USD 48,210.11, Head of Freight).",
    ):
        assert said in text
    assert "ab12" not in text


def test_the_manifest_names_inputs_with_hashes_parameters_versions_checks_and_the_time(good):
    told = json.loads((good[1].index.parent / "manifest.json").read_text())
    assert told["inputs"][0]["sha256"] == "ab12" and told["parameters"] == {"period": "2026-09"}
    assert told["versions"]["python"].startswith(f"{sys.version_info[0]}.{sys.version_info[1]}") and told[
        "made"
    ].endswith("+00:00")
    assert [check["amount"] for check in told["checks"]] == [None, "48210.11"] * 2
    assert set(told["files"]) == set(contents(good[1].index.parent, but=("index.html", "manifest.json")))


def test_pages_hide_code_and_show_picture_table_and_ways_to_the_other_pages(good):
    text = (good[1].index.parent / "tco.html").read_text(encoding="utf-8")
    assert (
        'role="img" aria-label="Two bars"' in text
        and '<a href="mapping.html">' in text
        and '<a href="index.html">' in text
    )
    assert "publish.save" not in text and "<script" not in text and "default-src 'none'" in text


def test_running_again_gives_the_same_bytes_everywhere_but_in_the_manifest(good, tmp_path):
    again = publish_month(good[0])
    first = contents(again.index.parent)
    (tmp_path / "notebooks").symlink_to(good[0] / "notebooks")
    elsewhere = publish_month(tmp_path, jobs=1)
    assert first == contents(elsewhere.index.parent)


def test_executed_notebooks_hold_no_clock_and_no_folder(good):
    text = (good[1].index.parent / "notebooks" / "tco.ipynb").read_text(encoding="utf-8")
    assert "papermill" not in text and "iopub" not in text and str(good[0]) not in text
    assert 'period = \\"2026-09\\"' in text and 'out = \\"\\"' in text


def test_a_failed_notebook_leaves_the_good_pages_and_marks_the_index_with_cell_and_cause(good, tmp_path):
    write_notebook(tmp_path / "notebooks", "mapping", GOOD)
    write_notebook(tmp_path / "notebooks", "tco", GOOD)
    before = contents(publish_month(tmp_path).index.parent, but=("manifest.json", "index.html"))
    write_notebook(
        tmp_path / "notebooks",
        "mapping",
        [
            *GOOD,
            "from helpers.errors import InputError\n"
            "raise InputError('gl.csv, row 7', 'text <b>x</b> in amount', 'a number', 'mend the extract')",
        ],
    )
    write_notebook(tmp_path / "notebooks", "tco", ["1 / 0"])
    failed = publish_month(tmp_path)
    assert failed.state == "failed"
    assert failed.error.splitlines() == [
        "mapping.ipynb, cell 9 (Which lines are open?): "
        "gl.csv, row 7: text <b>x</b> in amount; expected a number; mend the extract",
        "tco.ipynb, cell 4 (Which lines are open?): ZeroDivisionError: division by zero",
    ]
    assert contents(failed.index.parent, but=("manifest.json", "index.html")) == before
    text = failed.index.read_text(encoding="utf-8")
    assert "tco.ipynb, cell 4 (Which lines are open?): ZeroDivisionError: division by zero" in text
    assert "text &lt;b&gt;x&lt;/b&gt; in amount" in text and "2026-09 cost USD 5.00." in text
    for step in ("mapping", "tco"):
        write_notebook(tmp_path / "notebooks", step, GOOD)
    mended = publish_month(tmp_path)
    assert mended.state == "finding" and "last run failed" not in mended.index.read_text(encoding="utf-8")


def test_a_first_run_that_fails_leaves_an_index_and_no_page(tmp_path):
    write_notebook(tmp_path / "notebooks", "tco", ["import os; os._exit(3)"])
    failed = publish_month(tmp_path, steps=("tco",))
    assert failed.state == "failed" and failed.error.startswith("tco.ipynb: DeadKernelError")
    assert sorted(contents(failed.index.parent, but=())) == ["index.html", "manifest.json"]
    assert "There is no page yet." in failed.index.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "stop", [InputError("p.yaml", "unknown key lagg", "lag", "rename it"), StepError("12.00 lost in mapping")]
)
def test_inputs_refused_before_the_notebooks_run_replace_nothing(tmp_path, stop):
    def refuse():
        raise stop

    failed = publish_month(tmp_path, prepare=refuse)
    assert (failed.state, failed.error) == ("failed", str(stop))


def test_a_value_without_a_parameter_of_its_name_is_refused(tmp_path):
    write_notebook(tmp_path / "notebooks", "tco", GOOD, parameters='period: str = ""\nparms: str = ""\nout: str = ""')
    failed = publish_month(tmp_path, steps=("tco",))
    assert (
        "no parameter named params; expected one of out, parms, period; name it in the cell tagged parameters"
        in failed.error
    )


def test_a_red_check_publishes_the_pages_and_fails(tmp_path):
    red = [
        *GOOD[:-1],
        'rows = checks.collect(checks.same("mapped equals billed", D("5"), D("4.99")))',
        "publish.save(out, STEP, {}, rows)",
    ]
    write_notebook(tmp_path / "notebooks", "tco", red)
    failed = publish_month(tmp_path, steps=("tco",))
    assert (failed.state, failed.error) == ("failed", "")
    assert "Do not rely on this month yet: \u201cmapped equals billed\u201d failed." in failed.index.read_text(
        encoding="utf-8"
    )
    assert "do not rely on this page before this is cleared: mapped equals billed" in (
        failed.index.parent / "tco.html"
    ).read_text(encoding="utf-8")


def test_strict_makes_findings_fail(good, tmp_path):
    (tmp_path / "notebooks").symlink_to(good[0] / "notebooks")
    result = publish_month(tmp_path, prepare=lambda: batch.Facts(strict=True), steps=("tco",))
    assert result.state == "failed" and "the strict setting" in result.index.read_text(encoding="utf-8")


def test_files_that_no_run_made_are_kept_and_pages_of_former_runs_are_not(good, tmp_path):
    (tmp_path / "notebooks").symlink_to(good[0] / "notebooks")
    pack = publish_month(tmp_path).index.parent
    (pack / "minutes.txt").write_text("decided")
    publish_month(tmp_path, steps=("tco",))
    assert (pack / "minutes.txt").read_text() == "decided" and not (pack / "mapping.html").exists()


def test_a_run_killed_between_two_renames_is_put_right_by_the_next(good, tmp_path):
    (tmp_path / "notebooks").symlink_to(good[0] / "notebooks")
    pack = publish_month(tmp_path, steps=("tco",)).index.parent
    pack.rename(pack.with_name(".2026-09.old"))

    def refuse():
        raise InputError("x", "y", "z", "w")

    publish_month(tmp_path, prepare=refuse, steps=("tco",))
    assert (pack / "tco.html").exists()


def test_finish_sees_the_pack_aside_and_its_checks_join_the_packs(good, tmp_path):
    (tmp_path / "notebooks").symlink_to(good[0] / "notebooks")
    seen = []

    def keep(folder, facts):
        seen.append((folder / "tables" / "tco_lines.csv").exists())
        return [checks.noted("closed month against this run", 1, "TBM office", "1 table differs: tco_lines.csv")]

    result = publish_month(tmp_path, steps=("tco",), finish=keep)
    assert seen == [True] and "1 table differs: tco_lines.csv" in result.index.read_text(encoding="utf-8")
    assert list(result.checks["page"]) == ["tco", "tco", "close"]


def test_kernels_are_of_the_running_python_whatever_is_registered(tmp_path, monkeypatch):
    spec = tmp_path / "kernels" / "python3"
    spec.mkdir(parents=True)
    (spec / "kernel.json").write_text(
        json.dumps({"argv": ["/bin/false"], "display_name": "wrong", "language": "python"})
    )
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path))
    write_notebook(tmp_path, "tco", ["import sys; sys.executable"])
    run = runner.execute(tmp_path / "tco.ipynb", {"period": "2026-09"})
    assert run.failure is None and run.notebook.cells[-1].outputs[0].data["text/plain"] == repr(sys.executable)


def test_running_is_quiet(good, tmp_path, capfd):
    (tmp_path / "notebooks").symlink_to(good[0] / "notebooks")
    publish_month(tmp_path, steps=("tco",))
    assert capfd.readouterr() == ("", "")


def test_verdict_says_all_is_well_only_when_it_is():
    rows = pd.DataFrame({"check": ["a"], "state": ["ok"], "amount": [None], "owner": [""]})
    assert index.verdict(rows, "USD", strict=False) == "Every check holds (1), and nothing waits for a person."


def test_refresh_writes_what_a_notebook_shows_into_it_and_leaves_it_alone_when_it_fails(tmp_path):
    write_notebook(tmp_path, "tco", ["period"])
    assert runner.refresh(tmp_path / "tco.ipynb") is None
    book = nbformat.read(tmp_path / "tco.ipynb", as_version=4)
    assert book.cells[-1].outputs[0].data["text/plain"] == "'2026-01'" and len(book.cells) == 4
    write_notebook(tmp_path, "tco", ["1 / 0"])
    before = (tmp_path / "tco.ipynb").read_bytes()
    assert str(runner.refresh(tmp_path / "tco.ipynb")).endswith("ZeroDivisionError: division by zero")
    assert (tmp_path / "tco.ipynb").read_bytes() == before
