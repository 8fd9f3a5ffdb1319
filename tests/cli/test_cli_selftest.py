"""`edgewright selftest`: what a board printed, with what this computer can add."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support.command import assert_refused, edgewright
from support.graphs import tiny_graph

from edgewright.pipeline.golden import random_inputs
from edgewright.pipeline.graph import write
from edgewright.pipeline.report import load_report
from edgewright.pipeline.trace import trace


@pytest.mark.slow
def test_a_log_is_finished(tmp_path: Path) -> None:
    """A layer that differs by its hash is told with how far it is off; a log of another model is refused."""
    graph = tiny_graph()
    (tmp_path / "tiny.tflite").write_bytes(write(graph))
    emitted = edgewright("emit", "tiny.tflite", "--target", "pico", "--out", "out", cwd=tmp_path)
    assert (0, "") == (emitted.returncode, emitted.stderr)
    digest = load_report(tmp_path / "out" / "report.json").configuration_digest
    (given,) = random_inputs(graph, 1, 1)
    expected = trace(graph, (given,))[graph.main.operators[2].outputs[0]][0]
    got = np.array(expected)
    got.flat[1] += 5 if got.flat[1] < 0 else -5
    log = (
        f"SELF-TEST BEGIN format=2 edgewright=0.1.0 configuration={digest}\n"
        f"SELF-TEST DATA output 0 at 0 {got.tobytes().hex()}\n"
        f"SELF-TEST DATA input 0 at 0 {given.tobytes().hex()}\n"
        "SELF-TEST LAYER first difference at layer 2 FULLY_CONNECTED dense hash differs expected=00000000 got=11111111 "
        "output=0 vector=2\nSELF-TEST FAIL vector 2 element 0 expected 1 got 2\n"
    )
    (tmp_path / "console.log").write_text(log)
    finished = edgewright("selftest", "console.log", "--out", "out", cwd=tmp_path)
    assert (0, "") == (finished.returncode, finished.stderr)
    assert [
        "SELF-TEST FAIL vector 2 element 0 expected 1 got 2",
        "first difference at layer 2 FULLY_CONNECTED dense max_diff=5 output=0 vector=2",
        "1 of 3 elements differ, most of all:",
        f"  element 1: expected {expected.flat[1]}, got {got.flat[1]}",
    ] == finished.stdout.splitlines()
    (tmp_path / "console.log").write_text(log.replace(digest, "0" * 64))
    assert_refused(edgewright("selftest", "console.log", "--out", "out", cwd=tmp_path), "--out")
    assert_refused(edgewright("selftest", "console.log", "--out", "elsewhere", cwd=tmp_path), "elsewhere")
    (tmp_path / "out" / "model.tflite").unlink()
    assert_refused(edgewright("selftest", "console.log", "--out", "out", cwd=tmp_path), "model.tflite", "--out")
