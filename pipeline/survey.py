"""A survey: the analysis of a user's model, as a table, a page, and a recipe to begin with."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict

from edgewright.pipeline.analysis import Analysis, Measure, analyze, render_analysis, suggest
from edgewright.pipeline.budget import Budget
from edgewright.pipeline.cache import Cache
from edgewright.pipeline.conversion import draw_samples
from edgewright.pipeline.data import Split
from edgewright.pipeline.digest import digest_bytes
from edgewright.pipeline.errors import ModelError
from edgewright.pipeline.inputs import InputRequest, Inputs, open_inputs
from edgewright.pipeline.models import is_opaque, load_model, output_shapes
from edgewright.pipeline.output import MANIFEST, Written, clean_leftovers, write_tree
from edgewright.pipeline.progress import Reporter
from edgewright.pipeline.sources import obtain_source
from edgewright.pipeline.tasks import Objective

KEPT = {"task", "preprocessing", "validation", "augmentation"}
"""What the suggested recipe says as the given one does."""
CALIBRATION_COUNT = 200
"""Training samples that set the ranges of int8."""


@dataclass(frozen=True, kw_only=True)
class SurveyRequest:
    """What `edgewright analyze` was asked for."""

    inputs: InputRequest
    out: Path
    cache: Path
    sample_count: int = 400
    """Validation samples that decide; more take longer and tell smaller differences apart."""
    force: bool = False


@dataclass(frozen=True, kw_only=True)
class Survey:
    """What a survey found and left."""

    analysis: Analysis
    recipe: str
    out: Path
    written: Written


class _Manifest(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    tool_version: str
    inputs: dict[str, str]
    seed: int
    outputs: dict[str, str]


def survey(request: SurveyRequest, reporter: Reporter) -> Survey:
    """Analyze a model layer by layer and suggest a recipe.

    Args:
        request: model, data and where the result goes.
        reporter: shows what is going on.

    Raises:
        EdgewrightError: bad input; nothing was changed.
    """
    cache = Cache(root=request.cache)
    inputs = open_inputs(request.inputs, cache)
    path = obtain_source(inputs.source, inputs.data, inputs.objective, seed=inputs.seed, cache=cache, reporter=reporter)
    if is_opaque(path):
        raise ModelError(
            f"model: {path} holds functions and no Keras layers (an exported SavedModel), so no layer can be analyzed; "
            "give the Keras model itself."
        )
    model = load_model(path, trust=True)
    data = inputs.objective.prepare(inputs.data.load(), output_shapes(model), inputs.data.origin)
    chosen = _some(data.validation, request.sample_count, inputs.seed)
    analysis = analyze(
        model,
        measure_of(inputs.objective, chosen),
        tuple(np.asarray(array, np.float32) for array in chosen.x),
        draw_samples(data.train.x, CALIBRATION_COUNT, inputs.seed),
        reporter,
    )
    recipe = _suggestion(request, inputs, analysis)
    files = {
        "analysis.json": (analysis.model_dump_json(indent=1) + "\n").encode(),
        "analysis.html": render_analysis(analysis, recipe=recipe).encode(),
        "recipe.toml": recipe.encode(),
    }
    files[MANIFEST] = _manifest(inputs, files)
    clean_leftovers(request.out)
    written = write_tree(request.out, files, force=request.force)
    return Survey(analysis=analysis, recipe=recipe, out=request.out, written=written)


def measure_of(objective: Objective, split: Split) -> Measure:
    """Return what an analysis compares: the deciding figure on some samples.

    Args:
        objective: which figure.
        split: samples, and the targets that `Objective.prepare` returned.
    """
    return Measure(
        name=objective.metric.name,
        score=lambda outputs: next(iter(objective.scores(outputs, split).values())),
        higher_is_better=objective.metric.higher_is_better,
        is_share=objective.metric.is_share,
    )


def _some(split: Split, count: int, seed: int) -> Split:
    chosen = np.random.default_rng(seed).choice(len(split), min(count, len(split)), replace=False)
    return split.take(np.sort(chosen))


def _suggestion(request: SurveyRequest, inputs: Inputs, analysis: Analysis) -> str:
    """Suggest a recipe for the output folder, from which its paths count."""
    settings = inputs.recipe.settings
    bases = [(request.inputs.model, settings.source.model), (request.inputs.data, settings.source.data)]
    paths = [Path(given) if given is not None else inputs.recipe.folder / str(known) for given, known in bases]
    model, data = (os.path.relpath(path, request.out) for path in paths)
    kept = settings.model_dump(mode="json", include=KEPT, exclude_defaults=True, exclude_none=True)
    if settings.task.metric is not None:
        kept["task"]["metric"] = os.path.relpath(inputs.recipe.folder / settings.task.metric, request.out)
    max_drop = (settings.budget or Budget()).max_accuracy_drop
    return suggest(analysis, model=model, data=data, max_drop=max_drop, settings=kept)


def _manifest(inputs: Inputs, files: Mapping[str, bytes]) -> bytes:
    manifest = _Manifest(
        tool_version=version("edgewright"),
        inputs={"model": inputs.source.digest, "data": inputs.data.given_digest},
        seed=inputs.seed,
        outputs={name: digest_bytes(content) for name, content in sorted(files.items())},
    )
    return (manifest.model_dump_json(indent=1) + "\n").encode()
