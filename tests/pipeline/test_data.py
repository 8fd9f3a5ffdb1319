"""Data: every form that is accepted, and everything that is refused before it can do harm."""

from __future__ import annotations

import random
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.digits import tiny_arrays, write_npz

from edgewright.pipeline.cache import Cache
from edgewright.pipeline.data import Data, check_data_against_model, open_data
from edgewright.pipeline.errors import BadInputError, DataError

SMALL = {
    "x_train": np.arange(12, dtype=np.float32).reshape(4, 3),
    "y_train": np.array([0, 1, 2, 0]),
    "x_test": np.ones((2, 3), np.float32),
    "y_test": np.array([2, 1]),
}


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    """An empty cache."""
    return Cache(root=tmp_path / "cache")


@pytest.fixture
def load(tmp_path: Path, cache: Cache) -> Callable[..., Data]:
    """A function that saves arrays, some of them replaced, and opens and loads them again."""

    def save_and_load(**changed: npt.ArrayLike) -> Data:
        write_npz(tmp_path / "data.npz", SMALL, **changed)
        return open_data("data.npz", tmp_path, cache).load()

    return save_and_load


# ---- what is accepted ----------------------------------------------------------------------------------------------


def test_plain_arrays(load: Callable[..., Data]) -> None:
    """Arrays arrive as float32 samples and int64 classes, with labels where there are some."""
    data = load(labels=np.array(["a", "b", "größer"]))
    assert (np.float32, np.int64) == (data.x_train.dtype, data.y_test.dtype)
    assert SMALL["x_train"].tolist() == data.x_train.tolist()
    assert ("a", "b", "größer") == tuple(data.labels)


@pytest.mark.parametrize(
    "y_train",
    [
        np.array([0.0, 1.0, 2.0, 0.0]),
        np.array([[0], [1], [2], [0]], np.uint8),
        np.eye(3, dtype=np.float32)[[0, 1, 2, 0]],
        np.eye(3, dtype=bool)[[0, 1, 2, 0]],
    ],
    ids=["floats", "column", "one-hot", "boolean one-hot"],
)
def test_other_forms_of_classes(load: Callable[..., Data], y_train: npt.NDArray[Any]) -> None:
    """Whole floats, a column and one-hot rows all mean class indices."""
    assert [0, 1, 2, 0] == load(y_train=y_train).y_train.tolist()


@pytest.mark.parametrize("dtype", ["uint8", "int32", "float64", "float16", "bool"])
def test_samples_of_any_numbers(load: Callable[..., Data], dtype: str) -> None:
    """Samples of any numeric dtype become float32 with the same values."""
    x = np.array([[0, 1, 1], [1, 0, 1], [1, 1, 1], [0, 0, 0]], dtype)
    data = load(x_train=x, x_test=x[:2])
    assert x.astype(float).tolist() == data.x_train.tolist()


def test_the_digest_is_that_of_the_content(tmp_path: Path, cache: Cache) -> None:
    """The same arrays give the same digest under any name, other arrays another one."""
    paths = [write_npz(tmp_path / name, SMALL) for name in ("a.npz", "b.npz")]
    write_npz(tmp_path / "c.npz", SMALL, y_test=[0, 0])
    digests = [open_data(str(path), Path(), cache).digest for path in (*paths, tmp_path / "c.npz")]
    assert digests[0] == digests[1]
    assert digests[0] != digests[2]


# ---- what is refused -----------------------------------------------------------------------------------------------

NAN, INF = np.full((4, 3), np.nan), np.where(np.arange(12).reshape(4, 3) == 5, np.inf, 0.0)
REFUSED: dict[str, tuple[dict[str, npt.ArrayLike], str]] = {
    "nan": ({"x_train": NAN}, "x_train has 12 values that are NaN, infinite or too large for float32"),
    "infinity": (
        {"x_train": INF},
        "x_train has 1 values that are NaN, infinite or too large for float32, the first in s",
    ),
    "too large": ({"x_train": np.full((4, 3), 1e39)}, "too large for float32"),
    "no samples": ({"x_test": np.zeros((0, 3)), "y_test": np.zeros(0, int)}, "x_test has the shape (0, 3)"),
    "no features": ({"x_train": np.zeros((4, 0))}, "x_train has the shape (4, 0)"),
    "flat samples": ({"x_train": np.zeros(4)}, "x_train has the shape (4,)"),
    "no labels": ({"y_train": np.zeros(0, int)}, "y_train is empty"),
    "too few labels": ({"y_train": [0, 1]}, "x_train has 4 samples and y_train 2"),
    "text samples": ({"x_train": [["a"] * 3] * 4}, "samples must be numbers"),
    "complex samples": ({"x_train": np.zeros((4, 3), complex)}, "samples must be numbers"),
    "text labels": ({"y_train": ["a", "b", "c", "a"]}, "class indices are whole numbers"),
    "fractions": ({"y_train": [0.5, 1, 2, 0]}, "class indices are whole numbers"),
    "nan labels": ({"y_train": [np.nan, 1, 2, 0]}, "class indices are whole numbers"),
    "soft labels": ({"y_train": np.full((4, 3), 1 / 3)}, "y_train has the shape (4, 3)"),
    "splits that differ": (
        {"x_test": np.zeros((2, 4))},
        "samples of x_train have the shape (3,), those of x_test (4,)",
    ),
    "one label for all": ({"labels": "abc"}, "labels has the shape ()"),
    "a table of labels": ({"labels": [["a"], ["b"], ["c"]]}, "labels has the shape (3, 1)"),
}


@pytest.mark.parametrize(("changed", "fragment"), REFUSED.values(), ids=REFUSED.keys())
def test_what_cannot_be_used(load: Callable[..., Data], changed: dict[str, npt.ArrayLike], fragment: str) -> None:
    """Each kind of unusable array is refused in one line that names the file and the array."""
    with pytest.raises(DataError) as caught:
        load(**changed)
    assert fragment in str(caught.value)
    assert "data.npz" in str(caught.value)
    assert 1 == len(str(caught.value).splitlines())


@pytest.mark.parametrize(
    ("name", "content", "fragment"),
    [
        ("nothing.npz", None, "does not exist; give an .npz with x_train, y_train, x_test, y_test"),
        ("text.npz", b"hello", "is not an .npz"),
        ("empty.npz", b"", "is not an .npz"),
        ("array.npy", b"\x93NUMPY\x01\x00", "is not an .npz"),
    ],
)
def test_files_that_are_no_npz(tmp_path: Path, cache: Cache, name: str, content: bytes | None, fragment: str) -> None:
    """A missing file and one of another kind are refused when they are opened, before anything else happens."""
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError) as caught:
        open_data(name, tmp_path, cache)
    assert fragment in str(caught.value)


def test_missing_arrays_are_named(tmp_path: Path, cache: Cache) -> None:
    """What an `.npz` lacks is told together with what it has."""
    np.savez(tmp_path / "half.npz", x_train=SMALL["x_train"], other=1)
    with pytest.raises(DataError, match=r"lacks y_train, x_test, y_test \(it has x_train, other\)"):
        open_data("half.npz", tmp_path, cache).load()


@settings(max_examples=300, deadline=None)
@given(seed=st.integers(0, 2**32), compress=st.booleans())
def test_damaged_files(tmp_path_factory: pytest.TempPathFactory, seed: int, compress: bool) -> None:
    """Whatever happened to the bytes of an `.npz`, it loads or is refused: nothing else is raised."""
    draw = random.Random(seed)
    folder = tmp_path_factory.getbasetemp() / "damaged"
    folder.mkdir(exist_ok=True)
    path = folder / "data.npz"
    (np.savez_compressed if compress else np.savez)(path, **SMALL)
    content = bytearray(path.read_bytes())
    for _ in range(draw.choice([1, 1, 2, 8, 40])):
        content[draw.randrange(len(content))] = draw.randrange(256)
    path.write_bytes(content[: draw.choice([len(content), len(content), draw.randrange(len(content))])])
    try:
        data = open_data(str(path), Path(), Cache(root=folder / "cache")).load()
    except DataError as error:
        assert 1 == len(str(error).splitlines())
    else:
        assert len(data.x_train) == len(data.y_train)


def test_encrypted_files(tmp_path: Path, cache: Cache) -> None:
    """A member that claims to be encrypted is refused, not asked a password for."""
    path = write_npz(tmp_path / "data.npz", SMALL)
    content = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        start = archive.getinfo("x_train.npy").header_offset
    content[start + 6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(content)
    with pytest.raises(DataError, match="cannot be read"):
        open_data("data.npz", tmp_path, cache).load()


# ---- against a model -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shape", "classes", "fragment"),
    [
        ((4,), 3, r"samples have the shape \(3,\), but the input of m.h5 is \(4,\)"),
        ((1, 3), 3, r"\(1, 3\)"),
        ((3,), 2, "y_train holds the label 2; m.h5 has 2 classes, so labels are 0 to 1"),
    ],
)
def test_data_must_belong_to_the_model(
    load: Callable[..., Data], shape: tuple[int, ...], classes: int, fragment: str
) -> None:
    """Another shape and a class that the model does not have are refused with both sides' figures."""
    with pytest.raises(DataError, match=fragment):
        check_data_against_model(load(), shape, classes, "d.npz", "m.h5")


def test_negative_labels_belong_to_no_model(load: Callable[..., Data]) -> None:
    """A label below zero is given back as it is."""
    with pytest.raises(DataError, match="y_test holds the label -1"):
        check_data_against_model(load(y_test=[-1, 0]), (3,), 3, "d.npz", "m.h5")


def test_labels_must_name_each_class(load: Callable[..., Data]) -> None:
    """A list of labels that is too short is refused."""
    with pytest.raises(DataError, match=r"labels names 2 classes, but m\.h5 has 3"):
        check_data_against_model(load(labels=["a", "b"]), (3,), 3, "d.npz", "m.h5")


# ---- functions -----------------------------------------------------------------------------------------------------

FUNCTIONS = """\
from pathlib import Path
import numpy as np

HERE = Path(__file__).parent
X, Y = np.ones((4, 3)), np.array([0, 1, 2, 0])

def count(name):
    path = HERE / f"{name}.calls"
    path.write_text(path.read_text() + "x" if path.exists() else "x")

def plain():
    count("plain")
    return X * float((HERE / "factor").read_text()), Y, X, Y

def quick():
    count("quick")
    return {"x_train": X, "y_train": Y, "x_test": X, "y_test": Y, "labels": ["a", "b", "c"]}

def quick_fingerprint():
    return (HERE / "version").read_text()

def broken_fingerprint():
    raise KeyError("no")

def broken(): return quick()
def nothing(): return None
def three(): return X, Y, X
def partial(): return {"x_train": X}
def objects(): return np.array([{}, {}]), Y, X, Y
def raises(): raise RuntimeError("no\\nnetwork")
def leaves(): raise SystemExit(0)
def refuses():
    from edgewright.pipeline.errors import DataError
    raise DataError("a sentence of its own.")
"""


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """A user's file with data functions, which write down how often they are called."""
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "data.py").write_text(f"# {tmp_path}\n{FUNCTIONS}")
    (folder / "factor").write_text("1")
    (folder / "version").write_text("1")
    return folder


def calls(folder: Path, name: str) -> int:
    """Tell how often a function was called."""
    path = folder / f"{name}.calls"
    return len(path.read_text()) if path.exists() else 0


def test_a_plain_function_is_called_every_time(mine: Path, cache: Cache) -> None:
    """Without a fingerprint the function runs at every opening, and its arrays decide the digest."""
    digests = []
    for factor in ("1", "1", "2"):
        (mine / "factor").write_text(factor)
        source = open_data("data.py:plain", mine, cache)
        digests.append(source.digest)
        assert float(factor) == source.load().x_train[0, 0]
    assert 3 == calls(mine, "plain")
    assert digests[0] == digests[1]
    assert digests[0] != digests[2]


def test_a_fingerprint_saves_the_call(mine: Path, cache: Cache) -> None:
    """With a fingerprint the arrays are kept until it, or the file, changes."""
    labels = [tuple(open_data("data.py:quick", mine, cache).load().labels) for _ in range(3)]
    assert [("a", "b", "c")] * 3 == labels
    assert 1 == calls(mine, "quick")
    (mine / "version").write_text("2")
    open_data("data.py:quick", mine, cache)
    assert 2 == calls(mine, "quick")
    (mine / "data.py").write_text((mine / "data.py").read_text() + "\n# changed\n")
    open_data("data.py:quick", mine, cache)
    assert 3 == calls(mine, "quick")


@pytest.mark.parametrize(
    ("name", "fragment"),
    [
        ("nothing", "data.py:nothing returned NoneType; return a tuple (x_train, y_train, x_test, y_test) or a dict"),
        ("three", "returned tuple"),
        ("partial", "returned dict"),
        ("objects", "x_train is an array of Python objects"),
        ("raises", "data.py:raises raised RuntimeError: no network; mend the function."),
        ("leaves", "data.py:leaves raised SystemExit: 0; mend the function."),
        ("refuses", "a sentence of its own."),
        ("broken", "raised KeyError: 'no'"),
        ("nosuch", 'data.py has no function "nosuch"; '),
        ("plian", 'did you mean "plain"'),
        ("X", 'has no function "X"'),
    ],
)
def test_functions_that_give_no_data(mine: Path, cache: Cache, name: str, fragment: str) -> None:
    """A function that fails, gives something else or is not there gets one line that names it."""
    with pytest.raises(BadInputError) as caught:
        open_data(f"data.py:{name}", mine, cache).load()
    assert fragment in str(caught.value)
    assert 1 == len(str(caught.value).splitlines())


def test_a_function_in_a_file_that_is_not_there(tmp_path: Path, cache: Cache) -> None:
    """A missing Python file is named with the option that it was given for."""
    with pytest.raises(BadInputError, match=r"data: .*nothing.py does not exist"):
        open_data("nothing.py:load", tmp_path, cache)


def test_arrays_of_a_function_are_checked_like_a_file(tmp_path: Path, cache: Cache) -> None:
    """NaN from a function is refused with the function's name."""
    arrays = tiny_arrays((3,), 3)
    np.savez(tmp_path / "kept.npz", **{**arrays, "x_test": np.full((6, 3), np.nan)})
    (tmp_path / "nan.py").write_text(
        f"import numpy\ndef load():\n    return dict(numpy.load({str(tmp_path / 'kept.npz')!r}))\n"
    )
    with pytest.raises(DataError, match=r"nan\.py:load: x_test has 18 values that are NaN"):
        open_data("nan.py:load", tmp_path, cache).load()
