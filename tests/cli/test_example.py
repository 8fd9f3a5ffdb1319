"""The built-in example, built for real in a fresh folder, keeps what the README promises."""

from __future__ import annotations

import pytest
from support.command import edgewright, snapshot
from support.project import Project, cpu_seconds

from edgewright.pipeline.report import load_report

WHOLE_SECONDS, STAGES_SECONDS, WARM_SECONDS = 480.0, 240.0, 2.0
MACHINE = 1.5
"""How much slower than the promise a machine may be before the test fails."""
MOST_LOSS = 0.015
"""The recipe's budget of one point on validation, and half a point for 1,000 other samples."""
BYTES_FACTOR, MACS_FACTOR = 50, 24


@pytest.mark.slow
def test_example_meets_its_promises(example: Project) -> None:
    """Within a point of the source's accuracy, a fiftieth of its bytes, in minutes; and a second run does nothing."""
    report = load_report(example.out / "report.json")
    source, final = report.stages[0].metrics, report.stages[-1].metrics
    share = min(1.0, example.cpu_seconds / example.seconds)  # of the machine; the rest went to others
    whole_seconds = share * example.seconds
    stages_seconds = share * sum(stage.seconds or 0.0 for stage in report.stages)
    before, started = snapshot(example.out), cpu_seconds()
    warm = edgewright("build", "--target", "esp32", cwd=example.folder)
    warm_seconds = cpu_seconds() - started
    print(
        f"\n{example.seconds:.0f} s in all, of which {whole_seconds:.0f} s were ours, {stages_seconds:.0f} s in stages"
    )
    print(f"{warm_seconds:.2f} s of CPU when warm; accuracy {report.test}")
    print(f"{4 * source.parameter_count} -> {final.file_bytes} bytes")

    assert report.test is not None
    assert report.test.source["accuracy"] > 0.98
    assert report.test.source["accuracy"] - report.test.result["accuracy"] <= MOST_LOSS
    assert source.float_bytes is not None
    assert BYTES_FACTOR * final.file_bytes <= source.float_bytes
    assert MACS_FACTOR * final.mac_count <= source.mac_count
    assert report.budget is not None
    assert () == report.budget.complaints
    assert report.target.fits
    assert (example.out / "firmware" / "main" / "app_main.cc").is_file()
    assert (0, before) == (warm.returncode, snapshot(example.out))
    assert whole_seconds <= MACHINE * WHOLE_SECONDS
    assert stages_seconds <= MACHINE * STAGES_SECONDS
    assert warm_seconds <= MACHINE * WARM_SECONDS
