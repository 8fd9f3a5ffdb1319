"""What a step computes: one frozen dataclass for each kind, every figure known, constants included.

Quantities are those of TensorFlow Lite Micro's reference kernels: an output is
`clamp(zero_point + requantize(accumulator, multiplier, shift), minimum, maximum)`, where `requantize` rounds twice
(gemmlowp's SaturatingRoundingDoublingHighMul, then RoundingDivideByPOT); a positive shift goes to the left.
Arrays are read-only; two operations are compared by identity.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np
import numpy.typing as npt

Int8s = npt.NDArray[np.int8]
Int32s = npt.NDArray[np.int32]


@dataclass(frozen=True, kw_only=True)
class Margins:
    """Elements that are added around an image (never negative)."""

    top: int = 0
    bottom: int = 0
    left: int = 0
    right: int = 0

    @property
    def is_empty(self) -> bool:
        """Whether nothing is added."""
        return not (self.top or self.bottom or self.left or self.right)


@dataclass(frozen=True, kw_only=True)
class Window:
    """How a window moves over an image; extents in elements, heights first.

    Where a pad was fused, margins may be as wide as the window and more: a window may lie in them altogether.
    """

    height: int
    width: int
    stride_height: int
    stride_width: int
    dilation_height: int = 1
    dilation_width: int = 1
    margins: Margins = Margins()


@dataclass(frozen=True, kw_only=True, eq=False)
class Requantization:
    """From accumulators to outputs: one multiplier and shift, or one for each output channel.

    `multipliers` are in [2^30, 2^31), or 0, or down to 2^29 in a `Mean`; a positive entry of `shifts` goes to the left.
    Both (1,) or (channels,). `zero_point` may lie outside int8 where an offset was fused into it.
    """

    multipliers: Int32s
    shifts: Int32s
    zero_point: int
    minimum: int
    maximum: int

    def each(self, channels: int) -> tuple[Int32s, Int32s]:
        """Return multipliers and shifts for each of so many channels."""
        return (
            np.ascontiguousarray(np.broadcast_to(self.multipliers, (channels,))),
            np.ascontiguousarray(np.broadcast_to(self.shifts, (channels,))),
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class Convolution:
    """CONV_2D over (1, H, W, C) int8; output channel o reads input channels of group o // (O / (C / I))."""

    weights: Int8s
    """(O, height, width, I) int8."""
    biases: Int32s
    """(O,) int32, as the graph has them; zeros where it has none."""
    window: Window
    input_zero_point: int
    """What a margin's elements are, too."""
    requantization: Requantization


@dataclass(frozen=True, kw_only=True, eq=False)
class DepthwiseConvolution:
    """DEPTHWISE_CONV_2D over (1, H, W, C) int8; output channel o reads input channel o // multiplier."""

    weights: Int8s
    """(height, width, O) int8."""
    biases: Int32s
    window: Window
    multiplier: int
    input_zero_point: int
    requantization: Requantization


@dataclass(frozen=True, kw_only=True, eq=False)
class FullyConnected:
    """FULLY_CONNECTED over (rows, I) int8 to (rows, O) int8."""

    weights: Int8s
    """(O, I) int8."""
    biases: Int32s
    rows: int
    input_zero_point: int
    weights_zero_point: int
    requantization: Requantization


class Arithmetic(str, Enum):
    """The sum or difference that an `Addition` forms."""

    ADD = "add"
    SUB = "sub"


@dataclass(frozen=True, kw_only=True, eq=False)
class Operand:
    """One side of an element-wise operation: a value, or the constant that stands in its place.

    `shape` has the output's rank, 1 where it is broadcast.
    """

    shape: tuple[int, ...]
    zero_point: int
    multiplier: int = 0
    shift: int = 0
    constant: Int8s | None = None
    """Of that shape; None for a value: the step's inputs are the operands that are values, in order."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Addition:
    """ADD or SUB, int8, with broadcasting: both sides are shifted left by `left_shift` and rescaled first."""

    kind: Arithmetic
    left: Operand
    right: Operand
    left_shift: int
    requantization: Requantization
    shape: tuple[int, ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class Multiplication:
    """MUL, int8, with broadcasting."""

    left: Operand
    right: Operand
    requantization: Requantization
    shape: tuple[int, ...]


class Extremum(str, Enum):
    """Which of two elements an `Extreme` keeps."""

    MINIMUM = "minimum"
    MAXIMUM = "maximum"


@dataclass(frozen=True, kw_only=True, eq=False)
class Extreme:
    """MINIMUM or MAXIMUM, int8, with broadcasting."""

    kind: Extremum
    left: Operand
    right: Operand
    shape: tuple[int, ...]


class PoolKind(str, Enum):
    """What a pool makes of its window."""

    AVERAGE = "average"
    MAXIMUM = "maximum"


@dataclass(frozen=True, kw_only=True, eq=False)
class Pool:
    """AVERAGE_POOL_2D or MAX_POOL_2D over (1, H, W, C) int8; what lies in a margin is not counted."""

    kind: PoolKind
    window: Window
    minimum: int
    maximum: int


@dataclass(frozen=True, kw_only=True, eq=False)
class Mean:
    """MEAN, int8, over the axes that are listed (ascending, without the batch unless it is 1)."""

    axes: tuple[int, ...]
    shape: tuple[int, ...]
    """Of the input."""
    input_zero_point: int
    requantization: Requantization
    """As TensorFlow Lite Micro prepares it: the count of elements is part of the multiplier."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Softmax:
    """SOFTMAX, int8 to int8 (scale 1/256, zero point -128), over rows of `depth` elements.

    `exponentials[d]` is exp(-d * scale * beta) as TensorFlow Lite Micro's fixed-point function gives it (Q0.31), for a
    difference d of 0 to 255 to the largest element of the row; 0 where the difference is below its `diff_min`.
    """

    rows: int
    depth: int
    exponentials: Int32s


@dataclass(frozen=True, kw_only=True, eq=False)
class Table:
    """A function of one int8 element: LOGISTIC, TANH, RELU, RELU6, LEAKY_RELU, HARD_SWISH, QUANTIZE int8 to int8.

    `entries[x + 128]` is the output for the input x. QUANTIZE from or to uint8 is a table of bytes: x and the entry are
    what the bits say as int8, and the value is uint8 all the same.
    """

    entries: Int8s


@dataclass(frozen=True, kw_only=True, eq=False)
class Quantize:
    """QUANTIZE, float32 to int8 (`inverse` 1 / scale is not what TFLM uses: it divides)."""

    scale: float
    zero_point: int


@dataclass(frozen=True, kw_only=True, eq=False)
class Dequantize:
    """DEQUANTIZE, int8 to float32."""

    scale: float
    zero_point: int


@dataclass(frozen=True, kw_only=True, eq=False)
class Reinterpretation:
    """RESHAPE, SQUEEZE, EXPAND_DIMS: the same bytes under another shape."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Pad:
    """PAD, PADV2: `before[a]` and `after[a]` elements of `fill` around axis a."""

    shape: tuple[int, ...]
    """Of the input."""
    before: tuple[int, ...]
    after: tuple[int, ...]
    fill: int


@dataclass(frozen=True, kw_only=True, eq=False)
class Concatenation:
    """CONCATENATION along `axis`; constants stand in the place of inputs that are constant.

    One constant part and no input: the step writes a constant.
    """

    axis: int
    shapes: tuple[tuple[int, ...], ...]
    """Of all parts, in order."""
    constants: tuple[Int8s | None, ...]
    """For each part its constant; None for a value: the step's inputs are those, in order."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Slices:
    """STRIDED_SLICE (one output) and SPLIT (several): for each output where it begins and how it steps."""

    shape: tuple[int, ...]
    """Of the input."""
    begins: tuple[tuple[int, ...], ...]
    """For each output, for each axis."""
    strides: tuple[int, ...]
    """For each axis, not 0; negative ones go backwards."""
    extents: tuple[tuple[int, ...], ...]
    """For each output its shape before axes are dropped."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Transpose:
    """TRANSPOSE: axis a of the output is axis `permutation[a]` of the input."""

    shape: tuple[int, ...]
    """Of the input."""
    permutation: tuple[int, ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class Resize:
    """RESIZE_NEAREST_NEIGHBOR over (1, H, W, C): for each output row and column the input's."""

    rows: tuple[int, ...]
    columns: tuple[int, ...]


Operation = (
    Convolution
    | DepthwiseConvolution
    | FullyConnected
    | Addition
    | Multiplication
    | Extreme
    | Pool
    | Mean
    | Softmax
    | Table
    | Quantize
    | Dequantize
    | Reinterpretation
    | Pad
    | Concatenation
    | Slices
    | Transpose
    | Resize
)
