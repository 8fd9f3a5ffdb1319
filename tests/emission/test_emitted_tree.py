"""The write log: every path once, inside the tree."""

from __future__ import annotations

import pytest

from edgewright.pipeline.emission.tree import EmittedTree


def test_files_are_sorted() -> None:
    """Whatever the order of writing, files come sorted by path."""
    tree = EmittedTree()
    tree.write("b/c.h", b"2")
    tree.write("a.c", b"1")
    assert [("a.c", b"1"), ("b/c.h", b"2")] == list(tree.files.items())


def test_second_write_is_refused() -> None:
    """Two templates cannot write one file."""
    tree = EmittedTree()
    tree.write("a.c", b"")
    with pytest.raises(ValueError, match=r'"a\.c" is emitted twice'):
        tree.write("a.c", b"")


@pytest.mark.parametrize("path", ["/etc/passwd", "../a", "a/../b", "./a", "a//b", "a/", ".", ""])
def test_paths_outside_are_refused(path: str) -> None:
    """Only relative paths in their normal form are written."""
    with pytest.raises(ValueError, match="not a relative POSIX path"):
        EmittedTree().write(path, b"")


@pytest.mark.parametrize(("first", "second"), [("a", "a/b"), ("a/b", "a")])
def test_file_and_folder_cannot_share_a_name(first: str, second: str) -> None:
    """A file is not at the same time the folder of another."""
    tree = EmittedTree()
    tree.write(first, b"")
    with pytest.raises(ValueError, match="folder of the other"):
        tree.write(second, b"")
