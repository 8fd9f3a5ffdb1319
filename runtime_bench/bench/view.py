"""A bench as plain tables: what the terminal and `bench.md` show are the same words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from edgewright.runtime_bench.bench.baseline import Change
from edgewright.runtime_bench.bench.device_view import devices_view
from edgewright.runtime_bench.bench.estimate_view import estimates_view
from edgewright.runtime_bench.bench.schema import (
    Bench,
    LatencySection,
    LayerSection,
    LayersSection,
    MetricSection,
    ModelSection,
    NoiseSection,
    PairSection,
    RatioSection,
    RowSection,
    ScoreSection,
)
from edgewright.runtime_bench.bench.view_parts import NOTHING, Column, View, or_nothing, words

NOT_KEPT = "beyond the promise"
_KEPT = "Every engine agrees with TensorFlow Lite Micro as closely as is promised."
_NO_TIME = "no latency is told, as an emulator's time is no board's; its instructions are told instead"
_NOT_PROMISED = "Nothing is promised about these engines, as TensorFlow Lite Micro is not among them."


def views(bench: Bench) -> Iterator[View]:
    """Yield everything that there is to see, in the order in which it is read."""
    yield _machine(bench)
    for model in bench.models:
        yield _latencies(model, bench.noise)
        yield _engines(model, bench.metric)
        if any(row.device is not None for row in model.rows):
            yield devices_view(model)
        if model.pairs:
            yield _matrix(model)
        if model.layers is not None:
            yield _layers(model.name, model.layers)
        if model.estimates:
            yield estimates_view(model.name, model.estimates)
    if bench.ratios:
        yield _ratios(bench.ratios, several=len(bench.models) > 1)


def changes_view(changes: Sequence[Change]) -> View:
    """Return what changed against a baseline."""
    return View(
        title="Against the baseline",
        columns=(
            words("model"), words("figure"), Column(heading="before"), Column(heading="after"), words("verdict"),
        ),
        rows=tuple(
            (
                change.model, change.figure, change.before, change.after,
                ": ".join(filter(None, ("worse" if change.is_regression else "", change.remark))) or NOTHING,
            )
            for change in changes
        ),
        notes=_unchanged(changes),
    )  # fmt: skip


def _unchanged(changes: Sequence[Change]) -> tuple[str, ...]:
    """Say that nothing changed, and only of what was compared."""
    if not changes:
        return ("Nothing changed beyond what can be told.",)
    if any(change.is_compared for change in changes):
        return ()
    return ("Nothing else changed beyond what can be told; what is listed could not be compared.",)


def _machine(bench: Bench) -> View:
    machine, method = bench.machine, bench.method
    return View(
        title="Bench",
        notes=(
            f"{machine.processor}, {machine.core_count} processors, {machine.system}, Python {machine.python_version}; "
            f"edgewright {bench.tool_version}.",
            f"Latencies are medians of processes' medians at batch 1, with the interval in which a repetition's median "
            f"lies at {method.confidence:.0%}; measured until that is within ±{method.target_half_width:.0%}, or for "
            f"{method.time_limit_seconds:g} s a row.",
            _noise(bench.noise),
        ),
    )


def _noise(noise: NoiseSection) -> str:
    if not noise.reasons:
        return "The machine was quiet."
    return f"The machine was too noisy to tell latencies: {'; '.join(noise.reasons)}."


def _latencies(model: ModelSection, noise: NoiseSection) -> View:
    figures = [("file", model.file_bytes), ("weights", model.weight_bytes), ("arena", model.arena_bytes)]
    sizes = ", ".join(f"{name} {value:,} B" for name, value in figures if value is not None)
    macs = "" if model.macs is None else f", {model.macs:,} MACs"
    return View(
        title=f"{model.name}: {sizes}{macs}",
        columns=(
            words("engine/kernels/threads"), Column(heading="median us"), Column(heading="interval"),
            Column(heading="p90"), Column(heading="p99"), Column(heading="min"),
        ),
        rows=tuple((row.id, *_latency(row)) for row in model.rows),
        notes=(*model.notes, *_remarks(model, noise)),
    )  # fmt: skip


def _remarks(model: ModelSection, noise: NoiseSection) -> Iterator[str]:
    """Yield what kept a row from being measured, or its latency from being told; the machine's noise is told above."""
    for row in model.rows:
        if row.failure or row.unavailable:
            yield f"{row.id}: {row.failure or row.unavailable}"
        elif row.device is not None and row.latency is None:
            yield f"{row.id}: {row.device.note or _NO_TIME}."
        elif row.latency is not None and row.latency.doubt and row.latency.doubt not in noise.reasons:
            yield f"{row.id}: {row.latency.doubt}."


def _engines(model: ModelSection, metric: MetricSection | None) -> View:
    return View(
        title=f"{model.name}: loading, memory and score",
        columns=(
            words("engine/kernels/threads"), words("version"), Column(heading="load us"), Column(heading="first us"),
            Column(heading="peak RSS above empty, kB"), Column(heading=metric.name if metric else "score"),
            words("agreement with TFLM"),
        ),
        rows=tuple((*_engine(row, metric), _promise(row, model.pairs)) for row in model.rows),
        notes=tuple(
            f"{row.id}: XNNPACK took no operator of this model; the built-in kernels ran."
            for row in model.rows if _is_without_delegate(row)
        ),
    )  # fmt: skip


def _engine(row: RowSection, metric: MetricSection | None) -> tuple[str, ...]:
    latency = row.latency
    told = latency is not None and latency.trusted
    times = (
        (or_nothing(latency.load_us, ",.0f"), f"{latency.first_us:,.0f}") if latency and told else (NOTHING, NOTHING)
    )
    memory = f"{row.memory.over_base_bytes // 1000:,}" if row.memory else NOTHING
    score = _score(row.scores[0], metric) if row.scores else NOTHING
    return (row.id, row.version or NOTHING, *times, memory, score)


def _promise(row: RowSection, pairs: Sequence[PairSection]) -> str:
    """Return whether a row is as near to TensorFlow Lite Micro as is promised."""
    for pair in pairs:
        if row.id in (pair.left, pair.right) and pair.tolerance_lsb is not None and not _is_measure(row, pairs):
            return "as promised" if pair.holds else NOT_KEPT if pair.holds is False else NOTHING
    return NOTHING


def _is_measure(row: RowSection, pairs: Sequence[PairSection]) -> bool:
    """Tell whether others are measured against the row, which then stands first wherever something is promised."""
    return any(pair.left == row.id for pair in pairs if pair.tolerance_lsb is not None)


def _is_without_delegate(row: RowSection) -> bool:
    return row.kernels == "xnnpack" and row.latency is not None and not row.uses_delegate


def _latency(row: RowSection) -> tuple[str, ...]:
    latency = row.latency
    if latency is None or row.failure:
        word = "failed" if row.failure else "unavailable" if row.unavailable or row.device is None else "not told"
        return (word, *(NOTHING,) * 4)
    fastest = f"{latency.minimum_us:,.1f}"
    if not latency.trusted:
        return ("too noisy to tell", _span(latency), NOTHING, NOTHING, fastest)
    told = (f"{figure:,.1f}" for figure in (latency.p90_us, latency.p99_us))
    return (f"{latency.median_us:,.1f}", _span(latency), *told, fastest)


def _span(latency: LatencySection) -> str:
    if latency.low_us is None or latency.high_us is None:
        return NOTHING
    return f"{latency.low_us:,.1f} to {latency.high_us:,.1f}"


def _score(score: ScoreSection, metric: MetricSection | None) -> str:
    return f"{score.value:.1%}" if metric and metric.is_share else f"{score.value:.4g}"


def _matrix(model: ModelSection) -> View:
    names = list(dict.fromkeys(name for pair in model.pairs for name in (pair.left, pair.right)))
    cells = {(pair.left, pair.right): _pair(pair) for pair in model.pairs}
    legend = (
        "Largest difference in LSB, samples that differ, and where classes are told apart, samples of another class."
    )
    judged = [
        f"{pair.left} against {pair.right}: {pair.largest_lsb} LSB behind the softmax, which makes more of one step "
        f"of its input; before it {pair.logits_lsb}, and {pair.tolerance_lsb} are promised."
        for pair in model.pairs if pair.holds and pair.logits_lsb is not None
    ]  # fmt: skip
    broken = [f"{pair.left} against {pair.right}: {_broken(pair)}" for pair in model.pairs if pair.holds is False]
    promised = any(pair.tolerance_lsb is not None for pair in model.pairs)
    verdict = broken or [_KEPT if promised else _NOT_PROMISED]
    return View(
        title=f"{model.name}: agreement over {model.sample_count} samples ({model.samples})",
        columns=(words(""), *(Column(heading=name) for name in names[1:])),
        rows=tuple(
            (left, *(cells.get((left, right), "") for right in names[1:])) for left in names[:-1]
        ),
        notes=(legend, *judged, *verdict),
    )  # fmt: skip


def _pair(pair: PairSection) -> str:
    if pair.differing_sample_count == 0:
        return "equal"
    largest = "?" if pair.largest_lsb is None else str(pair.largest_lsb)
    classes = "" if pair.differing_class_count is None else f", {pair.differing_class_count}"
    return f"{largest}, {pair.differing_sample_count}{classes}{'' if pair.holds is not False else ' !'}"


def _broken(pair: PairSection) -> str:
    before = "" if pair.logits_lsb is None else f", {pair.logits_lsb} before the softmax"
    text = f"{pair.largest_lsb} LSB{before}, and {pair.tolerance_lsb} are promised"
    found = pair.divergence
    if found is None:
        return f"{text}."
    if found.layer is None:
        return f"{text}; no layer is named: {found.note}."
    return (
        f"{text}; the layer {found.layer} (operator {found.operator_index} {found.operator}) is the first beyond that, "
        f"by {found.largest_lsb}; {found.first_differing_layer} is the first that differs at all."
    )


def _layers(name: str, layers: LayersSection) -> View:
    total_us = sum(row.time_us or 0.0 for row in layers.rows)
    notes = list(layers.notes)
    if layers.timed_on is not None:
        notes.append(
            f"Times are those of each operator alone on {layers.timed_on}, a call of the interpreter included: they "
            f"add up to {total_us:,.1f} us, and tell operators of one model apart."
        )
    if layers.compared_with is not None:
        notes.append(f"Activations of {layers.sample_count} samples are compared with {layers.compared_with}.")
    worst = next((row for row in layers.rows if row.operator_index == layers.worst), None)
    if worst is not None:
        notes.append(
            f"Most is lost to quantization at {worst.layer} (operator {worst.operator_index} {worst.operator}): noise "
            f"of {worst.added_noise:.3%} of the signal's energy."
        )
    return View(
        title=f"{name}: layer by layer",
        columns=(
            Column(heading="#"), words("layer"), words("operator"), Column(heading="MACs"), Column(heading="weights B"),
            Column(heading="result B"), Column(heading="us"), Column(heading="share"), Column(heading="SQNR dB"),
            Column(heading="cosine"), Column(heading="noise added"),
        ),
        rows=tuple(_layer(row, total_us) for row in layers.rows),
        notes=tuple(notes),
    )  # fmt: skip


def _layer(row: LayerSection, total_us: float) -> tuple[str, ...]:
    share = None if row.time_us is None or total_us == 0 else row.time_us / total_us
    return (
        str(row.operator_index), row.layer, row.operator, f"{row.macs:,}", f"{row.weight_bytes:,}",
        f"{row.activation_bytes:,}", or_nothing(row.time_us, ",.1f"), or_nothing(share, ".0%"),
        or_nothing(row.sqnr_db, ".1f"), or_nothing(row.cosine, ".4f"), or_nothing(row.added_noise, ".3%"),
    )  # fmt: skip


def _ratios(ratios: Sequence[RatioSection], *, several: bool) -> View:
    def name(model: str, row: str) -> str:
        return f"{model} {row}" if several else row

    return View(
        title="Ratios of latencies, from processes that took turns",
        columns=(
            words("latency of"), words("over that of"), Column(heading="ratio"), Column(heading="interval"),
            words("verdict"),
        ),
        rows=tuple(
            (
                name(one.model, one.row), name(one.over_model, one.over_row),
                f"{one.ratio.median:.3f}" if one.ratio else NOTHING,
                f"{one.ratio.low:.3f} to {one.ratio.high:.3f}" if one.ratio else NOTHING, one.verdict,
            )
            for one in ratios
        ),
    )  # fmt: skip
