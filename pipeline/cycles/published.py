"""What others measured and published: one file a system in `facts/cycles/`, and the networks that they measured."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated

from pydantic import Field, RootModel, model_validator

from edgewright.pipeline.cycles.classes import MacClass
from edgewright.pipeline.errors import TargetError, nearest
from edgewright.pipeline.target import Facts
from edgewright.pipeline.tomlfile import read_toml_as
from edgewright.pipeline.vocabulary import Kernels

FOLDER = Path(str(files("edgewright.pipeline"))) / "facts" / "cycles"
NETWORKS = "networks.toml"


class NetworkMacs(Facts):
    """Multiply-accumulates of one published network, by class."""

    title: str
    convolution: Annotated[int, Field(ge=0)] = 0
    pointwise: Annotated[int, Field(ge=0)] = 0
    depthwise: Annotated[int, Field(ge=0)] = 0
    fully_connected: Annotated[int, Field(ge=0)] = 0

    @property
    def counts(self) -> dict[MacClass, int]:
        """The same by class."""
        return {one: getattr(self, one.value) for one in MacClass}


class _NetworkTable(RootModel[dict[str, NetworkMacs]]):
    """`networks.toml`: networks by name."""


class Measurement(Facts):
    """One network on one system, as it was published: one of the two figures."""

    network: str
    inferences_per_second: Annotated[float, Field(gt=0)] | None = None
    latency_ms: Annotated[float, Field(gt=0)] | None = None

    @model_validator(mode="after")
    def _has_one_figure(self) -> Measurement:
        if (self.inferences_per_second is None) == (self.latency_ms is None):
            raise ValueError("inferences_per_second, latency_ms: one of the two is needed; give what was published")
        return self

    @property
    def seconds(self) -> float:
        """Of one inference."""
        return self.latency_ms / 1e3 if self.latency_ms is not None else 1 / (self.inferences_per_second or 1)


class Reference(Facts):
    """One system that somebody measured: a file of `facts/cycles/`."""

    name: str = ""
    kernels: Kernels
    core: str
    """As targets call it."""
    plain_c: bool = False
    """Whether optimized kernels were compiled to their plain C, as `CONFIG_NN_ANSI_C` does."""
    board: str
    clock_hz: Annotated[int, Field(gt=0)]
    software: str
    source: str
    """Address of what was published."""
    published: str
    """Which figure of it."""
    is_fitted: bool = True
    """Whether rates come from it; else estimates are held against it alone, since its kernels are older than ours."""
    measurements: Annotated[tuple[Measurement, ...], Field(min_length=1)]

    def cycles(self, measurement: Measurement) -> float:
        """Return what one inference took."""
        return measurement.seconds * self.clock_hz


@cache
def load_networks(folder: Path = FOLDER) -> Mapping[str, NetworkMacs]:
    """Return the published networks by name.

    Raises:
        TargetError: the file is broken.
    """
    return read_toml_as(folder / NETWORKS, _NetworkTable, TargetError).root


@cache
def load_references(folder: Path = FOLDER) -> tuple[Reference, ...]:
    """Return every system, by name.

    Raises:
        TargetError: a file is broken, or names a network that `networks.toml` does not have.
    """
    found = []
    for path in sorted(folder.glob("*.toml")):
        if path.name != NETWORKS:
            found.append(read_toml_as(path, Reference, TargetError, name=path.stem))
            for one in found[-1].measurements:
                if one.network not in load_networks(folder):
                    known = nearest(one.network, list(load_networks(folder)))
                    raise TargetError(f'{path}: measurements: unknown network "{one.network}"; {known}.')
    return tuple(found)
