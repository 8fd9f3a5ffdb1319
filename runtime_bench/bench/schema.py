"""A bench as data: `bench.json`. Every table and page, and every comparison, is a pure function of it.

`SCHEMA_VERSION` grows with every change that a reader must know of. The JSON schema is published as
`docs/bench.schema.json`.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from edgewright.pipeline.figures import Figures
from edgewright.runtime_bench.bench.statistics import CONFIDENCE

SCHEMA_VERSION: Literal[1] = 1

Bytes = Annotated[int, Field(ge=0)]
Count = Annotated[int, Field(ge=0)]
Microseconds = Annotated[float, Field(ge=0)]
Verdict = Literal["faster", "slower", "no difference to be told"]


class IntervalSection(Figures):
    """A median and the interval that holds the median of a repetition."""

    median: float
    low: float
    high: float


class NoiseSection(Figures):
    """What else the machine did while latencies were measured."""

    steal_share: float | None = Field(description="of the processors' time that a hypervisor took; null if not told")
    other_cores: float | None = Field(description="processors that other programs kept busy; null if not told")
    yardstick: IntervalSection | None = Field(description="microseconds of a fixed calculation; null with too few")
    yardstick_spread: float = Field(description="distance of its quartiles as a share of its median")
    reasons: tuple[str, ...] = Field(description="why the machine is too noisy to tell; empty where it is not")


class MachineSection(Figures):
    """Where it was measured."""

    processor: str
    core_count: Count
    system: str
    python_version: str


class MethodSection(Figures):
    """How it was measured."""

    confidence: float = Field(default=CONFIDENCE, description="with which a repetition's median lies in an interval")
    target_half_width: float = Field(description="share of the median at which a row is not measured any longer")
    time_limit_seconds: float = Field(description="for one row, starts of processes included")
    block_seconds: float = Field(description="of inferences in one process")
    seed: int = Field(description="of drawn inputs")


class LatencySection(Figures):
    """Time of one inference at batch 1, without setting inputs and reading outputs."""

    block_count: Count = Field(description="processes, each of which loads the model anew")
    run_count: Count = Field(description="inferences after the warm-ups")
    median_us: Microseconds = Field(description="of the blocks' medians")
    low_us: Microseconds | None = Field(
        description="lower end of the interval that holds the median of a repetition; null with fewer than 13 figures"
    )
    high_us: Microseconds | None
    p90_us: Microseconds = Field(description="of all inferences")
    p99_us: Microseconds
    minimum_us: Microseconds
    reached: bool = Field(description="the interval is as narrow as was wanted")
    trusted: bool = Field(description="reached, and neither the machine nor the figures drifted")
    doubt: str | None = Field(description="why it is too noisy to tell; null where it is trusted")
    yardstick_ratio: IntervalSection | None = Field(
        description="latency over the time of the fixed calculation in the same process: compares two runs"
    )
    first_us: Microseconds = Field(description="the first inference of a process, median over the processes")
    load_us: Microseconds | None = Field(
        description="reading the model and allocating tensors, likewise; null where a device was ready before"
    )
    clock: Literal["host", "device"] = Field(default="host", description="whose clock told the times")


class MemorySection(Figures):
    """Peak of a process's resident memory until after one inference."""

    base_bytes: Bytes = Field(description="with the interpreter imported and the file read, median over processes")
    over_base_bytes: Bytes = Field(description="what the peak is above that: the model's tensors and preparations")


class ScoreSection(Figures):
    """One figure of the task on the test samples."""

    name: str
    value: float
    low: float = Field(description="lower end of the 95 % interval over samples drawn again (bootstrap)")
    high: float


class InstructionsSection(Figures):
    """Instructions that an emulated core executed for one inference, counted exactly: no cycles, and no time."""

    run_count: Count = Field(description="inferences, one for each sample")
    median: Count
    minimum: Count
    maximum: Count


class DeviceSection(Figures):
    """What a device tells of itself."""

    tool_version: str = Field(description="of the edgewright that made its firmware")
    configuration_digest: str
    model_name: str
    selftest: str = Field(description="how its self-test ended, ok where it passed; empty where none was run")
    arena_used_bytes: Bytes
    arena_bytes: Bytes
    stack_bytes: Bytes | None = Field(description="the most that was in use; null where its port cannot tell")
    flash_bytes: Bytes | None = Field(description="of the program; null where nobody has it to look at")
    ram_bytes: Bytes | None = Field(description="of the program's variables, the arena among them; likewise")
    note: str | None = Field(description="why a figure is missing")


class RowSection(Figures):
    """One model on one engine, with one set of kernels and a number of threads; or on a device."""

    id: str = Field(description="engine/kernels/threads; of a device its engine, and the core where that is emulated")
    engine: str
    version: str
    kernels: str = Field(description="what was asked for; of a device what it tells")
    uses_delegate: bool = Field(description="a delegate took operators; without, xnnpack means built-in kernels")
    threads: Count
    unavailable: str | None = Field(description="why the engine cannot run here; null where it can")
    failure: str | None = Field(description="how it refused, crashed, hung or lied; null where it did not")
    latency: LatencySection | None
    memory: MemorySection | None
    scores: tuple[ScoreSection, ...] = Field(description="the deciding one first; empty without data")
    sample_count: Count | None = Field(
        default=None, description="that a device ran; null where the row ran all or none"
    )
    device: DeviceSection | None = Field(default=None, description="null where the row is no device's")
    instructions: InstructionsSection | None = Field(default=None, description="null where nobody counts them")


class DivergenceSection(Figures):
    """Where two engines part: every operator's result compared for the first differing sample."""

    layer: str | None = Field(description="of the first operator beyond the tolerance; null where none is")
    operator: str | None
    operator_index: int | None
    largest_lsb: Count = Field(description="of that operator, else of any")
    first_differing_layer: str | None = Field(description="of the first operator that differs at all")
    note: str | None = Field(description="why no layer can be named")


class PairSection(Figures):
    """How the outputs of two rows compare, over all samples."""

    left: str
    right: str
    sample_count: Count
    differing_sample_count: Count
    differing_class_count: Count | None = Field(description="null where the model does not classify")
    largest_lsb: Count | None = Field(description="null for outputs in floating point without integers behind them")
    first_differing_sample: int | None
    logits_lsb: Count | None = Field(
        default=None,
        description="the same before a softmax at the model's end, which the promise is held against; null where the "
        "outputs keep it, or where that cannot be seen",
    )
    tolerance_lsb: Count | None = Field(description="null where no agreement is promised")
    holds: bool | None = Field(description="null without a tolerance")
    divergence: DivergenceSection | None = Field(description="null where the pair agrees as promised")


class LayerSection(Figures):
    """One operator."""

    operator_index: int
    operator: str
    layer: str
    macs: Count
    weight_bytes: Bytes
    activation_bytes: Bytes = Field(description="of what it computes")
    time_us: Microseconds | None = Field(description="as a model of its own; null where that failed")
    sqnr_db: float | None = Field(description="of its result against the float one; null where there is none")
    cosine: float | None
    added_noise: float | None = Field(
        description="noise that it adds to that of its noisiest input, as a share of the signal's energy"
    )


class LayersSection(Figures):
    """A model operator by operator."""

    timed_on: str | None = Field(description="row whose engine timed the operators, one a time")
    compared_with: str | None = Field(description="where the float activations come from; null where there are none")
    sample_count: Count
    rows: tuple[LayerSection, ...]
    slowest: int | None = Field(description="operator that takes longest")
    worst: int | None = Field(
        description="operator, other than SOFTMAX and LOGISTIC, at which quantization adds most noise"
    )
    notes: tuple[str, ...]


class LayerEstimateSection(Figures):
    """One operator that multiplies, on one target."""

    operator_index: int
    macs: Count
    cycles: float


class EstimateSection(Figures):
    """What one inference is estimated to take on a target: no measurement, but published ones of other networks."""

    target: str
    family: str
    core: str
    clock_hz: Count
    latency_us: Microseconds | None = Field(description="null where nobody published a measurement of these kernels")
    cycles: float | None
    cycles_per_mac: dict[str, float] = Field(description="by class of operator, from what was published")
    largest_error: float | None = Field(
        description="on published networks that were left out of the rates; null where it is not known"
    )
    sources: tuple[str, ...] = Field(description="addresses of what was published")
    remark: str = Field(description="source and error in words, or why there is no estimate")
    layers: tuple[LayerEstimateSection, ...]


class ModelSection(Figures):
    """One model and all that was measured of it."""

    name: str
    source: str = Field(description="the file's name, without its folder")
    digest: str
    file_bytes: Bytes
    macs: Count | None
    weight_bytes: Bytes | None
    arena_bytes: Bytes | None = Field(description="smallest that works in TensorFlow Lite Micro's host build")
    notes: tuple[str, ...] = Field(description="why something above or below is missing")
    rows: tuple[RowSection, ...]
    sample_count: Count = Field(description="samples that every engine ran")
    samples: str = Field(description="where they come from")
    pairs: tuple[PairSection, ...]
    layers: LayersSection | None
    estimates: tuple[EstimateSection, ...] = Field(default=(), description="for every target that has a clock")


class RatioSection(Figures):
    """Latency of one row over that of another, from blocks that were measured next to each other."""

    model: str
    row: str
    over_model: str
    over_row: str
    block_count: Count
    ratio: IntervalSection | None = Field(description="null with fewer blocks than an interval takes")
    verdict: Verdict


class MetricSection(Figures):
    """The figure that decides."""

    name: str
    higher_is_better: bool
    is_share: bool


class Bench(Figures):
    """Everything that one bench measured."""

    schema_version: Literal[1] = SCHEMA_VERSION
    tool_version: str
    machine: MachineSection
    method: MethodSection
    noise: NoiseSection
    metric: MetricSection | None = Field(description="null without data")
    data_digest: str | None
    models: Annotated[tuple[ModelSection, ...], Field(min_length=1)]
    ratios: tuple[RatioSection, ...]


def json_schema() -> dict[str, object]:
    """Return the JSON schema of `bench.json`."""
    return Bench.model_json_schema(mode="serialization")
