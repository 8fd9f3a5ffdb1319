"""Finding data by what the user wrote, and reading what it was turned into."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from edgewright.pipeline.cache import Cache
from edgewright.pipeline.code import code_digest
from edgewright.pipeline.data.archive import check_is_npz, read_npz
from edgewright.pipeline.data.contents import SPLITS, Contents
from edgewright.pipeline.data.functions import call_data_function, read_fingerprint
from edgewright.pipeline.data.images import read_image_folder
from edgewright.pipeline.data.materialization import DataRecord, materialize, read_record
from edgewright.pipeline.data.samples import Array, Data, Split
from edgewright.pipeline.data.settings import DataSettings
from edgewright.pipeline.digest import digest_file, package_versions
from edgewright.pipeline.preprocessing import Preprocessing
from edgewright.pipeline.userfile import parse_user_function

MODULES = ("data", "preprocessing.py", "userfile.py")
PACKAGES = ("numpy", "pillow", "tensorflow")
"""The packages whose versions can change what is read."""


@dataclass(frozen=True, kw_only=True)
class DataSource:
    """Data as plain files, known by the digest of its content; arrays are mapped only when a stage needs them."""

    folder: Path
    """What `materialize` wrote."""
    digest: str
    """Of the arrays: what everything that is made from them is kept under."""
    given_digest: str
    """Of the file or folder that the user gave; that of the arrays where a function returned them."""
    origin: str
    """What the user gave, for messages."""

    def load(self) -> Data:
        """Map the arrays into memory: what is not looked at is not read."""
        splits = {split: Split(x=self._arrays("x", split), y=self._arrays("y", split)) for split in SPLITS}
        return Data(**splits, labels=self._record.labels)

    def labels(self) -> tuple[str, ...]:
        """Return the class labels alone; empty where there are none."""
        return self._record.labels

    @property
    def preprocessing(self) -> tuple[Preprocessing, ...]:
        """What was done to the samples of each input, with figures where they were measured."""
        return self._record.preprocessing

    @property
    def input_count(self) -> int:
        """How many arrays the samples of a split have."""
        return len(self.preprocessing)

    @cached_property
    def _record(self) -> DataRecord:
        return read_record(self.folder)

    def _arrays(self, kind: str, split: str) -> tuple[Array, ...]:
        paths = sorted(self.folder.glob(f"{kind}_{split}_*.npy"), key=lambda path: int(path.stem.rpartition("_")[2]))
        return tuple(np.load(path, mmap_mode="r", allow_pickle=False) for path in paths)


def open_data(text: str, base: Path, cache: Cache, settings: DataSettings | None = None) -> DataSource:
    """Find data and turn it into plain files, once for the same content and settings.

    A function is called at every run, since nobody else can tell whether its data changed; where the file also has
    `<function>_fingerprint() -> str`, that is called instead, and the function only when what it returns changes.

    Args:
        text: path of an `.npz` or of a folder of images, or `file.py:function`.
        base: the folder that a relative path counts from.
        cache: where the files are kept.
        settings: preprocessing, validation split and so on; the default where there are none.

    Raises:
        BadInputError: there is no such file, or what it holds cannot be used.
    """
    settings = settings or DataSettings()
    function = parse_user_function(text, base, "data")
    if function is not None:
        return _obtain(read_fingerprint(function), lambda: call_data_function(function), settings, cache, str(function))
    path = base / text
    if path.is_dir():
        given = digest_file(path)
        source = _obtain({"images": given}, lambda: read_image_folder(path, settings), settings, cache, str(path))
    else:
        check_is_npz(path)
        given = digest_file(path)
        source = _obtain({"npz": given}, lambda: read_npz(path, str(path)), settings, cache, str(path))
    return replace(source, given_digest=given)


def _obtain(
    identity: Mapping[str, object] | None,
    read: Callable[[], Contents],
    settings: DataSettings,
    cache: Cache,
    origin: str,
) -> DataSource:
    """Return the files of a source; where nothing but its content identifies it, they are written at every run."""

    def make(folder: Path) -> None:
        materialize(read(), settings, folder, origin)

    if identity is not None:
        folder = cache.obtain({"kind": "data", **identity, **_ingredients(settings)}, make)
    else:
        with cache.scratch() as written:
            make(written)
            content = {"kind": "data", "content": digest_file(written)}
            folder = cache.obtain(content, lambda folder: _move(written, folder))
    digest = cache.content_digest(folder)
    return DataSource(folder=folder, digest=digest, given_digest=digest, origin=origin)


def _ingredients(settings: DataSettings) -> dict[str, object]:
    return {
        "preprocessing": [one.model_dump(mode="json") for one in settings.preprocessing],
        "validation": settings.validation.model_dump(mode="json"),
        "test_share": settings.test_share,
        "code": code_digest(MODULES),
        "versions": package_versions(PACKAGES),
    }


def _move(source: Path, destination: Path) -> None:
    for path in source.iterdir():
        path.rename(destination / path.name)
