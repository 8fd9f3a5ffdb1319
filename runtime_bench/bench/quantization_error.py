"""What quantization does to every operator's result: the integer graph against float activations."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgewright.pipeline.graph import Graph, Tensor, dequantize_graph, input_tensors, trace, write
from edgewright.pipeline.interpreters import Array, Request, Resolver, run, tflite_engine
from edgewright.pipeline.quantization import QUANTIZABLE, dequantize

FloatArray = npt.NDArray[np.float32]
NO_ERROR_DB = 200.0
"""Stands for the ratio of results that are equal to the bit: more than float32 tells apart."""


@dataclass(frozen=True, kw_only=True)
class Distortion:
    """How far an integer result is from the float one, over all samples and elements."""

    sqnr_db: float
    """Signal-to-quantization-noise ratio: 10 log10 of the signal's energy over that of the difference."""
    cosine: float

    @property
    def noise(self) -> float:
        """Energy of the difference as a share of the signal's."""
        return float(10 ** (-self.sqnr_db / 10))


def integer_activations(graph: Graph, samples: tuple[Array, ...], *, timeout_seconds: float) -> dict[int, FloatArray]:
    """Return the real values of every result of the integer graph, by tensor.

    Args:
        graph: full-integer.
        samples: one array (N, …) for each input, as the model takes them.
        timeout_seconds: after which the interpreter is stopped.

    Raises:
        InterpreterError: the reference interpreter refuses the graph.
    """
    found = _run_trace(trace(graph), samples, timeout_seconds)
    tensors = graph.main.tensors
    return {index: _real(tensors[index], array) for index, array in found.items() if _is_real(tensors[index])}


def float_activations(graph: Graph, real: tuple[Array, ...], *, timeout_seconds: float) -> dict[int, FloatArray]:
    """Return every result of the graph's float counterpart, by tensor.

    Args:
        graph: full-integer.
        real: one array (N, …) for each input, real numbers.
        timeout_seconds: after which the interpreter is stopped.

    Raises:
        TfliteError: the graph has no float counterpart.
        InterpreterError: the interpreter refuses that.
    """
    floating = trace(dequantize_graph(graph))
    takes = [np.dtype(tensor.dtype.value) for tensor in input_tensors(floating)]
    given = tuple(np.asarray(array, dtype) for array, dtype in zip(real, takes, strict=True))
    return _run_trace(floating, given, timeout_seconds)


def distortions(integer: Mapping[int, FloatArray], floating: Mapping[int, FloatArray]) -> dict[int, Distortion]:
    """Compare the results that both graphs have, by tensor."""
    common = [index for index in integer if index in floating and integer[index].size == floating[index].size]
    return {index: distortion(floating[index], integer[index]) for index in common}


def distortion(signal: FloatArray, distorted: FloatArray) -> Distortion:
    """Compare one result with what it should be."""
    wanted, got = (np.asarray(array, np.float64).ravel() for array in (signal, distorted))
    energy, noise = float(wanted @ wanted), float((wanted - got) @ (wanted - got))
    sqnr_db = NO_ERROR_DB if noise == 0 else -NO_ERROR_DB
    if noise > 0 and energy > 0:
        sqnr_db = 10 * math.log10(energy / noise)
    lengths = math.sqrt(energy) * float(np.linalg.norm(got))
    cosine = float(wanted @ got) / lengths if lengths > 0 else float(noise == 0)
    return Distortion(sqnr_db=min(max(sqnr_db, -NO_ERROR_DB), NO_ERROR_DB), cosine=cosine)


def added_noise(graph: Graph, found: Mapping[int, Distortion], real: tuple[Array, ...]) -> dict[int, float]:
    """Return how much noise each operator adds, as a share of its signal's energy, by operator.

    That is what its result has more than the noisiest of what it reads. An input of the model has the noise of rounding
    to its scale; a result that could not be compared is taken for as noisy as its operator's inputs.

    Args:
        graph: the integer graph.
        found: distortion of results, by tensor.
        real: one array (N, …) for each input, real numbers.
    """
    inputs = zip(input_tensors(graph), real, strict=True)
    noise = {tensor.index: _rounding_noise(tensor, array) for tensor, array in inputs}
    added: dict[int, float] = {}
    for operator in graph.main.operators:
        before = max((noise[index] for index in operator.inputs if index in noise), default=0.0)
        for index in operator.outputs:
            noise[index] = found[index].noise if index in found else before
        if operator.outputs and operator.outputs[0] in found:
            added[operator.index] = noise[operator.outputs[0]] - before
    return added


def _rounding_noise(tensor: Tensor, array: Array) -> float:
    """Return the share that rounding to a scale leaves: an error that is uniform over one step."""
    power = float(np.mean(np.square(array, dtype=np.float64)))
    if tensor.quantization is None or power == 0:
        return 0.0
    return tensor.quantization.scale**2 / 12 / power


def _run_trace(traced: Graph, samples: tuple[Array, ...], timeout_seconds: float) -> dict[int, Array]:
    engine = tflite_engine(Resolver.REFERENCE)
    result = run(Request(engine=engine, tflite=write(traced), inputs=samples), timeout_seconds=timeout_seconds)
    return dict(zip(traced.main.outputs, result.outputs, strict=True))


def _is_real(tensor: Tensor) -> bool:
    quantization = tensor.quantization
    return tensor.dtype.is_float or (
        tensor.dtype in QUANTIZABLE and quantization is not None and not quantization.is_per_channel
    )


def _real(tensor: Tensor, array: Array) -> FloatArray:
    if tensor.quantization is None or array.dtype.kind == "f":
        return np.asarray(array, np.float32)
    return dequantize(array, tensor.quantization)
