"""Small models to convert, and one cache for all of their conversions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from support.conversions import build_model, samples_for

from edgewright.pipeline.cache import Cache
from edgewright.pipeline.conversion import Flavour, obtain_conversion
from edgewright.pipeline.models import save_model


@pytest.fixture(scope="session")
def model_path(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """A function that saves a small model of that name, once, and returns its path."""
    folder = tmp_path_factory.mktemp("models")

    def save(name: str) -> Path:
        path = folder / f"{name}.keras"
        if not path.is_file():
            save_model(build_model(name), path)
        return path

    return save


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Cache:
    """One cache for all tests."""
    return Cache(root=tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="session")
def converted(model_path: Callable[[str], Path], cache: Cache) -> Callable[[str, Flavour], Path]:
    """A function that converts a small model to a flavour, once, and returns the `.tflite`."""

    def convert(name: str, flavour: Flavour) -> Path:
        path = model_path(name)
        return obtain_conversion(cache, path, flavour, lambda: samples_for(path), "random") / "model.tflite"

    return convert
