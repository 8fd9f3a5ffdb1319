"""Where a revision of TensorFlow Lite Micro takes its arena in another way than the one that was measured in full."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated

from pydantic import Field, RootModel

from edgewright.pipeline.errors import TargetError
from edgewright.pipeline.target import Facts
from edgewright.pipeline.tomlfile import read_toml_as
from edgewright.pipeline.vocabulary import Kernels

ARENA_REVISIONS = Path(str(files("edgewright.pipeline"))) / "facts" / "arena_revisions.toml"
TFLM_REVISION = "90b983c2"
"""Commit of tensorflow/tflite-micro whose sizes were measured."""

Bytes = Annotated[int, Field(gt=0)]


class Revision(Facts):
    """One revision's differences."""

    kernels: Kernels | None = None
    """Whose kernels it has, whatever the family says; None leaves that to the family."""
    is_of_2022: bool = False
    """Whether its kernels are from before CMSIS-NN's shortcut for a depthwise convolution of 3x3."""
    mean_asks_for_axes: bool = True
    """Whether a mean or a sum asks for scratch for its axes as well."""
    kernel_data: Mapping[str, Bytes] = {}
    wide_enums: Mapping[str, Bytes] = {}
    """Of parsed options."""
    short_enums: Mapping[str, Bytes] = {}


MEASURED = Revision()
"""The one without differences."""


class Revisions(RootModel[dict[str, Revision]]):
    """All of them: `facts/arena_revisions.toml`."""


@cache
def load_revisions() -> Revisions:
    """Load the measured differences.

    Raises:
        TargetError: the file is broken.
    """
    return read_toml_as(ARENA_REVISIONS, Revisions, TargetError)


def find_revision(name: str) -> Revision:
    """Return the differences of a revision; none where it takes what the measured one takes."""
    return load_revisions().root.get(name, MEASURED)
