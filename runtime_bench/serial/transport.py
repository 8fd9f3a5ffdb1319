"""What carries bytes to a board and back: a serial port, or a program's standard input and output."""

from __future__ import annotations

import os
import select
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Protocol

from edgewright.pipeline.errors import BoardError, nearest

if TYPE_CHECKING:
    import serial

BAUD = 115_200
_WAKE_SECONDS = 0.01
"""How long pyserial waits for a byte before the deadline is looked at."""
_WRITE_SECONDS = 1.0
_END_SECONDS = 5.0
_READ_BYTES = 4096


class Transport(Protocol):
    """Carries bytes; what gets lost on the way, or comes damaged, is the link's business."""

    @property
    def name(self) -> str:
        """What people call it."""

    def write(self, data: bytes) -> None:
        """Send bytes; they are lost where the other side takes none. An OSError says that it is gone."""

    def read(self, seconds: float) -> bytes:
        """Return what has arrived, after waiting for it at most so long. An OSError says that it is gone."""

    def close(self) -> None:
        """Let it go."""


class SerialPort:
    """A serial port of this computer, through pyserial."""

    def __init__(self, port: str, *, baud: int = BAUD) -> None:
        """Open a port.

        Raises:
            BoardError: there is no such port, or it cannot be opened.
        """
        self._name = port
        self._port = _open_port(port, baud)

    @property
    def name(self) -> str:
        """The port's name."""
        return self._name

    def write(self, data: bytes) -> None:
        """Send bytes."""
        import serial

        try:
            self._port.write(data)
        except serial.SerialTimeoutException:
            return  # the board takes nothing: the link will tell that it is silent

    def read(self, seconds: float) -> bytes:
        """Return what has arrived."""
        end = time.monotonic() + seconds
        while True:
            found = bytes(self._port.read(max(1, self._port.in_waiting)))
            if found or time.monotonic() >= end:
                return found

    def close(self) -> None:
        """Close the port; one that is gone already is no matter."""
        try:
            self._port.close()
        except OSError:
            return


class ProgramLine:
    """A program of this computer, or an emulator, that has its serial line at its standard input and output."""

    def __init__(self, command: Sequence[str], *, folder: Path | None = None) -> None:
        """Start a program.

        Raises:
            BoardError: it cannot be started.
        """
        self._name = Path(command[0]).name
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - it stays open as long as the program runs
        try:
            self._process = subprocess.Popen(
                list(command), cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors
            )
        except OSError as error:
            self._errors.close()
            raise BoardError(f"{command[0]} cannot be started: {error.strerror}.") from None
        assert self._process.stdin is not None  # noqa: S101 - it was asked for above
        assert self._process.stdout is not None  # noqa: S101
        self._input, self._output = self._process.stdin.fileno(), self._process.stdout.fileno()
        os.set_blocking(self._input, False)

    @property
    def name(self) -> str:
        """The program's name."""
        return self._name

    def write(self, data: bytes) -> None:
        """Send bytes."""
        try:
            os.write(self._input, data)
        except BlockingIOError:
            return
        except BrokenPipeError:
            raise OSError(self._ending()) from None

    def read(self, seconds: float) -> bytes:
        """Return what has arrived."""
        if not select.select([self._output], [], [], max(seconds, 0.0))[0]:
            return b""
        found = os.read(self._output, _READ_BYTES)
        if not found:
            raise OSError(self._ending())
        return found

    def close(self) -> None:
        """Stop the program: it is asked to end, and killed where it does not."""
        self._process.terminate()
        try:
            self._process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
        self._process.communicate()
        self._errors.close()

    def __enter__(self) -> ProgramLine:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _ending(self) -> str:
        status = self._process.wait()
        self._errors.seek(0)
        lines = self._errors.read().decode(errors="replace").split("\n")
        said = next((line.strip() for line in reversed(lines) if line.strip()), "")
        return f"it ended with status {status}" + (f", saying: {said}" if said else "")


def port_names() -> tuple[str, ...]:
    """Return the serial ports of this computer, sorted."""
    from serial.tools import list_ports

    return tuple(sorted(port.device for port in list_ports.comports()))


def _open_port(port: str, baud: int) -> serial.Serial:
    import serial

    try:
        return serial.Serial(
            port, baudrate=baud, timeout=_WAKE_SECONDS, write_timeout=_WRITE_SECONDS, exclusive=_exclusive()
        )
    except serial.SerialException as error:
        raise BoardError(_why_not(port, error)) from None


def _exclusive() -> bool | None:
    """Nobody else may read what the board answers; Windows never lets two programs open one port."""
    return None if os.name == "nt" else True


def _why_not(port: str, error: Exception) -> str:
    names = port_names()
    if port not in names and (os.name == "nt" or not Path(port).exists()):
        found = nearest(port, names) if names else "this computer has none now; plug the board in"
        return f'There is no serial port "{port}": {found}.'
    if getattr(error, "errno", None) == 13:
        return (
            f"{port} cannot be opened: permission denied. On Linux your user must belong to the port's group "
            f"(Debian: sudo usermod -aG dialout $USER, then log in again)."
        )
    if "exclusively lock" in str(error) or getattr(error, "errno", None) == 16:
        return f"{port} is open in another program: close its monitor, then try again."
    return f"{port} cannot be opened: {error}."
