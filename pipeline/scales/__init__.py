"""The scales of weights as a choice: one for each channel is more accurate, one for a whole tensor takes fewer bytes.

pairing = pair(per_channel, per_tensor)      two conversions of one model, and the layers that may be taken of either
mix(pairing, layers)                         those layers with one scale, all others with one for each channel
choose_scales(pairing, names, bench, …)      the layers whose one scale is worth its bytes, and what each costs
"""

from edgewright.pipeline.code import ARENA
from edgewright.pipeline.scales.choice import Choice, choose_scales
from edgewright.pipeline.scales.pairing import Layer, Pairing, mix, pair
from edgewright.pipeline.scales.record import (
    LayerScales,
    ScalesEnd,
    ScalesRecord,
    read_scales,
    scales_document,
    scales_notes,
    scales_path,
)
from edgewright.pipeline.scales.trial import Bench, Trial, draw_split, sample_shapes

CHOICE_MODULES = (
    "scales", "conversion", "graph", *ARENA, "interpreters", "tasks", "feeding.py", "quantization.py", "budget.py",
)  # fmt: skip
"""The code that decides a choice."""

__all__ = [
    "CHOICE_MODULES",
    "Bench",
    "Choice",
    "Layer",
    "LayerScales",
    "Pairing",
    "ScalesEnd",
    "ScalesRecord",
    "Trial",
    "choose_scales",
    "draw_split",
    "mix",
    "pair",
    "read_scales",
    "sample_shapes",
    "scales_document",
    "scales_notes",
    "scales_path",
]
