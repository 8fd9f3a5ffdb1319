"""Every stage that a recipe may name: a stage is one file, and its entry in `STAGES`."""

from __future__ import annotations

from edgewright.pipeline.stages import convert, distill, factorize, prune, qat
from edgewright.pipeline.stages.stage import ArtefactKind, Stage, StageSettings, StageWork

STAGES: tuple[Stage, ...] = (factorize.STAGE, prune.STAGE, distill.STAGE, qat.STAGE, convert.STAGE)

__all__ = ["STAGES", "ArtefactKind", "Stage", "StageSettings", "StageWork"]
