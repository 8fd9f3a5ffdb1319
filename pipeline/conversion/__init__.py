"""From a float model to a full-integer `.tflite`: in a process of its own, once for each model, flavour and samples.

samples = draw_samples(x, count, seed)                               one (N, *shape) float32 for each input
folder = obtain_conversion(cache, path, flavour, lambda: samples, digest)
folder / "model.tflite", folder / "model.layers.json"                a layer's name for each operator beside it
"""

from edgewright.pipeline.conversion.flavour import BOUNDARIES, Flavour
from edgewright.pipeline.conversion.obtaining import MODULES, TFLITE, obtain_conversion
from edgewright.pipeline.conversion.process import convert
from edgewright.pipeline.conversion.samples import Samples, draw_indices, draw_samples, samples_digest

__all__ = [
    "BOUNDARIES",
    "MODULES",
    "TFLITE",
    "Flavour",
    "Samples",
    "convert",
    "draw_indices",
    "draw_samples",
    "obtain_conversion",
    "samples_digest",
]
