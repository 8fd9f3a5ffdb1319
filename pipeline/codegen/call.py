"""Between choosing a kernel and emitting C: the call of one kernel with every constant that it reads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from edgewright.pipeline.codegen.core import CodegenCore, Feature
from edgewright.pipeline.codegen.program import Program, Step


@dataclass(frozen=True, kw_only=True, eq=False)
class Array:
    """A constant array in flash; equal arrays are emitted once.

    `values` is one-dimensional, of a dtype that C99 has (int8, uint8, int16, int32, uint32, float32); `is_weights`
    tells what counts as the model and not as code: weights, biases, multipliers and shifts.
    """

    values: npt.NDArray[Any]
    alignment_bytes: int = 4
    is_weights: bool = True

    @cached_property
    def identity(self) -> tuple[str, bytes, int, bool]:
        """What equal arrays have in common."""
        return self.values.dtype.str, self.values.tobytes(), self.alignment_bytes, self.is_weights


@dataclass(frozen=True, kw_only=True)
class Field:
    """One member of a kernel's facts: an integer, a float32, or an array."""

    name: str
    value: int | float | Array


@dataclass(frozen=True, kw_only=True)
class Overlap:
    """That the (only) output may lie over the first input where that dies, and how far.

    The kernel writes its output in ascending order, in groups of `group_elements`; before it writes any element of
    group g it may still read `first_needed[g]` and everything behind, in bytes of the input, of this and of every
    later group. `first_needed` has one entry for each group; a kernel that works element by element in place has
    groups of one element and may say so with `is_in_place` instead. `is_descending` mirrors all of that: written from
    the end, and `first_needed[g]` is one past the last byte that group g (counted from the end) and later ones read.
    """

    is_in_place: bool = False
    is_second_in_place: bool = False
    """Whether the second input may be what the output takes the place of, element by element."""
    group_bytes: int = 0
    first_needed: npt.NDArray[np.int64] | None = None
    is_descending: bool = False


NO_OVERLAP = Overlap()


@dataclass(frozen=True, kw_only=True, eq=False)
class Call:
    """One call: `void edgewright_<kernel>(const edgewright_<kernel>_facts *facts, inputs..., outputs..., scratch)`.

    Inputs and outputs are pointers to the elements of the step's values, in the step's order (`const int8_t *`,
    `int8_t *`, float where the value is float32); `scratch` is a `void *` on a 4-byte boundary, passed only where
    `scratch_bytes` is not 0 for the kernel (`Kernel.has_scratch`).
    """

    kernel: Kernel
    fields: tuple[Field, ...]
    """Members of the facts, in the order of the header."""
    inputs: tuple[int | Array, ...] | None = None
    """What is passed as inputs where that is not the step's inputs in order: a position among those, or a constant."""
    scratch_bytes: int = 0
    overlap: Overlap = NO_OVERLAP
    mirrored: Call | None = None
    """The same step, written in the opposite order at the same price and with no more scratch, where a kernel can do
    that: the memory plan says which of the two is to be called (`memory.final_calls`)."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Kernel:
    """One C function: the pair `firmware_templates/static/edgewright_<name>.{h,c}.j2`.

    `cost` estimates instructions; the cheapest kernel that accepts a step on a core gets it.
    """

    name: str
    operation: type
    accepts: Callable[[Step, Program], bool]
    lower: Callable[[Kernel, Step, Program], Call]
    cost: Callable[[Step, Program, CodegenCore], float]
    needs: frozenset[Feature] = frozenset()
    has_scratch: bool = False
    has_arrays: bool = False
    """Whether inputs and outputs, any number of each, are passed as two arrays: `const int8_t *const *inputs` and
    `int8_t *const *outputs`."""
    helpers: tuple[str, ...] = ()
    """Further files of `firmware_templates/static/` without ending that it includes (`edgewright_requantize`)."""
