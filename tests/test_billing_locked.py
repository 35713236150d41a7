"""The engine reads the files it is given and no others, and takes nothing from the names of folders."""

import json

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from helpers import billing, cache, inputs
from helpers.billing import tagging
from helpers.billing.duck import Duck
from helpers.errors import InputError
from tests.test_billing import HEADER, ROW, bill, billed, read

FOLDERS = "BilledCost=0/BillingCurrency=EUR/ProviderName=Nobody/BillingPeriodStart=2020-01-01/x_New=1"
NAMES = ["a b.x", "a*b.x", "a?[1].x", "it's \"so\".x", "Kosten ä, ö=2.x", "a{b,c}.x", "..x", "$HOME %20;--.x"]


def written(path):
    """One row of 1.5 in the kind that the name asks for."""
    path.parent.mkdir(parents=True, exist_ok=True)
    row = dict(zip(HEADER, ROW, strict=True))
    if path.suffix == ".parquet":
        pq.write_table(pa.table({name: [value] for name, value in row.items()}), path)
    elif path.suffix == ".json":
        path.write_text(json.dumps(row), encoding="utf-8")
    else:
        bill(path.parent, {}, name=path.name)
    return path


@pytest.mark.parametrize("kind", ["csv", "parquet", "json"])
def test_names_of_folders_are_no_columns(tmp_path, kind):
    cube = billing.load([written(tmp_path / FOLDERS / f"bill.{kind}")], tmp_path / "cache")
    assert billed(cube) == "1.5"
    assert cube.lines[["ProviderName", "BillingCurrency", "billing_period"]].values.tolist() == [
        ["AWS", "USD", "2026-09"]]


def test_names_of_folders_above_what_is_kept_are_no_columns(tmp_path):
    paths = [bill(tmp_path, {"x_Extra": "1"}, name="part-1.csv"), bill(tmp_path, {"BilledCost": "2"}, name="part-2.csv")]
    for _ in range(2):
        cube = billing.load(paths, tmp_path / "BilledCost=0/file=1/line_count=7")
        assert billed(cube) == "3.5"
        assert cube.lines["line_count"].sum() == cube.files["line_count"].sum() == 2


def test_names_of_folders_are_no_columns_of_the_other_inputs(tmp_path):
    place = tmp_path / "amount=0" / "owner=nobody"
    place.mkdir(parents=True)
    pq.write_table(pa.table({"amount": ["5"]}), place / "any.parquet")
    assert cache.restore(place / "any.parquet").to_dict("records") == [{"amount": "5"}]
    raw = inputs._load(place / "any.parquet", [])
    assert (raw.header, raw.rows) == (["amount"], [("5",)])


@pytest.mark.parametrize("kind", ["csv", "parquet", "json"])
@pytest.mark.parametrize("name", NAMES)
def test_a_file_of_any_name_is_read_and_none_besides(tmp_path, kind, name):
    path = written((tmp_path / "Über uns [2026]" / name).with_suffix(f".{kind}"))
    for other in ("aXb", "ab", "a1"):  # what the signs would also match
        (path.parent / f"{other}.{kind}").write_text("no bill", encoding="utf-8")
    assert billed(read(path)) == "1.5"


def test_the_engine_reads_and_writes_where_it_may_and_nowhere_else(tmp_path):
    given, other = written(tmp_path / "in" / "bill.parquet"), written(tmp_path / "in" / "other.parquet")
    with Duck("1GB", [given], tmp_path / "out", "spill") as duck:
        (tmp_path / "out").mkdir()
        duck.write(f"SELECT BilledCost FROM read_parquet('{given}')", tmp_path / "out" / "made.parquet")
        assert duck.table(f"SELECT * FROM '{tmp_path}/out/made.parquet'")["BilledCost"].to_pylist() == ["1.5"]
        for sql in (f"SELECT * FROM read_parquet('{other}')", f"SELECT * FROM '{other}'", "SELECT * FROM glob('/*')",
                    f"SELECT * FROM read_text('{tmp_path}/out/../in/other.parquet')", "SELECT * FROM read_text('/etc/hosts')",
                    "SELECT * FROM read_csv('https://example.org/bill.csv')", f"ATTACH '{tmp_path}/in/new.db'",
                    f"COPY (SELECT 1) TO '{tmp_path}/in/new.csv'", "INSTALL httpfs", "LOAD httpfs"):
            with pytest.raises((duckdb.PermissionException, duckdb.CatalogException)):
                duck.engine.execute(sql)
    assert sorted(path.name for path in given.parent.iterdir()) == ["bill.parquet", "other.parquet"]


def test_what_the_engine_may_do_can_no_longer_be_changed(tmp_path):
    with Duck() as duck:
        for sql in ("SET enable_external_access = true", "RESET enable_external_access", "SET allowed_paths = ['/']",
                    "SET lock_configuration = false", "SET autoload_known_extensions = true", "SET memory_limit = '9GB'"):
            with pytest.raises(duckdb.Error):
                duck.engine.execute(sql)
        asked = ("enable_external_access", "autoload_known_extensions", "autoinstall_known_extensions", "temp_directory")
        told = duck.engine.execute(f"SELECT {', '.join(f'current_setting({name!r})' for name in asked)}").fetchall()
    assert told == [(False, False, False, "")]


def test_the_engine_of_tags_is_locked_too(tmp_path, monkeypatch):
    asked, connect = [], tagging.locked
    monkeypatch.setattr(tagging, "locked", lambda: asked.append(connect()) or asked[-1].cursor())
    kept = tagging.reduce(pa.table({"text": ['{"owner": "a", "x": "b"}']}), ["owner"])
    assert kept["kept"].to_pylist() == ['{"owner":"a"}']
    with pytest.raises(duckdb.PermissionException):
        asked[0].execute("SELECT * FROM read_text('/etc/hosts')")


def test_what_has_no_room_in_memory_goes_to_the_folder_and_is_gone_at_the_end(tmp_path):
    with Duck("250MB", (), tmp_path, "spill=1") as duck:
        duck.keep("long", "SELECT range AS place, repeat('x', 200) || range AS text FROM range(2000000)")
        assert [path.name for path in tmp_path.iterdir()] == ["spill=1"]
        duck.write("SELECT * FROM long ORDER BY place DESC", tmp_path / "made.parquet")
    assert [path.name for path in tmp_path.iterdir()] == ["made.parquet"]
    places = pq.read_table(tmp_path / "made.parquet", columns=["place"])["place"].to_pylist()
    assert places == list(range(1_999_999, -1, -1))


def test_a_parquet_file_that_goes_while_it_is_read_is_told_in_one_line(tmp_path, monkeypatch):
    path = written(tmp_path / "bill.parquet")
    columns = Duck.columns

    def gone(duck, one):
        one.unlink()
        return columns(duck, one)

    monkeypatch.setattr(Duck, "columns", gone)
    with pytest.raises(InputError) as error:
        read(path)
    assert str(error.value) == (f"{path}: the file changed while it was read; expected a file that stays as it is; "
                                "wait until it is complete and run again; nothing half-made was kept")
