"""A folder in which the real command has built something."""

from __future__ import annotations

import resource
import time
from dataclasses import dataclass
from pathlib import Path

from support.command import edgewright


@dataclass(frozen=True, kw_only=True)
class Project:
    """A user's folder in which `edgewright build --target esp32` has been run."""

    folder: Path
    printed: str
    """What the command wrote to standard output."""
    seconds: float
    """How long it took."""
    cpu_seconds: float
    """How long a processor was at work, its helpers' time included; the machine may have had other work too."""

    @property
    def out(self) -> Path:
        """The output folder; tests work on copies."""
        return self.folder / "build" / "esp32"

    @property
    def cache(self) -> Path:
        """The stage cache, which tests may add to."""
        return self.folder / "build" / "cache"


def build_in(folder: Path, *options: str) -> Project:
    """Run a cold build for the ESP32 on all cores, which must succeed without a word on standard error."""
    started, used = time.monotonic(), cpu_seconds()
    finished = edgewright("build", "--target", "esp32", *options, cwd=folder)
    assert (0, "") == (finished.returncode, finished.stderr)
    return Project(
        folder=folder,
        printed=finished.stdout,
        seconds=time.monotonic() - started,
        cpu_seconds=cpu_seconds() - used,
    )


def cpu_seconds() -> float:
    """Return the processor time of all finished children so far."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
