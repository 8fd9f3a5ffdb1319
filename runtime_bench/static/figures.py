"""What `make bench-static` measures, as data: its section of `docs/benchmarks.json`."""

from __future__ import annotations

from edgewright.pipeline.figures import Figures


class StepResult(Figures):
    """One step of a model on one core."""

    layers: tuple[str, ...]
    """Operation and name of each operator that it stands for."""
    kernel: str
    macs: int
    instructions: int


class CoreResult(Figures):
    """One model on one core."""

    core: str
    instructions: int
    """Of one inference, exactly."""
    steps: tuple[StepResult, ...]
    code_bytes: int
    """Flash beside the constants: code and facts of the model, and what they pull in from the compiler's libraries."""
    constant_bytes: int
    """Weights, biases, multipliers, shifts and tables."""
    arena_bytes: int
    scratch_bytes: int
    """The part of the arena that is scratch where the most is needed."""
    stack_bytes: int


class StaticNetwork(Figures):
    """One network."""

    name: str
    title: str
    macs: int
    """As the graph says; rewrites may leave some out."""
    tensor_bytes: int
    """What the tensors that are alive together take, at the worst operator."""
    cores: tuple[CoreResult, ...]


class StaticResults(Figures):
    """The section."""

    commit: str
    command: str
    date: str
    compilers: tuple[str, ...]
    networks: tuple[StaticNetwork, ...]
