"""Folders of images: layouts, colours and sizes, and every folder that cannot be used."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from support.command import python

from edgewright.pipeline.cache import Cache
from edgewright.pipeline.data import DataSettings, open_data
from edgewright.pipeline.errors import DataError
from edgewright.pipeline.preprocessing import Preprocessing


def paint(path: Path, value: int = 0, size: tuple[int, int] = (6, 4), mode: str = "L", **options: Any) -> None:
    """Save an image (width, height) of one colour."""
    path.parent.mkdir(parents=True, exist_ok=True)
    colour: Any = value if mode in {"L", "I;16", "P"} else (value,) * (4 if mode == "RGBA" else 3)
    Image.new(mode, size, colour).save(path, **options)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Ten images of each of two classes, without a test split; each image has a grey of its own."""
    for index in range(10):
        paint(tmp_path / "images" / "cat" / f"{index}.png", index)
        paint(tmp_path / "images" / "dog" / f"{index}.bmp", 100 + index)
    return tmp_path / "images"


def opened(folder: Path, cache: Cache, **written: object) -> Any:
    """Open the folder with preprocessing as a recipe says it."""
    return open_data(str(folder), Path(), cache, DataSettings(preprocessing=(Preprocessing.model_validate(written),)))


def test_the_test_split_is_cut_of_each_class(folder: Path, cache: Cache) -> None:
    """A fifth of each class is for testing, a tenth of the rest for validation; each image is in one split."""
    (folder / "cat" / "notes.txt").write_text("no image")
    data = opened(folder, cache, scale=1.0).load()
    assert ("cat", "dog") == data.labels
    assert [14, 2, 4] == [len(split) for split in (data.train, data.validation, data.test)]
    assert [2, 2] == np.bincount(data.test.y[0]).tolist()
    values = [int(image[0, 0, 0]) for split in (data.train, data.validation, data.test) for image in split.x[0]]
    assert sorted([*range(10), *range(100, 110)]) == sorted(values)
    assert all(int(image[0, 0, 0] >= 100) == y for image, y in zip(data.train.x[0], data.train.y[0], strict=True))
    assert (4, 6, 1) == data.train.x[0].shape[1:]


def test_given_splits_are_kept(tmp_path: Path, cache: Cache) -> None:
    """Folders train, validation and test are the splits."""
    for index, split in enumerate(("train", "validation", "test")):
        for number in range(2):
            paint(tmp_path / "i" / split / "b" / f"{number}.PNG", 10 * index)
            paint(tmp_path / "i" / split / "a" / f"{number}.png", 10 * index + 1)
    data = opened(tmp_path / "i", cache).load()
    for index, split in enumerate((data.train, data.validation, data.test)):
        assert [10 * index + 1] * 2 + [10 * index] * 2 == split.x[0][:, 0, 0, 0].tolist()
        assert [0, 0, 1, 1] == split.y[0].tolist()


@pytest.mark.parametrize(
    ("mode", "channels", "expected"),
    [("L", None, 1), ("RGB", None, 3), ("P", None, 3), ("RGBA", None, 3), ("RGB", 1, 1), ("L", 3, 3)],
)
def test_colours(tmp_path: Path, cache: Cache, mode: str, channels: int | None, expected: int) -> None:
    """Images are grey or RGB as they are, or as declared; the resolved preprocessing says which."""
    for name in ("a/1.png", "a/2.png", "b/1.png", "b/2.png"):
        paint(tmp_path / "i" / name, 200, mode=mode)
    source = opened(tmp_path / "i", cache, channels=channels)
    assert (4, 6, expected) == source.load().train.x[0].shape[1:]
    assert expected == source.preprocessing[0].channels


def test_sizes_are_made_alike(folder: Path, cache: Cache) -> None:
    """Images of different sizes are resized one by one."""
    paint(folder / "cat" / "large.png", 5, size=(40, 30))
    data = opened(folder, cache, resize=[8, 10]).load()
    assert (8, 10, 1) == data.train.x[0].shape[1:]


def test_a_turned_picture_is_upright(tmp_path: Path, cache: Cache) -> None:
    """What the camera stored turned by 90 degrees has its height and width exchanged."""
    exif = Image.Exif()
    exif[0x0112] = 6
    for name in ("a/1.jpg", "a/2.jpg", "b/1.jpeg", "b/2.jpg"):
        paint(tmp_path / "i" / name, 9, exif=exif)
    assert (6, 4, 1) == opened(tmp_path / "i", cache).load().train.x[0].shape[1:]


def damaged(path: Path) -> None:
    """Cut an image short."""
    path.write_bytes(path.read_bytes()[:-40])


def in_train_only(folder: Path) -> None:
    """Move all classes under train."""
    paint(folder / "train" / "cat" / "1.png")
    paint(folder / "train" / "dog" / "1.png")


def with_a_class_of_test_alone(folder: Path) -> None:
    """Give the test split a class that training has not."""
    in_train_only(folder)
    for name in ("cat", "dog", "eel"):
        paint(folder / "test" / name / "1.png")


SPOILED: dict[str, tuple[Callable[[Path], object], str]] = {
    "damaged": (lambda folder: damaged(folder / "cat" / "3.png"), "3.png: cannot be decoded ("),
    "no image": (lambda folder: (folder / "dog" / "x.jpg").write_text("x"), "x.jpg: cannot be decoded ("),
    "empty class": (lambda folder: (folder / "eel").mkdir(), "eel: holds no images; give at least one of .bmp"),
    "sizes": (lambda folder: paint(folder / "dog" / "0.png", size=(5, 5)), "is 5x5 pixels (height, width), "),
    "colours": (lambda folder: paint(folder / "dog" / "0.png", mode="RGB"), "give channels = 1 or 3 under [preproc"),
    "16 bits": (lambda folder: paint(folder / "cat" / "0.png", mode="I;16"), "save it with 8 bits for each channel"),
    "no test": (in_train_only, "has train but no test; arrange the images as"),
    "class of test": (with_a_class_of_test_alone, "has the class eel, which train has not"),
}


@pytest.mark.parametrize(("spoil", "fragment"), SPOILED.values(), ids=SPOILED.keys())
def test_folders_that_cannot_be_used(
    folder: Path, cache: Cache, spoil: Callable[[Path], object], fragment: str
) -> None:
    """Each kind of unusable folder is refused in one line that names the file or folder."""
    spoil(folder)
    with pytest.raises(DataError) as caught:
        opened(folder, cache)
    assert fragment in str(caught.value)
    assert 1 == len(str(caught.value).splitlines())


@pytest.mark.parametrize(("names", "fragment"), [((), "no folders of classes"), (("a",), "one class alone, a")])
def test_too_few_classes(tmp_path: Path, cache: Cache, names: tuple[str, ...], fragment: str) -> None:
    """An empty folder, and one with a single class, are refused."""
    (tmp_path / "i").mkdir()
    for name in names:
        paint(tmp_path / "i" / name / "1.png")
    with pytest.raises(DataError, match=fragment):
        opened(tmp_path / "i", cache)


def test_a_single_image_of_each_class(tmp_path: Path, cache: Cache) -> None:
    """Where nothing is left to test on, the folder is refused."""
    for name in ("a", "b"):
        paint(tmp_path / "i" / name / "1.png")
    with pytest.raises(DataError, match="has one image of each class"):
        opened(tmp_path / "i", cache)


def test_images_load_no_tensorflow(folder: Path, tmp_path: Path) -> None:
    """Opening images imports neither TensorFlow nor, the second time, Pillow."""
    program = (
        "import sys\nfrom pathlib import Path\nfrom edgewright.pipeline.cache import Cache\n"
        "from edgewright.pipeline.data import open_data\n"
        f"open_data({str(folder)!r}, Path(), Cache(root=Path({str(tmp_path / 'c')!r})))\n"
        "print('tensorflow' in sys.modules, 'PIL' in sys.modules)\n"
    )
    outputs = [python(program, cwd=tmp_path).stdout.split() for _ in range(2)]
    assert [["False", "True"], ["False", "False"]] == outputs
