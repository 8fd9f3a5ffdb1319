"""Libraries for the JVM from a Maven repository, by the `mvn` that the user has, with the settings that it has."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

from edgewright.pipeline.cache import Cache
from edgewright.pipeline.errors import ToolError

INSTALL_MAVEN = "install Maven (Debian: apt install maven)"
TIMEOUT_SECONDS = 900
SHOWN_CHARACTERS = 300
POM = """\
<project xmlns="http://maven.apache.org/POM/4.0.0">
<modelVersion>4.0.0</modelVersion>
<groupId>edgewright</groupId>
<artifactId>libraries</artifactId>
<version>1</version>
<dependencies>
{dependencies}
</dependencies>
</project>
"""
ALONE = "<exclusions><exclusion><groupId>*</groupId><artifactId>*</artifactId></exclusion></exclusions>"


@dataclass(frozen=True, kw_only=True)
class Library:
    """One library of a repository."""

    coordinate: str
    """`group:artifact:version`, or with a classifier behind it; with `@aar` at the end an Android archive, of which the
    classes are taken."""
    is_alone: bool = True
    """Whether what it depends on is left out."""


def unavailable_reason() -> str | None:
    """Say what is missing to fetch libraries, and how to install it."""
    return None if shutil.which("mvn") else f"mvn is missing, which fetches libraries; {INSTALL_MAVEN}"


def fetch(libraries: Sequence[Library], cache: Cache) -> dict[str, Path]:
    """Fetch libraries, or find that they were fetched already.

    Args:
        libraries: which ones.
        cache: where they are kept.

    Returns:
        File name -> path of every `.jar`, those that come along included; the classes of an Android archive have its
        name with the other suffix.

    Raises:
        ToolError: Maven is missing or cannot get one of them.
    """
    pom = POM.format(dependencies="\n".join(_dependency(library) for library in libraries))

    def make(folder: Path) -> None:
        _run_maven(pom, folder)
        for archive in sorted(folder.glob("*.aar")):
            with zipfile.ZipFile(archive) as content:
                archive.with_suffix(".jar").write_bytes(content.read("classes.jar"))
            archive.unlink()

    folder = cache.obtain({"kind": "jars", "pom": pom}, make)
    return {path.name: path for path in sorted(folder.glob("*.jar"))}


def _dependency(library: Library) -> str:
    name, _, kind = library.coordinate.partition("@")
    tags = zip(("groupId", "artifactId", "version", "classifier"), name.split(":"), strict=False)
    fields = "".join(f"<{tag}>{escape(value)}</{tag}>" for tag, value in tags)
    return f"<dependency>{fields}<type>{kind or 'jar'}</type>{ALONE if library.is_alone else ''}</dependency>"


def _run_maven(pom: str, folder: Path) -> None:
    """Let Maven copy everything that a project depends on into a folder."""
    if reason := unavailable_reason():
        raise ToolError(f"{reason}.")
    with tempfile.TemporaryDirectory() as project:
        (Path(project) / "pom.xml").write_text(pom, encoding="utf-8")
        command = [
            "mvn",
            "--batch-mode",
            "--quiet",
            "dependency:copy-dependencies",
            f"-DoutputDirectory={folder.resolve()}",
        ]
        try:
            finished = subprocess.run(
                command, cwd=project, capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=False,
                stdin=subprocess.DEVNULL,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise ToolError(
                f"mvn did not get the libraries within {TIMEOUT_SECONDS} s; see that it reaches a repository."
            ) from None
    if finished.returncode != 0:
        lines = re.findall(r"\[ERROR\]\S* (.*\S)", finished.stdout) or ["it said nothing"]
        raise ToolError(
            f"mvn could not get the libraries: {lines[0][:SHOWN_CHARACTERS]}; see that it reaches a repository that "
            "has them."
        )
