"""What the score loses when one layer alone is rounded to int8, emulated as for quantization-aware training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from edgewright.pipeline.analysis.channel_trials import Compare
from edgewright.pipeline.analysis.schema import Trial
from edgewright.pipeline.analysis.scoring import Arrays, batches
from edgewright.pipeline.frameworks import KerasModel
from edgewright.pipeline.surgery.folding import fold_batch_normalization
from edgewright.pipeline.surgery.quantization_aware import (
    ActivationRange,
    QuantizationAwareModel,
    activation_ranges,
    assign_ranges,
    calibrate,
)
from edgewright.pipeline.surgery.quantization_points import Point, find_points, fused_activation
from edgewright.pipeline.surgery.quantization_wrappers import wrap
from edgewright.pipeline.surgery.rebuild import KerasLayer

BIAS_BYTES = 4


@dataclass(frozen=True, kw_only=True)
class Int8Figures:
    """What became of one layer in int8."""

    weight_bytes: int
    trial: Trial | None = None
    reason: str | None = None


class Int8Trials:
    """Rounds one layer after the other: its weights, and its result where that has a scale of its own.

    The model is the one that is converted: BatchNormalizations are folded into the layer before them.
    """

    def __init__(self, model: KerasModel, calibration: Arrays, *, per_channel_dense: bool) -> None:
        """Measure the range of every tensor.

        Args:
            model: functional, without models inside; it is not changed.
            calibration: samples that decide the ranges, one array for each input.
            per_channel_dense: a scale for each unit of a Dense layer instead of one for all its weights.

        Raises:
            DataError: there are no samples, or a layer gives NaN or infinity for one.
        """
        self._base = fold_batch_normalization(model)
        self._points, self._left_out = find_points(self._base, per_channel_dense=per_channel_dense)
        self._per_channel_dense = per_channel_dense
        self._aware: QuantizationAwareModel | None = None
        self._ranges: Mapping[str, ActivationRange] = {}
        if any(point.weight for point in self._points.values()):  # else nothing can be rounded; the layers say why
            self._aware = self._rounding(self._points)
            calibrate(self._aware, batches(calibration))
            self._ranges = activation_ranges(self._aware)
        self._reasons = {left.layer: left.reason for left in self._left_out}
        self._layers = {layer.name: layer for layer in self._base.layers}

    @property
    def can_round(self) -> bool:
        """Whether anything in the model can be rounded."""
        return self._aware is not None

    def count(self, layers: Sequence[KerasLayer]) -> int:
        """Return how many trials there will be."""
        return sum(bool(self._points_of(layer)) for layer in layers) + self.can_round

    def measure_all(self, compare: Compare) -> Trial | None:
        """Round everything that can be, the inputs too."""
        return None if self._aware is None else compare("all layers", self._aware.model)

    def measure(self, layer: KerasLayer, compare: Compare) -> Int8Figures:
        """Round one layer."""
        weight_bytes = sum(map(_weight_bytes, self._parts(layer)))
        points = self._points_of(layer)
        if not points:
            return Int8Figures(weight_bytes=weight_bytes, reason=self._reason(layer))
        aware = self._rounding(points)
        assign_ranges(aware, {name: self._ranges[name] for name in aware.wrapped.ranges})
        return Int8Figures(weight_bytes=weight_bytes, trial=compare(layer.name, aware.model))

    def _rounding(self, points: Mapping[str, Point]) -> QuantizationAwareModel:
        """Return the folded model with some of its points rounded."""
        return QuantizationAwareModel(
            base=self._base,
            wrapped=wrap(self._base, points, keep_zeros=False),
            left_out=self._left_out,
            per_channel_dense=self._per_channel_dense,
        )

    def _parts(self, layer: KerasLayer) -> list[KerasLayer]:
        """Return what stands for a layer in the folded model: nothing, the layer, or the two of a separable one."""
        last = self._layers.get(layer.name)
        if last is None:
            return []
        if type(last) is type(layer):
            return [last]
        return [last.inbound_nodes[0].parent_nodes[0].layer, last]

    def _points_of(self, layer: KerasLayer) -> dict[str, Point]:
        if not self.can_round:
            return {}
        points = {part.name: self._points[part.name] for part in self._parts(layer) if part.name in self._points}
        for part in self._parts(layer):
            activation = fused_activation(part) if part.name in points and not points[part.name].output else None
            if activation is not None and activation.name in self._points:
                points[activation.name] = self._points[activation.name]
        return points

    def _reason(self, layer: KerasLayer) -> str:
        if layer.name in self._reasons:
            return self._reasons[layer.name]
        if layer.name not in self._layers:
            before = layer.inbound_nodes[0].parent_nodes[0].layer.name
            return f'it becomes part of "{before}" and is rounded with it'
        return f"{type(layer).__name__} is not rounded in the emulation"


def _weight_bytes(layer: KerasLayer) -> int:
    return sum(
        int(weight.size) * (BIAS_BYTES if "bias" in variable.name else 1)
        for variable, weight in zip(layer.weights, layer.get_weights(), strict=True)
    )
