"""A command writes over its own folders alone: what a person put somewhere is never deleted."""

from pathlib import Path

import pytest

from helpers import batch, index
from helpers.__main__ import main
from helpers.demo.__main__ import main as write_demo
from helpers.errors import InputError


def snapshot(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def somebodys(tmp_path) -> Path:
    folder = tmp_path / "somebodys"
    (folder / "deep").mkdir(parents=True)
    (folder / "deep" / "thesis.txt").write_text("years of work")
    return folder


def test_demo_leaves_a_folder_alone_that_it_did_not_make(somebodys):
    with pytest.raises(InputError, match='a folder that demo did not make, with "deep"'):
        write_demo([str(somebodys)])
    assert snapshot(somebodys) == {"deep/thesis.txt": b"years of work"}
    assert [path.name for path in somebodys.parent.iterdir()] == ["somebodys"]  # nothing is left aside


def test_demo_never_deletes_closed_months_or_other_files_that_lie_in_its_own_folder(tmp_path, capsys):
    folder = tmp_path / "demo"
    write_demo([str(folder)])
    before = snapshot(folder)
    (folder / "ledger.csv").write_text("edited")
    write_demo([str(folder)])
    assert snapshot(folder) == before  # what it made, it makes again
    closed = folder / "kept" / "2026-08" / "closed"
    closed.mkdir(parents=True)
    (closed / "closed.json").write_text("{}")
    with pytest.raises(InputError, match='files that the demo does not make: "kept/2026-08/closed/closed.json"'):
        write_demo([str(folder)])
    assert (closed / "closed.json").read_text() == "{}" and (folder / "ledger.csv").read_bytes() == before["ledger.csv"]


def test_demo_takes_an_empty_folder_and_no_link_and_no_file(tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    write_demo([str(tmp_path / "empty")])
    assert (tmp_path / "empty" / "truth.json").is_file()
    (tmp_path / "link").symlink_to(tmp_path / "empty")
    (tmp_path / "file").write_text("x")
    for name, found in (("link", "a link to another place"), ("file", "a file")):
        with pytest.raises(InputError, match=f"{name}: {found}; expected a folder"):
            write_demo([str(tmp_path / name)])
    assert (tmp_path / "link").is_symlink() and (tmp_path / "file").read_text() == "x"


def test_the_command_tells_it_in_one_line(somebodys, capsys):
    assert main(["demo", str(somebodys)]) == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_the_demos_closed_months_lie_outside_the_folder_that_demo_writes():
    from helpers import params
    kept = params.load("params/2026-09.yaml").kept
    assert kept == "data/kept/demo"


def test_report_writes_over_a_pack_and_nothing_else(tmp_path):
    target = tmp_path / "2026-09"
    (target / "closed").mkdir(parents=True)
    (target / "closed" / "closed.json").write_text("{}")
    with pytest.raises(InputError, match='a folder that report did not make, with "closed"'):
        batch.run("params/2026-09.yaml", "2026-09", tmp_path, steps=())
    assert snapshot(target) == {"closed/closed.json": b"{}"}
    link = tmp_path / "elsewhere"
    link.mkdir()
    (tmp_path / "2026-08").symlink_to(link)
    with pytest.raises(InputError, match="a link to another place"):
        batch.run("params/2026-09.yaml", "2026-08", tmp_path, steps=())


def test_a_manifest_that_is_not_one_is_no_mark_of_a_pack(tmp_path):
    for text in ("", "[]", '{"name": "web app"}', "not json"):
        (tmp_path / "manifest.json").write_text(text)
        assert not index.is_pack(tmp_path)


def test_what_an_earlier_run_left_aside_is_only_cleared_away_where_a_run_made_it(tmp_path):
    mine = tmp_path / ".2026-09.old"
    mine.mkdir()
    (mine / "notes.txt").write_text("mine")
    (tmp_path / "2026-09").mkdir()
    batch._restore(tmp_path / "2026-09")
    assert (mine / "notes.txt").read_text() == "mine"


def test_a_folder_that_only_looks_like_one_left_aside_is_not_put_in_the_packs_place(tmp_path):
    mine = tmp_path / ".2026-09.old"
    mine.mkdir()
    (mine / "notes.txt").write_text("mine")
    batch._restore(tmp_path / "2026-09")
    assert (mine / "notes.txt").read_text() == "mine" and not (tmp_path / "2026-09").exists()
