"""Affine quantization of single tensors, in the arithmetic that the generated firmware uses, to the bit.

The rule is that of TensorFlow Lite's own QUANTIZE and DEQUANTIZE kernels, which means that a model whose float input
was converted away gets the integers that it got before:

- quantize: divide by the scale in float32, round halves away from zero, add the zero point, saturate;
- dequantize: subtract the zero point as an integer, convert to float32, multiply by the scale in float32.

Infinities saturate; NaN becomes the zero point, the integer that stands for 0.
The C counterpart is `edgewright_quantization.c`; docs/selftest.md states the rule for other implementations.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from edgewright.pipeline.graph.types import DType, Quantization, Tensor

AMPLIFIERS = ("SOFTMAX", "LOGISTIC")
"""Make more of one step of their input than they round themselves: never the operator at which most is lost."""
QUANTIZABLE = (DType.INT8, DType.UINT8, DType.INT16)
"""Element types that the helpers handle: every step count is exact in float32."""


def quantize(array: npt.ArrayLike, quantization: Quantization, dtype: DType = DType.INT8) -> npt.NDArray[np.generic]:
    """Quantize real values per tensor.

    Args:
        array: any shape; converted to float32 first.
        quantization: one scale (positive, finite) and one zero point within the type's range.
        dtype: int8, uint8 or int16.

    Returns:
        The same shape in the given type.

    Raises:
        ValueError: the type, the scale or the zero point is none of those.
    """
    scale, zero_point = _parameters(quantization)
    limits = limits_of(dtype)
    if not limits.min <= zero_point <= limits.max:
        raise ValueError(f"The zero point {zero_point} is outside {dtype.value}, which is {limits.min}..{limits.max}.")
    with np.errstate(over="ignore", invalid="ignore"):
        steps = (np.asarray(array, np.float32) / scale).astype(np.float64)
    # In float64 adding the half is exact for every step count that does not saturate.
    rounded = np.trunc(steps + np.copysign(0.5, steps)) + zero_point
    saturated = np.clip(np.where(np.isnan(steps), zero_point, rounded), limits.min, limits.max)
    return np.asarray(saturated.astype(np.dtype(dtype.value)))


def fill(tensor: Tensor, values: npt.ArrayLike) -> npt.NDArray[np.generic]:
    """Return real values as an input of a model takes them: quantized, or as float32 where it takes that.

    Args:
        tensor: the input.
        values: any shape; converted to float32 first.

    Raises:
        ValueError: the input takes neither float32 nor integers with one scale and one zero point.
    """
    if tensor.dtype is DType.FLOAT32:
        return np.asarray(values, np.float32)
    if tensor.quantization is None:
        raise ValueError(f'The input "{tensor.name}" carries no scale and zero point.')
    return quantize(values, tensor.quantization, tensor.dtype)


def dequantize(array: npt.NDArray[np.generic], quantization: Quantization) -> npt.NDArray[np.float32]:
    """Return the real values, in float32, of integers that are quantized per tensor.

    Args:
        array: any shape, integers of at most 16 bits.
        quantization: one scale (positive, finite) and one zero point.

    Raises:
        ValueError: the quantization is per channel, or its scale is not positive and finite.
    """
    scale, zero_point = _parameters(quantization)
    steps = (array.astype(np.int32) - np.int32(zero_point)).astype(np.float32)
    with np.errstate(over="ignore"):
        return np.asarray(steps * scale, np.float32)


def limits_of(dtype: DType) -> np.iinfo[np.signedinteger[npt.NBitBase]]:
    """Return the smallest and largest integer of a type that can be quantized to.

    Raises:
        ValueError: the type is not int8, uint8 or int16.
    """
    if dtype not in QUANTIZABLE:
        accepted = ", ".join(accepted.value for accepted in QUANTIZABLE)
        raise ValueError(f"{dtype.value} cannot be quantized to; accepted: {accepted}.")
    return np.iinfo(np.dtype(dtype.value))


def _parameters(quantization: Quantization) -> tuple[np.float32, int]:
    if len(quantization.scales) != 1 or len(quantization.zero_points) != 1:
        raise ValueError(
            f"Expected one scale and one zero point, got {len(quantization.scales)} and "
            f"{len(quantization.zero_points)}; only tensors that are quantized per tensor are accepted."
        )
    scale = np.float32(quantization.scale)
    if not (np.isfinite(scale) and scale > 0):
        raise ValueError(f"The scale {quantization.scale} is not a positive, finite number.")
    return scale, quantization.zero_point
