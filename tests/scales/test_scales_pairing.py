"""Layers that may be taken of either of two conversions, and mixtures of both: the converter's own integers."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from support.graphs import Draft

from edgewright.pipeline.conversion import Flavour
from edgewright.pipeline.errors import TfliteError
from edgewright.pipeline.golden import random_inputs
from edgewright.pipeline.graph import DType, Graph, read, strip, write
from edgewright.pipeline.interpreters import ENGINES, Request, run, tflm_engine
from edgewright.pipeline.layers import layers_path, read_layers
from edgewright.pipeline.scales import mix, pair

EACH = Flavour(strip=False, per_channel_dense=True)
ONE = Flavour(strip=False, per_channel_convolutions=False)
Convert = Callable[[Flavour], Path]


def dense(*widths: int, each: bool = False, shared: bool = False, activation: float = 0.5) -> Graph:
    """A chain of fully-connected layers with one scale, or one for each channel; `shared` has all read the same."""
    draft = Draft()
    x, weights = draft.input((1, widths[0])), -1
    for before, after in pairwise(widths):
        if weights < 0 or not shared:
            values = np.random.default_rng(each).integers(-9, 9, (after, before))
            weights = draft.constant(values, scale=[0.125] * after if each else 0.25)
        x = draft.operator(
            "FULLY_CONNECTED", (x, weights, -1), (1, after), options_type="FullyConnectedOptions", scale=activation
        )
    return draft.graph(x)


def layers_of(graph: Graph, other: Graph) -> list[tuple[int, ...]]:
    """The operators of each layer that may be chosen."""
    return [layer.operators for layer in pair(graph, other).layers]


def test_each_layer_is_chosen_alone() -> None:
    """A mixture has one scale where it was chosen, and changes nothing else."""
    pairing = pair(dense(6, 5, 4, each=True), dense(6, 5, 4))
    assert [(0,), (1,)] == [layer.operators for layer in pairing.layers]
    assert [5, 4] == [pairing.channel_count(layer) for layer in pairing.layers]
    mixed = mix(pairing, pairing.layers[1:])
    written = read(write(mixed)).main.tensors
    assert [1, 5, 1, 1, 1] == [len(tensor.quantization.scales) for tensor in written if tensor.quantization]
    assert pairing.per_channel.main.operators == mixed.main.operators
    first, second = mixed.main.tensors[1], mixed.main.tensors[3]
    assert pairing.per_channel.data(first) == mixed.data(first)
    assert pairing.per_tensor.data(second) == mixed.data(second) != pairing.per_channel.data(second)
    assert pairing.per_channel == mix(pairing, [])
    assert pairing.per_tensor == mix(pairing, pairing.layers)


def test_a_buffer_that_others_read_is_not_changed() -> None:
    """The weights of a layer get a buffer of their own where another tensor reads the same one."""
    graph, other = strip(dense(5, 5, 5, each=True)), dense(5, 5, 5)
    first, second = graph.main.tensors[1], graph.main.tensors[3]
    assert first.buffer_index == second.buffer_index
    mixed = mix(pair(graph, other), pair(graph, other).layers[:1])
    assert other.data(other.main.tensors[1]) == mixed.data(mixed.main.tensors[1])
    assert graph.data(second) == mixed.data(mixed.main.tensors[3]) != mixed.data(mixed.main.tensors[1])


def test_operators_that_share_weights_are_one_layer() -> None:
    """Both get one scale, or neither does."""
    pairing = pair(dense(5, 5, 5, shared=True, each=True), dense(5, 5, 5, shared=True))
    assert [(0, 1)] == [layer.operators for layer in pairing.layers]
    assert pairing.per_tensor == mix(pairing, pairing.layers)


def test_what_changes_more_than_weights_is_no_choice() -> None:
    """Scales of activations that change, weights shared in one graph only, and equal scales leave a layer as it is."""
    assert [] == layers_of(dense(6, 5, each=True), dense(6, 5, activation=0.75))
    assert [] == layers_of(dense(5, 5, 5, shared=True, each=True), dense(5, 5, 5))
    assert [] == layers_of(dense(6, 5), dense(6, 5))
    assert [] == layers_of(dense(6, 1, each=True), dense(6, 1))


def test_other_operators_are_refused() -> None:
    """Two graphs that are not the same model are told apart, with the way out."""
    for other in (dense(6, 5, 4), Draft().graph()):
        with pytest.raises(TfliteError, match=r'convert: .* gives other operators .* set scales = "fixed"'):
            pair(dense(6, 5, each=True), other)


@pytest.mark.slow
def test_both_ends_are_the_converters_own_results(converted: Convert) -> None:
    """No layer with one scale is the one conversion to the byte, all layers are the other; three kinds are mixed."""
    graphs = [read(converted(flavour).read_bytes()) for flavour in (EACH, ONE)]
    pairing = pair(*graphs)
    names = read_layers(layers_path(converted(EACH)), pairing.per_channel)
    found = [(names[layer.operators[0]], pairing.channel_count(layer)) for layer in pairing.layers]
    assert [("conv", 4), ("deep", 4), ("spoiled", 40), ("classes", 4)] == found
    stripped = converted(Flavour(per_channel_dense=True)).read_bytes()
    assert stripped == write(strip(mix(pairing, [])))
    assert write(strip(pairing.per_tensor)) == write(strip(mix(pairing, pairing.layers)))
    assert converted(Flavour()).read_bytes() == write(strip(mix(pairing, pairing.layers[2:])))


@pytest.mark.slow
def test_convolutions_with_one_scale_run_everywhere(converted: Convert) -> None:
    """CONV_2D and DEPTHWISE_CONV_2D of one scale give TFLM's outputs in every engine, within its tolerance."""
    pairing = pair(*(read(converted(flavour).read_bytes()) for flavour in (EACH, ONE)))
    graph = mix(pairing, pairing.layers[:2])
    weights = [graph.main.tensors[one.inputs[1]] for one in graph.main.operators if "CONV" in one.op]
    assert [1, 1] == [len(tensor.quantization.scales) for tensor in weights if tensor.quantization]
    tflite, inputs = write(graph), random_inputs(graph, 1)
    expected = run(Request(engine=tflm_engine(), tflite=tflite, inputs=inputs)).outputs[0].astype(int)
    assert len(np.unique(expected)) > 20
    for engine in ENGINES:
        if engine.unavailable_reason() is not None:
            continue
        for resolver in engine.resolvers:
            found = run(Request(engine=engine, tflite=tflite, inputs=inputs, resolver=resolver)).outputs[0]
            assert np.abs(expected - found).max() <= 2, (engine.name, resolver)


def test_int16_takes_channels_scales_of_convolutions() -> None:
    """TensorFlow 2.21 fails to convert a depthwise convolution of int16 with one scale, so that nobody asks for it."""
    with pytest.raises(ValueError, match="int16 activations go with a scale for each channel of a convolution only"):
        Flavour(activations=DType.INT16, per_channel_convolutions=False)
