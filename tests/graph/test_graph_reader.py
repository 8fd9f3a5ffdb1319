"""Reading: what a sound model gives, and the one sentence that each defect raises."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.graphs import Draft
from support.schemas import load_schema, repack, schema_path

from edgewright.pipeline.errors import TfliteError
from edgewright.pipeline.graph import DType, Graph, buffer_positions, read, write


@pytest.fixture(scope="module")
def schema() -> Any:
    """Load the official schema, to make models that our own writer refuses to make."""
    path = schema_path("tflite_micro")
    assert path is not None
    return load_schema(path)


def test_a_published_model_is_read(reference_models: tuple[Path, ...]) -> None:
    """Operators, shapes and quantization of the keyword-spotting reference model are those of its publication."""
    path = next(path for path in reference_models if path.name == "kws_ref_model.tflite")
    graph = read(path.read_bytes(), source=path.name)
    ops = [operator.op for operator in graph.main.operators]
    assert ops == [
        "CONV_2D",
        *["DEPTHWISE_CONV_2D", "CONV_2D"] * 4,
        "AVERAGE_POOL_2D",
        "RESHAPE",
        "FULLY_CONNECTED",
        "SOFTMAX",
    ]
    image, scores = (graph.main.tensors[index] for index in graph.main.inputs + graph.main.outputs)
    assert ((1, 49, 10, 1), DType.INT8) == (image.shape, image.dtype)
    assert ((1, 12), 1 / 256, -128) == (scores.shape, scores.quantization.scale, scores.quantization.zero_point)
    filters = graph.main.tensors[graph.main.operators[0].inputs[1]]
    assert filters.quantization.is_per_channel
    assert graph.array(filters).shape == (64, 10, 4, 1)


def test_reading_loads_no_interpreter() -> None:
    """Neither TensorFlow nor an interpreter is imported for it, in a process that imports the reader alone."""
    program = """
import sys
from edgewright.pipeline.graph import read, write
from support.graphs import tiny_graph
read(write(tiny_graph()))
print(sorted({"tensorflow", "tf_keras", "tflite_runtime", "ai_edge_litert", "tflite_micro"} & set(sys.modules)))
"""
    tests = Path(__file__).parents[1]
    finished = subprocess.run([sys.executable, "-c", program], cwd=tests, capture_output=True, text=True, check=True)
    assert "[]" == finished.stdout.strip()


def test_a_megabyte_is_read_in_half_a_second() -> None:
    """A model of 1,000 layers and a megabyte of weights is read well within the limit."""
    draft = Draft()
    value = draft.input((1, 32))
    for index in range(1000):
        weights = draft.constant(np.full((32, 32), index % 100))
        value = draft.operator("FULLY_CONNECTED", (value, weights), (1, 32), options_type="FullyConnectedOptions")
    content = write(draft.graph(value))
    assert len(content) > 1_000_000
    started = time.process_time()
    graph = read(content)
    assert time.process_time() - started < 0.5
    assert len(graph.main.operators) == 1000


def _set(path: str, value: object) -> Callable[[Any], None]:
    """Make a change that sets one attribute of the official objects."""

    def change(model: Any) -> None:
        target, wanted = model, value
        *steps, last = path.split(".")
        if last.isdigit():  # the generated objects hold vectors as read-only arrays
            position, last = int(last), steps.pop()
        else:
            position = None
        for step in steps:
            target = target[int(step)] if step.isdigit() else getattr(target, step)
        if position is not None:
            wanted = list(getattr(target, last))
            wanted[position] = value
        setattr(target, last, wanted)

    return change


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("version", 2, "its schema version is 2, and only 3 is accepted"),
        ("subgraphs", [], "has no subgraph"),
        ("operatorCodes.0.builtinCode", 9999, "is the builtin 9999, and edgewright knows 0 to 209"),
        ("operatorCodes.0.builtinCode", 32, "a custom operator without a name"),
        ("operatorCodes", [], "has the code 0, and the model lists 0 codes"),
        ("subgraphs.0.operators.1.opcodeIndex", 77, "operator 1 of subgraph 0 has the code 77"),
        ("subgraphs.0.operators.0.builtinOptionsType", 200, "holds a table of type 200, and edgewright knows 1 to 126"),
        ("subgraphs.0.operators.0.builtinOptions", None, "promises Conv2DOptions but does not hold it"),
        ("subgraphs.0.operators.0.builtinOptionsType", 0, "operator 0 CONV_2D lacks its Conv2DOptions"),
        ("subgraphs.0.operators.0.builtinOptions2Type", 200, "type 200, and edgewright knows 1 to 23"),
        ("subgraphs.0.operators.0.inputs.1", 10, "operator 0 CONV_2D names tensor 10, and there are 10"),
        ("subgraphs.0.operators.0.inputs.1", -2, "operator 0 CONV_2D names tensor -2"),
        ("subgraphs.0.operators.0.outputs.0", -1, "operator 0 CONV_2D names tensor -1"),
        ("subgraphs.0.operators.0.inputs.0", 5, "operator 0 CONV_2D reads tensor 5 'flat' before any"),
        ("subgraphs.0.operators.1.outputs.0", 3, "operator 1 RESHAPE writes tensor 3 'maps', which is an input"),
        ("subgraphs.0.operators.1.outputs.0", 1, "writes tensor 1 'filters', which is an input, a constant"),
        ("subgraphs.0.operators.0.customOptionsFormat", 1, "in a format other than flexbuffers"),
        ("operatorCodes.0.version", -1, "operator 0 CONV_2D has the version -1"),
        ("subgraphs.0.inputs.0", 99, "the graph names tensor 99, and there are 10"),
        ("subgraphs.0.outputs.0", -1, "the graph names tensor -1, and there are 10"),
        ("subgraphs.0.tensors.1.type", 23, "tensor 1 of subgraph 0 has the element type 23"),
        ("subgraphs.0.tensors.1.type", -1, "tensor 1 of subgraph 0 has the element type -1"),
        ("subgraphs.0.tensors.1.buffer", 99, "tensor 1 'filters' names buffer 99, and there are 6"),
        ("subgraphs.0.tensors.1.externalBuffer", 1, "keeps its content in a separate file"),
        ("subgraphs.0.tensors.0.shape", [1, -4, 4, 2], "shape [1, -4, 4, 2] with a negative extent"),
        ("subgraphs.0.tensors.0.shape", [2**16, 2**15], "shape [65536, 32768] of more than 2^31 - 1 elements"),
        ("subgraphs.0.tensors.0.shape", [0, 2**31 - 1, 2], "of more than 2^31 - 1 elements"),
        ("subgraphs.0.tensors.0.shape", [1] * 33, "has 33 dimensions, and at most 32 are accepted"),
        ("subgraphs.0.tensors.0.shapeSignature", [-1, 4], "has 4 dimensions, but its shape signature has 2"),
        ("subgraphs.0.tensors.0.shapeSignature", [-2, 4, 4, 2], "impossible shape signature [-2, 4, 4, 2]"),
        ("subgraphs.0.tensors.1.shape", [4, 3, 3, 3], "takes 108 bytes, but its buffer has 72"),
        ("subgraphs.0.tensors.1.type", 2, "tensor 1 'filters' of int32 [4, 3, 3, 2] takes 288 bytes"),
        ("subgraphs.0.tensors.1.isVariable", True, "is a variable but has 72 constant bytes"),
        ("subgraphs.0.tensors.1.quantization.zeroPoint", [0], "has 4 scales but 1 zero points"),
        ("subgraphs.0.tensors.1.quantization.scale", [-1.0] * 4, "a scale that is negative or not finite"),
        ("subgraphs.0.tensors.1.quantization.scale", [float("nan")] * 4, "a scale that is negative or not finite"),
        ("subgraphs.0.tensors.1.quantization.zeroPoint", [2**31] * 4, "zero point that does not fit 32 bits"),
        ("subgraphs.0.tensors.1.quantization.quantizedDimension", 1, "has 4 scales along axis 1"),
        ("subgraphs.0.tensors.1.quantization.quantizedDimension", -1, "has 4 scales along axis -1"),
        ("subgraphs.0.tensors.1.quantization.quantizedDimension", 4, "has 4 scales along axis 4"),
        ("subgraphs.0.tensors.1.quantization.min", [float("nan")], "has a recorded range that is not a number"),
        ("subgraphs.0.operators.3.builtinOptions.beta", float("nan"), "has the option beta = nan, and a finite"),
        ("subgraphs.0.operators.3.builtinOptions.beta", float("inf"), "has the option beta = inf, and a finite"),
        ("metadataBuffer", [7], "the list of metadata buffers names buffer 7, and there are 6"),
        ("buffers.0.offset", 5000, "claims 0 bytes from byte 5000 on, beyond the file's end"),
    ],
)
def test_a_defect_is_refused_with_a_sentence(tiny: Graph, path: str, value: object, message: str) -> None:
    """Each rule that a model can break raises a sentence that starts with the file's name and says what to do."""
    content = repack(write(tiny), _set(path, value))
    with pytest.raises(TfliteError, match=re.escape(message)) as caught:
        read(content, source="model.tflite")
    assert str(caught.value).startswith("model.tflite")
    assert re.search(r"[Cc]onvert", str(caught.value))


def test_external_buffers_are_refused(tiny: Graph, schema: Any) -> None:
    """A model that keeps its weights beside the file is not one file."""

    def change(model: Any) -> None:
        model.externalBuffers = [schema.ExternalBufferT()]

    with pytest.raises(TfliteError, match="keeps its weights in separate files"):
        read(repack(write(tiny), change))


@pytest.mark.parametrize(
    ("subgraph", "tensor", "message"),
    [(1, 0, r"signature 'a\n' names subgraph 1"), (0, 10, r"signature 'a\n' names tensor 10")],
)
def test_signatures_name_what_exists(tiny: Graph, schema: Any, subgraph: int, tensor: int, message: str) -> None:
    """A signature of a subgraph or tensor that does not exist is refused; its name is printed escaped."""

    def change(model: Any) -> None:
        entry, signature = schema.TensorMapT(), schema.SignatureDefT()
        entry.name, entry.tensorIndex = "x", tensor
        signature.signatureKey, signature.subgraphIndex, signature.inputs = "a\n", subgraph, [entry]
        model.signatureDefs = [signature]

    with pytest.raises(TfliteError, match=re.escape(message)):
        read(repack(write(tiny), change))


def test_metadata_names_what_exists(tiny: Graph, schema: Any) -> None:
    """A metadata entry of a buffer that does not exist is refused."""

    def change(model: Any) -> None:
        entry = schema.MetadataT()
        entry.name, entry.buffer = "plan", 6
        model.metadata = [entry]

    with pytest.raises(TfliteError, match="metadata 'plan' names buffer 6, and there are 6"):
        read(repack(write(tiny), change))


def test_content_after_the_flatbuffer_is_read(tiny: Graph) -> None:
    """A buffer that a very large model keeps behind the flatbuffer is found by its position."""
    filters = tiny.buffers[1]
    end = len(repack(write(tiny), _set("buffers.1.data", None))) + 64
    for _ in range(2):

        def change(model: Any, start: int = end) -> None:
            model.buffers[1].data, model.buffers[1].offset, model.buffers[1].size = None, start, len(filters)

        content = repack(write(tiny), change)
        end = len(content)
    assert filters == read(content + filters).buffers[1]
    with pytest.raises(TfliteError, match="beyond the file's end"):
        read(content + filters[:-1])


@pytest.mark.parametrize(("deprecated", "builtin"), [(101, 0), (0, 101), (101, 101), (-5, 101), (127, 158), (0, 158)])
def test_the_greater_of_both_operator_codes_holds(deprecated: int, builtin: int) -> None:
    """Old files fill the deprecated field only, new ones both; the greater is the operator."""
    draft = Draft()
    graph = draft.graph(draft.operator("ABS", [draft.input((1,))], (1,)))

    def change(model: Any) -> None:
        model.operatorCodes[0].deprecatedBuiltinCode, model.operatorCodes[0].builtinCode = deprecated, builtin

    expected = {101: "ABS", 158: "SIGN"}[max(deprecated, builtin)]
    assert expected == read(repack(write(graph), change)).main.operators[0].op


def test_constants_without_elements_may_be_read() -> None:
    """A reshape to a scalar takes a shape tensor of no elements, whose buffer is empty."""
    draft = Draft()
    value, shape = draft.input((1, 1)), draft.constant([], DType.INT32)
    graph = draft.graph(draft.operator("RESHAPE", (value, shape), (), options_type="ReshapeOptions"))
    assert graph.main.outputs == read(write(graph)).main.outputs


def test_variables_may_be_read_before_they_are_written() -> None:
    """A variable keeps its value from run to run, so nothing has to compute it first."""
    draft = Draft()
    state = draft.tensor((1, 4), is_variable=True)
    graph = draft.graph(draft.operator("ADD", (draft.input((1, 4)), state), (1, 4)))
    assert graph.main.operators[0].inputs == read(write(graph)).main.operators[0].inputs


def test_float_quantization_tables_without_scales_mean_none(tiny: Graph) -> None:
    """Converters attach empty quantization to float tensors; calibrated ranges are kept beside it."""

    def change(model: Any) -> None:
        quantization = model.subgraphs[0].tensors[0].quantization
        quantization.scale, quantization.zeroPoint, quantization.min, quantization.max = None, None, [-1.5], [2.0]

    tensor = read(repack(write(tiny), change)).main.tensors[0]
    assert (None, (-1.5,), (2.0,)) == (tensor.quantization, tensor.minimums, tensor.maximums)


def test_subgraphs_that_operators_call_exist() -> None:
    """A loop names its condition and body; one that does not exist is refused."""
    draft = Draft()
    options = {"cond_subgraph_index": 0, "body_subgraph_index": 1}
    output = draft.operator("WHILE", [draft.input((1,))], (1,), options_type="WhileOptions", options=options)
    with pytest.raises(
        TfliteError, match="operator 0 WHILE names subgraph 1 as its body_subgraph_index, and there are 1"
    ):
        write(draft.graph(output))


def test_an_operator_with_foreign_options_is_refused(tiny: Graph) -> None:
    """A convolution with a pooling's options would leave every reader of its strides guessing."""
    draft = Draft()
    output = draft.operator("CONV_2D", [draft.input((1,))], (1,), options_type="Pool2DOptions")
    with pytest.raises(TfliteError, match="carries Pool2DOptions, and only Conv2DOptions is accepted"):
        write(draft.graph(output))


def test_names_from_the_file_are_printed_short_and_escaped() -> None:
    """A name with control characters, or of a megabyte, does not reach the terminal as it is."""
    draft = Draft()
    draft.tensor((1,), name="\x1b[31m" + "x" * 1_000_000)
    draft.operator("ABS", [0], (1,))
    with pytest.raises(TfliteError) as caught:
        write(draft.graph())
    assert len(str(caught.value)) < 300
    assert "\x1b" not in str(caught.value)


@pytest.mark.parametrize("alignment", [4, 16, 64])
def test_positions_lead_to_the_content_of_buffers(tiny: Graph, alignment: int) -> None:
    """Each buffer that is not empty begins where it is said to, aligned as it was written."""
    data = write(tiny, buffer_alignment=alignment)

    positions = buffer_positions(data)

    assert [bool(content) for content in tiny.buffers] == [position is not None for position in positions]
    for content, position in zip(tiny.buffers, positions, strict=True):
        if position is not None:
            assert (content, 0) == (data[position : position + len(content)], position % alignment)
