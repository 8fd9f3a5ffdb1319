"""A user's folder with a build in it that no failing command may touch."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.command import snapshot
from support.digits import CONVERT_ALONE, tiny_arrays, write_npz

from edgewright.pipeline.output import write_tree


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Path]:
    """A working folder with data, a recipe and an earlier build, which must be as it was when the test ends."""
    folder = tmp_path / "desk"
    folder.mkdir()
    write_npz(folder / "good.npz", tiny_arrays())
    (folder / "convert.toml").write_text(CONVERT_ALONE)
    earlier = {"model.tflite": b"TFL3", "firmware/main/app_main.cc": b"int main() {}\n"}
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in earlier.items()}
    write_tree(folder / "out", {**earlier, "manifest.json": json.dumps({"outputs": digests}).encode()})
    before = snapshot(folder / "out")
    yield folder
    assert before == snapshot(folder / "out")
    assert [] == sorted(path.name for path in folder.glob(".*"))
