"""Functions in a user's own Python file."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from edgewright.pipeline.errors import BadInputError, DataError
from edgewright.pipeline.userfile import UserFunction, parse_user_function


def function_in(folder: Path, text: str, name: str = "load") -> UserFunction:
    """Write a file and name a function in it."""
    (folder / "mine.py").write_text(f"# {folder}\n{text}")
    found = parse_user_function(f"mine.py:{name}", folder, "data")
    assert found is not None
    return found


@pytest.mark.parametrize(
    "text", ["model.h5", "mine.py", "mine.py:", "mine.py:two words", "mine.txt:load", "C:", ":load", "mine.py:1st"]
)
def test_plain_paths_are_no_functions(tmp_path: Path, text: str) -> None:
    """Only `file.py:name` means a function."""
    (tmp_path / "mine.py").write_text("")
    assert parse_user_function(text, tmp_path, "data") is None


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """A missing file is named with the option."""
    with pytest.raises(BadInputError, match=r"model: .*mine.py does not exist"):
        parse_user_function("mine.py:load", tmp_path, "model")


def test_nothing_runs_before_it_is_needed(tmp_path: Path) -> None:
    """Naming a function and taking its digest runs nothing."""
    found = function_in(tmp_path, "raise SystemExit(3)")
    assert 64 == len(found.digest)
    assert str(tmp_path / "mine.py") + ":load" == str(found)


def test_a_function_sees_the_files_beside_it(tmp_path: Path) -> None:
    """A user's file may import another one that lies beside it, and the search path is as before afterwards."""
    (tmp_path / "helper_of_mine.py").write_text("VALUE = 7\n")
    before = list(sys.path)
    found = function_in(tmp_path, "from helper_of_mine import VALUE\ndef load():\n    return VALUE\n")
    assert 7 == found.call(found.load(DataError), DataError)
    assert before == sys.path


def test_the_file_runs_once(tmp_path: Path) -> None:
    """Looking up a function and its companion runs the file one time."""
    found = function_in(
        tmp_path, f"open({str(tmp_path / 'runs')!r}, 'a').write('x')\ndef load(): return 1\ndef load_mark(): return 2\n"
    )
    companion = found.load_optional("_mark", DataError)
    assert companion is not None
    assert (1, 2) == (found.load(DataError)(), companion())
    assert found.load_optional("_other", DataError) is None
    assert "x" == (tmp_path / "runs").read_text()


@pytest.mark.parametrize(
    ("text", "fragment"),
    [
        ("def lod(): ...", 'has no function "load"; did you mean "lod"'),
        ("load = 3", 'has no function "load"'),
        ("import nothing_of_the_kind", "fails when it is run: ModuleNotFoundError: No module named 'nothing_of_the"),
        ("def load(:", "fails when it is run: SyntaxError: "),
        ("raise SystemExit", "fails when it is run: SystemExit."),
        ("raise ValueError('a\\nb')", "fails when it is run: ValueError: a b."),
    ],
)
def test_files_that_cannot_be_used(tmp_path: Path, text: str, fragment: str) -> None:
    """A file that fails, or lacks the function, is one line with the file's name."""
    with pytest.raises(DataError) as caught:
        function_in(tmp_path, text).load(DataError)
    assert str(tmp_path / "mine.py") in str(caught.value)
    assert fragment in str(caught.value)
    assert 1 == len(str(caught.value).splitlines())


def test_long_errors_are_shortened(tmp_path: Path) -> None:
    """A page of text from a library becomes its beginning."""
    found = function_in(tmp_path, "def load(): raise ValueError('word ' * 500)")
    with pytest.raises(DataError, match=r"raised ValueError: word .* …; mend the function\.$") as caught:
        found.call(found.load(DataError), DataError)
    assert len(str(caught.value)) < 500 + len(str(tmp_path))


def test_interruptions_go_through(tmp_path: Path) -> None:
    """Ctrl-C during a user's function stays what it is."""
    found = function_in(tmp_path, "def load(): raise KeyboardInterrupt")
    with pytest.raises(KeyboardInterrupt):
        found.call(found.load(DataError), DataError)
