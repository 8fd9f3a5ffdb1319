"""Kernels as products of two smaller ones, by truncated singular value decomposition.

- `DENSE`: (inputs x outputs) of a Dense layer.
- `CHANNEL`: a k x k convolution to `rank` channels, then 1 x 1; of the matrix (kh kw inputs) x outputs. Of a 1 x 1
  convolution these are two 1 x 1 ones. Source: Zhang, Zou, He, Sun, "Accelerating Very Deep Convolutional Networks for
  Classification and Detection", 2016, without the part that looks at data.
- `SPATIAL`: kh x 1 to `rank` channels, then 1 x kw; of the matrix (kh inputs) x (kw outputs). Source: Jaderberg,
  Vedaldi, Zisserman, "Speeding up Convolutional Neural Networks with Low Rank Expansions", 2014.

Either is exact at full rank, with any stride, dilation and padding, and the best there is of its form at any other.
Both are kept since neither wins everywhere; they are compared at equal multiply-accumulates. Lost energy at half of a
layer's, on a ResNet-8 (CIFAR-10) and on three convolutions trained on digits (spatial / channel / Tucker-2):

| | spatial | channel | Tucker-2 |
|---|---|---|---|
| 3x3, 32 to 32 channels | 0.20 | 0.32 | 0.27 |
| 3x3, 64 to 64 channels | 0.28 | 0.35 | 0.35 |
| 3x3, stride 2, 32 to 64 channels | 0.30 | 0.27 | 0.35 |
| 3x3, 3 to 16 channels, the first layer | 0.48 | 0.36 | 0.40 |
| digits, 3x3, 32 to 64 channels | 0.18 | 0.20 | 0.21 |
| digits, 3x3, 64 to 64 channels | 0.24 | 0.30 | 0.27 |

Tucker-2 (1 x 1, k x k, 1 x 1) lost less than the better of the two only where more than a third of the energy is lost
anyway; it costs a third operator and a third activation, and is not offered.

Singular values are shared evenly between the two factors: of three ways to share them, that one loses least in int8.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.floating[Any]]
KernelSize = tuple[int, int]


class Decomposition(str, Enum):
    """A form in which a kernel can be written as two."""

    DENSE = "dense"
    CHANNEL = "channel"
    SPATIAL = "spatial"


@dataclass(frozen=True, kw_only=True)
class Factors:
    """Two kernels whose composition approximates one."""

    first: FloatArray
    second: FloatArray
    retained_energy: float
    """Sum of the squares of the product, as a share of that of the kernel."""


def decompositions_of(shape: tuple[int, ...]) -> tuple[Decomposition, ...]:
    """Return the forms in which a kernel of this shape can be written, all different.

    Args:
        shape: (inputs, outputs) of a Dense layer, or (kh, kw, inputs, outputs) of a convolution.
    """
    if len(shape) == 2:
        return (Decomposition.DENSE,)
    return (Decomposition.CHANNEL, Decomposition.SPATIAL) if shape[1] > 1 else (Decomposition.CHANNEL,)


def full_rank(shape: tuple[int, ...], decomposition: Decomposition) -> int:
    """Return the smallest rank at which any kernel of this shape is reproduced."""
    return min(_matrix_shape(shape, decomposition))


def retained_energies(kernel: FloatArray, decomposition: Decomposition) -> FloatArray:
    """Return the share of energy that each rank retains, from rank 1 to full rank."""
    values = np.linalg.svd(_matrix(kernel, decomposition), compute_uv=False)
    return _retained(values)


def decompose(kernel: FloatArray, decomposition: Decomposition, rank: int) -> Factors:
    """Write a kernel as two.

    Args:
        kernel: (inputs, outputs) of a Dense layer, or (kh, kw, inputs, outputs) of a convolution.
        decomposition: the form.
        rank: 1 to `full_rank`.

    Returns:
        The kernels of the two layers, in float64.
    """
    left, values, right = np.linalg.svd(_matrix(kernel, decomposition), full_matrices=False)
    share = np.sqrt(values[:rank])
    first, second = left[:, :rank] * share, share[:, np.newaxis] * right[:rank]
    if decomposition is not Decomposition.DENSE:
        height, width, inputs, outputs = kernel.shape
        if decomposition is Decomposition.CHANNEL:
            first = first.reshape(height, width, inputs, rank)
            second = second.reshape(1, 1, rank, outputs)
        else:
            first = first.reshape(height, 1, inputs, rank)
            second = second.reshape(1, rank, width, outputs).transpose(0, 2, 1, 3)
    return Factors(first=first, second=second, retained_energy=float(_retained(values)[rank - 1]))


def approximate(kernel: FloatArray, decomposition: Decomposition, rank: int) -> FloatArray:
    """Return the kernel that the two of `decompose` compute together.

    Args:
        kernel: as for `decompose`.
        decomposition: the form.
        rank: 1 to `full_rank`.

    Returns:
        A kernel of the same shape, in float64.
    """
    left, values, right = np.linalg.svd(_matrix(kernel, decomposition), full_matrices=False)
    matrix: FloatArray = (left[:, :rank] * values[:rank]) @ right[:rank]
    if decomposition is Decomposition.SPATIAL:
        height, width, inputs, outputs = kernel.shape
        return matrix.reshape(height, inputs, width, outputs).transpose(0, 2, 1, 3)
    return matrix.reshape(kernel.shape)


def _matrix(kernel: FloatArray, decomposition: Decomposition) -> FloatArray:
    ordered = kernel.transpose(0, 2, 1, 3) if decomposition is Decomposition.SPATIAL else kernel
    return ordered.astype(np.float64).reshape(_matrix_shape(kernel.shape, decomposition))


def _matrix_shape(shape: tuple[int, ...], decomposition: Decomposition) -> tuple[int, int]:
    if decomposition is Decomposition.DENSE:
        return shape[0], shape[1]
    height, width, inputs, outputs = shape
    if decomposition is Decomposition.SPATIAL:
        return height * inputs, width * outputs
    return height * width * inputs, outputs


def _retained(values: FloatArray) -> FloatArray:
    energy = np.cumsum(values**2)
    return energy / energy[-1] if energy[-1] > 0 else np.ones_like(energy)
