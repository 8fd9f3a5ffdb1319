"""A refusal of TensorFlow Lite Micro names the layers of the model that was given."""

from __future__ import annotations

import pytest
from support.models import two_layer_tflite

from edgewright.pipeline.errors import InterpreterError
from edgewright.pipeline.graph import Graph, read
from edgewright.pipeline.refusal import refused_layers, with_layers

LAYERS = ("hidden", "classes")


@pytest.fixture(scope="module")
def graph() -> Graph:
    """Two FULLY_CONNECTED operators."""
    return read(two_layer_tflite())


@pytest.mark.parametrize(
    ("log", "expected"),
    [
        ("exp.cc:41 wrong type\nNode FULLY_CONNECTED (number 1) failed to prepare with status 1", ("classes",)),
        ("Node FULLY_CONNECTED (number 0f) failed to invoke with status 1", ("hidden",)),
        ("Didn't find op for builtin opcode 'FULLY_CONNECTED'", ("hidden", "classes")),
        ("Didn't find op for builtin opcode 'GELU'", ()),
        ("", ()),
    ],
)
def test_layers_are_found_by_number_or_by_operator(log: str, expected: tuple[str, ...], graph: Graph) -> None:
    """A node that failed is one layer, an operator that is missing all the layers that became one."""
    assert expected == refused_layers(log, graph, LAYERS)


def test_a_refusal_begins_with_its_layers(graph: Graph) -> None:
    """The sentence of the interpreter follows the layers' names; one that tells of no layer stays as it is."""
    error = InterpreterError("The interpreter refused the model.")
    assert error is with_layers(error, graph, LAYERS)
    error.log = "Didn't find op for builtin opcode 'FULLY_CONNECTED'"
    expected = 'The layers "hidden", "classes" cannot run on a microcontroller: The interpreter refused the model.'
    assert expected == str(with_layers(error, graph, LAYERS))
