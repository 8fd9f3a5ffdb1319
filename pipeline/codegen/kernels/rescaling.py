"""From sums to outputs: the constants of `edgewright_rescale`, and when it is exact."""

from __future__ import annotations

import numpy as np

from edgewright.pipeline.codegen.call import Array, Field
from edgewright.pipeline.codegen.operations import Int8s, Int32s, Requantization

SUM_LIMIT = 2**28
"""Sums must stay below, either sign."""
MOST_SHIFT = 20
"""More bits to the right leave no room for the zero point."""
WORD = 2**32


def rescales(weights: Int8s, biases: Int32s, input_zero_point: int, rescaling: Requantization) -> bool:
    """Whether `edgewright_rescale` computes what the plain kernel does, whatever the input is.

    Args:
        weights: (outputs, bytes of a patch).
        biases: (outputs,), as the graph has them.
        input_zero_point: what is subtracted from each byte.
        rescaling: of the sums.
    """
    _, shifts = rescaling.each(len(biases))
    right = -shifts
    if (right < 0).any() or (right > MOST_SHIFT).any() or (is_signed(rescaling) and (right == 0).any()):
        return False
    positive = np.maximum(weights.astype(np.int64), 0).sum(axis=1)
    negative = np.minimum(weights.astype(np.int64), 0).sum(axis=1)
    least, most = -128 - input_zero_point, 127 - input_zero_point
    highest = biases + positive * most + negative * least
    lowest = biases + positive * least + negative * most
    folded = np.abs(biases - input_zero_point * (positive + negative)) + 128 * (positive - negative)
    return bool(max(highest.max(), -lowest.min(), folded.max()) < SUM_LIMIT)


def is_signed(rescaling: Requantization) -> bool:
    """Whether an output can be below its zero point."""
    return rescaling.minimum < rescaling.zero_point


def rescaling_fields(rescaling: Requantization) -> tuple[Field, ...]:
    """Return the fields that all outputs have in common."""
    return (
        Field(name="minimum", value=rescaling.minimum),
        Field(name="maximum", value=rescaling.maximum),
        Field(name="correction", value=-2 if is_signed(rescaling) else 0),
    )


def scales(biases: Int32s, rescaling: Requantization, outputs: int) -> Array:
    """Return bias, multiplier, offset and shift for each output, and for some more that are not.

    Args:
        biases: (channels,) with what the input's zero point contributes.
        rescaling: of the channels.
        outputs: how many there shall be.
    """
    multipliers, shifts = rescaling.each(len(biases))
    right = -shifts.astype(np.int64)
    offsets = (1 << right) * (right > 0) + 1 + rescaling.zero_point * (2 << right)
    each = np.zeros((outputs, 4), np.int32)
    each[: len(biases)] = np.stack([biases, multipliers, offsets, right + 1], axis=1)
    return Array(values=each.reshape(-1))


def folded_biases(weights: Int8s, biases: Int32s, input_zero_point: int) -> Int32s:
    """Return biases that hold what the input's zero point contributes.

    Args:
        weights: (outputs, bytes of a patch).
        biases: (outputs,), as the graph has them.
        input_zero_point: what is subtracted from each byte.
    """
    folded = biases.astype(np.int64) - input_zero_point * weights.astype(np.int64).sum(axis=1)
    wrapped: Int32s = ((folded + WORD // 2) % WORD - WORD // 2).astype(np.int32)
    return wrapped
