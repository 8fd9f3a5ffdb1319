"""What a self-test's console says of a layer, finished on this computer: how far it is off, and where.

A firmware that holds hashes alone names the first layer that differs and prints its output and the model's inputs;
TFLM's interpreter computes here what the output must be. docs/selftest.md has the lines.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edgewright.pipeline.errors import DataError, TfliteError
from edgewright.pipeline.graph import Graph, input_tensors, read
from edgewright.pipeline.interpreters import Array
from edgewright.pipeline.report import load_report
from edgewright.pipeline.trace import element_integers, trace, traced_outputs

SHOWN_ELEMENTS = 5
BEGIN = "SELF-TEST BEGIN "
VERDICT = re.compile(r"SELF-TEST (?:PASS|FAIL|ERROR) .*")
LAYER = re.compile(r"SELF-TEST LAYER (.*)")
HASH = re.compile(r"first difference at layer (\d+) (\S+ \S+) hash differs .* output=(\d+) vector=(\d+)")
DATA = re.compile(r"SELF-TEST DATA (input|output) (\d+) at (\d+) ([0-9a-f]+)")
CONFIGURATION = re.compile(r"SELF-TEST BEGIN .*configuration=([0-9a-f]{64})")

_Blocks = Mapping[tuple[str, int], bytes]


@dataclass(frozen=True, kw_only=True)
class LogSummary:
    """What a self-test found."""

    verdict: str
    """Its last line."""
    layer: str
    """What is known of a layer, in one line; empty where the self-test says nothing of layers."""
    differing_count: int = 0
    element_count: int = 0
    """Of the layer's output; 0 where it was not compared here."""
    worst: tuple[tuple[int, int, int], ...] = ()
    """The elements that are furthest off: position, expected, got."""


def explain(log: Path, out: Path) -> LogSummary:
    """Say what a self-test found, by what was captured of the console and the output folder that the firmware is from.

    Raises:
        DataError: the log cannot be read, is of another folder, or a part of it is missing.
        OutputError: the folder holds no report.
        TfliteError: the folder's model cannot be read.
        InterpreterError: TFLM refused the model.
    """
    report = load_report(out / "report.json")
    path = out / "model.tflite"
    try:
        content = path.read_bytes()
    except OSError as error:
        raise TfliteError(f"{path}: cannot be read ({error.strerror}); give a build's folder with --out.") from None
    return summarize(read_log(log), read(content, source=str(path)), report.configuration_digest)


def read_log(path: Path) -> str:
    """Read what was captured of a console, from the beginning of its last self-test.

    Raises:
        DataError: the file cannot be read, or holds no self-test.
    """
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}); give what the board printed.") from None
    start = text.rfind(BEGIN)
    if start < 0 or not VERDICT.search(text, start):
        raise DataError(f"{path}: holds no self-test from BEGIN to its verdict; capture what the board prints at boot.")
    return text[start:]


def summarize(text: str, graph: Graph, configuration_digest: str) -> LogSummary:
    """Say what a self-test found; where a hash differed, also by how much.

    Args:
        text: as `read_log` returns it.
        graph: the model of the output folder that the firmware was built from.
        configuration_digest: of that folder.

    Raises:
        DataError: the log is of another model, or a part of it is missing.
        InterpreterError: TFLM refused the model.
    """
    digest = CONFIGURATION.search(text)
    if digest is None or digest[1] != configuration_digest:
        raise DataError(
            f"The log is of the configuration {digest[1] if digest else 'of nobody'}, and the folder of "
            f"{configuration_digest}; name the folder that the firmware was built from with --out."
        )
    verdict = VERDICT.findall(text)[-1].strip()
    layers = LAYER.findall(text)
    hashed = HASH.fullmatch(layers[-1].strip()) if layers else None
    if hashed is None:
        return LogSummary(verdict=verdict, layer=layers[-1].strip() if layers else "")
    layer, what, output, vector = int(hashed[1]), hashed[2], int(hashed[3]), int(hashed[4])
    expected, got = _compared(_blocks(text), graph, layer, output)
    differences = np.abs(expected.astype(np.int64) - got.astype(np.int64))
    order = np.argsort(-differences, kind="stable")
    worst = [int(place) for place in order[:SHOWN_ELEMENTS] if differences[place]]
    return LogSummary(
        verdict=verdict,
        layer=f"first difference at layer {layer} {what} max_diff={differences.max()} output={output} vector={vector}",
        differing_count=int(np.count_nonzero(differences)),
        element_count=len(differences),
        worst=tuple((place, int(expected[place]), int(got[place])) for place in worst),
    )


def _compared(blocks: _Blocks, graph: Graph, layer: int, output: int) -> tuple[Array, Array]:
    """Return the integers that a layer must give and those that it gave, each (elements,)."""
    traced = [one for one in traced_outputs(graph) if (one.layer, one.output) == (layer, output)]
    if not traced:
        raise DataError(f"The log names output {output} of layer {layer}, which the model does not have.")
    tensor = traced[0].tensor
    got = _array(blocks, ("output", output), tensor.dtype.value, tensor.shape)
    inputs = tuple(
        _array(blocks, ("input", number), given.dtype.value, given.shape)
        for number, given in enumerate(input_tensors(graph))
    )
    samples = tuple(array if array.shape[:1] == (1,) else array[np.newaxis] for array in inputs)
    expected = trace(graph, samples)[tensor.index][0]
    return tuple(element_integers(graph, tensor, array).reshape(-1) for array in (expected, got))  # type: ignore[return-value]


def _blocks(text: str) -> _Blocks:
    """Return the bytes that were printed, joined in their order."""
    parts: dict[tuple[str, int], dict[int, bytes]] = {}
    for kind, number, place, digits in DATA.findall(text):
        parts.setdefault((kind, int(number)), {})[int(place)] = bytes.fromhex(digits[: len(digits) // 2 * 2])
    return {key: b"".join(part for _, part in sorted(pieces.items())) for key, pieces in parts.items()}


def _array(blocks: _Blocks, key: tuple[str, int], dtype: str, shape: tuple[int, ...]) -> Array:
    content = blocks.get(key, b"")
    wanted = np.dtype(dtype).newbyteorder("<")
    count = int(np.prod(shape, dtype=np.int64))
    if len(content) != count * wanted.itemsize:
        raise DataError(
            f"The log holds {len(content)} bytes of {key[0]} {key[1]}, and it has {count * wanted.itemsize}; capture "
            f"the lines SELF-TEST DATA as well, all of them."
        )
    return np.frombuffer(content, wanted).astype(dtype).reshape(shape)
