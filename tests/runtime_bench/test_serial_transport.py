"""What carries bytes: ports that cannot be opened, programs that cannot be started, and lines that end."""

from __future__ import annotations

import errno
import os
import tty
from collections.abc import Iterator
from pathlib import Path

import pytest
import serial

from edgewright.pipeline.errors import BoardError, ExitStatus
from edgewright.runtime_bench.serial import ProgramLine, SerialPort, port_names


@pytest.fixture
def port() -> Iterator[tuple[str, int]]:
    """Return the name of a pseudo-terminal, and its other side."""
    theirs, ours = os.openpty()
    tty.setraw(ours)
    yield os.ttyname(ours), theirs
    os.close(ours)
    os.close(theirs)


def refusal(name: str) -> str:
    """Return why a port cannot be opened."""
    with pytest.raises(BoardError) as caught:
        SerialPort(name)
    assert ExitStatus.BAD_INPUT == caught.value.exit_status
    return str(caught.value)


def test_port_carries_bytes(port: tuple[str, int]) -> None:
    """Whatever the bytes are, they arrive as they were sent, both ways; silence is an empty answer."""
    name, theirs = port
    every_byte = bytes(range(256))
    line = SerialPort(name)
    assert name == line.name
    assert b"" == line.read(0.02)
    line.write(every_byte)
    assert every_byte == os.read(theirs, 1000)
    os.write(theirs, every_byte)
    received = b""
    while len(received) < len(every_byte):
        received += line.read(1.0)
    assert every_byte == received
    line.close()


def test_port_that_does_not_exist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong name is told with the ports that there are."""
    monkeypatch.setattr(
        "edgewright.runtime_bench.serial.transport.port_names", lambda: ("/dev/ttyACM0", "/dev/ttyUSB0")
    )
    assert (
        'There is no serial port "/dev/ttyACM7x": did you mean "/dev/ttyACM0"? Accepted: /dev/ttyACM0, /dev/ttyUSB0.'
    ) == refusal("/dev/ttyACM7x")
    monkeypatch.setattr("edgewright.runtime_bench.serial.transport.port_names", tuple)
    name = str(tmp_path / "port")
    assert f'There is no serial port "{name}": this computer has none now; plug the board in.' == refusal(name)


def test_file_that_is_no_port(tmp_path: Path) -> None:
    """A file is not taken for a port, and the reason is told."""
    (tmp_path / "file").touch()
    message = refusal(str(tmp_path / "file"))
    assert message.startswith(f"{tmp_path / 'file'} cannot be opened: Could not configure port")


def test_port_that_is_open_elsewhere(port: tuple[str, int]) -> None:
    """Two programs never share a port: each would get half of the answers."""
    line = SerialPort(port[0])
    assert f"{port[0]} is open in another program: close its monitor, then try again." == refusal(port[0])
    line.close()
    SerialPort(port[0]).close()


def test_port_that_is_forbidden(monkeypatch: pytest.MonkeyPatch, port: tuple[str, int]) -> None:
    """Without the right to open a port, the sentence says how to get it."""

    def refuse(*_: object, **__: object) -> None:
        raise serial.SerialException(errno.EACCES, f"could not open port {port[0]}: Permission denied")

    monkeypatch.setattr(serial, "Serial", refuse)
    assert refusal(port[0]).startswith(f"{port[0]} cannot be opened: permission denied. On Linux your user must belong")


def test_port_that_goes_away(port: tuple[str, int]) -> None:
    """A port whose other side is gone says so instead of staying silent; closing it is no matter."""
    name, theirs = port
    line = SerialPort(name)
    kept = os.dup(theirs)
    os.close(theirs)
    os.close(kept)
    with pytest.raises(OSError, match=r"."):
        line.read(0.2)
    line.close()
    os.dup2(os.open(os.devnull, os.O_RDONLY), theirs)


def test_program_that_takes_nothing() -> None:
    """A program that reads nothing does not hold its line up."""
    with ProgramLine(["sleep", "60"]) as line:
        for _ in range(5000):
            line.write(bytes(79))
        assert b"" == line.read(0.0)


def test_program_that_ends() -> None:
    """What a program said before it ended is told, with its status."""
    with ProgramLine(["sh", "-c", "echo some; echo 'bad ELF' >&2; exit 7"]) as line:
        assert "sh" == line.name
        assert b"some\n" == line.read(5.0)
        with pytest.raises(OSError, match=r"it ended with status 7, saying: bad ELF"):
            line.read(5.0)
        with pytest.raises(OSError, match=r"it ended with status 7"):
            line.write(b"x")


def test_program_that_is_missing() -> None:
    """A program that cannot be started is told in one sentence."""
    with pytest.raises(BoardError, match=r"^no-such-program cannot be started: No such file or directory\.$"):
        ProgramLine(["no-such-program"])


def test_ports_are_sorted() -> None:
    """The ports of this computer are listed in order."""
    assert tuple(sorted(port_names())) == port_names()
