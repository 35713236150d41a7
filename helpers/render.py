"""How does an executed notebook become a page?  One self-contained HTML file: no code, no script, no outside address.

    notebook, step, facts → page → HTML

Only what helpers.page and helpers.charts made (they say so in the output's metadata) goes in as HTML or SVG, for
they escape every text; anything else a cell shows is written as plain text.
"""

import html
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import jinja2

from helpers import house

TEMPLATES = Path(__file__).parent / "templates"
TITLES = {"index": "Overview", "tco": "TCO"}
ROLES = ("answer", "note", "warning", "missing", "table", "checks")


def title(step: str) -> str:
    """What a step is called on pages: Mapping, TCO."""
    return TITLES.get(step, step.replace("_", " ").capitalize())


def file(step: str) -> str:
    """The page's file name, relative to the pack."""
    return f"{step}.html"


def links(steps: Iterable[str], here: str) -> list[dict]:
    """The way to the overview and to every page, the present one marked."""
    return [{"title": title(step), "file": file(step), "here": step == here} for step in ("index", *steps)]


def page(notebook, step: str, steps: Iterable[str], company: str, month: str, broken: Iterable[str] = ()) -> str:
    """The notebook's page; `broken` names the failed checks that a reader must not miss."""
    who = " \u00b7 ".join(part for part in (house.words(company), month) if part)
    facts = {"title": f"{heading(notebook) or title(step)} \u00b7 {who}", "who": who, "links": links(steps, step),
             "foot": f"{who} \u00b7 {title(step)}", "broken": [house.words(check) for check in broken]}
    text, _ = _exporter().from_notebook_node(notebook, resources={"facts": facts})
    return _tidy(text)


def index(**facts) -> str:
    """The overview's HTML from the index template."""
    return _tidy(_templates().get_template("index.html.j2").render(house=house, **facts))


def statement(**facts) -> str:
    """One owner's statement from its template; `parts` are HTML that helpers.page made."""
    return _tidy(_templates().get_template("statement.html.j2").render(house=house, links=(), **facts))


@cache
def _templates() -> jinja2.Environment:
    return jinja2.Environment(loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=False)


def heading(notebook) -> str:
    """The notebook's first heading, or ""."""
    lines = (line for cell in notebook.cells if cell.cell_type == "markdown" for line in cell.source.splitlines())
    return next((line.lstrip("# ").strip() for line in lines if line.startswith("# ")), "")


def answer(notebook) -> str:
    """The page's answer as plain text: that of the first output marked as the answer, or ""."""
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if output.get("metadata", {}).get("page") == "answer":
                return "".join(output.data["text/plain"])
    return ""


def shown(output) -> str:
    """One output as HTML: ours as it is, anything else as escaped text."""
    role, held = output.get("metadata", {}).get("page"), output.get("data", {})
    if role in ROLES and "text/html" in held:
        return held["text/html"]
    if role == "chart" and "image/svg+xml" in held:
        alt = html.escape(output.metadata["image/svg+xml"]["alt"], quote=True)
        svg = held["image/svg+xml"].replace("<svg ", f'<svg role="img" aria-label="{alt}" ', 1)
        return f'<figure><div class="scroll" tabindex="0" role="region" aria-label="{alt}">{svg}</div></figure>'
    if output.output_type == "error":
        return _plain(f"{output.ename}: {output.evalue}")
    return _plain(output.get("text", "") if output.output_type == "stream" else held.get("text/plain", ""))


def warm() -> None:
    """Loads what rendering needs, so that it can happen while kernels run."""
    _markdown()
    _exporter()


def prose(source: str) -> str:
    """A Markdown cell of ours as HTML; HTML written in it shows as text."""
    return _markdown()(source)


def _plain(text: str) -> str:
    return f"<pre>{html.escape(house.UNSHOWABLE.sub(chr(0xfffd), text), quote=True)}</pre>" if text.strip() else ""


@cache
def _markdown():
    from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
    return MarkdownWithMath(IPythonRenderer(escape=True, allow_harmful_protocols=False, exclude_anchor_links=True))


@cache
def _exporter():
    from nbconvert.exporters.templateexporter import TemplateExporter

    class PageExporter(TemplateExporter):
        """Our own page from nbconvert's machinery, without its templates."""

        def default_filters(self):
            yield from super().default_filters()
            yield from (("prose", prose), ("picture_or_text", shown))

        def _create_environment(self):
            ours = super()._create_environment()
            ours.loader = jinja2.FileSystemLoader(TEMPLATES)
            ours.globals["house"] = house
            return ours

        def from_notebook_node(self, nb, resources=None, **_):
            facts = resources["facts"]
            return self.environment.get_template("page.html.j2").render(nb=nb, **facts), resources

    return PageExporter()


def _tidy(text: str) -> str:
    return "\n".join(line for line in text.split("\n") if line.strip()) + "\n"
