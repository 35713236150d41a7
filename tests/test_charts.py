"""Charts: the same bytes every time, exact figures in words, hostile text as text, nothing from outside."""

import subprocess
import sys
import xml.etree.ElementTree as xml
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest

from helpers import charts, charts_canvas, charts_flow, house, layers

ROOT = Path(__file__).parent.parent
HOSTILE = """<script>alert(1)</script>" $x$ $$ **b** \\frac{1}{2} \x0b --> ]]>"""
MONTHS = ["2026-07", "2026-08", "2026-09"]


def amounts(*pairs) -> pd.DataFrame:
    return pd.DataFrame(
        [(*names, Decimal(amount)) for *names, amount in pairs], columns=["outer", "inner", "amount"][-len(pairs[0]) :]
    )


def texts(chart) -> list[str]:
    """Every text of the picture, in drawing order; reading it as XML shows that it is well formed."""
    return [part.text for part in xml.fromstring(chart.svg).iter("{http://www.w3.org/2000/svg}text")]


def every_chart(text: str) -> dict[str, charts_canvas.Chart]:
    said = {"title": text, "subtitle": text, "alt": text}
    steps = pd.DataFrame(
        {"label": [text, "b", "c"], "amount": [Decimal(5), Decimal(-2), Decimal(3)], "kind": ["total", "step", "total"]}
    )
    months = pd.DataFrame({"period": MONTHS, "line": text, "amount": [Decimal(1), Decimal(2), Decimal(3)]})
    bands = pd.DataFrame(
        {
            "period": ["2026-10"],
            "amount": [Decimal(4)],
            "low_80": [Decimal(3)],
            "high_80": [Decimal(5)],
            "low_95": [Decimal(2)],
            "high_95": [Decimal(6)],
        }
    )
    return {
        "bars": charts.bars(amounts((text, "10"), ("b", "-3")), "inner", "amount", unit="", **said),
        "blocks": charts.blocks(amounts((text, text, "10"), ("B", "b", "5")), "outer", "inner", "amount", **said),
        "waterfall": charts.waterfall(steps, **said),
        "flow": charts.flow(flows((0, text, text, "2"), (0, text, "b", "1")), **said),
        "lines": charts.lines(months, **said),
        "fan": charts.fan(months, bands, budget=months[["period", "amount"]], **said),
    }


@pytest.mark.parametrize("kind", ["bars", "blocks", "flow", "waterfall", "lines", "fan"])
def test_hostile_text_is_drawn_as_text(kind):
    chart = every_chart(HOSTILE)[kind]
    clean = house.words(HOSTILE)
    assert texts(chart)[0] == clean and chart.alt == clean
    assert "<script" not in chart.svg and "\x0b" not in chart.svg


@pytest.mark.parametrize("kind", ["bars", "blocks", "flow", "waterfall", "lines", "fan"])
def test_a_picture_names_no_outside_address_no_clock_and_no_id(kind):
    svg = every_chart("Cost")[kind].svg
    assert svg.count("http") == 1 and 'xmlns="http://www.w3.org/2000/svg"' in svg
    assert " id=" not in svg and "<metadata" not in svg and "<style" not in svg and "<!--" not in svg


def test_charts_are_the_same_bytes_in_another_process():
    drawn = "''.join(chart.svg for chart in every_chart('Cost').values())"
    code = f"from tests.test_charts import every_chart; print({drawn}, end='')"
    other = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, encoding="utf-8", check=True, cwd=ROOT
    )
    assert other.stdout == "".join(chart.svg for chart in every_chart("Cost").values())


def test_charts_leave_their_frames_as_they_were():
    frame = amounts(("b", "1"), ("a", "2"))
    before = frame.copy(deep=True)
    charts.bars(frame, "inner", "amount", "t", "s", "a")
    pd.testing.assert_frame_equal(frame, before)


def test_bars_stand_largest_first_with_the_rest_in_other():
    frame = amounts(*[(f"T{i:02d}", str(i)) for i in range(1, 21)])
    shown = texts(charts.bars(frame, "inner", "amount", "Title", "Cost", "alt"))
    assert shown[:4] == ["Title", "Cost, USD", "T20", "20.0"]
    assert shown[-2:] == ["other (5)", "15.0"]  # 1 + 2 + 3 + 4 + 5


def test_bars_start_at_zero_on_both_sides():
    chart = charts.bars(amounts(("up", "100"), ("down", "-50")), "inner", "amount", "t", "s", "a")
    boxes = [
        [float(n) for n in part.get("d").replace("M", "").replace("L", "").replace("z", "").split()]
        for part in xml.fromstring(chart.svg).iter("{http://www.w3.org/2000/svg}path")
        if "fill: #1c5a85" in part.get("style")
    ]
    (up_low, up_high), (down_low, down_high) = [(min(box[::2]), max(box[::2])) for box in boxes]
    assert down_high == pytest.approx(up_low) and up_high - up_low == pytest.approx(2 * (down_high - down_low))


def test_blocks_carry_net_amounts_fold_small_bands_and_name_what_is_below_zero():
    frame = amounts(
        ("Compute", "Servers", "900"),
        ("Data", "Lake", "80"),
        ("A", "a", "10"),
        ("B", "b", "10"),
        ("Compute", "Credits", "-40"),
        ("Tax", "Refund", "-1234.5"),
    )
    chart = charts.blocks(frame, "outer", "inner", "amount", "t", "s", "a")
    shown = texts(chart)
    assert shown[2:4] == ["Compute", "860"] and "other (2)" in shown  # 900 drawn, less 40
    assert shown[-2:] == ["Not drawn, being below zero: Tax, Refund \u22121,234.50", "Compute, Credits \u221240.00"]
    assert chart.alt == f"a; {shown[-2]}; {shown[-1]}"
    assert charts.whole_of_blocks(frame, "outer", "inner", "amount") == Decimal("-274.5")  # 1,000 drawn, 1,274.50 named


def test_blocks_without_cost_draw_nothing_and_do_not_fail():
    assert texts(charts.blocks(amounts(("a", "b", "0")), "outer", "inner", "amount", "t", "s", "a")) == ["t", "s"]


def flows(*rows) -> pd.DataFrame:
    return pd.DataFrame([(*names, Decimal(amount)) for *names, amount in rows], columns=["layer", "from", "to", "amount"])


NETTED = flows(
    (0, "Cloud", "Compute", "100"), (0, "Cloud", "(no tower)", "-30.25"), (0, "Staff", "(no tower)", "50"),
    (1, "Compute", "Freight", "100"), (1, "(no tower)", "Freight", "-5"), (1, "(no tower)", "Parcels", "24.75"),
)


def test_a_flow_below_zero_is_named_and_every_block_carries_its_net():
    chart = charts.flow(NETTED, "t", "s", "alt")
    shown = texts(chart)
    assert shown[2:] == [
        "Cloud 69.8", "Staff 50.0",  # 100 - 30.25
        "Compute 100", "(no tower) 19.8",  # 50 - 30.25
        "Freight 95.0", "Parcels 24.8",  # 100 - 5
        "Not drawn, being below zero: Cloud to (no tower) \u221230.25", "(no tower) to Freight \u22125.00",
    ]
    assert chart.alt == f"alt; {shown[-2]}; {shown[-1]}"


def test_what_a_flow_draws_and_names_is_the_whole_of_each_layer():
    assert charts_flow.wholes(NETTED) == [Decimal("119.75"), Decimal("119.75")]
    assert layers.check_flows(NETTED, Decimal("119.75"))["state"] == "ok"
    torn = layers.check_flows(NETTED.iloc[:-1], Decimal("119.75"))  # the band of 24.75 to Parcels is lost
    assert (torn["state"], torn["got"]) == ("failed", Decimal(95))


def test_a_name_with_nothing_but_flows_below_zero_has_no_block_and_is_named():
    shown = texts(charts.flow(flows((0, "Refunds", "Compute", "-7"), (0, "Cloud", "Compute", "9")), "t", "s", "a"))
    assert shown[2:] == ["Cloud 9.00", "Compute 2.00", "Not drawn, being below zero: Refunds to Compute \u22127.00"]
    assert texts(charts.flow(flows((0, "Refunds", "Compute", "-7")), "t", "s", "a"))[2:] == [
        "Not drawn, being below zero: Refunds to Compute \u22127.00"]


def test_of_many_flows_below_zero_the_smallest_stand_as_one_with_their_sum():
    shown = texts(charts.flow(flows(*[(0, f"P{place}", HOSTILE, str(-place)) for place in range(1, 9)]), "t", "s", "a"))
    assert len(shown) == 2 + charts_canvas.NAMED
    assert shown[2].startswith("Not drawn, being below zero: P8 to <script>") and shown[2].endswith(" \u22128.00")
    assert shown[-1] == "3 more \u22126.00"  # 1 + 2 + 3


def test_waterfall_signs_its_steps_and_not_its_totals():
    frame = pd.DataFrame(
        {
            "label": ["Usage", "Tax", "Credits", "Ledger"],
            "amount": [Decimal(100), Decimal(20), Decimal(-5), Decimal(115)],
            "kind": ["total", "step", "step", "total"],
        }
    )
    assert texts(charts.waterfall(frame, "t", "s", "a"))[2:] == [
        "Usage",
        "100",
        "Tax",
        "+20.0",
        "Credits",
        "\u22125.00",
        "Ledger",
        "115",
    ]


def test_lines_are_named_at_their_end_without_covering_each_other():
    frame = pd.DataFrame(
        [(m, name, Decimal(5)) for name in ("AWS", "Microsoft", "Google Cloud") for m in MONTHS],
        columns=["period", "line", "amount"],
    )
    svg = xml.fromstring(charts.lines(frame, "t", "s", "a", highlight=("AWS",)).svg)
    heights = sorted(
        float(part.get("y"))
        for part in svg.iter("{http://www.w3.org/2000/svg}text")
        if part.text in ("AWS", "Microsoft", "Google Cloud")
    )
    assert len(heights) == 3 and min(high - low for low, high in zip(heights, heights[1:])) >= charts_canvas.SIZE


def test_lines_and_fan_stand_with_one_month_or_none():
    none = pd.DataFrame(columns=["period", "line", "amount"])
    one = pd.DataFrame({"period": ["2026-09"], "line": ["AWS"], "amount": [Decimal(0)]})
    bands = pd.DataFrame(columns=["period", "amount", "low_80", "high_80", "low_95", "high_95"])
    assert "No months to show." in texts(charts.lines(none, "t", "s", "a"))
    assert "AWS" in texts(charts.lines(one, "t", "s", "a"))
    assert "2026" in texts(charts.fan(one, bands, "t", "s", "a"))


def test_spread_moves_names_apart_and_keeps_them_inside():
    assert charts_canvas.spread([100, 100, 100], 17, 0, 110) == [76, 93, 110]
    assert charts_canvas.spread([10, 50], 17, 0, 110) == [10, 50]


def test_a_picture_carries_its_alternative_text():
    content, metadata = every_chart("Cost by tower")["bars"]._repr_mimebundle_()
    assert content["text/plain"] == "Cost by tower"
    assert metadata == {"image/svg+xml": {"alt": "Cost by tower"}, "page": "chart"}
