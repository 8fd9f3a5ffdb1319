"""How a convolution's window moves over its input."""

from __future__ import annotations

from dataclasses import dataclass

from edgewright.pipeline.arena.node import Node, extent


@dataclass(frozen=True, kw_only=True)
class Window:
    """A convolution along one dimension of the image."""

    input_extent: int
    output_extent: int
    kernel_extent: int
    stride: int
    dilation: int

    @property
    def padding(self) -> int:
        """Elements that are added before the first one; what is missing behind is at most one more."""
        reach = (self.kernel_extent - 1) * self.dilation + 1
        return max((self.output_extent - 1) * self.stride + reach - self.input_extent, 0) // 2


def window(node: Node, dimension: int) -> Window:
    """Return how a convolution moves along a dimension of its input: 1 is the height, 2 the width."""
    letter = "h" if dimension == 1 else "w"
    return Window(
        input_extent=extent(node.input(0), dimension),
        output_extent=extent(node.output(), dimension),
        kernel_extent=extent(node.input(1), dimension),
        stride=node.option(f"stride_{letter}", 1),
        dilation=node.option(f"dilation_{letter}_factor", 1),
    )
