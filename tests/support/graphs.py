"""Small graphs made by hand, for tests of everything that takes a `Graph` or the bytes of one.

`Draft` collects tensors and operators; `tiny_graph` is a complete int8 network that every interpreter runs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from edgewright.pipeline.graph import (
    DType,
    Graph,
    Operator,
    OptionValue,
    Padding,
    Quantization,
    Subgraph,
    Tensor,
)

Scale = float | Sequence[float] | None


class Draft:
    """A graph of one subgraph in the making; tensors are named by the index that each method returns."""

    def __init__(self) -> None:
        self._tensors: list[Tensor] = []
        self._operators: list[Operator] = []
        self._buffers: list[bytes] = [b""]
        self._inputs: list[int] = []

    def tensor(
        self,
        shape: tuple[int, ...],
        *,
        dtype: DType = DType.INT8,
        scale: Scale = 0.5,
        zero_point: int = 0,
        axis: int = 0,
        **fields: object,
    ) -> int:
        """Add a tensor that something computes; `fields` are further fields of `Tensor`."""
        index = len(self._tensors)
        fields.setdefault("name", f"t{index}")
        self._tensors.append(
            Tensor(
                index=index,
                shape=shape,
                dtype=dtype,
                quantization=_quantization(scale, zero_point, axis),
                **fields,  # type: ignore[arg-type]
            )
        )
        return index

    def input(self, shape: tuple[int, ...], **fields: object) -> int:
        """Add an input of the graph."""
        index = self.tensor(shape, **fields)  # type: ignore[arg-type]
        self._inputs.append(index)
        return index

    def constant(self, values: npt.ArrayLike, dtype: DType = DType.INT8, **fields: object) -> int:
        """Add a constant; int32 ones carry no scale unless one is given."""
        array = np.asarray(values, dtype=dtype.value)
        if dtype is not DType.INT8:
            fields.setdefault("scale", None)
        self._buffers.append(array.tobytes())
        return self.tensor(array.shape, dtype=dtype, buffer_index=len(self._buffers) - 1, **fields)  # type: ignore[arg-type]

    def operator(
        self,
        op: str,
        inputs: Sequence[int],
        shape: tuple[int, ...],
        *,
        options_type: str | None = None,
        options: Mapping[str, OptionValue] | None = None,
        version: int = 1,
        custom_name: str | None = None,
        **fields: object,
    ) -> int:
        """Add an operator with one output of the given shape, which is what it returns."""
        output = self.tensor(shape, **fields)  # type: ignore[arg-type]
        self._operators.append(
            Operator(
                index=len(self._operators),
                op=op,
                version=version,
                inputs=tuple(inputs),
                outputs=(output,),
                options_type=options_type,
                options=options or {},
                custom_name=custom_name,
            )
        )
        return output

    def graph(self, *outputs: int) -> Graph:
        """End the draft."""
        subgraph = Subgraph(
            name="main",
            tensors=tuple(self._tensors),
            operators=tuple(self._operators),
            inputs=tuple(self._inputs),
            outputs=outputs,
        )
        return Graph(subgraphs=(subgraph,), buffers=tuple(self._buffers), description="made by hand")


def tiny_graph() -> Graph:
    """Make a network of convolution, reshape, fully-connected layer and softmax: [1, 4, 4, 2] int8 to [1, 3] int8."""
    random = np.random.default_rng(1)
    draft = Draft()
    image = draft.input((1, 4, 4, 2), scale=2**-7, zero_point=-3, name="image")
    filters = draft.constant(
        random.integers(-127, 128, (4, 3, 3, 2)), scale=[2**-8, 2**-9, 2**-8, 2**-7], name="filters"
    )
    bias = draft.constant(
        random.integers(-99, 99, 4), DType.INT32, scale=[2**-15, 2**-16, 2**-15, 2**-14], name="filters/bias"
    )
    maps = draft.operator(
        "CONV_2D",
        (image, filters, bias),
        (1, 2, 2, 4),
        options_type="Conv2DOptions",
        options={"padding": int(Padding.SAME), "stride_w": 2, "stride_h": 2, "fused_activation_function": 1},
        version=3,
        scale=2**-5,
        zero_point=-128,
        name="maps",
    )
    shape = draft.constant([1, 16], DType.INT32, name="shape")
    flat = draft.operator(
        "RESHAPE", (maps, shape), (1, 16), options_type="ReshapeOptions", scale=2**-5, zero_point=-128, name="flat"
    )
    weights = draft.constant(random.integers(-127, 128, (3, 16)), scale=2**-8, name="weights")
    offsets = draft.constant(random.integers(-99, 99, 3), DType.INT32, scale=2**-13, name="weights/bias")
    logits = draft.operator(
        "FULLY_CONNECTED",
        (flat, weights, offsets),
        (1, 3),
        options_type="FullyConnectedOptions",
        version=4,
        scale=2**-4,
        name="logits",
    )
    classes = draft.operator(
        "SOFTMAX",
        (logits,),
        (1, 3),
        options_type="SoftmaxOptions",
        options={"beta": 1.0},
        version=2,
        scale=2**-8,
        zero_point=-128,
        name="classes",
    )
    return draft.graph(classes)


def _quantization(scale: Scale, zero_point: int, axis: int) -> Quantization | None:
    """Quantize per tensor for one scale, per channel for several."""
    if scale is None:
        return None
    scales = tuple(scale) if isinstance(scale, Sequence) else (scale,)
    return Quantization(scales=scales, zero_points=(zero_point,) * len(scales), axis=axis)
