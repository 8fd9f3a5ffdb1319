"""A full-integer `.tflite` that exists already: evaluated and emitted, without compression."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.markup import escape

from edgewright.pipeline.cache import Cache
from edgewright.pipeline.chain import Step
from edgewright.pipeline.compiled import compile_model
from edgewright.pipeline.data import NPZ_ERRORS
from edgewright.pipeline.digest import digest_bytes, digest_file
from edgewright.pipeline.errors import DataError, TfliteError
from edgewright.pipeline.evaluation import MeasureLatency, evaluate_without_data
from edgewright.pipeline.findings import Findings
from edgewright.pipeline.golden import sample_shape
from edgewright.pipeline.graph import DType, Graph, Tensor, input_tensors, require_full_integer
from edgewright.pipeline.interpreters import Array
from edgewright.pipeline.lint import Context, mend
from edgewright.pipeline.manifest import Configuration
from edgewright.pipeline.metrics import Metrics, count_tflite
from edgewright.pipeline.operator_support import require_operators
from edgewright.pipeline.outcome import Outcome, OutputRequest, leave
from edgewright.pipeline.planning import PlannableModel, plan_memory
from edgewright.pipeline.progress import Reporter
from edgewright.pipeline.quantization import fill
from edgewright.pipeline.static_code import MeasureCode
from edgewright.pipeline.target import choose_family, load_target
from edgewright.pipeline.tflitefile import TfliteFile, read_tflite

MOST_LABELS = 10_000
MOST_INPUT_ELEMENTS = 1 << 24
"""Of one input of a `.tflite` that is emitted: more than any microcontroller holds."""


@dataclass(frozen=True, kw_only=True)
class EmitRequest:
    """What `edgewright emit` was asked for."""

    output: OutputRequest
    tflite: Path
    inputs: Path | None = None
    """An `.npz` with one array (V, *shape without batch) for each input; None draws random ones."""
    labels: Path | None = None
    """A text file with one label on each line."""
    seed: int = 1


def emit(
    request: EmitRequest,
    reporter: Reporter,
    measure_latency: MeasureLatency,
    measure_code: MeasureCode | None = None,
) -> Outcome:
    """Emit an existing full-integer `.tflite` for a target.

    Raises:
        EdgewrightError: bad input (nothing was changed), or the model does not fit (all but the firmware was written).
    """
    target = load_target(request.output.target)
    family = choose_family(target, request.output.family, request.output.runtime)
    file = read_tflite(request.tflite)
    require_full_integer(file.graph, str(request.tflite))
    _check_input_sizes(file.graph, request.tflite)
    require_operators(file.graph, file.layers, target, family)
    found = Context(graph=file.graph, tflite=file.tflite, layers=file.layers, target=target, family=family)
    mended = mend(found, is_wanted=request.output.fix)
    tflite, graph, layer_names = mended.context.tflite, mended.context.graph, mended.context.layers
    cache = Cache(root=request.output.cache)
    inputs = _given_inputs(request.inputs, graph) if request.inputs else None
    labels = _read_labels(request.labels, graph) if request.labels else ()
    reporter.line(f"[bold]evaluate[/]: {escape(request.tflite.name)} in three interpreters, arena, latency")
    record, vectors = evaluate_without_data(tflite, inputs, request.seed, cache, measure_latency)
    given = PlannableModel(
        tflite=tflite, graph=graph, layer_names=layer_names, host_arena_bytes=record.host_arena_bytes
    )
    model = plan_memory(
        given, vectors=vectors, seed=request.seed, target=target, family=family, cache=cache, reporter=reporter
    )
    compiled = compile_model(model, vectors, target, family, measure_code=measure_code)
    metrics = Metrics(
        **count_tflite(tflite).model_dump(),
        arena_bytes=record.host_arena_bytes,
        float_bytes=None,
        float_scores={},
        int8_scores={},
    )
    step = Step(name="given", path=request.tflite, settings=None, metrics=metrics, seconds=None)
    findings = Findings(
        name=request.tflite.stem,
        source=request.tflite.name,
        seed=request.seed,
        labels=labels,
        tflite=model.tflite,
        graph=model.graph,
        layer_names=model.layer_names,
        keras=None,
        steps=(step,),
        metric=None,
        source_scores={},
        budget=None,
        scales=None,
        needs=compiled.needs,
        plan=model.plan,
        record=record.model_copy(update={"host_arena_bytes": model.host_arena_bytes}),
        vectors=vectors,
        configuration=_configuration(request, file),
        preprocessing=(),
        repaired=mended.fixed,
        static=compiled.static,
    )
    return leave(findings, request.output, target, family, reporter)


def _configuration(request: EmitRequest, file: TfliteFile) -> Configuration:
    given = {"tflite": digest_bytes(file.tflite), **({"inputs": digest_file(request.inputs)} if request.inputs else {})}
    if request.labels:
        given["labels"] = digest_file(request.labels)
    if file.layers_path:
        given["layers"] = digest_file(file.layers_path)
    recipe: dict[str, object] = {"fix": True} if request.output.fix else {}
    return Configuration(name=request.tflite.stem, seed=request.seed, inputs=given, recipe=recipe)


def _check_input_sizes(graph: Graph, path: Path) -> None:
    for tensor in input_tensors(graph):
        if tensor.element_count > MOST_INPUT_ELEMENTS:
            raise TfliteError(
                f'{path}: the input "{tensor.name}" has {tensor.element_count:,} elements; at most '
                f"{MOST_INPUT_ELEMENTS:,} are accepted, which is more than any target holds."
            )


def _read_labels(path: Path, graph: Graph) -> tuple[str, ...]:
    try:
        labels = tuple(path.read_text(encoding="utf-8").splitlines())
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"labels: {path} cannot be read ({error}); give a UTF-8 text file, one label a line.") from None
    classes = graph.main.tensors[graph.main.outputs[0]].shape[-1]
    if len(labels) != classes or len(labels) > MOST_LABELS:
        raise DataError(
            f"labels: {path} has {len(labels)} lines, but the model has {classes} classes; one label a line."
        )
    return labels


def _given_inputs(path: Path, graph: Graph) -> tuple[Array, ...]:
    tensors = input_tensors(graph)
    if path.is_file() and not zipfile.is_zipfile(path):
        raise DataError(f"inputs: {path} is not an .npz; save one array for each input with numpy.savez.")
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = [archive[name] for name in archive.files]
    except NPZ_ERRORS as error:
        raise DataError(f"inputs: {path} cannot be read ({error}); save numeric arrays with numpy.savez.") from None
    wanted = [sample_shape(tensor) for tensor in tensors]
    if (
        [array.shape[1:] for array in arrays] != wanted
        or len({len(array) for array in arrays}) != 1
        or not len(arrays[0])
    ):
        raise DataError(
            f"inputs: {path} holds arrays of the shapes {[array.shape for array in arrays]}; the model takes "
            f"{[('V', *shape) for shape in wanted]}, in this order."
        )
    return tuple(_quantized(array, tensor, path) for array, tensor in zip(arrays, tensors, strict=True))


def _quantized(array: Array, tensor: Tensor, path: Path) -> Array:
    takes_floats = tensor.dtype is DType.FLOAT32
    if not takes_floats and array.dtype == np.dtype(tensor.dtype.value):
        return array
    if array.dtype.kind != "f" or not np.isfinite(array).all():
        other = "" if takes_floats else f", or {tensor.dtype.value}"
        raise DataError(f"inputs: {path} holds an array of {array.dtype}, or NaN or inf; give finite floats{other}.")
    return fill(tensor, array)
