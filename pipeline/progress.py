"""What a long run shows while it works."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

from rich.console import Console, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

Advance = Callable[[str], None]
"""Called after each step of a bar, with a short remark (the current loss, for instance)."""


class Reporter(Protocol):
    """Where a run tells what it is doing."""

    def line(self, text: str) -> None:
        """Show one line (rich markup)."""

    def show(self, view: RenderableType) -> None:
        """Show a table or whatever else rich draws."""

    def bar(self, title: str, step_count: int) -> AbstractContextManager[Advance]:
        """Show a bar for work of that many steps."""


class ConsoleReporter:
    """Shows lines and bars on a terminal; where the output is not a terminal, lines only."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def line(self, text: str) -> None:
        """Show one line (rich markup)."""
        self._console.print(text, soft_wrap=True, highlight=False)

    def show(self, view: RenderableType) -> None:
        """Show a table or whatever else rich draws."""
        self._console.print(view)

    @contextmanager
    def bar(self, title: str, step_count: int) -> Iterator[Advance]:
        """Show a bar that disappears when the work is done."""
        columns = (
            TextColumn("  {task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
            TimeRemainingColumn(), TextColumn("{task.fields[remark]}"),
        )  # fmt: skip
        with Progress(*columns, console=self._console, transient=True, disable=not self._console.is_terminal) as bars:
            task = bars.add_task(title, total=step_count, remark="")
            yield lambda remark: bars.update(task, advance=1, remark=remark)


class SilentReporter:
    """Shows nothing."""

    def line(self, text: str) -> None:
        """Show nothing."""

    def show(self, view: RenderableType) -> None:
        """Show nothing."""

    @contextmanager
    def bar(self, title: str, step_count: int) -> Iterator[Advance]:
        """Show nothing."""
        del title, step_count
        yield lambda remark: None
