"""A report as files: data, page and figures."""

from __future__ import annotations

from pathlib import Path

from edgewright.pipeline.cache import Cache
from edgewright.pipeline.code import code_digest
from edgewright.pipeline.digest import digest_bytes, package_versions
from edgewright.pipeline.report.charts import CHARTS, chart_files
from edgewright.pipeline.report.page import render_page
from edgewright.pipeline.report.schema import Report

DATA, PAGE, FIGURES = "report.json", "report.html", "figures"
MODULES = (
    "report", "report/page.html.j2", "report/blocks.html.j2", "report/style.css.j2", "comparison.py", "figures.py",
    "vocabulary.py",
)  # fmt: skip
DRAWING_PACKAGES = ("jinja2", "matplotlib", "numpy", "pillow")


def report_files(report: Report) -> dict[str, bytes]:
    """Return everything that is written of a report, by relative path; the same report leads to the same bytes."""
    files = {
        DATA: (report.model_dump_json(indent=1) + "\n").encode(),
        PAGE: render_page(report).encode(),
    }
    for chart in CHARTS:
        files |= {f"{FIGURES}/{name}": content for name, content in chart_files(chart, report).items()}
    return files


def kept_report_files(report: Report, cache: Cache) -> dict[str, bytes]:
    """Return the same from the cache, so that a run that finds everything there draws nothing."""
    data = (report.model_dump_json(indent=1) + "\n").encode()

    def make(folder: Path) -> None:
        for name, content in report_files(report).items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)

    folder = cache.obtain(
        {
            "kind": "report",
            "report": digest_bytes(data),
            "code": code_digest(MODULES),
            "versions": package_versions(DRAWING_PACKAGES),
        },
        make,
    )
    names = (path.relative_to(folder).as_posix() for path in sorted(folder.rglob("*")) if path.is_file())
    return {name: (folder / name).read_bytes() for name in names if is_report_file(name)}


def is_report_file(name: str) -> bool:
    """Tell whether a file of an output folder belongs to its report."""
    return name in (DATA, PAGE) or name.startswith(f"{FIGURES}/")
