"""What are each month's lines?  Files that count in, a folder of lines a month out, kept by what it is made of.

    bills, roles, days kept out → build → folders     lines-*.parquet to work on, kept_out-*.parquet beside them
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pandas as pd
import pyarrow as pa

from helpers.billing import keep, reading, tagging
from helpers.billing.known import Known
from helpers.billing.shapes import AMOUNTS, KEYS, literal
from helpers.billing.survey import UNIT

LINE_KEYS = ["billing_period", "service_period", *KEYS, "Repair"]
LINE_AMOUNTS = [*AMOUNTS, "UsageHours", "RepairedCost"]
ROW_KEYS, ROW_AMOUNTS = [*KEYS, "Repair"], [*AMOUNTS, "UsageHours"]
OUT_KEYS = [*LINE_KEYS, "file", "twin"]


class Months:
    """The months of a run: which files make each, and its lines."""

    def __init__(self, bills: Mapping[str, Known], prints: Mapping[str, str], roles: pd.DataFrame, blocks: pd.DataFrame,
                 folder: Path, tag_keys: Sequence[str], engine: Callable):
        self.bills, self.roles, self.blocks = bills, roles, blocks
        self.folder, self.tag_keys, self.engine = folder, tuple(tag_keys), engine
        self.keys = {month: "month-" + keep.key_of(month, self.tag_keys, self._made_of(month, prints))
                     for month in sorted(set(roles["billing_period"]))}

    def _made_of(self, month: str, prints: Mapping[str, str]) -> list:
        """What the month's lines come from: the files, their content, and what is decided of them."""
        mine = [table[table["billing_period"] == month].to_dict("records") for table in (self.roles, self.blocks)]
        files = sorted({row["file"] for row in mine[0]})
        return [mine, [(name, prints[name], vars(self.bills[name].source.word)) for name in files]]

    def build(self) -> dict[str, Path]:
        """The folder of each month; those that are not kept are made, all their files read once."""
        stale = [month for month, key in self.keys.items() if not (self.folder / key).is_dir()]
        if stale:
            with keep.aside(self.folder) as self.aside:
                for place, (group, basis) in enumerate(self._groups(stale)):
                    self._lines(place, group, basis, stale)
                for month in stale:
                    keep.place(self.aside / month, self.folder / self.keys[month])
        return {month: self.folder / key for month, key in self.keys.items()}

    def _groups(self, stale: Sequence[str]) -> list[tuple[list[str], str]]:
        """Files read at once: of one shape and basis, and alike in whether all of them counts."""
        mine = self.roles[self.roles["billing_period"].isin(stale)]
        groups: dict[tuple, list[str]] = {}
        for name, basis in sorted({(row.file, row.basis) for row in mine.itertuples() if row.role != "replaced"}):
            groups.setdefault((self.bills[name].source.shape, basis, self._touched([name])), []).append(name)
        return [(names, basis) for (_, basis, _), names in groups.items()]

    def _lines(self, place: int, names: list[str], basis: str, stale: Sequence[str]) -> None:
        """Writes the parts of a group of files: lines, and where something is kept out that as well."""
        engine = self.engine()
        sources = [self.bills[name].source for name in names]
        scales: dict[str, int] = {}
        for name in names:
            for amount, scale in self.bills[name].scales.items():
                scales[amount] = max(scale, scales.get(amount, 0))
        touched = self._touched(names)
        days = bool(len(self.blocks)) and bool(set(names) & set(self.blocks["file"]))
        carry = ["file"] if touched else []
        with reading.told(sources):
            asked = reading.queries(sources, engine, scales, basis)
            for number, query in enumerate(asked):
                query.settle(self._constants(names, number))
                engine.keep(f"grouped_{place}_{number}", query.grouped(ROW_KEYS, ROW_AMOUNTS, days=days, carry=carry))
            mapped = [query.mapped(f"grouped_{place}_{number}", ROW_KEYS, ROW_AMOUNTS, carry)
                      for number, query in enumerate(asked)]
            self._keep_tags([query.mapped(f"grouped_{place}_{number}", ["Tags"], [])
                             for number, query in enumerate(asked)], sources[0].format.tag_prefixes)
            if touched:
                self._keep_fates(names, basis)
            made = {"lines": self._grouped(mapped, touched, stale, out=False)}
            made |= {"kept_out": self._grouped(mapped, touched, stale, out=True)} if touched else {}
            for name, sql in made.items():
                self._write(engine, sql, name, place, stale)
            for number in range(len(asked)):
                engine.drop(f"grouped_{place}_{number}")

    def _constants(self, names: Sequence[str], number: int) -> dict[str, str | None]:
        """The texts that are the same in every row of all the files, with their value."""
        first, *others = [self.bills[name].constants[number] for name in names]
        return {text: value for text, value in first.items()
                if all(text in other and other[text] == value for other in others)}

    def _touched(self, names: Sequence[str]) -> bool:
        """Whether bills of the files fare differently: some do not count, or count on another basis."""
        mine = self.roles[self.roles["file"].isin(names)]
        several = mine.groupby("file")["basis"].nunique().gt(1).any()
        return bool((mine["role"] != "read").any() or several or set(names) & set(self.blocks["file"]))

    def _keep_tags(self, mapped: Sequence[str], prefixes: Sequence[str]) -> None:
        """The session's table tag_map: each distinct Tags text, and the tags of it that count, read once."""
        engine = self.engine()
        every = " UNION ALL ".join(f"SELECT Tags FROM ({part})" for part in mapped)
        engine.keep("tag_map", tagging.reduce(engine.table(f"SELECT DISTINCT Tags AS text FROM ({every})"),
                                              self.tag_keys, prefixes))

    def _keep_fates(self, names: Sequence[str], basis: str) -> None:
        """The session's tables fates (role of a file and bill) and blocks (days of it that stand elsewhere)."""
        places = {name: place for place, name in enumerate(names)}
        roles = self.roles[self.roles["file"].isin(names) & (self.roles["basis"] == basis)]
        for name, table, columns in (("fates", roles, [*UNIT, "file", "role", "twin"]),
                                     ("blocks", self.blocks[self.blocks["file"].isin(names)],
                                      [*UNIT, "service_day", "file", "twin"])):
            rows = table[columns].astype(object)
            texts = {column: pa.array(rows[column].tolist(), pa.string()) for column in rows}
            self.engine().keep(name, pa.table({**texts, "place": pa.array(table["file"].map(places).tolist(), pa.int64())}))

    def _grouped(self, mapped: Sequence[str], touched: bool, stale: Sequence[str], out: bool) -> str:
        """SELECT of the cube's lines from the rows: those that count, or those that are kept out."""
        months_asked = ", ".join(map(literal, stale))
        union = " UNION ALL ".join(f"SELECT * FROM ({rows}) WHERE substr(billing_day, 1, 7) IN ({months_asked})"
                                   for rows in mapped)
        months = "substr(billing_day, 1, 7) AS billing_period, substr(rows.service_day, 1, 7) AS service_period"
        keys = ", ".join(f"rows.{name}" if name != "Tags" else "coalesce(tag_map.kept, '') AS Tags"
                         for name in (*KEYS, "Repair"))
        sums = ", ".join(f"sum(rows.{name}) AS {name}" for name in LINE_AMOUNTS)
        joins = " LEFT JOIN tag_map ON rows.Tags = tag_map.text"
        if touched:
            bill = " AND ".join(f"rows.{name} = {{0}}.{name}" for name in UNIT[:2])
            bill += " AND substr(rows.billing_day, 1, 7) = {0}.billing_period AND rows.file = {0}.place"
            joins += f" JOIN fates ON {bill.format('fates')} LEFT JOIN blocks ON {bill.format('blocks')} "
            joins += "AND rows.service_day = blocks.service_day"
            fate = "fates.role = 'kept out' OR blocks.place IS NOT NULL AND fates.role = 'read'" if out else (
                "fates.role = 'read' AND blocks.place IS NULL")
            joins += f" WHERE {fate}"
        twin = ", fates.file AS file, coalesce(blocks.twin, fates.twin) AS twin" if out else ""
        return (f"SELECT {months}, {keys}{twin}, {sums}, CAST(sum(rows.line_count) AS BIGINT) AS line_count "
                f"FROM ({union}) AS rows{joins} GROUP BY ALL")

    def _write(self, engine, sql: str, name: str, place: int, stale: Sequence[str]) -> None:
        """A part of each month, in an order of the lines' own: that of a number made of their keys."""
        keys = OUT_KEYS if name == "kept_out" else LINE_KEYS
        source = f"({sql})"
        if len(stale) > 1:
            engine.keep("lines_made", sql)
            source = "lines_made"
        for month in stale:
            part = self.aside / month / f"{name}-{place:03}.parquet"
            rows = f"FROM {source} WHERE billing_period = {literal(month)}"
            if len(stale) > 1 and not engine.table(f"SELECT 1 AS line {rows} LIMIT 1").num_rows:
                continue
            part.parent.mkdir(exist_ok=True)
            engine.write(f"SELECT {', '.join([*keys, *LINE_AMOUNTS, 'line_count'])} {rows} "
                         f"ORDER BY {engine.print_of(keys)}, {', '.join(keys)}", part)
