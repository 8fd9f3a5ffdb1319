"""What a recipe may say about data."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import Field

from edgewright.pipeline.preprocessing import Preprocessing
from edgewright.pipeline.settings import Settings


class Validation(Settings):
    """Which training samples are held out to choose by, where the data has no validation split of its own."""

    share: Annotated[float, Field(gt=0, lt=1)] = 0.1
    by: Literal["sample", "group"] = "sample"
    """`group` holds out whole groups of `groups_train`, all samples of a person for instance."""


@dataclass(frozen=True, kw_only=True)
class DataSettings:
    """How data is read."""

    preprocessing: tuple[Preprocessing, ...] = ()
    """One for each input, one for all of them, or none."""
    validation: Validation = field(default_factory=Validation)
    test_share: float = 0.2
    """Share of each class that becomes the test split of a folder of images without one."""
