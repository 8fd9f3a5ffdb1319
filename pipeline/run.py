"""One run of the pipeline: from a request to an output folder and its report."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path

from edgewright.pipeline.budget import drop_complaint, size_complaints
from edgewright.pipeline.cache import Cache
from edgewright.pipeline.chain import Chain, run_chain, stage_ingredients
from edgewright.pipeline.compiled import compile_model
from edgewright.pipeline.errors import RecipeError
from edgewright.pipeline.evaluation import EvaluationRecord, MeasureLatency, evaluate_with_data
from edgewright.pipeline.findings import Findings
from edgewright.pipeline.footprint import Footprint
from edgewright.pipeline.graph import Graph, output_tensors, read
from edgewright.pipeline.inputs import InputRequest, Inputs, open_inputs
from edgewright.pipeline.layers import layers_path, read_layers
from edgewright.pipeline.lint import Context, Repaired, mend
from edgewright.pipeline.manifest import Configuration
from edgewright.pipeline.measurement import score_source
from edgewright.pipeline.operator_support import require_operators
from edgewright.pipeline.outcome import Outcome, OutputRequest, leave
from edgewright.pipeline.planning import PlannableModel, plan_memory
from edgewright.pipeline.preflight import check_operators
from edgewright.pipeline.progress import Reporter
from edgewright.pipeline.report import BudgetSection, MetricSection
from edgewright.pipeline.scales import read_scales
from edgewright.pipeline.sources import MODEL, ingredients, obtain_source
from edgewright.pipeline.static_code import MeasureCode
from edgewright.pipeline.static_runtime import StaticSettings
from edgewright.pipeline.target import Family, Target, choose_family, load_target
from edgewright.pipeline.vocabulary import GoldenVectors
from edgewright.pipeline.workshop import Workshop


@dataclass(frozen=True, kw_only=True)
class BuildRequest:
    """What `edgewright build` was asked for; paths count from the working folder."""

    inputs: InputRequest
    output: OutputRequest
    log_folder: Path | None = None
    """Where stages write summaries for TensorBoard, if anywhere."""


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
    inputs: Inputs
    cache: Cache
    log_folder: Path | None
    configuration: Configuration = field(repr=False)


def build(
    request: BuildRequest,
    reporter: Reporter,
    measure_latency: MeasureLatency,
    measure_code: MeasureCode | None = None,
) -> Outcome:
    """Compress a model by its recipe, evaluate it, and emit it for a target.

    Args:
        request: what to build.
        reporter: shows what is going on.
        measure_latency: times one inference of the TFLite interpreter.
        measure_code: links a compiled model and runs it; None estimates what its code takes.

    Returns:
        The report and what changed in the output folder.

    Raises:
        EdgewrightError: bad input (nothing was changed), or the model is over the budget or does not fit (all but
            firmware that does not fit was written).
    """
    prepared = _prepare(request)
    workshop = _workshop(prepared, reporter)
    target, family = prepared.target, prepared.family
    chain = run_chain(workshop, lambda shop: check_operators(shop, target, family))
    mended = _mended(chain, prepared, is_wanted=request.output.fix)
    tflite, graph, layer_names = mended.context.tflite, mended.context.graph, mended.context.layers
    reporter.line("[bold]evaluate[/]: every test sample in three interpreters, arena, latency")
    record, vectors = evaluate_with_data(tflite, chain.artefact.path, workshop, measure_latency)
    converted = PlannableModel(
        tflite=tflite, graph=graph, layer_names=layer_names, host_arena_bytes=record.host_arena_bytes
    )
    model = plan_memory(
        converted,
        vectors=vectors,
        seed=prepared.inputs.seed,
        target=target,
        family=family,
        cache=prepared.cache,
        reporter=reporter,
    )
    options = workshop.recipe.settings.static.options
    compiled = compile_model(model, vectors, target, family, options=options, measure_code=measure_code)
    findings = _findings(prepared, workshop, chain, model, (record, vectors), needs=compiled.needs)
    findings = replace(findings, repaired=mended.fixed, static=compiled.static, options=options)
    return leave(findings, request.output, target, family, reporter)


def _mended(chain: Chain, prepared: _Prepared, *, is_wanted: bool) -> Repaired:
    """Return the converted model, refused where the family cannot compute it, and repaired where that is wanted."""
    path = chain.converted.path
    tflite = path.read_bytes()
    graph = read(tflite, source=str(path))
    layers = read_layers(layers_path(path), graph)
    require_operators(graph, layers, prepared.target, prepared.family)
    context = Context(
        graph=graph,
        tflite=tflite,
        layers=layers,
        target=prepared.target,
        family=prepared.family,
        preprocessing=prepared.inputs.data.preprocessing,
    )
    return mend(context, is_wanted=is_wanted)


def plan(request: BuildRequest, reporter: Reporter) -> tuple[PlannedStep, ...]:
    """Say what a build would do, and change nothing: which steps are in the cache already and which would run.

    Raises:
        EdgewrightError: bad input.
    """
    with tempfile.TemporaryDirectory() as folder:
        return _plan(_prepare(request, Cache(root=Path(folder))), reporter)


def _findings(
    prepared: _Prepared,
    workshop: Workshop,
    chain: Chain,
    model: PlannableModel,
    evaluation: tuple[EvaluationRecord, GoldenVectors],
    *,
    needs: Footprint,
) -> Findings:
    record, vectors = evaluation
    metric = workshop.objective.metric
    return Findings(
        name=prepared.configuration.name,
        source=Path(prepared.inputs.source.origin).name,
        seed=prepared.inputs.seed,
        labels=_labels(prepared, model.graph),
        tflite=model.tflite,
        graph=model.graph,
        layer_names=model.layer_names,
        keras=chain.artefact.path.read_bytes() if chain.artefact.path.is_file() else None,
        steps=chain.steps,
        metric=MetricSection(name=metric.name, higher_is_better=metric.higher_is_better, is_share=metric.is_share),
        source_scores=score_source(workshop),
        budget=_budget(workshop, chain, needs),
        scales=read_scales(chain.converted.path),
        needs=needs,
        plan=model.plan,
        record=record.model_copy(update={"host_arena_bytes": model.host_arena_bytes}),
        vectors=vectors,
        configuration=prepared.configuration,
        preprocessing=prepared.inputs.data.preprocessing,
        calibration=chain.calibration,
    )


def _plan(prepared: _Prepared, reporter: Reporter) -> tuple[PlannedStep, ...]:
    wanted = ingredients(prepared.inputs.source, prepared.inputs.data, prepared.inputs.objective, prepared.inputs.seed)
    found = prepared.cache.find(wanted)
    path = found / MODEL if found else None
    steps = [PlannedStep(name="source", is_cached=path is not None)]
    workshop = _workshop(prepared, reporter, source_path=path) if path else None
    for stage, settings in prepared.inputs.recipe.stages:
        folder = None
        if workshop and path and not settings.trials:  # else what it will find is not known before it has run
            folder = prepared.cache.find(stage_ingredients(workshop, stage, settings, path))
        path = folder / stage.produces.value if folder else None
        steps.append(PlannedStep(name=stage.name, is_cached=path is not None))
    return tuple(steps)


def _prepare(request: BuildRequest, data_cache: Cache | None = None) -> _Prepared:
    """Find and validate everything; what a data function returns goes into the cache, or into another one."""
    target = load_target(request.output.target)
    family = choose_family(target, request.output.family, request.output.runtime)
    cache = Cache(root=request.output.cache)
    inputs = open_inputs(request.inputs, data_cache or cache)
    settings = inputs.recipe.settings
    configuration = Configuration(
        name=settings.name,
        seed=inputs.seed,
        inputs={"model": inputs.source.digest, "data": inputs.data.given_digest},
        recipe={
            **settings.model_dump(mode="json", exclude={"name", "seed", "source", "static"}),
            "stages": [stage_settings.model_dump(mode="json") for _, stage_settings in inputs.recipe.stages],
            **({"fix": True} if request.output.fix else {}),
            **({"static": settings.static.model_dump()} if settings.static != StaticSettings() else {}),
        },
    )
    return _Prepared(
        target=target,
        family=family,
        inputs=inputs,
        cache=cache,
        log_folder=request.log_folder,
        configuration=configuration,
    )


def _workshop(prepared: _Prepared, reporter: Reporter, source_path: Path | None = None) -> Workshop:
    return Workshop(
        recipe=prepared.inputs.recipe,
        objective=prepared.inputs.objective,
        seed=prepared.inputs.seed,
        source_path=source_path
        or obtain_source(
            prepared.inputs.source,
            prepared.inputs.data,
            prepared.inputs.objective,
            seed=prepared.inputs.seed,
            cache=prepared.cache,
            reporter=reporter,
        ),
        data=prepared.inputs.data,
        cache=prepared.cache,
        reporter=reporter,
        log_folder=prepared.log_folder,
    )


def _budget(workshop: Workshop, chain: Chain, needs: Footprint) -> BudgetSection | None:
    budget = workshop.recipe.settings.budget
    if budget is None:
        return None
    source, result = chain.source.metrics, chain.converted.metrics
    complaint = drop_complaint(budget, workshop.objective, source, result.int8_score)
    sizes = size_complaints(budget, needs, result.mac_count)
    return BudgetSection(
        **budget.model_dump(),
        accuracy_drop=workshop.objective.loss_by(source.float_score, result.int8_score),
        complaints=(*([complaint] if complaint else []), *sizes),
    )


def _labels(prepared: _Prepared, graph: Graph) -> tuple[str, ...]:
    classes = prepared.inputs.objective.class_count([tensor.shape[1:] for tensor in output_tensors(graph)])
    if classes is None:
        return ()
    given = prepared.inputs.data.labels() or prepared.inputs.recipe.settings.labels
    labels = given or tuple(str(index) for index in range(classes))
    if len(labels) != classes:
        raise RecipeError(f"labels: names {len(labels)} classes, but the model has {classes}; name each class.")
    return labels
