"""The cache of bills: by content and by code, whole or not there, for one run or several at once; safe to delete."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from helpers import billing, cache
from helpers.billing import cube, duck, keep
from helpers.errors import InputError
from tests.test_billing import bill, billed

ROOT = Path(__file__).resolve().parent.parent
AUGUST = {"BillingPeriodStart": "2026-08-01T00:00:00Z", "ChargePeriodStart": "2026-08-03T00:00:00Z"}
OCTOBER = {"BillingPeriodStart": "2026-10-01T00:00:00Z", "ChargePeriodStart": "2026-10-03T00:00:00Z"}


@pytest.fixture
def kept(tmp_path):
    return tmp_path / "cache"


@pytest.fixture
def no_engine(monkeypatch):
    """From when it is called, no engine may be made: what is loaded comes from the cache."""
    return lambda: monkeypatch.setattr(cube, "Duck", lambda *_: pytest.fail("an engine was made"))


@pytest.fixture
def hashed(monkeypatch):
    """The names of the files that are hashed, as they are."""
    names: list[str] = []
    digest = cache.hashlib.file_digest
    monkeypatch.setattr(cache.hashlib, "file_digest", lambda file, kind: (names.append(Path(file.name).name),
                                                                           digest(file, kind))[1])
    return names


def folders(kept: Path, kind: str) -> set[str]:
    return {path.name for path in kept.glob(f"{kind}-*")}


def nothing_half_made(kept: Path) -> None:
    assert list(kept.glob(".made-*")) == [] == list(kept.glob("tmp*"))


def older(path: Path) -> None:
    """Another time, the same content."""
    os.utime(path, ns=(0, path.stat().st_mtime_ns - 10**10))


# ---- by content

def test_a_second_load_makes_no_engine_and_hashes_nothing(tmp_path, kept, no_engine, hashed):
    paths = [bill(tmp_path, {}, name="a.csv"), bill(tmp_path, AUGUST, name="b.csv")]
    first = billing.load(paths, kept)
    assert hashed == ["a.csv", "b.csv"]
    no_engine()
    again = billing.load(paths, kept)
    assert hashed == ["a.csv", "b.csv"]
    assert first.lines.equals(again.lines) and first.files.equals(again.files) and first.days.equals(again.days)


def test_another_time_of_the_same_content_costs_the_hash_of_that_file_alone(tmp_path, kept, no_engine, hashed):
    paths = [bill(tmp_path, {}, name="a.csv"), bill(tmp_path, AUGUST, name="b.csv")]
    billing.load(paths, kept)
    no_engine()
    older(paths[0])
    assert billed(billing.load(paths, kept)) == "3"
    assert hashed == ["a.csv", "b.csv", "a.csv"]


def test_a_copy_in_place_of_the_file_costs_its_hash(tmp_path, kept, no_engine, hashed):
    path = bill(tmp_path, {})
    billing.load([path], kept)
    no_engine()
    shutil.copy2(path, tmp_path / "copy")
    os.replace(tmp_path / "copy", path)
    billing.load([path], kept)
    assert hashed == ["bill.csv"] * 2


def test_afresh_hashes_every_file_again_and_finds_what_was_made_to_look_the_same(tmp_path, kept, hashed):
    path = bill(tmp_path, {})
    billing.load([path], kept)
    told = path.stat()
    path.write_bytes(path.read_bytes().replace(b",1.5,", b",9.5,"))
    os.utime(path, ns=(told.st_atime_ns, told.st_mtime_ns))
    assert billed(billing.load([path], kept)) == "1.5"
    assert billed(billing.load([path], kept, billing.Asked(afresh=True))) == "9.5"
    assert billed(billing.load([path], kept)) == "9.5"
    assert hashed == ["bill.csv"] * 2


def test_a_file_that_changes_while_it_is_hashed_is_not_remembered(tmp_path, kept, monkeypatch):
    path = bill(tmp_path, {})
    digest = cache.hashlib.file_digest

    def meanwhile(file, kind):
        path.write_bytes(path.read_bytes() + b"\n")
        return digest(file, kind)

    monkeypatch.setattr(cache.hashlib, "file_digest", meanwhile)
    cache.fingerprints([path], kept)
    monkeypatch.undo()
    assert not (kept / "hashes.json").exists()


# ---- by month

def test_a_changed_file_makes_its_own_months_again_and_no_other(tmp_path, kept):
    paths = [bill(tmp_path, change, name=name)
             for name, change in (("a.csv", AUGUST), ("b.csv", {}), ("c.csv", OCTOBER))]
    billing.load(paths, kept)
    before = {kind: folders(kept, kind) for kind in ("month", "survey", "cube")}
    assert len(before["month"]) == len(before["survey"]) == 3
    bill(tmp_path, {"BilledCost": "2.5"}, name="b.csv")
    read = billing.load(paths, kept)
    assert billed(read) == "5.5"
    new = {kind: folders(kept, kind) - before[kind] for kind in before}
    assert {kind: len(names) for kind, names in new.items()} == {"month": 1, "survey": 1, "cube": 1}
    assert months_in(kept / new["month"].pop()) == {"2026-09"}
    assert before["month"] <= folders(kept, "month")


def test_a_file_of_two_months_makes_both_again_and_a_third_stays(tmp_path, kept):
    paths = [bill(tmp_path, AUGUST, {}, name="a.csv"), bill(tmp_path, OCTOBER, name="b.csv")]
    billing.load(paths, kept)
    before = folders(kept, "month")
    bill(tmp_path, AUGUST, {"BilledCost": "2.5"}, name="a.csv")
    assert billed(billing.load(paths, kept)) == "5.5"
    assert set().union(*map(months_in, map(kept.joinpath, folders(kept, "month") - before))) == {"2026-08", "2026-09"}


def test_a_file_more_leaves_the_other_months_as_they_are(tmp_path, kept, monkeypatch):
    first, more = bill(tmp_path, AUGUST, name="a.csv"), bill(tmp_path, OCTOBER, name="b.csv")
    billing.load([first], kept)
    before = folders(kept, "month")
    read = []
    relation = duck.Duck.relation
    monkeypatch.setattr(duck.Duck, "relation", lambda self, paths, *more, **named: (
        read.extend(path.name for path in paths), relation(self, paths, *more, **named))[1])
    assert billed(billing.load([first, more], kept)) == "3"
    assert set(read) == {"b.csv"}
    assert len(folders(kept, "month") - before) == 1 and before <= folders(kept, "month")


def months_in(folder: Path) -> set[str]:
    return {month for file in folder.glob("lines-*.parquet") for month in cache.restore(file)["billing_period"]}


# ---- by what is asked

ASKED = {
    "tag keys": billing.Asked(tag_keys=("app",)),
    "how files belong together": billing.Asked((billing.Word(files=("*",), together="parts"),)),
    "a value": billing.Asked((billing.Word(files=("*",), values={"SubAccountId": "1"}),)),
    "a column": billing.Asked((billing.Word(files=("*",), columns={"SkuMeter": "x_Extra"}),)),
    "a format": billing.Asked((billing.Word(files=("*",), format="focus"),)),
}


@pytest.mark.parametrize("asked", ASKED.values(), ids=ASKED)
def test_what_is_asked_otherwise_is_made_otherwise_and_both_are_kept(tmp_path, kept, no_engine, asked):
    path = bill(tmp_path, {"Tags": '{"app": "a", "env": "prod"}'})
    plain = billing.load([path], kept)
    before = folders(kept, "cube"), folders(kept, "month")
    other = billing.load([path], kept, asked)
    assert len(folders(kept, "cube") - before[0]) == len(folders(kept, "month") - before[1]) == 1
    no_engine()
    assert billing.load([path], kept).lines.equals(plain.lines)
    assert billing.load([path], kept, asked).lines.equals(other.lines)


def test_tags_that_no_longer_count_leave_the_lines(tmp_path, kept):
    path = bill(tmp_path, {"Tags": '{"app": "a", "env": "x"}'}, {"Tags": '{"app": "a", "env": "y"}'})
    assert list(billing.load([path], kept, billing.Asked(tag_keys=("app",))).lines["Tags"]) == ['{"app":"a"}']
    assert len(billing.load([path], kept, billing.Asked(tag_keys=("app", "env"))).lines) == 2


# ---- by code

def test_other_code_makes_everything_again(tmp_path, kept, monkeypatch):
    path = bill(tmp_path, {})
    billing.load([path], kept)
    before = {kind: folders(kept, kind) for kind in ("month", "survey", "cube")}
    monkeypatch.setattr(keep, "_code", lambda: "other code")
    assert billed(billing.load([path], kept)) == "1.5"
    for kind, names in before.items():
        assert len(folders(kept, kind) - names) == 1, kind


def test_the_code_is_that_of_every_module_that_reads_bills():
    keep._code.cache_clear()
    before = keep._code()
    for module in ("query.py", "tagging.py", "aws.py"):
        path = Path(keep.__file__).with_name(module)
        read = Path.read_bytes
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Path, "read_bytes", lambda self, path=path: read(self) + b"#" * (self == path))
            keep._code.cache_clear()
            assert keep._code() != before, module
    keep._code.cache_clear()
    assert keep._code() == before


# ---- a run that is cut off

WRITES = 5  # files that a build of one bill writes: totals, units, lines, files, days


@pytest.mark.parametrize("stop", [RuntimeError, KeyboardInterrupt, MemoryError,
                                  lambda: OSError(28, "No space left on device")],
                         ids=["fault", "Ctrl-C", "memory", "disk"])
@pytest.mark.parametrize("count", [1, 3, WRITES])
def test_a_build_that_breaks_leaves_nothing_half_made_and_the_next_is_right(tmp_path, kept, monkeypatch, count, stop):
    path = bill(tmp_path, {}, AUGUST)
    write, written = duck.Duck.write, []

    def breaks(self, sql, target):
        write(self, sql, target)
        written.append(target)
        if len(written) == count:
            raise stop()

    monkeypatch.setattr(duck.Duck, "write", breaks)
    with pytest.raises((InputError, RuntimeError, KeyboardInterrupt, MemoryError)):
        billing.load([path], kept)
    monkeypatch.undo()
    nothing_half_made(kept)
    assert not folders(kept, "cube")
    assert billed(billing.load([path], kept)) == "3"


RUN = """
import os, signal, sys, time
from pathlib import Path
from helpers import billing
from helpers.billing import duck
path, count, pause = Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
write, written = duck.Duck.write, []

def slow(self, sql, target):
    write(self, sql, target)
    written.append(target)
    time.sleep(pause)
    if len(written) == count:
        os.kill(os.getpid(), signal.SIGKILL)

duck.Duck.write = slow
print(billing.load([path], path.parent / "cache").lines["BilledCost"].sum())
"""


def begin(path: Path, count: int = 0, pause: float = 0) -> subprocess.Popen:
    """A run in a process of its own; after `count` files written it is killed."""
    return subprocess.Popen([sys.executable, "-c", RUN, str(path), str(count), str(pause)], cwd=ROOT, text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
@pytest.mark.parametrize("count", [2, 4])
def test_after_a_run_was_killed_the_next_is_right_and_what_is_left_goes_in_time(tmp_path, kept, count):
    path = bill(tmp_path, {}, AUGUST)
    killed = begin(path, count)
    killed.communicate()
    assert killed.returncode == -signal.SIGKILL
    assert not folders(kept, "cube")
    assert billed(billing.load([path], kept)) == "3"
    left = list(kept.glob(".made-*"))
    assert left
    for folder in left:
        os.utime(folder, (0, time.time() - keep.LEFT_OVER - 1))
    shutil.rmtree(next(kept.glob("cube-*")))
    assert billed(billing.load([path], kept)) == "3"
    nothing_half_made(kept)


def test_what_a_run_under_way_has_aside_is_left_alone(tmp_path, kept):
    mine = kept / ".made-mine"
    mine.mkdir(parents=True)
    billing.load([bill(tmp_path, {})], kept)
    assert mine.is_dir()


# ---- runs at once

def test_runs_at_once_that_make_the_same_cube_all_have_it_right(tmp_path, kept):
    path = bill(tmp_path, *({"ServiceName": f"{number}"} for number in range(500)))
    runs = [begin(path, pause=0.2) for _ in range(3)]
    told = [run.communicate() for run in runs]
    assert [(run.returncode, out.strip(), err) for run, (out, err) in zip(runs, told, strict=True)] == [
        (0, "750.000000000000000000", "")] * 3
    nothing_half_made(kept)
    assert {kind: len(folders(kept, kind)) for kind in ("cube", "month", "survey")} == {
        "cube": 1, "month": 1, "survey": 1}


def test_another_run_that_is_first_is_no_harm(tmp_path, kept, monkeypatch):
    path = bill(tmp_path, {}, AUGUST)
    write, inside = duck.Duck.write, []

    def overtaken(self, sql, target):
        if not inside:
            inside.append(target)
            assert billed(billing.load([path], kept)) == "3"
        write(self, sql, target)

    monkeypatch.setattr(duck.Duck, "write", overtaken)
    assert billed(billing.load([path], kept)) == "3"
    nothing_half_made(kept)


def test_engines_at_once_do_not_share_what_they_spill(tmp_path, kept):
    path = bill(tmp_path, {})
    one, two = (cube.Build([path], kept, billing.Asked(memory="20MB")) for _ in range(2))
    sorts = "SELECT a FROM (SELECT a, hash(a) AS b FROM range(400000) AS t(a)) ORDER BY b"
    assert one.engine().table(sorts).num_rows == two.engine().table(sorts).num_rows == 400_000
    places = {each.engine().engine.sql("SELECT current_setting('temp_directory')").fetchall()[0] for each in (one, two)}
    assert len(places) == 2
    one.close()
    assert two.engine().table(sorts).num_rows == 400_000
    two.close()
    nothing_half_made(kept)


# ---- deleted

def test_the_cache_may_be_deleted_whole_or_in_part_between_runs(tmp_path, kept):
    paths = [bill(tmp_path, {}, name="a.csv"), bill(tmp_path, AUGUST, name="b.csv")]
    billing.load(paths, kept)
    for pattern in ("cube-*", "month-*", "survey-*"):
        for folder in kept.glob(pattern):
            shutil.rmtree(folder)
        assert billed(billing.load(paths, kept)) == "3"
    (kept / "hashes.json").unlink()
    assert billed(billing.load(paths, kept)) == "3"
    shutil.rmtree(kept)
    assert billed(billing.load(paths, kept)) == "3"


def test_lines_stay_in_the_cube_when_their_month_is_deleted(tmp_path, kept, no_engine):
    path = bill(tmp_path, {})
    billing.load([path], kept)
    for folder in kept.glob("month-*"):
        shutil.rmtree(folder)
    no_engine()
    assert billed(billing.load([path], kept)) == "1.5"
