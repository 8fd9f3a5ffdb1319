"""`report.html`: one plain page, a pure function of the report."""

from __future__ import annotations

from importlib.resources import files

from jinja2 import Environment, StrictUndefined, Template

from edgewright.pipeline.report.bars import memory_bars, remarks
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

TEMPLATE = "page.html.j2"


def render_page(report: Report) -> str:
    """Return the report as one self-contained HTML page."""
    return load_page("edgewright.pipeline.report").render(
        report=report, bars=memory_bars(report), remarks=remarks(report)
    )


def load_page(package: str) -> Template:
    """Return the template of a page, in which figures are written as in tables.

    Args:
        package: the package that holds it.
    """
    environment = Environment(
        undefined=StrictUndefined, autoescape=True, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
    )
    environment.filters.update(
        bytes=format_bytes, count=format_count, part=format_part, plan=format_plan, score=format_score,
        seconds=format_seconds, shape=format_shape,
    )  # fmt: skip
    return environment.from_string(files(package).joinpath(TEMPLATE).read_text("utf-8"))
