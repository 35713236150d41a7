"""Spark: the engine for a bill that outgrows one machine; the same SQL, carried over by sqlglot.

An extra, not part of the everyday install: pyspark and sqlglot (docs/billing.md says how, and how to point it at a
cluster and at object storage).  What comes out is as small as ever and lies in the same cache.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from helpers.billing.duck import Duck
from helpers.billing.query import FILE, ROW
from helpers.billing.shapes import literal
from helpers.errors import InputError

SETTINGS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",  # what overflows fails, and is not made NULL
    "spark.sql.decimalOperations.allowPrecisionLoss": "false",  # what has no room fails, and is not rounded
    "spark.ui.enabled": "false", "spark.ui.showConsoleProgress": "false",
    "spark.sql.caseSensitive": "false",
    "spark.sql.legacy.parquet.nanosAsLong": "false",
}
KINDS = {"string": "VARCHAR", "double": "DOUBLE", "float": "FLOAT", "timestamp": "TIMESTAMP", "date": "DATE",
         "timestamp_ntz": "TIMESTAMP", "bigint": "BIGINT", "int": "INTEGER", "smallint": "SMALLINT",
         "tinyint": "TINYINT", "boolean": "BOOLEAN", "binary": "BLOB"}


class Spark:
    """A session with its settings; speaks to helpers.billing as helpers.billing.duck.Duck does."""

    def __init__(self, master: str, storage: Mapping[str, str] | None = None, files: Sequence[Path] = ()):
        try:
            from pyspark.sql import SparkSession
        except ImportError as missing:
            raise InputError("engine", "spark is asked for and pyspark is not installed", "pyspark and sqlglot",
                             "install them: docs/billing.md, Where a bill outgrows one machine") from missing
        builder = SparkSession.builder.appName("finops-tbm-workbook").master(master)
        local = {"spark.sql.shuffle.partitions": "8"} if master.startswith("local") else {}  # 200 is for a cluster
        for name, value in (SETTINGS | local).items():
            builder = builder.config(name, value)
        self.session = builder.getOrCreate()
        self.session.sparkContext.setLogLevel("ERROR")
        self.storage = dict(storage or {})
        self._local = Duck(files=files)
        self._made = 0

    def close(self) -> None:
        """Ends the session."""
        self._local.close()
        self.session.stop()

    def columns(self, path: Path) -> dict[str, str]:
        """Names and types of a parquet file's columns, from its footer."""
        return self._local.columns(path)

    def relation(self, paths: Sequence[Path], kind: str, delimiter: str, columns: Mapping[str, str], explode: str = "",
                 placed: bool = False) -> tuple[str, dict[str, str]]:
        """The name of a view over the files, and its columns: as Duck.relation."""
        from pyspark.sql import functions as f

        self._made += 1
        view = f"bill_{self._made}"
        rows = self._read(paths, kind, delimiter, columns, placed)
        if placed:
            rows = rows.withColumn(ROW, f.monotonically_increasing_id() + 1)  # one partition: the row's place
        if explode:
            lists = columns[explode]
            items = f.col(quoted_name(explode)) if lists.endswith("[]") else f.from_json(
                f.coalesce(f.nullif(f.trim(f.col(quoted_name(explode))), f.lit("")), f.lit("[]")), "array<string>",
                {"mode": "FAILFAST"})
            rows = rows.withColumn("item", f.explode(items)).drop(explode)
        for name, type_ in list(rows.dtypes):
            if type_.startswith("struct<"):
                for field in rows.schema[name].dataType.fieldNames():
                    rows = rows.withColumn(f"{name}.{field}", f.col(f"{quoted_name(name)}.{quoted_name(field)}"))
        rows.createOrReplaceTempView(view)
        return view, {name: _kind(type_) for name, type_ in rows.dtypes if name not in (FILE, ROW)}

    def _read(self, paths, kind: str, delimiter: str, columns: Mapping[str, str], placed: bool):
        """The files' rows, each with its file's place among the paths."""
        from pyspark.sql import functions as f

        self.session.conf.set("spark.sql.files.maxPartitionBytes", str(2**40 if placed else 2**27))
        places = [self._place(path) for path in paths]
        reader = self.session.read
        if kind == "parquet":
            rows = reader.parquet(*places)
        elif kind == "json":
            schema = ", ".join(f"{quoted_name(name)} string" for name in columns)
            rows = reader.schema(schema).option("mode", "FAILFAST").json(places)
        else:
            schema = ", ".join(f"{quoted_name(name)} string" for name in columns)
            rows = reader.schema(schema).csv(places, sep=delimiter, header=True, quote='"', escape='"', multiLine=True,
                                             mode="FAILFAST", enforceSchema=True, maxCharsPerColumn=-1)
        named = f.create_map(*[f.lit(part) for number, place in enumerate(places) for part in (place, number)])
        where = f.regexp_replace(f.input_file_name(), "^file:/+", "file:///")
        return rows.withColumn(FILE, named[where])

    def _place(self, path: Path) -> str:
        """Where Spark finds a file: as it lies here, or in the object storage that the parameters name for a folder."""
        for folder, address in self.storage.items():
            root = Path(folder).resolve()
            if path.resolve().is_relative_to(root):
                return f"{address.rstrip('/')}/{path.resolve().relative_to(root).as_posix()}"
        return path.resolve().as_uri()

    def table(self, sql: str) -> pa.Table:
        """The rows of a SELECT."""
        return self.session.sql(carried(sql)).toArrow()

    def keep(self, name: str, sql: str | pa.Table) -> None:
        """A table of the session, from a SELECT or from Arrow."""
        rows = self.session.createDataFrame(sql) if isinstance(sql, pa.Table) else self.session.sql(carried(sql))
        rows.persist().createOrReplaceTempView(name)

    def drop(self, name: str) -> None:
        """Forgets a table of the session."""
        self.session.catalog.dropTempView(name)

    def write(self, sql: str, path: Path) -> None:
        """The rows of a SELECT as a parquet file of this machine, in the order the SELECT gives."""
        pq.write_table(self.table(sql), path)

    def text(self, column: str, kind: str) -> str:
        """A column of lists, maps or records as JSON text."""
        return f"to_json({column})"

    def element(self, column: str, kind: str, key: str) -> str:
        """The element of a map or of a JSON text, as text."""
        if kind.startswith("MAP"):
            return f"try_element_at({column}, {literal(key)})"
        return f"get_json_object({column}, {literal(f'$.{key}')})"

    def print_of(self, texts: Sequence[str]) -> str:
        """A number that tells one row of texts from another."""
        return f"xxhash64({', '.join(texts)})"


def carried(sql: str) -> str:
    """The SQL as Spark reads it; raises where sqlglot knows no way to say a part of it."""
    import sqlglot

    [told] = sqlglot.transpile(sql, read="duckdb", write="spark", unsupported_level=sqlglot.ErrorLevel.RAISE)
    return told


def quoted_name(name: str) -> str:
    """A column's name as Spark quotes it."""
    return "`" + name.replace("`", "``") + "`"


def _kind(type_: str) -> str:
    """A Spark type in DuckDB's words."""
    if type_.startswith("decimal"):
        return type_.upper()
    if type_.startswith("map<"):
        return "MAP(VARCHAR, VARCHAR)"
    if type_.startswith("array<"):
        return "STRUCT()[]"
    return KINDS.get(type_, "STRUCT()" if type_.startswith("struct<") else type_.upper())
