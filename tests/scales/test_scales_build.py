"""Chosen scales in a whole build: the report has them, and a target that lacks the kernels is refused before."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from support.command import assert_refused, edgewright
from support.project import Project, build_in

from edgewright.pipeline.report import load_report

pytestmark = pytest.mark.slow
RECIPE = """\
seed = 3

[source]
model = "digits.h5"
data = "digits.npz"

[[stages]]
stage = "convert"
representative_count = 60
scales = "auto"
"""


@pytest.fixture(scope="module")
def built(new_project: Callable[[str], Path]) -> Project:
    """A build of the digits whose scales are chosen."""
    return build_in(new_project(RECIPE), "--recipe", "recipe.toml")


def test_the_report_has_the_choice(built: Project) -> None:
    """report.json, report.html and the terminal tell what was chosen for each layer of the model that is emitted."""
    report = load_report(built.out / "report.json")
    assert report.scales is not None
    assert ["conv1", "conv2", "hidden", "digits"] == [one.layer for one in report.scales.layers]
    assert report.scales.chosen.file_bytes == (built.out / "model.tflite").stat().st_size
    assert report.scales.chosen.file_bytes == report.stages[-1].metrics.file_bytes
    assert "Scales of the weights" in (built.out / "report.html").read_text()
    assert "scales as chosen: accuracy" in " ".join(built.printed.split())
    assert ("reference", True) == (report.agreements[0].resolver, report.agreements[0].holds)


def test_a_target_without_the_kernels_is_refused(built: Project) -> None:
    """Where a kernel would take a channel's scale for all, there is no choice: the sentence gives the way out."""
    options = ("--target", "nano_33_ble", "--family", "arduino", "--recipe", "recipe.toml")
    finished = edgewright("build", *options, cwd=built.folder)
    assert_refused(
        finished, "(FULLY_CONNECTED)", "a scale for each channel", 'set per_channel_dense = false and scales = "fixed"'
    )
    assert not (built.folder / "build" / "nano_33_ble").exists()
