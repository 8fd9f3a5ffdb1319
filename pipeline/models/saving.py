"""Saving a model as `.keras`, the same bytes for the same weights on every run."""

from __future__ import annotations

import io
import json
import tempfile
import zipfile
from pathlib import Path
from typing import Any

from edgewright.pipeline.frameworks import KerasModel
from edgewright.pipeline.models.archive import CONFIG, METADATA
from edgewright.pipeline.surgery.rebuild import clone

SAVED_AT = "1980-01-01@00:00:00"
ZIP_DATE = (1980, 1, 1, 0, 0, 0)
SHARED = "shared_object_id"
"""Keras writes addresses of this process here."""


def save_model(model: KerasModel, path: Path) -> None:
    """Save a model as `.keras`, byte-identical for equal weights: no dates, no addresses, no optimizer.

    Args:
        model: a built Sequential or functional tf_keras model; models inside it are inlined.
        path: ends in `.keras`.
    """
    with tempfile.TemporaryDirectory() as folder:
        raw = Path(folder) / "raw.keras"
        clone(model).save(raw, save_format="keras")
        path.write_bytes(_without_traces(raw.read_bytes()))


def _without_traces(content: bytes) -> bytes:
    rewritten = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(rewritten, "w") as target:
        for name in sorted(source.namelist()):
            member = source.read(name)
            if name == METADATA:
                member = json.dumps({**json.loads(member), "date_saved": SAVED_AT}).encode()
            elif name == CONFIG:
                member = json.dumps(_numbered(json.loads(member), {})).encode()
            target.writestr(zipfile.ZipInfo(name, ZIP_DATE), member)
    return rewritten.getvalue()


def _numbered(value: Any, numbers: dict[int, int]) -> Any:
    """Replace the addresses of shared objects by numbers in the order of the file."""
    if isinstance(value, dict):
        return {
            key: numbers.setdefault(item, len(numbers)) if key == SHARED else _numbered(item, numbers)
            for key, item in value.items()
        }
    return [_numbered(item, numbers) for item in value] if isinstance(value, list) else value
