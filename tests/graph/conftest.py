"""What the tests of the graph share: the reference models, where they are at hand, and a graph made by hand."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.graphs import tiny_graph

from edgewright.pipeline.graph import Graph

MODELS = Path(__file__).resolve().parents[3] / "shared" / "models"


@pytest.fixture(scope="session")
def reference_models() -> tuple[Path, ...]:
    """Find the reference models beside the clone."""
    found = tuple(sorted(MODELS.rglob("*.tflite")))
    if not found:
        pytest.skip(f"needs the reference models in {MODELS}")
    return found


@pytest.fixture(scope="session")
def tiny() -> Graph:
    """Make a small int8 network."""
    return tiny_graph()
