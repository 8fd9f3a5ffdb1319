"""One model, converted with a scale for each channel and with one for each tensor, and the stage's choice between."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from support.scales import save_spoiled
from support.stages import run_stage, stage_named

from edgewright.pipeline.cache import Cache
from edgewright.pipeline.conversion import TFLITE, Flavour, obtain_conversion

Convert = Callable[[Flavour], Path]


@dataclass(frozen=True, kw_only=True)
class Spoiled:
    """The model, its samples, and a cache of its conversions."""

    model: Path
    data: Path
    cache: Cache


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """What the stage left."""

    path: Path
    notes: list[str]


@pytest.fixture(scope="session")
def spoiled(tmp_path_factory: pytest.TempPathFactory) -> Spoiled:
    """A model of which one layer needs its channels' scales."""
    model, data = save_spoiled(tmp_path_factory.mktemp("spoiled"))
    return Spoiled(model=model, data=data, cache=Cache(root=tmp_path_factory.mktemp("cache")))


@pytest.fixture(scope="session")
def converted(spoiled: Spoiled) -> Convert:
    """A function that converts it to a flavour, once, with the first samples."""
    with np.load(spoiled.data) as arrays:
        samples = (arrays["x_train"][:50],)

    def convert(flavour: Flavour) -> Path:
        return obtain_conversion(spoiled.cache, spoiled.model, flavour, lambda: samples, "first") / TFLITE

    return convert


@pytest.fixture(scope="session")
def chosen(spoiled: Spoiled, tmp_path_factory: pytest.TempPathFactory) -> Chosen:
    """What the stage `convert` makes of it with scales = "auto"."""
    notes: list[str] = []
    path = run_stage(
        stage_named("convert"), spoiled.model, spoiled.data, tmp_path_factory.mktemp("chosen"), notes=notes,
        cache=spoiled.cache, representative_count=50, scales="auto",
    )  # fmt: skip
    return Chosen(path=path, notes=notes)
