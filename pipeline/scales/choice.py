"""Which layers give up their channels' scales: those whose bytes are bought with the smallest change of the outputs.

Every layer is tried alone first, on validation samples. Then layers are taken as long as the score of all of them
together stays within the limit: losses do not add up, so each further layer is measured with those before it.
RAM counts before flash: a layer that saves arena comes before one that only makes the file smaller.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edgewright.pipeline.budget import TOLERANCE
from edgewright.pipeline.graph import Graph
from edgewright.pipeline.scales.pairing import Layer, Pairing, mix
from edgewright.pipeline.scales.record import LayerScales, ScalesEnd, ScalesRecord
from edgewright.pipeline.scales.trial import CORE, Bench, Trial, movement


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What was chosen."""

    graph: Graph
    record: ScalesRecord


@dataclass(frozen=True, kw_only=True)
class _Candidate:
    """One layer, and what one scale does to it alone."""

    layer: Layer
    score_loss: float
    output_change: float
    arena_bytes_saved: int
    file_bytes_saved: int

    @property
    def rank(self) -> tuple[bool, float, tuple[int, ...]]:
        """Smaller is better: what saves RAM first, then the change of the outputs for each byte."""
        saved = self.arena_bytes_saved if self.saves_arena else self.file_bytes_saved
        return not self.saves_arena, self.output_change / max(saved, 1), self.layer.operators

    @property
    def saves_arena(self) -> bool:
        """Whether RAM is saved."""
        return self.arena_bytes_saved > 0

    @property
    def saves(self) -> bool:
        """Whether anything is saved."""
        return self.saves_arena or self.file_bytes_saved > 0


def choose_scales(
    pairing: Pairing, names: Sequence[str], bench: Bench, *, max_drop: float, worst_score: float | None = None
) -> Choice:
    """Choose the layers whose weights get one scale.

    Args:
        pairing: one model, converted twice.
        names: a layer's name for each operator of its main subgraph.
        bench: measures a mixture on validation samples.
        max_drop: how much worse than with a scale for each channel the deciding figure may be, in its units; of a share
            one sample at least, since less cannot be told from nothing.
        worst_score: a limit of the deciding figure itself; where the scales of channels are beyond it already, nothing
            more is given up.

    Raises:
        InterpreterError: the interpreter refuses a mixture.
    """
    start = bench.measure(pairing.per_channel)
    accepted = _accepted_loss(bench, start, max_drop, worst_score)
    candidates = [_try_alone(pairing, layer, bench, start) for layer in pairing.layers]
    useful = sorted((one for one in candidates if one.saves), key=lambda one: one.rank)
    bearable = [one.layer for one in useful if one.score_loss <= accepted + TOLERANCE]
    chosen, result = _take(pairing, bearable, bench, start, accepted)
    record = ScalesRecord(
        metric=bench.objective.metric.name,
        sample_count=len(bench.split),
        accepted_loss=accepted,
        core=CORE,
        per_channel=_end(start),
        per_tensor=_end(bench.measure(mix(pairing, pairing.layers))),
        chosen=_end(result),
        layers=tuple(_row(pairing, names, one, one.layer in chosen, accepted) for one in candidates),
    )
    return Choice(graph=mix(pairing, chosen), record=record)


def _take(
    pairing: Pairing, layers: list[Layer], bench: Bench, start: Trial, accepted: float
) -> tuple[list[Layer], Trial]:
    """Return the layers that may have one scale together, and what was measured of them: all, or one after the other.

    Args:
        pairing: one model, converted twice.
        layers: those that may have one alone, the best first.
        bench: measures a mixture.
        start: a scale for each channel everywhere.
        accepted: loss of the deciding figure.
    """

    def is_accepted(trial: Trial) -> bool:
        return bench.objective.loss_by(start.score, trial.score) <= accepted + TOLERANCE

    if not layers:
        return [], start
    everything = bench.measure(mix(pairing, layers))
    if is_accepted(everything):
        return layers, everything
    chosen: list[Layer] = []
    result = start
    for layer in layers:
        trial = bench.measure(mix(pairing, [*chosen, layer]))
        if is_accepted(trial):
            chosen, result = [*chosen, layer], trial
    return chosen, result


def _accepted_loss(bench: Bench, start: Trial, max_drop: float, worst_score: float | None) -> float:
    is_share = bench.objective.metric.is_share
    accepted = max(max_drop, 1 / len(bench.split)) if is_share else max_drop
    if worst_score is None:
        return accepted
    return max(0.0, min(accepted, bench.objective.loss_by(start.score, worst_score)))


def _try_alone(pairing: Pairing, layer: Layer, bench: Bench, start: Trial) -> _Candidate:
    trial = bench.measure(mix(pairing, [layer]))
    return _Candidate(
        layer=layer,
        score_loss=bench.objective.loss_by(start.score, trial.score),
        output_change=movement(start.outputs, trial.outputs),
        arena_bytes_saved=start.arena_bytes - trial.arena_bytes,
        file_bytes_saved=start.file_bytes - trial.file_bytes,
    )


def _end(trial: Trial) -> ScalesEnd:
    return ScalesEnd(score=trial.score, arena_bytes=trial.arena_bytes, file_bytes=trial.file_bytes)


def _row(pairing: Pairing, names: Sequence[str], one: _Candidate, is_chosen: bool, accepted: float) -> LayerScales:
    return LayerScales(
        layer=", ".join(dict.fromkeys(names[index] for index in one.layer.operators)),
        operator=pairing.per_channel.main.operators[one.layer.operators[0]].label,
        scale_count=1 if is_chosen else pairing.channel_count(one.layer),
        channel_count=pairing.channel_count(one.layer),
        score_loss=one.score_loss,
        output_change=one.output_change,
        arena_bytes_saved=one.arena_bytes_saved,
        file_bytes_saved=one.file_bytes_saved,
        reason=_reason(one, is_chosen, accepted),
    )


def _reason(one: _Candidate, is_chosen: bool, accepted: float) -> str:
    if is_chosen:
        return "saves RAM" if one.saves_arena else "saves flash"
    if not one.saves:
        return "one scale saves nothing"
    if one.score_loss > accepted + TOLERANCE:
        return "one scale costs too much alone"
    return "one scale costs too much beside the others"
