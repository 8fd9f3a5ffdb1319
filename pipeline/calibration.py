"""Whether representative samples can calibrate a model: what is wrong with them is said before conversion.

A converter takes any samples and quantizes by their ranges; bad ones cost accuracy and nothing tells why.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np
import numpy.typing as npt

from edgewright.pipeline.activations import observe_layers
from edgewright.pipeline.conversion.samples import Samples
from edgewright.pipeline.errors import DataError
from edgewright.pipeline.frameworks import KerasModel

Array = npt.NDArray[np.generic]

CUSTOMARY_COUNT = 100
"""TensorFlow's own advice is a few hundred samples."""
WIDEST_RATIO = 4.0
"""Samples that span more than so many times what training samples span were scaled otherwise."""
RESCALED_SPANS = (0.05, 20.0)
"""What a Rescaling at the input makes of samples that were not scaled already spans about 1 or 2."""
NORMALIZED_DEVIATIONS = (0.1, 10.0)
MOST_MEAN = 5.0
SATURATED_SHARE = 0.001
MOVING_SHARE = 0.05
LISTED = 5


class Severity(str, Enum):
    """How bad a finding is."""

    ERROR = "error"
    """The samples calibrate nothing: conversion is refused."""
    WARNING = "warning"
    NOTE = "note"


class FindingKind(str, Enum):
    """What was looked at."""

    COUNT = "count"
    CLASSES = "classes"
    RANGE = "range"
    CONSTANT = "constant"
    ZEROS = "zeros"
    SATURATION = "saturation"
    STABILITY = "stability"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing to know about representative samples."""

    kind: FindingKind
    severity: Severity
    sentence: str


@dataclass(frozen=True, kw_only=True, eq=False)
class LabelledSamples:
    """Samples, and the class of each where there are classes."""

    x: Samples
    classes: npt.NDArray[np.integer[Any]] | None = None
    """(N,) class indices."""

    def __len__(self) -> int:
        return len(self.x[0])


def check_calibration(
    model: KerasModel, representative: LabelledSamples, training: LabelledSamples
) -> tuple[Finding, ...]:
    """Look for what would spoil a calibration.

    Args:
        model: the tf_keras model that is to be converted.
        representative: what calibrates it.
        training: what it was trained with; at most a few hundred samples are put through the model.

    Returns:
        Findings, the worst first.

    Raises:
        DataError: there are no samples of one kind.
    """
    findings = [*check_samples(model.input_names, representative, training)]
    if all(finding.kind is not FindingKind.ZEROS for finding in findings):
        findings += [
            *_check_first_layers(model, representative),
            *_check_layers(model, representative, training),
        ]
    return _worst_first(findings)


def check_samples(
    input_names: Sequence[str], representative: LabelledSamples, training: LabelledSamples
) -> tuple[Finding, ...]:
    """Look for what would spoil a calibration whatever the model makes of the samples.

    Args:
        input_names: of the model, in the order of the samples.
        representative: as for `check_calibration`.
        training: likewise.

    Returns:
        Findings, the worst first; samples of zeros are looked at no further.

    Raises:
        DataError: there are no samples of one kind.
    """
    if not len(representative) or not len(training):
        raise DataError("convert: there are no representative or no training samples; give one of each or more.")
    findings = [*_check_zeros(input_names, representative)]
    if not findings:
        findings += [
            *_check_count(representative, training),
            *_check_classes(representative, training),
            *_check_constants(input_names, representative, training),
            *_check_ranges(input_names, representative, training),
        ]
    return _worst_first(findings)


def _worst_first(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    order = list(Severity)
    return tuple(sorted(findings, key=lambda finding: order.index(finding.severity)))


def require_calibration(findings: Iterable[Finding]) -> None:
    """Refuse samples that calibrate nothing.

    Raises:
        DataError: a finding is an error; the message is its sentence.
    """
    for finding in findings:
        if finding.severity is Severity.ERROR:
            raise DataError(finding.sentence)


# ---- the samples themselves ----------------------------------------------------------------------------------------


def _check_zeros(input_names: Sequence[str], given: LabelledSamples) -> Iterator[Finding]:
    names = [name for name, array in zip(input_names, given.x, strict=True) if not array.any()]
    if names:
        yield Finding(
            kind=FindingKind.ZEROS,
            severity=Severity.ERROR,
            sentence=f'calibration: all representative samples of the input "{names[0]}" are zero, which says nothing '
            "about its range; give samples of real data.",
        )


def _check_count(given: LabelledSamples, training: LabelledSamples) -> Iterator[Finding]:
    if len(given) < CUSTOMARY_COUNT:
        yield Finding(
            kind=FindingKind.COUNT,
            severity=Severity.WARNING if len(given) < len(training) else Severity.NOTE,
            sentence=f"calibration: there are {len(given)} representative samples; {CUSTOMARY_COUNT} or more are "
            "customary (representative_count).",
        )


def _check_classes(given: LabelledSamples, training: LabelledSamples) -> Iterator[Finding]:
    if given.classes is None or training.classes is None:
        return
    missing = np.setdiff1d(training.classes, given.classes).tolist()
    if missing:
        listed = ", ".join(map(str, missing[:LISTED])) + (" and others" if len(missing) > LISTED else "")
        yield Finding(
            kind=FindingKind.CLASSES,
            severity=Severity.WARNING,
            sentence=f"calibration: no representative sample is of class {listed}, of "
            f"{len(np.unique(training.classes))} classes; take some of each class.",
        )


def _check_constants(
    input_names: Sequence[str], given: LabelledSamples, training: LabelledSamples
) -> Iterator[Finding]:
    """Tell of features, the last axis of an input, that have one value in all representative samples."""
    for name, ours, theirs in zip(input_names, given.x, training.x, strict=True):
        if len(ours) > 1 and (ours == ours[0]).all():
            yield Finding(
                kind=FindingKind.CONSTANT,
                severity=Severity.WARNING,
                sentence=f'calibration: all {len(ours)} representative samples of the input "{name}" are equal; draw '
                "them from all of the data.",
            )
            continue
        constant = _constant_features(ours)
        varying = constant & ~_constant_features(theirs)
        for which, severity, why in (
            (varying, Severity.WARNING, "but do in the training samples; draw more"),
            (constant & ~varying, Severity.NOTE, "nor do they in the training samples; the model may do without them"),
        ):
            if which.any() and which.size > 1:
                listed = ", ".join(map(str, np.flatnonzero(which)[:LISTED])) + " and others" * int(which.sum() > LISTED)
                yield Finding(
                    kind=FindingKind.CONSTANT,
                    severity=severity,
                    sentence=f'calibration: of the input "{name}", {which.sum()} of {which.size} features never change '
                    f"in the representative samples ({listed}), {why}.",
                )


def _constant_features(array: npt.NDArray[np.float32]) -> npt.NDArray[np.bool_]:
    rows = array.reshape(-1, array.shape[-1])
    return np.asarray(rows.min(axis=0) == rows.max(axis=0))


def _check_ranges(input_names: Sequence[str], given: LabelledSamples, training: LabelledSamples) -> Iterator[Finding]:
    for name, ours, theirs in zip(input_names, given.x, training.x, strict=True):
        spans = [float(array.max()) - float(array.min()) for array in (ours, theirs)]
        if min(spans) <= 0 or 1 / WIDEST_RATIO <= spans[0] / spans[1] <= WIDEST_RATIO:
            continue
        yield Finding(
            kind=FindingKind.RANGE,
            severity=Severity.WARNING,
            sentence=f'calibration: the representative samples of the input "{name}" are {_range_text(ours)}, and the '
            f"model was trained on {_range_text(theirs)}; scale both alike.",
        )


def _check_first_layers(model: KerasModel, given: LabelledSamples) -> Iterator[Finding]:
    """Tell of a Rescaling or Normalization at an input that was made for other values."""
    for layer in model.layers:
        kind = type(layer).__name__
        if kind not in ("Rescaling", "Normalization"):
            continue
        fed = [index for index, tensor in enumerate(model.inputs) if tensor is layer.get_input_at(0)]
        for index in fed:
            array = given.x[index]
            seen = np.asarray(layer(array))
            low, high = RESCALED_SPANS if kind == "Rescaling" else NORMALIZED_DEVIATIONS
            spread = float(seen.max() - seen.min()) if kind == "Rescaling" else float(seen.std())
            is_off = kind == "Normalization" and abs(float(seen.mean())) > MOST_MEAN
            if low <= spread <= high and not is_off:
                continue
            yield Finding(
                kind=FindingKind.RANGE,
                severity=Severity.WARNING,
                sentence=f'calibration: the layer "{layer.name}" ({kind}) makes {_range_text(seen)} of representative '
                f"samples that are {_range_text(array)}, so it was made for others; give the input "
                f'"{model.input_names[index]}" as it was before any scaling.',
            )


def _range_text(array: Array) -> str:
    return f"{float(array.min()):.4g}..{float(array.max()):.4g}"


# ---- what the layers make of them ----------------------------------------------------------------------------------


def _check_layers(model: KerasModel, given: LabelledSamples, training: LabelledSamples) -> Iterator[Finding]:
    layers = observe_layers(model, given.x, training.x)
    if not layers:
        return
    saturated = [layer for layer in layers if layer.saturated_share > SATURATED_SHARE]
    moving = [layer for layer in layers if layer.growth > MOVING_SHARE]
    if saturated:
        worst = max(saturated, key=lambda layer: layer.saturated_share)
        yield Finding(
            kind=FindingKind.SATURATION,
            severity=Severity.WARNING,
            sentence=f'calibration: {worst.saturated_share:.1%} of what the layer "{worst.name}" gives for training '
            f"samples lies beyond the calibrated range and will saturate ({len(saturated)} of {len(layers)} layers are "
            f"above {SATURATED_SHARE:.1%}); take more, or more varied, samples.",
        )
    if moving:
        worst = max(moving, key=lambda layer: layer.growth)
        yield Finding(
            kind=FindingKind.STABILITY,
            severity=Severity.NOTE,
            sentence=f'calibration: twice as many samples would widen the scale of the layer "{worst.name}" by '
            f"{worst.growth:.0%} ({len(moving)} of {len(layers)} layers by more than {MOVING_SHARE:.0%}); raise "
            "representative_count.",
        )
