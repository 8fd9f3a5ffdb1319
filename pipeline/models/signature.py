"""What a SavedModel itself computes, by the functions in it: what the Keras model taken from it is compared with."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from edgewright.pipeline.errors import ModelError
from edgewright.pipeline.frameworks import KerasModel, load_tensorflow
from edgewright.pipeline.models.comparison import Compute, Samples
from edgewright.pipeline.models.configuration import first_line

SERVING = "serving_default"


def compute_signature(path: Path, model: KerasModel) -> Compute:
    """Return what runs the serving signature of a Keras 2 SavedModel.

    Args:
        path: the folder.
        model: the Keras model that was loaded from it; its names tell the order of inputs and outputs.

    Raises:
        ModelError: there is no such signature, or it has other inputs or outputs than the model.
    """
    tensorflow = load_tensorflow()
    try:
        saved = tensorflow.saved_model.load(str(path))
    except Exception as error:  # TensorFlow raises whatever it met
        raise ModelError(
            f"model: {path} cannot be loaded by TensorFlow ({first_line(error)}); save it again."
        ) from error
    signature = saved.signatures.get(SERVING)
    given = sorted(signature.structured_input_signature[1]) if signature else []
    returned = sorted(signature.structured_outputs) if signature else []
    inputs, outputs = _matched(given, model.input_names), _matched(returned, model.output_names)
    if inputs is None or outputs is None:
        raise ModelError(
            f"model: the signature {SERVING} of {path} takes {given} and returns {returned}, but the Keras model in it "
            f"takes {list(model.input_names)} and returns {list(model.output_names)}; save the model again."
        )

    def compute(samples: Samples) -> list[npt.NDArray[np.generic]]:
        named = {name: tensorflow.constant(array) for name, array in zip(inputs, samples, strict=True)}
        result = saved.signatures[SERVING](**named)
        return [result[name].numpy() for name in outputs]

    return compute


def _matched(found: list[str], wanted: list[str]) -> list[str] | None:
    """Return a signature's names in a model's order: the same names, or the only one whatever it is called."""
    if len(found) == len(wanted) == 1:
        return found
    return list(wanted) if found == sorted(wanted) else None
