"""Quantization-aware training: a model that computes in floating point what it will compute in integers.

Source: Jacob et al., "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference",
2018; emulated by the wrappers of tensorflow-model-optimization.
Two things are done otherwise than there: BatchNormalization is folded before training, with the statistics that it has
by then; and every range is first measured on samples, as calibration after training does it, instead of starting at
-6..6 and following by a thousandth a step.

    aware = annotate(model)
    calibrate(aware, batches)
    fit(aware.model, ...)
    save_quantization_aware(aware, path)     a plain `.keras` of the trained weights, and the ranges beside them
    converter_for(for_conversion(load_quantization_aware(path)))
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from edgewright.pipeline.errors import DataError, ModelError
from edgewright.pipeline.frameworks import KerasModel
from edgewright.pipeline.surgery.folding import fold_batch_normalization
from edgewright.pipeline.surgery.quantization_points import LeftOut, find_points
from edgewright.pipeline.surgery.quantization_wrappers import WrappedModel, wrap
from edgewright.pipeline.surgery.rebuild import clone


@dataclass(frozen=True, kw_only=True)
class ActivationRange:
    """The real values that the integers of one tensor span; 0 lies among them."""

    minimum: float
    maximum: float


@dataclass(frozen=True, kw_only=True)
class QuantizationAwareModel:
    """A model that is trained under quantization."""

    base: KerasModel
    """The same without quantization: BatchNormalizations folded, models inside inlined; its weights are the start."""
    wrapped: WrappedModel
    left_out: tuple[LeftOut, ...]
    per_channel_dense: bool
    """Whether each unit of a Dense layer has a scale of its own; conversion must do the same."""

    @property
    def model(self) -> KerasModel:
        """The model to train; it has the inputs, outputs and layer names of the base."""
        return self.wrapped.model


def annotate(model: KerasModel, *, keep_zeros: bool = False, per_channel_dense: bool = False) -> QuantizationAwareModel:
    """Make a model that computes as if it were quantized; calibrate it before anything else.

    Args:
        model: a built Sequential or functional tf_keras model; it is not changed.
        keep_zeros: weights that are exactly zero are never trained, so that a pruned model stays sparse.
        per_channel_dense: a scale for each unit of a Dense layer instead of one for all its weights.

    Raises:
        ModelError: no layer of the model can be quantized while training.
    """
    base = fold_batch_normalization(model)
    points, left_out = find_points(base, per_channel_dense=per_channel_dense)
    if not any(point.weight for point in points.values()):
        reasons = "; ".join(f'"{left.layer}": {left.reason}' for left in left_out[:3]) or "it has no layer with weights"
        raise ModelError(
            f'qat: the model "{model.name}" has no layer with weights that can be quantized while training '
            f"({reasons}); leave the stage out."
        )
    wrapped = wrap(base, points, keep_zeros=keep_zeros)
    return QuantizationAwareModel(base=base, wrapped=wrapped, left_out=left_out, per_channel_dense=per_channel_dense)


def calibrate(aware: QuantizationAwareModel, batches: Iterable[Any]) -> None:
    """Set the range of every tensor to what samples give in floating point.

    Args:
        aware: its ranges are replaced.
        batches: each as the model takes it: an array (B, *input shape) float32, or a list of them.

    Raises:
        DataError: there are no samples, or a layer gives NaN or infinity for one.
    """
    switches = aware.wrapped.ranges.values()
    was_quantizing = {name: switch.quantizes for name, switch in aware.wrapped.weights.items()}
    _measure(aware, measures=True, quantizes=dict.fromkeys(was_quantizing, False))
    try:
        for switch in switches:
            switch.seen.clear()
        for batch in batches:
            aware.model(batch, training=False)
        measured = {name: _range_of(name, switch.seen) for name, switch in aware.wrapped.ranges.items()}
    finally:
        _measure(aware, measures=False, quantizes=was_quantizing)
    assign_ranges(aware, measured)


def activation_ranges(aware: QuantizationAwareModel) -> dict[str, ActivationRange]:
    """Return the range of every quantized tensor, by the name of the layer or input that it is the result of."""
    return {
        name: ActivationRange(minimum=float(switch.minimum.numpy()), maximum=float(switch.maximum.numpy()))
        for name, switch in aware.wrapped.ranges.items()
    }


def assign_ranges(aware: QuantizationAwareModel, ranges: Mapping[str, ActivationRange]) -> None:
    """Set the range of every quantized tensor.

    Args:
        aware: its ranges are replaced.
        ranges: by the name of the layer or input, one for each that `activation_ranges` names.

    Raises:
        ModelError: these are not the model's layers, or a range is not one.
    """
    expected = aware.wrapped.ranges
    if ranges.keys() != expected.keys():
        different = ", ".join(sorted(ranges.keys() ^ expected.keys()))
        raise ModelError(f"qat: the ranges belong to another model, they differ in {different}; run the stage again.")
    for name, given in ranges.items():
        if not (np.isfinite([given.minimum, given.maximum]).all() and given.minimum <= 0.0 <= given.maximum):
            raise ModelError(
                f'qat: the range of "{name}" is {given.minimum}..{given.maximum}, and it must be finite and hold 0; run '  # noqa: E501
                "the stage again."
            )
        expected[name].minimum.assign(given.minimum)
        expected[name].maximum.assign(given.maximum)


def trained_model(aware: QuantizationAwareModel) -> KerasModel:
    """Return a plain copy of the base with the weights as they are trained by now, not rounded."""
    copy = clone(aware.base)
    for layer in copy.layers:
        variables = aware.wrapped.variables.get(layer.name, ())
        layer.set_weights([variable.numpy() for variable in variables])
    return copy


def restore(
    base: KerasModel, ranges: Mapping[str, ActivationRange], *, per_channel_dense: bool = False
) -> QuantizationAwareModel:
    """Make a quantization-aware model again from what `trained_model` and `activation_ranges` gave.

    Raises:
        ModelError: as `annotate` and `assign_ranges`.
    """
    aware = annotate(base, per_channel_dense=per_channel_dense)
    assign_ranges(aware, ranges)
    return aware


def transfer(aware: QuantizationAwareModel, model: KerasModel) -> QuantizationAwareModel:
    """Give the trained weights and ranges to a model that differs in its last activation only.

    Training is done on logits, for instance, and the model that is converted ends in a softmax: the range that was
    trained for the logits is the one of what goes into the softmax.

    Args:
        aware: it is not changed.
        model: of the same layers by name and shape; it is not changed.

    Raises:
        ModelError: its layers are others.
    """
    other = annotate(model, per_channel_dense=aware.per_channel_dense)
    given, taken = aware.wrapped.variables, other.wrapped.variables
    shapes = [{name: [tuple(one.shape) for one in own] for name, own in side.items() if own} for side in (given, taken)]
    if shapes[0] != shapes[1]:
        names = sorted(given.keys() | taken.keys())
        different = ", ".join(name for name in names if shapes[0].get(name) != shapes[1].get(name))
        raise ModelError(
            f'qat: what was trained cannot be given to the model "{model.name}", whose weights differ in {different}.'
        )
    for name, variables in taken.items():
        for target, source in zip(variables, given.get(name, ()), strict=True):
            target.assign(source)
    assign_ranges(other, activation_ranges(aware))
    return other


def for_conversion(aware: QuantizationAwareModel) -> KerasModel:
    """Return a model that converts, with a representative dataset, to what plain quantization would give.

    Its tensors carry the trained ranges, which the converter takes over; it measures those of layers left out only.
    Its weights are not rounded: the converter does that, exactly as it was emulated, whether Dense has one scale or one
    for each unit.

    Args:
        aware: it is not changed.
    """
    restored = restore(trained_model(aware), activation_ranges(aware), per_channel_dense=aware.per_channel_dense)
    for switch in restored.wrapped.weights.values():
        switch.quantizes = False
    return restored.model


def _measure(aware: QuantizationAwareModel, *, measures: bool, quantizes: Mapping[str, bool]) -> None:
    for switch in aware.wrapped.ranges.values():
        switch.measures = measures
    for name, weight_switch in aware.wrapped.weights.items():
        weight_switch.quantizes = quantizes[name]


def _range_of(name: str, seen: list[tuple[float, float]]) -> ActivationRange:
    if not seen:
        raise DataError("qat: there are no samples to calibrate with; give at least one.")
    if not np.isfinite(seen).all():
        raise DataError(
            f'qat: the layer "{name}" gives NaN or infinity for a calibration sample; look at the data, and at how the '
            "model was trained."
        )
    minimum, maximum = min(0.0, *(low for low, _ in seen)), max(0.0, *(high for _, high in seen))
    # A tensor that is always 0 needs a scale all the same.
    return ActivationRange(minimum=minimum, maximum=maximum if maximum > minimum else 1.0)
