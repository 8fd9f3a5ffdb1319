"""An Android archive (`.aar`) of an emitted module: compiled without Gradle and without the Android SDK.

The same module and libraries give the same bytes: entries are sorted, dated 1980 and not compressed.
Source: the layout of an .aar, developer.android.com/studio/projects/android-library.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree

from edgewright.pipeline.archive import archive
from edgewright.pipeline.cache import Cache
from edgewright.pipeline.errors import OutputError, ToolError
from edgewright.pipeline.kotlin import compile_kotlin
from edgewright.pipeline.maven import Library, fetch
from edgewright.pipeline.target import AarFacts, Family

MANIFEST = "aar/AndroidManifest.xml"
SOURCES = "src/main/kotlin"
ASSETS = "src/main/assets"
RULES = "consumer-rules.pro"
METADATA = b"aarFormatVersion=1.0\naarMetadataVersion=1.0\nminCompileSdk=1\n"


def build_aar(family: Family, out: Path, cache: Cache) -> Path:
    """Compile the module of an output folder to an `.aar`, which is left beside it.

    Args:
        family: which kind of module it is.
        out: the output folder.
        cache: where compiler and libraries are kept.

    Returns:
        The archive, called as the module's package ends.

    Raises:
        ToolError: the family has no archive, a JDK or Maven is missing or failed, or the sources do not compile.
        OutputError: the folder holds no such module.
    """
    if family.aar is None:
        raise ToolError(f'There is no .aar of a "{family.name}" tree; choose a target for apps, --target android.')
    module = out / family.folder
    package = _package_of(module / MANIFEST)
    path = out / f"{package.rpartition('.')[2]}.aar"
    content = archive(aar_files(module, package, family.aar, cache))
    part = path.with_suffix(".part")
    part.write_bytes(content)
    part.replace(path)
    return path


def aar_files(module: Path, package: str, facts: AarFacts, cache: Cache) -> Mapping[str, bytes]:
    """Return the entries of a module's archive.

    Raises:
        ToolError: a JDK or Maven is missing or failed, or the sources do not compile.
        OutputError: the folder holds no such module.
    """
    jars = fetch(libraries_of(facts), cache)
    with tempfile.TemporaryDirectory() as folder:
        classes = Path(folder)
        compile_kotlin([module / SOURCES], classes, jars=jars.values(), module=package, jvm_target=facts.jvm_target)
        compiled = _read_tree(classes)
    try:
        assets = _read_tree(module / ASSETS)
        manifest, rules = (module / MANIFEST).read_bytes(), (module / RULES).read_bytes()
    except OSError as error:
        raise OutputError(f"{module}: {error.filename} is missing; emit the module again.") from None
    return {
        "AndroidManifest.xml": manifest,
        "META-INF/com/android/build/gradle/aar-metadata.properties": METADATA,
        "R.txt": b"",
        "classes.jar": archive(compiled),
        "proguard.txt": rules,
        **{f"assets/{name}": content for name, content in assets.items()},
    }


def libraries_of(facts: AarFacts) -> tuple[Library, ...]:
    """Return the compiler with all that it needs, and what the sources are compiled against."""
    return (
        Library(coordinate=facts.compiler, is_alone=False),
        *(Library(coordinate=coordinate) for coordinate in facts.libraries),
    )


def _package_of(manifest: Path) -> str:
    try:
        return ElementTree.fromstring(manifest.read_text(encoding="utf-8")).attrib["package"]  # noqa: S314 - our own
    except (OSError, UnicodeDecodeError, ElementTree.ParseError, KeyError):
        raise OutputError(
            f"{manifest}: is missing or cannot be read; emit the module first, with edgewright build or emit."
        ) from None


def _read_tree(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }
