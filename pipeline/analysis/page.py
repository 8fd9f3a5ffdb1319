"""The analysis as one self-contained page: a heat map of layers and trials."""

from __future__ import annotations

from itertools import groupby

from edgewright.pipeline.analysis.grid import BARS, COLUMNS, rows_of
from edgewright.pipeline.analysis.schema import Analysis
from edgewright.pipeline.analysis.wording import change_text, level_names, score_text
from edgewright.pipeline.report.page import load_page


def render_analysis(analysis: Analysis, *, recipe: str = "") -> str:
    """Return the analysis as one HTML page that needs nothing else.

    Args:
        analysis: what is shown.
        recipe: the suggested recipe, shown below; empty for none.
    """
    return load_page("edgewright.pipeline.analysis").render(
        analysis=analysis,
        baseline=score_text(analysis, analysis.baseline),
        int8_score=score_text(analysis, analysis.int8.score) if analysis.int8 else "",
        int8_change=change_text(analysis, analysis.int8) if analysis.int8 else "",
        weight_bytes=sum(layer.int8_weight_bytes for layer in analysis.layers),
        bars=BARS,
        columns=COLUMNS,
        groups=[(name, len(list(columns))) for name, columns in groupby(column.group for column in COLUMNS)],
        starts=[index for index, column in enumerate(COLUMNS) if column.group != COLUMNS[index - 1].group],
        rows=rows_of(analysis),
        levels=level_names(analysis),
        recipe=recipe,
    )
