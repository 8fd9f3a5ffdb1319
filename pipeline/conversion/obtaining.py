"""Conversions that are kept: whoever asks for the same model, flavour and samples shares one."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from edgewright.pipeline.cache import Cache
from edgewright.pipeline.code import LOADING, code_digest
from edgewright.pipeline.conversion.complaints import float_sentence, recurrent_layers
from edgewright.pipeline.conversion.flavour import Flavour
from edgewright.pipeline.conversion.process import convert
from edgewright.pipeline.conversion.samples import Samples
from edgewright.pipeline.digest import digest_file, package_versions
from edgewright.pipeline.errors import TfliteError
from edgewright.pipeline.frameworks import VERSIONED_PACKAGES
from edgewright.pipeline.graph import Graph, read, require_full_integer, strip, write
from edgewright.pipeline.layers import layers_document, layers_path, name_layers
from edgewright.pipeline.models import layer_names

MODULES = ("conversion", "layers.py", "code.py", *LOADING)
"""The code that decides a conversion."""
TFLITE = "model.tflite"
RESULT = "the converter's result"
FICKLE_ATTEMPTS = 8


def obtain_conversion(
    cache: Cache, model_path: Path, flavour: Flavour, samples: Callable[[], Samples], samples_digest: str
) -> Path:
    """Return the folder with a model's conversion, converting where that was not done before.

    Args:
        cache: where it is kept.
        model_path: a `.keras`, plain or quantization-aware, or an exported SavedModel.
        flavour: which kind of integers.
        samples: gives the representative samples; called where they are needed only.
        samples_digest: tells other samples apart.

    Returns:
        A folder with `model.tflite` and, beside it, `model.layers.json`, in which operators have names even where the
        `.tflite` has none.

    Raises:
        ModelError: the converter fails.
        TfliteError: an operator stayed in floating point.
    """
    ingredients: dict[str, object] = {
        "kind": "conversion",
        "model": digest_file(model_path),
        "flavour": flavour.ingredients,
        "samples": samples_digest,
        "code": code_digest(MODULES),
        "versions": package_versions(VERSIONED_PACKAGES),
    }

    def make(folder: Path) -> None:
        graph = _convert_to_integers(model_path, samples(), flavour)
        path = folder / TFLITE
        path.write_bytes(write(strip(graph) if flavour.strip else graph))
        layers_path(path).write_bytes(layers_document(graph, name_layers(graph, layer_names(model_path))))

    return cache.obtain(ingredients, make)


def _convert_to_integers(model_path: Path, samples: Samples, flavour: Flavour) -> Graph:
    """Convert, again and again where TensorFlow 2.21 is known to leave a float operator by chance.

    Now and then the SPLIT of an unrolled GRU stays in floating point, with the same file and samples; where it does
    not, the bytes are always the same.
    """
    is_fickle = bool(recurrent_layers(model_path, frozenset({"GRU"}), unrolled=True))
    for _ in range(FICKLE_ATTEMPTS - 1 if is_fickle else 0):
        graph = read(convert(model_path, samples, flavour), source=RESULT)
        with suppress(TfliteError):
            require_full_integer(graph, RESULT, boundary_dtypes=(flavour.boundary_dtype,))
            return graph
    graph = read(convert(model_path, samples, flavour), source=RESULT)
    try:
        require_full_integer(graph, RESULT, boundary_dtypes=(flavour.boundary_dtype,))
    except TfliteError as error:
        raise TfliteError(float_sentence(graph, model_path) or str(error)) from error
    return graph
