"""Scratch buffers of the CMSIS-NN kernels in TensorFlow Lite Micro, built with `KERNELS_OPTIMIZED_FOR_SIZE` by gcc.

CMSIS-NN has three variants: for cores with Helium, for those with the DSP extension, and plain C for the rest.
Source: the `get_buffer_size` functions of ARM-software/CMSIS-NN 4ab83cc3, and when the wrappers of
tensorflow/tflite-micro 90b983c2 call them.
"""

from __future__ import annotations

from enum import Enum

from edgewright.pipeline.arena.node import Node, extent
from edgewright.pipeline.arena.scratch_reference import (
    INTEGERS,
    WORD_BYTES,
    lstm_state_bytes,
    reference_scratch,
    svdf_scratch,
)
from edgewright.pipeline.arena.window import Window, window
from edgewright.pipeline.graph.types import DType
from edgewright.pipeline.rounding import round_up


class Variant(Enum):
    """Which of CMSIS-NN's code a core runs."""

    HELIUM = "helium"
    DSP = "dsp"
    PLAIN = "plain"


HELIUM_CORES = ("cortex-m52", "cortex-m55", "cortex-m85")
DSP_CORES = ("cortex-m4", "cortex-m7", "cortex-m33", "cortex-m35p")

COLUMNS = 4
"""Windows that the Helium code lays out side by side; the other code does 2, as int16."""
CHANNEL_BLOCK = 124
"""Channels that the Helium code of a depthwise convolution treats at once."""
REVERSED_INPUT_CHANNELS = 16
"""A transposed convolution with more input channels runs as a convolution with turned weights."""
REVERSED_STRIDE = 2
LSTM_BUFFERS = 3
_RULES_OF_2022 = ("CONV_2D", "AVERAGE_POOL_2D", "SVDF")
"""What kernels of that year ask for as today's do; for the rest, but for depthwise convolutions, they had none."""
POINTWISE_DEPTH_MULTIPLE = 4
VECTOR_RANK = 2


def variant_of(core: str) -> Variant:
    """Return which code a core runs."""
    if core.startswith(HELIUM_CORES):
        return Variant.HELIUM
    return Variant.DSP if core.startswith(DSP_CORES) else Variant.PLAIN


def cmsis_nn_scratch(node: Node, core: str, *, is_of_2022: bool = False) -> tuple[int, ...] | None:
    """Return the bytes of each buffer that the CMSIS-NN kernel of an operator requests.

    Args:
        node: the operator.
        core: tells the variant.
        is_of_2022: whether the kernels are that old.

    Returns:
        None where CMSIS-NN has no kernel for the operator, or the wrapper runs the reference code.
    """
    rules = {
        "CONV_2D": _convolution,
        "DEPTHWISE_CONV_2D": _depthwise,
        "FULLY_CONNECTED": _fully_connected,
        "AVERAGE_POOL_2D": _average_pool,
        "TRANSPOSE_CONV": _transposed,
        "SVDF": _svdf,
        "BATCH_MATMUL": _matmul,
        "UNIDIRECTIONAL_SEQUENCE_LSTM": _lstm,
    }
    if is_of_2022:
        rules = {label: rules[label] for label in _RULES_OF_2022} | {"DEPTHWISE_CONV_2D": _old_depthwise}
    rule = rules.get(node.operator.label)
    if rule is None:
        return None
    return rule(node, variant_of(core))


def runs_as_convolution(node: Node) -> bool:
    """Whether a fully-connected layer of several rows runs as a convolution of 1x1."""
    weights, output = node.input(1), node.output()
    if weights is None or output is None:
        return False
    return len(output.shape) > VECTOR_RANK and extent(weights, -1) % POINTWISE_DEPTH_MULTIPLE == 0


def _request(nbytes: int) -> tuple[int, ...]:
    return (nbytes,) if nbytes > 0 else ()


def _convolution(node: Node, variant: Variant) -> tuple[int, ...]:
    across, along = window(node, 2), window(node, 1)
    channels = extent(node.input(0), 3)
    column = channels * across.kernel_extent * along.kernel_extent
    if node.dtype is DType.INT16:
        return _request(_columns16(column, variant))
    if node.dtype is not DType.INT8:
        return ()
    is_grouped = channels != extent(node.input(1), 3)
    if not is_grouped and _is_pointwise(across, along):
        return ()
    if (
        variant is Variant.HELIUM
        and not is_grouped
        and _is_one_row(across, along)
        and across.stride * channels % 4 == 0
    ):
        return _request(_one_row(across, channels))
    return _request(_columns8(column, variant))


def _columns8(column: int, variant: Variant) -> int:
    """Bytes of the windows that are laid out for one step of an int8 convolution."""
    if variant is Variant.HELIUM:
        return COLUMNS * round_up(column, 16)
    return 2 * 2 * round_up(column, 4)


def _columns16(column: int, variant: Variant) -> int:
    if variant is Variant.HELIUM:
        return COLUMNS * 2 * round_up(column, 8)
    return 2 * 2 * column


def _is_pointwise(across: Window, along: Window) -> bool:
    return all((one.padding, one.kernel_extent, one.dilation) == (0, 1, 1) for one in (across, along))


def _is_one_row(across: Window, along: Window) -> bool:
    return (along.input_extent, along.kernel_extent, across.dilation) == (1, 1, 1)


def _one_row(across: Window, channels: int) -> int:
    """Bytes of the padded ends of a convolution along one row; of whole windows where no end can be told apart."""
    missing = (across.output_extent - 1) * across.stride + across.kernel_extent - across.input_extent
    odd = missing % 2 if missing >= 0 else -(-missing % 2)
    left = _padded_windows(across.padding, across.stride)
    right = _padded_windows(across.padding + odd, across.stride)
    if left + right + max(across.output_extent - left - right, 0) != across.output_extent:
        return _columns8(channels * across.kernel_extent, Variant.HELIUM)
    left_padding = across.padding * channels
    right_padding = right * channels if odd else left_padding
    reach = across.kernel_extent * channels
    return max(reach + left_padding, reach - channels + right_padding)


def _padded_windows(padding: int, stride: int) -> int:
    return max(1, -(-padding // stride)) if padding else 0


def _depthwise(node: Node, variant: Variant) -> tuple[int, ...]:
    if node.dtype is not DType.INT8:
        return ()
    weights = node.input(1)
    is_packed = weights is not None and weights.dtype is DType.INT4
    across, along = window(node, 2), window(node, 1)
    kernel = across.kernel_extent * along.kernel_extent
    channels, output_channels = extent(node.input(0), 3), extent(node.output(), 3)
    if variant is Variant.HELIUM and not is_packed and channels == 1 and output_channels > 1:
        # It runs as a convolution with turned weights; its wrapper leaves the stride unset, which may choose either.
        either = max(_columns8(kernel, variant), _one_row(across, 1) if _is_one_row(across, along) else 0)
        return (output_channels * kernel + either,)
    if channels != output_channels or extent(node.input(0), 0) != 1 or (across.dilation, along.dilation) != (1, 1):
        return ()
    if variant is Variant.HELIUM:
        return (COLUMNS * CHANNEL_BLOCK * kernel,)
    is_small = (across.kernel_extent, along.kernel_extent) == (3, 3) and max(across.padding, along.padding) <= 1
    if not is_packed and (is_small or variant is Variant.PLAIN):
        return ()
    return (2 * channels * kernel,)


def _old_depthwise(node: Node, variant: Variant) -> tuple[int, ...]:
    """The filter as int16 in the DSP code, for windows of 3x3 as well."""
    channels, kernel = extent(node.input(0), 3), window(node, 2).kernel_extent * window(node, 1).kernel_extent
    if variant is not Variant.DSP or node.dtype is not DType.INT8 or channels != extent(node.output(), 3):
        return _depthwise(node, variant)
    is_plain = extent(node.input(0), 0) == 1 and (window(node, 2).dilation, window(node, 1).dilation) == (1, 1)
    return (2 * channels * kernel,) if is_plain else ()


def _fully_connected(node: Node, variant: Variant) -> tuple[int, ...]:
    weights, output = node.input(1), node.output()
    if node.dtype is not DType.INT8 or weights is None or output is None or weights.dtype is DType.INT4:
        return ()
    outputs = extent(output, -1)
    if runs_as_convolution(node):
        is_per_channel = weights.quantization is not None and weights.quantization.is_per_channel
        return () if is_per_channel else (2 * WORD_BYTES * outputs,)
    return (WORD_BYTES * outputs,) if variant is Variant.HELIUM else ()


def _average_pool(node: Node, variant: Variant) -> tuple[int, ...]:
    if node.dtype not in INTEGERS or variant is not Variant.DSP:
        return ()
    return (WORD_BYTES * extent(node.input(0), 3),)


def _transposed(node: Node, variant: Variant) -> tuple[int, ...]:
    weights, image, output = node.input(1), node.input(2), node.output()
    if image is None or image.dtype is not DType.INT8:
        return reference_scratch(node)
    stride_w, stride_h = node.option("stride_w", 1), node.option("stride_h", 1)
    channels = extent(image, 3)
    kernel_w, kernel_h = extent(weights, 2), extent(weights, 1)
    if max(stride_w, stride_h) <= REVERSED_STRIDE and channels > REVERSED_INPUT_CHANNELS:
        turned = channels * kernel_w * kernel_h * extent(output, 3)
        return _columns8(channels * kernel_w * kernel_h, variant), turned
    row = ((extent(image, 2) - 1) * stride_w + max(kernel_w, stride_h)) * extent(output, 3)
    return WORD_BYTES * row * max(kernel_h, stride_h), 0


def _svdf(node: Node, variant: Variant) -> tuple[int, ...]:
    sums = (WORD_BYTES * extent(node.input(1), 0),) if variant is Variant.HELIUM and node.dtype in INTEGERS else ()
    return (*svdf_scratch(node), *sums)


def _matmul(node: Node, variant: Variant) -> tuple[int, ...]:
    is_summed = variant is Variant.HELIUM and node.dtype is DType.INT8
    return (WORD_BYTES * extent(node.output(), -1),) if is_summed else ()


def _lstm(node: Node, variant: Variant) -> tuple[int, ...]:
    del variant
    return (lstm_state_bytes(node),) * LSTM_BUFFERS if node.dtype in INTEGERS else reference_scratch(node)
