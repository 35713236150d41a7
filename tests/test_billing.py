"""Billing in: totals equal the file's to the last digit, whatever its shape; bad rows are named."""

import csv
import gzip
import json
import random
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from helpers import billing
from helpers.billing import cube
from helpers.errors import InputError
from helpers.money import plain, total

HEADER = ["BillingPeriodStart", "ChargePeriodStart", "ProviderName", "ServiceName", "ChargeCategory", "BillingCurrency",
          "BilledCost", "EffectiveCost", "Tags", "x_Extra"]
ROW = ["2026-09-01T00:00:00Z", "2026-09-03T05:00:00Z", "AWS", "Amazon S3", "Usage", "USD", "1.5", "1.25", "", "x"]
SAMPLE = Path(__file__).resolve().parents[2] / "shared" / "billing" / "focus" / "focus_sample_1000.csv"


def bill(folder: Path, *changes: dict, name: str = "bill.csv", header=HEADER, text=lambda body: body) -> Path:
    """A FOCUS file of one row a change over the plain row."""
    rows = [[change.get(column, value) for column, value in zip(HEADER, ROW, strict=True)] for change in changes]
    path = folder / name
    with open(path, "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *rows])
    path.write_text(text(path.read_text(encoding="utf-8")), encoding="utf-8", newline="")
    return path


def read(*paths: Path, **word) -> billing.Cube:
    """The cube of the files; `word` is what the parameters say of them."""
    words = (billing.Word(files=("*",), **word),) if word else ()
    return billing.load(list(paths), paths[0].parent / "cache", billing.Asked(words))


def billed(cube: billing.Cube) -> str:
    return plain(total(cube.lines["BilledCost"]))


def test_lines_of_one_grain_become_one_with_their_exact_sum(tmp_path):
    cube = read(bill(tmp_path, {}, {"BilledCost": "0.00000000001"}, {"ServiceName": "Amazon EC2"}))
    assert list(cube.lines["ServiceName"]) == ["Amazon EC2", "Amazon S3"]
    assert list(cube.lines["line_count"]) == [1, 2]
    assert plain(cube.lines["BilledCost"].iloc[1]) == "1.50000000001"


@pytest.mark.parametrize("amount, worth", [("1e-25", "0.0000000000000000000000001"), ("-1.682309e-05", "-0.00001682309"),
                                           ("1.5E3", "1500"), (".5", "0.5"), ("+5.", "5"), ("1E+2", "100"),
                                           ("0.0000000000000000000000000001", "0.0000000000000000000000000001"),
                                           ("123456789012.123456789012345678", "123456789012.123456789012345678")])
def test_no_digit_of_an_amount_is_lost(tmp_path, amount, worth):
    assert billed(read(bill(tmp_path, {"BilledCost": amount}))) == worth


def test_an_amount_of_too_many_digits_is_refused_not_rounded(tmp_path):
    with pytest.raises(InputError, match="at most 35 digits"):
        read(bill(tmp_path, {"BilledCost": "12345678901234567890.12345678901234567890123"}))


@pytest.mark.parametrize("shape", [
    lambda body: "\ufeff" + body, lambda body: body.replace("\n", "\r\n"), lambda body: body.replace(",", ";"),
    lambda body: body.replace("x\n", "NULL\n"), lambda body: body.replace("ProviderName", "ServiceProviderName")],
    ids=["byte order mark", "CRLF", "semicolons", "NULL", "1.4 provider column"])
def test_the_same_bill_in_another_shape_gives_the_same_total(tmp_path, shape):
    assert billed(read(bill(tmp_path, {}, {"BilledCost": "2.25"}, text=shape))) == "3.75"


def test_months_are_read_from_iso_and_from_slashed_dates(tmp_path):
    cube = read(bill(tmp_path, {"ChargePeriodStart": "9/2/2026"}, {"ChargePeriodStart": "2026-08-31 23:00:00"}))
    assert list(cube.lines["service_period"]) == ["2026-08", "2026-09"]


def test_a_day_before_a_month_is_refused_where_the_billing_period_shows_it(tmp_path):
    with pytest.raises(InputError, match="column BillingPeriodStart: '01/09/2026'; expected a date, such as 2026-09-01"):
        read(bill(tmp_path, {"BillingPeriodStart": "01/09/2026", "ChargePeriodStart": "02/09/2026"}))


def test_blank_and_null_texts_are_blank(tmp_path):
    cube = read(bill(tmp_path, {"Tags": "NULL"}, {"Tags": "(null)"}, {"Tags": " "}))
    assert list(cube.lines["Tags"]) == [""] and list(cube.lines["line_count"]) == [3]


def test_tags_come_as_text_as_a_map_and_as_pairs(tmp_path):
    kinds = {"text": pa.array(['{"app":"a"}']), "map": pa.array([[("app", "a")]], pa.map_(pa.string(), pa.string())),
             "pairs": pa.array([[{"key": "app", "value": "a"}]])}
    for name, tags in kinds.items():
        columns = {column: pa.array([value]) for column, value in zip(HEADER, ROW, strict=True)} | {"Tags": tags}
        pq.write_table(pa.table(columns), tmp_path / f"{name}.parquet")
        assert list(read(tmp_path / f"{name}.parquet").lines["Tags"]) == ['{"app":"a"}']


def test_parquet_decimals_doubles_and_text_give_the_same_cents(tmp_path):
    totals = set()
    for name, kind in {"text": pa.string(), "decimal": pa.decimal128(38, 10), "double": pa.float64()}.items():
        values = [Decimal("0.1"), Decimal("1234567.0000000001"[:10])]
        cast = pa.array([str(value) for value in values]) if kind == pa.string() else pa.array(
            [float(value) if kind == pa.float64() else value for value in values], kind)
        columns = {column: pa.array([value, value]) for column, value in zip(HEADER, ROW, strict=True)}
        pq.write_table(pa.table(columns | {"BilledCost": cast}), tmp_path / f"{name}.parquet")
        totals.add(billed(read(tmp_path / f"{name}.parquet")))
    assert totals == {"1234567.1"}


def test_row_order_file_split_and_compression_do_not_change_the_lines(tmp_path):
    rng = random.Random(7)
    changes = [{"BilledCost": f"{rng.randrange(10**12)}e-11", "ServiceName": rng.choice("abc")} for _ in range(60)]
    whole = read(bill(tmp_path, *changes))
    rng.shuffle(changes)
    first = bill(tmp_path, *changes[:20], name="part-1.csv")
    second = bill(tmp_path, *changes[20:], name="part-2.csv")
    packed = tmp_path / "part-1.csv.gz"
    packed.write_bytes(gzip.compress(first.read_bytes(), mtime=0))
    split = read(packed, second)
    assert billed(whole) == billed(split)
    for service, group in whole.lines.groupby("ServiceName"):
        assert total(group["BilledCost"]) == total(split.lines.loc[split.lines["ServiceName"] == service, "BilledCost"])


def test_a_file_delivered_twice_is_kept_out_with_its_amount(tmp_path):
    first = bill(tmp_path, {}, name="a.csv")
    again = bill(tmp_path, {}, name="b.csv")
    cube = read(first, again)
    assert billed(cube) == "1.5"
    assert [(row.file, row.twin, plain(row.BilledCost)) for row in cube.kept_out.itertuples()] == [
        (str(again), str(first), "1.5")]
    assert {row["state"] for row in billing.check_cube(cube)} == {"ok"}
    [twin] = billing.check_twins(cube.kept_out.assign(billed=cube.kept_out["BilledCost"] * 2))
    assert (twin["check"], plain(twin["amount"]), twin["state"], twin["note"]) == (
        f"delivered twice: {again}", "3", "finding", f"same lines as {first}; 1.50 USD billed is kept out")


def test_the_same_lines_packed_otherwise_are_kept_out_too(tmp_path):
    first = bill(tmp_path, {}, {"ServiceName": "b"}, name="a.csv")
    packed = tmp_path / "b.csv.gz"
    packed.write_bytes(gzip.compress(bill(tmp_path, {"ServiceName": "b"}, {}, name="c.csv").read_bytes(), mtime=0))
    cube = read(first, packed)
    assert billed(cube) == "3" and set(cube.kept_out["file"]) == {str(packed)}


def test_a_file_name_is_never_read_as_a_pattern(tmp_path):
    starred = bill(tmp_path, {"BilledCost": "7"}, name="bill[1]*?.csv")
    plain_name = bill(tmp_path, {"BilledCost": "5"}, name="bill1.csv")
    assert billed(read(starred)) == "7" and billed(read(starred, plain_name, together="parts")) == "12"
    columns = {column: pa.array([value]) for column, value in zip(HEADER, ROW, strict=True)}
    pq.write_table(pa.table(columns), tmp_path / "part[1].parquet")
    assert billed(read(tmp_path / "part[1].parquet")) == "1.5"


def test_a_changed_file_is_read_again_and_an_unchanged_one_is_not(tmp_path, monkeypatch):
    path = bill(tmp_path, {})
    assert billed(read(path)) == "1.5"
    monkeypatch.setattr(cube, "Duck", lambda *_: pytest.fail("read again"))
    assert billed(read(path)) == "1.5"
    monkeypatch.undo()
    bill(tmp_path, {"BilledCost": "2.5"})
    assert billed(read(path)) == "2.5"


def test_a_cube_that_lost_a_line_turns_the_check_red(tmp_path):
    cube = read(bill(tmp_path, {}, {"ServiceName": "b"}))
    broken = billing.Cube(cube.lines.iloc[1:], cube.files, cube.kept_out)
    assert {row["state"] for row in billing.check_cube(cube)} == {"ok"}
    assert "failed" in {row["state"] for row in billing.check_cube(broken)}


BAD = [
    ({"BilledCost": "12 EUR"}, "bill.csv, row 2 (line 3), column BilledCost: '12 EUR'; expected a plain number, such as "
                               "1234.50; mend the export"),
    ({"EffectiveCost": ""}, "bill.csv, row 2 (line 3), column EffectiveCost: ''; expected a value on every row; mend "
                            "the export"),
    ({"ChargePeriodStart": "2026-13-01"}, "bill.csv, row 2 (line 3), column ChargePeriodStart: '2026-13-01'; expected a "
                                          "date, such as 2026-09-01; mend the export"),
    ({"BillingPeriodStart": "soon"}, "bill.csv, row 2 (line 3), column BillingPeriodStart: 'soon'; expected a date, "
                                     "such as 2026-09-01; mend the export"),
    ({"BillingCurrency": "usd"}, "bill.csv, row 2 (line 3), column BillingCurrency: 'usd'; expected an ISO 4217 currency "
                                 "code, such as USD; mend the export"),
]


@pytest.mark.parametrize("change, message", BAD, ids=[next(iter(change)) for change, _ in BAD])
def test_a_bad_value_is_named_by_file_row_and_column(tmp_path, change, message):
    with pytest.raises(InputError) as error:
        read(bill(tmp_path, {}, change))
    assert str(error.value).removeprefix(f"{tmp_path}/") == message


def test_a_missing_column_is_named(tmp_path):
    path = bill(tmp_path, {}, header=["Cost" if name == "BilledCost" else name for name in HEADER])
    with pytest.raises(InputError, match="bill.csv: no column BilledCost; expected AWS CUR, Azure cost export, .* or a table"):
        read(path)


def test_a_column_that_appears_twice_is_refused(tmp_path):
    path = bill(tmp_path, {}, header=["Tags" if name == "x_Extra" else name for name in HEADER])
    with pytest.raises(InputError, match="column Tags appears 2 times; expected each column once, whatever"):
        read(path)


def test_an_empty_file_and_a_header_alone_are_refused(tmp_path):
    (tmp_path / "empty.csv").write_text("")
    with pytest.raises(InputError, match="empty.csv: the file is empty; expected a header line and rows"):
        read(tmp_path / "empty.csv")
    with pytest.raises(InputError, match="bill.csv: a header and no rows; expected at least one row"):
        read(bill(tmp_path))


def test_a_row_with_too_few_columns_is_refused(tmp_path):
    path = bill(tmp_path, {}, text=lambda body: body + "2026-09-01,AWS\n")
    with pytest.raises(InputError, match="bill.csv, line 3: 2 fields; expected 10, as the header has; export the file again"):
        read(path)


def test_a_parquet_file_cut_short_is_refused(tmp_path):
    (tmp_path / "cut.parquet").write_bytes(b"PAR1 and then nothing")
    with pytest.raises(InputError, match="cut.parquet: not readable as parquet"):
        read(tmp_path / "cut.parquet")


@pytest.mark.skipif(not SAMPLE.is_file(), reason="the FOCUS sample of 1,000 rows is not beside the project")
def test_the_focus_sample_gives_its_stated_totals(tmp_path):
    cube = billing.load([SAMPLE], tmp_path)
    assert billed(cube) == "20.52022672899"
    assert plain(total(cube.lines["EffectiveCost"])) == "14.97651418586"
    by_month = cube.lines.groupby("billing_period")["BilledCost"].agg(total).map(plain).to_dict()
    assert by_month == {"2024-09": "20.28022672899", "2024-10": "0.24"}


def test_charges_that_two_parts_share_on_a_day_that_differs_otherwise_are_a_finding(tmp_path):
    services = [{"ServiceName": name, "BilledCost": cost} for name, cost in zip("abcd", "1 2 4 8".split(), strict=True)]
    cube = read(bill(tmp_path, *services[:3], name="part-1.csv"), bill(tmp_path, *services[2:], name="part-2.csv"))
    assert billed(cube) == "19"
    [found] = billing.check_repeats(cube.repeats)
    assert (found["state"], found["check"].rpartition("/")[2]) == ("finding", "part-1.csv")
    assert found["note"].startswith("1 rows also stand in ")


def test_a_part_that_a_manifest_lists_and_that_is_not_there_stops_the_run(tmp_path):
    told = {"assemblyId": "a-1", "reportKeys": ["exports/bill-00001.csv", "exports/bill-00002.csv"]}
    (tmp_path / "bill-Manifest.json").write_text(json.dumps(told), encoding="utf-8")
    with pytest.raises(InputError, match="bill-00001.csv: manifest bill-Manifest.json lists exports/bill-00002.csv as "
                                         "well, which is not there; expected every file of the delivery"):
        read(bill(tmp_path, {}, name="bill-00001.csv"))


def test_an_amount_in_the_second_of_its_columns_keeps_its_digits(tmp_path):
    columns = {"BillingAccountId": ["1", "1"], "SubscriptionId": ["s", "s"], "MeterCategory": ["VM", "VM"],
               "MeterId": ["m", "n"], "ChargeType": ["Usage", "Usage"], "BillingCurrency": ["USD", "USD"],
               "BillingPeriodStartDate": ["2026-09-01"] * 2, "Date": ["2026-09-02"] * 2,
               "CostInBillingCurrency": pa.array([None, None], pa.int32()), "Cost": [10.0, 0.00004]}
    pq.write_table(pa.table(columns), tmp_path / "azure.parquet")
    assert billed(read(tmp_path / "azure.parquet")) == "10.00004"


def test_an_amount_under_values_can_only_be_0(tmp_path):
    with pytest.raises(InputError, match="ListCost is 1 under values; expected 0, or a column of the file"):
        read(bill(tmp_path, {}), values={"ListCost": "1"})
    assert billed(read(bill(tmp_path, {}), values={"ListCost": "0"})) == "1.5"
