"""The two layers that stand for one.

The second of them keeps its name, bias and activation; the first has neither bias nor activation.
"""

from __future__ import annotations

from edgewright.pipeline.surgery.decompositions import Decomposition, decompose
from edgewright.pipeline.surgery.rebuild import KerasLayer

WITHOUT_BIAS = {"use_bias": False, "bias_regularizer": None, "bias_constraint": None}


def make_factors(
    layer: KerasLayer, decomposition: Decomposition, rank: int, first_name: str
) -> tuple[KerasLayer, KerasLayer]:
    """Make the two layers that stand for one; a constraint on its kernel says nothing about the factors.

    Args:
        layer: a Dense layer, or a Conv2D without groups.
        decomposition: one of those of its kernel.
        rank: units or filters of the first.
        first_name: what it is called; the second keeps the name.
    """
    config = {**layer.get_config(), "kernel_constraint": None}
    first = {**config, **WITHOUT_BIAS, "name": first_name, "activation": "linear", "activity_regularizer": None}
    second = {**config}
    if decomposition is Decomposition.DENSE:
        first["units"] = rank
    else:
        first["filters"] = rank
        for key in ("kernel_size", "strides", "dilation_rate"):
            height, width = config[key]
            is_spatial = decomposition is Decomposition.SPATIAL
            first[key] = (height, 1) if is_spatial else (height, width)
            second[key] = (1, width) if is_spatial else (1, 1)
    make = type(layer).from_config
    return make(first), make(second)


def set_factors(
    layer: KerasLayer, decomposition: Decomposition, rank: int, pair: tuple[KerasLayer, KerasLayer]
) -> None:
    """Give the two layers, once they are built, the weights that stand for those of one.

    Args:
        layer: the one.
        decomposition: as it was given to `make_factors`.
        rank: likewise.
        pair: what that gave.
    """
    kernel, *bias = layer.get_weights()
    factors = decompose(kernel, decomposition, rank)
    first, second = pair
    first.set_weights([factors.first])
    second.set_weights([factors.second, *bias])
    first.trainable = second.trainable = layer.trainable
