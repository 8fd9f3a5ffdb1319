"""Running the real `edgewright` command in a process of its own, and looking at what it did to a folder."""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
import sys
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from unittest import mock

TIMEOUT_SECONDS = 900


def edgewright(
    *arguments: str | Path,
    cwd: Path,
    before: Sequence[str] = (),
    timeout_seconds: float = TIMEOUT_SECONDS,
    **environment: str,
) -> subprocess.CompletedProcess[str]:
    """Run the installed command.

    Args:
        arguments: after `edgewright`.
        cwd: working folder.
        before: words in front of the command, `taskset -c 0` for instance.
        timeout_seconds: a hang is a failure.
        environment: further variables.
    """
    command = [*before, str(Path(sys.executable).with_name("edgewright")), *map(str, arguments)]
    return run_quietly(command, cwd=cwd, timeout_seconds=timeout_seconds, **environment)


def edgewright_here(*arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run the command in this process, where TensorFlow need not be imported anew.

    Only for what is refused or quick: a crash takes the tests along, and what native code writes is not seen.
    """
    from edgewright.runtime_bench import cli

    words = ["edgewright", *map(str, arguments)]
    out, err, status, before = io.StringIO(), io.StringIO(), 0, Path.cwd()
    os.chdir(cwd)
    try:
        with mock.patch.object(sys, "argv", words), redirect_stdout(out), redirect_stderr(err):
            cli.main()
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
    finally:
        os.chdir(before)
    return subprocess.CompletedProcess(words, status, out.getvalue(), err.getvalue())


def python(
    script: str, *arguments: str | Path, cwd: Path, timeout_seconds: float = TIMEOUT_SECONDS, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run a script in a fresh interpreter."""
    command = [sys.executable, "-c", script, *map(str, arguments)]
    return run_quietly(command, cwd=cwd, timeout_seconds=timeout_seconds, **environment)


def run_quietly(
    command: Sequence[str], *, cwd: Path, timeout_seconds: float, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run a program with wide, colourless output and without what the user's own environment says of edgewright."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("EDGEWRIGHT_", "TF_"))}
    return subprocess.run(
        command,
        cwd=cwd,
        env={**inherited, "COLUMNS": "200", "NO_COLOR": "1", **environment},
        capture_output=True,
        text=True,
        timeout=timeout_seconds,
        check=False,
    )


def assert_refused(finished: subprocess.CompletedProcess[str], *fragments: str, status: int = 2) -> None:
    """Hold a run to the promise about bad input: the status, and one line on standard error without a traceback."""
    assert status == finished.returncode, finished.stdout + finished.stderr
    assert 1 == len(finished.stderr.splitlines()), finished.stderr
    assert finished.stderr.startswith("error: ")
    assert finished.stderr.rstrip().endswith((".", ").")), finished.stderr
    assert [] == [fragment for fragment in fragments if fragment not in finished.stderr], finished.stderr


def contents(folder: Path) -> dict[str, bytes]:
    """Return what every file below a folder holds, by relative path."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }


def snapshot(folder: Path) -> dict[str, tuple[int, int, str]]:
    """Return inode, time of change and digest (or kind) of everything below a folder, and of the folder itself."""
    return {path.relative_to(folder).as_posix(): _state(path) for path in (folder, *sorted(folder.rglob("*")))}


def _state(path: Path) -> tuple[int, int, str]:
    found = path.lstat()
    if path.is_symlink():
        return found.st_ino, found.st_mtime_ns, f"link to {path.readlink()}"
    text = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "folder"
    return found.st_ino, found.st_mtime_ns, text
