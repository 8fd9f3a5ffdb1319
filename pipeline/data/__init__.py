"""Data: where it comes from, its preprocessing, its three splits, and the checks that it must pass."""

from edgewright.pipeline.data.archive import NPZ_ERRORS
from edgewright.pipeline.data.checks import check_samples_against_model, class_indices
from edgewright.pipeline.data.samples import Array, Data, FloatArray, IntArray, Split
from edgewright.pipeline.data.settings import DataSettings, Validation
from edgewright.pipeline.data.source import DataSource, open_data

__all__ = [
    "NPZ_ERRORS",
    "Array",
    "Data",
    "DataSettings",
    "DataSource",
    "FloatArray",
    "IntArray",
    "Split",
    "Validation",
    "check_samples_against_model",
    "class_indices",
    "open_data",
]
