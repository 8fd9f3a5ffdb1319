"""The report as data: `report.json`. Every page and table is a pure function of it.

`SCHEMA_VERSION` grows with every change that a reader must know of. The JSON schema is published as
`docs/report.schema.json`.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from edgewright.pipeline.comparison import ComparisonFigures
from edgewright.pipeline.contributors import Role
from edgewright.pipeline.figures import AgreementFigures, CalibrationFigures, Figures, LatencyFigures, PlanFigures
from edgewright.pipeline.graph import DType
from edgewright.pipeline.lint.document import FindingSection
from edgewright.pipeline.metrics import Metrics
from edgewright.pipeline.report.evidence import BenchSection, LayerSection, ProvenanceSection, TimelineSection
from edgewright.pipeline.scales import ScalesRecord
from edgewright.pipeline.vocabulary import ArenaMethod, Kernels, Placement

SCHEMA_VERSION: Literal[5] = 5

Bytes = Annotated[int, Field(ge=0)]
Share = Annotated[float, Field(ge=0, le=1)]


class MetricSection(Figures):
    """The figure that decides."""

    name: str
    higher_is_better: bool
    is_share: bool = Field(description="a number of 0 to 1 that people read in per cent")


class TestSection(Figures):
    """Figures on the test split, which nothing was chosen by; the deciding one first."""

    source: dict[str, float] = Field(description="of the float source model")
    result: dict[str, float] = Field(description="of the final model in TFLM's interpreter, on dequantized outputs")


class BudgetSection(Figures):
    """What the result may cost, and what it does."""

    max_accuracy_drop: float = Field(description="accepted loss of the deciding figure on the validation split")
    flash_bytes: Bytes | None = Field(description="accepted flash of model and code; null for all that the board has")
    ram_bytes: Bytes | None = Field(description="accepted RAM of arena, stack and variables; likewise")
    macs: int | None = Field(description="accepted multiply-accumulates of one inference; null without a limit")
    accuracy_drop: float = Field(description="loss against the float source model; negative for a gain")
    complaints: tuple[str, ...] = Field(description="what is over the budget; empty where it is met")


class StageSection(Figures):
    """The model after one stage; the first one is the source model."""

    name: str
    settings: dict[str, object] = Field(description="the stage's settings, defaults filled in; empty for the source")
    seconds: float | None = Field(description="how long the stage took when it ran")
    metrics: Metrics
    notes: tuple[str, ...] = Field(description="layers that stay and why, what a search tried, why nothing was saved")
    rolled_back: str | None = Field(description="why the stage's result was not used; null where it was")


class ArenaSection(Figures):
    """The tensor arena that the firmware reserves, and how its size was found."""

    bytes: Bytes
    reserve_bytes: Bytes = Field(description="the part that is kept free for another revision of TFLM")
    method: ArenaMethod
    word_bits: int = Field(description="pointer width of the machine that the size is for")
    kernels: Kernels
    tflm_revision: str = Field(description="version of TFLM that was measured, or whose allocations were computed")
    host_bytes: Bytes = Field(description="smallest arena that works in TFLM's host build")


class TargetSection(Figures):
    """The board, what it has and whether that is enough."""

    name: str
    title: str
    chip: str
    core: str
    family: str
    flash_bytes: Bytes | None = Field(description="flash of the board; null without a limit")
    ram_bytes: Bytes | None
    arena_limit_bytes: Bytes | None = Field(description="RAM that a static arena may take; null without a limit")
    fits: bool = Field(description="every memory of the board holds its parts")


class CodeSection(Figures):
    """One part of the code around the model."""

    name: str
    bytes: Bytes
    source: str = Field(description="how the figure was found")


class FootprintSection(Figures):
    """Flash and RAM that the firmware around the model needs, without the application and the board's framework."""

    weight_bytes: Bytes = Field(description="the .tflite as an array in flash")
    code: tuple[CodeSection, ...]
    code_bytes: Bytes = Field(description="sum of code")
    code_accuracy: float = Field(description="share of code_bytes by which the linked code may differ")
    selftest_bytes: Bytes = Field(
        description="of the self-test: golden vectors, and hashes and values of what its layers give"
    )
    flash_bytes: Bytes = Field(description="weights, code and the self-test")
    arena_bytes: Bytes
    stack_bytes: Bytes
    static_bytes: Bytes = Field(description="variables of interpreter and C library")
    ram_bytes: Bytes = Field(description="arena, stack and variables")


class PartSection(Figures):
    """Something that takes room in a memory."""

    name: str
    bytes: Bytes
    share: Share = Field(description="of what the memory must hold")


class MemorySection(Figures):
    """One memory of the board, and what it must hold."""

    name: str
    parts: tuple[PartSection, ...]
    needed_bytes: Bytes = Field(description="sum of parts")
    limit_bytes: Bytes | None = Field(description="what the board has; null without a limit")
    lacking_bytes: Bytes = Field(description="how much is missing; 0 where the parts fit")


class WeightSection(Figures):
    """One constant tensor."""

    layer: str = Field(description="the first layer that reads it")
    operator: str
    shape: tuple[int, ...]
    bytes: Bytes
    share: Share = Field(description="of all constants")


class AliveSection(Figures):
    """One tensor that is alive at the arena's peak."""

    layer: str = Field(description="the layer that computes it, or input")
    role: Role = Field(description="read or written by the operator at the peak, or waiting for a later one")
    dtype: DType
    shape: tuple[int, ...]
    bytes: Bytes


class PeakSection(Figures):
    """The operator at which activations and scratch take most of the arena."""

    layer: str
    operator: str
    tensors: tuple[AliveSection, ...] = Field(description="the largest first")
    scratch_bytes: Bytes = Field(description="what the kernel requests while it runs")
    bytes: Bytes = Field(description="tensors and scratch; the rest of the arena is the interpreter's own")


class FitSection(Figures):
    """Flash and RAM against what the board has, where they go, and what to change where they are too small."""

    memories: tuple[MemorySection, ...]
    dropped_vectors: Annotated[int, Field(ge=0)] = Field(
        description="golden vectors left out because the flash is too small for them"
    )
    placement: Placement = Field(description="in which memory the arena lies")
    placement_cost: str | None = Field(description="what that costs; null for the chip's own RAM")
    weights: tuple[WeightSection, ...] = Field(description="the largest constants")
    peak: PeakSection | None = Field(description="null for a model without operators")
    suggestions: tuple[str, ...] = Field(description="what would make the model fit; empty where it does")


class KernelSection(Figures):
    """The kernel of one step of a compiled model."""

    layers: tuple[str, ...] = Field(description="that the step computes")
    operation: str = Field(description="of the last of these layers")
    kernel: str | None = Field(description="null where nothing is left to do: a view of the same bytes")
    instructions: float = Field(description="estimated; what the kernels were compared by")
    reason: str = Field(description="why this kernel")
    macs: Annotated[int, Field(ge=0)]
    constant_bytes: Bytes
    scratch_bytes: Bytes


class DeadChannelSection(Figures):
    """What was saved by leaving out channels that are constant or unread."""

    macs_before: Annotated[int, Field(ge=0)]
    macs: Annotated[int, Field(ge=0)]
    constant_bytes_before: Bytes
    constant_bytes: Bytes


class StaticSection(Figures):
    """The compiled model: what runs instead of an interpreter."""

    kernels: tuple[KernelSection, ...] = Field(description="in the order in which they run")
    arena_bytes: Bytes = Field(description="of the plan, before it is rounded up to 16")
    scratch_bytes: Bytes = Field(description="the most that one step takes of it")
    liveness_bytes: Bytes = Field(description="what one moment needs at least where nothing lies over anything else")
    least_bytes: Bytes = Field(description="no plan takes less, outputs over inputs included")
    constant_bytes: Bytes
    dead_channels: DeadChannelSection


class Report(Figures):
    """Everything that one run found out."""

    schema_version: Literal[5] = SCHEMA_VERSION
    tool_version: str
    name: str
    source: str = Field(description="the source model as the user named it, without its folder")
    configuration_digest: str
    seed: int
    labels: tuple[str, ...]
    stages: Annotated[tuple[StageSection, ...], Field(min_length=1)]
    metric: MetricSection | None = Field(description="null where a .tflite was given, without data")
    test: TestSection | None = Field(description="null without data")
    budget: BudgetSection | None = Field(description="null without a budget")
    scales: ScalesRecord | None = Field(
        default=None, description="what the choice of scales costs and saves in each layer; null where none was made"
    )
    arena: ArenaSection
    plan: PlanFigures | None = Field(description="null where the interpreter is not TensorFlow Lite Micro")
    agreements: tuple[AgreementFigures, ...]
    latency: LatencyFigures | None
    target: TargetSection
    footprint: FootprintSection
    fit: FitSection
    static: StaticSection | None = Field(default=None, description="null where an interpreter runs the model")
    lint: tuple[FindingSection, ...] = Field(description="hazards on this target, the most serious first")
    comparison: ComparisonFigures | None = Field(
        default=None, description="the float source model and the result, sample by sample; null without data"
    )
    calibration: tuple[CalibrationFigures, ...] = Field(
        default=(), description="what is to be known about the representative samples, the worst first"
    )
    timeline: TimelineSection | None = Field(
        default=None, description="the arena over time; null where the interpreter is not TensorFlow Lite Micro"
    )
    layers: tuple[LayerSection, ...] = Field(description="the operators in the order in which they run")
    provenance: ProvenanceSection
    bench: BenchSection | None = Field(default=None, description="null until the model was benched")

    @property
    def int8_score(self) -> float | None:
        """The deciding figure of the final model on the test split."""
        return next(iter(self.test.result.values())) if self.test and self.test.result else None


def json_schema() -> dict[str, object]:
    """Return the JSON schema of `report.json`."""
    return Report.model_json_schema(mode="serialization")
