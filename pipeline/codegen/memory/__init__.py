"""The memory plan of the static engine: one arena, a place in it for each value and for each step's scratch.

`blocks` says what needs a place and when, `separation` how far two of them must lie apart, `layout` puts both together;
`bounds` says what no plan goes below; `search` looks for the best plan by `chain` (exact, for a line of layers),
`placement` (many orders), and `branching` (exact, with a limit). `verification` trusts none of them.
"""

from edgewright.pipeline.codegen.memory.plan import MemoryPlan, PlacedBlock, final_calls, plan
from edgewright.pipeline.codegen.memory.verification import check

__all__ = ["MemoryPlan", "PlacedBlock", "check", "final_calls", "plan"]
