"""Differences between interpreters: counted right, judged right, and within what is known of real models."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from support.graphs import Draft
from support.models import reference_models, two_layer_tflite

from edgewright.pipeline.agreement import Agreement, check_agreement, compare
from edgewright.pipeline.errors import InterpreterError
from edgewright.pipeline.graph import DType, write
from edgewright.pipeline.interpreters import Array, Resolver, Result, Versions, engine_named


def result(*outputs: Array, uses_delegate: bool = False) -> Result:
    """What an engine might have given."""
    versions = Versions(engine="other", engine_version="1.0", numpy_version="1", python_version="3")
    return Result(
        outputs=outputs,
        latencies_us=(),
        load_time_us=1.0,
        uses_delegate=uses_delegate,
        allocations=None,
        versions=versions,
    )


def int8(*rows: tuple[int, ...]) -> Array:
    """An output of several samples."""
    return np.array(rows, dtype=np.int8)


def test_equal_outputs_agree() -> None:
    """Without a difference every count is zero."""
    outputs = int8((1, 2, 3), (4, 5, 6))
    agreement = compare((outputs,), result(outputs), resolver=Resolver.REFERENCE)
    assert (2, 0, 0, 0, 1, True) == (
        agreement.samples,
        agreement.samples_differing,
        agreement.classes_differing,
        agreement.max_diff_lsb,
        agreement.tolerance_lsb,
        agreement.holds,
    )


def test_differences_are_counted_by_sample() -> None:
    """A sample counts once, however many elements and outputs differ, and the largest difference is kept."""
    ours = (int8((0, 9), (0, 9), (0, 9)), int8((0,), (0,), (0,)))
    theirs = result(int8((0, 9), (1, 10), (0, 9)), int8((0,), (-2,), (1,)))
    agreement = compare(ours, theirs, resolver=Resolver.XNNPACK)
    assert (3, 2, 0, 2, True) == (
        agreement.samples,
        agreement.samples_differing,
        agreement.classes_differing,
        agreement.max_diff_lsb,
        agreement.holds,
    )


def test_extremes_do_not_wrap() -> None:
    """The difference of -128 and 127 is 255."""
    agreement = compare((int8((-128, 0)),), result(int8((127, 0))), resolver=Resolver.REFERENCE)
    assert (255, False) == (agreement.max_diff_lsb, agreement.holds)


@pytest.mark.parametrize(
    ("resolver", "difference", "holds"),
    [
        (Resolver.REFERENCE, 1, True),
        (Resolver.REFERENCE, 2, False),
        (Resolver.XNNPACK, 2, True),
        (Resolver.XNNPACK, 3, False),
    ],
)
def test_each_kernel_set_has_its_tolerance(resolver: Resolver, difference: int, holds: bool) -> None:
    """Reference kernels may differ by 1 LSB, XNNPACK by 2."""
    assert holds == compare((int8((9, 0)),), result(int8((9, difference))), resolver=resolver).holds


@pytest.mark.parametrize(("resolver", "holds"), [(Resolver.REFERENCE, False), (Resolver.XNNPACK, True)])
def test_reference_kernels_must_give_the_same_class(resolver: Resolver, holds: bool) -> None:
    """One LSB that moves the largest element is a different class, which reference kernels may not give."""
    agreement = compare((int8((4, 4, 0)),), result(int8((4, 5, 0))), resolver=resolver)
    assert (1, holds) == (agreement.classes_differing, agreement.holds)


def test_a_model_without_classes_has_none_to_differ() -> None:
    """Where the outputs are no classes only the differences count."""
    agreement = compare((int8((4, 4)),), result(int8((4, 5))), resolver=Resolver.REFERENCE, classifies=False)
    assert (None, True) == (agreement.classes_differing, agreement.holds)


@given(
    hnp.arrays(np.int8, st.tuples(st.integers(1, 6), st.integers(1, 5))), st.integers(-3, 3), st.sampled_from(Resolver)
)
def test_a_shift_is_found(outputs: Array, shift: int, resolver: Resolver) -> None:
    """Adding a constant to every element is a difference of that constant in every sample, in no class."""
    wide = outputs.astype(np.int16)
    agreement = compare((wide,), result(wide + np.int16(shift)), resolver=resolver)
    assert (abs(shift), len(outputs) if shift else 0, 0) == (
        agreement.max_diff_lsb,
        agreement.samples_differing,
        agreement.classes_differing,
    )


@pytest.mark.parametrize(
    ("ours", "theirs", "words"),
    [
        ((int8((1, 2)),), (int8((1, 2, 3)),), "gave outputs"),
        ((int8((1, 2)),), (np.array([[1, 2]], np.uint8),), "gave outputs"),
        ((int8((1, 2)),), (), "gave outputs"),
        ((np.zeros((1, 2), np.float32),), (np.zeros((1, 2), np.float32),), "an output is float32"),
    ],
    ids=["shape", "dtype", "count", "float"],
)
def test_what_cannot_be_compared_is_refused(ours: tuple[Array, ...], theirs: tuple[Array, ...], words: str) -> None:
    """Outputs of another kind are an error, never a difference of zero."""
    with pytest.raises(InterpreterError, match=words):
        compare(ours, result(*theirs), resolver=Resolver.REFERENCE)


def test_the_sentence_tells_the_counts_and_what_ran() -> None:
    """The line for people has every count, and says where XNNPACK took nothing."""
    agreement = compare((int8((1, 2), (3, 4)),), result(int8((1, 3), (3, 4))), resolver=Resolver.XNNPACK)
    assert (
        "other 1.0 xnnpack (not applied to this model: built-in kernels) against TFLM: 1 of 2 samples differ, "
        "0 in class, by at most 1 LSB (accepted: 2)"
    ) == agreement.sentence
    delegated = dataclasses.replace(agreement, uses_delegate=True, classes_differing=None)
    assert "other 1.0 xnnpack against TFLM: 1 of 2 samples differ, by at most 1 LSB (accepted: 2)" == delegated.sentence


def by_resolver(agreements: tuple[Agreement, ...]) -> dict[Resolver, Agreement]:
    """Agreements by kernel set."""
    return {agreement.resolver: agreement for agreement in agreements}


def test_a_small_model_agrees_everywhere() -> None:
    """Two fully-connected layers on random inputs are within tolerance in every kernel set."""
    generator = np.random.default_rng(1)
    inputs = tuple(generator.integers(-128, 128, (200, width), dtype=np.int8) for width in (3, 4))
    checked = check_agreement(two_layer_tflite(), inputs, classifies=False)
    assert [Resolver.REFERENCE, Resolver.XNNPACK] == [agreement.resolver for agreement in checked.agreements]
    assert [(200, 2), (200, 5)] == [output.shape for output in checked.outputs]
    assert checked.holds
    assert checked.tflm_version


def test_floats_are_compared_as_the_integers_behind_them() -> None:
    """A model whose output is dequantized agrees in LSB, and its own outputs stay floats."""
    draft = Draft()
    x = draft.input((1, 4), scale=0.5)
    x = draft.operator("LOGISTIC", (x,), (1, 4), scale=1 / 256, zero_point=-128)
    graph = draft.graph(draft.operator("DEQUANTIZE", (x,), (1, 4), version=2, dtype=DType.FLOAT32, scale=None))
    inputs = (np.random.default_rng(1).integers(-128, 128, (50, 4), dtype=np.int8),)
    checked = check_agreement(write(graph), inputs)
    assert np.float32 == checked.outputs[0].dtype
    assert len(np.unique(checked.outputs[0])) > 10
    assert checked.holds
    assert [50, 50] == [agreement.samples for agreement in checked.agreements]


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("arena/mnist_cnn", (28, 28, 1)),
        ("arena/dscnn_small", (49, 10, 1)),
        ("arena/conv1d_motion", (128, 6)),
        ("arena/squeeze_excite", (24, 24, 3)),
        ("kws_ref_model", (49, 10, 1)),
    ],
)
def test_tflite_runtimes_reference_kernels_equal_tflm(name: str, shape: tuple[int, ...]) -> None:
    """On random inputs to real architectures not one byte differs."""
    engine = engine_named("tflite_runtime")
    if (reason := engine.unavailable_reason()) is not None:
        pytest.skip(reason)
    inputs = (np.random.default_rng(0).integers(-128, 128, (50, *shape), dtype=np.int8),)
    checked = check_agreement((reference_models() / f"{name}.tflite").read_bytes(), inputs, engine=engine)
    reference = by_resolver(checked.agreements)[Resolver.REFERENCE]
    assert (50, 0, True) == (reference.samples, reference.max_diff_lsb, reference.holds)
