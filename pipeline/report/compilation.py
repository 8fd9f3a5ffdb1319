"""The report's section about a compiled model, and its table: which kernel each layer got, and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from edgewright.pipeline.codegen.call import Array, Call
from edgewright.pipeline.codegen.cost import program_macs, step_macs
from edgewright.pipeline.codegen.kernels import candidates, choose
from edgewright.pipeline.codegen.options import DEFAULTS, KernelChoice, Options
from edgewright.pipeline.codegen.program import Step
from edgewright.pipeline.codegen.reading import read_program
from edgewright.pipeline.codegen.rewrites import rewrite
from edgewright.pipeline.codegen.static_model import StaticModel
from edgewright.pipeline.graph import Graph
from edgewright.pipeline.report.schema import DeadChannelSection, KernelSection, Report, StaticSection
from edgewright.pipeline.report.text import format_bytes, format_count


def static_section(
    graph: Graph, layer_names: Sequence[str], model: StaticModel, options: Options = DEFAULTS
) -> StaticSection:
    """Return what the report says about a compiled model.

    Args:
        graph: what it was compiled from.
        layer_names: for each operator the source model's layer.
        model: compiled with these options.
        options: of the compilation.
    """
    return StaticSection(
        kernels=tuple(_kernels(graph, layer_names, model, options)),
        arena_bytes=model.plan.arena_bytes,
        scratch_bytes=model.scratch_bytes,
        liveness_bytes=model.plan.liveness_bytes,
        least_bytes=model.plan.least_bytes,
        constant_bytes=model.constant_bytes,
        dead_channels=_dead_channels(graph, layer_names, model, options),
    )


def _kernels(graph: Graph, layer_names: Sequence[str], model: StaticModel, options: Options) -> Iterator[KernelSection]:
    for step, call in zip(model.program.steps, model.calls, strict=True):
        instructions, reason = _reason(step, call, model, options)
        yield KernelSection(
            layers=tuple(layer_names[layer] for layer in step.layers),
            operation=graph.main.operators[step.layers[-1]].label if step.layers else "",
            kernel=call.kernel.name if call else None,
            instructions=instructions,
            reason=reason,
            macs=step_macs(step, model.program),
            constant_bytes=_constant_bytes([call] if call else []),
            scratch_bytes=call.scratch_bytes if call else 0,
        )


def _reason(step: Step, call: Call | None, model: StaticModel, options: Options) -> tuple[float, str]:
    """Return the estimated instructions of a step, and why its kernel was taken."""
    if call is None:
        return 0.0, "nothing to do: the same bytes in another shape"
    found = candidates(step, model.program, model.core, options)
    cost = found[0][1]
    if options.kernels is KernelChoice.REFERENCE:
        return cost, "only plain kernels were wanted"
    if len(found) == 1:
        return cost, f"the only one for this step on {model.core.name}"
    others = ", ".join(f"{kernel.name} {format_count(round(other))}" for kernel, other in found[1:])
    return cost, f"about {format_count(round(cost))} instructions; {others}"


def _dead_channels(
    graph: Graph, layer_names: Sequence[str], model: StaticModel, options: Options
) -> DeadChannelSection:
    kept = replace(options, dead_channels=False, reorder=False)
    whole = rewrite(read_program(graph, layer_names), kept)
    calls = [choose(step, whole, model.core, kept) for step in whole.steps]
    return DeadChannelSection(
        macs_before=program_macs(whole),
        macs=program_macs(model.program),
        constant_bytes_before=_constant_bytes([call for call in calls if call]),
        constant_bytes=model.constant_bytes,
    )


def _constant_bytes(calls: Sequence[Call]) -> int:
    """Return what the constants of calls take, equal ones once."""
    arrays = [
        value
        for call in calls
        for value in (*(field.value for field in call.fields), *(call.inputs or ()))
        if isinstance(value, Array)
    ]
    return sum({array.identity: array.values.nbytes for array in arrays}.values())


def kernel_table(report: Report) -> Table | None:
    """Return which kernel each layer got, or None where an interpreter runs the model."""
    if report.static is None:
        return None
    table = Table(title=Text(_summary(report.static), style="table.title"), title_justify="left", box=SIMPLE_HEAD,
                  pad_edge=False)  # fmt: skip
    table.add_column("layer", overflow="fold", min_width=12)
    table.add_column("kernel", no_wrap=True)
    for heading in ("MACs", "about", "constants", "scratch"):
        table.add_column(heading, justify="right", no_wrap=True)
    for one in report.static.kernels:
        table.add_row(
            Text(", ".join(one.layers) or "-"),
            one.kernel or "-",
            format_count(one.macs),
            f"{format_count(round(one.instructions))} i",
            format_bytes(one.constant_bytes),
            format_bytes(one.scratch_bytes),
        )
    return table


def _summary(section: StaticSection) -> str:
    dead = section.dead_channels
    text = (
        f"Kernels; arena {section.arena_bytes:,} B of at least {section.least_bytes:,} B "
        f"({section.liveness_bytes:,} B with nothing over anything else)"
    )
    if dead.macs == dead.macs_before and dead.constant_bytes == dead.constant_bytes_before:
        return f"{text}, no dead channels"
    return (
        f"{text}; dead channels left out: {format_count(dead.macs_before)} -> {format_count(dead.macs)} MACs, "
        f"{dead.constant_bytes_before:,} -> {dead.constant_bytes:,} B of constants"
    )
