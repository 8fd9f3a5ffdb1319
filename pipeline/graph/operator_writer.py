"""Operators of a `.tflite`, their codes, and the tables that hang off a union, written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from edgewright.pipeline.errors import TfliteError, nearest
from edgewright.pipeline.graph.builder import TableBuilder
from edgewright.pipeline.graph.options import BUILTIN_OPTIONS, BUILTIN_OPTIONS_2, FieldFacts, TableFacts, number_of
from edgewright.pipeline.graph.schema import LAST_OLD_CODE, OPERATOR_CODES, OperatorCodeSlot, OperatorSlot
from edgewright.pipeline.graph.types import Graph, Operator, OptionValue


class OperatorCodes:
    """The operators that a graph uses, each kind once, in the order of first use."""

    def __init__(self, graph: Graph) -> None:
        """Collect the kinds of a graph's operators.

        Args:
            graph: the graph to be written.

        Raises:
            TfliteError: an operator is not in the schema.
        """
        self._places: dict[tuple[str, str | None, int], int] = {}
        for subgraph in graph.subgraphs:
            for operator in subgraph.operators:
                if operator.op not in OPERATOR_CODES:
                    raise TfliteError(
                        f'the graph to write has the operator "{operator.op}"; {nearest(operator.op, OPERATOR_CODES)}.'
                    )
                self._places.setdefault(_kind(operator), len(self._places))

    def place(self, operator: Operator) -> int:
        """Find the place of an operator's kind."""
        return self._places[_kind(operator)]

    def write(self, builder: TableBuilder) -> int:
        """Write the list; its position."""
        return builder.tables([self._write_code(builder, *kind) for kind in self._places])

    @staticmethod
    def _write_code(builder: TableBuilder, op: str, custom_name: str | None, version: int) -> int:
        """Write one kind; the deprecated field serves readers that know only the first 127 operators."""
        code = OPERATOR_CODES[op]
        custom = builder.text(custom_name) if custom_name is not None else 0
        builder.start(len(OperatorCodeSlot))
        builder.add_scalar(OperatorCodeSlot.DEPRECATED_BUILTIN_CODE, "i8", min(code, LAST_OLD_CODE), 0)
        builder.add_offset(OperatorCodeSlot.CUSTOM_CODE, custom)
        builder.add_scalar(OperatorCodeSlot.VERSION, "i32", version, 1)
        builder.add_scalar(OperatorCodeSlot.BUILTIN_CODE, "i32", code, 0)
        return builder.end()


def write_operator(builder: TableBuilder, operator: Operator, codes: OperatorCodes) -> int:
    """Write one operator; its position.

    Args:
        builder: the file.
        operator: the operator.
        codes: the kinds of the whole graph.

    Raises:
        TfliteError: its options are not in the schema.
    """
    first = second = table = 0
    if operator.options_type is not None:
        first = number_of(operator.options_type, BUILTIN_OPTIONS) or 0
        second = number_of(operator.options_type, BUILTIN_OPTIONS_2) or 0
        if not first and not second:
            raise TfliteError(
                f"the graph to write has the options {operator.options_type} on operator {operator.index} "
                f"{operator.op}, which the schema does not know; read them from a model or leave them out."
            )
        facts = BUILTIN_OPTIONS[first - 1] if first else BUILTIN_OPTIONS_2[second - 1]
        table = write_fields(builder, facts, operator.options)
    inputs = builder.numbers("i32", operator.inputs)
    outputs = builder.numbers("i32", operator.outputs)
    intermediates = builder.numbers("i32", operator.intermediates) if operator.intermediates else 0
    custom_options = builder.blob(operator.custom_options) if operator.custom_options else 0
    mutating = builder.numbers("bool", operator.mutating_variable_inputs) if operator.mutating_variable_inputs else 0
    builder.start(len(OperatorSlot))
    builder.add_scalar(OperatorSlot.OPCODE_INDEX, "u32", codes.place(operator), 0)
    builder.add_offset(OperatorSlot.INPUTS, inputs)
    builder.add_offset(OperatorSlot.OUTPUTS, outputs)
    builder.add_scalar(OperatorSlot.BUILTIN_OPTIONS_TYPE, "u8", first, 0)
    builder.add_offset(OperatorSlot.BUILTIN_OPTIONS, table if first else 0)
    builder.add_offset(OperatorSlot.CUSTOM_OPTIONS, custom_options)
    builder.add_offset(OperatorSlot.MUTATING_VARIABLE_INPUTS, mutating)
    builder.add_offset(OperatorSlot.INTERMEDIATES, intermediates)
    builder.add_scalar(OperatorSlot.BUILTIN_OPTIONS_2_TYPE, "u8", second, 0)
    builder.add_offset(OperatorSlot.BUILTIN_OPTIONS_2, table if second else 0)
    builder.add_scalar(OperatorSlot.DEBUG_METADATA_INDEX, "i32", operator.debug_metadata_index, -1)
    return builder.end()


def write_fields(builder: TableBuilder, facts: TableFacts, values: Mapping[str, OptionValue]) -> int:
    """Write a table of a union; its position.

    Args:
        builder: the file.
        facts: the table's facts.
        values: its fields; one that is left out, or None, takes the schema's default.

    Raises:
        TfliteError: a field is not in the schema.
    """
    names = {field.name for field in facts.fields}
    for name in values:
        if name not in names:
            raise TfliteError(f'the graph to write has the field "{name}" in {facts.name}; {nearest(name, names)}.')
    given = [(field, value) for field in facts.fields if (value := values.get(field.name)) is not None]
    positions = {field.slot: _write_vector(builder, field, value) for field, value in given if field.form != "scalar"}
    builder.start(facts.slots)
    for field, value in given:
        if field.form == "scalar":
            builder.add_scalar(field.slot, field.kind, cast("int", value), cast("int", field.default))
        else:
            builder.add_offset(field.slot, positions[field.slot])
    return builder.end()


def _write_vector(builder: TableBuilder, field: FieldFacts, value: OptionValue) -> int:
    """Write what a field refers to: text, bytes or a vector; its position."""
    if field.form == "text":
        return builder.text(cast("str", value))
    if field.form == "bytes":
        return builder.blob(cast("bytes", value))
    return builder.numbers(field.kind, cast("tuple[int, ...]", value))


def _kind(operator: Operator) -> tuple[str, str | None, int]:
    """What operators of one code have in common."""
    return operator.op, operator.custom_name, operator.version
