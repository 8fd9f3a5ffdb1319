"""The HDF5 file: a whole model of its own (`.h5`), or the weights inside a `.keras`; nothing in it points elsewhere."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

from edgewright.pipeline.errors import ModelError
from edgewright.pipeline.models.configuration import first_line, parse_configuration

MOST_TENSOR_BYTES = 2 << 30
"""All datasets together, unpacked."""


def read_hdf5(path: Path) -> tuple[str, object]:
    """Return the version of the Keras that saved an `.h5`, and the model's configuration.

    Returns:
        The version is "2" where the file does not tell.

    Raises:
        ModelError: the file is damaged, or has no configuration.
    """
    import h5py

    try:
        with h5py.File(path, "r") as file:
            version, config = file.attrs.get("keras_version", ""), file.attrs.get("model_config")
    except Exception:  # h5py raises whatever a damaged file makes it stumble over
        raise ModelError(
            f"model: {path} is neither a .keras nor a .h5 file; give a model that Keras has saved."
        ) from None
    if config is None:
        raise ModelError(f"model: {path} has weights only; save the whole model with model.save().")
    return _text(version) or "2", parse_configuration(_text(config), str(path))


def check_datasets(source: Path | bytes, origin: str) -> None:
    """Refuse an HDF5 file that refers to other files, or whose arrays are larger than can be meant.

    Args:
        source: the file, or its content.
        origin: what it is called, for messages.

    Raises:
        ModelError: the file is damaged, has an external link or dataset, or declares too many numbers.
    """
    import h5py

    elsewhere: list[str] = []
    total_bytes = 0

    def visit_link(name: str, link: Any) -> None:
        if isinstance(link, h5py.ExternalLink):
            elsewhere.append(name)

    def visit_object(name: str, item: Any) -> None:
        nonlocal total_bytes
        if isinstance(item, h5py.Dataset):
            if item.external or item.is_virtual:
                elsewhere.append(name)
            total_bytes += item.size * item.dtype.itemsize

    try:
        with h5py.File(BytesIO(source) if isinstance(source, bytes) else source, "r") as file:
            file.visititems_links(visit_link)
            if not elsewhere:
                file.visititems(visit_object)
    except Exception as error:  # h5py raises whatever a damaged file makes it stumble over
        raise ModelError(f"model: {origin} has damaged weights ({first_line(error)}); save the model again.") from None
    if elsewhere:
        raise ModelError(
            f'model: {origin} takes "{elsewhere[0]}" from another file; save the model with all its weights inside.'
        )
    if total_bytes > MOST_TENSOR_BYTES:
        raise ModelError(
            f"model: {origin} declares weights of {total_bytes:,} bytes; at most {MOST_TENSOR_BYTES:,} are accepted."
        )


def _text(value: object) -> str:
    return value.decode("utf-8", errors="replace") if isinstance(value, bytes) else str(value)
