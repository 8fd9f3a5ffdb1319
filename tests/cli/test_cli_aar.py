"""`edgewright aar` as a user types it, in a folder with nothing but a model."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from support.command import edgewright
from support.models import reference_models

from edgewright.pipeline import kotlin, maven

pytestmark = pytest.mark.slow


def test_aar_is_left_beside_the_module(tmp_path: Path) -> None:
    """`emit --target android`, then `aar`, with all folders at their defaults: an archive with classes and model."""
    reason = kotlin.unavailable_reason() or maven.unavailable_reason()
    if reason:
        pytest.skip(reason)
    model = reference_models() / "kws_ref_model.tflite"
    emitted = edgewright("emit", str(model), "--target", "android", cwd=tmp_path)
    assert (0, "") == (emitted.returncode, emitted.stderr)
    made = edgewright("aar", "--target", "android", cwd=tmp_path)
    if "could not get the libraries" in made.stderr:
        pytest.skip(made.stderr.strip())
    assert (0, "") == (made.returncode, made.stderr)
    archive = tmp_path / "build" / "android" / "kws_ref_model.aar"
    assert f"build/android/kws_ref_model.aar: {archive.stat().st_size:,} B\n" == made.stdout
    with zipfile.ZipFile(archive) as content:
        model_bytes = (tmp_path / "build" / "android" / "model.tflite").read_bytes()
        assert model_bytes == content.read("assets/kws_ref_model/model.tflite")
        assert {"AndroidManifest.xml", "classes.jar", "proguard.txt", "R.txt"} < set(content.namelist())
    assert [] == list(archive.parent.glob("*.part"))
