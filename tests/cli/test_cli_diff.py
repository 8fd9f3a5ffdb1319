"""`edgewright diff` on files."""

from __future__ import annotations

from pathlib import Path

from support.command import assert_refused, edgewright
from support.reports import sample_report


def written(path: Path, seed: int = 1) -> Path:
    """Write a report."""
    path.write_text(sample_report(seed=seed).model_dump_json())
    return path


def test_differences_are_shown(tmp_path: Path) -> None:
    """A figure that differs is a row; equal reports are told to be equal; both are status 0."""
    first, second = written(tmp_path / "a.json"), written(tmp_path / "b.json", seed=77)
    finished = edgewright("diff", first, second, cwd=tmp_path)
    assert (0, "") == (finished.returncode, finished.stderr)
    assert [] == [text for text in ("seed", "77", "+76") if text not in finished.stdout]
    same = edgewright("diff", first, first, cwd=tmp_path)
    assert (0, "The two reports say the same.\n") == (same.returncode, same.stdout)


def test_what_is_no_report_is_refused(tmp_path: Path) -> None:
    """A missing file and another JSON are refused by their paths."""
    good = written(tmp_path / "a.json")
    (tmp_path / "other.json").write_text("{}")
    assert_refused(edgewright("diff", good, "nothing.json", cwd=tmp_path), "nothing.json", "cannot be read")
    assert_refused(edgewright("diff", "other.json", good, cwd=tmp_path), "other.json", "edgewright build")
