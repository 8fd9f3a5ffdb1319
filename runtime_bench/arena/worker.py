"""Builds networks with seeded weights and converts them, all in one process, where TensorFlow is loaded once."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from edgewright.pipeline.conversion import Flavour
from edgewright.pipeline.conversion.worker import convert_here
from edgewright.pipeline.frameworks import KerasModel, seed_everything
from edgewright.pipeline.graph import read, require_full_integer, strip, write
from edgewright.pipeline.models import adopt_model, input_shapes, prepare_conversion
from edgewright.runtime_bench.arena.subjects import SUBJECTS

SAMPLES = 8
"""Random ones; they decide scales, and no plan depends on these."""


def main(arguments: list[str]) -> None:
    """Leave NAME.tflite in a folder.

    Args:
        arguments: the folder, the seed of weights and samples, then the networks' names.
    """
    folder, seed, *names = arguments
    for number, name in enumerate(names, start=1):
        print(f"converting {number}/{len(names)} {name}", flush=True)
        seed_everything(int(seed))
        model = adopt_model(SUBJECTS[name](), name).model
        (Path(folder) / f"{name}.tflite").write_bytes(_convert(model, int(seed)))


def _convert(model: KerasModel, seed: int) -> bytes:
    generator = np.random.default_rng(seed)
    samples = [generator.normal(size=(SAMPLES, *shape)).astype(np.float32) for shape in input_shapes(model)]
    graph = read(convert_here(prepare_conversion(model), samples, Flavour()), source="the converter's result")
    require_full_integer(graph, "the converter's result")
    return write(strip(graph))


if __name__ == "__main__":
    main(sys.argv[1:])
