"""Constants and facts of a call as C99."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from edgewright.pipeline.codegen.call import Array, Call
from edgewright.pipeline.emission.literals import float_literal, number_rows

C_TYPES = {
    "int8": "int8_t", "uint8": "uint8_t", "int16": "int16_t", "uint16": "uint16_t", "int32": "int32_t",
    "uint32": "uint32_t", "float32": "float",
}  # fmt: skip
INT32_MIN = -(2**31)


def array_c_type(array: Array) -> str:
    """Return the C type of an array's elements.

    Raises:
        ValueError: C99 has none (a defect of the kernel's module).
    """
    name = array.values.dtype.name
    if name not in C_TYPES:
        raise ValueError(f"A constant array of {name} has no type in C; kernels take {', '.join(C_TYPES)}.")
    return C_TYPES[name]


def array_definition(name: str, array: Array) -> str:
    """Return the definition of a constant array.

    Args:
        name: a C identifier.
        array: its elements; at least one.

    >>> print(array_definition("weights_0", Array(values=np.array([1, -2], np.int8))))
    const int8_t weights_0[2] = {
        1, -2,
    };
    """
    rows = "\n".join(f"    {row}" for row in number_rows(array.values))
    return f"const {array_c_type(array)} {name}[{array.values.size}] = {{\n{rows}\n}};"


def facts_initializer(call: Call, name_of: Callable[[Array], str]) -> tuple[str, ...]:
    """Return the rows of the initializer of a call's facts, one member each.

    Args:
        call: of a kernel.
        name_of: gives the C name of an array.
    """
    return tuple(f".{field.name} = {_value(field.value, name_of)}," for field in call.fields)


def _value(value: float | Array, name_of: Callable[[Array], str]) -> str:
    if isinstance(value, Array):
        return name_of(value)
    if isinstance(value, float | np.floating):
        return float_literal(float(value))
    return "(-2147483647 - 1)" if value == INT32_MIN else str(int(value))
