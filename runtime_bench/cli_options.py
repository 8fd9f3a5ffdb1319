"""The options that commands share."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer


class SelfTestKind(str, Enum):
    """How much a firmware's self-test looks at; `pipeline/vocabulary.py` says the same without being imported here."""

    USUAL = "usual"
    FULL = "full"


class RuntimeName(str, Enum):
    """What runs the model; likewise."""

    TFLM = "tflm"
    LITERT = "litert"
    STATIC = "static"


TargetOption = Annotated[str, typer.Option("--target", help="Name of the board; see `edgewright targets`.")]
TargetsOption = Annotated[
    str, typer.Option("--target", help="Name of the board, see `edgewright targets`, or `all` for every board.")
]
ModelOption = Annotated[
    str | None, typer.Option(help="A Keras .keras, .h5 or SavedModel, or file.py:function that trains one.")
]
DataOption = Annotated[
    str | None,
    typer.Option(
        help="An .npz with x_train, y_train, x_test, y_test, a folder of images by class, or file.py:function."
    ),
]
RecipeOption = Annotated[Path | None, typer.Option(help="TOML file that lists the stages.")]
SeedOption = Annotated[int | None, typer.Option(min=0, max=2**31 - 1, help="Instead of the recipe's seed.")]
TrustOption = Annotated[
    bool, typer.Option("--trust-model", help="Allow Lambda layers, which run code from the model's file.")
]
FamiliesOption = Annotated[
    str | None,
    typer.Option("--family", help="Firmware family, if not the target's default one; `all` with all boards."),
]
FamilyOption = Annotated[str | None, typer.Option("--family", help="Firmware family, if not the target's default one.")]
RuntimeOption = Annotated[
    RuntimeName | None,
    typer.Option(
        "--runtime",
        help="What runs the model, if not the family's default: tflm, or static, plain C without an interpreter.",
        show_default=False,
    ),
]
PrefixOption = Annotated[
    str | None,
    typer.Option("--prefix", help="What generated names begin with; edgewright if not given."),
]
SelfTestOption = Annotated[
    SelfTestKind,
    typer.Option("--selftest", help="full: the firmware looks at every layer at every boot, not after a wrong output."),
]
OutOption = Annotated[
    Path | None, typer.Option("--out", help="Output folder; build/TARGET if not given.", show_default=False)
]
CacheOption = Annotated[
    Path, typer.Option("--cache", envvar="EDGEWRIGHT_CACHE", help="Folder in which finished stages are kept.")
]
ForceOption = Annotated[
    bool,
    typer.Option("--force", help="Overwrite generated files that were edited, and emit firmware that does not fit."),
]
PortOption = Annotated[str | None, typer.Option("--port", help="Serial port of the board.")]
FixOption = Annotated[
    bool,
    typer.Option("--fix", help="Repair what the lint finds and can repair with equal outputs, before evaluation."),
]
RunOption = Annotated[
    bool, typer.Option("--run", help="Build the firmware, run its self-test in an emulator and count instructions.")
]
DEFAULT_CACHE = Path("build/cache")
ALL = "all"
"""Instead of a target's name; `pipeline/catalogue.py` says the same without being imported for `--help`."""


def output_folder(out: Path | None, name: str) -> Path:
    """Return the output folder: the given one, or that of the name."""
    return out or Path("build") / name
