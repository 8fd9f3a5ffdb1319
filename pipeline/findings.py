"""All that a run found out about a compressed model, before it is put together for a target."""

from __future__ import annotations

from dataclasses import dataclass

from edgewright.pipeline.chain import Step
from edgewright.pipeline.codegen.options import DEFAULTS, Options
from edgewright.pipeline.codegen.static_model import StaticModel
from edgewright.pipeline.evaluation import EvaluationRecord
from edgewright.pipeline.figures import CalibrationFigures, PlanFigures
from edgewright.pipeline.footprint import Footprint
from edgewright.pipeline.graph import Graph
from edgewright.pipeline.lint import Finding
from edgewright.pipeline.manifest import Configuration
from edgewright.pipeline.preprocessing import Preprocessing
from edgewright.pipeline.report import BudgetSection, MetricSection
from edgewright.pipeline.scales import ScalesRecord
from edgewright.pipeline.vocabulary import GoldenVectors


@dataclass(frozen=True, kw_only=True)
class Findings:
    """All that is known about a compressed model."""

    name: str
    source: str
    seed: int
    labels: tuple[str, ...]
    tflite: bytes
    graph: Graph
    layer_names: tuple[str, ...]
    keras: bytes | None
    """The last float model; None where a `.tflite` was given."""
    steps: tuple[Step, ...]
    metric: MetricSection | None
    source_scores: dict[str, float]
    """Of the float source model on the test split; empty without data."""
    budget: BudgetSection | None
    scales: ScalesRecord | None
    """What was chosen for each layer's weights; None where nothing was."""
    needs: Footprint
    """What the model takes of the target."""
    plan: PlanFigures | None
    """What its memory plan saves; None where nothing was planned."""
    record: EvaluationRecord
    vectors: GoldenVectors
    configuration: Configuration
    preprocessing: tuple[Preprocessing, ...]
    """Of the samples of each input; empty where nobody declared any."""
    repaired: tuple[Finding, ...] = ()
    """Hazards that the model had before it was repaired."""
    calibration: tuple[CalibrationFigures, ...] = ()
    """What is to be known about the representative samples."""
    static: StaticModel | None = None
    """The compiled model; None for a family over another runtime."""
    options: Options = DEFAULTS
    """How it was compiled."""
