"""The words of the hazard lint: what a rule looks at, what it finds, and how a model is repaired."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from functools import cached_property

from edgewright.pipeline.arena.scratch_esp_nn import VECTOR_CORES
from edgewright.pipeline.graph.types import Graph
from edgewright.pipeline.operator_support import Use, uses
from edgewright.pipeline.preprocessing import Preprocessing
from edgewright.pipeline.target import Family, Target
from edgewright.pipeline.vocabulary import Kernels, Runtime

ANSI_C = "CONFIG_NN_ANSI_C=y"
"""The line of ESP-IDF's configuration that chooses esp-nn's plain C instead of a chip's assembly."""


class Severity(str, Enum):
    """How much a finding matters; the most serious one first."""

    ERROR = "error"
    """The model will not run, or computes something else."""
    WARNING = "warning"
    """The model runs, but slower, larger or less exactly than it could."""
    NOTE = "note"
    """Nothing is wrong as the firmware is configured, or it hardly matters; in another one it may."""

    @property
    def is_serious(self) -> bool:
        """Whether a build tells it on the terminal."""
        return self is not Severity.NOTE


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What a rule found at one operator, or in the whole model."""

    rule: str
    severity: Severity
    layer: str
    """The source model's layer, or what the finding is about where it is no layer."""
    operator: int | None
    """Index of the operator in its subgraph; None for the whole model."""
    why: str
    """What is wrong, without a full stop."""
    repair: str
    """What to do, likewise."""
    is_fixable: bool = False
    """Whether the rule's own fix repairs it, with equal outputs."""


@dataclass(frozen=True, kw_only=True)
class Context:
    """One model on its way to one firmware family of one target."""

    graph: Graph
    tflite: bytes
    """The same model as bytes: where its buffers lie in the file is not part of the graph."""
    layers: tuple[str, ...]
    """One name for each operator of the main subgraph."""
    target: Target
    family: Family
    preprocessing: tuple[Preprocessing, ...] = ()
    """Of the samples of each input; empty where nobody declared any."""

    @cached_property
    def uses(self) -> tuple[Use, ...]:
        """Every operator with its layer, those of called subgraphs too."""
        return uses(self.graph, self.layers)

    @cached_property
    def main_uses(self) -> tuple[Use, ...]:
        """The operators of the main subgraph, which a fix can change."""
        return self.uses[: len(self.graph.main.operators)]

    @property
    def is_tflm(self) -> bool:
        """Whether TensorFlow Lite Micro runs the model."""
        return self.family.runtime is Runtime.TFLM

    @property
    def has_s3_kernels(self) -> bool:
        """Whether esp-nn's assembly for the ESP32-S3 is there, chosen or not."""
        return self.family.kernels is Kernels.ESP_NN and self.target.core.startswith(VECTOR_CORES)

    @property
    def avoids_assembly(self) -> bool:
        """Whether the emitted configuration chooses esp-nn's plain C."""
        return ANSI_C in self.target.sdkconfig.splitlines()

    @property
    def avoidance(self) -> str:
        """What a sentence about the assembly ends with."""
        return f"; {ANSI_C} in the firmware's configuration avoids it" if self.avoids_assembly else ""


@dataclass(frozen=True, kw_only=True)
class Repair:
    """A changed model, and the layers of its operators."""

    graph: Graph
    layers: tuple[str, ...]


Find = Callable[[Context], Iterable[Finding]]
Fix = Callable[[Context, tuple[Finding, ...]], Repair]


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One kind of hazard: a file in `pipeline/lint/rules/`."""

    name: str
    summary: str
    """One sentence for a list of rules."""
    find: Find
    fix: Fix | None = None
    """Repairs what is fixable among its findings, with equal outputs; None where that needs a person."""
