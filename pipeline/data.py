"""Training and test data: where it comes from, its digest, and the checks that it must pass."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edgewright.pipeline.cache import Cache
from edgewright.pipeline.digest import digest_bytes, digest_file, package_versions
from edgewright.pipeline.errors import DataError
from edgewright.pipeline.userfile import UserFunction, parse_user_function

FloatArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.int64]
ARRAYS = ("x_train", "y_train", "x_test", "y_test")
FINGERPRINT_SUFFIX = "_fingerprint"
NPZ_ERRORS = (OSError, ValueError, KeyError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error)
"""What numpy may raise on a damaged `.npz`, `NotImplementedError` among it."""


@dataclass(frozen=True, kw_only=True)
class Data:
    """Labelled samples for a classifier.

    `x_*`: (N, *input shape) float32, finite. `y_*`: (N,) int64, class indices from 0.
    `labels`: a name for each class, empty where none were given.
    """

    x_train: FloatArray
    y_train: IntArray
    x_test: FloatArray
    y_test: IntArray
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class DataSource:
    """Data that is known by its digest and loaded only when a stage needs it."""

    path: Path
    """An `.npz` with the arrays."""
    digest: str
    origin: str
    """What the user gave, for messages."""

    def load(self) -> Data:
        """Load and check the arrays.

        Raises:
            DataError: an array is missing, empty, misshapen, not finite or a pickle, or the labels are not classes.
        """
        return check_data(read_npz(self.path, self.origin), self.origin)

    def labels(self) -> tuple[str, ...]:
        """Load the class labels alone; empty where there are none."""
        with np.load(self.path, allow_pickle=False) as archive:
            return tuple(str(label) for label in archive["labels"].tolist()) if "labels" in archive.files else ()


def open_data(text: str, base: Path, cache: Cache) -> DataSource:
    """Find data by its path or by `file.py:function`.

    A function is called at every run, since nobody else can tell whether its data changed; where the file also has
    `<function>_fingerprint() -> str`, that is called instead, and the arrays are kept in the cache under what it
    returns.

    Args:
        text: path of an `.npz`, or `file.py:function`.
        base: the folder that a relative path counts from.
        cache: where the arrays of a function are kept.

    Raises:
        DataError: there is no such file, it is not an `.npz`, or the function fails.
    """
    function = parse_user_function(text, base, "data")
    if function is not None:
        return _call_data_function(function, cache)
    path = base / text
    if not path.is_file():
        raise DataError(f"data: {path} does not exist; give an .npz with {', '.join(ARRAYS)}, or file.py:function.")
    if not zipfile.is_zipfile(path):
        raise DataError(f"data: {path} is not an .npz; save one with numpy.savez(path, {'=…, '.join(ARRAYS)}=…).")
    return DataSource(path=path, digest=digest_file(path), origin=str(path))


def _call_data_function(function: UserFunction, cache: Cache) -> DataSource:
    fingerprint = function.load_optional(FINGERPRINT_SUFFIX, DataError)
    if fingerprint is None:
        arrays = _arrays_of(function)
        content: dict[str, object] = {
            name: [str(array.dtype), list(array.shape), digest_bytes(array.tobytes())] for name, array in arrays.items()
        }
    else:
        arrays = None
        content = {"fingerprint": str(function.call(fingerprint, DataError)), "file": function.digest}
    ingredients = {"kind": "data", "content": content, "versions": package_versions(["numpy"])}

    def make(folder: Path) -> None:
        np.savez(folder / "data.npz", **(arrays if arrays is not None else _arrays_of(function)))

    path = cache.obtain(ingredients, make) / "data.npz"
    return DataSource(path=path, digest=digest_file(path), origin=str(function))


def _arrays_of(function: UserFunction) -> dict[str, npt.NDArray[np.generic]]:
    returned = function.call(function.load(DataError), DataError)
    if isinstance(returned, tuple) and len(returned) == len(ARRAYS):
        returned = dict(zip(ARRAYS, returned, strict=True))
    if not isinstance(returned, Mapping) or not set(ARRAYS) <= set(returned):
        raise DataError(
            f"{function} returned {type(returned).__name__}; return a tuple ({', '.join(ARRAYS)}) or a dict with these "
            'keys and, if you like, "labels".'
        )
    arrays = {name: np.asarray(returned[name]) for name in (*ARRAYS, "labels") if name in returned}
    for name, array in arrays.items():
        if array.dtype.kind == "O":
            raise DataError(f"{function}: {name} is an array of Python objects; return plain numeric arrays.")
    return arrays


def read_npz(path: Path, origin: str) -> dict[str, npt.NDArray[np.generic]]:
    """Read the arrays of an `.npz` without ever loading a pickle.

    Raises:
        DataError: the file is damaged, an array is missing, or one is a pickle.
    """
    arrays: dict[str, npt.NDArray[np.generic]] = {}
    try:
        with np.load(path, allow_pickle=False) as archive:
            missing = [name for name in ARRAYS if name not in archive.files]
            if missing:
                raise DataError(
                    f"{origin}: lacks {', '.join(missing)} (it has {_printable(archive.files) or 'nothing'}); "
                    f"an .npz needs {', '.join(ARRAYS)}."
                )
            for name in (*ARRAYS, "labels"):
                if name not in archive.files:
                    continue
                try:
                    arrays[name] = archive[name]
                except ValueError as error:
                    if "pickle" not in str(error).lower() and "object" not in str(error).lower():
                        raise
                    raise DataError(
                        f"{origin}: {name} holds Python objects, which are never loaded; save it as a plain numeric "
                        "array."
                    ) from None
    except NPZ_ERRORS as error:
        raise DataError(f"{origin}: cannot be read ({error}); save it again with numpy.savez.") from None
    return arrays


def _printable(names: Sequence[str]) -> str:
    return ", ".join(name if name.isprintable() else ascii(name) for name in names)


def check_data(arrays: Mapping[str, npt.NDArray[np.generic]], origin: str) -> Data:
    """Check arrays and turn them into the dtypes that the stages work on.

    Args:
        arrays: `x_train`, `y_train`, `x_test`, `y_test` and perhaps `labels`.
        origin: what the user gave, for messages.

    Raises:
        DataError: an array is empty, misshapen or not finite, or the labels are not classes.
    """
    parts: dict[str, npt.NDArray[np.generic]] = {}
    for split in ("train", "test"):
        x = _check_samples(arrays[f"x_{split}"], f"x_{split}", origin)
        y = _check_classes(arrays[f"y_{split}"], f"y_{split}", origin)
        if len(x) != len(y):
            raise DataError(
                f"{origin}: x_{split} has {len(x)} samples and y_{split} {len(y)}; each sample needs one label."
            )
        parts[f"x_{split}"], parts[f"y_{split}"] = x, y
    if parts["x_train"].shape[1:] != parts["x_test"].shape[1:]:
        raise DataError(
            f"{origin}: samples of x_train have the shape {parts['x_train'].shape[1:]}, those of x_test "
            f"{parts['x_test'].shape[1:]}; both must be the model's input shape."
        )
    labels = arrays.get("labels", np.array([], np.str_))
    if labels.ndim != 1:
        raise DataError(f"{origin}: labels has the shape {labels.shape}; give one label for each class, (classes,).")
    return replace(Data(**parts), labels=tuple(str(label) for label in labels.tolist()))  # type: ignore[arg-type]


def _check_samples(x: npt.NDArray[np.generic], name: str, origin: str) -> FloatArray:
    if x.dtype.kind not in "fiub":
        raise DataError(f"{origin}: {name} has the dtype {x.dtype}; samples must be numbers.")
    if x.size == 0 or x.ndim < 2:
        raise DataError(f"{origin}: {name} has the shape {x.shape}; it must hold at least one sample, (N, …).")
    with np.errstate(over="ignore"):  # becomes infinite, and is refused below
        converted = x.astype(np.float32)
    finite = np.isfinite(converted)
    if not finite.all():
        first = int(np.argwhere(~finite)[0][0])
        raise DataError(
            f"{origin}: {name} has {int((~finite).sum())} values that are NaN, infinite or too large for float32, the "
            f"first in sample {first}; remove or replace them."
        )
    return converted


def _check_classes(y: npt.NDArray[np.generic], name: str, origin: str) -> IntArray:
    if y.size == 0:
        raise DataError(f"{origin}: {name} is empty; it must hold one class index for each sample.")
    if y.ndim == 2 and y.shape[1] == 1:
        y = y[:, 0]
    elif y.ndim == 2 and y.dtype.kind in "fiub" and _is_one_hot(y):
        y = y.argmax(axis=1)
    if y.ndim != 1:
        raise DataError(
            f"{origin}: {name} has the shape {y.shape}; give class indices (N,) or one-hot rows (N, classes)."
        )
    if y.dtype.kind == "f" and np.isfinite(y).all() and (y == np.floor(y)).all():
        y = y.astype(np.int64)
    if y.dtype.kind not in "iub":
        raise DataError(
            f"{origin}: {name} has the dtype {y.dtype} or holds fractions; class indices are whole numbers."
        )
    return y.astype(np.int64)


def _is_one_hot(y: npt.NDArray[np.generic]) -> bool:
    numbers = y.astype(np.float64)
    return bool(np.isin(numbers, (0.0, 1.0)).all() and (numbers.sum(axis=1) == 1.0).all())


def check_data_against_model(
    data: Data, input_shape: tuple[int, ...], class_count: int, origin: str, model_name: str
) -> None:
    """Check that samples have the model's input shape and that labels are classes of the model.

    Args:
        data: what was loaded.
        input_shape: the model's input shape without the batch.
        class_count: number of the model's outputs.
        origin: what the user gave for the data, for messages.
        model_name: what the user gave for the model, for messages.

    Raises:
        DataError: samples or labels do not belong to this model.
    """
    if data.x_train.shape[1:] != input_shape:
        raise DataError(
            f"{origin}: samples have the shape {data.x_train.shape[1:]}, but the input of {model_name} is "
            f"{input_shape}; give data of the model's input shape."
        )
    for name, y in (("y_train", data.y_train), ("y_test", data.y_test)):
        if y.min() < 0 or y.max() >= class_count:
            wrong = int(y.min()) if y.min() < 0 else int(y.max())
            raise DataError(
                f"{origin}: {name} holds the label {wrong}; {model_name} has {class_count} classes, so labels are "
                f"0 to {class_count - 1}."
            )
    if data.labels and len(data.labels) != class_count:
        raise DataError(
            f"{origin}: labels names {len(data.labels)} classes, but {model_name} has {class_count}; name each class."
        )
