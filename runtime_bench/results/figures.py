"""The results as data: `results.json`, of which the document is a pure function."""

from __future__ import annotations

from statistics import fmean

from edgewright.pipeline.figures import Figures
from edgewright.pipeline.report import MetricSection
from edgewright.runtime_bench.results.variants import Group


class Run(Figures):
    """One variant with one seed."""

    seed: int
    source_score: float
    """Of the float source model on the test split."""
    score: float
    """Of the result in TFLM on the test split."""
    source_float_bytes: int
    """The source model as a float32 `.tflite`."""
    file_bytes: int
    gzip_bytes: int
    source_macs: int
    macs: int
    arena_bytes: int
    seconds: float
    """All stages together, on the machine that made the results."""


class VariantResult(Figures):
    """One variant with all seeds."""

    title: str
    group: Group
    is_own_model: bool
    runs: tuple[Run, ...]

    def mean(self, figure: str) -> float:
        """Return the mean of a figure over the seeds."""
        return fmean(getattr(run, figure) for run in self.runs)


class ExampleResult(Figures):
    """All variants of one example; the recipe's own first."""

    name: str
    metric: MetricSection
    note: str = ""
    """What people should know about the figures, from `variants.toml`."""
    variants: tuple[VariantResult, ...]

    @property
    def teacher_score(self) -> float:
        """Mean of the float source model on the test split."""
        return self.variants[0].mean("source_score")

    @property
    def teacher_bytes(self) -> float:
        """The source model as a float32 `.tflite`."""
        return self.variants[0].mean("source_float_bytes")

    @property
    def teacher_macs(self) -> float:
        """Multiply-accumulates of the source model."""
        return self.variants[0].mean("source_macs")

    def loss(self, variant: VariantResult) -> float:
        """Return by how much the mean is worse than the float source model's; negative where it is better."""
        loss = self.teacher_score - variant.mean("score")
        return loss if self.metric.higher_is_better else -loss


class Results(Figures):
    """What `make results` measured."""

    commit: str
    """Of the code that was measured, with `+` where files were changed since."""
    command: str
    date: str
    examples: tuple[ExampleResult, ...]
