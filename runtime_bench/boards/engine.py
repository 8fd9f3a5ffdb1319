"""What a device is for the bench."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from edgewright.pipeline.interpreters import Array
from edgewright.runtime_bench.boards.types import BoardReply, BoardTask, Place

Advance = Callable[[int], None]
"""Told how many samples are done."""


class BoardEngine(Protocol):
    """Reaches a device that speaks the serial protocol."""

    @property
    def name(self) -> str:
        """In one word, as `--engine` takes it."""

    @property
    def title(self) -> str:
        """For people."""

    def unavailable_reason(self, place: Place) -> str | None:
        """Say why no device can be reached, with what mends it; None where it is worth trying. Imports nothing."""

    def row_id(self, place: Place) -> str:
        """Return how `bench.json` calls the row."""

    def run(self, task: BoardTask, inputs: tuple[Array, ...], advance: Advance) -> tuple[BoardReply, tuple[Array, ...]]:
        """Run every sample, one after another; called in a process of its own.

        Args:
            task: where the device is, and which model must be on it.
            inputs: one array (N, …) for each input of the model.
            advance: is told of every sample.

        Raises:
            EdgewrightError: the device cannot be reached, stopped answering, restarted, disappeared or failed.
        """
