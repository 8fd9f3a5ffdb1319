"""The story stage by stage, the test split's figures, the budget, the scales, and what the stages say."""

from __future__ import annotations

from collections.abc import Iterator

from edgewright.pipeline.report.charts import STORY
from edgewright.pipeline.report.schema import Report, StageSection
from edgewright.pipeline.report.text import format_bytes, format_count, format_score, format_seconds
from edgewright.pipeline.report.views.blocks import (
    Block,
    Details,
    Heading,
    Items,
    Row,
    Section,
    pictures,
    row,
    say,
    table,
)

AS_ON_DEVICE = (
    "Each row is the model as a device would run it after that stage: converted to integers, with the arena that "
    "TensorFlow Lite Micro needs for it here."
)


def story_sections(report: Report) -> Iterator[Section]:
    """Yield what happened to the model."""
    yield Section(title="Stage by stage", anchor="stages", blocks=tuple(_stages(report)))
    tested = (Heading(text="On the test split"), _test(report)) if report.test and report.metric else ()
    budget = (Heading(text="Budget"), *_budget(report)) if report.budget else ()
    if tested or budget:
        yield Section(title="Result", anchor="result", blocks=(*tested, *budget))
    if report.scales:
        yield Section(title="Scales of the weights", anchor="scales", blocks=tuple(_scales(report)))


def _stages(report: Report) -> Iterator[Block]:
    yield from pictures(STORY, report)
    metric = report.metric
    scores = (f"int8 {metric.name}", f"float {metric.name}") if metric else ()
    columns = ("stage", *scores, "size", "gzip", "MACs", "arena", "parameters", "not zero", "time")
    yield table(columns, (_stage(stage, report) for stage in report.stages))
    yield say(AS_ON_DEVICE + (" Scores of stages are those on the validation split." if metric else ""))
    for stage in report.stages:
        if stage.notes or stage.rolled_back:
            back = [say(stage.rolled_back, "bad")] if stage.rolled_back else []
            lines = (*back, *(say(note) for note in stage.notes))
            title = f"What {stage.name} says" + (": rolled back" if stage.rolled_back else "")
            yield Details(summary=title, blocks=(Items(lines=lines),))


def _stage(stage: StageSection, report: Report) -> Row:
    metrics = stage.metrics
    scores = [
        format_score(next(iter(own.values()), None), is_share=report.metric.is_share)
        for own in (metrics.int8_scores, metrics.float_scores)
        if report.metric
    ]
    return row(
        stage.name + (" (rolled back)" if stage.rolled_back else ""), *scores, format_bytes(metrics.file_bytes),
        format_bytes(metrics.gzip_bytes), format_count(metrics.mac_count), format_bytes(metrics.arena_bytes),
        format_count(metrics.parameter_count), format_count(metrics.nonzero_parameter_count),
        format_seconds(stage.seconds), style="back" if stage.rolled_back else "",
    )  # fmt: skip


def _test(report: Report) -> Block:
    test, metric = report.test, report.metric
    rows = [] if test is None or metric is None else [
        row(
            name,
            format_score(test.source.get(name), is_share=metric.is_share and place == 0),
            format_score(value, is_share=metric.is_share and place == 0),
        )
        for place, (name, value) in enumerate(test.result.items())
    ]  # fmt: skip
    return table(("figure", "float source model", "result"), rows)


def _budget(report: Report) -> Iterator[Block]:
    budget = report.budget
    if budget is None:
        return
    loss, accepted = (format_score(value, is_share=False) for value in (budget.accuracy_drop, budget.max_accuracy_drop))
    yield say(
        f"On validation the result is {loss} worse than the float source model, and {accepted} is accepted."
        if budget.accuracy_drop > 0
        else f"On validation the result is no worse than the float source model; {accepted} is accepted."
    )
    for complaint in budget.complaints:
        yield say(f"Over the budget: {complaint}.", "bad")


def _scales(report: Report) -> Iterator[Block]:
    scales = report.scales
    if scales is None:
        return
    is_share = bool(report.metric and report.metric.is_share)
    yield table(
        ("scales", scales.metric, "arena", "size"),
        (
            row(name, format_score(end.score, is_share=is_share), format_bytes(end.arena_bytes),
                format_bytes(end.file_bytes))
            for name, end in scales.ends
        ),
    )  # fmt: skip
    yield say(
        f"What one scale in a layer alone costs and saves, on {scales.sample_count} validation samples; up to "
        f"{scales.accepted_loss:.4g} of {scales.metric} was accepted for all of them together. The arena is that of a "
        "32-bit core with the reference kernels."
    )
    yield table(
        ("layer", "operator", "scales", "of", f"{scales.metric} lost", "outputs move", "arena saved", "size saved",
         "why"),
        (
            row(
                one.layer, one.operator, str(one.scale_count), str(one.channel_count), f"{one.score_loss:.4f}",
                format_score(one.output_change, is_share=True), format_bytes(one.arena_bytes_saved),
                format_bytes(one.file_bytes_saved), one.reason,
            )
            for one in scales.layers
        ),
    )  # fmt: skip
