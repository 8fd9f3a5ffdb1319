"""What is measured of a converted model on this computer: agreement of engines, arena, golden vectors, latency.

Everything here is the same for every target and is kept in the cache.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edgewright.pipeline.agreement import AgreementResult, check_agreement
from edgewright.pipeline.arena import measure_host_arena
from edgewright.pipeline.cache import Cache
from edgewright.pipeline.code import code_digest
from edgewright.pipeline.comparison import ComparisonFigures, compare_models
from edgewright.pipeline.digest import digest_bytes, digest_file, package_versions
from edgewright.pipeline.feeding import model_inputs, real_outputs
from edgewright.pipeline.figures import AgreementFigures, Figures, LatencyFigures
from edgewright.pipeline.frameworks import VERSIONED_PACKAGES
from edgewright.pipeline.golden import DRAWN_INPUTS, choose_inputs, choose_samples, compute_vectors, random_inputs
from edgewright.pipeline.graph import read
from edgewright.pipeline.interpreters import Array, Resolver, tflm_engine
from edgewright.pipeline.measurement import MODULES as MEASURING
from edgewright.pipeline.measurement import artefact_output_shapes, load_prepared, predict_artefact
from edgewright.pipeline.vocabulary import GoldenVectors
from edgewright.pipeline.workshop import Workshop

MODULES = ("evaluation.py", "comparison.py", "golden.py", "selection.py", "trace.py", "agreement.py", *MEASURING)
RECORD = "evaluation.json"
VECTORS = "vectors.npz"
LAYER = "layer"

MeasureLatency = Callable[[bytes, tuple[Array, ...]], LatencyFigures]
"""Measures one inference of the TFLite interpreter on a given sample; timing is not this package's business."""


class EvaluationRecord(Figures):
    """The figures of an evaluation, as they are kept."""

    scores: dict[str, float]
    """On the test split, the deciding figure first; empty without data."""
    agreements: tuple[AgreementFigures, ...]
    host_arena_bytes: int
    tflm_revision: str
    latency: LatencyFigures | None
    vectors_origin: str
    comparison: ComparisonFigures | None = None
    """With the float source model, sample by sample; None without data."""

    @property
    def xnnpack_difference_lsb(self) -> int:
        """Largest difference of XNNPACK's outputs to TFLM's; 0 where it was not run."""
        rows = (row for row in self.agreements if row.resolver == Resolver.XNNPACK.value)
        return max((row.max_difference_lsb for row in rows), default=0)


def evaluate_with_data(
    tflite: bytes, path: Path, workshop: Workshop, measure_latency: MeasureLatency
) -> tuple[EvaluationRecord, GoldenVectors]:
    """Evaluate a model on the whole test split, which nothing was chosen by.

    Args:
        tflite: a full-integer model.
        path: the float model that it was converted from.
        workshop: gives the data and what the model is judged by.
        measure_latency: times one inference.

    Raises:
        InterpreterError: an interpreter refused the model, or gave something else than integers.
    """
    objective = workshop.objective

    def make(folder: Path) -> None:
        shapes = artefact_output_shapes(path)
        test = load_prepared(path, workshop).test
        graph = read(tflite)
        samples = model_inputs(graph, test.x)
        result = check_agreement(tflite, samples, classifies=objective.tells_classes_apart(shapes))
        outputs = real_outputs(graph, result.outputs, shapes)
        classes = test.y[0] if objective.class_count(shapes) is not None and test.y[0].ndim == 1 else None
        choice = choose_samples(graph, samples, outputs[0], classes)
        origin = f"test samples: {choice.description}; two extremes"
        vectors = compute_vectors(tflite, tuple(array[list(choice.indices)] for array in samples), graph, origin)
        scores = objective.scores(outputs, test)
        latency = measure_latency(tflite, tuple(array[:1] for array in samples))
        comparison = compare_models(predict_artefact(workshop.source_path, test), outputs, test, objective)
        record = _record(tflite, scores, result, latency, vectors).model_copy(update={"comparison": comparison})
        _keep(folder, record, vectors)

    source = digest_file(workshop.source_path)
    inputs = {"data": workshop.data.digest, "source": source, **objective.ingredients}
    return _load(workshop.cache.obtain(_ingredients(tflite, inputs), make))


def evaluate_without_data(
    tflite: bytes, inputs: tuple[Array, ...] | None, seed: int, cache: Cache, measure_latency: MeasureLatency
) -> tuple[EvaluationRecord, GoldenVectors]:
    """Evaluate a `.tflite` on given inputs, or on random ones.

    Args:
        tflite: a full-integer model.
        inputs: one array (V, *shape without batch) for each input, of its type; None draws them.
        seed: of the draw.
        cache: where the result is kept.
        measure_latency: times one inference.

    Raises:
        InterpreterError: an interpreter refused the model, or gave something else than integers.
    """
    graph = read(tflite)
    given = random_inputs(graph, seed, DRAWN_INPUTS) if inputs is None else inputs

    def make(folder: Path) -> None:
        samples, origin = given, "given inputs; two extremes"
        if inputs is None:
            choice = choose_inputs(graph, given)
            samples = tuple(array[list(choice.indices)] for array in given)
            origin = f"random inputs of seed {seed}: {choice.description}; two extremes"
        result = check_agreement(tflite, samples, classifies=False)
        vectors = compute_vectors(tflite, samples, graph, origin)
        latency = measure_latency(tflite, tuple(array[:1] for array in samples))
        _keep(folder, _record(tflite, {}, result, latency, vectors), vectors)

    digests = [digest_bytes(array.tobytes()) for array in given]
    return _load(cache.obtain(_ingredients(tflite, {"inputs": digests, "drawn": inputs is None}), make))


def _ingredients(tflite: bytes, inputs: dict[str, object]) -> dict[str, object]:
    return {
        "kind": "evaluation",
        "model": digest_bytes(tflite),
        "code": code_digest(MODULES),
        "versions": package_versions(VERSIONED_PACKAGES),
        **inputs,
    }


def _record(
    tflite: bytes,
    scores: dict[str, float],
    result: AgreementResult,
    latency: LatencyFigures,
    vectors: GoldenVectors,
) -> EvaluationRecord:
    return EvaluationRecord(
        scores=scores,
        agreements=_figures(result),
        host_arena_bytes=measure_host_arena(tflite),
        tflm_revision=f"tflite-micro {tflm_engine().version}",
        latency=latency,
        vectors_origin=vectors.origin,
    )


def _figures(result: AgreementResult) -> tuple[AgreementFigures, ...]:
    return tuple(
        AgreementFigures(
            engine=agreement.engine,
            version=agreement.engine_version,
            resolver=agreement.resolver.value,
            sample_count=agreement.samples,
            differing_sample_count=agreement.samples_differing,
            differing_class_count=agreement.classes_differing,
            max_difference_lsb=agreement.max_diff_lsb,
            tolerance_lsb=agreement.tolerance_lsb,
            holds=agreement.holds,
        )
        for agreement in result.agreements
    )


def _keep(folder: Path, record: EvaluationRecord, vectors: GoldenVectors) -> None:
    (folder / RECORD).write_text(record.model_dump_json(indent=1) + "\n", encoding="utf-8")
    arrays: dict[str, npt.NDArray[np.generic]] = {}
    for kind, rows in (("input", vectors.inputs), ("output", vectors.outputs)):
        for vector, row in enumerate(rows):
            for position, array in enumerate(row):
                arrays[f"{kind}.{vector}.{position}"] = array
    arrays.update({f"{LAYER}.{index}": array for index, array in vectors.layers.items()})
    np.savez(folder / VECTORS, **arrays)


def _load(folder: Path) -> tuple[EvaluationRecord, GoldenVectors]:
    record = EvaluationRecord.model_validate_json((folder / RECORD).read_text(encoding="utf-8"))
    rows: dict[str, dict[int, dict[int, npt.NDArray[np.generic]]]] = {"input": {}, "output": {}}
    layers: dict[int, npt.NDArray[np.generic]] = {}
    with np.load(folder / VECTORS, allow_pickle=False) as archive:
        for name in archive.files:
            kind, vector, *position = name.split(".")
            if kind == LAYER:
                layers[int(vector)] = archive[name]
            else:
                rows[kind].setdefault(int(vector), {})[int(position[0])] = archive[name]
    inputs, outputs = (
        tuple(tuple(row[position] for position in sorted(row)) for _, row in sorted(rows[kind].items()))
        for kind in ("input", "output")
    )
    return record, GoldenVectors(inputs=inputs, outputs=outputs, origin=record.vectors_origin, layers=layers)
