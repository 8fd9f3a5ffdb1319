"""What the result was made from."""

from __future__ import annotations

from edgewright.pipeline.report.schema import Report
from edgewright.pipeline.report.views.blocks import Details, Section, row, table


def provenance_section(report: Report) -> Section:
    """Return digests, seed and versions."""
    made = (
        row("edgewright", report.tool_version),
        row("report version", str(report.schema_version)),
        row("seed", str(report.seed)),
        row("configuration", report.configuration_digest),
        *(row(name, digest) for name, digest in report.provenance.inputs.items()),
        row("model.tflite", report.provenance.tflite_digest),
        row("firmware family", report.target.family),
        row("core", report.target.core),
    )
    packages = (row(name, version) for name, version in report.provenance.packages.items())
    return Section(
        title="Provenance",
        anchor="provenance",
        blocks=(
            table(("what", "value or SHA-256"), made, style="pairs"),
            Details(summary="Packages", blocks=(table(("package", "version"), packages, style="pairs"),)),
        ),
    )
