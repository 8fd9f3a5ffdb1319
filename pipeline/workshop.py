"""What every step of a chain is made and measured with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from edgewright.pipeline.cache import Cache
from edgewright.pipeline.data import DataSource
from edgewright.pipeline.progress import Reporter
from edgewright.pipeline.recipe import Recipe
from edgewright.pipeline.stages.convert import ConvertSettings
from edgewright.pipeline.stages.qat import QatSettings
from edgewright.pipeline.tasks import Objective


@dataclass(frozen=True, kw_only=True)
class Workshop:
    """The same for all steps of one run."""

    recipe: Recipe
    objective: Objective
    seed: int
    source_path: Path
    """The source model: a `.keras`, or the folder of an exported SavedModel."""
    data: DataSource
    cache: Cache
    reporter: Reporter
    log_folder: Path | None = None
    """Where summaries for TensorBoard go, if anywhere."""

    @property
    def conversion(self) -> ConvertSettings:
        """How every step is measured: as the recipe converts, but with fixed scales, those of training if any."""
        trained = [
            settings.per_channel_dense for _, settings in self.recipe.stages if isinstance(settings, QatSettings)
        ]
        return self._converts.with_fixed_scales(per_channel_dense=any(trained))

    @property
    def demanding_conversion(self) -> ConvertSettings:
        """What asks most of a target: as the recipe converts, and every scale of a channel that it may choose."""
        return self._converts.with_fixed_scales(per_channel_dense=True)

    @property
    def _converts(self) -> ConvertSettings:
        found = [settings for _, settings in self.recipe.stages if isinstance(settings, ConvertSettings)]
        return found[-1] if found else ConvertSettings()
