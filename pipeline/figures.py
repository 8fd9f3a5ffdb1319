"""Measured figures that are kept in the cache and shown in the report."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


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
