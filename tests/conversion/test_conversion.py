"""Conversion: every flavour, several inputs, quantization-aware models and exports; kept once, and refused in words."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from support.conversions import samples_for

from edgewright.pipeline.agreement import check_agreement
from edgewright.pipeline.cache import Cache
from edgewright.pipeline.conversion import (
    BOUNDARIES,
    Flavour,
    convert,
    draw_samples,
    obtain_conversion,
    process,
    samples_digest,
)
from edgewright.pipeline.errors import DataError, ModelError
from edgewright.pipeline.evaluation import model_inputs
from edgewright.pipeline.frameworks import load_keras
from edgewright.pipeline.golden import compute_vectors, random_inputs
from edgewright.pipeline.graph import DType, Graph, input_tensors, integers_behind, output_tensors, read
from edgewright.pipeline.interpreters import ENGINES, Request, run, tflm_engine
from edgewright.pipeline.layers import layers_path, read_layers
from edgewright.pipeline.models import load_model, prepare_opaque_conversion
from edgewright.pipeline.quantization import dequantize
from edgewright.pipeline.surgery.quantization_archive import save_quantization_aware
from edgewright.pipeline.surgery.quantization_aware import annotate, calibrate

pytestmark = pytest.mark.slow
Convert = Callable[[str, Flavour], Path]
ModelPath = Callable[[str], Path]
FLAVOURS = [
    Flavour(activations=activations, boundary=boundary)
    for activations, boundaries in BOUNDARIES.items()
    for boundary in boundaries
]
EVERY_FLAVOUR = pytest.mark.parametrize(
    "flavour", FLAVOURS, ids=lambda one: f"{one.activations.value}-{one.boundary_dtype.value}"
)


def real_outputs(graph: Graph, outputs: tuple[np.ndarray, ...]) -> list[np.ndarray]:  # type: ignore[type-arg]
    """Outputs as real numbers."""
    found = []
    for tensor, output in zip(output_tensors(graph), outputs, strict=True):
        if tensor.dtype is DType.FLOAT32:
            found.append(output)
        else:
            assert tensor.quantization is not None
            found.append(dequantize(output, tensor.quantization))
    return found


@EVERY_FLAVOUR
@pytest.mark.parametrize("name", ["cnn", "several"])
def test_every_flavour_computes_what_the_model_computes(
    name: str, flavour: Flavour, converted: Convert, model_path: ModelPath
) -> None:
    """Inputs and outputs have the flavour's type and the model's order, and TFLM's results are near the model's."""
    tflite = converted(name, flavour).read_bytes()
    graph = read(tflite)
    assert {flavour.boundary_dtype} == {tensor.dtype for tensor in (*input_tensors(graph), *output_tensors(graph))}
    samples = samples_for(model_path(name), 12, seed=1)
    result = run(Request(engine=tflm_engine(), tflite=tflite, inputs=model_inputs(graph, samples)))
    model = load_model(model_path(name))
    expected = model(list(samples) if len(samples) > 1 else samples[0], training=False)
    for ours, theirs in zip(
        real_outputs(graph, result.outputs), expected if len(samples) > 1 else [expected], strict=True
    ):
        assert np.abs(ours - theirs.numpy()).max() < 0.1


@EVERY_FLAVOUR
def test_interpreters_agree_on_every_flavour(flavour: Flavour, converted: Convert) -> None:
    """All engines are within their tolerance of TFLM, in steps of the integers behind floats."""
    tflite = converted("cnn", flavour).read_bytes()
    checked = check_agreement(tflite, random_inputs(read(tflite), 2))
    assert [True, True] == [agreement.holds for agreement in checked.agreements], checked.agreements


@pytest.mark.parametrize(
    ("name", "flavour"),
    [
        *(("cnn", flavour) for flavour in FLAVOURS),
        ("lstm", Flavour()),
        *(pytest.param("several", flavour, marks=pytest.mark.full) for flavour in FLAVOURS),
        *(pytest.param("lstm", Flavour(boundary=one), marks=pytest.mark.full) for one in (DType.UINT8, DType.FLOAT32)),
    ],
)
def test_a_stripped_model_computes_the_same_to_the_bit(name: str, flavour: Flavour, converted: Convert) -> None:
    """In every engine with every set of kernels the outputs are equal, and a good part of a small file is gone."""
    paths = [converted(name, dataclasses.replace(flavour, strip=strip)) for strip in (True, False)]
    stripped, whole = (path.read_bytes() for path in paths)
    assert len(stripped) < 0.85 * len(whole)
    assert layers_path(paths[0]).read_bytes() == layers_path(paths[1]).read_bytes()
    inputs = random_inputs(read(whole), 3)
    for engine in ENGINES:
        if engine.unavailable_reason() is not None:
            continue
        for resolver in engine.resolvers:
            ours, theirs = (
                run(Request(engine=engine, tflite=tflite, inputs=inputs, resolver=resolver)).outputs
                for tflite in (stripped, whole)
            )
            assert [array.tobytes() for array in theirs] == [array.tobytes() for array in ours]


def test_layers_stand_beside_the_stripped_file(converted: Convert) -> None:
    """Operators of a file without names are still known by their layers."""
    path = converted("cnn", Flavour())
    graph = read(path.read_bytes())
    assert ["image", "", "classes"] == [graph.main.tensors[index].name for index in (0, 6, graph.main.outputs[0])]
    expected = ("conv", "pool", "flat", "hidden", "classes", "classes")
    assert expected == read_layers(layers_path(path), graph)


def test_golden_vectors_of_floats_are_what_integers_stand_for(converted: Convert) -> None:
    """Random and extreme inputs of a float boundary cover the range of the integers behind it."""
    tflite = converted("cnn", Flavour(boundary=DType.FLOAT32)).read_bytes()
    graph = read(tflite)
    vectors = compute_vectors(tflite, random_inputs(graph, 1), graph, "random")
    behind = integers_behind(graph, input_tensors(graph)[0])
    assert behind is not None
    assert behind.quantization is not None
    assert {np.dtype(np.float32)} == {array.dtype for row in (*vectors.inputs, *vectors.outputs) for array in row}
    extremes = dequantize(np.array([-128, 127], np.int8), behind.quantization)
    assert extremes.tolist() == [vectors.inputs[-2][0].min(), vectors.inputs[-1][0].max()]


def test_a_conversion_is_made_once(model_path: ModelPath, tmp_path: Path) -> None:
    """The same model, flavour and samples are one conversion; samples are drawn when they are needed only."""
    cache, path, drawn = Cache(root=tmp_path), model_path("cnn"), []

    def draw() -> tuple[np.ndarray, ...]:  # type: ignore[type-arg]
        drawn.append(len(drawn))
        return samples_for(path)

    first = obtain_conversion(cache, path, Flavour(), draw, "one")
    assert first == obtain_conversion(cache, path, Flavour(boundary=DType.INT8), draw, "one")
    assert [0] == drawn
    assert first != obtain_conversion(cache, path, Flavour(strip=False), draw, "one")
    assert first != obtain_conversion(cache, path, Flavour(), draw, "other")
    assert [0, 1, 2] == drawn


@pytest.mark.parametrize("per_channel_dense", [False, True])
def test_a_quantization_aware_model_keeps_its_ranges(
    model_path: ModelPath, tmp_path: Path, *, per_channel_dense: bool
) -> None:
    """The trained range of the input decides its scale, not the samples; other settings than trained are refused."""
    aware = annotate(load_model(model_path("cnn")), per_channel_dense=per_channel_dense)
    samples = samples_for(model_path("cnn"))
    calibrate(aware, [10 * samples[0]])
    path = tmp_path / "aware.keras"
    save_quantization_aware(aware, path)
    graph = read(convert(path, samples, Flavour(per_channel_dense=per_channel_dense)))
    quantization = input_tensors(graph)[0].quantization
    assert quantization is not None
    span = 10 * float(samples[0].max() - samples[0].min())
    assert span / 255 == pytest.approx(quantization.scale, rel=1e-3)
    trained = str(per_channel_dense).lower()
    with pytest.raises(ModelError, match=f"convert: the model was trained with per_channel_dense = {trained}"):
        convert(path, samples, Flavour(per_channel_dense=not per_channel_dense))
    if not per_channel_dense:
        with pytest.raises(ModelError, match="was trained for int8 activations, and int16 is asked for"):
            convert(path, samples, Flavour(activations=DType.INT16))


def test_an_export_is_converted_by_the_order_of_its_names(model_path: ModelPath, cache: Cache, tmp_path: Path) -> None:
    """An exported function of two inputs becomes integers; its operators are named by what the converter says."""
    load_model(model_path("several")).export(str(tmp_path / "export"))
    names = prepare_opaque_conversion(tmp_path / "export").input_names
    zeta, alpha = samples_for(model_path("several"))
    samples = tuple(alpha if array == (8, 8, 1) else zeta for array in _shapes(tmp_path / "export"))
    assert 2 == len(names)
    folder = obtain_conversion(cache, tmp_path / "export", Flavour(), lambda: samples, "random")
    graph = read((folder / "model.tflite").read_bytes())
    assert [(1, *array.shape[1:]) for array in samples] == [tensor.shape for tensor in input_tensors(graph)]
    assert {"conv", "hidden"} <= set(read_layers(folder / "model.layers.json", graph))


def _shapes(path: Path) -> list[tuple[int, ...]]:
    from edgewright.pipeline.models import open_opaque

    return [tensor.shape for tensor in open_opaque(path).inputs]


@pytest.mark.parametrize("activations", [DType.INT8, DType.INT16])
def test_unrolled_layers_are_converted(activations: DType, converted: Convert) -> None:
    """A GRU, and with int16 an LSTM, become integers when they are unrolled."""
    name = "unrolled_gru" if activations is DType.INT8 else "unrolled_lstm"
    assert read(converted(name, Flavour(activations=activations)).read_bytes()).main.operators


# ---- refusals ------------------------------------------------------------------------------------------------------


def test_an_lstm_with_int16_names_the_layer(model_path: ModelPath) -> None:
    """It is refused before TensorFlow is started."""
    with pytest.raises(ModelError, match=r'the layer "memory" is an LSTM, .* take activations = "int8", or set unroll'):
        convert(model_path("lstm"), samples_for(model_path("lstm")), Flavour(activations=DType.INT16))


def test_a_converter_that_dies_names_the_recurrent_layer(model_path: ModelPath) -> None:
    """Calibrating a GRU ends the converter's process, and the sentence names the layer and the way out."""
    with pytest.raises(
        ModelError, match=r'ended by SIGSEGV while it calibrated the recurrent layer "memory"; set unro'
    ):
        convert(model_path("gru"), samples_for(model_path("gru")), Flavour())


def test_an_exported_recurrent_layer_is_refused_in_a_sentence(model_path: ModelPath, tmp_path: Path) -> None:
    """A GRU that was exported with a free batch ends in one sentence that names it, and no traceback."""
    load_model(model_path("gru")).export(str(tmp_path / "export"))
    with pytest.raises(ModelError, match=r'the layer "memory", a loop over time .*; give the \.keras file') as caught:
        convert(tmp_path / "export", samples_for(model_path("gru")), Flavour())
    assert 1 == len(str(caught.value).splitlines())


def test_an_exported_lstm_is_converted(model_path: ModelPath, tmp_path: Path) -> None:
    """An LSTM that was exported with a free batch becomes one operator at batch 1."""
    load_model(model_path("lstm")).export(str(tmp_path / "export"))
    graph = read(convert(tmp_path / "export", samples_for(model_path("lstm")), Flavour()))
    assert "UNIDIRECTIONAL_SEQUENCE_LSTM" == graph.main.operators[0].op


def test_an_operator_that_does_not_exist_names_the_layer(tmp_path: Path) -> None:
    """The layer that stands in the converter's log is named with the converter's reason."""
    keras = load_keras()
    import tensorflow

    x = start = keras.Input((8,), name="row")
    x = keras.layers.Dense(4, activation=tensorflow.math.erf, name="odd")(x)
    keras.Model(start, keras.layers.Dense(2, name="values")(x)).export(str(tmp_path / "export"))
    with pytest.raises(ModelError, match=r"""cannot convert the layer "odd" \('tf.Erf' op is neither"""):
        convert(tmp_path / "export", (np.zeros((2, 8), np.float32),), Flavour())


def test_a_wrong_number_of_inputs_and_no_samples_are_refused(model_path: ModelPath) -> None:
    """Arrays are counted, and there has to be one sample."""
    samples = samples_for(model_path("several"))
    with pytest.raises(ModelError, match="convert: the model has 2 inputs, and the data has 1"):
        convert(model_path("several"), samples[:1], Flavour())
    with pytest.raises(DataError, match="there are no representative samples"):
        convert(model_path("several"), tuple(array[:0] for array in samples), Flavour())


def test_a_converter_that_hangs_is_ended(model_path: ModelPath) -> None:
    """After the time limit the process is killed, and the sentence says what to do."""
    with pytest.raises(ModelError, match=r"took longer than 0 s; give a smaller model or fewer representative"):
        process.convert(model_path("cnn"), samples_for(model_path("cnn")), Flavour(), timeout_seconds=0.1)


# ---- flavours and samples ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("activations", "boundary", "words"),
    [
        (DType.INT8, DType.INT16, "int16 does not go with int8 activations; accepted: int8, uint8, float32"),
        (DType.INT16, DType.UINT8, "uint8 does not go with int16 activations; accepted: int16, float32"),
        (DType.FLOAT32, None, "float32 activations are not known; accepted: int8, int16"),
    ],
)
def test_impossible_flavours_are_refused(activations: DType, boundary: DType | None, words: str) -> None:
    """Activations and boundary have to go together."""
    with pytest.raises(ValueError, match=words):
        Flavour(activations=activations, boundary=boundary)


def test_samples_are_drawn_together_and_without_repetition() -> None:
    """The same samples of each input are drawn, each once, by the seed; there may be fewer than asked for."""
    x = (np.arange(50), np.arange(50) + 100)
    first, second = draw_samples(x, 20, seed=1)
    assert 20 == len(set(first.tolist()))
    assert (first + 100).tolist() == second.tolist()
    assert first.tolist() != draw_samples(x, 20, seed=2)[0].tolist()
    assert np.float32 == first.dtype
    assert 50 == len(draw_samples(x, 80, seed=1)[0])


def test_other_samples_have_another_digest() -> None:
    """Data, count and seed decide."""
    digests = {samples_digest(*arguments) for arguments in (("a", 1, 1), ("b", 1, 1), ("a", 2, 1), ("a", 1, 2))}
    assert 4 == len(digests)
