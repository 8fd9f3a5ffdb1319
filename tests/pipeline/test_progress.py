"""What a run shows: lines everywhere, bars on a terminal only."""

from __future__ import annotations

import io

from rich.console import Console

from edgewright.pipeline.progress import ConsoleReporter, SilentReporter


def test_where_nobody_watches_there_are_lines_only() -> None:
    """Into a file or a pipe go plain lines, unbroken however long, and no bars."""
    stream = io.StringIO()
    reporter = ConsoleReporter(Console(file=stream, width=20))
    with reporter.bar("train", 3) as advance:
        advance("loss 1")
    reporter.line("[bold]prune[/]: " + "word " * 20)
    assert "prune: " + "word " * 20 + "\n" == stream.getvalue()


def test_on_a_terminal_there_is_a_bar() -> None:
    """A terminal gets the title, the count and the remark while the work goes on."""
    stream = io.StringIO()
    reporter = ConsoleReporter(Console(file=stream, width=120, force_terminal=True))
    with reporter.bar("train", 2) as advance:
        advance("loss 1")
        advance("loss 0.5")
    assert [] == [text for text in ("train", "2/2", "loss 0.5") if text not in stream.getvalue()]


def test_silence() -> None:
    """The silent reporter takes everything and shows nothing."""
    reporter = SilentReporter()
    reporter.line("text")
    with reporter.bar("train", 1) as advance:
        advance("remark")
