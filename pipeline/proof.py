"""Proof that a changed model computes what it did: TensorFlow Lite Micro's interpreter runs both, byte for byte."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from edgewright.pipeline.arena import measure_host_arena
from edgewright.pipeline.cache import Cache
from edgewright.pipeline.code import code_digest
from edgewright.pipeline.digest import digest_bytes, package_versions
from edgewright.pipeline.errors import InterpreterError
from edgewright.pipeline.figures import Figures
from edgewright.pipeline.frameworks import VERSIONED_PACKAGES
from edgewright.pipeline.golden import random_inputs, sample_shape
from edgewright.pipeline.graph import Graph, input_tensors
from edgewright.pipeline.interpreters import Array, Request, run, tflm_engine
from edgewright.pipeline.vocabulary import GoldenVectors

COMPARED = 100
"""Inputs on which the outputs must be equal: golden vectors, at most half of them, and random ones."""
MODULES = ("proof.py", "golden.py", "interpreters", "graph", "arena")
RECORD = "proof.json"


class Proof(Figures):
    """What comparing two models showed, as it is kept."""

    compared_inputs: int
    host_arena_bytes: int
    """The smallest arena in which the second one works on this computer."""


def prove_equal(
    before: bytes, after: bytes, graph: Graph, *, vectors: GoldenVectors, seed: int, cache: Cache, what: str
) -> Proof:
    """Compare the outputs of a model and of what was made of it, and measure the arena of the latter.

    Args:
        before: a model.
        after: one with the same inputs and outputs.
        graph: of either of them, for its inputs.
        vectors: inputs that matter.
        seed: of the random inputs that are added.
        cache: where the result is kept.
        what: was done to the model, for the error's sentence.

    Raises:
        InterpreterError: TFLM refuses one of the models, or the outputs differ.
    """
    inputs = comparison_inputs(graph, vectors, seed)
    ingredients = {
        "kind": "proof",
        "models": [digest_bytes(before), digest_bytes(after)],
        "inputs": [digest_bytes(array.tobytes()) for array in inputs],
        "code": code_digest(MODULES),
        "versions": package_versions(VERSIONED_PACKAGES),
    }

    def make(folder: Path) -> None:
        proof = _compare(before, after, inputs, what)
        (folder / RECORD).write_text(proof.model_dump_json(indent=1) + "\n", encoding="utf-8")

    folder = cache.obtain(ingredients, make)
    return Proof.model_validate_json((folder / RECORD).read_text(encoding="utf-8"))


def comparison_inputs(graph: Graph, vectors: GoldenVectors | None, seed: int) -> tuple[Array, ...]:
    """Return one array (100, *sample shape) for each input: golden vectors first, then random ones."""
    given = vectors.inputs[: COMPARED // 2] if vectors else ()
    drawn = random_inputs(graph, seed, COMPARED - len(given))
    return tuple(
        np.concatenate([*(row[position].reshape(1, *sample_shape(tensor)) for row in given), array])
        for position, (tensor, array) in enumerate(zip(input_tensors(graph), drawn, strict=True))
    )


def _compare(before: bytes, after: bytes, inputs: tuple[Array, ...], what: str) -> Proof:
    expected, actual = (
        run(Request(engine=tflm_engine(), tflite=tflite, inputs=inputs)).outputs for tflite in (before, after)
    )
    differing = differing_samples(expected, actual)
    if differing:
        raise InterpreterError(
            f"TensorFlow Lite Micro gives other outputs for {differing} of {len(inputs[0])} inputs {what}; this is a "
            "defect of edgewright, and nothing was written: please report it with the .tflite."
        )
    return Proof(compared_inputs=len(inputs[0]), host_arena_bytes=measure_host_arena(after))


def differing_samples(expected: tuple[Array, ...], actual: tuple[Array, ...]) -> int:
    """Count the samples of which some output differs in a byte."""
    differs = np.zeros(len(expected[0]), bool)
    for one, other in zip(expected, actual, strict=True):
        differs |= [left.tobytes() != right.tobytes() for left, right in zip(one, other, strict=True)]
    return int(differs.sum())
