"""The latency of one inference on a target, estimated layer by layer, or why it cannot be estimated."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from edgewright.pipeline.arena import kernels_of
from edgewright.pipeline.cycles.classes import MacClass, class_of
from edgewright.pipeline.cycles.groups import Group, find_group
from edgewright.pipeline.cycles.published import Reference
from edgewright.pipeline.cycles.rates import Rates, left_out_errors
from edgewright.pipeline.graph import DType, Graph, Operator, operator_macs
from edgewright.pipeline.target import Family, Target
from edgewright.pipeline.vocabulary import Kernels, Runtime

NO_MEASUREMENT = "no published measurement"
_ANSI_C = "CONFIG_NN_ANSI_C=y"
_TITLES = {Kernels.REFERENCE: "the reference kernels", Kernels.CMSIS_NN: "CMSIS-NN", Kernels.ESP_NN: "esp-nn"}


@dataclass(frozen=True, kw_only=True)
class LayerEstimate:
    """One operator that multiplies."""

    operator_index: int
    mac_class: MacClass
    macs: int
    cycles: float


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """What one inference takes on a target, by what others measured; it is an estimate, never a measurement."""

    latency_us: float
    cycles: float
    layers: tuple[LayerEstimate, ...]
    rates: Rates
    fitted: tuple[Reference, ...]
    """Where the rates come from."""
    left_out_errors: tuple[float, ...]
    """Errors on the published networks, each left out of the fit; empty where one network alone was published."""
    older: tuple[tuple[Reference, tuple[float, ...]], ...]
    """Systems with older kernels, and the errors on their measurements."""

    @property
    def largest_error(self) -> float | None:
        """The largest of the errors, without its sign; None where none is known."""
        return max((abs(error) for error in self.left_out_errors), default=None)

    @property
    def remark(self) -> str:
        """The source and the error, for people: sentences without a full stop at the end."""
        return "; ".join(_remarks(self))


@dataclass(frozen=True, kw_only=True)
class NoEstimate:
    """Why there is no estimate."""

    reason: str
    """Without a full stop."""


def estimate_latency(graph: Graph, target: Target, family: Family) -> Estimate | NoEstimate:
    """Estimate one inference of a model on a target.

    Counted are the operators that multiply; what the others take is in the published measurements, and so in the rates.

    Args:
        graph: full-integer.
        target: tells core and clock.
        family: tells which kernels run.

    Raises:
        TfliteError: an operator lacks a tensor that its kind must have.
        TargetError: a file of facts is broken.
    """
    reason = _obstacle(graph, target, family)
    if reason is not None or target.clock_hz is None:
        return NoEstimate(reason=reason or "the target has no clock of its own")
    kernels = kernels_of(family)
    group = find_group(kernels, target.core, plain_c=_is_plain_c(target, kernels))
    if group is None:
        return NoEstimate(reason=f"{NO_MEASUREMENT} of {_kernels_title(target, kernels)} on {target.core}")
    layers = tuple(_layers(graph, group.rates))
    cycles = sum(layer.cycles for layer in layers)
    return Estimate(
        latency_us=cycles / target.clock_hz * 1e6,
        cycles=cycles,
        layers=layers,
        rates=group.rates,
        fitted=tuple(dict.fromkeys(reference for reference, _ in group.fitted)),
        left_out_errors=left_out_errors([sample for _, sample in group.fitted]),
        older=tuple(_older(group)),
    )


def _older(group: Group) -> Iterator[tuple[Reference, tuple[float, ...]]]:
    """Yield the systems whose kernels are older, and by how much the estimates of their measurements are off."""
    for reference in dict.fromkeys(reference for reference, _ in group.older):
        own = (sample for one, sample in group.older if one is reference)
        yield reference, tuple(group.rates.cycles(sample.macs) / sample.cycles - 1 for sample in own)


def _obstacle(graph: Graph, target: Target, family: Family) -> str | None:
    """Return why a model cannot be estimated on any target of that kind."""
    if family.runtime is not Runtime.TFLM or target.clock_hz is None:
        return f"{NO_MEASUREMENT}: {target.title} stands for many processors"
    multiplying = [operator for operator in graph.main.operators if operator_macs(graph, operator)]
    if not multiplying:
        return f"{NO_MEASUREMENT} of a model without multiplications by weights"
    return next((found for found in (_peculiarity(graph, operator) for operator in multiplying) if found), None)


def _peculiarity(graph: Graph, operator: Operator) -> str | None:
    """Return in what an operator differs from all that was measured; None where it does not."""
    if class_of(graph, operator) is None:
        return f"{NO_MEASUREMENT} of {operator.label}"
    types = [graph.main.tensors[index].dtype for index in operator.inputs[:2]]
    if types != [DType.INT8, DType.INT8]:
        told = " x ".join(one.value for one in types)
        return f"{NO_MEASUREMENT} of {operator.label} with {told}: those that there are have int8 x int8"
    if any(operator.options.get(f"dilation_{letter}_factor", 1) != 1 for letter in "hw"):
        return f"{NO_MEASUREMENT} of {operator.label} with a dilated filter"
    return None


def _is_plain_c(target: Target, kernels: Kernels) -> bool:
    return kernels is Kernels.ESP_NN and _ANSI_C in target.sdkconfig.splitlines()


def _kernels_title(target: Target, kernels: Kernels) -> str:
    return _TITLES[kernels] + (" in plain C" if _is_plain_c(target, kernels) else "")


def _layers(graph: Graph, rates: Rates) -> Iterator[LayerEstimate]:
    for operator in graph.main.operators:
        found, macs = class_of(graph, operator), operator_macs(graph, operator)
        if found is not None and macs:
            yield LayerEstimate(
                operator_index=operator.index, mac_class=found, macs=macs, cycles=macs * rates.by_class[found]
            )


def _remarks(estimate: Estimate) -> Iterator[str]:
    sources = ", ".join(f"{one.board} ({one.software})" for one in estimate.fitted)
    yield f"from published measurements of {sources}"
    if estimate.largest_error is None:
        yield "a single network was published, so the error is not known"
    else:
        count = len(estimate.left_out_errors)
        yield f"each network left out in turn, {count} measurements are missed by at most {estimate.largest_error:.0%}"
    for reference, errors in estimate.older:
        slower = [1 / (1 + error) for error in errors]
        yield f"{reference.software} took {min(slower):.1f} to {max(slower):.1f} times as long on {reference.board}"
