"""An exported SavedModel: a function with named inputs and outputs, which can be converted and no more."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from edgewright.pipeline.errors import ModelError
from edgewright.pipeline.frameworks import load_tensorflow
from edgewright.pipeline.models.configuration import first_line
from edgewright.pipeline.models.interface import Shape
from edgewright.pipeline.models.saved_model import read_saved_model
from edgewright.pipeline.models.signature import SERVING


@dataclass(frozen=True, kw_only=True)
class OpaqueTensor:
    """One input or output of an exported model."""

    name: str
    shape: Shape
    """Without the batch."""
    dtype: str


@dataclass(frozen=True, kw_only=True)
class OpaqueModel:
    """An exported SavedModel that was loaded."""

    path: Path
    inputs: tuple[OpaqueTensor, ...]
    outputs: tuple[OpaqueTensor, ...]
    function: Callable[..., Any] = field(repr=False)
    """Takes tensors by the inputs' names, gives tensors by the outputs' names."""
    holder: Any = field(repr=False)
    """Keeps the variables alive."""


def open_opaque(path: Path, *, trust: bool = False) -> OpaqueModel:
    """Load an exported SavedModel.

    Args:
        path: the folder.
        trust: allow operators that touch files.

    Raises:
        ModelError: it is damaged or not trusted, has no serving signature, or an input or output that is not fixed.
    """
    read_saved_model(path, trust=trust)
    try:
        saved = load_tensorflow().saved_model.load(str(path))
    except Exception as error:  # TensorFlow raises whatever it met
        raise ModelError(
            f"model: {path} cannot be loaded by TensorFlow ({first_line(error)}); export it again."
        ) from error
    signature = saved.signatures.get(SERVING)
    if signature is None:
        raise ModelError(
            f"model: {path} has no signature {SERVING} (it has {sorted(saved.signatures)}); export it with "
            "model.export()."
        )
    inputs = signature.structured_input_signature[1]
    return OpaqueModel(
        path=path,
        inputs=tuple(_facts(name, inputs[name], "input", path) for name in sorted(inputs)),
        outputs=tuple(
            _facts(name, tensor, "output", path) for name, tensor in sorted(signature.structured_outputs.items())
        ),
        function=signature,
        holder=saved,
    )


def _facts(name: str, tensor: Any, side: str, path: Path) -> OpaqueTensor:
    shape = None if tensor.shape.rank is None else tuple(tensor.shape)
    if not shape or shape[0] not in (None, 1) or any(extent is None for extent in shape[1:]):
        raise ModelError(
            f'model: the {side} "{name}" of {path} has the shape {shape}; one batch and fixed dimensions behind it are '
            "accepted, since a microcontroller plans its memory beforehand."
        )
    return OpaqueTensor(name=name, shape=tuple(int(extent) for extent in shape[1:]), dtype=tensor.dtype.name)
