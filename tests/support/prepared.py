"""A model with every kind of input that is preprocessed, and raw samples for it: what C and Kotlin are held to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from edgewright.pipeline.graph import DType, Operator, Quantization, Tensor
from edgewright.pipeline.preprocessing import Preprocessing, preprocess
from edgewright.pipeline.quantization import fill
from edgewright.pipeline.vocabulary import EmissionModel, GoldenVectors

RANDOM_SAMPLES = 1000
Floats = npt.NDArray[np.float32]
Array = npt.NDArray[np.generic]


@dataclass(frozen=True, kw_only=True)
class Input:
    """An input of the model that everything is tried on; preprocessing_main.c knows them by their number."""

    shape: tuple[int, ...]
    dtype: DType
    scale: float
    zero_point: int
    declared: Mapping[str, object]

    @property
    def quantization(self) -> Quantization:
        """Of the integers, or of those behind the floats."""
        return Quantization(scales=(self.scale,), zero_points=(self.zero_point,))

    @property
    def settings(self) -> Preprocessing:
        """The preprocessing."""
        return Preprocessing.model_validate(self.declared)

    def expected(self, raw: Array) -> Array:
        """Return what Python makes of raw samples."""
        tensor = Tensor(index=0, name="x", shape=self.shape, dtype=self.dtype, quantization=self.quantization)
        return fill(tensor, preprocess(raw, self.settings))


IMAGENET = {"mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]}
INPUTS = (
    Input(
        shape=(1, 8, 6, 3), dtype=DType.INT8, scale=0.0187, zero_point=-14,
        declared={"resize": [8, 6], "scale": [1 / 255, 1 / 127.5, 0.0041], "normalization": IMAGENET},
    ),
    Input(shape=(1, 5, 7, 1), dtype=DType.UINT8, scale=1.01, zero_point=3, declared={"resize": [5, 7]}),
    Input(
        shape=(1, 8, 6, 3), dtype=DType.FLOAT32, scale=0.1, zero_point=0,
        declared={"resize": [8, 6], "scale": 1 / 255, "offset": [-0.5, 0.0, 0.3]},
    ),
    Input(
        shape=(1, 16, 4), dtype=DType.INT16, scale=1e-4, zero_point=0,
        declared={"scale": 0.1, "offset": -0.7, "normalization": {"mean": [0.3], "std": [1.7]}},
    ),
    Input(shape=(1, 16, 4), dtype=DType.INT8, scale=0.03, zero_point=-128, declared={}),
    Input(
        shape=(1, 16, 4), dtype=DType.FLOAT32, scale=0.1, zero_point=0,
        declared={
            "scale": [0.1, 1.0, -3.7, 1e-20], "offset": 0.3,
            "normalization": {"mean": [0.7, -1e30, 0.0, 1.0], "std": [0.9]},
        },
    ),
    Input(shape=(1, 4, 5, 2), dtype=DType.INT8, scale=1 / 128, zero_point=-5, declared={"scale": [1 / 255, 0.002]}),
)  # fmt: skip
IMAGES = [number for number, given in enumerate(INPUTS) if given.settings.resize]
OTHERS = [number for number in range(len(INPUTS)) if number not in IMAGES]
SIZES = [(8, 6), (17, 13), (3, 2), (1, 1), (8, 1), (1, 40), (5, 96)]
"""The same, down, up, and the edges of both."""


def prepared_model(model: EmissionModel) -> EmissionModel:
    """Return a model that has all of INPUTS; QUANTIZE stands behind those in floating point."""
    tensors = list(model.graph.main.tensors)
    operators = list(model.graph.main.operators)
    for number, given in enumerate(INPUTS):
        is_float = given.dtype is DType.FLOAT32
        tensors[number] = replace(
            tensors[number], name=f"x{number}", shape=given.shape, dtype=given.dtype, buffer_index=0,
            quantization=None if is_float else given.quantization,
        )  # fmt: skip
        if is_float:
            behind = replace(tensors[number], index=len(tensors), dtype=DType.INT8, quantization=given.quantization)
            tensors.append(behind)
            operators.append(
                Operator(index=len(operators), op="QUANTIZE", version=1, inputs=(number,), outputs=(behind.index,))
            )
    main = replace(
        model.graph.main, tensors=tuple(tensors), operators=tuple(operators), inputs=tuple(range(len(INPUTS)))
    )
    zeros = tuple(np.zeros(given.shape, given.dtype.value) for given in INPUTS)
    return replace(
        model,
        graph=replace(model.graph, subgraphs=(main,)),
        layer_names=tuple(f"layer {operator.index}" for operator in operators),
        vectors=GoldenVectors(inputs=(zeros,), outputs=model.vectors.outputs[:1], origin="zeros"),
        trace=None,
        preprocessing=tuple(given.settings for given in INPUTS),
    )


def extremes(shape: tuple[int, ...]) -> Floats:
    """Return samples that consist of one extreme value each, and samples in which all of them are mixed."""
    largest, tiny = np.finfo(np.float32).max, np.finfo(np.float32).tiny
    values = np.array(
        [0.0, -0.0, 1e-45, -1e-45, tiny / 2, tiny, -tiny, 1.0, -1.0, 1e30, largest, -largest, np.inf, -np.inf, np.nan],
        np.float32,
    )
    alone = np.broadcast_to(values.reshape(-1, *[1] * len(shape)), (len(values), *shape))
    return np.concatenate([alone, np.random.default_rng(6).choice(values, (50, *shape))])


def floats(shape: tuple[int, ...]) -> Floats:
    """Return 1,000 random samples of several orders of magnitude, and the extremes."""
    draw = np.random.default_rng(5)
    widths = draw.choice([1e-3, 1.0, 100.0, 1e5], (RANDOM_SAMPLES, *[1] * len(shape)))
    return np.concatenate([(draw.normal(size=(RANDOM_SAMPLES, *shape)) * widths).astype(np.float32), extremes(shape)])


def bytes_of_images(shape: tuple[int, ...]) -> Array:
    """Return 1,000 random samples of uint8, a black one and a white one."""
    noise = np.random.default_rng(5).integers(0, 256, (RANDOM_SAMPLES, *shape), np.uint8)
    return np.concatenate([noise, np.zeros((1, *shape), np.uint8), np.full((1, *shape), 255, np.uint8)])


def assert_same(expected: Array, found: bytes) -> None:
    """Compare to the bit; of NaN only that it is one, since no standard says which."""
    actual = np.frombuffer(found, expected.dtype).reshape(expected.shape)
    if expected.dtype == np.float32:
        assert np.isnan(expected).tolist() == np.isnan(actual).tolist()
        expected, actual = (np.where(np.isnan(values), 0, values) for values in (expected, actual))
    assert expected.tobytes() == actual.tobytes()
