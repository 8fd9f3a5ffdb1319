"""A recipe to begin with: stages in the order in which people use them, each with the figures that speak for it."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import PurePath

import tomli_w

from edgewright.pipeline.analysis.schema import Analysis, LayerAnalysis, RankTrial, Trial
from edgewright.pipeline.analysis.wording import change_text, relative_loss, score_text
from edgewright.pipeline.report.text import format_count, format_share

DENSE_SHARE = 0.5
"""Share of the parameters from which on Dense layers dominate."""
WORTHWHILE_SHARE = 0.1
"""Share of the parameters that lower ranks must save to be suggested."""
COMPARED_SHARE = 0.5
"""Layers are compared by what half of their channels cost."""


def suggest(
    analysis: Analysis,
    *,
    model: str = "",
    data: str = "",
    max_drop: float = 0.01,
    settings: Mapping[str, object] | None = None,
) -> str:
    """Write a recipe for the analyzed model; everything in it is a first guess that its stages measure themselves.

    Args:
        analysis: of the model.
        model: what `[source]` names as the model; empty where the command line gives it.
        data: likewise.
        max_drop: how much the score may lose over the whole recipe: of 1 for a share, else of the baseline.
        settings: tables of the recipe that stay as they are, `[task]` for instance.

    Returns:
        TOML.
    """
    parts = [
        _head(analysis, model, data, max_drop, settings or {}),
        *_pruning(analysis),
        *_factorization(analysis, max_drop),
        *_quantization(analysis),
        '[[stages]]\nstage = "convert"\n',
    ]
    return "\n".join(parts)


def _head(analysis: Analysis, model: str, data: str, max_drop: float, settings: Mapping[str, object]) -> str:
    lines = _comment(
        f"Suggested by an analysis on {analysis.sample_count} validation samples: "
        f"{analysis.score_name} {score_text(analysis, analysis.baseline)}, {format_count(analysis.parameters)} "
        f"parameters, {format_count(analysis.macs)} MACs. Figures below are those of one layer changed alone, before "
        "any training."
    )
    lines += f"name = {_string(analysis.model or 'model')}\n"
    sources = [
        f"{key} = {_string(PurePath(value).as_posix())}\n" for key, value in (("model", model), ("data", data)) if value
    ]
    if sources:
        lines += "\n[source]\n" + "".join(sources)
    if settings:
        lines += "\n" + tomli_w.dumps(settings)
    if analysis.is_share and analysis.higher_is_better:
        lines += f"\n[budget]\nmax_accuracy_drop = {max_drop}\n"
    return lines


def _pruning(analysis: Analysis) -> Iterator[str]:
    losing = [layer for layer in analysis.layers if layer.channels]
    fixed = [layer for layer in analysis.layers if layer.macs and not layer.channels]
    why = "; ".join(f'"{layer.name}": {layer.channels_reason}' for layer in fixed)
    if not losing:
        yield _comment(f"No channels are pruned, since no layer may lose any ({why}).")
        return
    share = sum(layer.parameters for layer in losing) / analysis.parameters
    text = f"{len(losing)} layers with {format_share(share)} of the parameters may lose channels. "
    halves = [(trial, layer) for layer in losing for trial in layer.channels if trial.removed_share == COMPARED_SHARE]
    ranked = _ranked(analysis, halves)
    (least, robust), (most, sensitive) = ranked[0], ranked[-1]
    text += f'Without half of its channels "{robust.name}" changes {analysis.score_name} {_effect(analysis, least)}'
    text += f', "{sensitive.name}" {_effect(analysis, most)}. ' if sensitive is not robust else ". "
    text += f"These stay: {why}." if why else ""
    yield _comment(text) + '[[stages]]\nstage = "prune"\nstructure = "channel"\namount = "auto"\n'
    yield _comment("Training on the outputs of the source model makes up for what was lost.") + (
        '[[stages]]\nstage = "distill"\nstudent = "current"\n'
    )


def _factorization(analysis: Analysis, max_drop: float) -> Iterator[str]:
    dense = [layer for layer in analysis.layers if layer.kind == "Dense"]
    share = sum(layer.parameters for layer in dense) / analysis.parameters
    if share < DENSE_SHARE:
        return
    text = f"Dense layers hold {format_share(share)} of the parameters"
    cheap = [(layer, trial) for layer in dense if (trial := _cheapest(analysis, layer, max_drop)) is not None]
    saved = sum(trial.parameters_saved for _, trial in cheap) / analysis.parameters
    if saved < WORTHWHILE_SHARE:
        yield _comment(
            f"{text}, but lower ranks within {max_drop} of the score save only {format_share(saved)} of all "
            "parameters: nothing is factorized."
        )
        return
    layer, trial = max(cheap, key=lambda pair: pair[1].parameters_saved)
    yield (
        _comment(
            f"{text}, and rank is cheap: "
            f'"{layer.name}" at rank {trial.rank} saves {format_count(trial.parameters_saved)} parameters and changes '
            f"{analysis.score_name} {_effect(analysis, trial)}."
        )
        + '[[stages]]\nstage = "factorize"\namount = "auto"\n'
    )


def _quantization(analysis: Analysis) -> Iterator[str]:
    if analysis.int8 is None:
        yield _comment("No layer of this model can be trained in int8: it is quantized after training.")
        return
    rounded = [(layer.int8, layer) for layer in analysis.layers if layer.int8 is not None]
    text = f"All layers together in int8 change {analysis.score_name} {_effect(analysis, analysis.int8)}"
    if rounded:
        worst, layer = _ranked(analysis, rounded)[-1]
        text += f', "{layer.name}" alone, the most sensitive, {_effect(analysis, worst)}'
    yield _comment(f'{text}; "auto" trains where that is too much.') + '[[stages]]\nstage = "qat"\nwhen = "auto"\n'


def _cheapest(analysis: Analysis, layer: LayerAnalysis, max_drop: float) -> RankTrial | None:
    """Return the trial that saves most parameters within the budget."""
    within = [trial for trial in layer.ranks if relative_loss(analysis, trial) <= max_drop]
    return max(within, key=lambda trial: trial.parameters_saved, default=None)


def _ranked(analysis: Analysis, trials: Iterable[tuple[Trial, LayerAnalysis]]) -> Sequence[tuple[Trial, LayerAnalysis]]:
    """Sort trials by what they cost; those of the same score by how much the outputs change."""
    return sorted(trials, key=lambda pair: (analysis.loss(pair[0]), pair[0].output_change))


def _effect(analysis: Analysis, trial: Trial) -> str:
    unit = " points" if analysis.is_share else ""
    return f"by {change_text(analysis, trial)}{unit} (outputs by {format_share(trial.output_change)})"


def _comment(text: str) -> str:
    """Write text as lines of comment, without the control characters that TOML forbids there."""
    clean = re.sub(r"[\x00-\x1f\x7f]+", " ", _encodable(text))
    return "".join(f"# {line}\n" for line in textwrap.wrap(clean, 110, break_on_hyphens=False))


def _string(text: str) -> str:
    """Write text as a TOML string: JSON's escapes are TOML's, but for the one character that JSON lets through."""
    return json.dumps(_encodable(text), ensure_ascii=False).replace("\x7f", "\\u007f")


def _encodable(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")
