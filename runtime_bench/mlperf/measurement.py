"""Measuring one architecture: what it costs on every core, what lint and engines say, and what targets will take."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from edgewright.pipeline.arena import measure_host_arena
from edgewright.pipeline.cache import Cache
from edgewright.pipeline.cycles import left_out_errors, load_networks, published_samples
from edgewright.pipeline.footprint import footprint
from edgewright.pipeline.graph import Graph, read
from edgewright.pipeline.layers import layers_path, read_layers
from edgewright.pipeline.lint import Context, Severity, inspect
from edgewright.pipeline.planning import PlannableModel, plan_memory
from edgewright.pipeline.progress import SilentReporter
from edgewright.pipeline.stages.convert import ConvertSettings, convert_artefact
from edgewright.pipeline.target import load_family, load_target, target_names
from edgewright.pipeline.tasks import TaskSettings, open_objective
from edgewright.pipeline.vocabulary import Kernels
from edgewright.runtime_bench.arena.measurement import NO_VECTORS, SEED, Place
from edgewright.runtime_bench.bench import Bench, Limits, Plan, choose_setups, measure, open_candidates
from edgewright.runtime_bench.bench.samples import Examination
from edgewright.runtime_bench.mlperf.figures import (
    LintResult,
    MlperfModel,
    PairResult,
    PlaceResult,
    PublishedResult,
    RatioResult,
)
from edgewright.runtime_bench.networks import Network, obtain_network

PLACES = (
    Place(title="reference, Cortex-M0+", kernels=Kernels.REFERENCE, core="cortex-m0plus"),
    Place(title="CMSIS-NN, Cortex-M4", kernels=Kernels.CMSIS_NN, core="cortex-m4"),
    Place(title="CMSIS-NN, Cortex-M33", kernels=Kernels.CMSIS_NN, core="cortex-m33"),
    Place(title="CMSIS-NN, Cortex-M55", kernels=Kernels.CMSIS_NN, core="cortex-m55"),
    Place(title="esp-nn, ESP32", kernels=Kernels.ESP_NN, core="xtensa-lx6"),
    Place(title="esp-nn, ESP32-C3", kernels=Kernels.ESP_NN, core="rv32imc"),
)
Report = Callable[[str], None]


def measure_network(name: str, work: Path, cache: Cache, limits: Limits, report: Report) -> MlperfModel:
    """Measure one architecture.

    Args:
        name: of the benchmark.
        work: folder for the files that the bench reads.
        cache: where conversions and plans are kept.
        limits: of the bench.
        report: is told what happens.

    Raises:
        EdgewrightError: it cannot be built, converted or planned.
    """
    report(f"{name}: building and converting")
    network = obtain_network(name, cache)
    tflite = network.tflite_path.read_bytes()
    graph = read(tflite, source=name)
    found = _bench(network, work, limits, report)
    model = found.models[0]
    layers = model.layers
    return MlperfModel(
        name=name,
        title=network.reference.title,
        digest=model.digest,
        file_bytes=len(tflite),
        unstripped_bytes=_unstripped_bytes(network, cache),
        published_bytes=network.reference.published_bytes,
        parameter_count=_parameter_count(graph),
        macs=model.macs or 0,
        operator_count=len(graph.main.operators),
        sample_count=model.sample_count,
        class_agreement=_class_agreement(found),
        output_sqnr_db=layers.rows[-1].sqnr_db if layers else None,
        worst_layer=next((row.layer for row in layers.rows if row.operator_index == layers.worst), None)
        if layers
        else None,
        places=tuple(_places(tflite, graph, network, cache)),
        lint=tuple(_lint(tflite, graph, network)),
        ratios=tuple(RatioResult(row=one.row, over_row=one.over_row, ratio=one.ratio) for one in found.ratios),
        pairs=tuple(
            PairResult.model_validate(one.model_dump(include=set(PairResult.model_fields))) for one in model.pairs
        ),
        estimates=tuple(one.model_copy(update={"layers": ()}) for one in model.estimates),
    )


def published_results() -> Iterator[PublishedResult]:
    """Yield every published measurement of the four architectures beside what the rates make of it."""
    for group in published_samples():
        errors = iter(left_out_errors([sample for _, sample in group.fitted]))
        for reference, sample in (*group.fitted, *group.older):
            error = next(errors, None) if reference.is_fitted else None
            to_ms = 1e3 / reference.clock_hz
            yield PublishedResult(
                board=reference.board,
                software=reference.software,
                network=load_networks()[sample.network].title,
                source=reference.source,
                measured_ms=sample.cycles * to_ms,
                estimated_ms=group.rates.cycles(sample.macs) * to_ms,
                left_out_error=error,
                is_fitted=reference.is_fitted,
            )


def _bench(network: Network, work: Path, limits: Limits, report: Report) -> Bench:
    """Run the bench on the network's files, under its own name."""
    folder = work / network.name
    folder.mkdir(parents=True, exist_ok=True)
    model = folder / network.tflite_path.name
    for source, place in (
        (network.tflite_path, model),
        (network.layers_path, layers_path(model)),
        (network.keras_path, model.with_suffix(".keras")),
    ):
        shutil.copyfile(source, place)
    objective = open_objective(TaskSettings(kind=network.reference.task), folder)
    plan = Plan(
        candidates=open_candidates([folder]),
        setups=choose_setups(),
        examination=Examination(data=network.data, objective=objective),
        limits=limits,
    )
    return measure(plan, report)


def _class_agreement(found: Bench) -> float | None:
    """Return the int8 model's score in TFLM: its data calls the float model's classes true."""
    if found.metric is None or not found.metric.is_share:
        return None
    scores = next((row.scores for row in found.models[0].rows if row.engine == "tflm" and row.scores), ())
    return scores[0].value if scores else None


def _unstripped_bytes(network: Network, cache: Cache) -> int:
    settings = ConvertSettings(strip=False)
    return convert_artefact(network.keras_path, settings, network.data, SEED, cache).stat().st_size


def _parameter_count(graph: Graph) -> int:
    """Count weights and biases, as the operators that multiply read them."""
    indices = {
        index
        for operator in graph.main.operators
        if operator.op in {"CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"}
        for index in operator.inputs[1:]
        if index >= 0
    }
    return sum(graph.main.tensors[index].element_count for index in indices)


def _places(tflite: bytes, graph: Graph, network: Network, cache: Cache) -> Iterator[PlaceResult]:
    given = PlannableModel(
        tflite=tflite,
        graph=graph,
        layer_names=read_layers(network.layers_path, graph),
        host_arena_bytes=measure_host_arena(tflite),
    )
    for place in PLACES:
        planned = plan_memory(
            given,
            vectors=NO_VECTORS,
            seed=SEED,
            target=place.target,
            family=place.family,
            cache=cache,
            reporter=SilentReporter(),
        )
        needs = footprint(
            planned.graph,
            tflite_bytes=len(planned.tflite),
            host_arena_bytes=planned.host_arena_bytes,
            target=place.target,
            family=place.family,
        )
        before_bytes = planned.plan.arena_before_bytes if planned.plan else needs.arena_bytes
        yield PlaceResult(
            kernels=place.title,
            arena_bytes=before_bytes,
            planned_bytes=planned.plan.arena_bytes if planned.plan else before_bytes,
            flash_bytes=needs.flash_bytes,
            flash_accuracy=needs.code_accuracy,
        )


def _lint(tflite: bytes, graph: Graph, network: Network) -> Iterator[LintResult]:
    layers = read_layers(network.layers_path, graph)
    for name in target_names():
        target = load_target(name)
        context = Context(
            graph=graph, tflite=tflite, layers=layers, target=target, family=load_family(target.families[0])
        )
        severities = [finding.severity for finding in inspect(context)]
        yield LintResult(
            target=name,
            errors=severities.count(Severity.ERROR),
            warnings=severities.count(Severity.WARNING),
            notes=severities.count(Severity.NOTE),
        )
