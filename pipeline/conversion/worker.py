"""The converter's process, seen from inside: TensorFlow is loaded and runs here.

Source: Jacob et al., "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference",
2018; done by TensorFlow's converter.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edgewright.pipeline.conversion.exchange import CONVERTED, FAILURE, REQUEST, SAMPLES, Failure, Request
from edgewright.pipeline.conversion.flavour import Flavour
from edgewright.pipeline.errors import EdgewrightError, ModelError
from edgewright.pipeline.frameworks import load_tensorflow
from edgewright.pipeline.graph import DType
from edgewright.pipeline.models import (
    Conversion,
    is_opaque,
    load_model,
    prepare_conversion,
    prepare_opaque_conversion,
)
from edgewright.pipeline.surgery.quantization_archive import is_quantization_aware, load_quantization_aware
from edgewright.pipeline.surgery.quantization_aware import for_conversion


def work(folder: Path) -> int:
    """Convert as the request in the folder says, and leave the result or the reason of a failure there.

    Returns:
        The exit status.
    """
    try:
        request = Request.model_validate_json((folder / REQUEST).read_text(encoding="utf-8"))
        with np.load(folder / SAMPLES, allow_pickle=False) as archive:
            samples = [archive[name] for name in archive.files]
        (folder / CONVERTED).write_bytes(_convert(request, samples))
    except EdgewrightError as error:
        failure = Failure(is_sentence=True, text=f"convert: {error}")
    except Exception as error:  # TensorFlow raises whatever it met
        failure = Failure(is_sentence=False, text=str(error) or type(error).__name__)
    else:
        return 0
    (folder / FAILURE).write_text(failure.model_dump_json(), encoding="utf-8")
    return 1


def _convert(request: Request, samples: list[npt.NDArray[np.generic]]) -> bytes:
    flavour = Flavour(
        activations=request.activations,
        boundary=request.boundary,
        per_channel_dense=request.per_channel_dense,
        per_channel_convolutions=request.per_channel_convolutions,
    )
    return convert_here(_prepare(request), samples, flavour)


def convert_here(conversion: Conversion, samples: Sequence[npt.NDArray[np.generic]], flavour: Flavour) -> bytes:
    """Convert in this process, which TensorFlow may end.

    Args:
        conversion: of the model.
        samples: what calibrates activations: one array (N, *shape) for each input.
        flavour: which kind of integers; its `strip` is the caller's to do.

    Raises:
        ModelError: there are not as many inputs as arrays.
    """
    if len(samples) != len(conversion.input_names):
        raise ModelError(
            f"the model has {len(conversion.input_names)} inputs, and the data has {len(samples)}; give one array for "
            "each input."
        )

    def representative() -> Iterator[dict[str, npt.NDArray[np.generic]]]:
        for index in range(len(samples[0])):
            yield conversion.feed([array[index : index + 1] for array in samples])

    lite = load_tensorflow().lite
    converter = conversion.converter
    converter.optimizations = [lite.Optimize.DEFAULT]
    converter.representative_dataset = representative
    converter.target_spec.supported_ops = [
        lite.OpsSet.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8
        if flavour.activations is DType.INT16
        else lite.OpsSet.TFLITE_BUILTINS_INT8
    ]
    boundary = getattr(load_tensorflow(), flavour.boundary_dtype.value)
    converter.inference_input_type = converter.inference_output_type = boundary
    # There are no public switches for these in TensorFlow 2.21; the second one is for every kind of layer.
    converter._experimental_disable_per_channel_quantization_for_dense_layers = not flavour.per_channel_dense
    converter._experimental_disable_per_channel = not flavour.per_channel_convolutions
    return conversion.run()


def _prepare(request: Request) -> Conversion:
    path = Path(request.model)
    if is_opaque(path):
        return prepare_opaque_conversion(path, trust=True)
    if not is_quantization_aware(path):
        return prepare_conversion(load_model(path, trust=True))
    aware = load_quantization_aware(path)
    if request.activations is not DType.INT8:
        raise ModelError(
            f"the model was trained for int8 activations, and {request.activations.value} is asked for; take "
            'activations = "int8", or leave the stage qat out.'
        )
    if request.per_channel_dense != aware.per_channel_dense:
        trained = str(aware.per_channel_dense).lower()
        raise ModelError(
            f"the model was trained with per_channel_dense = {trained}; say the same in the stage convert."
        )
    return prepare_conversion(for_conversion(aware))


if __name__ == "__main__":
    sys.exit(work(Path(sys.argv[1])))
