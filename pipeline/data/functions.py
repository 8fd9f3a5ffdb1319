"""Data that a function of the user's returns: arrays, or `tf.data.Dataset`s."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from edgewright.pipeline.data.arrays import NamedArray, contents_of, in_memory, is_known
from edgewright.pipeline.data.contents import WANTED, Contents
from edgewright.pipeline.data.datasets import contents_of_datasets, name_datasets
from edgewright.pipeline.data.samples import Array
from edgewright.pipeline.errors import DataError
from edgewright.pipeline.userfile import UserFunction

FINGERPRINT_SUFFIX = "_fingerprint"


def read_fingerprint(function: UserFunction) -> dict[str, object] | None:
    """Return what `<function>_fingerprint()` says, or None where the file has no such function.

    Raises:
        DataError: the file or the function fails.
    """
    fingerprint = function.load_optional(FINGERPRINT_SUFFIX, DataError)
    if fingerprint is None:
        return None
    said = str(function.call(fingerprint, DataError))
    return {"fingerprint": said, "function": function.name, "file": function.digest}


def call_data_function(function: UserFunction) -> Contents:
    """Call a function for its data.

    Raises:
        DataError: it fails, or returns something else.
    """
    returned = function.call(function.load(DataError), DataError)
    datasets = name_datasets(returned)
    if datasets is not None:
        return contents_of_datasets(datasets, function)
    if isinstance(returned, tuple) and len(returned) == 4:
        returned = dict(zip(WANTED.split(", "), returned, strict=True))
    if not isinstance(returned, Mapping) or not {"x_train", "x_train_0"} & set(returned):
        raise DataError(
            f"{function} returned {type(returned).__name__}; return a tuple ({WANTED}) or a dict with these keys and, "
            'if you like, "x_val", "y_val", "groups_train" and "labels", or a dict of tf.data.Datasets.'
        )
    return contents_of(_name_arrays(returned, function), map(str, returned), str(function))


def _name_arrays(returned: Mapping[object, object], function: UserFunction) -> dict[str, NamedArray]:
    """Give each array a name of its own: a tuple or list of arrays under `x_train` is several inputs."""
    arrays: dict[str, NamedArray] = {}
    for key, value in returned.items():
        name = str(key)
        if not is_known(name):
            continue
        if isinstance(value, tuple | list) and value and all(isinstance(part, np.ndarray) for part in value):
            named = {name: value[0]} if len(value) == 1 else {f"{name}_{i}": part for i, part in enumerate(value)}
        else:
            named = {name: value}
        arrays |= {own_name: in_memory(_as_array(part, own_name, function)) for own_name, part in named.items()}
    return arrays


def _as_array(value: object, name: str, function: UserFunction) -> Array:
    try:
        array = np.asarray(value)
    except (TypeError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise DataError(f"{function}: {name} is no array ({reason}); return plain numeric arrays.") from None
    if array.dtype.kind == "O":
        raise DataError(f"{function}: {name} is an array of Python objects; return plain numeric arrays.")
    return array
