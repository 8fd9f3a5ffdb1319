"""The report as data: `report.json`. Every page and table is a pure function of it.

`SCHEMA_VERSION` grows with every change that a reader must know of. The JSON schema is published as
`docs/report.schema.json`.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from edgewright.pipeline.figures import AgreementFigures, Figures, LatencyFigures
from edgewright.pipeline.metrics import Metrics
from edgewright.pipeline.vocabulary import ArenaMethod, Kernels

SCHEMA_VERSION: Literal[1] = 1

Bytes = Annotated[int, Field(ge=0)]


class StageSection(Figures):
    """The model after one stage; the first one is the source model."""

    name: str
    settings: dict[str, object] = Field(description="the stage's settings, defaults filled in; empty for the source")
    seconds: float | None = Field(description="how long the stage took when it ran")
    metrics: Metrics


class ArenaSection(Figures):
    """The tensor arena that the firmware reserves, and how its size was found."""

    bytes: Bytes
    method: ArenaMethod
    word_bits: int = Field(description="pointer width of the machine on which it was found")
    kernels: Kernels
    tflm_revision: str
    host_bytes: Bytes = Field(description="smallest arena that works in TFLM's host build")
    scratch_bytes: Bytes = Field(description="what the target's kernels request on top")


class TargetSection(Figures):
    """The board, what it has and what the model needs of it."""

    name: str
    title: str
    chip: str
    core: str
    family: str
    flash_bytes: Bytes | None = Field(description="flash of the board; null without a limit")
    ram_bytes: Bytes | None
    arena_limit_bytes: Bytes | None = Field(description="RAM that a static arena may take; null without a limit")
    model_bytes: Bytes = Field(description="flash that the model array takes; the program comes on top")
    arena_bytes: Bytes
    fits: bool = Field(description="model_bytes within flash_bytes and arena_bytes within arena_limit_bytes")


class Report(Figures):
    """Everything that one run found out."""

    schema_version: Literal[1] = SCHEMA_VERSION
    tool_version: str
    name: str
    source: str = Field(description="the source model as the user named it, without its folder")
    configuration_digest: str
    seed: int
    labels: tuple[str, ...]
    stages: Annotated[tuple[StageSection, ...], Field(min_length=1)]
    int8_accuracy: float | None = Field(description="of the final model in TFLM's interpreter, on the test split")
    arena: ArenaSection
    agreements: tuple[AgreementFigures, ...]
    latency: LatencyFigures | None
    target: TargetSection


def json_schema() -> dict[str, object]:
    """Return the JSON schema of `report.json`."""
    return Report.model_json_schema(mode="serialization")
