"""One operator of a graph as a reader sees it: tensors by position, options, and sentences for what is refused."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from edgewright.pipeline.codegen.operations import Operation, Requantization
from edgewright.pipeline.codegen.program import Step
from edgewright.pipeline.codegen.reading.quantization import activation_range
from edgewright.pipeline.errors import TfliteError
from edgewright.pipeline.graph import ABSENT, Activation, DType, Graph, Operator, Tensor

INSTEAD = "Use runtime=tflm for this model, or change the layer."
_CLAMPING = (Activation.NONE, Activation.RELU, Activation.RELU_N1_TO_1, Activation.RELU6)
_INT8 = (DType.INT8,)


@dataclass(frozen=True, kw_only=True)
class Node:
    """One operator; every method that finds something else than it is asked for raises a `TfliteError`."""

    graph: Graph
    operator: Operator
    layer: str

    def refuse(self, reason: str) -> TfliteError:
        """Build the error for what the static engine does not compute.

        Args:
            reason: a clause that continues "has".
        """
        return TfliteError(
            f'The layer "{self.layer}" (operator {self.operator.index} {self.operator.label}) has {reason}, '
            f"which the static engine does not compute. {INSTEAD}"
        )

    def unknown(self) -> TfliteError:
        """Build the error for an operator that nothing reads."""
        return TfliteError(
            f'The layer "{self.layer}" needs {self.operator.label} (operator {self.operator.index}), '
            f"which the static engine does not compute. {INSTEAD}"
        )

    def has_input(self, position: int) -> bool:
        """Whether there is an input at a place."""
        return position < len(self.operator.inputs) and self.operator.inputs[position] != ABSENT

    def input(self, position: int, dtypes: Collection[DType] = _INT8) -> Tensor:
        """Return an input, computed or constant, of one of some element types and quantized per tensor."""
        if not self.has_input(position):
            raise self.refuse(f"no input {position}")
        return self._checked(self.graph.main.tensors[self.operator.inputs[position]], dtypes)

    def output(self, position: int = 0, dtypes: Collection[DType] = _INT8) -> Tensor:
        """Return an output of one of some element types, quantized per tensor."""
        if position >= len(self.operator.outputs):
            raise self.refuse(f"no output {position}")
        return self._checked(self.graph.main.tensors[self.operator.outputs[position]], dtypes)

    def is_constant(self, tensor: Tensor) -> bool:
        """Whether a tensor has a value before anything is computed."""
        return self.graph.data(tensor) is not None

    def constant(self, position: int, dtypes: Collection[DType]) -> npt.NDArray[Any]:
        """Return the content of an input that must be constant, of its tensor's shape."""
        if not self.has_input(position):
            raise self.refuse(f"no input {position}")
        tensor = self.graph.main.tensors[self.operator.inputs[position]]
        if tensor.dtype not in dtypes:
            raise self.refuse(f"an input {position} of {tensor.dtype.value}")
        if tensor.sparsity is not None or tensor.quantization_details is not None:
            raise self.refuse(f"an input {position} that is sparse or quantized by blocks")
        array = self.graph.array(tensor)
        if array is None:
            raise self.refuse(f"an input {position} that is computed and not constant")
        return array

    def integers(self, position: int) -> tuple[int, ...]:
        """Return a constant input of int32 as numbers in one line."""
        return tuple(int(number) for number in self.constant(position, (DType.INT32,)).reshape(-1))

    def option(self, name: str, default: int = 0) -> int:
        """Return an option that is a whole number or a flag."""
        value = self.operator.options.get(name)
        return default if value is None else int(value)  # type: ignore[arg-type]

    def real_option(self, name: str, default: float = 0.0) -> float:
        """Return an option that is a real number, as float32 holds it."""
        value = self.operator.options.get(name)
        return default if value is None else float(np.float32(value))  # type: ignore[arg-type]

    def limits(self, output: Tensor) -> tuple[int, int]:
        """Return the smallest and largest output that the fused activation leaves."""
        activation = self.option("fused_activation_function")
        if activation not in _CLAMPING:
            raise self.refuse(f"the fused activation {activation}")
        return activation_range(Activation(activation), scale_of(output), zero_point_of(output))

    def step(self, operation: Operation, inputs: Sequence[Tensor], outputs: Sequence[Tensor]) -> Step:
        """Return the step that stands for this operator."""
        for tensor in inputs:
            if self.is_constant(tensor) and tensor.dtype is not DType.INT8:
                raise self.refuse(f"a constant of {tensor.dtype.value} in the place of a computed tensor")
        return Step(
            operation=operation,
            inputs=tuple(tensor.index for tensor in inputs),
            outputs=tuple(tensor.index for tensor in outputs),
            layers=(self.operator.index,),
        )

    def require_image(self, tensor: Tensor) -> tuple[int, int, int]:
        """Return height, width and channels of a tensor (1, height, width, channels)."""
        if len(tensor.shape) != 4 or tensor.shape[0] != 1:
            raise self.refuse(f"a tensor of shape {list(tensor.shape)} where (1, height, width, channels) is expected")
        return tensor.shape[1], tensor.shape[2], tensor.shape[3]

    def require_32_bits(self, largest: npt.ArrayLike, requantization: Requantization) -> None:
        """Refuse accumulators that may leave 32 bits, before or after they are shifted to the left."""
        shifts = np.maximum(requantization.shifts.astype(np.int64), 0)
        if np.any(np.asarray(largest, np.int64) << shifts >= 2**31):
            raise self.refuse("sums or products that do not fit 32 bits")

    def require_same_scale(self, left: Tensor, right: Tensor) -> None:
        """Refuse two tensors of different scales or zero points."""
        if (scale_of(left), zero_point_of(left)) != (scale_of(right), zero_point_of(right)):
            raise self.refuse("inputs and outputs of different scales")

    def _checked(self, tensor: Tensor, dtypes: Collection[DType]) -> Tensor:
        if tensor.dtype not in dtypes:
            raise self.refuse(f"a tensor of {tensor.dtype.value}")
        if tensor.is_variable:
            raise self.refuse("a state that lasts from one inference to the next")
        if any(extent < 0 for extent in tensor.shape_signature[1:]) or 0 in tensor.shape:
            raise self.refuse(f"a tensor of shape {list(tensor.shape_signature or tensor.shape)}")
        if tensor.sparsity is not None or tensor.quantization_details is not None:
            raise self.refuse("a tensor that is sparse or quantized by blocks")
        if not tensor.dtype.is_float:
            quantization = tensor.quantization
            if quantization is None or quantization.is_per_channel or not is_scale(quantization.scale):
                raise self.refuse("a tensor without one positive, finite scale")
            limits = np.iinfo(tensor.dtype.value)
            if not limits.min <= quantization.zero_point <= limits.max:
                raise self.refuse(f"a zero point of {quantization.zero_point} that {tensor.dtype.value} cannot hold")
        return tensor


def is_scale(scale: float) -> bool:
    """Whether a number can be a scale: positive and finite in float32."""
    return scale > 0 and bool(abs(scale) <= np.finfo(np.float32).max)


def scale_of(tensor: Tensor) -> float:
    """Return the scale of a tensor that is quantized per tensor, 0 of one that is not quantized."""
    return scales_of(tensor)[0]


def scales_of(tensor: Tensor) -> tuple[float, ...]:
    """Return all scales of a tensor as a file holds them, in float32; a single 0 where it is not quantized."""
    return tuple(float(np.float32(scale)) for scale in tensor.quantization.scales) if tensor.quantization else (0.0,)


def zero_point_of(tensor: Tensor) -> int:
    """Return the zero point of a tensor that is quantized per tensor, 0 of one that is not quantized."""
    return tensor.quantization.zero_points[0] if tensor.quantization else 0
