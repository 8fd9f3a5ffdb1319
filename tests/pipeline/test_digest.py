"""Digests: the same for the same content, whatever its order, place and time."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import numpy
from hypothesis import given
from hypothesis import strategies as st

from edgewright.pipeline.code import PIPELINE, code_digest
from edgewright.pipeline.digest import digest_bytes, digest_file, digest_value, package_versions

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def test_bytes_and_files(tmp_path: Path) -> None:
    """Both are plain SHA-256, also of a file that is longer than what is read at a time."""
    content = os.urandom(3_000_001)
    (tmp_path / "file").write_bytes(content)
    expected = hashlib.sha256(content).hexdigest()
    assert expected == digest_bytes(content) == digest_file(tmp_path / "file")


def test_folders(tmp_path: Path) -> None:
    """A folder's digest is that of its names and contents, not of where it lies or when it was written."""
    for folder in ("a", "b"):
        (tmp_path / folder / "sub").mkdir(parents=True)
        (tmp_path / folder / "sub" / "x").write_text("1")
    os.utime(tmp_path / "a" / "sub" / "x", (0, 0))
    same = digest_file(tmp_path / "a")
    assert same == digest_file(tmp_path / "b")
    (tmp_path / "b" / "sub" / "x").rename(tmp_path / "b" / "sub" / "y")
    assert same != digest_file(tmp_path / "b")


@given(value=st.dictionaries(st.text(), PLAIN, min_size=2, max_size=5))
def test_the_order_of_keys_does_not_count(value: dict[str, object]) -> None:
    """A table in another order has the same digest."""
    assert digest_value(value) == digest_value(dict(reversed(value.items())))


@given(left=PLAIN, right=PLAIN)
def test_different_values_have_different_digests(left: object, right: object) -> None:
    """Two values share a digest only if they are written the same (1 and 1.0 are not)."""
    assert (digest_value(left) == digest_value(right)) == (repr_sorted(left) == repr_sorted(right))


def repr_sorted(value: object) -> str:
    """Write a value with its keys in order."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{key!r}:{repr_sorted(value[key])}" for key in sorted(value)) + "}"
    return "[" + ",".join(map(repr_sorted, value)) + "]" if isinstance(value, list) else repr(value)


def test_versions_of_what_is_installed() -> None:
    """Installed packages are told with their version, others left out."""
    assert {"numpy": numpy.__version__} == package_versions(["numpy", "no-such-package-here"])


def test_the_code_digest_names_its_modules() -> None:
    """Other modules give another digest, their order does not count, and a package means all in it."""
    assert code_digest(["cache.py", "digest.py"]) == code_digest(["digest.py", "cache.py"])
    assert 4 == len({code_digest(names) for names in (["cache.py"], ["digest.py"], ["stages"], ["cache.py", "stages"])})
    assert (PIPELINE / "cache.py").is_file()
