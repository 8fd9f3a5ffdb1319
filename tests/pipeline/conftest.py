"""Small Keras 2 networks and data for them, made once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

import pytest
from support.digits import tiny_arrays, write_npz
from support.stages import BUILDERS, CLASSES, SHAPE, run_stage, stage_named


@pytest.fixture(scope="session")
def small_models(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    """A plain, a residual and a depthwise network as the source step leaves them, by name."""
    from edgewright.pipeline.frameworks import load_keras, seed_everything
    from edgewright.pipeline.models import save_model

    folder = tmp_path_factory.mktemp("small")
    paths = {name: folder / f"{name}.keras" for name in BUILDERS}
    for name, path in paths.items():
        seed_everything(7)
        save_model(BUILDERS[name](load_keras()), path)
    return paths


@pytest.fixture(scope="session")
def small_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A few random samples of the small networks' shape and classes."""
    return write_npz(tmp_path_factory.mktemp("small_data") / "data.npz", tiny_arrays(SHAPE, CLASSES))


@pytest.fixture(scope="session")
def artefact(
    tmp_path_factory: pytest.TempPathFactory, small_models: Mapping[str, Path], small_data: Path
) -> Callable[[str, str], Path]:
    """A function that gives the artefact of a stage, with quick settings, from one of the small models."""

    @cache
    def make(stage: str, model: str) -> Path:
        return run_stage(stage_named(stage), small_models[model], small_data, tmp_path_factory.mktemp(stage))

    return make
