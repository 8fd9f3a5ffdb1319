"""A board that speaks the serial protocol: what it runs, and running samples on it."""

from __future__ import annotations

import secrets
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import numpy.typing as npt

from edgewright.pipeline.errors import BoardError
from edgewright.pipeline.interpreters import Array
from edgewright.runtime_bench.serial.facts import BoardDescription, BoardMemory, BoardRun, BoardTensor, BoardTiming
from edgewright.runtime_bench.serial.frames import PAYLOAD_BYTES, VERSION, Command, Frame, Readable, Status
from edgewright.runtime_bench.serial.link import Link, Patience, Traffic
from edgewright.runtime_bench.serial.transport import Transport

_U32 = struct.Struct("<I")
_FACTS = struct.Struct("<IIIIfi")
_READ = struct.Struct("<BBI")
_WRITE = struct.Struct("<BI")
_PIECE_BYTES = PAYLOAD_BYTES - _WRITE.size
_LARGEST_OBJECT_BYTES = 1 << 26
"""More than any microcontroller's tensor: a larger figure is a defect of the firmware, not something to wait for."""
_GOODBYE_SECONDS = 0.5
_TYPES: tuple[npt.DTypeLike, ...] = (np.int8, np.uint8, np.int16, np.int32, np.float32)
"""In the order of edgewright_type."""


class Board:
    """A board in an open session."""

    def __init__(self, link: Link, *, input_count: int, output_count: int) -> None:
        self._link = link
        self.description = self._describe(input_count, output_count)

    @property
    def name(self) -> str:
        """What people call the line that it is at."""
        return self._link.name

    @property
    def traffic(self) -> Traffic:
        """What went over the line so far."""
        return self._link.traffic

    def run(self, sample: tuple[Array, ...]) -> BoardRun:
        """Reset the model's state, load a sample, run the model once and read all outputs.

        Args:
            sample: one array for each input, of its type and size.

        Raises:
            BoardError: the sample does not fit, the model failed, or the board is not to be reached any more.
        """
        data = self._input_bytes(sample)
        self._ask(Command.RESET)
        for index, content in enumerate(data):
            for offset in range(0, len(content), _PIECE_BYTES):
                piece = content[offset : offset + _PIECE_BYTES]
                self._ask(Command.WRITE, _WRITE.pack(index, offset) + piece)
        check = zlib.crc32(b"".join(data))
        ticks, output_check = self._ask_numbers(
            Command.INVOKE, 2, _U32.pack(check), seconds=self._link.patience.run_seconds
        )  # fmt: skip
        count = len(self.description.outputs)
        contents = [self._read(Readable.OUTPUT, index) for index in range(count)]
        if zlib.crc32(b"".join(contents)) != output_check:
            raise BoardError(f"The outputs that {self.name} sent are not those that it computed: restart the board.")
        return BoardRun(outputs=self._output_arrays(contents), ticks=ticks)

    def timing(self) -> BoardTiming:
        """Ask for times.

        Raises:
            BoardError: the board is not to be reached any more.
        """
        ticks, ticks_per_second, run_count = self._ask_numbers(Command.TIMING, 3)
        return BoardTiming(ticks=ticks, ticks_per_second=ticks_per_second, run_count=run_count)

    def memory(self) -> BoardMemory:
        """Ask for arena and stack.

        Raises:
            BoardError: the board is not to be reached any more.
        """
        used, reserved, stack = self._ask_numbers(Command.MEMORY, 3)
        return BoardMemory(arena_used_bytes=used, arena_bytes=reserved, stack_bytes=stack or None)

    def _describe(self, input_count: int, output_count: int) -> BoardDescription:
        inputs = (Readable.INPUT_FACTS, Readable.INPUT_SHAPE, Readable.INPUT_NAME)
        outputs = (Readable.OUTPUT_FACTS, Readable.OUTPUT_SHAPE, Readable.OUTPUT_NAME)
        return BoardDescription(
            tool_version=self._read_text(Readable.VERSION),
            configuration_digest=self._read_text(Readable.CONFIGURATION),
            model_name=self._read_text(Readable.MODEL),
            model_digest=self._read_text(Readable.DIGEST),
            kernels=self._read_text(Readable.KERNELS),
            selftest=self._read_text(Readable.SELFTEST),
            inputs=tuple(self._tensor(*inputs, index=index) for index in range(input_count)),
            outputs=tuple(self._tensor(*outputs, index=index) for index in range(output_count)),
        )

    def _tensor(self, facts: Readable, shape: Readable, name: Readable, *, index: int) -> BoardTensor:
        content = self._read(facts, index)
        if len(content) != _FACTS.size:
            raise self._nonsense(Command.READ)
        kind, _, _, size_bytes, scale, zero_point = _FACTS.unpack(content)
        extents = self._read(shape, index)
        if kind >= len(_TYPES) or len(extents) % 4:
            raise self._nonsense(Command.READ)
        tensor = BoardTensor(
            name=self._read_text(name, index),
            dtype=np.dtype(_TYPES[kind]),
            shape=tuple(int(extent) for extent in np.frombuffer(extents, "<i4")),
            scale=scale,
            zero_point=zero_point,
        )
        if tensor.size_bytes != size_bytes:
            raise self._nonsense(Command.READ)
        return tensor

    def _input_bytes(self, sample: tuple[Array, ...]) -> list[bytes]:
        wanted = [(tensor.dtype, tensor.size_bytes) for tensor in self.description.inputs]
        given = [(array.dtype, array.nbytes) for array in sample]
        if wanted != given:
            accepted = ", ".join(f"{tensor.dtype} {list(tensor.shape)}" for tensor in self.description.inputs)
            raise BoardError(
                f"The model on {self.name} takes {accepted}; the sample has "
                f"{', '.join(f'{array.dtype} {list(array.shape)}' for array in sample)}."
            )
        return [_little_endian(array).tobytes() for array in sample]

    def _output_arrays(self, contents: list[bytes]) -> tuple[Array, ...]:
        arrays: list[Array] = []
        for tensor, content in zip(self.description.outputs, contents, strict=True):
            if len(content) != tensor.size_bytes:
                raise self._nonsense(Command.READ)
            found = np.frombuffer(content, tensor.dtype.newbyteorder("<")).astype(tensor.dtype)
            arrays.append(found.reshape(tensor.shape))
        return tuple(arrays)

    def _read_text(self, what: Readable, index: int = 0) -> str:
        return self._read(what, index).decode(errors="replace")

    def _read(self, what: Readable, index: int = 0) -> bytes:
        content = b""
        while True:
            payload = self._ask(Command.READ, _READ.pack(what, index, len(content))).payload
            piece = payload[_U32.size :]
            total = _U32.unpack(payload[: _U32.size])[0] if len(payload) >= _U32.size else -1
            content += piece
            if len(content) == total:
                return content
            if not piece or len(content) > total or total > _LARGEST_OBJECT_BYTES:
                raise self._nonsense(Command.READ)

    def _ask_numbers(
        self, command: Command, count: int, payload: bytes = b"", *, seconds: float | None = None
    ) -> tuple[int, ...]:
        answer = self._ask(command, payload, seconds=seconds).payload
        if len(answer) != count * _U32.size:
            raise self._nonsense(command)
        return tuple(number for (number,) in _U32.iter_unpack(answer))

    def _ask(self, command: Command, payload: bytes = b"", *, seconds: float | None = None) -> Frame:
        answer = self._link.ask(command, payload, seconds=seconds)
        _check_status(self.name, command, answer)
        return answer

    def _nonsense(self, command: Command) -> BoardError:
        return BoardError(
            f"{self.name} answered {command.name} with what the protocol does not allow: emit the firmware again with "
            f"this edgewright and flash it."
        )


@contextmanager
def open_board(
    transport: Transport, *, patience: Patience | None = None, session: int | None = None
) -> Iterator[Board]:
    """Open a session with the board behind a transport, and end it afterwards; the transport stays open.

    Args:
        transport: carries the bytes.
        patience: how long the board is waited for.
        session: a number that no earlier session had; drawn where it is not given.

    Raises:
        BoardError: nothing answers, the firmware speaks another version, or its model could not be made ready.
    """
    number = secrets.randbits(32) if session is None else session
    link = Link(transport, session=number, patience=patience)
    try:
        input_count, output_count = _greet(link)
        yield Board(link, input_count=input_count, output_count=output_count)
    finally:
        _part(link)


def _greet(link: Link) -> tuple[int, int]:
    """Open the session and return how many inputs and outputs the model has."""
    answer = link.ask(Command.HELLO, seconds=link.patience.first_seconds)
    _check_status(link.name, Command.HELLO, answer)
    if len(answer.payload) != 3 * _U32.size:
        raise BoardError(
            f"{link.name} answered HELLO with {len(answer.payload)} bytes: this is no edgewright firmware."
        )
    version, input_count, output_count = struct.unpack("<III", answer.payload)
    if version != VERSION:
        raise BoardError(
            f"The firmware at {link.name} speaks version {version} of the serial protocol, this edgewright version "
            f"{VERSION}: emit it again and flash it."
        )
    return input_count, output_count


def _part(link: Link) -> None:
    """Give the line back to the console; a board that is gone by then does not need to hear it."""
    try:
        link.ask(Command.BYE, seconds=_GOODBYE_SECONDS)
    except BoardError:
        return


def _check_status(name: str, command: Command, answer: Frame) -> None:
    if answer.status == Status.OK:
        return
    if answer.status == Status.MODEL:
        word = answer.payload.decode(errors="replace")
        raise BoardError(
            f'The model on {name} failed at {command.name} with the status "{word}"; edgewright_model.h says what that '
            f"means."
        )
    if answer.status == Status.INPUT:
        raise BoardError(f"The inputs that {name} holds are not those that were sent to it: restart the board.")
    known = {int(status): status.name for status in Status}
    raise BoardError(
        f"{name} refused {command.name} with {known.get(answer.status, f'status {answer.status}')}: emit the firmware "
        f"again with this edgewright and flash it."
    )


def _little_endian(array: Array) -> Array:
    return np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<"), copy=False)
