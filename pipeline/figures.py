"""Measured figures that are kept in the cache and shown in the report."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from edgewright.pipeline.vocabulary import PlanEnding


class Figures(BaseModel):
    """Base of everything that is measured, kept and reported: frozen, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class AgreementFigures(Figures):
    """How another engine's outputs compare with those of TFLM's interpreter, on every test sample."""

    engine: str
    version: str
    resolver: str
    sample_count: int
    differing_sample_count: int = Field(description="samples of which at least one output differs")
    differing_class_count: int | None = Field(
        description="samples that get another class; null where the model does not classify"
    )
    max_difference_lsb: int
    tolerance_lsb: int
    holds: bool


class LatencyFigures(Figures):
    """Time of one inference of the TFLite interpreter on the machine that ran the pipeline."""

    engine: str
    version: str
    threads: int
    run_count: int
    median_us: float
    p90_us: float
    minimum_us: float


class CalibrationFigures(Figures):
    """One thing to know about the representative samples."""

    is_warning: bool = Field(description="else a note")
    sentence: str


class PlanFigures(Figures):
    """What a memory plan of our own saves against TensorFlow Lite Micro's, on one target."""

    head_before_bytes: int = Field(description="what activations and scratch take as TFLM's planner places them")
    head_bytes: int = Field(description="what they take in the model that is emitted")
    bound_bytes: int = Field(
        description="what is needed at one moment: with this order of operators no plan takes less"
    )
    ending: PlanEnding = Field(description="how the search ended")
    arena_before_bytes: int = Field(description="smallest arena of the model as it was, without a reserve")
    arena_bytes: int = Field(description="smallest arena of the model that is emitted, without a reserve")
    is_offline: bool = Field(description="whether the .tflite says where its tensors lie")
    is_reordered: bool = Field(description="whether its operators run in another order")
    compared_inputs: int = Field(
        description="inputs on which TFLM's outputs were equal to the byte with the plan and without; 0 without a plan"
    )
