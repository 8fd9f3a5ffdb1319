"""Which samples become golden vectors: every class, near a boundary, much saturation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.graphs import Draft, tiny_graph

from edgewright.pipeline.graph import DType
from edgewright.pipeline.selection import choose, saturation_of

NONE_SATURATED = np.zeros(40, np.float32)


def outputs_of(margins: list[float]) -> np.ndarray:
    """Return the outputs of two classes for samples with those margins."""
    return np.array([[0.5 + margin / 2, 0.5 - margin / 2] for margin in margins], np.float32)


def test_each_class_gives_its_sample_nearest_to_a_boundary() -> None:
    """Of each class the sample with the smallest margin is taken, then the nearest among the others."""
    outputs = outputs_of([0.9, 0.2, 0.3, 0.8, 0.25, 0.1])
    choice = choose(outputs, np.array([0, 0, 1, 1, 1, 0]), NONE_SATURATED[:6], 4)
    assert ((5, 4), (1, 2), ()) == (choice.typical, choice.boundary, choice.saturated)
    assert (5, 1, 4, 2) == choice.indices
    assert "2 of different classes, 2 near a decision boundary" == choice.description


def test_half_of_the_rest_saturates() -> None:
    """What is left after the classes goes to saturation and to boundaries; nothing is taken twice."""
    saturation = np.zeros(40, np.float32)
    saturation[[3, 7, 20]] = 0.1, 0.5, 0.2
    choice = choose(outputs_of([0.02 * (index + 1) for index in range(40)]), np.arange(40) % 2, saturation, 10)
    assert ((0, 1), (7, 20, 3), (2, 4, 5, 6, 8)) == (choice.typical, choice.saturated, choice.boundary)
    assert (0, 7, 2, 1, 20, 4, 3, 5, 6, 8) == choice.indices


def test_many_classes_are_spread() -> None:
    """Of more classes than there is room for some are taken, from the first to the last, and one each for the rest."""
    saturation = np.zeros(40, np.float32)
    saturation[[11, 12]] = 0.1
    outputs = np.eye(20, dtype=np.float32)[np.arange(40) % 20]
    choice = choose(outputs, np.arange(40) % 20, saturation, 10)
    assert ((0, 2, 5, 8, 10, 13, 16, 19), (11,), (1,)) == (choice.typical, choice.saturated, choice.boundary)


def test_one_output_tells_two_classes_apart_in_the_middle() -> None:
    """With one output the boundary is at one half."""
    choice = choose(np.array([[0.9], [0.1], [0.6], [0.3]], np.float32), np.array([1, 0, 1, 0]), NONE_SATURATED[:4], 2)
    assert (2, 3) == tuple(sorted(choice.typical))


def test_without_classes_outputs_are_spread() -> None:
    """Where there are no classes, samples from the lowest to the highest output are taken."""
    saturation = np.zeros(40, np.float32)
    saturation[[0, 5]] = 0.5, 0.4
    choice = choose(np.arange(40, dtype=np.float32)[::-1, np.newaxis], None, saturation, 10)
    assert (39, 34, 28, 23, 17, 12, 6, 0) == choice.typical
    assert (5,) == choice.saturated
    assert "8 over the range of the outputs, 1 with the most saturation" == choice.description


@given(count=st.integers(1, 30), most=st.integers(1, 12), classes=st.integers(1, 12), seed=st.integers(0, 99))
def test_a_choice_is_valid(count: int, most: int, classes: int, seed: int) -> None:
    """Positions exist, stand once, are at most as many as asked for, and depend on nothing but the arguments."""
    draw = np.random.default_rng(seed)
    outputs = draw.random((count, classes), np.float32)
    saturation = draw.random(count, np.float32)
    for labels in (None, outputs.argmax(axis=1)):
        chosen = choose(outputs, labels, saturation, most).indices
        assert len(set(chosen)) == len(chosen) == min(count, most)
        assert set(chosen) <= set(range(count))
        assert chosen == choose(outputs, labels, saturation, most).indices


@pytest.mark.parametrize(("zero_point", "share"), [(0, 0.5), (-128, 0.25), (127, 0.25)])
def test_an_end_that_stands_for_zero_is_no_saturation(zero_point: int, share: float) -> None:
    """Elements at the ends of the range count, unless that end is what 0 becomes."""
    draft = Draft()
    x = draft.input((1, 4), zero_point=zero_point)
    graph = draft.graph(draft.operator("RELU", (x,), (1, 4), zero_point=zero_point))
    assert share == saturation_of(graph, {1: np.array([[-128, 127, 3, 4]], np.int8)})[0]


def test_saturation_is_that_of_all_quantized_tensors() -> None:
    """Shares are over the elements of all tensors; what is not quantized is passed over."""
    draft = Draft()
    x = draft.input((1, 2))
    y = draft.operator("RELU", (x,), (1, 2))
    z = draft.operator("SHAPE", (y,), (2,), dtype=DType.INT32, scale=None)
    graph = draft.graph(z)
    tensors = {
        0: np.array([[127, 0], [0, 0]], np.int8),
        1: np.array([[-128, 127], [1, 2]], np.int8),
        2: np.full((2, 2), 2**31 - 1, np.int32),
    }
    assert [0.75, 0.0] == saturation_of(graph, tensors).tolist()
    assert 0 == saturation_of(tiny_graph(), {}).size
