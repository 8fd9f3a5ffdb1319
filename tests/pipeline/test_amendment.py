"""Adding a bench to the report of an output folder: all of it or nothing, and nothing else is touched."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.command import snapshot
from support.full_reports import sample_bench
from support.reports import sample_report

from edgewright.pipeline.amendment import amend, open_amendable
from edgewright.pipeline.digest import digest_bytes, digest_file
from edgewright.pipeline.errors import BadInputError, OutputError
from edgewright.pipeline.manifest import Configuration, Manifest, make_manifest
from edgewright.pipeline.output import write_tree
from edgewright.pipeline.report import is_report_file, load_report, render_page, report_files

TFLITE = b"a model"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An output folder with a model, a report, firmware, and a file of the user's."""
    report = sample_report()
    provenance = report.provenance.model_copy(update={"tflite_digest": digest_bytes(TFLITE)})
    files = {
        **report_files(report.model_copy(update={"provenance": provenance})),
        "model.tflite": TFLITE,
        "firmware/main.cc": b"generated",
        "firmware/app.cc": b"to edit",
    }
    configuration = Configuration(name="digits", seed=1, inputs={}, recipe={})
    manifest = make_manifest(configuration, "esp32", "esp_idf", "0.0.0", files)
    files["manifest.json"] = manifest.model_dump_json().encode()
    out = tmp_path / "out"
    write_tree(out, files)
    (out / "notes.txt").write_text("mine")
    (out / "firmware" / "app.cc").write_text("edited")
    return out


def amended(folder: Path, *, force: bool = False) -> tuple[str, ...]:
    """Put a bench into the folder's report."""
    given = open_amendable(folder, force=force)
    assert given is not None
    return amend(given, sample_bench(), force=force).changed


def test_report_page_and_figures_change_together(folder: Path) -> None:
    """The report has the bench, the page is what it renders to, and the manifest has their digests."""
    before = snapshot(folder)
    changed = amended(folder)
    report = load_report(folder / "report.json")
    assert sample_bench() == report.bench
    assert render_page(report) == (folder / "report.html").read_text()
    assert {"figures/latency.png", "figures/layers.svg", "manifest.json", "report.html"} <= set(changed)
    after = snapshot(folder)
    others = [name for name in before if (folder / name).is_file() and not is_report_file(name)]
    assert ["manifest.json"] == [name for name in others if before[name] != after[name]]
    outputs = Manifest.model_validate_json((folder / "manifest.json").read_text()).outputs
    wrong = [name for name, digest in outputs.items() if digest_file(folder / name) != digest]
    assert ["firmware/app.cc"] == wrong
    assert ("mine", "edited") == ((folder / "notes.txt").read_text(), (folder / "firmware" / "app.cc").read_text())


def test_the_same_bench_again_changes_nothing(folder: Path) -> None:
    """No file is touched where everything is there already."""
    amended(folder)
    before = snapshot(folder)
    assert () == amended(folder)
    assert before == snapshot(folder)


def test_a_report_that_was_edited_is_refused(folder: Path) -> None:
    """What the user wrote into a page stays, or is kept beside it with `force`."""
    (folder / "report.html").write_text("mine")
    before = snapshot(folder)
    with pytest.raises(OutputError, match=r"report\.html was edited .*--force"):
        open_amendable(folder)
    assert before == snapshot(folder)
    amended(folder, force=True)
    assert "mine" == (folder / "report.html.user").read_text()
    assert "<h2>Bench</h2>" in (folder / "report.html").read_text()


def test_another_model_is_refused(folder: Path) -> None:
    """A report is about the model beside it or about none."""
    (folder / "model.tflite").write_bytes(b"another")
    with pytest.raises(BadInputError, match=r"is about another model than the model\.tflite beside it"):
        open_amendable(folder)


def test_a_missing_model_is_refused(folder: Path) -> None:
    """A build without its model ends in one sentence."""
    (folder / "model.tflite").unlink()
    with pytest.raises(BadInputError, match=r"model\.tflite: cannot be read"):
        open_amendable(folder)


@pytest.mark.parametrize("content", ["", "{}", "[]"])
def test_a_manifest_that_is_none_is_refused(folder: Path, content: str) -> None:
    """Without its manifest nobody knows whose the files are."""
    (folder / "manifest.json").write_text(content)
    with pytest.raises(BadInputError, match=r"manifest\.json: is no manifest of a build"):
        open_amendable(folder)


def test_what_has_no_report_is_none(folder: Path) -> None:
    """A `.tflite`, a folder without a report and one that is not there are measured all the same."""
    assert [None, None, None] == [
        open_amendable(path) for path in (folder / "model.tflite", folder / "firmware", folder / "missing")
    ]
