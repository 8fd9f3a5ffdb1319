"""Sections of the report that are drawn: the arena over time, the layers, and what a bench measured."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from edgewright.pipeline.figures import Figures
from edgewright.pipeline.vocabulary import BlockKind

Bytes = Annotated[int, Field(ge=0)]
Count = Annotated[int, Field(ge=0)]
Microseconds = Annotated[float, Field(ge=0)]


class BlockSection(Figures):
    """One buffer in the arena."""

    layer: str = Field(description="the layer that computes it or whose kernel requests it, or input")
    kind: BlockKind
    offset_bytes: Bytes
    bytes: Bytes = Field(description="as the planner places it, a multiple of 16")
    first: Count = Field(description="moment from which it is needed; 0 is before the first operator")
    last: Count = Field(description="moment up to and including which it is needed")


class TimelineSection(Figures):
    """The head of the arena over the time of one inference."""

    moments: tuple[str, ...] = Field(description="layer of the operator that runs at each moment, from moment 1 on")
    blocks: tuple[BlockSection, ...]
    head_bytes: Bytes
    is_offline: bool = Field(description="the .tflite says where its tensors lie; else TFLM's planner places them")


class LayerSection(Figures):
    """What one operator costs, told from the model itself."""

    layer: str
    operator: str
    macs: Count
    weight_bytes: Bytes
    activation_bytes: Bytes = Field(description="of what it computes")


class ProvenanceSection(Figures):
    """What the result was made from."""

    inputs: dict[str, str] = Field(description="what was given (model, data, tflite) -> SHA-256")
    tflite_digest: str = Field(description="SHA-256 of the model.tflite beside the report")
    packages: dict[str, str] = Field(description="packages that decide the result -> version")


class BenchRowSection(Figures):
    """One engine with one set of kernels and a number of threads."""

    id: str = Field(description="engine/kernels/threads")
    version: str
    problem: str | None = Field(description="why it could not run, or how it failed; null where it ran")
    median_us: Microseconds | None
    low_us: Microseconds | None = Field(description="lower end of the interval that holds a repetition's median")
    high_us: Microseconds | None
    p90_us: Microseconds | None
    p99_us: Microseconds | None
    doubt: str | None = Field(description="why the latency is too noisy to tell; null where it can be trusted")
    first_us: Microseconds | None = Field(description="the first inference of a process")
    load_us: Microseconds | None
    memory_bytes: Bytes | None = Field(description="peak resident memory above that of an idle interpreter")
    score: float | None = Field(description="the deciding figure on the samples")
    score_low: float | None = Field(description="lower end of its 95 % interval")
    score_high: float | None


class BenchPairSection(Figures):
    """How the outputs of two rows compare."""

    left: str
    right: str
    differing_sample_count: Count
    differing_class_count: Count | None
    largest_lsb: Count | None
    logits_lsb: Count | None = Field(
        default=None, description="the same before a softmax at the model's end, which is judged; null where it is not"
    )
    tolerance_lsb: Count | None = Field(description="null where no agreement is promised")
    holds: bool | None
    layer: str | None = Field(description="where they part, if they part too far and it could be told")


class BenchLayerSection(Figures):
    """One operator, measured."""

    layer: str
    operator: str
    macs: Count
    time_us: Microseconds | None = Field(description="as a model of its own")
    sqnr_db: float | None = Field(description="of its result against the float one")
    cosine: float | None
    added_noise: float | None = Field(description="that quantization adds here, as a share of the signal's energy")


class BenchSection(Figures):
    """What `edgewright bench` measured of the model beside the report."""

    tool_version: str
    processor: str
    core_count: Count
    system: str
    is_noisy: bool = Field(description="the machine was too noisy to tell latencies")
    noise: tuple[str, ...] = Field(description="why")
    metric: str | None = Field(description="name of the scores; null without data")
    metric_is_share: bool
    sample_count: Count
    samples: str = Field(description="where they come from")
    arena_bytes: Bytes | None = Field(description="smallest that works in TFLM's host build")
    rows: tuple[BenchRowSection, ...]
    pairs: tuple[BenchPairSection, ...]
    timed_on: str | None = Field(description="row whose engine timed the operators")
    compared_with: str | None = Field(description="where the float activations come from")
    layers: tuple[BenchLayerSection, ...]
    notes: tuple[str, ...]
