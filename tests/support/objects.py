"""Object files of the static engine's C in tests: the same text with the same flags is compiled once in a run."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from unittest import mock

from edgewright.runtime_bench.cores import Build, Core, Program, build, building

INCLUDE = re.compile(rb'^[ \t]*#[ \t]*include[ \t]*"([^"]+)"', re.MULTILINE)


class Objects:
    """A folder of object files, each named by the digest of what it was compiled from."""

    folder: Path | None = None
    """Set at the beginning of a run; without it everything is compiled."""

    def find(self, words: Sequence[str], source: Path) -> Path | None:
        """Return where the object of a command that compiles a source is or will be; None where nothing is kept."""
        if self.folder is None:
            return None
        folders = [Path(word[2:]) for word in words if word.startswith("-I")]
        digest = hashlib.sha256()
        for word in words:
            if not word.startswith("-I") and word != str(source):
                digest.update(word.encode() + b"\0")
        for path in read_files(source, folders):
            content = path.read_bytes()
            digest.update(f"{path.name} {len(content)} ".encode() + content)
        return self.folder / f"{digest.hexdigest()}.o"

    def keep(self, made: Path, place: Path) -> None:
        """Put an object in its place at once, for other workers look there."""
        handle, name = tempfile.mkstemp(dir=place.parent)
        os.close(handle)
        shutil.copyfile(made, name)
        Path(name).replace(place)


OBJECTS = Objects()


def read_files(source: Path, folders: Sequence[Path]) -> Iterator[Path]:
    """Yield a source and each file that it includes between quotation marks, in the order in which they are named."""
    seen: set[Path] = set()
    waiting = [source]
    while waiting:
        path = waiting.pop()
        if path not in seen:
            seen.add(path)
            yield path
            waiting += _included(path, folders)


def _included(path: Path, folders: Sequence[Path]) -> Iterator[Path]:
    for name in INCLUDE.findall(path.read_bytes()):
        found = next(
            (folder / name.decode() for folder in (path.parent, *folders) if (folder / name.decode()).is_file()), None
        )
        if found is not None:
            yield found


def compile_and_link(compiler: str, flags: Sequence[str], sources: Iterable[Path], program: Path) -> None:
    """Compile sources one by one without a word of the compiler, and link them into a program for this computer.

    With `-c` among the flags the one source becomes an object, and nothing is linked.
    """
    if "-c" in flags:
        _run((compiler, *flags, *map(str, sources), "-o", str(program)))
        return
    linked = []
    for number, source in enumerate(sources):
        words = (compiler, *flags, "-c", str(source))
        place = OBJECTS.find(words, source)
        if place is None or not place.is_file():
            made = program.with_name(f"{program.name}.{number}.o")
            _run((*words, "-o", str(made)))
            if place is not None:
                OBJECTS.keep(made, place)
            place = made
        linked.append(str(place))
    _run((compiler, *flags, *linked, "-o", str(program)))


def _run(command: Sequence[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (0, "") == (done.returncode, done.stderr)


def build_once(core: Core, what: Build, folder: Path) -> Program:
    """Build a program for an emulated core as the product does, with objects that are there already."""
    compile_one = building._run

    def run(core: Core, arguments: tuple[str, ...], made_from: Path) -> None:
        if "-c" not in arguments:
            compile_one(core, arguments, made_from)
            return
        words = (core.compiler.command, *core.compiler.flags, *arguments[:-2])
        place, target = OBJECTS.find(words, made_from), Path(arguments[-1])
        if place is not None and place.is_file():
            shutil.copyfile(place, target)
            return
        compile_one(core, arguments, made_from)
        if place is not None:
            OBJECTS.keep(target, place)

    with mock.patch.object(building, "_run", run):
        return build(core, what, folder)
