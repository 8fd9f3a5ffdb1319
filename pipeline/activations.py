"""What samples make the layers of a model give: calibrated ranges, and what other samples do to them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from edgewright.pipeline.conversion.samples import Samples
from edgewright.pipeline.frameworks import KerasModel, load_keras

MOST_TRAINING = 512
"""Training samples that are put through a model, or as many as there are representative ones if that is more."""
BATCH = 64

_FUSED = frozenset({"BatchNormalization", "ReLU", "Dropout"})
"""What is computed together with the layer before, whose own result is never quantized then."""
_SAME_RANGE = frozenset({"InputLayer", "Dropout", "Flatten", "Reshape", "Permute"})
"""What gives the values that it is given."""


@dataclass(frozen=True, kw_only=True)
class LayerRange:
    """What is known of one layer whose result gets a scale of its own."""

    name: str
    minimum: float
    maximum: float
    """The range that representative samples calibrate; 0 is in it."""
    saturated_share: float
    """Of activations for training samples: those beyond the range, 0 to 1."""
    growth: float
    """How much wider as many training samples again would make the range; 0.1 is a tenth."""


def observe_layers(model: KerasModel, representative: Samples, training: Samples) -> tuple[LayerRange, ...]:
    """Put samples through a model, each once for all layers.

    Args:
        model: a tf_keras model.
        representative: one array (N, *shape) for each input, N at least 1.
        training: as many arrays; some hundred samples of them are drawn.
    """
    names, outputs = _scaled_layers(model)
    if not names:
        return ()
    observer = load_keras().Model(model.inputs, outputs)
    low, high = _span([*_observe(observer, representative, lambda _, values: (0.0, *_extremes(values)))])

    def look(index: int, values: npt.NDArray[np.float32]) -> tuple[float, float, float]:
        outside = np.count_nonzero((values < low[index]) | (values > high[index]))
        return len(values) * outside / values.size, *_extremes(values)

    count, available = len(representative[0]), len(training[0])
    chosen = np.random.default_rng(0).permutation(available)[: max(count, MOST_TRAINING)]
    again = [*_observe(observer, tuple(array[chosen[:count]] for array in training), look)]
    others = [*_observe(observer, tuple(array[chosen[count:]] for array in training), look)]
    shares = np.array([*again, *others])[..., 0].sum(axis=0) / len(chosen)
    again_low, again_high = _span(again)
    wider = np.maximum(high, again_high) - np.minimum(low, again_low)
    # A layer that gave nothing but 0 has no range yet: whatever else it gives is beyond it.
    growth = np.where(high > low, wider / np.where(high > low, high - low, 1.0) - 1, np.sign(wider))
    return tuple(
        LayerRange(
            name=name,
            minimum=float(low[index]),
            maximum=float(high[index]),
            saturated_share=float(shares[index]),
            growth=float(growth[index]),
        )
        for index, name in enumerate(names)
    )


def _scaled_layers(model: KerasModel) -> tuple[list[str], list[Any]]:
    """Return the layers whose results get a scale of their own, and these results."""
    names, outputs = [], []
    for layer in model.layers:
        if type(layer).__name__ in _SAME_RANGE or _is_fused_away(layer):
            continue
        output = layer.get_output_at(0)
        if getattr(getattr(output, "dtype", None), "is_floating", False):
            names.append(layer.name)
            outputs.append(output)
    return names, outputs


def _is_fused_away(layer: Any) -> bool:
    followers = [node.outbound_layer for node in layer.outbound_nodes]
    return bool(followers) and all(
        type(follower).__name__ in _FUSED
        or (type(follower).__name__ == "Activation" and follower.get_config()["activation"] in ("relu", "relu6"))
        for follower in followers
    )


def _extremes(values: npt.NDArray[np.float32]) -> tuple[float, float]:
    """Return the lowest and highest value, and 0 where that is beyond them."""
    return min(0.0, float(values.min())), max(0.0, float(values.max()))


def _span(seen: list[list[tuple[float, ...]]]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return each layer's lowest and highest value of all batches."""
    figures = np.array(seen, np.float64)
    return figures[..., 1].min(axis=0), figures[..., 2].max(axis=0)


def _observe(
    observer: KerasModel, x: Samples, look: Callable[[int, npt.NDArray[np.float32]], tuple[float, ...]]
) -> Iterator[list[tuple[float, ...]]]:
    """Put samples through all layers, and yield for each batch what is seen of each layer."""
    for start in range(0, len(x[0]), BATCH):
        batch = [array[start : start + BATCH] for array in x]
        outputs = observer(batch if len(batch) > 1 else batch[0], training=False)
        together = outputs if isinstance(outputs, list) else [outputs]
        yield [look(index, output.numpy()) for index, output in enumerate(together)]
