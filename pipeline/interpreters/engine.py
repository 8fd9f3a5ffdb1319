"""One engine: the facts of an interpreter that can be read without importing it."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import sys
from dataclasses import dataclass
from enum import Enum


class Resolver(str, Enum):
    """Which kernels an interpreter uses."""

    REFERENCE = "reference"
    """The plain kernels that others are measured against."""
    BUILTIN = "builtin"
    """The optimized built-in kernels, without delegates."""
    XNNPACK = "xnnpack"
    """The default delegates, XNNPACK among them: what a phone runs."""


class ModelFormat(str, Enum):
    """What an engine reads; the value is the file's suffix without the dot."""

    TFLITE = "tflite"
    KERAS = "keras"
    """A float source model, as a build leaves it in `model.keras`."""


@dataclass(frozen=True, kw_only=True)
class Engine:
    """Facts of one engine.

    `module` is ours: it has `open_session(tflite, options) -> Session` and imports the interpreter only in there.
    `runtime_module` is the interpreter's own; only a worker imports it.
    """

    name: str
    title: str
    module: str
    distribution: str
    runtime_module: str
    install: str
    resolvers: tuple[Resolver, ...]
    reads: ModelFormat = ModelFormat.TFLITE
    has_arena: bool = False
    newest_python: tuple[int, int] | None = None
    numpy_below: int | None = None
    """First major version of numpy that the package does not work with."""
    instead: str = ""
    """What to do where this Python is too new, as the end of a sentence."""

    @property
    def version(self) -> str:
        """Version of the installed package, or an empty text where it is not installed."""
        return _installed_version(self.distribution)

    @property
    def label(self) -> str:
        """Name and version for messages: `LiteRT (ai-edge-litert 2.3.0)`."""
        return f"{self.title} ({self.distribution} {self.version or 'not installed'})"

    def unavailable_reason(self) -> str | None:
        """Say why this engine cannot run here, with the line that mends it; None where it can.

        Nothing is imported for the answer.
        """
        if self.newest_python is not None and sys.version_info[:2] > self.newest_python:
            return (
                f"{self.distribution} has no wheel for Python {sys.version_info.major}.{sys.version_info.minor} "
                f"(the newest is {self.newest_python[0]}.{self.newest_python[1]}): {self.instead}."
            )
        if not self.version or importlib.util.find_spec(self.runtime_module.partition(".")[0]) is None:
            return f"{self.title} is not installed: run `{self.install}`."
        numpy_version = _installed_version("numpy")
        if self.numpy_below is not None and int(numpy_version.split(".")[0] or 0) >= self.numpy_below:
            return (
                f"{self.distribution} {self.version} does not work with numpy {numpy_version}, "
                f'only below {self.numpy_below}: run `pip install "numpy<{self.numpy_below}"`.'
            )
        return None


def _installed_version(distribution: str) -> str:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return ""
