"""Kernels written as two: exact at full rank, the best at any other, and the table that chose the forms."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.models import reference_models

from edgewright.pipeline.surgery.decompositions import (
    Decomposition,
    approximate,
    decompose,
    decompositions_of,
    full_rank,
    retained_energies,
)

Kernel = npt.NDArray[np.floating[Any]]
Case = tuple[Kernel, Decomposition]


def composed(first: Kernel, second: Kernel, decomposition: Decomposition) -> Kernel:
    """Multiply two kernels out to the one that they stand for."""
    if decomposition is Decomposition.DENSE:
        return first @ second
    if decomposition is Decomposition.CHANNEL:
        return np.einsum("hwir,ro->hwio", first, second[0, 0])
    return np.einsum("hir,wro->hwio", first[:, 0], second[0])


def random_kernel(shape: tuple[int, ...], seed: int) -> Kernel:
    """Draw a kernel in float32."""
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Draw a kernel of up to 3 x 4 and one of the forms that it can be written in."""
    channels = [draw(st.integers(1, 6)), draw(st.integers(1, 6))]
    window = draw(st.sampled_from([[], [draw(st.integers(1, 3)), draw(st.integers(1, 4))]]))
    shape = (*window, *channels)
    return random_kernel(shape, draw(st.integers(0, 99))), draw(st.sampled_from(decompositions_of(shape)))


@given(cases())
def test_is_exact_at_full_rank(case: Case) -> None:
    """The two kernels multiply out to the one when nothing is cut off."""
    kernel, decomposition = case
    factors = decompose(kernel, decomposition, full_rank(kernel.shape, decomposition))
    np.testing.assert_allclose(composed(factors.first, factors.second, decomposition), kernel, atol=1e-6)
    assert 1.0 == factors.retained_energy


@given(cases(), st.data())
def test_approximation_is_the_product(case: Case, data: st.DataObject) -> None:
    """The kernel of lower rank is what the two of that rank multiply out to."""
    kernel, decomposition = case
    rank = data.draw(st.integers(1, full_rank(kernel.shape, decomposition)))
    factors = decompose(kernel, decomposition, rank)
    expected = composed(factors.first, factors.second, decomposition)
    np.testing.assert_allclose(approximate(kernel, decomposition, rank), expected, atol=1e-9)


@given(cases(), st.data())
def test_energy_is_what_is_left(case: Case, data: st.DataObject) -> None:
    """The retained energy is that of the product, and what is lost is exactly the distance to the kernel."""
    kernel, decomposition = case
    rank = data.draw(st.integers(1, full_rank(kernel.shape, decomposition)))
    factors = decompose(kernel, decomposition, rank)
    product = composed(factors.first, factors.second, decomposition)
    energy = float((kernel.astype(np.float64) ** 2).sum())
    assert factors.retained_energy == pytest.approx((product**2).sum() / energy, abs=1e-9)
    assert 1 - factors.retained_energy == pytest.approx(((kernel - product) ** 2).sum() / energy, abs=1e-9)
    assert factors.retained_energy == pytest.approx(retained_energies(kernel, decomposition)[rank - 1])


@given(cases())
def test_energies_rise_to_one(case: Case) -> None:
    """There is one energy for each rank, none smaller than the one before, the last 1."""
    kernel, decomposition = case
    energies = retained_energies(kernel, decomposition)
    assert full_rank(kernel.shape, decomposition) == len(energies)
    assert (np.diff(energies) >= 0).all()
    assert 1.0 == energies[-1]


@given(cases())
def test_factors_share_the_scale(case: Case) -> None:
    """Both factors have the same energy at each rank, so that neither loses more in int8."""
    kernel, decomposition = case
    factors = decompose(kernel, decomposition, 1)
    assert np.linalg.norm(factors.first) == pytest.approx(np.linalg.norm(factors.second))


def test_kernel_of_zeros() -> None:
    """A layer of zeros loses nothing at rank 1."""
    factors = decompose(np.zeros((3, 3, 4, 5), np.float32), Decomposition.SPATIAL, 1)
    assert 1.0 == factors.retained_energy
    assert not factors.first.any() and not factors.second.any()


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((7, 5), (Decomposition.DENSE,)),
        ((1, 1, 7, 5), (Decomposition.CHANNEL,)),
        ((5, 1, 7, 5), (Decomposition.CHANNEL,)),
        ((1, 5, 7, 5), (Decomposition.CHANNEL, Decomposition.SPATIAL)),
        ((3, 3, 7, 5), (Decomposition.CHANNEL, Decomposition.SPATIAL)),
    ],
)
def test_forms_are_all_different(shape: tuple[int, ...], expected: tuple[Decomposition, ...]) -> None:
    """A form that would be the same as another for this shape is not offered."""
    assert expected == decompositions_of(shape)


@pytest.mark.slow
def test_each_form_wins_somewhere() -> None:
    """On the published ResNet-8, the spatial form loses less at stride 1, the channel form in the first layer."""
    from edgewright.pipeline.models import load_model

    model = load_model(reference_models() / "pretrainedResnet.h5")
    lost = {
        layer.name: {form: _lost_at_half(layer, form) for form in (Decomposition.CHANNEL, Decomposition.SPATIAL)}
        for layer in model.layers
        if type(layer).__name__ == "Conv2D" and layer.kernel_size == (3, 3)
    }
    first, *others = lost.values()
    assert first[Decomposition.CHANNEL] == pytest.approx(0.36, abs=0.01)
    assert first[Decomposition.SPATIAL] == pytest.approx(0.48, abs=0.01)
    ones = [
        losses for name, losses in zip(list(lost)[1:], others, strict=True) if model.get_layer(name).strides == (1, 1)
    ]
    assert len(ones) == 4
    assert all(losses[Decomposition.SPATIAL] < losses[Decomposition.CHANNEL] for losses in ones)


def _lost_at_half(layer: Any, form: Decomposition) -> float:
    """Return the energy that is lost at half of the layer's multiply-accumulates."""
    from edgewright.pipeline.surgery.factor_choices import choice_of

    choice = choice_of(layer, [form])
    return 1 - max(item.retained_energy for item in choice.candidates if item.macs <= choice.macs / 2)
