"""What goes to a device and what comes back, as files between two processes: pydantic models."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from edgewright.pipeline.figures import Figures
from edgewright.runtime_bench.serial.transport import BAUD


class Place(Figures):
    """Where devices are; None is what nobody gave."""

    port: str | None = None
    baud: int = BAUD
    elf: Path | None = None
    core: str | None = None
    """Name of an emulated core (`pipeline/facts/machines/`)."""
    cache: Path = Path("build/cache")
    """Takes the compiled counter of instructions."""


class BoardTask(Figures):
    """Run every sample on a device."""

    engine: str
    place: Place
    model_digest: str
    """Of the model that must be on it."""
    fewest_runs: int
    """Samples are run again until so many runs were timed, where the device's clock tells a time."""
    timeout_seconds: float
    """For one inference."""


class BoardReply(Figures):
    """What a device made of the samples; `complaint` alone where it could not."""

    complaint: str | None = None
    is_other_model: bool = False
    """The complaint is that another model is on the device."""
    engine_version: str = ""
    """Of what reached the device: pyserial, or the emulator."""
    tool_version: str = ""
    """Of the edgewright that made the firmware."""
    configuration_digest: str = ""
    model_name: str = ""
    kernels: str = ""
    selftest: str = ""
    """As the device tells it: a status in one word; empty where none was run."""
    arena_used_bytes: int = 0
    arena_bytes: int = 0
    stack_bytes: int | None = None
    flash_bytes: int | None = None
    """Of the program, where there is one to look at."""
    ram_bytes: int | None = None
    """Of its variables, the arena among them."""
    latencies_us: tuple[float, ...] = ()
    """Of the runs after the first; empty where the device's clock tells no time."""
    first_us: float | None = None
    tick_us: float | None = None
    """The finest that the device's clock tells apart."""
    instructions: tuple[int, ...] = Field(default=())
    """Of each sample's inference; empty where nobody counts."""
    note: str | None = None
    """Why something is missing that the device might have told."""
