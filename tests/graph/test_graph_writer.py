"""Writing a graph: what is read back, by us, by the official schema, and by interpreters."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from support.graph_strategies import TABLES, graphs, table_values
from support.graphs import Draft
from support.schemas import load_schema, repack, schema_path

from edgewright.pipeline.errors import TfliteError
from edgewright.pipeline.graph import DType, Graph, Metadata, OptionValue, Signature, read, write

RUN_ALL = """
import json, sys
import numpy as np

def run(engine, content, seed):
    random = np.random.default_rng(seed)
    if engine == "tflm":
        from tflite_micro.python.tflite_micro import runtime
        interpreter = runtime.Interpreter.from_bytes(content)
        shape = interpreter.get_input_details(0)["shape"]
        interpreter.set_input(random.integers(-128, 128, shape).astype(np.int8), 0)
        interpreter.invoke()
        return interpreter.get_output(0)
    try:
        from tflite_runtime.interpreter import Interpreter
    except ImportError:
        from ai_edge_litert.interpreter import Interpreter
    interpreter = Interpreter(model_content=content, num_threads=1)
    interpreter.allocate_tensors()
    entry = interpreter.get_input_details()[0]
    interpreter.set_tensor(entry["index"], random.integers(-128, 128, entry["shape"]).astype(np.int8))
    interpreter.invoke()
    return interpreter.get_tensor(interpreter.get_output_details()[0]["index"])

for path in json.loads(sys.argv[2]):
    content = open(path, "rb").read()
    print(json.dumps([run(sys.argv[1], content, seed).tobytes().hex() for seed in range(3)]))
"""


def _outputs(engine: str, paths: list[Path]) -> list[str]:
    """Run models on three random inputs each, in a process of its own."""
    arguments = [sys.executable, "-c", RUN_ALL, engine, json.dumps([str(path) for path in paths])]
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.splitlines()


def test_every_reference_model_survives_a_rewrite(reference_models: tuple[Path, ...]) -> None:
    """Reading what was written gives the graph that was written, twice, and the same bytes each time."""
    for path in reference_models:
        graph = read(path.read_bytes(), source=path.name)
        written = write(graph)
        assert graph == read(written)
        assert written == write(read(written))


@pytest.mark.parametrize("engine", ["tflm", "tflite"])
def test_interpreters_compute_the_same_from_a_rewritten_model(
    engine: str, reference_models: tuple[Path, ...], tiny: Graph, tmp_path: Path
) -> None:
    """Outputs of every reference model are byte-equal before and after a rewrite."""
    written = []
    for index, path in enumerate(reference_models):
        written.append(tmp_path / f"{index}.tflite")
        written[-1].write_bytes(write(read(path.read_bytes())))
    originals = _outputs(engine, list(reference_models))
    assert originals == _outputs(engine, written)
    assert len(set(originals)) == len(originals)
    (tmp_path / "tiny.tflite").write_bytes(write(tiny))
    assert len(_outputs(engine, [tmp_path / "tiny.tflite"])) == 1


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(graph=graphs())
def test_any_graph_survives_a_rewrite(graph: Graph) -> None:
    """Whatever the schema allows comes back equal."""
    assert graph == read(write(graph))


@pytest.mark.full
@settings(max_examples=3000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(graph=graphs())
def test_many_graphs_survive_a_rewrite(graph: Graph) -> None:
    """Whatever the schema allows comes back equal, on a larger sample, whatever the alignment."""
    for alignment in (4, 64):
        assert graph == read(write(graph, buffer_alignment=alignment))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(graph=graphs())
def test_the_official_schema_reads_what_we_write(graph: Graph) -> None:
    """A model that TFLM's generated schema unpacks and packs again is the same graph to us."""
    assert graph == read(repack(write(graph)))


@pytest.mark.parametrize("name", sorted(TABLES))
def test_every_options_table_survives_the_official_schema(name: str) -> None:
    """Each table's fields, drawn at random, come back from the official schema's own packing."""

    @settings(max_examples=5, deadline=None, database=None)
    @given(values=table_values(TABLES[name]))
    def check(values: Mapping[str, OptionValue]) -> None:
        draft = Draft()
        output = draft.operator("ABS", [draft.input((1,))], (1,), options_type=name, options=values)
        graph = draft.graph(output)
        assert graph == read(repack(write(graph)))

    check()


@pytest.mark.parametrize("alignment", [4, 16, 64])
def test_buffers_are_aligned_from_the_files_start(tiny: Graph, alignment: int) -> None:
    """Every constant of the file starts at a multiple of the alignment, and the identifier stands at byte 4."""
    contents = tuple(bytes([index]) * (37 * index) for index in range(1, 7))
    graph = dataclasses.replace(
        tiny,
        buffers=tiny.buffers + contents,
        metadata=tuple(Metadata(name="m", buffer_index=len(tiny.buffers) + index) for index in range(6)),
    )
    written = write(graph, buffer_alignment=alignment)
    assert b"TFL3" == written[4:8]
    for content in contents:
        assert 0 == written.index(content) % alignment


@pytest.mark.parametrize("alignment", [0, 2, 3, 12, 512, -16])
def test_an_odd_alignment_is_refused(tiny: Graph, alignment: int) -> None:
    """Only powers of two that the format bears are accepted."""
    with pytest.raises(TfliteError, match=r"power of two"):
        write(tiny, buffer_alignment=alignment)


def test_operator_codes_are_written_once(tiny: Graph) -> None:
    """Operators of one kind share a code; a new version is a new code; new operators fill both code fields."""
    draft = Draft()
    value = draft.input((1, 4))
    for _ in range(3):
        value = draft.operator("ABS", [value], (1, 4))
    value = draft.operator("ABS", [value], (1, 4), version=2)
    value = draft.operator("SIGN", [value], (1, 4))
    value = draft.operator("CUSTOM", [value], (1, 4), custom_name="mine")
    path = schema_path("tflite_micro")
    assert path is not None
    model = load_schema(path).ModelT.InitFromPackedBuf(write(draft.graph(value)), 0)
    codes = [(code.deprecatedBuiltinCode, code.builtinCode, code.version) for code in model.operatorCodes]
    assert codes == [(101, 101, 1), (101, 101, 2), (127, 158, 1), (32, 32, 1)]
    assert model.operatorCodes[3].customCode == b"mine"


def test_metadata_and_signatures_are_kept(tiny: Graph) -> None:
    """Names, buffers and tensor indices of metadata and signatures come back."""
    graph = dataclasses.replace(
        tiny,
        buffers=(*tiny.buffers, b"plan"),
        metadata=(Metadata(name="OfflineMemoryAllocation", buffer_index=len(tiny.buffers)),),
        signatures=(Signature(key="serving", subgraph_index=0, inputs=(("x", 0),), outputs=(("y", 9),)),),
    )
    again = read(write(graph))
    assert (graph.metadata, graph.signatures) == (again.metadata, again.signatures)
    assert b"plan" == again.buffers[again.metadata[0].buffer_index]


def test_options_that_are_left_out_take_the_schemas_defaults(tiny: Graph) -> None:
    """A convolution made without dilations has dilations of 1."""
    options = read(write(tiny)).main.operators[0].options
    assert (1, 1, 2) == (options["dilation_w_factor"], options["dilation_h_factor"], options["stride_w"])


@pytest.mark.parametrize(
    ("operator", "message"),
    [
        ({"op": "CONV_4D"}, 'operator "CONV_4D"; did you mean "CONV_3D"'),
        ({"options": {"stride_x": 1}}, 'field "stride_x" in Conv2DOptions; did you mean "stride_w"'),
        ({"options": {"stride_w": 2**31}}, "cannot hold"),
        ({"options": {"stride_w": "two"}}, "cannot hold"),
        ({"op": "ABS", "options_type": "NoOptions"}, "options NoOptions on operator 0 ABS"),
        ({"inputs": (0, 99)}, "names tensor 99, and there are 10"),
    ],
)
def test_what_the_schema_cannot_hold_is_refused(tiny: Graph, operator: dict[str, object], message: str) -> None:
    """Unknown operators, options and fields, values out of range and wrong indices raise one sentence."""
    first = dataclasses.replace(tiny.main.operators[0], **operator)  # type: ignore[arg-type]
    main = dataclasses.replace(tiny.main, operators=(first, *tiny.main.operators[1:]))
    with pytest.raises(TfliteError, match=message.replace("(", r"\(")):
        write(dataclasses.replace(tiny, subgraphs=(main,)))


def test_a_graph_that_shares_a_buffer_is_written(tiny: Graph) -> None:
    """Two tensors of one buffer keep sharing it."""
    draft = Draft()
    value = draft.input((1, 4))
    constant = draft.constant([[1, 2, 3, 4]])
    twin = draft.tensor((1, 4), dtype=DType.INT8, buffer_index=1)
    value = draft.operator("ADD", [value, constant], (1, 4))
    value = draft.operator("ADD", [value, twin], (1, 4))
    graph = draft.graph(value)
    assert graph == read(write(graph))
