"""The analysis as a grid of layers and trials: what the table on a terminal and the page both show."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from edgewright.pipeline.analysis.schema import (
    REMOVED_SHARES,
    RETAINED_ENERGIES,
    Analysis,
    ChannelTrial,
    LayerAnalysis,
    RankTrial,
    Trial,
)
from edgewright.pipeline.analysis.wording import change_text, loss_level, score_text
from edgewright.pipeline.report.text import format_count, format_share

NOT_MEASURED = "\N{EN DASH}"


@dataclass(frozen=True, kw_only=True)
class Column:
    """One kind of change."""

    group: str
    title: str


@dataclass(frozen=True, kw_only=True)
class Cell:
    """What one change of one layer does."""

    text: str
    level: int | None
    """How bad it is, 0 to 7; None where it was not measured."""
    detail: str
    """What was measured, or why nothing was, in one sentence."""
    output_change: str = ""


@dataclass(frozen=True, kw_only=True)
class Bar:
    """A figure of a layer, and how it compares with the largest of all layers."""

    text: str
    percent: float


@dataclass(frozen=True, kw_only=True)
class Row:
    """One layer."""

    name: str
    kind: str
    shape: str
    bars: tuple[Bar, ...]
    """Multiply-accumulates, bytes of the weights, bytes of the result."""
    cells: tuple[Cell, ...]
    """One for each of `COLUMNS`."""
    reasons: tuple[tuple[str, str], ...]
    """What was not measured, or not all of it, and why."""


COLUMNS = (
    *(Column(group="channels removed", title=f"{share:.0%}") for share in REMOVED_SHARES),
    *(Column(group="rank: energy kept", title=f"{share:.0%}") for share in RETAINED_ENERGIES),
    Column(group="int8", title="alone"),
)
BARS = ("MACs", "weights", "result")


def rows_of(analysis: Analysis) -> tuple[Row, ...]:
    """Return a row for each layer."""
    figures = [(layer.macs, layer.int8_weight_bytes, layer.activation_bytes) for layer in analysis.layers]
    largest = [max(column) or 1 for column in zip(*figures, strict=True)]
    return tuple(
        Row(
            name=layer.name,
            kind=layer.kind,
            shape="\N{MULTIPLICATION SIGN}".join(map(str, layer.output_shape)),
            bars=tuple(
                Bar(text=format_count(figure), percent=round(100 * figure / most, 1))
                for figure, most in zip(own, largest, strict=True)
            ),
            cells=tuple(_cells(analysis, layer)),
            reasons=tuple(_reasons(layer)),
        )
        for layer, own in zip(analysis.layers, figures, strict=True)
    )


def _cells(analysis: Analysis, layer: LayerAnalysis) -> Iterator[Cell]:
    removed = {trial.removed_share: trial for trial in layer.channels}
    for share in REMOVED_SHARES:
        yield _cell(analysis, layer, removed.get(share), layer.channels_reason)
    retained = {trial.retained_energy: trial for trial in layer.ranks}
    for share in RETAINED_ENERGIES:
        yield _cell(analysis, layer, retained.get(share), layer.ranks_reason)
    yield _cell(analysis, layer, layer.int8, layer.int8_reason)


def _cell(analysis: Analysis, layer: LayerAnalysis, trial: Trial | None, reason: str | None) -> Cell:
    if trial is None:
        return Cell(text=NOT_MEASURED, level=None, detail=f"{layer.name}: not measured, {reason}")
    parts = (
        f"{layer.name}: {_what(layer, trial)}",
        f"{analysis.score_name} {score_text(analysis, trial.score)}",
        f"outputs change by {format_share(trial.output_change)}",
        *_savings(trial),
    )
    return Cell(
        text=change_text(analysis, trial),
        level=loss_level(analysis, trial),
        detail="; ".join(parts),
        output_change=format_share(trial.output_change),
    )


def _what(layer: LayerAnalysis, trial: Trial) -> str:
    if isinstance(trial, ChannelTrial):
        partners = f", together with {', '.join(layer.shares_channels_with)}" if layer.shares_channels_with else ""
        return f"{trial.removed_count} of {trial.channel_count} channels removed{partners}"
    if isinstance(trial, RankTrial):
        return f"rank {trial.rank}, {trial.decomposition}"
    return "weights and result in int8"


def _savings(trial: Trial) -> Iterator[str]:
    if isinstance(trial, ChannelTrial | RankTrial):
        yield f"saves {format_count(trial.macs_saved)} MACs and {format_count(trial.parameters_saved)} parameters"


def _reasons(layer: LayerAnalysis) -> Iterator[tuple[str, str]]:
    found = (("channels", layer.channels_reason), ("rank", layer.ranks_reason), ("int8", layer.int8_reason))
    yield from ((what, reason) for what, reason in found if reason is not None)
