"""Arithmetic of emulated cores: what compilers' libraries, and ours for the LX106, compute is exact."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from support.emulated import every_core, usable_core

from edgewright.runtime_bench.cores import Build, build, run

ARITHMETIC = Path(__file__).parent / "programs" / "arithmetic_main.c"
PAIRS = 20_000
Words = npt.NDArray[np.uint32]


def pairs() -> Words:
    """Return pairs (N, 2) of words: random bits, floats of like size, small integers, and all pairs of special ones."""
    draw = np.random.default_rng(11)
    bits = draw.integers(0, 2**32, (PAIRS, 2), np.uint32, endpoint=False)
    near = (draw.normal(size=(PAIRS, 2)) * 2.0 ** draw.integers(-3, 4, (PAIRS, 2))).astype(np.float32).view(np.uint32)
    subnormal = draw.integers(0, 2**25, (PAIRS, 2), np.uint32) | (draw.integers(0, 2, (PAIRS, 2), np.uint32) << 31)
    floats = [0.0, 1.0, 1.5, 2.0**-126, 2.0**-149, 2.0**24 - 1, 3.4028235e38, np.inf, np.nan, 0.33333334, 2.0**31]
    special = np.array([*floats, *(-value for value in floats)], np.float32).view(np.uint32)
    special = np.concatenate([special, np.array([1, 2, 3, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF], np.uint32)])
    every = np.stack(np.meshgrid(special, special), axis=-1).reshape(-1, 2)
    return np.ascontiguousarray(np.concatenate([bits, near, subnormal, every]))


def expected(given: Words) -> tuple[npt.NDArray[np.float32], Words]:
    """Return floats (N, 6) and integers (N, 9) that the program must answer."""
    a, b = given.view(np.float32).T
    x, y = given.T
    divisor = np.where(y == 0, np.uint32(1), y)
    signed, odd = x.view(np.int32).astype(np.int64), ((divisor >> 1) | 1).view(np.int32).astype(np.int64)
    quotient = np.sign(signed) * (np.abs(signed) // odd)  # towards 0; the divisor is positive
    product = x.astype(np.uint64) * y.astype(np.uint64)
    half = np.uint64(32)
    wide = ((x.astype(np.uint64) << half) | y) // (((y.astype(np.uint64) & np.uint64(0xFF)) << half) | divisor)
    with np.errstate(all="ignore"):
        floats = [a + b, a - b, a * b, a / b, x.view(np.int32).astype(np.float32), x.astype(np.float32)]
        unsigned = np.where((a >= 0) & (a < 2**32), a, 0).astype(np.int64)
        rounded = np.where((a > -(2**31)) & (a < 2**31), a, 0).astype(np.int64)
    integers = [x // divisor, x % divisor, quotient, product, product >> half, unsigned, rounded, wide, wide >> half]
    words = [
        np.asarray(values).astype(np.uint64 if np.asarray(values).dtype == np.uint64 else np.int64)
        for values in integers
    ]
    return np.stack(floats, axis=1), np.stack([word.astype(np.uint32) for word in words], axis=1)


@pytest.mark.parametrize("name", every_core())
def test_arithmetic_is_exact(name: str, tmp_path: Path) -> None:
    """Sums, products, quotients and conversions have the bits that IEEE 754 and C say, subnormals included."""
    given = pairs()
    done = run(build(usable_core(name), Build(sources=(ARITHMETIC,)), tmp_path), stdin=given.tobytes())
    found = np.frombuffer(done.stdout, np.uint32).reshape(len(given), 15)
    floats, integers = expected(given)
    answered = np.ascontiguousarray(found[:, :6]).view(np.float32)
    assert np.isnan(floats).tolist() == np.isnan(answered).tolist()
    numbers = ~np.isnan(floats)
    assert floats.view(np.uint32)[numbers].tolist() == answered.view(np.uint32)[numbers].tolist()
    assert integers.tolist() == found[:, 6:].tolist()
