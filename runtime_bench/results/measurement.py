"""Measuring: each variant is a whole build with each seed, through everything that a user's build goes through."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from rich.markup import escape

from edgewright.pipeline.evaluation import MeasureLatency
from edgewright.pipeline.inputs import InputRequest
from edgewright.pipeline.outcome import OutputRequest
from edgewright.pipeline.progress import Reporter
from edgewright.pipeline.report import Report
from edgewright.pipeline.run import BuildRequest, build
from edgewright.runtime_bench.results.figures import ExampleResult, Run, VariantResult
from edgewright.runtime_bench.results.variants import EXAMPLES, Variant, load_note, load_variants

TARGET = "host"


def measure_example(
    name: str,
    seeds: Iterable[int],
    work: Path,
    reporter: Reporter,
    measure_latency: MeasureLatency,
    *,
    examples: Path = EXAMPLES,
) -> ExampleResult:
    """Build every variant of an example with every seed; finished stages are found in the cache.

    Args:
        name: of the example.
        seeds: one build each.
        work: cache and outputs go below it.
        reporter: shows what is going on.
        measure_latency: as for a build.
        examples: the folder with the example.

    Raises:
        EdgewrightError: a build fails.
    """
    chosen = tuple(seeds)
    variants = tuple(load_variants(name, examples))
    reports: dict[str, list[Report]] = {variant.title: [] for variant in variants}
    for seed in chosen:
        for position, variant in enumerate(variants):
            reporter.line(f"[bold]{name}[/], seed {seed}: {escape(variant.title)}")
            request = BuildRequest(
                inputs=InputRequest(recipe=variant.recipe, seed=seed),
                output=OutputRequest(
                    target=TARGET, out=work / name / str(seed) / str(position), cache=work / "cache", force=True
                ),
            )
            reports[variant.title].append(build(request, reporter, measure_latency).report)
    return _example(name, variants, chosen, reports.__getitem__, load_note(name, examples))


def _example(
    name: str, variants: tuple[Variant, ...], seeds: tuple[int, ...], reports: Callable[[str], list[Report]], note: str
) -> ExampleResult:
    metric = reports(variants[0].title)[0].metric
    if metric is None:
        raise ValueError(f"{name}: a report without a metric")
    return ExampleResult(
        name=name,
        metric=metric,
        note=note,
        variants=tuple(
            VariantResult(
                title=variant.title,
                group=variant.group,
                is_own_model=variant.is_own_model,
                runs=tuple(_runs(seeds, reports(variant.title))),
            )
            for variant in variants
        ),
    )


def _runs(seeds: tuple[int, ...], reports: list[Report]) -> Iterator[Run]:
    for seed, report in zip(seeds, reports, strict=True):
        source, final = report.stages[0].metrics, report.stages[-1].metrics
        if report.test is None or report.int8_score is None or source.float_bytes is None:
            raise ValueError(f"{report.name}: a report without a test")
        yield Run(
            seed=seed,
            source_score=next(iter(report.test.source.values())),
            score=report.int8_score,
            source_float_bytes=source.float_bytes,
            file_bytes=final.file_bytes,
            gzip_bytes=final.gzip_bytes,
            source_macs=source.mac_count,
            macs=final.mac_count,
            arena_bytes=final.arena_bytes,
            seconds=sum(stage.seconds or 0.0 for stage in report.stages),
        )
