"""The output folder: changed as a whole or not at all, and what is the user's survives."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.command import contents, snapshot

from edgewright.pipeline import output
from edgewright.pipeline.errors import OutputError
from edgewright.pipeline.output import Written, clean_leftovers, write_tree

FIRST = {"model.tflite": b"one", "firmware/main/app_main.cc": b"int main;\n", "firmware/main/model.c": b"m1\n"}
SECOND = {"model.tflite": b"two", "firmware/main/app_main.cc": b"int main;\n", "firmware/main/model.c": b"m1\n"}
USER_FILES = ("firmware/main/app_main.cc",)


def with_manifest(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Add the manifest that a run would write."""
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    return {**files, "manifest.json": json.dumps({"outputs": digests}).encode()}


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Where the output goes; nothing is there yet."""
    return tmp_path / "build" / "esp32"


@pytest.fixture
def write(out: Path) -> Callable[..., Written]:
    """A function that writes a tree with its manifest into the output folder."""

    def write_files(files: Mapping[str, bytes], *, force: bool = False) -> Written:
        return write_tree(out, with_manifest(files), user_files=USER_FILES, force=force)

    return write_files


def ours(folder: Path) -> dict[str, bytes]:
    """Return everything in the folder but the manifest."""
    return {name: content for name, content in contents(folder).items() if name != "manifest.json"}


def names_beside(folder: Path) -> list[str]:
    """Return the names of all that lies where the folder does, itself included."""
    return sorted(path.name for path in folder.parent.iterdir())


# ---- what changes and what does not --------------------------------------------------------------------------------


def test_a_first_tree_is_exactly_what_was_given(out: Path, write: Callable[..., Written]) -> None:
    """A new folder holds the files and nothing else, can be read by others, and leaves nothing beside it."""
    written = write(FIRST)
    assert FIRST == ours(out)
    assert tuple(sorted((*FIRST, "manifest.json"))) == written.changed
    assert ["esp32"] == names_beside(out)
    assert 0o755 == out.stat().st_mode & 0o777


def test_nothing_is_touched_when_nothing_changes(out: Path, write: Callable[..., Written]) -> None:
    """A second identical run leaves every inode and time as it was, those of folders too."""
    write(FIRST)
    before = snapshot(out.parent)
    assert ((), (), ()) == (write(FIRST).changed, write(FIRST).kept, write(FIRST).saved)
    assert before == snapshot(out.parent)


def test_files_that_did_not_change_keep_inode_and_time(out: Path, write: Callable[..., Written]) -> None:
    """A build system sees only what really changed as changed."""
    write(FIRST)
    before = snapshot(out)
    assert ("manifest.json", "model.tflite") == write(SECOND).changed
    after = snapshot(out)
    assert before["firmware/main/model.c"] == after["firmware/main/model.c"]
    assert before["firmware/main/app_main.cc"] == after["firmware/main/app_main.cc"]
    assert before["model.tflite"][0] != after["model.tflite"][0]


def test_what_is_no_longer_emitted_disappears(out: Path, write: Callable[..., Written]) -> None:
    """A file of ours that the new tree lacks is gone, with its folder where that is empty."""
    write({**FIRST, "firmware/old/gone.c": b"x"})
    assert "firmware/old/gone.c" in write(FIRST).changed
    assert FIRST == ours(out)
    assert not (out / "firmware" / "old").exists()


def test_what_the_user_deleted_comes_back(out: Path, write: Callable[..., Written]) -> None:
    """A generated file that was deleted is written again."""
    write(FIRST)
    (out / "model.tflite").unlink()
    assert ("model.tflite",) == write(FIRST).changed
    assert FIRST == ours(out)


# ---- what is the user's --------------------------------------------------------------------------------------------


def test_the_users_own_files_survive(out: Path, write: Callable[..., Written]) -> None:
    """Build folders, configuration, empty folders and links (broken ones too) are the same objects afterwards."""
    write(FIRST)
    (out / "firmware" / "build" / "deep").mkdir(parents=True)
    (out / "firmware" / "build" / "deep" / "x.o").write_bytes(b"object")
    (out / "firmware" / "sdkconfig").write_text("CONFIG_X=y\n")
    (out / "firmware" / "empty" / "inner").mkdir(parents=True)
    (out / "to_file").symlink_to("firmware/sdkconfig")
    (out / "to_folder").symlink_to(out.parent)
    (out / "to_nowhere").symlink_to("/nonexistent/place")
    before = snapshot(out)
    write(SECOND)
    after = snapshot(out)
    for name in ("firmware/build/deep/x.o", "firmware/sdkconfig"):
        assert before[name] == after[name]
    assert (out / "firmware" / "empty" / "inner").is_dir()
    targets = [str((out / name).readlink()) for name in ("to_file", "to_folder", "to_nowhere")]
    assert ["firmware/sdkconfig", str(out.parent), "/nonexistent/place"] == targets


def test_an_edited_user_file_is_kept(out: Path, write: Callable[..., Written]) -> None:
    """A file that belongs to the user after the first time is never overwritten, and the run says so, every time."""
    write(FIRST)
    (out / USER_FILES[0]).write_text("mine\n")
    for files in (SECOND, {**SECOND, USER_FILES[0]: b"our new version\n"}, FIRST):
        assert USER_FILES == write(files).kept
        assert "mine\n" == (out / USER_FILES[0]).read_text()


def test_an_untouched_user_file_follows_the_template(out: Path, write: Callable[..., Written]) -> None:
    """Where the user never edited it, a user file is renewed like any other."""
    write(FIRST)
    assert () == write({**FIRST, USER_FILES[0]: b"better\n"}).kept
    assert b"better\n" == (out / USER_FILES[0]).read_bytes()


def test_an_edited_user_file_outlives_an_emission_without_it(out: Path, write: Callable[..., Written]) -> None:
    """A model that does not fit emits no firmware; what the user wrote stays, and the next firmware takes it again."""
    write(FIRST)
    (out / USER_FILES[0]).write_text("mine\n")
    write({"model.tflite": b"too large"})
    assert {"model.tflite": b"too large", USER_FILES[0]: b"mine\n"} == ours(out)
    assert USER_FILES == write(SECOND).kept
    assert {**SECOND, USER_FILES[0]: b"mine\n"} == ours(out)


def test_an_edited_generated_file_is_refused(out: Path, write: Callable[..., Written]) -> None:
    """Without force nothing is touched, and the sentence names the file and the ways out."""
    write(FIRST)
    (out / "firmware/main/model.c").write_text("patched\n")
    before = snapshot(out.parent)
    with pytest.raises(OutputError, match=r"firmware/main/model.c was edited .* --force .*suffix \.user"):
        write(SECOND)
    assert before == snapshot(out.parent)


def test_many_edited_files_are_not_all_listed(out: Path, write: Callable[..., Written]) -> None:
    """The sentence stays readable however many files were edited."""
    files = {f"file{index}": b"x" for index in range(9)}
    write(files)
    for name in files:
        (out / name).write_text("edited")
    with pytest.raises(OutputError, match="file0, file1, file2, file3, file4 and others was edited"):
        write(files)


def test_force_keeps_the_edited_version_beside(out: Path, write: Callable[..., Written]) -> None:
    """With force the user's version gets the suffix .user, and a second one does not overwrite the first."""
    name = "firmware/main/model.c"
    write(FIRST)
    (out / name).write_text("patch 1\n")
    assert (f"{name}.user",) == write(SECOND, force=True).saved
    assert SECOND[name] == (out / name).read_bytes()
    (out / name).write_text("patch 2\n")
    assert (f"{name}.user1",) == write(FIRST, force=True).saved
    assert FIRST[name] == (out / name).read_bytes()
    assert ["patch 1\n", "patch 2\n"] == [(out / f"{name}.user{number}").read_text() for number in ("", "1")]


def test_force_keeps_an_edited_file_that_is_no_longer_emitted(out: Path, write: Callable[..., Written]) -> None:
    """An edited file that the new tree lacks is refused, and with force remains as .user alone."""
    write({**FIRST, "extra.c": b"x"})
    (out / "extra.c").write_text("mine")
    with pytest.raises(OutputError, match=r"extra\.c was edited"):
        write(FIRST)
    write(FIRST, force=True)
    assert {**FIRST, "extra.c.user": b"mine"} == ours(out)


def test_a_users_file_where_ours_would_go(out: Path, write: Callable[..., Written]) -> None:
    """A file of the user's that stands in the place of a new one of ours is not overwritten without force."""
    write(FIRST)
    (out / "notes.txt").write_text("mine")
    with pytest.raises(OutputError, match=r"notes\.txt"):
        write({**FIRST, "notes.txt": b"ours"})
    write({**FIRST, "notes.txt": b"ours"}, force=True)
    assert ("ours", "mine") == ((out / "notes.txt").read_text(), (out / "notes.txt.user").read_text())


# ---- folders that are not ours -------------------------------------------------------------------------------------


@pytest.mark.parametrize("manifest", [None, b"", b"{}", b"[]", b"nonsense", b'{"outputs": 3}', b"\xff"])
def test_a_folder_that_is_not_ours_is_refused(out: Path, write: Callable[..., Written], manifest: bytes | None) -> None:
    """A folder with something in it, and no manifest of ours, is left alone; force writes beside what is there."""
    out.mkdir(parents=True)
    (out / "thesis.tex").write_text("years of work")
    if manifest is not None:
        (out / "manifest.json").write_bytes(manifest)
    before = snapshot(out.parent)
    with pytest.raises(OutputError, match="something else than an earlier result"):
        write(FIRST)
    assert before == snapshot(out.parent)
    write(FIRST, force=True)
    assert b"years of work" == ours(out)["thesis.tex"]
    assert FIRST.items() <= ours(out).items()


def test_an_empty_folder_is_taken(out: Path, write: Callable[..., Written]) -> None:
    """An empty folder is as good as none."""
    out.mkdir(parents=True)
    write(FIRST)
    assert FIRST == ours(out)


def test_a_file_in_the_folders_place(out: Path, write: Callable[..., Written]) -> None:
    """A file where the folder should be is refused, with force too, and stays."""
    out.parent.mkdir(parents=True)
    out.write_text("a file")
    for force in (False, True):
        with pytest.raises(OutputError):
            write(FIRST, force=force)
    assert "a file" == out.read_text()


def test_a_file_in_the_place_of_a_parent(tmp_path: Path) -> None:
    """A path that leads through a file is refused with the reason."""
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputError, match="cannot be written"):
        write_tree(tmp_path / "file" / "out", with_manifest(FIRST))


def test_a_users_folder_in_the_place_of_a_file(out: Path, write: Callable[..., Written]) -> None:
    """A folder where a file of ours should go is refused, and everything stays as it was."""
    write(FIRST)
    (out / "labels.txt").mkdir()
    (out / "labels.txt" / "x").write_text("mine")
    before = snapshot(out)
    with pytest.raises(OutputError, match="cannot be written"):
        write({**FIRST, "labels.txt": b"0\n"})
    assert before == snapshot(out)
    assert ["esp32"] == names_beside(out)


def test_the_folder_that_one_stands_in(
    out: Path, write: Callable[..., Written], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder that is replaced as a whole would pull the ground from under a shell inside it: it is refused."""
    write(FIRST)
    monkeypatch.chdir(out / "firmware")
    with pytest.raises(OutputError, match="you are inside it"):
        write_tree(Path(".."), with_manifest(SECOND))
    assert FIRST == ours(out)
    write_tree(Path(".."), with_manifest(FIRST))


def test_a_link_to_the_folder_is_followed(out: Path, tmp_path: Path, write: Callable[..., Written]) -> None:
    """Where the output folder is a link, the folder behind it is renewed and the link stays one."""
    write(FIRST)
    link = tmp_path / "link"
    link.symlink_to(out)
    write_tree(link, with_manifest(SECOND))
    assert link.is_symlink()
    assert SECOND == ours(out)


# ---- how it is done ------------------------------------------------------------------------------------------------


def test_leftovers_of_killed_runs_are_cleaned(out: Path, write: Callable[..., Written]) -> None:
    """Staging folders beside the output go away; other folders and files stay."""
    write(FIRST)
    (out.parent / ".esp32.abcd" / "firmware").mkdir(parents=True)
    others = [out.parent / "host", out.parent / ".host.abcd", out.parent / "esp32.abcd"]
    for other in others:
        other.mkdir()
    clean_leftovers(out)
    assert sorted([out, *others]) == sorted(out.parent.iterdir())
    assert FIRST == ours(out)


def test_without_an_exchange_of_folders(
    out: Path, write: Callable[..., Written], monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a file system that cannot exchange two folders the result is the same."""

    class Library:
        """A C library without the call."""

    write(FIRST)
    monkeypatch.setattr(output.ctypes, "CDLL", lambda *_, **__: Library())
    monkeypatch.setattr(output.sys, "platform", "linux")
    write(SECOND)
    assert SECOND == ours(out)
    assert ["esp32"] == names_beside(out)


def test_without_hard_links(out: Path, write: Callable[..., Written], monkeypatch: pytest.MonkeyPatch) -> None:
    """Where files cannot be linked they are copied with their times."""
    write(FIRST)
    before = (out / "firmware/main/model.c").stat().st_mtime_ns

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError

    monkeypatch.setattr(output.os, "link", refuse)
    write(SECOND)
    assert SECOND == ours(out)
    assert before == (out / "firmware/main/model.c").stat().st_mtime_ns


def test_a_failure_on_the_way_changes_nothing(
    out: Path, write: Callable[..., Written], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk in the middle leaves the old folder, no staging, and a sentence."""
    write(FIRST)
    before = snapshot(out)

    def fail(self: Path, content: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", fail)
    with pytest.raises(OutputError, match="No space left on device"):
        write(SECOND)
    assert before == snapshot(out)
    assert ["esp32"] == names_beside(out)


NAMES = st.sampled_from(["a", "b", "c/a", "c/b", "d/e/f", USER_FILES[0]])
TREES = st.dictionaries(NAMES, st.binary(max_size=3), min_size=1)


@settings(max_examples=40, deadline=None)
@given(trees=st.lists(TREES, min_size=2, max_size=4), edits=st.dictionaries(NAMES, st.binary(min_size=5, max_size=6)))
def test_nothing_of_the_users_is_ever_lost(
    tmp_path_factory: pytest.TempPathFactory, trees: list[dict[str, bytes]], edits: dict[str, bytes]
) -> None:
    """Whatever trees follow each other, everything that the user wrote is still there under some name."""
    folder = tmp_path_factory.mktemp("trees") / "out"
    write_tree(folder, with_manifest(trees[0]), user_files=USER_FILES)
    for name, content in edits.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    for files in trees[1:]:
        try:
            write_tree(folder, with_manifest(files), user_files=USER_FILES)
        except OutputError:
            write_tree(folder, with_manifest(files), user_files=USER_FILES, force=True)
        found = contents(folder)
        assert set(edits.values()) <= set(found.values())
        expected = {name: content for name, content in files.items() if name not in USER_FILES}
        assert expected.items() <= found.items()
    clean_leftovers(folder)
    assert [folder] == list(folder.parent.iterdir())
