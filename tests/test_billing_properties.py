"""Whatever the bill: its totals are the exact sums of its amounts, in any order, split and packing, and none vanish."""

import csv
import gzip
import json
import random
import tempfile
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as some

from helpers import billing, tags
from helpers.billing import tagging
from helpers.billing.shapes import PAIR, PIECE
from helpers.errors import InputError
from helpers.money import total
from tests.test_billing import HEADER, ROW

EXAMPLES = {"deadline": None, "derandomize": True, "database": None,  # the same examples in every run, and no
            "phases": [Phase.explicit, Phase.generate]}  # search for a smaller one: each loads files
BASES = ("BilledCost", "EffectiveCost")
KEYS = ["billing_period", "ProviderName", "BillingCurrency"]


# ---- amounts as bills write them

def written(sign: str, number: int, decimals: int, style: str) -> str:
    """A whole number with its point moved: as plain digits, with zeros around them, or with an exponent."""
    amount = Decimal(number).scaleb(-decimals)
    digits = f"{amount:f}"
    shapes = {"plain": digits, "zeros": f"00{digits}" + "0" * bool(decimals), "exponent": f"{amount:e}",
              "capital": f"{amount:E}", "bare": digits.removeprefix("0") if decimals else digits + "."}
    return sign + shapes[style]


STYLES = some.sampled_from(["plain", "zeros", "exponent", "capital", "bare"])
SIGNS = some.sampled_from(["", "-", "+"])
LONG = some.builds(written, SIGNS, some.integers(0, 10**17), some.integers(0, 18), STYLES)  # up to 18 decimals
DEEP = some.builds(written, SIGNS, some.integers(0, 10**25), some.integers(18, 27), STYLES).filter(
    lambda text: abs(Decimal(text)) < 10**7)  # more, which take room from what is before the point
SHORT = some.builds(written, SIGNS, some.integers(0, 10**15 - 1), some.integers(0, 9), some.just("plain"))
ODD = some.sampled_from(["0", "-0", "0.00", "1e0", "-1E+2", ".5", "5.", "0e5", "1e-17"])


def rows(amounts) -> some.SearchStrategy[list[dict]]:
    """Rows of several months, providers and currencies; some are alike to the letter but for their amounts."""
    return some.lists(some.fixed_dictionaries({
        "BillingPeriodStart": some.sampled_from(["2026-08-01T00:00:00Z", "2026-09-01T00:00:00Z"]),
        "ProviderName": some.sampled_from(["AWS", "Contoso"]), "BillingCurrency": some.sampled_from(["USD", "JPY"]),
        "ServiceName": some.sampled_from(["S3", "EC2", ""]), "BilledCost": amounts, "EffectiveCost": amounts}),
        min_size=1, max_size=12).map(lambda found: [{**dict(zip(HEADER, ROW, strict=True)), **row} for row in found])


# ---- the same rows as files

def text(folder: Path, bill: Sequence[dict], name: str = "bill.csv", **dialect: str) -> list[Path]:
    with open(folder / name, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, HEADER, **{"lineterminator": "\n", **dialect})
        writer.writeheader()
        writer.writerows(bill)
    return [folder / name]


def shuffled(folder: Path, bill: Sequence[dict]) -> list[Path]:
    return text(folder, random.Random(len(bill)).sample(bill, len(bill)), delimiter=";", lineterminator="\r\n")


def zipped(folder: Path, bill: Sequence[dict]) -> list[Path]:
    [path] = text(folder, bill, "whole")
    (folder / "bill.csv.gz").write_bytes(gzip.compress(path.read_bytes()))
    return [folder / "bill.csv.gz"]


def parts(folder: Path, bill: Sequence[dict]) -> list[Path]:
    """Numbered parts of all kinds; rows alike go into one part, for in two they would be a charge listed twice."""
    thirds: list[list[dict]] = [[], [], []]
    for row in bill:
        thirds[sum(row["ServiceName"].encode()) % 3].append(row)
    made = [*text(folder, thirds[0], "part-1.csv"), *table(folder, thirds[1], pa.string(), "part-2.parquet"),
            *zipped(folder, thirds[2])]
    return [*made[:2], made[2].rename(folder / "part-3.csv.gz")]


def table(folder: Path, bill: Sequence[dict], kind: pa.DataType, name: str = "bill.parquet") -> list[Path]:
    """Parquet whose amounts are text, decimals or doubles."""
    cast = {pa.string(): str, pa.float64(): float}.get(kind, Decimal)
    columns = {column: pa.array([row[column] for row in bill], pa.string()) for column in HEADER}
    columns |= {column: pa.array([cast(row[column]) for row in bill], kind) for column in BASES}
    pq.write_table(pa.table(columns), folder / name, row_group_size=5)
    return [folder / name]


def objects(folder: Path, bill: Sequence[dict]) -> list[Path]:
    (folder / "bill.json").write_text("".join(json.dumps(row) + "\n" for row in bill), encoding="utf-8")
    return [folder / "bill.json"]


SHAPES = {"text": text, "another order": shuffled, "gzip": zipped, "parts": parts, "JSON": objects,
          "parquet text": lambda folder, bill: table(folder, bill, pa.string())}


# ---- what the totals must be

def sums(bill: Sequence[dict]) -> dict[tuple, Decimal]:
    """The exact sum of each month, provider, currency and basis."""
    found: dict[tuple, Decimal] = Counter()
    for row in bill:
        key = (row["BillingPeriodStart"][:7], row["ProviderName"], row["BillingCurrency"])
        for basis in BASES:
            found[*key, basis] += Decimal(row[basis])
    return dict(found)


def totals(lines) -> dict[tuple, Decimal]:
    return {(*key, basis): total(group[basis]) for key, group in lines.groupby(KEYS) for basis in BASES}


def proved(make, bill: Sequence[dict]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        cube = billing.load(make(Path(folder), bill), Path(folder) / "cache")
        assert totals(cube.lines) == totals(cube.days) == sums(bill)
        assert int(cube.lines["line_count"].sum()) == len(bill)
        assert {row["state"] for row in [*billing.check_cube(cube), *billing.check_days(cube)]} == {"ok"}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
@settings(max_examples=3, **EXAMPLES)
@given(rows(LONG | ODD))
def test_totals_are_the_exact_sums_whatever_the_order_split_and_packing(shape, bill):
    proved(shape, bill)


@pytest.mark.parametrize("shape", [text, parts], ids=["text", "parts"])
@settings(max_examples=3, **EXAMPLES)
@given(rows(DEEP | ODD))
def test_totals_are_the_exact_sums_of_amounts_with_many_decimals(shape, bill):
    proved(shape, bill)


@settings(max_examples=3, **EXAMPLES)
@given(rows(LONG), some.integers(18, 20))
def test_totals_of_decimals_in_parquet_are_the_exact_sums(bill, scale):
    proved(lambda folder, bill: table(folder, bill, pa.decimal128(38, scale)), bill)


@settings(max_examples=3, **EXAMPLES)
@given(rows(SHORT))
def test_totals_of_doubles_in_parquet_are_the_sums_of_what_they_print_as(bill):
    proved(lambda folder, bill: table(folder, bill, pa.float64()),
           [{**row, **{basis: repr(float(row[basis])) for basis in BASES}} for row in bill])


# ---- whatever is said of the files, none of the money vanishes

WORDS = [{}, {"together": "parts"}, {"together": "re-exports"}, {"format": "focus"},
         {"values": {"SubAccountId": "1", "InvoiceId": "7"}}, {"columns": {"SkuMeter": "x_Extra"}},
         {"values": {"ListCost": "0"}, "together": "parts"}, {"basis": "billed"}, {"basis": "amortised"}]


@settings(max_examples=9, **EXAMPLES)
@given(rows(SHORT), some.lists(some.sets(some.integers(0, 11)), min_size=1, max_size=3), some.sampled_from(WORDS),
       some.sampled_from([(), ("app",)]), some.sampled_from(["part-{}", "export-of-{}-may", "{}/bill"]))
def test_what_is_read_kept_out_and_replaced_is_what_the_files_hold(bill, picked, word, keys, named):
    files = [[bill[place] for place in sorted(places) if place < len(bill)] or bill for places in picked]
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for number, some_rows in enumerate(files):
            place = Path(folder) / f"{named.format(number)}.csv"
            place.parent.mkdir(exist_ok=True)
            paths += text(place.parent, some_rows, place.name)
        asked = billing.Asked((billing.Word(files=("*",), **word),), keys)
        try:
            cube = billing.load(paths, Path(folder) / "cache", asked)
        except InputError as stop:
            assert "one delivery, or a word on what they are" in str(stop)
            return
    for basis in BASES:
        states = {state: total(group[basis]) for state, group in cube.files.groupby("state")}
        assert sum(states.values()) == total(Decimal(row[basis]) for some_rows in files for row in some_rows)
        assert total(cube.lines[basis]) == states.get("read", 0)
        assert total(cube.kept_out[basis]) == states.get("kept out", 0)
    counts = cube.files.groupby("state")["line_count"].sum()
    assert counts.sum() == sum(map(len, files))
    assert cube.lines["line_count"].sum() == counts.get("read", 0)


# ---- tags

WORD = some.text(some.characters(codec="utf-8"), max_size=8) | some.sampled_from(
    ["app", "App", "a-p_p", "APP ", "env", "app family", "TBMTower", "", '"', "\\", "{", "null", "\u200bapp",
     "ａｐｐ", "\x00"])
VALUE = some.recursive(WORD | some.none() | some.booleans() | some.integers() | some.floats(), lambda inner: some.lists(
    inner, max_size=2) | some.dictionaries(WORD, inner, max_size=2), max_leaves=4)
OBJECT = some.dictionaries(WORD, VALUE, max_size=4)
DUMPED = some.builds(json.dumps, OBJECT, ensure_ascii=some.booleans())
TWICE = some.builds(lambda one, two: f'{{"app":{json.dumps(one)},"app":{json.dumps(two)}}}', WORD, VALUE)
PAIRS = some.lists(some.fixed_dictionaries({"key": WORD, "value": VALUE}), max_size=3).map(json.dumps)
PIECES = some.lists(some.builds(lambda key, mark, value: f"{key}{mark}{value}", WORD, some.sampled_from(":="), WORD),
                    max_size=3).map(";".join)
COLUMNS = some.lists(some.builds(lambda key, value: key + PAIR + value + PIECE, WORD, WORD), max_size=3).map("".join)
BROKEN = some.builds(lambda body, at: body[:at] + body[at + 1:], DUMPED, some.integers(0, 20))
AZURE = DUMPED.map(lambda body: body[1:-1])
TAGS = DUMPED | TWICE | PAIRS | PIECES | COLUMNS | BROKEN | AZURE | WORD | some.sampled_from(
    ["{}", "[]", "NULL", "{" * 2000, '{"app":' * 500 + "1" + "}" * 500, '{"app":1e999}', '{"app":NaN}', '{"app":""} x',
     '{"app":"\\ud800"}', '{"app":"a",}', "{'app': 'a'}", '{"app":"a"}\n', '\ufeff{"app":"a"}', '{"a":1,"a":2,"a":3}'])


@pytest.mark.parametrize("keys", [(), ("app",), ("app", "env", "Cost Centre")], ids=["all", "one", "three"])
@settings(max_examples=20, **EXAMPLES)
@given(some.lists(TAGS, unique=True, min_size=1, max_size=40), some.sampled_from([(), ("user:", "user_")]))
def test_tags_reduced_by_the_engine_are_those_reduced_one_by_one(keys, prefixes, texts):
    texts = [text.encode("utf-8", "replace").decode() for text in texts]
    found = tagging.reduce(pa.table({"text": pa.array(texts, pa.string())}), keys, prefixes).to_pydict()
    told = dict(zip(found["text"], found["kept"], strict=True))
    counts = tags.counting(keys)
    assert len(found["text"]) == len(texts)
    assert told == {text: tags.reduced(text, counts, prefixes, PIECE, PAIR) for text in texts}


@pytest.mark.parametrize("keys", [("app",), ("app", "env")], ids=["one", "two"])
@settings(max_examples=20, **EXAMPLES)
@given(some.lists(DUMPED, unique=True, min_size=1, max_size=40))
def test_reduced_tags_say_of_each_key_that_counts_what_the_whole_text_says(keys, texts):
    found = tagging.reduce(pa.table({"text": pa.array(texts, pa.string())}), keys)
    for text, kept in zip(found["text"].to_pylist(), found["kept"].to_pylist(), strict=True):
        assert tags.choose(tags.parse(kept), keys) == tags.choose(tags.parse(text), keys)
