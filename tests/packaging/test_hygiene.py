"""The files around the code: hooks that need no network, and a licence that is whole."""

import os
import subprocess
from pathlib import Path

import yaml


def test_hooks_are_local(clone: Path) -> None:
    """pre-commit clones nothing: each hook is a tool of .venv or a goal of the Makefile."""
    configuration = yaml.safe_load((clone / ".pre-commit-config.yaml").read_text())
    hooks = [hook for repository in configuration["repos"] for hook in repository["hooks"]]

    assert ["local"] == [repository["repo"] for repository in configuration["repos"]]
    assert {"system"} == {hook["language"] for hook in hooks}
    assert all(hook["entry"].startswith((".venv/bin/", "make ")) for hook in hooks)


def test_licence_is_the_whole_apache_licence(clone: Path) -> None:
    """LICENSE has all nine sections and the appendix."""
    text = (clone / "LICENSE").read_text()

    assert [f"   {number}. " in text for number in range(1, 10)] == [True] * 9
    assert "Version 2.0, January 2004" in text
    assert "APPENDIX: How to apply the Apache License to your work." in text


def test_ci_script_is_executable_and_parses(clone: Path) -> None:
    """`.ci/run` can be started as it is, and bash accepts it."""
    script = clone / ".ci" / "run"

    assert os.access(script, os.X_OK)
    assert 0 == subprocess.run(["bash", "-n", str(script)], check=False).returncode


def test_adr_numbers_are_unique(clone: Path) -> None:
    """Decisions are numbered from 0001 without a gap."""
    numbers = sorted(int(path.name[:4]) for path in (clone / "docs" / "adr").glob("*.md"))

    assert list(range(1, len(numbers) + 1)) == numbers
