"""What a bench measured of a build's model, as the section of that build's report."""

from __future__ import annotations

from edgewright.pipeline.report import BenchLayerSection, BenchPairSection, BenchRowSection, BenchSection
from edgewright.runtime_bench.bench.schema import Bench, LayerSection, ModelSection, PairSection, RowSection


def report_section(bench: Bench, model: ModelSection) -> BenchSection:
    """Return what a report says of a bench.

    Args:
        bench: all that was measured.
        model: of its models the one that the report is about.
    """
    layers = model.layers
    return BenchSection(
        tool_version=bench.tool_version,
        processor=bench.machine.processor,
        core_count=bench.machine.core_count,
        system=bench.machine.system,
        is_noisy=bool(bench.noise.reasons),
        noise=bench.noise.reasons,
        metric=bench.metric.name if bench.metric else None,
        metric_is_share=bool(bench.metric and bench.metric.is_share),
        sample_count=model.sample_count,
        samples=model.samples,
        arena_bytes=model.arena_bytes,
        rows=tuple(_row(row) for row in model.rows),
        pairs=tuple(_pair(pair) for pair in model.pairs),
        timed_on=layers.timed_on if layers else None,
        compared_with=layers.compared_with if layers else None,
        layers=tuple(_layer(layer) for layer in layers.rows) if layers else (),
        notes=(*model.notes, *(layers.notes if layers else ())),
    )


def _row(row: RowSection) -> BenchRowSection:
    latency, score = row.latency, row.scores[0] if row.scores else None
    return BenchRowSection(
        id=row.id,
        version=row.version,
        problem=row.unavailable or row.failure,
        median_us=latency.median_us if latency else None,
        low_us=latency.low_us if latency else None,
        high_us=latency.high_us if latency else None,
        p90_us=latency.p90_us if latency else None,
        p99_us=latency.p99_us if latency else None,
        doubt=latency.doubt if latency else None,
        first_us=latency.first_us if latency else None,
        load_us=latency.load_us if latency else None,
        memory_bytes=row.memory.over_base_bytes if row.memory else None,
        score=score.value if score else None,
        score_low=score.low if score else None,
        score_high=score.high if score else None,
    )


def _pair(pair: PairSection) -> BenchPairSection:
    return BenchPairSection(
        left=pair.left,
        right=pair.right,
        differing_sample_count=pair.differing_sample_count,
        differing_class_count=pair.differing_class_count,
        largest_lsb=pair.largest_lsb,
        logits_lsb=pair.logits_lsb,
        tolerance_lsb=pair.tolerance_lsb,
        holds=pair.holds,
        layer=pair.divergence.layer if pair.divergence else None,
    )


def _layer(layer: LayerSection) -> BenchLayerSection:
    return BenchLayerSection(
        layer=layer.layer,
        operator=layer.operator,
        macs=layer.macs,
        time_us=layer.time_us,
        sqnr_db=layer.sqnr_db,
        cosine=layer.cosine,
        added_noise=layer.added_noise,
    )
