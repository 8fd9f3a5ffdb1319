"""Conversion to a full-integer `.tflite`; everything but the settings is in `pipeline/conversion/`."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator

from edgewright.pipeline.cache import Cache
from edgewright.pipeline.conversion import MODULES, TFLITE, Flavour, draw_samples, obtain_conversion, samples_digest
from edgewright.pipeline.data import DataSource
from edgewright.pipeline.frameworks import KerasModel
from edgewright.pipeline.graph import DType, read, strip, write
from edgewright.pipeline.layers import layers_path, read_layers
from edgewright.pipeline.scales import (
    CHOICE_MODULES,
    Bench,
    Pairing,
    choose_scales,
    draw_split,
    pair,
    sample_shapes,
    scales_document,
    scales_notes,
    scales_path,
)
from edgewright.pipeline.stages.stage import ArtefactKind, Stage, StageSettings, StageWork
from edgewright.pipeline.surgery.quantization_archive import has_per_channel_dense, is_quantization_aware

AS_TRAINED = (
    "the scales were not chosen: the model was trained under quantization, and its weights keep those of the training"
)


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
    scales: Literal["fixed", "auto"] = "fixed"
    """Of weights. `fixed`: one for each channel of a convolution, and Dense as said above; `auto`: one for each channel
    only where a layer needs them, by accuracy on the validation split against bytes."""
    max_scales_drop: Annotated[float, Field(ge=0)] = 0.002
    """How much worse than with a scale for each channel everywhere `auto` may make the deciding figure, in its units;
    of a share one sample at least."""
    strip: bool = True
    """Leave out the names and whatever else no interpreter reads; on a small model that is a third of the file."""

    @field_validator("boundary")
    @classmethod
    def _goes_with_activations(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is not None and "activations" in info.data:
            Flavour(activations=DType(info.data["activations"]), boundary=DType(value))
        return value

    @model_validator(mode="after")
    def _leaves_the_choice(self) -> ConvertSettings:
        if self.scales == "auto" and self.activations == DType.INT16.value:
            raise ValueError(
                'scales = "auto" goes with int8 activations only, since with int16 each kernel takes one kind of '
                'scales; set scales = "fixed"'
            )
        if self.scales == "auto" and self.per_channel_dense:
            raise ValueError(
                'per_channel_dense = true leaves scales = "auto" no choice; take one of the two out of the stage'
            )
        return self

    @property
    def minds_budget(self) -> bool:
        """Whether the stage itself looks at how much worse the budget lets the model become."""
        return self.scales == "auto"

    def with_fixed_scales(self, *, per_channel_dense: bool) -> ConvertSettings:
        """Return the settings with nothing to be chosen: these where they say so, else with this for Dense layers."""
        if self.scales == "fixed":
            return self
        return self.model_copy(update={"scales": "fixed", "per_channel_dense": per_channel_dense})

    @property
    def flavour(self) -> Flavour:
        """What kind of integers the model becomes, with fixed scales."""
        return Flavour(
            activations=DType(self.activations),
            boundary=None if self.boundary is None else DType(self.boundary),
            per_channel_dense=self.per_channel_dense,
            strip=self.strip,
        )


def check(settings: ConvertSettings, model: KerasModel, folder: Path) -> None:
    """Refuse nothing: the source model is converted, and measured, before any other stage runs."""


def run(settings: ConvertSettings, work: StageWork) -> None:
    """Convert a model, and leave its layers' names beside it, and the choice of scales where there was one.

    Raises:
        ModelError: the converter fails.
        TfliteError: an operator stayed in floating point, or other operators come of other scales.
        InterpreterError: the interpreter refuses the model.
    """
    if settings.scales == "auto":
        if not is_quantization_aware(work.input_path):
            _run_with_choice(settings, work)
            return
        work.notes.append(AS_TRAINED)
        settings = settings.with_fixed_scales(per_channel_dense=has_per_channel_dense(work.input_path))
    converted = convert_artefact(work.input_path, settings, work.data, work.seed, work.cache)
    shutil.copyfile(converted, work.output_path)
    shutil.copyfile(layers_path(converted), layers_path(work.output_path))


def _run_with_choice(settings: ConvertSettings, work: StageWork) -> None:
    pairing, names = _convert_twice(settings, work)
    shapes = sample_shapes(pairing.per_channel)
    validation = work.objective.prepare(work.data.load(), shapes, work.data.origin).validation
    bench = Bench(split=draw_split(validation, work.seed), objective=work.objective, strip=settings.strip)
    choice = choose_scales(
        pairing, read_layers(names, pairing.per_channel), bench, max_drop=settings.max_scales_drop,
        worst_score=work.worst_score,
    )  # fmt: skip
    work.notes.extend(scales_notes(choice.record))
    work.output_path.write_bytes(write(strip(choice.graph) if settings.strip else choice.graph))
    shutil.copyfile(names, layers_path(work.output_path))
    scales_path(work.output_path).write_bytes(scales_document(choice.record))


def _convert_twice(settings: ConvertSettings, work: StageWork) -> tuple[Pairing, Path]:
    """Return a model with a scale for each channel and with one for each tensor, and the file of its layers' names.

    Both keep their names: stripped of them, tensors with equal contents share a buffer.
    """
    flavours = (
        dataclasses.replace(settings.flavour, strip=False, per_channel_dense=each, per_channel_convolutions=each)
        for each in (True, False)
    )
    paths = [
        convert_artefact(work.input_path, settings, work.data, work.seed, work.cache, flavour=flavour)
        for flavour in flavours
    ]
    return pair(*(read(path.read_bytes(), source=str(path)) for path in paths)), layers_path(paths[0])


def convert_artefact(
    path: Path, settings: ConvertSettings, data: DataSource, seed: int, cache: Cache, *, flavour: Flavour | None = None
) -> Path:
    """Convert what stands before the conversion, or find that it was converted already.

    Args:
        path: a `.keras`, or the folder of an exported SavedModel.
        settings: how, with fixed scales.
        data: the representative samples are drawn from its training split.
        seed: of the draw.
        cache: where the conversion is kept.
        flavour: takes the place of that of the settings.

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
        flavour or settings.flavour,
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
    modules=tuple(dict.fromkeys(("stages/convert.py", *MODULES, *CHOICE_MODULES))),
)
