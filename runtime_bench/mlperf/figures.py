"""What `make bench-mlperf` measures, as data: its section of `docs/benchmarks.json`."""

from __future__ import annotations

from edgewright.pipeline.figures import Figures
from edgewright.runtime_bench.bench.schema import EstimateSection, IntervalSection


class PlaceResult(Figures):
    """What one core with one set of kernels needs."""

    kernels: str
    arena_bytes: int
    """As TensorFlow Lite Micro plans it, computed."""
    planned_bytes: int
    """With our plan; the same where there is none."""
    flash_bytes: int
    """Weights and code, without the application; estimated."""
    flash_accuracy: float
    """The share of the code by which the estimate may be wrong."""


class RatioResult(Figures):
    """Latency of one engine over that of another, from processes that took turns on this computer."""

    row: str
    over_row: str
    ratio: IntervalSection | None


class PairResult(Figures):
    """How two engines' outputs compare."""

    left: str
    right: str
    differing_sample_count: int
    largest_lsb: int | None
    tolerance_lsb: int | None
    holds: bool | None


class LintResult(Figures):
    """Findings of the hazard lint on one target with its default family."""

    target: str
    errors: int
    warnings: int
    notes: int


class MlperfModel(Figures):
    """One architecture."""

    name: str
    title: str
    digest: str
    file_bytes: int
    unstripped_bytes: int
    """With the names that the converter leaves."""
    published_bytes: int | None
    parameter_count: int
    macs: int
    operator_count: int
    sample_count: int
    class_agreement: float | None
    """Share of samples to which int8 and float give the same class; null for the autoencoder."""
    output_sqnr_db: float | None
    """Of the last operator against the float model."""
    worst_layer: str | None
    """At which quantization adds most noise."""
    places: tuple[PlaceResult, ...]
    lint: tuple[LintResult, ...]
    ratios: tuple[RatioResult, ...]
    pairs: tuple[PairResult, ...]
    estimates: tuple[EstimateSection, ...]


class PublishedResult(Figures):
    """One published measurement, and what our rates say of it."""

    board: str
    software: str
    network: str
    source: str
    measured_ms: float
    estimated_ms: float
    left_out_error: float | None
    """Of the estimate from the other networks; null where there are none."""
    is_fitted: bool


class MlperfResults(Figures):
    """What one run measured."""

    commit: str
    command: str
    date: str
    processor: str
    models: tuple[MlperfModel, ...]
    published: tuple[PublishedResult, ...]
