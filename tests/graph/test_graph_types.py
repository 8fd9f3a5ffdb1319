"""The graph's own small facts: widths, constants as arrays, quantization."""

from __future__ import annotations

import numpy as np
import pytest
from support.graphs import Draft

from edgewright.pipeline.graph import DType, Graph, Quantization, Tensor


def test_sub_byte_tensors_are_packed() -> None:
    """Five int4 elements take three bytes, five int2 ones two; a scalar takes one element."""
    sizes = [
        Tensor(index=0, name="", shape=(5,), dtype=dtype).nbytes for dtype in (DType.INT4, DType.INT2, DType.INT16)
    ]
    assert [3, 2, 10] == sizes
    assert 4 == Tensor(index=0, name="", shape=(), dtype=DType.FLOAT32).nbytes


def test_constants_are_arrays_of_their_shape(tiny: Graph) -> None:
    """A constant comes as a read-only array, a computed tensor as None."""
    bias = tiny.array(tiny.main.tensors[2])
    assert bias is not None
    assert ((4,), np.dtype("int32"), False) == (bias.shape, bias.dtype, bias.flags.writeable)
    assert None is tiny.array(tiny.main.tensors[0])


@pytest.mark.parametrize("dtype", [DType.INT4, DType.STRING, DType.FLOAT8_E5M2])
def test_types_without_arrays_are_refused(dtype: DType) -> None:
    """Packed and textual constants have bytes, and no numpy array."""
    draft = Draft()
    graph = draft.graph()
    tensor = Tensor(index=0, name="", shape=(1,), dtype=dtype)
    constant = Graph(subgraphs=graph.subgraphs, buffers=(b"x",))
    assert b"x" == constant.data(tensor)
    with pytest.raises(ValueError, match=f"a tensor of {dtype.value} has no numpy array"):
        constant.array(tensor)


def test_quantization_tells_tensor_from_channel() -> None:
    """One scale has a scale and a zero point; several do not."""
    assert (0.5, 3) == (
        Quantization(scales=(0.5,), zero_points=(3,)).scale,
        Quantization(scales=(0.5,), zero_points=(3,)).zero_point,
    )
    several = Quantization(scales=(0.5, 0.25), zero_points=(0, 0))
    assert several.is_per_channel
    with pytest.raises(ValueError, match="too many values"):
        _ = several.scale
