"""Layouts: every core has an ABI, and every ABI the sizes of TFLM's structures."""

from __future__ import annotations

import pytest

from edgewright.pipeline.arena.layout import PYTHON_CORE, Abi, abi_of, layout_of, load_layouts
from edgewright.pipeline.target import load_family, load_target, target_names
from edgewright.pipeline.vocabulary import Runtime


def test_every_abi_has_a_layout() -> None:
    """The file of facts has each ABI, and no other."""
    assert set(Abi) == set(load_layouts().root)


@pytest.mark.parametrize(
    ("core", "expected"),
    [
        ("cortex-m0plus", Abi.SHORT_ENUMS),
        ("rv32imc", Abi.WIDE_ENUMS),
        ("xtensa-lx7", Abi.WIDE_ENUMS),
        ("host", Abi.WORD_64),
        (PYTHON_CORE, Abi.PYTHON),
    ],
)
def test_a_core_has_an_abi(core: str, expected: Abi) -> None:
    """Arm, RISC-V, Xtensa, this computer, and the interpreter that runs on it."""
    assert expected is abi_of(core)


def test_the_word_size_is_the_targets() -> None:
    """Of every target that runs TFLM, the layout's pointers have the target's word size."""
    targets = [load_target(name) for name in target_names()]
    tflm = [target for target in targets if load_family(target.families[0]).runtime is Runtime.TFLM]
    assert {} == {one.name: one.core for one in tflm if 8 * layout_of(abi_of(one.core)).word_bytes != one.word_bits}
