"""Whether other interpreters compute what TensorFlow Lite Micro computes, sample by sample.

TFLM gives the same outputs on every core and with every kernel set that was tried, so its outputs are the measure.
An output in floating point is what DEQUANTIZE makes of integers, one rounding away from a multiple of their scale; the
nearest integer gives them back, and those are compared.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from edgewright.pipeline.errors import InterpreterError
from edgewright.pipeline.graph import Graph, integers_behind, output_tensors, read
from edgewright.pipeline.interpreters import Array, Engine, Request, Resolver, Result, run, tflite_engine, tflm_engine
from edgewright.pipeline.interpreters.execution import RUN_TIMEOUT_SECONDS
from edgewright.pipeline.quantization import quantize

TOLERANCE_LSB = {Resolver.REFERENCE: 1, Resolver.BUILTIN: 2, Resolver.XNNPACK: 2}
"""Largest difference to TFLM's outputs that is accepted, for each set of kernels."""

_COMPARED = (Resolver.REFERENCE, Resolver.XNNPACK)


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """How far one engine's outputs are from TFLM's."""

    engine: str
    engine_version: str
    resolver: Resolver
    uses_delegate: bool
    """Whether a delegate took any operator; without, asking for XNNPACK ran the built-in kernels."""
    samples: int
    samples_differing: int
    """Samples with at least one output element that differs."""
    classes_differing: int | None
    """Samples whose largest element of the first output stands elsewhere; None where the model does not classify."""
    max_diff_lsb: int
    tolerance_lsb: int

    @property
    def holds(self) -> bool:
        """Whether the difference is within the tolerance and, for reference kernels, every class is the same."""
        same_classes = self.resolver is not Resolver.REFERENCE or not self.classes_differing
        return same_classes and self.max_diff_lsb <= self.tolerance_lsb

    @property
    def sentence(self) -> str:
        """The result in one line, for people."""
        kernels = self.resolver.value
        if self.resolver is Resolver.XNNPACK and not self.uses_delegate:
            kernels = "xnnpack (not applied to this model: built-in kernels)"
        classes = "" if self.classes_differing is None else f", {self.classes_differing} in class"
        return (
            f"{self.engine} {self.engine_version} {kernels} against TFLM: {self.samples_differing} of {self.samples} "
            f"samples differ{classes}, by at most {self.max_diff_lsb} LSB (accepted: {self.tolerance_lsb})"
        )


@dataclass(frozen=True, kw_only=True)
class AgreementResult:
    """TFLM's outputs for every sample, and how far the others are from them."""

    outputs: tuple[Array, ...]
    """What TFLM computed, each (N, ...) in the order of the model's outputs."""
    tflm_version: str
    agreements: tuple[Agreement, ...]

    @property
    def holds(self) -> bool:
        """Whether every engine is within its tolerance."""
        return all(agreement.holds for agreement in self.agreements)


def check_agreement(
    tflite: bytes,
    inputs: tuple[Array, ...],
    *,
    classifies: bool = True,
    engine: Engine | None = None,
    timeout_seconds: float = RUN_TIMEOUT_SECONDS,
) -> AgreementResult:
    """Run every sample through TFLM and through another engine's reference and default kernels, and compare.

    Args:
        tflite: a full-integer model.
        inputs: one array for each of the model's inputs, of its type, (N, ...) as in `interpreters.types`.
        classifies: whether the largest element of the first output is a class.
        engine: what to compare with; None takes the one that best stands for each set of kernels.
        timeout_seconds: an interpreter is killed after this.

    Returns:
        TFLM's outputs and one agreement for each set of kernels.

    Raises:
        InterpreterError: an interpreter is not available, refused the model, crashed or timed out; or the model's
            outputs are no integers, nor floats with integers behind them.
    """
    graph = read(tflite)
    requests = [Request(engine=tflm_engine(), tflite=tflite, inputs=inputs)]
    requests += [
        Request(engine=engine or tflite_engine(resolver), tflite=tflite, inputs=inputs, resolver=resolver)
        for resolver in _COMPARED
    ]
    tflm, *others = (run(request, timeout_seconds=timeout_seconds) for request in requests)
    reference = integers_of(graph, tflm.outputs)
    agreements = tuple(
        compare(
            reference,
            replace(result, outputs=integers_of(graph, result.outputs)),
            resolver=resolver,
            classifies=classifies,
        )
        for resolver, result in zip(_COMPARED, others, strict=True)
    )
    return AgreementResult(outputs=tflm.outputs, tflm_version=tflm.versions.engine_version, agreements=agreements)


def integers_of(graph: Graph, outputs: tuple[Array, ...]) -> tuple[Array, ...]:
    """Return outputs with the integers behind each one that is in floating point."""
    behind = [integers_behind(graph, tensor) for tensor in output_tensors(graph)]
    if len(behind) != len(outputs):
        return outputs
    return tuple(
        quantize(output, tensor.quantization, tensor.dtype)
        if output.dtype.kind == "f" and tensor is not None and tensor.quantization is not None
        else output
        for output, tensor in zip(outputs, behind, strict=True)
    )


def compare(
    reference_outputs: tuple[Array, ...],
    other: Result,
    *,
    resolver: Resolver,
    classifies: bool = True,
    tolerance_lsb: int | None = None,
) -> Agreement:
    """Compare one engine's outputs with the reference, in LSB.

    Args:
        reference_outputs: TFLM's outputs, integers, each (N, ...).
        other: what the other engine gave for the same samples.
        resolver: which kernels it used; decides the tolerance.
        classifies: whether to compare the position of the largest element (the first of several) of the first output.
        tolerance_lsb: what is accepted; None takes what the kernels are held to.

    Raises:
        InterpreterError: number, dtype or shape of the outputs is not the same, or they are no integers.
    """
    _check_comparable(reference_outputs, other)
    differences = np.stack(
        [largest_differences(ours, theirs) for ours, theirs in zip(reference_outputs, other.outputs, strict=True)]
    ).max(axis=0)
    classes_differing = None
    if classifies:
        ours, theirs = classes_of(reference_outputs[0]), classes_of(other.outputs[0])
        classes_differing = int(np.count_nonzero(ours != theirs))
    return Agreement(
        engine=other.versions.engine,
        engine_version=other.versions.engine_version,
        resolver=resolver,
        uses_delegate=other.uses_delegate,
        samples=len(differences),
        samples_differing=int(np.count_nonzero(differences)),
        classes_differing=classes_differing,
        max_diff_lsb=int(differences.max(initial=0)),
        tolerance_lsb=TOLERANCE_LSB[resolver] if tolerance_lsb is None else tolerance_lsb,
    )


def _check_comparable(reference_outputs: tuple[Array, ...], other: Result) -> None:
    ours = [(str(output.dtype), output.shape) for output in reference_outputs]
    theirs = [(str(output.dtype), output.shape) for output in other.outputs]
    if not ours or ours != theirs:
        raise InterpreterError(f"{other.versions.engine} gave outputs {theirs} where TFLM gave {ours}.")
    for output in reference_outputs:
        if not np.issubdtype(output.dtype, np.integer):
            raise InterpreterError(
                f"Differences are counted in LSB of integers, but an output is {output.dtype}: "
                "give a model with integer outputs."
            )


def largest_differences(ours: Array, theirs: Array) -> Array:
    """For each sample the largest absolute difference: (N,) int64."""
    flat = (len(ours), -1 if ours.size else 0)
    difference: Array = np.abs(ours.astype(np.int64) - theirs.astype(np.int64)).reshape(flat).max(axis=1, initial=0)
    return difference


def classes_of(output: Array) -> Array:
    """For each sample the position of the largest element, the first of several: (N,) int64."""
    classes: Array = output.reshape(len(output), -1).argmax(axis=1)
    return classes
