"""A bench from beginning to end: latencies, outputs, agreement, layers; an engine's failure is its row's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version

from edgewright.pipeline.errors import InterpreterError
from edgewright.pipeline.graph import total_macs, total_weight_bytes
from edgewright.pipeline.interpreters import FindArena, find_arena, tflm_engine
from edgewright.runtime_bench.bench.devices import DeviceRow, run_devices
from edgewright.runtime_bench.bench.estimates import estimate_sections
from edgewright.runtime_bench.bench.examined import Examined, examine
from edgewright.runtime_bench.bench.figures import (
    device_latency_section,
    device_section,
    instructions_section,
    latency_section,
    memory_section,
    noise_section,
    ratio_sections,
)
from edgewright.runtime_bench.bench.latency import Report, Row, RowTimes, measure_rows
from edgewright.runtime_bench.bench.machine import describe_machine
from edgewright.runtime_bench.bench.noise import MachineNoise, MachineWatch
from edgewright.runtime_bench.bench.plan import BoardSetup, Candidate, Limits, Setup
from edgewright.runtime_bench.bench.samples import Examination, Samples, samples_of
from edgewright.runtime_bench.bench.schema import Bench, MethodSection, MetricSection, ModelSection, RowSection

_NO_SOURCE = "the float source model does not lie beside the .tflite as .keras."


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a bench measures."""

    candidates: tuple[Candidate, ...]
    setups: tuple[Setup, ...]
    examination: Examination | None
    limits: Limits
    seed: int = 1
    boards: tuple[BoardSetup, ...] = ()


@dataclass(frozen=True, kw_only=True, eq=False)
class _Found:
    """All that was found out about one candidate."""

    candidate: Candidate
    times: tuple[RowTimes, ...]
    examined: Examined
    devices: tuple[DeviceRow, ...]
    noise: MachineNoise
    limits: Limits


def measure(plan: Plan, report: Report) -> Bench:
    """Measure everything that is planned.

    Args:
        plan: models, engines, data and limits.
        report: is told what happens.

    Raises:
        BadInputError: the data does not fit a model; found out before anything is measured.
    """
    samples = [_samples(candidate, plan) for candidate in plan.candidates]
    watch = MachineWatch()
    times = measure_rows(_rows(plan, samples), plan.limits, lambda text: report(f"latency: {text}"))
    noise = watch.finish(_yardsticks_us(times))
    models = []
    for candidate, inputs in zip(plan.candidates, samples, strict=True):
        own = tuple(one for one in times if one.row.candidate is candidate)
        devices = run_devices(candidate, inputs, plan.boards, plan.limits, report)
        examined = _examine(candidate, inputs, own, devices, limits=plan.limits, report=report)
        found = _Found(
            candidate=candidate, times=own, examined=examined, devices=devices, noise=noise, limits=plan.limits
        )
        models.append(_model(found, plan.setups))
    return Bench(
        tool_version=version("edgewright"),
        machine=describe_machine(),
        method=MethodSection(
            target_half_width=plan.limits.target_half_width,
            time_limit_seconds=plan.limits.time_limit_seconds,
            block_seconds=plan.limits.block_seconds,
            seed=plan.seed,
        ),
        noise=noise_section(noise),
        metric=_metric(plan.examination),
        data_digest=plan.examination.data.digest if plan.examination else None,
        models=tuple(models),
        ratios=ratio_sections(times),
    )


def _rows(plan: Plan, samples: Sequence[Samples | str]) -> tuple[Row, ...]:
    """List what can be tried here."""
    rows = []
    for candidate, inputs in zip(plan.candidates, samples, strict=True):
        for setup in plan.setups:
            content = candidate.content(setup)
            if content is not None and setup.engine.unavailable_reason() is None:
                sample = () if isinstance(inputs, str) else inputs.first(1, real=setup.runs_source)
                rows.append(Row(candidate=candidate, setup=setup, content=content, sample=sample))
    return tuple(rows)


def _yardsticks_us(times: Sequence[RowTimes]) -> list[float]:
    """Return what the fixed calculation took in every process, in the order of time."""
    blocks = (block for one in times for block in one.blocks)
    return [block.yardstick_us for block in sorted(blocks, key=lambda block: block.started_seconds)]


def _samples(candidate: Candidate, plan: Plan) -> Samples | str:
    """Return what a model's engines run, or why there is nothing."""
    if candidate.graph is None:
        return candidate.complaint or ""
    try:
        return samples_of(candidate.graph, plan.examination, plan.seed)
    except (InterpreterError, ValueError) as error:  # a damaged file may have a scale that is none
        return str(error)


def _examine(
    candidate: Candidate,
    samples: Samples | str,
    times: Sequence[RowTimes],
    devices: Sequence[DeviceRow],
    *,
    limits: Limits,
    report: Report,
) -> Examined:
    if candidate.graph is None or isinstance(samples, str):
        return Examined(notes=(samples,) if isinstance(samples, str) else ())
    return examine(
        candidate,
        candidate.graph,
        samples,
        times,
        limits,
        devices=[device.outputs for device in devices if device.outputs is not None],
        report=lambda text: report(f"{candidate.name}: {text}"),
    )


def _model(found: _Found, setups: Sequence[Setup]) -> ModelSection:
    candidate, examined = found.candidate, found.examined
    graph, samples = candidate.graph, examined.samples
    arena_bytes, note = _arena(candidate, found.limits)
    return ModelSection(
        name=candidate.name,
        source=candidate.path.name,
        digest=candidate.digest,
        file_bytes=len(candidate.tflite),
        macs=total_macs(graph) if graph else None,
        weight_bytes=total_weight_bytes(graph) if graph else None,
        arena_bytes=arena_bytes,
        notes=tuple(filter(None, (*examined.notes, note))),
        rows=(
            *(_row(found, setup) for setup in setups),
            *(_device_row(device, found.limits) for device in found.devices),
        ),
        sample_count=len(samples) if samples else 0,
        samples=samples.origin if samples else "none",
        pairs=examined.pairs,
        layers=examined.layers,
        estimates=estimate_sections(graph) if graph else (),
    )


def _row(found: _Found, setup: Setup) -> RowSection:
    times = next((one for one in found.times if one.row.setup == setup), None)
    outputs = found.examined.outputs_of(setup)
    unavailable = setup.engine.unavailable_reason()
    if unavailable is None and found.candidate.content(setup) is None:
        unavailable = _NO_SOURCE
    return RowSection(
        id=setup.id,
        engine=setup.engine.name,
        version=setup.engine.version,
        kernels=setup.resolver.value,
        uses_delegate=any(block.uses_delegate for block in times.blocks) if times else False,
        threads=setup.threads,
        unavailable=unavailable,
        failure=(times.failure if times else None) or found.examined.failure_of(setup),
        latency=latency_section(times, found.noise, found.limits) if times else None,
        memory=memory_section(times) if times else None,
        scores=outputs.scores if outputs else (),
    )


def _device_row(device: DeviceRow, limits: Limits) -> RowSection:
    reply, outputs = device.reply, device.outputs
    return RowSection(
        id=device.setup.id,
        engine=device.setup.engine.name,
        version=reply.engine_version if reply else "",
        kernels=reply.kernels if reply else "",
        uses_delegate=False,
        threads=1,
        unavailable=device.unavailable,
        failure=device.failure,
        latency=device_latency_section(reply, limits) if reply else None,
        memory=None,
        scores=outputs.scores if outputs else (),
        sample_count=len(outputs.integers[0]) if outputs else None,
        device=device_section(reply) if reply else None,
        instructions=instructions_section(reply.instructions) if reply else None,
    )


def _arena(candidate: Candidate, limits: Limits) -> tuple[int | None, str | None]:
    """Return the smallest arena, or None and why it is not known."""
    try:
        request = FindArena(engine=tflm_engine(), tflite=candidate.tflite)
        return find_arena(request, timeout_seconds=limits.timeout_seconds).arena_bytes, None
    except InterpreterError as error:
        return None, f"the arena is not known: {error}"


def _metric(examination: Examination | None) -> MetricSection | None:
    if examination is None:
        return None
    metric = examination.objective.metric
    return MetricSection(name=metric.name, higher_is_better=metric.higher_is_better, is_share=metric.is_share)
