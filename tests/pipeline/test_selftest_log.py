"""A captured console: what is read out of it, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support.graphs import tiny_graph

from edgewright.pipeline.errors import DataError
from edgewright.pipeline.golden import random_inputs
from edgewright.pipeline.selftest_log import LogSummary, read_log, summarize
from edgewright.pipeline.trace import trace

DIGEST = "0123456789abcdef" * 4
BEGIN = f"SELF-TEST BEGIN format=2 edgewright=0.1.0 configuration={DIGEST}\n"
FAIL = "SELF-TEST FAIL vector 2 element 0 expected 1 got 2"
HASHED = (
    "SELF-TEST LAYER first difference at layer 2 FULLY_CONNECTED dense hash differs expected=00000000 got=11111111 "
    "output=0 vector=2\n"
)


def data(kind: str, array: np.ndarray, width: int = 16) -> str:
    """Return the lines that hold an array."""
    content = array.tobytes()
    return "".join(
        f"SELF-TEST DATA {kind} 0 at {start} {content[start : start + width].hex()}\n"
        for start in range(0, len(content), width)
    )


def failed() -> tuple[str, np.ndarray, np.ndarray]:
    """Return a log of a fully-connected layer that is off in two elements, what it must give, and what it gave."""
    graph = tiny_graph()
    (given,) = random_inputs(graph, 1, 1)
    expected = trace(graph, (given,))[graph.main.operators[2].outputs[0]][0].reshape(-1)
    got = expected.copy()
    got[[0, 2]] = np.where(expected[[0, 2]] > 0, expected[[0, 2]] - [9, 20], expected[[0, 2]] + [9, 20])
    return BEGIN + data("output", got) + data("input", given) + HASHED + FAIL + "\n", expected, got


def test_a_difference_is_measured() -> None:
    """The elements that differ are counted, and those furthest off come first."""
    text, expected, got = failed()
    assert LogSummary(
        verdict=FAIL,
        layer="first difference at layer 2 FULLY_CONNECTED dense max_diff=20 output=0 vector=2",
        differing_count=2,
        element_count=3,
        worst=((2, expected[2], got[2]), (0, expected[0], got[0])),
    ) == summarize(text, tiny_graph(), DIGEST)


@pytest.mark.parametrize("line", ["first difference at layer 0 CONV_2D a max_diff=3 element=1", "unknown: why", ""])
def test_what_the_firmware_knows_is_handed_on(line: str) -> None:
    """A line that needs nothing more is told as it is; without one the verdict stands alone."""
    text = BEGIN + (f"SELF-TEST LAYER {line}\n" if line else "") + FAIL
    assert LogSummary(verdict=FAIL, layer=line) == summarize(text, tiny_graph(), DIGEST)


def test_the_last_self_test_of_a_log_is_read(tmp_path: Path) -> None:
    """A board that was reset prints several; what other lines hold, and what no text is, does not matter."""
    path = tmp_path / "console.log"
    text = f"{BEGIN}{FAIL}\n{BEGIN}SELF-TEST PASS 3/3 max_diff=0\r\nready"
    path.write_bytes(b"\xff boot\r\n" + text.encode())
    summary = summarize(read_log(path), tiny_graph(), DIGEST)
    assert LogSummary(verdict="SELF-TEST PASS 3/3 max_diff=0", layer="") == summary


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, r"cannot be read \(No such file or directory\); give what the board printed"),
        ("", "holds no self-test from BEGIN to its verdict"),
        (FAIL + "\n" + BEGIN, "holds no self-test from BEGIN to its verdict"),
    ],
)
def test_a_file_without_a_self_test_is_refused(content: str | None, message: str, tmp_path: Path) -> None:
    """A file that is missing, or holds no whole self-test, is told."""
    path = tmp_path / "console.log"
    if content is not None:
        path.write_text(content)
    with pytest.raises(DataError, match=message):
        read_log(path)


def test_a_log_that_does_not_fit_is_refused() -> None:
    """A log of another model, of a layer that does not exist, or with lines missing is told in a sentence."""
    text, _, _ = failed()
    without = "\n".join(line for line in text.splitlines() if "DATA input 0 at 16" not in line)
    for changed, message in (
        (text.replace("0123", "3210"), "The log is of the configuration 3210.* with --out"),
        (text.replace("layer 2", "layer 9"), "names output 0 of layer 9, which the model does not have"),
        (without, "The log holds 16 bytes of input 0, and it has 32; capture the lines SELF-TEST DATA as well"),
        (text.replace("DATA output", "DATA put"), "holds 0 bytes of output 0, and it has 3"),
    ):
        with pytest.raises(DataError, match=message):
            summarize(changed, tiny_graph(), DIGEST)
