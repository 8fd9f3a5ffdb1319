"""What is checked of a run before its first stage: stages that suit the model, and samples that can calibrate it.

What was checked once is kept in the cache, so that a warm run loads no model.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
from rich.markup import escape

from edgewright.pipeline.calibration import (
    LabelledSamples,
    Severity,
    check_calibration,
    check_samples,
    require_calibration,
)
from edgewright.pipeline.code import LOADING, code_digest
from edgewright.pipeline.conversion import draw_indices
from edgewright.pipeline.data import Split
from edgewright.pipeline.digest import digest_file, package_versions
from edgewright.pipeline.errors import RecipeError
from edgewright.pipeline.figures import CalibrationFigures
from edgewright.pipeline.frameworks import VERSIONED_PACKAGES, KerasModel
from edgewright.pipeline.graph import read
from edgewright.pipeline.layers import layers_path, read_layers
from edgewright.pipeline.measurement import load_prepared
from edgewright.pipeline.models import is_opaque, load_model, open_opaque
from edgewright.pipeline.operator_support import require_operators
from edgewright.pipeline.stages import Stage, StageSettings
from edgewright.pipeline.stages.convert import convert_artefact
from edgewright.pipeline.target import Family, Target
from edgewright.pipeline.workshop import Workshop

MODULES = ("preflight.py", "calibration.py", "activations.py", "conversion/samples.py", "tasks", *LOADING)
RECORD = "checked.json"
CALIBRATION_COUNT = 500
"""Training samples that the representative ones are compared with."""


def check_stages(workshop: Workshop) -> None:
    """Refuse, before any training, what a stage cannot work on.

    Raises:
        ModelError: a stage cannot work on the source model, and why.
        RecipeError: the source model can only be converted, and the recipe says more.
    """
    float_stages = [(stage, settings) for stage, settings in workshop.recipe.stages if stage.name != "convert"]
    if is_opaque(workshop.source_path):
        if float_stages:
            raise RecipeError(
                f"model: {workshop.source_path} holds functions and no Keras layers (an exported SavedModel), so it "
                f'can be converted and no more; take "{float_stages[0][0].name}" out of the recipe, or give the Keras '
                "model itself."
            )
        return

    load = functools.cache(lambda: load_model(workshop.source_path, trust=True))
    for stage, settings in float_stages:
        _check_stage(workshop, stage, settings, load)


def _check_stage(workshop: Workshop, stage: Stage, settings: StageSettings, load: Callable[[], KerasModel]) -> None:
    wanted = {
        "kind": "check",
        "stage": stage.name,
        "settings": settings.model_dump(mode="json"),
        "files": [digest_file(path) for path in stage.files(settings, workshop.recipe.folder)],
        "source": digest_file(workshop.source_path),
        "code": code_digest(stage.modules),
        "versions": package_versions(VERSIONED_PACKAGES),
    }

    def make(folder: Path) -> None:
        stage.check(settings, load(), workshop.recipe.folder)
        (folder / RECORD).write_text("[]\n", encoding="utf-8")

    workshop.cache.obtain(wanted, make)


def check_operators(workshop: Workshop, target: Target, family: Family) -> None:
    """Refuse, before any training, a network that the target's TFLM cannot compute as the recipe converts it.

    The source model is taken as it was converted to be measured, with a scale for each channel everywhere where the
    recipe leaves that to be chosen. A network that a student is to replace is not held to
    the target.

    Raises:
        TfliteError: an operator is missing, too new, or lacks the types; the sentence says which, and a way out.
    """
    if any(stage.name == "distill" for stage, _ in workshop.recipe.stages):
        return
    converted = convert_artefact(
        workshop.source_path, workshop.demanding_conversion, workshop.data, workshop.seed, workshop.cache
    )
    graph = read(converted.read_bytes(), source=str(converted))
    require_operators(graph, read_layers(layers_path(converted), graph), target, family)


def check_representative_samples(workshop: Workshop) -> tuple[CalibrationFigures, ...]:
    """Tell what is wrong with the representative samples, before anything is converted with them.

    Returns:
        What was told, the worst first.

    Raises:
        DataError: they calibrate nothing.
    """
    wanted = {
        "kind": "check",
        "calibration": workshop.conversion.representative_count,
        "source": digest_file(workshop.source_path),
        "data": workshop.data.digest,
        "task": workshop.objective.task.name,
        "seed": workshop.seed,
        "code": code_digest(MODULES),
        "versions": package_versions(VERSIONED_PACKAGES),
    }

    def make(folder: Path) -> None:
        lines = [found.model_dump() for found in _look_at_representative_samples(workshop)]
        (folder / RECORD).write_text(json.dumps(lines, indent=1) + "\n", encoding="utf-8")

    folder = workshop.cache.obtain(wanted, make)
    lines = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    found = tuple(CalibrationFigures.model_validate(line) for line in lines)
    for one in found:
        workshop.reporter.line(f"{'[yellow]warning:[/] ' if one.is_warning else ''}{escape(one.sentence)}")
    return found


def _look_at_representative_samples(workshop: Workshop) -> list[CalibrationFigures]:
    train = load_prepared(workshop.source_path, workshop).train
    count = min(CALIBRATION_COUNT, len(train))
    chosen = np.random.default_rng([workshop.seed, 1]).choice(len(train), count, replace=False)
    drawn = draw_indices(len(train), workshop.conversion.representative_count, workshop.seed)
    representative, training = (_labelled(train.take(indices)) for indices in (drawn, np.sort(chosen)))
    if is_opaque(workshop.source_path):
        names = [tensor.name for tensor in open_opaque(workshop.source_path, trust=True).inputs]
        findings = check_samples(names, representative, training)
    else:
        findings = check_calibration(load_model(workshop.source_path, trust=True), representative, training)
    require_calibration(findings)
    return [
        CalibrationFigures(is_warning=finding.severity is Severity.WARNING, sentence=finding.sentence)
        for finding in findings
    ]


def _labelled(split: Split) -> LabelledSamples:
    has_classes = bool(split.y) and split.y[0].ndim == 1 and split.y[0].dtype.kind == "i"
    return LabelledSamples(x=split.x, classes=split.y[0] if has_classes else None)
