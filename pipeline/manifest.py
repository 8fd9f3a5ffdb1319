"""`manifest.json`: what a result was made from, and the digest of everything in it."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict

from edgewright.pipeline.digest import digest_bytes, digest_value, package_versions
from edgewright.pipeline.frameworks import VERSIONED_PACKAGES

SCHEMA_VERSION = 1


class Configuration(BaseModel):
    """Everything that decides a result, with defaults filled in."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    seed: int
    inputs: dict[str, str]
    """What was given (model, data, recipe, tflite) -> SHA-256."""
    recipe: dict[str, object]

    @property
    def digest(self) -> str:
        """SHA-256 of the configuration."""
        return digest_value(self.model_dump(mode="json"))


class Manifest(BaseModel):
    """The provenance of an output folder."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: int = SCHEMA_VERSION
    tool_version: str
    target: str
    family: str
    configuration: Configuration
    packages: dict[str, str]
    outputs: dict[str, str]
    """Relative path -> SHA-256 of what was generated; a file that differs was edited."""


def make_manifest(
    configuration: Configuration, target: str, family: str, tool_version: str, files: Mapping[str, bytes]
) -> Manifest:
    """Return the manifest of some files."""
    return Manifest(
        tool_version=tool_version,
        target=target,
        family=family,
        configuration=configuration,
        packages=package_versions(VERSIONED_PACKAGES),
        outputs={name: digest_bytes(content) for name, content in sorted(files.items())},
    )
