"""Published measurements by what they are of: one set of kernels on one core."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from edgewright.pipeline.cycles.published import Reference, load_networks, load_references
from edgewright.pipeline.cycles.rates import Rates, Sample, fit_rates
from edgewright.pipeline.vocabulary import Kernels

Sampled = tuple[tuple[Reference, Sample], ...]


@dataclass(frozen=True, kw_only=True)
class Group:
    """All that was measured of one set of kernels on one core."""

    kernels: Kernels
    core: str
    plain_c: bool
    fitted: Sampled
    """At least one."""
    older: Sampled
    """What estimates are held against alone."""

    @cached_property
    def rates(self) -> Rates:
        """Cycles for one multiply-accumulate."""
        return fit_rates([sample for _, sample in self.fitted])


def published_samples() -> tuple[Group, ...]:
    """Return every group whose rates can be fitted, in the order of their files.

    Raises:
        TargetError: a file of facts is broken.
    """
    keys = dict.fromkeys((one.kernels, one.core, one.plain_c) for one in load_references() if one.is_fitted)
    return tuple(_group(*key) for key in keys)


def find_group(kernels: Kernels, core: str, *, plain_c: bool = False) -> Group | None:
    """Return what was measured of a set of kernels on a core; None where nobody published anything.

    Raises:
        TargetError: a file of facts is broken.
    """
    wanted = (kernels, core, plain_c)
    return next((one for one in published_samples() if (one.kernels, one.core, one.plain_c) == wanted), None)


def _group(kernels: Kernels, core: str, plain_c: bool) -> Group:
    own = [one for one in load_references() if (one.kernels, one.core, one.plain_c) == (kernels, core, plain_c)]
    return Group(
        kernels=kernels,
        core=core,
        plain_c=plain_c,
        fitted=tuple(pair for one in own if one.is_fitted for pair in _sampled(one)),
        older=tuple(pair for one in own if not one.is_fitted for pair in _sampled(one)),
    )


def _sampled(reference: Reference) -> Iterator[tuple[Reference, Sample]]:
    for one in reference.measurements:
        macs = load_networks()[one.network].counts
        yield reference, Sample(network=one.network, macs=macs, cycles=reference.cycles(one))
