"""The files between parent and worker."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from edgewright.pipeline.interpreters import Allocations, MemoryUse, Resolver
from edgewright.pipeline.interpreters.exchange import (
    ExchangeError,
    Kind,
    Outcome,
    Phase,
    Progress,
    Reply,
    Task,
    read_progress,
    read_reply,
    read_task,
    write_progress,
    write_reply,
    write_task,
)

REPLY = Reply(
    outcome=Outcome.DONE,
    message="fine",
    latencies_us=(1.5, 2.0),
    load_time_us=3.25,
    first_time_us=7.5,
    yardsticks_us=(30.5, 31.0),
    memory=MemoryUse(base_bytes=5, peak_bytes=6),
    uses_delegate=True,
    allocations=Allocations(total_bytes=3, head_bytes=2, tail_bytes=1),
    arena_bytes=16,
    attempts=2,
)

ARRAYS = hnp.arrays(
    st.sampled_from([np.dtype(name) for name in ("int8", "uint8", "int16", "int32", "float32", "bool")]),
    hnp.array_shapes(min_dims=1, max_dims=4, min_side=0, max_side=4),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(st.lists(ARRAYS, max_size=12))
def test_arrays_come_through_in_order(tmp_path: Path, arrays: list[np.ndarray]) -> None:
    """Every plain array arrives with its dtype, shape and bytes, in its place."""
    write_reply(tmp_path, REPLY, tuple(arrays))
    _, received = read_reply(tmp_path)
    sent = [(array.dtype, array.shape, array.tobytes()) for array in arrays]
    assert sent == [(array.dtype, array.shape, array.tobytes()) for array in received]


def test_a_reply_comes_through(tmp_path: Path) -> None:
    """Every field of a reply arrives."""
    write_reply(tmp_path, REPLY)
    assert (REPLY, ()) == read_reply(tmp_path)


@pytest.mark.parametrize("arena_bytes", [None, 4096])
def test_a_task_comes_through(tmp_path: Path, arena_bytes: int | None) -> None:
    """Every field of a task arrives, and the model's bytes with it."""
    task = Task(
        kind=Kind.TIME_INVOKES,
        module="a.b",
        runtime_module="c",
        resolver=Resolver.XNNPACK,
        threads=2,
        arena_bytes=arena_bytes,
        want_timings=True,
        want_allocations=True,
        warm_up_runs=3,
        minimum_runs=4,
        maximum_runs=5,
        time_limit_seconds=0.5,
    )
    write_task(tmp_path, task, b"\0model", ())
    assert (task, b"\0model", ()) == read_task(tmp_path)


def test_a_reply_with_a_pickle_is_not_loaded(tmp_path: Path) -> None:
    """An array of objects would be a pickle: it is refused."""
    write_reply(tmp_path, REPLY)
    np.savez(tmp_path / "outputs.npz", array_0=np.array([{}], dtype=object))
    with pytest.raises(ExchangeError, match=r"outputs\.npz cannot be read .*allow_pickle"):
        read_reply(tmp_path)


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("outcome", "fine", "outcome"),
        ("message", 1, "message is no text"),
        ("latencies_us", ["1"], "latencies_us is no list of numbers"),
        ("load_time_us", None, "load_time_us is no number"),
        ("first_time_us", "1", "first_time_us is no number"),
        ("yardsticks_us", 1.5, "yardsticks_us is no list of numbers"),
        ("memory", [1], "memory is no object"),
        ("memory", {"base_bytes": 1}, "peak_bytes is no integer"),
        ("allocations", 1, "allocations is no object"),
        ("allocations", {"total_bytes": 1.5}, "total_bytes is no integer"),
        ("arena_bytes", True, "arena_bytes is no integer"),
    ],
)
def test_a_field_of_the_wrong_type_is_refused(tmp_path: Path, field: str, value: object, words: str) -> None:
    """A reply is checked field by field."""
    write_reply(tmp_path, REPLY)
    path = tmp_path / "reply.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), field: value}))
    with pytest.raises(ExchangeError, match=words):
        read_reply(tmp_path)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"\x93NUMPY", bytes(range(256))])
def test_broken_arrays_are_refused(tmp_path: Path, content: bytes) -> None:
    """A file that is no archive of arrays gives an error of the exchange."""
    write_reply(tmp_path, REPLY)
    (tmp_path / "outputs.npz").write_bytes(content)
    with pytest.raises(ExchangeError, match=r"outputs\.npz cannot be read"):
        read_reply(tmp_path)


def test_progress_comes_through(tmp_path: Path) -> None:
    """The phase and the length of the log arrive; without them the worker was starting."""
    assert Progress(phase=Phase.STARTING, log_bytes=0) == read_progress(tmp_path)
    progress = Progress(phase=Phase.SEARCHING, log_bytes=77)
    write_progress(tmp_path, progress)
    assert progress == read_progress(tmp_path)
