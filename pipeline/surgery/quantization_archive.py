"""A quantization-aware model in a file: a plain `.keras` of the trained weights, with the ranges as one more member.

Whatever reads `.keras` files reads this one as the model without quantization; what saves it again drops the ranges,
as it should, since they belong to these weights.
"""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, FiniteFloat, StringConstraints, ValidationError

from edgewright.pipeline.errors import ModelError
from edgewright.pipeline.models import load_model, save_model
from edgewright.pipeline.models.archive import open_archive
from edgewright.pipeline.models.saving import ZIP_DATE
from edgewright.pipeline.surgery.quantization_aware import (
    ActivationRange,
    QuantizationAwareModel,
    activation_ranges,
    restore,
    trained_model,
)

RANGES = "quantization_ranges.json"
MOST_RANGES_BYTES = 1 << 24


class _Record(BaseModel):
    """What the member holds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Literal[1] = 1
    per_channel_dense: bool
    ranges: dict[Annotated[str, StringConstraints(min_length=1)], tuple[FiniteFloat, FiniteFloat]]


def save_quantization_aware(aware: QuantizationAwareModel, path: Path) -> None:
    """Save weights and ranges as they are by now, byte-identical for equal ones.

    Args:
        aware: a calibrated model.
        path: ends in `.keras`.
    """
    record = _Record(
        per_channel_dense=aware.per_channel_dense,
        ranges={name: (span.minimum, span.maximum) for name, span in sorted(activation_ranges(aware).items())},
    )
    save_model(trained_model(aware), path)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(zipfile.ZipInfo(RANGES, ZIP_DATE), record.model_dump_json())


def is_quantization_aware(path: Path) -> bool:
    """Tell whether a `.keras` file holds ranges beside the weights; false for any other file.

    Raises:
        ModelError: it is a damaged `.keras`.
    """
    if path.is_dir() or not zipfile.is_zipfile(path):
        return False
    with open_archive(path) as archive:
        return RANGES in archive.namelist()


def has_per_channel_dense(path: Path) -> bool:
    """Tell whether each unit of a Dense layer had a scale of its own when a model was trained under quantization.

    Raises:
        ModelError: as `load_quantization_aware`.
    """
    return _read_record(path).per_channel_dense


def load_quantization_aware(path: Path) -> QuantizationAwareModel:
    """Load what `save_quantization_aware` saved.

    Raises:
        ModelError: the file is damaged, holds no ranges, or ranges of another model.
    """
    record = _read_record(path)
    ranges = {name: ActivationRange(minimum=low, maximum=high) for name, (low, high) in record.ranges.items()}
    return restore(load_model(path, trust=True), ranges, per_channel_dense=record.per_channel_dense)


def _read_record(path: Path) -> _Record:
    with open_archive(path) as archive:
        if RANGES not in archive.namelist():
            raise ModelError(f"model: {path} holds no quantization ranges; give a model that the stage qat saved.")
        member = archive.getinfo(RANGES)
        content = archive.read(member) if member.file_size <= MOST_RANGES_BYTES else b""
    try:
        return _Record.model_validate_json(content)
    except ValidationError as error:
        reason = error.errors()[0]["msg"]
        raise ModelError(f"model: {path} has a {RANGES} that cannot be used ({reason}); run the stage again.") from None
