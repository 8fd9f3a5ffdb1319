"""Fit on the terminal, on the page and in the last sentence: readable without colour, within 80 columns."""

from __future__ import annotations

import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from support.reports import sample_fit, sample_report

from edgewright.pipeline.report import FitSection, FitView, Report, complain, render_page
from edgewright.pipeline.report.bars import memory_bars
from edgewright.pipeline.report.schema import MemorySection, PartSection
from edgewright.pipeline.vocabulary import Placement


def shown(report: Report, *, width: int = 80, encoding: str = "utf-8") -> list[str]:
    """Return the lines that a pipe of that width takes."""
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    Console(file=stream, width=width).print(FitView(report))
    stream.seek(0)
    return [line.rstrip() for line in stream.read().splitlines()]


def with_fit(fit: FitSection) -> Report:
    """Return a report with another section about fit."""
    return sample_report().model_copy(update={"fit": fit})


def memory(needed_bytes: int, limit_bytes: int | None) -> Report:
    """Return a report of one memory with two parts."""
    first = needed_bytes // 3
    parts = tuple(
        PartSection(name=name, bytes=nbytes, share=nbytes / needed_bytes if needed_bytes else 0)
        for name, nbytes in (("arena", first), ("stack", needed_bytes - first))
    )
    section = MemorySection(
        name="RAM",
        parts=parts,
        needed_bytes=needed_bytes,
        limit_bytes=limit_bytes,
        lacking_bytes=max(0, needed_bytes - (needed_bytes if limit_bytes is None else limit_bytes)),
    )
    return with_fit(sample_fit().model_copy(update={"memories": (section,)}))


def test_what_fits_is_a_bar_with_figures() -> None:
    """Each memory is a bar with bytes and share of the board's, and below it the share of each part."""
    assert [
        "Board",
        "flash  █████████████░░░░░░░  5,000 of 8,000 B (62.5 %)",
        "       weights 20 % · code 80 %",
        "RAM    3,400 B, no limit",
        "       arena 60 % · stack 37 % · variables 3 %",
    ] == shown(sample_report())


def test_what_does_not_fit_stands_behind_a_mark() -> None:
    """What is too much lies behind the board's limit on the bar, and is told in bytes."""
    assert [
        "flash  ████████████████│▓▓▓  5,000 of 4,096 B (122.1 %)",
        "       904 B too many: weights 20 % · code 80 %",
    ] == shown(sample_report(fits=False))[1:3]


def test_a_terminal_without_unicode() -> None:
    """Where only ASCII can be written, the bars are ASCII."""
    lines = shown(sample_report(fits=False), encoding="ascii")
    assert [
        "flash  ################|!!!  5,000 of 4,096 B (122.1 %)",
        "       904 B too many: weights 20 %, code 80 %",
    ] == lines[1:3]


def test_remarks_follow_the_bars() -> None:
    """An arena in PSRAM is told with its cost, and so are vectors that were left out, on terminal and page."""
    report = with_fit(sample_fit(placement=Placement.PSRAM, dropped_vectors=3))
    wanted = [
        "The arena lies in PSRAM, which is slower.",
        "The flash is too small for 3 of the self-test&#39;s vectors, which were left out.",
    ]
    page = render_page(report)
    assert [line.replace("&#39;", "'") for line in wanted] == shown(report)[-2:]
    assert [] == [line for line in wanted if line not in page]
    assert "<small>in PSRAM</small>" in page


@given(
    needed_bytes=st.integers(0, 10**9),
    limit_bytes=st.none() | st.integers(1, 10**9),
    width=st.integers(30, 200),
)
def test_any_figures_make_a_bar(needed_bytes: int, limit_bytes: int | None, width: int) -> None:
    """A bar has 20 cells whatever it shows; a full one is full, and one that is not has a free cell."""
    report = memory(needed_bytes, limit_bytes)
    (bar,) = memory_bars(report)
    drawn = "".join(re.findall("[█░│▓]", "".join(shown(report, width=width))))
    assert (0 if limit_bytes is None else 20) == len(drawn)
    if limit_bytes is not None:
        assert (needed_bytes < limit_bytes, needed_bytes > limit_bytes) == ("░" in drawn, "│" in drawn and "▓" in drawn)
    assert sum(one.percent for one in bar.segments) <= 100.01
    assert (needed_bytes > (limit_bytes or needed_bytes)) == (bar.limit_percent is not None)


@pytest.mark.parametrize(("needed_bytes", "limit_bytes"), [(4_194_304, 4_194_304), (99_999_999, 88_888_888)])
def test_large_figures_keep_to_80_columns(needed_bytes: int, limit_bytes: int) -> None:
    """A line for the bar and one for the parts are enough for any board of the catalogue."""
    assert 3 == len(shown(memory(needed_bytes, limit_bytes)))


def test_the_page_has_the_bars_and_where_the_bytes_are() -> None:
    """Segments have the widths of their shares, parts their bytes, and largest tensors their layers and shapes."""
    page = render_page(sample_report(fits=False))
    wanted = (
        'class="tone0" style="width: 20.0%"', 'class="tone1" style="width: 80.0%"', "left: 81.92%", "904 B too many",
        "weights 1,000 B (20 %)", "code 4,000 B (80 %)", "take another board", "[8x3x3x1]", "64 %", "[28x28x1]",
        "written", "scratch of the kernel", "1,728 B",
    )  # fmt: skip
    assert [] == [text for text in wanted if text not in page]
    fitting = render_page(sample_report())
    assert [] == [text for text in ("too many", "What to change", 'class="limit"') if text in fitting]


@given(text=st.text())
def test_no_layer_breaks_a_view(text: str) -> None:
    """Any name of a layer and any suggestion can be shown, and is escaped on the page."""
    report = with_fit(sample_fit(fits=False, layer=f"<i>{text}", suggestions=(f"<u>{text}",)))
    shown(report)
    page = render_page(report)
    assert [False, False] == ["<i>" in page, "<u>" in page]
    assert f'"<i>{text}" CONV_2D' in complain(report)


def test_the_last_sentence_names_what_is_large() -> None:
    """What lacks, the largest weights, what to do, and what was written all the same."""
    assert (
        "digits does not fit Board: weights and code take 5,000 of 4,096 bytes of flash, 904 too many. "
        'Largest weights: "conv1" CONV_2D [8x3x3x1] 640 B (64 %). What to do: take another board; --force emits the '
        "firmware all the same. Everything but the firmware was written."
    ) == complain(sample_report(fits=False))


def test_the_last_sentence_names_what_is_alive() -> None:
    """Where the arena is too large the tensors at its peak are named; of two memories only the tighter one."""
    arena, variables = PartSection(name="arena", bytes=3000, share=0.75), PartSection(name="stack", bytes=1000, share=1)
    tight = MemorySection(name="static RAM", parts=(arena,), needed_bytes=3000, limit_bytes=1000, lacking_bytes=2000)
    ram = MemorySection(name="RAM", parts=(arena, variables), needed_bytes=4000, limit_bytes=3500, lacking_bytes=500)
    fit = sample_fit().model_copy(update={"memories": (tight, ram)})
    assert complain(with_fit(fit)).startswith(
        "digits does not fit Board: the arena takes 3,000 of 1,000 bytes of static RAM, 2,000 too many. "
        'Arena\'s peak at "conv1" CONV_2D: [28x28x1] of the input 784 B, [14x14x4] of "conv1" 784 B, scratch 160 B. '
    )
