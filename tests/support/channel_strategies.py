"""Random small graphs for channel pruning: a list of steps, each one layer on tensors that earlier steps made."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st
from support.channel_models import layers, randomize

from edgewright.pipeline.frameworks import KerasModel, load_keras

Tensor = Any
ACTIVATIONS = ("relu", "linear", "sigmoid", "tanh", "softplus", "softmax")


@dataclass(frozen=True, kw_only=True)
class Step:
    """One layer: which kind, on which earlier tensor, and two numbers that choose its settings."""

    kind: str
    source: int
    first: int
    second: int


@dataclass(frozen=True, kw_only=True)
class GraphPlan:
    """A whole graph and the shares of channels that stay."""

    steps: tuple[Step, ...]
    share: float
    seed: int


def _convolution(x: Tensor, step: Step, _pool: Sequence[Tensor]) -> Tensor:
    kernel = 1 + step.second % 3
    return layers().Conv2D(
        2 + step.first % 3,
        min(kernel, *x.shape[1:3]),
        padding=("same", "valid")[step.second % 2],
        activation=ACTIVATIONS[step.first % len(ACTIVATIONS)],
        use_bias=step.second % 3 != 0,
    )(x)


def _transposed(x: Tensor, step: Step, _pool: Sequence[Tensor]) -> Tensor:
    return layers().Conv2DTranspose(2 + step.first % 2, 2, padding="same")(x)


def _separable(x: Tensor, step: Step, _pool: Sequence[Tensor]) -> Tensor:
    multiplier = 1 + step.second % 2
    return layers().SeparableConv2D(2 + step.first % 3, 2, padding="same", depth_multiplier=multiplier)(x)


def _depthwise(x: Tensor, step: Step, _pool: Sequence[Tensor]) -> Tensor:
    activation = ACTIVATIONS[step.second % len(ACTIVATIONS)]
    return layers().DepthwiseConv2D(2, padding="same", depth_multiplier=1 + step.first % 2, activation=activation)(x)


def _grouped(x: Tensor, step: Step, _pool: Sequence[Tensor]) -> Tensor:
    return layers().Conv2D(2 * x.shape[-1], 1, groups=x.shape[-1])(x) if step.first % 2 else x


def _dense(x: Tensor, step: Step, _pool: Sequence[Tensor]) -> Tensor:
    return layers().Dense(2 + step.first % 3, activation=ACTIVATIONS[step.second % len(ACTIVATIONS)])(x)


def _normalization(x: Tensor, step: Step, _pool: Sequence[Tensor]) -> Tensor:
    if step.first % 5 == 4:
        return layers().LayerNormalization()(x)
    return layers().BatchNormalization(scale=step.first % 2 == 0, center=step.second % 2 == 0)(x)


def _slope(x: Tensor, step: Step, _pool: Sequence[Tensor]) -> Tensor:
    return layers().PReLU(shared_axes=((1, 2), (1,), None, (1, 2, 3))[step.first % 4])(x)


def _activation(x: Tensor, step: Step, _pool: Sequence[Tensor]) -> Tensor:
    return layers().Activation(ACTIVATIONS[step.first % len(ACTIVATIONS)])(x)


def _resize(x: Tensor, step: Step, _pool: Sequence[Tensor]) -> Tensor:
    kl = layers()
    kinds = (kl.MaxPooling2D, kl.AveragePooling2D, kl.UpSampling2D, kl.ZeroPadding2D)
    if (step.first % 4 < 2 and min(x.shape[1:3]) < 2) or (step.first % 4 >= 2 and max(x.shape[1:3]) > 8):
        return x
    return kinds[step.first % 4]()(x)


def _merge(x: Tensor, step: Step, pool: Sequence[Tensor]) -> Tensor:
    kl = layers()
    kinds = (kl.Add, kl.Subtract, kl.Multiply, kl.Average, kl.Maximum, kl.Minimum)
    partners = [other for other in pool if other.shape[1:] == x.shape[1:]]
    return kinds[step.first % len(kinds)]()([x, partners[step.second % len(partners)]])


def _concatenate(x: Tensor, step: Step, pool: Sequence[Tensor]) -> Tensor:
    axis = (3, -1, 1)[step.first % 3]
    shape = [extent for index, extent in enumerate(x.shape[1:], 1) if index != axis % 4]
    partners = [
        other
        for other in pool
        if shape == [extent for index, extent in enumerate(other.shape[1:], 1) if index != axis % 4]
    ]
    if x.shape[1] > 8 or x.shape[3] > 8:
        return x
    return layers().Concatenate(axis=axis)([x, partners[step.second % len(partners)]])


def _gate(x: Tensor, step: Step, _pool: Sequence[Tensor]) -> Tensor:
    kl = layers()
    gate = kl.GlobalAveragePooling2D(keepdims=step.first % 2 == 0)(x)
    gate = kl.Dense(x.shape[-1], activation=("sigmoid", "relu", "softmax")[step.second % 3])(gate)
    return kl.Multiply()([x, gate])


def _spatial_gate(x: Tensor, _step: Step, _pool: Sequence[Tensor]) -> Tensor:
    return layers().Multiply()([layers().Conv2D(1, 1, activation="sigmoid")(x), x])


def _permute(x: Tensor, step: Step, _pool: Sequence[Tensor]) -> Tensor:
    return layers().Permute(((2, 1, 3), (3, 1, 2), (1, 3, 2))[step.first % 3])(x)


def _reshape(x: Tensor, step: Step, _pool: Sequence[Tensor]) -> Tensor:
    height, width, count = x.shape[1:]
    shapes = ((width, height, count), (height * width, 1, count), (1, height, width * count), (count, width, height))
    return layers().Reshape(shapes[step.first % 4])(x)


def _features(x: Tensor, step: Step, _pool: Sequence[Tensor]) -> Tensor:
    kl = layers()
    count = 2 + step.second % 2
    return kl.Reshape((2, 2, count))(kl.Dense(4 * count, activation="relu")(kl.Flatten()(x)))


def _unknown(x: Tensor, _step: Step, _pool: Sequence[Tensor]) -> Tensor:
    return layers().Lambda(lambda tensor: tensor[..., ::-1])(x)


KINDS: Mapping[str, Callable[[Tensor, Step, Sequence[Tensor]], Tensor]] = {
    "convolution": _convolution,
    "transposed": _transposed,
    "separable": _separable,
    "depthwise": _depthwise,
    "grouped": _grouped,
    "dense": _dense,
    "normalization": _normalization,
    "slope": _slope,
    "activation": _activation,
    "resize": _resize,
    "merge": _merge,
    "concatenate": _concatenate,
    "gate": _gate,
    "spatial_gate": _spatial_gate,
    "permute": _permute,
    "reshape": _reshape,
    "features": _features,
    "unknown": _unknown,
}
"""For each kind of step what it makes of a tensor."""

_COMMON = ("convolution", "convolution", "convolution", "merge", "concatenate", "normalization")

graph_plans = st.builds(
    GraphPlan,
    steps=st.lists(
        st.builds(
            Step,
            kind=st.sampled_from((*KINDS, *_COMMON)),
            source=st.integers(0, 7),
            first=st.integers(0, 11),
            second=st.integers(0, 11),
        ),
        min_size=2,
        max_size=9,
    ).map(tuple),
    share=st.sampled_from((0.3, 0.5, 0.8)),
    seed=st.integers(0, 1000),
)
"""Graphs of two to nine steps."""


def build_graph(plan: GraphPlan) -> KerasModel:
    """Build a plan's model: each step on one of the newest tensors; a classifier reads the last one and one between."""
    kl = layers()
    start = kl.Input((4, 5, 2))
    pool = [kl.Conv2D(4, 2, padding="same", activation="relu")(start)]
    for step in plan.steps:
        x = pool[-1 - step.source % min(len(pool), 3)]
        pool.append(KINDS[step.kind](x, step, pool))
    read = [kl.Conv2D(3, 1, activation="relu")(pool[-1]), pool[len(pool) // 2]]
    flat = [kl.GlobalAveragePooling2D()(read[0]), kl.Flatten()(read[1])]
    return randomize(load_keras().Model(start, kl.Dense(3)(kl.Concatenate()(flat))), plan.seed)
