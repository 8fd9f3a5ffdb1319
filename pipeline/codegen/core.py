"""What the choice of kernels wants to know of a core: facts of its instruction set, by the target's name of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Feature(str, Enum):
    """What an instruction set has that a kernel may need."""

    THREE_OPERANDS = "three_operands"
    """Sixteen registers or more for every instruction, and byte loads with sign and offset: not Armv6-M's."""
    DSP = "dsp"
    """Armv7E-M's two 16-bit multiply-accumulates in one instruction."""
    HELIUM = "helium"
    """Armv8.1-M's vectors."""
    RISCV = "riscv"
    """rv32im: 31 registers, no multiply-accumulate."""


@dataclass(frozen=True, kw_only=True)
class CodegenCore:
    """A core, as kernels see it."""

    name: str
    features: frozenset[Feature]


_RISCV = frozenset({Feature.THREE_OPERANDS, Feature.RISCV})
_DSP = frozenset({Feature.THREE_OPERANDS, Feature.DSP})
_FEATURES: dict[str, frozenset[Feature]] = {
    "cortex-m0": frozenset(),
    "cortex-m0plus": frozenset(),
    "cortex-m3": frozenset({Feature.THREE_OPERANDS}),
    "cortex-m4": _DSP,
    "cortex-m7": _DSP,
    "cortex-m33": _DSP,
    "cortex-m55": _DSP | {Feature.HELIUM},
    "riscv32": _RISCV,
    "rv32imc": _RISCV,
    "rv32imac": _RISCV,
    "rv32imafc": _RISCV,
}
_OTHERS = frozenset({Feature.THREE_OPERANDS})


def codegen_core(name: str) -> CodegenCore:
    """Return what is known of a target's core; of an unknown one, what any 32-bit core but Armv6-M has."""
    return CodegenCore(name=name, features=_FEATURES.get(name, _OTHERS))
