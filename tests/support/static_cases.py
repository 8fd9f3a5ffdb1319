"""One-operator graphs for every operator that the static engine computes: shapes, strides, ranges and edges."""

from __future__ import annotations

from collections.abc import Callable

from support.static_operators import (
    concatenation,
    convolution,
    depthwise,
    fully_connected,
    mean,
    moved,
    pad_with,
    pair,
    pool,
    quantize,
    softmax,
    split,
    unary,
)

from edgewright.pipeline.graph import Activation, DType, Graph, Padding

VALID = Padding.VALID
CHANNELS = (1, 3, 7, 8, 15, 16, 17)
RELU, RELU6, ONE = Activation.RELU, Activation.RELU6, Activation.RELU_N1_TO_1

CONVOLUTIONS: dict[str, Callable[[], Graph]] = {
    "conv_3x3": lambda: convolution((6, 7, 3), (4, 3, 3, 3)),
    "conv_3x3_valid": lambda: convolution((6, 7, 3), (4, 3, 3, 3), padding=VALID, activation=RELU),
    "conv_stride": lambda: convolution((9, 8, 3), (5, 3, 3, 3), strides=(2, 3), activation=RELU6),
    "conv_stride_valid": lambda: convolution((9, 8, 3), (5, 2, 3, 3), strides=(2, 2), padding=VALID),
    "conv_dilated": lambda: convolution((11, 9, 2), (3, 3, 3, 2), dilations=(2, 3)),
    "conv_dilated_valid": lambda: convolution((11, 9, 2), (3, 3, 3, 2), dilations=(3, 2), padding=VALID),
    "conv_grouped": lambda: convolution((5, 5, 6), (9, 3, 3, 2)),
    "conv_1x1": lambda: convolution((5, 4, 16), (8, 1, 1, 16)),
    "conv_10x4": lambda: convolution((20, 10, 1), (6, 10, 4, 1), strides=(2, 2), activation=ONE),
    "conv_row": lambda: convolution((1, 17, 4), (8, 1, 5, 4), strides=(1, 2)),
    "conv_wider_than_image": lambda: convolution((2, 3, 2), (3, 5, 7, 2)),
    "conv_per_tensor": lambda: convolution((5, 5, 3), (4, 3, 3, 3), is_per_channel=False),
    "conv_without_bias": lambda: convolution((5, 5, 3), (4, 3, 3, 3), has_bias=False),
    **{
        f"conv_{inputs}_to_{outputs}": lambda i=inputs, o=outputs: convolution((4, 5, i), (o, 3, 2, i), seed=i * 31 + o)
        for inputs, outputs in zip(CHANNELS, reversed(CHANNELS), strict=True)
    },
    **{
        f"conv_kernel_{size}": lambda s=size: convolution(
            (11, 11, 2), (3, s, 11 - s, 2), strides=(s % 3 + 1, 1), seed=s
        )
        for size in range(1, 11)
    },
}

DEPTHWISE: dict[str, Callable[[], Graph]] = {
    "depthwise_3x3": lambda: depthwise((6, 5, 8), (3, 3), activation=RELU6),
    "depthwise_valid": lambda: depthwise((6, 5, 8), (3, 2), padding=VALID),
    "depthwise_stride": lambda: depthwise((9, 7, 3), (3, 3), strides=(2, 2), activation=RELU),
    "depthwise_dilated": lambda: depthwise((9, 9, 3), (3, 3), dilations=(2, 2)),
    "depthwise_multiplied": lambda: depthwise((6, 6, 3), (3, 3), multiplier=4),
    "depthwise_of_one": lambda: depthwise((6, 6, 1), (5, 3), multiplier=8, strides=(2, 2)),
    "depthwise_row": lambda: depthwise((1, 9, 4), (1, 3)),
    "depthwise_without_bias": lambda: depthwise((5, 5, 2), (3, 3), has_bias=False),
    **{f"depthwise_{count}": lambda c=count: depthwise((4, 5, c), (3, 3), seed=c) for count in CHANNELS},
}

DENSE: dict[str, Callable[[], Graph]] = {
    "dense": lambda: fully_connected((1, 17), 9),
    "dense_per_channel": lambda: fully_connected((1, 17), 9, is_per_channel=True, activation=RELU),
    "dense_rows": lambda: fully_connected((1, 3, 8), 5, activation=RELU6),
    "dense_batch": lambda: fully_connected((4, 8), 5),
    "dense_without_bias": lambda: fully_connected((1, 8), 5, has_bias=False),
    "dense_one": lambda: fully_connected((1, 1), 1),
}

PAIRS: dict[str, Callable[[], Graph]] = {
    **{
        f"{op.lower()}_{seed}": lambda op=op, seed=seed: pair(op, (1, 16, 16, 2), (1, 16, 16, 2), seed=seed)
        for op in ("ADD", "SUB", "MUL", "MINIMUM", "MAXIMUM")
        for seed in range(3)
    },
    "add_relu": lambda: pair("ADD", (1, 9), (1, 9), activation=RELU),
    "sub_relu6": lambda: pair("SUB", (1, 9), (1, 9), activation=RELU6),
    "mul_one": lambda: pair("MUL", (1, 9), (1, 9), activation=ONE),
    "add_channels": lambda: pair("ADD", (1, 3, 4, 5), (5,), constant="right"),
    "sub_from_scalar": lambda: pair("SUB", (), (1, 3, 4, 5), constant="left"),
    "mul_pixels": lambda: pair("MUL", (1, 3, 4, 5), (1, 1, 1, 5)),
    "mul_channels": lambda: pair("MUL", (1, 3, 4, 1), (1, 3, 4, 5)),
    "add_both_ways": lambda: pair("ADD", (1, 3, 1, 5), (1, 1, 4, 1)),
    "minimum_scalar": lambda: pair("MINIMUM", (1, 256), (1,), constant="right"),
    "maximum_channels": lambda: pair("MAXIMUM", (1, 3, 4, 5), (5,), constant="right"),
}

POOLS: dict[str, Callable[[], Graph]] = {
    f"{name}_{op[:3].lower()}": lambda op=op, make=make: make(op)
    for op in ("AVERAGE_POOL_2D", "MAX_POOL_2D")
    for name, make in {
        "pool_2x2": lambda op: pool(op, (6, 6, 5), (2, 2), strides=(2, 2), padding=VALID),
        "pool_3x2_same": lambda op: pool(op, (7, 5, 3), (3, 2), strides=(2, 2), activation=RELU),
        "pool_all": lambda op: pool(op, (7, 5, 3), (7, 5), padding=VALID),
        "pool_same_stride_1": lambda op: pool(op, (4, 4, 2), (3, 3), activation=RELU6),
    }.items()
}

REDUCTIONS: dict[str, Callable[[], Graph]] = {
    "mean_image": lambda: mean((1, 5, 7, 3), [1, 2], (1, 3)),
    "mean_kept": lambda: mean((1, 5, 7, 3), [2, 1], (1, 1, 1, 3)),
    "mean_rows": lambda: mean((1, 5, 3), [1], (1, 3)),
    "mean_last": lambda: mean((1, 5, 3), [-1], (1, 5)),
    "mean_of_one": lambda: mean((1, 1, 1, 4), [1, 2], (1, 4)),
    "mean_same_scale": lambda: mean((1, 16, 4, 4), [1, 2], (1, 4), scales=(0.05, 0.05)),
    "mean_upwards": lambda: mean((1, 3, 3, 4), [1, 2], (1, 4), scales=(0.5, 0.001)),
    **{
        f"softmax_{scale}": lambda s=scale: softmax((1, 256), scale=s)
        for scale in (2**-7, 0.05, 0.31, 1.0, 20.0, 1000.0)
    },
    "softmax_rows": lambda: softmax((1, 5, 7), scale=0.1),
    "softmax_beta": lambda: softmax((1, 9), scale=0.1, beta=0.5),
    "softmax_of_one": lambda: softmax((1, 1), scale=0.1),
}

UNARY: dict[str, Callable[[], Graph]] = {
    **{
        f"{op.lower()}_{scale}_{zero_point}": lambda op=op, s=scale, z=zero_point, o=output: unary(op, (s, z), o)
        for op, output in (("LOGISTIC", (2**-8, -128)), ("TANH", (2**-7, 0)))
        for scale in (0.001, 2**-5, 0.047, 0.11, 0.7)
        for zero_point in (-128, 3, 127)
    },
    **{
        f"{op.lower()}_{scale}": lambda op=op, s=scale: unary(op, (s, 11), (s * 0.7, -30))
        for op in ("RELU", "HARD_SWISH")
        for scale in (0.0123, 0.07, 0.4)
    },
    "relu6": lambda: unary("RELU6", (0.05, -20), (0.05, -20)),
    "relu6_wide": lambda: unary("RELU6", (0.01, 90), (0.01, 90)),
    "leaky": lambda: unary("LEAKY_RELU", (0.05, -20), (0.04, 3), alpha=0.1),
    "leaky_more": lambda: unary("LEAKY_RELU", (0.05, -20), (0.04, 3), alpha=1.7),
}

MOVEMENTS: dict[str, Callable[[], Graph]] = {
    "reshape": lambda: moved("RESHAPE", (1, 4, 6), (1, 24), [1, 24], options_type="ReshapeOptions"),
    "squeeze": lambda: moved("SQUEEZE", (1, 1, 6), (1, 6), options_type="SqueezeOptions", squeeze_dims=(1,)),
    "expand_dims": lambda: moved("EXPAND_DIMS", (1, 6), (1, 1, 6), 1),
    "pad": lambda: moved("PAD", (1, 3, 4, 2), (1, 6, 5, 2), [[0, 0], [1, 2], [0, 1], [0, 0]]),
    "pad_channels": lambda: moved("PAD", (1, 3, 2), (1, 4, 4), [[0, 0], [1, 0], [1, 1]]),
    "padv2": lambda: pad_with((1, 3, 4, 2), (1, 5, 4, 2), [[0, 0], [1, 1], [0, 0], [0, 0]], -77),
    "concatenation": lambda: concatenation([(1, 2, 3), (1, 2, 1), (1, 2, 4)], -1, (1, 2, 8)),
    "concatenation_rows": lambda: concatenation([(1, 2, 3), (1, 1, 3)], 1, (1, 3, 3)),
    "concatenation_constant": lambda: concatenation([(1, 2, 3), (1, 2, 2)], 2, (1, 2, 5), constant=1),
    "slice": lambda: moved(
        "STRIDED_SLICE", (1, 5, 6), (1, 2, 3), [0, 1, 0], [1, 5, 6], [1, 2, 2], options_type="StridedSliceOptions"
    ),
    "slice_masked": lambda: moved(
        "STRIDED_SLICE", (1, 5, 6), (5, 4), [0, 3, -5], [1, 4, -1], [1, 1, 1], options_type="StridedSliceOptions",
        begin_mask=2, end_mask=2, shrink_axis_mask=1,
    ),
    "slice_backwards": lambda: moved(
        "STRIDED_SLICE", (1, 5, 6), (1, 5, 3), [0, 0, 5], [1, 5, -9], [1, 1, -2], options_type="StridedSliceOptions"
    ),
    "slice_at": lambda: moved(
        "STRIDED_SLICE", (1, 5, 6), (1, 6), [0, -1, 0], [1, 0, 6], [1, 1, 1], options_type="StridedSliceOptions",
        shrink_axis_mask=2,
    ),
    "split": lambda: split((1, 4, 6), 2, 3),
    "split_rows": lambda: split((1, 4, 6), -2, 2),
    "transpose": lambda: moved("TRANSPOSE", (1, 3, 4, 5), (1, 5, 3, 4), [0, 3, 1, 2]),
    "resize": lambda: moved(
        "RESIZE_NEAREST_NEIGHBOR", (1, 3, 4, 2), (1, 6, 8, 2), [6, 8], options_type="ResizeNearestNeighborOptions"
    ),
    "resize_odd": lambda: moved(
        "RESIZE_NEAREST_NEIGHBOR", (1, 3, 4, 2), (1, 7, 3, 2), [7, 3], options_type="ResizeNearestNeighborOptions",
        half_pixel_centers=True,
    ),
    "resize_aligned": lambda: moved(
        "RESIZE_NEAREST_NEIGHBOR", (1, 3, 4, 2), (1, 5, 7, 2), [5, 7], options_type="ResizeNearestNeighborOptions",
        align_corners=True,
    ),
}  # fmt: skip

BOUNDARIES: dict[str, Callable[[], Graph]] = {
    "quantize_float": lambda: quantize((DType.FLOAT32, 0, 0), (DType.INT8, 0.037, -5)),
    "quantize_rescale": lambda: quantize((DType.INT8, 0.05, 3), (DType.INT8, 0.031, -9)),
    "quantize_from_unsigned": lambda: quantize((DType.UINT8, 0.05, 131), (DType.INT8, 0.05, 3)),
    "quantize_from_unsigned_rescaled": lambda: quantize((DType.UINT8, 0.05, 131), (DType.INT8, 0.04, 3)),
    "quantize_to_unsigned": lambda: quantize((DType.INT8, 0.05, 3), (DType.UINT8, 0.03, 100)),
    "dequantize": lambda: quantize((DType.INT8, 0.0371, 3), (DType.FLOAT32, 0, 0)),
}

CASES: dict[str, Callable[[], Graph]] = {
    **CONVOLUTIONS, **DEPTHWISE, **DENSE, **PAIRS, **POOLS, **REDUCTIONS, **UNARY, **MOVEMENTS, **BOUNDARIES,
}  # fmt: skip
