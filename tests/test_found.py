"""Which files an input names: a path, a folder or a pattern."""

from helpers import found


def test_a_folder_stands_for_the_files_of_data_in_it_at_any_depth(tmp_path):
    for name in ("a.csv", "2026-09/b.parquet", "2026-09/c.CSV.GZ", "2026-09/export-Manifest.json", "_SUCCESS",
                 ".hidden/d.csv", "notes.txt", "2026-09/e.json", "_temporary/f.parquet"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    names = [file.relative_to(tmp_path).as_posix() for file in found.find([str(tmp_path)])]
    assert names == ["2026-09/b.parquet", "2026-09/c.CSV.GZ", "2026-09/e.json", "a.csv"]


def test_a_file_named_twice_is_found_once_and_a_name_that_exists_is_no_pattern(tmp_path):
    for name in ("part[1].csv", "part1.csv"):
        (tmp_path / name).write_text("x")
    both = found.find([str(tmp_path / "part[1].csv"), str(tmp_path / "*.csv"), str(tmp_path)])
    assert [file.name for file in both] == ["part1.csv", "part[1].csv"]
    assert [file.name for file in found.find([str(tmp_path / "part[1].csv")])] == ["part[1].csv"]
    assert found.find([str(tmp_path / "none*.csv")]) == []
