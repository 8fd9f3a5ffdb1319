"""The device's side of the serial protocol, request by request, with sanitizers: the emitted C over a hashing model."""

from __future__ import annotations

import re
import struct
import subprocess
import zlib
from collections.abc import Callable, Mapping
from enum import IntEnum
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.boards import (
    DIGEST,
    MODEL_NAME,
    PROGRAMS,
    board_at_port,
    board_model,
    board_sources,
    compile_board,
    draw_samples,
    mixed,
)
from support.families import FIRMWARE_FAMILIES

from edgewright.pipeline.digest import digest_bytes
from edgewright.pipeline.progress import SilentReporter
from edgewright.pipeline.target import load_family
from edgewright.pipeline.vocabulary import EmissionModel
from edgewright.runtime_bench.serial import SerialPort, compare_with_tflm, frames, open_board, run_samples
from edgewright.runtime_bench.serial.frames import (
    ANSWER,
    Command,
    Frame,
    Readable,
    Splitter,
    Status,
    encode,
    stuff,
    unstuff,
)

HERE = Path(__file__).parent
SESSION = 0x12345678
SECOND = 1_000_000

Emit = Callable[..., Mapping[str, bytes]]
Unpack = Callable[[Mapping[str, bytes]], Path]


@pytest.fixture(scope="module")
def device(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the program, built once."""
    folder = tmp_path_factory.mktemp("protocol")
    own = {"edgewright_port.c", "protocol_main.c"}
    sources = [path for path in board_sources(folder, "protocol_main.c") if path.name not in own]
    return compile_board([*sources, HERE / "protocol_main.c"], folder)


def bytes_in(data: bytes) -> bytes:
    """Return the steps that let bytes arrive."""
    return b"".join(b"b" + bytes([byte]) for byte in data)


def clock(ticks: int) -> bytes:
    """Return the step that sets the clock."""
    return b"t" + struct.pack("<I", ticks)


def asked(command: int, sequence: int, payload: bytes = b"", session: int = SESSION) -> bytes:
    """Return the steps of a request."""
    return bytes_in(encode(Frame(command=command, sequence=sequence, session=session, payload=payload)))


def take(device: Path, *steps: bytes) -> tuple[list[Frame | None], str]:
    """Take steps; return the frames that were sent, and the rest."""
    finished = subprocess.run([device], input=b"".join(steps), capture_output=True, check=False, timeout=20)
    assert (0, b"") == (finished.returncode, finished.stderr)
    splitter = Splitter()
    return splitter.take(finished.stdout), splitter.text


def answers(device: Path, *requests: tuple[int, bytes]) -> list[tuple[int, bytes]]:
    """Send HELLO and then requests; return status and payload of the answer to each of these."""
    steps = [asked(Command.HELLO, 0)]
    steps += [asked(command, number, payload) for number, (command, payload) in enumerate(requests, 1)]
    found, _ = take(device, *steps)
    assert [command | ANSWER for command, _ in requests] == [frame.command for frame in found[1:] if frame is not None]
    return [(frame.status, frame.payload) for frame in found[1:] if frame is not None]


def read(what: int, index: int = 0, offset: int = 0) -> tuple[int, bytes]:
    """Return the request that reads a piece."""
    return Command.READ, struct.pack("<BBI", what, index, offset)


@pytest.mark.parametrize(
    ("c_name", "python"),
    [("edgewright_command", Command), ("edgewright_object", Readable), ("edgewright_answer", Status)],
)
def test_both_sides_number_alike(c_name: str, python: type[IntEnum], tiny: EmissionModel, emit: Emit) -> None:
    """Commands, objects and statuses have the same numbers and names in the emitted header and in Python."""
    header = emit(tiny, "cmake")["edgewright/edgewright_protocol.h"].decode()
    bodies = {name: body for body, name in re.findall(r"typedef enum \{(.*?)\} (\w+);", header, re.DOTALL)}
    found = re.findall(r"EDGEWRIGHT_[A-Z]+?_([A-Z_]+) = (\d+)", bodies[c_name])
    assert [(member.name, str(member.value)) for member in python] == found
    header += emit(tiny, "cmake")["edgewright/edgewright_frame.h"].decode()
    known = {
        "PROTOCOL_VERSION": frames.VERSION,
        "PROTOCOL_ANSWER": frames.ANSWER,
        "FRAME_PAYLOAD": frames.PAYLOAD_BYTES,
    }
    for name, value in known.items():
        assert value == int(re.findall(rf"EDGEWRIGHT_{name} (\w+)u\n", header)[0], 0)


@pytest.mark.parametrize("family", FIRMWARE_FAMILIES)
def test_every_family_emits_it(family: str, tiny: EmissionModel, emit: Emit) -> None:
    """Each firmware's library has the protocol's files, which ask for nothing but the model and the port."""
    folder = load_family(family).library_folder
    tree = emit(tiny, family)
    sources = "".join(tree[f"{folder}/edgewright_{name}"].decode() for name in ("protocol.c", "protocol.h", "frame.c"))
    included = re.findall(r"#include \"edgewright_(\w+).h\"", sources)
    assert {"protocol", "frame", "compiler", "model", "port"} == set(included)


def test_hello(device: Path) -> None:
    """HELLO opens a session and tells version, inputs and outputs; before, every request is refused."""
    found, text = take(device, asked(Command.TIMING, 7), b"o", asked(Command.HELLO, 0), b"o")
    refused, greeted = found
    assert Frame(command=Command.TIMING | ANSWER, sequence=7, session=SESSION, status=Status.NO_SESSION) == refused
    assert Frame(
        command=Command.HELLO | ANSWER, sequence=0, session=SESSION, payload=struct.pack("<III", 1, 2, 2)
    ) == greeted  # fmt: skip
    assert "<0><1>" == text


def test_objects(device: Path) -> None:
    """Every text and fact can be read, and what does not exist is refused."""
    texts = [read(Readable.VERSION), read(Readable.CONFIGURATION), read(Readable.CONFIGURATION, offset=60)]
    texts += [read(Readable.MODEL), read(Readable.INPUT_NAME, 1), read(Readable.OUTPUT_NAME, 1)]
    texts += [read(Readable.MODEL, 200, 9)]
    expected = [b"1.2.3", DIGEST[:60].encode(), DIGEST[60:].encode(), MODEL_NAME.encode(), b"counts", b"angles"]
    found = answers(device, *texts)
    assert [*expected, MODEL_NAME.encode()[9:]] == [payload[4:] for _, payload in found]
    assert [5, 64, 64, len(MODEL_NAME.encode())] == [struct.unpack("<I", payload[:4])[0] for _, payload in found[:4]]
    told = answers(device, *(read(what) for what in (Readable.DIGEST, Readable.KERNELS, Readable.SELFTEST)))
    digest = digest_bytes(board_model().tflite)
    assert [(64, digest[:60].encode()), (9, b"reference"), (0, b"")] == [
        (struct.unpack("<I", payload[:4])[0], payload[4:]) for _, payload in told
    ]
    facts = answers(device, *(read(what, 1) for what in (Readable.INPUT_FACTS, Readable.OUTPUT_FACTS)))
    assert struct.pack("<IIIIIfi", 24, 3, 1, 7, 28, 0.0, 0) == facts[0][1]
    assert struct.pack("<IIIIIfi", 24, 2, 1, 5, 10, 0.25, 0) == facts[1][1]
    shapes = answers(device, read(Readable.INPUT_SHAPE), read(Readable.OUTPUT_SHAPE, 1))
    assert [struct.pack("<Iii", 8, 1, 150), struct.pack("<Ii", 4, 5)] == [payload for _, payload in shapes]


@pytest.mark.parametrize(
    ("command", "payload", "status"),
    [
        (*read(99), Status.ARGUMENT),
        (*read(Readable.INPUT_NAME, 2), Status.ARGUMENT),
        (*read(Readable.OUTPUT, 2), Status.ARGUMENT),
        (*read(Readable.VERSION, offset=6), Status.ARGUMENT),
        (*read(Readable.VERSION, offset=0xFFFFFFFF), Status.ARGUMENT),
        (Command.READ, b"", Status.ARGUMENT),
        (Command.READ, bytes(7), Status.ARGUMENT),
        (Command.WRITE, bytes(4), Status.ARGUMENT),
        (Command.WRITE, struct.pack("<BI", 2, 0) + b"x", Status.ARGUMENT),
        (Command.WRITE, struct.pack("<BI", 0, 150) + b"x", Status.ARGUMENT),
        (Command.WRITE, struct.pack("<BI", 0, 149) + b"xy", Status.ARGUMENT),
        (Command.WRITE, struct.pack("<BI", 0, 0xFFFFFFFF) + b"xy", Status.ARGUMENT),
        (Command.WRITE, struct.pack("<BI", 0, 150), Status.OK),
        (Command.INVOKE, bytes(3), Status.ARGUMENT),
        (Command.INVOKE, bytes(4), Status.INPUT),
        (Command.DAMAGED, b"", Status.COMMAND),
        (0x7F, b"", Status.COMMAND),
        (0xFF, b"", Status.COMMAND),
    ],
)  # fmt: skip
def test_wrong_requests_are_refused(command: int, payload: bytes, status: Status, device: Path) -> None:
    """A request that names what does not exist, or has another length, changes nothing and says so."""
    assert [(status, b"")] == answers(device, (command, payload))


def run_requests(seed: int = 0) -> tuple[list[tuple[int, bytes]], tuple[bytes, ...]]:
    """Return the requests that load a sample and run it, and the outputs that must come."""
    image, counts = (array[0] for array in draw_samples(1, seed))
    data = (image.tobytes(), counts.tobytes())
    requests = [(int(Command.RESET), b"")]
    for index, content in enumerate(data):
        for offset in range(0, len(content), 59):
            piece = content[offset : offset + 59]
            requests.append((Command.WRITE, struct.pack("<BI", index, offset) + piece))
    requests.append((Command.INVOKE, struct.pack("<I", zlib.crc32(b"".join(data)))))
    return requests, mixed(image, counts)


def test_run(device: Path) -> None:
    """Inputs that come in pieces are run once; ticks, outputs, times and memory can be read."""
    requests, outputs = run_requests()
    reads = [read(Readable.OUTPUT, 0, offset) for offset in (0, 60, 120, 131)] + [read(Readable.OUTPUT, 1)]
    found = answers(device, *requests, *reads, (Command.TIMING, b""), (Command.MEMORY, b""))
    assert {Status.OK} == {status for status, _ in found}
    payloads = [payload for _, payload in found[len(requests) - 1 :]]
    assert struct.pack("<II", 1001, zlib.crc32(b"".join(outputs))) == payloads[0]
    assert outputs[0] == b"".join(payload[4:] for payload in payloads[1:5])
    assert [131, 131, 131, 131, 10] == [struct.unpack("<I", payload[:4])[0] for payload in payloads[1:6]]
    assert outputs[1] == payloads[5][4:]
    assert [struct.pack("<III", 1001, SECOND, 1), struct.pack("<III", 1234, 1024, 200)] == payloads[6:]


def test_failed_run(device: Path) -> None:
    """A run that fails is answered with the model's status in one word."""
    requests = [request for seed in range(4) for request in run_requests(seed)[0]]
    assert (Status.MODEL, b"invoke") == answers(device, *requests)[-1]


def test_repeated_request_is_carried_out_once(device: Path) -> None:
    """A copy of the last request gets the same answer again, without another run; an older one gets none."""
    requests, _ = run_requests()
    steps = [asked(Command.HELLO, 0)]
    steps += [asked(command, number, payload) for number, (command, payload) in enumerate(requests, 1)]
    timing = asked(Command.TIMING, len(requests) + 1)
    found, _ = take(device, *steps, steps[-1], steps[-1], timing, steps[-1], steps[0], timing)
    assert found[len(requests)] == found[len(requests) + 1] == found[len(requests) + 2]
    times = found[len(requests) + 3 :]
    assert 2 == len(times)
    assert times[0] == times[1]
    assert times[0] is not None
    assert struct.pack("<III", 1001, SECOND, 1) == times[0].payload


def test_damaged_frames(device: Path) -> None:
    """In a session a damaged frame is complained about, and one that is too long; outside there is nobody to tell."""
    good = encode(Frame(command=Command.RESET, sequence=1, session=SESSION))
    body = unstuff(good[1:-1])
    assert body is not None
    bad = b"\0" + stuff(b"\x02" + body[1:]) + b"\0"
    complaint = Frame(command=Command.DAMAGED | ANSWER, sequence=0, session=SESSION, status=Status.DAMAGED)
    done = Frame(command=Command.RESET | ANSWER, sequence=1, session=SESSION)
    for harm in (bad, b"\0x\0", b"\0" + b"y" * 78, b"\0\1\0"):
        found, text = take(device, bytes_in(harm), asked(Command.HELLO, 0), bytes_in(harm), bytes_in(good))
        assert [complaint, done] == found[1:]
        assert "" == text


def test_sequence_wraps(device: Path) -> None:
    """After the last number of 16 bits comes 0."""
    found, _ = take(
        device, asked(Command.HELLO, 0xFFFE), *(asked(Command.TIMING, number) for number in (0xFFFF, 0, 1)),
        asked(Command.TIMING, 0),
    )  # fmt: skip
    assert [0xFFFE, 0xFFFF, 0, 1] == [frame.sequence for frame in found if frame is not None]


def test_another_session(device: Path) -> None:
    """A new HELLO takes the board over and counts anew; who had the session before is told so."""
    requests, _ = run_requests()
    steps = [asked(command, number, payload) for number, (command, payload) in enumerate(requests, 1)]
    found, _ = take(
        device, asked(Command.HELLO, 0), *steps, asked(Command.HELLO, 0, session=9),
        asked(Command.RESET, len(requests) + 1), asked(Command.TIMING, 1, session=9),
    )  # fmt: skip
    assert [Status.OK, Status.NO_SESSION, Status.OK] == [frame.status for frame in found[-3:] if frame is not None]
    assert found[-1] is not None
    assert struct.pack("<III", 0, SECOND, 0) == found[-1].payload


def test_console_is_closed_in_a_session(device: Path) -> None:
    """Text goes to the console before and after a session; in it no text reaches the model."""
    found, text = take(
        device, bytes_in(b"1,2\n"), asked(Command.HELLO, 0), bytes_in(b"3\n"), asked(Command.BYE, 1), bytes_in(b"4\n"),
        asked(Command.BYE, 1),
    )  # fmt: skip
    assert "1,2\n4\n" == text
    assert [Status.OK, Status.OK, Status.NO_SESSION] == [frame.status for frame in found if frame is not None]


@pytest.mark.parametrize(("rate", "idle"), [(SECOND, 10 * SECOND), (600 * SECOND, 2**31 - 1)])
@pytest.mark.parametrize("start", [0, 2**32 - 5])
def test_idle_session_ends(rate: int, idle: int, start: int, device: Path) -> None:
    """A session in which nothing was asked for ten seconds, or half a turn of a fast clock, is over."""
    still, over = ((start + ticks) % 2**32 for ticks in (idle, idle + 1))
    found, text = take(
        device, b"r" + struct.pack("<I", rate), clock(start), asked(Command.HELLO, 0), clock(still), b"o",
        bytes_in(b"a"), clock(over), bytes_in(b"b"), b"o", asked(Command.TIMING, 1),
    )  # fmt: skip
    assert "<1>b<0>" == text
    assert [Status.OK, Status.NO_SESSION] == [frame.status for frame in found if frame is not None]


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pieces=st.lists(st.binary(max_size=90) | st.integers(0, 10), max_size=20), ends_at=st.integers(0, 79))
def test_any_bytes_are_survived(device: Path, pieces: list[bytes | int], ends_at: int) -> None:
    """Whatever arrives between requests, whole or cut, the sanitizers find nothing; of two copies one is answered."""
    steps = [asked(Command.HELLO, 0)]
    for piece in pieces:
        steps.append(bytes_in(piece) if isinstance(piece, bytes) else asked(piece, 1, bytes(6))[: 2 * ends_at])
    last = asked(Command.TIMING, 500, session=77)
    found, _ = take(device, *steps, last, last)
    refused = Frame(command=Command.TIMING | ANSWER, sequence=500, session=77, status=Status.NO_SESSION)
    assert refused in found


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(command=st.integers(0, 255), payload=st.binary(max_size=64), status=st.integers(0, 255))
def test_any_request_is_answered(device: Path, command: int, payload: bytes, status: int) -> None:
    """Every undamaged request in a session gets one answer of its own, whatever it holds."""
    request = Frame(command=command, sequence=1, session=SESSION, payload=payload, status=status)
    found, _ = take(device, asked(Command.HELLO, 0), bytes_in(encode(request)))
    assert [(command | ANSWER, 1, SESSION)] == [
        (frame.command, frame.sequence, frame.session) for frame in found[1:] if frame is not None
    ]


@pytest.mark.slow
@pytest.mark.parametrize(("fake", "differing", "most"), [("", 0, 0), ("1 0 2 1", 1, 1), ("1 0 2 9", 1, 9)])
def test_outputs_are_held_to_tflm(
    *, fake: str, differing: int, most: int, tiny: EmissionModel, emit: Emit, unpack: Unpack
) -> None:
    """Every output of a board is compared with TensorFlow Lite Micro's; reference kernels may not differ at all."""
    library = unpack(emit(tiny, "cmake")) / "edgewright"
    names = [f"edgewright_{name}.c" for name in ("port", "frame", "protocol", "metadata", "vectors")]
    sources = [*(library / name for name in names), HERE / "fake_model.c", PROGRAMS / "protocol_main.c"]
    samples = (np.concatenate([row[0] for row in tiny.vectors.inputs]),)
    with board_at_port([compile_board(sources, library)], FAKE=fake) as (port, _):
        line = SerialPort(port)
        with open_board(line) as board:
            result = run_samples(board, samples, SilentReporter(), configuration_digest=tiny.configuration_digest)
        line.close()
    agreement = compare_with_tflm(tiny.tflite, samples, result)
    assert (3, differing, most) == (agreement.samples, agreement.samples_differing, agreement.max_diff_lsb)
    assert agreement.holds is (differing == 0)
    assert ("serial", 0) == (agreement.engine, agreement.tolerance_lsb)
