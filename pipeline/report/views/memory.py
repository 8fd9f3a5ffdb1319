"""Flash and RAM against what the board has, the arena over time, and where the bytes are."""

from __future__ import annotations

from collections.abc import Iterator

from edgewright.pipeline.report.bars import memory_bars, remarks
from edgewright.pipeline.report.charts import TIMELINE
from edgewright.pipeline.report.schema import Report
from edgewright.pipeline.report.text import format_bytes, format_part, format_plan, format_shape, format_share
from edgewright.pipeline.report.views.blocks import (
    Bars,
    Block,
    Details,
    Heading,
    Items,
    Section,
    cell,
    pictures,
    row,
    say,
    table,
)
from edgewright.pipeline.vocabulary import ArenaMethod


def memory_sections(report: Report) -> Iterator[Section]:
    """Yield what the device must hold."""
    yield Section(title="What the device needs", anchor="memory", blocks=tuple(_needs(report)))
    yield Section(title="Arena", anchor="arena", blocks=tuple(_arena(report)))


def _needs(report: Report) -> Iterator[Block]:
    yield Bars(bars=memory_bars(report))
    for sentence in remarks(report):
        yield say(sentence)
    if report.fit.suggestions:
        yield Heading(text="What to change")
        yield Items(lines=tuple(say(line) for line in report.fit.suggestions))
    yield Details(summary="Part by part", blocks=tuple(_parts(report)))
    if report.fit.weights:
        weights = (
            row(one.layer, one.operator, format_shape(one.shape), format_bytes(one.bytes), format_part(one.share))
            for one in report.fit.weights
        )
        largest = table(("largest weights", "operator", "shape", "bytes", "share"), weights)
        yield Details(summary="Largest weights", blocks=(largest,))


def _parts(report: Report) -> Iterator[Block]:
    needs = report.footprint
    selftest = [row("self-test vectors", format_bytes(needs.selftest_bytes), "")] if needs.selftest_bytes else []
    yield table(
        ("part", "flash", "RAM"),
        (
            row("model", format_bytes(needs.weight_bytes), ""),
            *(row(cell(part.name, tip=part.source), format_bytes(part.bytes), "") for part in needs.code),
            *selftest,
            row("arena", "", format_bytes(needs.arena_bytes)),
            row("stack", "", format_bytes(needs.stack_bytes)),
            row("variables", "", format_bytes(needs.static_bytes)),
            row("together", format_bytes(needs.flash_bytes), format_bytes(needs.ram_bytes), style="sum"),
        ),
    )
    yield say(
        f"The code was linked with every operator alone; what it takes here may differ by "
        f"{format_share(needs.code_accuracy)}. The application and what the board's own framework adds come on top."
    )


def _arena(report: Report) -> Iterator[Block]:
    yield from pictures(TIMELINE, report)
    if report.timeline:
        who = _planner(report)
        yield say(
            f"Each block is a tensor, or the scratch of a kernel: as high as its bytes, as wide as the time in which "
            f"it is needed; {who}."
        )
    yield say(_size(report))
    if report.plan:
        yield say(f"Memory plan: {format_plan(report.plan)}.")
    if report.fit.peak:
        yield from _peak(report)


def _planner(report: Report) -> str:
    if report.static:
        return "planned when the model was compiled, outputs over inputs where a kernel's order allows it"
    is_offline = report.timeline is not None and report.timeline.is_offline
    return "the .tflite says where they lie" if is_offline else "TensorFlow Lite Micro places them"


def _size(report: Report) -> str:
    arena = report.arena
    if report.static:
        return (
            f"{format_bytes(arena.bytes)}, planned when the model was compiled; no plan takes less than "
            f"{format_bytes(report.static.least_bytes)}, and with nothing over anything else it would be "
            f"{format_bytes(report.static.liveness_bytes)}."
        )
    if arena.method is not ArenaMethod.COMPUTED:
        return (
            f"{format_bytes(arena.bytes)}, measured: the smallest arena in which TensorFlow Lite Micro's host build "
            f"({arena.tflm_revision}, {arena.word_bits}-bit) allocates and runs this model."
        )
    return (
        f"{format_bytes(arena.bytes)}, computed: an upper bound of what TensorFlow Lite Micro ({arena.tflm_revision}) "
        f"with the {arena.kernels.value} kernels allocates for this model on a {arena.word_bits}-bit core, "
        f"{format_bytes(arena.reserve_bytes)} of it in reserve for another revision. On the computer that made this "
        f"report the smallest arena that works is {format_bytes(arena.host_bytes)}."
    )


def _peak(report: Report) -> Iterator[Block]:
    peak = report.fit.peak
    if peak is None:
        return
    yield say(
        f"The arena's peak is at the layer {peak.layer} ({peak.operator}), where {format_bytes(peak.bytes)} of tensors "
        "and scratch are needed at once."
    )
    scratch = [row("scratch of the kernel", "", "", "", format_bytes(peak.scratch_bytes))] if peak.scratch_bytes else []
    alive = table(
        ("alive at the peak", "there", "type", "shape", "bytes"),
        (
            *(
                row(one.layer, one.role.value, one.dtype.value, format_shape(one.shape), format_bytes(one.bytes))
                for one in peak.tensors
            ),
            *scratch,
        ),
    )
    yield Details(summary="Alive at the peak", blocks=(alive,))
