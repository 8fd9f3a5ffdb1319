"""Constants that do not begin at multiples of 16 bytes of the file, as the schema asks and vector kernels need.

The firmware aligns the file itself to 16 bytes, so that an offset in the file decides where a constant lies.
"""

from __future__ import annotations

from collections.abc import Iterator

from edgewright.pipeline.graph import Tensor, buffer_positions
from edgewright.pipeline.lint.numbers import inputs_of
from edgewright.pipeline.lint.vocabulary import Context, Finding, Repair, Rule, Severity

NAME = "unaligned-buffer"
ALIGNMENT_BYTES = 16
"""`force_align` of a buffer's data in TensorFlow Lite's schema."""
WORD_BYTES = 4
"""What a 32-bit core loads at once; one without unaligned loads (Cortex-M0+) stops at another address."""


def find(context: Context) -> Iterator[Finding]:
    """Yield one finding for all constants that are not aligned; a file that LiteRT maps is written anew anyway."""
    if not context.is_tflm:
        return
    positions = buffer_positions(context.tflite)
    constants: dict[int, tuple[str, int, Tensor]] = {}
    for use in context.uses:
        for tensor in inputs_of(use):
            if positions[tensor.buffer_index] is not None:
                constants.setdefault(tensor.buffer_index, (use.layer, use.operator.index, tensor))
    loose = {index: found for index, found in constants.items() if (positions[index] or 0) % ALIGNMENT_BYTES}
    if not loose:
        return
    broken = {index: found for index, found in loose.items() if (positions[index] or 0) % _load_bytes(found[2])}
    layer, operator, tensor = next(iter((broken or loose).values()))
    count = f"{len(broken or loose)} of {len(constants)} constants"
    where = f"the first one, {tensor.dtype.value} of {layer}, at byte {positions[tensor.buffer_index]}"
    reason = (
        f"multiples of their elements even ({where}), where a Cortex-M0+ stops with a fault"
        if broken
        else f"multiples of {ALIGNMENT_BYTES} bytes ({where}): vector kernels load them slowly or copy them"
    )
    yield Finding(
        rule=NAME,
        severity=Severity.ERROR if broken else Severity.WARNING,
        layer=layer,
        operator=operator,
        why=f"{count} do not lie at {reason}",
        repair="write the file anew with aligned buffers, as --fix does",
        is_fixable=True,
    )


def fix(context: Context, _: tuple[Finding, ...]) -> Repair:
    """Return the model as it is: whoever writes it aligns its buffers."""
    return Repair(graph=context.graph, layers=context.layers)


def _load_bytes(tensor: Tensor) -> int:
    return max(1, min(tensor.dtype.bits // 8, WORD_BYTES))


RULE = Rule(name=NAME, summary="Constants that are not aligned to 16 bytes in the file.", find=find, fix=fix)
