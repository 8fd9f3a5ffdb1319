"""The tables of operators: each loads, says only what differs from its base, and a broken one says where."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgewright.pipeline.errors import TargetError
from edgewright.pipeline.graph.schema import BUILTIN_OPERATORS
from edgewright.pipeline.operator_tables import (
    OperatorTable,
    family_table,
    load_additions,
    load_table,
    table_names,
)
from edgewright.pipeline.target import family_names, load_family
from edgewright.pipeline.vocabulary import Kernels

BASE = """\
revision = "old"
date = "2024-01"
left_out = ["AddWindow"]

[operators]
ADD = { method = "AddAdd", version = 2, types = ["int8", "int16"] }
CONV_2D = { method = "AddConv2D", version = 3, types = ["int8 x int8", "int16 x int8"], weights_input = 1 }

[kernels.esp_nn]
ADD = { types = ["int8"] }
"""
NEXT = """\
revision = "new"
date = "2025-01"
base = "old"
lacks = ["AddConv2D", "AddWindow"]

[operators]
ADD = { version = 4 }
MUL = { method = "AddMul" }
"""


def folder_with(folder: Path, **texts: str) -> Path:
    """Make a folder of tables."""
    for name, text in texts.items():
        (folder / f"{name}.toml").write_text(text)
    return folder


@pytest.mark.parametrize("name", family_names())
def test_every_family_has_a_table(name: str) -> None:
    """A family with TFLM has the operators that every network is built from, each with a registration of its own."""
    family = load_family(name)
    table = family_table(family)
    if not family.tflm_revision:
        assert table is None
        return
    assert table is not None
    assert {"CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "SOFTMAX", "RESHAPE"} <= set(table.operators)
    methods = [facts.method for facts in (*table.operators.values(), *table.custom_operators.values())]
    assert len(methods) == len(set(methods))


@pytest.mark.parametrize("kernels", Kernels)
@pytest.mark.parametrize("name", table_names())
def test_every_operator_is_one(name: str, kernels: Kernels) -> None:
    """A table names builtins of the schema only, and computes each that has types in a type of activations."""
    table: OperatorTable = load_table(name, kernels)
    assert [] == [operator for operator in table.operators if operator not in BUILTIN_OPERATORS]
    assert [] == [operator for operator, facts in table.operators.items() if facts.types == ()]


def test_additions_are_beyond_a_table() -> None:
    """What a version adds is told of operators that some table has in a lower version."""
    tables = [load_table(name, kernels) for name in table_names() for kernels in Kernels]
    for operator, added in load_additions().items():
        highest = [table.operators[operator].version for table in tables if operator in table.operators]
        assert [] == [version for version in added if version <= min(highest)]


def test_a_table_says_what_differs(tmp_path: Path) -> None:
    """Registrations that a base has can be missing, facts replaced one by one, and kernels differ in both."""
    folder = folder_with(tmp_path, old=BASE, new=NEXT)
    table = load_table("new", Kernels.ESP_NN, folder)
    assert {"AddAdd", "AddMul"} == table.methods
    add = table.operators["ADD"]
    assert ("AddAdd", 4, ("int8",)) == (add.method, add.version, add.types)
    assert ("int8", "int16") == load_table("new", folder=folder).operators["ADD"].types
    assert 1 == table.operators["MUL"].version


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('method = "AddAdd"', 'method = "Add add"', "operators.ADD.method: String should match pattern"),
        ('method = "AddAdd", ', "", "operators.ADD.method: is missing; add it."),
        ("version = 2", "version = 0", "operators.ADD.version: Input should be greater than or equal to 1 (got 0)."),
        ('["int8", "int16"]', '["int9"]', 'operators.ADD.types: unknown type "int9"; did you mean "'),
        ('["int8", "int16"]', '["int8 x int8"]', 'operators.ADD.types: "int8 x int8" names 2 types; accepted: 1'),
        ('"int8 x int8", ', '"int8", ', 'operators.CONV_2D.types: "int8" names 1 types; accepted: 2, as in "int8 x'),
        ("weights_input = 1", 'weights_input = 1, per_channel = ["int4 x int4"]',
         'operators.CONV_2D.per_channel: "int4 x int4" is not among the types: '),
        ("version = 2,", "versoin = 2,", 'operators.ADD.versoin: unknown key; did you mean "version"?'),
        ("[kernels.esp_nn]", "[kernels.esp_mm]", "kernels.esp_mm"),
        ('revision = "old"', 'revision = "odd"', 'revision: is "odd"; it must be "old", the name of the file.'),
        ('date = "2024-01"', 'date = "2024-01"\nlacks = ["AddMul"]', 'lacks: the base has no "AddMul": '),
        ('date = "2024-01"', 'date = "2024-01"\nbase = "older"', 'has no table of operators of TFLM "older": '),
    ],
)  # fmt: skip
def test_a_broken_table_says_where(old: str, new: str, sentence: str, tmp_path: Path) -> None:
    """The sentence names file, key, value and what is accepted."""
    folder = folder_with(tmp_path, old=BASE.replace(old, new))
    with pytest.raises(TargetError) as error:
        load_table("old", folder=folder)
    assert str(error.value).startswith(str(folder))
    assert sentence in str(error.value)


def test_broken_additions_say_where(tmp_path: Path) -> None:
    """The file of what versions add is held to its form too."""
    (tmp_path / "versions.toml").write_text("[ADD]\nfour = 'int64'\n")
    with pytest.raises(TargetError, match=r"versions\.toml: ADD\.four"):
        load_additions(tmp_path)
