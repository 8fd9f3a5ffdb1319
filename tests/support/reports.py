"""A report made by hand, for tests of everything that reads one."""

from __future__ import annotations

from edgewright.pipeline.contributors import Role
from edgewright.pipeline.figures import AgreementFigures, LatencyFigures, PlanFigures
from edgewright.pipeline.graph import DType
from edgewright.pipeline.lint import FindingSection, Severity
from edgewright.pipeline.metrics import Metrics
from edgewright.pipeline.report import (
    ArenaSection,
    BudgetSection,
    CodeSection,
    FitSection,
    FootprintSection,
    LayerSection,
    MetricSection,
    ProvenanceSection,
    Report,
    StageSection,
    TargetSection,
    TestSection,
)
from edgewright.pipeline.report.schema import AliveSection, MemorySection, PartSection, PeakSection, WeightSection
from edgewright.pipeline.scales import LayerScales, ScalesEnd, ScalesRecord
from edgewright.pipeline.vocabulary import ArenaMethod, Kernels, Placement, PlanEnding

ACCURACY = MetricSection(name="accuracy", higher_is_better=True, is_share=True)
MAE = MetricSection(name="MAE", higher_is_better=False, is_share=False)


def stage(
    name: str,
    *,
    score: float | None = 0.9,
    metric: str = "accuracy",
    file_bytes: int = 4000,
    notes: tuple[str, ...] = (),
    rolled_back: str | None = None,
) -> StageSection:
    """Return what a report says of one stage; without a score nothing was measured on data."""
    return StageSection(
        name=name,
        settings={"student": "width:0.5"},
        seconds=None if name == "source" else 1.5,
        metrics=Metrics(
            parameter_count=1000,
            nonzero_parameter_count=900,
            mac_count=5_720_000,
            file_bytes=file_bytes,
            gzip_bytes=file_bytes // 2,
            arena_bytes=2000,
            float_bytes=4 * file_bytes,
            float_scores={} if score is None or name == "convert" else {metric: score + 0.03125},
            int8_scores={} if score is None else {metric: score},
        ),
        notes=notes,
        rolled_back=rolled_back,
    )


def sample_report(
    *,
    name: str = "digits",
    stages: tuple[StageSection, ...] | None = None,
    fits: bool = True,
    seed: int = 1,
    metric: MetricSection = ACCURACY,
    test_score: float = 0.875,
    complaints: tuple[str, ...] = (),
    lint: tuple[FindingSection, ...] = (),
) -> Report:
    """Return a whole report."""
    return Report(
        tool_version="0.0.0",
        name=name,
        source="digits.h5",
        configuration_digest="0" * 64,
        seed=seed,
        labels=("0", "1"),
        stages=stages or (stage("source"), stage("prune"), stage("convert", file_bytes=1000)),
        metric=metric,
        test=TestSection(
            source={metric.name: 0.96875, "other": 0.25}, result={metric.name: test_score, "other": 0.125}
        ),
        budget=BudgetSection(
            max_accuracy_drop=0.01,
            flash_bytes=None,
            ram_bytes=4096,
            macs=None,
            accuracy_drop=0.03125,
            complaints=complaints,
        ),
        arena=ArenaSection(
            bytes=2048,
            reserve_bytes=0,
            method=ArenaMethod.MEASURED_ON_HOST,
            word_bits=64,
            kernels=Kernels.REFERENCE,
            tflm_revision="1",
            host_bytes=2048,
        ),
        plan=PlanFigures(
            head_before_bytes=1536,
            head_bytes=1024,
            bound_bytes=1024,
            ending=PlanEnding.AT_BOUND,
            arena_before_bytes=2560,
            arena_bytes=2048,
            is_offline=True,
            is_reordered=False,
            compared_inputs=100,
        ),
        agreements=(
            AgreementFigures(
                engine="tflite_runtime",
                version="2.14.0",
                resolver="reference",
                sample_count=397,
                differing_sample_count=1,
                differing_class_count=0,
                max_difference_lsb=1,
                tolerance_lsb=1,
                holds=True,
            ),
        ),
        latency=LatencyFigures(
            engine="tflite_runtime",
            version="2.14.0",
            threads=1,
            run_count=1000,
            median_us=12.3,
            p90_us=13.0,
            minimum_us=12.0,
        ),
        target=TargetSection(
            name="esp32",
            title="Board",
            chip="ESP32",
            core="xtensa-lx6",
            family="esp_idf",
            flash_bytes=4096,
            ram_bytes=None,
            arena_limit_bytes=None,
            fits=fits,
        ),
        footprint=FootprintSection(
            weight_bytes=1000,
            code=(
                CodeSection(name="interpreter", bytes=2900, source="linked for cortex-m4"),
                CodeSection(name="CONV_2D", bytes=1100, source="linked for cortex-m4"),
            ),
            code_bytes=4000,
            code_accuracy=0.0625,
            selftest_bytes=0,
            flash_bytes=5000,
            arena_bytes=2048,
            stack_bytes=1260,
            static_bytes=92,
            ram_bytes=3400,
        ),
        fit=sample_fit(fits=fits),
        lint=lint,
        layers=(
            LayerSection(layer="conv1", operator="CONV_2D", macs=5_700_000, weight_bytes=640, activation_bytes=784),
            LayerSection(layer="digits", operator="FULLY_CONNECTED", macs=20_000, weight_bytes=360, activation_bytes=2),
        ),
        provenance=ProvenanceSection(
            inputs={"model": "1" * 64, "data": "2" * 64}, tflite_digest="3" * 64, packages={"tensorflow": "2.21.0"}
        ),
    )


def finding(
    severity: Severity = Severity.WARNING, *, layer: str = "conv1", is_repaired: bool = False
) -> FindingSection:
    """Return what a report says of one hazard."""
    return FindingSection(
        rule="unaligned-buffer",
        severity=severity,
        layer=layer,
        operator=0,
        why="2 of 3 constants lie at odd places",
        repair="write the file anew",
        is_fixable=True,
        is_repaired=is_repaired,
    )


def sample_scales(*, layer: str = "conv1") -> ScalesRecord:
    """Return what a report says of a choice: one layer has one scale, another keeps one for each channel."""
    ends = [
        ScalesEnd(score=score, arena_bytes=arena_bytes, file_bytes=arena_bytes // 2)
        for score, arena_bytes in ((0.96875, 4444), (0.9375, 3333), (0.75, 2222))
    ]
    rows = [
        LayerScales(
            layer=layer,
            operator="FULLY_CONNECTED",
            scale_count=scale_count,
            channel_count=17,
            score_loss=0.0625,
            output_change=0.5,
            arena_bytes_saved=136,
            file_bytes_saved=384,
            reason=reason,
        )
        for scale_count, reason in ((1, "saves RAM"), (17, "one scale costs too much alone"))
    ]
    return ScalesRecord(
        metric="accuracy",
        sample_count=321,
        accepted_loss=0.002,
        core="cortex-m4",
        per_channel=ends[0],
        chosen=ends[1],
        per_tensor=ends[2],
        layers=tuple(rows),
    )


def sample_fit(
    *,
    fits: bool = True,
    placement: Placement = Placement.INTERNAL,
    layer: str = "conv1",
    dropped_vectors: int = 0,
    suggestions: tuple[str, ...] = ("take another board",),
) -> FitSection:
    """Return what a report says of the memories: the flash is 5,000 bytes or too small, the RAM has no limit."""
    limit_bytes = 8000 if fits else 4096
    return FitSection(
        memories=(
            MemorySection(
                name="flash",
                parts=(
                    PartSection(name="weights", bytes=1000, share=0.2),
                    PartSection(name="code", bytes=4000, share=0.8),
                ),
                needed_bytes=5000,
                limit_bytes=limit_bytes,
                lacking_bytes=max(0, 5000 - limit_bytes),
            ),
            MemorySection(
                name="RAM",
                parts=(
                    PartSection(name="arena", bytes=2048, share=0.6025),
                    PartSection(name="stack", bytes=1260, share=0.3705),
                    PartSection(name="variables", bytes=92, share=0.027),
                ),
                needed_bytes=3400,
                limit_bytes=None,
                lacking_bytes=0,
            ),
        ),
        dropped_vectors=dropped_vectors,
        placement=placement,
        placement_cost=None if placement is Placement.INTERNAL else "is slower",
        weights=(WeightSection(layer=layer, operator="CONV_2D", shape=(8, 3, 3, 1), bytes=640, share=0.64),),
        peak=PeakSection(
            layer=layer,
            operator="CONV_2D",
            tensors=(
                AliveSection(layer="input", role=Role.READ, dtype=DType.INT8, shape=(1, 28, 28, 1), bytes=784),
                AliveSection(layer=layer, role=Role.WRITTEN, dtype=DType.INT8, shape=(1, 14, 14, 4), bytes=784),
            ),
            scratch_bytes=160,
            bytes=1728,
        ),
        suggestions=() if fits else suggestions,
    )
