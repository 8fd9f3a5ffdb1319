"""The hierarchy of errors is the one that is drawn at the top of its module."""

from __future__ import annotations

import re

import pytest

from edgewright.pipeline import errors
from edgewright.pipeline.errors import EdgewrightError, nearest


def test_the_drawn_tree_is_the_real_one() -> None:
    """Every class stands in the drawing once, below its base and with its status."""
    drawn: dict[str, tuple[int, int | None]] = {}
    for line in (errors.__doc__ or "").splitlines():
        found = re.match(r"^    ([│├└─ ]*)(\w+Error) +(?:(\d) )?", line)
        if found:
            drawn[found[2]] = (len(found[1]) // 4, int(found[3]) if found[3] else None)
    real = {name: value for name, value in vars(errors).items() if name.endswith("Error") and isinstance(value, type)}
    assert real.keys() == drawn.keys()
    for name, (depth, status) in drawn.items():
        assert depth == real[name].__mro__.index(EdgewrightError)
        if status is not None:
            assert status == real[name].exit_status


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("prnue", 'did you mean "prune"? Accepted: convert, distill, prune'),
        ("xyz", "Accepted: convert, distill, prune"),
        ("", "Accepted: convert, distill, prune"),
    ],
)
def test_nearest(name: str, answer: str) -> None:
    """A near name is offered, and all that are accepted are listed in order."""
    assert answer == nearest(name, ["prune", "distill", "convert"])
