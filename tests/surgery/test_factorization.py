"""Layers of real models written as two: the same numbers at full rank, and costs as the `.tflite` has them."""

from __future__ import annotations

import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.channel_models import ARCHITECTURES, inputs_of, largest_difference, outputs_of, randomize, resnet8
from support.models import reference_models

from edgewright.pipeline.errors import ModelError
from edgewright.pipeline.frameworks import load_keras
from edgewright.pipeline.graph import read, total_macs
from edgewright.pipeline.models import float_tflite, load_model, save_model
from edgewright.pipeline.surgery.decompositions import Decomposition
from edgewright.pipeline.surgery.factorization import LayerPlan, factorize, plan_factorization
from edgewright.pipeline.surgery.layer_costs import model_macs
from edgewright.pipeline.surgery.ranks import FullRank, GivenRanks, LayerMacShare, ModelMacShare, RetainedEnergy
from edgewright.pipeline.surgery.rebuild import clone

pytestmark = pytest.mark.slow
TOLERANCE = 1e-4
CONVOLUTIONS: dict[str, dict[str, Any]] = {
    "same": {"kernel_size": 3, "padding": "same", "activation": "relu"},
    "valid": {"kernel_size": (3, 5)},
    "strides": {"kernel_size": 3, "strides": 2, "padding": "same", "use_bias": False},
    "uneven strides": {"kernel_size": (5, 3), "strides": (2, 3), "activation": "tanh"},
    "dilation": {"kernel_size": 3, "dilation_rate": (2, 3), "padding": "same"},
    "dilation valid": {"kernel_size": (2, 3), "dilation_rate": 2, "activation": "relu"},
    "pointwise": {"kernel_size": 1, "strides": 2, "activation": "softmax"},
    "one column": {"kernel_size": (5, 1), "strides": (3, 1), "padding": "same"},
    "one row": {"kernel_size": (1, 5), "strides": (1, 2)},
    "regularized": {"kernel_size": 3, "kernel_regularizer": "l2", "kernel_constraint": "max_norm"},
}


def full_but(*names: str, without: str = "") -> list[Any]:
    """Parameters for every architecture but one, those not named for the complete grid only."""
    return [
        pytest.param(name, marks=() if name in names else pytest.mark.full) for name in ARCHITECTURES if name != without
    ]


def convolution(**options: Any) -> Any:
    """A model of one convolution called "conv"."""
    keras = load_keras()
    start = keras.Input((13, 11, 4))
    return randomize(keras.Model(start, keras.layers.Conv2D(6, name="conv", **options)(start)))


def plan_of(plans: tuple[LayerPlan, ...], layer: str) -> LayerPlan:
    """Find the plan for a layer."""
    return next(plan for plan in plans if plan.layer == layer)


@pytest.mark.parametrize("form", [Decomposition.CHANNEL, Decomposition.SPATIAL])
@pytest.mark.parametrize("name", CONVOLUTIONS)
def test_convolution_at_full_rank(name: str, form: Decomposition) -> None:
    """With any stride, dilation and padding, either form computes the same at full rank, for the costs foretold."""
    model = convolution(**CONVOLUTIONS[name])
    plans = plan_factorization(model, FullRank(), decompositions=[form], only_smaller=False)
    if not plans[0].is_factorized:
        assert form is Decomposition.SPATIAL and model.get_layer("conv").kernel_size[1] == 1
        return
    factorized = factorize(model, plans)
    assert largest_difference(model, factorized) <= TOLERANCE
    assert plans[0].macs_after == model_macs(factorized)
    assert plans[0].parameters_after == factorized.count_params()
    assert (plans[0].full_rank, 1.0) == (plans[0].rank, plans[0].retained_energy)


@pytest.mark.parametrize("name", full_but("ds_cnn", "inception", "nested", "recurrent", "shared"))
def test_architecture_at_full_rank(name: str) -> None:
    """A whole network computes the same at full rank, and its costs are those foretold."""
    model = ARCHITECTURES[name]()
    plans = plan_factorization(model, FullRank(), only_smaller=False)
    factorized = factorize(model, plans)
    assert any(plan.is_factorized for plan in plans)
    assert largest_difference(model, factorized) <= TOLERANCE
    saved = sum(plan.macs_before - plan.macs_after for plan in plans)
    assert model_macs(clone(model)) - saved == model_macs(factorized)
    saved = sum(plan.parameters_before - plan.parameters_after for plan in plans)
    assert model.count_params() - saved == factorized.count_params()


@pytest.mark.parametrize("form", [Decomposition.CHANNEL, Decomposition.SPATIAL])
@pytest.mark.parametrize(
    ("name", "drawn"), [("pretrainedResnet.h5", "images"), ("kws_ref_model_savedmodel", "features")]
)
def test_published_network_at_full_rank(name: str, drawn: str, form: Decomposition) -> None:
    """Networks that others trained compute the same with all their Dense layers and convolutions written as two."""
    model = load_model(reference_models() / name)
    plans = plan_factorization(model, FullRank(), decompositions=[Decomposition.DENSE, form], only_smaller=False)
    factorized = factorize(model, plans)
    plain = [layer.name for layer in model.layers if type(layer).__name__ in ("Conv2D", "Dense")]
    possible = [layer for layer in plain if form is Decomposition.CHANNEL or _is_wide(model.get_layer(layer))]
    assert possible == [plan.layer for plan in plans if plan.is_factorized]
    assert len(model.layers) + len(possible) == len(factorized.layers)
    x = runpy.run_path(str(reference_models() / "draw_inputs.py"))[drawn](40)
    expected, actual = (outputs_of(one, x)[0] for one in (model, factorized))
    assert np.abs(actual - expected).max() <= TOLERANCE


def _is_wide(layer: Any) -> bool:
    """Tell whether a layer can be written as a column and a row, or is none of convolutions."""
    return not hasattr(layer, "kernel_size") or layer.kernel_size[1] > 1


@pytest.mark.parametrize("name", ["conv1d", "one_dimensional"])
def test_one_dimensional_file_at_full_rank(name: str, tmp_path: Path) -> None:
    """A network along time, as it is loaded from a file, computes the same with every layer that can be as two."""
    source = ARCHITECTURES[name]()
    source.save(tmp_path / "source.h5")
    model = load_model(tmp_path / "source.h5")
    factorized = factorize(model, plan_factorization(model, FullRank(), only_smaller=False))
    assert len(model.layers) < len(factorized.layers)
    assert largest_difference(source, factorized) <= TOLERANCE


@pytest.mark.parametrize("name", full_but("one_dimensional", "shared", without="recurrent"))
def test_costs_are_those_of_the_tflite(name: str) -> None:
    """Multiply-accumulates, before and after, are what a converted model's tensors say."""
    model = ARCHITECTURES[name]()
    plans = plan_factorization(model, LayerMacShare(share=0.7), only_smaller=False)
    assert any(plan.is_factorized for plan in plans)
    for one in (clone(model), factorize(model, plans)):
        assert total_macs(read(float_tflite(one), source="the converted model")) == model_macs(one)


def test_only_smaller_layers_are_factorized() -> None:
    """At full rank no layer of a ResNet is smaller, so all stay, and each says why."""
    model = resnet8()
    plans = plan_factorization(model, FullRank())
    assert {False} == {plan.is_factorized for plan in plans}
    assert all(plan.reason and plan.reason.startswith(f"at rank {plan.full_rank} its factors take") for plan in plans)
    assert all((plan.macs_before, plan.rank) == (plan.macs_after, plan.full_rank) for plan in plans)
    assert largest_difference(model, factorize(model, plans)) == 0


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_model_share(share: float) -> None:
    """The network takes no more than the share, nearly all of it, and no layer became larger."""
    model = resnet8()
    plans = plan_factorization(model, ModelMacShare(share=share))
    macs = model_macs(factorize(model, plans))
    assert share - 0.02 <= macs / model_macs(clone(model)) <= share
    assert all(plan.macs_after < plan.macs_before for plan in plans if plan.is_factorized)
    assert all(plan.parameters_after < plan.parameters_before for plan in plans if plan.is_factorized)
    stays = [plan for plan in plans if not plan.is_factorized]
    assert {"the share of the model is reached without it"} >= {plan.reason for plan in stays}


def test_more_energy_is_closer() -> None:
    """The more energy is retained, the closer the outputs come, and every layer keeps what it was asked to."""
    model = low_rank_autoencoder()
    x = inputs_of(model)
    source = outputs_of(model, x)[0]
    errors = []
    for share in (0.5, 0.9, 0.999):
        plans = plan_factorization(model, RetainedEnergy(share=share))
        assert all(plan.retained_energy >= share for plan in plans)
        errors.append(float(np.square(outputs_of(factorize(model, plans), x)[0] - source).mean()))
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] < 0.01 * errors[0]


def low_rank_autoencoder() -> Any:
    """An autoencoder whose wide kernels have a few large singular values and noise."""
    keras = load_keras()
    x = start = keras.Input((48,))
    for units in (40, 4, 40, 48):
        x = keras.layers.Dense(units, activation="tanh" if units < 48 else None)(x)
    model = randomize(keras.Model(start, x))
    generator = np.random.default_rng(3)
    for layer in model.layers[1:]:
        kernel, bias = layer.get_weights()
        rank = min(3, *kernel.shape)
        left, right = generator.normal(size=(kernel.shape[0], rank)), generator.normal(size=(rank, kernel.shape[1]))
        layer.set_weights([left @ right / kernel.shape[0] + 0.05 * kernel, bias])
    return model


def test_names_bias_and_activation() -> None:
    """The second layer keeps name, bias and activation; the first is called after it, and only computes the product."""
    model = convolution(**CONVOLUTIONS["same"], activity_regularizer="l2")
    model.get_layer("conv").trainable = False
    factorized = factorize(model, plan_factorization(model, GivenRanks(ranks={"conv": 2})))
    _, first, second = factorized.layers
    assert ("conv_lowrank", "conv") == (first.name, second.name)
    assert (2, False, "linear", None) == (
        first.filters,
        first.use_bias,
        first.activation.__name__,
        first.activity_regularizer,
    )
    assert (6, True, "relu") == (second.filters, second.use_bias, second.activation.__name__)
    assert second.activity_regularizer is not None
    assert not first.trainable and not second.trainable


def test_survives_saving_and_another_round(tmp_path: Any) -> None:
    """A factorized model is saved and loaded like any other, and can be factorized again."""
    model = convolution(**CONVOLUTIONS["same"])
    once = factorize(model, plan_factorization(model, GivenRanks(ranks={"conv": 3})))
    save_model(once, tmp_path / "once.keras")
    loaded = load_model(tmp_path / "once.keras")
    assert largest_difference(once, loaded) == 0
    twice = factorize(loaded, plan_factorization(loaded, GivenRanks(ranks={"conv": 2, "conv_lowrank": 1})))
    assert ["conv_lowrank_lowrank", "conv_lowrank", "conv_lowrank_1", "conv"] == [
        layer.name for layer in twice.layers[1:]
    ]


def test_shared_layer_stays_shared() -> None:
    """A layer that is called twice becomes two that are called twice; its costs count both calls."""
    keras = load_keras()
    starts = [keras.Input((20,)), keras.Input((20,))]
    dense = keras.layers.Dense(20, name="twice")
    model = randomize(keras.Model(starts, keras.layers.Subtract()([dense(start) for start in starts])))
    (plan,) = plan_factorization(model, GivenRanks(ranks={"twice": 4}))
    assert (2 * 400, 2 * 4 * 40) == (plan.macs_before, plan.macs_after)
    assert (420, 4 * 40 + 20) == (plan.parameters_before, plan.parameters_after)
    factorized = factorize(model, [plan])
    assert [2, 2] == [len(factorized.get_layer(name).inbound_nodes) for name in ("twice_lowrank", "twice")]


def _grouped(layers: Any) -> Any:
    return layers.Conv2D(6, 3, groups=2, name="it")


def _time_distributed(layers: Any) -> Any:
    return layers.TimeDistributed(layers.Dense(5), name="it")


STAYS: dict[str, tuple[Callable[[Any], Any], str]] = {
    "groups": (_grouped, "its channels are in 2 groups"),
    "depthwise": (lambda layers: layers.DepthwiseConv2D(3, name="it"), "a depthwise kernel filters each channel alone"),
    "separable": (lambda layers: layers.SeparableConv2D(6, 3, name="it"), "SeparableConv2D is not factorized"),
    "transposed": (lambda layers: layers.Conv2DTranspose(6, 3, name="it"), "Conv2DTranspose is not factorized"),
    "time": (_time_distributed, "TimeDistributed is not factorized"),
    "recurrent": (lambda layers: layers.ConvLSTM1D(3, 3, name="it"), "ConvLSTM1D is not factorized"),
}


@pytest.mark.parametrize("name", STAYS)
def test_layers_that_stay(name: str) -> None:
    """What cannot be factorized stays untouched, with the reason, and cannot be given a rank."""
    make, reason = STAYS[name]
    keras = load_keras()
    start = keras.Input((8, 8, 4))
    model = randomize(keras.Model(start, make(keras.layers)(start)))
    (plan,) = plan_factorization(model, FullRank(), only_smaller=False)
    assert (None, 0, 0) == (plan.decomposition, plan.full_rank, plan.rank)
    assert plan.reason is not None and plan.reason.startswith(reason)
    assert largest_difference(model, factorize(model, [plan])) == 0
    with pytest.raises(ModelError, match=r'^factorize: the layer "it" cannot have a rank: .*; leave it out\.$'):
        plan_factorization(model, GivenRanks(ranks={"it": 2}))


def test_layers_kept_by_name() -> None:
    """A layer that is to be kept is, and the plan says so."""
    model = ARCHITECTURES["autoencoder"]()
    names = [layer.name for layer in model.layers if type(layer).__name__ == "Dense"]
    plans = plan_factorization(model, FullRank(), keep=[names[0]], only_smaller=False)
    assert "it is kept by name" == plan_of(plans, names[0]).reason
    assert {True} == {plan_of(plans, name).is_factorized for name in names[1:]}


def test_unknown_names() -> None:
    """A name that no layer with a kernel has is refused with the nearest one."""
    model = convolution(**CONVOLUTIONS["same"])
    with pytest.raises(ModelError, match=r'has no layer with a kernel "cov": did you mean "conv"\?'):
        plan_factorization(model, GivenRanks(ranks={"cov": 2}))
    with pytest.raises(ModelError, match=r'has no layer with a kernel "cov": did you mean "conv"\?'):
        plan_factorization(model, FullRank(), keep=["cov"])
    other = ARCHITECTURES["autoencoder"]()
    with pytest.raises(ModelError, match=r'the model has no layer "conv"'):
        factorize(other, plan_factorization(model, GivenRanks(ranks={"conv": 2})))


def test_source_is_not_changed() -> None:
    """Planning and factorizing leave the model as it was."""
    model = ARCHITECTURES["nested"]()
    before, weights = model.get_config(), model.get_weights()
    factorize(model, plan_factorization(model, LayerMacShare(share=0.5)))
    assert before == model.get_config()
    assert all((one == other).all() for one, other in zip(weights, model.get_weights(), strict=True))
