"""A report made by hand, for tests of everything that reads one."""

from __future__ import annotations

from edgewright.pipeline.figures import AgreementFigures, LatencyFigures
from edgewright.pipeline.metrics import Metrics
from edgewright.pipeline.report import ArenaSection, Report, StageSection, TargetSection
from edgewright.pipeline.vocabulary import ArenaMethod, Kernels


def stage(name: str, *, accuracy: float | None = 0.9, file_bytes: int = 4000) -> StageSection:
    """Return what a report says of one stage."""
    return StageSection(
        name=name,
        settings={"width": 0.5},
        seconds=None if name == "source" else 1.5,
        metrics=Metrics(
            accuracy=accuracy,
            parameter_count=1000,
            nonzero_parameter_count=900,
            mac_count=5_720_000,
            file_bytes=file_bytes,
            gzip_bytes=file_bytes // 2,
        ),
    )


def sample_report(
    *, name: str = "digits", stages: tuple[StageSection, ...] | None = None, fits: bool = True, seed: int = 1
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
        int8_accuracy=0.875,
        arena=ArenaSection(
            bytes=2048,
            method=ArenaMethod.MEASURED_ON_HOST,
            word_bits=64,
            kernels=Kernels.REFERENCE,
            tflm_revision="1",
            host_bytes=2000,
            scratch_bytes=48,
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
            model_bytes=1000,
            arena_bytes=2048,
            fits=fits,
        ),
    )
