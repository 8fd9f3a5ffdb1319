"""How a compiler lays out TensorFlow Lite Micro's structures: the word size, enums, and how TFLM itself was built."""

from __future__ import annotations

from enum import Enum
from functools import cache
from importlib.resources import files
from pathlib import Path

from pydantic import RootModel

from edgewright.pipeline.errors import TargetError
from edgewright.pipeline.target import Facts
from edgewright.pipeline.tomlfile import read_toml_as

ARENA_LAYOUTS = Path(str(files("edgewright.pipeline"))) / "facts" / "arena_layouts.toml"

HOST_CORE = "host"
"""What a target calls a 64-bit computer."""
PYTHON_CORE = "python"
"""In place of a core: the interpreter of the package tflite-micro, which runs models on this computer."""
SHORT_ENUM_CORES = ("cortex-m", "arm")


class Abi(str, Enum):
    """What decides about the sizes of structures; the tables of `facts/arena_layouts.toml`."""

    SHORT_ENUMS = "short_enums"
    """32-bit, and an enum takes as few bytes as its values need: Arm for bare metal."""
    WIDE_ENUMS = "wide_enums"
    """32-bit, and an enum takes 4: RISC-V and Xtensa."""
    WORD_64 = "word_64"
    PYTHON = "python"
    """64-bit, as the package tflite-micro is built: it records allocations, and knows compressed tensors."""


WORD_64 = frozenset({Abi.WORD_64, Abi.PYTHON})


class Layout(Facts):
    """Bytes of the structures that lie in the arena."""

    word_bytes: int
    """Of a pointer."""
    allocator_bytes: int
    planner_bytes: int
    micro_allocator_bytes: int
    options_allocator_bytes: int
    subgraph_bytes: int
    eval_tensor_bytes: int
    node_bytes: int
    full_node_bytes: int
    """Without `TF_LITE_STATIC_MEMORY`, which some build systems do not define."""
    tensor_bytes: int
    full_tensor_bytes: int
    """Likewise."""
    quantization_bytes: int
    request_bytes: int
    """What is noted of a scratch buffer that a kernel requests."""
    allocation_bytes: int
    """What is noted of a tensor or scratch buffer while the plan is made."""
    planner_note_bytes: int
    """What the planner itself notes of one."""


class Layouts(RootModel[dict[Abi, Layout]]):
    """All layouts: `facts/arena_layouts.toml`."""


@cache
def load_layouts() -> Layouts:
    """Load the measured sizes.

    Raises:
        TargetError: the file is broken.
    """
    return read_toml_as(ARENA_LAYOUTS, Layouts, TargetError)


def abi_of(core: str) -> Abi:
    """Return the ABI of a core, by what a target calls it."""
    if core == PYTHON_CORE:
        return Abi.PYTHON
    if core == HOST_CORE:
        return Abi.WORD_64
    return Abi.SHORT_ENUMS if core.startswith(SHORT_ENUM_CORES) else Abi.WIDE_ENUMS


def layout_of(abi: Abi) -> Layout:
    """Return how an ABI lays out the structures."""
    return load_layouts().root[abi]
