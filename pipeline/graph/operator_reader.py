"""Operators of a `.tflite`, their codes, and the tables that hang off a union."""

from __future__ import annotations

from edgewright.pipeline.graph.flatbuffer import FlatBuffer, Table
from edgewright.pipeline.graph.options import BUILTIN_OPTIONS, BUILTIN_OPTIONS_2, TableFacts
from edgewright.pipeline.graph.schema import BUILTIN_OPERATORS, CUSTOM, OperatorCodeSlot, OperatorSlot
from edgewright.pipeline.graph.types import Operator, OptionValue

OperatorCode = tuple[str, "str | None", int]
"""Builtin name, custom name where the first is CUSTOM, and version."""


def read_operator_codes(buffer: FlatBuffer, tables: list[Table]) -> tuple[OperatorCode, ...]:
    """Read the list of operators that a model uses.

    A code up to 127 may stand in the deprecated field alone, a larger one stands in the new field only; the greater of
    the two holds, as in TensorFlow Lite.

    Raises:
        TfliteError: an operator is unknown, or a custom one has no name.
    """
    codes = []
    for index, table in enumerate(tables):
        table.require_slots(len(OperatorCodeSlot), f"operator code {index}")
        code = max(
            table.integer(OperatorCodeSlot.DEPRECATED_BUILTIN_CODE, "i8"),
            table.integer(OperatorCodeSlot.BUILTIN_CODE, "i32"),
        )
        if not 0 <= code < len(BUILTIN_OPERATORS):
            raise buffer.error(
                f"operator code {index} is the builtin {code}, and edgewright knows 0 to {len(BUILTIN_OPERATORS) - 1}"
            )
        op = BUILTIN_OPERATORS[code]
        custom_name = table.text(OperatorCodeSlot.CUSTOM_CODE) if op == CUSTOM else None
        if op == CUSTOM and not custom_name:
            raise buffer.error(f"operator code {index} is a custom operator without a name")
        codes.append((op, custom_name, table.integer(OperatorCodeSlot.VERSION, "i32", 1)))
    return tuple(codes)


def read_operator(
    buffer: FlatBuffer, table: Table, index: int, codes: tuple[OperatorCode, ...], place: str
) -> Operator:
    """Read one operator.

    Args:
        buffer: the file.
        table: the operator's table.
        index: its place in the subgraph.
        codes: what `read_operator_codes` returned.
        place: the subgraph, for messages.

    Raises:
        TfliteError: it names a code or options that do not exist.
    """
    where = f"operator {index} of {place}"
    table.require_slots(len(OperatorSlot), where)
    code_index = table.integer(OperatorSlot.OPCODE_INDEX, "u32")
    if code_index >= len(codes):
        raise buffer.error(f"{where} has the code {code_index}, and the model lists {len(codes)} codes")
    op, custom_name, version = codes[code_index]
    options_type, options = _read_options(buffer, table, where)
    return Operator(
        index=index,
        op=op,
        version=version,
        inputs=table.integers(OperatorSlot.INPUTS, "i32"),
        outputs=table.integers(OperatorSlot.OUTPUTS, "i32"),
        intermediates=table.integers(OperatorSlot.INTERMEDIATES, "i32"),
        custom_name=custom_name,
        options_type=options_type,
        options=options,
        custom_options=_read_custom_options(buffer, table, where),
        mutating_variable_inputs=tuple(map(bool, table.numbers(OperatorSlot.MUTATING_VARIABLE_INPUTS, "bool") or ())),
        debug_metadata_index=table.integer(OperatorSlot.DEBUG_METADATA_INDEX, "i32", -1),
    )


def read_union(
    buffer: FlatBuffer, table: Table, slot: int, union: tuple[TableFacts, ...], where: str
) -> tuple[str, dict[str, OptionValue]] | None:
    """Read a union: its type stands in `slot`, the table in the slot after.

    Args:
        buffer: the file.
        table: the table with the union.
        slot: the type's slot.
        union: what the union may hold.
        where: what the table is, for messages.

    Returns:
        The table's name and fields, defaults filled in, or None where the union is empty.

    Raises:
        TfliteError: the type is unknown or the table is missing.
    """
    number = table.integer(slot, "u8")
    if number == 0:
        return None
    if number > len(union):
        raise buffer.error(f"{where} holds a table of type {number}, and edgewright knows 1 to {len(union)}")
    facts = union[number - 1]
    content = table.table(slot + 1)
    if content is None:
        raise buffer.error(f"{where} promises {facts.name} but does not hold it")
    content.require_slots(facts.slots, f"{facts.name} of {where}")
    return facts.name, _read_fields(content, facts)


def _read_fields(table: Table, facts: TableFacts) -> dict[str, OptionValue]:
    """Read every field that a table's facts list."""
    fields: dict[str, OptionValue] = {}
    for field in facts.fields:
        value: OptionValue
        if field.form == "scalar":
            value = table.scalar(field.slot, field.kind)
            if value is None:
                value = field.default
        elif field.form == "vector":
            value = table.numbers(field.slot, field.kind)
        elif field.form == "text":
            value = table.text(field.slot)
        else:
            value = table.blob(field.slot)
        fields[field.name] = value
    return fields


def _read_options(buffer: FlatBuffer, table: Table, where: str) -> tuple[str | None, dict[str, OptionValue]]:
    """Read the options of an operator from whichever of the two unions holds them."""
    first = read_union(buffer, table, OperatorSlot.BUILTIN_OPTIONS_TYPE, BUILTIN_OPTIONS, where)
    second = read_union(buffer, table, OperatorSlot.BUILTIN_OPTIONS_2_TYPE, BUILTIN_OPTIONS_2, where)
    if first and second:
        raise buffer.error(f"{where} holds two tables of options, {first[0]} and {second[0]}")
    return first or second or (None, {})


def _read_custom_options(buffer: FlatBuffer, table: Table, where: str) -> bytes:
    """Read the options of a custom operator, which stand in the flatbuffer or, in a very large file, after it."""
    offset = table.integer(OperatorSlot.LARGE_CUSTOM_OPTIONS_OFFSET, "u64")
    if offset > 1:
        length = table.integer(OperatorSlot.LARGE_CUSTOM_OPTIONS_SIZE, "u64")
        return buffer.appended(offset, length, f"the custom options of {where}")
    if table.integer(OperatorSlot.CUSTOM_OPTIONS_FORMAT, "i8"):
        raise buffer.error(f"the custom options of {where} are in a format other than flexbuffers")
    return table.blob(OperatorSlot.CUSTOM_OPTIONS) or b""
