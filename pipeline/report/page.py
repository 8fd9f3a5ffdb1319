"""`report.html`: one page that needs nothing else, a pure function of the report."""

from __future__ import annotations

from importlib.resources import files

from jinja2 import Environment, FunctionLoader, StrictUndefined, Template
from markupsafe import Markup

from edgewright.pipeline.report.schema import Report
from edgewright.pipeline.report.text import (
    format_bytes,
    format_count,
    format_part,
    format_plan,
    format_score,
    format_seconds,
    format_shape,
)
from edgewright.pipeline.report.views import Card, cards, sections
from edgewright.pipeline.report.views.blocks import Cell, Paragraph

TEMPLATE = "page.html.j2"


def render_page(report: Report) -> str:
    """Return the report as one self-contained HTML page."""
    return load_page("edgewright.pipeline.report").render(report=report, cards=cards(report), sections=sections(report))


def load_page(package: str) -> Template:
    """Return the template of a page, in which figures are written as in tables.

    Args:
        package: the package that holds it, and what it includes.
    """
    environment = Environment(
        undefined=StrictUndefined, autoescape=True, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True,
        loader=FunctionLoader(lambda name: files(package).joinpath(name).read_text("utf-8")),
    )  # fmt: skip
    environment.filters.update(
        bytes=format_bytes, count=format_count, part=format_part, plan=format_plan, score=format_score,
        seconds=format_seconds, shape=format_shape, toned=_toned,
    )  # fmt: skip
    return environment.get_template(TEMPLATE)


def _toned(block: Paragraph | Cell | Card) -> Markup:
    """Return the attribute that gives a block its tone, if it has one."""
    return Markup(' class="{}"').format(block.tone) if block.tone else Markup()
