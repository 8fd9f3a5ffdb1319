"""`docs/operators.md` says what the tables of operators say (`--golden-update` writes it)."""

from __future__ import annotations

import pytest
from support.operators_page import PAGE, render_page


def test_the_page_is_as_the_tables(request: pytest.FixtureRequest) -> None:
    """The page is neither stale nor edited."""
    page = render_page()
    if request.config.getoption("--golden-update"):
        PAGE.write_text(page, encoding="utf-8")
    assert page == PAGE.read_text(encoding="utf-8")
