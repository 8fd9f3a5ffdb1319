"""A quantization-aware model in a file: whole, repeatable, and a plain model to whoever asks for one."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.channel_models import ARCHITECTURES, autoencoder, inputs_of, largest_difference, mobilenet

from edgewright.pipeline.errors import ModelError
from edgewright.pipeline.models import load_model, save_model
from edgewright.pipeline.surgery.quantization_archive import (
    RANGES,
    is_quantization_aware,
    load_quantization_aware,
    save_quantization_aware,
)
from edgewright.pipeline.surgery.quantization_aware import (
    QuantizationAwareModel,
    activation_ranges,
    annotate,
    calibrate,
    trained_model,
)

pytestmark = pytest.mark.slow


def annotated(model: Any, **options: bool) -> QuantizationAwareModel:
    """Annotate a model and calibrate it on 16 random samples."""
    aware = annotate(model, **options)
    calibrate(aware, [inputs_of(model, 16)])
    return aware


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An autoencoder, calibrated and saved."""
    path = tmp_path_factory.mktemp("saved") / "model.keras"
    save_quantization_aware(annotated(autoencoder()), path)
    return path


@pytest.mark.parametrize("build", [ARCHITECTURES["one_dimensional"], ARCHITECTURES["inception"], lambda: mobilenet(16)])
def test_round_trip(build: Callable[[], Any], tmp_path: Path) -> None:
    """What is loaded computes the same to the bit, and is saved to the same bytes."""
    aware = annotated(build(), per_channel_dense=True)
    save_quantization_aware(aware, tmp_path / "one.keras")
    loaded = load_quantization_aware(tmp_path / "one.keras")
    assert largest_difference(aware.model, loaded.model) == 0
    assert activation_ranges(aware) == activation_ranges(loaded)
    assert loaded.per_channel_dense
    save_quantization_aware(loaded, tmp_path / "two.keras")
    assert (tmp_path / "one.keras").read_bytes() == (tmp_path / "two.keras").read_bytes()


def test_is_a_plain_model_as_well(saved: Path, tmp_path: Path) -> None:
    """Loaded as any model, it is the one without quantization; saved again, it has no ranges."""
    plain = load_model(saved)
    assert largest_difference(trained_model(load_quantization_aware(saved)), plain) == 0
    save_model(plain, tmp_path / "plain.keras")
    assert is_quantization_aware(saved)
    assert not is_quantization_aware(tmp_path / "plain.keras")
    with pytest.raises(ModelError, match=r"plain\.keras holds no quantization ranges; give a model that the stage qat"):
        load_quantization_aware(tmp_path / "plain.keras")


def test_other_files_are_not(tmp_path: Path) -> None:
    """A folder, and a file that is no archive, hold no ranges."""
    (tmp_path / "model.h5").write_bytes(b"\x89HDF")
    assert not is_quantization_aware(tmp_path)
    assert not is_quantization_aware(tmp_path / "model.h5")


def change(path: Path, target: Path, content: str) -> Path:
    """Copy a saved model with other ranges."""
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(target, "w") as changed:
        for name in source.namelist():
            changed.writestr(name, content if name == RANGES else source.read(name))
    return target


@pytest.mark.parametrize(
    "changes",
    [{"version": 2}, {"ranges": {"a": [0]}}, {"ranges": {"a": [0, 1e999]}}, {"other": 1}, {"per_channel_dense": None}],
    ids=str,
)
def test_damaged_ranges(saved: Path, tmp_path: Path, changes: dict[str, Any]) -> None:
    """Ranges of another version, or that are none, are refused with the reason."""
    with zipfile.ZipFile(saved) as archive:
        record = json.loads(archive.read(RANGES))
    path = change(saved, tmp_path / "changed.keras", json.dumps({**record, **changes}))
    with pytest.raises(
        ModelError, match=rf"^model: .*changed\.keras has a {RANGES} that cannot be used \(.*\); run the"
    ):
        load_quantization_aware(path)


def test_ranges_that_are_not_json(saved: Path, tmp_path: Path) -> None:
    """A member that is not JSON is refused."""
    with pytest.raises(ModelError, match=r"that cannot be used \(Invalid JSON"):
        load_quantization_aware(change(saved, tmp_path / "changed.keras", "{"))


def test_ranges_of_another_model(saved: Path, tmp_path: Path) -> None:
    """Ranges that do not belong to the weights are refused."""
    content = json.dumps({"version": 1, "per_channel_dense": False, "ranges": {"other": [0, 1]}})
    with pytest.raises(ModelError, match=r"^qat: the ranges belong to another model"):
        load_quantization_aware(change(saved, tmp_path / "changed.keras", content))
