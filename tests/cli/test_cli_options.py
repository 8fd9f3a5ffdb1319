"""The command line's small commands and the one place where every failure becomes a sentence and a status."""

from __future__ import annotations

import json
import shutil
from importlib.metadata import version
from pathlib import Path

import pytest
from support.command import assert_refused, edgewright, edgewright_here

from edgewright.pipeline.errors import (
    BadInputError,
    DataError,
    DoesNotFitError,
    EdgewrightError,
    ExitStatus,
    HazardError,
    InterpreterError,
    RegressionError,
    ToolError,
)
from edgewright.pipeline.target import family_names, load_family


def test_help_lists_the_exit_statuses_and_loads_no_framework(tmp_path: Path) -> None:
    """`--help` exits 0, names every status once, and is there at once because nothing heavy is imported."""
    finished = edgewright("--help", cwd=tmp_path, PYTHONPROFILEIMPORTTIME="1")
    assert 0 == finished.returncode
    assert [] == [
        text for text in ("0 done", "2 bad input", "3 over the budget", "4 ", "5 ") if text not in finished.stdout
    ]
    assert "numpy" not in finished.stderr
    assert "tensorflow" not in finished.stderr


def test_version_is_the_installed_one(tmp_path: Path) -> None:
    """`--version` prints the distribution's version."""
    assert f"{version('edgewright')}\n" == edgewright("--version", cwd=tmp_path).stdout


def test_targets_are_listed_with_their_facts(tmp_path: Path) -> None:
    """`edgewright targets` shows each board with chip, memory, clock and families, and how each family is flashed."""
    finished = edgewright("targets", cwd=tmp_path)
    assert 0 == finished.returncode
    lines = finished.stdout.splitlines()
    (row, board) = (line.split() for line in lines if line.split()[:1] == ["esp32c3"])
    assert ["esp32c3", "ESP32-C3", "rv32imc", "4", "MiB", "400", "KiB", "-", "160", "MHz"] == row
    assert ("ESP32-C3-DevKitM-1", ["esp_idf:", "esp32c3"]) == (board[1], board[-2:])
    psram = next(line.split() for line in lines if line.split()[:1] == ["esp32p4"])
    assert ["16", "MiB", "768", "KiB", "16", "MiB"] == psram[3:9]
    chips = lines[: next(number for number, line in enumerate(lines) if " board " in line)]
    assert max(len(line.rstrip()) for line in chips) <= 80
    assert "idf.py -p PORT flash" in next(line for line in lines if "ESP-IDF project" in line)
    assert "nothing to flash" in next(line for line in lines if "CMake project" in line)


def test_schema_is_json(tmp_path: Path) -> None:
    """`edgewright schema` prints a JSON schema with a title."""
    assert "Report" == json.loads(edgewright("schema", cwd=tmp_path).stdout)["title"]


@pytest.mark.parametrize(
    ("status", "error_class"),
    [
        (ExitStatus.BAD_INPUT, BadInputError),
        (ExitStatus.BAD_INPUT, DataError),
        (ExitStatus.BAD_INPUT, ToolError),
        (ExitStatus.BAD_INPUT, InterpreterError),
        (ExitStatus.DOES_NOT_FIT, DoesNotFitError),
        (ExitStatus.REGRESSION, RegressionError),
        (ExitStatus.HAZARD, HazardError),
    ],
)
def test_each_error_ends_in_its_status(
    status: ExitStatus,
    error_class: type[EdgewrightError],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """`main` prints an error as it is, brackets and all, and exits with the status of its class."""
    from edgewright.runtime_bench import cli

    def fail(**_: object) -> None:
        raise error_class("a [red]sentence[/] of [/] text.")

    monkeypatch.setattr(cli, "app", fail)
    with pytest.raises(SystemExit) as caught:
        cli.main()
    assert status == caught.value.code
    assert "error: a [red]sentence[/] of [/] text.\n" == capsys.readouterr().err


def test_an_interrupted_run_says_so(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Ctrl-C ends in the shell's usual status without a traceback."""
    from edgewright.runtime_bench import cli

    def interrupt(**_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "app", interrupt)
    with pytest.raises(SystemExit) as caught:
        cli.main()
    assert 130 == caught.value.code
    assert capsys.readouterr().err.startswith("interrupted")


def test_flash_needs_a_build(tmp_path: Path) -> None:
    """Flashing what was never built is refused with the command that builds it."""
    assert_refused(edgewright("flash", "--target", "esp32", cwd=tmp_path), "edgewright build --target esp32")


def test_flash_of_a_target_without_a_board(tmp_path: Path) -> None:
    """The host has nothing to flash; the sentence names the family's build command."""
    (tmp_path / "build" / "host" / "firmware").mkdir(parents=True)
    assert_refused(edgewright("flash", "--target", "host", cwd=tmp_path), "nothing to flash", "cmake -B build")
    (tmp_path / "build" / "riscv-virt" / "firmware").mkdir(parents=True)
    finished = edgewright_here("flash", "--target", "riscv-virt", cwd=tmp_path)
    assert_refused(
        finished, "nothing to flash on QEMU's RISC-V machine virt; run make run in build/riscv-virt/firmware."
    )


def test_flash_without_the_familys_tool(tmp_path: Path) -> None:
    """A missing idf.py is named together with how to install it."""
    if shutil.which("idf.py"):
        pytest.skip("idf.py is installed here")
    (tmp_path / "build" / "esp32" / "firmware").mkdir(parents=True)
    assert_refused(edgewright("flash", "--target", "esp32", cwd=tmp_path), "idf.py is missing", "Install ESP-IDF")


COMMANDS = {
    "arduino": ("esp32", "arduino-cli compile -b esp32:esp32:esp32 --library . --upload -p P examples/run_model",
                "arduino-cli monitor -p P --config baudrate=115200"),
    "bare_metal": ("microbit", "make flash", "python3 -m serial.tools.miniterm P 115200"),
    "esp_idf": ("esp32c3", "idf.py -p P flash", "idf.py -p P monitor"),
    "pico_sdk": ("pico", "cmake --build build --target flash", "python3 -m serial.tools.miniterm P 115200"),
    "zephyr": ("nrf52840dk", "west flash", "python3 -m serial.tools.miniterm P 115200"),
}  # fmt: skip
"""A target of each family that flashes, and what is run to flash and to monitor it."""
FLASHERS = {"bare_metal": "openocd", "pico_sdk": "picotool"}
"""What a family's tool calls to flash, where that is another program."""
INSTALLS = {
    "arduino-cli": "https://docs.arduino.cc/arduino-cli/installation/",
    "cmake": "https://www.raspberrypi.com/documentation/microcontrollers/c_sdk.html",
    "idf.py": "https://docs.espressif.com/projects/esp-idf",
    "make": "Install make and the cross compiler that README.md names.",
    "openocd": "Install OpenOCD (Debian: apt install openocd).",
    "picotool": "https://github.com/raspberrypi/picotool",
    "python3": "pip install pyserial",
    "west": "https://docs.zephyrproject.org/",
}
"""What the sentence about a missing program says, among other things."""
TOOL = '#!/bin/sh\ncase "$*" in "-c import serial") exit "${FAILS:-0}";; esac\necho "${0##*/} $*" > "$CALLS"\n'


@pytest.mark.parametrize("goal", ["flash", "monitor"])
@pytest.mark.parametrize("family", [name for name in family_names() if load_family(name).flash_command])
def test_every_familys_tool_is_called_or_named(
    family: str, goal: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each program that a command needs is named with how to install it; with all of them, the command runs."""
    target, *commands = COMMANDS[family]
    expected = commands[goal == "monitor"]
    (tmp_path / "build" / target / "firmware").mkdir(parents=True)
    (tmp_path / "tools").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "tools"))
    monkeypatch.setenv("CALLS", str(tmp_path / "calls"))
    command = (goal, "--target", target, "--family", family, "--port", "P")
    needed = [expected.split()[0], *([FLASHERS[family]] if goal == "flash" and family in FLASHERS else [])]
    for name in needed:
        assert_refused(edgewright_here(*command, cwd=tmp_path), f"{name} is missing", INSTALLS[name])
        (tmp_path / "tools" / name).write_text(TOOL.replace("/bin/sh", str(shutil.which("sh", path="/bin:/usr/bin"))))
        (tmp_path / "tools" / name).chmod(0o755)
    if needed == ["python3"]:
        monkeypatch.setenv("FAILS", "1")
        assert_refused(edgewright_here(*command, cwd=tmp_path), "has no module serial", INSTALLS["python3"])
        monkeypatch.setenv("FAILS", "0")
    finished = edgewright_here(*command, cwd=tmp_path)
    assert (0, "") == (finished.returncode, finished.stderr)
    assert f"{expected}\n" == (tmp_path / "calls").read_text()


@pytest.fixture
def fake_idf(tmp_path: Path) -> Path:
    """A folder with an `idf.py` that writes down how it was called and fails when told to."""
    tools = tmp_path / "tools"
    tools.mkdir()
    program = tools / "idf.py"
    program.write_text('#!/bin/sh\necho "$PWD $*" > "$CALLS"\nexit "${FAILS:-0}"\n')
    program.chmod(0o755)
    return tools


@pytest.mark.slow
def test_flash_calls_the_familys_tool(tmp_path: Path, fake_idf: Path) -> None:
    """`edgewright flash` runs idf.py in the firmware's folder with the given port, quoting nothing away."""
    firmware = tmp_path / "my build" / "firmware"
    firmware.mkdir(parents=True)
    environment = {"PATH": f"{fake_idf}:/usr/bin:/bin", "CALLS": str(tmp_path / "calls")}
    command = ("flash", "--target", "esp32", "--out", "my build", "--port", "/dev/tty [x]")
    assert 0 == edgewright(*command, cwd=tmp_path, **environment).returncode
    assert f"{firmware} -p /dev/tty [x] flash\n" == (tmp_path / "calls").read_text()
    assert_refused(edgewright(*command, cwd=tmp_path, FAILS="7", **environment), "idf.py ended with status 7")
    no_port = edgewright(*command[:-2], cwd=tmp_path, **environment)
    assert_refused(no_port, "port: is missing", "--port /dev/ttyUSB0")
