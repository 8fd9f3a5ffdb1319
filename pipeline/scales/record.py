"""What is known of a choice of scales: kept beside the `.tflite`, told in the report and in the stage's notes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pydantic import Field, ValidationError

from edgewright.pipeline.errors import TfliteError
from edgewright.pipeline.figures import Figures


class ScalesEnd(Figures):
    """A model with some choice of scales."""

    score: float = Field(description="the deciding figure on the validation samples")
    arena_bytes: int = Field(description="smallest arena of a 32-bit core with the reference kernels, computed")
    file_bytes: int = Field(description="the .tflite that a device runs")


class LayerScales(Figures):
    """One layer: how many scales its weights have, and what one scale alone would cost and save."""

    layer: str
    operator: str
    scale_count: int = Field(description="1 for all weights, or channel_count")
    channel_count: int
    score_loss: float = Field(description="loss of the deciding figure where this layer alone has one scale")
    output_change: float = Field(
        description="root mean square of the change of the outputs there, over the spread of the outputs"
    )
    arena_bytes_saved: int = Field(description="by this layer alone, against a scale for each channel everywhere")
    file_bytes_saved: int = Field(description="likewise")
    reason: str


class ScalesRecord(Figures):
    """For each layer one scale or one for each channel, chosen by accuracy against bytes."""

    metric: str = Field(description="the figure that decides")
    sample_count: int = Field(description="validation samples that everything was measured on")
    accepted_loss: float = Field(description="of the deciding figure, against a scale for each channel everywhere")
    core: str = Field(description="for which the arena was computed")
    per_channel: ScalesEnd = Field(description="a scale for each channel everywhere")
    per_tensor: ScalesEnd = Field(description="one scale in each of the layers")
    chosen: ScalesEnd
    layers: tuple[LayerScales, ...] = Field(description="those with a choice, in the order of execution")

    @property
    def ends(self) -> tuple[tuple[str, ScalesEnd], ...]:
        """What was chosen, between the two ends, each with its name."""
        return (
            ("one for each channel", self.per_channel),
            ("as chosen", self.chosen),
            ("one in each layer", self.per_tensor),
        )


def scales_path(tflite_path: Path) -> Path:
    """Return where the choice of a `.tflite` stands: `model.scales.json` beside `model.tflite`."""
    return tflite_path.with_suffix(".scales.json")


def scales_document(record: ScalesRecord) -> bytes:
    """Return the content of that file."""
    return (record.model_dump_json(indent=1) + "\n").encode()


def read_scales(tflite_path: Path) -> ScalesRecord | None:
    """Return what was chosen for a `.tflite`, or None where nothing was.

    Raises:
        TfliteError: the file is damaged.
    """
    path = scales_path(tflite_path)
    if not path.is_file():
        return None
    try:
        return ScalesRecord.model_validate_json(path.read_bytes())
    except ValidationError:
        raise TfliteError(f"{path}: cannot be read as a choice of scales; convert the model again.") from None


def scales_notes(record: ScalesRecord) -> Iterator[str]:
    """Yield what people should know of a choice: its figures between the two ends, and the layers that keep scales."""
    kept = [one for one in record.layers if one.scale_count > 1]
    yield (
        f"one scale for all weights in {len(record.layers) - len(kept)} of {len(record.layers)} layers, measured on "
        f"{record.sample_count} validation samples and computed for a 32-bit core"
    )
    for name, end in record.ends:
        yield (
            f"scales {name}: {record.metric} {end.score:.4f}, arena {end.arena_bytes:,} bytes, file "
            f"{end.file_bytes:,} bytes"
        )
    for one in kept:
        yield (
            f'"{one.layer}" ({one.operator}) keeps {one.channel_count} scales: {one.reason} (it costs '
            f"{one.score_loss:.4f} of {record.metric}, moves outputs by {one.output_change:.1%}, and saves "
            f"{one.arena_bytes_saved:,} bytes of arena and {one.file_bytes_saved:,} of file)"
        )
