"""The analysis as data: what every layer costs, and what the score loses when one layer alone is made smaller.

Every table and page, and the suggested recipe, are pure functions of it.
`SCHEMA_VERSION` grows with every change that a reader must know of.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from edgewright.pipeline.figures import Figures

SCHEMA_VERSION: Literal[1] = 1
REMOVED_SHARES = (0.25, 0.5, 0.75)
"""The shares of a layer's channels whose loss is tried."""
RETAINED_ENERGIES = (0.95, 0.9, 0.8)
"""The shares of a kernel's energy at which its rank is tried."""

Count = Annotated[int, Field(ge=0)]


class Trial(Figures):
    """The score of the model with one change, before any training that could make up for it."""

    score: float
    change: float = Field(description="score minus the baseline")
    output_change: float = Field(
        description="root mean square by which the outputs change, as a share of their own: it tells trials apart "
        "whose score is the same"
    )


class ChannelTrial(Trial):
    """Some channels are zeroed, those whose filters have the smallest mean magnitude."""

    removed_share: float = Field(description="what was asked for; whole channels make it a little more or less")
    removed_count: Count
    channel_count: Count = Field(description="channels that there are to remove from")
    macs_saved: int = Field(description="multiply-accumulates that go, those of the layers that read them included")
    parameters_saved: int


class RankTrial(Trial):
    """The kernel is that of two smaller layers."""

    retained_energy: float = Field(description="what was asked for; the smallest rank that retains as much is taken")
    rank: Count
    decomposition: str
    macs_saved: int
    parameters_saved: int


class LayerAnalysis(Figures):
    """One layer with weights."""

    name: str
    kind: str = Field(description="the layer's class")
    output_shape: tuple[int, ...] = Field(description="without the batch")
    parameters: Count
    macs: Count = Field(description="multiply-accumulates of one inference")
    int8_weight_bytes: Count = Field(description="weights in int8 and biases in int32; 0 where another takes them in")
    activation_bytes: Count = Field(description="of the layer's result in int8")
    channel_groups: tuple[str, ...] = Field(description="what the layer makes and may lose; see surgery.channel_groups")
    shares_channels_with: tuple[str, ...] = Field(
        description="layers that lose the same channels: the measurement is of all of them together"
    )
    channels: tuple[ChannelTrial, ...]
    channels_reason: str | None = Field(description="why it was not measured, or which channels stay")
    ranks: tuple[RankTrial, ...]
    ranks_reason: str | None = Field(description="why it was not measured at all, or at the largest energy")
    int8: Trial | None = Field(description="this layer's weights and its result alone are rounded to int8")
    int8_reason: str | None


class Analysis(Figures):
    """A model, layer by layer in the order of the graph."""

    schema_version: Literal[1] = SCHEMA_VERSION
    model: str
    score_name: str
    higher_is_better: bool
    is_share: bool = Field(description="the score lies between 0 and 1 and is shown in percent")
    sample_count: int = Field(description="validation samples that decide the score")
    calibration_count: int = Field(description="training samples that decide the ranges of int8")
    baseline: float = Field(description="score of the model as it is")
    int8: Trial | None = Field(
        description="everything that can be is rounded to int8, emulated; null where nothing can"
    )
    layers: tuple[LayerAnalysis, ...]

    @property
    def parameters(self) -> int:
        """Of all layers."""
        return sum(layer.parameters for layer in self.layers)

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one inference, of all layers."""
        return sum(layer.macs for layer in self.layers)

    def loss(self, trial: Trial) -> float:
        """Return by how much a change makes the score worse; below 0 where it makes it better."""
        return 0.0 - trial.change if self.higher_is_better else trial.change


def json_schema() -> dict[str, object]:
    """Return the JSON schema of an analysis."""
    return Analysis.model_json_schema(mode="serialization")
