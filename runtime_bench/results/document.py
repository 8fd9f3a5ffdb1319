"""The results as a document for people: `docs/results.md`."""

from __future__ import annotations

from collections.abc import Iterator

from edgewright.pipeline.report.text import format_count, format_score
from edgewright.runtime_bench.results.figures import ExampleResult, Results, VariantResult
from edgewright.runtime_bench.results.variants import Group

SAME_SIZE_SHARE = 0.1
TITLES = {
    Group.RECIPE: "the recipe",
    Group.REFERENCES: "for comparison",
    Group.ALONE: "one technique alone",
    Group.CHAINS: "chains",
}
HEAD = """# Results of the examples

Every row is a whole build with each of the seeds {seeds}; figures are means over them.
Scores are those of the int8 model in TensorFlow Lite Micro on the test split, which nothing was chosen by; "against the
source" is the difference to the float source model of the same seed.
Bytes are those of the `.tflite`, as factors against the source model as a float32 `.tflite`; MACs and arena as every
build reports them. Seconds are those of the stages, without training the source model.
No variant has a budget, so that a technique that loses too much is shown as it is.

Made on {date} at commit `{commit}` with `{command}`.
"""


def render_document(results: Results) -> str:
    """Return the document as Markdown."""
    seeds = ", ".join(str(run.seed) for run in results.examples[0].variants[0].runs)
    head = HEAD.format(seeds=seeds, date=results.date, commit=results.commit, command=results.command)
    return "\n".join([head, *(line for example in results.examples for line in _section(example))])


def _section(example: ExampleResult) -> Iterator[str]:
    is_share = example.metric.is_share
    yield f"## {example.name}\n"
    yield (
        f"The float source model: {example.metric.name} {format_score(example.teacher_score, is_share=is_share)} "
        f"({_each(example, example.variants[0], 'source_score')}), {example.teacher_bytes:,.0f} bytes, "
        f"{format_count(round(example.teacher_macs))} MACs.\n"
    )
    yield (
        f"| | {example.metric.name} | of each seed | against the source | bytes | times fewer | gzip | MACs | "
        "times fewer | arena | seconds |"
    )
    yield "|---|" + "---:|" * 10
    for group, title in TITLES.items():
        own = [variant for variant in example.variants if variant.group is group]
        if own:
            yield f"| **{title}** |" + " |" * 10
        for variant in own:
            yield _row(example, variant)
    yield ""
    rivals = _rivals(example)
    if rivals:
        listed = "; ".join(f"{rival.title} {_change(example, rival)}" for rival in rivals)
        yield f"As small as the recipe's model, within a tenth of its bytes, the best first: {listed}.\n"
    if example.note:
        yield f"{example.note}\n"


def _row(example: ExampleResult, variant: VariantResult) -> str:
    file_bytes, macs = variant.mean("file_bytes"), variant.mean("macs")
    cells = (
        variant.title,
        format_score(variant.mean("score"), is_share=example.metric.is_share),
        _each(example, variant, "score"),
        _change(example, variant),
        f"{file_bytes:,.0f}",
        f"{example.teacher_bytes / file_bytes:.1f}",
        f"{variant.mean('gzip_bytes'):,.0f}",
        format_count(round(macs)),
        f"{example.teacher_macs / macs:.1f}",
        f"{variant.mean('arena_bytes'):,.0f}",
        "–" if variant.is_own_model else f"{variant.mean('seconds'):.0f}",
    )
    return "| " + " | ".join(cells) + " |"


def _rivals(example: ExampleResult) -> list[VariantResult]:
    """Return the variants that are about as small as the recipe's model, it among them, the best first."""
    recipe = example.variants[0].mean("file_bytes")
    near = [one for one in example.variants if abs(one.mean("file_bytes") - recipe) <= SAME_SIZE_SHARE * recipe]
    return sorted(near, key=example.loss) if len(near) > 1 else []


def _change(example: ExampleResult, variant: VariantResult) -> str:
    change = 0.0 - example.loss(variant)
    text = f"{change * 100:+.2f} points" if example.metric.is_share else f"{change:+.4f}"
    return text.replace("-", "−").replace("−0.00 points", "±0.00 points").replace("+0.00 points", "±0.00 points")


def _each(example: ExampleResult, variant: VariantResult, figure: str) -> str:
    values = [getattr(run, figure) for run in variant.runs]
    return " ".join(f"{value * 100:.2f}" if example.metric.is_share else f"{value:.4f}" for value in values)
