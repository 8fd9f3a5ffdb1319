"""Our facts of the schema against the schemas that TensorFlow, LiteRT and TFLM were generated from."""

from __future__ import annotations

import re
from enum import IntEnum
from pathlib import Path

import pytest
from support.schemas import MODULES, load_schema, numbered, parse_schema, schema_path

from edgewright.pipeline.graph import options, schema
from edgewright.pipeline.graph.options import FieldFacts
from edgewright.pipeline.graph.types import DType

UNIONS = {
    "BuiltinOptions": options.BUILTIN_OPTIONS,
    "BuiltinOptions2": options.BUILTIN_OPTIONS_2,
    "QuantizationDetails": options.QUANTIZATION_DETAILS,
    "SparseIndexVector": options.SPARSE_INDEX_VECTORS,
}
SLOTS: dict[str, type[IntEnum]] = {
    "Model": schema.ModelSlot,
    "OperatorCode": schema.OperatorCodeSlot,
    "SubGraph": schema.SubgraphSlot,
    "Tensor": schema.TensorSlot,
    "QuantizationParameters": schema.QuantizationSlot,
    "SparsityParameters": schema.SparsitySlot,
    "DimensionMetadata": schema.DimensionSlot,
    "VariantSubType": schema.VariantSlot,
    "Operator": schema.OperatorSlot,
    "Buffer": schema.BufferSlot,
    "Metadata": schema.MetadataSlot,
    "SignatureDef": schema.SignatureSlot,
    "TensorMap": schema.TensorMapSlot,
}
WIRE = {"i8": "Int8", "i32": "Int32", "u32": "Uint32", "i64": "Int64", "bool": "Bool", "f32": "Float32"}
BYTES = {"bool": 1, "u8": 1, "u16": 2, "i32": 4, "u32": 4, "f32": 4, "i64": 8}


@pytest.fixture(params=sorted(MODULES))
def path(request: pytest.FixtureRequest) -> Path:
    """Find one package's generated schema."""
    found = schema_path(request.param)
    if found is None:
        pytest.skip(f"needs the package {request.param}")
    return found


def _facts(field: FieldFacts) -> tuple[str, int, str, str]:
    """Put one of our fields into the words of a generated schema."""
    if field.form == "scalar":
        default = str(field.default if isinstance(field.default, float) else int(field.default))  # type: ignore[arg-type]
        return field.name, field.slot, WIRE[field.kind], default
    return field.name, field.slot, "text" if field.form == "text" else f"[{BYTES[field.kind]}]", "0"


def test_operator_names_are_those_of_the_schema(path: Path) -> None:
    """Every builtin operator has its name at the place of its code."""
    assert numbered(load_schema(path).BuiltinOperator) == list(schema.BUILTIN_OPERATORS)


def test_element_types_are_those_of_the_schema(path: Path) -> None:
    """Every element type stands at the place of its code; a package may lack the newest."""
    theirs = [name.lower() for name in numbered(load_schema(path).TensorType)]
    assert theirs == [dtype.value for dtype in schema.TENSOR_TYPES][: len(theirs)]
    assert set(DType) == set(schema.TENSOR_TYPES)


def test_enums_are_those_of_the_schema(path: Path) -> None:
    """Padding and activation have the schema's values."""
    generated = load_schema(path)
    assert [member.name for member in schema.Padding] == numbered(generated.Padding)
    assert [member.name for member in schema.Activation] == numbered(generated.ActivationFunctionType)


@pytest.mark.parametrize("union", sorted(UNIONS))
def test_tables_of_unions_are_those_of_the_schema(path: Path, union: str) -> None:
    """Every table of a union stands at its number with all its fields, slots, types and defaults."""
    text = parse_schema(path)
    theirs = numbered(getattr(load_schema(path), union))[1:]
    ours = {table.name: table for table in UNIONS[union]}
    assert theirs == list(ours)[: len(theirs)]
    for name in theirs:
        fields = text.fields[name]
        assert fields == [_facts(field) for field in ours[name].fields][: len(fields)], name
        assert text.slot_counts[name] <= ours[name].slots


def test_no_field_of_ours_is_unknown_to_the_newest_schema() -> None:
    """TFLM's package carries the newest schema; it has exactly our fields."""
    path = schema_path("tflite_micro")
    assert path is not None
    text = parse_schema(path)
    for table in (table for union in UNIONS.values() for table in union):
        assert [_facts(field) for field in table.fields] == text.fields[table.name]
        assert text.slot_counts[table.name] == table.slots


def test_slots_are_those_of_the_schema(path: Path) -> None:
    """Every structural table has its fields at their slots, and no others."""
    text = parse_schema(path)
    for table, ours in SLOTS.items():
        theirs = {name.upper(): slot for name, slot, _, _ in text.fields[table]}
        theirs = {re.sub(r"OPTIONS2", "OPTIONS_2", name): slot for name, slot in theirs.items()}
        assert theirs == {slot.name: slot.value for slot in ours if slot.name != "RETIRED"}, table
        assert text.slot_counts[table] == len(ours)


def test_vector_elements_have_the_schemas_types(path: Path) -> None:
    """Vectors of the same width are told apart: boundaries are floats, precisions unsigned, the rest signed."""
    text = parse_schema(path)
    for table in (table for union in UNIONS.values() for table in union):
        for field in table.fields:
            found = text.elements.get((table.name, field.name))
            if found is not None:
                assert {"i": "Int", "u": "Uint", "f": "Float", "b": "Bool"}[field.kind[0]] == found.rstrip("0123456789")


def test_options_of_operators_name_operators_and_tables() -> None:
    """The facts about which options an operator takes name only what exists."""
    names = {table.name for table in options.BUILTIN_OPTIONS}
    assert set(options.OPTIONS_OF) <= set(schema.BUILTIN_OPERATORS)
    assert set(options.OPTIONS_OF.values()) <= names
    assert set(options.OPTIONS_OF) >= options.NEEDS_OPTIONS
