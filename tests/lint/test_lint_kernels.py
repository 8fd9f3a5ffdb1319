"""The facts about optimized kernels agree with the tables of operators."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.one_operator import GRAPHS

from edgewright.pipeline.errors import TargetError
from edgewright.pipeline.lint.kernels import optimized
from edgewright.pipeline.operator_support import types_of, uses
from edgewright.pipeline.operator_tables import family_table, table_names
from edgewright.pipeline.target import family_names, load_family
from edgewright.pipeline.vocabulary import Kernels

OPTIMIZED = [name for name in family_names() if load_family(name).kernels is not Kernels.REFERENCE]


def test_the_reference_kernels_optimize_nothing() -> None:
    """There is no file for them."""
    assert {} == optimized(Kernels.REFERENCE)


@pytest.mark.parametrize("name", OPTIMIZED)
def test_every_optimized_kernel_is_in_the_familys_table(name: str) -> None:
    """What a kernel computes is among what the table has, in the words of the table."""
    family = load_family(name)
    table = family_table(family)
    assert table is not None
    for label, kernel in optimized(family.kernels).items():
        if kernel.tables and table.revision not in kernel.tables:
            continue
        types = table.operators[label].types
        assert types is None or set(kernel.types) <= set(types), label


@pytest.mark.parametrize("kernels", [Kernels.CMSIS_NN, Kernels.ESP_NN])
def test_named_tables_exist(kernels: Kernels) -> None:
    """A kernel that only some revisions have names tables that there are."""
    named = {table for kernel in optimized(kernels).values() for table in kernel.tables}

    assert named <= set(table_names())


@pytest.mark.parametrize("name", [name for name in GRAPHS if "int16" not in name])
def test_common_operators_are_optimized_by_cmsis_nn(name: str) -> None:
    """Every int8 model of one operator with a kernel there has types that the kernel takes."""
    graph = GRAPHS[name]()
    (use,) = uses(graph, ["lay"])
    kernel = optimized(Kernels.CMSIS_NN).get(use.operator.label)
    table = family_table(load_family("pico_sdk"))
    assert table is not None
    if kernel is not None:
        assert types_of(use, table.operators[use.operator.label]) in kernel.types


def test_a_broken_file_is_refused(tmp_path: Path) -> None:
    """The sentence names file and key."""
    (tmp_path / "esp_nn.toml").write_text('ADD = { types = ["int8"], needs = ["luck"] }')

    with pytest.raises(TargetError, match=r"esp_nn\.toml: ADD\.needs"):
        optimized(Kernels.ESP_NN, tmp_path)
