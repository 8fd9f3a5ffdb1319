"""Models in and out: any Keras model becomes one tf_keras model, compared with the original, and is saved repeatably.

The Keras that saved a file loads it; a Keras 3 model is translated node by node; models inside a model are inlined, and
one-dimensional convolutions become two-dimensional ones (`pipeline/surgery/`).
"""

from edgewright.pipeline.models.conversion import (
    Conversion,
    converter_for,
    float_tflite,
    prepare_conversion,
    prepare_opaque_conversion,
)
from edgewright.pipeline.models.inspection import (
    FileKind,
    ModelFile,
    inspect_model_file,
    is_opaque,
    layer_names,
    list_layers,
)
from edgewright.pipeline.models.interface import class_count, input_shape, input_shapes, output_shapes
from edgewright.pipeline.models.loading import ImportedModel, adopt_model, import_model, load_model
from edgewright.pipeline.models.opaque import OpaqueModel, OpaqueTensor, open_opaque
from edgewright.pipeline.models.saving import save_model

__all__ = [
    "Conversion",
    "FileKind",
    "ImportedModel",
    "ModelFile",
    "OpaqueModel",
    "OpaqueTensor",
    "adopt_model",
    "class_count",
    "converter_for",
    "float_tflite",
    "import_model",
    "input_shape",
    "input_shapes",
    "inspect_model_file",
    "is_opaque",
    "layer_names",
    "list_layers",
    "load_model",
    "open_opaque",
    "output_shapes",
    "prepare_conversion",
    "prepare_opaque_conversion",
    "save_model",
]
