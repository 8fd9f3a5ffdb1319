"""Compiling Kotlin with the compiler that comes as a library, so that no installation of Kotlin is needed."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path

from edgewright.pipeline.errors import ToolError

COMPILER = "org.jetbrains.kotlin.cli.jvm.K2JVMCompiler"
INSTALL_JDK = "install a JDK of 17 or newer (Debian: apt install default-jdk-headless)"
TIMEOUT_SECONDS = 600
COMPILER_PREFIXES = ("kotlin-", "annotations-13", "trove4j-")
"""How the libraries begin that the compiler consists of."""


def unavailable_reason() -> str | None:
    """Say what is missing to compile, and how to install it."""
    for program in ("java", "javac"):  # the compiler reads the classes of older versions from a JDK
        if shutil.which(program) is None:
            return f"{program} is missing, without which no Kotlin is compiled; {INSTALL_JDK}"
    return None


def compile_kotlin(
    sources: Sequence[Path],
    classes: Path,
    *,
    jars: Iterable[Path],
    module: str,
    jvm_target: str,
    friends: Sequence[Path] = (),
) -> str:
    """Compile sources to classes.

    Args:
        sources: files and folders.
        classes: the folder that takes the classes.
        jars: the compiler and all that the sources use.
        module: name of the compiled module.
        jvm_target: version of the class files and of the JDK's API, `1.8` for instance.
        friends: folders of classes whose internal members the sources may use.

    Returns:
        What the compiler warned of.

    Raises:
        ToolError: there is no JDK, or the sources do not compile.
    """
    if reason := unavailable_reason():
        raise ToolError(f"{reason}.")
    paths = tuple(jars)
    compiler = [path for path in paths if path.name.startswith(COMPILER_PREFIXES)]
    classpath = os.pathsep.join(map(str, (*friends, *paths)))
    command = [
        "java", "-cp", os.pathsep.join(map(str, compiler)), COMPILER, "-no-stdlib", "-no-reflect",
        "-module-name", module, "-jvm-target", jvm_target, f"-Xjdk-release={jvm_target}", "-classpath", classpath,
        *([f"-Xfriend-paths={','.join(map(str, friends))}"] if friends else []),
        "-d", str(classes), *map(str, sources),
    ]  # fmt: skip
    finished = subprocess.run(
        command, capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=False, stdin=subprocess.DEVNULL
    )
    if finished.returncode != 0:
        raise ToolError(
            f"The Kotlin compiler refused the sources: {finished.stderr.strip() or finished.stdout.strip()}"
        )
    return finished.stderr
