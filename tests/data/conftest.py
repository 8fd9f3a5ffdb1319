"""A cache, and arrays that are saved, opened and loaded again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy.typing as npt
import pytest
from support.digits import write_npz
from support.small_data import SMALL

from edgewright.pipeline.cache import Cache
from edgewright.pipeline.data import Data, open_data


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    """An empty cache."""
    return Cache(root=tmp_path / "cache")


@pytest.fixture
def load(tmp_path: Path, cache: Cache) -> Callable[..., Data]:
    """A function that saves arrays, some of them replaced, and opens and loads them again."""

    def save_and_load(**changed: npt.ArrayLike) -> Data:
        write_npz(tmp_path / "data.npz", SMALL, **changed)
        return open_data("data.npz", tmp_path, cache).load()

    return save_and_load
