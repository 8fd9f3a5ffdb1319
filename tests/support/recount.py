"""What a `.tflite` holds, counted by TensorFlow's own schema and arithmetic that owes nothing to the code."""

from __future__ import annotations

import math
import zlib
from typing import Any

import numpy as np
from support.schemas import load_schema, schema_path

WITH_WEIGHTS = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED")
STORED_AS = {"INT8": np.int8, "INT16": np.int16, "INT32": np.int32, "INT64": np.int64}


def recount(tflite: bytes) -> dict[str, int]:
    """Count parameters, those that are not zero, multiply-accumulates, bytes and bytes after gzip."""
    path = schema_path("tensorflow")
    assert path is not None, "tensorflow is a dependency, and comes with its schema"
    schema = load_schema(path)
    model = schema.ModelT.InitFromPackedBuf(tflite, 0)
    (graph,) = model.subgraphs
    names = {value: name for name, value in vars(schema.BuiltinOperator).items() if not name.startswith("_")}
    types = {value: name for name, value in vars(schema.TensorType).items() if not name.startswith("_")}
    parameters: dict[int, Any] = {}
    mac_count = 0
    for operator in graph.operators:
        name = names[model.operatorCodes[operator.opcodeIndex].builtinCode]
        tensors = [graph.tensors[index] if index >= 0 else None for index in operator.inputs]
        mac_count += _products(name, tensors, graph.tensors[operator.outputs[0]])
        for index, tensor in zip(operator.inputs, tensors, strict=True):
            data = None if tensor is None else model.buffers[tensor.buffer].data
            if data is None or not len(data):
                continue
            if name in WITH_WEIGHTS or (tensor.quantization and tensor.quantization.scale is not None):
                parameters[int(index)] = (
                    np.asarray(data, np.uint8).view(STORED_AS[types[tensor.type]]) - (tensor.quantization.zeroPoint[0])
                )
    compressor = zlib.compressobj(9, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    return {
        "parameter_count": sum(values.size for values in parameters.values()),
        "nonzero_parameter_count": sum(int((values != 0).sum()) for values in parameters.values()),
        "mac_count": mac_count,
        "file_bytes": len(tflite),
        "gzip_bytes": len(compressor.compress(tflite) + compressor.flush()),
    }


def _products(name: str, inputs: list[Any], output: Any) -> int:
    """Count the products of one operator: for each value of the output, those of the window that it sums over."""
    if name not in WITH_WEIGHTS:
        return 0
    shape, values = list(inputs[1].shape), math.prod(output.shape)
    if name == "CONV_2D":  # (filters, height, width, channels)
        return int(values * shape[1] * shape[2] * shape[3])
    if name == "DEPTHWISE_CONV_2D":  # (1, height, width, channels)
        return int(values * shape[1] * shape[2])
    return int(values * shape[1])  # (units, inputs)
