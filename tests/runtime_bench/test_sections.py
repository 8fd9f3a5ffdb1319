"""Documents of several sections: each command changes its own and leaves the others' as they are."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from edgewright.pipeline.errors import OutputError
from edgewright.pipeline.figures import Figures
from edgewright.runtime_bench.sections import replace_section, write_section


class Numbers(Figures):
    """Figures of a section."""

    value: int


def test_sections_do_not_overwrite_each_other(tmp_path: Path) -> None:
    """Written in turns, both sections stand in text and figures as they were written last, in their first order."""
    stem = tmp_path / "benchmarks"
    for name, value in (("mlperf", 1), ("static", 2), ("mlperf", 3), ("static", 4)):
        write_section(stem, name, f"## {name}\n\nIt is {value}.\n", Numbers(value=value))
    page = (tmp_path / "benchmarks.md").read_text()
    assert page.index("It is 3.") < page.index("<!-- begin static -->") < page.index("It is 4.")
    assert (1, 1) == (page.count("## mlperf"), page.count("## static"))
    assert {"mlperf": {"value": 3}, "static": {"value": 4}} == json.loads((tmp_path / "benchmarks.json").read_text())


def test_writing_again_changes_nothing(tmp_path: Path) -> None:
    """The same text once more leaves the same bytes, with a section behind it and without."""
    stem = tmp_path / "benchmarks"
    for name in ("mlperf", "static"):
        write_section(stem, name, f"## {name}", Numbers(value=1))
    before = (tmp_path / "benchmarks.md").read_bytes()
    for name in ("mlperf", "static"):
        write_section(stem, name, f"## {name}", Numbers(value=1))
        assert before == (tmp_path / "benchmarks.md").read_bytes()


def test_what_people_wrote_around_stays() -> None:
    """Text before, between and behind sections is nobody's to change."""
    document = "# Mine\n\n<!-- begin a -->\nold\n<!-- end a -->\n\nBetween.\n"
    assert "# Mine\n\n<!-- begin a -->\nnew\n<!-- end a -->\n\nBetween.\n" == replace_section(document, "a", "new")


@pytest.mark.parametrize(
    "document",
    ["<!-- begin a -->\n", "<!-- end a -->\n<!-- begin a -->\n", "<!-- begin a -->\n<!-- end a -->\n" * 2],
)
def test_damaged_comments_are_refused(document: str) -> None:
    """Where a section's beginning and end are not told, nothing is overwritten."""
    with pytest.raises(OutputError, match='the comments around its section "a" are damaged; restore the file'):
        replace_section(document, "a", "new")
