"""The way from a raw sample to what an input of the model takes, as the templates see it.

`pipeline/preprocessing.py` has the rule that the generated C follows to the bit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edgewright.pipeline.emission.literals import float_literal, number_rows
from edgewright.pipeline.emission.tensors import TensorContext
from edgewright.pipeline.preprocessing import FROM_TRAINING, FloatArray, Normalization, Preprocessing

Figures = tuple[str, str, FloatArray]
"""An operator, the name of its figures, and the figures: (1,) or (channels,)."""

IMAGE_RANK = 4
"""Batch, height, width, channels."""


@dataclass(frozen=True, kw_only=True)
class RawContext:
    """A type of the values of a raw sample."""

    c_type: str
    suffix: str
    """Of the name of the function that takes them."""


@dataclass(frozen=True, kw_only=True)
class FiguresContext:
    """A constant array with one figure for each channel."""

    symbol: str
    rows: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class OperationContext:
    """One operation on a value."""

    operator: str
    operand: str
    """A literal, or the element of an array that belongs to the value's channel."""
    rows: tuple[str, ...]
    """The figures themselves: one, or one for each channel."""


@dataclass(frozen=True, kw_only=True)
class PreprocessingContext:
    """What is done to the samples of one input."""

    tensor: TensorContext
    raws: tuple[RawContext, ...]
    height: int
    width: int
    """To which images are resized; 0 where they are not."""
    channels: int
    figures: tuple[FiguresContext, ...]
    operations: tuple[OperationContext, ...]
    summary: str
    """For people: the operations on a value x of channel c."""

    @property
    def is_image(self) -> bool:
        """Whether a sample has height, width and channels."""
        return self.tensor.rank == IMAGE_RANK


FLOAT = RawContext(c_type="float", suffix="")
UINT8 = RawContext(c_type="uint8_t", suffix="_uint8")


def preprocessings(
    inputs: Sequence[TensorContext], declared: Sequence[Preprocessing]
) -> tuple[PreprocessingContext, ...]:
    """Return what is done to the samples of each input that real values can be given to.

    Args:
        inputs: of the model.
        declared: one for each of them; none stands for nothing to be done.

    Raises:
        ValueError: they do not belong together, or a figure is still to be measured (a defect of the caller).
    """
    given = tuple(declared) or (Preprocessing(),) * len(inputs)
    if len(given) != len(inputs):
        raise ValueError(f"Got {len(given)} preprocessings for {len(inputs)} inputs.")
    found = []
    for tensor, preprocessing in zip(inputs, given, strict=True):
        if tensor.is_real:
            found.append(_preprocessing(tensor, preprocessing))
        elif preprocessing != Preprocessing():
            raise ValueError(f"{tensor.symbol} takes plain integers, which have no preprocessing.")
    return tuple(found)


def _preprocessing(tensor: TensorContext, declared: Preprocessing) -> PreprocessingContext:
    channels = tensor.shape[-1] if tensor.shape else 1
    height, width = declared.resize or (0, 0)
    if declared.resize is not None and (tensor.rank != IMAGE_RANK or tensor.shape[1:3] != declared.resize):
        raise ValueError(f"{tensor.symbol} has the shape {tensor.shape}, but images become {declared.resize}.")
    if set(declared.counts().values()) - {channels}:
        raise ValueError(f"{tensor.symbol} has {channels} channels, but its figures {declared.counts()}.")
    named = _named_figures(declared)
    return PreprocessingContext(
        tensor=tensor,
        raws=(FLOAT, UINT8) if tensor.rank == IMAGE_RANK else (FLOAT,),
        height=height,
        width=width,
        channels=channels,
        figures=tuple(
            FiguresContext(symbol=f"{tensor.symbol}_{name}", rows=number_rows(values))
            for _, name, values in named
            if values.size > 1
        ),
        operations=tuple(
            OperationContext(
                operator=operator,
                operand=_operand(f"{tensor.symbol}_{name}[channel]", values),
                rows=number_rows(values),
            )
            for operator, name, values in named
        ),
        summary=_summary(declared, named),
    )


def _named_figures(declared: Preprocessing) -> tuple[Figures, ...]:
    """Return what is done to a value, in order, each with its figures: one, or one for each channel."""
    given: list[tuple[str, str, float | tuple[float, ...]]] = []
    if declared.is_scaled:
        given += [("*", "scale", declared.scale), ("+", "offset", declared.offset)]
    if declared.normalization == FROM_TRAINING:
        raise ValueError("The figures of a normalization are still to be measured.")
    if isinstance(declared.normalization, Normalization):
        given += [("-", "mean", declared.normalization.mean), ("/", "std", declared.normalization.std)]
    with np.errstate(over="ignore"):
        figures = tuple(
            (operator, name, np.asarray(values, np.float32).reshape(-1)) for operator, name, values in given
        )
    for _, name, values in figures:
        if not np.isfinite(values).all():
            raise ValueError(f"{name} is too large for float32: {values.tolist()}.")
    return figures


def _operand(element: str, values: FloatArray) -> str:
    return element if values.size > 1 else float_literal(values[0])


def _summary(declared: Preprocessing, named: Sequence[Figures]) -> str:
    text = "x"
    for operator, name, values in named:
        operand = f"{name}[c]" if values.size > 1 else str(values[0])
        text = f"({text} {operator} {operand})" if operator == "-" else f"{text} {operator} {operand}"
    steps = [f"resize to {declared.resize[0]} x {declared.resize[1]}"] if declared.resize else []
    return ", then ".join([*steps, *([text] if named else [])]) or "nothing, since none was declared"
