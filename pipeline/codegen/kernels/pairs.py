"""Weights of two outputs in one number of 16 bits, for Armv7E-M's DSP extension: their order, and when they are exact.

A word holds two of them. `edgewright_pairs.h` says how the elements of a patch lie.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from edgewright.pipeline.codegen.call import Array, Field
from edgewright.pipeline.codegen.kernels.rescaling import WORD, rescaling_fields, scales
from edgewright.pipeline.codegen.operations import Int8s, Int32s, Requantization

MOST_WEIGHT = 127
"""Either sign; a pair of larger ones may not fit 16 bits."""
SUM_LIMIT = 2**23
"""The second output's sums must stay below, either sign."""
NOTHING = -1
"""In an order of elements, one that there is not."""


def pairs_exactly(weights: Int8s, biases: Int32s, input_zero_point: int) -> bool:
    """Whether outputs can be paired, whatever the input is.

    Args:
        weights: (outputs, bytes of a patch).
        biases: (outputs,), as the graph has them.
        input_zero_point: contributes to the biases.
    """
    wide = weights.astype(np.int64)
    folded = biases - input_zero_point * wide.sum(axis=1)
    largest = np.abs(folded) + 128 * np.abs(wide).sum(axis=1)
    return bool(np.abs(wide).max() <= MOST_WEIGHT and largest.max() < SUM_LIMIT)


def run_order(length: int) -> npt.NDArray[np.int64]:
    """Return which elements of a run its words hold, two each.

    >>> run_order(7).tolist()
    [0, 2, 1, 3, 4, 5, 6, -1]
    """
    whole = length // 4 * 4
    fours = np.arange(whole).reshape(-1, 2, 2).transpose(0, 2, 1).reshape(-1)
    rest = list(range(whole, length))
    return np.concatenate([fours, np.array(rest + [NOTHING] * (len(rest) % 2), np.int64)])


def patch_order(runs: int, length: int) -> npt.NDArray[np.int64]:
    """Return the same for so many runs that lie one behind the other."""
    order = run_order(length)
    each = np.where(order == NOTHING, NOTHING, order + np.arange(runs)[:, None] * length)
    return each.reshape(-1)


def pair_words(weights: Int8s, order: npt.NDArray[np.int64]) -> Int32s:
    """Return the words of each pair of outputs.

    Args:
        weights: (outputs, bytes of a patch).
        order: of the elements, with an even number of entries.

    Returns:
        (outputs / 2, rounded up; words).
    """
    outputs = len(weights)
    padded = np.zeros((outputs + outputs % 2, weights.shape[1] + 1), np.int64)
    padded[:outputs, :-1] = weights
    ordered = padded[:, order]
    both = ordered[0::2] + 256 * ordered[1::2]
    return np.ascontiguousarray(both.astype("<i2")).view("<i4").astype(np.int32)


def pair_scales(biases: Int32s, rescaling: Requantization, outputs: int) -> Int32s:
    """Return the scales of each pair, (pairs, 8).

    Args:
        biases: (channels,) with what the input's zero point contributes.
        rescaling: of the channels.
        outputs: how many there shall be, an even number.
    """
    first, second = scales(biases, rescaling, outputs).values.reshape(-1, 2, 4).transpose(1, 0, 2).astype(np.int64)
    both = (first[:, 0] + 256 * second[:, 0] + WORD // 2) % WORD - WORD // 2
    columns = [first[:, :1], both[:, None], first[:, 1:], second[:, 1:]]
    found: Int32s = np.concatenate(columns, axis=1).astype(np.int32)
    return found


def pair_fields(outputs: int, rescaling: Requantization, words: Int32s, scales_of_pairs: Int32s) -> tuple[Field, ...]:
    """Return the fields of `edgewright_pairs`.

    Args:
        outputs: without those that fill up.
        rescaling: of the outputs.
        words: of the weights, in the kernel's order.
        scales_of_pairs: see `pair_scales`.
    """
    found = (
        Field(name="outputs", value=outputs),
        *rescaling_fields(rescaling),
        Field(name="weights", value=Array(values=np.ascontiguousarray(words.reshape(-1)))),
        Field(name="scales", value=Array(values=np.ascontiguousarray(scales_of_pairs.reshape(-1)))),
    )
    return tuple(Field(name=f"pairs.{field.name}", value=field.value) for field in found)
