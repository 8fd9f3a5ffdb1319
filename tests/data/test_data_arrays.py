"""Arrays as data: every form that is accepted, and everything that is refused before it can do harm."""

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
from support.small_data import SMALL

from edgewright.pipeline.cache import Cache
from edgewright.pipeline.data import Data, check_samples_against_model, class_indices, open_data
from edgewright.pipeline.digest import digest_file
from edgewright.pipeline.errors import BadInputError, DataError

# ---- what is accepted ----------------------------------------------------------------------------------------------


def test_plain_arrays(load: Callable[..., Data]) -> None:
    """Arrays arrive as mapped float32 samples and int64 targets, with labels where there are some."""
    data = load(labels=np.array(["a", "b", "größer"]))
    assert (np.float32, np.int64) == (data.train.x[0].dtype, data.test.y[0].dtype)
    assert all(isinstance(array, np.memmap) for array in (*data.train.x, *data.train.y))
    assert SMALL["x_test"].tolist() == data.test.x[0].tolist()
    assert SMALL["x_train"].tolist() == sorted(data.train.x[0].tolist() + data.validation.x[0].tolist())
    assert ("a", "b", "größer") == data.labels


@pytest.mark.parametrize(
    "y",
    [
        np.array([0.0, 1.0, 2.0, 0.0]),
        np.array([[0], [1], [2], [0]], np.uint8),
        np.eye(3, dtype=np.float32)[[0, 1, 2, 0]],
        np.eye(3, dtype=bool)[[0, 1, 2, 0]],
    ],
    ids=["floats", "column", "one-hot", "boolean one-hot"],
)
def test_other_forms_of_classes(load: Callable[..., Data], y: npt.NDArray[Any]) -> None:
    """Whole floats, a column and one-hot rows all mean class indices, before and after they are kept."""
    kept = load(y_test=y, x_test=np.ones((4, 3))).test.y[0]
    assert [0, 1, 2, 0] == class_indices(kept, "y_test", "d.npz").tolist()
    assert [0, 1, 2, 0] == class_indices(y, "y_test", "d.npz").tolist()


@pytest.mark.parametrize(
    ("y", "fragment"),
    [
        (np.array(["a", "b"]), "class indices are whole numbers"),
        (np.array([0.5, 1]), "class indices are whole numbers"),
        (np.array([np.nan, 1]), "class indices are whole numbers"),
        (np.full((4, 3), 1 / 3), "y_train has the shape (4, 3)"),
        (np.zeros(0, int), "y_train is empty"),
    ],
    ids=["text", "fractions", "nan", "soft", "none"],
)
def test_targets_that_are_no_classes(y: npt.NDArray[Any], fragment: str) -> None:
    """What cannot be read as classes is refused with the name of the array."""
    with pytest.raises(DataError) as caught:
        class_indices(y, "y_train", "d.npz")
    assert fragment in str(caught.value)


@pytest.mark.parametrize("dtype", ["uint8", "int32", "float64", "float16", "bool", ">f4", ">i2"])
def test_samples_of_any_numbers(load: Callable[..., Data], dtype: str) -> None:
    """Samples of any numeric dtype become float32 with the same values."""
    x = np.array([[0, 1, 1], [1, 0, 1], [1, 1, 1], [0, 0, 0]], dtype)
    data = load(x_train=x, x_test=x[:2])
    assert x[:2].astype(float).tolist() == data.test.x[0].tolist()


def test_fortran_order(load: Callable[..., Data]) -> None:
    """An array whose first axis changes fastest is read with its rows in their places."""
    x = np.asfortranarray(np.arange(24, dtype=np.float32).reshape(2, 3, 4))
    data = load(x_test=x, x_train=np.zeros((4, 3, 4)))
    assert x.tolist() == data.test.x[0].tolist()


def test_several_inputs_and_outputs(tmp_path: Path, cache: Cache) -> None:
    """Numbered arrays become inputs and outputs in the order of their numbers, in every split."""
    arrays = {f"x_{split}_{i}": np.full((12, i + 1), i) for split in ("train", "test", "val") for i in range(11)}
    arrays |= {f"y_{split}_{i}": np.full((12, 2), 0.5 + i) for split in ("train", "test", "val") for i in (1, 0)}
    np.savez(tmp_path / "many.npz", **arrays)
    source = open_data("many.npz", tmp_path, cache)
    data = source.load()
    assert 11 == source.input_count
    for split in (data.train, data.validation, data.test):
        assert list(range(11)) == [int(array[0, 0]) for array in split.x]
        assert [0.5, 1.5] == [float(array[0, 0]) for array in split.y]


@pytest.mark.parametrize(
    ("absent", "expected"), [({"y_train", "y_test"}, (0, 0, 0)), ({"y_train"}, (0, 0, 1))], ids=["none", "testing only"]
)
def test_targets_may_be_missing(tmp_path: Path, cache: Cache, absent: set[str], expected: tuple[int, ...]) -> None:
    """Data without targets, or with targets for testing alone, has none in the other splits."""
    np.savez(tmp_path / "bare.npz", **{name: array for name, array in SMALL.items() if name not in absent})
    data = open_data("bare.npz", tmp_path, cache).load()
    assert expected == tuple(len(split.y) for split in (data.train, data.validation, data.test))


def test_a_part_is_taken_into_memory(load: Callable[..., Data]) -> None:
    """Some samples of a split are copies with their targets, and no longer mapped."""
    part = load().test.take([1])
    assert (1, [[1, 1, 1]], [1]) == (len(part), part.x[0].tolist(), part.y[0].tolist())
    assert not isinstance(part.x[0], np.memmap)


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
    "no targets": ({"y_train": np.zeros(0, int)}, "y_train is empty"),
    "a single target": ({"y_train": 1}, "y_train is empty"),
    "too few labels": ({"y_train": [0, 1]}, "x_train has 4 samples and y_train 2"),
    "text samples": ({"x_train": [["a"] * 3] * 4}, "samples must be numbers"),
    "complex samples": ({"x_train": np.zeros((4, 3), complex)}, "samples must be numbers"),
    "text targets": ({"y_train": ["a", "b", "c", "a"]}, "y_train has the dtype <U1; targets must be numbers"),
    "nan targets": ({"y_train": [np.nan, 1, 2, 0]}, "y_train has 1 values that are NaN"),
    "a second x_train": ({"x_train_0": np.ones((4, 3))}, "has an array both with and without _0"),
    "a second input for training": ({"x_train_1": np.ones((4, 3))}, "lacks x_test_1"),
    "no targets of x_val": ({"x_val": np.ones((4, 3))}, "lacks y_val"),
    "another shape of x_val": ({"x_val": np.ones((4, 2)), "y_val": [0] * 4}, "those of x_val (2,)"),
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
    with pytest.raises(DataError, match=r"lacks x_test \(it has x_train, other\); data needs x_train and x_test"):
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
        assert {len(data.train)} == {len(array) for array in (*data.train.x, *data.train.y)}


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
    ("shapes", "fragment"),
    [
        ([(4,)], r"samples have the shape \(3,\), but the input of m.h5 is \(4,\)"),
        ([(1, 3)], r"\(1, 3\)"),
        ([(3,), (3,)], r"has 1 input\(s\) for each sample, but m.h5 has 2"),
    ],
)
def test_samples_must_belong_to_the_model(
    load: Callable[..., Data], shapes: list[tuple[int, ...]], fragment: str
) -> None:
    """Another shape and another number of inputs are refused with both sides' figures."""
    check_samples_against_model(load(), [(3,)], "d.npz", "m.h5")
    with pytest.raises(DataError, match=fragment):
        check_samples_against_model(load(), shapes, "d.npz", "m.h5")


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
def other(): return {"x": X}
def ragged(): return [[1], [1, 2]], Y, X, Y
def pairs(): return (X, 2 * X), Y, [X, 2 * X], Y
def pairs_fingerprint(): return "1"
def single_fingerprint(): return "1"
def single(): return X, Y, X, Y
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
        assert float(factor) == source.load().train.x[0][0, 0]
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


def test_several_inputs_of_a_function(mine: Path, cache: Cache) -> None:
    """A tuple or list of arrays is several inputs, and two functions of one file are kept apart."""
    data = open_data("data.py:pairs", mine, cache).load()
    assert [1.0, 2.0] == [float(array[0, 0]) for array in data.test.x]
    assert 1 == len(open_data("data.py:single", mine, cache).load().test.x)


@pytest.mark.parametrize(
    ("name", "fragment"),
    [
        ("nothing", "data.py:nothing returned NoneType; return a tuple (x_train, y_train, x_test, y_test) or a dict"),
        ("three", "returned tuple"),
        ("partial", "lacks x_test (it has x_train)"),
        ("other", "returned dict"),
        ("ragged", "data.py:ragged: x_train is no array"),
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


def test_the_file_is_told_by_its_own_digest(tmp_path: Path, cache: Cache) -> None:
    """What the user gave has the digest of the file, whatever is made of it, so that anybody can compare it."""
    path = write_npz(tmp_path / "data.npz", SMALL)
    source = open_data("data.npz", tmp_path, cache)
    assert digest_file(path) == source.given_digest != source.digest
