"""Conversion to a full-integer `.tflite`; everything but the settings is in `pipeline/conversion/`."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator

from edgewright.pipeline.cache import Cache
from edgewright.pipeline.conversion import MODULES, TFLITE, Flavour, draw_samples, obtain_conversion, samples_digest
from edgewright.pipeline.data import DataSource
from edgewright.pipeline.frameworks import KerasModel
from edgewright.pipeline.graph import DType
from edgewright.pipeline.layers import layers_path
from edgewright.pipeline.stages.stage import ArtefactKind, Stage, StageSettings, StageWork


class ConvertSettings(StageSettings):
    """How the model is quantized."""

    stage: Literal["convert"] = "convert"
    representative_count: Annotated[int, Field(ge=1, le=100_000)] = 200
    """Training samples that calibrate the activations, drawn with the run's seed."""
    activations: Literal["int8", "int16"] = "int8"
    """What is computed between layers; int16 is closer to the float model and takes twice the RAM. Weights are int8."""
    boundary: Literal["int8", "uint8", "int16", "float32"] | None = None
    """Type of inputs and outputs, by default that of the activations; int8 goes with uint8 and float32, too, int16 with
    float32."""
    per_channel_dense: bool = False
    """Quantize Dense weights per channel: a little more accurate, but costs RAM on a microcontroller."""
    strip: bool = True
    """Leave out the names and whatever else no interpreter reads; on a small model that is a third of the file."""

    @field_validator("boundary")
    @classmethod
    def _goes_with_activations(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is not None and "activations" in info.data:
            Flavour(activations=DType(info.data["activations"]), boundary=DType(value))
        return value

    @property
    def flavour(self) -> Flavour:
        """What kind of integers the model becomes."""
        return Flavour(
            activations=DType(self.activations),
            boundary=None if self.boundary is None else DType(self.boundary),
            per_channel_dense=self.per_channel_dense,
            strip=self.strip,
        )


def check(settings: ConvertSettings, model: KerasModel, folder: Path) -> None:
    """Refuse nothing: the source model is converted, and measured, before any other stage runs."""


def run(settings: ConvertSettings, work: StageWork) -> None:
    """Convert a model, and leave its layers' names beside it.

    Raises:
        ModelError: the converter fails.
        TfliteError: an operator stayed in floating point.
    """
    converted = convert_artefact(work.input_path, settings, work.data, work.seed, work.cache)
    shutil.copyfile(converted, work.output_path)
    shutil.copyfile(layers_path(converted), layers_path(work.output_path))


def convert_artefact(path: Path, settings: ConvertSettings, data: DataSource, seed: int, cache: Cache) -> Path:
    """Convert what stands before the conversion, or find that it was converted already.

    Args:
        path: a `.keras`, or the folder of an exported SavedModel.
        settings: how.
        data: the representative samples are drawn from its training split.
        seed: of the draw.
        cache: where the conversion is kept.

    Returns:
        The `.tflite`, with its layers' names in a file beside it.

    Raises:
        ModelError: the converter fails.
        TfliteError: an operator stayed in floating point.
    """
    count = settings.representative_count
    folder = obtain_conversion(
        cache,
        path,
        settings.flavour,
        lambda: draw_samples(data.load().train.x, count, seed),
        samples_digest(data.digest, count, seed),
    )
    return folder / TFLITE


def why_not_smaller(settings: ConvertSettings) -> str:
    """Say nothing: every step is measured as this stage converts it."""
    return ""


STAGE = Stage(
    name="convert",
    settings=ConvertSettings,
    accepts=ArtefactKind.KERAS,
    produces=ArtefactKind.TFLITE,
    run=run,
    check=check,
    why_not_smaller=why_not_smaller,
    modules=("stages/convert.py", *MODULES),
)
