"""What channel pruning is for, on whole networks through the stage: file, MACs and arena of the int8 model fall."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from support.channel_models import MOBILENET_BLOCKS, TOLERANCE, largest_difference, layers, mobilenet, resnet8
from support.digits import tiny_arrays, write_npz
from support.stages import run_stage, stage_named

from edgewright.pipeline.arena import measure_host_arena
from edgewright.pipeline.frameworks import KerasModel
from edgewright.pipeline.metrics import count_tflite
from edgewright.pipeline.models import load_model, save_model
from edgewright.pipeline.stages import prune
from edgewright.pipeline.surgery.channel_groups import find_groups
from edgewright.pipeline.surgery.channels import zero_channels

pytestmark = pytest.mark.slow
CLASSES = 10


@dataclass(frozen=True, kw_only=True)
class Case:
    """A network, and what may be left of it at half of its channels, as shares."""

    build: Callable[[], KerasModel]
    side: int
    file_share: float
    macs_share: float
    arena_share: float


CASES = {
    "resnet8": Case(build=resnet8, side=32, file_share=0.4, macs_share=0.28, arena_share=0.6),
    "mobilenet": Case(
        build=lambda: mobilenet(64, MOBILENET_BLOCKS), side=64, file_share=0.4, macs_share=0.32, arena_share=0.65
    ),
}


def enliven(model: KerasModel) -> KerasModel:
    """Make random weights so large that the outputs of a deep network still depend on its inputs."""
    for layer in model.layers:
        if isinstance(layer, layers().BatchNormalization):
            layer.gamma.assign(4 * layer.gamma)
        if isinstance(layer, layers().DepthwiseConv2D):
            layer.depthwise_kernel.assign(layer.output.shape[-1] ** 0.5 * layer.depthwise_kernel)
    return model


@dataclass(frozen=True, kw_only=True)
class Pruned:
    """A network before and after the stage, with nothing trained, and the int8 models that both become."""

    case: Case
    source: KerasModel
    result: KerasModel
    before: bytes
    after: bytes


@pytest.fixture(scope="module", params=["resnet8", pytest.param("mobilenet", marks=pytest.mark.full)])
def pruned(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Pruned:
    """A network of which the stage took half of the channels in two steps, without training, and both conversions."""
    case, folder = CASES[request.param], tmp_path_factory.mktemp("pruned")
    data = write_npz(folder / "data.npz", tiny_arrays((case.side, case.side, 3), CLASSES))
    save_model(enliven(case.build()), folder / "source.keras")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(prune, "fit", lambda *_, **__: None)
        result = run_stage(
            stage_named("prune"),
            folder / "source.keras",
            data,
            folder / "pruned",
            amount=0.5,
            soft_targets={"alpha": 0},
        )
    before, after = (
        run_stage(stage_named("convert"), path, data, folder / name).read_bytes()
        for name, path in (("before", folder / "source.keras"), ("after", result))
    )
    return Pruned(
        case=case, source=load_model(folder / "source.keras"), result=load_model(result), before=before, after=after
    )


def test_every_layer_has_half_its_channels(pruned: Pruned) -> None:
    """All convolutions and normalizations of the result have half their filters, the layer of the classes all."""
    kinds = (layers().Conv2D, layers().BatchNormalization)
    before, after = (
        [layer.output.shape[-1] for layer in model.layers if isinstance(layer, kinds)]
        for model in (pruned.source, pruned.result)
    )
    assert [count if count == CLASSES else count // 2 for count in before] == after


def test_file_macs_and_arena_of_the_int8_model_fall(pruned: Pruned) -> None:
    """Weights and MACs of inner layers fall to a quarter, activations to a half, in the real converter and TFLM."""
    case = pruned.case
    before, after = count_tflite(pruned.before), count_tflite(pruned.after)
    assert after.file_bytes < case.file_share * before.file_bytes
    assert after.mac_count < case.macs_share * before.mac_count
    assert measure_host_arena(pruned.after) < case.arena_share * measure_host_arena(pruned.before)


def test_without_training_it_computes_what_the_source_computes_with_those_filters_zeroed(pruned: Pruned) -> None:
    """The filters that went, told by what the kept ones hold, are zeroed in the source: the outputs are the same."""
    removed = {
        group.id: sorted(
            {*range(group.channel_count)} - {*_kept_channels(pruned, (*group.producers, *group.followers))}
        )
        for group in find_groups(pruned.source)
    }
    assert [0.5] * len(removed) == [
        len(removed[group.id]) / group.channel_count for group in find_groups(pruned.source)
    ]
    zeroed = zero_channels(pruned.source, removed)
    assert largest_difference(zeroed, pruned.result) <= TOLERANCE
    assert largest_difference(pruned.source, pruned.result) > 1000 * TOLERANCE


def _kept_channels(pruned: Pruned, names: tuple[str, ...]) -> list[int]:
    """Return which channels of a group are left, by the values of a bias or beta, which no two channels share."""
    name = next(name for name in names if _vector(pruned.source, name) is not None)
    source, left = (_vector(model, name).tolist() for model in (pruned.source, pruned.result))
    assert len(source) == len(set(source))
    return [source.index(value) for value in left]


def _vector(model: KerasModel, name: str) -> Any:
    """Return a layer's last weight of one dimension that is learned: a bias or a beta; None where there is none."""
    vectors = [weight.numpy() for weight in model.get_layer(name).trainable_weights if len(weight.shape) == 1]
    return vectors[-1] if vectors else None
