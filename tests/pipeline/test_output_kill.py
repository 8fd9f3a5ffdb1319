"""A run that is killed at any point leaves the old output folder or the new one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.command import python

COMMON = """
import hashlib, json, os, random, signal, sys, time
from pathlib import Path
from edgewright.pipeline.output import clean_leftovers, write_tree

def tree(version):
    files = {f"firmware/main/file{i}.c": f"{version if i % 2 else 'same'} {i}\\n".encode() * 400 for i in range(8)}
    files |= {f"firmware/{version}/only.c": b"x", "model.tflite": version.encode() * 3000}
    outputs = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    return {**files, "manifest.json": json.dumps({"outputs": outputs}).encode()}

TREES = {version: tree(version) for version in "AB"}
USERS = {"firmware/sdkconfig": b"mine", "firmware/build/x.o": b"object"}

def found(folder):
    paths = [path for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}

def state(folder):
    files = found(folder)
    versions = [version for version in TREES if {**TREES[version], **USERS} == files]
    return versions[0] if versions else sorted(files)

def prepare(folder):
    write_tree(folder, TREES["A"])
    for name, content in USERS.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)

def end(child):
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
"""

AT_EVERY_EVENT = (
    COMMON
    + """
WATCHED = ("open", "os.", "shutil.", "tempfile.", "ctypes.")
count = -1

def watch(event, arguments):
    # Kills this process before its n-th operation on files.
    global count
    if count >= 0 and event.startswith(WATCHED):
        count -= 1
        if count < 0:
            os.kill(os.getpid(), signal.SIGKILL)

folder = Path(sys.argv[1]) / "out"
prepare(folder)
sys.addaudithook(watch)
states, events = [], 0
while True:
    wanted = "B" if state(folder) == "A" else "A"
    child = os.fork()
    if child == 0:
        count = events
        try:
            write_tree(folder, TREES[wanted])
            count = -1
            os._exit(0)
        except BaseException:
            os._exit(3)
    status = end(child)
    states.append(state(folder))
    clean_leftovers(folder)
    assert os.listdir(folder.parent) == ["out"], os.listdir(folder.parent)
    if status == 0:
        break
    assert status == -signal.SIGKILL, status
    events += 1
print(json.dumps([events, states]))
"""
)

AT_RANDOM_TIMES = (
    COMMON
    + """
folder = Path(sys.argv[1]) / "out"
prepare(folder)
draw = random.Random(1)
states = []
for _ in range(int(sys.argv[2])):
    child = os.fork()
    if child == 0:
        while True:
            for version in "BA":
                write_tree(folder, TREES[version])
    time.sleep(draw.uniform(0.0, 0.05))
    os.kill(child, signal.SIGKILL)
    end(child)
    states.append(state(folder))
    clean_leftovers(folder)
    assert os.listdir(folder.parent) == ["out"]
print(json.dumps(states))
"""
)


@pytest.mark.slow
def test_killed_before_every_operation(tmp_path: Path) -> None:
    """A writer that is killed before its first, second, ... operation on files never leaves a mixture."""
    place = tmp_path / "every"
    place.mkdir()
    finished = python(AT_EVERY_EVENT, place, cwd=tmp_path)
    assert (0, "") == (finished.returncode, finished.stderr)
    events, states = json.loads(finished.stdout)
    assert events > 60
    assert {"A", "B"} == set(map(str, states))


@pytest.mark.slow
def test_killed_at_random_times(tmp_path: Path) -> None:
    """A writer that goes back and forth between two versions and is killed at any time leaves one of them whole."""
    place = tmp_path / "random"
    place.mkdir()
    finished = python(AT_RANDOM_TIMES, place, "60", cwd=tmp_path)
    assert (0, "") == (finished.returncode, finished.stderr)
    assert {"A", "B"} == set(map(str, json.loads(finished.stdout)))
