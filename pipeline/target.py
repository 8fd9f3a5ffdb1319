"""Targets and firmware families: folders of facts, found by glob and validated when they are loaded."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from edgewright.pipeline.errors import TargetError, nearest
from edgewright.pipeline.tomlfile import read_toml_as
from edgewright.pipeline.vocabulary import Kernels, Runtime

TARGETS = Path(str(files("edgewright.targets")))
FAMILIES = Path(str(files("edgewright.firmware_templates")))

Identifier = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*$")]
Bytes = Annotated[int, Field(gt=0)]
BoardIdentifier = Annotated[str, Field(pattern=r"^[\w./:-]+$")]
Coordinate = Annotated[str, Field(pattern=r"^[\w.-]+:[\w.-]+:[\w.-]+(@aar)?$")]
"""`group:artifact:version` in a Maven repository, with `@aar` behind it for an Android archive."""


class Facts(BaseModel):
    """Base of every file of facts: frozen, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ExternalRam(Facts):
    """How a family's tool puts a variable into PSRAM, and what that costs."""

    header: str
    """Header that defines the attribute."""
    attribute: Annotated[str, Field(pattern=r"^\w+$")]
    """Macro in front of a variable that starts with zeros."""
    sdkconfig: str = ""
    """Lines that this needs in ESP-IDF's configuration on every board."""
    cost: str
    """What it costs, with its source, for people; the rest of a sentence that begins with "PSRAM"."""


class Need(Facts):
    """What one of a family's commands needs beside the family's tool, or instead of it."""

    program: str
    module: str = ""
    """Of that program, where it is a Python."""
    install: str
    """The sentence that tells how to install it."""


class AarFacts(Facts):
    """What compiles a family's sources to an Android archive."""

    compiler: Coordinate
    """The Kotlin compiler; its standard library comes along."""
    libraries: tuple[Coordinate, ...]
    """What the sources are compiled against."""
    jvm_target: str


class ModelFiles(Facts):
    """Where a tree takes the model as a file; `{model}` stands for the name that its package ends in."""

    model: str
    labels: str

    def place(self, path: str, name: str) -> str:
        """Return a path with the model's name in its place."""
        return path.replace("{model}", name)


class StaticFacts(Facts):
    """What is otherwise where the model needs no interpreter."""

    build_command: tuple[str, ...]


class Family(Facts):
    """Facts of one firmware family: `firmware_templates/<name>/family.toml`."""

    name: str = ""
    title: str
    runtime: Runtime = Runtime.TFLM
    """The one that is emitted where nobody asks for another; of a chosen family, the one that was asked for."""
    other_runtimes: tuple[Runtime, ...] = ()
    """Those that it can be emitted over besides."""
    static: StaticFacts | None = None
    """None where only the library differs over the static runtime, and nothing that a person types."""
    folder: str = "firmware"
    """Folder of the output that takes the emitted tree."""
    kernels: Kernels = Kernels.REFERENCE
    """Of TensorFlow Lite Micro; another runtime says with `tolerance_lsb` how near it comes to the reference ones."""
    tolerance_lsb: int | None = None
    """Largest difference to the golden vectors; None takes that of the kernels."""
    softmax_tolerance_lsb: int | None = None
    """The same for a model with a softmax, which magnifies what differs before it."""
    tflm_source: str = ""
    """How TFLM gets in, for people: a component and its version, or what the user points at."""
    tflm_version: str = ""
    """Range of versions of that component; empty where the user chooses."""
    tflm_revision: str = ""
    """Commit of tensorflow/tflite-micro that this source was synchronized from, or `user` where the user chooses."""
    operator_table: str = ""
    """The table of operators that models are held to (`pipeline/facts/tflm/`), where that is not this revision's."""
    static_memory: bool = True
    """Whether that TFLM is built with TF_LITE_STATIC_MEMORY, which decides how its tensors are laid out.

    Without it a TfLiteTensor of a 32-bit core takes 64 bytes instead of 40: as many as with it on a 64-bit computer.
    """
    needs_machine: bool = False
    """Whether it is built from the start-up code and drivers of a machine, which a target then names."""
    needs_board: bool = True
    """Whether the tool must be told the board; a target then names it under `[boards]`."""
    cpp_suffix: Literal[".cc", ".cpp"] = ".cc"
    """How a C++ source must be called for the tool to compile it."""
    external_ram: ExternalRam | None = None
    """None where the harness cannot put its arena into PSRAM."""
    library_folder: str = ""
    """Folder of the emitted tree that takes the generated library: model, helpers and self-test."""
    files: ModelFiles | None = None
    """None where the model is an array in a source."""
    aar: AarFacts | None = None
    """None where there is nothing that `edgewright aar` could make."""
    user_files: tuple[str, ...] = ()
    """Emitted once, then the user's: a re-emission never overwrites them."""
    is_archived: bool = False
    """Whether the tree is left as a `.zip` as well, which Arduino's editor installs."""
    tool: str
    """The program that builds and flashes."""
    tool_install: str
    """The sentence that tells how to install that program."""
    build_command: tuple[str, ...]
    """May contain `{board}`, as every command may."""
    flash_command: tuple[str, ...] = ()
    """May contain `{port}`; empty where there is nothing to flash."""
    monitor_command: tuple[str, ...] = ()
    """Shows what the board prints; likewise."""
    flash_need: Need | None = None
    monitor_need: Need | None = None

    @model_validator(mode="after")
    def _has_its_runtimes_facts(self) -> Family:
        if self.runtime is Runtime.TFLM:
            for key in ("kernels", "tflm_source", "tflm_revision", "library_folder"):
                if key not in self.model_fields_set:
                    raise ValueError(f'{key}: is missing, and runtime = "tflm" needs it; add it')
        elif self.runtime is Runtime.STATIC:
            if not self.library_folder:
                raise ValueError('library_folder: is missing, and runtime = "static" needs it; add it')
        elif self.files is None or self.tolerance_lsb is None:
            raise ValueError(f'files, tolerance_lsb: runtime = "{self.runtime.value}" needs both; add what is missing')
        return self

    def over(self, runtime: Runtime) -> Family:
        """Return the family's facts over one of its runtimes; what is known of TFLM goes where that is not in it."""
        if runtime is not Runtime.STATIC or self.runtime is Runtime.STATIC:
            return self.model_copy(update={"runtime": runtime})
        command = self.static.build_command if self.static else self.build_command
        return self.model_copy(update={"runtime": runtime, "build_command": command, **_WITHOUT_TFLM})

    @property
    def runtimes(self) -> tuple[Runtime, ...]:
        """All that it can be emitted over, the default first."""
        return (self.runtime, *self.other_runtimes)

    @property
    def flash_line(self) -> str:
        """The command that flashes, for people, with PORT and BOARD in it; empty where there is nothing to flash."""
        return " ".join(self.flash_command).replace("{port}", "PORT").replace("{board}", "BOARD")


_WITHOUT_TFLM = {
    "kernels": Kernels.REFERENCE, "tflm_source": "", "tflm_version": "", "tflm_revision": "", "operator_table": "",
}  # fmt: skip


class Target(Facts):
    """Facts of one board: `targets/<name>/target.toml`."""

    name: str = ""
    title: str
    chip: str
    core: str
    word_bits: Annotated[int, Field(ge=8, le=64)]
    clock_hz: Annotated[int, Field(gt=0)] | None = None
    flash_bytes: Bytes | None = None
    """None where the board sets no limit (a host)."""
    ram_bytes: Bytes | None = None
    static_ram_bytes: Bytes | None = None
    """The part of the RAM that statically allocated objects may take, where that is less."""
    psram_bytes: Bytes | None = None
    """RAM outside the chip's own that the board has; an arena that is too large for the latter may lie there."""
    psram_sdkconfig: str = ""
    """Lines that ESP-IDF's configuration needs besides as soon as something lies in PSRAM."""
    sdkconfig: str = ""
    """Lines that the board needs in ESP-IDF's configuration, and comments that say why."""
    families: Annotated[tuple[Identifier, ...], Field(min_length=1)]
    """Firmware families, the default first."""
    machine: Identifier | None = None
    """Compiler, memories and devices for firmware without any framework: `pipeline/facts/machines/`."""
    boards: Mapping[Identifier, BoardIdentifier] = {}
    """What each family's own tool calls this board or its chip: `esp32`, `rpi_pico2/rp2350a/m33`."""

    @property
    def arena_limit_bytes(self) -> int | None:
        """The most RAM that a static arena may take, or None without a limit."""
        return self.static_ram_bytes or self.ram_bytes


def target_names(folder: Path = TARGETS) -> tuple[str, ...]:
    """Return the names of all targets, sorted."""
    return _names(folder, "target.toml")


def family_names(folder: Path = FAMILIES) -> tuple[str, ...]:
    """Return the names of all firmware families, sorted."""
    return _names(folder, "family.toml")


def load_target(name: str, folder: Path = TARGETS) -> Target:
    """Load one target's facts.

    Args:
        name: the folder's name under `targets/`.
        folder: where the targets lie.

    Raises:
        TargetError: there is no such target, or its file is broken (the sentence names file, key and accepted values).
    """
    if name not in target_names(folder):
        raise TargetError(f'Unknown target "{name}": {nearest(name, target_names(folder))}.')
    target = read_toml_as(folder / name / "target.toml", Target, TargetError, name=name)
    for family in target.families:
        if family not in family_names():
            raise TargetError(
                f'{folder / name / "target.toml"}: families: unknown family "{family}": '
                f"{nearest(family, family_names())}."
            )
        if load_family(family).needs_board and family not in target.boards:
            raise TargetError(
                f'{folder / name / "target.toml"}: boards: "{family}" is missing; add what the tool of that family '
                f"calls this board."
            )
        if load_family(family).needs_machine and target.machine is None:
            raise TargetError(
                f'{folder / name / "target.toml"}: machine: is missing, and "{family}" needs it; add the name of a '
                f"file in pipeline/facts/machines/."
            )
    for family in target.boards:
        if family not in target.families:
            raise TargetError(
                f'{folder / name / "target.toml"}: boards: "{family}" is not among the families: '
                f"{nearest(family, target.families)}."
            )
    return target


def load_family(name: str, folder: Path = FAMILIES) -> Family:
    """Load one firmware family's facts.

    Raises:
        TargetError: there is no such family, or its file is broken.
    """
    if name not in family_names(folder):
        raise TargetError(f'Unknown firmware family "{name}": {nearest(name, family_names(folder))}.')
    return read_toml_as(folder / name / "family.toml", Family, TargetError, name=name)


def choose_family(target: Target, name: str | None, runtime: Runtime | None = None) -> Family:
    """Return the target's family of that name, or its default, over a runtime.

    Args:
        target: the board.
        name: of the family; None takes the first one of the target that has the runtime.
        runtime: None takes the family's default.

    Raises:
        TargetError: the target has no such family, or it cannot be emitted over that runtime.
    """
    if name is not None and name not in target.families:
        raise TargetError(f'Target "{target.name}" has no firmware family "{name}": {nearest(name, target.families)}.')
    found = [load_family(each) for each in ((name,) if name else target.families)]
    for family in found:
        if runtime is None or runtime in family.runtimes:
            return family.over(runtime or family.runtime)
    accepted = dict.fromkeys(word.value for family in found for word in family.runtimes)
    place = f'Firmware family "{name}"' if name else f'Target "{target.name}"'
    wanted = runtime.value if runtime else ""
    raise TargetError(
        f'{place} has no firmware over runtime "{wanted}"; give runtime {" or ".join(accepted)}, or another target.'
    )


def fill_command(command: tuple[str, ...], target: Target, family: Family, port: str) -> tuple[str, ...]:
    """Return one of the family's commands with the board and the port in their places."""
    board = target.boards.get(family.name, "")
    return tuple(part.replace("{board}", board).replace("{port}", port) for part in command)


def _names(folder: Path, file_name: str) -> tuple[str, ...]:
    return tuple(sorted(path.parent.name for path in folder.glob(f"*/{file_name}")))
