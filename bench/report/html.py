"""Sections -> one HTML file that needs nothing but itself: no network, no script."""

import base64
from collections.abc import Sequence

from bench.report.blocks import Figure, Picture, Section
from bench.resources import reports_dir


def render(title: str, version: str, sections: Sequence[Section]) -> str:
    """HTML of a card; all text is escaped by the template engine."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    folder = reports_dir() / "templates"
    environment = Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    # Only our own drawings and style sheets go in as markup; the charts escape their own words.
    environment.globals.update(
        kind_of=lambda value: type(value).__name__, markup=Markup, data_uri=data_uri
    )
    css = "\n".join((folder / n).read_text() for n in ("tokens.css", "chart.css", "card.css"))
    page = environment.get_template("card.html.j2").render(
        title=title,
        version=version,
        sections=sections,
        css=Markup(css),  # noqa: S704
    )
    lines = (line.rstrip() for line in page.splitlines())
    return "\n".join(line for line in lines if line) + "\n"


def data_uri(picture: Picture) -> str:
    """`data:` address of a picture."""
    return f"data:{picture.mime};base64,{base64.b64encode(picture.content).decode()}"


def standalone(figure: Figure) -> str:
    """SVG file of a figure, with its own colours for light and dark."""
    from bench.report.charts import svg

    folder = reports_dir() / "templates"
    css = "".join((folder / n).read_text() for n in ("tokens.css", "chart.css"))
    head = svg.el("title", svg.escape(figure.title)) + svg.el("desc", svg.escape(figure.alt))
    return (
        svg.el(
            "svg",
            head,
            svg.el("style", css),
            figure.svg,
            xmlns="http://www.w3.org/2000/svg",
            viewBox=f"0 0 {figure.width} {figure.height}",
            width=figure.width,
            height=figure.height,
            class_="chart",
            role="img",
        )
        + "\n"
    )
