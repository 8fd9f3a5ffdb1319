"""The cache: made once, made again when damaged, and whole whatever happens to the one that makes it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from support.command import python, snapshot

from edgewright.pipeline.cache import INDEX, Cache
from edgewright.pipeline.errors import OutputError

WANTED = {"kind": "thing", "seed": 1, "settings": {"a": 0.5, "b": [1, 2]}}


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    """A cache whose folder does not exist yet."""
    return Cache(root=tmp_path / "deep" / "cache")


class Maker:
    """Makes an entry of two files and counts how often."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, folder: Path) -> None:
        """Fill an entry's folder."""
        self.count += 1
        (folder / "sub").mkdir()
        (folder / "model").write_bytes(b"weights")
        (folder / "sub" / "notes").write_text("x")


def test_an_entry_is_made_once(cache: Cache) -> None:
    """The second time the same entry is found, and nothing in it is touched."""
    make = Maker()
    assert cache.find(WANTED) is None
    first = cache.obtain(WANTED, make)
    before = snapshot(cache.root)
    assert first == cache.obtain(WANTED, make) == cache.find(WANTED)
    assert (1, b"weights") == (make.count, (first / "model").read_bytes())
    assert before == snapshot(cache.root)


def test_the_order_of_ingredients_does_not_count(cache: Cache) -> None:
    """Equal ingredients in another order are the same entry."""
    turned = {"settings": {"b": [1, 2], "a": 0.5}, "seed": 1, "kind": "thing"}
    assert cache.obtain(WANTED, Maker()) == cache.find(turned)


@pytest.mark.parametrize("changed", [{"seed": 2}, {"kind": "other"}, {"settings": {"a": 0.5}}, {"more": None}])
def test_another_ingredient_is_another_entry(cache: Cache, changed: dict[str, object]) -> None:
    """Any difference in what an entry is made from makes it another one."""
    cache.obtain(WANTED, Maker())
    assert cache.find({**WANTED, **changed}) is None


DAMAGE: dict[str, Callable[[Path], object]] = {
    "a byte changed": lambda entry: (entry / "model").write_bytes(b"weighty"),
    "a file cut short": lambda entry: (entry / "model").write_bytes(b""),
    "a file gone": lambda entry: (entry / "sub" / "notes").unlink(),
    "index gone": lambda entry: (entry / INDEX).unlink(),
    "index cut short": lambda entry: (entry / INDEX).write_text((entry / INDEX).read_text()[:40]),
    "index is a list": lambda entry: (entry / INDEX).write_text("[]"),
    "index without files": lambda entry: (entry / INDEX).write_text("{}"),
    "index with a list of files": lambda entry: (entry / INDEX).write_text('{"files": ["model"]}'),
    "index with no files": lambda entry: (entry / INDEX).write_text('{"files": {}}'),
    "index is not text": lambda entry: (entry / INDEX).write_bytes(b"\xff\x00"),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE.keys())
def test_a_damaged_entry_is_made_again(cache: Cache, damage: Callable[[Path], object]) -> None:
    """However an entry was damaged, it is not found, and making it again mends it."""
    make = Maker()
    damage(cache.obtain(WANTED, make))
    assert cache.find(WANTED) is None
    assert b"weights" == (cache.obtain(WANTED, make) / "model").read_bytes()
    assert (2, "x") == (make.count, (cache.obtain(WANTED, make) / "sub" / "notes").read_text())


def test_a_failure_leaves_no_entry(cache: Cache) -> None:
    """Where making fails the error goes through, and neither an entry nor a staging folder stays."""

    def fail(folder: Path) -> None:
        (folder / "model").write_bytes(b"half")
        raise RuntimeError("no luck")

    with pytest.raises(RuntimeError, match="no luck"):
        cache.obtain(WANTED, fail)
    assert cache.find(WANTED) is None
    assert [] == [path for path in cache.root.rglob("*") if path.is_file()]
    assert [] == list(cache.root.glob(".*"))


def test_the_index_tells_what_an_entry_was_made_from(cache: Cache) -> None:
    """An entry says in plain JSON what it is."""
    index = json.loads((cache.obtain(WANTED, Maker()) / INDEX).read_text())
    assert WANTED == index["ingredients"]
    assert ["model", "sub/notes"] == sorted(index["files"])


def test_another_run_was_faster(cache: Cache) -> None:
    """An entry that appears while one makes the same is used, and stays the very same files."""
    other = Maker()

    def make(folder: Path) -> None:
        (folder / "model").write_bytes(b"slower")
        cache.obtain(WANTED, other)
        before.update(snapshot(cache.root / "thing"))

    before: dict[str, tuple[int, int, str]] = {}
    assert b"weights" == (cache.obtain(WANTED, make) / "model").read_bytes()
    assert before == snapshot(cache.root / "thing")


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    """A file in the cache's place is a sentence."""
    (tmp_path / "file").write_text("x")
    for root in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(OutputError, match=r"cache: .* cannot be written .*--cache"):
            Cache(root=root).obtain(WANTED, Maker())


KILLED = """
import os, signal, sys
from pathlib import Path
from edgewright.pipeline.cache import Cache

def make(folder):
    (folder / "model").write_bytes(b"half")
    os.kill(os.getpid(), signal.SIGKILL)

Cache(root=Path(sys.argv[1])).obtain({"kind": "thing"}, make)
"""
RACING = """
import os, sys, time
from pathlib import Path
from edgewright.pipeline.cache import Cache

def make(folder):
    (folder / "model").write_bytes(os.urandom(1 << 16))
    time.sleep(0.01)

root = Path(sys.argv[1])
children = []
for _ in range(4):
    child = os.fork()
    if child == 0:
        try:
            for number in range(25):
                entry = Cache(root=root).obtain({"kind": "thing", "number": number}, make)
                first = (entry / "model").read_bytes()
                time.sleep(0.005)
                assert (entry / "model").read_bytes() == first
            os._exit(0)
        finally:
            os._exit(1)
    children.append(child)
print([os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children])
"""


def test_a_killed_run_leaves_no_entry(tmp_path: Path) -> None:
    """A process that is killed while it makes an entry leaves none, and the next one makes it."""
    assert -9 == python(KILLED, tmp_path / "cache", cwd=tmp_path).returncode
    cache = Cache(root=tmp_path / "cache")
    assert cache.find({"kind": "thing"}) is None
    assert b"weights" == (cache.obtain({"kind": "thing"}, Maker()) / "model").read_bytes()


def test_several_runs_at_once(tmp_path: Path) -> None:
    """Processes that want the same entries at the same time all get whole ones that nobody takes away again."""
    finished = python(RACING, tmp_path / "cache", cwd=tmp_path)
    assert ("[0, 0, 0, 0]\n", "") == (finished.stdout, finished.stderr)
