"""The report's published schema is the current one, and reports keep to it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support.command import edgewright
from support.json_schema import violations
from support.reports import sample_report

from edgewright.pipeline.errors import BadInputError
from edgewright.pipeline.report import json_schema, load_report
from edgewright.pipeline.report.schema import SCHEMA_VERSION

DOCS = Path(__file__).parents[2] / "docs"
PUBLISHED = DOCS / "report.schema.json"


@pytest.fixture
def plain() -> Any:
    """A report as plain JSON."""
    return json.loads(sample_report().model_dump_json())


@pytest.mark.parametrize("document", ["report", "analysis", "lint", "bench"])
def test_the_published_schema_is_what_the_command_prints(tmp_path: Path, document: str) -> None:
    """docs/*.schema.json are the outputs of `edgewright schema`."""
    finished = edgewright("schema", document, cwd=tmp_path)
    assert (0, (DOCS / f"{document}.schema.json").read_text()) == (finished.returncode, finished.stdout), (
        f"rewrite it: edgewright schema {document} > docs/{document}.schema.json"
    )


def test_a_report_keeps_to_its_schema(plain: Any) -> None:
    """A report that was written validates, and says which version it is."""
    assert [] == violations(plain, json.loads(PUBLISHED.read_text()))
    assert SCHEMA_VERSION == plain["schema_version"]


BREAKS = {
    "another version": lambda report: report.update(schema_version=0),
    "the version before": lambda report: report.update(schema_version=3),
    "a figure missing": lambda report: report["arena"].pop("bytes"),
    "text for a number": lambda report: report["stages"][0]["metrics"].update(mac_count="many"),
    "a negative size": lambda report: report["arena"].update(bytes=-1),
    "a share above all": lambda report: report["fit"]["weights"][0].update(share=1.5),
    "an unknown word": lambda report: report["arena"].update(method="guessed"),
    "an unknown key": lambda report: report.update(comment="x"),
    "text for a score": lambda report: report["test"]["result"].update(accuracy="good"),
    "one complaint for several": lambda report: report["budget"].update(complaints="too large"),
    "no stages": lambda report: report.update(stages=[]),
    "no object": lambda report: report.update(target=[]),
}


@pytest.mark.parametrize("damage", BREAKS.values(), ids=BREAKS.keys())
def test_what_breaks_the_schema_is_not_read_either(plain: Any, damage: Any, tmp_path: Path) -> None:
    """Schema and reader refuse the same reports; the reader does it in one line."""
    damage(plain)
    (tmp_path / "report.json").write_text(json.dumps(plain))
    assert [] != violations(plain, json_schema())
    with pytest.raises(BadInputError, match="is not a report that this version reads") as caught:
        load_report(tmp_path / "report.json")
    assert 1 == len(str(caught.value).splitlines())


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff"])
def test_what_is_no_report(tmp_path: Path, content: bytes) -> None:
    """Anything else than a report is refused with the path."""
    (tmp_path / "report.json").write_bytes(content)
    with pytest.raises(BadInputError, match=r"report\.json: is not a report"):
        load_report(tmp_path / "report.json")


def test_a_report_survives_being_written(tmp_path: Path) -> None:
    """What is read is what was written."""
    (tmp_path / "report.json").write_text(sample_report().model_dump_json(indent=1))
    assert sample_report() == load_report(tmp_path / "report.json")
