"""Which families emit firmware over TensorFlow Lite Micro: what is said of its C harness is said of these."""

from __future__ import annotations

from edgewright.pipeline.target import family_names, load_family
from edgewright.pipeline.vocabulary import Runtime

FIRMWARE_FAMILIES = tuple(name for name in family_names() if load_family(name).runtime is Runtime.TFLM)
PLACES = tuple((name, runtime) for name in family_names() for runtime in load_family(name).runtimes)
"""Each family over each of its runtimes."""
FIRMWARES = tuple(place for place in PLACES if place[1] is not Runtime.LITERT)
STATIC_FAMILIES = tuple(name for name, runtime in PLACES if runtime is Runtime.STATIC)
