"""Inputs whose scale or zero point does not match the declared preprocessing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from edgewright.pipeline.graph import input_tensors, integers_behind
from edgewright.pipeline.graph.types import DType, Tensor
from edgewright.pipeline.lint.vocabulary import Context, Finding, Rule, Severity
from edgewright.pipeline.preprocessing import Normalization, Preprocessing
from edgewright.pipeline.quantization import QUANTIZABLE, limits_of

NAME = "input-quantization"
BRIGHTEST = 255.0
"""The highest value of a pixel."""
PIXEL_SCALES = tuple(1 / divisor for divisor in (127.5, 128, 255, 256))
"""Factors that tell that samples were pixels before."""
LEAST_COVERED = 0.9
"""Of the declared range, below which values saturate that will come."""
LEAST_RIGHT = 0.5
"""Of the declared range, below which the model was made for another one."""
LEAST_USED = 1 / 8
"""Of the integers, below which three bits are lost."""
OFFSET = 128
"""Between the zero points of int8 and uint8."""


@dataclass(frozen=True, kw_only=True)
class Span:
    """A range of real values."""

    low: float
    high: float

    def share_in(self, other: Span) -> float:
        """Return which part of this range lies in another one."""
        common = min(self.high, other.high) - max(self.low, other.low)
        return max(common, 0.0) / (self.high - self.low)


def find(context: Context) -> Iterator[Finding]:
    """Yield inputs that do not hold the declared range, or hold it in few steps; nothing where none is declared."""
    tensors = input_tensors(context.graph)
    if len(context.preprocessing) not in (1, len(tensors)):
        return
    for position, given in enumerate(tensors):
        declared = context.preprocessing[position if len(context.preprocessing) > 1 else 0]
        tensor = integers_behind(context.graph, given)
        if tensor is not None and _can_be_held(tensor):
            span = _declared_span(declared)
            complaint = _complain(tensor, span) if span else _complain_of_mean(tensor, declared)
            if complaint is not None:
                yield _finding(given, position, *complaint)


def _can_be_held(tensor: Tensor) -> bool:
    return tensor.dtype in QUANTIZABLE and tensor.quantization is not None and not tensor.quantization.is_per_channel


def _declared_span(declared: Preprocessing) -> Span | None:
    """Return the range of what preprocessing makes of pixels; None where the samples are none, and may be anything."""
    scales = np.atleast_1d(np.asarray(declared.scale, np.float64))
    were_pixels = any(np.isclose(scales, factor, rtol=1e-3).all() for factor in PIXEL_SCALES)
    if not (were_pixels or declared.resize or declared.channels):
        return None
    ends = np.array([[0.0], [BRIGHTEST]]) * scales + np.asarray(declared.offset, np.float64)
    if declared.normalization is not None:
        if not isinstance(declared.normalization, Normalization):
            return None  # it is measured on data, which is not here
        ends = (ends - np.asarray(declared.normalization.mean)) / np.asarray(declared.normalization.std)
    low, high = float(ends.min()), float(ends.max())
    return Span(low=low, high=high) if high > low else None


def _held_span(tensor: Tensor, shift: int = 0) -> Span:
    quantization = tensor.quantization
    if quantization is None:
        raise ValueError(f"{tensor.name} is not quantized")
    limits = limits_of(tensor.dtype)
    low, high = (float(end - quantization.zero_point + shift) for end in (limits.min, limits.max))
    return Span(low=low * quantization.scale, high=high * quantization.scale)


def _complain(tensor: Tensor, span: Span) -> tuple[Severity, str] | None:
    held = _held_span(tensor)
    covered, used = span.share_in(held), held.share_in(span)
    said = f"{tensor.dtype.value} from {held.low:.4g} to {held.high:.4g}, and preprocessing gives {_said(span)}"
    if covered < LEAST_COVERED:
        other = _mixed_up(tensor, span)
        guess = f"; its zero point is that of {other}" if other else ""
        severity = Severity.ERROR if covered < LEAST_RIGHT or other else Severity.WARNING
        return severity, f"holds {said}: {1 - covered:.0%} of that range saturates{guess}"
    if used < LEAST_USED and tensor.dtype is not DType.INT16:
        return Severity.WARNING, f"holds {said}: only {used:.1%} of its steps are used"
    return None


def _complain_of_mean(tensor: Tensor, declared: Preprocessing) -> tuple[Severity, str] | None:
    """Look at samples of which no more is known than that their mean becomes 0: they lie on both sides of it."""
    held = _held_span(tensor)
    if declared.normalization is None or held.low < 0 < held.high:
        return None
    side = "below" if held.low >= 0 else "above"
    return Severity.ERROR, (
        f"holds {tensor.dtype.value} from {held.low:.4g} to {held.high:.4g}, and normalization brings the mean to 0: "
        f"all values {side} it saturate"
    )


def _mixed_up(tensor: Tensor, span: Span) -> str | None:
    """Return the type whose zero point this would be: int8 and uint8 differ by 128 and nothing else."""
    if tensor.dtype not in (DType.INT8, DType.UINT8):
        return None
    is_int8 = tensor.dtype is DType.INT8
    moved = _held_span(tensor, OFFSET if is_int8 else -OFFSET)
    fits = span.share_in(moved) >= LEAST_COVERED and moved.share_in(span) >= LEAST_RIGHT
    return ("uint8" if is_int8 else "int8") if fits else None


def _said(span: Span) -> str:
    return f"{span.low:.4g} to {span.high:.4g}"


def _finding(tensor: Tensor, position: int, severity: Severity, why: str) -> Finding:
    return Finding(
        rule=NAME,
        severity=severity,
        layer=f"input {position}",
        operator=None,
        why=f'the input "{tensor.name}" {why}',
        repair="declare the preprocessing that the model was trained with, or convert it again with representative "
        "samples that went through this one",
    )


RULE = Rule(name=NAME, summary="An input's scale or zero point does not match the preprocessing.", find=find)
