"""One run: from a request to an output folder and its report."""

from __future__ import annotations

import tempfile
import zipfile
from dataclasses import dataclass, field
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

import numpy as np
from rich.markup import escape

from edgewright.pipeline.arena import arena_for
from edgewright.pipeline.assembly import Findings, assemble
from edgewright.pipeline.cache import Cache
from edgewright.pipeline.chain import Bench, Step, run_chain, stage_ingredients, with_accuracy
from edgewright.pipeline.data import NPZ_ERRORS, DataSource, open_data
from edgewright.pipeline.digest import digest_bytes, digest_file
from edgewright.pipeline.errors import DataError, DoesNotFitError, RecipeError, TfliteError
from edgewright.pipeline.evaluation import MeasureLatency, evaluate_with_data, evaluate_without_data
from edgewright.pipeline.golden import input_tensors, sample_shape
from edgewright.pipeline.graph import Graph, read, require_full_integer
from edgewright.pipeline.interpreters import Array
from edgewright.pipeline.layers import name_layers
from edgewright.pipeline.manifest import Configuration
from edgewright.pipeline.metrics import measure_tflite
from edgewright.pipeline.models import layer_names
from edgewright.pipeline.output import Written, clean_leftovers, write_tree
from edgewright.pipeline.progress import Reporter
from edgewright.pipeline.quantization import quantize
from edgewright.pipeline.recipe import Recipe, RecipeSettings, default_stages, load_recipe
from edgewright.pipeline.report import Report
from edgewright.pipeline.sources import ModelSource, ingredients, obtain_source, open_model
from edgewright.pipeline.target import Family, Target, choose_family, load_target

EXAMPLE_RECIPE = Path(str(files("edgewright.examples"))) / "mnist" / "recipe.toml"
"""What is built when nothing else is said."""
MOST_LABELS = 10_000
MOST_INPUT_ELEMENTS = 1 << 24
"""Of one input of a `.tflite` that is emitted: more than any microcontroller holds."""


@dataclass(frozen=True, kw_only=True)
class OutputRequest:
    """Where a result goes and for which board."""

    target: str
    family: str | None = None
    out: Path
    cache: Path
    force: bool = False


@dataclass(frozen=True, kw_only=True)
class BuildRequest:
    """What `edgewright build` was asked for; paths count from the working folder."""

    output: OutputRequest
    recipe: Path | None = None
    model: str | None = None
    data: str | None = None
    seed: int | None = None
    trust_model: bool = False


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


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a run left behind."""

    report: Report
    target: Target
    family: Family
    out: Path
    written: Written


@dataclass(frozen=True, kw_only=True)
class PlannedStep:
    """One step of a dry run."""

    name: str
    is_cached: bool


@dataclass(frozen=True, kw_only=True)
class _Prepared:
    """A build request whose inputs were all found and validated; nothing has run yet."""

    target: Target
    family: Family
    recipe: Recipe
    seed: int
    data: DataSource
    source: ModelSource
    cache: Cache
    configuration: Configuration = field(repr=False)


def build(request: BuildRequest, reporter: Reporter, measure_latency: MeasureLatency) -> Outcome:
    """Compress a model by its recipe, evaluate it, and emit it for a target.

    Args:
        request: what to build.
        reporter: shows what is going on.
        measure_latency: times one inference of the TFLite interpreter.

    Returns:
        The report and what changed in the output folder.

    Raises:
        EdgewrightError: bad input (nothing was changed), or the model does not fit (all but the firmware was written).
    """
    prepared = _prepare(request)
    bench = _bench(prepared, reporter)
    chain = run_chain(bench)
    tflite = chain.tflite_path.read_bytes()
    graph = read(tflite, source=str(chain.tflite_path))
    reporter.line("[bold]evaluate[/]: every test sample in three interpreters, arena, latency")
    record, vectors = evaluate_with_data(tflite, prepared.data, prepared.cache, measure_latency)
    chain = with_accuracy(chain, record.accuracy)
    findings = Findings(
        name=prepared.configuration.name,
        source=Path(prepared.source.origin).name,
        seed=prepared.seed,
        labels=_labels(prepared, graph),
        tflite=tflite,
        graph=graph,
        layer_names=name_layers(graph, layer_names(bench.source_path)),
        keras=chain.keras_path.read_bytes(),
        steps=chain.steps,
        stage_settings=tuple(settings.model_dump(mode="json") for _, settings in prepared.recipe.stages),
        record=record,
        vectors=vectors,
        configuration=prepared.configuration,
    )
    return _leave(findings, request.output, prepared.target, prepared.family, reporter)


def plan(request: BuildRequest, reporter: Reporter) -> tuple[PlannedStep, ...]:
    """Say what a build would do, and change nothing: which steps are in the cache already and which would run.

    Raises:
        EdgewrightError: bad input.
    """
    with tempfile.TemporaryDirectory() as folder:
        return _plan(_prepare(request, Cache(root=Path(folder))), reporter)


def _plan(prepared: _Prepared, reporter: Reporter) -> tuple[PlannedStep, ...]:
    found = prepared.cache.find(ingredients(prepared.source, prepared.data, prepared.seed))
    path = found / "model.keras" if found else None
    steps = [PlannedStep(name="source", is_cached=path is not None)]
    bench = _bench(prepared, reporter, source_path=path) if path else None
    for stage, settings in prepared.recipe.stages:
        folder = prepared.cache.find(stage_ingredients(bench, stage, settings, path)) if bench and path else None
        path = folder / stage.produces.value if folder else None
        steps.append(PlannedStep(name=stage.name, is_cached=path is not None))
    return tuple(steps)


def emit(request: EmitRequest, reporter: Reporter, measure_latency: MeasureLatency) -> Outcome:
    """Emit an existing full-integer `.tflite` for a target.

    Raises:
        EdgewrightError: bad input (nothing was changed), or the model does not fit (all but the firmware was written).
    """
    target = load_target(request.output.target)
    family = choose_family(target, request.output.family)
    tflite = _read_tflite(request.tflite)
    graph = read(tflite, source=str(request.tflite))
    require_full_integer(graph, str(request.tflite))
    _check_input_sizes(graph, request.tflite)
    cache = Cache(root=request.output.cache)
    inputs = _given_inputs(request.inputs, graph) if request.inputs else None
    labels = _read_labels(request.labels, graph) if request.labels else ()
    reporter.line(f"[bold]evaluate[/]: {escape(request.tflite.name)} in three interpreters, arena, latency")
    record, vectors = evaluate_without_data(tflite, inputs, request.seed, cache, measure_latency)
    given = {"tflite": digest_bytes(tflite), **({"inputs": digest_file(request.inputs)} if request.inputs else {})}
    if request.labels:
        given["labels"] = digest_file(request.labels)
    step = Step(name="given", path=request.tflite, metrics=measure_tflite(tflite, None), seconds=None)
    findings = Findings(
        name=request.tflite.stem,
        source=request.tflite.name,
        seed=request.seed,
        labels=labels,
        tflite=tflite,
        graph=graph,
        layer_names=name_layers(graph),
        keras=None,
        steps=(step,),
        stage_settings=(),
        record=record,
        vectors=vectors,
        configuration=Configuration(name=request.tflite.stem, seed=request.seed, inputs=given, recipe={}),
    )
    return _leave(findings, request.output, target, family, reporter)


def _prepare(request: BuildRequest, data_cache: Cache | None = None) -> _Prepared:
    """Find and validate everything; what a data function returns goes into the cache, or into another one."""
    target = load_target(request.output.target)
    family = choose_family(target, request.output.family)
    recipe = _recipe(request)
    cache = Cache(root=request.output.cache)
    seed = recipe.settings.seed if request.seed is None else request.seed
    model, model_base = _choose(request.model, recipe.settings.source.model, recipe, "model")
    data, data_base = _choose(request.data, recipe.settings.source.data, recipe, "data")
    source = open_model(model, model_base, trust=request.trust_model)
    data_source = open_data(data, data_base, data_cache or cache)
    configuration = Configuration(
        name=recipe.settings.name,
        seed=seed,
        inputs={"model": source.digest, "data": data_source.digest},
        recipe={
            **recipe.settings.model_dump(mode="json", exclude={"name", "seed", "source"}),
            "stages": [settings.model_dump(mode="json") for _, settings in recipe.stages],
        },
    )
    return _Prepared(
        target=target, family=family, recipe=recipe, seed=seed, data=data_source, source=source, cache=cache,
        configuration=configuration,
    )  # fmt: skip


def _recipe(request: BuildRequest) -> Recipe:
    if request.recipe is not None:
        return load_recipe(request.recipe)
    if request.model is None and request.data is None:
        return load_recipe(EXAMPLE_RECIPE)
    name = Path(request.model or "model").stem or "model"
    return Recipe(settings=RecipeSettings(name=name), stages=default_stages(), folder=Path())


def _choose(given: str | None, in_recipe: str | None, recipe: Recipe, key: str) -> tuple[str, Path]:
    if given is not None:
        return given, Path()
    if in_recipe is not None:
        return in_recipe, recipe.folder
    raise RecipeError(f'{key}: is missing; give --{key} (make: {key}=…), or {key} = "…" under [source] in the recipe.')


def _bench(prepared: _Prepared, reporter: Reporter, source_path: Path | None = None) -> Bench:
    return Bench(
        recipe=prepared.recipe,
        seed=prepared.seed,
        source_path=source_path
        or obtain_source(prepared.source, prepared.data, prepared.seed, prepared.cache, reporter),
        data=prepared.data,
        cache=prepared.cache,
        reporter=reporter,
    )


def _leave(findings: Findings, output: OutputRequest, target: Target, family: Family, reporter: Reporter) -> Outcome:
    arena = arena_for(findings.record.host_arena_bytes, target, family, findings.record.tflm_revision)
    assembly = assemble(findings, arena, target, family, tool_version=version("edgewright"), force=output.force)
    clean_leftovers(output.out)
    user_files = [f"firmware/{name}" for name in family.user_files]
    written = write_tree(output.out, assembly.files, user_files=user_files, force=output.force)
    for name in written.kept:
        reporter.line(f"{name} is yours: kept as you edited it")
    for name in written.saved:
        reporter.line(f"your version was kept as {name}")
    if assembly.complaint and not output.force:
        raise DoesNotFitError(assembly.complaint)
    return Outcome(report=assembly.report, target=target, family=family, out=output.out, written=written)


def _labels(prepared: _Prepared, graph: Graph) -> tuple[str, ...]:
    classes = graph.main.tensors[graph.main.outputs[0]].shape[-1]
    labels = prepared.data.labels() or prepared.recipe.settings.labels or tuple(str(index) for index in range(classes))
    if len(labels) != classes:
        raise RecipeError(f"labels: names {len(labels)} classes, but the model has {classes}; name each class.")
    return labels


def _read_tflite(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise TfliteError(f"{path}: cannot be read ({error.strerror}); give the path of a .tflite.") from None


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
    return tuple(_quantized(array, tensor_index, graph, path) for tensor_index, array in enumerate(arrays))


def _quantized(array: Array, position: int, graph: Graph, path: Path) -> Array:
    tensor = input_tensors(graph)[position]
    if array.dtype == np.dtype(tensor.dtype.value):
        return array
    if array.dtype.kind != "f" or tensor.quantization is None or not np.isfinite(array).all():
        raise DataError(
            f"inputs: {path} holds an array of {array.dtype}, or NaN or inf; give finite floats, "
            f"or {tensor.dtype.value}."
        )
    return quantize(array, tensor.quantization, tensor.dtype)
