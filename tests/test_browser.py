"""Pages in a real Chromium: hostile text stays text, no script runs, nothing is fetched, nothing leaves the screen."""

from decimal import Decimal

import nbformat
import pandas as pd
import pytest

from helpers import batch, charts, checks, index, page, publish, render
from tests import browser

HOSTILE = [
    "<script>window.ran = 1; alert(1)</script>",
    '<img src=x onerror="window.ran = 1">',
    '"><svg onload=alert(1)>',
    "</style><script>alert(1)</script>",
    "</title><script>alert(1)</script>",
    '=HYPERLINK("http://evil.example/","x")',
    "$x$",
    "$$ \\frac{1}{2} $$",
    "**md** [a](javascript:alert(1))",
    "javascript:alert(1)",
    "' onmouseover='alert(1)",
    '" autofocus onfocus="alert(1)',
    "<iframe src=http://evil.example/>",
    "<!-- --> ]]>",
    "<meta http-equiv=refresh content=0;url=http://evil.example/>",
    "{{ 7 * 7 }} {% raw %}",
    "&lt;b&gt;",
    "a" * 300,
    "\u202egnirts",
    "<base href=http://evil.example/>",
]
WIDE = 9  # columns


def shown_as(output) -> object:
    """A notebook output as the kernel writes it for an object of the house."""
    content, metadata = output._repr_mimebundle_()
    return nbformat.v4.new_output("display_data", data=content, metadata=metadata)


def hostile_notebook():
    """A notebook whose every sentence, table, chart, check and stray output is hostile."""
    v4 = nbformat.v4
    every = " ".join(HOSTILE)
    lines = pd.DataFrame({"tag": HOSTILE, "amount": [Decimal(place - 3) for place in range(len(HOSTILE))]})
    wide = pd.DataFrame({f"column {place}": HOSTILE for place in range(WIDE)})
    found = checks.collect(*[checks.finding(text, Decimal(1), text, text) for text in HOSTILE])
    months = pd.DataFrame(
        {"period": "2026-09", "line": HOSTILE, "amount": [Decimal(place) for place in range(len(HOSTILE))]}
    )
    blocks = lines.assign(inner=lines["tag"])
    outputs = [
        page.answer(every),
        page.note(every),
        page.missing(every, every),
        charts.bars(lines, "tag", "amount", every, every, every),
        charts.blocks(blocks, "tag", "inner", "amount", every, every, every),
        charts.lines(months, every, every, every),
        page.table(lines, every, unit=every, basis=every, source=every, rows=99),
        page.table(wide, every, total=(), by=None),
        page.checks(found),
    ]
    stray = [
        v4.new_output("stream", name="stdout", text=every),
        v4.new_output("error", ename=every, evalue=every, traceback=[every]),
        v4.new_output(
            "display_data", data={"text/html": every, "text/plain": every, "application/javascript": "window.ran = 1"}
        ),
        v4.new_output(
            "display_data", data={"text/html": every, "text/plain": every}, metadata={"page": "no role of ours"}
        ),
    ]
    cells = [
        v4.new_markdown_cell("# Whose is it?"),
        v4.new_code_cell("code = 'never shown'", outputs=[*map(shown_as, outputs), *stray]),
        v4.new_markdown_cell("Our own Markdown: <script>alert(1)</script> [a](javascript:alert(1))"),
    ]
    return v4.new_notebook(cells=cells), found


@pytest.fixture(scope="module")
def pack(tmp_path_factory):
    """A pack of one hostile page and its hostile index."""
    folder = tmp_path_factory.mktemp("pack")
    notebook, found = hostile_notebook()
    publish.save(folder, "mapping", {"lines": pd.DataFrame({"tag": HOSTILE})}, found)
    rows = publish.read_checks(folder, ["mapping"])
    every = " ".join(HOSTILE)
    (folder / "mapping.html").write_text(
        render.page(notebook, "mapping", ["mapping"], every, "September 2026", HOSTILE), encoding="utf-8"
    )
    facts = batch.Facts(
        company=every,
        currency=every,
        notes=tuple(HOSTILE),
        inputs=pd.DataFrame({"file": HOSTILE}),
        parameters={"x": every},
    )
    index.write(folder, index.manifest(folder, "2026-09", facts, rows, {"mapping": notebook}), failures=HOSTILE)
    return folder


PAGES = pytest.mark.parametrize("name", ["mapping.html", "index.html"])


@PAGES
def test_hostile_text_runs_no_script_and_fetches_nothing(pack, visit, name):
    screen = visit(pack / name)
    screen.mouse.move(200, 300)
    screen.wait_for_timeout(100)
    assert screen.evaluate("window.ran") is None and screen.popped == [] and screen.said == []
    assert screen.asked == [(pack / name).as_uri()] and screen.url == (pack / name).as_uri()
    assert (
        screen.evaluate(
            "document.querySelectorAll('script, iframe, img, object, embed, form, input, link, base').length"
        )
        == 0
    )
    assert (
        screen.evaluate(
            "[...document.querySelectorAll('*')].filter(e => [...e.attributes].some(a => /^on/i.test(a.name))).length"
        )
        == 0
    )
    targets = screen.evaluate("[...document.querySelectorAll('a')].map(a => a.getAttribute('href'))")
    assert set(targets) <= {
        "index.html",
        "mapping.html",
        "tables.xlsx",
        "tables/mapping_lines.csv",
        "tables/mapping_lines.parquet",
        "#harmful-link",
    }


@PAGES
def test_hostile_text_is_shown_as_text(pack, visit, name):
    shown = " ".join(visit(pack / name).inner_text("body").split())
    for text in HOSTILE:
        assert " ".join(text.replace("\u202e", "\ufffd").split()) in shown


def test_cells_of_a_table_hold_the_texts_exactly(pack, visit):
    cells = visit(pack / "mapping.html").locator("table").first.locator("tbody tr td:first-child").all_text_contents()
    assert sorted(cells) == sorted(text.replace("\u202e", "\ufffd") for text in HOSTILE)


def test_code_is_not_shown(pack, visit):
    assert "never shown" not in visit(pack / "mapping.html").content()


@PAGES
@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_runs_out_of_the_screen(pack, visit, name, width):
    screen = visit(pack / name, width)
    assert screen.evaluate("document.documentElement.scrollWidth") == width


@PAGES
def test_pages_read_the_same_without_scripts(pack, visit, name):
    with_scripts, without = visit(pack / name), visit(pack / name, scripts=False)
    assert without.locator("body").inner_text() == with_scripts.locator("body").inner_text()
    assert without.locator("h1").first.is_visible() and without.locator("table").first.is_visible()


def test_pictures_are_named_for_those_who_do_not_see_them(pack, visit):
    names = visit(pack / "mapping.html").evaluate(
        "[...document.querySelectorAll('svg')].map(s => s.getAttribute('role') + s.getAttribute('aria-label'))"
    )
    assert len(names) == 3 and all(name.startswith("img<script>") for name in names)


def test_pages_link_to_the_index_and_back(pack, visit):
    screen = visit(pack / "mapping.html")
    screen.click("nav >> text=Overview")
    assert screen.url.endswith("/index.html")
    screen.click("nav >> text=Mapping")
    assert screen.url.endswith("/mapping.html")


def test_a_page_prints_within_the_paper(pack, visit):
    screen = visit(pack / "mapping.html", width=688)  # A4 less the margins, in pixels
    screen.emulate_media(media="print")
    assert screen.locator("nav").is_hidden()
    assert screen.evaluate("getComputedStyle(document.querySelector('thead')).display") == "table-header-group"
    assert screen.pdf(prefer_css_page_size=True).startswith(b"%PDF")


def test_find_says_what_to_run_where_there_is_no_browser(monkeypatch):
    monkeypatch.setenv("CHROMIUM", "/nowhere/chromium")
    with pytest.raises(AssertionError, match="python -m playwright install --with-deps chromium"):
        browser.find()
