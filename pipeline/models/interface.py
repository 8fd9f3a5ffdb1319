"""The face of a tf_keras model: the shapes of its inputs and outputs, all fixed but the batch."""

from __future__ import annotations

from typing import Any

from edgewright.pipeline.errors import ModelError
from edgewright.pipeline.frameworks import KerasModel

Shape = tuple[int, ...]
"""Without the batch."""


def input_shapes(model: KerasModel, name: str = "the model") -> tuple[Shape, ...]:
    """Return the shapes of a model's inputs without the batch, in their order.

    Args:
        model: a tf_keras model.
        name: what the user gave, for messages.

    Raises:
        ModelError: it has no fixed inputs: none were given, or one has a dimension that is not fixed.
    """
    if not getattr(model, "inputs", None):
        raise ModelError(
            f"model: {name} was saved without the shape of its inputs; build it with an Input layer and save it again."
        )
    return tuple(
        _fixed(tensor, "input", given, name) for tensor, given in zip(model.inputs, _names(model, "input"), strict=True)
    )


def output_shapes(model: KerasModel, name: str = "the model") -> tuple[Shape, ...]:
    """Return the shapes of a model's outputs without the batch, in their order.

    Args:
        model: a tf_keras model.
        name: what the user gave, for messages.

    Raises:
        ModelError: an output has a dimension that is not fixed.
    """
    return tuple(
        _fixed(tensor, "output", given, name)
        for tensor, given in zip(model.outputs, _names(model, "output"), strict=True)
    )


def input_shape(model: KerasModel, name: str) -> Shape:
    """Return the shape of a model's only input without the batch.

    Raises:
        ModelError: it has several inputs, or a dimension that is not fixed.
    """
    shapes = input_shapes(model, name)
    if len(shapes) != 1:
        raise ModelError(f"model: {name} has {len(shapes)} inputs; a model with one input is accepted.")
    return shapes[0]


def class_count(model: KerasModel, name: str) -> int:
    """Return the number of classes that a classifier tells apart.

    Raises:
        ModelError: the output is not one row of at least two numbers.
    """
    shapes = output_shapes(model, name)
    if len(shapes) != 1 or len(shapes[0]) != 1 or shapes[0][0] < 2:
        raise ModelError(
            f"model: {name} has outputs of the shapes {list(shapes)}; a classifier with one output (classes,) of two "
            "or more is accepted."
        )
    return shapes[0][0]


def _names(model: KerasModel, side: str) -> list[str]:
    tensors = model.inputs if side == "input" else model.outputs
    names = list(getattr(model, f"{side}_names", None) or [])
    return names if len(names) == len(tensors) else [str(tensor.name) for tensor in tensors]


def _fixed(tensor: Any, side: str, given: str, name: str) -> Shape:
    rank = tensor.shape.rank if hasattr(tensor.shape, "rank") else len(tensor.shape)
    shape = None if rank is None else tuple(tensor.shape[1:])
    if shape is None or any(extent is None for extent in shape):
        raise ModelError(
            f'model: the {side} "{given}" of {name} has the shape {shape}, with a dimension that is not fixed; '
            "rebuild the model with fixed dimensions, since a microcontroller plans its memory beforehand."
        )
    return tuple(int(extent) for extent in shape)
