"""Measuring an artefact on the final artefact's terms: converted as the recipe converts, and run as integers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from edgewright.pipeline.arena import measure_host_arena
from edgewright.pipeline.batches import FloatArray
from edgewright.pipeline.code import LOADING, code_digest
from edgewright.pipeline.data import Data, Split
from edgewright.pipeline.digest import digest_file, package_versions
from edgewright.pipeline.errors import InterpreterError
from edgewright.pipeline.feeding import model_inputs, real_outputs
from edgewright.pipeline.frameworks import VERSIONED_PACKAGES, load_tensorflow
from edgewright.pipeline.graph import read
from edgewright.pipeline.interpreters import Engine, Request, Resolver, run, tflite_engine
from edgewright.pipeline.layers import layers_path, read_layers
from edgewright.pipeline.metrics import Metrics, count_tflite
from edgewright.pipeline.models import (
    float_tflite,
    is_opaque,
    load_model,
    open_opaque,
    output_shapes,
    prepare_opaque_conversion,
)
from edgewright.pipeline.refusal import with_layers
from edgewright.pipeline.stages.convert import convert_artefact
from edgewright.pipeline.tasks import Objective, Shape
from edgewright.pipeline.training import predict
from edgewright.pipeline.workshop import Workshop

MODULES = (
    "measurement.py", "metrics.py", "tasks", "feeding.py", "quantization.py", "interpreters", "arena/choice.py",
    "refusal.py",
    "stages/convert.py", *LOADING,
)  # fmt: skip
RECORD = "metrics.json"
SCORES = "scores.json"


def measure_artefact(path: Path, workshop: Workshop) -> Metrics:
    """Count and measure what stands before the conversion, on the validation split.

    Args:
        path: a `.keras`, or the folder of an exported SavedModel.
        workshop: gives data, cache, and the way to convert.

    Raises:
        ModelError: the model cannot be converted.
        InterpreterError: an interpreter refuses the result.
        DataError: the data does not fit the model.
    """
    conversion = workshop.conversion
    ingredients = {
        "kind": "metrics",
        "model": digest_file(path),
        "data": workshop.data.digest,
        "conversion": conversion.model_dump(mode="json"),
        "seed": workshop.seed,
        **workshop.objective.ingredients,
        "code": code_digest(MODULES),
        "versions": package_versions(VERSIONED_PACKAGES),
    }

    def make(folder: Path) -> None:
        shapes = artefact_output_shapes(path)
        data = workshop.objective.prepare(workshop.data.load(), shapes, workshop.data.origin)
        # first of all, since a metric of the user's may fail, and conversion takes longer
        float_scores = workshop.objective.scores(predict_artefact(path, data.validation), data.validation)
        converted = convert_artefact(path, conversion, workshop.data, workshop.seed, workshop.cache)
        tflite = converted.read_bytes()
        metrics = Metrics(
            **count_tflite(tflite, source=str(path)).model_dump(),
            arena_bytes=_host_arena(converted),
            float_bytes=len(_float_tflite(path)),
            float_scores=float_scores,
            int8_scores=score_tflite(tflite, data.validation, workshop.objective, shapes),
        )
        (folder / RECORD).write_text(metrics.model_dump_json(indent=1) + "\n", encoding="utf-8")

    folder = workshop.cache.obtain(ingredients, make)
    return Metrics.model_validate_json((folder / RECORD).read_text(encoding="utf-8"))


def measure_conversion(tflite_path: Path, path: Path, metrics: Metrics, workshop: Workshop) -> Metrics:
    """Count and measure what an artefact was converted to.

    Args:
        tflite_path: the conversion.
        path: the artefact.
        metrics: its own, which hold for the conversion as well where that is the one that was measured for them.
        workshop: gives data and cache.

    Raises:
        InterpreterError: an interpreter refuses the conversion.
    """
    integer = metrics.model_copy(update={"float_scores": {}, "float_bytes": None})
    measured = convert_artefact(path, workshop.conversion, workshop.data, workshop.seed, workshop.cache)
    if digest_file(measured) == digest_file(tflite_path):
        return integer
    ingredients = {
        "kind": "metrics",
        "model": digest_file(path),
        "conversion": digest_file(tflite_path),
        "data": workshop.data.digest,
        **workshop.objective.ingredients,
        "code": code_digest(MODULES),
        "versions": package_versions(VERSIONED_PACKAGES),
    }

    def make(folder: Path) -> None:
        tflite, shapes = tflite_path.read_bytes(), artefact_output_shapes(path)
        validation = workshop.objective.prepare(workshop.data.load(), shapes, workshop.data.origin).validation
        counted = integer.model_copy(
            update={
                **count_tflite(tflite, source=str(tflite_path)).model_dump(),
                "arena_bytes": _host_arena(tflite_path),
                "int8_scores": score_tflite(tflite, validation, workshop.objective, shapes),
            }
        )
        (folder / RECORD).write_text(counted.model_dump_json(indent=1) + "\n", encoding="utf-8")

    folder = workshop.cache.obtain(ingredients, make)
    return Metrics.model_validate_json((folder / RECORD).read_text(encoding="utf-8"))


def artefact_output_shapes(path: Path) -> tuple[Shape, ...]:
    """Return the shapes of a model's outputs without the batch."""
    if is_opaque(path):
        return tuple(tensor.shape for tensor in open_opaque(path, trust=True).outputs)
    return output_shapes(load_model(path, trust=True))


def predict_artefact(path: Path, split: Split) -> tuple[FloatArray, ...]:
    """Return what a float model computes for all samples of a split, one array for each output."""
    if not is_opaque(path):
        return predict(load_model(path, trust=True), split.x)
    opaque = open_opaque(path, trust=True)
    constant = load_tensorflow().constant
    rows = []
    for index in range(len(split)):
        given = {
            tensor.name: constant(array[index : index + 1].astype(tensor.dtype))
            for tensor, array in zip(opaque.inputs, split.x, strict=True)
        }
        result = opaque.function(**given)
        rows.append([result[tensor.name].numpy() for tensor in opaque.outputs])
    return tuple(np.concatenate(arrays) for arrays in zip(*rows, strict=True))


def score_tflite(
    tflite: bytes, split: Split, objective: Objective, shapes: Sequence[Shape], engine: Engine | None = None
) -> dict[str, float]:
    """Return the figures of an integer model on its dequantized outputs.

    Args:
        tflite: the model.
        split: samples and prepared targets.
        objective: which figures.
        shapes: of the outputs, without the batch.
        engine: the interpreter; TensorFlow Lite's own kernels if not given.

    Raises:
        InterpreterError: the interpreter refuses the model.
    """
    graph = read(tflite)
    used = engine or tflite_engine(Resolver.BUILTIN)
    result = run(Request(engine=used, tflite=tflite, inputs=model_inputs(graph, split.x), resolver=Resolver.BUILTIN))
    return objective.scores(real_outputs(graph, result.outputs, shapes), split)


def score_source(workshop: Workshop) -> dict[str, float]:
    """Return the figures of the float source model on the test split, the deciding one first."""
    ingredients = {
        "kind": "test-scores",
        "model": digest_file(workshop.source_path),
        "data": workshop.data.digest,
        **workshop.objective.ingredients,
        "code": code_digest(MODULES),
        "versions": package_versions(VERSIONED_PACKAGES),
    }

    def make(folder: Path) -> None:
        test = load_prepared(workshop.source_path, workshop).test
        scores = workshop.objective.scores(predict_artefact(workshop.source_path, test), test)
        (folder / SCORES).write_text(json.dumps(scores, indent=1) + "\n", encoding="utf-8")

    folder = workshop.cache.obtain(ingredients, make)
    scores: dict[str, float] = json.loads((folder / SCORES).read_text(encoding="utf-8"))
    return scores


def load_prepared(path: Path, workshop: Workshop) -> Data:
    """Load the data with targets that fit an artefact's outputs."""
    return workshop.objective.prepare(workshop.data.load(), artefact_output_shapes(path), workshop.data.origin)


def _host_arena(path: Path) -> int:
    tflite = path.read_bytes()
    try:
        return measure_host_arena(tflite)
    except InterpreterError as error:
        graph = read(tflite)
        raise with_layers(error, graph, read_layers(layers_path(path), graph)) from error


def _float_tflite(path: Path) -> bytes:
    if is_opaque(path):
        return prepare_opaque_conversion(path, trust=True).run()
    return float_tflite(load_model(path, trust=True))
