"""The measured architectures as a section of `docs/benchmarks.md`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from edgewright.runtime_bench.bench.view_parts import format_ms
from edgewright.runtime_bench.mlperf.figures import LintResult, MlperfModel, MlperfResults, PairResult, PublishedResult

NOTHING = "–"
HEAD = """## MLPerf Tiny

The four reference architectures, built from their published descriptions with seeded weights: a fixed yardstick.
Weights and samples are drawn, so nothing here says how accurate a trained network is.
Bytes, MACs, arenas and latencies do not depend on weights.
Converted as every build converts them, then planned, linted and benched.
Made on {date} at commit `{commit}` with `{command}`, on {processor}.

### What they are

Bytes are those of the `.tflite`, of the same before names are stripped, and of what its authors publish.
SQNR is that of the last int8 result against the float model; at the worst layer quantization adds most noise.
"Same class" is the share of samples to which the int8 and the float model give one class.
"""
PLACES_HEAD = """### Arena and flash

The arena as TensorFlow Lite Micro plans it → with our plan, computed.
Flash is that for weights and code without an application: an estimate, with the share by which the code may differ.
"""
ENGINES_HEAD = """### Engines on this computer

Latencies over that of {first}, from processes that took turns, with the interval of a repetition's median.
"""
AGREEMENT_HEAD = """
Agreement over {samples} samples: the largest difference in LSB; "!" where it is more than is promised.
Random weights magnify what rounding does in the first layers, and a softmax does so once more.
"""
ESTIMATES_HEAD = """### Estimated latency on targets

No measurements: MACs by layer times cycles that others published for the same kernels on the same core.
Milliseconds at the target's clock, ± the largest error on published networks that were left out of the rates.
Where a single network was published the error is not known ("?").
Memory that is slower than on the published boards is not counted.
"""
PUBLISHED_HEAD = """### What was published, and what the rates make of it

"Left out" is the error of an estimate from rates without that network.
Older kernels are not fitted: they show how much an engine's age matters.
"""


def render_section(results: MlperfResults) -> str:
    """Return the section as Markdown."""
    models = results.models
    head = HEAD.format(date=results.date, commit=results.commit, command=results.command, processor=results.processor)
    engines = ENGINES_HEAD.format(first=_first_row(models))
    agreement = AGREEMENT_HEAD.format(samples=models[0].sample_count)
    parts = (
        head, *_sizes(models), "",
        PLACES_HEAD, *_places(models), "", *_lint(models), "",
        engines, *_ratios(models), agreement, *_agreement(models), "",
        ESTIMATES_HEAD, *_estimates(models), "",
        PUBLISHED_HEAD, *_published(results.published),
    )  # fmt: skip
    return "\n".join(parts) + "\n"


def _table(titles: Sequence[str], rows: Iterable[Sequence[str]], text_columns: int = 1) -> Iterator[str]:
    yield f"| {' | '.join(titles)} |"
    yield "|" + "---|" * text_columns + "---:|" * (len(titles) - text_columns)
    for row in rows:
        yield f"| {' | '.join(row)} |"


def _title(model: MlperfModel) -> str:
    return model.name.replace("_", " ")


def _sizes(models: Sequence[MlperfModel]) -> Iterator[str]:
    titles = (
        "benchmark", "architecture", "worst layer", "`.tflite`", "with names", "published", "parameters", "MACs",
        "operators", "SQNR dB", "same class",
    )  # fmt: skip
    rows = (
        (
            _title(model), model.title, model.worst_layer or NOTHING, f"{model.file_bytes:,}",
            f"{model.unstripped_bytes:,}", f"{model.published_bytes:,}" if model.published_bytes else NOTHING,
            f"{model.parameter_count:,}", f"{model.macs:,}", str(model.operator_count),
            NOTHING if model.output_sqnr_db is None else f"{model.output_sqnr_db:.1f}",
            NOTHING if model.class_agreement is None else f"{model.class_agreement:.0%}",
        )
        for model in models
    )  # fmt: skip
    yield from _table(titles, rows, text_columns=3)


def _places(models: Sequence[MlperfModel]) -> Iterator[str]:
    rows: list[tuple[str, ...]] = []
    for number, place in enumerate(models[0].places):
        own = [model.places[number] for model in models]
        rows.append((place.kernels, "arena", *(_change(one.arena_bytes, one.planned_bytes) for one in own)))
        rows.append(("", "flash", *(f"{one.flash_bytes:,} ± {one.flash_accuracy:.0%}" for one in own)))
    yield from _table(("kernels and core", "", *map(_title, models)), rows, text_columns=2)


def _change(before: int, after: int) -> str:
    return f"{before:,}" if before == after else f"{before:,} → {after:,}"


def _lint(models: Sequence[MlperfModel]) -> Iterator[str]:
    """Say what the lint finds: on most targets nothing."""
    found = [
        f"{_title(model)} on {one.target}: {_findings(one)}"
        for model in models
        for one in model.lint
        if one.errors or one.warnings
    ]
    count = len(models[0].lint)
    if not found:
        yield f"The lint finds no error and no warning on any of {count} targets."
    else:
        yield f"The lint finds on {count} targets: {'; '.join(found)}."


def _findings(one: LintResult) -> str:
    figures = (("error", one.errors), ("warning", one.warnings))
    return ", ".join(f"{count} {name}{'s' * (count > 1)}" for name, count in figures if count)


def _first_row(models: Sequence[MlperfModel]) -> str:
    return models[0].ratios[0].over_row if models[0].ratios else "the first engine"


def _ratios(models: Sequence[MlperfModel]) -> Iterator[str]:
    names = list(dict.fromkeys(one.row for model in models for one in model.ratios))
    found = {(model.name, one.row): one.ratio for model in models for one in model.ratios}
    rows = []
    for name in names:
        cells = []
        for model in models:
            ratio = found.get((model.name, name))
            cells.append(f"{ratio.median:.3f} ({ratio.low:.3f} to {ratio.high:.3f})" if ratio else NOTHING)
        rows.append((name, *cells))
    yield from _table(("engine/kernels/threads", *map(_title, models)), rows)


def _agreement(models: Sequence[MlperfModel]) -> Iterator[str]:
    names = list(
        dict.fromkeys((one.left, one.right) for model in models for one in model.pairs if one.tolerance_lsb is not None)
    )
    rows = []
    for left, right in names:
        own = [next((one for one in model.pairs if (one.left, one.right) == (left, right)), None) for model in models]
        rows.append((left, right, *(_pair(one) for one in own)))
    yield from _table(("of", "against", *map(_title, models)), rows, text_columns=2)


def _pair(one: PairResult | None) -> str:
    if one is None:
        return NOTHING
    if not one.differing_sample_count:
        return "equal"
    mark = " !" if one.holds is False else ""
    return f"{one.largest_lsb} in {one.differing_sample_count} samples{mark}"


def _estimates(models: Sequence[MlperfModel]) -> Iterator[str]:
    keys = [(one.target, one.family) for one in models[0].estimates]
    rows, reasons = [], []
    remarks: dict[str, str] = {}
    for number, (target, family) in enumerate(keys):
        own = [model.estimates[number] for model in models]
        if own[0].latency_us is None:
            reasons.append(f"{target} ({family}): {own[0].remark}")
            continue
        remarks[own[0].core] = own[0].remark
        error = "?" if own[0].largest_error is None else f"{own[0].largest_error:.0%}"
        cells = [f"{format_ms((one.latency_us or 0) / 1e3)} ± {error}" for one in own]
        rows.append((target, family, own[0].core, f"{own[0].clock_hz / 1e6:g}", *cells))
    yield from _table(("target", "firmware", "core", "MHz", *map(_title, models)), rows, text_columns=3)
    yield ""
    yield from (f"- {core}: {remark}." for core, remark in remarks.items())
    if reasons:
        yield f"- No estimate: {'; '.join(reasons)}."


def _published(published: Sequence[PublishedResult]) -> Iterator[str]:
    rows = (
        (
            f"[{one.board}]({one.source})", one.software if one.is_fitted else f"{one.software} (older)", one.network,
            format_ms(one.measured_ms), format_ms(one.estimated_ms), f"{one.estimated_ms / one.measured_ms - 1:+.0%}",
            NOTHING if one.left_out_error is None else f"{one.left_out_error:+.0%}",
        )
        for one in published
    )  # fmt: skip
    titles = ("board", "engine", "network", "published ms", "estimated ms", "error", "left out")
    yield from _table(titles, rows, text_columns=3)
