"""Arithmetic of emulated cores: what compilers' libraries, and ours for the LX106, compute is exact."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from support.emulated import every_core, usable_core

from edgewright.runtime_bench.cores import Build, build, run

ARITHMETIC = Path(__file__).parent / "programs" / "arithmetic_main.c"
DOUBLES = Path(__file__).parent / "programs" / "doubles_main.c"
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
    """Return floats (N, 6) and integers (N, 13) that the program must answer."""
    a, b = given.view(np.float32).T
    x, y = given.T
    divisor = np.where(y == 0, np.uint32(1), y)
    signed, odd = x.view(np.int32).astype(np.int64), ((divisor >> 1) | 1).view(np.int32).astype(np.int64)
    quotient = np.sign(signed) * (np.abs(signed) // odd)  # towards 0; the divisor is positive
    product = x.astype(np.uint64) * y.astype(np.uint64)
    half = np.uint64(32)
    both = (x.astype(np.uint64) << half) | y
    wide_divisor = ((y.astype(np.uint64) & np.uint64(0xFF)) << half) | divisor
    wide, rest = both // wide_divisor, both % wide_divisor
    narrow = y.view(np.int32).astype(np.int64) | 1
    whole = np.array([_towards_zero(*pair) for pair in zip(both.view(np.int64).tolist(), narrow.tolist(), strict=True)])
    with np.errstate(all="ignore"):
        floats = [a + b, a - b, a * b, a / b, x.view(np.int32).astype(np.float32), x.astype(np.float32)]
        unsigned = np.where((a >= 0) & (a < 2**32), a, 0).astype(np.int64)
        rounded = np.where((a > -(2**31)) & (a < 2**31), a, 0).astype(np.int64)
    integers = [
        x // divisor, x % divisor, quotient, product, product >> half, unsigned, rounded, wide, wide >> half, rest,
        rest >> half, whole, whole.astype(np.uint64) >> half,
    ]  # fmt: skip
    words = [
        np.asarray(values).astype(np.uint64 if np.asarray(values).dtype == np.uint64 else np.int64)
        for values in integers
    ]
    return np.stack(floats, axis=1), np.stack([word.astype(np.uint32) for word in words], axis=1)


def _towards_zero(dividend: int, divisor: int) -> int:
    """Return a quotient as C has it, in 64 bits."""
    quotient = abs(dividend) // abs(divisor)
    signed = -quotient if (dividend < 0) != (divisor < 0) else quotient
    return (signed + 2**63) % 2**64 - 2**63


@pytest.mark.parametrize("name", every_core())
def test_arithmetic_is_exact(name: str, tmp_path: Path) -> None:
    """Sums, products, quotients and conversions have the bits that IEEE 754 and C say, subnormals included."""
    given = pairs()
    done = run(build(usable_core(name), Build(sources=(ARITHMETIC,)), tmp_path), stdin=given.tobytes())
    found = np.frombuffer(done.stdout, np.uint32).reshape(len(given), 19)
    floats, integers = expected(given)
    answered = np.ascontiguousarray(found[:, :6]).view(np.float32)
    assert np.isnan(floats).tolist() == np.isnan(answered).tolist()
    numbers = ~np.isnan(floats)
    assert floats.view(np.uint32)[numbers].tolist() == answered.view(np.uint32)[numbers].tolist()
    assert integers.tolist() == found[:, 6:].tolist()


def double_pairs() -> npt.NDArray[np.float64]:
    """Return pairs (N, 2) of doubles: random bits, numbers of like size, what a float rounds, and special ones."""
    draw = np.random.default_rng(12)
    bits = draw.integers(0, 2**64, (PAIRS // 2, 2), np.uint64, endpoint=False).view(np.float64)
    near = draw.normal(size=(PAIRS // 2, 2)) * 2.0 ** draw.integers(-60, 60, (PAIRS // 2, 2))
    with np.errstate(all="ignore"):
        floats = draw.integers(0, 2**32, (PAIRS // 2, 2), np.uint32, endpoint=False).view(np.float32).astype(np.float64)
    floats += np.abs(floats) * draw.integers(-2, 3, floats.shape) * 2.0**-25
    subnormal = draw.integers(0, 2**54, (PAIRS // 2, 2), np.uint64).view(np.float64)
    numbers = [0.0, 1.0, 1.5, 2.0**-1022, 2.0**-1074, 2.0**53 - 1, 1.7976931348623157e308, np.inf, np.nan, 0.1, 2.0**31]
    special = np.array([*numbers, *(-value for value in numbers), 2.0**-149, 2.0**-150, 3.4028235677973366e38])
    every = np.stack(np.meshgrid(special, special), axis=-1).reshape(-1, 2)
    return np.ascontiguousarray(np.concatenate([bits, near, floats, subnormal, every]))


def expected_doubles(given: npt.NDArray[np.float64]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float32]]:
    """Return doubles (N, 8) and floats (N, 2) that the program must answer."""
    a, b = given.T
    words = np.ascontiguousarray(given[:, 1]).view(np.uint32)[::2]
    with np.errstate(all="ignore"):
        whole = np.trunc(np.where((a > -(2.0**31) - 1) & (a < 2.0**31), a, 0.0)) + 0.0
        unsigned = np.trunc(np.where((a > -1) & (a < 2.0**32), a, 0.0)) + 0.0
        doubles = [
            a + b, a - b, a * b, a / b, words.view(np.int32).astype(np.float64), words.astype(np.float64),
            words.view(np.float32).astype(np.float64), whole,
        ]  # fmt: skip
        return np.stack(doubles, axis=1), np.stack([a.astype(np.float32), unsigned.astype(np.float32)], axis=1)


@pytest.mark.parametrize("name", every_core())
def test_doubles_are_exact(name: str, tmp_path: Path) -> None:
    """What a core computes of doubles has the bits that IEEE 754 says, subnormals included."""
    given = double_pairs()
    done = run(build(usable_core(name), Build(sources=(DOUBLES,)), tmp_path), stdin=given.tobytes())
    found = np.frombuffer(done.stdout, np.uint32).reshape(len(given), 18)
    doubles, floats = expected_doubles(given)
    answers = (
        np.ascontiguousarray(found[:, :16]).view(np.float64),
        np.ascontiguousarray(found[:, 16:]).view(np.float32),
    )
    for wanted, answered in zip((doubles, floats), answers, strict=True):
        bits = np.uint64 if wanted.dtype == np.float64 else np.uint32
        assert np.isnan(wanted).tolist() == np.isnan(answered).tolist()
        numbers = ~np.isnan(wanted)
        assert wanted.view(bits)[numbers].tolist() == answered.view(bits)[numbers].tolist()
