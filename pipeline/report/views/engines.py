"""How fast the model is on a computer's engines, and how they agree."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from edgewright.pipeline.report.charts import ENGINES
from edgewright.pipeline.report.evidence import BenchPairSection, BenchRowSection, BenchSection
from edgewright.pipeline.report.schema import Report
from edgewright.pipeline.report.text import format_bytes, format_microseconds, format_score
from edgewright.pipeline.report.views.blocks import (
    Block,
    Details,
    Items,
    Paragraph,
    Row,
    Section,
    cell,
    pictures,
    row,
    say,
    table,
)

TOO_NOISY = "too noisy to tell"


def engine_sections(report: Report) -> Iterator[Section]:
    """Yield what was measured on engines, by a bench and by the run itself."""
    if report.bench:
        yield Section(title="Bench", anchor="bench", blocks=tuple(_bench(report, report.bench)))
    if report.agreements and not (report.bench and report.bench.pairs):
        rows = (
            row(
                f"{one.engine} {one.version} {one.resolver}", str(one.sample_count), str(one.differing_sample_count),
                "-" if one.differing_class_count is None else str(one.differing_class_count),
                cell(f"{one.max_difference_lsb} LSB", "good" if one.holds else "bad"), f"{one.tolerance_lsb} LSB",
            )
            for one in report.agreements
        )  # fmt: skip
        columns = ("engine", "samples", "differing", "other class", "largest difference", "accepted")
        title = "Agreement with TensorFlow Lite Micro"
        yield Section(title=title, anchor="agreement", blocks=(table(columns, rows),))
    if report.latency and report.bench is None:
        one = report.latency
        text = (
            f"{one.engine} {one.version}, {one.threads} thread: median {format_microseconds(one.median_us)}, 90 % "
            f"below {format_microseconds(one.p90_us)}, best {format_microseconds(one.minimum_us)}, "
            f"{one.run_count} runs."
        )
        yield Section(title="Latency on the machine that built this", anchor="latency", blocks=(say(text),))


def _bench(report: Report, bench: BenchSection) -> Iterator[Block]:
    yield from pictures(ENGINES, report)
    if bench.is_noisy:
        yield say(f"The machine was too noisy to tell: {'; '.join(bench.noise)}.", "bad")
    ran = [one for one in bench.rows if one.problem is None]
    with_score = bench.metric is not None and any(one.score is not None for one in ran)
    scores = [bench.metric, "interval"] if with_score and bench.metric else []
    columns = ("engine", "median", "interval", "90 %", "99 %", *scores)
    yield table(columns, (_row(one, bench, with_score=with_score) for one in ran))
    yield say(
        f"Latencies are medians of one inference on {bench.processor} ({bench.core_count} cores, {bench.system}), with "
        f"the interval in which a repetition's median lies. {bench.sample_count:,} samples ({bench.samples}) ran on "
        "every engine."
    )
    remarks = (*_doubts(ran, bench), *(say(f"{one.id}: {one.problem}") for one in bench.rows if one.problem))
    if remarks:
        yield Items(lines=remarks)
    starts = (
        row(
            one.id, one.version, _told(one, one.first_us), _told(one, one.load_us),
            "-" if one.memory_bytes is None else format_bytes(one.memory_bytes),
        )
        for one in ran
    )  # fmt: skip
    start = table(("engine", "version", "first inference", "load", "memory"), starts)
    yield Details(summary="Start and memory", blocks=(start,))
    yield from _pairs(bench)


def _row(one: BenchRowSection, bench: BenchSection, *, with_score: bool) -> Row:
    interval = "-"
    if one.low_us is not None and one.high_us is not None:
        interval = f"{format_microseconds(one.low_us)} to {format_microseconds(one.high_us)}"
    score = [
        format_score(value, is_share=bench.metric_is_share) for value in (one.score, one.score_low, one.score_high)
    ]
    return row(
        one.id, TOO_NOISY if one.doubt else format_microseconds(one.median_us), interval,
        _told(one, one.p90_us), _told(one, one.p99_us),
        *([score[0], f"{score[1]} to {score[2]}"] if with_score else []),
        style="back" if one.doubt else "",
    )  # fmt: skip


def _told(one: BenchRowSection, value_us: float | None) -> str:
    """Write a time, and nothing where the row is too noisy to tell."""
    return "-" if one.doubt else format_microseconds(value_us)


def _doubts(ran: Sequence[BenchRowSection], bench: BenchSection) -> Iterator[Paragraph]:
    """Yield why latencies cannot be told, each reason once, and not what was said of the whole machine."""
    reasons = dict.fromkeys(one.doubt for one in ran if one.doubt and one.doubt not in bench.noise)
    for reason in reasons:
        names = ", ".join(one.id for one in ran if one.doubt == reason)
        yield say(f"{names}: {TOO_NOISY} ({reason}).")


def _pairs(bench: BenchSection) -> Iterator[Block]:
    """Yield the pairs whose agreement is promised, and those without a promise where a reader opens them."""
    columns = ("engines", "differing", "other class", "largest difference", "accepted", "parts at")
    promised = [one for one in bench.pairs if one.tolerance_lsb is not None]
    others = [one for one in bench.pairs if one.tolerance_lsb is None]
    if promised:
        yield table(columns, map(_pair, promised))
    if others:
        yield Details(summary="Agreement of the other pairs", blocks=(table(columns, map(_pair, others)),))


def _pair(one: BenchPairSection) -> Row:
    largest = "-" if one.largest_lsb is None else f"{one.largest_lsb} LSB"
    if one.logits_lsb is not None:
        largest += f", judged before the softmax: {one.logits_lsb} LSB"
    tone = {True: "good", False: "bad", None: ""}[one.holds]
    return row(
        f"{one.left} and {one.right}", str(one.differing_sample_count),
        "-" if one.differing_class_count is None else str(one.differing_class_count), cell(largest, tone),
        "-" if one.tolerance_lsb is None else f"{one.tolerance_lsb} LSB", one.layer or "",
    )  # fmt: skip
