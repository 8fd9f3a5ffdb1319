"""Android archives: what is missing is said in one sentence (tests/emission/test_emission_android.py builds some)."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgewright.pipeline.aar import build_aar
from edgewright.pipeline.cache import Cache
from edgewright.pipeline.errors import OutputError, ToolError
from edgewright.pipeline.kotlin import compile_kotlin
from edgewright.pipeline.maven import Library, fetch
from edgewright.pipeline.target import load_family

MANIFEST = '<manifest package="dev.edgewright.mine" />'


def module_in(folder: Path) -> Path:
    """Make an output folder with as much of a module as is looked at first."""
    (folder / "module" / "aar").mkdir(parents=True)
    (folder / "module" / "aar" / "AndroidManifest.xml").write_text(MANIFEST)
    return folder


def test_other_families_have_no_archive(tmp_path: Path) -> None:
    """A firmware family is refused by name."""
    with pytest.raises(ToolError, match=r'There is no \.aar of a "zephyr" tree; .*--target android'):
        build_aar(load_family("zephyr"), tmp_path, Cache(root=tmp_path / "cache"))


def test_missing_module_is_named(tmp_path: Path) -> None:
    """Without a module the sentence says which file is missing and what to run first."""
    with pytest.raises(OutputError, match=r"AndroidManifest\.xml: is missing .* emit the module first"):
        build_aar(load_family("android"), tmp_path, Cache(root=tmp_path / "cache"))


def test_missing_maven_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without Maven the sentence says how to install it, and nothing is kept."""
    monkeypatch.setenv("PATH", str(tmp_path))
    out, cache = module_in(tmp_path / "out"), Cache(root=tmp_path / "cache")
    with pytest.raises(ToolError, match=r"^mvn is missing, .*apt install maven\)\.$"):
        build_aar(load_family("android"), out, cache)
    assert [] == list(out.glob("*.aar"))


def test_missing_jdk_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a JDK the sentence says how to install one."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolError, match=r"^java is missing, .*apt install default-jdk-headless\)\.$"):
        compile_kotlin([], tmp_path, jars=(), module="m", jvm_target="1.8")


def test_what_maven_says_is_passed_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Maven's own first complaint stands in the sentence."""
    maven = tmp_path / "mvn"
    maven.write_text("#!/bin/sh\necho '[ERROR] Could not find artifact a:b:jar:1'\nexit 1\n")
    maven.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with pytest.raises(ToolError, match=r"could not get the libraries: Could not find artifact a:b:jar:1; see"):
        fetch([Library(coordinate="a:b:1")], Cache(root=tmp_path / "cache"))
