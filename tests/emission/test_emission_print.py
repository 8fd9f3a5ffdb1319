"""Numbers on the console without printf: they are what Python prints."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edgewright.pipeline.vocabulary import EmissionModel

HERE = Path(__file__).parent
FLAGS = (
    "-std=c99", "-Wall", "-Wextra", "-Wconversion", "-Werror", "-fsanitize=undefined", "-fno-sanitize-recover=all",
)  # fmt: skip
LARGEST = 2**32 - 1

Emit = Callable[..., Mapping[str, bytes]]


@pytest.fixture(scope="module")
def printer(tiny: EmissionModel, emit: Emit, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the program that prints words, built once."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler: install one (Debian: apt install gcc)")
    folder = tmp_path_factory.mktemp("print")
    for name, content in emit(tiny, "cmake").items():
        (folder / Path(name).name).write_bytes(content)
    sources = [folder / "edgewright_print.c", HERE / "print_main.c"]
    command = [compiler, *FLAGS, f"-I{folder}", *map(str, sources), "-o", str(folder / "program")]
    subprocess.run(command, check=True)
    return folder / "program"


def printed(program: Path, *words: str) -> list[str]:
    """Return what the program prints for some words."""
    finished = subprocess.run([program], input=" ".join(words), capture_output=True, text=True, check=True, timeout=10)
    return finished.stdout.splitlines()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("0", "0.000"), ("-0.0", "0.000"), ("0.6953125", "0.695"), ("-1.25", "-1.250"), ("0.0625", "0.063"),
        ("0.9996", "1.000"), ("12.005", "12.005"), ("4294967040", "4294967040.000"), ("4294967296", "huge"),
        ("-1e30", "-huge"), ("inf", "huge"), ("nan", "nan"),
    ],
)  # fmt: skip
def test_real(value: str, text: str, printer: Path) -> None:
    """Three decimals, rounded, with words for what has no digits."""
    assert [text] == printed(printer, f"r{value}")


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=st.lists(st.floats(-1e6, 1e6, width=32), min_size=1))
def test_real_is_near(printer: Path, values: list[float]) -> None:
    """What is printed is the value to half a thousandth, or to the last bit where floats are coarser."""
    texts = printed(printer, *(f"r{value!r}" for value in values))
    for value, text in zip(values, texts, strict=True):
        assert abs(value - float(text)) <= max(0.000501, float(np.spacing(np.float32(abs(value)))))


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=st.lists(st.integers(-(2**31), 2**31 - 1), min_size=1))
def test_integers(printer: Path, values: list[int]) -> None:
    """Signed and unsigned numbers of 32 bits are printed as they are."""
    assert [str(value) for value in values] == printed(printer, *(f"s{value}" for value in values))
    assert [str(value + 2**31) for value in values] == printed(printer, *(f"u{value + 2**31}" for value in values))


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ticks=st.integers(0, LARGEST), rate=st.integers(1, LARGEST))
def test_microseconds(printer: Path, ticks: int, rate: int) -> None:
    """Ticks of any clock become microseconds without an overflow, and what is too long becomes the largest number."""
    assert [str(min(ticks * 1_000_000 // rate, LARGEST))] == printed(printer, str(rate), f"t{ticks}")


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=st.integers(0, LARGEST))
def test_hexadecimal(printer: Path, value: int) -> None:
    """A number is eight hexadecimal digits."""
    assert [f"{value:08x}"] == printed(printer, f"x{value}")


def test_bytes_and_fields(printer: Path) -> None:
    """Bytes are two digits each in their order; a field is its name and a number."""
    assert ["616263", "7a7e21", "count=7"] == printed(printer, "babc", "bz~!", "fcount=")
