"""The compiled model: a program whose every step has its kernel, its constants and its place in the arena."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from edgewright.pipeline.codegen.call import Array, Call
from edgewright.pipeline.codegen.core import CodegenCore
from edgewright.pipeline.codegen.memory import MemoryPlan
from edgewright.pipeline.codegen.program import Program


@dataclass(frozen=True, kw_only=True, eq=False)
class StaticModel:
    """A model that needs no interpreter."""

    program: Program
    calls: tuple[Call | None, ...]
    """For each step of the program its call; None where nothing is left to do (a view of the same bytes)."""
    plan: MemoryPlan
    core: CodegenCore

    @property
    def arrays(self) -> tuple[Array, ...]:
        """The constants of all calls, in order; equal ones are listed as often as they occur."""
        return tuple(
            value
            for call in self.calls
            if call is not None
            for value in (*(field.value for field in call.fields), *(call.inputs or ()))
            if isinstance(value, Array)
        )

    @cached_property
    def constants(self) -> tuple[Array, ...]:
        """The same, equal ones once."""
        return tuple({array.identity: array for array in self.arrays}.values())

    @cached_property
    def constant_numbers(self) -> dict[tuple[str, bytes, int, bool], int]:
        """For the identity of each constant its place among them."""
        return {array.identity: number for number, array in enumerate(self.constants)}

    @property
    def constant_bytes(self) -> int:
        """What they take in flash."""
        return sum(array.values.nbytes for array in self.constants)

    @property
    def kernel_files(self) -> tuple[str, ...]:
        """Names without ending of the files that compute it, sorted: of each kernel, and of what that includes."""
        kernels = [call.kernel for call in self.calls if call is not None]
        return tuple(sorted({name for kernel in kernels for name in (f"edgewright_{kernel.name}", *kernel.helpers)}))

    @property
    def scratch_bytes(self) -> int:
        """The most scratch that one step takes of the arena."""
        return max((call.scratch_bytes for call in self.calls if call is not None), default=0)
