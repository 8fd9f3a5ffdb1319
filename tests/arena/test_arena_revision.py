"""Revisions of TFLM: what is said of one is said of a revision and of operators that are known."""

from __future__ import annotations

import pytest
from support.one_operator import reduction

from edgewright.pipeline.arena import replay
from edgewright.pipeline.arena.revision import MEASURED, find_revision, load_revisions
from edgewright.pipeline.operator_tables import load_table, table_names
from edgewright.pipeline.vocabulary import Kernels


def test_revisions_have_tables_of_operators() -> None:
    """Every revision with an arena of its own is one that models can be held to."""
    assert set() == set(load_revisions().root) - set(table_names())


@pytest.mark.parametrize("name", load_revisions().root)
def test_sizes_belong_to_operators_of_the_revision(name: str) -> None:
    """No size is given for an operator that the revision lacks."""
    revision, table = find_revision(name), load_table(name)
    named = {*revision.kernel_data, *revision.wide_enums, *revision.short_enums}
    assert set() == named - {*table.operators, *table.custom_operators}


def test_a_revision_without_a_word_takes_what_was_measured() -> None:
    """The user's revision, and that of the ESP component, have no differences."""
    assert [MEASURED, MEASURED] == [find_revision("user"), find_revision("1484068")]


def test_an_older_mean_asks_for_sums_alone() -> None:
    """The two buffers for its axes, 16 bytes each, and their handles came later."""
    graph = reduction("MEAN", (1, 5, 5, 3), [1, 2], (1, 3))
    new, old = (replay(graph, Kernels.REFERENCE, "rv32imc", revision=name) for name in ("1484068", "ef645912"))
    assert 2 * 16 == new.head_bytes - old.head_bytes
