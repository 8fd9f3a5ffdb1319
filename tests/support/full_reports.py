"""Reports with everything that can be drawn, made by hand."""

from __future__ import annotations

import math

from support.reports import finding, sample_report

from edgewright.pipeline.comparison import (
    ChangedFigures,
    ComparisonFigures,
    ConfusionFigures,
    MovedFigures,
    PointFigures,
    SampleFigures,
)
from edgewright.pipeline.figures import CalibrationFigures
from edgewright.pipeline.report import (
    BenchLayerSection,
    BenchPairSection,
    BenchRowSection,
    BenchSection,
    BlockSection,
    Report,
    TimelineSection,
)
from edgewright.pipeline.vocabulary import BlockKind

PICTURE = (8, 8, 1)
WAVE = (64, 3)


def changed_sample(index: int, shape: tuple[int, ...], *, before: int = 0, after: int = 1) -> SampleFigures:
    """Return a sample of class 0 with values that rise and fall."""
    count = math.prod(shape)
    values = tuple(round(math.sin((index + 1) * place / 7), 3) for place in range(count))
    return SampleFigures(index=index, truth=0, before=before, after=after, shape=shape, step=1, values=values)


def sample_comparison(shape: tuple[int, ...] = PICTURE, *, class_count: int = 2, shown: int = 3) -> ComparisonFigures:
    """Return how two classifiers differ on 100 samples."""
    before = [[10 if row == column else 0 for column in range(class_count)] for row in range(class_count)]
    after = [[*row] for row in before]
    after[0][0], after[0][1] = 7, 3
    return ComparisonFigures(
        sample_count=10 * class_count,
        confusion=ConfusionFigures(before=tuple(map(tuple, before)), after=tuple(map(tuple, after))),
        changed=ChangedFigures(
            count=3,
            worsened_count=2,
            improved_count=1,
            samples=tuple(
                changed_sample(index, shape, before=int(index == 2), after=int(index != 2)) for index in range(shown)
            ),
        ),
        moved=None,
    )


def sample_scores(*, truth_is_mark: bool = True) -> ComparisonFigures:
    """Return how scores of 40 samples move."""
    points = tuple(
        PointFigures(truth=float(place % 2), before=0.1 + place / 50, after=0.1 + place / 45) for place in range(40)
    )
    return ComparisonFigures(
        sample_count=40,
        confusion=None,
        changed=None,
        moved=MovedFigures(name="reconstruction error", truth_is_mark=truth_is_mark, points=points),
    )


def sample_timeline(*, layer: str = "conv1") -> TimelineSection:
    """Return an arena with an input, an activation, scratch and an output."""
    blocks = (
        ("input", BlockKind.INPUT, 0, 784, 0, 1), (layer, BlockKind.ACTIVATION, 784, 2304, 1, 2),
        (layer, BlockKind.SCRATCH, 3088, 160, 1, 1), ("digits", BlockKind.OUTPUT, 0, 16, 2, 3),
    )  # fmt: skip
    return TimelineSection(
        moments=(layer, "pool1", "digits"),
        blocks=tuple(
            BlockSection(layer=name, kind=kind, offset_bytes=offset, bytes=nbytes, first=first, last=last)
            for name, kind, offset, nbytes, first, last in blocks
        ),
        head_bytes=3248,
        is_offline=False,
    )


def bench_row(name: str, median_us: float | None, *, doubt: str | None = None) -> BenchRowSection:
    """Return an engine's row; without a latency it could not run."""
    factors = (1.0, 0.98, 1.02, 1.1, 1.3, 2.0, 9.0)
    times = [None if median_us is None else median_us * factor for factor in factors]
    return BenchRowSection(
        id=name,
        version="1.0",
        problem=None if median_us is not None else "it is not installed",
        median_us=times[0],
        low_us=times[1],
        high_us=times[2],
        p90_us=times[3],
        p99_us=times[4],
        doubt=doubt,
        first_us=times[5],
        load_us=times[6],
        memory_bytes=None if median_us is None else 100_000,
        score=None if median_us is None else 0.875,
        score_low=None if median_us is None else 0.8,
        score_high=None if median_us is None else 0.9,
    )


def sample_bench(*, layer: str = "conv1") -> BenchSection:
    """Return a bench of three engines, one of which was too noisy to tell, and one that is not there."""
    layers = ((layer, "CONV_2D", 28.5, 0.00002), ("digits", "FULLY_CONNECTED", 0.9, 0.0027))
    return BenchSection(
        tool_version="0.0.0",
        processor="a processor",
        core_count=2,
        system="Linux",
        is_noisy=False,
        noise=(),
        metric="accuracy",
        metric_is_share=True,
        sample_count=100,
        samples="the test split",
        arena_bytes=2048,
        rows=(
            bench_row("tflm/reference/1", 400.0), bench_row("litert/xnnpack/1", 41.7),
            bench_row("tensorflow/builtin/1", 3000.0, doubt="the interval is 9 % wide"), bench_row("serial", None),
        ),
        pairs=(
            BenchPairSection(
                left="tflm/reference/1", right="litert/xnnpack/1", differing_sample_count=5, differing_class_count=1,
                largest_lsb=3, tolerance_lsb=2, holds=False, layer=layer,
            ),
        ),
        timed_on="litert/xnnpack/1",
        compared_with="the float source model",
        layers=tuple(
            BenchLayerSection(
                layer=name, operator=operator, macs=1000, time_us=time_us, sqnr_db=40.0, cosine=0.9999,
                added_noise=noise,
            )
            for name, operator, time_us, noise in layers
        ),
        notes=(),
    )  # fmt: skip


def full_report(*, labels: tuple[str, ...] = ("zero", "one"), layer: str = "conv1", fits: bool = True) -> Report:
    """Return a report that has every section."""
    return sample_report(fits=fits, lint=(finding(),)).model_copy(
        update={
            "labels": labels,
            "comparison": sample_comparison(class_count=len(labels)),
            "calibration": (
                CalibrationFigures(is_warning=True, sentence="calibration: there are few samples"),
                CalibrationFigures(is_warning=False, sentence="calibration: more would widen scales"),
            ),
            "timeline": sample_timeline(layer=layer),
            "bench": sample_bench(layer=layer),
        }
    )
