"""The tiny model that other tests emit: its golden outputs are those of TensorFlow Lite Micro."""

from __future__ import annotations

import numpy as np

from edgewright.pipeline.graph import read
from edgewright.pipeline.interpreters import Request, run, tflm_engine
from edgewright.pipeline.vocabulary import EmissionModel


def test_tiny_model_outputs(tiny: EmissionModel) -> None:
    """TFLM's own interpreter computes the outputs that were written down."""
    inputs = np.concatenate([arrays[0] for arrays in tiny.vectors.inputs])
    (outputs,) = run(Request(engine=tflm_engine(), tflite=tiny.tflite, inputs=(inputs,))).outputs
    assert [arrays[0].reshape(3).tolist() for arrays in tiny.vectors.outputs] == outputs.reshape(-1, 3).tolist()


def test_tiny_model_reads_back(tiny: EmissionModel) -> None:
    """The graph from which the file was written is what the file holds, floats rounded to 32 bits."""
    found = read(tiny.tflite)
    assert [operator.op for operator in tiny.graph.main.operators] == [operator.op for operator in found.main.operators]
    assert tiny.graph.buffers == found.buffers
